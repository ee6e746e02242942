//! The rules as SQL: what `DuckDB` finds with them is what the patterns match.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use trailwarden_export::{Dialect, query};
use trailwarden_pattern::Pattern;
use trailwarden_replay::files::{Input, find};
use trailwarden_replay::layout::Selection;
use trailwarden_replay::read::Contents;

use crate::support::moto::python;
use crate::support::world::World;

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests")
}

/// What `tests/in_duckdb.py` answers.
fn duckdb(asked: &Value) -> Vec<Value> {
    let mut child = Command::new(python())
        .arg(tests().join("in_duckdb.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut input = child.stdin.take().expect("its standard input");
    let text = asked.to_string();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("a thread").expect("it was written");
    assert!(output.status.success(), "in_duckdb.py failed");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The published events, one text each.
fn published(end: &str) -> Vec<String> {
    let found = find(&[tests().join("events")], &Selection::default());
    let mut contents = Contents::default();
    let mut all = Vec::new();
    for file in &found.files {
        let wanted = matches!(&file.input, Input::File(path) if path.to_string_lossy().ends_with(end));
        if wanted {
            contents.each(file, |record| {
                all.push(String::from_utf8(record.text.to_vec()).expect("UTF-8"));
            });
        }
    }
    all
}

/// Holds patterns against records both ways. Returns how many patterns can be said in SQL.
fn agree(patterns: &[Pattern], records: &[String]) -> usize {
    let sayable: Vec<(&Pattern, String)> = patterns
        .iter()
        .filter_map(|pattern| Some((pattern, query("x", pattern, Dialect::DuckDb, "cloudtrail").ok()?)))
        .collect();
    let queries: Vec<&String> = sayable.iter().map(|(_, query)| query).collect();
    let found = duckdb(&json!({ "records": records, "queries": queries }));
    assert_eq!(found.len(), sayable.len());
    for ((pattern, query), found) in sayable.iter().zip(&found) {
        let matcher = pattern.matcher();
        let own: Vec<usize> = (0..records.len())
            .filter(|n| matcher.is_match(records[*n].as_bytes()))
            .collect();
        let found: Vec<usize> = serde_json::from_value(found.clone()).expect("numbers");
        let differ = (0..records.len()).find(|n| own.contains(n) != found.contains(n));
        if let Some(n) = differ {
            panic!(
                "{pattern}\n{query}\n{}\nmatches: {}",
                records[n],
                own.contains(&n)
            );
        }
    }
    sayable.len()
}

/// All sorts of values at all places.
fn odd_records() -> Vec<String> {
    let values = [
        "null",
        "true",
        "false",
        "0",
        "5",
        "-5",
        "5.0",
        "5.5",
        "0.5",
        "1e3",
        "1000",
        "123456789012",
        "18446744073709551615",
        "123456789012345678901234567890",
        "1e-3",
        "-1.25e2",
        r#""""#,
        r#""a""#,
        r#""A""#,
        r#""ab""#,
        r#""ba""#,
        r#""bab""#,
        r#""5""#,
        r#""5.0""#,
        r#""true""#,
        r#""null""#,
        r#""a%b_c""#,
        r#""it's""#,
        r#""say \"a\"""#,
        r#""\u0061""#,
        r#""ä\n😀""#,
        r#""*""#,
        r#""a*b""#,
        "{}",
        "[]",
        r#"{"a":"a"}"#,
        r#"["a",5]"#,
        r#"[["a"]]"#,
        r#"[{"a":5},{"a":"a"},{}]"#,
        r#"{"x":{"a":"a"},"y":{"a":5},"z":null}"#,
        r#"{"0":"a"}"#,
        r#"{"b.c":"a","d-e":5}"#,
    ];
    let around = [
        "{\"f\":V}",
        "{\"f\":{\"a\":V}}",
        "{\"f\":[V]}",
        "{\"f\":[1,{\"a\":V}]}",
        "{\"f\":{\"b.c\":V}}",
        "{\"g\":V}",
        "{\"F\":V}",
        "{ \"g\" : 1 ,\n \"f\" : V , \"f.a\" : \"a\" }",
    ];
    let mut all: Vec<String> = around
        .iter()
        .flat_map(|around| values.iter().map(|value| around.replace('V', value)))
        .collect();
    all.push("{}".into());
    all
}

/// All sorts of conditions on all sorts of fields.
fn odd_patterns() -> Vec<Pattern> {
    let selectors = [
        "$.f",
        "$.f.a",
        "$.f[0]",
        "$.f[1].a",
        "$.f[7]",
        "$.f[*]",
        "$.f[*].a",
        "$.f.*",
        "$.f.*.a",
        "$.*",
        "$.*.a",
        "$.f.['b.c']",
        "$.f[0][0]",
        "$.f.a.b",
    ];
    let values = [
        "a",
        "\"a\"",
        "a*",
        "*a",
        "*a*",
        "*",
        "\"\"",
        "\"a%b_c\"",
        "\"*%*\"",
        "\"it's\"",
        "\"say \\\"a\\\"\"",
        "\"a*b\"",
        "\"ä*\"",
        "5",
        "\"5\"",
        "5.0",
        "-5",
        "0.5",
        "1000",
        "1e3",
        "123456789012",
        "\"123456789012\"",
        "true",
        "\"null\"",
        "\"5.0\"",
        "\"5*\"",
        "0",
        "-125",
        "0.001",
    ];
    let mut all = Vec::new();
    for selector in selectors {
        for condition in ["NOT EXISTS", "IS NULL", "IS TRUE", "IS FALSE"] {
            all.push(format!("{{ {selector} {condition} }}"));
        }
        for value in values {
            all.push(format!("{{ {selector} = {value} }}"));
            all.push(format!("{{ {selector} != {value} }}"));
        }
        for value in ["5", "-5", "0.5", "1000", "5.25", "123456789012"] {
            for sign in ["<", "<=", ">", ">="] {
                all.push(format!("{{ {selector} {sign} {value} }}"));
            }
        }
    }
    for pattern in [
        "{ $.f = a || $.f = 5 && $.g NOT EXISTS }",
        "{ ($.f = a || $.f = 5) && $.f != 5 }",
        "{ $.f.a != a && ($.f NOT EXISTS || ($.f.a = 5 && $.g = 1)) || $.f IS NULL }",
        "{ $.f[*] != a && $.f.* != 5 }",
        "",
    ] {
        all.push(pattern.into());
    }
    all.iter()
        .map(|text| Pattern::parse(text).unwrap_or_else(|why| panic!("{text}: {why:?}")))
        .collect()
}

#[test]
fn duckdb_finds_what_patterns_match_of_odd_records() {
    let patterns = odd_patterns();
    let sayable = agree(&patterns, &odd_records());
    // Of 29 values DuckDB cannot say two, each with `=` and `!=`.
    assert!(
        sayable * 10 > patterns.len() * 9,
        "{sayable} of {}",
        patterns.len()
    );
}

#[test]
fn duckdb_finds_what_documented_patterns_match_of_published_events() {
    let mut patterns = Vec::new();
    let expected = fs::read_to_string(tests().join("events/expected.json")).expect("the expected counts");
    let expected: Value = serde_json::from_str(&expected).expect("JSON");
    for pattern in expected["patterns"].as_object().expect("patterns").values() {
        let text = pattern["pattern"].as_str().expect("a pattern");
        patterns.push(Pattern::parse(text).expect("a pattern"));
    }
    let published = published("");
    assert!(published.len() > 700, "{}", published.len());
    assert_eq!(agree(&patterns, &published), patterns.len(), "all can be said");
}

#[test]
fn the_exported_rules_run_on_log_files_as_they_are() {
    let world = World::in_file();
    let spec = tests().join("bench/cis.toml");
    let spec = spec.to_str().expect("a path");
    let ran = world.run(&["rules", "export", spec, "--to", "duckdb"]).exits(0);
    let text = ran.stdout;
    let view: String = text
        .lines()
        .skip_while(|line| !line.contains("CREATE VIEW"))
        .take_while(|line| line.starts_with("--  "))
        .map(|line| line.trim_start_matches('-').to_owned() + "\n")
        .collect();
    let events = tests().join("events");
    let view = view.replace("FOLDER", events.to_str().expect("a path"));
    let queries: Vec<&str> = text.split("\n\n").skip(1).collect();
    assert_eq!(queries.len(), 15);
    let found = duckdb(&json!({ "view": view, "queries": queries }));
    let published = published(".json.gz");
    let mut some = 0;
    for (query, found) in queries.iter().zip(&found) {
        let pattern = query.lines().find_map(|line| line.strip_prefix("-- {"));
        let pattern = Pattern::parse(&format!("{{{}", pattern.expect("the pattern"))).expect("a pattern");
        let matcher = pattern.matcher();
        let own = published
            .iter()
            .filter(|record| matcher.is_match(record.as_bytes()));
        let own = own.count();
        assert_eq!(found, own, "{query}");
        some += usize::from(own > 0);
    }
    assert!(some > 5, "rules that match something");
}

#[test]
fn what_athena_cannot_say_is_told_and_the_rest_is_printed() {
    let world = World::in_file();
    let spec = tests().join("bench/cis.toml");
    let spec = spec.to_str().expect("a path");
    let ran = world.run(&["rules", "export", spec, "--to", "athena", "--table", "audit.logs"]);
    let ran = ran.exits(4);
    assert_eq!(
        ran.stderr,
        "refused: rule.root-use, `$.userIdentity.invokedBy`: the table has NULL both for null and for what is not \
         there: ask for the field in a query of your own, or use `--to duckdb`\n"
    );
    assert_eq!(ran.stdout.matches("\nFROM audit.logs\n").count(), 14);
    world
        .run(&["rules", "export", spec, "--to", "athena", "--rule", "keys"])
        .exits(0)
        .prints(
            "SELECT 'rule.keys' AS rule, *\nFROM cloudtrail_logs\nWHERE eventsource = 'kms.amazonaws.com'\n    \
             AND (eventname = 'DisableKey'\n        OR eventname = 'ScheduleKeyDeletion');\n",
        );
    world
        .run(&["rules", "export", spec, "--to", "athena", "--rule", "nobody"])
        .exits(64)
        .says("the spec has no rule `nobody`");
    world
        .run(&["rules", "export", spec, "--to", "athena", "--table", "a; b"])
        .exits(64)
        .says("is no name of a table");
}
