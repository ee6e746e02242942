//! The records of a text, one at a time, as far as it can be read.

use std::borrow::Cow;
use std::fmt;

use crate::json::{NotJson, Read, Scanner};

use super::BYTE_ORDER_MARK;

/// Where a record stands in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which one it is, from 1 on.
    pub record: usize,
    /// The byte at which it begins or, of what cannot be read, at which that shows, from 0 on.
    pub byte: usize,
}

/// Why a record cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The text ends in the middle of it. Nothing comes after it.
    Ends,
    /// It is no JSON. What would come after it cannot be told apart any more.
    NotJson,
    /// It is not UTF-8. What would come after it cannot be told apart any more.
    NotUtf8,
    /// It is JSON and no object. The records after it can be read.
    NotAnObject,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ends => "ends in the middle",
            Self::NotJson => "is no JSON",
            Self::NotUtf8 => "is not UTF-8",
            Self::NotAnObject => "is no JSON object",
        })
    }
}

/// The records of a text: of a `CloudTrail` log file, `{"Records": [...]}`, of an array of records, or of
/// records one after another, also of several of these one after another. Unlike [`events`](super::events), it
/// gives the records that stand before a broken one.
///
/// Nothing is copied, and nothing is kept but the place: a text of gigabytes costs no memory beside its own.
pub struct Records<'t> {
    scanner: Scanner<'t>,
    /// The text as far as it is UTF-8, without its byte order mark.
    text: &'t [u8],
    /// How many bytes stand before that.
    before: usize,
    /// Whether what follows is in the middle of a character, if anything follows.
    rest: Option<Unreadable>,
    within: Within,
    number: usize,
    over: bool,
}

/// What the next record is in.
#[derive(Clone, Copy)]
enum Within {
    Nothing,
    /// An array; `first` before its first element, `of_file` of a log file.
    Array {
        first: bool,
        of_file: bool,
    },
    /// The members of a log file after `Records`.
    File,
}

impl<'t> Records<'t> {
    /// Begins at the beginning of a text.
    #[must_use]
    pub fn of(text: &'t [u8]) -> Self {
        let before = match text.starts_with(BYTE_ORDER_MARK) {
            true => BYTE_ORDER_MARK.len(),
            false => 0,
        };
        let text = &text[before..];
        let (text, rest) = match std::str::from_utf8(text) {
            Ok(_) => (text, None),
            Err(error) => {
                let rest = match error.error_len() {
                    None => Unreadable::Ends,
                    Some(_) => Unreadable::NotUtf8,
                };
                (&text[..error.valid_up_to()], Some(rest))
            }
        };
        Self {
            scanner: Scanner::of_utf8(text),
            text,
            before,
            rest,
            within: Within::Nothing,
            number: 0,
            over: false,
        }
    }

    /// The text of the next record; `None` at the end of the text.
    fn step(&mut self) -> Read<Option<&'t [u8]>> {
        loop {
            match self.within {
                Within::Nothing => {
                    let Ok(byte) = self.scanner.peek() else {
                        return Ok(None);
                    };
                    let start = self.scanner.at();
                    match byte {
                        b'[' => {
                            self.within = Within::Array {
                                first: true,
                                of_file: false,
                            }
                        }
                        b'{' => {
                            let mut first = true;
                            if !self.log_file(&mut first)? {
                                return Ok(Some(&self.text[start..self.scanner.at()]));
                            }
                        }
                        _ => return self.scanner.raw().map(Some),
                    }
                }
                Within::Array { mut first, of_file } => {
                    let more = self.scanner.element(&mut first)?;
                    self.within = match (more, of_file) {
                        (true, _) => Within::Array { first, of_file },
                        (false, true) => Within::File,
                        (false, false) => Within::Nothing,
                    };
                    if more {
                        return self.scanner.raw().map(Some);
                    }
                }
                Within::File => {
                    let mut first = false;
                    self.within = Within::Nothing;
                    self.log_file(&mut first)?;
                }
            }
        }
    }

    /// Goes over the members of an object, to the array of `Records` if there is one, or else to the end.
    fn log_file(&mut self, first: &mut bool) -> Read<bool> {
        while let Some(key) = self.scanner.member(first)? {
            if key.is("Records") && self.scanner.peek()? == b'[' {
                self.within = Within::Array {
                    first: true,
                    of_file: true,
                };
                return Ok(true);
            }
            self.scanner.skip()?;
        }
        Ok(false)
    }

    fn place(&self, byte: usize) -> Place {
        Place {
            record: self.number + 1,
            byte: self.before + byte,
        }
    }

    /// Why the scanner does not go on.
    fn why(&self) -> (Place, Unreadable) {
        let at = self.scanner.at();
        match is_begun(&self.text[at..]) {
            true => (self.place(self.text.len()), self.rest.unwrap_or(Unreadable::Ends)),
            false => (self.place(at), Unreadable::NotJson),
        }
    }
}

impl<'t> Iterator for Records<'t> {
    type Item = Result<(Place, &'t [u8]), (Place, Unreadable)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        match self.step() {
            Ok(Some(record)) => {
                let place = self.place(self.scanner.at() - record.len());
                self.number += 1;
                Some(match record.first() {
                    Some(b'{') => Ok((place, record)),
                    _ => Err((place, Unreadable::NotAnObject)),
                })
            }
            Ok(None) => {
                self.over = true;
                self.rest.map(|rest| Err((self.place(self.text.len()), rest)))
            }
            Err(NotJson) => {
                self.over = true;
                Some(Err(self.why()))
            }
        }
    }
}

/// True for what could be the beginning of something in JSON and is not over.
fn is_begun(text: &[u8]) -> bool {
    match text.trim_ascii_start() {
        [] | [b'-'] => true,
        [b'"', string @ ..] => {
            let mut escaped = false;
            for (at, &byte) in string.iter().enumerate() {
                match byte {
                    _ if escaped => {
                        escaped = false;
                        let known = match byte {
                            b'u' => {
                                let digits = string[at + 1..].iter().take(4);
                                digits.clone().all(u8::is_ascii_hexdigit)
                            }
                            _ => b"\"\\/bfnrt".contains(&byte),
                        };
                        if !known {
                            return false;
                        }
                    }
                    b'\\' => escaped = true,
                    b'"' | 0..0x20 => return false,
                    _ => {}
                }
            }
            true
        }
        word => ["true", "false", "null"]
            .iter()
            .any(|whole| whole.as_bytes().starts_with(word)),
    }
}

/// The text that a record has under a name of its own, such as `eventTime`; `None` where there is none, or
/// something else. The record must be JSON: what stands behind the name is not looked at.
#[must_use]
pub fn member<'r>(record: &'r [u8], name: &str) -> Option<Cow<'r, [u8]>> {
    let mut scanner = Scanner::new(record).ok()?;
    let mut first = true;
    while let Some(key) = scanner.member(&mut first).ok()? {
        if key.is(name) {
            return match scanner.peek().ok()? {
                b'"' => scanner.text().ok().map(crate::json::Str::text),
                _ => None,
            };
        }
        scanner.skip().ok()?;
    }
    None
}

/// An event in one line, as `CloudTrail` sends it to a log group. Its numbers and strings stay as they are
/// written.
#[must_use]
pub fn one_line(event: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(event.len());
    let (mut quoted, mut escaped) = (false, false);
    for &byte in event {
        if quoted {
            quoted = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else if byte.is_ascii_whitespace() {
            continue;
        } else {
            quoted = byte == b'"';
        }
        out.push(byte);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The records, and what cannot be read, as texts.
    fn read(text: &str) -> Vec<String> {
        read_bytes(text.as_bytes())
    }

    fn read_bytes(text: &[u8]) -> Vec<String> {
        let records = Records::of(text).map(|record| match record {
            Ok((place, record)) => {
                assert!(text[place.byte..].starts_with(record));
                format!("{} {}", place.record, String::from_utf8_lossy(record))
            }
            Err((place, why)) => format!("{} {why} at {}", place.record, place.byte),
        });
        records.collect()
    }

    #[test]
    fn records_come_in_every_form() {
        let two = ["1 {\"a\":1}", "2 {}"];
        for text in [
            r#"{"Records":[{"a":1},{}]}"#,
            r#" { "x": [{}, "Records"], "Records" : [ {"a":1} , {} ] , "y": {"Records": [{}]} } "#,
            r#"[{"a":1},{}]"#,
            "{\"a\":1}\n{}\n",
            "\u{feff}{\"a\":1}{}",
            r#"{"Records":[{"a":1}]}{"Records":[{}]}"#,
            r#"[]{"Records":[]}[{"a":1}]{}"#,
        ] {
            assert_eq!(read(text), two, "{text}");
        }
        assert!(read("").is_empty() && read(" \n").is_empty() && read("{\"Records\":[]}").is_empty());
    }

    #[test]
    fn what_stands_before_a_broken_record_is_given() {
        for (text, wanted) in [
            (r#"{"Records":[{"a":1},{"b":"c"#, "2 ends in the middle at 27"),
            (r#"{"Records":[{"a":1},{"b":tr"#, "2 ends in the middle at 27"),
            (r#"{"Records":[{"a":1}"#, "2 ends in the middle at 19"),
            (r#"{"Records":[{"a":1}]"#, "2 ends in the middle at 20"),
            (r#"[{"a":1},{"b":01},{"c":2}]"#, "2 is no JSON at 14"),
            (r#"{"a":1} error"#, "2 is no JSON at 8"),
            (r#"{"a":1}{"b":"\x"}"#, "2 is no JSON at 12"),
        ] {
            let read = read(text);
            assert_eq!(read.len(), 2, "{text}: {read:?}");
            assert_eq!(read[0], "1 {\"a\":1}", "{text}");
            // Where in a scalar the text stops to be JSON is not told apart.
            let begin = wanted.rsplit_once(' ').expect("a place").0;
            assert!(read[1].starts_with(begin), "{text}: {read:?}");
        }
        assert_eq!(read("{\"a\":1} error")[1], "2 is no JSON at 8");
        assert_eq!(read("{\"a\":1}{\"b\":\"c")[1], "2 ends in the middle at 14");
        let mut text = b"{\"a\":1}\n{\"b\":\"".to_vec();
        text.push(0xff);
        text.extend(b"\"}");
        assert_eq!(read_bytes(&text)[1], "2 is not UTF-8 at 14");
        let text = "{\"a\":1}\n{\"b\":\"é".as_bytes();
        assert_eq!(
            read_bytes(&text[..text.len() - 1])[1],
            "2 ends in the middle at 14"
        );
    }

    #[test]
    fn what_is_no_object_is_told_and_gone_over() {
        let read = read(r#"{"Records":[1,{"a":1},"x",[{}],{}]}"#);
        assert_eq!(
            read,
            [
                "1 is no JSON object at 12",
                "2 {\"a\":1}",
                "3 is no JSON object at 22",
                "4 is no JSON object at 26",
                "5 {}",
            ]
        );
    }

    #[test]
    fn members_are_those_of_the_record_itself() {
        let record = br#"{"a":{"eventTime":"no"},"eventTime":"2026\u002d03","n":1}"#;
        assert_eq!(member(record, "eventTime").as_deref(), Some(&b"2026-03"[..]));
        assert_eq!(member(record, "n"), None);
        assert_eq!(member(record, "x"), None);
    }

    #[test]
    fn an_event_in_one_line_is_the_same_event() {
        let record = b"{\n  \"a b\" : \"c \\\" d\\\\\",\n\t\"n\": [ 1.50, true ]\r\n}";
        assert_eq!(one_line(record), b"{\"a b\":\"c \\\" d\\\\\",\"n\":[1.50,true]}");
    }
}
