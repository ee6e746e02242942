use serde::Serialize;

use crate::arn::Arn;
use crate::compare::Comparison;
use crate::leaf::{Document, Managed};

use super::{DeliveryRetry, words};

words! {
    /// What a filter policy looks at.
    FilterScope {
        /// The attributes that are published beside a message. Alarms publish none.
        MessageAttributes = "MessageAttributes",
        /// The message, which must be JSON. Alarms' are.
        MessageBody = "MessageBody",
    }
}

/// The settings of a subscription, each managed when written and read only where the spec writes one
/// of them. Of one that is not confirmed SNS says and takes nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SubscriptionSettings {
    /// The message without SNS's envelope.
    pub raw_delivery: Managed<bool>,
    /// Which messages are delivered; `None` is all.
    pub filter_policy: Managed<Option<Document>>,
    /// What the filter policy looks at.
    pub filter_scope: Managed<FilterScope>,
    /// The queue that gets what cannot be delivered; `None` is none.
    pub dead_letter: Managed<Option<Arn>>,
    /// How often the endpoint is tried again; `None` is as its topic has it.
    pub delivery_retry: Managed<Option<DeliveryRetry>>,
}

impl SubscriptionSettings {
    /// True when one of them is written.
    #[must_use]
    pub fn is_written(&self) -> bool {
        let Self {
            raw_delivery,
            filter_policy,
            filter_scope,
            dead_letter,
            delivery_retry,
        } = self;
        raw_delivery.get().is_some()
            || filter_policy.get().is_some()
            || filter_scope.get().is_some()
            || dead_letter.get().is_some()
            || delivery_retry.get().is_some()
    }

    /// What a new subscription has.
    #[must_use]
    pub fn of_new() -> Self {
        Self::default().complete(None)
    }

    /// Fills in what the spec leaves alone.
    pub(super) fn complete(self, live: Option<&Self>) -> Self {
        let Self {
            raw_delivery,
            filter_policy,
            filter_scope,
            dead_letter,
            delivery_retry,
        } = self;
        Self {
            raw_delivery: raw_delivery.or_read(live.map(|l| &l.raw_delivery), false),
            filter_policy: filter_policy.or_read(live.map(|l| &l.filter_policy), None),
            filter_scope: filter_scope.or_read(live.map(|l| &l.filter_scope), FilterScope::MessageAttributes),
            dead_letter: dead_letter.or_read(live.map(|l| &l.dead_letter), None),
            delivery_retry: delivery_retry.or_read(live.map(|l| &l.delivery_retry), None),
        }
    }

    /// Holds every setting against the live one; what a new subscription has anyway is not told.
    pub(super) fn compare(&self, live: Option<&Self>, found: &mut Comparison) {
        let Self {
            raw_delivery,
            filter_policy,
            filter_scope,
            dead_letter,
            delivery_retry,
        } = self;
        if live.is_some() || raw_delivery.get() != Some(&false) {
            found.field("raw_delivery", raw_delivery, live.map(|l| &l.raw_delivery));
        }
        found.field("filter_policy", filter_policy, live.map(|l| &l.filter_policy));
        // Without a policy the scope means nothing, and SNS does not keep it.
        let filters = filter_policy.get().is_some_and(Option::is_some);
        if filters && (live.is_some() || filter_scope.get() != Some(&FilterScope::MessageAttributes)) {
            found.field("filter_scope", filter_scope, live.map(|l| &l.filter_scope));
        }
        found.field("dead_letter", dead_letter, live.map(|l| &l.dead_letter));
        found.field("delivery_retry", delivery_retry, live.map(|l| &l.delivery_retry));
    }

    /// What was read now as far as an earlier read looked.
    pub(super) fn seen_by(self, earlier: &Self) -> Self {
        let Self {
            raw_delivery,
            filter_policy,
            filter_scope,
            dead_letter,
            delivery_retry,
        } = self;
        Self {
            raw_delivery: raw_delivery.if_seen(&earlier.raw_delivery),
            filter_policy: filter_policy.if_seen(&earlier.filter_policy),
            filter_scope: filter_scope.if_seen(&earlier.filter_scope),
            dead_letter: dead_letter.if_seen(&earlier.dead_letter),
            delivery_retry: delivery_retry.if_seen(&earlier.delivery_retry),
        }
    }

    /// The filter policy that looks at messages themselves, if there is one.
    #[must_use]
    pub fn filter_of_bodies(&self) -> Option<&Document> {
        let of_bodies = self.filter_scope.get() == Some(&FilterScope::MessageBody);
        let policy = self.filter_policy.get()?.as_ref()?;
        (of_bodies && !policy.is_empty()).then_some(policy)
    }

    /// Whether a message without attributes, such as an alarm's, is delivered.
    #[must_use]
    pub fn lets_alarms_through(&self) -> bool {
        let of_attributes = self.filter_scope.get() != Some(&FilterScope::MessageBody);
        match self.filter_policy.get() {
            Some(Some(policy)) if of_attributes => fits_nothing(policy.object()),
            _ => true,
        }
    }
}

/// Whether a filter policy fits a message without attributes: each key must say
/// `{ "exists": false }` (AWS: "Subscription filter policies", key matching).
fn fits_nothing(policy: &serde_json::Map<String, serde_json::Value>) -> bool {
    policy.iter().all(|(key, values)| {
        let values = values.as_array().map(Vec::as_slice).unwrap_or_default();
        match key.as_str() {
            "$or" => values
                .iter()
                .filter_map(serde_json::Value::as_object)
                .any(fits_nothing),
            _ => values
                .iter()
                .any(|value| value.get("exists") == Some(&serde_json::Value::Bool(false))),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lets_through(policy: &str, scope: FilterScope) -> bool {
        let settings = SubscriptionSettings {
            filter_policy: Managed::Set(Some(Document::parse(policy).unwrap())),
            filter_scope: Managed::Set(scope),
            ..SubscriptionSettings::default()
        };
        settings.lets_alarms_through()
    }

    #[test]
    fn a_message_without_attributes_fits_what_asks_for_their_absence() {
        use FilterScope::{MessageAttributes, MessageBody};
        for (policy, through) in [
            ("{}", true),
            (r#"{"severity":["high"]}"#, false),
            (r#"{"severity":["high",{"exists":false}]}"#, true),
            (r#"{"severity":["high",{"exists":false}],"team":["a"]}"#, false),
            (r#"{"severity":[{"exists":true}]}"#, false),
            (r#"{"severity":[{"anything-but":["low"]}]}"#, false),
            (r#"{"$or":[{"a":["b"]},{"a":[{"exists":false}]}]}"#, true),
            (r#"{"$or":[{"a":["b"]},{"c":["d"]}]}"#, false),
        ] {
            assert_eq!(lets_through(policy, MessageAttributes), through, "{policy}");
            assert!(lets_through(policy, MessageBody), "{policy}");
        }
        assert!(SubscriptionSettings::default().lets_alarms_through());
    }
}
