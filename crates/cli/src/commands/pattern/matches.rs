use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::PathBuf;

use trailwarden_pattern::{Matcher, Pattern};

use super::parse;
use crate::events;
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
        pattern,
        lines: (!count).then(|| terminal.lines()),
        count: 0,
        read: 0,
        not_json: 0,
    };
    let standard_input = [PathBuf::from("-")];
    let files = if files.is_empty() { &standard_input } else { files };
    for file in files {
        let is_input = file.as_os_str() == "-";
        let unreadable = |error: io::Error| {
            let name = match is_input {
                true => "standard input".into(),
                false => format!("`{}`", file.display()),
            };
            Failure::new(Exit::Failed, format!("cannot read {name}: {error}"))
        };
        let input: Box<dyn Read> = match is_input {
            true => Box::new(io::stdin()),
            false => Box::new(File::open(file).map_err(unreadable)?),
        };
        let input = events::unpacked(input).map_err(unreadable)?;
        if !found.all_of(input, unreadable)? {
            break;
        }
    }
    found.end(terminal)
}

struct Found {
    pattern: Pattern,
    matcher: Matcher,
    /// Where matching events go, unless they are only counted.
    lines: Option<Lines>,
    count: u64,
    /// How many lines were read.
    read: u64,
    /// How many of them a pattern on JSON cannot read.
    not_json: u64,
}

impl Found {
    /// Takes all of one input. False where nobody reads any more.
    fn all_of(
        &mut self,
        mut input: impl BufRead,
        unreadable: impl Fn(io::Error) -> Failure,
    ) -> Result<bool, Failure> {
        let mut line = Vec::new();
        let mut begun = false;
        while input.read_until(b'\n', &mut line).map_err(&unreadable)? > 0 {
            // Whether events go over several lines is seen at the first that is not blank.
            if !begun && events::goes_on(&self.pattern, &line) {
                input.read_to_end(&mut line).map_err(&unreadable)?;
            }
            begun |= !line.trim_ascii().is_empty();
            if !self.text(&line)? {
                return Ok(false);
            }
            line.clear();
        }
        Ok(true)
    }

    /// Takes a line, or a text of several whose events go over lines. False where nobody reads any
    /// more.
    fn text(&mut self, text: &[u8]) -> Result<bool, Failure> {
        let Ok(events) = events::split(&self.pattern, text) else {
            let lines = text
                .strip_suffix(b"\n")
                .unwrap_or(text)
                .split(|byte| *byte == b'\n');
            let count = lines.count() as u64;
            self.read += count;
            self.not_json += count;
            return Ok(true);
        };
        self.read += 1;
        for event in events {
            if !self.event(&event)? {
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
        if self.not_json > 0 {
            terminal.say(&format!(
                "note: {} of {} lines are not JSON; no JSON pattern matches them\n",
                self.not_json, self.read
            ));
        }
        Ok(if self.count > 0 { Exit::Done } else { Exit::No })
    }
}
