//! The state machine of `CloudWatch` alarms: data points in, states out.
//!
//! **In** go the data points of a metric ([`Series`]), the settings of an alarm ([`Alarm`]) and a moment;
//! or the rule of a composite alarm ([`AlarmRule`]) and the states of the alarms that it asks.
//!
//! **Out** come the state that AWS would give the alarm ([`Alarm::evaluate`]), why in AWS's words
//! ([`Evaluation::reason`]) and as data ([`ReasonData`]), what changes over a time ([`Evaluator`],
//! [`forecast`]), which actions are due ([`Actions`], [`Suppression`]), and whether an alarm can fire at
//! all ([`Alarm::reach`]).
//!
//! It **never** does I/O, reads a clock, or knows an account: moments are seconds since 1970 that the
//! caller names. It never guesses a statistic that it cannot compute. It knows no other crate of the
//! workspace: the sandbox stands on it, and must not mark its own work.
//!
//! The oracle is AWS's "Amazon `CloudWatch` User Guide", above all "Alarm evaluation", "Configuring how
//! `CloudWatch` alarms treat missing data", "Percentile-based alarms and low data samples", "Composite
//! alarms" and "Suppressing composite alarm actions"; its tables are the tests. Where its text leaves
//! something open, the item that decides says so. Three things are worth knowing:
//!
//! * **Periods slide.** Each minute an alarm looks at periods that end with the last full minute, not at
//!   those of a grid. Two events whose minutes are less than a period apart are in one period of some
//!   evaluation.
//! * **An alarm looks back further than N periods** if some of them have no data, and uses what it finds
//!   there before it fills anything in. So a single event of a sparse metric keeps an alarm on for
//!   several periods, even if missing data is `notBreaching`; and events that together breach may be seen
//!   together again periods later, which is a second alarm about the same events.
//! * **Notices are about changes.** What happens during `ALARM` is swallowed: [`Forecast`] counts it.
//!
//! ```
//! use trailwarden_alarm::{
//!     Alarm, Evaluator, MissingData, Operator, Point, Settings, State, Statistic,
//! };
//!
//! let mut settings = Settings::new(Statistic::Sum, Operator::GreaterThanOrEqualToThreshold, 1.0);
//! settings.datapoints_to_alarm = Some(1);
//! settings.missing_data = MissingData::NotBreaching;
//! let mut alarm = Evaluator::new(Alarm::new(settings)?);
//!
//! let ten = 1_795_600_800; // 2026-11-25 10:00:00 UTC
//! alarm.add(Point::repeated(ten, 1.0, 3.0)?);
//! let changes = alarm.run(ten - 60, ten + 3600);
//! let states: Vec<State> = changes.iter().map(|change| change.to).collect();
//! assert_eq!(states, [State::Ok, State::Alarm, State::Ok]);
//! assert_eq!(changes[1].at, ten + 60);
//! assert_eq!(changes[2].at, ten + 16 * 60);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod actions;
mod evaluate;
mod history;
mod metric;
mod missing;
mod reach;
pub mod reason;
mod rule;
mod settings;
mod state;
mod statistic;
mod suppress;

pub use actions::Actions;
pub use evaluate::{Evaluated, Evaluation};
pub use history::{Evaluator, Forecast, Transition, forecast};
pub use metric::{Datapoint, NO_UNIT, Point, PointError, Resolution, Series, StatisticSet};
pub use missing::{Judgement, Slot, judge};
pub use reach::{Domain, Reach, Silence};
pub use reason::{EvaluatedDatapoint, ReasonData};
pub use rule::{AlarmRule, Child, Least, Node, RuleError, UnknownChild, plain};
pub use settings::{
    Alarm, Band, BandOperator, Condition, LowSamples, MissingData, Operator, Settings, SettingsError,
    UnknownWord,
};
pub use state::{State, UnknownState};
pub use statistic::{Percentile, Statistic, StatisticError};
pub use suppress::{Acted, SuppressedBy, Suppression};
