//! `%...%`: the regular expressions that AWS's subset has, matched in linear time.
//!
//! Allowed are letters, digits and `: _ # = @ / ; , -`, blanks, the operators
//! `^ $ ? [ ] { } | \ * + .`, the classes `\d \D \s \S \w \W` and `\xhh` for every other sign
//! (AWS, "Supported regex syntax"). There are no parentheses, so a search costs time in the length
//! of the event alone.

use std::fmt;
use std::ops::Range;

use regex::bytes::{Regex as Compiled, RegexBuilder};

use crate::problem::{Code, Problem};

/// A regular expression, searched for anywhere in a text.
#[derive(Clone)]
pub struct Regex {
    source: String,
    compiled: Compiled,
}

/// The highest count in `{m,n}` that is taken. AWS says no limit; this is the one of most engines
/// that promise linear time.
const MOST_REPEATS: u32 = 1000;
/// What one expression may cost, so that no pattern of 1,024 characters takes all memory.
const MOST_BYTES: usize = 8 << 20;

impl Regex {
    /// Reads the text between two `%`; `at` is its place in the pattern.
    pub(crate) fn parse(source: &str, at: usize) -> Result<Self, Vec<Problem>> {
        if source.is_empty() {
            let problem = Problem::new(Code::BadRegex, at - 1..at + 1, "an empty regular expression");
            return Err(vec![problem.help("write what to search for between the two `%`")]);
        }
        let mut reader = Reader {
            source,
            base: at,
            at: 0,
            out: String::with_capacity(source.len() + 16),
            problems: Vec::new(),
        };
        reader.all();
        if !reader.problems.is_empty() {
            return Err(reader.problems);
        }
        // Dots are whole characters, classes are ASCII; the latter is written out, so no Unicode
        // tables are needed.
        let compiled = RegexBuilder::new(&reader.out)
            .size_limit(MOST_BYTES)
            .dfa_size_limit(MOST_BYTES)
            .build();
        match compiled {
            Ok(compiled) => Ok(Self {
                source: source.to_owned(),
                compiled,
            }),
            Err(_) => {
                let span = at..at + source.len();
                let message = "the regular expression is too large";
                let problem = Problem::new(Code::BadRegex, span, message);
                Err(vec![problem.help("write smaller counts in `{m,n}`")])
            }
        }
    }

    /// The text between the two `%`.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// True when it is found anywhere in the text.
    #[must_use]
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.compiled.is_match(text)
    }
}

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}%", self.source)
    }
}

/// The signs that stand for themselves, beside letters and digits.
fn is_literal(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '#' | '=' | '@' | '/' | ';' | ',' | '-' | ' ')
}

fn is_operator(c: char) -> bool {
    matches!(
        c,
        '^' | '$' | '?' | '[' | ']' | '{' | '}' | '|' | '\\' | '*' | '+' | '.'
    )
}

/// The members of a class, for use within brackets; in capitals it is all others.
fn class(letter: char) -> Option<(bool, &'static str)> {
    let members = match letter.to_ascii_lowercase() {
        'd' => "0-9",
        's' => r" \t\n\r\x0B\x0C",
        'w' => "0-9A-Za-z_",
        _ => return None,
    };
    Some((letter.is_ascii_uppercase(), members))
}

struct Reader<'s> {
    source: &'s str,
    /// The place of `source` in the pattern.
    base: usize,
    at: usize,
    /// The same expression in the syntax of the regex crate.
    out: String,
    problems: Vec<Problem>,
}

/// A member of a set: one character, or a class.
enum Member {
    One(char),
    Class,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.source[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let there = self.peek() == Some(wanted);
        if there {
            self.at += wanted.len_utf8();
        }
        there
    }

    fn bad(&mut self, local: Range<usize>, message: impl Into<String>, help: &str) {
        let span = self.base + local.start..self.base + local.end;
        let problem = Problem::new(Code::BadRegex, span, message);
        self.problems.push(match help {
            "" => problem,
            help => problem.help(help),
        });
    }

    fn all(&mut self) {
        // True after what can be repeated.
        let mut repeatable = false;
        while let Some(c) = self.peek() {
            let start = self.at;
            match c {
                '?' | '*' | '+' | '{' => {
                    self.repeat(c, repeatable);
                    repeatable = false;
                    continue;
                }
                '[' => {
                    self.at += 1;
                    self.set(start);
                    repeatable = true;
                    continue;
                }
                '\\' => {
                    self.at += 1;
                    self.escape(start);
                    repeatable = true;
                    continue;
                }
                _ => {}
            }
            self.at += c.len_utf8();
            match c {
                '^' | '$' | '|' => {
                    self.out.push(c);
                    repeatable = false;
                }
                '.' => {
                    self.out.push('.');
                    repeatable = true;
                }
                ']' | '}' => {
                    let help = format!("write `\\{c}` for the character itself");
                    self.bad(start..self.at, format!("`{c}` without its counterpart"), &help);
                }
                c if is_literal(c) => {
                    self.literal(c);
                    repeatable = true;
                }
                c => {
                    self.not_allowed(start, c);
                    repeatable = true;
                }
            }
        }
    }

    fn literal(&mut self, c: char) {
        if matches!(c, '#' | '-' | ' ' | '/' | '&' | '~') || is_operator(c) {
            self.out.push('\\');
        }
        self.out.push(c);
    }

    fn not_allowed(&mut self, start: usize, c: char) {
        let help = match c {
            '(' | ')' => format!(
                "AWS's subset has no groups; for the character itself write `\\x{:02X}`",
                c as u32
            ),
            c if c.is_ascii() => format!("write `\\x{:02X}` for it", c as u32),
            _ => "only ASCII characters can be written; `.` stands for any one".into(),
        };
        self.bad(
            start..start + c.len_utf8(),
            format!("`{}` is not allowed in a regular expression", c.escape_debug()),
            &help,
        );
    }

    fn repeat(&mut self, c: char, repeatable: bool) {
        let start = self.at;
        self.at += 1;
        let text = match c {
            '{' => match self.counts(start) {
                Some(text) => text,
                None => return,
            },
            c => c.to_string(),
        };
        if repeatable {
            self.out.push_str(&text);
        } else {
            let help = "it repeats the character or set before it, once; write `\\` before it for the character itself";
            self.bad(start..self.at, format!("`{c}` has nothing to repeat"), help);
        }
    }

    /// Reads `m,n}` after its brace.
    fn counts(&mut self, start: usize) -> Option<String> {
        let Some(length) = self.source[self.at..].find('}') else {
            self.bad(
                start..start + 1,
                "`{` without its `}`",
                "write `{m,n}`, or `\\{` for the character itself",
            );
            return None;
        };
        let inner = &self.source[self.at..self.at + length];
        self.at += length + 1;
        let number = |text: &str| match text {
            "" => Some(None),
            text if text.bytes().all(|b| b.is_ascii_digit()) => match text.parse::<u32>() {
                Ok(n) if n <= MOST_REPEATS => Some(Some(n)),
                _ => None,
            },
            _ => None,
        };
        let counts = match inner.split_once(',') {
            None => number(inner).flatten().map(|n| (n, Some(n))),
            Some((low, high)) => match (number(low), number(high)) {
                (Some(None), Some(None)) | (None, _) | (_, None) => None,
                (Some(low), Some(high)) => Some((low.unwrap_or(0), high)),
            },
        };
        match counts {
            Some((low, Some(high))) if low > high => {
                self.bad(
                    start..self.at,
                    "the first count is greater than the second",
                    "exchange them",
                );
                None
            }
            Some((low, Some(high))) => Some(format!("{{{low},{high}}}")),
            Some((low, None)) => Some(format!("{{{low},}}")),
            None => {
                let help = format!(
                    "write `{{m}}`, `{{m,}}`, `{{,n}}` or `{{m,n}}` with numbers up to {MOST_REPEATS}"
                );
                self.bad(start..self.at, "these are no counts", &help);
                None
            }
        }
    }

    /// Reads what stands after a backslash, and writes it.
    fn escape(&mut self, start: usize) -> Option<Member> {
        let Some(c) = self.next() else {
            self.bad(
                start..self.at,
                "a `\\` at the end",
                "write `\\\\` for the character itself",
            );
            return None;
        };
        if let Some((others, members)) = class(c) {
            let caret = if others { "^" } else { "" };
            self.out.push_str(&format!("[{caret}{members}]"));
            return Some(Member::Class);
        }
        if c == 'x' {
            let code = self
                .source
                .get(self.at..self.at + 2)
                .filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()))
                .and_then(|hex| u8::from_str_radix(hex, 16).ok());
            let Some(code) = code.filter(u8::is_ascii) else {
                let help = "write two hexadecimal digits up to `7F`, such as `\\x28`";
                self.bad(start..self.at, "`\\x` without its digits", help);
                return None;
            };
            self.at += 2;
            self.out.push_str(&format!("\\x{code:02X}"));
            return Some(Member::One(char::from(code)));
        }
        if is_operator(c) || (is_literal(c) && !c.is_ascii_alphanumeric()) {
            self.literal(c);
            return Some(Member::One(c));
        }
        if matches!(c, '(' | ')') {
            self.not_allowed(start + 1, c);
            return None;
        }
        let help = match c {
            'n' => "write `\\x0A`",
            'r' => "write `\\x0D`",
            't' => "write `\\x09`",
            'b' | 'B' | 'A' | 'z' | 'Z' => {
                "there are no word boundaries; `^` and `$` are the ends of the text"
            }
            _ => "there are `\\d \\D \\s \\S \\w \\W`, `\\xhh`, and `\\` before an operator",
        };
        self.bad(
            start..self.at,
            format!("`\\{}` is not supported", c.escape_debug()),
            help,
        );
        None
    }

    /// Reads a set after its bracket.
    fn set(&mut self, start: usize) {
        self.out.push('[');
        if self.eat('^') {
            self.out.push('^');
        }
        let (first, mut last) = (self.at, None::<char>);
        loop {
            let at = self.at;
            let Some(c) = self.next() else {
                let help = "close it with `]`, or write `\\[` for the character itself";
                self.bad(start..start + 1, "`[` without its `]`", help);
                return;
            };
            // The documentation's own example has `\[.\]` find `[]]`, so a `]` ends a set.
            if c == ']' {
                if at == first {
                    let help = "write `\\]` for the character itself";
                    self.bad(start..self.at, "an empty set", help);
                }
                self.out.push(']');
                return;
            }
            if c == '-' && last.is_some() && self.peek().is_some_and(|next| next != ']') {
                let from = last.take();
                self.range(at, from);
                continue;
            }
            last = match c {
                '\\' => match self.escape(at) {
                    Some(Member::One(c)) => Some(c),
                    _ => None,
                },
                '[' => {
                    self.bad(
                        at..self.at,
                        "a `[` within a set",
                        "write `\\[` for the character itself",
                    );
                    None
                }
                c if is_literal(c) || is_operator(c) => {
                    self.literal(c);
                    Some(c)
                }
                c => {
                    self.not_allowed(at, c);
                    None
                }
            };
        }
    }

    /// Reads the upper end of a range after its hyphen.
    fn range(&mut self, hyphen: usize, from: Option<char>) {
        self.out.push('-');
        let at = self.at;
        let to = match self.next() {
            Some('\\') => match self.escape(at) {
                Some(Member::One(c)) => Some(c),
                Some(Member::Class) => None,
                None => return,
            },
            Some(c) if is_literal(c) || (is_operator(c) && c != '[') => {
                self.literal(c);
                Some(c)
            }
            Some(c) => {
                self.not_allowed(at, c);
                return;
            }
            None => return,
        };
        if !matches!((from, to), (Some(from), Some(to)) if from <= to) {
            let help =
                "a range goes from the lower to the higher character; write `\\-` for the character itself";
            self.bad(hyphen..self.at, "not a range", help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(regex: &str, text: &str) -> bool {
        Regex::parse(regex, 0)
            .unwrap_or_else(|problems| panic!("{regex}: {problems:?}"))
            .is_match(text.as_bytes())
    }

    #[test]
    fn the_operators_of_the_documentation() {
        for (regex, yes, no) in [
            ("^[hc]at", &["hat", "cat in"][..], &["the hat"][..]),
            ("[hc]at$", &["the hat"], &["hats"]),
            ("colou?r", &["color", "colour"], &["colouur"]),
            ("[abcx-z]", &["b", "y"], &["d"]),
            ("^a{3,5}$", &["aaa", "aaaaa"], &["aa", "aaaaaa"]),
            ("^a{,2}$", &["", "aa"], &["aaa"]),
            ("^a{2,}$", &["aa", "aaaa"], &["a"]),
            ("^a{2}$", &["aa"], &["a", "aaa"]),
            ("gra|ey", &["gray", "grey"], &["gry"]),
            ("ab*c", &["ac", "abbc"], &["adc"]),
            (r"\[.\]", &["[a]", "[]]", "[ü]"], &["[]", "[ab]"]),
            (r"10\.10\.0\.1", &["10.10.0.1"], &["10010,051"]),
            (r"^\d\D\s\S\w\W$", &["1a b_ "], &["aa b_ "]),
            (r"^[\d_]+$", &["1_2"], &["a"]),
            (r"^[^\d]$", &["a"], &["1"]),
            (r"^[\d-z]$", &["1", "-", "z"], &["a"]),
            (r"^[a\-z]$", &["-", "z"], &["b"]),
            (r"^[a-]$", &["-", "a"], &["b"]),
            (r"\x28\x3A", &["(:"], &["(;"]),
            (r"^[\x30-\x32]$", &["1"], &["3"]),
            ("a#b c-d", &["a#b c-d"], &["ab"]),
            ("^.$", &["ü"], &["ab"]),
        ] {
            for text in yes {
                assert!(found(regex, text), "{regex} finds {text}");
            }
            for text in no {
                assert!(!found(regex, text), "{regex} does not find {text}");
            }
        }
    }

    #[test]
    fn what_the_subset_does_not_have_is_refused_at_its_place() {
        for (regex, span) in [
            ("something!", 9..10),
            ("(ab)+", 0..1),
            (r"\(", 1..2),
            ("aü", 1..3),
            (r"\n", 0..2),
            ("a**", 2..3),
            ("*a", 0..1),
            ("^*", 1..2),
            ("a{2", 1..2),
            ("a{3,2}", 1..6),
            ("a{,}", 1..4),
            ("a{2000}", 1..7),
            ("[a", 0..1),
            ("[]", 0..2),
            ("[a[b]", 2..3),
            ("[z-a]", 2..4),
            ("a]", 1..2),
            ("a\\", 1..2),
            (r"\xg0", 0..2),
            (r"\x80", 0..2),
            (r"\x+1", 0..2),
            ("a&b", 1..2),
        ] {
            let problems = Regex::parse(regex, 0).expect_err(regex);
            assert_eq!(problems[0].span, span, "{regex}: {problems:?}");
        }
    }

    #[test]
    fn large_counts_end_in_a_problem_and_not_in_all_memory() {
        let regex = format!("{}a", ".{1000}".repeat(100));
        let problems = Regex::parse(&regex, 0).expect_err("too large");
        assert!(problems[0].message.contains("too large"));
    }
}
