//! Why an alarm has its state, in AWS's words.
//!
//! AWS documents examples, not a grammar. The texts follow examples that accounts have shown:
//!
//! * `Threshold Crossed: 1 out of the last 20 datapoints [613.0 (16/03/24 12:15:00)] was greater than or
//!   equal to the threshold (1.0) and 19 missing datapoints were treated as [NonBreaching] (minimum 1
//!   datapoint for OK -> ALARM transition).` where `DatapointsToAlarm` is written;
//! * `Threshold Crossed: 1 datapoint [1.0 (25/09/26 21:51:00)] was not less than the threshold (1.0) and 1
//!   missing datapoint was treated as [Breaching].` where it is not;
//! * `Threshold Crossed: 24 datapoints were greater than the threshold (0.0). The most recent datapoints
//!   which crossed the threshold: [...].` from five data points on;
//! * `Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as
//!   [NonBreaching].`;
//! * `Insufficient Data: 1 datapoint was unknown.`;
//! * `Thresholds Crossed: ... was not less than the lower thresholds [...] or not greater than the upper
//!   thresholds [...]` of a band.
//!
//! No example was found of five or more data points *within* the threshold with their times, or of five
//! and missing ones: those texts are put together from the others. Nor of what `missing` and `ignore`
//! fill in: nothing is said about it.

use jiff::Timestamp;
use serde::Serialize;

use crate::evaluate::{Evaluated, Evaluation};
use crate::settings::{Alarm, BandOperator, Condition, MissingData, Operator};
use crate::state::State;

/// The reason of an alarm that was never evaluated.
pub const UNCHECKED: &str = "Unchecked: Initial alarm creation";

/// From so many data points on, AWS names their number and the latest of them.
const MANY: usize = 5;

/// What `StateReasonData` holds (`DescribeAlarms`, `DescribeAlarmHistory`). Serialises to AWS's names,
/// in AWS's order; times are written to the second.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReasonData {
    /// Always `1.0`.
    pub version: &'static str,
    /// When the alarm was evaluated, in seconds since 1970.
    #[serde(serialize_with = "moment")]
    pub query_date: i64,
    /// When the oldest evaluated period with data begins.
    #[serde(serialize_with = "maybe_moment", skip_serializing_if = "Option::is_none")]
    pub start_date: Option<i64>,
    /// The unit that the alarm names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The statistic, as AWS writes it; none of an alarm on a band, nor of one on a metric math expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistic: Option<String>,
    /// The length of a period in seconds.
    pub period: u32,
    /// The evaluated data points, the oldest first.
    pub recent_datapoints: Vec<f64>,
    /// The lower thresholds of those data points, if the alarm looks at them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recent_lower_thresholds: Vec<f64>,
    /// The upper thresholds of those data points, if the alarm looks at them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recent_upper_thresholds: Vec<f64>,
    /// The threshold; none of an alarm on a band.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// The evaluated periods, the newest first.
    pub evaluated_datapoints: Vec<EvaluatedDatapoint>,
}

/// One evaluated period in [`ReasonData`]; one without data has a time stamp only.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EvaluatedDatapoint {
    /// When it begins, in seconds since 1970.
    #[serde(serialize_with = "moment")]
    pub timestamp: i64,
    /// How many samples; none of an alarm on a band.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_count: Option<f64>,
    /// What the statistic made of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The threshold of an alarm on one side of a band.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
}

pub(crate) fn text(alarm: &Alarm, evaluation: &Evaluation) -> String {
    let Evaluation {
        state,
        evaluated,
        filled,
        ..
    } = evaluation;
    if *state == State::InsufficientData {
        return format!(
            "Insufficient Data: {} unknown.",
            counted(*filled, "datapoint", true)
        );
    }
    let settings = alarm.settings();
    let of_state = *state == State::Alarm;
    let received: Vec<&Evaluated> = evaluated.iter().filter(|it| it.value.is_some()).collect();
    let shown: Vec<&Evaluated> = received
        .iter()
        .copied()
        .filter(|it| it.breaching == of_state)
        .collect();
    let crossed = match settings.condition {
        Condition::Threshold(..) => "Threshold Crossed",
        Condition::Band(_) => "Thresholds Crossed",
    };
    let treated = treated(settings.missing_data, *filled);
    if shown.is_empty() {
        let number = match received.len() {
            0 => "no datapoints were".to_owned(),
            some => counted(number(some), "datapoint", true),
        };
        let periods = counted(settings.evaluation_periods, "period", false);
        return format!("{crossed}: {number} received for {periods}{treated}.");
    }
    let (word, were) = if shown.len() == 1 {
        ("datapoint", "was")
    } else {
        ("datapoints", "were")
    };
    let (n, m) = (settings.evaluation_periods, alarm.datapoints_to_alarm());
    let (number, minimum) = match settings.datapoints_to_alarm {
        None => (format!("{} {word}", shown.len()), String::new()),
        Some(_) => {
            let (least, change) = if of_state {
                (m, "OK -> ALARM")
            } else {
                (n - m + 1, "ALARM -> OK")
            };
            let least = counted(least, "datapoint", false);
            (
                format!("{} out of the last {n} datapoints", shown.len()),
                format!(" (minimum {least} for {change} transition)"),
            )
        }
    };
    let not = if of_state { "" } else { "not " };
    let compared = compared(settings.condition, not, &shown);
    let points: Vec<String> = shown.iter().take(MANY).map(|it| point(it)).collect();
    let points = points.join(", ");
    if shown.len() < MANY {
        return format!("{crossed}: {number} [{points}] {were} {compared}{treated}{minimum}.");
    }
    let which = if of_state {
        " which crossed the threshold"
    } else {
        ""
    };
    format!(
        "{crossed}: {number} were {compared}. The most recent datapoints{which}: [{points}]{treated}{minimum}."
    )
}

pub(crate) fn data(alarm: &Alarm, evaluation: &Evaluation) -> ReasonData {
    let settings = alarm.settings();
    let received: Vec<&Evaluated> = evaluation
        .evaluated
        .iter()
        .filter(|it| it.value.is_some())
        .collect();
    let bands = |of: fn(&Evaluated) -> Option<f64>| received.iter().rev().filter_map(|it| of(it)).collect();
    let (lower, upper, threshold) = match settings.condition {
        Condition::Threshold(_, threshold) => (false, false, Some(threshold)),
        Condition::Band(operator) => (
            operator != BandOperator::GreaterThanUpperThreshold,
            operator != BandOperator::LessThanLowerThreshold,
            None,
        ),
    };
    ReasonData {
        version: "1.0",
        query_date: evaluation.at,
        start_date: received.last().map(|it| it.at),
        unit: settings.unit.clone(),
        statistic: threshold.map(|_| settings.statistic.to_string()),
        period: settings.period,
        recent_datapoints: received.iter().rev().filter_map(|it| it.value).collect(),
        recent_lower_thresholds: if lower {
            bands(|it| Some(it.band?.lower))
        } else {
            Vec::new()
        },
        recent_upper_thresholds: if upper {
            bands(|it| Some(it.band?.upper))
        } else {
            Vec::new()
        },
        threshold,
        evaluated_datapoints: evaluation
            .evaluated
            .iter()
            .map(|it| EvaluatedDatapoint {
                timestamp: it.at,
                sample_count: it.value.and(threshold).map(|_| it.samples),
                value: it.value,
                threshold: match (lower, upper) {
                    (true, false) => it.band.map(|band| band.lower),
                    (false, true) => it.band.map(|band| band.upper),
                    _ => None,
                },
            })
            .collect(),
    }
}

/// The reason of a composite alarm that changed because an alarm of its rule did:
/// `ARN transitioned to ALARM at Sunday 30 October, 2022 20:47:35 UTC`.
#[must_use]
pub fn of_child(arn: &str, state: State, at: i64) -> String {
    let at = timestamp(at).strftime("%A %d %B, %Y %H:%M:%S UTC");
    format!("{arn} transitioned to {state} at {at}")
}

/// The reason of a composite alarm that has its first state:
/// `ARN was created and its alarm rule evaluates to OK`.
#[must_use]
pub fn of_creation(arn: &str, state: State) -> String {
    format!("{arn} was created and its alarm rule evaluates to {state}")
}

/// `greater than the threshold (1.0)`, or what it says of a band.
fn compared(condition: Condition, not: &str, shown: &[&Evaluated]) -> String {
    let list = |of: fn(&Evaluated) -> Option<f64>| {
        let all: Vec<String> = shown
            .iter()
            .take(MANY)
            .filter_map(|it| of(it))
            .map(double)
            .collect();
        format!("[{}]", all.join(", "))
    };
    let lower = || {
        format!(
            "{not}less than the lower thresholds {}",
            list(|it| Some(it.band?.lower))
        )
    };
    let upper = || {
        format!(
            "{not}greater than the upper thresholds {}",
            list(|it| Some(it.band?.upper))
        )
    };
    match condition {
        Condition::Band(BandOperator::LessThanLowerThreshold) => lower(),
        Condition::Band(BandOperator::GreaterThanUpperThreshold) => upper(),
        Condition::Band(BandOperator::LessThanLowerOrGreaterThanUpperThreshold) => {
            format!("{} or {}", lower(), upper())
        }
        Condition::Threshold(operator, threshold) => {
            let than = match operator {
                Operator::GreaterThanOrEqualToThreshold => "greater than or equal to",
                Operator::GreaterThanThreshold => "greater than",
                Operator::LessThanThreshold => "less than",
                Operator::LessThanOrEqualToThreshold => "less than or equal to",
            };
            format!("{not}{than} the threshold ({})", double(threshold))
        }
    }
}

fn treated(missing_data: MissingData, filled: u32) -> String {
    let kind = match missing_data {
        MissingData::Breaching => "Breaching",
        MissingData::NotBreaching => "NonBreaching",
        MissingData::Missing | MissingData::Ignore => return String::new(),
    };
    if filled == 0 {
        return String::new();
    }
    format!(
        " and {} treated as [{kind}]",
        counted(filled, "missing datapoint", true)
    )
}

/// `1 datapoint`, `2 datapoints`; `1 datapoint was`, `2 datapoints were`.
fn counted(number: u32, of: &str, verb: bool) -> String {
    let (plural, were) = if number == 1 { ("", " was") } else { ("s", " were") };
    format!("{number} {of}{plural}{}", if verb { were } else { "" })
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn point(evaluated: &Evaluated) -> String {
    let at = timestamp(evaluated.at).strftime("%d/%m/%y %H:%M:%S");
    format!("{} ({at})", double(evaluated.value.unwrap_or_default()))
}

/// A number as Java writes it, and so AWS: `3.0`, `1.6E10`, `1.0E-4`.
fn double(value: f64) -> String {
    if value == 0.0 || (1e-3..1e7).contains(&value.abs()) || !value.is_finite() {
        return format!("{value:?}");
    }
    let text = format!("{value:E}");
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => text,
    }
}

/// A moment that a calendar has; AWS has no others.
fn timestamp(at: i64) -> Timestamp {
    Timestamp::from_second(at).unwrap_or(if at < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// `2025-05-15T15:31:44.000+0000`.
fn moment<S: serde::Serializer>(at: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&timestamp(*at).strftime("%Y-%m-%dT%H:%M:%S.000+0000"))
}

fn maybe_moment<S: serde::Serializer>(at: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => moment(at, serializer),
        None => serializer.serialize_none(),
    }
}
