//! A sealed plan does exactly what was agreed to, or says what has changed.

use insta::assert_snapshot;
use trailwarden_diff::{Action, Misfit, Plan, Seal, approval};
use trailwarden_spec::Object;
use trailwarden_spec::leaf::{Managed, Retention};

use crate::fixture::{PATTERN, Story};

const GROUP: &str = "log_group./acme/account-activity";
const ALARM: &str = "alarm.acme-prod-iam-changes";

/// The seal as it comes back from a file.
fn sealed(story: &Story) -> Seal {
    let text = serde_json::to_string(&Seal::of(&story.plan())).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn lines(result: Result<Plan, Vec<Misfit>>) -> String {
    let misfits = result.expect_err("does not fit");
    let lines = misfits.iter().map(|m| format!("{}: {}\n", m.address, m.message));
    lines.collect()
}

fn set_retention(story: &mut Story, days: u32) {
    match &mut story.found(GROUP).value {
        Object::LogGroup(group) => group.retention = Managed::Set(Retention::Days(days)),
        other => panic!("{other:?}"),
    }
}

fn set_threshold(story: &mut Story, threshold: f64) {
    match &mut story.found(ALARM).value {
        Object::Alarm(alarm) => alarm.threshold = threshold,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_plan_fits_the_account_that_it_was_made_for() {
    let mut story = Story::applied();
    set_retention(&mut story, 30);
    assert_eq!(sealed(&story).fit(story.plan()), Ok(story.plan()));
    let new = Story::new();
    assert_eq!(sealed(&new).fit(new.plan()), Ok(new.plan()));
}

#[test]
fn a_value_that_changed_since_is_named() {
    let mut story = Story::applied();
    set_retention(&mut story, 30);
    let seal = sealed(&story);
    set_retention(&mut story, 14);
    assert_snapshot!(lines(seal.fit(story.plan())), @"log_group./acme/account-activity: `retention_days` was 30, is 14");
}

#[test]
fn a_change_that_somebody_made_already_is_named() {
    let mut story = Story::applied();
    set_retention(&mut story, 30);
    let seal = sealed(&story);
    set_retention(&mut story, 365);
    assert_snapshot!(lines(seal.fit(story.plan())), @"log_group./acme/account-activity: is as the spec says already");
}

#[test]
fn an_object_that_vanished_is_to_be_made_now() {
    let mut story = Story::applied();
    set_threshold(&mut story, 7.0);
    let seal = sealed(&story);
    story.live.objects.remove(&crate::fixture::address(ALARM));
    assert_snapshot!(lines(seal.fit(story.plan())));
}

#[test]
fn an_object_that_somebody_else_made_is_refused_now() {
    let mut story = Story::applied();
    let found = story
        .live
        .objects
        .remove(&crate::fixture::address(ALARM))
        .unwrap();
    let seal = sealed(&story);
    let foreign = trailwarden_spec::live::Found {
        owner: trailwarden_spec::leaf::Owner::Foreign,
        ..found
    };
    story.live.objects.insert(crate::fixture::address(ALARM), foreign);
    assert_snapshot!(lines(seal.fit(story.plan())));
}

#[test]
fn what_is_needed_since_is_named() {
    let mut story = Story::applied();
    story.rule("root-use", PATTERN);
    let seal = sealed(&story);
    story
        .live
        .objects
        .remove(&crate::fixture::address("topic.security-alerts"));
    assert_snapshot!(lines(seal.fit(story.plan())));
}

#[test]
fn what_has_drifted_elsewhere_since_is_left_for_the_next_plan() {
    let mut story = Story::applied();
    set_retention(&mut story, 30);
    let seal = sealed(&story);
    set_threshold(&mut story, 7.0);
    let fitted = seal.fit(story.plan()).unwrap();
    let steps: Vec<_> = fitted
        .steps
        .iter()
        .map(|step| (step.address.to_string(), step.action))
        .collect();
    assert_eq!(steps, [(GROUP.to_owned(), Action::Update)]);
    assert_eq!(fitted.left_out, 1);
}

#[test]
fn an_approval_stands_for_what_is_done_and_what_is_expected() {
    let mut story = Story::applied();
    assert_eq!(approval(&story.plan()), None);
    set_retention(&mut story, 30);
    let first = approval(&story.plan()).unwrap();
    assert_eq!(first.len(), 12);
    assert_eq!(approval(&story.plan()).as_ref(), Some(&first));

    let mut noted = Story::applied();
    set_retention(&mut noted, 30);
    noted.attention("topic.security-alerts", "test", "somebody has to look");
    assert_eq!(approval(&noted.plan()).as_ref(), Some(&first), "no step changed");

    set_retention(&mut story, 14);
    let found_otherwise = approval(&story.plan()).unwrap();
    assert_ne!(found_otherwise, first);
    match story.wish(GROUP) {
        Object::LogGroup(group) => group.retention = Managed::Set(Retention::Days(90)),
        other => panic!("{other:?}"),
    }
    assert_ne!(approval(&story.plan()).unwrap(), found_otherwise);
}
