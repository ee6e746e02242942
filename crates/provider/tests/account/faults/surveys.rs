use trailwarden_account::{ErrorKind, Observe};
use trailwarden_spec::Kind;

use super::Account;
use crate::common::*;
use crate::support::Refusal;

const DENIED: Refusal = (403, "AccessDenied", "Access Denied");

#[tokio::test]
async fn what_seems_left_over_and_may_not_be_read_is_told() {
    let account = Account::new().await;
    for object in chain(1) {
        make(&account.provider, object).await;
    }
    account.faults.refuse("GET location", 1, DENIED);
    account.faults.refuse(
        "GetTopicAttributes",
        1,
        (403, "AuthorizationError", "not authorized"),
    );
    account
        .faults
        .refuse("ListTagsForResource", 10, (400, "AccessDeniedException", "no"));
    let live = account.provider.survey(&wanted([])).await.unwrap();
    let told: Vec<(Kind, &str)> = live
        .attention
        .iter()
        .map(|attention| (attention.address.as_ref().unwrap().kind, attention.code))
        .collect();
    let unreadable =
        [Kind::Bucket, Kind::LogGroup, Kind::Topic, Kind::Alarm].map(|kind| (kind, "unreadable"));
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(unreadable.iter().all(|one| told.contains(one)), "{told:?}");
    assert!(
        live.objects
            .keys()
            .all(|address| !told.iter().any(|(kind, _)| *kind == address.kind))
    );
}

#[tokio::test]
async fn what_is_wanted_and_may_not_be_read_fails_the_survey() {
    let account = Account::new().await;
    make(&account.provider, topic().into()).await;
    account.faults.refuse(
        "GetTopicAttributes",
        1,
        (403, "AuthorizationError", "not authorized"),
    );
    let error = account
        .provider
        .survey(&wanted([topic().into()]))
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Denied);
}
