//! How much is looked at, and when.

use std::collections::BTreeMap;

use super::metrics::{self, Name, Samples};
use super::*;
use crate::state::{Alarm, AlarmSettings};

const NOW: i64 = 1_767_225_600_000;
const MINUTE: i64 = 60_000;
const WEEK: i64 = 7 * 24 * 60 * MINUTE;

fn settings() -> AlarmSettings {
    AlarmSettings {
        namespace: Some("acme".to_owned()),
        metric_name: Some("root".to_owned()),
        statistic: Some("Sum".to_owned()),
        period: Some(300),
        evaluation_periods: Some(1),
        threshold: Some(1.0),
        comparison_operator: "GreaterThanOrEqualToThreshold".to_owned(),
        treat_missing_data: Some("notBreaching".to_owned()),
        ..AlarmSettings::default()
    }
}

fn world(alarms: &[(&str, AlarmSettings)]) -> State {
    let mut state = State::new();
    for (name, settings) in alarms {
        let alarm = Alarm {
            state: "INSUFFICIENT_DATA".to_owned(),
            reason: trailwarden_alarm::reason::UNCHECKED.to_owned(),
            settings: settings.clone(),
            ..Alarm::default()
        };
        state
            .region("1", "us-east-1")
            .alarms
            .insert((*name).to_owned(), alarm);
    }
    live(&mut state, NOW);
    state
}

fn put(state: &mut State, at: i64, value: f64) {
    let name = Name {
        namespace: "acme",
        name: "root",
        dimensions: &BTreeMap::new(),
    };
    metrics::add(state, ("1", "us-east-1"), name, None, at, Samples::one(value), at);
}

fn is(state: &State, name: &str) -> String {
    state.accounts["1"].regions["us-east-1"].alarms[name]
        .state
        .clone()
}

/// The changes of state as (minutes since the beginning, alarm, new state).
fn changes(state: &State) -> Vec<(i64, String, String)> {
    let history = &state.accounts["1"].regions["us-east-1"].alarm_history;
    let updates = history.iter().filter(|it| it.kind == "StateUpdate");
    updates
        .map(|it| {
            let to = it.summary.rsplit(' ').next().unwrap_or_default();
            ((it.at - NOW) / MINUTE, it.alarm.clone(), to.to_owned())
        })
        .collect()
}

#[test]
fn three_idle_weeks_are_one_evaluation_of_each_alarm() {
    let heartbeat = AlarmSettings {
        comparison_operator: "LessThanThreshold".to_owned(),
        treat_missing_data: Some("breaching".to_owned()),
        ..settings()
    };
    let mut state = world(&[("a", settings()), ("b", settings()), ("beat", heartbeat)]);
    let lived = live(&mut state, NOW + 3 * WEEK);
    assert_eq!((lived.evaluations, lived.changed), (3, true));
    assert_eq!(
        (is(&state, "a").as_str(), is(&state, "beat").as_str()),
        ("OK", "ALARM")
    );
    let first = [(1, "a"), (1, "b"), (1, "beat")];
    let got = changes(&state);
    let got: Vec<_> = got.iter().map(|(at, name, _)| (*at, name.as_str())).collect();
    assert_eq!(got, first);
    // And so are the next three weeks, which change nothing.
    let before = state.clone();
    let lived = live(&mut state, NOW + 6 * WEEK);
    assert_eq!((lived.evaluations, lived.changed), (3, false));
    state.lived = before.lived;
    assert_eq!(state, before);
}

#[test]
fn three_weeks_after_an_event_are_a_handful_of_evaluations() {
    let mut state = world(&[("a", settings())]);
    put(&mut state, NOW + 30_000, 1.0);
    let lived = live(&mut state, NOW + 3 * WEEK);
    // Minute 1, and each time that the event leaves one of the three periods that are in sight.
    assert_eq!(lived.evaluations, 4);
    let expected = [(1, "ALARM"), (16, "OK")];
    let expected = expected.map(|(at, to)| (at, "a".to_owned(), to.to_owned()));
    assert_eq!(changes(&state), expected);
}

#[test]
fn one_jump_is_as_good_as_many_steps() {
    let many = AlarmSettings {
        period: Some(60),
        evaluation_periods: Some(5),
        datapoints_to_alarm: Some(3),
        ..settings()
    };
    let hourly = AlarmSettings {
        period: Some(86_400),
        evaluation_periods: Some(2),
        threshold: Some(3.0),
        ..settings()
    };
    let scarce = AlarmSettings {
        treat_missing_data: None,
        threshold: Some(2.0),
        ..settings()
    };
    let alarms = [
        ("a", settings()),
        ("many", many),
        ("hourly", hourly),
        ("scarce", scarce),
    ];
    let mut state = world(&alarms);
    for minute in [1, 2, 3, 40, 41, 42, 43, 44, 45, 60, 119] {
        put(&mut state, NOW - 120 * MINUTE + minute * MINUTE, 1.0);
    }
    let until = NOW + 4 * 24 * 60 * MINUTE + 1;
    let (mut jumped, mut stepped) = (state.clone(), state);
    let jump = live(&mut jumped, until);
    let mut steps = 0;
    for at in (NOW..until).step_by(60_000) {
        steps += live(&mut stepped, at).evaluations;
    }
    live(&mut stepped, until);
    assert_eq!(jumped, stepped);
    assert!(jump.evaluations * 10 < steps, "{} of {steps}", jump.evaluations);
    assert!(changes(&jumped).len() > 4, "{:?}", changes(&jumped));
}

#[test]
fn what_is_not_understood_is_left_alone() {
    let math = |expression: &str| AlarmSettings {
        namespace: None,
        metric_name: None,
        statistic: None,
        period: None,
        metrics: vec![
            serde_json::json!({ "Id": "m1", "ReturnData": false, "MetricStat": {
                "Metric": { "Namespace": "acme", "MetricName": "root" }, "Period": 60, "Stat": "Sum" } }),
            serde_json::json!({ "Id": "e1", "Expression": expression, "ReturnData": true }),
        ],
        ..settings()
    };
    let band = AlarmSettings {
        comparison_operator: "GreaterThanUpperThreshold".to_owned(),
        ..settings()
    };
    let short = AlarmSettings {
        period: Some(10),
        ..settings()
    };
    let trimmed = AlarmSettings {
        statistic: None,
        extended_statistic: Some("tm99".to_owned()),
        ..settings()
    };
    let mut state = world(&[
        ("good", math("FILL(m1, 0) * 2 - 1")),
        ("circle", math("e1 + 1")),
        ("unknown", math("IF(m1 > 0, 1, 0)")),
        ("band", band),
        ("short", short),
        ("trimmed", trimmed),
    ]);
    put(&mut state, NOW + 1000, 1.0);
    live(&mut state, NOW + 10 * MINUTE);
    // A filled minute is one with data: the event is out of sight after its own.
    let expected = [(1, "ALARM"), (2, "OK")];
    let expected = expected.map(|(at, to)| (at, "good".to_owned(), to.to_owned()));
    assert_eq!(changes(&state), expected);
    for left in ["circle", "unknown", "band", "short", "trimmed"] {
        assert_eq!(is(&state, left), "INSUFFICIENT_DATA", "{left}");
    }
}

#[test]
fn a_suppressor_holds_actions_back_to_the_second() {
    let composite = AlarmSettings {
        alarm_rule: Some("ALARM(a)".to_owned()),
        actions_enabled: true,
        alarm_actions: vec!["arn:aws:sns:us-east-1:1:t".to_owned()],
        ok_actions: vec!["arn:aws:sns:us-east-1:1:t".to_owned()],
        actions_suppressor: Some("quiet".to_owned()),
        actions_suppressor_wait_period: Some(90),
        actions_suppressor_extension_period: Some(30),
        ..AlarmSettings::default()
    };
    let quiet = AlarmSettings {
        metric_name: Some("quiet".to_owned()),
        ..settings()
    };
    let mut state = world(&[("a", settings()), ("quiet", quiet), ("both", composite)]);
    let acted = |state: &State| -> Vec<i64> {
        let history = &state.accounts["1"].regions["us-east-1"].alarm_history;
        history
            .iter()
            .filter(|it| it.kind == "Action")
            .map(|it| (it.at - NOW) / 1000)
            .collect()
    };
    // The first state comes in minute 1, and waits for 90 seconds.
    live(&mut state, NOW + 3 * MINUTE);
    assert_eq!(is(&state, "both"), "OK");
    assert_eq!(acted(&state), [150]);
    put(&mut state, NOW + 3 * MINUTE, 1.0);
    live(&mut state, NOW + 4 * MINUTE + 89_000);
    assert_eq!(is(&state, "both"), "ALARM");
    assert_eq!(acted(&state), [150]);
    live(&mut state, NOW + 4 * MINUTE + 90_000);
    assert_eq!(acted(&state), [150, 330]);
}
