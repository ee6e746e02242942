//! The labelled sections of all files: `[KIND.LABEL]`.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::{Bucket, LogGroup};
use crate::problem::{Problem, code};

use super::adopt::Adopt;
use super::alarm::AlarmSection;
use super::decoder::{At, Spot, Table};
use super::key::{KeySection, Keyed};
use super::metric_filter::FilterSection;
use super::names::LABEL;
use super::role::RoleSection;
use super::rule::RuleSection;
use super::stack::{Defaults, Header};
use super::suggest::listed;
use super::topic::TopicSection;
use super::trail::TrailSection;

/// A sort of section, such as `[log_group.LABEL]`.
pub(crate) trait Section: Sized {
    /// The first part of its header.
    const WORD: &'static str;

    /// Reads a section. What cannot be read is a problem and gets a stand-in.
    fn read(label: &At<String>, table: &mut Table<'_>, header: &Header) -> Self;
}

/// What asked for an object, and where.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// The path of keys: `rule.iam-changes`.
    pub(crate) path: String,
    pub(crate) spot: Spot,
}

/// A section with its label.
#[derive(Debug)]
pub(crate) struct Entry<T> {
    pub(crate) label: At<String>,
    pub(crate) origin: Origin,
    pub(crate) value: T,
}

/// The sections of a sort, over all files.
pub(crate) type Sections<T> = BTreeMap<String, Entry<T>>;

/// A spec as typed: read, not yet resolved.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) defaults: Defaults,
    defaults_at: Option<Spot>,
    pub(crate) keys: Sections<KeySection>,
    pub(crate) buckets: Sections<Keyed<Bucket>>,
    pub(crate) log_groups: Sections<Keyed<LogGroup>>,
    pub(crate) roles: Sections<RoleSection>,
    pub(crate) topics: Sections<TopicSection>,
    pub(crate) trails: Sections<TrailSection>,
    pub(crate) rules: Sections<RuleSection>,
    pub(crate) filters: Sections<FilterSection>,
    pub(crate) alarms: Sections<AlarmSection>,
    pub(crate) adopt: Vec<Adopt>,
    /// Sections of which one is mistyped: that they are not there is no news.
    pub(crate) mistyped: BTreeSet<&'static str>,
}

impl Document {
    /// Reads all that a file holds beside `format` and `[stack]`.
    pub(crate) fn read(&mut self, mut root: Table<'_>, header: &Header) {
        if let Some(mut table) = root.table("defaults") {
            match &self.defaults_at {
                Some(first) => root.cx.sink.report(twice("[defaults]", &table.spot, first)),
                None => self.defaults_at = Some(table.spot.clone()),
            }
            let defaults = Defaults::read(&mut table);
            self.defaults.log_group = defaults.log_group.or(self.defaults.log_group.take());
            self.defaults.notify = defaults.notify.or(self.defaults.notify.take());
            self.defaults.mistyped.extend(defaults.mistyped);
            table.finish();
        }
        collect(&mut self.trails, &mut root, header);
        collect(&mut self.keys, &mut root, header);
        collect(&mut self.buckets, &mut root, header);
        collect(&mut self.log_groups, &mut root, header);
        collect(&mut self.roles, &mut root, header);
        collect(&mut self.topics, &mut root, header);
        collect(&mut self.rules, &mut root, header);
        collect(&mut self.filters, &mut root, header);
        collect(&mut self.alarms, &mut root, header);
        for mut table in root.tables("adopt") {
            self.adopt.extend(Adopt::read(&mut table));
            table.finish();
        }
        if let Some((key, _)) = root.take_reserved("target") {
            let problem = Problem::new(
                code::RESERVED,
                &key.spot,
                "`[[target]]` is reserved for a later version",
            )
            .label("not in this version");
            root.cx.sink.report(problem.help(
                "a spec is of the one account and region that `[stack]` says: take `[[target]]` away, and write a spec \
                 for each",
            ));
        }
        let sections = [
            "stack",
            "defaults",
            TrailSection::WORD,
            KeySection::WORD,
            Bucket::WORD,
            LogGroup::WORD,
            RoleSection::WORD,
            TopicSection::WORD,
            RuleSection::WORD,
        ];
        self.mistyped
            .extend(sections.into_iter().filter(|word| root.mistyped(word)));
        root.finish();
    }

    /// True when there is no section that makes an object.
    pub(crate) fn is_empty(&self) -> bool {
        let Self {
            defaults: _,
            defaults_at: _,
            adopt: _,
            mistyped: _,
            keys,
            buckets,
            log_groups,
            roles,
            topics,
            trails,
            rules,
            filters,
            alarms,
        } = self;
        keys.is_empty()
            && buckets.is_empty()
            && log_groups.is_empty()
            && roles.is_empty()
            && topics.is_empty()
            && trails.is_empty()
            && rules.is_empty()
            && filters.is_empty()
            && alarms.is_empty()
    }
}

/// The problem of a section that is there twice.
pub(crate) fn twice(section: &str, second: &Spot, first: &Spot) -> Problem {
    let help = match section.contains('.') {
        true => "labels hold over all files of a spec: rename one, or take it away",
        false => "a spec has one, over all its files: keep one of them",
    };
    Problem::new(
        code::DUPLICATE_SECTION,
        second,
        format!("`{section}` is defined twice"),
    )
    .label("the second")
    .also(first, "the first")
    .help(help)
}

/// Takes the sections of a sort out of a file.
fn collect<T: Section>(sections: &mut Sections<T>, root: &mut Table<'_>, header: &Header) {
    let Some(mut labels) = root.table(T::WORD) else {
        return;
    };
    let sink = labels.cx.sink;
    let mut loose = Vec::new();
    for (key, value) in labels.drain() {
        let label = key.map(str::to_owned);
        let Some(mut table) = value.table() else {
            loose.push((label, value));
            continue;
        };
        LABEL.check(sink, &label);
        let origin = Origin {
            path: value.path.clone(),
            spot: table.spot.clone(),
        };
        let read = T::read(&label, &mut table, header);
        table.finish();
        match sections.get(&label.value) {
            Some(first) => {
                let section = format!("[{}]", origin.path);
                sink.report(twice(&section, &origin.spot, &first.origin.spot));
            }
            None => {
                sections.insert(
                    label.value.clone(),
                    Entry {
                        label,
                        origin,
                        value: read,
                    },
                );
            }
        }
    }
    // `[trail]` with keys, where `[trail.LABEL]` was meant: once for all of its keys.
    if let Some((label, value)) = loose.first() {
        let word = T::WORD;
        let keys = listed(loose.iter().map(|(label, _)| label.value.as_str()));
        let message = format!("`[{word}]` has no keys of its own, and holds {keys}");
        let problem = Problem::new(code::WRONG_TYPE, &label.spot, message)
            .label(format!("{}, not a section", value.found()));
        sink.report(problem.help(format!(
            "write `[{word}.LABEL]`: the label is what other sections call it"
        )));
    }
}
