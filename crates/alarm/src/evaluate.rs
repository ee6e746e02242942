//! One evaluation of a metric alarm: data and a moment in, a state and its reason out.

use std::ops::Range;

use crate::metric::{Datapoint, Series};
use crate::missing::{Judgement, Slot, judge};
use crate::reason::{self, ReasonData};
use crate::settings::{Alarm, Band, Condition, LowSamples, Settings};
use crate::state::State;
use crate::statistic::Statistic;

/// What one evaluation of a metric alarm says.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// When it was made, in seconds since 1970.
    pub at: i64,
    /// The state from now on.
    pub state: State,
    /// The state was not decided: the current one stays (`ignore`).
    pub retained: bool,
    /// It is an alarm of fewer than M data points: see [`judge`].
    pub premature: bool,
    /// The evaluated periods, the newest first, filled ones included.
    pub evaluated: Vec<Evaluated>,
    /// How many of them had no data and were filled in.
    pub filled: u32,
}

/// One period as it was evaluated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluated {
    /// When it begins, in seconds since 1970.
    pub at: i64,
    /// Its data point; none if it was filled in.
    pub value: Option<f64>,
    /// How many samples its data point is made of.
    pub samples: f64,
    /// Whether its data point breaches; false of one that was filled in.
    pub breaching: bool,
    /// The band that it was held against.
    pub band: Option<Band>,
}

impl Alarm {
    /// Evaluates the alarm on what is known at a moment. A state of `current` stays where nothing decides.
    ///
    /// Data from before the alarm was made counts, as it does at AWS ("Alarm evaluation": "`CloudWatch`
    /// retrieves the most recent data points from before the alarm was created").
    #[must_use]
    pub fn evaluate(&self, series: &Series, now: i64, current: State) -> Evaluation {
        self.evaluate_within(series, &|_| None, now, current)
    }

    /// [`evaluate`](Self::evaluate) with the band of each period, which is named by its beginning.
    #[must_use]
    pub fn evaluate_within(
        &self,
        series: &Series,
        bands: &dyn Fn(i64) -> Option<Band>,
        now: i64,
        current: State,
    ) -> Evaluation {
        let Settings {
            statistic,
            period,
            ref unit,
            ..
        } = *self.settings();
        let datapoint = |at| series.datapoint(statistic, unit.as_deref(), at, period.into());
        self.evaluate_points(&datapoint, bands, now, current)
    }

    /// [`evaluate`](Self::evaluate) of data points that the caller computes, such as those of a metric math
    /// expression: each period, named by its beginning, has one or none.
    #[must_use]
    pub fn evaluate_points(
        &self,
        datapoint: &dyn Fn(i64) -> Option<Datapoint>,
        bands: &dyn Fn(i64) -> Option<Band>,
        now: i64,
        current: State,
    ) -> Evaluation {
        let settings = self.settings();
        let (end, period) = (self.window_end(now), i64::from(settings.period));
        let beginnings = (1..=i64::from(self.evaluation_range())).map(|age| end - age * period);
        let range: Vec<Evaluated> = beginnings.map(|at| self.hold(at, datapoint(at), bands)).collect();
        let slots: Vec<Slot> = range.iter().map(Evaluated::slot).collect();
        let m = self.datapoints_to_alarm();
        let judgement = judge(&slots, settings.evaluation_periods, m, settings.missing_data);
        let Judgement {
            state,
            filled,
            premature,
            evaluated,
        } = judgement;
        let evaluated: Vec<Evaluated> = evaluated.into_iter().map(|at| range[at]).collect();
        let state = state.filter(|_| self.is_significant(&evaluated));
        Evaluation {
            at: now,
            state: state.unwrap_or(current),
            retained: state.is_none(),
            premature: premature && state.is_some(),
            evaluated,
            filled,
        }
    }

    /// Holds the data point of a period against the threshold.
    fn hold(&self, at: i64, datapoint: Option<Datapoint>, bands: &dyn Fn(i64) -> Option<Band>) -> Evaluated {
        let none = Evaluated {
            at,
            value: None,
            samples: 0.0,
            breaching: false,
            band: None,
        };
        let Some(datapoint) = datapoint else { return none };
        let (value, samples) = (Some(datapoint.value), datapoint.samples);
        match self.settings().condition {
            Condition::Threshold(operator, threshold) => {
                let breaching = operator.breaches(datapoint.value, threshold);
                Evaluated {
                    value,
                    samples,
                    breaching,
                    ..none
                }
            }
            Condition::Band(operator) => bands(at).map_or(none, |band| {
                let breaching = operator.breaches(datapoint.value, band);
                Evaluated {
                    value,
                    samples,
                    breaching,
                    band: Some(band),
                    ..none
                }
            }),
        }
    }

    /// Whether there is enough data for the percentile. Without any, missing data is what it is about.
    fn is_significant(&self, evaluated: &[Evaluated]) -> bool {
        let settings = self.settings();
        let Statistic::Percentile(percentile) = settings.statistic else {
            return true;
        };
        if settings.low_samples == LowSamples::Evaluate || evaluated.iter().all(|it| it.value.is_none()) {
            return true;
        }
        let samples = evaluated.iter().map(|it| it.samples).fold(0.0, |a, b| a + b);
        percentile
            .significant_samples()
            .is_none_or(|enough| samples >= enough)
    }
}

impl Evaluated {
    fn slot(&self) -> Slot {
        match self.value {
            None => Slot::Missing,
            Some(_) if self.breaching => Slot::Breaching,
            Some(_) => Slot::Within,
        }
    }
}

impl Evaluation {
    /// The text of `StateReason`. See [`reason`](crate::reason).
    #[must_use]
    pub fn reason(&self, alarm: &Alarm) -> String {
        reason::text(alarm, self)
    }

    /// What `StateReasonData` holds as JSON.
    #[must_use]
    pub fn reason_data(&self, alarm: &Alarm) -> ReasonData {
        reason::data(alarm, self)
    }

    /// From when until when data led to this: from the oldest evaluated period with data to the end of
    /// the newest. None without data.
    #[must_use]
    pub fn spans(&self, alarm: &Alarm) -> Option<Range<i64>> {
        let mut with_data = self
            .evaluated
            .iter()
            .filter(|it| it.value.is_some())
            .map(|it| it.at);
        let newest = with_data.next()?;
        let oldest = with_data.next_back().unwrap_or(newest);
        Some(oldest..newest + i64::from(alarm.settings().period))
    }
}
