//! Alarms as time passes: which state they have at which minute, and what they do about it.
//!
//! Only the minutes are looked at at which something can change. Between two calls no data arrives, so
//! the verdict on an alarm stays the same until a minute with data moves from one of its periods into
//! another or out of its sight; at all other minutes the evaluation would repeat itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use trailwarden_alarm::{
    Alarm as Rules, AlarmRule, Condition, Datapoint, Operator, Series, Settings, State as Verdict, Statistic,
    Suppression, plain, reason,
};

use super::math::{Formula, Points, Value};
use super::metrics::{self, Name};
use super::{Lived, notices};
use crate::state::{Alarm, AlarmSettings, Dimension, HistoryItem, Region, State};

/// The most items of history that a region keeps, and for how long in milliseconds: CloudWatch keeps
/// it for 30 days.
const HISTORY: usize = 500;
const HISTORY_AGE: i64 = 30 * 86_400_000;

/// An alarm: its account, its region and its name.
type Key = (String, String, String);

/// Whether anything could happen to an alarm from one time until another, both in milliseconds.
pub(crate) fn could_change(state: &State, from: i64, until: i64) -> bool {
    let minute_ends = until.div_euclid(60_000) > from.div_euclid(60_000);
    let mut alarms = state
        .accounts
        .values()
        .flat_map(|account| account.regions.values())
        .flat_map(|region| region.alarms.values());
    alarms.any(|alarm| {
        let period = alarm.suppression.as_ref().and_then(Suppression::ends);
        minute_ends || period.is_some_and(|ends| ends.saturating_mul(1000) <= until)
    })
}

/// Evaluates all alarms at each moment after one and up to another at which their state may change.
pub(crate) fn live(state: &mut State, from: i64, until: i64, lived: &mut Lived) {
    let (from, until) = (from.div_euclid(1000), until.div_euclid(1000));
    let mut known: BTreeMap<Key, Prepared> = BTreeMap::new();
    let mut due: BTreeMap<i64, BTreeSet<Key>> = BTreeMap::new();
    for (account_id, account) in &state.accounts {
        for (region_id, region) in &account.regions {
            for (name, alarm) in &region.alarms {
                let key = || (account_id.clone(), region_id.clone(), name.clone());
                let mut at = |tick: i64| {
                    due.entry(tick).or_default().insert(key());
                };
                if alarm.settings.alarm_rule.is_some() {
                    let first = (from.div_euclid(60) + 1) * 60;
                    let ends = alarm.suppression.as_ref().and_then(Suppression::ends);
                    let ends = ends.map(|ends| ends.max(from));
                    ends.into_iter()
                        .chain([first])
                        .filter(|tick| *tick <= until)
                        .for_each(&mut at);
                } else if let Some(prepared) = Prepared::new(region, &alarm.settings, from, until) {
                    prepared.ticks(from, until).into_iter().for_each(&mut at);
                    known.insert(key(), prepared);
                }
            }
        }
    }
    while let Some((tick, keys)) = due.pop_first() {
        let mut changed: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for (account, region, name) in keys {
            let key = (account, region, name);
            let evaluated = known.get(&key).and_then(|prepared| {
                lived.evaluations += 1;
                prepared.evaluate(find(state, &key)?, tick)
            });
            let (account, region, name) = key;
            let moved = changed.entry((account.clone(), region.clone())).or_default();
            if let Some((verdict, reason, data)) = evaluated {
                let change = Change {
                    to: verdict,
                    reason,
                    data,
                    at: tick.saturating_mul(1000),
                };
                enter(state, (&account, &region), &name, change, lived);
                moved.push(name);
            }
        }
        for ((account, region), moved) in changed {
            for (name, ends) in settle(
                state,
                (&account, &region),
                moved,
                tick.saturating_mul(1000),
                lived,
            ) {
                if ends > tick && ends <= until {
                    due.entry(ends)
                        .or_default()
                        .insert((account.clone(), region.clone(), name));
                }
            }
        }
    }
}

fn find<'s>(state: &'s State, (account, region, name): &Key) -> Option<&'s Alarm> {
    state.find_region(account, region)?.alarms.get(name)
}

pub(crate) fn verdict(alarm: &Alarm) -> Verdict {
    alarm.state.parse().unwrap_or(Verdict::InsufficientData)
}

/// A state that an alarm gets.
pub(crate) struct Change {
    pub(crate) to: Verdict,
    pub(crate) reason: String,
    pub(crate) data: Option<String>,
    pub(crate) at: i64,
}

/// `SetAlarmState`: the alarm has a state until its next evaluation, and what depends on it follows.
pub(crate) fn set(state: &mut State, place: (&str, &str), name: &str, change: Change) {
    let at = change.at;
    let lived = &mut Lived::default();
    let (account, region) = place;
    let Some(alarm) = state.region(account, region).alarms.get_mut(name) else {
        return;
    };
    if verdict(alarm) == change.to {
        alarm.reason = change.reason;
        alarm.reason_data = change.data;
        alarm.updated = at;
        return;
    }
    enter(state, place, name, change, lived);
    settle(state, place, vec![name.to_owned()], at, lived);
}

/// Lets an alarm have another state, and does what it does about it, unless a suppressor decides that.
fn enter(state: &mut State, place: (&str, &str), name: &str, change: Change, lived: &mut Lived) {
    let (account, region) = place;
    let Some(alarm) = state.region(account, region).alarms.get_mut(name) else {
        return;
    };
    lived.changed = true;
    let item = |state: &str, reason: &str, data: &Option<String>| {
        let mut item = serde_json::json!({ "stateValue": state, "stateReason": reason });
        if let Some(data) = data
            .as_deref()
            .and_then(|data| serde_json::from_str::<Json>(data).ok())
        {
            item["stateReasonData"] = data;
        }
        item
    };
    let to = change.to.to_string();
    let data = serde_json::json!({
        "version": "1.0",
        "oldState": item(&alarm.state, &alarm.reason, &alarm.reason_data),
        "newState": item(&to, &change.reason, &change.data),
    });
    let summary = format!("Alarm updated from {} to {to}", alarm.state);
    let composite = alarm.settings.alarm_rule.is_some();
    alarm.before = std::mem::replace(&mut alarm.state, to);
    alarm.reason = change.reason;
    alarm.reason_data = change.data;
    alarm.updated = change.at;
    alarm.transitioned = change.at;
    let suppressed = alarm.settings.actions_suppressor.is_some();
    remember(
        state.region(account, region),
        HistoryItem {
            at: change.at,
            alarm: name.to_owned(),
            composite,
            kind: "StateUpdate".to_owned(),
            summary,
            data: data.to_string(),
        },
    );
    if !suppressed {
        notices::act(state, place, name, change.to, change.at);
    }
}

/// Keeps an item of history, and drops what is too old or too much.
pub(crate) fn remember(region: &mut Region, item: HistoryItem) {
    let old = item.at - HISTORY_AGE;
    let history = &mut region.alarm_history;
    history.push(item);
    let over = history.len().saturating_sub(HISTORY);
    history.drain(..over);
    if history.first().is_some_and(|first| first.at < old) {
        history.retain(|it| it.at >= old);
    }
}

/// Lets the composite alarms of a region follow the alarms that changed, and their suppressors.
///
/// Says which of them wait for the end of a period, and when in seconds that is.
fn settle(
    state: &mut State,
    place: (&str, &str),
    mut moved: Vec<String>,
    now: i64,
    lived: &mut Lived,
) -> Vec<(String, i64)> {
    let composites: Vec<String> = state
        .region(place.0, place.1)
        .alarms
        .iter()
        .filter(|(_, alarm)| alarm.settings.alarm_rule.is_some())
        .map(|(name, _)| name.clone())
        .collect();
    // One of them may ask another: each round is one step further from the metric alarms. A rule that
    // asks itself in a circle, which AWS leaves to its user, ends with the last round.
    for round in 0..=composites.len() {
        let mut next = Vec::new();
        for name in &composites {
            let first = round == 0;
            if let Some(change) = composite(state, place, name, &moved, first, now, lived) {
                // What it had is what its suppressor compares with.
                suppression(state, place, name);
                enter(state, place, name, change, lived);
                next.push(name.clone());
            }
        }
        if next.is_empty() {
            break;
        }
        moved = next;
    }
    composites
        .into_iter()
        .filter_map(|name| {
            suppression(state, place, &name);
            let alarms = &mut state.region(place.0, place.1).alarms;
            let suppressor = alarms.get(&name)?.settings.actions_suppressor.clone()?;
            let suppressor = alarms.get(plain(&suppressor)).map(verdict)?;
            let alarm = alarms.get_mut(&name)?;
            let its = verdict(alarm);
            let suppression = alarm.suppression.as_mut()?;
            let seconds = now.div_euclid(1000);
            let before = suppression.clone();
            // The suppressor first: one that went on in the same minute is what suppression is for.
            let mut acted = suppression.suppressor(seconds, suppressor);
            acted.extend(suppression.composite(seconds, its));
            lived.changed |= *suppression != before;
            let ends = suppression.ends();
            for act in acted {
                notices::act(state, place, &name, act.state, act.at.saturating_mul(1000));
            }
            ends.map(|ends| (name, ends))
        })
        .collect()
}

/// Gives a composite alarm with a suppressor the memory that suppression needs.
fn suppression(state: &mut State, (account, region): (&str, &str), name: &str) {
    let alarms = &mut state.region(account, region).alarms;
    let Some(alarm) = alarms.get(name) else {
        return;
    };
    let (Some(suppressor), None) = (&alarm.settings.actions_suppressor, &alarm.suppression) else {
        return;
    };
    let Some(suppressor) = alarms.get(plain(suppressor)).map(verdict) else {
        return;
    };
    let seconds = |of: Option<i32>| of.and_then(|it| u32::try_from(it).ok()).unwrap_or_default();
    if let Some(alarm) = alarms.get_mut(name) {
        let wait = seconds(alarm.settings.actions_suppressor_wait_period);
        let extension = seconds(alarm.settings.actions_suppressor_extension_period);
        alarm.suppression = Some(Suppression::new(wait, extension, verdict(alarm), suppressor));
    }
}

/// The change of a composite alarm after others changed; it is evaluated only then, when it is new, and
/// when it was configured.
fn composite(
    state: &State,
    (account, region): (&str, &str),
    name: &str,
    moved: &[String],
    first: bool,
    now: i64,
    lived: &mut Lived,
) -> Option<Change> {
    let alarms = &state.find_region(account, region)?.alarms;
    let alarm = alarms.get(name)?;
    let rule = AlarmRule::parse(alarm.settings.alarm_rule.as_deref()?).ok()?;
    let names = rule.names();
    let child = moved.iter().find(|it| names.contains(it.as_str()));
    let unchecked = alarm.reason == reason::UNCHECKED;
    let configured = first && now - alarm.configured <= 60_000;
    if child.is_none() && !unchecked && !configured {
        return None;
    }
    lived.evaluations += 1;
    let to = rule.state(&|name| alarms.get(name).map(verdict)).ok()?;
    if to == verdict(alarm) {
        return None;
    }
    let arn = |name: &str| notices::alarm_arn((account, region), name);
    let why = match child {
        Some(child) if !unchecked => {
            let its = alarms.get(child).map_or(to, verdict);
            reason::of_child(&arn(child), its, now.div_euclid(1000))
        }
        _ => reason::of_creation(&arn(name), to),
    };
    Some(Change {
        to,
        reason: why,
        data: None,
        at: now,
    })
}

/// A metric alarm with the data that it can see, ready to be evaluated at many moments.
struct Prepared {
    rules: Rules,
    source: Source,
    /// The minutes with data.
    minutes: BTreeSet<i64>,
}

enum Source {
    Metric(Series),
    Math(Math),
}

struct Math {
    id: String,
    queries: BTreeMap<String, Query>,
}

enum Query {
    Metric(Statistic, Option<String>, Series),
    Formula(Formula),
}

impl Prepared {
    /// None of an alarm that cannot be evaluated here: see the module [`super`].
    fn new(region: &Region, settings: &AlarmSettings, from: i64, until: i64) -> Option<Prepared> {
        let queries: Vec<Asked<'_>> = settings.metrics.iter().filter_map(Asked::of).collect();
        let returned = queries.iter().find(|query| query.returned);
        let (statistic, period, unit) = match returned {
            None => {
                let statistic = settings
                    .statistic
                    .as_ref()
                    .or(settings.extended_statistic.as_ref());
                (statistic?.parse().ok()?, settings.period?, settings.unit.clone())
            }
            Some(Asked { stat: Some(stat), .. }) => (
                stat.statistic.parse().ok()?,
                stat.period,
                stat.unit.map(str::to_owned),
            ),
            // Data points of a formula have no statistic: the alarm sees them as they are.
            Some(Asked { period, .. }) => {
                let of_stats = queries
                    .iter()
                    .filter_map(|query| Some(query.stat.as_ref()?.period))
                    .max();
                (Statistic::Average, period.or(of_stats)?, None)
            }
        };
        let number = |it: i32| u32::try_from(it).ok();
        let operator: Operator = settings.comparison_operator.parse().ok()?;
        let mut made = Settings::new(statistic, operator, settings.threshold?);
        made.period = number(period).filter(|period| *period >= 60)?;
        made.evaluation_periods = number(settings.evaluation_periods?)?;
        made.datapoints_to_alarm = settings.datapoints_to_alarm.and_then(number);
        made.condition = Condition::Threshold(operator, settings.threshold?);
        if let Some(treat) = &settings.treat_missing_data {
            made.missing_data = treat.parse().ok()?;
        }
        if let Some(low) = &settings.evaluate_low_sample_count_percentile {
            made.low_samples = low.parse().ok()?;
        }
        made.unit = unit;
        let rules = Rules::new(made).ok()?;
        let sight = rules.range_start(from);
        let mut minutes = BTreeSet::new();
        let mut series = |name: Name<'_>, unit: Option<&str>| {
            let metric = metrics::find(region, name);
            minutes.extend(metric.into_iter().flat_map(|it| it.minutes(unit, sight)));
            metric.map(|it| it.series(sight, until)).unwrap_or_default()
        };
        let source = match returned {
            None => {
                let dimensions = named(&settings.dimensions);
                let name = Name {
                    namespace: settings.namespace.as_deref()?,
                    name: settings.metric_name.as_deref()?,
                    dimensions: &dimensions,
                };
                Source::Metric(series(name, settings.unit.as_deref()))
            }
            Some(Asked { stat: Some(stat), .. }) => Source::Metric(series(stat.name(), stat.unit)),
            Some(Asked { id, .. }) => {
                let mut all = BTreeMap::new();
                for query in &queries {
                    let made = match (&query.stat, query.expression) {
                        (Some(stat), _) => Query::Metric(
                            stat.statistic.parse().ok()?,
                            stat.unit.map(str::to_owned),
                            series(stat.name(), stat.unit),
                        ),
                        (None, Some(expression)) => Query::Formula(Formula::read(expression)?),
                        (None, None) => return None,
                    };
                    all.insert(query.id.to_owned(), made);
                }
                let math = Math {
                    id: (*id).to_owned(),
                    queries: all,
                };
                // One period shows whether all of it is understood.
                math.value(&math.id, &[0], i64::from(rules.settings().period), 0)?;
                Source::Math(math)
            }
        };
        Some(Prepared {
            rules,
            source,
            minutes,
        })
    }

    /// The moments, in seconds, at which an evaluation may say something new.
    fn ticks(&self, from: i64, until: i64) -> BTreeSet<i64> {
        let step = self.rules.cadence();
        let period = i64::from(self.rules.settings().period);
        let range = i64::from(self.rules.evaluation_range());
        let up = |at: i64| at.div_euclid(step) * step + if at.rem_euclid(step) == 0 { 0 } else { step };
        let first = (from.div_euclid(step) + 1) * step;
        let mut ticks = BTreeSet::from([first]);
        let Some(last) = self.minutes.last() else {
            return only(ticks, until);
        };
        let end = until.min(up(last + 60 + range * period));
        let moves = i64::try_from(self.minutes.len())
            .unwrap_or(i64::MAX)
            .saturating_mul(range + 1);
        if moves > (end - first) / step {
            // With so much data nearly every minute is one of them.
            ticks.extend((0..).map(|n| first + n * step).take_while(|at| *at <= end));
        } else {
            for minute in &self.minutes {
                ticks.extend((0..=range).map(|age| up(minute + 60 + age * period)));
            }
            ticks = ticks.split_off(&first);
        }
        only(ticks, until)
    }

    /// The state, its reason and its data, if the state is another one.
    fn evaluate(&self, alarm: &Alarm, now: i64) -> Option<(Verdict, String, Option<String>)> {
        let current = verdict(alarm);
        let evaluation = match &self.source {
            Source::Metric(series) => self.rules.evaluate(series, now, current),
            Source::Math(math) => {
                let period = i64::from(self.rules.settings().period);
                let end = self.rules.window_end(now);
                let range = i64::from(self.rules.evaluation_range());
                let periods: Vec<i64> = (1..=range).rev().map(|age| end - age * period).collect();
                let points = match math.value(&math.id, &periods, period, 0)? {
                    Value::One(points) => points,
                    Value::Number(number) => periods.iter().map(|at| (*at, number)).collect(),
                    Value::Many(_) => return None,
                };
                let point = |at: i64| {
                    let value = *points.get(&at)?;
                    let samples = 1.0;
                    Some(Datapoint { at, value, samples })
                };
                self.rules.evaluate_points(&point, &|_| None, now, current)
            }
        };
        if evaluation.state == current {
            return None;
        }
        let mut data = serde_json::to_value(evaluation.reason_data(&self.rules)).ok()?;
        if let (Source::Math(_), Some(map)) = (&self.source, data.as_object_mut()) {
            map.remove("statistic");
        }
        Some((
            evaluation.state,
            evaluation.reason(&self.rules),
            Some(data.to_string()),
        ))
    }
}

fn only(mut ticks: BTreeSet<i64>, until: i64) -> BTreeSet<i64> {
    ticks.retain(|tick| *tick <= until);
    ticks
}

impl Math {
    /// The data of a query in some periods; none if it is not understood.
    fn value(&self, id: &str, periods: &[i64], period: i64, depth: usize) -> Option<Value> {
        // Queries that ask each other in a circle have no value.
        if depth > self.queries.len() {
            return None;
        }
        match self.queries.get(id)? {
            Query::Metric(statistic, unit, series) => Some(Value::One(points(
                series,
                *statistic,
                unit.as_deref(),
                periods,
                period,
            ))),
            Query::Formula(formula) => {
                let metrics: Vec<(String, Points)> = self
                    .queries
                    .iter()
                    .filter_map(|(id, query)| match query {
                        Query::Metric(statistic, unit, series) => {
                            let points = points(series, *statistic, unit.as_deref(), periods, period);
                            Some((id.clone(), points))
                        }
                        Query::Formula(_) => None,
                    })
                    .collect();
                formula.value(
                    periods,
                    &|id| self.value(id, periods, period, depth + 1),
                    &metrics,
                )
            }
        }
    }
}

fn points(series: &Series, statistic: Statistic, unit: Option<&str>, periods: &[i64], length: i64) -> Points {
    let point = |at: &i64| Some((*at, series.datapoint(statistic, unit, *at, length)?.value));
    periods.iter().filter_map(point).collect()
}

/// The dimensions of an alarm by their names.
fn named(dimensions: &[Dimension]) -> BTreeMap<String, String> {
    let pair = |it: &Dimension| (it.name.clone(), it.value.clone());
    dimensions.iter().map(pair).collect()
}

/// An element of `Metrics`, as it came.
struct Asked<'q> {
    id: &'q str,
    stat: Option<Stat<'q>>,
    expression: Option<&'q str>,
    period: Option<i32>,
    returned: bool,
}

struct Stat<'q> {
    namespace: &'q str,
    metric: &'q str,
    dimensions: BTreeMap<String, String>,
    statistic: &'q str,
    unit: Option<&'q str>,
    period: i32,
}

impl<'q> Asked<'q> {
    fn of(query: &'q Json) -> Option<Asked<'q>> {
        let number = |of: &Json| of.as_i64().and_then(|it| i32::try_from(it).ok());
        let stat = query
            .get("MetricStat")
            .filter(|it| !it.is_null())
            .and_then(|stat| {
                let metric = stat.get("Metric")?;
                let dimensions = metric.get("Dimensions").and_then(Json::as_array);
                let dimensions = dimensions.into_iter().flatten().filter_map(|dimension| {
                    let of = |key: &str| Some(dimension.get(key)?.as_str()?.to_owned());
                    Some((of("Name")?, of("Value")?))
                });
                Some(Stat {
                    namespace: metric.get("Namespace")?.as_str()?,
                    metric: metric.get("MetricName")?.as_str()?,
                    dimensions: dimensions.collect(),
                    statistic: stat.get("Stat")?.as_str()?,
                    unit: stat.get("Unit").and_then(Json::as_str),
                    period: number(stat.get("Period")?)?,
                })
            });
        Some(Asked {
            id: query.get("Id")?.as_str()?,
            stat,
            expression: query.get("Expression").and_then(Json::as_str),
            period: query.get("Period").and_then(number),
            returned: query.get("ReturnData").and_then(Json::as_bool) != Some(false),
        })
    }
}

impl Stat<'_> {
    fn name(&self) -> Name<'_> {
        Name {
            namespace: self.namespace,
            name: self.metric,
            dimensions: &self.dimensions,
        }
    }
}
