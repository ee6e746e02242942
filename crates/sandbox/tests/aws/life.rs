//! Stories of an account whose clock is moved.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

use std::time::Duration;

use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder;
use aws_sdk_cloudwatch::types::{
    AlarmHistoryItem, AlarmType, ComparisonOperator, Dimension, HistoryItemType, ScanBy, StateValue,
    Statistic,
};
use aws_sdk_cloudwatchlogs::types::{InputLogEvent, MetricTransformation};
use aws_sdk_sqs::types::{Message, QueueAttributeName};
use serde_json::{Value, json};
use trailwarden_sandbox::Sandbox;

use crate::world::{ACCOUNT, HOME, NOW, World};

pub(crate) const GROUP: &str = "activity";

pub(crate) fn topic_arn(name: &str) -> String {
    format!("arn:aws:sns:{HOME}:{ACCOUNT}:{name}")
}

pub(crate) fn queue_arn(name: &str) -> String {
    format!("arn:aws:sqs:{HOME}:{ACCOUNT}:{name}")
}

pub(crate) fn queue_url(name: &str) -> String {
    format!("https://sqs.{HOME}.amazonaws.com/{ACCOUNT}/{name}")
}

/// A group with a filter that counts the use of root.
pub(crate) async fn make_group(world: &World) {
    let logs = world.logs();
    logs.create_log_group()
        .log_group_name(GROUP)
        .send()
        .await
        .unwrap();
    let stream = logs
        .create_log_stream()
        .log_group_name(GROUP)
        .log_stream_name("s");
    stream.send().await.unwrap();
    let transformation = MetricTransformation::builder()
        .metric_namespace("acme")
        .metric_name("root")
        .metric_value("1");
    logs.put_metric_filter()
        .log_group_name(GROUP)
        .filter_name("root")
        .filter_pattern(r#"{ $.who = "root" }"#)
        .metric_transformations(transformation.build().unwrap())
        .send()
        .await
        .unwrap();
}

pub(crate) async fn make_topic(world: &World, name: &str) -> String {
    let made = world.sns().create_topic().name(name).send().await.unwrap();
    made.topic_arn().unwrap().to_owned()
}

/// A queue that lets the account's topics send.
pub(crate) async fn make_queue(world: &World, name: &str) {
    let policy = json!({ "Statement": [{
        "Effect": "Allow",
        "Principal": { "Service": "sns.amazonaws.com" },
        "Action": "sqs:SendMessage",
        "Resource": queue_arn(name),
        "Condition": { "ArnLike": { "aws:SourceArn": topic_arn("*") } },
    }] });
    let create = world.sqs().create_queue().queue_name(name);
    let create = create.attributes(QueueAttributeName::Policy, policy.to_string());
    create.send().await.unwrap();
}

pub(crate) async fn subscribe(
    world: &World,
    topic: &str,
    queue: &str,
    attributes: &[(&str, &str)],
) -> String {
    let mut subscribe = world
        .sns()
        .subscribe()
        .topic_arn(topic_arn(topic))
        .protocol("sqs")
        .endpoint(queue_arn(queue));
    for (name, value) in attributes {
        subscribe = subscribe.attributes(*name, *value);
    }
    subscribe
        .send()
        .await
        .unwrap()
        .subscription_arn()
        .unwrap()
        .to_owned()
}

/// All messages that a queue gives now.
pub(crate) async fn receive(world: &World, queue: &str) -> Vec<Message> {
    let receive = world.sqs().receive_message().queue_url(queue_url(queue));
    let receive = receive.max_number_of_messages(10).message_attribute_names("All");
    receive.send().await.unwrap().messages.unwrap_or_default()
}

/// The envelopes of the messages that a queue gives now.
pub(crate) async fn envelopes(world: &World, queue: &str) -> Vec<Value> {
    let all = receive(world, queue).await;
    all.iter()
        .map(|it| serde_json::from_str(it.body().unwrap()).unwrap())
        .collect()
}

pub(crate) async fn advance(world: &World, seconds: u64) {
    world
        .sandbox
        .advance_time(Duration::from_secs(seconds))
        .await
        .unwrap();
}

/// Root is used so many times, now.
pub(crate) async fn use_root(world: &World, times: usize) {
    let now = world
        .sandbox
        .time()
        .unwrap()
        .duration_since(std::time::UNIX_EPOCH);
    let now = i64::try_from(now.unwrap().as_millis()).unwrap();
    let event = |text: &str| {
        InputLogEvent::builder()
            .timestamp(now)
            .message(text)
            .build()
            .unwrap()
    };
    let mut put = world
        .logs()
        .put_log_events()
        .log_group_name(GROUP)
        .log_stream_name("s");
    put = put.log_events(event(r#"{"who":"ann"}"#));
    for _ in 0..times {
        put = put.log_events(event(r#"{"who":"root"}"#));
    }
    put.send().await.unwrap();
}

pub(crate) fn alarm(world: &World, name: &str) -> PutMetricAlarmFluentBuilder {
    world
        .cloudwatch()
        .put_metric_alarm()
        .alarm_name(name)
        .metric_name("root")
        .namespace("acme")
        .statistic(Statistic::Sum)
        .period(300)
        .evaluation_periods(1)
        .threshold(1.0)
        .treat_missing_data("notBreaching")
        .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold)
}

/// The state of an alarm, of whatever kind.
pub(crate) async fn state(world: &World, name: &str) -> StateValue {
    let describe = world.cloudwatch().describe_alarms().alarm_names(name);
    let kinds = [AlarmType::MetricAlarm, AlarmType::CompositeAlarm];
    let shown = describe
        .set_alarm_types(Some(kinds.to_vec()))
        .send()
        .await
        .unwrap();
    let metric = shown.metric_alarms().first().and_then(|it| it.state_value());
    let composite = shown.composite_alarms().first().and_then(|it| it.state_value());
    metric.or(composite).unwrap().clone()
}

pub(crate) async fn history(world: &World, name: &str, kind: HistoryItemType) -> Vec<AlarmHistoryItem> {
    let describe = world.cloudwatch().describe_alarm_history().alarm_name(name);
    let describe = describe
        .history_item_type(kind)
        .scan_by(ScanBy::TimestampAscending);
    describe
        .send()
        .await
        .unwrap()
        .alarm_history_items
        .unwrap_or_default()
}

/// The changes of an alarm as (seconds since the beginning, summary).
async fn changes(world: &World, name: &str) -> Vec<(i64, String)> {
    let all = history(world, name, HistoryItemType::StateUpdate).await;
    let start = i64::try_from(NOW).unwrap();
    let change = |it: &AlarmHistoryItem| {
        let summary = it.history_summary().unwrap();
        (
            it.timestamp().unwrap().secs() - start,
            summary.replace("Alarm updated from ", ""),
        )
    };
    all.iter().map(change).collect()
}

#[tokio::test]
async fn from_an_event_to_a_message_in_a_queue() {
    let world = World::new();
    make_group(&world).await;
    let topic = make_topic(&world, "security").await;
    make_queue(&world, "alerts").await;
    subscribe(&world, "security", "alerts", &[]).await;
    let mail = world
        .sns()
        .subscribe()
        .topic_arn(&topic)
        .protocol("email")
        .endpoint("sec@example.com");
    mail.send().await.unwrap();
    alarm(&world, "root")
        .alarm_description("root was used")
        .alarm_actions(&topic)
        .send()
        .await
        .unwrap();
    advance(&world, 60).await;
    assert_eq!(state(&world, "root").await, StateValue::Ok);

    advance(&world, 30).await;
    use_root(&world, 2).await;
    advance(&world, 29).await;
    assert_eq!(state(&world, "root").await, StateValue::Ok);
    assert!(receive(&world, "alerts").await.is_empty());
    advance(&world, 1).await;
    assert_eq!(state(&world, "root").await, StateValue::Alarm);
    let [envelope] = envelopes(&world, "alerts").await.try_into().unwrap();
    assert_eq!(envelope["Type"], "Notification");
    assert_eq!(envelope["TopicArn"], topic.as_str());
    assert_eq!(envelope["Subject"], r#"ALARM: "root" in US East (N. Virginia)"#);
    assert_eq!(envelope["Timestamp"], "2026-01-01T00:02:00.000Z");
    let message: Value = serde_json::from_str(envelope["Message"].as_str().unwrap()).unwrap();
    assert_eq!(
        message,
        json!({
            "AlarmName": "root",
            "AlarmDescription": "root was used",
            "AWSAccountId": ACCOUNT,
            "AlarmConfigurationUpdatedTimestamp": "2026-01-01T00:00:00.000+0000",
            "NewStateValue": "ALARM",
            "NewStateReason": "Threshold Crossed: 1 datapoint [2.0 (31/12/25 23:57:00)] was greater than or \
                equal to the threshold (1.0).",
            "StateChangeTime": "2026-01-01T00:02:00.000+0000",
            "Region": "US East (N. Virginia)",
            "AlarmArn": format!("arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:root"),
            "OldStateValue": "OK",
            "OKActions": [],
            "AlarmActions": [topic],
            "InsufficientDataActions": [],
            "Trigger": {
                "MetricName": "root",
                "Namespace": "acme",
                "StatisticType": "Statistic",
                "Statistic": "SUM",
                "Unit": null,
                "Dimensions": [],
                "Period": 300,
                "EvaluationPeriods": 1,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                "Threshold": 1.0,
                "TreatMissingData": "notBreaching",
                "EvaluateLowSampleCountPercentile": "",
            },
        })
    );
    // Nobody confirmed the mail address, so nobody was written to; after that, the next one is.
    assert!(world.sandbox.inbox().unwrap().is_empty());
    let confirm = world
        .sns()
        .confirm_subscription()
        .topic_arn(&topic)
        .token("sandbox-token");
    confirm.send().await.unwrap();

    // The event stays in sight for three periods, and is an alarm for as long.
    advance(&world, 3600).await;
    let expected = [
        (60, "INSUFFICIENT_DATA to OK"),
        (120, "OK to ALARM"),
        (1020, "ALARM to OK"),
    ];
    let got = changes(&world, "root").await;
    let got: Vec<(i64, &str)> = got.iter().map(|(at, what)| (*at, what.as_str())).collect();
    assert_eq!(got, expected);
    use_root(&world, 1).await;
    advance(&world, 60).await;
    let [notice] = world.sandbox.inbox().unwrap().try_into().unwrap();
    assert_eq!(
        (notice.protocol.as_str(), notice.endpoint.as_str()),
        ("email", "sec@example.com")
    );
    assert_eq!(
        notice.subject.as_deref(),
        Some(r#"ALARM: "root" in US East (N. Virginia)"#)
    );
    assert_eq!(notice.problem, None);
    let acted = history(&world, "root", HistoryItemType::Action).await;
    assert_eq!(acted.len(), 2);
    let summary = acted[0].history_summary().unwrap();
    assert_eq!(summary, format!("Successfully executed action {topic}"));
    let data: Value = serde_json::from_str(acted[0].history_data().unwrap()).unwrap();
    assert_eq!(
        (data["actionState"].as_str(), &data["error"]),
        (Some("Succeeded"), &Value::Null)
    );
}

#[tokio::test]
async fn a_silent_group_is_missed() {
    let world = World::new();
    make_group(&world).await;
    alarm(&world, "heartbeat")
        .namespace("AWS/Logs")
        .metric_name("IncomingLogEvents")
        .dimensions(Dimension::builder().name("LogGroupName").value(GROUP).build())
        .comparison_operator(ComparisonOperator::LessThanThreshold)
        .treat_missing_data("breaching")
        .send()
        .await
        .unwrap();
    for _ in 0..4 {
        use_root(&world, 0).await;
        advance(&world, 240).await;
    }
    assert_eq!(
        changes(&world, "heartbeat").await,
        [(60, "INSUFFICIENT_DATA to OK".to_owned())]
    );
    // The last event came at 720 seconds, and is seen for three periods.
    advance(&world, 3600).await;
    let change = changes(&world, "heartbeat").await;
    assert_eq!(change[1..], [(720 + 60 + 900, "OK to ALARM".to_owned())]);
    use_root(&world, 0).await;
    advance(&world, 60).await;
    assert_eq!(state(&world, "heartbeat").await, StateValue::Ok);
}

#[tokio::test]
async fn missing_data_is_no_data_unless_the_alarm_says_otherwise() {
    let world = World::new();
    make_group(&world).await;
    for treatment in ["missing", "ignore", "breaching", "notBreaching"] {
        alarm(&world, treatment)
            .treat_missing_data(treatment)
            .send()
            .await
            .unwrap();
    }
    advance(&world, 60).await;
    for (name, expected) in [
        ("missing", StateValue::InsufficientData),
        ("ignore", StateValue::InsufficientData),
        ("breaching", StateValue::Alarm),
        ("notBreaching", StateValue::Ok),
    ] {
        assert_eq!(state(&world, name).await, expected, "{name}");
    }
    use_root(&world, 1).await;
    advance(&world, 3600).await;
    let end = async |name| changes(&world, name).await.pop().map(|(_, change)| change);
    assert_eq!(
        end("missing").await.as_deref(),
        Some("ALARM to INSUFFICIENT_DATA")
    );
    assert_eq!(end("ignore").await.as_deref(), Some("INSUFFICIENT_DATA to ALARM"));
    assert_eq!(end("notBreaching").await.as_deref(), Some("ALARM to OK"));
}

#[tokio::test]
async fn three_of_five_minutes() {
    let world = World::new();
    make_group(&world).await;
    alarm(&world, "often")
        .period(60)
        .evaluation_periods(5)
        .datapoints_to_alarm(3)
        .send()
        .await
        .unwrap();
    use_root(&world, 9).await;
    advance(&world, 120).await;
    use_root(&world, 1).await;
    advance(&world, 60).await;
    assert_eq!(state(&world, "often").await, StateValue::Ok);
    advance(&world, 60).await;
    use_root(&world, 1).await;
    advance(&world, 60).await;
    assert_eq!(state(&world, "often").await, StateValue::Alarm);
    let shown = world
        .cloudwatch()
        .describe_alarms()
        .alarm_names("often")
        .send()
        .await
        .unwrap();
    let reason = shown.metric_alarms()[0].state_reason().unwrap().to_owned();
    assert!(
        reason.starts_with("Threshold Crossed: 3 out of the last 5 datapoints"),
        "{reason}"
    );
    let data = shown.metric_alarms()[0].state_reason_data().unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["recentDatapoints"], json!([9.0, 1.0, 1.0]));
    assert_eq!((&data["period"], &data["statistic"]), (&json!(60), &json!("Sum")));
}

#[tokio::test]
async fn a_composite_alarm_follows_its_children() {
    let world = World::new();
    make_group(&world).await;
    let topic = make_topic(&world, "security").await;
    make_queue(&world, "alerts").await;
    subscribe(&world, "security", "alerts", &[]).await;
    alarm(&world, "root").send().await.unwrap();
    alarm(&world, "much").threshold(3.0).send().await.unwrap();
    let put = |name: &str, rule: &str| {
        let put = world
            .cloudwatch()
            .put_composite_alarm()
            .alarm_name(name)
            .alarm_rule(rule);
        put.alarm_actions(&topic).send()
    };
    put("both", "ALARM(root) AND ALARM(much)").await.unwrap();
    put("above", "ALARM(both)").await.unwrap();
    assert_eq!(state(&world, "both").await, StateValue::InsufficientData);
    advance(&world, 60).await;
    assert_eq!(state(&world, "above").await, StateValue::Ok);
    use_root(&world, 1).await;
    advance(&world, 60).await;
    assert_eq!(state(&world, "root").await, StateValue::Alarm);
    assert_eq!(state(&world, "both").await, StateValue::Ok);
    use_root(&world, 2).await;
    advance(&world, 60).await;
    assert_eq!(state(&world, "both").await, StateValue::Alarm);
    assert_eq!(state(&world, "above").await, StateValue::Alarm);
    let all = envelopes(&world, "alerts").await;
    let message: Value = serde_json::from_str(all[0]["Message"].as_str().unwrap()).unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(message["AlarmRule"], "ALARM(root) AND ALARM(much)");
    let much = format!("arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:much");
    assert_eq!(
        message["NewStateReason"],
        format!("{much} transitioned to ALARM at Thursday 01 January, 2026 00:03:00 UTC")
    );
    assert_eq!(message["TriggeringChildren"][0]["Arn"], much);

    // `SetAlarmState` moves what depends on it at once, and the next evaluation moves it back.
    let set = world.cloudwatch().set_alarm_state().alarm_name("much");
    set.state_value(StateValue::Ok)
        .state_reason("a test")
        .send()
        .await
        .unwrap();
    assert_eq!(state(&world, "above").await, StateValue::Ok);
    advance(&world, 60).await;
    assert_eq!(state(&world, "above").await, StateValue::Alarm);
}

#[tokio::test]
async fn a_suppressor_keeps_a_composite_alarm_quiet() {
    let world = World::new();
    make_group(&world).await;
    let topic = make_topic(&world, "security").await;
    make_queue(&world, "alerts").await;
    subscribe(&world, "security", "alerts", &[]).await;
    alarm(&world, "root").send().await.unwrap();
    alarm(&world, "maintenance")
        .metric_name("maintenance")
        .send()
        .await
        .unwrap();
    let put = world
        .cloudwatch()
        .put_composite_alarm()
        .alarm_name("told")
        .alarm_rule("ALARM(root)");
    put.alarm_actions(&topic)
        .actions_suppressor("maintenance")
        .actions_suppressor_wait_period(120)
        .actions_suppressor_extension_period(180)
        .send()
        .await
        .unwrap();
    let set = |to: StateValue| {
        let set = world.cloudwatch().set_alarm_state().alarm_name("maintenance");
        set.state_value(to).state_reason("work").send()
    };
    // With `ignore` the suppressor keeps what it is set to.
    alarm(&world, "maintenance")
        .metric_name("maintenance")
        .treat_missing_data("ignore")
        .send()
        .await
        .unwrap();
    advance(&world, 300).await;
    set(StateValue::Alarm).await.unwrap();
    use_root(&world, 1).await;
    advance(&world, 300).await;
    assert_eq!(state(&world, "told").await, StateValue::Alarm);
    assert!(receive(&world, "alerts").await.is_empty());
    let describe = world
        .cloudwatch()
        .describe_alarms()
        .alarm_types(AlarmType::CompositeAlarm);
    let shown = describe.send().await.unwrap();
    let by = shown.composite_alarms()[0].actions_suppressed_by().unwrap();
    assert_eq!(by.as_str(), "Alarm");
    set(StateValue::Ok).await.unwrap();
    advance(&world, 179).await;
    assert!(receive(&world, "alerts").await.is_empty());
    advance(&world, 1).await;
    let all = envelopes(&world, "alerts").await;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["Subject"], r#"ALARM: "told" in US East (N. Virginia)"#);
}

#[tokio::test]
async fn another_suppressor_lets_go_what_waited() {
    let world = World::new();
    let topic = make_topic(&world, "security").await;
    make_queue(&world, "alerts").await;
    subscribe(&world, "security", "alerts", &[]).await;
    for name in ["root", "maintenance", "calm"] {
        let ignore = alarm(&world, name).treat_missing_data("ignore");
        ignore.send().await.unwrap();
    }
    let put = |suppressor: &str| {
        let put = world.cloudwatch().put_composite_alarm().alarm_name("told");
        put.alarm_rule("ALARM(root)")
            .alarm_actions(&topic)
            .actions_suppressor(suppressor)
            .actions_suppressor_wait_period(3600)
            .actions_suppressor_extension_period(60)
            .send()
    };
    put("maintenance").await.unwrap();
    advance(&world, 60).await;
    for name in ["maintenance", "root"] {
        let set = world.cloudwatch().set_alarm_state().alarm_name(name);
        let set = set.state_value(StateValue::Alarm).state_reason("a test");
        set.send().await.unwrap();
    }
    put("maintenance").await.unwrap();
    assert!(receive(&world, "alerts").await.is_empty());
    put("calm").await.unwrap();
    assert_eq!(envelopes(&world, "alerts").await.len(), 1);
}

#[tokio::test]
async fn a_state_that_was_set_acts_and_goes() {
    let world = World::new();
    let topic = make_topic(&world, "security").await;
    make_queue(&world, "alerts").await;
    subscribe(&world, "security", "alerts", &[]).await;
    alarm(&world, "root")
        .alarm_actions(&topic)
        .ok_actions(&topic)
        .send()
        .await
        .unwrap();
    let set = || {
        let set = world.cloudwatch().set_alarm_state().alarm_name("root");
        set.state_value(StateValue::Alarm).state_reason("a drill").send()
    };
    set().await.unwrap();
    set().await.unwrap();
    let all = envelopes(&world, "alerts").await;
    assert_eq!(all.len(), 1);
    advance(&world, 59).await;
    assert_eq!(state(&world, "root").await, StateValue::Alarm);
    advance(&world, 1).await;
    assert_eq!(state(&world, "root").await, StateValue::Ok);
    // The first message was not deleted, and is there again.
    let all = envelopes(&world, "alerts").await;
    let subjects: Vec<_> = all.iter().filter_map(|it| it["Subject"].as_str()).collect();
    assert_eq!(
        subjects,
        [
            r#"ALARM: "root" in US East (N. Virginia)"#,
            r#"OK: "root" in US East (N. Virginia)"#
        ]
    );
    // Without its actions it changes in silence.
    let disable = world.cloudwatch().disable_alarm_actions().alarm_names("root");
    disable.send().await.unwrap();
    set().await.unwrap();
    assert_eq!(state(&world, "root").await, StateValue::Alarm);
    assert!(envelopes(&world, "alerts").await.is_empty());
}

#[tokio::test]
async fn a_read_writes_only_what_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.json");
    let open = |seconds: u64| World::of(Sandbox::open(&path, ACCOUNT).unwrap()).at(seconds);
    let world = open(NOW);
    make_group(&world).await;
    alarm(&world, "root").send().await.unwrap();
    use_root(&world, 1).await;
    let made = std::fs::read(&path).unwrap();
    // The same minute, and then a group that was asked for: nothing happened by itself.
    assert_eq!(state(&open(NOW + 30), "root").await, StateValue::InsufficientData);
    assert_eq!(std::fs::read(&path).unwrap(), made);
    // An event of 00:00 is an alarm until 00:16, whoever looks, and when.
    let later = NOW + 21 * 86_400;
    assert_eq!(state(&open(NOW + 90), "root").await, StateValue::Alarm);
    let alarmed = std::fs::read(&path).unwrap();
    assert_ne!(alarmed, made);
    assert_eq!(state(&open(NOW + 600), "root").await, StateValue::Alarm);
    assert_eq!(std::fs::read(&path).unwrap(), alarmed);
    assert_eq!(state(&open(later), "root").await, StateValue::Ok);
    let quiet = std::fs::read(&path).unwrap();
    assert_eq!(
        changes(&open(later), "root").await[1],
        (960, "ALARM to OK".to_owned())
    );
    assert_eq!(state(&open(later + 86_400), "root").await, StateValue::Ok);
    assert_eq!(std::fs::read(&path).unwrap(), quiet);
}

#[tokio::test]
async fn the_clock_is_set_moved_and_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.json");
    let open = |seconds: u64| {
        World::of(Sandbox::open(&path, ACCOUNT).unwrap())
            .at(seconds)
            .sandbox
    };
    let shows = |sandbox: &Sandbox| {
        let since = sandbox.time().unwrap().duration_since(std::time::UNIX_EPOCH);
        since.unwrap().as_secs()
    };
    assert_eq!(shows(&open(NOW)), NOW);
    open(NOW).advance_time(Duration::from_secs(10)).await.unwrap();
    assert_eq!(shows(&open(NOW + 5)), NOW + 15);
    let then = std::time::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    open(NOW).set_time(then).await.unwrap();
    assert_eq!(shows(&open(NOW + 99)), 1_000_000_000);
    open(NOW).advance_time(Duration::from_secs(1)).await.unwrap();
    assert_eq!(shows(&open(NOW + 99)), 1_000_000_001);
    let world = World::of(open(NOW));
    make_topic(&world, "t").await;
    let state = world.sandbox.snapshot().unwrap();
    let created = &state["accounts"][ACCOUNT]["regions"][HOME]["topics"]["t"]["created"];
    assert_eq!(created, 1_000_000_001_000_i64);
    open(NOW).unset_time().await.unwrap();
    assert_eq!(shows(&open(NOW + 7)), NOW + 7);
}
