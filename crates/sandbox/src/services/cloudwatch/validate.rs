//! What `PutMetricAlarm` refuses.

use std::collections::BTreeSet;

use winterbaume_cloudwatch::wire::{MetricDataQuery, PutMetricAlarmInput};

use crate::protocol::Failure;
use crate::route::Call;

const UNITS: &str = "Seconds Microseconds Milliseconds Bytes Kilobytes Megabytes Gigabytes \
    Terabytes Bits Kilobits Megabits Gigabits Terabits Percent Count Bytes/Second \
    Kilobytes/Second Megabytes/Second Gigabytes/Second Terabytes/Second Bits/Second \
    Kilobits/Second Megabits/Second Gigabits/Second Terabits/Second Count/Second None";

/// Tells whether CloudWatch knows the unit.
pub(crate) fn is_unit(unit: &str) -> bool {
    UNITS.split_ascii_whitespace().any(|known| known == unit)
}

pub(crate) fn error(message: impl Into<String>) -> Failure {
    Failure::bad("ValidationError", message)
}

pub(crate) fn alarm(call: &Call, input: &PutMetricAlarmInput) -> Result<(), Failure> {
    name(&input.alarm_name)?;
    description(input.alarm_description.as_deref())?;
    one_of(
        &input.comparison_operator,
        "comparisonOperator",
        &[
            "GreaterThanOrEqualToThreshold",
            "GreaterThanThreshold",
            "LessThanThreshold",
            "LessThanOrEqualToThreshold",
            "LessThanLowerOrGreaterThanUpperThreshold",
            "LessThanLowerThreshold",
            "GreaterThanUpperThreshold",
        ],
    )?;
    if let Some(treatment) = &input.treat_missing_data {
        one_of(
            treatment,
            "treatMissingData",
            &["breaching", "notBreaching", "ignore", "missing"],
        )?;
    }
    if let Some(unit) = &input.unit
        && !is_unit(unit)
    {
        return Err(error(format!(
            "1 validation error detected: Value '{unit}' at 'unit' failed to satisfy constraint: \
             Member must satisfy enum value set"
        )));
    }
    actions(
        call,
        &[
            ("okActions", &input.o_k_actions),
            ("alarmActions", &input.alarm_actions),
            ("insufficientDataActions", &input.insufficient_data_actions),
        ],
    )?;
    match &input.metrics {
        Some(metrics) if !metrics.is_empty() => {
            math(input)?;
            queries(input, metrics)?;
        }
        _ => single(input)?,
    }
    window(input)
}

pub(crate) fn name(name: &str) -> Result<(), Failure> {
    if !(1..=255).contains(&name.chars().count()) || name.chars().any(|c| c.is_ascii_control()) {
        return Err(error(
            "1 validation error detected: Value at 'alarmName' failed to satisfy constraint: \
             Member must have length between 1 and 255 without control characters",
        ));
    }
    Ok(())
}

pub(crate) fn description(text: Option<&str>) -> Result<(), Failure> {
    if text.is_some_and(|text| text.chars().count() > 1024) {
        return Err(error(
            "1 validation error detected: Value at 'alarmDescription' failed to satisfy \
             constraint: Member must have length less than or equal to 1024",
        ));
    }
    Ok(())
}

/// An alarm on one metric.
fn single(input: &PutMetricAlarmInput) -> Result<(), Failure> {
    let missing =
        |field: &str| Failure::bad("MissingParameter", format!("The parameter {field} is required."));
    let given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    if !given(&input.metric_name) {
        return Err(missing("MetricName"));
    }
    if !given(&input.namespace) {
        return Err(missing("Namespace"));
    }
    match (&input.statistic, &input.extended_statistic) {
        (Some(statistic), None) => one_of(
            statistic,
            "statistic",
            &["SampleCount", "Average", "Sum", "Minimum", "Maximum"],
        )?,
        (None, Some(statistic)) => {
            let known = ["p", "tm", "tc", "ts", "wm", "IQM", "PR", "TM", "TC", "TS", "WM"];
            if !known.iter().any(|prefix| statistic.starts_with(prefix)) {
                return Err(Failure::bad(
                    "InvalidParameterValue",
                    format!("The value {statistic} for parameter ExtendedStatistic is not supported."),
                ));
            }
        }
        (Some(_), Some(_)) => {
            return Err(Failure::bad(
                "InvalidParameterCombination",
                "Statistic and ExtendedStatistic cannot be specified together.",
            ));
        }
        (None, None) => return Err(missing("Statistic or ExtendedStatistic")),
    }
    if input.threshold.is_none() {
        return Err(missing("Threshold"));
    }
    if input.threshold_metric_id.is_some() || is_of_a_band(&input.comparison_operator) {
        return Err(error(
            "ThresholdMetricId and the operators of a band require the Metrics list.",
        ));
    }
    if input
        .dimensions
        .as_ref()
        .is_some_and(|dimensions| dimensions.len() > 30)
    {
        return Err(error(
            "1 validation error detected: Value at 'dimensions' failed to satisfy constraint: \
             Member must have length less than or equal to 30",
        ));
    }
    match input.period {
        None => Err(missing("Period")),
        Some(10 | 20 | 30) => Ok(()),
        Some(period) if period > 0 && period % 60 == 0 => Ok(()),
        Some(_) => Err(error(
            "Metric alarm period must be 10, 20, 30 or a multiple of 60",
        )),
    }
}

/// An alarm on a metric math expression carries none of the fields of one metric.
fn math(input: &PutMetricAlarmInput) -> Result<(), Failure> {
    if input.metric_name.is_some()
        || input.namespace.is_some()
        || input.statistic.is_some()
        || input.extended_statistic.is_some()
        || input.period.is_some()
        || input.unit.is_some()
        || input.dimensions.as_ref().is_some_and(|it| !it.is_empty())
    {
        return Err(Failure::bad(
            "InvalidParameterCombination",
            "The parameters MetricName, Namespace, Dimensions, Period, Unit, Statistic and \
             ExtendedStatistic cannot be used together with Metrics.",
        ));
    }
    Ok(())
}

fn is_of_a_band(operator: &str) -> bool {
    matches!(
        operator,
        "LessThanLowerOrGreaterThanUpperThreshold" | "LessThanLowerThreshold" | "GreaterThanUpperThreshold"
    )
}

/// The queries of an alarm on metric math or on an anomaly detection band (`PutMetricAlarm`: `Metrics`,
/// `ThresholdMetricId`).
fn queries(input: &PutMetricAlarmInput, queries: &[MetricDataQuery]) -> Result<(), Failure> {
    let on_metrics = queries.iter().filter(|query| query.metric_stat.is_some()).count();
    if queries.len() > 20 || on_metrics > 10 {
        return Err(error(
            "An alarm can have at most 20 queries, of which 10 can be on metrics.",
        ));
    }
    let mut ids = BTreeSet::new();
    for query in queries {
        let id = &query.id;
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if id.len() > 255 || !id.starts_with(|c: char| c.is_ascii_lowercase()) || !id.chars().all(allowed) {
            return Err(error(format!("Invalid query id: {id}")));
        }
        if !ids.insert(id) {
            return Err(error(format!("The query id {id} is used more than once.")));
        }
        match (&query.metric_stat, &query.expression) {
            (Some(_), None) => {}
            (None, Some(expression)) if (1..=2048).contains(&expression.chars().count()) => {}
            _ => {
                return Err(error(format!(
                    "The query {id} must have either MetricStat or an Expression of 1 to 2048 characters."
                )));
            }
        }
    }
    let returns = |query: &&MetricDataQuery| query.return_data.unwrap_or(true);
    let returned = queries.iter().filter(returns).count();
    let of_a_band = is_of_a_band(&input.comparison_operator);
    match &input.threshold_metric_id {
        None if of_a_band => Err(error(
            "ThresholdMetricId is required with this ComparisonOperator.",
        )),
        None if returned != 1 => Err(error(
            "Exactly one element of the metrics list should return data.",
        )),
        None if input.threshold.is_none() => Err(Failure::bad(
            "MissingParameter",
            "The parameter Threshold is required.",
        )),
        None => Ok(()),
        Some(_) if input.threshold.is_some() => Err(Failure::bad(
            "InvalidParameterCombination",
            "Threshold and ThresholdMetricId cannot be specified together.",
        )),
        Some(_) if !of_a_band => Err(error(
            "ThresholdMetricId requires a ComparisonOperator of an anomaly detection model.",
        )),
        Some(band) => {
            let is_band = |query: &&MetricDataQuery| query.id == *band && query.expression.is_some();
            if returned == 2 && queries.iter().filter(returns).any(|query| is_band(&query)) {
                Ok(())
            } else {
                Err(error(
                    "ThresholdMetricId must name a band, and the band and one other element of the metrics \
                     list should return data.",
                ))
            }
        }
    }
}

fn window(input: &PutMetricAlarmInput) -> Result<(), Failure> {
    let periods = input.evaluation_periods;
    if periods < 1 {
        return Err(error(format!(
            "1 validation error detected: Value '{periods}' at 'evaluationPeriods' failed to \
             satisfy constraint: Member must have value greater than or equal to 1"
        )));
    }
    if let Some(datapoints) = input.datapoints_to_alarm
        && !(1..=periods).contains(&datapoints)
    {
        return Err(error(
            "Datapoints to alarm must be at least 1 and not more than the evaluation periods",
        ));
    }
    if let Some(period) = input.period {
        let length = i64::from(period) * i64::from(periods);
        let (most, name) = if period < 3600 {
            (86_400, "one day")
        } else {
            (604_800, "seven days")
        };
        if length > most {
            return Err(error(format!(
                "Metrics cannot be checked across more than {name} \
                 (EvaluationPeriods * Period must be <= {most})."
            )));
        }
    }
    Ok(())
}

/// CloudWatch checks the shape of an action and its region, not that it works.
pub(crate) fn actions(call: &Call, lists: &[(&str, &Option<Vec<String>>)]) -> Result<(), Failure> {
    for (field, list) in lists {
        let list = list.as_deref().unwrap_or_default();
        if list.len() > 5 {
            return Err(error(format!(
                "1 validation error detected: Value at '{field}' failed to satisfy constraint: \
                 Member must have length less than or equal to 5"
            )));
        }
        for arn in list {
            let parts: Vec<&str> = arn.splitn(6, ':').collect();
            let ["arn", _, service, region, _, resource] = parts.as_slice() else {
                return Err(error(format!("Invalid arn syntax: {arn}")));
            };
            if service.is_empty() || resource.is_empty() {
                return Err(error(format!("Invalid arn syntax: {arn}")));
            }
            if *service == "sns" && *region != call.region {
                return Err(error(format!(
                    "Invalid region {region} specified. Only {} is supported.",
                    call.region
                )));
            }
        }
    }
    Ok(())
}

fn one_of(value: &str, field: &str, known: &[&str]) -> Result<(), Failure> {
    if known.contains(&value) {
        return Ok(());
    }
    Err(error(format!(
        "1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: \
         Member must satisfy enum value set: [{}]",
        known.join(", ")
    )))
}
