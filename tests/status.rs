//! `trailwarden status` in accounts that live: events come, alarms go off, queues are told.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;

pub(crate) mod breakages;

use self::breakages::{Breakage, set_policy};
use crate::published;
use crate::support::clients::{Clients, wait};
use crate::support::moto;
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
    let status = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(published::wrong(&status, "status.json"), None);
    status
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
    let mut wrong: Vec<String> = published::wrong(&status, "status.json").into_iter().collect();
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

/// A chain by what of the spec it belongs to.
fn chain<'a>(status: &'a Value, origin: &str) -> &'a Value {
    let mut chains = chains(status).iter();
    chains.find(|chain| chain["origin"] == origin).expect("a chain")
}

/// What a chain's first broken link is, in a line.
fn first(status: &Value, origin: &str) -> String {
    let first = &chain(status, origin)["first_broken"];
    let word = |key: &str| first[key].as_str().unwrap_or_default().to_owned();
    format!("{}: {} -> {}", word("kind"), word("message"), word("fix"))
}

/// The messages of the queue, which are taken out of it: the SNS envelopes' texts.
fn received(c: &Clients) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let url = wait(c.sqs.get_queue_url().queue_name("alerts").send());
        let url = url.expect("a queue").queue_url.expect("its URL");
        let receive = c.sqs.receive_message().queue_url(&url).max_number_of_messages(10);
        let messages = wait(receive.send())
            .expect("messages")
            .messages
            .unwrap_or_default();
        if messages.is_empty() {
            return all;
        }
        for message in messages {
            let envelope: Value = serde_json::from_str(message.body().expect("a body")).expect("an envelope");
            let text = envelope["Message"].as_str().expect("a text");
            all.push(serde_json::from_str(text).expect("an alarm's message"));
            let receipt = message.receipt_handle.expect("a receipt");
            let delete = c.sqs.delete_message().queue_url(&url).receipt_handle(receipt);
            wait(delete.send()).expect("deleted");
        }
    }
}

/// The names and new states of the alarms that the queue was told of.
fn told(c: &Clients) -> Vec<(String, String)> {
    let word = |message: &Value, key: &str| message[key].as_str().unwrap_or_default().to_owned();
    let all = received(c).into_iter();
    all.map(|one| (word(&one, "AlarmName"), word(&one, "NewStateValue")))
        .collect()
}

/// Makes a role, which `rule.roles` looks for.
fn make_role(c: &Clients, name: &str) {
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let create = c.iam.create_role().role_name(name);
    wait(create.assume_role_policy_document(trust).send()).expect("a role");
}

#[test]
fn a_call_that_a_rule_looks_for_reaches_the_queue() {
    let (world, clients) = works("");
    // A trail that has delivered nothing yet is silent, which is what the heartbeat is for.
    world.pass(30);
    assert_eq!(told(&clients), [("watch-main-heartbeat".into(), "ALARM".into())]);
    let quiet = status(&world, 0);
    assert_eq!(chain(&quiet, "rule.roles")["state"], "OK");

    make_role(&clients, "backdoor");
    // Five minutes until CloudTrail delivers, and the minute in which the alarm looks.
    world.pass(7);
    assert_eq!(told(&clients), [("watch-roles".into(), "ALARM".into())]);
    let loud = status(&world, 0);
    let alarm = chain(&loud, "rule.roles");
    assert_eq!(alarm["state"], "ALARM");
    assert_eq!(alarm["verdict"], "reaches");
    let endpoint = format!("arn:aws:sqs:us-east-1:{}:alerts", world.account);
    assert_eq!(alarm["told"][0]["endpoint"], endpoint);
    world
        .run(&["status", "spec.toml", "--links"])
        .exits(0)
        .prints("nothing more is told before it is OK again")
        .prints(&format!("sqs {endpoint} hears of 5 alarms"))
        .prints("Status: 5 of 5 alarms would reach somebody.");

    world.pass(30);
    assert_eq!(chain(&status(&world, 0), "rule.roles")["state"], "OK");
    // Another rule's call leaves this one alone, and both together are the composite alarm's.
    make_role(&clients, "another");
    let made = wait(clients.kms.create_key().send()).expect("a key");
    let id = made.key_metadata.expect("a key").key_id;
    wait(clients.kms.schedule_key_deletion().key_id(id).send()).expect("scheduled");
    world.pass(7);
    let mut heard = told(&clients);
    heard.sort();
    let names: Vec<&str> = heard.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["both", "watch-keys", "watch-roles"]);
}

#[test]
fn of_two_breakages_the_first_of_each_chain_is_named() {
    let (world, clients) = works("");
    let delete = clients.logs.delete_metric_filter().log_group_name(GROUP);
    wait(delete.filter_name("watch-roles").send()).expect("deleted");
    let disable = clients.cloudwatch.disable_alarm_actions();
    wait(
        disable
            .alarm_names("watch-roles")
            .alarm_names("watch-reads")
            .send(),
    )
    .expect("disabled");
    let two = status(&world, 4);
    assert!(first(&two, "rule.roles").starts_with("filter: it is not there"));
    assert!(first(&two, "rule.reads").starts_with("alarm: it changes its state and tells nobody"));
    assert!(first(&two, "composite_alarm.both").starts_with("filter: "));
    assert_eq!(chain(&two, "rule.keys")["first_broken"], Value::Null);

    wait(clients.cloudtrail.stop_logging().name(TRAIL).send()).expect("stopped");
    let three = status(&world, 4);
    for chain in chains(&three) {
        assert_eq!(chain["first_broken"]["kind"], "trail", "{chain}");
    }
    // Each once, and the ones behind it, too.
    let text = world.run(&["status", "spec.toml"]).exits(4).stdout;
    assert_eq!(text.matches("it has not recorded for").count(), 1, "{text}");
    assert!(text.contains("watch-roles: it is not there"), "{text}");
    world.apply();
    world.pass(6);
    status(&world, 0);
}

#[test]
fn whoever_has_not_confirmed_is_waited_for() {
    let mail = "\n[[topic.alerts.subscription]]\nprotocol = \"email\"\nendpoint = \"secops@example.com\"\n";
    let (world, clients) = works(mail);
    let waits = status(&world, 3);
    let links = chain(&waits, "rule.roles")["links"].as_array().expect("links");
    let of_people: Vec<&Value> = links
        .iter()
        .filter(|link| link["kind"] == "subscribers")
        .collect();
    assert_eq!(of_people[0]["state"], "waits");
    let text = of_people[0]["message"].as_str().expect("a message");
    assert!(
        text.starts_with("email s***s@example.com has not confirmed"),
        "{text}"
    );
    assert_eq!(of_people[1]["state"], "holds");
    world
        .run(&["status", "spec.toml"])
        .exits(3)
        .prints("Waiting for somebody")
        .prints("-> follow the link that SNS sent, which is good for about two days");

    let pending = world.sandbox().pending_confirmations().expect("letters");
    let (topic, _, token) = pending.first().expect("a letter");
    let confirm = clients.sns.confirm_subscription().topic_arn(topic).token(token);
    wait(confirm.send()).expect("confirmed");
    world
        .run(&["status", "spec.toml"])
        .exits(0)
        .prints("email s***s@example.com hears of 5 alarms");
    world.pass(30);
    drop(told(&clients));
    make_role(&clients, "backdoor");
    world.pass(7);
    assert_eq!(told(&clients).len(), 1);
    let inbox = world.sandbox().inbox().expect("an inbox");
    let letter = inbox.last().expect("a letter");
    assert_eq!(letter.endpoint, "secops@example.com");
    assert!(
        letter
            .subject
            .as_deref()
            .unwrap_or_default()
            .contains("watch-roles"),
        "{letter:?}"
    );
}

#[test]
fn an_action_that_failed_is_told_until_one_succeeds() {
    let (world, clients) = works("");
    world.pass(30);
    // The statement that SNS gives every topic lets alarms in, too: the whole policy has to go.
    wait(set_policy(
        &clients,
        TOPIC,
        r#"{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sns:Publish","Resource":"TOPIC"}"#,
    ));
    make_role(&clients, "backdoor");
    world.pass(7);
    // As long as the cause is there, it is what is named.
    let closed = status(&world, 4);
    assert!(first(&closed, "rule.roles").starts_with("topic: its policy does not let CloudWatch publish"));
    let links = chain(&closed, "rule.roles")["links"]
        .as_array()
        .expect("links")
        .iter();
    let alarm = links
        .clone()
        .find(|link| link["kind"] == "alarm")
        .expect("the alarm");
    assert_eq!(alarm["state"], "unknown");
    assert_eq!(alarm["fix"], "mend the topic first, then try it");

    world.apply();
    let after = status(&world, 4);
    let said = first(&after, "rule.roles");
    assert!(said.starts_with("alarm: its last action failed, "), "{said}");
    assert!(
        said.contains("set-alarm-state --alarm-name 'watch-roles'"),
        "{said}"
    );
    assert_eq!(chain(&after, "rule.reads")["first_broken"], Value::Null);
    world.pass(30);
    drop(told(&clients));
    let set = clients.cloudwatch.set_alarm_state().alarm_name("watch-roles");
    let set = set.state_value(aws_sdk_cloudwatch::types::StateValue::Alarm);
    wait(set.state_reason("a test").send()).expect("set");
    assert_eq!(told(&clients).len(), 1);
    status(&world, 0);
}

#[test]
fn a_composite_alarm_that_is_suppressed_tells_nobody() {
    let (world, clients) = works("");
    world.pass(30);
    wait(breakages::suppress(&clients));
    world.pass(2);
    drop(told(&clients));
    make_role(&clients, "backdoor");
    let made = wait(clients.kms.create_key().send()).expect("a key");
    let id = made.key_metadata.expect("a key").key_id;
    wait(clients.kms.schedule_key_deletion().key_id(id).send()).expect("scheduled");
    world.pass(9);
    let mut heard = told(&clients);
    heard.sort();
    let names: Vec<&str> = heard.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["watch-keys", "watch-roles"]);
    let said = first(&status(&world, 4), "composite_alarm.both");
    assert!(
        said.starts_with("alarm: it tells nobody now: its suppressor `deploying` is in ALARM"),
        "{said}"
    );
}

/// What is told of a filter policy on the message, held against what the queue is told.
#[test]
fn a_filter_policy_that_cannot_be_decided_is_not_known() {
    let (world, clients) = works("");
    world.pass(30);
    drop(told(&clients));
    wait(breakages::filter_bodies(
        &clients,
        r#"{"NewStateReason":[{"prefix":"Threshold Crossed"}],"Trigger":{"MetricName":["watch-roles","watch-reads","watch-keys","IncomingLogEvents"]}}"#,
    ));
    let unclear = status(&world, 4);
    let links = chain(&unclear, "rule.roles")["links"].as_array().expect("links");
    let of_people = links.iter().find(|link| link["kind"] == "subscribers");
    let of_people = of_people.expect("a link");
    assert_eq!(of_people["state"], "unknown");
    let word = |key: &str| of_people[key].as_str().unwrap_or_default().to_owned();
    assert!(
        word("message").contains("hears of `watch-roles` depends on `NewStateReason`"),
        "{of_people}"
    );
    assert!(
        word("fix").contains("a filter policy on `AlarmName` and `NewStateValue` alone can be decided"),
        "{of_people}"
    );
    // A composite alarm looks at no metric.
    let said = first(&unclear, "composite_alarm.both");
    assert!(
        said.contains("asks for `Trigger.MetricName`, which no notice of it has"),
        "{said}"
    );

    let both = |world: &World, name: &str| {
        make_role(&clients, name);
        let made = wait(clients.kms.create_key().send()).expect("a key");
        let id = made.key_metadata.expect("a key").key_id;
        wait(clients.kms.schedule_key_deletion().key_id(id).send()).expect("scheduled");
        world.pass(7);
        let mut heard: Vec<String> = told(&clients).into_iter().map(|(name, _)| name).collect();
        heard.sort();
        heard
    };
    assert_eq!(both(&world, "backdoor"), ["watch-keys", "watch-roles"]);
    world.pass(30);
    // Now it can be decided, of each alarm.
    wait(breakages::filter_bodies(
        &clients,
        r#"{"NewStateValue":["ALARM"],"$or":[{"AlarmRule":[{"exists":true}]},{"Trigger":{"MetricName":[{"anything-but":"watch-keys"}]}}]}"#,
    ));
    let decided = status(&world, 4);
    for (origin, verdict) in [
        ("rule.keys", "broken"),
        ("rule.roles", "reaches"),
        ("composite_alarm.both", "reaches"),
        ("trail.main", "reaches"),
    ] {
        assert_eq!(chain(&decided, origin)["verdict"], verdict, "{origin}");
    }
    assert_eq!(both(&world, "again"), ["both", "watch-roles"]);
}

/// A trail is stopped in all regions or in none (`StopLogging` is refused for a shadow trail). What can
/// fail in one alone is the delivery of its log files.
#[test]
fn what_fails_in_another_region_is_found_there() {
    let (world, clients) = works("");
    let bucket = format!("watch-{}", world.account);
    let policy = wait(clients.s3.get_bucket_policy().bucket(&bucket).send()).expect("a policy");
    let policy = policy.policy.expect("text");
    let folder = format!("AWSLogs/{}/", world.account);
    let of_home = policy.replace(&folder, &format!("{folder}CloudTrail/us-east-1/"));
    assert_ne!(policy, of_home);
    let put = clients.s3.put_bucket_policy().bucket(&bucket).policy(of_home);
    wait(put.send()).expect("put");
    let there = Clients::in_region(&world.endpoint, &world.account, "eu-west-1");
    let stop = wait(
        there
            .cloudtrail
            .stop_logging()
            .name(format!(
                "arn:aws:cloudtrail:us-east-1:{}:trail/main",
                world.account
            ))
            .send(),
    );
    assert!(stop.is_err(), "{stop:?}");
    let call = || {
        wait(there.sns.create_topic().name("theirs").send()).expect("a topic");
        world.pass(6);
    };
    call();
    let home = world.run(&["status", "spec.toml"]).exits(0).stdout;
    assert!(!home.contains("eu-west-1"), "{home}");
    let all = ["status", "spec.toml", "--all-regions"];
    world
        .run(&all)
        .exits(0)
        .prints("`main` cannot deliver the log files of eu-west-1 (AccessDenied) to its bucket")
        .prints("let the bucket's policy allow");
    world.apply();
    call();
    let mended = world.run(&[&all[..], &["--links"]].concat()).exits(0);
    let mended = mended.prints("others asked)").stdout;
    assert!(!mended.contains("eu-west-1"), "{mended}");
}

#[test]
fn a_delivery_that_failed_is_told_until_one_arrives() {
    let (world, clients) = works("");
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let update = clients.iam.update_assume_role_policy().role_name(ROLE);
    wait(update.policy_document(trust).send()).expect("updated");
    world.pass(6);
    status(&world, 4);
    world.apply();
    let said = first(&status(&world, 4), "rule.roles");
    assert!(
        said.starts_with("delivery: the last delivery to the log group failed: "),
        "{said}"
    );
    assert!(
        said.contains("-> if it was mended since then, look again when the next events have come"),
        "{said}"
    );
    world.pass(6);
    status(&world, 0);
}

#[test]
fn a_trail_that_begins_again_is_given_its_time() {
    let (world, clients) = works("");
    wait(clients.cloudtrail.stop_logging().name(TRAIL).send()).expect("stopped");
    world.pass(73 * 60);
    status(&world, 4);
    world.apply();
    world
        .run(&["status", "spec.toml"])
        .exits(0)
        .prints("?? delivery watch-main-delivery: nothing has arrived for 3 days; it has been recording for 0 seconds")
        .prints("look again then");
    world.pass(6);
    let text = world.run(&["status", "spec.toml"]).exits(0).stdout;
    assert!(!text.contains("??"), "{text}");
}

/// moto delivers nothing, evaluates no alarm and has no history: `status` says so, and finds a stopped
/// trail and a lost filter all the same.
#[test]
fn what_moto_cannot_tell_is_not_known() {
    let world = World::on_moto();
    let clients = Clients::of(&world);
    wait(make_queue(&clients));
    // No keys: moto cannot encrypt a log group; no composite alarm: it has none.
    let (text, _) = SPEC.split_once("[composite_alarm.both]").expect("a section");
    let kept = text
        .lines()
        .filter(|line| !line.starts_with("kms_key") && !line.starts_with("[key."));
    let text: Vec<&str> = kept.collect();
    world.write(
        "spec.toml",
        &text.join("\n").replace("123456789012", &world.account),
    );
    world.apply();

    let early = status(&world, 0);
    let links = chain(&early, "rule.roles")["links"].as_array().expect("links");
    let word = |link: &Value, key: &str| link[key].as_str().unwrap_or_default().to_owned();
    let unknown = links.iter().filter(|link| link["state"] == "unknown");
    let unknown: Vec<String> = unknown
        .map(|link| format!("{}: {}", word(link, "kind"), word(link, "message")))
        .collect();
    assert_eq!(unknown.len(), 2, "{unknown:?}");
    assert!(
        unknown[0].starts_with("delivery: nothing has arrived yet"),
        "{unknown:?}"
    );
    assert!(
        unknown[1].starts_with("alarm: whether its last action succeeded may not be read"),
        "{unknown:?}"
    );
    let alarm = links.iter().find(|link| link["kind"] == "alarm");
    assert_eq!(
        alarm.expect("the alarm")["fix"],
        "let the caller call cloudwatch:DescribeAlarmHistory"
    );
    assert_eq!(early["summary"]["unknown"], 4);

    wait(clients.cloudtrail.stop_logging().name(TRAIL).send()).expect("stopped");
    let stopped = status(&world, 4);
    assert!(first(&stopped, "rule.roles").starts_with("trail: it has not recorded for "));
    world.apply();
    let delete = clients.logs.delete_metric_filter().log_group_name(GROUP);
    wait(delete.filter_name("watch-roles").send()).expect("deleted");
    assert!(first(&status(&world, 4), "rule.roles").starts_with("filter: it is not there"));
}

/// What boto3 sees of the account behind `trailwarden sandbox serve`, by `tests/boto/see.py`.
#[test]
fn another_client_sees_what_apply_wrote_and_what_came_of_it() {
    let (world, clients) = works("");
    world.pass(30);
    make_role(&clients, "backdoor");
    world.pass(7);
    let mut serve = world
        .command(
            &world.endpoint,
            &["sandbox", "serve", "--port", "0", "--account", &world.account],
        )
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the server starts");
    let mut endpoint = String::new();
    BufReader::new(serve.stdout.take().expect("its output"))
        .read_line(&mut endpoint)
        .expect("a line");
    let see = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/boto/see.py");
    let seen = Command::new(moto::python())
        .arg(see)
        .args([endpoint.trim(), &world.account])
        .output()
        .expect("Python starts");
    serve.kill().expect("ended");
    serve.wait().expect("gone");
    assert!(seen.status.success(), "{}", String::from_utf8_lossy(&seen.stderr));
    let seen: Value = serde_json::from_slice(&seen.stdout).expect("JSON");
    let arn = |service: &str, name: &str| format!("arn:aws:{service}:us-east-1:{}:{name}", world.account);
    let texts = |list: &Value, key: &str| -> Vec<String> {
        let list = list.as_array().expect("a list").iter();
        list.map(|one| one[key].as_str().unwrap_or_default().to_owned())
            .collect()
    };

    assert_eq!(seen["account"], world.account);
    let trail = &seen["trail"];
    assert_eq!(trail["Name"], TRAIL);
    assert_eq!(trail["S3BucketName"], format!("watch-{}", world.account));
    assert_eq!(
        trail["CloudWatchLogsLogGroupArn"],
        arn("logs", &format!("log-group:{GROUP}:*"))
    );
    assert_eq!(trail["IsMultiRegionTrail"], true);
    assert_eq!(trail["LogFileValidationEnabled"], true);
    assert_eq!(seen["trail_status"]["IsLogging"], true);
    assert_eq!(
        seen["trail_status"]["LatestCloudWatchLogsDeliveryTime"],
        "2026-03-02 10:40:00+00:00"
    );
    let selector = &seen["selectors"]["EventSelectors"][0];
    assert_eq!(selector["ReadWriteType"], "All");
    assert_eq!(selector["IncludeManagementEvents"], true);
    let group = &seen["groups"][0];
    assert_eq!(group["logGroupName"], GROUP);
    assert_eq!(group["retentionInDays"], 365);
    assert_eq!(group["metricFilterCount"], 3);

    let rules = ["watch-keys", "watch-reads", "watch-roles"];
    let filters = &seen["filters"];
    assert_eq!(texts(filters, "filterName"), rules);
    assert_eq!(
        filters[2]["filterPattern"],
        "{ ($.eventSource = \"iam.amazonaws.com\") && ($.eventName = \"CreateRole\") }"
    );
    let counts = &filters[2]["metricTransformations"][0];
    assert_eq!(counts["metricNamespace"], "Trailwarden/watch");
    assert_eq!(counts["metricName"], "watch-roles");
    assert_eq!(counts["metricValue"], "1");
    let alarms = &seen["alarms"];
    let names = ["watch-keys", "watch-main-heartbeat", "watch-reads", "watch-roles"];
    assert_eq!(texts(alarms, "AlarmName"), names);
    assert_eq!(texts(alarms, "StateValue"), ["OK", "OK", "OK", "ALARM"]);
    let alarm = &alarms[3];
    assert_eq!(alarm["AlarmActions"], serde_json::json!([arn("sns", TOPIC)]));
    assert_eq!(alarm["Namespace"], "Trailwarden/watch");
    assert_eq!(alarm["MetricName"], "watch-roles");
    assert_eq!(alarm["Statistic"], "Sum");
    assert_eq!(alarm["Period"], 300);
    assert_eq!(alarm["EvaluationPeriods"], 1);
    assert_eq!(alarm["Threshold"], 1.0);
    assert_eq!(alarm["ComparisonOperator"], "GreaterThanOrEqualToThreshold");
    assert_eq!(alarm["TreatMissingData"], "notBreaching");
    let both = &seen["composite_alarms"][0];
    assert_eq!(
        both["AlarmRule"],
        "ALARM(\"watch-roles\") AND ALARM(\"watch-keys\")"
    );
    assert_eq!(
        texts(&seen["actions"], "HistorySummary"),
        [format!("Successfully executed action {}", arn("sns", TOPIC))]
    );

    let topic = &seen["topic"];
    assert_eq!(topic["SubscriptionsConfirmed"], "1");
    assert!(
        topic["KmsMasterKeyId"]
            .as_str()
            .unwrap_or_default()
            .contains(":key/")
    );
    let statements = topic["Policy"]["Statement"].as_array().expect("statements");
    let ours = statements
        .iter()
        .find(|one| one["Principal"]["Service"] == "cloudwatch.amazonaws.com");
    let ours = ours.expect("a statement for alarms");
    assert_eq!(ours["Effect"], "Allow");
    assert_eq!(
        ours["Condition"]["StringEquals"]["aws:SourceAccount"],
        world.account
    );
    assert_eq!(texts(&seen["subscriptions"], "Endpoint"), [arn("sqs", "alerts")]);

    // The call, on each of its ways: history, log group, log file, alarm, queue.
    let roles = seen["roles"].as_array().expect("roles");
    assert!(
        roles.contains(&"backdoor".into()) && roles.contains(&ROLE.into()),
        "{roles:?}"
    );
    assert_eq!(texts(&seen["log_events"], "eventName"), ["CreateRole"]);
    let recorded = seen["recorded"].as_array().expect("records");
    assert!(recorded.contains(&"CreateRole".into()), "{recorded:?}");
    assert_eq!(
        texts(&seen["messages"], "AlarmName"),
        ["watch-main-heartbeat", "watch-roles"]
    );
}
