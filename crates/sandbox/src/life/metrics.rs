//! The data of metrics, to the minute.
//!
//! A minute keeps every different value with its count, so that percentiles can be computed, up to a
//! limit behind which values are added up: such a minute has no percentiles. In the file a minute is
//! one short text, and data is dropped when it is fifteen days old, as CloudWatch drops what it keeps
//! to the minute.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use trailwarden_alarm::{NO_UNIT, Point, PointError, Series, StatisticSet};

use crate::state::{Region, State};

/// How long data is kept, in seconds.
pub(crate) const KEPT: i64 = 15 * 86_400;

/// How many different values a minute keeps apart.
const APART: usize = 200;

/// One namespace, one name, one set of dimensions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Metric {
    pub(crate) namespace: String,
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) dimensions: BTreeMap<String, String>,
    /// By unit, and by the second in which a minute begins.
    pub(crate) units: BTreeMap<String, BTreeMap<i64, Minute>>,
}

/// The samples of one minute.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Minute(Vec<Samples>);

/// Samples of one value, or samples that were added up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Samples {
    Alike { value: f64, count: f64 },
    Set(StatisticSet),
}

impl Samples {
    pub(crate) fn one(value: f64) -> Samples {
        Samples::Alike { value, count: 1.0 }
    }

    /// The samples as data of a moment in seconds, or why CloudWatch would not take them.
    pub(crate) fn point(self, at: i64) -> Result<Point, PointError> {
        match self {
            Samples::Alike { value, count } => Point::repeated(at, value, count),
            Samples::Set(set) => Point::set(at, set),
        }
    }

    fn set(self) -> StatisticSet {
        match self {
            Samples::Alike { value, count } => StatisticSet {
                sample_count: count,
                sum: value * count,
                minimum: value,
                maximum: value,
            },
            Samples::Set(set) => set,
        }
    }
}

impl Minute {
    fn add(&mut self, samples: Samples) {
        if let Samples::Alike {
            value: new,
            count: more,
        } = samples
            && let Some(Samples::Alike { count, .. }) = self
                .0
                .iter_mut()
                .find(|it| matches!(it, Samples::Alike { value, .. } if *value == new))
        {
            *count += more;
            return;
        }
        if self.0.len() < APART {
            self.0.push(samples);
            return;
        }
        let more = samples.set();
        let last = self.0.pop().map_or(more, |last| {
            let last = last.set();
            StatisticSet {
                sample_count: last.sample_count + more.sample_count,
                sum: last.sum + more.sum,
                minimum: last.minimum.min(more.minimum),
                maximum: last.maximum.max(more.maximum),
            }
        });
        self.0.push(Samples::Set(last));
    }
}

/// `5 2*3 =10/4/1/7`: a 5, three times 2, and a set with its sum, its samples, the lowest and the
/// highest of them.
impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, samples) in self.0.iter().enumerate() {
            let blank = if index == 0 { "" } else { " " };
            match samples {
                Samples::Alike { value, count: 1.0 } => write!(f, "{blank}{value}")?,
                Samples::Alike { value, count } => write!(f, "{blank}{value}*{count}")?,
                Samples::Set(set) => write!(
                    f,
                    "{blank}={}/{}/{}/{}",
                    set.sum, set.sample_count, set.minimum, set.maximum
                )?,
            }
        }
        Ok(())
    }
}

impl FromStr for Minute {
    type Err = String;

    fn from_str(text: &str) -> Result<Minute, String> {
        let number = |it: &str| it.parse::<f64>().map_err(|_| format!("`{it}` is no number"));
        let samples = |it: &str| match it.strip_prefix('=') {
            Some(set) => match set.split('/').collect::<Vec<_>>().as_slice() {
                [sum, count, minimum, maximum] => Ok(Samples::Set(StatisticSet {
                    sum: number(sum)?,
                    sample_count: number(count)?,
                    minimum: number(minimum)?,
                    maximum: number(maximum)?,
                })),
                _ => Err(format!("`{it}` is no statistic set")),
            },
            None => {
                let (value, count) = it.split_once('*').unwrap_or((it, "1"));
                Ok(Samples::Alike {
                    value: number(value)?,
                    count: number(count)?,
                })
            }
        };
        text.split_ascii_whitespace()
            .map(samples)
            .collect::<Result<_, _>>()
            .map(Minute)
    }
}

impl Serialize for Minute {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Minute {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Minute, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// Writes shared metrics as if they were not.
pub(crate) mod shared {
    use super::{Arc, Deserialize, Deserializer, Metric, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        metrics: &[Arc<Metric>],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(metrics.iter().map(Arc::as_ref))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Arc<Metric>>, D::Error> {
        Ok(Vec::<Metric>::deserialize(deserializer)?
            .into_iter()
            .map(Arc::new)
            .collect())
    }
}

/// What a metric is called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name<'n> {
    pub(crate) namespace: &'n str,
    pub(crate) name: &'n str,
    pub(crate) dimensions: &'n BTreeMap<String, String>,
}

fn place(region: &Region, name: Name<'_>) -> Result<usize, usize> {
    region.metrics.binary_search_by(|it| {
        let key = (it.namespace.as_str(), it.name.as_str(), &it.dimensions);
        key.cmp(&(name.namespace, name.name, name.dimensions))
    })
}

pub(crate) fn find<'r>(region: &'r Region, name: Name<'_>) -> Option<&'r Metric> {
    place(region, name).ok().map(|at| region.metrics[at].as_ref())
}

/// Where data comes to: an account and a region.
pub(crate) type Where<'w> = (&'w str, &'w str);

/// Takes samples of one moment, and drops what is too old by now; both are milliseconds.
///
/// CloudWatch takes data of the last two weeks and of the next two hours; other data is dropped.
pub(crate) fn add(
    state: &mut State,
    (account, region): Where<'_>,
    name: Name<'_>,
    unit: Option<&str>,
    at: i64,
    samples: Samples,
    now: i64,
) {
    if !takes(at, now) || samples.point(0).is_err() {
        return;
    }
    let region = state.region(account, region);
    let index = match place(region, name) {
        Ok(index) => index,
        Err(index) => {
            let metric = Metric {
                namespace: name.namespace.to_owned(),
                name: name.name.to_owned(),
                dimensions: name.dimensions.clone(),
                units: BTreeMap::new(),
            };
            region.metrics.insert(index, Arc::new(metric));
            index
        }
    };
    let metric = Arc::make_mut(&mut region.metrics[index]);
    let old = now.div_euclid(1000) - KEPT;
    for minutes in metric.units.values_mut() {
        if minutes.first_key_value().is_some_and(|(first, _)| *first < old) {
            *minutes = minutes.split_off(&old);
        }
    }
    let unit = unit.unwrap_or(NO_UNIT).to_owned();
    let minutes = metric.units.entry(unit).or_default();
    minutes
        .entry(at.div_euclid(60_000) * 60)
        .or_default()
        .add(samples);
    // A metric without any data for so long is none that CloudWatch still shows.
    region
        .metrics
        .retain(|it| it.last().is_some_and(|last| last >= old));
}

pub(crate) fn takes(at: i64, now: i64) -> bool {
    (now - 14 * 86_400_000..=now + 2 * 3_600_000).contains(&at)
}

impl Metric {
    /// The minutes that begin from one second until before another, as the alarm crate reads them.
    pub(crate) fn series(&self, from: i64, until: i64) -> Series {
        let mut series = Series::default();
        for (unit, minutes) in &self.units {
            for (at, minute) in minutes.range(from..until.max(from)) {
                let points = minute.0.iter().filter_map(|samples| samples.point(*at).ok());
                points.for_each(|point| series.add(point.unit(unit.as_str())));
            }
        }
        series
    }

    /// The minutes with data, from one second on.
    pub(crate) fn minutes(&self, unit: Option<&str>, from: i64) -> impl Iterator<Item = i64> {
        self.units
            .iter()
            .filter(move |(name, _)| unit.is_none_or(|unit| unit == name.as_str()))
            .flat_map(move |(_, minutes)| minutes.range(from..).map(|(at, _)| *at))
    }

    /// When the latest data came.
    pub(crate) fn last(&self) -> Option<i64> {
        self.units
            .values()
            .filter_map(|it| it.keys().next_back())
            .max()
            .copied()
    }

    pub(crate) fn has(&self, unit: Option<&str>, minute: i64) -> bool {
        self.units
            .get(unit.unwrap_or(NO_UNIT))
            .is_some_and(|minutes| minutes.contains_key(&minute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(dimensions: &BTreeMap<String, String>) -> Name<'_> {
        Name {
            namespace: "acme",
            name: "root",
            dimensions,
        }
    }

    #[test]
    fn a_minute_is_one_text_and_comes_back() {
        let mut minute = Minute::default();
        minute.add(Samples::one(2.5));
        for _ in 0..3 {
            minute.add(Samples::one(-1.0));
        }
        minute.add(Samples::Set(StatisticSet {
            sample_count: 4.0,
            sum: 10.0,
            minimum: 1.0,
            maximum: 7.0,
        }));
        assert_eq!(minute.to_string(), "2.5 -1*3 =10/4/1/7");
        assert_eq!(minute.to_string().parse(), Ok(minute));
        assert!("a".parse::<Minute>().is_err());
        assert!("=1/2".parse::<Minute>().is_err());
    }

    #[test]
    fn many_values_of_a_minute_are_added_up() {
        let mut minute = Minute::default();
        for value in 0..1000 {
            minute.add(Samples::one(f64::from(value)));
        }
        assert_eq!(minute.0.len(), APART);
        let all = minute.0.iter().map(|it| it.set());
        let (count, sum) = all.fold((0.0, 0.0), |(count, sum), it| {
            (count + it.sample_count, sum + it.sum)
        });
        assert_eq!((count, sum), (1000.0, 499_500.0));
    }

    #[test]
    fn what_is_old_goes() {
        let mut state = State::new();
        let none = BTreeMap::new();
        let day = 86_400_000;
        let put =
            |state: &mut State, at| add(state, ("1", "r"), name(&none), None, at, Samples::one(1.0), at);
        put(&mut state, 100 * day);
        put(&mut state, 101 * day);
        put(&mut state, 100 * day + 15 * day + 60_000);
        let metric = find(&state.accounts["1"].regions["r"], name(&none)).unwrap();
        assert_eq!(metric.minutes(None, 0).count(), 2);
        // And data from another time is none.
        add(
            &mut state,
            ("1", "r"),
            name(&none),
            None,
            0,
            Samples::one(1.0),
            100 * day,
        );
        let metric = find(&state.accounts["1"].regions["r"], name(&none)).unwrap();
        assert_eq!(metric.minutes(None, 0).count(), 2);
    }
}
