//! Where the records of a text begin and end, at a few bytes a cycle.
//!
//! Only quotes, backslashes and brackets are looked at, 64 bytes at once. So it knows the ends of strings and
//! objects and nothing else of JSON: what it gives as a record has balanced brackets and closed strings. What it
//! does not expect is none of its business ([`Step::Odd`]): [`crate::read::Contents::records`] reads it slowly.
//!
//! A text may come in parts. What was begun stays in the state, and the places move with
//! [`Split::forget`].

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u8x64};
use memchr::memmem;

/// What the splitter has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// All that can be told apart of the text is.
    More,
    /// The text is over, and so is what was begun in it.
    Over,
    /// Something that is no list of objects, at this byte.
    Odd(usize),
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Where it stands.
    pub(crate) range: Range<usize>,
    /// Perhaps a backslash is in it. False when there is none.
    pub(crate) escapes: bool,
}

/// What stands around the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    /// Nothing: a log file, an array or a record begins.
    Top,
    /// The elements of an array, of a log file or alone.
    Array { of_file: bool },
    /// One record after the other.
    Lines,
    /// The log file's array is over; a brace closes it.
    File,
}

/// The state of a text that is split.
#[derive(Clone, Debug)]
pub(crate) struct Split {
    within: Within,
    /// Up to here everything was looked at.
    at: usize,
    /// How many brackets are open within the list.
    depth: i64,
    /// All ones within a string.
    string: u64,
    /// The next byte is escaped.
    escaped: bool,
    /// Where the record begins that is not over, or where what was told last ends.
    from: usize,
    /// No record of the list has been seen.
    first: bool,
    /// A backslash was seen since the last record.
    escapes: bool,
    /// What the machine can do.
    level: Level,
}

impl Split {
    pub(crate) fn new(text: &[u8]) -> Self {
        let mark = b"\xef\xbb\xbf";
        let at = if text.starts_with(mark) { mark.len() } else { 0 };
        Self {
            within: Within::Top,
            at,
            depth: 0,
            string: 0,
            escaped: false,
            from: at,
            first: true,
            escapes: false,
            level: Level::new(),
        }
    }

    /// The byte before which nothing is needed any more.
    pub(crate) fn done(&self) -> usize {
        self.from
    }

    /// The first so many bytes of the text are taken away.
    pub(crate) fn forget(&mut self, bytes: usize) {
        self.at -= bytes;
        self.from -= bytes;
    }

    /// Goes on in a text, to which something was added; `whole` says that nothing will be. Adds the places of the
    /// records that it finds.
    pub(crate) fn go(&mut self, text: &[u8], whole: bool, records: &mut Vec<Found>) -> Step {
        loop {
            let step = match self.within {
                Within::Top => self.top(text, whole),
                Within::File => self.file(text, whole),
                Within::Array { .. } | Within::Lines => self.list(text, whole, records),
            };
            match step {
                Some(step) => return step,
                None => continue,
            }
        }
    }

    fn blanks(&mut self, text: &[u8]) -> Option<u8> {
        let rest = text.get(self.at..)?;
        let blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\t' | b'\r');
        let count = rest.iter().take_while(|byte| blank(byte)).count();
        self.at += count;
        self.from = self.at;
        rest.get(count).copied()
    }

    fn top(&mut self, text: &[u8], whole: bool) -> Option<Step> {
        match self.blanks(text) {
            None if whole => Some(Step::Over),
            None => Some(Step::More),
            Some(b'[') => {
                self.begin(Within::Array { of_file: false }, self.at + 1);
                None
            }
            Some(b'{') => {
                match log_file(&text[self.at..]) {
                    Begin::Is(length) => self.begin(Within::Array { of_file: true }, self.at + length),
                    Begin::IsNot => self.begin(Within::Lines, self.at),
                    Begin::Unclear if whole => return Some(Step::Odd(self.at)),
                    Begin::Unclear => return Some(Step::More),
                }
                None
            }
            Some(_) => Some(Step::Odd(self.at)),
        }
    }

    fn file(&mut self, text: &[u8], whole: bool) -> Option<Step> {
        match self.blanks(text) {
            Some(b'}') => {
                self.within = Within::Top;
                self.at += 1;
                self.from = self.at;
                None
            }
            None if !whole => Some(Step::More),
            _ => Some(Step::Odd(self.at)),
        }
    }

    fn begin(&mut self, within: Within, at: usize) {
        *self = Self {
            within,
            at,
            depth: 0,
            string: 0,
            escaped: false,
            from: at,
            first: true,
            escapes: false,
            level: self.level,
        };
    }

    fn list(&mut self, text: &[u8], whole: bool, records: &mut Vec<Found>) -> Option<Step> {
        dispatch!(self.level, simd => self.list_with(simd, text, whole, records))
    }

    // What is not inlined would not be made for the machine.
    #[inline(always)]
    fn list_with<S: Simd>(
        &mut self,
        simd: S,
        text: &[u8],
        whole: bool,
        records: &mut Vec<Found>,
    ) -> Option<Step> {
        while text.len() - self.at >= 64 {
            self.within_a_record(simd, text);
            let Some((block, _)) = text[self.at..].split_first_chunk::<64>() else {
                break;
            };
            if let Some(step) = self.block(Marks::of(simd, block), 64, text, records) {
                return step;
            }
        }
        if !whole {
            return Some(Step::More);
        }
        let rest = &text[self.at..];
        let mut block = [b' '; 64];
        block[..rest.len()].copy_from_slice(rest);
        if let Some(step) = self.block(Marks::of(simd, &block), rest.len(), text, records) {
            return step;
        }
        let ended = self.within == Within::Lines && self.depth == 0 && self.string == 0;
        match ended && text[self.from..].trim_ascii().is_empty() {
            true => Some(Step::Over),
            false => Some(Step::Odd(self.from)),
        }
    }

    /// Goes over the blocks in which nothing can end but what stands within a record.
    #[inline(always)]
    fn within_a_record<S: Simd>(&mut self, simd: S, text: &[u8]) {
        // Here and not in `self`, so that they stay in registers.
        let (mut at, mut depth, mut string) = (self.at, self.depth, self.string);
        if self.escaped {
            return;
        }
        let (blocks, _) = text[at..].as_chunks::<64>();
        for block in blocks {
            let marks = Marks::of(simd, block);
            if marks.backslashes != 0 {
                break;
            }
            let strings = prefix_xor(marks.quotes) ^ string;
            let (open, close) = (marks.open & !strings, marks.close & !strings);
            // Without another branch: whether there are brackets nobody could guess.
            let closes = i64::from(close.count_ones());
            if depth <= closes {
                break;
            }
            depth += i64::from(open.count_ones()) - closes;
            string = 0_u64.wrapping_sub(strings >> 63);
            at += 64;
        }
        (self.at, self.depth, self.string) = (at, depth, string);
    }

    /// Looks at 64 bytes, `length` of which are of the text. Returns what `list` is to do when it is over: `None`
    /// within it to go on elsewhere.
    fn block(
        &mut self,
        marks: Marks,
        length: usize,
        text: &[u8],
        records: &mut Vec<Found>,
    ) -> Option<Option<Step>> {
        self.escapes |= marks.backslashes != 0;
        let quotes = marks.quotes & !self.escapes(marks.backslashes);
        let strings = prefix_xor(quotes) ^ self.string;
        self.string = 0_u64.wrapping_sub(strings >> 63);
        let (open, close) = (marks.open & !strings, marks.close & !strings);
        let (opens, closes) = (i64::from(open.count_ones()), i64::from(close.count_ones()));
        if self.depth > closes {
            self.depth += opens - closes;
            self.at += length;
            return None;
        }
        let mut brackets = open | close;
        while brackets != 0 {
            let bit = brackets.trailing_zeros();
            brackets &= brackets - 1;
            let here = self.at + bit as usize;
            if open >> bit & 1 == 1 {
                if self.depth == 0
                    && let Some(odd) = self.begins(text, here)
                {
                    return Some(Some(odd));
                }
                self.depth += 1;
                continue;
            }
            self.depth -= 1;
            match self.depth {
                0 => {
                    if text[here] != b'}' {
                        return Some(Some(Step::Odd(self.from)));
                    }
                    let record = self.from..here + 1;
                    // What the slow way would take for a log file among records.
                    if self.within == Within::Lines
                        && memmem::find(&text[record.clone()], b"\"Records\"").is_some()
                    {
                        return Some(Some(Step::Odd(self.from)));
                    }
                    records.push(Found {
                        range: record,
                        escapes: self.escapes,
                    });
                    self.escapes = marks.backslashes >> bit != 0;
                    self.from = here + 1;
                    self.first = false;
                }
                ..0 => return Some(self.ends(text, here)),
                _ => {}
            }
        }
        self.at += length;
        None
    }

    /// A record begins, if what stands before it is what has to be there.
    fn begins(&mut self, text: &[u8], here: usize) -> Option<Step> {
        let between = text[self.from..here].trim_ascii();
        let comma = match self.within {
            Within::Array { .. } => !self.first,
            _ => false,
        };
        let as_it_has_to_be = match comma {
            true => between == b",",
            false => between.is_empty(),
        };
        if text[here] != b'{' || !as_it_has_to_be {
            return Some(Step::Odd(self.from));
        }
        self.from = here;
        None
    }

    /// The list is over.
    fn ends(&mut self, text: &[u8], here: usize) -> Option<Step> {
        let Within::Array { of_file } = self.within else {
            return Some(Step::Odd(here));
        };
        if text[here] != b']' || !text[self.from..here].trim_ascii().is_empty() {
            return Some(Step::Odd(self.from));
        }
        let within = if of_file { Within::File } else { Within::Top };
        self.begin(within, here + 1);
        None
    }

    /// The bytes that a backslash escapes.
    fn escapes(&mut self, mut backslashes: u64) -> u64 {
        let mut escaped = u64::from(self.escaped);
        backslashes &= !escaped;
        self.escaped = false;
        while backslashes != 0 {
            let bit = backslashes.trailing_zeros();
            if bit == 63 {
                self.escaped = true;
                break;
            }
            escaped |= 2 << bit;
            backslashes &= !(3 << bit);
        }
        escaped
    }
}

/// What stands where in 64 bytes, a bit for each.
#[derive(Clone, Copy)]
struct Marks {
    quotes: u64,
    backslashes: u64,
    open: u64,
    close: u64,
}

impl Marks {
    #[inline(always)]
    fn of<S: Simd>(simd: S, block: &[u8; 64]) -> Self {
        let bytes = u8x64::from_slice(simd, block);
        // `[` and `{` differ in one bit, and so do `]` and `}`.
        let folded = bytes | u8x64::splat(simd, 0x20);
        Self {
            quotes: bytes.simd_eq(b'"').to_bitmask(),
            backslashes: bytes.simd_eq(b'\\').to_bitmask(),
            open: folded.simd_eq(b'{').to_bitmask(),
            close: folded.simd_eq(b'}').to_bitmask(),
        }
    }
}

/// For each bit whether the number of ones up to it is odd.
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

enum Begin {
    /// With so many bytes to the first element.
    Is(usize),
    IsNot,
    /// More of the text has to be there.
    Unclear,
}

/// Whether an object is a log file whose records come first: `{"Records":[`.
fn log_file(text: &[u8]) -> Begin {
    let mut rest = &text[1..];
    for part in [&b"\"Records\""[..], b":", b"["] {
        rest = rest.trim_ascii_start();
        match rest.strip_prefix(part) {
            Some(after) => rest = after,
            None if part.starts_with(rest) => return Begin::Unclear,
            None => return Begin::IsNot,
        }
    }
    Begin::Is(text.len() - rest.len())
}
