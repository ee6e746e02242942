use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Serialize, Serializer};

use crate::arn::Arn;
use crate::compare::{Compare, Comparison, Shown, Verdict};
use crate::leaf::{Managed, Tags};
use crate::live::Facts;
use crate::{Address, Kind, Scope};

use super::{Resource, Unit, words};

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

/// A metric alarm on one metric (`PutMetricAlarm`, an upsert that replaces the whole alarm but its
/// tags and its state).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alarm {
    /// 1 to 255 characters; unique in account and region over all kinds of alarms.
    pub name: String,
    /// At most 1,024 characters; managed when written.
    pub description: Managed<String>,
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
            namespace: namespace.into(),
            metric: metric.into(),
            dimensions: BTreeMap::new(),
            statistic: Statistic("Sum".into()),
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
            namespace,
            metric,
            dimensions,
            statistic,
            period,
            evaluation_periods,
            datapoints_to_alarm,
            threshold,
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
        let empty = |set: &Managed<BTreeSet<Arn>>| set.get().is_none_or(BTreeSet::is_empty);
        if !(fresh && description.get().is_none_or(String::is_empty)) {
            found.field("description", description, live.map(|l| &l.description));
        }
        found.field("namespace", namespace, live.map(|l| &l.namespace));
        found.field("metric", metric, live.map(|l| &l.metric));
        if !(fresh && dimensions.is_empty()) {
            found.field("dimensions", dimensions, live.map(|l| &l.dimensions));
        }
        found.field("statistic", statistic, live.map(|l| &l.statistic));
        found.field("period", period, live.map(|l| &l.period));
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
        found.field("threshold", threshold, live.map(|l| &l.threshold));
        found.field("operator", operator, live.map(|l| &l.operator));
        found.field("missing_data", missing_data, live.map(|l| &l.missing_data));
        if !(fresh && *unit == Unit::None) {
            found.field("unit", unit, live.map(|l| &l.unit));
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
        if (&self.namespace, &self.metric, &self.dimensions)
            != (&after.namespace, &after.metric, &after.dimensions)
        {
            return Some("it reads another metric than the one that its filter counts into".into());
        }
        (self.unit != after.unit && after.unit != Unit::None)
            .then(|| format!("only data of the unit {} counts", after.unit))
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
