use serde_json::Value;
use trailwarden_spec::json::sorted;

use crate::report::Report;

/// The report for programs: docs/schema/replay.json.
#[must_use]
pub fn json(report: &Report) -> Value {
    // A report holds nothing that JSON has no words for.
    sorted(serde_json::to_value(report).unwrap_or_default())
}
