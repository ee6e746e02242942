//! The examples of "Suppressing composite alarm actions": "`WaitPeriod` is configured as 2 time units, and
//! `ExtensionPeriod` is configured as 3 time units".

use State::{Alarm, InsufficientData, Ok};
use trailwarden_alarm::{Acted, State, SuppressedBy, Suppression};

enum Event {
    Composite(State),
    Suppressor(State),
}
use Event::{Composite, Suppressor};

/// Plays events from t1 to t12 and says what was done when, and what suppressed it in between: one letter
/// for each moment after its events.
fn play(suppressor: State, events: &[(i64, Event)]) -> (String, Vec<(i64, State)>) {
    let mut suppression = Suppression::new(2, 3, Ok, suppressor);
    let (mut by, mut acted) = (String::new(), Vec::new());
    for now in 1..=12 {
        acted.extend(suppression.advance(now));
        for (_, event) in events.iter().filter(|(at, _)| *at == now) {
            acted.extend(match event {
                Composite(state) => suppression.composite(now, *state),
                Suppressor(state) => suppression.suppressor(now, *state),
            });
        }
        by.push(match suppression.suppressed_by() {
            None => '.',
            Some(SuppressedBy::WaitPeriod) => 'w',
            Some(SuppressedBy::Alarm) => 'A',
            Some(SuppressedBy::ExtensionPeriod) => 'e',
        });
    }
    (
        by,
        acted.into_iter().map(|Acted { at, state }| (at, state)).collect(),
    )
}

fn check(name: &str, suppressor: State, events: &[(i64, Event)], by: &str, acted: &[(i64, State)]) {
    assert_eq!(
        play(suppressor, events),
        (by.to_owned(), acted.to_vec()),
        "{name}"
    );
}

#[test]
fn the_examples_of_the_page() {
    check(
        "Example 1: Actions are not suppressed after WaitPeriod",
        Ok,
        &[(2, Composite(Alarm))],
        ".ww.........",
        &[(4, Alarm)],
    );
    check(
        "Example 2: Actions are suppressed by alarm before WaitPeriod expires",
        Ok,
        &[(2, Composite(Alarm)), (3, Suppressor(Alarm))],
        ".wAAAAAAAAAA",
        &[],
    );
    check(
        "Example 3: State transition when actions are suppressed by WaitPeriod",
        Ok,
        &[(2, Composite(Alarm)), (3, Composite(Ok))],
        ".www........",
        &[(5, Ok)],
    );
    check(
        "Example 4: State transition when actions are suppressed by alarm",
        Alarm,
        &[(2, Composite(Alarm))],
        "AAAAAAAAAAAA",
        &[],
    );
    check(
        "Example 5: Actions are not suppressed after ExtensionPeriod",
        Ok,
        &[(2, Composite(Alarm)), (3, Suppressor(Alarm)), (6, Suppressor(Ok))],
        ".wAAAeee....",
        &[(9, Alarm)],
    );
    // The page ends with the new period; that actions follow it is Example 3's.
    check(
        "Example 6: State transition when actions are suppressed by ExtensionPeriod",
        Ok,
        &[
            (2, Composite(Alarm)),
            (3, Suppressor(Alarm)),
            (6, Suppressor(Ok)),
            (7, Composite(Ok)),
        ],
        ".wAAAeww....",
        &[(9, Ok)],
    );
}

/// What the page leaves open, as it is decided here.
#[test]
fn what_the_page_leaves_open() {
    check(
        "nothing to do after an extension if nothing changed",
        Ok,
        &[(2, Composite(Alarm)), (6, Suppressor(Alarm)), (7, Suppressor(Ok))],
        ".ww..Aeee...",
        &[(4, Alarm)],
    );
    check(
        "a suppressor without data does not suppress",
        Alarm,
        &[(2, Composite(Alarm)), (3, Suppressor(InsufficientData))],
        "AAeee.......",
        &[(6, Alarm)],
    );
    check(
        "a period that ends in the same second has ended before",
        Ok,
        &[(2, Composite(Alarm)), (4, Suppressor(Alarm))],
        ".wwAAAAAAAAA",
        &[(4, Alarm)],
    );
    check(
        "the suppressor comes back during its extension",
        Alarm,
        &[
            (2, Composite(Alarm)),
            (3, Suppressor(Ok)),
            (5, Suppressor(Alarm)),
            (6, Suppressor(Ok)),
        ],
        "AAeeAeee....",
        &[(9, Alarm)],
    );
    check(
        "the same state again changes nothing",
        Ok,
        &[(2, Composite(Alarm)), (3, Composite(Alarm)), (3, Suppressor(Ok))],
        ".ww.........",
        &[(4, Alarm)],
    );
}

#[test]
fn periods_of_no_length_do_not_suppress() {
    let mut suppression = Suppression::new(0, 0, Ok, Ok);
    assert_eq!(suppression.composite(5, Alarm), [Acted { at: 5, state: Alarm }]);
    assert!(suppression.suppressor(6, Alarm).is_empty());
    assert!(suppression.composite(7, Ok).is_empty());
    assert_eq!(suppression.suppressor(8, Ok), [Acted { at: 8, state: Ok }]);
    assert_eq!(suppression.suppressed_by(), None);
}

/// A caller that looks only now and then hears what happened in between, and when.
#[test]
fn a_period_ends_between_two_looks() {
    let mut suppression = Suppression::new(60, 60, Ok, Ok);
    suppression.composite(100, Alarm);
    assert_eq!(suppression.ends(), Some(160));
    assert_eq!(
        suppression.composite(200, Ok),
        [Acted {
            at: 160,
            state: Alarm
        }]
    );
    assert_eq!(suppression.advance(259), None);
    assert_eq!(suppression.advance(1000), Some(Acted { at: 260, state: Ok }));
}

/// "If you replace the action suppressor alarm, any active WaitPeriod or ExtensionPeriod is discarded."
#[test]
fn another_suppressor() {
    let mut suppression = Suppression::new(60, 60, Ok, Ok);
    suppression.composite(100, Alarm);
    assert!(suppression.replace(110, Alarm).is_empty());
    assert_eq!(
        (suppression.ends(), suppression.suppressed_by()),
        (None, Some(SuppressedBy::Alarm))
    );
    assert_eq!(
        suppression.replace(120, Ok),
        [Acted {
            at: 120,
            state: Alarm
        }]
    );
    assert_eq!(suppression.suppressed_by(), None);
}

#[test]
fn words_are_aws_words() {
    let words = [
        SuppressedBy::Alarm,
        SuppressedBy::WaitPeriod,
        SuppressedBy::ExtensionPeriod,
    ];
    assert_eq!(
        words.map(SuppressedBy::as_str),
        ["Alarm", "WaitPeriod", "ExtensionPeriod"]
    );
    assert_eq!(
        SuppressedBy::WaitPeriod.reason(),
        "Actions suppressed by WaitPeriod"
    );
}
