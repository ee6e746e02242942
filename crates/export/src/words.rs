//! Words that both dialects use.

use trailwarden_pattern::{Shape, Text};

use crate::Refusal;
use std::ops::Range;

/// A text as SQL writes it.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A text of a pattern, refused where not every client carries it to the database as it is.
pub(crate) fn clean(text: &str, span: &Range<usize>) -> Result<String, Refusal> {
    match text.chars().any(char::is_control) {
        true => Err(Refusal::new(span, "a control character cannot stand in a query")),
        false => Ok(literal(text)),
    }
}

/// What a text that is compared says of JSON numbers, whose text as it was written is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OfNumbers {
    /// None is equal to it.
    None,
    /// All are.
    All,
    /// A whole number, which is written in one way only, and no other.
    Whole,
    /// It depends on how they were written.
    Unclear,
}

pub(crate) fn of_numbers(text: &Text) -> OfNumbers {
    let signs = |c: char| matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E');
    let own = text.text.as_str();
    let digits = own.strip_prefix('-').unwrap_or(own);
    let whole = matches!(digits.as_bytes(), [b'1'..=b'9', ..])
        && digits.bytes().all(|b| b.is_ascii_digit())
        && digits.len() <= 18;
    let can_be = own.chars().all(signs)
        && match text.shape {
            Shape::Any => return OfNumbers::All,
            Shape::Exact if whole => return OfNumbers::Whole,
            Shape::Exact | Shape::Starts => own.starts_with(|c: char| c == '-' || c.is_ascii_digit()),
            Shape::Ends => own.ends_with(|c: char| c.is_ascii_digit()),
            Shape::Contains => true,
        };
    match can_be && !own.is_empty() {
        true => OfNumbers::Unclear,
        false => OfNumbers::None,
    }
}
