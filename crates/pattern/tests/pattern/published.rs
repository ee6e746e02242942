//! Patterns that people paste: those of the CIS benchmarks, held against real records and looked
//! over, and those of tutorials that have lost their `*`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde_json::Value;
use trailwarden_pattern::{ManagementEvents, Pattern, Recording, records};

fn events() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/events")
}

/// The text of a log file, unpacked.
fn unpacked(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).expect("a sample");
    if path.extension().is_none_or(|ending| ending != "gz") {
        return bytes;
    }
    let mut text = Vec::new();
    MultiGzDecoder::new(&*bytes)
        .read_to_end(&mut text)
        .expect("the samples are whole");
    text
}

/// The log files among the samples, by name.
fn log_files() -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(events()).expect("the samples");
    entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            let name = path.file_name().expect("a name").to_string_lossy();
            (name.ends_with(".json") || name.ends_with(".json.gz")) && name != "expected.json"
        })
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, unpacked(&path))
        })
        .collect()
}

fn expected() -> Value {
    let text = fs::read_to_string(events().join("expected.json")).expect("the counts");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn the_cis_patterns_match_as_many_records_as_counted_elsewhere() {
    let (files, expected) = (log_files(), expected());
    assert_eq!(files.len() as u64, expected["files"]);
    let all: usize = files
        .values()
        .map(|text| records(text).expect("a log file").len())
        .sum();
    assert_eq!(all as u64, expected["records"]);
    let patterns = expected["patterns"].as_object().expect("patterns");
    assert!(patterns.len() >= 15);
    for (name, row) in patterns {
        let pattern = Pattern::parse(row["pattern"].as_str().expect("text")).expect(name);
        let matcher = pattern.matcher();
        let mut found = BTreeMap::new();
        for (file, text) in &files {
            let records = records(text).expect("a log file");
            let count = records
                .into_iter()
                .filter(|record| matcher.is_match(record))
                .count();
            if count > 0 {
                found.insert(file.clone(), count);
            }
        }
        let wanted: BTreeMap<String, usize> =
            serde_json::from_value(row["by_file"].clone()).expect("counts by file");
        assert_eq!(found, wanted, "{name}");
        assert_eq!(found.values().sum::<usize>() as u64, row["matches"], "{name}");
    }
}

fn lints(text: &str) -> Vec<&'static str> {
    let pattern = Pattern::parse(text).unwrap_or_else(|problems| panic!("{problems}: {text}"));
    pattern.lints().iter().map(|lint| lint.code.as_str()).collect()
}

/// The texts of the benchmarks' versions, beside those of `expected.json`: name, text, lints.
const PUBLISHED: &[(&str, &str, &[&str])] = &[
    (
        "4.1 of 1.4, another rendering",
        r#"{(($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")) && (($.sourceIPAddress!="delivery.logs.amazonaws.com") && ($.eventName!="HeadBucket"))}"#,
        &[],
    ),
    (
        "4.1 of 4.0 and later",
        "{ ($.errorCode =*UnauthorizedOperation) || ($.errorCode =AccessDenied*) && ($.sourceIPAddress!=delivery.logs.amazonaws.com) && ($.eventName!=HeadBucket) }",
        &["mixed-operators"],
    ),
    (
        "4.10 of 5.0 and later",
        "{ ($.eventName = AuthorizeSecurityGroupIngress) || ($.eventName = AuthorizeSecurityGroupEgress) || ($.eventName = RevokeSecurityGroupIngress) || ($.eventName = RevokeSecurityGroupEgress) || ($.eventName = CreateSecurityGroup) || ($.eventName = DeleteSecurityGroup) || ($.eventName = ModifySecurityGroupRules) }",
        &[],
    ),
    (
        "4.13 of 3.0 and later",
        "{ ($.eventSource = ec2.amazonaws.com) && ($.eventName = CreateRoute) || ($.eventName = CreateRouteTable) || ($.eventName = ReplaceRoute) || ($.eventName = ReplaceRouteTableAssociation) || ($.eventName = DeleteRouteTable) || ($.eventName = DeleteRoute) || ($.eventName = DisassociateRouteTable) }",
        &["mixed-operators"],
    ),
    (
        "4.15 with the three names that Prowler asks for",
        r#"{ ($.eventSource = organizations.amazonaws.com) && (($.eventName = "AcceptHandshake") || ($.eventName = "CancelHandshake") || ($.eventName = "CreateOrganization") || ($.eventName = "EnableAllFeatures")) }"#,
        &[],
    ),
];

#[test]
fn the_lints_find_what_is_wrong_with_published_patterns_and_nothing_else() {
    for (name, row) in expected()["patterns"].as_object().expect("patterns") {
        let wanted: &[&str] = match name.as_str() {
            "4.1-v1.4" => &["always-true"],
            "4.1-v3.0" => &["mixed-operators"],
            _ => &[],
        };
        assert_eq!(lints(row["pattern"].as_str().expect("text")), wanted, "{name}");
    }
    for (name, text, wanted) in PUBLISHED {
        assert_eq!(lints(text), *wanted, "{name}");
    }
}

#[test]
fn precedence_slips_are_shown_with_the_grouping_that_was_meant() {
    let suggestion = |text: &str| {
        let pattern = Pattern::parse(text).expect("good");
        let lints = pattern.lints();
        let suggestion = lints[0].suggestion.clone().expect("a text");
        let mut corrected = text.to_owned();
        corrected.replace_range(suggestion.span, &suggestion.text);
        let corrected = Pattern::parse(&corrected).expect("what is offered is a pattern");
        assert!(corrected.lints().is_empty(), "{corrected}");
        corrected
    };
    let exclusions = suggestion(PUBLISHED[1].1);
    let meant = Pattern::parse(PUBLISHED[0].1).expect("good");
    assert!(exclusions.same_spelt(&meant), "{exclusions}");
    // The text of 1.4 is led to the same.
    let expected = expected();
    let always = expected["patterns"]["4.1-v1.4"]["pattern"]
        .as_str()
        .expect("text");
    assert!(suggestion(always).same_spelt(&meant), "{always}");
    let guard = suggestion(PUBLISHED[3].1);
    let meant = expected["patterns"]["4.13"]["pattern"].as_str().expect("text");
    assert!(guard.same_spelt(&Pattern::parse(meant).expect("good")), "{guard}");
}

/// A tutorial's list of IAM changes, as it stands on pages whose markup has taken every `*`.
const TUTORIAL: [&str; 14] = [
    "Add",
    "Attach",
    "Change",
    "Create",
    "Deactivate",
    "Delete",
    "Detach",
    "Enable",
    "PutPolicy",
    "Put",
    "Remove",
    "Set",
    "Update",
    "Upload",
];

#[test]
fn lost_wildcards_are_found_one_by_one() {
    let names: Vec<String> = TUTORIAL
        .iter()
        .map(|name| format!("($.eventName = \"{name}\")"))
        .collect();
    let names = names.join(" || ");
    for text in [
        format!("{{ ($.eventSource = \"iam.amazonaws.com\") && ({names}) }}"),
        // Without the source, too: that acm-pca has a `PutPolicy` is chance.
        format!("{{ {names} }}"),
    ] {
        assert_eq!(lints(&text), ["lost-wildcard"; TUTORIAL.len()], "{text}");
    }
    // The same with its wildcards is sound.
    let whole = names.replace("PutPolicy", "Put").replace("\")", "*\")");
    let pattern = Pattern::parse(&format!(
        "{{ ($.eventSource = \"iam.amazonaws.com\") && ({whole}) }}"
    ))
    .expect("good");
    let codes: Vec<&str> = pattern.lints().iter().map(|lint| lint.code.as_str()).collect();
    // `Put*` now stands there twice.
    assert_eq!(codes, ["redundant"]);
}

#[test]
fn names_that_exist_have_lost_nothing() {
    for text in [
        r#"{ $.eventName = "UpdateUser" || $.eventName = "CreateUser" || $.eventName = "DeleteUser" }"#,
        r#"{ $.eventSource = "ec2.amazonaws.com" && ($.eventName = CreateRoute || $.eventName = CreateRouteTable || $.eventName = ReplaceRoute) }"#,
        r#"{ $.eventSource = "kms.amazonaws.com" && $.eventName = "Verify" }"#,
        r#"{ $.eventSource = "cloudfront.amazonaws.com" && $.eventName = "UpdateDistribution" }"#,
        r#"{ $.eventName = "Publish" }"#,
        r#"{ $.eventName = "Invoke" }"#,
        r#"{ $.eventName = "UpdateService" || $.eventName = "DeleteService" }"#,
    ] {
        assert_eq!(lints(text), [""; 0], "{text}");
    }
}

#[test]
fn each_lint_has_its_trap_its_place_and_a_way_out() {
    let mut out = String::new();
    for text in [
        r#"{ $.eventSource = "iam" }"#,
        r#"{ $.eventSource = "IAM.amazonaws.com" }"#,
        r#"{ $.eventSource = "kns.amazonaws.com" }"#,
        r#"{ $.eventName = "CreateUsr" }"#,
        r#"{ $.eventName = "createuser" }"#,
        r#"{ $.eventName = "Creat*" && $.eventSource = "iam.amazonaws.com" }"#,
        r#"{ $.eventName = "Kreate*" && $.eventSource = "iam.amazonaws.com" }"#,
        r#"{ $.eventSource = "s3.amazonaws.com" && $.eventName = "CreateUser" }"#,
        r#"{ $.eventName = "Put*Policy" }"#,
        r#"{ $.userIdentity.Type = "Root" }"#,
        r#"{ $.useridentity.type = "Root" }"#,
        r#"{ $.eventName = "StopLogging" && $.usrIdentity.type = "Root" }"#,
        r#"{ $.userIdentity.type = "root" }"#,
        r#"{ $.errorCode != "AccessDenied" }"#,
        r#"{ ($.errorCode NOT EXISTS) || ($.errorCode != "AccessDenied") }"#,
        r#"{ $.errorCode = "Access*" && $.errorCode != "AccessDenied" }"#,
        r#"{ $.resources[*].type != "AWS::S3::Object" }"#,
        r#"{ $.a = 1 || $.b = 2 && $.c = 3 }"#,
        r#"{ $.a = 1 || ($.b = 2 && $.c = 3) }"#,
        r#"{ $.eventName != "A" || $.eventName != "B" }"#,
        r#"{ $.userIdentity.type = "Root" && $.userIdentity.type = "IAMUser" }"#,
        r#"{ $.eventName = "Create*" || $.eventName = "CreateUser" }"#,
        r#"{ $.readOnly != true }"#,
        r#"{ $.managementEvent = "true" }"#,
        r#"{ $.userIdentity.sessionContext.attributes.mfaAuthenticated IS FALSE }"#,
        r#"{ $.additionalEventData.MFAUsed IS TRUE }"#,
        r#"{ $.requestParameters = "*0.0.0.0/0*" }"#,
        r#"{ $.resources != "x" }"#,
        r#"{ $.userIdentity.type = "AssumeRole" || $.userIdentity.type = "User" }"#,
        r#"{ $.eventName = "CreateUser" && $.sourceIP = "10.*" }"#,
        r#"{ $.eventName = "CreateUser" && $.detail.x = "y" }"#,
        r#"{ $.eventSource = "emr.amazonaws.com" }"#,
        r#"{ $.eventName = "Creat" }"#,
        r#"{ $.eventName = "Delete**" }"#,
        r#"{ $.eventSource = "lambda.amazonaws.com" && $.eventName = "AddPermission" }"#,
        r#"{ $.eventSource = "s3.amazonaws.com" && $.eventName = "PutPublicAccessBlock" }"#,
        r#"{ $.errorCode = "UnauthorizedOperation" || $.errorCode = "AccessDenied" }"#,
        r#"{ $.errorCode = "*" && $.errorCode != "AccessDenied" }"#,
        r#"{ $.a = 1 && (($.b = 1) || $.b = "1" || $.b = 1) }"#,
        r#"{ $.eventName = "StopLogging" && ($.eventSource != "a.amazonaws.com" || $.awsRegion != "b") }"#,
        "ERROR ?WARN",
        "[a, b = 1*2]",
    ] {
        let pattern = Pattern::parse(text).expect(text);
        out += &format!("{text}\n");
        for lint in pattern.lints() {
            out += &format!(
                "    {}: `{}`: {lint}\n",
                lint.code.as_str(),
                &text[lint.span.clone()]
            );
            if let Some(suggestion) = &lint.suggestion {
                let mut corrected = text.to_owned();
                corrected.replace_range(suggestion.span.clone(), &suggestion.text);
                Pattern::parse(&corrected).expect("what is offered is a pattern");
                out += &format!("        {corrected}\n");
            }
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn every_event_of_the_samples_is_a_known_name() {
    // Calls that the panther rules' authors made up.
    let invented = [
        "DeleteRule",
        "DescribeTrail",
        "EnableRegion",
        "PutBucketVersioning",
        "RegisterManagedInstance",
        "PutPolicy",
        "ListBucket",
    ];
    let mut unknown = Vec::new();
    for text in log_files().values() {
        for record in records(text).expect("a log file") {
            let record: Value = serde_json::from_slice(record).expect("JSON");
            let (Some(source), Some(name)) = (record["eventSource"].as_str(), record["eventName"].as_str())
            else {
                continue;
            };
            let text = format!("{{ ($.eventSource = \"{source}\") && ($.eventName = \"{name}\") }}");
            // Two records of Lambda are without the date that its names have; that is advised on.
            let unheard = |code: &&str| code.starts_with("unknown");
            if !invented.contains(&name) && lints(&text).iter().any(unheard) {
                unknown.push(format!("{source} {name}"));
            }
        }
    }
    unknown.sort();
    unknown.dedup();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn what_a_trail_does_not_record_is_pointed_out() {
    let all = Recording {
        management: ManagementEvents::All,
        excluded: BTreeSet::new(),
        data: false,
        global: true,
    };
    let without_kms = Recording {
        excluded: BTreeSet::from(["kms.amazonaws.com".into()]),
        ..all.clone()
    };
    let regional = Recording {
        global: false,
        ..all.clone()
    };
    let with_data = Recording {
        data: true,
        ..all.clone()
    };
    let expected = expected();
    let cis = |control: &str| {
        expected["patterns"][control]["pattern"]
            .as_str()
            .expect("text")
            .to_owned()
    };
    let object = r#"{ $.eventSource = "s3.amazonaws.com" && $.eventName = "GetObject" }"#.to_owned();
    for (text, recording, codes) in [
        (cis("4.7"), &all, &[][..]),
        (cis("4.7"), &without_kms, &["not-recorded"]),
        (cis("4.4"), &all, &[]),
        (cis("4.4"), &regional, &["not-recorded"]),
        (cis("4.15"), &regional, &["not-recorded"]),
        (object.clone(), &all, &["not-recorded"]),
        (object, &with_data, &[]),
    ] {
        let pattern = Pattern::parse(&text).expect("good");
        let found: Vec<&str> = pattern
            .lints_for(recording)
            .iter()
            .map(|lint| lint.code.as_str())
            .collect();
        assert_eq!(found, codes, "{text} {recording:?}");
    }
}
