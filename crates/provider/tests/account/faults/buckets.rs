use trailwarden_account::{ErrorKind, Mutate, Observe};
use trailwarden_provider::Provider;
use trailwarden_spec::kinds::{
    AccessLogging, Bucket, BucketPolicy, DefaultRetention, Encryption, LockMode, ObjectLock, Period,
};
use trailwarden_spec::leaf::{Managed, Owner};
use trailwarden_spec::wanted::Wanted;
use trailwarden_spec::{Kind, Object, Scope};

use super::Account;
use crate::common::*;
use crate::support::Refusal;

const NO_BUCKET: Refusal = (404, "NoSuchBucket", "The specified bucket does not exist");
const DENIED: Refusal = (403, "AccessDenied", "Access Denied");
const NEW: &str = "all of S3 to know the new bucket";

fn bucket() -> Bucket {
    chain(0)
        .into_iter()
        .find_map(|object| match object {
            Object::Bucket(bucket) => Some(bucket),
            _ => None,
        })
        .unwrap()
}

fn policy() -> BucketPolicy {
    BucketPolicy::for_trails("acme", &stack().scope, "acme-logs", [("activity", None)])
}

async fn is_as_wanted(account: &Account) {
    let found = account
        .provider
        .read(&stack().scope.address(Kind::Bucket, "acme-logs"))
        .await;
    let found = found.unwrap().unwrap();
    assert_eq!(differences(&bucket().into(), &found), Vec::<String>::new());
    assert_eq!(found.owner, Owner::Ours);
}

#[tokio::test]
async fn all_of_a_create_waits_for_s3_to_know_the_bucket() {
    let account = Account::new().await;
    let calls = [
        "GET tagging",
        "PUT publicAccessBlock",
        "PUT versioning",
        "GET encryption",
    ];
    for call in calls {
        account.faults.refuse(call, 2, NO_BUCKET);
    }
    make(&account.provider, bucket().into()).await;
    assert_eq!(account.waits(), vec![NEW; 8]);
    // S3 encrypts as wanted without a word of ours.
    assert!(!account.faults.seen().contains(&"PUT encryption".to_owned()));
    is_as_wanted(&account).await;
}

#[tokio::test]
async fn a_lock_waits_for_versioning_and_access_logs_for_their_bucket() {
    const STATE: Refusal = (
        409,
        "InvalidBucketState",
        "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
    );
    const TARGET: Refusal = (
        400,
        "InvalidTargetBucketForLogging",
        "The target bucket for logging does not exist",
    );
    let account = Account::new().await;
    let target = Bucket {
        name: "acme-access".into(),
        ..bucket()
    };
    make(&account.provider, target.into()).await;
    let before = Bucket {
        versioning: Managed::Set(false),
        ..bucket()
    };
    let before = make(&account.provider, before.into()).await;
    let wanted = Bucket {
        versioning: Managed::Set(true),
        object_lock: Managed::Set(ObjectLock::Default(DefaultRetention {
            mode: LockMode::Governance,
            period: Period::Days(1),
        })),
        access_logging: Managed::Set(Some(AccessLogging {
            bucket: "acme-access".into(),
            prefix: "s3/".into(),
        })),
        ..bucket()
    };
    let wanted = Object::from(wanted).complete(None);
    account.faults.refuse("PUT object-lock", 2, STATE);
    account.faults.refuse("PUT logging", 1, TARGET);
    account.provider.update(&before, &wanted).await.unwrap();
    assert_eq!(
        account.waits(),
        [
            "all of S3 to know the bucket's versioning",
            "all of S3 to know the bucket's versioning",
            "S3 to know the bucket that the access logs go to",
        ]
    );
    let address = stack().scope.address(Kind::Bucket, "acme-logs");
    let found = account.provider.read(&address).await.unwrap().unwrap();
    assert_eq!(differences(&wanted, &found), Vec::<String>::new());
    // Where versioning has been off for long there is nothing to wait for.
    account.faults.refuse("PUT object-lock", 1, STATE);
    let weaker = match &wanted {
        Object::Bucket(bucket) => Bucket {
            object_lock: Managed::Set(ObjectLock::NoDefault),
            ..bucket.clone()
        },
        other => panic!("{other:?}"),
    };
    let error = account
        .provider
        .update(&wanted, &weaker.into())
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.hint.unwrap().contains("versioning"));
}

#[tokio::test]
async fn a_create_that_goes_on_waits_for_the_bucket_to_show() {
    let account = Account::new().await;
    make(&account.provider, bucket().into()).await;
    account
        .faults
        .refuse("PUT", 1, (409, "BucketAlreadyOwnedByYou", "you own it"));
    account.faults.refuse("GET location", 2, NO_BUCKET);
    account.faults.refuse("GET publicAccessBlock", 2, NO_BUCKET);
    make(&account.provider, bucket().into()).await;
    assert_eq!(account.waits(), vec![NEW; 4]);
    is_as_wanted(&account).await;
}

#[tokio::test]
async fn another_default_encryption_is_replaced() {
    let account = Account::new().await;
    let kms = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
               <SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>\
               </ServerSideEncryptionConfiguration>";
    account.faults.answer("GET encryption", kms);
    let wanted = Bucket {
        encryption: Managed::Set(Encryption::Aes256),
        ..bucket()
    };
    make(&account.provider, wanted.into()).await;
    assert!(account.faults.seen().contains(&"PUT encryption".to_owned()));
}

#[tokio::test]
async fn a_bucket_that_takes_no_tags_at_once_is_marked_before_all_else() {
    let denied = "User: arn:aws:iam::123456789012:user/x is not authorized to perform: s3:TagResource";
    for refusal in [
        (
            400,
            "UnsupportedArgument",
            "The request contained an unsupported argument.",
        ),
        (403, "AccessDenied", denied),
    ] {
        let account = Account::new().await;
        account.faults.refuse("PUT", 1, refusal);
        make(&account.provider, bucket().into()).await;
        let requests = account.faults.requests();
        let creates: Vec<&str> = requests
            .iter()
            .filter(|(operation, _)| operation == "PUT")
            .map(|(_, body)| body.as_str())
            .collect();
        assert_eq!(creates.len(), 2);
        assert!(
            creates[0].contains("<Tags>") && creates[1].is_empty(),
            "{creates:?}"
        );
        let writes: Vec<&str> = requests
            .iter()
            .map(|(operation, _)| operation.as_str())
            .filter(|operation| operation.starts_with("PUT "))
            .collect();
        assert_eq!(writes[0], "PUT tagging", "{writes:?}");
        is_as_wanted(&account).await;
    }
}

#[tokio::test]
async fn a_create_that_is_denied_for_another_reason_is_not_repeated() {
    let account = Account::new().await;
    account.faults.refuse("PUT", 1, DENIED);
    let error = account
        .provider
        .create(&Object::from(bucket()).complete(None))
        .await;
    assert_eq!(error.unwrap_err().kind, ErrorKind::Denied);
}

#[tokio::test]
async fn a_bucket_whose_tags_decide_about_access_says_so() {
    let account = Account::new().await;
    let before = make(&account.provider, bucket().into()).await;
    let after = Bucket {
        tags: tags(&[("team", "platform")]),
        ..bucket()
    };
    account.faults.refuse(
        "PUT tagging",
        1,
        (
            405,
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
        ),
    );
    let error = account
        .provider
        .update(&before, &Object::from(after).complete(None))
        .await;
    assert!(error.unwrap_err().hint.unwrap().contains("ABAC"));
}

#[tokio::test]
async fn deletion_with_a_second_factor_has_no_words() {
    let account = Account::new().await;
    make(&account.provider, bucket().into()).await;
    account.faults.answer(
        "GET versioning",
        "<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>",
    );
    let address = stack().scope.address(Kind::Bucket, "acme-logs");
    let found = account.provider.read(&address).await.unwrap().unwrap();
    assert_eq!(found.facts.inexpressible, ["MFA delete"]);
}

fn both() -> Wanted {
    wanted([bucket().into(), policy().into()])
}

#[tokio::test]
async fn a_bucket_of_another_region_does_not_fail_the_survey() {
    let account = Account::new().await;
    let scope = Scope {
        region: "eu-west-1".into(),
        ..stack().scope
    };
    let far = trailwarden_spec::wanted::Stack { scope, ..stack() };
    let settings =
        trailwarden_provider::Settings::over("eu-west-1", "AKIATEST", account.sandbox.http_client());
    let far = Provider::connect(settings, &far).await.unwrap();
    let there = Bucket {
        region: "eu-west-1".into(),
        ..bucket()
    };
    make(&far, there.into()).await;
    make(&far, policy().into()).await;
    let live = account.provider.survey(&both()).await.unwrap();
    let found = &live.objects[&stack().scope.address(Kind::Bucket, "acme-logs")];
    let refusal = Object::from(bucket())
        .refuses(&found.value, &found.facts)
        .unwrap();
    assert!(refusal.contains("a bucket cannot move"), "{refusal}");
    assert!(
        live.objects
            .contains_key(&stack().scope.address(Kind::BucketPolicy, "acme-logs"))
    );
}

#[tokio::test]
async fn a_bucket_of_another_account_is_told_by_its_name() {
    let account = Account::new().await;
    let settings =
        trailwarden_provider::Settings::over(REGION, "999999999999", account.sandbox.http_client());
    let mut theirs = stack();
    theirs.scope.account = "999999999999".into();
    let theirs = Provider::connect(settings, &theirs).await.unwrap();
    make(&theirs, bucket().into()).await;
    let error = account.provider.survey(&both()).await.unwrap_err();
    assert!(
        error
            .hint
            .as_deref()
            .is_some_and(|hint| hint.contains("another account may have")),
        "{error}"
    );
}

#[tokio::test]
async fn a_stale_read_does_not_take_back_what_was_written() {
    let account = Account::new().await;
    let s3 = make(&account.provider, bucket().into()).await;
    let both = BucketPolicy::for_trails(
        "acme",
        &stack().scope,
        "acme-logs",
        [("activity", None), ("b", None)],
    );
    make(&account.provider, policy().into()).await;
    let one = policy();
    account
        .provider
        .update(&one.clone().into(), &both.clone().into())
        .await
        .unwrap();
    // S3 answers with the policy from before the second write, in which there is nothing to change.
    let text = trailwarden_policy::Policy::new(one.statements.as_slice().to_vec()).to_json();
    account.faults.answer("GET policy", text);
    account
        .provider
        .update(&both.into(), &one.clone().into())
        .await
        .unwrap();
    let address = Object::from(one.clone()).address(&stack().scope);
    let found = account.provider.read(&address).await.unwrap().unwrap();
    assert_eq!(found.value, Object::from(one.clone()));
    // A new bucket of the name has nothing of the old one's.
    account.provider.delete(&s3).await.unwrap();
    account.provider.create(&s3).await.unwrap();
    account.provider.create(&one.clone().into()).await.unwrap();
    let found = account.provider.read(&address).await.unwrap().unwrap();
    assert_eq!(found.value, Object::from(one));
}
