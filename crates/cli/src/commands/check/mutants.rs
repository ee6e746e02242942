//! Parts of patterns that no test would miss.

use std::collections::BTreeMap;

use anstyle::{AnsiColor, Style};
use trailwarden_diff::render::visible;
use trailwarden_pattern::{Mutant, mutants};
use trailwarden_spec::wanted::PatternTest;

use super::outcomes;
use crate::load::Loaded;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const OPEN: Style = AnsiColor::Yellow.on_default().bold();

/// How many small changes of each tested pattern its tests would notice, and the others.
pub(super) fn report(loaded: &Loaded) -> String {
    let mut rules: BTreeMap<&str, Vec<&PatternTest>> = BTreeMap::new();
    for test in &loaded.wanted.tests {
        rules.entry(&test.origin).or_default().push(test);
    }
    let mut out = String::new();
    for (origin, of_rule) in rules {
        let pattern = &of_rule[0].pattern;
        let events: Vec<(bool, Vec<Vec<u8>>)> = of_rule
            .iter()
            .filter_map(|test| Some((test.matches, outcomes::events(loaded, test).ok()?)))
            .collect();
        let noticed = |mutant: &Mutant| {
            let matcher = mutant.pattern.matcher();
            let fails = |(matches, events): &(bool, Vec<Vec<u8>>)| {
                events.iter().any(|event| matcher.is_match(event) != *matches)
            };
            events.iter().any(fails)
        };
        let all = mutants(pattern);
        let missed: Vec<&Mutant> = all.iter().filter(|mutant| !noticed(mutant)).collect();
        let style = if missed.is_empty() { GOOD } else { OPEN };
        out.push_str(&format!(
            "{origin}: its tests notice {style}{} of {}{style:#} changes\n",
            all.len() - missed.len(),
            all.len()
        ));
        if !missed.is_empty() {
            out.push_str("  no test notices when\n");
        }
        for mutant in missed {
            let clause = pattern.text().get(mutant.span.clone()).unwrap_or_default();
            let clause: String = clause.split_whitespace().collect::<Vec<_>>().join(" ");
            out.push_str(&format!("    {} {}\n", visible(&clause), visible(&mutant.change)));
        }
    }
    if out.is_empty() {
        out.push_str("no pattern has a test\n");
    }
    out.push('\n');
    out
}
