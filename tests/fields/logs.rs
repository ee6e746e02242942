//! Log groups, metric filters and delivery roles.

use super::story::{Table, adds, changes, drifts, loses};
use crate::support::clients::wait;

const CLASS: &str = "| log classes, deletion protection |";
const KEY: &str = "| calls that it lacks (`PutCompositeAlarm`, `AssociateKmsKey`";
const PUT: &str = "| `PutMetricFilter` | replaces the filter of that name |";

pub(super) fn log_group() -> Table {
    Table {
        kind: "log_group",
        address: "log_group./fields/activity",
        spec: r#"
format = 1
[stack]
name = "fields"
account = "123456789012"
region = "us-east-1"

[key.first]
[key.second]

[log_group.activity]
name = "/fields/activity"
retention_days = 365
tags = { team = "security" }
# more
"#,
        stories: vec![
            changes("retention_days", "retention_days = 365", "retention_days = 90").shows("365", "90"),
            changes(
                "retention_days",
                "retention_days = 90",
                "retention_days = \"never\"",
            )
            .shows("90", "never expires"),
            adds("kms_key", "kms_key = \"first\"")
                .shows("-", "arn:aws:kms:us-east-1:123456789012:alias/fields-first")
                .also("key_policy.fields-first", "policy")
                .moto_drops(KEY),
            changes("kms_key", "kms_key = \"first\"", "kms_key = \"second\"")
                .shows(
                    "arn:aws:kms:us-east-1:123456789012:alias/fields-first",
                    "arn:aws:kms:us-east-1:123456789012:alias/fields-second",
                )
                .also("key_policy.fields-second", "policy")
                .moto_drops(KEY),
            changes("kms_key", "kms_key = \"second\"", "kms_key = \"none\"")
                .shows("arn:aws:kms:us-east-1:123456789012:alias/fields-second", "-")
                .moto_drops(KEY),
            adds("deletion_protection", "deletion_protection = true")
                .shows("false", "true")
                .moto_drops(CLASS),
            changes(
                "deletion_protection",
                "deletion_protection = true",
                "deletion_protection = false",
            )
            .shows("true", "false")
            .moto_drops(CLASS),
            adds("class", "class = \"INFREQUENT_ACCESS\"")
                .shows("STANDARD", "INFREQUENT_ACCESS")
                .refused("impossible", "a class cannot be changed"),
            changes("name", "/fields/activity", "/fields/other")
                .another(&[
                    ("create", "log_group./fields/other"),
                    ("delete", "log_group./fields/activity"),
                ])
                .blinds("no rule on this group can fire"),
        ],
    }
    .and_tags()
}

pub(super) fn metric_filter() -> Table {
    Table {
        kind: "metric_filter",
        address: "metric_filter.activity:denied",
        spec: r#"
format = 1
[stack]
name = "fields"
account = "123456789012"
region = "us-east-1"

[log_group.activity]
[log_group.other]

[metric_filter.denied]
log_group = "activity"
pattern = '{ $.errorCode = "AccessDenied" }'
# more

[rule.root]
log_group = "activity"
notify = []
pattern = '{ $.userIdentity.type = "Root" }'
filter = { namespace = "Fields" }
"#,
        stories: vec![
            changes("pattern", "\"AccessDenied\"", "\"AccessDenied*\"")
                .differs("= \"AccessDenied\"", "= \"AccessDenied*\"")
                .moto_drops(PUT),
            changes(
                "pattern",
                "'{ $.errorCode = \"AccessDenied*\" }'",
                "'{ ($.errorCode = \"AccessDenied*\") }'\nexact = true",
            )
            .differs("{ $.errorCode", "{ ($.errorCode")
            .moto_drops(PUT),
            adds("metric", "metric = \"refusals\"")
                .shows("denied", "refusals")
                .moto_drops(PUT),
            adds("value", "value = 2").shows("1", "2").moto_drops(PUT),
            adds("default_value", "default_value = 0")
                .shows("-", "0")
                .moto_drops(PUT),
            changes("default_value", "default_value = 0", "default_value = \"none\"")
                .shows("0", "-")
                .moto_drops(PUT),
            adds("unit", "unit = \"Count\"")
                .shows("None", "Count")
                .moto_drops(PUT),
            changes(
                "dimensions",
                "default_value = \"none\"",
                "dimensions = { who = \"$.userIdentity.arn\" }",
            )
            .shows("", "who = $.userIdentity.arn")
            .moto_drops(PUT),
            loses("dimensions", "dimensions = { who = \"$.userIdentity.arn\" }")
                .shows("who = $.userIdentity.arn", "")
                .moto_drops(PUT),
            changes(
                "namespace",
                "namespace = \"Fields\"",
                "namespace = \"Fields/Other\"",
            )
            .of("metric_filter.activity:fields-root")
            .shows("Fields", "Fields/Other")
            .also("alarm.fields-root", "namespace")
            .moto_drops(PUT),
            changes(
                "log_group",
                "log_group = \"activity\"\npattern",
                "log_group = \"other\"\npattern",
            )
            .another(&[
                ("create", "metric_filter.other:denied"),
                ("delete", "metric_filter.activity:denied"),
            ])
            .blinds("the events it picks out are counted no more"),
            adds("name", "name = \"other\"")
                .another(&[
                    ("create", "metric_filter.other:other"),
                    ("delete", "metric_filter.other:denied"),
                ])
                .blinds("the events it picks out are counted no more"),
        ],
    }
}

pub(super) fn role() -> Table {
    Table {
        kind: "role",
        address: "role.fields-delivery",
        spec: r#"
format = 1
[stack]
name = "fields"
account = "123456789012"
region = "us-east-1"

[trail.main]
bucket = "logs"
log_group = "activity"
role = "delivery"
heartbeat = false

[bucket.logs]
name = "fields-${account}-logs"

[log_group.activity]
[log_group.other]

[role.delivery]
name = "fields-delivery"
tags = { team = "security" }
# more
"#,
        stories: vec![
            changes("policy", "log_group = \"activity\"", "log_group = \"other\"")
                .differs("log-group:activity:", "log-group:other:")
                .also("trail.main", "cloudwatch_logs"),
            drifts("trust", |clients| {
                let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
                let update = clients.iam.update_assume_role_policy();
                let update = update.role_name("fields-delivery").policy_document(policy);
                wait(update.send()).expect("written");
            })
            .differs("ec2.amazonaws.com", "cloudtrail.amazonaws.com"),
            adds(
                "permissions_boundary",
                "permissions_boundary = \"arn:aws:iam::${account}:policy/boundary\"",
            )
            .shows("-", "arn:aws:iam::123456789012:policy/boundary"),
            changes("permissions_boundary", "policy/boundary", "policy/other").shows(
                "arn:aws:iam::123456789012:policy/boundary",
                "arn:aws:iam::123456789012:policy/other",
            ),
            changes(
                "permissions_boundary",
                "\"arn:aws:iam::${account}:policy/other\"",
                "\"none\"",
            )
            .shows("arn:aws:iam::123456789012:policy/other", "-"),
            adds("path", "path = \"/elsewhere/\"")
                .shows("/trailwarden/fields/", "/elsewhere/")
                .also("trail.main", "cloudwatch_logs")
                .refused("impossible", "cannot be changed to `/elsewhere/`"),
            changes("name", "\"fields-delivery\"", "\"fields-other\"")
                .another(&[("create", "role.fields-other"), ("delete", "role.fields-delivery")])
                .also("trail.main", "cloudwatch_logs"),
        ],
    }
    .and_tags()
}
