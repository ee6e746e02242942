use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::Object;
use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::Subscription;
use trailwarden_spec::live::Attention;

use super::{Part, Survey};
use crate::aws::queue::{self, Queue};

/// The wanted subscriptions of one queue, each with what the queue is to it.
type Uses<'a> = Vec<(&'a Subscription, &'static str)>;

impl Survey<'_> {
    /// Looks whether the queues of the wanted subscriptions let SNS in, and says which were looked at.
    /// Those elsewhere are not asked for, and those that the caller may not read are passed over: a
    /// plan tells what their policies need.
    pub(super) async fn queues(&self) -> Result<(Part, BTreeSet<String>), AccountError> {
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
            let attention: Vec<Attention> = uses
                .into_iter()
                .filter_map(|(subscription, what)| self.shut(&found, &queue, subscription, what))
                .collect();
            let looked_at = !matches!(found, Queue::NotUnderstood);
            Ok((attention, looked_at.then_some(text)))
        });
        let mut part = Part::default();
        let mut seen = BTreeSet::new();
        for (attention, queue) in try_join_all(looks).await? {
            part.attention.extend(attention);
            seen.extend(queue);
        }
        Ok((part, seen))
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
            Queue::Policy(policy) => (
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
