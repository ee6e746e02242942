use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Api;

/// Keeps to AWS's rates of calls per second, per account and region, so that a large stack does
/// not throttle itself and everybody else in the account.
///
/// Each operation has a bucket that holds one second's worth of calls. A turn is booked when it is
/// asked for, so that waiting calls go in order and none is starved.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When the bucket of each operation will be full again.
    full_at: Mutex<HashMap<(&'static str, &'static str), Instant>>,
}

impl Pace {
    /// Books the next turn and says how long to wait for it.
    pub(super) fn turn(&self, api: Api) -> Duration {
        let now = Instant::now();
        let interval = interval(api);
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let full = full_at.entry((api.service, api.name)).or_insert(now);
        let booked = (*full).max(now) + interval;
        *full = booked;
        let second = Duration::from_secs(1).max(interval);
        booked.duration_since(now).saturating_sub(second)
    }

    /// Empties the bucket: others use the rate, too.
    pub(super) fn slow_down(&self, api: Api) {
        let empty = Instant::now() + Duration::from_secs(1);
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let full = full_at.entry((api.service, api.name)).or_insert(empty);
        *full = (*full).max(empty);
    }
}

fn interval(api: Api) -> Duration {
    Duration::from_secs(1) / calls_per_second(api)
}

/// The documented quotas; where AWS publishes none (IAM, S3, tagging), what it is known to bear.
fn calls_per_second(api: Api) -> u32 {
    match (api.service, api.name) {
        ("cloudtrail", "LookupEvents") => 2,
        ("cloudtrail", _) if api.write => 1,
        ("cloudtrail", _) => 10,
        ("cloudwatch", "DescribeAlarms") => 9,
        ("cloudwatch", "ListTagsForResource" | "TagResource" | "UntagResource") => 10,
        ("cloudwatch", _) => 3,
        ("logs", "DescribeLogGroups" | "CreateLogGroup" | "DeleteLogGroup") => 10,
        ("logs", "DescribeLogStreams") => 25,
        ("logs", _) => 5,
        ("sns", "Subscribe" | "Unsubscribe") => 100,
        ("sns", "TagResource" | "UntagResource" | "ListTagsForResource") => 10,
        ("sns", _) => 30,
        ("tag", _) => 10,
        ("iam", _) if api.write => 5,
        ("iam", _) => 15,
        ("kms", _) if api.write => 5,
        ("s3", _) => 50,
        _ => 20,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_second_s_worth_of_calls_goes_at_once_and_the_others_in_order() {
        let pace = Pace::default();
        let api = Api::write("cloudwatch", "PutMetricAlarm");
        let waits: Vec<u128> = (0..6).map(|_| pace.turn(api).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 333, 666, 999]);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(pace.turn(api), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_of_one_lets_the_first_call_go() {
        let pace = Pace::default();
        let api = Api::write("cloudtrail", "CreateTrail");
        assert_eq!(pace.turn(api), Duration::ZERO);
        assert_eq!(pace.turn(api), Duration::from_secs(1));
    }
}
