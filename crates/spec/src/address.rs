//! How an object is named, on both sides and in everything people read.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::Kind;

/// The account and region an object lives in.
///
/// IAM roles are global to an account; they carry the region of the stack that manages them, so
/// that one stack's addresses all have one scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Scope {
    /// The twelve digits of the account.
    pub account: String,
    /// The region's code, such as `us-east-1`.
    pub region: String,
}

/// The identity of one object: where it lives, what it is, and the name AWS knows it by.
///
/// Written `kind.name`, for example `alarm.acme-prod-iam-changes`. The names of things that AWS
/// does not name are made of their parts: a metric filter is `log-group:filter`, a subscription
/// `topic/protocol/digest-of-endpoint`, a policy has the name of what it is attached to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Account and region.
    pub scope: Scope,
    /// What it is.
    pub kind: Kind,
    /// The name that AWS knows it by.
    pub name: String,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.kind, self.name)
    }
}

impl Serialize for Address {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Scope {
    /// The address of an object of this scope.
    #[must_use]
    pub fn address(&self, kind: Kind, name: impl Into<String>) -> Address {
        Address {
            scope: self.clone(),
            kind,
            name: name.into(),
        }
    }

    /// Reads `kind.name` as a person types it.
    ///
    /// # Errors
    /// When the text has no period or the part before it is no kind; the message lists the kinds.
    pub fn parse(&self, text: &str) -> Result<Address, String> {
        let (kind, name) = text
            .split_once('.')
            .ok_or_else(|| format!("`{text}` is no address; write `KIND.NAME`, as the plan shows it"))?;
        Ok(self.address(Kind::from_str(kind)?, name))
    }
}
