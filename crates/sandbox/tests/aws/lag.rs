//! Reads that are behind writes.

use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use serde_json::json;

use crate::world::{NOW, World, code};

fn trust() -> String {
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
        "Principal": { "Service": "cloudtrail.amazonaws.com" }, "Action": "sts:AssumeRole" }] })
    .to_string()
}

fn behind() -> World {
    let world = World::new();
    let lag = world.sandbox.clone().with_lag(Duration::from_secs(10));
    lag.expect("the lag is set");
    world
}

#[tokio::test]
async fn what_was_written_is_shown_when_the_lag_has_passed() {
    let world = behind();
    let create = |world: &World| {
        let create = world.iam().create_role().role_name("delivery");
        create.assume_role_policy_document(trust()).send()
    };
    create(&world).await.unwrap();
    let get = |world: &World| world.iam().get_role().role_name("delivery").send();
    assert_eq!(code(get(&world).await), "NoSuchEntity");
    // A write knows.
    assert_eq!(code(create(&world).await), "EntityAlreadyExists");
    assert_eq!(code(get(&world.at(NOW + 9)).await), "NoSuchEntity");
    get(&world.at(NOW + 10)).await.unwrap();

    // What goes away stays as long.
    let world = world.at(NOW + 20);
    world
        .iam()
        .delete_role()
        .role_name("delivery")
        .send()
        .await
        .unwrap();
    get(&world.at(NOW + 29)).await.unwrap();
    assert_eq!(code(get(&world.at(NOW + 30)).await), "NoSuchEntity");
    create(&world).await.unwrap();
}

#[tokio::test]
async fn objects_do_not_lag_and_the_settings_of_their_bucket_do() {
    let world = World::new();
    let s3 = world.s3();
    s3.create_bucket().bucket("files").send().await.unwrap();
    world.sandbox.set_lag(Duration::from_secs(10)).unwrap();
    let put = s3.put_object().bucket("files").key("a");
    put.body(ByteStream::from_static(b"x")).send().await.unwrap();
    s3.get_object().bucket("files").key("a").send().await.unwrap();
    let listed = s3.list_objects_v2().bucket("files").send().await.unwrap();
    assert_eq!(listed.key_count(), Some(1));
    s3.delete_bucket_encryption()
        .bucket("files")
        .send()
        .await
        .unwrap();
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::files/*"}]}"#;
    let put = s3.put_bucket_policy().bucket("files").policy(policy);
    put.send().await.unwrap();
    let get = |world: &World| world.s3().get_bucket_policy().bucket("files").send();
    assert_eq!(code(get(&world).await), "NoSuchBucketPolicy");
    let after = world.at(NOW + 10);
    assert_eq!(get(&after).await.unwrap().policy(), Some(policy));
}

#[tokio::test]
async fn cloudtrail_sees_a_role_as_late_as_everybody() {
    let world = World::new();
    let (s3, logs) = (world.s3(), world.logs());
    s3.create_bucket().bucket("files").send().await.unwrap();
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": { "Service": "cloudtrail.amazonaws.com" },
          "Action": "s3:GetBucketAcl", "Resource": "arn:aws:s3:::files" },
        { "Effect": "Allow", "Principal": { "Service": "cloudtrail.amazonaws.com" },
          "Action": "s3:PutObject", "Resource": "arn:aws:s3:::files/*" }] });
    let put = s3.put_bucket_policy().bucket("files").policy(policy.to_string());
    put.send().await.unwrap();
    logs.create_log_group()
        .log_group_name("events")
        .send()
        .await
        .unwrap();
    world.sandbox.set_lag(Duration::from_secs(10)).unwrap();
    let create = world.iam().create_role().role_name("delivery");
    let role = create.assume_role_policy_document(trust()).send().await.unwrap();
    let allow = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*" }] });
    let put = world
        .iam()
        .put_role_policy()
        .role_name("delivery")
        .policy_name("p");
    put.policy_document(allow.to_string()).send().await.unwrap();
    let arn = role.role().unwrap().arn().to_owned();
    let create = |world: &World| {
        world
            .cloudtrail()
            .create_trail()
            .name("main")
            .s3_bucket_name("files")
            .cloud_watch_logs_log_group_arn("arn:aws:logs:us-east-1:123456789012:log-group:events:*")
            .cloud_watch_logs_role_arn(&arn)
            .send()
    };
    assert_eq!(
        code(create(&world).await),
        "InvalidCloudWatchLogsRoleArnException"
    );
    create(&world.at(NOW + 10)).await.unwrap();
}

#[tokio::test]
async fn a_lag_that_ends_shows_everything() {
    let world = behind();
    world.sns().create_topic().name("t").send().await.unwrap();
    let count = async || world.sns().list_topics().send().await.unwrap().topics().len();
    assert_eq!(count().await, 0);
    assert_eq!(world.sandbox.lag().unwrap(), Duration::from_secs(10));
    world.sandbox.set_lag(Duration::ZERO).unwrap();
    assert_eq!(count().await, 1);
}
