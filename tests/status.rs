//! `trailwarden status` in accounts that live: events come, alarms go off, queues are told.

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;

pub(crate) mod breakages;

use self::breakages::Breakage;
use crate::support::clients::{Clients, wait};
use crate::support::world::World;

const GROUP: &str = "/watch/activity";
const TRAIL: &str = "main";
const TOPIC: &str = "alerts";
const ROLE: &str = "watch-main-delivery";

const SPEC: &str = r#"
format = 1

[stack]
name = "watch"
account = "123456789012"
region = "us-east-1"

[defaults]
log_group = "activity"
notify = ["alerts"]

[trail.main]
bucket = "logs"
log_group = "activity"

[bucket.logs]
name = "watch-${account}"

[key.group]
[key.topic]

[log_group.activity]
name = "/watch/activity"
retention_days = 365
kms_key = "group"

[topic.alerts]
kms_key = "topic"

[[topic.alerts.subscription]]
protocol = "sqs"
endpoint = "arn:aws:sqs:us-east-1:123456789012:alerts"

[rule.roles]
pattern = '{ ($.eventSource = "iam.amazonaws.com") && ($.eventName = "CreateRole") }'

[rule.keys]
pattern = '{ ($.eventSource = "kms.amazonaws.com") && ($.eventName = "ScheduleKeyDeletion") }'

[rule.reads]
pattern = '{ ($.eventSource = "iam.amazonaws.com") && ($.eventName = "ListUsers") }'

[composite_alarm.both]
rule = "ALARM(rule.roles) AND ALARM(rule.keys)"
notify = ["alerts"]
"#;

/// A queue that lets topics of the account in.
async fn make_queue(c: &Clients) {
    c.sqs
        .create_queue()
        .queue_name("alerts")
        .send()
        .await
        .expect("a queue");
    allow_sns(c).await;
}

async fn allow_sns(c: &Clients) {
    let url = c.sqs.get_queue_url().queue_name("alerts").send().await;
    let url = url.expect("a queue").queue_url.expect("its URL");
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"sns.amazonaws.com"}},"Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:{}:alerts"}}]}}"#,
        c.account
    );
    let set = c.sqs.set_queue_attributes().queue_url(url);
    let set = set.attributes(QueueAttributeName::Policy, policy);
    set.send().await.expect("set");
}

fn write(world: &World, text: &str) {
    let text = format!("{SPEC}{text}").replace("123456789012", &world.account);
    world.write("spec.toml", &text);
}

/// A world in which the spec and more stand, and events have come.
fn works(more: &str) -> (World, Clients) {
    let world = World::in_file();
    let clients = Clients::of(&world);
    wait(make_queue(&clients));
    write(&world, more);
    world.apply();
    world.pass(6);
    (world, clients)
}

/// What `status` prints for programs.
#[track_caller]
fn status(world: &World, code: i32) -> Value {
    let ran = world
        .run(&["status", "spec.toml", "--format", "json"])
        .exits(code);
    serde_json::from_str(&ran.stdout).expect("JSON")
}

fn chains(status: &Value) -> &[Value] {
    status["chains"].as_array().expect("chains")
}

/// Breaks each in its turn, and mends it, in one world.
fn tell(breakages: &[Breakage]) {
    let (world, clients) = works("");
    status(&world, 0);
    let mut wrong = Vec::new();
    for breakage in breakages {
        wait((breakage.change)(&clients));
        world.pass(breakage.pass);
        let ran = world.run(&["status", "spec.toml", "--format", "json"]);
        wrong.extend(
            amiss(breakage, ran.code, &ran.stdout)
                .into_iter()
                .map(|why| format!("{}: {why}", breakage.what)),
        );
        match breakage.mend {
            Some(mend) => wait(mend(&clients)),
            None => drop(world.apply()),
        }
        world.pass(6);
        let after = world.run(&["status", "spec.toml"]);
        if after.code != 0 {
            wrong.push(format!(
                "{}: not mended: {}{}",
                breakage.what, after.stdout, after.stderr
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What `status` should have said of a breakage and did not.
fn amiss(breakage: &Breakage, code: i32, json: &str) -> Vec<String> {
    let Ok(status) = serde_json::from_str::<Value>(json) else {
        return vec![format!("exit code {code} and no JSON")];
    };
    let mut wrong = Vec::new();
    if code != 4 {
        wrong.push(format!("exit code {code}"));
    }
    for chain in chains(&status) {
        let origin = chain["origin"].as_str().expect("an origin");
        let links = chain["links"].as_array().expect("links").iter();
        let broken = links.filter(|link| link["state"] == "broken");
        let broken: Vec<&Value> = broken.collect();
        let kinds: Vec<&str> = broken.iter().filter_map(|link| link["kind"].as_str()).collect();
        let link = match breakage.link {
            "metric filter" => "filter".into(),
            other => other.replace(' ', "_"),
        };
        let mut expected = vec![link.as_str()];
        expected.extend(breakage.also);
        if !breakage.of.is_empty() && !breakage.of.contains(&origin) {
            expected.clear();
        }
        // The heartbeat has no filter, and a composite alarm has those of two rules.
        if origin == "trail.main" {
            expected.retain(|kind| *kind != "filter");
        }
        let mut kinds = kinds;
        kinds.dedup();
        if kinds != expected {
            wrong.push(format!("{origin}: {kinds:?} instead of {expected:?}: {broken:?}"));
        }
        if expected.is_empty() {
            continue;
        }
        let first = &chain["first_broken"];
        for (key, text) in [("message", breakage.says), ("fix", breakage.fix)] {
            if !first[key].as_str().unwrap_or_default().contains(text) {
                wrong.push(format!("{origin}: no {text:?} in {first}"));
            }
        }
    }
    wrong
}

#[test]
fn status_names_what_is_broken_of_trails() {
    tell(breakages::OF_TRAILS);
}

#[test]
fn status_names_what_is_broken_of_delivery() {
    tell(breakages::OF_DELIVERY);
}

#[test]
fn status_names_what_is_broken_of_alarms() {
    tell(breakages::OF_ALARMS);
}

#[test]
fn status_names_what_is_broken_of_topics() {
    tell(breakages::OF_TOPICS);
}
