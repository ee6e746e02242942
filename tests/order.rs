//! The order of calls, seen on the wire: nothing is taken away before what replaces it is in place.
//!
//! Each story holds the call that moves from the old to the new, and looks at the account at that
//! moment: both are in place. What leads to the old goes last.

use std::process::Stdio;
use std::time::Duration;

use crate::support::clients::{Clients, wait};
use crate::support::proxy::{Fault, Kind, Proxy};
use crate::support::world::World;

const PATIENCE: Duration = Duration::from_secs(60);

const SPEC: &str = r#"
format = 1

[stack]
name = "acme"
account = "123456789012"
region = "us-east-1"

[bucket.logs]
name = "acme-${account}-logs"

[trail.main]
bucket = "logs"
prefix = "old"

[log_group.activity]

[topic.old]
[[topic.old.subscription]]
protocol = "sqs"
endpoint = "arn:aws:sqs:us-east-1:${account}:alerts"

[rule.stops]
log_group = "activity"
notify = ["old"]
pattern = '{ $.eventName = "StopLogging" }'
"#;

/// Applies the spec, changes it, and applies it again. While the first call of `operation` is held,
/// looks at the account. Returns the writes of the second apply, in their order.
fn turn(from: &str, to: &str, operation: &str, look: impl FnOnce(&Clients)) -> (World, Vec<String>) {
    turn_of(SPEC, from, to, operation, look)
}

/// The same with another spec to begin with.
fn turn_of(
    spec: &str,
    from: &str,
    to: &str,
    operation: &str,
    look: impl FnOnce(&Clients),
) -> (World, Vec<String>) {
    let world = World::on_sandbox();
    let write = |spec: &str| {
        drop(world.write("spec.toml", &spec.replace("123456789012", &world.account)));
    };
    write(spec);
    drop(world.apply());
    assert!(spec.contains(from), "no {from:?} in the spec");
    write(&spec.replace(from, to));
    let proxy = Proxy::start(&world.endpoint);
    proxy.fault(Fault::on(operation, Kind::Hold).first(1));
    let apply = ["apply", "spec.toml", "--yes", "--allow-blinding", "ALL"];
    let apply = world
        .command(&proxy.endpoint, &apply)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    proxy.wait_until_held(1, PATIENCE);
    let clients = Clients::of(&world);
    look(&clients);
    proxy.clear_faults();
    let output = apply.wait_with_output().expect("it ends");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    drop(world.expect_no_differences());
    let writes = proxy.calls().into_iter().filter(|call| call.write);
    let writes = writes.map(|call| call.operation).collect();
    (world, writes)
}

/// Each of the calls in turn, whatever is between them.
#[track_caller]
fn in_order(writes: &[String], wanted: &[&str]) {
    let mut rest = writes.iter();
    for call in wanted {
        assert!(rest.any(|write| write == call), "{wanted:?} in {writes:?}");
    }
}

fn bucket_policy(clients: &Clients) -> String {
    let get = clients.s3.get_bucket_policy();
    let policy = wait(get.bucket(format!("acme-{}-logs", clients.account)).send());
    policy.expect("a policy").policy.expect("its text")
}

fn topic_policy(clients: &Clients, topic: &str) -> String {
    let get = clients.sns.get_topic_attributes();
    let attributes = wait(get.topic_arn(clients.topic(topic)).send()).expect("attributes");
    attributes.attributes().expect("some")["Policy"].clone()
}

/// CloudTrail tries the bucket when the trail changes, and delivers to the old path until then.
#[test]
fn a_new_prefix_is_allowed_before_the_trail_moves_and_the_old_one_until_it_has_moved() {
    let (world, writes) = turn("prefix = \"old\"", "prefix = \"new\"", "UpdateTrail", |clients| {
        let policy = bucket_policy(clients);
        assert!(
            policy.contains("/old/AWSLogs/") && policy.contains("/new/AWSLogs/"),
            "{policy}"
        );
    });
    assert_eq!(writes, ["PutBucketPolicy", "UpdateTrail", "PutBucketPolicy"]);
    let policy = bucket_policy(&Clients::of(&world));
    assert!(
        policy.contains("/new/AWSLogs/") && !policy.contains("/old/"),
        "{policy}"
    );
}

/// S3 drops the access logs that it may not write, and says so to nobody.
#[test]
fn a_new_prefix_of_access_logs_is_allowed_before_the_bucket_logs_there_and_the_old_one_until_then() {
    let bucket = "name = \"acme-${account}-logs\"\n";
    let logged = format!(
        "{bucket}access_logging = {{ bucket = \"access\", prefix = \"old/\" }}\n\
         [bucket.access]\nname = \"acme-${{account}}-access\"\n"
    );
    let policy = |clients: &Clients| {
        let get = clients.s3.get_bucket_policy();
        let policy = wait(get.bucket(format!("acme-{}-access", clients.account)).send());
        policy.expect("a policy").policy.expect("its text")
    };
    let (world, writes) = turn_of(
        &SPEC.replace(bucket, &logged),
        "prefix = \"old/\"",
        "prefix = \"new/\"",
        "PutBucketLogging",
        |clients| {
            let policy = policy(clients);
            assert!(
                policy.contains("-access/old/*") && policy.contains("-access/new/*"),
                "{policy}"
            );
        },
    );
    assert_eq!(writes, ["PutBucketPolicy", "PutBucketLogging", "PutBucketPolicy"]);
    let policy = policy(&Clients::of(&world));
    assert!(
        policy.contains("-access/new/*") && !policy.contains("-access/old/*"),
        "{policy}"
    );
}

/// An alarm may publish to its new topic, and somebody hears it there, before it moves.
#[test]
fn a_new_topic_lets_alarms_publish_before_the_alarm_moves() {
    let subscription = "[[topic.new.subscription]]\nprotocol = \"sqs\"\n\
                        endpoint = \"arn:aws:sqs:us-east-1:${account}:alerts\"\n";
    let to = format!(
        "notify = [\"new\"]\npattern = '{{ $.eventName = \"StopLogging\" }}'\n[topic.new]\n{subscription}"
    );
    let from = "notify = [\"old\"]\npattern = '{ $.eventName = \"StopLogging\" }'\n";
    let (world, writes) = turn(from, &to, "PutMetricAlarm", |clients| {
        for topic in ["old", "new"] {
            let policy = topic_policy(clients, topic);
            assert!(policy.contains("cloudwatch.amazonaws.com"), "{topic}: {policy}");
        }
        let list = clients.sns.list_subscriptions_by_topic();
        let listed = wait(list.topic_arn(clients.topic("new")).send()).expect("subscriptions");
        assert_eq!(listed.subscriptions().len(), 1);
    });
    let order = [
        "CreateTopic",
        "SetTopicAttributes",
        "PutMetricAlarm",
        "SetTopicAttributes",
    ];
    in_order(&writes, &order);
    in_order(&writes, &["CreateTopic", "Subscribe", "PutMetricAlarm"]);
    // The old topic stays in the spec; nothing of the stack publishes to it any more.
    let policy = topic_policy(&Clients::of(&world), "old");
    assert!(!policy.contains("cloudwatch.amazonaws.com"), "{policy}");
}

/// AWS cannot match the ARN of an alarm whose name is beyond ASCII: the statement names the account
/// alone before there is such an alarm.
#[test]
fn a_topic_s_policy_is_wide_enough_before_an_alarm_needs_it() {
    let from = "notify = [\"old\"]\n";
    let to = "notify = [\"old\"]\nalarm.name = \"gestört\"\n";
    let (world, writes) = turn(from, to, "PutMetricAlarm", |clients| {
        let policy = topic_policy(clients, "old");
        let document: serde_json::Value = serde_json::from_str(&policy).expect("JSON");
        let mut statements = document["Statement"].as_array().expect("a list").iter();
        let is_wide = |statement: &serde_json::Value| {
            statement["Principal"]["Service"] == "cloudwatch.amazonaws.com"
                && statement["Condition"]["StringEquals"]["aws:SourceAccount"].is_string()
                && statement["Condition"].get("ArnLike").is_none()
        };
        assert!(statements.any(is_wide), "{policy}");
    });
    in_order(&writes, &["SetTopicAttributes", "PutMetricAlarm", "DeleteAlarms"]);
    let policy = topic_policy(&Clients::of(&world), "old");
    assert!(
        policy.contains("cloudwatch.amazonaws.com") && !policy.contains("Former"),
        "{policy}"
    );
}

/// The other way round the statement is narrowed after the alarm that needed it has gone.
#[test]
fn a_topic_s_policy_is_narrowed_after_the_alarm_that_needed_it_has_gone() {
    let world = World::on_sandbox();
    let write = |spec: &str| {
        drop(world.write("spec.toml", &spec.replace("123456789012", &world.account)));
    };
    let far = SPEC.replace(
        "notify = [\"old\"]\n",
        "notify = [\"old\"]\nalarm.name = \"gestört\"\n",
    );
    write(&far);
    drop(world.apply());
    write(SPEC);
    let proxy = Proxy::start(&world.endpoint);
    let apply = ["apply", "spec.toml", "--yes", "--allow-blinding", "ALL"];
    drop(world.run_at(&proxy.endpoint, &apply).exits(0));
    let writes = proxy.calls().into_iter().filter(|call| call.write);
    let writes: Vec<String> = writes.map(|call| call.operation).collect();
    in_order(&writes, &["PutMetricAlarm", "DeleteAlarms", "SetTopicAttributes"]);
    assert!(topic_policy(&Clients::of(&world), "old").contains(":alarm:*"));
    drop(world.expect_no_differences());
}

/// A topic of log file notices lets the trail publish before CloudTrail tries it.
#[test]
fn a_topic_of_notices_lets_the_trail_publish_before_the_trail_names_it() {
    let from = "prefix = \"old\"\n";
    let to = "prefix = \"old\"\nsns_topic = \"old\"\n";
    let (world, writes) = turn(from, to, "UpdateTrail", |clients| {
        let policy = topic_policy(clients, "old");
        for service in ["cloudwatch", "cloudtrail"] {
            assert!(policy.contains(&format!("{service}.amazonaws.com")), "{policy}");
        }
    });
    assert_eq!(writes, ["SetTopicAttributes", "UpdateTrail"]);
    assert!(topic_policy(&Clients::of(&world), "old").contains("cloudtrail.amazonaws.com"));
}

/// Of a policy that lets the trail publish, too, the statement for alarms goes after the last alarm.
#[test]
fn a_topic_lets_alarms_publish_until_the_last_one_has_moved() {
    let notices = "prefix = \"old\"\nsns_topic = \"old\"\n";
    let shared = SPEC.replace("prefix = \"old\"\n", notices);
    let rule = "notify = [\"old\"]\npattern = '{ $.eventName = \"StopLogging\" }'\n";
    let moved = "notify = [\"new\"]\npattern = '{ $.eventName = \"StopLogging\" }'\n[topic.new]\n\
                 [[topic.new.subscription]]\nprotocol = \"sqs\"\n\
                 endpoint = \"arn:aws:sqs:us-east-1:${account}:alerts\"\n";
    let (world, writes) = turn_of(&shared, rule, moved, "PutMetricAlarm", |clients| {
        for topic in ["old", "new"] {
            let policy = topic_policy(clients, topic);
            assert!(policy.contains("cloudwatch.amazonaws.com"), "{topic}: {policy}");
        }
    });
    in_order(
        &writes,
        &["SetTopicAttributes", "PutMetricAlarm", "SetTopicAttributes"],
    );
    let policy = topic_policy(&Clients::of(&world), "old");
    assert!(
        !policy.contains("cloudwatch.amazonaws.com") && policy.contains("cloudtrail.amazonaws.com"),
        "{policy}"
    );
}
