//! What is wrong with a pattern, and what probably is.

use std::fmt;
use std::ops::Range;

/// Something to say about a place in a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which sort; [`Code::as_str`] is its stable name.
    pub code: Code,
    /// Byte offsets into the pattern's text.
    pub span: Range<usize>,
    /// What is the matter, in one lowercase fragment.
    pub message: String,
    /// The way out.
    pub help: Option<String>,
    /// A text to put in the place of another, where one can be offered.
    pub suggestion: Option<Suggestion>,
}

/// A text to put in the place of `span`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// Byte offsets into the pattern's text.
    pub span: Range<usize>,
    /// What to write there.
    pub text: String,
}

impl Problem {
    pub(crate) fn new(code: Code, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            code,
            span,
            message: message.into(),
            help: None,
            suggestion: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The way out in one line, with the text that is offered.
    #[must_use]
    pub fn way_out(&self) -> Option<String> {
        let offered = self
            .suggestion
            .as_ref()
            .map(|suggestion| suggestion.text.as_str());
        match (&self.help, offered.filter(|text| !text.is_empty())) {
            (Some(help), Some(text)) if !help.contains(text) => Some(format!("{help}: {text}")),
            (Some(help), _) => Some(help.clone()),
            (None, Some(text)) => Some(format!("write {text}")),
            (None, None) => None,
        }
    }

    /// Offers a text for the place of the problem itself.
    pub(crate) fn instead(self, text: impl Into<String>) -> Self {
        let span = self.span.clone();
        self.instead_of(span, text)
    }

    /// Offers a text for another place.
    pub(crate) fn instead_of(mut self, span: Range<usize>, text: impl Into<String>) -> Self {
        self.suggestion = Some(Suggestion {
            span,
            text: text.into(),
        });
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.way_out() {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// All that is wrong with a pattern, by place; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems sorted by place; there is one at least.
    pub(crate) fn of(mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| {
            let key = |p: &Problem| (p.span.start, p.span.end, p.code);
            key(a).cmp(&key(b))
        });
        problems.dedup();
        Self(problems)
    }

    /// The problems, by place.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'p> IntoIterator for &'p Problems {
    type Item = &'p Problem;
    type IntoIter = std::slice::Iter<'p, Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
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

macro_rules! codes {
    ($(#[doc = $title:literal] $list:ident { $($(#[doc = $doc:literal])* $name:ident = $code:literal,)* })*) => {
        /// The sorts of problems. Their names are stable: people search and filter by them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($($(#[doc = $doc])* $name,)*)*
        }

        impl Code {
            $(
                #[doc = $title]
                pub const $list: &[Self] = &[$(Self::$name),*];
            )*

            /// Its stable name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $($(Self::$name => $code,)*)* }
            }

            /// What it stands for.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $($(Self::$name => concat!($($doc),*).trim_ascii(),)*)* }
            }

            /// The sort of a name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($($code => Some(Self::$name),)*)* _ => None }
            }
        }
    };
}

codes! {
    /// What CloudWatch Logs refuses.
    ERRORS {
        /// Longer than 1,024 characters.
        TooLong = "too-long",
        /// Blanks before the `{` or `[`, or after its counterpart.
        BlanksAround = "blanks-around",
        /// A `{`, `[`, `(`, quote or `%` without its counterpart.
        Unclosed = "unclosed",
        /// Something is missing: a condition, an operator, a value.
        Incomplete = "incomplete",
        /// Something stands where it cannot.
        Unexpected = "unexpected",
        /// A field that is not written `$.name`.
        BadSelector = "bad-selector",
        /// An operator that the language does not have.
        UnknownOperator = "unknown-operator",
        /// A value or a term that needs double quotes.
        NeedsQuotes = "needs-quotes",
        /// Single, typographic and back quotes are no quotes.
        SingleQuotes = "single-quotes",
        /// `<` and its like compare with a bare number only.
        NotANumber = "not-a-number",
        /// An entry of `[ ... ]` asks about another entry.
        OtherField = "other-field",
        /// A second `...` in a `[ ... ]` pattern.
        SecondEllipsis = "second-ellipsis",
        /// More `[*]` and `.*` than a selector or a pattern may have.
        TooManyWildcards = "too-many-wildcards",
        /// More regular expressions than a pattern may have.
        TooManyRegexes = "too-many-regexes",
        /// A regular expression with what AWS's subset does not have.
        BadRegex = "bad-regex",
    }
    /// What is probably wrong with a pattern that CloudWatch Logs takes.
    LINTS {
        /// An event's name that is only the beginning of names: its `*` is lost.
        LostWildcard = "lost-wildcard",
        /// An event source that is not known.
        UnknownSource = "unknown-source",
        /// An event's name that is not known.
        UnknownEvent = "unknown-event",
        /// A field that records of CloudTrail do not have.
        UnknownField = "unknown-field",
        /// A value that the field does not have, and that is near one that it has.
        UnknownValue = "unknown-value",
        /// A field asked for as what it is not, such as a boolean as a text.
        TypeSlip = "type-slip",
        /// A name or value that exists with other capitals.
        CaseSlip = "case-slip",
        /// `!=` on a field that may be missing: then the event does not match.
        NotEqualMissing = "not-equal-missing",
        /// `!=` on several values: one that differs is enough.
        AnyDiffers = "any-differs",
        /// `&&` and `||` side by side without parentheses.
        MixedOperators = "mixed-operators",
        /// A `*` within a value, where it is no wildcard.
        LiteralStar = "literal-star",
        /// A term with `?` beside others, which is ignored.
        IgnoredTerm = "ignored-term",
        /// A dimension with so many values that CloudWatch Logs would switch the filter off.
        ManyValues = "many-values",
        /// An event that the trail does not record.
        NotRecorded = "not-recorded",
        /// True of every record, or of every one but one sort.
        AlwaysTrue = "always-true",
        /// True of no event.
        NeverTrue = "never-true",
        /// A condition that changes nothing.
        Redundant = "redundant",
    }
}
