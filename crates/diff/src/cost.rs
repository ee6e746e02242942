//! What a spec costs by itself, at list prices.
//!
//! Discounts, the free tier (ten alarms and ten metrics a month for a whole account) and what the
//! amount of events decides, such as storage, are not known here and left out.

use std::collections::BTreeSet;

use serde::Serialize;
use trailwarden_spec::Object;
use trailwarden_spec::kinds::{Alarm, ManagementEvents, Query, QueryOf};
use trailwarden_spec::leaf::{Managed, Selectors};
use trailwarden_spec::wanted::Wanted;

/// An alarm with periods of 60 seconds or more, in US cents a month ("Amazon `CloudWatch` pricing",
/// standard resolution, us-east-1).
const ALARM: u64 = 10;

/// An alarm with shorter periods (the same page, high resolution).
const FAST_ALARM: u64 = 30;

/// The metrics that CloudWatch counts for the band of an alarm: its upper and its lower bound (the
/// same page: an anomaly detection alarm costs as much as three on one metric).
const OF_A_BAND: u64 = 2;

/// A composite alarm, in US cents a month (the same page).
const COMPOSITE_ALARM: u64 = 50;

/// A custom metric, in US cents a month: the price of an account's first 10,000 (the same page). It
/// is counted by the hour and only while values arrive.
const METRIC: u64 = 30;

/// A KMS key, in US cents a month ("AWS KMS pricing", us-east-1). Its first and its second rotation
/// add as much each.
const KEY: u64 = 100;

/// Copies of management events beyond the free first one ("Managing `CloudTrail` trail costs").
const COPIES: &str = "USD 2.00 per 100,000 events";

/// Events of data or network activity that a trail delivers ("AWS `CloudTrail` pricing").
const DATA: &str = "USD 0.10 per 100,000 events";

/// Management events that Insights looks at, for each thing that it looks for (the same page).
const INSIGHTS: &str = "USD 0.35 per 100,000 events";

/// Something that costs money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CostItem {
    /// What it is.
    pub what: CostOf,
    /// How many of it the spec wants.
    pub count: u64,
    /// What they cost in a month, in US cents; none where that depends on how much happens.
    pub cents_a_month: Option<u64>,
    /// The price of one, in words.
    pub price: String,
}

/// What costs money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CostOf {
    /// Metric alarms with periods of 60 seconds or more.
    Alarms,
    /// Metric alarms with shorter periods.
    HighResolutionAlarms,
    /// Metrics that alarms with queries read, each as dear as an alarm on it, with periods of 60 seconds
    /// or more; a band adds two.
    QueriedMetrics,
    /// The same of alarms with shorter periods.
    HighResolutionQueriedMetrics,
    /// Composite alarms.
    CompositeAlarms,
    /// Metrics that filters count into; one with dimensions is a metric for each of their values,
    /// which no plan knows.
    CustomMetrics,
    /// KMS keys.
    Keys,
    /// Copies of management events beyond the free first one ("Managing `CloudTrail` trail costs").
    /// Only trails of the spec are counted: of others an attention item tells.
    ManagementEventCopies,
    /// Trails that record data or network activity events.
    DataEvents,
    /// What the Insights of trails look for.
    Insights,
}

impl CostOf {
    fn price(self) -> String {
        let price = match self.cents() {
            Some(cents) => format!("{} a month each", dollars(cents)),
            None if self == Self::ManagementEventCopies => {
                format!("{COPIES} in each region that two trails record; the first copy is free")
            }
            None => self.by_events().unwrap_or_default().to_owned(),
        };
        let besides = match self {
            Self::CustomMetrics => ", only while values arrive",
            Self::Keys => ", and as much for each of the first two rotations",
            _ => "",
        };
        format!("{price}{besides} (list price of us-east-1)")
    }

    fn cents(self) -> Option<u64> {
        match self {
            Self::Alarms | Self::QueriedMetrics => Some(ALARM),
            Self::HighResolutionAlarms | Self::HighResolutionQueriedMetrics => Some(FAST_ALARM),
            Self::CompositeAlarms => Some(COMPOSITE_ALARM),
            Self::CustomMetrics => Some(METRIC),
            Self::Keys => Some(KEY),
            Self::ManagementEventCopies | Self::DataEvents | Self::Insights => None,
        }
    }

    /// The price of what depends on how much happens.
    fn by_events(self) -> Option<&'static str> {
        match self {
            Self::ManagementEventCopies => Some(COPIES),
            Self::DataEvents => Some(DATA),
            Self::Insights => Some(INSIGHTS),
            _ => None,
        }
    }

    fn in_words(self, count: u64) -> String {
        let (one, many) = match self {
            Self::Alarms => ("alarm", "alarms"),
            Self::HighResolutionAlarms => ("high-resolution alarm", "high-resolution alarms"),
            Self::QueriedMetrics => ("metric in alarm queries", "metrics in alarm queries"),
            Self::HighResolutionQueriedMetrics => (
                "high-resolution metric in alarm queries",
                "high-resolution metrics in alarm queries",
            ),
            Self::CompositeAlarms => ("composite alarm", "composite alarms"),
            Self::CustomMetrics => ("custom metric", "custom metrics"),
            Self::Keys => ("KMS key", "KMS keys"),
            Self::ManagementEventCopies => (
                "further copy of management events",
                "further copies of management events",
            ),
            Self::DataEvents => ("trail with data events", "trails with data events"),
            Self::Insights => ("sort of Insights", "sorts of Insights"),
        };
        format!("{count} {}", if count == 1 { one } else { many })
    }
}

/// What everything that the spec wants costs, whether it is there already or not.
pub(crate) fn of(wanted: &Wanted) -> Vec<CostItem> {
    let (mut alarms, mut fast_alarms, mut keys, mut composites, mut reading, mut writing) =
        (0, 0, 0, 0, 0_u64, 0_u64);
    let (mut data, mut insights) = (0, 0);
    let (mut queried, mut fast_queried) = (0, 0);
    let mut metrics = BTreeSet::new();
    for wish in wanted.objects.values() {
        match &wish.object {
            Object::Alarm(alarm) if !alarm.queries.is_empty() => {
                let band = alarm.threshold_query.as_ref().map_or(0, |_| OF_A_BAND);
                // A Metrics Insights query alone is taken for one metric.
                let count = (alarm.sources().count() as u64).max(1) + band;
                *if is_fast(alarm) {
                    &mut fast_queried
                } else {
                    &mut queried
                } += count;
            }
            Object::Alarm(alarm) if alarm.period < 60 => fast_alarms += 1,
            Object::Alarm(_) => alarms += 1,
            Object::Key(_) => keys += 1,
            Object::CompositeAlarm(_) => composites += 1,
            Object::MetricFilter(filter) => {
                metrics.insert((filter.namespace.as_str(), filter.metric.as_str()));
            }
            Object::Trail(trail) if trail.logging => {
                let (reads, writes) = match trail.management_events {
                    ManagementEvents::None => (0, 0),
                    ManagementEvents::Read => (1, 0),
                    ManagementEvents::Write => (0, 1),
                    ManagementEvents::All => (1, 1),
                };
                reading += reads;
                writing += writes;
                let some = |selectors: &Managed<Selectors>| selectors.get().is_some_and(|s| !s.is_empty());
                data += u64::from(some(&trail.data_events) || some(&trail.network_events));
                insights += trail.insights.get().map_or(0, |all| all.len() as u64);
            }
            _ => {}
        }
    }
    let counts = [
        (CostOf::Alarms, alarms),
        (CostOf::HighResolutionAlarms, fast_alarms),
        (CostOf::QueriedMetrics, queried),
        (CostOf::HighResolutionQueriedMetrics, fast_queried),
        (CostOf::CompositeAlarms, composites),
        (CostOf::CustomMetrics, metrics.len() as u64),
        (CostOf::Keys, keys),
        (
            CostOf::ManagementEventCopies,
            reading.max(writing).saturating_sub(1),
        ),
        (CostOf::DataEvents, data),
        (CostOf::Insights, insights),
    ];
    counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| CostItem {
            what,
            count,
            cents_a_month: what.cents().map(|cents| cents * count),
            price: what.price(),
        })
        .collect()
}

/// True where a query has a period of less than 60 seconds.
fn is_fast(alarm: &Alarm) -> bool {
    let fast = |query: &Query| match &query.of {
        QueryOf::Metric(metric) => metric.period < 60,
        QueryOf::Expression { period, .. } => period.is_some_and(|period| period < 60),
    };
    alarm.queries.iter().any(fast)
}

fn dollars(cents: u64) -> String {
    format!("USD {}.{:02}", cents / 100, cents % 100)
}

/// All of it on one line, if there is any.
pub(crate) fn in_words(items: &[CostItem]) -> Option<String> {
    let monthly: Vec<String> = items
        .iter()
        .filter(|item| item.cents_a_month.is_some())
        .map(|item| item.what.in_words(item.count))
        .collect();
    let monthly = monthly.split_last().map(|(last, before)| {
        let cents: u64 = items.iter().filter_map(|item| item.cents_a_month).sum();
        let list = match before {
            [] => last.clone(),
            _ => format!("{} and {last}", before.join(", ")),
        };
        format!("about {} a month for {list}", dollars(cents))
    });
    let by_events = items.iter().filter_map(|item| {
        let price = item.what.by_events()?;
        Some(format!("{price} for {}", item.what.in_words(item.count)))
    });
    let parts: Vec<String> = monthly.into_iter().chain(by_events).collect();
    (!parts.is_empty()).then(|| {
        let has_metrics = items.iter().any(|item| item.what == CostOf::CustomMetrics);
        let hourly = if has_metrics {
            "; a metric costs only while values arrive"
        } else {
            ""
        };
        format!("{} (list prices of us-east-1{hourly})", parts.join(", and "))
    })
}
