//! What a pattern means, said once more and as plainly as can be: a tree is built of every event,
//! every way through it is tried, nothing is prepared or kept.
//!
//! It shares the pattern's tree, [`Decimal`] and the engine of regular expressions with the crate,
//! and no other code: where the two disagree, one of them is wrong.

mod json;

use trailwarden_pattern::{
    Comparison, Condition, Decimal, Field, FieldKind, Form, Node, NodeKind, Operator, Shape, Sign, Step,
    Term, TermKind, Test, Text, Value,
};

use json::{NoTree, Tree};

/// True when the event matches; `None` for an event that is nested too deep to say.
pub(crate) fn matches(form: &Form, message: &[u8]) -> Option<bool> {
    match form {
        Form::Json(node) => match json::read(message) {
            // A text or a number alone has no fields.
            Ok(event @ (Tree::Object(_) | Tree::Array(_))) => {
                Some(holds(node, &|test: &Test| condition(test, &event)))
            }
            Ok(_) | Err(NoTree::NotJson) => Some(false),
            Err(NoTree::TooDeep) => None,
        },
        Form::Delimited(fields) => Some(fields.is_empty() || line(fields, &words(message), true)),
        Form::Terms(all) => Some(terms(all, message)),
    }
}

fn holds<T>(node: &Node<T>, test: &dyn Fn(&T) -> bool) -> bool {
    match &node.kind {
        NodeKind::Test(one) => test(one),
        NodeKind::All(nodes) => nodes.iter().all(|node| holds(node, test)),
        NodeKind::Any(nodes) => nodes.iter().any(|node| holds(node, test)),
    }
}

/// The values that a selector leads to: one at most without a wildcard.
fn reached<'e>(event: &'e Tree, steps: &[Step]) -> Vec<&'e Tree> {
    let Some((step, rest)) = steps.split_first() else {
        return vec![event];
    };
    let next: Vec<&Tree> = match (step, event) {
        // Of a key that stands there twice the last counts.
        (Step::Key(name), Tree::Object(members)) => {
            let last = members.iter().rev().find(|(key, _)| key == name);
            last.map(|(_, value)| value).into_iter().collect()
        }
        (Step::AnyField, Tree::Object(members)) => members.iter().map(|(_, value)| value).collect(),
        (Step::Index(at), Tree::Array(elements)) => {
            let at = usize::try_from(*at).unwrap_or(usize::MAX);
            elements.get(at).into_iter().collect()
        }
        (Step::AnyElement, Tree::Array(elements)) => elements.iter().collect(),
        _ => Vec::new(),
    };
    next.into_iter().flat_map(|value| reached(value, rest)).collect()
}

fn condition(test: &Test, event: &Tree) -> bool {
    let values = reached(event, &test.selector.steps);
    match &test.condition {
        Condition::NotExists => values.is_empty(),
        Condition::IsNull => values.contains(&&Tree::Null),
        Condition::IsTrue => values.contains(&&Tree::Bool(true)),
        Condition::IsFalse => values.contains(&&Tree::Bool(false)),
        Condition::Compare(compare) => values.iter().any(|value| match value {
            // A text that looks like a number is none.
            Tree::Text(text) => compares(compare, text.as_bytes(), None),
            Tree::Number(text) => compares(compare, text.as_bytes(), Decimal::parse(text.as_bytes())),
            Tree::Null | Tree::Bool(_) | Tree::Array(_) | Tree::Object(_) => false,
        }),
    }
}

/// Compares a text, which may be the spelling of a number.
fn compares(compare: &Comparison, text: &[u8], number: Option<Decimal>) -> bool {
    let equal = match (&compare.value, &number) {
        (Value::Number(wanted), Some(number)) => *number == wanted.value,
        (Value::Number(wanted), None) => text == wanted.text.as_bytes(),
        (Value::Text(wanted), _) => fits(wanted, text),
        (Value::Regex(regex), _) => regex.is_match(text),
    };
    let numbers = match (&compare.value, &number) {
        (Value::Number(wanted), Some(number)) => Some((number, &wanted.value)),
        _ => None,
    };
    match compare.operator {
        Operator::Equal => equal,
        Operator::NotEqual => !equal,
        Operator::Less => numbers.is_some_and(|(a, b)| a < b),
        Operator::LessOrEqual => numbers.is_some_and(|(a, b)| a <= b),
        Operator::Greater => numbers.is_some_and(|(a, b)| a > b),
        Operator::GreaterOrEqual => numbers.is_some_and(|(a, b)| a >= b),
    }
}

/// Tries every place where the text can stand.
fn fits(wanted: &Text, text: &[u8]) -> bool {
    let part = wanted.text.as_bytes();
    (0..=text.len()).any(|start| {
        let end = start + part.len();
        let before = start == 0 || matches!(wanted.shape, Shape::Ends | Shape::Contains | Shape::Any);
        let after = end == text.len() || matches!(wanted.shape, Shape::Starts | Shape::Contains | Shape::Any);
        before && after && text.get(start..end) == Some(part)
    })
}

/// True when the entries and the words go together, one by one.
fn line(fields: &[Field], words: &[&[u8]], rest_is_free: bool) -> bool {
    let Some((field, later)) = fields.split_first() else {
        return words.is_empty();
    };
    match &field.kind {
        FieldKind::Ellipsis => (0..=words.len()).any(|count| line(later, &words[count..], false)),
        FieldKind::Word { condition, .. } => {
            let Some((word, others)) = words.split_first() else {
                return false;
            };
            match condition {
                // The last entry takes all that is left, if nothing is asked of it.
                None if later.is_empty() && rest_is_free => true,
                None => line(later, others, rest_is_free),
                Some(node) => {
                    let number = || Decimal::parse(word);
                    holds(node, &|compare: &Comparison| compares(compare, word, number()))
                        && line(later, others, rest_is_free)
                }
            }
        }
    }
}

fn is_blank(byte: u8) -> bool {
    b" \t\n\r\x0C".contains(&byte)
}

/// The words of a line; `[...]` and `"..."` are one if a blank or the end follows.
fn words(line: &[u8]) -> Vec<&[u8]> {
    let mut words = Vec::new();
    let mut rest = line;
    while let Some(&first) = rest.first() {
        if is_blank(first) {
            rest = &rest[1..];
            continue;
        }
        let closing = match first {
            b'[' => Some(b']'),
            b'"' => Some(b'"'),
            _ => None,
        };
        let close = closing.and_then(|sign| (1..rest.len()).find(|&at| rest[at] == sign));
        if let Some(close) = close.filter(|close| rest.get(close + 1).is_none_or(|&byte| is_blank(byte))) {
            words.push(&rest[1..close]);
            rest = &rest[close + 1..];
        } else {
            let end = rest.iter().position(|&byte| is_blank(byte)).unwrap_or(rest.len());
            words.push(&rest[..end]);
            rest = &rest[end..];
        }
    }
    words
}

fn terms(all: &[Term], message: &[u8]) -> bool {
    let of = |sign: Sign| all.iter().filter(move |term| term.sign == sign);
    let asked = of(Sign::With).all(|term| occurs(&term.kind, message))
        && !of(Sign::Without).any(|term| occurs(&term.kind, message));
    // Any other term makes those with `?` be ignored.
    let optional_only = of(Sign::OneOf).count() == all.len() && !all.is_empty();
    match optional_only {
        true => all.iter().any(|term| occurs(&term.kind, message)),
        false => asked,
    }
}

fn occurs(kind: &TermKind, message: &[u8]) -> bool {
    match kind {
        TermKind::Regex(regex) => regex.is_match(message),
        TermKind::Text(text) => {
            text.chars().all(char::is_whitespace)
                || (0..message.len()).any(|at| message[at..].starts_with(text.as_bytes()))
        }
    }
}
