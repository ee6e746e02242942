//! Topics and those who hear of them.

use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::Object;
use trailwarden_spec::evidence::{Subscriber, SubscriberState};

use crate::aws::known::Known;
use crate::aws::{Aws, subscription, topic};
use crate::door::Api;

const PUBLISH: Api = Api::write("sns", "Publish");
const CONFIRM: Api = Api::write("sns", "ConfirmSubscription");

pub(super) async fn subscribers(aws: &Aws, name: &str) -> Result<Option<Vec<Subscriber>>, AccountError> {
    if topic::attributes(aws, name).await?.is_none() {
        return Ok(None);
    }
    // With their settings: a filter policy may keep a message back.
    let listed = subscription::list(aws, name, |_| true).await?;
    let subscribers = listed.into_iter().filter_map(|found| match found.value {
        Object::Subscription(subscription) => Some(Subscriber {
            state: match found.facts.confirmed {
                Some(true) if !subscription.settings.lets_alarms_through() => SubscriberState::Shut {
                    cause: "its filter policy lets no message without attributes through".into(),
                    fix: "alarms publish none, so take the filter policy away".into(),
                },
                // SNS drops what is no JSON (`NumberOfNotificationsFilteredOut-InvalidMessageBody`).
                Some(true) if subscription.settings.filter_of_bodies().is_some() => SubscriberState::Shut {
                    cause: "its filter policy looks into the message, which it does only with an alarm's"
                        .into(),
                    fix: "let an alarm go off to try it: `aws cloudwatch set-alarm-state`".into(),
                },
                Some(true) => SubscriberState::Confirmed,
                _ => SubscriberState::Pending,
            },
            filter: subscription.settings.filter_of_bodies().cloned(),
            protocol: Some(subscription.protocol),
            endpoint: subscription.endpoint,
        }),
        _ => None,
    });
    Ok(Some(subscribers.collect()))
}

pub(super) async fn publish(
    aws: &Aws,
    name: &str,
    subject: &str,
    body: &str,
) -> Result<String, AccountError> {
    let arn = aws.scope.topic_arn(name).to_string();
    let send = || {
        aws.sns
            .publish()
            .topic_arn(&arn)
            .subject(subject)
            .message(body)
            .send()
    };
    let published = aws.door.call(PUBLISH, send).await;
    published
        .map(|published| published.message_id.unwrap_or_default())
        .map_err(|error| topic::not_there(name, error))
}

/// Whatever SNS says, the token is not shown: whoever has it can confirm, and end the subscription.
fn without(token: &str, mut error: AccountError) -> AccountError {
    if !token.is_empty() {
        error.message = error.message.replace(token, "***");
    }
    error
}

pub(super) async fn confirm(aws: &Aws, name: &str, token: &str) -> Result<String, AccountError> {
    let arn = aws.scope.topic_arn(name).to_string();
    let send = || {
        aws.sns
            .confirm_subscription()
            .topic_arn(&arn)
            .token(token)
            .authenticate_on_unsubscribe("true")
            .send()
    };
    let confirmed = aws.door.call(CONFIRM, send).await;
    confirmed
        .map(|confirmed| confirmed.subscription_arn.unwrap_or_default())
        .map_err(|error| {
            let error = without(token, topic::not_there(name, error));
            match error.is("InvalidParameter") || error.is("InvalidParameterException") {
                true => error.known(
                    ErrorKind::Refused,
                    format!(
                        "SNS does not know this token for the topic `{name}`, or not any more: it is valid for two \
                         days"
                    ),
                ),
                false => error,
            }
        })
}
