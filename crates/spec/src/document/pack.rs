//! `[pack.LABEL]`: the rules of a pack, expanded like rules that are written.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::DeValue;

use crate::Object;
use crate::arn::Arn;
use crate::kinds::Trail;
use crate::leaf::Managed;
use crate::packs::{Control, Narrow, Pack, Spelling};
use crate::problem::{Problem, code};

use super::decoder::{At, Decode, Spot, Table, Value};
use super::metric_filter;
use super::references::{GroupRef, Notify};
use super::resolve::Resolver;
use super::rule::{self, RuleSection};
use super::sections::{Entry, Origin, Section};
use super::stack::Header;
use super::suggest::{among, listed, nearest};
use super::tags::{count, twins};

/// A pack as typed: its rules, whose log groups and actions are not resolved yet.
#[derive(Debug)]
pub(crate) struct PackSection {
    rules: Vec<Packed>,
}

/// A rule of a pack.
#[derive(Debug)]
struct Packed {
    control: Control,
    rule: RuleSection,
    /// The pattern is the pack's own.
    is_own: bool,
    /// Where the control is written, if it is, and else the pack.
    spot: Spot,
}

impl Section for PackSection {
    const WORD: &'static str = "pack";

    fn names_itself(_: &Table<'_>) -> bool {
        false
    }

    fn read(label: &At<String>, table: &mut Table<'_>, header: &Header) -> Self {
        let sink = table.cx.sink;
        // The label in the file: `label` is the one that names are made of.
        let own_label = table
            .path
            .split_once('.')
            .map_or("", |(_, label)| label)
            .to_owned();
        let written = table.take::<String>("pack");
        let said = At {
            value: own_label,
            spot: label.spot.clone(),
        };
        let name = written.as_ref().unwrap_or(&said);
        let Some(pack) = Pack::find(&name.value) else {
            let message = format!("there is no pack `{}`", name.value);
            let problem = Problem::new(code::UNKNOWN_WORD, &name.spot, message).label("no such pack");
            let all = Pack::ALL.iter().map(|pack| pack.name);
            let near = among(&name.value, all).unwrap_or_default();
            sink.report(problem.help(format!(
                "{near}; the label may be another where `pack` names one: `pack = \"cis\"`"
            )));
            // What the keys mean is not known.
            table.drain();
            return Self { rules: Vec::new() };
        };
        let version = version(table, &pack);
        let spelling = spelling(table, &pack);
        let says_where = table.has("log_group");
        let log_group: Option<At<GroupRef>> = table.take("log_group");
        let says_whom = table.has("notify");
        let notify: Option<Notify> = table.take("notify");
        let mut header = header.clone();
        if let Some(At { value: own, spot }) = table.own_tags() {
            twins(sink, &header.tag_keys, &own);
            header.tag_keys.extend(own.0.iter().map(|(key, _)| key.clone()));
            header.tags.extend(own.into_map());
            count(sink, &header.tags, &spot);
        }
        let protect = table.protect();
        let except = table
            .take::<Vec<At<String>>>("except")
            .map(|at| at.value)
            .unwrap_or_default();
        let mut overrides = table.table("control");
        let says_whom = says_whom || table.mistyped("notify");
        let says_where = says_where || table.mistyped("log_group");
        // Without its version nothing is known of its controls.
        let Some(version) = version else {
            return Self { rules: Vec::new() };
        };

        let controls = pack.controls(version);
        let known = Known {
            pack: &pack,
            version,
            controls: &controls,
        };
        let left_out = known.left_out(table, &except);
        let overrides = overrides.as_mut().map(Table::drain).unwrap_or_default();
        let mut overrides = known.overrides(table, &except, overrides);
        let shared = Shared {
            label,
            pack,
            version,
            spelling,
            header,
            log_group,
            says_where,
            notify,
            says_whom,
            protect,
        };
        let mut rules = Vec::new();
        for control in &controls {
            if left_out.contains(control.id.as_str()) {
                continue;
            }
            let mut keys = overrides
                .remove(&control.id)
                .unwrap_or_else(|| table.without_keys(String::new()));
            keys.path = override_path(&table.path, &control.id);
            rules.push(shared.rule(control.clone(), keys));
        }
        Self { rules }
    }
}

/// The header of what is other for a control: with quotes where its id has a period.
fn override_path(pack: &str, id: &str) -> String {
    match id.contains('.') {
        true => format!("{pack}.control.\"{id}\""),
        false => format!("{pack}.control.{id}"),
    }
}

/// What a section says for all of its controls.
struct Shared<'s> {
    /// What the names begin with, after the stack's.
    label: &'s At<String>,
    pack: Pack,
    version: &'static str,
    spelling: Spelling,
    /// With the tags of the section.
    header: Header,
    log_group: Option<At<GroupRef>>,
    says_where: bool,
    notify: Option<Notify>,
    says_whom: bool,
    protect: bool,
}

impl Shared<'_> {
    /// The rule of a control, with what is written for it.
    fn rule(&self, control: Control, mut keys: Table<'_>) -> Packed {
        let spot = keys.spot.clone();
        let name = At {
            value: format!("{}-{}", self.label.value, control.slug),
            spot: spot.clone(),
        };
        let own_spelling = match self.pack.has_spellings {
            true => keys.take::<Spelling>("spelling").map(|at| at.value),
            false => None,
        };
        let spelling = own_spelling.unwrap_or(self.spelling);
        let published = self.pack.has_spellings && spelling == Spelling::Auditor;
        let is_own = !keys.has("pattern");
        let says_exact = keys.has_within("filter", "exact");
        let says_protect = keys.has("protect");
        let mut rule = RuleSection::read_with(&name, &mut keys, &self.header, |table| {
            metric_filter::read_pattern_of_pack(table, control.pattern(spelling), published)
        });
        keys.finish();
        // Whoever asks for the text that tools compare wants that text in the account.
        if published && is_own && !says_exact {
            rule.filter.exact();
        }
        if self.protect && !says_protect {
            rule.alarm.tags = rule.alarm.tags.protect(true);
        }
        if rule.alarm.description == Managed::Leave {
            rule.alarm.description = Managed::Set(description(&self.pack, self.version, &control));
        }
        if !rule.says_where {
            rule.log_group.clone_from(&self.log_group);
            rule.says_where = self.says_where;
        }
        if !rule.says_whom {
            rule.actions.notify.clone_from(&self.notify);
            rule.says_whom = self.says_whom;
        }
        Packed {
            control,
            rule,
            is_own,
            spot,
        }
    }
}

/// What a pack has, in its version.
struct Known<'k> {
    pack: &'k Pack,
    version: &'static str,
    controls: &'k [Control],
}

impl Known<'_> {
    /// The controls that `except` names.
    fn left_out<'e>(&self, table: &Table<'_>, except: &'e [At<String>]) -> BTreeSet<&'e str> {
        let sink = table.cx.sink;
        let mut left_out: BTreeSet<&str> = BTreeSet::new();
        for id in except {
            if self.check(table, id) && !left_out.insert(&id.value) {
                let message = format!("`{}` is left out twice", id.value);
                let problem = Problem::new(code::CONTRADICTION, &id.spot, message).label("the second");
                sink.report(problem.help("take one of them away"));
            }
        }
        if left_out.len() == self.controls.len() {
            let message = format!("the pack `{}` is left with no control", self.pack.name);
            let problem = Problem::new(code::CONTRADICTION, &table.spot, message).label("all are left out");
            sink.report(problem.help("take the section away, or an id out of `except`"));
        }
        left_out
    }

    /// What is written for controls, by their ids.
    fn overrides<'d>(
        &self,
        table: &Table<'_>,
        except: &[At<String>],
        written: Vec<(At<&'d str>, Value<'d>)>,
    ) -> BTreeMap<String, Table<'d>> {
        let mut overrides = BTreeMap::new();
        for (id, value) in written {
            let id = id.map(str::to_owned);
            if !self.check(table, &id) {
                continue;
            }
            if let Some(excepted) = except.iter().find(|each| each.value == id.value) {
                let message = format!("`{}` is left out, and changed", id.value);
                let problem = Problem::new(code::CONTRADICTION, &id.spot, message).label("changed here");
                table.cx.sink.report(
                    problem
                        .also(&excepted.spot, "left out here")
                        .help("take it out of `except`, or take its section away"),
                );
                continue;
            }
            let header = override_path(&table.path, &id.value);
            let keys = value
                .table()
                .or_else(|| value.wrong_type(&format!("a table, `[{header}]`"), None));
            overrides.extend(keys.map(|keys| (id.value, keys)));
        }
        overrides
    }

    /// Reports an id that the pack does not have, with the version that has it or its neighbour.
    fn check(&self, table: &Table<'_>, id: &At<String>) -> bool {
        if self.controls.iter().any(|control| control.id == id.value) {
            return true;
        }
        let has = |version: &&str| {
            let controls = self.pack.controls(version);
            controls.iter().any(|control| control.id == id.value)
        };
        let name = self.pack.name;
        let ids = || self.controls.iter().map(|control| control.id.as_str());
        let by_slug = self.controls.iter().find(|control| control.slug == id.value);
        let elsewhere: Vec<&str> = self.pack.versions.iter().copied().filter(has).collect();
        let (message, help) = match (by_slug, elsewhere.is_empty()) {
            (Some(control), _) => (
                format!("the pack `{name}` has no control `{}`", id.value),
                format!("did you mean `{}`?", control.id),
            ),
            (None, false) => (
                format!(
                    "version {} of the pack `{name}` has no control `{}`",
                    self.version, id.value
                ),
                format!(
                    "it is in {}; {} has {}",
                    listed(elsewhere.iter().copied()),
                    self.version,
                    listed(ids())
                ),
            ),
            (None, true) => (
                format!("the pack `{name}` has no control `{}`", id.value),
                among(&id.value, ids()).unwrap_or_default(),
            ),
        };
        let problem = Problem::new(code::UNKNOWN_WORD, &id.spot, message).label("no such control");
        table.cx.sink.report(problem.help(help));
        false
    }
}

/// Takes `version` out of a pack that has versions; `None` after a problem.
fn version(table: &mut Table<'_>, pack: &Pack) -> Option<&'static str> {
    if pack.versions.is_empty() {
        return Some("");
    }
    let newest = pack.versions.last().copied().unwrap_or_default();
    if !table.has("version") {
        table.need::<String>("version", &format!("\"{newest}\""));
        return None;
    }
    let (_, value) = table.take_raw("version")?;
    let quoted = match value.raw {
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Integer(number) => Some(format!("{}.0", number.as_str())),
        _ => None,
    };
    if let Some(text) = quoted {
        let text = pack.version(Some(&text)).unwrap_or(newest);
        return value.wrong_type(
            "a string",
            Some(format!("write it in quotes: `version = \"{text}\"`")),
        );
    }
    let text = String::decode(&value)?;
    let found = pack.version(Some(&text));
    if found.is_none() {
        let all = || pack.versions.iter().copied();
        let message = format!("the pack `{}` has no version `{text}`", pack.name);
        let near = match nearest(&text, all()) {
            Some(near) => format!("did you mean `{near}`? "),
            None => String::new(),
        };
        let problem = Problem::new(code::UNKNOWN_WORD, &value.spot, message).label("no such version");
        value.report(problem.help(format!("{near}this version of trailwarden has {}", listed(all()))));
    }
    found
}

/// Takes `spelling` out of a pack that has both.
fn spelling(table: &mut Table<'_>, pack: &Pack) -> Spelling {
    match pack.has_spellings {
        true => table
            .take::<Spelling>("spelling")
            .map(|at| at.value)
            .unwrap_or_default(),
        false => Spelling::Corrected,
    }
}

impl Decode for Spelling {
    fn decode(value: &Value<'_>) -> Option<Self> {
        value.word(&Self::ALL, Self::as_str, Self::from_word)
    }
}

/// What the alarm of a control says to those whom it wakes.
fn description(pack: &Pack, version: &str, control: &Control) -> String {
    let whose = match version {
        "" => format!("pack {}, {}", pack.name, control.id),
        version => format!("CIS AWS Foundations Benchmark {version}, {}", control.id),
    };
    format!(
        "{} ({whose}). The notification holds a count, not the events: search the log group for the minutes before it.",
        control.title
    )
}

/// Adds the filters and alarms of a pack's rules.
pub(crate) fn resolve(resolver: &mut Resolver<'_>, entry: &Entry<PackSection>) {
    let Entry { label, origin, .. } = entry;
    let whose = format!("pack `{}`", label.value);
    for packed in &entry.value.rules {
        // Said once: what the pack lacks all of its rules lack.
        if !rule::check(resolver, &packed.rule, &whose, origin) {
            return;
        }
    }
    for packed in &entry.value.rules {
        let Packed {
            control,
            rule,
            is_own,
            spot,
        } = packed;
        let origin = Origin {
            path: format!("{}.{}", origin.path, control.id),
            spot: spot.clone(),
        };
        let mut rule = rule.clone();
        if let (Some(narrow), true) = (control.narrow, *is_own) {
            let names = names(resolver, &rule, narrow);
            let text = control.narrowed(names.iter().map(String::as_str));
            rule.filter.narrowed(&text, spot);
        }
        rule::expand(resolver, &rule, &control.id, &origin);
    }
}

/// The names of the objects that a control is narrowed to, as far as the spec says them.
fn names(resolver: &Resolver<'_>, rule: &RuleSection, narrow: Narrow) -> BTreeSet<String> {
    let objects = resolver.wanted.objects.values();
    let trails = objects.filter_map(|wish| match &wish.object {
        Object::Trail(trail) => Some(trail),
        _ => None,
    });
    match narrow {
        Narrow::LogGroup => {
            let defaults = resolver.document.defaults.log_group.as_ref();
            let group = rule.log_group.as_ref().or(defaults).map(|at| &at.value);
            let name = match group {
                Some(GroupRef::Existing(name)) => Some(name.value.clone()),
                Some(GroupRef::Label(label)) => {
                    let found = resolver.document.log_groups.get(label);
                    found.map(|entry| entry.value.name.clone())
                }
                None => None,
            };
            name.into_iter().collect()
        }
        Narrow::Buckets => trails.map(|trail| trail.bucket.clone()).collect(),
        Narrow::Roles => trails
            .filter_map(delivery_role)
            .map(|role| role.name().to_owned())
            .collect(),
    }
}

fn delivery_role(trail: &Trail) -> Option<&Arn> {
    let delivery = trail.delivery.get()?.as_ref()?;
    Some(&delivery.role)
}
