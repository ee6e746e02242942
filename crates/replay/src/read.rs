//! The records of a log file, as far as it can be read.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use jiff::Timestamp;
use trailwarden_pattern::{Place, Records, Unreadable, member, one_line};

use crate::files::{LogFile, Problem};

/// The most bytes that a file may have when it is unpacked, unless something else is said. `CloudTrail`'s have
/// 50 MB at the most; a whole day of a busy account in one file has more.
pub const LARGEST: usize = 256 * 1024 * 1024;

/// What packed files begin with.
pub(crate) const GZIP: [u8; 2] = [0x1f, 0x8b];

/// How much is unpacked at once. A stream that turns out to be corrupt takes the last of these with it.
const CHUNK: usize = 4096;

/// What is the matter with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The system does not let it be read, in its words.
    Unread(String),
    /// A folder has no file that can hold what is wanted.
    NoFiles,
    /// It has not one byte, which no log file of `CloudTrail` is like.
    Empty,
    /// A record cannot be read.
    Record(Place, Unreadable),
    /// So many more records cannot be read.
    Others(u64),
    /// The `gzip` stream ends too early. What could be unpacked ends at the place.
    CutOff(Place),
    /// The `gzip` stream is corrupt, in the words of the unpacker. What could be unpacked ends at the place.
    Corrupt(Place, String),
    /// It has more bytes than this when it is unpacked. What was read ends at the place.
    TooLarge(Place, usize),
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let within = |place: &Place| format!("in record {}, after {} bytes", place.record, place.byte);
        match self {
            Self::Unread(why) => write!(f, "cannot be read: {why}"),
            Self::NoFiles => f.write_str("has no log files that can hold what is looked for"),
            Self::Empty => f.write_str("is empty"),
            Self::Record(place, why) => write!(f, "record {} {why}, at byte {}", place.record, place.byte),
            Self::Others(1) => f.write_str("one more record cannot be read"),
            Self::Others(count) => write!(f, "{count} more records cannot be read"),
            Self::CutOff(place) => {
                write!(
                    f,
                    "is cut off: what is packed ends {}; fetch it again",
                    within(place)
                )
            }
            Self::Corrupt(place, why) => write!(
                f,
                "is corrupt ({why}): it can be unpacked up to a place {}; fetch it again",
                within(place)
            ),
            Self::TooLarge(place, most) => write!(
                f,
                "has more than {} MiB when it is unpacked: it was read up to a place {}; split it",
                most >> 20,
                within(place)
            ),
        }
    }
}

/// A record of a log file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'t> {
    /// Where it stands in the file, unpacked.
    pub place: Place,
    /// A JSON object, as it stands there.
    pub text: &'t [u8],
}

impl<'t> Record<'t> {
    /// When the call was (`eventTime`), to the second; `None` where it does not say.
    #[must_use]
    pub fn time(&self) -> Option<Timestamp> {
        let text = member(self.text, "eventTime")?;
        std::str::from_utf8(&text).ok()?.parse().ok()
    }

    /// The same in one line, as `CloudTrail` sends it to a log group and filter patterns see it.
    #[must_use]
    pub fn message(&self) -> Cow<'t, [u8]> {
        // What CloudTrail writes into files has no blanks between its parts.
        match self.text.contains(&b'\n') {
            true => Cow::Owned(one_line(self.text)),
            false => Cow::Borrowed(self.text),
        }
    }
}

/// The text of a file, unpacked. It is loaded again and again, so that many files need the memory of one.
#[derive(Clone, Debug)]
pub struct Contents {
    text: Vec<u8>,
    most: usize,
    broken: Option<Broken>,
}

/// Why a text is not whole.
#[derive(Clone, Debug)]
enum Broken {
    Empty,
    Unread(String),
    CutOff,
    Corrupt(String),
    TooLarge,
}

impl Default for Contents {
    fn default() -> Self {
        Self::up_to(LARGEST)
    }
}

impl Contents {
    /// Nothing yet; of files that have more bytes than this when they are unpacked the rest is left out.
    #[must_use]
    pub fn up_to(most: usize) -> Self {
        Self {
            text: Vec::new(),
            most,
            broken: None,
        }
    }

    /// Takes the text of a file, packed with `gzip`, also in several parts one after another, or not: what it
    /// begins with says which. What cannot be read is told by [`Contents::records`].
    pub fn load(&mut self, input: impl Read) {
        self.text.clear();
        let mut input = BufReader::with_capacity(1 << 16, input);
        self.broken = match input.fill_buf() {
            Ok([]) => Some(Broken::Empty),
            Ok(begin) if begin.starts_with(&GZIP) => self.fill(MultiGzDecoder::new(input), CHUNK),
            Ok(_) => self.fill(input, 1 << 16),
            Err(error) => Some(Broken::Unread(error.to_string())),
        };
    }

    fn fill(&mut self, mut input: impl Read, chunk: usize) -> Option<Broken> {
        loop {
            let before = self.text.len();
            self.text.resize(before + chunk, 0);
            let read = input.read(&mut self.text[before..]);
            self.text
                .truncate(before + read.as_ref().copied().unwrap_or_default());
            match read {
                Ok(0) => return None,
                Ok(_) if self.text.len() > self.most => {
                    self.text.truncate(self.most);
                    return Some(Broken::TooLarge);
                }
                Ok(_) => {}
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::UnexpectedEof => return Some(Broken::CutOff),
                    io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                        return Some(Broken::Corrupt(error.to_string()));
                    }
                    _ => return Some(Broken::Unread(error.to_string())),
                },
            }
        }
    }

    /// The text, as far as it could be read.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The records, and what cannot be read, in the order of the file.
    pub fn records(&self) -> impl Iterator<Item = Result<Record<'_>, What>> {
        let mut last = Place { record: 1, byte: 0 };
        let mut broken = self.broken.clone();
        let mut records = Records::of(&self.text);
        let mut over = false;
        std::iter::from_fn(move || {
            while !over {
                match records.next() {
                    Some(Ok((place, text))) => {
                        last.record = place.record + 1;
                        return Some(Ok(Record { place, text }));
                    }
                    // It ends there because the file does not give more: that is said below.
                    Some(Err((place, Unreadable::Ends))) if broken.is_some() => last.record = place.record,
                    Some(Err((place, why))) => {
                        last.record = place.record + usize::from(why == Unreadable::NotAnObject);
                        return Some(Err(What::Record(place, why)));
                    }
                    None => over = true,
                }
            }
            last.byte = self.text.len();
            broken.take().map(|broken| {
                Err(match broken {
                    Broken::Empty => What::Empty,
                    Broken::Unread(why) => What::Unread(why),
                    Broken::CutOff => What::CutOff(last),
                    Broken::Corrupt(why) => What::Corrupt(last, why),
                    Broken::TooLarge => What::TooLarge(last, self.most),
                })
            })
        })
    }

    /// Loads a file and gives its records to `take`, one after the other; returns what cannot be read.
    pub fn each(&mut self, file: &LogFile, take: impl FnMut(Record<'_>)) -> Vec<Problem> {
        match file.input.open() {
            Ok(input) => self.each_of(input, file, take),
            Err(error) => vec![Problem {
                input: file.input.clone(),
                what: What::Unread(error.to_string()),
            }],
        }
    }

    /// The same of a file that is open.
    pub fn each_of(
        &mut self,
        input: impl Read,
        file: &LogFile,
        mut take: impl FnMut(Record<'_>),
    ) -> Vec<Problem> {
        let problem = |what: What| Problem {
            input: file.input.clone(),
            what,
        };
        self.load(input);
        let mut problems = Vec::new();
        for record in self.records() {
            match record {
                Ok(record) => take(record),
                Err(what) => problems.push(problem(what)),
            }
        }
        problems
    }
}
