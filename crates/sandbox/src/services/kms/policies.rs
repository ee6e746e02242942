//! Key policies, and what they let other services do.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{check_state, find, invalid, key, key_mut, may_use};
use crate::judge::{glob, statements, texts};
use crate::protocol::Failure;
use crate::route::Call;
use crate::state::State;

/// "AWS KMS resource quotas": key policy document size.
const MAX_BYTES: usize = 32 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfPolicy {
    key_id: String,
    policy_name: Option<String>,
    policy: Option<String>,
    bypass_policy_lockout_safety_check: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Policy {
    policy: String,
    policy_name: &'static str,
}

/// What a key has that was made without a policy: the account's own policies decide.
pub(super) fn default(call: &Call) -> String {
    json!({
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [{
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": { "AWS": root(call) },
            "Action": "kms:*",
            "Resource": "*",
        }],
    })
    .to_string()
}

fn root(call: &Call) -> String {
    format!("arn:{}:iam::{}:root", call.partition(), call.account)
}

fn named(input: &OfPolicy) -> Result<(), Failure> {
    match input.policy_name.as_deref() {
        None | Some("default") => Ok(()),
        Some(name) => Err(invalid(format!(
            "The policy {name} does not exist: the only name is default"
        ))),
    }
}

pub(super) fn get(state: &State, call: &Call, input: OfPolicy) -> Result<Policy, Failure> {
    named(&input)?;
    let (_, key) = key(state, call, &input.key_id)?;
    Ok(Policy {
        policy: key.policy.clone(),
        policy_name: "default",
    })
}

pub(super) fn put(state: &mut State, call: &Call, input: OfPolicy) -> Result<(), Failure> {
    named(&input)?;
    let (place, found) = key(state, call, &input.key_id)?;
    check_state(call, &place, found)?;
    let policy = input.policy.unwrap_or_default();
    check(
        call,
        &policy,
        input.bypass_policy_lockout_safety_check == Some(true),
    )?;
    key_mut(state, call, &input.key_id)?.policy = policy;
    Ok(())
}

/// Checks what KMS checks of a policy: its form, its size, and that the caller, here the account's
/// root, can put another one.
pub(super) fn check(call: &Call, policy: &str, bypass: bool) -> Result<(), Failure> {
    let malformed = |why: &str| Failure::bad("MalformedPolicyDocumentException", why);
    if policy.len() > MAX_BYTES {
        return Err(Failure::bad(
            "LimitExceededException",
            "The key policy is longer than 32768 bytes.",
        ));
    }
    let document: Value =
        serde_json::from_str(policy).map_err(|_| malformed("Policy contains a syntax error."))?;
    let all = statements(&document);
    let whole = |statement: &&Value| {
        ["Effect", "Principal", "Action", "Resource"]
            .iter()
            .all(|part| statement.get(part).is_some() || statement.get(format!("Not{part}")).is_some())
    };
    if all.is_empty() || !all.iter().all(whole) {
        return Err(malformed(
            "Policy contains a statement without effect, principal, action or resource.",
        ));
    }
    let root = root(call);
    let lets = |statement: &&Value| {
        let who = statement
            .get("Principal")
            .map(|who| who.get("AWS").unwrap_or(who));
        let what = statement.get("Action");
        statement.get("Effect").and_then(Value::as_str) == Some("Allow")
            && who.is_some_and(|who| {
                texts(who)
                    .iter()
                    .any(|who| ["*", &root, &call.account].contains(who))
            })
            && what.is_some_and(|what| texts(what).iter().any(|what| glob(what, "kms:PutKeyPolicy")))
    };
    if bypass || all.iter().any(lets) {
        Ok(())
    } else {
        Err(malformed(
            "The new key policy will not allow you to update the key policy in the future.",
        ))
    }
}

/// What becomes of a service's wish to use a key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Use {
    /// It may; the key's ARN.
    Granted(String),
    /// There is no such key.
    Missing,
    /// The key cannot be used in its state.
    Unusable(String),
    /// The key's policy does not let it.
    Denied(String),
}

/// Asks whether a service may do all of this with a key; each action has its own context.
pub(crate) fn ask(
    state: &State,
    call: &Call,
    key: &str,
    service: &str,
    wants: &[(&str, &[(&str, &str)])],
) -> Use {
    let Some((place, key)) = find(state, call, key) else {
        return Use::Missing;
    };
    let arn = place.arn(call);
    if key.state != "Enabled" || key.spec != "SYMMETRIC_DEFAULT" {
        return Use::Unusable(arn);
    }
    match wants
        .iter()
        .all(|(action, context)| may_use(key, service, action, context))
    {
        true => Use::Granted(arn),
        false => Use::Denied(arn),
    }
}
