//! CloudWatch: metrics, metric and composite alarms.

mod alarms;
mod composite;
mod history;
mod metrics;
pub(crate) mod query;
mod validate;

use serde_json::Value;

use crate::protocol::{Failure, give, nothing, take};
use crate::route::Call;
use crate::state::State;

pub(crate) use validate::is_unit;

pub(crate) fn handle(state: &mut State, call: &Call, input: Value) -> Result<Value, Failure> {
    match call.operation.as_str() {
        "PutMetricAlarm" => alarms::put(state, call, take(input)?).and_then(|()| nothing()),
        "PutCompositeAlarm" => composite::put(state, call, take(input)?).and_then(|()| nothing()),
        "DescribeAlarms" => alarms::describe(state, call, take(input)?),
        "DescribeAlarmsForMetric" => alarms::describe_for_metric(state, call, take(input)?),
        "DeleteAlarms" => alarms::delete(state, call, take(input)?).and_then(|()| nothing()),
        "EnableAlarmActions" => {
            let input: winterbaume_cloudwatch::wire::EnableAlarmActionsInput = take(input)?;
            alarms::set_actions(state, call, &input.alarm_names, true).and_then(|()| nothing())
        }
        "DisableAlarmActions" => {
            let input: winterbaume_cloudwatch::wire::DisableAlarmActionsInput = take(input)?;
            alarms::set_actions(state, call, &input.alarm_names, false).and_then(|()| nothing())
        }
        "SetAlarmState" => alarms::set_state(state, call, take(input)?).and_then(|()| nothing()),
        "DescribeAlarmHistory" => history::describe(state, call, take(input)?),
        "PutMetricData" => metrics::put(state, call, take(input)?).and_then(|()| nothing()),
        "ListMetrics" => metrics::list(state, call, take(input)?),
        "GetMetricData" => metrics::data(state, call, take(input)?),
        "GetMetricStatistics" => metrics::statistics(state, call, take(input)?),
        "TagResource" => alarms::tag(state, call, take(input)?).and_then(|()| nothing()),
        "UntagResource" => alarms::untag(state, call, take(input)?).and_then(|()| nothing()),
        "ListTagsForResource" => give(&alarms::list_tags(state, call, take(input)?)?),
        _ => Err(Failure::not_implemented(call)),
    }
}
