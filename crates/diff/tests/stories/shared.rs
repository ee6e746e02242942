//! Documents that others write, too, and texts that others choose.

use insta::assert_snapshot;
use trailwarden_diff::render;
use trailwarden_policy::{Policy, Statement};
use trailwarden_spec::Object;
use trailwarden_spec::compare::{Change, Shown, Verdict};
use trailwarden_spec::kinds::{BucketPolicy, TopicPolicy};
use trailwarden_spec::leaf::Statements;

use crate::fixture::{Story, address, scope};

const BUCKET: &str = "acme-123456789012-account-activity";
const POLICY: &str = "bucket_policy.acme-123456789012-account-activity";
const TOPIC_POLICY: &str = "topic_policy.security-alerts";

fn statements(text: &str) -> Vec<Statement> {
    Policy::parse(text).unwrap().statements().to_vec()
}

/// What others have in the bucket's policy.
fn of_the_bucket() -> Vec<Statement> {
    statements(
        r#"{"Statement": [
            {"Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
             "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
             "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}]}"#,
    )
}

/// The policy that SNS gives a new topic.
fn of_a_new_topic() -> Vec<Statement> {
    statements(
        r#"{"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [{
            "Sid": "__default_statement_ID", "Effect": "Allow", "Principal": {"AWS": "*"},
            "Action": ["SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission",
                "SNS:RemovePermission", "SNS:DeleteTopic", "SNS:Subscribe",
                "SNS:ListSubscriptionsByTopic", "SNS:Publish"],
            "Resource": "arn:aws:sns:us-east-1:123456789012:security-alerts",
            "Condition": {"StringEquals": {"AWS:SourceOwner": "123456789012"}}}]}"#,
    )
}

#[test]
fn statements_of_others_are_shown_and_kept() {
    let mut story = Story::applied();
    story.found(POLICY).facts.foreign_statements = of_the_bucket();
    let Object::BucketPolicy(policy) = &mut story.found(POLICY).value else {
        unreachable!()
    };
    policy.statements = Statements::new(policy.statements.as_slice()[..1].to_vec());
    let found = story.found(TOPIC_POLICY);
    found.facts.foreign_statements = of_a_new_topic();
    found.value = TopicPolicy {
        topic: "security-alerts".into(),
        statements: Statements::default(),
    }
    .into();
    assert_snapshot!(story.text());
    let json = render::json(&story.plan());
    let kept: Vec<_> = json["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| &step["kept"])
        .collect();
    assert_eq!(
        serde_json::to_value(kept).unwrap(),
        serde_json::json!([
            [
                "Tls: Deny, principal *, s3:*, with a condition",
                "statement 2: Allow, principal arn:aws:iam::210987654321:root, 2 actions",
            ],
            ["__default_statement_ID: Allow, principal *, 8 actions, with a condition"],
        ])
    );
}

#[test]
fn a_policy_that_is_widened_and_narrowed_keeps_them_both_times() {
    let mut story = Story::applied();
    story.found(POLICY).facts.foreign_statements = of_the_bucket();
    let policy = BucketPolicy::for_trails(
        "acme-prod",
        &scope(),
        BUCKET,
        [("account-activity", Some("logs"))],
    );
    *story.wish(POLICY) = policy.into();
    let Object::Trail(trail) = story.wish("trail.account-activity") else {
        unreachable!()
    };
    trail.prefix = Some("logs".into());
    let kept: Vec<usize> = story.plan().steps.iter().map(|step| step.kept.len()).collect();
    assert_eq!(kept, [2, 2, 0]);
}

#[test]
fn our_statements_go_and_those_of_others_stay() {
    let mut story = Story::new();
    story
        .wanted
        .objects
        .retain(|address, _| address.to_string().ends_with("security-alerts"));
    story.apply();
    story.found(TOPIC_POLICY).facts.foreign_statements = of_a_new_topic();
    story.drops(TOPIC_POLICY);
    story.allow_blinding(&[TOPIC_POLICY]);
    assert_snapshot!(story.text());
}

#[test]
fn no_text_of_others_begins_a_line() {
    let forged = "x\n\n  - trail.account-activity\u{1b}[2K\u{202e}\r";
    let mut story = Story::applied();
    let hostile = Statement::allow(forged).principal_aws(forged).action(forged);
    story.found(POLICY).facts.foreign_statements = vec![hostile];
    let Object::BucketPolicy(policy) = &mut story.found(POLICY).value else {
        unreachable!()
    };
    policy.statements = Statements::new(policy.statements.as_slice()[..1].to_vec());
    let Object::Trail(trail) = &mut story.found("trail.account-activity").value else {
        unreachable!()
    };
    trail.excluded_sources = [forged.to_owned()].into();
    story.attention("topic.security-alerts", "forged", forged);
    let mut plan = story.plan();
    let long = format!("{forged}{}", "y".repeat(120));
    for value in [
        Shown::Plain(forged.into()),
        Shown::Text(forged.into()),
        Shown::List(vec![forged.into()]),
        Shown::List(vec![long]),
        Shown::Map([(forged.to_owned(), forged.to_owned())].into()),
    ] {
        plan.steps[0].changes.push(Change {
            field: "field",
            before: value,
            after: Shown::Absent,
            verdict: Verdict::Differs,
        });
    }
    plan.steps[0].blinds = Some(forged.into());
    plan.steps[0].address = scope().address(address(POLICY).kind, forged);
    let text = render::text(&plan);
    assert!(text.contains("trail.account-activity"), "{text}");
    assert!(!text.contains("\u{1b}[2K"), "{text}");
    assert!(!text.contains(['\u{202e}', '\r']), "{text}");
    let text = anstream::adapter::strip_str(&text).to_string();
    assert!(!text.lines().any(|line| line.starts_with("  - ")), "{text}");
}
