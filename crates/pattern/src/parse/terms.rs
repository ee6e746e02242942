//! Terms without brackets.

use crate::problem::{Code, Problem};
use crate::tree::{Sign, Term, TermKind, is_plain_word};

use super::cursor::{Cursor, is_blank};
use super::value;

/// Reads the terms of a pattern; none at all match every event.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Vec<Term> {
    let mut terms = Vec::new();
    loop {
        cursor.blanks();
        if cursor.rest().is_empty() {
            return terms;
        }
        terms.extend(term(cursor));
    }
}

fn term(cursor: &mut Cursor<'_>) -> Option<Term> {
    let start = cursor.at;
    let sign = if cursor.eat("-") {
        Sign::Without
    } else if cursor.eat("?") {
        Sign::OneOf
    } else {
        Sign::With
    };
    let kind = match cursor.peek() {
        Some('"') => match value::quoted(cursor) {
            Some(text) => TermKind::Text(text),
            None => {
                cursor.at = cursor.end;
                return None;
            }
        },
        Some('%') => match value::regex(cursor) {
            Some(regex) => TermKind::Regex(regex),
            None => {
                cursor.take_while(|c| !is_blank(c));
                return None;
            }
        },
        Some(c) if value::is_foreign_quote(c) => {
            value::foreign_quoted(cursor);
            return None;
        }
        _ => {
            let word = cursor.take_while(|c| !is_blank(c));
            if !is_plain_word(word) {
                needs_quotes(cursor, start, word);
                return None;
            }
            TermKind::Text(word.to_owned())
        }
    };
    if cursor.peek().is_some_and(|c| !is_blank(c)) {
        let problem = Problem::new(Code::Unexpected, cursor.here(), "a blank is expected here");
        cursor.report(problem.help("terms are separated by blanks"));
        cursor.take_while(|c| !is_blank(c));
    }
    Some(Term {
        span: start..cursor.at,
        sign,
        kind,
    })
}

fn needs_quotes(cursor: &mut Cursor<'_>, start: usize, word: &str) {
    if word.is_empty() {
        let sign = &cursor.text[start..cursor.at];
        let message = format!("a term is missing after `{sign}`");
        let problem = Problem::new(Code::Incomplete, start..cursor.at, message);
        let quoted = format!("\"{sign}\"");
        cursor.report(
            problem
                .help("write it without a blank between; in double quotes the sign stands for itself")
                .instead(quoted),
        );
        return;
    }
    let bad = word.chars().find(|&c| !crate::tree::is_word(c)).unwrap_or(' ');
    let from = cursor.at - word.len();
    let help = "without quotes a term has letters, digits and `_` only";
    cursor.report(value::needs_quotes(word, bad, from..cursor.at, help));
}
