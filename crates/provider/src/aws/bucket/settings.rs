//! The settings of a bucket, read together and written one at a time.

use std::collections::BTreeMap;
use std::error::Error;
use std::future::Future;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    BucketVersioningStatus, ObjectOwnership as WireOwnership, OwnershipControls, OwnershipControlsRule,
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tagging, VersioningConfiguration,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use trailwarden_account::AccountError;
use trailwarden_spec::kinds::{Encryption, ObjectOwnership};

use super::super::known::{Known, built};
use super::super::{Aws, refusal};
use super::{tags_of, wire_tags};
use crate::door::{Absent, Api};

const GET_ENCRYPTION: Api = Api::read("s3", "GetBucketEncryption");
const PUT_ACCESS_BLOCK: Api = Api::write("s3", "PutPublicAccessBlock");
const PUT_ENCRYPTION: Api = Api::write("s3", "PutBucketEncryption");
const PUT_OWNERSHIP: Api = Api::write("s3", "PutBucketOwnershipControls");
const PUT_TAGGING: Api = Api::write("s3", "PutBucketTagging");
const PUT_VERSIONING: Api = Api::write("s3", "PutBucketVersioning");

/// What S3 keeps of a bucket beside its name and region.
pub(super) struct Settings {
    pub(super) public_access_blocked: bool,
    pub(super) encryption: Encryption,
    pub(super) versioning: bool,
    pub(super) object_ownership: ObjectOwnership,
    pub(super) tags: BTreeMap<String, String>,
    /// Values that this version does not know.
    pub(super) inexpressible: Vec<String>,
}

impl Settings {
    pub(super) async fn read(
        aws: &Aws,
        client: &Client,
        name: &str,
        tags: Option<BTreeMap<String, String>>,
    ) -> Result<Self, AccountError> {
        let tags = async {
            match tags {
                Some(tags) => Ok(tags),
                None => tags_of(aws, client, name).await,
            }
        };
        let (public_access_blocked, rule, versioning, ownership, tags) = futures::try_join!(
            public_access_blocked(aws, client, name),
            encryption_rule(aws, client, name),
            versioning(aws, client, name),
            ownership(aws, client, name),
            tags,
        )?;
        let mut inexpressible = Vec::new();
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
                Encryption::Kms(
                    rule.kms_master_key_id
                        .unwrap_or_else(|| other.as_str().to_owned()),
                )
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
        // A bucket without controls leaves its objects to who writes them.
        let ownership = ownership.unwrap_or(WireOwnership::ObjectWriter);
        let object_ownership = ObjectOwnership::from_word(ownership.as_str()).unwrap_or_else(|| {
            inexpressible.push(format!("object ownership `{}`", ownership.as_str()));
            ObjectOwnership::ObjectWriter
        });
        Ok(Self {
            public_access_blocked,
            encryption,
            versioning,
            object_ownership,
            tags,
            inexpressible,
        })
    }
}

async fn public_access_blocked(aws: &Aws, client: &Client, name: &str) -> Result<bool, AccountError> {
    let answer = aws
        .door
        .call(Api::read("s3", "GetPublicAccessBlock"), || {
            client
                .get_public_access_block()
                .bucket(name)
                .expected_bucket_owner(&aws.scope.account)
                .send()
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

async fn encryption_rule(
    aws: &Aws,
    client: &Client,
    name: &str,
) -> Result<Option<ServerSideEncryptionRule>, AccountError> {
    let answer = aws
        .door
        .call(GET_ENCRYPTION, || {
            client
                .get_bucket_encryption()
                .bucket(name)
                .expected_bucket_owner(&aws.scope.account)
                .send()
        })
        .await
        .absent(&["ServerSideEncryptionConfigurationNotFoundError"])?;
    let configuration = answer.and_then(|answer| answer.server_side_encryption_configuration);
    Ok(configuration.and_then(|configuration| configuration.rules.into_iter().next()))
}

async fn versioning(
    aws: &Aws,
    client: &Client,
    name: &str,
) -> Result<Option<BucketVersioningStatus>, AccountError> {
    let answer = aws
        .door
        .call(Api::read("s3", "GetBucketVersioning"), || {
            client
                .get_bucket_versioning()
                .bucket(name)
                .expected_bucket_owner(&aws.scope.account)
                .send()
        })
        .await?;
    Ok(answer.status)
}

async fn ownership(aws: &Aws, client: &Client, name: &str) -> Result<Option<WireOwnership>, AccountError> {
    let answer = aws
        .door
        .call(Api::read("s3", "GetBucketOwnershipControls"), || {
            client
                .get_bucket_ownership_controls()
                .bucket(name)
                .expected_bucket_owner(&aws.scope.account)
                .send()
        })
        .await
        .absent(&["OwnershipControlsNotFoundError"])?;
    let controls = answer.and_then(|answer| answer.ownership_controls);
    Ok(controls
        .and_then(|controls| controls.rules.into_iter().next())
        .map(|rule| rule.object_ownership))
}

/// Writes a bucket's settings. Whoever has one holds the bucket's turn.
pub(super) struct Write<'a> {
    pub(super) aws: &'a Aws,
    pub(super) name: &'a str,
    /// True after a create, when not all of S3 may know the bucket yet.
    pub(super) fresh: bool,
}

impl Write<'_> {
    async fn call<T, E, F, Fut>(&self, api: Api, send: F) -> Result<T, AccountError>
    where
        F: Fn() -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        T: Send,
    {
        let unseen = |error: &AccountError| self.fresh && error.is("NoSuchBucket");
        self.aws
            .door
            .call_until_visible(api, "all of S3 to know the new bucket", unseen, send)
            .await
    }

    pub(super) async fn public_access(&self, blocked: bool) -> Result<(), AccountError> {
        let block = PublicAccessBlockConfiguration::builder()
            .block_public_acls(blocked)
            .ignore_public_acls(blocked)
            .block_public_policy(blocked)
            .restrict_public_buckets(blocked)
            .build();
        self.call(PUT_ACCESS_BLOCK, || {
            let put = self.aws.s3.put_public_access_block().bucket(self.name);
            put.expected_bucket_owner(&self.aws.scope.account)
                .public_access_block_configuration(block.clone())
                .send()
        })
        .await
        .map(drop)
    }

    pub(super) async fn versioning(&self, enabled: bool) -> Result<(), AccountError> {
        let status = if enabled {
            BucketVersioningStatus::Enabled
        } else {
            BucketVersioningStatus::Suspended
        };
        let configuration = VersioningConfiguration::builder().status(status).build();
        self.call(PUT_VERSIONING, || {
            let put = self.aws.s3.put_bucket_versioning().bucket(self.name);
            put.expected_bucket_owner(&self.aws.scope.account)
                .versioning_configuration(configuration.clone())
                .send()
        })
        .await
        .map(drop)
    }

    pub(super) async fn encryption(&self, encryption: &Encryption) -> Result<(), AccountError> {
        if let Encryption::Kms(key) = encryption {
            let message =
                format!("this version does not write a default encryption with a KMS key (`{key}`)");
            return Err(refusal(PUT_ENCRYPTION, message));
        }
        let by_default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::Aes256)
            .build();
        let by_default = built(PUT_ENCRYPTION, by_default)?;
        // The call replaces the whole rule; what the rule says of blocked sorts of encryption stays.
        let mut rule = encryption_rule(self.aws, &self.aws.s3, self.name)
            .await?
            .unwrap_or_else(|| ServerSideEncryptionRule::builder().build());
        rule.apply_server_side_encryption_by_default = Some(by_default);
        let configuration = ServerSideEncryptionConfiguration::builder().rules(rule).build();
        let configuration = built(PUT_ENCRYPTION, configuration)?;
        self.call(PUT_ENCRYPTION, || {
            let put = self.aws.s3.put_bucket_encryption().bucket(self.name);
            let put = put.expected_bucket_owner(&self.aws.scope.account);
            put.server_side_encryption_configuration(configuration.clone())
                .send()
        })
        .await
        .map(drop)
    }

    pub(super) async fn ownership(&self, ownership: ObjectOwnership) -> Result<(), AccountError> {
        let rule = OwnershipControlsRule::builder().object_ownership(WireOwnership::from(ownership.as_str()));
        let controls = OwnershipControls::builder().rules(built(PUT_OWNERSHIP, rule.build())?);
        let controls = built(PUT_OWNERSHIP, controls.build())?;
        self.call(PUT_OWNERSHIP, || {
            let put = self.aws.s3.put_bucket_ownership_controls().bucket(self.name);
            put.expected_bucket_owner(&self.aws.scope.account)
                .ownership_controls(controls.clone())
                .send()
        })
        .await
        .map(drop)
    }

    /// S3 replaces all tags at once, so those of others, and `aws:` tags, which must not be missing
    /// from the new set, are written back as they are.
    pub(super) async fn tags(
        &self,
        live: BTreeMap<String, String>,
        put: &BTreeMap<String, String>,
        remove: &[String],
    ) -> Result<(), AccountError> {
        let mut tags = live.clone();
        tags.retain(|key, _| !remove.contains(key));
        tags.extend(put.clone());
        if tags == live {
            return Ok(());
        }
        if tags.is_empty() {
            let delete = self.call(Api::write("s3", "DeleteBucketTagging"), || {
                let delete = self.aws.s3.delete_bucket_tagging().bucket(self.name);
                delete.expected_bucket_owner(&self.aws.scope.account).send()
            });
            return delete.await.map(drop);
        }
        let set = Tagging::builder()
            .set_tag_set(Some(wire_tags(PUT_TAGGING, &tags)?))
            .build();
        let tagging = built(PUT_TAGGING, set)?;
        self.call(PUT_TAGGING, || {
            let put = self.aws.s3.put_bucket_tagging().bucket(self.name);
            put.expected_bucket_owner(&self.aws.scope.account)
                .tagging(tagging.clone())
                .send()
        })
        .await
        .map(drop)
    }
}
