//! The settings of buckets that are one small document each.

use winterbaume_core::MockResponse;
use winterbaume_s3::wire;

use super::{S3Request, bucket, bucket_mut, empty};
use crate::protocol::Failure;
use crate::route::Call;
use crate::services::{TagProblem, add_tags};
use crate::state::{Encryption, PublicAccessBlock, State, Tags};

type Answer = Result<MockResponse, Failure>;

fn missing(code: &str, message: &str) -> Failure {
    Failure::new(404, code, message)
}

fn malformed() -> Failure {
    Failure::bad(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published \
         schema",
    )
}

pub(crate) fn put_public_access_block(state: &mut State, call: &Call, request: &S3Request) -> Answer {
    let input = request
        .read(wire::deserialize_put_public_access_block_request)?
        .public_access_block_configuration;
    // A value that is left out is false.
    bucket_mut(state, call, request)?.public_access_block = Some(PublicAccessBlock {
        block_public_acls: input.block_public_acls.unwrap_or(false),
        ignore_public_acls: input.ignore_public_acls.unwrap_or(false),
        block_public_policy: input.block_public_policy.unwrap_or(false),
        restrict_public_buckets: input.restrict_public_buckets.unwrap_or(false),
    });
    Ok(empty(200))
}

pub(crate) fn get_public_access_block(state: &State, call: &Call, request: &S3Request) -> Answer {
    let block = bucket(state, call, request)?.public_access_block.ok_or_else(|| {
        missing(
            "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found",
        )
    })?;
    Ok(wire::serialize_get_public_access_block_response(
        &wire::PublicAccessBlockConfiguration {
            block_public_acls: Some(block.block_public_acls),
            block_public_policy: Some(block.block_public_policy),
            ignore_public_acls: Some(block.ignore_public_acls),
            restrict_public_buckets: Some(block.restrict_public_buckets),
        },
    ))
}

pub(crate) fn delete_public_access_block(state: &mut State, call: &Call, request: &S3Request) -> Answer {
    bucket_mut(state, call, request)?.public_access_block = None;
    Ok(empty(204))
}

pub(crate) fn put_encryption(state: &mut State, call: &Call, request: &S3Request) -> Answer {
    let input = request
        .read(wire::deserialize_put_bucket_encryption_request)?
        .server_side_encryption_configuration;
    let [rule] = input.rules.as_slice() else {
        return Err(malformed());
    };
    let applied = rule
        .apply_server_side_encryption_by_default
        .as_ref()
        .ok_or_else(malformed)?;
    let algorithm = applied.s_s_e_algorithm.clone();
    let key = applied.k_m_s_master_key_i_d.clone();
    if !matches!(algorithm.as_str(), "AES256" | "aws:kms" | "aws:kms:dsse") {
        return Err(malformed());
    }
    if algorithm == "AES256" && key.is_some() {
        return Err(Failure::bad(
            "InvalidArgument",
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or \
             aws:kms:dsse",
        ));
    }
    bucket_mut(state, call, request)?.encryption = Encryption {
        algorithm,
        key,
        bucket_key: rule.bucket_key_enabled.unwrap_or(false),
    };
    Ok(empty(200))
}

pub(crate) fn get_encryption(state: &State, call: &Call, request: &S3Request) -> Answer {
    let encryption = &bucket(state, call, request)?.encryption;
    Ok(wire::serialize_get_bucket_encryption_response(
        &wire::ServerSideEncryptionConfiguration {
            rules: vec![wire::ServerSideEncryptionRule {
                apply_server_side_encryption_by_default: Some(wire::ServerSideEncryptionByDefault {
                    k_m_s_master_key_i_d: encryption.key.clone(),
                    s_s_e_algorithm: encryption.algorithm.clone(),
                }),
                blocked_encryption_types: None,
                bucket_key_enabled: Some(encryption.bucket_key),
            }],
        },
    ))
}

/// Encryption cannot be switched off: deleting the setting restores the default.
pub(crate) fn delete_encryption(state: &mut State, call: &Call, request: &S3Request) -> Answer {
    bucket_mut(state, call, request)?.encryption = Encryption::default();
    Ok(empty(204))
}

pub(crate) fn put_versioning(state: &mut State, call: &Call, request: &S3Request) -> Answer {
    let input = request
        .read(wire::deserialize_put_bucket_versioning_request)?
        .versioning_configuration;
    let status = input.status.ok_or_else(|| {
        Failure::bad(
            "IllegalVersioningConfigurationException",
            "The Versioning element must be specified",
        )
    })?;
    if !matches!(status.as_str(), "Enabled" | "Suspended") {
        return Err(malformed());
    }
    let bucket = bucket_mut(state, call, request)?;
    if bucket.object_lock.is_some() && status != "Enabled" {
        return Err(Failure::new(
            409,
            "InvalidBucketState",
            "An Object Lock configuration is present on this bucket, so the versioning state cannot be \
             changed.",
        ));
    }
    bucket.versioning = Some(status);
    Ok(empty(200))
}

pub(crate) fn get_versioning(state: &State, call: &Call, request: &S3Request) -> Answer {
    let bucket = bucket(state, call, request)?;
    Ok(wire::serialize_get_bucket_versioning_response(
        &wire::GetBucketVersioningOutput {
            m_f_a_delete: None,
            status: bucket.versioning.clone(),
        },
    ))
}

pub(crate) fn check_ownership(ownership: &str) -> Result<(), Failure> {
    match ownership {
        "BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter" => Ok(()),
        _ => Err(malformed()),
    }
}

pub(crate) fn put_ownership(state: &mut State, call: &Call, request: &S3Request) -> Answer {
    let input = request
        .read(wire::deserialize_put_bucket_ownership_controls_request)?
        .ownership_controls;
    let [rule] = input.rules.as_slice() else {
        return Err(malformed());
    };
    check_ownership(&rule.object_ownership)?;
    bucket_mut(state, call, request)?.ownership = Some(rule.object_ownership.clone());
    Ok(empty(200))
}

pub(crate) fn get_ownership(state: &State, call: &Call, request: &S3Request) -> Answer {
    let ownership = bucket(state, call, request)?.ownership.clone().ok_or_else(|| {
        missing(
            "OwnershipControlsNotFoundError",
            "The bucket ownership controls were not found",
        )
    })?;
    Ok(wire::serialize_get_bucket_ownership_controls_response(
        &wire::OwnershipControls {
            rules: vec![wire::OwnershipControlsRule {
                object_ownership: ownership,
            }],
        },
    ))
}

pub(crate) fn delete_ownership(state: &mut State, call: &Call, request: &S3Request) -> Answer {
    bucket_mut(state, call, request)?.ownership = None;
    Ok(empty(204))
}

/// Checks tags and puts them in order.
pub(crate) fn read_tags(tags: Vec<wire::Tag>) -> Result<Tags, Failure> {
    let count = tags.len();
    let mut read = Tags::new();
    let pairs = tags.into_iter().map(|tag| (tag.key, tag.value));
    add_tags(&mut read, pairs, |problem| match problem {
        TagProblem::TooMany => Failure::bad("BadRequest", "Bucket tag count cannot be greater than 50"),
        TagProblem::Invalid(message) => Failure::bad("InvalidTag", message),
    })?;
    if read.len() != count {
        return Err(Failure::bad(
            "InvalidTag",
            "Cannot provide multiple Tags with the same key",
        ));
    }
    Ok(read)
}

/// Replaces all of the tags.
pub(crate) fn put_tagging(state: &mut State, call: &Call, request: &S3Request) -> Answer {
    let input = request.read(wire::deserialize_put_bucket_tagging_request)?;
    let tags = read_tags(input.tagging.tag_set.items)?;
    bucket_mut(state, call, request)?.tags = tags;
    Ok(empty(204))
}

pub(crate) fn get_tagging(state: &State, call: &Call, request: &S3Request) -> Answer {
    let tags = &bucket(state, call, request)?.tags;
    if tags.is_empty() {
        return Err(missing("NoSuchTagSet", "The TagSet does not exist"));
    }
    let items: Vec<wire::Tag> = tags
        .iter()
        .map(|(key, value)| wire::Tag {
            key: key.clone(),
            value: value.clone(),
        })
        .collect();
    Ok(wire::serialize_get_bucket_tagging_response(
        &wire::GetBucketTaggingOutput {
            tag_set: Some(items.into()),
        },
    ))
}

pub(crate) fn delete_tagging(state: &mut State, call: &Call, request: &S3Request) -> Answer {
    bucket_mut(state, call, request)?.tags.clear();
    Ok(empty(204))
}
