//! Operators and values, which JSON and space-delimited patterns share.

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
        Some('\'') => {
            single_quoted(cursor);
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
        let message = format!("`{}` needs double quotes around it", bad.escape_debug());
        let problem = Problem::new(Code::NeedsQuotes, start..cursor.at, message);
        cursor.report(
            problem
                .help("without quotes a value has letters, digits and `_ . * + -` only")
                .instead(quote(bare)),
        );
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

/// Reports a text in single quotes, and goes over it.
pub(super) fn single_quoted(cursor: &mut Cursor<'_>) {
    let start = cursor.at;
    cursor.eat("'");
    let mut inner = cursor.take_while(|c| c != '\'');
    if !cursor.eat("'") {
        // Without a counterpart the word alone is meant.
        cursor.at = start + 1;
        inner = cursor.take_while(|c| !ends_value(c) && c != '}');
    }
    let problem = Problem::new(
        Code::SingleQuotes,
        start..cursor.at,
        "single quotes are no quotes here",
    );
    cursor.report(problem.help("write double quotes").instead(quote(inner)));
}
