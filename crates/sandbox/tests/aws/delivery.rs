//! Records reach buckets and log groups, or do not.

use std::io::Read as _;

use aws_sdk_cloudtrail::operation::get_trail_status::GetTrailStatusOutput;
use aws_sdk_cloudtrail::types::{DataResource, EventSelector, ReadWriteType};
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::cloudtrail::{BUCKET, GROUP, allow_delivery, arn, bucket_policy, make_bucket, make_role};
use crate::kms::{let_in, make_key};
use crate::world::{ACCOUNT, HOME, NOW, World};

/// A trail of all regions that logs to bucket and group since `NOW`.
async fn make_trail(world: &World) {
    make_bucket(world).await;
    world
        .logs()
        .create_log_group()
        .log_group_name(GROUP)
        .send()
        .await
        .expect("an answer");
    let role = make_role(world).await;
    allow_delivery(world).await;
    let group = format!("arn:aws:logs:{HOME}:{ACCOUNT}:log-group:{GROUP}:*");
    let trails = world.cloudtrail();
    trails
        .create_trail()
        .name("activity")
        .s3_bucket_name(BUCKET)
        .is_multi_region_trail(true)
        .cloud_watch_logs_log_group_arn(group)
        .cloud_watch_logs_role_arn(role)
        .send()
        .await
        .expect("an answer");
    trails
        .start_logging()
        .name("activity")
        .send()
        .await
        .expect("an answer");
}

async fn files(world: &World) -> Vec<String> {
    let listed = world
        .s3()
        .list_objects_v2()
        .bucket(BUCKET)
        .send()
        .await
        .expect("an answer");
    listed
        .contents()
        .iter()
        .map(|it| it.key().expect("an answer").to_owned())
        .collect()
}

async fn records_of(world: &World, key: &str) -> Vec<Value> {
    let object = world
        .s3()
        .get_object()
        .bucket(BUCKET)
        .key(key)
        .send()
        .await
        .expect("an answer");
    assert_eq!(object.content_encoding(), Some("gzip"));
    let body = object.body.collect().await.expect("an answer").to_vec();
    let mut text = String::new();
    GzDecoder::new(&*body)
        .read_to_string(&mut text)
        .expect("an answer");
    let mut file: Value = serde_json::from_str(&text).expect("an answer");
    match file["Records"].take() {
        Value::Array(records) => records,
        other => panic!("{other}"),
    }
}

/// The names of the events in all files, in the order of the files.
async fn delivered(world: &World) -> Vec<String> {
    let mut names = Vec::new();
    for key in files(world).await {
        for record in records_of(world, &key).await {
            names.push(record["eventName"].as_str().expect("an answer").to_owned());
        }
    }
    names
}

async fn status(world: &World) -> GetTrailStatusOutput {
    let trails = world.cloudtrail();
    trails
        .get_trail_status()
        .name(arn("activity"))
        .send()
        .await
        .expect("an answer")
}

async fn in_group(world: &World, pattern: &str) -> Vec<(i64, Value)> {
    let filter = world.logs().filter_log_events().log_group_name(GROUP);
    let found = filter.filter_pattern(pattern).send().await.expect("an answer");
    found
        .events()
        .iter()
        .map(|event| {
            assert_eq!(
                event.log_stream_name(),
                Some(format!("{ACCOUNT}_CloudTrail_{HOME}").as_str())
            );
            let message = serde_json::from_str(event.message().expect("an answer")).expect("an answer");
            (event.timestamp().expect("an answer"), message)
        })
        .collect()
}

#[tokio::test]
async fn each_round_has_a_file_for_each_region() {
    let world = World::new();
    make_trail(&world).await;
    let during = world.at(NOW + 200);
    during
        .region("eu-west-1")
        .sns()
        .create_topic()
        .name("t")
        .send()
        .await
        .unwrap();
    world
        .at(NOW + 290)
        .iam()
        .get_role()
        .role_name("delivery")
        .send()
        .await
        .unwrap();
    assert_eq!(
        files(&world.at(NOW + 299)).await,
        [""; 0],
        "the round is not over"
    );
    assert_eq!(status(&world.at(NOW + 299)).await.latest_delivery_time(), None);

    let after = world.at(NOW + 301);
    let keys = files(&after).await;
    let folder = |region| {
        format!(
            "AWSLogs/{ACCOUNT}/CloudTrail/{region}/2026/01/01/{ACCOUNT}_CloudTrail_{region}_20260101T0005Z_"
        )
    };
    let [abroad, home] = keys.as_slice() else {
        panic!("{keys:?}")
    };
    for (key, region) in [(abroad, "eu-west-1"), (home, HOME)] {
        let unique = key
            .strip_prefix(&folder(region))
            .unwrap()
            .strip_suffix(".json.gz")
            .unwrap();
        assert_eq!(unique.len(), 16, "{key}");
    }
    let records = records_of(&after, abroad).await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["eventName"], "CreateTopic");
    assert_eq!(records[0]["awsRegion"], "eu-west-1");
    let names: Vec<Value> = records_of(&after, home)
        .await
        .iter_mut()
        .map(|it| it["eventName"].take())
        .collect();
    // What was before StartLogging is not in it, StartLogging is.
    assert_eq!(names, ["StartLogging", "GetRole", "GetTrailStatus"]);

    let events = in_group(&after, "{ $.eventName = \"CreateTopic\" }").await;
    let [(time, event)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(*time, i64::try_from(NOW + 300).unwrap() * 1000);
    assert_eq!(*event, records[0]);
    assert_eq!(in_group(&after, "").await.len(), 4);
    let told = status(&after).await;
    assert_eq!(
        told.latest_delivery_time().unwrap().secs(),
        i64::try_from(NOW + 300).unwrap()
    );
    assert_eq!(told.latest_delivery_error(), None);
    assert_eq!(
        told.latest_delivery_attempt_succeeded(),
        Some("2026-01-01T00:05:00.000Z")
    );

    // A day in which nobody calls has no files.
    let tomorrow = world.at(NOW + 86_400);
    assert_eq!(files(&tomorrow).await.len(), 3);
    assert!(files(&tomorrow).await[2].contains("20260101T0010Z"));
}

#[tokio::test]
async fn a_trail_records_between_start_and_stop() {
    let world = World::new();
    make_trail(&world).await;
    let trails = world.cloudtrail();
    trails.stop_logging().name("activity").send().await.unwrap();
    world.sns().create_topic().name("unseen").send().await.unwrap();
    trails.start_logging().name("activity").send().await.unwrap();
    world.sns().create_topic().name("seen").send().await.unwrap();
    let later = world.at(NOW + 600);
    let names = ["StartLogging", "StopLogging", "StartLogging", "CreateTopic"];
    assert_eq!(delivered(&later).await, names);
    later
        .cloudtrail()
        .stop_logging()
        .name("activity")
        .send()
        .await
        .unwrap();
    later.sns().create_topic().name("unseen").send().await.unwrap();
    let all = delivered(&world.at(NOW + 1200)).await;
    // The files were read as data, so only the end of logging is new.
    assert_eq!(all[4..], ["StopLogging"]);
}

#[tokio::test]
async fn selectors_decide() {
    let world = World::new();
    make_trail(&world).await;
    let trails = world.cloudtrail();
    let data = DataResource::builder()
        .r#type("AWS::S3::Object")
        .values(format!("arn:aws:s3:::{BUCKET}/own/"))
        .build();
    let selector = EventSelector::builder()
        .read_write_type(ReadWriteType::WriteOnly)
        .data_resources(data)
        .exclude_management_event_sources("kms.amazonaws.com")
        .build();
    let put = trails.put_event_selectors().trail_name("activity");
    put.event_selectors(selector).send().await.unwrap();
    make_key(&world, "alias/k").await;
    world.sns().list_topics().send().await.unwrap();
    let s3 = world.s3();
    for key in ["own/a", "other/b"] {
        let put = s3.put_object().bucket(BUCKET).key(key);
        put.body(b"x".to_vec().into()).send().await.unwrap();
    }
    s3.get_object().bucket(BUCKET).key("own/a").send().await.unwrap();
    for key in ["own/a", "other/b"] {
        s3.delete_object().bucket(BUCKET).key(key).send().await.unwrap();
    }
    let later = world.at(NOW + 300);
    assert_eq!(
        delivered(&later).await,
        ["StartLogging", "PutEventSelectors", "PutObject", "DeleteObject"]
    );
    let put = in_group(&later, "{ $.eventName = \"PutObject\" }").await;
    assert_eq!(put[0].1["eventCategory"], "Data");
    assert_eq!(put[0].1["managementEvent"], false);
    assert_eq!(
        put[0].1["resources"][0],
        json!({ "type": "AWS::S3::Object", "ARN": format!("arn:aws:s3:::{BUCKET}/own/a") })
    );
}

#[tokio::test]
async fn a_broken_bucket_policy_holds_deliveries_up() {
    let world = World::new();
    make_trail(&world).await;
    let s3 = world.s3();
    s3.delete_bucket_policy().bucket(BUCKET).send().await.unwrap();
    world.sns().create_topic().name("t").send().await.unwrap();

    let broken = status(&world.at(NOW + 310)).await;
    assert_eq!(broken.latest_delivery_error(), Some("AccessDenied"));
    assert_eq!(broken.latest_delivery_time(), None);
    assert_eq!(
        broken.latest_delivery_attempt_time(),
        Some("2026-01-01T00:05:00.000Z")
    );
    assert_eq!(broken.latest_delivery_attempt_succeeded(), Some(""));
    assert_eq!(broken.latest_cloud_watch_logs_delivery_error(), None);
    let later = world.at(NOW + 620);
    assert!(files(&later).await.is_empty());
    assert_eq!(
        in_group(&later, "CreateTopic").await.len(),
        1,
        "the group is another matter"
    );

    let policy = bucket_policy("activity", "");
    let put = later.s3().put_bucket_policy().bucket(BUCKET).policy(policy);
    put.send().await.unwrap();
    assert!(files(&later).await.is_empty(), "until the next round");
    let repaired = world.at(NOW + 901);
    let keys = files(&repaired).await;
    assert!(
        keys.iter().all(|key| key.contains("_20260101T0015Z_")),
        "{keys:?}"
    );
    let names = delivered(&repaired).await;
    assert_eq!(names.iter().filter(|it| *it == "CreateTopic").count(), 1);
    assert_eq!(names[..2], ["StartLogging", "DeleteBucketPolicy"]);
    let told = status(&repaired).await;
    assert_eq!(told.latest_delivery_error(), None);
    assert_eq!(
        told.latest_delivery_time().unwrap().secs(),
        i64::try_from(NOW + 900).unwrap()
    );
}

#[tokio::test]
async fn a_broken_role_and_a_disabled_key_show() {
    let world = World::new();
    make_trail(&world).await;
    let key = make_key(&world, "alias/trail").await;
    let source = json!({ "StringEquals": { "aws:SourceArn": arn("activity") } });
    let actions = ["kms:GenerateDataKey*", "kms:DescribeKey"];
    let_in(&world, &key, "cloudtrail.amazonaws.com", &actions, source).await;
    let update = world.cloudtrail().update_trail().name("activity");
    update.kms_key_id(&key).send().await.unwrap();
    let delete = world.iam().delete_role_policy().role_name("delivery");
    delete.policy_name("logs").send().await.unwrap();
    world.kms().disable_key().key_id(&key).send().await.unwrap();

    let later = world.at(NOW + 300);
    let broken = status(&later).await;
    assert_eq!(broken.latest_delivery_error(), Some("KMS.DisabledException"));
    assert_eq!(
        broken.latest_cloud_watch_logs_delivery_error(),
        Some("Access denied. Verify in IAM that the role has adequate permissions.")
    );
    assert!(files(&later).await.is_empty());
    assert!(in_group(&later, "").await.is_empty());

    later.kms().enable_key().key_id(&key).send().await.unwrap();
    allow_delivery(&later).await;
    let repaired = world.at(NOW + 600);
    let names = delivered(&repaired).await;
    assert!(names.contains(&"DisableKey".to_owned()), "{names:?}");
    assert!(
        in_group(&repaired, "DisableKey").await.is_empty(),
        "lost to the group"
    );
    assert_eq!(in_group(&repaired, "EnableKey").await.len(), 1);
    let told = status(&repaired).await;
    assert_eq!(told.latest_delivery_error(), None);
    assert_eq!(told.latest_cloud_watch_logs_delivery_error(), None);
}

#[tokio::test]
async fn a_topic_is_told_of_each_file() {
    let world = World::new();
    make_trail(&world).await;
    let topic = world.sns().create_topic().name("files").send().await.unwrap();
    let topic = topic.topic_arn().unwrap();
    let policy = json!({ "Statement": [{
        "Effect": "Allow",
        "Principal": { "Service": "cloudtrail.amazonaws.com" },
        "Action": "SNS:Publish",
        "Resource": topic,
        "Condition": { "StringEquals": { "aws:SourceArn": arn("activity") } }
    }] });
    let set = world.sns().set_topic_attributes().topic_arn(topic);
    let set = set.attribute_name("Policy").attribute_value(policy.to_string());
    set.send().await.unwrap();
    let update = world.cloudtrail().update_trail().name("activity");
    update.sns_topic_name(topic).send().await.unwrap();
    let told = status(&world.at(NOW + 300)).await;
    assert_eq!(told.latest_notification_error(), None);
    assert_eq!(
        told.latest_notification_attempt_succeeded(),
        Some("2026-01-01T00:05:00.000Z")
    );
    world.sns().delete_topic().topic_arn(topic).send().await.unwrap();
    let told = status(&world.at(NOW + 600)).await;
    assert_eq!(told.latest_notification_error(), Some("AuthorizationError"));
}

#[tokio::test]
async fn what_is_played_goes_through_the_trails() {
    let world = World::new();
    make_trail(&world).await;
    let now = world.at(NOW + 30);
    let record = |name: &str, region: &str| {
        json!({ "eventVersion": "1.08", "eventTime": "2023-07-10T12:00:00Z", "eventSource": "ec2.amazonaws.com",
            "eventName": name, "awsRegion": region, "recipientAccountId": "210987654321", "managementEvent": true })
    };
    let mut large = record("RunInstances", "eu-west-1");
    large["requestParameters"] = json!({ "userData": "x".repeat(300_000) });
    let insight =
        json!({ "eventTime": "t", "eventSource": "s", "eventName": "n", "eventCategory": "Insight" });
    let file = json!({ "Records": [record("StopInstances", HOME), large, insight, 5, { "eventTime": "t" }] });
    let played = now.sandbox.play(file.to_string().as_bytes()).unwrap();
    assert_eq!((played.records, played.taken), (5, 2));
    let skipped: Vec<usize> = played.skipped.iter().map(|(number, _)| *number).collect();
    assert_eq!(skipped, [3, 4, 5]);
    assert!(played.skipped[2].1.contains("`eventSource`"), "{played:?}");
    let [to] = played.deliveries.as_slice() else {
        panic!("{played:?}")
    };
    assert_eq!((to.trail.as_str(), to.selected), ("activity", 2));
    assert_eq!((&to.to_bucket, &to.to_log_group), (&Ok(2), &Ok(1)));

    let keys = files(&now).await;
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert!(keys[0].contains("/eu-west-1/2026/01/01/"), "{keys:?}");
    let events = in_group(&now, "{ $.eventSource = \"ec2.amazonaws.com\" }").await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].1, record("StopInstances", HOME));
    assert_eq!(events[0].0, i64::try_from(NOW + 30).unwrap() * 1000);
    // They came at once, so the round does not bring them again.
    let names = delivered(&world.at(NOW + 300)).await;
    assert_eq!(names.iter().filter(|it| *it == "StopInstances").count(), 1);

    let refused = now.sandbox.play(&b"{\"Records\":[{]}"[..]).unwrap_err();
    assert!(refused.to_string().starts_with("no JSON at byte "), "{refused}");
    let s3 = now.s3();
    s3.delete_bucket_policy().bucket(BUCKET).send().await.unwrap();
    let stop = now.cloudtrail().stop_logging().name("activity");
    let played = now.sandbox.play(file.to_string().as_bytes()).unwrap();
    assert_eq!(played.deliveries[0].to_bucket, Err("AccessDenied".to_owned()));
    stop.send().await.unwrap();
    let played = now.sandbox.play(file.to_string().as_bytes()).unwrap();
    assert_eq!(
        (played.deliveries.len(), played.idle),
        (0, vec!["activity".to_owned()])
    );
}
