//! Subscriptions from their request to their end.

use serde_json::Value;

use super::publish::confirmation;
use super::{delivery, element, hex, invalid, map, next_token, text, topic, write_map};
use crate::protocol::Failure;
use crate::route::{Call, Params};
use crate::services::page;
use crate::state::{State, Subscription};

const PAGE: usize = 100;
const HOUR: i64 = 60 * 60 * 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Pending,
    Confirmed,
    Deleted,
}

pub(crate) fn standing(subscription: &Subscription) -> Standing {
    if subscription.deleted.is_some() {
        Standing::Deleted
    } else if subscription.token.is_some() {
        Standing::Pending
    } else {
        Standing::Confirmed
    }
}

/// Tells whether SNS still lists it: pending ones vanish after 48 hours, deleted ones after 72.
fn listed(subscription: &Subscription, now: i64) -> bool {
    match (subscription.deleted, &subscription.token) {
        (Some(deleted), _) => now - deleted < 72 * HOUR,
        (None, Some(_)) => now - subscription.created < 48 * HOUR,
        (None, None) => true,
    }
}

fn all<'s>(state: &'s State, call: &Call) -> impl Iterator<Item = &'s Subscription> + use<'s> {
    let now = call.now;
    state
        .find_region(&call.account, &call.region)
        .into_iter()
        .flat_map(|region| &region.subscriptions)
        .filter(move |it| listed(it, now))
}

pub(crate) fn of_topic<'s>(
    state: &'s State,
    call: &Call,
    arn: &'s str,
) -> impl Iterator<Item = &'s Subscription> + use<'s> {
    all(state, call).filter(move |it| it.topic == arn)
}

fn all_mut<'s>(state: &'s mut State, call: &Call) -> &'s mut Vec<Subscription> {
    let subscriptions = &mut state.region(&call.account, &call.region).subscriptions;
    subscriptions.retain(|it| listed(it, call.now));
    subscriptions
}

pub(crate) fn subscribe(state: &mut State, call: &Call, input: &Params) -> Result<String, Failure> {
    let arn = text(input, "TopicArn");
    topic(state, call, arn)?;
    let protocol = text(input, "Protocol");
    let endpoint = text(input, "Endpoint");
    let attributes = map(input, "Attributes");
    check_endpoint(protocol, endpoint)?;
    let scope = attributes.get("FilterPolicyScope").map(String::as_str);
    for (name, value) in &attributes {
        check_attribute(protocol, scope, name, value)?;
    }
    if protocol == "firehose" && !attributes.contains_key("SubscriptionRoleArn") {
        return Err(invalid(
            "Attributes Reason: SubscriptionRoleArn is required for the firehose protocol",
        ));
    }
    let wants_arn = text(input, "ReturnSubscriptionArn").eq_ignore_ascii_case("true");
    let subscriptions = all_mut(state, call);
    let live = subscriptions.iter().find(|it| {
        it.deleted.is_none()
            && it.topic == arn
            && it.protocol == protocol
            && same_endpoint(protocol, &it.endpoint, endpoint)
    });
    let subscription = match live {
        Some(live) => {
            if attributes
                .iter()
                .any(|(key, value)| live.attributes.get(key) != Some(value))
            {
                return Err(invalid(
                    "Attributes Reason: Subscription already exists with different attributes",
                ));
            }
            live.clone()
        }
        None => {
            let seed = format!("{arn} {protocol} {endpoint} {} {}", call.now, subscriptions.len());
            let digest = hex(&seed);
            let id = format!(
                "{}-{}-{}-{}-{}",
                &digest[..8],
                &digest[8..12],
                &digest[12..16],
                &digest[16..20],
                &digest[20..32]
            );
            let made = Subscription {
                arn: format!("{arn}:{id}"),
                topic: arn.to_owned(),
                owner: call.account.clone(),
                protocol: protocol.to_owned(),
                endpoint: endpoint.to_owned(),
                created: call.now,
                token: waits(call, protocol, endpoint).then(|| hex(&format!("token {seed}"))),
                attributes,
                ..Subscription::default()
            };
            subscriptions.push(made.clone());
            if matches!(protocol, "http" | "https") {
                confirmation(state, call, &made);
            }
            made
        }
    };
    Ok(if subscription.token.is_some() && !wants_arn {
        element("SubscriptionArn", "pending confirmation")
    } else {
        element("SubscriptionArn", &subscription.arn)
    })
}

pub(crate) fn confirm(state: &mut State, call: &Call, input: &Params) -> Result<String, Failure> {
    let arn = text(input, "TopicArn");
    topic(state, call, arn)?;
    let token = text(input, "Token");
    if token.len() < 8 {
        return Err(invalid("Token"));
    }
    let authenticated = text(input, "AuthenticateOnUnsubscribe").eq_ignore_ascii_case("true");
    let mut pending: Vec<&mut Subscription> = all_mut(state, call)
        .iter_mut()
        .filter(|it| it.topic == arn && standing(it) == Standing::Pending)
        .collect();
    // Nobody reads the mail of a sandbox: a token that is none of ours confirms the oldest.
    let index = pending
        .iter()
        .position(|it| it.token.as_deref() == Some(token))
        .or_else(|| (0..pending.len()).min_by_key(|index| pending[*index].created));
    let Some(subscription) = index.map(|index| pending.swap_remove(index)) else {
        return Err(invalid("Token"));
    };
    subscription.token = None;
    subscription.authenticated = authenticated;
    Ok(element("SubscriptionArn", &subscription.arn))
}

/// Ends a subscription, which stays listed as deleted; one that is not there is no error.
pub(crate) fn unsubscribe(state: &mut State, call: &Call, input: &Params) -> Result<String, Failure> {
    let arn = text(input, "SubscriptionArn");
    check_arn(arn)?;
    let found = all_mut(state, call)
        .iter_mut()
        .find(|it| it.arn == arn && it.deleted.is_none());
    if let Some(subscription) = found {
        if subscription.token.is_some() {
            return Err(invalid(
                "SubscriptionArn Reason: The subscription is pending confirmation",
            ));
        }
        subscription.deleted = Some(call.now);
    }
    Ok(String::new())
}

pub(crate) fn list_by_topic(state: &State, call: &Call, input: &Params) -> Result<String, Failure> {
    let arn = text(input, "TopicArn");
    topic(state, call, arn)?;
    Ok(write_list(of_topic(state, call, arn), input))
}

pub(crate) fn list(state: &State, call: &Call, input: &Params) -> String {
    write_list(all(state, call), input)
}

fn write_list<'s>(subscriptions: impl Iterator<Item = &'s Subscription>, input: &Params) -> String {
    let token = input.get("NextToken").map(String::as_str);
    // In the order they were made, so the token counts.
    let (shown, next) = page(
        subscriptions.enumerate(),
        |(index, _)| format!("{index:08}"),
        token,
        PAGE,
    );
    let members: String = shown
        .into_iter()
        .map(|(_, it)| {
            let arn = match standing(it) {
                Standing::Pending => "PendingConfirmation",
                Standing::Deleted => "Deleted",
                Standing::Confirmed => it.arn.as_str(),
            };
            format!(
                "<member>{}{}{}{}{}</member>",
                element("TopicArn", &it.topic),
                element("Protocol", &it.protocol),
                element("SubscriptionArn", arn),
                element("Owner", &it.owner),
                element("Endpoint", &masked(&it.endpoint))
            )
        })
        .collect();
    format!("<Subscriptions>{members}</Subscriptions>{}", next_token(next))
}

pub(crate) fn get_attributes(state: &State, call: &Call, input: &Params) -> Result<String, Failure> {
    let arn = text(input, "SubscriptionArn");
    check_arn(arn)?;
    let subscription = all(state, call)
        .find(|it| it.arn == arn && it.deleted.is_none())
        .ok_or_else(no_subscription)?;
    let mut shown = subscription.attributes.clone();
    let mut set = |name: &str, value: String| shown.insert(name.to_owned(), value);
    set("SubscriptionArn", arn.to_owned());
    set("TopicArn", subscription.topic.clone());
    set("Owner", subscription.owner.clone());
    set("Protocol", subscription.protocol.clone());
    set("Endpoint", masked(&subscription.endpoint));
    set("PendingConfirmation", subscription.token.is_some().to_string());
    set(
        "ConfirmationWasAuthenticated",
        subscription.authenticated.to_string(),
    );
    set(
        "SubscriptionPrincipal",
        format!(
            "arn:{}:iam::{}:user/sandbox",
            call.partition(),
            subscription.owner
        ),
    );
    if shown.contains_key("FilterPolicy") {
        shown
            .entry("FilterPolicyScope".to_owned())
            .or_insert_with(|| "MessageAttributes".to_owned());
    }
    shown
        .entry("RawMessageDelivery".to_owned())
        .or_insert_with(|| "false".to_owned());
    Ok(write_map(
        shown.iter().map(|(key, value)| (key.as_str(), value.clone())),
    ))
}

pub(crate) fn set_attributes(state: &mut State, call: &Call, input: &Params) -> Result<String, Failure> {
    let arn = text(input, "SubscriptionArn");
    check_arn(arn)?;
    let name = text(input, "AttributeName");
    let value = text(input, "AttributeValue");
    let subscription = all_mut(state, call)
        .iter_mut()
        .find(|it| it.arn == arn && it.deleted.is_none())
        .ok_or_else(no_subscription)?;
    let scope = subscription
        .attributes
        .get("FilterPolicyScope")
        .map(String::as_str);
    check_attribute(&subscription.protocol, scope, name, value)?;
    let policy = subscription.attributes.get("FilterPolicy").map(String::as_str);
    if name == "FilterPolicyScope" && value == "MessageAttributes" && policy.is_some_and(is_nested) {
        return Err(invalid("FilterPolicyScope: the filter policy is nested"));
    }
    if name == "FilterPolicy" && value == "{}" {
        // Without a policy there is nothing to look at.
        subscription.attributes.remove("FilterPolicy");
        subscription.attributes.remove("FilterPolicyScope");
    } else if value.is_empty() {
        subscription.attributes.remove(name);
    } else {
        subscription.attributes.insert(name.to_owned(), value.to_owned());
    }
    Ok(String::new())
}

fn no_subscription() -> Failure {
    Failure::new(404, "NotFound", "Subscription does not exist")
}

fn check_arn(arn: &str) -> Result<(), Failure> {
    let elements = arn.split(':').count();
    if elements < 6 {
        return Err(invalid(format!(
            "SubscriptionArn Reason: An ARN must have at least 6 elements, not {elements}"
        )));
    }
    Ok(())
}

/// Tells whether the owner of the endpoint must confirm first.
fn waits(call: &Call, protocol: &str, endpoint: &str) -> bool {
    match protocol {
        "sms" | "application" => false,
        "sqs" | "lambda" | "firehose" => endpoint.split(':').nth(4) != Some(&call.account),
        _ => true,
    }
}

fn same_endpoint(protocol: &str, one: &str, other: &str) -> bool {
    match protocol {
        "email" | "email-json" => one.eq_ignore_ascii_case(other),
        _ => one == other,
    }
}

/// SNS never shows the password of an HTTP endpoint again.
fn masked(endpoint: &str) -> String {
    let parts = endpoint
        .split_once("://")
        .filter(|(scheme, _)| matches!(*scheme, "http" | "https"))
        .and_then(|(scheme, rest)| {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let (user, host) = authority.rsplit_once('@')?;
            let (user, _) = user.split_once(':')?;
            Some(format!("{scheme}://{user}:****@{host}{path}"))
        });
    parts.unwrap_or_else(|| endpoint.to_owned())
}

fn check_endpoint(protocol: &str, endpoint: &str) -> Result<(), Failure> {
    let is_arn = |service: &str| {
        let parts: Vec<&str> = endpoint.splitn(6, ':').collect();
        matches!(parts.as_slice(), ["arn", _, it, _, _, name] if *it == service && !name.is_empty())
    };
    let mismatch = "Endpoint must match the specified protocol";
    let ok = |good: bool, problem: &str| if good { Ok(()) } else { Err(invalid(problem)) };
    match protocol {
        "email" | "email-json" => ok(
            endpoint
                .rsplit_once('@')
                .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
                && !endpoint.contains(char::is_whitespace),
            "Email address",
        ),
        "http" => ok(endpoint.starts_with("http://"), mismatch),
        "https" => ok(endpoint.starts_with("https://"), mismatch),
        "sms" => {
            let digits = endpoint.strip_prefix('+').unwrap_or(endpoint);
            let number = (5..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            ok(number, &format!("Invalid SMS endpoint: {endpoint}"))
        }
        "sqs" => ok(is_arn("sqs"), "SQS endpoint ARN"),
        "lambda" => ok(is_arn("lambda"), "Lambda endpoint ARN"),
        "firehose" => ok(is_arn("firehose"), "Firehose endpoint ARN"),
        "application" => ok(is_arn("sns"), "Application endpoint arn invalid:"),
        other => Err(invalid(format!("Does not support this protocol string: {other}"))),
    }
}

/// Checks an attribute of a subscription whose filter policy looks at `scope`.
fn check_attribute(protocol: &str, scope: Option<&str>, name: &str, value: &str) -> Result<(), Failure> {
    let object = || {
        serde_json::from_str::<Value>(value)
            .ok()
            .filter(Value::is_object)
            .ok_or_else(|| invalid(format!("{name}: failed to parse JSON.")))
    };
    match name {
        "DeliveryPolicy" if !matches!(protocol, "http" | "https") => Err(invalid(format!(
            "Delivery policy is not supported for protocol {protocol}"
        ))),
        "DeliveryPolicy" if value.is_empty() => Ok(()),
        "DeliveryPolicy" => delivery::check_subscription(value),
        "RedrivePolicy" | "ReplayPolicy" if value.is_empty() => Ok(()),
        "RedrivePolicy" => {
            let queue = object()?;
            let queue = queue.get("deadLetterTargetArn").and_then(Value::as_str);
            match queue.is_some_and(|arn| arn.split(':').nth(2) == Some("sqs")) {
                true => Ok(()),
                false => Err(invalid(
                    "RedrivePolicy: must specify an SQS dead-letter queue ARN",
                )),
            }
        }
        "ReplayPolicy" => object().map(drop),
        "FilterPolicy" => {
            let policy = object()?;
            check_filter(&policy, scope == Some("MessageBody"))
        }
        "RawMessageDelivery" if !matches!(value, "true" | "false") => Err(invalid(name)),
        "RawMessageDelivery"
            if value == "true" && !matches!(protocol, "sqs" | "http" | "https" | "firehose") =>
        {
            Err(invalid(format!(
                "Attributes Reason: RawMessageDelivery is not supported for protocol {protocol}"
            )))
        }
        "RawMessageDelivery" => Ok(()),
        "FilterPolicyScope" if matches!(value, "MessageAttributes" | "MessageBody") => Ok(()),
        "FilterPolicyScope" => Err(invalid(name)),
        "SubscriptionRoleArn" => Ok(()),
        _ => Err(invalid("AttributeName")),
    }
}

fn is_nested(policy: &str) -> bool {
    serde_json::from_str::<Value>(policy)
        .ok()
        .and_then(|policy| Some(policy.as_object()?.values().any(Value::is_object)))
        .unwrap_or(false)
}

/// AWS: "Filter policy constraints in Amazon SNS".
fn check_filter(policy: &Value, may_nest: bool) -> Result<(), Failure> {
    for (key, value) in policy.as_object().into_iter().flatten() {
        match value {
            Value::Array(values) if !values.is_empty() => {}
            Value::Array(_) => return Err(invalid("FilterPolicy: Empty arrays are not allowed")),
            Value::Object(_) if may_nest => check_filter(value, may_nest)?,
            Value::Object(_) => {
                return Err(invalid(
                    "FilterPolicy: Filter policy scope MessageAttributes does not support nested filter policy",
                ));
            }
            _ => {
                return Err(invalid(format!(
                    "FilterPolicy: \"{key}\" must be an object or an array"
                )));
            }
        }
    }
    Ok(())
}
