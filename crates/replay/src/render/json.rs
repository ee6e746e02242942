use serde_json::Value;

use crate::report::Report;

/// The report for programs: docs/schema/replay.json.
#[must_use]
pub fn json(report: &Report) -> Value {
    // A report holds nothing that JSON has no words for.
    sorted(serde_json::to_value(report).unwrap_or_default())
}

/// The same with the keys of all objects in order, whatever the order of a map is in this build.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> = members.into_iter().collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            members
                .into_iter()
                .map(|(key, value)| (key, sorted(value)))
                .collect()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}
