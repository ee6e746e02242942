//! What must stand in the bytes of a record that a pattern matches: what does not have it need not be read.
//!
//! A pattern that asks for a field by name needs the name, in quotes, in the record; one that asks for a text there
//! needs that behind it. That is all that is asked: a name deeper in the record counts as well, so that a record
//! with what is needed may match, and one without it cannot.
//!
//! Two things could hide what is needed. A *value* with a backslash counts as anything. A *name* could be written
//! with escapes, which `CloudTrail` never does: a record in which `\u00..` stands for a character of names counts
//! as having everything.

use trailwarden_pattern::{
    Comparison, Condition, Form, Node, NodeKind, Operator, Pattern, Selector, Shape, Step, Test, Value,
};

/// What a pattern needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing that can be told from bytes: every record has to be looked at.
    Nothing,
    /// One of these.
    OneOf(Vec<Field>),
}

/// A name in quotes, and what stands behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) value: Wanted,
}

/// What is wanted of a value; of the bytes between its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Whatever it is, a string or not.
    Anything,
    Exact(String),
    Starts(String),
    Ends(String),
    Contains(String),
}

/// Characters that nobody has to escape in JSON and that a name may have here.
pub(crate) fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte))
}

/// Characters that may not stand for themselves between quotes. The others may, or behind a backslash.
fn stands_for_itself(text: &str) -> bool {
    text.chars().all(|c| c != '"' && c != '\\' && c >= ' ')
}

impl Need {
    pub(crate) fn of(pattern: &Pattern) -> Self {
        match pattern.form() {
            Form::Json(node) => of_node(node),
            Form::Delimited(_) | Form::Terms(_) => Self::Nothing,
        }
    }

    /// How much is left to be looked at, about: the less the better.
    fn cost(&self) -> u32 {
        match self {
            Self::Nothing => u32::MAX,
            Self::OneOf(fields) => fields.iter().map(Field::cost).fold(0, u32::saturating_add),
        }
    }
}

impl Field {
    fn cost(&self) -> u32 {
        // What nearly every record has, and mostly with few values.
        let common = matches!(
            self.name.as_str(),
            "eventSource"
                | "awsRegion"
                | "eventType"
                | "type"
                | "eventCategory"
                | "recipientAccountId"
                | "accountId"
        );
        match (&self.value, common) {
            (Wanted::Exact(_), false) => 1,
            (Wanted::Exact(_), true) => 20,
            (Wanted::Anything, _) => match self.name.as_str() {
                "errorCode" | "errorMessage" => 50,
                _ => 200,
            },
            (_, false) => 4,
            (_, true) => 80,
        }
    }
}

fn of_node(node: &Node<Test>) -> Need {
    match &node.kind {
        NodeKind::Test(test) => of_test(test),
        // Each of them is needed: the one that leaves the least is enough.
        NodeKind::All(nodes) => {
            let needs = nodes.iter().map(of_node);
            needs.min_by_key(Need::cost).unwrap_or(Need::Nothing)
        }
        NodeKind::Any(nodes) => {
            let mut all = Vec::new();
            for node in nodes {
                match of_node(node) {
                    Need::Nothing => return Need::Nothing,
                    Need::OneOf(fields) => all.extend(fields),
                }
            }
            Need::OneOf(all)
        }
    }
}

fn of_test(test: &Test) -> Need {
    let Some((name, is_last)) = last_name(&test.selector) else {
        return Need::Nothing;
    };
    let value = match &test.condition {
        Condition::NotExists => return Need::Nothing,
        // Also of a field that is missing it is not true that it is unequal.
        Condition::Compare(Comparison { operator, value, .. }) if *operator == Operator::Equal && is_last => {
            wanted(value)
        }
        _ => Wanted::Anything,
    };
    Need::OneOf(vec![Field {
        name: name.to_owned(),
        value,
    }])
}

/// The last name of a selector, and whether its value is what is asked about.
fn last_name(selector: &Selector) -> Option<(&str, bool)> {
    let steps = selector.steps.iter().enumerate().rev();
    let (at, name) = steps.into_iter().find_map(|(at, step)| match step {
        Step::Key(name) => Some((at, name.as_str())),
        _ => None,
    })?;
    is_plain(name).then_some((name, at + 1 == selector.steps.len()))
}

fn wanted(value: &Value) -> Wanted {
    match value {
        Value::Text(text) if stands_for_itself(&text.text) => {
            let own = text.text.clone();
            match text.shape {
                Shape::Exact => Wanted::Exact(own),
                Shape::Starts => Wanted::Starts(own),
                Shape::Ends => Wanted::Ends(own),
                Shape::Contains => Wanted::Contains(own),
                Shape::Any => Wanted::Anything,
            }
        }
        // Numbers have many spellings.
        Value::Text(_) | Value::Number(_) | Value::Regex(_) => Wanted::Anything,
    }
}

/// Whether `\u00..` in a text, at the backslash, stands for a character that names have.
pub(crate) fn hides_a_name(text: &[u8], at: usize) -> bool {
    let digits = text
        .get(at + 4..at + 6)
        .and_then(|two| std::str::from_utf8(two).ok());
    let byte = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
    // At the end of the text nothing more can hide.
    byte.is_some_and(|byte| is_plain(&char::from(byte).to_string()))
}
