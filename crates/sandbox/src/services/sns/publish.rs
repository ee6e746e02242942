//! From a topic to its subscribers, for callers and for services alike.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::subscriptions::{Standing, standing};
use super::{filter, hex, topics};
use crate::judge::{self, Question};
use crate::life::outgoing::{Outgoing, undeliverable};
use crate::protocol::{Failure, iso};
use crate::route::Call;
use crate::services::kms::{self, Use};
use crate::services::sqs;
use crate::state::{MessageAttribute, Notice, State, Subscription};

/// How many notices the inbox keeps.
const INBOX: usize = 500;

/// Who publishes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Who<'w> {
    /// A caller of the topic's account, who may do everything there.
    Caller,
    /// A service, on behalf of something with an ARN in an account.
    Service {
        name: &'w str,
        source: &'w str,
        account: &'w str,
    },
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    pub(crate) subject: Option<String>,
    pub(crate) body: String,
    /// What those of a protocol get instead.
    pub(crate) by_protocol: BTreeMap<String, String>,
    pub(crate) attributes: BTreeMap<String, MessageAttribute>,
}

impl Message {
    pub(crate) fn of(body: &str) -> Message {
        Message {
            body: body.to_owned(),
            ..Message::default()
        }
    }

    fn for_protocol(&self, protocol: &str) -> &str {
        self.by_protocol.get(protocol).unwrap_or(&self.body)
    }
}

/// Publishes a message, which reaches every confirmed subscription whose filter lets it through; its id,
/// or why SNS does not take it.
pub(crate) fn publish(
    state: &mut State,
    arn: &str,
    who: Who<'_>,
    message: &Message,
    now: i64,
) -> Result<String, Failure> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, "sns", region, account, name] = parts.as_slice() else {
        return Err(super::invalid("TopicArn"));
    };
    let call = Call::inside(account, region, now);
    let topic = state
        .find_region(account, region)
        .and_then(|it| it.topics.get(*name))
        .ok_or_else(super::no_topic)?;
    if let Who::Service {
        name,
        source,
        account,
    } = who
    {
        let policy = match topic.attributes.get("Policy") {
            Some(policy) => policy.clone(),
            None => topics::default_policy(&call, arn),
        };
        let question = Question {
            service: Some(name),
            action: "sns:Publish",
            resource: arn,
            context: &context(source, account),
        };
        if !judge::allows([policy.as_str()], &question) {
            return Err(Failure::new(
                403,
                "AuthorizationError",
                format!(
                    "Resource: {source} is not authorized to perform: SNS:Publish on resource: {arn} because \
                     no resource-based policy allows the SNS:Publish action"
                ),
            ));
        }
    }
    if let Some(key) = topic.attributes.get("KmsMasterKeyId").filter(|it| !it.is_empty()) {
        check_key(state, &call, key, who)?;
    }
    let Some(topic) = state.region(account, region).topics.get_mut(*name) else {
        return Err(super::no_topic());
    };
    topic.published += 1;
    let id = uuid(&format!("message {arn} {} {now}", topic.published));
    let subscriptions: Vec<Subscription> = state
        .region(account, region)
        .subscriptions
        .iter()
        .filter(|it| it.topic == arn && standing(it) == Standing::Confirmed)
        .filter(|it| {
            filter::lets(
                &it.attributes,
                &message.attributes,
                message.for_protocol(&it.protocol),
            )
        })
        .cloned()
        .collect();
    for subscription in subscriptions {
        deliver(state, &call, &subscription, &id, message);
    }
    Ok(id)
}

/// What AWS says of a service's request, besides who it is.
fn context<'c>(source: &'c str, account: &'c str) -> [(&'c str, &'c str); 5] {
    [
        ("aws:SourceArn", source),
        ("aws:SourceAccount", account),
        ("aws:SourceOwner", account),
        ("aws:SecureTransport", "true"),
        ("aws:PrincipalIsAWSService", "true"),
    ]
}

/// SNS encrypts with the key in the name of whoever publishes ("Enable compatibility between event sources
/// from AWS services and encrypted topics").
fn check_key(state: &State, call: &Call, key: &str, who: Who<'_>) -> Result<(), Failure> {
    let denied = || Failure::bad("KMSAccessDenied", format!("The key {key} may not be used."));
    // AWS's own key, whose policy lets callers of the account use it, and no service.
    let of_aws = key == "alias/aws/sns" || key.ends_with(":alias/aws/sns");
    match who {
        Who::Caller if of_aws => return Ok(()),
        Who::Service { .. } if of_aws => return Err(denied()),
        _ => {}
    }
    let (service, source, account) = match who {
        Who::Caller => ("", "", ""),
        Who::Service {
            name,
            source,
            account,
        } => (name, source, account),
    };
    let context = context(source, account);
    let both: [(&str, &[(&str, &str)]); 2] = [("kms:GenerateDataKey", &context), ("kms:Decrypt", &context)];
    // A caller may use what the account may use; the key's state counts for it, too.
    let wants = if matches!(who, Who::Caller) {
        &both[..0]
    } else {
        &both[..]
    };
    match kms::ask(state, call, key, service, wants) {
        Use::Granted(_) => Ok(()),
        Use::Denied(_) => Err(denied()),
        Use::Missing => Err(Failure::bad("KMSNotFound", format!("Key '{key}' does not exist"))),
        Use::Unusable(arn) => {
            let disabled = kms::find(state, call, key).is_some_and(|(_, key)| key.state == "Disabled");
            Err(match disabled {
                true => Failure::bad("KMSDisabled", format!("{arn} is disabled.")),
                false => Failure::bad("KMSInvalidState", format!("{arn} is pending deletion.")),
            })
        }
    }
}

fn deliver(state: &mut State, call: &Call, to: &Subscription, id: &str, message: &Message) {
    let raw = to
        .attributes
        .get("RawMessageDelivery")
        .is_some_and(|it| it == "true");
    let text = message.for_protocol(&to.protocol);
    let (body, attributes) = match raw {
        true => (text.to_owned(), message.attributes.clone()),
        false => (envelope(call, to, id, message, text).to_string(), BTreeMap::new()),
    };
    let outcome = match to.protocol.as_str() {
        "sqs" => {
            let sent = sqs::deliver(state, &to.endpoint, &to.topic, &body, &attributes, call.now);
            if sent.is_ok() {
                return;
            }
            sent
        }
        "http" | "https" => match undeliverable(&to.endpoint) {
            Some(problem) => Err(problem.to_owned()),
            None => {
                state.outgoing.push(Outgoing {
                    at: call.now,
                    kind: "Notification",
                    message_id: id.to_owned(),
                    topic: to.topic.clone(),
                    subscription: to.arn.clone(),
                    protocol: to.protocol.clone(),
                    endpoint: to.endpoint.clone(),
                    subject: message.subject.clone(),
                    raw,
                    body,
                    attributes,
                });
                return;
            }
        },
        // As far as SNS goes: whether a person reads it is another matter.
        "email" | "email-json" | "sms" => Ok(()),
        other => Err(format!("the sandbox has nothing behind the protocol {other}")),
    };
    let failed = outcome.is_err();
    note(
        state,
        Notice {
            at: call.now,
            topic: to.topic.clone(),
            protocol: to.protocol.clone(),
            endpoint: to.endpoint.clone(),
            subject: message.subject.clone(),
            problem: outcome.err(),
        },
    );
    if failed {
        bury(state, to, &body, &attributes, call.now);
    }
}

/// Keeps what became of an HTTP message.
pub(crate) fn delivered(state: &mut State, sent: &Outgoing, outcome: Result<(), String>, now: i64) {
    let failed = outcome.is_err();
    if sent.kind != "Notification" && !failed {
        return;
    }
    note(
        state,
        Notice {
            at: sent.at,
            topic: sent.topic.clone(),
            protocol: sent.protocol.clone(),
            endpoint: sent.endpoint.clone(),
            subject: sent.subject.clone(),
            problem: outcome.err(),
        },
    );
    let all = state.accounts.values().flat_map(|it| it.regions.values());
    let its = all
        .flat_map(|it| &it.subscriptions)
        .find(|it| it.arn == sent.subscription);
    if let (true, Some(its)) = (failed && sent.kind == "Notification", its.cloned()) {
        bury(state, &its, &sent.body, &sent.attributes, now);
    }
}

fn note(state: &mut State, notice: Notice) {
    state.inbox.push(notice);
    let over = state.inbox.len().saturating_sub(INBOX);
    state.inbox.drain(..over);
}

/// Puts what could not be delivered into the dead-letter queue of a subscription, if it has one that
/// takes it.
fn bury(
    state: &mut State,
    of: &Subscription,
    body: &str,
    attributes: &BTreeMap<String, MessageAttribute>,
    now: i64,
) {
    let policy = of.attributes.get("RedrivePolicy");
    let policy: Option<Value> = policy.and_then(|text| serde_json::from_str(text).ok());
    let queue = policy.and_then(|policy| Some(policy.get("deadLetterTargetArn")?.as_str()?.to_owned()));
    if let Some(queue) = queue
        && let Err(problem) = sqs::deliver(state, &queue, &of.topic, body, attributes, now)
    {
        tracing::warn!(queue, problem, "a dead-letter queue takes nothing");
    }
}

/// The request that asks the owner of an HTTP endpoint to confirm.
pub(crate) fn confirmation(state: &mut State, call: &Call, to: &Subscription) {
    let Some(token) = &to.token else {
        return;
    };
    let id = uuid(&format!("confirmation {}", to.arn));
    let domain = domain(call);
    let base = format!("https://sns.{}.{domain}/", call.region);
    let body = json!({
        "Type": "SubscriptionConfirmation",
        "MessageId": id,
        "Token": token,
        "TopicArn": to.topic,
        "Message": format!(
            "You have chosen to subscribe to the topic {}.\nTo confirm the subscription, visit the \
             SubscribeURL included in this message.",
            to.topic
        ),
        "SubscribeURL": format!("{base}?Action=ConfirmSubscription&TopicArn={}&Token={token}", to.topic),
        "Timestamp": iso(call.now),
        "SignatureVersion": "1",
        "Signature": SIGNATURE,
        "SigningCertURL": format!("{base}SimpleNotificationService-sandbox.pem"),
    });
    if undeliverable(&to.endpoint).is_none() {
        state.outgoing.push(Outgoing {
            at: call.now,
            kind: "SubscriptionConfirmation",
            message_id: id,
            topic: to.topic.clone(),
            subscription: to.arn.clone(),
            protocol: to.protocol.clone(),
            endpoint: to.endpoint.clone(),
            subject: None,
            raw: false,
            body: body.to_string(),
            attributes: BTreeMap::new(),
        });
    }
}

/// What stands where AWS would sign.
const SIGNATURE: &str = "the sandbox signs nothing";

fn domain(call: &Call) -> &'static str {
    match call.partition() {
        "aws-cn" => "amazonaws.com.cn",
        _ => "amazonaws.com",
    }
}

/// The JSON around a message that is not delivered raw.
fn envelope(call: &Call, to: &Subscription, id: &str, message: &Message, text: &str) -> Value {
    let base = format!("https://sns.{}.{}/", call.region, domain(call));
    let mut envelope = json!({ "Type": "Notification", "MessageId": id, "TopicArn": to.topic });
    if let Some(subject) = &message.subject {
        envelope["Subject"] = json!(subject);
    }
    envelope["Message"] = json!(text);
    envelope["Timestamp"] = json!(iso(call.now));
    envelope["SignatureVersion"] = json!("1");
    envelope["Signature"] = json!(SIGNATURE);
    envelope["SigningCertURL"] = json!(format!("{base}SimpleNotificationService-sandbox.pem"));
    envelope["UnsubscribeURL"] = json!(format!("{base}?Action=Unsubscribe&SubscriptionArn={}", to.arn));
    if !message.attributes.is_empty() {
        let all = message.attributes.iter();
        let all: BTreeMap<_, _> = all
            .map(|(name, it)| (name, json!({ "Type": it.kind, "Value": it.value })))
            .collect();
        envelope["MessageAttributes"] = json!(all);
    }
    envelope
}

/// An id that the same events always get.
pub(crate) fn uuid(seed: &str) -> String {
    let digest = hex(seed);
    let parts = [
        &digest[..8],
        &digest[8..12],
        &digest[12..16],
        &digest[16..20],
        &digest[20..32],
    ];
    parts.join("-")
}
