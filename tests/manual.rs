//! docs/limits.md says what is so.

use std::path::Path;

const MANUAL: &str = include_str!("../docs/limits.md");

/// The rows of a section's tables, cell by cell, without their heads.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, section) = MANUAL
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
    let rows = rows("What goes wrong elsewhere, and what trailwarden does");
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
    let rows = rows("What it does not do");
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
