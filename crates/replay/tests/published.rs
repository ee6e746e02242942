//! The published events, and how many of them each published pattern matches: `tests/events/expected.json`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use trailwarden_pattern::Pattern;
use trailwarden_replay::engine::Engine;
use trailwarden_replay::files::{Input, find};
use trailwarden_replay::layout::Selection;
use trailwarden_replay::scan::Scanner;

#[test]
fn every_published_pattern_matches_as_many_records_of_each_file_as_published() {
    let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/events");
    let expected: Value =
        serde_json::from_slice(&std::fs::read(events.join("expected.json")).unwrap()).unwrap();
    let published = expected["patterns"].as_object().unwrap();
    let patterns: Vec<Pattern> = published
        .values()
        .map(|one| Pattern::parse(one["pattern"].as_str().unwrap()).unwrap())
        .collect();
    assert!(patterns.len() >= 15, "{}", patterns.len());
    let engine = Engine::new(&patterns.iter().collect::<Vec<_>>()).unwrap();
    let mut scanner = Scanner::new(&engine);
    let mut found: Vec<BTreeMap<String, u64>> = vec![BTreeMap::new(); patterns.len()];
    let found_files = find(std::slice::from_ref(&events), &Selection::default());
    let mut files = 0;
    for file in &found_files.files {
        let Input::File(path) = &file.input else {
            panic!("a file")
        };
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        // It holds the counts, and no records.
        if name == "expected.json" {
            continue;
        }
        files += 1;
        let problems = scanner.file(file, None, |rules, _, _| {
            for rule in rules.each() {
                *found[rule].entry(name.clone()).or_default() += 1;
            }
        });
        assert_eq!(problems, [], "{name}");
    }
    assert_eq!(files, expected["files"].as_u64().unwrap());
    assert_eq!(scanner.seen().records, expected["records"].as_u64().unwrap());
    for ((name, one), found) in published.iter().zip(&found) {
        let by_file: BTreeMap<String, u64> = one["by_file"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(file, count)| (file.clone(), count.as_u64().unwrap()))
            .filter(|(_, count)| *count > 0)
            .collect();
        assert_eq!(found, &by_file, "{name}");
        assert_eq!(
            found.values().sum::<u64>(),
            one["matches"].as_u64().unwrap(),
            "{name}"
        );
    }
    // What CIS 1.4 prints for unauthorised calls is true of every record.
    assert_eq!(published["4.1-v1.4"]["matches"], expected["records"]);
}
