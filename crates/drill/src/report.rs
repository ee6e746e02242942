//! What a drill found.

use serde::Serialize;
use serde_json::{Value, json};
use trailwarden_prove::{Link, LinkKind};
use trailwarden_spec::Scope;
use trailwarden_spec::json::sorted;

/// Where an event can be seen on its way, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It is in the log group.
    LogGroup,
    /// The metric filter has counted it.
    Metric,
    /// The alarm has gone off.
    Alarm,
    /// The topic has told its subscriber.
    Notice,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::LogGroup, Self::Metric, Self::Alarm, Self::Notice];

    /// The words that people use for it.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::LogGroup => "log group",
            Self::Metric => "metric",
            Self::Alarm => "alarm",
            Self::Notice => "notice",
        }
    }

    /// The links that the event passes on the way from the stage before to this one.
    #[must_use]
    pub(crate) const fn links(self) -> &'static [LinkKind] {
        match self {
            Self::LogGroup => &[
                LinkKind::Trail,
                LinkKind::Selectors,
                LinkKind::Delivery,
                LinkKind::LogGroup,
            ],
            Self::Metric => &[LinkKind::Filter, LinkKind::Metric],
            Self::Alarm => &[LinkKind::Metric, LinkKind::Alarm],
            Self::Notice => &[LinkKind::Alarm, LinkKind::Topic],
        }
    }
}

/// A link that has seen the event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Passed {
    /// Which.
    pub stage: Stage,
    /// The name of the object.
    pub name: String,
    /// Milliseconds from the call until the drill saw it there: later than it came by one look at most.
    pub after: i64,
}

/// How a drill ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The notice arrived.
    Arrived,
    /// It did not get beyond a link.
    Stuck {
        /// The stage that did not see it; none if the drill could not begin.
        stage: Option<Stage>,
        /// The link, with the cause and the way out.
        link: Link,
        /// For how many seconds the drill waited there.
        waited: i64,
    },
    /// Somebody stopped it.
    Stopped,
}

/// What a drill found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The stack's name.
    pub stack: String,
    /// Account and region.
    pub scope: Scope,
    /// What tells this drill from others.
    pub run: String,
    /// The call, as `CloudTrail` names it: `sqs.amazonaws.com CreateQueue`.
    pub call: String,
    /// A synthetic record was written in place of a call.
    pub injected: bool,
    /// When the call was made, in milliseconds since 1970; none if it was not.
    pub at: Option<i64>,
    /// The links that saw it.
    pub passed: Vec<Passed>,
    /// How it ended.
    pub outcome: Outcome,
    /// What could not be taken back, and why.
    pub left: Vec<String>,
}

impl Report {
    /// For programs. Later versions only add to it.
    #[must_use]
    pub fn as_json(&self) -> Value {
        let (outcome, stuck) = match &self.outcome {
            Outcome::Arrived => ("arrived", Value::Null),
            Outcome::Stopped => ("stopped", Value::Null),
            Outcome::Stuck { stage, link, waited } => (
                "stuck",
                json!({
                    "before": stage,
                    "link": link.kind,
                    "name": link.name,
                    "cause": link.message,
                    "fix": link.fix,
                    "waited_seconds": waited,
                }),
            ),
        };
        let mut json = self.outline(outcome);
        if !stuck.is_null() {
            json["stuck"] = stuck;
        }
        sorted(json)
    }

    fn outline(&self, outcome: &str) -> Value {
        let passed: Vec<Value> = self
            .passed
            .iter()
            .map(|passed| json!({ "link": passed.stage, "name": passed.name, "after_ms": passed.after }))
            .collect();
        json!({
            "format": 1,
            "stack": self.stack,
            "account": self.scope.account,
            "region": self.scope.region,
            "run": self.run,
            "call": self.call,
            "injected": self.injected,
            "at": self.at,
            "passed": passed,
            "outcome": outcome,
            "left": self.left,
        })
    }
}
