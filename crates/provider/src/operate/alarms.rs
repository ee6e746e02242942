//! What became of alarms.

use aws_sdk_cloudwatch::types::{AlarmType, HistoryItemType, ScanBy};
use trailwarden_account::AccountError;
use trailwarden_spec::happened::Transition;

use crate::aws::Aws;
use crate::door::Api;

const HISTORY: Api = Api::read("cloudwatch", "DescribeAlarmHistory");

pub(super) async fn went_off(aws: &Aws, alarm: &str, most: usize) -> Result<Vec<Transition>, AccountError> {
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let send = || {
            aws.cloudwatch
                .describe_alarm_history()
                .alarm_name(alarm)
                // Without them AWS leaves composite alarms out.
                .alarm_types(AlarmType::MetricAlarm)
                .alarm_types(AlarmType::CompositeAlarm)
                .history_item_type(HistoryItemType::StateUpdate)
                .scan_by(ScanBy::TimestampDescending)
                .max_records(100)
                .set_next_token(token.clone())
                .send()
        };
        let page = aws.door.call(HISTORY, send).await?;
        let items = page.alarm_history_items.unwrap_or_default().into_iter();
        let changes = items.filter_map(|item| Transition::of(item.timestamp?.secs(), &item.history_data?));
        found.extend(changes.filter(|change| change.to == "ALARM"));
        match page.next_token.filter(|next| !next.is_empty()) {
            Some(next) if found.len() < most => token = Some(next),
            _ => break,
        }
    }
    found.truncate(most);
    Ok(found)
}
