//! The spec changes: nothing is taken away before what replaces it is in place.

use crate::support::clients::{Clients, wait};
use crate::support::proxy::Proxy;
use crate::support::world::World;

fn change(world: &World, from: &str, to: &str) {
    let path = world.folder().join("spec.toml");
    let text = std::fs::read_to_string(&path).expect("the spec");
    assert!(text.contains(from), "no {from:?} in the spec");
    std::fs::write(path, text.replace(from, to)).expect("written");
}

#[test]
fn a_change_of_prefix_widens_the_policy_first_and_narrows_it_last() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    world.apply();
    change(
        &world,
        "[trail.account-activity]\n",
        "[trail.account-activity]\nprefix = \"new\"\n",
    );
    let proxy = Proxy::start(&world.endpoint);
    let apply = world
        .run_at(&proxy.endpoint, &["apply", "spec.toml", "--yes"])
        .exits(0);
    drop(apply.says("widened").says("narrowed"));
    let writes: Vec<String> = proxy
        .calls()
        .into_iter()
        .filter(|call| call.write)
        .map(|call| call.operation)
        .collect();
    assert_eq!(writes, ["PutBucketPolicy", "UpdateTrail", "PutBucketPolicy"]);
    world.expect_no_differences();
    let policy = wait(
        Clients::of(&world)
            .s3
            .get_bucket_policy()
            .bucket(format!("acme-{}-account-activity", world.account))
            .send(),
    );
    let policy = policy.expect("a policy").policy.expect("its text");
    assert!(
        policy.contains("/new/AWSLogs/") && !policy.contains("Former"),
        "{policy}"
    );
}

#[test]
fn a_renamed_rule_is_made_before_the_old_one_goes() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    world.apply();
    change(&world, "[rule.iam-changes", "[rule.iam-edits");
    let refused = world.run(&["apply", "spec.toml", "--yes"]).exits(5);
    drop(
        refused
            .prints("blinds the watch")
            .prints("--allow-blinding alarm.acme-prod-iam-changes"),
    );
    let proxy = Proxy::start(&world.endpoint);
    world
        .run_at(
            &proxy.endpoint,
            &["apply", "spec.toml", "--yes", "--allow-blinding", "ALL"],
        )
        .exits(0);
    let writes: Vec<String> = proxy
        .calls()
        .into_iter()
        .filter(|call| call.write)
        .map(|call| call.operation)
        .collect();
    let at = |operation: &str| writes.iter().position(|write| write == operation);
    assert!(at("PutMetricFilter") < at("DeleteMetricFilter"), "{writes:?}");
    assert!(at("PutMetricAlarm") < at("DeleteAlarms"), "{writes:?}");
    world.expect_no_differences();
}

const RULES_ALONE: &str = r#"
format = 1

[stack]
name = "rules"
account = "123456789012"
region = "us-east-1"

[rule.root-use]
log_group = { existing = "aws-controltower/CloudTrailLogs" }
notify = [{ arn = "arn:aws:sns:us-east-1:123456789012:central" }]
pattern = '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }'
"#;

#[test]
fn rules_alone_on_what_exists_elsewhere() {
    let world = World::on_sandbox();
    world.write("spec.toml", &RULES_ALONE.replace("123456789012", &world.account));
    world
        .run(&["plan", "spec.toml"])
        .exits(5)
        .prints("the spec takes the log group");
    let clients = Clients::of(&world);
    let create = clients
        .logs
        .create_log_group()
        .log_group_name("aws-controltower/CloudTrailLogs");
    wait(create.send()).expect("a group");
    wait(clients.sns.create_topic().name("central").send()).expect("a topic");
    world.apply();
    world.expect_no_differences();
    let alarms = wait(clients.cloudwatch.describe_alarms().send()).expect("alarms");
    assert_eq!(
        alarms.metric_alarms()[0].alarm_actions(),
        [clients.topic("central")]
    );
    world
        .run(&["destroy", "spec.toml", "--yes", "--allow-blinding", "ALL"])
        .exits(0);
    let groups = wait(clients.logs.describe_log_groups().send()).expect("groups");
    assert_eq!(
        groups.log_groups().len(),
        1,
        "what exists elsewhere is not ours to take away"
    );
}

#[test]
fn what_nobody_owns_is_refused_until_it_is_adopted_once() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let clients = Clients::of(&world);
    let create = clients
        .logs
        .create_log_group()
        .log_group_name("/acme/account-activity")
        .tags("cost", "42");
    wait(create.send()).expect("a group");
    let plan = world.run(&["plan", "spec.toml"]).exits(5);
    drop(
        plan.prints("--adopt log_group./acme/account-activity")
            .prints("never expires -> 365"),
    );
    world
        .run(&["apply", "spec.toml", "--yes", "--adopt", "log_group.activity"])
        .exits(0);
    world.expect_no_differences();

    // The spec drops it: it is released, not deleted, and keeps its own tags.
    world
        .run(&["destroy", "spec.toml", "--yes", "--allow-blinding", "ALL"])
        .exits(0);
    let groups = wait(clients.logs.describe_log_groups().send()).expect("groups");
    let arn = groups.log_groups()[0].log_group_arn().expect("an ARN").to_owned();
    let tags = wait(clients.logs.list_tags_for_resource().resource_arn(arn).send()).expect("tags");
    let tags = tags.tags.unwrap_or_default();
    assert_eq!(tags.get("cost").map(String::as_str), Some("42"));
    assert!(
        !tags.keys().any(|key| key.starts_with("trailwarden:")),
        "{tags:?}"
    );
}

#[test]
fn the_word_that_a_refusal_offers_works_although_a_label_is_the_same() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    world.apply();
    change(
        &world,
        "[trail.account-activity]\n",
        "[trail.account-activity]\nname = \"renamed\"\n",
    );
    let refused = world.run(&["apply", "spec.toml", "--yes"]).exits(5);
    drop(refused.prints("`--allow-blinding trail.account-activity`"));
    let consent = [
        "apply",
        "spec.toml",
        "--yes",
        "--allow-blinding",
        "trail.account-activity",
        "--allow-blinding",
        "alarm.acme-prod-account-activity-heartbeat",
    ];
    world.run(&consent).exits(0);
    world.expect_no_differences();
}

#[test]
fn filters_of_another_stack_in_a_shared_namespace_are_left_alone() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    world.apply();
    let second = RULES_ALONE
        .replace("123456789012", &world.account)
        .replace(
            "name = \"rules\"",
            "name = \"second\"\nnamespace = \"Trailwarden/acme-prod\"",
        )
        .replace("aws-controltower/CloudTrailLogs", "/acme/account-activity")
        .replace(":central", ":security-alerts");
    world.write("second.toml", &second);
    world.run(&["apply", "second.toml", "--yes"]).exits(0);
    world
        .run(&["destroy", "second.toml", "--yes", "--allow-blinding", "ALL"])
        .exits(0);
    world.expect_no_differences();
}
