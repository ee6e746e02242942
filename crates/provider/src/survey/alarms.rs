use std::collections::BTreeSet;

use futures::future::try_join_all;
use trailwarden_account::AccountError;
use trailwarden_spec::leaf::{Owner, Tags};
use trailwarden_spec::live::Live;
use trailwarden_spec::{Kind, Object};

use super::{Part, Survey};
use crate::aws::alarm::{self, Described};
use crate::index::Index;

impl Survey<'_> {
    /// Alarms by the stack's prefix, which covers all rules, and by name where it does not.
    pub(super) async fn alarms(&self) -> Result<Part, AccountError> {
        let composite = self.named(Kind::CompositeAlarm);
        let metric = self.named(Kind::Alarm);
        let named: BTreeSet<String> = metric.union(&composite).cloned().collect();
        let prefix = self.aws.prefix();
        let others: BTreeSet<String> = named
            .iter()
            .filter(|name| !name.starts_with(&prefix))
            .cloned()
            .collect();
        let left_over = async {
            let unnamed = self.unnamed(Kind::Alarm, &named).await?;
            alarm::named(
                self.aws,
                &unnamed
                    .into_iter()
                    .filter(|name| !name.starts_with(&prefix))
                    .collect(),
            )
            .await
        };
        let (ours, others, left_over) = futures::try_join!(
            alarm::with_prefix(self.aws, &prefix),
            alarm::named(self.aws, &others),
            left_over,
        )?;
        let all = ours.into_iter().chain(others).chain(left_over);
        let (wanted, unwanted): (Vec<_>, Vec<_>) = all.partition(|alarm| named.contains(alarm.name()));
        let wanted = wanted.iter().map(|described| {
            let name = described.name();
            // The two sorts share their names, so that one may be in the way of the other.
            let kind = match (metric.contains(name), composite.contains(name)) {
                (true, true) => described.kind(),
                (_, true) => Kind::CompositeAlarm,
                _ => Kind::Alarm,
            };
            let found = move |tags| described.found(self.aws, tags, kind);
            self.tagged(kind, name, found, alarm::tags(self.aws, name))
        });
        let (wanted, left_over) = futures::try_join!(try_join_all(wanted), self.left_over_alarms(unwanted))?;
        Ok(Part::of(wanted.into_iter().map(Some)).and(left_over))
    }

    /// Asks who else uses what the stack is about to leave: composite alarms without which AWS does not
    /// let an alarm go, and alarms on the metric of a filter.
    pub(super) async fn used(&self, live: &mut Live) -> Result<(), AccountError> {
        let aws = self.aws;
        let left = live
            .objects
            .iter_mut()
            .filter(|(address, found)| found.owner.is_ours() && !self.wanted.objects.contains_key(*address));
        let asked = left.map(|(_, found)| async move {
            match &found.value {
                Object::Alarm(_) | Object::CompositeAlarm(_) => {
                    found.facts.asked_by = alarm::asked_by(aws, &found.value.name()).await?;
                }
                Object::MetricFilter(filter) if filter.dimensions.is_empty() => {
                    found.facts.read_by = alarm::on_metric_of(aws, &filter.namespace, &filter.metric).await?;
                }
                _ => {}
            }
            Ok::<(), AccountError>(())
        });
        try_join_all(asked).await.map(drop)
    }

    /// Confirms by its own tags what seems left over. The prefix `acme-` also meets the alarms of a
    /// stack `acme-test`, maybe hundreds: those that the index knows as another's are not asked.
    async fn left_over_alarms(&self, candidates: Vec<Described>) -> Result<Vec<Part>, AccountError> {
        let aws = self.aws;
        let index = self.index.clone().await?;
        let unlisted = candidates
            .iter()
            .filter(|c| index.tags(Kind::Alarm, c.name()).is_none());
        let arns: Vec<String> = unlisted
            .map(|c| aws.scope.alarm_arn(c.name()).to_string())
            .collect();
        let others = Index::of_arns(aws, &arns).await?;
        let of_another = |described: &Described| {
            let tags = others
                .tags(Kind::Alarm, described.name())
                .cloned()
                .unwrap_or_default();
            matches!(
                Tags::from_wire(tags, &aws.stack).1,
                Owner::Stack(_) | Owner::CloudFormation(_)
            )
        };
        let asked = candidates
            .iter()
            .filter(|c| !of_another(c))
            .map(|described| async move {
                let name = described.name();
                let part = alarm::tags(aws, name).await.map(|tags| {
                    let found = described.found(aws, tags, described.kind());
                    Part::of([found.owner.is_ours().then_some(found)])
                });
                self.or_unreadable(described.kind(), name, part)
            });
        try_join_all(asked).await
    }
}
