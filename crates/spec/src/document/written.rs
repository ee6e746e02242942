//! From a place in a string's value back to the place in the file where it is written.
//!
//! A pattern's problems have offsets into the pattern. On the way there TOML's escapes, line ends
//! and `${variables}` were replaced and blanks dropped; people look for the place in their file.

use std::ops::Range;

use super::variables::{Piece, pieces};

/// A text, and for each of its bytes where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    text: String,
    /// For each byte of `text`, the range in the file that it comes from.
    from: Vec<Range<usize>>,
}

impl Written {
    /// Reads a TOML string as it stands in a file, quotes included, at the offset `at`. `None` for
    /// what is no string.
    pub(crate) fn of_toml(token: &str, at: usize) -> Option<Self> {
        let mut out = Self {
            text: String::with_capacity(token.len()),
            from: Vec::with_capacity(token.len()),
        };
        let (quotes, escapes) = match token {
            _ if token.starts_with("\"\"\"") => (3, true),
            _ if token.starts_with("'''") => (3, false),
            _ if token.starts_with('"') => (1, true),
            _ if token.starts_with('\'') => (1, false),
            _ => return None,
        };
        // A string that is not closed is read up to the end of its file, wherever that is.
        let closed = token.ends_with(&token[..quotes]) && token.len() >= 2 * quotes;
        let end = closed.then(|| token.len() - quotes)?;
        let mut place = quotes;
        if quotes == 3 {
            // A line end right after the quotes is not part of the string.
            place += ["\r\n", "\n"]
                .iter()
                .find(|n| token[place..end].starts_with(**n))
                .map_or(0, |n| n.len());
        }
        while place < end {
            let rest = &token[place..end];
            let (length, text) = match rest.strip_prefix('\\').filter(|_| escapes) {
                Some(after) => {
                    let (length, text) = escape(after)?;
                    (length + 1, text)
                }
                // Line ends are the editor's, as `String::decode` has it.
                None if rest.starts_with("\r\n") => (2, Some('\n')),
                None => {
                    let c = rest.chars().next()?;
                    (c.len_utf8(), Some(c))
                }
            };
            if let Some(c) = text {
                out.push(&c.to_string(), at + place..at + place + length);
            }
            place += length;
        }
        Some(out)
    }

    fn push(&mut self, text: &str, from: Range<usize>) {
        self.text.push_str(text);
        self.from.extend(std::iter::repeat_n(from, text.len()));
    }

    /// The text with its variables replaced, as `expand` has it. What stands for a variable comes
    /// from all of the variable.
    pub(crate) fn expanded(&self, stack: Option<&crate::wanted::Stack>) -> Option<Self> {
        let mut out = Self {
            text: String::with_capacity(self.text.len()),
            from: Vec::with_capacity(self.from.len()),
        };
        for piece in pieces(&self.text, stack).ok()? {
            match piece {
                Piece::Text(range) => {
                    out.text.push_str(&self.text[range.clone()]);
                    out.from.extend_from_slice(&self.from[range]);
                }
                Piece::Value(value, range) => out.push(value, self.place(range)),
            }
        }
        Some(out)
    }

    /// The text without the blanks around it.
    pub(crate) fn trimmed(&self) -> Self {
        let start = self.text.len() - self.text.trim_start().len();
        let end = start + self.text.trim().len();
        Self {
            text: self.text[start..end].to_owned(),
            from: self.from[start..end].to_vec(),
        }
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Where a part of the text is written. An empty part is where the byte after it is, or after the
    /// byte before it.
    pub(crate) fn place(&self, part: Range<usize>) -> Range<usize> {
        let first = self.from.get(part.start).map(|from| from.start);
        let last = part
            .end
            .checked_sub(1)
            .and_then(|last| self.from.get(last))
            .map(|from| from.end);
        match (first, last) {
            (Some(start), Some(end)) if !part.is_empty() => start..end.max(start),
            (Some(start), _) => start..start,
            (None, Some(end)) => end..end,
            (None, None) => 0..0,
        }
    }
}

/// Reads an escape after its backslash: its length, and the character, if it stands for one.
fn escape(after: &str) -> Option<(usize, Option<char>)> {
    let hex = |count: usize| {
        let digits = after.get(1..=count)?;
        let c = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
        Some((count + 1, Some(c)))
    };
    let one = |c: char| Some((1, Some(c)));
    match after.chars().next()? {
        'b' => one('\u{8}'),
        't' => one('\t'),
        'n' => one('\n'),
        'f' => one('\u{c}'),
        'r' => one('\r'),
        'e' => one('\u{1b}'),
        '"' => one('"'),
        '\\' => one('\\'),
        'x' => hex(2),
        'u' => hex(4),
        'U' => hex(8),
        // A backslash at the end of a line takes all blanks away up to the next sign.
        ' ' | '\t' | '\n' | '\r' => {
            let rest = after.trim_start_matches([' ', '\t', '\n', '\r']);
            Some((after.len() - rest.len(), None))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use toml::de::{DeTable, DeValue};

    use super::*;

    /// The string that TOML reads, and the token that it is written as.
    fn read(document: &str) -> Option<(String, Range<usize>)> {
        let table = DeTable::parse(document).ok()?;
        let value = table.get_ref().get("a")?;
        match value.get_ref() {
            DeValue::String(text) => Some((text.to_string(), value.span())),
            _ => None,
        }
    }

    #[test]
    fn what_is_no_closed_string_has_no_places() {
        for token in [
            "",
            "a",
            "\"",
            "'",
            "\"\"\"",
            "\"\"\"äöü",
            "'''\n",
            "\"äö",
            "'''a''",
        ] {
            assert_eq!(Written::of_toml(token, 0), None, "{token}");
        }
    }

    #[test]
    fn places_are_where_a_text_is_written() {
        let document = "a = \"{ $.x = \\\"\\u00e4b\\\" }\"";
        let (text, span) = read(document).expect("a string");
        let written = Written::of_toml(&document[span.clone()], span.start).expect("a string");
        assert_eq!(written.text(), text);
        let at = text.find("äb").expect("there");
        assert_eq!(&document[written.place(at..at + 2)], "\\u00e4");
        assert_eq!(&document[written.place(at + 2..at + 3)], "b");
        let end = text.len();
        assert_eq!(written.place(end..end), document.len() - 1..document.len() - 1);
    }

    proptest! {
        #[test]
        fn every_string_is_read_as_toml_reads_it(
            text in "([a-c ${}'\"äß\n\t\\\\]|\u{1F600}){0,24}", escaped in proptest::collection::vec(any::<bool>(), 24), form in 0..4_usize,
        ) {
            let mut token = String::new();
            for (at, c) in text.chars().enumerate() {
                let must = matches!(c, '"' | '\\' | '\n' | '\t');
                match (form, c) {
                    (0 | 1, c) if escaped[at % 24] && at % 3 == 0 => token.push_str(&format!("\\U{:08x}", c as u32)),
                    (0, '\n') => token.push_str("\\n"),
                    (1, '\n') => token.push_str(if escaped[at % 24] { "\r\n" } else { "\n" }),
                    (1, ' ') if escaped[at % 24] => token.push_str("\\\n   \\u0020"),
                    (0 | 1, c) if must => { token.push('\\'); token.push(if c == '\t' { 't' } else { c }); }
                    (2 | 3, '\'') => {}
                    (2, '\n') => {}
                    (_, c) => token.push(c),
                }
            }
            let quote = ["\"", "\"\"\"", "'", "'''"][form];
            let document = format!("b = 1\na = {quote}{token}{quote}\n");
            prop_assume!(read(&document).is_some());
            let (value, span) = read(&document).expect("it is a string");
            let written = Written::of_toml(&document[span.clone()], span.start).expect("it is a string");
            prop_assert_eq!(written.text(), value.replace("\r\n", "\n"));
            for (at, c) in written.text().char_indices() {
                let place = written.place(at..at + c.len_utf8());
                prop_assert!(span.start <= place.start && place.end <= span.end && !place.is_empty());
                let there = &document[place];
                prop_assert!(there.starts_with('\\') || there.starts_with(c) || there == "\r\n", "{there:?} {c:?}");
            }
        }
    }
}
