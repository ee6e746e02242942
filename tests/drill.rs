//! `trailwarden drill`: a call of its own, watched until its notice arrives.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use aws_sdk_cloudtrail::types::{EventSelector, ReadWriteType};
use aws_sdk_cloudwatch::types::Dimension;
use serde_json::Value;

use crate::published;
use crate::status::breakages::{
    Breakage, OF_DELIVERY, OF_TRAILS, PLAIN, put_alarm, put_filter, select, set_policy,
};
use crate::support::clients::{Clients, wait};
use crate::support::world::World;

/// The name of the canary's filter, metric, alarm and topic.
const CANARY: &str = "watch-drill";
const GROUP: &str = "/watch/activity";
const TESTS: &str = "/watch/tests";

const SPEC: &str = r#"
format = 1

[stack]
name = "watch"
account = "123456789012"
region = "us-east-1"

[defaults]
log_group = "activity"
notify = []

[trail.main]
bucket = "logs"
log_group = "activity"

[bucket.logs]
name = "watch-${account}"

[key.group]

[log_group.activity]
name = "/watch/activity"
kms_key = "group"

[log_group.tests]
name = "/watch/tests"

[drill]
test_log_group = "tests"
"#;

/// The last lines of the spec, in place of its `[drill]`.
fn write(world: &World, drill: &str) {
    let (before, _) = SPEC.split_once("[drill]").expect("a section");
    let text = format!("{before}{drill}").replace("123456789012", &world.account);
    world.write("spec.toml", &text);
}

fn works() -> (World, Clients) {
    let world = World::in_file();
    let clients = Clients::of(&world);
    write(&world, "[drill]\ntest_log_group = \"tests\"\n");
    world.apply();
    world.pass(6);
    (world, clients)
}

/// What `drill` prints for programs.
#[track_caller]
fn drill(world: &World, more: &[&str], code: i32) -> Value {
    let arguments = [&["drill", "spec.toml", "--format", "json"], more].concat();
    let ran = world.run(&arguments).exits(code);
    let report = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(published::wrong(&report, "drill.json"), None);
    report
}

/// What a drill made and did not take back.
fn left(c: &Clients) -> Vec<String> {
    let queues = wait(c.sqs.list_queues().send()).expect("queues").queue_urls;
    let mut left = queues.unwrap_or_default();
    let list = c.sns.list_subscriptions_by_topic().topic_arn(c.topic(CANARY));
    let subscriptions = wait(list.send()).ok().and_then(|listed| listed.subscriptions);
    let arns = subscriptions.unwrap_or_default().into_iter();
    left.extend(
        arns.filter_map(|one| one.subscription_arn)
            .filter(|arn| arn != "Deleted"),
    );
    let streams = c.logs.describe_log_streams().log_group_name(TESTS);
    let streams = wait(streams.send()).expect("streams").log_streams;
    left.extend(
        streams
            .unwrap_or_default()
            .into_iter()
            .filter_map(|stream| stream.log_stream_name),
    );
    left
}

fn links(report: &Value) -> Vec<&str> {
    let passed = report["passed"].as_array().expect("links").iter();
    passed.filter_map(|passed| passed["link"].as_str()).collect()
}

#[test]
fn a_call_is_noticed_and_nothing_is_left() {
    let (world, clients) = works();
    let begun = Instant::now();
    let report = drill(&world, &[], 0);
    let took = begun.elapsed();
    eprintln!("a drill in the sandbox took {took:?}");
    assert_eq!(report["outcome"], "arrived");
    assert_eq!(report["call"], "sqs.amazonaws.com CreateQueue");
    assert_eq!(links(&report), ["log_group", "metric", "alarm", "notice"]);
    let after: Vec<i64> = report["passed"]
        .as_array()
        .expect("links")
        .iter()
        .filter_map(|passed| passed["after_ms"].as_i64())
        .collect();
    assert!(
        after.is_sorted() && after[0] > 0 && after[3] < 10 * 60_000,
        "{after:?}"
    );
    assert_eq!(left(&clients), Vec::<String>::new());
    // The marker is what the filter looks for: it is in CloudTrail's own record.
    let run = report["run"].as_str().expect("a run");
    let clients = Clients::of(&world);
    let looked_up = wait(clients.cloudtrail.lookup_events().send()).expect("events");
    let records = looked_up
        .events()
        .iter()
        .filter_map(|event| event.cloud_trail_event());
    let marked: Vec<Value> = records
        .map(|record| serde_json::from_str(record).expect("a record"))
        .filter(|record: &Value| {
            record["userAgent"]
                .as_str()
                .is_some_and(|agent| agent.contains(run))
        })
        .collect();
    let [record] = &marked[..] else {
        panic!("{marked:#?}")
    };
    assert_eq!(record["eventName"], "CreateQueue");
    let agent = record["userAgent"].as_str().expect("an agent");
    assert!(
        agent.contains(&format!(" app/trailwarden-drill.watch.{run}")),
        "{agent}"
    );
    drop(world.expect_no_differences());
    // Another one waits until the alarm is quiet again.
    let text = world.run(&["drill", "spec.toml"]).exits(0);
    assert!(
        text.stdout.contains("\nDrill: the notice arrived "),
        "{}",
        text.stdout
    );
    for row in ["✓ log group ", "✓ metric ", "✓ alarm ", "✓ notice "] {
        assert!(text.stdout.contains(row), "{row:?} in {}", text.stdout);
    }
}

#[test]
fn a_trail_of_reads_is_tried_with_a_read() {
    let world = World::in_file();
    let text = SPEC.replace(
        "bucket = \"logs\"\n",
        "bucket = \"logs\"\nmanagement_events = \"read\"\n",
    );
    world.write("spec.toml", &text.replace("123456789012", &world.account));
    world.apply();
    world.pass(6);
    let report = drill(&world, &[], 0);
    assert_eq!(report["call"], "sts.amazonaws.com GetCallerIdentity");
    assert_eq!(left(&Clients::of(&world)), Vec::<String>::new());
}

#[test]
fn a_synthetic_record_goes_into_the_test_log_group_only() {
    let (world, clients) = works();
    let report = drill(&world, &["--inject"], 0);
    assert_eq!(report["injected"], true);
    assert_eq!(links(&report), ["log_group", "metric", "alarm", "notice"]);
    assert_eq!(report["passed"][0]["name"], TESTS);
    assert_eq!(left(&clients), Vec::<String>::new());
    let found = clients.logs.filter_log_events().log_group_name(GROUP);
    let found = wait(
        found
            .filter_pattern("{ $.additionalEventData.synthetic IS TRUE }")
            .send(),
    );
    assert_eq!(found.expect("events").events().len(), 0);
}

#[test]
fn without_its_section_no_call_is_made() {
    let (world, _) = works();
    write(&world, "");
    let refused = world.run(&["drill", "spec.toml"]).exits(65);
    let refused = refused
        .says("the spec has no `[drill]`")
        .says("write `[drill]` into the spec");
    assert!(!refused.stderr.contains("CreateQueue"));
    world
        .run(&["permissions", "spec.toml", "--for", "drill"])
        .exits(65);
    write(&world, "[drill]\n");
    world
        .run(&["drill", "spec.toml", "--inject"])
        .exits(65)
        .says("`[drill]` has no `test_log_group`, and `--inject` writes nowhere else");
}

#[test]
fn before_the_first_apply_it_says_what_is_missing() {
    let world = World::in_file();
    write(&world, "[drill]\n");
    let report = drill(&world, &[], 4);
    assert_eq!(report["at"], Value::Null);
    assert_eq!(report["stuck"]["link"], "log_group");
    world
        .run(&["drill", "spec.toml"])
        .exits(4)
        .prints("✗ log group /watch/activity: it is not there")
        .prints("`trailwarden apply` repairs it")
        .prints("Drill: it could not begin, and no call was made.");
}

/// What somebody does to the canary itself, and to what only its own call needs.
const OF_THE_CANARY: &[Breakage] = &[
    Breakage {
        what: "the trail records reads only",
        change: |c| {
            Box::pin(select(
                c,
                EventSelector::builder().read_write_type(ReadWriteType::ReadOnly),
            ))
        },
        link: "selectors",
        says: "the trail records reading only",
        ..PLAIN
    },
    Breakage {
        what: "the canary's filter is deleted",
        change: |c| {
            Box::pin(async {
                let delete = c.logs.delete_metric_filter().log_group_name(GROUP);
                delete.filter_name(CANARY).send().await.expect("deleted");
            })
        },
        link: "metric filter",
        says: "it is not there",
        ..PLAIN
    },
    Breakage {
        what: "the canary's filter has another pattern",
        change: |c| {
            Box::pin(put_filter(
                c,
                CANARY,
                Some("{ $.eventName = \"Create\" }"),
                None,
                None,
            ))
        },
        link: "metric filter",
        says: "it picks out other events than the spec says",
        ..PLAIN
    },
    Breakage {
        what: "the canary's filter counts 0",
        change: |c| Box::pin(put_filter(c, CANARY, None, None, Some("0"))),
        link: "metric filter",
        says: "it counts 0 for every event",
        ..PLAIN
    },
    Breakage {
        what: "the canary's filter counts into another metric",
        change: |c| Box::pin(put_filter(c, CANARY, None, Some("Elsewhere"), None)),
        link: "metric",
        says: "the filter counts into `Elsewhere/watch-drill`",
        ..PLAIN
    },
    Breakage {
        what: "the canary's alarm reads another metric",
        change: |c| Box::pin(put_alarm(c, CANARY, "Elsewhere", None, vec![c.topic(CANARY)])),
        link: "metric",
        says: "and the alarm reads `Elsewhere/watch-drill`",
        ..PLAIN
    },
    Breakage {
        what: "the canary's alarm reads other dimensions",
        change: |c| {
            let dimension = Dimension::builder().name("team").value("red").build();
            Box::pin(put_alarm(
                c,
                CANARY,
                "Trailwarden/watch",
                Some(dimension),
                vec![c.topic(CANARY)],
            ))
        },
        link: "metric",
        says: "and the alarm reads the metric with team",
        ..PLAIN
    },
    Breakage {
        what: "the canary's alarm is deleted",
        change: |c| {
            Box::pin(async {
                let delete = c.cloudwatch.delete_alarms().alarm_names(CANARY);
                delete.send().await.expect("deleted");
            })
        },
        link: "alarm",
        says: "it is not there",
        ..PLAIN
    },
    Breakage {
        what: "the actions of the canary's alarm are disabled",
        change: |c| {
            Box::pin(async {
                let disable = c.cloudwatch.disable_alarm_actions().alarm_names(CANARY);
                disable.send().await.expect("disabled");
            })
        },
        link: "alarm",
        says: "it changes its state and tells nobody",
        ..PLAIN
    },
    Breakage {
        what: "the canary's alarm tells nobody any more",
        change: |c| Box::pin(put_alarm(c, CANARY, "Trailwarden/watch", None, Vec::new())),
        link: "alarm",
        says: "it no longer tells watch-drill",
        ..PLAIN
    },
    Breakage {
        what: "the canary's topic is deleted",
        change: |c| {
            Box::pin(async {
                let delete = c.sns.delete_topic().topic_arn(c.topic(CANARY));
                delete.send().await.expect("deleted");
            })
        },
        link: "topic",
        says: "it is not there",
        ..PLAIN
    },
    Breakage {
        what: "the policy of the canary's topic does not let CloudWatch in",
        change: |c| {
            Box::pin(set_policy(
                c,
                CANARY,
                r#"{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sns:Publish","Resource":"TOPIC"}"#,
            ))
        },
        link: "topic",
        says: "its policy does not let CloudWatch publish for this alarm",
        ..PLAIN
    },
    Breakage {
        what: "the canary's topic is encrypted with `alias/aws/sns`",
        change: |c| {
            Box::pin(async {
                let set = c.sns.set_topic_attributes().topic_arn(c.topic(CANARY));
                let set = set
                    .attribute_name("KmsMasterKeyId")
                    .attribute_value("alias/aws/sns");
                set.send().await.expect("set");
            })
        },
        link: "topic",
        says: "it is encrypted with a key of AWS's own",
        fix: "or take its encryption away",
        mend: Some(|c| {
            Box::pin(async {
                let set = c.sns.set_topic_attributes().topic_arn(c.topic(CANARY));
                let set = set.attribute_name("KmsMasterKeyId").attribute_value("");
                set.send().await.expect("set");
            })
        }),
        ..PLAIN
    },
];

/// Breaks each in its turn, drills, and mends it, in one world.
fn tell(breakages: &[&Breakage]) {
    let (world, clients) = works();
    let mut wrong = Vec::new();
    for breakage in breakages {
        let what = breakage.what;
        wait((breakage.change)(&clients));
        world.pass(breakage.pass);
        let ran = world.run(&["drill", "spec.toml", "--format", "json"]);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
        wrong.extend(published::wrong(&report, "drill.json"));
        let stuck = &report["stuck"];
        let kind = match breakage.link {
            "metric filter" => "filter".into(),
            other => other.replace(' ', "_"),
        };
        let text = |key: &str| stuck[key].as_str().unwrap_or_default();
        let named = ran.code == 4
            && text("link") == kind
            // It has lasted for as long as the drill waited, too.
            && text("cause").contains(breakage.says.trim_end_matches("60 minutes"))
            && text("fix").contains(breakage.fix);
        if !named {
            wrong.push(format!(
                "{what}: exit code {}, {report:#} {}",
                ran.code, ran.stderr
            ));
        }
        let left = left(&clients);
        if !left.is_empty() {
            wrong.push(format!("{what}: {left:?}"));
        }
        match breakage.mend {
            Some(mend) => wait(mend(&clients)),
            None => drop(world.apply()),
        }
        // What was counted where it does not belong has to be out of the alarm's sight.
        world.pass(30);
    }
    drill(&world, &[], 0);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What a drill does not meet: its own call is a write of SQS.
const NOT_MET: [&str; 2] = [
    "the trail records writes only, and a rule looks for a read",
    "the trail leaves out KMS, and a rule looks for it",
];

#[test]
fn it_names_what_is_broken_before_the_log_group() {
    let all: Vec<&Breakage> = OF_TRAILS
        .iter()
        .chain(OF_DELIVERY)
        .filter(|breakage| !NOT_MET.contains(&breakage.what))
        .collect();
    assert_eq!(all.len() + NOT_MET.len(), OF_TRAILS.len() + OF_DELIVERY.len());
    tell(&all);
}

#[test]
fn it_names_what_is_broken_of_the_canary() {
    tell(&OF_THE_CANARY.iter().collect::<Vec<_>>());
}

#[test]
fn what_a_killed_drill_left_is_taken_back() {
    let (world, clients) = works();
    let made = |name: &str, ours: bool| {
        let queue = clients.sqs.create_queue().queue_name(name);
        let queue = if ours {
            queue.tags("trailwarden:stack", "watch")
        } else {
            queue
        };
        wait(queue.send()).expect("a queue");
    };
    made("watch-drill_0badcafe", true);
    made("watch-drill_theirs", false);
    let subscribe = clients
        .sns
        .subscribe()
        .topic_arn(clients.topic(CANARY))
        .protocol("sqs");
    let endpoint = format!("arn:aws:sqs:us-east-1:{}:watch-drill_0badcafe", world.account);
    wait(subscribe.endpoint(endpoint).send()).expect("subscribed");
    let stream = clients.logs.create_log_stream().log_group_name(TESTS);
    wait(stream.log_stream_name("watch-drill_0badcafe").send()).expect("a stream");
    assert_eq!(left(&clients).len(), 4);
    world
        .run(&["drill", "spec.toml"])
        .exits(0)
        .says("taken back, of an earlier drill: the queue `watch-drill_0badcafe`")
        .says("taken back, of an earlier drill: the subscription of the queue `watch-drill_0badcafe`")
        .says("taken back, of an earlier drill: the log stream `watch-drill_0badcafe` in `/watch/tests`");
    // A queue that only has such a name is somebody else's.
    let rest = left(&clients);
    assert!(
        rest.len() == 1 && rest[0].ends_with("/watch-drill_theirs"),
        "{rest:?}"
    );
}

/// A drill over a port, whose calls take until real time has passed: it is in the middle of its wait.
fn begun(world: &World) -> std::process::Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trailwarden"))
        .args(["drill", "spec.toml", "--endpoint-url", &world.endpoint])
        .envs(crate::support::moto::environment(&world.endpoint, &world.account))
        .current_dir(world.folder())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let clients = Clients::of(world);
    let since = Instant::now();
    while left(&clients).len() < 2 {
        assert!(
            since.elapsed() < Duration::from_secs(60),
            "no queue and no subscription yet"
        );
        assert!(child.try_wait().expect("a child").is_none(), "it has ended");
        std::thread::sleep(Duration::from_millis(50));
    }
    child
}

#[cfg(unix)]
fn signal(child: &std::process::Child, name: &str) {
    let sent = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(sent.expect("kill").success());
}

#[cfg(unix)]
#[test]
fn ctrl_c_takes_back_what_was_made() {
    let (world, clients) = works();
    for name in ["-INT", "-TERM"] {
        let child = begun(&world);
        signal(&child, name);
        let output = child.wait_with_output().expect("it ends");
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(130), "{text}");
        assert!(
            text.contains("Drill: stopped; what was made for it is taken back."),
            "{text}"
        );
        assert_eq!(left(&clients), Vec::<String>::new());
        world.pass(30);
    }
}

#[cfg(unix)]
#[test]
fn a_kill_is_made_good_by_the_next_drill() {
    let (world, clients) = works();
    let mut child = begun(&world);
    child.kill().expect("killed");
    child.wait().expect("gone");
    assert_eq!(left(&clients).len(), 2);
    let cleared = world.run(&["drill", "spec.toml", "--clear"]).exits(0);
    assert_eq!(
        cleared
            .stderr
            .matches("taken back, of an earlier drill: ")
            .count(),
        2,
        "{}",
        cleared.stderr
    );
    assert_eq!(left(&clients), Vec::<String>::new());
    world.pass(30);
    drill(&world, &[], 0);
}

#[test]
fn the_stack_s_status_does_not_count_the_canary() {
    let (world, _) = works();
    let ran = world.run(&["status", "spec.toml", "--format", "json"]).exits(0);
    assert!(!ran.stdout.contains(CANARY), "{}", ran.stdout);
    // Nobody is to hear of it, so that nobody is missed.
    let plan = world.run(&["plan", "spec.toml"]).exits(0);
    assert!(
        !plan.stdout.contains("nobody has a confirmed subscription"),
        "{}",
        plan.stdout
    );
}
