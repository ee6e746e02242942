use trailwarden_account::{ErrorKind, Mutate, Observe};
use trailwarden_spec::Object;
use trailwarden_spec::kinds::{LogClass, LogGroup, Protocol, TopicPolicy};
use trailwarden_spec::leaf::Managed;

use super::Account;
use crate::common::*;
use crate::support::Refusal;

const NO_TOPIC: Refusal = (404, "NotFound", "Topic does not exist");
const NEW_TOPIC: &str = "all of SNS to know the new topic";

#[tokio::test]
async fn what_follows_a_new_topic_waits_for_it() {
    let account = Account::new().await;
    make(&account.provider, topic().into()).await;
    account.faults.refuse("GetTopicAttributes", 1, NO_TOPIC);
    account.faults.refuse("SetTopicAttributes", 1, NO_TOPIC);
    account.faults.refuse("Subscribe", 1, NO_TOPIC);
    let policy = TopicPolicy::for_alarms("acme", &stack().scope, "alerts");
    make(&account.provider, policy.into()).await;
    make(
        &account.provider,
        subscription(Protocol::Email, "secops@example.com").into(),
    )
    .await;
    assert_eq!(account.waits(), vec![NEW_TOPIC; 3]);
}

#[tokio::test]
async fn a_topic_that_is_gone_is_told() {
    let account = Account::new().await;
    let policy = TopicPolicy::for_alarms("acme", &stack().scope, "alerts");
    let subscription = subscription(Protocol::Email, "secops@example.com");
    for object in [Object::from(policy.clone()), subscription.into()] {
        let error = account.provider.create(&object).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound, "{error}");
        assert!(
            error.to_string().contains("there is no topic `alerts`"),
            "{error}"
        );
        assert!(account.waits().len() > 2);
    }
    // Nothing to wait for where nothing is wanted.
    account.provider.delete(&policy.into()).await.unwrap();
    assert!(account.waits().is_empty());
}

#[tokio::test]
async fn a_role_waits_for_its_policy_to_be_gone() {
    let conflict = (
        409,
        "DeleteConflict",
        "Cannot delete entity, must delete policies first.",
    );
    let account = Account::new().await;
    let role = chain(0)
        .into_iter()
        .find(|object| matches!(object, Object::Role(_)))
        .unwrap();
    let role = make(&account.provider, role).await;
    account.faults.refuse("DeleteRole", 2, conflict);
    account.provider.delete(&role).await.unwrap();
    assert_eq!(account.waits().len(), 2);

    account.provider.create(&role).await.unwrap();
    account.faults.refuse("DeleteRole", 100, conflict);
    let error = account.provider.delete(&role).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.hint.unwrap().contains("instance profile"));
}

#[tokio::test]
async fn all_pages_of_a_role_s_policies_are_read() {
    let account = Account::new().await;
    let role = chain(0)
        .into_iter()
        .find(|object| matches!(object, Object::Role(_)))
        .unwrap();
    let role = make(&account.provider, role).await;
    let page = |list: &str, items: &str, more: &str| {
        format!("<{list}Response><{list}Result>{items}{more}</{list}Result></{list}Response>")
    };
    let more = "<IsTruncated>true</IsTruncated><Marker>next</Marker>";
    account.faults.answer(
        "ListRolePolicies",
        page("ListRolePolicies", "<PolicyNames/>", more),
    );
    account.faults.answer(
        "ListRolePolicies",
        page(
            "ListRolePolicies",
            "<PolicyNames><member>theirs</member></PolicyNames>",
            "",
        ),
    );
    account.faults.answer(
        "ListAttachedRolePolicies",
        page("ListAttachedRolePolicies", "<AttachedPolicies/>", more),
    );
    let arn = "<AttachedPolicies><member><PolicyArn>arn:aws:iam::aws:policy/Other</PolicyArn></member></AttachedPolicies>";
    account.faults.answer(
        "ListAttachedRolePolicies",
        page("ListAttachedRolePolicies", arn, ""),
    );
    let error = account.provider.delete(&role).await.unwrap_err();
    assert!(
        error.message.contains("theirs") && error.message.contains("policy/Other"),
        "{error}"
    );
}

#[tokio::test]
async fn a_class_is_sent_only_where_it_is_not_the_standard() {
    for (class, sent) in [
        (Managed::Leave, false),
        (Managed::Set(LogClass::Standard), false),
        (Managed::Set(LogClass::InfrequentAccess), true),
    ] {
        let account = Account::new().await;
        let group = LogGroup { class, ..log_group() };
        account.provider.create(&group.clone().into()).await.unwrap();
        let requests = account.faults.requests();
        let (_, body) = requests
            .iter()
            .find(|(operation, _)| operation == "CreateLogGroup")
            .unwrap();
        assert_eq!(body.contains("logGroupClass"), sent, "{body}");
    }
}

#[tokio::test]
async fn the_changes_of_a_log_group_go_one_after_the_other() {
    let account = Account::new().await;
    make(&account.provider, log_group().into()).await;
    let filters: Vec<Object> = (0..4).map(|n| rule(&format!("rule-{n}"))[0].clone()).collect();
    // The first waits for a conflict to end; the others wait for the first.
    account.faults.refuse(
        "PutMetricFilter",
        3,
        (400, "OperationAbortedException", "in conflict"),
    );
    account.faults.seen();
    futures::future::try_join_all(filters.iter().map(|filter| account.provider.create(filter)))
        .await
        .unwrap();
    let names: Vec<String> = account
        .faults
        .requests()
        .into_iter()
        .filter(|(operation, _)| operation == "PutMetricFilter")
        .map(|(_, body)| body)
        .collect();
    assert_eq!(names.len(), 7);
    assert!(names[..4].iter().all(|body| *body == names[0]), "{names:?}");
    for filter in filters {
        let found = account
            .provider
            .read(&filter.address(&stack().scope))
            .await
            .unwrap();
        assert!(found.is_some());
    }
}

#[tokio::test]
async fn a_name_that_an_alarm_of_another_type_has_is_told() {
    let account = Account::new().await;
    let text = "An alarm of a different type with the name acme-one already exists";
    account
        .faults
        .refuse("PutMetricAlarm", 1, (400, "ValidationError", text));
    let error = account.provider.create(&rule("one")[1]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused, "{error}");
    assert!(error.hint.unwrap().contains("log query"));
}
