//! `trailwarden drift`: what somebody changed, how bad it is, who it was, and who answers for it.

use serde_json::Value;

use crate::drift::{Drift, drifts};
use crate::published;
use crate::support::clients::{Clients, wait};
use crate::support::proxy::Proxy;
use crate::support::world::{Ran, World};

const TRAIL: &str = "account-activity";
const ALARM: &str = "acme-prod-iam-changes";

/// The call of each of the changes in `drift.rs`, as CloudTrail names it.
const CALLS: &[(&str, &str)] = &[
    ("the filter's pattern loses a wildcard", "PutMetricFilter"),
    ("the filter is deleted", "DeleteMetricFilter"),
    ("the filter adds 0", "PutMetricFilter"),
    ("the alarm's threshold is raised", "PutMetricAlarm"),
    ("the alarm is deleted", "DeleteAlarms"),
    ("the alarm's action is removed", "PutMetricAlarm"),
    ("the alarm's actions are disabled", "DisableAlarmActions"),
    (
        "the alarm reads a metric that nothing counts into",
        "PutMetricAlarm",
    ),
    (
        "the filter counts into a metric that nobody reads",
        "PutMetricFilter",
    ),
    ("the log group's retention is shortened", "PutRetentionPolicy"),
    ("logging is stopped", "StopLogging"),
    ("log file validation is switched off", "UpdateTrail"),
    ("the selectors record reads only", "PutEventSelectors"),
    (
        "our statements are removed from the bucket's policy",
        "PutBucketPolicy",
    ),
    ("the topic's policy is reset", "SetTopicAttributes"),
    ("the role trusts somebody else", "UpdateAssumeRolePolicy"),
    ("the role's policy is deleted", "DeleteRolePolicy"),
];

/// A run whose output is one document of the published schema.
fn json(run: &Ran) -> Value {
    let json: Value = serde_json::from_str(&run.stdout).expect("JSON and nothing else");
    assert_eq!(published::wrong(&json, "drift.json"), None);
    json
}

/// Runs through a proxy that counts: nothing is ever written.
fn look(world: &World, proxy: &Proxy, more: &[&str]) -> Ran {
    proxy.reset();
    let arguments = [&["drift", "spec.toml"], more].concat();
    let run = world.run_at(&proxy.endpoint, &arguments);
    assert_eq!(proxy.writes(), 0, "{:?}", proxy.operations());
    run
}

/// What a drift says of each change, and whether it knows who it was.
fn tell(world: &World, knows: bool) {
    world.write_example("account-activity.toml");
    world.apply();
    let proxy = Proxy::start(&world.endpoint);
    look(world, &proxy, &[]).exits(0).prints("No differences.");
    assert!(
        !proxy.operations().contains_key("cloudtrail:LookupEvents"),
        "nobody is asked about nothing"
    );
    let clients = Clients::of(world);
    for Drift {
        name,
        change,
        address,
        blind,
        ..
    } in drifts(world)
    {
        wait(change(&clients));
        let more: &[&str] = if knows {
            &["--format", "json"]
        } else {
            &["--format", "json", "--no-history"]
        };
        let run = look(world, &proxy, more).exits(2);
        let report = json(&run);
        let items = report["items"].as_array().expect("items");
        let of_it = |item: &&Value| {
            item["address"]
                .as_str()
                .is_some_and(|text| text.starts_with(&address))
        };
        let item = items.iter().find(of_it);
        let item = item.unwrap_or_else(|| panic!("{name}: nothing about {address} in {report:#}"));
        let severity = if blind.is_some() { "blinds" } else { "weakens" };
        assert_eq!(item["severity"], severity, "{name}: {item:#}");
        if let Some(why) = blind {
            let effect = item["effect"].as_str().expect("words");
            assert!(effect.contains(why), "{name}: {effect}");
            assert_ne!(item["concerns"], Value::Array(Vec::new()), "{name}: {item:#}");
        }
        if knows && let Some((_, call)) = CALLS.iter().find(|(of, _)| *of == name) {
            let last = &item["history"]["calls"][0];
            assert_eq!(last["event"], *call, "{name}: {item:#}");
            let user = format!("arn:aws:iam::{}:user/sandbox", world.account);
            assert_eq!(last["by"], user.as_str(), "{name}");
        }
        world.apply();
        look(world, &proxy, &["--no-history"]).exits(0);
    }
    for (name, _) in CALLS {
        assert!(drifts(world).iter().any(|drift| drift.name == *name), "{name}");
    }
}

#[test]
fn every_drift_is_weighed_and_has_a_culprit() {
    tell(&World::on_sandbox(), true);
}

#[test]
fn every_drift_is_weighed_on_moto() {
    tell(&World::on_moto(), false);
}

async fn stop_logging(clients: &Clients) {
    let stop = clients.cloudtrail.stop_logging().name(TRAIL);
    stop.send().await.expect("stopped");
}

async fn retag_alarm(clients: &Clients) {
    let arn = format!("arn:aws:cloudwatch:us-east-1:{}:alarm:{ALARM}", clients.account);
    let tag = aws_sdk_cloudwatch::types::Tag::builder()
        .key("team")
        .value("nobody")
        .build();
    let put = clients.cloudwatch.tag_resource().resource_arn(arn).tags(tag);
    put.send().await.expect("tagged");
}

#[test]
fn the_worst_comes_first_and_people_are_told_who() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    world.apply();
    let clients = Clients::of(&world);
    wait(retag_alarm(&clients));
    wait(stop_logging(&clients));
    let proxy = Proxy::start(&world.endpoint);
    let user = format!("by arn:aws:iam::{}:user/sandbox", world.account);
    let run = look(&world, &proxy, &[])
        .exits(2)
        .prints("blinds 3 rules and 1 other alarm: trail.account-activity changed")
        .prints("logging: true -> false")
        .prints(&format!("StopLogging {user}"))
        .prints("cosmetic: alarm.acme-prod-iam-changes changed")
        .prints(&format!("TagResource {user}"))
        .prints("2 differences: 1 blinds 3 rules and 1 other alarm, 1 cosmetic.");
    let at = |text: &str| run.stdout.find(text).expect("it is there");
    assert!(at("blinds 3 rules") < at("cosmetic: "));
    let page = look(&world, &proxy, &["--format", "markdown"]).exits(2);
    page.prints("**2 differences: 1 blinds")
        .prints("| **blinds 3 rules and 1 other alarm** | `trail.account-activity` |")
        .prints("- logging = true");
    let quiet = look(&world, &proxy, &["--no-history"]).exits(2);
    assert!(!quiet.stdout.contains("who:"));
    assert!(!proxy.operations().contains_key("cloudtrail:LookupEvents"));
}

#[test]
fn a_waiver_holds_for_its_fields_until_its_day() {
    let world = World::on_sandbox();
    let spec = world.write_example("account-activity.toml");
    world.apply();
    wait(stop_logging(&Clients::of(&world)));
    let waive = |address: &str, expires: &str| {
        let waiver = format!(
            "\n[[waiver]]\naddress = \"{address}\"\nfields = [\"logging\"]\nowner = \"platform team\"\n\
             reason = \"the bucket moves\"\nexpires = {expires}\n"
        );
        world.write("spec.toml", &format!("{spec}{waiver}"));
    };
    let proxy = Proxy::start(&world.endpoint);
    waive("trail.account-activity", "2999-12-31");
    let run = look(&world, &proxy, &[])
        .exits(0)
        .prints("(waived) blinds")
        .prints("waived by platform team until 2999-12-31: the bucket moves")
        .prints("No differences; 1 waived.");
    assert!(run.stderr.is_empty(), "{}", run.stderr);
    // A plan takes no notice of it.
    world.run(&["plan", "spec.toml", "--detailed-exitcode"]).exits(2);

    waive("trail.account-activity", "2020-12-31");
    world.run(&["check", "spec.toml"]).exits(0);
    look(&world, &proxy, &[])
        .exits(2)
        .prints("! the waiver of platform team expired on 2020-12-31: the bucket moves")
        .prints("1 difference: 1 blinds 3 rules and 1 other alarm; of 1 the waiver has expired.");

    waive("trail.account-activity", "2999-12-31");
    world.apply();
    look(&world, &proxy, &[])
        .exits(0)
        .prints("waiver `trail.account-activity`: nothing that it is about differs");

    waive("trail.acount-activity", "2999-12-31");
    look(&world, &proxy, &[])
        .exits(65)
        .says("did you mean `trail.account-activity`?");
}

/// moto has no event history. That is said, and the rest goes on.
#[test]
fn where_nobody_knows_who_it_was_the_rest_is_said() {
    let world = World::on_moto();
    world.write_example("account-activity.toml");
    world.apply();
    let clients = Clients::of(&world);
    wait(stop_logging(&clients));
    let proxy = Proxy::start(&world.endpoint);
    look(&world, &proxy, &[])
        .exits(2)
        .prints("logging: true -> false")
        .prints("who: not known: ");
}

/// IAM's events are in us-east-1, wherever the stack is.
#[test]
fn who_changed_a_role_is_asked_where_iam_writes_it_down() {
    let world = World::on_sandbox();
    let spec = world.write_example("account-activity.toml");
    world.write("spec.toml", &spec.replace("us-east-1", "eu-west-1"));
    world.apply();
    let clients = Clients::of(&world);
    let delete = clients
        .iam
        .delete_role_policy()
        .role_name("acme-prod-account-activity-delivery")
        .policy_name("trailwarden-delivery");
    wait(delete.send()).expect("deleted");
    let proxy = Proxy::start(&world.endpoint);
    look(&world, &proxy, &[])
        .exits(2)
        .prints("role.acme-prod-account-activity-delivery changed")
        .prints("DeleteRolePolicy by arn:aws:iam::");
}

#[test]
fn a_wrong_command_line_is_none() {
    let world = World::on_sandbox();
    world.write_example("account-activity.toml");
    world
        .run(&["drift", "spec.toml", "--all", "--no-history"])
        .exits(64);
    world.run(&["drift", "spec.toml", "--format", "yaml"]).exits(64);
}
