use serde::Serialize;
use trailwarden_policy::Statement;

use crate::arn::Arn;
use crate::compare::{Comparison, Shown};
use crate::leaf::Endpoint;
use crate::live::Facts;
use crate::{Address, Kind, Scope};

use super::{Resource, SubscriptionSettings, words};

words! {
    /// How a subscription delivers.
    Protocol {
        /// An e-mail; a person confirms it.
        Email = "email",
        /// An e-mail holding the message as JSON; a person confirms it.
        EmailJson = "email-json",
        /// A text message.
        Sms = "sms",
        /// A POST to an `http://` URL; the endpoint confirms it.
        Http = "http",
        /// A POST to an `https://` URL; the endpoint confirms it.
        Https = "https",
        /// A Lambda function.
        Lambda = "lambda",
        /// An SQS queue.
        Sqs = "sqs",
        /// A Data Firehose stream; needs a role.
        Firehose = "firehose",
    }
}

/// A subscription to a topic (`Subscribe`). Its endpoint cannot be changed: another endpoint is
/// another subscription.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Subscription {
    /// The topic's name.
    pub topic: String,
    /// How it delivers.
    pub protocol: Protocol,
    /// Where it delivers to; masked in all that people read.
    pub endpoint: Endpoint,
    /// The role that lets SNS write to a Firehose stream; no other protocol has one.
    pub role: Option<Arn>,
    /// What few specs write.
    #[serde(flatten)]
    pub settings: SubscriptionSettings,
}

impl Subscription {
    /// The statement by which a queue's policy lets a topic deliver to it
    /// (AWS: "Fanout Amazon SNS notifications to Amazon SQS queues").
    #[must_use]
    pub fn statement_for_queue(topic: &Arn, queue: &str) -> Statement {
        Statement::allow("SnsMayDeliver")
            .service("sns.amazonaws.com")
            .action("sqs:SendMessage")
            .resource(queue)
            .condition("ArnEquals", "aws:SourceArn", topic.to_string())
    }

    /// The statement by which the policy of a queue's key lets a topic deliver to the queue (AWS:
    /// "Configuring Amazon SNS topic encryption with encrypted Amazon SQS queue subscription").
    #[must_use]
    pub fn statement_for_queue_key(topic: &Arn) -> Statement {
        Statement::allow("SnsMayEncrypt")
            .service("sns.amazonaws.com")
            .action("kms:Decrypt")
            .action("kms:GenerateDataKey*")
            .resource("*")
            .condition("ArnEquals", "aws:SourceArn", topic.to_string())
    }

    /// The queues that it makes SNS send to, each with what it is to the subscription: `the queue` or
    /// `the dead-letter queue`.
    pub fn queues(&self) -> impl Iterator<Item = (Arn, &'static str)> {
        let endpoint = match self.protocol {
            Protocol::Sqs => Arn::parse(self.endpoint.reveal()),
            _ => None,
        };
        let dead_letter = self.settings.dead_letter.get().cloned().flatten();
        let endpoint = endpoint.map(|queue| (queue, "the queue"));
        endpoint
            .into_iter()
            .chain(dead_letter.map(|queue| (queue, "the dead-letter queue")))
    }
}

impl Resource for Subscription {
    const KIND: Kind = Kind::Subscription;

    fn name(&self) -> String {
        format!("{}/{}/{}", self.topic, self.protocol, self.endpoint.digest())
    }

    fn complete(self, live: Option<(&Self, &Facts)>) -> Self {
        let Self {
            topic,
            protocol,
            endpoint,
            role,
            settings,
        } = self;
        // Of one that waits to be confirmed SNS tells nothing but that it waits.
        let waits = live.filter(|(_, facts)| facts.confirmed == Some(false));
        Self {
            topic,
            protocol,
            endpoint,
            role: waits.map_or(role, |(live, _)| live.role.clone()),
            settings: match waits {
                Some((live, _)) => live.settings.clone(),
                None => settings.complete(live.map(|(live, _)| &live.settings)),
            },
        }
    }

    fn compare(&self, live: Option<&Self>, found: &mut Comparison) {
        let Self {
            topic: _,
            protocol,
            endpoint,
            role,
            settings,
        } = self;
        if live.is_none() {
            found.note("protocol", Shown::Plain(protocol.to_string()));
            found.note("endpoint", Shown::Text(endpoint.to_string()));
        }
        found.field("role", role, live.map(|l| &l.role));
        settings.compare(live.map(|l| &l.settings), found);
    }

    fn needs(&self, scope: &Scope) -> Vec<Address> {
        vec![scope.address(Kind::Topic, self.topic.as_str())]
    }

    fn silences(&self, after: Option<&Self>) -> Option<String> {
        let Some(after) = after else {
            return Some(format!("alerts no longer reach {}", self.endpoint));
        };
        let filtered = self.settings.lets_alarms_through() && !after.settings.lets_alarms_through();
        filtered.then(|| {
            format!(
                "alarms publish no attributes, so that the filter policy lets none of them reach {}",
                self.endpoint
            )
        })
    }

    fn seen_by(self, earlier: &Self) -> Self {
        Self {
            settings: self.settings.seen_by(&earlier.settings),
            ..self
        }
    }
}
