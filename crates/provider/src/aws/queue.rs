//! Queues that SNS sends to. They are their owners': their policies are looked at and never written.

use aws_sdk_sqs::types::QueueAttributeName;
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_policy::{Caller, Policy, Request};
use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::Subscription;

use super::{Aws, key_policy, trail};
use crate::door::{Absent, Api};

const FIND: Api = Api::read("sqs", "GetQueueUrl");
const READ: Api = Api::read("sqs", "GetQueueAttributes");

/// SQS keeps the codes of its older protocol; what follows its model alone gives the second one.
pub(crate) const GONE: &[&str] = &["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"];

const SNS: &str = "sns.amazonaws.com";

/// What a queue of the stack's account and region says about who may send to it.
pub(crate) enum Queue {
    /// There is none of that name.
    Missing,
    /// Its policy, one without statements where it has none, and what it calls the key that it is
    /// encrypted with. SQS's own encryption without KMS keeps nobody out.
    There { policy: Policy, key: Option<String> },
    /// A policy that this version cannot read.
    NotUnderstood,
}

/// Looks at a queue of the stack's account and region.
pub(crate) async fn look(aws: &Aws, queue: &Arn) -> Result<Queue, AccountError> {
    let find = || aws.sqs.get_queue_url().queue_name(queue.name()).send();
    let found = aws.door.call(FIND, find).await.absent(GONE)?;
    let Some(url) = found.and_then(|found| found.queue_url) else {
        return Ok(Queue::Missing);
    };
    let read = || {
        aws.sqs
            .get_queue_attributes()
            .queue_url(&url)
            .attribute_names(QueueAttributeName::Policy)
            .attribute_names(QueueAttributeName::KmsMasterKeyId)
            .send()
    };
    let Some(answer) = aws.door.call(READ, read).await.absent(GONE)? else {
        return Ok(Queue::Missing);
    };
    let attributes = answer.attributes.unwrap_or_default();
    let set = |name: &QueueAttributeName| {
        let text = attributes.get(name).map(String::as_str);
        text.filter(|text| !text.is_empty())
    };
    let policy = match set(&QueueAttributeName::Policy) {
        None => Ok(Policy::default()),
        Some(text) => Policy::parse(text),
    };
    let key = set(&QueueAttributeName::KmsMasterKeyId).map(str::to_owned);
    Ok(policy.map_or(Queue::NotUnderstood, |policy| Queue::There { policy, key }))
}

/// The key that a queue is encrypted with.
pub(crate) enum QueueKey {
    /// One of AWS's own, whose policy nobody can write.
    OfAws,
    /// A key and its policy.
    Policy(Arn, Policy),
    /// A key whose policy cannot be read.
    NotRead,
}

/// Looks at the key that a queue of the stack's account and region is encrypted with.
pub(crate) async fn key(aws: &Aws, id: &str) -> Result<QueueKey, AccountError> {
    if id.starts_with("alias/aws/") || id.contains(":alias/aws/") {
        return Ok(QueueKey::OfAws);
    }
    match key_policy::of_key(aws, id).await {
        Err(error) if error.kind == ErrorKind::Denied => Ok(QueueKey::NotRead),
        read => Ok(read?.map_or(QueueKey::NotRead, |(key, policy)| QueueKey::Policy(key, policy))),
    }
}

/// Whether the policy of a queue's key lets a topic of the same account send to the queue.
pub(crate) fn key_lets_in(policy: &Policy, key: &Arn, queue: &Arn, topic: &Arn) -> bool {
    let (topic_arn, queue_arn) = (topic.to_string(), queue.to_string());
    let context = [
        ("aws:SourceArn", topic_arn.as_str()),
        ("aws:SourceAccount", &topic.account),
        ("kms:EncryptionContext:aws:sqs:arn", &queue_arn),
    ];
    key_policy::lets_in(policy, key, &Caller::Service(SNS.into()), &context)
}

/// What keeps messages of a topic out of a queue, and the way out; `None` where they get in, and where
/// nobody may look.
pub(crate) async fn shut(
    aws: &Aws,
    queue: &Arn,
    topic: &Arn,
) -> Result<Option<(String, String)>, AccountError> {
    let statement = Subscription::statement_for_queue(topic, &queue.to_string()).to_json();
    let (policy, key_id) = match look(aws, queue).await {
        Err(error) if error.kind == ErrorKind::Denied => return Ok(None),
        found => match found? {
            Queue::NotUnderstood => return Ok(None),
            Queue::Missing => {
                let fix = format!("make it, with this statement in its policy: {statement}");
                return Ok(Some(("the queue is not there".into(), fix)));
            }
            Queue::There { policy, key } => (policy, key),
        },
    };
    if let Some(why) = hindrance(&policy, queue, topic) {
        let fix = format!("its policy needs this statement, and none that denies the same: {statement}");
        return Ok(Some((format!("the queue does not let SNS in: {why}"), fix)));
    }
    let Some(id) = key_id else { return Ok(None) };
    let statement = Subscription::statement_for_queue_key(topic).to_json();
    Ok(match self::key(aws, &id).await? {
        QueueKey::OfAws => Some((
            format!("the queue is encrypted with `{id}`, a key of AWS's own, which never lets SNS in"),
            format!(
                "encrypt it with SQS's own encryption, or with a key whose policy has this statement: {statement}"
            ),
        )),
        QueueKey::Policy(arn, policy) if !key_lets_in(&policy, &arn, queue, topic) => Some((
            format!("the queue is encrypted with `{id}`, whose policy does not let SNS in"),
            format!("the key's policy needs this statement, and none that denies the same: {statement}"),
        )),
        QueueKey::Policy(..) | QueueKey::NotRead => None,
    })
}

/// Why a queue's policy does not let a topic of the same account send to it; `None` when it does.
pub(crate) fn hindrance(policy: &Policy, queue: &Arn, topic: &Arn) -> Option<String> {
    let request = Request::new(Caller::Service(SNS.into()), "sqs:SendMessage", queue.to_string())
        .context("aws:SourceArn", topic.to_string())
        .context("aws:SourceAccount", topic.account.as_str())
        .context("aws:SecureTransport", "true")
        .context("aws:PrincipalIsAWSService", "true")
        .context("aws:PrincipalServiceName", SNS);
    trail::hindrance("its policy", policy, &request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_lets_the_topic_in_or_says_why_not() {
        let [queue, topic] = ["sqs", "sns"].map(|service| {
            Arn::parse(&format!("arn:aws:{service}:us-east-1:123456789012:alerts")).expect("an ARN")
        });
        let ours = trailwarden_spec::kinds::Subscription::statement_for_queue(&topic, &queue.to_string());
        let policy = Policy::new(vec![ours]);
        assert_eq!(hindrance(&policy, &queue, &topic), None);
        let other = Arn {
            resource: "other".into(),
            ..topic.clone()
        };
        let why = hindrance(&policy, &queue, &other).expect("a reason");
        assert!(why.contains("does not allow sqs:SendMessage"), "{why}");
        assert!(hindrance(&Policy::default(), &queue, &topic).is_some());

        let parse = |text: &str| Policy::parse(text).expect("a policy");
        // What the console wrote for years.
        let everybody = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"SQS:SendMessage",
            "Resource":"*","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:123456789012:*"}}}]}"#;
        assert_eq!(hindrance(&parse(everybody), &queue, &topic), None);
        let owner = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},
            "Action":"sqs:*","Resource":"*"}]}"#;
        assert!(hindrance(&parse(owner), &queue, &topic).is_some());
        let denied = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"},
            {"Sid":"Closed","Effect":"Deny","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}]}"#;
        let why = hindrance(&parse(denied), &queue, &topic).expect("a reason");
        assert!(why.contains("by its statement `Closed`"), "{why}");
    }
}
