//! CloudWatch Logs filter patterns: what they say, and what they match.
//!
//! **In** goes the text of a pattern, as it stands in a metric filter, a subscription filter or a
//! search: `{ $.eventName = "Create*" }`, `[ip, user, ..., status = 4*]` or `ERROR -debug`.
//!
//! **Out** comes a [`Pattern`]: a typed tree ([`Form`]) with the place of every part, one canonical
//! spelling ([`Pattern::canonical`]), a [`Matcher`] that decides on the bytes of an event as the
//! service would, and [`Extractor`]s for metric values and dimensions. What AWS would refuse is a
//! list of [`Problems`], each with its place, its reason and often the text that was meant.
//!
//! It **never** panics or blows up on any input, asks no account, reads no file and prints nothing.
//! Matching takes time in the length of the event, whatever the pattern.
//!
//! The language is AWS's ("Filter pattern syntax for metric filters" in the CloudWatch Logs user
//! guide); where that is silent, the choices made here are listed in `docs/patterns.md`.
//!
//! ```
//! use trailwarden_pattern::Pattern;
//!
//! let pattern = Pattern::parse(r#"{ ($.eventName = "Create*") && ($.errorCode NOT EXISTS) }"#)?;
//! let matcher = pattern.matcher();
//! assert!(matcher.is_match(br#"{"eventName": "CreateUser"}"#));
//! assert!(!matcher.is_match(br#"{"eventName": "CreateUser", "errorCode": "AccessDenied"}"#));
//!
//! let problems = Pattern::parse("{ $.eventName = 'CreateUser' }").unwrap_err();
//! assert_eq!(problems.as_slice()[0].code.as_str(), "single-quotes");
//! # Ok::<(), trailwarden_pattern::Problems>(())
//! ```

mod canonical;
mod cloudtrail;
pub mod decide;
mod explain;
mod extract;
mod json;
mod lint;
mod matcher;
mod mutate;
mod number;
mod parse;
mod problem;
mod regex;
mod tree;

use std::fmt;

pub use cloudtrail::{Place, Records, Unreadable, events, member, one_line, records};
pub use extract::{Extractor, NoSuchField, extracted};
pub use lint::{ManagementEvents, Recording, dimension as lint_dimension};
pub use matcher::{Look, Matcher, MatcherSet, Scratch};
pub use mutate::{Mutant, mutants};
pub use number::Decimal;
pub use problem::{Code, Problem, Problems, Suggestion};
pub use regex::Regex;
pub use tree::{
    Comparison, Condition, Field, FieldKind, Form, Node, NodeKind, Number, Operator, Selector, Shape, Sign,
    Step, Term, TermKind, Test, Text, Value,
};

/// A filter pattern that CloudWatch Logs takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    text: String,
    form: Form,
}

impl Pattern {
    /// The longest pattern that CloudWatch Logs takes, in characters.
    pub const MOST_CHARS: usize = parse::MOST_CHARS;

    /// Reads a pattern. The empty one matches every event.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        let form = parse::parse(text)?;
        Ok(Self {
            text: text.to_owned(),
            form,
        })
    }

    /// A pattern that nobody has typed.
    pub(crate) fn of_form(form: Form) -> Self {
        Self {
            text: canonical::form(&form),
            form,
        }
    }

    /// The text, as typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it says.
    #[must_use]
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// The spelling that it has in common with every pattern that differs in spelling only: in
    /// blanks, quotes, needless parentheses, order where it cannot matter, and repetition.
    #[must_use]
    pub fn canonical(&self) -> String {
        canonical::form(&self.form)
    }

    /// True when the two differ in spelling only.
    #[must_use]
    pub fn same_spelt(&self, other: &Self) -> bool {
        self.text == other.text || self.canonical() == other.canonical()
    }

    /// What AWS reads in it: a tree in words, a line for each part, grouped as AWS groups it. For
    /// people; no interface.
    #[must_use]
    pub fn explain(&self) -> String {
        explain::explain(&self.form)
    }

    /// The same, with what an event says to each condition of a JSON pattern: why it matches, or
    /// does not.
    #[must_use]
    pub fn explain_on(&self, message: &[u8]) -> String {
        explain::explain_on(&self.form, message)
    }

    /// What is probably wrong with it, by place: [`Code::LINTS`].
    #[must_use]
    pub fn lints(&self) -> Vec<Problem> {
        lint::lint(self, None)
    }

    /// The same for a pattern that sees what a trail records.
    #[must_use]
    pub fn lints_for(&self, recording: &Recording) -> Vec<Problem> {
        lint::lint(self, Some(recording))
    }

    /// True when it has a regular expression. Of such patterns a log group takes 5.
    #[must_use]
    pub fn has_regex(&self) -> bool {
        let is_regex = |compare: &Comparison| matches!(compare.value, Value::Regex(_));
        match &self.form {
            Form::Json(node) => node
                .tests()
                .iter()
                .any(|test| matches!(&test.condition, Condition::Compare(compare) if is_regex(compare))),
            Form::Delimited(fields) => fields.iter().any(|field| match &field.kind {
                FieldKind::Word {
                    condition: Some(node),
                    ..
                } => node.tests().iter().any(|compare| is_regex(compare)),
                _ => false,
            }),
            Form::Terms(terms) => terms.iter().any(|term| matches!(term.kind, TermKind::Regex(_))),
        }
    }

    /// Prepares it for matching.
    #[must_use]
    pub fn matcher(&self) -> Matcher {
        Matcher::new(&self.form)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for Pattern {
    type Err = Problems;
    fn from_str(text: &str) -> Result<Self, Problems> {
        Self::parse(text)
    }
}
