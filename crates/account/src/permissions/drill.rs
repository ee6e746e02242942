//! What IAM checks for a drill, beside what the proof of its links reads.

use trailwarden_spec::Kind;

use super::table::{Grant, On, always, read};

/// What a drill may do to what it makes itself.
const fn own(api: &'static str, on: On, actions: &'static [&'static str]) -> Grant {
    Grant {
        write: true,
        ..always(api, on, actions)
    }
}

/// Every API that a drill calls.
#[rustfmt::skip]
pub(super) const GRANTS: &[Grant] = &[
    // SQS knows no resource for it.
    always("sqs:ListQueues", On::Nothing, &["sqs:ListQueues"]),
    always("sqs:ListQueueTags", On::DrillQueue, &["sqs:ListQueueTags"]),
    always("sqs:GetQueueUrl", On::DrillQueue, &["sqs:GetQueueUrl"]),
    own("sqs:CreateQueue", On::DrillQueue, &["sqs:CreateQueue", "sqs:TagQueue"]),
    own("sqs:DeleteQueue", On::DrillQueue, &["sqs:DeleteQueue"]),
    own("sqs:ReceiveMessage", On::DrillQueue, &["sqs:ReceiveMessage"]),
    own("sqs:DeleteMessage", On::DrillQueue, &["sqs:DeleteMessage"]),

    always("sns:ListSubscriptionsByTopic", On::DrillTopic, &["sns:ListSubscriptionsByTopic"]),
    own("sns:Subscribe", On::DrillTopic, &["sns:Subscribe"]),
    // SNS knows no resource for it.
    own("sns:Unsubscribe", On::Nothing, &["sns:Unsubscribe"]),

    read("logs:FilterLogEvents", Kind::LogGroup, On::Group, &["logs:FilterLogEvents"]),
    // CloudWatch Logs decrypts in the name of whoever reads.
    read("logs:FilterLogEvents", Kind::Key, On::Key, &["kms:Decrypt"]),
    always("logs:DescribeLogStreams", On::TestGroup, &["logs:DescribeLogStreams"]),
    own("logs:CreateLogStream", On::TestGroup, &["logs:CreateLogStream"]),
    own("logs:PutLogEvents", On::TestGroup, &["logs:PutLogEvents"]),
    own("logs:DeleteLogStream", On::TestGroup, &["logs:DeleteLogStream"]),

    always("cloudwatch:DescribeAlarmHistory", On::Alarm, &["cloudwatch:DescribeAlarmHistory"]),
    // CloudWatch knows no resource for it.
    always("cloudwatch:GetMetricStatistics", On::Nothing, &["cloudwatch:GetMetricStatistics"]),
];
