//! What is asked of the value at one place.

use crate::tree::Comparison;

use super::Found;
use super::budget::Budget;
use super::formula::Is;
use super::number;
use super::text::Wants;

/// What can stand at a place: a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub(super) const MISSING: Self = Self(1);
    pub(super) const NULL: Self = Self(2);
    pub(super) const TRUE: Self = Self(4);
    pub(super) const FALSE: Self = Self(8);
    pub(super) const OBJECT: Self = Self(16);
    pub(super) const ARRAY: Self = Self(32);
    pub(super) const NUMBER: Self = Self(64);
    pub(super) const STRING: Self = Self(128);
    pub(super) const ALL: Self = Self(255);
    /// What comparisons are about.
    const VALUES: Self = Self(64 | 128);

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True when the two have one in common.
    pub(super) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    fn not(self) -> Self {
        Self(!self.0)
    }
}

/// All that is asked of the value at a place.
#[derive(Clone, Debug)]
pub(super) struct Asked<'p> {
    /// What it can be.
    pub(super) kinds: Kinds,
    /// Comparisons that hold of it, or do not, if it is a string or a number.
    compares: Vec<(&'p Comparison, bool)>,
}

impl<'p> Asked<'p> {
    pub(super) fn of(kinds: Kinds) -> Self {
        Self {
            kinds,
            compares: Vec::new(),
        }
    }

    /// Asks one thing more.
    pub(super) fn add(&mut self, is: Is<'p>, holds: bool) {
        let kinds = match is {
            Is::There => Kinds::MISSING.not(),
            Is::Null => Kinds::NULL,
            Is::True => Kinds::TRUE,
            Is::False => Kinds::FALSE,
            Is::Compared(compare) => {
                self.compares.push((compare, holds));
                // What is no string or number meets no comparison, and so every negation of one.
                if holds {
                    self.kinds = self.kinds.and(Kinds::VALUES);
                }
                return;
            }
        };
        self.kinds = self.kinds.and(if holds { kinds } else { kinds.not() });
    }

    /// True when nothing at all is asked.
    pub(super) fn is_free(&self) -> bool {
        self.kinds == Kinds::ALL && self.compares.is_empty()
    }

    /// A string that fits, the usual one if it does.
    pub(super) fn string(&self, usual: Option<&str>) -> Found<String> {
        if !self.kinds.meets(Kinds::STRING) {
            return Found::None;
        }
        match Wants::of_string(&self.compares) {
            Some(wants) => wants.find(usual),
            None => Found::None,
        }
    }

    /// The spelling of a number that fits.
    pub(super) fn number(&self, budget: &Budget) -> Found<String> {
        match self.kinds.meets(Kinds::NUMBER) {
            true => number::find(&self.compares, budget),
            false => Found::None,
        }
    }

    /// False when certainly no value fits, not even none.
    pub(super) fn possible(&self, budget: &Budget) -> bool {
        budget.spend(1 + self.compares.len());
        if self.compares.is_empty() || !Kinds::VALUES.meets(self.kinds) {
            return self.kinds.meets(Kinds::ALL);
        }
        self.kinds.meets(Kinds::VALUES.not())
            || self.string(None) != Found::None
            || self.number(budget) != Found::None
    }
}
