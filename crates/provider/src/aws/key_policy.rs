use std::collections::BTreeMap;

use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_policy::{Caller, Decision, Policy, Request};
use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::{Alarm, KeyPolicy};
use trailwarden_spec::leaf::{KeyRef, Owner, Statements};
use trailwarden_spec::live::{Facts, Found};

use super::{Aws, Page, key, keys, refusal};
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

/// Whether a key's policy lets an alarm publish to topics that are encrypted with it; true
/// where there is no such key, which is said elsewhere.
pub(crate) async fn lets_in(aws: &Aws, name: &str, alarm: &Alarm) -> Result<bool, AccountError> {
    let Some(key) = key::describe(aws, name).await? else {
        return Ok(true);
    };
    let Some(Ok(policy)) = text(aws, &key.arn.to_string()).await?.map(|text| parsed(&text)) else {
        return Ok(true);
    };
    let may = |action: &str| {
        let caller = Caller::Service("cloudwatch.amazonaws.com".into());
        let request = Request::new(caller, action, key.arn.to_string())
            .context("aws:SourceAccount", aws.scope.account.as_str())
            .context("aws:SourceArn", aws.scope.alarm_arn(&alarm.name).to_string())
            .context("aws:PrincipalIsAWSService", "true")
            .context("aws:PrincipalServiceName", "cloudwatch.amazonaws.com");
        matches!(policy.evaluate(&request), Decision::Allowed { .. })
    };
    Ok(may("kms:Decrypt") && may("kms:GenerateDataKey"))
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
