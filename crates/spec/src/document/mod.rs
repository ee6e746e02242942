//! The text of a spec, read in two steps: [`sections`] are what is typed, each with its place;
//! [`resolve`] makes of them what is wanted. Both go on after a problem, so that people see all of
//! them at once.
//!
//! A page for each sort of section holds its keys and what follows from it; [`names`] and
//! [`limits`] hold what AWS takes.

use std::cell::OnceCell;
use std::ops::Range;

use toml::de::DeTable;

use crate::problem::{Problem, Problems, Severity, code};
use crate::wanted::{Stack, Wanted};

mod adopt;
mod alarm;
mod alarm_query;
mod bucket;
mod composite_alarm;
mod decoder;
mod drill;
mod endpoint;
mod heartbeat;
mod joins;
mod key;
mod limits;
mod log_group;
mod metric_filter;
mod moved;
mod names;
mod pack;
mod pattern;
mod references;
mod release;
mod resolve;
mod role;
mod rule;
mod sections;
mod selectors;
mod stack;
mod suggest;
mod tags;
mod test;
mod topic;
mod trail;
mod values;
mod variables;
mod waiver;
mod written;

pub(crate) use decoder::Spot;

use decoder::{Cx, Sink, Table};
use moved::Moves;
use sections::Document;
use stack::Header;

/// A spec to begin with, for `trailwarden init`: account, region and names are to be edited.
pub const STARTER: &str = include_str!("starter.toml");

/// One file of a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name under which it is shown.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Where an endpoint comes from that is not written in the spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRef {
    /// An environment variable.
    Env(String),
    /// A file: its path as written, and the index of the source that says it, as paths are relative
    /// to that.
    File(String, usize),
}

/// Looks up what a spec does not hold itself. This crate asks neither environment nor files.
pub trait Secrets {
    /// The secret, blanks around it dropped; `Ok(None)` when it is not looked up, as in an offline
    /// check. A subscription whose endpoint is not looked up is left out of what is wanted.
    ///
    /// # Errors
    /// Why it cannot be had, as a lowercase fragment: it becomes a [`Problem`]'s label.
    fn look_up(&self, from: &SecretRef) -> Result<Option<String>, String>;

    /// True when a subscription whose endpoint is not looked up is wanted all the same, with a
    /// stand-in for it: for who only asks whether anybody is subscribed.
    fn stands_in(&self) -> bool {
        false
    }
}

/// Reads a spec: what it wants, or all that is wrong with it.
///
/// # Errors
/// Every problem of every file, each with its place. With no sources at all it is one problem of
/// file 0, which then does not exist.
pub fn parse(sources: &[Source], secrets: &dyn Secrets) -> Result<Wanted, Problems> {
    let sink = Sink::default();
    if sources.is_empty() {
        let problem = Problem::new(code::EMPTY, &Spot { file: 0, span: 0..0 }, "the spec has no file");
        return Err(Problems::of(vec![
            problem.help("write one: `trailwarden init` makes a first"),
        ]));
    }
    let variables = OnceCell::new();
    let mut unread = Vec::new();
    let mut trees = Vec::new();
    for (file, source) in sources.iter().enumerate() {
        let (tree, errors) = DeTable::parse_recoverable(&source.text);
        for error in errors {
            let spot = Spot {
                file,
                span: error.span().unwrap_or(0..0),
            };
            let what = error
                .message()
                .lines()
                .next()
                .unwrap_or("cannot be read")
                .to_owned();
            let label = if what == "duplicate key" {
                "the second"
            } else {
                "not TOML"
            };
            unread.push(Problem::new(code::SYNTAX, &spot, what).label(label));
        }
        trees.push(tree);
    }
    let mut roots: Vec<Table<'_>> = trees
        .iter()
        .zip(sources)
        .enumerate()
        .map(|(file, (tree, source))| {
            let cx = Cx {
                sink: &sink,
                file,
                text: &source.text,
                variables: &variables,
                secrets,
            };
            Table::new(cx, String::new(), cx.spot(0..0), tree.get_ref())
        })
        .collect();

    // A file of another format is not read at all: whatever it holds may mean something else.
    let known: Vec<bool> = roots.iter_mut().map(stack::read_format).collect();
    let mut wanted = None;
    if known.iter().all(|known| *known) {
        let written = roots.iter().any(|root| root.has("stack"));
        let header = header(&mut roots, &sink, &variables);
        let moves = Moves::read(&mut roots);
        let mut document = Document::default();
        for root in roots {
            document.read(root, &header, &moves);
        }
        moves.check(&sink, &document);
        if !written && !document.mistyped.contains("stack") {
            stack::report_missing(&sink);
        }
        if document.is_empty() && !sink.has_errors() {
            let problem =
                Problem::new(code::EMPTY, &header.spot, "the spec wants nothing").label("no object");
            sink.report(
                problem
                    .help("write a `[trail.LABEL]` or a `[rule.LABEL]`; objects are not deleted by silence"),
            );
        }
        let files = sources.iter().map(|source| source.name.clone()).collect();
        wanted = Some(resolve::resolve(&sink, &header, &document, files));
    }
    let believable = |problem: &Problem| {
        let unheard = || !unread.iter().any(|error| same_line(sources, error, problem));
        unread.is_empty() || (!problem.is_of_absence() && unheard())
    };
    let (warnings, errors): (Vec<Problem>, Vec<Problem>) = sink
        .into_inner()
        .into_iter()
        .partition(|problem| problem.severity == Severity::Warning);
    let mut all: Vec<Problem> = errors.into_iter().filter(believable).collect();
    all.extend(unread.iter().cloned());
    match (wanted, all.is_empty()) {
        (Some(wanted), true) => Ok(Wanted {
            warnings: Problems::of(warnings),
            ..wanted
        }),
        _ => Err(Problems::of(all)),
    }
}

/// Reads the one `[stack]`; a second one is a problem.
fn header(roots: &mut [Table<'_>], sink: &Sink, variables: &OnceCell<Stack>) -> Header {
    let mut header: Option<Header> = None;
    for root in roots {
        let Some(mut table) = root.table("stack") else {
            continue;
        };
        match &header {
            Some(first) => sink.report(sections::twice("[stack]", &table.spot, &first.spot)),
            None => {
                header = Some(stack::read_stack(&mut table));
                table.finish();
            }
        }
    }
    header.unwrap_or_else(|| stack::stand_in(variables))
}

/// True where a problem is in a line that cannot be read: it is no news.
fn same_line(sources: &[Source], error: &Problem, problem: &Problem) -> bool {
    let Some(source) = sources.get(error.file).filter(|_| error.file == problem.file) else {
        return false;
    };
    let line_of = |span: &Range<usize>| {
        let before = source
            .text
            .get(..span.start.min(source.text.len()))
            .unwrap_or_default();
        before.bytes().filter(|b| *b == b'\n').count()
    };
    line_of(&error.span) == line_of(&problem.span)
}
