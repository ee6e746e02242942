//! The published schema of a report against what is printed. `memory` holds every report against it
//! that a law or a story makes.

use serde_json::{Value, json as value};
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_apply::{Outcome, Reach, Report, json};
use trailwarden_diff::{Misfit, Options, Plan, plan};
use trailwarden_spec::compare::{Change, Shown, Verdict};
use trailwarden_spec::live::Live;

use crate::order::shape;
use crate::published::{file, wrong};

fn part(pointer: &str) -> &'static Vec<Value> {
    file("apply.json")
        .pointer(pointer)
        .and_then(Value::as_array)
        .expect("a list")
}

/// One outcome of each kind.
fn outcomes(plan: &Plan) -> Vec<Outcome> {
    let all = vec![
        Outcome::Done,
        Outcome::Already,
        Outcome::Failed {
            error: AccountError {
                operation: "cloudtrail:CreateTrail".into(),
                kind: ErrorKind::Denied,
                code: Some("AccessDenied".into()),
                message: "no".into(),
                request_id: Some("1".into()),
                hint: None,
            },
        },
        Outcome::Stale {
            changes: vec![Change {
                field: "logging",
                before: Shown::Plain("true".into()),
                after: Shown::Plain("false".into()),
                verdict: Verdict::Differs,
            }],
            message: "it was changed since the plan".into(),
        },
        Outcome::Skipped {
            because_of: plan.steps[0].address.clone(),
        },
        Outcome::Stopped,
    ];
    for outcome in &all {
        // One that is not among them does not compile.
        match outcome {
            Outcome::Done
            | Outcome::Already
            | Outcome::Failed { .. }
            | Outcome::Stale { .. }
            | Outcome::Skipped { .. }
            | Outcome::Stopped => {}
        }
    }
    all
}

#[test]
fn the_words_are_those_of_the_program() {
    macro_rules! all {
        ($($variant:ident),*) => {{
            let known = |one: ErrorKind| match one { $(ErrorKind::$variant => one,)* };
            [$(known(ErrorKind::$variant)),*]
        }};
    }
    let kinds = all!(
        Credentials,
        Denied,
        Throttled,
        Unreachable,
        NotFound,
        NotPropagated,
        Limit,
        Refused,
        Service
    );
    let printed: Vec<Value> = kinds
        .iter()
        .map(|kind| serde_json::to_value(kind).unwrap())
        .collect();
    assert_eq!(*part("/$defs/error/properties/kind/enum"), printed);
}

#[test]
fn reports_of_every_outcome_are_as_published() {
    let wanted = shape().wanted();
    let plan = plan(&wanted, &Live::default(), &Options::default());
    let outcomes = outcomes(&plan);
    let published = part("/$defs/result/oneOf").iter();
    let published: Vec<&Value> = published
        .map(|one| &one["properties"]["outcome"]["const"])
        .collect();
    let printed: Vec<Value> = outcomes
        .iter()
        .map(|one| serde_json::to_value(one).unwrap())
        .collect();
    assert_eq!(
        published,
        printed.iter().map(|one| &one["outcome"]).collect::<Vec<_>>()
    );
    for outcome in outcomes {
        let report = Report {
            outcomes: vec![outcome; plan.steps.len()],
        };
        let json = json(
            &plan,
            Some(&report),
            Some(Reach {
                wanted: 2,
                confirmed: 1,
            }),
            &[Misfit {
                address: "alarm.a".into(),
                message: "`threshold` was 1, is 2".into(),
            }],
        );
        assert_eq!(wrong(&json, "apply.json"), None);
        assert_eq!(json["steps"].as_array().map(Vec::len), Some(plan.steps.len()));
    }
    let refused = json(&plan, None, None, &[]);
    assert_eq!(wrong(&refused, "apply.json"), None);
    assert!(refused["steps"].is_null());
}

#[test]
fn what_is_not_as_published_is_noticed() {
    let plan = plan(&shape().wanted(), &Live::default(), &Options::default());
    let report = Report {
        outcomes: vec![Outcome::Done; plan.steps.len()],
    };
    let good = json(&plan, Some(&report), None, &[]);
    for (pointer, value, says) in [
        ("/plan/steps/0/phase", value!("half"), "$.plan.steps[0].phase is"),
        ("/steps/0/phase", value!("half"), "$.steps fits 0 of 2"),
        (
            "/steps/0/result",
            value!({"outcome": "done", "error": 1}),
            "$.steps fits 0 of 2",
        ),
        ("/subscribers", value!({"wanted": 1}), "$.subscribers fits 0 of 2"),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        let said = wrong(&bad, "apply.json").unwrap_or_default();
        assert!(said.starts_with(says), "{pointer}: {said}");
    }
}
