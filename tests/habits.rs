//! Small things that a good tool does.

use aws_sdk_cloudwatchlogs::types::MetricTransformation;

use crate::support::clients::{Clients, wait};
use crate::support::world::World;

#[test]
fn a_typo_is_found_before_anything_is_asked() {
    let world = World::on_sandbox();
    let text = world.write_example("account-activity.toml");
    world.write("spec.toml", &text.replace("retention_days", "retension_days"));
    let nowhere = "http://127.0.0.1:9";
    for command in ["check", "plan", "apply"] {
        let run = world.run_at(nowhere, &[command, "spec.toml"]).exits(65);
        run.says("did you mean `retention_days`?")
            .says("spec.toml:")
            .says("retension_days = 365");
    }
}

#[test]
fn a_file_that_cannot_be_read() {
    let world = World::on_sandbox();
    world
        .run(&["check", "nowhere.toml"])
        .exits(65)
        .says("cannot read `nowhere.toml`")
        .says("trailwarden init");
    world
        .run(&["check", "."])
        .exits(65)
        .says("there is no *.toml file");
    std::fs::write(world.folder().join("latin.toml"), b"# caf\xe9\n").expect("written");
    world
        .run(&["check", "latin.toml"])
        .exits(65)
        .says("is not UTF-8 (line 1)");
}

#[test]
fn check_needs_no_account() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    world
        .run_at("http://127.0.0.1:9", &["check", "spec.toml"])
        .exits(0)
        .prints("The spec is good");
}

#[test]
fn the_starter_is_a_good_spec_and_is_never_overwritten() {
    let world = World::on_sandbox();
    world.run(&["init"]).exits(0).prints("trailwarden check");
    world.run(&["check", "trailwarden.toml"]).exits(0);
    world.run(&["init"]).exits(1).says("never overwritten");
}

#[test]
fn colour_is_for_terminals_only() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let plain = world.run(&["plan", "spec.toml"]).exits(0);
    assert!(!plain.stdout.contains('\u{1b}') && !plain.stderr.contains('\u{1b}'));
    let coloured = world.run(&["plan", "spec.toml", "--color", "always"]).exits(0);
    assert!(coloured.stdout.contains('\u{1b}'));
}

#[test]
fn apply_does_not_ask_where_nobody_can_answer() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    world.run(&["apply", "spec.toml"]).exits(64).says("--yes");
    world.run(&["plan", "spec.toml", "--detailed-exitcode"]).exits(2);
}

#[test]
fn a_wrong_command_line() {
    let world = World::on_sandbox();
    world.run(&["plna"]).exits(64).says("plan");
    world.run(&["plan", "--detailed-exitcodes"]).exits(64);
    world.write_example("account-activity.toml");
    world
        .run(&["plan", "spec.toml", "--adopt", "nothing"])
        .exits(64)
        .says("KIND.NAME");
    world.run(&["--help"]).exits(0).prints("Exit codes:");
}

#[test]
fn json_is_for_programs() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let plan = world.run(&["plan", "spec.toml", "--format", "json"]).exits(0);
    let json: serde_json::Value = serde_json::from_str(&plan.stdout).expect("JSON and nothing else");
    assert_eq!((&json["format"], &json["differences"]), (&1.into(), &true.into()));
    assert_eq!(crate::published::wrong(&json, "plan.json"), None);
    let again = world.run(&["plan", "spec.toml", "--format", "json"]).exits(0);
    assert_eq!(plan.stdout, again.stdout, "equal plans are equal bytes");

    let apply = world
        .run(&["apply", "spec.toml", "--yes", "--format", "json"])
        .exits(0);
    let json: serde_json::Value = serde_json::from_str(&apply.stdout).expect("JSON and nothing else");
    assert_eq!(crate::published::wrong(&json, "apply.json"), None);
    assert_eq!(json["subscribers"]["confirmed"], 0);
    assert!(json["steps"].as_array().is_some_and(|steps| !steps.is_empty()));
}

#[test]
fn permissions_are_a_policy() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    for (command, holds) in [
        ("plan", false),
        ("status", false),
        ("drift", false),
        ("apply", true),
    ] {
        let run = world
            .run(&["permissions", "spec.toml", "--for", command])
            .exits(0);
        let policy: serde_json::Value = serde_json::from_str(&run.stdout).expect("a policy");
        assert_eq!(policy["Version"], "2012-10-17");
        assert_eq!(run.stdout.contains("cloudtrail:CreateTrail"), holds);
        assert!(run.stdout.contains("cloudtrail:GetTrailStatus"));
    }
}

#[test]
fn output_that_cannot_be_written_is_a_failure_and_a_closed_pipe_is_none() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("/dev/full");
    let mut command = world.command(&world.endpoint, &["plan", "spec.toml", "--format", "json"]);
    let output = command.stdout(full).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write the output"));

    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = world.command(&world.endpoint, &["plan", "spec.toml"]);
    let output = command.stdout(writer).output().expect("it runs");
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn consent_for_what_is_not_there_is_a_mistake() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    for (option, address, says) in [
        ("--adopt", "bucket.nope", "neither in the spec nor"),
        ("--allow-blinding", "all", "in capitals"),
        ("--allow-blinding", "rule.nope", "there is no `[rule.nope]`"),
        ("--delete-data", "bukket.logs", "no kind"),
    ] {
        world
            .run(&["plan", "spec.toml", option, address])
            .exits(64)
            .says(says);
    }
    world
        .run(&["plan", "spec.toml", "--endpoint-url", "nonsense"])
        .exits(64)
        .says("http://");
}

#[test]
fn a_folder_is_one_spec_and_a_broken_link_in_it_is_no_empty_file() {
    let world = World::on_sandbox();
    let text = world.write_example("account-activity.toml");
    std::fs::remove_file(world.folder().join("spec.toml")).expect("removed");
    let (head, rules) = text.split_once("[rule.iam-changes]").expect("rules");
    world.write("main.toml", head);
    world.write("rules.toml", &format!("[rule.iam-changes]{rules}"));
    world.write(".hidden.toml", "nonsense");
    world.run(&["check"]).exits(0).prints("4 alarms");
    std::os::unix::fs::symlink("nowhere", world.folder().join("more.toml")).expect("a link");
    world.run(&["check"]).exits(65).says("more.toml");
}

#[test]
fn text_from_the_account_cannot_play_with_the_terminal() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    world.apply();
    let clients = Clients::of(&world);
    let put = clients
        .logs
        .put_metric_filter()
        .log_group_name("/acme/account-activity")
        .filter_name("acme-prod-iam-calls")
        .filter_pattern("{ $.x = \"\u{1b}[2K\u{1b}[1A\u{202e}\" }")
        .metric_transformations(
            MetricTransformation::builder()
                .metric_name("acme-prod-iam-calls")
                .metric_namespace("Trailwarden/acme-prod")
                .metric_value("1")
                .build()
                .expect("complete"),
        );
    wait(put.send()).expect("put");
    let plan = world.run(&["plan", "spec.toml", "--color", "always"]).exits(0);
    assert!(
        plan.stdout.contains("\\u{1b}[2K\\u{1b}[1A\\u{202e}"),
        "{}",
        plan.stdout
    );
}

#[test]
fn a_sandbox_that_cannot_be_opened_says_why() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    world
        .run(&["plan", "spec.toml", "--sandbox=."])
        .exits(1)
        .says("directory")
        .says("--sandbox=FILE");
    world.write("text.json", "{}");
    world
        .run(&["plan", "spec.toml", "--sandbox=text.json"])
        .exits(1)
        .says("is not a sandbox file");
    world
        .run(&["sandbox", "serve", "--account", "12"])
        .exits(64)
        .says("12 digits");
}
