//! docs/limits.md and docs/operations.md say what is so.

use std::path::Path;

use crate::status::breakages;
use crate::support::world::World;

const MANUAL: &str = include_str!("../docs/limits.md");
const OPERATIONS: &str = include_str!("../docs/operations.md");

/// The rows of a section's tables, cell by cell, without their heads.
fn rows(manual: &'static str, heading: &str) -> Vec<Vec<&'static str>> {
    let (_, section) = manual
        .split_once(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("no section {heading:?}"));
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut rows = Vec::new();
    let mut lines = section.lines().peekable();
    while let Some(line) = lines.next() {
        let is_head = lines.peek().is_some_and(|next| next.starts_with("| ---"));
        if line.starts_with("| ") && !line.starts_with("| ---") && !is_head {
            let cells = line.trim_start_matches("| ").trim_end_matches(" |");
            rows.push(cells.split(" | ").collect());
        }
    }
    rows
}

#[test]
fn every_test_that_the_manual_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let rows = rows(MANUAL, "What goes wrong elsewhere, and what trailwarden does");
    assert!(rows.len() >= 50, "{}", rows.len());
    for row in rows {
        let [complaint, _, tests] = row[..] else {
            panic!("three cells: {row:?}")
        };
        for test in tests.split("; ") {
            let named = test.trim_matches('`').split_once("` in `");
            let (name, file) = named.unwrap_or_else(|| panic!("{test:?} of {complaint:?}"));
            let text = std::fs::read_to_string(root.join(file))
                .unwrap_or_else(|error| panic!("{file} of {complaint:?}: {error}"));
            let plain = text.contains(&format!("\n#[test]\nfn {name}() {{"));
            let waiting = text.contains(&format!("\n#[tokio::test]\nasync fn {name}() {{"));
            assert!(plain || waiting, "no test {name} in {file}, of {complaint:?}");
        }
    }
}

#[test]
fn what_it_does_not_do_has_a_way_out() {
    let rows = rows(MANUAL, "What it does not do");
    assert!(rows.len() >= 15, "{}", rows.len());
    for row in rows {
        let [about, _, instead] = row[..] else {
            panic!("three cells: {row:?}")
        };
        let topics = ["trail", "log delivery", "filters", "alarms", "topics", "drift"];
        assert!(topics.contains(&about), "{row:?}");
        assert!(!instead.trim().is_empty(), "{row:?}");
    }
}

#[test]
fn every_breakage_is_in_the_manual_as_status_says_it() {
    let rows: Vec<String> = rows(OPERATIONS, "What can break, and the way out")
        .into_iter()
        .map(|row| row.join(" | "))
        .collect();
    let mut told: Vec<String> = Vec::new();
    for (test, table) in breakages::ALL {
        told.extend(table.iter().map(|one| {
            let (link, what, says, fix) = (one.link, one.what, one.says, one.fix);
            format!("{link} | {what} | {says} | {fix} | `{test}`")
        }));
    }
    let missing: Vec<&String> = told.iter().filter(|row| !rows.contains(row)).collect();
    assert!(missing.is_empty(), "{missing:#?}");

    // The others have a test each, in which their words stand.
    let stories = include_str!("status.rs");
    for row in rows.iter().filter(|row| !told.contains(row)) {
        let [_, _, says, fix, test] = row.split(" | ").collect::<Vec<_>>()[..] else {
            panic!("five cells: {row}")
        };
        let begin = format!("\n#[test]\nfn {}() {{", test.trim_matches('`'));
        let (_, story) = stories
            .split_once(&begin)
            .unwrap_or_else(|| panic!("no test {row}"));
        let story = story.split("\n}\n").next().unwrap_or_default();
        assert!(story.contains(says) && story.contains(fix), "{row}");
    }
}

#[test]
fn the_rehearsal_of_the_manual_goes_as_it_says() {
    let world = World::on_sandbox();
    let (_, section) = OPERATIONS
        .split_once("\n## Rehearse on the sandbox\n")
        .expect("a section");
    let (_, commands) = section.split_once("```sh\n").expect("commands");
    let (commands, _) = commands.split_once("```").expect("their end");
    world.write_example("account-activity.toml");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut last = None;
    for command in commands.lines() {
        let words = command.strip_prefix("trailwarden ").expect("a command of ours");
        let events = root.join("tests/events/").to_string_lossy().into_owned();
        let words = words
            .replace("specs/account-activity.toml", "spec.toml")
            .replace("tests/events/", &events);
        let mut words: Vec<&str> = words.split(' ').collect();
        if words[1] == "play" {
            // The example's account is another in this world.
            words.extend(["--account", &world.account]);
        }
        // Where no AWS is.
        let ran = world.run_at("http://127.0.0.1:9", &words);
        last = Some(ran.exits(if words[0] == "status" { 3 } else { 0 }));
    }
    let shown = last.expect("commands").stdout;
    let (_, chain) = shown.split_once("rule.iam-changes ").expect("its chain");
    let alarm = chain
        .lines()
        .find(|line| line.contains("ok alarm "))
        .expect("its alarm");
    assert!(alarm.contains("in ALARM for "), "{shown}");
}
