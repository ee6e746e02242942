//! The queries of alarms on metric math and on anomaly detection bands.

use aws_sdk_cloudwatch::types;
use trailwarden_spec::kinds::{Query, QueryMetric, QueryOf, Statistic, Unit};

/// Queries as `DescribeAlarms` shows them; what a spec cannot say goes into `inexpressible`.
pub(super) fn from_wire(wire: &[types::MetricDataQuery], inexpressible: &mut Vec<String>) -> Vec<Query> {
    wire.iter()
        .map(|wire| Query {
            id: wire.id().unwrap_or_default().to_owned(),
            of: of(wire, inexpressible),
            label: wire.label().unwrap_or_default().to_owned(),
            return_data: wire.return_data().unwrap_or(true),
        })
        .collect()
}

fn of(wire: &types::MetricDataQuery, inexpressible: &mut Vec<String>) -> QueryOf {
    let id = wire.id().unwrap_or_default();
    let seconds = |period: Option<i32>| {
        period
            .and_then(|period| u32::try_from(period).ok())
            .filter(|period| *period > 0)
    };
    if let Some(account) = wire.account_id() {
        inexpressible.push(format!("the query `{id}` of the account {account}"));
    }
    let Some(stat) = wire.metric_stat() else {
        return QueryOf::Expression {
            expression: wire.expression().unwrap_or_default().to_owned(),
            period: seconds(wire.period()),
        };
    };
    let mut unknown =
        |what: &str, raw: &str| inexpressible.push(format!("unknown {what} `{raw}` in the query `{id}`"));
    let raw = stat.stat().unwrap_or_default();
    let statistic = Statistic::parse(raw).unwrap_or_else(|| {
        unknown("statistic", raw);
        Statistic::default()
    });
    let unit = stat.unit().map_or(Unit::None, |raw| {
        Unit::from_word(raw.as_str()).unwrap_or_else(|| {
            unknown("unit", raw.as_str());
            Unit::None
        })
    });
    let metric = stat.metric();
    let dimensions = metric.into_iter().flat_map(types::Metric::dimensions);
    QueryOf::Metric(QueryMetric {
        namespace: metric.and_then(|m| m.namespace()).unwrap_or_default().to_owned(),
        metric: metric
            .and_then(|m| m.metric_name())
            .unwrap_or_default()
            .to_owned(),
        dimensions: dimensions
            .filter_map(|d| Some((d.name()?.to_owned(), d.value()?.to_owned())))
            .collect(),
        statistic,
        period: seconds(stat.period()).unwrap_or_default(),
        unit,
    })
}

/// Queries as `PutMetricAlarm` takes them; none for an alarm on one metric.
pub(super) fn to_wire(queries: &[Query]) -> Option<Vec<types::MetricDataQuery>> {
    let number = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    let wire = |query: &Query| {
        let made = types::MetricDataQuery::builder()
            .id(&query.id)
            .set_label((!query.label.is_empty()).then(|| query.label.clone()))
            .return_data(query.return_data);
        match &query.of {
            QueryOf::Expression { expression, period } => {
                made.expression(expression).set_period(period.map(number))
            }
            QueryOf::Metric(metric) => {
                let dimensions = metric.dimensions.iter();
                let dimensions = dimensions
                    .map(|(name, value)| types::Dimension::builder().name(name).value(value).build())
                    .collect();
                let of = types::Metric::builder()
                    .namespace(&metric.namespace)
                    .metric_name(&metric.metric)
                    .set_dimensions((!metric.dimensions.is_empty()).then_some(dimensions));
                let stat = types::MetricStat::builder()
                    .metric(of.build())
                    .stat(metric.statistic.as_str())
                    .period(number(metric.period))
                    .set_unit((metric.unit != Unit::None).then(|| metric.unit.as_str().into()));
                made.metric_stat(stat.build())
            }
        }
        .build()
    };
    (!queries.is_empty()).then(|| queries.iter().map(wire).collect())
}
