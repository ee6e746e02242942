//! `--target` and `--exclude`: a part of a plan.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use trailwarden_diff::RefusalCode;
use trailwarden_spec::Object;
use trailwarden_spec::leaf::{Managed, Owner, Retention};

use crate::fixture::{PATTERN, Story, address};

const GROUP: &str = "log_group./acme/account-activity";
const ALARM: &str = "alarm.acme-prod-iam-changes";
const FILTER: &str = "metric_filter./acme/account-activity:acme-prod-iam-changes";

fn target(story: &mut Story, addresses: &[&str]) {
    story.options.target = addresses.iter().map(|text| address(text)).collect();
}

fn exclude(story: &mut Story, addresses: &[&str]) {
    story.options.exclude = addresses.iter().map(|text| address(text)).collect();
}

fn steps(story: &Story) -> BTreeSet<String> {
    let steps = story.plan().steps;
    steps.iter().map(|step| step.address.to_string()).collect()
}

fn drifts(story: &mut Story) {
    for (text, found) in &mut story.live.objects {
        match &mut found.value {
            Object::LogGroup(group) => group.retention = Managed::Set(Retention::Days(30)),
            Object::Alarm(alarm) => alarm.threshold = 7.0,
            Object::Topic(topic) => topic.display_name = Managed::Set("other".into()),
            _ => assert!(!text.name.is_empty()),
        }
    }
}

#[test]
fn a_target_is_changed_and_nothing_else() {
    let mut story = Story::applied();
    drifts(&mut story);
    assert_eq!(steps(&story), [ALARM.into(), GROUP.into()].into());
    target(&mut story, &[GROUP]);
    assert_snapshot!(story.text());
}

#[test]
fn a_target_brings_what_it_needs() {
    let mut story = Story::new();
    target(&mut story, &[ALARM]);
    let expected = [
        GROUP,
        FILTER,
        "topic.security-alerts",
        "topic_policy.security-alerts",
        ALARM,
    ];
    let steps = steps(&story);
    for address in expected {
        assert!(steps.contains(address), "{address} in {steps:?}");
    }
    let subscriptions = steps.iter().filter(|step| step.starts_with("subscription."));
    assert_eq!(subscriptions.count(), 1, "an alarm is for those who hear of it");
    assert_eq!(steps.len(), expected.len() + 1);
}

#[test]
fn an_unchanged_target_brings_the_drift_of_what_it_needs() {
    let mut story = Story::applied();
    story
        .live
        .objects
        .remove(&address("topic_policy.security-alerts"));
    target(&mut story, &[ALARM]);
    assert_eq!(steps(&story), ["topic_policy.security-alerts".into()].into());
    target(&mut story, &[GROUP]);
    assert_snapshot!(story.text());
}

#[test]
fn what_is_excluded_stays_and_so_does_what_waits_for_it() {
    let mut story = Story::new();
    exclude(&mut story, &[GROUP]);
    let steps = steps(&story);
    assert!(steps.contains("topic.security-alerts"));
    for out in [GROUP, FILTER, ALARM, "trail.account-activity"] {
        assert!(!steps.contains(out), "{out} in {steps:?}");
    }
}

#[test]
fn a_refusal_is_no_business_of_another_target() {
    let mut story = Story::applied();
    drifts(&mut story);
    story.found(GROUP).owner = Owner::Foreign;
    let refused = |story: &Story| {
        let plan = story.plan();
        let codes: Vec<RefusalCode> = plan.refusals.iter().map(|refusal| refusal.code).collect();
        codes
    };
    assert_eq!(refused(&story), [RefusalCode::NotOwned]);
    exclude(&mut story, &[GROUP]);
    assert_eq!(refused(&story), []);
    assert_eq!(steps(&story), [ALARM.into()].into());
}

#[test]
fn what_waits_for_a_refusal_is_excluded_with_it() {
    let mut story = Story::applied();
    story.found(GROUP).owner = Owner::Foreign;
    story.rule("root-use", PATTERN);
    drifts(&mut story);
    exclude(&mut story, &[GROUP]);
    let plan = story.plan();
    assert_eq!(plan.refusals, [], "{}", story.text());
    assert!(plan.left_out >= 2);
}

#[test]
fn consent_is_asked_for_what_was_chosen() {
    let mut story = Story::applied();
    story.drops(FILTER);
    story.drops(ALARM);
    drifts(&mut story);
    assert!(!story.plan().refusals.is_empty());
    target(&mut story, &[GROUP]);
    assert!(story.plan().refusals.is_empty());
    assert_eq!(steps(&story), [GROUP.into()].into());
}
