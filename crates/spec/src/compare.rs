//! Comparison by meaning: leaf types own their equality, structs name every field.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::leaf::Tags;

/// How a desired value relates to the live one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Equal to the letter.
    Same,
    /// Spelt differently, means the same: noted, never a step.
    SameMeaning,
    /// To be changed.
    Differs,
}

/// A value as people read it in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "as", content = "value", rename_all = "snake_case")]
pub enum Shown {
    /// Not set.
    Absent,
    /// A word or a number.
    Plain(String),
    /// Text to be quoted.
    Text(String),
    /// Several lines, compared as a unified diff: a policy or a filter pattern.
    Lines(String),
    /// A set, sorted.
    List(Vec<String>),
    /// Names and values, sorted.
    Map(BTreeMap<String, String>),
}

/// A value that knows when another of its type means the same, and how to show itself.
pub trait Compare {
    /// Holds the desired value (`self`) against the live one.
    fn verdict(&self, live: &Self) -> Verdict;
    /// The form people read.
    fn shown(&self) -> Shown;
}

macro_rules! plain {
    ($($type:ty),*) => {$(
        impl Compare for $type {
            fn verdict(&self, live: &Self) -> Verdict {
                if self == live { Verdict::Same } else { Verdict::Differs }
            }
            fn shown(&self) -> Shown {
                Shown::Plain(self.to_string())
            }
        }
    )*};
}
plain!(bool, u32, u64, crate::arn::Arn);

impl Compare for String {
    fn verdict(&self, live: &Self) -> Verdict {
        if self == live {
            Verdict::Same
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        Shown::Text(self.clone())
    }
}

impl Compare for f64 {
    fn verdict(&self, live: &Self) -> Verdict {
        if self.total_cmp(live).is_eq() || self == live {
            Verdict::Same
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        Shown::Plain(self.to_string())
    }
}

impl<T: Compare> Compare for Option<T> {
    fn verdict(&self, live: &Self) -> Verdict {
        match (self, live) {
            (None, None) => Verdict::Same,
            (Some(desired), Some(live)) => desired.verdict(live),
            _ => Verdict::Differs,
        }
    }
    fn shown(&self) -> Shown {
        self.as_ref().map_or(Shown::Absent, Compare::shown)
    }
}

impl<T: Ord + ToString> Compare for BTreeSet<T> {
    fn verdict(&self, live: &Self) -> Verdict {
        if self == live {
            Verdict::Same
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        Shown::List(self.iter().map(ToString::to_string).collect())
    }
}

impl Compare for BTreeMap<String, String> {
    fn verdict(&self, live: &Self) -> Verdict {
        if self == live {
            Verdict::Same
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        Shown::Map(self.clone())
    }
}

/// One field of an object, before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The field's name, as in the spec.
    pub field: &'static str,
    /// What the account holds; absent for a create.
    pub before: Shown,
    /// What it will hold; absent for a delete.
    pub after: Shown,
    /// [`Verdict::SameMeaning`] is noted only.
    pub verdict: Verdict,
}

/// Collects what a comparison finds.
#[derive(Debug, Default)]
pub struct Comparison {
    changes: Vec<Change>,
}

impl Comparison {
    /// Holds one field's desired value against its live one; without a live object every field
    /// that is set is a change.
    pub fn field<T: Compare + ?Sized>(&mut self, field: &'static str, desired: &T, live: Option<&T>) {
        let after = desired.shown();
        let verdict = match live {
            Some(live) => desired.verdict(live),
            None if after == Shown::Absent => Verdict::Same,
            None => Verdict::Differs,
        };
        if verdict != Verdict::Same {
            let before = live.map_or(Shown::Absent, Compare::shown);
            self.changes.push(Change {
                field,
                before,
                after,
                verdict,
            });
        }
    }

    /// Holds an object's tags against the live ones, and whether it is protected as a field of its
    /// own: that is a guard and no label. An object that is new and not protected says nothing of it.
    pub fn tags(&mut self, desired: &Tags, live: Option<&Tags>) {
        self.field("tags", desired, live);
        if live.is_some() || desired.is_protected() {
            let live = live.map(Tags::is_protected);
            self.field("protect", &desired.is_protected(), live.as_ref());
        }
    }

    /// Adds a value that is part of an object's identity, shown where the object is new.
    pub fn note(&mut self, field: &'static str, after: Shown) {
        self.changes.push(Change {
            field,
            before: Shown::Absent,
            after,
            verdict: Verdict::Differs,
        });
    }

    /// What was found, in the order of the object's fields.
    #[must_use]
    pub fn finish(self) -> Vec<Change> {
        self.changes
    }
}
