//! The settings of a topic that few specs write. All but one come with the attributes that are read
//! anyway.

use std::collections::HashMap;

use trailwarden_account::AccountError;
use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::{
    DeliveryPolicyOf, DeliveryRetry, DeliveryStatus, DeliveryStatuses, Sample, SignatureVersion,
    TopicSettings, Tracing,
};
use trailwarden_spec::leaf::{Document, Managed};

use super::super::{Aws, refusal};
use super::{GONE, NEW_TOPIC, attributes_of_new, gone, not_there, object, set_attribute};
use crate::door::{Absent, Api};

const GET_PROTECTION: Api = Api::read("sns", "GetDataProtectionPolicy");
const PUT_PROTECTION: Api = Api::write("sns", "PutDataProtectionPolicy");
const READ: Api = Api::read("sns", "GetTopicAttributes");

const DELIVERY_POLICY: &str = "DeliveryPolicy";

/// What attributes say. What this version cannot express is told in `inexpressible`.
pub(super) fn found(
    attributes: &HashMap<String, String>,
    data_protection: Managed<Option<Document>>,
    inexpressible: &mut Vec<String>,
) -> TopicSettings {
    let set = |name: &str| {
        attributes
            .get(name)
            .map(String::as_str)
            .filter(|text| !text.is_empty())
    };
    let retry = DeliveryRetry::read(set(DELIVERY_POLICY), DeliveryPolicyOf::Topic);
    let mut known = |name: &str, known: bool| {
        if let (false, Some(value)) = (known, set(name)) {
            inexpressible.push(format!("{name} `{value}`"));
        }
    };
    let signature = set("SignatureVersion").and_then(SignatureVersion::from_word);
    known("SignatureVersion", signature.is_some());
    let tracing = set("TracingConfig").and_then(Tracing::from_word);
    known("TracingConfig", tracing.is_some());
    let status = |protocol: &str| {
        let of = |what: &str| set(&format!("{protocol}{what}"));
        let success = of("SuccessFeedbackRoleArn")
            .and_then(Arn::parse)
            .map(|role| Sample {
                role,
                rate: of("SuccessFeedbackSampleRate")
                    .and_then(|rate| rate.parse().ok())
                    .unwrap_or(0),
            });
        Managed::Set(DeliveryStatus {
            success,
            failure_role: of("FailureFeedbackRoleArn").and_then(Arn::parse),
        })
    };
    TopicSettings {
        delivery_retry: Managed::Set(retry.unwrap_or_else(|problem| {
            inexpressible.push(problem);
            None
        })),
        delivery_status: DeliveryStatuses::of(status),
        signature_version: Managed::Set(signature.unwrap_or(SignatureVersion::Sha1)),
        tracing: Managed::Set(tracing.unwrap_or(Tracing::PassThrough)),
        data_protection,
    }
}

/// The topic's data protection policy; none when the topic is gone.
pub(super) async fn data_protection(aws: &Aws, topic: &str) -> Result<Option<Document>, AccountError> {
    let arn = aws.scope.topic_arn(topic).to_string();
    let send = || aws.sns.get_data_protection_policy().resource_arn(&arn).send();
    let read = aws.door.call(GET_PROTECTION, send).await.absent(GONE)?;
    let text = read.and_then(|output| output.data_protection_policy);
    match text.filter(|text| !text.trim().is_empty()) {
        None => Ok(None),
        Some(text) => {
            let document = Document::parse(&text).map_err(|why| {
                refusal(
                    GET_PROTECTION,
                    format!("the topic `{topic}` has a data protection policy that cannot be read: {why}"),
                )
            })?;
            Ok(Some(document).filter(|document| !document.is_empty()))
        }
    }
}

/// Writes what differs. The topic may be new.
pub(super) async fn write(
    aws: &Aws,
    topic: &str,
    wanted: &TopicSettings,
    before: &TopicSettings,
) -> Result<(), AccountError> {
    if let Some(retry) = changed(&wanted.delivery_retry, &before.delivery_retry) {
        // What else the policy says is not ours to drop.
        let _alone = aws.door.exclusive(&object(topic)).await;
        let attributes = attributes_of_new(aws, topic).await?;
        let policy = attributes.get(DELIVERY_POLICY).map(String::as_str);
        let policy = DeliveryRetry::written(retry.as_ref(), policy, DeliveryPolicyOf::Topic)
            .map_err(|why| refusal(READ, format!("the topic `{topic}` has {why}")))?;
        set_attribute(aws, topic, DELIVERY_POLICY, &policy).await?;
    }
    let statuses = wanted.delivery_status.all().into_iter();
    for ((_, protocol, wanted), (_, _, before)) in statuses.zip(before.delivery_status.all()) {
        if let Some(status) = changed(wanted, before) {
            let before = before.get().cloned().unwrap_or_default();
            write_status(aws, topic, protocol, status, &before).await?;
        }
    }
    if let Some(version) = changed(&wanted.signature_version, &before.signature_version) {
        set_attribute(aws, topic, "SignatureVersion", version.as_str()).await?;
    }
    if let Some(tracing) = changed(&wanted.tracing, &before.tracing) {
        set_attribute(aws, topic, "TracingConfig", tracing.as_str()).await?;
    }
    if let Some(document) = changed(&wanted.data_protection, &before.data_protection) {
        let arn = aws.scope.topic_arn(topic).to_string();
        // An empty text takes the policy away.
        let text = document.as_ref().map(Document::to_json).unwrap_or_default();
        let send = || {
            let put = aws.sns.put_data_protection_policy().resource_arn(&arn);
            put.data_protection_policy(&text).send()
        };
        let put = aws.door.call_until_visible(PUT_PROTECTION, NEW_TOPIC, gone, send);
        put.await.map_err(|error| not_there(topic, error))?;
    }
    Ok(())
}

async fn write_status(
    aws: &Aws,
    topic: &str,
    protocol: &str,
    status: &DeliveryStatus,
    before: &DeliveryStatus,
) -> Result<(), AccountError> {
    let role = |sample: &Option<Sample>| sample.as_ref().map(|sample| sample.role.clone());
    let (success, earlier) = (role(&status.success), role(&before.success));
    for (what, role, earlier) in [
        ("SuccessFeedbackRoleArn", &success, &earlier),
        (
            "FailureFeedbackRoleArn",
            &status.failure_role,
            &before.failure_role,
        ),
    ] {
        if role != earlier {
            let value = role.as_ref().map(ToString::to_string).unwrap_or_default();
            set_attribute(aws, topic, &format!("{protocol}{what}"), &value).await?;
        }
    }
    let rate = |status: &DeliveryStatus| status.success.as_ref().map(|sample| sample.rate);
    if let Some(now) = rate(status).filter(|now| rate(before) != Some(*now)) {
        let name = format!("{protocol}SuccessFeedbackSampleRate");
        set_attribute(aws, topic, &name, &now.to_string()).await?;
    }
    Ok(())
}

/// What has to be written. What nobody read is written: it is wanted, and may be anything.
pub(in super::super) fn changed<'a, T: Clone + PartialEq>(
    wanted: &'a Managed<T>,
    before: &Managed<T>,
) -> Option<&'a T> {
    wanted.get().filter(|value| before.get() != Some(value))
}
