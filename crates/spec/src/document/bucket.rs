//! `[bucket.LABEL]`.

use toml::de::DeValue;

use crate::kinds::{Bucket, Encryption};
use crate::problem::{Problem, code};

use super::decoder::{At, Decode, Table, Value};
use super::sections::Section;
use super::stack::Header;
use super::{key, names};

impl Section for Bucket {
    const WORD: &'static str = "bucket";

    fn read(label: &At<String>, table: &mut Table<'_>, header: &Header) -> Self {
        let name = table.name(label, &names::BUCKET).value;
        let encryption = table.take::<Encryption>("encryption").map(|at| at.value);
        Self {
            name,
            region: header.stack.scope.region.clone(),
            public_access_blocked: true,
            bucket_key: key::bucket_key(table, encryption.as_ref()).into(),
            encryption: encryption.into(),
            versioning: table.take("versioning").map(|at| at.value).into(),
            object_ownership: table.take("object_ownership").map(|at| at.value).into(),
            tags: table.tags(header),
        }
    }
}

impl Decode for Encryption {
    fn decode(value: &Value<'_>) -> Option<Self> {
        match value.raw {
            DeValue::String(word) if word == "AES256" => Some(Self::Aes256),
            DeValue::String(word) if word == "aws:kms" => Some(Self::Kms(None)),
            DeValue::String(word) => {
                let message = format!("`{word}` is not a value of `{}`", value.key);
                let problem = Problem::new(code::UNKNOWN_WORD, &value.spot, message).label("unknown word");
                value.report(problem.help(match word.as_ref() {
                    "aws:kms:dsse" => {
                        "this version does not set it; leave `encryption` out to keep what the bucket has"
                    }
                    _ => "it takes `AES256` and `aws:kms`",
                }));
                None
            }
            _ => value.wrong_type("`AES256` or `aws:kms`", None),
        }
    }
}
