use std::fmt;

use serde::Serialize;

/// What went wrong, as far as the way out differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// There are no credentials, or they are expired or unknown to AWS.
    Credentials,
    /// A policy does not allow the call.
    Denied,
    /// AWS asked for a slower pace, for longer than the call may wait.
    Throttled,
    /// No answer: no network, a wrong endpoint, a connection that broke. For a write it is not
    /// known whether it took effect.
    Unreachable,
    /// What the call names is not there.
    NotFound,
    /// Something that was just written is not visible to another service yet, or its policy does
    /// not allow what it must.
    NotPropagated,
    /// A quota of the account is used up.
    Limit,
    /// AWS refuses what was asked.
    Refused,
    /// AWS failed.
    Service,
}

impl ErrorKind {
    /// What a person can do about it.
    #[must_use]
    pub fn way_out(self) -> &'static str {
        match self {
            Self::Credentials => {
                "sign in again (`aws sso login`), set AWS_PROFILE, or name a profile with `--profile`"
            }
            Self::Denied => {
                "let the caller do it: `trailwarden permissions` prints the policy that a command needs (`--for`)"
            }
            Self::Throttled => "other programs use up this API's rate; run the command again in a minute",
            Self::Unreachable => {
                "check the network, the region and `--endpoint-url`, then run the command again: it continues \
                 from what the account holds"
            }
            Self::NotFound => "it was there a moment ago; plan again",
            Self::NotPropagated => "apply again in a minute: it continues from what the account holds",
            Self::Limit => "ask AWS for a higher quota or remove what is not needed",
            Self::Refused => "correct the spec, then plan again",
            Self::Service => "run the command again: it continues from what the account holds",
        }
    }
}

/// A call that failed, with all that AWS said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct AccountError {
    /// The call, such as `cloudtrail:CreateTrail`.
    pub operation: String,
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// AWS's error code, such as `InsufficientS3BucketPolicyException`.
    pub code: Option<String>,
    /// AWS's own words, or the transport's.
    pub message: String,
    /// AWS's id of the request, for its support.
    pub request_id: Option<String>,
    /// What we know beyond it: "our policy allows it; still denied: ...".
    pub hint: Option<String>,
}

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            operation,
            kind: _,
            code,
            message,
            request_id,
            hint,
        } = self;
        write!(f, "{operation} failed: ")?;
        if let Some(code) = code {
            write!(f, "{code}: ")?;
        }
        f.write_str(message)?;
        if let Some(id) = request_id {
            write!(f, " (request id {id})")?;
        }
        if let Some(hint) = hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}
