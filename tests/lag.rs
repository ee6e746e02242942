//! Reads that are behind writes, as AWS's are: every apply converges, and one that repeats what reads do
//! not show yet does no harm.

use std::time::Duration;

use aws_sdk_kms::types::KeyState;

use crate::support::clients::{Clients, wait};
use crate::support::world::{Ran, World};

/// Long enough that a run of the binary, and the next one, come within it.
const LAG: u64 = 4;

fn falls_behind(world: &World) {
    let lag = Duration::from_secs(LAG);
    world.sandbox().set_lag(lag).expect("the lag is set");
}

/// Until reads see everything that was written.
fn catches_up() {
    std::thread::sleep(Duration::from_secs(LAG));
}

fn waits_for_what_it_wrote(example: &str) {
    let world = World::on_sandbox();
    world.write_example(example);
    falls_behind(&world);
    // Without its waits it would fail: each object needs what was written before it. What it waits for depends on
    // how fast the machine is.
    world.apply();
    // Nothing after the trail waits for anything, so that reads do not show it and its neighbours yet; on a slow
    // machine they may. Either way nothing but a create is repeated, and it does no harm.
    let plan = world.run(&["plan", "spec.toml", "--detailed-exitcode"]);
    assert!([0, 2].contains(&plan.code), "{}{}", plan.stdout, plan.stderr);
    let summary = plan.stdout.lines().find(|line| line.starts_with("Plan: "));
    let summary = summary.unwrap_or_default();
    for other in [" to update", " to delete", " refused", " to adopt", " to release"] {
        assert!(!summary.contains(other), "{}", plan.stdout);
    }
    world.apply();
    catches_up();
    world.expect_no_differences();
}

#[test]
fn a_first_apply_waits_for_what_it_wrote() {
    waits_for_what_it_wrote("account-activity.toml");
}

#[test]
fn a_first_apply_of_everything_waits_for_what_it_wrote() {
    waits_for_what_it_wrote("everything.toml");
}

const SMALL: &str = r#"
format = 1

[stack]
name = "small"
account = "123456789012"
region = "us-east-1"

[trail.main]
bucket = "logs"
log_group = "activity"
heartbeat = false

[bucket.logs]
name = "small-${account}"

[key.main]

[log_group.activity]
name = "/small/activity"
retention_days = 365

[topic.alerts]
"#;

#[test]
fn what_is_made_twice_is_there_once() {
    let world = World::on_sandbox();
    world.write("spec.toml", &SMALL.replace("123456789012", &world.account));
    falls_behind(&world);
    // What waits for none of the others, so that both runs come within the lag.
    let twice = [
        "apply",
        "spec.toml",
        "--yes",
        "--target=role.small-main-delivery",
        "--target=log_group.activity",
        "--target=topic.alerts",
        "--target=key.main",
    ];
    let made = |ran: Ran| {
        ran.exits(0)
            .prints("+ key.small-main")
            .prints("+ log_group./small/activity")
            .prints("+ role.small-main-delivery")
            .prints("+ topic.alerts")
    };
    drop(made(world.run(&twice)));
    let again = world.run(&twice).exits(0);
    // On a slow machine the second run may see what the first one made.
    let within = again.stdout.contains("+ key.small-main");
    if within {
        made(again)
            .says("waiting for all of KMS to know the new key")
            .says("waiting for CloudWatch Logs to show the new log group")
            .says("waiting for IAM to see the new role");
    }
    catches_up();
    world
        .run(&["plan", "spec.toml"])
        .exits(0)
        .prints("5 objects are as the spec says");
    // A key has no name, so that KMS made another one. It goes again.
    let clients = Clients::of(&world);
    let keys = wait(clients.kms.list_keys().send()).expect("keys").keys;
    let state = |id: String| {
        let described = wait(clients.kms.describe_key().key_id(id).send()).expect("a key");
        described.key_metadata.and_then(|it| it.key_state)
    };
    let ids = keys.unwrap_or_default().into_iter().filter_map(|key| key.key_id);
    let mut states: Vec<_> = ids.filter_map(state).collect();
    states.sort_by_key(|state| *state != KeyState::Enabled);
    let both = [KeyState::Enabled, KeyState::PendingDeletion];
    assert_eq!(states, both[..if within { 2 } else { 1 }]);
    drop(world.apply());
    catches_up();
    world.expect_no_differences();
}

#[test]
fn a_policy_that_is_widened_and_narrowed_in_one_apply() {
    let world = World::on_sandbox();
    let readers = "readers = [\"arn:aws:iam::123456789012:role/audit\"]\n";
    let write = |before: &str, after: &str| {
        let text = SMALL
            .replace(before, after)
            .replace("123456789012", &world.account);
        world.write("spec.toml", &text);
    };
    write("[key.main]\n", &format!("[key.main]\n{readers}"));
    drop(world.apply());
    falls_behind(&world);
    // The topic needs the key's policy, and nothing asks whether SNS sees it yet.
    write(
        "[topic.alerts]\n",
        "[topic.alerts]\nkms_key = \"main\"\npublishers = [\"arn:aws:iam::123456789012:role/deploy\"]\n",
    );
    world
        .apply()
        .prints("key_policy.small-main (first: adds)")
        .prints("key_policy.small-main (last: removes)")
        .says("narrowed  key_policy.small-main");
    catches_up();
    world.expect_no_differences();
}

#[test]
fn a_change_that_is_not_seen_is_written_again() {
    let world = World::on_sandbox();
    let before = world.write_example("everything.toml");
    drop(world.apply());
    let after = [
        ("prefix = \"audit\"", "prefix = \"audits\""),
        ("retention_days = 365", "retention_days = 400"),
        ("display_name = \"Security\"", "display_name = \"Alerts\""),
        (
            "NewStateValue = [\"ALARM\"]",
            "NewStateValue = [\"ALARM\", \"OK\"]",
        ),
        ("threshold = 20", "threshold = 30"),
        (
            "readers = [\"arn:${partition}:iam::${account}:role/audit\"]\n",
            "",
        ),
        (
            "publishers = [\"arn:${partition}:iam::${account}:role/deploy\"]\n",
            "",
        ),
    ]
    .into_iter()
    .fold(before.clone(), |text, (old, new)| {
        assert!(text.contains(old), "{old}");
        text.replace(old, new)
    });
    falls_behind(&world);
    // There and back.
    for text in [&after, &before] {
        world.write("spec.toml", text);
        world
            .apply()
            .says("narrowed  bucket_policy.")
            .prints("Plan: 8 to update;");
        // What is written again, because reads do not show it yet, does no harm.
        world.apply();
        catches_up();
        world.expect_no_differences();
    }
}

#[test]
fn the_lag_is_kept_in_the_file_and_goes_by_its_clock() {
    let world = World::in_file();
    world.write("spec.toml", &SMALL.replace("123456789012", &world.account));
    let lag = |arguments: &[&str]| world.run(&[&["sandbox", "lag"], arguments].concat()).exits(0);
    assert_eq!(lag(&[]).stdout, "0s\n");
    let set = lag(&["--set", "1m 30s"]);
    assert_eq!(set.stdout, "1m 30s\n");
    // Nothing would ever be seen.
    set.says("`trailwarden sandbox clock --advance 1m 30s`");
    let role = "--target=role.small-main-delivery";
    world.run(&["apply", "spec.toml", "--yes", role]).exits(0);
    let plan = ["plan", "spec.toml", "--detailed-exitcode", role];
    world.run(&plan).exits(2).prints("+ role.small-main-delivery");
    world.pass(1);
    world.run(&plan).exits(2);
    world.pass(1);
    world.run(&plan).exits(0);

    lag(&["--set", "1h"]);
    assert_eq!(lag(&[]).stdout, "1h\n");
    let clients = Clients::of(&world);
    let delete = clients.iam.delete_role_policy().role_name("small-main-delivery");
    wait(delete.policy_name("trailwarden-delivery").send()).expect("deleted");
    world.run(&plan).exits(0);
    assert_eq!(lag(&["--off"]).stdout, "0s\n");
    world.run(&plan).exits(2);
}
