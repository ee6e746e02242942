//! What is wrong with a spec, each with its place and the way out.

use std::fmt;
use std::ops::Range;

use crate::document::Spot;

/// How much a problem matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The spec cannot be used.
    Error,
    /// It can, and probably does not do what is meant.
    Warning,
}

/// One thing that is wrong with a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How much it matters.
    pub severity: Severity,
    /// A stable name for this sort of problem, one of [`Problem::CODES`] or of the pattern
    /// language's [`trailwarden_pattern::Code`].
    pub code: &'static str,
    /// Which file, an index into the sources.
    pub file: usize,
    /// Byte offsets into the file.
    pub span: Range<usize>,
    /// What is wrong, in one lowercase fragment.
    pub message: String,
    /// What to write under the marked text.
    pub label: String,
    /// The way out.
    pub help: Option<String>,
    /// Other places that belong to it, such as a first definition: file, span, label.
    pub also: Vec<(usize, Range<usize>, String)>,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal;)*) => {
        /// The codes of problems. They are stable: people filter and search by them.
        pub(crate) mod code {
            $($(#[doc = $doc])* pub(crate) const $name: &str = $code;)*
        }

        impl Problem {
            /// Every code, with what it stands for.
            pub const CODES: &[(&str, &str)] = &[$(($code, concat!($($doc),*).trim_ascii())),*];
        }
    };
}

codes! {
    /// The text is not TOML.
    SYNTAX = "syntax";
    /// A key that its section does not have.
    UNKNOWN_KEY = "unknown-key";
    /// A value of another type than its key takes.
    WRONG_TYPE = "wrong-type";
    /// A key that its section needs.
    MISSING_KEY = "missing-key";
    /// A format number that this version does not read.
    UNKNOWN_FORMAT = "unknown-format";
    /// A trail that records the delivery of its own log files.
    FEEDBACK = "feedback";
    /// No `[stack]` in any file.
    MISSING_STACK = "missing-stack";
    /// A spec that wants no object at all.
    EMPTY = "empty";
    /// A metric value or dimension that names no field of the pattern.
    NO_SUCH_FIELD = "no-such-field";
    /// A section that this version does not have yet.
    RESERVED = "reserved";
    /// A section that is defined twice, mostly in two files.
    DUPLICATE_SECTION = "duplicate-section";
    /// Two sections that make one AWS object.
    DUPLICATE_OBJECT = "duplicate-object";
    /// A label with other characters than `a-z`, `0-9` and `-`.
    BAD_LABEL = "bad-label";
    /// A `${...}` that is no variable.
    UNKNOWN_VARIABLE = "unknown-variable";
    /// A reference to a section that does not exist.
    UNKNOWN_REFERENCE = "unknown-reference";
    /// A role that no trail uses.
    UNUSED_ROLE = "unused-role";
    /// A key whose policy does not let in the service that would use it.
    CLOSED_KEY = "closed-key";
    /// Two keys that exclude each other.
    CONTRADICTION = "contradiction";
    /// An alarm with nobody to tell, and the spec does not say that it is meant.
    NOBODY_TO_NOTIFY = "nobody-to-notify";
    /// A name that AWS would refuse.
    BAD_NAME = "bad-name";
    /// A text that AWS would refuse.
    BAD_TEXT = "bad-text";
    /// A number that AWS would refuse.
    BAD_NUMBER = "bad-number";
    /// Periods that together are longer than an alarm may look back.
    BAD_WINDOW = "bad-window";
    /// A word that is not one of those that its key takes.
    UNKNOWN_WORD = "unknown-word";
    /// More than AWS takes of something.
    TOO_MANY = "too-many";
    /// A tag that AWS would refuse, or a key that is reserved.
    BAD_TAG = "bad-tag";
    /// An ARN that is none, or one of something else.
    BAD_ARN = "bad-arn";
    /// An ARN of a region or an account where it cannot work.
    OUT_OF_REACH = "out-of-reach";
    /// A subscription's endpoint that does not fit its protocol.
    BAD_ENDPOINT = "bad-endpoint";
    /// An endpoint that cannot be had from the environment or a file.
    SECRET = "secret";
    /// A filter pattern with control characters; what else is wrong with one has codes of its own.
    BAD_PATTERN = "bad-pattern";
    /// A metric filter that nothing marks as the stack's.
    UNMARKED_FILTER = "unmarked-filter";
    /// An address that cannot be read, or of something that cannot be let go.
    BAD_ADDRESS = "bad-address";
    /// A protected metric filter that no protected alarm remembers.
    UNREMEMBERED = "unremembered";
    /// A waiver that does not say who answers for it, why, or for which fields.
    EMPTY_WAIVER = "empty-waiver";
    /// A `[[moved]]` that does not lead from a label that is gone to a section that is there.
    BAD_MOVE = "bad-move";
    /// A filter policy that fits no alarm, on a topic that alarms notify.
    FILTERED_ALARMS = "filtered-alarms";
    /// The rule of a composite alarm that cannot be read.
    BAD_RULE = "bad-rule";
    /// Composite alarms that ask each other in a circle.
    CIRCLE = "circle";
    /// An alarm with other dimensions than all of the spec's filters that count into its metric.
    OTHER_DIMENSIONS = "other-dimensions";
    /// An alarm on a unit that none of the spec's filters gives to its metric.
    OTHER_UNIT = "other-unit";
    /// An alarm on a metric whose name all but equals that of one that a filter of the spec counts into.
    NEAR_MISS = "near-miss";
    /// An alarm whose threshold nothing that the spec's filters count can breach.
    NEVER_FIRES = "never-fires";
}

impl Problem {
    pub(crate) fn new(code: &'static str, spot: &Spot, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            file: spot.file,
            span: spot.span.clone(),
            message: message.into(),
            label: String::new(),
            help: None,
            also: Vec::new(),
        }
    }

    pub(crate) fn warning(self) -> Self {
        Self {
            severity: Severity::Warning,
            ..self
        }
    }

    pub(crate) fn label(self, label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            ..self
        }
    }

    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }

    pub(crate) fn also(mut self, spot: &Spot, label: impl Into<String>) -> Self {
        self.also.push((spot.file, spot.span.clone(), label.into()));
        self
    }

    /// True for problems that say that something is not there: where a part of the text cannot be
    /// read, it may well be there.
    pub(crate) fn is_of_absence(&self) -> bool {
        matches!(
            self.code,
            // A key below a broken header is an unknown key of the section before it.
            code::UNKNOWN_KEY
                | code::BAD_MOVE
                | code::CONTRADICTION
                | code::EMPTY
                | code::MISSING_KEY
                | code::MISSING_STACK
                | code::NOBODY_TO_NOTIFY
                | code::UNKNOWN_REFERENCE
                | code::UNMARKED_FILTER
                | code::UNREMEMBERED
                | code::UNUSED_ROLE
        )
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// What is wrong with a spec, by file and place. As an error it is never empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems, sorted.
    pub(crate) fn of(mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| {
            let place = |p: &Problem| (p.file, p.span.start, p.span.end, p.code);
            place(a).cmp(&place(b)).then_with(|| a.message.cmp(&b.message))
        });
        problems.dedup();
        Self(problems)
    }

    /// The problems, by file and place.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }

    /// The problems, by file and place.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            let end = if at == 0 { "" } else { "\n" };
            write!(f, "{end}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
