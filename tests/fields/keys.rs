//! KMS keys and the statements of their policies.

use super::story::{Table, adds, changes, drifts, loses};
use crate::support::clients::wait;

const PERIOD: &str = "| `EnableKeyRotation` with a period |";
const ENABLE: &str = "| `EnableKey` by ARN |";

pub(super) fn key() -> Table {
    Table {
        kind: "key",
        address: "key.fields-main",
        spec: r#"
format = 1
[stack]
name = "fields"
account = "123456789012"
region = "us-east-1"

[key.main]
tags = { team = "security" }
# more
"#,
        stories: vec![
            adds("description", "description = \"log files\"").shows("", "log files"),
            changes("description", "\"log files\"", "\"\"").shows("log files", ""),
            adds("rotation", "rotation = false").shows("true", "false"),
            loses("rotation", "rotation = false").shows("false", "true"),
            adds("rotation_days", "rotation_days = 180")
                .shows("365", "180")
                .moto_drops(PERIOD),
            changes("rotation_days", "rotation_days = 180", "rotation_days = 90")
                .shows("180", "90")
                .moto_drops(PERIOD),
            drifts("state", |clients| {
                let disable = clients.kms.disable_key();
                let described = clients.kms.describe_key().key_id("alias/fields-main");
                let described = wait(described.send()).expect("a key");
                let id = described.key_metadata.expect("its metadata").key_id;
                wait(disable.key_id(id).send()).expect("disabled");
            })
            .shows("Disabled", "Enabled")
            .moto_drops(ENABLE),
            adds("name", "name = \"fields-other\"")
                .another(&[("create", "key.fields-other"), ("release", "key.fields-main")]),
        ],
    }
    .and_tags()
}

pub(super) fn key_policy() -> Table {
    Table {
        kind: "key_policy",
        address: "key_policy.fields-main",
        spec: r#"
format = 1
[stack]
name = "fields"
account = "123456789012"
region = "us-east-1"

[key.main]
readers = ["arn:aws:iam::${account}:role/audit"]
# more

[topic.alerts]
# topic
"#,
        stories: vec![
            changes("policy", "role/audit", "role/review").differs("role/audit", "role/review"),
            changes("policy", "# topic", "kms_key = \"main\"")
                .differs("", "cloudwatch.amazonaws.com")
                .also("topic.alerts", "kms_key"),
            changes("policy", "kms_key = \"main\"", "kms_key = \"none\"")
                .differs("cloudwatch.amazonaws.com", "")
                .also("topic.alerts", "kms_key"),
        ],
    }
}
