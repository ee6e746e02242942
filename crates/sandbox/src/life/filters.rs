//! From the events of a log group to the data of metrics.

use std::collections::{BTreeMap, BTreeSet};

use trailwarden_pattern::{Extractor, Form, Pattern};

use super::metrics::{self, Name, Samples};
use crate::services::logs::EVENT_OVERHEAD;
use crate::state::{MetricFilter, State};

/// What one filter makes of one event.
struct Datum {
    dimensions: BTreeMap<String, String>,
    at: i64,
    value: f64,
}

/// Counts events that entered a log group: by the group's metric filters, and by the metrics that
/// CloudWatch Logs itself reports.
///
/// Filters date their data by the events, CloudWatch Logs its own by the time of arrival.
pub(crate) fn count(
    state: &mut State,
    account: &str,
    region: &str,
    group: &str,
    events: &[(i64, String)],
    now: i64,
) {
    let found = state
        .find_region(account, region)
        .and_then(|it| it.log_groups.get(group));
    let (Some(found), false) = (found, events.is_empty()) else {
        return;
    };
    let filters: Vec<MetricFilter> = found.filters.values().cloned().collect();
    let to = (account, region);
    let of_group = BTreeMap::from([("LogGroupName".to_owned(), group.to_owned())]);
    let bytes: u64 = events
        .iter()
        .map(|(_, text)| text.len() as u64 + EVENT_OVERHEAD)
        .sum();
    for (name, unit, value) in [
        ("IncomingLogEvents", None, events.len() as f64),
        ("IncomingBytes", Some("Bytes"), bytes as f64),
    ] {
        let name = Name {
            namespace: "AWS/Logs",
            name,
            dimensions: &of_group,
        };
        metrics::add(state, to, name, unit, now, Samples::one(value), now);
    }
    for filter in &filters {
        let unit = filter.unit.as_deref();
        let (data, quiet) = read(filter, (account, region), events);
        for datum in data {
            let name = named(filter, &datum.dimensions);
            metrics::add(state, to, name, unit, datum.at, Samples::one(datum.value), now);
        }
        let Some(default) = filter.default_value else {
            continue;
        };
        let none = BTreeMap::new();
        for minute in quiet {
            // A minute with data needs no default: what matched came in another call.
            let there = state
                .find_region(account, region)
                .and_then(|region| metrics::find(region, named(filter, &none)))
                .is_some_and(|metric| metric.has(unit, minute));
            if !there {
                let at = minute.saturating_mul(1000);
                metrics::add(
                    state,
                    to,
                    named(filter, &none),
                    unit,
                    at,
                    Samples::one(default),
                    now,
                );
            }
        }
    }
}

fn named<'n>(filter: &'n MetricFilter, dimensions: &'n BTreeMap<String, String>) -> Name<'n> {
    Name {
        namespace: &filter.metric_namespace,
        name: &filter.metric_name,
        dimensions,
    }
}

/// The data that a filter takes out of events, and the minutes of which it matched nothing.
fn read(
    filter: &MetricFilter,
    (account, region): (&str, &str),
    events: &[(i64, String)],
) -> (Vec<Datum>, BTreeSet<i64>) {
    let Ok(pattern) = Pattern::parse(&filter.pattern) else {
        return (Vec::new(), BTreeSet::new());
    };
    let matcher = pattern.matcher();
    let value = Value::new(&filter.metric_value, pattern.form());
    let dimensions: Vec<(&String, Option<Extractor>)> = filter
        .dimensions
        .iter()
        .map(|(name, field)| (name, Extractor::new(pattern.form(), field).ok()))
        .collect();
    let of_system: Vec<(String, String)> = filter
        .system_dimensions
        .iter()
        .filter_map(|field| match field.as_str() {
            "@aws.account" => Some((field.clone(), account.to_owned())),
            "@aws.region" => Some((field.clone(), region.to_owned())),
            _ => None,
        })
        .collect();
    let (mut data, mut matched, mut all) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for (at, message) in events {
        let minute = at.div_euclid(60_000) * 60;
        all.insert(minute);
        let message = message.as_bytes();
        if !matcher.is_match(message) {
            continue;
        }
        matched.insert(minute);
        // Without one of its dimensions the data would belong to another metric: there is none.
        let named: Option<BTreeMap<String, String>> = dimensions
            .iter()
            .map(|(name, field)| {
                let text = field.as_ref()?.text(message)?;
                let text = String::from_utf8_lossy(&text).into_owned();
                (!text.is_empty()).then(|| ((*name).clone(), text))
            })
            .chain(of_system.iter().cloned().map(Some))
            .collect();
        if let (Some(dimensions), Some(value)) = (named, value.of(message)) {
            data.push(Datum {
                dimensions,
                at: *at,
                value,
            });
        }
    }
    (data, all.difference(&matched).copied().collect())
}

/// What `metricValue` says.
enum Value {
    Number(f64),
    Field(Option<Extractor>),
}

impl Value {
    fn new(text: &str, form: &Form) -> Value {
        match text.parse() {
            Ok(number) => Value::Number(number),
            Err(_) => Value::Field(Extractor::new(form, text).ok()),
        }
    }

    /// The value for an event; none where the event has no number there.
    fn of(&self, message: &[u8]) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Field(field) => field.as_ref()?.number(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trailwarden_alarm::Statistic;

    const NOW: i64 = 1_767_225_600_000;

    fn world(filter: MetricFilter) -> State {
        let mut state = State::new();
        let group = state
            .region("1", "r")
            .log_groups
            .entry("g".to_owned())
            .or_default();
        let filter = MetricFilter {
            metric_name: "root".to_owned(),
            metric_namespace: "acme".to_owned(),
            ..filter
        };
        group.filters.insert("f".to_owned(), filter);
        state
    }

    fn sum(state: &State, dimensions: &[(&str, &str)], minute: i64) -> Option<f64> {
        let dimensions = dimensions
            .iter()
            .map(|(a, b)| (a.to_string(), b.to_string()))
            .collect();
        let name = Name {
            namespace: "acme",
            name: "root",
            dimensions: &dimensions,
        };
        let metric = metrics::find(state.find_region("1", "r")?, name)?;
        let at = NOW / 1000 + minute * 60;
        let point = metric
            .series(0, i64::MAX)
            .datapoint(Statistic::Sum, None, at, 60)?;
        Some(point.value)
    }

    fn events(of: &[(i64, &str)]) -> Vec<(i64, String)> {
        of.iter()
            .map(|(minute, text)| (NOW + minute * 60_000, (*text).to_owned()))
            .collect()
    }

    #[test]
    fn matches_are_counted_by_minute_and_quiet_minutes_have_the_default() {
        let mut state = world(MetricFilter {
            pattern: "ERROR".to_owned(),
            metric_value: "1".to_owned(),
            default_value: Some(0.0),
            ..MetricFilter::default()
        });
        let all = events(&[(-3, "ERROR a"), (-3, "ERROR b"), (-3, "fine"), (-2, "fine")]);
        count(&mut state, "1", "r", "g", &all, NOW);
        assert_eq!(sum(&state, &[], -3), Some(2.0));
        assert_eq!(sum(&state, &[], -2), Some(0.0));
        assert_eq!(sum(&state, &[], -1), None);
        let logs = &state.accounts["1"].regions["r"].metrics[1];
        assert_eq!(
            (logs.namespace.as_str(), logs.name.as_str()),
            ("AWS/Logs", "IncomingLogEvents")
        );
        assert_eq!(logs.units["None"][&(NOW / 1000)].to_string(), "4");
    }

    #[test]
    fn values_and_dimensions_come_from_fields() {
        let mut state = world(MetricFilter {
            pattern: "{ $.a = 1 }".to_owned(),
            metric_value: "$.n".to_owned(),
            dimensions: BTreeMap::from([("who".to_owned(), "$.who".to_owned())]),
            ..MetricFilter::default()
        });
        let all = events(&[
            (-1, r#"{"a":1,"n":4,"who":"x"}"#),
            (-1, r#"{"a":1,"n":5,"who":"y"}"#),
            (-1, r#"{"a":1,"n":6}"#),
            (-1, r#"{"a":1,"who":"x"}"#),
            (-1, r#"{"a":2,"n":7,"who":"x"}"#),
        ]);
        count(&mut state, "1", "r", "g", &all, NOW);
        assert_eq!(sum(&state, &[("who", "x")], -1), Some(4.0));
        assert_eq!(sum(&state, &[("who", "y")], -1), Some(5.0));
        assert_eq!(sum(&state, &[], -1), None);
    }
}
