use std::ops::Range;

use crate::problem::{Code, Problem, Problems};
use crate::tree::Selector;

use super::{MOST_REGEXES, MOST_WILDCARDS};

/// A place in a pattern that moves on, and what was found on the way.
pub(super) struct Cursor<'p> {
    pub(super) text: &'p str,
    pub(super) at: usize,
    /// Where reading stops: before the closing bracket.
    pub(super) end: usize,
    pub(super) problems: Vec<Problem>,
    wildcards: usize,
    regexes: usize,
}

impl<'p> Cursor<'p> {
    pub(super) fn new(text: &'p str) -> Self {
        Self {
            text,
            at: 0,
            end: text.len(),
            problems: Vec::new(),
            wildcards: 0,
            regexes: 0,
        }
    }

    pub(super) fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// All that was found, sorted.
    pub(super) fn finish(self) -> Problems {
        Problems::of(self.problems)
    }

    /// What is left to read.
    pub(super) fn rest(&self) -> &'p str {
        &self.text[self.at..self.end]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn starts_with(&self, wanted: &str) -> bool {
        self.rest().starts_with(wanted)
    }

    /// Goes over a text if it is there.
    pub(super) fn eat(&mut self, wanted: &str) -> bool {
        let there = self.starts_with(wanted);
        if there {
            self.at += wanted.len();
        }
        there
    }

    /// Goes over all characters of a sort, and returns them.
    pub(super) fn take_while(&mut self, sort: impl Fn(char) -> bool) -> &'p str {
        let rest = self.rest();
        let length = rest.find(|c| !sort(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    pub(super) fn blanks(&mut self) {
        self.take_while(is_blank);
    }

    /// The place of the next character; at the end, of the bracket that closes the pattern.
    pub(super) fn here(&self) -> Range<usize> {
        let next = self.text[self.at..].chars().next();
        self.at..self.at + next.map_or(0, char::len_utf8)
    }

    /// Takes the brackets off the whole of a pattern; what is around them has been said already.
    pub(super) fn unframe(&mut self, open: char, close: char) {
        let trimmed = self.text.trim_end_matches(is_nothing);
        self.at = self.text.find(open).map_or(0, |at| at + open.len_utf8());
        match trimmed.strip_suffix(close) {
            Some(inner) if inner.len() >= self.at => self.end = inner.len(),
            _ => {
                self.end = trimmed.len();
                let message = format!("a pattern that begins with `{open}` must end with `{close}`");
                let span = self.at - open.len_utf8()..self.at;
                let end = self.end;
                self.report(
                    Problem::new(Code::Unclosed, span, message)
                        .help(format!("write `{close}` at its end"))
                        .instead_of(end..end, close.to_string()),
                );
            }
        }
    }

    /// Counts a selector's wildcards against what AWS takes.
    pub(super) fn count_wildcards(&mut self, selector: &Selector) {
        let own = selector.steps.iter().filter(|step| step.is_wildcard()).count();
        let span = selector.span.clone();
        if own > 1 {
            let message = format!("{own} wildcards in one selector, CloudWatch Logs takes one");
            let problem = Problem::new(Code::TooManyWildcards, span.clone(), message);
            self.report(problem.help("name the fields or the elements before the last wildcard"));
        }
        let before = self.wildcards;
        self.wildcards += own.min(1);
        if before <= MOST_WILDCARDS && self.wildcards > MOST_WILDCARDS {
            let message = format!("more than {MOST_WILDCARDS} selectors with `[*]` or `.*` in one pattern");
            let problem = Problem::new(Code::TooManyWildcards, span, message);
            self.report(problem.help("split the pattern into several filters on one metric"));
        }
    }

    /// Counts a regular expression against what AWS takes.
    pub(super) fn count_regex(&mut self, span: Range<usize>) {
        self.regexes += 1;
        if self.regexes == MOST_REGEXES + 1 {
            let message = format!("more than {MOST_REGEXES} regular expressions in one pattern");
            let problem = Problem::new(Code::TooManyRegexes, span, message);
            self.report(
                problem.help("join them with `|`, or split the pattern into several filters on one metric"),
            );
        }
    }
}

/// What may stand around a pattern without anybody seeing it.
pub(super) fn is_nothing(c: char) -> bool {
    c.is_whitespace() || super::value::is_invisible(c)
}

/// The blanks between the parts of a pattern. A newline is one: patterns are written over several
/// lines, and the service takes them.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}
