//! The records of files, held against rules: quickly where that is possible, one by one where it is not.

use std::io::{BufRead, BufReader, Read};
use std::ops::Range;

use flate2::bufread::MultiGzDecoder;
use trailwarden_pattern::{Place, Unreadable};

use crate::engine::{Engine, LARGEST_EVENT, Rules, Scratch};
use crate::files::{Input, LogFile, Problem};
use crate::inflate::{Inflater, Loaded};
use crate::read::{Contents, GZIP, What};
use crate::split::{Split, Step};

/// How much of a large file is looked at at once.
const WINDOW: usize = 4 * 1024 * 1024;

/// The most bytes of one record of a large file.
const LARGEST_RECORD: usize = 32 * 1024 * 1024;

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Records.
    pub records: u64,
    /// Bytes, unpacked.
    pub bytes: u64,
    /// Records that are too large for a log group, so that no rule sees them.
    pub oversized: u64,
}

/// Reads files for one thread.
pub struct Scanner<'e> {
    engine: &'e Engine,
    inflater: Inflater,
    contents: Contents,
    window: Vec<u8>,
    records: Vec<Range<usize>>,
    scratch: Scratch,
    read: Seen,
}

impl<'e> Scanner<'e> {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(engine: &'e Engine) -> Self {
        Self {
            engine,
            inflater: Inflater::default(),
            contents: Contents::default(),
            window: Vec::new(),
            records: Vec::new(),
            scratch: Scratch::default(),
            read: Seen::default(),
        }
    }

    /// What was read so far.
    #[must_use]
    pub fn read(&self) -> &Seen {
        &self.read
    }

    /// Reads a file. `hit` is told the rules that match a record, and the record.
    pub fn file(&mut self, file: &LogFile, mut hit: impl FnMut(&Rules, &[u8])) -> Vec<Problem> {
        let problem = |what: What| Problem {
            input: file.input.clone(),
            what,
        };
        let unread = |error: std::io::Error| vec![problem(What::Unread(error.to_string()))];
        if matches!(file.input, Input::File(_)) {
            let opened = match file.input.open() {
                Ok(opened) => opened,
                Err(error) => return unread(error),
            };
            match self.inflater.load(opened, file.bytes) {
                Err(error) => return unread(error),
                Ok(Loaded::Whole) => {
                    if self.whole(&mut hit) {
                        return Vec::new();
                    }
                    return self.slowly(file, &mut hit);
                }
                Ok(Loaded::Otherwise) => {}
            }
        }
        let opened = match file.input.open() {
            Ok(opened) => opened,
            Err(error) => return unread(error),
        };
        let before = self.read.bytes;
        match self.windows(opened, &mut hit) {
            Ok(()) => Vec::new(),
            // Nothing of it counts yet: it can be read from the beginning.
            Err(Stop { told: false, .. }) if matches!(file.input, Input::File(_)) => {
                self.read.bytes = before;
                self.slowly(file, &mut hit)
            }
            Err(Stop { what, .. }) => vec![problem(what)],
        }
    }

    /// The text that was unpacked at once; false when it is not what the quick way expects.
    fn whole(&mut self, hit: &mut impl FnMut(&Rules, &[u8])) -> bool {
        let text = self.inflater.text();
        self.records.clear();
        if text.is_empty() || Split::new(text).go(text, true, &mut self.records) != Step::Over {
            return false;
        }
        count(&mut self.read, &self.records);
        self.read.bytes += text.len() as u64;
        self.engine.quickly(text, &self.records, &mut self.scratch, hit);
        true
    }

    /// One record after the other, with all that can be said of what is broken.
    fn slowly(&mut self, file: &LogFile, hit: &mut impl FnMut(&Rules, &[u8])) -> Vec<Problem> {
        let (engine, read) = (self.engine, &mut self.read);
        let problems = self.contents.each(file, |record| {
            read.records += 1;
            if record.text.len() > LARGEST_EVENT {
                read.oversized += 1;
                return;
            }
            let matched = engine.plainly(record);
            if !matched.is_empty() {
                hit(&matched, record.text);
            }
        });
        self.read.bytes += self.contents.text().len() as u64;
        problems
    }

    /// A text of any length, a window of it at a time.
    fn windows(&mut self, input: impl Read, hit: &mut impl FnMut(&Rules, &[u8])) -> Result<(), Stop> {
        let mut input = BufReader::with_capacity(1 << 16, input);
        let packed = match input.fill_buf() {
            Ok([]) => return Err(Stop { what: What::Empty, told: false }),
            Ok(begin) => begin.starts_with(&GZIP),
            Err(error) => {
                return Err(Stop {
                    what: What::Unread(error.to_string()),
                    told: true,
                });
            }
        };
        match packed {
            true => self.through(MultiGzDecoder::new(input), hit),
            false => self.through(input, hit),
        }
    }

    fn through(&mut self, mut input: impl Read, hit: &mut impl FnMut(&Rules, &[u8])) -> Result<(), Stop> {
        self.window.clear();
        let (mut split, mut begun, mut told) = (None, 0, 0);
        loop {
            let before = self.window.len();
            let mut failed = None;
            self.window.resize(before + WINDOW, 0);
            let mut filled = before;
            while filled < self.window.len() {
                match input.read(&mut self.window[filled..]) {
                    Ok(0) => break,
                    Ok(more) => filled += more,
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(error) => {
                        failed = Some(error);
                        break;
                    }
                }
            }
            let whole = filled < self.window.len() && failed.is_none();
            self.window.truncate(filled);
            self.read.bytes += (filled - before) as u64;
            let split = split.get_or_insert_with(|| Split::new(&self.window));
            self.records.clear();
            let step = split.go(&self.window, whole, &mut self.records);
            count(&mut self.read, &self.records);
            self.engine.quickly(&self.window, &self.records, &mut self.scratch, &mut *hit);
            told += self.records.len();
            let (number, base) = (told + 1, begun);
            let place = |at: usize| Place {
                record: number,
                byte: base + at,
            };
            let stop = |what: What| Stop { what, told: told > 0 };
            if let Some(error) = failed {
                let at = place(filled);
                return Err(stop(match error.kind() {
                    std::io::ErrorKind::UnexpectedEof => What::CutOff(at),
                    std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData => {
                        What::Corrupt(at, error.to_string())
                    }
                    _ => What::Unread(error.to_string()),
                }));
            }
            match step {
                Step::Over => return Ok(()),
                Step::Odd(at) => return Err(stop(What::Record(place(at), Unreadable::NotJson))),
                Step::More if whole => return Err(stop(What::Record(place(filled), Unreadable::Ends))),
                Step::More => {}
            }
            let done = split.done();
            split.forget(done);
            begun += done;
            self.window.drain(..done);
            if self.window.len() > LARGEST_RECORD {
                return Err(stop(What::TooLarge(place(0), LARGEST_RECORD)));
            }
        }
    }
}

/// Why a text was not read to its end.
struct Stop {
    what: What,
    /// Records of it were told already.
    told: bool,
}

fn count(read: &mut Seen, records: &[Range<usize>]) {
    read.records += records.len() as u64;
    read.oversized += records.iter().filter(|record| record.len() > LARGEST_EVENT).count() as u64;
}
