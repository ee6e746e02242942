//! What people and programs read.

use insta::assert_snapshot;
use trailwarden_prove::render;
use trailwarden_spec::evidence::SubscriberState;

use crate::fixture::{NOW, Story};

#[test]
fn a_working_account() {
    assert_snapshot!(Story::working().text(false));
}

#[test]
fn a_working_account_link_by_link() {
    assert_snapshot!(Story::working().text(true));
}

fn broken() -> Story {
    let mut story = Story::working();
    story.status().events.last = Some(NOW - 250 * 86_400);
    story.subscribers()[0].state = SubscriberState::Pending;
    story
}

#[test]
fn a_broken_account() {
    assert_snapshot!(broken().text(false));
}

#[test]
fn a_broken_account_as_markdown() {
    assert_snapshot!(render::markdown(&broken().proof()));
}

#[test]
fn a_broken_account_as_json() {
    let json = render::json(&broken().proof());
    assert_snapshot!(serde_json::to_string_pretty(&json).expect("JSON"));
}

#[test]
fn names_do_nothing_to_the_terminal() {
    let mut story = broken();
    story.status().events.error = Some("gone\u{1b}[2K\nok".into());
    let text = story.text(false);
    assert!(text.contains(r"gone\u{1b}[2K\u{a}ok"), "{text}");
    assert!(!text.contains("gone\u{1b}"));
}
