//! The options of a bucket, each from its first apply over somebody's change to the repair.

use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, BucketLoggingStatus, BucketVersioningStatus, DefaultRetention,
    ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleAndOperator, LifecycleRuleFilter,
    ObjectLockConfiguration, ObjectLockEnabled, ObjectLockRetentionMode, ObjectLockRule, Tag, Transition,
    TransitionDefaultMinimumObjectSize, TransitionStorageClass, VersioningConfiguration,
};

use crate::support::clients::{Clients, wait};
use crate::support::proxy::Proxy;
use crate::support::world::World;

const SPEC: &str = r#"
format = 1

[stack]
name = "store"
account = "123456789012"
region = "us-east-1"

[trail.activity]
bucket = "logs"

[bucket.logs]
name = "store-123456789012"
"#;

/// An account in which the spec with these keys of the bucket is applied.
fn world(keys: &str) -> World {
    let world = World::on_sandbox();
    write(&world, keys);
    world.apply();
    world.expect_no_differences();
    world
}

fn write(world: &World, keys: &str) {
    world.write(
        "spec.toml",
        &format!("{SPEC}{keys}").replace("123456789012", &world.account),
    );
}

fn bucket(world: &World) -> String {
    format!("store-{}", world.account)
}

/// Asserts that the plan shows this and that an apply repairs it.
#[track_caller]
fn is_repaired(world: &World, shows: &[&str]) {
    let mut plan = world.run(&["plan", "spec.toml", "--detailed-exitcode"]).exits(2);
    for text in shows {
        plan = plan.prints(text);
    }
    world.apply();
    world.expect_no_differences();
}

fn lifecycle(world: &World) -> Vec<LifecycleRule> {
    let get = Clients::of(world)
        .s3
        .get_bucket_lifecycle_configuration()
        .bucket(bucket(world));
    match wait(get.send()) {
        Ok(answer) => answer.rules.unwrap_or_default(),
        Err(error) => {
            let code = aws_sdk_s3::error::ProvideErrorMetadata::code(&error);
            assert_eq!(code, Some("NoSuchLifecycleConfiguration"));
            Vec::new()
        }
    }
}

fn put_lifecycle(
    world: &World,
    rules: Vec<LifecycleRule>,
    least: Option<TransitionDefaultMinimumObjectSize>,
) {
    let configuration = BucketLifecycleConfiguration::builder()
        .set_rules(Some(rules))
        .build()
        .expect("rules");
    let put = Clients::of(world)
        .s3
        .put_bucket_lifecycle_configuration()
        .bucket(bucket(world))
        .lifecycle_configuration(configuration)
        .set_transition_default_minimum_object_size(least);
    wait(put.send()).expect("a configuration");
}

/// A rule of somebody else, with what this version has no words for.
fn theirs() -> LifecycleRule {
    let tag = Tag::builder().key("class").value("noise").build().expect("a tag");
    let and = LifecycleRuleAndOperator::builder()
        .prefix("AWSLogs/")
        .tags(tag)
        .object_size_greater_than(1024)
        .build();
    let transition = Transition::builder()
        .days(1)
        .storage_class(TransitionStorageClass::IntelligentTiering);
    LifecycleRule::builder()
        .id("theirs")
        .status(ExpirationStatus::Disabled)
        .filter(LifecycleRuleFilter::builder().and(and).build())
        .transitions(transition.build())
        .build()
        .expect("a rule")
}

#[test]
fn a_lifecycle_is_one_rule_among_those_of_others() {
    let keys = "lifecycle = { expire_days = 2555, transition_days = 90, storage_class = \"GLACIER_IR\", \
                noncurrent_expire_days = 30, abort_incomplete_upload_days = 7 }\n";
    let world = world(keys);
    let ours = lifecycle(&world);
    assert_eq!(ours.len(), 1);
    assert_eq!(ours[0].id(), Some("trailwarden"));

    // Somebody writes a rule beside ours and shortens ours.
    let mut shorter = ours[0].clone();
    shorter.expiration = Some(LifecycleExpiration::builder().days(100).build());
    let least = TransitionDefaultMinimumObjectSize::VariesByStorageClass;
    put_lifecycle(&world, vec![theirs(), shorter], Some(least.clone()));
    is_repaired(&world, &["expire_days = 100", "-> { expire_days = 2555"]);
    assert_eq!(lifecycle(&world), [theirs(), ours[0].clone()]);
    let get = Clients::of(&world)
        .s3
        .get_bucket_lifecycle_configuration()
        .bucket(bucket(&world));
    let kept = wait(get.send()).expect("a configuration");
    assert_eq!(kept.transition_default_minimum_object_size(), Some(&least));

    // Without a word of it nothing of it is asked or touched.
    write(&world, "");
    let proxy = Proxy::start(&world.endpoint);
    world
        .run_at(&proxy.endpoint, &["plan", "spec.toml", "--detailed-exitcode"])
        .exits(0);
    let asked = |call: &str| {
        proxy
            .operations()
            .iter()
            .any(|operation| operation.0.contains(call))
    };
    for call in ["Lifecycle", "ObjectLock", "BucketLogging"] {
        assert!(!asked(call), "{call}: {:?}", proxy.operations());
    }
    assert_eq!(lifecycle(&world).len(), 2);

    // `none` takes ours away and leaves theirs; the last rule goes with the configuration.
    write(&world, "lifecycle = \"none\"\n");
    is_repaired(&world, &["-> (none)"]);
    assert_eq!(lifecycle(&world), [theirs()]);
    put_lifecycle(&world, ours, None);
    is_repaired(&world, &["-> (none)"]);
    assert!(lifecycle(&world).is_empty());
}

fn object_lock(world: &World) -> Option<ObjectLockConfiguration> {
    let get = Clients::of(world)
        .s3
        .get_object_lock_configuration()
        .bucket(bucket(world));
    let answer = wait(get.send()).ok()?;
    answer.object_lock_configuration
}

fn put_object_lock(world: &World, retention: Option<DefaultRetention>) {
    let rule = retention.map(|it| ObjectLockRule::builder().default_retention(it).build());
    let configuration = ObjectLockConfiguration::builder()
        .object_lock_enabled(ObjectLockEnabled::Enabled)
        .set_rule(rule)
        .build();
    let put = Clients::of(world)
        .s3
        .put_object_lock_configuration()
        .bucket(bucket(world))
        .object_lock_configuration(configuration);
    wait(put.send()).expect("a configuration");
}

fn governance(days: i32) -> DefaultRetention {
    DefaultRetention::builder()
        .mode(ObjectLockRetentionMode::Governance)
        .days(days)
        .build()
}

fn default_retention(world: &World) -> Option<DefaultRetention> {
    object_lock(world)?.rule?.default_retention
}

#[test]
fn files_are_locked_from_the_first_one_on() {
    let world = world("object_lock = { mode = \"GOVERNANCE\", days = 30 }\n");
    assert_eq!(default_retention(&world), Some(governance(30)));
    put_object_lock(&world, Some(governance(1)));
    is_repaired(
        &world,
        &["object_lock: GOVERNANCE for 1 day -> GOVERNANCE for 30 days"],
    );
    put_object_lock(&world, None);
    is_repaired(&world, &["-> GOVERNANCE for 30 days"]);
    assert_eq!(default_retention(&world), Some(governance(30)));

    // It cannot be switched off, and holds versioning.
    write(&world, "object_lock = \"none\"\n");
    is_repaired(&world, &["-> no default retention (Object Lock stays on)"]);
    assert_eq!(default_retention(&world), None);
    assert!(object_lock(&world).is_some());
    write(&world, "versioning = false\n");
    world
        .run(&["plan", "spec.toml"])
        .exits(5)
        .prints("Object Lock is on, which can never be switched off");
}

#[test]
fn a_bucket_that_is_there_is_locked_and_the_plan_is_loud() {
    let world = world("");
    assert!(object_lock(&world).is_none());
    write(&world, "object_lock = { mode = \"COMPLIANCE\", years = 1 }\n");
    is_repaired(
        &world,
        &["! cannot be undone: every file that is delivered from then on is locked for 1 year"],
    );
    let retention = default_retention(&world).expect("a default retention");
    assert_eq!(retention.years(), Some(1));
}

#[test]
fn a_bucket_without_versioning_is_not_locked() {
    let world = world("versioning = false\n");
    write(&world, "object_lock = { mode = \"GOVERNANCE\", days = 1 }\n");
    world
        .run(&["plan", "spec.toml"])
        .exits(5)
        .prints("write `versioning = true`");
    write(
        &world,
        "versioning = true\nobject_lock = { mode = \"GOVERNANCE\", days = 1 }\n",
    );
    world.apply();
    world.expect_no_differences();
    // Nobody takes versioning off now.
    let suspended = VersioningConfiguration::builder()
        .status(BucketVersioningStatus::Suspended)
        .build();
    let put = Clients::of(&world)
        .s3
        .put_bucket_versioning()
        .bucket(bucket(&world))
        .versioning_configuration(suspended);
    assert!(wait(put.send()).is_err());
}

#[test]
fn access_logs_go_to_another_bucket() {
    let logging =
        "access_logging = { bucket = \"access\" }\n[bucket.access]\nname = \"store-123456789012-access\"\n";
    let world = world(logging);
    let enabled = || {
        let get = Clients::of(&world).s3.get_bucket_logging().bucket(bucket(&world));
        wait(get.send()).expect("an answer").logging_enabled
    };
    let target = format!("store-{}-access", world.account);
    let prefix = format!("{}/", bucket(&world));
    let live = enabled().expect("access logs");
    assert_eq!((live.target_bucket(), live.target_prefix()), (&*target, &*prefix));
    // S3 may write there, and only what comes from the bucket.
    let get = Clients::of(&world).s3.get_bucket_policy().bucket(&target);
    let policy = wait(get.send()).expect("a policy").policy.unwrap_or_default();
    assert!(policy.contains("logging.s3.amazonaws.com"), "{policy}");

    let put = Clients::of(&world)
        .s3
        .put_bucket_logging()
        .bucket(bucket(&world))
        .bucket_logging_status(BucketLoggingStatus::builder().build());
    wait(put.send()).expect("no access logs");
    is_repaired(&world, &["access_logging: (none) -> s3://store-"]);
    assert!(enabled().is_some());

    // The bucket of the access logs goes after the other one has turned away from it.
    write(&world, "access_logging = \"none\"\n");
    world
        .run(&["apply", "spec.toml", "--yes", "--allow-blinding", "ALL"])
        .exits(0);
    world.expect_no_differences();
    assert!(enabled().is_none());
    assert!(wait(Clients::of(&world).s3.head_bucket().bucket(&target).send()).is_err());
}

#[test]
fn access_logs_go_to_a_bucket_that_is_there() {
    let world = World::on_sandbox();
    write(
        &world,
        "access_logging = { bucket = { existing = \"central-123456789012\" }, prefix = \"s3/\" }\n",
    );
    world
        .run(&["plan", "spec.toml"])
        .exits(5)
        .prints("takes the bucket `central-");
    let central = format!("central-{}", world.account);
    wait(Clients::of(&world).s3.create_bucket().bucket(&central).send()).expect("a bucket");
    world
        .run(&["plan", "spec.toml"])
        .exits(0)
        .prints("its policy is its owner's to write")
        .prints("\"Service\":\"logging.s3.amazonaws.com\"");
    world.apply();
    world.expect_no_differences();
}

#[test]
fn nobody_reads_or_writes_without_tls() {
    let world = world("tls_only = true\n");
    let policy = || {
        let get = Clients::of(&world).s3.get_bucket_policy().bucket(bucket(&world));
        wait(get.send()).expect("a policy").policy.unwrap_or_default()
    };
    let denies = |policy: &str| policy.contains("aws:SecureTransport");
    assert!(denies(&policy()));
    // Somebody takes the statement out.
    let mut document: serde_json::Value = serde_json::from_str(&policy()).expect("JSON");
    let statements = document["Statement"].as_array_mut().expect("statements");
    statements.retain(|statement| statement["Effect"] != "Deny");
    let put = Clients::of(&world)
        .s3
        .put_bucket_policy()
        .bucket(bucket(&world))
        .policy(document.to_string());
    wait(put.send()).expect("a policy");
    let plan = world.run(&["plan", "spec.toml", "--detailed-exitcode"]).exits(2);
    assert!(!plan.stdout.contains("blind until applied"), "{}", plan.stdout);
    is_repaired(&world, &["\"aws:SecureTransport\": \"false\""]);
    assert!(denies(&policy()));
    // CloudTrail delivers over TLS; without the key the statement goes.
    write(&world, "");
    is_repaired(&world, &["TlsOnly"]);
    assert!(!denies(&policy()));
}

#[test]
fn another_account_s_bucket_needs_its_owner() {
    let world = World::on_sandbox();
    write(&world, "");
    let spec = SPEC
        .replace(
            "bucket = \"logs\"",
            "bucket = { existing = \"central\", owner = \"999999999999\" }",
        )
        .replace("[bucket.logs]\nname = \"store-123456789012\"\n", "")
        .replace("123456789012", &world.account);
    world.write("spec.toml", &spec);
    let plan = world.run(&["plan", "spec.toml"]).exits(0);
    let note = plan
        .stdout
        .lines()
        .find(|line| line.contains("bucket.central: its policy is its owner's to write"));
    let json = note
        .and_then(|note| note.split_once("same: "))
        .expect("statements")
        .1;
    // What is printed is what the owner can write.
    let owner = Clients::at(&world.endpoint, "999999999999").s3;
    wait(owner.create_bucket().bucket("central").send()).expect("a bucket");
    let policy = format!("{{\"Version\":\"2012-10-17\",\"Statement\":{json}}}");
    wait(owner.put_bucket_policy().bucket("central").policy(policy).send()).expect("a policy");
    world.apply();
    let plan = world.expect_no_differences();
    assert!(!plan.stdout.contains("its owner's to write"), "{}", plan.stdout);
}
