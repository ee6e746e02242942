//! Lifecycle, Object Lock and access logging of buckets; deletion protection of log groups.

use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, BucketLoggingStatus, BucketVersioningStatus, DefaultRetention,
    ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter, LoggingEnabled,
    ObjectLockConfiguration, ObjectLockEnabled, ObjectLockRetentionMode, ObjectLockRule, Transition,
    TransitionDefaultMinimumObjectSize, TransitionStorageClass, VersioningConfiguration,
};

use crate::world::{ACCOUNT, OTHER, World, code, message};

const BUCKET: &str = "acme-logs";

async fn make(world: &World, name: &str) {
    world
        .s3()
        .create_bucket()
        .bucket(name)
        .send()
        .await
        .expect("a bucket");
}

fn rule(id: &str, expire: i32, class: TransitionStorageClass, after: i32) -> LifecycleRule {
    LifecycleRule::builder()
        .id(id)
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("").build())
        .expiration(LifecycleExpiration::builder().days(expire).build())
        .transitions(Transition::builder().days(after).storage_class(class).build())
        .build()
        .expect("a rule")
}

#[tokio::test]
async fn a_lifecycle_comes_back_as_it_was_put() {
    let world = World::new();
    make(&world, BUCKET).await;
    let s3 = world.s3();
    let get = || s3.get_bucket_lifecycle_configuration().bucket(BUCKET).send();
    assert_eq!(code(get().await), "NoSuchLifecycleConfiguration");
    let put = |rules: Vec<LifecycleRule>, least: Option<TransitionDefaultMinimumObjectSize>| {
        let configuration = BucketLifecycleConfiguration::builder().set_rules(Some(rules));
        s3.put_bucket_lifecycle_configuration()
            .bucket(BUCKET)
            .lifecycle_configuration(configuration.build().expect("a configuration"))
            .set_transition_default_minimum_object_size(least)
            .send()
    };
    let rules = vec![
        rule("a", 91, TransitionStorageClass::GlacierIr, 90),
        rule("b", 31, TransitionStorageClass::StandardIa, 30),
    ];
    put(rules.clone(), None).await.expect("rules");
    let live = get().await.expect("rules");
    assert_eq!(live.rules(), rules);
    assert_eq!(
        live.transition_default_minimum_object_size(),
        Some(&TransitionDefaultMinimumObjectSize::AllStorageClasses128K)
    );
    let varies = TransitionDefaultMinimumObjectSize::VariesByStorageClass;
    put(rules.clone(), Some(varies.clone())).await.expect("rules");
    let live = get().await.expect("rules");
    assert_eq!(live.transition_default_minimum_object_size(), Some(&varies));

    for refused in [
        vec![rule("a", 90, TransitionStorageClass::GlacierIr, 90)],
        vec![rule("a", 91, TransitionStorageClass::StandardIa, 29)],
        vec![rules[0].clone(), rules[0].clone()],
    ] {
        assert_eq!(code(put(refused, None).await), "InvalidArgument");
    }
    assert_eq!(get().await.expect("rules").rules(), rules);
    s3.delete_bucket_lifecycle()
        .bucket(BUCKET)
        .send()
        .await
        .expect("deleted");
    assert_eq!(code(get().await), "NoSuchLifecycleConfiguration");
}

fn lock(retention: Option<DefaultRetention>) -> ObjectLockConfiguration {
    ObjectLockConfiguration::builder()
        .object_lock_enabled(ObjectLockEnabled::Enabled)
        .set_rule(retention.map(|it| ObjectLockRule::builder().default_retention(it).build()))
        .build()
}

fn compliance() -> aws_sdk_s3::types::builders::DefaultRetentionBuilder {
    DefaultRetention::builder().mode(ObjectLockRetentionMode::Compliance)
}

#[tokio::test]
async fn object_lock_needs_versioning_and_stays_on() {
    let world = World::new();
    make(&world, BUCKET).await;
    let s3 = world.s3();
    let get = || s3.get_object_lock_configuration().bucket(BUCKET).send();
    let put = |configuration| {
        s3.put_object_lock_configuration()
            .bucket(BUCKET)
            .object_lock_configuration(configuration)
            .send()
    };
    let version = |status| {
        let configuration = VersioningConfiguration::builder().status(status).build();
        s3.put_bucket_versioning()
            .bucket(BUCKET)
            .versioning_configuration(configuration)
            .send()
    };
    assert_eq!(code(get().await), "ObjectLockConfigurationNotFoundError");
    let of_a_year = lock(Some(compliance().years(1).build()));
    assert_eq!(code(put(of_a_year.clone()).await), "InvalidBucketState");
    version(BucketVersioningStatus::Enabled).await.expect("versions");
    put(of_a_year.clone()).await.expect("a lock");
    let live = get().await.expect("a lock");
    assert_eq!(live.object_lock_configuration(), Some(&of_a_year));
    assert_eq!(
        code(version(BucketVersioningStatus::Suspended).await),
        "InvalidBucketState"
    );
    let wrong = [compliance(), compliance().days(1).years(1)];
    for retention in wrong {
        assert_eq!(code(put(lock(Some(retention.build()))).await), "MalformedXML");
    }
    let zero = lock(Some(compliance().days(0).build()));
    assert_eq!(code(put(zero).await), "InvalidArgument");
    put(lock(None)).await.expect("no default retention");
    let live = get().await.expect("a lock");
    assert_eq!(live.object_lock_configuration(), Some(&lock(None)));
}

#[tokio::test]
async fn a_bucket_is_made_with_object_lock_and_versions() {
    let world = World::new();
    let s3 = world.s3();
    s3.create_bucket()
        .bucket(BUCKET)
        .object_lock_enabled_for_bucket(true)
        .send()
        .await
        .expect("a bucket");
    let live = s3.get_object_lock_configuration().bucket(BUCKET).send().await;
    let live = live.expect("a lock").object_lock_configuration;
    assert_eq!(live, Some(lock(None)));
    let versioning = s3.get_bucket_versioning().bucket(BUCKET).send().await;
    assert_eq!(
        versioning.expect("versions").status,
        Some(BucketVersioningStatus::Enabled)
    );
}

#[tokio::test]
async fn access_logs_go_to_a_bucket_of_the_same_owner_and_region_without_a_lock() {
    let world = World::new();
    make(&world, BUCKET).await;
    make(&world, "access").await;
    make(&world.account(OTHER), "theirs").await;
    let s3 = world.s3();
    let far = world.region("eu-west-1").s3();
    let there = aws_sdk_s3::types::CreateBucketConfiguration::builder()
        .location_constraint("eu-west-1".into())
        .build();
    let create = far
        .create_bucket()
        .bucket("far")
        .create_bucket_configuration(there);
    create.send().await.expect("a bucket");
    let create = s3
        .create_bucket()
        .bucket("locked")
        .object_lock_enabled_for_bucket(true);
    create.send().await.expect("a bucket");
    let get = || s3.get_bucket_logging().bucket(BUCKET).send();
    let put = |target: Option<&str>| {
        let enabled = target.map(|target| {
            let enabled = LoggingEnabled::builder().target_bucket(target);
            enabled.target_prefix("s3/").build().expect("a target")
        });
        let status = BucketLoggingStatus::builder()
            .set_logging_enabled(enabled)
            .build();
        s3.put_bucket_logging()
            .bucket(BUCKET)
            .bucket_logging_status(status)
            .send()
    };
    assert_eq!(get().await.expect("an answer").logging_enabled, None);
    put(Some("access")).await.expect("access logs");
    let live = get()
        .await
        .expect("an answer")
        .logging_enabled
        .expect("access logs");
    assert_eq!((live.target_bucket(), live.target_prefix()), ("access", "s3/"));
    for target in ["nowhere", "theirs", "locked"] {
        assert_eq!(code(put(Some(target)).await), "InvalidTargetBucketForLogging");
    }
    assert_eq!(code(put(Some("far")).await), "CrossLocationLoggingProhibitted");
    put(None).await.expect("no access logs");
    assert_eq!(get().await.expect("an answer").logging_enabled, None);
}

#[tokio::test]
async fn a_protected_log_group_is_not_deleted() {
    let world = World::new();
    let logs = world.logs();
    let create = logs.create_log_group().log_group_name("/acme/a");
    create
        .deletion_protection_enabled(true)
        .send()
        .await
        .expect("a group");
    let delete = || logs.delete_log_group().log_group_name("/acme/a").send();
    let protect = |identifier: &str, on: bool| {
        logs.put_log_group_deletion_protection()
            .log_group_identifier(identifier)
            .deletion_protection_enabled(on)
            .send()
    };
    assert!(message(delete().await).starts_with("Cannot delete log group"));
    let arn = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/acme/a");
    protect(&arn, false).await.expect("by its ARN");
    protect("/acme/a", true).await.expect("by its name");
    assert_eq!(code(delete().await), "ValidationException");
    assert_eq!(code(protect("/acme/b", true).await), "ResourceNotFoundException");
    protect("/acme/a", false).await.expect("by its name");
    delete().await.expect("deleted");
}
