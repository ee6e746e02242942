//! What people do every day with a watch that works.

use crate::support::clients::{Clients, wait};
use crate::support::proxy::{Fault, Kind, Proxy};
use crate::support::world::World;

/// Two topics: one that two addresses and a queue hear, one that nobody hears.
pub(crate) const SPEC: &str = r#"
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
name = "acme-${account}-daily"

[log_group.activity]
name = "/acme/activity"
retention_days = 30

[topic.security]
name = "acme-security"
[[topic.security.subscription]]
protocol = "email"
endpoint = "secops@example.com"
[[topic.security.subscription]]
protocol = "email"
endpoint = "oncall@example.com"

[topic.quiet]

[rule.iam-changes]
description = "somebody changed who may do what"
pattern = '{ $.eventSource = "iam.amazonaws.com" && $.eventName = "Create*" }'
"#;

pub(crate) const TOKEN: &str =
    "2336412f37fb687f5d51e6e241d09c805a5a57b30d712f794cc5f6a988666d92768dd60a747ba6f3beb71854e285d6ad";

fn applied() -> World {
    let world = World::on_sandbox();
    world.write("spec.toml", &SPEC.replace("123456789012", &world.account));
    world.apply();
    world
}

/// The writes that a command makes.
fn writes(world: &World, arguments: &[&str], code: i32) -> Vec<String> {
    let proxy = Proxy::start(&world.endpoint);
    world.run_at(&proxy.endpoint, arguments).exits(code);
    let calls = proxy.calls().into_iter().filter(|call| call.write);
    calls.map(|call| call.operation).collect()
}

#[test]
fn a_topic_is_tried_once_somebody_hears_it() {
    let world = applied();
    // Nobody has confirmed: nothing is published, and nothing is asked.
    let nobody = world.run(&["notify", "security"]).exits(4);
    nobody
        .prints("The topic acme-security has 2 subscribers:")
        .prints("email      s***s@example.com  not confirmed, so it gets nothing\n")
        .prints("Nobody would get a message; nothing was published.\n")
        .says("trailwarden resend security");
    world
        .run(&["notify", "quiet"])
        .exits(4)
        .prints("has no subscribers");

    let link = format!(
        "https://sns.us-east-1.amazonaws.com/confirmation.html?TopicArn=arn:aws:sns:us-east-1:{}:acme-security&Token={TOKEN}\
         &Endpoint=secops@example.com",
        world.account
    );
    let confirmed = world.run(&["confirm", "topic.security", &link]).exits(0);
    assert!(!confirmed.stdout.contains(TOKEN) && !confirmed.stderr.contains(TOKEN));
    let only = format!("Only credentials of account {} can end it", world.account);
    let confirmed = confirmed.prints(&only);
    let arn = confirmed
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("Confirmed: "))
        .expect("its ARN");
    let attributes = Clients::of(&world)
        .sns
        .get_subscription_attributes()
        .subscription_arn(arn);
    let attributes = wait(attributes.send()).expect("attributes").attributes;
    assert_eq!(attributes.expect("some")["ConfirmationWasAuthenticated"], "true");

    // Now one hears it; without a terminal the question needs an answer on the command line.
    let asks = world.run(&["notify", "security"]).exits(64);
    asks.prints("@example.com  confirmed\n").says("--yes");
    assert_eq!(writes(&world, &["notify", "security", "--yes"], 0), ["Publish"]);
    world
        .run(&["notify", "topic.acme-security", "--yes", "--spec", "spec.toml"])
        .exits(0)
        .prints(": 1 confirmed subscriber gets it.\n");
}

#[test]
fn the_test_message_says_that_nothing_has_happened() {
    let world = applied();
    let clients = Clients::of(&world);
    let queue = wait(clients.sqs.create_queue().queue_name("tests").send()).expect("a queue");
    let queue = queue.queue_url.expect("its URL");
    let arn = format!("arn:aws:sqs:us-east-1:{}:tests", world.account);
    let policy = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": {{"Service": "sns.amazonaws.com"}},
            "Action": "sqs:SendMessage", "Resource": "{arn}"}}]}}"#
    );
    let open = clients
        .sqs
        .set_queue_attributes()
        .queue_url(&queue)
        .attributes(aws_sdk_sqs::types::QueueAttributeName::Policy, policy);
    wait(open.send()).expect("a policy");
    let subscribe = clients
        .sns
        .subscribe()
        .topic_arn(clients.topic("acme-security"))
        .protocol("sqs")
        .endpoint(&arn);
    wait(subscribe.send()).expect("a subscription");
    world
        .run(&["notify", "security", "--yes"])
        .exits(0)
        .prints("has 3 subscribers")
        .prints("1 confirmed subscriber gets it");
    let messages = wait(clients.sqs.receive_message().queue_url(&queue).send()).expect("messages");
    let body = messages.messages()[0].body().expect("a body");
    let notice: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(notice["Subject"], "trailwarden: test message");
    let text = notice["Message"].as_str().expect("a text");
    assert!(
        text.starts_with("This is a test message. Nothing has happened"),
        "{text}"
    );
    let from = format!(
        "told by the topic acme-security of the stack acme in account {}, us-east-1",
        world.account
    );
    assert!(text.contains(&from), "{text}");

    // A filter policy on attributes keeps it back, as it keeps alarms back.
    let listed = wait(
        clients
            .sns
            .list_subscriptions_by_topic()
            .topic_arn(clients.topic("acme-security"))
            .send(),
    );
    let listed = listed.expect("a list");
    let of_queue = listed
        .subscriptions()
        .iter()
        .find(|it| it.protocol() == Some("sqs"))
        .and_then(|it| it.subscription_arn())
        .expect("the queue's");
    let filter = clients
        .sns
        .set_subscription_attributes()
        .subscription_arn(of_queue)
        .attribute_name("FilterPolicy")
        .attribute_value(r#"{"severity": ["high"]}"#);
    wait(filter.send()).expect("a filter policy");
    world
        .run(&["notify", "security", "--yes"])
        .exits(4)
        .prints("confirmed, but its filter policy lets no message without attributes through")
        .prints("nothing was published");

    // One on the message reads JSON, which a test message is not.
    for (name, value) in [
        ("FilterPolicyScope", "MessageBody"),
        ("FilterPolicy", r#"{"NewStateValue": ["ALARM"]}"#),
    ] {
        let set = clients
            .sns
            .set_subscription_attributes()
            .subscription_arn(of_queue);
        let set = set.attribute_name(name).attribute_value(value);
        wait(set.send()).expect("a filter policy");
    }
    world
        .run(&["notify", "security", "--yes"])
        .exits(4)
        .prints("confirmed, but its filter policy looks into the message, which it does only with an alarm's")
        .prints("nothing was published");
}

#[test]
fn who_has_not_confirmed_is_asked_again_on_request() {
    let world = applied();
    world
        .run(&["resend", "security"])
        .exits(0)
        .prints("asked again: email s***s@example.com, for topic.security\n")
        .prints("asked again: email o***l@example.com, for topic.security\n")
        .says("within two days");
    world.run(&["confirm", "security", TOKEN]).exits(0);
    assert_eq!(writes(&world, &["resend"], 0), ["Subscribe"]);
    world.run(&["confirm", "security", TOKEN]).exits(0);
    assert_eq!(writes(&world, &["resend"], 4), [""; 0]);
    // Nobody waits for this token any more.
    let refused = world.run(&["confirm", "security", TOKEN]).exits(1);
    assert!(!refused.stderr.contains(TOKEN));
    refused
        .says("SNS does not know this token for the topic `acme-security`")
        .says("help: `trailwarden resend security` has SNS send another request");
}

#[test]
fn what_is_not_in_the_spec_is_named_with_what_is() {
    let world = World::on_sandbox();
    world.write("spec.toml", &SPEC.replace("123456789012", &world.account));
    world
        .run(&["notify", "secruity"])
        .exits(64)
        .says("there is no topic `secruity` in the spec")
        .says("it has `topic.quiet`, `topic.security`");
    world
        .run(&["notify", "security"])
        .exits(1)
        .says("there is no topic `acme-security` in the account")
        .says("`trailwarden apply` makes it");
    world
        .run(&["confirm", "security", "https://sns.us-east-1.amazonaws.com/"])
        .exits(64)
        .says("single quotes");
    world
        .run(&["notify", "security", "--spec", "gone.toml"])
        .exits(65);
    let policy = world
        .run(&["permissions", "spec.toml", "--for", "daily"])
        .exits(0)
        .prints("sns:Publish")
        .prints("sns:ConfirmSubscription");
    assert!(!policy.stdout.contains("Create"));
}

/// The lines of a command's output, without the head.
fn rows(stdout: &str) -> Vec<Vec<String>> {
    let lines = stdout.lines().skip(1);
    lines
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect()
}

#[test]
fn the_event_history_is_asked_by_name_user_resource_source_and_time() {
    let world = applied();
    let proxy = Proxy::start(&world.endpoint);
    let all = world
        .run_at(&proxy.endpoint, &["events", "--limit", "500"])
        .exits(0);
    // AWS gives 50 at a time.
    let calls = proxy.calls();
    let pages = calls
        .iter()
        .filter(|call| call.operation == "LookupEvents")
        .count();
    assert_eq!(pages, rows(&all.stdout).len().div_ceil(50));
    assert!(pages > 1, "{pages}");
    assert!(all.stdout.starts_with("TIME "), "{}", all.stdout);
    let newest_first: Vec<String> = rows(&all.stdout).iter().map(|row| row[0].clone()).collect();
    assert!(newest_first.is_sorted_by(|a, b| a >= b));

    let named = world.run(&["events", "--name", "CreateTrail"]).exits(0);
    let [made] = rows(&named.stdout).try_into().expect("one event");
    assert_eq!(made[1..], ["cloudtrail", "CreateTrail", "sandbox", "127.0.0.1"]);
    // AWS is asked for one thing; the others are looked at here.
    let both = [
        "events",
        "--name",
        "CreateTrail",
        "--resource",
        "acme-main",
        "--user",
        "sandbox",
    ];
    let proxy = Proxy::start(&world.endpoint);
    let ran = world.run_at(&proxy.endpoint, &both).exits(0);
    assert_eq!(rows(&ran.stdout), std::slice::from_ref(&made));
    let other = [
        "events",
        "--name",
        "CreateTrail",
        "--user",
        "sandbox",
        "--source",
        "iam",
    ];
    world
        .run(&other)
        .exits(0)
        .says("No event fits; `--since` looks further back.");
    let iam = world
        .run(&["events", "--source", "iam", "--name", "CreateRole"])
        .exits(0);
    assert_eq!(rows(&iam.stdout).len(), 1);
    world
        .run(&["events", "--limit", "0"])
        .exits(64)
        .says("at least 1");
    world
        .run(&["events", "--limit", "2"])
        .exits(0)
        .says("The newest 2; there may be more");
    world
        .run(&["events", "--until", "2020-01-01"])
        .exits(64)
        .says("`--until` is before `--since`");
    let none = world
        .run(&["events", "--since", "2019-01-01", "--until", "2020-01-01"])
        .exits(0);
    assert_eq!(none.stdout, "");

    let lines = world
        .run(&["events", "--name", "CreateTrail", "--format", "json"])
        .exits(0);
    let line: serde_json::Value = serde_json::from_str(&lines.stdout).expect("one object");
    assert_eq!(line["resources"][0]["name"], "acme-main");
    assert_eq!(
        line["who"],
        format!("arn:aws:iam::{}:user/sandbox", world.account)
    );
    let id = line["id"].as_str().expect("an id");
    let whole = world.run(&["events", "--id", id]).exits(0);
    let whole: serde_json::Value = serde_json::from_str(&whole.stdout).expect("the record");
    assert_eq!(whole["requestParameters"]["name"], "acme-main");
    world
        .run(&["events", "--id", "00000000-0000-0000-0000-000000000000"])
        .exits(4)
        .says("has no event `00000000-0000-0000-0000-000000000000`");
    world
        .run(&["events", "--since", "yesterday"])
        .exits(64)
        .says("24h");
}

/// Moves the account's clock on. Only accounts in files have one.
fn advance(world: &World, by: &str) {
    world
        .run(&["sandbox", "clock", "--advance", by, "--sandbox"])
        .exits(0);
}

/// Plays the record of a user that somebody makes, as CloudTrail would deliver it.
fn somebody_makes_a_user(world: &World, id: &str, error: &str) {
    let shown = world.run(&["sandbox", "clock", "--sandbox"]).exits(0);
    let record = format!(
        r#"{{"eventVersion": "1.08", "eventTime": "{}", "eventName": "CreateUser", "eventSource": "iam.amazonaws.com",
            "awsRegion": "us-east-1", "sourceIPAddress": "203.0.113.9", "eventID": "{id}", "eventType": "AwsApiCall",
            "managementEvent": true, "readOnly": false, "recipientAccountId": "{account}"{error},
            "userIdentity": {{"type": "AssumedRole", "arn": "arn:aws:sts::{account}:assumed-role/admin/ann",
            "accountId": "{account}"}}, "requestParameters": {{"userName": "eve"}}}}"#,
        shown.stdout.trim(),
        account = world.account
    );
    world.write("record.json", &record);
    let play = [
        "sandbox",
        "play",
        "--account",
        &world.account,
        "--sandbox",
        "record.json",
    ];
    world.run(&play).exits(0).prints("1 taken");
}

/// The account in a file, with the spec applied.
fn in_a_file() -> World {
    let world = World::on_sandbox();
    world.write("spec.toml", &SPEC.replace("123456789012", &world.account));
    world.run(&["apply", "spec.toml", "--yes", "--sandbox"]).exits(0);
    world
}

#[test]
fn a_log_group_is_read_by_pattern_and_by_rule() {
    let world = in_a_file();
    advance(&world, "6m");
    somebody_makes_a_user(&world, "e-1", "");
    let rule = world
        .run(&["logs", "--rule", "iam-changes", "--sandbox"])
        .exits(0);
    let words: Vec<&str> = rule.stdout.split_whitespace().collect();
    assert_eq!(
        words[1..],
        ["iam", "CreateUser", "ann", "203.0.113.9"],
        "{}",
        rule.stdout
    );
    let pattern = ["logs", "activity", "--sandbox", "--pattern"];
    let failed = [&pattern[..], &["{ $.errorCode = \"AccessDenied\" }"]].concat();
    let none = world.run(&failed).exits(0).says("No event fits");
    assert_eq!(none.stdout, "");
    somebody_makes_a_user(&world, "e-2", r#", "errorCode": "AccessDenied""#);
    let one = world.run(&failed).exits(0);
    assert!(
        one.stdout.ends_with("203.0.113.9      AccessDenied\n"),
        "{}",
        one.stdout
    );

    // JSON has the whole of it; what the trail delivered of the apply itself is there, too.
    let json = [&pattern[..], &["{ $.eventID = \"e-1\" }", "--format", "json"]].concat();
    let json = world.run(&json).exits(0);
    let line: serde_json::Value = serde_json::from_str(&json.stdout).expect("one object");
    assert_eq!(line["message"]["requestParameters"]["userName"], "eve");
    let stream = format!("{}_CloudTrail_us-east-1", world.account);
    assert_eq!(line["stream"], stream.as_str());
    world
        .run(&["logs", "--streams", "--sandbox"])
        .exits(0)
        .prints(&format!("  {stream}\n"));
    let last = world
        .run(&["logs", "--limit", "1", "--sandbox"])
        .exits(0)
        .says("The newest 1; there may be more");
    assert_eq!(last.stdout.lines().count(), 1);

    world
        .run(&["logs", "--pattern", "{ $.eventName = }", "--sandbox"])
        .exits(65);
    world
        .run(&["logs", "--rule", "nothing", "--sandbox"])
        .exits(64)
        .says("there is no rule `nothing` in the spec")
        .says("`rule.iam-changes`");
    let empty = World::on_sandbox();
    empty.write("spec.toml", &SPEC.replace("123456789012", &empty.account));
    empty
        .run(&["logs"])
        .exits(1)
        .says("there is no log group `/acme/activity`")
        .says("help: `trailwarden apply` makes the log groups of the spec");
}

#[test]
fn a_log_group_is_followed() {
    let world = applied();
    let clients = Clients::of(&world);
    let stream = clients
        .logs
        .create_log_stream()
        .log_group_name("/acme/activity")
        .log_stream_name("app");
    wait(stream.send()).expect("a stream");
    let put = |text: &str| {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .expect("after 1970");
        let event = aws_sdk_cloudwatchlogs::types::InputLogEvent::builder()
            .timestamp(i64::try_from(now.as_millis()).expect("a time"))
            .message(text)
            .build()
            .expect("an event");
        let put = clients
            .logs
            .put_log_events()
            .log_group_name("/acme/activity")
            .log_stream_name("app")
            .log_events(event);
        wait(put.send()).expect("taken");
    };
    put("one");
    let arguments = ["logs", "--follow", "--pattern", "-two"];
    let mut command = world
        .command(&world.endpoint, &arguments)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the command starts");
    let output = std::io::BufReader::new(command.stdout.take().expect("its output"));
    let mut lines = std::io::BufRead::lines(output).map(|line| line.expect("UTF-8"));
    let first = lines.next().expect("a line");
    assert!(first.ends_with("Z  one"), "{first}");
    put("two");
    put("three");
    // What was shown is not shown again.
    let next = lines.next().expect("a line");
    assert!(next.ends_with("Z  three"), "{next}");
    let interrupt = std::process::Command::new("kill")
        .args(["-INT", &command.id().to_string()])
        .status()
        .expect("kill");
    assert!(interrupt.success());
    assert_eq!(command.wait().expect("its end").code(), Some(130));
    assert_eq!(lines.next(), None);
}

#[test]
fn a_trail_is_stopped_and_started_until_the_next_apply() {
    let world = applied();
    world.run(&["logging", "stop", "main"]).exits(64).says("--yes");
    let stop = ["logging", "stop", "main", "--yes"];
    assert_eq!(writes(&world, &stop, 0), ["StopLogging"]);
    world
        .run(&stop)
        .exits(0)
        .prints("The trail acme-main does not record already; nothing was done.\n")
        .prints("The spec wins: the next apply starts it again. To keep it so, write into `[trail.main]` (spec.toml:13):\n")
        .prints("    logging = false\n");
    world
        .run(&["plan", "--detailed-exitcode"])
        .exits(2)
        .prints("logging");
    assert_eq!(
        writes(&world, &["logging", "start", "trail.main"], 0),
        ["StartLogging"]
    );
    world.expect_no_differences();
    let again = world.run(&["logging", "start", "trail.acme-main"]).exits(0);
    assert_eq!(
        again.stdout,
        "The trail acme-main records already; nothing was done.\n"
    );

    // The line that it offers is one that the spec takes.
    world.run(&stop).exits(0);
    let text = SPEC.replace("123456789012", &world.account);
    world.write(
        "spec.toml",
        &text.replace("[trail.main]\n", "[trail.main]\nlogging = false\n"),
    );
    // Only its heartbeat is in question, which has nothing to listen to any more.
    let plan = world.run(&["plan"]).exits(5).prints("alarm.acme-main-heartbeat");
    assert!(!plan.stdout.contains("trail.acme-main"), "{}", plan.stdout);
    world
        .run(&["logging", "start", "main"])
        .exits(0)
        .prints("the next apply stops it again")
        .prints("    logging = true\n");
}

#[test]
fn a_trail_s_delivery_is_turned_off_and_on_until_the_next_apply() {
    let world = applied();
    world.run(&["delivery", "off", "main"]).exits(64).says("--yes");
    let off = ["delivery", "off", "main", "--yes"];
    assert_eq!(writes(&world, &off, 0), ["UpdateTrail"]);
    world
        .run(&off)
        .exits(0)
        .prints("The trail acme-main delivers to no log group already; nothing was done.\n")
        .prints("The spec wins: the next apply turns it on again.")
        .prints("    cloudwatch_logs = false\n");
    world.run(&["plan", "--detailed-exitcode"]).exits(2);
    assert_eq!(writes(&world, &["delivery", "on", "main"], 0), ["UpdateTrail"]);
    world.expect_no_differences();
    let again = world.run(&["delivery", "on", "main"]).exits(0);
    assert_eq!(
        again.stdout,
        "The trail acme-main delivers to /acme/activity already; nothing was done.\n"
    );

    world.run(&off).exits(0);
    let text = SPEC.replace("123456789012", &world.account);
    let section = "bucket = \"logs\"\nlog_group = \"activity\"\n";
    assert!(text.contains(section));
    world.write(
        "spec.toml",
        &text.replace(section, "bucket = \"logs\"\ncloudwatch_logs = false\n"),
    );
    let plan = world.run(&["plan"]).exits(5).prints("alarm.acme-main-heartbeat");
    assert!(!plan.stdout.contains("trail.acme-main"), "{}", plan.stdout);
    world
        .run(&["delivery", "on", "main"])
        .exits(64)
        .says("`[trail.main]` (spec.toml:13) names no log group to deliver to");
}

#[test]
fn somebody_else_s_trail_is_left_alone() {
    let world = applied();
    let clients = Clients::of(&world);
    let marks = clients
        .cloudtrail
        .remove_tags()
        .resource_id(format!(
            "arn:aws:cloudtrail:us-east-1:{}:trail/acme-main",
            world.account
        ))
        .tags_list(
            aws_sdk_cloudtrail::types::Tag::builder()
                .key("trailwarden:stack")
                .build()
                .expect("a tag"),
        );
    wait(marks.send()).expect("the mark is gone");
    world
        .run(&["logging", "stop", "main", "--yes"])
        .exits(1)
        .says("is not the stack's; nothing was done")
        .says("trailwarden plan");
    let empty = World::on_sandbox();
    empty.write("spec.toml", &SPEC.replace("123456789012", &empty.account));
    empty
        .run(&["delivery", "off", "main", "--yes"])
        .exits(1)
        .says("there is no trail `acme-main`");
}

#[test]
fn an_alarm_is_explained_by_the_events_behind_it() {
    let world = in_a_file();
    let explain = ["explain", "iam-changes", "--sandbox"];
    somebody_makes_a_user(&world, "e-0", "");
    advance(&world, "30m");
    somebody_makes_a_user(&world, "e-1", r#", "errorCode": "AccessDenied""#);
    advance(&world, "10m");
    let who = format!("arn:aws:sts::{}:assumed-role/admin/ann", world.account);
    let told = world
        .run(&explain)
        .exits(0)
        .prints("rule.iam-changes (alarm acme-iam-changes)\n")
        .prints("-> ALARM\n  Threshold Crossed: 1")
        .prints("  1 event of /acme/activity from ")
        .prints("  CreateUser of iam.amazonaws.com, failed with AccessDenied\n")
        .prints(&format!("      who    {who}\n"))
        .prints("      where  us-east-1, from 203.0.113.9\n")
        .prints("      event  e-1\n");
    assert_eq!(told.stdout.matches("Threshold Crossed").count(), 1);

    // The time before has the other event, and neither has both.
    let both = [&explain[..], &["--last", "5", "--format", "json"]].concat();
    let json = world.run(&both).exits(0);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(json["alarm"], "acme-iam-changes");
    let ids = |at: usize| -> Vec<String> {
        let events = json["went_off"][at]["counted"][0]["events"].as_array();
        let ids = events.into_iter().flatten().map(|event| event["id"].to_string());
        ids.collect()
    };
    assert_eq!(json["went_off"].as_array().map(Vec::len), Some(2), "{json:#}");
    assert_eq!(ids(0), ["\"e-1\""]);
    assert_eq!(ids(1), ["\"e-0\""]);
    assert_eq!(
        json["went_off"][0]["counted"][0]["events"][0]["who"],
        who.as_str()
    );
}

#[test]
fn an_alarm_that_has_not_gone_off_has_nothing_to_explain() {
    let world = applied();
    world
        .run(&["explain", "rule.iam-changes"])
        .exits(4)
        .prints("It has not gone off in the 30 days that CloudWatch remembers.\n");
    world
        .run(&["explain", "iam"])
        .exits(64)
        .says("there is no alarm `iam` in the spec")
        .says("`rule.iam-changes`");
    // Somebody tries the alarm: there is no event behind it.
    let set = Clients::of(&world)
        .cloudwatch
        .set_alarm_state()
        .alarm_name("acme-iam-changes")
        .state_value(aws_sdk_cloudwatch::types::StateValue::Alarm)
        .state_reason("a trial");
    wait(set.send()).expect("its state");
    world
        .run(&["explain", "rule.iam-changes"])
        .exits(0)
        .prints("-> ALARM\n  a trial\n")
        .prints("somebody set the alarm's state, or the events are gone");
}

#[test]
fn a_composite_alarm_names_the_alarms_that_it_asks() {
    let world = World::on_sandbox();
    let spec = SPEC.replace("123456789012", &world.account);
    let composite = "[composite_alarm.break-in]\nname = \"acme-break-in\"\nrule = \"ALARM(rule.iam-changes)\"\n\
                     notify = [\"security\"]\n";
    world.write("spec.toml", &format!("{spec}\n{composite}"));
    world.run(&["apply", "spec.toml", "--yes", "--sandbox"]).exits(0);
    somebody_makes_a_user(&world, "e-1", "");
    advance(&world, "10m");
    world
        .run(&["explain", "break-in", "--sandbox"])
        .exits(0)
        .prints("composite_alarm.break-in (alarm acme-break-in)\n")
        .prints("-> ALARM\n")
        .prints("It asks other alarms, which `trailwarden explain` explains: acme-iam-changes\n");
    // It is named so.
    world
        .run(&["explain", "acme-iam-changes", "--sandbox"])
        .exits(0)
        .prints("      event  e-1\n");
}

/// Puts something into the trail's bucket.
fn put(world: &World, key: &str, body: impl Into<Vec<u8>>) {
    let clients = Clients::of(world);
    let body = aws_sdk_s3::primitives::ByteStream::from(body.into());
    let bucket = format!("acme-{}-daily", world.account);
    let put = clients.s3.put_object().bucket(bucket).key(key).body(body);
    wait(put.send()).expect("an object");
}

/// The key of a log file that the trail delivered.
fn key(world: &World, region: &str, time: &str, unique: &str) -> String {
    let account = &world.account;
    let day = format!("{}/{}/{}", &time[..4], &time[4..6], &time[6..8]);
    format!(
        "AWSLogs/{account}/CloudTrail/{region}/{day}/{account}_CloudTrail_{region}_{time}_{unique}.json.gz"
    )
}

fn log_files_are_listed_and_downloaded(world: &World) {
    world.write("spec.toml", &SPEC.replace("123456789012", &world.account));
    world.apply();
    for (region, time, unique, bytes) in [
        ("us-east-1", "20260301T2355Z", "a", 10),
        ("us-east-1", "20260301T2355Z", "b", 990),
        ("us-east-1", "20260302T0005Z", "c", 1234),
        ("us-east-1", "20260303T1200Z", "d", 1),
        ("eu-west-1", "20260302T0010Z", "e", 5),
        // Before and after.
        ("us-east-1", "20260228T2359Z", "f", 1),
        ("us-east-1", "20260304T0000Z", "g", 1),
    ] {
        put(world, &key(world, region, time, unique), vec![b'x'; bytes]);
    }
    // What lies beside them: a digest, a note, and what somebody copied into a day that is not its own.
    let root = format!("AWSLogs/{}", world.account);
    put(
        world,
        &format!("{root}/CloudTrail-Digest/us-east-1/2026/03/02/digest.json.gz"),
        "x",
    );
    put(
        world,
        &format!("{root}/CloudTrail/us-east-1/2026/03/02/notes.txt"),
        "x",
    );
    let copied = key(world, "us-east-1", "20260302T0005Z", "h").replace("/03/02/", "/03/03/");
    put(world, &copied, "x");
    let time = ["--since", "2026-03-01", "--until", "2026-03-03T23:59:59Z"];
    let files = |more: &[&str]| world.run(&[&["files"], &time[..], more].concat());

    let table = files(&[]).exits(0);
    assert_eq!(
        table.stdout,
        "DAY         REGION      FILES       SIZE  FIRST  LAST\n\
         2026-03-01  us-east-1       2     1.0 KB  23:55  23:55\n\
         2026-03-02  eu-west-1       1        5 B  00:10  00:10\n\
         2026-03-02  us-east-1       1     1.2 KB  00:05  00:05\n\
         2026-03-03  us-east-1       1        1 B  12:00  12:00\n"
    );
    let table = table.says("note: 2 objects of that time are no log files of CloudTrail, and left out\n");
    assert!(!table.stderr.contains("error"), "{}", table.stderr);

    let json = files(&["--only-region", "eu-west-1", "--format", "json"]).exits(0);
    let row: serde_json::Value = serde_json::from_str(&json.stdout).expect("one object");
    assert_eq!(
        row,
        serde_json::json!({
            "day": "2026-03-02", "account": world.account, "region": "eu-west-1", "holds": "events", "files": 1,
            "bytes": 5, "first": "2026-03-02T00:10:00Z", "last": "2026-03-02T00:10:00Z",
        })
    );
    let list = files(&["--list"]).exits(0);
    let keys: Vec<&str> = list
        .stdout
        .lines()
        .map(|line| line.rsplit(' ').next().expect("a key"))
        .collect();
    let wanted = ["a", "b", "c", "e", "d"].map(|unique| format!("_{unique}.json.gz"));
    assert!(
        keys.iter().zip(&wanted).all(|(key, end)| key.ends_with(end)),
        "{}",
        list.stdout
    );
    assert!(
        list.stdout
            .starts_with("2026-03-01T23:55:00Z       10 B  AWSLogs/")
    );

    // They keep their names below the folder; what is there is left alone, and what is not whole is fetched.
    files(&["--to", "logs"])
        .exits(0)
        .prints("Downloaded 5 files with 2.2 KB to logs.\n");
    let file = |region: &str, time: &str, unique: &str| {
        world.folder().join("logs").join(key(world, region, time, unique))
    };
    let (whole, cut) = (
        file("us-east-1", "20260302T0005Z", "c"),
        file("us-east-1", "20260301T2355Z", "b"),
    );
    assert_eq!(std::fs::read(&whole).expect("a file").len(), 1234);
    std::fs::write(&whole, vec![b'y'; 1234]).expect("changed");
    std::fs::write(&cut, "x").expect("cut off");
    let again = files(&["--to", "logs", "--list", "--format", "json"])
        .exits(0)
        .says("Downloaded 1 file with 990 B to logs; 4 were there already.\n");
    assert!(std::fs::read(&whole).expect("a file").starts_with(b"y"));
    assert_eq!(std::fs::read(&cut).expect("a file").len(), 990);
    let first = again.stdout.lines().next().expect("a line");
    let first: serde_json::Value = serde_json::from_str(first).expect("an object");
    assert_eq!(first["bytes"], 10);
    assert!(std::fs::exists(world.folder().join(first["file"].as_str().expect("a path"))).expect("looked"));

    // Nothing then, and nowhere.
    let none = world
        .run(&["files", "--since", "2025-01-01", "--until", "2025-02-01"])
        .exits(0)
        .says("No log file was delivered then");
    assert_eq!(none.stdout, "");
}

#[test]
fn log_files_are_listed_and_downloaded_on_the_sandbox() {
    log_files_are_listed_and_downloaded(&World::on_sandbox());
}

#[test]
fn log_files_are_listed_and_downloaded_on_moto() {
    log_files_are_listed_and_downloaded(&World::on_moto());
}

#[test]
fn a_bucket_is_listed_with_few_calls() {
    let world = applied();
    for number in 0..1100 {
        put(
            &world,
            &key(&world, "us-east-1", "20260302T0005Z", &format!("x{number}")),
            "x",
        );
    }
    for region in ["eu-west-1", "eu-west-2"] {
        put(&world, &key(&world, region, "20260302T0005Z", "x"), "x");
    }
    let proxy = Proxy::start(&world.endpoint);
    let files = ["files", "main", "--since", "2026-03-01"];
    let table = world.run_at(&proxy.endpoint, &files).exits(0);
    assert!(table.stdout.contains("us-east-1    1100"), "{}", table.stdout);
    // One for the regions, and one for each thousand of a region.
    let calls: Vec<String> = proxy.calls().into_iter().map(|call| call.operation).collect();
    let lists = calls.iter().filter(|call| *call == "ListObjectsV2").count();
    assert_eq!((lists, calls.len()), (5, 6), "{calls:?}");
}

#[test]
fn a_log_file_that_cannot_be_read_says_which_permission_is_missing() {
    let world = applied();
    put(&world, &key(&world, "us-east-1", "20260302T0005Z", "a"), "x");
    let files = ["files", "--since", "2026-03-01", "--to", "logs"];
    let proxy = Proxy::start(&world.endpoint);
    proxy.fault(Fault::on(
        "GetObject",
        Kind::Error {
            code: "AccessDenied".into(),
            message: "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: kms:Decrypt on resource: \
                      arn:aws:kms:us-east-1:123456789012:key/1 because no identity-based policy allows the \
                      kms:Decrypt action"
                .into(),
            status: 403,
        },
    ));
    world
        .run_at(&proxy.endpoint, &files)
        .exits(1)
        .says("the caller needs kms:Decrypt with it, in a policy of its own and in the key's")
        .says("what was downloaded is in `logs`, and the same command goes on from there")
        .says("help: let the caller do it: `trailwarden permissions`");
    let proxy = Proxy::start(&world.endpoint);
    proxy.fault(Fault::on("ListObjectsV2", Kind::AccessDenied));
    world
        .run_at(&proxy.endpoint, &files)
        .exits(1)
        .says("the caller needs s3:ListBucket on the bucket `acme-");
    // A connection that breaks is no end, and no part of a file is left behind.
    let proxy = Proxy::start(&world.endpoint);
    proxy.fault(Fault::on("GetObject", Kind::ResetAfter).first(1));
    world
        .run_at(&proxy.endpoint, &files)
        .exits(0)
        .prints("Downloaded 1 file with 1 B to logs.\n");
    world
        .run(&["files", "--since", "2026-03-02", "--until", "2026-03-01"])
        .exits(64)
        .says("`--until` is before `--since`");
    world
        .run(&["files", "--only-region", "Frankfurt"])
        .exits(64)
        .says("`--only-region Frankfurt` is no region");
    world
        .run(&["files", "second"])
        .exits(64)
        .says("there is no trail `second` in the spec");
    let empty = World::on_sandbox();
    empty.write("spec.toml", &SPEC.replace("123456789012", &empty.account));
    empty.run(&["files"]).exits(1).says("there is no bucket `acme-");
}

#[test]
fn a_bucket_of_another_region_is_asked_there() {
    use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};

    let world = World::on_sandbox();
    let spec = SPEC.replace("123456789012", &world.account);
    let name = format!("central-{}", world.account);
    let (before, after) = spec.split_once("[bucket.logs]").expect("a section");
    let after = after.split_once("\n\n").expect("its end").1;
    let existing = format!("bucket = {{ existing = \"{name}\" }}");
    let spec = format!("{before}{after}").replace("bucket = \"logs\"", &existing);
    world.write("spec.toml", &spec);

    let clients = Clients::of(&world);
    let there = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuWest1)
        .build();
    let make = clients
        .s3
        .create_bucket()
        .bucket(&name)
        .create_bucket_configuration(there);
    wait(make.send()).expect("a bucket");
    let region = aws_sdk_s3::config::Region::from_static("eu-west-1");
    let far = aws_sdk_s3::Client::from_conf(clients.s3.config().to_builder().region(region).build());
    for unique in ["a", "b", "c"] {
        let key = key(&world, "us-east-1", "20260302T0005Z", unique);
        let body = aws_sdk_s3::primitives::ByteStream::from_static(b"x");
        let put = far.put_object().bucket(&name).key(key).body(body);
        wait(put.send()).expect("an object");
    }
    let proxy = Proxy::start(&world.endpoint);
    world
        .run_at(
            &proxy.endpoint,
            &["files", "--since", "2026-03-01", "--to", "logs"],
        )
        .exits(0)
        .prints("Downloaded 3 files with 3 B to logs.\n");
    // Where it is is asked once: after the first answer that it is elsewhere.
    let calls: Vec<String> = proxy.calls().into_iter().map(|call| call.operation).collect();
    let count = |operation: &str| calls.iter().filter(|call| *call == operation).count();
    assert_eq!(
        (
            count("ListObjectsV2"),
            count("GetBucketLocation"),
            count("GetObject")
        ),
        (3, 1, 3),
        "{calls:?}"
    );
}

#[test]
fn an_organization_s_trail_has_the_files_of_all_its_accounts() {
    let world = World::on_sandbox();
    let spec = SPEC.replace("123456789012", &world.account);
    let section = "[trail.main]\n";
    let organization = "[trail.main]\norganization = \"o-exampleorgid\"\nprefix = \"audit\"\n\
                        insights = [\"api_call_rate\"]\n";
    world.write("spec.toml", &spec.replace(section, organization));
    let bucket = format!("acme-{}-daily", world.account);
    wait(Clients::of(&world).s3.create_bucket().bucket(bucket).send()).expect("a bucket");
    let at = |root: &str, account: &str| {
        let name = format!("{account}_CloudTrail_us-east-1_20260302T0005Z_x.json.gz");
        put(
            &world,
            &format!("audit/AWSLogs/{root}{account}/CloudTrail/us-east-1/2026/03/02/{name}"),
            "x",
        );
    };
    at("o-exampleorgid/", "111111111111");
    at("o-exampleorgid/", "222222222222");
    // From before it was the organization's.
    at("", &world.account);
    let name = "111111111111_CloudTrail-Insight_us-east-1_20260302T0010Z_x.json.gz";
    put(
        &world,
        &format!("audit/AWSLogs/o-exampleorgid/111111111111/CloudTrail-Insight/us-east-1/2026/03/02/{name}"),
        "x",
    );
    let files = ["files", "--since", "2026-03-01", "--to", "logs"];
    world
        .run(&files)
        .exits(0)
        .prints("DAY         ACCOUNT       REGION ")
        .prints("2026-03-02  111111111111  us-east-1                  1        1 B  00:05  00:05\n")
        .prints("2026-03-02  111111111111  us-east-1 (Insights)       1        1 B  00:10  00:10\n")
        .prints(&format!("2026-03-02  {}  us-east-1 ", world.account))
        .prints("Downloaded 4 files with 4 B to logs.\n");
    let member = "logs/AWSLogs/o-exampleorgid/222222222222/CloudTrail/us-east-1/2026/03/02";
    assert!(std::fs::exists(world.folder().join(member)).expect("looked"));

    // What is in another account's bucket may be whatever its owner likes.
    let theirs = "bucket = { existing = \"central\", owner = \"999999999999\" }";
    let spec = spec.replace("bucket = \"logs\"", theirs);
    let (before, after) = spec.split_once("[bucket.logs]").expect("a section");
    let after = after.split_once("\n\n").expect("its end").1;
    world.write("spec.toml", &format!("{before}{after}"));
    world
        .run(&files)
        .exits(1)
        .says("the bucket `central` is another account's, which is not read")
        .says("`aws s3 sync s3://central/AWSLogs/ FOLDER/AWSLogs/`");
}

/// Makes a role, as somebody who calls the account.
fn somebody_makes_a_role(world: &World, name: &str) {
    let make = Clients::of(world)
        .iam
        .create_role()
        .role_name(name)
        .assume_role_policy_document(
            r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"Service": "ec2.amazonaws.com"}}]}"#,
        );
    wait(make.send()).expect("a role");
}

#[test]
fn an_alarm_is_explained_from_downloaded_log_files_as_from_the_log_group() {
    let world = World::in_file();
    world.write("spec.toml", &SPEC.replace("123456789012", &world.account));
    world.apply();
    world.pass(7);
    somebody_makes_a_role(&world, "eve");
    somebody_makes_a_role(&world, "mallory");
    world.pass(60);
    somebody_makes_a_role(&world, "trudy");
    world.pass(60);
    world
        .run(&["files"])
        .exits(0)
        .prints("2026-03-02  us-east-1 ")
        .prints("  10:05  11:10\n");
    world
        .run(&["files", "main", "--to", "logs"])
        .exits(0)
        .prints(" to logs.\n");

    let explain = ["explain", "iam-changes", "--last", "5", "--format", "json"];
    let events = |more: &[&str]| -> serde_json::Value {
        let ran = world.run(&[&explain, more].concat()).exits(0);
        assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
        let json: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
        json["went_off"].clone()
    };
    let (group, files) = (events(&[]), events(&["--logs", "logs"]));
    let counted = |json: &serde_json::Value, at: usize| json[at]["counted"].clone();
    for (at, most) in [(0, 1), (1, 2)] {
        let of_group = counted(&group, at);
        assert_eq!(of_group[0]["events"].as_array().map(Vec::len), Some(most));
        assert_eq!(counted(&files, at), of_group);
        assert_eq!(files[at]["looked_at"], group[at]["looked_at"]);
    }
    assert_eq!(
        (group.as_array().map(Vec::len), files.as_array().map(Vec::len)),
        (Some(2), Some(2))
    );
    // The calls of a quarter of an hour before are looked for, too.
    assert_eq!(files[1]["looked_at"]["from"], "2026-03-02T10:06:00Z");
    assert_eq!(files[1]["searched"]["from"], "2026-03-02T09:51:00Z");
    assert_eq!(files[1]["searched"]["to"], files[1]["looked_at"]["to"]);

    // For people; a file that is named twice counts once, one that is cut off for what can be read of it.
    let mut keys: Vec<String> = world
        .run(&["files", "--list", "--format", "json"])
        .exits(0)
        .stdout
        .lines()
        .map(|line| {
            let json: serde_json::Value = serde_json::from_str(line).expect("an object");
            format!("logs/{}", json["key"].as_str().expect("a key"))
        })
        .collect();
    let last = keys.pop().expect("files");
    let bytes = std::fs::read(world.folder().join(&last)).expect("a file");
    std::fs::write(world.folder().join(&last), &bytes[..bytes.len() - 9]).expect("cut off");
    let told = world
        .run(&["explain", "iam-changes", "--logs", "logs", &last, "nowhere"])
        .exits(0)
        .prints("rule.iam-changes (alarm acme-iam-changes)\n")
        .prints("  1 event of the log files from 2026-03-02T10:51:00Z to 2026-03-02T11:1")
        .prints("  CreateRole of iam.amazonaws.com\n      who    arn:aws:iam::")
        .prints(
            " log files were read. Calls of the 15 minutes before the alarm's periods are looked for, too",
        )
        .says("warning: `nowhere`: cannot be read: No such file or directory")
        .says(".json.gz`: is cut off: what is packed ends in record ");
    assert_eq!(told.stdout.matches("CreateRole").count(), 1);

    // Standard input, and files that do not have the time.
    let mut command = world.command(&world.endpoint, &["explain", "iam-changes", "--logs", "-"]);
    let mut command = command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut input = command.stdin.take().expect("its input");
    std::io::Write::write_all(&mut input, &bytes).expect("written");
    drop(input);
    let output = command.wait_with_output().expect("it ends");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(
        text.contains("CreateRole") && text.contains("of 1 log files"),
        "{text}"
    );
    world
        .run(&["explain", "iam-changes", "--logs", &keys[0]])
        .exits(0)
        .prints("the log files have no event from 2026-03-02T10:51:00Z")
        .prints("or the events are in others");
    world
        .run(&["explain", "iam-changes", "--logs", "nowhere"])
        .exits(1)
        .says("warning: `nowhere`: cannot be read")
        .says("none of the log files could be read")
        .says("trailwarden files --to FOLDER");
}

#[test]
fn log_files_spare_the_log_group() {
    let world = applied();
    let set = Clients::of(&world)
        .cloudwatch
        .set_alarm_state()
        .alarm_name("acme-iam-changes")
        .state_value(aws_sdk_cloudwatch::types::StateValue::Alarm)
        .state_reason("a trial");
    wait(set.send()).expect("its state");
    let minutes = |ago: i64| jiff::Timestamp::now() - jiff::SignedDuration::from_mins(ago);
    let record = |ago: i64, id: &str| {
        format!(
            "{{\"eventTime\": \"{:.0}\",\n \"eventName\": \"CreateUser\",\n \"eventSource\": \"iam.amazonaws.com\", \
             \"eventID\": \"{id}\"}}\n",
            minutes(ago)
        )
    };
    // Twice, as trails that overlap deliver it; hours ago; and what is no record.
    let text = [
        &record(8, "e-1"),
        &record(300, "e-0"),
        &record(8, "e-1"),
        "7\n",
        "{\"eventTime\"",
    ]
    .concat();
    world.write("events", &text);
    let proxy = Proxy::start(&world.endpoint);
    let explain = ["explain", "iam-changes", "--logs", "events"];
    let told = world
        .run_at(&proxy.endpoint, &explain)
        .exits(0)
        .prints("  1 event of the log files from ")
        .prints("  CreateUser of iam.amazonaws.com\n")
        .prints("3 records of 1 log files were read")
        .says("warning: `events`: record 4 is no JSON object, at byte ")
        .says("warning: `events`: record 5 ends in the middle, at byte ");
    assert_eq!(told.stdout.matches("event  e-").count(), 1);
    let calls = proxy.calls();
    assert!(calls.iter().all(|call| call.service != "logs"));
    assert!(calls.iter().any(|call| call.operation == "DescribeAlarmHistory"));
}
