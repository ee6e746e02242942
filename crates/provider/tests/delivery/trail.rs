use std::collections::BTreeSet;

use aws_sdk_cloudtrail::types::{AdvancedEventSelector, AdvancedFieldSelector, DataResource, EventSelector};
use trailwarden_account::{ErrorKind, Mutate};
use trailwarden_spec::Object;
use trailwarden_spec::kinds::{BucketPolicy, Delivery, LogGroup, ManagementEvents, Role, Trail};
use trailwarden_spec::leaf::{Managed, Owner, Statements, Tags, sid};

use crate::{Account, STACK, bucket, provider, role, tags};

pub(crate) fn activity(account: &Account) -> Trail {
    Trail {
        name: "acme".into(),
        bucket: "acme-logs".into(),
        prefix: None,
        multi_region: true,
        global_service_events: true,
        log_file_validation: true,
        delivery: Managed::Set(Some(Delivery {
            log_group: account.scope.log_group_arn("/acme/activity"),
            role: account.scope.role_arn("/trailwarden/acme/", "acme-activity"),
        })),
        key: Managed::Leave,
        management_events: ManagementEvents::All,
        excluded_sources: BTreeSet::new(),
        data_events: Managed::Leave,
        network_events: Managed::Leave,
        selectors: Managed::Leave,
        insights: Managed::Leave,
        sns_topic: Managed::Leave,
        organization: false,
        logging: true,
        tags: tags(&[("team", "security")]),
    }
}

/// All that a trail needs.
pub(crate) async fn ground(account: &Account) {
    account.bring(bucket::logs()).await;
    let policy = |trails: &[(&'static str, Option<&'static str>)]| {
        BucketPolicy::for_trails(STACK, &account.scope, "acme-logs", trails.iter().copied())
    };
    let mut policies = policy(&[("acme", None), ("acme-2", None)]);
    // The trail has two prefixes in turn.
    let prefixed = policy(&[("acme", Some("trail"))]).statements;
    let mut prefixed = prefixed.as_slice().to_vec();
    for (number, statement) in prefixed.iter_mut().enumerate() {
        statement.sid = Some(sid(STACK, &format!("Prefixed{number}")));
    }
    prefixed.extend_from_slice(policies.statements.as_slice());
    policies.statements = Statements::new(prefixed);
    account.bring(policies).await;
    account
        .bring(LogGroup {
            name: "/acme/activity".into(),
            retention: Managed::Leave,
            class: Managed::Leave,
            deletion_protection: Managed::Leave,
            key: Managed::Leave,
            tags: Tags::default(),
        })
        .await;
    account.bring(role::delivery(account)).await;
}

#[tokio::test]
async fn a_trail_is_made_changed_and_taken_away() {
    let account = Account::new().await;
    ground(&account).await;
    let trail = activity(&account);
    let made = account.bring(trail.clone()).await;
    assert_eq!(made.owner, Owner::Ours);
    assert_eq!(
        made.facts.arn.as_deref(),
        Some("arn:aws:cloudtrail:us-east-1:123456789012:trail/acme")
    );
    assert!(made.facts.inexpressible.is_empty());
    account
        .bring(Trail {
            prefix: Some("trail".into()),
            multi_region: false,
            global_service_events: false,
            log_file_validation: false,
            delivery: Managed::Set(None),
            management_events: ManagementEvents::Write,
            excluded_sources: ["kms.amazonaws.com".to_owned()].into(),
            logging: false,
            tags: tags(&[("cost", "42")]),
            ..trail.clone()
        })
        .await;
    account.bring(trail.clone()).await;
    account
        .bring(Trail {
            management_events: ManagementEvents::Read,
            ..trail.clone()
        })
        .await;
    account.take_away(&trail.into()).await;
}

#[tokio::test]
async fn a_half_finished_create_goes_on_and_a_foreign_trail_stays() {
    let account = Account::new().await;
    ground(&account).await;
    let trail = activity(&account);
    let unfinished = Trail {
        logging: false,
        management_events: ManagementEvents::Read,
        ..trail.clone()
    };
    account.bring(unfinished).await;
    account.provider.create(&trail.clone().into()).await.unwrap();
    account.bring(trail.clone()).await;
    let other = provider(&account.sandbox, "other", "us-east-1").await;
    let error = other.create(&trail.into()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused, "{error}");
}

#[tokio::test]
async fn only_what_differs_is_sent() {
    let account = Account::new().await;
    ground(&account).await;
    let trail = activity(&account);
    account.bring(trail.clone()).await;
    let sdk = aws_sdk_cloudtrail::Client::new(&account.sdk());
    let kms = aws_sdk_kms::Client::new(&account.sdk());
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}"#;
    let key = kms.create_key().policy(policy).send().await.unwrap();
    let key = key.key_metadata.unwrap().arn.unwrap();
    sdk.update_trail()
        .name("acme")
        .kms_key_id(&key)
        .send()
        .await
        .unwrap();
    account
        .bring(Trail {
            log_file_validation: false,
            ..trail.clone()
        })
        .await;
    account
        .bring(Trail {
            management_events: ManagementEvents::Write,
            ..trail.clone()
        })
        .await;
    let kept = sdk
        .get_trail()
        .name("acme")
        .send()
        .await
        .unwrap()
        .trail
        .unwrap()
        .kms_key_id;
    assert_eq!(kept, Some(key));
    let before = account.provider.calls().writes;
    account
        .bring(Trail {
            management_events: ManagementEvents::Write,
            ..trail
        })
        .await;
    assert_eq!(account.provider.calls().writes, before);
}

#[tokio::test]
async fn selectors_beyond_the_spec_are_named() {
    let account = Account::new().await;
    ground(&account).await;
    let live = account.bring(activity(&account)).await;
    let sdk = aws_sdk_cloudtrail::Client::new(&account.sdk());
    let data = DataResource::builder()
        .r#type("AWS::S3::Object")
        .values("arn:aws:s3:::x/")
        .build();
    let selector = EventSelector::builder()
        .include_management_events(true)
        .data_resources(data)
        .build();
    sdk.put_event_selectors()
        .trail_name("acme")
        .event_selectors(selector)
        .send()
        .await
        .unwrap();
    let found = account.read(&live.value).await.unwrap();
    let Object::Trail(trail) = &found.value else {
        panic!("{found:?}")
    };
    let data = trail.data_events.get().expect("data events").as_slice();
    assert_eq!(data.len(), 1, "{data:?}");
    assert_eq!(found.facts.inexpressible, Vec::<String>::new());
    let by_name = AdvancedEventSelector::builder()
        .field_selectors(
            AdvancedFieldSelector::builder()
                .field("eventCategory")
                .equals("Management")
                .build()
                .unwrap(),
        )
        .field_selectors(
            AdvancedFieldSelector::builder()
                .field("eventName")
                .starts_with("Put")
                .build()
                .unwrap(),
        )
        .build()
        .unwrap();
    sdk.put_event_selectors()
        .trail_name("acme")
        .advanced_event_selectors(by_name)
        .send()
        .await
        .unwrap();
    let found = account.read(&live.value).await.unwrap();
    assert_eq!(
        found.facts.inexpressible,
        ["advanced event selectors with conditions on `eventName`"]
    );
    let field = |name: &str, value: &str| {
        AdvancedFieldSelector::builder()
            .field(name)
            .equals(value)
            .build()
            .unwrap()
    };
    let selector = AdvancedEventSelector::builder()
        .field_selectors(field("eventCategory", "Management"))
        .field_selectors(field("readOnly", "false"))
        .build()
        .unwrap();
    sdk.put_event_selectors()
        .trail_name("acme")
        .advanced_event_selectors(selector)
        .send()
        .await
        .unwrap();
    let found = account.read(&live.value).await.unwrap();
    assert!(found.facts.inexpressible.is_empty());
    let Object::Trail(trail) = &found.value else {
        panic!("{found:?}")
    };
    assert_eq!(trail.management_events, ManagementEvents::Write);
    account.bring(activity(&account)).await;
}

#[tokio::test]
async fn a_trail_of_another_region_is_not_ours_to_change() {
    let account = Account::new().await;
    ground(&account).await;
    let live = account.bring(activity(&account)).await;
    let far = provider(&account.sandbox, STACK, "eu-west-1").await;
    let address = trailwarden_spec::Scope {
        region: "eu-west-1".into(),
        ..account.scope.clone()
    };
    let found = trailwarden_account::Observe::read(&far, &live.value.address(&address))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.owner, Owner::Foreign);
    assert_eq!(
        found.facts.inexpressible,
        ["its home region is us-east-1: it can be changed from there only"]
    );
}

#[tokio::test]
async fn a_denied_delivery_says_whose_policy_it_is() {
    let account = Account::new().await;
    account.bring(bucket::logs()).await;
    let trail = Trail {
        delivery: Managed::Set(None),
        ..activity(&account)
    };
    let error = account.provider.create(&trail.clone().into()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotPropagated, "{error}");
    assert!(error.hint.unwrap().contains("has no policy"));
    account
        .bring(BucketPolicy::for_trails(
            STACK,
            &account.scope,
            "acme-logs",
            [("acme", Some("elsewhere"))],
        ))
        .await;
    let error = account.provider.create(&trail.into()).await.unwrap_err();
    assert_eq!(
        error.hint.as_deref(),
        Some(
            "the policy of the bucket `acme-logs` does not allow s3:PutObject on \
             arn:aws:s3:::acme-logs/AWSLogs/123456789012/CloudTrail/file.json.gz"
        )
    );
}

#[tokio::test]
async fn a_denied_role_says_what_it_lacks() {
    let account = Account::new().await;
    ground(&account).await;
    let other = Role::for_delivery(
        &account.scope,
        "/trailwarden/acme/",
        "acme-activity",
        &["/acme/other"],
    );
    account
        .bring(Role {
            tags: tags(&[("team", "security")]),
            ..other
        })
        .await;
    let error = account
        .provider
        .create(&activity(&account).into())
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotPropagated, "{error}");
    let hint = error.hint.unwrap();
    assert!(
        hint.starts_with("the policy `trailwarden-delivery` of the role `acme-activity` does not allow"),
        "{hint}"
    );
}
