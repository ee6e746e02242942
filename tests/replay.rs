//! Rules over log files: which calls would have fired them, and what a changed spec gains and loses.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::published;
use crate::support::clients::{Clients, wait};
use crate::support::proxy::{Fault, Kind, Proxy};
use crate::support::world::{Ran, World, example};

/// A spec without rules, to which a test adds its own.
const SPEC: &str = r#"
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
name = "acme-${account}-replay"

[log_group.activity]
name = "/acme/activity"
retention_days = 30

[topic.security]
name = "acme-security"
"#;

/// The published events.
fn events() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/events")
}

fn events_text() -> String {
    events().display().to_string()
}

fn expected() -> Value {
    let text = std::fs::read(events().join("expected.json")).expect("the counts");
    serde_json::from_slice(&text).expect("JSON")
}

/// The files of the events, without that of the counts.
fn log_files() -> Vec<String> {
    let entries = std::fs::read_dir(events()).expect("the events");
    let names = entries.map(|entry| entry.expect("an entry").path().display().to_string());
    let mut files: Vec<String> = names
        .filter(|name| name.ends_with(".json.gz") || name.ends_with(".json"))
        .filter(|name| !name.ends_with("expected.json"))
        .collect();
    files.sort();
    files
}

/// The spec with rules of these names and patterns.
fn spec(rules: &[(&str, &str)]) -> String {
    let mut text = SPEC.to_owned();
    for (name, pattern) in rules {
        text += &format!("\n[rule.{name}]\npattern = '''{pattern}'''\n");
    }
    text
}

/// A world with the classic spec; nothing is asked of its account.
fn classic() -> World {
    let world = World::on_sandbox();
    world.write("spec.toml", &example("account-activity.toml"));
    world
}

/// What `--format json` prints, held against its schema.
#[track_caller]
fn report(ran: &Ran) -> Value {
    let json: Value = serde_json::from_str(&ran.stdout).expect("one JSON document");
    assert_eq!(published::wrong(&json, "replay.json"), None);
    json
}

/// How many records each rule matches.
fn matches(report: &Value) -> Vec<(&str, u64)> {
    let rules = report["rules"].as_array().expect("rules");
    let count = |rule: &'_ Value| rule["matches"].as_u64().expect("a count");
    rules
        .iter()
        .map(|rule| (rule["name"].as_str().expect("a name"), count(rule)))
        .collect()
}

#[test]
fn the_classic_rules_over_the_published_events() {
    let world = classic();
    let logs = events_text();
    let text = world.run(&["replay", "spec.toml", "--logs", &logs]).exits(0);
    insta::assert_snapshot!(text.stdout);
    assert_eq!(text.stderr, "");
    let ran = world
        .run(&["replay", "spec.toml", "--logs", &logs, "--format", "json"])
        .exits(0);
    let json = report(&ran);
    assert_eq!(
        matches(&json),
        [
            ("rule.auth-changes", 35),
            ("rule.iam-calls", 80),
            ("rule.iam-changes", 32)
        ]
    );
    for rule in json["rules"].as_array().expect("rules") {
        let days = rule["days"].as_array().expect("days").iter();
        let of_days: u64 = days.filter_map(|day| day["matches"].as_u64()).sum();
        // Panther's are parts of records, some without a time.
        let undated = rule["undated"].as_u64().expect("a count");
        assert_eq!(Some(of_days + undated), rule["matches"].as_u64());
        let alarm = &rule["alarm"];
        let told = ["announced", "swallowed", "quiet"].map(|word| alarm[word].as_u64().expect("a count"));
        assert_eq!(told.iter().sum::<u64>(), of_days, "{alarm}");
    }
    // Once more, with another division of work: the same bytes.
    let again = world
        .run(&["replay", "spec.toml", "--logs", &logs, "--format", "json"])
        .exits(0);
    assert_eq!(again.stdout, ran.stdout);
}

#[test]
fn every_published_pattern_matches_as_many_records_as_published() {
    let expected = expected();
    let patterns = expected["patterns"].as_object().expect("patterns");
    let rules: Vec<(String, &str, u64)> = patterns
        .iter()
        .map(|(name, one)| {
            let pattern = one["pattern"].as_str().expect("a text");
            (
                format!("cis-{}", name.replace('.', "-")),
                pattern,
                one["matches"].as_u64().expect("a count"),
            )
        })
        .collect();
    let world = World::on_sandbox();
    let named: Vec<(&str, &str)> = rules
        .iter()
        .map(|(name, pattern, _)| (name.as_str(), *pattern))
        .collect();
    world.write("spec.toml", &spec(&named));
    let files = log_files();
    let mut arguments = vec!["replay", "spec.toml", "--format", "json", "--logs"];
    arguments.extend(files.iter().map(String::as_str));
    let ran = world.run(&arguments).exits(0);
    let json = report(&ran);
    assert_eq!(json["read"]["files"], expected["files"]);
    assert_eq!(json["read"]["records"], expected["records"]);
    let mut wanted: Vec<(String, u64)> = rules
        .iter()
        .map(|(name, _, count)| (format!("rule.{name}"), *count))
        .collect();
    wanted.sort();
    let found: Vec<(String, u64)> = matches(&json)
        .into_iter()
        .map(|(name, count)| (name.to_owned(), count))
        .collect();
    assert_eq!(found, wanted);
    assert!(found.len() >= 15);
}

/// As the benchmark printed it from 1.4 to 3.0: true of nearly every record.
const PUBLISHED: &str = r#"{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") || ($.sourceIPAddress!="delivery.logs.amazonaws.com") || ($.eventName!="HeadBucket") }"#;

/// As it was meant.
const CORRECTED: &str = r#"{ (($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*")) && (($.sourceIPAddress!="delivery.logs.amazonaws.com") && ($.eventName!="HeadBucket")) }"#;

#[test]
fn a_corrected_pattern_says_what_it_no_longer_matches() {
    let world = World::on_sandbox();
    world.write(
        "old.toml",
        &spec(&[
            ("gone", "{ $.eventName = CreateTrail }"),
            ("same", "{ $.eventSource = iam.amazonaws.com }"),
            ("unauthorized", PUBLISHED),
        ]),
    );
    world.write(
        "spec.toml",
        &spec(&[
            ("fresh", "{ $.eventName = CreateUser }"),
            ("same", "{ $.eventSource = \"iam.amazonaws.com\" }"),
            ("unauthorized", CORRECTED),
        ]),
    );
    let files = log_files();
    let mut arguments = vec!["replay", "spec.toml", "--compare", "old.toml", "--logs"];
    arguments.extend(files.iter().map(String::as_str));
    let text = world.run(&arguments).exits(0);
    text.prints("rule.unauthorized: 744 before, 65 after\n  loses    679\n")
        .prints("rule.fresh, which the old one does not have: 0 before,")
        .prints("rule.gone, which the new one does not have:")
        .prints("\nThe same records: rule.same\n");
    arguments.extend(["--format", "json"]);
    let ran = world.run(&arguments).exits(0);
    let json = report(&ran);
    let compared = json["compared"].as_array().expect("a comparison");
    let of = |name: &str| {
        let found = compared.iter().find(|part| part["name"] == name);
        let part = found.unwrap_or_else(|| panic!("no {name}"));
        (
            part["of"].as_str().expect("a word"),
            part["gained"]["matches"].as_u64().expect("a count"),
            part["lost"]["matches"].as_u64().expect("a count"),
        )
    };
    assert_eq!(of("rule.unauthorized"), ("both", 0, 679));
    assert_eq!(of("rule.same"), ("both", 0, 0));
    let (fresh, gone) = (of("rule.fresh"), of("rule.gone"));
    assert!(fresh.0 == "new" && fresh.1 > 0 && fresh.2 == 0, "{fresh:?}");
    assert!(gone.0 == "old" && gone.1 == 0 && gone.2 > 0, "{gone:?}");
    // The other way round what was lost is gained.
    let back = [
        "replay",
        "old.toml",
        "--compare",
        "spec.toml",
        "--format",
        "json",
        "--logs",
    ];
    let mut back = back.to_vec();
    back.extend(files.iter().map(String::as_str));
    let back = report(&world.run(&back).exits(0));
    let parts = back["compared"].as_array().expect("a comparison");
    let part = parts.iter().find(|part| part["name"] == "rule.unauthorized");
    let (lost, gained) = (
        compared.iter().find(|part| part["name"] == "rule.unauthorized"),
        part.expect("the rule"),
    );
    assert_eq!(gained["gained"], lost.expect("the rule")["lost"]);
}

#[test]
fn a_proposed_exclusion_removes_what_it_says_and_nothing_else() {
    let world = World::on_sandbox();
    // Alternatives without parentheses, to which an `&&` must not be added as it stands.
    let patterns = [
        (
            "denied",
            "{ $.errorCode = *UnauthorizedOperation || $.errorCode = AccessDenied* }",
        ),
        ("iam", "{ $.eventSource = iam.amazonaws.com }"),
    ];
    world.write("old.toml", &spec(&patterns));
    let logs = events_text();
    let ran = world
        .run(&["replay", "old.toml", "--logs", &logs, "--format", "json"])
        .exits(0);
    let before = report(&ran);
    let mut tried = 0;
    for (at, rule) in before["rules"].as_array().expect("rules").iter().enumerate() {
        for exclusion in rule["exclusions"].as_array().expect("exclusions") {
            let pattern = exclusion["pattern"].as_str().expect("a pattern");
            assert!(pattern.contains(exclusion["clause"].as_str().expect("a clause")));
            world.write("spec.toml", &spec(&[(patterns[at].0, pattern)]));
            let arguments = [
                "replay",
                "spec.toml",
                "--compare",
                "old.toml",
                "--logs",
                &logs,
                "--format",
                "json",
            ];
            let after = report(&world.run(&arguments).exits(0));
            let parts = after["compared"].as_array().expect("a comparison");
            let part = parts.iter().find(|part| part["name"] == rule["name"]);
            let part = part.expect("the rule");
            assert_eq!(part["gained"]["matches"], 0);
            assert_eq!(part["lost"]["matches"], exclusion["removes"]);
            assert_eq!(part["lost"]["events"], exclusion["hides"]);
            assert_eq!(after["rules"][0]["alarm"], exclusion["alarm"]);
            tried += 1;
        }
    }
    assert!(tried >= 3, "{tried}");
}

#[test]
fn records_come_through_standard_input_packed_or_not() {
    let world = classic();
    let files: Vec<String> = log_files()
        .into_iter()
        .filter(|file| file.ends_with(".gz"))
        .collect();
    let mut arguments = vec!["replay", "spec.toml", "--format", "json", "--logs"];
    arguments.extend(files.iter().map(String::as_str));
    let of_files = report(&world.run(&arguments).exits(0));
    let packed: Vec<u8> = files
        .iter()
        .flat_map(|file| std::fs::read(file).expect("a log file"))
        .collect();
    let mut unpacked = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(packed.as_slice());
    std::io::Read::read_to_end(&mut reader, &mut unpacked).expect("sound files");
    for bytes in [packed, unpacked] {
        let arguments = ["replay", "spec.toml", "--logs", "-", "--format", "json"];
        let mut child = world
            .command(&world.endpoint, &arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(&bytes).expect("it reads all");
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(output.stderr, b"");
        let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(json["rules"], of_files["rules"]);
        assert_eq!(json["read"]["records"], of_files["read"]["records"]);
    }
}

#[test]
fn calls_of_a_time_and_a_region_only() {
    let world = classic();
    let logs = events_text();
    let of = |more: &[&str]| {
        let arguments = ["replay", "spec.toml", "--format", "json", "--logs", &logs];
        report(&world.run(&[&arguments, more].concat()).exits(0))
    };
    let all = of(&[]);
    let calls = |report: &Value| report["rules"][1].clone();
    let on = |day: &str| -> u64 {
        let days = calls(&all)["days"].as_array().expect("days").clone();
        let found = days.iter().find(|one| one["day"] == day);
        found.and_then(|one| one["matches"].as_u64()).expect("the day")
    };
    let day = of(&["--since", "2023-07-10", "--until", "2023-07-10T23:59:59Z"]);
    let undated = calls(&all)["undated"].as_u64().expect("a count");
    assert_eq!(calls(&day)["matches"], on("2023-07-10") + undated);
    assert_eq!(calls(&day)["days"].as_array().map(Vec::len), Some(1));
    // Both ends belong to it.
    let (first, last) = (calls(&day)["first"].clone(), calls(&day)["last"].clone());
    let within = of(&[
        "--since",
        first.as_str().expect("a time"),
        "--until",
        last.as_str().expect("a time"),
    ]);
    assert_eq!(calls(&within), calls(&day));
    let regions = calls(&all)["regions"]["top"].as_array().expect("regions").clone();
    assert!(regions.len() > 2);
    for region in regions {
        let only = of(&["--only-region", region["name"].as_str().expect("a name")]);
        assert_eq!(calls(&only)["matches"], region["count"]);
    }
    let wrong = |more: &[&str], says: &str| {
        let arguments = ["replay", "spec.toml", "--logs", &logs];
        world.run(&[&arguments, more].concat()).exits(64).says(says);
    };
    wrong(
        &["--since", "2023-07-10", "--until", "2023-07-09"],
        "`--until` is before `--since`",
    );
    wrong(
        &["--only-region", "Frankfurt"],
        "`--only-region Frankfurt` is no region",
    );
}

#[test]
fn what_is_broken_is_said_with_its_place_and_ends_nothing() {
    let world = classic();
    let whole = log_files()
        .into_iter()
        .find(|file| file.contains("20230710T1205Z"))
        .expect("a log file");
    let packed = std::fs::read(&whole).expect("a log file");
    std::fs::write(world.folder().join("cut.json.gz"), &packed[..packed.len() / 2]).expect("written");
    let record =
        r#"{"eventSource":"iam.amazonaws.com","eventName":"CreateUser","eventTime":"2026-03-01T10:00:00Z"}"#;
    let broken = format!(r#"{{"Records":[{record},{{"eventSource":]}}"#);
    world.write("broken.json", &broken);
    world.write("empty.json", "");
    // With its brackets in order it ends nothing.
    let within = record.replace("}", ",\"readOnly\":tru}");
    world.write(
        "within.json",
        &format!(r#"{{"Records":[{record},{within},{record}]}}"#),
    );
    let filler = "x".repeat(256 * 1024);
    let large = record.replace("CreateUser\"", &format!("CreateUser\",\"filler\":\"{filler}\""));
    world.write("large.json", &format!(r#"{{"Records":[{large},{record}]}}"#));
    let arguments = [
        "replay",
        "spec.toml",
        "--format",
        "json",
        "--logs",
        "gone",
        "cut.json.gz",
        "broken.json",
        "empty.json",
        "large.json",
        &whole,
    ];
    let ran = world.run(&arguments).exits(0);
    let at = record.len() + r#"{"Records":[,"#.len();
    let ran = ran
        .says("warning: `gone`: cannot be read: No such file or directory")
        .says("warning: `cut.json.gz`: is cut off: what is packed ends in record ")
        .says(&format!(
            "warning: `broken.json`: record 2 is no JSON, at byte {}\n",
            at + r#"{"eventSource":"#.len()
        ))
        .says("warning: `empty.json`: is empty\n");
    let json = report(&ran);
    let problems: Vec<String> = json["problems"]
        .as_array()
        .expect("problems")
        .iter()
        .map(|one| format!("warning: {}\n", one.as_str().expect("a text")))
        .collect();
    assert_eq!(problems.concat(), ran.stderr);
    assert_eq!(problems.len(), 4);
    assert_eq!(json["read"]["oversized"], 1);
    let at = at + within.len() - 4;
    let ran = world
        .run(&["replay", "spec.toml", "--format", "json", "--logs", "within.json"])
        .exits(0)
        .says(&format!(
            "warning: `within.json`: record 2 is no JSON, at byte {at}\n"
        ));
    assert_eq!(matches(&report(&ran))[2].1, 2);
    // One of the broken file, one of the large one's two, and those of the whole and the cut file.
    let alone = |file: &str| {
        let ran = world
            .run(&["replay", "spec.toml", "--format", "json", "--logs", file])
            .exits(0);
        matches(&report(&ran))[2].1
    };
    assert_eq!((alone("broken.json"), alone("large.json")), (1, 1));
    let (cut, sound) = (alone("cut.json.gz"), alone(&whole));
    assert!(cut <= sound && sound > 0, "{cut} {sound}");
    assert_eq!(matches(&json)[2].1, 2 + cut + sound);
    world
        .run(&["replay", "spec.toml", "--logs", "large.json"])
        .exits(0)
        .prints("! 1 record over 256 KB: CloudTrail sends none of them to a log group");

    // Nothing at all could be read.
    world
        .run(&["replay", "spec.toml", "--logs", "gone", "empty.json"])
        .exits(1)
        .says("`gone`: cannot be read");
    // No records are no failure.
    world.write("none.json", r#"{"Records":[]}"#);
    world
        .run(&["replay", "spec.toml", "--logs", "none.json"])
        .exits(0)
        .prints("No record matches: rule.auth-changes, rule.iam-calls, rule.iam-changes\n");
}

#[test]
fn the_page_stands_alone_and_is_the_same_every_time() {
    let world = classic();
    world.write(
        "old.toml",
        &spec(&[("iam-calls", "{ $.eventName = CreateUser }")]),
    );
    world.write(
        "evil.json",
        r#"{"eventSource":"iam.amazonaws.com","eventName":"<script>alert(1)</script>","eventTime":"2026-03-01T10:00:00Z",
            "userIdentity":{"type":"IAMUser","arn":"\"><img src=x onerror=alert(1)>\u001b[2J"}}"#,
    );
    let logs = events_text();
    let arguments = [
        "replay",
        "spec.toml",
        "--compare",
        "old.toml",
        "--html",
        "report.html",
        "--logs",
        &logs,
        "evil.json",
        "gone",
    ];
    let page = |arguments: &[&str]| {
        world
            .run(arguments)
            .exits(0)
            .says("The report is in report.html\n")
            .prints("Replay: ");
        std::fs::read_to_string(world.folder().join("report.html")).expect("the page")
    };
    let first = page(&arguments);
    assert!(first.starts_with("<!doctype html>\n") && first.ends_with("</html>\n"));
    for part in [
        "<h2 id=\"compared\">Compared with the old spec</h2>",
        "What could be left out",
        "`gone`: cannot be read",
    ] {
        assert!(first.contains(part), "{part}");
    }
    let evil = page(&[
        "replay",
        "spec.toml",
        "--html",
        "report.html",
        "--logs",
        "evil.json",
    ]);
    assert!(evil.contains("iam &lt;script&gt;alert(1)&lt;/<wbr>script&gt;"));
    assert!(evil.contains(r"&quot;&gt;&lt;img src=x onerror=alert(1)&gt;\u{1b}[2J"));
    for part in ["<script", "<img", "http://", "https://", "src=\"", "\u{1b}"] {
        assert!(!first.contains(part) && !evil.contains(part), "{part}");
    }
    assert_eq!(page(&arguments), first);
    // What was computed is not lost with the page.
    let nowhere = [
        "replay",
        "spec.toml",
        "--html",
        "none/report.html",
        "--logs",
        &logs,
    ];
    world
        .run(&nowhere)
        .exits(1)
        .prints("Replay: 147 matches of 3 rules")
        .says("cannot write `none/report.html`: No such file or directory");
}

#[test]
fn a_spec_without_rules_has_nothing_to_replay() {
    let world = classic();
    world.write("empty.toml", &spec(&[]));
    let logs = events_text();
    let none = "has no rule and no metric filter to replay";
    world
        .run(&["replay", "empty.toml", "--logs", &logs])
        .exits(65)
        .says(&format!("`empty.toml` {none}"))
        .says("help: write a `[rule.LABEL]`");
    world
        .run(&["replay", "spec.toml", "--compare", "empty.toml", "--logs", &logs])
        .exits(65)
        .says(&format!("`empty.toml` {none}"));
    world
        .run(&["replay", "spec.toml"])
        .exits(64)
        .says("--logs <PATH>...");
    world
        .run(&["replay", "spec.toml", "--logs", &logs, "--bucket"])
        .exits(64)
        .says("cannot be used with");
}

#[test]
fn the_bucket_gives_what_its_downloaded_files_give() {
    let world = World::in_file();
    let rules = [
        ("iam", "{ $.eventSource = iam.amazonaws.com }"),
        ("keys", "{ $.eventName = Create* }"),
    ];
    world.write("spec.toml", &spec(&rules).replace("123456789012", &world.account));
    world.apply();
    world.pass(7);
    let make = |name: &str| {
        let role = Clients::of(&world).iam.create_role().role_name(name);
        let role = role.assume_role_policy_document(
            r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"Service": "ec2.amazonaws.com"}}]}"#,
        );
        wait(role.send()).expect("a role");
    };
    make("eve");
    make("mallory");
    world.pass(60);
    make("trudy");
    world.pass(60);
    world.run(&["files", "main", "--to", "logs"]).exits(0);
    let bucket = world
        .run(&["replay", "spec.toml", "--bucket", "--format", "json"])
        .exits(0);
    assert!(!bucket.stderr.contains("warning"), "{}", bucket.stderr);
    let files = world
        .run(&["replay", "spec.toml", "--logs", "logs", "--format", "json"])
        .exits(0);
    let (of_bucket, of_files) = (report(&bucket), report(&files));
    assert_eq!(of_bucket, of_files);
    let (name, iam) = matches(&of_bucket)[0];
    assert!(name == "rule.iam" && iam >= 3, "{name} {iam}");
    let roles = |report: &Value| {
        let top = report["rules"][1]["events"]["top"]
            .as_array()
            .expect("events")
            .clone();
        top.into_iter().find(|one| one["name"] == "iam CreateRole")
    };
    assert_eq!(
        roles(&of_bucket),
        Some(json!({"name": "iam CreateRole", "count": 3}))
    );
    // Of the last hour and a half only the last of them.
    let late = [
        "replay",
        "spec.toml",
        "--bucket=main",
        "--since",
        "90m",
        "--format",
        "json",
    ];
    let late = report(&world.run(&late).exits(0));
    assert_eq!(roles(&late), Some(json!({"name": "iam CreateRole", "count": 1})));
    world
        .run(&["replay", "spec.toml", "--bucket=second"])
        .exits(64)
        .says("there is no trail `second` in the spec");
}

#[test]
fn a_file_of_the_bucket_that_cannot_be_fetched_is_said_and_the_others_count() {
    let world = World::on_sandbox();
    let rules = [("iam", "{ $.eventSource = iam.amazonaws.com }")];
    world.write("spec.toml", &spec(&rules).replace("123456789012", &world.account));
    let clients = Clients::of(&world);
    let bucket = format!("acme-{}-replay", world.account);
    wait(clients.s3.create_bucket().bucket(&bucket).send()).expect("a bucket");
    let record = r#"{"Records":[{"eventSource":"iam.amazonaws.com","eventName":"CreateUser","eventTime":"2026-03-02T00:01:00Z"}]}"#;
    for number in 0..5 {
        let account = &world.account;
        let key = format!(
            "AWSLogs/{account}/CloudTrail/us-east-1/2026/03/02/{account}_CloudTrail_us-east-1_20260302T0005Z_x{number}.json"
        );
        let put = clients.s3.put_object().bucket(&bucket).key(key);
        let body = aws_sdk_s3::primitives::ByteStream::from(record.as_bytes().to_vec());
        wait(put.body(body).send()).expect("an object");
    }
    let arguments = [
        "replay",
        "spec.toml",
        "--bucket",
        "--since",
        "2026-03-01",
        "--format",
        "json",
    ];
    let all = report(&world.run(&arguments).exits(0));
    assert_eq!(matches(&all), [("rule.iam", 5)]);
    let proxy = Proxy::start(&world.endpoint);
    proxy.fault(Fault::on("GetObject", Kind::AccessDenied).first(1));
    let ran = world
        .run_at(&proxy.endpoint, &arguments)
        .exits(0)
        .says(&format!("warning: `s3://{bucket}/AWSLogs/"));
    let most = report(&ran);
    assert_eq!(matches(&most), [("rule.iam", 4)]);
    assert_eq!(most["problems"].as_array().map(Vec::len), Some(1));
    let proxy = Proxy::start(&world.endpoint);
    proxy.fault(Fault::on("GetObject", Kind::AccessDenied));
    let none = report(&world.run_at(&proxy.endpoint, &arguments).exits(1));
    let problems: Vec<&str> = none["problems"]
        .as_array()
        .expect("problems")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let in_order = problems
        .iter()
        .enumerate()
        .all(|(number, problem)| problem.contains(&format!("_x{number}.json`")));
    assert!(in_order && problems.len() == 5, "{problems:#?}");
}
