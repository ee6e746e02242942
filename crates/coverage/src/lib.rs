//! Which controls of which standards a spec satisfies, and why it does not satisfy the others.
//!
//! **In** goes what a spec wants ([`Wanted`]). **Out** comes a [`Coverage`]: for
//! each [`Standard`] each of its controls with a [`Verdict`], what of the spec meets it, and what is in the
//! way, as the standard's own check would see it once the spec is applied: Security Hub compares texts,
//! Prowler looks for parts of them, the benchmark asks what they match.
//!
//! It is about the spec alone. Whether the account is as the spec says is `plan`'s question, and whether
//! an alert would arrive is `status`'s. What a spec cannot tell, such as whether a trail that it does not
//! have delivers to its log group, is [`Verdict::Unknown`] and never taken for met.
//!
//! It **never** asks an account and prints nothing.

mod chain;
mod prowler;
pub mod render;
mod standard;
mod trail;

use trailwarden_spec::wanted::Wanted;

pub use standard::Standard;

/// What becomes of a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The spec satisfies it.
    Met,
    /// The spec cannot tell: something is not the spec's.
    Unknown,
    /// The spec does not.
    Unmet,
}

impl Verdict {
    /// The word for it in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Unknown => "unknown",
            Self::Unmet => "unmet",
        }
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal, $verdict:ident;)*) => {
        /// The sorts of reasons for which a control is not met. Their names are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $($(#[doc = $doc])* $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name in JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// What it makes of a control that has no other reason.
            #[must_use]
            pub fn verdict(self) -> Verdict {
                match self {
                    $(Self::$name => Verdict::$verdict,)*
                }
            }
        }
    };
}

codes! {
    /// No filter of the spec is about it.
    NoFilter = "no-filter", Unmet;
    /// A filter means it, and its text is not the one that is compared.
    OtherText = "other-text", Unmet;
    /// A filter is about it and misses some of its events.
    MissesEvents = "misses-events", Unmet;
    /// Whether a filter matches all of its events could not be decided.
    Undecided = "undecided", Unknown;
    /// No alarm of the spec reads the filter's metric.
    NoAlarm = "no-alarm", Unmet;
    /// The alarm notifies no topic.
    NoTopic = "no-topic", Unmet;
    /// The alarm's actions are off.
    ActionsOff = "actions-off", Unmet;
    /// Nobody is subscribed to the topic.
    NoSubscriber = "no-subscriber", Unmet;
    /// The topic is not the spec's: who is subscribed to it is not known.
    TopicElsewhere = "topic-elsewhere", Unknown;
    /// The spec has no trail.
    NoTrail = "no-trail", Unknown;
    /// No trail of the spec delivers to the filter's log group.
    TrailElsewhere = "trail-elsewhere", Unknown;
    /// The trail does not record.
    NotLogging = "not-logging", Unmet;
    /// The trail records the events of one region only.
    OneRegion = "one-region", Unmet;
    /// The trail does not record all management events.
    NotAllEvents = "not-all-events", Unmet;
    /// The trail leaves the management events of a service out.
    ExcludedSource = "excluded-source", Unmet;
    /// The trail writes no digests of its log files.
    NoValidation = "no-validation", Unmet;
    /// The trail's log files are encrypted with no KMS key.
    NoKey = "no-key", Unmet;
    /// The trail delivers to no log group.
    NoLogGroup = "no-log-group", Unmet;
    /// The bucket is not the spec's: its settings are not known.
    BucketElsewhere = "bucket-elsewhere", Unknown;
    /// Access to the bucket is not logged.
    NoAccessLogging = "no-access-logging", Unmet;
    /// Events of S3 objects are not recorded, or not of all buckets.
    NoObjectEvents = "no-object-events", Unmet;
    /// The spec has no alarm.
    NoAlarms = "no-alarms", Unmet;
    /// The log group keeps its events for less than a year.
    ShortRetention = "short-retention", Unmet;
    /// The spec does not say how long the log group keeps its events.
    UnsaidRetention = "unsaid-retention", Unknown;
}

/// Why a control is not met.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// Which sort.
    pub code: Code,
    /// What it is about, as people call it: `rule.root-use`. None where nothing of the spec is.
    pub origin: Option<String>,
    /// What is in the way, with the way out, in one lowercase fragment.
    pub message: String,
}

impl Reason {
    fn new(code: Code, origin: Option<&str>, message: impl Into<String>) -> Self {
        Self {
            code,
            origin: origin.map(str::to_owned),
            message: message.into(),
        }
    }
}

/// One control, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Its name in the standard: `4.3`, `CloudWatch.1`, the name of a check.
    pub id: String,
    /// What it asks for.
    pub title: String,
    /// What becomes of it.
    pub verdict: Verdict,
    /// What of the spec meets it, as people call it; empty where it is not met.
    pub by: Vec<String>,
    /// Why it is not met; empty where it is.
    pub reasons: Vec<Reason>,
}

impl Control {
    fn new(id: impl Into<String>, title: impl Into<String>, found: Found) -> Self {
        let Found { mut by, mut reasons } = found;
        reasons.sort();
        reasons.dedup();
        by.sort();
        by.dedup();
        let verdict = reasons.iter().map(|reason| reason.code.verdict()).max();
        Self {
            id: id.into(),
            title: title.into(),
            verdict: verdict.unwrap_or(Verdict::Met),
            by: if reasons.is_empty() { by } else { Vec::new() },
            reasons,
        }
    }
}

/// What was found of a control: what meets it, and what is in the way.
#[derive(Clone, Debug, Default)]
struct Found {
    by: Vec<String>,
    reasons: Vec<Reason>,
}

/// A standard, control by control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// Which.
    pub standard: Standard,
    /// Whether it was asked for by name, so that it has to be met.
    pub required: bool,
    /// Its controls in their order.
    pub controls: Vec<Control>,
}

impl Covered {
    /// How many controls are met.
    #[must_use]
    pub fn met(&self) -> usize {
        let met = |control: &&Control| control.verdict == Verdict::Met;
        self.controls.iter().filter(met).count()
    }

    /// True when all of them are.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.met() == self.controls.len()
    }
}

/// What a spec covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The stack's name.
    pub stack: String,
    /// The twelve digits of the account.
    pub account: String,
    /// The code of the region.
    pub region: String,
    /// Standard by standard.
    pub standards: Vec<Covered>,
}

impl Coverage {
    /// True when every standard that was asked for by name is met.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.standards.iter().all(|one| !one.required || one.is_met())
    }
}

/// Holds a spec against standards: those that are `required`, or all of them where none is.
#[must_use]
pub fn cover(wanted: &Wanted, required: &[Standard]) -> Coverage {
    let spec = chain::Spec::new(wanted);
    let asked = |standard: &Standard| required.is_empty() || required.contains(standard);
    let standards = Standard::ALL.into_iter().filter(asked);
    let scope = &wanted.stack.scope;
    Coverage {
        stack: wanted.stack.name.clone(),
        account: scope.account.clone(),
        region: scope.region.clone(),
        standards: standards
            .map(|standard| Covered {
                standard,
                required: required.contains(&standard),
                controls: standard.controls(&spec),
            })
            .collect(),
    }
}
