//! Bucket policies.

use serde_json::Value;
use winterbaume_core::MockResponse;
use winterbaume_s3::wire;

use super::{S3Request, access_denied, bucket, bucket_mut, empty};
use crate::judge::{is_public, statements, texts};
use crate::protocol::Failure;
use crate::route::Call;
use crate::state::State;

const POLICY_BYTES: usize = 20 * 1024;

pub(crate) fn put(state: &mut State, call: &Call, request: &S3Request) -> Result<MockResponse, Failure> {
    let policy = request.read(wire::deserialize_put_bucket_policy_request)?.policy;
    let bucket = bucket_mut(state, call, request)?;
    check(&policy, call, &request.bucket)?;
    let blocks = bucket
        .public_access_block
        .is_some_and(|it| it.block_public_policy);
    if blocks && is_public(&policy) {
        return Err(access_denied(bucket));
    }
    bucket.policy = Some(policy);
    Ok(empty(204))
}

fn no_policy() -> Failure {
    Failure::new(404, "NoSuchBucketPolicy", "The bucket policy does not exist")
}

pub(crate) fn get(state: &State, call: &Call, request: &S3Request) -> Result<MockResponse, Failure> {
    let bucket = bucket(state, call, request)?;
    let policy = bucket.policy.clone().ok_or_else(no_policy)?;
    Ok(MockResponse::rest_json(200, policy))
}

pub(crate) fn delete(state: &mut State, call: &Call, request: &S3Request) -> Result<MockResponse, Failure> {
    bucket_mut(state, call, request)?.policy = None;
    Ok(empty(204))
}

pub(crate) fn status(state: &State, call: &Call, request: &S3Request) -> Result<MockResponse, Failure> {
    let bucket = bucket(state, call, request)?;
    let policy = bucket.policy.as_deref().ok_or_else(no_policy)?;
    let status = wire::PolicyStatus {
        is_public: Some(is_public(policy)),
    };
    Ok(wire::serialize_get_bucket_policy_status_response(&status))
}

/// Refuses what S3 refuses in a bucket policy, with its own sentences.
fn check(policy: &str, call: &Call, bucket: &str) -> Result<(), Failure> {
    let malformed = |message: &str| Failure::bad("MalformedPolicy", message);
    if policy.len() > POLICY_BYTES {
        return Err(Failure::bad(
            "PolicyTooLarge",
            "The policy exceeds the maximum allowed document size.",
        ));
    }
    let document: Value = serde_json::from_str(policy)
        .map_err(|_| malformed("Policies must be valid JSON and the first byte must be '{'"))?;
    if !document.is_object() {
        return Err(malformed(
            "Policies must be valid JSON and the first byte must be '{'",
        ));
    }
    let list = statements(&document);
    if list.is_empty() {
        return Err(malformed("Missing required field Statement"));
    }
    let own = format!("arn:{}:s3:::{bucket}", call.partition());
    for statement in list {
        match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow" | "Deny") => {}
            Some(_) => return Err(malformed("Invalid effect")),
            None => return Err(malformed("Missing required field Effect")),
        }
        match statement.get("Principal").or(statement.get("NotPrincipal")) {
            None => return Err(malformed("Missing required field Principal")),
            Some(Value::String(who)) if who != "*" => {
                return Err(malformed("Invalid principal in policy"));
            }
            Some(_) => {}
        }
        let Some(action) = statement.get("Action").or(statement.get("NotAction")) else {
            return Err(malformed("Missing required field Action"));
        };
        let known = |it: &&str| *it == "*" || it.to_ascii_lowercase().starts_with("s3:");
        if !texts(action).iter().all(known) {
            return Err(malformed("Policy has invalid action"));
        }
        let Some(resource) = statement.get("Resource").or(statement.get("NotResource")) else {
            return Err(malformed("Missing required field Resource"));
        };
        let ours = |it: &&str| {
            *it == "*"
                || **it == own
                || it
                    .strip_prefix(&own)
                    .is_some_and(|rest| rest.starts_with(['/', '*']))
        };
        if !texts(resource).iter().all(ours) {
            return Err(malformed("Policy has invalid resource"));
        }
    }
    Ok(())
}
