//! Filter patterns: the commands on them, their tests in a spec, and what a plan makes of spelling.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::MetricTransformation;
use serde_json::Value;

use crate::support::clients::{Clients, wait};
use crate::support::world::{Ran, World, example, examples};

/// AWS's documented examples, and rows for every sentence that describes the language.
const ROWS: [&str; 2] = [
    include_str!("../crates/pattern/tests/data/filter_patterns_aws_docs.jsonl"),
    include_str!("../crates/pattern/tests/data/rows.jsonl"),
];

const SPEC: &str = r#"
format = 1
[stack]
name = "acme"
account = "123456789012"
region = "us-east-1"
[log_group.activity]
[rule.users]
log_group = "activity"
notify = []
pattern = '{ ($.eventSource = "iam.amazonaws.com") && ($.eventName = "Create*") }'
[[rule.users.test]]
name = "a user is made"
event = { eventSource = "iam.amazonaws.com", eventName = "CreateUser" }
match = true
[[rule.users.test]]
file = "events/list.json"
match = false
"#;

fn pattern(world: &World, arguments: &[&str], stdin: &str) -> Ran {
    let all = [&["pattern"], arguments].concat();
    let mut command = world.command("http://127.0.0.1:9", &all);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut input = child.stdin.take().expect("its standard input");
    let text = stdin.to_owned();
    // Written beside, as the pipes are smaller than the rows.
    let writer = std::thread::spawn(move || drop(input.write_all(text.as_bytes())));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("it was written");
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("UTF-8 on stdout"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8 on stderr"),
    }
}

#[test]
fn eval_decides_every_row_and_keeps_its_keys() {
    let world = World::on_sandbox();
    let rows: Vec<Value> = ROWS
        .iter()
        .flat_map(|rows| rows.lines())
        .map(|row| serde_json::from_str(row).expect("a row"))
        .collect();
    let input: String = rows.iter().map(|row| format!("{row}\n")).collect();
    let ran = pattern(&world, &["eval", "--jsonl"], &input).exits(0);
    let decided: Vec<Value> = ran
        .stdout
        .lines()
        .map(|row| serde_json::from_str(row).expect("a row"))
        .collect();
    assert_eq!(decided.len(), rows.len());
    for (row, mut decided) in rows.into_iter().zip(decided) {
        let keys = decided.as_object_mut().expect("an object");
        if row["match"] == "error" {
            let error = keys.remove("error").expect("an error");
            assert!(
                error["code"].is_string() && error["message"].is_string() && error["start"].is_u64(),
                "{error}"
            );
            assert!(!keys.contains_key("match"), "{row}");
            keys.insert("match".into(), "error".into());
        }
        assert_eq!(decided, row);
    }
}

#[test]
fn eval_goes_on_after_a_row_that_cannot_be_read() {
    let world = World::on_sandbox();
    let input = "\u{feff}{\"pattern\":\"a\",\"message\":\"a\",\"match\":\"x\",\"n\":12345678901234567890123, \"error\":1}\nnonsense\n\n\
                 {\"pattern\":\"a\"}\n{\"message\":\"\",\"pattern\":\"\"}\n";
    let ran = pattern(&world, &["eval", "--jsonl"], input).exits(65);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(
        lines[0],
        r#"{"pattern":"a","message":"a","match":true,"n":12345678901234567890123}"#
    );
    assert!(
        lines[1].contains("bad-row") && lines[1].contains("\"line\":2"),
        "{}",
        lines[1]
    );
    assert!(lines[2].contains("`message` is missing"), "{}", lines[2]);
    assert_eq!(lines[3], r#"{"message":"","pattern":"","match":true}"#);
}

#[test]
fn match_prints_the_lines_that_match() {
    let world = World::on_sandbox();
    let log = "an ERROR\r\nfine\nanother ERROR";
    let ran = pattern(&world, &["match", "ERROR"], log).exits(0);
    assert_eq!(ran.stdout, "an ERROR\nanother ERROR\n");
    let ran = pattern(&world, &["match", "--count", "ERROR"], log).exits(0);
    assert_eq!(ran.stdout, "2\n");
    let ran = pattern(&world, &["match", "-ERROR"], log).exits(0);
    assert_eq!(ran.stdout, "fine\n");
    assert_eq!(pattern(&world, &["match", "NOTHING"], log).exits(4).stdout, "");
    pattern(&world, &["match", "{ $.a = 'x' }"], log)
        .exits(65)
        .says("single quotes are no quotes here")
        .says("\"x\"");
    world.write("log.txt", log);
    let ran = pattern(&world, &["match", "fine", "log.txt"], "").exits(0);
    assert_eq!(ran.stdout, "fine\n");
    pattern(&world, &["match", "fine", "nowhere.txt"], "")
        .exits(1)
        .says("cannot read `nowhere.txt`");
}

#[test]
fn match_takes_the_records_of_a_log_file_one_by_one() {
    let world = World::on_sandbox();
    let file = "{ \"Records\": [\n  { \"eventName\": \"CreateUser\",\n \"n\": 1.50 },\n  { \"eventName\": \"ListUsers\" }\n]}\n";
    let name = r#"{ $.eventName = "Create*" }"#;
    for (arguments, stdin) in [(vec!["match", name], file), (vec!["match", name, "log.json"], "")] {
        world.write("log.json", file);
        let ran = pattern(&world, &arguments, stdin).exits(0);
        assert_eq!(ran.stdout, "{\"eventName\":\"CreateUser\",\"n\":1.50}\n");
    }
}

#[test]
fn match_reads_files_as_the_trail_wrote_them() {
    let world = World::on_sandbox();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/events");
    let first = "218007301253_CloudTrail_us-east-1_20230710T1145Z_7xgocspSowgK0Gto.json.gz";
    let second = "218007301253_CloudTrail_us-east-1_20230710T1220Z_8sBQhbu5YO94UV8p.json.gz";
    for name in [first, second] {
        std::fs::copy(samples.join(name), world.folder().join(name)).expect("copied");
    }
    let any = r#"{ $.eventSource = "*" }"#;
    let ran = pattern(&world, &["match", "--count", any, first, second], "").exits(0);
    assert_eq!(ran.stdout, "35\n");
    std::fs::write(world.folder().join("broken.json.gz"), [0x1f, 0x8b, 8, 0]).expect("written");
    pattern(&world, &["match", any, "broken.json.gz"], "")
        .exits(1)
        .says("cannot read `broken.json.gz`");
    let rule = SPEC.split("[[rule.users.test]]").next().expect("the rule");
    world.write(
        "spec.toml",
        &format!("{rule}[[rule.users.test]]\nfile = \"{first}\"\nmatch = false\n"),
    );
    world.run(&["check", "spec.toml"]).exits(0);
}

#[test]
fn match_takes_events_as_people_have_them() {
    let world = World::on_sandbox();
    let any = r#"{ $.a = "*" }"#;
    let log = |n: usize| format!("{{\"Records\":[{{\"a\":{n}}},{{\"a\":\"x\"}}]}}");
    for (input, count, why) in [
        (
            format!("{}{}", log(1), log(2)),
            4,
            "two log files unpacked one after another",
        ),
        (format!("{}\n{}\n", log(1), log(2)), 4, "a log file in each line"),
        (
            "{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}".into(),
            2,
            "events over several lines",
        ),
        ("[{\"a\":1},\n{\"a\":2}]".into(), 2, "an array of events"),
        ("\u{feff}{\"a\":1}\n{\"a\":2}\n".into(), 2, "a byte order mark"),
        (
            "\n\n{\"a\":1}\r\n{\"a\":2}\r\n".into(),
            2,
            "blank lines and returns",
        ),
    ] {
        let ran = pattern(&world, &["match", "--count", any], &input).exits(0);
        assert_eq!(
            (ran.stdout, ran.stderr),
            (format!("{count}\n"), String::new()),
            "{why}"
        );
    }
    pattern(&world, &["match", any], "{\"a\":1}\nplain\n{\"a\":")
        .exits(0)
        .says("note: 2 of 3 lines are not JSON");
    pattern(&world, &["match", any], "{\"Records\":[{\"a\":1},")
        .exits(4)
        .says("1 of 1 lines are not JSON");
    // A log of text is lines, whatever they begin with, blank ones and the first ones, too.
    let log = "\n[ERROR] a\n[1] [2]\n{\"a\":1}{\"a\":2}\n";
    for (text, lines) in [
        ("ERROR", 1),
        ("-ERROR", 3),
        ("[w, ...]", 3),
        ("[a=1, b=2]", 1),
        ("\"\"", 4),
    ] {
        let ran = pattern(&world, &["match", "--count", text], log).exits(0);
        assert_eq!(
            (ran.stdout, ran.stderr),
            (format!("{lines}\n"), String::new()),
            "{text}"
        );
    }
    let ran = pattern(
        &world,
        &["match", r#""\"a\":\"x\"""#],
        "{\"Records\": [\n {\"a\" : \"x\"}]}",
    )
    .exits(0);
    assert_eq!(
        ran.stdout, "{\"a\":\"x\"}\n",
        "a record in one line, as CloudTrail sends it"
    );
    // A log file that is cut off is text for terms all the same.
    let ran = pattern(
        &world,
        &["match", "--count", "Records"],
        "{\"Records\":[{\"a\":1},",
    )
    .exits(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("1\n", ""));
    // Terms see a line as it is logged.
    let spaced = "{\"a\":  1}\n";
    let ran = pattern(&world, &["match", r#""\"a\":  1""#], spaced).exits(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (spaced, ""));
}

#[test]
fn a_test_on_what_is_no_event_proves_nothing() {
    let world = World::on_sandbox();
    let (rule, _) = SPEC.split_once("[[rule.users.test]]").expect("the rule");
    for (file, says) in [
        ("", "`event.json` holds no event"),
        ("{\"eventName\": \"x\",}", "is not JSON (line 1, column 19)"),
        ("{\"Records\": []}", "holds no event"),
        ("{\"Records\": [{\"eventName\": \"x\"}", "is not JSON"),
    ] {
        world.write("event.json", file);
        world.write(
            "spec.toml",
            &format!("{rule}[[rule.users.test]]\nfile = \"event.json\"\nmatch = false\n"),
        );
        world.run(&["check", "spec.toml"]).exits(4).prints(says);
    }
    for file in ["\u{feff}{\"eventName\": \"x\"}", "{\"a\":1}\n{\"a\":2}\n"] {
        world.write("event.json", file);
        world.run(&["check", "spec.toml"]).exits(0);
    }
    world.write(
        "spec.toml",
        &format!("{rule}[[rule.users.test]]\ntext = \"plain\"\nmatch = false\n"),
    );
    world
        .run(&["check", "spec.toml", "--mutants"])
        .exits(4)
        .prints("no JSON pattern matches it, so this test proves nothing")
        .prints("when all of them pass");
}

#[test]
fn explain_shows_the_grouping_that_aws_uses() {
    let world = World::on_sandbox();
    let text = "{ ($.errorCode =*UnauthorizedOperation) || ($.errorCode =AccessDenied*) && ($.eventName!=HeadBucket) }";
    let ran = pattern(&world, &["explain", text], "").exits(0);
    insta::assert_snapshot!(ran.stdout);
    let ran = pattern(&world, &["explain", text, "--format", "json"], "").exits(0);
    let json: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(json["warnings"][0]["code"], "mixed-operators");
    assert_eq!(json["form"], "json");
    let refused = pattern(&world, &["explain", "{ $.a == 1 && b }", "--format", "json"], "").exits(65);
    let json: Value = serde_json::from_str(&refused.stdout).expect("JSON");
    assert_eq!(json["errors"].as_array().map(Vec::len), Some(2));
}

#[test]
fn diff_says_what_only_one_of_two_patterns_matches() {
    let world = World::on_sandbox();
    let a = r#"{ $.eventName = "Create*" }"#;
    for (b, code, says) in [
        ("{($.eventName=Create*)}", 0, "nothing but spelling"),
        (
            r#"{ $.eventName = "Create*" || $.eventName = "CreateUser" }"#,
            0,
            "match the same events",
        ),
        (
            r#"{ $.eventName = "CreateUser" }"#,
            4,
            "A matches all that B matches, and more.",
        ),
        (
            r#"{ $.eventName = "Delete*" }"#,
            4,
            "Only B matches, for instance:",
        ),
        ("ERROR", 4, "cannot be told"),
    ] {
        pattern(&world, &["diff", a, b], "").exits(code).prints(says);
    }
    let ran = pattern(
        &world,
        &["diff", a, r#"{ $.eventName = "CreateUser" }"#, "--format", "json"],
        "",
    )
    .exits(4);
    let json: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(
        (&json["relation"], &json["only_b"]),
        (&"b-implies-a".into(), &Value::Null)
    );
    // What is shown as an example is one.
    let only_a = json["only_a"].as_str().expect("an event");
    pattern(&world, &["match", a], only_a).exits(0);
    pattern(&world, &["match", r#"{ $.eventName = "CreateUser" }"#], only_a).exits(4);
    pattern(&world, &["diff", a, "{"], "").exits(65);
}

#[test]
fn check_runs_the_tests_of_patterns() {
    let world = World::on_sandbox();
    world.write("spec.toml", SPEC);
    world
        .run(&["check", "spec.toml"])
        .exits(4)
        .prints("cannot read `events/list.json`");
    std::fs::create_dir(world.folder().join("events")).expect("a folder");
    world.write(
        "events/list.json",
        r#"{"eventSource": "iam.amazonaws.com", "eventName": "ListUsers"}"#,
    );
    world
        .run(&["check", "spec.toml"])
        .exits(0)
        .prints("2 tests: 2 passed")
        .prints("The spec is good");
    world.write(
        "events/list.json",
        "{\"Records\": [{\"eventSource\": \"iam.amazonaws.com\", \"eventName\": \"ListUsers\"},\n\
         {\"eventSource\": \"iam.amazonaws.com\", \"eventName\": \"CreateRole\"}]}",
    );
    let failed = world
        .run(&["check", "spec.toml", "--junit", "tests.xml"])
        .exits(4);
    insta::assert_snapshot!(failed.stdout);
    let xml = std::fs::read_to_string(world.folder().join("tests.xml")).expect("written");
    for part in [
        "tests=\"2\"",
        "failures=\"1\"",
        "classname=\"rule.users\"",
        "record 2 of 2",
    ] {
        assert!(xml.contains(part), "{part} in {xml}");
    }
    // plan and apply are about the account; they do not run tests.
    world.write("spec.toml", &SPEC.replace("123456789012", &world.account));
    world.run(&["plan", "spec.toml"]).exits(0);
}

#[test]
fn check_finds_what_no_test_would_miss() {
    let world = World::on_sandbox();
    std::fs::create_dir(world.folder().join("events")).expect("a folder");
    world.write(
        "events/list.json",
        r#"{"eventSource": "s3.amazonaws.com", "eventName": "CreateBucket"}"#,
    );
    world.write("spec.toml", SPEC);
    let ran = world.run(&["check", "spec.toml", "--mutants"]).exits(0);
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn warnings_are_said_and_can_be_denied_or_allowed() {
    let world = World::on_sandbox();
    let spec = SPEC
        .split("[[rule.users.test]]")
        .next()
        .expect("the rule")
        .replace("Create*", "Create")
        .replace("123456789012", &world.account);
    world.write("spec.toml", &spec);
    for command in ["check", "plan"] {
        world
            .run(&[command, "spec.toml"])
            .exits(0)
            .says("warning[lost-wildcard]")
            .says("spec.toml:11:70")
            .says("1 warning in the spec");
    }
    world.run(&["check", "spec.toml", "--deny-warnings"]).exits(65);
    world.write("spec.toml", &format!("{spec}allow = [\"lost-wildcard\"]\n"));
    let quiet = world.run(&["check", "spec.toml", "--deny-warnings"]).exits(0);
    assert_eq!(quiet.stderr, "");
}

/// Puts the rule's filter with another text.
fn respell(clients: &Clients, pattern: &str) {
    let delete = clients
        .logs
        .delete_metric_filter()
        .log_group_name("activity")
        .filter_name("acme-users");
    wait(delete.send()).expect("deleted");
    let transformation = MetricTransformation::builder()
        .metric_name("acme-users")
        .metric_namespace("Trailwarden/acme")
        .metric_value("1")
        .build()
        .expect("complete");
    let put = clients
        .logs
        .put_metric_filter()
        .log_group_name("activity")
        .filter_name("acme-users")
        .filter_pattern(pattern)
        .metric_transformations(transformation);
    wait(put.send()).expect("put");
}

fn spelling_is_left_alone_and_meaning_is_not(world: &World) {
    let spec = SPEC.split("[[rule.users.test]]").next().expect("the rule");
    let spec = spec.replace("123456789012", &world.account);
    world.write("spec.toml", &spec);
    world.apply();
    world.expect_no_differences();
    let clients = Clients::of(world);
    respell(
        &clients,
        "{(($.eventName=Create*)&&($.eventSource=iam.amazonaws.com))}",
    );
    world
        .expect_no_differences()
        .prints("`pattern` is spelt differently and means the same; left alone");
    // An auditor compares the text: then it counts.
    world.write("spec.toml", &format!("{spec}filter.exact = true\n"));
    world
        .run(&["plan", "spec.toml", "--detailed-exitcode"])
        .exits(2)
        .prints("- {(($.eventName=Create*)&&($.eventSource=iam.amazonaws.com))}");
    world.write("spec.toml", &spec);
    respell(
        &clients,
        "{ ($.eventName = \"Create\") && ($.eventSource = \"iam.amazonaws.com\") }",
    );
    world
        .run(&["plan", "spec.toml", "--detailed-exitcode"])
        .exits(2)
        .prints("metric_filter.activity:acme-users");
}

#[test]
fn spelling_on_the_sandbox() {
    spelling_is_left_alone_and_meaning_is_not(&World::on_sandbox());
}

#[test]
fn spelling_on_moto() {
    spelling_is_left_alone_and_meaning_is_not(&World::on_moto());
}

#[test]
fn with_exact_apply_writes_the_text() {
    let world = World::on_sandbox();
    let spec = SPEC.split("[[rule.users.test]]").next().expect("the rule");
    let spec = format!(
        "{}filter.exact = true\n",
        spec.replace("123456789012", &world.account)
    );
    world.write("spec.toml", &spec);
    world.apply();
    respell(
        &Clients::of(&world),
        "{(($.eventName=Create*)&&($.eventSource=iam.amazonaws.com))}",
    );
    world.apply();
    world.expect_no_differences();
}

#[test]
fn the_examples_have_no_warnings_and_their_tests_pass() {
    let world = World::on_sandbox();
    for name in examples() {
        world.write(&name, &example(&name));
        let ran = world.run(&["check", &name, "--deny-warnings"]).exits(0);
        assert_eq!(ran.stderr, "", "{name}");
        assert!(ran.stdout.contains(" passed"), "{name} has tests");
    }
}

/// Sends every row to `TestMetricFilter`, up to 50 messages of a pattern in one call, and returns
/// the rows that it decides otherwise.
fn disagreements(client: &Client, pause: Duration) -> Vec<String> {
    let mut by_pattern: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for row in ROWS.iter().flat_map(|rows| rows.lines()) {
        let row: Value = serde_json::from_str(row).expect("a row");
        let pattern = row["pattern"].as_str().expect("text").to_owned();
        by_pattern.entry(pattern).or_default().push(row);
    }
    let mut wrong = Vec::new();
    for (pattern, rows) in &by_pattern {
        // The service takes no empty message.
        let rows: Vec<&Value> = rows.iter().filter(|row| row["message"] != "").collect();
        for rows in rows.chunks(50) {
            let messages = rows
                .iter()
                .map(|row| row["message"].as_str().expect("text").to_owned());
            let call = client
                .test_metric_filter()
                .filter_pattern(pattern)
                .set_log_event_messages(Some(messages.collect()));
            let answer = wait(call.send());
            std::thread::sleep(pause);
            for row in rows {
                let decided = match &answer {
                    Ok(answer) => {
                        let found = answer
                            .matches()
                            .iter()
                            .any(|found| found.event_message() == row["message"].as_str());
                        Value::from(found)
                    }
                    Err(_) => "error".into(),
                };
                if decided != row["match"] {
                    wrong.push(format!(
                        "{}: {decided}, not {}: {pattern}",
                        row["id"], row["match"]
                    ));
                }
            }
        }
    }
    wrong
}

#[test]
fn the_sandbox_agrees_with_the_documentation() {
    let world = World::on_sandbox();
    let wrong = disagreements(&Clients::of(&world).logs, Duration::ZERO);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// For whoever has an account: `TestMetricFilter` makes nothing and costs nothing. Credentials and
/// region come from the environment.
#[test]
#[ignore = "needs an AWS account; makes nothing in it"]
fn aws_agrees() {
    let config = wait(aws_config::load_defaults(BehaviorVersion::latest()));
    // Five calls a second are allowed.
    let wrong = disagreements(&Client::new(&config), Duration::from_millis(250));
    assert!(
        wrong.is_empty(),
        "AWS decides {} rows otherwise:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
