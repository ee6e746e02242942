use trailwarden_account::{ErrorKind, Mutate};
use trailwarden_policy::Statement;
use trailwarden_spec::Object;
use trailwarden_spec::kinds::BucketPolicy;
use trailwarden_spec::leaf::{Statements, sid};

use crate::{Account, STACK, bucket};

fn policy(account: &Account, prefix: Option<&str>) -> BucketPolicy {
    BucketPolicy::for_trails(STACK, &account.scope, "acme-logs", [("acme", prefix)])
}

const FOREIGN: &str = r#"{"Version":"2012-10-17","Id":"theirs","Statement":[
    {"Sid":"Tls","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::acme-logs/*",
     "Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#;

#[tokio::test]
async fn our_statements_come_and_go_and_foreign_ones_stay() {
    let account = Account::new().await;
    account.bring(bucket::logs()).await;
    let s3 = aws_sdk_s3::Client::new(&account.sdk());
    assert_eq!(account.read(&policy(&account, None).into()).await, None);
    s3.put_bucket_policy()
        .bucket("acme-logs")
        .policy(FOREIGN)
        .send()
        .await
        .unwrap();
    let found = account.bring(policy(&account, None)).await;
    assert_eq!(found.facts.foreign_statements.len(), 1);
    account.bring(policy(&account, Some("trail"))).await;
    let text = s3
        .get_bucket_policy()
        .bucket("acme-logs")
        .send()
        .await
        .unwrap()
        .policy
        .unwrap();
    assert!(
        text.contains("\"Tls\"") && text.contains("acme-logs/trail/AWSLogs"),
        "{text}"
    );
    account
        .provider
        .delete(&policy(&account, None).into())
        .await
        .unwrap();
    let live = account.read(&policy(&account, None).into()).await.unwrap();
    let Object::BucketPolicy(ours) = &live.value else {
        panic!("{live:?}")
    };
    assert!(ours.statements.is_empty());
    let text = s3
        .get_bucket_policy()
        .bucket("acme-logs")
        .send()
        .await
        .unwrap()
        .policy
        .unwrap();
    let kept = trailwarden_policy::Policy::parse(&text).unwrap();
    assert_eq!(kept, trailwarden_policy::Policy::parse(FOREIGN).unwrap());
}

#[tokio::test]
async fn a_policy_without_statements_is_deleted() {
    let account = Account::new().await;
    account.bring(bucket::logs()).await;
    account.bring(policy(&account, None)).await;
    account.take_away(&policy(&account, None).into()).await;
}

#[tokio::test]
async fn a_policy_that_s3_would_not_take_is_not_sent() {
    let account = Account::new().await;
    account.bring(bucket::logs()).await;
    let many = (0..400).map(|n| {
        Statement::allow(sid(STACK, &format!("Many{n}")))
            .service("cloudtrail.amazonaws.com")
            .action("s3:GetBucketAcl")
            .resource("arn:aws:s3:::acme-logs")
    });
    let policy = BucketPolicy {
        bucket: "acme-logs".into(),
        statements: Statements::new(many.collect()),
    };
    let error = account.provider.create(&policy.into()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Limit, "{error}");
}
