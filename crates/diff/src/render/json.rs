use serde_json::{Value, json as value};
use trailwarden_spec::json::sorted;

use crate::plan::Plan;
use crate::seal::approval;

/// The number of the JSON format. Additions do not change it.
const FORMAT: u32 = 1;

/// The plan for programs: keys are sorted, so equal plans are equal bytes. `docs/schema/plan.json`
/// describes it.
#[must_use]
pub fn json(plan: &Plan) -> Value {
    let steps: Vec<Value> = plan
        .steps
        .iter()
        .map(|step| {
            let wait = |indices: &[usize]| -> Vec<String> {
                indices
                    .iter()
                    .map(|at| plan.steps[*at].address.to_string())
                    .collect()
            };
            value!({
                "address": step.address,
                "kind": step.address.kind,
                "name": step.address.name,
                "action": step.action,
                "phase": step.phase,
                "origin": step.origin,
                "changes": step.changes,
                "kept": step.kept,
                "blinds": step.blinds,
                "restores": step.restores,
                "lasts": step.lasts,
                "needs": wait(&step.needs),
                "after": wait(&step.after_steps),
            })
        })
        .collect();
    sorted(value!({
        "format": FORMAT,
        "stack": plan.stack,
        "account": plan.scope.account,
        "region": plan.scope.region,
        "differences": !plan.is_empty(),
        "summary": plan.summary(),
        "steps": steps,
        "refusals": plan.refusals,
        "attention": plan.attention,
        "notes": plan.notes,
        "cost": plan.cost,
        "approval": approval(plan),
    }))
}
