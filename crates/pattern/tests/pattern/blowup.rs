//! Inputs made to hurt: all of them come back, in little time and on a small stack.

use trailwarden_pattern::{Extractor, Pattern};

fn read(text: &str) -> Pattern {
    Pattern::parse(text).unwrap_or_else(|problems| panic!("{problems}: {text}"))
}

fn is_match(pattern: &str, message: &str) -> bool {
    read(pattern).matcher().is_match(message.as_bytes())
}

/// The deepest selector that a pattern can hold, and how many keys it has.
fn deepest() -> (String, usize) {
    let keys = (Pattern::MOST_CHARS - "{$=1}".len()) / ".a".len();
    (format!("{{${}=1}}", ".a".repeat(keys)), keys)
}

#[test]
fn one_sign_a_thousand_times_is_refused_or_read() {
    for sign in [
        "(", ")", "!", "{", "}", "[", "]", "$", "%", "\"", "'", "\\", "&", "|", ",", "*", "?", "-", "=", "é",
    ] {
        for (open, close) in [
            ("", ""),
            ("{", "}"),
            ("[", "]"),
            ("{$.a=", "}"),
            ("%", "%"),
            ("{$", "=1}"),
        ] {
            let room = Pattern::MOST_CHARS - open.len() - close.len();
            let text = format!("{open}{}{close}", sign.repeat(room));
            if let Err(problems) = Pattern::parse(&text) {
                assert!(!problems.as_slice().is_empty());
                assert!(problems.to_string().len() < 1_000_000, "{sign}");
            }
        }
    }
}

#[test]
fn a_text_far_too_long_is_not_read_to_its_end() {
    for part in ["(", "{$.a=1}", "[", "\"", "%", " ", "é", "{\n"] {
        let problems = Pattern::parse(&part.repeat(1 << 20)).expect_err("too long");
        assert_eq!(problems.as_slice()[0].code.as_str(), "too-long");
        assert_eq!(problems.as_slice().len(), 1);
    }
}

#[test]
fn parentheses_nest_as_deep_as_a_pattern_is_long() {
    let around = |depth: usize, inner: &str| format!("{{{}{inner}{}}}", "(".repeat(depth), ")".repeat(depth));
    assert!(is_match(&around(340, "$.a=1"), r#"{"a":1}"#));
    assert!(is_match(&around(508, "$.a=1"), r#"{"a":1}"#));
    let problems = Pattern::parse(&around(510, "")).expect_err("nothing in it");
    assert_eq!(problems.as_slice()[0].code.as_str(), "incomplete");

    // Each pair holds a condition of its own.
    let depth = 125;
    let text = format!("{{{}$.a=1{}}}", "($.b=1||".repeat(100), ")".repeat(100));
    assert!(is_match(&text, r#"{"a":1}"#));
    let text = format!("{{{}$.a=1{}}}", "($.a=1".repeat(depth), ")".repeat(depth));
    assert!(Pattern::parse(&text).is_err(), "nothing joins them");
    let alternating = format!("{{{}$.a=1{}}}", "($.b=1||($.a=1&&".repeat(50), "))".repeat(50));
    let pattern = read(&alternating);
    assert!(pattern.matcher().is_match(br#"{"a":1}"#));
    assert!(!pattern.matcher().is_match(br#"{"a":2}"#));
    // With its blanks and parentheses it is too long to be read again, and is there all the same.
    assert!(pattern.canonical().ends_with(&format!("{} }}", ")".repeat(90))));
}

#[test]
fn the_deepest_selector_finds_its_field_and_nothing_overflows() {
    let (text, keys) = deepest();
    let nested = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    assert!(is_match(&text, &nested(keys)));
    assert!(!is_match(&text, &nested(keys - 1)));
    assert!(!is_match(&text, &nested(keys + 1)));
    assert!(!is_match(&text, &nested(200_000)));
    assert!(!is_match(&text, &r#"{"a":"#.repeat(200_000)));
    let arrays = format!("{{${}=1}}", "[0]".repeat(339));
    assert!(is_match(
        &arrays,
        &format!("{}1{}", "[".repeat(339), "]".repeat(339))
    ));
    assert!(!is_match(&arrays, &"[".repeat(1 << 20)));
}

#[test]
fn an_event_of_brackets_alone_costs_no_stack() {
    let open = "[".repeat(1 << 20);
    let closed = format!("{open}{}", "]".repeat(1 << 20));
    let objects = r#"{"a":"#.repeat(1 << 18);
    let whole = format!("{objects}1{}", "}".repeat(1 << 18));
    for pattern in [
        "{$.a=1}",
        "{$.* = 1 || $.a.b.c = 1}",
        "{$[*] = 1}",
        "{$[0][0].a = 1 || $.a.a.a = 1}",
        "{$.a.*.a = 1}",
    ] {
        for message in [&open, &objects, &closed, &whole] {
            assert!(!is_match(pattern, message), "{pattern}");
        }
    }
    assert!(is_match("{$.b NOT EXISTS}", &whole));
    assert!(!is_match("{$.a NOT EXISTS}", &whole));
    assert!(is_match("{$.a NOT EXISTS}", &closed));
    assert!(!is_match("{$.a NOT EXISTS}", &objects), "it is not JSON");
}

#[test]
fn signs_that_open_a_word_are_looked_for_once() {
    for part in ["[ ", "\" ", "[", "\"", "[a", "\"a ", "[\"", "[ ] ", "] [", "]x[ "] {
        let message = part.repeat(256 * 1024 / part.len());
        for pattern in ["[first, second]", "[..., last]", "[a = x, ..., b != 1]", "[a]"] {
            let _ = is_match(pattern, &message);
        }
        let pattern = read("[..., last]");
        let last = Extractor::new(pattern.form(), "$last").expect("a field");
        assert!(last.text(message.as_bytes()).is_some());
    }
}

#[test]
fn the_largest_regular_expressions_are_matched_or_refused() {
    let fit = format!("{}ab", "x".repeat(2000));
    for text in [
        "{ $.a = %.{1000}.{1000}% }",
        "{ $.a = %^.{1000}.{1000}ab$% }",
        "{ $.a = %[a-z]{1000}[^b]{1000}ab% }",
        "{ $.a = %.*.*.*.*.*.*.*.*.*.*.*.*=% }",
    ] {
        if let Ok(pattern) = Pattern::parse(text) {
            let matched = pattern
                .matcher()
                .is_match(format!(r#"{{"a":"{fit}"}}"#).as_bytes());
            assert_eq!(matched, !text.contains('=') || !text.contains("=%"), "{text}");
            assert!(!pattern.matcher().is_match(br#"{"a":"short"}"#), "{text}");
        }
    }
    let counts = format!("%{}%", "a{1000}".repeat(140));
    if let Err(problems) = Pattern::parse(&counts) {
        assert_eq!(problems.as_slice()[0].code.as_str(), "bad-regex");
    }
}

#[test]
fn ten_thousand_keys_are_gone_through_once() {
    let members = |value: &str| {
        let all: Vec<String> = (0..10_000).map(|n| format!(r#""k{n}":{value}"#)).collect();
        format!("{{{}}}", all.join(","))
    };
    let flat = members("1");
    assert!(is_match("{ $.* = 1 }", &flat));
    assert!(!is_match("{ $.* = 2 || $.*.a = 1 || $.k9999.b = 1 }", &flat));
    assert!(is_match("{ $.k9999 = 1 && $.* = 1 }", &flat));
    let deep = members(r#"{"\u0061":[1,2,{"b":"x"}]}"#);
    assert!(is_match("{ $.*.a[2].b = x }", &deep));
    assert!(!is_match("{ $.*.a[2].b = y && $.*.a[1] = 2 }", &deep));

    // As many conditions as a pattern can hold, on keys that all have escapes.
    let tests: Vec<String> = (0..146)
        .map(|n| format!("$.{}=1", char::from(b'a' + n % 26)))
        .collect();
    let text = format!("{{{}}}", tests.join("||"));
    let escaped = members("2").replace('k', "\\u006b");
    assert!(!is_match(&text, &escaped));
    assert!(is_match(&text, r#"{"\u007a":1}"#));
}

#[test]
fn numbers_without_end_are_compared() {
    for (pattern, message, matched) in [
        ("{ $.a < 1e99999999999 }", r#"{"a":5}"#, true),
        ("{ $.a > 1e99999999999 }", r#"{"a":5}"#, false),
        ("{ $.a > 1e-99999999999 }", r#"{"a":0}"#, false),
        ("{ $.a > 1e-99999999999 }", r#"{"a":1e-300}"#, true),
        ("{ $.a > 5 }", r#"{"a":1e99999999999999999999999999}"#, true),
        ("{ $.a < 5 }", r#"{"a":-1e99999999999999999999999999}"#, true),
        ("{ $.a = 0 }", r#"{"a":0e99999999999999999999999999}"#, true),
        ("{ $.a = 0 }", r#"{"a":1e-99999999999999999999999999}"#, false),
    ] {
        assert_eq!(is_match(pattern, message), matched, "{pattern} {message}");
    }
    let long = format!(r#"{{"a":1{}}}"#, "0".repeat(1 << 20));
    assert!(is_match("{ $.a = 1e1048576 }", &long));
    assert!(is_match("{ $.a > 1e1048575 && $.a < 1e1048577 }", &long));
    let digits = "9".repeat(1000);
    assert!(is_match(
        &format!("{{ $.a = {digits} }}"),
        &format!(r#"{{"a":{digits}.0}}"#)
    ));
    let value = Extractor::new(read("{ $.a = 1 }").form(), "$.a").expect("a field");
    assert_eq!(value.number(long.as_bytes()), None, "no double is so large");
}

#[test]
fn long_strings_of_escapes_are_read() {
    for part in ["\\\\", "\\u0041", "\\ud83d\\ude00", "\\ud83d", "\\\"", "é"] {
        let text = part.repeat((256 << 10) / part.len());
        assert!(is_match(
            "{ $.a = \"*\" && $.b NOT EXISTS }",
            &format!(r#"{{"a":"{text}"}}"#)
        ));
        assert!(!is_match("{ $.a = x }", &format!(r#"{{"{text}":"{text}"}}"#)));
        assert!(!is_match("{ $.a = \"*\" }", &format!(r#"{{"a":"{text}"#)));
    }
}

/// What is gone over keeps the kinds of all open brackets, in groups: each must be closed by its own.
#[test]
fn brackets_are_closed_by_their_own_kind_at_every_depth() {
    for depth in (1..200).chain([255, 256, 257, 1000]) {
        let kinds: Vec<bool> = (0..depth).map(|n| n % 3 == 0 || n % 7 == 2).collect();
        let open: String = kinds
            .iter()
            .map(|object| if *object { r#"{"k":"# } else { "[" })
            .collect();
        let close = |wrong: Option<usize>| -> String {
            let sign = |(n, object): (usize, &bool)| if *object != (wrong == Some(n)) { '}' } else { ']' };
            kinds.iter().enumerate().rev().map(sign).collect()
        };
        let event = |close: &str| format!(r#"{{"z":1,"skipped":{open}0{close}}}"#);
        assert!(is_match("{$.z=1}", &event(&close(None))), "{depth}");
        for wrong in [0, depth / 2, depth - 1] {
            assert!(
                !is_match("{$.z=1}", &event(&close(Some(wrong)))),
                "{depth} {wrong}"
            );
        }
        assert!(!is_match("{$.z=1}", &event(&close(None)[1..])), "{depth}");
    }
}
