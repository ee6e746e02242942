//! A pattern, a line end, and an event: the matcher, the slow evaluator of the tests, and the matcher
//! of the canonical spelling say the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trailwarden_pattern::Pattern;

#[path = "../../tests/pattern/slow/mod.rs"]
mod slow;

fuzz_target!(|input: &[u8]| {
    let Some(at) = input.iter().position(|&byte| byte == b'\n') else {
        return;
    };
    let (text, message) = (&input[..at], &input[at + 1..]);
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let Ok(pattern) = Pattern::parse(text) else {
        return;
    };
    let fast = pattern.matcher().is_match(message);
    if let Some(slow) = slow::matches(pattern.form(), message) {
        assert_eq!(fast, slow, "{text:?}");
    }
    if let Ok(canonical) = Pattern::parse(&pattern.canonical()) {
        assert_eq!(canonical.matcher().is_match(message), fast, "{text:?}");
    }
});
