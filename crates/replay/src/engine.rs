//! Rules over records: which match which.

use std::ops::Range;

use trailwarden_pattern::{MatcherSet, Pattern, Place, Records, Unreadable};

use crate::facts::{FIELDS, Facts};
use crate::read::{Record, What};
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
    candidates: Vec<Candidate>,
    look: trailwarden_pattern::Scratch,
}

/// A record that patterns may match.
#[derive(Clone, Debug)]
struct Candidate {
    range: Range<usize>,
    /// How many records stand before it.
    before: usize,
    may: Rules,
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

    /// Adds the records of a text that patterns may match; so many others went before them. Those that are too large
    /// for a log group are left out.
    pub(crate) fn sift(&self, text: &[u8], records: &[Found], before: usize, scratch: &mut Scratch) {
        let Scratch { may, candidates, .. } = scratch;
        self.sieve.sift(text, records, may);
        for (at, Found { range, .. }) in records.iter().enumerate() {
            if let Some(may) = may.of(at)
                && range.len() <= LARGEST_EVENT
            {
                candidates.push(Candidate {
                    range: range.clone(),
                    before: before + at,
                    may: *may,
                });
            }
        }
    }

    /// Holds the records that were added against the patterns that may match them. The text begins at a byte of its
    /// file. Those that cannot be read are told as well.
    pub(crate) fn decide(
        &self,
        text: &[u8],
        begins: usize,
        scratch: &mut Scratch,
        mut hit: impl FnMut(&Rules, &Facts<'_>, &[u8]),
        unread: &mut Unread,
    ) {
        let Scratch { candidates, look, .. } = scratch;
        for Candidate { range, before, may } in candidates.drain(..) {
            let place = Place {
                record: before + 1,
                byte: begins + range.start,
            };
            let text = &text[range];
            let look = self.set.look(text, look);
            if !look.is_json() {
                unread.add(text, place);
                continue;
            }
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

/// The most records of a file of which each has a place.
const MOST_PLACES: usize = 5;

/// Records of a file that a pattern might match, and that cannot be read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unread {
    first: Vec<(Place, Unreadable)>,
    others: u64,
}

impl Unread {
    fn add(&mut self, record: &[u8], place: Place) {
        match self.first.len() < MOST_PLACES {
            true => self.first.push(why(record, place)),
            false => self.others += 1,
        }
    }

    /// What is the matter, by place.
    pub(crate) fn whats(self) -> impl Iterator<Item = What> {
        let others = (self.others > 0).then_some(What::Others(self.others));
        let first = self.first.into_iter();
        first.map(|(place, why)| What::Record(place, why)).chain(others)
    }
}

/// Why the record at a place cannot be read, and where that shows.
fn why(record: &[u8], place: Place) -> (Place, Unreadable) {
    let found = Records::of(record).find_map(Result::err);
    let (within, why) = found.unwrap_or((Place { record: 1, byte: 0 }, Unreadable::NotJson));
    let byte = place.byte + within.byte;
    (Place { byte, ..place }, why)
}
