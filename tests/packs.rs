//! Packs on an account, and what of a spec satisfies whom.

use serde_json::Value;
use trailwarden_spec::packs::Pack;

use crate::published;
use crate::support::clients::{Clients, wait};
use crate::support::world::{Ran, World};

fn json(run: &Ran) -> Value {
    serde_json::from_str(&run.stdout).expect("JSON and nothing else")
}

/// A trail, a log group, a topic, and what a story adds.
fn spec(world: &World, more: &str) {
    let base = r#"
format = 1
[stack]
name = "acme"
account = "123456789012"
region = "us-east-1"
[defaults]
log_group = "activity"
notify = ["security"]
[trail.main]
name = "acme-main"
bucket = "logs"
log_group = "activity"
[bucket.logs]
name = "acme-${account}-packs"
[log_group.activity]
name = "/acme/activity"
retention_days = 365
[topic.security]
[[topic.security.subscription]]
protocol = "email"
endpoint = "secops@example.com"
"#;
    let text = format!("{base}{more}");
    world.write("spec.toml", &text.replace("123456789012", &world.account));
}

/// What a plan does: action and origin of each step, and what it changes.
fn steps(world: &World, more: &[&str]) -> Vec<(String, String, Vec<String>)> {
    let arguments = [&["plan", "spec.toml", "--format", "json"], more].concat();
    let plan = json(&world.run(&arguments).exits(0));
    let steps = plan["steps"].as_array().expect("steps").iter();
    steps
        .map(|step| {
            let text = |key: &str| step[key].as_str().unwrap_or_default().to_owned();
            let changes = step["changes"].as_array().expect("changes").iter();
            let fields = changes.map(|change| change["field"].as_str().expect("a field").to_owned());
            (text("action"), text("origin"), fields.collect())
        })
        .collect()
}

#[test]
fn the_auditor_s_example_is_applied_and_nothing_is_left_to_do() {
    let world = World::on_sandbox();
    world.write_example("cis.toml");
    world.apply();
    world.expect_no_differences();
    world
        .run(&[
            "coverage",
            "spec.toml",
            "--standard",
            "security-hub",
            "--standard",
            "cis-1.4",
            "--standard",
            "prowler",
        ])
        .exits(0)
        .prints("security-hub: met.");
}

#[test]
fn the_auditor_s_example_on_moto() {
    let world = World::on_moto();
    world.write_example("cis.toml");
    world.apply();
    world.expect_no_differences();
}

#[test]
fn a_part_of_a_pack_is_named_as_the_plan_shows_it() {
    let world = World::on_sandbox();
    spec(&world, "[pack.cis]\nversion = \"1.4\"\n");
    let alarms = |target: &str| {
        let steps = steps(&world, &["--target", target]);
        let packed = steps.iter().filter(|(_, origin, _)| origin.starts_with("pack."));
        packed.map(|(_, origin, _)| origin.clone()).collect::<Vec<_>>()
    };
    assert_eq!(alarms("pack.cis.4.3"), ["pack.cis.4.3", "pack.cis.4.3"]);
    assert_eq!(alarms("pack.cis.4.1").len(), 2, "and not 4.10 to 4.15");
    assert_eq!(alarms("pack.cis").len(), 30);
    world
        .run(&["plan", "spec.toml", "--target", "pack.cis.4.16"])
        .exits(64)
        .says("the spec makes no `pack.cis.4.16`");
}

/// From one numbering of the benchmark to another nothing is made anew.
#[test]
fn another_version_keeps_the_objects() {
    let world = World::on_sandbox();
    spec(&world, "[pack.cis]\nversion = \"1.2\"\n");
    world.apply();
    spec(&world, "[pack.cis]\nversion = \"1.4\"\n");
    let steps = steps(&world, &[]);
    let made: Vec<_> = steps.iter().filter(|(action, ..)| action == "create").collect();
    assert!(
        made.iter().all(|(_, origin, _)| origin == "pack.cis.4.15"),
        "{made:?}"
    );
    assert_eq!(made.len(), 2);
    let changed: Vec<_> = steps.iter().filter(|(action, ..)| action == "update").collect();
    assert_eq!(changed.len(), 14);
    assert!(
        changed.iter().all(|(_, _, fields)| fields == &["description"]),
        "{changed:?}"
    );
    assert_eq!(steps.len(), 16, "nothing is deleted: {steps:?}");
}

/// To the letter: what means the same is not what the auditor compares.
#[test]
fn the_auditor_s_text_is_put_back_and_the_corrected_one_left_alone() {
    let world = World::on_sandbox();
    let clients = Clients::of(&world);
    for (spelling, differs) in [("auditor", true), ("corrected", false)] {
        let except = "except = [\"4.1\", \"4.2\", \"4.4\", \"4.5\"]\n";
        spec(
            &world,
            &format!("[pack.cis]\nversion = \"1.4\"\nspelling = \"{spelling}\"\n{except}"),
        );
        world.apply();
        let put = clients
            .logs
            .put_metric_filter()
            .log_group_name("/acme/activity")
            .filter_name("acme-cis-root-use")
            .filter_pattern(
                r#"{ ($.userIdentity.type = "Root") && $.userIdentity.invokedBy NOT EXISTS && ($.eventType != "AwsServiceEvent") }"#,
            )
            .metric_transformations(
                aws_sdk_cloudwatchlogs::types::MetricTransformation::builder()
                    .metric_namespace("Trailwarden/acme")
                    .metric_name("acme-cis-root-use")
                    .metric_value("1")
                    .build()
                    .expect("a transformation"),
            );
        wait(put.send()).expect("somebody writes the filter in another spelling");
        let steps = steps(&world, &[]);
        let origins: Vec<&str> = steps.iter().map(|(_, origin, _)| origin.as_str()).collect();
        let expected: &[&str] = if differs { &["pack.cis.4.3"] } else { &[] };
        assert_eq!(origins, expected, "{spelling}");
    }
}

#[test]
fn a_lost_filter_of_a_pack_blinds_a_rule_and_can_be_answered_for() {
    let world = World::on_sandbox();
    spec(&world, "[pack.cis]\nversion = \"1.4\"\n");
    world.apply();
    let delete = Clients::of(&world)
        .logs
        .delete_metric_filter()
        .log_group_name("/acme/activity")
        .filter_name("acme-cis-root-use");
    wait(delete.send()).expect("somebody deletes a filter");
    world
        .run(&["drift", "spec.toml"])
        .exits(2)
        .prints("blinds 1 rule")
        .prints("pack.cis.4.3");
    spec(
        &world,
        "[pack.cis]\nversion = \"1.4\"\n[[waiver]]\naddress = \"pack.cis.4.3\"\nowner = \"platform\"\n\
         reason = \"a test\"\nexpires = 2999-12-31\n",
    );
    world.run(&["drift", "spec.toml"]).exits(0).prints("waived");
}

/// Somebody silences an alarm, and the alarm on that goes off.
#[test]
fn whoever_silences_the_watch_is_told_of() {
    let world = World::in_file();
    spec(&world, "[pack.self-watch]\n[pack.account-activity]\n");
    world.apply();
    world.pass(20);
    let clients = Clients::of(&world);
    let silenced = clients
        .cloudwatch
        .disable_alarm_actions()
        .alarm_names("acme-account-activity-iam-changes");
    wait(silenced.send()).expect("somebody silences an alarm");
    world.pass(20);
    world
        .run(&["explain", "pack.self-watch.alarms", "--spec", "spec.toml"])
        .exits(0)
        .prints("DisableAlarmActions");
    // The others have nothing to tell.
    world
        .run(&["explain", "pack.self-watch.notices", "--spec", "spec.toml"])
        .exits(4);
}

#[test]
fn coverage_says_for_whom_a_spec_is_enough() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    // Where no AWS is: it asks nobody.
    let nowhere = "http://127.0.0.1:9";
    let run = |more: &[&str], code: i32| {
        let arguments = [&["coverage", "spec.toml"], more].concat();
        world.run_at(nowhere, &arguments).exits(code)
    };
    run(&[], 0).prints("security-hub  Security Hub: 8 of 24");
    run(&["--standard", "security-hub"], 4).prints("security-hub: not met.");
    run(&["--standard", "cis"], 64).says("cis-1.4");
    run(&["--format", "markdown", "--standard", "cis-3.0"], 4)
        .prints("### CIS AWS Foundations Benchmark 3.0: 3 of 21");
    let all = json(&run(&["--format", "json"], 0));
    assert_eq!(published::wrong(&all, "coverage.json"), None);
    assert_eq!(all["standards"].as_array().expect("standards").len(), 6);
    let one = json(&run(&["--format", "json", "--standard", "prowler"], 4));
    assert_eq!(published::wrong(&one, "coverage.json"), None);
    assert_eq!(
        (&one["good"], one["standards"].as_array().map(Vec::len)),
        (&Value::Bool(false), Some(1))
    );
    // What is wrong with a spec is said as everywhere.
    world.write("spec.toml", "format = 1\n[pack.cis]\n");
    run(&[], 65);
}

#[test]
fn packs_are_shown_without_a_spec() {
    let world = World::on_sandbox();
    let run = |arguments: &[&str], code: i32| world.run_at("http://127.0.0.1:9", arguments).exits(code);
    let listed = json(&run(&["packs", "list", "--format", "json"], 0));
    let names: Vec<&str> = listed["packs"]
        .as_array()
        .expect("packs")
        .iter()
        .map(|pack| pack["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, Pack::ALL.map(|pack| pack.name));
    for name in names {
        run(&["packs", "list"], 0).prints(name);
        let shown = json(&run(&["packs", "show", name, "--format", "json"], 0));
        let pack = Pack::find(name).expect("a pack");
        let controls = pack.controls(pack.version(None).expect("a version"));
        let shown = shown["controls"].as_array().expect("controls");
        assert_eq!(shown.len(), controls.len());
        let text = run(&["packs", "show", name], 0).stdout;
        for (control, shown) in controls.iter().zip(shown) {
            assert_eq!(shown["id"], control.id.as_str());
            assert_eq!(shown["patterns"]["corrected"], control.corrected.as_str());
            let auditor = shown["patterns"].get("auditor").and_then(Value::as_str);
            assert_eq!(auditor, control.auditor);
            assert!(
                text.contains(&control.corrected) && text.contains(control.reason),
                "{name}"
            );
        }
    }
    let one = run(
        &[
            "packs",
            "show",
            "cis",
            "--version",
            "1.2",
            "--spelling",
            "auditor",
        ],
        0,
    );
    assert!(
        one.stdout.contains("3.14") && !one.stdout.contains("corrected:"),
        "{}",
        one.stdout
    );
    run(&["packs", "show", "ciss"], 64).says("there are account-activity, cis, self-watch");
    run(&["packs", "show", "cis", "--version", "2.0"], 64).says("it has 1.2, 1.4, 3.0, 5.0");
    run(&["packs", "show", "self-watch", "--version", "1.4"], 64).says("leave `--version` out");
    run(&["packs", "show", "self-watch", "--spelling", "auditor"], 64).says("leave `--spelling` out");
}
