use super::*;
use std::collections::BTreeMap;

use trailwarden_spec::drill::{Drill, DrillCall};
use trailwarden_spec::kinds::{
    Alarm, Bucket, BucketPolicy, Delivery, DeliveryStatus, DeliveryStatuses, Key, KeyState, ManagementEvents,
    Protocol, Role, Subscription, SubscriptionSettings, Topic, TopicSettings, Trail,
};
use trailwarden_spec::leaf::{Endpoint, Managed, Tags};
use trailwarden_spec::wanted::{Place, Stack, Wish};
use trailwarden_spec::{Kind, Scope};

fn scope() -> Scope {
    Scope {
        account: "123456789012".into(),
        region: "us-east-1".into(),
    }
}

fn wanted(objects: Vec<Object>, existing: Vec<Address>) -> Wanted {
    let place = Place {
        file: 0,
        path: String::new(),
        span: 0..0,
    };
    let wish = |object: Object| {
        let wish = Wish {
            object: object.clone(),
            origin: String::new(),
            place: place.clone(),
        };
        (object.address(&scope()), wish)
    };
    Wanted {
        stack: Stack {
            name: "acme".into(),
            scope: scope(),
            namespace: "Trailwarden/acme".into(),
        },
        files: Vec::new(),
        objects: objects.into_iter().map(wish).collect(),
        existing: existing
            .into_iter()
            .map(|address| (address, place.clone()))
            .collect(),
        adopt: BTreeSet::new(),
        exclusive: BTreeSet::new(),
        protect: BTreeSet::new(),
        release: BTreeSet::new(),
        waivers: Vec::new(),
        drill: None,
        tests: Vec::new(),
        warnings: trailwarden_spec::Problems::default(),
    }
}

fn chain() -> Vec<Object> {
    let role = Role::for_delivery(&scope(), "/trailwarden/acme/", "acme-activity", &["/acme"]);
    let delivery = Delivery {
        log_group: scope().log_group_arn("/acme"),
        role: scope().role_arn(&role.path, &role.name),
    };
    let bucket = Bucket {
        name: "logs".into(),
        region: "us-east-1".into(),
        public_access_blocked: true,
        encryption: Managed::Leave,
        bucket_key: Managed::Leave,
        versioning: Managed::Leave,
        object_ownership: Managed::Leave,
        lifecycle: Managed::Leave,
        object_lock: Managed::Leave,
        access_logging: Managed::Leave,
        tags: Tags::default(),
    };
    let trail = Trail {
        name: "main".into(),
        bucket: "logs".into(),
        prefix: None,
        multi_region: true,
        global_service_events: true,
        log_file_validation: true,
        delivery: Managed::Set(Some(delivery)),
        key: Managed::Leave,
        management_events: ManagementEvents::All,
        excluded_sources: BTreeSet::new(),
        data_events: Managed::Leave,
        network_events: Managed::Leave,
        selectors: Managed::Leave,
        insights: Managed::Leave,
        sns_topic: Managed::Leave,
        organization: false,
        logging: true,
        tags: Tags::default(),
    };
    let policy = BucketPolicy::for_trails("acme", &scope(), "logs", [("main", None)]);
    vec![bucket.into(), policy.into(), role.into(), trail.into()]
}

/// Sid to resources and number of actions.
fn outline(policy: &Policy) -> BTreeMap<String, String> {
    let said = policy.statements().iter().map(|statement| {
        let json: serde_json::Value = serde_json::from_str(&statement.to_json()).unwrap();
        let actions = json["Action"].as_array().map_or(1, Vec::len);
        let condition = json
            .get("Condition")
            .map(|condition| format!(" if {condition}"))
            .unwrap_or_default();
        (
            statement.sid().unwrap().to_owned(),
            format!("{actions} on {}{condition}", json["Resource"]),
        )
    });
    said.collect()
}

#[test]
fn a_plan_only_reads() {
    let policy = permissions(&wanted(chain(), Vec::new()), For::Plan);
    let outline: Vec<_> = outline(&policy).into_iter().collect();
    let expected = [
        ("AccountRead", r#"5 on "*""#),
        (
            "AlarmRead",
            r#"1 on "arn:aws:cloudwatch:us-east-1:123456789012:alarm:acme-*""#,
        ),
        ("BucketRead", r#"11 on "arn:aws:s3:::logs""#),
        (
            "LogGroupsRead",
            r#"1 on "arn:aws:logs:us-east-1:123456789012:log-group:*""#,
        ),
        (
            "RoleRead",
            r#"4 on "arn:aws:iam::123456789012:role/trailwarden/acme/*""#,
        ),
        (
            "TrailsRead",
            r#"4 on "arn:aws:cloudtrail:*:123456789012:trail/*""#,
        ),
    ];
    assert_eq!(
        outline,
        expected.map(|(sid, said)| (sid.to_owned(), said.to_owned()))
    );
    for statement in policy.statements() {
        let json = statement.to_json();
        assert!(
            !json.contains(":Put") && !json.contains(":Create") && !json.contains("PassRole"),
            "{json}"
        );
    }
}

#[test]
fn an_apply_passes_the_role_to_cloudtrail_only() {
    let said = outline(&permissions(&wanted(chain(), Vec::new()), For::Apply));
    let sids: Vec<&str> = said.keys().map(String::as_str).collect();
    assert_eq!(
        sids,
        [
            "AccountRead",
            "AlarmRead",
            "BucketRead",
            "BucketWrite",
            "LogGroupsRead",
            "PassRole",
            "RoleRead",
            "RoleWrite",
            "TrailWrite",
            "TrailsRead"
        ]
    );
    assert_eq!(
        said["PassRole"],
        r#"1 on "arn:aws:iam::123456789012:role/trailwarden/acme/acme-activity" if {"StringEquals":{"iam:PassedToService":"cloudtrail.amazonaws.com"}}"#
    );
    assert_eq!(
        said["TrailWrite"],
        r#"9 on "arn:aws:cloudtrail:us-east-1:123456789012:trail/main""#
    );
}

#[test]
fn a_firehose_subscription_passes_its_role_to_sns() {
    let subscription = |role: Option<Arn>| Subscription {
        topic: "alerts".into(),
        protocol: Protocol::Firehose,
        endpoint: Endpoint::new(
            "firehose",
            "arn:aws:firehose:us-east-1:123456789012:deliverystream/d",
        ),
        role,
        settings: Default::default(),
    };
    let role = scope().role_arn("/", "to-firehose");
    let of = |role| {
        outline(&permissions(
            &wanted(vec![subscription(role).into()], Vec::new()),
            For::Apply,
        ))
    };
    assert_eq!(
        of(Some(role))["PassRoleToSns"],
        r#"1 on "arn:aws:iam::123456789012:role/to-firehose" if {"StringEquals":{"iam:PassedToService":"sns.amazonaws.com"}}"#
    );
    assert!(!of(None).contains_key("PassRoleToSns"));
}

#[test]
fn queues_are_looked_at_only_for_subscriptions_that_have_one_here() {
    let subscription = |protocol, endpoint: &str, dead_letter: &str| Subscription {
        topic: "alerts".into(),
        protocol,
        endpoint: Endpoint::new(&protocol.to_string(), endpoint),
        role: None,
        settings: SubscriptionSettings {
            dead_letter: Managed::Set(Arn::parse(dead_letter)),
            ..SubscriptionSettings::default()
        },
    };
    let of = |one: Subscription| outline(&permissions(&wanted(vec![one.into()], Vec::new()), For::Plan));
    let [queue, dead] = ["alerts", "dead"].map(|name| format!("arn:aws:sqs:us-east-1:123456789012:{name}"));
    assert_eq!(
        of(subscription(Protocol::Sqs, &queue, &dead))["QueueRead"],
        format!(r#"2 on ["{queue}","{dead}"]"#)
    );
    assert_eq!(
        of(subscription(Protocol::Email, "a@example.com", &dead))["QueueRead"],
        format!(r#"2 on "{dead}""#)
    );
    assert_eq!(
        of(subscription(Protocol::Sqs, &queue, ""))["QueueKeyRead"],
        r#"2 on "arn:aws:kms:us-east-1:123456789012:key/*""#
    );
    let elsewhere = "arn:aws:sqs:us-east-1:999999999999:alerts";
    let granted = of(subscription(Protocol::Sqs, elsewhere, ""));
    assert!(!granted.keys().any(|sid| sid.starts_with("Queue")), "{granted:?}");
}

#[test]
fn keys_are_asked_about_only_by_specs_that_have_one() {
    let key = || Key {
        name: "acme-main".into(),
        description: Managed::Leave,
        state: KeyState::Enabled,
        rotation: true,
        rotation_days: Managed::Leave,
        tags: Tags::default(),
    };
    let json = |objects| permissions(&wanted(objects, Vec::new()), For::Apply).to_json();
    assert!(!json(chain()).contains("kms:"));
    let said = outline(&permissions(&wanted(vec![key().into()], Vec::new()), For::Apply));
    let arn = "arn:aws:kms:us-east-1:123456789012";
    assert_eq!(
        said["OwnKeyWrite"],
        format!(r#"1 on "{arn}:key/*" if {{"StringEquals":{{"aws:ResourceTag/trailwarden:stack":"acme"}}}}"#)
    );
    assert_eq!(said["KeyAliasWrite"], format!(r#"1 on "{arn}:alias/acme-main""#));
    assert_eq!(said["KeyRead"], format!(r#"4 on "{arn}:key/*""#));
    assert!(!json(vec![key().into()]).contains("kms:PutKeyPolicy"));
}

#[test]
fn a_topic_that_writes_deliveries_down_passes_the_roles_to_sns() {
    let topic = |role: Option<Arn>| Topic {
        name: "alerts".into(),
        display_name: Managed::Leave,
        key: Managed::Leave,
        settings: TopicSettings {
            delivery_status: DeliveryStatuses {
                sqs: Managed::Set(DeliveryStatus {
                    success: None,
                    failure_role: role,
                }),
                ..DeliveryStatuses::default()
            },
            ..TopicSettings::default()
        },
        tags: Tags::default(),
    };
    let of = |role| {
        outline(&permissions(
            &wanted(vec![topic(role).into()], Vec::new()),
            For::Apply,
        ))
    };
    assert_eq!(
        of(Some(scope().role_arn("/", "feedback")))["PassRoleToSns"],
        r#"1 on "arn:aws:iam::123456789012:role/feedback" if {"StringEquals":{"iam:PassedToService":"sns.amazonaws.com"}}"#
    );
    assert!(!of(None).contains_key("PassRoleToSns"));
}

#[test]
fn s3_has_action_names_of_its_own() {
    let json = permissions(&wanted(chain(), Vec::new()), For::Apply).to_json();
    for action in [
        "s3:GetEncryptionConfiguration",
        "s3:GetBucketPublicAccessBlock",
        "s3:PutEncryptionConfiguration",
    ] {
        assert!(json.contains(action), "{action}");
    }
    assert!(!json.contains("s3:GetBucketEncryption"));
}

#[test]
fn what_exists_elsewhere_is_only_read() {
    let group = scope().address(Kind::LogGroup, "/theirs");
    let policy = permissions(&wanted(Vec::new(), vec![group]), For::Apply);
    let said = outline(&policy);
    assert!(said.keys().all(|sid| sid.ends_with("Read")), "{said:?}");
    let arn = "arn:aws:logs:us-east-1:123456789012:log-group:/theirs";
    assert_eq!(said["LogGroupRead"], format!(r#"2 on ["{arn}","{arn}:*"]"#));
}

#[test]
fn a_hundred_rules_fit_into_one_policy() {
    let alarm = |n| Alarm::on_metric(&format!("acme-rule-{n}"), "Trailwarden/acme", "m").into();
    let mut objects: Vec<Object> = (0..100).map(alarm).collect();
    objects.push(Alarm::on_metric("other", "Trailwarden/acme", "m").into());
    let policy = permissions(&wanted(objects, Vec::new()), For::Apply);
    assert!(policy.to_json().len() < 6144);
    let arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm";
    assert!(outline(&policy)["AlarmWrite"].ends_with(&format!(r#"["{arn}:acme-*","{arn}:other"]"#)));
}

#[test]
fn what_is_let_go_is_read_and_loses_its_tags() {
    let mut wanted = wanted(Vec::new(), Vec::new());
    wanted.release = ["topic.alerts", "bucket.logs", "alarm.mine"]
        .map(|text| scope().parse(text).unwrap())
        .into();
    let policy = permissions(&wanted, For::Apply);
    let json = policy.to_json();
    for needed in [
        "sns:UntagResource",
        "s3:PutBucketTagging",
        "cloudwatch:UntagResource",
        "sns:GetTopicAttributes",
    ] {
        assert!(json.contains(needed), "{needed}");
    }
    for more in [
        "sns:DeleteTopic",
        "s3:DeleteBucket\"",
        "cloudwatch:DeleteAlarms\", \"x",
        "sns:TagResource",
    ] {
        assert!(!json.contains(more), "{more}");
    }
}

#[test]
fn each_command_that_reads_has_what_it_asks_beside_a_plan() {
    let topic = Topic {
        name: "alerts".into(),
        display_name: Managed::Leave,
        key: Managed::Leave,
        settings: TopicSettings::default(),
        tags: Tags::default(),
    };
    let alarm = Alarm::on_metric("acme-a", "Trailwarden/acme", "m");
    let mut objects = chain();
    objects.extend([topic.into(), alarm.into()]);
    let spec = wanted(objects, Vec::new());
    let actions = |purpose| {
        let policy = permissions(&spec, purpose).to_json();
        let words = policy
            .split('"')
            .filter(|word| word.contains(':') && !word.starts_with("arn:"));
        words.map(ToOwned::to_owned).collect::<BTreeSet<String>>()
    };
    let plan = actions(For::Plan);
    let more = |purpose| {
        let mut more = actions(purpose);
        assert!(plan.is_subset(&more), "{purpose:?}");
        more.retain(|action| !plan.contains(action));
        Vec::from_iter(more)
    };
    assert_eq!(more(For::Drift), ["cloudtrail:LookupEvents"]);
    assert_eq!(
        more(For::Status),
        [
            "cloudwatch:DescribeAlarmHistory",
            "kms:DescribeKey",
            "kms:GetKeyPolicy"
        ]
    );
    assert!(!actions(For::Apply).contains("cloudtrail:LookupEvents"));
}

#[test]
fn a_drill_may_do_something_only_to_what_it_makes() {
    let without = wanted(chain(), Vec::new());
    assert_eq!(
        permissions(&without, For::Drill)
            .to_json()
            .matches("sqs:")
            .count(),
        1,
        "all that is left is sqs:ListQueues, which is checked on no resource"
    );
    let mut spec = without;
    spec.drill = Some(Drill {
        name: "acme-drill".into(),
        log_group: "/acme".into(),
        test_log_group: Some("/tests".into()),
        call: DrillCall::CreateQueue,
    });
    let policy: serde_json::Value =
        serde_json::from_str(&permissions(&spec, For::Drill).to_json()).expect("JSON");
    let statements = policy["Statement"].as_array().expect("statements");
    let resources = |action: &str| -> Vec<String> {
        let with = statements
            .iter()
            .filter(|statement| statement["Action"].to_string().contains(&format!("\"{action}\"")));
        with.map(|statement| statement["Resource"].to_string()).collect()
    };
    let queues = r#""arn:aws:sqs:us-east-1:123456789012:acme-drill_*""#;
    for action in ["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:ReceiveMessage"] {
        assert_eq!(resources(action), [queues], "{action}");
    }
    let topic = r#""arn:aws:sns:us-east-1:123456789012:acme-drill""#;
    assert_eq!(resources("sns:Subscribe"), [topic]);
    for action in ["logs:PutLogEvents", "logs:DeleteLogStream"] {
        let [groups] = &resources(action)[..] else {
            panic!("{action}")
        };
        assert!(
            groups.contains(":log-group:/tests:*\"") && !groups.contains("/acme"),
            "{groups}"
        );
    }
}

#[test]
fn the_everyday_commands_read_log_files_and_nothing_else_of_the_bucket() {
    let mut objects = chain();
    for object in &mut objects {
        if let Object::Trail(trail) = object {
            trail.prefix = Some("audit".into());
        }
    }
    let policy = permissions(&wanted(objects, Vec::new()), For::Daily);
    let said = outline(&policy);
    assert_eq!(
        said["LogFilesRead"],
        r#"1 on "arn:aws:s3:::logs/audit/AWSLogs/*""#
    );
    assert_eq!(said["BucketRead"], r#"2 on "arn:aws:s3:::logs""#);
    let json = policy.to_json();
    for needed in ["s3:GetObject\"", "s3:ListBucket\"", "s3:GetBucketLocation\""] {
        assert!(json.contains(needed), "{needed}");
    }
    // No key of the spec encrypts them.
    assert!(!json.contains("kms:Decrypt"));
    // Another account's bucket is not read.
    let trail = Trail::new("main", "central").into();
    let policy = permissions(&wanted(vec![trail], Vec::new()), For::Daily);
    assert!(!policy.to_json().contains("s3:"));
    // A bucket that exists elsewhere is listed, too.
    let bucket = scope().address(Kind::Bucket, "theirs");
    let policy = permissions(&wanted(Vec::new(), vec![bucket]), For::Daily);
    assert_eq!(outline(&policy)["BucketRead"], r#"2 on "arn:aws:s3:::theirs""#);
}
