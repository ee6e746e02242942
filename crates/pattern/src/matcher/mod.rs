//! A pattern prepared for matching: one page for each form.

mod delimited;
mod json;
mod places;
mod set;
mod terms;

use crate::number::Decimal;
use crate::tree::{Comparison, Form, Node, NodeKind, Operator, Value};

pub(crate) use delimited::words;
pub use set::{Look, MatcherSet, Scratch};

/// Decides whether events match a pattern.
///
/// It holds no state, so threads can share one.
#[derive(Clone, Debug)]
pub struct Matcher(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Json(json::Program),
    Delimited(delimited::Line),
    Terms(terms::Terms),
}

impl Matcher {
    pub(crate) fn new(form: &Form) -> Self {
        Self(match form {
            Form::Json(node) => Kind::Json(json::Program::new(node)),
            Form::Delimited(fields) => Kind::Delimited(delimited::Line::new(fields)),
            Form::Terms(terms) => Kind::Terms(terms::Terms::new(terms)),
        })
    }

    /// True when the event matches. `message` is the event's text as it was sent to CloudWatch
    /// Logs, without a line end.
    #[must_use]
    pub fn is_match(&self, message: &[u8]) -> bool {
        match &self.0 {
            Kind::Json(program) => program.is_match(message),
            Kind::Delimited(line) => line.is_match(message),
            Kind::Terms(terms) => terms.is_match(message),
        }
    }
}

/// Something that a value of a pattern is compared with.
#[derive(Clone, Copy, Debug)]
enum Operand<'m> {
    /// A JSON string.
    String(&'m [u8]),
    /// A JSON number, as written.
    Number(&'m [u8]),
    /// A word of a space-delimited event: a number if it looks like one.
    Word(&'m [u8]),
}

impl Comparison {
    /// Holds a field's value against this comparison's.
    fn holds(&self, operand: Operand<'_>) -> bool {
        let (Operand::String(text) | Operand::Number(text) | Operand::Word(text)) = operand;
        let equal = match &self.value {
            Value::Text(wanted) => wanted.fits(text),
            Value::Regex(regex) => regex.is_match(text),
            Value::Number(wanted) => {
                let value = match operand {
                    Operand::String(_) => None,
                    Operand::Number(_) | Operand::Word(_) => Decimal::parse(text),
                };
                match (self.operator, value) {
                    (Operator::Less, value) => return value.is_some_and(|value| value < wanted.value),
                    (Operator::LessOrEqual, value) => {
                        return value.is_some_and(|value| value <= wanted.value);
                    }
                    (Operator::Greater, value) => return value.is_some_and(|value| value > wanted.value),
                    (Operator::GreaterOrEqual, value) => {
                        return value.is_some_and(|value| value >= wanted.value);
                    }
                    (Operator::Equal | Operator::NotEqual, Some(value)) => value == wanted.value,
                    (Operator::Equal | Operator::NotEqual, None) => text == wanted.text.as_bytes(),
                }
            }
        };
        equal == (self.operator == Operator::Equal)
    }
}

/// Evaluates a formula over its conditions.
fn holds<T>(node: &Node<T>, test: &impl Fn(&T) -> bool) -> bool {
    match &node.kind {
        NodeKind::All(nodes) => nodes.iter().all(|node| holds(node, test)),
        NodeKind::Any(nodes) => nodes.iter().any(|node| holds(node, test)),
        NodeKind::Test(one) => test(one),
    }
}
