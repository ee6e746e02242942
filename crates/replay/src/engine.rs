//! Rules over records: which match which.

use std::ops::Range;

use trailwarden_pattern::{Form, Matcher, Pattern};

use crate::read::Record;
pub use crate::sieve::Rules;
use crate::sieve::{MOST, Sieve};

/// The most bytes of an event that `CloudTrail` sends to a log group: what is larger no rule ever sees
/// ("`CloudTrail` doesn't send events larger than 256 KB to `CloudWatch` Logs").
pub const LARGEST_EVENT: usize = 256 * 1024;

/// Patterns, prepared for many records. It holds no state, so threads can share one.
#[derive(Clone, Debug)]
pub struct Engine {
    matchers: Vec<Matcher>,
    /// Whether the blanks between the parts of a record are nothing to it.
    by_fields: Vec<bool>,
    sieve: Sieve,
}

/// What one thread needs for it, again and again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    may: Vec<Rules>,
}

impl Engine {
    /// Prepares patterns. They are known by their places in the list.
    ///
    /// # Errors
    /// When there are more than 512.
    pub fn new(patterns: &[&Pattern]) -> Result<Self, usize> {
        if patterns.len() > MOST {
            return Err(MOST);
        }
        Ok(Self {
            matchers: patterns.iter().map(|pattern| pattern.matcher()).collect(),
            by_fields: patterns
                .iter()
                .map(|pattern| matches!(pattern.form(), Form::Json(_)))
                .collect(),
            sieve: Sieve::new(patterns),
        })
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

    /// Holds one record against every pattern, without looking at its bytes beforehand.
    pub fn plainly(&self, record: Record<'_>) -> Rules {
        let mut matched = Rules::default();
        for rule in 0..self.len() {
            if self.matches(rule, record) {
                matched.add(rule);
            }
        }
        matched
    }

    fn matches(&self, rule: usize, record: Record<'_>) -> bool {
        match self.by_fields[rule] {
            true => self.matchers[rule].is_match(record.text),
            false => self.matchers[rule].is_match(&record.message()),
        }
    }

    /// Holds the records of a text against the patterns that may match them. Those that are too large for a log
    /// group are left out.
    pub(crate) fn quickly(
        &self,
        text: &[u8],
        records: &[Range<usize>],
        scratch: &mut Scratch,
        mut hit: impl FnMut(&Rules, &[u8]),
    ) {
        self.sieve.sift(text, records, &mut scratch.may);
        for (record, may) in records.iter().zip(&scratch.may) {
            if record.len() > LARGEST_EVENT || may.is_empty() {
                continue;
            }
            let text = &text[record.clone()];
            let place = trailwarden_pattern::Place {
                record: 0,
                byte: record.start,
            };
            let mut matched = Rules::default();
            for rule in may.each() {
                if self.matches(rule, Record { place, text }) {
                    matched.add(rule);
                }
            }
            if !matched.is_empty() {
                hit(&matched, text);
            }
        }
    }
}
