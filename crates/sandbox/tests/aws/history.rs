//! Calls become records, and records are looked up.

use aws_sdk_cloudtrail::types::{Event, LookupAttribute, LookupAttributeKey};
use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use serde_json::{Value, json};

use crate::cloudtrail::{BUCKET, GROUP, make_bucket, make_role};
use crate::world::{ACCOUNT, HOME, NOW, OTHER, World, code};

async fn look_up(world: &World, key: LookupAttributeKey, value: &str) -> Vec<Event> {
    let attribute = LookupAttribute::builder()
        .attribute_key(key)
        .attribute_value(value)
        .build()
        .expect("an attribute");
    let lookup = world.cloudtrail().lookup_events().lookup_attributes(attribute);
    lookup.send().await.expect("events").events().to_vec()
}

/// The record of the last call of that name.
async fn record(world: &World, name: &str) -> Value {
    let events = look_up(world, LookupAttributeKey::EventName, name).await;
    let event = events.first().unwrap_or_else(|| panic!("no {name}"));
    serde_json::from_str(event.cloud_trail_event().expect("a record")).expect("JSON")
}

#[tokio::test]
async fn a_call_becomes_a_record() {
    let world = World::new();
    let arn = make_role(&world).await;
    let made = record(&world, "CreateRole").await;
    assert_eq!(
        made["userIdentity"],
        json!({
            "type": "IAMUser",
            "principalId": "AIDASANDBOXSANDBOXSAN",
            "arn": format!("arn:aws:iam::{ACCOUNT}:user/sandbox"),
            "accountId": ACCOUNT,
            "accessKeyId": ACCOUNT,
            "userName": "sandbox",
        })
    );
    for (field, wanted) in [
        ("eventVersion", json!("1.11")),
        ("eventTime", json!("2026-01-01T00:00:00Z")),
        ("eventSource", json!("iam.amazonaws.com")),
        ("awsRegion", json!("us-east-1")),
        ("readOnly", json!(false)),
        ("eventType", json!("AwsApiCall")),
        ("managementEvent", json!(true)),
        ("recipientAccountId", json!(ACCOUNT)),
        ("eventCategory", json!("Management")),
    ] {
        assert_eq!(made[field], wanted, "{field}");
    }
    assert!(made["userAgent"].as_str().expect("text").contains("aws-sdk-rust"));
    assert_eq!(made["requestParameters"]["roleName"], "delivery");
    assert_eq!(made["responseElements"]["role"]["arn"], arn.as_str());
    assert!(made["eventID"].as_str().is_some_and(|id| id.len() == 36));
    assert_ne!(made["eventID"], made["requestID"]);

    world.iam().get_role().role_name("delivery").send().await.unwrap();
    let read = record(&world, "GetRole").await;
    assert_eq!(
        (&read["readOnly"], &read["responseElements"]),
        (&json!(true), &Value::Null)
    );
}

#[tokio::test]
async fn requests_are_written_in_the_words_of_cloudtrail() {
    let world = World::new().region("eu-west-1");
    let alarm = world
        .cloudwatch()
        .put_metric_alarm()
        .alarm_name("a")
        .metric_name("m")
        .namespace("n")
        .statistic(aws_sdk_cloudwatch::types::Statistic::Sum)
        .period(300)
        .evaluation_periods(1)
        .threshold(1.0)
        .comparison_operator(aws_sdk_cloudwatch::types::ComparisonOperator::GreaterThanOrEqualToThreshold);
    alarm.send().await.unwrap();
    let alarm = record(&world, "PutMetricAlarm").await;
    assert_eq!(alarm["eventSource"], "monitoring.amazonaws.com");
    assert_eq!(alarm["requestParameters"]["evaluationPeriods"], 1);
    assert_eq!(alarm["requestParameters"]["alarmName"], "a");

    let topic = world
        .sns()
        .create_topic()
        .name("t")
        .attributes("DisplayName", "x")
        .send()
        .await
        .unwrap();
    let arn = topic.topic_arn().unwrap();
    let topic = record(&world, "CreateTopic").await;
    assert_eq!(
        topic["requestParameters"],
        json!({ "name": "t", "attributes": { "DisplayName": "x" } })
    );
    assert_eq!(topic["responseElements"], json!({ "topicArn": arn }));

    let group = world.logs().create_log_group().log_group_name(GROUP);
    group.tags("Team", "T").send().await.unwrap();
    let group = record(&world, "CreateLogGroup").await;
    assert_eq!(
        group["requestParameters"],
        json!({ "logGroupName": GROUP, "tags": { "Team": "T" } })
    );
    assert_eq!(group["awsRegion"], "eu-west-1");
    assert_eq!(group["responseElements"], Value::Null);

    let home = world.region(HOME);
    make_bucket(&home).await;
    let s3 = home.s3();
    let block = s3.get_public_access_block().bucket(BUCKET);
    block.send().await.unwrap();
    let policy = record(&home, "PutBucketPolicy").await;
    assert_eq!(policy["requestParameters"]["bucketName"], BUCKET);
    assert_eq!(
        policy["requestParameters"]["Host"],
        format!("{BUCKET}.s3.{HOME}.amazonaws.com")
    );
    let sid = &policy["requestParameters"]["bucketPolicy"]["Statement"][0]["Sid"];
    assert_eq!(sid, "AWSCloudTrailAclCheck20150319");
    assert_eq!(
        policy["resources"],
        json!([{ "accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": format!("arn:aws:s3:::{BUCKET}") }])
    );
    assert!(policy["userAgent"].as_str().unwrap().starts_with('['));
    let read = record(&home, "GetBucketPublicAccessBlock").await;
    assert_eq!(read["readOnly"], true);
}

#[tokio::test]
async fn refusals_are_recorded_and_data_is_not() {
    let world = World::new();
    let refused = world.iam().delete_role().role_name("gone").send().await;
    assert_eq!(code(refused), "NoSuchEntity");
    let refused = record(&world, "DeleteRole").await;
    assert_eq!(refused["errorCode"], "NoSuchEntityException");
    assert!(refused["errorMessage"].as_str().unwrap().contains("gone"));
    assert_eq!(refused["responseElements"], Value::Null);
    assert!(
        world
            .s3()
            .head_bucket()
            .bucket("gone-bucket")
            .send()
            .await
            .is_err()
    );
    assert_eq!(record(&world, "HeadBucket").await["errorCode"], "NoSuchBucket");

    let logs = world.logs();
    logs.create_log_group().log_group_name("g").send().await.unwrap();
    let stream = logs.create_log_stream().log_group_name("g");
    stream.log_stream_name("s").send().await.unwrap();
    let event = InputLogEvent::builder()
        .timestamp(1)
        .message("m")
        .build()
        .unwrap();
    let put = logs.put_log_events().log_group_name("g").log_stream_name("s");
    put.log_events(event).send().await.unwrap();
    let s3 = world.s3();
    s3.create_bucket().bucket(BUCKET).send().await.unwrap();
    s3.put_object().bucket(BUCKET).key("k").send().await.unwrap();
    assert!(world.cloudtrail().list_channels().send().await.is_err());
    for name in ["PutLogEvents", "PutObject", "ListChannels"] {
        let events = look_up(&world, LookupAttributeKey::EventName, name).await;
        assert!(events.is_empty(), "{name}");
    }
    assert_eq!(
        record(&world, "CreateLogStream").await["requestParameters"]["logStreamName"],
        "s"
    );
}

#[tokio::test]
async fn lookups_have_attributes_times_and_pages() {
    let world = World::new();
    for number in 0..3 {
        let later = world.at(NOW + number * 60);
        let name = format!("topic-{number}");
        later.sns().create_topic().name(name).send().await.unwrap();
    }
    let late = world.at(NOW + 600);
    late.sns().list_topics().send().await.unwrap();
    let created = look_up(&late, LookupAttributeKey::EventName, "CreateTopic").await;
    let times: Vec<i64> = created.iter().map(|it| it.event_time().unwrap().secs()).collect();
    let start = i64::try_from(NOW).unwrap();
    assert_eq!(times, [start + 120, start + 60, start]);
    assert_eq!(created[0].username(), Some("sandbox"));
    assert_eq!(created[0].read_only(), Some("false"));
    let named: Vec<_> = created[0]
        .resources()
        .iter()
        .map(|it| it.resource_name())
        .collect();
    let arn = format!("arn:aws:sns:{HOME}:{ACCOUNT}:topic-2");
    assert_eq!(named, [Some("topic-2"), Some(arn.as_str())]);

    for (key, value, count) in [
        (LookupAttributeKey::ResourceName, arn.as_str(), 1),
        (LookupAttributeKey::ResourceType, "AWS::SNS::Topic", 3),
        (LookupAttributeKey::EventSource, "iam.amazonaws.com", 0),
        (LookupAttributeKey::ReadOnly, "false", 3),
        (LookupAttributeKey::Username, "sandbox", 9),
        (LookupAttributeKey::EventId, created[1].event_id().unwrap(), 1),
        (LookupAttributeKey::AccessKeyId, OTHER, 0),
    ] {
        let found = look_up(&late, key.clone(), value).await;
        assert_eq!(found.len(), count, "{key:?} {value}");
    }

    let window = late
        .cloudtrail()
        .lookup_events()
        .start_time(aws_sdk_cloudtrail::primitives::DateTime::from_secs(start + 1))
        .end_time(aws_sdk_cloudtrail::primitives::DateTime::from_secs(start + 60));
    assert_eq!(window.send().await.unwrap().events().len(), 1);

    let trails = late.cloudtrail();
    let mut seen = Vec::new();
    let mut token = None;
    loop {
        let page = trails.lookup_events().max_results(4).set_next_token(token);
        let page = page.send().await.unwrap();
        seen.extend(page.events().iter().map(|it| it.event_id().unwrap().to_owned()));
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    let unique: std::collections::BTreeSet<_> = seen.iter().collect();
    // Three topics, one list and nine lookups; those of the pages themselves are newer.
    assert_eq!((seen.len(), unique.len()), (13, 13));

    assert!(
        look_up(
            &late.region("eu-west-1"),
            LookupAttributeKey::EventName,
            "CreateTopic"
        )
        .await
        .is_empty()
    );
    assert!(
        look_up(&late.account(OTHER), LookupAttributeKey::EventName, "CreateTopic")
            .await
            .is_empty()
    );
    let year = world.at(NOW + 91 * 24 * 3600);
    assert!(
        look_up(&year, LookupAttributeKey::EventName, "CreateTopic")
            .await
            .is_empty()
    );

    let one = |key: LookupAttributeKey| {
        let attribute = LookupAttribute::builder().attribute_key(key).attribute_value("x");
        attribute.build().unwrap()
    };
    let two = trails
        .lookup_events()
        .lookup_attributes(one(LookupAttributeKey::EventName))
        .lookup_attributes(one(LookupAttributeKey::ReadOnly));
    assert_eq!(code(two.send().await), "InvalidLookupAttributesException");
    let many = trails.lookup_events().max_results(51);
    assert_eq!(code(many.send().await), "InvalidMaxResultsException");
    let token = trails.lookup_events().next_token("x");
    assert_eq!(code(token.send().await), "InvalidNextTokenException");
}
