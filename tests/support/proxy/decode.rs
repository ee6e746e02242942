//! Which operation of which service a request is.

use std::borrow::Cow;

use http::Method;
use http::request::Parts;

use super::Call;

/// The forms in which AWS's services take calls and give errors.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// awsJson1.0 and 1.1.
    Json,
    /// rpc-v2-cbor.
    Cbor,
    /// awsQuery.
    Query,
    /// S3's restXml, and what else there is.
    Rest,
}

/// What a request says about itself.
pub(super) struct Target {
    pub(super) call: Call,
    pub(super) protocol: Protocol,
    /// Of the access key's owner: the key itself, where it is 12 digits.
    pub(super) account: String,
    pub(super) method: Method,
    pub(super) path: String,
    /// Whether the client of a formerly query-only service wants the codes of that time, too.
    pub(super) query_mode: bool,
}

impl Target {
    pub(super) fn of(head: &Parts, body: &[u8]) -> Target {
        let header = |name| {
            let value = head.headers.get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default()
        };
        // Credential=KEY/DATE/REGION/SERVICE/aws4_request
        let (_, scope) = header("authorization")
            .split_once("Credential=")
            .unwrap_or_default();
        let scope = scope.split([',', ' ']).next().unwrap_or_default();
        let (key, region, service) = match scope.split('/').collect::<Vec<_>>()[..] {
            [key, _, region, service, "aws4_request"] => (key, region, service),
            _ => ("", "?", "?"),
        };

        let path = head.uri.path();
        let query = pairs(head.uri.query().unwrap_or_default());
        let form = match header("content-type").starts_with("application/x-www-form-urlencoded") {
            true => String::from_utf8_lossy(body),
            false => Cow::default(),
        };
        let form = pairs(&form);
        let action = form.iter().chain(&query).find(|(name, _)| *name == "Action");

        let (operation, protocol) = if let Some((_, name)) = header("x-amz-target").rsplit_once('.') {
            (name.to_owned(), Protocol::Json)
        } else if let ["", "service", _, "operation", name] = path.split('/').collect::<Vec<_>>()[..] {
            (name.to_owned(), Protocol::Cbor)
        } else if let Some((_, name)) = action {
            ((*name).to_owned(), Protocol::Query)
        } else if service == "s3" {
            let copy = head.headers.contains_key("x-amz-copy-source");
            (s3_operation(&head.method, path, &query, copy), Protocol::Rest)
        } else {
            (format!("{} {path}", head.method), Protocol::Rest)
        };

        let numbered = key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit());
        Target {
            call: Call::new(service, region, operation),
            protocol,
            account: (if numbered { key } else { "123456789012" }).to_owned(),
            method: head.method.clone(),
            path: path.to_owned(),
            query_mode: head.headers.contains_key("x-amzn-query-mode"),
        }
    }
}

/// The parts of a query or a form, as they are: names of operations need no decoding.
fn pairs(text: &str) -> Vec<(&str, &str)> {
    text.split('&')
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .collect()
}

/// S3's sub-resources of a bucket, as in queries and as in the names of operations.
const BUCKET: &[(&str, &str)] = &[
    ("accelerate", "BucketAccelerateConfiguration"),
    ("acl", "BucketAcl"),
    ("cors", "BucketCors"),
    ("encryption", "BucketEncryption"),
    ("lifecycle", "BucketLifecycleConfiguration"),
    ("location", "BucketLocation"),
    ("logging", "BucketLogging"),
    ("notification", "BucketNotificationConfiguration"),
    ("object-lock", "ObjectLockConfiguration"),
    ("ownershipControls", "BucketOwnershipControls"),
    ("policy", "BucketPolicy"),
    ("policyStatus", "BucketPolicyStatus"),
    ("publicAccessBlock", "PublicAccessBlock"),
    ("replication", "BucketReplication"),
    ("requestPayment", "BucketRequestPayment"),
    ("tagging", "BucketTagging"),
    ("versioning", "BucketVersioning"),
    ("website", "BucketWebsite"),
];

/// S3 has no names on the wire, but verbs, paths and sub-resources.
fn s3_operation(method: &Method, path: &str, query: &[(&str, &str)], copy: bool) -> String {
    // Newer SDKs tell the name for their own statistics.
    if let Some((_, name)) = query.iter().find(|(name, _)| *name == "x-id") {
        return (*name).to_owned();
    }
    let has = |name: &str| query.iter().any(|(found, _)| *found == name);
    let path = path.trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let verb = match method.as_str() {
        "GET" => "Get",
        "PUT" => "Put",
        "POST" => "Post",
        "DELETE" => "Delete",
        "HEAD" => "Head",
        other => other,
    };
    if bucket.is_empty() {
        return format!("{}Buckets", if verb == "Get" { "List" } else { verb });
    }
    if !key.is_empty() {
        return match (verb, has("uploadId"), has("uploads")) {
            ("Post", _, true) => "CreateMultipartUpload".to_owned(),
            ("Post", true, _) => "CompleteMultipartUpload".to_owned(),
            ("Put", true, _) => "UploadPart".to_owned(),
            ("Get", true, _) => "ListParts".to_owned(),
            ("Delete", true, _) => "AbortMultipartUpload".to_owned(),
            _ if has("tagging") => format!("{verb}ObjectTagging"),
            _ if has("acl") => format!("{verb}ObjectAcl"),
            _ if has("retention") => format!("{verb}ObjectRetention"),
            _ if has("legal-hold") => format!("{verb}ObjectLegalHold"),
            ("Put", ..) if copy => "CopyObject".to_owned(),
            _ => format!("{verb}Object"),
        };
    }
    if let Some((_, resource)) = BUCKET.iter().find(|(name, _)| has(name)) {
        return match (verb, *resource) {
            // The one that does not follow the pattern.
            ("Delete", "BucketLifecycleConfiguration") => "DeleteBucketLifecycle".to_owned(),
            _ => format!("{verb}{resource}"),
        };
    }
    match verb {
        "Get" if has("versions") => "ListObjectVersions".to_owned(),
        "Get" if has("uploads") => "ListMultipartUploads".to_owned(),
        "Get" if has("list-type") => "ListObjectsV2".to_owned(),
        "Get" => "ListObjects".to_owned(),
        "Put" => "CreateBucket".to_owned(),
        "Post" if has("delete") => "DeleteObjects".to_owned(),
        _ => format!("{verb}Bucket"),
    }
}
