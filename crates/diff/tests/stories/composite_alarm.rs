//! Alarms on the states of other alarms.

use insta::assert_snapshot;
use trailwarden_diff::Action;
use trailwarden_spec::Object;
use trailwarden_spec::kinds::{CompositeAlarm, Suppressor};
use trailwarden_spec::leaf::{AlarmRule, Managed};

use crate::fixture::{Story, scope};

const BOTH: &str = "composite_alarm.both";

fn composite(name: &str, rule: &str) -> CompositeAlarm {
    CompositeAlarm {
        alarm_actions: [scope().topic_arn("security-alerts")].into(),
        ..CompositeAlarm::new(name, AlarmRule::read(rule))
    }
}

fn story() -> Story {
    let mut story = Story::applied();
    story.rule("root-use", "{ $.userIdentity.type = \"Root\" }");
    let rule = "ALARM(\"acme-prod-iam-changes\") AND ALARM(\"acme-prod-root-use\")";
    story.wants("composite_alarm.both", composite("both", rule));
    story.wants("composite_alarm.top", composite("top", "ALARM(\"both\")"));
    story
}

fn held(story: &mut Story) -> &mut CompositeAlarm {
    match &mut story.found(BOTH).value {
        Object::CompositeAlarm(alarm) => alarm,
        other => panic!("{other:?}"),
    }
}

/// The steps in an order in which they can be done.
fn order(story: &Story) -> Vec<String> {
    let steps = story.plan().steps;
    let mut done: Vec<usize> = Vec::new();
    while done.len() < steps.len() {
        let next = (0..steps.len()).find(|at| {
            let waits_for = || steps[*at].needs.iter().chain(&steps[*at].after_steps);
            !done.contains(at) && waits_for().all(|before| done.contains(before))
        });
        done.push(next.expect("no circle"));
    }
    done.iter()
        .map(|at| format!("{:?} {}", steps[*at].action, steps[*at].address))
        .collect()
}

#[test]
fn a_composite_alarm_is_made_after_those_that_it_asks() {
    let mut story = story();
    assert_snapshot!(story.text());
    let order = order(&story);
    let at = |text: &str| order.iter().position(|step| step == text).expect("a step");
    let child = at("Create alarm.acme-prod-root-use");
    assert!(child < at("Create composite_alarm.both"));
    assert!(at("Create composite_alarm.both") < at("Create composite_alarm.top"));
    story.apply();
    assert!(story.plan().is_empty());
}

#[test]
fn a_composite_alarm_goes_before_those_that_it_asks() {
    let mut story = story();
    story.apply();
    for gone in ["alarm.acme-prod-root-use", BOTH, "composite_alarm.top"] {
        story.drops(gone);
    }
    story.options.allow_blinding.all = true;
    assert_eq!(
        order(&story),
        [
            "Delete composite_alarm.top",
            "Delete composite_alarm.both",
            "Delete alarm.acme-prod-root-use",
        ]
    );
}

#[test]
fn a_circle_that_somebody_made_is_no_deadlock() {
    let mut story = story();
    story.apply();
    held(&mut story).rule = AlarmRule::read("ALARM(\"top\")");
    for gone in [BOTH, "composite_alarm.top"] {
        story.drops(gone);
    }
    story.options.allow_blinding.all = true;
    assert_eq!(order(&story).len(), 2);
}

#[test]
fn a_rule_in_another_spelling_is_no_step() {
    let mut story = story();
    story.apply();
    held(&mut story).rule = AlarmRule::read("(ALARM(acme-prod-iam-changes)) AND  ALARM(acme-prod-root-use)");
    assert!(story.plan().is_empty());
    held(&mut story).rule = AlarmRule::read("ALARM(\"acme-prod-root-use\")");
    assert_snapshot!(story.text());
}

#[test]
fn what_somebody_does_to_a_composite_alarm() {
    let mut story = story();
    story.apply();
    // What the spec leaves alone.
    held(&mut story).suppressor = Managed::Set(Some(Suppressor {
        alarm: "maintenance".into(),
        wait_period: 60,
        extension_period: 60,
    }));
    held(&mut story).description = Managed::Set("by hand".into());
    assert!(story.plan().is_empty());
    held(&mut story).actions_enabled = false;
    assert_snapshot!(story.text());
}

#[test]
fn a_suppressor_blinds() {
    let mut story = story();
    story.apply();
    let Object::CompositeAlarm(wish) = story.wish(BOTH) else {
        unreachable!()
    };
    wish.suppressor = Managed::Set(Some(Suppressor {
        alarm: "acme-prod-iam-changes".into(),
        wait_period: 60,
        extension_period: 60,
    }));
    assert_snapshot!(story.text());
    story.allow_blinding(&[BOTH]);
    assert_eq!(story.plan().steps[0].action, Action::Update);
}

#[test]
fn what_a_kept_composite_alarm_asks_is_kept_too() {
    let mut story = story();
    let filter = "metric_filter./acme/account-activity:acme-prod-root-use";
    story.apply();
    for gone in [filter, "alarm.acme-prod-root-use", BOTH, "composite_alarm.top"] {
        story.drops(gone);
    }
    story.options.allow_blinding.all = true;
    let refused = |story: &Story| {
        let refusals = story.plan().refusals.into_iter();
        refusals
            .map(|refusal| refusal.address.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(refused(&story), [""; 0]);

    // Protected: the alarm that it asks cannot be deleted either.
    let tags = |found: &mut CompositeAlarm, on: bool| found.tags = found.tags.clone().protect(on);
    tags(held(&mut story), true);
    assert_eq!(refused(&story), [filter, "alarm.acme-prod-root-use", BOTH]);
    tags(held(&mut story), false);

    // Released: what it asks goes on with it.
    story.wanted.release.insert(crate::fixture::address(BOTH));
    let released: Vec<String> = order(&story);
    assert_eq!(
        released,
        [
            "Release metric_filter./acme/account-activity:acme-prod-root-use",
            "Release alarm.acme-prod-root-use",
            "Delete composite_alarm.top",
            "Release composite_alarm.both",
        ]
    );
    // Without consent the one that asks it stays, and so do our tags on all of them.
    story.options.allow_blinding.all = false;
    assert_eq!(
        refused(&story),
        [filter, "alarm.acme-prod-root-use", BOTH, "composite_alarm.top"]
    );
}

#[test]
fn an_alarm_that_others_ask_is_not_deleted() {
    let mut story = story();
    story.apply();
    for gone in [
        "metric_filter./acme/account-activity:acme-prod-root-use",
        "alarm.acme-prod-root-use",
        BOTH,
        "composite_alarm.top",
    ] {
        story.drops(gone);
    }
    story.options.allow_blinding.all = true;
    story
        .found("alarm.acme-prod-root-use")
        .facts
        .asked_by
        .extend(["both".to_owned(), "theirs".to_owned()]);
    assert_snapshot!(story.text());
}

#[test]
fn a_suppressor_that_the_spec_left_alone_is_not_deleted() {
    let mut story = story();
    story.apply();
    held(&mut story).suppressor = Managed::Set(Some(Suppressor {
        alarm: "top".into(),
        wait_period: 60,
        extension_period: 60,
    }));
    story.drops("composite_alarm.top");
    story.options.allow_blinding.all = true;
    assert_snapshot!(story.text());
}
