use std::collections::{BTreeMap, BTreeSet};

use trailwarden_account::Observe;
use trailwarden_spec::kinds::{BucketPolicy, Trail};
use trailwarden_spec::leaf::Managed;
use trailwarden_spec::wanted::{Place, Stack, Wanted, Wish};
use trailwarden_spec::{Kind, Object};

use crate::{Account, STACK, bucket, trail};

pub(crate) fn wanted(account: &Account, objects: impl IntoIterator<Item = Object>) -> Wanted {
    let place = Place {
        file: 0,
        path: String::new(),
        span: 0..0,
    };
    let wish = |object: Object| {
        let wish = Wish {
            object: object.clone(),
            origin: String::new(),
            place: place.clone(),
        };
        (object.address(&account.scope), wish)
    };
    Wanted {
        stack: Stack {
            name: STACK.into(),
            scope: account.scope.clone(),
            namespace: format!("Trailwarden/{STACK}"),
        },
        files: Vec::new(),
        objects: objects.into_iter().map(wish).collect(),
        existing: BTreeMap::new(),
        adopt: BTreeSet::new(),
        exclusive: BTreeSet::new(),
        protect: BTreeSet::new(),
        release: BTreeSet::new(),
        waivers: Vec::new(),
        drill: None,
        tests: Vec::new(),
        warnings: trailwarden_spec::Problems::default(),
    }
}

#[tokio::test]
async fn a_second_copy_of_events_has_a_price() {
    let account = Account::new().await;
    trail::ground(&account).await;
    account.bring(trail::activity(&account)).await;
    let wanted = wanted(&account, [trail::activity(&account).into()]);
    assert_eq!(account.provider.survey(&wanted).await.unwrap().attention, []);
    let sdk = aws_sdk_cloudtrail::Client::new(&account.sdk());
    sdk.create_trail()
        .name("acme-2")
        .s3_bucket_name("acme-logs")
        .send()
        .await
        .unwrap();
    assert_eq!(account.provider.survey(&wanted).await.unwrap().attention, []);
    sdk.start_logging().name("acme-2").send().await.unwrap();
    let live = account.provider.survey(&wanted).await.unwrap();
    let [attention] = live.attention.as_slice() else {
        panic!("{:?}", live.attention)
    };
    assert_eq!(attention.code, "second-trail");
    assert_eq!(
        attention.address,
        Some(account.scope.address(Kind::Trail, "acme"))
    );
    assert!(attention.message.contains("`acme-2`") && attention.message.contains("USD 2.00"));
    assert!(
        !live
            .objects
            .contains_key(&account.scope.address(Kind::Trail, "acme-2"))
    );
}

#[tokio::test]
async fn a_delivery_error_is_told() {
    let account = Account::new().await;
    trail::ground(&account).await;
    let activity = Trail {
        delivery: Managed::Set(None),
        ..trail::activity(&account)
    };
    account.bring(activity.clone()).await;
    let policy = BucketPolicy::for_trails(STACK, &account.scope, "acme-logs", [("other", None)]);
    account.bring(policy).await;
    let live = account
        .provider
        .survey(&wanted(&account, [activity.into(), bucket::logs().into()]))
        .await
        .unwrap();
    assert!(
        live.attention
            .iter()
            .any(|attention| attention.code == "delivery-error"),
        "{:?}",
        live.attention
    );
    // The statements, the log group and the role are the stack's and named no more.
    let kinds: Vec<Kind> = live.objects.keys().map(|address| address.kind).collect();
    assert_eq!(
        kinds,
        [
            Kind::Bucket,
            Kind::BucketPolicy,
            Kind::LogGroup,
            Kind::Role,
            Kind::Trail
        ]
    );
}
