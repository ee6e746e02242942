use serde_json::{Value, json as value};
use trailwarden_spec::compare::Change;
use trailwarden_spec::evidence::Changed;
use trailwarden_spec::wanted::Waiver;

use super::moment;
use crate::drift::{Drift, History, Item, WaiverState};
use trailwarden_spec::json::sorted;

/// The number of the JSON format. Additions do not change it.
const FORMAT: u32 = 1;

/// The drift for programs: keys are sorted. `docs/schema/drift.json` describes it.
#[must_use]
pub fn drift_json(drift: &Drift) -> Value {
    let items: Vec<Value> = drift.items.iter().map(item).collect();
    let idle: Vec<Value> = drift.idle.iter().map(waiver).collect();
    sorted(value!({
        "format": FORMAT,
        "stack": drift.stack,
        "account": drift.scope.account,
        "region": drift.scope.region,
        "today": drift.today.to_string(),
        "differences": !drift.is_empty(),
        "summary": drift.summary(),
        "items": items,
        "idle_waivers": idle,
        "attention": drift.attention,
        "notes": drift.notes,
    }))
}

fn item(item: &Item) -> Value {
    let (state, waivers) = match &item.waiver {
        WaiverState::None => ("none", &[][..]),
        WaiverState::Waived(waivers) => ("waived", waivers.as_slice()),
        WaiverState::Expired(waivers) => ("expired", waivers.as_slice()),
    };
    let (known, calls, why) = match &item.history {
        History::NotAsked => ("not_asked", &[][..], None),
        History::NotLookedUp => ("not_looked_up", &[][..], None),
        History::Unknown(why) => ("unknown", &[][..], Some(why)),
        History::Known(calls) => ("known", calls.as_slice(), None),
    };
    let refusal = item
        .refusal
        .as_ref()
        .map(|(code, message)| value!({ "code": code, "message": message }));
    value!({
        "address": item.address,
        "kind": item.address.kind,
        "name": item.address.name,
        "origin": item.origin,
        "what": item.what,
        "severity": item.severity,
        "effect": item.effect,
        "concerns": item.concerns,
        "refusal": refusal,
        "changes": item.changes.iter().map(change).collect::<Vec<_>>(),
        "waiver": {
            "state": state,
            "by": waivers.iter().map(waiver).collect::<Vec<_>>(),
            "partly": item.partly.iter().map(waiver).collect::<Vec<_>>(),
        },
        "history": { "state": known, "why": why, "calls": calls.iter().map(call).collect::<Vec<_>>() },
    })
}

fn change(change: &Change) -> Value {
    value!({ "field": change.field, "spec": change.after, "account": change.before })
}

fn waiver(waiver: &Waiver) -> Value {
    value!({
        "address": waiver.written,
        "fields": waiver.fields,
        "owner": waiver.owner,
        "reason": waiver.reason,
        "expires": waiver.expires.to_string(),
    })
}

fn call(call: &Changed) -> Value {
    value!({
        "at": moment(call.at),
        "event": call.event,
        "by": call.by,
        "source_ip": call.source_ip,
        "event_id": call.event_id,
    })
}
