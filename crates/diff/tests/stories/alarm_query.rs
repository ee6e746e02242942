//! Alarms on metric math and on anomaly detection bands.

use insta::assert_snapshot;
use trailwarden_diff::CostOf;
use trailwarden_spec::Object;
use trailwarden_spec::kinds::{Alarm, Operator, Query, QueryMetric, QueryOf, Statistic, Unit};

use crate::fixture::{Story, scope};

const RATE: &str = "alarm.rate";
const FILTER: &str = "metric_filter./acme/account-activity:acme-prod-errors";

fn metric(id: &str, metric: &str, return_data: bool) -> Query {
    Query {
        id: id.into(),
        of: QueryOf::Metric(QueryMetric {
            namespace: "acme-prod".into(),
            metric: metric.into(),
            dimensions: [].into(),
            statistic: Statistic::default(),
            period: 300,
            unit: Unit::None,
        }),
        label: String::new(),
        return_data,
    }
}

fn expression(id: &str, expression: &str) -> Query {
    Query {
        id: id.into(),
        of: QueryOf::Expression {
            expression: expression.into(),
            period: None,
        },
        label: String::new(),
        return_data: true,
    }
}

fn told(alarm: Alarm) -> Alarm {
    Alarm {
        alarm_actions: [scope().topic_arn("security-alerts")].into(),
        ..alarm
    }
}

fn rate() -> Alarm {
    let queries = vec![
        expression("rate", "100 * errors / changes"),
        metric("errors", "errors", false),
        metric("changes", "iam-changes", false),
    ];
    told(Alarm::on_queries("rate", queries))
}

fn band() -> Alarm {
    let queries = vec![
        metric("m", "errors", true),
        expression("band", "ANOMALY_DETECTION_BAND(m, 2)"),
    ];
    Alarm {
        threshold_query: Some("band".into()),
        operator: Operator::LessThanLowerOrGreaterThanUpperThreshold,
        ..told(Alarm::on_queries("odd", queries))
    }
}

/// Two filters, and alarms that read what they count.
fn story() -> Story {
    let mut story = Story::applied();
    story.rule("errors", "{ $.errorCode = \"*\" }");
    story.drops("alarm.acme-prod-errors");
    story.wants(RATE, rate());
    story.wants("alarm.odd", band());
    story
}

fn held(story: &mut Story) -> &mut Alarm {
    match &mut story.found(RATE).value {
        Object::Alarm(alarm) => alarm,
        other => panic!("{other:?}"),
    }
}

#[test]
fn alarms_on_queries_are_made_after_the_filters_that_they_read() {
    let story = story();
    let plan = story.plan();
    let at = |address: &str| {
        let position = plan
            .steps
            .iter()
            .position(|step| step.address.to_string() == address);
        position.expect("a step")
    };
    for alarm in [RATE, "alarm.odd"] {
        assert!(plan.steps[at(alarm)].needs.contains(&at(FILTER)), "{alarm}");
    }
    let cost = plan.cost.iter().find(|item| item.what == CostOf::QueriedMetrics);
    let cost = cost.expect("queries cost");
    assert_eq!((cost.count, cost.cents_a_month), (5, Some(50)));
    assert_snapshot!(story.text());
}

#[test]
fn another_expression_is_a_change_and_blinds_nobody() {
    let mut story = story();
    story.apply();
    held(&mut story).queries[2] = expression("rate", "errors / changes");
    assert!(story.plan().refusals.is_empty());
    assert_snapshot!(story.text());
}

#[test]
fn an_alarm_that_no_longer_reads_a_metric_asks_for_consent() {
    let mut story = story();
    story.apply();
    let Object::Alarm(wish) = story.wish(RATE) else {
        unreachable!()
    };
    wish.queries.remove(1);
    wish.queries[1] = expression("rate", "changes");
    assert_snapshot!(story.text());
    let plan = story.plan();
    assert_eq!(plan.refusals.len(), 1);
    assert_eq!(plan.refusals[0].address.to_string(), RATE);
    story.allow_blinding(&[RATE]);
    assert!(story.plan().refusals.is_empty());
}

#[test]
fn an_alarm_goes_from_its_metric_to_queries_and_to_a_band() {
    let mut story = story();
    story.apply();
    let whole = |alarm: Alarm| match Object::from(alarm).complete(None) {
        Object::Alarm(alarm) => alarm,
        other => panic!("{other:?}"),
    };
    *held(&mut story) = whole(told(Alarm::on_metric("rate", "acme-prod", "errors")));
    assert!(story.plan().refusals.is_empty());
    assert_snapshot!("from_one_metric", story.text());
    *held(&mut story) = whole(Alarm {
        name: "rate".into(),
        ..band()
    });
    assert!(story.plan().refusals.is_empty());
    assert_snapshot!("from_a_band", story.text());
    *story.wish(RATE) = told(Alarm::on_metric("rate", "acme-prod", "errors")).into();
    assert!(story.plan().refusals.is_empty());
    assert_snapshot!("to_one_metric", story.text());
}
