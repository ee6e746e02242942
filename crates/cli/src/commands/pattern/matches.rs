use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use trailwarden_pattern::{Matcher, records};

use super::parse;
use crate::failure::{Exit, Failure};
use crate::terminal::{Lines, Terminal};

/// `trailwarden pattern match`: prints the events that a pattern matches.
pub(crate) fn run(
    pattern: &str,
    file: Option<&Path>,
    count: bool,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let matcher = parse(pattern)?.matcher();
    let unreadable = |error: io::Error| {
        let name = file.map_or_else(|| "standard input".into(), |file| format!("`{}`", file.display()));
        Failure::new(Exit::Failed, format!("cannot read {name}: {error}"))
    };
    let events: Box<dyn Read> = match file {
        Some(file) if file.as_os_str() != "-" => Box::new(File::open(file).map_err(unreadable)?),
        _ => Box::new(io::stdin()),
    };
    let mut events = BufReader::with_capacity(1 << 16, events);
    let mut found = Found {
        matcher,
        lines: (!count).then(|| terminal.lines()),
        count: 0,
    };
    // A log file of CloudTrail is one line of many records. Its beginning tells.
    let whole = events.fill_buf().map_err(unreadable)?;
    if whole.starts_with(&[0x1f, 0x8b]) {
        return Err(Failure::new(Exit::Failed, "the events are compressed with gzip")
            .help("unpack them first: `gunzip -c FILE | trailwarden pattern match PATTERN`"));
    }
    if looks_like_a_log_file(whole) {
        let mut text = Vec::new();
        events.read_to_end(&mut text).map_err(unreadable)?;
        match records(&text) {
            Some(records) => {
                for record in records {
                    if !found.event(&compact(record))? {
                        break;
                    }
                }
            }
            None => {
                for line in text.split(|byte| *byte == b'\n') {
                    if !found.event(without_return(line))? {
                        break;
                    }
                }
            }
        }
        return found.end(terminal);
    }
    let mut line = Vec::new();
    loop {
        line.clear();
        if events.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
            break;
        }
        let event = line.strip_suffix(b"\n").unwrap_or(&line);
        if !found.event(without_return(event))? {
            break;
        }
    }
    found.end(terminal)
}

struct Found {
    matcher: Matcher,
    /// Where matching events go, unless they are only counted.
    lines: Option<Lines>,
    count: u64,
}

impl Found {
    /// False where nobody reads any more.
    fn event(&mut self, event: &[u8]) -> Result<bool, Failure> {
        if !self.matcher.is_match(event) {
            return Ok(true);
        }
        self.count += 1;
        match &mut self.lines {
            Some(lines) => lines.write(event),
            None => Ok(true),
        }
    }

    fn end(self, terminal: &Terminal) -> Result<Exit, Failure> {
        match self.lines {
            Some(mut lines) => {
                lines.flush()?;
            }
            None => terminal.print(&format!("{}\n", self.count))?,
        }
        Ok(if self.count > 0 { Exit::Done } else { Exit::No })
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// True for what begins like `{"Records": [`.
fn looks_like_a_log_file(text: &[u8]) -> bool {
    let tight: Vec<u8> = text
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .take(11)
        .collect();
    tight.starts_with(b"{\"Records\"")
}

/// A record in one line, as CloudTrail writes it to CloudWatch Logs. Its numbers and strings stay as
/// they are written.
fn compact(record: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(record.len());
    let (mut quoted, mut escaped) = (false, false);
    for &byte in record {
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

    #[test]
    fn a_record_in_one_line_is_the_same_record() {
        let record = b"{\n  \"a b\" : \"c \\\" d\\\\\",\n\t\"n\": [ 1.50, true ]\r\n}";
        assert_eq!(compact(record), b"{\"a b\":\"c \\\" d\\\\\",\"n\":[1.50,true]}");
    }

    #[test]
    fn log_files_are_known_by_their_beginning() {
        assert!(looks_like_a_log_file(b" {\n \"Records\" : ["));
        assert!(!looks_like_a_log_file(b"{\"eventName\":\"x\"}"));
    }
}
