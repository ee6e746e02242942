//! docs/patterns.md says what is so.

use trailwarden_pattern::{Code, Pattern};

const MANUAL: &str = include_str!("../../../../docs/patterns.md");

/// The lines of the fenced blocks with this info string.
fn blocks(info: &str) -> Vec<&'static str> {
    let mut lines = Vec::new();
    let mut inside = None;
    for line in MANUAL.lines() {
        match (line.strip_prefix("```"), inside) {
            (Some(_), Some(_)) => inside = None,
            (Some(word), None) => inside = Some(word),
            (None, Some(word)) if word == info && !line.is_empty() => lines.push(line),
            _ => {}
        }
    }
    lines
}

#[test]
fn the_manual_lists_every_code() {
    for code in Code::ERRORS.iter().chain(Code::LINTS) {
        let row = format!(
            "| `{}` | {} |",
            code.as_str(),
            code.meaning().replace("||", r"\|\|")
        );
        assert!(MANUAL.contains(&row), "{row}");
    }
}

#[test]
fn the_manual_s_patterns_are_patterns() {
    let patterns = blocks("pattern");
    assert!(patterns.len() > 20, "{}", patterns.len());
    for text in patterns {
        Pattern::parse(text).unwrap_or_else(|problems| panic!("{text}: {problems}"));
    }
}

#[test]
fn what_the_manual_says_is_refused_is_refused() {
    let refused = blocks("refused");
    assert!(refused.len() >= Code::ERRORS.len(), "{}", refused.len());
    for line in refused {
        let (text, code) = line.rsplit_once("  # ").expect("a pattern and its code");
        let problems = Pattern::parse(text).expect_err(text);
        assert_eq!(problems.as_slice()[0].code.as_str(), code.trim(), "{text}");
    }
}
