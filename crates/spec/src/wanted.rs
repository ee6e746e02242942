//! What a spec wants, references resolved.

use std::collections::{BTreeMap, BTreeSet};

use trailwarden_pattern::Pattern;

use crate::drill::Drill;
use crate::{Address, Object, Problems, Scope};

/// A place in the text of a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which of the spec's files, an index into [`Wanted::files`].
    pub file: usize,
    /// The path of keys, such as `rule.iam-changes.pattern`.
    pub path: String,
    /// Byte offsets into the file.
    pub span: std::ops::Range<usize>,
}

/// The stack that a spec describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// The ownership mark on all that is created.
    pub name: String,
    /// Account and home region.
    pub scope: Scope,
    /// The namespace of the metrics that its rules make.
    pub namespace: String,
}

impl Stack {
    /// The path of roles that the stack creates, so that they can be listed without their tags.
    #[must_use]
    pub fn role_path(&self) -> String {
        format!("/trailwarden/{}/", self.name)
    }
}

/// The namespace of a stack's metrics unless its spec names another: nobody else has it.
#[must_use]
pub fn own_namespace(stack: &str) -> String {
    format!("Trailwarden/{stack}")
}

/// One object that the account should hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// The object; fields that the spec does not write are `Leave`.
    pub object: Object,
    /// What asked for it, as people call it: `rule.iam-changes`.
    pub origin: String,
    /// Where it asked.
    pub place: Place,
}

impl Wish {
    /// True for what people call it: its origin, or the pack that it is of (`pack.cis` for
    /// `pack.cis.4.3`).
    #[must_use]
    pub fn is_called(&self, text: &str) -> bool {
        let of_pack = || {
            let rest = self.origin.strip_prefix(text)?.strip_prefix('.')?;
            let label = text.strip_prefix("pack.")?;
            Some(!label.contains('.') && !rest.is_empty())
        };
        self.origin == text || of_pack() == Some(true)
    }
}

/// An event that a test asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A file: its path as written, and the index of the spec's file that says it, as paths are
    /// relative to that. It holds one event, or the records of a `CloudTrail` log file.
    File {
        /// The path.
        path: String,
        /// The file of the spec.
        source: usize,
    },
    /// The event itself.
    Text(String),
}

/// A test of a pattern (`[[rule.LABEL.test]]`).
#[derive(Clone, Debug, PartialEq)]
pub struct PatternTest {
    /// Whose pattern it is: `rule.iam-changes`.
    pub origin: String,
    /// What people call the test.
    pub name: Option<String>,
    /// The pattern.
    pub pattern: Pattern,
    /// The event.
    pub event: Event,
    /// Whether the pattern is to match it; of several records, each of them.
    pub matches: bool,
    /// Where the test is written.
    pub place: Place,
}

/// A day of the calendar, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// The year.
    pub year: u16,
    /// The month, from 1.
    pub month: u8,
    /// The day, from 1.
    pub day: u8,
}

impl Date {
    /// The day of a moment, in seconds since 1970.
    #[must_use]
    pub fn of(seconds: i64) -> Self {
        // Years that begin in March have their leap day at the end, and 400 of them always have the
        // same number of days (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
        let days = seconds.div_euclid(86_400) + 719_468;
        let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let of_march = month < 10;
        let narrow = |number: i64| u8::try_from(number).unwrap_or(1);
        Self {
            year: u16::try_from(era * 400 + year + i64::from(!of_march)).unwrap_or(u16::MAX),
            month: narrow(if of_march { month + 3 } else { month - 9 }),
            day: narrow(day - (153 * month + 2) / 5 + 1),
        }
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A difference that somebody answers for until a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// What it is about, as the spec writes it: `rule.iam-changes`.
    pub written: String,
    /// The objects that this names.
    pub addresses: BTreeSet<Address>,
    /// The only fields that it is about; all of them, and that the object is missing, when empty.
    pub fields: BTreeSet<String>,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Date,
    /// Where it is written.
    pub place: Place,
}

/// What a spec wants: a pure function of its text.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The stack.
    pub stack: Stack,
    /// The names of the spec's files, as they are shown.
    pub files: Vec<String>,
    /// What the account should hold.
    pub objects: BTreeMap<Address, Wish>,
    /// What exists elsewhere and must be there: it is looked up and never written.
    pub existing: BTreeMap<Address, Place>,
    /// Objects that the spec takes over if nobody owns them (`[[adopt]]`).
    pub adopt: BTreeSet<Address>,
    /// Topics whose subscriptions are exactly those of the spec (`exclusive = true`).
    pub exclusive: BTreeSet<Address>,
    /// Objects without tags that the spec says are never to be deleted (`protect = true`); what has
    /// tags says so there.
    pub protect: BTreeSet<Address>,
    /// Objects that the spec lets go (`[[release]]`): they lose our marks and stay.
    pub release: BTreeSet<Address>,
    /// Differences that somebody answers for (`[[waiver]]`), in the order of the files.
    pub waivers: Vec<Waiver>,
    /// What a drill goes through (`[drill]`); its objects are among the others.
    pub drill: Option<Drill>,
    /// Tests of patterns, in the order of the sections' labels.
    pub tests: Vec<PatternTest>,
    /// What is probably not meant.
    pub warnings: Problems,
}
