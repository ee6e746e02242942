use aws_sdk_cloudtrail::types::{
    AdvancedEventSelector, AdvancedFieldSelector, EventSelector, InsightSelector, InsightType, ReadWriteType,
    Tag,
};
use serde_json::json;

use crate::kms::{let_in, make_key};
use crate::world::{ACCOUNT, HOME, NOW, World, code, message};

pub(crate) const BUCKET: &str = "acme-activity";
pub(crate) const GROUP: &str = "/acme/activity";

pub(crate) fn bucket_policy(trail: &str, prefix: &str) -> String {
    let source = format!("arn:aws:cloudtrail:{HOME}:{ACCOUNT}:trail/{trail}");
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AWSCloudTrailAclCheck20150319",
                "Effect": "Allow",
                "Principal": { "Service": "cloudtrail.amazonaws.com" },
                "Action": "s3:GetBucketAcl",
                "Resource": format!("arn:aws:s3:::{BUCKET}"),
                "Condition": { "StringEquals": { "aws:SourceArn": source } }
            },
            {
                "Sid": "AWSCloudTrailWrite20150319",
                "Effect": "Allow",
                "Principal": { "Service": "cloudtrail.amazonaws.com" },
                "Action": "s3:PutObject",
                "Resource": format!("arn:aws:s3:::{BUCKET}/{prefix}AWSLogs/{ACCOUNT}/*"),
                "Condition": { "StringEquals": {
                    "aws:SourceArn": source,
                    "s3:x-amz-acl": "bucket-owner-full-control"
                } }
            }
        ]
    })
    .to_string()
}

pub(crate) async fn make_bucket(world: &World) {
    let s3 = world.s3();
    s3.create_bucket().bucket(BUCKET).send().await.expect("a bucket");
    let policy = bucket_policy("activity", "");
    s3.put_bucket_policy()
        .bucket(BUCKET)
        .policy(policy)
        .send()
        .await
        .expect("a policy");
}

pub(crate) async fn make_role(world: &World) -> String {
    let iam = world.iam();
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "Service": "cloudtrail.amazonaws.com" },
        "Action": "sts:AssumeRole"
    }] });
    let role = iam
        .create_role()
        .role_name("delivery")
        .path("/trails/")
        .assume_role_policy_document(trust.to_string())
        .send()
        .await
        .expect("a role");
    role.role().expect("the role").arn().to_owned()
}

pub(crate) async fn allow_delivery(world: &World) {
    let stream =
        format!("arn:aws:logs:{HOME}:{ACCOUNT}:log-group:{GROUP}:log-stream:{ACCOUNT}_CloudTrail_{HOME}*");
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "logs:CreateLogStream", "Resource": stream },
        { "Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": [stream] }
    ] });
    world
        .iam()
        .put_role_policy()
        .role_name("delivery")
        .policy_name("logs")
        .policy_document(policy.to_string())
        .send()
        .await
        .expect("a policy");
}

pub(crate) fn arn(name: &str) -> String {
    format!("arn:aws:cloudtrail:{HOME}:{ACCOUNT}:trail/{name}")
}

#[tokio::test]
async fn a_trail_needs_a_bucket_whose_policy_lets_it_write() {
    let world = World::new();
    let trails = world.cloudtrail();
    let create = || trails.create_trail().name("activity").s3_bucket_name(BUCKET);
    assert_eq!(code(create().send().await), "S3BucketDoesNotExistException");
    let s3 = world.s3();
    s3.create_bucket().bucket(BUCKET).send().await.unwrap();
    assert_eq!(code(create().send().await), "InsufficientS3BucketPolicyException");
    for wrong in [bucket_policy("other", ""), bucket_policy("activity", "prefix/")] {
        s3.put_bucket_policy()
            .bucket(BUCKET)
            .policy(wrong)
            .send()
            .await
            .unwrap();
        assert_eq!(code(create().send().await), "InsufficientS3BucketPolicyException");
    }
    create().s3_key_prefix("prefix").send().await.unwrap();
    let trail = trails.get_trail().name("activity").send().await.unwrap();
    assert_eq!(trail.trail().unwrap().s3_key_prefix(), Some("prefix"));
    let refused = trails
        .update_trail()
        .name("activity")
        .s3_key_prefix("")
        .send()
        .await;
    assert_eq!(code(refused), "InsufficientS3BucketPolicyException");
    let policy = bucket_policy("activity", "");
    s3.put_bucket_policy()
        .bucket(BUCKET)
        .policy(policy)
        .send()
        .await
        .unwrap();
    let updated = trails
        .update_trail()
        .name("activity")
        .s3_key_prefix("")
        .send()
        .await
        .unwrap();
    assert_eq!(updated.s3_key_prefix(), None);
    assert_eq!(code(create().send().await), "TrailAlreadyExistsException");
}

#[tokio::test]
async fn delivery_to_a_log_group_needs_both_group_and_role() {
    let world = World::new();
    let trails = world.cloudtrail();
    make_bucket(&world).await;
    let group_arn = format!("arn:aws:logs:{HOME}:{ACCOUNT}:log-group:{GROUP}:*");
    let role_arn = format!("arn:aws:iam::{ACCOUNT}:role/trails/delivery");
    let create = || trails.create_trail().name("activity").s3_bucket_name(BUCKET);
    let both = || {
        create()
            .cloud_watch_logs_log_group_arn(&group_arn)
            .cloud_watch_logs_role_arn(&role_arn)
    };

    let alone = create().cloud_watch_logs_log_group_arn(&group_arn).send().await;
    assert_eq!(code(alone), "InvalidCloudWatchLogsRoleArnException");
    assert_eq!(
        code(both().send().await),
        "InvalidCloudWatchLogsLogGroupArnException"
    );
    world
        .logs()
        .create_log_group()
        .log_group_name(GROUP)
        .send()
        .await
        .unwrap();
    let bare = both().cloud_watch_logs_log_group_arn(group_arn.trim_end_matches(":*"));
    assert_eq!(
        code(bare.send().await),
        "InvalidCloudWatchLogsLogGroupArnException"
    );
    assert_eq!(code(both().send().await), "InvalidCloudWatchLogsRoleArnException");
    assert_eq!(make_role(&world).await, role_arn);
    let denied = both().send().await;
    assert_eq!(
        message(denied),
        "Access denied. Verify in IAM that the role has adequate permissions."
    );
    allow_delivery(&world).await;
    let key = make_key(&world, "alias/trail").await;
    let source = json!({ "StringEquals": { "aws:SourceArn": arn("activity") } });
    let actions = ["kms:GenerateDataKey*", "kms:DescribeKey"];
    let_in(&world, &key, "cloudtrail.amazonaws.com", &actions, source).await;
    let made = both()
        .is_multi_region_trail(true)
        .enable_log_file_validation(true)
        .kms_key_id("alias/trail")
        .tags_list(Tag::builder().key("team").value("security").build().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(made.trail_arn(), Some(arn("activity").as_str()));
    assert_eq!(made.cloud_watch_logs_log_group_arn(), Some(group_arn.as_str()));
    assert_eq!(made.cloud_watch_logs_role_arn(), Some(role_arn.as_str()));
    assert_eq!(made.include_global_service_events(), Some(true));
    assert_eq!(made.log_file_validation_enabled(), Some(true));
    assert_eq!(made.kms_key_id(), Some(key.as_str()));

    trails.start_logging().name("activity").send().await.unwrap();
    let later = world.at(NOW + 11 * 60);
    let status = later
        .cloudtrail()
        .get_trail_status()
        .name("activity")
        .send()
        .await
        .unwrap();
    assert_eq!(status.is_logging(), Some(true));
    // The round in which logging began; nothing was called in the next.
    let delivered = i64::try_from(NOW).unwrap() + 300;
    assert_eq!(status.latest_delivery_time().unwrap().secs(), delivered);
    assert_eq!(
        status.latest_cloud_watch_logs_delivery_time().unwrap().secs(),
        delivered
    );
    assert_eq!(status.latest_digest_delivery_time(), None);

    later
        .logs()
        .delete_log_group()
        .log_group_name(GROUP)
        .send()
        .await
        .unwrap();
    later
        .s3()
        .delete_bucket_policy()
        .bucket(BUCKET)
        .send()
        .await
        .unwrap();
    let status = |world: World| async move {
        let trails = world.cloudtrail();
        trails.get_trail_status().name("activity").send().await.unwrap()
    };
    assert_eq!(status(later.clone()).await.latest_delivery_error(), None);
    let broken = status(world.at(NOW + 15 * 60)).await;
    assert_eq!(broken.latest_delivery_error(), Some("AccessDenied"));
    assert!(broken.latest_cloud_watch_logs_delivery_error().is_some());
    assert_eq!(broken.latest_delivery_time().unwrap().secs(), delivered);

    later
        .cloudtrail()
        .stop_logging()
        .name("activity")
        .send()
        .await
        .unwrap();
    let status = trails.get_trail_status().name("activity").send().await.unwrap();
    assert_eq!(status.is_logging(), Some(false));
    assert!(status.stop_logging_time().is_some());
}

#[tokio::test]
async fn a_topic_must_let_the_trail_publish() {
    let world = World::new();
    make_bucket(&world).await;
    let create = || {
        world
            .cloudtrail()
            .create_trail()
            .name("activity")
            .s3_bucket_name(BUCKET)
            .sns_topic_name("t")
    };
    assert_eq!(code(create().send().await), "InsufficientSnsTopicPolicyException");
    let topic = world.sns().create_topic().name("t").send().await.unwrap();
    let topic = topic.topic_arn().unwrap();
    assert_eq!(code(create().send().await), "InsufficientSnsTopicPolicyException");
    let policy = json!({ "Statement": [{
        "Effect": "Allow",
        "Principal": { "Service": "cloudtrail.amazonaws.com" },
        "Action": "SNS:Publish",
        "Resource": topic,
        "Condition": { "StringEquals": { "aws:SourceArn": arn("activity") } }
    }] });
    world
        .sns()
        .set_topic_attributes()
        .topic_arn(topic)
        .attribute_name("Policy")
        .attribute_value(policy.to_string())
        .send()
        .await
        .unwrap();
    let made = create().send().await.unwrap();
    assert_eq!(made.sns_topic_arn(), Some(topic));
}

#[tokio::test]
async fn a_multi_region_trail_is_seen_everywhere_and_changed_at_home() {
    let world = World::new();
    make_bucket(&world).await;
    let home = world.cloudtrail();
    let create = home.create_trail().name("activity").s3_bucket_name(BUCKET);
    create.is_multi_region_trail(true).send().await.unwrap();
    let away = world.region("eu-west-1").cloudtrail();

    let shown = away.describe_trails().send().await.unwrap();
    assert_eq!(shown.trail_list().len(), 1);
    assert_eq!(shown.trail_list()[0].home_region(), Some(HOME));
    let own = away
        .describe_trails()
        .include_shadow_trails(false)
        .send()
        .await
        .unwrap();
    assert!(own.trail_list().is_empty());
    let named = away
        .describe_trails()
        .trail_name_list("activity")
        .send()
        .await
        .unwrap();
    assert!(named.trail_list().is_empty());
    let by_arn = away
        .describe_trails()
        .trail_name_list(arn("activity"))
        .send()
        .await
        .unwrap();
    assert_eq!(by_arn.trail_list().len(), 1);
    let listed = away.list_trails().send().await.unwrap();
    assert_eq!(listed.trails()[0].trail_arn(), Some(arn("activity").as_str()));

    let get = away.get_trail().name("activity").send().await;
    assert_eq!(code(get), "TrailNotFoundException");
    assert!(away.get_trail().name(arn("activity")).send().await.is_ok());
    for name in ["activity".to_owned(), arn("activity")] {
        let update = away.update_trail().name(&name).enable_log_file_validation(true);
        assert_eq!(code(update.send().await), "InvalidHomeRegionException");
        assert_eq!(
            code(away.delete_trail().name(&name).send().await),
            "InvalidHomeRegionException"
        );
        assert_eq!(
            code(away.stop_logging().name(&name).send().await),
            "InvalidHomeRegionException"
        );
    }
    home.update_trail()
        .name("activity")
        .is_multi_region_trail(false)
        .send()
        .await
        .unwrap();
    assert!(
        away.describe_trails()
            .send()
            .await
            .unwrap()
            .trail_list()
            .is_empty()
    );
    home.delete_trail().name(arn("activity")).send().await.unwrap();
    assert_eq!(
        code(home.get_trail().name("activity").send().await),
        "TrailNotFoundException"
    );
}

#[tokio::test]
async fn names_combinations_and_the_quota() {
    let world = World::new();
    make_bucket(&world).await;
    let trails = world.cloudtrail();
    for name in ["ab", "-ab", "ab_", "a..b", "a b", "10.0.0.1"] {
        let create = trails.create_trail().name(name).s3_bucket_name(BUCKET);
        assert_eq!(code(create.send().await), "InvalidTrailNameException", "{name}");
    }
    let contradiction = trails
        .create_trail()
        .name("activity")
        .s3_bucket_name(BUCKET)
        .is_multi_region_trail(true)
        .include_global_service_events(false);
    assert_eq!(
        code(contradiction.send().await),
        "InvalidParameterCombinationException"
    );

    let open = bucket_policy("*", "").replace("StringEquals", "StringLike");
    world
        .s3()
        .put_bucket_policy()
        .bucket(BUCKET)
        .policy(open)
        .send()
        .await
        .unwrap();
    for number in 0..6 {
        let create = trails
            .create_trail()
            .name(format!("trail-{number}"))
            .s3_bucket_name(BUCKET);
        let made = create.send().await;
        if number < 5 {
            assert!(made.is_ok());
        } else {
            assert_eq!(code(made), "MaximumNumberOfTrailsExceededException");
        }
    }
}

#[tokio::test]
async fn selectors_are_basic_or_advanced() {
    let world = World::new();
    make_bucket(&world).await;
    let trails = world.cloudtrail();
    trails
        .create_trail()
        .name("activity")
        .s3_bucket_name(BUCKET)
        .send()
        .await
        .unwrap();

    let fresh = trails
        .get_event_selectors()
        .trail_name("activity")
        .send()
        .await
        .unwrap();
    let [selector] = fresh.event_selectors() else {
        panic!("{fresh:?}")
    };
    assert_eq!(selector.read_write_type(), Some(&ReadWriteType::All));
    assert_eq!(selector.include_management_events(), Some(true));
    assert_eq!(fresh.trail_arn(), Some(arn("activity").as_str()));

    let put = || trails.put_event_selectors().trail_name("activity");
    let nothing = EventSelector::builder().include_management_events(false).build();
    for refused in [
        put().set_event_selectors(Some(Vec::new())),
        put().event_selectors(nothing),
        put(),
        put().event_selectors(EventSelector::builder().read_write_type("Both".into()).build()),
        put().event_selectors(
            EventSelector::builder()
                .exclude_management_event_sources("iam.amazonaws.com")
                .build(),
        ),
    ] {
        assert_eq!(code(refused.send().await), "InvalidEventSelectorsException");
    }
    let writes = EventSelector::builder()
        .read_write_type(ReadWriteType::WriteOnly)
        .exclude_management_event_sources("kms.amazonaws.com")
        .build();
    put().event_selectors(writes).send().await.unwrap();
    let got = trails
        .get_event_selectors()
        .trail_name("activity")
        .send()
        .await
        .unwrap();
    assert_eq!(
        got.event_selectors()[0].exclude_management_event_sources(),
        ["kms.amazonaws.com"]
    );
    let trail = trails.get_trail().name("activity").send().await.unwrap();
    assert_eq!(trail.trail().unwrap().has_custom_event_selectors(), Some(true));

    let field = AdvancedFieldSelector::builder()
        .field("eventCategory")
        .equals("Management")
        .build();
    let advanced = AdvancedEventSelector::builder()
        .name("all")
        .field_selectors(field.unwrap())
        .build();
    put()
        .advanced_event_selectors(advanced.unwrap())
        .send()
        .await
        .unwrap();
    let got = trails
        .get_event_selectors()
        .trail_name("activity")
        .send()
        .await
        .unwrap();
    assert!(got.event_selectors().is_empty());
    assert_eq!(got.advanced_event_selectors()[0].name(), Some("all"));

    let insights = trails.get_insight_selectors().trail_name("activity");
    assert_eq!(code(insights.send().await), "InsightNotEnabledException");
    let rate = InsightSelector::builder()
        .insight_type(InsightType::ApiCallRateInsight)
        .build();
    let on = trails
        .put_insight_selectors()
        .trail_name("activity")
        .insight_selectors(rate);
    on.send().await.unwrap();
    let got = trails
        .get_insight_selectors()
        .trail_name("activity")
        .send()
        .await
        .unwrap();
    assert_eq!(got.insight_selectors().len(), 1);
    let off = trails.put_insight_selectors().trail_name("activity");
    off.set_insight_selectors(Some(Vec::new())).send().await.unwrap();
    let insights = trails.get_insight_selectors().trail_name("activity");
    assert_eq!(code(insights.send().await), "InsightNotEnabledException");
}

#[tokio::test]
async fn tags_of_trails() {
    let world = World::new();
    make_bucket(&world).await;
    let trails = world.cloudtrail();
    trails
        .create_trail()
        .name("activity")
        .s3_bucket_name(BUCKET)
        .send()
        .await
        .unwrap();
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build().unwrap();
    let add = |key: &str| {
        trails
            .add_tags()
            .resource_id(arn("activity"))
            .tags_list(tag(key, "v"))
    };
    add("one").send().await.unwrap();
    add("two").send().await.unwrap();
    assert_eq!(code(add("aws:x").send().await), "InvalidTagParameterException");
    let remove = trails
        .remove_tags()
        .resource_id(arn("activity"))
        .tags_list(tag("one", "v"));
    remove.send().await.unwrap();
    let list = trails
        .list_tags()
        .resource_id_list(arn("activity"))
        .send()
        .await
        .unwrap();
    let [resource] = list.resource_tag_list() else {
        panic!("{list:?}")
    };
    assert_eq!(resource.tags_list(), [tag("two", "v")]);
    let bad = trails.list_tags().resource_id_list("activity").send().await;
    assert_eq!(code(bad), "CloudTrailARNInvalidException");
    let gone = trails.list_tags().resource_id_list(arn("gone")).send().await;
    assert_eq!(code(gone), "ResourceNotFoundException");
    let unknown = trails.list_channels().send().await;
    assert!(message(unknown).contains("ListChannels"));
}
