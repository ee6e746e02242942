use serde_json::{Value, json as value};
use trailwarden_spec::json::sorted;

use crate::chain::Proof;

/// The number of the JSON format. Additions do not change it.
const FORMAT: u32 = 1;

/// The proof for programs: keys are sorted. `docs/schema/status.json` describes it.
#[must_use]
pub fn json(proof: &Proof) -> Value {
    let chains: Vec<Value> = proof
        .chains
        .iter()
        .map(|chain| {
            value!({
                "origin": chain.origin,
                "alarm": chain.alarm,
                "verdict": chain.verdict(),
                "state": chain.state.as_ref().map(|(state, _)| state),
                "state_since": chain.state.as_ref().map(|(_, since)| since),
                "first_broken": chain.first_broken(),
                "links": chain.links,
                "told": chain.told,
            })
        })
        .collect();
    sorted(value!({
        "format": FORMAT,
        "stack": proof.stack,
        "account": proof.scope.account,
        "region": proof.scope.region,
        "at": proof.at,
        "verdict": proof.verdict(),
        "summary": proof.summary(),
        "chains": chains,
        "attention": proof.attention,
        "unknown": proof.unknown,
    }))
}
