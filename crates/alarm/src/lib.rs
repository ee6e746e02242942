//! The state machine of `CloudWatch` alarms: data points in, states out.

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
