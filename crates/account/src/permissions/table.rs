//! What IAM checks for each API (AWS: Service Authorization Reference).

use trailwarden_spec::Kind;

use super::For;

/// Which resources IAM checks an action on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum On {
    /// AWS knows no resource for the action.
    Nothing,
    Bucket,
    /// What trails put into their buckets.
    LogFiles,
    Group,
    /// Listing groups or filters is checked on the groups' common prefix.
    AnyGroup,
    Role,
    /// The roles that `CloudTrail` is told to assume.
    PassedRole,
    /// The roles that SNS is told to assume, for Firehose.
    PassedToSns,
    Trail,
    /// Other trails may record the same events at a price.
    AnyTrail,
    Topic,
    /// The queues that subscriptions send to, of the stack's account and region.
    Queue,
    /// The keys that such queues may be encrypted with.
    QueueKey,
    Alarm,
    /// A key's id is not known before it is made, and its tags and aliases take five minutes to
    /// decide about access, so that it is all keys of account and region.
    Key,
    /// Keys that have been the stack's for a while.
    OwnKey,
    KeyAlias,
    /// The queues on which drills wait.
    DrillQueue,
    /// The topic that only drills hear.
    DrillTopic,
    /// The log group that takes synthetic records.
    TestGroup,
}

impl On {
    pub(super) fn sid(self) -> &'static str {
        match self {
            Self::Nothing => "Account",
            Self::Bucket => "Bucket",
            Self::LogFiles => "LogFiles",
            Self::Group => "LogGroup",
            Self::AnyGroup => "LogGroups",
            Self::Role => "Role",
            Self::PassedRole => "PassRole",
            Self::PassedToSns => "PassRoleToSns",
            Self::Trail => "Trail",
            Self::AnyTrail => "Trails",
            Self::Topic => "Topic",
            Self::Queue => "Queue",
            Self::QueueKey => "QueueKey",
            Self::Alarm => "Alarm",
            Self::Key => "Key",
            Self::OwnKey => "OwnKey",
            Self::KeyAlias => "KeyAlias",
            Self::DrillQueue => "DrillQueue",
            Self::DrillTopic => "DrillTopic",
            Self::TestGroup => "TestLogGroup",
        }
    }
}

/// One API and what IAM checks for it where objects of `kind` are wanted. `None` is always: a plan
/// lists what may be left over of the stack, whatever the spec names.
pub(super) struct Grant {
    pub(super) api: &'static str,
    pub(super) kind: Option<Kind>,
    pub(super) on: On,
    pub(super) write: bool,
    /// The one command that needs it, beside what all need.
    pub(super) only: Option<For>,
    pub(super) actions: &'static [&'static str],
}

pub(super) const fn read(api: &'static str, kind: Kind, on: On, actions: &'static [&'static str]) -> Grant {
    Grant {
        api,
        kind: Some(kind),
        on,
        write: false,
        only: None,
        actions,
    }
}

pub(super) const fn write(api: &'static str, kind: Kind, on: On, actions: &'static [&'static str]) -> Grant {
    Grant {
        api,
        kind: Some(kind),
        on,
        write: true,
        only: None,
        actions,
    }
}

pub(super) const fn always(api: &'static str, on: On, actions: &'static [&'static str]) -> Grant {
    Grant {
        api,
        kind: None,
        on,
        write: false,
        only: None,
        actions,
    }
}

const fn only(
    purpose: For,
    api: &'static str,
    kind: Kind,
    on: On,
    actions: &'static [&'static str],
) -> Grant {
    Grant {
        only: Some(purpose),
        ..read(api, kind, on, actions)
    }
}

/// Every API that a provider calls. An API stands here once for each kind that needs it and for
/// each sort of resource that IAM checks for it.
#[rustfmt::skip]
pub(super) const GRANTS: &[Grant] = &[
    // AWS answers it to everybody; a policy cannot even forbid it.
    always("sts:GetCallerIdentity", On::Nothing, &[]),
    always("tag:GetResources", On::Nothing, &["tag:GetResources"]),

    read("kms:DescribeKey", Kind::Key, On::Key, &["kms:DescribeKey"]),
    read("kms:GetKeyRotationStatus", Kind::Key, On::Key, &["kms:GetKeyRotationStatus"]),
    read("kms:ListResourceTags", Kind::Key, On::Key, &["kms:ListResourceTags"]),
    read("kms:GetKeyPolicy", Kind::Key, On::Key, &["kms:GetKeyPolicy"]),
    read("kms:ListAliases", Kind::Key, On::Nothing, &["kms:ListAliases"]),
    // What an earlier create left behind is looked for before another one.
    write("kms:ListKeys", Kind::Key, On::Nothing, &["kms:ListKeys"]),
    write("kms:CreateKey", Kind::Key, On::Nothing, &["kms:CreateKey"]),
    write("kms:CreateKey", Kind::Key, On::Key, &["kms:TagResource"]),
    write("kms:CreateAlias", Kind::Key, On::Key, &["kms:CreateAlias"]),
    write("kms:CreateAlias", Kind::Key, On::KeyAlias, &["kms:CreateAlias"]),
    write("kms:EnableKey", Kind::Key, On::Key, &["kms:EnableKey"]),
    write("kms:EnableKeyRotation", Kind::Key, On::Key, &["kms:EnableKeyRotation"]),
    write("kms:DisableKeyRotation", Kind::Key, On::Key, &["kms:DisableKeyRotation"]),
    write("kms:UpdateKeyDescription", Kind::Key, On::Key, &["kms:UpdateKeyDescription"]),
    write("kms:TagResource", Kind::Key, On::Key, &["kms:TagResource"]),
    write("kms:UntagResource", Kind::Key, On::Key, &["kms:UntagResource"]),
    write("kms:ScheduleKeyDeletion", Kind::Key, On::OwnKey, &["kms:ScheduleKeyDeletion"]),

    read("kms:GetKeyPolicy", Kind::KeyPolicy, On::Key, &["kms:GetKeyPolicy"]),
    write("kms:PutKeyPolicy", Kind::KeyPolicy, On::Key, &["kms:PutKeyPolicy"]),

    read("s3:GetBucketLocation", Kind::Bucket, On::Bucket, &["s3:GetBucketLocation"]),
    read("s3:GetPublicAccessBlock", Kind::Bucket, On::Bucket, &["s3:GetBucketPublicAccessBlock"]),
    read("s3:GetBucketEncryption", Kind::Bucket, On::Bucket, &["s3:GetEncryptionConfiguration"]),
    read("s3:GetBucketVersioning", Kind::Bucket, On::Bucket, &["s3:GetBucketVersioning"]),
    read("s3:GetBucketOwnershipControls", Kind::Bucket, On::Bucket, &["s3:GetBucketOwnershipControls"]),
    read("s3:GetBucketLifecycleConfiguration", Kind::Bucket, On::Bucket, &["s3:GetLifecycleConfiguration"]),
    read("s3:GetObjectLockConfiguration", Kind::Bucket, On::Bucket, &["s3:GetBucketObjectLockConfiguration"]),
    read("s3:GetBucketLogging", Kind::Bucket, On::Bucket, &["s3:GetBucketLogging"]),
    read("s3:GetBucketTagging", Kind::Bucket, On::Bucket, &["s3:GetBucketTagging"]),
    read("s3:ListObjectVersions", Kind::Bucket, On::Bucket, &["s3:ListBucketVersions"]),
    write("s3:CreateBucket", Kind::Bucket, On::Bucket,
        &["s3:CreateBucket", "s3:PutBucketOwnershipControls", "s3:TagResource"]),
    write("s3:PutPublicAccessBlock", Kind::Bucket, On::Bucket, &["s3:PutBucketPublicAccessBlock"]),
    write("s3:PutBucketEncryption", Kind::Bucket, On::Bucket, &["s3:PutEncryptionConfiguration"]),
    write("s3:PutBucketVersioning", Kind::Bucket, On::Bucket, &["s3:PutBucketVersioning"]),
    write("s3:PutBucketOwnershipControls", Kind::Bucket, On::Bucket, &["s3:PutBucketOwnershipControls"]),
    write("s3:PutBucketLifecycleConfiguration", Kind::Bucket, On::Bucket, &["s3:PutLifecycleConfiguration"]),
    write("s3:DeleteBucketLifecycle", Kind::Bucket, On::Bucket, &["s3:PutLifecycleConfiguration"]),
    write("s3:PutObjectLockConfiguration", Kind::Bucket, On::Bucket, &["s3:PutBucketObjectLockConfiguration"]),
    write("s3:PutBucketLogging", Kind::Bucket, On::Bucket, &["s3:PutBucketLogging"]),
    write("s3:PutBucketTagging", Kind::Bucket, On::Bucket, &["s3:PutBucketTagging"]),
    write("s3:DeleteBucketTagging", Kind::Bucket, On::Bucket, &["s3:PutBucketTagging"]),
    write("s3:DeleteBucket", Kind::Bucket, On::Bucket, &["s3:DeleteBucket"]),

    read("s3:GetBucketPolicy", Kind::BucketPolicy, On::Bucket, &["s3:GetBucketPolicy"]),
    write("s3:PutBucketPolicy", Kind::BucketPolicy, On::Bucket, &["s3:PutBucketPolicy"]),
    write("s3:DeleteBucketPolicy", Kind::BucketPolicy, On::Bucket, &["s3:DeleteBucketPolicy"]),

    read("logs:DescribeLogGroups", Kind::LogGroup, On::AnyGroup, &["logs:DescribeLogGroups"]),
    read("logs:DescribeLogStreams", Kind::LogGroup, On::Group, &["logs:DescribeLogStreams"]),
    read("logs:ListTagsForResource", Kind::LogGroup, On::Group, &["logs:ListTagsForResource"]),
    write("logs:CreateLogGroup", Kind::LogGroup, On::Group, &["logs:CreateLogGroup", "logs:TagResource"]),
    write("logs:PutRetentionPolicy", Kind::LogGroup, On::Group, &["logs:PutRetentionPolicy"]),
    write("logs:DeleteRetentionPolicy", Kind::LogGroup, On::Group, &["logs:DeleteRetentionPolicy"]),
    write("logs:PutLogGroupDeletionProtection", Kind::LogGroup, On::Group,
        &["logs:PutLogGroupDeletionProtection"]),
    write("logs:AssociateKmsKey", Kind::LogGroup, On::Group, &["logs:AssociateKmsKey"]),
    write("logs:DisassociateKmsKey", Kind::LogGroup, On::Group, &["logs:DisassociateKmsKey"]),
    write("logs:TagResource", Kind::LogGroup, On::Group, &["logs:TagResource"]),
    write("logs:UntagResource", Kind::LogGroup, On::Group, &["logs:UntagResource"]),
    write("logs:DeleteLogGroup", Kind::LogGroup, On::Group, &["logs:DeleteLogGroup"]),

    always("logs:DescribeMetricFilters", On::AnyGroup, &["logs:DescribeMetricFilters"]),
    write("logs:PutMetricFilter", Kind::MetricFilter, On::Group, &["logs:PutMetricFilter"]),
    write("logs:DeleteMetricFilter", Kind::MetricFilter, On::Group, &["logs:DeleteMetricFilter"]),

    always("iam:ListRoles", On::Nothing, &["iam:ListRoles"]),
    always("iam:GetRole", On::Role, &["iam:GetRole"]),
    always("iam:GetRolePolicy", On::Role, &["iam:GetRolePolicy"]),
    read("iam:GetRole", Kind::Role, On::Role, &["iam:GetRole"]),
    read("iam:GetRolePolicy", Kind::Role, On::Role, &["iam:GetRolePolicy"]),
    write("iam:CreateRole", Kind::Role, On::Role,
        &["iam:CreateRole", "iam:TagRole"]),
    write("iam:UpdateAssumeRolePolicy", Kind::Role, On::Role, &["iam:UpdateAssumeRolePolicy"]),
    write("iam:PutRolePolicy", Kind::Role, On::Role, &["iam:PutRolePolicy"]),
    write("iam:DeleteRolePolicy", Kind::Role, On::Role, &["iam:DeleteRolePolicy"]),
    write("iam:PutRolePermissionsBoundary", Kind::Role, On::Role, &["iam:PutRolePermissionsBoundary"]),
    write("iam:DeleteRolePermissionsBoundary", Kind::Role, On::Role, &["iam:DeleteRolePermissionsBoundary"]),
    write("iam:TagRole", Kind::Role, On::Role, &["iam:TagRole"]),
    write("iam:UntagRole", Kind::Role, On::Role, &["iam:UntagRole"]),
    read("iam:ListAttachedRolePolicies", Kind::Role, On::Role, &["iam:ListAttachedRolePolicies"]),
    read("iam:ListRolePolicies", Kind::Role, On::Role, &["iam:ListRolePolicies"]),
    write("iam:DeleteRole", Kind::Role, On::Role, &["iam:DeleteRole"]),

    always("cloudtrail:DescribeTrails", On::Nothing, &["cloudtrail:DescribeTrails"]),
    read("cloudtrail:GetTrailStatus", Kind::Trail, On::AnyTrail, &["cloudtrail:GetTrailStatus"]),
    read("cloudtrail:GetEventSelectors", Kind::Trail, On::AnyTrail, &["cloudtrail:GetEventSelectors"]),
    read("cloudtrail:GetInsightSelectors", Kind::Trail, On::AnyTrail, &["cloudtrail:GetInsightSelectors"]),
    always("cloudtrail:ListTags", On::AnyTrail, &["cloudtrail:ListTags"]),
    write("cloudtrail:CreateTrail", Kind::Trail, On::Trail, &["cloudtrail:CreateTrail", "cloudtrail:AddTags"]),
    write("cloudtrail:CreateTrail", Kind::Trail, On::PassedRole, &["iam:PassRole"]),
    write("cloudtrail:UpdateTrail", Kind::Trail, On::Trail, &["cloudtrail:UpdateTrail"]),
    write("cloudtrail:UpdateTrail", Kind::Trail, On::PassedRole, &["iam:PassRole"]),
    write("cloudtrail:PutEventSelectors", Kind::Trail, On::Trail, &["cloudtrail:PutEventSelectors"]),
    write("cloudtrail:PutInsightSelectors", Kind::Trail, On::Trail, &["cloudtrail:PutInsightSelectors"]),
    write("cloudtrail:StartLogging", Kind::Trail, On::Trail, &["cloudtrail:StartLogging"]),
    write("cloudtrail:StopLogging", Kind::Trail, On::Trail, &["cloudtrail:StopLogging"]),
    write("cloudtrail:AddTags", Kind::Trail, On::Trail, &["cloudtrail:AddTags"]),
    write("cloudtrail:RemoveTags", Kind::Trail, On::Trail, &["cloudtrail:RemoveTags"]),
    write("cloudtrail:DeleteTrail", Kind::Trail, On::Trail, &["cloudtrail:DeleteTrail"]),

    read("sns:GetTopicAttributes", Kind::Topic, On::Topic, &["sns:GetTopicAttributes"]),
    read("sns:ListTagsForResource", Kind::Topic, On::Topic, &["sns:ListTagsForResource"]),
    read("sns:ListSubscriptionsByTopic", Kind::Topic, On::Topic, &["sns:ListSubscriptionsByTopic"]),
    read("sns:GetDataProtectionPolicy", Kind::Topic, On::Topic, &["sns:GetDataProtectionPolicy"]),
    write("sns:CreateTopic", Kind::Topic, On::Topic, &["sns:CreateTopic", "sns:TagResource"]),
    write("sns:SetTopicAttributes", Kind::Topic, On::Topic, &["sns:SetTopicAttributes"]),
    // For what is written down of deliveries.
    write("sns:SetTopicAttributes", Kind::Topic, On::PassedToSns, &["iam:PassRole"]),
    write("sns:PutDataProtectionPolicy", Kind::Topic, On::Topic, &["sns:PutDataProtectionPolicy"]),
    write("sns:TagResource", Kind::Topic, On::Topic, &["sns:TagResource"]),
    write("sns:UntagResource", Kind::Topic, On::Topic, &["sns:UntagResource"]),
    write("sns:DeleteTopic", Kind::Topic, On::Topic, &["sns:DeleteTopic"]),
    read("sns:GetTopicAttributes", Kind::TopicPolicy, On::Topic, &["sns:GetTopicAttributes"]),
    write("sns:SetTopicAttributes", Kind::TopicPolicy, On::Topic, &["sns:SetTopicAttributes"]),
    read("sns:ListSubscriptionsByTopic", Kind::Subscription, On::Topic, &["sns:ListSubscriptionsByTopic"]),
    read("sns:GetSubscriptionAttributes", Kind::Subscription, On::Nothing, &["sns:GetSubscriptionAttributes"]),
    write("sns:Subscribe", Kind::Subscription, On::Topic, &["sns:Subscribe"]),
    write("sns:Subscribe", Kind::Subscription, On::PassedToSns, &["iam:PassRole"]),
    write("sns:SetSubscriptionAttributes", Kind::Subscription, On::PassedToSns, &["iam:PassRole"]),
    write("sns:SetSubscriptionAttributes", Kind::Subscription, On::Nothing, &["sns:SetSubscriptionAttributes"]),
    write("sns:Unsubscribe", Kind::Subscription, On::Nothing, &["sns:Unsubscribe"]),

    read("sqs:GetQueueUrl", Kind::Subscription, On::Queue, &["sqs:GetQueueUrl"]),
    read("sqs:GetQueueAttributes", Kind::Subscription, On::Queue, &["sqs:GetQueueAttributes"]),
    read("kms:DescribeKey", Kind::Subscription, On::QueueKey, &["kms:DescribeKey"]),
    read("kms:GetKeyPolicy", Kind::Subscription, On::QueueKey, &["kms:GetKeyPolicy"]),

    // AWS leaves composite alarms out of the answer to callers that may not describe everything.
    always("cloudwatch:DescribeAlarms", On::Nothing, &["cloudwatch:DescribeAlarms"]),
    always("cloudwatch:DescribeAlarmsForMetric", On::Nothing, &["cloudwatch:DescribeAlarmsForMetric"]),
    always("cloudwatch:ListTagsForResource", On::Alarm, &["cloudwatch:ListTagsForResource"]),
    read("cloudwatch:ListTagsForResource", Kind::Alarm, On::Alarm, &["cloudwatch:ListTagsForResource"]),
    write("cloudwatch:PutMetricAlarm", Kind::Alarm, On::Alarm, &["cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"]),
    write("cloudwatch:TagResource", Kind::Alarm, On::Alarm, &["cloudwatch:TagResource"]),
    write("cloudwatch:UntagResource", Kind::Alarm, On::Alarm, &["cloudwatch:UntagResource"]),
    write("cloudwatch:DeleteAlarms", Kind::Alarm, On::Alarm, &["cloudwatch:DeleteAlarms"]),
    // `CloudWatch` takes permissions for composite alarms only where they hold for all resources.
    read("cloudwatch:ListTagsForResource", Kind::CompositeAlarm, On::Alarm, &["cloudwatch:ListTagsForResource"]),
    write("cloudwatch:PutCompositeAlarm", Kind::CompositeAlarm, On::Nothing, &["cloudwatch:PutCompositeAlarm"]),
    write("cloudwatch:PutCompositeAlarm", Kind::CompositeAlarm, On::Alarm, &["cloudwatch:TagResource"]),
    write("cloudwatch:TagResource", Kind::CompositeAlarm, On::Alarm, &["cloudwatch:TagResource"]),
    write("cloudwatch:UntagResource", Kind::CompositeAlarm, On::Alarm, &["cloudwatch:UntagResource"]),
    write("cloudwatch:DeleteAlarms", Kind::CompositeAlarm, On::Nothing, &["cloudwatch:DeleteAlarms"]),

    // In which states alarms were.
    only(For::Status, "cloudwatch:DescribeAlarmHistory", Kind::Alarm, On::Alarm, &["cloudwatch:DescribeAlarmHistory"]),
    only(For::Status, "cloudwatch:DescribeAlarmHistory", Kind::CompositeAlarm, On::Alarm,
        &["cloudwatch:DescribeAlarmHistory"]),
    // Whether the key of a topic lets alarms publish to it.
    only(For::Status, "kms:DescribeKey", Kind::Topic, On::Key, &["kms:DescribeKey"]),
    only(For::Status, "kms:GetKeyPolicy", Kind::Topic, On::Key, &["kms:GetKeyPolicy"]),

    // Who changed what differs. AWS knows no resource for it.
    Grant { only: Some(For::Drift), ..always("cloudtrail:LookupEvents", On::Nothing, &["cloudtrail:LookupEvents"]) },
];
