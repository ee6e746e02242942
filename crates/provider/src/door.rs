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

/// What is said of a call that AWS puts off because of another change.
const ANOTHER_CHANGE: &str = "AWS to finish another change of the same object";

/// Something just written that a call needs to be visible.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    /// Said to the person who waits: "the role's policy to reach CloudTrail".
    what: &'static str,
    within: Duration,
}

impl Wait {
    /// For another service, or all of a service, to see it. IAM usually needs seconds, and two
    /// minutes now and then.
    pub(crate) const fn long(what: &'static str) -> Self {
        Self {
            what,
            within: Duration::from_secs(120),
        }
    }

    /// For the same service to see it. That takes seconds, so that half a minute later it is more
    /// likely not there at all.
    pub(crate) const fn short(what: &'static str) -> Self {
        Self {
            what,
            within: Duration::from_secs(30),
        }
    }
}

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
            // A survey holds hundreds of calls at once, and the SDK's are large.
            let outcome = Box::pin(send()).await;
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
            let Some(delay) = patience.next(verdict, took) else {
                return Err(error);
            };
            if verdict == Verdict::Busy {
                self.say(ANOTHER_CHANGE);
            }
            self.sleep.sleep(delay).await;
        }
    }

    /// Makes a call and keeps trying while `waits_for` says that something just written is not
    /// visible yet.
    pub(crate) async fn call_until_visible<T, E, F, Fut>(
        &self,
        api: Api,
        wait: Wait,
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
            if waited >= wait.within {
                return Err(AccountError {
                    kind: ErrorKind::NotPropagated,
                    ..error
                });
            }
            self.say(wait.what);
            debug!(api = %api, code = error.code, "waiting for {}", wait.what);
            self.sleep.sleep(delay).await;
            waited += delay;
            delay = (delay * 2).min(Duration::from_secs(15));
        }
    }

    /// Reads again until what AWS says is there is shown; `None` if that takes longer than `wait`.
    ///
    /// A create that is refused because of what is there knows of it before reads do.
    pub(crate) async fn read_until_there<T, F, Fut>(
        &self,
        wait: Wait,
        read: F,
    ) -> Result<Option<T>, AccountError>
    where
        F: Fn() -> Fut + Send + Sync,
        Fut: Future<Output = Result<Option<T>, AccountError>> + Send,
        T: Send,
    {
        let mut waited = Duration::ZERO;
        let mut delay = Duration::from_secs(1);
        loop {
            let start = Instant::now();
            let read = read().await?;
            waited += start.elapsed();
            if read.is_some() || waited >= wait.within {
                return Ok(read);
            }
            self.say(wait.what);
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

    fn say(&self, what: &str) {
        if let Some(on_wait) = &self.on_wait {
            on_wait(what);
        }
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
mod tests;
