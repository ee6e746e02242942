//! Metric math: the queries of an alarm, and the metrics that they read.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::compare::{Compare, Shown, Verdict};

use super::super::Unit;
use super::Statistic;

/// A metric that an alarm reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source<'a> {
    /// The metric's namespace.
    pub namespace: &'a str,
    /// The metric's name.
    pub metric: &'a str,
    /// Its dimensions.
    pub dimensions: &'a BTreeMap<String, String>,
    /// Only data of this unit counts; [`Unit::None`] means any.
    pub unit: Unit,
}

impl Source<'_> {
    /// True for the same metric, whatever the unit.
    pub(super) fn same_metric(&self, other: &Self) -> bool {
        (self.namespace, self.metric, self.dimensions) == (other.namespace, other.metric, other.dimensions)
    }
}

/// One of an alarm's queries (`MetricDataQuery`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Query {
    /// What expressions call it: a lowercase letter, then letters, digits and `_`; at most 255.
    pub id: String,
    /// What it gives.
    pub of: QueryOf,
    /// What graphs call it; empty for none.
    pub label: String,
    /// True for the one that is held against the threshold, and for the band.
    pub return_data: bool,
}

impl Query {
    /// The metric that it reads; an expression reads other queries.
    #[must_use]
    pub fn source(&self) -> Option<Source<'_>> {
        match &self.of {
            QueryOf::Metric(metric) => Some(Source {
                namespace: &metric.namespace,
                metric: &metric.metric,
                dimensions: &metric.dimensions,
                unit: metric.unit,
            }),
            QueryOf::Expression { .. } => None,
        }
    }
}

/// What a query gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryOf {
    /// The values of a metric.
    Metric(QueryMetric),
    /// What is computed of other queries, or found by a Metrics Insights query.
    Expression {
        /// At most 2,048 characters.
        expression: String,
        /// Seconds; only a Metrics Insights query has a period of its own.
        period: Option<u32>,
    },
}

/// The metric of a query (`MetricStat`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueryMetric {
    /// The metric's namespace.
    pub namespace: String,
    /// The metric's name.
    pub metric: String,
    /// The metric's dimensions.
    pub dimensions: BTreeMap<String, String>,
    /// How the values of a period become one.
    pub statistic: Statistic,
    /// Seconds: 10, 20, 30 or a multiple of 60.
    pub period: u32,
    /// Only data of this unit counts; [`Unit::None`] means any.
    pub unit: Unit,
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = ", self.id)?;
        match &self.of {
            QueryOf::Metric(metric) => {
                let QueryMetric {
                    namespace,
                    metric,
                    dimensions,
                    statistic,
                    period,
                    unit,
                } = metric;
                write!(f, "{statistic} of {namespace} {metric}")?;
                for (name, value) in dimensions {
                    write!(f, " {name}={value:?}")?;
                }
                write!(f, " every {period} seconds")?;
                if *unit != Unit::None {
                    write!(f, " in {unit}")?;
                }
            }
            QueryOf::Expression { expression, period } => {
                write!(f, "{expression}")?;
                if let Some(period) = period {
                    write!(f, " every {period} seconds")?;
                }
            }
        }
        if !self.label.is_empty() {
            write!(f, ", label {:?}", self.label)?;
        }
        f.write_str(if self.return_data { ", returned" } else { "" })
    }
}

impl Compare for Vec<Query> {
    fn verdict(&self, live: &Self) -> Verdict {
        if self == live {
            Verdict::Same
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        if self.is_empty() {
            return Shown::Absent;
        }
        let lines: Vec<String> = self.iter().map(ToString::to_string).collect();
        Shown::Lines(lines.join("\n"))
    }
}
