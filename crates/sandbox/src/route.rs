//! Finds out who asks, where and what, and hands the request to its service.

use std::borrow::Cow;
use std::collections::HashMap;

use bytes::Bytes;
use http::HeaderMap;
use winterbaume_core::{MockRequest, MockResponse};

use crate::protocol::{self, Failure, Protocol};
use crate::record::{self, Sender};
use crate::services::{self, s3::S3Request};
use crate::state::State;
use crate::{Sandbox, SandboxError, delivery, lag};

/// The parameters of an awsQuery request.
pub(crate) type Params = HashMap<String, String>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    CloudTrail,
    CloudWatch,
    Logs,
    Sns,
    Sqs,
    S3,
    Iam,
    Kms,
    Sts,
    Tagging,
    Other,
}

impl Service {
    /// Reads the service from a name as credential scopes, hosts and targets write it.
    fn from_name(name: &str) -> Service {
        match name {
            "cloudtrail" => Service::CloudTrail,
            "monitoring" => Service::CloudWatch,
            "logs" => Service::Logs,
            "sns" => Service::Sns,
            "sqs" => Service::Sqs,
            "s3" => Service::S3,
            "iam" => Service::Iam,
            "kms" => Service::Kms,
            "sts" => Service::Sts,
            "tagging" => Service::Tagging,
            _ => Service::Other,
        }
    }

    fn from_target(target: &str) -> Service {
        let service = target.rsplit_once('.').map_or(target, |(service, _)| service);
        match service.rsplit('.').next() {
            Some("CloudTrail_20131101") => Service::CloudTrail,
            Some("GraniteServiceVersion20100801") => Service::CloudWatch,
            Some("TrentService") => Service::Kms,
            Some("Logs_20140328") => Service::Logs,
            Some("AmazonSQS") => Service::Sqs,
            Some("ResourceGroupsTaggingAPI_20170126") => Service::Tagging,
            _ => Service::Other,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Service::CloudTrail => "CloudTrail",
            Service::CloudWatch => "CloudWatch",
            Service::Logs => "CloudWatch Logs",
            Service::Sns => "SNS",
            Service::Sqs => "SQS",
            Service::S3 => "S3",
            Service::Iam => "IAM",
            Service::Kms => "KMS",
            Service::Sts => "STS",
            Service::Tagging => "the Resource Groups Tagging API",
            Service::Other => "this service",
        }
    }

    pub(crate) fn xml_namespace(self) -> &'static str {
        match self {
            Service::Sns => "http://sns.amazonaws.com/doc/2010-03-31/",
            Service::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            Service::CloudWatch => "http://monitoring.amazonaws.com/doc/2010-08-01/",
            _ => "https://iam.amazonaws.com/doc/2010-05-08/",
        }
    }
}

/// Who asks for what, and when.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) service: Service,
    pub(crate) operation: String,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
    pub(crate) request_id: String,
}

impl Call {
    /// Something that no caller asked for, which happens in an account and a region.
    pub(crate) fn inside(account: &str, region: &str, now: i64) -> Call {
        Call {
            account: account.to_owned(),
            region: region.to_owned(),
            service: Service::Other,
            operation: String::new(),
            now,
            request_id: String::new(),
        }
    }

    /// The partition of the region.
    pub(crate) fn partition(&self) -> &'static str {
        if self.region.starts_with("cn-") {
            "aws-cn"
        } else if self.region.starts_with("us-gov-") {
            "aws-us-gov"
        } else {
            "aws"
        }
    }

    /// The ARN of something in the caller's account and region.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        let Call { account, region, .. } = self;
        format!("arn:{}:{service}:{region}:{account}:{resource}", self.partition())
    }
}

enum Input {
    Json,
    Cbor,
    Query(Params),
    S3(Box<S3Request>),
}

impl Sandbox {
    /// Answers one request, and sends what it makes the account send; that fails no call.
    pub(crate) async fn answer(&self, request: MockRequest) -> MockResponse {
        let response = self.decide(request);
        self.send().await;
        response
    }

    fn decide(&self, mut request: MockRequest) -> MockResponse {
        let (path, query) = target_of(&request.uri);
        let path = path.to_owned();
        let scope = Scope::of(&request.headers, query);
        let host = host_of(&request);
        let target = header(&request.headers, "x-amz-target").unwrap_or_default();
        let service = [
            scope.service.as_deref().map(Service::from_name),
            Some(Service::from_target(target)),
            host.split('.').next().map(Service::from_name),
        ]
        .into_iter()
        .flatten()
        .find(|service| *service != Service::Other)
        .unwrap_or(Service::Other);

        let (protocol, operation, input) = if let Some((_, operation)) = path
            .strip_prefix("/service/")
            .and_then(|it| it.split_once("/operation/"))
            && service != Service::S3
        {
            (Protocol::Cbor, operation.to_owned(), Input::Cbor)
        } else if let Some((_, operation)) = target.rsplit_once('.') {
            let version = match header(&request.headers, "content-type") {
                Some(kind) if kind.contains("1.0") => "application/x-amz-json-1.0",
                _ => "application/x-amz-json-1.1",
            };
            (Protocol::Json(version), operation.to_owned(), Input::Json)
        } else if service == Service::S3 {
            request.body = unchunk(&request.headers, request.body);
            let s3 = S3Request::new(request.clone(), &host, &path, parameters(query, false));
            (Protocol::S3, s3.operation(), Input::S3(Box::new(s3)))
        } else {
            let mut params = parameters(query, true);
            params.extend(parameters(&String::from_utf8_lossy(&request.body), true));
            let operation = params.get("Action").cloned().unwrap_or_default();
            (Protocol::Query, operation, Input::Query(params))
        };

        let call = Call {
            account: scope.account.clone().unwrap_or_else(|| self.account.clone()),
            region: scope.region.clone().unwrap_or_else(|| "us-east-1".to_owned()),
            service,
            operation,
            // The store knows what the account's clock shows.
            now: 0,
            request_id: request_id(),
        };
        let sender = Sender {
            headers: &request.headers,
            host: &host,
            key: scope.key.as_deref(),
        };
        let response = match self.run(protocol, &call, input, &request.body, &sender) {
            Ok(response) => response,
            Err(failure) => {
                tracing::debug!(operation = call.operation, code = failure.code, "refused");
                protocol::refuse(protocol, &call, &failure)
            }
        };
        protocol::finish(protocol, &call, response)
    }

    fn run(
        &self,
        protocol: Protocol,
        call: &Call,
        input: Input,
        body: &[u8],
        sender: &Sender<'_>,
    ) -> Result<MockResponse, Failure> {
        let input = match input {
            Input::Json => services::Input::Value(protocol::decode_json(body)?),
            Input::Cbor => services::Input::Value(protocol::decode_cbor(body)?),
            Input::Query(params) => services::Input::Params(params),
            Input::S3(request) => services::Input::S3(request),
        };
        let reads = match &input {
            services::Input::S3(request) => request.reads(),
            _ => record::is_read(&call.operation),
        };
        let asked = record::ask(call, sender, &input);
        let lags = reads && lag::concerns(call.service, &call.operation);
        let handle = |state: &mut State, now| {
            let call = Call { now, ..call.clone() };
            match lags.then(|| state.settled(now)).transpose() {
                Ok(Some(Cow::Owned(mut earlier))) => services::handle(&mut earlier, protocol, &call, input),
                Ok(_) => services::handle(state, protocol, &call, input),
                Err(error) => Err(Failure::unusable(error)),
            }
        };
        let note = |state: &State, outcome: &_, now| {
            let call = Call { now, ..call.clone() };
            asked
                .and_then(|asked| {
                    let data = asked.data;
                    let entry = record::entry(&call, asked, protocol, outcome)?;
                    (!data || delivery::is_wanted(state, &entry)).then_some(entry)
                })
                .into_iter()
                .collect()
        };
        let outcome = if reads {
            self.store.read_and_note(self.real(), handle, note)
        } else {
            self.store.write_and_note(self.real(), handle, note)
        };
        outcome.unwrap_or_else(|error| Err(internal(&error)))
    }
}

fn internal(error: &SandboxError) -> Failure {
    let mut message = error.to_string();
    if let Some(source) = std::error::Error::source(error) {
        message = format!("{message}: {source}");
    }
    tracing::error!(error = message, "the sandbox file failed");
    Failure::unusable(message)
}

/// What the credential scope of a signature says.
#[derive(Default)]
struct Scope {
    /// The access key id.
    key: Option<String>,
    account: Option<String>,
    region: Option<String>,
    service: Option<String>,
}

impl Scope {
    fn of(headers: &HeaderMap, query: &str) -> Scope {
        let signed = header(headers, "authorization")
            .and_then(|value| value.split_once("Credential="))
            .map(|(_, rest)| rest.split([',', ' ']).next().unwrap_or_default().to_owned())
            .or_else(|| parameters(query, false).remove("X-Amz-Credential"));
        let Some(credential) = signed else {
            return Scope::default();
        };
        // Read from the end: an access key id may hold a slash in no AWS account, but in a test.
        let mut parts = credential.rsplit('/').skip(1).map(str::to_owned);
        let (service, region, _date) = (parts.next(), parts.next(), parts.next());
        let key = parts.next();
        let account = key
            .clone()
            .filter(|key| key.len() == 12 && key.bytes().all(|byte| byte.is_ascii_digit()));
        Scope {
            key,
            account,
            region: region.filter(|region| !region.is_empty() && region != "*"),
            service,
        }
    }
}

pub(crate) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// Splits a URI, with or without scheme and host, into path and query.
fn target_of(uri: &str) -> (&str, &str) {
    let rest = match uri.split_once("://") {
        Some((_, rest)) => rest.find(['/', '?']).map_or("/", |at| &rest[at..]),
        None => uri,
    };
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    (if path.is_empty() { "/" } else { path }, query)
}

fn host_of(request: &MockRequest) -> String {
    let from_uri = request
        .uri
        .split_once("://")
        .and_then(|(_, rest)| rest.split(['/', '?']).next());
    header(&request.headers, "host")
        .or(from_uri)
        .unwrap_or_default()
        .to_owned()
}

fn parameters(text: &str, form: bool) -> Params {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                protocol::percent_decode(name, form),
                protocol::percent_decode(value, form),
            )
        })
        .collect()
}

/// Takes an S3 body out of the `aws-chunked` encoding: `SIZE[;signature]CRLF data CRLF`.
fn unchunk(headers: &HeaderMap, body: Bytes) -> Bytes {
    let chunked = header(headers, "content-encoding").is_some_and(|it| it.contains("aws-chunked"))
        || header(headers, "x-amz-content-sha256").is_some_and(|it| it.starts_with("STREAMING-"));
    if !chunked {
        return body;
    }
    let mut plain = Vec::new();
    let mut rest: &[u8] = &body;
    while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        let size = std::str::from_utf8(&rest[..end])
            .ok()
            .and_then(|line| usize::from_str_radix(line.split(';').next()?.trim(), 16).ok());
        let Some(data) = size
            .filter(|size| *size > 0)
            .and_then(|size| rest.get(end + 2..)?.get(..size))
        else {
            break;
        };
        plain.extend_from_slice(data);
        rest = rest.get(end + 2 + data.len() + 2..).unwrap_or_default();
    }
    plain.into()
}

pub(crate) fn request_id() -> String {
    let (high, low) = (fastrand::u64(..), fastrand::u64(..));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::set;

    #[test]
    fn scopes_are_read_from_header_and_query() {
        let mut headers = HeaderMap::new();
        let value = "AWS4-HMAC-SHA256 Credential=123456789012/20260101/eu-west-1/sns/aws4_request, \
                     SignedHeaders=host, Signature=0";
        set(&mut headers, "authorization", value);
        let scope = Scope::of(&headers, "");
        assert_eq!(scope.account.as_deref(), Some("123456789012"));
        assert_eq!(scope.region.as_deref(), Some("eu-west-1"));
        assert_eq!(scope.service.as_deref(), Some("sns"));
        let presigned = "X-Amz-Credential=AKIDEXAMPLE%2F20260101%2Fus-west-2%2Fs3%2Faws4_request";
        let scope = Scope::of(&HeaderMap::new(), presigned);
        assert_eq!(scope.account, None);
        assert_eq!(scope.region.as_deref(), Some("us-west-2"));
    }

    #[test]
    fn chunks_are_joined_and_trailers_dropped() {
        let mut headers = HeaderMap::new();
        set(
            &mut headers,
            "x-amz-content-sha256",
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        );
        let body = "5\r\nhello\r\n1;chunk-signature=0\r\n!\r\n0\r\nx-amz-checksum-crc32:AA==\r\n\r\n";
        assert_eq!(unchunk(&headers, body.into()), "hello!");
        assert_eq!(unchunk(&HeaderMap::new(), body.into()), body);
        assert_eq!(unchunk(&headers, "5\r\nhel".into()), "");
    }

    #[test]
    fn targets_with_and_without_a_host() {
        assert_eq!(target_of("http://h:1/a/b?c=d"), ("/a/b", "c=d"));
        assert_eq!(target_of("http://h?c"), ("/", "c"));
        assert_eq!(target_of("http://h"), ("/", ""));
        assert_eq!(target_of("/a?b"), ("/a", "b"));
    }
}
