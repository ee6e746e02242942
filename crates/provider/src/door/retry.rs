use std::error::Error;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// What an error says about trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Another try ends the same.
    Final,
    /// AWS asks for a slower pace.
    Pace,
    /// AWS is busy with another change of the same thing, or has not settled the last one.
    Busy,
    /// AWS failed for a moment.
    Moment,
    /// The connection broke before an answer came.
    Broken,
    /// There was no connection, or no answer in time.
    Silent,
}

/// "Slow down".
const PACE: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "Throttled",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "BandwidthLimitExceeded",
    "SlowDown",
    "PriorRequestNotComplete",
];

/// "Something else is being changed; try later".
const BUSY: &[&str] = &[
    "OperationAborted",
    "OperationAbortedException",
    "ConcurrentModification",
    "ConcurrentModificationException",
    // SNS's codes on the wire; the shapes have the longer names.
    "ConcurrentAccess",
    "ConcurrentAccessException",
    "StaleTag",
    "StaleTagException",
    "ConflictException",
    "EntityTemporarilyUnmodifiable",
];

const MOMENT: &[&str] = &[
    "InternalError",
    "InternalErrorException",
    "InternalFailure",
    "InternalServerError",
    "InternalServiceError",
    "InternalServiceException",
    "InternalServiceFault",
    "ServiceFailure",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "RequestTimeout",
    "RequestTimeoutException",
];

/// Judges an error by its type and code; AWS's words are for people.
pub(super) fn verdict<E>(error: &SdkError<E, HttpResponse>) -> Verdict
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match error {
        SdkError::TimeoutError(_) => Verdict::Silent,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => Verdict::Silent,
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.as_other().is_some() => {
            Verdict::Broken
        }
        // A body that breaks off has no code.
        SdkError::ResponseError(response) => match response.raw().status().as_u16() {
            429 => Verdict::Pace,
            200..=299 | 500 | 502..=504 => Verdict::Moment,
            _ => Verdict::Final,
        },
        SdkError::ServiceError(service) => match service.err().code() {
            Some(code) if PACE.contains(&code) => Verdict::Pace,
            Some(code) if BUSY.contains(&code) => Verdict::Busy,
            Some(code) if MOMENT.contains(&code) => Verdict::Moment,
            _ => match service.raw().status().as_u16() {
                429 => Verdict::Pace,
                500 | 502..=504 => Verdict::Moment,
                _ => Verdict::Final,
            },
        },
        _ => Verdict::Final,
    }
}

/// How long one call may go on trying.
#[derive(Debug, Default)]
pub(super) struct Patience {
    tries: u32,
    spent: Duration,
}

impl Patience {
    /// The pause before the next try, with full jitter so that calls that were throttled together
    /// do not come back together; `None` when it is time to give up.
    pub(super) fn next(&mut self, verdict: Verdict, took: Duration) -> Option<Duration> {
        self.tries += 1;
        self.spent += took;
        let (tries, within, first, most) = match verdict {
            Verdict::Final => return None,
            Verdict::Pace => (u32::MAX, 60_000, 500, 8_000),
            // CloudTrail's words for a trail that it has not loaded yet: "wait a few minutes".
            Verdict::Busy => (u32::MAX, 300_000, 500, 15_000),
            Verdict::Moment => (5, 60_000, 200, 3_000),
            Verdict::Broken => (3, 30_000, 150, 600),
            // Someone waits at a terminal: a wrong endpoint should show within seconds.
            Verdict::Silent => (2, 40_000, 150, 300),
        };
        if self.tries >= tries || self.spent >= Duration::from_millis(within) {
            return None;
        }
        let ceiling = 2_u64
            .saturating_pow(self.tries.min(16) - 1)
            .saturating_mul(first)
            .min(most);
        let delay = Duration::from_millis(fastrand::u64(ceiling / 4..=ceiling));
        self.spent += delay;
        Some(delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tries(verdict: Verdict, took: Duration) -> (usize, Duration) {
        let mut patience = Patience::default();
        let pauses: Vec<Duration> = std::iter::from_fn(|| patience.next(verdict, took)).collect();
        (
            pauses.len() + 1,
            pauses.iter().sum::<Duration>() + took * u32::try_from(pauses.len() + 1).unwrap_or(0),
        )
    }

    #[test]
    fn nobody_waits_long_for_an_endpoint_that_is_not_there() {
        let (count, spent) = tries(Verdict::Broken, Duration::ZERO);
        assert_eq!(count, 3);
        assert!(spent < Duration::from_secs(2), "{spent:?}");
        let (_, spent) = tries(Verdict::Silent, Duration::from_secs(3));
        assert!(spent < Duration::from_secs(7), "{spent:?}");
        assert_eq!(tries(Verdict::Final, Duration::ZERO).0, 1);
    }

    #[test]
    fn a_throttled_call_goes_on_for_a_minute() {
        let (count, spent) = tries(Verdict::Pace, Duration::from_millis(50));
        assert!(count > 8, "{count}");
        assert!(
            (Duration::from_secs(58)..Duration::from_secs(70)).contains(&spent),
            "{spent:?}"
        );
    }
    #[test]
    fn another_change_may_take_five_minutes() {
        let (count, spent) = tries(Verdict::Busy, Duration::from_millis(50));
        assert!((20..120).contains(&count), "{count}");
        assert!((285..=315).contains(&spent.as_secs()), "{spent:?}");
    }
}
