//! `[bucket.LABEL]`.

use toml::de::DeValue;

use crate::kinds::{Bucket, Encryption};
use crate::problem::{Problem, code};

use super::decoder::{At, Decode, Table, Value};
use super::names;
use super::sections::Section;
use super::stack::Header;

impl Section for Bucket {
    const WORD: &'static str = "bucket";

    fn read(label: &At<String>, table: &mut Table<'_>, header: &Header) -> Self {
        Self {
            name: table.name(label, &names::BUCKET).value,
            region: header.stack.scope.region.clone(),
            public_access_blocked: true,
            encryption: table.take("encryption").map(|at| at.value).into(),
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
            DeValue::String(word) => {
                let message = format!("`{word}` is not a value of `{}`", value.key);
                let problem = Problem::new(code::UNKNOWN_WORD, &value.spot, message).label("unknown word");
                value.report(problem.help(match word.starts_with("aws:kms") {
                    true => {
                        "this version sets no KMS key; leave `encryption` out to keep what the bucket has"
                    }
                    false => "it takes `AES256`",
                }));
                None
            }
            _ => value.wrong_type("the word `AES256`", None),
        }
    }
}
