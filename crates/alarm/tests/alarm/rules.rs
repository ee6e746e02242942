//! Rules of composite alarms: "Composite alarms", *Rule expressions*.

use std::collections::BTreeMap;

use trailwarden_alarm::{AlarmRule, Least, Node, State, UnknownChild, plain};

fn spelling(text: &str) -> String {
    match AlarmRule::parse(text) {
        Ok(rule) => rule.to_string(),
        Err(e) => format!("{}..{} {}", e.span.start, e.span.end, e.message),
    }
}

fn state(text: &str, states: &[(&str, State)]) -> Result<State, UnknownChild> {
    let states: BTreeMap<&str, State> = states.iter().copied().collect();
    AlarmRule::parse(text)
        .unwrap()
        .state(&|name| states.get(name).copied())
}

#[test]
fn rules_that_mean_the_same_have_one_spelling() {
    for (text, expected) in [
        ("ALARM(a)", "ALARM(\"a\")"),
        ("  ALARM ( \"a b\" )\n", "ALARM(\"a b\")"),
        ("((OK(a)))", "OK(\"a\")"),
        (
            "ALARM(\"arn:aws:cloudwatch:us-east-1:123456789012:alarm:a:b\")",
            "ALARM(\"a:b\")",
        ),
        (
            "ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:a)",
            "ALARM(\"a\")",
        ),
        (
            "(ALARM(a) AND (OK(b)))AND NOT(FALSE)",
            "ALARM(\"a\") AND OK(\"b\") AND NOT FALSE",
        ),
        (
            "ALARM(a) AND (OK(b) OR TRUE)",
            "ALARM(\"a\") AND (OK(\"b\") OR TRUE)",
        ),
        ("NOT (ALARM(a) OR OK(b))", "NOT (ALARM(\"a\") OR OK(\"b\"))"),
        ("NOT NOT INSUFFICIENT_DATA(a)", "INSUFFICIENT_DATA(\"a\")"),
        ("(TRUE OR FALSE) OR OK(a)", "TRUE OR FALSE OR OK(\"a\")"),
        // "double quotes must enclose the " using backslash escape"
        ("OK(\"say \\\"ah\\\", (now)\")", "OK(\"say \\\"ah\\\", (now)\")"),
        (
            "AT_LEAST(2,ALARM,(a,\"b\", c))",
            "AT_LEAST(2, ALARM, (\"a\", \"b\", \"c\"))",
        ),
        (
            "AT_LEAST( 50% , NOT OK , ( a ) )",
            "AT_LEAST(50%, NOT OK, (\"a\"))",
        ),
        (
            "AT_LEAST(\"50%\", OK, (a, b))",
            "AT_LEAST(50%, OK, (\"a\", \"b\"))",
        ),
        // `AND` binds stronger.
        (
            "TRUE OR OK(a) AND FALSE OR FALSE",
            "TRUE OR (OK(\"a\") AND FALSE) OR FALSE",
        ),
    ] {
        assert_eq!(spelling(text), expected);
        assert_eq!(spelling(expected), expected);
        assert_eq!(AlarmRule::parse(text), AlarmRule::parse(expected));
    }
}

#[test]
fn what_is_no_rule_is_said_with_its_place() {
    for (text, expected) in [
        ("", "0..0 the rule ends where a function should be"),
        ("ALARM(a) AND", "12..12 the rule ends where a function should be"),
        ("alarm(a)", "0..5 `alarm` is no function of a rule"),
        ("ALARM(a) OK(b)", "9..11 the rule goes on after its end"),
        ("ALARM(a b)", "8..9 a parenthesis is not closed"),
        ("ALARM(a,b)", "7..8 a parenthesis is not closed"),
        ("(ALARM(a)", "0..1 a parenthesis is not closed"),
        ("ALARM()", "6..7 `ALARM` needs an alarm"),
        ("ALARM(\"\")", "6..8 `ALARM` needs an alarm"),
        ("ALARM", "5..5 `ALARM` needs an alarm"),
        ("ALARM(\"a)", "6..9 a name in the rule is not closed"),
        ("ALARM(\"a\\\")", "6..11 a name in the rule is not closed"),
        ("ALARM(a))", "8..9 the rule goes on after its end"),
        (") OR", "0..1 there is no function here"),
        (
            "AT_LEAST(ALARM, (a))",
            "9..14 `AT_LEAST` needs a number of alarms",
        ),
        (
            "AT_LEAST(0, ALARM, (a))",
            "9..10 `AT_LEAST` needs a number of alarms",
        ),
        (
            "AT_LEAST(101%, ALARM, (a))",
            "9..13 `AT_LEAST` needs a number of alarms",
        ),
        (
            "AT_LEAST(2 ALARM, (a))",
            "11..16 the arguments of `AT_LEAST` are not separated",
        ),
        ("AT_LEAST(2, TRUE, (a))", "12..16 `AT_LEAST` needs a state"),
        (
            "AT_LEAST(2, ALARM, a)",
            "19..20 `AT_LEAST` needs a list of alarms",
        ),
        ("AT_LEAST(2, ALARM, ())", "20..21 `AT_LEAST` needs an alarm"),
        ("AT_LEAST(2, ALARM, (a,))", "22..23 `AT_LEAST` needs an alarm"),
        ("AT_LEAST(2, ALARM, (a)", "8..9 a parenthesis is not closed"),
        ("NOT", "3..3 the rule ends where a function should be"),
    ] {
        assert_eq!(spelling(text), expected, "{text}");
    }
    for deep in [format!("{}TRUE", "NOT ".repeat(5000)), "(".repeat(5000)] {
        assert!(spelling(&deep).contains("nested too deeply"));
    }
    let error = AlarmRule::parse("alarm(a)").unwrap_err();
    assert_eq!(
        (error.label, error.help.as_str()),
        ("unknown word", "write `ALARM`")
    );
    assert_eq!(error.to_string(), error.message);
}

#[test]
fn two_operators_side_by_side() {
    let mixed = |text: &str| AlarmRule::parse(text).unwrap().mixed();
    assert_eq!(mixed("ALARM(a) OR OK(b) AND TRUE"), Some(18..21));
    assert_eq!(mixed("ALARM(a) AND (OK(b) AND TRUE OR FALSE)"), Some(29..31));
    assert_eq!(mixed("ALARM(a) AND (OK(b) OR TRUE)"), None);
    assert_eq!(mixed("ALARM(a) OR OK(b) OR TRUE"), None);
}

/// The examples of the page, each with states for and against it.
#[test]
fn the_examples_of_the_page() {
    use State::{Alarm, InsufficientData, Ok};
    let check = |text, states: &[(&str, State)], expected| {
        assert_eq!(state(text, states), Result::Ok(expected), "{text}")
    };
    let both = "ALARM(CPUUtilizationTooHigh) AND ALARM(DiskReadOpsTooHigh)";
    check(
        both,
        &[("CPUUtilizationTooHigh", Alarm), ("DiskReadOpsTooHigh", Alarm)],
        Alarm,
    );
    check(
        both,
        &[
            ("CPUUtilizationTooHigh", Alarm),
            ("DiskReadOpsTooHigh", InsufficientData),
        ],
        Ok,
    );
    let quiet = "ALARM(CPUUtilizationTooHigh) AND NOT ALARM(DeploymentInProgress)";
    check(
        quiet,
        &[
            ("CPUUtilizationTooHigh", Alarm),
            ("DeploymentInProgress", InsufficientData),
        ],
        Alarm,
    );
    check(
        quiet,
        &[("CPUUtilizationTooHigh", Alarm), ("DeploymentInProgress", Alarm)],
        Ok,
    );
    let three = "(ALARM(CPUUtilizationTooHigh) OR ALARM(DiskReadOpsTooHigh)) AND OK(NetworkOutTooHigh)";
    let with = |cpu, disk, network| {
        [
            ("CPUUtilizationTooHigh", cpu),
            ("DiskReadOpsTooHigh", disk),
            ("NetworkOutTooHigh", network),
        ]
    };
    check(three, &with(Ok, Alarm, Ok), Alarm);
    check(three, &with(Alarm, Alarm, Alarm), Ok);
    check(three, &with(Ok, Ok, Ok), Ok);
    let servers = "AT_LEAST(2, ALARM, (WebServer1CPU, WebServer2CPU, WebServer3CPU, WebServer4CPU))";
    let with = |states: [State; 4]| {
        let names = ["WebServer1CPU", "WebServer2CPU", "WebServer3CPU", "WebServer4CPU"];
        names.into_iter().zip(states).collect::<Vec<_>>()
    };
    check(servers, &with([Alarm, Ok, InsufficientData, Alarm]), Alarm);
    check(servers, &with([Alarm, Ok, InsufficientData, Ok]), Ok);
    let half = "AT_LEAST(50%, OK, (WebServer1CPU, WebServer2CPU, WebServer3CPU, WebServer4CPU))";
    check(half, &with([Ok, Ok, Alarm, Alarm]), Alarm);
    check(half, &with([Ok, InsufficientData, Alarm, Alarm]), Ok);
    let not_ok = "AT_LEAST(2, NOT OK, (WebServer1CPU, WebServer2CPU, WebServer3CPU, WebServer4CPU))";
    check(not_ok, &with([Alarm, InsufficientData, Alarm, Ok]), Alarm);
    let zones = "AT_LEAST(2, ALARM, (AZ1Health, AZ2Health, AZ3Health)) AND NOT ALARM(MaintenanceWindow)";
    let with = |window| {
        [
            ("AZ1Health", Alarm),
            ("AZ2Health", Alarm),
            ("AZ3Health", Ok),
            ("MaintenanceWindow", window),
        ]
    };
    check(zones, &with(Ok), Alarm);
    check(zones, &with(Alarm), Ok);
    check("TRUE", &[], Alarm);
    check("FALSE", &[], Ok);
    check(
        "INSUFFICIENT_DATA(arn:aws:cloudwatch:eu-west-1:1:alarm:x)",
        &[("x", InsufficientData)],
        Alarm,
    );
    assert_eq!(
        state("TRUE OR ALARM(gone)", &[]),
        Err(UnknownChild("gone".to_owned()))
    );
}

#[test]
fn percentages_are_rounded_up() {
    for (least, all, expected) in [
        (Least::Percent(50), 4, 2),
        (Least::Percent(50), 3, 2),
        (Least::Percent(1), 100, 1),
        (Least::Percent(100), 7, 7),
        (Least::Number(3), 2, 3),
    ] {
        assert_eq!(least.of(all), expected);
    }
}

#[test]
fn what_a_rule_asks() {
    let text =
        "ALARM(\"b c\") AND (OK(a) OR AT_LEAST(1, OK, (a, arn:aws:cloudwatch:eu-west-1:1:alarm:d))) AND TRUE";
    let rule = AlarmRule::parse(text).unwrap();
    assert_eq!(Vec::from_iter(rule.names()), ["a", "b c", "d"]);
    let written: Vec<_> = rule
        .children()
        .into_iter()
        .map(|it| (it.quoted, &text[it.span.clone()]))
        .collect();
    let arn = "arn:aws:cloudwatch:eu-west-1:1:alarm:d";
    assert_eq!(
        written,
        [(true, "\"b c\""), (false, "a"), (false, "a"), (false, arn)]
    );
    // Four alarms, TRUE, and two pairs of parentheses.
    assert_eq!(rule.elements(), 7);
    assert!(matches!(rule.root(), Node::And(all) if all.len() == 3));
    let named = rule.named(&mut |child| format!("my-{}", child.plain()));
    assert_eq!(
        named.to_string(),
        "ALARM(\"my-b c\") AND (OK(\"my-a\") OR AT_LEAST(1, OK, (\"my-a\", \"my-d\"))) AND TRUE",
    );
    assert_eq!(plain("arn:aws-cn:cloudwatch:cn-north-1:1:alarm:a:b"), "a:b");
    assert_eq!(
        plain("arn:aws:sns:eu-west-1:1:alarm:a"),
        "arn:aws:sns:eu-west-1:1:alarm:a"
    );
}
