use std::collections::{BTreeSet, HashMap};

use futures::future::try_join_all;
use trailwarden_account::AccountError;
use trailwarden_spec::leaf::Managed;
use trailwarden_spec::live::{Attention, Found};
use trailwarden_spec::{Kind, Object};

use super::{Part, Survey, has_own_statements};
use crate::aws::{subscription, topic, topic_policy};

impl Survey<'_> {
    /// Topics with their policies and subscriptions.
    pub(super) async fn topics(&self) -> Result<Part, AccountError> {
        let named = self.named(Kind::Topic);
        // A policy or subscription may be wanted on a topic that is only referred to.
        let mut all = named.clone();
        all.extend(self.named(Kind::TopicPolicy));
        all.extend(self.subscribed());
        let left_over = async {
            let names = self.unnamed(Kind::Topic, &all).await?;
            let parts = names.iter().map(|name| async move {
                let part = self.left_over_topic(name).await;
                self.or_unreadable(Kind::Topic, name, part)
            });
            try_join_all(parts).await
        };
        let asked = try_join_all(all.iter().map(|name| self.topic(name, named.contains(name))));
        let (asked, left_over) = futures::try_join!(asked, left_over)?;
        Ok(Part::default().and(asked).and(left_over))
    }

    /// The topics of the wanted subscriptions.
    fn subscribed(&self) -> BTreeSet<String> {
        let wishes = self.wanted.objects.values();
        wishes
            .filter_map(|wish| match &wish.object {
                Object::Subscription(subscription) => Some(subscription.topic.clone()),
                _ => None,
            })
            .collect()
    }

    async fn topic(&self, name: &str, named: bool) -> Result<Part, AccountError> {
        let aws = self.aws;
        let subscriptions = async {
            let managed = self.wish(Kind::Topic, name).is_some() || self.subscribed().contains(name);
            if managed {
                let wishes = self.wanted.objects.values();
                let wishes = wishes.filter_map(|wish| match &wish.object {
                    Object::Subscription(subscription) => Some(subscription),
                    _ => None,
                });
                subscription::list(aws, name, subscription::asked(wishes)).await
            } else {
                Ok(Vec::new())
            }
        };
        let wish = match self.wish(Kind::Topic, name).map(|wish| &wish.object) {
            Some(Object::Topic(topic)) => Some(topic),
            _ => None,
        };
        let (attributes, subscriptions, protection) = futures::try_join!(
            topic::attributes(aws, name),
            subscriptions,
            topic::data_protection(aws, name, wish)
        )?;
        let Some(attributes) = attributes else {
            return Ok(Part::default());
        };
        let mut part = Part::default();
        if named {
            let found = |tags| topic::found(aws, name, &attributes, protection.clone(), tags);
            part.found.push(
                self.tagged(Kind::Topic, name, found, topic::tags(aws, name))
                    .await?,
            );
        }
        if topic::uses_closed_key(&attributes) {
            part.attention.push(Attention {
                address: Some(aws.scope.address(Kind::Topic, name)),
                code: "topic-encrypted",
                message: format!(
                    "the topic `{name}` is encrypted with the key `alias/aws/sns`, which CloudWatch may not use: \
                     alarms go off and nobody is told; encrypt it with a key of your own whose policy lets \
                     cloudwatch.amazonaws.com decrypt and generate data keys, or take its encryption away"
                ),
            });
        }
        part.attention
            .extend(self.unheard(name, &attributes, &subscriptions));
        let wanted = self.wish(Kind::TopicPolicy, name).is_some();
        let policy = topic_policy::found(aws, name, &attributes);
        part.found
            .extend(policy.filter(|policy| wanted || has_own_statements(&policy.value)));
        part.attention
            .extend(subscriptions.iter().filter_map(|found| self.pending(found)));
        part.found.extend(subscriptions);
        Ok(part)
    }

    /// A topic that alarms of the spec notify and that tells nobody. Those whom the spec subscribes are
    /// told of one by one.
    fn unheard(
        &self,
        name: &str,
        attributes: &HashMap<String, String>,
        subscriptions: &[Found],
    ) -> Option<Attention> {
        let arn = self.aws.scope.topic_arn(name);
        let mut wishes = self.wanted.objects.values();
        let is_notified = wishes
            .any(|wish| matches!(&wish.object, Object::Alarm(alarm) if alarm.alarm_actions.contains(&arn)));
        // Nobody but drills hears of the canary.
        let is_canary = self.wanted.drill.as_ref().is_some_and(|drill| drill.name == name);
        if !is_notified || is_canary || self.subscribed().contains(name) {
            return None;
        }
        // The count of SNS lags behind its list, and the list is read of the spec's topics only.
        let counted = attributes.get("SubscriptionsConfirmed").map(String::as_str);
        let listed = |found: &Found| found.facts.confirmed == Some(true);
        if counted != Some("0") || subscriptions.iter().any(listed) {
            return None;
        }
        Some(Attention {
            address: Some(self.aws.scope.address(Kind::Topic, name)),
            code: "no-subscriber",
            message: format!(
                "nobody has a confirmed subscription to the topic `{name}`, so the alarms that notify it reach nobody; \
                 write a `[[topic.LABEL.subscription]]` or ask its owner who is to hear of them"
            ),
        })
    }

    fn pending(&self, found: &Found) -> Option<Attention> {
        let Object::Subscription(subscription) = &found.value else {
            return None;
        };
        let wish = self.wish(Kind::Subscription, &found.value.name())?;
        if found.facts.confirmed == Some(true) {
            return None;
        }
        let (endpoint, topic) = (&subscription.endpoint, &subscription.topic);
        let settings = match &wish.object {
            Object::Subscription(wish) if wish.settings.is_written() => {
                "; nor can its settings be read or changed before: they are compared then"
            }
            _ => "",
        };
        Some(Attention {
            address: Some(wish.object.address(&self.aws.scope)),
            code: "subscription-pending",
            message: format!(
                "{endpoint} has not confirmed the subscription to `{topic}` and is told of nothing until then; the \
                 link that SNS sent is good for about two days{settings}"
            ),
        })
    }

    /// A topic of the stack that the spec names no more goes with all that hangs on it.
    async fn left_over_topic(&self, name: &str) -> Result<Part, AccountError> {
        let aws = self.aws;
        let (attributes, tags, subscriptions) = futures::try_join!(
            topic::attributes(aws, name),
            topic::tags(aws, name),
            subscription::list(aws, name, |_| false)
        )?;
        let Some(attributes) = attributes else {
            return Ok(Part::default());
        };
        let found = topic::found(aws, name, &attributes, Managed::Leave, tags);
        if !found.owner.is_ours() {
            return Ok(Part::default());
        }
        let policy =
            topic_policy::found(aws, name, &attributes).filter(|policy| has_own_statements(&policy.value));
        Ok(Part::of(
            [Some(found), policy]
                .into_iter()
                .chain(subscriptions.into_iter().map(Some)),
        ))
    }
}
