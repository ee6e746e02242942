//! Evaluations in a row: what becomes of an alarm over time.

use crate::actions::Actions;
use crate::metric::{Point, Series};
use crate::reason::{self, ReasonData};
use crate::settings::{Alarm, Band};
use crate::state::State;

/// A change of state.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// The state before.
    pub from: State,
    /// The state since.
    pub to: State,
    /// When, in seconds since 1970.
    pub at: i64,
    /// `StateReason`.
    pub reason: String,
    /// `StateReasonData`; none where somebody set the state.
    pub data: Option<ReasonData>,
}

/// A metric alarm in time. It has no clock: whoever holds it says when it is evaluated.
///
/// A new alarm is in `INSUFFICIENT_DATA`, and the first evaluation may change that.
#[derive(Clone, Debug)]
pub struct Evaluator {
    alarm: Alarm,
    series: Series,
    state: State,
    reason: String,
}

impl Evaluator {
    /// An alarm that was just made, on a metric without data.
    #[must_use]
    pub fn new(alarm: Alarm) -> Self {
        Self::over(alarm, Series::default())
    }

    /// An alarm that was just made, on a metric that has data.
    #[must_use]
    pub fn over(alarm: Alarm, series: Series) -> Self {
        let (state, reason) = (State::InsufficientData, reason::UNCHECKED.to_owned());
        Self {
            alarm,
            series,
            state,
            reason,
        }
    }

    /// Takes data of the metric, at any time and in any order. What arrives late counts from then on.
    pub fn add(&mut self, point: Point) {
        self.series.add(point);
    }

    /// The state now.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Why it has that state: the reason of the last change.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The alarm.
    #[must_use]
    pub fn alarm(&self) -> &Alarm {
        &self.alarm
    }

    /// The data.
    #[must_use]
    pub fn series(&self) -> &Series {
        &self.series
    }

    /// Evaluates the alarm, as AWS does once in every [`Alarm::cadence`].
    pub fn evaluate(&mut self, now: i64) -> Option<Transition> {
        self.evaluate_within(&|_| None, now)
    }

    /// Evaluates an alarm on a band: see [`Alarm::evaluate_within`].
    pub fn evaluate_within(&mut self, bands: &dyn Fn(i64) -> Option<Band>, now: i64) -> Option<Transition> {
        let evaluation = self.alarm.evaluate_within(&self.series, bands, now, self.state);
        if evaluation.state == self.state {
            return None;
        }
        let reason = evaluation.reason(&self.alarm);
        let data = Some(evaluation.reason_data(&self.alarm));
        self.change(evaluation.state, now, reason, data)
    }

    /// Evaluates the alarm each time that AWS would from one moment until before another, and says what
    /// changed.
    pub fn run(&mut self, from: i64, until: i64) -> Vec<Transition> {
        ticks(&self.alarm, from, until)
            .filter_map(|now| self.evaluate(now))
            .collect()
    }

    /// `SetAlarmState`: a state that lasts until the next evaluation says something else.
    pub fn set_state(&mut self, state: State, reason: &str, now: i64) -> Option<Transition> {
        if state == self.state {
            reason.clone_into(&mut self.reason);
            return None;
        }
        self.change(state, now, reason.to_owned(), None)
    }

    fn change(&mut self, to: State, at: i64, reason: String, data: Option<ReasonData>) -> Option<Transition> {
        let from = std::mem::replace(&mut self.state, to);
        self.reason.clone_from(&reason);
        Some(Transition {
            from,
            to,
            at,
            reason,
            data,
        })
    }
}

/// When an alarm is evaluated: at each full minute (10 seconds, hour).
fn ticks(alarm: &Alarm, from: i64, until: i64) -> impl Iterator<Item = i64> + use<> {
    let step = alarm.cadence();
    let first = from.div_euclid(step) * step;
    let first = if first < from { first + step } else { first };
    std::iter::successors(Some(first), move |at| at.checked_add(step)).take_while(move |at| *at < until)
}

/// What an alarm would have done with data: see [`forecast`].
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// All changes of state, in their order.
    pub transitions: Vec<Transition>,
    /// The state at the end.
    pub state: State,
    /// How many seconds it was in `ALARM`.
    pub in_alarm: i64,
    /// The longest time that it was in `ALARM` without a break, in seconds.
    pub longest: i64,
    /// All samples in that time.
    pub samples: f64,
    /// Samples in the periods that made it go to `ALARM`: a notice was about them.
    pub announced: f64,
    /// Samples that came while it was in `ALARM` already: nobody was told.
    pub swallowed: f64,
    /// Samples that were never part of an alarm.
    pub quiet: f64,
}

impl Forecast {
    /// How often it went to `ALARM`.
    #[must_use]
    pub fn alarms(&self) -> usize {
        self.transitions.iter().filter(|it| it.to == State::Alarm).count()
    }

    /// How many notices these actions would have sent.
    #[must_use]
    pub fn notices<T>(&self, actions: &Actions<T>) -> usize {
        self.transitions
            .iter()
            .map(|it| actions.on(it.from, it.to).len())
            .sum()
    }
}

/// Evaluates an alarm over data from one moment until another, as often as AWS would, beginning with a
/// state.
///
/// Every sample of that time is counted once: as announced, swallowed or quiet. Samples are counted to
/// the resolution of the series.
#[must_use]
pub fn forecast(alarm: &Alarm, series: &Series, from: i64, until: i64, state: State) -> Forecast {
    let unit = alarm.settings().unit.as_deref();
    let samples = |from: i64, until: i64| series.samples(unit, from, until);
    let mut result = Forecast {
        transitions: Vec::new(),
        state,
        in_alarm: 0,
        longest: 0,
        samples: samples(from, until),
        announced: 0.0,
        swallowed: 0.0,
        quiet: 0.0,
    };
    let (mut since, mut counted) = (from, from);
    for now in ticks(alarm, from, until) {
        let evaluation = alarm.evaluate(series, now, result.state);
        if evaluation.state == result.state {
            continue;
        }
        let end = alarm.window_end(now).max(counted);
        if result.state == State::Alarm {
            result.leave(now - since);
            result.swallowed += samples(counted, end);
            counted = end;
        } else if evaluation.state == State::Alarm {
            let begin = evaluation
                .spans(alarm)
                .map_or(end, |span| span.start.clamp(counted, end));
            result.quiet += samples(counted, begin);
            result.announced += samples(begin, end);
            (since, counted) = (now, end);
        }
        result.transitions.push(Transition {
            from: result.state,
            to: evaluation.state,
            at: now,
            reason: evaluation.reason(alarm),
            data: Some(evaluation.reason_data(alarm)),
        });
        result.state = evaluation.state;
    }
    let rest = samples(counted, until);
    if result.state == State::Alarm {
        result.leave(until - since);
        result.swallowed += rest;
    } else {
        result.quiet += rest;
    }
    result
}

impl Forecast {
    fn leave(&mut self, seconds: i64) {
        self.in_alarm += seconds;
        self.longest = self.longest.max(seconds);
    }
}
