//! Objects: their bodies are in the vault, the state has the rest of them.

use std::collections::BTreeSet;
use std::io;

use sha2::{Digest as _, Sha256};
use winterbaume_core::MockResponse;
use winterbaume_s3::wire;

use super::{S3Request, bucket, bucket_mut, empty};
use crate::protocol::{Failure, iso, percent_encode, set};
use crate::route::Call;
use crate::services::page;
use crate::state::{Object, State};

const PAGE: usize = 1000;

/// Keeps a body and makes the object that refers to it.
pub(crate) fn keep(state: &State, now: i64, body: &[u8]) -> io::Result<Object> {
    let digest = Sha256::digest(body);
    let tag: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Ok(Object {
        size: body.len(),
        etag: format!("\"{tag}\""),
        modified: now,
        blob: state.vault.put(body)?,
        ..Object::default()
    })
}

pub(crate) fn put(state: &mut State, call: &Call, request: &S3Request) -> Result<MockResponse, Failure> {
    bucket(state, call, request)?;
    let kept = keep(state, call.now, &request.http.body).map_err(Failure::unusable)?;
    let bucket = bucket_mut(state, call, request)?;
    let object = Object {
        content_type: request.header("content-type").map(str::to_owned),
        // What the SDKs wrap a body in for its way is no part of it.
        content_encoding: request
            .header("content-encoding")
            .map(|it| it.replace("aws-chunked", "").trim_matches([',', ' ']).to_owned())
            .filter(|it| !it.is_empty()),
        ..kept
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

/// Answers `GetObject`, and `HeadObject`, which is the same without the body.
pub(crate) fn get(state: &State, call: &Call, request: &S3Request) -> Result<MockResponse, Failure> {
    let bucket = bucket(state, call, request)?;
    let Some(object) = bucket.objects.get(&request.key) else {
        return Err(Failure::new(
            404,
            "NoSuchKey",
            "The specified key does not exist.",
        ));
    };
    let body = state.vault.get(&object.blob).map_err(Failure::unusable)?;
    let mut response = empty(200);
    let headers = &mut response.headers;
    set(headers, "etag", &object.etag);
    set(headers, "accept-ranges", "bytes");
    set(headers, "last-modified", &http_date(object.modified));
    let kind = object.content_type.as_deref();
    set(headers, "content-type", kind.unwrap_or("binary/octet-stream"));
    if let Some(encoding) = &object.content_encoding {
        set(headers, "content-encoding", encoding);
    }
    let encryption = &bucket.encryption.algorithm;
    set(headers, "x-amz-server-side-encryption", encryption);
    let body = match request.header("range").map(|it| range(it, body.len())) {
        None | Some(Range::Ignored) => body,
        Some(Range::Of(from, to)) => {
            let part = format!("bytes {from}-{}/{}", to - 1, body.len());
            set(headers, "content-range", &part);
            response.status = 206;
            body.slice(from..to)
        }
        Some(Range::Outside) => {
            return Err(Failure::new(
                416,
                "InvalidRange",
                "The requested range is not satisfiable",
            ));
        }
    };
    if request.http.method == "HEAD" {
        set(&mut response.headers, "content-length", &body.len().to_string());
    } else {
        response.body = body;
    }
    Ok(response)
}

#[derive(Debug, PartialEq)]
enum Range {
    /// From the first byte to the one before the second.
    Of(usize, usize),
    Outside,
    /// S3 takes one range; it answers what it does not understand with the whole object.
    Ignored,
}

fn range(header: &str, size: usize) -> Range {
    let Some((first, last)) = header
        .strip_prefix("bytes=")
        .filter(|it| !it.contains(','))
        .and_then(|it| it.split_once('-'))
    else {
        return Range::Ignored;
    };
    let number = |text: &str| text.trim().parse::<usize>();
    let (from, to) = match (first.trim(), last.trim()) {
        ("", last) => match number(last) {
            Ok(last) => (size.saturating_sub(last), size),
            Err(_) => return Range::Ignored,
        },
        (first, "") => match number(first) {
            Ok(first) => (first, size),
            Err(_) => return Range::Ignored,
        },
        (first, last) => match (number(first), number(last)) {
            (Ok(first), Ok(last)) if first <= last => (first, last.saturating_add(1).min(size)),
            _ => return Range::Ignored,
        },
    };
    if from < to && from < size {
        Range::Of(from, to)
    } else {
        Range::Outside
    }
}

fn http_date(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds)
        .map(|time| time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .unwrap_or_default()
}

/// Deletes an object for good; versions are not kept.
pub(crate) fn delete(state: &mut State, call: &Call, request: &S3Request) -> Result<MockResponse, Failure> {
    bucket_mut(state, call, request)?.objects.remove(&request.key);
    Ok(empty(204))
}

pub(crate) fn list(state: &State, call: &Call, request: &S3Request) -> Result<MockResponse, Failure> {
    let given = |name: &str| request.query.get(name).cloned().filter(|it| !it.is_empty());
    let (token, start_after) = (given("continuation-token"), given("start-after"));
    let after = token.as_ref().or(start_after.as_ref());
    let (prefix, delimiter) = (given("prefix").unwrap_or_default(), given("delimiter"));
    let objects = &bucket(state, call, request)?.objects;
    // A common prefix counts as one key, and stands where the first of its keys would.
    let mut prefixes = BTreeSet::new();
    let mut contents = Vec::new();
    let (mut last, mut more) = (None, false);
    for (key, object) in objects {
        let Some(rest) = key.strip_prefix(&prefix) else {
            continue;
        };
        let common = delimiter.as_ref().and_then(|delimiter| {
            let end = rest.find(delimiter.as_str())? + delimiter.len();
            Some(&key[..prefix.len() + end])
        });
        let name = common.unwrap_or(key);
        if prefixes.contains(name) || after.is_some_and(|after| name <= after.as_str()) {
            continue;
        }
        if prefixes.len() + contents.len() >= max_keys(request) {
            more = true;
            break;
        }
        last = Some(name.to_owned());
        match common {
            Some(common) => {
                prefixes.insert(common.to_owned());
            }
            None => contents.push((key, object)),
        }
    }
    let encoding = given("encoding-type");
    let written = |text: &str| match encoding.as_deref() {
        Some("url") => percent_encode(text).replace("%2F", "/"),
        _ => text.to_owned(),
    };
    let count = prefixes.len() + contents.len();
    let contents: Vec<wire::Object> = contents
        .into_iter()
        .map(|(key, object)| wire::Object {
            e_tag: Some(object.etag.clone()),
            key: Some(written(key)),
            last_modified: Some(iso(object.modified)),
            size: i64::try_from(object.size).ok(),
            storage_class: Some("STANDARD".to_owned()),
            ..wire::Object::default()
        })
        .collect();
    let prefixes: Vec<_> = prefixes
        .iter()
        .map(|prefix| wire::CommonPrefix {
            prefix: Some(written(prefix)),
        })
        .collect();
    Ok(wire::serialize_list_objects_v2_response(
        &wire::ListObjectsV2Output {
            is_truncated: Some(more),
            key_count: i32::try_from(count).ok(),
            max_keys: i32::try_from(max_keys(request)).ok(),
            contents: (!contents.is_empty()).then_some(contents),
            common_prefixes: (!prefixes.is_empty()).then_some(prefixes),
            delimiter: delimiter.as_deref().map(written),
            continuation_token: token,
            start_after,
            name: Some(request.bucket.clone()),
            next_continuation_token: last.filter(|_| more),
            prefix: Some(written(&prefix)),
            encoding_type: encoding,
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

#[cfg(test)]
mod tests {
    use super::{Range, range};

    #[test]
    fn ranges() {
        for (header, wanted) in [
            ("bytes=0-3", Range::Of(0, 4)),
            ("bytes=4-", Range::Of(4, 10)),
            ("bytes=-3", Range::Of(7, 10)),
            ("bytes=-30", Range::Of(0, 10)),
            ("bytes=8-99", Range::Of(8, 10)),
            ("bytes=10-", Range::Outside),
            ("bytes=0-1,4-5", Range::Ignored),
            ("bytes=5-1", Range::Ignored),
            ("lines=1-2", Range::Ignored),
        ] {
            assert_eq!(range(header, 10), wanted, "{header}");
        }
    }
}
