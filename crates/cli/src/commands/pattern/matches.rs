use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;

use flate2::read::MultiGzDecoder;
use trailwarden_pattern::{Form, Matcher, events};

use super::parse;
use crate::failure::{Exit, Failure};
use crate::terminal::{Lines, Terminal};

/// `trailwarden pattern match`: prints the events that a pattern matches.
pub(crate) fn run(
    pattern: &str,
    files: &[PathBuf],
    count: bool,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let pattern = parse(pattern)?;
    let mut found = Found {
        matcher: pattern.matcher(),
        json: matches!(pattern.form(), Form::Json(_)),
        lines: (!count).then(|| terminal.lines()),
        count: 0,
        read: 0,
        not_json: 0,
    };
    let standard_input = [PathBuf::from("-")];
    let files = if files.is_empty() { &standard_input } else { files };
    for file in files {
        let unreadable = |error: io::Error| {
            let name = match file.as_os_str() == "-" {
                true => "standard input".into(),
                false => format!("`{}`", file.display()),
            };
            Failure::new(Exit::Failed, format!("cannot read {name}: {error}"))
        };
        let input: Box<dyn Read> = match file.as_os_str() == "-" {
            true => Box::new(io::stdin()),
            false => Box::new(File::open(file).map_err(unreadable)?),
        };
        let input = unpacked(BufReader::with_capacity(1 << 16, input)).map_err(unreadable)?;
        if !found.all_of(input, unreadable)? {
            break;
        }
    }
    found.end(terminal)
}

/// The same, unpacked if it is compressed with gzip.
fn unpacked(mut input: BufReader<Box<dyn Read>>) -> io::Result<Box<dyn BufRead>> {
    let packed = input.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    Ok(match packed {
        true => Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(input))),
        false => Box::new(input),
    })
}

/// True for a text that begins like JSON that has fields.
fn opens(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    matches!(text.trim_ascii_start().first(), Some(b'{' | b'['))
}

struct Found {
    matcher: Matcher,
    /// The pattern is about JSON events.
    json: bool,
    /// Where matching events go, unless they are only counted.
    lines: Option<Lines>,
    count: u64,
    /// How many lines were read.
    read: u64,
    /// How many of them are not JSON.
    not_json: u64,
}

impl Found {
    /// Takes all of one input. False where nobody reads any more.
    fn all_of(
        &mut self,
        mut input: Box<dyn BufRead>,
        unreadable: impl Fn(io::Error) -> Failure,
    ) -> Result<bool, Failure> {
        let mut line = Vec::new();
        let mut is_first = true;
        while input.read_until(b'\n', &mut line).map_err(&unreadable)? > 0 {
            if is_first && line.trim_ascii().is_empty() {
                line.clear();
                continue;
            }
            // JSON that goes over several lines is read to its end.
            if std::mem::take(&mut is_first) && opens(&line) && events(&line).is_err() {
                input.read_to_end(&mut line).map_err(&unreadable)?;
            }
            if !self.lines(&line)? {
                return Ok(false);
            }
            line.clear();
        }
        Ok(true)
    }

    /// Takes a line, or a text of several whose events go over lines. False where nobody reads any
    /// more.
    fn lines(&mut self, text: &[u8]) -> Result<bool, Failure> {
        // What holds more than the line itself: several events, or one that is written wide.
        let events = if opens(text) { events(text) } else { Err(0) };
        if let Ok(events) = events {
            self.read += 1;
            // A line that is one event is that event, blanks and all: terms see them.
            let line = text.strip_suffix(b"\n").unwrap_or(text);
            if events.len() == 1 && !line.contains(&b'\n') && events[0].len() == line.trim_ascii().len() {
                return self.event(without_return(line));
            }
            for event in events {
                if !self.event(&compact(event))? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        for line in text
            .strip_suffix(b"\n")
            .unwrap_or(text)
            .split(|byte| *byte == b'\n')
        {
            self.read += 1;
            self.not_json += 1;
            if !self.event(without_return(line))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

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
        if self.json && self.not_json > 0 {
            terminal.say(&format!(
                "note: {} of {} lines are not JSON; no JSON pattern matches them\n",
                self.not_json, self.read
            ));
        }
        Ok(if self.count > 0 { Exit::Done } else { Exit::No })
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
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
}
