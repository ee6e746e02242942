//! The settings of a bucket, which are read together.

use std::collections::BTreeMap;

use aws_sdk_s3::types::{
    BucketVersioningStatus, MfaDeleteStatus, ObjectOwnership as WireOwnership, ServerSideEncryption,
    ServerSideEncryptionRule,
};
use trailwarden_account::AccountError;
use trailwarden_spec::kinds::{Encryption, ObjectOwnership};
use trailwarden_spec::leaf::KeyRef;

use super::At;
use crate::door::{Absent, Api};

const GET_ENCRYPTION: Api = Api::read("s3", "GetBucketEncryption");

/// What S3 keeps of a bucket beside its name and region.
pub(super) struct Settings {
    pub(super) public_access_blocked: bool,
    pub(super) encryption: Encryption,
    pub(super) bucket_key: bool,
    pub(super) versioning: bool,
    pub(super) object_ownership: ObjectOwnership,
    pub(super) tags: BTreeMap<String, String>,
    /// Values that this version does not know.
    pub(super) inexpressible: Vec<String>,
}

impl Settings {
    pub(super) async fn read(
        bucket: &At<'_>,
        tags: Option<BTreeMap<String, String>>,
    ) -> Result<Self, AccountError> {
        let tags = async {
            match tags {
                Some(tags) => Ok(tags),
                None => bucket.tags().await,
            }
        };
        let (public_access_blocked, rule, (versioning, mfa_delete), ownership, tags) = futures::try_join!(
            public_access_blocked(bucket),
            encryption_rule(bucket),
            versioning(bucket),
            ownership(bucket),
            tags,
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
            tags,
            inexpressible,
        })
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
