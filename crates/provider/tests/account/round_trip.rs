//! What is written reads back the same, for every kind and field.

use crate::common::*;
use trailwarden_account::{ErrorKind, Mutate, Observe};
use trailwarden_provider::Provider;
use trailwarden_sandbox::Sandbox;
use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::{
    Alarm, CompositeAlarm, DeliveryRetry, DeliveryStatus, DeliveryStatuses, FilterScope, LowSamples,
    MissingData, Operator, Protocol, Query, QueryMetric, QueryOf, Sample, SignatureVersion, Statistic,
    SubscriptionSettings, Suppressor, TopicPolicy, TopicSettings, Tracing, Unit,
};
use trailwarden_spec::leaf::{
    AlarmRule, Document, FilterPattern, Managed, Owner, Retention, Statements, Tags,
};
use trailwarden_spec::{Kind, Object};

/// Creates an object twice, takes it through the versions and away twice.
async fn lives(provider: &Provider, versions: Vec<Object>) {
    let mut versions = versions.into_iter().map(|version| version.complete(None));
    let mut current = versions.next().unwrap();
    let address = current.address(&stack().scope);
    assert!(
        provider
            .read(&address)
            .await
            .unwrap()
            .is_none_or(|found| found.value != current),
        "{address}"
    );
    provider.create(&current).await.unwrap();
    provider.create(&current).await.unwrap();
    let found = provider.read(&address).await.unwrap().unwrap();
    assert_eq!(found.value, current.clone().seen_by(&found.value));
    assert_eq!(found.owner, Owner::Ours, "{address}");
    assert_eq!(found.facts.inexpressible, Vec::<String>::new());
    for version in versions {
        provider.update(&current, &version).await.unwrap();
        let found = provider.read(&address).await.unwrap().unwrap();
        assert_eq!(found.value, version.clone().seen_by(&found.value));
        current = version;
    }
    provider.delete(&current).await.unwrap();
    provider.delete(&current).await.unwrap();
    assert!(
        provider
            .read(&address)
            .await
            .unwrap()
            .is_none_or(|found| found.value != current),
        "{address}"
    );
}

async fn fresh() -> Provider {
    provider(Sandbox::in_memory(ACCOUNT).http_client()).await
}

#[tokio::test]
async fn log_groups() {
    let mut versions = vec![log_group()];
    let mut change = |change: &dyn Fn(&mut trailwarden_spec::kinds::LogGroup)| {
        let mut version = versions.last().unwrap().clone();
        change(&mut version);
        versions.push(version);
    };
    change(&|group| group.retention = Managed::Set(Retention::Days(14)));
    change(&|group| group.retention = Managed::Set(Retention::Never));
    change(&|group| group.tags = tags(&[("team", "platform"), ("env", "prod")]));
    change(&|group| group.tags = Tags::default());
    lives(&fresh().await, versions.into_iter().map(Object::from).collect()).await;
}

#[tokio::test]
async fn a_longer_name_is_not_the_group() {
    let provider = fresh().await;
    let mut longer = log_group();
    longer.name.push_str("-old");
    make(&provider, longer.into()).await;
    let address = Object::from(log_group()).address(&stack().scope);
    assert_eq!(provider.read(&address).await.unwrap(), None);
}

#[tokio::test]
async fn topics() {
    let mut named = topic();
    named.display_name = Managed::Set("Alerts".into());
    let mut tagged = topic();
    tagged.tags = tags(&[("env", "prod")]);
    let role = Arn::parse("arn:aws:iam::123456789012:role/feedback");
    let mut set = topic();
    set.settings = TopicSettings {
        delivery_retry: Managed::Set(Some(DeliveryRetry {
            num_retries: 10,
            max_receives_per_second: Some(1),
            ..DeliveryRetry::default()
        })),
        delivery_status: DeliveryStatuses {
            http: Managed::Set(DeliveryStatus {
                success: role.clone().map(|role| Sample { role, rate: 10 }),
                failure_role: role,
            }),
            ..DeliveryStatuses::default()
        },
        signature_version: Managed::Set(SignatureVersion::Sha256),
        tracing: Managed::Set(Tracing::Active),
        data_protection: Managed::Leave,
    };
    let versions = vec![
        topic().into(),
        named.into(),
        tagged.into(),
        set.clone().into(),
        topic().into(),
    ];
    lives(&fresh().await, versions).await;
    lives(&fresh().await, vec![set.into()]).await;
}

#[tokio::test]
async fn topic_policies_keep_foreign_statements() {
    let provider = fresh().await;
    make(&provider, topic().into()).await;
    let ours = TopicPolicy::for_alarms("acme", &stack().scope, "alerts");
    let address = Object::from(ours.clone()).address(&stack().scope);
    let before = provider.read(&address).await.unwrap().unwrap();
    assert_eq!(
        before.facts.foreign_statements.len(),
        1,
        "SNS's default statement"
    );
    let mut other = ours.statements.as_slice()[0].clone();
    other.sid = Some(trailwarden_spec::leaf::sid("acme", "Other"));
    let both = TopicPolicy {
        statements: Statements::new(vec![ours.statements.as_slice()[0].clone(), other.clone()]),
        ..ours.clone()
    };
    let only = TopicPolicy {
        statements: Statements::new(vec![other]),
        ..ours.clone()
    };
    lives(&provider, vec![ours.into(), both.into(), only.into()]).await;
    assert_eq!(provider.read(&address).await.unwrap(), Some(before));
}

#[tokio::test]
async fn subscriptions() {
    let provider = fresh().await;
    make(&provider, topic().into()).await;
    let queue = subscription(Protocol::Sqs, "arn:aws:sqs:us-east-1:123456789012:alerts");
    let mut set = queue.clone();
    set.settings = SubscriptionSettings {
        raw_delivery: Managed::Set(true),
        filter_policy: Managed::Set(Document::parse(r#"{"a":{"b":["c"]}}"#).ok()),
        filter_scope: Managed::Set(FilterScope::MessageBody),
        dead_letter: Managed::Set(Arn::parse("arn:aws:sqs:us-east-1:123456789012:dead")),
        delivery_retry: Managed::Leave,
    };
    let versions = vec![queue.clone().into(), set.clone().into(), queue.into()];
    lives(&provider, versions).await;
    lives(&provider, vec![set.into()]).await;
    let mut hook = subscription(Protocol::Https, "https://hooks.example.com/secret");
    hook.settings.delivery_retry = Managed::Set(Some(DeliveryRetry::default()));
    let hook = make(&provider, hook.into()).await;
    let found = provider
        .read(&hook.address(&stack().scope))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.facts.confirmed, Some(false));
    assert_eq!(hook.complete(Some((&found.value, &found.facts))), found.value);

    let email = make(
        &provider,
        subscription(Protocol::Email, "secops@example.com").into(),
    )
    .await;
    let address = email.address(&stack().scope);
    let found = provider.read(&address).await.unwrap().unwrap();
    assert_eq!((found.facts.confirmed, found.facts.arn), (Some(false), None));
    let error = provider.delete(&email).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(
        error.message.contains("waits to be confirmed") && !error.message.contains("secops@"),
        "{error}"
    );
}

#[tokio::test]
async fn metric_filters() {
    let provider = fresh().await;
    make(&provider, log_group().into()).await;
    let [Object::MetricFilter(first), _] = rule("one") else {
        unreachable!()
    };
    let mut versions = vec![first];
    let mut change = |change: &dyn Fn(&mut trailwarden_spec::kinds::MetricFilter)| {
        let mut version = versions.last().unwrap().clone();
        change(&mut version);
        versions.push(version);
    };
    change(&|filter| filter.pattern = FilterPattern::new(r#"{ $.eventName = "StopLogging" }"#));
    change(&|filter| filter.metric = "other".into());
    change(&|filter| filter.value = "2".into());
    change(&|filter| filter.default_value = Managed::Set(Some(0.0)));
    change(&|filter| filter.default_value = Managed::Set(None));
    change(&|filter| filter.unit = Unit::Count);
    change(&|filter| filter.unit = Unit::None);
    change(&|filter| filter.dimensions = [("user".to_owned(), "$.userIdentity.userName".to_owned())].into());
    lives(&provider, versions.into_iter().map(Object::from).collect()).await;
}

#[tokio::test]
async fn alarms() {
    let [_, Object::Alarm(first)] = rule("one") else {
        unreachable!()
    };
    let topic = |name: &str| -> Arn { stack().scope.topic_arn(name) };
    let mut versions = vec![first];
    let mut change = |change: &dyn Fn(&mut Alarm)| {
        let mut version = versions.last().unwrap().clone();
        change(&mut version);
        versions.push(version);
    };
    change(&|alarm| alarm.description = Managed::Set("somebody deleted a trail".into()));
    change(&|alarm| alarm.description = Managed::Set(String::new()));
    change(&|alarm| alarm.namespace = "Other".into());
    change(&|alarm| alarm.metric = "other".into());
    change(&|alarm| alarm.dimensions = [("user".to_owned(), "root".to_owned())].into());
    change(&|alarm| alarm.statistic = Statistic::parse("p99.9").unwrap());
    change(&|alarm| alarm.low_sample_percentiles = Managed::Set(LowSamples::Ignore));
    change(&|alarm| alarm.low_sample_percentiles = Managed::Set(LowSamples::Evaluate));
    change(&|alarm| alarm.statistic = Statistic::parse("Average").unwrap());
    change(&|alarm| alarm.period = 60);
    change(&|alarm| alarm.evaluation_periods = 3);
    change(&|alarm| alarm.datapoints_to_alarm = 2);
    change(&|alarm| alarm.threshold = 2.5);
    for operator in Operator::ALL.iter().filter(|operator| !operator.is_of_a_band()) {
        change(&|alarm| alarm.operator = *operator);
    }
    for missing_data in MissingData::ALL {
        change(&|alarm| alarm.missing_data = *missing_data);
    }
    change(&|alarm| alarm.unit = Unit::Count);
    change(&|alarm| alarm.unit = Unit::None);
    change(&|alarm| alarm.actions_enabled = false);
    change(&|alarm| alarm.alarm_actions = [topic("alerts"), topic("others")].into());
    change(&|alarm| alarm.alarm_actions.clear());
    change(&|alarm| alarm.ok_actions = Managed::Set([topic("alerts")].into()));
    change(&|alarm| alarm.insufficient_data_actions = Managed::Set([topic("alerts")].into()));
    change(&|alarm| alarm.tags = tags(&[("env", "prod")]));
    let of = QueryOf::Metric(QueryMetric {
        namespace: "Acme".into(),
        metric: "errors".into(),
        dimensions: [("host".to_owned(), "a".to_owned())].into(),
        statistic: Statistic::parse("p99").unwrap(),
        period: 60,
        unit: Unit::Count,
    });
    let expression = |text: &str| QueryOf::Expression {
        expression: text.into(),
        period: None,
    };
    let query = |id: &str, of: &QueryOf, return_data: bool| Query {
        id: id.into(),
        of: of.clone(),
        label: String::new(),
        return_data,
    };
    let before = versions.last().unwrap().clone();
    let queries = [query("m", &of, false), query("e", &expression("m * 2"), true)];
    versions.push(Alarm {
        tags: before.tags.clone(),
        ..Alarm::on_queries(&before.name, queries.to_vec())
    });
    let mut change = |change: &dyn Fn(&mut Alarm)| {
        let mut version = versions.last().unwrap().clone();
        change(&mut version);
        versions.push(version);
    };
    change(&|alarm| alarm.queries[0].label = "twice".into());
    change(&|alarm| alarm.queries[0].of = expression("m * 3"));
    change(&|alarm| {
        let QueryOf::Metric(metric) = &mut alarm.queries[1].of else {
            unreachable!()
        };
        metric.dimensions.clear();
        metric.unit = Unit::None;
    });
    change(&|alarm| alarm.operator = Operator::LessThanThreshold);
    for operator in Operator::ALL.iter().filter(|operator| operator.is_of_a_band()) {
        change(&|alarm| {
            let band = expression("ANOMALY_DETECTION_BAND(m, 2)");
            *alarm = Alarm {
                threshold_query: Some("band".into()),
                operator: *operator,
                tags: alarm.tags.clone(),
                ..Alarm::on_queries(
                    &alarm.name,
                    vec![query("m", &of, true), query("band", &band, true)],
                )
            };
        });
    }
    change(&|alarm| {
        alarm.threshold_query = None;
        alarm.operator = Operator::GreaterThanThreshold;
        alarm.queries = vec![Query {
            of: QueryOf::Expression {
                expression: "SELECT MAX(errors) FROM Acme".into(),
                period: Some(60),
            },
            ..alarm.queries[0].clone()
        }];
    });
    versions.push(before);
    lives(&fresh().await, versions.into_iter().map(Object::from).collect()).await;
}

#[tokio::test]
async fn composite_alarms() {
    let provider = fresh().await;
    for alarm in [rule("one"), rule("two")] {
        make(&provider, alarm[1].clone()).await;
    }
    let topic = |name: &str| -> Arn { stack().scope.topic_arn(name) };
    let mut versions = vec![CompositeAlarm::new(
        "acme-both",
        AlarmRule::read("ALARM(\"acme-one\")"),
    )];
    let mut change = |change: &dyn Fn(&mut CompositeAlarm)| {
        let mut version = versions.last().unwrap().clone();
        change(&mut version);
        versions.push(version);
    };
    change(&|alarm| alarm.description = Managed::Set("both".into()));
    change(&|alarm| alarm.description = Managed::Set(String::new()));
    change(&|alarm| alarm.rule = AlarmRule::read("ALARM(\"acme-one\") AND NOT OK(\"acme-two\")"));
    change(&|alarm| alarm.actions_enabled = false);
    change(&|alarm| alarm.alarm_actions = [topic("alerts"), topic("others")].into());
    change(&|alarm| alarm.ok_actions = Managed::Set([topic("alerts")].into()));
    change(&|alarm| alarm.insufficient_data_actions = Managed::Set([topic("alerts")].into()));
    change(&|alarm| {
        alarm.suppressor = Managed::Set(Some(Suppressor {
            alarm: "acme-two".into(),
            wait_period: 60,
            extension_period: 120,
        }));
    });
    change(&|alarm| alarm.suppressor = Managed::Set(None));
    change(&|alarm| alarm.tags = tags(&[("env", "prod")]));
    lives(&provider, versions.into_iter().map(Object::from).collect()).await;
}

#[tokio::test]
async fn alarms_of_both_sorts_share_their_names() {
    let provider = fresh().await;
    let [_, alarm] = rule("one");
    let name = alarm.name();
    make(&provider, alarm.clone()).await;
    let composite = CompositeAlarm::new(&name, AlarmRule::read("FALSE"));
    let composite = Object::from(composite).complete(None);
    let found = provider
        .read(&composite.address(&stack().scope))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.facts.inexpressible, ["it is a metric alarm"]);
    let error = provider.create(&composite).await.unwrap_err();
    let hint = format!("{error} {}", error.hint.clone().unwrap_or_default());
    assert!(hint.contains("another type"), "{hint}");
    provider.delete(&alarm.complete(None)).await.unwrap();
    provider.create(&composite).await.unwrap();
    let [_, alarm] = rule("one");
    let found = provider
        .read(&alarm.address(&stack().scope))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.facts.inexpressible, ["it is a composite alarm"]);
}

#[tokio::test]
async fn the_whole_chain_lives_twice() {
    let provider = fresh().await;
    let mut made = Vec::new();
    for object in chain(2) {
        made.push(make(&provider, object).await);
    }
    for object in &made {
        provider
            .create(object)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", object.name()));
        let found = provider
            .read(&object.address(&stack().scope))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(differences(object, &found), Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_others_made_is_adopted_and_released() {
    let sandbox = Sandbox::in_memory(ACCOUNT);
    let theirs = provider(sandbox.http_client()).await;
    for object in [Object::from(topic()), log_group().into(), rule("one")[1].clone()] {
        let object = make(&theirs, object).await;
        let address = object.address(&stack().scope);
        let owner = async || theirs.read(&address).await.unwrap().unwrap().owner;
        theirs.release(&object).await.unwrap();
        assert_eq!(owner().await, Owner::Foreign);
        theirs.adopt(&object).await.unwrap();
        assert_eq!(owner().await, Owner::Adopted);
        if address.kind != Kind::Alarm {
            theirs.release(&object).await.unwrap();
            assert_eq!(theirs.create(&object).await.unwrap_err().kind, ErrorKind::Refused);
        }
    }
}

#[tokio::test]
async fn another_account_is_refused_before_anything_is_asked() {
    let mut stack = stack();
    stack.scope.account = "999999999999".into();
    let settings = settings(Sandbox::in_memory(ACCOUNT).http_client());
    let provider = Provider::connect(settings, &stack).await.unwrap();
    let error = provider.create(&topic().into()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Credentials);
    assert_eq!((provider.calls().reads, provider.calls().writes), (1, 0));
}
