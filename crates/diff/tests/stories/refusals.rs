//! What is not done, and the way out.

use insta::assert_snapshot;
use trailwarden_diff::Consent;
use trailwarden_spec::kinds::LogClass;
use trailwarden_spec::leaf::{Managed, Owner, Retention};
use trailwarden_spec::{Kind, Object};

use crate::fixture::{Story, address, scope, tags};

const FILTER: &str = "metric_filter./acme/account-activity:acme-prod-iam-changes";
const ALARM: &str = "alarm.acme-prod-iam-changes";

#[test]
fn a_deletion_blinds() {
    let mut story = Story::applied();
    story.drops(FILTER);
    story.drops(ALARM);
    assert_snapshot!(story.text());
    story.allow_blinding(&[FILTER, ALARM]);
    assert_snapshot!("a_deletion_blinds_with_consent", story.text());
}

#[test]
fn a_change_blinds() {
    let mut story = Story::applied();
    let Object::Trail(trail) = story.wish("trail.account-activity") else {
        unreachable!()
    };
    trail.logging = false;
    assert_snapshot!(story.text());
    story.allow_blinding(&["trail.account-activity"]);
    assert_snapshot!("a_change_blinds_with_consent", story.text());
}

#[test]
fn a_topic_is_somebody_s() {
    let mut story = Story::new();
    story.apply();
    let keep = address("topic.security-alerts");
    story.live.objects.retain(|address, _| *address == keep);
    let found = story.found("topic.security-alerts");
    found.owner = Owner::Foreign;
    let Object::Topic(topic) = &mut found.value else {
        unreachable!()
    };
    topic.display_name = Managed::Set("Alerts".into());
    topic.tags = tags(&[]);
    story
        .wanted
        .objects
        .retain(|address, _| matches!(address.kind, Kind::Topic | Kind::TopicPolicy | Kind::Subscription));
    assert_snapshot!(story.text());
    story.options.adopt.insert(address("topic.security-alerts"));
    assert_snapshot!("a_topic_is_adopted", story.text());
}

#[test]
fn objects_belong_to_others() {
    let mut story = Story::applied();
    story.found(ALARM).owner = Owner::Stack("acme-audit".into());
    story.found("log_group./acme/account-activity").owner = Owner::CloudFormation("landing-zone".into());
    assert_snapshot!(story.text());
}

#[test]
fn what_cannot_be_expressed_is_not_overwritten() {
    let mut story = Story::applied();
    let odd = vec!["advanced event selectors for S3 objects".to_owned()];
    story.found("trail.account-activity").facts.inexpressible = odd;
    assert_snapshot!("what_cannot_be_expressed_is_noted", story.text());
    let Object::Trail(trail) = &mut story.found("trail.account-activity").value else {
        unreachable!()
    };
    trail.log_file_validation = false;
    assert_snapshot!(story.text());
}

#[test]
fn an_existing_log_group_is_missing() {
    let mut story = Story::new();
    story
        .wanted
        .objects
        .retain(|address, _| matches!(address.kind, Kind::MetricFilter | Kind::Alarm));
    for address in story
        .wanted
        .objects
        .keys()
        .filter(|address| address.kind == Kind::Alarm)
    {
        assert!(!story.wanted.existing.contains_key(address));
    }
    let group = address("log_group./acme/account-activity");
    let place = story.wanted.objects.values().next().unwrap().place.clone();
    story.wanted.existing.insert(group, place);
    assert_snapshot!(story.text());
}

#[test]
fn a_log_group_of_another_class_has_no_filters() {
    let mut story = Story::applied();
    let Object::LogGroup(group) = &mut story.found("log_group./acme/account-activity").value else {
        unreachable!()
    };
    group.class = Managed::Set(LogClass::InfrequentAccess);
    group.retention = Managed::Set(Retention::Never);
    assert_snapshot!(story.text());
}

#[test]
fn too_much_is_taken_away() {
    let mut story = Story::applied();
    for number in 0..4 {
        story.rule(&format!("old-{number}"), "{ $.old = 1 }");
    }
    story.apply();
    for number in 0..4 {
        story.drops(&format!(
            "metric_filter./acme/account-activity:acme-prod-old-{number}"
        ));
        story.drops(&format!("alarm.acme-prod-old-{number}"));
    }
    // Consent for each of them is not consent to all of it.
    let all: Vec<String> = story.live.objects.keys().map(ToString::to_string).collect();
    story.allow_blinding(&all.iter().map(String::as_str).collect::<Vec<_>>());
    assert_snapshot!(story.text());
    story.options.allow_blinding = Consent {
        all: true,
        ..Consent::default()
    };
    assert_eq!(story.plan().summary().delete, 8);
}

#[test]
fn what_vanishes_with_its_parent_counts_as_taken() {
    let mut story = Story::new();
    story
        .wanted
        .objects
        .retain(|address, _| matches!(address.kind, Kind::LogGroup | Kind::Alarm | Kind::Topic));
    for number in 0..9 {
        story.rule(&format!("rule-{number}"), "{ $.a = 1 }");
    }
    story
        .wanted
        .objects
        .retain(|address, _| address.kind != Kind::Alarm);
    story.apply();
    story
        .wanted
        .objects
        .retain(|address, _| address.kind == Kind::Topic);
    let group = scope().address(Kind::LogGroup, "/acme/account-activity");
    story.allow_blinding(&[&group.to_string()]);
    assert_snapshot!(story.text());
}

#[test]
fn a_rule_moves_to_another_metric() {
    let mut story = Story::applied();
    let Object::MetricFilter(filter) = story.wish(FILTER) else {
        unreachable!()
    };
    filter.metric = "identity".into();
    let Object::Alarm(alarm) = story.wish(ALARM) else {
        unreachable!()
    };
    alarm.metric = "identity".into();
    assert_snapshot!(story.text());
}

const TRAIL: &str = "trail.account-activity";
const BUCKET: &str = "bucket.acme-123456789012-account-activity";
const POLICY: &str = "bucket_policy.acme-123456789012-account-activity";

#[test]
fn what_drifted_to_where_nobody_watches_comes_back_without_consent() {
    let mut story = Story::applied();
    let Object::Trail(trail) = &mut story.found(TRAIL).value else {
        unreachable!()
    };
    let Managed::Set(Some(delivery)) = &mut trail.delivery else {
        unreachable!()
    };
    delivery.log_group = scope().log_group_arn("/elsewhere");
    let Object::Alarm(alarm) = &mut story.found(ALARM).value else {
        unreachable!()
    };
    alarm.metric = "nobody-counts-it".into();
    assert_snapshot!(story.text());
    assert!(story.plan().refusals.is_empty());
}

#[test]
fn a_stopped_trail_records_again_whatever_is_the_matter_with_its_bucket() {
    let mut story = Story::applied();
    story.found(BUCKET).owner = Owner::Foreign;
    let Object::Trail(trail) = &mut story.found(TRAIL).value else {
        unreachable!()
    };
    trail.logging = false;
    assert_snapshot!(story.text());
}

#[test]
fn what_a_refused_object_needs_is_neither_deleted_nor_released() {
    let mut story = Story::applied();
    for gone in [BUCKET, POLICY, TRAIL] {
        story.drops(gone);
    }
    // The trail may not go, so the rest stays, whatever was allowed of it.
    story.allow_blinding(&[BUCKET, POLICY]);
    assert_snapshot!(story.text());
    story.found(BUCKET).facts.holds_data = true;
    assert!(story.plan().steps.is_empty(), "{}", story.text());
}
