use serde::Serialize;

use crate::compare::{Compare, Comparison, Shown, Verdict};
use crate::leaf::{KeyRef, Managed, Tags};
use crate::live::Facts;
use crate::{Address, Kind, Scope};

use super::{Resource, key_and_policy, words};

mod access_logging;
mod lifecycle;
mod object_lock;

pub use access_logging::AccessLogging;
pub use lifecycle::{Lifecycle, StorageClass, Transition};
pub use object_lock::{DefaultRetention, LockMode, ObjectLock, Period};

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
    /// With a KMS key (`aws:kms`); without one with S3's own, `alias/aws/s3`.
    Kms(Option<KeyRef>),
    /// With a KMS key and twice (`aws:kms:dsse`), which this version keeps and never writes.
    Dsse(Option<KeyRef>),
}

impl Encryption {
    /// The KMS key, where one is named.
    #[must_use]
    pub fn key(&self) -> Option<&KeyRef> {
        match self {
            Self::Aes256 => None,
            Self::Kms(key) | Self::Dsse(key) => key.as_ref(),
        }
    }
}

impl Compare for Encryption {
    fn verdict(&self, live: &Self) -> Verdict {
        match (self, live) {
            (Self::Aes256, Self::Aes256) => Verdict::Same,
            (Self::Kms(key), Self::Kms(live)) | (Self::Dsse(key), Self::Dsse(live)) => key.verdict(live),
            _ => Verdict::Differs,
        }
    }
    fn shown(&self) -> Shown {
        let with = |word: &str, key: &Option<KeyRef>| match key.as_ref().and_then(KeyRef::name) {
            Some(name) => format!("{word} with {name}"),
            None => word.into(),
        };
        Shown::Plain(match self {
            Self::Aes256 => "AES256".into(),
            Self::Kms(key) => with("aws:kms", key),
            Self::Dsse(key) => with("aws:kms:dsse", key),
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
    /// One data key for many objects, which spares calls to KMS; managed when written and of no
    /// meaning without `aws:kms`, with which a new bucket has it on.
    pub bucket_key: Managed<bool>,
    /// Managed when written; a new bucket has it on, so that an overwritten log file is not lost.
    pub versioning: Managed<bool>,
    /// Managed when written; a new bucket enforces its owner.
    pub object_ownership: Managed<ObjectOwnership>,
    /// Managed when written; `None` is no rule of ours. Read only where the spec writes it, as are
    /// the two below.
    pub lifecycle: Managed<Option<Lifecycle>>,
    /// Managed when written.
    pub object_lock: Managed<ObjectLock>,
    /// Managed when written; `None` is no log.
    pub access_logging: Managed<Option<AccessLogging>>,
    /// Tags.
    pub tags: Tags,
}

impl Bucket {
    /// True when its Object Lock is known to be on.
    fn is_locking(&self) -> bool {
        self.object_lock.get().is_some_and(ObjectLock::is_on)
    }
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
            bucket_key,
            versioning,
            object_ownership,
            lifecycle,
            object_lock,
            access_logging,
            tags,
        } = self;
        Self {
            name,
            region,
            public_access_blocked,
            bucket_key: bucket_key.or_live(
                live.filter(|l| matches!(l.encryption.get(), Some(Encryption::Kms(_))))
                    .map(|l| &l.bucket_key),
                matches!(encryption, Managed::Set(Encryption::Kms(_))),
            ),
            encryption: encryption.or_live(live.map(|l| &l.encryption), Encryption::Aes256),
            versioning: versioning.or_live(live.map(|l| &l.versioning), true),
            object_ownership: object_ownership.or_live(
                live.map(|l| &l.object_ownership),
                ObjectOwnership::BucketOwnerEnforced,
            ),
            lifecycle: lifecycle.or_read(live.map(|l| &l.lifecycle), None),
            object_lock: match object_lock.or_read(live.map(|l| &l.object_lock), ObjectLock::Off) {
                // It cannot be switched off: what is left of it is what a wish for none ends at.
                Managed::Set(ObjectLock::Off) if live.is_some_and(Self::is_locking) => {
                    Managed::Set(ObjectLock::NoDefault)
                }
                object_lock => object_lock,
            },
            access_logging: access_logging.or_read(live.map(|l| &l.access_logging), None),
            tags: tags.complete(live.map(|l| &l.tags)),
        }
    }

    fn compare(&self, live: Option<&Self>, found: &mut Comparison) {
        let Self {
            name: _,
            region,
            public_access_blocked,
            encryption,
            bucket_key,
            versioning,
            object_ownership,
            lifecycle,
            object_lock,
            access_logging,
            tags,
        } = self;
        found.field("region", region, live.map(|l| &l.region));
        found.field(
            "public_access_blocked",
            public_access_blocked,
            live.map(|l| &l.public_access_blocked),
        );
        found.field("encryption", encryption, live.map(|l| &l.encryption));
        if matches!(encryption.get(), Some(Encryption::Kms(_))) {
            found.field("bucket_key", bucket_key, live.map(|l| &l.bucket_key));
        }
        found.field("versioning", versioning, live.map(|l| &l.versioning));
        found.field(
            "object_ownership",
            object_ownership,
            live.map(|l| &l.object_ownership),
        );
        found.field("lifecycle", lifecycle, live.map(|l| &l.lifecycle));
        found.field("object_lock", object_lock, live.map(|l| &l.object_lock));
        found.field("access_logging", access_logging, live.map(|l| &l.access_logging));
        found.tags(tags, live.map(|l| &l.tags));
    }

    fn needs(&self, scope: &Scope) -> Vec<Address> {
        // S3 checks that it is there, and drops the logs that its policy does not let in.
        let logging = self.access_logging.get().and_then(Option::as_ref);
        let logging = logging
            .map(|to| [Kind::Bucket, Kind::BucketPolicy].map(|kind| scope.address(kind, to.bucket.as_str())));
        let key = key_and_policy(self.encryption.get().and_then(Encryption::key), scope);
        logging.into_iter().flatten().chain(key).collect()
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
        let versioning = self.versioning.get();
        if versioning == Some(&false) && live.is_locking() {
            return Some(
                "Object Lock is on, which can never be switched off and needs versioning; take `versioning = false` \
                 away"
                    .into(),
            );
        }
        let locks = self
            .object_lock
            .get()
            .is_some_and(|lock| lock.retention().is_some());
        if locks && versioning.is_none() && live.versioning.get() == Some(&false) {
            return Some(
                "its versioning is off and Object Lock needs it; write `versioning = true` beside `object_lock`"
                    .into(),
            );
        }
        None
    }

    fn lasts(&self, live: Option<&Self>) -> Option<String> {
        let lock = |bucket: &Self| bucket.object_lock.get().copied().unwrap_or(ObjectLock::Off);
        let (wanted, held) = (lock(self), live.map_or(ObjectLock::Off, lock));
        let retention = wanted.retention().filter(|_| wanted != held)?;
        match retention.mode {
            LockMode::Compliance => Some(format!(
                "every file that is delivered from then on is locked for {}: nobody can delete it or shorten its lock, \
                 not the root user and not AWS, and the bucket stays as long",
                retention.period
            )),
            LockMode::Governance if !held.is_on() => Some(
                "Object Lock can never be switched off again, nor versioning suspended; `object_lock = \"none\"` ends \
                 the default retention only"
                    .into(),
            ),
            LockMode::Governance => None,
        }
    }

    fn seen_by(self, earlier: &Self) -> Self {
        let Self {
            lifecycle,
            object_lock,
            access_logging,
            ..
        } = &self;
        Self {
            lifecycle: lifecycle.clone().if_seen(&earlier.lifecycle),
            object_lock: object_lock.clone().if_seen(&earlier.object_lock),
            access_logging: access_logging.clone().if_seen(&earlier.access_logging),
            ..self
        }
    }

    fn tags(&self) -> Option<&Tags> {
        Some(&self.tags)
    }
}
