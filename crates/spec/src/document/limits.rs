//! What AWS takes beside names: texts, ARNs and the numbers of alarms, so that a spec fails here and
//! not in the middle of an apply.

use crate::arn::Arn;
use crate::kinds::Alarm;
use crate::problem::{Problem, code};

use super::decoder::{At, Sink, Spot};

/// Reports a text that is longer than AWS takes.
pub(crate) fn text(sink: &Sink, what: &str, text: &At<String>, max: usize) {
    let count = text.value.chars().count();
    if count > max {
        let message = format!("the {what} has {count} characters, AWS takes {max}");
        sink.report(Problem::new(code::BAD_TEXT, &text.spot, message).label("too long"));
    }
}

/// Reports a text by which a metric is found and that is empty, longer than AWS takes, or not in one line.
pub(crate) fn name(sink: &Sink, what: &str, name: &At<String>, max: usize) {
    let bad = |message: String, label: &str, help: &str| {
        sink.report(
            Problem::new(code::BAD_TEXT, &name.spot, message)
                .label(label)
                .help(help),
        );
    };
    if name.value.trim().is_empty() {
        let help = format!("CloudWatch takes 1 to {max} characters, not all of them blank");
        bad(format!("the {what} is empty"), "empty", &help);
    } else if name.value.contains(char::is_control) {
        let message = format!(
            "the {what} `{}` has control characters",
            name.value.escape_debug()
        );
        bad(
            message,
            "a control character",
            "write it in one line, without tabs",
        );
    }
    text(sink, what, name, max);
}

/// Reports a filter's value that is neither a number nor a selector (`MetricTransformation`).
pub(crate) fn filter_value(sink: &Sink, value: &At<String>) {
    let text = &value.value;
    let number = text.parse::<f64>().is_ok_and(f64::is_finite);
    if !(number || text.starts_with('$')) || text.chars().count() > 100 {
        let message = format!("`{text}` is no metric value");
        let problem =
            Problem::new(code::BAD_TEXT, &value.spot, message).label("neither a number nor a selector");
        sink.report(
            problem
                .help("write a number such as `1` or a selector such as `$.latency`, at most 100 characters"),
        );
    }
}

/// Takes an ARN apart, or reports that it is none of the given service and resource.
pub(crate) fn arn(sink: &Sink, text: &At<String>, service: &str, resource: &str, what: &str) -> Option<Arn> {
    let arn =
        Arn::parse(&text.value).filter(|arn| arn.service == service && arn.resource.starts_with(resource));
    if arn.is_none() {
        let message = format!("`{}` is no ARN of {what}", text.value);
        let problem = Problem::new(code::BAD_ARN, &text.spot, message).label("not such an ARN");
        sink.report(problem.help(format!("one has the form `arn:aws:{service}:...:{resource}...`")));
    }
    arn
}

/// Where the numbers of an alarm are written; the alarm's own place where they are defaults.
pub(crate) struct AlarmSpots {
    pub(crate) period: Spot,
    pub(crate) evaluation_periods: Spot,
    pub(crate) datapoints: Spot,
    /// The metric is counted by a filter, which makes no high-resolution data.
    pub(crate) of_filter: bool,
}

/// Reports numbers that `PutMetricAlarm` would refuse.
pub(crate) fn alarm(sink: &Sink, alarm: &Alarm, spots: &AlarmSpots) {
    const DAY: u64 = 86_400;
    let bad = |spot: &Spot, message: String, label: &str, help: &str| {
        sink.report(
            Problem::new(code::BAD_NUMBER, spot, message)
                .label(label)
                .help(help),
        );
    };
    let Alarm {
        period,
        evaluation_periods,
        datapoints_to_alarm,
        ..
    } = *alarm;
    let high_resolution = matches!(period, 10 | 20 | 30);
    if period == 0 || !(high_resolution || period.is_multiple_of(60)) {
        let minutes = u64::from(period).div_ceil(60).max(1) * 60;
        let help = format!("write 10, 20, 30 or a multiple of 60, such as {minutes}");
        bad(
            &spots.period,
            format!("an alarm cannot have a period of {period} seconds"),
            "no such period",
            &help,
        );
        return;
    }
    if high_resolution && spots.of_filter {
        let message = format!("a period of {period} seconds needs high-resolution data");
        bad(
            &spots.period,
            message,
            "too short",
            "metric filters count by the minute; write a multiple of 60",
        );
    }
    if evaluation_periods == 0 {
        let message = "`evaluation_periods` must be 1 or more".into();
        bad(
            &spots.evaluation_periods,
            message,
            "less than 1",
            "an alarm looks at one period at least",
        );
        return;
    }
    if datapoints_to_alarm == 0 || datapoints_to_alarm > evaluation_periods {
        let message = format!("`datapoints_to_alarm` must be 1 to {evaluation_periods}");
        let label = format!("{datapoints_to_alarm} of {evaluation_periods}");
        bad(
            &spots.datapoints,
            message,
            &label,
            "at most as many periods can breach as `evaluation_periods` looks at",
        );
    }
    let window = u64::from(period) * u64::from(evaluation_periods);
    let (most, words) = if period < 3600 {
        (DAY, "a day")
    } else {
        (7 * DAY, "a week")
    };
    if window > most {
        let message = format!(
            "{evaluation_periods} periods of {period} seconds are {window} seconds, more than {words}"
        );
        let help = format!(
            "write at most {} periods of {period} seconds",
            most / u64::from(period)
        );
        let spot = if spots.evaluation_periods == spots.period {
            &spots.period
        } else {
            &spots.evaluation_periods
        };
        let problem =
            Problem::new(code::BAD_WINDOW, spot, message).label(format!("together more than {words}"));
        sink.report(problem.help(match period {
            p if p < 3600 => format!("{help}; from a period of 3600 seconds on the limit is a week"),
            p if u64::from(p) > most => "write a period of a week at most".into(),
            _ => help,
        }));
    }
}
