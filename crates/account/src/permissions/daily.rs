//! What IAM checks for the everyday commands, beside what a plan and an apply call.

use trailwarden_spec::Kind;

use super::table::{Grant, On, always, read, write};

/// Writes to what the spec only refers to, too.
pub(super) const ON_EXISTING: &[&str] = &["sns:Publish", "sns:ConfirmSubscription"];

/// Every API that the everyday commands call.
#[rustfmt::skip]
pub(super) const GRANTS: &[Grant] = &[
    always("sts:GetCallerIdentity", On::Nothing, &[]),

    always("cloudtrail:LookupEvents", On::Nothing, &["cloudtrail:LookupEvents"]),

    read("logs:DescribeLogStreams", Kind::LogGroup, On::Group, &["logs:DescribeLogStreams"]),
    read("logs:FilterLogEvents", Kind::LogGroup, On::Group, &["logs:FilterLogEvents"]),
    // CloudWatch Logs decrypts in the name of whoever reads.
    read("logs:FilterLogEvents", Kind::Key, On::Key, &["kms:Decrypt"]),

    read("sns:GetTopicAttributes", Kind::Topic, On::Topic, &["sns:GetTopicAttributes"]),
    read("sns:ListSubscriptionsByTopic", Kind::Topic, On::Topic, &["sns:ListSubscriptionsByTopic"]),
    // A filter policy may keep a message back.
    read("sns:GetSubscriptionAttributes", Kind::Subscription, On::Nothing, &["sns:GetSubscriptionAttributes"]),
    write("sns:Publish", Kind::Topic, On::Topic, &["sns:Publish"]),
    // SNS encrypts in the name of whoever publishes.
    write("sns:Publish", Kind::Key, On::Key, &["kms:Decrypt", "kms:GenerateDataKey*"]),
    write("sns:ConfirmSubscription", Kind::Topic, On::Topic, &["sns:ConfirmSubscription"]),
    write("sns:Subscribe", Kind::Subscription, On::Topic, &["sns:Subscribe"]),
];
