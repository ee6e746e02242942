//! Topics, their attributes and tags.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::delivery;
use super::publish::{self, Message, Who};
use super::subscriptions::{self, Standing};
use super::{
    element, invalid, map, next_token, tags, text, topic, topic_arn, topic_mut, topic_name, write_map,
};
use crate::judge::{statements, texts};
use crate::protocol::Failure;
use crate::route::{Call, Params};
use crate::services::{TagProblem, add_tags, page};
use crate::state::{MessageAttribute, State, Tags, Topic};

const PAGE: usize = 100;
const POLICY_BYTES: usize = 30 * 1024;

/// Makes a topic, or gives the ARN of the one that is there if it is the same.
pub(crate) fn create(state: &mut State, call: &Call, input: &Params) -> Result<String, Failure> {
    let name = text(input, "Name");
    let attributes = map(input, "Attributes");
    let fifo = attributes.get("FifoTopic").is_some_and(|it| it == "true");
    let base = if fifo {
        name.strip_suffix(".fifo")
    } else {
        Some(name)
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    if !base.is_some_and(|it| (1..=256).contains(&name.len()) && it.chars().all(allowed)) {
        return Err(invalid("Topic Name"));
    }
    for (attribute, value) in &attributes {
        check_attribute(attribute, value)?;
    }
    let tags = tags(input);
    add(&mut Tags::new(), tags.clone())?;
    let arn = topic_arn(call, name);
    let topics = &mut state.region(&call.account, &call.region).topics;
    match topics.get(name) {
        Some(live) => {
            if attributes
                .iter()
                .any(|(key, value)| live.attributes.get(key) != Some(value))
            {
                return Err(invalid(
                    "Attributes Reason: Topic already exists with different attributes",
                ));
            }
            if tags.iter().any(|(key, value)| live.tags.get(key) != Some(value)) {
                return Err(invalid("Tags Reason: Topic already exists with different tags"));
            }
        }
        None => {
            let topic = Topic {
                created: call.now,
                tags,
                attributes,
                data_protection: String::new(),
                published: 0,
            };
            topics.insert(name.to_owned(), topic);
        }
    }
    Ok(element("TopicArn", &arn))
}

pub(crate) fn get_attributes(state: &State, call: &Call, input: &Params) -> Result<String, Failure> {
    let arn = text(input, "TopicArn");
    let topic = topic(state, call, arn)?;
    let mut shown = topic.attributes.clone();
    let count = |standing| {
        subscriptions::of_topic(state, call, arn)
            .filter(|it| subscriptions::standing(it) == standing)
            .count()
            .to_string()
    };
    let mut set = |name: &str, value: String| shown.insert(name.to_owned(), value);
    set("TopicArn", arn.to_owned());
    set("Owner", call.account.clone());
    set("SubscriptionsConfirmed", count(Standing::Confirmed));
    set("SubscriptionsPending", count(Standing::Pending));
    set("SubscriptionsDeleted", count(Standing::Deleted));
    for (name, default) in [
        ("DisplayName", String::new()),
        ("Policy", default_policy(call, arn)),
        (
            "EffectiveDeliveryPolicy",
            delivery::effective(topic.attributes.get("DeliveryPolicy").map(String::as_str)),
        ),
    ] {
        shown.entry(name.to_owned()).or_insert(default);
    }
    Ok(write_map(
        shown.iter().map(|(key, value)| (key.as_str(), value.clone())),
    ))
}

pub(crate) fn set_attributes(state: &mut State, call: &Call, input: &Params) -> Result<String, Failure> {
    let topic = topic_mut(state, call, text(input, "TopicArn"))?;
    let name = text(input, "AttributeName");
    let value = text(input, "AttributeValue");
    check_attribute(name, value)?;
    if value.is_empty() {
        topic.attributes.remove(name);
    } else {
        topic.attributes.insert(name.to_owned(), value.to_owned());
    }
    Ok(String::new())
}

/// What an attribute of delivery status is about: of which protocol it is does not matter, and there
/// is no sample of failures.
fn feedback(name: &str) -> Option<&str> {
    let of = ["Application", "Firehose", "HTTP", "Lambda", "SQS"];
    let rest = of.iter().find_map(|protocol| name.strip_prefix(protocol))?;
    match rest {
        "SuccessFeedbackRoleArn" | "FailureFeedbackRoleArn" => Some("RoleArn"),
        "SuccessFeedbackSampleRate" => Some("SampleRate"),
        _ => None,
    }
}

pub(crate) fn get_data_protection(state: &State, call: &Call, input: &Params) -> Result<String, Failure> {
    let topic = topic(state, call, text(input, "ResourceArn"))?;
    Ok(element("DataProtectionPolicy", &topic.data_protection))
}

/// Sets a topic's data protection policy; an empty one takes it away.
pub(crate) fn put_data_protection(state: &mut State, call: &Call, input: &Params) -> Result<String, Failure> {
    let topic = topic_mut(state, call, text(input, "ResourceArn"))?;
    let policy = text(input, "DataProtectionPolicy");
    if policy.len() > 30_720 {
        return Err(invalid("DataProtectionPolicy Reason: policy is too long"));
    }
    if !policy.is_empty() {
        let document: Option<Value> = serde_json::from_str(policy).ok();
        let has = |key: &str| document.as_ref().is_some_and(|it| it.get(key).is_some());
        if !["Name", "Version", "Statement"].into_iter().all(has) {
            return Err(invalid(
                "DataProtectionPolicy Reason: not a data protection policy",
            ));
        }
    }
    topic.data_protection = policy.to_owned();
    Ok(String::new())
}

/// Deletes a topic with its subscriptions; one that is not there is no error.
pub(crate) fn delete(state: &mut State, call: &Call, input: &Params) -> Result<String, Failure> {
    let arn = text(input, "TopicArn");
    let name = topic_name(call, arn)?;
    let region = state.region(&call.account, &call.region);
    region.topics.remove(name);
    region.subscriptions.retain(|it| it.topic != arn);
    Ok(String::new())
}

pub(crate) fn list(state: &State, call: &Call, input: &Params) -> String {
    let names = state
        .find_region(&call.account, &call.region)
        .into_iter()
        .flat_map(|region| region.topics.keys().cloned());
    let token = input.get("NextToken").map(String::as_str);
    let (names, next) = page(names, String::clone, token, PAGE);
    let members: String = names
        .iter()
        .map(|name| format!("<member>{}</member>", element("TopicArn", &topic_arn(call, name))))
        .collect();
    format!("<Topics>{members}</Topics>{}", next_token(next))
}

pub(crate) fn publish(state: &mut State, call: &Call, input: &Params) -> Result<String, Failure> {
    let arn = match text(input, "TopicArn") {
        "" => text(input, "TargetArn"),
        arn => arn,
    };
    topic(state, call, arn)?;
    let message = message(input, "")?;
    let id = publish::publish(state, arn, Who::Caller, &message, call.now)?;
    Ok(element("MessageId", &id))
}

/// Publishes up to ten messages, each of which succeeds or fails alone.
pub(crate) fn publish_batch(state: &mut State, call: &Call, input: &Params) -> Result<String, Failure> {
    let arn = text(input, "TopicArn");
    topic(state, call, arn)?;
    let (mut done, mut failed, mut ids) = (String::new(), String::new(), std::collections::BTreeSet::new());
    for index in 1.. {
        let entry = format!("PublishBatchRequestEntries.member.{index}.");
        let Some(id) = input.get(&format!("{entry}Id")) else {
            break;
        };
        if !ids.insert(id) {
            let code = "BatchEntryIdsNotDistinct";
            return Err(Failure::bad(
                code,
                "Two or more batch entries in the request have the same Id",
            ));
        }
        if index > 10 {
            let code = "TooManyEntriesInBatchRequest";
            return Err(Failure::bad(
                code,
                "The batch request contains more entries than permissible",
            ));
        }
        let sent = message(input, &entry)
            .and_then(|message| publish::publish(state, arn, Who::Caller, &message, call.now));
        match sent {
            Ok(message) => done.push_str(&format!(
                "<member>{}{}</member>",
                element("Id", id),
                element("MessageId", &message)
            )),
            Err(failure) => failed.push_str(&format!(
                "<member>{}{}{}<SenderFault>true</SenderFault></member>",
                element("Id", id),
                element("Code", &failure.code),
                element("Message", &failure.message)
            )),
        }
    }
    if ids.is_empty() {
        return Err(Failure::bad(
            "EmptyBatchRequest",
            "The batch request doesn't contain any entries",
        ));
    }
    Ok(format!(
        "<Successful>{done}</Successful><Failed>{failed}</Failed>"
    ))
}

/// Reads a message; `at` is what stands before the names of its parameters.
fn message(input: &Params, at: &str) -> Result<Message, Failure> {
    let of = |name: &str| text(input, &format!("{at}{name}"));
    let body = of("Message");
    if body.is_empty() {
        return Err(invalid("Empty message"));
    }
    if body.len() > 256 * 1024 {
        return Err(invalid("Message too long"));
    }
    let subject = input.get(&format!("{at}Subject")).cloned();
    // "Subjects must be ASCII text", without control characters, and up to 100 characters.
    let fits = |it: &String| (1..=100).contains(&it.len()) && it.chars().all(|c| (' '..='~').contains(&c));
    if subject.as_ref().is_some_and(|it| !fits(it)) {
        return Err(invalid("Subject"));
    }
    let mut attributes = BTreeMap::new();
    for index in 1.. {
        let entry = |part: &str| input.get(&format!("{at}MessageAttributes.entry.{index}.{part}"));
        let Some(name) = entry("Name") else {
            break;
        };
        let kind = entry("Value.DataType").cloned().unwrap_or_default();
        let base = kind.split_once('.').map_or(kind.as_str(), |(base, _)| base);
        let value = match base {
            "Binary" => entry("Value.BinaryValue"),
            _ => entry("Value.StringValue"),
        };
        let value = value.filter(|it| !it.is_empty());
        let Some(value) = value.filter(|_| matches!(base, "String" | "Number" | "Binary")) else {
            return Err(Failure::bad(
                "ParameterValueInvalid",
                format!("The message attribute '{name}' must have a type and a value of it."),
            ));
        };
        let value = value.clone();
        attributes.insert(name.clone(), MessageAttribute { kind, value });
    }
    let mut message = Message {
        subject,
        attributes,
        ..Message::of(body)
    };
    if of("MessageStructure") == "json" {
        let parts: Option<BTreeMap<String, Value>> = serde_json::from_str(body).ok();
        let parts = parts.ok_or_else(|| invalid("Message Structure - JSON message body failed to parse"))?;
        let texts = parts
            .into_iter()
            .filter_map(|(name, it)| Some((name, it.as_str()?.to_owned())));
        message.by_protocol = texts.collect();
        let default = message.by_protocol.remove("default");
        message.body =
            default.ok_or_else(|| invalid("Message Structure - No default entry in JSON message body"))?;
    }
    Ok(message)
}

fn no_resource() -> Failure {
    Failure::new(404, "ResourceNotFound", "Resource does not exist")
}

/// The tag calls speak of resources where the others speak of topics.
fn of_resource(failure: Failure) -> Failure {
    if failure.code == "NotFound" {
        no_resource()
    } else {
        failure
    }
}

pub(crate) fn tag(state: &mut State, call: &Call, input: &Params) -> Result<String, Failure> {
    let topic = topic_mut(state, call, text(input, "ResourceArn")).map_err(of_resource)?;
    add(&mut topic.tags, tags(input))?;
    Ok(String::new())
}

pub(crate) fn untag(state: &mut State, call: &Call, input: &Params) -> Result<String, Failure> {
    let topic = topic_mut(state, call, text(input, "ResourceArn")).map_err(of_resource)?;
    for index in 1.. {
        let Some(key) = input.get(&format!("TagKeys.member.{index}")) else {
            break;
        };
        topic.tags.remove(key);
    }
    Ok(String::new())
}

pub(crate) fn list_tags(state: &State, call: &Call, input: &Params) -> Result<String, Failure> {
    let topic = topic(state, call, text(input, "ResourceArn")).map_err(of_resource)?;
    let members: String = topic
        .tags
        .iter()
        .map(|(key, value)| {
            format!(
                "<member>{}{}</member>",
                element("Key", key),
                element("Value", value)
            )
        })
        .collect();
    Ok(format!("<Tags>{members}</Tags>"))
}

fn add(tags: &mut Tags, added: Tags) -> Result<(), Failure> {
    add_tags(tags, added, |problem| match problem {
        TagProblem::TooMany => Failure::bad(
            "TagLimitExceeded",
            "Could not complete request: tag quota of per resource exceeded",
        ),
        TagProblem::Invalid(message) => invalid(format!("Tags Reason: {message}")),
    })
}

/// The policy of a topic whose owner set none, as SNS shows it.
pub(crate) fn default_policy(call: &Call, arn: &str) -> String {
    json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": [
                "SNS:GetTopicAttributes",
                "SNS:SetTopicAttributes",
                "SNS:AddPermission",
                "SNS:RemovePermission",
                "SNS:DeleteTopic",
                "SNS:Subscribe",
                "SNS:ListSubscriptionsByTopic",
                "SNS:Publish"
            ],
            "Resource": arn,
            "Condition": { "StringEquals": { "AWS:SourceOwner": call.account } }
        }]
    })
    .to_string()
}

fn check_attribute(name: &str, value: &str) -> Result<(), Failure> {
    match name {
        "Policy" => check_policy(value),
        "DeliveryPolicy" if value.is_empty() => Ok(()),
        "DeliveryPolicy" => delivery::check_topic(value),
        "DisplayName" if value.chars().count() > 100 => Err(invalid("DisplayName")),
        "DisplayName"
        | "KmsMasterKeyId"
        | "FifoTopic"
        | "ContentBasedDeduplication"
        | "ArchivePolicy"
        | "FifoThroughputScope"
        | "DataProtectionPolicy" => Ok(()),
        "SignatureVersion" if matches!(value, "1" | "2") => Ok(()),
        "SignatureVersion" => Err(invalid("SignatureVersion")),
        "TracingConfig" if matches!(value, "PassThrough" | "Active") => Ok(()),
        "TracingConfig" => Err(invalid("TracingConfig")),
        name if feedback(name) == Some("RoleArn") => {
            let role = value.starts_with("arn:") && value.contains(":iam::") && value.contains(":role/");
            match value.is_empty() || role {
                true => Ok(()),
                false => Err(invalid(format!("{name}: Invalid role ARN"))),
            }
        }
        name if feedback(name) == Some("SampleRate") => match value.parse::<u32>() {
            Ok(0..=100) => Ok(()),
            _ => Err(invalid(format!("{name} must be between 0 and 100"))),
        },
        _ => Err(invalid("AttributeName")),
    }
}

fn check_policy(text: &str) -> Result<(), Failure> {
    let broken = || invalid("Policy Error: null");
    if text.len() > POLICY_BYTES {
        return Err(invalid("Policy is too long"));
    }
    let document: Value = serde_json::from_str(text).map_err(|_| broken())?;
    let list = statements(&document);
    if list.is_empty() {
        return Err(broken());
    }
    if list.len() > 100 {
        return Err(invalid("Policy has too many statements"));
    }
    let mut sids = std::collections::BTreeSet::new();
    for statement in list {
        let effect = statement.get("Effect").and_then(Value::as_str);
        let principal = statement.get("Principal").or(statement.get("NotPrincipal"));
        let action = statement.get("Action").or(statement.get("NotAction"));
        let resource = statement.get("Resource").or(statement.get("NotResource"));
        let (Some("Allow" | "Deny"), Some(_), Some(action), Some(resource)) =
            (effect, principal, action, resource)
        else {
            return Err(broken());
        };
        if let Some(sid) = statement.get("Sid").and_then(Value::as_str)
            && !sids.insert(sid)
        {
            return Err(invalid("Policy Error: Statement IDs must be unique"));
        }
        let in_scope = |it: &&str| *it == "*" || it.to_ascii_lowercase().starts_with("sns:");
        if !texts(action).iter().all(in_scope) {
            return Err(invalid("Policy statement action out of service scope!"));
        }
        if texts(resource).len() != 1 {
            return Err(invalid("Policy statement must have exactly one resource"));
        }
    }
    Ok(())
}
