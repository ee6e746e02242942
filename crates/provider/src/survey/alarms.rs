use std::collections::BTreeSet;

use futures::future::try_join_all;
use trailwarden_account::AccountError;
use trailwarden_spec::Kind;
use trailwarden_spec::leaf::{Owner, Tags};

use super::{Part, Survey};
use crate::aws::alarm::{self, Described};
use crate::index::Index;

impl Survey<'_> {
    /// Alarms by the stack's prefix, which covers all rules, and by name where it does not.
    pub(super) async fn alarms(&self) -> Result<Part, AccountError> {
        let named = self.named(Kind::Alarm);
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
        let (wanted, unwanted): (Vec<_>, Vec<_>) = all.partition(|alarm| named.contains(&alarm.alarm.name));
        let wanted = wanted.iter().map(|described| {
            let name = described.alarm.name.as_str();
            let found = |tags| described.found(self.aws, tags);
            self.tagged(Kind::Alarm, name, found, alarm::tags(self.aws, name))
        });
        let (wanted, left_over) = futures::try_join!(try_join_all(wanted), self.left_over_alarms(unwanted))?;
        Ok(Part::of(wanted.into_iter().map(Some)).and(left_over))
    }

    /// Confirms by its own tags what seems left over. The prefix `acme-` also meets the alarms of a
    /// stack `acme-test`, maybe hundreds: those that the index knows as another's are not asked.
    async fn left_over_alarms(&self, candidates: Vec<Described>) -> Result<Vec<Part>, AccountError> {
        let aws = self.aws;
        let index = self.index.clone().await?;
        let unlisted = candidates
            .iter()
            .filter(|c| index.tags(Kind::Alarm, &c.alarm.name).is_none());
        let arns: Vec<String> = unlisted
            .map(|c| aws.scope.alarm_arn(&c.alarm.name).to_string())
            .collect();
        let others = Index::of_arns(aws, &arns).await?;
        let of_another = |described: &Described| {
            let tags = others
                .tags(Kind::Alarm, &described.alarm.name)
                .cloned()
                .unwrap_or_default();
            matches!(
                Tags::from_wire(tags, &aws.stack).1,
                Owner::Stack(_) | Owner::CloudFormation(_)
            )
        };
        let asked =
            candidates
                .iter()
                .filter(|c| !c.composite && !of_another(c))
                .map(|described| async move {
                    let name = described.alarm.name.as_str();
                    let part = alarm::tags(aws, name).await.map(|tags| {
                        let found = described.found(aws, tags);
                        Part::of([found.owner.is_ours().then_some(found)])
                    });
                    self.or_unreadable(Kind::Alarm, name, part)
                });
        try_join_all(asked).await
    }
}
