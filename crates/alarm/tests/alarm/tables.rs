//! The tables of "Configuring how CloudWatch alarms treat missing data", row by row.
//!
//! The first two are those of the page as it is. The row `- - - - -` shows what follows from the text
//! ("fills in the missing data points"); `- - X - -` and `- - - X -` are its premature alarm states.
//! [`EARLIER`] is an older edition of the same page, whose second column counts the periods without data
//! in the whole range. It is the only place where AWS writes down what `- - - - X` is with `missing`:
//! that cell cannot be derived from the text of today.

use trailwarden_alarm::{
    Alarm, MissingData, Operator, Point, Series, Settings, Slot, State, Statistic, judge,
};

const OK: Option<State> = Some(State::Ok);
const ALARM: Option<State> = Some(State::Alarm);
const INSUFFICIENT_DATA: Option<State> = Some(State::InsufficientData);
/// "Retain current state".
const RETAIN: Option<State> = None;

/// `MISSING`, `IGNORE`, `BREACHING`, `NOT BREACHING`.
const COLUMNS: [MissingData; 4] = [
    MissingData::Missing,
    MissingData::Ignore,
    MissingData::Breaching,
    MissingData::NotBreaching,
];

type Row = (&'static str, u32, [Option<State>; 4]);

/// "Datapoints to Alarm and Evaluation Periods are both 3. CloudWatch retrieves the 5 most recent data
/// points": column 2 is the "# of data points that must be filled".
const THREE_OF_THREE: [Row; 5] = [
    ("0 - X - X", 0, [OK, OK, OK, OK]),
    ("0 - - - -", 2, [OK, OK, OK, OK]),
    ("- - - - -", 3, [INSUFFICIENT_DATA, RETAIN, ALARM, OK]),
    ("0 X X - X", 0, [ALARM, ALARM, ALARM, ALARM]),
    ("- - X - -", 2, [ALARM, RETAIN, ALARM, OK]),
];

/// "Datapoints to Alarm is only 2 while Evaluation Periods is 3. This is a 2 out of 3, M out of N alarm."
const TWO_OF_THREE: [Row; 5] = [
    ("0 - X - X", 0, [ALARM, ALARM, ALARM, ALARM]),
    ("0 0 X 0 X", 0, [ALARM, ALARM, ALARM, ALARM]),
    ("0 - X - -", 1, [OK, OK, ALARM, OK]),
    ("- - - - 0", 2, [OK, OK, ALARM, OK]),
    ("- - - X -", 2, [ALARM, RETAIN, ALARM, OK]),
];

/// The older edition: M, a row, and how many of the five periods have no data.
const EARLIER: [(u32, Row); 11] = [
    (3, ("0 - X - X", 2, [OK, OK, OK, OK])),
    (3, ("0 - - - -", 4, [OK, OK, OK, OK])),
    (3, ("- - - - -", 5, [INSUFFICIENT_DATA, RETAIN, ALARM, OK])),
    (3, ("0 X X - X", 1, [ALARM, ALARM, ALARM, ALARM])),
    (3, ("- - - - X", 4, [INSUFFICIENT_DATA, RETAIN, ALARM, OK])),
    (3, ("X - - - -", 4, [ALARM, RETAIN, ALARM, OK])),
    (2, ("0 - X - X", 2, [ALARM, ALARM, ALARM, ALARM])),
    (2, ("0 0 X 0 X", 0, [ALARM, ALARM, ALARM, ALARM])),
    (2, ("0 - X - -", 3, [OK, OK, ALARM, OK])),
    (2, ("- - - - 0", 4, [OK, OK, ALARM, OK])),
    (2, ("- - - - X", 4, [INSUFFICIENT_DATA, RETAIN, ALARM, OK])),
];

/// As AWS writes it: the most recent data point on the right.
fn pattern(text: &str) -> Vec<Slot> {
    let slot = |word: &str| match word {
        "0" | "O" => Slot::Within,
        "X" => Slot::Breaching,
        "-" => Slot::Missing,
        other => panic!("no data point: {other}"),
    };
    text.split(' ').rev().map(slot).collect()
}

/// An alarm with periods of 5 minutes on data that shows the pattern at a moment.
fn real(text: &str, m: u32, missing_data: MissingData) -> (Alarm, Series, i64) {
    let settings = Settings {
        evaluation_periods: 3,
        datapoints_to_alarm: Some(m),
        missing_data,
        ..Settings::new(Statistic::Maximum, Operator::GreaterThanThreshold, 3.0)
    };
    let now = 1_800_000_000;
    let mut series = Series::default();
    for (age, slot) in (1..).zip(pattern(text)) {
        let value = match slot {
            Slot::Within => 3.0,
            Slot::Breaching => 3.5,
            Slot::Missing => continue,
        };
        series.add(Point::value(now - age * 300, value).unwrap());
    }
    (Alarm::new(settings).unwrap(), series, now)
}

fn check(m: u32, (text, filled, states): Row, count_all: bool) {
    for (missing_data, expected) in COLUMNS.into_iter().zip(states) {
        let name = format!("`{text}`, {m} of 3, {missing_data}");
        let judged = judge(&pattern(text), 3, m, missing_data);
        assert_eq!(judged.state, expected, "{name}");
        if count_all {
            let without = pattern(text)
                .iter()
                .filter(|slot| **slot == Slot::Missing)
                .count();
            assert_eq!(u32::try_from(without).unwrap(), filled, "{name}");
        } else {
            assert_eq!(judged.filled, filled, "{name}");
        }
        assert_eq!(judged.evaluated.len(), 3, "{name}");
        let (alarm, series, now) = real(text, m, missing_data);
        for current in State::ALL {
            let evaluation = alarm.evaluate(&series, now, current);
            assert_eq!(
                evaluation.state,
                expected.unwrap_or(current),
                "{name}, from {current}"
            );
            assert_eq!(evaluation.retained, expected.is_none(), "{name}");
            assert_eq!(evaluation.filled, judged.filled, "{name}");
            assert_eq!(evaluation.premature, judged.premature, "{name}");
        }
    }
}

#[test]
fn three_of_three() {
    THREE_OF_THREE.into_iter().for_each(|row| check(3, row, false));
}

#[test]
fn two_of_three() {
    TWO_OF_THREE.into_iter().for_each(|row| check(2, row, false));
}

#[test]
fn the_earlier_edition() {
    EARLIER.into_iter().for_each(|(m, row)| check(m, row, true));
}

/// "Avoiding premature transitions to alarm state", sentence by sentence.
#[test]
fn premature_transitions() {
    let missing = |text: &str, m| judge(&pattern(text), 3, m, MissingData::Missing);
    // "the alarm does not go immediately into ALARM state when the data is either `- - - - X` or
    // `- - - X -` and Datapoints to Alarm is 3"
    assert_ne!(missing("- - - - X", 3).state, ALARM);
    assert_ne!(missing("- - - X -", 3).state, ALARM);
    // "false positives are avoided when the next data point is non-breaching and causes the data to be
    // `- - - X O` or `- - X - O`"
    assert_eq!(missing("- - - X O", 3).state, OK);
    assert_eq!(missing("- - X - O", 3).state, OK);
    // "However, if the last few data points are `- - X - -`, the alarm goes into ALARM state even if
    // missing data points are treated as missing." Row 5 of both tables "represents a special case".
    for (text, m) in [("- - X - -", 3), ("- - - X -", 2)] {
        let judged = missing(text, m);
        assert_eq!((judged.state, judged.premature), (ALARM, true), "{text}");
    }
    // "... all other more recent data points are breaching or missing"
    assert!(missing("- - X X -", 3).premature);
    assert!(missing("- - X - X", 3).premature);
    // M of N breaching data points are an ordinary alarm.
    assert!(!missing("- - - X X", 2).premature);
    assert_eq!(missing("- - - X X", 2).state, ALARM);
}

/// The periods that a reason names: all with data, and the newest without as far as needed.
#[test]
fn evaluated_periods() {
    for (text, expected) in [
        ("0 - X - X", &[0, 2, 4][..]),
        ("0 0 X 0 X", &[0, 1, 2]),
        ("0 - - - -", &[0, 1, 4]),
        ("- - - - -", &[0, 1, 2]),
        ("- - X - -", &[0, 1, 2]),
        ("X - - - X", &[0, 1, 4]),
    ] {
        let judged = judge(&pattern(text), 3, 3, MissingData::NotBreaching);
        assert_eq!(judged.evaluated, expected, "{text}");
    }
}
