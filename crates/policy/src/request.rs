//! The call that a policy is asked about.

use std::collections::BTreeMap;

/// Who makes a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Caller {
    /// An AWS service under its own name, such as `cloudtrail.amazonaws.com`.
    Service(String),
    /// An account as a whole, by its id or its root ARN.
    Account(String),
    /// A user, a role or a role session, by its ARN.
    Arn(String),
    /// Somebody without credentials.
    Anonymous,
}

/// A call, with all that conditions may ask about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who makes the call.
    pub principal: Caller,
    /// The action, such as `s3:PutObject`. Letter case does not matter.
    pub action: String,
    /// The ARN of the resource. Not looked at by statements without `Resource`.
    pub resource: String,
    /// The values of condition keys, such as `aws:SourceArn`. Letter case of keys does not matter.
    /// A key that is not in here is absent from the call, which satisfies negated conditions:
    /// leave out only what the call really lacks. Nothing is derived from the other fields.
    pub context: BTreeMap<String, Vec<String>>,
}

impl Request {
    /// Makes a request with an empty context.
    pub fn new(principal: Caller, action: impl Into<String>, resource: impl Into<String>) -> Request {
        Request {
            principal,
            action: action.into(),
            resource: resource.into(),
            context: BTreeMap::new(),
        }
    }

    /// Adds a value of a condition key.
    #[must_use]
    pub fn context(mut self, key: impl Into<String>, value: impl Into<String>) -> Request {
        self.context.entry(key.into()).or_default().push(value.into());
        self
    }

    /// Finds the values of a key, whatever its letter case. A key without values is absent.
    pub(crate) fn values(&self, key: &str) -> Vec<&str> {
        self.context
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(key))
            .flat_map(|(_, values)| values.iter().map(String::as_str))
            .collect()
    }
}
