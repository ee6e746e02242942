//! How far reads are behind writes.
//!
//! AWS documents eventual consistency for IAM, for KMS, for SQS's attributes and for the
//! configuration of buckets ("Bucket configurations have an eventual consistency model"), and
//! promises nothing else for the configuration of `CloudTrail`, `CloudWatch`, `CloudWatch Logs`, SNS
//! and the tag index. It documents strong consistency for the objects of S3. So with a lag, what
//! reads a configuration answers with the account of so long ago; what reads objects, log events,
//! metric data, messages and histories answers with what is there, as that comes late by rules of its
//! own.
//!
//! Writes work on the newest state: who makes again what is there is told so. But what a service asks
//! another one about, such as `CloudTrail` about the role that a trail names, it sees as late as
//! everybody.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};

use crate::protocol::Failure;
use crate::route::Service;
use crate::state::{Account, State};

/// A lag that somebody set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lag {
    /// In milliseconds.
    pub(crate) by: i64,
    /// What reads may still have to answer with, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    past: Vec<Past>,
}

/// The accounts as they were until a write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Past {
    until: i64,
    /// The accounts without their data, in the vault.
    blob: String,
}

impl State {
    /// How far reads are behind writes, in milliseconds; zero where they are not.
    pub(crate) fn lag(&self) -> i64 {
        self.lag.as_ref().map_or(0, |lag| lag.by)
    }

    /// Sets the lag; zero ends it. What was seen by now stays seen.
    pub(crate) fn set_lag(&mut self, by: i64, now: i64) {
        let seen = now.saturating_sub(self.lag());
        let mut past = self.lag.take().unwrap_or_default().past;
        past.retain(|past| past.until > seen);
        self.lag = (by > 0).then_some(Lag { by, past });
    }

    /// Keeps what `before` showed, if this state shows something else from `now` on.
    pub(crate) fn remember(&mut self, before: &State, now: i64) -> io::Result<()> {
        let Some(lag) = &mut self.lag else {
            return Ok(());
        };
        let seen = now.saturating_sub(lag.by);
        // A clock that was set back leaves times that are still to come: nobody waits for them.
        lag.past.retain(|past| past.until > seen && past.until <= now);
        let earlier = configuration(&before.accounts)?;
        if earlier != configuration(&self.accounts)? {
            let blob = self.vault.put(&earlier)?;
            lag.past.push(Past { until: now, blob });
        }
        Ok(())
    }

    /// What a service sees of others at `now`.
    pub(crate) fn seen_from_elsewhere(&self, now: i64) -> Result<Cow<'_, State>, Failure> {
        self.settled(now).map_err(Failure::unusable)
    }

    /// The state that a read which lags answers with at `now`.
    pub(crate) fn settled(&self, now: i64) -> io::Result<Cow<'_, State>> {
        let seen = now.saturating_sub(self.lag());
        let past = self.lag.iter().flat_map(|lag| &lag.past);
        let Some(past) = past
            .into_iter()
            .find(|past| past.until > seen && past.until <= now)
        else {
            return Ok(Cow::Borrowed(self));
        };
        Ok(Cow::Owned(State {
            accounts: serde_json::from_slice(&self.vault.get(&past.blob)?)?,
            ..self.clone()
        }))
    }
}

/// The accounts without what no read that lags shows.
fn configuration(accounts: &BTreeMap<String, Account>) -> io::Result<Vec<u8>> {
    let mut accounts = accounts.clone();
    for account in accounts.values_mut() {
        for bucket in account.buckets.values_mut() {
            bucket.objects.clear();
        }
        for region in account.regions.values_mut() {
            region.metrics.clear();
            region.alarm_history.clear();
            for queue in region.queues.values_mut() {
                queue.messages.clear();
            }
            for stream in region
                .log_groups
                .values_mut()
                .flat_map(|group| group.streams.values_mut())
            {
                stream.chunks.clear();
            }
        }
    }
    Ok(serde_json::to_vec(&accounts)?)
}

/// Whether an operation, which only reads, is one of those that a lag is about.
pub(crate) fn concerns(service: Service, operation: &str) -> bool {
    match service {
        Service::Iam | Service::Kms | Service::Tagging | Service::Sns => true,
        Service::CloudTrail => operation != "LookupEvents",
        Service::CloudWatch => operation.starts_with("DescribeAlarms") || operation == "ListTagsForResource",
        Service::Logs => [
            "DescribeLogGroups",
            "DescribeMetricFilters",
            "ListTagsForResource",
            "ListTagsLogGroup",
        ]
        .contains(&operation),
        Service::Sqs => operation.starts_with("Get") || operation.starts_with("List"),
        Service::S3 => {
            ["GetBucket", "HeadBucket", "ListBuckets"]
                .iter()
                .any(|begin| operation.starts_with(begin))
                || ["GetPublicAccessBlock", "GetObjectLockConfiguration"].contains(&operation)
        }
        Service::Sts | Service::Other => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(names: &[&str]) -> State {
        let mut state = State::new();
        for name in names {
            state.account("1").buckets.entry((*name).to_owned()).or_default();
        }
        state
    }

    fn buckets(state: &State) -> Vec<String> {
        let accounts = state.accounts.values();
        accounts
            .flat_map(|account| account.buckets.keys().cloned())
            .collect()
    }

    #[test]
    fn what_was_there_is_seen_until_the_lag_has_passed() {
        let mut state = with(&["a"]);
        state.set_lag(10, 90);
        for (now, name) in [(100, "b"), (104, "c")] {
            let before = state.clone();
            state.account("1").buckets.entry(name.to_owned()).or_default();
            state.remember(&before, now).unwrap();
        }
        let seen = |state: &State, now| buckets(&state.settled(now).unwrap()).join("");
        assert_eq!(seen(&state, 104), "a");
        assert_eq!(seen(&state, 109), "a");
        assert_eq!(seen(&state, 110), "ab");
        assert_eq!(seen(&state, 114), "abc");
        // A clock that was set back has nothing to wait for.
        assert_eq!(seen(&state, 50), "abc");
        let before = state.clone();
        state.remember(&before, 112).unwrap();
        assert_eq!(state.lag.as_ref().unwrap().past.len(), 1);
        // A longer lag brings nothing back.
        state.set_lag(100, 114);
        assert_eq!(seen(&state, 114), "abc");
        state.set_lag(0, 114);
        assert_eq!(seen(&state, 104), "abc");
    }

    #[test]
    fn data_is_no_configuration() {
        let mut state = with(&["a"]);
        state.set_lag(10, 0);
        let before = state.clone();
        let bucket = state.account("1").buckets.get_mut("a").unwrap();
        bucket.objects.entry("o".to_owned()).or_default();
        state.remember(&before, 5).unwrap();
        assert!(state.lag.unwrap().past.is_empty());
    }

    #[test]
    fn data_does_not_lag_and_configuration_does() {
        for (service, operation, lags) in [
            (Service::Iam, "GetRole", true),
            (Service::S3, "GetBucketPolicy", true),
            (Service::S3, "GetObjectLockConfiguration", true),
            (Service::S3, "GetObject", false),
            (Service::S3, "ListObjectsV2", false),
            (Service::CloudTrail, "GetTrailStatus", true),
            (Service::CloudTrail, "LookupEvents", false),
            (Service::CloudWatch, "DescribeAlarmsForMetric", true),
            (Service::CloudWatch, "DescribeAlarmHistory", false),
            (Service::CloudWatch, "GetMetricData", false),
            (Service::Logs, "FilterLogEvents", false),
            (Service::Sts, "GetCallerIdentity", false),
        ] {
            assert_eq!(concerns(service, operation), lags, "{operation}");
        }
    }
}
