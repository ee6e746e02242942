//! What is around an alarm: what it does, and who asks it or reads its metric.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types;
use trailwarden_account::AccountError;
use trailwarden_spec::evidence::{AlarmSeen, FailedAction, Seen};

use super::super::{Aws, seen_or_hidden};
use super::{DESCRIBE, Doing, named};
use crate::door::Api;

const HISTORY: Api = Api::read("cloudwatch", "DescribeAlarmHistory");
const FOR_METRIC: Api = Api::read("cloudwatch", "DescribeAlarmsForMetric");

/// What alarms do, by their names.
pub(crate) async fn seen(
    aws: &Aws,
    names: &BTreeSet<String>,
) -> Result<BTreeMap<String, AlarmSeen>, AccountError> {
    let described = named(aws, names).await?;
    let all = described.into_iter().map(|described| async move {
        let name = described.name().to_owned();
        let failed_action = failed_action(aws, &name).await?;
        let found = described.found(aws, BTreeMap::new(), described.kind());
        let Doing { state, since, reason } = described.doing;
        let seen = AlarmSeen {
            alarm: found.value,
            state,
            since,
            reason,
            failed_action,
        };
        Ok((name, seen))
    });
    Ok(futures::future::try_join_all(all).await?.into_iter().collect())
}

/// The newest action of an alarm, if that failed. AWS keeps a history of 30 days.
async fn failed_action(aws: &Aws, name: &str) -> Result<Seen<Option<FailedAction>>, AccountError> {
    let send = || {
        aws.cloudwatch
            .describe_alarm_history()
            .alarm_name(name)
            .alarm_types(types::AlarmType::MetricAlarm)
            .alarm_types(types::AlarmType::CompositeAlarm)
            .history_item_type(types::HistoryItemType::Action)
            .scan_by(types::ScanBy::TimestampDescending)
            .max_records(1)
            .send()
    };
    let newest = aws.door.call(HISTORY, send).await.map(|page| {
        let newest = page.alarm_history_items.unwrap_or_default().into_iter().next();
        Some(newest.and_then(|item| {
            let summary = item.history_summary.unwrap_or_default();
            summary.starts_with("Failed").then(|| FailedAction {
                at: item.timestamp.as_ref().map_or(0, DateTime::secs),
                summary,
            })
        }))
    });
    seen_or_hidden(newest)
}

/// The composite alarms, whoever's, in whose rule an alarm stands.
pub(crate) async fn asked_by(aws: &Aws, name: &str) -> Result<BTreeSet<String>, AccountError> {
    let mut parents = BTreeSet::new();
    let mut token: Option<String> = None;
    loop {
        // The type may not be asked for beside the child.
        let send = || {
            aws.cloudwatch
                .describe_alarms()
                .parents_of_alarm_name(name)
                .set_next_token(token.clone())
                .send()
        };
        let page = aws.door.call(DESCRIBE, send).await?;
        let composites = page.composite_alarms.unwrap_or_default();
        parents.extend(composites.into_iter().filter_map(|alarm| alarm.alarm_name));
        match page.next_token.filter(|next| !next.is_empty()) {
            Some(next) => token = Some(next),
            None => return Ok(parents),
        }
    }
}

/// The alarms, whoever's, on a metric without dimensions; those on metric math are not among them.
pub(crate) async fn on_metric_of(
    aws: &Aws,
    namespace: &str,
    metric: &str,
) -> Result<BTreeSet<String>, AccountError> {
    let send = || {
        aws.cloudwatch
            .describe_alarms_for_metric()
            .namespace(namespace)
            .metric_name(metric)
            .send()
    };
    let alarms = aws.door.call(FOR_METRIC, send).await?.metric_alarms;
    Ok(alarms
        .into_iter()
        .flatten()
        .filter_map(|alarm| alarm.alarm_name)
        .collect())
}
