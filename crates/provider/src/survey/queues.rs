use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::Object;
use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::Subscription;
use trailwarden_spec::live::Attention;

use super::{Part, Survey};
use crate::aws::queue::{self, Queue, QueueKey};

/// The wanted subscriptions of one queue, each with what the queue is to it.
type Uses<'a> = Vec<(&'a Subscription, &'static str)>;

/// What was looked at.
#[derive(Default)]
pub(super) struct LookedAt {
    /// The ARNs of queues.
    pub(super) queues: BTreeSet<String>,
    /// Those whose keys' policies could not be read, with what they call the key.
    pub(super) keys_not_read: BTreeMap<String, String>,
}

impl Survey<'_> {
    /// Looks whether the queues of the wanted subscriptions and the keys that they are encrypted with let
    /// SNS in, and says which were looked at. Those elsewhere are not asked for, and those that the caller
    /// may not read are passed over: a plan tells what their policies need.
    pub(super) async fn queues(&self) -> Result<(Part, LookedAt), AccountError> {
        let mut queues: BTreeMap<String, (Arn, Uses<'_>)> = BTreeMap::new();
        for wish in self.wanted.objects.values() {
            let Object::Subscription(subscription) = &wish.object else {
                continue;
            };
            for (queue, what) in subscription.queues() {
                if self.aws.scope.holds(&queue) {
                    let entry = queues.entry(queue.to_string());
                    let (_, uses) = entry.or_insert_with(|| (queue, Vec::new()));
                    uses.push((subscription, what));
                }
            }
        }
        let looks = queues.into_iter().map(|(text, (queue, uses))| async move {
            let found = match queue::look(self.aws, &queue).await {
                Err(error) if error.kind == ErrorKind::Denied => Queue::NotUnderstood,
                found => found?,
            };
            let key = match &found {
                Queue::There { key: Some(id), .. } => Some((id.as_str(), queue::key(self.aws, id).await?)),
                _ => None,
            };
            let attention: Vec<Attention> = uses
                .into_iter()
                .flat_map(|(subscription, what)| {
                    let of_queue = self.shut(&found, &queue, subscription, what);
                    let key = key.as_ref();
                    let of_key =
                        key.and_then(|(id, key)| self.shut_by_key(id, key, &queue, subscription, what));
                    [of_queue, of_key]
                })
                .flatten()
                .collect();
            let not_read = match key {
                Some((id, QueueKey::NotRead)) => Some((text.clone(), id.to_owned())),
                _ => None,
            };
            let looked_at = !matches!(found, Queue::NotUnderstood);
            Ok((attention, looked_at.then_some(text), not_read))
        });
        let mut part = Part::default();
        let mut seen = LookedAt::default();
        for (attention, queue, not_read) in try_join_all(looks).await? {
            part.attention.extend(attention);
            seen.queues.extend(queue);
            seen.keys_not_read.extend(not_read);
        }
        Ok((part, seen))
    }

    /// Says so where the key of a queue keeps SNS out.
    fn shut_by_key(
        &self,
        id: &str,
        key: &QueueKey,
        queue: &Arn,
        subscription: &Subscription,
        what: &str,
    ) -> Option<Attention> {
        let scope = &self.aws.scope;
        let topic = scope.topic_arn(&subscription.topic);
        let why = match key {
            QueueKey::NotRead => return None,
            QueueKey::OfAws => {
                "a key of AWS's own, which never lets SNS in: encrypt the queue with a key of yours whose \
                                policy has this statement, or with SQS's own encryption (`SqsManagedSseEnabled`)"
            }
            QueueKey::Policy(key, policy) if queue::key_lets_in(policy, key, queue, &topic) => return None,
            QueueKey::Policy(..) => {
                "whose policy does not let SNS in; it needs this statement, and none that denies the same"
            }
        };
        let statement = Subscription::statement_for_queue_key(&topic).to_json();
        Some(Attention {
            address: Some(Object::from(subscription.clone()).address(scope)),
            code: "queue-encrypted",
            message: format!(
                "{what} `{}` is encrypted with `{id}`, {why}; nothing arrives and nobody is told: {statement}",
                queue.name()
            ),
        })
    }

    /// Says so where SNS cannot send to a queue: nothing arrives and nobody is told.
    fn shut(&self, found: &Queue, queue: &Arn, subscription: &Subscription, what: &str) -> Option<Attention> {
        let scope = &self.aws.scope;
        let topic = scope.topic_arn(&subscription.topic);
        let statement = Subscription::statement_for_queue(&topic, &queue.to_string()).to_json();
        let (code, message) = match found {
            Queue::NotUnderstood => return None,
            Queue::Missing => (
                "queue-missing",
                format!(
                    "{what} `{}` is not there, so nothing arrives and nobody is told; make it, with this statement in \
                     its policy: {statement}",
                    queue.name()
                ),
            ),
            Queue::There { policy, .. } => (
                "queue-denies",
                format!(
                    "{what} `{}` does not let SNS in, so nothing arrives and nobody is told: {}; it needs this \
                     statement, and none that denies the same: {statement}",
                    queue.name(),
                    queue::hindrance(policy, queue, &topic)?
                ),
            ),
        };
        Some(Attention {
            address: Some(Object::from(subscription.clone()).address(scope)),
            code,
            message,
        })
    }
}
