//! What a survey finds, and what it costs.

use std::collections::BTreeSet;

use crate::common::*;
use trailwarden_account::{Mutate, Observe};
use trailwarden_provider::{CallCount, Provider, Settings};
use trailwarden_sandbox::Sandbox;
use trailwarden_spec::kinds::Protocol;
use trailwarden_spec::leaf::{Managed, Owner};
use trailwarden_spec::{Kind, Object};

async fn made(sandbox: &Sandbox, rules: usize) -> Vec<Object> {
    let provider = provider(sandbox.http_client()).await;
    let mut made = Vec::new();
    for object in chain(rules) {
        made.push(make(&provider, object).await);
    }
    made
}

fn addresses(objects: &[Object]) -> BTreeSet<String> {
    objects
        .iter()
        .map(|object| object.address(&stack().scope).to_string())
        .collect()
}

#[tokio::test]
async fn a_no_op_plan_of_fifteen_rules_costs_at_most_26_calls() {
    let sandbox = Sandbox::in_memory(ACCOUNT);
    let objects = made(&sandbox, 15).await;
    let provider = provider(sandbox.http_client()).await;
    provider.identity().await.unwrap();
    let live = provider.survey(&wanted(chain(15))).await.unwrap();
    let calls: CallCount = provider.calls();
    assert!(
        calls.reads <= 26 && calls.writes == 0,
        "{} calls: {:#?}",
        calls.reads,
        calls.by_api
    );
    assert_eq!(
        live.objects
            .keys()
            .map(ToString::to_string)
            .collect::<BTreeSet<_>>(),
        addresses(&objects)
    );
    for object in chain(15) {
        let found = &live.objects[&object.address(&stack().scope)];
        assert_eq!(differences(&object, found), Vec::<String>::new());
        assert_eq!(found.owner, Owner::Ours, "{}", found.value.name());
    }
    let codes: Vec<&str> = live.attention.iter().map(|attention| attention.code).collect();
    assert_eq!(codes, ["subscription-pending"]);
    assert!(
        !live.attention[0].message.contains("secops@"),
        "{}",
        live.attention[0].message
    );
}

#[tokio::test]
async fn what_the_spec_names_no_more_is_found() {
    let sandbox = Sandbox::in_memory(ACCOUNT);
    let objects = made(&sandbox, 2).await;
    let provider = provider(sandbox.http_client()).await;
    let live = provider.survey(&wanted([])).await.unwrap();
    assert_eq!(
        live.objects
            .keys()
            .map(ToString::to_string)
            .collect::<BTreeSet<_>>(),
        addresses(&objects)
    );
    assert!(live.objects.values().all(|found| found.owner == Owner::Ours));
}

#[tokio::test]
async fn what_others_have_is_left_out() {
    let sandbox = Sandbox::in_memory(ACCOUNT);
    let ours = provider(sandbox.http_client()).await;
    let mut stack = stack();
    stack.name = "acme-test".into();
    stack.namespace = "AcmeTest".into();
    let other = Provider::connect(settings(sandbox.http_client()), &stack)
        .await
        .unwrap();
    make(&other, topic().into()).await;
    make(&other, log_group().into()).await;
    // An alarm and a filter of a stack whose name begins with ours, and a filter of nobody.
    for (namespace, name) in [("AcmeTest", "acme-test-one"), ("Nobody", "acme-one-more")] {
        let [filter, alarm] = rule("one");
        let (Object::MetricFilter(mut filter), Object::Alarm(mut alarm)) = (filter, alarm) else {
            unreachable!()
        };
        (filter.name, filter.namespace) = (name.into(), namespace.into());
        (alarm.name, alarm.namespace) = (name.into(), namespace.into());
        make(&other, filter.into()).await;
        if namespace == "AcmeTest" {
            make(&other, alarm.into()).await;
        }
    }
    let live = ours.survey(&wanted([])).await.unwrap();
    assert_eq!(
        live.objects.keys().map(ToString::to_string).collect::<Vec<_>>(),
        Vec::<String>::new()
    );
    let calls = ours.calls();
    assert_eq!(
        calls.by_api.get("cloudwatch:ListTagsForResource"),
        None,
        "{calls:#?}"
    );

    let live = ours
        .survey(&wanted([topic().into(), rule("one")[0].clone()]))
        .await
        .unwrap();
    let found = &live.objects[&ours_address(Kind::Topic, "alerts")];
    assert_eq!(found.owner, Owner::Stack("acme-test".into()));
}

fn ours_address(kind: Kind, name: &str) -> trailwarden_spec::Address {
    stack().scope.address(kind, name)
}

#[tokio::test]
async fn a_change_by_hand_is_seen() {
    let sandbox = Sandbox::in_memory(ACCOUNT);
    made(&sandbox, 1).await;
    let provider = provider(sandbox.http_client()).await;
    let objects = chain(1);
    let mut silenced = objects.clone();
    for object in &mut silenced {
        if let Object::Alarm(alarm) = object {
            alarm.actions_enabled = false;
            alarm.tags = tags(&[("team", "nobody")]);
        }
    }
    for (before, after) in objects
        .iter()
        .zip(&silenced)
        .filter(|(before, after)| before != after)
    {
        let (before, after) = (before.clone().complete(None), after.clone().complete(None));
        provider.update(&before, &after).await.unwrap();
    }
    let live = provider.survey(&wanted(objects.clone())).await.unwrap();
    let changed: Vec<(Kind, usize)> = objects
        .iter()
        .map(|object| {
            (
                object.kind(),
                differences(object, &live.objects[&object.address(&stack().scope)]).len(),
            )
        })
        .filter(|(_, count)| *count > 0)
        .collect();
    assert_eq!(changed, [(Kind::Alarm, 2)]);
}

#[tokio::test]
async fn what_exists_elsewhere_is_looked_up() {
    let sandbox = Sandbox::in_memory(ACCOUNT);
    let mut stack = stack();
    stack.name = "elsewhere".into();
    let other = Provider::connect(settings(sandbox.http_client()), &stack)
        .await
        .unwrap();
    make(&other, log_group().into()).await;
    make(&other, topic().into()).await;
    make(&other, subscription(Protocol::Email, "others@example.com").into()).await;
    let mut wanted = wanted([]);
    let place = trailwarden_spec::wanted::Place {
        file: 0,
        path: "test".into(),
        span: 0..0,
    };
    for (kind, name) in [
        (Kind::LogGroup, "/acme/activity"),
        (Kind::Topic, "alerts"),
        (Kind::Topic, "not-there"),
    ] {
        wanted.existing.insert(ours_address(kind, name), place.clone());
    }
    let live = provider(sandbox.http_client())
        .await
        .survey(&wanted)
        .await
        .unwrap();
    let found: Vec<String> = live.objects.keys().map(ToString::to_string).collect();
    assert_eq!(found, ["log_group./acme/activity", "topic.alerts"]);
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_fails_fast_and_is_named() {
    let mut settings: Settings = settings(Sandbox::in_memory(ACCOUNT).http_client());
    (settings.http_client, settings.endpoint_url) = (None, Some("http://127.0.0.1:9".into()));
    let provider = Provider::connect(settings, &stack()).await.unwrap();
    let start = std::time::Instant::now();
    let error = provider.identity().await.unwrap_err();
    assert!(start.elapsed().as_secs() < 5);
    assert_eq!(error.kind, trailwarden_account::ErrorKind::Unreachable);
    assert!(error.to_string().contains("http://127.0.0.1:9"), "{error}");
}

#[tokio::test]
async fn a_display_name_survives_adoption() {
    let sandbox = Sandbox::in_memory(ACCOUNT);
    let provider = provider(sandbox.http_client()).await;
    let mut named = topic();
    named.display_name = Managed::Set("Alerts".into());
    make(&provider, named.into()).await;
    let live = provider.survey(&wanted([topic().into()])).await.unwrap();
    assert_eq!(
        differences(
            &topic().into(),
            &live.objects[&ours_address(Kind::Topic, "alerts")]
        ),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_profile_that_is_not_there_is_named() {
    let mut settings = Settings::new(REGION);
    settings.profile = Some("surely-nobody-has-this".into());
    let error = Provider::connect(settings, &stack()).await.err().unwrap();
    assert_eq!(error.kind, trailwarden_account::ErrorKind::Credentials);
    assert!(error.message.contains("`surely-nobody-has-this`"), "{error}");
}
