//! Trails.

use super::story::{Table, adds, changes, loses};

const TOPIC: &str = "| `CreateTrail`, `UpdateTrail` with a topic's ARN |";
const INSIGHTS: &str = "| `PutInsightSelectors` |";

pub(super) fn trail() -> Table {
    const POLICY: &str = "bucket_policy.trail-123456789012-logs";
    Table {
        kind: "trail",
        address: "trail.main",
        spec: r#"
format = 1
[stack]
name = "fields"
account = "123456789012"
region = "us-east-1"

[trail.main]
bucket = "logs"
log_group = "activity"
heartbeat = false
tags = { team = "security" }
# more

# events

[bucket.logs]
name = "trail-${account}-logs"

[bucket.other]
name = "trail-${account}-other"

[log_group.activity]
[log_group.second]
[topic.files]
[key.main]
"#,
        stories: vec![
            changes("bucket", "bucket = \"logs\"", "bucket = \"other\"")
                .shows("trail-123456789012-logs", "trail-123456789012-other")
                .with("delete", POLICY)
                .with("create", "bucket_policy.trail-123456789012-other"),
            changes("bucket", "bucket = \"other\"", "bucket = \"logs\"")
                .shows("trail-123456789012-other", "trail-123456789012-logs")
                .with("create", POLICY)
                .with("delete", "bucket_policy.trail-123456789012-other"),
            adds("prefix", "prefix = \"old\"")
                .shows("-", "old")
                .also(POLICY, "policy"),
            changes("prefix", "prefix = \"old\"", "prefix = \"new\"")
                .shows("old", "new")
                .also(POLICY, "policy"),
            loses("prefix", "prefix = \"new\"")
                .shows("new", "-")
                .also(POLICY, "policy"),
            changes(
                "cloudwatch_logs",
                "log_group = \"activity\"",
                "log_group = \"second\"",
            )
            .differs("log-group:activity", "log-group:second")
            .also("role.fields-main-delivery", "policy"),
            changes(
                "cloudwatch_logs",
                "log_group = \"second\"",
                "cloudwatch_logs = false",
            )
            .differs("log-group:second", "")
            .with("delete", "role.fields-main-delivery")
            .blinds("no event reaches the log group"),
            changes(
                "cloudwatch_logs",
                "cloudwatch_logs = false",
                "log_group = \"activity\"",
            )
            .differs("", "log-group:activity")
            .with("create", "role.fields-main-delivery"),
            changes(
                "cloudwatch_logs",
                "# more\n\n",
                "role = \"delivery\"\n# more\n\n[role.delivery]\n\n",
            )
            .differs(
                "role/trailwarden/fields/fields-main-delivery",
                "role/trailwarden/fields/delivery",
            )
            .with("create", "role.delivery")
            .with("delete", "role.fields-main-delivery"),
            changes(
                "cloudwatch_logs",
                "role = \"delivery\"\n# more\n\n[role.delivery]\n\n",
                "# more\n\n",
            )
            .differs(
                "role/trailwarden/fields/delivery",
                "role/trailwarden/fields/fields-main-delivery",
            )
            .with("delete", "role.delivery")
            .with("create", "role.fields-main-delivery"),
            adds("kms_key", "kms_key = \"main\"")
                .shows("-", "arn:aws:kms:us-east-1:123456789012:alias/fields-main")
                .also("key_policy.fields-main", "policy"),
            changes("kms_key", "kms_key = \"main\"", "kms_key = \"none\"")
                .shows("arn:aws:kms:us-east-1:123456789012:alias/fields-main", "-")
                .also("key_policy.fields-main", "policy"),
            adds("multi_region", "multi_region = false")
                .shows("true", "false")
                .blinds("events of all other regions go unnoticed"),
            adds("global_service_events", "global_service_events = false")
                .shows("true", "false")
                .blinds("calls to IAM and other global services go unnoticed"),
            loses("global_service_events", "global_service_events = false").shows("false", "true"),
            loses("multi_region", "multi_region = false").shows("false", "true"),
            adds("log_file_validation", "log_file_validation = false").shows("true", "false"),
            loses("log_file_validation", "log_file_validation = false").shows("false", "true"),
            adds("management_events", "management_events = \"write\"")
                .shows("all", "write")
                .blinds("calls that only read go unnoticed"),
            changes("management_events", "\"write\"", "\"read\"")
                .shows("write", "read")
                .blinds("calls that change something go unnoticed"),
            changes("management_events", "\"read\"", "\"all\"").shows("read", "all"),
            adds("excluded_sources", "excluded_sources = [\"kms.amazonaws.com\"]")
                .shows("", "kms.amazonaws.com")
                .blinds("calls to kms.amazonaws.com go unnoticed"),
            loses("excluded_sources", "excluded_sources = [\"kms.amazonaws.com\"]")
                .shows("kms.amazonaws.com", ""),
            adds("insights", "insights = [\"api_call_rate\"]")
                .shows("", "api_call_rate")
                .moto_drops(INSIGHTS),
            changes("insights", "[\"api_call_rate\"]", "[\"api_error_rate\"]")
                .shows("api_call_rate", "api_error_rate")
                .moto_drops(INSIGHTS),
            changes("insights", "[\"api_error_rate\"]", "[]")
                .shows("api_error_rate", "")
                .moto_drops(INSIGHTS),
            adds("sns_topic", "sns_topic = \"files\"")
                .shows("-", "arn:aws:sns:us-east-1:123456789012:files")
                .also("topic_policy.files", "policy")
                .moto_drops(TOPIC),
            changes("sns_topic", "sns_topic = \"files\"", "sns_topic = \"none\"")
                .shows("arn:aws:sns:us-east-1:123456789012:files", "-")
                .with("delete", "topic_policy.files")
                .moto_drops(TOPIC),
            changes(
                "data_events",
                "# events",
                "[[trail.main.data_events]]\ntype = \"AWS::S3::Object\"\n\
                 where.\"resources.ARN\".starts_with = \"arn:aws:s3:::acme-invoices/\"\n# events",
            )
            .differs("", "arn:aws:s3:::acme-invoices/"),
            changes("data_events", "acme-invoices", "acme-orders")
                .differs("acme-invoices", "acme-orders")
                .blinds("these events may go unnoticed"),
            changes(
                "data_events",
                "type = \"AWS::S3::Object\"",
                "type = \"AWS::S3::Object\"\nevents = \"write\"",
            )
            .differs("starts with", "readOnly equals false")
            .blinds("these events may go unnoticed"),
            adds("selectors", "selectors = \"advanced\"").shows("basic", "advanced"),
            changes(
                "data_events",
                "events = \"write\"",
                "events = \"write\"\nname = \"what is done to orders\"",
            )
            .differs("readOnly", "what is done to orders"),
            changes(
                "data_events",
                "name = \"what is done to orders\"",
                "name = \"what is done to orders\"\nwhere.eventName.not_equals = [\"PutObjectTagging\"]",
            )
            .differs("what is done to orders", "PutObjectTagging")
            .blinds("these events may go unnoticed"),
            changes(
                "network_events",
                "# events",
                "[[trail.main.network_events]]\nsource = \"ec2.amazonaws.com\"\n\
                 where.errorCode.equals = \"VpceAccessDenied\"",
            )
            .differs("", "ec2.amazonaws.com"),
            changes("network_events", "\"ec2.amazonaws.com\"", "\"kms.amazonaws.com\"")
                .differs("ec2.amazonaws.com", "kms.amazonaws.com")
                .blinds("these events may go unnoticed"),
            changes(
                "management_events",
                "management_events = \"all\"",
                "management_events = \"none\"",
            )
            .shows("all", "none")
            .blinds("no management event is recorded"),
            loses("management_events", "management_events = \"none\"").shows("none", "all"),
            adds("organization", "organization = \"o-exampleorgid\"")
                .shows("false", "true")
                .also(POLICY, "policy")
                .also("role.fields-main-delivery", "policy"),
            loses("organization", "organization = \"o-exampleorgid\"")
                .shows("true", "false")
                .also(POLICY, "policy")
                .also("role.fields-main-delivery", "policy")
                .blinds("events of the organization's other accounts go unnoticed"),
            adds("logging", "logging = false")
                .shows("true", "false")
                .blinds("nothing is recorded while logging is off"),
            loses("logging", "logging = false").shows("false", "true"),
            adds("name", "name = \"other\"")
                .another(&[("create", "trail.other"), ("delete", "trail.main")])
                .blinds("no call is recorded by it any more")
                .also(POLICY, "policy"),
        ],
    }
    .and_tags()
}
