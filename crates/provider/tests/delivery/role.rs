use trailwarden_account::{ErrorKind, Mutate};
use trailwarden_policy::{Policy, Statement};
use trailwarden_spec::kinds::Role;
use trailwarden_spec::leaf::{Managed, Owner, PolicyText};

use crate::{Account, provider, tags};

pub(crate) fn delivery(account: &Account) -> Role {
    let role = Role::for_delivery(
        &account.scope,
        "/trailwarden/acme/",
        "acme-activity",
        &["/acme/activity"],
    );
    Role {
        tags: tags(&[("team", "security")]),
        ..role
    }
}

#[tokio::test]
async fn a_role_is_made_changed_and_taken_away() {
    let account = Account::new().await;
    let role = delivery(&account);
    let made = account.bring(role.clone()).await;
    assert_eq!(made.owner, Owner::Ours);
    assert_eq!(
        made.facts.arn.as_deref(),
        Some("arn:aws:iam::123456789012:role/trailwarden/acme/acme-activity")
    );
    let boundary = "arn:aws:iam::aws:policy/PowerUserAccess".to_owned();
    let trust = Policy::new(vec![
        Statement::allow("CloudTrail")
            .service("cloudtrail.amazonaws.com")
            .action("sts:AssumeRole")
            .condition("StringEquals", "aws:SourceAccount", crate::ACCOUNT),
    ]);
    let other = Role::for_delivery(
        &account.scope,
        "/trailwarden/acme/",
        "acme-activity",
        &["/acme/other"],
    );
    account
        .bring(Role {
            trust: PolicyText(trust),
            permissions_boundary: Managed::Set(Some(boundary)),
            tags: tags(&[("cost", "42")]),
            ..other
        })
        .await;
    account
        .bring(Role {
            policy: None,
            permissions_boundary: Managed::Set(None),
            ..role.clone()
        })
        .await;
    account.bring(role.clone()).await;
    account.take_away(&role.into()).await;
}

#[tokio::test]
async fn a_half_finished_create_goes_on_and_a_foreign_role_stays() {
    let account = Account::new().await;
    let role = delivery(&account);
    let bare = Role {
        policy: None,
        ..role.clone()
    };
    account.bring(bare).await;
    account.provider.create(&role.clone().into()).await.unwrap();
    account.bring(role.clone()).await;
    let other = provider(&account.sandbox, "other", "us-east-1").await;
    assert_eq!(
        other.create(&role.into()).await.unwrap_err().kind,
        ErrorKind::Refused
    );
}

#[tokio::test]
async fn a_role_with_policies_of_others_stays_whole() {
    let account = Account::new().await;
    let live = account.bring(delivery(&account)).await;
    let iam = aws_sdk_iam::Client::new(&account.sdk());
    let document = Policy::new(vec![Statement::allow("X").action("s3:GetObject").resource("*")]).to_json();
    let put = iam
        .put_role_policy()
        .role_name("acme-activity")
        .policy_name("theirs")
        .policy_document(document);
    put.send().await.unwrap();
    let error = account.provider.delete(&live.value).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.message.contains("theirs"), "{error}");
    assert_eq!(account.read(&live.value).await.unwrap().value, live.value);
}
