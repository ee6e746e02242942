//! The kinds of objects, a page each: what an object of the kind is, which of its fields are
//! enforced and which are managed only when written, what it needs, and when a change to it blinds.
//!
//! To add a kind: write its page here, add a line to the table below and a page to the provider;
//! a missing half does not compile.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::compare::{Change, Comparison};
use crate::leaf::{KeyRef, Tags};
use crate::live::Facts;
use crate::{Address, Scope};

mod alarm;
mod bucket;
mod bucket_policy;
mod composite_alarm;
mod delivery_retry;
mod fields;
mod key;
mod key_policy;
mod log_group;
mod metric_filter;
mod role;
mod subscription;
mod subscription_settings;
mod topic;
mod topic_policy;
mod trail;

pub use alarm::{Alarm, LowSamples, MissingData, Operator, Query, QueryMetric, QueryOf, Source, Statistic};
pub use bucket::{
    AccessLogging, Bucket, DefaultRetention, Encryption, Lifecycle, LockMode, ObjectLock, ObjectOwnership,
    Period, StorageClass, Transition,
};
pub use bucket_policy::BucketPolicy;
pub use composite_alarm::{CompositeAlarm, Suppressor};
pub use delivery_retry::{Backoff, DeliveryPolicyOf, DeliveryRetry};
pub use fields::fields_of;
pub use key::{Key, KeyState};
pub use key_policy::{KeyPolicy, KeyUse};
pub use log_group::{LogClass, LogGroup};
pub use metric_filter::{MetricFilter, Unit};
pub use role::Role;
pub use subscription::{Protocol, Subscription};
pub use subscription_settings::{FilterScope, SubscriptionSettings};
pub use topic::{DeliveryStatus, DeliveryStatuses, Sample, SignatureVersion, Topic, TopicSettings, Tracing};
pub use topic_policy::{Guest, TopicPolicy};
pub use trail::{Delivery, Insight, ManagementEvents, SelectorForm, Trail};

/// What every kind knows of its objects.
///
/// The same type is used for what a spec wants and for what an account holds. In what an account
/// holds, and in what [`Resource::complete`] returns, every [`crate::leaf::Managed`] field is set, but
/// for those that are read only where the spec writes them.
pub trait Resource: Clone + fmt::Debug + PartialEq + Serialize {
    /// The kind.
    const KIND: Kind;

    /// The name in the object's [`Address`].
    fn name(&self) -> String;

    /// Fills in what the spec leaves alone: from the live object, or with the values that a new
    /// object begins with.
    #[must_use]
    fn complete(self, live: Option<(&Self, &Facts)>) -> Self;

    /// Holds every field against the live object's. Implementations destructure `self`, so that a
    /// new field cannot be forgotten.
    fn compare(&self, live: Option<&Self>, found: &mut Comparison);

    /// The objects that must be there before this one can be written, and that must not be taken
    /// away before it.
    fn needs(&self, scope: &Scope) -> Vec<Address>;

    /// Why going from `self` to `after` (`None`: to nothing) blinds the watch, if it does.
    fn silences(&self, after: Option<&Self>) -> Option<String>;

    /// Why this wish cannot be carried out on the live object: a fact that no update changes, or a
    /// loss that the spec does not ask for in so many words. `self` is what the spec says, before
    /// [`Resource::complete`].
    fn refuses(&self, _live: &Self, _facts: &Facts) -> Option<String> {
        None
    }

    /// What a person must know before `self` is written in the place of `live`, because no later write
    /// takes it back.
    fn lasts(&self, _live: Option<&Self>) -> Option<String> {
        None
    }

    /// Why AWS does not let the object be deleted as it is, and the way out.
    fn keeps(&self) -> Option<String> {
        None
    }

    /// What was read now as far as an earlier read looked, for kinds of which not all is read every
    /// time.
    #[must_use]
    fn seen_by(self, _earlier: &Self) -> Self {
        self
    }

    /// The state in between, for an object on which others lean while they change: it holds what
    /// is wanted and still all that was there. `None` when nothing is taken away.
    fn widened(&self, _live: &Self) -> Option<Self> {
        None
    }

    /// The object's tags, for kinds that have them.
    fn tags(&self) -> Option<&Tags> {
        None
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $sort:literal;)*) => {
        /// What an object is. The order is the one people read plans in: along the chain.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$doc])* $variant,)*
        }

        impl Kind {
            /// All kinds, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word used in specs, addresses and plans.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The words people use for it in a sentence.
            #[must_use]
            pub fn in_words(self) -> &'static str {
                match self { $(Self::$variant => $sort,)* }
            }
        }

        /// An object of any kind.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        #[expect(clippy::large_enum_variant, reason = "there are a few hundred of them, in maps")]
        pub enum Object {
            $($(#[$doc])* $variant($variant),)*
        }

        $(impl From<$variant> for Object {
            fn from(object: $variant) -> Self {
                Self::$variant(object)
            }
        })*

        impl Object {
            /// The object's kind.
            #[must_use]
            pub fn kind(&self) -> Kind {
                match self { $(Self::$variant(_) => Kind::$variant,)* }
            }

            /// The name in the object's [`Address`].
            #[must_use]
            pub fn name(&self) -> String {
                match self { $(Self::$variant(o) => o.name(),)* }
            }

            /// See [`Resource::complete`]. A live object of another kind counts as none.
            #[must_use]
            pub fn complete(self, live: Option<(&Self, &Facts)>) -> Self {
                match self { $(Self::$variant(o) => Self::$variant(o.complete(match live {
                    Some((Self::$variant(live), facts)) => Some((live, facts)),
                    _ => None,
                })),)* }
            }

            /// Every field that differs from the live object; every field that is set when there is
            /// none. See [`Resource::compare`].
            #[must_use]
            pub fn changes(&self, live: Option<&Self>) -> Vec<Change> {
                let mut found = Comparison::default();
                match self { $(Self::$variant(o) => o.compare(match live {
                    Some(Self::$variant(live)) => Some(live),
                    _ => None,
                }, &mut found),)* }
                found.finish()
            }

            /// See [`Resource::needs`].
            #[must_use]
            pub fn needs(&self, scope: &Scope) -> Vec<Address> {
                match self { $(Self::$variant(o) => o.needs(scope),)* }
            }

            /// See [`Resource::silences`].
            #[must_use]
            pub fn silences(&self, after: Option<&Self>) -> Option<String> {
                match (self, after) {
                    $((Self::$variant(o), Some(Self::$variant(after))) => o.silences(Some(after)),)*
                    $((Self::$variant(o), _) => o.silences(None),)*
                }
            }

            /// See [`Resource::refuses`].
            #[must_use]
            pub fn refuses(&self, live: &Self, facts: &Facts) -> Option<String> {
                match (self, live) {
                    $((Self::$variant(o), Self::$variant(live)) => o.refuses(live, facts),)*
                    _ => None,
                }
            }

            /// See [`Resource::lasts`].
            #[must_use]
            pub fn lasts(&self, live: Option<&Self>) -> Option<String> {
                match (self, live) {
                    $((Self::$variant(o), Some(Self::$variant(live))) => o.lasts(Some(live)),)*
                    $((Self::$variant(o), _) => o.lasts(None),)*
                }
            }

            /// See [`Resource::keeps`].
            #[must_use]
            pub fn keeps(&self) -> Option<String> {
                match self { $(Self::$variant(o) => o.keeps(),)* }
            }

            /// See [`Resource::seen_by`].
            #[must_use]
            pub fn seen_by(self, earlier: &Self) -> Self {
                match (self, earlier) {
                    $((Self::$variant(o), Self::$variant(earlier)) => Self::$variant(o.seen_by(earlier)),)*
                    (object, _) => object,
                }
            }

            /// See [`Resource::widened`].
            #[must_use]
            pub fn widened(&self, live: &Self) -> Option<Self> {
                match (self, live) {
                    $((Self::$variant(o), Self::$variant(live)) => o.widened(live).map(Self::$variant),)*
                    _ => None,
                }
            }

            /// See [`Resource::tags`].
            #[must_use]
            pub fn tags(&self) -> Option<&Tags> {
                match self { $(Self::$variant(o) => o.tags(),)* }
            }
        }
    };
}

kinds! {
    /// A KMS key, known by its alias.
    Key = "key", "KMS key";
    /// The stack's statements in a key's policy.
    KeyPolicy = "key_policy", "key policy";
    /// An S3 bucket that log files are delivered to.
    Bucket = "bucket", "bucket";
    /// The stack's statements in a bucket's policy.
    BucketPolicy = "bucket_policy", "bucket policy";
    /// A `CloudWatch` Logs group.
    LogGroup = "log_group", "log group";
    /// An IAM role that `CloudTrail` assumes to write to a log group.
    Role = "role", "role";
    /// A `CloudTrail` trail.
    Trail = "trail", "trail";
    /// A metric filter on a log group.
    MetricFilter = "metric_filter", "metric filter";
    /// An SNS topic.
    Topic = "topic", "topic";
    /// The stack's statements in a topic's policy.
    TopicPolicy = "topic_policy", "topic policy";
    /// A subscription to a topic.
    Subscription = "subscription", "subscription";
    /// A `CloudWatch` metric alarm.
    Alarm = "alarm", "alarm";
    /// A `CloudWatch` alarm on the states of other alarms.
    CompositeAlarm = "composite_alarm", "composite alarm";
}

impl Object {
    /// The object's address in a scope.
    #[must_use]
    pub fn address(&self, scope: &Scope) -> Address {
        scope.address(self.kind(), self.name())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| {
                let known = Self::ALL
                    .iter()
                    .map(|k| k.as_str())
                    .collect::<Vec<_>>()
                    .join(", ");
                format!("`{text}` is no kind; the kinds are {known}")
            })
    }
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What must be there before something is encrypted with a key: the key, and a policy that lets the
/// service use it.
fn key_and_policy(key: Option<&KeyRef>, scope: &Scope) -> Vec<Address> {
    let names = key.into_iter().flat_map(|key| key.names_in(scope));
    names
        .filter(|name| !name.starts_with("aws/"))
        .flat_map(|name| [Kind::Key, Kind::KeyPolicy].map(|kind| scope.address(kind, name)))
        .collect()
}

/// Enums whose variants have a word in specs and a word in the API, mostly the same. The word is the
/// last line of each variant's documentation.
macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $type { $(
            $(#[$vdoc])*
            #[doc = concat!("\n\n`", $word, "`.")]
            $variant,
        )* }

        impl $type {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word in specs and, unless said otherwise, in the API.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The variant that a word stands for.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl crate::compare::Compare for $type {
            fn verdict(&self, live: &Self) -> crate::compare::Verdict {
                if self == live { crate::compare::Verdict::Same } else { crate::compare::Verdict::Differs }
            }
            fn shown(&self) -> crate::compare::Shown {
                crate::compare::Shown::Plain(self.to_string())
            }
        }
    };
}
pub(crate) use words;
