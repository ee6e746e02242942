//! What `CloudTrail` records look like: the names of events and their sources, and the fields.

mod fields;
mod names;

pub(crate) use fields::{known_values, looks_like_a_record, spelling};
pub(crate) use names::{Names, names};

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
