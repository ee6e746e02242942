//! The calls that change each field of each kind, as CloudTrail names them (its names of S3's calls are not
//! always the API's: "Amazon S3 CloudTrail events").

use trailwarden_account::Asked;
use trailwarden_spec::Kind;

/// The names of the calls by which an object can have become what it is, each once. Those that change a
/// field come before those that make the whole object, which is also their order within a second.
pub(super) fn names(asked: &Asked) -> Vec<&'static str> {
    let kind = asked.address.kind;
    let of_fields = asked.fields.iter().flat_map(|field| changing(kind, field));
    let all: Vec<&'static str> = match asked.gone {
        true => taken_away(kind).to_vec(),
        // Whoever took it away and made it anew changed all of it.
        false => of_fields.chain(making(kind)).copied().collect(),
    };
    let mut names = Vec::new();
    for name in all {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// What makes an object of a kind.
fn making(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Key => &["CreateAlias", "UpdateAlias"],
        Kind::KeyPolicy => &["PutKeyPolicy"],
        Kind::Bucket => &["CreateBucket"],
        Kind::BucketPolicy => &["PutBucketPolicy", "DeleteBucketPolicy"],
        Kind::LogGroup => &["CreateLogGroup"],
        Kind::Role => &["CreateRole"],
        Kind::Trail => &["CreateTrail"],
        Kind::MetricFilter => &["PutMetricFilter"],
        Kind::Topic => &["CreateTopic"],
        Kind::TopicPolicy => &["SetTopicAttributes", "AddPermission", "RemovePermission"],
        Kind::Subscription => &["Subscribe"],
        Kind::Alarm => &["PutMetricAlarm"],
        Kind::CompositeAlarm => &["PutCompositeAlarm"],
    }
}

/// What takes one away.
fn taken_away(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Key => &["DeleteAlias", "UpdateAlias", "ScheduleKeyDeletion"],
        Kind::KeyPolicy => &["PutKeyPolicy"],
        Kind::Bucket => &["DeleteBucket"],
        Kind::BucketPolicy => &["PutBucketPolicy", "DeleteBucketPolicy"],
        Kind::LogGroup => &["DeleteLogGroup"],
        Kind::Role => &["DeleteRole"],
        Kind::Trail => &["DeleteTrail"],
        Kind::MetricFilter => &["DeleteMetricFilter"],
        Kind::Topic => &["DeleteTopic"],
        Kind::TopicPolicy => &["SetTopicAttributes", "RemovePermission"],
        Kind::Subscription => &["Unsubscribe"],
        Kind::Alarm | Kind::CompositeAlarm => &["DeleteAlarms"],
    }
}

/// What changes one of its fields, beside what makes it.
fn changing(kind: Kind, field: &str) -> &'static [&'static str] {
    match (kind, field) {
        (Kind::Bucket, "tags" | "protect") => &["PutBucketTagging", "DeleteBucketTagging"],
        (Kind::Role, "tags" | "protect") => &["TagRole", "UntagRole"],
        (Kind::Trail, "tags" | "protect") => &["AddTags", "RemoveTags"],
        (_, "tags" | "protect") => &["TagResource", "UntagResource"],

        (Kind::Key, "state") => &["DisableKey", "ScheduleKeyDeletion", "CancelKeyDeletion"],
        (Kind::Key, "rotation" | "rotation_days") => &["DisableKeyRotation", "EnableKeyRotation"],
        (Kind::Key, "description") => &["UpdateKeyDescription"],

        (Kind::Bucket, "public_access_blocked") => &[
            "PutBucketPublicAccessBlock",
            "DeleteBucketPublicAccessBlock",
            "PutPublicAccessBlock",
            "DeletePublicAccessBlock",
        ],
        (Kind::Bucket, "encryption" | "bucket_key") => &["PutBucketEncryption", "DeleteBucketEncryption"],
        (Kind::Bucket, "versioning") => &["PutBucketVersioning"],
        (Kind::Bucket, "object_ownership") => {
            &["PutBucketOwnershipControls", "DeleteBucketOwnershipControls"]
        }
        (Kind::Bucket, "lifecycle") => &["PutBucketLifecycle", "DeleteBucketLifecycle"],
        (Kind::Bucket, "object_lock") => &["PutBucketObjectLockConfiguration", "PutObjectLockConfiguration"],
        (Kind::Bucket, "access_logging") => &["PutBucketLogging"],

        (Kind::LogGroup, "retention_days") => &["PutRetentionPolicy", "DeleteRetentionPolicy"],
        (Kind::LogGroup, "deletion_protection") => &["PutLogGroupDeletionProtection"],
        (Kind::LogGroup, "kms_key") => &["AssociateKmsKey", "DisassociateKmsKey"],

        (Kind::Role, "trust") => &["UpdateAssumeRolePolicy"],
        (Kind::Role, "policy") => &["PutRolePolicy", "DeleteRolePolicy"],
        (Kind::Role, "permissions_boundary") => {
            &["PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary"]
        }

        (Kind::Trail, "logging") => &["StopLogging", "StartLogging"],
        (
            Kind::Trail,
            "management_events" | "excluded_sources" | "data_events" | "network_events" | "selectors",
        ) => &["PutEventSelectors"],
        (Kind::Trail, "insights") => &["PutInsightSelectors"],
        (Kind::Trail, _) => &["UpdateTrail"],

        (Kind::Topic, "data_protection") => &["PutDataProtectionPolicy"],
        (Kind::Topic, _) => &["SetTopicAttributes"],
        (Kind::Subscription, _) => &["SetSubscriptionAttributes"],

        (Kind::Alarm | Kind::CompositeAlarm, "actions_enabled") => {
            &["DisableAlarmActions", "EnableAlarmActions"]
        }
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use trailwarden_spec::kinds::fields_of;
    use trailwarden_spec::{Kind, Scope};

    use super::*;

    /// CloudTrail's names, as the pattern language's table has them; those that only some of AWS's pages
    /// know of are asked beside another.
    #[test]
    fn the_calls_are_cloudtrail_s() {
        let known = include_str!("../../../../pattern/names/events.txt");
        let known: BTreeSet<&str> = known.split_whitespace().collect();
        let both = [
            "PutBucketPublicAccessBlock",
            "DeleteBucketPublicAccessBlock",
            "PutBucketObjectLockConfiguration",
        ];
        for kind in Kind::ALL {
            let fields = fields_of(*kind).iter().flat_map(|field| changing(*kind, field));
            for name in fields.chain(making(*kind)).chain(taken_away(*kind)) {
                assert!(known.contains(name) || both.contains(name), "{kind}: {name}");
            }
        }
    }

    #[test]
    fn a_field_asks_for_its_own_calls() {
        let scope = Scope {
            account: "123456789012".into(),
            region: "eu-west-1".into(),
        };
        let group = trailwarden_spec::kinds::LogGroup {
            name: "/a".into(),
            retention: Default::default(),
            class: Default::default(),
            deletion_protection: Default::default(),
            key: Default::default(),
            tags: Default::default(),
        };
        let mut asked = Asked {
            address: scope.address(Kind::LogGroup, "/a"),
            object: group.into(),
            fields: vec!["retention_days"],
            gone: false,
            arn: None,
        };
        assert_eq!(
            names(&asked),
            ["PutRetentionPolicy", "DeleteRetentionPolicy", "CreateLogGroup"]
        );
        asked.fields = vec!["tags", "protect"];
        assert_eq!(names(&asked), ["TagResource", "UntagResource", "CreateLogGroup"]);
        asked.gone = true;
        assert_eq!(names(&asked), ["DeleteLogGroup"]);
    }
}
