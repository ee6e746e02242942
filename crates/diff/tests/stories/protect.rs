//! What is protected is not deleted, and what is let go stays.

use insta::assert_snapshot;
use trailwarden_diff::{Action, Consent, Plan, RefusalCode};
use trailwarden_spec::kinds::{Topic, TopicPolicy};
use trailwarden_spec::leaf::{Managed, Owner, Tags};
use trailwarden_spec::live::{Facts, Found};
use trailwarden_spec::{Kind, Object};

use crate::fixture::{Story, address, scope, subscription, tags};

const FILTER: &str = "metric_filter./acme/account-activity:acme-prod-iam-changes";
const ALARM: &str = "alarm.acme-prod-iam-changes";
const GROUP: &str = "log_group./acme/account-activity";
const TRAIL: &str = "trail.account-activity";
const BUCKET: &str = "bucket.acme-123456789012-account-activity";
const POLICY: &str = "bucket_policy.acme-123456789012-account-activity";
const ROLE: &str = "role.acme-prod-delivery";
const TOPIC: &str = "topic.security-alerts";
const TOPIC_POLICY: &str = "topic_policy.security-alerts";

fn tags_of(object: &mut Object) -> &mut Tags {
    match object {
        Object::Bucket(o) => &mut o.tags,
        Object::LogGroup(o) => &mut o.tags,
        Object::Role(o) => &mut o.tags,
        Object::Trail(o) => &mut o.tags,
        Object::Topic(o) => &mut o.tags,
        Object::Alarm(o) => &mut o.tags,
        _ => panic!("no tags"),
    }
}

impl Story {
    /// The account holds it protected; the spec says what it says.
    fn is_protected(&mut self, text: &str) {
        let tags = tags_of(&mut self.found(text).value);
        *tags = tags.clone().protect(true);
    }

    fn consents(&mut self) {
        self.options.allow_blinding = Consent {
            all: true,
            ..Consent::default()
        };
        self.options.delete_data = self.live.objects.keys().cloned().collect();
    }

    fn drops_all(&mut self, texts: &[&str]) {
        texts.iter().for_each(|text| self.drops(text));
    }

    fn releases(&mut self, text: &str) {
        self.wanted.release.insert(address(text));
    }

    /// An earlier plan has released it.
    fn is_released(&mut self, text: &str) {
        let found = self.found(text);
        found.owner = Owner::Foreign;
        *tags_of(&mut found.value) = tags(&[]);
    }
}

fn refused(plan: &Plan) -> Vec<(String, RefusalCode)> {
    let each = plan.refusals.iter();
    each.map(|refusal| (refusal.address.to_string(), refusal.code))
        .collect()
}

fn actions(plan: &Plan) -> Vec<(Action, String)> {
    let each = plan.steps.iter();
    each.map(|step| (step.action, step.address.to_string())).collect()
}

fn kinds_left(story: &mut Story, kinds: &[Kind]) {
    story
        .wanted
        .objects
        .retain(|address, _| kinds.contains(&address.kind));
}

#[test]
fn protection_is_a_step_when_it_comes_and_when_it_goes() {
    let mut story = Story::applied();
    let tags = tags_of(story.wish(TOPIC));
    *tags = tags.clone().protect(true);
    assert_snapshot!(story.text());
    story.apply();
    assert!(story.plan().is_empty());
    let tags = tags_of(story.wish(TOPIC));
    *tags = tags.clone().protect(false);
    assert_snapshot!("protection_goes", story.text());
}

#[test]
fn a_section_that_is_dropped_takes_no_protection_away() {
    let mut story = Story::applied();
    story.is_protected(TOPIC);
    kinds_left(
        &mut story,
        &[
            Kind::Bucket,
            Kind::BucketPolicy,
            Kind::LogGroup,
            Kind::Role,
            Kind::Trail,
        ],
    );
    story.consents();
    assert_snapshot!(story.text());
}

#[test]
fn another_name_would_delete_what_is_protected() {
    let mut story = Story::applied();
    story.is_protected(TOPIC);
    story
        .wanted
        .objects
        .retain(|address, _| !matches!(address.kind, Kind::Topic | Kind::TopicPolicy | Kind::Subscription));
    let new = Topic {
        name: "alerts".into(),
        display_name: Managed::Leave,
        key: Managed::Leave,
        settings: Default::default(),
        tags: tags(&[("team", "security")]).protect(true),
    };
    story.wants("topic.security", new);
    story.wants(
        "topic.security",
        TopicPolicy::for_alarms("acme-prod", &scope(), "alerts"),
    );
    let Object::Alarm(alarm) = story.wish(ALARM) else {
        unreachable!()
    };
    alarm.alarm_actions = [scope().topic_arn("alerts")].into();
    story.consents();
    assert_snapshot!(story.text());
}

#[test]
fn what_a_protected_trail_needs_is_held_by_it() {
    let mut story = Story::applied();
    story.is_protected(TRAIL);
    story.wanted.objects.clear();
    story.consents();
    // A sketch of `destroy`: all that nothing protected leans on goes.
    assert_snapshot!(story.text());
}

#[test]
fn no_plan_takes_protection_off_and_deletes() {
    let mut story = Story::applied();
    story.is_protected(ALARM);
    story.drops(FILTER);
    story.consents();
    let plan = story.plan();
    assert_eq!(refused(&plan), [(FILTER.to_owned(), RefusalCode::Protected)]);
    assert_eq!(actions(&plan), [(Action::Update, ALARM.to_owned())]);
    // The next one finds no protection any more.
    story.found(ALARM).value = story.wanted.objects[&address(ALARM)]
        .object
        .clone()
        .complete(None);
    assert_eq!(actions(&story.plan()), [(Action::Delete, FILTER.to_owned())]);
}

#[test]
fn what_has_no_tags_is_protected_through_what_it_belongs_to() {
    let mut story = Story::applied();
    story.is_protected(TOPIC);
    story.is_protected(BUCKET);
    story.is_protected(ALARM);
    let extra: Object = subscription("intruder@example.com").into();
    let found = Found {
        value: extra.clone(),
        owner: Owner::Ours,
        facts: Facts::default(),
    };
    let extra = extra.address(&scope());
    story.live.objects.insert(extra.clone(), found);
    story.wanted.exclusive.insert(address(TOPIC));
    story.drops_all(&[TRAIL, POLICY, TOPIC_POLICY, FILTER]);
    story.consents();
    let plan = story.plan();
    let expected = [POLICY, FILTER, TOPIC_POLICY, &extra.to_string()];
    let expected = expected.map(|address| (address.to_owned(), RefusalCode::Protected));
    assert_eq!(refused(&plan), expected);
    assert_snapshot!(story.text());
}

#[test]
fn a_log_group_takes_no_protected_filter_along() {
    let mut story = Story::applied();
    story.rule("other", "{ $.a = 1 }");
    story.apply();
    story.is_protected(ALARM);
    story.wanted.objects.clear();
    story.consents();
    let plan = story.plan();
    let refused = refused(&plan);
    for held in [GROUP, FILTER, ALARM] {
        assert!(
            refused.contains(&(held.to_owned(), RefusalCode::Protected)),
            "{held}: {refused:?}"
        );
    }
    // The group's other filter goes on its own.
    let other = "metric_filter./acme/account-activity:acme-prod-other";
    assert!(actions(&plan).contains(&(Action::Delete, other.to_owned())));
}

#[test]
fn the_spec_s_word_holds_for_a_filter_that_nothing_marks_yet() {
    let mut story = Story::applied();
    story.wanted.protect.insert(address(FILTER));
    story.wanted.objects.clear();
    story.consents();
    assert!(refused(&story.plan()).contains(&(FILTER.to_owned(), RefusalCode::Protected)));
}

#[test]
fn only_what_is_ours_is_protected_by_its_tag() {
    let mut story = Story::applied();
    story.is_protected(ALARM);
    story.found(ALARM).owner = Owner::Foreign;
    story.drops_all(&[FILTER, ALARM]);
    story.consents();
    assert_eq!(actions(&story.plan()), [(Action::Delete, FILTER.to_owned())]);
}

#[test]
fn what_is_protected_can_be_adopted_and_released() {
    let mut story = Story::applied();
    story.is_protected(GROUP);
    story.found(GROUP).owner = Owner::Adopted;
    kinds_left(&mut story, &[Kind::Topic, Kind::TopicPolicy, Kind::Subscription]);
    story.consents();
    assert!(actions(&story.plan()).contains(&(Action::Release, GROUP.to_owned())));
}

#[test]
fn what_is_released_keeps_what_it_needs() {
    let mut story = Story::applied();
    story.releases(TRAIL);
    story.drops_all(&[TRAIL, BUCKET, POLICY, ROLE]);
    assert_snapshot!(story.text());
}

#[test]
fn a_released_trail_keeps_its_statements_in_a_bucket_that_the_spec_still_has() {
    let mut story = Story::applied();
    story.releases(TRAIL);
    story.drops_all(&[TRAIL, POLICY, ROLE]);
    assert_eq!(
        actions(&story.plan()),
        [
            (Action::Release, ROLE.to_owned()),
            (Action::Release, TRAIL.to_owned())
        ]
    );
    story.is_released(TRAIL);
    story.live.objects.remove(&address(ROLE)).unwrap();
    assert!(story.plan().is_empty());
    assert_snapshot!(story.text());
    story.wanted.release.clear();
    assert_eq!(actions(&story.plan()), [(Action::Delete, POLICY.to_owned())]);
}

#[test]
fn a_released_alarm_keeps_its_filter_for_as_long_as_it_is_there() {
    let mut story = Story::applied();
    story.releases(ALARM);
    story.drops_all(&[FILTER, ALARM]);
    assert_snapshot!(story.text());
    story.is_released(ALARM);
    let found = &mut story.found(FILTER).facts.read_by;
    found.insert(address(ALARM).name);
    assert_snapshot!("a_released_alarm_s_filter_stays", story.text());
    story.wanted.release.clear();
    story.live.objects.remove(&address(ALARM)).unwrap();
    assert!(story.plan().steps.is_empty());
    assert!(story.plan().refusals.is_empty());
    story.found(FILTER).facts.read_by.clear();
    assert_eq!(
        refused(&story.plan()),
        [(FILTER.to_owned(), RefusalCode::Blinding)]
    );
}

#[test]
fn a_release_with_nothing_to_say_is_noted() {
    let mut story = Story::applied();
    story.releases("topic.nobody-s");
    story.releases("log_group./theirs");
    assert!(story.plan().is_empty());
    assert_snapshot!(story.text());
}

#[test]
fn a_log_group_with_data_is_released_and_referred_to() {
    let mut story = Story::applied();
    story.releases(GROUP);
    story.drops_all(&[GROUP, TRAIL, ROLE, BUCKET, POLICY]);
    let place = story.wanted.objects[&address(FILTER)].place.clone();
    story.wanted.existing.insert(address(GROUP), place);
    story.found(GROUP).facts.holds_data = true;
    story.consents();
    assert_snapshot!(story.text());
}
