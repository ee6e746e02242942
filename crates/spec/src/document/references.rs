//! References: to a section by its label, or to what exists elsewhere by its name or ARN.

use crate::problem::{Problem, code};

use super::decoder::{At, Decode, Table, Value};

/// `bucket = "label"` or `bucket = { existing = "NAME", owner = "ACCOUNT" }`.
#[derive(Clone, Debug)]
pub(crate) enum BucketRef {
    Label(String),
    Existing {
        name: At<String>,
        owner: Option<At<String>>,
    },
}

/// `log_group = "label"` or `log_group = { existing = "NAME" }`.
#[derive(Clone, Debug)]
pub(crate) enum GroupRef {
    Label(String),
    Existing(At<String>),
}

/// `role = "label"` or `role = { existing = "ARN" }`.
#[derive(Clone, Debug)]
pub(crate) enum RoleRef {
    Label(String),
    Existing(At<String>),
}

/// `kms_key = "label"`, `kms_key = { existing = "ARN or alias" }` or `kms_key = "none"`.
#[derive(Clone, Debug)]
pub(crate) enum KeyWritten {
    Label(String),
    Existing(At<String>),
    None,
}

/// One of those who are notified: `"label"` or `{ arn = "ARN" }`.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Label(String),
    Arn(At<String>),
}

/// `sns_topic = "label"`, `{ arn = "ARN" }` or `"none"`.
#[derive(Clone, Debug)]
pub(crate) enum TopicRef {
    Label(String),
    Arn(At<String>),
    None,
}

/// Those who are notified, in the order in which they are written.
pub(crate) type Notify = At<Vec<At<Target>>>;

/// Reads a label, or a table whose keys say what exists elsewhere.
fn read<T>(
    value: &Value<'_>,
    label: fn(String) -> T,
    example: &str,
    table: impl FnOnce(&mut Table<'_>) -> Option<T>,
) -> Option<T> {
    if let Some(mut keys) = value.table() {
        let read = table(&mut keys);
        keys.finish();
        return read;
    }
    match value.raw {
        toml::de::DeValue::String(_) => {
            let text = String::decode(value)?;
            if text.starts_with("arn:") {
                let message = format!("`{}` is a label here, and `{text}` is an ARN", value.key);
                let problem =
                    Problem::new(code::WRONG_TYPE, &value.spot, message).label("an ARN, not a label");
                value.report(problem.help(format!("what the spec does not define is written `{example}`")));
                return None;
            }
            Some(label(text))
        }
        _ => value.wrong_type(&format!("a label or `{example}`"), None),
    }
}

impl Decode for BucketRef {
    fn decode(value: &Value<'_>) -> Option<Self> {
        read(value, Self::Label, "{ existing = \"NAME\" }", |keys| {
            let name = keys.need("existing", "\"NAME\"");
            let owner = keys.take("owner");
            Some(Self::Existing { name: name?, owner })
        })
    }
}

impl Decode for GroupRef {
    fn decode(value: &Value<'_>) -> Option<Self> {
        read(value, Self::Label, "{ existing = \"NAME\" }", |keys| {
            keys.need("existing", "\"NAME\"").map(Self::Existing)
        })
    }
}

impl Decode for RoleRef {
    fn decode(value: &Value<'_>) -> Option<Self> {
        read(value, Self::Label, "{ existing = \"ARN\" }", |keys| {
            keys.need("existing", "\"arn:aws:iam::123456789012:role/NAME\"")
                .map(Self::Existing)
        })
    }
}

impl Decode for TopicRef {
    fn decode(value: &Value<'_>) -> Option<Self> {
        let label = |text: String| match text.as_str() {
            "none" => Self::None,
            _ => Self::Label(text),
        };
        read(value, label, "{ arn = \"ARN\" }", |keys| {
            keys.need("arn", "\"arn:aws:sns:us-east-1:123456789012:NAME\"")
                .map(Self::Arn)
        })
    }
}

impl Decode for KeyWritten {
    fn decode(value: &Value<'_>) -> Option<Self> {
        let label = |text: String| match text.as_str() {
            "none" => Self::None,
            _ => Self::Label(text),
        };
        read(value, label, "{ existing = \"ARN\" }", |keys| {
            keys.need("existing", "\"alias/NAME\"").map(Self::Existing)
        })
    }
}

impl Decode for Target {
    fn decode(value: &Value<'_>) -> Option<Self> {
        read(value, Self::Label, "{ arn = \"ARN\" }", |keys| {
            keys.need("arn", "\"arn:aws:sns:us-east-1:123456789012:NAME\"")
                .map(Self::Arn)
        })
    }
}
