//! The options of a bucket: what becomes of its files, who can delete them, who writes down who read
//! them, and policies that are somebody else's to write.

use insta::assert_snapshot;
use trailwarden_diff::RefusalCode;
use trailwarden_spec::kinds::{
    AccessLogging, Bucket, BucketPolicy, DefaultRetention, Lifecycle, LockMode, ObjectLock, Period,
    StorageClass, Transition,
};
use trailwarden_spec::leaf::{Managed, Owner, Tags};
use trailwarden_spec::{Address, Kind, Object};

use crate::fixture::{Story, address, scope};

const NAME: &str = "acme-123456789012-account-activity";

fn at(kind: Kind, name: &str) -> Address {
    scope().address(kind, name)
}

fn wish(story: &mut Story) -> &mut Bucket {
    match story.wish(&format!("bucket.{NAME}")) {
        Object::Bucket(bucket) => bucket,
        other => panic!("{other:?}"),
    }
}

fn held(story: &mut Story) -> &mut Bucket {
    match &mut story.found(&format!("bucket.{NAME}")).value {
        Object::Bucket(bucket) => bucket,
        other => panic!("{other:?}"),
    }
}

fn for_years() -> Lifecycle {
    Lifecycle {
        expire_days: Some(2555),
        transition: Some(Transition {
            days: 90,
            class: StorageClass::GlacierIr,
        }),
        noncurrent_expire_days: Some(30),
        abort_incomplete_upload_days: Some(7),
        beside: Vec::new(),
    }
}

fn locked(mode: LockMode, days: u32) -> Managed<ObjectLock> {
    Managed::Set(ObjectLock::Default(DefaultRetention {
        mode,
        period: Period::Days(days),
    }))
}

fn another_bucket(name: &str) -> Bucket {
    Bucket {
        name: name.into(),
        region: "us-east-1".into(),
        public_access_blocked: true,
        encryption: Managed::Leave,
        versioning: Managed::Leave,
        object_ownership: Managed::Leave,
        bucket_key: Managed::Leave,
        lifecycle: Managed::Leave,
        object_lock: Managed::Leave,
        access_logging: Managed::Leave,
        tags: Tags::default(),
    }
}

#[test]
fn a_bucket_is_made_with_all_of_its_options() {
    let mut story = Story::new();
    let mut logs = BucketPolicy::for_trails("acme-prod", &scope(), "acme-access", []);
    logs = logs.and_access_logs("acme-prod", &scope(), NAME, "s3/");
    story.wants("bucket.access", another_bucket("acme-access"));
    story.wants("bucket.access", logs);
    let bucket = wish(&mut story);
    bucket.lifecycle = Managed::Set(Some(for_years()));
    bucket.object_lock = locked(LockMode::Compliance, 365);
    bucket.access_logging = Managed::Set(Some(AccessLogging {
        bucket: "acme-access".into(),
        prefix: "s3/".into(),
    }));
    let mut plan = story.plan();
    let step = |kind: Kind, name: &str| {
        let mut steps = plan.steps.iter();
        steps.position(|step| step.address == at(kind, name)).unwrap()
    };
    let target = [Kind::Bucket, Kind::BucketPolicy].map(|kind| step(kind, "acme-access"));
    assert_eq!(plan.steps[step(Kind::Bucket, NAME)].needs, target);
    plan.steps
        .retain(|step| matches!(step.address.kind, Kind::Bucket | Kind::BucketPolicy));
    for step in &mut plan.steps {
        step.needs.clear();
    }
    assert_snapshot!(anstream::adapter::strip_str(&trailwarden_diff::render::text(
        &plan
    )));
}

#[test]
fn the_lifecycle_was_changed() {
    let mut story = Story::applied();
    wish(&mut story).lifecycle = Managed::Set(Some(for_years()));
    held(&mut story).lifecycle = Managed::Set(Some(Lifecycle {
        expire_days: Some(30),
        beside: vec!["of some objects only".into()],
        ..Lifecycle::default()
    }));
    assert_snapshot!(story.text());
    // Without a word of it nobody looks.
    wish(&mut story).lifecycle = Managed::Leave;
    held(&mut story).lifecycle = Managed::Leave;
    assert!(story.plan().is_empty());
}

#[test]
fn a_lock_that_nobody_can_take_off_is_loud() {
    let mut story = Story::applied();
    wish(&mut story).object_lock = locked(LockMode::Compliance, 365);
    assert_snapshot!(story.text());
    held(&mut story).object_lock = locked(LockMode::Compliance, 365);
    assert!(story.plan().is_empty());
    // A lock that is there and only gets weaker takes nothing back.
    wish(&mut story).object_lock = locked(LockMode::Governance, 365);
    assert_eq!(story.plan().steps[0].lasts, None);
}

#[test]
fn object_lock_stays_on_without_a_default_retention() {
    let mut story = Story::applied();
    wish(&mut story).object_lock = locked(LockMode::Governance, 30);
    let lasts = story.plan().steps[0].lasts.clone();
    assert!(
        lasts
            .unwrap()
            .starts_with("Object Lock can never be switched off again")
    );

    wish(&mut story).object_lock = Managed::Set(ObjectLock::Off);
    held(&mut story).object_lock = locked(LockMode::Governance, 30);
    assert_snapshot!(story.text());
    for is in [ObjectLock::NoDefault, ObjectLock::Off] {
        held(&mut story).object_lock = Managed::Set(is);
        assert!(story.plan().is_empty(), "{is:?}");
    }
}

#[test]
fn object_lock_and_versioning_belong_together() {
    let mut story = Story::applied();
    let code = |story: &Story| story.plan().refusals.first().map(|refusal| refusal.code);
    wish(&mut story).versioning = Managed::Set(false);
    held(&mut story).object_lock = Managed::Set(ObjectLock::NoDefault);
    assert_eq!(code(&story), Some(RefusalCode::Impossible));
    held(&mut story).object_lock = Managed::Set(ObjectLock::Off);
    assert_eq!(code(&story), None);

    held(&mut story).versioning = Managed::Set(false);
    wish(&mut story).versioning = Managed::Leave;
    wish(&mut story).object_lock = locked(LockMode::Governance, 30);
    assert_snapshot!(story.text());
    wish(&mut story).versioning = Managed::Set(true);
    assert_eq!(code(&story), None);
}

#[test]
fn buckets_that_log_to_each_other_do_not_wait_for_each_other() {
    let mut story = Story::applied();
    for (name, other) in [("acme-a", "acme-b"), ("acme-b", "acme-a")] {
        let mut bucket = another_bucket(name);
        bucket.access_logging = Managed::Set(Some(AccessLogging {
            bucket: other.into(),
            prefix: String::new(),
        }));
        story.wants("bucket.old", bucket);
    }
    story.apply();
    story.drops("bucket.acme-a");
    story.drops("bucket.acme-b");
    for owner in [Owner::Ours, Owner::Adopted] {
        for name in ["bucket.acme-a", "bucket.acme-b"] {
            story.found(name).owner = owner.clone();
        }
        story.allow_blinding(&["bucket.acme-a", "bucket.acme-b"]);
        let plan = story.plan();
        assert_eq!(plan.steps.len(), 2, "{owner:?}");
        for step in &plan.steps {
            assert_eq!(step.needs, [0_usize; 0], "{owner:?}");
        }
    }
}

#[test]
fn a_bucket_without_tls_only_is_not_blind() {
    let mut story = Story::applied();
    let policy = BucketPolicy::for_trails("acme-prod", &scope(), NAME, [("account-activity", None)]);
    story.wants("bucket.logs", policy.and_tls_only("acme-prod", &scope()));
    assert_snapshot!(story.text());
    let plan = story.plan();
    assert_eq!(plan.steps[0].restores, None);
}

#[test]
fn the_owner_of_another_bucket_is_told_what_to_write() {
    let mut story = Story::applied();
    story.drops(&format!("bucket.{NAME}"));
    story.drops(&format!("bucket_policy.{NAME}"));
    story.live.objects.remove(&address(&format!("bucket.{NAME}")));
    story
        .live
        .objects
        .remove(&address(&format!("bucket_policy.{NAME}")));
    let Object::Trail(trail) = story.wish("trail.account-activity") else {
        unreachable!()
    };
    trail.bucket = "central-logs".into();
    trail.prefix = Some("acme".into());
    assert_snapshot!(story.text());
    // Once it delivers there is nothing to tell.
    let Object::Trail(trail) = &mut story.found("trail.account-activity").value else {
        unreachable!()
    };
    trail.bucket = "central-logs".into();
    trail.prefix = Some("acme".into());
    assert_eq!(story.plan().notes, []);
}
