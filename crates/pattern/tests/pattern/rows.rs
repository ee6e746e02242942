//! The language, a row for every sentence of its specification, and the places of what is wrong.

use std::collections::BTreeSet;

use serde_json::Value;
use trailwarden_pattern::{Extractor, Pattern, Problems};

const ROWS: &str = include_str!("../data/rows.jsonl");

fn rows() -> Vec<Value> {
    let row = |line| serde_json::from_str(line).expect("a row");
    ROWS.lines().map(row).collect()
}

#[test]
fn every_sentence_holds() {
    let mut wrong = Vec::new();
    for row in rows() {
        let text = |key: &str| row[key].as_str().expect("text");
        let (decided, codes) = match Pattern::parse(text("pattern")) {
            Ok(pattern) => {
                let matched = pattern.matcher().is_match(text("message").as_bytes());
                (Value::from(matched), Vec::new())
            }
            Err(problems) => ("error".into(), codes(&problems)),
        };
        let expected = row["code"].as_str();
        if decided != row["match"] || !expected.is_none_or(|code| codes.contains(&code)) {
            wrong.push(format!("{}: {decided} {codes:?}, not {row}", text("id")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rows_have_names_of_their_own_and_every_section_has_rows() {
    let rows = rows();
    let ids: BTreeSet<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
    assert_eq!(ids.len(), rows.len());
    assert!(rows.len() >= 200);
    for section in [
        "1.1-", "1.2-", "1.3-1-", "1.3-2-", "1.3-3-", "1.3-4-", "1.3-5-", "1.3-6-", "1.3-7-", "1.3-8-",
        "1.3-9-", "1.4-", "1.5-", "1.6-", "1.7-", "1.8-",
    ] {
        assert!(ids.iter().any(|id| id.starts_with(section)), "{section}");
    }
    let refused = |row: &&Value| row["match"] == "error";
    assert!(rows.iter().filter(refused).all(|row| row["code"].is_string()));
}

fn codes(problems: &Problems) -> Vec<&'static str> {
    problems
        .as_slice()
        .iter()
        .map(|problem| problem.code.as_str())
        .collect()
}

/// Checks that these are all problems of a text: the code of each and what stands at its place, where
/// `offset` says which place that is.
fn refused(text: &str, expected: &[(&str, usize, &str)]) {
    let problems = Pattern::parse(text).expect_err(text);
    let found: Vec<(&str, usize, &str)> = problems
        .as_slice()
        .iter()
        .map(|problem| {
            (
                problem.code.as_str(),
                problem.span.start,
                &text[problem.span.clone()],
            )
        })
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn three_slips_in_one_json_pattern_are_three_problems() {
    refused(
        "{ $.a = 'x' && b = 1 || $.c == 2 }",
        &[
            ("single-quotes", 8, "'x'"),
            ("bad-selector", 15, "b"),
            ("unknown-operator", 28, "=="),
        ],
    );
    refused(
        "{ ($.a > x || $.b is null) && $.c = a:b }",
        &[
            ("not-a-number", 9, "x"),
            ("unknown-operator", 18, "is null"),
            ("needs-quotes", 36, "a:b"),
        ],
    );
    refused(
        "{ $.a[*][*] = 1 AND $.b = %(x)% }",
        &[
            ("too-many-wildcards", 2, "$.a[*][*]"),
            ("unknown-operator", 16, "AND"),
            ("bad-regex", 27, "("),
            ("bad-regex", 29, ")"),
        ],
    );
}

#[test]
fn slips_around_and_within_a_pattern_are_told_together() {
    refused(
        " { $.a == 1 }",
        &[("blanks-around", 0, " "), ("unknown-operator", 7, "==")],
    );
    refused("{ $.a = 1 } \n", &[("blanks-around", 11, " \n")]);
    refused(
        "{ $.a == 1",
        &[("unclosed", 0, "{"), ("unknown-operator", 6, "==")],
    );
    refused(
        "[a = 'x', b",
        &[("unclosed", 0, "["), ("single-quotes", 5, "'x'")],
    );
}

#[test]
fn several_slips_in_one_space_delimited_pattern_are_told_together() {
    refused(
        "[..., a > x, b = 1 && c = 2, ..., d e]",
        &[
            ("not-a-number", 10, "x"),
            ("other-field", 22, "c"),
            ("second-ellipsis", 29, "..."),
            ("unexpected", 36, "e"),
        ],
    );
}

#[test]
fn several_slips_in_terms_are_told_together() {
    refused(
        "a:b 'c d' - %e!% ok \"f",
        &[
            ("needs-quotes", 0, "a:b"),
            ("single-quotes", 4, "'c d'"),
            ("incomplete", 10, "-"),
            ("bad-regex", 14, "!"),
            ("unclosed", 20, "\""),
        ],
    );
}

#[test]
fn places_are_bytes_where_characters_have_several() {
    refused("é ü", &[("needs-quotes", 0, "é"), ("needs-quotes", 3, "ü")]);
    refused(
        "{ $.['é'] = ü && $.b == \"日\" }",
        &[("needs-quotes", 13, "ü"), ("unknown-operator", 23, "==")],
    );
    refused("%日!%", &[("bad-regex", 1, "日"), ("bad-regex", 4, "!")]);
    let long = format!("\"{}\"", "é".repeat(1023));
    refused(&long, &[("too-long", 2047, "\"")]);
}

#[test]
fn what_is_missing_is_missed_where_it_should_stand() {
    refused("{}", &[("incomplete", 1, "}")]);
    refused("{ $.a }", &[("incomplete", 6, "}")]);
    refused("{ $.a = }", &[("incomplete", 8, "}")]);
    refused("{ $.a = 1 && }", &[("incomplete", 13, "}")]);
    refused("{ ($.a = 1 }", &[("unclosed", 2, "(")]);
    refused("{ $.a = 1)) }", &[("unclosed", 9, ")"), ("unclosed", 10, ")")]);
    refused("[a =, b <]", &[("incomplete", 4, ","), ("incomplete", 9, "]")]);
}

#[test]
fn limits_are_broken_where_the_first_too_many_stands() {
    refused(
        "{ $.a = %x% || $.b = %y% || $.c = %z% || $.d = %z% }",
        &[("too-many-regexes", 34, "%z%")],
    );
    refused(
        "{ $.a[*] = 1 || $.b[*] = 1 || $.c[*] = 1 || $.d[*] = 1 || $.e[*] = 1 }",
        &[("too-many-wildcards", 44, "$.d[*]")],
    );
}

#[test]
fn a_suggestion_put_in_place_is_a_pattern() {
    for (text, meant) in [
        (" {$.a=1}\n", "{$.a=1}"),
        ("{ $.a = 1", "{ $.a = 1}"),
        ("{ $.a == 1 }", "{ $.a = 1 }"),
        ("{ $.a <> 1 }", "{ $.a != 1 }"),
        ("{ a = 1 }", "{ $.a = 1 }"),
        ("{ .a = 1 }", "{ $.a = 1 }"),
        ("{ $['a'] = 1 }", "{ $.['a'] = 1 }"),
        ("{ $.a = 'x' }", "{ $.a = \"x\" }"),
        ("{ $.a = a:b }", "{ $.a = \"a:b\" }"),
        ("{ $.a < \"5\" }", "{ $.a < 5 }"),
        ("{ $.a is null }", "{ $.a IS NULL }"),
        ("{ $.a = 1 AND $.b = 2 }", "{ $.a = 1 && $.b = 2 }"),
        ("a:b", "\"a:b\""),
        ("-a.b", "-\"a.b\""),
        ("'a b'", "\"a b\""),
        ("[a = 'x']", "[a = \"x\"]"),
    ] {
        let problems = Pattern::parse(text).expect_err(text);
        let [problem] = problems.as_slice() else {
            panic!("{text}: {problems:?}");
        };
        let suggestion = problem.suggestion.as_ref().expect(text);
        let mut mended = text.to_owned();
        mended.replace_range(suggestion.span.clone(), &suggestion.text);
        assert_eq!(mended, meant);
        Pattern::parse(&mended).unwrap_or_else(|problems| panic!("{mended}: {problems}"));
    }
}

/// 1.6 and 1.7: values are taken out by `$name`, else by `$1`, `$2`, ..., and of JSON by `$.path`.
#[test]
fn values_are_taken_out_by_name_by_place_and_by_path() {
    let line = r#"127.0.0.1 - frank [10/Oct/2000:13:25:15] "GET /index.html" 404 1534"#;
    let page = "127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] \"GET /index.html HTTP/1.0\" 404 1534";
    for (text, field, message, value) in [
        (
            "[..., request=*.html*, status_code=4*,]",
            "$status_code",
            line,
            "404",
        ),
        (
            "[..., request=*.html*, status_code=4*,]",
            "$request",
            line,
            "GET /index.html",
        ),
        ("[ip, , user, time, request, status_code=4*,]", "$7", line, "1534"),
        ("[ip, , user, time, request, status_code=4*,]", "$2", line, "-"),
        (
            "[ip, , user, time, request, status_code=4*,]",
            "$time",
            line,
            "10/Oct/2000:13:25:15",
        ),
        ("[ip, ..., size]", "$ip", line, "127.0.0.1"),
        // AWS's own example: the last word of this event is `$7`.
        ("[..., request=*.html*, status_code=4*,]", "$7", page, "1534"),
        (
            "[..., request=*.html*, status_code=4*,]",
            "$4",
            page,
            "10/Oct/2000:13:25:15 -0700",
        ),
        ("[ip, ..., size]", "$size", line, "1534"),
        (
            "[level, rest]",
            "$rest",
            "ERROR it broke  twice ",
            "it broke  twice",
        ),
        ("{ $.a = 1 }", "$.b.c", r#"{"a":1,"b":{"c":2.50}}"#, "2.50"),
        ("{ $.a = 1 }", "$.b[1]", r#"{"a":1,"b":["x","\u0079"]}"#, "y"),
        (
            "{ $.a = 1 }",
            "$.['b.c']",
            r#"{"a":1,"b.c":true,"b.c":false}"#,
            "false",
        ),
    ] {
        let pattern = Pattern::parse(text).expect(text);
        assert!(
            text.starts_with('{') || pattern.matcher().is_match(message.as_bytes()),
            "{text}"
        );
        let extractor = Extractor::new(pattern.form(), field).expect(field);
        let found = extractor.text(message.as_bytes()).expect(field);
        assert_eq!(String::from_utf8_lossy(&found), value, "{text} {field}");
        assert_eq!(
            extractor.number(message.as_bytes()),
            value.parse().ok(),
            "{text} {field}"
        );
    }
}

#[test]
fn what_is_no_single_value_is_not_taken_out() {
    for (text, field) in [
        ("{ $.a = 1 }", "$.a[*]"),
        ("{ $.a = 1 }", "$.*"),
        ("{ $.a = 1 }", "a"),
        ("{ $.a = 1 }", "$1"),
        ("[a, b]", "$3"),
        ("[a, b]", "$0"),
        ("[a, b]", "$c"),
        ("[a, b]", "a"),
        ("ERROR", "$1"),
    ] {
        let pattern = Pattern::parse(text).expect(text);
        assert!(Extractor::new(pattern.form(), field).is_err(), "{text} {field}");
    }
    let pattern = Pattern::parse("{ $.a = 1 }").expect("a pattern");
    let extractor = Extractor::new(pattern.form(), "$.b").expect("a field");
    for message in [
        "{}",
        r#"{"b":null}"#,
        r#"{"b":[1]}"#,
        r#"{"b":{}}"#,
        r#"{"b":1,"b":{}}"#,
        "[1]",
        "1",
        r#"{"b":1"#,
        "",
    ] {
        assert_eq!(extractor.text(message.as_bytes()), None, "{message}");
        assert_eq!(extractor.number(message.as_bytes()), None, "{message}");
    }
    assert_eq!(extractor.number(br#"{"b":"12"}"#), None, "a text is no number");
}

#[test]
fn all_values_are_those_of_aws_s_example() {
    let pattern = Pattern::parse("[..., request=*.html*, status_code=4*,]").expect("a pattern");
    let line = "127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] \"GET /index.html HTTP/1.0\" 404 1534";
    let found = trailwarden_pattern::extracted(pattern.form(), line.as_bytes());
    let shown: Vec<String> = found
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        shown,
        [
            "$1=127.0.0.1",
            "$2=-",
            "$3=frank",
            "$4=10/Oct/2000:13:25:15 -0700",
            "$7=1534",
            "$request=GET /index.html HTTP/1.0",
            "$status_code=404",
        ]
    );
    let all = Pattern::parse("[]").expect("a pattern");
    assert_eq!(trailwarden_pattern::extracted(all.form(), b"a b").len(), 2);
}

#[test]
fn what_people_paste_is_read_as_it_was_meant() {
    for (text, code, meant) in [
        ("{ $.a = \u{201c}x y\u{201d} }", "single-quotes", "\"x y\""),
        ("{ $.a = `x` }", "single-quotes", "\"x\""),
        ("\u{201c}ERROR\u{201d}", "single-quotes", "\"ERROR\""),
        ("{ $.a = x\u{200b} }", "needs-quotes", "\"x\""),
        ("{ $.a\u{a0}= x }", "bad-selector", ""),
        ("{ $.a = x\u{a0}&& $.b = y }", "needs-quotes", "\"x\""),
        (
            "{ $.a = CreateUser || DeleteUser }",
            "bad-selector",
            "$.a = \"DeleteUser\"",
        ),
        ("{ $.a = \"x\" || \"y z\" }", "bad-selector", "$.a = \"y z\""),
        ("{ $.a != $.b }", "unexpected", ""),
        ("{ $.a = [\"A\", \"B\"] }", "unexpected", ""),
        ("\u{feff}{ $.a = 1 }", "blanks-around", "{ $.a = 1 }"),
        ("{ $.a = 1 ", "unclosed", "}"),
    ] {
        let problems = Pattern::parse(text).expect_err(text);
        let [problem] = problems.as_slice() else {
            panic!("{text}: {problems}");
        };
        assert_eq!(problem.code.as_str(), code, "{text}: {problem}");
        let offered = problem
            .suggestion
            .as_ref()
            .map_or("", |suggestion| suggestion.text.as_str());
        assert_eq!(offered, meant, "{text}: {problem}");
    }
}
