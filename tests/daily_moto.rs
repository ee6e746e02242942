//! The everyday commands against moto, as far as it goes: docs/emulators.md has the rest.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_cloudwatchlogs::types::InputLogEvent;

use crate::daily::{SPEC, TOKEN};
use crate::support::clients::{Clients, wait};
use crate::support::world::World;

const GROUP: &str = "/acme/activity";

fn applied() -> World {
    let world = World::on_moto();
    world.write("spec.toml", &SPEC.replace("123456789012", &world.account));
    world.apply();
    world
}

#[test]
fn a_topic_is_tried_on_moto() {
    let world = applied();
    let clients = Clients::of(&world);
    let queue = wait(clients.sqs.create_queue().queue_name("tests").send()).expect("a queue");
    let queue = queue.queue_url.expect("its URL");
    let subscribe = clients
        .sns
        .subscribe()
        .topic_arn(clients.topic("acme-security"))
        .protocol("sqs")
        .endpoint(format!("arn:aws:sqs:us-east-1:{}:tests", world.account));
    wait(subscribe.send()).expect("a subscription");
    // moto takes every mail address for confirmed.
    world
        .run(&["notify", "security", "--yes"])
        .exits(0)
        .prints("email      s***s@example.com  confirmed\n")
        .prints("3 confirmed subscribers get it.");
    let messages = wait(clients.sqs.receive_message().queue_url(&queue).send()).expect("messages");
    let body = messages.messages()[0].body().expect("a body");
    let notice: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(notice["Subject"], "trailwarden: test message");
    world
        .run(&["notify", "quiet", "--yes"])
        .exits(4)
        .prints("has no subscribers");
    world
        .run(&["resend"])
        .exits(4)
        .prints("No subscriber of the spec waits to be confirmed");
    // Nor does it look at the token.
    let confirmed = world.run(&["confirm", "security", TOKEN]).exits(0);
    let arn = format!(
        "Confirmed: arn:aws:sns:us-east-1:{}:acme-security:",
        world.account
    );
    drop(confirmed.prints(&arn));
    drop(world.expect_no_differences());
}

#[test]
fn a_log_group_is_read_on_moto() {
    let world = applied();
    let clients = Clients::of(&world);
    let stream = clients.logs.create_log_stream().log_group_name(GROUP);
    wait(stream.log_stream_name("s").send()).expect("a stream");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let now = i64::try_from(now.as_millis()).expect("milliseconds");
    let event = |name: &str| {
        let record = format!(
            r#"{{"eventVersion": "1.08", "eventTime": "2026-03-01T12:00:00Z", "eventName": "{name}",
                "eventSource": "iam.amazonaws.com", "awsRegion": "us-east-1", "sourceIPAddress": "203.0.113.9",
                "userIdentity": {{"type": "IAMUser", "userName": "ann"}}}}"#
        );
        let event = InputLogEvent::builder().timestamp(now).message(record);
        event.build().expect("complete")
    };
    let put = clients.logs.put_log_events().log_group_name(GROUP);
    let put = put
        .log_stream_name("s")
        .log_events(event("CreateUser"))
        .log_events(event("ListUsers"));
    wait(put.send()).expect("put");

    let seen = |arguments: &[&str]| -> Vec<String> {
        let ran = world.run(&[&["logs"], arguments].concat()).exits(0);
        ran.stdout
            .lines()
            .map(|line| line.split_whitespace().nth(2).unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(seen(&[]), ["CreateUser", "ListUsers"]);
    assert_eq!(seen(&["--pattern", "CreateUser"]), ["CreateUser"]);
    // It picks by words and not by fields.
    assert_eq!(seen(&["--rule", "iam-changes"]), ["CreateUser", "ListUsers"]);
    world.run(&["logs", "--streams"]).exits(0).prints("  s\n");
    world
        .run(&["logs", "--pattern", "{ $.eventName"])
        .exits(65)
        .says("error");
}

#[test]
fn a_trail_is_changed_by_hand_on_moto() {
    let world = applied();
    for (arguments, says) in [
        (
            &["logging", "stop", "main", "--yes"][..],
            "does not record any more",
        ),
        (&["logging", "start", "main"], "The trail acme-main records."),
        (
            &["delivery", "off", "main", "--yes"],
            "delivers to no log group any more",
        ),
        (&["delivery", "on", "main"], "delivers to /acme/activity."),
    ] {
        world.run(arguments).exits(0).prints(says);
        let differs = !arguments.contains(&"start") && !arguments.contains(&"on");
        world
            .run(&["plan", "spec.toml", "--detailed-exitcode"])
            .exits(if differs { 2 } else { 0 });
    }
}

/// Neither histories nor events are in moto. The commands say which call it was.
#[test]
fn what_moto_has_no_history_of() {
    let world = applied();
    world
        .run(&["explain", "iam-changes"])
        .exits(1)
        .says("cloudwatch:DescribeAlarmHistory failed: UnknownOperationException");
    for arguments in [
        &["events"][..],
        &["events", "--name", "CreateUser"],
        &["events", "--id", "x"],
    ] {
        world
            .run(arguments)
            .exits(1)
            .says("cloudtrail:LookupEvents failed: ");
    }
}
