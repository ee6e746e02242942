//! What is protected is never deleted, what is let go stays, and a label can change.

use std::collections::BTreeMap;

use crate::support::clients::{Clients, wait};
use crate::support::proxy::Proxy;
use crate::support::world::{Ran, World};

/// A topic and two rules on a log group that exists elsewhere.
const SPEC: &str = r#"
format = 1

[stack]
name = "rules"
account = "123456789012"
region = "us-east-1"

[defaults]
log_group = { existing = "shared" }
notify = ["security"]

[topic.security]
protect = true
[[topic.security.subscription]]
protocol = "email"
endpoint = "secops@example.com"

[rule.root-use]
pattern = '{ $.userIdentity.type = "Root" }'

[rule.iam-changes]
description = "somebody changed who may do what"
pattern = '{ $.eventSource = "iam.amazonaws.com" }'
"#;

fn applied() -> World {
    let world = World::on_sandbox();
    let group = Clients::of(&world)
        .logs
        .create_log_group()
        .log_group_name("shared");
    wait(group.send()).expect("a group");
    write(&world, SPEC);
    world.apply();
    world.expect_no_differences();
    world
}

fn write(world: &World, text: &str) {
    world.write("spec.toml", &text.replace("123456789012", &world.account));
}

/// The spec without the section of the topic; the rules tell nobody.
fn without_topic() -> String {
    let (from, to) = (
        SPEC.find("[topic.").expect("it"),
        SPEC.find("[rule.").expect("it"),
    );
    let text = format!("{}{}", &SPEC[..from], &SPEC[to..]);
    text.replace("notify = [\"security\"]", "notify = []")
}

/// Runs a command with every consent and returns the writes that it made.
fn consented(world: &World, command: &[&str], code: i32) -> (Ran, Vec<String>) {
    let proxy = Proxy::start(&world.endpoint);
    let all = [command, &["--yes", "--allow-blinding", "ALL"]].concat();
    let ran = world.run_at(&proxy.endpoint, &all).exits(code);
    let calls = proxy.calls().into_iter().filter(|call| call.write);
    (ran, calls.map(|call| call.operation).collect())
}

fn topic_tags(world: &World, name: &str) -> Option<BTreeMap<String, String>> {
    let clients = Clients::of(world);
    let listed = wait(
        clients
            .sns
            .list_tags_for_resource()
            .resource_arn(clients.topic(name))
            .send(),
    );
    let tags = listed.ok()?.tags.unwrap_or_default();
    Some(tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
}

fn alarms(world: &World) -> Vec<String> {
    let described = wait(Clients::of(world).cloudwatch.describe_alarms().send()).expect("alarms");
    let alarms = described.metric_alarms().iter();
    alarms
        .filter_map(|alarm| alarm.alarm_name().map(str::to_owned))
        .collect()
}

fn filters(world: &World) -> Vec<String> {
    let described = wait(Clients::of(world).logs.describe_metric_filters().send()).expect("filters");
    let filters = described.metric_filters().iter();
    filters
        .filter_map(|filter| filter.filter_name().map(str::to_owned))
        .collect()
}

#[test]
fn every_kind_with_tags_gets_the_mark_and_loses_it() {
    let world = World::on_sandbox();
    let plain = world.write_example("account-activity.toml");
    let mut text = plain.clone();
    let headers = [
        "trail.account-activity",
        "bucket.logs",
        "log_group.activity",
        "topic.security",
    ];
    for header in headers.into_iter().chain(["rule.iam-changes", "role.delivery"]) {
        let header = format!("[{header}]\n");
        text = text.replace(&header, &format!("{header}protect = true\n"));
    }
    let with_role = |text: &str, protect: &str| {
        let trail = text.replace(
            "[trail.account-activity]\n",
            "[trail.account-activity]\nrole = \"delivery\"\n",
        );
        format!("{trail}\n[role.delivery]\n{protect}\n")
    };
    let (marked, unmarked) = (with_role(&text, "protect = true"), with_role(&plain, ""));
    // Six sections, and the heartbeat of the trail.
    let count = |text: &str, what: &str| text.matches(what).count();
    world.write("spec.toml", &marked);
    let plan = world.run(&["plan", "spec.toml"]).exits(0);
    assert_eq!(count(&plan.stdout, "protect:"), 7, "{}", plan.stdout);
    world.apply();
    world.expect_no_differences();
    for (text, change) in [(&unmarked, "true -> false"), (&marked, "false -> true")] {
        world.write("spec.toml", text);
        let plan = world.run(&["plan", "spec.toml"]).exits(0);
        assert_eq!(count(&plan.stdout, change), 7, "{}", plan.stdout);
        world.apply();
        world.expect_no_differences();
    }
    let (ran, writes) = consented(&world, &["destroy", "spec.toml"], 5);
    assert!(writes.is_empty(), "{writes:?}");
    for kind in [
        "trail.",
        "bucket.",
        "log_group.",
        "role.",
        "topic.",
        "metric_filter.",
        "alarm.",
    ] {
        assert!(
            ran.stdout.contains(&format!("  x {kind}")),
            "{kind}\n{}",
            ran.stdout
        );
    }
}

#[test]
fn a_protected_topic_outlives_its_section() {
    let world = applied();
    let tags = topic_tags(&world, "security").expect("a topic");
    assert_eq!(tags["trailwarden:protect"], "true");

    write(&world, &without_topic());
    let (ran, writes) = consented(&world, &["apply", "spec.toml"], 5);
    drop(ran.prints("it is protected").prints("`protect = false`"));
    assert!(writes.is_empty(), "{writes:?}");

    // What is not protected goes, and the topic with all that belongs to it stays.
    let (_, writes) = consented(&world, &["apply", "spec.toml", "--skip-refused"], 0);
    assert!(
        !writes.iter().any(|write| write.starts_with("Delete")),
        "{writes:?}"
    );
    assert_eq!(topic_tags(&world, "security"), Some(tags));
}

#[test]
fn destroy_takes_away_what_is_not_protected() {
    let world = applied();
    let (ran, writes) = consented(&world, &["destroy", "spec.toml"], 5);
    drop(ran.prints("topic.security"));
    assert!(writes.is_empty(), "{writes:?}");
    consented(&world, &["destroy", "spec.toml", "--skip-refused"], 0);
    assert!(topic_tags(&world, "security").is_some());
    assert_eq!((alarms(&world), filters(&world)), (vec![], vec![]));
}

#[test]
fn protection_is_taken_off_by_one_apply_and_the_object_by_the_next() {
    let world = applied();
    write(&world, &SPEC.replace("protect = true\n", ""));
    world
        .run(&["plan", "spec.toml"])
        .exits(0)
        .prints("protect: true -> false");
    world.apply();
    let tags = topic_tags(&world, "security").expect("a topic");
    assert!(!tags.contains_key("trailwarden:protect"), "{tags:?}");
    world.expect_no_differences();

    write(&world, &without_topic());
    let (_, writes) = consented(&world, &["apply", "spec.toml"], 0);
    assert!(writes.contains(&"DeleteTopic".to_owned()), "{writes:?}");
    assert_eq!(topic_tags(&world, "security"), None);
    world.expect_no_differences();
}

#[test]
fn the_filter_of_a_protected_rule_is_held_by_its_alarm() {
    let world = applied();
    let protected = SPEC.replace("[rule.root-use]\n", "[rule.root-use]\nprotect = true\n");
    write(&world, &protected);
    world.apply();
    write(&world, &protected[..protected.find("[rule.").expect("it")]);
    let (ran, _) = consented(&world, &["apply", "spec.toml", "--skip-refused"], 0);
    drop(
        ran.prints("x metric_filter.shared:rules-root-use")
            .prints("x alarm.rules-root-use"),
    );
    assert_eq!(
        (alarms(&world), filters(&world)),
        (
            vec!["rules-root-use".to_owned()],
            vec!["rules-root-use".to_owned()]
        )
    );
}

#[test]
fn a_mark_that_somebody_sets_by_hand_counts_until_the_spec_says_otherwise() {
    let world = applied();
    let clients = Clients::of(&world);
    let tag = aws_sdk_cloudwatch::types::Tag::builder()
        .key("trailwarden:protect")
        .value("true")
        .build();
    let alarm = format!(
        "arn:aws:cloudwatch:us-east-1:{}:alarm:rules-root-use",
        world.account
    );
    let put = clients.cloudwatch.tag_resource().resource_arn(alarm).tags(tag);
    wait(put.send()).expect("a tag");
    let from = SPEC.find("[rule.root-use]").expect("it");
    let to = SPEC.find("[rule.iam-changes]").expect("it");
    write(&world, &format!("{}{}", &SPEC[..from], &SPEC[to..]));
    let (_, writes) = consented(&world, &["apply", "spec.toml"], 5);
    assert!(writes.is_empty(), "{writes:?}");
    // The spec has the alarm and does not protect it: the tag is drift.
    write(&world, SPEC);
    world
        .run(&["plan", "spec.toml"])
        .exits(0)
        .prints("protect: true -> false");
    world.apply();
    world.expect_no_differences();
}

#[test]
fn what_is_released_stays_and_loses_our_marks() {
    let world = applied();
    let text = format!(
        "{}\n[[release]]\naddress = \"topic.security\"\nreason = \"the platform team has it now\"\n",
        without_topic().replace(
            "notify = []",
            "notify = [{ arn = \"arn:aws:sns:us-east-1:123456789012:security\" }]"
        )
    );
    write(&world, &text);
    world
        .run(&["plan", "spec.toml"])
        .exits(0)
        .prints("topic.security (release");
    world.apply();
    assert_eq!(topic_tags(&world, "security"), Some(BTreeMap::new()));
    // The alarms tell it as before.
    let described = wait(Clients::of(&world).cloudwatch.describe_alarms().send()).expect("alarms");
    let topic = Clients::of(&world).topic("security");
    assert!(
        described
            .metric_alarms()
            .iter()
            .all(|alarm| alarm.alarm_actions() == [topic.as_str()])
    );
    // Our statements let those alarms publish. As long as the section is there, they stay.
    world
        .expect_no_differences()
        .prints("topic_policy.security: our statements stay");
    write(&world, text.split("[[release]]").next().expect("the rest"));
    world
        .run(&["plan", "spec.toml"])
        .exits(5)
        .prints("--allow-blinding topic_policy.security");
}

#[test]
fn a_release_that_is_done_can_be_dropped() {
    let world = applied();
    let text = format!("{}\n[[release]]\naddress = \"topic.security\"\n", without_topic());
    write(&world, &text);
    let permissions = world.run(&["permissions", "spec.toml"]).exits(0);
    drop(permissions.prints("sns:UntagResource"));
    // The rules tell nobody from now on, and that blinds.
    consented(&world, &["apply", "spec.toml"], 0);
    world.expect_no_differences().prints("can be dropped");
    write(&world, &without_topic());
    world.expect_no_differences();
    assert_eq!(topic_tags(&world, "security"), Some(BTreeMap::new()));
}

#[test]
fn a_released_alarm_goes_on_with_its_filter() {
    let world = applied();
    let from = SPEC.find("[rule.root-use]").expect("it");
    let to = SPEC.find("[rule.iam-changes]").expect("it");
    let text = format!(
        "{}{}[[release]]\naddress = \"alarm.rules-root-use\"\n",
        &SPEC[..from],
        &SPEC[to..]
    );
    write(&world, &text);
    world.apply();
    world
        .expect_no_differences()
        .prints("metric_filter.shared:rules-root-use: it stays");
    assert!(alarms(&world).contains(&"rules-root-use".to_owned()));
    assert!(filters(&world).contains(&"rules-root-use".to_owned()));
    world
        .run(&[
            "destroy",
            "spec.toml",
            "--yes",
            "--allow-blinding",
            "ALL",
            "--skip-refused",
        ])
        .exits(0);
    assert_eq!(filters(&world), ["rules-root-use"]);
}

#[test]
fn a_rule_that_was_moved_is_the_same_objects() {
    let world = applied();
    let moved = SPEC.replace("[rule.iam-changes]", "[rule.identity]");
    let text = format!("{moved}\n[[moved]]\nfrom = \"rule.iam-changes\"\nto = \"rule.identity\"\n");
    write(&world, &text);
    world.expect_no_differences();
    // The generated description names the label that the spec has, and changes in place.
    let moved = text.replace("[rule.root-use]", "[rule.root]");
    write(
        &world,
        &format!("{moved}[[moved]]\nfrom = \"rule.root-use\"\nto = \"rule.root\"\n"),
    );
    let plan = world.run(&["plan", "spec.toml"]).exits(0);
    drop(
        plan.prints("alarm.rules-root-use  # rule.root")
            .prints("1 to update; "),
    );
    let (_, writes) = consented(&world, &["apply", "spec.toml"], 0);
    assert_eq!(writes, ["PutMetricAlarm"]);
    world.expect_no_differences();
}
