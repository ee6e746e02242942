use std::collections::BTreeMap;

use trailwarden_spec::Kind;

use crate::args::Check;
use crate::failure::{Exit, Failure};
use crate::load::{SecretSource, load};
use crate::terminal::Terminal;

/// `trailwarden check`: reads the spec and nothing else.
pub(crate) fn run(check: &Check, terminal: &Terminal) -> Result<Exit, Failure> {
    let wanted = load(&check.spec.path, SecretSource::Unread)?;
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    for address in wanted.objects.keys() {
        *counts.entry(address.kind).or_default() += 1;
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(kind, count)| format!("{count} {}", plural(kind.in_words(), *count)))
        .collect();
    let stack = &wanted.stack;
    terminal.print(&format!(
        "The spec is good: stack {} in account {}, {}\n  {}\n",
        stack.name,
        stack.scope.account,
        stack.scope.region,
        parts.join(", ")
    ))?;
    Ok(Exit::Done)
}

fn plural(word: &str, count: usize) -> String {
    match word.strip_suffix('y') {
        _ if count == 1 => word.into(),
        Some(stem) => format!("{stem}ies"),
        None => format!("{word}s"),
    }
}
