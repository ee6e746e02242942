//! What a proof is made of.

use serde::Serialize;
use trailwarden_spec::live::Attention;
use trailwarden_spec::{Address, Scope};

/// A link of a chain, in the order in which an event passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// A trail records.
    Trail,
    /// Its selectors let through what the filter looks for.
    Selectors,
    /// Its role lets it write to the log group, and it does.
    Delivery,
    /// The log group is there, takes filters, and receives events.
    LogGroup,
    /// The metric filter is there and counts what the spec says.
    Filter,
    /// The alarm reads what the filter counts.
    Metric,
    /// What a composite alarm asks is there.
    Children,
    /// The alarm is there, can go off, and tells.
    Alarm,
    /// The topic takes messages of alarms.
    Topic,
    /// Somebody hears what is published to the topic.
    Subscribers,
}

impl LinkKind {
    /// The words that people use for it.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Trail => "trail",
            Self::Selectors => "selectors",
            Self::Delivery => "delivery",
            Self::LogGroup => "log group",
            Self::Filter => "metric filter",
            Self::Metric => "metric",
            Self::Children => "alarms asked",
            Self::Alarm => "alarm",
            Self::Topic => "topic",
            Self::Subscribers => "subscribers",
        }
    }
}

/// What was found of a link. The order is that of gravity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// It works, as far as can be told from outside.
    Holds,
    /// Nobody can tell: it may not be read, or it is too early.
    Unknown,
    /// It works as soon as a person has done their part.
    Waits,
    /// Nothing passes.
    Broken,
}

/// One link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// Which.
    pub kind: LinkKind,
    /// The name of the object that it is about.
    pub name: String,
    /// What was found.
    pub state: LinkState,
    /// What holds, or the cause, or why it cannot be told; a fragment.
    pub message: String,
    /// The way out, where there is one.
    pub fix: Option<String>,
}

impl Link {
    pub(crate) fn holds(kind: LinkKind, name: &str, message: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            state: LinkState::Holds,
            message: message.into(),
            fix: None,
        }
    }

    pub(crate) fn not(
        state: LinkState,
        kind: LinkKind,
        name: &str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            state,
            message: message.into(),
            fix: Some(fix.into()),
        }
    }

    pub(crate) fn broken(
        kind: LinkKind,
        name: &str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self::not(LinkState::Broken, kind, name, message, fix)
    }

    pub(crate) fn unknown(
        kind: LinkKind,
        name: &str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self::not(LinkState::Unknown, kind, name, message, fix)
    }

    pub(crate) fn waits(
        kind: LinkKind,
        name: &str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self::not(LinkState::Waits, kind, name, message, fix)
    }
}

/// A confirmed subscriber at the end of a chain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Told {
    /// The topic's name.
    pub topic: String,
    /// How: `email`, `sqs`, ...
    pub protocol: String,
    /// Whom; masked where it is a secret.
    pub endpoint: String,
}

/// What comes of a whole chain. The order is that of gravity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The spec lets the alarm tell nobody: it is there to be asked by others.
    Quiet,
    /// No broken link was found, and somebody has confirmed.
    Reaches,
    /// A person has to do something first.
    Waits,
    /// An alert reaches nobody, or not all whom the spec says.
    Broken,
}

/// The chain of one alarm, from the events to the people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chain {
    /// What of the spec it belongs to: `rule.iam-changes`.
    pub origin: String,
    /// The alarm.
    pub alarm: Address,
    /// The alarm's state, as AWS writes it, and since when in seconds since 1970; none where it is not
    /// there or may not be read.
    pub state: Option<(String, i64)>,
    /// The links, in the order of [`LinkKind`].
    pub links: Vec<Link>,
    /// Who hears of it, if all links hold.
    pub told: Vec<Told>,
    /// True when the spec names nobody to tell.
    pub quiet: bool,
}

impl Chain {
    /// The first link that is broken: what is behind it matters only when it is mended.
    #[must_use]
    pub fn first_broken(&self) -> Option<&Link> {
        self.links.iter().find(|link| link.state == LinkState::Broken)
    }

    /// What comes of it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.links.iter().map(|link| link.state).max() {
            Some(LinkState::Broken) => Verdict::Broken,
            Some(LinkState::Waits) => Verdict::Waits,
            _ if self.quiet => Verdict::Quiet,
            _ => Verdict::Reaches,
        }
    }
}

/// How many chains have which end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Chains that end at a confirmed subscriber.
    pub reaches: usize,
    /// Chains that end at the alarm, as the spec says.
    pub quiet: usize,
    /// Chains that wait for a person.
    pub waits: usize,
    /// Chains with a broken link.
    pub broken: usize,
    /// Chains without a broken link of which a link could not be looked at.
    pub unknown: usize,
}

/// The whole proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The stack's name.
    pub stack: String,
    /// Account and region.
    pub scope: Scope,
    /// When the account was looked at, in seconds since 1970.
    pub at: i64,
    /// A chain for every alarm of the spec, by its origin and address.
    pub chains: Vec<Chain>,
    /// What a person has to look at beside the chains.
    pub attention: Vec<Attention>,
    /// What no API tells.
    pub unknown: Vec<String>,
}

impl Proof {
    /// How many chains have which end.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for chain in &self.chains {
            match chain.verdict() {
                Verdict::Reaches => summary.reaches += 1,
                Verdict::Quiet => summary.quiet += 1,
                Verdict::Waits => summary.waits += 1,
                Verdict::Broken => summary.broken += 1,
            }
            let unclear = chain.links.iter().any(|link| link.state == LinkState::Unknown);
            if unclear && chain.verdict() != Verdict::Broken {
                summary.unknown += 1;
            }
        }
        summary
    }

    /// What comes of all of it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let worst = self.chains.iter().map(Chain::verdict).max();
        worst.unwrap_or(Verdict::Quiet)
    }
}
