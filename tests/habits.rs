//! Small things that a good tool does.

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
    let again = world.run(&["plan", "spec.toml", "--format", "json"]).exits(0);
    assert_eq!(plan.stdout, again.stdout, "equal plans are equal bytes");

    let apply = world
        .run(&["apply", "spec.toml", "--yes", "--format", "json"])
        .exits(0);
    let json: serde_json::Value = serde_json::from_str(&apply.stdout).expect("JSON and nothing else");
    assert_eq!(json["subscribers"]["confirmed"], 0);
    assert!(json["steps"].as_array().is_some_and(|steps| !steps.is_empty()));
}

#[test]
fn permissions_are_a_policy() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    for (command, holds) in [("plan", false), ("apply", true)] {
        let run = world
            .run(&["permissions", "spec.toml", "--for", command])
            .exits(0);
        let policy: serde_json::Value = serde_json::from_str(&run.stdout).expect("a policy");
        assert_eq!(policy["Version"], "2012-10-17");
        assert_eq!(run.stdout.contains("cloudtrail:CreateTrail"), holds);
        assert!(run.stdout.contains("cloudtrail:GetTrailStatus"));
    }
}
