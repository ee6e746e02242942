//! Packs: what their patterns match, and what specs make of them.

use serde_json::{Value, json};
use trailwarden_pattern::decide::{Facts, implies};
use trailwarden_pattern::{Pattern, mutants};
use trailwarden_spec::packs::{Control, Pack, Spelling, hub_text};
use trailwarden_spec::{Kind, Object, Wanted};

use crate::cases::STACK;
use crate::problems::{parse, rendered};

/// Every control of every version, with the name of its pack and its version.
fn all() -> Vec<(&'static str, &'static str, Control)> {
    let mut all = Vec::new();
    for pack in Pack::ALL {
        let versions = if pack.versions.is_empty() {
            &[""][..]
        } else {
            pack.versions
        };
        for version in versions {
            let controls = pack.controls(version).into_iter();
            all.extend(controls.map(|control| (pack.name, *version, control)));
        }
    }
    all
}

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap_or_else(|problems| panic!("{text}\n{problems}"))
}

fn matches(pattern: &Pattern, event: &Value) -> bool {
    pattern.matcher().is_match(event.to_string().as_bytes())
}

fn call(source: &str, name: &str) -> Value {
    json!({ "eventSource": format!("{source}.amazonaws.com"), "eventName": name, "eventType": "AwsApiCall",
            "sourceIPAddress": "192.0.2.1", "userIdentity": { "type": "AssumedRole" } })
}

/// The same with other values, some of which may be dropped.
fn with(mut event: Value, more: &Value) -> Value {
    for (key, value) in more.as_object().unwrap() {
        match value {
            Value::Null => drop(event.as_object_mut().unwrap().remove(key)),
            value => event[key] = value.clone(),
        }
    }
    event
}

fn sign_in(more: &Value) -> Value {
    let event = json!({ "eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin",
        "eventType": "AwsConsoleSignIn", "sourceIPAddress": "192.0.2.1",
        "userIdentity": { "type": "IAMUser" }, "additionalEventData": { "MFAUsed": "No" },
        "responseElements": { "ConsoleLogin": "Success" } });
    with(event, more)
}

/// Events that a control is about, and events that it is not about, whatever the spelling.
fn events(slug: &str) -> (Vec<Value>, Vec<Value>) {
    let denied = |code: &str| with(call("ec2", "RunInstances"), &json!({ "errorCode": code }));
    let root = json!({ "userIdentity": { "type": "Root" } });
    let each = |source: &str, names: &[&str]| -> Vec<Value> {
        names.iter().map(|name| call(source, name)).collect()
    };
    match slug {
        "unauthorized-calls" => (
            vec![
                denied("Client.UnauthorizedOperation"),
                denied("AccessDenied"),
                denied("AccessDeniedException"),
            ],
            vec![
                call("ec2", "RunInstances"),
                denied("ThrottlingException"),
                denied("UnauthorizedOperationX"),
            ],
        ),
        "sign-in-without-mfa" => (
            vec![sign_in(&json!({}))],
            vec![
                sign_in(&json!({ "additionalEventData": { "MFAUsed": "Yes" } })),
                sign_in(&json!({ "responseElements": { "ConsoleLogin": "Failure" } })),
                sign_in(&json!({ "userIdentity": { "type": "AssumedRole" } })),
                sign_in(&json!({ "eventName": "CheckMfa" })),
            ],
        ),
        "root-use" => (
            vec![with(call("iam", "CreateUser"), &root)],
            vec![
                call("iam", "CreateUser"),
                with(
                    call("iam", "CreateUser"),
                    &json!({ "userIdentity": { "type": "Root", "invokedBy": "s3.amazonaws.com" } }),
                ),
                with(
                    with(call("iam", "CreateUser"), &root),
                    &json!({ "eventType": "AwsServiceEvent" }),
                ),
            ],
        ),
        "iam-policies" => (
            each(
                "iam",
                &[
                    "PutUserPolicy",
                    "AttachRolePolicy",
                    "DetachGroupPolicy",
                    "CreatePolicyVersion",
                    "DeletePolicy",
                ],
            ),
            each(
                "iam",
                &["ListPolicies", "CreateUser", "GetRolePolicy", "CreatePolicyX"],
            ),
        ),
        "trail-configuration" => (
            each(
                "cloudtrail",
                &[
                    "StopLogging",
                    "StartLogging",
                    "DeleteTrail",
                    "UpdateTrail",
                    "CreateTrail",
                ],
            ),
            each(
                "cloudtrail",
                &["LookupEvents", "DescribeTrails", "GetTrailStatus"],
            ),
        ),
        "failed-sign-ins" => (
            vec![sign_in(
                &json!({ "errorMessage": "Failed authentication", "responseElements": { "ConsoleLogin": "Failure" } }),
            )],
            vec![
                sign_in(&json!({})),
                sign_in(&json!({ "eventName": "SwitchRole" })),
                call("iam", "CreateUser"),
            ],
        ),
        "keys" => (
            each("kms", &["DisableKey", "ScheduleKeyDeletion"]),
            [
                each("kms", &["Decrypt", "EnableKey"]),
                each("s3", &["DisableKey"]),
            ]
            .concat(),
        ),
        "bucket-policies" => (
            each(
                "s3",
                &[
                    "PutBucketPolicy",
                    "DeleteBucketPolicy",
                    "PutBucketAcl",
                    "PutBucketLifecycle",
                ],
            ),
            [
                each("s3", &["GetBucketPolicy", "PutObject"]),
                each("iam", &["PutBucketPolicy"]),
            ]
            .concat(),
        ),
        "config" => (
            each(
                "config",
                &[
                    "StopConfigurationRecorder",
                    "DeleteDeliveryChannel",
                    "PutConfigurationRecorder",
                ],
            ),
            [
                each("config", &["DescribeConfigurationRecorders"]),
                each("iam", &["StopConfigurationRecorder"]),
            ]
            .concat(),
        ),
        "security-groups" => (
            each(
                "ec2",
                &[
                    "AuthorizeSecurityGroupIngress",
                    "RevokeSecurityGroupEgress",
                    "DeleteSecurityGroup",
                ],
            ),
            each("ec2", &["DescribeSecurityGroups", "RunInstances"]),
        ),
        "network-acls" => (
            each(
                "ec2",
                &[
                    "CreateNetworkAcl",
                    "ReplaceNetworkAclAssociation",
                    "DeleteNetworkAclEntry",
                ],
            ),
            each("ec2", &["DescribeNetworkAcls", "CreateSubnet"]),
        ),
        "gateways" => (
            each(
                "ec2",
                &[
                    "AttachInternetGateway",
                    "CreateCustomerGateway",
                    "DetachInternetGateway",
                ],
            ),
            each("ec2", &["DescribeInternetGateways", "CreateSubnet"]),
        ),
        "route-tables" => (
            each(
                "ec2",
                &[
                    "CreateRoute",
                    "ReplaceRoute",
                    "DisassociateRouteTable",
                    "DeleteRouteTable",
                ],
            ),
            [
                each("ec2", &["DescribeRouteTables"]),
                each("appmesh", &["CreateRoute"]),
            ]
            .concat(),
        ),
        "vpcs" => (
            each(
                "ec2",
                &[
                    "CreateVpc",
                    "DeleteVpc",
                    "AcceptVpcPeeringConnection",
                    "ModifyVpcAttribute",
                ],
            ),
            each("ec2", &["DescribeVpcs", "CreateSubnet"]),
        ),
        "organization" => (
            each(
                "organizations",
                &[
                    "LeaveOrganization",
                    "MoveAccount",
                    "DetachPolicy",
                    "EnableAllFeatures",
                ],
            ),
            [
                each("organizations", &["ListAccounts"]),
                each("iam", &["DetachPolicy", "DeletePolicy"]),
            ]
            .concat(),
        ),
        "iam-changes" => (
            each(
                "iam",
                &[
                    "CreateUser",
                    "DeleteAccessKey",
                    "AttachUserPolicy",
                    "UpdateAssumeRolePolicy",
                ],
            ),
            [
                each("iam", &["ListUsers", "GetRole"]),
                each("ec2", &["CreateVolume"]),
            ]
            .concat(),
        ),
        "iam-calls" => (
            each("iam", &["CreateUser", "ListUsers"]),
            each("ec2", &["CreateUser"]),
        ),
        "auth-changes" => (
            [
                each("iam", &["CreateUser", "DeactivateMFADevice"]),
                each(
                    "sso",
                    &["CreatePermissionSet", "AttachManagedPolicyToPermissionSet"],
                ),
                each("sso-directory", &["CreateUser"]),
                each("identitystore", &["CreateGroupMembership"]),
                each("cognito-idp", &["UpdateUserPool", "SetUserPoolMfaConfig"]),
                each("cognito-identity", &["DeleteIdentityPool"]),
                each("signin", &["PasswordUpdated", "PasswordRecoveryCompleted"]),
            ]
            .concat(),
            [
                each("iam", &["ListUsers"]),
                each("ec2", &["CreateVolume"]),
                each("sts", &["AssumeRole"]),
            ]
            .concat(),
        ),
        "trail" => (
            each(
                "cloudtrail",
                &[
                    "StopLogging",
                    "DeleteTrail",
                    "UpdateTrail",
                    "PutEventSelectors",
                    "PutInsightSelectors",
                ],
            ),
            [
                each("cloudtrail", &["StartLogging", "LookupEvents"]),
                each("logs", &["DeleteTrail"]),
            ]
            .concat(),
        ),
        "log-group" => (
            each(
                "logs",
                &[
                    "DeleteLogGroup",
                    "DeleteMetricFilter",
                    "PutMetricFilter",
                    "PutRetentionPolicy",
                    "DisassociateKmsKey",
                ],
            ),
            [
                each("logs", &["CreateLogStream", "DescribeLogGroups"]),
                each("s3", &["DeleteLogGroup"]),
            ]
            .concat(),
        ),
        "alarms" => (
            each(
                "monitoring",
                &[
                    "DeleteAlarms",
                    "DisableAlarmActions",
                    "PutMetricAlarm",
                    "SetAlarmState",
                ],
            ),
            each("monitoring", &["DescribeAlarms", "EnableAlarmActions"]),
        ),
        "notices" => (
            each(
                "sns",
                &[
                    "Unsubscribe",
                    "DeleteTopic",
                    "SetTopicAttributes",
                    "SetSubscriptionAttributes",
                ],
            ),
            [
                each("sns", &["Subscribe", "Publish"]),
                each("sqs", &["AddPermission"]),
            ]
            .concat(),
        ),
        "bucket" => (
            each(
                "s3",
                &[
                    "PutBucketPolicy",
                    "DeleteBucketPolicy",
                    "DeleteBucket",
                    "PutBucketLifecycle",
                ],
            ),
            each("s3", &["PutObject", "GetBucketPolicy", "CreateBucket"]),
        ),
        "role" => (
            each(
                "iam",
                &[
                    "DeleteRole",
                    "DeleteRolePolicy",
                    "PutRolePolicy",
                    "UpdateAssumeRolePolicy",
                ],
            ),
            [
                each("iam", &["CreateRole", "GetRolePolicy"]),
                each("lambda", &["DeleteRole"]),
            ]
            .concat(),
        ),
        other => panic!("no events for {other}"),
    }
}

/// The names of the calls in a pattern.
fn names(text: &str) -> Vec<&str> {
    let parts = text.split("$.eventName = \"").skip(1);
    parts.filter_map(|part| part.split('"').next()).collect()
}

#[test]
fn what_a_control_is_about_is_matched_and_nothing_else() {
    for (pack, version, control) in all() {
        let slug = if (pack, control.slug) == ("self-watch", "keys") {
            "keys"
        } else {
            control.slug
        };
        let (yes, no) = events(slug);
        for spelling in Spelling::ALL {
            let pattern = pattern(control.pattern(spelling));
            for event in &yes {
                assert!(
                    matches(&pattern, event),
                    "{pack} {version} {} {spelling:?}: {event}",
                    control.id
                );
            }
            for event in &no {
                assert!(
                    !matches(&pattern, event),
                    "{pack} {version} {} {spelling:?}: {event}",
                    control.id
                );
            }
        }
    }
}

#[test]
fn what_the_corrected_spelling_adds_is_matched_by_it_alone() {
    let control = |version: &str, slug: &str| {
        let controls = Pack::find("cis").unwrap().controls(version);
        controls.into_iter().find(|control| control.slug == slug).unwrap()
    };
    let root = json!({ "userIdentity": { "type": "Root" } });
    let probe = with(call("s3", "HeadBucket"), &json!({ "errorCode": "AccessDenied" }));
    let delivery = with(
        call("s3", "PutObject"),
        &json!({ "errorCode": "AccessDenied", "sourceIPAddress": "delivery.logs.amazonaws.com" }),
    );
    let unknown = json!({ "responseElements": { "ConsoleLogin": "Failure" }, "errorMessage": "No username found in supplied account" });
    // The event, and whether the auditor's and the corrected spelling match it.
    for (version, slug, event, auditor, corrected) in [
        ("1.4", "unauthorized-calls", probe.clone(), true, false),
        ("5.0", "unauthorized-calls", delivery, true, false),
        ("1.2", "unauthorized-calls", probe, true, true),
        ("1.4", "sign-in-without-mfa", sign_in(&root), false, true),
        (
            "1.4",
            "sign-in-without-mfa",
            sign_in(&json!({ "additionalEventData": {} })),
            false,
            true,
        ),
        ("1.4", "failed-sign-ins", sign_in(&unknown), false, true),
        (
            "3.0",
            "iam-policies",
            call("iam", "SetDefaultPolicyVersion"),
            false,
            true,
        ),
        (
            "3.0",
            "trail-configuration",
            call("cloudtrail", "PutEventSelectors"),
            false,
            true,
        ),
        (
            "3.0",
            "keys",
            call("kms", "DeleteImportedKeyMaterial"),
            false,
            true,
        ),
        (
            "3.0",
            "bucket-policies",
            call("s3", "PutBucketPublicAccessBlock"),
            false,
            true,
        ),
        (
            "3.0",
            "config",
            call("config", "DeleteConfigurationRecorder"),
            false,
            true,
        ),
        (
            "3.0",
            "security-groups",
            call("ec2", "ModifySecurityGroupRules"),
            false,
            true,
        ),
        (
            "5.0",
            "security-groups",
            call("ec2", "ModifySecurityGroupRules"),
            true,
            true,
        ),
        ("3.0", "gateways", call("ec2", "CreateNatGateway"), false, true),
        (
            "3.0",
            "route-tables",
            call("ec2", "AssociateRouteTable"),
            false,
            true,
        ),
        ("3.0", "vpcs", call("ec2", "AttachClassicLinkVpc"), true, false),
        ("3.0", "vpcs", call("ec2", "AssociateVpcCidrBlock"), false, true),
        (
            "3.0",
            "organization",
            call("organizations", "CloseAccount"),
            false,
            true,
        ),
        // Another service has a call of the same name.
        (
            "1.2",
            "network-acls",
            call("example", "CreateNetworkAcl"),
            true,
            false,
        ),
    ] {
        let control = control(version, slug);
        for (spelling, expected) in [(Spelling::Auditor, auditor), (Spelling::Corrected, corrected)] {
            let pattern = pattern(control.pattern(spelling));
            assert_eq!(
                matches(&pattern, &event),
                expected,
                "{version} {slug} {spelling:?}: {event}"
            );
        }
    }
}

#[test]
fn each_pattern_is_one_that_aws_takes_and_ours_are_without_a_warning() {
    for (pack, version, control) in all() {
        for text in [
            Some(control.corrected.as_str()),
            control.auditor,
            control.asks.as_deref(),
        ] {
            let Some(text) = text else { continue };
            let parsed = pattern(text);
            assert!(
                text.chars().count() <= Pattern::MOST_CHARS,
                "{} {}",
                control.id,
                text.len()
            );
            if Some(text) != control.auditor {
                let lints = parsed.lints();
                assert!(lints.is_empty(), "{pack} {version} {}: {lints:#?}", control.id);
            }
        }
        assert_eq!(
            pack == "cis",
            control.auditor.is_some() && control.asks.is_some() && control.prowler.is_some()
        );
        assert!(!control.reason.is_empty() && !control.title.is_empty());
    }
}

#[test]
fn both_spellings_match_all_that_the_benchmark_asks_for() {
    for (pack, version, control) in all() {
        let Some(asks) = &control.asks else { continue };
        let asks = pattern(asks);
        for spelling in Spelling::ALL {
            let answer = implies(&asks, &pattern(control.pattern(spelling)), &Facts::cloudtrail());
            assert!(
                answer.is_yes(),
                "{pack} {version} {} {spelling:?}: {answer:?}",
                control.id
            );
        }
    }
}

/// Every condition matters: a change of one is noticed by an event.
#[test]
fn no_part_of_a_corrected_pattern_is_there_for_nothing() {
    for (pack, version, control) in all() {
        let (mut yes, mut no) = events(control.slug);
        let corrected = pattern(&control.corrected);
        let source = control.corrected.split('"').nth(1).unwrap_or_default().to_owned();
        for name in names(&control.corrected) {
            let whole = name.trim_end_matches('*');
            for event in [
                json!({ "eventSource": source, "eventName": format!("{whole}") }),
                json!({ "eventSource": source, "eventName": format!("{whole}X") }),
                json!({ "eventSource": source, "eventName": format!("X{whole}") }),
                json!({ "eventSource": "other.amazonaws.com", "eventName": whole }),
            ] {
                match matches(&corrected, &event) {
                    true => yes.push(event),
                    false => no.push(event),
                }
            }
        }
        // Those beside calls: each part of what the controls on sign-ins and denials ask for.
        for event in [
            with(call("s3", "HeadBucket"), &json!({ "errorCode": "AccessDenied" })),
            with(
                call("s3", "PutObject"),
                &json!({ "errorCode": "AccessDenied", "sourceIPAddress": "delivery.logs.amazonaws.com" }),
            ),
        ] {
            match matches(&corrected, &event) {
                true => yes.push(event),
                false => no.push(event),
            }
        }
        for more in [
            json!({ "userIdentity": { "type": "Root" } }),
            json!({ "additionalEventData": {} }),
            json!({ "eventSource": "other.amazonaws.com", "errorMessage": "Failed authentication" }),
            json!({ "eventName": "X", "errorMessage": "Failed authentication" }),
            json!({ "errorMessage": "Failed authentication" }),
            json!({ "errorMessage": "Failed authentication, or so" }),
            json!({ "errorMessage": "So: Failed authentication" }),
            json!({ "responseElements": { "ConsoleLogin": "Failure" } }),
            json!({ "responseElements": { "ConsoleLogin": "Failures" } }),
            json!({ "responseElements": { "ConsoleLogin": "XFailure" } }),
            json!({ "responseElements": { "ConsoleLogin": "XSuccess" } }),
            json!({ "responseElements": { "ConsoleLogin": "Successes" } }),
            json!({ "eventSource": "other.amazonaws.com" }),
            json!({ "eventSource": "Xsignin.amazonaws.com" }),
            json!({ "eventSource": "signin.amazonaws.comX" }),
            json!({ "eventName": "ConsoleLoginX" }),
            json!({ "eventName": "XConsoleLogin" }),
        ] {
            let event = sign_in(&more);
            match matches(&corrected, &event) {
                true => yes.push(event),
                false => no.push(event),
            }
        }
        // What is dropped or turned, not what is widened: a wider text is no mistake that is made.
        let dropped = |change: &str| !change.contains("*");
        for mutant in mutants(&corrected)
            .iter()
            .filter(|mutant| dropped(&mutant.change))
        {
            let noticed = yes.iter().any(|event| !matches(&mutant.pattern, event))
                || no.iter().any(|event| matches(&mutant.pattern, event));
            let part = &corrected.text()[mutant.span.clone()];
            assert!(
                noticed,
                "{pack} {version} {}: `{part}` {}",
                control.id, mutant.change
            );
        }
    }
}

#[test]
fn ids_and_names_are_unique_and_names_are_the_same_in_all_versions() {
    let cis = Pack::find("cis").unwrap();
    let slugs = |version: &str| -> Vec<(u8, &str)> {
        let controls = cis.controls(version).into_iter();
        controls
            .map(|c| (c.id.split_once('.').unwrap().1.parse().unwrap(), c.slug))
            .collect()
    };
    for version in cis.versions {
        assert_eq!(slugs("5.0")[..14], slugs(version)[..14], "{version}");
        let count = if *version == "1.2" { 14 } else { 15 };
        assert_eq!(slugs(version).len(), count);
    }
    for pack in Pack::ALL {
        let controls = pack.controls(pack.version(None).unwrap());
        let mut ids: Vec<&str> = controls.iter().map(|c| c.id.as_str()).collect();
        let mut slugs: Vec<&str> = controls.iter().map(|c| c.slug).collect();
        ids.sort_unstable();
        ids.dedup();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!((ids.len(), slugs.len()), (controls.len(), controls.len()));
    }
}

#[test]
fn security_hub_s_texts_are_those_of_its_controls() {
    assert!((1..=14).all(|number| hub_text(number).is_some()));
    assert_eq!((hub_text(0), hub_text(15)), (None, None));
    let root = r#"{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}"#;
    assert_eq!(hub_text(1), Some(root));
    // All but 5.0's 4.10 are taken as Security Hub has them.
    for (pack, version, control) in all() {
        if let (Some(number), Some(text)) = (control.security_hub, control.auditor) {
            assert_eq!(hub_text(number), Some(text), "{pack} {version} {}", control.id);
        }
    }
}

#[test]
fn a_rule_of_a_pack_is_called_by_its_control_and_all_of_them_by_the_pack() {
    let spec =
        format!("{BASE}[pack.cis]\nversion = \"1.4\"\n[pack.cis-2]\npack = \"cis\"\nversion = \"1.4\"\n");
    let one = good(&format!("{spec}[[adopt]]\naddress = \"pack.cis.4.1\"\n"));
    let names = |wanted: &Wanted| -> Vec<String> { wanted.adopt.iter().map(ToString::to_string).collect() };
    assert_eq!(
        names(&one),
        [
            "metric_filter./a:acme-cis-unauthorized-calls",
            "alarm.acme-cis-unauthorized-calls"
        ]
    );
    let all = good(&format!("{spec}[[adopt]]\naddress = \"pack.cis\"\n"));
    assert_eq!(all.adopt.len(), 30);
    let waived = good(&format!(
        "{spec}[[waiver]]\naddress = \"pack.cis\"\nowner = \"a\"\nreason = \"b\"\nexpires = 2030-01-01\n\
         [[waiver]]\naddress = \"pack.cis.4.10\"\nowner = \"a\"\nreason = \"b\"\nexpires = 2030-01-01\n"
    ));
    let counts: Vec<usize> = waived
        .waivers
        .iter()
        .map(|waiver| waiver.addresses.len())
        .collect();
    assert_eq!(counts, [30, 2]);
    let composite = good(&format!(
        "{spec}[composite_alarm.both]\nrule = 'ALARM(pack.cis.4.1) AND ALARM(pack.cis.4.2)'\nnotify = [\"t\"]\n"
    ));
    let wish = composite
        .objects
        .values()
        .find(|wish| wish.origin == "composite_alarm.both")
        .unwrap();
    let Object::CompositeAlarm(alarm) = &wish.object else {
        panic!("no composite")
    };
    assert!(
        alarm.rule.as_str().contains("acme-cis-sign-in-without-mfa"),
        "{}",
        alarm.rule.as_str()
    );
    for (address, help) in [("pack.cis.4.16", "did you mean"), ("pack.ciss", "there are")] {
        let text = format!("{STACK}{spec}[[adopt]]\naddress = \"{address}\"\n");
        let problems = parse(&text).unwrap_err();
        assert!(
            rendered(&[&text], &problems).contains(help),
            "{}",
            rendered(&[&text], &problems)
        );
    }
}

/// Counts of real and of sanitised records, for both spellings: `tests/events`.
#[test]
fn what_the_controls_see_in_the_sample_records() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/events");
    let mut records: Vec<Vec<u8>> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "json") && !path.ends_with("expected.json") {
            let text = std::fs::read(&path).unwrap();
            let found = trailwarden_pattern::records(&text).unwrap();
            records.extend(found.into_iter().map(<[u8]>::to_vec));
        }
    }
    let mut out = format!("{} records\n", records.len());
    for (pack, version, control) in all() {
        if !matches!(version, "" | "1.4") {
            continue;
        }
        let count = |spelling| {
            let matcher = pattern(control.pattern(spelling)).matcher();
            records.iter().filter(|record| matcher.is_match(record)).count()
        };
        out += &format!(
            "{pack} {} {}: {} {}\n",
            control.id,
            control.slug,
            count(Spelling::Auditor),
            count(Spelling::Corrected)
        );
    }
    insta::assert_snapshot!(out);
}

fn good(text: &str) -> Wanted {
    let text = format!("{STACK}{text}");
    parse(&text).unwrap_or_else(|problems| panic!("{}", rendered(&[&text], &problems)))
}

const BASE: &str = "[defaults]\nlog_group = \"a\"\nnotify = [\"t\"]\n[log_group.a]\nname = \"/a\"\n[topic.t]\n\
                    [[topic.t.subscription]]\nprotocol = \"email\"\nendpoint = \"a@example.com\"\n";

/// What a spec makes of packs: origin, name, pattern or description, whether it is compared exactly.
fn made(wanted: &Wanted) -> String {
    let mut out = String::new();
    for (address, wish) in &wanted.objects {
        if !wish.origin.starts_with("pack.") {
            continue;
        }
        let what = match &wish.object {
            Object::MetricFilter(filter) => format!("{} {:?}", filter.pattern.as_str(), filter.metric),
            Object::Alarm(alarm) => format!(
                "{} >= {}, {} actions, {:?}",
                alarm.metric,
                alarm.threshold,
                alarm.alarm_actions.len(),
                alarm.description.get()
            ),
            _ => String::new(),
        };
        out += &format!("{} {address}\n    {what}\n", wish.origin);
    }
    for warning in &wanted.warnings {
        out += &format!("warning {}: {}\n", warning.code, warning.message);
    }
    out
}

#[test]
fn a_pack_is_expanded_like_rules() {
    let cis = good(&format!(
        "{BASE}[topic.u]\n[pack.cis]\nversion = \"1.4\"\nexcept = [\"4.1\", \"4.4\", \"4.5\", \"4.6\", \"4.7\", \"4.8\", \
         \"4.9\", \"4.10\", \"4.11\", \"4.12\", \"4.13\", \"4.14\"]\nprotect = true\ntags = {{ a = \"b\" }}\n\
         [pack.cis.control.\"4.3\"]\ndescription = \"root\"\nnotify = [\"u\"]\nspelling = \"corrected\"\n\
         alarm.threshold = 2\nprotect = false\n\
         [pack.cis.control.\"4.2\"]\npattern = '{{ $.eventName = \"ConsoleLogin\" }}'\nfilter.name = \"own\"\n\
         [[pack.cis.control.\"4.2\".test]]\nevent = {{ eventName = \"ConsoleLogin\" }}\nmatch = true\n"
    ));
    insta::assert_snapshot!(made(&cis));
    let alarm = |name: &str| {
        let address = cis.stack.scope.address(Kind::Alarm, name);
        let Object::Alarm(alarm) = &cis.objects[&address].object else {
            panic!("no alarm")
        };
        alarm.clone()
    };
    assert!(alarm("acme-cis-organization").tags.is_protected());
    assert!(!alarm("acme-cis-root-use").tags.is_protected());
    assert_eq!(cis.tests.len(), 1);
    assert_eq!(cis.tests[0].origin, "pack.cis.4.2");
}

#[test]
fn a_label_may_be_another_and_moves_keep_the_names() {
    let both = good(&format!(
        "{BASE}[pack.cis]\nversion = \"3.0\"\n[pack.meant]\npack = \"cis\"\nversion = \"3.0\"\n\
         spelling = \"corrected\"\n[pack.self]\npack = \"self-watch\"\n\
         [[moved]]\nfrom = \"pack.self-watch\"\nto = \"pack.self\"\n"
    ));
    let names = |origin: &str| -> Vec<&str> {
        let wishes = both.objects.iter();
        let of = wishes.filter(|(address, wish)| wish.origin == origin && address.kind == Kind::Alarm);
        of.map(|(address, _)| address.name.as_str()).collect()
    };
    assert_eq!(names("pack.cis.4.3"), ["acme-cis-root-use"]);
    assert_eq!(names("pack.meant.4.3"), ["acme-meant-root-use"]);
    assert_eq!(names("pack.self.trail"), ["acme-self-watch-trail"]);
}

#[test]
fn the_text_that_tools_compare_is_held_to_the_letter() {
    let exact = |spelling: &str| {
        let wanted = good(&format!(
            "{BASE}[pack.cis]\nversion = \"1.4\"\nspelling = \"{spelling}\"\n"
        ));
        let filters = wanted.objects.values().filter_map(|wish| match &wish.object {
            Object::MetricFilter(filter) => Some(filter.pattern.clone()),
            _ => None,
        });
        let same = |pattern: trailwarden_spec::leaf::FilterPattern| {
            let spaced = pattern.as_str().replace(" || ", "||").replace(" && ", "&&");
            let live = trailwarden_spec::leaf::FilterPattern::new(&spaced);
            trailwarden_spec::compare::Compare::verdict(&pattern, &live)
        };
        filters.map(same).collect::<Vec<_>>()
    };
    use trailwarden_spec::compare::Verdict;
    assert!(
        exact("auditor")
            .iter()
            .all(|verdict| *verdict == Verdict::Differs)
    );
    assert!(
        exact("corrected")
            .iter()
            .all(|verdict| *verdict == Verdict::SameMeaning)
    );
}

#[test]
fn the_self_watch_is_narrowed_to_what_the_spec_names() {
    let pattern_of = |wanted: &Wanted, id: &str| {
        let origin = format!("pack.self-watch.{id}");
        let found = wanted.objects.values().find_map(|wish| match &wish.object {
            Object::MetricFilter(filter) if wish.origin == origin => Some(filter.pattern.as_str().to_owned()),
            _ => None,
        });
        pattern(&found.unwrap_or_else(|| panic!("no {id}")))
    };
    let on = |source: &str, name: &str, field: &str, value: &str| {
        with(
            call(source, name),
            &json!({ "requestParameters": { field: value } }),
        )
    };
    let spec = "[pack.self-watch]\n[bucket.logs]\nname = \"acme-logs\"\n[trail.main]\nbucket = \"logs\"\nlog_group = \"a\"\n\
                heartbeat = false\n";
    let whole = good(&format!("{BASE}{spec}"));
    assert_eq!(made(&whole).matches("warning").count(), 0, "{}", made(&whole));
    let alone = good(&format!("{BASE}[pack.self-watch]\n"));
    for (id, event, other) in [
        (
            "bucket",
            on("s3", "PutBucketPolicy", "bucketName", "acme-logs"),
            on("s3", "PutBucketPolicy", "bucketName", "acme-web"),
        ),
        (
            "role",
            on("iam", "PutRolePolicy", "roleName", "acme-main-delivery"),
            on("iam", "PutRolePolicy", "roleName", "web"),
        ),
    ] {
        assert!(matches(&pattern_of(&whole, id), &event), "{id}");
        assert!(!matches(&pattern_of(&whole, id), &other), "{id}");
        // Without a trail in the spec it is not known which it is.
        assert!(matches(&pattern_of(&alone, id), &other), "{id}");
    }
    for wanted in [&whole, &alone] {
        let filter = pattern_of(wanted, "log-group");
        assert!(matches(
            &filter,
            &on("logs", "PutMetricFilter", "logGroupName", "/a")
        ));
        assert!(!matches(
            &filter,
            &on("logs", "PutMetricFilter", "logGroupName", "/b")
        ));
    }
    // A pattern of one's own is left as it is.
    let own = good(&format!(
        "{BASE}[pack.self-watch.control.log-group]\npattern = '{{ $.eventName = \"DeleteLogGroup\" }}'\n"
    ));
    assert!(matches(
        &pattern_of(&own, "log-group"),
        &on("logs", "DeleteLogGroup", "logGroupName", "/b")
    ));
    let log_group = Pack::find("self-watch").unwrap().controls("");
    let log_group = log_group
        .iter()
        .find(|control| control.id == "log-group")
        .unwrap();
    assert_eq!(log_group.narrowed([]), log_group.corrected);
    let long = "x".repeat(1000);
    assert_eq!(log_group.narrowed([long.as_str()]), log_group.corrected);
}

#[test]
fn the_first_rules_are_those_of_the_example() {
    let example = include_str!("../../../../specs/account-activity.toml");
    let example = parse(example).unwrap();
    let packed = good(&format!("{BASE}[pack.account-activity]\n"));
    let patterns = |wanted: &Wanted| -> Vec<(String, String)> {
        let filters = wanted.objects.values().filter_map(|wish| match &wish.object {
            Object::MetricFilter(filter) => {
                let label = wish.origin.rsplit('.').next().unwrap_or_default();
                Some((label.to_owned(), pattern(filter.pattern.as_str()).canonical()))
            }
            _ => None,
        });
        let mut all: Vec<_> = filters.collect();
        all.sort();
        all
    };
    assert_eq!(patterns(&packed).len(), 3);
    assert_eq!(patterns(&packed), patterns(&example));
}
