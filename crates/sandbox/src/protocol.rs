//! How answers and refusals are written in each of AWS's protocols.

use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use winterbaume_cloudwatch::wire as cloudwatch_wire;
use winterbaume_core::MockResponse;

use crate::route::{Call, Service};

/// A protocol of the AWS service models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// awsJson1.0 or awsJson1.1; the content type of the answer.
    Json(&'static str),
    /// rpc-v2-cbor.
    Cbor,
    /// awsQuery.
    Query,
    /// restXml, as S3 speaks it.
    S3,
}

/// A refusal, with AWS's own code and HTTP status.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Failure {
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Failure {
        Failure {
            status,
            code: code.to_owned(),
            message: message.into(),
            headers: Vec::new(),
        }
    }

    /// A refusal with HTTP status 400, which most are.
    pub(crate) fn bad(code: &str, message: impl Into<String>) -> Failure {
        Failure::new(400, code, message)
    }

    /// What is answered when the files of the sandbox fail. Not one of the codes that clients retry:
    /// trying again will not mend a file.
    pub(crate) fn unusable(error: impl std::fmt::Display) -> Failure {
        Failure::bad("SandboxFileUnusable", error.to_string())
    }

    pub(crate) fn not_implemented(call: &Call) -> Failure {
        Failure::new(
            501,
            "NotImplemented",
            format!(
                "The sandbox does not implement the operation {} of {}.",
                call.operation,
                call.service.name()
            ),
        )
    }
}

/// Reads the input of an operation from its JSON form.
pub(crate) fn take<T: DeserializeOwned>(input: Value) -> Result<T, Failure> {
    serde_json::from_value(input).map_err(|error| Failure::bad("SerializationException", error.to_string()))
}

/// Gives the output of an operation its JSON form.
pub(crate) fn give<T: Serialize>(output: &T) -> Result<Value, Failure> {
    serde_json::to_value(output).map_err(|error| Failure::new(500, "InternalFailure", error.to_string()))
}

/// The answer of an operation that returns nothing.
pub(crate) fn nothing() -> Result<Value, Failure> {
    Ok(json!({}))
}

pub(crate) fn decode_cbor(body: &[u8]) -> Result<Value, Failure> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    ciborium::from_reader(body)
        .map(cloudwatch_wire::cbor_to_json)
        .map_err(|error| Failure::bad("SerializationException", error.to_string()))
}

pub(crate) fn decode_json(body: &[u8]) -> Result<Value, Failure> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(body).map_err(|error| Failure::bad("SerializationException", error.to_string()))
}

/// Writes the output of a JSON or CBOR operation.
pub(crate) fn answer(protocol: Protocol, output: &Value) -> MockResponse {
    match protocol {
        Protocol::Cbor => MockResponse::cbor(200, to_cbor(output)),
        _ => MockResponse::json(200, plain_times(output.clone()).to_string()),
    }
}

/// Writes a refusal in the protocol in which the request came.
pub(crate) fn refuse(protocol: Protocol, call: &Call, failure: &Failure) -> MockResponse {
    let Failure {
        status,
        code,
        message,
        headers,
    } = failure;
    let mut response = match protocol {
        Protocol::Json(_) | Protocol::Cbor => {
            let body = json!({ "__type": shape_name(call.service, code), "message": message });
            if protocol == Protocol::Cbor {
                MockResponse::cbor(*status, to_cbor(&body))
            } else {
                MockResponse::json(*status, body.to_string())
            }
        }
        Protocol::Query => MockResponse::xml(
            *status,
            format!(
                "<ErrorResponse xmlns=\"{}\"><Error><Type>{}</Type><Code>{}</Code>\
                 <Message>{}</Message></Error><RequestId>{}</RequestId></ErrorResponse>",
                call.service.xml_namespace(),
                fault(*status),
                escape(code),
                escape(message),
                call.request_id
            ),
        ),
        Protocol::S3 => MockResponse::xml(
            *status,
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code>\
                 <Message>{}</Message><RequestId>{}</RequestId><HostId>sandbox</HostId></Error>",
                escape(code),
                escape(message),
                call.request_id
            ),
        ),
    };
    if matches!(call.service, Service::CloudWatch | Service::Sqs) {
        // They moved from awsQuery and keep their old codes in this header.
        let value = format!("{code};{}", fault(*status));
        set(&mut response.headers, "x-amzn-query-error", &value);
    }
    for (name, value) in headers {
        set(&mut response.headers, name, value);
    }
    response
}

/// Adds what every answer of a service carries: the request id, and the exact content type.
pub(crate) fn finish(protocol: Protocol, call: &Call, mut response: MockResponse) -> MockResponse {
    let id = &call.request_id;
    match protocol {
        Protocol::S3 => {
            set(&mut response.headers, "x-amz-request-id", id);
            set(&mut response.headers, "x-amz-id-2", "sandbox");
        }
        Protocol::Json(content_type) => {
            set(&mut response.headers, CONTENT_TYPE.as_str(), content_type);
            set(&mut response.headers, "x-amzn-requestid", id);
        }
        Protocol::Cbor | Protocol::Query => {
            set(&mut response.headers, "x-amzn-requestid", id);
        }
    }
    if protocol == Protocol::Query
        && let Ok(body) = std::str::from_utf8(&response.body)
        && let Some((before, rest)) = body.split_once("<RequestId>")
        && let Some((_, after)) = rest.split_once("</RequestId>")
    {
        // The generated writers invent an id of their own.
        response.body = format!("{before}<RequestId>{id}</RequestId>{after}").into();
    }
    response
}

/// Writes the answer of an awsQuery operation by hand; `result` is the XML inside its result.
pub(crate) fn query_answer(call: &Call, result: &str) -> MockResponse {
    let operation = &call.operation;
    MockResponse::xml(
        200,
        format!(
            "<{operation}Response xmlns=\"{}\"><{operation}Result>{result}</{operation}Result>\
             <ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata></{operation}Response>",
            call.service.xml_namespace(),
            call.request_id
        ),
    )
}

/// Escapes text for XML.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#13;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Decodes `%XX`, and `+` as a space where `form` says that the text is of a form.
pub(crate) fn percent_decode(text: &str, form: bool) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let code = bytes
            .get(at + 1..at + 3)
            .filter(|_| byte == b'%')
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match code {
            Some(code) => {
                decoded.push(code);
                at += 3;
            }
            None => {
                decoded.push(if form && byte == b'+' { b' ' } else { byte });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Encodes all but RFC 3986's unreserved characters, as IAM does with policy documents.
pub(crate) fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Writes a time as awsQuery and S3 do.
pub(crate) fn iso(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds)
        .map(|time| time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string())
        .unwrap_or_default()
}

/// Writes a time as awsJson and CBOR do.
pub(crate) fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}

pub(crate) fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (
        HeaderName::from_bytes(name.as_bytes()),
        HeaderValue::from_str(value),
    ) {
        headers.insert(name, value);
    }
}

fn fault(status: u16) -> &'static str {
    if status < 500 { "Sender" } else { "Receiver" }
}

fn to_cbor(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory fails for no value that came from JSON.
    let _ = ciborium::into_writer(&cloudwatch_wire::json_to_cbor(value), &mut bytes);
    bytes
}

/// Marks a time for the CBOR writer, which must tag it.
pub(crate) fn cbor_time(milliseconds: i64) -> Value {
    json!({ "__cbor_epoch_seconds": seconds(milliseconds) })
}

/// Turns the marks of `cbor_time` into the plain numbers of awsJson.
fn plain_times(value: Value) -> Value {
    match value {
        Value::Object(mut map) => match map.get("__cbor_epoch_seconds") {
            Some(time) if map.len() == 1 => time.clone(),
            _ => {
                for (_, member) in map.iter_mut() {
                    *member = plain_times(member.take());
                }
                Value::Object(map)
            }
        },
        Value::Array(items) => Value::Array(items.into_iter().map(plain_times).collect()),
        other => other,
    }
}

/// The shapes of CloudWatch and SQS have other names than their codes.
pub(crate) fn shape_name(service: Service, code: &str) -> String {
    let name = match (service, code) {
        (Service::CloudWatch, "InvalidParameterValue") => "InvalidParameterValueException",
        (Service::CloudWatch, "InvalidParameterCombination") => "InvalidParameterCombinationException",
        (Service::CloudWatch, "MissingParameter") => "MissingRequiredParameterException",
        (Service::CloudWatch, "LimitExceeded") => "LimitExceededFault",
        (Service::CloudWatch, "InvalidFormat") => "InvalidFormatFault",
        (Service::Sqs, "AWS.SimpleQueueService.NonExistentQueue") => "QueueDoesNotExist",
        (Service::Sqs, "QueueAlreadyExists") => "QueueNameExists",
        (_, code) => code,
    };
    name.to_owned()
}
