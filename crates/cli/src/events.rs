//! Events in files and on standard input, as people have them.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

use flate2::read::MultiGzDecoder;
use trailwarden_pattern::{Form, Pattern, events, one_line};

/// The same input, unpacked if it is compressed with gzip.
///
/// # Errors
/// When its beginning cannot be read.
pub(crate) fn unpacked<'r>(input: impl Read + 'r) -> io::Result<Box<dyn BufRead + 'r>> {
    const SIZE: usize = 1 << 16;
    let mut input = BufReader::with_capacity(SIZE, input);
    let packed = input.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    Ok(match packed {
        true => Box::new(BufReader::with_capacity(SIZE, MultiGzDecoder::new(input))),
        false => Box::new(input),
    })
}

/// The events in a text, as a pattern sees them. For a pattern on JSON these are JSON values, of log
/// files and arrays each record; for others a text is one event, unless it is a log file of
/// `CloudTrail`. One that is not a line of its own becomes one, as `CloudTrail` sends it.
///
/// # Errors
/// For a pattern on JSON, the byte offset at which the text is no JSON.
pub(crate) fn split<'t>(pattern: &Pattern, text: &'t [u8]) -> Result<Vec<Cow<'t, [u8]>>, usize> {
    let whole = text.trim_ascii();
    let one = |event: &'t [u8]| match event.len() == whole.len() && !event.contains(&b'\n') {
        true => Cow::Borrowed(without_end(text)),
        false => Cow::Owned(one_line(event)),
    };
    // A log file that is cut off is text for terms all the same.
    match events(text) {
        Ok(events) if is_json(pattern) || is_log_file(text) => Ok(events.into_iter().map(one).collect()),
        Err(at) if is_json(pattern) => Err(at),
        _ => Ok(vec![Cow::Borrowed(without_end(text))]),
    }
}

/// True for a line that is the beginning of events which go over several lines.
pub(crate) fn goes_on(pattern: &Pattern, line: &[u8]) -> bool {
    let ends = line.trim_ascii_end().len();
    (is_json(pattern) || is_log_file(line)) && ends > 0 && events(line).is_err_and(|at| at >= ends)
}

/// True for a pattern on the fields of JSON events.
pub(crate) fn is_json(pattern: &Pattern) -> bool {
    matches!(pattern.form(), Form::Json(_))
}

/// True for what begins like `{"Records":`.
fn is_log_file(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let inner = text.trim_ascii_start().strip_prefix(b"{");
    inner.is_some_and(|inner| inner.trim_ascii_start().starts_with(b"\"Records\""))
}

/// A line without its end.
fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes from a running program must be matched when it comes, so only a beginning that
    /// needs its end is waited for.
    #[test]
    fn only_json_that_is_not_over_goes_on() {
        let json = Pattern::parse("{ $.a = 1 }").expect("good");
        let terms = Pattern::parse("ERROR").expect("good");
        for (line, goes_on_for_json, for_terms) in [
            ("{\n", true, false),
            ("{\"Records\": [\n", true, true),
            ("[{\"a\":1},\n", true, false),
            ("[ERROR] a line\n", false, false),
            ("{\"a\":1}\n", false, false),
            ("{\"a\": x\n", false, false),
            ("plain\n", false, false),
            ("\n", false, false),
        ] {
            assert_eq!(goes_on(&json, line.as_bytes()), goes_on_for_json, "{line}");
            assert_eq!(goes_on(&terms, line.as_bytes()), for_terms, "{line}");
        }
    }
}
