//! The tests of a spec's patterns.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};
use trailwarden_diff::render::visible;
use trailwarden_spec::wanted::{Event, PatternTest};

use crate::events;
use crate::load::Loaded;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const QUIET: Style = Style::new().dimmed();

/// How a test ended.
pub(super) struct Outcome {
    /// Whose pattern it is.
    pub(super) origin: String,
    /// What people call the test.
    pub(super) name: String,
    /// Where it is written.
    pub(super) place: String,
    /// What is wrong, in lines; `None` when nothing is.
    pub(super) failure: Option<String>,
    /// How long it took.
    pub(super) took: Duration,
}

/// Runs all tests of a spec.
pub(super) fn run(loaded: &Loaded) -> Vec<Outcome> {
    let one = |test: &PatternTest| {
        let start = Instant::now();
        Outcome {
            origin: test.origin.clone(),
            name: name(test),
            place: loaded.line(&test.place),
            failure: failure(loaded, test),
            took: start.elapsed(),
        }
    };
    loaded.wanted.tests.iter().map(one).collect()
}

/// The events of a test: one, or the records of a log file and the like.
pub(super) fn events(loaded: &Loaded, test: &PatternTest) -> Result<Vec<Vec<u8>>, String> {
    let (text, what) = match &test.event {
        Event::Text(text) => (text.clone().into_bytes(), "the event".to_owned()),
        Event::File { path, source } => {
            let file = loaded.beside(*source, path);
            let mut text = Vec::new();
            File::open(&file)
                .and_then(events::unpacked)
                .and_then(|mut input| input.read_to_end(&mut text))
                .map_err(|error| format!("cannot read `{}`: {error}", file.display()))?;
            (text, format!("`{}`", file.display()))
        }
    };
    match events::split(&test.pattern, &text) {
        Ok(events) if events.is_empty() => Err(format!("{what} holds no event")),
        Ok(events) => Ok(events.into_iter().map(Cow::into_owned).collect()),
        Err(at) => {
            let before = text.get(..at).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
            Err(format!(
                "{what} is not JSON (line {line}, column {column}): no JSON pattern matches it, so this test proves nothing"
            ))
        }
    }
}

fn name(test: &PatternTest) -> String {
    match (&test.name, &test.event) {
        (Some(name), _) => name.clone(),
        (None, Event::File { path, .. }) => path.clone(),
        (None, Event::Text(text)) => {
            let mut short: String = text.chars().take(60).collect();
            if short.len() < text.len() {
                short.push_str("...");
            }
            short
        }
    }
}

fn failure(loaded: &Loaded, test: &PatternTest) -> Option<String> {
    let events = match events(loaded, test) {
        Ok(events) => events,
        Err(error) => return Some(error),
    };
    let matcher = test.pattern.matcher();
    let wrong: Vec<usize> = (0..events.len())
        .filter(|at| matcher.is_match(&events[*at]) != test.matches)
        .collect();
    let first = *wrong.first()?;
    let what = match test.matches {
        true => "does not match, and the test says `match = true`",
        false => "matches, and the test says `match = false`",
    };
    let subject = match (events.len(), wrong.len()) {
        (1, _) => "the pattern".to_owned(),
        (all, 1) => format!("record {} of {all}: the pattern", first + 1),
        (all, count) => format!(
            "{count} of {all} records, the first of them record {}: the pattern",
            first + 1
        ),
    };
    Some(format!(
        "{subject} {what}\n{}",
        test.pattern.explain_on(&events[first])
    ))
}

/// What people read of the tests: those that failed, and how many there are.
pub(super) fn report(results: &[Outcome]) -> String {
    let mut out = String::new();
    if results.is_empty() {
        return out;
    }
    let mut failed = 0;
    for Outcome {
        origin,
        name,
        place,
        failure,
        ..
    } in results
    {
        let Some(failure) = failure else { continue };
        failed += 1;
        out.push_str(&format!(
            "{BAD}FAIL{BAD:#} {origin}: {}  {QUIET}# {place}{QUIET:#}\n",
            visible(name)
        ));
        for line in visible(failure).lines() {
            out.push_str(&format!("     {line}\n"));
        }
        out.push('\n');
    }
    let passed = results.len() - failed;
    let tests = if results.len() == 1 { "test" } else { "tests" };
    let (style, end) = match failed {
        0 => (GOOD, String::new()),
        failed => (BAD, format!(", {failed} failed")),
    };
    out.push_str(&format!(
        "{} {tests}: {style}{passed} passed{end}{style:#}\n",
        results.len()
    ));
    out
}
