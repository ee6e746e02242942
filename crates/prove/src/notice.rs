//! What CloudWatch says when an alarm goes off, as far as it is known beforehand, and whether a filter
//! policy lets that through.
//!
//! AWS documents the message's keys ("Amazon SNS notifications upon alarm change"). What an alarm is called
//! and counts is known; why and when it goes off is not. So a policy fits always, never, or it depends.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::Alarm;
use trailwarden_spec::leaf::Managed;
use trailwarden_spec::{Object, Scope};

/// What is known of a value in a notice.
#[derive(Clone, Debug)]
enum Known {
    /// One of these, each a plain value or a list of them.
    Among(Vec<Value>),
    /// A text that holds this one somewhere.
    Text(&'static str),
    /// An object with these keys and no others.
    Fields(BTreeMap<&'static str, Known>),
    /// Nothing, not even whether it is there.
    Anything,
}

impl Known {
    fn is(value: impl Into<Value>) -> Known {
        Known::Among(vec![value.into()])
    }

    /// What the spec leaves alone and nobody read is not known.
    fn actions(arns: &Managed<BTreeSet<Arn>>) -> Known {
        arns.get()
            .map_or(Known::Anything, |arns| Known::is(Known::arns(arns)))
    }

    fn arns(arns: &BTreeSet<Arn>) -> Value {
        arns.iter().map(|arn| Value::String(arn.to_string())).collect()
    }
}

/// Whether a filter policy lets the notices of an alarm through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    Always,
    /// It depends on what is not known beforehand of the value of this key.
    Depends(String),
    /// Never, because of this key.
    Never(Misfit),
}

/// The key of a filter policy that no notice has as the policy wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// `Trigger.MetricName`.
    pub(crate) key: String,
    /// Whether notices have such a key at all.
    pub(crate) there: bool,
}

/// Whether `policy` lets the notice that `alarm` goes off through.
pub(crate) fn fits(policy: &Map<String, Value>, alarm: &Object, scope: &Scope) -> Fit {
    match notice(alarm, scope) {
        Some(notice) => object(policy, Some(&Known::Fields(notice)), ""),
        None => Fit::Depends("AlarmName".into()),
    }
}

/// The message of an alarm that goes to `ALARM`.
fn notice(alarm: &Object, scope: &Scope) -> Option<BTreeMap<&'static str, Known>> {
    let (name, description) = match alarm {
        Object::Alarm(alarm) => (&alarm.name, &alarm.description),
        Object::CompositeAlarm(alarm) => (&alarm.name, &alarm.description),
        _ => return None,
    };
    let (alarm_actions, ok_actions, no_data_actions) = match alarm {
        Object::Alarm(alarm) => (
            &alarm.alarm_actions,
            &alarm.ok_actions,
            &alarm.insufficient_data_actions,
        ),
        Object::CompositeAlarm(alarm) => (
            &alarm.alarm_actions,
            &alarm.ok_actions,
            &alarm.insufficient_data_actions,
        ),
        _ => return None,
    };
    let described = |text: &String| match text.is_empty() {
        // No description is null or an empty text.
        true => Known::Anything,
        false => Known::is(text.as_str()),
    };
    let mut notice = BTreeMap::from([
        ("AlarmName", Known::is(name.as_str())),
        (
            "AlarmDescription",
            description.get().map_or(Known::Anything, described),
        ),
        ("AWSAccountId", Known::is(scope.account.as_str())),
        ("AlarmConfigurationUpdatedTimestamp", Known::Text("T")),
        ("NewStateValue", Known::is("ALARM")),
        ("NewStateReason", Known::Text("")),
        ("StateChangeTime", Known::Text("T")),
        // As people call it: `US East (N. Virginia)`.
        ("Region", Known::Text("(")),
        ("AlarmArn", Known::is(scope.alarm_arn(name).to_string())),
        (
            "OldStateValue",
            Known::Among(vec!["OK".into(), "INSUFFICIENT_DATA".into()]),
        ),
        ("OKActions", Known::actions(ok_actions)),
        ("AlarmActions", Known::is(Known::arns(alarm_actions))),
        ("InsufficientDataActions", Known::actions(no_data_actions)),
    ]);
    match alarm {
        Object::Alarm(alarm) => drop(notice.insert("Trigger", Known::Fields(trigger(alarm)))),
        Object::CompositeAlarm(_) => notice.extend(of_composite()),
        _ => {}
    }
    Some(notice)
}

/// What an alarm on a metric looks at.
fn trigger(alarm: &Alarm) -> BTreeMap<&'static str, Known> {
    let mut trigger: BTreeMap<&'static str, Known> = [
        "Period",
        "TreatMissingData",
        "EvaluateLowSampleCountPercentile",
        "StatisticType",
        "Statistic",
        "ExtendedStatistic",
        "Unit",
        "MetricName",
        "Namespace",
        "Dimensions",
        "Metrics",
        "ThresholdMetricId",
        "Threshold",
    ]
    .map(|key| (key, Known::Anything))
    .into();
    trigger.extend([
        ("EvaluationPeriods", Known::is(alarm.evaluation_periods)),
        ("DatapointsToAlarm", Known::Anything),
        ("ComparisonOperator", Known::is(alarm.operator.as_str())),
    ]);
    if alarm.queries.is_empty() {
        trigger.extend([
            ("Period", Known::is(alarm.period)),
            ("Threshold", Known::is(alarm.threshold)),
            ("MetricName", Known::is(alarm.metric.as_str())),
            ("Namespace", Known::is(alarm.namespace.as_str())),
        ]);
    }
    trigger
}

/// What the notice of a composite alarm has in the place of `Trigger`; AWS documents none of a
/// suppressed one.
fn of_composite() -> [(&'static str, Known); 5] {
    [
        ("AlarmRule", Known::Text("")),
        ("TriggeringChildren", Known::Anything),
        ("ActionsSuppressor", Known::Anything),
        ("ActionsSuppressedBy", Known::Anything),
        ("ActionsSuppressedReason", Known::Anything),
    ]
}

/// Every key of a policy must fit; the first that never does is named.
fn object(policy: &Map<String, Value>, message: Option<&Known>, path: &str) -> Fit {
    let mut all = Fit::Always;
    for (key, wanted) in policy {
        let fit = of_key(key, wanted, message, path);
        match fit {
            Fit::Never(_) => return fit,
            Fit::Depends(_) if all == Fit::Always => all = fit,
            _ => {}
        }
    }
    all
}

/// One must fit.
fn any(fits: impl IntoIterator<Item = Fit>, never: Fit) -> Fit {
    let mut best = never;
    for fit in fits {
        match (&best, &fit) {
            (_, Fit::Always) => return fit,
            (Fit::Never(_), Fit::Depends(_)) => best = fit,
            _ => {}
        }
    }
    best
}

fn of_key(key: &str, wanted: &Value, message: Option<&Known>, path: &str) -> Fit {
    let here = match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    let value = match message {
        Some(Known::Fields(fields)) => fields.get(key),
        Some(Known::Anything) => Some(&Known::Anything),
        // A plain value has no keys.
        _ => None,
    };
    let never = Fit::Never(Misfit {
        key: here.clone(),
        there: value.is_some(),
    });
    match wanted {
        Value::Array(policies) if is_or(key, policies) => {
            let fits: Vec<Fit> = policies
                .iter()
                .filter_map(Value::as_object)
                .map(|it| object(it, message, path))
                .collect();
            // Of alternatives that all fail, the first says why.
            let never = fits.first().cloned().unwrap_or(never);
            any(fits, never)
        }
        Value::Array(conditions) => {
            let one = |value: Option<&Known>| {
                let fits = conditions.iter().map(|it| holds(it, value, &here, &never));
                any(fits, never.clone())
            };
            match value {
                // Whichever of them it is.
                Some(Known::Among(values)) => {
                    let fits: Vec<Fit> = values
                        .iter()
                        .map(|value| one(Some(&Known::Among(vec![value.clone()]))))
                        .collect();
                    match fits.iter().all(|fit| *fit == fits[0]) {
                        true => fits.into_iter().next().unwrap_or(never),
                        false => Fit::Depends(here),
                    }
                }
                value => one(value),
            }
        }
        Value::Object(inner) => object(inner, value, &here),
        // SNS takes no such policy.
        _ => Fit::Depends(here),
    }
}

/// `$or` is an operator with two policies or more, none of which has the name of an operator as a key
/// (AWS: "AND/OR logic").
fn is_or(key: &str, policies: &[Value]) -> bool {
    const RESERVED: [&str; 6] = ["numeric", "anything-but", "exists", "prefix", "suffix", "cidr"];
    let plain = |it: &Value| {
        it.as_object()
            .is_some_and(|it| !it.keys().any(|key| RESERVED.contains(&key.as_str())))
    };
    key == "$or" && policies.len() > 1 && policies.iter().all(plain)
}

fn holds(condition: &Value, value: Option<&Known>, key: &str, never: &Fit) -> Fit {
    let depends = || Fit::Depends(key.to_owned());
    if let Some(exists) = condition.get("exists").and_then(Value::as_bool) {
        return match value {
            Some(Known::Anything) => depends(),
            // Only leaves exist.
            None | Some(Known::Fields(_)) if exists => never.clone(),
            Some(Known::Among(_) | Known::Text(_)) if !exists => never.clone(),
            _ => Fit::Always,
        };
    }
    match value {
        None | Some(Known::Fields(_)) => never.clone(),
        Some(Known::Anything) => depends(),
        Some(Known::Text(part)) => match may_be_text(condition, part) {
            true => depends(),
            false => never.clone(),
        },
        Some(Known::Among(values)) => {
            // Of a list, one item must fit.
            let items = values.iter().flat_map(|value| match value {
                Value::Array(all) => all.as_slice(),
                one => std::slice::from_ref(one),
            });
            match items.map(|one| matches(condition, one)).fold(Some(false), either) {
                Some(true) => Fit::Always,
                Some(false) => never.clone(),
                None => depends(),
            }
        }
    }
}

/// True if one is, unclear if one may be.
fn either(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

/// Whether some text that holds `part` meets a condition.
fn may_be_text(condition: &Value, part: &str) -> bool {
    match condition {
        Value::String(text) => text.contains(part),
        Value::Object(operator) => !operator.contains_key("numeric"),
        _ => false,
    }
}

/// Whether a value meets a condition; none where this version does not know the operator.
fn matches(condition: &Value, value: &Value) -> Option<bool> {
    let Value::Object(operator) = condition else {
        return Some(same(condition, value));
    };
    let (name, of) = operator.iter().next()?;
    let text = value.as_str();
    let with = |test: &dyn Fn(&str, &str) -> bool| {
        let of = of.as_str()?;
        Some(text.is_some_and(|text| test(text, of)))
    };
    match name.as_str() {
        "prefix" => with(&|text, of| text.starts_with(of)),
        "suffix" => with(&|text, of| text.ends_with(of)),
        "equals-ignore-case" => with(&|text, of| text.to_lowercase() == of.to_lowercase()),
        "wildcard" => with(&|text, of| wildcard(of, text)),
        "numeric" => numeric(of.as_array()?, value),
        "anything-but" => anything_but(of, value),
        _ => None,
    }
}

fn anything_but(of: &Value, value: &Value) -> Option<bool> {
    match of {
        Value::Array(all) => Some(!all.iter().any(|of| same(of, value))),
        Value::Object(inner) => {
            let (name, of) = inner.iter().next()?;
            let of = match of {
                Value::Array(all) => all.as_slice(),
                one => std::slice::from_ref(one),
            };
            let all = of.iter().map(|of| {
                let condition = Map::from_iter([(name.clone(), of.clone())]);
                matches(&Value::Object(condition), value)
            });
            all.fold(Some(false), either).map(|one| value.is_string() && !one)
        }
        plain => Some(!same(plain, value)),
    }
}

fn numeric(parts: &[Value], value: &Value) -> Option<bool> {
    let Some(value) = value.as_f64() else {
        return Some(false);
    };
    let mut all = !parts.is_empty();
    for pair in parts.chunks(2) {
        let [operator, bound] = pair else {
            return None;
        };
        let bound = bound.as_f64()?;
        all &= match operator.as_str()? {
            "=" => value == bound,
            "<" => value < bound,
            "<=" => value <= bound,
            ">" => value > bound,
            ">=" => value >= bound,
            _ => return None,
        };
    }
    Some(all)
}

/// Numbers are the same by value.
fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// Whether a text fits a pattern in which `*` stands for any characters.
fn wildcard(pattern: &str, text: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(begin) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        // The leftmost place leaves the most for the others.
        let Some(at) = text.find(part) else {
            return false;
        };
        text = &text[at + part.len()..];
    }
    text.len() >= end.len() && text.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        Scope {
            account: "123456789012".into(),
            region: "us-east-1".into(),
        }
    }

    fn judged(policy: &str, alarm: Object) -> String {
        let Value::Object(policy) = serde_json::from_str(policy).expect("JSON") else {
            panic!("an object: {policy}")
        };
        match fits(&policy, &alarm, &scope()) {
            Fit::Always => "always".into(),
            Fit::Depends(key) => format!("depends on {key}"),
            Fit::Never(Misfit { key, there: true }) => format!("never: {key}"),
            Fit::Never(Misfit { key, there: false }) => format!("never: no {key}"),
        }
    }

    #[test]
    fn wildcards() {
        for (pattern, text, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*a", "a", false),
            ("a*b*c", "axbxbxc", true),
            ("a*b*c", "axc", false),
            ("*bc*bc", "abc", false),
        ] {
            assert_eq!(wildcard(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn policies_on_the_notice_of_an_alarm() {
        for (policy, expected) in [
            ("{}", "always"),
            (r#"{"AlarmName":["roles"]}"#, "always"),
            (r#"{"AlarmName":["keys"]}"#, "never: AlarmName"),
            (r#"{"AlarmName":["keys",{"prefix":"ro"}]}"#, "always"),
            (r#"{"AlarmName":[{"suffix":"les"}]}"#, "always"),
            (r#"{"AlarmName":[{"wildcard":"r*s"}]}"#, "always"),
            (r#"{"AlarmName":[{"wildcard":"r?les"}]}"#, "never: AlarmName"),
            (r#"{"AlarmName":[{"equals-ignore-case":"ROLES"}]}"#, "always"),
            (
                r#"{"AlarmName":[{"anything-but":["roles"]}]}"#,
                "never: AlarmName",
            ),
            (r#"{"AlarmName":[{"anything-but":"keys"}]}"#, "always"),
            (
                r#"{"AlarmName":[{"anything-but":{"prefix":"ro"}}]}"#,
                "never: AlarmName",
            ),
            (
                r#"{"AlarmName":[{"anything-but":{"suffix":["x","y"]}}]}"#,
                "always",
            ),
            (r#"{"AlarmName":[{"newer":"x"}]}"#, "depends on AlarmName"),
            (r#"{"AlarmName":[{"exists":true}]}"#, "always"),
            (r#"{"AlarmName":[{"exists":false}]}"#, "never: AlarmName"),
            (r#"{"NewStateValue":["ALARM","OK"]}"#, "always"),
            (r#"{"NewStateValue":["OK"]}"#, "never: NewStateValue"),
            (r#"{"OldStateValue":["OK"]}"#, "depends on OldStateValue"),
            (r#"{"OldStateValue":["OK","INSUFFICIENT_DATA"]}"#, "always"),
            (r#"{"OldStateValue":[{"anything-but":"ALARM"}]}"#, "always"),
            (r#"{"OldStateValue":["ALARM"]}"#, "never: OldStateValue"),
            (
                r#"{"NewStateReason":[{"prefix":"Threshold"}]}"#,
                "depends on NewStateReason",
            ),
            (r#"{"NewStateReason":[7]}"#, "never: NewStateReason"),
            // The region's code is not what CloudWatch writes.
            (r#"{"Region":["us-east-1"]}"#, "never: Region"),
            (r#"{"Region":["US East (N. Virginia)"]}"#, "depends on Region"),
            (r#"{"severity":["high"]}"#, "never: no severity"),
            (r#"{"severity":[{"anything-but":"low"}]}"#, "never: no severity"),
            (r#"{"severity":[{"exists":false}]}"#, "always"),
            (
                r#"{"Trigger":{"MetricName":["roles-metric"],"Threshold":[{"numeric":[">",0,"<=",1]}]}}"#,
                "always",
            ),
            (
                r#"{"Trigger":{"MetricName":["other"]}}"#,
                "never: Trigger.MetricName",
            ),
            (
                r#"{"Trigger":{"Threshold":[{"numeric":[">",1]}]}}"#,
                "never: Trigger.Threshold",
            ),
            (r#"{"Trigger":{"Period":[300.0]}}"#, "always"),
            (
                r#"{"Trigger":{"Statistic":["SUM"]}}"#,
                "depends on Trigger.Statistic",
            ),
            (r#"{"Trigger":{"Metric":["x"]}}"#, "never: no Trigger.Metric"),
            (r#"{"Trigger":[{"exists":true}]}"#, "never: Trigger"),
            (r#"{"AlarmName":{"x":["y"]}}"#, "never: no AlarmName.x"),
            (
                r#"{"AlarmActions":["arn:aws:sns:us-east-1:123456789012:t"]}"#,
                "always",
            ),
            (r#"{"AlarmActions":[{"suffix":":other"}]}"#, "never: AlarmActions"),
            (r#"{"OKActions":["x"]}"#, "depends on OKActions"),
            (
                r#"{"$or":[{"severity":["high"]},{"AlarmName":["roles"]}]}"#,
                "always",
            ),
            (
                r#"{"$or":[{"severity":["high"]},{"AlarmName":["keys"]}]}"#,
                "never: no severity",
            ),
            (
                r#"{"$or":[{"severity":["high"]},{"NewStateReason":["x"]}]}"#,
                "depends on NewStateReason",
            ),
            (r#"{"$or":[{"AlarmName":["roles"]}]}"#, "never: no $or"),
            (
                r#"{"NewStateReason":["x"],"AlarmName":["keys"]}"#,
                "never: AlarmName",
            ),
        ] {
            let mut alarm = Alarm::on_metric("roles", "Ours", "roles-metric");
            let topic = Arn::parse("arn:aws:sns:us-east-1:123456789012:t").expect("an ARN");
            alarm.alarm_actions = BTreeSet::from([topic]);
            alarm.period = 300;
            alarm.threshold = 1.0;
            assert_eq!(judged(policy, alarm.into()), expected, "{policy}");
        }
    }
}
