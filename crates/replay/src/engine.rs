//! Rules over records: which match which.

use std::ops::Range;

use trailwarden_pattern::{MatcherSet, Pattern};

use crate::facts::{FIELDS, Facts};
use crate::read::Record;
pub use crate::sieve::Rules;
use crate::sieve::{MOST, May, Sieve};
use crate::split::Found;

/// The most bytes of an event that `CloudTrail` sends to a log group: what is larger no rule ever sees
/// ("`CloudTrail` doesn't send events larger than 256 KB to `CloudWatch` Logs").
pub const LARGEST_EVENT: usize = 256 * 1024;

/// Patterns, prepared for many records. It holds no state, so threads can share one.
#[derive(Clone, Debug)]
pub struct Engine {
    set: MatcherSet,
    sieve: Sieve,
}

/// What one thread needs for it, again and again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    may: May,
    /// Records and the patterns that may match them.
    candidates: Vec<(Range<usize>, Rules)>,
    look: trailwarden_pattern::Scratch,
}

impl Scratch {
    /// Forgets the records of another text.
    pub(crate) fn begin(&mut self) {
        self.candidates.clear();
    }
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
            set: MatcherSet::new(patterns, FIELDS),
            sieve: Sieve::new(patterns),
        })
    }

    /// How many patterns there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.set.len()
    }

    /// True for none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// Holds one record against every pattern, one after the other, without looking at its bytes beforehand.
    pub fn plainly(&self, record: Record<'_>) -> Rules {
        let mut matched = Rules::default();
        for rule in 0..self.len() {
            let matcher = self.set.matcher(rule);
            let matches = match self.set.is_json(rule) {
                true => matcher.is_match(record.text),
                false => matcher.is_match(&record.message()),
            };
            if matches {
                matched.add(rule);
            }
        }
        matched
    }

    /// What a record says of its call.
    pub(crate) fn facts<'r>(&'r self, record: &'r [u8], scratch: &'r mut Scratch) -> Facts<'r> {
        Facts::of(&self.set.look(record, &mut scratch.look))
    }

    /// Adds the records of a text that patterns may match. Those that are too large for a log group are left out.
    pub(crate) fn sift(&self, text: &[u8], records: &[Found], scratch: &mut Scratch) {
        let Scratch { may, candidates, .. } = scratch;
        self.sieve.sift(text, records, may);
        for (at, Found { range, .. }) in records.iter().enumerate() {
            if let Some(may) = may.of(at)
                && range.len() <= LARGEST_EVENT
            {
                candidates.push((range.clone(), *may));
            }
        }
    }

    /// Holds the records that were added against the patterns that may match them.
    pub(crate) fn decide(
        &self,
        text: &[u8],
        scratch: &mut Scratch,
        mut hit: impl FnMut(&Rules, &Facts<'_>, &[u8]),
    ) {
        let Scratch { candidates, look, .. } = scratch;
        for (range, may) in candidates.drain(..) {
            let place = trailwarden_pattern::Place {
                record: 0,
                byte: range.start,
            };
            let text = &text[range];
            let look = self.set.look(text, look);
            let mut matched = Rules::default();
            for rule in may.each() {
                let matches = match self.set.is_json(rule) {
                    true => look.is_match(rule),
                    // To the others the blanks between the parts of a record are something.
                    false => {
                        let message = Record { place, text }.message();
                        self.set.matcher(rule).is_match(&message)
                    }
                };
                if matches {
                    matched.add(rule);
                }
            }
            if !matched.is_empty() {
                hit(&matched, &Facts::of(&look), text);
            }
        }
    }
}
