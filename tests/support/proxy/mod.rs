//! A reverse proxy between a program and the AWS it believes in: it counts the
//! calls, tells reads from writes, and makes chosen calls fail in the ways in
//! which AWS and networks do.
//!
//! ```text
//! program <---> server <---> upstream
//!                 |
//!                 |- decode   which operation of which service a request is
//!                 |- calls    what came, when, and what became of it
//!                 |- faults   what is to go wrong with it, if anything
//!                 `- answers  errors as AWS words them, in each protocol
//! ```
//!
//! Nothing that passes is changed, except for headers that only concern one
//! connection. Every [`Proxy`] has a thread and a port of its own.

mod answers;
mod calls;
mod decode;
mod faults;
#[cfg(test)]
mod selftest;
mod server;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use http::Uri;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

pub(crate) use calls::Call;
pub(crate) use faults::{Fault, Kind, Matching, When};

/// The request ids of all answers that the proxy makes up begin so; their
/// number, counted from 1 over the life of the proxy, follows in 12 digits.
pub(crate) const REQUEST_ID_PREFIX: &str = "fa170000-0000-4000-8000-";

/// A running proxy. Dropping it closes its port and all connections; tokio
/// allows that outside of async code only.
pub(crate) struct Proxy {
    /// Where it listens, as `http://127.0.0.1:PORT`.
    pub(crate) endpoint: String,
    shared: Arc<Shared>,
    /// Dropping it ends the thread, and with it every connection.
    _runtime: Runtime,
}

/// What the proxy and its thread share.
struct Shared {
    log: calls::Log,
    faults: faults::Faults,
    /// Each release is a change of it. Held calls wait for the next, and there
    /// are as many of them as it has receivers.
    releases: watch::Sender<()>,
    /// The number of answers made up.
    made_up: AtomicU64,
}

impl Proxy {
    /// Starts a proxy to `upstream`, a URL as `http://127.0.0.1:PORT`.
    ///
    /// # Panics
    ///
    /// When `upstream` is no such URL, or the system gives no port or thread.
    pub(crate) fn start(upstream: &str) -> Proxy {
        let upstream: Uri = upstream
            .parse()
            .ok()
            .filter(|uri: &Uri| uri.scheme_str() == Some("http") && uri.authority().is_some())
            .unwrap_or_else(|| panic!("`{upstream}` is no upstream: give a URL as `http://127.0.0.1:4566`"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port on 127.0.0.1 for a proxy");
        listener.set_nonblocking(true).expect("a port for tokio");
        let address = listener.local_addr().expect("the address of the proxy's port");
        let shared = Arc::new(Shared {
            log: calls::Log::new(),
            faults: faults::Faults::default(),
            releases: watch::Sender::new(()),
            made_up: AtomicU64::new(0),
        });
        // Its own thread: a test may block on the program that calls the proxy.
        // Only one: calls are noted and faults counted in the same order.
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("proxy")
            .enable_all()
            .build()
            .expect("a thread for a proxy");
        runtime.spawn(server::Server::new(Arc::clone(&shared), upstream).run(listener));
        Proxy {
            endpoint: format!("http://{address}"),
            shared,
            _runtime: runtime,
        }
    }

    /// All calls since the start or the last [`Proxy::reset`], in the order of their arrival.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.shared.log.calls()
    }

    /// How often each operation was called, as `logs:PutMetricFilter`.
    pub(crate) fn operations(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in self.calls() {
            *counts.entry(call.name()).or_default() += 1;
        }
        counts
    }

    /// The number of calls that change nothing.
    pub(crate) fn reads(&self) -> usize {
        self.calls().iter().filter(|call| !call.write).count()
    }

    /// The number of calls that change something.
    pub(crate) fn writes(&self) -> usize {
        self.calls().iter().filter(|call| call.write).count()
    }

    /// The length of the longest chain of calls of which none overlaps another:
    /// how many latencies a user waits for. A strictly sequential program has a
    /// depth as great as its number of calls.
    pub(crate) fn depth(&self) -> usize {
        calls::depth(&self.calls())
    }

    /// Adds a fault. Where several match a call, all of them count it, and the
    /// first whose turn it is has its way.
    pub(crate) fn fault(&self, fault: Fault) {
        self.shared.faults.add(fault);
    }

    /// Removes all faults and releases what is held.
    pub(crate) fn clear_faults(&self) {
        self.shared.faults.clear();
        self.release();
    }

    /// Forgets all calls, removes all faults and releases what is held. The
    /// clock of [`Call::start`] and the numbers of request ids run on.
    pub(crate) fn reset(&self) {
        self.shared.log.clear();
        self.clear_faults();
    }

    /// Lets all calls go on that [`Kind::Hold`] holds now. Later ones are held
    /// again, as far as their fault says so.
    pub(crate) fn release(&self) {
        self.shared.releases.send_replace(());
    }

    /// Waits until [`Kind::Hold`] holds `count` calls or more.
    ///
    /// # Panics
    ///
    /// When that many have not come after `patience`; the message lists what has.
    pub(crate) fn wait_until_held(&self, count: usize, patience: Duration) {
        let began = Instant::now();
        while self.held() < count {
            assert!(
                began.elapsed() < patience,
                "{} of {count} calls held after {patience:?}; is the fault's operation spelt as in \
                 these calls? {:#?}",
                self.held(),
                self.operations()
            );
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn held(&self) -> usize {
        self.shared.releases.receiver_count()
    }
}

/// A lock that a panic elsewhere does not spoil: that panic is the one to read.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
