use serde_json::{Value, json as value};
use trailwarden_diff::{Misfit, Plan, render};

use crate::reach::Reach;
use crate::report::Report;

/// The number of the JSON format. Additions do not change it.
const FORMAT: u32 = 1;

/// A report for programs: the plan, what became of its steps (none when nothing was begun), how many
/// subscribers would hear of an alert, where that was asked, and where a sealed plan did not fit any
/// more. `docs/schema/apply.json` describes it.
#[must_use]
pub fn json(plan: &Plan, report: Option<&Report>, reach: Option<Reach>, misfits: &[Misfit]) -> Value {
    let steps: Option<Vec<Value>> = report.map(|report| {
        let outcomes = plan.steps.iter().zip(&report.outcomes);
        outcomes
            .map(
                |(step, outcome)| value!({ "address": step.address, "phase": step.phase, "result": outcome }),
            )
            .collect()
    });
    value!({
        "format": FORMAT,
        "plan": render::json(plan),
        "steps": steps,
        "subscribers": reach,
        "misfits": misfits,
    })
}
