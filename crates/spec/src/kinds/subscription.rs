use serde::Serialize;

use crate::arn::Arn;
use crate::compare::{Comparison, Shown};
use crate::leaf::Endpoint;
use crate::live::Facts;
use crate::{Address, Kind, Scope};

use super::{Resource, words};

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
}

impl Resource for Subscription {
    const KIND: Kind = Kind::Subscription;

    fn name(&self) -> String {
        format!("{}/{}/{}", self.topic, self.protocol, self.endpoint.digest())
    }

    fn complete(self, _live: Option<(&Self, &Facts)>) -> Self {
        self
    }

    fn compare(&self, live: Option<&Self>, found: &mut Comparison) {
        let Self {
            topic: _,
            protocol,
            endpoint,
            role,
        } = self;
        if live.is_none() {
            found.note("protocol", Shown::Plain(protocol.to_string()));
            found.note("endpoint", Shown::Text(endpoint.to_string()));
        }
        found.field("role", role, live.map(|l| &l.role));
    }

    fn needs(&self, scope: &Scope) -> Vec<Address> {
        vec![scope.address(Kind::Topic, self.topic.as_str())]
    }

    fn silences(&self, after: Option<&Self>) -> Option<String> {
        after
            .is_none()
            .then(|| format!("alerts no longer reach {}", self.endpoint))
    }
}
