//! The record that CloudTrail makes of a call.
//!
//! What AWS logs as a management event is recorded always; an object's calls are data events, which
//! are recorded if a trail asks for them. Of the others that CloudTrail takes for data events or
//! does not log at all, such as `PutLogEvents`, `Publish`, `PutMetricData` or the messages of a
//! queue, there is no record. Nor is there one of an operation that the sandbox does not know.
//!
//! The caller is always the IAM user `sandbox`, as `GetCallerIdentity` says; the access key id is
//! the request's own. The services that the sandbox has need none of the version suffixes that
//! CloudTrail gives to some event names (`CreateFunction20150331`).

mod shape;

use http::HeaderMap;
use serde::Serialize;
use serde_json::{Map, Value, json};
use winterbaume_core::MockResponse;

use crate::protocol::{self, Failure, Protocol};
use crate::route::{Call, Service, header, request_id};
use crate::services::Input;
use crate::services::s3::S3Request;
use crate::vault::Entry;

pub(crate) use shape::is_read;

/// The user that every caller is.
pub(crate) const USER: &str = "sandbox";
pub(crate) const USER_ID: &str = "AIDASANDBOXSANDBOXSAN";

/// What is known of a call before it is answered.
pub(crate) struct Asked {
    key: String,
    agent: String,
    host: String,
    event_name: String,
    pub(crate) data: bool,
    read_only: bool,
    parameters: Value,
    resources: Vec<Value>,
}

/// Who sent a request, beside the account.
pub(crate) struct Sender<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) host: &'a str,
    pub(crate) key: Option<&'a str>,
}

/// CloudTrail's record, its members in CloudTrail's order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_version: &'static str,
    user_identity: Value,
    event_time: String,
    event_source: &'static str,
    event_name: String,
    aws_region: String,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: &'static str,
    user_agent: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    request_parameters: Value,
    response_elements: Value,
    #[serde(rename = "requestID")]
    request_id: String,
    #[serde(rename = "eventID")]
    event_id: String,
    read_only: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<Value>,
    event_type: &'static str,
    management_event: bool,
    recipient_account_id: String,
    event_category: &'static str,
    tls_details: Value,
}

fn source(service: Service) -> Option<&'static str> {
    Some(match service {
        Service::CloudTrail => "cloudtrail.amazonaws.com",
        Service::CloudWatch => "monitoring.amazonaws.com",
        Service::Logs => "logs.amazonaws.com",
        Service::Sns => "sns.amazonaws.com",
        Service::Sqs => "sqs.amazonaws.com",
        Service::S3 => "s3.amazonaws.com",
        Service::Iam => "iam.amazonaws.com",
        Service::Kms => "kms.amazonaws.com",
        Service::Sts => "sts.amazonaws.com",
        Service::Tagging => "tagging.amazonaws.com",
        Service::Other => return None,
    })
}

/// What CloudTrail has no management event of, by service; S3's objects are treated apart.
fn is_silent(service: Service, operation: &str) -> bool {
    let silent: &[&str] = match service {
        Service::Logs => &["PutLogEvents", "GetLogEvents", "FilterLogEvents"],
        Service::Sns => &["Publish", "PublishBatch"],
        Service::Sqs => &[
            "SendMessage",
            "SendMessageBatch",
            "ReceiveMessage",
            "DeleteMessage",
            "DeleteMessageBatch",
            "ChangeMessageVisibility",
            "ChangeMessageVisibilityBatch",
        ],
        Service::CloudWatch => &[
            "PutMetricData",
            "GetMetricData",
            "GetMetricStatistics",
            "GetMetricWidgetImage",
            "ListMetrics",
        ],
        _ => &[],
    };
    silent.contains(&operation)
}

/// Takes down what a call asks for, if CloudTrail records such calls.
pub(crate) fn ask(call: &Call, sender: &Sender<'_>, input: &Input) -> Option<Asked> {
    source(call.service)?;
    if call.operation.is_empty() || is_silent(call.service, &call.operation) {
        return None;
    }
    let mut asked = Asked {
        key: sender.key.unwrap_or_default().to_owned(),
        agent: header(sender.headers, "user-agent")
            .unwrap_or_default()
            .to_owned(),
        host: sender.host.to_owned(),
        event_name: call.operation.clone(),
        data: false,
        read_only: is_read(&call.operation),
        parameters: Value::Null,
        resources: Vec::new(),
    };
    match input {
        Input::Value(input) => asked.parameters = shape::of_json(call.service, input.clone()),
        Input::Params(params) => asked.parameters = shape::of_params(params),
        Input::S3(request) => of_s3(&mut asked, call, request),
    }
    Some(asked)
}

fn of_s3(asked: &mut Asked, call: &Call, request: &S3Request) {
    asked.event_name = s3_event(&call.operation);
    asked.read_only = request.reads();
    asked.data = !request.key.is_empty()
        || matches!(
            asked.event_name.as_str(),
            "ListObjects" | "ListObjectVersions" | "DeleteObjects"
        );
    // S3 writes its user agents so.
    asked.agent = format!("[{}]", asked.agent);
    let mut parameters = Map::new();
    if !request.bucket.is_empty() {
        parameters.insert("bucketName".to_owned(), request.bucket.clone().into());
    }
    parameters.insert("Host".to_owned(), asked.host.clone().into());
    let mut query: Vec<_> = request.query.iter().filter(|(name, _)| *name != "x-id").collect();
    query.sort();
    for (name, value) in query {
        parameters.insert(name.clone(), value.clone().into());
    }
    if !request.key.is_empty() {
        parameters.insert("key".to_owned(), request.key.clone().into());
    } else if asked.event_name == "PutBucketPolicy" {
        if let Ok(policy) = serde_json::from_slice::<Value>(&request.http.body) {
            parameters.insert("bucketPolicy".to_owned(), policy);
        }
    } else if let Some((name, value)) = std::str::from_utf8(&request.http.body)
        .ok()
        .and_then(shape::of_xml)
    {
        parameters.insert(name, value);
    }
    asked.parameters = Value::Object(parameters);
    if !request.bucket.is_empty() {
        let bucket = format!("arn:{}:s3:::{}", call.partition(), request.bucket);
        if asked.data {
            let object = match request.key.as_str() {
                "" => json!({ "type": "AWS::S3::Object", "ARNPrefix": format!("{bucket}/") }),
                key => json!({ "type": "AWS::S3::Object", "ARN": format!("{bucket}/{key}") }),
            };
            asked.resources.push(object);
        }
        asked
            .resources
            .push(json!({ "accountId": call.account, "type": "AWS::S3::Bucket", "ARN": bucket }));
    }
}

/// CloudTrail keeps older names for some of S3's operations.
fn s3_event(operation: &str) -> String {
    match operation {
        "ListObjectsV2" => "ListObjects".to_owned(),
        name => name
            .replace("BucketLifecycleConfiguration", "BucketLifecycle")
            .replace("PublicAccessBlock", "BucketPublicAccessBlock")
            .replace("ObjectLockConfiguration", "BucketObjectLockConfiguration"),
    }
}

/// Makes the record of an answered call; none of one that the sandbox could not answer.
pub(crate) fn entry(
    call: &Call,
    asked: Asked,
    protocol: Protocol,
    outcome: &Result<MockResponse, Failure>,
) -> Option<Entry> {
    let (error_code, error_message, response_elements) = match outcome {
        Ok(response) if response.status >= 400 => (Some(headless(call, response.status)), None, Value::Null),
        Ok(response) if !asked.read_only => (None, None, elements(call, protocol, response)),
        Ok(_) => (None, None, Value::Null),
        Err(failure) if failure.status >= 500 || failure.code == "SandboxFileUnusable" => return None,
        Err(failure) => (
            Some(error_code(call.service, &failure.code)),
            Some(failure.message.clone()),
            Value::Null,
        ),
    };
    let record = Record {
        event_version: "1.11",
        user_identity: json!({
            "type": "IAMUser",
            "principalId": USER_ID,
            "arn": format!("arn:{}:iam::{}:user/{USER}", call.partition(), call.account),
            "accountId": call.account,
            "accessKeyId": asked.key,
            "userName": USER,
        }),
        event_time: event_time(call.now),
        event_source: source(call.service)?,
        event_name: asked.event_name,
        aws_region: match call.service {
            // Whatever region its caller thinks to be in.
            Service::Iam => global_region(call).to_owned(),
            _ => call.region.clone(),
        },
        source_ip_address: "127.0.0.1",
        user_agent: asked.agent,
        error_code,
        error_message,
        request_parameters: asked.parameters,
        response_elements,
        request_id: call.request_id.clone(),
        event_id: request_id(),
        read_only: asked.read_only,
        resources: asked.resources,
        event_type: "AwsApiCall",
        management_event: !asked.data,
        recipient_account_id: call.account.clone(),
        event_category: if asked.data { "Data" } else { "Management" },
        tls_details: json!({ "clientProvidedHostHeader": asked.host }),
    };
    Some(Entry {
        time: call.now,
        account: call.account.clone(),
        played: false,
        record: serde_json::to_string(&record).ok()?,
    })
}

/// The region in which the partition's global services log.
fn global_region(call: &Call) -> &'static str {
    match call.partition() {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    }
}

/// Writes a time as records have it: whole seconds.
pub(crate) fn event_time(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds)
        .map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default()
}

/// Records have the names of the exceptions, as the models have them.
fn error_code(service: Service, code: &str) -> String {
    let code = protocol::shape_name(service, code);
    let bare = matches!(service, Service::Iam | Service::Sns)
        && !code.ends_with("Exception")
        && code != "AccessDenied";
    format!("{code}{}", if bare { "Exception" } else { "" })
}

/// An answer to HEAD has no code in it.
fn headless(call: &Call, status: u16) -> String {
    let code = match (status, call.operation.as_str()) {
        (404, "HeadBucket") => "NoSuchBucket",
        (404, _) => "NoSuchKey",
        (301, _) => "PermanentRedirect",
        _ => "AccessDenied",
    };
    code.to_owned()
}

fn elements(call: &Call, protocol: Protocol, response: &MockResponse) -> Value {
    match protocol {
        Protocol::S3 => Value::Null,
        Protocol::Json(_) => shape::of_json(
            call.service,
            serde_json::from_slice(&response.body).unwrap_or_default(),
        ),
        Protocol::Cbor => shape::of_json(
            call.service,
            protocol::decode_cbor(&response.body).unwrap_or_default(),
        ),
        Protocol::Query => std::str::from_utf8(&response.body)
            .ok()
            .and_then(shape::of_xml)
            .map_or(Value::Null, |(_, mut answer)| {
                let result = format!("{}Result", call.operation);
                shape::of_json(call.service, answer[&result].take())
            }),
    }
}
