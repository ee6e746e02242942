//! What an account does at the moment, beside how it is configured: whether deliveries arrive, in which
//! state alarms are, who would hear of a message.
//!
//! A plan needs none of this. Times are seconds since 1970.

use std::collections::BTreeMap;

use trailwarden_policy::Policy;

use crate::kinds::{LogGroup, Protocol, Trail};
use crate::leaf::{Document, Endpoint};
use crate::{Address, Object, Scope};

/// An answer that may not have been given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen<T> {
    /// What was read.
    Is(T),
    /// It is not there.
    Absent,
    /// The caller may not read it, or it is in another account: why, in the service's words.
    Hidden(String),
}

impl<T> Seen<T> {
    /// What was read, if anything was.
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Hidden(_) => None,
        }
    }
}

/// All that is known of how the links of a watch work.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// When it was gathered.
    pub at: i64,
    /// The trails that the home region shows: those of the spec, and all that deliver to a log group
    /// of a watch, whoever's. By ARN.
    pub trails: BTreeMap<String, TrailSeen>,
    /// The roles that those trails assume, by ARN.
    pub roles: BTreeMap<String, Seen<RoleSeen>>,
    /// The log groups of metric filters, by name.
    pub groups: BTreeMap<String, Seen<GroupSeen>>,
    /// The metric filters that feed the alarms of the spec, and those that it wants, as they are.
    pub filters: BTreeMap<Address, Object>,
    /// Alarms, metric and composite, by name: those of the spec, and all that these ask.
    pub alarms: BTreeMap<String, Seen<AlarmSeen>>,
    /// The topics that alarms notify, by ARN.
    pub topics: BTreeMap<String, Seen<TopicSeen>>,
}

/// A trail, and what became of its deliveries.
#[derive(Clone, Debug, PartialEq)]
pub struct TrailSeen {
    /// Its configuration; the selectors as far as they were read.
    pub trail: Trail,
    /// Where it is at home: another region or account for a shadow.
    pub home: Scope,
    /// What of its selectors cannot be expressed, so that nobody knows what it leaves out.
    pub inexpressible: Vec<String>,
    /// Its status in its home region (`GetTrailStatus`).
    pub status: Seen<TrailStatus>,
    /// Its status in other regions, where they were asked for.
    pub elsewhere: BTreeMap<String, Seen<TrailStatus>>,
}

/// What a region says of a trail (`GetTrailStatus`, which answers for one region).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrailStatus {
    /// It records.
    pub logging: bool,
    /// When it was last told to begin.
    pub started: Option<i64>,
    /// When it was last told to stop.
    pub stopped: Option<i64>,
    /// Log files to the bucket.
    pub files: Delivered,
    /// Events to the log group.
    pub events: Delivered,
    /// Digests to the bucket.
    pub digests: Delivered,
    /// Notices of log files to the topic.
    pub notices: Delivered,
}

/// What became of one sort of deliveries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// When the last one arrived; none if none ever did.
    pub last: Option<i64>,
    /// What the last attempt failed with.
    pub error: Option<String>,
}

/// A delivery role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleSeen {
    /// Who may assume it.
    pub trust: Policy,
    /// Its inline policies.
    pub inline: Vec<Policy>,
    /// The ARNs of the managed policies that are attached to it, which are not read.
    pub attached: Vec<String>,
    /// Its permissions boundary, which is not read either.
    pub boundary: Option<String>,
}

/// A log group, and what arrives in it.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupSeen {
    /// Its configuration.
    pub group: LogGroup,
    /// The time of the newest event that `CloudTrail` delivered for this account and region; CloudWatch
    /// Logs tells it up to an hour late. None if there is no such stream or it is empty.
    pub last_event: Option<i64>,
    /// The key that it is encrypted with.
    pub key: Option<Seen<KeySeen>>,
}

/// A KMS key that a service has to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySeen {
    /// Its ARN.
    pub arn: String,
    /// `Enabled`, `Disabled`, `PendingDeletion`, ...
    pub state: String,
    /// A key of AWS's own, whose policy nobody can change.
    pub of_aws: bool,
    /// Its policy.
    pub policy: Seen<Policy>,
}

/// An alarm and what it does.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmSeen {
    /// Its configuration: an `Alarm` or a `CompositeAlarm`.
    pub alarm: Object,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state: String,
    /// Since when it has that state.
    pub since: i64,
    /// Why, in AWS's words.
    pub reason: String,
    /// The newest action of its history (30 days), if that failed.
    pub failed_action: Seen<Option<FailedAction>>,
}

/// An action of an alarm that failed (`DescribeAlarmHistory`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedAction {
    /// When.
    pub at: i64,
    /// AWS's summary of it.
    pub summary: String,
}

/// A topic, and who hears of what is published to it.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicSeen {
    /// Its whole policy.
    pub policy: Policy,
    /// The key that it is encrypted with.
    pub key: Option<Seen<KeySeen>>,
    /// Its subscriptions.
    pub subscribers: Seen<Vec<Subscriber>>,
}

/// A subscription, seen from its topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Subscriber {
    /// How it delivers; none for a protocol that this version does not know.
    pub protocol: Option<Protocol>,
    /// Where to; masked in all that people read.
    pub endpoint: Endpoint,
    /// Whether it is told anything.
    pub state: SubscriberState,
    /// The filter policy on the message itself, where it has one: which alarms it is told of.
    pub filter: Option<Document>,
}

/// Whether a subscriber is told of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubscriberState {
    /// It is.
    Confirmed,
    /// Not yet: it has to confirm.
    Pending,
    /// Not any more; SNS lists it for up to three days.
    Deleted,
    /// It has confirmed, and still nothing arrives.
    Shut {
        /// Why.
        cause: String,
        /// The way out.
        fix: String,
    },
}

/// A call that changed something, as an account's event history has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// When, in seconds since 1970.
    pub at: i64,
    /// Who: an ARN, or the AWS service that did it.
    pub by: String,
    /// The call, such as `StopLogging`.
    pub event: String,
    /// Where it came from: an address, or the name of an AWS service.
    pub source_ip: Option<String>,
    /// The event's id, by which `cloudtrail lookup-events` finds it.
    pub event_id: String,
}
