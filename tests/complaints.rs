//! What users of other tools complained of, told as stories: each names the public issue that it
//! comes from. docs/limits.md lists them with the tests that hold elsewhere.

use std::time::Duration;

use aws_sdk_cloudwatch::types::{ComparisonOperator, StateValue, Statistic};

use crate::support::clients::{Clients, wait};
use crate::support::proxy::{Call, Fault, Kind, Proxy};
use crate::support::world::{Ran, World};

const GROUP: &str = "/acme/account-activity";
const ALARM: &str = "acme-prod-iam-changes";
const TOPIC: &str = "security-alerts";

/// An account in which the classic set-up stands.
fn stands() -> (World, Clients) {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    drop(world.apply());
    let clients = Clients::of(&world);
    (world, clients)
}

/// Replaces a text of the spec, which must be there.
#[track_caller]
fn edit(world: &World, from: &str, to: &str) {
    let path = world.folder().join("spec.toml");
    let text = std::fs::read_to_string(&path).expect("the spec");
    assert!(text.contains(from), "no {from:?} in the spec");
    std::fs::write(path, text.replace(from, to)).expect("written");
}

/// A plan that has differences.
#[track_caller]
fn differs(world: &World) -> Ran {
    world.run(&["plan", "spec.toml", "--detailed-exitcode"]).exits(2)
}

fn error(code: &str, message: &str, status: u16) -> Kind {
    Kind::Error {
        code: code.into(),
        message: message.into(),
        status,
    }
}

/// terraform-provider-aws#7628, nozaq/terraform-aws-remote-state-s3-backend#30: settings of one bucket
/// that are written side by side end in 409 `OperationAborted`.
#[test]
fn settings_of_a_bucket_are_written_one_after_the_other() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let proxy = Proxy::start(&world.endpoint);
    let aborted = || {
        error(
            "OperationAborted",
            "A conflicting conditional operation is currently in progress against this resource.",
            409,
        )
    };
    for operation in ["PutPublicAccessBlock", "PutBucketVersioning", "PutBucketPolicy"] {
        proxy.fault(Fault::on(operation, aborted()).first(1));
    }
    // What takes its time would overlap with what does not wait for it.
    let slow = || Kind::Delay(Duration::from_millis(40));
    for operation in [
        "PutBucketTagging",
        "PutBucketEncryption",
        "PutBucketOwnershipControls",
    ] {
        proxy.fault(Fault::on(operation, slow()));
    }
    drop(
        world
            .run_at(&proxy.endpoint, &["apply", "spec.toml", "--yes"])
            .exits(0),
    );
    let mut writes: Vec<Call> = proxy.calls();
    writes.retain(|call| call.write && call.service == "s3");
    let refused = writes.iter().filter(|call| call.status == Some(409)).count();
    assert!(refused >= 2, "{writes:#?}");
    for pair in writes.windows(2) {
        assert!(pair[0].end <= pair[1].start, "{pair:#?}");
    }
    drop(world.expect_no_differences());
}

/// `GetInsightSelectors` answers with an error where Insights are off, which is a normal state.
#[test]
fn insights_that_are_off_are_no_error() {
    let world = World::on_sandbox();
    let spec = format!(
        "format = 1\n[stack]\nname = \"acme\"\naccount = \"{}\"\nregion = \"us-east-1\"\n[trail.main]\nbucket = \"logs\"\n\
         insights = [\"api_error_rate\"]\n[bucket.logs]\nname = \"acme-{}-logs\"\n",
        world.account, world.account
    );
    drop(world.write("spec.toml", &spec));
    drop(world.apply());
    // DescribeTrails may still say that they are on.
    let proxy = Proxy::start(&world.endpoint);
    let off = error(
        "InsightNotEnabledException",
        "Trail does not have Insights enabled.",
        400,
    );
    proxy.fault(Fault::on("GetInsightSelectors", off));
    let plan = ["plan", "spec.toml", "--detailed-exitcode"];
    let ran = world.run_at(&proxy.endpoint, &plan).exits(2);
    drop(ran.prints("insights: [] -> [api_error_rate]"));
    assert!(proxy.operations().contains_key("cloudtrail:GetInsightSelectors"));
}

/// hashicorp/terraform#13631: the codes by which CloudTrail says that a new role is not there yet are
/// those by which it refuses a mistake, for which no waiting helps.
#[test]
fn a_mistake_in_the_role_is_not_waited_for() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let proxy = Proxy::start(&world.endpoint);
    let mistake = error(
        "InvalidCloudWatchLogsRoleArnException",
        "You must specify a valid role ARN.",
        400,
    );
    proxy.fault(Fault::on("CreateTrail", mistake));
    let ran = world
        .run_at(&proxy.endpoint, &["apply", "spec.toml", "--yes"])
        .exits(1);
    drop(ran.says("You must specify a valid role ARN."));
    assert_eq!(proxy.operations()["cloudtrail:CreateTrail"], 1);
}

/// terraform-provider-aws#148: an update with only one of log group and role is refused.
#[test]
fn log_group_and_role_are_always_sent_together() {
    let (world, clients) = stands();
    let pair = || {
        let trail = wait(clients.cloudtrail.get_trail().name("account-activity").send());
        let trail = trail.expect("a trail").trail.expect("it");
        (
            trail.cloud_watch_logs_log_group_arn.expect("a group"),
            trail.cloud_watch_logs_role_arn.expect("a role"),
        )
    };
    let (group, role) = pair();
    edit(
        &world,
        "[trail.account-activity]\n",
        "[role.other]\n\n[trail.account-activity]\nrole = \"other\"\n",
    );
    drop(world.apply());
    let (same, other) = pair();
    assert_eq!(same, group);
    assert_ne!(other, role);
    drop(world.expect_no_differences());
    edit(
        &world,
        "name = \"/acme/account-activity\"",
        "name = \"/acme/moved\"",
    );
    let apply = ["apply", "spec.toml", "--yes", "--allow-blinding", "ALL"];
    drop(world.run(&apply).exits(0));
    let (moved, same) = pair();
    assert!(moved.ends_with(":log-group:/acme/moved:*"), "{moved}");
    assert_eq!(same, other);
    drop(world.expect_no_differences());
}

/// aws-secure-environment-accelerator#697, lza#327: the log group is deleted by hand, and every alarm
/// stays green.
#[test]
fn a_log_group_deleted_by_hand_is_not_green() {
    let (world, clients) = stands();
    wait(clients.logs.delete_log_group().log_group_name(GROUP).send()).expect("deleted");
    let plan = differs(&world)
        .prints("+ log_group./acme/account-activity")
        .prints("+ metric_filter./acme/account-activity:acme-prod-iam-changes")
        .prints("! blind until applied: the events it picks out are counted no more");
    drop(plan);
    // Without a plan it is the heartbeat that tells: no data is breaching for it, and for it alone.
    let alarms = wait(clients.cloudwatch.describe_alarms().send()).expect("alarms");
    let breaching: Vec<&str> = alarms
        .metric_alarms()
        .iter()
        .filter(|alarm| alarm.treat_missing_data() == Some("breaching"))
        .filter_map(|alarm| alarm.alarm_name())
        .collect();
    assert_eq!(breaching, ["acme-prod-account-activity-heartbeat"]);
    drop(world.apply());
    drop(world.expect_no_differences());
}

/// Puts the alarm of a rule as somebody does who sets a few things by hand.
fn put_by_hand(clients: &Clients, threshold: f64, missing_data: &str) {
    let put = clients
        .cloudwatch
        .put_metric_alarm()
        .alarm_name(ALARM)
        .alarm_description("IAM users, groups, roles, policies or credentials changed")
        .namespace("Trailwarden/acme-prod")
        .metric_name(ALARM)
        .statistic(Statistic::Sum)
        .period(300)
        .evaluation_periods(1)
        .threshold(threshold)
        .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold)
        .treat_missing_data(missing_data)
        .alarm_actions(clients.topic(TOPIC))
        .ok_actions(clients.topic("theirs"));
    wait(put.send()).expect("put");
}

/// azul#4884: an alarm on a count that is rare never returns to OK, because a metric without data
/// leaves it where it is.
#[test]
fn an_alarm_on_a_rare_count_returns_to_ok() {
    let (world, clients) = stands();
    put_by_hand(&clients, 1.0, "missing");
    drop(differs(&world).prints("missing_data: missing -> notBreaching"));
    drop(world.apply());
    drop(world.expect_no_differences());
}

/// `PutMetricAlarm` writes an alarm as a whole: what the spec says nothing of must be read and sent
/// along, or a change of the threshold takes somebody's action away.
#[test]
fn an_update_of_an_alarm_keeps_what_others_set_on_it() {
    let (world, clients) = stands();
    put_by_hand(&clients, 5.0, "notBreaching");
    drop(differs(&world).prints("threshold: 5 -> 1"));
    drop(world.apply());
    let alarms = clients.cloudwatch.describe_alarms().alarm_names(ALARM).send();
    let alarms = wait(alarms).expect("alarms");
    let alarm = &alarms.metric_alarms()[0];
    assert_eq!(alarm.threshold(), Some(1.0));
    assert_eq!(alarm.ok_actions(), [clients.topic("theirs")]);
}

/// A test with set-alarm-state changes nothing that a plan is about.
#[test]
fn the_state_of_an_alarm_is_no_difference() {
    let (world, clients) = stands();
    for state in [StateValue::Alarm, StateValue::Ok] {
        let set = clients.cloudwatch.set_alarm_state().alarm_name(ALARM);
        wait(set.state_value(state).state_reason("a test").send()).expect("set");
        drop(world.expect_no_differences());
    }
}

/// ASFHyP3/hyp3#762, aws-cdk#11121: CloudWatch may not use the key `alias/aws/sns`. The alarm goes off
/// and nobody is told.
#[test]
fn a_topic_encrypted_with_aws_s_own_key_is_told_of() {
    let (world, clients) = stands();
    let set = clients
        .sns
        .set_topic_attributes()
        .topic_arn(clients.topic(TOPIC))
        .attribute_name("KmsMasterKeyId");
    wait(set.attribute_value("alias/aws/sns").send()).expect("set");
    world
        .run(&["plan", "spec.toml"])
        .exits(0)
        .prints("is encrypted with the key `alias/aws/sns`, which CloudWatch may not use");
}

/// terraform-provider-aws#7782, #12286, #36494: an e-mail subscription waits for a human. That blocks
/// nothing, is said every time, and nobody gets a second letter.
#[test]
fn an_email_that_nobody_confirmed_is_said_and_not_sent_again() {
    let (world, _) = stands();
    let proxy = Proxy::start(&world.endpoint);
    for _ in 0..2 {
        let ran = world
            .run_at(&proxy.endpoint, &["apply", "spec.toml", "--yes"])
            .exits(0);
        drop(ran.prints("s***s@example.com has not confirmed the subscription"));
    }
    assert!(!proxy.operations().contains_key("sns:Subscribe"));
}

/// cloudformation-coverage-roadmap#2548, cloudmapper#705: a mail scanner follows the link that
/// unsubscribes, and nobody notices.
#[test]
fn a_subscriber_that_was_lost_is_a_difference() {
    let world = World::on_moto();
    world.write_example("account-activity.toml");
    drop(world.apply());
    let clients = Clients::of(&world);
    let list = clients.sns.list_subscriptions_by_topic();
    let listed = wait(list.topic_arn(clients.topic(TOPIC)).send()).expect("subscriptions");
    let arn = listed.subscriptions()[0].subscription_arn().expect("confirmed");
    wait(clients.sns.unsubscribe().subscription_arn(arn).send()).expect("unsubscribed");
    drop(
        differs(&world)
            .prints("+ subscription.security-alerts/email/")
            .prints("! blind until applied: alerts no longer reach"),
    );
    drop(world.apply());
    drop(world.expect_no_differences());
}

/// Lore-Hex/quill-router#946, cloud-custodian PR#8968: everything is in place, and nobody subscribed.
#[test]
fn a_topic_that_nobody_subscribed_to_is_told_of() {
    let (world, clients) = stands();
    let path = world.folder().join("spec.toml");
    let text = std::fs::read_to_string(&path).expect("the spec");
    let from = text
        .find("[[topic.security.subscription]]")
        .expect("a subscription");
    let to = text.find("# A rule is a metric filter").expect("what follows");
    let without = format!("{}{}", &text[..from], &text[to..]);
    std::fs::write(&path, without).expect("written");
    // The subscription of before is kept, and nobody has confirmed it.
    let told = "nobody has a confirmed subscription to the topic `security-alerts`";
    drop(world.run(&["plan", "spec.toml"]).exits(0).prints(told));
    // Nor is one by somebody else missed.
    let subscribe = clients.sns.subscribe().topic_arn(clients.topic(TOPIC));
    let queue = format!("arn:aws:sqs:us-east-1:{}:alerts", world.account);
    wait(subscribe.protocol("sqs").endpoint(queue).send()).expect("subscribed");
    let plan = world.run(&["plan", "spec.toml"]).exits(0);
    assert!(!plan.stdout.contains(told), "{}", plan.stdout);
}

/// The same for a topic that exists elsewhere, as in a stack of rules alone.
#[test]
fn a_topic_of_others_that_nobody_subscribed_to_is_told_of() {
    let world = World::on_sandbox();
    let clients = Clients::of(&world);
    wait(clients.sns.create_topic().name("central").send()).expect("a topic");
    let group = clients.logs.create_log_group().log_group_name("shared");
    wait(group.send()).expect("a group");
    let account = &world.account;
    let spec = format!(
        "format = 1\n[stack]\nname = \"rules\"\naccount = \"{account}\"\nregion = \"us-east-1\"\n[rule.r]\n\
         log_group = {{ existing = \"shared\" }}\nnotify = [{{ arn = \"arn:aws:sns:us-east-1:{account}:central\" }}]\n\
         pattern = '{{ $.eventName = \"StopLogging\" }}'\n"
    );
    drop(world.write("spec.toml", &spec));
    let told = "nobody has a confirmed subscription to the topic `central`";
    drop(world.run(&["plan", "spec.toml"]).exits(0).prints(told));
    let subscribe = clients.sns.subscribe().topic_arn(clients.topic("central"));
    let queue = format!("arn:aws:sqs:us-east-1:{account}:alerts");
    wait(subscribe.protocol("sqs").endpoint(queue).send()).expect("subscribed");
    let plan = world.run(&["plan", "spec.toml"]).exits(0);
    assert!(!plan.stdout.contains(told), "{}", plan.stdout);
}

/// aws-cdk#34643, virtualjj#5: an alarm that does not carry the dimensions of its metric stays silent.
#[test]
fn an_alarm_carries_the_dimensions_of_its_metric() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let rule = "[rule.iam-calls]\n";
    edit(
        &world,
        rule,
        &format!("{rule}filter.dimensions = {{ who = \"$.userIdentity.type\" }}\n"),
    );
    let check = world.run(&["check", "spec.toml"]).exits(65);
    drop(check.says("filter and alarm of a rule have different dimensions"));
    edit(
        &world,
        rule,
        &format!("{rule}alarm.dimensions = {{ who = \"Root\" }}\n"),
    );
    drop(world.run(&["check", "spec.toml"]).exits(0));
    drop(world.apply());
    drop(world.expect_no_differences());
}

/// What `check` says of a spec that has `more`, without an account.
#[track_caller]
fn is_found_offline(more: &str, code: &str, says: &str) {
    let world = World::on_sandbox();
    let stack = "format = 1\n[stack]\nname = \"acme\"\naccount = \"123456789012\"\nregion = \"us-east-1\"\n\
                 [defaults]\nlog_group = \"a\"\nnotify = []\n[log_group.a]\n";
    drop(world.write("spec.toml", &format!("{stack}{more}")));
    let proxy = Proxy::start(&world.endpoint);
    let check = world.run_at(&proxy.endpoint, &["check", "spec.toml"]).exits(65);
    drop(check.says(&format!("error[{code}]")).says(says));
    assert_eq!(proxy.calls(), []);
}

/// lza#1192: the delivery of a log file is an event of the next one.
#[test]
fn a_trail_that_records_its_own_log_files_is_found_offline() {
    let trail = "[bucket.logs]\nname = \"acme-logs\"\n[trail.main]\nbucket = \"logs\"\n\
                 [[trail.main.data_events]]\ntype = \"AWS::S3::Object\"\n";
    is_found_offline(trail, "feedback", "acme-logs");
}

/// terraform-provider-aws#1810, #2099: a pattern takes 1,024 characters.
#[test]
fn a_pattern_that_is_too_long_is_found_offline() {
    let names: Vec<String> = (0..60)
        .map(|n| format!("($.eventName = \"SomeEvent{n}\")"))
        .collect();
    let rule = format!("[rule.r]\npattern = '{{ {} }}'\n", names.join(" || "));
    is_found_offline(&rule, "too-long", "split it into several filters on one metric");
}

/// terraform-provider-aws#19608, #22105, aws-cdk#21654: dimensions exclude a default value, and need a
/// pattern that has fields.
#[test]
fn dimensions_that_aws_would_refuse_are_found_offline() {
    let alarm = "alarm.dimensions = { who = \"x\" }\n";
    let dimensions = "filter.dimensions = { who = \"$.userIdentity.arn\" }\n";
    let both = format!(
        "[rule.r]\npattern = '{{ $.eventName = \"StopLogging\" }}'\nfilter.default_value = 0\n{dimensions}{alarm}"
    );
    is_found_offline(&both, "contradiction", "default_value");
    let text = format!("[rule.r]\npattern = 'ERROR'\n{dimensions}{alarm}");
    is_found_offline(&text, "contradiction", "dimensions");
}

/// automated-security-response#43: 240 periods of an alarm. What is longer than AWS looks back is told
/// before it is refused.
#[test]
fn a_window_that_aws_would_refuse_is_found_offline() {
    let rule = "[rule.r]\npattern = 'ERROR'\nalarm.evaluation_periods = 300\n";
    is_found_offline(rule, "bad-window", "a day");
}

/// cds-snc/notification-terraform#128, covid-alert-portal#333: an alarm acts within its region only.
#[test]
fn a_topic_beyond_an_alarm_s_reach_is_found_offline() {
    let rule = "[rule.r]\npattern = 'ERROR'\nnotify = [{ arn = \"arn:aws:sns:eu-west-1:123456789012:t\" }]\n";
    is_found_offline(rule, "out-of-reach", "us-east-1");
}
