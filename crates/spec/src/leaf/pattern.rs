use serde::Serialize;

use crate::compare::{Compare, Shown, Verdict};

/// A `CloudWatch` Logs filter pattern.
///
/// Blanks and newlines around it are dropped: the service refuses a pattern that does not begin
/// with its brace, and no form of the language gives them a meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FilterPattern(String);

impl FilterPattern {
    /// The longest pattern that `PutMetricFilter` takes, in characters.
    pub const MAX_CHARS: usize = 1024;

    /// A pattern as typed or as read back.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The text that is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Compare for FilterPattern {
    fn verdict(&self, live: &Self) -> Verdict {
        if self == live {
            Verdict::Same
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        Shown::Lines(self.in_lines())
    }
}

impl FilterPattern {
    /// A long pattern with each operand of `&&` and `||` on a line of its own, so that a diff shows
    /// the operand that changed. For people only: the service takes no line breaks for blanks.
    fn in_lines(&self) -> String {
        const SHORT: usize = 80;
        if self.0.len() <= SHORT {
            return self.0.clone();
        }
        let mut lines = String::with_capacity(self.0.len() + 64);
        let mut quoted = false;
        let mut rest = self.0.as_str();
        while let Some(c) = rest.chars().next() {
            let operator = !quoted && (rest.starts_with("&&") || rest.starts_with("||"));
            if operator {
                lines.truncate(lines.trim_end().len());
                lines.push_str("\n    ");
            }
            match c {
                '"' => quoted = !quoted,
                '\\' if quoted => {
                    let taken = rest.chars().take(2).map(char::len_utf8).sum();
                    lines.push_str(&rest[..taken]);
                    rest = &rest[taken..];
                    continue;
                }
                _ => {}
            }
            let taken = if operator { 2 } else { c.len_utf8() };
            lines.push_str(&rest[..taken]);
            rest = &rest[taken..];
        }
        lines
    }
}
