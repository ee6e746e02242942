//! What is to go wrong, with which calls.

use std::sync::Mutex;
use std::time::Duration;

use super::{Call, locked};

/// Something to go wrong: which calls, which of them in turn, and how.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// Which calls it is about.
    pub(crate) matching: Matching,
    /// Which of those, in the order of their arrival since the fault was set.
    pub(crate) when: When,
    /// What happens to them.
    pub(crate) kind: Kind,
}

/// Which calls a fault is about.
#[derive(Clone, Debug)]
pub(crate) enum Matching {
    /// An operation, as `PutMetricFilter`, or as `logs:TagResource` where
    /// several services have one of that name (see [`Call::service`]).
    Operation(String),
    /// All that change nothing.
    Reads,
    /// All that change something.
    Writes,
    /// All.
    Any,
}

/// Which of the matching calls, in the order of their arrival, from 1.
///
/// The client's retries are calls too.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    /// Each of them.
    Always,
    /// So many, then none.
    First(usize),
    /// Just this one.
    Nth(usize),
}

/// What happens to a call. Answers have the form of the call's own protocol.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Refused for now: "Rate exceeded", or S3's `SlowDown`. Not forwarded.
    Throttle,
    /// HTTP 500 with AWS's code for it. Not forwarded.
    InternalError,
    /// Refused for want of a permission, named in the message. Not forwarded.
    AccessDenied,
    /// Any other error. Not forwarded.
    Error {
        /// AWS's code, such as `InsufficientS3BucketPolicyException`.
        code: String,
        /// The message for people.
        message: String,
        /// The HTTP status.
        status: u16,
    },
    /// The connection is reset, the call never arrives.
    ResetBefore,
    /// The call arrives and has its effect; the connection is reset in place
    /// of the answer.
    ResetAfter,
    /// The call is forwarded after this time.
    Delay(Duration),
    /// The call waits for [`super::Proxy::release`] and is forwarded then; if its
    /// client goes away meanwhile, it never arrives.
    Hold,
}

impl Fault {
    /// A fault of every matching call.
    pub(crate) fn on(matching: impl Into<Matching>, kind: Kind) -> Fault {
        Fault {
            matching: matching.into(),
            when: When::Always,
            kind,
        }
    }

    /// The same, of the first `count` calls only.
    pub(crate) fn first(self, count: usize) -> Fault {
        Fault {
            when: When::First(count),
            ..self
        }
    }

    /// The same, of the call with this number only, counted from 1.
    pub(crate) fn nth(self, number: usize) -> Fault {
        Fault {
            when: When::Nth(number),
            ..self
        }
    }
}

impl From<&str> for Matching {
    fn from(operation: &str) -> Matching {
        Matching::Operation(operation.to_owned())
    }
}

impl Matching {
    fn matches(&self, call: &Call) -> bool {
        match self {
            Matching::Operation(name) => *name == call.operation || *name == call.name(),
            Matching::Reads => !call.write,
            Matching::Writes => call.write,
            Matching::Any => true,
        }
    }
}

impl When {
    fn is_now(self, number: usize) -> bool {
        match self {
            When::Always => true,
            When::First(count) => number <= count,
            When::Nth(nth) => number == nth,
        }
    }
}

/// The faults that are set, each with the number of calls that it has matched.
#[derive(Default)]
pub(super) struct Faults(Mutex<Vec<(Fault, usize)>>);

impl Faults {
    pub(super) fn add(&self, fault: Fault) {
        locked(&self.0).push((fault, 0));
    }

    pub(super) fn clear(&self) {
        locked(&self.0).clear();
    }

    /// Counts a call and says what is to happen to it, if anything.
    pub(super) fn meet(&self, call: &Call) -> Option<Kind> {
        let mut first = None;
        for (fault, count) in locked(&self.0).iter_mut() {
            if fault.matching.matches(call) {
                *count += 1;
                if first.is_none() && fault.when.is_now(*count) {
                    first = Some(fault.kind.clone());
                }
            }
        }
        first
    }
}
