//! The settings of topics and subscriptions.

use insta::assert_snapshot;
use trailwarden_spec::Object;
use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::{
    DeliveryRetry, DeliveryStatus, FilterScope, Protocol, Sample, SignatureVersion, Subscription,
    SubscriptionSettings, Topic, Tracing,
};
use trailwarden_spec::leaf::{Document, Endpoint, Managed};

use crate::fixture::Story;

const TOPIC: &str = "topic.security-alerts";

fn topic(object: &mut Object) -> &mut Topic {
    match object {
        Object::Topic(topic) => topic,
        other => panic!("{other:?}"),
    }
}

fn arn(text: &str) -> Arn {
    Arn::parse(text).expect("an ARN")
}

fn document(text: &str) -> Managed<Option<Document>> {
    Managed::Set(Some(Document::parse(text).expect("JSON")))
}

fn status() -> DeliveryStatus {
    let role = arn("arn:aws:iam::123456789012:role/feedback");
    DeliveryStatus {
        success: Some(Sample {
            role: role.clone(),
            rate: 100,
        }),
        failure_role: Some(role),
    }
}

fn queue(settings: SubscriptionSettings) -> Subscription {
    Subscription {
        topic: "security-alerts".into(),
        protocol: Protocol::Sqs,
        endpoint: Endpoint::new("sqs", "arn:aws:sqs:us-east-1:123456789012:alerts"),
        role: None,
        settings,
    }
}

#[test]
fn every_setting_of_a_topic_is_told_and_repaired() {
    let mut story = Story::applied();
    let settings = &mut topic(story.wish(TOPIC)).settings;
    settings.delivery_retry = Managed::Set(Some(DeliveryRetry {
        num_retries: 10,
        max_receives_per_second: Some(2),
        ..DeliveryRetry::default()
    }));
    settings.delivery_status.sqs = Managed::Set(status());
    settings.signature_version = Managed::Set(SignatureVersion::Sha256);
    settings.tracing = Managed::Set(Tracing::Active);
    settings.data_protection = document(r#"{"Name":"p","Version":"2021-06-01","Statement":[]}"#);
    assert_snapshot!(story.text());
    story.apply();
    assert!(story.plan().is_empty());

    // What the spec takes away is told, too; what it is silent about is not.
    let settings = &mut topic(story.wish(TOPIC)).settings;
    settings.delivery_retry = Managed::Set(None);
    settings.delivery_status.sqs = Managed::Set(DeliveryStatus::default());
    settings.signature_version = Managed::Leave;
    settings.tracing = Managed::Leave;
    settings.data_protection = Managed::Set(None);
    assert_snapshot!("settings_of_a_topic_are_taken_away", story.text());
}

#[test]
fn a_queue_is_told_what_it_has_to_let_in() {
    let mut story = Story::applied();
    let settings = SubscriptionSettings {
        raw_delivery: Managed::Set(true),
        filter_policy: document(r#"{"NewStateValue":["ALARM"]}"#),
        filter_scope: Managed::Set(FilterScope::MessageBody),
        dead_letter: Managed::Set(Some(arn("arn:aws:sqs:us-east-1:123456789012:dead"))),
        ..SubscriptionSettings::default()
    };
    story.wants("topic.security", queue(settings.clone()));
    let function = Subscription {
        protocol: Protocol::Lambda,
        endpoint: Endpoint::new("lambda", "arn:aws:lambda:us-east-1:123456789012:function:f"),
        ..queue(SubscriptionSettings::default())
    };
    story.wants("topic.security", function);
    assert_snapshot!(story.text());
    story.apply();
    let plan = story.plan();
    assert!(plan.is_empty() && plan.notes.is_empty());

    // Somebody lets nothing through any more.
    let address = queue(settings);
    let address = Object::from(address)
        .address(&crate::fixture::scope())
        .to_string();
    match &mut story.found(&address).value {
        Object::Subscription(held) => {
            held.settings.filter_policy = document(r#"{"team":["red"]}"#);
            held.settings.filter_scope = Managed::Set(FilterScope::MessageAttributes);
        }
        other => panic!("{other:?}"),
    }
    assert_snapshot!("a_filter_that_lets_no_alarm_through_is_repaired", story.text());
}

#[test]
fn a_queue_that_was_looked_at_needs_no_note() {
    let arn_of = |name: &str| format!("arn:aws:sqs:us-east-1:123456789012:{name}");
    let notes = |read: &[&str], closed: &[&str]| {
        let mut story = Story::applied();
        let dead = arn("arn:aws:sqs:us-east-1:123456789012:dead");
        let settings = SubscriptionSettings {
            dead_letter: Managed::Set(Some(dead)),
            ..SubscriptionSettings::default()
        };
        story.wants("topic.security", queue(settings));
        story.live.queues = read.iter().map(|name| arn_of(name)).collect();
        let closed = closed.iter();
        story.live.queue_keys = closed
            .map(|name| (arn_of(name), "alias/queues".to_owned()))
            .collect();
        let messages = story.plan().notes.into_iter().map(|note| note.message);
        messages.collect::<Vec<_>>()
    };
    assert_eq!(notes(&[], &[]).len(), 2);
    let left = notes(&["alerts"], &[]);
    assert!(
        left.len() == 1 && left[0].starts_with("the dead-letter queue"),
        "{left:?}"
    );
    assert_eq!(notes(&["alerts", "dead"], &[]), [""; 0]);
    let left = notes(&["alerts", "dead"], &["dead"]);
    assert!(
        left.len() == 1
            && left[0].starts_with("the dead-letter queue is encrypted with the key `alias/queues`")
            && left[0].contains("kms:GenerateDataKey*"),
        "{left:?}"
    );
}

#[test]
fn a_subscription_that_waits_has_no_settings_to_compare() {
    let mut story = Story::applied();
    let raw = SubscriptionSettings {
        raw_delivery: Managed::Set(true),
        ..SubscriptionSettings::default()
    };
    story.wants("topic.security", queue(raw.clone()));
    story.apply();
    let address = Object::from(queue(raw))
        .address(&crate::fixture::scope())
        .to_string();
    let found = story.found(&address);
    found.facts.confirmed = Some(false);
    match &mut found.value {
        Object::Subscription(held) => held.settings = SubscriptionSettings::default(),
        other => panic!("{other:?}"),
    }
    assert!(story.plan().is_empty());
}
