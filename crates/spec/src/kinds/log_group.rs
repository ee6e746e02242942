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
    /// Managed when written; a new group can be deleted (`PutLogGroupDeletionProtection`).
    pub deletion_protection: Managed<bool>,
    /// The KMS key that new events are encrypted with; managed when written, a new group has none.
    pub key: Managed<Option<KeyRef>>,
    /// Tags.
    pub tags: Tags,
}

impl LogGroup {
    /// Why no metric filter can be put on it, if so.
    #[must_use]
    pub fn takes_no_filters(&self) -> Option<String> {
        let class = self.class.get().filter(|class| **class != LogClass::Standard)?;
        Some(format!(
            "its class is {class}, which has no metric filters and cannot be changed; give the log group another name"
        ))
    }
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
            deletion_protection,
            key,
            tags,
        } = self;
        Self {
            name,
            retention: retention.or_live(live.map(|l| &l.retention), Retention::Never),
            class: class.or_live(live.map(|l| &l.class), LogClass::Standard),
            deletion_protection: deletion_protection.or_live(live.map(|l| &l.deletion_protection), false),
            key: key.or_live(live.map(|l| &l.key), None),
            tags: tags.complete(live.map(|l| &l.tags)),
        }
    }

    fn compare(&self, live: Option<&Self>, found: &mut Comparison) {
        let Self {
            name: _,
            retention,
            class,
            deletion_protection,
            key,
            tags,
        } = self;
        found.field("retention_days", retention, live.map(|l| &l.retention));
        found.field("class", class, live.map(|l| &l.class));
        found.field(
            "deletion_protection",
            deletion_protection,
            live.map(|l| &l.deletion_protection),
        );
        found.field("kms_key", key, live.map(|l| &l.key));
        found.tags(tags, live.map(|l| &l.tags));
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
        let wanted = self.class.get().copied().unwrap_or(LogClass::Standard);
        let class = live.class.get().filter(|class| **class != wanted)?;
        Some(match (wanted, self.class.get()) {
            (LogClass::Standard, None) => format!(
                "its class is {class}, which has no metric filters and cannot be changed; give the log group another \
                 name, or write `class = \"{class}\"` if no rule is to count its events"
            ),
            _ => format!(
                "its class is {class}, the spec's is {wanted}, and a class cannot be changed; give the log group \
                 another name"
            ),
        })
    }

    fn keeps(&self) -> Option<String> {
        self.deletion_protection.get().filter(|on| **on).map(|_| {
            format!(
                "its deletion protection is on; `aws logs put-log-group-deletion-protection --log-group-identifier {} \
                 --no-deletion-protection-enabled` takes it off",
                self.name
            )
        })
    }

    fn tags(&self) -> Option<&Tags> {
        Some(&self.tags)
    }
}
