//! Reads an expression of AWS's subset and writes it in the syntax of the regex crate.

use std::ops::Range;

use crate::problem::{Code, Problem};

/// The highest count in `{m,n}` that is taken. AWS says no limit; this is the one of most engines
/// that promise linear time.
const MOST_REPEATS: u32 = 1000;

/// The same expression in the syntax of the regex crate, or all that the subset does not have.
pub(super) fn translated(source: &str, at: usize) -> Result<String, Vec<Problem>> {
    let mut reader = Reader {
        source,
        base: at,
        at: 0,
        out: String::with_capacity(source.len() + 16),
        problems: Vec::new(),
    };
    reader.all();
    match reader.problems.is_empty() {
        true => Ok(reader.out),
        false => Err(reader.problems),
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
