//! Names and patterns come from whoever may write them to the account: they must not move the
//! cursor, hide a line or turn text around on a reviewer's terminal.

use std::borrow::Cow;

/// The text with everything that a terminal acts on instead of showing it written as `\u{...}`.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let escaped = text
        .chars()
        .fold(String::with_capacity(text.len() + 16), |mut out, c| {
            if acts(c) {
                out.extend(c.escape_unicode());
            } else {
                out.push(c);
            }
            out
        });
    Cow::Owned(escaped)
}

/// The same for what belongs on one line: a line break, too, is written as `\u{...}`, or else a name
/// could begin a line that looks like one of the plan's own.
#[must_use]
pub fn visible_line(text: &str) -> Cow<'_, str> {
    match visible(text) {
        seen if seen.contains('\n') => Cow::Owned(seen.replace('\n', r"\u{a}")),
        seen => seen,
    }
}

/// Control characters, line and paragraph separators, and what sets the direction of text or has
/// no width ("Trojan Source", CVE-2021-42574). A line break and a tab do no harm.
fn acts(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_shown() {
        assert_eq!(visible("a\u{1b}[2Kb\u{202e}c"), "a\\u{1b}[2Kb\\u{202e}c");
        assert!(matches!(visible("Ünïcode\n\t☃"), Cow::Borrowed(_)));
        assert_eq!(visible_line("a\nb\r\nc"), r"a\u{a}b\u{d}\u{a}c");
        assert!(matches!(visible_line("Ünïcode\t☃"), Cow::Borrowed(_)));
    }
}
