//! What is changed, added and taken away.

use insta::assert_snapshot;
use trailwarden_diff::render;
use trailwarden_policy::Statement;
use trailwarden_spec::kinds::{BucketPolicy, ManagementEvents};
use trailwarden_spec::leaf::{FilterPattern, Managed, Owner, Statements, Tags};
use trailwarden_spec::{Kind, Object};

use crate::fixture::{PATTERN, Story, address, scope, subscription, tags};

const BUCKET: &str = "bucket.acme-123456789012-account-activity";
const POLICY: &str = "bucket_policy.acme-123456789012-account-activity";

#[test]
fn first_set_up() {
    assert_snapshot!(Story::new().text());
}

#[test]
fn first_set_up_as_json() {
    let mut json = render::json(&Story::new().plan());
    json["approval"] = "(hash)".into();
    assert_snapshot!(serde_json::to_string_pretty(&json).unwrap());
}

#[test]
fn no_differences() {
    let mut story = Story::applied();
    story.attention(
        "subscription.security-alerts/email/b0f4e7d1",
        "subscription-pending",
        "s***s@example.com has not confirmed yet; the mail's link is good for three days",
    );
    assert_snapshot!(story.text());
}

#[test]
fn a_long_pattern_is_changed() {
    let mut story = Story::applied();
    let longer = PATTERN.replace(
        r#"($.eventName = "Put*")"#,
        r#"($.eventName = "Put*") || ($.eventName = "Attach*")"#,
    );
    let Object::MetricFilter(filter) =
        story.wish("metric_filter./acme/account-activity:acme-prod-iam-changes")
    else {
        unreachable!()
    };
    filter.pattern = FilterPattern::new(&longer);
    assert_snapshot!(story.text());
}

/// The pattern of the account in another spelling: quotes, blanks, parentheses, order.
fn respelt() -> FilterPattern {
    let pattern = FilterPattern::new(PATTERN);
    let spelt = PATTERN
        .replace("{ ", "{(")
        .replace(" }", ")}")
        .replace(" = ", "=");
    assert_ne!(spelt, pattern.as_str());
    FilterPattern::new(&spelt)
}

#[test]
fn a_pattern_that_is_spelt_differently_is_noted_and_left_alone() {
    let mut story = Story::applied();
    let address = "metric_filter./acme/account-activity:acme-prod-iam-changes";
    let Object::MetricFilter(filter) = &mut story.found(address).value else {
        unreachable!()
    };
    filter.pattern = respelt();
    let text = story.text();
    assert!(text.contains("No differences."), "{text}");
    assert!(
        text.contains("`pattern` is spelt differently and means the same; left alone"),
        "{text}"
    );
}

#[test]
fn with_exact_the_text_of_a_pattern_counts() {
    let mut story = Story::applied();
    let address = "metric_filter./acme/account-activity:acme-prod-iam-changes";
    let Object::MetricFilter(filter) = story.wish(address) else {
        unreachable!()
    };
    filter.pattern = filter.pattern.clone().compared_as_text(true);
    let Object::MetricFilter(filter) = &mut story.found(address).value else {
        unreachable!()
    };
    filter.pattern = respelt();
    assert_snapshot!(story.text());
}

#[test]
fn an_alarm_drifted() {
    let mut story = Story::applied();
    let Object::Alarm(alarm) = &mut story.found("alarm.acme-prod-iam-changes").value else {
        unreachable!()
    };
    alarm.threshold = 5.0;
    alarm.actions_enabled = false;
    alarm.description = Managed::Set("edited by hand".into());
    alarm.alarm_actions = [scope().topic_arn("somebody-else")].into();
    story.allow_blinding(&["alarm.acme-prod-iam-changes"]);
    assert_snapshot!(story.text());
}

#[test]
fn a_statement_of_a_policy_was_removed() {
    let mut story = Story::applied();
    let Object::BucketPolicy(policy) = &mut story.found(POLICY).value else {
        unreachable!()
    };
    policy.statements = Statements::new(policy.statements.as_slice()[..1].to_vec());
    assert_snapshot!(story.text());
}

#[test]
fn logging_was_stopped() {
    let mut story = Story::applied();
    let Object::Trail(trail) = &mut story.found("trail.account-activity").value else {
        unreachable!()
    };
    trail.logging = false;
    trail.management_events = ManagementEvents::Write;
    assert_snapshot!(story.text());
}

#[test]
fn an_alarm_was_deleted() {
    let mut story = Story::applied();
    story.live.objects.remove(&address("alarm.acme-prod-iam-changes"));
    assert_snapshot!(story.text());
}

#[test]
fn a_rule_is_new() {
    let mut story = Story::applied();
    story.rule("root-login", r#"{ $.userIdentity.type = "Root" }"#);
    let text = story.text();
    assert!(!text.contains("blind"), "{text}");
    assert_snapshot!(text);
}

#[test]
fn a_filter_that_drifted_to_a_metric_that_nobody_reads_comes_back_without_consent() {
    let mut story = Story::applied();
    let filter = &mut story
        .found("metric_filter./acme/account-activity:acme-prod-iam-changes")
        .value;
    let Object::MetricFilter(filter) = filter else {
        unreachable!()
    };
    filter.metric = "drifted".into();
    assert_snapshot!(story.text());
}

#[test]
fn a_prefix_is_changed_widen_and_narrow() {
    let mut story = Story::applied();
    let bucket = "acme-123456789012-account-activity";
    let policy = BucketPolicy::for_trails(
        "acme-prod",
        &scope(),
        bucket,
        [("account-activity", Some("logs"))],
    );
    *story.wish(POLICY) = policy.into();
    let Object::Trail(trail) = story.wish("trail.account-activity") else {
        unreachable!()
    };
    trail.prefix = Some("logs".into());
    assert_snapshot!(story.text());
    let plan = story.plan();
    assert_eq!(plan.summary().update, 2);
    let needs: Vec<Vec<usize>> = plan.steps.iter().map(|step| step.needs.clone()).collect();
    assert_eq!(needs, [vec![], vec![0, 2], vec![0]]);
}

#[test]
fn a_statement_is_needed_no_more_and_nothing_is_added() {
    let mut story = Story::applied();
    let trails = [("account-activity", None), ("old", None)];
    let before = BucketPolicy::for_trails(
        "acme-prod",
        &scope(),
        "acme-123456789012-account-activity",
        trails,
    );
    story.found(POLICY).value = before.into();
    let Object::Trail(trail) = story.wish("trail.account-activity") else {
        unreachable!()
    };
    trail.tags = tags(&[("team", "platform")]);
    assert_snapshot!(story.text());
    assert_eq!(story.plan().summary().update, 2);
}

#[test]
fn a_bucket_with_data_is_released() {
    let mut story = Story::applied();
    for gone in [BUCKET, POLICY, "trail.account-activity"] {
        story.drops(gone);
    }
    story.found(BUCKET).facts.holds_data = true;
    story.allow_blinding(&["trail.account-activity", POLICY]);
    assert_snapshot!(story.text());
}

#[test]
fn an_adopted_topic_is_released() {
    let mut story = Story::new();
    story
        .wanted
        .objects
        .retain(|address, _| matches!(address.kind, Kind::Topic | Kind::TopicPolicy));
    story.apply();
    story.found("topic.security-alerts").owner = Owner::Adopted;
    story.wanted.objects.clear();
    assert_snapshot!(story.text());
}

#[test]
fn a_subscription_that_the_spec_does_not_name_is_kept() {
    let mut story = Story::new();
    story.wants("topic.security", subscription("former@example.com"));
    story.apply();
    let former = Object::from(subscription("former@example.com")).address(&scope());
    story.drops(&former.to_string());
    assert_snapshot!(story.text());
    // And it is deleted where the topic is exclusive.
    story.wanted.exclusive.insert(address("topic.security-alerts"));
    story.allow_blinding(&[&former.to_string()]);
    assert_snapshot!("a_subscription_of_an_exclusive_topic_is_deleted", story.text());
}

#[test]
fn a_tag_key_is_dropped() {
    let mut story = Story::new();
    let Object::Topic(topic) = story.wish("topic.security-alerts") else {
        unreachable!()
    };
    topic.tags = tags(&[("team", "security"), ("cost-centre", "42")]);
    story.apply();
    let Object::Topic(topic) = &mut story.found("topic.security-alerts").value else {
        unreachable!()
    };
    let mut wire = topic.tags.to_wire("acme-prod", false);
    wire.insert("theirs".into(), "stays".into());
    topic.tags = Tags::from_wire(wire, "acme-prod").0;
    let Object::Topic(topic) = story.wish("topic.security-alerts") else {
        unreachable!()
    };
    topic.tags = tags(&[("team", "security")]);
    assert_snapshot!(story.text());
}

#[test]
fn a_tag_that_the_spec_names_from_now_on_is_recorded() {
    let mut story = Story::applied();
    let Object::Topic(topic) = &mut story.found("topic.security-alerts").value else {
        unreachable!()
    };
    let wire = [
        ("team".to_owned(), "security".to_owned()),
        ("trailwarden:stack".to_owned(), "acme-prod".to_owned()),
    ];
    topic.tags = Tags::from_wire(wire.into(), "acme-prod").0;
    assert_snapshot!(story.text());
}

#[test]
fn another_spelling_is_no_difference() {
    let mut story = Story::applied();
    let Object::BucketPolicy(policy) = &mut story.found(POLICY).value else {
        unreachable!()
    };
    let renamed = |statement: &Statement| {
        let mut renamed = statement.clone();
        renamed.sid = statement.sid.as_ref().map(|sid| format!("{sid}Old"));
        renamed
    };
    policy.statements = Statements::new(policy.statements.as_slice().iter().map(renamed).collect());
    assert_snapshot!(story.text());
    assert!(story.plan().is_empty());
}

#[test]
fn a_rule_is_renamed() {
    let mut story = Story::applied();
    let old = [
        "metric_filter./acme/account-activity:acme-prod-iam-changes",
        "alarm.acme-prod-iam-changes",
    ];
    for gone in old {
        story.drops(gone);
    }
    story.rule("identity-changes", PATTERN);
    story.allow_blinding(&old);
    assert_snapshot!(story.text());
}

#[test]
fn a_second_subscriber_is_new_and_the_only_one_is_missed() {
    let mut story = Story::applied();
    story.wants("topic.security", subscription("second@example.com"));
    assert!(!story.text().contains("blind"), "{}", story.text());
    story
        .live
        .objects
        .retain(|address, _| address.kind != Kind::Subscription);
    assert_snapshot!(story.text());
}

#[test]
fn a_policy_without_statements_is_as_good_as_none() {
    let mut story = Story::applied();
    let Object::TopicPolicy(policy) = story.wish("topic_policy.security-alerts") else {
        unreachable!()
    };
    policy.statements = Statements::default();
    story
        .live
        .objects
        .remove(&address("topic_policy.security-alerts"));
    assert!(story.plan().is_empty(), "{}", story.text());
}
