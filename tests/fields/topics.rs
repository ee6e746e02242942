//! Topics, the statements of their policies, and subscriptions.

use super::story::{Story, Table, adds, changes};
use crate::support::clients::{Clients, wait};

const DROPPED: &str = "| delivery status, `SignatureVersion`, `TracingConfig` of a topic |";
const DATA_PROTECTION: &str = "| `GetDataProtectionPolicy`, `PutDataProtectionPolicy` |";

/// Another number in the line that says how often a topic's endpoints are tried again.
fn retry(from: &str, to: &str, goes: &'static str, comes: &'static str) -> Story {
    changes("delivery_retry", from, to).differs(goes, comes)
}

/// Each part of a protocol's delivery status, one after the other, and its end.
fn status() -> Vec<Story> {
    const ONE: &str = "arn:aws:iam::123456789012:role/one";
    let field = "delivery_status.sqs";
    let line = format!("delivery_status.sqs = {{ success_role = \"{ONE}\", sample_rate = 10 }}");
    vec![
        adds(field, &line).shows(
            "-",
            "sample_rate = 10, success_role = arn:aws:iam::123456789012:role/one",
        ),
        changes(field, "sample_rate = 10", "sample_rate = 20").shows(
            "sample_rate = 10, success_role = arn:aws:iam::123456789012:role/one",
            "sample_rate = 20, success_role = arn:aws:iam::123456789012:role/one",
        ),
        changes(
            field,
            "sqs = { success_role = \"arn:aws:iam::123456789012:role/one\"",
            "sqs = { success_role = \"arn:aws:iam::123456789012:role/two\"",
        )
        .differs("role/one", "role/two"),
        changes(
            field,
            "role/two\"",
            &format!("role/two\", failure_role = \"{ONE}\""),
        )
        .differs("", "failure_role = arn:aws:iam::123456789012:role/one"),
        changes(
            field,
            &format!("failure_role = \"{ONE}\""),
            "failure_role = \"arn:aws:iam::123456789012:role/three\"",
        )
        .differs(
            "failure_role = arn:aws:iam::123456789012:role/one",
            "failure_role = arn:aws:iam::123456789012:role/three",
        ),
        changes(
            field,
            "delivery_status.sqs = {",
            "delivery_status.sqs = \"none\" # {",
        )
        .differs("role/three", ""),
    ]
}

/// On and off again.
fn status_of(field: &'static str) -> [Story; 2] {
    let line = format!("{field} = {{ failure_role = \"arn:aws:iam::${{account}}:role/one\" }}");
    let shown = "failure_role = arn:aws:iam::123456789012:role/one";
    [
        adds(field, &line).shows("-", shown),
        changes(field, &line, &format!("{field} = \"none\"")).shows(shown, "-"),
    ]
}

pub(super) fn topic() -> Table {
    let mut stories = vec![
        adds("display_name", "display_name = \"Security\"").shows("", "Security"),
        changes("display_name", "\"Security\"", "\"\"").shows("Security", ""),
        adds("kms_key", "kms_key = \"first\"")
            .shows("-", "arn:aws:kms:us-east-1:123456789012:alias/fields-first")
            .also("key_policy.fields-first", "policy"),
        changes("kms_key", "kms_key = \"first\"", "kms_key = \"second\"")
            .shows(
                "arn:aws:kms:us-east-1:123456789012:alias/fields-first",
                "arn:aws:kms:us-east-1:123456789012:alias/fields-second",
            )
            .also("key_policy.fields-first", "policy")
            .also("key_policy.fields-second", "policy"),
        changes("kms_key", "kms_key = \"second\"", "kms_key = \"none\"")
            .shows("arn:aws:kms:us-east-1:123456789012:alias/fields-second", "-")
            .also("key_policy.fields-second", "policy"),
        adds("delivery_retry", "delivery_retry = { num_retries = 10 }").differs("", "num_retries = 10"),
        retry(
            "num_retries = 10",
            "num_retries = 12",
            "num_retries = 10",
            "num_retries = 12",
        ),
        retry(
            "num_retries = 12",
            "num_retries = 12, min_delay_target = 5",
            "min_delay_target = 20",
            "min_delay_target = 5",
        ),
        retry(
            "num_retries = 12",
            "num_retries = 12, max_delay_target = 60",
            "max_delay_target = 20",
            "max_delay_target = 60",
        ),
        retry(
            "num_retries = 12",
            "num_retries = 12, num_no_delay_retries = 1",
            "num_no_delay_retries = 0",
            "num_no_delay_retries = 1",
        ),
        retry(
            "num_retries = 12",
            "num_retries = 12, num_min_delay_retries = 2",
            "num_min_delay_retries = 0",
            "num_min_delay_retries = 2",
        ),
        retry(
            "num_retries = 12",
            "num_retries = 12, num_max_delay_retries = 3",
            "num_max_delay_retries = 0",
            "num_max_delay_retries = 3",
        ),
        retry(
            "num_retries = 12",
            "num_retries = 12, backoff_function = \"exponential\"",
            "backoff_function = linear",
            "backoff_function = exponential",
        ),
        retry(
            "num_retries = 12",
            "num_retries = 12, max_receives_per_second = 4",
            "",
            "max_receives_per_second = 4",
        ),
        changes(
            "delivery_retry",
            "delivery_retry = {",
            "# delivery_retry = {\ndelivery_retry = \"none\" # {",
        )
        .differs("num_retries = 12", ""),
        adds("signature_version", "signature_version = 2")
            .shows("1", "2")
            .moto_drops(DROPPED),
        adds("tracing", "tracing = \"Active\"")
            .shows("PassThrough", "Active")
            .moto_drops(DROPPED),
        adds(
            "data_protection",
            "data_protection = '{\"Name\": \"first\", \"Version\": \"2021-06-01\", \"Statement\": []}'",
        )
        .differs("", "first")
        .moto_drops(DATA_PROTECTION),
        changes("data_protection", "\"first\"", "\"second\"")
            .differs("first", "second")
            .moto_drops(DATA_PROTECTION),
        changes(
            "data_protection",
            "'{\"Name\": \"second\", \"Version\": \"2021-06-01\", \"Statement\": []}'",
            "\"none\"",
        )
        .differs("second", "")
        .moto_drops(DATA_PROTECTION),
    ];
    let others = [
        "delivery_status.application",
        "delivery_status.firehose",
        "delivery_status.http",
        "delivery_status.lambda",
    ];
    let statuses = status().into_iter().chain(others.into_iter().flat_map(status_of));
    stories.extend(statuses.map(|story| story.moto_drops(DROPPED)));
    stories.push(
        adds("name", "name = \"other\"")
            .another(&[("create", "topic.other"), ("delete", "topic.alerts")])
            .blinds("its subscribers hear of nothing any more"),
    );
    Table {
        kind: "topic",
        address: "topic.alerts",
        spec: r#"
format = 1
[stack]
name = "fields"
account = "123456789012"
region = "us-east-1"

[key.first]
[key.second]

[topic.alerts]
tags = { team = "security" }
# more
"#,
        stories,
    }
    .and_tags()
}

pub(super) fn topic_policy() -> Table {
    Table {
        kind: "topic_policy",
        address: "topic_policy.alerts",
        spec: r#"
format = 1
[stack]
name = "fields"
account = "123456789012"
region = "us-east-1"

[topic.alerts]
publishers = ["arn:aws:iam::${account}:role/deploy"]
# more

[alarm.errors]
namespace = "Fields"
metric = "errors"
notify = []
"#,
        stories: vec![
            changes("policy", "role/deploy", "role/release").differs("role/deploy", "role/release"),
            adds("policy", "subscribers = [\"999999999999\"]").differs("", "sns:Subscribe"),
            changes("policy", "[\"999999999999\"]", "[]").differs("sns:Subscribe", ""),
            changes("policy", "notify = []", "notify = [\"alerts\"]")
                .differs("", "cloudwatch.amazonaws.com")
                .also("alarm.errors", "notify"),
            changes(
                "policy",
                "publishers = [\"",
                "publishers = [\"events.amazonaws.com\", \"",
            )
            .differs("", "events.amazonaws.com"),
        ],
    }
}

/// Confirms the subscription of the web hook, of which SNS tells nothing before.
fn confirm(clients: &Clients) {
    let confirm = clients
        .sns
        .confirm_subscription()
        .topic_arn(clients.topic("alerts"));
    wait(confirm.token("12345678").send()).expect("a confirmation");
}

pub(super) fn subscription() -> Table {
    const QUEUE: &str = "subscription.alerts/sqs/*";
    const STREAM: &str = "subscription.alerts/firehose/*";
    const HOOK: &str = "subscription.alerts/https/*";
    let retry =
        |from: &str, to: &str, goes, comes| changes("delivery_retry", from, to).of(HOOK).differs(goes, comes);
    Table {
        kind: "subscription",
        address: QUEUE,
        spec: r#"
format = 1
[stack]
name = "fields"
account = "123456789012"
region = "us-east-1"

[topic.alerts]
exclusive = true

[[topic.alerts.subscription]]
protocol = "sqs"
endpoint = "arn:aws:sqs:us-east-1:${account}:pager"
# more

[[topic.alerts.subscription]]
protocol = "firehose"
endpoint = "arn:aws:firehose:us-east-1:${account}:deliverystream/archive"
role = "arn:aws:iam::${account}:role/one"

[[topic.alerts.subscription]]
protocol = "https"
endpoint = "https://hooks.example.com/secret"
delivery_retry = { num_retries = 10 }
"#,
        stories: vec![
            adds("raw_delivery", "raw_delivery = true").shows("false", "true"),
            changes("raw_delivery", "raw_delivery = true", "raw_delivery = false").shows("true", "false"),
            adds(
                "filter_policy",
                "filter_policy = { NewStateValue = [\"ALARM\", { exists = false }] }",
            )
            .differs("", "ALARM"),
            changes("filter_policy", "[\"ALARM\"", "[\"OK\"").differs("ALARM", "OK"),
            adds("filter_scope", "filter_scope = \"MessageBody\"").shows("MessageAttributes", "MessageBody"),
            changes("filter_scope", "\"MessageBody\"", "\"MessageAttributes\"")
                .shows("MessageBody", "MessageAttributes"),
            changes(
                "filter_policy",
                "{ NewStateValue = [\"OK\", { exists = false }] }\nfilter_scope = \"MessageAttributes\"",
                "\"none\"",
            )
            .differs("OK", ""),
            adds(
                "dead_letter",
                "dead_letter = \"arn:aws:sqs:us-east-1:${account}:undelivered\"",
            )
            .shows("-", "arn:aws:sqs:us-east-1:123456789012:undelivered"),
            changes("dead_letter", ":undelivered", ":dead").shows(
                "arn:aws:sqs:us-east-1:123456789012:undelivered",
                "arn:aws:sqs:us-east-1:123456789012:dead",
            ),
            changes(
                "dead_letter",
                "\"arn:aws:sqs:us-east-1:${account}:dead\"",
                "\"none\"",
            )
            .shows("arn:aws:sqs:us-east-1:123456789012:dead", "-"),
            changes("role", "role/one", "role/two").of(STREAM).shows(
                "arn:aws:iam::123456789012:role/one",
                "arn:aws:iam::123456789012:role/two",
            ),
            retry(
                "num_retries = 10",
                "num_retries = 12",
                "num_retries = 10",
                "num_retries = 12",
            )
            .when(confirm),
            retry(
                "num_retries = 12",
                "num_retries = 12, min_delay_target = 5, max_delay_target = 60",
                "max_delay_target = 20",
                "min_delay_target = 5",
            ),
            retry(
                "num_retries = 12",
                "num_retries = 12, num_no_delay_retries = 1, num_min_delay_retries = 2, num_max_delay_retries = 3",
                "num_no_delay_retries = 0",
                "num_max_delay_retries = 3",
            ),
            retry(
                "num_retries = 12",
                "num_retries = 12, backoff_function = \"geometric\", max_receives_per_second = 4",
                "backoff_function = linear",
                "max_receives_per_second = 4",
            ),
            changes(
                "delivery_retry",
                "delivery_retry = {",
                "delivery_retry = \"none\" # {",
            )
            .of(HOOK)
            .differs("num_retries = 12", ""),
            changes("endpoint", ":pager", ":others")
                .another(&[("create", QUEUE), ("delete", QUEUE)])
                .blinds("alerts no longer reach"),
            changes(
                "protocol",
                "protocol = \"https\"\nendpoint = \"https:",
                "protocol = \"http\"\nendpoint = \"http:",
            )
            .another(&[("create", "subscription.alerts/http/*"), ("delete", HOOK)])
            .blinds("alerts no longer reach"),
        ],
    }
}
