use serde::Serialize;

use trailwarden_pattern::Pattern;

use crate::compare::{Compare, Shown, Verdict};

/// A `CloudWatch` Logs filter pattern.
///
/// Blanks and newlines around it are dropped: the service refuses a pattern that does not begin
/// with its brace, and no form of the language gives them a meaning.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct FilterPattern {
    text: String,
    /// How a desired one is compared; it is no part of what is compared.
    #[serde(skip)]
    exact: bool,
}

impl PartialEq for FilterPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for FilterPattern {}

impl FilterPattern {
    /// A pattern as typed or as read back.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            text: text.trim().to_owned(),
            exact: false,
        }
    }

    /// The text that is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same, to be compared to the letter (`exact = true`): auditors look at the text.
    #[must_use]
    pub fn compared_as_text(self, exact: bool) -> Self {
        Self { exact, ..self }
    }

    /// True for a pattern with a regular expression, of which a log group takes few.
    #[must_use]
    pub fn has_regex(&self) -> bool {
        Pattern::parse(&self.text).is_ok_and(|pattern| pattern.has_regex())
    }

    /// True when two differ in spelling only.
    fn same_spelt(&self, other: &Self) -> bool {
        match (Pattern::parse(&self.text), Pattern::parse(&other.text)) {
            (Ok(one), Ok(other)) => one.same_spelt(&other),
            _ => false,
        }
    }
}

impl Compare for FilterPattern {
    fn verdict(&self, live: &Self) -> Verdict {
        if self == live {
            Verdict::Same
        } else if !self.exact && self.same_spelt(live) {
            Verdict::SameMeaning
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
        if self.text.len() <= SHORT {
            return self.text.clone();
        }
        let mut lines = String::with_capacity(self.text.len() + 64);
        let mut quoted = false;
        let mut rest = self.text.as_str();
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
