//! What a replay has to say: the numbers that people and programs see.

use jiff::Timestamp;
use rayon::prelude::*;
use serde::Serialize;
use trailwarden_pattern::Pattern;
use trailwarden_spec::visible::visible_line;

use crate::facts::Principal;
use crate::outlook::{Outlook, outlook};
use crate::rules::Rule;
use crate::run::{Pair, Replayed};
use crate::tally::{Counts, Deeds, Minutes, Tally};

/// How many names of each sort are shown.
pub const TOP: usize = 5;

/// The number of the format of the JSON.
const FORMAT: u32 = 1;

/// A caller is proposed to be left out if so many matches in a hundred are its own.
const SHARE: u64 = 20;

/// Below so many matches nobody has to leave anything out.
const FEW: u64 = 10;

/// The whole report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The number of this format.
    pub format: u32,
    /// The stack's name.
    pub stack: String,
    /// What was read.
    pub read: ReadPart,
    /// The rules of the spec, by name.
    pub rules: Vec<RulePart>,
    /// With `--compare`: the rules of which one spec matches what the other does not, and those that only one of
    /// them has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared: Option<Vec<ComparedPart>>,
    /// What could not be read.
    pub problems: Vec<String>,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReadPart {
    /// Files.
    pub files: usize,
    /// Records.
    pub records: u64,
    /// Bytes of JSON.
    pub bytes: u64,
    /// Records over 256 KB, which `CloudTrail` sends to no log group, so that no rule would have seen them.
    pub oversized: u64,
    /// True when somebody stopped it before the end.
    pub stopped: bool,
}

/// A name and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// The name.
    pub name: String,
    /// How often.
    pub count: u64,
}

/// The most frequent names of one sort.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Top {
    /// The names, the most frequent first.
    pub top: Vec<Named>,
    /// How many names there are.
    pub names: usize,
    /// True when there were so many that rare ones were dropped.
    pub rough: bool,
}

/// Matches of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Day {
    /// The day, in UTC: `2026-03-01`.
    pub day: String,
    /// How many.
    pub matches: u64,
}

/// What was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Records that match.
    pub matches: u64,
    /// Those of them that do not say when: they are in no day and no alarm, and no time leaves them out.
    pub undated: u64,
    /// When the first of them was.
    pub first: Option<String>,
    /// When the last was.
    pub last: Option<String>,
    /// Who called.
    pub principals: Top,
    /// From where.
    pub addresses: Top,
    /// What: `iam CreateUser`.
    pub events: Top,
    /// In which regions.
    pub regions: Top,
    /// By day, from the first to the last.
    pub days: Vec<Day>,
}

/// A caller that could be left out, with what that costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exclusion {
    /// Who.
    pub principal: String,
    /// What to add to the pattern with `&&`. `&&` binds more tightly than `||`: the rest has to be in parentheses.
    pub clause: String,
    /// The whole pattern with it; none when it is longer than a filter's may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// How many matches it removes.
    pub removes: u64,
    /// What the alarm would have done without them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm: Option<Outlook>,
    /// Which calls of this caller would never be seen again by the rule.
    pub hides: Top,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RulePart {
    /// The rule: `rule.iam-changes`.
    pub name: String,
    /// Its pattern.
    pub pattern: String,
    /// The log group that it looks at.
    pub log_group: String,
    /// What it matches.
    #[serde(flatten)]
    pub counted: Counted,
    /// What its alarm would have done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm: Option<Outlook>,
    /// Why nothing is said of an alarm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_alarm: Option<String>,
    /// Callers that could be left out.
    pub exclusions: Vec<Exclusion>,
}

/// A rule of two specs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparedPart {
    /// The rule.
    pub name: String,
    /// Whether both specs have it: `both`, `new`, `old`.
    pub of: &'static str,
    /// Matches of the old spec.
    pub before: u64,
    /// Matches of the new one.
    pub after: u64,
    /// What only the new one matches.
    pub gained: Counted,
    /// What only the old one matches.
    pub lost: Counted,
}

/// How rules of two specs stand to each other, by their numbers in the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Rules of the same name.
    pub pairs: Vec<Pair>,
    /// How many rules the new spec has: those after them are the old one's.
    pub new: usize,
    /// The names of the old spec's rules.
    pub old_names: Vec<String>,
}

impl Report {
    /// Makes a report of a run. The run has the rules of the spec first and those that it is compared with after
    /// them.
    #[must_use]
    pub fn new(stack: &str, rules: &[Rule], replayed: &Replayed, comparison: Option<&Comparison>) -> Self {
        Self {
            format: FORMAT,
            stack: stack.to_owned(),
            read: ReadPart {
                files: replayed.files,
                records: replayed.seen.records,
                bytes: replayed.seen.bytes,
                oversized: replayed.seen.oversized,
                stopped: replayed.stopped,
            },
            rules: rules
                .par_iter()
                .zip(&replayed.tallies)
                .map(|(rule, tally)| rule_part(rule, tally))
                .collect(),
            compared: comparison.map(|comparison| compared(rules, replayed, comparison)),
            problems: replayed.problems.iter().map(ToString::to_string).collect(),
        }
    }
}

fn rule_part(rule: &Rule, tally: &Tally) -> RulePart {
    let alarm = rule
        .alarm
        .as_ref()
        .ok()
        .map(|watch| outlook(watch, &tally.minutes));
    RulePart {
        name: rule.name.clone(),
        pattern: rule.pattern.text().to_owned(),
        log_group: rule.log_group.clone(),
        counted: counted(tally),
        alarm,
        no_alarm: rule.alarm.as_ref().err().cloned(),
        exclusions: exclusions(rule, tally),
    }
}

fn counted(tally: &Tally) -> Counted {
    let time = |seconds: i64| {
        Timestamp::from_second(seconds)
            .ok()
            .map(|time| format!("{time:.0}"))
    };
    let principals = tally.top_principals(TOP);
    let dated: u64 = tally.minutes.values().map(|count| u64::from(*count)).sum();
    Counted {
        matches: tally.matches,
        undated: tally.matches.saturating_sub(dated),
        first: tally.span.and_then(|(first, _)| time(first)),
        last: tally.span.and_then(|(_, last)| time(last)),
        principals: Top {
            top: principals
                .into_iter()
                .map(|(who, deeds)| Named {
                    name: who.name.clone(),
                    count: deeds.count,
                })
                .collect(),
            names: tally.principals.len(),
            rough: tally.other_principals > 0,
        },
        addresses: top(&tally.addresses),
        events: top(&tally.events),
        regions: top(&tally.regions),
        days: tally
            .days()
            .into_iter()
            .map(|(day, matches)| Day {
                day: trailwarden_spec::wanted::Date::of(day * 86_400).to_string(),
                matches,
            })
            .collect(),
    }
}

fn top(counts: &Counts) -> Top {
    Top {
        top: counts
            .top(TOP)
            .into_iter()
            .map(|(name, count)| Named {
                name: name.to_owned(),
                count,
            })
            .collect(),
        names: counts.names(),
        rough: counts.is_rough(),
    }
}

/// Callers with a good part of all matches, without the root user.
fn exclusions(rule: &Rule, tally: &Tally) -> Vec<Exclusion> {
    if tally.matches < FEW {
        return Vec::new();
    }
    let top = tally.top_principals(TOP);
    // Without the only caller the rule would be for nothing.
    let large = top
        .into_iter()
        .filter(|(_, deeds)| deeds.count * 100 >= tally.matches * SHARE && deeds.count < tally.matches);
    large
        .filter_map(|(who, deeds)| exclusion(rule, tally, who, deeds))
        .collect()
}

fn exclusion(rule: &Rule, tally: &Tally, who: &Principal, deeds: &Deeds) -> Option<Exclusion> {
    let selector = who.selector?;
    // Only patterns on fields take a condition more.
    let fields = rule
        .pattern
        .text()
        .trim()
        .strip_prefix('{')?
        .strip_suffix('}')?
        .trim();
    // A name that cannot be shown as it is cannot be copied either.
    if who.name.contains(['"', '*', '\\']) || visible_line(&who.name) != who.name {
        return None;
    }
    // A field that is missing is not unequal to anything, so that both have to be said.
    let clause = format!("(({selector} NOT EXISTS) || ({selector} != \"{}\"))", who.name);
    let pattern = format!("{{ ({fields}) && {clause} }}");
    let without = |own: &Minutes| {
        let rest = tally.minutes.iter().map(|(minute, count)| {
            let own = own.get(minute).copied().unwrap_or_default();
            (*minute, count.saturating_sub(own))
        });
        rest.filter(|(_, count)| *count > 0).collect::<Minutes>()
    };
    let watch = rule.alarm.as_ref().ok();
    Some(Exclusion {
        principal: who.name.clone(),
        clause,
        pattern: Pattern::parse(&pattern).is_ok().then_some(pattern),
        removes: deeds.count,
        alarm: watch
            .zip(deeds.minutes.as_ref())
            .map(|(watch, own)| outlook(watch, &without(own))),
        hides: top(&deeds.events),
    })
}

fn compared(rules: &[Rule], replayed: &Replayed, comparison: &Comparison) -> Vec<ComparedPart> {
    let nothing = counted(&Tally::default());
    let matches = |at: usize| replayed.tallies.get(at).map_or(0, |tally| tally.matches);
    let mut parts = Vec::new();
    for (pair, difference) in comparison.pairs.iter().zip(&replayed.differences) {
        parts.push(ComparedPart {
            name: rules
                .get(pair.new)
                .map(|rule| rule.name.clone())
                .unwrap_or_default(),
            of: "both",
            before: matches(pair.old),
            after: matches(pair.new),
            gained: counted(&difference.gained),
            lost: counted(&difference.lost),
        });
    }
    for (at, rule) in rules.iter().enumerate() {
        if !comparison.pairs.iter().any(|pair| pair.new == at) {
            parts.push(ComparedPart {
                name: rule.name.clone(),
                of: "new",
                before: 0,
                after: matches(at),
                gained: counted(&replayed.tallies[at]),
                lost: nothing.clone(),
            });
        }
    }
    for (number, name) in comparison.old_names.iter().enumerate() {
        let at = comparison.new + number;
        if !comparison.pairs.iter().any(|pair| pair.old == at) {
            parts.push(ComparedPart {
                name: name.clone(),
                of: "old",
                before: matches(at),
                after: 0,
                gained: nothing.clone(),
                lost: replayed.tallies.get(at).map_or_else(|| nothing.clone(), counted),
            });
        }
    }
    parts.sort_by(|a, b| (&a.name, a.of).cmp(&(&b.name, b.of)));
    parts
}

impl Comparison {
    /// Rules of the same name are compared; the log group has to be the same one only where a name has several.
    #[must_use]
    pub fn of(new: &[Rule], old: &[Rule]) -> Self {
        let pairs = new.iter().enumerate().filter_map(|(at, rule)| {
            let same = |other: &&Rule| other.name == rule.name;
            let mut named = old.iter().filter(same);
            let found = match (named.next(), named.next()) {
                (Some(only), None) => Some(only),
                _ => old
                    .iter()
                    .filter(same)
                    .find(|other| other.log_group == rule.log_group),
            }?;
            let old = old.iter().position(|other| std::ptr::eq(other, found))?;
            Some(Pair {
                new: at,
                old: new.len() + old,
            })
        });
        Self {
            pairs: pairs.collect(),
            new: new.len(),
            old_names: old.iter().map(|rule| rule.name.clone()).collect(),
        }
    }
}
