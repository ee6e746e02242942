//! A key of the stack, with which the chain is encrypted.

use insta::assert_snapshot;
use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::{Key, KeyPolicy, KeyState, KeyUse};
use trailwarden_spec::leaf::{KeyRef, Managed, Statements};
use trailwarden_spec::{Kind, Object};

use crate::fixture::{Story, address, scope, tags};

const KEY: &str = "key.acme-prod-activity";
const POLICY: &str = "key_policy.acme-prod-activity";
const TRAIL: &str = "trail.account-activity";
const GROUP: &str = "log_group./acme/account-activity";

fn key(name: &str) -> Key {
    Key {
        name: name.into(),
        description: Managed::Leave,
        state: KeyState::Enabled,
        rotation: true,
        rotation_days: Managed::Leave,
        tags: tags(&[("team", "security")]),
    }
}

/// What the trail, the log group and the topic say of their key.
fn encrypt(story: &mut Story, key: Option<&str>) {
    let key = Managed::Set(key.map(|name| KeyRef::alias(&scope(), name)));
    for text in [TRAIL, GROUP, "topic.security-alerts"] {
        match story.wish(text) {
            Object::Trail(trail) => trail.key = key.clone(),
            Object::LogGroup(group) => group.key = key.clone(),
            Object::Topic(topic) => topic.key = key.clone(),
            _ => unreachable!(),
        }
    }
}

fn uses() -> Vec<KeyUse<'static>> {
    vec![
        KeyUse::Trail("account-activity"),
        KeyUse::LogGroup("/acme/account-activity"),
        KeyUse::Alarms,
    ]
}

/// The spec with a key, in an account that is as the spec was without one.
fn with_key() -> Story {
    let mut story = Story::applied();
    story.wants("key.activity", key("acme-prod-activity"));
    let policy = KeyPolicy::for_uses("acme-prod", &scope(), "acme-prod-activity", uses());
    story.wants("key.activity", policy);
    encrypt(&mut story, Some("acme-prod-activity"));
    story
}

/// An account that is as the spec with a key says.
fn applied() -> Story {
    let mut story = with_key();
    story.apply();
    // What an API answers is the key's own ARN; the provider adds the alias.
    let arn =
        Arn::parse("arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab").unwrap();
    for text in [TRAIL, GROUP, "topic.security-alerts"] {
        match &mut story.found(text).value {
            Object::Trail(trail) => trail.key = known(&trail.key, &arn),
            Object::LogGroup(group) => group.key = known(&group.key, &arn),
            Object::Topic(topic) => topic.key = known(&topic.key, &arn),
            _ => unreachable!(),
        }
    }
    story.found(KEY).facts.holds_data = true;
    story
}

fn known(key: &Managed<Option<KeyRef>>, arn: &Arn) -> Managed<Option<KeyRef>> {
    let mut key = key.get().cloned().flatten().unwrap();
    key.also(arn.clone());
    Managed::Set(Some(key))
}

/// Where a step stands in an order in which all steps can be done.
fn order(story: &Story) -> Vec<String> {
    let plan = story.plan();
    let mut done: Vec<usize> = Vec::new();
    while done.len() < plan.steps.len() {
        let ready = |at: &usize| {
            let step = &plan.steps[*at];
            let waits = step.needs.iter().chain(&step.after_steps);
            !done.contains(at) && waits.into_iter().all(|need| done.contains(need))
        };
        // The latest by address first: what is not said by needs shows.
        let next = (0..plan.steps.len()).rev().find(ready).expect("no circle");
        done.push(next);
    }
    let name = |at: &usize| {
        let step = &plan.steps[*at];
        format!("{:?} {:?} {}", step.action, step.phase, step.address)
    };
    done.iter().map(name).collect()
}

#[test]
fn what_is_there_is_encrypted_with_a_new_key() {
    let story = with_key();
    assert_snapshot!(story.text());
    let order = order(&story);
    let at = |text: &str| order.iter().position(|step| step.ends_with(text)).unwrap();
    assert!(at(KEY) < at(POLICY), "{order:?}");
    for user in [TRAIL, GROUP, "topic.security-alerts"] {
        assert!(at(POLICY) < at(user), "{order:?}");
    }
    assert!(applied().plan().is_empty());
}

#[test]
fn a_key_was_disabled_and_its_policy_cut() {
    let mut story = applied();
    let Object::Key(key) = &mut story.found(KEY).value else {
        unreachable!()
    };
    key.state = KeyState::Disabled;
    key.rotation = false;
    let Object::KeyPolicy(policy) = &mut story.found(POLICY).value else {
        unreachable!()
    };
    policy.statements = Statements::new(policy.statements.as_slice()[..2].to_vec());
    assert_snapshot!(story.text());
}

#[test]
fn a_key_that_is_to_be_deleted_is_refused_and_what_is_new_waits() {
    let mut story = with_key();
    story.live = applied().live;
    let Object::Key(key) = &mut story.found(KEY).value else {
        unreachable!()
    };
    key.state = KeyState::PendingDeletion;
    let Object::Trail(trail) = &mut story.found(TRAIL).value else {
        unreachable!()
    };
    trail.key = Managed::Set(None);
    trail.logging = false;
    assert_snapshot!(story.text());
}

#[test]
fn a_trail_changes_its_key() {
    let mut story = applied();
    story.wants("key.files", key("files"));
    let policy = KeyPolicy::for_uses("acme-prod", &scope(), "files", uses().into_iter().take(1));
    story.wants("key.files", policy);
    let rest = uses().into_iter().skip(1);
    story.wants(
        "key.activity",
        KeyPolicy::for_uses("acme-prod", &scope(), "acme-prod-activity", rest),
    );
    let Object::Trail(trail) = story.wish(TRAIL) else {
        unreachable!()
    };
    trail.key = Managed::Set(Some(KeyRef::alias(&scope(), "files")));
    assert_eq!(
        order(&story),
        [
            "Create Whole key.files",
            "Create Whole key_policy.files",
            "Update Whole trail.account-activity",
            &format!("Update Narrow {POLICY}"),
        ]
    );
}

#[test]
fn a_log_group_that_leaves_a_key_is_let_in_all_the_same() {
    let mut story = applied();
    encrypt(&mut story, None);
    let nobody = KeyPolicy::for_uses("acme-prod", &scope(), "acme-prod-activity", []);
    story.wants("key.activity", nobody);
    let plan = story.plan();
    let last = plan
        .steps
        .iter()
        .rfind(|step| step.address.kind == Kind::KeyPolicy);
    let Some(Object::KeyPolicy(after)) = last.and_then(|step| step.after.as_ref()) else {
        panic!("{plan:?}")
    };
    let logs = KeyPolicy::for_uses(
        "acme-prod",
        &scope(),
        "acme-prod-activity",
        [KeyUse::LogGroup("/acme/account-activity")],
    );
    assert_eq!(after.statements, logs.statements);
}

#[test]
fn a_dropped_key_is_released_or_deleted_by_word() {
    let mut story = applied();
    story.drops(KEY);
    story.drops(POLICY);
    encrypt(&mut story, None);
    assert_snapshot!(story.text());
    story.options.delete_data.insert(address(KEY));
    assert_snapshot!("a_dropped_key_is_deleted", story.text());

    // Data that is kept can be read.
    story.drops(GROUP);
    story.found(GROUP).facts.holds_data = true;
    let text = story.text();
    assert!(text.contains("it is released all the same"), "{text}");

    // Silence keeps the key in use, and what is in use is not deleted.
    let mut story = applied();
    story.drops(KEY);
    story.drops(POLICY);
    for text in [TRAIL, GROUP, "topic.security-alerts"] {
        match story.wish(text) {
            Object::Trail(trail) => trail.key = Managed::Leave,
            Object::LogGroup(group) => group.key = Managed::Leave,
            Object::Topic(topic) => topic.key = Managed::Leave,
            _ => unreachable!(),
        }
    }
    story.options.delete_data.insert(address(KEY));
    story.allow_blinding(&[KEY]);
    let text = story.text();
    assert!(text.contains("still encrypts with it"), "{text}");
}

/// The topic stays as it is, so that nothing else holds the trail back.
#[test]
fn a_trail_tells_an_encrypted_topic_after_the_key_lets_it() {
    let mut story = applied();
    let notices = uses().into_iter().chain([KeyUse::Notices("account-activity")]);
    let policy = KeyPolicy::for_uses("acme-prod", &scope(), "acme-prod-activity", notices);
    story.wants("key.activity", policy);
    let topic = scope().topic_arn("security-alerts");
    if let Object::Trail(trail) = story.wish(TRAIL) {
        trail.key = Managed::Set(None);
        trail.sns_topic = Managed::Set(Some(topic));
    }
    if let Object::Trail(trail) = &mut story.found(TRAIL).value {
        trail.key = Managed::Set(None);
    }
    let plan = story.plan();
    let at = |text: &str| {
        let mut steps = plan.steps.iter();
        steps
            .position(|step| step.address == address(text))
            .expect("a step")
    };
    let trail = &plan.steps[at(TRAIL)];
    assert_eq!(trail.after_steps, [at(POLICY)], "{:?}", plan.steps);
}

/// The trail's statement stays until the trail has left.
#[test]
fn a_trail_leaves_an_encrypted_topic_before_the_key_shuts_it_out() {
    let mut story = applied();
    let notices = uses().into_iter().chain([KeyUse::Notices("account-activity")]);
    let held = KeyPolicy::for_uses("acme-prod", &scope(), "acme-prod-activity", notices);
    story.found(POLICY).value = held.into();
    if let Object::Trail(trail) = &mut story.found(TRAIL).value {
        trail.sns_topic = Managed::Set(Some(scope().topic_arn("security-alerts")));
    }
    if let Object::Trail(trail) = story.wish(TRAIL) {
        trail.sns_topic = Managed::Set(None);
    }
    let plan = story.plan();
    let at = |text: &str| {
        let mut steps = plan.steps.iter();
        steps
            .position(|step| step.address == address(text))
            .expect("a step")
    };
    assert_eq!(plan.steps[at(POLICY)].needs, [at(TRAIL)], "{:?}", plan.steps);
    assert!(plan.steps[at(TRAIL)].needs.is_empty());
}
