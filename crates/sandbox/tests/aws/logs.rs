use std::collections::HashMap;

use aws_sdk_cloudwatchlogs::types::{InputLogEvent, LogGroupClass, MetricTransformation, StandardUnit};

use crate::world::{ACCOUNT, HOME, NOW, World, code, message};

const GROUP: &str = "/acme/activity";

fn group_arn() -> String {
    format!("arn:aws:logs:{HOME}:{ACCOUNT}:log-group:{GROUP}")
}

fn metric(name: &str) -> MetricTransformation {
    MetricTransformation::builder()
        .metric_name(name)
        .metric_namespace("acme")
        .metric_value("1")
        .build()
        .expect("a transformation")
}

#[tokio::test]
async fn groups() {
    let logs = World::new().logs();
    let create = || logs.create_log_group().log_group_name(GROUP);
    create().tags("team", "security").send().await.unwrap();
    assert_eq!(code(create().send().await), "ResourceAlreadyExistsException");
    let odd = logs.create_log_group().log_group_name("a b").send().await;
    assert_eq!(code(odd), "InvalidParameterException");

    let shown = logs
        .describe_log_groups()
        .log_group_name_prefix("/acme")
        .send()
        .await
        .unwrap();
    let [group] = shown.log_groups() else {
        panic!("{shown:?}")
    };
    assert_eq!(group.arn(), Some(format!("{}:*", group_arn()).as_str()));
    assert_eq!(group.log_group_arn(), Some(group_arn().as_str()));
    assert_eq!(group.retention_in_days(), None);
    assert_eq!(group.stored_bytes(), Some(0));
    assert_eq!(group.metric_filter_count(), Some(0));
    assert_eq!(group.log_group_class(), Some(&LogGroupClass::Standard));
    assert_eq!(group.creation_time(), Some(i64::try_from(NOW * 1000).unwrap()));
    let by_pattern = logs
        .describe_log_groups()
        .log_group_name_pattern("activ")
        .send()
        .await;
    assert_eq!(by_pattern.unwrap().log_groups().len(), 1);
    let both = logs
        .describe_log_groups()
        .log_group_name_pattern("a")
        .log_group_name_prefix("a");
    assert_eq!(code(both.send().await), "InvalidParameterException");

    let keep = |days| {
        logs.put_retention_policy()
            .log_group_name(GROUP)
            .retention_in_days(days)
    };
    keep(365).send().await.unwrap();
    assert_eq!(code(keep(364).send().await), "InvalidParameterException");
    let shown = logs.describe_log_groups().send().await.unwrap();
    assert_eq!(shown.log_groups()[0].retention_in_days(), Some(365));
    logs.delete_retention_policy()
        .log_group_name(GROUP)
        .send()
        .await
        .unwrap();
    let shown = logs.describe_log_groups().send().await.unwrap();
    assert_eq!(shown.log_groups()[0].retention_in_days(), None);

    logs.delete_log_group()
        .log_group_name(GROUP)
        .send()
        .await
        .unwrap();
    let again = logs.delete_log_group().log_group_name(GROUP).send().await;
    assert_eq!(code(again), "ResourceNotFoundException");
}

#[tokio::test]
async fn group_tags_want_the_bare_arn() {
    let logs = World::new().logs();
    logs.create_log_group()
        .log_group_name(GROUP)
        .tags("a", "1")
        .send()
        .await
        .unwrap();
    logs.tag_resource()
        .resource_arn(group_arn())
        .tags("b", "2")
        .send()
        .await
        .unwrap();
    logs.untag_resource()
        .resource_arn(group_arn())
        .tag_keys("a")
        .send()
        .await
        .unwrap();
    let tags = logs
        .list_tags_for_resource()
        .resource_arn(group_arn())
        .send()
        .await
        .unwrap();
    assert_eq!(
        tags.tags(),
        Some(&HashMap::from([("b".to_owned(), "2".to_owned())]))
    );
    let star = format!("{}:*", group_arn());
    let refused = logs.list_tags_for_resource().resource_arn(star).send().await;
    assert_eq!(code(refused), "InvalidParameterException");
    let gone = logs
        .list_tags_for_resource()
        .resource_arn(format!("{}x", group_arn()))
        .send()
        .await;
    assert_eq!(code(gone), "ResourceNotFoundException");
}

#[tokio::test]
async fn groups_come_in_pages() {
    let logs = World::new().logs();
    for number in 0..120 {
        let name = format!("group-{number:03}");
        logs.create_log_group().log_group_name(name).send().await.unwrap();
    }
    let mut pages = logs.describe_log_groups().into_paginator().send();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page.unwrap().log_groups().len());
    }
    assert_eq!(sizes, [50, 50, 20]);
    let more = logs.describe_log_groups().limit(51).send().await;
    assert_eq!(code(more), "InvalidParameterException");
}

#[tokio::test]
async fn a_filter_is_replaced_whole() {
    let logs = World::new().logs();
    let put = |pattern: &str, transformation: MetricTransformation| {
        logs.put_metric_filter()
            .log_group_name(GROUP)
            .filter_name("root")
            .filter_pattern(pattern)
            .metric_transformations(transformation)
    };
    let early = put("{ $.a = 1 }", metric("m")).send().await;
    assert_eq!(code(early), "ResourceNotFoundException");
    logs.create_log_group()
        .log_group_name(GROUP)
        .send()
        .await
        .unwrap();
    let full = MetricTransformation::builder()
        .metric_name("m")
        .metric_namespace("acme")
        .metric_value("$.size")
        .default_value(0.0)
        .unit(StandardUnit::Count)
        .build()
        .unwrap();
    put("{ $.a = 1 }", full).send().await.unwrap();
    let shown = logs
        .describe_metric_filters()
        .log_group_name(GROUP)
        .send()
        .await
        .unwrap();
    let transformation = &shown.metric_filters()[0].metric_transformations()[0];
    assert_eq!(transformation.default_value(), Some(0.0));
    assert_eq!(transformation.unit(), Some(&StandardUnit::Count));

    put("{ $.a = 2 }", metric("m")).send().await.unwrap();
    let shown = logs.describe_metric_filters().send().await.unwrap();
    let [filter] = shown.metric_filters() else {
        panic!("{shown:?}")
    };
    assert_eq!(filter.filter_pattern(), Some("{ $.a = 2 }"));
    assert_eq!(filter.log_group_name(), Some(GROUP));
    let transformation = &filter.metric_transformations()[0];
    assert_eq!(transformation.default_value(), None);
    assert_eq!(transformation.unit(), None);
    assert_eq!(transformation.metric_value(), "1");

    let find = |name: &str| {
        logs.describe_metric_filters()
            .metric_name(name)
            .metric_namespace("acme")
            .send()
    };
    assert_eq!(find("m").await.unwrap().metric_filters().len(), 1);
    assert!(find("other").await.unwrap().metric_filters().is_empty());
    let half = logs.describe_metric_filters().metric_name("m").send().await;
    assert_eq!(code(half), "InvalidParameterException");

    let delete = || {
        logs.delete_metric_filter()
            .log_group_name(GROUP)
            .filter_name("root")
            .send()
    };
    delete().await.unwrap();
    assert_eq!(code(delete().await), "ResourceNotFoundException");
}

#[tokio::test]
async fn five_filters_of_a_group_may_have_a_regular_expression() {
    let logs = World::new().logs();
    logs.create_log_group()
        .log_group_name(GROUP)
        .send()
        .await
        .unwrap();
    let put = |number: usize, pattern: &str| {
        logs.put_metric_filter()
            .log_group_name(GROUP)
            .filter_name(format!("f{number}"))
            .filter_pattern(pattern)
            .metric_transformations(metric("m"))
            .send()
    };
    for number in 0..5 {
        put(number, "{ $.a = %x% }").await.unwrap();
    }
    assert_eq!(code(put(5, "%x%").await), "LimitExceededException");
    put(5, "x").await.unwrap();
    // Replacing one of the five adds none.
    put(0, "%y%").await.unwrap();
}

#[tokio::test]
async fn a_pattern_is_tried_out() {
    let logs = World::new().logs();
    let test = |pattern: &str, messages: &[&str]| {
        logs.test_metric_filter()
            .filter_pattern(pattern)
            .set_log_event_messages(Some(messages.iter().map(ToString::to_string).collect()))
            .send()
    };
    let tried = test("[ip, ..., size > 10]", &["a b 9", "a b 11"]).await.unwrap();
    let [found] = tried.matches() else {
        panic!("{tried:?}")
    };
    assert_eq!((found.event_number(), found.event_message()), (2, Some("a b 11")));
    let values = found.extracted_values().unwrap();
    assert_eq!((values["$ip"].as_str(), values["$size"].as_str()), ("a", "11"));
    assert_eq!(
        code(test("{ $.a EXISTS }", &["{}"]).await),
        "InvalidParameterException"
    );
    assert_eq!(code(test("a", &[]).await), "InvalidParameterException");
}

#[tokio::test]
async fn filters_that_aws_refuses() {
    let logs = World::new().logs();
    logs.create_log_group()
        .log_group_name(GROUP)
        .send()
        .await
        .unwrap();
    let put = |name: &str, pattern: &str| {
        logs.put_metric_filter()
            .log_group_name(GROUP)
            .filter_name(name)
            .filter_pattern(pattern)
    };
    let dimensions = |count: usize| {
        let mut built = MetricTransformation::builder()
            .metric_name("m")
            .metric_namespace("acme")
            .metric_value("1");
        for number in 0..count {
            built = built.dimensions(format!("d{number}"), "$.x");
        }
        built
    };
    let with_default = dimensions(1).default_value(0.0).build().unwrap();
    for refused in [
        put("a:b", "x").metric_transformations(metric("m")),
        put("a", &"x".repeat(1025)).metric_transformations(metric("m")),
        put("a", "{ $.x = 1").metric_transformations(metric("m")),
        put("a", " { $.x = 1 } ").metric_transformations(metric("m")),
        put("a", "{ ($.x = 1 }").metric_transformations(metric("m")),
        put("a", "{ $.x > \"1\" }").metric_transformations(metric("m")),
        put("a", "{ event = \"x\" }").metric_transformations(metric("m")),
        put("a", "disk:full").metric_transformations(metric("m")),
        put("a", "%(a)%").metric_transformations(metric("m")),
        put("a", "x"),
        put("a", "x")
            .metric_transformations(metric("m"))
            .metric_transformations(metric("n")),
        put("a", "x").metric_transformations(metric("a:b")),
        put("a", "{ $.x = 1 }").metric_transformations(with_default),
        put("a", "{ $.x = 1 }").metric_transformations(dimensions(4).build().unwrap()),
        put("a", "x").metric_transformations(dimensions(1).build().unwrap()),
    ] {
        assert_eq!(code(refused.send().await), "InvalidParameterException");
    }
    for number in 0..100 {
        let put = put(&format!("f{number:03}"), "x").metric_transformations(metric("m"));
        put.send().await.unwrap();
    }
    let full = put("one-more", "x")
        .metric_transformations(metric("m"))
        .send()
        .await;
    assert_eq!(code(full), "LimitExceededException");
    put("f000", "y")
        .metric_transformations(metric("m"))
        .send()
        .await
        .unwrap();
    let first = logs
        .describe_metric_filters()
        .filter_name_prefix("f0")
        .send()
        .await
        .unwrap();
    assert_eq!(first.metric_filters().len(), 50);
    let next = logs.describe_metric_filters().filter_name_prefix("f0");
    let next = next
        .set_next_token(first.next_token().map(str::to_owned))
        .send()
        .await
        .unwrap();
    assert_eq!(next.metric_filters().len(), 50);
    assert_eq!(next.next_token(), None);
}

#[tokio::test]
async fn streams_count_their_events() {
    let logs = World::new().logs();
    logs.create_log_group()
        .log_group_name(GROUP)
        .send()
        .await
        .unwrap();
    let create = || {
        logs.create_log_stream()
            .log_group_name(GROUP)
            .log_stream_name("s")
            .send()
    };
    create().await.unwrap();
    assert_eq!(code(create().await), "ResourceAlreadyExistsException");
    let event = InputLogEvent::builder()
        .timestamp(5)
        .message("hello")
        .build()
        .unwrap();
    let put = |stream: &str| {
        let put = logs
            .put_log_events()
            .log_group_name(GROUP)
            .log_stream_name(stream);
        put.log_events(event.clone()).send()
    };
    put("s").await.unwrap();
    assert_eq!(
        message(put("gone").await),
        "The specified log stream does not exist."
    );
    let streams = logs
        .describe_log_streams()
        .log_group_name(GROUP)
        .send()
        .await
        .unwrap();
    assert_eq!(streams.log_streams()[0].last_event_timestamp(), Some(5));
    let groups = logs.describe_log_groups().send().await.unwrap();
    assert_eq!(groups.log_groups()[0].stored_bytes(), Some(31));
}

#[tokio::test]
async fn events_are_read_by_stream_and_by_pattern() {
    let world = World::new();
    let logs = world.logs();
    let group = logs.create_log_group().log_group_name(GROUP);
    group.send().await.unwrap();
    for stream in ["a-1", "a-2", "b"] {
        let create = logs.create_log_stream().log_group_name(GROUP);
        create.log_stream_name(stream).send().await.unwrap();
    }
    let event = |time: i64, message: String| {
        let event = InputLogEvent::builder().timestamp(time).message(message);
        event.build().unwrap()
    };
    let put = |stream: &str| {
        logs.put_log_events()
            .log_group_name(GROUP)
            .log_stream_name(stream)
    };
    for (stream, times) in [("a-1", [1, 3]), ("a-2", [2, 4]), ("b", [5, 6]), ("a-1", [0, 7])] {
        let events = times.map(|time| event(time, format!("{{\"n\":{time}}}")));
        put(stream)
            .set_log_events(Some(events.into()))
            .send()
            .await
            .unwrap();
    }
    let get = || logs.get_log_events().log_group_name(GROUP).log_stream_name("a-1");
    let times = |events: &[aws_sdk_cloudwatchlogs::types::OutputLogEvent]| -> Vec<i64> {
        events.iter().map(|it| it.timestamp().unwrap()).collect()
    };
    let last = get().limit(2).send().await.unwrap();
    assert_eq!(times(last.events()), [3, 7]);
    assert_eq!(last.events()[1].message(), Some("{\"n\":7}"));
    let before = get().limit(9).next_token(last.next_backward_token().unwrap());
    assert_eq!(times(before.send().await.unwrap().events()), [0, 1]);
    let first = get().limit(3).start_from_head(true).send().await.unwrap();
    assert_eq!(times(first.events()), [0, 1, 3]);
    let end = get()
        .next_token(first.next_forward_token().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(times(end.events()), [7]);
    let over = get()
        .next_token(end.next_forward_token().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(times(over.events()), [0; 0]);
    assert_eq!(over.next_forward_token(), end.next_forward_token(), "the end");
    let window = get().start_time(1).end_time(3).send().await.unwrap();
    assert_eq!(times(window.events()), [1]);
    let gone = get().log_stream_name("gone").send().await;
    assert_eq!(code(gone), "ResourceNotFoundException");

    let filter = || logs.filter_log_events().log_group_name(GROUP);
    let mut seen = Vec::new();
    let mut token = None;
    loop {
        let page = filter()
            .filter_pattern("{ $.n > 1 }")
            .limit(4)
            .set_next_token(token);
        let page = page.send().await.unwrap();
        seen.extend(page.events().iter().map(|it| it.timestamp().unwrap()));
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, [2, 3, 4, 5, 6, 7]);
    let some = filter().log_stream_name_prefix("a-").start_time(2).end_time(5);
    let some = some.send().await.unwrap();
    let some: Vec<_> = some
        .events()
        .iter()
        .map(|it| it.log_stream_name().unwrap())
        .collect();
    assert_eq!(some, ["a-2", "a-1", "a-2"]);
    let named = filter().log_stream_names("b").send().await.unwrap();
    assert_eq!(named.events().len(), 2);
    assert_eq!(
        code(filter().filter_pattern("{ $.n > }").send().await),
        "InvalidParameterException"
    );
    let both = filter().log_stream_names("b").log_stream_name_prefix("a");
    assert_eq!(code(both.send().await), "InvalidParameterException");

    let many = (0..10_001).map(|time| event(time, "m".to_owned())).collect();
    assert!(message(put("b").set_log_events(Some(many)).send().await).contains("10000"));
    let large = put("b").log_events(event(8, "x".repeat(1 << 20)));
    assert!(message(large.send().await).starts_with("Upload too large"));
}
