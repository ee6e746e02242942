//! The published schema of a proof against what is printed. Every proof of a story is held against it in
//! the fixture.

use serde::Serialize;
use serde_json::{Value, json};
use trailwarden_prove::{LinkKind, LinkState, Verdict, render};

use crate::fixture::Story;
use crate::published::{file, wrong};

/// All variants of an enum; one that is forgotten does not compile.
macro_rules! all {
    ($type:ident: $($variant:ident),*) => {{
        let known = |one: $type| match one { $($type::$variant => one,)* };
        [$(known($type::$variant)),*]
    }};
}

fn words<T: Serialize>(all: &[T]) -> Vec<Value> {
    all.iter().map(|one| serde_json::to_value(one).unwrap()).collect()
}

fn listed(pointer: &str) -> &'static [Value] {
    let list = file("status.json").pointer(&format!("/$defs/{pointer}/enum"));
    list.and_then(Value::as_array).expect("an enum")
}

#[test]
fn the_words_are_those_of_the_program() {
    let kinds = all!(LinkKind: Trail, Selectors, Delivery, LogGroup, Filter, Metric, Children, Alarm, Topic,
        Subscribers);
    assert_eq!(listed("link/properties/kind"), words(&kinds));
    let states = all!(LinkState: Holds, Unknown, Waits, Broken);
    assert_eq!(listed("link/properties/state"), words(&states));
    let verdicts = all!(Verdict: Quiet, Reaches, Waits, Broken);
    assert_eq!(listed("verdict"), words(&verdicts));
}

#[test]
fn what_is_not_as_published_is_noticed() {
    let good = render::json(&Story::working().proof());
    for (pointer, value, says) in [
        ("/format", json!(2), "$.format is 2"),
        ("/verdict", json!("fine"), "$.verdict is"),
        (
            "/chains/0/links/0/state",
            json!("ok"),
            "$.chains[0].links[0].state is",
        ),
        (
            "/chains/0/links/0/kind",
            json!(null),
            "$.chains[0].links[0].kind is null",
        ),
        (
            "/chains/0/first_broken",
            json!({}),
            "$.chains[0].first_broken fits 0 of 2",
        ),
        (
            "/chains/0/told/0/endpoint",
            json!(1),
            "$.chains[0].told[0].endpoint is 1",
        ),
        ("/summary", json!({}), "$.summary has no"),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).expect("a place") = value;
        let said = wrong(&bad, "status.json").unwrap_or_default();
        assert!(said.starts_with(says), "{pointer}: {said}");
    }
}
