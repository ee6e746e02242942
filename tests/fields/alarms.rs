//! Alarms on one metric, on queries, and on other alarms.

use super::story::{Story, Table, adds, changes, loses};

const COMPOSITE: &str = "| calls that it lacks (`PutCompositeAlarm`";

/// Those of all alarms and composite alarms.
fn of_both() -> Vec<Story> {
    const OTHER: &str = "arn:aws:sns:us-east-1:123456789012:other";
    vec![
        adds("description", "description = \"somebody tries doors\"").shows("", "somebody tries doors"),
        changes("description", "\"somebody tries doors\"", "\"\"").shows("somebody tries doors", ""),
        changes(
            "notify",
            "notify = [\"alerts\"]",
            "notify = [\"alerts\", \"other\"]",
        )
        .differs("", OTHER),
        changes(
            "notify",
            "notify = [\"alerts\", \"other\"]",
            "notify = [\"alerts\"]",
        )
        .differs(OTHER, "")
        .blinds("it no longer tells other"),
        adds("notify_ok", "notify_ok = [\"alerts\"]").differs("", "alerts"),
        changes("notify_ok", "notify_ok = [\"alerts\"]", "notify_ok = []").differs("alerts", ""),
        adds(
            "notify_insufficient_data",
            "notify_insufficient_data = [\"alerts\"]",
        )
        .differs("", "alerts"),
        changes(
            "notify_insufficient_data",
            "notify_insufficient_data = [\"alerts\"]",
            "notify_insufficient_data = []",
        )
        .differs("alerts", ""),
        adds("actions_enabled", "actions_enabled = false")
            .shows("true", "false")
            .blinds("it changes its state and tells nobody"),
        loses("actions_enabled", "actions_enabled = false").shows("false", "true"),
    ]
}

pub(super) fn alarm() -> Table {
    let mut stories = of_both();
    stories.extend([
        adds("statistic", "statistic = \"p99\"").shows("Sum", "p99"),
        adds("low_sample_percentiles", "low_sample_percentiles = \"ignore\"").shows("evaluate", "ignore"),
        changes("low_sample_percentiles", "\"ignore\"", "\"evaluate\"").shows("ignore", "evaluate"),
        adds("period", "period = 60").shows("300", "60"),
        adds(
            "evaluation_periods",
            "evaluation_periods = 3\ndatapoints_to_alarm = 1",
        )
        .shows("1", "3"),
        changes(
            "datapoints_to_alarm",
            "datapoints_to_alarm = 1",
            "datapoints_to_alarm = 2",
        )
        .shows("1", "2"),
        adds("threshold", "threshold = 20.5").shows("1", "20.5"),
        adds("operator", "operator = \"<\"").shows("GreaterThanOrEqualToThreshold", "LessThanThreshold"),
        adds("missing_data", "missing_data = \"breaching\"").shows("notBreaching", "breaching"),
        adds("unit", "unit = \"Count\"")
            .shows("None", "Count")
            .blinds("only data of the unit Count counts"),
        changes("unit", "unit = \"Count\"", "unit = \"None\"").shows("Count", "None"),
        adds("dimensions", "dimensions = { door = \"front\" }").shows("", "door = front"),
        changes("dimensions", "\"front\"", "\"back\"").shows("door = front", "door = back"),
        changes(
            "namespace",
            "\"Fields\"\nmetric = \"errors\"",
            "\"Fields/Other\"\nmetric = \"errors\"",
        )
        .shows("Fields", "Fields/Other"),
        changes("metric", "\"errors\"", "\"failures\"").shows("errors", "failures"),
        adds("name", "name = \"other\"")
            .another(&[("create", "alarm.other"), ("delete", "alarm.errors")])
            .blinds("nobody is told of the events that it counts"),
    ]);
    Table {
        kind: "alarm",
        address: "alarm.errors",
        spec: r#"
format = 1
[stack]
name = "fields"
account = "123456789012"
region = "us-east-1"

[topic.alerts]
[topic.other]

[alarm.steady]
namespace = "Fields"
metric = "steady"
notify = ["other", "alerts"]

[alarm.errors]
namespace = "Fields"
metric = "errors"
notify = ["alerts"]
tags = { team = "security" }
# more
"#,
        stories,
    }
    .and_tags()
}

pub(super) fn alarm_on_queries() -> Table {
    Table {
        kind: "alarm",
        address: "alarm.share",
        spec: r#"
format = 1
[stack]
name = "fields"
account = "123456789012"
region = "us-east-1"

[alarm.share]
threshold = 50
operator = ">"
notify = []
# more
[[alarm.share.query]]
id = "share"
expression = "100 * doors / events"
return_data = true
[[alarm.share.query]]
id = "events"
metric = { namespace = "Fields", metric = "events", period = 300 }
[[alarm.share.query]]
id = "doors"
metric = { namespace = "Fields", metric = "doors", period = 300 }
"#,
        stories: vec![
            changes("queries", "\"100 * doors / events\"", "\"doors / events\"")
                .differs("100 * doors / events", "share = doors / events"),
            changes(
                "queries",
                "return_data = true\n[[alarm.share",
                "return_data = true\nlabel = \"refused\"\n[[alarm.share",
            ),
            changes(
                "queries",
                "metric = \"events\", period = 300",
                "metric = \"calls\", period = 300",
            )
            .differs("Fields events", "Fields calls")
            .blinds("it no longer reads the metric events of Fields"),
            changes(
                "queries",
                "metric = \"calls\", period = 300",
                "metric = \"calls\", period = 600",
            )
            .differs("every 300 seconds", "every 600 seconds"),
            changes(
                "queries",
                "metric = \"calls\", period = 600",
                "metric = \"calls\", period = 600, statistic = \"Average\"",
            )
            .differs("Sum of Fields calls", "Average of Fields calls"),
            changes(
                "queries",
                "statistic = \"Average\"",
                "statistic = \"Average\", unit = \"Count\"",
            )
            .differs("every 600 seconds", "in Count")
            .blinds("only data of the unit Count counts"),
            changes("queries", "unit = \"Count\"", "dimensions = { door = \"front\" }")
                .differs("in Count", "door=\"front\"")
                .blinds("it no longer reads the metric calls of Fields"),
            changes(
                "queries",
                "return_data = true\nlabel = \"refused\"\n[[alarm.share.query]]\nid = \"events\"",
                "label = \"refused\"\n[[alarm.share.query]]\nid = \"events\"\nreturn_data = true",
            )
            .differs(
                "share = doors / events, label \"refused\", returned",
                "every 600 seconds, returned",
            ),
            changes(
                "threshold",
                "threshold = 50\noperator = \">\"\nnotify = []\n",
                "threshold_query = \"band\"\noperator = \"above-band\"\nnotify = []\n\
                 [[alarm.share.query]]\nid = \"band\"\n\
                 expression = \"ANOMALY_DETECTION_BAND(events, 2)\"\nreturn_data = true\n",
            )
            .shows("50", "-")
            .and("threshold_query", "-", "band")
            .and("operator", "GreaterThanThreshold", "GreaterThanUpperThreshold")
            .and_differs("queries", "", "ANOMALY_DETECTION_BAND"),
        ],
    }
}

pub(super) fn composite_alarm() -> Table {
    let mut stories = of_both();
    stories.extend([
        changes(
            "rule",
            "ALARM(alarm.one) OR ALARM(alarm.two)",
            "ALARM(alarm.one) AND ALARM(alarm.two)",
        )
        .differs("OR", "AND"),
        adds(
            "suppressor",
            "suppressor = { alarm = \"alarm.quiet\", wait_period = 60, extension_period = 60 }",
        )
        .shows("-", "quiet, waits 60 s, goes on for 60 s")
        .blinds("it tells nobody while `quiet` is in ALARM"),
        changes("suppressor", "wait_period = 60", "wait_period = 90").shows(
            "quiet, waits 60 s, goes on for 60 s",
            "quiet, waits 90 s, goes on for 60 s",
        ),
        changes("suppressor", "extension_period = 60", "extension_period = 120").shows(
            "quiet, waits 90 s, goes on for 60 s",
            "quiet, waits 90 s, goes on for 120 s",
        ),
        changes("suppressor", "\"alarm.quiet\"", "\"alarm.still\"")
            .shows(
                "quiet, waits 90 s, goes on for 120 s",
                "still, waits 90 s, goes on for 120 s",
            )
            .blinds("it tells nobody while `still` is in ALARM"),
        changes(
            "suppressor",
            "{ alarm = \"alarm.still\", wait_period = 90, extension_period = 120 }",
            "\"none\"",
        )
        .shows("still, waits 90 s, goes on for 120 s", "-"),
        adds("name", "name = \"other\"")
            .another(&[
                ("create", "composite_alarm.other"),
                ("delete", "composite_alarm.both"),
            ])
            .blinds("nobody is told when its rule holds"),
    ]);
    Table {
        kind: "composite_alarm",
        address: "composite_alarm.both",
        spec: r#"
format = 1
[stack]
name = "fields"
account = "123456789012"
region = "us-east-1"

[topic.alerts]
[topic.other]

[alarm.one]
namespace = "Fields"
metric = "one"
notify = ["other", "alerts"]
[alarm.two]
namespace = "Fields"
metric = "two"
notify = []
[alarm.quiet]
namespace = "Fields"
metric = "quiet"
notify = []
[alarm.still]
namespace = "Fields"
metric = "still"
notify = []

[composite_alarm.both]
rule = "ALARM(alarm.one) OR ALARM(alarm.two)"
notify = ["alerts"]
tags = { team = "security" }
# more
"#,
        stories,
    }
    .and_tags()
    .moto_lacks(COMPOSITE)
}
