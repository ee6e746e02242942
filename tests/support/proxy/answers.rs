//! Errors as AWS words them, in each protocol.

use bytes::Bytes;
use http::header::HeaderValue;
use http::{Method, Response};
use http_body_util::Full;
use serde_json::json;

use super::Kind;
use super::decode::{Protocol, Target};

impl Target {
    /// The answer, under a request id, of a service that refuses the call.
    ///
    /// # Panics
    ///
    /// When the kind of fault is none that answers, or its status none of HTTP.
    pub(super) fn refusal(&self, kind: &Kind, id: &str) -> Response<Full<Bytes>> {
        let denial = self.denial();
        let (status, code, message) = match (kind, self.protocol) {
            (Kind::Throttle, Protocol::Rest) => (503, "SlowDown", "Please reduce your request rate."),
            (Kind::Throttle, Protocol::Query) => (400, "Throttling", "Rate exceeded"),
            (Kind::Throttle, _) => (400, "ThrottlingException", "Rate exceeded"),
            (Kind::InternalError, Protocol::Rest) => (
                500,
                "InternalError",
                "We encountered an internal error. Please try again.",
            ),
            (Kind::InternalError, _) => (
                500,
                "InternalFailure",
                "The request processing has failed because of an unknown error, exception or failure.",
            ),
            (Kind::AccessDenied, Protocol::Json) => (400, "AccessDeniedException", &*denial),
            // The only one of these services with a word of its own.
            (Kind::AccessDenied, _) if self.call.service == "sns" => (403, "AuthorizationError", &*denial),
            (Kind::AccessDenied, _) => (403, "AccessDenied", &*denial),
            (
                Kind::Error {
                    code,
                    message,
                    status,
                },
                _,
            ) => (*status, code.as_str(), message.as_str()),
            (Kind::ResetBefore | Kind::ResetAfter | Kind::Delay(_) | Kind::Hold, _) => {
                unreachable!("{kind:?} answers nothing")
            }
        };
        let blame = if status < 500 { "Sender" } else { "Receiver" };
        let xml = format!(
            "<Code>{}</Code><Message>{}</Message>",
            escaped(code),
            escaped(message)
        );
        let (media, body) = match self.protocol {
            Protocol::Json => (
                "application/x-amz-json-1.1",
                json!({"__type": code, "message": message}).to_string().into(),
            ),
            Protocol::Cbor => (
                "application/cbor",
                cbor(&[("__type", code), ("message", message)]),
            ),
            Protocol::Query => (
                "text/xml",
                format!(
                    "<ErrorResponse><Error><Type>{blame}</Type>{xml}</Error>\
                     <RequestId>{id}</RequestId></ErrorResponse>"
                )
                .into(),
            ),
            Protocol::Rest => (
                "application/xml",
                format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                     <Error>{xml}<RequestId>{id}</RequestId><HostId>proxy</HostId></Error>"
                )
                .into(),
            ),
        };
        // A HEAD has no body to tell the code with; all of it that S3's clients get is the status.
        let bodiless = self.method == Method::HEAD;
        let body = if bodiless { Vec::new() } else { body };

        let id_header = match self.protocol {
            Protocol::Rest => "x-amz-request-id",
            _ => "x-amzn-requestid",
        };
        let mut answer = Response::builder()
            .status(status)
            .header("content-type", media)
            .header(id_header, id);
        if self.protocol == Protocol::Cbor {
            answer = answer.header("smithy-protocol", "rpc-v2-cbor");
        }
        // A code may hold what a header cannot.
        if self.query_mode
            && let Ok(value) = HeaderValue::from_str(&format!("{code};{blame}"))
        {
            answer = answer.header("x-amzn-query-error", value);
        }
        answer
            .body(Full::from(body))
            .unwrap_or_else(|error| panic!("a fault with status {status}: {error}"))
    }

    /// IAM's words for a permission that is missing.
    fn denial(&self) -> String {
        let (account, action) = (&self.account, self.action());
        format!(
            "User: arn:aws:iam::{account}:user/test is not authorized to perform: {action} on resource: {} \
             because no identity-based policy allows the {action} action",
            self.resource(),
        )
    }

    /// The service's name in IAM policies.
    fn prefix(&self) -> &str {
        match self.call.service.as_str() {
            "monitoring" => "cloudwatch",
            "tagging" => "tag",
            other => other,
        }
    }

    /// The IAM action that the operation needs.
    fn action(&self) -> String {
        let name = match self.call.operation.as_str() {
            other if self.call.service != "s3" => other,
            "ListBuckets" => "ListAllMyBuckets",
            "HeadBucket" | "ListObjects" | "ListObjectsV2" => "ListBucket",
            "HeadObject" => "GetObject",
            "CopyObject" => "PutObject",
            "GetPublicAccessBlock" => "GetBucketPublicAccessBlock",
            "PutPublicAccessBlock" | "DeletePublicAccessBlock" => "PutBucketPublicAccessBlock",
            "GetBucketEncryption" => "GetEncryptionConfiguration",
            "PutBucketEncryption" | "DeleteBucketEncryption" => "PutEncryptionConfiguration",
            "GetBucketLifecycleConfiguration" => "GetLifecycleConfiguration",
            "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle" => "PutLifecycleConfiguration",
            "DeleteBucketTagging" => "PutBucketTagging",
            "DeleteBucketOwnershipControls" => "PutBucketOwnershipControls",
            other => other,
        };
        format!("{}:{name}", self.prefix())
    }

    /// The resource as AWS would name it: exact for S3, service-wide for the others.
    fn resource(&self) -> String {
        let region = match self.call.service.as_str() {
            "s3" => {
                let name = self.path.trim_matches('/');
                let name = if name.is_empty() { "*" } else { name };
                return format!("\"arn:aws:s3:::{name}\"");
            }
            "iam" | "sts" => "",
            _ => &self.call.region,
        };
        format!("arn:aws:{}:{region}:{}:*", self.prefix(), self.account)
    }
}

/// A CBOR map of strings (RFC 8949, 3.1: major types 5 and 3).
fn cbor(entries: &[(&str, &str)]) -> Vec<u8> {
    fn head(out: &mut Vec<u8>, major: u8, length: usize) {
        let major = major << 5;
        match u32::try_from(length).expect("an error message of less than 4 GiB") {
            short @ 0..24 => out.push(major | short as u8),
            long => {
                out.push(major | 26);
                out.extend(long.to_be_bytes());
            }
        }
    }
    let mut out = Vec::new();
    head(&mut out, 5, entries.len());
    for text in entries.iter().flat_map(|(name, value)| [name, value]) {
        head(&mut out, 3, text.len());
        out.extend(text.as_bytes());
    }
    out
}

/// A text as XML has it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
