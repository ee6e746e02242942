//! What `CloudTrail` records look like: the names of events and their sources, and the fields.

mod fields;
mod names;
mod read;

pub(crate) use fields::{Sort, known_values, looks_like_a_record, misspelt, sort};
pub(crate) use names::{Names, names};
pub use read::{Place, Records, Unreadable, member, one_line};

use crate::json::Scanner;

/// The records of a `CloudTrail` log file, `{"Records": [...]}`, each as it stands there. `None` for
/// a text that is no such file.
#[must_use]
pub fn records(text: &[u8]) -> Option<Vec<&[u8]>> {
    let mut scanner = Scanner::new(text).ok()?;
    let mut records = None;
    let mut first = true;
    if scanner.peek().ok()? != b'{' {
        return None;
    }
    while let Some(key) = scanner.member(&mut first).ok()? {
        if !key.is("Records") || scanner.peek().ok()? != b'[' {
            scanner.skip().ok()?;
            continue;
        }
        let mut found = Vec::new();
        let mut first = true;
        while scanner.element(&mut first).ok()? {
            found.push(scanner.raw().ok()?);
        }
        records = Some(found);
    }
    scanner.end().ok()?;
    records
}

/// The events in a text of JSON values one after another, each as it stands there: of a log file of
/// `CloudTrail` its records, of an array of objects these, of everything else the value itself. A
/// byte order mark before them is no part of them.
///
/// # Errors
/// The byte offset at which the text is no JSON.
pub fn events(text: &[u8]) -> Result<Vec<&[u8]>, usize> {
    let start = if text.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len()
    } else {
        0
    };
    let mut scanner = Scanner::new(&text[start..]).map_err(|_| start)?;
    let mut events = Vec::new();
    while scanner.peek().is_ok() {
        let value = scanner.raw().map_err(|_| start + scanner.at())?;
        match records(value).or_else(|| objects(value)) {
            Some(inner) => events.extend(inner),
            None => events.push(value),
        }
    }
    Ok(events)
}

/// What some editors put before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The elements of an array of nothing but objects.
fn objects(value: &[u8]) -> Option<Vec<&[u8]>> {
    let mut scanner = Scanner::new(value).ok()?;
    let (mut first, mut found) = (true, Vec::new());
    if scanner.peek().ok()? != b'[' {
        return None;
    }
    while scanner.element(&mut first).ok()? {
        if scanner.peek().ok()? != b'{' {
            return None;
        }
        found.push(scanner.raw().ok()?);
    }
    Some(found)
}
