//! Many patterns, of which one pass over an event decides all.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::RandomState;

use super::json::{meets, numbered};
use super::places::{Listener, Make, Places, Track};
use super::{Matcher, holds};
use crate::Pattern;
use crate::extract::find;
use crate::json::{Read, Scalar, Scanner, Str};
use crate::tree::{Comparison, Condition, Form, Node, Operator, Shape, Step, Value};

/// Patterns that are held against the same events. The JSON patterns among them are decided by one pass over an
/// event, which takes texts out of it as well.
///
/// It holds no state, so threads can share one; each has a [`Scratch`] of its own.
///
/// ```
/// use trailwarden_pattern::{MatcherSet, Pattern, Scratch};
///
/// let calls = Pattern::parse("{ $.eventName = Create* }")?;
/// let root = Pattern::parse("{ $.userIdentity.type = Root }")?;
/// let set = MatcherSet::new(&[&calls, &root], &[&["userIdentity", "arn"]]);
/// let mut scratch = Scratch::default();
/// let event = br#"{"eventName": "CreateUser", "userIdentity": {"type": "IAMUser", "arn": "arn:x"}}"#;
/// let look = set.look(event, &mut scratch);
/// assert!(look.is_match(0) && !look.is_match(1));
/// assert_eq!(look.text(0).as_deref(), Some("arn:x"));
/// # Ok::<(), trailwarden_pattern::Problems>(())
/// ```
#[derive(Clone, Debug)]
pub struct MatcherSet {
    matchers: Vec<Matcher>,
    /// Of the JSON patterns: the formula over the numbers of all conditions.
    formulas: Vec<Option<Node<usize>>>,
    conditions: Vec<Condition>,
    places: Places<Asked, ()>,
    texts: Vec<Vec<Step>>,
}

/// What is asked at a place.
#[derive(Clone, Debug, Default)]
struct Asked {
    /// Conditions that want just this text.
    exact: HashMap<Vec<u8>, Vec<usize>, RandomState>,
    /// The others.
    tests: Vec<usize>,
    /// The places of texts that are taken out.
    texts: Vec<usize>,
}

/// What one thread needs for it, again and again.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    hits: Vec<u64>,
    /// Where texts stand between their quotes, and whether they have escapes.
    texts: Vec<Option<(Range<usize>, bool)>>,
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Outcome {
    #[default]
    NotJson,
    Decided,
    /// A name stands twice, so that what was heard of it the first time may have to be forgotten.
    Twice,
}

/// One event that was looked at.
#[derive(Clone, Copy, Debug)]
pub struct Look<'l> {
    set: &'l MatcherSet,
    message: &'l [u8],
    scratch: &'l Scratch,
}

impl MatcherSet {
    /// Prepares patterns, and takes the texts of these fields out of events: each is known by its place in the list.
    #[must_use]
    pub fn new(patterns: &[&Pattern], texts: &[&[&str]]) -> Self {
        let mut tracks: Vec<Track<'_>> = Vec::new();
        let (mut conditions, mut formulas) = (Vec::new(), Vec::new());
        for pattern in patterns {
            formulas.push(match pattern.form() {
                Form::Json(node) => {
                    let mut next = conditions.len();
                    for test in node.tests() {
                        tracks.push((conditions.len(), test.selector.steps.as_slice()));
                        conditions.push(test.condition.clone());
                    }
                    Some(numbered(node, &mut next))
                }
                Form::Delimited(_) | Form::Terms(_) => None,
            });
        }
        let steps: Vec<Vec<Step>> = texts
            .iter()
            .map(|names| names.iter().map(|name| Step::Key((*name).to_owned())).collect())
            .collect();
        let count = conditions.len();
        tracks.extend(
            steps
                .iter()
                .enumerate()
                .map(|(at, steps)| (count + at, steps.as_slice())),
        );
        let make = Make {
            asked: &|numbers| Asked::new(&numbers, &conditions),
            way: &|_, _| (),
        };
        Self {
            matchers: patterns.iter().map(|pattern| pattern.matcher()).collect(),
            places: Places::new(&tracks, &make),
            formulas,
            conditions,
            texts: steps,
        }
    }

    /// How many patterns there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.matchers.len()
    }

    /// True for none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.matchers.is_empty()
    }

    /// The pattern at this place of the list, alone.
    #[must_use]
    pub fn matcher(&self, at: usize) -> &Matcher {
        &self.matchers[at]
    }

    /// True for a JSON pattern: a pass decides it with all others.
    #[must_use]
    pub fn is_json(&self, at: usize) -> bool {
        self.formulas[at].is_some()
    }

    /// Looks at an event, whose text is as for [`Matcher::is_match`].
    pub fn look<'l>(&'l self, message: &'l [u8], scratch: &'l mut Scratch) -> Look<'l> {
        scratch.hits.clear();
        scratch.hits.resize(self.conditions.len().div_ceil(64), 0);
        scratch.texts.clear();
        scratch.texts.resize(self.texts.len(), None);
        scratch.outcome = Outcome::Decided;
        if self.pass(message, scratch).is_err() {
            scratch.outcome = Outcome::NotJson;
        }
        Look {
            set: self,
            message,
            scratch,
        }
    }

    fn pass(&self, message: &[u8], scratch: &mut Scratch) -> Read<()> {
        let mut scanner = Scanner::new(message)?;
        let mut hear = Hear { set: self, scratch };
        self.places.walk(&mut scanner, &mut hear)?;
        scanner.end()
    }
}

impl Asked {
    fn new(numbers: &[usize], conditions: &[Condition]) -> Self {
        let mut asked = Self::default();
        for &number in numbers {
            match conditions.get(number) {
                None => asked.texts.push(number - conditions.len()),
                Some(Condition::Compare(Comparison {
                    operator: Operator::Equal,
                    value: Value::Text(text),
                    ..
                })) if text.shape == Shape::Exact => {
                    let same = asked.exact.entry(text.text.clone().into_bytes()).or_default();
                    same.push(number);
                }
                Some(_) => asked.tests.push(number),
            }
        }
        asked
    }
}

struct Hear<'h> {
    set: &'h MatcherSet,
    scratch: &'h mut Scratch,
}

impl Hear<'_> {
    fn hit(&mut self, condition: usize) {
        self.scratch.hits[condition / 64] |= 1 << (condition % 64);
    }

    fn exact(&mut self, asked: &Asked, text: &[u8]) {
        if asked.exact.is_empty() {
            return;
        }
        for &condition in asked.exact.get(text).into_iter().flatten() {
            self.hit(condition);
        }
    }
}

impl Listener<Asked, ()> for Hear<'_> {
    type Before = ();

    fn enter(&mut self, (): &()) {}

    fn leave(&mut self, (): ()) {}

    fn container(&mut self, asked: &Asked) {
        for &test in &asked.tests {
            if self.set.conditions[test] == Condition::NotExists {
                self.hit(test);
            }
        }
    }

    fn scalar(&mut self, asked: &Asked, value: Scalar<'_>, end: usize) {
        match value {
            Scalar::String(text) => {
                let raw = text.raw();
                for &at in &asked.texts {
                    let quote = end - 1;
                    self.scratch.texts[at] = Some((quote - raw.len()..quote, text.is_escaped()));
                }
                self.exact(asked, &text.text());
            }
            Scalar::Number(text) => self.exact(asked, text),
            Scalar::Null | Scalar::True | Scalar::False => {}
        }
        for &test in &asked.tests {
            if meets(&self.set.conditions[test], value) {
                self.hit(test);
            }
        }
    }

    fn twice(&mut self) {
        self.scratch.outcome = Outcome::Twice;
    }
}

impl<'l> Look<'l> {
    /// True for JSON. What is none matches no JSON pattern and has no texts.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.scratch.outcome != Outcome::NotJson
    }

    /// True when the event matches the pattern at this place of the list.
    #[must_use]
    pub fn is_match(&self, at: usize) -> bool {
        match (&self.set.formulas[at], self.scratch.outcome) {
            (Some(_), Outcome::NotJson) => false,
            (Some(formula), Outcome::Decided) => holds(formula, &|&test: &usize| {
                let hit = self.scratch.hits[test / 64] >> (test % 64) & 1 == 1;
                match self.set.conditions[test] {
                    Condition::NotExists => !hit,
                    _ => hit,
                }
            }),
            (Some(_), Outcome::Twice) | (None, _) => self.set.matchers[at].is_match(self.message),
        }
    }

    /// The text of the field at this place of the list: of a string its content. None where it is missing or no
    /// string, and of an event that is not JSON.
    #[must_use]
    pub fn text(&self, at: usize) -> Option<Cow<'l, str>> {
        let text = match self.scratch.outcome {
            Outcome::NotJson => return None,
            Outcome::Decided => {
                let (range, escaped) = self.scratch.texts[at].clone()?;
                Str::new(&self.message[range], escaped)
            }
            Outcome::Twice => match find(self.message, &self.set.texts[at]) {
                Ok(Some(Scalar::String(text))) => text,
                _ => return None,
            },
        };
        // An event that was read is UTF-8, and so is what its escapes stand for.
        match text.text() {
            Cow::Borrowed(text) => std::str::from_utf8(text).ok().map(Cow::Borrowed),
            Cow::Owned(text) => String::from_utf8(text).ok().map(Cow::Owned),
        }
    }
}
