//! What patterns mean, compared: never true, always true, one within another, clauses for nothing.
//!
//! **In** go patterns of the JSON form and what is known of all events ([`Facts`]). **Out** comes an
//! [`Answer`]: yes, no with an event that shows it, or unknown.
//!
//! Each question becomes "is there an event with this formula true of it?". The formula is taken
//! apart into sets of conditions that hold together (`search`), each set into what it asks of every
//! place of an event (`event`), and each place into texts (`text`) and numbers (`number`).
//! Every event that is handed out was first shown to the pattern's own [`Matcher`](crate::Matcher).
//!
//! An answer is unknown where one of these decides: a regular expression that is more than a plain
//! text, when no text that was tried fits; a number that is asked for by value and by its spelling at
//! once, when none that was tried fits both; elements of arrays far out; one wildcard on the way to
//! another (`$.*` and `$.a[*]`); a formula too large to search.
//!
//! The events that are meant are JSON objects and arrays: plain text matches no JSON pattern, which
//! would make "always" no question.

mod budget;
mod decimal;
mod event;
mod expression;
mod facts;
mod formula;
mod json;
mod layout;
mod number;
mod place;
mod redundant;
mod search;
mod spelling;
mod text;

use std::fmt;

pub use facts::{AlwaysSent, CLOUDTRAIL, Facts, Sort, always_sent};
pub use redundant::{Redundant, Why, redundant};

use crate::{Form, Pattern};
use budget::Budget;
use formula::{Atoms, Formula};
use search::Search;

/// What a question is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is so, for every event.
    Yes,
    /// It is not so: this event shows it.
    No(Witness),
    /// Neither could be shown.
    Unknown,
}

impl Answer {
    /// True for yes alone.
    #[must_use]
    pub fn is_yes(&self) -> bool {
        *self == Self::Yes
    }

    /// The event that shows a no.
    #[must_use]
    pub fn witness(&self) -> Option<&Witness> {
        match self {
            Self::No(witness) => Some(witness),
            Self::Yes | Self::Unknown => None,
        }
    }
}

/// An event that shows why an answer is no. It displays as its JSON text, on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness(String);

impl Witness {
    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found<T> {
    /// Here it is.
    One(T),
    /// There is none: this is certain.
    None,
    /// None was found, though there may be one.
    Doubt,
}

/// Does no event match? The witness of a no is an event that does.
#[must_use]
pub fn never(pattern: &Pattern, facts: &Facts) -> Answer {
    if matches_all(pattern) {
        return Answer::No(Witness("{}".into()));
    }
    ask(&[(pattern, true)], facts)
}

/// Does every event match? The witness of a no is an event that does not.
#[must_use]
pub fn always(pattern: &Pattern, facts: &Facts) -> Answer {
    if matches_all(pattern) {
        return Answer::Yes;
    }
    ask(&[(pattern, false)], facts)
}

/// Does every event that `a` matches match `b`, too? The witness of a no matches `a` alone.
#[must_use]
pub fn implies(a: &Pattern, b: &Pattern, facts: &Facts) -> Answer {
    if matches_all(b) || a.same_spelt(b) {
        return Answer::Yes;
    }
    ask(&[(a, true), (b, false)], facts)
}

/// Do both match the same events? The witness of a no matches one of the two; to learn of both
/// sides, ask [`implies`] twice.
#[must_use]
pub fn equal(a: &Pattern, b: &Pattern, facts: &Facts) -> Answer {
    match (implies(a, b, facts), implies(b, a, facts)) {
        (Answer::Yes, Answer::Yes) => Answer::Yes,
        (no @ Answer::No(_), _) | (_, no @ Answer::No(_)) => no,
        _ => Answer::Unknown,
    }
}

/// True for the patterns without any condition.
fn matches_all(pattern: &Pattern) -> bool {
    !matches!(pattern.form(), Form::Json(_))
        && matches!(pattern.canonical().as_str(), "\"\"" | "[]" | "[...]")
}

/// Is there no event that these patterns match or do not match, as said?
fn ask(wanted: &[(&Pattern, bool)], facts: &Facts) -> Answer {
    let mut atoms = Atoms::new(facts);
    let mut parts = Vec::new();
    for &(pattern, holds) in wanted {
        match pattern.form() {
            Form::Json(node) => parts.push(atoms.formula(node, holds)),
            Form::Delimited(_) | Form::Terms(_) => return Answer::Unknown,
        }
    }
    let matchers: Vec<_> = wanted
        .iter()
        .map(|(pattern, holds)| (pattern.matcher(), *holds))
        .collect();
    let shows = |event: &str| {
        matchers
            .iter()
            .all(|(matcher, holds)| matcher.is_match(event.as_bytes()) == *holds)
    };
    let budget = Budget::question();
    match Search::new(&atoms, facts, &shows, &budget).run(&Formula::All(parts)) {
        Found::One(event) => Answer::No(Witness(event)),
        Found::None => Answer::Yes,
        Found::Doubt => Answer::Unknown,
    }
}
