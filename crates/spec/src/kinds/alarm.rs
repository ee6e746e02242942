use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Serialize, Serializer};

use crate::arn::Arn;
use crate::compare::{Compare, Comparison, Shown, Verdict};
use crate::leaf::{Managed, Tags};
use crate::live::Facts;
use crate::{Address, Kind, Scope};

use super::{Resource, Unit, words};

mod query;

pub use query::{Query, QueryMetric, QueryOf, Source};

words! {
    /// How an alarm holds a value against its threshold.
    Operator {
        /// At least the threshold.
        GreaterThanOrEqualToThreshold = "GreaterThanOrEqualToThreshold",
        /// Above the threshold.
        GreaterThanThreshold = "GreaterThanThreshold",
        /// Below the threshold.
        LessThanThreshold = "LessThanThreshold",
        /// At most the threshold.
        LessThanOrEqualToThreshold = "LessThanOrEqualToThreshold",
        /// Outside of an anomaly detection band.
        LessThanLowerOrGreaterThanUpperThreshold = "LessThanLowerOrGreaterThanUpperThreshold",
        /// Above the band.
        GreaterThanUpperThreshold = "GreaterThanUpperThreshold",
        /// Below the band.
        LessThanLowerThreshold = "LessThanLowerThreshold",
    }
}

impl Operator {
    /// True for those that hold a value against a band and not against a number.
    #[must_use]
    pub const fn is_of_a_band(self) -> bool {
        matches!(
            self,
            Self::LessThanLowerOrGreaterThanUpperThreshold
                | Self::GreaterThanUpperThreshold
                | Self::LessThanLowerThreshold
        )
    }
}

words! {
    /// What an alarm makes of a period without data.
    MissingData {
        /// As if the threshold were breached.
        Breaching = "breaching",
        /// As if it were not.
        NotBreaching = "notBreaching",
        /// The state stays.
        Ignore = "ignore",
        /// The alarm goes to `INSUFFICIENT_DATA`; the service's own default.
        Missing = "missing",
    }
}

words! {
    /// What a percentile alarm makes of a period with too few values for its percentile.
    LowSamples {
        /// It is held against the threshold all the same; the service's own default.
        Evaluate = "evaluate",
        /// The state stays.
        Ignore = "ignore",
    }
}

/// How the values of a period become one: `Sum`, `Average`, `p99.9`, `TM(10%:90%)`, ...
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statistic(String);

impl Statistic {
    const SIMPLE: [&str; 5] = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];

    /// Reads a statistic as typed or as read back; `None` for what `CloudWatch` does not know
    /// ("`CloudWatch` statistics definitions").
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if Self::SIMPLE.contains(&text) || text == "IQM" {
            return Some(Self(text.into()));
        }
        let split = text.find(|c: char| !c.is_ascii_alphabetic())?;
        let (name, rest) = text.split_at(split);
        let percent = |n: &str| n.parse::<f64>().is_ok_and(|n| (0.0..=100.0).contains(&n));
        let known = match rest.strip_prefix('(').and_then(|r| r.strip_suffix(')')) {
            Some(range) => {
                let ends: Vec<&str> = range.split(':').collect();
                let number =
                    |end: &str| end.is_empty() || end.strip_suffix('%').unwrap_or(end).parse::<f64>().is_ok();
                matches!(name, "TM" | "WM" | "PR" | "TC" | "TS")
                    && ends.len() == 2
                    && ends.iter().any(|end| !end.is_empty())
                    && ends.iter().all(|end| number(end))
            }
            None => matches!(name, "p" | "tm" | "wm" | "tc" | "ts") && percent(rest),
        };
        known.then(|| Self(text.into()))
    }

    /// The statistic's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for `p0` to `p100`, of which alone few values may be ignored.
    #[must_use]
    pub fn is_percentile(&self) -> bool {
        let number = self.0.strip_prefix('p');
        number.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
    }

    /// True for the five that the API takes as `Statistic`; the others are `ExtendedStatistic`.
    #[must_use]
    pub fn is_simple(&self) -> bool {
        Self::SIMPLE.contains(&self.as_str())
    }
}

impl Default for Statistic {
    /// `Sum`, which counts events.
    fn default() -> Self {
        Self("Sum".into())
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Statistic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Compare for Statistic {
    fn verdict(&self, live: &Self) -> Verdict {
        if self == live {
            Verdict::Same
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        Shown::Plain(self.0.clone())
    }
}

/// A metric alarm on one metric or on queries (`PutMetricAlarm`, an upsert that replaces the whole
/// alarm but its tags and its state).
///
/// Where there are queries, the fields of the one metric (`namespace`, `metric`, `dimensions`,
/// `statistic`, `period`, `unit`) are those of [`Alarm::on_queries`] and mean nothing; where there is
/// a `threshold_query`, `threshold` is 1 and means nothing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alarm {
    /// 1 to 255 characters; unique in account and region over all kinds of alarms.
    pub name: String,
    /// At most 1,024 characters; managed when written.
    pub description: Managed<String>,
    /// What is computed of several metrics, sorted by id; empty for an alarm on one metric.
    pub queries: Vec<Query>,
    /// The id of the query that makes the band, in place of a threshold.
    pub threshold_query: Option<String>,
    /// The metric's namespace.
    pub namespace: String,
    /// The metric's name.
    pub metric: String,
    /// The metric's dimensions; they must be those that the filter emits.
    pub dimensions: BTreeMap<String, String>,
    /// How the values of a period become one.
    pub statistic: Statistic,
    /// Seconds: 10, 20, 30 or a multiple of 60.
    pub period: u32,
    /// Periods looked at.
    pub evaluation_periods: u32,
    /// How many of them must breach; at most `evaluation_periods`.
    pub datapoints_to_alarm: u32,
    /// What values are held against.
    pub threshold: f64,
    /// How.
    pub operator: Operator,
    /// What a period without data counts as.
    pub missing_data: MissingData,
    /// Only data of this unit counts; [`Unit::None`] means any.
    pub unit: Unit,
    /// What a percentile makes of few values; managed when written, and nothing to other statistics.
    pub low_sample_percentiles: Managed<LowSamples>,
    /// False: the alarm changes its state and tells nobody.
    pub actions_enabled: bool,
    /// Who is told of `ALARM`.
    pub alarm_actions: BTreeSet<Arn>,
    /// Who is told of `OK`; managed when written.
    pub ok_actions: Managed<BTreeSet<Arn>>,
    /// Who is told of `INSUFFICIENT_DATA`; managed when written.
    pub insufficient_data_actions: Managed<BTreeSet<Arn>>,
    /// Tags.
    pub tags: Tags,
}

impl Alarm {
    /// The values of a rule's alarm where the spec is silent: Sum over five minutes of at least 1,
    /// missing data not breaching (counts of rare events are sparse; `missing` would leave the
    /// alarm at `INSUFFICIENT_DATA`).
    #[must_use]
    pub fn on_metric(name: &str, namespace: &str, metric: &str) -> Self {
        Self {
            name: name.into(),
            description: Managed::Leave,
            queries: Vec::new(),
            threshold_query: None,
            namespace: namespace.into(),
            metric: metric.into(),
            dimensions: BTreeMap::new(),
            statistic: Statistic::default(),
            period: 300,
            evaluation_periods: 1,
            datapoints_to_alarm: 1,
            threshold: 1.0,
            operator: Operator::GreaterThanOrEqualToThreshold,
            missing_data: MissingData::NotBreaching,
            unit: Unit::None,
            low_sample_percentiles: Managed::Leave,
            actions_enabled: true,
            alarm_actions: BTreeSet::new(),
            ok_actions: Managed::Leave,
            insufficient_data_actions: Managed::Leave,
            tags: Tags::default(),
        }
    }

    /// An alarm on queries, in whatever order they come, with the other values of
    /// [`Alarm::on_metric`].
    #[must_use]
    pub fn on_queries(name: &str, mut queries: Vec<Query>) -> Self {
        queries.sort_by(|a, b| a.id.cmp(&b.id));
        Self {
            queries,
            ..Self::on_metric(name, "", "")
        }
    }

    /// True when the alarm reads a metric, with whatever dimensions: its own one, or that of any of
    /// its queries. What an expression itself searches for is not known.
    #[must_use]
    pub fn reads(&self, namespace: &str, metric: &str) -> bool {
        self.sources()
            .any(|source| (source.namespace, source.metric) == (namespace, metric))
    }

    /// The metrics that the alarm reads.
    pub fn sources(&self) -> impl Iterator<Item = Source<'_>> {
        let own = Source {
            namespace: &self.namespace,
            metric: &self.metric,
            dimensions: &self.dimensions,
            unit: self.unit,
        };
        let queried = self.queries.iter().filter_map(Query::source);
        self.queries.is_empty().then_some(own).into_iter().chain(queried)
    }

    /// The number that values are held against; none where that is a band.
    fn level(&self) -> Option<f64> {
        self.threshold_query.is_none().then_some(self.threshold)
    }
}

/// Compares the fields of the one metric; an alarm on queries has none.
struct OfOneMetric<'a> {
    alarm: &'a Alarm,
    live: Option<&'a Alarm>,
    found: &'a mut Comparison,
}

impl OfOneMetric<'_> {
    fn field<T: Compare>(&mut self, name: &'static str, field: fn(&Alarm) -> &T) {
        if self.alarm.queries.is_empty() {
            let live = self.live.filter(|live| live.queries.is_empty());
            self.found.field(name, field(self.alarm), live.map(field));
        }
    }
}

impl Resource for Alarm {
    const KIND: Kind = Kind::Alarm;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn complete(self, live: Option<(&Self, &Facts)>) -> Self {
        let live = live.map(|(live, _)| live);
        // An alarm that leaves percentiles keeps nothing of them: it would wait for its return.
        let same_sort = |l: &&Self| l.statistic.is_percentile() == self.statistic.is_percentile();
        Self {
            low_sample_percentiles: self.low_sample_percentiles.or_live(
                live.filter(same_sort).map(|l| &l.low_sample_percentiles),
                LowSamples::Evaluate,
            ),
            description: self
                .description
                .or_live(live.map(|l| &l.description), String::new()),
            ok_actions: self
                .ok_actions
                .or_live(live.map(|l| &l.ok_actions), BTreeSet::new()),
            insufficient_data_actions: self
                .insufficient_data_actions
                .or_live(live.map(|l| &l.insufficient_data_actions), BTreeSet::new()),
            tags: self.tags.complete(live.map(|l| &l.tags)),
            ..self
        }
    }

    fn compare(&self, live: Option<&Self>, found: &mut Comparison) {
        let Self {
            name: _,
            description,
            queries,
            threshold_query,
            namespace: _,
            metric: _,
            dimensions,
            statistic: _,
            period: _,
            evaluation_periods,
            datapoints_to_alarm,
            threshold: _,
            operator,
            missing_data,
            unit,
            low_sample_percentiles,
            actions_enabled,
            alarm_actions,
            ok_actions,
            insufficient_data_actions,
            tags,
        } = self;
        let fresh = live.is_none();
        let new_metric = live.is_none_or(|live| !live.queries.is_empty());
        let empty = |set: &Managed<BTreeSet<Arn>>| set.get().is_none_or(BTreeSet::is_empty);
        if !(fresh && description.get().is_none_or(String::is_empty)) {
            found.field("description", description, live.map(|l| &l.description));
        }
        found.field("queries", queries, live.map(|l| &l.queries));
        let mut single = OfOneMetric {
            alarm: self,
            live,
            found,
        };
        single.field("namespace", |a| &a.namespace);
        single.field("metric", |a| &a.metric);
        if !(new_metric && dimensions.is_empty()) {
            single.field("dimensions", |a| &a.dimensions);
        }
        single.field("statistic", |a| &a.statistic);
        single.field("period", |a| &a.period);
        found.field(
            "evaluation_periods",
            evaluation_periods,
            live.map(|l| &l.evaluation_periods),
        );
        found.field(
            "datapoints_to_alarm",
            datapoints_to_alarm,
            live.map(|l| &l.datapoints_to_alarm),
        );
        found.field("threshold", &self.level(), live.map(Self::level).as_ref());
        found.field(
            "threshold_query",
            threshold_query,
            live.map(|l| &l.threshold_query),
        );
        found.field("operator", operator, live.map(|l| &l.operator));
        found.field("missing_data", missing_data, live.map(|l| &l.missing_data));
        if !(new_metric && *unit == Unit::None) {
            OfOneMetric {
                alarm: self,
                live,
                found,
            }
            .field("unit", |a| &a.unit);
        }
        if !(fresh && *low_sample_percentiles == Managed::Set(LowSamples::Evaluate)) {
            found.field(
                "low_sample_percentiles",
                low_sample_percentiles,
                live.map(|l| &l.low_sample_percentiles),
            );
        }
        found.field(
            "actions_enabled",
            actions_enabled,
            live.map(|l| &l.actions_enabled),
        );
        found.field("notify", alarm_actions, live.map(|l| &l.alarm_actions));
        if !(fresh && empty(ok_actions)) {
            found.field("notify_ok", ok_actions, live.map(|l| &l.ok_actions));
        }
        if !(fresh && empty(insufficient_data_actions)) {
            found.field(
                "notify_insufficient_data",
                insufficient_data_actions,
                live.map(|l| &l.insufficient_data_actions),
            );
        }
        found.tags(tags, live.map(|l| &l.tags));
    }

    fn needs(&self, scope: &Scope) -> Vec<Address> {
        let others = [&self.ok_actions, &self.insufficient_data_actions];
        self.alarm_actions
            .iter()
            .chain(others.into_iter().filter_map(Managed::get).flatten())
            .filter(|arn| arn.service == "sns" && scope.holds(arn))
            .map(|arn| scope.address(Kind::Topic, arn.name()))
            .collect()
    }

    fn silences(&self, after: Option<&Self>) -> Option<String> {
        let Some(after) = after else {
            return Some("nobody is told of the events that it counts".into());
        };
        if self.actions_enabled && !after.actions_enabled {
            return Some("it changes its state and tells nobody".into());
        }
        let lost: Vec<_> = self
            .alarm_actions
            .difference(&after.alarm_actions)
            .map(Arn::name)
            .collect();
        if !lost.is_empty() {
            return Some(format!("it no longer tells {}", lost.join(", ")));
        }
        let lost = self
            .sources()
            .find(|source| !after.sources().any(|now| now.same_metric(source)));
        if let Some(lost) = lost {
            return Some(if self.queries.is_empty() && after.queries.is_empty() {
                "it reads another metric than the one that its filter counts into".into()
            } else {
                format!(
                    "it no longer reads the metric {} of {}",
                    lost.metric, lost.namespace
                )
            });
        }
        let narrowed = after.sources().find(|now| {
            let mut held = self.sources().filter(|source| source.same_metric(now)).peekable();
            now.unit != Unit::None && held.peek().is_some() && held.all(|source| source.unit != now.unit)
        });
        narrowed.map(|now| format!("only data of the unit {} counts", now.unit))
    }

    fn tags(&self) -> Option<&Tags> {
        Some(&self.tags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_those_of_cloudwatch() {
        for known in [
            "Sum",
            "p99",
            "p99.9",
            "tm90",
            "TM(10%:90%)",
            "WM(:95%)",
            "PR(100:2000)",
            "TC(0.5:)",
            "IQM",
            "ts99",
        ] {
            assert!(Statistic::parse(known).is_some(), "{known}");
        }
        for unknown in [
            "sum", "p101", "p", "P99", "TM()", "TM(:)", "PR(1)", "pr90", "", "99",
        ] {
            assert!(Statistic::parse(unknown).is_none(), "{unknown}");
        }
    }
}
