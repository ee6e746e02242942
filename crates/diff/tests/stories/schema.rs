//! The published schema of a plan against what is printed. Every plan of a story is held against it
//! in the fixture.

use serde::Serialize;
use serde_json::{Value, json};
use trailwarden_diff::{Action, CostOf, Phase, RefusalCode, render};
use trailwarden_spec::Kind;
use trailwarden_spec::compare::{Shown, Verdict};

use crate::fixture::Story;
use crate::published::{file, referred, wrong};

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
    let list = file("plan.json").pointer(&format!("/$defs/{pointer}/enum"));
    list.and_then(Value::as_array).expect("an enum")
}

#[test]
fn the_words_are_those_of_the_program() {
    assert_eq!(listed("kind"), words(Kind::ALL));
    assert_eq!(listed("phase"), words(&all!(Phase: Whole, Widen, Narrow)));
    let actions = all!(Action: Create, Adopt, Update, Release, Delete);
    assert_eq!(listed("step/properties/action"), words(&actions));
    let verdicts = all!(Verdict: Same, SameMeaning, Differs);
    assert_eq!(listed("change/properties/verdict"), words(&verdicts));
    let codes = all!(RefusalCode: NotOwned, OwnedByOther, Inexpressible, Impossible, Missing, Protected, Blinding, TooMuch,
        Quota, Waits);
    assert_eq!(listed("refusal/properties/code"), words(&codes));
    let costs = all!(CostOf: Alarms, HighResolutionAlarms, QueriedMetrics, HighResolutionQueriedMetrics, CompositeAlarms, CustomMetrics, Keys, ManagementEventCopies, DataEvents,
        Insights);
    assert_eq!(listed("cost/properties/what"), words(&costs));
}

#[test]
fn values_are_shown_in_the_forms_that_are_published() {
    let text = || "x".to_owned();
    let forms = [
        Shown::Absent,
        Shown::Plain(text()),
        Shown::Text(text()),
        Shown::Lines(text()),
        Shown::List(vec![text()]),
        Shown::Map([(text(), text())].into()),
    ];
    let published = file("plan.json")
        .pointer("/$defs/shown/oneOf")
        .and_then(Value::as_array);
    let published = published
        .unwrap()
        .iter()
        .map(|form| &form["properties"]["as"]["const"]);
    let printed: Vec<Value> = words(&forms).iter().map(|form| form["as"].clone()).collect();
    assert_eq!(published.cloned().collect::<Vec<_>>(), printed);
    for form in forms {
        // A form that is not among them does not compile.
        match form {
            Shown::Absent
            | Shown::Plain(_)
            | Shown::Text(_)
            | Shown::Lines(_)
            | Shown::List(_)
            | Shown::Map(_) => {}
        }
    }
}

/// Every key of a schema and every word of an enum, with its place, that no description explains.
fn unexplained(schema: &Value, name: &str, at: &str, found: &mut Vec<String>) {
    let described = |schema: &Value| schema["description"].as_str().map(ToOwned::to_owned);
    let of_reference = || {
        schema["$ref"]
            .as_str()
            .and_then(|to| described(referred(to, name).0))
    };
    let description = described(schema).or_else(of_reference).unwrap_or_default();
    if !description.ends_with('.') {
        found.push(at.to_owned());
    }
    // The kinds are explained as one; the others word by word.
    if !at.ends_with("kind") || name != "plan.json" {
        let words = schema["enum"].as_array().into_iter().flatten();
        let missing = words.filter(|word| !description.contains(&format!("`{}`", word.as_str().unwrap())));
        found.extend(missing.map(|word| format!("{at} {word}")));
    }
    for part in ["properties", "$defs"] {
        for (key, schema) in schema[part].as_object().into_iter().flatten() {
            unexplained(schema, name, &format!("{at}/{part}/{key}"), found);
        }
    }
    let forms = schema["oneOf"].as_array().into_iter().flatten();
    for (index, form) in forms.filter(|form| form["type"] == "object").enumerate() {
        unexplained(form, name, &format!("{at}/oneOf/{index}"), found);
    }
}

#[test]
fn every_key_and_every_word_is_explained() {
    for name in ["plan.json", "apply.json", "drift.json", "status.json"] {
        let mut found = Vec::new();
        unexplained(file(name), name, name, &mut found);
        assert_eq!(found, [""; 0]);
    }
}

#[test]
fn what_is_not_as_published_is_noticed() {
    let good = render::json(&Story::new().plan());
    assert_eq!(wrong(&good, "plan.json"), None);
    let with = |pointer: &str, value: Value| {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        wrong(&bad, "plan.json").unwrap_or_default()
    };
    for (pointer, value, says) in [
        ("/format", json!(2), "$.format is 2"),
        ("/account", json!("12345678901"), "$.account is"),
        ("/account", json!("12345678901a"), "$.account is"),
        ("/steps/0/action", json!("destroy"), "$.steps[0].action is"),
        ("/steps/0/kept", json!([1]), "$.steps[0].kept[0] is 1"),
        (
            "/steps/0/changes/0/after",
            json!({"as": "absent", "value": "x"}),
            "$.steps[0].changes[0].after fits 0 of 6",
        ),
        (
            "/steps/0/changes/0/after",
            json!({"as": "map", "value": {"a": 1}}),
            "$.steps[0].changes[0].after fits 0 of 6",
        ),
        ("/cost/0/count", json!(0), "$.cost[0].count is 0"),
        ("/cost/0", json!({}), "$.cost[0] has no"),
        ("/summary/create", json!(null), "$.summary.create is null"),
    ] {
        let said = with(pointer, value);
        assert!(said.starts_with(says), "{pointer}: {said}");
    }
    for (key, value, noticed) in [
        ("extra", json!(1), true),
        ("approval", json!("0123456789ab"), false),
        ("approval", json!(null), false),
        ("approval", json!("0123456789AB"), true),
        ("sandbox", json!("account.json"), false),
    ] {
        let mut other = good.clone();
        other[key] = value;
        assert_eq!(wrong(&other, "plan.json").is_some(), noticed, "{other}");
    }
}
