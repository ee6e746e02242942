//! SNS: topics and subscriptions, which wait for their confirmation as on AWS.

mod delivery;
mod filter;
pub(crate) mod publish;
mod subscriptions;
mod topics;

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use winterbaume_core::MockResponse;

use crate::protocol::{Failure, escape, query_answer};
use crate::route::{Call, Params};
use crate::state::{State, Tags, Topic};

pub(crate) fn handle(state: &mut State, call: &Call, input: &Params) -> Result<MockResponse, Failure> {
    let result = match call.operation.as_str() {
        "CreateTopic" => topics::create(state, call, input),
        "GetTopicAttributes" => topics::get_attributes(state, call, input),
        "SetTopicAttributes" => topics::set_attributes(state, call, input),
        "GetDataProtectionPolicy" => topics::get_data_protection(state, call, input),
        "PutDataProtectionPolicy" => topics::put_data_protection(state, call, input),
        "DeleteTopic" => topics::delete(state, call, input),
        "ListTopics" => Ok(topics::list(state, call, input)),
        "Publish" => topics::publish(state, call, input),
        "PublishBatch" => topics::publish_batch(state, call, input),
        "TagResource" => topics::tag(state, call, input),
        "UntagResource" => topics::untag(state, call, input),
        "ListTagsForResource" => topics::list_tags(state, call, input),
        "Subscribe" => subscriptions::subscribe(state, call, input),
        "ConfirmSubscription" => subscriptions::confirm(state, call, input),
        "Unsubscribe" => subscriptions::unsubscribe(state, call, input),
        "ListSubscriptionsByTopic" => subscriptions::list_by_topic(state, call, input),
        "ListSubscriptions" => Ok(subscriptions::list(state, call, input)),
        "GetSubscriptionAttributes" => subscriptions::get_attributes(state, call, input),
        "SetSubscriptionAttributes" => subscriptions::set_attributes(state, call, input),
        _ => Err(Failure::not_implemented(call)),
    }?;
    Ok(query_answer(call, &result))
}

fn invalid(message: impl AsRef<str>) -> Failure {
    Failure::bad(
        "InvalidParameter",
        format!("Invalid parameter: {}", message.as_ref()),
    )
}

fn text<'p>(input: &'p Params, name: &str) -> &'p str {
    input.get(name).map_or("", String::as_str)
}

/// Reads a map: `NAME.entry.1.key`, `NAME.entry.1.value` and so on. The generated readers of the
/// wire types leave maps out, and their writers misspell them.
fn map(input: &Params, name: &str) -> BTreeMap<String, String> {
    (1..)
        .map_while(|index| {
            let key = input.get(&format!("{name}.entry.{index}.key"))?;
            let value = text(input, &format!("{name}.entry.{index}.value"));
            Some((key.clone(), value.to_owned()))
        })
        .collect()
}

fn tags(input: &Params) -> Tags {
    (1..)
        .map_while(|index| {
            let key = input.get(&format!("Tags.member.{index}.Key"))?;
            let value = text(input, &format!("Tags.member.{index}.Value"));
            Some((key.clone(), value.to_owned()))
        })
        .collect()
}

fn write_map<'m>(entries: impl IntoIterator<Item = (&'m str, String)>) -> String {
    let entries: String = entries
        .into_iter()
        .map(|(key, value)| {
            format!(
                "<entry><key>{}</key><value>{}</value></entry>",
                escape(key),
                escape(&value)
            )
        })
        .collect();
    format!("<Attributes>{entries}</Attributes>")
}

fn element(name: &str, value: &str) -> String {
    format!("<{name}>{}</{name}>", escape(value))
}

fn next_token(token: Option<String>) -> String {
    token.map_or_else(String::new, |token| element("NextToken", &token))
}

fn topic_arn(call: &Call, name: &str) -> String {
    call.arn("sns", name)
}

/// Reads the name out of the ARN of a topic that the caller may use here.
fn topic_name<'a>(call: &Call, arn: &'a str) -> Result<&'a str, Failure> {
    let parts: Vec<&str> = arn.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "sns", region, account, name] => {
            if *region != call.region {
                return Err(invalid("TopicArn"));
            }
            if *account != call.account {
                return Err(Failure::new(
                    403,
                    "AuthorizationError",
                    format!(
                        "User: arn:{}:iam::{}:user/sandbox is not authorized to perform: SNS:{} \
                         on resource: {arn}",
                        call.partition(),
                        call.account,
                        call.operation
                    ),
                ));
            }
            Ok(name)
        }
        parts => Err(invalid(format!(
            "TopicArn Reason: An ARN must have at least 6 elements, not {}",
            parts.len()
        ))),
    }
}

fn no_topic() -> Failure {
    Failure::new(404, "NotFound", "Topic does not exist")
}

fn topic<'s>(state: &'s State, call: &Call, arn: &str) -> Result<&'s Topic, Failure> {
    let name = topic_name(call, arn)?;
    state
        .find_region(&call.account, &call.region)
        .and_then(|region| region.topics.get(name))
        .ok_or_else(no_topic)
}

fn topic_mut<'s>(state: &'s mut State, call: &Call, arn: &str) -> Result<&'s mut Topic, Failure> {
    let name = topic_name(call, arn)?;
    state
        .region(&call.account, &call.region)
        .topics
        .get_mut(name)
        .ok_or_else(no_topic)
}

fn hex(text: &str) -> String {
    let mut out = String::new();
    for byte in Sha256::digest(text.as_bytes()) {
        out.push_str(&format!("{byte:02x}"));
    }
    out
}
