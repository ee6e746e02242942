//! Classes and deletion protection of log groups.

use crate::support::clients::{Clients, wait};
use crate::support::world::World;

const GROUP: &str = "/acme/archive";

const SPEC: &str = r#"
format = 1

[stack]
name = "archive"
account = "123456789012"
region = "us-east-1"

[topic.alerts]
"#;

fn write(world: &World, group: &str) {
    world.write(
        "spec.toml",
        &format!("{SPEC}{group}").replace("123456789012", &world.account),
    );
}

fn group(keys: &str) -> String {
    format!("[log_group.archive]\nname = \"{GROUP}\"\n{keys}")
}

fn live(world: &World) -> Option<aws_sdk_cloudwatchlogs::types::LogGroup> {
    let logs = Clients::of(world).logs;
    let groups = wait(logs.describe_log_groups().log_group_name_prefix(GROUP).send()).expect("groups");
    groups.log_groups.unwrap_or_default().pop()
}

fn protect(world: &World, on: bool) {
    let logs = Clients::of(world).logs;
    let put = logs.put_log_group_deletion_protection();
    let put = put.log_group_identifier(GROUP).deletion_protection_enabled(on);
    wait(put.send()).expect("written");
}

#[test]
fn deletion_protection_is_kept_and_keeps() {
    let world = World::on_sandbox();
    write(&world, &group("deletion_protection = true\n"));
    world.apply();
    world.expect_no_differences();
    let protected = || live(&world).expect("a group").deletion_protection_enabled();
    assert_eq!(protected(), Some(true));

    protect(&world, false);
    world
        .run(&["plan", "spec.toml", "--detailed-exitcode"])
        .exits(2)
        .prints("deletion_protection: false -> true");
    world.apply();
    world.expect_no_differences();
    assert_eq!(protected(), Some(true));

    // A group that the spec drops is released; deleting it is refused, with the way out.
    write(&world, "");
    world
        .run(&["plan", "spec.toml"])
        .exits(0)
        .prints("it is released, not deleted: its deletion protection is on");
    let delete = [
        "apply",
        "spec.toml",
        "--yes",
        "--allow-blinding",
        "ALL",
        "--delete-data",
    ];
    let address = format!("log_group.{GROUP}");
    let delete: Vec<&str> = delete.into_iter().chain([address.as_str()]).collect();
    world
        .run(&delete)
        .exits(5)
        .prints("put-log-group-deletion-protection --log-group-identifier /acme/archive");
    assert!(live(&world).is_some());

    write(&world, &group("deletion_protection = false\n"));
    world.apply();
    world.expect_no_differences();
    write(&world, "");
    world.run(&delete).exits(0);
    assert!(live(&world).is_none());
}

#[test]
fn without_a_word_of_it_protection_is_left_alone() {
    let world = World::on_sandbox();
    write(&world, &group(""));
    world.apply();
    protect(&world, true);
    world.expect_no_differences();
}

#[test]
fn a_class_is_chosen_once() {
    let world = World::on_sandbox();
    write(&world, &group("class = \"INFREQUENT_ACCESS\"\n"));
    world.apply();
    world.expect_no_differences();
    let class = live(&world).expect("a group").log_group_class;
    assert_eq!(
        class.map(|class| class.as_str().to_owned()).as_deref(),
        Some("INFREQUENT_ACCESS")
    );
    for (keys, says) in [
        ("", "which has no metric filters and cannot be changed"),
        (
            "class = \"STANDARD\"\n",
            "the spec's is STANDARD, and a class cannot be changed",
        ),
    ] {
        write(&world, &group(keys));
        world.run(&["plan", "spec.toml"]).exits(5).prints(says);
    }
    let rule = "[rule.r]\nlog_group = \"archive\"\nnotify = [\"alerts\"]\npattern = \"ERROR\"\n";
    write(&world, &group(&format!("class = \"INFREQUENT_ACCESS\"\n{rule}")));
    world
        .run(&["check", "spec.toml"])
        .exits(65)
        .says("is of the class INFREQUENT_ACCESS, which has no metric filters");
}

#[test]
fn somebody_else_s_class_is_refused_for_rules() {
    let world = World::on_sandbox();
    let logs = Clients::of(&world).logs;
    let create = logs
        .create_log_group()
        .log_group_name(GROUP)
        .log_group_class("INFREQUENT_ACCESS".into());
    wait(create.send()).expect("a group");
    let rule = format!(
        "[rule.r]\nlog_group = {{ existing = \"{GROUP}\" }}\nnotify = [\"alerts\"]\npattern = \"ERROR\"\n"
    );
    write(&world, &rule);
    world
        .run(&["plan", "spec.toml"])
        .exits(5)
        .prints("its class is INFREQUENT_ACCESS, which has no metric filters");
}
