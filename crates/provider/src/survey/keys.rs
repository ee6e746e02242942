use futures::future::try_join_all;
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::kinds::KeyState;
use trailwarden_spec::live::{Attention, Found};
use trailwarden_spec::{Kind, Object};

use super::{Part, Survey, has_own_statements};
use crate::aws::key;

impl Survey<'_> {
    /// Keys with their policies. Where neither spec nor index has a key, KMS is not asked.
    pub(super) async fn keys(&self) -> Result<Part, AccountError> {
        let named = self.named(Kind::Key);
        let wanted = named.iter().map(|name| async move {
            match self.wish(Kind::Key, name) {
                Some(_) => key::with_policy(self.aws, name).await,
                None => Ok(key::existing(self.aws, name).await?.into_iter().collect()),
            }
        });
        let left_over = async {
            let names = self.unnamed(Kind::Key, &named).await?;
            let parts = names.iter().map(|name| async move {
                let part = self.left_over_key(name).await;
                self.or_unreadable(Kind::Key, name, part)
            });
            try_join_all(parts).await
        };
        let (wanted, left_over) = futures::try_join!(try_join_all(wanted), left_over)?;
        let part = Part::of(wanted.into_iter().flatten().map(Some)).and(left_over);
        let mut attention = self.without_alias(&part).await?;
        attention.extend(part.found.iter().filter_map(|found| self.disabled(found)));
        attention.extend(self.closed_topics().await?);
        Ok(Part {
            attention: [part.attention, attention].concat(),
            ..part
        })
    }

    /// A key that is only referred to is not ours to enable.
    fn disabled(&self, found: &Found) -> Option<Attention> {
        let Object::Key(key) = &found.value else {
            return None;
        };
        let ours = self.wish(Kind::Key, &key.name).is_some() || found.owner.is_ours();
        (key.state == KeyState::Disabled && !ours).then(|| Attention {
            address: Some(found.value.address(&self.aws.scope)),
            code: "key-disabled",
            message: format!(
                "the key behind `alias/{}` is disabled: what is encrypted with it can be neither written nor read, so \
                 that deliveries fail; let its owner enable it",
                key.name
            ),
        })
    }

    /// A key of the stack that the spec names no more; none where it is on its way out already.
    async fn left_over_key(&self, name: &str) -> Result<Part, AccountError> {
        let found = key::with_policy(self.aws, name).await?;
        let ours = found
            .iter()
            .any(|found| found.value.kind() == Kind::Key && found.owner.is_ours() && !key::is_leaving(found));
        let matters = found
            .into_iter()
            .filter(|found| found.value.kind() == Kind::Key || has_own_statements(&found.value));
        Ok(Part::of(matters.filter(|_| ours).map(Some)))
    }

    /// Keys that bear the stack's mark and cost money, and that no alias leads to.
    async fn without_alias(&self, part: &Part) -> Result<Vec<Attention>, AccountError> {
        let index = self.index.clone().await?;
        let known = |arn: &str| {
            part.found
                .iter()
                .any(|found| found.facts.arn.as_deref() == Some(arn))
        };
        let stray: Vec<(&str, &str)> = index.keys().filter(|(arn, _)| !known(arn)).collect();
        let asked = stray.iter().map(|(arn, _)| async move {
            match key::has_no_alias(self.aws, arn).await {
                // Whoever may not read keys is told of each that seems to be left over.
                Err(error) if error.kind == ErrorKind::Denied => Ok(false),
                asked => asked,
            }
        });
        let asked = try_join_all(asked).await?;
        let stray = stray.into_iter().zip(asked).filter(|(_, alone)| *alone);
        Ok(stray
            .map(|((arn, name), _)| Attention {
                address: Some(self.aws.scope.address(Kind::Key, name)),
                code: "key-without-alias",
                message: format!(
                    "the key {arn} is of this stack and `alias/{name}` does not lead to it: give it the alias again \
                     (`aws kms create-alias`), or schedule its deletion if nothing is encrypted with it"
                ),
            })
            .collect())
    }
}
