//! What the account has no room for, and what all of it costs.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use trailwarden_diff::{Action, Consent, CostOf, Plan, RefusalCode, render};
use trailwarden_spec::kinds::{Insight, ManagementEvents};
use trailwarden_spec::leaf::{BasicSelector, FilterPattern, Managed, Selector, Selectors};
use trailwarden_spec::live::SeenTrail;
use trailwarden_spec::{Kind, Object, Scope};

use crate::fixture::{Story, address, scope};

const GROUP: &str = "/acme/account-activity";
const FILTER: &str = "metric_filter./acme/account-activity:acme-prod-iam-changes";
const ALARM: &str = "alarm.acme-prod-iam-changes";
const TRAIL: &str = "trail.account-activity";
const REGEX: &str = "{ $.eventName = %^Delete% }";

/// An account that is as the spec says, with filters of somebody else on the group.
fn with_foreign(filters: usize, has_regex: bool) -> Story {
    let mut story = Story::applied();
    let group = story.live.usage.filters.entry(GROUP.into()).or_default();
    group.extend((0..filters).map(|number| (format!("theirs-{number}"), has_regex)));
    story
}

/// The trails that the region shows: the stack's if it is there, and some of others.
fn shows_trails(story: &mut Story, others: usize) {
    let elsewhere = |number: usize| {
        (number % 2 == 1).then(|| Scope {
            account: scope().account,
            region: "eu-west-1".into(),
        })
    };
    let seen = (0..others).map(|number| SeenTrail {
        name: format!("theirs-{number}"),
        elsewhere: elsewhere(number),
    });
    story.live.usage.trails.extend(seen);
}

fn refused(plan: &Plan, code: RefusalCode) -> Vec<String> {
    let refusals = plan.refusals.iter().filter(|refusal| refusal.code == code);
    refusals.map(|refusal| refusal.address.to_string()).collect()
}

fn allows_all(story: &mut Story) {
    story.options.allow_blinding = Consent {
        all: true,
        ..Consent::default()
    };
}

#[test]
fn exactly_as_many_as_there_is_room_for() {
    let mut story = with_foreign(98, false);
    story.rule("root-use", "{ $.userIdentity.type = \"Root\" }");
    let plan = story.plan();
    assert!(plan.refusals.is_empty(), "{}", story.text());
    assert_eq!(plan.summary().create, 2);
    assert_eq!(
        plan.notes[0].message,
        "100 of 100 metric filters of the log group `/acme/account-activity` will be used, 98 by others"
    );
}

#[test]
fn one_filter_too_many() {
    let mut story = with_foreign(98, false);
    story.rule("root-use", "{ $.userIdentity.type = \"Root\" }");
    story.rule("sign-in", "{ $.eventName = \"ConsoleLogin\" }");
    // Both filters are refused, and both alarms, which would watch what nobody counts.
    assert_snapshot!(story.text());
    let plan = story.plan();
    assert_eq!(refused(&plan, RefusalCode::Quota).len(), 2);
    assert_eq!(refused(&plan, RefusalCode::Waits).len(), 2);
    assert!(plan.steps.is_empty());
}

#[test]
fn a_change_in_place_takes_no_room() {
    let mut story = with_foreign(99, false);
    let Object::MetricFilter(filter) = &mut story.found(FILTER).value else {
        unreachable!()
    };
    filter.value = "0".into();
    let plan = story.plan();
    assert!(plan.refusals.is_empty(), "{}", story.text());
    assert_eq!(plan.steps[0].action, Action::Update);
}

#[test]
fn a_rename_needs_a_free_place() {
    let mut story = with_foreign(99, false);
    story.drops(FILTER);
    story.drops(ALARM);
    story.rule("iam-edits", "{ $.eventSource = \"iam.amazonaws.com\" }");
    allows_all(&mut story);
    assert_snapshot!(story.text());
    story
        .live
        .usage
        .filters
        .get_mut(GROUP)
        .unwrap()
        .remove("theirs-0");
    assert!(story.plan().refusals.is_empty(), "{}", story.text());
}

#[test]
fn filters_on_other_groups_take_no_room() {
    let mut story = with_foreign(0, false);
    let others = (0..100).map(|number| (format!("theirs-{number}"), true));
    story
        .live
        .usage
        .filters
        .insert("/elsewhere".into(), others.collect());
    story.rule("root-use", REGEX);
    let plan = story.plan();
    assert!(
        plan.refusals.is_empty() && plan.notes.is_empty(),
        "{}",
        story.text()
    );
}

#[test]
fn a_regular_expression_too_many() {
    let mut story = with_foreign(4, true);
    story.rule("deletions", REGEX);
    assert!(story.plan().refusals.is_empty(), "{}", story.text());
    // A filter that is there takes a place when its pattern gets an expression.
    let Object::MetricFilter(filter) = story.wish(FILTER) else {
        unreachable!()
    };
    filter.pattern = FilterPattern::new(REGEX);
    assert_snapshot!(story.text());
    assert_eq!(refused(&story.plan(), RefusalCode::Quota).len(), 2);
}

#[test]
fn a_trail_too_many() {
    let mut story = Story::new();
    shows_trails(&mut story, 4);
    assert!(story.plan().refusals.is_empty(), "{}", story.text());
    shows_trails(&mut story, 5);
    let plan = story.plan();
    assert_eq!(refused(&plan, RefusalCode::Quota), [TRAIL]);
    assert_snapshot!(plan.refusals[0].message);
    // The one that is there is changed all the same.
    let mut story = Story::applied();
    shows_trails(&mut story, 4);
    let Object::Trail(trail) = &mut story.found(TRAIL).value else {
        unreachable!()
    };
    trail.logging = false;
    assert!(story.plan().refusals.is_empty(), "{}", story.text());
}

#[test]
fn a_shadow_of_the_same_name_takes_a_place_of_its_own() {
    let mut story = Story::new();
    shows_trails(&mut story, 4);
    let shadow = SeenTrail {
        name: "account-activity".into(),
        elsewhere: Some(Scope {
            account: scope().account,
            region: "eu-west-1".into(),
        }),
    };
    story.live.usage.trails.insert(shadow);
    assert_eq!(refused(&story.plan(), RefusalCode::Quota), [TRAIL]);
}

#[test]
fn what_is_nearly_used_up_is_noted() {
    assert!(with_foreign(78, false).plan().notes.is_empty());
    let story = with_foreign(79, false);
    let plan = story.plan();
    assert!(plan.is_empty());
    let group = scope().address(Kind::LogGroup, GROUP);
    assert_eq!(plan.notes[0].address, group);
    assert_eq!(
        plan.notes[0].message,
        "80 of 100 metric filters of the log group `/acme/account-activity` are used, 79 by others"
    );
}

#[test]
fn what_a_spec_costs() {
    let mut story = Story::new();
    story.rule("root-use", "{ $.userIdentity.type = \"Root\" }");
    story.rule("sign-in", "{ $.eventName = \"ConsoleLogin\" }");
    // Two rules that count into one metric, and an alarm that looks often.
    let Object::MetricFilter(filter) = story.wish("metric_filter./acme/account-activity:acme-prod-sign-in")
    else {
        unreachable!()
    };
    filter.metric = "root-use".into();
    let Object::Alarm(alarm) = story.wish("alarm.acme-prod-sign-in") else {
        unreachable!()
    };
    alarm.period = 10;
    // A second trail of the same events.
    let Object::Trail(mut second) = story.wish(TRAIL).clone() else {
        unreachable!()
    };
    second.name = "second".into();
    story.wants("trail.second", second.clone());
    let line = |story: &Story| {
        let text = story.text();
        let line = text.lines().find(|line| line.starts_with("Cost: "));
        line.map(ToOwned::to_owned)
    };
    assert_eq!(
        line(&story).as_deref(),
        Some(
            "Cost: about USD 1.10 a month for 2 alarms, 1 high-resolution alarm and 2 custom metrics, and \
             USD 2.00 per 100,000 events for 1 further copy of management events (list prices of us-east-1; a \
             metric costs only while values arrive)."
        )
    );
    let cost = story.plan().cost;
    let cents: Vec<_> = cost
        .iter()
        .map(|item| (item.what, item.count, item.cents_a_month))
        .collect();
    assert_eq!(
        cents,
        [
            (CostOf::Alarms, 2, Some(20)),
            (CostOf::HighResolutionAlarms, 1, Some(30)),
            (CostOf::CustomMetrics, 2, Some(60)),
            (CostOf::ManagementEventCopies, 1, None),
        ]
    );
    let json = render::json(&story.plan());
    assert_eq!(json["cost"][0]["cents_a_month"], 20);
    assert_eq!(json["cost"][3]["what"], "management-event-copies");
    let composite = trailwarden_spec::leaf::AlarmRule::read("FALSE");
    let mut dearer = Story::new();
    dearer.wants(
        "composite_alarm.c",
        trailwarden_spec::kinds::CompositeAlarm::new("c", composite),
    );
    let words = line(&dearer).unwrap_or_default();
    assert!(
        words.contains("USD 0.90 a month for 1 alarm, 1 composite alarm and 1 custom metric"),
        "{words}"
    );
    // One trail that records what reads and one that records what writes are no copies.
    let Object::Trail(first) = story.wish(TRAIL) else {
        unreachable!()
    };
    first.management_events = ManagementEvents::Read;
    second.management_events = ManagementEvents::Write;
    story.wants("trail.second", second);
    assert_eq!(story.plan().cost.len(), 3);
    // What is as wanted is not asked for again.
    story.apply();
    assert_eq!(line(&story), None);
    assert!(!story.plan().cost.is_empty());
}

#[test]
fn data_events_and_insights_cost_by_what_happens() {
    let mut story = Story::new();
    let Object::Trail(trail) = story.wish(TRAIL) else {
        unreachable!()
    };
    trail.insights = Managed::Set(Insight::ALL.iter().copied().collect());
    trail.data_events = Managed::Set(Selectors::new(vec![Selector::from(BasicSelector {
        read_only: None,
        resource_type: "AWS::Lambda::Function".into(),
        values: BTreeSet::new(),
    })]));
    let text = story.text();
    let cost = text.lines().find(|line| line.starts_with("Cost: "));
    assert_eq!(
        cost,
        Some(
            "Cost: about USD 0.40 a month for 1 alarm and 1 custom metric, and USD 0.10 per 100,000 events for 1 trail \
             with data events, and USD 0.35 per 100,000 events for 2 sorts of Insights (list prices of us-east-1; a \
             metric costs only while values arrive)."
        )
    );
}

#[test]
fn what_nobody_wants_costs_nothing() {
    let mut story = Story::applied();
    story.wanted.objects.retain(|wanted, _| *wanted == address(TRAIL));
    allows_all(&mut story);
    assert!(story.plan().cost.is_empty());
    assert!(!story.text().contains("Cost:"));
}
