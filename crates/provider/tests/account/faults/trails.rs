use trailwarden_account::{ErrorKind, Mutate, Observe};
use trailwarden_spec::Object;
use trailwarden_spec::kinds::{BucketPolicy, Trail};

use super::Account;
use crate::common::*;
use crate::support::Refusal;

const KEY: Refusal = (
    400,
    "InsufficientEncryptionPolicyException",
    "Insufficient permissions to access S3 bucket acme-logs or KMS key k.",
);

/// An account with all that a trail needs, and the trail.
async fn ready() -> (Account, Trail) {
    let account = Account::new().await;
    let mut objects = chain(0);
    let Some(Object::Trail(trail)) = objects.pop() else {
        panic!("the chain ends with its trail")
    };
    for object in objects {
        make(&account.provider, object).await;
    }
    account.faults.seen();
    (account, trail)
}

#[tokio::test]
async fn a_bucket_that_cloudtrail_does_not_see_yet_is_waited_for() {
    let (account, trail) = ready().await;
    let unseen = (
        404,
        "S3BucketDoesNotExistException",
        "S3 bucket acme-logs does not exist!",
    );
    account.faults.refuse("CreateTrail", 3, unseen);
    account.provider.create(&trail.clone().into()).await.unwrap();
    assert_eq!(account.waits().len(), 3);

    account.provider.delete(&trail.clone().into()).await.unwrap();
    account.faults.refuse("CreateTrail", 100, unseen);
    let error = account.provider.create(&trail.into()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotPropagated);
    assert!(
        error
            .hint
            .unwrap()
            .contains("is there and CloudTrail does not see it")
    );
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_told() {
    let account = Account::new().await;
    let Some(Object::Trail(trail)) = chain(0).pop() else {
        panic!("the chain ends with its trail")
    };
    let error = account.provider.create(&trail.into()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound, "{error}");
    assert_eq!(error.hint.as_deref(), Some("there is no bucket `acme-logs`"));
}

#[tokio::test]
async fn a_conflict_ends_within_minutes() {
    let (account, trail) = ready().await;
    let conflict = (400, "ConflictException", "The trail is not ready");
    account.faults.refuse("PutEventSelectors", 12, conflict);
    account.provider.create(&trail.clone().into()).await.unwrap();
    assert!(account.waits().iter().all(|what| what.contains("another change")));
    account.faults.refuse("StopLogging", 1000, conflict);
    let quiet = Trail {
        logging: false,
        ..trail.clone()
    };
    let error = account
        .provider
        .update(&trail.into(), &quiet.into())
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Service, "{error}");
}

#[tokio::test]
async fn a_trail_with_a_key_waits_for_the_policy_of_its_new_bucket() {
    let (account, trail) = ready().await;
    account.provider.create(&trail.clone().into()).await.unwrap();
    let before = Trail {
        prefix: Some("old".into()),
        ..trail.clone()
    };
    account.faults.refuse("UpdateTrail", 2, KEY);
    account
        .provider
        .update(&before.clone().into(), &trail.clone().into())
        .await
        .unwrap();
    assert_eq!(account.waits().len(), 2);

    account.faults.refuse("UpdateTrail", 100, KEY);
    let error = account
        .provider
        .update(&before.into(), &trail.clone().into())
        .await
        .unwrap_err();
    assert!(error.hint.unwrap().contains("KMS key"));
    account.waits();

    // A change that moves nothing has nothing to wait for.
    let (account, trail) = ready().await;
    account.provider.create(&trail.clone().into()).await.unwrap();
    let before = Trail {
        log_file_validation: false,
        ..trail.clone()
    };
    account.faults.refuse("UpdateTrail", 1, KEY);
    let error = account
        .provider
        .update(&before.clone().into(), &trail.clone().into())
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused, "{error}");
    assert!(account.waits().is_empty());

    let elsewhere = BucketPolicy::for_trails("acme", &stack().scope, "acme-logs", [("other", None)]);
    make(&account.provider, elsewhere.into()).await;
    account.faults.refuse("UpdateTrail", 1, KEY);
    let error = account
        .provider
        .update(&before.into(), &trail.into())
        .await
        .unwrap_err();
    assert!(
        error
            .hint
            .unwrap()
            .contains("the policy of the bucket `acme-logs` does not allow")
    );
}

#[tokio::test]
async fn a_trail_that_cannot_be_read_is_told_and_not_left_out() {
    let (account, trail) = ready().await;
    account.provider.create(&trail.clone().into()).await.unwrap();
    let sdk = aws_sdk_cloudtrail::Client::new(
        &aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new("eu-west-1"))
            .http_client(account.sandbox.http_client())
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
                aws_credential_types::Credentials::new(ACCOUNT, "none", None, None, "test"),
            ))
            .build(),
    );
    let policy = BucketPolicy::for_trails("acme", &stack().scope, "acme-logs", [("activity", None)]);
    let far = trailwarden_spec::Scope {
        region: "eu-west-1".into(),
        ..stack().scope
    };
    let theirs = BucketPolicy::for_trails("acme", &far, "acme-logs", [("theirs", None)]);
    let statements = policy
        .statements
        .as_slice()
        .iter()
        .chain(theirs.statements.as_slice());
    let both = BucketPolicy {
        statements: trailwarden_spec::leaf::Statements::new(statements.cloned().collect()),
        ..policy
    };
    make(&account.provider, both.into()).await;
    let create = sdk.create_trail().name("theirs").s3_bucket_name("acme-logs");
    create.is_multi_region_trail(true).send().await.unwrap();
    sdk.start_logging().name("theirs").send().await.unwrap();

    let message = async || {
        let live = account
            .provider
            .survey(&wanted([trail.clone().into()]))
            .await
            .unwrap();
        let told = live
            .attention
            .into_iter()
            .find(|attention| attention.code == "second-trail");
        told.map(|attention| attention.message)
    };
    assert!(message().await.unwrap().contains("records the same"));
    let denied = (400, "AccessDeniedException", "not for members");
    account
        .faults
        .refuse_about("GetEventSelectors", "trail/theirs", 1, denied);
    let said = message().await.unwrap();
    assert!(
        said.contains("`theirs`")
            && said.contains("may record the same")
            && said.contains("what it records cannot be read"),
        "{said}"
    );
}
