use std::collections::BTreeMap;

use serde::Serialize;

use crate::compare::Comparison;
use crate::leaf::{FilterPattern, Managed};
use crate::live::Facts;
use crate::{Address, Kind, Scope};

use super::{Resource, words};

words! {
    /// A metric's unit. `None` and an absent unit are the same.
    Unit {
        /// No unit.
        None = "None", Seconds = "Seconds", Microseconds = "Microseconds", Milliseconds = "Milliseconds",
        Bytes = "Bytes", Kilobytes = "Kilobytes", Megabytes = "Megabytes", Gigabytes = "Gigabytes",
        Terabytes = "Terabytes", Bits = "Bits", Kilobits = "Kilobits", Megabits = "Megabits",
        Gigabits = "Gigabits", Terabits = "Terabits", Percent = "Percent", Count = "Count",
        BytesPerSecond = "Bytes/Second", KilobytesPerSecond = "Kilobytes/Second",
        MegabytesPerSecond = "Megabytes/Second", GigabytesPerSecond = "Gigabytes/Second",
        TerabytesPerSecond = "Terabytes/Second", BitsPerSecond = "Bits/Second",
        KilobitsPerSecond = "Kilobits/Second", MegabitsPerSecond = "Megabits/Second",
        GigabitsPerSecond = "Gigabits/Second", TerabitsPerSecond = "Terabits/Second",
        CountPerSecond = "Count/Second",
    }
}

/// A metric filter (`PutMetricFilter`, an upsert that replaces the whole filter).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricFilter {
    /// The log group's name.
    pub log_group: String,
    /// 1 to 512 characters without `:` and `*`; with the group it is the identity.
    pub name: String,
    /// Which events count.
    pub pattern: FilterPattern,
    /// The metric's namespace.
    pub namespace: String,
    /// The metric's name.
    pub metric: String,
    /// What a matching event adds: a number, or a selector such as `$.latency`.
    pub value: String,
    /// The value in minutes when events arrive and none matches; managed when written. Absent is
    /// not 0: it means no data point.
    pub default_value: Managed<Option<f64>>,
    /// The metric's unit.
    pub unit: Unit,
    /// Dimension names and the selectors of their values; at most three.
    pub dimensions: BTreeMap<String, String>,
}

impl MetricFilter {
    /// Metric filters of a log group, a fixed limit ("`CloudWatch` Logs quotas").
    pub const MAX_PER_GROUP: usize = 100;

    /// Filters of a log group whose patterns have regular expressions, a fixed limit ("Filter pattern
    /// syntax", under "Quotas"). AWS counts subscription filters with it.
    pub const MAX_REGEX_PER_GROUP: usize = 5;
}

impl Resource for MetricFilter {
    const KIND: Kind = Kind::MetricFilter;

    fn name(&self) -> String {
        format!("{}:{}", self.log_group, self.name)
    }

    fn complete(self, live: Option<(&Self, &Facts)>) -> Self {
        let live = live.map(|(live, _)| &live.default_value);
        // AWS refuses a default value together with dimensions.
        let created = None;
        let default_value = match self.dimensions.is_empty() {
            true => self.default_value.or_live(live, created),
            false => Managed::Set(None),
        };
        Self {
            default_value,
            ..self
        }
    }

    fn compare(&self, live: Option<&Self>, found: &mut Comparison) {
        let Self {
            log_group: _,
            name: _,
            pattern,
            namespace,
            metric,
            value,
            default_value,
            unit,
            dimensions,
        } = self;
        found.field("pattern", pattern, live.map(|l| &l.pattern));
        found.field("namespace", namespace, live.map(|l| &l.namespace));
        found.field("metric", metric, live.map(|l| &l.metric));
        found.field("value", value, live.map(|l| &l.value));
        found.field("default_value", default_value, live.map(|l| &l.default_value));
        if live.is_some() || *unit != Unit::None {
            found.field("unit", unit, live.map(|l| &l.unit));
        }
        if live.is_some() || !dimensions.is_empty() {
            found.field("dimensions", dimensions, live.map(|l| &l.dimensions));
        }
    }

    fn needs(&self, scope: &Scope) -> Vec<Address> {
        vec![scope.address(Kind::LogGroup, self.log_group.as_str())]
    }

    fn silences(&self, after: Option<&Self>) -> Option<String> {
        let Some(after) = after else {
            return Some("the events it picks out are counted no more".into());
        };
        let counts = |filter: &Self| filter.value.parse::<f64>().ok() != Some(0.0);
        if counts(self) && !counts(after) {
            return Some("it adds 0 for every event, so no alarm on it can fire".into());
        }
        if (&self.namespace, &self.metric) != (&after.namespace, &after.metric) {
            return Some("it counts into another metric than the one that its alarms read".into());
        }
        if self.dimensions.is_empty() && !after.dimensions.is_empty() {
            return Some("its metric has dimensions that its alarms do not name".into());
        }
        if self.unit != after.unit {
            return None;
        }
        None
    }
}
