use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::compare::{Compare, Shown, Verdict};

use super::words;

words! {
    /// How the pauses between tries grow from the shortest to the longest.
    Backoff {
        /// By a growing amount.
        Arithmetic = "arithmetic",
        /// Doubled, mostly.
        Exponential = "exponential",
        /// By a factor.
        Geometric = "geometric",
        /// By the same amount.
        Linear = "linear",
    }
}

/// How often and how fast SNS tries an HTTP or HTTPS endpoint again that does not take a message
/// (AWS: "Amazon SNS message delivery retries"). What is not said is as SNS has it by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DeliveryRetry {
    /// The shortest pause, in seconds: 1 to the longest.
    pub min_delay_target: u32,
    /// The longest pause, in seconds: at most 3600.
    pub max_delay_target: u32,
    /// All tries after the first: at most 100.
    pub num_retries: u32,
    /// Those of them that come at once.
    pub num_no_delay_retries: u32,
    /// Those that come after these, with the shortest pause.
    pub num_min_delay_retries: u32,
    /// Those that come last, with the longest pause.
    pub num_max_delay_retries: u32,
    /// How the pauses of those in between grow.
    pub backoff_function: Backoff,
    /// At most so many deliveries a second for each subscription; `None` is no limit.
    pub max_receives_per_second: Option<u32>,
}

impl Default for DeliveryRetry {
    fn default() -> Self {
        Self {
            min_delay_target: 20,
            max_delay_target: 20,
            num_retries: 3,
            num_no_delay_retries: 0,
            num_min_delay_retries: 0,
            num_max_delay_retries: 0,
            backoff_function: Backoff::Linear,
            max_receives_per_second: None,
        }
    }
}

/// Whose delivery policy it is: the documents have the same parts below other names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryPolicyOf {
    /// A topic's: for all its HTTP and HTTPS subscriptions.
    Topic,
    /// A subscription's own.
    Subscription,
}

impl DeliveryPolicyOf {
    fn retry_key(self) -> &'static str {
        match self {
            Self::Topic => "defaultHealthyRetryPolicy",
            Self::Subscription => "healthyRetryPolicy",
        }
    }

    fn throttle_key(self) -> &'static str {
        match self {
            Self::Topic => "defaultThrottlePolicy",
            Self::Subscription => "throttlePolicy",
        }
    }
}

impl DeliveryRetry {
    /// How long the tries that have a fixed or a least pause take together, in seconds. SNS refuses
    /// more than 3600.
    #[must_use]
    pub fn least_seconds(&self) -> u64 {
        let phases = u64::from(self.num_no_delay_retries) + u64::from(self.num_max_delay_retries);
        let short = u64::from(self.num_retries).saturating_sub(phases);
        short * u64::from(self.min_delay_target)
            + u64::from(self.num_max_delay_retries) * u64::from(self.max_delay_target)
    }

    /// What a `DeliveryPolicy` says of retries; `None` when it says nothing.
    ///
    /// # Errors
    ///
    /// A fragment that says what this version cannot express.
    pub fn read(policy: Option<&str>, of: DeliveryPolicyOf) -> Result<Option<Self>, String> {
        let all = document(policy)?;
        let parts = parts(&all, of);
        let retry = parts
            .and_then(|parts| parts.get(of.retry_key()))
            .filter(|part| part.is_object());
        let throttle = parts.and_then(|parts| parts.get(of.throttle_key()));
        let most = throttle.and_then(|throttle| throttle.get("maxReceivesPerSecond"));
        let most = most.filter(|most| !most.is_null()).map(number).transpose()?;
        if retry.is_none() && most.is_none() {
            return Ok(None);
        }
        let mut read = Self {
            max_receives_per_second: most,
            ..Self::default()
        };
        let set = |key: &str| {
            retry
                .and_then(|retry| retry.get(key))
                .filter(|value| !value.is_null())
        };
        for (key, field) in read.numbers() {
            if let Some(value) = set(key) {
                *field = number(value)?;
            }
        }
        if let Some(function) = set("backoffFunction") {
            let word = function.as_str().and_then(Backoff::from_word);
            read.backoff_function = word.ok_or_else(|| format!("the backoff function {function}"))?;
        }
        Ok(Some(read))
    }

    /// A `DeliveryPolicy` with these retries, and all else that it says kept; empty when nothing is
    /// left of it, which takes it away.
    ///
    /// # Errors
    ///
    /// A fragment that says why `policy` cannot be read.
    pub fn written(
        retry: Option<&Self>,
        policy: Option<&str>,
        of: DeliveryPolicyOf,
    ) -> Result<String, String> {
        let mut all = document(policy)?;
        let parts = match of {
            DeliveryPolicyOf::Subscription => &mut all,
            DeliveryPolicyOf::Topic => {
                let http = all.entry("http").or_insert_with(|| Value::Object(Map::new()));
                match http {
                    Value::Object(http) => http,
                    other => return Err(format!("a delivery policy whose `http` is {other}")),
                }
            }
        };
        parts.remove(of.retry_key());
        parts.remove(of.throttle_key());
        if let Some(retry) = retry {
            let mut retry = *retry;
            let function = retry.backoff_function;
            let most = retry.max_receives_per_second;
            let mut entries: Map<String, Value> = retry
                .numbers()
                .into_iter()
                .map(|(key, value)| (key.to_owned(), Value::from(*value)))
                .collect();
            entries.insert("backoffFunction".into(), function.as_str().into());
            parts.insert(of.retry_key().into(), Value::Object(entries));
            if let Some(most) = most {
                let throttle = Map::from_iter([("maxReceivesPerSecond".to_owned(), Value::from(most))]);
                parts.insert(of.throttle_key().into(), Value::Object(throttle));
            }
        }
        // SNS writes `false` there by itself.
        let bare = parts
            .iter()
            .all(|(key, value)| value.is_null() || (key == "disableSubscriptionOverrides" && value == false));
        let alone = of == DeliveryPolicyOf::Subscription || all.len() == 1;
        match bare && alone {
            true => Ok(String::new()),
            false => Ok(Value::Object(all).to_string()),
        }
    }

    fn numbers(&mut self) -> [(&'static str, &mut u32); 6] {
        [
            ("minDelayTarget", &mut self.min_delay_target),
            ("maxDelayTarget", &mut self.max_delay_target),
            ("numRetries", &mut self.num_retries),
            ("numNoDelayRetries", &mut self.num_no_delay_retries),
            ("numMinDelayRetries", &mut self.num_min_delay_retries),
            ("numMaxDelayRetries", &mut self.num_max_delay_retries),
        ]
    }
}

fn document(policy: Option<&str>) -> Result<Map<String, Value>, String> {
    match policy.filter(|text| !text.trim().is_empty()) {
        None => Ok(Map::new()),
        Some(text) => match serde_json::from_str(text) {
            Ok(Value::Object(all)) => Ok(all),
            Ok(_) => Err("a delivery policy that is no JSON object".into()),
            Err(error) => Err(format!("a delivery policy that cannot be read: {error}")),
        },
    }
}

fn parts(all: &Map<String, Value>, of: DeliveryPolicyOf) -> Option<&Map<String, Value>> {
    match of {
        DeliveryPolicyOf::Topic => all.get("http")?.as_object(),
        DeliveryPolicyOf::Subscription => Some(all),
    }
}

fn number(value: &Value) -> Result<u32, String> {
    let whole = value.as_u64().or_else(|| {
        let float = value
            .as_f64()
            .filter(|float| float.fract() == 0.0 && *float >= 0.0)?;
        Some(float as u64)
    });
    whole
        .and_then(|whole| u32::try_from(whole).ok())
        .ok_or_else(|| format!("the number {value} in a delivery policy"))
}

impl Compare for DeliveryRetry {
    fn verdict(&self, live: &Self) -> Verdict {
        if self == live {
            Verdict::Same
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        let Self {
            min_delay_target,
            max_delay_target,
            num_retries,
            num_no_delay_retries,
            num_min_delay_retries,
            num_max_delay_retries,
            backoff_function,
            max_receives_per_second,
        } = self;
        let numbers = [
            ("min_delay_target", min_delay_target),
            ("max_delay_target", max_delay_target),
            ("num_retries", num_retries),
            ("num_no_delay_retries", num_no_delay_retries),
            ("num_min_delay_retries", num_min_delay_retries),
            ("num_max_delay_retries", num_max_delay_retries),
        ];
        let most = max_receives_per_second
            .iter()
            .map(|most| ("max_receives_per_second", most));
        let mut shown: BTreeMap<String, String> = numbers
            .into_iter()
            .chain(most)
            .map(|(key, value)| (key.to_owned(), value.to_string()))
            .collect();
        shown.insert("backoff_function".into(), backoff_function.to_string());
        Shown::Map(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use DeliveryPolicyOf::{Subscription, Topic};

    #[test]
    fn what_is_not_said_is_as_sns_has_it() {
        let read = DeliveryRetry::read(
            Some(r#"{"http":{"defaultHealthyRetryPolicy":{"numRetries":5.0,"maxDelayTarget":null}}}"#),
            Topic,
        );
        let wanted = DeliveryRetry {
            num_retries: 5,
            ..DeliveryRetry::default()
        };
        assert_eq!(read, Ok(Some(wanted)));
        assert_eq!(DeliveryRetry::read(None, Topic), Ok(None));
        assert_eq!(DeliveryRetry::read(Some("{}"), Subscription), Ok(None));
    }

    #[test]
    fn what_else_a_policy_says_is_kept() {
        let theirs = r#"{"http":{"disableSubscriptionOverrides":true,"defaultThrottlePolicy":{"maxReceivesPerSecond":1}},"sqs":{}}"#;
        let retry = DeliveryRetry::default();
        let with = DeliveryRetry::written(Some(&retry), Some(theirs), Topic).unwrap();
        assert_eq!(DeliveryRetry::read(Some(&with), Topic), Ok(Some(retry)));
        let without = DeliveryRetry::written(None, Some(&with), Topic).unwrap();
        assert_eq!(
            without,
            r#"{"http":{"disableSubscriptionOverrides":true},"sqs":{}}"#
        );
    }

    #[test]
    fn a_policy_of_which_nothing_is_left_is_taken_away() {
        for of in [Topic, Subscription] {
            let retry = DeliveryRetry {
                max_receives_per_second: Some(2),
                ..DeliveryRetry::default()
            };
            let with = DeliveryRetry::written(Some(&retry), None, of).unwrap();
            assert_eq!(DeliveryRetry::read(Some(&with), of), Ok(Some(retry)));
            assert_eq!(DeliveryRetry::written(None, Some(&with), of), Ok(String::new()));
        }
    }

    #[test]
    fn what_cannot_be_expressed_is_said() {
        let odd = r#"{"healthyRetryPolicy":{"backoffFunction":"fibonacci"}}"#;
        assert!(DeliveryRetry::read(Some(odd), Subscription).is_err());
        assert!(
            DeliveryRetry::read(Some(r#"{"healthyRetryPolicy":{"numRetries":-1}}"#), Subscription).is_err()
        );
        assert!(DeliveryRetry::written(None, Some(r#"{"http":3}"#), Topic).is_err());
    }
}
