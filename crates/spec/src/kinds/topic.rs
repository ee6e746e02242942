use serde::Serialize;

use crate::compare::Comparison;
use crate::leaf::{Managed, Tags};
use crate::live::Facts;
use crate::{Address, Kind, Scope};

use super::Resource;

mod settings;

pub use settings::{DeliveryStatus, DeliveryStatuses, Sample, SignatureVersion, TopicSettings, Tracing};

/// An SNS topic (`CreateTopic`, `SetTopicAttributes`).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Topic {
    /// 1 to 256 of `[A-Za-z0-9_-]`.
    pub name: String,
    /// The sender's name in e-mails and text messages; managed when written.
    pub display_name: Managed<String>,
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
            settings,
            tags,
        } = self;
        Self {
            name,
            display_name: display_name.or_live(live.map(|l| &l.display_name), String::new()),
            settings: settings.complete(live.map(|l| &l.settings)),
            tags: tags.complete(live.map(|l| &l.tags)),
        }
    }

    fn compare(&self, live: Option<&Self>, found: &mut Comparison) {
        let Self {
            name: _,
            display_name,
            settings,
            tags,
        } = self;
        let unset = live.is_none() && display_name.get().is_none_or(String::is_empty);
        if !unset {
            found.field("display_name", display_name, live.map(|l| &l.display_name));
        }
        settings.compare(live.map(|l| &l.settings), found);
        found.tags(tags, live.map(|l| &l.tags));
    }

    fn needs(&self, _scope: &Scope) -> Vec<Address> {
        Vec::new()
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
