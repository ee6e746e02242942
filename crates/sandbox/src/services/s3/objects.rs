//! Objects: enough of them to make a bucket not empty.

use sha2::{Digest as _, Sha256};
use winterbaume_core::MockResponse;
use winterbaume_s3::wire;

use super::{S3Request, bucket, bucket_mut, empty};
use crate::protocol::{Failure, iso, set};
use crate::route::Call;
use crate::services::page;
use crate::state::{Object, State};

const PAGE: usize = 1000;

pub(crate) fn put(state: &mut State, call: &Call, request: &S3Request) -> Result<MockResponse, Failure> {
    let bucket = bucket_mut(state, call, request)?;
    let digest = Sha256::digest(&request.http.body);
    let tag: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let object = Object {
        size: request.http.body.len(),
        etag: format!("\"{tag}\""),
        modified: call.now,
    };
    let mut response = empty(200);
    set(&mut response.headers, "etag", &object.etag);
    set(
        &mut response.headers,
        "x-amz-server-side-encryption",
        &bucket.encryption.algorithm,
    );
    bucket.objects.insert(request.key.clone(), object);
    Ok(response)
}

/// Deletes an object for good; versions are not kept.
pub(crate) fn delete(state: &mut State, call: &Call, request: &S3Request) -> Result<MockResponse, Failure> {
    bucket_mut(state, call, request)?.objects.remove(&request.key);
    Ok(empty(204))
}

pub(crate) fn list(state: &State, call: &Call, request: &S3Request) -> Result<MockResponse, Failure> {
    let token = request
        .query
        .get("continuation-token")
        .or_else(|| request.query.get("start-after"));
    let (objects, next) = select(state, call, request, token)?;
    let contents: Vec<wire::Object> = objects
        .into_iter()
        .map(|(key, object)| wire::Object {
            e_tag: Some(object.etag.clone()),
            key: Some(key.clone()),
            last_modified: Some(iso(object.modified)),
            size: i64::try_from(object.size).ok(),
            storage_class: Some("STANDARD".to_owned()),
            ..wire::Object::default()
        })
        .collect();
    Ok(wire::serialize_list_objects_v2_response(
        &wire::ListObjectsV2Output {
            is_truncated: Some(next.is_some()),
            key_count: i32::try_from(contents.len()).ok(),
            max_keys: i32::try_from(max_keys(request)).ok(),
            contents: (!contents.is_empty()).then_some(contents),
            name: Some(request.bucket.clone()),
            next_continuation_token: next,
            prefix: Some(request.query.get("prefix").cloned().unwrap_or_default()),
            ..wire::ListObjectsV2Output::default()
        },
    ))
}

pub(crate) fn list_versions(
    state: &State,
    call: &Call,
    request: &S3Request,
) -> Result<MockResponse, Failure> {
    let (objects, next) = select(state, call, request, request.query.get("key-marker"))?;
    let versions: Vec<wire::ObjectVersion> = objects
        .into_iter()
        .map(|(key, object)| wire::ObjectVersion {
            e_tag: Some(object.etag.clone()),
            is_latest: Some(true),
            key: Some(key.clone()),
            last_modified: Some(iso(object.modified)),
            size: i64::try_from(object.size).ok(),
            storage_class: Some("STANDARD".to_owned()),
            version_id: Some("null".to_owned()),
            ..wire::ObjectVersion::default()
        })
        .collect();
    Ok(wire::serialize_list_object_versions_response(
        &wire::ListObjectVersionsOutput {
            is_truncated: Some(next.is_some()),
            max_keys: i32::try_from(max_keys(request)).ok(),
            name: Some(request.bucket.clone()),
            next_version_id_marker: next.as_ref().map(|_| "null".to_owned()),
            next_key_marker: next,
            prefix: Some(request.query.get("prefix").cloned().unwrap_or_default()),
            versions: (!versions.is_empty()).then_some(versions),
            ..wire::ListObjectVersionsOutput::default()
        },
    ))
}

type Selected<'s> = (Vec<(&'s String, &'s Object)>, Option<String>);

fn select<'s>(
    state: &'s State,
    call: &Call,
    request: &S3Request,
    after: Option<&String>,
) -> Result<Selected<'s>, Failure> {
    let prefix = request.query.get("prefix").map_or("", String::as_str);
    let objects = bucket(state, call, request)?
        .objects
        .iter()
        .filter(|(key, _)| key.starts_with(prefix));
    Ok(page(
        objects,
        |(key, _)| (*key).clone(),
        after.map(String::as_str),
        max_keys(request),
    ))
}

fn max_keys(request: &S3Request) -> usize {
    request
        .query
        .get("max-keys")
        .and_then(|text| text.parse().ok())
        .unwrap_or(PAGE)
        .min(PAGE)
}
