//! What a spec wants, references resolved.

use std::collections::{BTreeMap, BTreeSet};

use trailwarden_pattern::Pattern;

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
    /// Tests of patterns, in the order of the sections' labels.
    pub tests: Vec<PatternTest>,
    /// What is probably not meant.
    pub warnings: Problems,
}
