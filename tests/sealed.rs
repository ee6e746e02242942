//! Two people: one seals or approves a plan, the other changes the account, and what was agreed to
//! is done just so or not at all. And parts of a plan.

use serde_json::Value;

use crate::support::clients::{Clients, wait};
use crate::support::proxy::Proxy;
use crate::support::world::{Ran, World};

const GROUP: &str = "/acme/account-activity";
const SECRET: &str = "https://pager.example.com/v1/a-token-of-ours";

/// A spec of one rule that tells a pager, whose address is in the environment.
fn with_pager(world: &World) -> String {
    let text = world.write_example("account-activity.toml").replace(
        "protocol = \"email\"\nendpoint = \"secops@example.com\"",
        "protocol = \"https\"\nendpoint_env = \"PAGER_URL\"",
    );
    world.write("spec.toml", &text);
    text
}

fn retention(world: &World) -> Option<i32> {
    let logs = Clients::of(world).logs;
    let groups = wait(logs.describe_log_groups().log_group_name_prefix(GROUP).send()).expect("groups");
    groups
        .log_groups()
        .first()
        .and_then(|group| group.retention_in_days())
}

fn retain(world: &World, days: i32) {
    let logs = Clients::of(world).logs;
    let put = logs.put_retention_policy().log_group_name(GROUP);
    wait(put.retention_in_days(days).send()).expect("a retention");
}

/// The last line of a plan.
fn approval(plan: &Ran) -> String {
    let line = plan.stdout.lines().last().unwrap_or_default();
    let hash = line.strip_prefix("Approval: ").expect("an approval");
    hash.to_owned()
}

/// Runs a command, and asserts that nothing is written.
#[track_caller]
fn writes_nothing(world: &World, arguments: &[&str]) -> Ran {
    let proxy = Proxy::start(&world.endpoint);
    let ran = world.run_at(&proxy.endpoint, arguments);
    let writes: Vec<_> = proxy.calls().into_iter().filter(|call| call.write).collect();
    assert!(writes.is_empty(), "{writes:?}\n{}{}", ran.stdout, ran.stderr);
    ran
}

#[test]
fn a_sealed_plan_is_applied_without_a_question_and_ends_in_no_differences() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let sealed = world.run(&["plan", "spec.toml", "--out", "plan.tw"]).exits(0);
    let sealed = sealed.says("Sealed in plan.tw");
    // The spec of today is not what was sealed.
    world.write("spec.toml", "not a spec");
    let applied = world.run(&["apply", "plan.tw"]).exits(0);
    assert_eq!(
        sealed.stdout,
        applied.stdout[..sealed.stdout.len()],
        "the plan that was sealed is the plan that is applied"
    );
    world.write_example("account-activity.toml");
    drop(world.expect_no_differences());
    // A second time there is nothing left of it to do.
    writes_nothing(&world, &["apply", "plan.tw"])
        .exits(5)
        .says("bucket.acme-")
        .says("is there already, as the spec says")
        .says("plan again");
}

#[test]
fn what_somebody_changed_since_is_named_and_nothing_is_applied() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    drop(world.apply());
    retain(&world, 30);
    drop(world.run(&["plan", "spec.toml", "--out", "plan.tw"]).exits(0));
    retain(&world, 14);
    writes_nothing(&world, &["apply", "plan.tw"])
        .exits(5)
        .says("the account has changed since the plan was sealed; nothing was applied")
        .says("log_group./acme/account-activity: `retention_days` was 30, is 14");
    let json = writes_nothing(&world, &["apply", "plan.tw", "--format", "json"]).exits(5);
    let json: Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(json["steps"], Value::Null);
    assert_eq!(json["misfits"][0]["message"], "`retention_days` was 30, is 14");
    assert_eq!(retention(&world), Some(14));

    retain(&world, 30);
    drop(world.run(&["apply", "plan.tw"]).exits(0));
    assert_eq!(retention(&world), Some(365));
    drop(world.expect_no_differences());
}

#[test]
fn what_changed_elsewhere_is_left_for_the_next_plan() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    drop(world.apply());
    retain(&world, 30);
    drop(world.run(&["plan", "spec.toml", "--out", "plan.tw"]).exits(0));
    let alarms = Clients::of(&world).cloudwatch;
    wait(
        alarms
            .disable_alarm_actions()
            .alarm_names("acme-prod-iam-changes")
            .send(),
    )
    .expect("disabled");
    world
        .run(&["apply", "plan.tw"])
        .exits(0)
        .prints("1 to update, 1 left out");
    world
        .run(&["plan", "spec.toml", "--detailed-exitcode"])
        .exits(2)
        .prints("alarm.acme-prod-iam-changes");
}

#[test]
fn an_approved_plan_is_applied_as_long_as_it_comes_out_the_same() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    drop(world.apply());
    retain(&world, 30);
    let hash = approval(&world.run(&["plan", "spec.toml"]).exits(0));
    let json = world.run(&["plan", "spec.toml", "--format", "json"]).exits(0);
    let json: Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(json["approval"], hash.as_str());

    retain(&world, 14);
    writes_nothing(&world, &["apply", "spec.toml", "--approved", &hash])
        .exits(5)
        .says("the plan is not the one that was approved")
        .prints("retention_days: 14 -> 365");
    retain(&world, 30);
    let upper = hash.to_uppercase();
    let applied = world.run(&["apply", "spec.toml", "--approved", &upper, "--format", "json"]);
    drop(applied.exits(0));
    assert_eq!(retention(&world), Some(365));
    writes_nothing(&world, &["apply", "spec.toml", "--approved", &hash])
        .exits(5)
        .says("there is nothing to do");
    world
        .run(&["apply", "spec.toml", "--approved", "yes"])
        .exits(64)
        .says("12 hexadecimal digits");
}

#[test]
fn a_sealed_plan_holds_no_secret_and_wants_the_same_one() {
    let world = World::on_sandbox();
    with_pager(&world);
    let run = |value: &str, arguments: &[&str]| {
        let mut command = world.command(&world.endpoint, arguments);
        let output = command.env("PAGER_URL", value).output().expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, _, stderr) = run(SECRET, &["plan", "spec.toml", "--out", "plan.tw"]);
    assert_eq!(code, Some(0), "{stderr}");
    let file = world.folder().join("plan.tw");
    let text = std::fs::read_to_string(&file).expect("the plan");
    assert!(text.contains("PAGER_URL") && !text.contains("a-token-of-ours"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).expect("the plan").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let (code, _, stderr) = run("https://pager.example.com/v1/another", &["apply", "plan.tw"]);
    assert_eq!(code, Some(5), "{stderr}");
    assert!(stderr.contains("the endpoint from the environment variable `PAGER_URL` is not the one"));
    let (code, _, stderr) = run(SECRET, &["apply", "plan.tw"]);
    assert_eq!(code, Some(0), "{stderr}");
}

#[test]
fn a_file_that_is_not_as_it_was_written_is_refused() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    drop(world.run(&["plan", "spec.toml", "--out", "plan.tw"]).exits(0));
    let text = std::fs::read_to_string(world.folder().join("plan.tw")).expect("the plan");

    world.write("changed.tw", &text.replace("secops@", "mallory@"));
    writes_nothing(&world, &["apply", "changed.tw"])
        .exits(1)
        .says("`changed.tw` is no sealed plan, or is damaged");
    world.write("cut.tw", &text[..text.len() / 2]);
    drop(writes_nothing(&world, &["apply", "cut.tw"]).exits(1));
    let version = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(text.contains(&version));
    world.write("old.tw", &text.replace(&version, "\"version\":\"0.0.1\""));
    writes_nothing(&world, &["apply", "old.tw"])
        .exits(1)
        .says("was sealed by trailwarden 0.0.1");

    writes_nothing(&world, &["apply", "plan.tw", "--allow-blinding", "ALL"])
        .exits(64)
        .says("to which nothing can be added");
    writes_nothing(&world, &["apply", "plan.tw", "--sandbox"]).exits(64);
    // The spec itself is never written over.
    world
        .run(&["plan", "spec.toml", "--out", "spec.toml"])
        .exits(1)
        .says("is no sealed plan");
    drop(world.run(&["plan", "spec.toml"]).exits(0));
}

#[test]
fn a_plan_for_a_sandbox_is_not_applied_to_aws() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let bare = |arguments: &[&str]| {
        let mut command = world.command(&world.endpoint, arguments);
        let output = command.env_remove("AWS_ENDPOINT_URL").output().expect("it runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (code, stderr) = bare(&["plan", "spec.toml", "--sandbox=box.json", "--out", "plan.tw"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stderr.contains("`trailwarden apply plan.tw --sandbox=box.json`"),
        "{stderr}"
    );
    writes_nothing(&world, &["apply", "plan.tw"])
        .exits(64)
        .says("sealed for an account of a sandbox");
    let (code, stderr) = bare(&["apply", "plan.tw", "--sandbox=box.json"]);
    assert_eq!(code, Some(0), "{stderr}");
}

#[test]
fn a_target_is_applied_with_what_it_needs_and_the_rest_follows() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let part = ["apply", "spec.toml", "--yes", "--target", "rule.iam-changes"];
    let applied = world.run(&part).exits(0).prints("left out");
    for made in [
        "metric_filter.",
        "alarm.acme-prod-iam-changes",
        "topic_policy.",
        "subscription.",
    ] {
        assert!(applied.stdout.contains(made), "{made}");
    }
    for left in ["bucket.", "trail.account-activity", "alarm.acme-prod-root"] {
        assert!(!applied.stdout.contains(&format!("+ {left}")), "{left}");
    }
    let plan = world.run(&[
        "plan",
        "spec.toml",
        "--target",
        "rule.iam-changes",
        "--detailed-exitcode",
    ]);
    drop(plan.exits(0).prints("Nothing to do for what was chosen"));
    drop(world.apply());
    drop(world.expect_no_differences());
    world
        .run(&["plan", "spec.toml", "--target", "rule.none"])
        .exits(64)
        .says("there is no `[rule.none]` in the spec");
}

#[test]
fn what_is_excluded_waits() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let part = [
        "apply",
        "spec.toml",
        "--yes",
        "--exclude",
        "trail.account-activity",
    ];
    drop(world.run(&part).exits(0).prints("left out"));
    let trails = wait(Clients::of(&world).cloudtrail.describe_trails().send()).expect("trails");
    assert!(trails.trail_list().is_empty());
    drop(world.apply());
    drop(world.expect_no_differences());
}
