//! A pattern, a line end, and any bytes as the event: it is decided, whatever it is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trailwarden_pattern::{Extractor, Pattern};

fuzz_target!(|input: &[u8]| {
    let Some(at) = input.iter().position(|&byte| byte == b'\n') else {
        return;
    };
    let (text, message) = (&input[..at], &input[at + 1..]);
    let Ok(pattern) = std::str::from_utf8(text)
        .map_err(drop)
        .and_then(|text| Pattern::parse(text).map_err(drop))
    else {
        return;
    };
    let _ = pattern.matcher().is_match(message);
    for field in ["$.a", "$.a[0].b", "$.['a.b']", "$1", "$2", "$a", "$.*"] {
        if let Ok(extractor) = Extractor::new(pattern.form(), field) {
            let _ = extractor.text(message);
            let _ = extractor.number(message);
        }
    }
});
