//! What came, when, and what became of it.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::locked;

/// Beginnings of the names of operations that change nothing.
const READS: &[&str] = &[
    "AssumeRole",
    "BatchGet",
    "Describe",
    "Filter",
    "Get",
    "Head",
    "List",
    "Lookup",
    "Search",
    "Simulate",
    "Test",
    // What cannot be told goes by its method.
    "GET ",
    "HEAD ",
];

/// One call that reached the proxy. A retry by the client is a call of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// The service's name in signatures: `logs`, `cloudtrail`, `s3`, `sns`,
    /// `iam`, `sts`, but `monitoring` for CloudWatch and `tagging` for the
    /// Resource Groups Tagging API; `?` if the request is not signed.
    pub(crate) service: String,
    /// The API's name of the operation, such as `PutMetricFilter` or
    /// `GetBucketPolicy`; method and path for what cannot be told.
    pub(crate) operation: String,
    /// The region in the signature, or `?`.
    pub(crate) region: String,
    /// Whether the operation changes something, by its name.
    pub(crate) write: bool,
    /// Whether it was passed on: what then happened to the answer is another matter.
    pub(crate) forwarded: bool,
    /// What the client was answered; none if the connection was cut, or so far.
    pub(crate) status: Option<u16>,
    /// When it had arrived whole, counted from the start of the proxy.
    pub(crate) start: Duration,
    /// When the answer was complete; for a call still under way, the time of asking.
    pub(crate) end: Duration,
}

impl Call {
    /// A call that has not begun.
    pub(super) fn new(service: &str, region: &str, operation: String) -> Call {
        Call {
            service: service.to_owned(),
            region: region.to_owned(),
            write: !READS.iter().any(|start| operation.starts_with(start)),
            operation,
            forwarded: false,
            status: None,
            start: Duration::ZERO,
            end: Duration::MAX,
        }
    }

    /// Service and operation, as `logs:PutMetricFilter`.
    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }
}

/// See [`super::Proxy::depth`].
pub(super) fn depth(calls: &[Call]) -> usize {
    let mut spans: Vec<_> = calls.iter().map(|call| (call.end, call.start)).collect();
    spans.sort_unstable();
    let (mut depth, mut free) = (0, Duration::ZERO);
    for (end, start) in spans {
        if start >= free {
            depth += 1;
            free = end;
        }
    }
    depth
}

/// All calls, in the order of their arrival.
pub(super) struct Log {
    began: Instant,
    calls: Mutex<Vec<Arc<Mutex<Call>>>>,
}

impl Log {
    pub(super) fn new() -> Log {
        Log {
            began: Instant::now(),
            calls: Mutex::default(),
        }
    }

    /// Notes a call that has arrived.
    pub(super) fn begin(&self, call: Call) -> Record {
        let start = self.began.elapsed();
        let call = Arc::new(Mutex::new(Call { start, ..call }));
        locked(&self.calls).push(Arc::clone(&call));
        Record {
            call,
            began: self.began,
        }
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        let calls = locked(&self.calls);
        let now = self.began.elapsed();
        let told = |call: &Arc<Mutex<Call>>| {
            let call = locked(call).clone();
            // Of a call still under way, the end is far off.
            let end = call.end.min(now);
            Call { end, ..call }
        };
        calls.iter().map(told).collect()
    }

    /// Forgets all calls, also those under way.
    pub(super) fn clear(&self) {
        locked(&self.calls).clear();
    }
}

/// A call under way. Dropped, also when its client went away, the call is over.
pub(super) struct Record {
    call: Arc<Mutex<Call>>,
    began: Instant,
}

impl Record {
    pub(super) fn call(&self) -> MutexGuard<'_, Call> {
        locked(&self.call)
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.call().end = self.began.elapsed();
    }
}
