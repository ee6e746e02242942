//! What an account answers in another form than it was told, and what only looks alike. Each row is
//! what the spec wants, what the account holds, and how the two compare; its name is what people
//! complained of.

use std::collections::BTreeMap;

use Verdict::{Differs, Same, SameMeaning};
use trailwarden_policy::{Policy, Statement};
use trailwarden_spec::arn::Arn;
use trailwarden_spec::compare::{Compare, Verdict};
use trailwarden_spec::kinds::{
    Alarm, Bucket, Delivery, Encryption, LogClass, LogGroup, LowSamples, ManagementEvents, MetricFilter,
    ObjectOwnership, Protocol, Role, Statistic, Subscription, TopicPolicy, Trail, Unit,
};
use trailwarden_spec::leaf::{
    Endpoint, FilterPattern, KeyRef, Managed, PolicyText, Retention, Statements, Tags, sid_prefix,
};
use trailwarden_spec::live::Facts;
use trailwarden_spec::{Object, Scope};

const STACK: &str = "acme-prod";

fn scope() -> Scope {
    Scope {
        account: "123456789012".into(),
        region: "us-east-1".into(),
    }
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect()
}

fn set<T: Ord>(items: impl IntoIterator<Item = T>) -> Managed<std::collections::BTreeSet<T>> {
    Managed::Set(items.into_iter().collect())
}

fn arn(text: &str) -> Arn {
    Arn::parse(text).unwrap()
}

/// The worst verdict of all fields, and the fields that have it.
fn compared(desired: Object, live: &Object) -> (Verdict, Vec<&'static str>) {
    let after = desired.complete(Some((live, &Facts::default())));
    let changes = after.changes(Some(live));
    let of = |verdict| -> Vec<&'static str> {
        let such = changes.iter().filter(|change| change.verdict == verdict);
        such.map(|change| change.field).collect()
    };
    match (of(Differs), of(SameMeaning)) {
        (differs, _) if !differs.is_empty() => (Differs, differs),
        (_, same) if !same.is_empty() => (SameMeaning, same),
        _ => (Same, Vec::new()),
    }
}

/// What people complained of, what is wanted, what is held, and the verdict with its fields.
type Row<'a> = (&'a str, Object, Object, (Verdict, &'a [&'a str]));

fn hold(rows: Vec<Row<'_>>) {
    for (complaint, desired, live, (verdict, fields)) in rows {
        // What an account holds has every field set.
        let live = live.complete(None);
        assert_eq!(
            compared(desired, &live),
            (verdict, fields.to_vec()),
            "{complaint}"
        );
    }
}

fn trail() -> Trail {
    Trail {
        delivery: Managed::Set(Some(Delivery {
            log_group: scope().log_group_arn("/a"),
            role: scope().role_arn("/trailwarden/acme-prod/", "r"),
        })),
        excluded_sources: ["kms.amazonaws.com".to_owned(), "rdsdata.amazonaws.com".to_owned()].into(),
        ..Trail::new("t", "b")
    }
}

fn filter(pattern: &str) -> MetricFilter {
    MetricFilter {
        log_group: "/a".into(),
        name: "f".into(),
        pattern: FilterPattern::new(pattern),
        namespace: "n".into(),
        metric: "m".into(),
        value: "1".into(),
        default_value: Managed::Leave,
        unit: Unit::None,
        dimensions: BTreeMap::new(),
    }
}

#[test]
fn arns() {
    let delivering = |group: &str| Trail {
        delivery: Managed::Set(Some(Delivery {
            log_group: arn(group),
            role: scope().role_arn("/trailwarden/acme-prod/", "r"),
        })),
        ..trail()
    };
    let group = "arn:aws:logs:us-east-1:123456789012:log-group:/a";
    hold(vec![
        (
            "InvalidCloudWatchLogsLogGroupArnException: CloudTrail wants the group ARN ending `:*` (aws-cli#5098)",
            delivering(group).into(),
            delivering(&format!("{group}:*")).into(),
            (Same, &[]),
        ),
        (
            "Control Tower renamed the log group (lza#1081)",
            delivering(group).into(),
            delivering(&format!("{group}-x1:*")).into(),
            (Differs, &["cloudwatch_logs"]),
        ),
        (
            "Invalid region (cds-snc/notification-terraform#128)",
            Alarm {
                alarm_actions: [scope().topic_arn("t")].into(),
                ..Alarm::on_metric("a", "n", "m")
            }
            .into(),
            Alarm {
                alarm_actions: [arn("arn:aws:sns:eu-west-1:123456789012:t")].into(),
                ..Alarm::on_metric("a", "n", "m")
            }
            .into(),
            (Differs, &["notify"]),
        ),
        (
            "actions in another order",
            Alarm {
                alarm_actions: [scope().topic_arn("t"), scope().topic_arn("s")].into(),
                ok_actions: set([scope().topic_arn("t"), scope().topic_arn("s")]),
                ..Alarm::on_metric("a", "n", "m")
            }
            .into(),
            Alarm {
                alarm_actions: [
                    scope().topic_arn("s"),
                    scope().topic_arn("t"),
                    scope().topic_arn("t"),
                ]
                .into(),
                ok_actions: set([scope().topic_arn("s"), scope().topic_arn("t")]),
                ..Alarm::on_metric("a", "n", "m")
            }
            .into(),
            (Same, &[]),
        ),
    ]);
}

#[test]
fn defaults_that_aws_fills_in() {
    let alarm = || Alarm::on_metric("a", "n", "m");
    // What the account answers for an alarm that was given no more than its metric.
    let read_alarm = || Alarm {
        description: Managed::Set(String::new()),
        ok_actions: set([]),
        insufficient_data_actions: set([]),
        low_sample_percentiles: Managed::Set(LowSamples::Evaluate),
        ..alarm()
    };
    let percentile = |of: Alarm, few| Alarm {
        statistic: Statistic::parse("p99").expect("a statistic"),
        low_sample_percentiles: few,
        ..of
    };
    let bucket = |encryption, versioning, object_ownership| Bucket {
        name: "b".into(),
        region: "us-east-1".into(),
        public_access_blocked: true,
        encryption,
        versioning,
        object_ownership,
        lifecycle: Managed::Leave,
        object_lock: Managed::Leave,
        access_logging: Managed::Leave,
        bucket_key: Managed::Leave,
        tags: Tags::default(),
    };
    let group = |retention, class| LogGroup {
        name: "/a".into(),
        retention,
        class,
        deletion_protection: Managed::Leave,
        key: Managed::Leave,
        tags: Tags::default(),
    };
    let counting = |default_value| MetricFilter {
        default_value,
        ..filter("{ $.a = 1 }")
    };
    hold(vec![
        (
            "CloudFormation drift false positives: default filling (cloudformation-coverage-roadmap#1346)",
            alarm().into(),
            read_alarm().into(),
            (Same, &[]),
        ),
        (
            "an empty description is none",
            Alarm {
                description: Managed::Set(String::new()),
                ok_actions: set([]),
                ..alarm()
            }
            .into(),
            read_alarm().into(),
            (Same, &[]),
        ),
        (
            "a threshold is a number: 1 is 1.0, and 0 is -0",
            Alarm {
                threshold: 0.0,
                ..alarm()
            }
            .into(),
            Alarm {
                threshold: -0.0,
                ..read_alarm()
            }
            .into(),
            (Same, &[]),
        ),
        (
            "Put resets fields someone set by hand",
            alarm().into(),
            Alarm {
                description: Managed::Set("by hand".into()),
                ok_actions: set([scope().topic_arn("t")]),
                ..read_alarm()
            }
            .into(),
            (Same, &[]),
        ),
        (
            "a spec that says nothing of percentiles of few values leaves them",
            percentile(alarm(), Managed::Leave).into(),
            percentile(read_alarm(), Managed::Set(LowSamples::Ignore)).into(),
            (Same, &[]),
        ),
        (
            "percentiles of few values, said",
            percentile(alarm(), Managed::Set(LowSamples::Evaluate)).into(),
            percentile(read_alarm(), Managed::Set(LowSamples::Ignore)).into(),
            (Differs, &["low_sample_percentiles"]),
        ),
        (
            "an alarm that leaves percentiles keeps nothing of them",
            alarm().into(),
            percentile(read_alarm(), Managed::Set(LowSamples::Ignore)).into(),
            (Differs, &["statistic", "low_sample_percentiles"]),
        ),
        (
            "Actions disabled by hand, silently",
            alarm().into(),
            Alarm {
                actions_enabled: false,
                ..read_alarm()
            }
            .into(),
            (Differs, &["actions_enabled"]),
        ),
        (
            "Default value 0 set silently: absent differs from 0 (terraform-provider-aws#1563)",
            counting(Managed::Set(None)).into(),
            counting(Managed::Set(Some(0.0))).into(),
            (Differs, &["default_value"]),
        ),
        (
            "Default value 0 set silently: a spec that says nothing leaves it",
            counting(Managed::Leave).into(),
            counting(Managed::Set(Some(0.0))).into(),
            (Same, &[]),
        ),
        (
            "Retention drift: a spec that says nothing leaves it, class included",
            group(Managed::Leave, Managed::Leave).into(),
            group(Managed::Set(Retention::Days(7)), Managed::Set(LogClass::Standard)).into(),
            (Same, &[]),
        ),
        (
            "Retention drift: never is not a number of days",
            group(Managed::Set(Retention::Never), Managed::Leave).into(),
            group(
                Managed::Set(Retention::Days(3653)),
                Managed::Set(LogClass::Standard),
            )
            .into(),
            (Differs, &["retention_days"]),
        ),
        (
            "a bucket's settings are left where the spec says nothing",
            bucket(Managed::Leave, Managed::Leave, Managed::Leave).into(),
            bucket(
                Managed::Set(Encryption::Kms(Some(KeyRef::alias(&scope(), "ours")))),
                Managed::Set(false),
                Managed::Set(ObjectOwnership::ObjectWriter),
            )
            .into(),
            (Same, &[]),
        ),
        (
            "Removing selectors does not undo them: the default is enforced (go-to-k/cdkd#1549)",
            trail().into(),
            Trail {
                management_events: ManagementEvents::Write,
                excluded_sources: ["rdsdata.amazonaws.com".to_owned(), "kms.amazonaws.com".to_owned()].into(),
                ..trail()
            }
            .into(),
            (Differs, &["management_events"]),
        ),
    ]);
}

#[test]
fn patterns_and_dimensions() {
    let pattern = r#"{ ($.eventName = "A") || ($.eventName = "B") }"#;
    let with = |pairs: &[(&str, &str)]| MetricFilter {
        dimensions: map(pairs),
        ..filter(pattern)
    };
    hold(vec![
        (
            "Perpetual diff on spaces, quotes, brackets (terraform-provider-aws#26319, #2945)",
            filter(pattern).into(),
            filter("{($.eventName=A) || (($.eventName=\"B\"))}").into(),
            (SameMeaning, &["pattern"]),
        ),
        (
            "the provider trims",
            filter(&format!("\n{pattern}\n ")).into(),
            filter(pattern).into(),
            (Same, &[]),
        ),
        (
            "Exclusions do not exclude: && binds tighter than || (azul#5325)",
            filter("{ ($.a = 1 || $.b = 2) && $.c = 3 }").into(),
            filter("{ $.a = 1 || $.b = 2 && $.c = 3 }").into(),
            (Differs, &["pattern"]),
        ),
        (
            "dimensions in another order",
            with(&[("a", "$.a"), ("b", "$.b")]).into(),
            with(&[("b", "$.b"), ("a", "$.a")]).into(),
            (Same, &[]),
        ),
    ]);
}

#[test]
fn tags() {
    let wire = |pairs: &[(&str, &str)]| Tags::from_wire(map(pairs), STACK).0;
    let named = |pairs: &[(&str, &str)]| Tags::named(map(pairs));
    for (complaint, desired, live, verdict) in [
        (
            "another order, of the tags and of the keys that were remembered",
            named(&[("a", "1"), ("b", "2")]),
            wire(&[
                ("trailwarden:keys", "b+a"),
                ("b", "2"),
                ("a", "1"),
                ("trailwarden:stack", STACK),
            ]),
            Same,
        ),
        (
            "others' tags and AWS's own",
            named(&[("a", "1")]),
            wire(&[
                ("trailwarden:keys", "a"),
                ("a", "1"),
                ("theirs", "x"),
                ("aws:createdBy", "y"),
            ]),
            Same,
        ),
        (
            "letter case of a key counts",
            named(&[("Team", "x")]),
            wire(&[("trailwarden:keys", "team"), ("team", "x")]),
            Differs,
        ),
        (
            "Tags not updated (aws/aws-sdk#27)",
            named(&[("a", "2")]),
            wire(&[("trailwarden:keys", "a"), ("a", "1")]),
            Differs,
        ),
    ] {
        assert_eq!(
            desired.complete(Some(&live)).verdict(&live),
            verdict,
            "{complaint}"
        );
    }
}

/// Subscriptions are the same when they have one address: another endpoint is another subscription.
#[test]
fn endpoints() {
    let address = |protocol: Protocol, endpoint: &str| {
        let subscription = Subscription {
            topic: "t".into(),
            protocol,
            endpoint: Endpoint::new(protocol.as_str(), endpoint),
            role: None,
            settings: Default::default(),
        };
        Object::from(subscription).address(&scope()).to_string()
    };
    for (complaint, protocol, wanted, read, same) in [
        (
            "`Email` vs `email` recreates (terraform#10697)",
            Protocol::Email,
            "SecOps@Example.COM",
            "SecOps@example.com",
            true,
        ),
        (
            "the part before the `@` may tell case apart",
            Protocol::Email,
            "SecOps@example.com",
            "secops@example.com",
            false,
        ),
        (
            "a URL's scheme and host tell no case apart",
            Protocol::Https,
            "HTTPS://User:pw@Hooks.Example.com:8443/T/Secret?a=B@C",
            "https://User:****@hooks.example.com:8443/T/Secret?a=B@C",
            true,
        ),
        (
            "its path does",
            Protocol::Https,
            "https://hooks.example.com/T/Secret",
            "https://hooks.example.com/t/secret",
            false,
        ),
        (
            "and so does the user's name",
            Protocol::Http,
            "http://User:pw@hooks.example.com/",
            "http://user:****@hooks.example.com/",
            false,
        ),
    ] {
        let one = address(protocol, wanted) == address(protocol, read);
        assert_eq!(one, same, "{complaint}");
    }
}

#[test]
fn policies() {
    let role = |trust: &str, policy: &str| Role {
        trust: PolicyText(Policy::parse(trust).unwrap()),
        policy: Some(PolicyText(Policy::parse(policy).unwrap())),
        ..Role::for_delivery(&scope(), "/trailwarden/acme-prod/", "r", &["/a"])
    };
    let desired = || Role::for_delivery(&scope(), "/trailwarden/acme-prod/", "r", &["/a"]);
    let streams =
        "arn:aws:logs:us-east-1:123456789012:log-group:/a:log-stream:123456789012_CloudTrail_us-east-1*";
    let trust = r#"{"Version":"2012-10-17","Statement":{"Sid":"","Effect":"Allow",
        "Principal":{"Service":["cloudtrail.amazonaws.com"]},"Action":["sts:AssumeRole"]}}"#;
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[
            {{"Sid":"P","Effect":"Allow","Action":["logs:PutLogEvents"],"Resource":["{streams}"]}},
            {{"Sid":"C","Effect":"Allow","Action":["logs:CreateLogStream"],"Resource":["{streams}"]}}]}}"#
    );
    let encoded: String = policy
        .bytes()
        .map(|b| match b {
            b if b.is_ascii_alphanumeric() => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect();
    let prefix = sid_prefix(STACK);
    let of_topic = |text: &str| TopicPolicy {
        topic: "t".into(),
        statements: Statements::split(&Policy::parse(text).unwrap(), STACK).0,
    };
    let as_sns_returns = format!(
        r#"{{"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [
            {{"Sid": "__default_statement_ID", "Effect": "Allow", "Principal": {{"AWS": "*"}}, "Action": "SNS:Publish",
              "Resource": "*"}},
            {{"Sid": "{prefix}Alarms", "Effect": "Allow", "Principal": {{"Service": ["cloudwatch.amazonaws.com"]}},
              "Action": ["SNS:Publish"], "Resource": ["arn:aws:sns:us-east-1:123456789012:t"],
              "Condition": {{"stringEquals": {{"AWS:SourceAccount": [123456789012]}},
                "ArnEquals": {{"AWS:SourceArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:*"}}}}}}]}}"#
    );
    let alarms = || TopicPolicy::for_alarms(STACK, &scope(), "t");
    hold(vec![
        (
            "IAM returns documents percent-encoded, with Sids and lists as it likes",
            desired().into(),
            role(trust, &encoded).into(),
            (SameMeaning, &["trust", "policy"]),
        ),
        (
            "Role policy grants nothing: resource needs the `:log-stream:` part (terraform-aws-cloudwatch-logs#37)",
            desired().into(),
            role(
                trust,
                &policy.replace(":log-stream:123456789012_CloudTrail_us-east-1*", ":*"),
            )
            .into(),
            (Differs, &["policy"]),
        ),
        (
            "Policy flips at each apply (terraform-provider-aws#42019)",
            alarms().into(),
            of_topic(&as_sns_returns).into(),
            (SameMeaning, &["policy"]),
        ),
        (
            "Topic policy without service principal (automated-security-response#43)",
            alarms().into(),
            of_topic(&as_sns_returns.replace(
                r#"{"Service": ["cloudwatch.amazonaws.com"]}"#,
                r#"{"AWS": "123456789012"}"#,
            ))
            .into(),
            (Differs, &["policy"]),
        ),
    ]);
    let foreign = [Statement::allow("theirs")
        .service("cloudwatch.amazonaws.com")
        .action("SNS:publish")
        .resource("arn:aws:sns:us-east-1:123456789012:t")
        .condition(
            "ArnEquals",
            "AWS:SourceArn",
            "arn:aws:cloudwatch:us-east-1:123456789012:alarm:*",
        )
        .condition("stringequals", "AWS:SourceAccount", "123456789012")];
    assert!(
        alarms().statements.less(&foreign).is_empty(),
        "said already by somebody else"
    );
}
