//! Topics, who may use them, and which of their messages arrive.

use trailwarden_spec::kinds::{
    DeliveryRetry, FilterScope, SignatureVersion, SubscriptionSettings, Topic, TopicPolicy, Tracing,
};
use trailwarden_spec::leaf::{Document, Managed};
use trailwarden_spec::{Object, Wanted};

use crate::cases::STACK;
use crate::problems::{parse, rendered};

fn good(text: &str) -> (String, Wanted) {
    let text = format!("{STACK}{text}");
    let wanted = parse(&text).unwrap_or_else(|problems| panic!("{}", rendered(&[&text], &problems)));
    (text, wanted)
}

fn topic(text: &str) -> Topic {
    let (_, wanted) = good(text);
    let found = wanted.objects.values().find_map(|wish| match &wish.object {
        Object::Topic(topic) => Some(topic.clone()),
        _ => None,
    });
    found.expect("a topic")
}

fn subscription(keys: &str) -> SubscriptionSettings {
    let text = format!(
        "[topic.t]\n[[topic.t.subscription]]\nprotocol = \"https\"\nendpoint = \"https://a.example/b\"\n{keys}"
    );
    let (_, wanted) = good(&text);
    let found = wanted.objects.values().find_map(|wish| match &wish.object {
        Object::Subscription(subscription) => Some(subscription.settings.clone()),
        _ => None,
    });
    found.expect("a subscription")
}

fn document(text: &str) -> Managed<Option<Document>> {
    Managed::Set(Some(Document::parse(text).expect("JSON")))
}

#[test]
fn what_is_not_written_is_left_alone() {
    assert_eq!(topic("[topic.t]\n").settings, Default::default());
    assert_eq!(subscription(""), SubscriptionSettings::default());
}

#[test]
fn settings_of_a_topic() {
    let settings = topic(
        "[topic.t]\nsignature_version = 2\ntracing = \"Active\"\n\
         delivery_retry = { num_retries = 5, num_no_delay_retries = 5, backoff_function = \"exponential\" }\n\
         data_protection = '{\"Version\": \"2021-06-01\", \"Name\": \"p\", \"Statement\": []}'\n\
         [topic.t.delivery_status]\nlambda = \"none\"\n\
         sqs = { failure_role = \"arn:aws:iam::123456789012:role/r\" }\n",
    )
    .settings;
    assert_eq!(settings.signature_version, Managed::Set(SignatureVersion::Sha256));
    assert_eq!(settings.tracing, Managed::Set(Tracing::Active));
    let retry = settings.delivery_retry.get().copied().flatten().expect("retries");
    assert_eq!(
        (
            retry.num_retries,
            retry.num_no_delay_retries,
            retry.max_delay_target
        ),
        (5, 5, DeliveryRetry::default().max_delay_target)
    );
    assert_eq!(settings.delivery_status.http, Managed::Leave);
    assert_eq!(settings.delivery_status.lambda, Managed::Set(Default::default()));
    assert_eq!(settings.roles().count(), 1);
    let table = topic("[topic.t.data_protection]\nName = \"p\"\nVersion = \"2021-06-01\"\nStatement = []\n");
    assert_eq!(settings.data_protection, table.settings.data_protection);
    let none = topic("[topic.t]\ndelivery_retry = \"none\"\ndata_protection = \"none\"\n").settings;
    assert_eq!(none.delivery_retry, Managed::Set(None));
    assert_eq!(none.data_protection, Managed::Set(None));
}

#[test]
fn settings_of_a_subscription() {
    let settings = subscription(
        "raw_delivery = true\ndead_letter = \"none\"\ndelivery_retry = { num_retries = 1 }\n\
         filter_policy = { a = [\"b\", { numeric = [\">\", 1.0] }] }\n",
    );
    assert_eq!(settings.raw_delivery, Managed::Set(true));
    assert_eq!(settings.dead_letter, Managed::Set(None));
    assert_eq!(
        settings.filter_policy,
        document(r#"{"a":["b",{"numeric":[">",1]}]}"#)
    );
    // What a policy looks at that does not say so.
    assert_eq!(
        settings.filter_scope,
        Managed::Set(FilterScope::MessageAttributes)
    );
    let none = subscription("filter_policy = \"none\"\n");
    assert_eq!(none.filter_policy, Managed::Set(None));
    assert_eq!(none.filter_scope, Managed::Leave);
}

#[test]
fn who_may_use_a_topic_is_in_its_policy() {
    let (_, wanted) = good(
        "[topic.t]\npublishers = [\"999999999999\", \"events.amazonaws.com\", \"arn:aws:iam::999999999999:root\", \
         \"budgets.amazonaws.com\"]\nsubscribers = [\"arn:aws:iam::888888888888:role/ci\"]\n",
    );
    let policies: Vec<&TopicPolicy> = wanted
        .objects
        .values()
        .filter_map(|wish| match &wish.object {
            Object::TopicPolicy(policy) => Some(policy),
            _ => None,
        })
        .collect();
    let [policy] = policies.as_slice() else {
        panic!("{policies:?}");
    };
    insta::assert_snapshot!(policy.statements.to_json().replace("},{", "},\n{"));
}

#[test]
fn a_filter_that_no_alarm_passes_is_warned_of() {
    let text = |notify: &str, filter: &str| {
        format!(
            "[topic.t]\n[[topic.t.subscription]]\nprotocol = \"email\"\nendpoint = \"secops@example.com\"\n{filter}\
             [alarm.a]\nnamespace = \"n\"\nmetric = \"m\"\nnotify = [{notify}]\n"
        )
    };
    let warnings = |notify: &str, filter: &str| {
        let (_, wanted) = good(&text(notify, filter));
        wanted.warnings.as_slice().len()
    };
    let attributes = "filter_policy = { team = [\"red\"] }\n";
    let body = "filter_policy = { NewStateValue = [\"ALARM\"] }\nfilter_scope = \"MessageBody\"\n";
    let absent = "filter_policy = { team = [\"red\", { exists = false }] }\n";
    assert_eq!(warnings("", attributes), 0);
    assert_eq!(warnings("\"t\"", body), 0);
    assert_eq!(warnings("\"t\"", absent), 0);
    let (text, wanted) = good(&text("\"t\"", attributes));
    assert_eq!(wanted.warnings.as_slice()[0].code, "filtered-alarms");
    insta::assert_snapshot!(rendered(&[&text], &wanted.warnings));
}
