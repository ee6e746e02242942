//! Patterns in specs: what is probably not meant, and their tests.

use trailwarden_spec::wanted::Event;
use trailwarden_spec::{Object, Severity, Wanted};

use crate::cases::STACK;
use crate::problems::{parse, rendered};

const GROUP: &str = "[log_group.a]\n[defaults]\nlog_group = \"a\"\nnotify = []\n";

fn good(text: &str) -> (String, Wanted) {
    let text = format!("{STACK}{GROUP}{text}");
    let wanted = parse(&text).unwrap_or_else(|problems| panic!("{}", rendered(&[&text], &problems)));
    (text, wanted)
}

fn warnings(text: &str) -> Vec<&'static str> {
    let (_, wanted) = good(text);
    wanted.warnings.iter().map(|warning| warning.code).collect()
}

#[test]
fn warnings_have_their_place_within_the_string() {
    let (text, wanted) = good(
        r#"
[rule.lost]
pattern = """
    { ($.eventSource = \"iam.amazonaws.com\") && \
      (($.eventName = "Create") || $.eventname = "\u0044eleteUser") }
"""
[rule.mixed]
pattern = '{ $.eventSource = ec2.amazonaws.com && $.eventName = CreateRoute || $.eventName = DeleteRoute }'
[rule.account]
pattern = '{ $.recipientAccountId != ${account} }'
"#,
    );
    assert!(
        wanted
            .warnings
            .iter()
            .all(|warning| warning.severity == Severity::Warning)
    );
    insta::assert_snapshot!(rendered(&[&text], &wanted.warnings));
}

#[test]
fn a_section_can_allow_what_it_means() {
    let rule = "[rule.r]\npattern = '{ $.errorCode != \"x\" }'\n";
    assert_eq!(warnings(rule), ["not-equal-missing"]);
    assert_eq!(
        warnings(&format!("{rule}allow = [\"not-equal-missing\"]\n")),
        [""; 0]
    );
    assert_eq!(
        warnings(&format!("{rule}allow = [\"lost-wildcard\"]\n")),
        ["not-equal-missing"]
    );
}

#[test]
fn a_rule_knows_what_its_trail_records() {
    let trail = |keys: &str| {
        format!(
            "[trail.abc]\nbucket = \"b\"\nlog_group = \"a\"\nheartbeat = false\n{keys}[bucket.b]\nname = \"bbb\"\n"
        )
    };
    let iam = "[rule.r]\npattern = '{ $.eventSource = \"iam.amazonaws.com\" }'\n";
    let object =
        "[rule.r]\npattern = '{ $.eventSource = \"s3.amazonaws.com\" && $.eventName = \"GetObject\" }'\n";
    let create = "[rule.r]\npattern = '{ $.eventName = \"CreateUser\" }'\n";
    for (rule, keys, expected) in [
        (iam, "", &[][..]),
        // The stack's region is us-east-1, where IAM's events are.
        (iam, "multi_region = false\n", &[]),
        (
            iam,
            "multi_region = false\nglobal_service_events = false\n",
            &["not-recorded"],
        ),
        (object, "", &["not-recorded"]),
        (create, "management_events = \"write\"\n", &[]),
        (create, "management_events = \"read\"\n", &["not-recorded"]),
    ] {
        assert_eq!(
            warnings(&format!("{}{rule}", trail(keys))),
            expected,
            "{rule}{keys}"
        );
    }
    // Of a group that no trail of the spec delivers to nothing is known.
    assert_eq!(warnings(object), [""; 0]);
    let elsewhere = format!("{}{iam}", trail("multi_region = false\n"));
    let text = format!("{STACK}{GROUP}{elsewhere}").replace("us-east-1", "eu-west-1");
    let wanted = parse(&text).expect("good");
    assert_eq!(wanted.warnings.as_slice().len(), 1);
}

#[test]
fn dimensions_of_too_many_values() {
    let rule = |field: &str| {
        format!(
            "[rule.r]\npattern = '{{ $.a = 1 }}'\nfilter.dimensions.d = \"{field}\"\nalarm.dimensions.d = \"x\"\n"
        )
    };
    assert_eq!(warnings(&rule("$.eventName")), [""; 0]);
    for field in ["$.eventID", "$.requestParameters.bucketName", "$.sourceIPAddress"] {
        assert_eq!(warnings(&rule(field)), ["many-values"], "{field}");
    }
}

#[test]
fn tests_are_read_and_not_run() {
    let (_, wanted) = good(
        r#"
[rule.r]
pattern = '{ $.eventName = "CreateUser" }'
[[rule.r.test]]
name = "inline"
event = { eventName = "CreateUser", n = [1, 2.5, true], userIdentity.arn = "arn:aws:iam::${account}:root", at = 2026-01-01 }
match = true
[[rule.r.test]]
file = "events/a.json"
match = false
[metric_filter.f]
log_group = "a"
pattern = "ERROR"
[[metric_filter.f.test]]
text = "an ERROR"
match = true
"#,
    );
    let tests: Vec<(&str, Option<&str>, &Event, bool)> = wanted
        .tests
        .iter()
        .map(|test| {
            (
                test.origin.as_str(),
                test.name.as_deref(),
                &test.event,
                test.matches,
            )
        })
        .collect();
    let inline = r#"{"eventName":"CreateUser","n":[1,2.5,true],"userIdentity":{"arn":"arn:aws:iam::123456789012:root"},"at":"2026-01-01"}"#;
    let (inline, text) = (Event::Text(inline.into()), Event::Text("an ERROR".into()));
    let file = Event::File {
        path: "events/a.json".into(),
        source: 0,
    };
    assert_eq!(
        tests,
        [
            ("rule.r", Some("inline"), &inline, true),
            ("rule.r", None, &file, false),
            ("metric_filter.f", None, &text, true),
        ]
    );
}

#[test]
fn exact_is_kept_with_the_pattern() {
    let (_, wanted) = good("[rule.r]\npattern = '{$.a=1}'\nfilter.exact = true\n");
    let (_, other) = good("[rule.r]\npattern = '{ ($.a = 1) }'\n");
    let of = |wanted: &Wanted| {
        let filter = wanted.objects.values().find_map(|wish| match &wish.object {
            Object::MetricFilter(filter) => Some(filter.clone()),
            _ => None,
        });
        filter.expect("a filter")
    };
    use trailwarden_spec::compare::{Compare, Verdict};
    let (exact, lax) = (of(&wanted).pattern, of(&other).pattern);
    assert_eq!(exact.verdict(&lax), Verdict::Differs);
    assert_eq!(lax.verdict(&exact), Verdict::SameMeaning);
}
