//! `[[moved]]`: a section has another label than before and keeps the names that the old one gave.
//!
//! Labels become names where `name` is not written, and AWS lets no object be renamed: another label
//! would delete one and make another. A move is a fact of the spec and nothing that a plan does, so
//! that it stays there for as long as the names are to stay.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::LogGroup;
use crate::problem::{Problem, code};

use super::alarm::AlarmSection;
use super::bucket::BucketSection;
use super::composite_alarm::CompositeSection;
use super::decoder::{At, Sink, Table};
use super::key::KeySection;
use super::metric_filter::FilterSection;
use super::names::LABEL;
use super::pack::PackSection;
use super::role::RoleSection;
use super::rule::RuleSection;
use super::sections::{Document, Known, Section};
use super::suggest::{among, listed};
use super::topic::TopicSection;
use super::trail::TrailSection;

/// The sections that have labels.
const WORDS: [&str; 11] = [
    TrailSection::WORD,
    KeySection::WORD,
    BucketSection::WORD,
    LogGroup::WORD,
    RoleSection::WORD,
    TopicSection::WORD,
    RuleSection::WORD,
    PackSection::WORD,
    FilterSection::WORD,
    AlarmSection::WORD,
    CompositeSection::WORD,
];

/// A section as people call it: `rule.iam-changes`.
type Name = (&'static str, String);

/// One `[[moved]]` that leads from one label to another of the same sort.
#[derive(Debug)]
struct Move {
    from: At<Name>,
    to: At<Name>,
    /// The section that it comes from is gone, as it should be. Else two sections would make one
    /// object, which is no news.
    is_gone: bool,
}

/// All moves of a spec.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    moves: Vec<Move>,
}

impl Moves {
    /// Takes the moves out of all files: they have to be known before the sections are read.
    pub(crate) fn read(roots: &mut [Table<'_>]) -> Self {
        let mut moves = Vec::new();
        for root in &mut *roots {
            for mut table in root.tables_unlisted("moved") {
                let from = table.need::<String>("from", "\"rule.old-label\"");
                let to = table.need::<String>("to", "\"rule.new-label\"");
                let sink = table.cx.sink;
                table.finish();
                let read = |text: Option<At<String>>| text.and_then(|text| section(sink, text));
                let (Some(from), Some(to)) = (read(from), read(to)) else {
                    continue;
                };
                if from.value.0 == to.value.0 {
                    if !twice(sink, &moves, &from, &to) {
                        moves.push(Move {
                            from,
                            to,
                            is_gone: true,
                        });
                    }
                    continue;
                }
                let (old, new) = (from.value.0, to.value.0);
                let message = format!("a section `{old}` cannot become a section `{new}`");
                let problem =
                    Problem::new(code::BAD_MOVE, &to.spot, message).label("another sort of section");
                sink.report(problem.help(format!("write the label of a `[{old}.LABEL]`")));
            }
        }
        for each in &mut moves {
            let (word, label) = &each.from.value;
            each.is_gone = !roots.iter().any(|root| root.has_within(word, label));
        }
        Self { moves }
    }

    /// The label whose names a section has: the first of the labels that it had, if it was moved.
    pub(crate) fn named(&self, word: &'static str, label: &str) -> String {
        let mut now = label;
        let mut seen = BTreeSet::from([label]);
        while let Some(before) = self
            .moves
            .iter()
            .find(|m| m.is_gone && m.to.value.0 == word && m.to.value.1 == now)
        {
            now = &before.from.value.1;
            if !seen.insert(now) {
                // A circle, which is a problem: any of its labels will do.
                return label.into();
            }
        }
        now.into()
    }

    /// Reports moves that lead nowhere, and those that say nothing.
    pub(crate) fn check(&self, sink: &Sink, document: &Document) {
        let from: BTreeMap<&Name, &Move> = self.moves.iter().map(|each| (&each.from.value, each)).collect();
        let mut circular: BTreeSet<&Name> = BTreeSet::new();
        for each in from.values() {
            if circular.contains(&each.from.value) {
                continue;
            }
            let circle = circle(each, &from);
            if circle.is_empty() {
                continue;
            }
            circular.extend(circle.iter().map(|of_it| &of_it.from.value));
            let around = circle.iter().chain(circle.first());
            let names: Vec<String> = around.map(|of_it| written(&of_it.from.value)).collect();
            let message = format!("the moves `{}` go round in a circle", names.join("` -> `"));
            let problem = Problem::new(code::BAD_MOVE, &each.from.spot, message).label("comes back to here");
            sink.report(
                problem
                    .help("take one of these moves away: the section has the label that it is written with"),
            );
        }
        for each in from.values().filter(|each| !circular.contains(&each.from.value)) {
            each.check(sink, document, from.contains_key(&each.to.value));
        }
    }
}

impl Move {
    fn check(&self, sink: &Sink, document: &Document, moves_on: bool) {
        let (old, new) = (written(&self.from.value), written(&self.to.value));
        let find = |name: &Name| -> Option<Known<'_>> {
            document
                .sections()
                .find(|known| known.word == name.0 && known.label == name.1)
        };
        if let Some(there) = find(&self.from.value) {
            let message = format!("`{old}` is there, so that it was not moved");
            let problem = Problem::new(code::BAD_MOVE, &self.from.spot, message).label("still a section");
            sink.report(problem.also(&there.origin.spot, "here").help(format!(
                "give that section another label, or take the move away and let `[{new}]` write the names that it is to keep",
            )));
        }
        // A later move goes on from there.
        if moves_on {
            return;
        }
        let (word, label) = &self.to.value;
        match find(&self.to.value) {
            None if document.mistyped.contains(word) => {}
            None => {
                let labels = document.sections().filter(|known| known.word == *word);
                let help = among(label, labels.map(|known| known.label));
                let message = format!("there is no `[{new}]`");
                let problem = Problem::new(code::BAD_MOVE, &self.to.spot, message).label("leads to nothing");
                sink.report(problem.help(help.unwrap_or_else(|| {
                    format!("the spec has no `[{word}.LABEL]` at all: take the move away")
                })));
            }
            Some(there) if there.names_itself => {
                let message =
                    format!("the move to `{new}` says nothing: that section writes its names itself");
                let problem =
                    Problem::new(code::BAD_MOVE, &self.to.spot, message).label("takes no name from a label");
                sink.report(
                    problem
                        .also(&there.origin.spot, "here")
                        .help("take the move away; the names that are written hold"),
                );
            }
            Some(_) => {}
        }
    }
}

/// Reports a second move from or to a label. It is left out, so that nothing else follows from it.
fn twice(sink: &Sink, moves: &[Move], from: &At<Name>, to: &At<Name>) -> bool {
    let same_from = moves.iter().find(|first| first.from.value == from.value);
    let same_to = moves.iter().find(|first| first.to.value == to.value);
    let (verb, end, first) = match (same_from, same_to) {
        (Some(first), _) => ("moved from", from, &first.from),
        (None, Some(first)) => ("moved to", to, &first.to),
        (None, None) => return false,
    };
    let message = format!("`{}` is {verb} twice", written(&end.value));
    let problem = Problem::new(code::BAD_MOVE, &end.spot, message).label("the second");
    sink.report(
        problem
            .also(&first.spot, "the first")
            .help("take one of them away"),
    );
    true
}

/// The moves from this one on until it comes back to itself; none where it does not.
fn circle<'m>(first: &'m Move, from: &BTreeMap<&Name, &'m Move>) -> Vec<&'m Move> {
    let mut circle = vec![first];
    let mut seen = BTreeSet::from([&first.from.value]);
    let mut now = first;
    while now.to.value != first.from.value {
        match from.get(&now.to.value) {
            Some(next) if seen.insert(&next.from.value) => {
                circle.push(next);
                now = next;
            }
            _ => return Vec::new(),
        }
    }
    circle
}

/// Reads `rule.label`; `None` after a problem.
fn section(sink: &Sink, text: At<String>) -> Option<At<Name>> {
    let parts = text.value.split_once('.');
    let read = parts.and_then(|(word, label)| {
        let word = WORDS.into_iter().find(|known| *known == word)?;
        LABEL.allows(label).then(|| (word, label.to_owned()))
    });
    if read.is_none() {
        let message = format!("`{}` is no section", text.value.escape_debug());
        let problem = Problem::new(code::BAD_MOVE, &text.spot, message).label("not `SECTION.LABEL`");
        sink.report(problem.help(format!(
            "write the section as its header does, such as `rule.iam-changes`; those with labels are {}",
            listed(WORDS)
        )));
    }
    read.map(|value| At {
        value,
        spot: text.spot,
    })
}

fn written((word, label): &Name) -> String {
    format!("{word}.{label}")
}
