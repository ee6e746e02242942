use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder;
use aws_sdk_cloudwatch::types::{
    ComparisonOperator, Dimension, Metric, MetricDataQuery, MetricStat, StateValue, Statistic, Tag,
};

use crate::world::{ACCOUNT, HOME, NOW, World, code};

fn topic(region: &str) -> String {
    format!("arn:aws:sns:{region}:{ACCOUNT}:security")
}

fn alarm_arn(name: &str) -> String {
    format!("arn:aws:cloudwatch:{HOME}:{ACCOUNT}:alarm:{name}")
}

fn put(world: &World, name: &str) -> PutMetricAlarmFluentBuilder {
    world
        .cloudwatch()
        .put_metric_alarm()
        .alarm_name(name)
        .metric_name("root")
        .namespace("acme")
        .statistic(Statistic::Sum)
        .period(300)
        .evaluation_periods(1)
        .threshold(1.0)
        .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold)
}

#[tokio::test]
async fn an_alarm_keeps_its_state_and_tags_when_it_is_replaced() {
    let world = World::new();
    let alarms = world.cloudwatch();
    let tag = |value: &str| Tag::builder().key("team").value(value).build();
    put(&world, "root")
        .alarm_description("root was used")
        .alarm_actions(topic(HOME))
        .treat_missing_data("notBreaching")
        .datapoints_to_alarm(1)
        .dimensions(Dimension::builder().name("d").value("v").build())
        .tags(tag("security"))
        .send()
        .await
        .unwrap();
    let shown = alarms.describe_alarms().alarm_names("root").send().await.unwrap();
    let [alarm] = shown.metric_alarms() else {
        panic!("{shown:?}")
    };
    assert_eq!(alarm.alarm_arn(), Some(alarm_arn("root").as_str()));
    assert_eq!(alarm.actions_enabled(), Some(true));
    assert_eq!(alarm.threshold(), Some(1.0));
    assert_eq!(alarm.period(), Some(300));
    assert_eq!(alarm.datapoints_to_alarm(), Some(1));
    assert_eq!(alarm.treat_missing_data(), Some("notBreaching"));
    assert_eq!(alarm.dimensions()[0].value(), Some("v"));
    assert_eq!(alarm.alarm_actions(), [topic(HOME)]);
    assert_eq!(alarm.state_value(), Some(&StateValue::InsufficientData));
    assert_eq!(
        alarm.state_updated_timestamp().unwrap().secs(),
        i64::try_from(NOW).unwrap()
    );

    alarms
        .set_alarm_state()
        .alarm_name("root")
        .state_value(StateValue::Alarm)
        .state_reason("a test")
        .send()
        .await
        .unwrap();
    put(&world, "root")
        .period(60)
        .tags(tag("other"))
        .send()
        .await
        .unwrap();
    let shown = alarms
        .describe_alarms()
        .alarm_name_prefix("ro")
        .send()
        .await
        .unwrap();
    let [alarm] = shown.metric_alarms() else {
        panic!("{shown:?}")
    };
    assert_eq!(alarm.state_value(), Some(&StateValue::Alarm));
    assert_eq!(alarm.state_reason(), Some("a test"));
    assert_eq!(alarm.period(), Some(60));
    assert_eq!(alarm.alarm_description(), None);
    assert_eq!(alarm.treat_missing_data(), None);
    assert!(alarm.alarm_actions().is_empty());
    let tags = alarms
        .list_tags_for_resource()
        .resource_arn(alarm_arn("root"))
        .send()
        .await;
    assert_eq!(tags.unwrap().tags(), [tag("security")]);
}

#[tokio::test]
async fn tags_actions_and_deletion() {
    let world = World::new();
    let alarms = world.cloudwatch();
    put(&world, "root").send().await.unwrap();
    let tag = Tag::builder().key("a").value("1").build();
    alarms
        .tag_resource()
        .resource_arn(alarm_arn("root"))
        .tags(tag.clone())
        .send()
        .await
        .unwrap();
    let list = || {
        alarms
            .list_tags_for_resource()
            .resource_arn(alarm_arn("root"))
            .send()
    };
    assert_eq!(list().await.unwrap().tags(), [tag]);
    alarms
        .untag_resource()
        .resource_arn(alarm_arn("root"))
        .tag_keys("a")
        .send()
        .await
        .unwrap();
    assert!(list().await.unwrap().tags().is_empty());
    let gone = alarms
        .list_tags_for_resource()
        .resource_arn(alarm_arn("gone"))
        .send()
        .await;
    assert_eq!(code(gone), "ResourceNotFoundException");

    alarms
        .disable_alarm_actions()
        .alarm_names("root")
        .send()
        .await
        .unwrap();
    let shown = alarms.describe_alarms().send().await.unwrap();
    assert_eq!(shown.metric_alarms()[0].actions_enabled(), Some(false));
    alarms
        .enable_alarm_actions()
        .alarm_names("root")
        .send()
        .await
        .unwrap();
    let shown = alarms.describe_alarms().send().await.unwrap();
    assert_eq!(shown.metric_alarms()[0].actions_enabled(), Some(true));

    let missing = alarms
        .delete_alarms()
        .alarm_names("root")
        .alarm_names("gone")
        .send()
        .await;
    assert_eq!(code(missing), "ResourceNotFound");
    alarms.delete_alarms().alarm_names("root").send().await.unwrap();
    assert!(
        alarms
            .describe_alarms()
            .send()
            .await
            .unwrap()
            .metric_alarms()
            .is_empty()
    );
    let state = alarms.set_alarm_state().alarm_name("root").state_reason("x");
    assert_eq!(
        code(state.state_value(StateValue::Ok).send().await),
        "ResourceNotFound"
    );
}

#[tokio::test]
async fn alarms_come_in_pages() {
    let world = World::new();
    for number in 0..101 {
        put(&world, &format!("alarm-{number:03}")).send().await.unwrap();
    }
    let alarms = world.cloudwatch();
    let mut pages = alarms.describe_alarms().into_paginator().send();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page.unwrap().metric_alarms().len());
    }
    assert_eq!(sizes, [50, 50, 1]);
    let hundred = alarms.describe_alarms().max_records(100).send().await.unwrap();
    assert_eq!(hundred.metric_alarms().len(), 100);
    let names: Vec<String> = (0..100).map(|number| format!("alarm-{number:03}")).collect();
    let named = alarms
        .describe_alarms()
        .set_alarm_names(Some(names.clone()))
        .send()
        .await
        .unwrap();
    assert_eq!((named.metric_alarms().len(), named.next_token()), (100, None));
    let more = alarms
        .describe_alarms()
        .set_alarm_names(Some(names))
        .alarm_names("x")
        .send()
        .await;
    assert_eq!(code(more), "ValidationError");
    let elsewhere = world
        .region("eu-west-1")
        .cloudwatch()
        .describe_alarms()
        .send()
        .await
        .unwrap();
    assert!(elsewhere.metric_alarms().is_empty());
}

#[tokio::test]
async fn alarms_that_aws_refuses() {
    let world = World::new();
    let long = put(&world, "a").period(300).evaluation_periods(289);
    let mut crowded = put(&world, "a");
    for number in 0..6 {
        crowded = crowded.alarm_actions(format!("{}{number}", topic(HOME)));
    }
    for (refused, expected) in [
        (put(&world, "a").period(45), "ValidationError"),
        (long, "ValidationError"),
        (put(&world, "a").datapoints_to_alarm(2), "ValidationError"),
        (put(&world, "a").treat_missing_data("maybe"), "ValidationError"),
        (put(&world, "a").alarm_actions("security"), "ValidationError"),
        (
            put(&world, "a").alarm_actions(topic("eu-west-1")),
            "ValidationError",
        ),
        (crowded, "ValidationError"),
        (
            put(&world, "a").extended_statistic("p90"),
            "InvalidParameterCombination",
        ),
        (put(&world, "a").set_statistic(None), "MissingParameter"),
        (put(&world, "a").set_metric_name(None), "MissingParameter"),
    ] {
        assert_eq!(code(refused.send().await), expected);
    }
    put(&world, "a")
        .period(3600)
        .evaluation_periods(168)
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn metric_math_is_kept() {
    let world = World::new();
    let metric = Metric::builder().namespace("acme").metric_name("m").build();
    let stat = MetricStat::builder()
        .metric(metric)
        .period(60)
        .stat("Sum")
        .build();
    let queries = [
        MetricDataQuery::builder()
            .id("m1")
            .metric_stat(stat)
            .return_data(false)
            .build(),
        MetricDataQuery::builder()
            .id("e1")
            .expression("m1 * 2")
            .return_data(true)
            .build(),
    ];
    let math = || {
        world
            .cloudwatch()
            .put_metric_alarm()
            .alarm_name("math")
            .evaluation_periods(1)
            .threshold(2.5)
            .comparison_operator(ComparisonOperator::GreaterThanThreshold)
            .set_metrics(Some(queries.to_vec()))
    };
    math().send().await.unwrap();
    let shown = world.cloudwatch().describe_alarms().send().await.unwrap();
    assert_eq!(shown.metric_alarms()[0].metrics(), queries);
    assert_eq!(shown.metric_alarms()[0].threshold(), Some(2.5));
    assert_eq!(
        code(math().period(60).send().await),
        "InvalidParameterCombination"
    );
    let with = |queries: Vec<MetricDataQuery>| math().set_metrics(Some(queries));
    let [m1, e1] = queries.clone();
    let band = MetricDataQuery::builder()
        .id("band")
        .expression("ANOMALY_DETECTION_BAND(m1, 2)")
        .build();
    let mut returned = m1.clone();
    returned.return_data = Some(true);
    for refused in [
        with(vec![m1.clone()]),
        with(vec![e1.clone(), e1.clone()]),
        with(vec![e1.clone(), returned.clone()]),
        with(vec![MetricDataQuery::builder().id("E1").expression("1").build()]),
        with(vec![MetricDataQuery::builder().id("e1").build()]),
        math().comparison_operator(ComparisonOperator::GreaterThanUpperThreshold),
        math().set_threshold(None).threshold_metric_id("e1"),
        with(vec![m1.clone(), band.clone()])
            .set_threshold(None)
            .threshold_metric_id("band")
            .comparison_operator(ComparisonOperator::GreaterThanUpperThreshold),
    ] {
        assert_eq!(code(refused.send().await), "ValidationError");
    }
    with(vec![returned, band])
        .set_threshold(None)
        .threshold_metric_id("band")
        .comparison_operator(ComparisonOperator::GreaterThanUpperThreshold)
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn composite_alarms_and_what_they_ask() {
    let world = World::new();
    let alarms = world.cloudwatch();
    let composite = |name: &str, rule: &str| alarms.put_composite_alarm().alarm_name(name).alarm_rule(rule);
    put(&world, "root").send().await.unwrap();
    for rule in [
        "",
        "ALARM(root",
        "ALARM()",
        "alarm(root)",
        "ALARM(root) ALARM(root)",
        "ALARM(\"root)",
        "NOT",
    ] {
        let refused = composite("c", rule).send().await;
        assert_eq!(code(refused), "ValidationError", "{rule}");
    }
    for refused in [
        composite("c", "ALARM(other)"),
        composite("c", "TRUE").actions_suppressor("root"),
        composite("root", "TRUE"),
    ] {
        assert_eq!(code(refused.send().await), "ValidationError");
    }
    let rule = "(NOT ALARM(\"root\") AND OK(root)) OR FALSE";
    composite("c", rule).send().await.unwrap();
    let refused = put(&world, "c").send().await;
    assert_eq!(code(refused), "ValidationError");

    let shown = alarms.describe_alarms().send().await.unwrap();
    assert_eq!(
        (shown.metric_alarms().len(), shown.composite_alarms().len()),
        (1, 0)
    );
    let shown = alarms
        .describe_alarms()
        .alarm_types(aws_sdk_cloudwatch::types::AlarmType::CompositeAlarm)
        .send()
        .await
        .unwrap();
    let [alarm] = shown.composite_alarms() else {
        panic!("{shown:?}")
    };
    assert_eq!(alarm.alarm_rule(), Some(rule));
    assert_eq!(alarm.state_value(), Some(&StateValue::InsufficientData));

    let parents = |child: &str| alarms.describe_alarms().parents_of_alarm_name(child);
    let shown = parents("root").send().await.unwrap();
    let [parent] = shown.composite_alarms() else {
        panic!("{shown:?}")
    };
    assert_eq!((parent.alarm_name(), parent.alarm_rule()), (Some("c"), None));
    assert!(parents("c").send().await.unwrap().composite_alarms().is_empty());
    let refused = parents("root").alarm_name_prefix("c").send().await;
    assert_eq!(code(refused), "ValidationError");

    let refused = alarms.delete_alarms().alarm_names("root").send().await;
    assert_eq!(code(refused), "ValidationError");
    alarms.delete_alarms().alarm_names("c").send().await.unwrap();
    alarms.delete_alarms().alarm_names("root").send().await.unwrap();
}

#[tokio::test]
async fn alarms_are_found_by_their_metric() {
    let world = World::new();
    let alarms = world.cloudwatch();
    put(&world, "root").send().await.unwrap();
    let one = put(&world, "one");
    let host = aws_sdk_cloudwatch::types::Dimension::builder()
        .name("host")
        .value("a")
        .build();
    one.dimensions(host.clone()).send().await.unwrap();
    let described = alarms.describe_alarms().alarm_names("root").send().await.unwrap();
    let root = described.metric_alarms().first().unwrap();
    let on = || {
        alarms
            .describe_alarms_for_metric()
            .set_namespace(root.namespace.clone())
            .set_metric_name(root.metric_name.clone())
    };
    let names =
        |shown: aws_sdk_cloudwatch::operation::describe_alarms_for_metric::DescribeAlarmsForMetricOutput| {
            let alarms = shown.metric_alarms.unwrap_or_default();
            alarms
                .into_iter()
                .filter_map(|alarm| alarm.alarm_name)
                .collect::<Vec<_>>()
        };
    assert_eq!(names(on().send().await.unwrap()), ["root"]);
    assert_eq!(names(on().dimensions(host).send().await.unwrap()), ["one"]);
    assert_eq!(names(on().namespace("Other").send().await.unwrap()), [""; 0]);
    assert_eq!(names(on().period(86_400).send().await.unwrap()), [""; 0]);
}
