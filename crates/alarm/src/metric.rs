//! Data points of one metric, and what a statistic makes of them in a period.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::statistic::{Percentile, Statistic};

/// The unit of data that names none (`PutMetricData`: `Unit`).
pub const NO_UNIT: &str = "None";

/// What `PutMetricData` takes as `StatisticValues`: samples that were added up before they were sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StatisticSet {
    /// How many samples.
    pub sample_count: f64,
    /// All samples added up.
    pub sum: f64,
    /// The lowest sample.
    pub minimum: f64,
    /// The highest sample.
    pub maximum: f64,
}

/// Data of a metric at one moment, as `PutMetricData` takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    at: i64,
    unit: Option<String>,
    entry: Entry,
}

/// Why data cannot be taken ("`PutMetricData`", `MetricDatum`).
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum PointError {
    /// Not a number, infinite, or beyond 2^360.
    #[error("the value {0} is out of range: `CloudWatch` takes numbers from -2^360 to 2^360")]
    Value(f64),
    /// Of a value or of a statistic set.
    #[error("the sample count {0} is out of range: it must be greater than 0")]
    Count(f64),
    /// Of a statistic set.
    #[error("the minimum {0} is greater than the maximum {1}")]
    Bounds(f64, f64),
}

impl Point {
    /// One sample.
    ///
    /// # Errors
    /// A value that `CloudWatch` does not take.
    pub fn value(at: i64, value: f64) -> Result<Self, PointError> {
        Self::repeated(at, value, 1.0)
    }

    /// The same value many times (`Values` and `Counts`).
    ///
    /// # Errors
    /// A value or a count that `CloudWatch` does not take.
    pub fn repeated(at: i64, value: f64, count: f64) -> Result<Self, PointError> {
        let (value, count) = (number(value)?, positive(count)?);
        let entry = Entry {
            same: true,
            count,
            sum: value,
            minimum: value,
            maximum: value,
        };
        Ok(Self {
            at,
            unit: None,
            entry,
        })
    }

    /// Samples that were added up before.
    ///
    /// # Errors
    /// Numbers that `CloudWatch` does not take, or that contradict each other.
    pub fn set(at: i64, set: StatisticSet) -> Result<Self, PointError> {
        let entry = Entry {
            same: false,
            count: positive(set.sample_count)?,
            sum: number(set.sum)?,
            minimum: number(set.minimum)?,
            maximum: number(set.maximum)?,
        };
        if entry.minimum > entry.maximum {
            return Err(PointError::Bounds(entry.minimum, entry.maximum));
        }
        Ok(Self {
            at,
            unit: None,
            entry,
        })
    }

    /// The same data in a unit, such as `Count`.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = Some(unit.into());
        self
    }

    /// When, in seconds since 1970.
    #[must_use]
    pub fn at(&self) -> i64 {
        self.at
    }
}

fn number(value: f64) -> Result<f64, PointError> {
    let limit = 2f64.powi(360);
    // `-0.0` is 0 for everybody but a sort.
    (value.abs() <= limit)
        .then_some(value + 0.0)
        .ok_or(PointError::Value(value))
}

fn positive(count: f64) -> Result<f64, PointError> {
    (count > 0.0 && count.is_finite())
        .then_some(count)
        .ok_or(PointError::Count(count))
}

/// Samples of one moment, or of many that are alike.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Entry {
    /// Every sample has the value of `sum`.
    same: bool,
    count: f64,
    sum: f64,
    minimum: f64,
    maximum: f64,
}

impl Entry {
    fn total(&self) -> f64 {
        if self.same {
            self.sum * self.count
        } else {
            self.sum
        }
    }

    /// The value of every sample; none of a statistic set that hides them
    /// ("`GetMetricStatistics`": percentiles of statistic sets).
    fn value(&self) -> Option<f64> {
        if self.same || self.count <= 1.0 {
            return Some(self.sum);
        }
        (self.minimum >= self.maximum).then_some(self.minimum)
    }

    fn order(&self, other: &Self) -> Ordering {
        let key = |entry: &Self| [entry.minimum, entry.maximum, entry.sum];
        let (own, others) = (key(self), key(other));
        let by_value = own.iter().zip(&others).map(|(a, b)| a.total_cmp(b));
        let by_kind = self.same.cmp(&other.same);
        let by_value = by_kind.then(by_value.fold(Ordering::Equal, Ordering::then));
        match self.same {
            true => by_value,
            false => by_value.then(self.count.total_cmp(&other.count)),
        }
    }
}

/// How finely `CloudWatch` keeps the data of a metric (`StorageResolution`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// To the minute: all that metric filters and AWS services send.
    Standard,
    /// To the second.
    High,
}

impl Resolution {
    /// The seconds that are kept apart.
    #[must_use]
    pub fn seconds(self) -> i64 {
        match self {
            Self::Standard => 60,
            Self::High => 1,
        }
    }
}

/// One number for one period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Datapoint {
    /// When the period begins, in seconds since 1970: the time stamp that AWS gives the data point.
    pub at: i64,
    /// What the statistic made of the samples.
    pub value: f64,
    /// How many samples.
    pub samples: f64,
}

/// All that is known of one metric: one namespace, one name, one set of dimensions.
///
/// Units are kept apart. In which order points arrive makes no difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    resolution: Resolution,
    units: BTreeMap<String, BTreeMap<i64, Vec<Entry>>>,
}

impl Default for Series {
    fn default() -> Self {
        Self::new(Resolution::Standard)
    }
}

impl Series {
    /// No data yet.
    #[must_use]
    pub fn new(resolution: Resolution) -> Self {
        Self {
            resolution,
            units: BTreeMap::new(),
        }
    }

    /// Takes data.
    pub fn add(&mut self, point: Point) {
        let at = point.at.div_euclid(self.resolution.seconds()) * self.resolution.seconds();
        let unit = point.unit.unwrap_or_else(|| NO_UNIT.to_owned());
        let entries = self.units.entry(unit).or_default().entry(at).or_default();
        let entry = point.entry;
        // Sorted, and alike samples counted: a sum does not depend on the order of arrival.
        match entries.binary_search_by(|old| old.order(&entry)) {
            Ok(at) if entry.same => entries[at].count += entry.count,
            Ok(at) | Err(at) => entries.insert(at, entry),
        }
    }

    /// Drops data from before a moment. An alarm needs what is younger than [`Alarm::range_start`].
    ///
    /// [`Alarm::range_start`]: crate::Alarm::range_start
    pub fn forget(&mut self, before: i64) {
        for times in self.units.values_mut() {
            *times = times.split_off(&before);
        }
        self.units.retain(|_, times| !times.is_empty());
    }

    /// The units in which data came. An alarm that names none of several behaves unpredictably, AWS
    /// says (`PutMetricAlarm`: `Unit`); here it sees all of them as one.
    pub fn units(&self) -> impl Iterator<Item = &str> {
        self.units.keys().map(String::as_str)
    }

    /// When the earliest data came, in seconds since 1970, to the resolution.
    #[must_use]
    pub fn first(&self) -> Option<i64> {
        self.units
            .values()
            .filter_map(|times| times.keys().next())
            .min()
            .copied()
    }

    /// When the latest data came, in seconds since 1970, to the resolution.
    #[must_use]
    pub fn last(&self) -> Option<i64> {
        self.units
            .values()
            .filter_map(|times| times.keys().next_back())
            .max()
            .copied()
    }

    /// How many samples came from one moment until before another.
    #[must_use]
    pub fn samples(&self, unit: Option<&str>, from: i64, until: i64) -> f64 {
        self.entries(unit, from, until)
            .map(|entry| entry.count)
            .fold(0.0, |a, b| a + b)
    }

    /// The data point of the period that begins at a moment; none where no data came, and none of a
    /// percentile of data that AWS has none of: negative values, and statistic sets that hide their
    /// samples ("`GetMetricStatistics`").
    #[must_use]
    pub fn datapoint(
        &self,
        statistic: Statistic,
        unit: Option<&str>,
        at: i64,
        period: i64,
    ) -> Option<Datapoint> {
        let entries = || self.entries(unit, at, at.saturating_add(period));
        let (mut samples, mut total) = (0.0, 0.0);
        let (mut minimum, mut maximum) = (f64::INFINITY, f64::NEG_INFINITY);
        let mut none = true;
        for entry in entries() {
            none = false;
            samples += entry.count;
            total += entry.total();
            minimum = minimum.min(entry.minimum);
            maximum = maximum.max(entry.maximum);
        }
        if none {
            return None;
        }
        let value = match statistic {
            Statistic::SampleCount => samples,
            Statistic::Sum => total,
            Statistic::Average => total / samples,
            Statistic::Minimum => minimum,
            Statistic::Maximum => maximum,
            Statistic::Percentile(percentile) => ranked(&entries().collect::<Vec<_>>(), percentile, samples)?,
        };
        Some(Datapoint { at, value, samples })
    }

    fn entries(&self, unit: Option<&str>, from: i64, until: i64) -> impl Iterator<Item = &Entry> {
        let seen = self
            .units
            .iter()
            .filter(move |(name, _)| unit.is_none_or(|unit| unit == name.as_str()));
        seen.flat_map(move |(_, times)| {
            times
                .range(from..until.max(from))
                .flat_map(|(_, entries)| entries)
        })
    }
}

/// The nearest rank: the lowest value that has the share of samples at or below it. AWS does not say
/// how it ranks.
fn ranked(entries: &[&Entry], percentile: Percentile, samples: f64) -> Option<f64> {
    let mut values = Vec::with_capacity(entries.len());
    for entry in entries {
        let value = entry.value().filter(|value| *value >= 0.0)?;
        values.push((value, entry.count));
    }
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rank = percentile.percent() / 100.0 * samples;
    let mut below = 0.0;
    for (value, count) in &values {
        below += count;
        if below >= rank {
            return Some(*value);
        }
    }
    values.last().map(|(value, _)| *value)
}
