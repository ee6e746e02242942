//! The settings of a bucket, which are read together.

use std::collections::BTreeMap;
use std::future::Future;

use aws_sdk_s3::types::{
    BucketVersioningStatus, MfaDeleteStatus, ObjectOwnership as WireOwnership, ServerSideEncryption,
    ServerSideEncryptionRule,
};
use trailwarden_account::AccountError;
use trailwarden_spec::kinds::{AccessLogging, Bucket, Encryption, Lifecycle, ObjectLock, ObjectOwnership};
use trailwarden_spec::leaf::{KeyRef, Managed};

use super::At;
use crate::door::{Absent, Api};

const GET_ENCRYPTION: Api = Api::read("s3", "GetBucketEncryption");

/// Which of the settings are read that few specs write: each is a call more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    lifecycle: bool,
    object_lock: bool,
    access_logging: bool,
}

impl Asked {
    /// All of them.
    pub(crate) const ALL: Self = Self {
        lifecycle: true,
        object_lock: true,
        access_logging: true,
    };
    /// None of them.
    pub(crate) const NONE: Self = Self {
        lifecycle: false,
        object_lock: false,
        access_logging: false,
    };

    /// Those that a spec writes. Versioning cannot be suspended under Object Lock.
    pub(crate) fn by(wish: &Bucket) -> Self {
        Self {
            lifecycle: wish.lifecycle.get().is_some(),
            object_lock: wish.object_lock.get().is_some() || wish.versioning.get() == Some(&false),
            access_logging: wish.access_logging.get().is_some(),
        }
    }
}

/// What S3 keeps of a bucket beside its name and region.
pub(super) struct Settings {
    pub(super) public_access_blocked: bool,
    pub(super) encryption: Encryption,
    pub(super) bucket_key: bool,
    pub(super) versioning: bool,
    pub(super) object_ownership: ObjectOwnership,
    pub(super) lifecycle: Managed<Option<Lifecycle>>,
    pub(super) object_lock: Managed<ObjectLock>,
    pub(super) access_logging: Managed<Option<AccessLogging>>,
    pub(super) tags: BTreeMap<String, String>,
    /// Values that this version does not know.
    pub(super) inexpressible: Vec<String>,
}

impl Settings {
    pub(super) async fn read(
        bucket: &At<'_>,
        tags: Option<BTreeMap<String, String>>,
        asked: Asked,
    ) -> Result<Self, AccountError> {
        let tags = async {
            match tags {
                Some(tags) => Ok(tags),
                None => bucket.tags().await,
            }
        };
        let (
            public_access_blocked,
            rule,
            (versioning, mfa_delete),
            ownership,
            tags,
            lifecycle,
            lock,
            logging,
        ) = futures::try_join!(
            public_access_blocked(bucket),
            encryption_rule(bucket),
            versioning(bucket),
            ownership(bucket),
            tags,
            if_asked(asked.lifecycle, bucket.lifecycle()),
            if_asked(asked.object_lock, bucket.object_lock()),
            if_asked(asked.access_logging, bucket.access_logging()),
        )?;
        let mut inexpressible = Vec::new();
        let bucket_key = rule.as_ref().and_then(|rule| rule.bucket_key_enabled) == Some(true);
        let by_default = rule.and_then(|rule| rule.apply_server_side_encryption_by_default);
        // Since January 2023 S3 encrypts every object with AES256 unless told otherwise.
        let encryption = by_default.map_or(Encryption::Aes256, |rule| match rule.sse_algorithm {
            ServerSideEncryption::Aes256 => Encryption::Aes256,
            other => {
                let known = matches!(
                    other,
                    ServerSideEncryption::AwsKms | ServerSideEncryption::AwsKmsDsse
                );
                if !known {
                    inexpressible.push(format!("default encryption `{}`", other.as_str()));
                }
                let key = rule.kms_master_key_id.as_deref();
                let key = key.map(|key| KeyRef::read(key, &bucket.aws.scope));
                match other {
                    ServerSideEncryption::AwsKmsDsse => Encryption::Dsse(key),
                    _ => Encryption::Kms(key),
                }
            }
        });
        let versioning = match versioning {
            Some(BucketVersioningStatus::Enabled) => true,
            Some(BucketVersioningStatus::Suspended) | None => false,
            Some(other) => {
                inexpressible.push(format!("versioning `{}`", other.as_str()));
                false
            }
        };
        let object_lock = match lock {
            Managed::Leave => Managed::Leave,
            Managed::Set((lock, unknown)) => {
                inexpressible.extend(unknown);
                Managed::Set(lock)
            }
        };
        if mfa_delete {
            inexpressible.push("MFA delete".into());
        }
        // A bucket without controls leaves its objects to who writes them.
        let ownership = ownership.unwrap_or(WireOwnership::ObjectWriter);
        let object_ownership = ObjectOwnership::from_word(ownership.as_str()).unwrap_or_else(|| {
            inexpressible.push(format!("object ownership `{}`", ownership.as_str()));
            ObjectOwnership::ObjectWriter
        });
        Ok(Self {
            public_access_blocked,
            encryption,
            bucket_key,
            versioning,
            object_ownership,
            lifecycle,
            object_lock,
            access_logging: logging,
            tags,
            inexpressible,
        })
    }
}

/// Reads a setting, or leaves it unread.
async fn if_asked<T>(
    asked: bool,
    read: impl Future<Output = Result<T, AccountError>>,
) -> Result<Managed<T>, AccountError> {
    if asked {
        read.await.map(Managed::Set)
    } else {
        Ok(Managed::Leave)
    }
}

async fn public_access_blocked(bucket: &At<'_>) -> Result<bool, AccountError> {
    let answer = bucket
        .call(Api::read("s3", "GetPublicAccessBlock"), || {
            let get = bucket.client.get_public_access_block().bucket(bucket.name);
            get.expected_bucket_owner(bucket.owner()).send()
        })
        .await
        .absent(&["NoSuchPublicAccessBlockConfiguration"])?;
    let block = answer.and_then(|answer| answer.public_access_block_configuration);
    Ok(block.is_some_and(|block| {
        [
            block.block_public_acls,
            block.ignore_public_acls,
            block.block_public_policy,
            block.restrict_public_buckets,
        ]
        .into_iter()
        .all(|setting| setting == Some(true))
    }))
}

pub(super) async fn encryption_rule(
    bucket: &At<'_>,
) -> Result<Option<ServerSideEncryptionRule>, AccountError> {
    let answer = bucket
        .call(GET_ENCRYPTION, || {
            let get = bucket.client.get_bucket_encryption().bucket(bucket.name);
            get.expected_bucket_owner(bucket.owner()).send()
        })
        .await
        .absent(&["ServerSideEncryptionConfigurationNotFoundError"])?;
    let configuration = answer.and_then(|answer| answer.server_side_encryption_configuration);
    Ok(configuration.and_then(|configuration| configuration.rules.into_iter().next()))
}

/// The status, and whether versions are deleted with a second factor only.
async fn versioning(bucket: &At<'_>) -> Result<(Option<BucketVersioningStatus>, bool), AccountError> {
    let answer = bucket
        .call(Api::read("s3", "GetBucketVersioning"), || {
            let get = bucket.client.get_bucket_versioning().bucket(bucket.name);
            get.expected_bucket_owner(bucket.owner()).send()
        })
        .await?;
    let mfa_delete = answer.mfa_delete == Some(MfaDeleteStatus::Enabled);
    Ok((answer.status, mfa_delete))
}

async fn ownership(bucket: &At<'_>) -> Result<Option<WireOwnership>, AccountError> {
    let answer = bucket
        .call(Api::read("s3", "GetBucketOwnershipControls"), || {
            let get = bucket.client.get_bucket_ownership_controls().bucket(bucket.name);
            get.expected_bucket_owner(bucket.owner()).send()
        })
        .await
        .absent(&["OwnershipControlsNotFoundError"])?;
    let controls = answer.and_then(|answer| answer.ownership_controls);
    Ok(controls
        .and_then(|controls| controls.rules.into_iter().next())
        .map(|rule| rule.object_ownership))
}
