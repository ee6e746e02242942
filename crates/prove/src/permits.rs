//! What services may do, by the documents that let them.

use trailwarden_policy::{Caller, Decision, Policy, Request, Statement};
use trailwarden_spec::evidence::{KeySeen, Seen};
use trailwarden_spec::leaf::in_brief;

/// Why a document does not let a call through; none if it does.
pub(crate) fn hindrance(policy: &Policy, request: &Request) -> Option<String> {
    match policy.evaluate(request) {
        Decision::Allowed { .. } => None,
        Decision::Denied { by } => {
            let statement = policy.statements().get(by).map(|it| in_brief(by + 1, it));
            Some(format!("it is denied by {}", statement.unwrap_or_default()))
        }
        Decision::NotAllowed => Some("no statement allows it".into()),
    }
}

/// The way out of a [`hindrance`]: `otherwise`, but a statement that denies is mostly somebody's, and what
/// others wrote into a policy is kept.
pub(crate) fn way_out(policy: &Policy, request: &Request, otherwise: &str) -> String {
    match policy.evaluate(request) {
        Decision::Denied { .. } => {
            "take that statement out; `trailwarden apply` keeps what others wrote".into()
        }
        _ => otherwise.to_owned(),
    }
}

/// A call of a service on behalf of something of the account.
pub(crate) fn service(name: &str, action: &str, resource: &str, account: &str, source: &str) -> Request {
    Request::new(Caller::Service(name.into()), action, resource)
        .context("aws:SourceAccount", account)
        .context("aws:SourceArn", source)
        .context("aws:SecureTransport", "true")
        .context("aws:PrincipalIsAWSService", "true")
        .context("aws:PrincipalServiceName", name)
}

/// The same call as SNS's default statement sees it: `AWS: *` of the account `AWS:SourceOwner`. It lets
/// the account's alarms publish.
pub(crate) fn as_anybody(request: &Request, account: &str) -> Request {
    Request {
        principal: Caller::Anonymous,
        ..request.clone()
    }
    .context("aws:SourceOwner", account)
}

/// Why a service cannot use a key: the cause and the way out.
pub(crate) fn closed(
    key: &Seen<KeySeen>,
    service: &str,
    requests: impl Fn(&str) -> Vec<Request>,
) -> Result<(), Hindrance> {
    let key = match key {
        Seen::Is(key) => key,
        Seen::Absent => {
            return Err(Hindrance::broken(
                "its KMS key is not there",
                "encrypt it with a key that is, or take its encryption away",
            ));
        }
        Seen::Hidden(why) => {
            return Err(Hindrance::unknown(
                format!("its KMS key may not be read: {why}"),
                "let the caller call kms:DescribeKey and kms:GetKeyPolicy",
            ));
        }
    };
    if key.of_aws {
        return Err(Hindrance::broken(
            format!("it is encrypted with a key of AWS's own, which {service} may not use"),
            format!("encrypt it with a key whose policy lets {service} in, or take its encryption away"),
        ));
    }
    if key.state != "Enabled" {
        return Err(Hindrance::broken(
            format!("its KMS key `{}` is {}", key.arn, in_words(&key.state)),
            "enable the key, or cancel its deletion",
        ));
    }
    let policy = match &key.policy {
        Seen::Is(policy) => policy,
        Seen::Absent => return Ok(()),
        Seen::Hidden(why) => {
            return Err(Hindrance::unknown(
                format!("the policy of its KMS key `{}` may not be read: {why}", key.arn),
                "let the caller call kms:GetKeyPolicy, or ask the key's owner",
            ));
        }
    };
    for request in requests(&key.arn) {
        if let Some(why) = hindrance(policy, &request) {
            return Err(Hindrance::broken(
                format!(
                    "the policy of its KMS key `{}` does not let {service} call {}: {why}",
                    key.arn, request.action
                ),
                way_out(
                    policy,
                    &request,
                    &format!("let {service} in, as `trailwarden apply` does for a key of the spec"),
                ),
            ));
        }
    }
    Ok(())
}

fn in_words(state: &str) -> &str {
    match state {
        "Disabled" => "disabled",
        "PendingDeletion" => "about to be deleted",
        other => other,
    }
}

/// What keeps a link from holding.
pub(crate) struct Hindrance {
    /// Nobody knows whether it does.
    pub(crate) unknown: bool,
    /// The cause.
    pub(crate) cause: String,
    /// The way out.
    pub(crate) fix: String,
}

impl Hindrance {
    pub(crate) fn broken(cause: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            unknown: false,
            cause: cause.into(),
            fix: fix.into(),
        }
    }

    pub(crate) fn unknown(cause: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            unknown: true,
            cause: cause.into(),
            fix: fix.into(),
        }
    }
}

/// All statements of several documents as one: what one allows another may deny.
pub(crate) fn together<'p>(policies: impl IntoIterator<Item = &'p Policy>) -> Policy {
    let statements: Vec<Statement> = policies
        .into_iter()
        .flat_map(|policy| policy.statements().iter().cloned())
        .collect();
    Policy::new(statements)
}
