use serde_json::{Value, json as value};

use crate::{Coverage, Covered};

/// The coverage for programs: `docs/schema/coverage.json`.
#[must_use]
pub fn json(coverage: &Coverage) -> Value {
    value!({
        "format": 1,
        "stack": coverage.stack,
        "account": coverage.account,
        "region": coverage.region,
        "good": coverage.is_good(),
        "standards": coverage.standards.iter().map(standard).collect::<Vec<_>>(),
    })
}

fn standard(covered: &Covered) -> Value {
    let controls = covered.controls.iter().map(|control| {
        let reasons = control.reasons.iter().map(|reason| {
            value!({
                "code": reason.code.as_str(),
                "origin": reason.origin,
                "message": reason.message,
            })
        });
        value!({
            "id": control.id,
            "title": control.title,
            "verdict": control.verdict.as_str(),
            "by": control.by,
            "reasons": reasons.collect::<Vec<_>>(),
        })
    });
    value!({
        "standard": covered.standard.as_str(),
        "title": covered.standard.title(),
        "required": covered.required,
        "met": covered.met(),
        "controls": controls.collect::<Vec<_>>(),
    })
}
