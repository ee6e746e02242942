//! Metric data in and out.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use trailwarden_alarm::{Statistic, StatisticSet};
use winterbaume_cloudwatch::wire::{
    Dimension, GetMetricDataInput, GetMetricStatisticsInput, ListMetricsInput, MetricDataQuery, MetricDatum,
    PutMetricDataInput,
};

use super::validate;
use crate::life::math::{Formula, Points, Value};
use crate::life::metrics::{self, Metric, Name, Samples};
use crate::protocol::{Failure, cbor_time};
use crate::route::Call;
use crate::services::page;
use crate::state::State;

const PAGE: usize = 500;
/// "GetMetricStatistics": the maximum number of data points returned from a single call.
const DATAPOINTS: i64 = 1440;

fn bad(message: impl Into<String>) -> Failure {
    Failure::bad("InvalidParameterValue", message)
}

fn named(dimensions: Option<&Vec<Dimension>>) -> BTreeMap<String, String> {
    let pair = |it: &Dimension| (it.name.clone(), it.value.clone());
    dimensions.into_iter().flatten().map(pair).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "a time of this century")]
fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}

/// Takes data; none of it if some of it is refused.
pub(super) fn put(state: &mut State, call: &Call, input: PutMetricDataInput) -> Result<(), Failure> {
    if input.namespace.is_empty() || input.namespace.starts_with("AWS/") {
        return Err(bad("The value AWS/ for parameter Namespace is invalid."));
    }
    let data = input.metric_data.unwrap_or_default();
    if data.len() > 1000 {
        return Err(bad(
            "The collection MetricData must not have a size greater than 1000.",
        ));
    }
    let mut taken = Vec::new();
    for datum in &data {
        if let Some(unit) = datum.unit.as_deref().filter(|unit| !validate::is_unit(unit)) {
            return Err(bad(format!(
                "The parameter MetricData.member.1.Unit must be a value in the set of units, not {unit}."
            )));
        }
        let at = datum.timestamp.map_or(call.now, milliseconds);
        if !metrics::takes(at, call.now) {
            return Err(bad(
                "The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks and \
                 no more than two hours in the future.",
            ));
        }
        let samples = samples(datum)?;
        if let Some(problem) = samples.iter().find_map(|it| it.point(0).err()) {
            return Err(bad(format!(
                "The parameter MetricData.member.1 is invalid: {problem}."
            )));
        }
        taken.push((datum, named(datum.dimensions.as_ref()), at, samples));
    }
    for (datum, dimensions, at, samples) in taken {
        let name = Name {
            namespace: &input.namespace,
            name: &datum.metric_name,
            dimensions: &dimensions,
        };
        for samples in samples {
            let to = (call.account.as_str(), call.region.as_str());
            metrics::add(state, to, name, datum.unit.as_deref(), at, samples, call.now);
        }
    }
    Ok(())
}

fn samples(datum: &MetricDatum) -> Result<Vec<Samples>, Failure> {
    if let Some(set) = &datum.statistic_values {
        return Ok(vec![Samples::Set(StatisticSet {
            sample_count: set.sample_count,
            sum: set.sum,
            minimum: set.minimum,
            maximum: set.maximum,
        })]);
    }
    let counts = datum.counts.clone().unwrap_or_default();
    match (datum.value, &datum.values) {
        (Some(value), None) => Ok(vec![Samples::one(value)]),
        (None, Some(values)) if counts.is_empty() || counts.len() == values.len() => {
            let counts = counts.into_iter().chain(std::iter::repeat(1.0));
            let pairs = values.iter().zip(counts);
            Ok(pairs
                .map(|(value, count)| Samples::Alike { value: *value, count })
                .collect())
        }
        (None, Some(_)) => Err(bad(
            "The parameters MetricData.member.1.Values and Counts must have one length.",
        )),
        (Some(_), Some(_)) => Err(Failure::bad(
            "InvalidParameterCombination",
            "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive.",
        )),
        (None, None) => Err(Failure::bad(
            "MissingParameter",
            "At least one of the parameters MetricData.member.1.Value, Values or StatisticValues must be specified.",
        )),
    }
}

pub(super) fn list(state: &State, call: &Call, input: ListMetricsInput) -> Result<Json, Failure> {
    // "RecentlyActive": metrics with data in the last three hours.
    let active = input
        .recently_active
        .map(|_| call.now.div_euclid(1000) - 3 * 3600);
    let filters = input.dimensions.unwrap_or_default();
    let all = state.find_region(&call.account, &call.region);
    let all = all.into_iter().flat_map(|region| &region.metrics).filter(|it| {
        input
            .namespace
            .as_ref()
            .is_none_or(|asked| *asked == it.namespace)
            && input.metric_name.as_ref().is_none_or(|asked| *asked == it.name)
            && active.is_none_or(|since| it.last().is_some_and(|last| last >= since))
            && filters.iter().all(|filter| {
                let its = it.dimensions.get(&filter.name);
                its.is_some_and(|its| filter.value.as_ref().is_none_or(|asked| asked == its))
            })
    });
    let numbered = all.enumerate();
    let (shown, next) = page(
        numbered,
        |(index, _)| format!("{index:08}"),
        input.next_token.as_deref(),
        PAGE,
    );
    let shown = shown.into_iter().map(|(_, it)| {
        let dimensions = it.dimensions.iter();
        let dimensions = dimensions.map(|(name, value)| json!({ "Name": name, "Value": value }));
        json!({
            "Namespace": it.namespace,
            "MetricName": it.name,
            "Dimensions": dimensions.collect::<Vec<_>>(),
        })
    });
    let mut output = json!({ "Metrics": shown.collect::<Vec<_>>() });
    if let Some(next) = next {
        output["NextToken"] = json!(next);
    }
    Ok(output)
}

fn find<'s>(state: &'s State, call: &Call, name: Name<'_>) -> Option<&'s Metric> {
    metrics::find(state.find_region(&call.account, &call.region)?, name)
}

/// The beginnings of periods, in seconds: the first holds the start, the last begins before the end.
fn periods(start: f64, end: f64, period: i32) -> Result<(i64, Vec<i64>), Failure> {
    let period = i64::from(period);
    if period < 60 || period % 60 != 0 {
        return Err(bad(
            "The parameter Period must be a value that is a multiple of 60.",
        ));
    }
    let (start, end) = (milliseconds(start).div_euclid(1000), milliseconds(end));
    if start.saturating_mul(1000) >= end {
        return Err(bad(
            "The parameter StartTime must be less than the parameter EndTime.",
        ));
    }
    let first = start.div_euclid(period) * period;
    let end = end.div_euclid(1000) + i64::from(end.rem_euclid(1000) > 0);
    let last = first + (end - first - 1).div_euclid(period) * period;
    let number = (last - first) / period + 1;
    if number > 100 * DATAPOINTS {
        return Err(bad("The requested time range has too many periods."));
    }
    Ok((period, (0..number).map(|index| first + index * period).collect()))
}

fn statistic(text: &str) -> Result<Statistic, Failure> {
    text.parse()
        .map_err(|_| bad(format!("The sandbox cannot compute the statistic {text}.")))
}

pub(super) fn statistics(
    state: &State,
    call: &Call,
    input: GetMetricStatisticsInput,
) -> Result<Json, Failure> {
    let (period, periods) = periods(input.start_time, input.end_time, input.period)?;
    let asked = input.statistics.unwrap_or_default();
    let extended = input.extended_statistics.unwrap_or_default();
    if asked.is_empty() == extended.is_empty() {
        return Err(Failure::bad(
            "InvalidParameterCombination",
            "Either Statistics or ExtendedStatistics must be specified, and not both.",
        ));
    }
    let of = |all: &[String]| {
        all.iter()
            .map(|it| Ok((it.clone(), statistic(it)?)))
            .collect::<Result<Vec<_>, _>>()
    };
    let (asked, extended) = (of(&asked)?, of(&extended)?);
    let dimensions = named(input.dimensions.as_ref());
    let name = Name {
        namespace: &input.namespace,
        name: &input.metric_name,
        dimensions: &dimensions,
    };
    let mut points = Vec::new();
    if let Some(metric) = find(state, call, name) {
        let unit = input.unit.as_deref();
        let series = metric.series(periods[0], i64::MAX);
        let of_unit = unit
            .or_else(|| series.units().next())
            .unwrap_or_default()
            .to_owned();
        for at in periods {
            let mut point = json!({ "Timestamp": cbor_time(at * 1000), "Unit": of_unit });
            let mut any = false;
            for (name, statistic) in &asked {
                if let Some(found) = series.datapoint(*statistic, unit, at, period) {
                    point[name] = json!(found.value);
                    any = true;
                }
            }
            let found = extended.iter().filter_map(|(name, statistic)| {
                Some((
                    name.clone(),
                    json!(series.datapoint(*statistic, unit, at, period)?.value),
                ))
            });
            let found: serde_json::Map<String, Json> = found.collect();
            if !found.is_empty() {
                point["ExtendedStatistics"] = Json::Object(found);
                any = true;
            }
            if any {
                points.push(point);
            }
        }
    }
    if points.len() > usize::try_from(DATAPOINTS).unwrap_or(usize::MAX) {
        return Err(Failure::bad(
            "InvalidParameterCombination",
            format!(
                "You have requested up to {} datapoints, which exceeds the limit of 1440.",
                points.len()
            ),
        ));
    }
    Ok(json!({ "Label": input.metric_name, "Datapoints": points }))
}

pub(super) fn data(state: &State, call: &Call, input: GetMetricDataInput) -> Result<Json, Failure> {
    let queries = Queries {
        state,
        call,
        all: &input.metric_data_queries,
        start: input.start_time,
        end: input.end_time,
    };
    let mut results = Vec::new();
    for query in queries.all {
        // What is not read back must be sound all the same.
        let points = match queries.value(&query.id, query_period(queries.all, query), 0)? {
            Value::One(points) => points,
            Value::Number(_) | Value::Many(_) => {
                return Err(validate::error(format!(
                    "The expression {} does not return one time series.",
                    query.id
                )));
            }
        };
        if query.return_data == Some(false) {
            continue;
        }
        let mut points: Vec<(i64, f64)> = points.into_iter().collect();
        // The newest come first, unless the caller asks otherwise.
        if input.scan_by.as_deref() != Some("TimestampAscending") {
            points.reverse();
        }
        let own = query
            .metric_stat
            .as_ref()
            .and_then(|it| it.metric.metric_name.clone());
        let label = query.label.clone().or(own).unwrap_or_else(|| query.id.clone());
        results.push(json!({
            "Id": query.id,
            "Label": label,
            "StatusCode": "Complete",
            "Timestamps": points.iter().map(|(at, _)| cbor_time(at * 1000)).collect::<Vec<_>>(),
            "Values": points.iter().map(|(_, value)| value).collect::<Vec<_>>(),
        }));
    }
    Ok(json!({ "MetricDataResults": results, "Messages": [] }))
}

/// The period of a query: its own, or the longest of the metrics.
fn query_period(all: &[MetricDataQuery], query: &MetricDataQuery) -> i32 {
    let own = query.metric_stat.as_ref().map(|it| it.period).or(query.period);
    let longest = all
        .iter()
        .filter_map(|it| Some(it.metric_stat.as_ref()?.period))
        .max();
    own.or(longest).unwrap_or(60)
}

struct Queries<'q> {
    state: &'q State,
    call: &'q Call,
    all: &'q [MetricDataQuery],
    start: f64,
    end: f64,
}

impl Queries<'_> {
    fn value(&self, id: &str, period: i32, depth: usize) -> Result<Value, Failure> {
        let unknown = || validate::error(format!("The sandbox does not understand the query {id}."));
        let query = self.all.iter().find(|it| it.id == id).ok_or_else(unknown)?;
        if depth > self.all.len() {
            return Err(unknown());
        }
        if query.metric_stat.is_some() {
            return Ok(Value::One(self.metric(query, period)?));
        }
        let formula = query
            .expression
            .as_deref()
            .and_then(Formula::read)
            .ok_or_else(unknown)?;
        let (_, periods) = periods(self.start, self.end, period)?;
        let mut metrics = Vec::new();
        for query in self.all.iter().filter(|it| it.metric_stat.is_some()) {
            metrics.push((query.id.clone(), self.metric(query, period)?));
        }
        let of = |id: &str| self.value(id, period, depth + 1).ok();
        formula.value(&periods, &of, &metrics).ok_or_else(unknown)
    }

    /// The data points of a metric in periods of a length.
    fn metric(&self, query: &MetricDataQuery, period: i32) -> Result<Points, Failure> {
        let Some(stat) = &query.metric_stat else {
            return Ok(Points::new());
        };
        let statistic = statistic(&stat.stat)?;
        let (period, periods) = periods(self.start, self.end, period)?;
        let dimensions = named(stat.metric.dimensions.as_ref());
        let name = Name {
            namespace: stat.metric.namespace.as_deref().unwrap_or_default(),
            name: stat.metric.metric_name.as_deref().unwrap_or_default(),
            dimensions: &dimensions,
        };
        let Some(metric) = find(self.state, self.call, name) else {
            return Ok(Points::new());
        };
        let series = metric.series(periods[0], i64::MAX);
        let point = |at: i64| {
            Some((
                at,
                series
                    .datapoint(statistic, stat.unit.as_deref(), at, period)?
                    .value,
            ))
        };
        Ok(periods.into_iter().filter_map(point).collect())
    }
}
