//! SQS: queues, their attributes and their messages.

mod messages;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::judge::statements;
use crate::protocol::{Failure, nothing, take};
use crate::route::Call;
use crate::services::page;
use crate::state::{Queue, State};

pub(crate) use messages::deliver;

/// What `SetQueueAttributes` takes.
const ATTRIBUTES: &[&str] = &[
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "Policy",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfName {
    queue_name: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(rename = "tags")]
    tags: Option<BTreeMap<String, String>>,
    #[serde(rename = "QueueOwnerAWSAccountId")]
    owner: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfUrl {
    queue_url: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    #[serde(default)]
    queue_name_prefix: String,
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tagging {
    queue_url: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

pub(crate) fn handle(state: &mut State, call: &Call, input: Value) -> Result<Value, Failure> {
    match call.operation.as_str() {
        "CreateQueue" => create(state, call, take(input)?),
        "GetQueueUrl" => find(state, call, &take(input)?),
        "GetQueueAttributes" => attributes(state, call, &take(input)?),
        "SetQueueAttributes" => set(state, call, take(input)?),
        "DeleteQueue" => delete(state, call, &take(input)?),
        "ListQueues" => list(state, call, &take(input)?),
        "ListQueueTags" => tags(state, call, &take(input)?),
        "TagQueue" => tag(state, call, take(input)?),
        "UntagQueue" => untag(state, call, &take(input)?),
        "SendMessage" => messages::send(state, call, take(input)?),
        "ReceiveMessage" => messages::receive(state, call, &take(input)?),
        "DeleteMessage" => messages::delete(state, call, &take(input)?),
        "ChangeMessageVisibility" => messages::change_visibility(state, call, &take(input)?),
        "PurgeQueue" => messages::purge(state, call, &take(input)?),
        _ => Err(Failure::not_implemented(call)),
    }
}

fn url(call: &Call, name: &str) -> Value {
    let Call { account, region, .. } = call;
    let domain = match call.partition() {
        "aws-cn" => "amazonaws.com.cn",
        _ => "amazonaws.com",
    };
    json!({ "QueueUrl": format!("https://sqs.{region}.{domain}/{account}/{name}") })
}

fn missing() -> Failure {
    let code = "AWS.SimpleQueueService.NonExistentQueue";
    Failure::bad(code, "The specified queue does not exist.")
}

/// The name of the queue that a URL means; one of another account is not there for a caller without
/// its leave.
fn name<'u>(state: &State, call: &Call, url: &'u str) -> Result<&'u str, Failure> {
    let mut parts = url.rsplit('/');
    let (name, account) = (parts.next().unwrap_or_default(), parts.next());
    let region = state.find_region(&call.account, &call.region);
    let is_there = region.is_some_and(|region| region.queues.contains_key(name));
    match is_there && account == Some(call.account.as_str()) {
        true => Ok(name),
        false => Err(missing()),
    }
}

fn check(attributes: &BTreeMap<String, String>) -> Result<(), Failure> {
    for (name, value) in attributes {
        if name != "FifoQueue" && !ATTRIBUTES.contains(&name.as_str()) {
            let message = format!("Unknown Attribute {name}.");
            return Err(Failure::bad("InvalidAttributeName", message));
        }
        let understood = || {
            let document = serde_json::from_str::<Value>(value);
            document.is_ok_and(|document| !statements(&document).is_empty())
        };
        if name == "Policy" && !value.is_empty() && !understood() {
            let message = "Invalid value for the parameter Policy.";
            return Err(Failure::bad("InvalidAttributeValue", message));
        }
    }
    Ok(())
}

fn create(state: &mut State, call: &Call, input: OfName) -> Result<Value, Failure> {
    let name = input.queue_name;
    let fifo = input.attributes.get("FifoQueue").is_some_and(|it| it == "true");
    let stem = match fifo {
        true => name.strip_suffix(".fifo").unwrap_or_default(),
        false => &name,
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if stem.is_empty() || name.len() > 80 || !stem.chars().all(allowed) {
        return Err(Failure::bad(
            "InvalidParameterValue",
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        ));
    }
    check(&input.attributes)?;
    let queues = &mut state.region(&call.account, &call.region).queues;
    let made = queues.entry(name.clone()).or_insert_with(|| Queue {
        attributes: input.attributes.clone(),
        tags: input.tags.unwrap_or_default(),
        ..Queue::default()
    });
    let differs = |(key, value): (&String, &String)| made.attributes.get(key) != Some(value);
    if input.attributes.iter().any(differs) {
        return Err(Failure::bad(
            "QueueAlreadyExists",
            format!("A queue named {name} already exists with a different value for an attribute."),
        ));
    }
    Ok(url(call, &name))
}

fn find(state: &State, call: &Call, input: &OfName) -> Result<Value, Failure> {
    let ours = input.owner.as_ref().is_none_or(|owner| *owner == call.account);
    let region = state.find_region(&call.account, &call.region);
    match region.is_some_and(|region| region.queues.contains_key(&input.queue_name)) && ours {
        true => Ok(url(call, &input.queue_name)),
        false => Err(missing()),
    }
}

fn attributes(state: &State, call: &Call, input: &OfUrl) -> Result<Value, Failure> {
    let name = name(state, call, &input.queue_url)?;
    let region = state.find_region(&call.account, &call.region);
    let queue = region.and_then(|region| region.queues.get(name));
    let queue = queue.ok_or_else(missing)?;
    let mut held = queue.attributes.clone();
    held.insert("QueueArn".to_owned(), call.arn("sqs", name));
    held.extend(messages::counts(queue, call.now));
    let asked = |name: &str| input.attribute_names.iter().any(|it| it == "All" || it == name);
    let told: BTreeMap<_, _> = held.into_iter().filter(|(name, _)| asked(name)).collect();
    match told.is_empty() {
        true => nothing(),
        false => Ok(json!({ "Attributes": told })),
    }
}

fn set(state: &mut State, call: &Call, input: OfUrl) -> Result<Value, Failure> {
    let name = name(state, call, &input.queue_url)?;
    check(&input.attributes)?;
    let queues = &mut state.region(&call.account, &call.region).queues;
    let held = &mut queues.get_mut(name).ok_or_else(missing)?.attributes;
    held.extend(input.attributes);
    // An attribute that is set to nothing is taken away.
    held.retain(|_, value| !value.is_empty());
    nothing()
}

/// "ListQueues": up to 1,000, and a token for the next ones only where the caller says how many.
fn list(state: &State, call: &Call, input: &List) -> Result<Value, Failure> {
    let region = state.find_region(&call.account, &call.region);
    let names = region.into_iter().flat_map(|region| region.queues.keys());
    let names = names.filter(|name| name.starts_with(&input.queue_name_prefix));
    let most = input.max_results.unwrap_or(1000).clamp(1, 1000);
    let (names, next) = page(names, |name| (*name).clone(), input.next_token.as_deref(), most);
    let urls: Vec<Value> = names
        .into_iter()
        .map(|name| url(call, name)["QueueUrl"].clone())
        .collect();
    let mut answer = json!({});
    if !urls.is_empty() {
        answer["QueueUrls"] = urls.into();
    }
    if let (Some(next), Some(_)) = (next, input.max_results) {
        answer["NextToken"] = next.into();
    }
    Ok(answer)
}

fn tags(state: &State, call: &Call, input: &Tagging) -> Result<Value, Failure> {
    let name = name(state, call, &input.queue_url)?;
    let region = state.find_region(&call.account, &call.region);
    let queue = region
        .and_then(|region| region.queues.get(name))
        .ok_or_else(missing)?;
    match queue.tags.is_empty() {
        true => nothing(),
        false => Ok(json!({ "Tags": queue.tags })),
    }
}

fn tag(state: &mut State, call: &Call, input: Tagging) -> Result<Value, Failure> {
    let name = name(state, call, &input.queue_url)?;
    let queues = &mut state.region(&call.account, &call.region).queues;
    queues.get_mut(name).ok_or_else(missing)?.tags.extend(input.tags);
    nothing()
}

fn untag(state: &mut State, call: &Call, input: &Tagging) -> Result<Value, Failure> {
    let name = name(state, call, &input.queue_url)?;
    let queues = &mut state.region(&call.account, &call.region).queues;
    let queue = queues.get_mut(name).ok_or_else(missing)?;
    queue.tags.retain(|key, _| !input.tag_keys.contains(key));
    nothing()
}

fn delete(state: &mut State, call: &Call, input: &OfUrl) -> Result<Value, Failure> {
    let name = name(state, call, &input.queue_url)?;
    state.region(&call.account, &call.region).queues.remove(name);
    nothing()
}
