//! What alarms read, held against what the filters of the same spec count: halves that never meet
//! look sound on their own, and the alarm is silent for ever.
//!
//! Others may send data into the same metric, so all of this is a warning, and `allow` says that it
//! is meant.

use std::collections::{BTreeMap, BTreeSet};

use crate::Object;
use crate::kinds::{Alarm, MetricFilter, MissingData, Operator, Source, Unit};
use crate::leaf::Managed;
use crate::problem::{Problem, code};

use super::decoder::{At, Sink, Spot, Table};
use super::resolve::Resolver;
use super::sections::Origin;
use super::suggest::{listed, nearest};

/// The warnings of this page.
const CODES: [&str; 4] = [
    code::NEAR_MISS,
    code::NEVER_FIRES,
    code::OTHER_DIMENSIONS,
    code::OTHER_UNIT,
];

/// Where it is written what an alarm reads, and which of these warnings it does not want to hear.
#[derive(Clone, Debug, Default)]
pub(crate) struct Joint {
    pub(crate) namespace: Option<Spot>,
    pub(crate) metric: Option<Spot>,
    pub(crate) dimensions: Option<Spot>,
    pub(crate) unit: Option<Spot>,
    pub(crate) statistic: Option<Spot>,
    pub(crate) threshold: Option<Spot>,
    pub(crate) allowed: BTreeSet<&'static str>,
    /// The same for the queries on metrics, by id.
    pub(crate) queries: BTreeMap<String, Joint>,
}

/// Takes `allow` out: the warnings of this page that are not to be said. Only those of the numbers
/// concern an alarm `of_filter`, a rule's.
pub(crate) fn read_allowed(table: &mut Table<'_>, of_filter: bool) -> BTreeSet<&'static str> {
    let codes = || {
        let numbers = |code: &&str| matches!(*code, code::NEVER_FIRES | code::OTHER_UNIT);
        CODES.into_iter().filter(move |code| !of_filter || numbers(code))
    };
    let written = table.take::<Vec<At<String>>>("allow");
    let mut allowed = BTreeSet::new();
    for At { value, spot } in written.map(|at| at.value).unwrap_or_default() {
        let Some(code) = codes().find(|code| *code == value) else {
            let help = match nearest(&value, codes()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the warnings about an alarm are {}", listed(codes())),
            };
            let message = format!("there is no warning `{value}` about an alarm");
            let problem = Problem::new(code::UNKNOWN_WORD, &spot, message).label("unknown word");
            table.cx.sink.report(problem.help(help));
            continue;
        };
        allowed.insert(code);
    }
    allowed
}

/// Adds the alarm of a section, to be held against the filters when all are known.
pub(crate) fn add(resolver: &mut Resolver<'_>, alarm: Alarm, joint: &Joint, origin: &Origin) {
    let address = Object::from(alarm.clone()).address(resolver.scope());
    if resolver.add(alarm, origin) {
        resolver.joints.push((address, joint.clone()));
    }
}

/// Looks over the alarms of all sections.
pub(crate) fn check(resolver: &Resolver<'_>) {
    let objects = &resolver.wanted.objects;
    let filters: Vec<(&MetricFilter, Spot)> = objects
        .values()
        .filter_map(|wish| match &wish.object {
            Object::MetricFilter(filter) => {
                let (file, span) = (wish.place.file, wish.place.span.clone());
                Some((filter, Spot { file, span }))
            }
            _ => None,
        })
        .collect();
    for (address, joint) in &resolver.joints {
        let Some(wish) = objects.get(address) else {
            continue;
        };
        let Object::Alarm(alarm) = &wish.object else {
            continue;
        };
        let (file, span) = (wish.place.file, wish.place.span.clone());
        let spot = Spot { file, span };
        let meet = |source: Source<'_>, own: &Joint| {
            let one = Meeting {
                sink: resolver.sink,
                alarm,
                source,
                joint: own,
                allowed: &joint.allowed,
                spot: spot.clone(),
            };
            one.check(&filters);
        };
        if alarm.queries.is_empty() {
            alarm.sources().for_each(|source| meet(source, joint));
        }
        for query in &alarm.queries {
            if let (Some(source), Some(own)) = (query.source(), joint.queries.get(&query.id)) {
                meet(source, own);
            }
        }
    }
}

/// One alarm before the filters.
struct Meeting<'a> {
    sink: &'a Sink,
    alarm: &'a Alarm,
    /// What it reads: its metric, or that of one of its queries.
    source: Source<'a>,
    joint: &'a Joint,
    allowed: &'a BTreeSet<&'static str>,
    /// The section's place, for what it does not write.
    spot: Spot,
}

impl Meeting<'_> {
    fn check(&self, filters: &[(&MetricFilter, Spot)]) {
        let alarm = self.source;
        let fed =
            |filter: &MetricFilter| filter.namespace == alarm.namespace && filter.metric == alarm.metric;
        let feeding: Vec<_> = filters.iter().filter(|(filter, _)| fed(filter)).collect();
        if feeding.is_empty() {
            return self.near_miss(filters);
        }
        let here = |filter: &MetricFilter| filter.dimensions.keys().eq(alarm.dimensions.keys());
        let seen: Vec<_> = feeding.iter().filter(|(filter, _)| here(filter)).collect();
        let Some((first, at)) = seen.first() else {
            return self.other_dimensions(&feeding);
        };
        if alarm.unit != Unit::None && seen.iter().all(|(filter, _)| filter.unit != alarm.unit) {
            let counted = first.unit;
            let message = format!(
                "nothing counts into `{}` in the unit {}",
                alarm.metric, alarm.unit
            );
            let label = "the alarm would never see a value";
            let help = match counted {
                Unit::None => format!(
                    "take `unit` away, or write `unit = \"{}\"` in the filter, too",
                    alarm.unit
                ),
                _ => format!("write `unit = \"{counted}\"`, or take it away: then every unit counts"),
            };
            self.say(code::OTHER_UNIT, self.joint.unit.as_ref(), |problem| {
                let of = format!("its values have the unit {counted}");
                problem(message, label).also(at, of).help(help)
            });
            return;
        }
        let filters: Vec<&MetricFilter> = seen.iter().map(|(filter, _)| *filter).collect();
        self.never_fires(&filters, at);
    }

    /// Reports a warning, unless it is allowed.
    fn say(
        &self,
        code: &'static str,
        spot: Option<&Spot>,
        problem: impl FnOnce(&dyn Fn(String, &str) -> Problem) -> Problem,
    ) {
        if !self.allowed.contains(code) {
            let spot = spot.unwrap_or(&self.spot);
            let new = |message: String, label: &str| Problem::new(code, spot, message).label(label);
            self.sink.report(problem(&new).warning());
        }
    }

    fn other_dimensions(&self, feeding: &[&(&MetricFilter, Spot)]) {
        let [(filter, at), ..] = feeding else { return };
        let alarm = self.source;
        let spot = self.joint.dimensions.as_ref().or(self.joint.metric.as_ref());
        let message = format!(
            "nothing counts into `{}` with just these dimensions",
            alarm.metric
        );
        let counted = match filter.dimensions.is_empty() {
            true => "counts without dimensions".to_owned(),
            false => format!(
                "counts with {}",
                listed(filter.dimensions.keys().map(String::as_str))
            ),
        };
        let help = match filter.dimensions.is_empty() {
            true => "an alarm sees only data of just its dimensions: take `dimensions` away".to_owned(),
            false => {
                let value = |name: &String| {
                    let value = alarm.dimensions.get(name).map_or("VALUE", String::as_str);
                    format!("{} = \"{value}\"", toml_key(name))
                };
                let all: Vec<String> = filter.dimensions.keys().map(value).collect();
                format!(
                    "an alarm sees only data of just its dimensions: write `dimensions = {{ {} }}`",
                    all.join(", ")
                )
            }
        };
        self.say(code::OTHER_DIMENSIONS, spot, |problem| {
            problem(message, "the alarm would never see a value")
                .also(at, counted)
                .help(help)
        });
    }

    /// A metric of nobody that is spelt almost as one of the spec.
    fn near_miss(&self, filters: &[(&MetricFilter, Spot)]) {
        let alarm = self.source;
        let by_namespace = filters
            .iter()
            .find(|(f, _)| f.metric == alarm.metric && is_slip(alarm.namespace, f.namespace.as_str()));
        let by_metric = filters
            .iter()
            .find(|(f, _)| f.namespace == alarm.namespace && is_slip(alarm.metric, f.metric.as_str()));
        let (key, typed, meant, at, spot) = match (by_namespace, by_metric) {
            (Some((f, at)), _) => (
                "namespace",
                alarm.namespace,
                f.namespace.as_str(),
                at,
                &self.joint.namespace,
            ),
            (None, Some((f, at))) => ("metric", alarm.metric, f.metric.as_str(), at, &self.joint.metric),
            (None, None) => return,
        };
        self.say(code::NEAR_MISS, spot.as_ref(), |problem| {
            let message = format!("no filter of the spec counts into the {key} `{typed}`");
            problem(message, "almost that of a filter")
                .also(at, format!("counts into `{meant}`"))
                .help(format!("write `{key} = \"{meant}\"`"))
        });
    }

    /// A threshold beyond all that the filters' constant values can make.
    fn never_fires(&self, filters: &[&MetricFilter], at: &Spot) {
        let alarm = self.alarm;
        // What is computed of values can be anything.
        if !alarm.queries.is_empty() {
            return;
        }
        // Where a period without data counts as a breach, silence fires.
        if alarm.missing_data == MissingData::Breaching {
            return;
        }
        let Some((least, most)) = values(filters).and_then(|values| within(alarm.statistic.as_str(), values))
        else {
            return;
        };
        let threshold = alarm.threshold;
        let breaches = match alarm.operator {
            Operator::GreaterThanOrEqualToThreshold => most >= threshold,
            Operator::GreaterThanThreshold => most > threshold,
            Operator::LessThanThreshold => least < threshold,
            Operator::LessThanOrEqualToThreshold => least <= threshold,
            Operator::LessThanLowerOrGreaterThanUpperThreshold
            | Operator::GreaterThanUpperThreshold
            | Operator::LessThanLowerThreshold => return,
        };
        if breaches {
            return;
        }
        let statistic = &alarm.statistic;
        let above = matches!(
            alarm.operator,
            Operator::GreaterThanOrEqualToThreshold | Operator::GreaterThanThreshold
        );
        let bound = if above {
            format!("never above {most}")
        } else {
            format!("never below {least}")
        };
        let message = format!(
            "the threshold {threshold} is never breached: `{statistic}` of what is counted is {bound}"
        );
        let help = if above && statistic.as_str() != "Sum" {
            "write `statistic = \"Sum\"`, which counts the events of a period, or another `threshold`"
        } else if above {
            "write another `threshold`, or let the filter count another `value`"
        } else {
            "write another `threshold`; to hear of periods without an event write `missing_data = \"breaching\"`"
        };
        let spot = self.joint.threshold.as_ref().or(self.joint.statistic.as_ref());
        self.say(code::NEVER_FIRES, spot, |problem| {
            problem(message, "out of reach")
                .also(at, "what is counted".to_owned())
                .help(help)
        });
    }
}

/// What filters can send: the least and the greatest value, if all are numbers. A default value that
/// the spec leaves alone is taken for 0 or none.
fn values(filters: &[&MetricFilter]) -> Option<(f64, f64)> {
    let mut all = Vec::new();
    for filter in filters {
        all.push(
            filter
                .value
                .parse::<f64>()
                .ok()
                .filter(|value| value.is_finite())?,
        );
        match filter.default_value {
            Managed::Leave => all.push(0.0),
            Managed::Set(default) => all.extend(default),
        }
    }
    let least = all.iter().copied().reduce(f64::min)?;
    Some((least, all.into_iter().reduce(f64::max)?))
}

/// Between what a statistic of such values stays in every period that has one.
fn within(statistic: &str, (least, most): (f64, f64)) -> Option<(f64, f64)> {
    match statistic {
        // Any number of values.
        "Sum" => Some((
            if least < 0.0 { f64::NEG_INFINITY } else { least },
            if most > 0.0 { f64::INFINITY } else { most },
        )),
        "SampleCount" => Some((1.0, f64::INFINITY)),
        "Average" | "Minimum" | "Maximum" | "IQM" => Some((least, most)),
        // Percentiles and trimmed means lie among the values; counts, sums and ranks do not.
        text if text.starts_with(['p', 'w']) || text.starts_with("tm") => Some((least, most)),
        _ => None,
    }
}

/// True for two names that differ in the case of letters, or in one character that is no digit:
/// `prod1` and `prod2` are two things.
fn is_slip(typed: &str, meant: &str) -> bool {
    if typed == meant {
        return false;
    }
    if typed.to_lowercase() == meant.to_lowercase() {
        return true;
    }
    let count = |text: &str| {
        let mut digits = BTreeMap::new();
        for c in text.chars().filter(char::is_ascii_digit) {
            *digits.entry(c).or_insert(0_usize) += 1;
        }
        digits
    };
    // Of short names one letter is a large part.
    typed.chars().count() >= 5
        && count(typed) == count(meant)
        && strsim::damerau_levenshtein(typed, meant) == 1
}

/// A name as a key of TOML.
fn toml_key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match name.chars().all(bare) {
        true => name.to_owned(),
        false => format!("\"{name}\""),
    }
}
