use serde::Serialize;

use crate::compare::{Compare, Comparison, Shown, Verdict};
use crate::leaf::{Managed, Tags};
use crate::live::Facts;
use crate::{Address, Kind, Scope};

use super::{Resource, words};

words! {
    /// Whose the objects in a bucket are.
    ObjectOwnership {
        /// The bucket owner's; access lists have no effect.
        BucketOwnerEnforced = "BucketOwnerEnforced",
        /// The bucket owner's where the writer says so.
        BucketOwnerPreferred = "BucketOwnerPreferred",
        /// The writer's.
        ObjectWriter = "ObjectWriter",
    }
}

/// A bucket's default encryption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// With keys that S3 manages (`AES256`).
    Aes256,
    /// With a KMS key (`aws:kms`, `aws:kms:dsse`), shown as read and never written by this version.
    Kms(String),
}

impl Compare for Encryption {
    fn verdict(&self, live: &Self) -> Verdict {
        if self == live {
            Verdict::Same
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        Shown::Plain(match self {
            Self::Aes256 => "AES256".into(),
            Self::Kms(key) => key.clone(),
        })
    }
}

/// An S3 bucket for log files.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bucket {
    /// 3 to 63 of `[a-z0-9.-]`; unique in the whole partition.
    pub name: String,
    /// Where it is; fixed at creation.
    pub region: String,
    /// All four settings of the public access block.
    pub public_access_blocked: bool,
    /// Managed when written; a new bucket has `AES256`.
    pub encryption: Managed<Encryption>,
    /// Managed when written; a new bucket has it on, so that an overwritten log file is not lost.
    pub versioning: Managed<bool>,
    /// Managed when written; a new bucket enforces its owner.
    pub object_ownership: Managed<ObjectOwnership>,
    /// Tags.
    pub tags: Tags,
}

impl Resource for Bucket {
    const KIND: Kind = Kind::Bucket;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn complete(self, live: Option<(&Self, &Facts)>) -> Self {
        let live = live.map(|(live, _)| live);
        let Self {
            name,
            region,
            public_access_blocked,
            encryption,
            versioning,
            object_ownership,
            tags,
        } = self;
        Self {
            name,
            region,
            public_access_blocked,
            encryption: encryption.or_live(live.map(|l| &l.encryption), Encryption::Aes256),
            versioning: versioning.or_live(live.map(|l| &l.versioning), true),
            object_ownership: object_ownership.or_live(
                live.map(|l| &l.object_ownership),
                ObjectOwnership::BucketOwnerEnforced,
            ),
            tags: tags.complete(live.map(|l| &l.tags)),
        }
    }

    fn compare(&self, live: Option<&Self>, found: &mut Comparison) {
        let Self {
            name: _,
            region,
            public_access_blocked,
            encryption,
            versioning,
            object_ownership,
            tags,
        } = self;
        found.field("region", region, live.map(|l| &l.region));
        found.field(
            "public_access_blocked",
            public_access_blocked,
            live.map(|l| &l.public_access_blocked),
        );
        found.field("encryption", encryption, live.map(|l| &l.encryption));
        found.field("versioning", versioning, live.map(|l| &l.versioning));
        found.field(
            "object_ownership",
            object_ownership,
            live.map(|l| &l.object_ownership),
        );
        found.tags(tags, live.map(|l| &l.tags));
    }

    fn needs(&self, _scope: &Scope) -> Vec<Address> {
        Vec::new()
    }

    fn silences(&self, after: Option<&Self>) -> Option<String> {
        after
            .is_none()
            .then(|| "no log file can be delivered to it".into())
    }

    fn refuses(&self, live: &Self, _facts: &Facts) -> Option<String> {
        if live.region != self.region {
            return Some(format!(
                "it is in {}, the spec's region is {}, and a bucket cannot move; give it another name",
                live.region, self.region
            ));
        }
        None
    }

    fn tags(&self) -> Option<&Tags> {
        Some(&self.tags)
    }
}
