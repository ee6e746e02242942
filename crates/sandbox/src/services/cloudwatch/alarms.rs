//! Alarms as `PutMetricAlarm` writes and `DescribeAlarms` shows them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trailwarden_alarm::Suppression;
use winterbaume_cloudwatch::wire::{
    DeleteAlarmsInput, DescribeAlarmsForMetricInput, DescribeAlarmsInput, Dimension,
    ListTagsForResourceInput, ListTagsForResourceOutput, PutMetricAlarmInput, SetAlarmStateInput, Tag,
    TagResourceInput, UntagResourceInput,
};

use super::history::{self, Configured};
use super::{composite, validate};
use crate::life::{self, alarms::Change};
use crate::protocol::{Failure, cbor_time, give, take};
use crate::route::Call;
use crate::services::{TagProblem, add_tags, page, page_size};
use crate::state::{Alarm, AlarmSettings, State};

pub(crate) fn alarm_arn(call: &Call, name: &str) -> String {
    call.arn("cloudwatch", &format!("alarm:{name}"))
}

/// Makes an alarm or replaces its configuration; the state of a live alarm stays, and so do its
/// tags: AWS ignores `Tags` on an update.
pub(crate) fn put(state: &mut State, call: &Call, input: PutMetricAlarmInput) -> Result<(), Failure> {
    validate::alarm(call, &input)?;
    let name = input.alarm_name.clone();
    let tags = input.tags.clone().unwrap_or_default();
    let settings = settings(input)?;
    let region = state.region(&call.account, &call.region);
    let alarms = &mut region.alarms;
    if let Some(live) = alarms.get_mut(&name) {
        if live.settings.alarm_rule.is_some() {
            return Err(validate::error(format!(
                "An alarm named {name} of another alarm type already exists"
            )));
        }
        live.settings = settings;
        live.configured = call.now;
        history::configured(region, &name, Configured::Updated, call.now);
        return Ok(());
    }
    let mut alarm = Alarm {
        configured: call.now,
        state: "INSUFFICIENT_DATA".to_owned(),
        reason: "Unchecked: Initial alarm creation".to_owned(),
        updated: call.now,
        transitioned: call.now,
        settings,
        ..Alarm::default()
    };
    add(&mut alarm, tags)?;
    alarms.insert(name.clone(), alarm);
    history::configured(region, &name, Configured::Created, call.now);
    Ok(())
}

fn settings(input: PutMetricAlarmInput) -> Result<AlarmSettings, Failure> {
    let metrics = input.metrics.unwrap_or_default();
    Ok(AlarmSettings {
        alarm_description: input.alarm_description,
        actions_enabled: input.actions_enabled.unwrap_or(true),
        ok_actions: input.o_k_actions.unwrap_or_default(),
        alarm_actions: input.alarm_actions.unwrap_or_default(),
        insufficient_data_actions: input.insufficient_data_actions.unwrap_or_default(),
        metric_name: input.metric_name,
        namespace: input.namespace,
        statistic: input.statistic,
        extended_statistic: input.extended_statistic,
        dimensions: take(give(&input.dimensions.unwrap_or_default())?)?,
        period: input.period,
        unit: input.unit,
        evaluation_periods: Some(input.evaluation_periods),
        datapoints_to_alarm: input.datapoints_to_alarm,
        threshold: input.threshold,
        comparison_operator: input.comparison_operator,
        treat_missing_data: input.treat_missing_data,
        evaluate_low_sample_count_percentile: input.evaluate_low_sample_count_percentile,
        metrics: metrics.iter().map(give).collect::<Result<_, _>>()?,
        threshold_metric_id: input.threshold_metric_id,
        ..AlarmSettings::default()
    })
}

pub(crate) fn describe(state: &State, call: &Call, input: DescribeAlarmsInput) -> Result<Value, Failure> {
    if let Some(child) = &input.parents_of_alarm_name {
        return parents(state, call, child, &input);
    }
    let names = input.alarm_names.unwrap_or_default();
    if names.len() > 100 {
        return Err(validate::error(
            "1 validation error detected: Value at 'alarmNames' failed to satisfy constraint: \
             Member must have length less than or equal to 100",
        ));
    }
    if !names.is_empty() && input.alarm_name_prefix.is_some() {
        return Err(Failure::bad(
            "InvalidParameterCombination",
            "AlarmNamePrefix cannot be used together with AlarmNames.",
        ));
    }
    let size = page_size(input.max_records, 50, 100, |asked| {
        validate::error(format!(
            "1 validation error detected: Value '{asked}' at 'maxRecords' failed to satisfy \
             constraint: Member must have value between 1 and 100"
        ))
    })?;
    // Metric alarms only, unless the caller asks for others.
    let types = input.alarm_types.filter(|types| !types.is_empty());
    let types = types.unwrap_or_else(|| vec!["MetricAlarm".to_owned()]);
    let of_type = |alarm: &Alarm| {
        let its = match alarm.settings.alarm_rule {
            Some(_) => "CompositeAlarm",
            None => "MetricAlarm",
        };
        types.iter().any(|it| it == its)
    };
    let prefix = input.alarm_name_prefix.unwrap_or_default();
    let alarms = state
        .find_region(&call.account, &call.region)
        .into_iter()
        .flat_map(|region| &region.alarms)
        .filter(|(name, alarm)| {
            of_type(alarm)
                && (names.is_empty() || names.contains(name))
                && name.starts_with(&prefix)
                && input.state_value.as_ref().is_none_or(|it| *it == alarm.state)
                && input
                    .action_prefix
                    .as_ref()
                    .is_none_or(|it| has_action(alarm, it))
        });
    // A call with names is answered whole: there are at most as many alarms as names.
    let size = if names.is_empty() {
        size
    } else {
        size.max(names.len())
    };
    let (alarms, next) = page(
        alarms,
        |(name, _)| (*name).clone(),
        input.next_token.as_deref(),
        size,
    );
    let (mut metric, mut composite) = (Vec::new(), Vec::new());
    for (name, alarm) in alarms {
        let of_type = match alarm.settings.alarm_rule {
            Some(_) => &mut composite,
            None => &mut metric,
        };
        of_type.push(wire(call, name, alarm)?);
    }
    let mut output = json!({ "MetricAlarms": metric, "CompositeAlarms": composite });
    if let Some(next) = next {
        output["NextToken"] = json!(next);
    }
    Ok(output)
}

/// The composite alarms whose rule has an alarm in it: their names and ARNs, and nothing else.
fn parents(state: &State, call: &Call, child: &str, input: &DescribeAlarmsInput) -> Result<Value, Failure> {
    let others = [
        input.action_prefix.is_some(),
        input.alarm_name_prefix.is_some(),
        input.alarm_names.is_some(),
        input.alarm_types.is_some(),
        input.children_of_alarm_name.is_some(),
        input.state_value.is_some(),
    ];
    if others.contains(&true) {
        return Err(validate::error(
            "ParentsOfAlarmName cannot be used together with other parameters except MaxRecords and NextToken.",
        ));
    }
    let alarms = state
        .find_region(&call.account, &call.region)
        .into_iter()
        .flat_map(|region| &region.alarms);
    let parents: Vec<Value> = alarms
        .filter(|(_, alarm)| composite::asks(alarm, child))
        .map(|(name, _)| json!({ "AlarmName": name, "AlarmArn": alarm_arn(call, name) }))
        .collect();
    Ok(json!({ "MetricAlarms": [], "CompositeAlarms": parents }))
}

/// The alarms on a metric alone: those on metric math are not among them.
pub(crate) fn describe_for_metric(
    state: &State,
    call: &Call,
    input: DescribeAlarmsForMetricInput,
) -> Result<Value, Failure> {
    let dimensions = |of: Value| -> Result<BTreeMap<String, String>, Failure> {
        let of: Vec<Dimension> = take(of)?;
        let pair = |dimension: Dimension| (dimension.name, dimension.value);
        Ok(of.into_iter().map(pair).collect())
    };
    let asked = dimensions(give(&input.dimensions.unwrap_or_default())?)?;
    let mut found = Vec::new();
    let alarms = state
        .find_region(&call.account, &call.region)
        .into_iter()
        .flat_map(|region| &region.alarms);
    for (name, alarm) in alarms {
        let settings = &alarm.settings;
        let of_metric = (settings.namespace.as_deref(), settings.metric_name.as_deref())
            == (Some(input.namespace.as_str()), Some(input.metric_name.as_str()));
        let narrowed = [
            (&input.statistic, &settings.statistic),
            (&input.extended_statistic, &settings.extended_statistic),
            (&input.unit, &settings.unit),
        ];
        let fits = narrowed
            .iter()
            .all(|(asked, its)| asked.is_none() || asked == its)
            && (input.period.is_none() || input.period == settings.period);
        if of_metric && fits && dimensions(give(&settings.dimensions)?)? == asked {
            found.push(wire(call, name, alarm)?);
        }
    }
    Ok(json!({ "MetricAlarms": found }))
}

fn has_action(alarm: &Alarm, prefix: &str) -> bool {
    let settings = &alarm.settings;
    [
        &settings.ok_actions,
        &settings.alarm_actions,
        &settings.insufficient_data_actions,
    ]
    .into_iter()
    .flatten()
    .any(|action| action.starts_with(prefix))
}

/// The settings have AWS's names, so that the answer is the settings and the state.
fn wire(call: &Call, name: &str, alarm: &Alarm) -> Result<Value, Failure> {
    let mut value = give(&alarm.settings)?;
    if let Some(map) = value.as_object_mut() {
        if alarm.settings.alarm_rule.is_some() {
            map.remove("Dimensions");
        }
        let mut set = |key: &str, value: Value| map.insert(key.to_owned(), value);
        set("AlarmName", json!(name));
        set("AlarmArn", json!(alarm_arn(call, name)));
        set("AlarmConfigurationUpdatedTimestamp", cbor_time(alarm.configured));
        set("StateValue", json!(alarm.state));
        set("StateReason", json!(alarm.reason));
        set("StateUpdatedTimestamp", cbor_time(alarm.updated));
        set("StateTransitionedTimestamp", cbor_time(alarm.transitioned));
        if let Some(data) = &alarm.reason_data {
            set("StateReasonData", json!(data));
        }
        if let Some(by) = alarm.suppression.as_ref().and_then(Suppression::suppressed_by) {
            set("ActionsSuppressedBy", json!(by.as_str()));
            set("ActionsSuppressedReason", json!(by.reason()));
        }
    }
    Ok(value)
}

/// Deletes all of the alarms, or none if one does not exist.
pub(crate) fn delete(state: &mut State, call: &Call, input: DeleteAlarmsInput) -> Result<(), Failure> {
    if input.alarm_names.len() > 100 {
        return Err(validate::error("At most 100 alarms can be deleted at once."));
    }
    let region = state.region(&call.account, &call.region);
    let alarms = &region.alarms;
    let missing: Vec<&str> = input
        .alarm_names
        .iter()
        .filter(|name| !alarms.contains_key(*name))
        .map(String::as_str)
        .collect();
    if !missing.is_empty() {
        return Err(not_found(format!("Alarm(s) not found: {}", missing.join(", "))));
    }
    let named = |name: &&String| input.alarm_names.contains(*name);
    let composites = alarms
        .iter()
        .filter(|(_, alarm)| alarm.settings.alarm_rule.is_some());
    if composites.filter(|(name, _)| named(name)).count() > 1 {
        return Err(validate::error(
            "At most one composite alarm can be deleted at once.",
        ));
    }
    // AWS keeps an alarm that a composite alarm asks, also where both are to be deleted.
    for name in &input.alarm_names {
        if let Some(parent) = composite::depends(alarms.iter(), name) {
            return Err(validate::error(format!(
                "Cannot delete {name} as there are composite alarm(s) depending on it: {parent}"
            )));
        }
    }
    for name in &input.alarm_names {
        history::configured(region, name, Configured::Deleted, call.now);
        region.alarms.remove(name);
    }
    Ok(())
}

pub(crate) fn set_actions(
    state: &mut State,
    call: &Call,
    names: &[String],
    enabled: bool,
) -> Result<(), Failure> {
    let alarms = &mut state.region(&call.account, &call.region).alarms;
    // Unlike `DeleteAlarms`, AWS documents no error for a name that is not there.
    for name in names {
        if let Some(alarm) = alarms.get_mut(name) {
            alarm.settings.actions_enabled = enabled;
        }
    }
    Ok(())
}

pub(crate) fn set_state(state: &mut State, call: &Call, input: SetAlarmStateInput) -> Result<(), Failure> {
    if !matches!(input.state_value.as_str(), "OK" | "ALARM" | "INSUFFICIENT_DATA") {
        return Err(validate::error(format!(
            "1 validation error detected: Value '{}' at 'stateValue' failed to satisfy \
             constraint: Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]",
            input.state_value
        )));
    }
    let known = state
        .find_region(&call.account, &call.region)
        .is_some_and(|it| it.alarms.contains_key(&input.alarm_name));
    let (true, Ok(to)) = (known, input.state_value.parse()) else {
        return Err(not_found("Unknown alarm"));
    };
    let change = Change {
        to,
        reason: input.state_reason,
        data: input.state_reason_data,
        at: call.now,
    };
    life::alarms::set(state, (&call.account, &call.region), &input.alarm_name, change);
    Ok(())
}

pub(crate) fn tag(state: &mut State, call: &Call, input: TagResourceInput) -> Result<(), Failure> {
    add(by_arn(state, call, &input.resource_a_r_n)?, input.tags)
}

pub(crate) fn untag(state: &mut State, call: &Call, input: UntagResourceInput) -> Result<(), Failure> {
    let alarm = by_arn(state, call, &input.resource_a_r_n)?;
    alarm.tags.retain(|key, _| !input.tag_keys.contains(key));
    Ok(())
}

pub(crate) fn list_tags(
    state: &State,
    call: &Call,
    input: ListTagsForResourceInput,
) -> Result<ListTagsForResourceOutput, Failure> {
    let name = name_of(call, &input.resource_a_r_n)?;
    let alarm = state
        .find_region(&call.account, &call.region)
        .and_then(|region| region.alarms.get(name))
        .ok_or_else(|| no_resource(&input.resource_a_r_n))?;
    let tags = alarm.tags.iter().map(|(key, value)| Tag {
        key: key.clone(),
        value: value.clone(),
    });
    Ok(ListTagsForResourceOutput {
        tags: Some(tags.collect()),
    })
}

pub(super) fn add(alarm: &mut Alarm, tags: Vec<Tag>) -> Result<(), Failure> {
    let pairs = tags.into_iter().map(|tag| (tag.key, tag.value));
    add_tags(&mut alarm.tags, pairs, |problem| match problem {
        TagProblem::TooMany => Failure::bad("InvalidParameterValue", "An alarm can have at most 50 tags."),
        TagProblem::Invalid(message) => Failure::bad("InvalidParameterValue", message),
    })
}

fn name_of<'a>(call: &Call, arn: &'a str) -> Result<&'a str, Failure> {
    arn.strip_prefix(&alarm_arn(call, "")).ok_or_else(|| {
        if arn.starts_with("arn:") {
            no_resource(arn)
        } else {
            Failure::bad("InvalidParameterValue", format!("Invalid ARN: {arn}"))
        }
    })
}

fn by_arn<'s>(state: &'s mut State, call: &Call, arn: &str) -> Result<&'s mut Alarm, Failure> {
    let name = name_of(call, arn)?;
    state
        .region(&call.account, &call.region)
        .alarms
        .get_mut(name)
        .ok_or_else(|| no_resource(arn))
}

fn not_found(message: impl Into<String>) -> Failure {
    Failure::new(404, "ResourceNotFound", message)
}

fn no_resource(arn: &str) -> Failure {
    Failure::new(
        404,
        "ResourceNotFoundException",
        format!("Resource {arn} does not exist."),
    )
}
