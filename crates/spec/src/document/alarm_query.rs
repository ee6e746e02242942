//! `[[alarm.LABEL.query]]`: an alarm on metric math, or on an anomaly detection band.

use std::collections::BTreeMap;

use crate::kinds::{Alarm, Query, QueryMetric, QueryOf, Statistic, Unit};
use crate::problem::{Problem, code};

use super::decoder::{At, Spot, Table};
use super::joins::Joint;
use super::limits;
use super::names;

/// The keys of an alarm on one metric, which one on queries has in its queries.
const OF_ONE_METRIC: [&str; 7] = [
    "namespace",
    "metric",
    "statistic",
    "period",
    "dimensions",
    "unit",
    "low_sample_percentiles",
];

/// The most queries of an alarm, and the most of them on metrics (`PutMetricAlarm`: `Metrics`).
const MOST: usize = 20;
const MOST_METRICS: usize = 10;

/// An alarm's queries, and where it is written what they read.
pub(crate) struct Queries {
    pub(crate) queries: Vec<Query>,
    pub(crate) joints: BTreeMap<String, Joint>,
    spots: Vec<Spot>,
}

/// Takes the queries out; `None` where there is none, and the alarm is on one metric.
pub(crate) fn read(table: &mut Table<'_>) -> Option<Queries> {
    let tables = table.tables("query");
    if tables.is_empty() {
        return None;
    }
    let mut read = Queries {
        queries: Vec::new(),
        joints: BTreeMap::new(),
        spots: Vec::new(),
    };
    for keys in tables {
        let spot = keys.spot.clone();
        let (query, joint) = one(keys);
        if let Some(at) = read
            .queries
            .iter()
            .position(|other| !query.id.is_empty() && other.id == query.id)
        {
            let message = format!("two queries have the id `{}`", query.id);
            let problem = Problem::new(code::DUPLICATE_SECTION, &spot, message).label("the second");
            table.cx.sink.report(problem.also(&read.spots[at], "the first"));
        }
        read.joints.insert(query.id.clone(), joint);
        read.queries.push(query);
        read.spots.push(spot);
    }
    let metrics = read.queries.iter().filter(|q| matches!(q.of, QueryOf::Metric(_)));
    for (count, most, what) in [
        (read.queries.len(), MOST, "queries"),
        (metrics.count(), MOST_METRICS, "queries on metrics"),
    ] {
        if count > most {
            let message = format!("{count} {what}, CloudWatch takes {most} in an alarm");
            let problem = Problem::new(code::TOO_MANY, &table.spot, message).label("too many");
            table.cx.sink.report(problem);
        }
    }
    for key in OF_ONE_METRIC {
        if let Some((at, _)) = table.take_reserved(key) {
            let message = format!("`{key}` is of an alarm on one metric, this one has queries");
            let problem = Problem::new(code::CONTRADICTION, &at.spot, message).label("excludes `query`");
            let help = match key {
                "low_sample_percentiles" => "take it away".to_owned(),
                _ => "write it in the `metric` of a query, or take the queries away".to_owned(),
            };
            table.cx.sink.report(problem.help(help));
        }
    }
    Some(read)
}

impl Queries {
    /// The longest period, which is that of the alarm; `otherwise` where none is sound.
    pub(crate) fn period(&self, otherwise: u32) -> u32 {
        let periods = self.queries.iter().filter_map(|query| match &query.of {
            QueryOf::Metric(metric) => Some(metric.period),
            QueryOf::Expression { period, .. } => *period,
        });
        periods
            .filter(|period| is_period(*period))
            .max()
            .unwrap_or(otherwise)
    }
}

fn is_period(period: u32) -> bool {
    matches!(period, 10 | 20 | 30) || (period > 0 && period.is_multiple_of(60))
}

fn one(mut keys: Table<'_>) -> (Query, Joint) {
    let sink = keys.cx.sink;
    let id = keys.need::<String>("id", "\"errors\"");
    if let Some(id) = &id {
        names::QUERY.check(sink, id);
    }
    let expression = keys.take::<String>("expression");
    if let Some(expression) = &expression {
        if expression.value.trim().is_empty() {
            let problem = Problem::new(code::BAD_TEXT, &expression.spot, "the expression is empty");
            sink.report(problem.label("empty"));
        }
        limits::text(sink, "expression", expression, 2048);
    }
    let period = period(&mut keys);
    let says_metric = keys.has("metric");
    let metric = keys.table("metric").map(metric);
    let label = keys.take::<String>("label");
    let return_data = keys.take::<bool>("return_data");
    if expression.is_some() && says_metric {
        let problem = Problem::new(
            code::CONTRADICTION,
            &keys.spot,
            "a query is an expression or a metric, not both",
        );
        sink.report(
            problem
                .label("has `expression` and `metric`")
                .help("make two queries of it"),
        );
    } else if !keys.knows("expression") && !says_metric {
        let problem = Problem::new(
            code::MISSING_KEY,
            &keys.spot,
            "a query needs `expression` or `metric`",
        );
        let help = "write `expression = \"100 * errors / calls\"`, or `metric = { namespace = \"Acme\", metric = \"errors\" }`";
        let problem = problem.label("gives nothing").help(help);
        keys.missing(vec!["expression", "metric"], problem);
    } else if let (Some(period), true) = (&period, says_metric) {
        let problem = Problem::new(
            code::CONTRADICTION,
            &period.spot,
            "the period of a metric stands in its `metric`",
        );
        sink.report(
            problem
                .label("of a Metrics Insights query only")
                .help("write it in `metric`"),
        );
    }
    keys.finish();
    let (of, joint) = metric.map_or_else(
        || {
            let of = QueryOf::Expression {
                expression: expression.map_or_else(String::new, |at| at.value),
                period: period.map(|at| at.value),
            };
            (of, Joint::default())
        },
        |(metric, joint)| (QueryOf::Metric(metric), joint),
    );
    let query = Query {
        id: id.map_or_else(String::new, |at| at.value),
        of,
        label: label.map_or_else(String::new, |at| at.value),
        return_data: return_data.is_some_and(|at| at.value),
    };
    (query, joint)
}

fn metric(mut keys: Table<'_>) -> (QueryMetric, Joint) {
    let sink = keys.cx.sink;
    let namespace = keys.need::<String>("namespace", "\"AWS/Logs\"");
    let name = keys.need::<String>("metric", "\"IncomingLogEvents\"");
    for (name, what) in [(&namespace, "namespace"), (&name, "metric name")] {
        if let Some(name) = name {
            limits::name(sink, what, name, 255);
        }
    }
    let statistic = keys.take::<Statistic>("statistic").map(|at| at.value);
    let period = period(&mut keys).map_or(300, |at| at.value);
    let (dimensions, at_dimensions) = super::alarm::dimensions(&mut keys);
    let unit = keys.take::<Unit>("unit");
    keys.finish();
    let joint = Joint {
        namespace: namespace.as_ref().map(|at| at.spot.clone()),
        metric: name.as_ref().map(|at| at.spot.clone()),
        dimensions: at_dimensions,
        unit: unit.as_ref().map(|at| at.spot.clone()),
        ..Joint::default()
    };
    let text = |at: Option<At<String>>| at.map_or_else(String::new, |at| at.value);
    let metric = QueryMetric {
        namespace: text(namespace),
        metric: text(name),
        dimensions,
        statistic: statistic.unwrap_or_default(),
        period,
        unit: unit.map_or(Unit::None, |at| at.value),
    };
    (metric, joint)
}

fn period(keys: &mut Table<'_>) -> Option<At<u32>> {
    let period = keys.take::<u32>("period")?;
    if !is_period(period.value) {
        let message = format!("a query cannot have a period of {} seconds", period.value);
        let problem = Problem::new(code::BAD_NUMBER, &period.spot, message).label("no such period");
        keys.cx
            .sink
            .report(problem.help("write 10, 20, 30 or a multiple of 60"));
    }
    Some(period)
}

/// Reports an alarm whose queries do not say what is held against what: one gives the values, and
/// with a band the band's query gives data, too (`PutMetricAlarm`: `ReturnData`,
/// `ThresholdMetricId`).
pub(crate) fn check(table: &Table<'_>, alarm: &Alarm, band: Option<&Spot>) {
    let sink = table.cx.sink;
    let sees = |query: &&Query| query.return_data;
    let returned: Vec<&str> = alarm.queries.iter().filter(sees).map(|q| q.id.as_str()).collect();
    let wanted = 1 + usize::from(band.is_some());
    if let (Some(id), Some(spot)) = (&alarm.threshold_query, band) {
        let query = alarm.queries.iter().find(|query| query.id == *id);
        let report = |code: &'static str, message: String, label: &str| {
            let help = "name the query whose expression is `ANOMALY_DETECTION_BAND(ID, 2)`";
            sink.report(Problem::new(code, spot, message).label(label).help(help));
        };
        match query.map(|query| &query.of) {
            None => report(
                code::UNKNOWN_REFERENCE,
                format!("the alarm has no query `{id}`"),
                "no such query",
            ),
            Some(QueryOf::Metric(_)) => report(
                code::CONTRADICTION,
                format!("the query `{id}` is a metric and no band"),
                "not a band",
            ),
            Some(QueryOf::Expression { .. }) if !returned.contains(&id.as_str()) => report(
                code::MISSING_KEY,
                format!("the query `{id}` returns no data"),
                "`return_data = true` is missing there",
            ),
            Some(QueryOf::Expression { .. }) => {}
        }
        if query.is_none_or(|query| !query.return_data) && returned.len() < wanted {
            return;
        }
    }
    if alarm.queries.is_empty() || returned.len() == wanted {
        return;
    }
    let what = match band {
        Some(_) => "that of the values and that of the band",
        None => "one",
    };
    let message = format!(
        "{} with `return_data = true`, where the alarm looks at {what}",
        match returned.len() {
            0 => "no query".to_owned(),
            1 => "one query".to_owned(),
            more => format!("{more} queries"),
        }
    );
    let (code, label) = match returned.len() < wanted {
        true => (code::MISSING_KEY, "`return_data = true` is missing"),
        false => (code::CONTRADICTION, "too many return data"),
    };
    let help =
        "write `return_data = true` in what is held against the threshold, and in nothing else but a band";
    sink.report(Problem::new(code, &table.spot, message).label(label).help(help));
}
