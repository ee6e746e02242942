//! One behaviour each.

use std::time::{Duration, Instant};

use serde_json::Value;
use trailwarden_pattern::decide::{
    Answer, CLOUDTRAIL, Facts, Why, always, always_sent, equal, implies, never, redundant,
};
use trailwarden_pattern::{Form, NodeKind};

use crate::{pattern, shown};

fn json(tests: &str) -> String {
    format!("{{ {tests} }}")
}

#[track_caller]
fn is_never(tests: &str) {
    let answer = never(&pattern(&json(tests)), &Facts::none());
    assert_eq!(answer, Answer::Yes, "{tests}");
}

/// Some event matches; returns it.
#[track_caller]
fn is_possible(tests: &str) -> String {
    let text = json(tests);
    shown(&never(&pattern(&text), &Facts::none()), &[&text], &[])
}

#[track_caller]
fn implied(a: &str, b: &str) {
    let answer = implies(&pattern(&json(a)), &pattern(&json(b)), &Facts::none());
    assert_eq!(answer, Answer::Yes, "{a} -> {b}");
}

#[track_caller]
fn not_implied(a: &str, b: &str) -> String {
    let (a, b) = (json(a), json(b));
    shown(&implies(&pattern(&a), &pattern(&b), &Facts::none()), &[&a], &[&b])
}

#[track_caller]
fn alike(a: &str, b: &str) {
    let answer = equal(&pattern(&json(a)), &pattern(&json(b)), &Facts::none());
    assert_eq!(answer, Answer::Yes, "{a} = {b}");
}

/// The texts of the operands that can be taken away.
fn needless(tests: &str, facts: &Facts) -> Vec<(String, Why)> {
    let text = json(tests);
    let found = redundant(&pattern(&text), facts);
    found
        .into_iter()
        .map(|one| (text[one.span].to_owned(), one.why))
        .collect()
}

#[test]
fn two_names_that_an_event_must_not_have_are_always_true_of_records() {
    let text = r#"{ $.eventName != "a" || $.eventName != "b" }"#;
    assert_eq!(always(&pattern(text), &Facts::cloudtrail()), Answer::Yes);
    let event = shown(&always(&pattern(text), &Facts::none()), &[], &[text]);
    assert_eq!(event, "{}");
}

#[test]
fn the_cis_text_of_1_4_has_one_way_out() {
    let text = r#"{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") || ($.sourceIPAddress!="delivery.logs.amazonaws.com") || ($.eventName!="HeadBucket") }"#;
    let event = shown(&always(&pattern(text), &Facts::cloudtrail()), &[], &[text]);
    let record: Value = serde_json::from_str(&event).expect("JSON");
    assert_eq!(record["eventName"], "HeadBucket");
    assert_eq!(record["sourceIPAddress"], "delivery.logs.amazonaws.com");
    assert_eq!(record.get("errorCode"), None);
    for field in CLOUDTRAIL {
        assert!(record.get(field.name).is_some(), "{}", field.name);
    }
    assert!(redundant(&pattern(text), &Facts::cloudtrail()).is_empty());
}

#[test]
fn records_that_are_made_up_look_like_records() {
    let event = never(&pattern("{ $.errorCode = \"Access*\" }"), &Facts::cloudtrail());
    assert_eq!(
        event.witness().map(ToString::to_string).as_deref(),
        Some(
            "{\"eventVersion\": \"1.11\", \"userIdentity\": {\"type\": \"IAMUser\"}, \
             \"eventTime\": \"2025-01-01T00:00:00Z\", \"eventSource\": \"ec2.amazonaws.com\", \
             \"eventName\": \"DescribeInstances\", \"awsRegion\": \"us-east-1\", \
             \"sourceIPAddress\": \"192.0.2.1\", \
             \"eventID\": \"00000000-0000-4000-8000-000000000000\", \"eventType\": \"AwsApiCall\", \
             \"errorCode\": \"Access\"}"
        )
    );
    let event = never(
        &pattern("{ $.userIdentity.type != \"IAMUser\" }"),
        &Facts::cloudtrail(),
    );
    let event = shown(&event, &["{ $.userIdentity.type = \"*\" }"], &[]);
    assert!(event.contains("\"eventName\""), "{event}");
}

#[test]
fn facts_rule_out_what_records_never_are() {
    let facts = Facts::cloudtrail();
    for tests in [
        "$.eventName NOT EXISTS",
        "$.eventName IS NULL",
        "$.eventName > 5",
        "$.eventName.x = 1",
        "$.userIdentity = \"Root\"",
        "$.userIdentity IS NULL",
        "$.userIdentity[0] = 1",
        "$[0] = 1",
    ] {
        assert_eq!(never(&pattern(&json(tests)), &facts), Answer::Yes, "{tests}");
        is_possible(tests);
    }
    assert_eq!(always(&pattern("{ $.awsRegion = * }"), &facts), Answer::Yes);
    for (tests, sent) in [
        ("$.eventName = 1", true),
        ("$.userIdentity = 1", true),
        ("$.userIdentity.type = 1", false),
        ("$.userAgent = 1", false),
        ("$.requestID = 1", false),
        ("$.errorCode = 1", false),
    ] {
        let pattern = pattern(&json(tests));
        let Form::Json(node) = pattern.form() else {
            panic!("{tests}")
        };
        let NodeKind::Test(test) = &node.kind else {
            panic!("{tests}")
        };
        assert_eq!(always_sent(&test.selector), sent, "{tests}");
    }
}

#[test]
fn texts_that_cannot_be_together() {
    for tests in [
        r#"$.a = "x" && $.a = "y""#,
        r#"$.a = "x*" && $.a != "x*""#,
        r#"$.a = "x*" && $.a = "y*""#,
        r#"$.a = "*x" && $.a = "*y""#,
        r#"$.a = "xy*" && $.a != "x*""#,
        r#"$.a = "*xy" && $.a != "*y""#,
        r#"$.a = "axb*" && $.a != "*x*""#,
        r#"$.a = "*xyz*" && $.a != "*y*""#,
        r#"$.a = "xy" && $.a != "x*""#,
        r#"$.a = "abc" && $.a = "*d*""#,
        r#"$.a != "*""#,
    ] {
        is_never(tests);
    }
}

#[test]
fn texts_that_can() {
    for (tests, text) in [
        (r#"$.a = "x*" && $.a = "xy*""#, "xy"),
        (r#"$.a = "ab*" && $.a = "*bc""#, "abc"),
        (r#"$.a = "ab*" && $.a = "*b""#, "ab"),
        (r#"$.a = "a*" && $.a = "*c" && $.a = "*b*""#, "abc"),
        (r#"$.a = "*b*" && $.a != "b""#, "xbx"),
        (r#"$.a = "x*" && $.a != "x" && $.a != "xx""#, "xy"),
        (r#"$.a != "x*" && $.a != "*y""#, "z"),
        (r#"$.a = "ab*" && $.a = "*ab" && $.a != "ab""#, "abab"),
        (r#"$.a = """#, ""),
        (r#"$.a = "\"\\""#, "\\\"\\\\"),
    ] {
        let event = is_possible(tests);
        if !event.contains(&format!("\"{text}\"")) {
            // Other texts would do; these are the ones that read well.
            panic!("{tests}: {event}, not {text}");
        }
    }
}

#[test]
fn texts_within_texts() {
    implied(r#"$.a = "CreateUser""#, r#"$.a = "Create*""#);
    implied(r#"$.a = "CreateU*""#, r#"$.a = "Create*""#);
    implied(r#"$.a = "x*" || $.a = "*y""#, r#"$.a = "*""#);
    implied(r#"$.a = "x*y""#, r#"$.a = "*x*" && $.a = "x*" && $.a != "xy""#);
    implied(r#"$.a != "Create*""#, r#"$.a != "CreateUser""#);
    implied(r#"$.a = "b*" && $.a = "*c""#, r#"$.a != "a*""#);
    implied("$.a = 123456789012", r#"$.a = "*""#);
    not_implied(r#"$.a = "Create*""#, r#"$.a = "CreateUser""#);
    not_implied(r#"$.a = "*""#, r#"$.a = "x" || $.a = "y" || $.a = "z""#);
    // `!=` asks for a value; that there is none is another matter.
    implied(r#"$.a != "x""#, "$.a = *");
    assert_eq!(not_implied("$.b = 1", r#"$.a != "x""#), "{\"b\": \"1\"}");
}

#[test]
fn numbers() {
    for tests in [
        "$.a > 5 && $.a < 5",
        "$.a >= 5 && $.a < 5",
        "$.a > 9007199254740992 && $.a < 9007199254740993 && $.a = 1",
        "$.a >= 5 && $.a <= 5 && $.a != 5",
        "$.a > 5 && $.a = \"x*\"",
        "$.a > 5 && $.a = \"-1*\"  && $.a = \"*x\"",
        "$.a = 5 && $.a = \"6*\"",
        "$.a = 1 && $.a = \"01*\"",
        "$.a = 1 && $.a = 2",
        "$.a > 1 && $.a = \"0x10\"",
    ] {
        is_never(tests);
    }
    for tests in [
        "$.a > 5 && $.a < 6",
        "$.a > 9007199254740992 && $.a < 9007199254740993",
        "$.a > 0 && $.a < 1e-300",
        "$.a > -1e-300 && $.a < 0",
        "$.a > 1e300",
        "$.a < -1e300",
        "$.a = 1 && $.a = 1.0",
        "$.a = 1 && $.a != \"1\"",
        "$.a = 1 && $.a != \"1\" && $.a != \"1.0\"",
        "$.a = 5 && $.a = \"*.0\"",
        "$.a >= 400 && $.a = \"4*\"",
        "$.a > 450 && $.a = \"4*\" && $.a != \"451\"",
        "$.a >= 0 && $.a <= 2 && $.a != 0 && $.a != 1 && $.a != 2",
        "$.a > 5000 && $.a = \"4*\"",
        "$.a >= 1 && $.a <= 1 && $.a != \"1*\"",
    ] {
        is_possible(tests);
    }
    implied("$.a >= 1 && $.a <= 1", "$.a = 1");
    implied("$.a > 6", "$.a > 5");
    implied("$.a > 6", "$.a >= 6");
    implied("$.a > 6", "$.a != 6");
    implied("$.a > 6", "$.a = *");
    implied("$.a = 404", "$.a != 403");
    assert_eq!(not_implied("$.a = 5", "$.a > 4"), "{\"a\": \"5\"}");
    // By value against a number, by its text against a string.
    assert_eq!(not_implied("$.a = 1", "$.a = 1.0"), "{\"a\": \"1\"}");
    assert_eq!(not_implied("$.a = 5", "$.a = \"5\""), "{\"a\": 5.0}");
    assert_eq!(is_possible("$.a >= 400"), "{\"a\": 400}");
}

#[test]
fn missing_null_and_booleans() {
    for tests in [
        "$.a NOT EXISTS && $.a = 1",
        "$.a NOT EXISTS && $.a.b = 1",
        "$.a NOT EXISTS && $.a IS NULL",
        "$.a IS NULL && $.a != \"x\"",
        "$.a IS TRUE && $.a IS FALSE",
        "$.a IS TRUE && $.a != true",
    ] {
        is_never(tests);
    }
    implied("$.a.b NOT EXISTS && $.a.b.c NOT EXISTS", "$.a.b NOT EXISTS");
    implied("$.a NOT EXISTS", "$.a.b NOT EXISTS");
    not_implied("$.a.b NOT EXISTS", "$.a NOT EXISTS");
    let none = Facts::none();
    let all = "$.a NOT EXISTS || $.a IS NULL || $.a IS TRUE || $.a IS FALSE || $.a = *";
    let event = shown(&always(&pattern(&json(all)), &none), &[], &[&json(all)]);
    assert_eq!(event, "{\"a\": {}}");
    assert_eq!(
        not_implied("$.a.b NOT EXISTS", "$.a NOT EXISTS"),
        "{\"a\": \"x\"}"
    );
}

#[test]
fn what_stands_within_what() {
    for tests in [
        "$.a = \"x\" && $.a.b = 1",
        "$.a IS NULL && $.a[0] = 1",
        "$.a.b = 1 && $.a[0] = 1",
        "$.a[1] = 1 && $.a[0] NOT EXISTS",
        "$.a[2].b = 1 && $.a[1] NOT EXISTS",
        "$.a.b = 1 && $[0] = 1",
    ] {
        is_never(tests);
    }
    for tests in [
        "$.a.b = 1 && $.a.c = 2 && $.d = 3",
        "$.a[1] = 1 && $.a[2] NOT EXISTS",
        "$.a[0].b IS TRUE && $.a[2].b IS NULL && $.a[1] != 5",
        "$[1] = 1 && $[0].a = 2",
        "$.['a b'].['c\"d'] = 1",
    ] {
        is_possible(tests);
    }
    implied("$.a.b = 1", "$.a[0] NOT EXISTS");
    implied("$.a[1] = 1", "$.a.b NOT EXISTS");
}

#[test]
fn wildcards_in_selectors() {
    implied("$.a[0] = 1", "$.a[*] = 1");
    implied("$.a[0] = 1 || $.a[2] = 1", "$.a[*] = 1");
    implied("$.a.b = 1", "$.* = 1 || $.a.* = 1");
    implied("$.a[*] = \"x\"", "$.a[*] = \"x*\"");
    implied("$.a[*].b NOT EXISTS", "$.a[3].b NOT EXISTS");
    implied("$.a[*] = 1 && $.a[1] NOT EXISTS", "$.a[0] = 1");
    not_implied("$.a[*] = 1", "$.a[0] = 1");
    not_implied("$.a[*] = 1", "$.*[0] = 1");
    not_implied("$.a.* = 1", "$.*.b = 1");
    is_never("$.a[*] = 1 && $.a.* = 2");
    not_implied("$.* = \"x\"", "$.a = \"x\"");
    not_implied("$.a[*] = 1 && $.a[*] = 2", "$.a[0] = 1");
    is_never("$.a[*] = \"x\" && $.a[0] NOT EXISTS");
    is_never("$.a[*] = \"x\" && $.a.b = 1");
    is_never("$.a[*] = \"x*\" && $.a[*] NOT EXISTS");
    is_never("$.* = \"x\" && $.* NOT EXISTS");
    is_possible("$.a[*] = \"x\" && $.a[0] != \"x\"");
    is_possible("$.a[*].b != 1 && $.a[*].c = 2 && $.a[0] = 1");
    assert_eq!(always(&pattern("{ $.* = * }"), &Facts::cloudtrail()), Answer::Yes);
    assert_eq!(
        never(&pattern("{ $.userIdentity.* = \"Root\" }"), &Facts::cloudtrail())
            .witness()
            .map(|event| event.as_str().contains("Root")),
        Some(true)
    );
}

#[test]
fn regular_expressions() {
    is_never("$.a = %[ab]c+% && $.a != %[ab]c+%");
    is_never("$.a = \"abc\" && $.a = %^b+%");
    is_never("$.a = %^Create% && $.a = \"Delete*\"");
    implied("$.a = \"CreateUser\"", "$.a = %^[A-Z][a-z]+%");
    implied("$.a = %^Create%", "$.a = \"Create*\"");
    alike("$.a = %^Create%", "$.a = \"Create*\"");
    alike("$.a = %Trail$%", "$.a = \"*Trail\"");
    alike(r"$.a = %10\.0\.%", "$.a = \"*10.0.*\"");
    alike(r"$.a = %^\x28x\x29$%", "$.a = \"(x)\"");
    for tests in [
        r"$.a = %^10\.0\.[0-9]{1,3}\.\d+$%",
        "$.a = %^a|b+$% && $.a != \"b\"",
        "$.a = %[^a-z]{3}% && $.a = \"x*\"",
        "$.a != %[a-z]+%",
    ] {
        is_possible(tests);
    }
    // What one expression says of another nobody looks into.
    let answer = implies(
        &pattern("{ $.a = %^ab+$% }"),
        &pattern("{ $.a = %^a[b]+$% }"),
        &Facts::none(),
    );
    assert_eq!(answer, Answer::Unknown);
    let same = implies(
        &pattern("{ $.b = 1 && $.a = %^ab+$% }"),
        &pattern("{$.a=%^ab+$% && $.b=1}"),
        &Facts::none(),
    );
    assert_eq!(same, Answer::Yes);
}

#[test]
fn other_order_and_other_brackets_are_equal() {
    let (a, b, c) = ("$.a = 1", "$.b = \"x*\"", "$.c NOT EXISTS");
    alike(
        &format!("{a} && ({b} || {c})"),
        &format!("{c} && {a} || {a} && {b}"),
    );
    alike(
        &format!("{a} || {b} && {c}"),
        &format!("({a} || {b}) && ({c} || {a})"),
    );
    alike(&format!("{a} || {a} && {b}"), a);
    alike(&format!("({a} || {b}) && {a}"), a);
    let two = "{ $.a = 1 && $.b = 2 || $.c = 3 }";
    let other = "{ $.a = 1 && ($.b = 2 || $.c = 3) }";
    shown(
        &equal(&pattern(two), &pattern(other), &Facts::none()),
        &[two],
        &[other],
    );
    shown(
        &equal(&pattern(other), &pattern(two), &Facts::none()),
        &[two],
        &[other],
    );
}

#[test]
fn clauses_for_nothing() {
    let none = Facts::none();
    let one = |tests: &str| match needless(tests, &none).as_slice() {
        [one] => one.clone(),
        other => panic!("{tests}: {other:?}"),
    };
    // Spans begin after `{ `.
    assert_eq!(
        one("$.a = \"x\" || $.a = \"x*\""),
        ("$.a = \"x\"".into(), Why::Covered(15..25))
    );
    assert_eq!(
        one("$.a = \"x\" && $.a = \"x*\""),
        ("$.a = \"x*\"".into(), Why::Implied(2..11))
    );
    assert_eq!(
        one("$.a = \"x\" || ($.a = x)"),
        ("($.a = x)".into(), Why::Repeats(2..11))
    );
    assert_eq!(
        one("$.a = 1 && $.a != 1 || $.b = 1"),
        ("$.a = 1 && $.a != 1".into(), Why::Never)
    );
    assert_eq!(
        one("$.a = 1 || $.a = 2 && $.b = 3 || $.a = 2 && $.b != 4"),
        ("$.a = 2 && $.b = 3".into(), Why::Covered(35..54))
    );
    assert_eq!(
        one("$.a = \"x\" && ($.a = \"x\" || $.b = 1)"),
        ("($.a = \"x\" || $.b = 1)".into(), Why::Implied(2..11))
    );
    assert_eq!(
        one("$.a = * && $.b = 1 || $.a NOT EXISTS && $.b = 1 || $.c = 1 && $.c = \"1\""),
        ("$.c = 1".into(), Why::Implied(64..73))
    );
    assert_eq!(
        one("$.a >= 1 && $.a <= 1 && $.a = 1"),
        ("$.a = 1".into(), Why::Together)
    );
}

#[test]
fn all_that_are_named_can_go_together() {
    let none = Facts::none();
    let texts = |tests: &str| -> Vec<String> {
        let found = needless(tests, &none);
        found.into_iter().map(|(text, _)| text).collect()
    };
    assert_eq!(
        texts("$.a = 1 || $.b = 2 || $.a = 1 || $.a = 1"),
        ["$.a = 1", "$.a = 1"]
    );
    assert!(texts("$.a = 1 || $.b = 2 && $.a = 2").is_empty());
    // The two would go for the third as well as the third for them.
    assert_eq!(
        texts("($.a = 1 || $.b = 1) && ($.a = 2 || $.b = 1) && $.b = 1 && $.c = 1"),
        ["($.a = 1 || $.b = 1)", "($.a = 2 || $.b = 1)"]
    );
    // Nothing within what is named, and nothing within what is never or always true.
    assert_eq!(
        texts("$.a = 1 || ($.a = 1 && $.b = 2 && $.b = 2)"),
        ["($.a = 1 && $.b = 2 && $.b = 2)"]
    );
    assert!(texts("$.a = 1 && $.a = 2 && $.b = 1").is_empty());
}

#[test]
fn facts_make_clauses_needless() {
    let found = needless("$.eventName = \"x\" && $.eventSource = *", &Facts::cloudtrail());
    assert_eq!(found, [("$.eventSource = *".to_owned(), Why::Always)]);
    assert!(needless("$.eventName = \"x\" && $.eventSource = *", &Facts::none()).is_empty());
}

#[test]
fn the_other_forms_are_known_by_their_spelling_alone() {
    let none = Facts::none();
    for text in ["", "\"\"", "\" \"", "[]", "[...]"] {
        assert_eq!(always(&pattern(text), &none), Answer::Yes, "{text}");
        shown(&never(&pattern(text), &none), &[text], &[]);
        assert_eq!(
            implies(&pattern("{ $.a = 1 }"), &pattern(text), &none),
            Answer::Yes
        );
    }
    for text in ["ERROR", "[a=1, b]"] {
        assert_eq!(never(&pattern(text), &none), Answer::Unknown, "{text}");
        assert_eq!(always(&pattern(text), &none), Answer::Unknown, "{text}");
        assert_eq!(implies(&pattern(text), &pattern(text), &none), Answer::Yes);
        assert_eq!(redundant(&pattern(text), &none), []);
    }
    assert_eq!(implies(&pattern("a \"b\""), &pattern("b a"), &none), Answer::Yes);
    assert_eq!(implies(&pattern("a b"), &pattern("a"), &none), Answer::Unknown);
}

#[test]
fn far_elements_are_unknown_but_not_wrong() {
    let far = "{ $.a[18446744073709551615] = 1 }";
    assert_eq!(never(&pattern(far), &Facts::none()), Answer::Unknown);
    let missing = "{ $.a[100000] NOT EXISTS && $.a[0] = 1 }";
    shown(&never(&pattern(missing), &Facts::none()), &[missing], &[]);
    is_never("$.a[100000] = \"x\" && $.a[100000] = \"y\"");
}

#[test]
fn what_is_too_large_ends_soon_in_unknown() {
    // Nine things in eight places, as a formula: there is no short proof for this kind of search.
    let parts: Vec<String> = (0..9)
        .map(|thing| {
            let any: Vec<String> = (0..8).map(|place| format!("$.p{place}={thing}")).collect();
            format!("({})", any.join("||"))
        })
        .collect();
    let text = json(&parts.join("&&"));
    let start = Instant::now();
    assert_eq!(never(&pattern(&text), &Facts::none()), Answer::Unknown);
    assert_eq!(redundant(&pattern(&text), &Facts::none()), []);
    shown(&always(&pattern(&text), &Facts::none()), &[], &[&text]);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn deep_nesting_is_no_danger() {
    let deep = format!("{{ $.a{} = 1 }}", ".a".repeat(480));
    let deep = pattern(&deep);
    let answer = never(&deep, &Facts::none());
    let event = answer.witness().expect("an event").as_str();
    assert!(deep.matcher().is_match(event.as_bytes()));
    let mut formula = "$.z=0".to_owned();
    for at in 0..55 {
        let sign = if at % 2 == 0 { "&&" } else { "||" };
        formula = format!("$.f{at}={at}{sign}({formula})");
    }
    let text = format!("{{{formula}}}");
    shown(&never(&pattern(&text), &Facts::none()), &[&text], &[]);
    shown(&always(&pattern(&text), &Facts::none()), &[], &[&text]);
    let other = text.replace("$.z=0", "$.z=0.0");
    let answer = equal(&pattern(&text), &pattern(&other), &Facts::none());
    assert!(answer.witness().is_some(), "{answer:?}");
}
