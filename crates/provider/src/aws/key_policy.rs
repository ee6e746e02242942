use std::collections::BTreeMap;

use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_policy::{Caller, Decision, Effect, Policy, Request};
use trailwarden_spec::arn::Arn;
use trailwarden_spec::evidence::{KeySeen, Seen};
use trailwarden_spec::kinds::KeyPolicy;
use trailwarden_spec::leaf::{KeyRef, Owner, Statements};
use trailwarden_spec::live::{Facts, Found};

use super::{Aws, Page, key, keys, refusal, seen_or_hidden};
use crate::door::{Absent, Api};

const READ: Api = Api::read("kms", "GetKeyPolicy");
const WRITE: Api = Api::write("kms", "PutKeyPolicy");
const IDENTITY: Api = Api::read("sts", "GetCallerIdentity");

/// "AWS KMS resource quotas": 32 KB.
const MAX_BYTES: usize = 32 * 1024;

/// The name of a key's lock and of the document that is written to it.
pub(super) fn object(key: &str) -> String {
    format!("key {key}")
}

/// The text of a key's policy, which every key has; `None` when the key is gone.
async fn text(aws: &Aws, arn: &str) -> Result<Option<String>, AccountError> {
    let get = || aws.kms.get_key_policy().key_id(arn).policy_name("default").send();
    let answer = aws.door.call(READ, get).await.absent(key::GONE)?;
    Ok(answer.map(|answer| answer.policy.unwrap_or_default()))
}

fn parsed(text: &str) -> Result<Policy, String> {
    match text.is_empty() {
        true => Ok(Policy::default()),
        false => Policy::parse(text).map_err(|error| format!("a policy that cannot be understood: {error}")),
    }
}

/// What the policy of a key says.
pub(super) async fn look(aws: &Aws, name: &str, arn: &Arn) -> Result<Option<Found>, AccountError> {
    let Some(text) = text(aws, &arn.to_string()).await? else {
        return Ok(None);
    };
    let mut facts = Facts::default();
    let statements = match parsed(&text) {
        Ok(policy) => {
            let (ours, foreign) = Statements::split(&policy, &aws.stack);
            facts.foreign_statements = foreign;
            ours
        }
        Err(problem) => {
            facts.inexpressible.push(problem);
            Statements::default()
        }
    };
    let value = KeyPolicy {
        key: name.into(),
        statements,
    };
    Ok(Some(Found {
        value: value.into(),
        owner: Owner::Ours,
        facts,
    }))
}

/// A key that a service has to use: its state and its policy.
pub(crate) async fn seen(aws: &Aws, id: &str) -> Result<Seen<KeySeen>, AccountError> {
    // AWS's own keys cannot be asked for before something used them.
    if id.contains("alias/aws/") {
        return Ok(Seen::Is(KeySeen {
            arn: id.to_owned(),
            state: "Enabled".into(),
            of_aws: true,
            policy: Seen::Absent,
        }));
    }
    let described = match seen_or_hidden(key::ask(aws, id).await)? {
        Seen::Is(described) => described,
        Seen::Absent => return Ok(Seen::Absent),
        Seen::Hidden(why) => return Ok(Seen::Hidden(why)),
    };
    let arn = described.arn.to_string();
    let policy = match text(aws, &arn).await {
        Ok(text) => match text.map(|text| parsed(&text)) {
            Some(Ok(policy)) => Seen::Is(policy),
            Some(Err(problem)) => Seen::Hidden(problem),
            None => Seen::Absent,
        },
        Err(error) => seen_or_hidden(Err(error))?,
    };
    Ok(Seen::Is(KeySeen {
        arn,
        state: described.state(),
        of_aws: described.is_of_aws(),
        policy,
    }))
}

/// A key with its policy, by its id, its ARN or an alias; `None` where there is no such key or its
/// policy cannot be read, which is said elsewhere.
pub(crate) async fn of_key(aws: &Aws, id: &str) -> Result<Option<(Arn, Policy)>, AccountError> {
    let found = match id.strip_prefix("alias/") {
        Some(name) => key::describe(aws, name).await?,
        None => key::ask(aws, id).await?,
    };
    let Some(found) = found else { return Ok(None) };
    let text = text(aws, &found.arn.to_string()).await?;
    Ok(text
        .and_then(|text| parsed(&text).ok())
        .map(|policy| (found.arn, policy)))
}

/// What is known of a call, by condition key; an empty value says that the call does not carry it.
pub(crate) type Context<'a> = [(&'a str, &'a str)];

/// Whether a key's policy lets somebody encrypt and decrypt messages with data keys of it. What
/// conditions ask for that is not known is taken to be met: the key's owner knows more of it.
pub(crate) fn lets_in(policy: &Policy, key: &Arn, caller: &Caller, context: &Context<'_>) -> bool {
    let mut context: Vec<(&str, &str)> = context.to_vec();
    match caller {
        Caller::Service(name) => {
            context.push(("aws:PrincipalIsAWSService", "true"));
            context.push(("aws:PrincipalServiceName", name));
        }
        Caller::Arn(arn) => context.push(("aws:PrincipalArn", arn)),
        Caller::Account(_) | Caller::Anonymous => {}
    }
    let known = |key: &String| context.iter().any(|(known, _)| known.eq_ignore_ascii_case(key));
    let statements = policy.statements().iter().filter_map(|statement| {
        let mut statement = statement.clone();
        let keys = || statement.condition.values().flat_map(BTreeMap::keys);
        if statement.effect == Effect::Deny && !keys().all(known) {
            return None;
        }
        for keys in statement.condition.values_mut() {
            keys.retain(|key, _| known(key));
        }
        Some(statement)
    });
    let policy = Policy::new(statements.collect());
    let may = |action: &str| {
        let request = Request::new(caller.clone(), action, key.to_string());
        let carried = context.iter().filter(|(_, value)| !value.is_empty());
        let request = carried.fold(request, |request, (key, value)| request.context(*key, *value));
        matches!(policy.evaluate(&request), Decision::Allowed { .. })
    };
    may("kms:Decrypt") && may("kms:GenerateDataKey")
}

/// Refuses a policy after which neither the account nor the caller could change it again. KMS
/// checks the caller alone, who may be gone tomorrow, and only AWS's support can help then.
async fn check_way_back(aws: &Aws, key: &str, arn: &str, policy: &Policy) -> Result<(), AccountError> {
    let may = |caller: Caller| {
        let request = Request::new(caller, "kms:PutKeyPolicy", arn)
            .context("aws:PrincipalAccount", aws.scope.account.as_str())
            .context("kms:CallerAccount", aws.scope.account.as_str());
        matches!(policy.evaluate(&request), Decision::Allowed { .. })
    };
    if may(Caller::Account(aws.scope.account.clone())) {
        return Ok(());
    }
    let identity = aws
        .door
        .call(IDENTITY, || aws.sts.get_caller_identity().send())
        .await?;
    let caller = identity.arn.unwrap_or_default();
    if may(Caller::Arn(caller.clone())) {
        return Ok(());
    }
    Err(refusal(
        WRITE,
        format!(
            "the policy of the key `{key}` lets neither the account (a statement with `kms:*` for its root) nor \
             {caller} change it: nothing is written, as nobody could take it back; let the owner of the key add such \
             a statement"
        ),
    ))
}

/// Puts these statements in the place of the stack's, as the policy is now.
async fn write(aws: &Aws, name: &str, statements: &Statements) -> Result<(), AccountError> {
    let object = object(name);
    let _alone = aws.door.exclusive(&object).await;
    let arn = match keys::written(aws, &KeyRef::alias(&aws.scope, name)).await {
        Err(error) if statements.is_empty() && error.kind == ErrorKind::NotFound => return Ok(()),
        arn => arn?,
    };
    // The key may be new.
    let get = || {
        aws.kms
            .get_key_policy()
            .key_id(&arn)
            .policy_name("default")
            .send()
    };
    let answer = aws
        .door
        .call_until_visible(READ, key::NEW_KEY, key::gone, get)
        .await?;
    let policy = parsed(&answer.policy.unwrap_or_default())
        .map_err(|problem| refusal(READ, format!("the key `{name}` has {problem}")))?;
    let policy = aws.written.base(&object, policy);
    let merged = statements.merged_into(&policy, &aws.stack);
    if merged == policy {
        return Ok(());
    }
    let text = merged.to_json();
    if text.len() > MAX_BYTES {
        let size = text.len();
        let message =
            format!("the policy of the key `{name}` would have {size} bytes; KMS takes {MAX_BYTES}");
        return Err(AccountError {
            kind: ErrorKind::Limit,
            ..refusal(WRITE, message)
        });
    }
    check_way_back(aws, name, &arn, &merged).await?;
    let put = || {
        aws.kms
            .put_key_policy()
            .key_id(&arn)
            .policy_name("default")
            .policy(&text)
            .send()
    };
    aws.door.call(WRITE, put).await?;
    aws.written.wrote(&object, policy, merged);
    Ok(())
}

impl Page for KeyPolicy {
    async fn read(aws: &Aws, name: &str) -> Result<Option<Found>, AccountError> {
        match key::describe(aws, name).await? {
            Some(key) => look(aws, name, &key.arn).await,
            None => Ok(None),
        }
    }

    async fn create(&self, aws: &Aws) -> Result<(), AccountError> {
        write(aws, &self.key, &self.statements).await
    }

    async fn update(&self, _before: &Self, aws: &Aws) -> Result<(), AccountError> {
        write(aws, &self.key, &self.statements).await
    }

    async fn delete(&self, aws: &Aws) -> Result<(), AccountError> {
        write(aws, &self.key, &Statements::default()).await
    }

    async fn tag(
        &self,
        _aws: &Aws,
        _put: &BTreeMap<String, String>,
        _remove: &[String],
    ) -> Result<(), AccountError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_of_a_call_is_no_reason_to_keep_it_out() {
        let key = Arn::parse("arn:aws:kms:us-east-1:123456789012:key/1234").expect("an ARN");
        let statement = |effect: &str, condition: &str| {
            format!(
                r#"{{"Effect":"{effect}","Principal":{{"Service":"sns.amazonaws.com"}},
                "Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*","Condition":{condition}}}"#
            )
        };
        let open = statement("Allow", "{}");
        let lets = |statements: &[&str], context: &Context<'_>| {
            let text = format!(r#"{{"Statement":[{}]}}"#, statements.join(","));
            let policy = Policy::parse(&text).expect("a policy");
            lets_in(
                &policy,
                &key,
                &Caller::Service("sns.amazonaws.com".into()),
                context,
            )
        };
        let ours = [("aws:SourceAccount", "123456789012")];
        assert!(lets(&[&open], &ours));
        let of = |account: &str| format!(r#"{{"StringEquals":{{"aws:SourceAccount":"{account}"}}}}"#);
        assert!(lets(&[&statement("Allow", &of("123456789012"))], &ours));
        assert!(!lets(&[&statement("Allow", &of("210987654321"))], &ours));
        // Nobody knows here from which rule an event will come.
        let arn = r#"{"ArnLike":{"AWS:SourceArn":"arn:aws:events:*:123456789012:rule/x"}}"#;
        assert!(lets(&[&statement("Allow", arn)], &ours));
        assert!(!lets(&[&statement("Allow", arn)], &[("aws:SourceArn", "")]));
        let if_exists = arn.replace("ArnLike", "ArnLikeIfExists");
        assert!(lets(&[&statement("Allow", &if_exists)], &[("aws:SourceArn", "")]));
        assert!(lets(&[&open, &statement("Deny", arn)], &ours));
        assert!(!lets(&[&open, &statement("Deny", &of("123456789012"))], &ours));
        assert!(!lets(&[&open, &statement("Deny", "{}")], &ours));
        // Both actions are needed.
        assert!(!lets(
            &[&open.replace("kms:GenerateDataKey*", "kms:Encrypt")],
            &ours
        ));
    }
}
