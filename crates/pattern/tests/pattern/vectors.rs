//! The examples of AWS's documentation.

use serde_json::Value;
use trailwarden_pattern::Pattern;

const DOCUMENTED: &str = include_str!("../data/filter_patterns_aws_docs.jsonl");

#[test]
fn every_documented_example_is_decided_as_documented() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in DOCUMENTED.lines() {
        let row: Value = serde_json::from_str(line).expect("a row");
        let text = |key: &str| row[key].as_str().expect("text");
        let decided = match Pattern::parse(text("pattern")) {
            Ok(pattern) => Value::from(pattern.matcher().is_match(text("message").as_bytes())),
            Err(_) => "error".into(),
        };
        count += 1;
        if decided != row["match"] {
            wrong.push(format!(
                "{}: {decided}, not {}: {}",
                row["id"], row["match"], row["pattern"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(count, DOCUMENTED.lines().count());
    assert!(count >= 80, "{count}");
}
