//! Two patterns, a line each: they are explained, looked over, changed and compared; the places of
//! warnings lie within the text, and an event that is shown to be of one alone is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trailwarden_pattern::decide::{Facts, implies};
use trailwarden_pattern::{Pattern, mutants};

fuzz_target!(|text: &str| {
    let (a, b) = text.split_once('\n').unwrap_or((text, "{ $.eventName = \"Create*\" }"));
    let (Ok(a), Ok(b)) = (Pattern::parse(a), Pattern::parse(b)) else {
        return;
    };
    for pattern in [&a, &b] {
        for lint in pattern.lints() {
            assert!(pattern.text().get(lint.span.clone()).is_some(), "{lint:?}");
            if let Some(suggestion) = &lint.suggestion {
                assert!(pattern.text().get(suggestion.span.clone()).is_some(), "{lint:?}");
            }
        }
        let _ = (pattern.explain(), mutants(pattern));
    }
    let facts = Facts::fitting(&[&a, &b]);
    if let Some(event) = implies(&a, &b, &facts).witness() {
        let event = event.as_str().as_bytes();
        assert!(a.matcher().is_match(event) && !b.matcher().is_match(event), "{event:?}");
    }
});
