use trailwarden_account::{ErrorKind, Mutate, Observe};
use trailwarden_provider::Provider;
use trailwarden_spec::kinds::{Key, KeyState};
use trailwarden_spec::leaf::Managed;
use trailwarden_spec::wanted::Stack;

use super::Account;
use crate::common::*;
use crate::support::Refusal;

const DENIED: Refusal = (400, "AccessDeniedException", "User is not authorized.");

/// What the tag index says before it knows of anything.
const NOTHING: &str = r#"{"PaginationToken":"","ResourceTagMappingList":[]}"#;

fn key(name: &str) -> Key {
    Key {
        name: name.into(),
        description: Managed::Leave,
        state: KeyState::Enabled,
        rotation: true,
        rotation_days: Managed::Leave,
        tags: tags(&[("team", "security")]),
    }
}

/// A key that a create left behind before it came to the alias.
async fn begun(account: &Account, provider: &Provider, name: &str) {
    account.faults.refuse("CreateAlias", 1, DENIED);
    let error = provider.create(&key(name).into()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied, "{error}");
}

/// How many keys creates made since the last question.
fn made(account: &Account) -> usize {
    let seen = account.faults.seen().into_iter();
    seen.filter(|operation| operation == "CreateKey").count()
}

/// How many keys were made since the last question, and how many are to be deleted.
fn made_and_left(account: &Account) -> (usize, usize) {
    let seen = account.faults.seen();
    let count = |name: &str| seen.iter().filter(|operation| *operation == name).count();
    (count("CreateKey"), count("ScheduleKeyDeletion"))
}

#[tokio::test]
async fn a_key_that_was_begun_is_found_before_the_index_knows_it() {
    let account = Account::new().await;
    let theirs = Stack {
        name: "other".into(),
        ..stack()
    };
    let client = account.faults.before(account.sandbox.http_client());
    let other = Provider::connect(settings(client), &theirs).await.unwrap();
    // Neither another stack's key nor one of another name is taken for it.
    begun(&account, &other, "acme-main").await;
    begun(&account, &account.provider, "acme-second").await;
    begun(&account, &account.provider, "acme-main").await;
    account.provider.create(&key("acme-third").into()).await.unwrap();
    assert_eq!(made(&account), 4);

    account.faults.answer("GetResources", NOTHING);
    account.provider.create(&key("acme-main").into()).await.unwrap();
    assert_eq!(made(&account), 0);
    let wanted = wanted([key("acme-main").into()]);
    let live = account.provider.survey(&wanted).await.unwrap();
    let alone: Vec<&str> = live.attention.iter().map(|each| each.code).collect();
    assert_eq!(alone, ["key-without-alias"], "{:?}", live.attention);

    // What has its alias by now is no longer begun: the create goes on with it, and the key that it made
    // before KMS said so goes again.
    account.faults.answer("GetResources", NOTHING);
    account.provider.create(&key("acme-main").into()).await.unwrap();
    assert_eq!(made_and_left(&account), (1, 1));
    let live = account.provider.survey(&wanted).await.unwrap();
    let alone: Vec<&str> = live.attention.iter().map(|each| each.code).collect();
    assert_eq!(alone, ["key-without-alias"], "{:?}", live.attention);
    account.faults.seen();

    // Another stack's key behind the alias is not ours to go on with.
    other.create(&key("acme-theirs").into()).await.unwrap();
    account.faults.seen();
    let error = account
        .provider
        .create(&key("acme-theirs").into())
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused, "{error}");
    assert_eq!(made_and_left(&account), (1, 1));
}

#[tokio::test]
async fn who_may_not_list_keys_makes_one_all_the_same() {
    let account = Account::new().await;
    account.faults.refuse("ListKeys", 1, DENIED);
    account.provider.create(&key("acme-main").into()).await.unwrap();
    assert_eq!(made(&account), 1);
}
