//! The one door through which every call to AWS goes: it counts, traces, paces and retries.
//!
//! The SDK's own retries are off. Its retry budget is made for a service that calls now and then;
//! a plan over hundreds of alarms drains it at the first throttle.

mod failure;
mod pace;
mod retry;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;
use tracing::debug;
use trailwarden_account::{AccountError, ErrorKind};

use pace::Pace;
use retry::{Patience, Verdict};

/// How long something just written may take to become visible to another service. IAM usually
/// needs seconds, and two minutes now and then.
const VISIBLE_WITHIN: Duration = Duration::from_secs(120);

/// Hears what a call waits for, such as "the role's policy to reach CloudTrail".
pub type OnWait = Arc<dyn Fn(&str) + Send + Sync>;

/// One operation of an AWS API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Api {
    /// The service as IAM actions name it, such as `cloudtrail`.
    pub(crate) service: &'static str,
    /// The operation, such as `CreateTrail`.
    pub(crate) name: &'static str,
    /// Whether it changes something.
    pub(crate) write: bool,
}

impl Api {
    pub(crate) const fn read(service: &'static str, name: &'static str) -> Self {
        Self {
            service,
            name,
            write: false,
        }
    }

    pub(crate) const fn write(service: &'static str, name: &'static str) -> Self {
        Self {
            service,
            name,
            write: true,
        }
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service, self.name)
    }
}

/// How many calls were made, repeated ones included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallCount {
    /// Calls that read.
    pub reads: u64,
    /// Calls that change something.
    pub writes: u64,
    /// Calls by operation, such as `iam:GetRole`.
    pub by_api: BTreeMap<String, u64>,
}

/// See the module.
pub(crate) struct Door {
    pace: Pace,
    sleep: SharedAsyncSleep,
    /// Where the calls go, for the message when nobody answers there.
    place: String,
    on_wait: Option<OnWait>,
    count: Mutex<CallCount>,
    locks: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl Door {
    pub(crate) fn new(place: String, sleep: SharedAsyncSleep, on_wait: Option<OnWait>) -> Self {
        Self {
            pace: Pace::default(),
            sleep,
            place,
            on_wait,
            count: Mutex::default(),
            locks: Mutex::default(),
        }
    }

    /// Makes a call; makes it again after errors that pass. `send` must be safe to repeat.
    pub(crate) async fn call<T, E, F, Fut>(&self, api: Api, send: F) -> Result<T, AccountError>
    where
        F: Fn() -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        T: Send,
    {
        let mut patience = Patience::default();
        loop {
            let wait = self.pace.turn(api);
            if !wait.is_zero() {
                self.sleep.sleep(wait).await;
            }
            self.counted(api);
            let start = Instant::now();
            let outcome = send().await;
            let took = start.elapsed();
            let error = match outcome {
                Ok(value) => {
                    debug!(api = %api, millis = took.as_millis(), "called");
                    return Ok(value);
                }
                Err(error) => error,
            };
            let (verdict, error) = (
                retry::verdict(&error),
                failure::account_error(api, &error, &self.place),
            );
            debug!(api = %api, millis = took.as_millis(), code = error.code, id = error.request_id, "call failed");
            if verdict == Verdict::Pace {
                self.pace.slow_down(api);
            }
            match patience.next(verdict, took) {
                Some(delay) => self.sleep.sleep(delay).await,
                None => return Err(error),
            }
        }
    }

    /// Makes a call and keeps trying while `waits_for` says that something just written is not
    /// visible yet. `what` is said to the person who waits: "the role's policy to reach CloudTrail".
    pub(crate) async fn call_until_visible<T, E, F, Fut>(
        &self,
        api: Api,
        what: &str,
        waits_for: impl Fn(&AccountError) -> bool + Send + Sync,
        send: F,
    ) -> Result<T, AccountError>
    where
        F: Fn() -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        T: Send,
    {
        let mut waited = Duration::ZERO;
        let mut delay = Duration::from_secs(1);
        loop {
            let start = Instant::now();
            let error = match self.call(api, &send).await {
                Err(error) if waits_for(&error) => error,
                outcome => return outcome,
            };
            waited += start.elapsed();
            if waited >= VISIBLE_WITHIN {
                return Err(AccountError {
                    kind: ErrorKind::NotPropagated,
                    ..error
                });
            }
            if let Some(on_wait) = &self.on_wait {
                on_wait(what);
            }
            debug!(api = %api, code = error.code, "waiting for {what}");
            self.sleep.sleep(delay).await;
            waited += delay;
            delay = (delay * 2).min(Duration::from_secs(15));
        }
    }

    /// Lets one task at a time write to an object whose settings AWS keeps apart but changes one at
    /// a time, such as a bucket (`OperationAborted` otherwise) or a policy that several steps merge
    /// statements into.
    pub(crate) async fn exclusive(&self, object: &str) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(object.to_owned()).or_default())
        };
        lock.lock_owned().await
    }

    /// The calls made so far.
    pub(crate) fn calls(&self) -> CallCount {
        self.count.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn counted(&self, api: Api) {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        match api.write {
            true => count.writes += 1,
            false => count.reads += 1,
        }
        *count.by_api.entry(api.to_string()).or_default() += 1;
    }
}

/// Reads "it is not there" out of an error.
pub(crate) trait Absent<T> {
    /// These codes become `None`.
    fn absent(self, codes: &[&str]) -> Result<Option<T>, AccountError>;
}

impl<T> Absent<T> for Result<T, AccountError> {
    fn absent(self, codes: &[&str]) -> Result<Option<T>, AccountError> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.code.as_deref().is_some_and(|code| codes.contains(&code)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_smithy_async::rt::sleep::TokioSleep;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    const API: Api = Api::write("cloudtrail", "CreateTrail");

    fn door() -> Door {
        Door::new(
            "`http://aws.test`".into(),
            SharedAsyncSleep::new(TokioSleep::new()),
            None,
        )
    }

    fn failed(status: u16, code: &str) -> SdkError<ErrorMetadata, HttpResponse> {
        let response = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
        SdkError::service_error(
            ErrorMetadata::builder().code(code).message("words").build(),
            response,
        )
    }

    /// The outcome of a call whose first `failures` tries end so, and how often it was tried.
    async fn after(failures: usize, status: u16, code: &str) -> (Result<(), AccountError>, u64) {
        let (door, tries) = (door(), AtomicUsize::new(0));
        let send = || async {
            let this = tries.fetch_add(1, Ordering::SeqCst);
            if this < failures {
                Err(failed(status, code))
            } else {
                Ok(())
            }
        };
        (door.call(API, send).await, door.calls().writes)
    }

    #[tokio::test(start_paused = true)]
    async fn what_passes_is_tried_again_and_counted() {
        for (failures, status, code) in [
            (5, 400, "ThrottlingException"),
            (2, 500, "InternalFailure"),
            (2, 503, "Strange"),
            (3, 409, "OperationAborted"),
        ] {
            let (outcome, calls) = after(failures, status, code).await;
            assert_eq!((outcome, calls), (Ok(()), failures as u64 + 1), "{code}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_stays_is_said_at_once_with_its_kind() {
        for (status, code, kind) in [
            (403, "AccessDenied", ErrorKind::Denied),
            (400, "AccessDeniedException", ErrorKind::Denied),
            (400, "ExpiredTokenException", ErrorKind::Credentials),
            (400, "LimitExceededException", ErrorKind::Limit),
            (400, "ResourceNotFoundException", ErrorKind::NotFound),
            (400, "InvalidParameterException", ErrorKind::Refused),
        ] {
            let (outcome, calls) = after(usize::MAX, status, code).await;
            let error = outcome.unwrap_err();
            assert_eq!((error.kind, calls), (kind, 1), "{code}");
            assert_eq!(
                error.to_string(),
                format!("cloudtrail:CreateTrail failed: {code}: words")
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttle_without_end_is_given_up_after_a_minute() {
        let start = Instant::now();
        let (outcome, _) = after(usize::MAX, 400, "Throttling").await;
        assert_eq!(outcome.unwrap_err().kind, ErrorKind::Throttled);
        assert!(
            (55..90).contains(&start.elapsed().as_secs()),
            "{:?}",
            start.elapsed()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_visible_yet_is_waited_for() {
        let waits = Arc::new(AtomicUsize::new(0));
        let heard = Arc::clone(&waits);
        let door = Door {
            on_wait: Some(Arc::new(move |what| {
                assert_eq!(what, "the role");
                heard.fetch_add(1, Ordering::SeqCst);
            })),
            ..door()
        };
        let start = Instant::now();
        let unseen = |error: &AccountError| error.code.as_deref() == Some("InvalidRole");
        let outcome: Result<(), _> = door
            .call_until_visible(API, "the role", unseen, || async {
                Err(failed(400, "InvalidRole"))
            })
            .await;
        assert_eq!(outcome.unwrap_err().kind, ErrorKind::NotPropagated);
        assert!(
            (120..150).contains(&start.elapsed().as_secs()),
            "{:?}",
            start.elapsed()
        );
        assert!(waits.load(Ordering::SeqCst) > 5);
    }

    #[tokio::test(start_paused = true)]
    async fn where_nobody_answers_is_said() {
        let broken = || async {
            let refused = ConnectorError::io("connection refused".into());
            Err::<(), _>(SdkError::<ErrorMetadata, HttpResponse>::dispatch_failure(refused))
        };
        let error = door().call(API, broken).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unreachable);
        assert_eq!(
            error.message,
            "no answer from `http://aws.test`: io error: connection refused"
        );
    }
}
