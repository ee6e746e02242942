use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, ObjectOwnership,
    OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration, ServerSideEncryption,
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tag, Tagging,
    VersioningConfiguration,
};
use serde_json::json;

use crate::world::{ACCOUNT, OTHER, World, code};

const BUCKET: &str = "acme-logs";

fn tag(key: &str) -> Tag {
    Tag::builder().key(key).value("v").build().expect("a tag")
}

fn located(region: &str) -> CreateBucketConfiguration {
    CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::from(region))
        .build()
}

async fn make(world: &World) {
    world
        .s3()
        .create_bucket()
        .bucket(BUCKET)
        .send()
        .await
        .expect("a bucket");
}

#[tokio::test]
async fn buckets_have_todays_defaults_and_their_tags_at_once() {
    let world = World::new();
    let s3 = world.s3();
    let tagged = CreateBucketConfiguration::builder().tags(tag("team")).build();
    let create = s3
        .create_bucket()
        .bucket(BUCKET)
        .create_bucket_configuration(tagged);
    create.send().await.unwrap();
    let tags = s3.get_bucket_tagging().bucket(BUCKET).send().await.unwrap();
    assert_eq!(tags.tag_set(), [tag("team")]);
    let block = s3.get_public_access_block().bucket(BUCKET).send().await.unwrap();
    let block = block.public_access_block_configuration().unwrap();
    assert_eq!(block.block_public_acls(), Some(true));
    assert_eq!(block.restrict_public_buckets(), Some(true));
    let ownership = s3
        .get_bucket_ownership_controls()
        .bucket(BUCKET)
        .send()
        .await
        .unwrap();
    assert_eq!(
        ownership.ownership_controls().unwrap().rules()[0].object_ownership(),
        &ObjectOwnership::BucketOwnerEnforced
    );
    let encryption = s3.get_bucket_encryption().bucket(BUCKET).send().await.unwrap();
    let rule = &encryption.server_side_encryption_configuration().unwrap().rules()[0];
    assert_eq!(
        rule.apply_server_side_encryption_by_default()
            .unwrap()
            .sse_algorithm(),
        &ServerSideEncryption::Aes256
    );
    let versioning = s3.get_bucket_versioning().bucket(BUCKET).send().await.unwrap();
    assert_eq!(versioning.status(), None);
    let head = s3.head_bucket().bucket(BUCKET).send().await.unwrap();
    assert_eq!(head.bucket_region(), Some("us-east-1"));
    let location = s3.get_bucket_location().bucket(BUCKET).send().await.unwrap();
    assert_eq!(location.location_constraint().map_or("", |it| it.as_str()), "");
    let listed = s3.list_buckets().send().await.unwrap();
    assert_eq!(listed.buckets()[0].name(), Some(BUCKET));
    let acl = s3.get_bucket_acl().bucket(BUCKET).send().await.unwrap();
    assert_eq!(acl.grants().len(), 1);
    assert_eq!(acl.owner().unwrap().id(), acl.grants()[0].grantee().unwrap().id());
}

#[tokio::test]
async fn a_name_belongs_to_one_account() {
    let world = World::new();
    make(&world).await;
    make(&world).await;
    let other = world.account(OTHER).s3();
    assert_eq!(
        code(other.create_bucket().bucket(BUCKET).send().await),
        "BucketAlreadyExists"
    );
    let head = other.head_bucket().bucket(BUCKET).send().await;
    assert_eq!(head.unwrap_err().raw_response().unwrap().status().as_u16(), 403);
    let get = other.get_bucket_policy().bucket(BUCKET).send().await;
    assert_eq!(code(get), "AccessDenied");
    let s3 = world.s3();
    let owner = |owner: &str| {
        s3.head_bucket()
            .bucket(BUCKET)
            .expected_bucket_owner(owner)
            .send()
    };
    assert!(owner(ACCOUNT).await.is_ok());
    assert_eq!(
        owner(OTHER)
            .await
            .unwrap_err()
            .raw_response()
            .unwrap()
            .status()
            .as_u16(),
        403
    );
    let tags = s3
        .get_bucket_tagging()
        .bucket(BUCKET)
        .expected_bucket_owner(OTHER)
        .send()
        .await;
    assert_eq!(code(tags), "AccessDenied");
    assert_eq!(
        code(s3.create_bucket().bucket("Acme_Logs").send().await),
        "InvalidBucketName"
    );
    let none = s3
        .head_bucket()
        .bucket("acme-none")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(none.is_not_found());
}

#[tokio::test]
async fn regions() {
    let world = World::new();
    let frankfurt = world.region("eu-central-1");
    let s3 = frankfurt.s3();
    let create = || s3.create_bucket().bucket(BUCKET);
    assert_eq!(code(create().send().await), "IllegalLocationConstraintException");
    let wrong = create()
        .create_bucket_configuration(located("eu-west-1"))
        .send()
        .await;
    assert_eq!(code(wrong), "IllegalLocationConstraintException");
    let right = || {
        create()
            .create_bucket_configuration(located("eu-central-1"))
            .send()
    };
    right().await.unwrap();
    assert_eq!(code(right().await), "BucketAlreadyOwnedByYou");
    let head = world.s3().head_bucket().bucket(BUCKET).send().await.unwrap_err();
    let response = head.raw_response().unwrap();
    assert_eq!(response.status().as_u16(), 301);
    assert_eq!(
        response.headers().get("x-amz-bucket-region"),
        Some("eu-central-1")
    );
    let location = world
        .s3()
        .get_bucket_location()
        .bucket(BUCKET)
        .send()
        .await
        .unwrap();
    assert_eq!(location.location_constraint().unwrap().as_str(), "eu-central-1");
}

#[tokio::test]
async fn settings() {
    let world = World::new();
    make(&world).await;
    let s3 = world.s3();

    s3.delete_public_access_block()
        .bucket(BUCKET)
        .send()
        .await
        .unwrap();
    let none = s3.get_public_access_block().bucket(BUCKET).send().await;
    assert_eq!(code(none), "NoSuchPublicAccessBlockConfiguration");
    let some = PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .build();
    let put = s3.put_public_access_block().bucket(BUCKET);
    put.public_access_block_configuration(some).send().await.unwrap();
    let block = s3.get_public_access_block().bucket(BUCKET).send().await.unwrap();
    let block = block.public_access_block_configuration().unwrap();
    assert_eq!(block.block_public_acls(), Some(true));
    assert_eq!(block.block_public_policy(), Some(false));

    let by_default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(ServerSideEncryption::AwsKms)
        .kms_master_key_id("alias/logs")
        .build()
        .unwrap();
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(by_default)
        .bucket_key_enabled(true)
        .build();
    let encryption = ServerSideEncryptionConfiguration::builder()
        .rules(rule)
        .build()
        .unwrap();
    let put = s3.put_bucket_encryption().bucket(BUCKET);
    put.server_side_encryption_configuration(encryption.clone())
        .send()
        .await
        .unwrap();
    let got = s3.get_bucket_encryption().bucket(BUCKET).send().await.unwrap();
    assert_eq!(got.server_side_encryption_configuration(), Some(&encryption));
    s3.delete_bucket_encryption().bucket(BUCKET).send().await.unwrap();
    let got = s3.get_bucket_encryption().bucket(BUCKET).send().await.unwrap();
    assert_ne!(got.server_side_encryption_configuration(), Some(&encryption));

    let enabled = VersioningConfiguration::builder()
        .status(BucketVersioningStatus::Enabled)
        .build();
    let put = s3.put_bucket_versioning().bucket(BUCKET);
    put.versioning_configuration(enabled).send().await.unwrap();
    let got = s3.get_bucket_versioning().bucket(BUCKET).send().await.unwrap();
    assert_eq!(got.status(), Some(&BucketVersioningStatus::Enabled));

    let rule = OwnershipControlsRule::builder()
        .object_ownership(ObjectOwnership::BucketOwnerPreferred)
        .build()
        .unwrap();
    let controls = OwnershipControls::builder().rules(rule).build().unwrap();
    let put = s3.put_bucket_ownership_controls().bucket(BUCKET);
    put.ownership_controls(controls.clone()).send().await.unwrap();
    let got = s3
        .get_bucket_ownership_controls()
        .bucket(BUCKET)
        .send()
        .await
        .unwrap();
    assert_eq!(got.ownership_controls(), Some(&controls));
    s3.delete_bucket_ownership_controls()
        .bucket(BUCKET)
        .send()
        .await
        .unwrap();
    let got = s3.get_bucket_ownership_controls().bucket(BUCKET).send().await;
    assert_eq!(code(got), "OwnershipControlsNotFoundError");

    assert_eq!(
        code(s3.get_bucket_tagging().bucket(BUCKET).send().await),
        "NoSuchTagSet"
    );
    let put = |tags: Vec<Tag>| {
        let tagging = Tagging::builder().set_tag_set(Some(tags)).build().expect("tags");
        s3.put_bucket_tagging().bucket(BUCKET).tagging(tagging).send()
    };
    put(vec![tag("b"), tag("a")]).await.unwrap();
    put(vec![tag("c")]).await.unwrap();
    let got = s3.get_bucket_tagging().bucket(BUCKET).send().await.unwrap();
    assert_eq!(got.tag_set(), [tag("c")]);
    assert_eq!(code(put(vec![tag("aws:x")]).await), "InvalidTag");
    s3.delete_bucket_tagging().bucket(BUCKET).send().await.unwrap();
    assert_eq!(
        code(s3.get_bucket_tagging().bucket(BUCKET).send().await),
        "NoSuchTagSet"
    );
}

#[tokio::test]
async fn policies() {
    let world = World::new();
    make(&world).await;
    let s3 = world.s3();
    let put = |policy: &str| s3.put_bucket_policy().bucket(BUCKET).policy(policy).send();
    let policy = |principal: &str, resource: &str, action: &str| {
        let principal: serde_json::Value = serde_json::from_str(principal).expect("a principal");
        json!({ "Statement": [{ "Effect": "Allow", "Principal": principal, "Action": action,
            "Resource": resource }] })
        .to_string()
    };
    let service = r#"{"Service":"cloudtrail.amazonaws.com"}"#;
    let own = format!("arn:aws:s3:::{BUCKET}/*");
    for refused in [
        "{",
        "{}",
        r#"{"Statement":[]}"#,
        &policy(service, "arn:aws:s3:::other/*", "s3:PutObject"),
        &policy(service, &own, "sns:Publish"),
    ] {
        assert_eq!(code(put(refused).await), "MalformedPolicy", "{refused}");
    }
    let public = policy(r#""*""#, &own, "s3:GetObject");
    assert_eq!(code(put(&public).await), "AccessDenied");
    assert_eq!(
        code(s3.get_bucket_policy().bucket(BUCKET).send().await),
        "NoSuchBucketPolicy"
    );
    let status = s3.get_bucket_policy_status().bucket(BUCKET).send().await;
    assert_eq!(code(status), "NoSuchBucketPolicy");
    let private = policy(service, &own, "s3:PutObject");
    put(&private).await.unwrap();
    let got = s3.get_bucket_policy().bucket(BUCKET).send().await.unwrap();
    assert_eq!(got.policy(), Some(private.as_str()));
    let status = s3.get_bucket_policy_status().bucket(BUCKET).send().await.unwrap();
    assert_eq!(status.policy_status().unwrap().is_public(), Some(false));
    s3.delete_bucket_policy().bucket(BUCKET).send().await.unwrap();
    assert_eq!(
        code(s3.get_bucket_policy().bucket(BUCKET).send().await),
        "NoSuchBucketPolicy"
    );
}

#[tokio::test]
async fn a_bucket_with_objects_stays() {
    let world = World::new();
    make(&world).await;
    let s3 = world.s3();
    for key in ["AWSLogs/1/a b.json", "other"] {
        let put = s3
            .put_object()
            .bucket(BUCKET)
            .key(key)
            .body(ByteStream::from_static(b"hello"));
        put.send().await.unwrap();
    }
    let listed = s3
        .list_objects_v2()
        .bucket(BUCKET)
        .prefix("AWSLogs/")
        .send()
        .await
        .unwrap();
    let [object] = listed.contents() else {
        panic!("{listed:?}")
    };
    assert_eq!(
        (object.key(), object.size()),
        (Some("AWSLogs/1/a b.json"), Some(5))
    );
    let page = s3
        .list_objects_v2()
        .bucket(BUCKET)
        .max_keys(1)
        .send()
        .await
        .unwrap();
    assert_eq!(page.is_truncated(), Some(true));
    let next = s3.list_objects_v2().bucket(BUCKET);
    let next = next.set_continuation_token(page.next_continuation_token().map(str::to_owned));
    assert_eq!(next.send().await.unwrap().contents()[0].key(), Some("other"));
    let versions = s3.list_object_versions().bucket(BUCKET).send().await.unwrap();
    assert_eq!(versions.versions().len(), 2);
    assert_eq!(
        code(s3.delete_bucket().bucket(BUCKET).send().await),
        "BucketNotEmpty"
    );
    for key in ["AWSLogs/1/a b.json", "other"] {
        s3.delete_object().bucket(BUCKET).key(key).send().await.unwrap();
    }
    s3.delete_bucket().bucket(BUCKET).send().await.unwrap();
    assert_eq!(
        code(s3.delete_bucket().bucket(BUCKET).send().await),
        "NoSuchBucket"
    );
}

#[tokio::test]
async fn objects_have_bodies() {
    let world = World::new();
    let s3 = world.s3();
    s3.create_bucket().bucket(BUCKET).send().await.unwrap();
    let get = |key: &str| s3.get_object().bucket(BUCKET).key(key);
    assert_eq!(code(get("a").send().await), "NoSuchKey");
    let put = s3.put_object().bucket(BUCKET).key("a").content_type("text/plain");
    let put = put.body(b"0123456789".to_vec().into()).send().await.unwrap();
    let got = get("a").send().await.unwrap();
    assert_eq!(got.content_type(), Some("text/plain"));
    assert_eq!(got.e_tag(), put.e_tag());
    assert_eq!(got.content_encoding(), None);
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"0123456789");
    let part = get("a").range("bytes=2-4").send().await.unwrap();
    assert_eq!(part.content_range(), Some("bytes 2-4/10"));
    assert_eq!(part.body.collect().await.unwrap().to_vec(), b"234");
    assert_eq!(code(get("a").range("bytes=10-").send().await), "InvalidRange");
    let head = s3.head_object().bucket(BUCKET).key("a").send().await.unwrap();
    assert_eq!(head.content_length(), Some(10));
    assert_eq!(head.e_tag(), put.e_tag());
    let gone = s3.head_object().bucket(BUCKET).key("b").send().await.unwrap_err();
    assert!(gone.into_service_error().is_not_found());
}

#[tokio::test]
async fn keys_are_listed_by_delimiter_and_page() {
    let world = World::new();
    let s3 = world.s3();
    s3.create_bucket().bucket(BUCKET).send().await.unwrap();
    for key in ["a/1", "a/2", "b", "c/d/1", "c/e", "z"] {
        s3.put_object().bucket(BUCKET).key(key).send().await.unwrap();
    }
    let list = || s3.list_objects_v2().bucket(BUCKET);
    let mut seen = Vec::new();
    let mut token = None;
    loop {
        let page = list().delimiter("/").max_keys(2).set_continuation_token(token);
        let page = page.send().await.unwrap();
        assert!(page.key_count().unwrap() <= 2);
        let keys = page.contents().iter().filter_map(|it| it.key());
        let prefixes = page.common_prefixes().iter().filter_map(|it| it.prefix());
        let mut names: Vec<_> = keys.chain(prefixes).map(str::to_owned).collect();
        names.sort();
        seen.extend(names);
        token = page.next_continuation_token().map(str::to_owned);
        assert_eq!(page.is_truncated(), Some(token.is_some()));
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["a/", "b", "c/", "z"]);
    let within = list().prefix("c/").delimiter("/").send().await.unwrap();
    assert_eq!(within.contents()[0].key(), Some("c/e"));
    assert_eq!(within.common_prefixes()[0].prefix(), Some("c/d/"));
    let after = list().start_after("b").send().await.unwrap();
    assert_eq!(after.contents().len(), 3);
}
