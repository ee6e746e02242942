//! The pack `self-watch`: the calls that can blind the chain from trail to subscriber.
//!
//! One rule for each link, so that the name of the alarm says where to look. Calls that are made
//! all day elsewhere in an account are narrowed to what the spec names.

use super::{Call, Control, Narrow, calls};

pub(super) fn controls(_version: &str) -> Vec<Control> {
    LINKS
        .iter()
        .map(|link| Control {
            id: link.id.into(),
            slug: link.id,
            title: link.title,
            corrected: calls(link.source, link.calls.iter().map(|call| call.name)),
            auditor: None,
            asks: None,
            reason: link.reason,
            security_hub: None,
            prowler: None,
            calls: link.calls,
            narrow: link.narrow,
        })
        .collect()
}

struct Link {
    id: &'static str,
    title: &'static str,
    source: &'static str,
    reason: &'static str,
    narrow: Option<Narrow>,
    calls: &'static [Call],
}

const fn call(name: &'static str, why: &'static str) -> Call {
    Call { name, why }
}

const LINKS: &[Link] = &[
    Link {
        id: "trail",
        title: "What the trail records, or whether it does, was changed",
        source: "cloudtrail.amazonaws.com",
        reason: "without the trail nothing is seen; a call that cuts delivery at once may cut off its own event, and then \
                 the trail's heartbeat tells",
        narrow: None,
        calls: &[
            call("StopLogging", "nothing is recorded from then on"),
            call("DeleteTrail", "the trail is gone, with its deliveries"),
            call(
                "UpdateTrail",
                "can point bucket, log group or role elsewhere, or drop regions and digests",
            ),
            call("PutEventSelectors", "can leave out management events or services"),
            call("PutInsightSelectors", "can switch Insights off"),
        ],
    },
    Link {
        id: "log-group",
        title: "The log group that alarms live on, or its metric filters, were changed",
        source: "logs.amazonaws.com",
        reason: "alarms of rules take silence for peace, so a lost filter looks like a quiet day",
        narrow: Some(Narrow::LogGroup),
        calls: &[
            call("DeleteLogGroup", "the group goes, with its filters and events"),
            call("DeleteLogStream", "what has arrived so far is erased"),
            call("DeleteMetricFilter", "nothing is counted any more"),
            call(
                "PutMetricFilter",
                "can give a filter a pattern that matches nothing, or the value 0",
            ),
            call(
                "PutRetentionPolicy",
                "can erase the events behind an alarm within a day",
            ),
            call(
                "AssociateKmsKey",
                "a key that the group may not use stops delivery",
            ),
            call("DisassociateKmsKey", "later events are no longer under the key"),
        ],
    },
    Link {
        id: "alarms",
        title: "Alarms were changed, silenced or deleted",
        source: "monitoring.amazonaws.com",
        reason: "CloudWatch's event source is `monitoring.amazonaws.com`; all alarms of the account are meant, as their \
                 names say nothing about what they watch",
        narrow: None,
        calls: &[
            call("DeleteAlarms", "nobody looks at the metric any more"),
            call("DisableAlarmActions", "the alarm goes off and tells nobody"),
            call(
                "PutMetricAlarm",
                "can take the topic away, raise the threshold, or read another metric",
            ),
            call(
                "PutCompositeAlarm",
                "can change the rule, or suppress actions by another alarm",
            ),
            call(
                "SetAlarmState",
                "sets an alarm that is in ALARM back to OK, which tells nobody",
            ),
        ],
    },
    Link {
        id: "notices",
        title: "Topics or their subscriptions were changed",
        source: "sns.amazonaws.com",
        reason: "the last link: all before it works and nobody hears of it",
        narrow: None,
        calls: &[
            call("Unsubscribe", "a subscriber is told of nothing more"),
            call("DeleteTopic", "the topic goes, with its subscriptions"),
            call(
                "SetTopicAttributes",
                "can write a policy that keeps alarms out, or a key that CloudWatch may not use",
            ),
            call(
                "SetSubscriptionAttributes",
                "can set a filter policy that no alarm passes",
            ),
            call("AddPermission", "lets others publish forged notices"),
            call("RemovePermission", "can take the alarms' right to publish away"),
        ],
    },
    Link {
        id: "bucket",
        title: "The bucket with the trail's log files was changed",
        source: "s3.amazonaws.com",
        reason: "the record itself: without it nobody can tell afterwards what happened",
        narrow: Some(Narrow::Buckets),
        calls: &[
            call("PutBucketPolicy", "can keep CloudTrail out, or let others in"),
            call("DeleteBucketPolicy", "CloudTrail may no longer deliver"),
            call("DeleteBucket", "the bucket is gone, once it is empty"),
            call(
                "PutBucketLifecycle",
                "can let log files expire after a day; so is PutBucketLifecycleConfiguration recorded",
            ),
            call(
                "PutBucketVersioning",
                "suspended, deleted files are gone for good",
            ),
            call(
                "PutBucketEncryption",
                "can name a key that CloudTrail or the readers may not use",
            ),
            call(
                "PutBucketPublicAccessBlock",
                "can open the log files to the world",
            ),
            call(
                "DeleteBucketPublicAccessBlock",
                "can open the log files to the world",
            ),
        ],
    },
    Link {
        id: "keys",
        title: "KMS keys were disabled, deleted or closed",
        source: "kms.amazonaws.com",
        reason: "what is encrypted with a key stops with it; a record has the key's id, which a spec does not know, so \
                 all keys of the account are meant",
        narrow: None,
        calls: &[
            call(
                "DisableKey",
                "deliveries and notices fail until it is enabled again",
            ),
            call("ScheduleKeyDeletion", "the same, and for good after some days"),
            call("PutKeyPolicy", "can keep CloudTrail, CloudWatch or Logs out"),
            call("DeleteImportedKeyMaterial", "the key cannot be used any more"),
            call("DeleteAlias", "what the spec calls by the alias is lost"),
            call("UpdateAlias", "what the spec calls by the alias is another key"),
        ],
    },
    Link {
        id: "role",
        title: "The role that delivers to the log group was changed",
        source: "iam.amazonaws.com",
        reason: "without the role, or with another trust or other rights, nothing arrives in the log group",
        narrow: Some(Narrow::Roles),
        calls: &[
            call("DeleteRole", "CloudTrail has no role to deliver with"),
            call(
                "DeleteRolePolicy",
                "the role may no longer write to the log group",
            ),
            call("PutRolePolicy", "can take rights from it, or give it others"),
            call("UpdateAssumeRolePolicy", "CloudTrail may no longer assume it"),
            call("AttachRolePolicy", "can deny what its own policy allows"),
            call("DetachRolePolicy", "can take its rights"),
            call(
                "PutRolePermissionsBoundary",
                "can deny what its own policy allows",
            ),
        ],
    },
];
