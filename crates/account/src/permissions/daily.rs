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

    // A trail is read whole before something of it is written.
    always("cloudtrail:DescribeTrails", On::Nothing, &["cloudtrail:DescribeTrails"]),
    read("cloudtrail:GetTrailStatus", Kind::Trail, On::Trail, &["cloudtrail:GetTrailStatus"]),
    read("cloudtrail:GetEventSelectors", Kind::Trail, On::Trail, &["cloudtrail:GetEventSelectors"]),
    read("cloudtrail:GetInsightSelectors", Kind::Trail, On::Trail, &["cloudtrail:GetInsightSelectors"]),
    read("cloudtrail:ListTags", Kind::Trail, On::Trail, &["cloudtrail:ListTags"]),
    write("cloudtrail:StartLogging", Kind::Trail, On::Trail, &["cloudtrail:StartLogging"]),
    write("cloudtrail:StopLogging", Kind::Trail, On::Trail, &["cloudtrail:StopLogging"]),
    write("cloudtrail:UpdateTrail", Kind::Trail, On::Trail, &["cloudtrail:UpdateTrail"]),
    write("cloudtrail:UpdateTrail", Kind::Trail, On::PassedRole, &["iam:PassRole"]),

    read("cloudwatch:DescribeAlarmHistory", Kind::Alarm, On::Alarm, &["cloudwatch:DescribeAlarmHistory"]),
    // `CloudWatch` takes permissions for composite alarms only where they hold for all resources.
    read("cloudwatch:DescribeAlarmHistory", Kind::CompositeAlarm, On::Nothing, &["cloudwatch:DescribeAlarmHistory"]),

    read("logs:DescribeLogStreams", Kind::LogGroup, On::Group, &["logs:DescribeLogStreams"]),
    read("logs:FilterLogEvents", Kind::LogGroup, On::Group, &["logs:FilterLogEvents"]),
    // CloudWatch Logs decrypts in the name of whoever reads.
    read("logs:FilterLogEvents", Kind::Key, On::Key, &["kms:Decrypt"]),

    read("s3:ListObjectsV2", Kind::Bucket, On::Bucket, &["s3:ListBucket"]),
    read("s3:GetObject", Kind::Trail, On::LogFiles, &["s3:GetObject"]),
    // S3 decrypts in the name of whoever reads.
    read("s3:GetObject", Kind::Key, On::Key, &["kms:Decrypt"]),
    // A bucket of another region than the stack's is asked there.
    read("s3:GetBucketLocation", Kind::Bucket, On::Bucket, &["s3:GetBucketLocation"]),

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
