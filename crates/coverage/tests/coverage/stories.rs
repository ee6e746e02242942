use std::collections::{BTreeMap, BTreeSet};

use trailwarden_coverage::{Code, Coverage, Standard, Verdict, cover, render};
use trailwarden_spec::packs::{Pack, Spelling};
use trailwarden_spec::{SecretRef, Secrets, Source, Wanted, parse};

use crate::schema;

struct StandIns;

impl Secrets for StandIns {
    fn look_up(&self, _: &SecretRef) -> Result<Option<String>, String> {
        Ok(None)
    }

    fn stands_in(&self) -> bool {
        true
    }
}

fn wanted(text: &str) -> Wanted {
    let source = Source {
        name: "spec.toml".into(),
        text: text.into(),
    };
    parse(&[source], &StandIns).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

fn covers(text: &str, required: &[Standard]) -> Coverage {
    let coverage = cover(&wanted(text), required);
    let json = render::json(&coverage);
    assert_eq!(schema::wrong(&json, "coverage.json"), None, "{json:#}");
    coverage
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

const CIS: &str = include_str!("../../../../specs/cis.toml");
const FIRST: &str = include_str!("../../../../specs/account-activity.toml");

/// The controls that are not met, by standard, each with its codes.
fn open(coverage: &Coverage) -> BTreeMap<(Standard, String), BTreeSet<Code>> {
    let mut open = BTreeMap::new();
    for covered in &coverage.standards {
        for control in &covered.controls {
            let codes: BTreeSet<Code> = control.reasons.iter().map(|reason| reason.code).collect();
            assert_eq!(control.verdict == Verdict::Met, codes.is_empty(), "{control:?}");
            assert_eq!(
                control.verdict == Verdict::Met,
                !control.by.is_empty(),
                "{control:?}"
            );
            if !codes.is_empty() {
                open.insert((covered.standard, control.id.clone()), codes);
            }
        }
    }
    open
}

#[test]
fn the_auditor_s_example_satisfies_all_of_them() {
    let coverage = covers(CIS, &Standard::ALL);
    let open: Vec<_> = open(&coverage).into_iter().collect();
    // Version 5.0 asks for one call more than the text of 1.4 has.
    assert_eq!(
        open,
        [(
            (Standard::Cis50, "4.10".to_owned()),
            BTreeSet::from([Code::MissesEvents])
        )]
    );
    assert!(!coverage.is_good());
    let five = CIS.replace("version = \"1.4\"", "version = \"5.0\"");
    let five = super::stories::open(&covers(&five, &[]));
    let five: Vec<&str> = five.keys().map(|(_, id)| id.as_str()).collect();
    assert_eq!(five, ["CloudWatch.10"]);
    assert!(covers(CIS, &[Standard::SecurityHub, Standard::Cis14]).is_good());
    assert_eq!(covers(CIS, &[Standard::Prowler]).standards.len(), 1);
}

#[test]
fn the_corrected_spelling_satisfies_the_benchmark_and_not_who_compares_texts() {
    let corrected = CIS.replace("spelling = \"auditor\"", "spelling = \"corrected\"");
    for (version, standard) in [
        ("1.2", Standard::Cis12),
        ("1.4", Standard::Cis14),
        ("3.0", Standard::Cis30),
        ("5.0", Standard::Cis50),
    ] {
        let mut text = corrected.replace("version = \"1.4\"", &format!("version = \"{version}\""));
        text = text.replace(
            "control.\"4.1\"",
            if version == "1.2" {
                "control.\"3.1\""
            } else {
                "control.\"4.1\""
            },
        );
        assert_eq!(open(&covers(&text, &[standard])), BTreeMap::new(), "{version}");
    }
    let hub = open(&covers(&corrected, &[Standard::SecurityHub]));
    let other: Vec<&str> = hub.keys().map(|(_, id)| id.as_str()).collect();
    assert_eq!(other.len(), 14, "{other:?}");
    assert!(
        hub.values()
            .all(|codes| *codes == BTreeSet::from([Code::OtherText]))
    );
    // Prowler looks for the calls of ClassicLink.
    let prowler = open(&covers(&corrected, &[Standard::Prowler]));
    let prowler: Vec<&str> = prowler.keys().map(|(_, id)| id.as_str()).collect();
    assert_eq!(prowler, ["cloudwatch_changes_to_vpcs_alarm_configured"]);
}

#[test]
fn both_spellings_side_by_side_satisfy_both() {
    let text =
        format!("{CIS}\n[pack.cis-meant]\npack = \"cis\"\nversion = \"5.0\"\nspelling = \"corrected\"\n");
    let coverage = covers(&text, &Standard::ALL);
    assert_eq!(open(&coverage), BTreeMap::new());
    assert!(coverage.is_good());
}

/// A change of the example, a control that is not met then, and why.
const BREAKAGES: &[(&str, &str, Standard, &str, Code)] = &[
    (
        "kms_key = \"logs\"           # CloudTrail.2",
        "",
        Standard::SecurityHub,
        "CloudTrail.2",
        Code::NoKey,
    ),
    (
        "kms_key = \"logs\"           # CloudTrail.2",
        "kms_key = \"none\"",
        Standard::Cis14,
        "3.7",
        Code::NoKey,
    ),
    (
        "name = \"acme-audit\"\nbucket",
        "name = \"acme-audit\"\nmulti_region = false\nbucket",
        Standard::SecurityHub,
        "CloudTrail.1",
        Code::OneRegion,
    ),
    (
        "name = \"acme-audit\"\nbucket",
        "name = \"acme-audit\"\nmulti_region = false\nbucket",
        Standard::Cis30,
        "4.7",
        Code::OneRegion,
    ),
    (
        "name = \"acme-audit\"\nbucket",
        "name = \"acme-audit\"\nlogging = false\nbucket",
        Standard::SecurityHub,
        "CloudTrail.3",
        Code::NotLogging,
    ),
    (
        "name = \"acme-audit\"\nbucket",
        "name = \"acme-audit\"\nlogging = false\nbucket",
        Standard::Prowler,
        "cloudtrail_multi_region_enabled",
        Code::NotLogging,
    ),
    (
        "name = \"acme-audit\"\nbucket",
        "name = \"acme-audit\"\nmanagement_events = \"write\"\nbucket",
        Standard::Cis12,
        "2.1",
        Code::NotAllEvents,
    ),
    (
        "name = \"acme-audit\"\nbucket",
        "name = \"acme-audit\"\nmanagement_events = \"write\"\nbucket",
        Standard::SecurityHub,
        "CloudWatch.3",
        Code::NotAllEvents,
    ),
    (
        "name = \"acme-audit\"\nbucket",
        "name = \"acme-audit\"\nexcluded_sources = [\"kms.amazonaws.com\"]\nbucket",
        Standard::SecurityHub,
        "CloudWatch.7",
        Code::ExcludedSource,
    ),
    (
        "name = \"acme-audit\"\nbucket",
        "name = \"acme-audit\"\nexcluded_sources = [\"rdsdata.amazonaws.com\"]\nbucket",
        Standard::SecurityHub,
        "CloudTrail.1",
        Code::ExcludedSource,
    ),
    (
        "name = \"acme-audit\"\nbucket",
        "name = \"acme-audit\"\nlog_file_validation = false\nbucket",
        Standard::Prowler,
        "cloudtrail_log_file_validation_enabled",
        Code::NoValidation,
    ),
    (
        "log_group = \"activity\"\nkms_key",
        "cloudwatch_logs = false\nkms_key",
        Standard::SecurityHub,
        "CloudTrail.5",
        Code::NoLogGroup,
    ),
    (
        "log_group = \"activity\"\nkms_key",
        "cloudwatch_logs = false\nkms_key",
        Standard::Cis14,
        "4.3",
        Code::TrailElsewhere,
    ),
    (
        "bucket = \"logs\"\nlog_group",
        "bucket = { existing = \"elsewhere\" }\nlog_group",
        Standard::Cis12,
        "2.3",
        Code::BucketElsewhere,
    ),
    (
        "bucket = \"logs\"\nlog_group",
        "bucket = { existing = \"elsewhere\" }\nlog_group",
        Standard::SecurityHub,
        "CloudTrail.7",
        Code::BucketElsewhere,
    ),
    (
        "access_logging = { bucket = \"access\", prefix = \"logs/\" }",
        "access_logging = \"none\"",
        Standard::Cis50,
        "3.4",
        Code::NoAccessLogging,
    ),
    (
        "type = \"AWS::S3::Object\"",
        "type = \"AWS::S3::Object\"\nevents = \"write\"",
        Standard::Cis14,
        "3.11",
        Code::NoObjectEvents,
    ),
    (
        "not_starts_with",
        "equals",
        Standard::Cis14,
        "3.10",
        Code::NoObjectEvents,
    ),
    (
        "type = \"AWS::S3::Object\"",
        "type = \"AWS::DynamoDB::Table\"",
        Standard::Cis30,
        "3.8",
        Code::NoObjectEvents,
    ),
    (
        "retention_days = 365",
        "retention_days = 90",
        Standard::SecurityHub,
        "CloudWatch.16",
        Code::ShortRetention,
    ),
    (
        "retention_days = 365",
        "",
        Standard::SecurityHub,
        "CloudWatch.16",
        Code::UnsaidRetention,
    ),
    (
        "spelling = \"auditor\"",
        "spelling = \"auditor\"\nexcept = [\"4.4\"]",
        Standard::Cis14,
        "4.4",
        Code::NoFilter,
    ),
    (
        "spelling = \"auditor\"",
        "spelling = \"auditor\"\nexcept = [\"4.4\"]",
        Standard::Prowler,
        "cloudwatch_log_metric_filter_policy_changes",
        Code::NoFilter,
    ),
    (
        "spelling = \"auditor\"",
        "spelling = \"auditor\"\nnotify = []",
        Standard::SecurityHub,
        "CloudWatch.1",
        Code::NoTopic,
    ),
    (
        "spelling = \"auditor\"",
        "spelling = \"auditor\"\nnotify = []",
        Standard::SecurityHub,
        "CloudWatch.15",
        Code::NoTopic,
    ),
    (
        "spelling = \"auditor\"",
        "spelling = \"auditor\"\nnotify = [{ arn = \"arn:aws:sns:us-east-1:123456789012:others\" }]",
        Standard::Cis14,
        "4.5",
        Code::TopicElsewhere,
    ),
    (
        "[[topic.security.subscription]]\nprotocol = \"email\"\nendpoint = \"secops@example.com\"",
        "",
        Standard::SecurityHub,
        "CloudWatch.2",
        Code::NoSubscriber,
    ),
    (
        "alarm = { threshold = 12, period = 900 }",
        "alarm = { actions_enabled = false }",
        Standard::Cis14,
        "4.1",
        Code::ActionsOff,
    ),
    (
        "alarm = { threshold = 12, period = 900 }",
        "alarm = { actions_enabled = false }",
        Standard::SecurityHub,
        "CloudWatch.17",
        Code::ActionsOff,
    ),
    // A text of one's own that means the same, and one that means less.
    (
        "alarm = { threshold = 12, period = 900 }",
        "pattern = '{ ($.errorCode = \"*UnauthorizedOperation\")||($.errorCode = \"AccessDenied*\") }'",
        Standard::SecurityHub,
        "CloudWatch.2",
        Code::OtherText,
    ),
    (
        "alarm = { threshold = 12, period = 900 }",
        "pattern = '{ $.errorCode = \"AccessDenied*\" }'",
        Standard::Cis14,
        "4.1",
        Code::MissesEvents,
    ),
    (
        "alarm = { threshold = 12, period = 900 }",
        "pattern = '{ $.errorCode = \"AccessDenied*\" }'",
        Standard::Prowler,
        "cloudwatch_log_metric_filter_unauthorized_api_calls",
        Code::OtherText,
    ),
];

#[test]
fn each_breakage_has_its_reason() {
    let mut told: BTreeSet<Code> = BTreeSet::new();
    for (from, to, standard, id, code) in BREAKAGES {
        assert_eq!(CIS.matches(from).count(), 1, "{from}");
        // Another bucket of log files would be recorded, too.
        let text = CIS
            .replace(from, to)
            .replace("-access/\",", "-access/\", \"arn:aws:s3:::elsewhere/\",");
        let open = open(&covers(&text, &[*standard]));
        let codes = open.get(&(*standard, (*id).to_owned()));
        let codes = codes.unwrap_or_else(|| panic!("{id} is met with {to}: {open:?}"));
        assert_eq!(*codes, BTreeSet::from([*code]), "{id} with {to}");
        told.insert(*code);
    }
    // These have a story of their own, below.
    told.extend([Code::NoTrail, Code::NoAlarm, Code::NoAlarms, Code::Undecided]);
    assert_eq!(told, Code::ALL.iter().copied().collect());
}

const STACK: &str =
    "format = 1\n[stack]\nname = \"acme\"\naccount = \"123456789012\"\nregion = \"us-east-1\"\n";

#[test]
fn without_a_trail_or_an_alarm_it_is_said_so() {
    let group = format!("{STACK}[log_group.a]\nretention_days = \"never\"\n");
    let hub = open(&covers(&group, &[Standard::SecurityHub]));
    let of = |id: &str| {
        hub.get(&(Standard::SecurityHub, id.to_owned()))
            .cloned()
            .unwrap_or_default()
    };
    assert_eq!(of("CloudTrail.1"), BTreeSet::from([Code::NoTrail]));
    assert_eq!(of("CloudTrail.4"), BTreeSet::from([Code::NoTrail]));
    assert_eq!(of("CloudWatch.15"), BTreeSet::from([Code::NoAlarms]));
    assert_eq!(of("CloudWatch.16"), BTreeSet::new());
    let filter = format!(
        "{STACK}[trail.main]\nbucket = {{ existing = \"logs\" }}\nlog_group = \"a\"\n[log_group.a]\n\
         [metric_filter.root]\nlog_group = \"a\"\npattern = '{{ $.userIdentity.type = \"Root\" }}'\n\
         [metric_filter.denied]\nlog_group = \"a\"\npattern = '{{ $.errorCode = %UnauthorizedOperatio[n]|A[c]cessDenied% }}'\n\
         [defaults]\nnotify = []\n"
    );
    let cis = open(&covers(&filter, &[Standard::Cis14]));
    let of = |id: &str| {
        cis.get(&(Standard::Cis14, id.to_owned()))
            .cloned()
            .unwrap_or_default()
    };
    assert_eq!(of("4.3"), BTreeSet::from([Code::NoAlarm]));
    assert_eq!(of("4.1"), BTreeSet::from([Code::Undecided]));
}

/// Of several ways the best counts: a second filter, alarm or topic takes nothing away.
#[test]
fn what_is_there_beside_does_not_matter() {
    let text = format!(
        "{CIS}\n[rule.half]\npattern = '{{ $.eventName = \"DisableKey\" }}'\nnotify = []\n\
         [alarm.second]\nnamespace = \"Trailwarden/acme-audit\"\nmetric = \"acme-audit-cis-keys\"\nnotify = []\n\
         [topic.empty]\n[pack.cis.control.\"4.5\"]\nnotify = [\"empty\", \"security\"]\n"
    );
    let now = open(&covers(&text, &[Standard::Cis14]));
    assert_eq!(now, BTreeMap::new());
}

#[test]
fn a_subscription_whose_endpoint_is_secret_counts() {
    let secret = CIS.replace("endpoint = \"secops@example.com\"", "endpoint_env = \"PAGER\"");
    let secret = secret.replace("protocol = \"email\"", "protocol = \"https\"");
    assert_eq!(open(&covers(&secret, &[Standard::SecurityHub])), BTreeMap::new());
}

/// An auditor's text, blanks aside, is no auditor's text.
#[test]
fn security_hub_s_text_is_compared_to_the_letter() {
    let pack = Pack::find("cis").expect("a pack");
    for control in pack.controls("1.4") {
        let Some(number) = control.security_hub else {
            continue;
        };
        let rule = |pattern: &str| {
            let base = CIS
                .split("# The texts that tools compare")
                .next()
                .unwrap_or_default();
            let text = format!("{base}\n[rule.one]\npattern = '''{pattern}'''\n");
            let open = open(&covers(&text, &[Standard::SecurityHub]));
            !open.contains_key(&(Standard::SecurityHub, format!("CloudWatch.{number}")))
        };
        let text = control.pattern(Spelling::Auditor);
        assert!(rule(text), "{text}");
        assert!(!rule(&text.replacen('$', " $", 1)), "{text}");
        assert!(!rule(&control.corrected), "{text}");
    }
}

#[test]
fn the_first_set_up_as_people_read_it() {
    let coverage = covers(FIRST, &[]);
    assert!(coverage.is_good());
    insta::assert_snapshot!("text", plain(&render::text(&coverage)));
    let hub = covers(FIRST, &[Standard::SecurityHub]);
    assert!(!hub.is_good());
    insta::assert_snapshot!("markdown", render::markdown(&hub));
    insta::assert_snapshot!(
        "required",
        plain(&render::text(&covers(CIS, &[Standard::SecurityHub])))
    );
}

/// Every word of the schema is one of the code, and the other way round.
#[test]
fn the_schema_s_words_are_those_of_the_code() {
    let words = |pointer: &str| -> BTreeSet<String> {
        let list = schema::file("coverage.json").pointer(pointer).expect("a list");
        let words = list.as_array().expect("a list").iter();
        words
            .map(|word| word.as_str().expect("a word").to_owned())
            .collect()
    };
    let codes = Code::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    assert_eq!(words("/$defs/reason/properties/code/enum"), codes);
    let standards = Standard::ALL.map(|standard| standard.as_str().to_owned());
    assert_eq!(
        words("/properties/standards/items/properties/standard/enum"),
        BTreeSet::from(standards)
    );
    for standard in Standard::ALL {
        assert_eq!(Standard::from_name(standard.as_str()), Some(standard));
    }
    assert_eq!(Standard::from_name("cis"), None);
}
