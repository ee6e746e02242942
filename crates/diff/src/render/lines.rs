//! Values that take several lines: what differs between them, and nothing else.

use std::fmt::{self, Write};

use similar::{ChangeTag, TextDiff};
use trailwarden_spec::compare::{Change, Shown};

use super::text::{ADD, QUIET, REMOVE, one_line};

/// The longest list or map, before and after together, that stays on one line.
const ONE_LINE: usize = 120;

/// Lines around a change that are shown, too.
const AROUND: usize = 3;

/// More lines than a statement has: it is shown whole.
const WHOLE: usize = 100;

/// True for a change that takes several lines.
pub(super) fn is_long(change: &Change) -> bool {
    let sides = [&change.before, &change.after];
    let of_many = |shown: &&Shown| matches!(shown, Shown::List(_) | Shown::Map(_));
    let len = |shown: &&Shown| one_line(shown).len();
    sides.iter().any(|shown| matches!(shown, Shown::Lines(_)))
        || sides.iter().any(of_many) && sides.iter().map(len).sum::<usize>() > ONE_LINE
}

/// Writes such a change below its field; what a new object begins with is no change of its lines.
pub(super) fn write(out: &mut String, change: &Change, is_new: bool) -> fmt::Result {
    let (before, after) = (text(&change.before), text(&change.after));
    if let (Shown::Absent, false, Some((_, statements))) = (&change.before, is_new, statements(&after)) {
        return write_statements(out, &[], &statements);
    }
    if change.before == Shown::Absent {
        return after.lines().try_for_each(|line| writeln!(out, "        {line}"));
    }
    match (statements(&before), statements(&after)) {
        (Some((around, old)), Some((around_now, new))) if around == around_now => {
            write_statements(out, &old, &new)
        }
        _ => write_diff(out, &before, &after, AROUND),
    }
}

fn text(shown: &Shown) -> String {
    match shown {
        Shown::Lines(text) => format!("{text}\n"),
        Shown::List(items) => items.iter().map(|item| format!("{item}\n")).collect(),
        Shown::Map(map) => map
            .iter()
            .map(|(key, value)| format!("{key} = {value:?}\n"))
            .collect(),
        Shown::Absent => String::new(),
        Shown::Plain(_) | Shown::Text(_) => format!("{}\n", one_line(shown)),
    }
}

/// What is around the statements of a policy document that is written for people, and the lines of
/// each statement; `None` for every other text.
fn statements(text: &str) -> Option<(String, Vec<String>)> {
    let (head, rest) = text.split_once("\n  \"Statement\": [\n")?;
    let (body, foot) = rest.split_once("\n  ]")?;
    let mut statements = Vec::new();
    let mut lines = String::new();
    for line in body.lines().filter_map(|line| line.strip_prefix("    ")) {
        let ends = matches!(line, "}" | "},");
        lines.push_str(if ends { "}" } else { line });
        lines.push('\n');
        if ends {
            statements.push(std::mem::take(&mut lines));
        }
    }
    Some((format!("{head}\n{foot}"), statements))
}

/// Statement against statement: line by line only where one of the same name changed, else a new
/// statement would look like a change of its neighbours.
fn write_statements(out: &mut String, old: &[String], new: &[String]) -> fmt::Result {
    let is_sid = |line: &&str| line.starts_with("  \"Sid\": ");
    let sid = |statement: &str| statement.lines().find(is_sid).map(ToOwned::to_owned);
    let content = |statement: &str| -> String { statement.lines().filter(|line| !is_sid(line)).collect() };
    let stays = |statement: &str, others: &[String]| others.iter().any(|o| content(o) == content(statement));
    let gone = old.iter().filter(|statement| !stays(statement, new));
    let mut come: Vec<&String> = new.iter().filter(|statement| !stays(statement, old)).collect();
    for statement in gone {
        let same_name = |other: &&String| sid(other).is_some() && sid(other) == sid(statement);
        let successor = come.iter().position(same_name).map(|at| come.remove(at).as_str());
        write_diff(out, statement, successor.unwrap_or_default(), WHOLE)?;
    }
    come.into_iter()
        .try_for_each(|statement| write_diff(out, "", statement, WHOLE))
}

fn write_diff(out: &mut String, before: &str, after: &str, around: usize) -> fmt::Result {
    let diff = TextDiff::from_lines(before, after);
    for (at, group) in diff.grouped_ops(around).iter().enumerate() {
        if at > 0 {
            writeln!(out, "        {QUIET}...{QUIET:#}")?;
        }
        for line in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let text = line.value().trim_end_matches('\n');
            match line.tag() {
                ChangeTag::Equal => writeln!(out, "          {text}")?,
                ChangeTag::Delete => writeln!(out, "        {REMOVE}- {text}{REMOVE:#}")?,
                ChangeTag::Insert => writeln!(out, "        {ADD}+ {text}{ADD:#}")?,
            }
        }
    }
    Ok(())
}
