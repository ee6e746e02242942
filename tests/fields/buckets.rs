//! Buckets and the statements of their policies.

use super::story::{Story, Table, adds, changes, drifts, loses};
use crate::support::clients::wait;

const YEARS: &str = "| `GetObjectLockConfiguration` |";

/// Another text in the line that says what becomes of old files.
fn lifecycle(from: &str, to: &str) -> Story {
    changes("lifecycle", from, to)
}

pub(super) fn bucket() -> Table {
    Table {
        kind: "bucket",
        address: "bucket.fields-123456789012-logs",
        spec: r#"
format = 1
[stack]
name = "fields"
account = "123456789012"
region = "us-east-1"

[key.main]

[bucket.access]
name = "fields-${account}-access"

[bucket.logs]
name = "fields-${account}-logs"
versioning = true
encryption = "AES256"
tags = { team = "security" }
# more
"#,
        stories: vec![
            drifts("public_access_blocked", |clients| {
                let bucket = format!("fields-{}-logs", clients.account);
                wait(clients.s3.delete_public_access_block().bucket(bucket).send()).expect("opened");
            })
            .shows("false", "true"),
            changes("versioning", "versioning = true", "versioning = false").shows("true", "false"),
            changes("versioning", "versioning = false", "versioning = true").shows("false", "true"),
            changes("encryption", "\"AES256\"", "\"aws:kms\"")
                .shows("AES256", "aws:kms")
                .and("bucket_key", "false", "true"),
            adds("encryption", "kms_key = \"main\"").shows(
                "aws:kms",
                "aws:kms with arn:aws:kms:us-east-1:123456789012:alias/fields-main",
            ),
            adds("bucket_key", "bucket_key = false").shows("true", "false"),
            changes("bucket_key", "bucket_key = false", "bucket_key = true").shows("false", "true"),
            adds("object_ownership", "object_ownership = \"BucketOwnerPreferred\"")
                .shows("BucketOwnerEnforced", "BucketOwnerPreferred"),
            changes("object_ownership", "\"BucketOwnerPreferred\"", "\"ObjectWriter\"")
                .shows("BucketOwnerPreferred", "ObjectWriter"),
            adds("lifecycle", "lifecycle = { expire_days = 400 }").shows("-", "{ expire_days = 400 }"),
            lifecycle("expire_days = 400", "expire_days = 500")
                .shows("{ expire_days = 400 }", "{ expire_days = 500 }"),
            lifecycle(
                "{ expire_days = 500",
                "{ transition_days = 30, storage_class = \"GLACIER\", expire_days = 500",
            )
            .shows(
                "{ expire_days = 500 }",
                "{ expire_days = 500, transition_days = 30, storage_class = \"GLACIER\" }",
            ),
            lifecycle("transition_days = 30", "transition_days = 40").shows(
                "{ expire_days = 500, transition_days = 30, storage_class = \"GLACIER\" }",
                "{ expire_days = 500, transition_days = 40, storage_class = \"GLACIER\" }",
            ),
            lifecycle("\"GLACIER\"", "\"STANDARD_IA\"").shows(
                "{ expire_days = 500, transition_days = 40, storage_class = \"GLACIER\" }",
                "{ expire_days = 500, transition_days = 40, storage_class = \"STANDARD_IA\" }",
            ),
            lifecycle(
                "transition_days = 40, storage_class = \"STANDARD_IA\", expire_days = 500",
                "noncurrent_expire_days = 30",
            )
            .shows(
                "{ expire_days = 500, transition_days = 40, storage_class = \"STANDARD_IA\" }",
                "{ noncurrent_expire_days = 30 }",
            ),
            lifecycle(
                "noncurrent_expire_days = 30",
                "noncurrent_expire_days = 30, abort_incomplete_upload_days = 7",
            )
            .shows(
                "{ noncurrent_expire_days = 30 }",
                "{ noncurrent_expire_days = 30, abort_incomplete_upload_days = 7 }",
            ),
            lifecycle(
                "{ noncurrent_expire_days = 30, abort_incomplete_upload_days = 7 }",
                "\"none\"",
            )
            .shows(
                "{ noncurrent_expire_days = 30, abort_incomplete_upload_days = 7 }",
                "-",
            ),
            adds("access_logging", "access_logging = { bucket = \"access\" }")
                .shows("-", "s3://fields-123456789012-access/fields-123456789012-logs/")
                .with("create", "bucket_policy.fields-123456789012-access"),
            changes(
                "access_logging",
                "{ bucket = \"access\" }",
                "{ bucket = \"access\", prefix = \"of/\" }",
            )
            .shows(
                "s3://fields-123456789012-access/fields-123456789012-logs/",
                "s3://fields-123456789012-access/of/",
            )
            .also("bucket_policy.fields-123456789012-access", "policy"),
            changes(
                "access_logging",
                "{ bucket = \"access\", prefix = \"of/\" }",
                "\"none\"",
            )
            .shows("s3://fields-123456789012-access/of/", "-")
            .with("delete", "bucket_policy.fields-123456789012-access"),
            adds(
                "object_lock",
                "object_lock = { mode = \"GOVERNANCE\", days = 30 }",
            )
            .shows("-", "GOVERNANCE for 30 days"),
            changes("object_lock", "days = 30", "days = 31")
                .shows("GOVERNANCE for 30 days", "GOVERNANCE for 31 days"),
            changes("object_lock", "\"GOVERNANCE\"", "\"COMPLIANCE\"")
                .shows("GOVERNANCE for 31 days", "COMPLIANCE for 31 days"),
            changes("object_lock", "days = 31", "years = 1")
                .shows("COMPLIANCE for 31 days", "COMPLIANCE for 1 year")
                .moto_drops(YEARS),
            changes("object_lock", "{ mode = \"COMPLIANCE\", years = 1 }", "\"none\"")
                .shows(
                    "COMPLIANCE for 1 year",
                    "no default retention (Object Lock stays on)",
                )
                .moto_drops(YEARS),
            changes(
                "name",
                "\"fields-${account}-logs\"",
                "\"fields-${account}-other\"",
            )
            .another(&[
                ("create", "bucket.fields-123456789012-other"),
                ("delete", "bucket.fields-123456789012-logs"),
            ])
            .blinds("no log file can be delivered to it"),
        ],
    }
    .and_tags()
}

pub(super) fn bucket_policy() -> Table {
    Table {
        kind: "bucket_policy",
        address: "bucket_policy.policy-123456789012-logs",
        spec: r#"
format = 1
[stack]
name = "fields"
account = "123456789012"
region = "us-east-1"

[trail.main]
bucket = "logs"
prefix = "old"

[bucket.logs]
name = "policy-${account}-logs"
# more
"#,
        stories: vec![
            adds("policy", "tls_only = true").differs("", "aws:SecureTransport"),
            loses("policy", "tls_only = true").differs("aws:SecureTransport", ""),
            changes("policy", "prefix = \"old\"", "prefix = \"new\"")
                .differs("/old/AWSLogs/", "/new/AWSLogs/")
                .also("trail.main", "prefix"),
        ],
    }
}
