use serde::Serialize;

use crate::compare::Comparison;
use crate::leaf::{Managed, Tags};
use crate::live::Facts;
use crate::{Address, Kind, Scope};

use super::{Resource, words};

words! {
    /// What can be done with a key (`KeyState`).
    KeyState {
        /// It encrypts and decrypts.
        Enabled = "Enabled",
        /// Nothing, until it is enabled.
        Disabled = "Disabled",
        /// Nothing: at the end of its waiting period it is deleted.
        PendingDeletion = "PendingDeletion",
        /// Nothing: a multi-Region key that is deleted after its replicas.
        PendingReplicaDeletion = "PendingReplicaDeletion",
        /// Nothing yet: its material is to be imported.
        PendingImport = "PendingImport",
        /// Nothing yet.
        Creating = "Creating",
        /// Nothing for a moment: its primary Region changes.
        Updating = "Updating",
        /// Nothing: its key store is not connected.
        Unavailable = "Unavailable",
    }
}

/// A symmetric KMS key, known by its alias (`CreateKey`, `CreateAlias`).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Key {
    /// The alias without `alias/`: 1 to 250 of `[A-Za-z0-9/_-]`, not beginning with `aws/`.
    pub name: String,
    /// Managed when written; a new key has none.
    pub description: Managed<String>,
    /// Enforced to be `Enabled`: what a disabled key encrypts is neither written nor read.
    pub state: KeyState,
    /// New key material by itself every [`Key::rotation_days`].
    pub rotation: bool,
    /// 90 to 2560 days; managed when written, and of no meaning without rotation.
    pub rotation_days: Managed<u32>,
    /// Tags.
    pub tags: Tags,
}

impl Key {
    /// The days between two rotations unless somebody says otherwise (`EnableKeyRotation`).
    pub const ROTATION_DAYS: u32 = 365;
}

impl Resource for Key {
    const KIND: Kind = Kind::Key;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn complete(self, live: Option<(&Self, &Facts)>) -> Self {
        let live = live.map(|(live, _)| live);
        Self {
            description: self
                .description
                .or_live(live.map(|l| &l.description), String::new()),
            rotation_days: self
                .rotation_days
                .or_live(live.map(|l| &l.rotation_days), Self::ROTATION_DAYS),
            tags: self.tags.complete(live.map(|l| &l.tags)),
            ..self
        }
    }

    fn compare(&self, live: Option<&Self>, found: &mut Comparison) {
        let Self {
            name: _,
            description,
            state,
            rotation,
            rotation_days,
            tags,
        } = self;
        let unset = live.is_none() && description.get().is_none_or(String::is_empty);
        if !unset {
            found.field("description", description, live.map(|l| &l.description));
        }
        if live.is_some() {
            found.field("state", state, live.map(|l| &l.state));
        }
        found.field("rotation", rotation, live.map(|l| &l.rotation));
        if *rotation {
            found.field("rotation_days", rotation_days, live.map(|l| &l.rotation_days));
        }
        found.tags(tags, live.map(|l| &l.tags));
    }

    fn needs(&self, _scope: &Scope) -> Vec<Address> {
        Vec::new()
    }

    fn silences(&self, after: Option<&Self>) -> Option<String> {
        match after {
            None => Some("what is encrypted with it is lost, and nothing more can be".into()),
            Some(after) if self.state == KeyState::Enabled && after.state != KeyState::Enabled => {
                Some("nothing can be encrypted with it or read, so deliveries fail".into())
            }
            Some(_) => None,
        }
    }

    fn refuses(&self, live: &Self, _facts: &Facts) -> Option<String> {
        let alias = format!("alias/{}", self.name);
        match live.state {
            KeyState::Enabled | KeyState::Disabled => None,
            KeyState::PendingDeletion | KeyState::PendingReplicaDeletion => Some(format!(
                "the key behind `{alias}` is to be deleted; keep it with `aws kms cancel-key-deletion`, or give the \
                 spec's key another name"
            )),
            other => Some(format!(
                "the key behind `{alias}` cannot be used: its state is {other}; give the spec's key another name"
            )),
        }
    }

    fn tags(&self) -> Option<&Tags> {
        Some(&self.tags)
    }
}
