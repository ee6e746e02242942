//! Whether an alarm can have a state at all, whatever data comes.

use crate::settings::{Alarm, Condition, LowSamples, MissingData, Operator};
use crate::state::State;
use crate::statistic::Statistic;

/// What can be sent into a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Domain {
    /// The lowest value of a sample.
    pub lowest: f64,
    /// The highest value of a sample.
    pub highest: f64,
    /// The most samples in one period; none is any number.
    pub most_samples: Option<f64>,
}

impl Domain {
    /// All that `CloudWatch` takes: from -2^360 to 2^360.
    #[must_use]
    pub fn any() -> Self {
        let limit = 2f64.powi(360);
        Self::between(-limit, limit)
    }

    /// Samples between two values, any number of them.
    #[must_use]
    pub fn between(lowest: f64, highest: f64) -> Self {
        Self {
            lowest,
            highest,
            most_samples: None,
        }
    }

    /// What a statistic of one period can be, if there is any data: the lowest and the highest. None if
    /// there is never a data point, such as a percentile of negative values.
    #[must_use]
    pub fn range(&self, statistic: Statistic) -> Option<(f64, f64)> {
        let most = self.most_samples.unwrap_or(f64::INFINITY);
        let times = |value: f64| if value == 0.0 { 0.0 } else { value * most };
        if most < 1.0 || self.lowest > self.highest {
            return None;
        }
        match statistic {
            Statistic::SampleCount => Some((1.0, most)),
            Statistic::Sum => Some((
                if self.lowest < 0.0 {
                    times(self.lowest)
                } else {
                    self.lowest
                },
                if self.highest > 0.0 {
                    times(self.highest)
                } else {
                    self.highest
                },
            )),
            Statistic::Percentile(_) if self.highest < 0.0 => None,
            Statistic::Percentile(_) => Some((self.lowest.max(0.0), self.highest)),
            Statistic::Average | Statistic::Minimum | Statistic::Maximum => Some((self.lowest, self.highest)),
        }
    }
}

/// What silence does: a metric that has no data in the whole evaluation range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// It brings a state.
    Brings(State),
    /// The state stays.
    Keeps,
}

/// Which states an alarm can have: see [`Alarm::reach`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// A data point can breach.
    pub breaching: bool,
    /// A data point can be within the threshold.
    pub within: bool,
    /// What comes of no data at all.
    pub silence: Silence,
}

impl Reach {
    /// Some data, or its lack, brings `ALARM`.
    #[must_use]
    pub fn can_fire(&self) -> bool {
        self.breaching || self.silence == Silence::Brings(State::Alarm)
    }

    /// Some data, or its lack, brings `OK`: an alarm that cannot stays in `ALARM` for ever, and sends one
    /// notice in its life.
    #[must_use]
    pub fn can_be_ok(&self) -> bool {
        self.within || self.silence == Silence::Brings(State::Ok)
    }

    /// Nothing but the lack of data brings `ALARM`.
    #[must_use]
    pub fn fires_on_silence_only(&self) -> bool {
        !self.breaching && self.can_fire()
    }
}

impl Alarm {
    /// Which states the alarm can have with data of a kind.
    ///
    /// If one data point can breach, N of them in a row can, which is `ALARM` for every M and every
    /// treatment of missing data. So M and N change nothing, and what missing data is does only for
    /// silence. Where a single period without data would do (`breaching` with data points that never
    /// breach), silence does too.
    #[must_use]
    pub fn reach(&self, domain: Domain) -> Reach {
        let settings = self.settings();
        let silence = match settings.missing_data {
            MissingData::Missing => Silence::Brings(State::InsufficientData),
            MissingData::Ignore => Silence::Keeps,
            MissingData::Breaching => Silence::Brings(State::Alarm),
            MissingData::NotBreaching => Silence::Brings(State::Ok),
        };
        let range = domain
            .range(settings.statistic)
            .filter(|_| self.can_be_significant(domain));
        let (breaching, within) = match (range, settings.condition) {
            (None, _) => (false, false),
            (Some(_), Condition::Band(_)) => (true, true),
            (Some((lowest, highest)), Condition::Threshold(operator, threshold)) => {
                let breaches = |value: f64| operator.breaches(value, threshold);
                match operator {
                    Operator::GreaterThanOrEqualToThreshold | Operator::GreaterThanThreshold => {
                        (breaches(highest), !breaches(lowest))
                    }
                    Operator::LessThanThreshold | Operator::LessThanOrEqualToThreshold => {
                        (breaches(lowest), !breaches(highest))
                    }
                }
            }
        };
        Reach {
            breaching,
            within,
            silence,
        }
    }

    /// Whether there can ever be enough samples for the percentile.
    fn can_be_significant(&self, domain: Domain) -> bool {
        let settings = self.settings();
        let (Statistic::Percentile(percentile), LowSamples::Ignore) =
            (settings.statistic, settings.low_samples)
        else {
            return true;
        };
        let (Some(most), Some(enough)) = (domain.most_samples, percentile.significant_samples()) else {
            return true;
        };
        most * f64::from(settings.evaluation_periods) >= enough
    }
}
