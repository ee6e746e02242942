use trailwarden_account::{ErrorKind, Mutate, Observe};
use trailwarden_policy::Statement;
use trailwarden_spec::compare::{Compare, Verdict};
use trailwarden_spec::kinds::{Bucket, Encryption, Key, KeyPolicy, KeyState, KeyUse, Resource, Trail};
use trailwarden_spec::leaf::{KeyRef, Managed, Statements, sid};
use trailwarden_spec::{Kind, Object};

use crate::survey::wanted;
use crate::trail::{activity, ground};
use crate::{Account, STACK, bucket, provider, tags};

fn key() -> Key {
    Key {
        name: "acme-logs".into(),
        description: Managed::Leave,
        state: KeyState::Enabled,
        rotation: true,
        rotation_days: Managed::Leave,
        tags: tags(&[("team", "security")]),
    }
}

fn policy(account: &Account, uses: &[KeyUse<'_>]) -> KeyPolicy {
    KeyPolicy::for_uses(STACK, &account.scope, "acme-logs", uses.to_vec())
}

fn kms(account: &Account) -> aws_sdk_kms::Client {
    aws_sdk_kms::Client::new(&account.sdk())
}

async fn arn(account: &Account) -> String {
    let described = kms(account)
        .describe_key()
        .key_id("alias/acme-logs")
        .send()
        .await
        .unwrap();
    described.key_metadata.unwrap().arn.unwrap()
}

#[tokio::test]
async fn a_key_is_made_changed_and_let_go() {
    let account = Account::new().await;
    let made = account.bring(key()).await;
    assert_eq!(made.facts.arn, Some(arn(&account).await));
    assert!(
        made.facts.holds_data && made.facts.inexpressible.is_empty(),
        "{:?}",
        made.facts
    );
    account
        .bring(Key {
            description: Managed::Set("log files".into()),
            rotation_days: Managed::Set(90),
            tags: tags(&[("cost", "42")]),
            ..key()
        })
        .await;
    account
        .bring(Key {
            rotation: false,
            ..key()
        })
        .await;
    kms(&account)
        .disable_key()
        .key_id(arn(&account).await)
        .send()
        .await
        .unwrap();
    account.bring(key()).await;

    account.provider.release(&key().into()).await.unwrap();
    let listed = kms(&account)
        .list_resource_tags()
        .key_id(arn(&account).await)
        .send()
        .await
        .unwrap();
    let left: Vec<_> = listed
        .tags()
        .iter()
        .map(aws_sdk_kms::types::Tag::tag_key)
        .collect();
    assert_eq!(left, ["team"]);
    account.provider.adopt(&key().into()).await.unwrap();

    account.provider.delete(&key().into()).await.unwrap();
    account.provider.delete(&key().into()).await.unwrap();
    let Some(found) = account.read(&key().into()).await else {
        panic!("it waits for its deletion")
    };
    let Object::Key(leaving) = &found.value else {
        panic!("{found:?}")
    };
    let why = key().refuses(leaving, &found.facts).unwrap();
    assert!(why.contains("cancel-key-deletion"), "{why}");
}

#[tokio::test]
async fn a_create_that_did_not_come_to_the_alias_goes_on_with_the_same_key() {
    let account = Account::new().await;
    account.bring(key()).await;
    let first = arn(&account).await;
    let sdk = kms(&account);
    sdk.delete_alias()
        .alias_name("alias/acme-logs")
        .send()
        .await
        .unwrap();
    let live = account
        .provider
        .survey(&wanted(&account, [key().into()]))
        .await
        .unwrap();
    assert_eq!(live.attention.len(), 1, "{:?}", live.attention);
    assert_eq!(live.attention[0].code, "key-without-alias");
    account
        .bring(Key {
            rotation_days: Managed::Set(180),
            ..key()
        })
        .await;
    assert_eq!(arn(&account).await, first);
    let live = account
        .provider
        .survey(&wanted(&account, [key().into()]))
        .await
        .unwrap();
    assert_eq!(live.attention, []);
    // Another stack's key is another key.
    let other = provider(&account.sandbox, "other", "us-east-1").await;
    let theirs = Key {
        name: "theirs".into(),
        ..key()
    };
    other.create(&theirs.into()).await.unwrap();
    assert_eq!(sdk.list_keys().send().await.unwrap().keys().len(), 2);
}

#[tokio::test]
async fn our_statements_come_and_go_and_the_account_s_stays() {
    let account = Account::new().await;
    account.bring(key()).await;
    let uses = [KeyUse::Trail("acme"), KeyUse::LogGroup("/acme"), KeyUse::Alarms];
    let found = account.bring(policy(&account, &uses)).await;
    assert_eq!(found.facts.foreign_statements.len(), 1);
    // A log group's events stay under the key that they came under.
    let found = account.bring(policy(&account, &[])).await;
    let Object::KeyPolicy(kept) = &found.value else {
        panic!("{found:?}")
    };
    assert_eq!(kept.statements, policy(&account, &uses[1..2]).statements);
    account
        .provider
        .delete(&policy(&account, &[]).into())
        .await
        .unwrap();
    let text = kms(&account)
        .get_key_policy()
        .key_id(arn(&account).await)
        .send()
        .await
        .unwrap();
    let text = text.policy.unwrap();
    assert!(
        text.contains("Enable IAM User Permissions") && !text.contains("Trailwarden"),
        "{text}"
    );
}

#[tokio::test]
async fn a_policy_that_nobody_could_take_back_is_not_written() {
    let account = Account::new().await;
    account.bring(key()).await;
    let put = |policy: &str| {
        let sdk = kms(&account);
        let policy = policy.to_owned();
        async move {
            let arn = sdk.describe_key().key_id("alias/acme-logs").send().await.unwrap();
            let put = sdk
                .put_key_policy()
                .key_id(arn.key_metadata.unwrap().arn.unwrap());
            put.policy(policy)
                .bypass_policy_lockout_safety_check(true)
                .send()
                .await
                .unwrap();
        }
    };
    let locked = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Theirs","Effect":"Allow",
        "Principal":{"AWS":"arn:aws:iam::123456789012:role/admin"},"Action":"kms:*","Resource":"*"}]}"#;
    put(locked).await;
    let ours: Object = policy(&account, &[KeyUse::Alarms]).into();
    let error = account.provider.create(&ours).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused, "{error}");
    assert!(error.message.contains("nobody could take it back"), "{error}");

    let many = (0..300).map(|n| {
        Statement::allow(sid(STACK, &format!("Many{n}")))
            .service("cloudtrail.amazonaws.com")
            .action("kms:GenerateDataKey*")
            .resource("*")
    });
    put(&locked.replace("role/admin", "root")).await;
    let policy = KeyPolicy {
        key: "acme-logs".into(),
        statements: Statements::new(many.collect()),
    };
    let error = account.provider.create(&policy.into()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Limit, "{error}");
    account.bring(ours).await;
}

#[tokio::test]
async fn a_trail_and_its_bucket_are_encrypted_and_read_by_the_alias() {
    let account = Account::new().await;
    ground(&account).await;
    account.bring(key()).await;
    let reference = KeyRef::alias(&account.scope, "acme-logs");
    let encrypted = Trail {
        key: Managed::Set(Some(reference.clone())),
        ..activity(&account)
    };
    let error = account
        .provider
        .create(&encrypted.clone().into())
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotPropagated, "{error}");
    assert!(
        error.hint.as_deref().is_some_and(|hint| hint.contains("KMS key")),
        "{error}"
    );
    account.bring(policy(&account, &[KeyUse::Trail("acme")])).await;
    account.bring(encrypted.clone()).await;
    let bucket = Bucket {
        encryption: Managed::Set(Encryption::Kms(Some(reference.clone()))),
        ..bucket::logs()
    };
    account.bring(bucket.clone()).await;
    account
        .bring(Bucket {
            bucket_key: Managed::Set(false),
            ..bucket
        })
        .await;

    // Another process knows of the alias what the spec says.
    let again = provider(&account.sandbox, STACK, "us-east-1").await;
    let objects: [Object; 2] = [key().into(), encrypted.clone().into()];
    let live = again.survey(&wanted(&account, objects)).await.unwrap();
    let found = &live.objects[&account.scope.address(Kind::Trail, "acme")];
    let Object::Trail(trail) = &found.value else {
        panic!("{found:?}")
    };
    assert_eq!(encrypted.key.verdict(&trail.key), Verdict::Same);
    // A spec without a word of keys asks KMS nothing of what is not the stack's, and keeps it.
    let silent = provider(&account.sandbox, "other", "us-east-1").await;
    silent
        .survey(&wanted(&account, [activity(&account).into()]))
        .await
        .unwrap();
    assert!(!silent.calls().by_api.keys().any(|api| api.starts_with("kms:")));
    account.bring(activity(&account)).await;
    let none = Trail {
        key: Managed::Set(None),
        ..activity(&account)
    };
    account.bring(none).await;
}
