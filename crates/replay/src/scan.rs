//! The records of files, held against rules: quickly where that is possible, one by one where it is not.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::bufread::MultiGzDecoder;
use trailwarden_pattern::{Place, Unreadable};

use crate::engine::{Engine, LARGEST_EVENT, Rules, Scratch, Unread};
use crate::facts::Facts;
use crate::files::{Input, LogFile, Problem};
use crate::inflate::{Inflater, Loaded};
use crate::read::{Contents, GZIP, What};
use crate::split::{Found, Split, Step};

/// How much of a large file is looked at at once.
const WINDOW: usize = 4 * 1024 * 1024;

/// How much is told apart and then sifted: what fits into near memory is fetched from far memory once.
const NEAR: usize = 128 * 1024;

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

impl Seen {
    /// Adds what another thread has read.
    pub(crate) fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.bytes += other.bytes;
        self.oversized += other.oversized;
    }
}

/// Reads files for one thread.
pub struct Scanner<'e> {
    engine: &'e Engine,
    stop: Option<&'e AtomicBool>,
    inflater: Inflater,
    contents: Contents,
    window: Vec<u8>,
    /// How much of a large file is looked at at once.
    step: usize,
    records: Vec<Found>,
    scratch: Scratch,
    seen: Seen,
}

impl<'e> Scanner<'e> {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(engine: &'e Engine) -> Self {
        Self {
            engine,
            stop: None,
            inflater: Inflater::default(),
            contents: Contents::default(),
            window: Vec::new(),
            step: WINDOW,
            records: Vec::new(),
            scratch: Scratch::default(),
            seen: Seen::default(),
        }
    }

    /// The same, which ends in the middle of a large file as soon as somebody wants to stop.
    #[must_use]
    pub fn until(self, stop: &'e AtomicBool) -> Self {
        Self {
            stop: Some(stop),
            ..self
        }
    }

    /// What was read so far.
    #[must_use]
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Reads a file, whose content may be here already. `hit` is told the rules that match
    /// a record, what it says, and the record.
    pub fn file(
        &mut self,
        file: &LogFile,
        content: Option<&[u8]>,
        mut hit: impl FnMut(&Rules, &Facts<'_>, &[u8]),
    ) -> Vec<Problem> {
        let problem = |what: What| Problem {
            input: file.input.clone(),
            what,
        };
        let open = || -> io::Result<Box<dyn Read + '_>> {
            match content {
                Some(content) => Ok(Box::new(content)),
                None => file.input.open(),
            }
        };
        // Standard input can be read once.
        let again = content.is_some() || file.input != Input::Standard;
        let bytes = content.map_or(file.bytes, |content| content.len() as u64);
        let read = |scanner: &mut Self, hit: &mut _| -> io::Result<Vec<Problem>> {
            if again {
                match scanner.inflater.load(open()?, bytes)? {
                    Loaded::Whole => {
                        return Ok(match scanner.whole(hit) {
                            Some(unread) => unread.whats().map(problem).collect(),
                            None => scanner.slowly(open()?, file, hit),
                        });
                    }
                    Loaded::Otherwise => {}
                }
            }
            let before = scanner.seen.bytes;
            let mut unread = Unread::default();
            let ended = scanner.windows(open()?, hit, &mut unread);
            let mut problems: Vec<Problem> = unread.whats().map(problem).collect();
            Ok(match ended {
                Ok(()) => problems,
                // Nothing of it counts yet: it can be read from the beginning.
                Err(Stop { told: false, .. }) if again => {
                    scanner.seen.bytes = before;
                    scanner.slowly(open()?, file, hit)
                }
                Err(Stop { what, .. }) => {
                    problems.push(problem(what));
                    problems
                }
            })
        };
        read(self, &mut hit).unwrap_or_else(|error| vec![problem(What::Unread(error.to_string()))])
    }

    /// The text that was unpacked at once: the records that cannot be read; none when it is not what the quick way
    /// expects.
    fn whole(&mut self, hit: &mut impl FnMut(&Rules, &Facts<'_>, &[u8])) -> Option<Unread> {
        let text = self.inflater.text();
        if text.is_empty() {
            return None;
        }
        let mut split = Split::new(text);
        let mut seen = Seen {
            bytes: text.len() as u64,
            ..Seen::default()
        };
        self.scratch.begin();
        let mut end = 0;
        let step = loop {
            end = (end + self.step.min(NEAR)).min(text.len());
            self.records.clear();
            let step = split.go(&text[..end], end == text.len(), &mut self.records);
            let before = usize::try_from(seen.records).unwrap_or(usize::MAX);
            count(&mut seen, &self.records);
            self.engine.sift(text, &self.records, before, &mut self.scratch);
            if end == text.len() || matches!(step, Step::Odd(_)) {
                break step;
            }
        };
        if step != Step::Over {
            return None;
        }
        self.seen.add(&seen);
        let mut unread = Unread::default();
        self.engine.decide(text, 0, &mut self.scratch, hit, &mut unread);
        Some(unread)
    }

    /// One record after the other, with all that can be said of what is broken.
    fn slowly(
        &mut self,
        input: impl Read,
        file: &LogFile,
        hit: &mut impl FnMut(&Rules, &Facts<'_>, &[u8]),
    ) -> Vec<Problem> {
        let (engine, read, scratch) = (self.engine, &mut self.seen, &mut self.scratch);
        let problems = self.contents.each_of(input, file, |record| {
            read.records += 1;
            if record.text.len() > LARGEST_EVENT {
                read.oversized += 1;
                return;
            }
            let matched = engine.plainly(record);
            if !matched.is_empty() {
                hit(&matched, &engine.facts(record.text, scratch), record.text);
            }
        });
        self.seen.bytes += self.contents.text().len() as u64;
        problems
    }

    /// A text of any length, a window of it at a time.
    fn windows(
        &mut self,
        input: impl Read,
        hit: &mut impl FnMut(&Rules, &Facts<'_>, &[u8]),
        unread: &mut Unread,
    ) -> Result<(), Stop> {
        let mut input = BufReader::with_capacity(1 << 16, input);
        let packed = match input.fill_buf() {
            Ok([]) => {
                return Err(Stop {
                    what: What::Empty,
                    told: false,
                });
            }
            Ok(begin) => begin.starts_with(&GZIP),
            Err(error) => {
                return Err(Stop {
                    what: What::Unread(error.to_string()),
                    told: true,
                });
            }
        };
        match packed {
            true => self.through(MultiGzDecoder::new(input), hit, unread),
            false => self.through(input, hit, unread),
        }
    }

    fn through(
        &mut self,
        mut input: impl Read,
        hit: &mut impl FnMut(&Rules, &Facts<'_>, &[u8]),
        unread: &mut Unread,
    ) -> Result<(), Stop> {
        self.window.clear();
        let (mut split, mut begun, mut told) = (None, 0, 0);
        loop {
            let before = self.window.len();
            let mut failed = None;
            self.window.resize(before + self.step, 0);
            let mut filled = before;
            while filled < self.window.len() {
                match input.read(&mut self.window[filled..]) {
                    Ok(0) => break,
                    Ok(more) => filled += more,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => {
                        failed = Some(error);
                        break;
                    }
                }
            }
            let whole = filled < self.window.len() && failed.is_none();
            self.window.truncate(filled);
            self.seen.bytes += (filled - before) as u64;
            let split = split.get_or_insert_with(|| Split::new(&self.window));
            self.records.clear();
            let step = split.go(&self.window, whole, &mut self.records);
            count(&mut self.seen, &self.records);
            self.scratch.begin();
            self.engine
                .sift(&self.window, &self.records, told, &mut self.scratch);
            self.engine
                .decide(&self.window, begun, &mut self.scratch, &mut *hit, unread);
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
                    io::ErrorKind::UnexpectedEof => What::CutOff(at),
                    io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                        What::Corrupt(at, error.to_string())
                    }
                    _ => What::Unread(error.to_string()),
                }));
            }
            if self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                return Ok(());
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

fn count(seen: &mut Seen, records: &[Found]) {
    seen.records += records.len() as u64;
    seen.oversized += records
        .iter()
        .filter(|record| record.range.len() > LARGEST_EVENT)
        .count() as u64;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;
    use trailwarden_pattern::{Pattern, Records};

    use super::*;
    use crate::read::Record;

    const PATTERNS: &[&str] = &[
        r#"{ $.eventName = "CreateUser" }"#,
        r#"{ $.eventName = Create* }"#,
        r#"{ $.eventName = *User }"#,
        r#"{ $.eventName = *reate* }"#,
        r#"{ ($.eventName = "DeleteTrail") || ($.errorCode = "AccessDenied*") }"#,
        r#"{ ($.eventSource = "iam.amazonaws.com") && ($.eventName = "CreateUser") }"#,
        r#"{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }"#,
        r#"{ $.errorCode NOT EXISTS }"#,
        r#"{ $.errorCode != "x" }"#,
        r#"{ $.count = 5 }"#,
        r#"{ $.count > 4 }"#,
        r#"{ $.count = "5" }"#,
        r#"{ $.flag IS TRUE }"#,
        r#"{ $.flag IS NULL }"#,
        r#"{ $.resources[*].ARN = "a/b" }"#,
        r#"{ $.resources[0] = "CreateUser" }"#,
        r#"{ $.userIdentity.* = "Root" }"#,
        r#"{ $.eventName = %^Create% }"#,
        r#"{ $.note = "say \"hi\"" }"#,
        r#"{ $.note = "a/b" }"#,
        r#"{ $.note = "ä" }"#,
        r#"{ $.userIdentity.type = "Root" || $.userIdentity.type = Create* }"#,
        r#"{ $.errorCode = "x" || $.errorCode IS NULL }"#,
        r#"{ $.note = "x" || $.note = "5" }"#,
        r#"{ $.eventName = "CreateUser" || $.eventName = *Trail }"#,
        r#"{ $.eventName = "CreateUser" || $.eventName > 4 }"#,
        r#"{ $.note = x }"#,
        "CreateUser",
        "\"eventName\" -Delete",
        "",
    ];

    /// A character, as somebody may write it in JSON.
    fn written(c: char, how: u8) -> String {
        match (c, how % 8) {
            ('"' | '\\', _) => format!("\\{c}"),
            ('/', 0..4) => "\\/".into(),
            (_, 0) if (c as u32) < 0x1_0000 => format!("\\u{:04x}", c as u32),
            (_, 1) if (c as u32) < 0x1_0000 => format!("\\u{:04X}", c as u32),
            _ => c.to_string(),
        }
    }

    fn string(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
        (select(texts), any::<bool>(), any::<u64>()).prop_map(|(text, plain, seed)| {
            let mut seed = seed;
            let written: String = text
                .chars()
                .map(|c| {
                    seed = seed.rotate_left(5).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(c);
                    written(c, if plain { 7 } else { (seed >> 40) as u8 })
                })
                .collect();
            format!("\"{written}\"")
        })
    }

    fn name() -> impl Strategy<Value = String> {
        string(&[
            "eventName",
            "eventSource",
            "errorCode",
            "userIdentity",
            "type",
            "invokedBy",
            "eventType",
            "count",
            "flag",
            "resources",
            "ARN",
            "note",
            "x",
        ])
    }

    fn scalar() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => string(&[
                "CreateUser", "DeleteTrail", "AccessDenied", "AccessDeniedException", "Root", "iam.amazonaws.com",
                "AwsServiceEvent", "x", "", "a/b", "say \"hi\"", "ä", "5", "eventName", "{\"eventName\":\"CreateUser\"}",
                "\\", "]}",
            ]),
            1 => select(&["5", "5.0", "50e-1", "-1", "true", "false", "null"][..]).prop_map(str::to_owned),
        ]
    }

    fn blank() -> impl Strategy<Value = &'static str> {
        prop_oneof![4 => Just(""), 1 => select(&[" ", "\n", "\t ", "\r\n"][..])]
    }

    fn value() -> impl Strategy<Value = String> {
        scalar().prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                object(inner.clone()),
                (proptest::collection::vec(inner, 0..3), blank())
                    .prop_map(|(all, blank)| format!("[{blank}{}]", all.join(&format!("{blank},")))),
            ]
        })
    }

    fn object(inner: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
        (proptest::collection::vec((name(), inner), 0..5), blank(), blank()).prop_map(|(members, a, b)| {
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{name}{a}:{b}{value}"))
                .collect();
            format!("{{{a}{}{b}}}", members.join(&format!("{b},{a}")))
        })
    }

    /// Records in one of the forms that people have.
    fn text() -> impl Strategy<Value = String> {
        let records = proptest::collection::vec(object(value()), 0..6);
        (records, 0..6u8, blank(), blank()).prop_map(|(records, form, a, b)| {
            let list = format!("[{a}{}{b}]", records.join(&format!("{a},{b}")));
            match form {
                0 => format!("{{\"Records\":{list}}}"),
                1 => format!("{a}{{{b}\"Records\"{a}:{b}{list}{a}}}{b}"),
                2 => list,
                3 => records.join("\n"),
                4 => format!("{{\"Records\":{list}}}{a}{{\"Records\":{list}}}"),
                _ => format!("{{\"more\":1,\"Records\":{list},\"last\":[{{}}]}}"),
            }
        })
    }

    fn patterns() -> Vec<Pattern> {
        let parse =
            |text: &&str| Pattern::parse(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
        PATTERNS.iter().map(parse).collect()
    }

    type Matched = Vec<(Vec<usize>, String)>;

    fn plainly(engine: &Engine, text: &[u8]) -> Matched {
        let records = Records::of(text).filter_map(Result::ok);
        let matched = records.map(|(place, text)| (engine.plainly(Record { place, text }), text));
        matched
            .filter(|(rules, _)| !rules.is_empty())
            .map(|(rules, text)| (rules.each().collect(), String::from_utf8_lossy(text).into_owned()))
            .collect()
    }

    proptest! {
        #[test]
        fn the_quick_way_finds_what_the_plain_one_finds(text in text(), step in 1..200usize) {
            let patterns = patterns();
            let engine = Engine::new(&patterns.iter().collect::<Vec<_>>()).expect("few");
            let expected = plainly(&engine, text.as_bytes());
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("log.json");
            std::fs::write(&path, &text).expect("written");
            let file = LogFile { input: Input::File(path), bytes: text.len() as u64, name: None };
            // At once, and a window at a time as of a file that is too large for that.
            for bytes in [text.len() as u64, u64::MAX] {
                let mut scanner = Scanner::new(&engine);
                scanner.step = step;
                let mut found = Matched::new();
                let file = LogFile { bytes, ..file.clone() };
                let problems = scanner.file(&file, None, |rules, _, text| {
                    found.push((rules.each().collect(), String::from_utf8_lossy(text).into_owned()));
                });
                let whole = problems.is_empty();
                prop_assert!(whole || text.trim().is_empty(), "{problems:?}");
                prop_assert_eq!(&found, &expected);
                prop_assert_eq!(scanner.seen().bytes, text.len() as u64);
            }
        }

        /// For one pattern other things are looked for than for all of them.
        #[test]
        fn the_quick_way_finds_for_each_pattern_what_the_plain_one_finds(text in text()) {
            for pattern in patterns() {
                let engine = Engine::new(&[&pattern]).expect("few");
                let mut found = Matched::new();
                let mut scanner = Scanner::new(&engine);
                let ended = scanner.windows(
                    text.as_bytes(),
                    &mut |rules, _, text| {
                        found.push((rules.each().collect(), String::from_utf8_lossy(text).into_owned()));
                    },
                    &mut Unread::default(),
                );
                if ended.is_ok() {
                    prop_assert_eq!(&found, &plainly(&engine, text.as_bytes()), "{}", pattern);
                }
            }
        }

        #[test]
        fn nothing_that_is_broken_breaks_it(text in text(), step in 1..200usize, at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
            let patterns = patterns();
            let engine = Engine::new(&patterns.iter().collect::<Vec<_>>()).expect("few");
            let mut bytes = text.into_bytes();
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let mut scanner = Scanner::new(&engine);
            scanner.step = step;
            let mut count = 0;
            let ended = scanner.windows(bytes.as_slice(), &mut |_, _, _| count += 1, &mut Unread::default());
            // What is not UTF-8, or no JSON within a record, is not seen as long as no rule could match there.
            if ended.is_ok() && Records::of(&bytes).all(|record| record.is_ok()) {
                prop_assert_eq!(count, plainly(&engine, &bytes).len());
            }
        }
    }

    #[test]
    fn the_published_events_match_as_they_do_plainly() {
        let patterns = patterns();
        let engine = Engine::new(&patterns.iter().collect::<Vec<_>>()).expect("few");
        let events = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/events");
        let found = crate::files::find(&[events], &crate::layout::Selection::default());
        assert!(found.files.len() > 20);
        let (mut contents, mut scanner) = (Contents::default(), Scanner::new(&engine));
        let mut all = 0;
        for file in &found.files {
            let mut expected = Matched::new();
            let problems = contents.each(file, |record| {
                let matched = engine.plainly(record);
                if !matched.is_empty() && record.text.len() <= LARGEST_EVENT {
                    expected.push((
                        matched.each().collect(),
                        String::from_utf8_lossy(record.text).into_owned(),
                    ));
                }
            });
            let mut quickly = Matched::new();
            let quick_problems = scanner.file(file, None, |rules, _, text| {
                quickly.push((rules.each().collect(), String::from_utf8_lossy(text).into_owned()));
            });
            assert_eq!(problems, quick_problems, "{}", file.input);
            assert_eq!(quickly, expected, "{}", file.input);
            all += expected.len();
        }
        assert!(all > 700, "{all}");
    }
}
