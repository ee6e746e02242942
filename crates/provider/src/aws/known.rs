//! What we know of a failure beyond AWS's words.

use aws_smithy_types::error::operation::BuildError;
use trailwarden_account::{AccountError, ErrorKind};

use super::refusal;
use crate::door::Api;

/// Reads AWS's code out of an error and adds what AWS cannot know.
pub(crate) trait Known {
    /// True when AWS's code is this one.
    fn is(&self, code: &str) -> bool;
    /// Says what kind of failure it really is, and the way out.
    fn known(self, kind: ErrorKind, hint: impl Into<String>) -> Self;
}

impl Known for AccountError {
    fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    fn known(self, kind: ErrorKind, hint: impl Into<String>) -> Self {
        Self {
            kind,
            hint: Some(hint.into()),
            ..self
        }
    }
}

/// A part of a request. The SDK's builders fail where a required field is missing; ours are set.
pub(crate) fn built<T>(api: Api, built: Result<T, BuildError>) -> Result<T, AccountError> {
    built.map_err(|error| refusal(api, format!("the request cannot be made: {error}")))
}
