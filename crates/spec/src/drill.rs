//! What a drill goes through: a call of its own, and the objects that hear of it.

use crate::wanted::Stack;

/// What the objects of the drill are called by in plans: `drill`, after the spec's section.
pub const ORIGIN: &str = "drill";

/// What the spec declares with `[drill]`: a topic, a metric filter, a metric and an alarm of the same
/// name, which notice one call that nobody but a drill makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drill {
    /// The name of topic, filter, metric and alarm: `STACK-drill`.
    pub name: String,
    /// The log group through which real calls come.
    pub log_group: String,
    /// The log group into which synthetic records may be written, if there is one. No trail of the spec
    /// delivers there.
    pub test_log_group: Option<String>,
    /// The call that the drill makes.
    pub call: DrillCall,
}

/// A harmless call that `CloudTrail` records as a management event in the region that was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrillCall {
    /// `CreateQueue` makes the queue on which the drill waits for the notice: a write event ("Logging
    /// Amazon SQS API calls using `CloudTrail`").
    CreateQueue,
    /// `GetCallerIdentity` changes nothing: a read event, for trails that record those only.
    GetCallerIdentity,
}

impl DrillCall {
    /// The event's `eventSource` and `eventName`.
    #[must_use]
    pub const fn event(self) -> (&'static str, &'static str) {
        match self {
            Self::CreateQueue => ("sqs.amazonaws.com", "CreateQueue"),
            Self::GetCallerIdentity => ("sts.amazonaws.com", "GetCallerIdentity"),
        }
    }
}

impl Drill {
    /// What tells the calls of a drill from all others: it stands in the user agent of the SDK, as the
    /// application's name. `run` is what tells one drill from another.
    #[must_use]
    pub fn marker(stack: &Stack, run: &str) -> String {
        // A stack's name has no dot, so that no name is the beginning of another's marker.
        format!("trailwarden-drill.{}.{run}", stack.name)
    }

    /// What the names of the queues begin with on which drills of a stack wait. A stack's name has no
    /// underscore either; with eight characters of a run it fits into the 80 that SQS takes.
    #[must_use]
    pub fn queue_prefix(stack: &Stack) -> String {
        format!("{}-{ORIGIN}_", stack.name)
    }

    /// The pattern of the filter: the drill's call with the marker of any run.
    #[must_use]
    pub fn pattern(stack: &Stack, call: DrillCall) -> String {
        let (source, name) = call.event();
        format!(
            r#"{{ ($.eventSource = "{source}") && ($.eventName = "{name}") && ($.userAgent = "*{}*") }}"#,
            Self::marker(stack, "")
        )
    }

    /// The pattern that finds the call of one run among the events of a log group.
    #[must_use]
    pub fn pattern_of_run(stack: &Stack, run: &str) -> String {
        format!(r#"{{ $.userAgent = "*{}*" }}"#, Self::marker(stack, run))
    }
}
