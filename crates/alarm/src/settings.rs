use std::fmt;
use std::str::FromStr;

use crate::statistic::Statistic;

/// How a data point is held against a threshold (`ComparisonOperator`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `>=`
    GreaterThanOrEqualToThreshold,
    /// `>`
    GreaterThanThreshold,
    /// `<`
    LessThanThreshold,
    /// `<=`
    LessThanOrEqualToThreshold,
}

/// How a data point is held against a band ("Using `CloudWatch` anomaly detection").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BandOperator {
    /// Outside the band.
    LessThanLowerOrGreaterThanUpperThreshold,
    /// Below the band.
    LessThanLowerThreshold,
    /// Above the band.
    GreaterThanUpperThreshold,
}

/// The band of one period. It comes from the caller: nothing here learns from the past.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// The lower threshold.
    pub lower: f64,
    /// The upper threshold.
    pub upper: f64,
}

/// When a data point breaches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Condition {
    /// Against one number for all periods.
    Threshold(Operator, f64),
    /// Against a band of each period. A period whose band the caller does not know counts as missing.
    Band(BandOperator),
}

/// What counts for a period without data (`TreatMissingData`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MissingData {
    /// Nothing; without any data the state is `INSUFFICIENT_DATA`. AWS's default.
    #[default]
    Missing,
    /// Nothing, and the state stays. The default of alarms on metrics of `AWS/DynamoDB`, which is the
    /// caller's to know.
    Ignore,
    /// A data point that breaches.
    Breaching,
    /// A data point that does not.
    NotBreaching,
}

/// What counts for a percentile of few samples (`EvaluateLowSampleCountPercentile`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LowSamples {
    /// It counts as any other. AWS's default.
    #[default]
    Evaluate,
    /// The state stays.
    Ignore,
}

/// The settings of a metric alarm which decide its state (`PutMetricAlarm`).
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How the data of one period becomes one number.
    pub statistic: Statistic,
    /// The length of a period in seconds.
    pub period: u32,
    /// Of how many data points the state is made: N.
    pub evaluation_periods: u32,
    /// How many of them must breach: M. None is all of them, and words its reasons differently.
    pub datapoints_to_alarm: Option<u32>,
    /// When one of them breaches.
    pub condition: Condition,
    /// What counts for a period without data.
    pub missing_data: MissingData,
    /// What counts for a percentile of few samples.
    pub low_samples: LowSamples,
    /// Sees only data in this unit; none sees all.
    pub unit: Option<String>,
    /// How many periods before the N are looked at when some of the N have no data.
    ///
    /// AWS does not tell: "depends on the length of the alarm period and whether it is based on a metric
    /// with standard resolution or high resolution". Its examples have 2 for N = 3 ("Configuring how
    /// `CloudWatch` alarms treat missing data"), and what Route 53 shows of health checks on alarms has 2
    /// for N = 2 ("requested: 4, received: 4, used: 2"). So 2 is the default here, for every alarm.
    pub extra_periods: u32,
}

impl Settings {
    /// An alarm on one period of five minutes, with AWS's defaults.
    #[must_use]
    pub fn new(statistic: Statistic, operator: Operator, threshold: f64) -> Self {
        Self {
            statistic,
            period: 300,
            evaluation_periods: 1,
            datapoints_to_alarm: None,
            condition: Condition::Threshold(operator, threshold),
            missing_data: MissingData::default(),
            low_samples: LowSamples::default(),
            unit: None,
            extra_periods: 2,
        }
    }
}

/// Why `PutMetricAlarm` would refuse settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Of the period alone.
    #[error("the period {0} is not valid: write 10, 20, 30 or a multiple of 60")]
    Period(u32),
    /// N.
    #[error("an alarm evaluates at least 1 period")]
    NoPeriods,
    /// M.
    #[error("{0} data points cannot breach: write 1 to {1}")]
    Datapoints(u32, u32),
    /// The period times N.
    #[error(
        "{0} seconds are too long to look back: all periods together last at most {1} seconds with this period"
    )]
    Window(u64, u64),
    /// Not a number.
    #[error("the threshold is not a number")]
    Threshold,
}

/// A metric alarm whose settings AWS would take. See [`Alarm::evaluate`].
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    settings: Settings,
}

const DAY: u64 = 86_400;

impl Alarm {
    /// Checks settings ("`PutMetricAlarm`").
    ///
    /// # Errors
    /// What AWS would not take.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let (period, n) = (settings.period, settings.evaluation_periods);
        if !matches!(period, 10 | 20 | 30) && (period == 0 || period % 60 != 0) {
            return Err(SettingsError::Period(period));
        }
        if n == 0 {
            return Err(SettingsError::NoPeriods);
        }
        if let Some(m) = settings.datapoints_to_alarm.filter(|m| !(1..=n).contains(m)) {
            return Err(SettingsError::Datapoints(m, n));
        }
        let window = u64::from(period) * u64::from(n);
        let longest = if period < 3600 { DAY } else { 7 * DAY };
        if window > longest {
            return Err(SettingsError::Window(window, longest));
        }
        if matches!(settings.condition, Condition::Threshold(_, threshold) if threshold.is_nan()) {
            return Err(SettingsError::Threshold);
        }
        Ok(Self { settings })
    }

    /// What it was made of.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// M: how many data points must breach.
    #[must_use]
    pub fn datapoints_to_alarm(&self) -> u32 {
        self.settings
            .datapoints_to_alarm
            .unwrap_or(self.settings.evaluation_periods)
    }

    /// How often it is evaluated, in seconds ("Alarm evaluation"): each minute; every 10 seconds with a
    /// period below a minute; once per hour if all its periods together are longer than a day.
    #[must_use]
    pub fn cadence(&self) -> i64 {
        let window = u64::from(self.settings.period) * u64::from(self.settings.evaluation_periods);
        match self.settings.period {
            0..60 => 10,
            _ if window > DAY => 3600,
            _ => 60,
        }
    }

    /// Until when an evaluation looks at data: the last full minute, 10 seconds or hour.
    ///
    /// Periods are counted back from there and slide with it: with a period of 5 minutes, "at the end of
    /// minute 5 the alarm evaluates based on data from minutes 1 to 5. Then at the end of minute 6, the
    /// alarm is evaluated based on the data from minutes 2 to 6" ("Alarm evaluation").
    #[must_use]
    pub fn window_end(&self, now: i64) -> i64 {
        now.div_euclid(self.cadence()) * self.cadence()
    }

    /// How many periods an evaluation retrieves: the evaluation range.
    #[must_use]
    pub fn evaluation_range(&self) -> u32 {
        self.settings
            .evaluation_periods
            .saturating_add(self.settings.extra_periods)
    }

    /// From when on data can matter to an evaluation.
    #[must_use]
    pub fn range_start(&self, now: i64) -> i64 {
        self.window_end(now) - i64::from(self.evaluation_range()) * i64::from(self.settings.period)
    }
}

impl Operator {
    /// Whether a value breaches.
    #[must_use]
    pub fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::GreaterThanOrEqualToThreshold => value >= threshold,
            Self::GreaterThanThreshold => value > threshold,
            Self::LessThanThreshold => value < threshold,
            Self::LessThanOrEqualToThreshold => value <= threshold,
        }
    }

    /// As AWS writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GreaterThanOrEqualToThreshold => "GreaterThanOrEqualToThreshold",
            Self::GreaterThanThreshold => "GreaterThanThreshold",
            Self::LessThanThreshold => "LessThanThreshold",
            Self::LessThanOrEqualToThreshold => "LessThanOrEqualToThreshold",
        }
    }
}

impl BandOperator {
    /// Whether a value breaches.
    #[must_use]
    pub fn breaches(self, value: f64, band: Band) -> bool {
        match self {
            Self::LessThanLowerOrGreaterThanUpperThreshold => value < band.lower || value > band.upper,
            Self::LessThanLowerThreshold => value < band.lower,
            Self::GreaterThanUpperThreshold => value > band.upper,
        }
    }

    /// As AWS writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LessThanLowerOrGreaterThanUpperThreshold => "LessThanLowerOrGreaterThanUpperThreshold",
            Self::LessThanLowerThreshold => "LessThanLowerThreshold",
            Self::GreaterThanUpperThreshold => "GreaterThanUpperThreshold",
        }
    }
}

impl MissingData {
    /// As AWS writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Ignore => "ignore",
            Self::Breaching => "breaching",
            Self::NotBreaching => "notBreaching",
        }
    }
}

impl LowSamples {
    /// As AWS writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Evaluate => "evaluate",
            Self::Ignore => "ignore",
        }
    }
}

/// A text that is none of the words that AWS takes there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not valid: write one of {known}")]
pub struct UnknownWord {
    /// What was written.
    pub found: String,
    /// What AWS takes.
    pub known: String,
}

/// Reads and writes the words of a type.
macro_rules! words {
    ($type:ident: $($variant:ident),+) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                let all = [$(Self::$variant),+];
                all.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord {
                    found: text.to_owned(),
                    known: all.map(|word| format!("`{}`", word.as_str())).join(", "),
                })
            }
        }
    };
}

words!(Operator: GreaterThanOrEqualToThreshold, GreaterThanThreshold, LessThanThreshold, LessThanOrEqualToThreshold);
words!(BandOperator: LessThanLowerOrGreaterThanUpperThreshold, LessThanLowerThreshold, GreaterThanUpperThreshold);
words!(MissingData: Missing, Ignore, Breaching, NotBreaching);
words!(LowSamples: Evaluate, Ignore);
