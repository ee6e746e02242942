use aws_sdk_sns::types::Tag;
use serde_json::{Value, json};

use crate::world::{ACCOUNT, HOME, NOW, OTHER, World, code};

const HOUR: u64 = 3600;

fn topic() -> String {
    format!("arn:aws:sns:{HOME}:{ACCOUNT}:security")
}

fn tag(value: &str) -> Tag {
    Tag::builder().key("team").value(value).build().expect("a tag")
}

async fn make_topic(world: &World) {
    world
        .sns()
        .create_topic()
        .name("security")
        .send()
        .await
        .expect("a topic");
}

#[tokio::test]
async fn topics_are_made_once() {
    let world = World::new();
    let sns = world.sns();
    let create = || sns.create_topic().name("security");
    let made = create()
        .tags(tag("a"))
        .attributes("DisplayName", "Sec & Ops")
        .send()
        .await
        .unwrap();
    assert_eq!(made.topic_arn(), Some(topic().as_str()));
    create().send().await.unwrap();
    create().tags(tag("a")).send().await.unwrap();
    assert_eq!(code(create().tags(tag("b")).send().await), "InvalidParameter");
    let other = create().attributes("DisplayName", "other").send().await;
    assert_eq!(code(other), "InvalidParameter");
    assert_eq!(
        code(sns.create_topic().name("a b").send().await),
        "InvalidParameter"
    );

    let shown = sns
        .get_topic_attributes()
        .topic_arn(topic())
        .send()
        .await
        .unwrap();
    let shown = shown.attributes().unwrap();
    assert_eq!(shown["Owner"], ACCOUNT);
    assert_eq!(shown["DisplayName"], "Sec & Ops");
    assert_eq!(shown["SubscriptionsPending"], "0");
    assert!(shown.contains_key("EffectiveDeliveryPolicy"));
    let policy: Value = serde_json::from_str(&shown["Policy"]).unwrap();
    assert_eq!(policy["Id"], "__default_policy_ID");
    assert_eq!(
        policy["Statement"][0]["Condition"]["StringEquals"]["AWS:SourceOwner"],
        ACCOUNT
    );
    let listed = sns.list_topics().send().await.unwrap();
    assert_eq!(listed.topics()[0].topic_arn(), Some(topic().as_str()));

    let foreign = world
        .account(OTHER)
        .sns()
        .get_topic_attributes()
        .topic_arn(topic())
        .send()
        .await;
    assert_eq!(code(foreign), "AuthorizationError");
    sns.publish()
        .topic_arn(topic())
        .message("hello")
        .send()
        .await
        .unwrap();
    sns.delete_topic().topic_arn(topic()).send().await.unwrap();
    sns.delete_topic().topic_arn(topic()).send().await.unwrap();
    let gone = sns.get_topic_attributes().topic_arn(topic()).send().await;
    assert_eq!(code(gone), "NotFound");
}

#[tokio::test]
async fn policies_are_checked() {
    let world = World::new();
    make_topic(&world).await;
    let sns = world.sns();
    let set = |value: &str| {
        let set = sns
            .set_topic_attributes()
            .topic_arn(topic())
            .attribute_name("Policy");
        set.attribute_value(value).send()
    };
    let statement = |action: &str| {
        json!({ "Statement": [{ "Sid": "a", "Effect": "Allow",
            "Principal": { "Service": "cloudwatch.amazonaws.com" },
            "Action": action, "Resource": topic() }] })
        .to_string()
    };
    for refused in ["", "{", "{}", r#"{"Statement":[]}"#, &statement("s3:GetObject")] {
        assert_eq!(code(set(refused).await), "InvalidParameter", "{refused}");
    }
    set(&statement("SNS:Publish")).await.unwrap();
    let shown = sns
        .get_topic_attributes()
        .topic_arn(topic())
        .send()
        .await
        .unwrap();
    assert_eq!(shown.attributes().unwrap()["Policy"], statement("SNS:Publish"));
    let odd = sns
        .set_topic_attributes()
        .topic_arn(topic())
        .attribute_name("Colour");
    assert_eq!(code(odd.attribute_value("red").send().await), "InvalidParameter");
    let key = |value: &str| {
        let set = sns
            .set_topic_attributes()
            .topic_arn(topic())
            .attribute_name("KmsMasterKeyId");
        set.attribute_value(value).send()
    };
    key("alias/x").await.unwrap();
    let shown = sns
        .get_topic_attributes()
        .topic_arn(topic())
        .send()
        .await
        .unwrap();
    assert_eq!(shown.attributes().unwrap()["KmsMasterKeyId"], "alias/x");
    key("").await.unwrap();
    let shown = sns
        .get_topic_attributes()
        .topic_arn(topic())
        .send()
        .await
        .unwrap();
    assert!(!shown.attributes().unwrap().contains_key("KmsMasterKeyId"));
}

#[tokio::test]
async fn a_subscription_from_request_to_end() {
    let world = World::new();
    make_topic(&world).await;
    let sns = world.sns();
    let subscribe = || {
        sns.subscribe()
            .topic_arn(topic())
            .protocol("email")
            .endpoint("secops@example.com")
    };
    let pending = subscribe().send().await.unwrap();
    assert_eq!(pending.subscription_arn(), Some("pending confirmation"));
    let again = subscribe().return_subscription_arn(true).send().await.unwrap();
    let arn = again.subscription_arn().unwrap();
    assert!(arn.starts_with(&topic()));
    let list = || sns.list_subscriptions_by_topic().topic_arn(topic()).send();
    let listed = list().await.unwrap();
    let [subscription] = listed.subscriptions() else {
        panic!("{listed:?}")
    };
    assert_eq!(subscription.subscription_arn(), Some("PendingConfirmation"));
    assert_eq!(subscription.owner(), Some(ACCOUNT));
    let shown = sns
        .get_subscription_attributes()
        .subscription_arn(arn)
        .send()
        .await
        .unwrap();
    assert_eq!(shown.attributes().unwrap()["PendingConfirmation"], "true");
    assert_eq!(
        code(sns.unsubscribe().subscription_arn(arn).send().await),
        "InvalidParameter"
    );
    let by_text = sns
        .unsubscribe()
        .subscription_arn("PendingConfirmation")
        .send()
        .await;
    assert_eq!(code(by_text), "InvalidParameter");

    let (topic_arn, endpoint, token) = world.sandbox.pending_confirmations().unwrap().remove(0);
    assert_eq!((topic_arn, endpoint.as_str()), (topic(), "secops@example.com"));
    let confirm = |token: &str| sns.confirm_subscription().topic_arn(topic()).token(token).send();
    assert_eq!(code(confirm("short").await), "InvalidParameter");
    assert_eq!(confirm(&token).await.unwrap().subscription_arn(), Some(arn));
    assert_eq!(code(confirm(&token).await), "InvalidParameter");
    let attributes = sns
        .get_topic_attributes()
        .topic_arn(topic())
        .send()
        .await
        .unwrap();
    assert_eq!(attributes.attributes().unwrap()["SubscriptionsConfirmed"], "1");

    let set = |name: &str, value: &str| {
        let set = sns.set_subscription_attributes().subscription_arn(arn);
        set.attribute_name(name).attribute_value(value).send()
    };
    set("FilterPolicy", r#"{"a":["b"]}"#).await.unwrap();
    assert_eq!(code(set("FilterPolicy", "x").await), "InvalidParameter");
    let shown = sns
        .get_subscription_attributes()
        .subscription_arn(arn)
        .send()
        .await
        .unwrap();
    assert_eq!(shown.attributes().unwrap()["FilterPolicy"], r#"{"a":["b"]}"#);

    sns.unsubscribe().subscription_arn(arn).send().await.unwrap();
    let listed = list().await.unwrap();
    assert_eq!(listed.subscriptions()[0].subscription_arn(), Some("Deleted"));
    let attributes = sns
        .get_topic_attributes()
        .topic_arn(topic())
        .send()
        .await
        .unwrap();
    assert_eq!(attributes.attributes().unwrap()["SubscriptionsDeleted"], "1");
    let shown = sns
        .get_subscription_attributes()
        .subscription_arn(arn)
        .send()
        .await;
    assert_eq!(code(shown), "NotFound");
    let later = world.at(NOW + 73 * HOUR).sns();
    let listed = later
        .list_subscriptions_by_topic()
        .topic_arn(topic())
        .send()
        .await
        .unwrap();
    assert!(listed.subscriptions().is_empty());
}

#[tokio::test]
async fn a_request_that_nobody_confirms_vanishes() {
    let world = World::new();
    make_topic(&world).await;
    let subscribe = world.sns().subscribe().topic_arn(topic()).protocol("email");
    subscribe.endpoint("a@example.com").send().await.unwrap();
    let count = async |seconds: u64| {
        let list = world
            .at(NOW + seconds)
            .sns()
            .list_subscriptions()
            .send()
            .await
            .unwrap();
        list.subscriptions().len()
    };
    assert_eq!(count(47 * HOUR).await, 1);
    assert_eq!(count(49 * HOUR).await, 0);
}

#[tokio::test]
async fn endpoints_by_protocol() {
    let world = World::new();
    make_topic(&world).await;
    let sns = world.sns();
    let subscribe = |protocol: &str, endpoint: &str| {
        sns.subscribe()
            .topic_arn(topic())
            .protocol(protocol)
            .endpoint(endpoint)
    };
    for (protocol, endpoint) in [
        ("email", "nobody"),
        ("http", "https://example.com"),
        ("https", "http://example.com"),
        ("sqs", "queue"),
        ("lambda", "arn:aws:sqs:us-east-1:123456789012:q"),
        ("sms", "phone"),
        ("pigeon", "coop"),
        (
            "firehose",
            "arn:aws:firehose:us-east-1:123456789012:deliverystream/d",
        ),
    ] {
        let refused = subscribe(protocol, endpoint).send().await;
        assert_eq!(code(refused), "InvalidParameter", "{protocol} {endpoint}");
    }
    for (protocol, endpoint, confirmed) in [
        ("https", "https://user:secret@example.com/hook?a=1&b=2", false),
        ("email-json", "a@example.com", false),
        ("sms", "+4915112345678", true),
        ("sqs", "arn:aws:sqs:us-east-1:123456789012:q", true),
        ("sqs", "arn:aws:sqs:us-east-1:210987654321:q", false),
        ("lambda", "arn:aws:lambda:us-east-1:123456789012:function:f", true),
    ] {
        let made = subscribe(protocol, endpoint).send().await.unwrap();
        let pending = made.subscription_arn() == Some("pending confirmation");
        assert_eq!(pending, !confirmed, "{protocol} {endpoint}");
    }
    let firehose = subscribe(
        "firehose",
        "arn:aws:firehose:us-east-1:123456789012:deliverystream/d",
    );
    firehose
        .attributes("SubscriptionRoleArn", "arn:aws:iam::1:role/r")
        .send()
        .await
        .unwrap();
    let queue = "arn:aws:sqs:us-east-1:123456789012:q";
    let raw = subscribe("sqs", queue)
        .attributes("RawMessageDelivery", "true")
        .send()
        .await;
    assert_eq!(code(raw), "InvalidParameter");

    let listed = sns
        .list_subscriptions_by_topic()
        .topic_arn(topic())
        .send()
        .await
        .unwrap();
    assert_eq!(
        listed.subscriptions()[0].endpoint(),
        Some("https://user:****@example.com/hook?a=1&b=2")
    );
    assert_eq!(listed.subscriptions().len(), 7);
    let early = sns
        .subscribe()
        .topic_arn(format!("{}x", topic()))
        .protocol("email");
    assert_eq!(code(early.endpoint("a@example.com").send().await), "NotFound");
}

#[tokio::test]
async fn subscriptions_come_in_pages() {
    let world = World::new();
    make_topic(&world).await;
    let sns = world.sns();
    for number in 0..101 {
        let subscribe = sns.subscribe().topic_arn(topic()).protocol("email");
        subscribe
            .endpoint(format!("a{number}@example.com"))
            .send()
            .await
            .unwrap();
    }
    let mut pages = sns
        .list_subscriptions_by_topic()
        .topic_arn(topic())
        .into_paginator()
        .send();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page.unwrap().subscriptions().len());
    }
    assert_eq!(sizes, [100, 1]);
}

#[tokio::test]
async fn tags() {
    let world = World::new();
    make_topic(&world).await;
    let sns = world.sns();
    sns.tag_resource()
        .resource_arn(topic())
        .tags(tag("a"))
        .send()
        .await
        .unwrap();
    let list = || sns.list_tags_for_resource().resource_arn(topic()).send();
    assert_eq!(list().await.unwrap().tags(), [tag("a")]);
    sns.untag_resource()
        .resource_arn(topic())
        .tag_keys("team")
        .send()
        .await
        .unwrap();
    assert!(list().await.unwrap().tags().is_empty());
    let gone = sns
        .list_tags_for_resource()
        .resource_arn(format!("{}x", topic()))
        .send()
        .await;
    assert_eq!(code(gone), "ResourceNotFound");
}

#[tokio::test]
async fn settings_of_a_topic_are_checked_and_kept() {
    let world = World::new();
    make_topic(&world).await;
    let sns = world.sns();
    let set = |name: &str, value: &str| {
        let set = sns.set_topic_attributes().topic_arn(topic());
        set.attribute_name(name).attribute_value(value).send()
    };
    for (name, value) in [
        ("TracingConfig", "On"),
        ("SignatureVersion", "3"),
        ("SQSSuccessFeedbackSampleRate", "101"),
        ("SQSFailureFeedbackSampleRate", "1"),
        ("LambdaFailureFeedbackRoleArn", "feedback"),
        ("DeliveryPolicy", "[]"),
        (
            "DeliveryPolicy",
            r#"{"http":{"defaultHealthyRetryPolicy":{"numRetries":101}}}"#,
        ),
        (
            "DeliveryPolicy",
            r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":21}}}"#,
        ),
        (
            "DeliveryPolicy",
            r#"{"http":{"defaultHealthyRetryPolicy":{"numRetries":100,"maxDelayTarget":60,"minDelayTarget":60}}}"#,
        ),
        (
            "DeliveryPolicy",
            r#"{"http":{"defaultHealthyRetryPolicy":{"numMinDelayRetries":4}}}"#,
        ),
        (
            "DeliveryPolicy",
            r#"{"http":{"defaultThrottlePolicy":{"maxReceivesPerSecond":0}}}"#,
        ),
    ] {
        assert_eq!(code(set(name, value).await), "InvalidParameter", "{name} {value}");
    }
    let policy = r#"{"http":{"defaultHealthyRetryPolicy":{"numRetries":5}}}"#;
    set("DeliveryPolicy", policy).await.unwrap();
    set("HTTPFailureFeedbackRoleArn", "arn:aws:iam::123456789012:role/r")
        .await
        .unwrap();
    let shown = || async {
        let get = sns.get_topic_attributes().topic_arn(topic()).send();
        get.await.unwrap().attributes.unwrap()
    };
    let held = shown().await;
    assert_eq!(held["DeliveryPolicy"], policy);
    let effective: Value = serde_json::from_str(&held["EffectiveDeliveryPolicy"]).unwrap();
    let retry = &effective["http"]["defaultHealthyRetryPolicy"];
    assert_eq!(
        (&retry["numRetries"], &retry["maxDelayTarget"]),
        (&json!(5), &json!(20))
    );
    set("DeliveryPolicy", "").await.unwrap();
    set("HTTPFailureFeedbackRoleArn", "").await.unwrap();
    let held = shown().await;
    assert!(!held.contains_key("DeliveryPolicy") && !held.contains_key("HTTPFailureFeedbackRoleArn"));

    let put = |text: &str| {
        let put = sns.put_data_protection_policy().resource_arn(topic());
        put.data_protection_policy(text).send()
    };
    assert_eq!(code(put("{}").await), "InvalidParameter");
    let document = r#"{"Name":"p","Version":"2021-06-01","Statement":[]}"#;
    put(document).await.unwrap();
    let get = || async {
        let get = sns.get_data_protection_policy().resource_arn(topic()).send();
        get.await.unwrap().data_protection_policy.unwrap_or_default()
    };
    assert_eq!(get().await, document);
    put("").await.unwrap();
    assert_eq!(get().await, "");
}

#[tokio::test]
async fn settings_of_a_subscription_are_checked_and_kept() {
    let world = World::new();
    make_topic(&world).await;
    let sns = world.sns();
    let subscribe = sns
        .subscribe()
        .topic_arn(topic())
        .protocol("sqs")
        .endpoint(format!("arn:aws:sqs:{HOME}:{ACCOUNT}:q"))
        .attributes("FilterPolicyScope", "MessageBody")
        .attributes("FilterPolicy", r#"{"a":{"b":["c"]}}"#)
        .return_subscription_arn(true);
    let made = subscribe.send().await.unwrap();
    let arn = made.subscription_arn().unwrap();
    let set = |name: &str, value: Option<&str>| {
        let set = sns.set_subscription_attributes().subscription_arn(arn);
        let value = value.map(str::to_owned);
        set.attribute_name(name).set_attribute_value(value).send()
    };
    for (name, value) in [
        ("FilterPolicyScope", "MessageAttributes"),
        ("FilterPolicy", r#"{"a":"b"}"#),
        ("FilterPolicy", r#"{"a":[]}"#),
        (
            "RedrivePolicy",
            r#"{"deadLetterTargetArn":"arn:aws:sns:us-east-1:123456789012:t"}"#,
        ),
        ("DeliveryPolicy", r#"{"healthyRetryPolicy":{"numRetries":1}}"#),
        ("RawMessageDelivery", "yes"),
    ] {
        assert_eq!(
            code(set(name, Some(value)).await),
            "InvalidParameter",
            "{name} {value}"
        );
    }
    let queue = format!(r#"{{"deadLetterTargetArn":"arn:aws:sqs:{HOME}:{ACCOUNT}:dead"}}"#);
    set("RedrivePolicy", Some(&queue)).await.unwrap();
    let shown = || async {
        let get = sns.get_subscription_attributes().subscription_arn(arn).send();
        get.await.unwrap().attributes.unwrap()
    };
    assert_eq!(shown().await["RedrivePolicy"], queue);
    set("RedrivePolicy", None).await.unwrap();
    set("FilterPolicy", Some("{}")).await.unwrap();
    let held = shown().await;
    for gone in ["RedrivePolicy", "FilterPolicy", "FilterPolicyScope"] {
        assert!(!held.contains_key(gone), "{gone}");
    }
    // What looks at attributes without a word of it says so, and cannot be nested.
    assert_eq!(
        code(set("FilterPolicy", Some(r#"{"a":{"b":["c"]}}"#)).await),
        "InvalidParameter"
    );
    set("FilterPolicy", Some(r#"{"a":["b"]}"#)).await.unwrap();
    assert_eq!(shown().await["FilterPolicyScope"], "MessageAttributes");

    let email = sns.subscribe().topic_arn(topic()).protocol("email");
    let email = email
        .endpoint("a@example.com")
        .attributes("RawMessageDelivery", "true");
    assert_eq!(code(email.send().await), "InvalidParameter");
}
