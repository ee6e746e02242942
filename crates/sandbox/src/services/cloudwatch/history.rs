//! What happened to alarms.

use serde_json::{Value, json};
use winterbaume_cloudwatch::wire::DescribeAlarmHistoryInput;

use super::validate;
use crate::life::alarms::remember;
use crate::protocol::{Failure, cbor_time};
use crate::route::Call;
use crate::services::{page, page_size};
use crate::state::{HistoryItem, Region, State};

#[derive(Debug, Clone, Copy)]
pub(super) enum Configured {
    Created,
    Updated,
    Deleted,
}

/// Keeps that an alarm, which is there, was configured.
pub(super) fn configured(region: &mut Region, name: &str, how: Configured, now: i64) {
    let Some(alarm) = region.alarms.get(name) else {
        return;
    };
    let (kind, summary) = match how {
        Configured::Created => ("Create", "created"),
        Configured::Updated => ("Update", "updated"),
        Configured::Deleted => ("Delete", "deleted"),
    };
    let item = HistoryItem {
        at: now,
        alarm: name.to_owned(),
        composite: alarm.settings.alarm_rule.is_some(),
        kind: "ConfigurationUpdate".to_owned(),
        summary: format!("Alarm \"{name}\" {summary}"),
        // AWS adds the whole configuration, which would be most of the file.
        data: json!({ "version": "1.0", "type": kind }).to_string(),
    };
    remember(region, item);
}

pub(super) fn describe(
    state: &State,
    call: &Call,
    input: DescribeAlarmHistoryInput,
) -> Result<Value, Failure> {
    let size = page_size(input.max_records, 100, 100, |asked| {
        validate::error(format!(
            "1 validation error detected: Value '{asked}' at 'maxRecords' failed to satisfy \
             constraint: Member must have value between 1 and 100"
        ))
    })?;
    let types = input.alarm_types.filter(|types| !types.is_empty());
    // Metric alarms only, unless the caller asks for others.
    let types = types.unwrap_or_else(|| vec!["MetricAlarm".to_owned()]);
    let time = |of: Option<f64>| of.map(|seconds| seconds * 1000.0);
    let (start, end) = (time(input.start_date), time(input.end_date));
    let kind = |it: &HistoryItem| match it.composite {
        true => "CompositeAlarm",
        false => "MetricAlarm",
    };
    let region = state.find_region(&call.account, &call.region);
    let mut items: Vec<&HistoryItem> = region
        .into_iter()
        .flat_map(|region| &region.alarm_history)
        .filter(|it| {
            // A name says itself of which kind it is.
            input
                .alarm_name
                .as_ref()
                .map_or_else(|| types.iter().any(|of| of == kind(it)), |name| *name == it.alarm)
                && input.history_item_type.as_ref().is_none_or(|of| *of == it.kind)
                && start.is_none_or(|start| it.at as f64 >= start)
                && end.is_none_or(|end| it.at as f64 <= end)
        })
        .collect();
    if input.scan_by.as_deref() != Some("TimestampAscending") {
        items.reverse();
    }
    let (items, next) = page(
        items.into_iter().enumerate(),
        |(index, _)| format!("{index:08}"),
        input.next_token.as_deref(),
        size,
    );
    let items = items.into_iter().map(|(_, it)| {
        json!({
            "AlarmName": it.alarm,
            "AlarmType": kind(it),
            "Timestamp": cbor_time(it.at),
            "HistoryItemType": it.kind,
            "HistorySummary": it.summary,
            "HistoryData": it.data,
        })
    });
    let mut output = json!({ "AlarmHistoryItems": items.collect::<Vec<_>>() });
    if let Some(next) = next {
        output["NextToken"] = json!(next);
    }
    Ok(output)
}
