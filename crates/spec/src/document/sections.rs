//! The labelled sections of all files: `[KIND.LABEL]`.

use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::LogGroup;
use crate::problem::{Problem, code};

use super::adopt::Adopt;
use super::alarm::AlarmSection;
use super::bucket::BucketSection;
use super::composite_alarm::CompositeSection;
use super::decoder::{At, Spot, Table};
use super::drill::DrillSection;
use super::key::{KeySection, Keyed};
use super::metric_filter::FilterSection;
use super::moved::Moves;
use super::names::LABEL;
use super::pack::PackSection;
use super::release::Release;
use super::role::RoleSection;
use super::rule::RuleSection;
use super::stack::{Defaults, Header};
use super::suggest::listed;
use super::topic::TopicSection;
use super::trail::TrailSection;
use super::waiver::WaiverSection;

/// A sort of section, such as `[log_group.LABEL]`.
pub(crate) trait Section: Sized {
    /// The first part of its header.
    const WORD: &'static str;

    /// Reads a section. What cannot be read is a problem and gets a stand-in. `label` is what names
    /// are made of: the section's own label, or that which it had before it was moved.
    fn read(label: &At<String>, table: &mut Table<'_>, header: &Header) -> Self;

    /// True when no name follows from the label. To be asked before the section is read.
    fn names_itself(table: &Table<'_>) -> bool {
        table.has("name")
    }
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
    /// The label that its names are made of: another than its own if it was moved.
    pub(crate) named: String,
    names_itself: bool,
    pub(crate) origin: Origin,
    pub(crate) value: T,
}

/// What is known of a section of any sort.
pub(crate) struct Known<'d> {
    /// The first part of its header.
    pub(crate) word: &'static str,
    pub(crate) label: &'d str,
    pub(crate) origin: &'d Origin,
    /// No name follows from the label.
    pub(crate) names_itself: bool,
}

/// The sections of a sort, over all files.
pub(crate) type Sections<T> = BTreeMap<String, Entry<T>>;

/// A spec as typed: read, not yet resolved.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) defaults: Defaults,
    defaults_at: Option<Spot>,
    pub(crate) keys: Sections<KeySection>,
    pub(crate) buckets: Sections<Keyed<BucketSection>>,
    pub(crate) log_groups: Sections<Keyed<LogGroup>>,
    pub(crate) roles: Sections<RoleSection>,
    pub(crate) topics: Sections<TopicSection>,
    pub(crate) trails: Sections<TrailSection>,
    pub(crate) rules: Sections<RuleSection>,
    pub(crate) packs: Sections<PackSection>,
    pub(crate) filters: Sections<FilterSection>,
    pub(crate) alarms: Sections<AlarmSection>,
    pub(crate) composites: Sections<CompositeSection>,
    pub(crate) adopt: Vec<Adopt>,
    pub(crate) release: Vec<Release>,
    pub(crate) waivers: Vec<WaiverSection>,
    pub(crate) drill: Option<DrillSection>,
    /// Sections of which one is mistyped: that they are not there is no news.
    pub(crate) mistyped: BTreeSet<&'static str>,
}

impl Document {
    /// Reads all that a file holds beside `format` and `[stack]`.
    pub(crate) fn read(&mut self, mut root: Table<'_>, header: &Header, moves: &Moves) {
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
        collect(&mut self.trails, &mut root, header, moves);
        collect(&mut self.keys, &mut root, header, moves);
        collect(&mut self.buckets, &mut root, header, moves);
        collect(&mut self.log_groups, &mut root, header, moves);
        collect(&mut self.roles, &mut root, header, moves);
        collect(&mut self.topics, &mut root, header, moves);
        collect(&mut self.rules, &mut root, header, moves);
        collect(&mut self.packs, &mut root, header, moves);
        collect(&mut self.filters, &mut root, header, moves);
        collect(&mut self.alarms, &mut root, header, moves);
        collect(&mut self.composites, &mut root, header, moves);
        if let Some(mut table) = root.table("drill") {
            match &self.drill {
                Some(first) => root.cx.sink.report(twice("[drill]", &table.spot, &first.spot)),
                None => self.drill = Some(DrillSection::read(&mut table, header)),
            }
            table.finish();
        }
        for mut table in root.tables("adopt") {
            self.adopt.extend(Adopt::read(&mut table));
            table.finish();
        }
        for mut table in root.tables("release") {
            self.release.extend(Release::read(&mut table));
            table.finish();
        }
        for mut table in root.tables("waiver") {
            self.waivers.extend(WaiverSection::read(&mut table));
            table.finish();
        }
        // They are out already; here the section gets its place in the list of all.
        root.tables("moved");
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
            BucketSection::WORD,
            LogGroup::WORD,
            RoleSection::WORD,
            TopicSection::WORD,
            RuleSection::WORD,
            PackSection::WORD,
            AlarmSection::WORD,
            CompositeSection::WORD,
        ];
        self.mistyped
            .extend(sections.into_iter().filter(|word| root.mistyped(word)));
        root.finish();
    }

    /// All sections with labels.
    pub(crate) fn sections(&self) -> impl Iterator<Item = Known<'_>> {
        fn known<T: Section>(sections: &Sections<T>) -> impl Iterator<Item = Known<'_>> {
            sections.values().map(|entry| Known {
                word: T::WORD,
                label: &entry.label.value,
                origin: &entry.origin,
                names_itself: entry.names_itself,
            })
        }
        known(&self.trails)
            .chain(known(&self.buckets))
            .chain(known(&self.log_groups))
            .chain(known(&self.roles))
            .chain(known(&self.topics))
            .chain(known(&self.rules))
            .chain(known(&self.packs))
            .chain(known(&self.filters))
            .chain(known(&self.alarms))
            .chain(known(&self.composites))
    }

    /// True when there is no section that makes an object.
    pub(crate) fn is_empty(&self) -> bool {
        let Self {
            defaults: _,
            defaults_at: _,
            adopt: _,
            release: _,
            waivers: _,
            drill,
            mistyped: _,
            keys,
            buckets,
            log_groups,
            roles,
            topics,
            trails,
            rules,
            packs,
            filters,
            alarms,
            composites,
        } = self;
        keys.is_empty()
            && buckets.is_empty()
            && log_groups.is_empty()
            && roles.is_empty()
            && topics.is_empty()
            && trails.is_empty()
            && rules.is_empty()
            && packs.is_empty()
            && filters.is_empty()
            && alarms.is_empty()
            && composites.is_empty()
            && drill.is_none()
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
fn collect<T: Section>(sections: &mut Sections<T>, root: &mut Table<'_>, header: &Header, moves: &Moves) {
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
        let named = moves.named(T::WORD, &label.value);
        let names_itself = T::names_itself(&table);
        let read = T::read(&label.clone().map(|_| named.clone()), &mut table, header);
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
                        named,
                        names_itself,
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
