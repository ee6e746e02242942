//! Any text: it is read or refused, all places lie within it, and its canonical spelling is one.

#![no_main]

use std::ops::Range;

use libfuzzer_sys::fuzz_target;
use trailwarden_pattern::Pattern;

fuzz_target!(|text: &str| {
    let within = |span: &Range<usize>| text.get(span.clone()).is_some();
    match Pattern::parse(text) {
        Ok(pattern) => {
            let canonical = pattern.canonical();
            // The canonical spelling has its own blanks and quotes: it may be too long to be read.
            if canonical.chars().count() <= Pattern::MOST_CHARS {
                let again = Pattern::parse(&canonical).expect("a canonical spelling is a pattern");
                assert_eq!(again.canonical(), canonical, "{text:?}");
            }
        }
        Err(problems) => {
            assert!(!problems.as_slice().is_empty());
            for problem in &problems {
                assert!(within(&problem.span), "{problem:?}");
                if let Some(suggestion) = &problem.suggestion {
                    assert!(within(&suggestion.span), "{problem:?}");
                }
            }
        }
    }
});
