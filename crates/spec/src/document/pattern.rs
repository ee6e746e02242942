//! `pattern`, wherever it is written: compiled, and looked over.

use std::collections::BTreeSet;
use std::ops::Range;

use trailwarden_pattern::{Code, ManagementEvents as Recorded, Pattern, Recording};

use crate::kinds::{ManagementEvents, MetricFilter, Trail};
use crate::leaf::FilterPattern;
use crate::problem::{Problem, code};
use crate::wanted::Stack;

use super::decoder::{At, Decode, Spot, Table, Value};
use super::resolve::Resolver;
use super::suggest::{listed, nearest};
use super::written::Written;

/// A pattern as typed, and where its parts are.
#[derive(Clone, Debug)]
pub(crate) struct PatternText {
    /// What is sent.
    pub(crate) filter: FilterPattern,
    /// What it says; none after a problem.
    pub(crate) parsed: Option<Pattern>,
    written: Option<Written>,
    spot: Spot,
}

impl PatternText {
    /// Stands in for a pattern that cannot be read.
    pub(crate) fn unread(spot: &Spot) -> Self {
        Self {
            filter: FilterPattern::new(""),
            parsed: None,
            written: None,
            spot: spot.clone(),
        }
    }

    /// A pattern of a pack, which is written nowhere: its place is that of what asks for it.
    pub(crate) fn of_pack(text: &str, spot: &Spot) -> Self {
        Self {
            filter: FilterPattern::new(text),
            parsed: Pattern::parse(text).ok(),
            written: None,
            spot: spot.clone(),
        }
    }

    /// Where a part of the pattern is in the file; all of the pattern where that cannot be told.
    fn place(&self, part: &Range<usize>) -> Spot {
        match &self.written {
            Some(written) => Spot {
                file: self.spot.file,
                span: written.place(part.clone()),
            },
            None => self.spot.clone(),
        }
    }

    fn problem(&self, found: &trailwarden_pattern::Problem) -> Problem {
        let problem = Problem::new(
            found.code.as_str(),
            &self.place(&found.span),
            found.message.as_str(),
        );
        match found.way_out() {
            Some(help) => problem.help(help),
            None => problem,
        }
    }
}

impl Decode for PatternText {
    fn decode(value: &Value<'_>) -> Option<Self> {
        let filter = FilterPattern::new(&String::decode(value)?);
        let text = filter.as_str();
        let token = value.cx.text.get(value.spot.span.clone()).unwrap_or_default();
        let stack: Option<&Stack> = value.cx.variables.get();
        let written = Written::of_toml(token, value.spot.span.start)
            .and_then(|written| written.expanded(stack))
            .map(|written| written.trimmed())
            .filter(|written| written.text() == text);
        let mut pattern = Self {
            written,
            spot: value.spot.clone(),
            parsed: None,
            filter: filter.clone(),
        };
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        if let Some((at, bad)) = text.char_indices().find(|(_, c)| control(*c)) {
            let message = "the pattern has control characters";
            let spot = pattern.place(&(at..at + bad.len_utf8()));
            let problem = Problem::new(code::BAD_PATTERN, &spot, message);
            value.report(
                problem
                    .label(format!("`{}` is not allowed", bad.escape_debug()))
                    .help("of these only newlines and tabs stand between words; take it away"),
            );
            return Some(pattern);
        }
        match Pattern::parse(text) {
            Ok(parsed) => pattern.parsed = Some(parsed),
            Err(problems) => {
                for problem in &problems {
                    value.report(pattern.problem(problem));
                }
            }
        }
        Some(pattern)
    }
}

/// Warnings that a section does not want to hear.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allowed(BTreeSet<&'static str>);

impl Allowed {
    /// Allows all that is said of a text by itself, whatever a trail records.
    pub(crate) fn all_of(&mut self, pattern: &PatternText) {
        let lints = pattern.parsed.iter().flat_map(Pattern::lints);
        self.0.extend(lints.map(|lint| lint.code.as_str()));
    }
}

/// Takes `allow` out: the codes of lints that are not to be said.
pub(crate) fn read_allowed(table: &mut Table<'_>) -> Allowed {
    let sink = table.cx.sink;
    let codes = || Code::LINTS.iter().map(|code| code.as_str());
    let mut allowed = Allowed::default();
    for At { value, spot } in table
        .take::<Vec<At<String>>>("allow")
        .map(|at| at.value)
        .unwrap_or_default()
    {
        match codes().find(|code| *code == value) {
            Some(code) => {
                allowed.0.insert(code);
            }
            None => {
                let help = match nearest(&value, codes()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the warnings are {}", listed(codes())),
                };
                let problem = Problem::new(
                    code::UNKNOWN_WORD,
                    &spot,
                    format!("there is no warning `{value}`"),
                );
                sink.report(problem.label("unknown word").help(help));
            }
        }
    }
    allowed
}

/// Looks over the pattern of a filter whose log group is known.
pub(crate) fn lint(resolver: &Resolver<'_>, pattern: &PatternText, allowed: &Allowed, filter: &MetricFilter) {
    let Some(parsed) = &pattern.parsed else { return };
    let found = match resolver.recording(&filter.log_group) {
        Some(recording) => parsed.lints_for(&recording),
        None => parsed.lints(),
    };
    for lint in &found {
        if !allowed.0.contains(lint.code.as_str()) {
            resolver.sink.report(pattern.problem(lint).warning());
        }
    }
}

/// Looks over a dimension's selector.
pub(crate) fn lint_dimension(table: &Table<'_>, allowed: &Allowed, selector: &At<String>) {
    let lint = trailwarden_pattern::lint_dimension(&selector.value);
    if let Some(lint) = lint.filter(|lint| !allowed.0.contains(lint.code.as_str())) {
        let problem = Problem::new(lint.code.as_str(), &selector.spot, lint.message);
        let problem = match lint.help {
            Some(help) => problem.help(help),
            None => problem,
        };
        table.cx.sink.report(problem.warning());
    }
}

impl Resolver<'_> {
    /// What the trails of the spec that deliver to a log group record; none where no trail does.
    fn recording(&self, group: &str) -> Option<Recording> {
        let trails = self.delivering(group);
        let mut all: Option<Recording> = None;
        for trail in trails {
            let one = recording(trail, &self.scope().region);
            all = Some(match all {
                None => one,
                Some(other) => union(&one, &other),
            });
        }
        all
    }
}

fn recording(trail: &Trail, region: &str) -> Recording {
    Recording {
        management: match trail.management_events {
            ManagementEvents::All => Recorded::All,
            ManagementEvents::Read => Recorded::Read,
            ManagementEvents::Write => Recorded::Write,
            ManagementEvents::None => Recorded::None,
        },
        excluded: trail.excluded_sources.clone(),
        data: trail.data_events.get().is_some_and(|events| !events.is_empty()),
        global: trail.global_service_events && (trail.multi_region || region == "us-east-1"),
    }
}

/// What one of two trails records.
fn union(a: &Recording, b: &Recording) -> Recording {
    Recording {
        management: match (a.management, b.management) {
            (one, other) if one == other => one,
            (Recorded::None, other) | (other, Recorded::None) => other,
            _ => Recorded::All,
        },
        excluded: a.excluded.intersection(&b.excluded).cloned().collect(),
        data: a.data || b.data,
        global: a.global || b.global,
    }
}
