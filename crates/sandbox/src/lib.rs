//! An AWS account in a local file.
//!
//! A request of any AWS client goes in, the answer that AWS documents comes out, and what the
//! request changed is in the file. The account sits behind the HTTP client of the Rust SDK
//! ([`Sandbox::http_client`]) or behind a TCP port ([`Sandbox::serve`]); both read and write the
//! same state, so several processes may share one file.
//!
//! The way of a request: [`http_client`](Sandbox::http_client) or [`serve`](Sandbox::serve) makes
//! one shape of it, `route` reads account, region and service from the credential scope and finds
//! the protocol, a handler in `services` works on the typed state under the store's lock, and
//! `protocol` writes the answer, or the refusal with AWS's own code, in the same protocol.
//!
//! The way of what was called: `record` makes the CloudTrail record of a call, answered or refused,
//! and the store appends it to the journal; `LookupEvents` reads it from there. Before each call
//! `delivery` makes up for the rounds of five minutes that have ended: what a trail takes of the
//! journal becomes log files in its bucket and events in its log group, if their policies, key and
//! role let CloudTrail in. What was played ([`Sandbox::play`]) goes the same way at once.
//!
//! From there on the account lives: log events become metrics, alarms look at them every minute, and topics
//! tell queues and endpoints; see `life`. Its clock can be set and moved ([`Sandbox::set_time`],
//! [`Sandbox::advance_time`]).
//!
//! What was written is seen at once, unless the account is told to lag ([`Sandbox::set_lag`]); see `lag`.
//!
//! The state is small and rewritten as a whole; what grows is in the `vault` beside it: the journal,
//! and blobs for the bodies of objects and for log events.
//!
//! What it never does: reach the network beyond this machine, check a signature, or answer an operation
//! that it does not know with anything but HTTP 501. Of the other trailwarden crates it knows `pattern` and
//! `alarm` alone, so that it does not mark its own work. The request and response shapes come from the `winterbaume` crates,
//! which are generated from AWS's Smithy models; the behaviour is written here.
//!
//! A file that turns unreadable while it is in use is answered with the code
//! `SandboxFileUnusable`, which is none of AWS's, and stays as it is.
//!
//! Three liberties, because no human and no mail server is at hand:
//! * a subscription that waits for confirmation keeps its token in the state (`token`), and
//!   `ConfirmSubscription` takes that token, or any other of eight characters or more for the
//!   oldest pending subscription of the topic;
//! * nothing happens between two calls: the deliveries of the time between them are made up for
//!   when the next call comes, with the times that they would have had;
//! * an access key id of twelve digits names the account, any other belongs to the default one.

mod delivery;
mod http_client;
mod judge;
mod lag;
mod life;
mod play;
mod protocol;
mod record;
mod route;
mod serve;
mod services;
mod state;
mod store;
mod vault;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::life::clock::SetClock;
pub use crate::play::{PlayError, Played, PlayedTo};
use crate::services::sns::publish;
use crate::store::Store;

/// A pretended AWS partition with any number of accounts, kept in memory or in a file.
///
/// Clones share one state.
#[derive(Clone)]
pub struct Sandbox {
    pub(crate) store: Arc<Store>,
    pub(crate) account: String,
    pub(crate) clock: Clock,
}

pub(crate) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("account", &self.account)
            .field("file", &self.store.path())
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Makes an empty account that lives as long as the value.
    ///
    /// `account` is the account of credentials that do not name one.
    pub fn in_memory(account: &str) -> Sandbox {
        Sandbox {
            store: Arc::new(Store::memory()),
            account: account.to_owned(),
            clock: Arc::new(SystemTime::now),
        }
    }

    /// Opens the account in the file `path`; a file that is not there is made by the first write.
    ///
    /// `account` is the account of credentials that do not name one. A file that cannot be read,
    /// or that another program or a later version wrote, is an error and stays as it is.
    pub fn open(path: &Path, account: &str) -> Result<Sandbox, SandboxError> {
        Ok(Sandbox {
            store: Arc::new(Store::file(path)?),
            account: account.to_owned(),
            clock: Arc::new(SystemTime::now),
        })
    }

    /// Replaces the clock, so that the times in answers and in the file can be foretold.
    #[must_use]
    pub fn with_time(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Sandbox {
        self.clock = Arc::new(now);
        self
    }

    /// What the account's clock shows.
    ///
    /// It is the clock of the process until [`set_time`](Self::set_time) or
    /// [`advance_time`](Self::advance_time); what they set is kept in the file, and holds for every
    /// process that uses it.
    pub fn time(&self) -> Result<SystemTime, SandboxError> {
        let now = self.store.now(self.real())?;
        let since = Duration::from_millis(now.unsigned_abs());
        Ok(match now < 0 {
            true => UNIX_EPOCH - since,
            false => UNIX_EPOCH + since,
        })
    }

    /// Sets the account's clock, which stands still from then on. What happens by itself until then has
    /// happened when this returns, and what it sends to endpoints on this machine is sent.
    ///
    /// A clock that is set back undoes nothing.
    pub async fn set_time(&self, time: SystemTime) -> Result<(), SandboxError> {
        self.move_clock(|_| Some(SetClock::Stands(milliseconds(time))))
            .await
    }

    /// Moves the account's clock on, as [`set_time`](Self::set_time) does. A clock that goes keeps going.
    pub async fn advance_time(&self, by: Duration) -> Result<(), SandboxError> {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.move_clock(|state| Some(state.advanced(by))).await
    }

    /// Gives the account the clock of the process again.
    pub async fn unset_time(&self) -> Result<(), SandboxError> {
        self.move_clock(|_| None).await
    }

    async fn move_clock(
        &self,
        to: impl FnOnce(&state::State) -> Option<SetClock>,
    ) -> Result<(), SandboxError> {
        let real = self.real();
        // What is due by the old clock comes first: the new one may be behind it.
        let moved = self.store.write(real, |state, _| {
            let to = to(state);
            state.set_clock(to, real);
            life::pass(state, state.now(real))
        })?;
        moved.map_err(|source| self.store.failed(source))?;
        self.send().await;
        Ok(())
    }

    /// Keeps reads of configuration so far behind writes, by the account's clock, from now on; none is no
    /// lag, which is how an account begins. Like the clock it is kept in the file.
    ///
    /// Where the clock stands, what was written is not seen before somebody moves it.
    pub fn set_lag(&self, lag: Duration) -> Result<(), SandboxError> {
        let by = i64::try_from(lag.as_millis()).unwrap_or(i64::MAX);
        let set = self.store.write(self.real(), |state, now| {
            state.set_lag(by, now);
            Ok::<_, std::convert::Infallible>(())
        })?;
        match set {
            Ok(()) => Ok(()),
            Err(never) => match never {},
        }
    }

    /// [`set_lag`](Self::set_lag), for an account that is just opened.
    pub fn with_lag(self, lag: Duration) -> Result<Sandbox, SandboxError> {
        self.set_lag(lag)?;
        Ok(self)
    }

    /// How far reads are behind writes.
    pub fn lag(&self) -> Result<Duration, SandboxError> {
        let by = self.store.read(self.real(), |state, _| state.lag())?;
        Ok(Duration::from_millis(by.unsigned_abs()))
    }

    /// Whether the account's clock stands, so that no time passes by itself.
    pub fn clock_stands(&self) -> Result<bool, SandboxError> {
        self.store.read(self.real(), |state, _| {
            matches!(state.clock, Some(SetClock::Stands(_)))
        })
    }

    /// What the process's clock shows, in milliseconds since 1970.
    pub(crate) fn real(&self) -> i64 {
        milliseconds((self.clock)())
    }

    /// Sends what waits to be sent, and keeps what became of it.
    pub(crate) async fn send(&self) {
        for message in self.store.outgoing() {
            let outcome = message.send().await;
            if let Err(problem) = &outcome {
                tracing::debug!(endpoint = message.endpoint, problem, "not delivered");
            }
            let kept = self.store.write(self.real(), |state, now| {
                publish::delivered(state, &message, outcome, now);
                Ok::<_, std::convert::Infallible>(())
            });
            if let Err(error) = kept {
                tracing::error!(%error, "what became of a message could not be kept");
            }
        }
    }

    /// What people and endpoints outside the account were sent, or should have been, the oldest first:
    /// mail, texts and HTTP requests of topics. The last 500 are kept.
    pub fn inbox(&self) -> Result<Vec<Notice>, SandboxError> {
        self.store.read(self.real(), |state, _| {
            let notice = |it: &state::Notice| Notice {
                at: it.at,
                topic: it.topic.clone(),
                protocol: it.protocol.clone(),
                endpoint: it.endpoint.clone(),
                subject: it.subject.clone(),
                problem: it.problem.clone(),
            };
            state.inbox.iter().map(notice).collect()
        })
    }

    /// Gives an HTTP client for the clients of the Rust SDK that answers without any network.
    pub fn http_client(&self) -> SharedHttpClient {
        http_client::client(self.clone())
    }

    /// Answers any AWS client on `listener` with plain HTTP/1.1 until `shutdown` is ready.
    pub async fn serve(
        &self,
        listener: tokio::net::TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> std::io::Result<()> {
        serve::serve(self.clone(), listener, shutdown).await
    }

    /// The id of this account file: random when the state is made, the same ever after.
    ///
    /// Asking makes the file if it is not there yet, so that two processes agree on the id. If
    /// that write fails, the id holds for this value only.
    pub fn id(&self) -> String {
        self.store.id()
    }

    /// Gives the whole state as the file shows it, for tests and for `ConfirmSubscription` tokens.
    pub fn snapshot(&self) -> Result<serde_json::Value, SandboxError> {
        self.store.snapshot()
    }

    /// Lists the confirmation tokens of the pending subscriptions as (topic ARN, endpoint, token),
    /// oldest first: what AWS sends to the endpoints.
    pub fn pending_confirmations(&self) -> Result<Vec<(String, String, String)>, SandboxError> {
        self.store.pending_confirmations()
    }
}

fn milliseconds(time: SystemTime) -> i64 {
    let of = |it: Duration| i64::try_from(it.as_millis()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => of(since),
        Err(before) => -of(before.duration()),
    }
}

/// A message of a topic to somebody outside the account: see [`Sandbox::inbox`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// When it was published, in milliseconds since 1970 by the account's clock.
    pub at: i64,
    /// The ARN of the topic.
    pub topic: String,
    /// `email`, `email-json`, `sms`, `http`, `https`; any other only with a problem.
    pub protocol: String,
    /// The address.
    pub endpoint: String,
    /// The subject, if it has one.
    pub subject: Option<String>,
    /// Why it was not delivered; none if it was.
    pub problem: Option<String>,
}

/// What keeps a sandbox from reading or writing its file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The file could not be read.
    #[error("cannot read the sandbox file `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file is not a sandbox file.
    #[error("`{}` is not a sandbox file: {reason}; move it away or name another file", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong with its content.
        reason: String,
    },
    /// The file was written by another version of the format.
    #[error(
        "the sandbox file `{}` has format {found}, this version reads format {known}; \
         use the version that wrote it or another file",
        path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// The format number in the file.
        found: u64,
        /// The format number of this version.
        known: u32,
    },
    /// The file could not be written.
    #[error("cannot write the sandbox file `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file could not be locked.
    #[error("cannot lock the sandbox file through `{}`", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}
