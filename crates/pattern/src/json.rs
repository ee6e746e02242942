//! JSON, read from its bytes and checked to the last: what is not JSON matches nothing.
//!
//! No tree is built. Containers that nobody asks about are gone over without recursion, so an event
//! of a million brackets costs a million bits and no stack.

use std::borrow::Cow;

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u8x16};

/// The text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotJson;

pub(crate) type Read<T> = Result<T, NotJson>;

/// A string as it stands in the text, without its quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Str<'m> {
    raw: &'m [u8],
    escaped: bool,
}

impl<'m> Str<'m> {
    /// A string that was read before.
    pub(crate) fn new(raw: &'m [u8], escaped: bool) -> Self {
        Self { raw, escaped }
    }

    /// As it stands in the text.
    pub(crate) fn raw(self) -> &'m [u8] {
        self.raw
    }

    /// True when something of it stands behind a backslash.
    pub(crate) fn is_escaped(self) -> bool {
        self.escaped
    }

    /// The string itself.
    pub(crate) fn text(self) -> Cow<'m, [u8]> {
        match self.escaped {
            false => Cow::Borrowed(self.raw),
            true => Cow::Owned(unescaped(self.raw)),
        }
    }

    pub(crate) fn is(self, wanted: &str) -> bool {
        match self.escaped {
            // Names of one length often differ at the end, and seldom at the beginning.
            false => {
                let wanted = wanted.as_bytes();
                self.raw.len() == wanted.len() && self.raw.last() == wanted.last() && self.raw == wanted
            }
            true => unescaped(self.raw) == wanted.as_bytes(),
        }
    }
}

/// A value that is no container.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scalar<'m> {
    Null,
    True,
    False,
    Number(&'m [u8]),
    String(Str<'m>),
}

/// A place in a JSON text that moves on.
pub(crate) struct Scanner<'m> {
    text: &'m [u8],
    at: usize,
}

impl<'m> Scanner<'m> {
    /// Begins at the first value of a text.
    pub(crate) fn new(text: &'m [u8]) -> Read<Self> {
        // Strings are compared and handed out as they stand, so all must be UTF-8.
        if !text.is_ascii() {
            std::str::from_utf8(text).map_err(|_| NotJson)?;
        }
        Ok(Self::of_utf8(text))
    }

    /// Begins at the first value of a text that is known to be UTF-8.
    pub(crate) fn of_utf8(text: &'m [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// Reads a string.
    pub(crate) fn text(&mut self) -> Read<Str<'m>> {
        self.peek()?;
        self.string()
    }

    /// The next byte that is no blank.
    #[inline]
    pub(crate) fn peek(&mut self) -> Read<u8> {
        match self.text.get(self.at) {
            Some(&byte) if byte > b' ' => Ok(byte),
            _ => self.beyond_blanks(),
        }
    }

    #[cold]
    fn beyond_blanks(&mut self) -> Read<u8> {
        loop {
            match self.text.get(self.at) {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                Some(byte) => return Ok(*byte),
                None => return Err(NotJson),
            }
        }
    }

    /// How far it has come, in bytes.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Makes sure that nothing follows.
    pub(crate) fn end(mut self) -> Read<()> {
        match self.peek() {
            Ok(_) => Err(NotJson),
            Err(NotJson) => Ok(()),
        }
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Read<()> {
        if self.peek()? != byte {
            return Err(NotJson);
        }
        self.at += 1;
        Ok(())
    }

    /// The key of an object's next member, with the scanner at its value; `None` at the end of the
    /// object. `first` is true before the first.
    #[inline(always)]
    pub(crate) fn member(&mut self, first: &mut bool) -> Read<Option<Str<'m>>> {
        if std::mem::take(first) {
            self.expect(b'{')?;
            if self.peek()? == b'}' {
                self.at += 1;
                return Ok(None);
            }
        } else if self.peek()? == b'}' {
            self.at += 1;
            return Ok(None);
        } else {
            self.expect(b',')?;
        }
        self.key().map(Some)
    }

    /// True with the scanner at an array's next element; false at the end of the array.
    pub(crate) fn element(&mut self, first: &mut bool) -> Read<bool> {
        let is_first = std::mem::take(first);
        if is_first {
            self.expect(b'[')?;
        }
        if self.peek()? == b']' {
            self.at += 1;
            return Ok(false);
        }
        if !is_first {
            self.expect(b',')?;
            // `[1,]` would be let through by the look at the bracket above.
            if self.peek()? == b']' {
                return Err(NotJson);
            }
        }
        Ok(true)
    }

    #[inline(always)]
    fn key(&mut self) -> Read<Str<'m>> {
        if self.peek()? != b'"' {
            return Err(NotJson);
        }
        let key = self.string()?;
        self.expect(b':')?;
        Ok(key)
    }

    /// Reads a value that is no container.
    #[inline(always)]
    pub(crate) fn scalar(&mut self) -> Read<Scalar<'m>> {
        match self.peek()? {
            b'"' => self.string().map(Scalar::String),
            b't' => self.word(b"true").map(|()| Scalar::True),
            b'f' => self.word(b"false").map(|()| Scalar::False),
            b'n' => self.word(b"null").map(|()| Scalar::Null),
            _ => self.number().map(Scalar::Number),
        }
    }

    fn word(&mut self, word: &[u8]) -> Read<()> {
        if !self.text[self.at..].starts_with(word) {
            return Err(NotJson);
        }
        self.at += word.len();
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let rest = &self.text[self.at..];
        let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn number(&mut self) -> Read<&'m [u8]> {
        let start = self.at;
        let byte = |at: usize| self.text.get(at).copied();
        let whole = if byte(self.at) == Some(b'-') {
            self.at + 1
        } else {
            self.at
        };
        self.at = whole;
        let zero = self.text.get(whole) == Some(&b'0');
        let count = self.digits();
        if count == 0 || (zero && count > 1) {
            return Err(NotJson);
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(NotJson);
            }
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.text.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(NotJson);
            }
        }
        Ok(&self.text[start..self.at])
    }

    // What comes of it stays in registers when it is inlined, and most strings have no escapes.
    #[inline(always)]
    fn string(&mut self) -> Read<Str<'m>> {
        let start = self.at + 1;
        let at = special(self.text, start).ok_or(NotJson)?;
        if self.text[at] != b'"' {
            return self.escaped(start, at);
        }
        self.at = at + 1;
        Ok(Str {
            raw: &self.text[start..at],
            escaped: false,
        })
    }

    /// The same of a string with something else than its end at a place.
    #[cold]
    fn escaped(&mut self, start: usize, mut at: usize) -> Read<Str<'m>> {
        loop {
            match self.text[at] {
                b'"' => {
                    self.at = at + 1;
                    return Ok(Str {
                        raw: &self.text[start..at],
                        escaped: true,
                    });
                }
                b'\\' => {
                    at += match self.text.get(at + 1) {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                        Some(b'u') => {
                            let hex = self.text.get(at + 2..at + 6).ok_or(NotJson)?;
                            if !hex.iter().all(u8::is_ascii_hexdigit) {
                                return Err(NotJson);
                            }
                            6
                        }
                        _ => return Err(NotJson),
                    };
                }
                _ => return Err(NotJson),
            }
            at = special(self.text, at).ok_or(NotJson)?;
        }
    }

    /// Goes over a value, whatever it is.
    pub(crate) fn skip(&mut self) -> Read<()> {
        let mut open = Open::default();
        loop {
            match self.peek()? {
                b'{' => {
                    self.at += 1;
                    if self.peek()? == b'}' {
                        self.at += 1;
                    } else {
                        open.push(true);
                        self.key()?;
                        continue;
                    }
                }
                b'[' => {
                    self.at += 1;
                    if self.peek()? == b']' {
                        self.at += 1;
                    } else {
                        open.push(false);
                        continue;
                    }
                }
                _ => {
                    self.scalar()?;
                }
            }
            // After a value: brackets that close, then a comma.
            loop {
                let Some(object) = open.last() else {
                    return Ok(());
                };
                match (self.peek()?, object) {
                    (b'}', true) | (b']', false) => {
                        self.at += 1;
                        open.pop();
                    }
                    (b',', true) => {
                        self.at += 1;
                        self.key()?;
                        break;
                    }
                    (b',', false) => {
                        self.at += 1;
                        break;
                    }
                    _ => return Err(NotJson),
                }
            }
        }
    }

    /// Goes over a value and returns its text.
    pub(crate) fn raw(&mut self) -> Read<&'m [u8]> {
        self.peek()?;
        let start = self.at;
        self.skip()?;
        Ok(&self.text[start..self.at])
    }
}

/// The containers that are open, a bit for each: true for an object.
#[derive(Default)]
struct Open {
    depth: usize,
    near: u64,
    far: Vec<u64>,
}

impl Open {
    fn push(&mut self, object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.far.push(self.near);
        }
        self.near = (self.near << 1) | u64::from(object);
        self.depth += 1;
    }

    fn last(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.near & 1 == 1)
    }

    fn pop(&mut self) {
        self.near >>= 1;
        self.depth -= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.near = self.far.pop().unwrap_or_default();
        }
    }
}

/// The place of the next `"`, `\` or control character, 16 bytes at a time.
fn special(text: &[u8], mut at: usize) -> Option<usize> {
    while let Some(chunk) = text.get(at..).and_then(|rest| rest.first_chunk::<16>()) {
        // Strings are short: to ask what else the machine can do would take longer than it saves.
        let marks = dispatch!(Level::baseline(), simd => marks(simd, chunk));
        if marks != 0 {
            return Some(at + marks.trailing_zeros() as usize);
        }
        at += 16;
    }
    let rest = text.get(at..)?;
    let found = rest.iter().position(|&b| b < 0x20 || b == b'"' || b == b'\\')?;
    Some(at + found)
}

#[inline(always)]
fn marks<S: Simd>(simd: S, chunk: &[u8; 16]) -> u64 {
    let bytes = u8x16::from_slice(simd, chunk);
    (bytes.simd_eq(b'"') | bytes.simd_eq(b'\\') | bytes.simd_lt(0x20)).to_bitmask()
}

/// Replaces the escapes of a string that has been read. Half a surrogate pair becomes U+FFFD.
fn unescaped(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let (letter, after) = (rest[at + 1], &rest[at + 2..]);
        rest = after;
        let byte = match letter {
            b'b' => 0x08,
            b'f' => 0x0C,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let mut unit = hex(&rest[..4]);
                rest = &rest[4..];
                let low = match rest {
                    [b'\\', b'u', low @ ..] if (0xD800..0xDC00).contains(&unit) => Some(hex(&low[..4])),
                    _ => None,
                };
                if let Some(low) = low.filter(|low| (0xDC00..0xE000).contains(low)) {
                    unit = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                    rest = &rest[6..];
                }
                let c = char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            other => other,
        };
        out.push(byte);
    }
    out.extend_from_slice(rest);
    out
}

fn hex(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |value, digit| {
        value * 16 + char::from(*digit).to_digit(16).unwrap_or_default()
    })
}
