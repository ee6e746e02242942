use serde::Serialize;

use crate::compare::Comparison;
use crate::leaf::{KeyRef, Managed, Tags};
use crate::live::Facts;
use crate::{Address, Kind, Scope};

use super::{Resource, key_and_policy};

mod settings;

pub use settings::{DeliveryStatus, DeliveryStatuses, Sample, SignatureVersion, TopicSettings, Tracing};

/// An SNS topic (`CreateTopic`, `SetTopicAttributes`).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Topic {
    /// 1 to 256 of `[A-Za-z0-9_-]`.
    pub name: String,
    /// The sender's name in e-mails and text messages; managed when written.
    pub display_name: Managed<String>,
    /// The KMS key that its messages are encrypted with; managed when written, a new topic has none.
    pub key: Managed<Option<KeyRef>>,
    /// What few specs write.
    #[serde(flatten)]
    pub settings: TopicSettings,
    /// Tags.
    pub tags: Tags,
}

impl Resource for Topic {
    const KIND: Kind = Kind::Topic;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn complete(self, live: Option<(&Self, &Facts)>) -> Self {
        let live = live.map(|(live, _)| live);
        let Self {
            name,
            display_name,
            key,
            settings,
            tags,
        } = self;
        Self {
            name,
            display_name: display_name.or_live(live.map(|l| &l.display_name), String::new()),
            key: key.or_live(live.map(|l| &l.key), None),
            settings: settings.complete(live.map(|l| &l.settings)),
            tags: tags.complete(live.map(|l| &l.tags)),
        }
    }

    fn compare(&self, live: Option<&Self>, found: &mut Comparison) {
        let Self {
            name: _,
            display_name,
            key,
            settings,
            tags,
        } = self;
        let unset = live.is_none() && display_name.get().is_none_or(String::is_empty);
        if !unset {
            found.field("display_name", display_name, live.map(|l| &l.display_name));
        }
        found.field("kms_key", key, live.map(|l| &l.key));
        settings.compare(live.map(|l| &l.settings), found);
        found.tags(tags, live.map(|l| &l.tags));
    }

    fn needs(&self, scope: &Scope) -> Vec<Address> {
        key_and_policy(self.key.get().and_then(Option::as_ref), scope)
    }

    fn silences(&self, after: Option<&Self>) -> Option<String> {
        after
            .is_none()
            .then(|| "its subscribers hear of nothing any more".into())
    }

    fn seen_by(self, earlier: &Self) -> Self {
        Self {
            settings: self.settings.seen_by(&earlier.settings),
            ..self
        }
    }

    fn tags(&self) -> Option<&Tags> {
        Some(&self.tags)
    }
}
