use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// From the public service models (`names/refresh`), and what they do not have.
const TABLES: [&str; 2] = [
    include_str!("../../names/events.txt"),
    include_str!("../../names/more.txt"),
];

/// Sources whose events come from a console as much as from an API: no model has all of their names.
const CONSOLES: [&str; 10] = [
    "billingconsole.amazonaws.com",
    "chime.amazonaws.com",
    "cognito-idp.amazonaws.com",
    "controltower.amazonaws.com",
    "payments.amazonaws.com",
    "quicksight.amazonaws.com",
    "signin.amazonaws.com",
    "sso-directory.amazonaws.com",
    "sso.amazonaws.com",
    "trustedadvisor.amazonaws.com",
];

/// The names of events, by source. They help to find slips; a name that is not among them may well
/// exist.
pub(crate) struct Names {
    sources: BTreeMap<&'static str, Vec<&'static str>>,
    all: Vec<&'static str>,
    /// Sources of which only some names are known.
    partial: BTreeSet<&'static str>,
}

/// The names that this version knows.
pub(crate) fn names() -> &'static Names {
    static NAMES: OnceLock<Names> = OnceLock::new();
    NAMES.get_or_init(|| {
        let mut sources: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for line in TABLES.iter().flat_map(|table| table.lines()) {
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some(source) if !source.starts_with('#') => sources.entry(source).or_default().extend(words),
                _ => {}
            }
        }
        let modelled: BTreeSet<&str> = TABLES[0]
            .lines()
            .filter_map(|line| line.split_once(' ').map(|(source, _)| source))
            .collect();
        let partial = sources
            .keys()
            .copied()
            .filter(|source| CONSOLES.contains(source) || !modelled.contains(source))
            .collect();
        for names in sources.values_mut() {
            names.sort_unstable();
            names.dedup();
        }
        // Most differ in what fits into a number, and numbers are compared much faster.
        let number = |name: &str| {
            let mut first = [0; 16];
            let length = name.len().min(first.len());
            first[..length].copy_from_slice(&name.as_bytes()[..length]);
            u128::from_be_bytes(first)
        };
        let names = sources.values().flatten();
        let mut all: Vec<(u128, &str)> = names.map(|name| (number(name), *name)).collect();
        all.sort_unstable();
        all.dedup();
        let all = all.into_iter().map(|(_, name)| name).collect();
        Names {
            sources,
            all,
            partial,
        }
    })
}

impl Names {
    /// The sources, sorted.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &'static str> {
        self.sources.keys().copied()
    }

    /// True for a source that is known.
    pub(crate) fn has_source(&self, source: &str) -> bool {
        self.sources.contains_key(source)
    }

    /// True for a source that has events which nobody has listed.
    pub(crate) fn is_partial(&self, source: &str) -> bool {
        self.partial.contains(source)
    }

    /// The events of a source, sorted; none of one that is not known.
    pub(crate) fn of(&self, source: &str) -> &[&'static str] {
        self.sources.get(source).map_or(&[], Vec::as_slice)
    }

    /// The events of several sources, sorted.
    pub(crate) fn of_all(&self, sources: &[&str]) -> Vec<&'static str> {
        let mut all: Vec<&str> = sources
            .iter()
            .flat_map(|source| self.of(source))
            .copied()
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// All events, sorted.
    pub(crate) fn all(&self) -> &[&'static str] {
        &self.all
    }

    /// The sources that have an event of this name.
    pub(crate) fn sources_of(&self, event: &str) -> Vec<&'static str> {
        let has = |(source, names): (&&'static str, &Vec<&'static str>)| {
            names.binary_search(&event).is_ok().then_some(*source)
        };
        self.sources.iter().filter_map(has).collect()
    }
}
