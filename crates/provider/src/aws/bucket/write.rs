//! The settings of a bucket, which are written one at a time. Whoever writes holds the bucket's turn.

use std::collections::BTreeMap;

use aws_sdk_s3::types::{
    BucketVersioningStatus, ObjectOwnership as WireOwnership, OwnershipControls, OwnershipControlsRule,
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tagging, VersioningConfiguration,
};
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::kinds::{Encryption, ObjectOwnership};

use super::super::known::{Known, built};
use super::super::{keys, refusal};
use super::settings::encryption_rule;
use super::{At, wire_tags};
use crate::door::Api;

const PUT_ACCESS_BLOCK: Api = Api::write("s3", "PutPublicAccessBlock");
const PUT_ENCRYPTION: Api = Api::write("s3", "PutBucketEncryption");
const PUT_OWNERSHIP: Api = Api::write("s3", "PutBucketOwnershipControls");
const PUT_TAGGING: Api = Api::write("s3", "PutBucketTagging");
const PUT_VERSIONING: Api = Api::write("s3", "PutBucketVersioning");

impl At<'_> {
    pub(super) async fn put_public_access(&self, blocked: bool) -> Result<(), AccountError> {
        let block = PublicAccessBlockConfiguration::builder()
            .block_public_acls(blocked)
            .ignore_public_acls(blocked)
            .block_public_policy(blocked)
            .restrict_public_buckets(blocked)
            .build();
        self.call(PUT_ACCESS_BLOCK, || {
            let put = self.client.put_public_access_block().bucket(self.name);
            put.expected_bucket_owner(self.owner())
                .public_access_block_configuration(block.clone())
                .send()
        })
        .await
        .map(drop)
    }

    pub(super) async fn put_versioning(&self, enabled: bool) -> Result<(), AccountError> {
        let status = if enabled {
            BucketVersioningStatus::Enabled
        } else {
            BucketVersioningStatus::Suspended
        };
        let configuration = VersioningConfiguration::builder().status(status).build();
        self.call(PUT_VERSIONING, || {
            let put = self.client.put_bucket_versioning().bucket(self.name);
            put.expected_bucket_owner(self.owner())
                .versioning_configuration(configuration.clone())
                .send()
        })
        .await
        .map(drop)
    }

    pub(super) async fn put_encryption(
        &self,
        encryption: &Encryption,
        bucket_key: Option<&bool>,
    ) -> Result<(), AccountError> {
        let (algorithm, key) = match encryption {
            Encryption::Aes256 => (ServerSideEncryption::Aes256, None),
            Encryption::Kms(key) => (ServerSideEncryption::AwsKms, key.as_ref()),
            Encryption::Dsse(_) => {
                let message = "this version does not write a default encryption of the sort `aws:kms:dsse`";
                return Err(refusal(PUT_ENCRYPTION, message));
            }
        };
        let key = match key {
            Some(key) => Some(keys::written(self.aws, key).await?),
            None => None,
        };
        // The call replaces the whole rule; what the rule says of blocked sorts of encryption stays.
        let rule = encryption_rule(self).await?;
        let mut rule = rule.unwrap_or_else(|| ServerSideEncryptionRule::builder().build());
        // Without a word of it S3 encrypts so, too.
        let applied = rule.apply_server_side_encryption_by_default.as_ref();
        let plain = algorithm == ServerSideEncryption::Aes256;
        if plain && applied.is_none_or(|applied| applied.sse_algorithm == ServerSideEncryption::Aes256) {
            return Ok(());
        }
        if !plain {
            rule.bucket_key_enabled = bucket_key.copied().or(rule.bucket_key_enabled);
        }
        let by_default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(algorithm)
            .set_kms_master_key_id(key)
            .build();
        let by_default = built(PUT_ENCRYPTION, by_default)?;
        rule.apply_server_side_encryption_by_default = Some(by_default);
        let configuration = ServerSideEncryptionConfiguration::builder().rules(rule).build();
        let configuration = built(PUT_ENCRYPTION, configuration)?;
        self.call(PUT_ENCRYPTION, || {
            let put = self.client.put_bucket_encryption().bucket(self.name);
            let put = put.expected_bucket_owner(self.owner());
            put.server_side_encryption_configuration(configuration.clone())
                .send()
        })
        .await
        .map(drop)
    }

    pub(super) async fn put_ownership(&self, ownership: ObjectOwnership) -> Result<(), AccountError> {
        let rule = OwnershipControlsRule::builder().object_ownership(WireOwnership::from(ownership.as_str()));
        let controls = OwnershipControls::builder().rules(built(PUT_OWNERSHIP, rule.build())?);
        let controls = built(PUT_OWNERSHIP, controls.build())?;
        self.call(PUT_OWNERSHIP, || {
            let put = self.client.put_bucket_ownership_controls().bucket(self.name);
            put.expected_bucket_owner(self.owner())
                .ownership_controls(controls.clone())
                .send()
        })
        .await
        .map(drop)
    }

    /// S3 replaces all tags at once, so those of others, and `aws:` tags, which must not be missing
    /// from the new set, are written back as they are.
    pub(super) async fn put_tags(
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
                let delete = self.client.delete_bucket_tagging().bucket(self.name);
                delete.expected_bucket_owner(self.owner()).send()
            });
            return delete.await.map(drop).map_err(about_tagging);
        }
        let set = Tagging::builder()
            .set_tag_set(Some(wire_tags(PUT_TAGGING, &tags)?))
            .build();
        let tagging = built(PUT_TAGGING, set)?;
        let put = self.call(PUT_TAGGING, || {
            let put = self.client.put_bucket_tagging().bucket(self.name);
            put.expected_bucket_owner(self.owner())
                .tagging(tagging.clone())
                .send()
        });
        put.await.map(drop).map_err(about_tagging)
    }
}

/// A bucket whose tags decide about access takes them by another API. AWS documents no code for it.
fn about_tagging(error: AccountError) -> AccountError {
    let of_a_tag = error.is("InvalidTag") || error.is("MalformedXML");
    let named = ["ABAC", "TagResource"]
        .iter()
        .any(|word| error.message.contains(word));
    if named || (error.kind == ErrorKind::Refused && !of_a_tag) {
        let kind = error.kind;
        return error.known(
            kind,
            "if the bucket has attribute-based access control (ABAC) on, S3 takes its tags by s3control:TagResource \
             only, which trailwarden does not call: turn ABAC off (`aws s3api put-bucket-abac`), or leave the bucket's \
             tags as they are",
        );
    }
    error
}
