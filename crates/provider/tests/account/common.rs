//! A provider on a pretended account in memory.

use std::collections::BTreeMap;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use trailwarden_account::Mutate;
use trailwarden_provider::{Provider, Settings};
use trailwarden_spec::kinds::{
    Alarm, Bucket, BucketPolicy, Delivery, LogGroup, ManagementEvents, MetricFilter, Protocol, Role,
    Subscription, Topic, TopicPolicy, Trail, Unit,
};
use trailwarden_spec::leaf::{Endpoint, FilterPattern, Managed, Retention, Tags};
use trailwarden_spec::live::Found;
use trailwarden_spec::wanted::{Place, Stack, Wanted, Wish};
use trailwarden_spec::{Address, Object, Scope};

pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const REGION: &str = "us-east-1";

pub(crate) fn stack() -> Stack {
    Stack {
        name: "acme".into(),
        scope: Scope {
            account: ACCOUNT.into(),
            region: REGION.into(),
        },
        namespace: "Acme".into(),
    }
}

pub(crate) fn settings(client: SharedHttpClient) -> Settings {
    Settings::over(REGION, "AKIATEST", client)
}

pub(crate) async fn provider(client: SharedHttpClient) -> Provider {
    Provider::connect(settings(client), &stack()).await.unwrap()
}

pub(crate) fn tags(pairs: &[(&str, &str)]) -> Tags {
    Tags::named(
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect(),
    )
}

pub(crate) fn wanted(objects: impl IntoIterator<Item = Object>) -> Wanted {
    let stack = stack();
    let place = Place {
        file: 0,
        path: "test".into(),
        span: 0..0,
    };
    let objects: BTreeMap<Address, Wish> = objects
        .into_iter()
        .map(|object| {
            (
                object.address(&stack.scope),
                Wish {
                    object,
                    origin: "test".into(),
                    place: place.clone(),
                },
            )
        })
        .collect();
    Wanted {
        stack,
        files: vec!["test.toml".into()],
        objects,
        existing: BTreeMap::new(),
        adopt: Default::default(),
        exclusive: Default::default(),
        protect: Default::default(),
        release: Default::default(),
        waivers: Vec::new(),
        drill: None,
        tests: Vec::new(),
        warnings: Default::default(),
    }
}

/// A rule's filter and alarm.
pub(crate) fn rule(name: &str) -> [Object; 2] {
    let name = format!("acme-{name}");
    let scope = stack().scope;
    let filter = MetricFilter {
        log_group: "/acme/activity".into(),
        name: name.clone(),
        pattern: FilterPattern::new(r#"{ $.eventName = "DeleteTrail" }"#),
        namespace: "Acme".into(),
        metric: name.clone(),
        value: "1".into(),
        default_value: Managed::Leave,
        unit: Unit::None,
        dimensions: BTreeMap::new(),
    };
    let mut alarm = Alarm::on_metric(&name, "Acme", &name);
    alarm.alarm_actions = [scope.topic_arn("alerts")].into();
    alarm.tags = tags(&[("team", "security")]);
    [filter.into(), alarm.into()]
}

pub(crate) fn log_group() -> LogGroup {
    LogGroup {
        name: "/acme/activity".into(),
        retention: Managed::Set(Retention::Days(365)),
        class: Managed::Leave,
        deletion_protection: Managed::Leave,
        key: Managed::Leave,
        tags: tags(&[("team", "security")]),
    }
}

pub(crate) fn topic() -> Topic {
    Topic {
        name: "alerts".into(),
        display_name: Managed::Leave,
        key: Managed::Leave,
        settings: Default::default(),
        tags: tags(&[("team", "security")]),
    }
}

pub(crate) fn subscription(protocol: Protocol, endpoint: &str) -> Subscription {
    let endpoint = Endpoint::new(protocol.as_str(), endpoint);
    Subscription {
        topic: "alerts".into(),
        protocol,
        endpoint,
        role: None,
        settings: Default::default(),
    }
}

/// The whole chain, in an order in which it can be made.
pub(crate) fn chain(rules: usize) -> Vec<Object> {
    let scope = stack().scope;
    let bucket = "acme-logs";
    let mut objects: Vec<Object> = vec![
        Bucket {
            name: bucket.into(),
            region: REGION.into(),
            public_access_blocked: true,
            encryption: Managed::Leave,
            bucket_key: Managed::Leave,
            versioning: Managed::Leave,
            object_ownership: Managed::Leave,
            lifecycle: Managed::Leave,
            object_lock: Managed::Leave,
            access_logging: Managed::Leave,
            tags: tags(&[("team", "security")]),
        }
        .into(),
        BucketPolicy::for_trails("acme", &scope, bucket, [("activity", None)]).into(),
        log_group().into(),
        Role {
            tags: tags(&[]),
            ..Role::for_delivery(&scope, &stack().role_path(), "acme-delivery", &["/acme/activity"])
        }
        .into(),
        topic().into(),
        TopicPolicy::for_alarms("acme", &scope, "alerts").into(),
        subscription(Protocol::Email, "secops@example.com").into(),
    ];
    objects.extend((0..rules).flat_map(|n| rule(&format!("rule-{n:02}"))));
    objects.push(
        Trail {
            name: "activity".into(),
            bucket: bucket.into(),
            prefix: None,
            multi_region: true,
            global_service_events: true,
            log_file_validation: true,
            delivery: Managed::Set(Some(Delivery {
                log_group: scope.log_group_arn("/acme/activity"),
                role: scope.role_arn(&stack().role_path(), "acme-delivery"),
            })),
            key: Managed::Leave,
            management_events: ManagementEvents::All,
            tags: tags(&[("team", "security")]),
            ..Trail::new("activity", bucket)
        }
        .into(),
    );
    objects
}

/// Creates an object, completed as a plan would.
pub(crate) async fn make(provider: &Provider, object: Object) -> Object {
    let object = object.complete(None);
    provider.create(&object).await.unwrap();
    object
}

/// The difference that a plan would show.
pub(crate) fn differences(desired: &Object, found: &Found) -> Vec<String> {
    let desired = desired.clone().complete(Some((&found.value, &found.facts)));
    desired
        .changes(Some(&found.value))
        .into_iter()
        .map(|change| format!("{change:?}"))
        .collect()
}
