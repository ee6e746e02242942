//! The documents of an account that watches itself, as AWS publishes them.

use trailwarden_policy::{Caller, Decision, Policy, Request, Statement};

const ACCOUNT: &str = "123456789012";
const TRAIL: &str = "arn:aws:cloudtrail:us-east-1:123456789012:trail/account-activity";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:security-alerts";
const ALARM: &str = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:iam-changes";

fn service(name: &str) -> Caller {
    Caller::Service(name.into())
}

/// AWS, "create-s3-bucket-policy-for-cloudtrail", and a statement that many add.
const BUCKET_POLICY: &str = r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "AWSCloudTrailAclCheck20150319",
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "s3:GetBucketAcl",
            "Resource": "arn:aws:s3:::acme-logs",
            "Condition": {"StringEquals": {
                "aws:SourceArn": "arn:aws:cloudtrail:us-east-1:123456789012:trail/account-activity"
            }}
        },
        {
            "Sid": "AWSCloudTrailWrite20150319",
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::acme-logs/audit/AWSLogs/123456789012/*",
            "Condition": {"StringEquals": {
                "s3:x-amz-acl": "bucket-owner-full-control",
                "aws:SourceArn": "arn:aws:cloudtrail:us-east-1:123456789012:trail/account-activity"
            }}
        },
        {
            "Sid": "Tls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::acme-logs", "arn:aws:s3:::acme-logs/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}}
        }
    ]
}"#;

fn delivery(key: &str) -> Request {
    let resource = format!("arn:aws:s3:::acme-logs/{key}");
    Request::new(service("cloudtrail.amazonaws.com"), "s3:PutObject", resource)
        .context("aws:SourceArn", TRAIL)
        .context("aws:SourceAccount", ACCOUNT)
        .context("s3:x-amz-acl", "bucket-owner-full-control")
        .context("aws:SecureTransport", "true")
}

#[test]
fn the_bucket_policy_lets_the_trail_deliver() {
    let policy = Policy::parse(BUCKET_POLICY).unwrap();
    let key = "audit/AWSLogs/123456789012/CloudTrail/us-east-1/2026/11/05/x.json.gz";
    let request = delivery(key);
    assert_eq!(policy.evaluate(&request), Decision::Allowed { by: 1 });

    let acl = Request {
        action: "s3:GetBucketAcl".into(),
        resource: "arn:aws:s3:::acme-logs".into(),
        ..request.clone()
    };
    assert_eq!(policy.evaluate(&acl), Decision::Allowed { by: 0 });

    let other_prefix = delivery("AWSLogs/123456789012/CloudTrail/x.json.gz");
    assert_eq!(policy.evaluate(&other_prefix), Decision::NotAllowed);
    let other_account = delivery("audit/AWSLogs/210987654321/CloudTrail/x.json.gz");
    assert_eq!(policy.evaluate(&other_account), Decision::NotAllowed);

    let mut other_trail = request.clone();
    let value = vec![TRAIL.replace("account-activity", "other")];
    other_trail.context.insert("aws:SourceArn".into(), value);
    assert_eq!(policy.evaluate(&other_trail), Decision::NotAllowed);

    let mut without_acl = request.clone();
    without_acl.context.remove("s3:x-amz-acl");
    assert_eq!(policy.evaluate(&without_acl), Decision::NotAllowed);

    let mut plain_http = request.clone();
    plain_http
        .context
        .insert("aws:SecureTransport".into(), vec!["false".into()]);
    assert_eq!(policy.evaluate(&plain_http), Decision::Denied { by: 2 });

    let other_service = Request {
        principal: service("config.amazonaws.com"),
        ..request.clone()
    };
    assert_eq!(policy.evaluate(&other_service), Decision::NotAllowed);
    let anonymous = Request {
        principal: Caller::Anonymous,
        ..request
    };
    assert_eq!(policy.evaluate(&anonymous), Decision::NotAllowed);
}

#[test]
fn the_bucket_policy_keeps_its_foreign_statements() {
    let policy = Policy::parse(BUCKET_POLICY).unwrap();
    let write = Statement::allow("AWSCloudTrailWrite20150319")
        .service("cloudtrail.amazonaws.com")
        .action("s3:PutObject")
        .resource("arn:aws:s3:::acme-logs/new/AWSLogs/123456789012/*")
        .condition("StringEquals", "s3:x-amz-acl", "bucket-owner-full-control")
        .condition("StringEquals", "aws:SourceArn", TRAIL);
    let changed = policy.with(write);
    assert_eq!(changed.statements()[0], policy.statements()[0]);
    assert_eq!(changed.statements()[2], policy.statements()[2]);
    assert!(!changed.same_meaning(&policy));
    let key = "new/AWSLogs/123456789012/CloudTrail/x.json.gz";
    assert_eq!(changed.evaluate(&delivery(key)), Decision::Allowed { by: 1 });
}

#[test]
fn the_delivery_role_can_be_assumed_and_write() {
    let trust = Policy::parse(
        r#"{"Version": "2012-10-17", "Statement": [{"Sid": "", "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"#,
    )
    .unwrap();
    let role = "arn:aws:iam::123456789012:role/delivery";
    let assume = |caller| Request::new(caller, "sts:AssumeRole", role);
    let cloudtrail = assume(service("cloudtrail.amazonaws.com"));
    assert_eq!(trust.evaluate(&cloudtrail), Decision::Allowed { by: 0 });
    let account = assume(Caller::Account(ACCOUNT.into()));
    assert_eq!(trust.evaluate(&account), Decision::NotAllowed);
    assert!(trust.same_meaning(&Policy::new(vec![
        Statement::allow("TrailwardenTrust").service("cloudtrail.amazonaws.com").action("sts:AssumeRole")
    ])));

    let group = "arn:aws:logs:us-east-1:123456789012:log-group:/acme/account-activity";
    let streams = format!("{group}:log-stream:123456789012_CloudTrail_us-east-1*");
    let permissions = Policy::new(vec![
        Statement::allow("AWSCloudTrailCreateLogStream2014110")
            .action("logs:CreateLogStream")
            .resource(&streams),
        Statement::allow("AWSCloudTrailPutLogEvents20141101")
            .action("logs:PutLogEvents")
            .resource(&streams),
    ]);
    let put = |stream: &str| {
        let caller = Caller::Arn("arn:aws:sts::123456789012:assumed-role/delivery/s".into());
        Request::new(
            caller,
            "logs:PutLogEvents",
            format!("{group}:log-stream:{stream}"),
        )
    };
    let decide = |stream| permissions.evaluate(&put(stream));
    assert_eq!(
        decide("123456789012_CloudTrail_us-east-1"),
        Decision::Allowed { by: 1 }
    );
    assert_eq!(
        decide("123456789012_CloudTrail_us-east-1_2"),
        Decision::Allowed { by: 1 }
    );
    assert_eq!(
        decide("o-abc_123456789012_CloudTrail_us-east-1"),
        Decision::NotAllowed
    );
}

fn alarm_publishes() -> Request {
    Request::new(service("cloudwatch.amazonaws.com"), "SNS:Publish", TOPIC)
        .context("aws:SourceArn", ALARM)
        .context("aws:SourceAccount", ACCOUNT)
        .context("aws:SourceOwner", ACCOUNT)
}

#[test]
fn the_topic_policy_lets_alarms_publish() {
    let policy = Policy::new(vec![
        Statement::allow("Alarms")
            .service("cloudwatch.amazonaws.com")
            .action("SNS:Publish")
            .resource(TOPIC)
            .condition(
                "ArnLike",
                "aws:SourceArn",
                "arn:aws:cloudwatch:us-east-1:123456789012:alarm:*",
            )
            .condition("StringEquals", "aws:SourceAccount", ACCOUNT),
        Statement::allow("AWSCloudTrailSNSPolicy20131101")
            .service("cloudtrail.amazonaws.com")
            .action("SNS:Publish")
            .resource(TOPIC)
            .condition("StringEquals", "aws:SourceArn", TRAIL),
    ]);
    let request = alarm_publishes();
    assert_eq!(policy.evaluate(&request), Decision::Allowed { by: 0 });
    let lower = Request {
        action: "sns:publish".into(),
        ..request.clone()
    };
    assert_eq!(policy.evaluate(&lower), Decision::Allowed { by: 0 });
    assert_eq!(policy.without("Alarms").evaluate(&request), Decision::NotAllowed);

    let mut elsewhere = request.clone();
    let other = vec![ALARM.replace("us-east-1", "eu-west-1")];
    elsewhere.context.insert("aws:SourceArn".into(), other);
    assert_eq!(policy.evaluate(&elsewhere), Decision::NotAllowed);

    let trail = Request::new(service("cloudtrail.amazonaws.com"), "sns:Publish", TOPIC);
    let trail = trail.context("aws:sourcearn", TRAIL);
    assert_eq!(policy.evaluate(&trail), Decision::Allowed { by: 1 });
}

/// The policy that SNS gives a new topic.
const SNS_DEFAULT: &str = r#"{
    "Version": "2008-10-17",
    "Id": "__default_policy_ID",
    "Statement": [{
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission",
            "SNS:RemovePermission", "SNS:DeleteTopic", "SNS:Subscribe",
            "SNS:ListSubscriptionsByTopic", "SNS:Publish"],
        "Resource": "arn:aws:sns:us-east-1:123456789012:security-alerts",
        "Condition": {"StringEquals": {"AWS:SourceOwner": "123456789012"}}
    }]
}"#;

#[test]
fn the_default_topic_policy_lets_the_accounts_alarms_publish() {
    let policy = Policy::parse(SNS_DEFAULT).unwrap();
    assert_eq!(policy.id(), Some("__default_policy_ID"));
    assert_eq!(policy.evaluate(&alarm_publishes()), Decision::Allowed { by: 0 });
    let mut other_owner = alarm_publishes();
    other_owner
        .context
        .insert("aws:SourceOwner".into(), vec!["210987654321".into()]);
    assert_eq!(policy.evaluate(&other_owner), Decision::NotAllowed);
    let mut unknown_owner = alarm_publishes();
    unknown_owner.context.remove("aws:SourceOwner");
    assert_eq!(policy.evaluate(&unknown_owner), Decision::NotAllowed);
    // Adding ours keeps theirs, and the old version with it.
    let grown = policy.with(
        Statement::allow("Alarms")
            .service("x")
            .action("SNS:Publish")
            .resource(TOPIC),
    );
    assert!(
        grown
            .to_json()
            .starts_with(r#"{"Version":"2008-10-17","Id":"__default_policy_ID""#)
    );
    assert_eq!(grown.statements()[0], policy.statements()[0]);
}

#[test]
fn the_root_statement_of_a_key_does_not_cover_services() {
    let key = "arn:aws:kms:us-east-1:123456789012:key/1";
    let root = Policy::parse(
        r#"{"Version": "2012-10-17", "Id": "key-default-1", "Statement": [{
            "Sid": "Enable IAM User Permissions", "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": "kms:*", "Resource": "*"}]}"#,
    )
    .unwrap();
    let request = |caller| Request::new(caller, "kms:GenerateDataKey", key);
    assert_eq!(
        root.evaluate(&request(service("cloudwatch.amazonaws.com"))),
        Decision::NotAllowed
    );
    let admin = Caller::Arn("arn:aws:iam::123456789012:user/admin".into());
    assert_eq!(root.evaluate(&request(admin)), Decision::Allowed { by: 0 });

    let context = "kms:EncryptionContext:aws:cloudtrail:arn";
    let policy = root
        .with(
            Statement::allow("Alarms")
                .service("cloudwatch.amazonaws.com")
                .action("kms:Decrypt")
                .action("kms:GenerateDataKey*")
                .resource("*"),
        )
        .with(
            Statement::allow("Files")
                .service("cloudtrail.amazonaws.com")
                .action("kms:GenerateDataKey*")
                .resource("*")
                .condition("StringLike", context, "arn:aws:cloudtrail:*:123456789012:trail/*")
                .condition("StringEquals", "aws:SourceArn", TRAIL),
        );
    let alarm = request(service("cloudwatch.amazonaws.com"));
    assert_eq!(policy.evaluate(&alarm), Decision::Allowed { by: 1 });
    let trail = request(service("cloudtrail.amazonaws.com")).context("aws:SourceArn", TRAIL);
    assert_eq!(policy.evaluate(&trail), Decision::NotAllowed);
    let trail = trail.context(context, TRAIL);
    assert_eq!(policy.evaluate(&trail), Decision::Allowed { by: 2 });
}

#[test]
fn doubt_is_settled_on_the_side_of_caution() {
    let request = Request::new(service("s"), "a:b", "x");
    let decide = |effect: &str, part: &str| {
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": [
                {{"Effect": "Allow", "Action": "a:*"}},
                {{"Effect": "{effect}", "Action": "a:b", {part}}}]}}"#
        );
        let policy = Policy::parse(&text).unwrap();
        match effect {
            "Deny" => policy.evaluate(&request),
            _ => Policy::new(vec![policy.statements()[1].clone()]).evaluate(&request),
        }
    };
    for part in [
        r#""Condition": {"Sounds": {"k": "v"}}"#,
        r#""Resource": "${aws:username}""#,
        r#""Unheard": true"#,
        r#""Principal": {"Unheard": "x"}"#,
    ] {
        assert_eq!(decide("Allow", part), Decision::NotAllowed, "{part}");
        assert_eq!(decide("Deny", part), Decision::Denied { by: 1 }, "{part}");
    }
    // A part that surely does not fit leaves no doubt about the whole.
    let part = r#""Resource": "y", "Unheard": true"#;
    assert_eq!(decide("Deny", part), Decision::Allowed { by: 0 });
}

#[test]
fn not_action_not_resource_and_variables() {
    let decide = |version: &str, statement: &str, request: &Request| {
        let text = format!(r#"{{{version} "Statement": {{"Effect": "Allow", {statement}}}}}"#);
        Policy::parse(&text).unwrap().evaluate(request)
    };
    let new = r#""Version": "2012-10-17","#;
    let request =
        Request::new(service("s"), "S3:GetObject", "arn:aws:s3:::b/1/x").context("aws:SourceAccount", "1");
    let allowed = Decision::Allowed { by: 0 };
    for (statement, expected) in [
        (r#""NotAction": "s3:Put*""#, allowed),
        (r#""NotAction": ["s3:get*", "x:y"]"#, Decision::NotAllowed),
        (r#""Action": "*", "NotResource": "arn:aws:s3:::c/*""#, allowed),
        (
            r#""Action": "s3:?etObject", "NotResource": "arn:aws:s3:::b/*""#,
            Decision::NotAllowed,
        ),
        (r#""Action": [], "Resource": "*""#, Decision::NotAllowed),
        (
            r#""Action": "*", "Resource": "arn:aws:s3:::b/${aws:SourceAccount}/*""#,
            allowed,
        ),
    ] {
        assert_eq!(decide(new, statement, &request), expected, "{statement}");
    }
    let variable = r#""Action": "*", "Resource": "arn:aws:s3:::b/${aws:SourceAccount}/*""#;
    assert_eq!(decide("", variable, &request), Decision::NotAllowed);
    assert_eq!(
        decide(r#""Version": "2008-10-17","#, variable, &request),
        Decision::NotAllowed
    );
}

#[test]
fn a_sure_deny_is_named_before_one_in_doubt() {
    let policy = Policy::new(vec![
        Statement::allow("a").action("a:*"),
        Statement::deny("b").action("a:*").condition("Sounds", "k", "v"),
        Statement::deny("c").action("a:b"),
    ]);
    let request = Request::new(Caller::Anonymous, "a:b", "x");
    assert_eq!(policy.evaluate(&request), Decision::Denied { by: 2 });
    assert_eq!(policy.without("c").evaluate(&request), Decision::Denied { by: 1 });
    assert_eq!(policy.statements()[1].not_understood(), ["Sounds"]);
}
