//! From text to tree. Each form has a page; [`cursor`] and [`value`] are common to them.
//!
//! Reading goes on after a problem where what follows can still be told: who has mistyped three
//! conditions wants to hear of all three.

mod cursor;
mod delimited;
mod json;
mod terms;
mod value;

use crate::problem::{Code, Problem, Problems};
use crate::tree::{Form, Selector};
use cursor::{Cursor, is_nothing};

/// The longest pattern that AWS takes, in characters (`PutMetricFilter`).
pub(crate) const MOST_CHARS: usize = 1024;
/// Most `[*]` and `.*` in a pattern; in one selector there may be one.
const MOST_WILDCARDS: usize = 3;
/// Most regular expressions in a JSON or space-delimited pattern.
const MOST_REGEXES: usize = 2;
/// Beyond this a text is not read further: its length is what is wrong with it.
const WORTH_READING: usize = 8 * 1024;

/// Reads a pattern.
pub(crate) fn parse(text: &str) -> Result<Form, Problems> {
    let mut cursor = Cursor::new(text);
    let count = text.chars().count();
    if count > MOST_CHARS {
        let start = text
            .char_indices()
            .nth(MOST_CHARS)
            .map_or(text.len(), |(at, _)| at);
        let message = format!("the pattern has {count} characters, CloudWatch Logs takes {MOST_CHARS}");
        let help = "split it into several filters on one metric, or say several names with one wildcard such as \
                    `\"Create*\"`";
        cursor.report(Problem::new(Code::TooLong, start..text.len(), message).help(help));
        if text.len() > WORTH_READING {
            return Err(cursor.finish());
        }
    }
    let form = match framed(text) {
        Some(frame) => {
            blanks_around(&mut cursor, text);
            match frame {
                '{' => json::read(&mut cursor).map(Form::Json),
                _ => Some(Form::Delimited(delimited::read(&mut cursor))),
            }
        }
        None => Some(Form::Terms(terms::read(&mut cursor))),
    };
    match form {
        Some(form) if cursor.problems.is_empty() => Ok(form),
        _ => Err(cursor.finish()),
    }
}

/// Reads a selector alone, such as a metric value's `$.latency`.
pub(crate) fn selector(text: &str) -> Result<Selector, Problems> {
    let mut cursor = Cursor::new(text);
    match json::selector(&mut cursor) {
        Some(selector) if cursor.rest().is_empty() => Ok(selector),
        Some(_) => {
            let here = cursor.here();
            cursor.report(Problem::new(
                Code::BadSelector,
                here,
                "this cannot stand in a field's name",
            ));
            Err(cursor.finish())
        }
        None => Err(cursor.finish()),
    }
}

/// The bracket that a pattern is meant to begin with. AWS looks at the very first character; a
/// blank before it is a slip that is better named than read as terms.
fn framed(text: &str) -> Option<char> {
    let first = text.trim_start_matches(is_nothing).chars().next();
    first.filter(|c| matches!(c, '{' | '['))
}

fn blanks_around(cursor: &mut Cursor<'_>, text: &str) {
    let trimmed = text.trim_matches(is_nothing);
    // What is not closed has worse to hear.
    if trimmed.len() == text.len() || !trimmed.ends_with(['}', ']']) {
        return;
    }
    let before = text.len() - text.trim_start_matches(is_nothing).len();
    let span = match before {
        0 => trimmed.len()..text.len(),
        _ => 0..before,
    };
    let message = "blanks before or after the brackets: CloudWatch Logs refuses the pattern";
    let problem = Problem::new(Code::BlanksAround, span, message).help("take them away");
    cursor.report(problem.instead_of(0..text.len(), trimmed));
}
