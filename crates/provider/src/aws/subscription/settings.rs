//! The settings of a subscription that few specs write: a call for each subscription that has some.

use std::collections::{BTreeSet, HashMap};

use trailwarden_account::AccountError;
use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::{
    DeliveryPolicyOf, DeliveryRetry, FilterScope, Resource, Subscription, SubscriptionSettings,
};
use trailwarden_spec::leaf::{Document, Managed};

use super::super::topic::changed;
use super::super::{Aws, refusal};
use super::{ATTRIBUTES, SET};

const RAW: &str = "RawMessageDelivery";
const POLICY: &str = "FilterPolicy";
const SCOPE: &str = "FilterPolicyScope";
const REDRIVE: &str = "RedrivePolicy";
const RETRY: &str = "DeliveryPolicy";

/// What attributes say. What this version cannot express is told in `inexpressible`.
pub(super) fn found(
    attributes: &HashMap<String, String>,
    inexpressible: &mut Vec<String>,
) -> SubscriptionSettings {
    let set = |name: &str| {
        attributes
            .get(name)
            .map(String::as_str)
            .filter(|text| !text.is_empty())
    };
    let mut document = |name: &str| match set(name).map(Document::parse) {
        None => None,
        Some(Ok(document)) => Some(document).filter(|document| !document.is_empty()),
        Some(Err(why)) => {
            inexpressible.push(format!("a {name} that cannot be read: {why}"));
            None
        }
    };
    let filter_policy = document(POLICY);
    let dead_letter = document(REDRIVE)
        .as_ref()
        .and_then(|redrive| redrive.text("deadLetterTargetArn"))
        .and_then(Arn::parse);
    let retry = DeliveryRetry::read(set(RETRY), DeliveryPolicyOf::Subscription);
    let scope = set(SCOPE).and_then(FilterScope::from_word);
    if let (None, Some(other)) = (scope, set(SCOPE)) {
        inexpressible.push(format!("{SCOPE} `{other}`"));
    }
    SubscriptionSettings {
        raw_delivery: Managed::Set(set(RAW) == Some("true")),
        filter_policy: Managed::Set(filter_policy),
        filter_scope: Managed::Set(scope.unwrap_or(FilterScope::MessageAttributes)),
        dead_letter: Managed::Set(dead_letter),
        delivery_retry: Managed::Set(retry.unwrap_or_else(|problem| {
            inexpressible.push(problem);
            None
        })),
    }
}

/// The attributes with which a new subscription is asked for: those that differ from what it has
/// anyway.
pub(super) fn of_new(subscription: &Subscription) -> Result<HashMap<String, String>, AccountError> {
    let steps = steps(subscription, &SubscriptionSettings::of_new(), None)?;
    Ok(steps
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect())
}

/// What has to be written, in an order in which every state in between is one that SNS takes; `None`
/// takes an attribute away. `policy` is the delivery policy as it is.
fn steps(
    wanted: &Subscription,
    before: &SubscriptionSettings,
    policy: Option<&str>,
) -> Result<Vec<(&'static str, Option<String>)>, AccountError> {
    let SubscriptionSettings {
        raw_delivery,
        filter_policy,
        filter_scope,
        dead_letter,
        delivery_retry,
    } = &wanted.settings;
    let mut steps = Vec::new();
    if let Some(raw) = changed(raw_delivery, &before.raw_delivery) {
        steps.push((RAW, Some(raw.to_string())));
    }
    let policy_step = changed(filter_policy, &before.filter_policy).map(|document| {
        // AWS: "Removing a subscription filter policy".
        let text = document.as_ref().map_or_else(|| "{}".into(), Document::to_json);
        (POLICY, Some(text))
    });
    let filters = filter_policy.get().is_some_and(Option::is_some);
    let scope_step = changed(filter_scope, &before.filter_scope)
        .filter(|_| filters)
        .map(|scope| (SCOPE, Some(scope.as_str().to_owned())));
    // A nested policy needs the scope of bodies; what fits attributes is taken in either.
    match filter_scope.get() {
        Some(FilterScope::MessageBody) => steps.extend(scope_step.into_iter().chain(policy_step)),
        _ => steps.extend(policy_step.into_iter().chain(scope_step)),
    }
    if let Some(queue) = changed(dead_letter, &before.dead_letter) {
        let redrive = queue
            .as_ref()
            .map(|queue| Document::of_text("deadLetterTargetArn", &queue.to_string()).to_json());
        steps.push((REDRIVE, redrive));
    }
    if let Some(retry) = changed(delivery_retry, &before.delivery_retry) {
        let text = DeliveryRetry::written(retry.as_ref(), policy, DeliveryPolicyOf::Subscription).map_err(
            |why| {
                refusal(
                    ATTRIBUTES,
                    format!("the subscription of {} has {why}", wanted.endpoint),
                )
            },
        )?;
        steps.push((RETRY, Some(text)));
    }
    Ok(steps)
}

/// Writes what differs to a confirmed subscription.
pub(super) async fn write(
    aws: &Aws,
    arn: &str,
    wanted: &Subscription,
    before: &SubscriptionSettings,
) -> Result<(), AccountError> {
    let retries = changed(&wanted.settings.delivery_retry, &before.delivery_retry).is_some();
    let attributes = match retries {
        true => super::attributes(aws, arn).await?.unwrap_or_default(),
        false => HashMap::new(),
    };
    let policy = attributes.get(RETRY).map(String::as_str);
    for (name, value) in steps(wanted, before, policy)? {
        let send = || {
            aws.sns
                .set_subscription_attributes()
                .subscription_arn(arn)
                .attribute_name(name)
                .set_attribute_value(value.clone())
                .send()
        };
        aws.door.call(SET, send).await?;
    }
    Ok(())
}

/// Whether the spec writes what only the subscription's own attributes tell.
pub(crate) fn asked<'a>(wishes: impl IntoIterator<Item = &'a Subscription>) -> impl Fn(&str) -> bool {
    let names: BTreeSet<String> = wishes
        .into_iter()
        .filter(|wish| wish.settings.is_written())
        .map(Resource::name)
        .collect();
    move |name| names.contains(name)
}

#[cfg(test)]
mod tests {
    use trailwarden_spec::kinds::Protocol;
    use trailwarden_spec::leaf::Endpoint;

    use super::*;

    fn subscription(settings: SubscriptionSettings) -> Subscription {
        Subscription {
            topic: "t".into(),
            protocol: Protocol::Sqs,
            endpoint: Endpoint::new("sqs", "arn:aws:sqs:us-east-1:123456789012:q"),
            role: None,
            settings,
        }
    }

    fn filter(policy: &str, scope: FilterScope) -> SubscriptionSettings {
        SubscriptionSettings {
            filter_policy: Managed::Set(Some(Document::parse(policy).unwrap())),
            filter_scope: Managed::Set(scope),
            ..SubscriptionSettings::of_new()
        }
    }

    #[test]
    fn a_nested_policy_never_stands_beside_the_scope_of_attributes() {
        let flat = filter(r#"{"a":["b"]}"#, FilterScope::MessageAttributes);
        let nested = filter(r#"{"a":{"b":["c"]}}"#, FilterScope::MessageBody);
        let names = |wanted: &SubscriptionSettings, before: &SubscriptionSettings| -> Vec<&str> {
            let steps = steps(&subscription(wanted.clone()), before, None).unwrap();
            steps.into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names(&nested, &flat), [SCOPE, POLICY]);
        assert_eq!(names(&flat, &nested), [POLICY, SCOPE]);
        assert_eq!(names(&SubscriptionSettings::of_new(), &nested), [POLICY]);
        assert_eq!(names(&nested, &nested), [""; 0]);
    }

    #[test]
    fn what_goes_away_is_sent_as_sns_wants_it() {
        let mut before = filter(r#"{"a":["b"]}"#, FilterScope::MessageAttributes);
        before.dead_letter = Managed::Set(Arn::parse("arn:aws:sqs:us-east-1:123456789012:dead"));
        before.delivery_retry = Managed::Set(Some(DeliveryRetry::default()));
        let policy = r#"{"healthyRetryPolicy":{"numRetries":3}}"#;
        let steps = steps(
            &subscription(SubscriptionSettings::of_new()),
            &before,
            Some(policy),
        );
        assert_eq!(
            steps.unwrap(),
            [
                (POLICY, Some("{}".to_owned())),
                (REDRIVE, None),
                (RETRY, Some(String::new())),
            ]
        );
        assert_eq!(
            of_new(&subscription(SubscriptionSettings::of_new())).unwrap(),
            HashMap::new()
        );
    }
}
