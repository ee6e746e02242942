//! What a drill needs of an account: an ear at the canary's topic, a call of its own, and a way to take both
//! back.

use std::future::Future;

use trailwarden_spec::drill::Drill;

use crate::{AccountError, Operate};

/// What a drill makes for itself, and what one that was killed leaves behind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Temporary {
    /// A subscription of the canary's topic, by its ARN, and the name of its queue.
    Subscription {
        /// The ARN.
        arn: String,
        /// The queue's name.
        queue: String,
    },
    /// A queue, by its name.
    Queue {
        /// The name.
        name: String,
    },
    /// A log stream of the test log group.
    Stream {
        /// The group's name.
        group: String,
        /// The stream's name.
        name: String,
    },
}

impl Temporary {
    /// What it is, in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Self::Subscription { queue, .. } => format!("the subscription of the queue `{queue}`"),
            Self::Queue { name } => format!("the queue `{name}`"),
            Self::Stream { group, name } => format!("the log stream `{name}` in `{group}`"),
        }
    }
}

/// Works an account for a drill. `run` is eight hexadecimal digits that tell one drill from another; all that is
/// made bears it in its name, so that whatever becomes of a drill, what it made can be found.
pub trait Rehearse: Operate {
    /// Lists what drills of the stack have made and not taken back: subscriptions of the canary's topic, queues
    /// with the stack's mark, streams of the test log group. SNS and SQS list what is new within a minute.
    fn temporaries(&self, drill: &Drill)
    -> impl Future<Output = Result<Vec<Temporary>, AccountError>> + Send;

    /// Makes the queue of a run and lets the canary's topic send to it (`CreateQueue`). Where that is the call of
    /// the drill it bears the run's marker in its user agent.
    ///
    /// # Errors
    /// When the caller may not make queues.
    fn make_queue(
        &self,
        drill: &Drill,
        run: &str,
        marked: bool,
    ) -> impl Future<Output = Result<Temporary, AccountError>> + Send;

    /// Subscribes the queue of a run to the canary's topic (`Subscribe`), as which it needs no confirmation.
    ///
    /// # Errors
    /// When the topic is not there.
    fn subscribe_queue(
        &self,
        drill: &Drill,
        run: &str,
    ) -> impl Future<Output = Result<Temporary, AccountError>> + Send;

    /// Makes the drill's call with the run's marker in its user agent, where it is not the making of the queue.
    fn call_marked(&self, drill: &Drill, run: &str) -> impl Future<Output = Result<(), AccountError>> + Send;

    /// Writes a record into a stream of the run in the test log group (`CreateLogStream`, `PutLogEvents`). `at` is
    /// in milliseconds since 1970.
    ///
    /// # Errors
    /// When the group is not there, or takes no events of that time.
    fn inject(
        &self,
        group: &str,
        run: &str,
        at: i64,
        record: &str,
    ) -> impl Future<Output = Result<Temporary, AccountError>> + Send;

    /// The sum of the canary's metric between two times (`GetMetricStatistics`), in seconds since 1970.
    fn counted(
        &self,
        drill: &Drill,
        from: i64,
        to: i64,
    ) -> impl Future<Output = Result<f64, AccountError>> + Send;

    /// The state of the canary's alarm, as AWS writes it, and since when in seconds since 1970; none where it is
    /// not there.
    fn canary(
        &self,
        drill: &Drill,
    ) -> impl Future<Output = Result<Option<(String, i64)>, AccountError>> + Send;

    /// Takes what has come to the queue of a run (`ReceiveMessage`, `DeleteMessage`): the bodies.
    ///
    /// # Errors
    /// When the queue is gone.
    fn heard(&self, run: &str) -> impl Future<Output = Result<Vec<String>, AccountError>> + Send;

    /// Takes something back; done when it is gone already.
    fn take_back(&self, made: &Temporary) -> impl Future<Output = Result<(), AccountError>> + Send;
}
