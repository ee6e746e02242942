//! Alarms held against the filters of the same spec.

use crate::cases::STACK;
use crate::problems::{parse, rendered};

/// What each spec below is added to.
const FILTERS: &str = r#"
[log_group.a]
[metric_filter.errors]
log_group = "a"
pattern = "ERROR"
default_value = 0
[metric_filter.by-user]
log_group = "a"
pattern = "{ $.eventName = \"GetObject\" }"
unit = "Count"
dimensions = { "user name" = "$.userIdentity.userName", kind = "$.userIdentity.type" }
[metric_filter.sizes]
log_group = "a"
pattern = "{ $.size > 0 }"
value = "$.size"
unit = "Bytes"
"#;

fn alarm(keys: &str) -> String {
    format!("{STACK}{FILTERS}[alarm.x]\nnamespace = \"Trailwarden/acme\"\nnotify = []\n{keys}")
}

/// The keys of an alarm, with the warnings.
pub(crate) const CASES: &[(&str, &[&str])] = &[
    (
        "metric = 'errors'\ndimensions = { host = 'a' }\n",
        &["other-dimensions"],
    ),
    ("metric = 'by-user'\n", &["other-dimensions"]),
    (
        "metric = 'by-user'\ndimensions = { kind = 'Root' }\n",
        &["other-dimensions"],
    ),
    ("metric = 'errors'\nunit = 'Count'\n", &["other-unit"]),
    ("metric = 'sizes'\nunit = 'Kilobytes'\n", &["other-unit"]),
    ("metric = 'Errors'\n", &["near-miss"]),
    (
        "metric = 'byuser'\ndimensions = { kind = 'Root' }\n",
        &["near-miss"],
    ),
    (
        "metric = 'errors'\nstatistic = 'Maximum'\nthreshold = 5\n",
        &["never-fires"],
    ),
    (
        "metric = 'errors'\nstatistic = 'Average'\noperator = '>'\n",
        &["never-fires"],
    ),
    (
        "metric = 'errors'\nstatistic = 'p99'\nthreshold = 1.5\n",
        &["never-fires"],
    ),
    (
        "metric = 'errors'\noperator = '<'\nthreshold = 0\n",
        &["never-fires"],
    ),
    (
        "metric = 'by-user'\ndimensions = { kind = 'Root', 'user name' = 'x' }\nstatistic = 'SampleCount'\n\
         operator = '<'\n",
        &["never-fires"],
    ),
];

/// The keys of alarms of which nothing is to be said.
const QUIET: &[&str] = &[
    "metric = 'errors'\nthreshold = 100\n",
    "metric = 'errors'\nunit = 'None'\n",
    "metric = 'errors'\nstatistic = 'Maximum'\n",
    "metric = 'errors'\noperator = '<'\n",
    "metric = 'errors'\noperator = '<='\nthreshold = 0\n",
    "metric = 'errors'\noperator = '<'\nthreshold = 0\nmissing_data = 'breaching'\n",
    "metric = 'errors'\nstatistic = 'TS(10%:90%)'\nthreshold = 50\n",
    "metric = 'errors'\nstatistic = 'Maximum'\nthreshold = 5\nallow = ['never-fires']\n",
    // The value is a field's: anything.
    "metric = 'sizes'\nstatistic = 'Maximum'\nthreshold = 5000\n",
    "metric = 'sizes'\nunit = 'Bytes'\n",
    "metric = 'by-user'\ndimensions = { kind = 'Root', 'user name' = 'x' }\nunit = 'Count'\n",
    // Metrics of others.
    "metric = 'latency'\n",
    "metric = 'size'\n",
    "metric = 'errors2'\n",
];

fn warned(text: &str) -> (Vec<&'static str>, String) {
    let wanted = parse(text).unwrap_or_else(|problems| panic!("{}", rendered(&[text], &problems)));
    let codes = wanted.warnings.iter().map(|warning| warning.code).collect();
    (codes, rendered(&[text], &wanted.warnings))
}

#[test]
fn halves_that_never_meet_are_said() {
    let mut out = String::new();
    for (keys, codes) in CASES {
        let (found, text) = warned(&alarm(keys));
        assert_eq!(found, *codes, "{keys}{text}");
        out += &text;
    }
    insta::assert_snapshot!(out);
}

#[test]
fn halves_that_may_meet_are_not() {
    for keys in QUIET {
        let (found, text) = warned(&alarm(keys));
        assert_eq!(found, [""; 0], "{keys}{text}");
    }
}

#[test]
fn namespaces_are_held_against_each_other() {
    for (namespace, expected) in [
        ("trailwarden/acme", vec!["near-miss"]),
        ("Trailwarden/acmee", vec!["near-miss"]),
        ("Trailwraden/acme", vec!["near-miss"]),
        ("Trailwarden/acme2", vec![]),
        ("AWS/Logs", vec![]),
    ] {
        let text =
            alarm("metric = 'errors'\n").replacen("\"Trailwarden/acme\"", &format!("\"{namespace}\""), 1);
        assert_eq!(warned(&text).0, expected, "{namespace}");
    }
}

#[test]
fn rules_are_looked_over_too() {
    let rule = |keys: &str| {
        format!("{STACK}[log_group.a]\n[rule.r]\nlog_group = 'a'\nnotify = []\npattern = 'x'\n{keys}")
    };
    for (keys, expected) in [
        (
            "alarm = { statistic = 'Maximum', threshold = 3 }\n",
            vec!["never-fires"],
        ),
        (
            "filter = { value = 3 }\nalarm = { statistic = 'Maximum', threshold = 3 }\n",
            vec![],
        ),
        (
            "filter = { unit = 'Count' }\nalarm = { unit = 'Bytes' }\n",
            vec!["other-unit"],
        ),
        (
            "filter = { unit = 'Count' }\nalarm = { unit = 'Count' }\n",
            vec![],
        ),
        ("alarm = { unit = 'Count', allow = ['other-unit'] }\n", vec![]),
    ] {
        assert_eq!(warned(&rule(keys)).0, expected, "{keys}");
    }
}

#[test]
fn every_query_of_an_alarm_is_held_against_the_filters() {
    let alarm = "allow = ['near-miss']\n[[alarm.x.query]]\nid = 'e'\nexpression = 'a + b + c'\nreturn_data = true\n\
        [[alarm.x.query]]\nid = 'a'\nmetric = { namespace = 'Trailwarden/acme', metric = 'errors', unit = 'Count' }\n\
        [[alarm.x.query]]\nid = 'b'\nmetric = { namespace = 'Trailwarden/acme', metric = 'by-user' }\n\
        [[alarm.x.query]]\nid = 'c'\nmetric = { namespace = 'Trailwarden/acme', metric = 'Errors' }\n";
    let text = format!("{STACK}{FILTERS}[alarm.x]\nthreshold = -1\noperator = '<'\nnotify = []\n{alarm}");
    let wanted = parse(&text).expect("a sound spec");
    let codes: Vec<&str> = wanted.warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes, ["other-unit", "other-dimensions"]);
}
