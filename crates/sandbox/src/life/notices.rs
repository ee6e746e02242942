//! What an alarm does about its new state, and what it says.

use serde_json::{Value, json};
use trailwarden_alarm::{AlarmRule, State as Verdict};

use super::alarms::{remember, verdict};
use crate::protocol::{Failure, iso};
use crate::route::Call;
use crate::services::sns::publish::{Message, Who, publish};
use crate::state::{Alarm, HistoryItem, State};

/// The longest `HistoryData` that CloudWatch keeps.
const DATA: usize = 4095;

pub(crate) fn alarm_arn((account, region): (&str, &str), name: &str) -> String {
    Call::inside(account, region, 0).arn("cloudwatch", &format!("alarm:{name}"))
}

/// Takes the actions of a state, at a time in milliseconds, and keeps what became of them.
pub(crate) fn act(state: &mut State, place: (&str, &str), name: &str, to: Verdict, at: i64) {
    let (account, region) = place;
    let Some(alarm) = state
        .find_region(account, region)
        .and_then(|it| it.alarms.get(name))
    else {
        return;
    };
    let settings = &alarm.settings;
    let actions = match to {
        Verdict::Ok => &settings.ok_actions,
        Verdict::Alarm => &settings.alarm_actions,
        Verdict::InsufficientData => &settings.insufficient_data_actions,
    };
    if !settings.actions_enabled || actions.is_empty() {
        return;
    }
    let actions = actions.clone();
    let composite = settings.alarm_rule.is_some();
    let arn = alarm_arn(place, name);
    let body = body(state, alarm, place, name, at).to_string();
    let subject = format!("{to}: \"{name}\" in {}", region_name(region));
    // SNS takes up to 100 characters.
    let subject: String = subject.chars().take(100).collect();
    for action in actions {
        let outcome = match action.split(':').nth(2) {
            Some("sns") => {
                let who = Who::Service {
                    name: "cloudwatch.amazonaws.com",
                    source: &arn,
                    account,
                };
                let message = Message {
                    subject: Some(subject.clone()),
                    ..Message::of(&body)
                };
                publish(state, &action, who, &message, at)
                    .map(drop)
                    .map_err(wording)
            }
            _ => Err("the sandbox knows no other actions than topics".to_owned()),
        };
        let mut data = json!({
            "actionState": if outcome.is_ok() { "Succeeded" } else { "Failed" },
            "stateUpdateTimestamp": at,
            "notificationResource": action,
            "publishedMessage": json!({ "default": body }).to_string(),
            "error": outcome.as_ref().err(),
        });
        if data.to_string().len() > DATA
            && let Some(map) = data.as_object_mut()
        {
            map.remove("publishedMessage");
        }
        let summary = match outcome {
            Ok(()) => format!("Successfully executed action {action}"),
            Err(error) => format!("Failed to execute action {action}. Received error: \"{error}\""),
        };
        remember(
            state.region(account, region),
            HistoryItem {
                at,
                alarm: name.to_owned(),
                composite,
                kind: "Action".to_owned(),
                summary,
                data: data.to_string(),
            },
        );
    }
}

/// A refusal as the history of an alarm shows it.
fn wording(failure: Failure) -> String {
    let of_key = match failure.code.as_str() {
        "KMSAccessDenied" => "AccessDeniedException",
        "KMSDisabled" => "DisabledException",
        "KMSInvalidState" => "KMSInvalidStateException",
        "KMSNotFound" => "NotFoundException",
        _ => return failure.message,
    };
    let said = match of_key {
        "AccessDeniedException" => "null",
        _ => failure.message.as_str(),
    };
    format!("{said} (Service: AWSKMS; Status Code: 400; Error Code: {of_key}; Proxy: null)")
}

/// `2025-05-15T15:31:44.000+0000`.
fn moment(at: i64) -> String {
    iso(at).replace('Z', "+0000")
}

/// The message that CloudWatch publishes.
fn body(state: &State, alarm: &Alarm, place: (&str, &str), name: &str, at: i64) -> Value {
    let settings = &alarm.settings;
    let mut body = json!({
        "AlarmName": name,
        "AlarmDescription": settings.alarm_description,
        "AWSAccountId": place.0,
        "AlarmConfigurationUpdatedTimestamp": moment(alarm.configured),
        "NewStateValue": alarm.state,
        "NewStateReason": alarm.reason,
        "StateChangeTime": moment(at),
        "Region": region_name(place.1),
        "AlarmArn": alarm_arn(place, name),
        "OldStateValue": alarm.before,
        "OKActions": settings.ok_actions,
        "AlarmActions": settings.alarm_actions,
        "InsufficientDataActions": settings.insufficient_data_actions,
    });
    match &settings.alarm_rule {
        None => body["Trigger"] = trigger(alarm),
        Some(rule) => {
            body["AlarmRule"] = json!(rule);
            body["TriggeringChildren"] = children(state, place, rule);
        }
    }
    body
}

/// The alarms of a rule that are in `ALARM`, which are those that made it true.
fn children(state: &State, place: (&str, &str), rule: &str) -> Value {
    let (Ok(rule), Some(region)) = (AlarmRule::parse(rule), state.find_region(place.0, place.1)) else {
        return json!([]);
    };
    let of = |name: &&str| {
        let child = region
            .alarms
            .get(*name)
            .filter(|it| verdict(it) == Verdict::Alarm)?;
        Some(json!({
            "Arn": alarm_arn(place, name),
            "State": { "Value": child.state, "Timestamp": moment(child.transitioned) },
        }))
    };
    rule.names().iter().filter_map(of).collect()
}

fn trigger(alarm: &Alarm) -> Value {
    let settings = &alarm.settings;
    let dimensions = |of: &mut dyn Iterator<Item = (String, String)>| -> Value {
        of.map(|(name, value)| json!({ "value": value, "name": name }))
            .collect()
    };
    let mut trigger = json!({
        "Period": settings.period.unwrap_or_default(),
        "EvaluationPeriods": settings.evaluation_periods,
        "ComparisonOperator": settings.comparison_operator,
        "Threshold": settings.threshold.unwrap_or_default(),
        "TreatMissingData": settings.treat_missing_data.as_deref().unwrap_or_default(),
        "EvaluateLowSampleCountPercentile":
            settings.evaluate_low_sample_count_percentile.as_deref().unwrap_or_default(),
    });
    if let Some(number) = settings.datapoints_to_alarm {
        trigger["DatapointsToAlarm"] = json!(number);
    }
    if !settings.metrics.is_empty() {
        let queries = settings.metrics.iter().map(|query| {
            let mut query = query.clone();
            let of = query.pointer_mut("/MetricStat/Metric/Dimensions");
            if let Some(of) = of {
                let text = |it: &Value, key: &str| it[key].as_str().unwrap_or_default().to_owned();
                let all = of.as_array().cloned().unwrap_or_default();
                *of = dimensions(&mut all.iter().map(|it| (text(it, "Name"), text(it, "Value"))));
            }
            query
        });
        trigger["Metrics"] = queries.collect();
        return trigger;
    }
    trigger["MetricName"] = json!(settings.metric_name);
    trigger["Namespace"] = json!(settings.namespace);
    trigger["Unit"] = json!(settings.unit);
    let all = settings.dimensions.iter();
    trigger["Dimensions"] = dimensions(&mut all.map(|it| (it.name.clone(), it.value.clone())));
    match (&settings.statistic, &settings.extended_statistic) {
        (Some(statistic), _) => {
            trigger["StatisticType"] = json!("Statistic");
            let written = match statistic.as_str() {
                "SampleCount" => "SAMPLE_COUNT".to_owned(),
                other => other.to_ascii_uppercase(),
            };
            trigger["Statistic"] = json!(written);
        }
        (None, extended) => {
            trigger["StatisticType"] = json!("ExtendedStatistic");
            trigger["ExtendedStatistic"] = json!(extended);
        }
    }
    trigger
}

/// A region as AWS calls it for people; its code where this version does not know better.
fn region_name(region: &str) -> &str {
    match region {
        "af-south-1" => "Africa (Cape Town)",
        "ap-east-1" => "Asia Pacific (Hong Kong)",
        "ap-northeast-1" => "Asia Pacific (Tokyo)",
        "ap-northeast-2" => "Asia Pacific (Seoul)",
        "ap-northeast-3" => "Asia Pacific (Osaka)",
        "ap-south-1" => "Asia Pacific (Mumbai)",
        "ap-south-2" => "Asia Pacific (Hyderabad)",
        "ap-southeast-1" => "Asia Pacific (Singapore)",
        "ap-southeast-2" => "Asia Pacific (Sydney)",
        "ap-southeast-3" => "Asia Pacific (Jakarta)",
        "ap-southeast-4" => "Asia Pacific (Melbourne)",
        "ca-central-1" => "Canada (Central)",
        "ca-west-1" => "Canada West (Calgary)",
        "eu-central-1" => "EU (Frankfurt)",
        "eu-central-2" => "Europe (Zurich)",
        "eu-north-1" => "EU (Stockholm)",
        "eu-south-1" => "Europe (Milan)",
        "eu-south-2" => "Europe (Spain)",
        "eu-west-1" => "EU (Ireland)",
        "eu-west-2" => "EU (London)",
        "eu-west-3" => "EU (Paris)",
        "il-central-1" => "Israel (Tel Aviv)",
        "me-central-1" => "Middle East (UAE)",
        "me-south-1" => "Middle East (Bahrain)",
        "sa-east-1" => "South America (Sao Paulo)",
        "us-east-1" => "US East (N. Virginia)",
        "us-east-2" => "US East (Ohio)",
        "us-gov-east-1" => "AWS GovCloud (US-East)",
        "us-gov-west-1" => "AWS GovCloud (US-West)",
        "us-west-1" => "US West (N. California)",
        "us-west-2" => "US West (Oregon)",
        other => other,
    }
}
