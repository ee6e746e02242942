//! From topics to queues and endpoints, and what keeps messages from them.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_sdk_cloudwatch::types::{HistoryItemType, StateValue};
use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::life::{
    alarm, envelopes, history, make_queue, make_topic, queue_arn, queue_url, receive, subscribe, topic_arn,
};
use crate::world::{ACCOUNT, HOME, OTHER, World, code};

/// Lets an alarm go off that tells a topic, and gives what its history says of that.
async fn told(world: &World, topic: &str) -> String {
    let put = alarm(world, "root").alarm_actions(topic_arn(topic));
    put.send().await.unwrap();
    for to in [StateValue::Ok, StateValue::Alarm] {
        let set = world.cloudwatch().set_alarm_state().alarm_name("root");
        set.state_value(to).state_reason("a test").send().await.unwrap();
    }
    let mut all = history(world, "root", HistoryItemType::Action).await;
    all.pop().unwrap().history_summary().unwrap().to_owned()
}

async fn set_topic(world: &World, topic: &str, name: &str, value: &str) {
    let set = world.sns().set_topic_attributes().topic_arn(topic_arn(topic));
    set.attribute_name(name)
        .attribute_value(value)
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_topic_whose_policy_knows_no_alarms_hears_nothing() {
    let world = World::new();
    let topic = make_topic(&world, "security").await;
    make_queue(&world, "alerts").await;
    subscribe(&world, "security", "alerts", &[]).await;
    // The default policy lets the account's alarms in.
    let good = format!("Successfully executed action {topic}");
    assert_eq!(told(&world, "security").await, good);
    let statement = |who: Value, condition: Value| {
        json!({ "Statement": [{ "Effect": "Allow", "Principal": who, "Action": "sns:Publish",
            "Resource": topic, "Condition": condition }] })
        .to_string()
    };
    let trails = statement(json!({ "Service": "cloudtrail.amazonaws.com" }), json!({}));
    set_topic(&world, "security", "Policy", &trails).await;
    let alarm = format!("arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:root");
    let refused = format!(
        "Failed to execute action {topic}. Received error: \"Resource: {alarm} is not authorized to perform: \
         SNS:Publish on resource: {topic} because no resource-based policy allows the SNS:Publish action\""
    );
    assert_eq!(told(&world, "security").await, refused);
    let alarms = json!({ "Service": "cloudwatch.amazonaws.com" });
    let of = |account: &str| {
        json!({ "StringEquals": { "aws:SourceAccount": account },
            "ArnLike": { "aws:SourceArn": format!("arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:*") } })
    };
    set_topic(
        &world,
        "security",
        "Policy",
        &statement(alarms.clone(), of(OTHER)),
    )
    .await;
    assert_eq!(told(&world, "security").await, refused);
    set_topic(&world, "security", "Policy", &statement(alarms, of(ACCOUNT))).await;
    assert_eq!(told(&world, "security").await, good);
    assert_eq!(envelopes(&world, "alerts").await.len(), 2);
    assert!(
        told(&world, "gone")
            .await
            .contains("Received error: \"Topic does not exist\"")
    );
}

#[tokio::test]
async fn an_encrypted_topic_needs_a_key_that_lets_alarms_in() {
    let world = World::new();
    let topic = make_topic(&world, "security").await;
    let good = format!("Successfully executed action {topic}");
    let bad = |error: &str, text: &str| {
        format!(
            "Failed to execute action {topic}. Received error: \"{text} (Service: AWSKMS; Status Code: 400; \
             Error Code: {error}; Proxy: null)\""
        )
    };
    let key = world
        .kms()
        .create_key()
        .send()
        .await
        .unwrap()
        .key_metadata
        .unwrap();
    let (id, arn) = (key.key_id(), key.arn().unwrap());
    let publish = || world.sns().publish().topic_arn(&topic).message("hello").send();

    set_topic(&world, "security", "KmsMasterKeyId", "alias/aws/sns").await;
    assert_eq!(
        told(&world, "security").await,
        bad("AccessDeniedException", "null")
    );
    publish().await.unwrap();
    // The policy of a new key knows the account alone.
    set_topic(&world, "security", "KmsMasterKeyId", id).await;
    assert_eq!(
        told(&world, "security").await,
        bad("AccessDeniedException", "null")
    );
    publish().await.unwrap();
    let policy = json!({ "Statement": [
        { "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:root") },
          "Action": "kms:*", "Resource": "*" },
        { "Effect": "Allow", "Principal": { "Service": "cloudwatch.amazonaws.com" },
          "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*" },
    ] });
    let put = world.kms().put_key_policy().key_id(id).policy(policy.to_string());
    put.send().await.unwrap();
    assert_eq!(told(&world, "security").await, good);
    world.kms().disable_key().key_id(id).send().await.unwrap();
    let disabled = format!("{arn} is disabled.");
    assert_eq!(
        told(&world, "security").await,
        bad("DisabledException", &disabled)
    );
    assert_eq!(code(publish().await), "KMSDisabled");
}

#[tokio::test]
async fn a_filter_policy_picks_messages() {
    let world = World::new();
    let topic = make_topic(&world, "security").await;
    for (queue, attributes) in [
        ("all", &[][..]),
        (
            "high",
            &[("FilterPolicy", r#"{"level":["high",{"prefix":"urgent"}]}"#)],
        ),
        (
            "alarms",
            &[
                ("FilterPolicyScope", "MessageBody"),
                (
                    "FilterPolicy",
                    r#"{"NewStateValue":["ALARM"],"Trigger":{"Namespace":["acme"]}}"#,
                ),
            ],
        ),
    ] {
        make_queue(&world, queue).await;
        subscribe(&world, "security", queue, attributes).await;
    }
    let level = |level: &str| {
        let value = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(level);
        world
            .sns()
            .publish()
            .topic_arn(&topic)
            .message("hello")
            .message_attributes("level", value.build().unwrap())
    };
    level("high").send().await.unwrap();
    level("urgent-1").send().await.unwrap();
    level("low").send().await.unwrap();
    told(&world, "security").await;
    assert_eq!(envelopes(&world, "all").await.len(), 4);
    let high = envelopes(&world, "high").await;
    assert_eq!(high.len(), 2);
    assert_eq!(
        high[0]["MessageAttributes"]["level"],
        json!({ "Type": "String", "Value": "high" })
    );
    let [one] = envelopes(&world, "alarms").await.try_into().unwrap();
    assert_eq!(one["Subject"], r#"ALARM: "root" in US East (N. Virginia)"#);
}

#[tokio::test]
async fn raw_messages_and_dead_letters() {
    let world = World::new();
    let topic = make_topic(&world, "security").await;
    make_queue(&world, "raw").await;
    make_queue(&world, "dead").await;
    subscribe(&world, "security", "raw", &[("RawMessageDelivery", "true")]).await;
    // A queue whose policy does not let the topic send, and one that is not there.
    world
        .sqs()
        .create_queue()
        .queue_name("closed")
        .send()
        .await
        .unwrap();
    let dead = json!({ "deadLetterTargetArn": queue_arn("dead") }).to_string();
    subscribe(&world, "security", "closed", &[("RedrivePolicy", dead.as_str())]).await;
    subscribe(&world, "security", "gone", &[]).await;
    let value = MessageAttributeValue::builder()
        .data_type("Number")
        .string_value("7");
    let publish = world
        .sns()
        .publish()
        .topic_arn(&topic)
        .message("hello")
        .subject("news");
    let sent = publish
        .message_attributes("n", value.build().unwrap())
        .send()
        .await
        .unwrap();

    let [raw] = receive(&world, "raw").await.try_into().unwrap();
    assert_eq!(raw.body(), Some("hello"));
    assert_eq!(raw.message_attributes().unwrap()["n"].string_value(), Some("7"));
    assert_eq!(raw.md5_of_body(), Some("5d41402abc4b2a76b9719d911017c592"));
    assert!(receive(&world, "closed").await.is_empty());
    let [buried] = envelopes(&world, "dead").await.try_into().unwrap();
    assert_eq!(
        (&buried["Message"], &buried["Subject"]),
        (&json!("hello"), &json!("news"))
    );
    assert_eq!(buried["MessageId"], sent.message_id().unwrap());
    let problems = world.sandbox.inbox().unwrap();
    let problems: Vec<_> = problems
        .iter()
        .map(|it| (it.endpoint.as_str(), it.problem.as_deref()))
        .collect();
    assert_eq!(
        problems,
        [
            (
                queue_arn("closed").as_str(),
                Some("the queue's policy does not let the topic send")
            ),
            (queue_arn("gone").as_str(), Some("the queue does not exist")),
        ]
    );
}

#[tokio::test]
async fn messages_by_protocol_and_in_batches() {
    let world = World::new();
    let topic = make_topic(&world, "security").await;
    make_queue(&world, "alerts").await;
    subscribe(&world, "security", "alerts", &[("RawMessageDelivery", "true")]).await;
    let structured = |body: Value| {
        let publish = world.sns().publish().topic_arn(&topic).message_structure("json");
        publish.message(body.to_string()).send()
    };
    structured(json!({ "default": "for all", "sqs": "for queues" }))
        .await
        .unwrap();
    structured(json!({ "default": "for all", "email": "for people" }))
        .await
        .unwrap();
    assert_eq!(code(structured(json!({ "sqs": "x" })).await), "InvalidParameter");
    let entry = |id: &str, message: &str| {
        PublishBatchRequestEntry::builder()
            .id(id)
            .message(message)
            .build()
            .unwrap()
    };
    let batch = world.sns().publish_batch().topic_arn(&topic);
    let batch = batch
        .publish_batch_request_entries(entry("1", "one"))
        .publish_batch_request_entries(entry("2", ""));
    let answer = batch.send().await.unwrap();
    assert_eq!((answer.successful().len(), answer.failed().len()), (1, 1));
    assert_eq!(answer.failed()[0].code(), "InvalidParameter");
    let all = receive(&world, "alerts").await;
    let bodies: Vec<_> = all.iter().filter_map(|it| it.body()).collect();
    assert_eq!(bodies, ["for queues", "for all", "one"]);
}

#[tokio::test]
async fn a_message_waits_until_it_is_deleted() {
    let world = World::new();
    let sqs = world.sqs();
    let create = sqs
        .create_queue()
        .queue_name("q")
        .attributes(QueueAttributeName::VisibilityTimeout, "60");
    create.send().await.unwrap();
    let url = queue_url("q");
    let send = |body: &str| sqs.send_message().queue_url(&url).message_body(body);
    let sent = send("hello").send().await.unwrap();
    assert_eq!(
        sent.md5_of_message_body(),
        Some("5d41402abc4b2a76b9719d911017c592")
    );
    send("later").delay_seconds(600).send().await.unwrap();
    let counts = || async {
        let get = sqs
            .get_queue_attributes()
            .queue_url(&url)
            .attribute_names(QueueAttributeName::All);
        let all = get.send().await.unwrap().attributes.unwrap();
        let count = |name: QueueAttributeName| all[&name].clone();
        [
            count(QueueAttributeName::ApproximateNumberOfMessages),
            count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible),
            count(QueueAttributeName::ApproximateNumberOfMessagesDelayed),
        ]
    };
    assert_eq!(counts().await, ["1", "0", "1"]);
    let receive = || sqs.receive_message().queue_url(&url).wait_time_seconds(20).send();
    let first = receive().await.unwrap().messages.unwrap();
    assert_eq!(counts().await, ["0", "1", "1"]);
    assert!(receive().await.unwrap().messages.is_none());
    crate::life::advance(&world, 60).await;
    let again = receive().await.unwrap().messages.unwrap();
    assert_eq!(again[0].message_id(), first[0].message_id());
    let handle = again[0].receipt_handle().unwrap();
    let change = |seconds: i32| {
        let change = sqs
            .change_message_visibility()
            .queue_url(&url)
            .receipt_handle(handle);
        change.visibility_timeout(seconds).send()
    };
    change(0).await.unwrap();
    assert_eq!(code(change(0).await), "AWS.SimpleQueueService.MessageNotInflight");
    assert_eq!(receive().await.unwrap().messages.unwrap().len(), 1);
    let delete = |handle: &str| sqs.delete_message().queue_url(&url).receipt_handle(handle).send();
    delete(handle).await.unwrap();
    delete(handle).await.unwrap();
    assert_eq!(code(delete("x").await), "ReceiptHandleIsInvalid");
    assert_eq!(counts().await, ["0", "0", "1"]);
    // Four days later it is gone, delayed or not.
    crate::life::advance(&world, 4 * 86_400).await;
    assert!(receive().await.unwrap().messages.is_none());
    send("a").send().await.unwrap();
    sqs.purge_queue().queue_url(&url).send().await.unwrap();
    assert_eq!(counts().await, ["0", "0", "0"]);
}

type Requests = Arc<Mutex<Vec<(BTreeMap<String, String>, String)>>>;

/// An HTTP endpoint that keeps what it is sent, and answers with a status.
async fn endpoint(status: &'static str) -> (String, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?a=b", listener.local_addr().unwrap());
    let requests = Requests::default();
    let kept = requests.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = Vec::new();
            let (head, length) = loop {
                let mut more = [0; 4096];
                let read = stream.read(&mut more).await.unwrap();
                bytes.extend_from_slice(&more[..read]);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                if let Some((head, body)) = text.split_once("\r\n\r\n") {
                    let headers: BTreeMap<String, String> = head
                        .lines()
                        .filter_map(|line| line.split_once(": "))
                        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                        .collect();
                    let length: usize = headers["content-length"].parse().unwrap();
                    if body.len() >= length {
                        kept.lock().unwrap().push((headers, body.to_owned()));
                        break (head.lines().next().unwrap_or_default().to_owned(), length);
                    }
                }
            };
            assert!(
                head.starts_with("POST /hook?a=b HTTP/1.1") && length > 0,
                "{head}"
            );
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, requests)
}

#[tokio::test]
async fn an_endpoint_on_this_machine_is_asked_and_told() {
    let world = World::new();
    let topic = make_topic(&world, "security").await;
    let (url, requests) = endpoint("200 OK").await;
    let subscribe = |url: &str| {
        let subscribe = world.sns().subscribe().topic_arn(&topic).protocol("http");
        subscribe.endpoint(url).return_subscription_arn(true).send()
    };
    let arn = subscribe(&url).await.unwrap().subscription_arn.unwrap();
    // Before it is confirmed it is told nothing.
    told(&world, "security").await;
    let all = requests.lock().unwrap().clone();
    let [(headers, body)] = all.as_slice() else {
        panic!("{all:?}")
    };
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(headers["x-amz-sns-message-type"], "SubscriptionConfirmation");
    assert_eq!(headers["x-amz-sns-topic-arn"], topic);
    assert_eq!(
        headers["x-amz-sns-message-id"],
        body["MessageId"].as_str().unwrap()
    );
    assert_eq!(
        (&body["Type"], &body["TopicArn"]),
        (&json!("SubscriptionConfirmation"), &json!(topic))
    );
    let token = body["Token"].as_str().unwrap();
    assert!(
        body["SubscribeURL"]
            .as_str()
            .unwrap()
            .ends_with(&format!("&Token={token}"))
    );
    let confirm = world.sns().confirm_subscription().topic_arn(&topic).token(token);
    confirm.send().await.unwrap();

    told(&world, "security").await;
    let set = |value: &str| {
        let set = world.sns().set_subscription_attributes().subscription_arn(&arn);
        set.attribute_name("RawMessageDelivery")
            .attribute_value(value)
            .send()
    };
    set("true").await.unwrap();
    world
        .sns()
        .publish()
        .topic_arn(&topic)
        .message("hello")
        .send()
        .await
        .unwrap();
    let all = requests.lock().unwrap().clone();
    let (headers, body) = &all[1];
    assert_eq!(headers["x-amz-sns-message-type"], "Notification");
    assert_eq!(headers["x-amz-sns-subscription-arn"], arn);
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["Subject"], r#"ALARM: "root" in US East (N. Virginia)"#);
    let (headers, body) = &all[2];
    assert_eq!(
        (headers["x-amz-sns-rawdelivery"].as_str(), body.as_str()),
        ("true", "hello")
    );
    let inbox = world.sandbox.inbox().unwrap();
    assert_eq!(inbox.len(), 2);
    assert!(inbox.iter().all(|it| it.endpoint == url && it.problem.is_none()));
}

#[tokio::test]
async fn an_endpoint_that_fails_or_is_elsewhere_is_a_dead_letter() {
    let world = World::new();
    let topic = make_topic(&world, "security").await;
    make_queue(&world, "dead").await;
    let dead = json!({ "deadLetterTargetArn": queue_arn("dead") }).to_string();
    let (broken, _) = endpoint("503 Service Unavailable").await;
    // Nobody listens on a port that was just given back.
    let unused = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let endpoints = [
        ("http", broken),
        ("http", format!("http://{unused}/")),
        ("http", "http://192.0.2.1/".to_owned()),
        ("https", format!("https://{unused}/")),
    ];
    for (protocol, url) in &endpoints {
        let subscribe = world
            .sns()
            .subscribe()
            .topic_arn(&topic)
            .protocol(*protocol)
            .endpoint(url);
        subscribe.attributes("RedrivePolicy", &dead).send().await.unwrap();
        let confirm = world
            .sns()
            .confirm_subscription()
            .topic_arn(&topic)
            .token("sandbox-token");
        confirm.send().await.unwrap();
    }
    let before = world.sandbox.inbox().unwrap().len();
    world
        .sns()
        .publish()
        .topic_arn(&topic)
        .message("hello")
        .send()
        .await
        .unwrap();
    let inbox = world.sandbox.inbox().unwrap();
    let problem = |url: &str| {
        let found = inbox[before..].iter().find(|it| it.endpoint == url);
        found.unwrap().problem.clone().unwrap()
    };
    assert_eq!(
        problem(&endpoints[0].1),
        "the endpoint answered 503 Service Unavailable"
    );
    assert!(!problem(&endpoints[1].1).is_empty());
    assert_eq!(problem(&endpoints[2].1), "the sandbox sends to the loopback only");
    assert!(!problem(&endpoints[3].1).is_empty());
    assert_eq!(envelopes(&world, "dead").await.len(), 4);
}
