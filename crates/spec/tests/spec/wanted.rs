use trailwarden_spec::compare::Shown;
use trailwarden_spec::kinds::{Alarm, KeyPolicy, MetricFilter, Resource};
use trailwarden_spec::leaf::{Managed, Statements};
use trailwarden_spec::wanted::Date;
use trailwarden_spec::{Kind, Object, STARTER, Wanted};

use crate::problems::{parse, parse_all, rendered};

/// A value on one line, whatever lines it is shown in.
fn on_a_line(value: &Shown) -> String {
    match value {
        Shown::Absent => "-".into(),
        Shown::Plain(text) => text.clone(),
        Shown::Text(text) => format!("{text:?}"),
        Shown::Lines(text) => text.lines().map(str::trim).collect::<Vec<_>>().join(" "),
        Shown::List(all) => all.join(", "),
        Shown::Map(all) => all
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// The objects of a spec with all that a first plan would write.
fn listed(wanted: &Wanted) -> String {
    let mut out = String::new();
    for (address, wish) in &wanted.objects {
        out += &format!("{address}  <- {}\n", wish.origin);
        for change in wish.object.clone().complete(None).changes(None) {
            out += &format!("    {}: {}\n", change.field, on_a_line(&change.after));
        }
    }
    for (address, place) in &wanted.existing {
        out += &format!("existing {address}  <- {}\n", place.path);
    }
    for address in &wanted.adopt {
        out += &format!("adopt {address}\n");
    }
    for address in &wanted.exclusive {
        out += &format!("exclusive {address}\n");
    }
    out
}

fn good(text: &str) -> Wanted {
    parse(text).unwrap_or_else(|problems| panic!("{}", rendered(&[text], &problems)))
}

#[test]
fn the_classic_set_up() {
    let text = include_str!("../../../../specs/account-activity.toml");
    insta::assert_snapshot!(listed(&good(text)));
}

#[test]
fn every_example_is_a_spec() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs");
    let examples = std::fs::read_dir(folder)
        .expect("examples")
        .map(|entry| entry.expect("an entry").path());
    for path in examples.filter(|path| path.extension().is_some_and(|end| end == "toml")) {
        good(&std::fs::read_to_string(&path).expect("text"));
    }
}

#[test]
fn the_starter_is_a_spec() {
    good(STARTER);
}

/// The stack of the small specs below.
const STACK: &str = r#"
format = 1
[stack]
name = "acme"
account = "123456789012"
region = "eu-central-1"
"#;

fn with_stack(text: &str) -> Wanted {
    good(&format!("{STACK}{text}"))
}

fn alarm<'w>(wanted: &'w Wanted, name: &str) -> &'w Alarm {
    match &wanted.objects[&wanted.stack.scope.address(Kind::Alarm, name)].object {
        Object::Alarm(alarm) => alarm,
        other => panic!("{other:?}"),
    }
}

fn filter<'w>(wanted: &'w Wanted, name: &str) -> &'w MetricFilter {
    match &wanted.objects[&wanted.stack.scope.address(Kind::MetricFilter, name)].object {
        Object::MetricFilter(filter) => filter,
        other => panic!("{other:?}"),
    }
}

#[test]
fn rules_alone_on_what_exists_elsewhere() {
    let wanted = with_stack(
        r#"
        [rule.root-use]
        log_group = { existing = "aws-controltower/CloudTrailLogs" }
        notify = [{ arn = "arn:${partition}:sns:${region}:${account}:alerts" }]
        pattern = '{ $.userIdentity.type = "Root" }'
        "#,
    );
    insta::assert_snapshot!(listed(&wanted));
}

#[test]
fn every_key_says_something() {
    let wanted = with_stack(
        r#"
        namespace = "Watch/${stack}"
        tags = { team = "security", stage = "prod" }

        [trail.main]
        name = "main"
        bucket = "logs"
        prefix = "${stack}/ct"
        log_group = "activity"
        role = "delivery"
        multi_region = false
        global_service_events = false
        log_file_validation = false
        management_events = "write"
        heartbeat = { notify = ["pager", { arn = "arn:aws:sns:eu-central-1:999999999999:central" }] }
        tags = { stage = "test" }
        excluded_sources = ["kms.amazonaws.com"]
        insights = ["api_call_rate"]
        sns_topic = "pager"
        organization = "o-exampleorgid"
        selectors = "advanced"
        [[trail.main.data_events]]
        name = "objects but the logs"
        type = "AWS::S3::Object"
        events = "write"
        where."resources.ARN".not_starts_with = "arn:aws:s3:::acme-logs/"
        where.eventName.equals = ["PutObject", "DeleteObject"]
        [[trail.main.network_events]]
        source = "ec2.amazonaws.com"
        where.errorCode.equals = "VpceAccessDenied"

        [trail.second]
        bucket = "logs"
        log_group = { existing = "shared" }
        role = "delivery"
        heartbeat = false

        [trail.third]
        bucket = { existing = "central-logs", owner = "999999999999" }
        cloudwatch_logs = false
        logging = false
        sns_topic = { arn = "arn:aws:sns:us-east-1:999999999999:log-files" }
        data_events = []

        [bucket.logs]
        name = "acme-logs"
        versioning = false
        encryption = "AES256"
        object_ownership = "ObjectWriter"

        [log_group.activity]
        name = "/acme/activity"
        retention_days = "never"

        [role.delivery]
        path = "/ct/"
        name = "ct-delivery"
        permissions_boundary = "arn:aws:iam::${account}:policy/boundary"

        [topic.pager]
        display_name = "Pager"
        exclusive = true
        [[topic.pager.subscription]]
        protocol = "firehose"
        endpoint = "arn:aws:firehose:eu-central-1:123456789012:deliverystream/s"
        role = "arn:aws:iam::123456789012:role/sns"
        [[topic.pager.subscription]]
        protocol = "email"
        endpoint_env = "MAIL"
        [[topic.pager.subscription]]
        protocol = "https"
        endpoint_file = "secrets/url"

        [rule.logins]
        description = "somebody logged in"
        log_group = "activity"
        notify = ["pager"]
        pattern = '{ $.eventName = "ConsoleLogin" }'
        tags = { rule = "logins" }
        [rule.logins.filter]
        name = "logins"
        namespace = "Watch"
        metric = "logins"
        value = "$.count"
        unit = "Count"
        dimensions = { who = "$.userIdentity.arn" }
        [rule.logins.alarm]
        name = "Logins"
        statistic = "p99.9"
        period = 600
        evaluation_periods = 3
        datapoints_to_alarm = 2
        threshold = 2.5
        operator = ">"
        missing_data = "ignore"
        actions_enabled = false
        notify_ok = ["pager"]
        notify_insufficient_data = []
        dimensions = { who = "root" }

        [metric_filter.errors]
        log_group = "activity"
        pattern = "ERROR"
        metric = "errors"
        default_value = 0

        [alarm.errors]
        description = "too many errors"
        namespace = "Watch/${stack}"
        metric = "errors"
        threshold = 10
        operator = "GreaterThanThreshold"
        unit = "Count"
        notify = []
        dimensions = { x = "y" }

        [[adopt]]
        address = "bucket.logs"
        [[adopt]]
        address = "metric_filter./acme/activity:errors"
        "#,
    );
    insta::assert_snapshot!(listed(&wanted));
}

#[test]
fn every_option_of_buckets_and_log_groups() {
    let wanted = with_stack(
        r#"
        [trail.main]
        bucket = "logs"
        log_group = "archive"
        heartbeat = false

        [bucket.logs]
        name = "acme-logs"
        lifecycle = { expire_days = 2555, transition_days = 30, storage_class = "STANDARD_IA", noncurrent_expire_days = 1, abort_incomplete_upload_days = 7 }
        object_lock = { mode = "COMPLIANCE", years = 1 }
        access_logging = { bucket = "access" }
        tls_only = true

        [bucket.access]
        name = "acme-access"
        lifecycle = { abort_incomplete_upload_days = 1 }
        access_logging = "none"

        [bucket.more]
        name = "acme-more"
        lifecycle = "none"
        object_lock = "none"
        access_logging = { bucket = { existing = "central" }, prefix = "acme/" }

        [bucket.yet-more]
        object_lock = { mode = "GOVERNANCE", days = 36500 }
        access_logging = { bucket = "access", prefix = "" }

        [log_group.archive]
        class = "INFREQUENT_ACCESS"
        deletion_protection = true
        "#,
    );
    insta::assert_snapshot!(listed(&wanted));
}

#[test]
fn a_key_lets_in_who_publishes_to_a_topic() {
    let text = r#"
[key.main]
name = "main"

[trail.account-activity]
bucket = "logs"
sns_topic = "files"

[bucket.logs]

[topic.files]
kms_key = "main"
[topic.security]
kms_key = "main"
publishers = [
    "arn:aws:iam::123456789012:role/deploy",
    "210987654321",
    "budgets.amazonaws.com",
    "codestar-notifications.amazonaws.com",
    "events.amazonaws.com",
]
subscribers = ["arn:aws:iam::123456789012:role/on-call"]
[topic.plain]
publishers = ["events.amazonaws.com"]
"#;
    let wanted = with_stack(text);
    let scope = &wanted.stack.scope;
    let address = scope.address(Kind::KeyPolicy, "main");
    let Object::KeyPolicy(policy) = &wanted.objects[&address].object else {
        panic!("no key policy");
    };
    let statements: Vec<String> = policy
        .statements
        .as_slice()
        .iter()
        .map(trailwarden_policy::Statement::to_json_pretty)
        .collect();
    insta::assert_snapshot!(statements.join("\n"));
    assert!(policy.lets_tell("account-activity") && !policy.lets_tell("another"));
    // What others publish is not what is watched.
    let without = |purpose: &str| {
        let all = policy.statements.as_slice().iter();
        let kept = all.filter(|s| !s.sid().is_some_and(|sid| sid.contains(purpose)));
        KeyPolicy {
            key: policy.key.clone(),
            statements: Statements::new(kept.cloned().collect()),
        }
    };
    assert_eq!(policy.silences(Some(&without("Publishers"))), None);
    for purpose in ["Alarms", "Notices"] {
        assert!(policy.silences(Some(&without(purpose))).is_some(), "{purpose}");
    }

    let address = scope.address(Kind::TopicPolicy, "security");
    let Object::TopicPolicy(policy) = &wanted.objects[&address].object else {
        panic!("no topic policy");
    };
    let publishers: Vec<String> = policy.publishers().iter().map(ToString::to_string).collect();
    assert_eq!(
        publishers,
        [
            "budgets.amazonaws.com",
            "codestar-notifications.amazonaws.com",
            "events.amazonaws.com",
            "arn:aws:iam::123456789012:role/deploy",
            "arn:aws:iam::210987654321:root",
        ]
    );
}

#[test]
fn a_key_lets_in_what_uses_it_and_nothing_else() {
    let text = r#"
[key.main]
description = "log files and events"
rotation_days = 180
readers = ["arn:aws:iam::123456789012:role/audit"]

[key.unused]
rotation = false

[key.files]
name = "files"
readers = ["arn:aws:iam::123456789012:root"]

[trail.account-activity]
bucket = "logs"
log_group = "activity"
kms_key = "main"

[trail.second]
bucket = "by-default"
kms_key = "none"
heartbeat = false

[bucket.logs]
[bucket.by-default]
encryption = "aws:kms"
kms_key = "files"

[log_group.activity]
kms_key = "main"
[log_group.theirs]
kms_key = { existing = "alias/team/logs" }
[log_group.elsewhere]
kms_key = { existing = "arn:aws:kms:eu-central-1:210987654321:key/1234abcd-12ab-34cd-56ef-1234567890ab" }

[topic.security]
kms_key = "main"
[topic.quiet]
kms_key = { existing = "alias/aws/sns" }

[defaults]
notify = ["security"]
"#;
    let wanted = with_stack(text);
    insta::assert_snapshot!(listed(&wanted));
    let trail = wanted
        .objects
        .values()
        .find(|wish| wish.object.address(&wanted.stack.scope).to_string() == "trail.account-activity");
    let needs = trail.expect("the trail").object.needs(&wanted.stack.scope);
    for key in ["key.acme-main", "key_policy.acme-main"] {
        assert!(needs.iter().any(|need| need.to_string() == key), "{key}");
    }
}

#[test]
fn a_rule_is_adopted_with_filter_and_alarm() {
    let wanted = with_stack(
        r#"
        [log_group.a]
        [rule.r]
        log_group = "a"
        notify = []
        pattern = "x"
        [rule.other]
        log_group = "a"
        notify = []
        pattern = "y"
        [[adopt]]
        address = "rule.r"
        "#,
    );
    let adopted: Vec<String> = wanted.adopt.iter().map(ToString::to_string).collect();
    assert_eq!(adopted, ["metric_filter.a:acme-r", "alarm.acme-r"]);
}

#[test]
fn what_the_spec_does_not_write_is_left_alone() {
    let wanted = with_stack(
        r#"
        [log_group.a]
        [rule.r]
        log_group = "a"
        notify = []
        pattern = ""
        [trail.t-1]
        bucket = { existing = "b-1" }
        "#,
    );
    assert_eq!(alarm(&wanted, "acme-r").ok_actions, Managed::Leave);
    assert!(matches!(&alarm(&wanted, "acme-r").description, Managed::Set(text) if text.contains("rule r")));
    assert_eq!(filter(&wanted, "a:acme-r").default_value, Managed::Leave);
    let trail = &wanted.objects[&wanted.stack.scope.address(Kind::Trail, "t-1")].object;
    assert!(matches!(trail, Object::Trail(trail) if trail.delivery == Managed::Leave));
}

#[test]
fn what_aws_keeps_for_itself_can_be_read_and_referred_to() {
    let wanted = with_stack(
        r#"
        [trail.t-1]
        bucket = { existing = "logs-123456789012-eu-central-1-an" }
        [alarm.a]
        namespace = "AWS/Logs"
        metric = "IncomingBytes"
        notify = []
        "#,
    );
    assert_eq!(alarm(&wanted, "a").namespace, "AWS/Logs");
    let bucket = wanted
        .stack
        .scope
        .address(Kind::Bucket, "logs-123456789012-eu-central-1-an");
    assert!(wanted.existing.contains_key(&bucket));
}

#[test]
fn composite_alarms_ask_by_name() {
    let wanted = with_stack(
        r#"
[topic.t]
[log_group.a]
[bucket.logs]
[trail.main]
bucket = "logs"
log_group = "a"
heartbeat = { notify = ["t"] }
[rule.iam]
log_group = "a"
notify = []
pattern = "x"
[alarm.x]
name = "Latency of all"
namespace = "n"
metric = "m"
notify = []
[composite_alarm.both]
rule = """
  (ALARM(rule.iam) OR ALARM(trail.main))
    AND NOT ( ALARM("deployment") ) AND OK(alarm.x)
"""
description = "d"
notify = ["t"]
suppressor = { alarm = { existing = "maintenance" }, wait_period = 60, extension_period = 120 }
tags = { team = "a" }
[composite_alarm.of-both]
name = "of both"
rule = 'ALARM(composite_alarm.both) AND OK("arn:aws:cloudwatch:eu-central-1:123456789012:alarm:acme-iam")'
notify = []
notify_ok = ["t"]
suppressor = "none"
protect = true
"#,
    );
    insta::assert_snapshot!(listed(&wanted));
}

#[test]
fn a_spec_is_the_same_in_one_file_and_in_two() {
    let (first, second) = (
        "[log_group.a]\n",
        "[rule.r]\nlog_group = 'a'\nnotify = []\npattern = ''\n",
    );
    let one = good(&format!("{STACK}{first}{second}"));
    let files = [&format!("format = 1\n{second}"), &format!("{STACK}{first}")];
    let two = parse_all(&files.map(String::as_str)).expect("a spec");
    let objects = |wanted: &Wanted| {
        wanted
            .objects
            .values()
            .map(|wish| wish.object.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(objects(&one), objects(&two));
    let rule = two
        .objects
        .values()
        .find(|wish| wish.origin == "rule.r")
        .expect("a rule");
    assert_eq!(
        (rule.place.file, &files[0][rule.place.span.clone()]),
        (0, "[rule.r]")
    );
}

#[test]
fn a_topic_of_an_alarm_beyond_ascii_asks_for_the_account_alone() {
    let text = |name: &str| {
        format!(
            "[topic.t]\n[log_group.a]\n[rule.r]\nlog_group = 'a'\nnotify = ['t']\npattern = ''\nalarm.name = '{name}'\n"
        )
    };
    for (name, by_arn) in [("alarm", true), ("älarm", false)] {
        let policy = listed(&with_stack(&text(name)));
        assert!(policy.contains("aws:SourceAccount"), "{name}");
        assert_eq!(policy.contains("aws:SourceArn"), by_arn, "{name}");
    }
}

/// The manual's examples, each completed with what it leaves out.
#[test]
fn the_manual_s_examples_are_specs() {
    let manual = include_str!("../../../../docs/spec.md");
    let rest = [
        (
            "[defaults]",
            "[defaults]\nlog_group = 'activity'\nnotify = ['security']\n",
        ),
        ("[bucket.logs]", "[bucket.logs]\n"),
        ("[log_group.activity]", "[log_group.activity]\n"),
        ("[topic.security]", "[topic.security]\n"),
        ("[topic.pager]", "[topic.pager]\n"),
        (
            "[rule.policy-changes]",
            "[rule.policy-changes]\nlog_group = { existing = 'a' }\nnotify = []\npattern = 'x'\n",
        ),
        (
            "[trail.account-activity]",
            "[trail.account-activity]\nbucket = 'logs'\n",
        ),
    ];
    let examples: Vec<&str> = manual
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(examples.len() > 5);
    for example in examples {
        let mut text = if example.contains("[stack]") {
            String::new()
        } else {
            STACK.to_owned()
        };
        text += example;
        for (header, section) in rest {
            if !text.contains(header) {
                text += section;
            }
        }
        good(&text);
    }
}

/// The queries are sorted, and of an alarm on queries nothing is said of one metric.
#[test]
fn alarms_on_queries() {
    let wanted = with_stack(
        r#"
        [alarm.error-rate]
        notify = []
        threshold = 5
        operator = ">"
        [[alarm.error-rate.query]]
        id = "rate"
        expression = "100 * errors / calls"
        label = "error rate"
        return_data = true
        [[alarm.error-rate.query]]
        id = "errors"
        metric = { namespace = "Watch", metric = "errors", period = 60, dimensions = { host = "a" }, unit = "Count" }
        [[alarm.error-rate.query]]
        id = "calls"
        metric = { namespace = "Watch", metric = "calls", statistic = "p99" }

        [alarm.odd]
        notify = []
        threshold_query = "band"
        operator = "outside-band"
        [[alarm.odd.query]]
        id = "band"
        expression = "ANOMALY_DETECTION_BAND(calls, 2)"
        return_data = true
        [[alarm.odd.query]]
        id = "calls"
        metric = { namespace = "Watch", metric = "calls" }
        return_data = true
        "#,
    );
    insta::assert_snapshot!(listed(&wanted));
    let rate = alarm(&wanted, "error-rate");
    assert!(rate.reads("Watch", "calls") && rate.reads("Watch", "errors"));
    assert!(!rate.reads("Watch", "rate") && !rate.reads("", ""));
}

#[test]
fn waivers_name_what_the_spec_makes() {
    let wanted = parse(&format!(
        "{STACK}[log_group.activity]\nname = \"/a\"\n[trail.main]\nbucket = {{ existing = \"logs\", owner = \"111122223333\" }}\n\
         log_group = \"activity\"\nheartbeat = false\n[rule.r]\npattern = \"\"\nlog_group = \"activity\"\nnotify = []\n\
         [[waiver]]\naddress = \"rule.r\"\nfields = [\"threshold\", \"pattern\"]\nowner = \"platform\"\nreason = \"trial\"\n\
         expires = 2024-02-29\n\
         [[waiver]]\naddress = \"log_group./a\"\nowner = \"${{stack}}\"\nreason = \"old\"\nexpires = 1999-01-01\n"
    ))
    .unwrap();
    let said: Vec<String> = wanted
        .waivers
        .iter()
        .map(|waiver| {
            let addresses: Vec<String> = waiver.addresses.iter().map(ToString::to_string).collect();
            let fields: Vec<&str> = waiver.fields.iter().map(String::as_str).collect();
            format!(
                "{}: {} [{}] {} {} {} at {}",
                waiver.written,
                addresses.join(" "),
                fields.join(" "),
                waiver.owner,
                waiver.reason,
                waiver.expires,
                waiver.place.path,
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            "rule.r: metric_filter./a:acme-r alarm.acme-r [pattern threshold] platform trial 2024-02-29 at waiver",
            "log_group./a: log_group./a [] acme old 1999-01-01 at waiver",
        ]
    );
}

#[test]
fn days_are_those_of_the_calendar() {
    let day = |seconds: i64| Date::of(seconds).to_string();
    assert_eq!(day(0), "1970-01-01");
    assert_eq!(day(-1), "1969-12-31");
    assert_eq!(day(951_782_399), "2000-02-28");
    assert_eq!(day(951_782_400), "2000-02-29");
    assert_eq!(day(951_868_800), "2000-03-01");
    assert_eq!(day(1_798_761_599), "2026-12-31");
    assert_eq!(day(1_798_761_600), "2027-01-01");
    assert_eq!(day(4_107_542_400), "2100-03-01");
    // Day follows day for two hundred years, and every month has its length.
    let mut last = Date::of(0);
    for number in 1..73_000 {
        let date = Date::of(number * 86_400);
        let next_day = (date.year, date.month, date.day) == (last.year, last.month, last.day + 1);
        let every = |years| last.year.is_multiple_of(years);
        let leap = every(4) && (!every(100) || every(400));
        let length = match last.month {
            2 => 28 + u8::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let next_month = date.day == 1
            && last.day == length
            && u16::from(date.month) + 12 * date.year == u16::from(last.month) + 12 * last.year + 1;
        assert!(next_day != next_month, "{last} {date}");
        last = date;
    }
}
