use serde::Serialize;

use crate::compare::Comparison;
use crate::leaf::{KeyRef, Managed, Retention, Tags};
use crate::live::Facts;
use crate::{Address, Kind, Scope};

use super::{Resource, key_and_policy, words};

words! {
    /// A log group's class, fixed at its creation. Metric filters need `STANDARD`.
    LogClass {
        /// All features.
        Standard = "STANDARD",
        /// Cheaper, without metric filters.
        InfrequentAccess = "INFREQUENT_ACCESS",
        /// For delivery to other services only.
        Delivery = "DELIVERY",
    }
}

/// A `CloudWatch` Logs group (`CreateLogGroup`, `PutRetentionPolicy`).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogGroup {
    /// 1 to 512 of `[.\-_/#A-Za-z0-9]`, not beginning with `aws/`.
    pub name: String,
    /// Managed when written; a new group keeps its events for ever, as AWS does.
    pub retention: Managed<Retention>,
    /// Fixed at creation; a new group is `STANDARD`.
    pub class: Managed<LogClass>,
    /// The KMS key that new events are encrypted with; managed when written, a new group has none.
    pub key: Managed<Option<KeyRef>>,
    /// Tags.
    pub tags: Tags,
}

impl Resource for LogGroup {
    const KIND: Kind = Kind::LogGroup;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn complete(self, live: Option<(&Self, &Facts)>) -> Self {
        let live = live.map(|(live, _)| live);
        let Self {
            name,
            retention,
            class,
            key,
            tags,
        } = self;
        Self {
            name,
            retention: retention.or_live(live.map(|l| &l.retention), Retention::Never),
            class: class.or_live(live.map(|l| &l.class), LogClass::Standard),
            key: key.or_live(live.map(|l| &l.key), None),
            tags: tags.complete(live.map(|l| &l.tags)),
        }
    }

    fn compare(&self, live: Option<&Self>, found: &mut Comparison) {
        let Self {
            name: _,
            retention,
            class,
            key,
            tags,
        } = self;
        found.field("retention_days", retention, live.map(|l| &l.retention));
        found.field("class", class, live.map(|l| &l.class));
        found.field("kms_key", key, live.map(|l| &l.key));
        found.field("tags", tags, live.map(|l| &l.tags));
    }

    fn needs(&self, scope: &Scope) -> Vec<Address> {
        key_and_policy(self.key.get().and_then(Option::as_ref), scope)
    }

    fn silences(&self, after: Option<&Self>) -> Option<String> {
        after
            .is_none()
            .then(|| "its metric filters go with it; no rule on this group can fire".into())
    }

    fn refuses(&self, live: &Self, _facts: &Facts) -> Option<String> {
        let class = live.class.get().filter(|class| **class != LogClass::Standard)?;
        Some(format!(
            "its class is {class}, which has no metric filters and cannot be changed; give the log group another name"
        ))
    }

    fn tags(&self) -> Option<&Tags> {
        Some(&self.tags)
    }
}
