//! What a pattern says, as typed: three forms, and what they are made of.

use std::fmt;
use std::ops::Range;

use crate::number::Decimal;
use crate::regex::Regex;

/// The three forms of a pattern. Its first character says which.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// `{ ... }`: conditions on the fields of a JSON event.
    Json(Node<Test>),
    /// `[ ... ]`: the words of an event, in order.
    Delimited(Vec<Field>),
    /// Anything else: terms that occur in an event, or do not. None at all match everything.
    Terms(Vec<Term>),
}

/// A formula over conditions `T`, as typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Node<T> {
    /// Byte offsets into the pattern, parentheses around it included.
    pub span: Range<usize>,
    /// True where parentheses stand around it.
    pub grouped: bool,
    /// What it is.
    pub kind: NodeKind<T>,
}

/// A condition, or several joined.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind<T> {
    /// Joined by `&&`; two at least.
    All(Vec<Node<T>>),
    /// Joined by `||`, which binds looser than `&&`; two at least.
    Any(Vec<Node<T>>),
    /// One condition.
    Test(T),
}

impl<T> Node<T> {
    /// One condition.
    pub(crate) fn test(span: Range<usize>, test: T) -> Self {
        Self {
            span,
            grouped: false,
            kind: NodeKind::Test(test),
        }
    }

    /// Several operands as one node; a single one is itself.
    pub(crate) fn joined(mut nodes: Vec<Self>, kind: fn(Vec<Self>) -> NodeKind<T>) -> Option<Self> {
        if nodes.len() < 2 {
            return nodes.pop();
        }
        let span = nodes.first()?.span.start..nodes.last()?.span.end;
        Some(Self {
            span,
            grouped: false,
            kind: kind(nodes),
        })
    }

    /// Every condition in it, in the order of the text.
    #[must_use]
    pub fn tests(&self) -> Vec<&T> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'t>(&'t self, found: &mut Vec<&'t T>) {
        match &self.kind {
            NodeKind::All(nodes) | NodeKind::Any(nodes) => nodes.iter().for_each(|node| node.collect(found)),
            NodeKind::Test(test) => found.push(test),
        }
    }
}

/// A condition on one field of a JSON event.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// The field.
    pub selector: Selector,
    /// What must hold of it.
    pub condition: Condition,
}

/// What must hold of a field of a JSON event.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// `= value` and its like: of a string or a number.
    Compare(Comparison),
    /// `IS NULL`: it is there, and null.
    IsNull,
    /// `IS TRUE`.
    IsTrue,
    /// `IS FALSE`.
    IsFalse,
    /// `NOT EXISTS`: it is not there; null is there.
    NotExists,
}

/// An operator and a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// How the two are compared.
    pub operator: Operator,
    /// Byte offsets of the operator.
    pub operator_span: Range<usize>,
    /// What a field is compared with.
    pub value: Value,
    /// Byte offsets of the value, quotes included.
    pub value_span: Range<usize>,
}

/// How a field and a value are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`: also of strings and numbers only. A field that is missing is not unequal.
    NotEqual,
    /// `<`, of numbers.
    Less,
    /// `<=`, of numbers.
    LessOrEqual,
    /// `>`, of numbers.
    Greater,
    /// `>=`, of numbers.
    GreaterOrEqual,
}

impl Operator {
    /// The sign that stands for it.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// True for the four that compare numbers only.
    #[must_use]
    pub fn orders(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text, bare or in double quotes.
    Text(Text),
    /// A bare number: by value against a JSON number, by its text against a string.
    Number(Number),
    /// `%...%`
    Regex(Regex),
}

/// A text to compare with, and which texts are equal to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text {
    /// Where a `*` stood. One that is neither first nor last stands for itself and is in `text`.
    pub shape: Shape,
    /// The text without the `*` at its ends, escapes replaced.
    pub text: String,
}

/// Which texts a [`Text`] is equal to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// `text`: this one.
    Exact,
    /// `text*`: those that begin so.
    Starts,
    /// `*text`: those that end so.
    Ends,
    /// `*text*`: those that hold it.
    Contains,
    /// `*`: all, the empty one, too.
    Any,
}

impl Text {
    /// Takes the wildcards at the ends of a text off it.
    #[must_use]
    pub fn new(raw: &str) -> Self {
        let (first, rest) = match raw.strip_prefix('*') {
            Some(rest) => (true, rest),
            None => (false, raw),
        };
        let (last, rest) = match rest.strip_suffix('*') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let shape = match (first, last) {
            (true, _) | (_, true) if rest.is_empty() => Shape::Any,
            (false, false) => Shape::Exact,
            (false, true) => Shape::Starts,
            (true, false) => Shape::Ends,
            (true, true) => Shape::Contains,
        };
        Self {
            shape,
            text: rest.to_owned(),
        }
    }

    /// True when this text is equal to another.
    #[must_use]
    pub fn fits(&self, other: &[u8]) -> bool {
        let text = self.text.as_bytes();
        match self.shape {
            Shape::Exact => other == text,
            Shape::Starts => other.starts_with(text),
            Shape::Ends => other.ends_with(text),
            Shape::Contains => memchr::memmem::find(other, text).is_some(),
            Shape::Any => true,
        }
    }
}

impl fmt::Display for Text {
    /// The text with its wildcards, without quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shape {
            Shape::Exact => f.write_str(&self.text),
            Shape::Starts => write!(f, "{}*", self.text),
            Shape::Ends => write!(f, "*{}", self.text),
            Shape::Contains => write!(f, "*{}*", self.text),
            Shape::Any => f.write_str("*"),
        }
    }
}

/// A number as typed, and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// As typed: against strings it is compared as text.
    pub text: String,
    /// Exact, however many digits.
    pub value: Decimal,
}

/// The way from the root of a JSON event to a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// Byte offsets, the `$` included.
    pub span: Range<usize>,
    /// The steps; one at least.
    pub steps: Vec<Step>,
}

/// One step of a [`Selector`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// `.name` or `.['name']`: a field of an object.
    Key(String),
    /// `[n]`: an element of an array, counted from 0.
    Index(u64),
    /// `[*]`: any element of an array.
    AnyElement,
    /// `.*`: any field of an object.
    AnyField,
}

impl Step {
    /// True for `[*]` and `.*`.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        matches!(self, Self::AnyElement | Self::AnyField)
    }
}

impl Selector {
    /// True when it may lead to several fields.
    #[must_use]
    pub fn has_wildcard(&self) -> bool {
        self.steps.iter().any(Step::is_wildcard)
    }
}

impl fmt::Display for Selector {
    /// The shortest spelling.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for step in &self.steps {
            match step {
                Step::Key(name) if !name.is_empty() && name.chars().all(is_name) => write!(f, ".{name}")?,
                Step::Key(name) => write!(f, ".['{name}']")?,
                Step::Index(at) => write!(f, "[{at}]")?,
                Step::AnyElement => f.write_str("[*]")?,
                Step::AnyField => f.write_str(".*")?,
            }
        }
        Ok(())
    }
}

/// One entry of a `[ ... ]` pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Byte offsets, without blanks around it; empty for an entry without text.
    pub span: Range<usize>,
    /// What it stands for.
    pub kind: FieldKind,
}

/// What an entry of a `[ ... ]` pattern stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldKind {
    /// `...`: any number of words, none, too.
    Ellipsis,
    /// One word; the last entry takes all that are left if nothing is asked of it.
    Word {
        /// Its name, if it has one. Metric values call it `$name`, or `$1` by its place.
        name: Option<String>,
        /// What must hold of it.
        condition: Option<Node<Comparison>>,
    },
}

/// One term of a pattern without brackets.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// Byte offsets, sign and quotes included.
    pub span: Range<usize>,
    /// What its sign asks for.
    pub sign: Sign,
    /// What is looked for.
    pub kind: TermKind,
}

/// What the sign of a [`Term`] asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// None: it must occur.
    With,
    /// `-`: it must not occur.
    Without,
    /// `?`: one of all such must occur. With any other term in the pattern these are ignored.
    OneOf,
}

/// What a [`Term`] looks for.
#[derive(Clone, Debug, PartialEq)]
pub enum TermKind {
    /// A word or a phrase, anywhere in the event. One of blanks alone occurs everywhere.
    Text(String),
    /// `%...%`
    Regex(Regex),
}

/// The characters of a field's name.
pub(crate) fn is_name(c: char) -> bool {
    is_word(c) || c == '-'
}

/// The characters of a term that needs no quotes.
pub(crate) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The characters of a value that needs no quotes.
pub(crate) fn is_bare(c: char) -> bool {
    is_word(c) || matches!(c, '.' | '*' | '+' | '-')
}

/// True for a text that needs no quotes as a term.
pub(crate) fn is_plain_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_word)
}

/// A text in double quotes.
pub(crate) fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
