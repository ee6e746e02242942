//! Operators and values, which JSON and space-delimited patterns share.

use std::ops::Range;

use crate::number::Decimal;
use crate::problem::{Code, Problem};
use crate::regex::Regex;
use crate::tree::{Comparison, Number, Operator, Text, Value, is_bare, quote};

use super::cursor::{Cursor, is_blank};

/// Reads an operator and a value. `None` after a problem that leaves nothing to go on with.
pub(super) fn comparison(cursor: &mut Cursor<'_>) -> Option<Comparison> {
    let start = cursor.at;
    let operator = operator(cursor)?;
    let operator_span = start..cursor.at;
    cursor.blanks();
    let start = cursor.at;
    let value = value(cursor)?;
    let value_span = start..cursor.at;
    if operator.orders() && !matches!(value, Value::Number(_)) {
        let sign = operator.sign();
        let message = format!("`{sign}` compares with a number only");
        let problem = Problem::new(Code::NotANumber, value_span.clone(), message);
        let number = match &value {
            Value::Text(text) => Some(text.to_string().replace('E', "e"))
                .filter(|text| Decimal::parse(text.as_bytes()).is_some()),
            _ => None,
        };
        cursor.report(match number {
            Some(number) => problem
                .help(if number.contains('e') {
                    "write it without quotes, and with a small `e`"
                } else {
                    "write it without quotes"
                })
                .instead(number),
            None => problem.help("write a number such as `400`, without quotes"),
        });
    }
    Some(Comparison {
        operator,
        operator_span,
        value,
        value_span,
    })
}

fn operator(cursor: &mut Cursor<'_>) -> Option<Operator> {
    let start = cursor.at;
    // What other languages write, and what is meant by it.
    const FOREIGN: [(&str, Option<Operator>); 5] = [
        ("===", Some(Operator::Equal)),
        ("==", Some(Operator::Equal)),
        ("<>", Some(Operator::NotEqual)),
        ("!==", Some(Operator::NotEqual)),
        ("=~", None),
    ];
    const OWN: [Operator; 6] = [
        Operator::NotEqual,
        Operator::LessOrEqual,
        Operator::GreaterOrEqual,
        Operator::Equal,
        Operator::Less,
        Operator::Greater,
    ];
    for (sign, meant) in FOREIGN {
        if cursor.eat(sign) {
            let message = format!("there is no operator `{sign}`");
            let problem = Problem::new(Code::UnknownOperator, start..cursor.at, message);
            cursor.report(match meant {
                Some(meant) => problem
                    .help(format!("write `{}`", meant.sign()))
                    .instead(meant.sign()),
                None => problem
                    .help("write `= %regex%`, or a text with `*` at its ends")
                    .instead("="),
            });
            return Some(meant.unwrap_or(Operator::Equal));
        }
    }
    let found = OWN.into_iter().find(|operator| cursor.eat(operator.sign()));
    if found.is_none() {
        let problem = Problem::new(Code::Incomplete, cursor.here(), "an operator is missing here");
        cursor.report(problem.help("write one of `=`, `!=`, `<`, `<=`, `>`, `>=`"));
    }
    found
}

/// True where a value without quotes ends.
fn ends_value(c: char) -> bool {
    is_blank(c) || matches!(c, '(' | ')' | '&' | '|' | ',' | '"' | '%')
}

fn value(cursor: &mut Cursor<'_>) -> Option<Value> {
    let start = cursor.at;
    match cursor.peek() {
        Some('"') => return quoted(cursor).map(|text| Value::Text(Text::new(&text))),
        Some('%') => {
            let regex = regex(cursor);
            cursor.count_regex(start..cursor.at);
            return regex.map(Value::Regex);
        }
        Some(c) if is_foreign_quote(c) => {
            foreign_quoted(cursor);
            return Some(Value::Text(Text::new("")));
        }
        Some('[') => {
            cursor.take_while(|c| c != ']');
            cursor.eat("]");
            let problem = Problem::new(
                Code::Unexpected,
                start..cursor.at,
                "a value is one text or number",
            );
            cursor.report(
                problem
                    .help("write a condition for each value, joined by `||`, or a wildcard for all of them"),
            );
            return Some(Value::Text(Text::new("")));
        }
        _ => {}
    }
    let bare = cursor.take_while(|c| !ends_value(c));
    if bare.is_empty() {
        let problem = Problem::new(Code::Incomplete, cursor.here(), "a value is missing here");
        cursor.report(problem.help("write a text in double quotes, a number or a `%regex%`"));
        return None;
    }
    if let Some(bad) = bare.chars().find(|&c| !is_bare(c)) {
        cursor.report(not_bare(bare, bad, start..cursor.at));
        return Some(Value::Text(Text::new(bare)));
    }
    // Patterns write their numbers with a small `e`.
    let number = Some(bare).filter(|bare| !bare.contains('E'));
    match number.and_then(|number| Decimal::parse(number.as_bytes())) {
        Some(value) => Some(Value::Number(Number {
            text: bare.to_owned(),
            value,
        })),
        None => Some(Value::Text(Text::new(bare))),
    }
}

/// Reads a text in double quotes and replaces its escapes. A backslash before anything but `"` and
/// `\` stands for itself.
pub(super) fn quoted(cursor: &mut Cursor<'_>) -> Option<String> {
    let start = cursor.at;
    cursor.eat("\"");
    let mut text = String::new();
    loop {
        text.push_str(cursor.take_while(|c| !matches!(c, '"' | '\\')));
        if cursor.eat("\\\"") {
            text.push('"');
        } else if cursor.eat("\\\\") || cursor.eat("\\") {
            text.push('\\');
        } else if cursor.eat("\"") {
            return Some(text);
        } else {
            let problem = Problem::new(Code::Unclosed, start..start + 1, "a `\"` without its counterpart");
            cursor.report(problem.help("close the text with `\"`; within it write `\\\"`"));
            return None;
        }
    }
}

/// Reads a regular expression with its `%`.
pub(super) fn regex(cursor: &mut Cursor<'_>) -> Option<Regex> {
    let start = cursor.at;
    cursor.eat("%");
    let inner = cursor.at;
    let source = cursor.take_while(|c| c != '%');
    if !cursor.eat("%") {
        let problem = Problem::new(Code::Unclosed, start..start + 1, "a `%` without its counterpart");
        cursor.report(
            problem.help("a regular expression stands between two `%`; write `\\x25` for the sign itself"),
        );
        return None;
    }
    match Regex::parse(source, inner) {
        Ok(regex) => Some(regex),
        Err(problems) => {
            problems.into_iter().for_each(|problem| cursor.report(problem));
            None
        }
    }
}

/// A value that cannot stand without quotes.
fn not_bare(bare: &str, bad: char, span: Range<usize>) -> Problem {
    if bare.starts_with("$.") {
        let problem = Problem::new(
            Code::Unexpected,
            span,
            "fields cannot be compared with each other",
        );
        return problem.help("a field is compared with a text in double quotes, a number or a `%regex%`");
    }
    needs_quotes(
        bare,
        bad,
        span,
        "without quotes a value has letters, digits and `_ . * + -` only",
    )
}

/// A text that needs double quotes around it, or that holds what nobody sees.
pub(super) fn needs_quotes(text: &str, bad: char, span: Range<usize>, help: &str) -> Problem {
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    if is_invisible(bad) {
        let message = format!("an invisible character, U+{:04X}", u32::from(bad));
        let problem = Problem::new(Code::NeedsQuotes, span, message).help("take it away");
        return problem.instead(quote(&visible));
    }
    let message = format!("`{}` needs double quotes around it", bad.escape_debug());
    Problem::new(Code::NeedsQuotes, span, message)
        .help(help)
        .instead(quote(&visible))
}

/// Characters that have no width, or look like the blank that they are not.
pub(super) fn is_invisible(c: char) -> bool {
    (c.is_whitespace() && !is_blank(c))
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Quotes of other languages, of text processors and of web pages.
pub(super) fn is_foreign_quote(c: char) -> bool {
    matches!(
        c,
        '\'' | '`' | '´' | '“' | '”' | '„' | '‟' | '‘' | '’' | '‚' | '‛' | '«' | '»' | '″' | '′'
    )
}

/// Reports a text in quotes that are none, and goes over it.
pub(super) fn foreign_quoted(cursor: &mut Cursor<'_>) {
    let start = cursor.at;
    let Some(open) = cursor.peek() else { return };
    cursor.at += open.len_utf8();
    let first = cursor.at;
    let closes = |c: char| match open {
        '\'' | '`' => c == open,
        _ => is_foreign_quote(c) && !matches!(c, '\'' | '`'),
    };
    let mut inner = cursor.take_while(|c| !closes(c));
    match cursor.peek() {
        Some(close) => cursor.at += close.len_utf8(),
        // Without a counterpart the word alone is meant.
        None => {
            cursor.at = first;
            inner = cursor.take_while(|c| !ends_value(c) && c != '}');
        }
    }
    let message = match open {
        '\'' => "single quotes are no quotes here".to_owned(),
        other => format!("`{other}` is no quote here"),
    };
    let problem = Problem::new(Code::SingleQuotes, start..cursor.at, message);
    cursor.report(problem.help("write double quotes").instead(quote(inner)));
}
