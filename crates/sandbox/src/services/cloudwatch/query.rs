//! CloudWatch in awsQuery, which older clients still speak: the same operations, with the input
//! read from parameters and the output written as XML.

use serde_json::Value;
use winterbaume_cloudwatch::wire;

use crate::protocol::{Failure, escape, give, iso};
use crate::route::{Call, Params};

/// Reads the input of an operation into its JSON form.
pub(crate) fn read(call: &Call, input: &Params) -> Result<Value, Failure> {
    fn given<T: serde::Serialize>(input: Result<T, String>) -> Result<Value, Failure> {
        give(&input.map_err(|error| Failure::bad("MalformedInput", error))?)
    }
    match call.operation.as_str() {
        "PutMetricAlarm" => given(wire::deserialize_put_metric_alarm_request_query(input)),
        "PutCompositeAlarm" => given(wire::deserialize_put_composite_alarm_request_query(input)),
        "DescribeAlarms" => given(wire::deserialize_describe_alarms_request_query(input)),
        "DescribeAlarmsForMetric" => given(wire::deserialize_describe_alarms_for_metric_request_query(input)),
        "DeleteAlarms" => given(wire::deserialize_delete_alarms_request_query(input)),
        "EnableAlarmActions" => given(wire::deserialize_enable_alarm_actions_request_query(input)),
        "DisableAlarmActions" => given(wire::deserialize_disable_alarm_actions_request_query(input)),
        "SetAlarmState" => given(wire::deserialize_set_alarm_state_request_query(input)),
        "DescribeAlarmHistory" => given(wire::deserialize_describe_alarm_history_request_query(input)),
        "PutMetricData" => given(wire::deserialize_put_metric_data_request_query(input)),
        "ListMetrics" => given(wire::deserialize_list_metrics_request_query(input)),
        "GetMetricData" => given(wire::deserialize_get_metric_data_request_query(input)),
        "GetMetricStatistics" => given(wire::deserialize_get_metric_statistics_request_query(input)),
        "TagResource" => given(wire::deserialize_tag_resource_request_query(input)),
        "UntagResource" => given(wire::deserialize_untag_resource_request_query(input)),
        "ListTagsForResource" => given(wire::deserialize_list_tags_for_resource_request_query(input)),
        _ => Err(Failure::not_implemented(call)),
    }
}

/// Writes an output as the XML inside a result element.
pub(crate) fn write(output: &Value) -> String {
    match output {
        Value::Object(map) => match map.get("__cbor_epoch_seconds").and_then(Value::as_f64) {
            #[expect(clippy::cast_possible_truncation, reason = "a time in milliseconds is whole")]
            Some(seconds) => iso((seconds * 1000.0).round() as i64),
            None => map
                .iter()
                .map(|(key, value)| format!("<{key}>{}</{key}>", write(value)))
                .collect(),
        },
        Value::Array(items) => items
            .iter()
            .map(|item| format!("<member>{}</member>", write(item)))
            .collect(),
        Value::String(text) => escape(text),
        other => other.to_string(),
    }
}
