//! What patterns mean: stories, the published CIS patterns, and laws on generated ones.

mod cis;
mod laws;
mod stories;

use trailwarden_pattern::Pattern;
use trailwarden_pattern::decide::Answer;

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap_or_else(|problems| panic!("{text}: {problems}"))
}

/// The event of a no, checked: the first patterns match it, the second do not.
#[track_caller]
fn shown(answer: &Answer, matching: &[&str], others: &[&str]) -> String {
    let Some(witness) = answer.witness() else {
        panic!("{answer:?}, not a no: {matching:?} {others:?}")
    };
    let event = witness.to_string();
    serde_json::from_str::<serde_json::Value>(&event).unwrap_or_else(|error| panic!("{event}: {error}"));
    for (texts, wanted) in [(matching, true), (others, false)] {
        for text in texts {
            let is_match = pattern(text).matcher().is_match(event.as_bytes());
            assert_eq!(is_match, wanted, "{text}: {event}");
        }
    }
    event
}
