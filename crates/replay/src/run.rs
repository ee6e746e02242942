//! All files, in parallel: what each rule would have matched, and what another spec would have.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use jiff::Timestamp;
use rayon::prelude::*;
use trailwarden_pattern::Pattern;

use crate::engine::{Engine, Rules};
use crate::facts::Facts;
use crate::files::{LogFile, Problem};
use crate::layout::Selection;
use crate::read::What;
use crate::scan::{Scanner, Seen};
use crate::tally::Tally;

/// A pair of rules whose verdicts are compared, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The rule as it is.
    pub new: usize,
    /// The rule as it was.
    pub old: usize,
}

/// What differs between two rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// What the new one matches and the old one does not.
    pub gained: Tally,
    /// What the old one matches and the new one does not.
    pub lost: Tally,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// By rule.
    pub tallies: Vec<Tally>,
    /// By pair.
    pub differences: Vec<Difference>,
    /// What was read.
    pub seen: Seen,
    /// How many files.
    pub files: usize,
    /// What could not be read, in the order of the files.
    pub problems: Vec<Problem>,
    /// Somebody stopped it: not all was read.
    pub stopped: bool,
}

/// Hears how far it has come.
pub trait Progress: Sync {
    /// A file was read; of so many bytes as it is stored, so many when it is unpacked.
    fn read(&self, stored: u64, unpacked: u64);
}

/// Nobody hears.
impl Progress for () {
    fn read(&self, _stored: u64, _unpacked: u64) {}
}

/// A file to read.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Its place among all, by which what is said of them is sorted.
    pub number: usize,
    /// The file.
    pub file: LogFile,
    /// What is in it, where that has been fetched, or why it could not be.
    pub content: Option<Result<Vec<u8>, String>>,
}

/// Where files come from. Several threads ask it.
pub trait LogSource: Sync {
    /// The next file; none when there are no more.
    fn next(&self) -> Option<Piece>;
}

/// Files of this machine.
#[derive(Debug, Default)]
pub struct Listed {
    files: Vec<LogFile>,
    next: AtomicUsize,
}

impl Listed {
    /// These, in their order.
    #[must_use]
    pub fn new(files: Vec<LogFile>) -> Self {
        Self {
            files,
            next: AtomicUsize::new(0),
        }
    }
}

impl LogSource for Listed {
    fn next(&self) -> Option<Piece> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let file = self.files.get(number)?.clone();
        Some(Piece {
            number,
            file,
            content: None,
        })
    }
}

/// Reads files with so many threads and holds their records against patterns.
#[must_use]
pub fn run(
    source: &impl LogSource,
    selection: &Selection,
    engine: &Engine,
    pairs: &[Pair],
    threads: usize,
    progress: &impl Progress,
    stop: &AtomicBool,
) -> Replayed {
    let all = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                let mut own = Share::new(selection, engine, pairs, stop);
                while !stop.load(Ordering::Relaxed)
                    && let Some(piece) = source.next()
                {
                    own.file(&piece, progress);
                }
                if let Ok(mut all) = all.lock() {
                    all.push(own.done());
                }
            });
        }
    });
    let mut replayed = Replayed {
        tallies: vec![Tally::default(); engine.len()],
        differences: vec![Difference::default(); pairs.len()],
        stopped: stop.load(Ordering::Relaxed),
        ..Replayed::default()
    };
    let mut problems = Vec::new();
    for own in all.into_inner().unwrap_or_default() {
        let tallies = replayed.tallies.par_iter_mut().zip(own.tallies);
        tallies.for_each(|(tally, own)| tally.merge(own));
        let differences = replayed.differences.par_iter_mut().zip(own.differences);
        differences.for_each(|(difference, own)| {
            difference.gained.merge(own.gained);
            difference.lost.merge(own.lost);
        });
        replayed.seen.add(&own.seen);
        replayed.files += own.files;
        problems.extend(own.problems);
    }
    problems.sort_by_key(|(at, _)| *at);
    replayed.problems = problems.into_iter().map(|(_, problem)| problem).collect();
    replayed
}

/// What one thread does.
struct Share<'e> {
    scanner: Scanner<'e>,
    count: Count<'e>,
    files: usize,
    problems: Vec<(usize, Problem)>,
}

struct Count<'e> {
    selection: &'e Selection,
    pairs: &'e [Pair],
    tallies: Vec<Tally>,
    differences: Vec<Difference>,
}

struct Done {
    tallies: Vec<Tally>,
    differences: Vec<Difference>,
    seen: Seen,
    files: usize,
    problems: Vec<(usize, Problem)>,
}

impl<'e> Share<'e> {
    fn new(selection: &'e Selection, engine: &'e Engine, pairs: &'e [Pair], stop: &'e AtomicBool) -> Self {
        Self {
            scanner: Scanner::new(engine).until(stop),
            count: Count {
                selection,
                pairs,
                tallies: vec![Tally::default(); engine.len()],
                differences: vec![Difference::default(); pairs.len()],
            },
            files: 0,
            problems: Vec::new(),
        }
    }

    fn file(&mut self, piece: &Piece, progress: &impl Progress) {
        let Piece {
            number,
            file,
            content,
        } = piece;
        let content = match content {
            Some(Err(why)) => {
                let what = What::Unread(why.clone());
                let input = file.input.clone();
                self.problems.push((*number, Problem { input, what }));
                progress.read(file.bytes, 0);
                return;
            }
            Some(Ok(content)) => Some(content.as_slice()),
            None => None,
        };
        let before = self.scanner.seen().bytes;
        let count = &mut self.count;
        let problems = self
            .scanner
            .file(file, content, |rules, facts, _| count.hit(rules, facts));
        self.problems
            .extend(problems.into_iter().map(|problem| (*number, problem)));
        self.files += 1;
        progress.read(file.bytes, self.scanner.seen().bytes - before);
    }

    fn done(self) -> Done {
        Done {
            tallies: self.count.tallies,
            differences: self.count.differences,
            seen: self.scanner.seen().clone(),
            files: self.files,
            problems: self.problems,
        }
    }
}

impl Count<'_> {
    fn hit(&mut self, rules: &Rules, facts: &Facts<'_>) {
        let wanted = |selection: &Selection| {
            let time = facts.time.and_then(|time| Timestamp::from_second(time).ok());
            let region = selection.regions.is_empty()
                || selection.regions.iter().any(|region| *region == facts.region);
            // One that does not say when it was cannot be left out.
            region && time.is_none_or(|time| selection.holds(time))
        };
        if !wanted(self.selection) {
            return;
        }
        for rule in rules.each() {
            self.tallies[rule].add(facts);
        }
        for (pair, difference) in self.pairs.iter().zip(&mut self.differences) {
            match (rules.has(pair.new), rules.has(pair.old)) {
                (true, false) => difference.gained.add(facts),
                (false, true) => difference.lost.add(facts),
                _ => {}
            }
        }
    }
}

/// Prepares the patterns of rules, and of those that they are compared with.
///
/// # Errors
/// When there are too many: the most that one run takes.
pub fn engine(patterns: &[Pattern]) -> Result<Engine, usize> {
    Engine::new(&patterns.iter().collect::<Vec<_>>())
}
