use std::collections::{BTreeMap, HashMap};

use aws_sdk_sns::types;
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::{Protocol, Resource, Subscription, SubscriptionSettings};
use trailwarden_spec::leaf::{Endpoint, Owner};
use trailwarden_spec::live::{Facts, Found};

use crate::door::{Absent, Api};

use super::{Aws, Page, refusal, topic};

mod settings;

pub(crate) use settings::asked;

const LIST: Api = Api::read("sns", "ListSubscriptionsByTopic");
const ATTRIBUTES: Api = Api::read("sns", "GetSubscriptionAttributes");
const SUBSCRIBE: Api = Api::write("sns", "Subscribe");
const SET: Api = Api::write("sns", "SetSubscriptionAttributes");
const UNSUBSCRIBE: Api = Api::write("sns", "Unsubscribe");

const ROLE: &str = "SubscriptionRoleArn";

/// All subscriptions to a topic that a spec could name. Removed ones stay listed as `Deleted` for
/// up to three days and are left out. Their settings are read where `asked` says so of the name: a
/// call for each.
pub(crate) async fn list(
    aws: &Aws,
    topic: &str,
    asked: impl Fn(&str) -> bool,
) -> Result<Vec<Found>, AccountError> {
    let arn = aws.scope.topic_arn(topic).to_string();
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    let mut token: Option<String> = None;
    loop {
        let send = || {
            aws.sns
                .list_subscriptions_by_topic()
                .topic_arn(&arn)
                .set_next_token(token.clone())
                .send()
        };
        let Some(page) = aws.door.call(LIST, send).await.absent(topic::GONE)? else {
            return Ok(Vec::new());
        };
        for listed in page.subscriptions.unwrap_or_default() {
            let Some((subscription, facts)) = read_one(topic, &listed) else {
                continue;
            };
            let name = subscription.name();
            // SNS lists an endpoint twice when it was asked again; what is confirmed counts.
            if facts.confirmed == Some(true) || !found.contains_key(&name) {
                found.insert(
                    name,
                    Found {
                        value: subscription.into(),
                        owner: Owner::Ours,
                        facts,
                    },
                );
            }
        }
        match page.next_token.filter(|next| !next.is_empty()) {
            Some(next) => token = Some(next),
            None => break,
        }
    }
    let mut found: Vec<Found> = found.into_values().collect();
    let asked = &asked;
    let reads = found.iter_mut().map(|found| async move {
        let asked = asked(&found.value.name());
        read_attributes(aws, found, asked).await
    });
    futures::future::try_join_all(reads).await?;
    Ok(found)
}

fn read_one(topic: &str, listed: &types::Subscription) -> Option<(Subscription, Facts)> {
    let arn = listed.subscription_arn().unwrap_or_default();
    if arn == "Deleted" {
        return None;
    }
    // `application` (mobile push) is none of ours: no spec can name it.
    let protocol = Protocol::from_word(&listed.protocol().unwrap_or_default().to_lowercase())?;
    let endpoint = Endpoint::new(protocol.as_str(), listed.endpoint().unwrap_or_default());
    let confirmed = Arn::parse(arn).is_some();
    let facts = Facts {
        confirmed: Some(confirmed),
        arn: confirmed.then(|| arn.to_owned()),
        ..Facts::default()
    };
    Some((
        Subscription {
            topic: topic.into(),
            protocol,
            endpoint,
            role: None,
            settings: SubscriptionSettings::default(),
        },
        facts,
    ))
}

/// A subscription's own attributes; `None` when it is gone.
async fn attributes(aws: &Aws, arn: &str) -> Result<Option<HashMap<String, String>>, AccountError> {
    let send = || aws.sns.get_subscription_attributes().subscription_arn(arn).send();
    let read = aws.door.call(ATTRIBUTES, send).await.absent(topic::GONE)?;
    Ok(read.map(|output| output.attributes.unwrap_or_default()))
}

/// The list says neither the role of a Firehose subscription nor the settings of any. Of one that is
/// not confirmed nobody can ask.
async fn read_attributes(aws: &Aws, found: &mut Found, asked: bool) -> Result<(), AccountError> {
    let trailwarden_spec::Object::Subscription(subscription) = &mut found.value else {
        return Ok(());
    };
    let has_role = subscription.protocol == Protocol::Firehose;
    let Some(arn) = found.facts.arn.as_deref().filter(|_| asked || has_role) else {
        return Ok(());
    };
    let attributes = attributes(aws, arn).await?.unwrap_or_default();
    if has_role {
        subscription.role = attributes.get(ROLE).map(String::as_str).and_then(Arn::parse);
    }
    if asked {
        subscription.settings = settings::found(&attributes, &mut found.facts.inexpressible);
    }
    Ok(())
}

async fn current(aws: &Aws, subscription: &Subscription) -> Result<Option<Facts>, AccountError> {
    let name = subscription.name();
    Ok(list(aws, &subscription.topic, |_| false)
        .await?
        .into_iter()
        .find(|f| f.value.name() == name)
        .map(|found| found.facts))
}

/// Whatever SNS says, an endpoint is shown masked.
fn masked(subscription: &Subscription, mut error: AccountError) -> AccountError {
    let secret = subscription.endpoint.reveal();
    if !secret.is_empty() {
        error.message = error.message.replace(secret, &subscription.endpoint.to_string());
    }
    error
}

impl Page for Subscription {
    async fn read(aws: &Aws, name: &str) -> Result<Option<Found>, AccountError> {
        // Neither a topic's name nor a protocol holds a slash.
        let topic = name.split('/').next().unwrap_or_default();
        Ok(list(aws, topic, |asked| asked == name)
            .await?
            .into_iter()
            .find(|found| found.value.name() == name))
    }

    async fn create(&self, aws: &Aws) -> Result<(), AccountError> {
        let arn = aws.scope.topic_arn(&self.topic).to_string();
        let mut attributes = settings::of_new(self)?;
        attributes.extend(self.role.iter().map(|role| (ROLE.to_owned(), role.to_string())));
        let attributes = Some(attributes).filter(|attributes| !attributes.is_empty());
        let send = || {
            aws.sns
                .subscribe()
                .topic_arn(&arn)
                .protocol(self.protocol.as_str())
                .endpoint(self.endpoint.reveal())
                .set_attributes(attributes.clone())
                .return_subscription_arn(true)
                .send()
        };
        let subscribe = aws
            .door
            .call_until_visible(SUBSCRIBE, topic::NEW_TOPIC, topic::gone, send);
        subscribe
            .await
            .map(drop)
            .map_err(|error| masked(self, topic::not_there(&self.topic, error)))
    }

    async fn update(&self, before: &Self, aws: &Aws) -> Result<(), AccountError> {
        let Some(arn) = current(aws, self).await?.and_then(|facts| facts.arn) else {
            let message = format!(
                "the subscription of {} is not there or not confirmed",
                self.endpoint
            );
            return Err(AccountError {
                kind: ErrorKind::NotFound,
                ..refusal(SET, message)
            });
        };
        let written = settings::write(aws, &arn, self, &before.settings).await;
        written.map_err(|error| masked(self, error))?;
        if self.role == before.role {
            return Ok(());
        }
        let role = self.role.as_ref().map(ToString::to_string).unwrap_or_default();
        let send = || {
            aws.sns
                .set_subscription_attributes()
                .subscription_arn(&arn)
                .attribute_name(ROLE)
                .attribute_value(&role)
                .send()
        };
        aws.door.call(SET, send).await.map(drop)
    }

    async fn delete(&self, aws: &Aws) -> Result<(), AccountError> {
        match current(aws, self).await? {
            None => Ok(()),
            Some(Facts { arn: Some(arn), .. }) => {
                let send = || aws.sns.unsubscribe().subscription_arn(&arn).send();
                aws.door
                    .call(UNSUBSCRIBE, send)
                    .await
                    .absent(topic::GONE)
                    .map(drop)
            }
            Some(_) => {
                let message = format!(
                    "the subscription of {} waits to be confirmed, and SNS removes such a one only by itself, \
                     about two days after it was asked for",
                    self.endpoint
                );
                Err(refusal(UNSUBSCRIBE, message))
            }
        }
    }

    async fn tag(
        &self,
        _aws: &Aws,
        _put: &BTreeMap<String, String>,
        _remove: &[String],
    ) -> Result<(), AccountError> {
        Ok(())
    }
}
