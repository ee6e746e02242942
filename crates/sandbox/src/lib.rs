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
//! The state is small and rewritten as a whole; what grows is in the `vault` beside it: the journal,
//! and blobs for the bodies of objects and for log events.
//!
//! What it never does: reach the network, check a signature, or answer an operation that it does
//! not know with anything but HTTP 501. Of the other trailwarden crates it knows only the one that
//! reads filter patterns, so that it does not mark its own work. The request and response shapes come from the `winterbaume` crates,
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
use std::time::SystemTime;

use aws_smithy_runtime_api::client::http::SharedHttpClient;

pub use crate::play::{PlayError, Played, PlayedTo};
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
