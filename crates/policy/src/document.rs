//! A whole policy document: read, written, changed by Sid.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::json::Json;
use crate::statement::Statement;
use crate::{PolicyError, read};

/// The version of the policy language. AWS takes a document without one for `2008-10-17`; the two
/// differ in policy variables only (IAM reference, "Version").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V2008,
    V2012,
}

/// A policy document in normal form: statements in the order of the document, each with its lists
/// sorted and its condition values as text. `==` compares that form; [`Policy::same_meaning`]
/// compares what the document does.
///
/// Reading, writing and reading again gives the same policy. Keys that this crate does not know,
/// of the document and of its statements, stay in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(crate) version: Option<Version>,
    pub(crate) id: Option<String>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) other: Vec<(String, Json)>,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy::new(Vec::new())
    }
}

impl Policy {
    /// Makes a policy of version `2012-10-17` from statements.
    pub fn new(statements: Vec<Statement>) -> Policy {
        Policy {
            version: Some(Version::V2012),
            id: None,
            statements,
            other: Vec::new(),
        }
    }

    /// Reads a document: JSON, or JSON that is percent-encoded as IAM returns it (API reference of
    /// `GetRolePolicy`: "policies returned by this operation are URL-encoded compliant with RFC
    /// 3986").
    ///
    /// # Errors
    /// A text that is not JSON, gives a key twice, or lacks what a policy needs.
    pub fn parse(text: &str) -> Result<Policy, PolicyError> {
        let text = text.trim_start_matches('\u{feff}');
        let text = if encoded(text) {
            Cow::Owned(decode(text)?)
        } else {
            Cow::Borrowed(text)
        };
        if text.trim().is_empty() {
            return Err(PolicyError::new("write a policy document: the text is empty"));
        }
        let json = Json::parse(&text).map_err(|error| PolicyError::json(&error))?;
        read::policy(json)
    }

    /// Returns the statements in the order of the document.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Returns the document's `Id`, which has no effect.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Returns the first statement named `sid`.
    pub fn get(&self, sid: &str) -> Option<&Statement> {
        self.statements.iter().find(|s| s.sid() == Some(sid))
    }

    /// Returns the first statement that does what `wanted` does, whatever its Sid.
    pub fn find(&self, wanted: &Statement) -> Option<&Statement> {
        self.statements.iter().find(|s| s.same_meaning(wanted))
    }

    /// Returns the policy with `statement` in it: in the place of the statement with the same Sid,
    /// or else at the end. All others stay as and where they are. Should several have the Sid
    /// (AWS wants Sids to be unique), the first place is used and the others go.
    ///
    /// The version stays, too: in a document of the old version, as SNS makes them, policy
    /// variables in `statement` would have no effect.
    #[must_use]
    pub fn with(&self, statement: Statement) -> Policy {
        let sid = statement.sid.clone();
        let named = |s: &Statement| sid.is_some() && s.sid == sid;
        let mut new = Some(statement);
        let mut statements = Vec::with_capacity(self.statements.len() + 1);
        for old in &self.statements {
            if named(old) {
                statements.extend(new.take());
            } else {
                statements.push(old.clone());
            }
        }
        statements.extend(new);
        Policy {
            statements,
            ..self.clone()
        }
    }

    /// Returns the policy without the statements named `sid`.
    #[must_use]
    pub fn without(&self, sid: &str) -> Policy {
        let kept = self.statements.iter().filter(|s| s.sid() != Some(sid));
        Policy {
            statements: kept.cloned().collect(),
            ..self.clone()
        }
    }

    /// Writes the document as compact JSON. The order of keys is always `Version`, `Id`,
    /// `Statement`, and in a statement `Sid`, `Effect`, `Principal`, `Action`, `Resource`,
    /// `Condition`, then the unknown ones by name; a set of one is written as a string.
    pub fn to_json(&self) -> String {
        self.json().compact()
    }

    /// Writes the document for people: the order of [`Policy::to_json`], indented by two spaces.
    pub fn to_json_pretty(&self) -> String {
        self.json().pretty()
    }

    fn json(&self) -> Json {
        let mut entries: Vec<(String, Json)> = Vec::new();
        let mut put = |key: &str, value: Json| entries.push((key.to_owned(), value));
        if let Some(version) = self.version {
            let text = match version {
                Version::V2008 => "2008-10-17",
                Version::V2012 => "2012-10-17",
            };
            put("Version", Json::String(text.to_owned()));
        }
        if let Some(id) = &self.id {
            put("Id", Json::String(id.clone()));
        }
        let statements = self.statements.iter().map(Statement::json).collect();
        put("Statement", Json::Array(statements));
        entries.extend(self.other.iter().cloned());
        Json::Object(entries)
    }
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Policy, D::Error> {
        let json = Json::deserialize(deserializer)?;
        read::policy(json).map_err(serde::de::Error::custom)
    }
}

/// No JSON object has a `%` before its first quote; some encoders leave the brace as it is.
fn encoded(text: &str) -> bool {
    let inner = text.trim_start();
    let inner = inner.strip_prefix('{').unwrap_or(inner);
    inner.trim_start().starts_with('%')
}

fn decode(text: &str) -> Result<String, PolicyError> {
    let broken = || {
        PolicyError::new(
            "give the document as JSON or fully percent-encoded: a `%` in it has no two hex digits after it",
        )
    };
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || {
                bytes
                    .next()
                    .and_then(|b| char::from(b).to_digit(16))
                    .and_then(|d| u8::try_from(d).ok())
                    .ok_or_else(broken)
            };
            out.push(digit()? * 16 + digit()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out)
        .map_err(|_| PolicyError::new("encode the document as UTF-8 before percent-encoding it"))
}
