//! Delivery policies: what SNS takes, and what it makes of them (AWS: "Creating an HTTP/S delivery
//! policy").

use serde_json::{Map, Value, json};

use super::invalid;
use crate::protocol::Failure;

/// What SNS answers where no delivery policy was set.
fn by_default() -> Value {
    json!({
        "http": {
            "defaultHealthyRetryPolicy": {
                "minDelayTarget": 20,
                "maxDelayTarget": 20,
                "numRetries": 3,
                "numMaxDelayRetries": 0,
                "numNoDelayRetries": 0,
                "numMinDelayRetries": 0,
                "backoffFunction": "linear"
            },
            "disableSubscriptionOverrides": false,
            "defaultRequestPolicy": { "headerContentType": "text/plain; charset=UTF-8" }
        }
    })
}

/// A topic's `EffectiveDeliveryPolicy`: what was set, and the defaults of what was not.
pub(super) fn effective(policy: Option<&str>) -> String {
    let mut all = by_default();
    if let Some(set) = policy.and_then(|text| serde_json::from_str(text).ok()) {
        lay_over(&mut all, &set);
    }
    all.to_string()
}

fn lay_over(below: &mut Value, above: &Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                lay_over(below.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (below, above) => *below = above.clone(),
    }
}

/// Checks a topic's policy.
pub(super) fn check_topic(text: &str) -> Result<(), Failure> {
    let policy = object(text)?;
    let Some(http) = policy.get("http") else {
        return Ok(());
    };
    let http = http
        .as_object()
        .ok_or_else(|| invalid("DeliveryPolicy: http must be an object"))?;
    check_retry(
        http.get("defaultHealthyRetryPolicy"),
        "http.defaultHealthyRetryPolicy",
    )?;
    check_throttle(http.get("defaultThrottlePolicy"), "http.defaultThrottlePolicy")
}

/// Checks a subscription's policy.
pub(super) fn check_subscription(text: &str) -> Result<(), Failure> {
    let policy = object(text)?;
    check_retry(policy.get("healthyRetryPolicy"), "healthyRetryPolicy")?;
    check_throttle(policy.get("throttlePolicy"), "throttlePolicy")
}

fn object(text: &str) -> Result<Map<String, Value>, Failure> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(invalid("DeliveryPolicy: Unable to parse")),
    }
}

fn check_retry(policy: Option<&Value>, path: &str) -> Result<(), Failure> {
    let Some(policy) = policy.filter(|policy| !policy.is_null()) else {
        return Ok(());
    };
    let bad = |why: &str| invalid(format!("DeliveryPolicy: {path}{why}"));
    let number = |key: &str, default: u64| match policy.get(key) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => value
            .as_u64()
            .ok_or_else(|| bad(&format!(".{key} must be a non-negative integer"))),
    };
    let (least, most) = (number("minDelayTarget", 20)?, number("maxDelayTarget", 20)?);
    let tries = number("numRetries", 3)?;
    let at_once = number("numNoDelayRetries", 0)?;
    let (short, long) = (number("numMinDelayRetries", 0)?, number("numMaxDelayRetries", 0)?);
    if !(1..=3600).contains(&most) {
        return Err(bad(".maxDelayTarget must be less than or equal to 3600"));
    }
    if least == 0 || least > most {
        return Err(bad(".minDelayTarget must be between 1 and maxDelayTarget"));
    }
    if tries > 100 {
        return Err(bad(".numRetries must be less than or equal to 100"));
    }
    let phases = at_once.saturating_add(short).saturating_add(long);
    if phases > tries {
        return Err(bad(
            ".numRetries must be greater than or equal to total of all retries",
        ));
    }
    let between = tries - at_once - long;
    if between * least + long * most > 3600 {
        return Err(bad(
            ": Total policy retry time cannot be greater than 3600 seconds",
        ));
    }
    match policy.get("backoffFunction").map(Value::as_str) {
        None | Some(Some("linear" | "arithmetic" | "geometric" | "exponential")) => Ok(()),
        Some(_) => Err(bad(".backoffFunction is unknown")),
    }
}

fn check_throttle(policy: Option<&Value>, path: &str) -> Result<(), Failure> {
    match policy.and_then(|policy| policy.get("maxReceivesPerSecond")) {
        None | Some(Value::Null) => Ok(()),
        Some(most) if most.as_u64().is_some_and(|most| most > 0) => Ok(()),
        Some(_) => Err(invalid(format!(
            "DeliveryPolicy: {path}.maxReceivesPerSecond must be greater than 0"
        ))),
    }
}
