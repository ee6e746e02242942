//! Classes and deletion protection of log groups.

use insta::assert_snapshot;
use trailwarden_diff::{Action, RefusalCode};
use trailwarden_spec::kinds::{LogClass, LogGroup};
use trailwarden_spec::leaf::{Managed, Tags};
use trailwarden_spec::{Kind, Object};

use crate::fixture::{Story, address, scope};

const OTHER: &str = "log_group./acme/other";

/// A second group, on which no rule counts.
fn with_other(change: impl FnOnce(&mut LogGroup)) -> Story {
    let mut story = Story::applied();
    let mut group = LogGroup {
        name: "/acme/other".into(),
        retention: Managed::Leave,
        class: Managed::Leave,
        deletion_protection: Managed::Leave,
        key: Managed::Leave,
        tags: Tags::default(),
    };
    change(&mut group);
    story.wants("log_group.other", group);
    story.apply();
    story
}

fn held(story: &mut Story) -> &mut LogGroup {
    match &mut story.found(OTHER).value {
        Object::LogGroup(group) => group,
        other => panic!("{other:?}"),
    }
}

#[test]
fn protection_was_taken_off() {
    let mut story = with_other(|group| group.deletion_protection = Managed::Set(true));
    assert!(story.plan().is_empty());
    held(&mut story).deletion_protection = Managed::Set(false);
    assert_snapshot!(story.text());
}

#[test]
fn a_class_is_for_ever() {
    let mut story = with_other(|group| group.class = Managed::Set(LogClass::InfrequentAccess));
    assert!(story.plan().is_empty());
    held(&mut story).class = Managed::Set(LogClass::Standard);
    assert_snapshot!(story.text());
}

#[test]
fn a_protected_group_is_released_and_never_deleted() {
    let mut story = with_other(|group| group.deletion_protection = Managed::Set(true));
    story.drops(OTHER);
    let action = |story: &Story| story.plan().steps.first().map(|step| step.action);
    assert_eq!(action(&story), Some(Action::Release));
    assert_snapshot!(story.text());
    story.options.delete_data.insert(address(OTHER));
    story.allow_blinding(&[OTHER]);
    assert_snapshot!("a_protected_group_is_not_deleted", story.text());
    assert_eq!(story.plan().refusals[0].code, RefusalCode::Impossible);
    held(&mut story).deletion_protection = Managed::Set(false);
    assert_eq!(action(&story), Some(Action::Delete));
}

#[test]
fn an_existing_group_of_another_class_takes_a_trail_and_no_rule() {
    let mut story = Story::applied();
    let group = scope().address(Kind::LogGroup, "/acme/account-activity");
    let wish = story.wanted.objects.remove(&group).unwrap();
    story.wanted.existing.insert(group.clone(), wish.place);
    let Object::LogGroup(found) = &mut story.live.objects.get_mut(&group).unwrap().value else {
        unreachable!()
    };
    found.class = Managed::Set(LogClass::InfrequentAccess);
    let refused = |story: &Story| {
        story
            .plan()
            .refusals
            .iter()
            .any(|refusal| refusal.address == group)
    };
    assert!(refused(&story));
    let no_filter = |address: &trailwarden_spec::Address| address.kind != Kind::MetricFilter;
    story.wanted.objects.retain(|address, _| no_filter(address));
    story.live.objects.retain(|address, _| no_filter(address));
    assert!(!refused(&story));
}
