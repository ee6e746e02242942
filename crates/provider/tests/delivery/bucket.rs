use aws_sdk_s3::primitives::ByteStream;
use trailwarden_account::{ErrorKind, Mutate, Observe};
use trailwarden_spec::Object;
use trailwarden_spec::kinds::{Bucket, Encryption, ObjectOwnership};
use trailwarden_spec::leaf::{Managed, Owner};

use crate::{Account, provider, tags};

pub(crate) fn logs() -> Bucket {
    Bucket {
        name: "acme-logs".into(),
        region: "us-east-1".into(),
        public_access_blocked: true,
        encryption: Managed::Leave,
        bucket_key: Managed::Leave,
        versioning: Managed::Leave,
        object_ownership: Managed::Leave,
        lifecycle: Managed::Leave,
        object_lock: Managed::Leave,
        access_logging: Managed::Leave,
        tags: tags(&[("team", "security")]),
    }
}

#[tokio::test]
async fn a_bucket_is_made_changed_and_taken_away() {
    let account = Account::new().await;
    let made = account.bring(logs()).await;
    let Object::Bucket(bucket) = &made.value else {
        panic!("{made:?}")
    };
    assert_eq!(bucket.versioning, Managed::Set(true));
    assert_eq!(bucket.encryption, Managed::Set(Encryption::Aes256));
    assert_eq!(
        bucket.object_ownership,
        Managed::Set(ObjectOwnership::BucketOwnerEnforced)
    );
    assert_eq!(made.owner, Owner::Ours);
    assert!(!made.facts.holds_data);
    account
        .bring(Bucket {
            public_access_blocked: false,
            versioning: Managed::Set(false),
            object_ownership: Managed::Set(ObjectOwnership::BucketOwnerPreferred),
            tags: tags(&[("cost", "42")]),
            ..logs()
        })
        .await;
    account.bring(logs()).await;
    account.take_away(&logs().into()).await;
}

#[tokio::test]
async fn a_half_finished_create_goes_on() {
    let account = Account::new().await;
    let desired = Object::from(logs()).complete(None);
    account.provider.create(&desired).await.unwrap();
    account.provider.create(&desired).await.unwrap();
    account.bring(logs()).await;
    let other = provider(&account.sandbox, "other", "us-east-1").await;
    let error = other.create(&desired).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused, "{error}");
    assert_eq!(account.read(&desired).await.unwrap().owner, Owner::Ours);
}

#[tokio::test]
async fn a_bucket_with_log_files_stays() {
    let account = Account::new().await;
    let live = account.bring(logs()).await;
    let s3 = aws_sdk_s3::Client::new(&account.sdk());
    s3.put_object()
        .bucket("acme-logs")
        .key("a")
        .body(ByteStream::from_static(b"{}"))
        .send()
        .await
        .unwrap();
    assert!(account.read(&live.value).await.unwrap().facts.holds_data);
    let error = account.provider.delete(&live.value).await.unwrap_err();
    assert_eq!(
        (error.kind, error.code.as_deref()),
        (ErrorKind::Refused, Some("BucketNotEmpty"))
    );
    assert!(error.hint.unwrap().contains("empty the bucket"));
}

#[tokio::test]
async fn tags_of_others_stay_through_adoption_and_release() {
    let account = Account::new().await;
    let s3 = aws_sdk_s3::Client::new(&account.sdk());
    s3.create_bucket().bucket("acme-logs").send().await.unwrap();
    let cost = aws_sdk_s3::types::Tag::builder()
        .key("cost")
        .value("42")
        .build()
        .unwrap();
    let tagging = aws_sdk_s3::types::Tagging::builder()
        .tag_set(cost)
        .build()
        .unwrap();
    s3.put_bucket_tagging()
        .bucket("acme-logs")
        .tagging(tagging)
        .send()
        .await
        .unwrap();
    let found = account.read(&logs().into()).await.unwrap();
    assert_eq!(found.owner, Owner::Foreign);
    account.provider.adopt(&found.value).await.unwrap();
    let live = account.bring(logs()).await;
    assert_eq!(live.owner, Owner::Adopted);
    account.provider.release(&live.value).await.unwrap();
    let found = account.read(&live.value).await.unwrap();
    assert_eq!(found.owner, Owner::Foreign);
    assert_eq!(
        found.value.tags().unwrap().all().get("cost").map(String::as_str),
        Some("42")
    );
}

#[tokio::test]
async fn a_bucket_of_another_region_is_read_there() {
    let account = Account::new().await;
    let far = provider(&account.sandbox, "acme", "eu-west-1").await;
    let bucket = Bucket {
        region: "eu-west-1".into(),
        ..logs()
    };
    far.create(&Object::from(bucket).complete(None)).await.unwrap();
    let found = account
        .provider
        .read(&account.scope.address(trailwarden_spec::Kind::Bucket, "acme-logs"))
        .await;
    let found = found.unwrap().unwrap();
    let refusal = Object::from(logs()).refuses(&found.value, &found.facts).unwrap();
    assert!(refusal.contains("eu-west-1"), "{refusal}");
}
