mod junit;
mod mutants;
mod outcomes;

use std::collections::BTreeMap;

use trailwarden_spec::{Kind, Wanted};

use crate::args::Check;
use crate::failure::{Exit, Failure};
use crate::load::{SecretSource, read};
use crate::terminal::Terminal;

/// `trailwarden check`: reads the spec, runs the tests of its patterns, and asks nobody.
pub(crate) fn run(check: &Check, terminal: &Terminal) -> Result<Exit, Failure> {
    let loaded = read(&check.spec.path, SecretSource::Unread)?;
    terminal.say(&loaded.warnings());
    let results = outcomes::run(&loaded);
    if let Some(file) = &check.junit {
        junit::write(file, &results)?;
    }
    let failed = results.iter().filter(|result| result.failure.is_some()).count();
    let warnings = loaded.wanted.warnings.as_slice().len();
    let denied = check.deny_warnings && warnings > 0;
    let good = failed == 0 && !denied;
    let mut report = outcomes::report(&results);
    match (check.mutants, failed) {
        (false, _) => {}
        (true, 0) => report.push_str(&mutants::report(&loaded)),
        (true, _) => {
            report.push_str("what the tests would not notice is looked for when all of them pass\n\n")
        }
    }
    terminal.print(&format!("{report}{}", summary(&loaded.wanted, good)))?;
    Ok(match (failed, denied) {
        (0, false) => Exit::Done,
        (0, true) => Exit::BadSpec,
        _ => Exit::No,
    })
}

fn summary(wanted: &Wanted, good: bool) -> String {
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    for address in wanted.objects.keys() {
        *counts.entry(address.kind).or_default() += 1;
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(kind, count)| format!("{count} {}", plural(kind.in_words(), *count)))
        .collect();
    let stack = &wanted.stack;
    format!(
        "{}: stack {} in account {}, {}\n  {}\n",
        if good {
            "The spec is good"
        } else {
            "The spec can be read"
        },
        stack.name,
        stack.scope.account,
        stack.scope.region,
        parts.join(", ")
    )
}

fn plural(word: &str, count: usize) -> String {
    match word.strip_suffix('y') {
        _ if count == 1 => word.into(),
        Some(stem) => format!("{stem}ies"),
        None => format!("{word}s"),
    }
}
