//! The messages of queues.
//!
//! Every queue gives its messages in the order in which they came and may give them again: what FIFO
//! queues promise beyond that, and a queue's own redrive policy, are not here.

use std::collections::BTreeMap;

use md5::{Digest as _, Md5};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{missing, name};
use crate::judge::{self, Question};
use crate::protocol::{Failure, nothing};
use crate::route::Call;
use crate::services::kms::{self, Use};
use crate::services::sns::publish::uuid;
use crate::state::{MessageAttribute, Queue, QueueMessage, State};

/// The most messages that a queue of the sandbox keeps; the oldest go.
const KEPT: usize = 1000;
const MAX_BYTES: usize = 1024 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Send {
    queue_url: String,
    message_body: String,
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: BTreeMap<String, Attribute>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    data_type: String,
    string_value: Option<String>,
    binary_value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Receive {
    queue_url: String,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfMessage {
    queue_url: String,
    #[serde(default)]
    receipt_handle: String,
    visibility_timeout: Option<i64>,
}

fn queue_mut<'s>(state: &'s mut State, call: &Call, url: &str) -> Result<&'s mut Queue, Failure> {
    let name = name(state, call, url)?;
    let queue = state.region(&call.account, &call.region).queues.get_mut(name);
    let queue = queue.ok_or_else(missing)?;
    forget(queue, call.now);
    Ok(queue)
}

fn setting(queue: &Queue, name: &str, usual: i64) -> i64 {
    queue
        .attributes
        .get(name)
        .and_then(|it| it.parse().ok())
        .unwrap_or(usual)
}

/// Drops what the queue no longer retains: four days, unless it says otherwise.
fn forget(queue: &mut Queue, now: i64) {
    let old = now - setting(queue, "MessageRetentionPeriod", 345_600) * 1000;
    queue.messages.retain(|it| it.sent > old);
}

fn put(
    queue: &mut Queue,
    arn: &str,
    body: &str,
    attributes: BTreeMap<String, MessageAttribute>,
    sender: &str,
    delay: Option<i64>,
    now: i64,
) -> String {
    forget(queue, now);
    queue.sent += 1;
    let delay = delay.unwrap_or_else(|| setting(queue, "DelaySeconds", 0));
    let id = uuid(&format!("message {arn} {} {now}", queue.sent));
    queue.messages.push(QueueMessage {
        id: id.clone(),
        body: body.to_owned(),
        sender: sender.to_owned(),
        sent: now,
        visible: now + delay * 1000,
        received: 0,
        first_received: None,
        attributes,
    });
    let over = queue.messages.len().saturating_sub(KEPT);
    queue.messages.drain(..over);
    id
}

/// Takes a message from SNS, or says why the queue does not: its policy must let SNS send in the name of
/// the topic, and so must that of its key.
pub(crate) fn deliver(
    state: &mut State,
    arn: &str,
    topic: &str,
    body: &str,
    attributes: &BTreeMap<String, MessageAttribute>,
    now: i64,
) -> Result<(), String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, "sqs", region, account, name] = parts.as_slice() else {
        return Err(format!("{arn} is no queue"));
    };
    let found = state
        .find_region(account, region)
        .and_then(|it| it.queues.get(*name));
    let queue = found.ok_or("the queue does not exist")?;
    let context = [
        ("aws:SourceArn", topic),
        ("aws:SourceAccount", topic.split(':').nth(4).unwrap_or_default()),
        ("aws:SecureTransport", "true"),
        ("aws:PrincipalIsAWSService", "true"),
    ];
    let policy = queue.attributes.get("Policy").map(String::as_str);
    let question = Question {
        service: Some("sns.amazonaws.com"),
        action: "sqs:SendMessage",
        resource: arn,
        context: &context,
    };
    if !judge::allows(policy, &question) {
        return Err("the queue's policy does not let the topic send".to_owned());
    }
    if let Some(key) = queue.attributes.get("KmsMasterKeyId").filter(|it| !it.is_empty()) {
        let call = Call::inside(account, region, now);
        let wants: [(&str, &[(&str, &str)]); 2] =
            [("kms:GenerateDataKey", &context), ("kms:Decrypt", &context)];
        // AWS's own key for queues lets no service in.
        let of_aws = key.ends_with("alias/aws/sqs");
        let granted = !of_aws
            && matches!(
                kms::ask(state, &call, key, "sns.amazonaws.com", &wants),
                Use::Granted(_)
            );
        if !granted {
            return Err("the key of the queue does not let SNS encrypt".to_owned());
        }
    }
    let Some(queue) = state.region(account, region).queues.get_mut(*name) else {
        return Err("the queue does not exist".to_owned());
    };
    put(
        queue,
        arn,
        body,
        attributes.clone(),
        "AIDAISMY7JYY5F7RTT6AO",
        None,
        now,
    );
    Ok(())
}

pub(super) fn send(state: &mut State, call: &Call, input: Send) -> Result<Value, Failure> {
    let arn = call.arn("sqs", name(state, call, &input.queue_url)?);
    if input.message_body.is_empty() {
        return Err(Failure::bad(
            "MissingParameter",
            "The request must contain the parameter MessageBody.",
        ));
    }
    if input.message_body.len() > MAX_BYTES {
        return Err(invalid(
            "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
        ));
    }
    if input.delay_seconds.is_some_and(|it| !(0..=900).contains(&it)) {
        return Err(invalid(
            "Value for parameter DelaySeconds is invalid. Reason: Must be between 0 and 900.",
        ));
    }
    let mut attributes = BTreeMap::new();
    for (name, it) in input.message_attributes {
        let (Some(value), kind) = (it.string_value.or(it.binary_value), it.data_type) else {
            return Err(invalid(format!(
                "The message attribute '{name}' must contain a non-empty value."
            )));
        };
        attributes.insert(name, MessageAttribute { kind, value });
    }
    let sums = (md5_of(&input.message_body), md5_of_attributes(&attributes));
    let queue = queue_mut(state, call, &input.queue_url)?;
    let id = put(
        queue,
        &arn,
        &input.message_body,
        attributes,
        &call.account,
        input.delay_seconds,
        call.now,
    );
    let mut answer = json!({ "MessageId": id, "MD5OfMessageBody": sums.0 });
    if let Some(sum) = sums.1 {
        answer["MD5OfMessageAttributes"] = json!(sum);
    }
    Ok(answer)
}

/// Answers at once: nothing arrives while a caller waits, unless another moves the clock.
pub(super) fn receive(state: &mut State, call: &Call, input: &Receive) -> Result<Value, Failure> {
    let most = input.max_number_of_messages.unwrap_or(1);
    if !(1..=10).contains(&most) {
        return Err(invalid(format!(
            "Value {most} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."
        )));
    }
    let queue = queue_mut(state, call, &input.queue_url)?;
    let hidden = input
        .visibility_timeout
        .unwrap_or_else(|| setting(queue, "VisibilityTimeout", 30));
    if !(0..=43_200).contains(&hidden) {
        return Err(invalid(
            "Value for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200.",
        ));
    }
    let most = usize::try_from(most).unwrap_or(1);
    let system = || {
        input
            .attribute_names
            .iter()
            .chain(&input.message_system_attribute_names)
    };
    let mut answers = Vec::new();
    for message in queue
        .messages
        .iter_mut()
        .filter(|it| it.visible <= call.now)
        .take(most)
    {
        message.received += 1;
        message.visible = call.now + hidden * 1000;
        let first = *message.first_received.get_or_insert(call.now);
        let mut answer = json!({
            "MessageId": message.id,
            "ReceiptHandle": format!("{}.{}", message.id, message.received),
            "MD5OfBody": md5_of(&message.body),
            "Body": message.body,
        });
        let all = [
            ("ApproximateFirstReceiveTimestamp", first.to_string()),
            ("ApproximateReceiveCount", message.received.to_string()),
            ("SenderId", message.sender.clone()),
            ("SentTimestamp", message.sent.to_string()),
        ];
        let asked = |name: &str| system().any(|it| it == "All" || it == name);
        let told: BTreeMap<_, _> = all.into_iter().filter(|(name, _)| asked(name)).collect();
        if !told.is_empty() {
            answer["Attributes"] = json!(told);
        }
        let wanted = |name: &str| {
            let mut names = input.message_attribute_names.iter();
            names.any(|it| match it.strip_suffix(".*").or(it.strip_suffix('*')) {
                Some(prefix) => name.starts_with(prefix),
                None => it == "All" || it == name,
            })
        };
        let told = message.attributes.iter().filter(|(name, _)| wanted(name));
        let told: BTreeMap<String, MessageAttribute> =
            told.map(|(name, it)| (name.clone(), it.clone())).collect();
        if let Some(sum) = md5_of_attributes(&told) {
            let shown = told.iter().map(|(name, it)| {
                let value = if it.kind.starts_with("Binary") {
                    "BinaryValue"
                } else {
                    "StringValue"
                };
                (name, json!({ "DataType": it.kind, value: it.value }))
            });
            answer["MessageAttributes"] = json!(shown.collect::<BTreeMap<_, _>>());
            answer["MD5OfMessageAttributes"] = json!(sum);
        }
        answers.push(answer);
    }
    match answers.is_empty() {
        true => nothing(),
        false => Ok(json!({ "Messages": answers })),
    }
}

/// The place of the message that a receipt is of; none if it is deleted.
fn of_receipt(queue: &Queue, handle: &str) -> Result<Option<usize>, Failure> {
    let broken = || {
        Failure::new(
            404,
            "ReceiptHandleIsInvalid",
            "The input receipt handle is invalid.",
        )
    };
    let (id, number) = handle.rsplit_once('.').ok_or_else(broken)?;
    number.parse::<u64>().map_err(|_| broken())?;
    Ok(queue.messages.iter().position(|it| it.id == id))
}

/// Deletes a message; one that is gone is no error.
pub(super) fn delete(state: &mut State, call: &Call, input: &OfMessage) -> Result<Value, Failure> {
    let queue = queue_mut(state, call, &input.queue_url)?;
    if let Some(at) = of_receipt(queue, &input.receipt_handle)? {
        queue.messages.remove(at);
    }
    nothing()
}

pub(super) fn change_visibility(state: &mut State, call: &Call, input: &OfMessage) -> Result<Value, Failure> {
    let seconds = input.visibility_timeout.filter(|it| (0..=43_200).contains(it));
    let Some(seconds) = seconds else {
        return Err(invalid(
            "Value for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200.",
        ));
    };
    let queue = queue_mut(state, call, &input.queue_url)?;
    let at = of_receipt(queue, &input.receipt_handle)?;
    match at.map(|at| &mut queue.messages[at]) {
        Some(message) if message.visible > call.now => message.visible = call.now + seconds * 1000,
        _ => {
            return Err(Failure::bad(
                "AWS.SimpleQueueService.MessageNotInflight",
                "The message referred to is not in flight.",
            ));
        }
    }
    nothing()
}

pub(super) fn purge(state: &mut State, call: &Call, input: &OfMessage) -> Result<Value, Failure> {
    queue_mut(state, call, &input.queue_url)?.messages.clear();
    nothing()
}

/// How many messages a queue has, in the attributes that say so.
pub(super) fn counts(queue: &Queue, now: i64) -> [(String, String); 3] {
    let old = now - setting(queue, "MessageRetentionPeriod", 345_600) * 1000;
    let count = |of: &dyn Fn(&QueueMessage) -> bool| {
        let kept = queue.messages.iter().filter(|it| it.sent > old);
        kept.filter(|it| of(it)).count().to_string()
    };
    [
        (
            "ApproximateNumberOfMessages".to_owned(),
            count(&|it| it.visible <= now),
        ),
        (
            "ApproximateNumberOfMessagesNotVisible".to_owned(),
            count(&|it| it.visible > now && it.received > 0),
        ),
        (
            "ApproximateNumberOfMessagesDelayed".to_owned(),
            count(&|it| it.visible > now && it.received == 0),
        ),
    ]
}

fn invalid(message: impl Into<String>) -> Failure {
    Failure::bad("InvalidParameterValue", message)
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn md5_of(text: &str) -> String {
    hex(Md5::digest(text.as_bytes()))
}

/// "Calculating the MD5 message digest for message attributes"; none where there are none.
fn md5_of_attributes(attributes: &BTreeMap<String, MessageAttribute>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut digest = Md5::new();
    let text = |bytes: &[u8], digest: &mut Md5| {
        digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        digest.update(bytes);
    };
    for (name, it) in attributes {
        text(name.as_bytes(), &mut digest);
        text(it.kind.as_bytes(), &mut digest);
        if it.kind.starts_with("Binary") {
            digest.update([2]);
            text(
                &aws_smithy_types::base64::decode(&it.value).unwrap_or_default(),
                &mut digest,
            );
        } else {
            digest.update([1]);
            text(it.value.as_bytes(), &mut digest);
        }
    }
    Some(hex(digest.finalize()))
}
