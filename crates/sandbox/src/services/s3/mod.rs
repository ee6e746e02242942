//! S3: buckets with their settings, and objects.

mod buckets;
mod configurations;
pub(crate) mod objects;
mod policy;
mod settings;

use std::collections::HashMap;

use winterbaume_core::{MockRequest, MockResponse};

use crate::protocol::{Failure, percent_decode};
use crate::route::{Call, Params, header};
use crate::state::{Bucket, State};

/// A request taken apart by S3's rules of addressing.
pub(crate) struct S3Request {
    pub(crate) http: MockRequest,
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) query: Params,
}

/// The query parameters that make a request about a part of a bucket.
const SUBRESOURCES: [(&str, &str); 24] = [
    ("accelerate", "BucketAccelerateConfiguration"),
    ("acl", "BucketAcl"),
    ("analytics", "BucketAnalyticsConfiguration"),
    ("cors", "BucketCors"),
    ("delete", "Objects"),
    ("encryption", "BucketEncryption"),
    ("inventory", "BucketInventoryConfiguration"),
    ("lifecycle", "BucketLifecycleConfiguration"),
    ("location", "BucketLocation"),
    ("logging", "BucketLogging"),
    ("metrics", "BucketMetricsConfiguration"),
    ("notification", "BucketNotificationConfiguration"),
    ("object-lock", "ObjectLockConfiguration"),
    ("ownershipControls", "BucketOwnershipControls"),
    ("policy", "BucketPolicy"),
    ("policyStatus", "BucketPolicyStatus"),
    ("publicAccessBlock", "PublicAccessBlock"),
    ("replication", "BucketReplication"),
    ("requestPayment", "BucketRequestPayment"),
    ("tagging", "BucketTagging"),
    ("uploads", "MultipartUploads"),
    ("versioning", "BucketVersioning"),
    ("website", "BucketWebsite"),
    ("intelligent-tiering", "BucketIntelligentTieringConfiguration"),
];

impl S3Request {
    pub(crate) fn new(http: MockRequest, host: &str, path: &str, query: Params) -> S3Request {
        let path = percent_decode(path.trim_start_matches('/'), false);
        let (bucket, key) = match virtual_host(host) {
            Some(bucket) => (bucket.to_owned(), path),
            None => {
                let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
                (bucket.to_owned(), key.to_owned())
            }
        };
        S3Request {
            http,
            bucket,
            key,
            query,
        }
    }

    pub(crate) fn reads(&self) -> bool {
        matches!(self.http.method.as_str(), "GET" | "HEAD")
    }

    /// The name of the operation, which S3 says with method, path and query only.
    pub(crate) fn operation(&self) -> String {
        let verb = match self.http.method.as_str() {
            "GET" => "Get",
            "PUT" => "Put",
            "DELETE" => "Delete",
            "HEAD" => "Head",
            _ => "Post",
        };
        let named = |name: &str| name.to_owned();
        if self.bucket.is_empty() {
            return named(if verb == "Get" { "ListBuckets" } else { "Unknown" });
        }
        let subresource = SUBRESOURCES
            .iter()
            .find(|(parameter, _)| self.query.contains_key(*parameter));
        if !self.key.is_empty() {
            return match subresource {
                Some((parameter, _)) => format!("{verb}Object?{parameter}"),
                None => format!("{verb}Object"),
            };
        }
        match (verb, subresource) {
            ("Post", Some(("delete", _))) => named("DeleteObjects"),
            (_, Some((_, name))) => format!("{verb}{name}"),
            ("Get", None) if self.query.contains_key("versions") => named("ListObjectVersions"),
            ("Get", None) if self.query.contains_key("list-type") => named("ListObjectsV2"),
            ("Get", None) => named("ListObjects"),
            ("Put", None) => named("CreateBucket"),
            (_, None) => format!("{verb}Bucket"),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        header(&self.http.headers, name)
    }

    /// Reads a body with one of the generated readers.
    fn read<T>(
        &self,
        reader: impl FnOnce(&MockRequest, &[(&str, &str)], &HashMap<String, String>) -> Result<T, String>,
    ) -> Result<T, Failure> {
        reader(&self.http, &[("Bucket", &self.bucket)], &self.query).map_err(|_| {
            Failure::bad(
                "MalformedXML",
                "The XML you provided was not well-formed or did not validate against our \
                 published schema",
            )
        })
    }
}

/// Reads the bucket out of a host as `BUCKET.s3.REGION.amazonaws.com` or `BUCKET.localhost`.
fn virtual_host(host: &str) -> Option<&str> {
    let host = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if let Some(at) = host.find(".s3.").or_else(|| host.find(".s3-")) {
        return Some(&host[..at]);
    }
    host.strip_suffix(".localhost")
}

pub(crate) fn handle(state: &mut State, call: &Call, request: &S3Request) -> Result<MockResponse, Failure> {
    let head = request.http.method == "HEAD";
    let outcome = dispatch(state, call, request);
    match outcome {
        // An answer to HEAD has no body, not even when it refuses; the code is the status alone.
        Err(failure) if head => {
            let mut response = MockResponse::xml(failure.status, "");
            for (name, value) in &failure.headers {
                crate::protocol::set(&mut response.headers, name, value);
            }
            Ok(response)
        }
        outcome => outcome,
    }
}

fn dispatch(state: &mut State, call: &Call, request: &S3Request) -> Result<MockResponse, Failure> {
    match call.operation.as_str() {
        "ListBuckets" => Ok(buckets::list(state, call)),
        "CreateBucket" => buckets::create(state, call, request),
        "HeadBucket" => buckets::head(state, call, request),
        "DeleteBucket" => buckets::delete(state, call, request),
        "GetBucketLocation" => buckets::location(state, call, request),
        "GetBucketAcl" => buckets::acl(state, call, request),
        "PutPublicAccessBlock" => settings::put_public_access_block(state, call, request),
        "GetPublicAccessBlock" => settings::get_public_access_block(state, call, request),
        "DeletePublicAccessBlock" => settings::delete_public_access_block(state, call, request),
        "PutBucketEncryption" => settings::put_encryption(state, call, request),
        "GetBucketEncryption" => settings::get_encryption(state, call, request),
        "DeleteBucketEncryption" => settings::delete_encryption(state, call, request),
        "PutBucketVersioning" => settings::put_versioning(state, call, request),
        "GetBucketVersioning" => settings::get_versioning(state, call, request),
        "PutBucketOwnershipControls" => settings::put_ownership(state, call, request),
        "GetBucketOwnershipControls" => settings::get_ownership(state, call, request),
        "DeleteBucketOwnershipControls" => settings::delete_ownership(state, call, request),
        "PutBucketTagging" => settings::put_tagging(state, call, request),
        "GetBucketTagging" => settings::get_tagging(state, call, request),
        "DeleteBucketTagging" => settings::delete_tagging(state, call, request),
        "PutBucketLifecycleConfiguration" => configurations::put_lifecycle(state, call, request),
        "GetBucketLifecycleConfiguration" => configurations::get_lifecycle(state, call, request),
        "DeleteBucketLifecycleConfiguration" => configurations::delete_lifecycle(state, call, request),
        "PutObjectLockConfiguration" => configurations::put_object_lock(state, call, request),
        "GetObjectLockConfiguration" => configurations::get_object_lock(state, call, request),
        "PutBucketLogging" => configurations::put_logging(state, call, request),
        "GetBucketLogging" => configurations::get_logging(state, call, request),
        "PutBucketPolicy" => policy::put(state, call, request),
        "GetBucketPolicy" => policy::get(state, call, request),
        "DeleteBucketPolicy" => policy::delete(state, call, request),
        "GetBucketPolicyStatus" => policy::status(state, call, request),
        "PutObject" => objects::put(state, call, request),
        "GetObject" | "HeadObject" => objects::get(state, call, request),
        "DeleteObject" => objects::delete(state, call, request),
        "ListObjectsV2" => objects::list(state, call, request),
        "ListObjectVersions" => objects::list_versions(state, call, request),
        _ => Err(Failure::not_implemented(call)),
    }
}

/// An answer without a body.
fn empty(status: u16) -> MockResponse {
    MockResponse::xml(status, "")
}

fn access_denied(bucket: &Bucket) -> Failure {
    let mut failure = Failure::new(403, "AccessDenied", "Access Denied");
    failure
        .headers
        .push(("x-amz-bucket-region", bucket.region.clone()));
    failure
}

/// Finds the bucket if the caller owns it and names the owner that it expects rightly.
fn owned<'s>(state: &'s State, call: &Call, request: &S3Request) -> Result<&'s Bucket, Failure> {
    let Some((owner, bucket)) = state.find_bucket(&request.bucket) else {
        return Err(Failure::new(
            404,
            "NoSuchBucket",
            "The specified bucket does not exist",
        ));
    };
    let expected = request.header("x-amz-expected-bucket-owner");
    if owner != call.account || expected.is_some_and(|expected| expected != owner) {
        return Err(access_denied(bucket));
    }
    Ok(bucket)
}

/// Like `owned`, for the operations that only the region of the bucket answers.
fn bucket<'s>(state: &'s State, call: &Call, request: &S3Request) -> Result<&'s Bucket, Failure> {
    let bucket = owned(state, call, request)?;
    if bucket.region == call.region {
        return Ok(bucket);
    }
    let mut failure = Failure::new(
        301,
        "PermanentRedirect",
        "The bucket you are attempting to access must be addressed using the specified endpoint. \
         Please send all future requests to this endpoint.",
    );
    failure
        .headers
        .push(("x-amz-bucket-region", bucket.region.clone()));
    Err(failure)
}

fn bucket_mut<'s>(state: &'s mut State, call: &Call, request: &S3Request) -> Result<&'s mut Bucket, Failure> {
    bucket(state, call, request)?;
    state
        .account(&call.account)
        .buckets
        .get_mut(&request.bucket)
        .ok_or_else(|| Failure::new(404, "NoSuchBucket", "The specified bucket does not exist"))
}

#[cfg(test)]
mod tests {
    use super::virtual_host;

    #[test]
    fn buckets_in_hosts() {
        assert_eq!(virtual_host("a.b.s3.eu-west-1.amazonaws.com"), Some("a.b"));
        assert_eq!(virtual_host("logs.s3.amazonaws.com:443"), Some("logs"));
        assert_eq!(virtual_host("logs.s3-eu-west-1.amazonaws.com"), Some("logs"));
        assert_eq!(virtual_host("logs.localhost:4566"), Some("logs"));
        assert_eq!(virtual_host("s3.eu-west-1.amazonaws.com"), None);
        assert_eq!(virtual_host("127.0.0.1:4566"), None);
        assert_eq!(virtual_host("localhost"), None);
    }
}
