//! How bad a difference is, field by field.

use serde::Serialize;
use trailwarden_spec::Kind;
use trailwarden_spec::compare::{Change, Shown};

/// What a difference does to the watch. The worst comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something goes unnoticed, or the chain cannot work, while it stands.
    Blinds,
    /// The watch goes on otherwise than the spec says: another threshold, less protection, less
    /// evidence.
    Weakens,
    /// Nothing of the watch changes.
    Cosmetic,
}

use Severity::{Cosmetic, Weakens};

/// A row of the table below: fields, what a difference in one of them does unless the object's kind says
/// that it blinds, and why.
type Row = (&'static [Kind], &'static [&'static str], Severity, &'static str);

const ALL: &[Kind] = Kind::ALL;
const ALARMS: &[Kind] = &[Kind::Alarm, Kind::CompositeAlarm];
const POLICIES: &[Kind] = &[Kind::KeyPolicy, Kind::BucketPolicy, Kind::TopicPolicy];

/// Every field of every kind. Whether a change blinds depends on both values and is asked of the kind
/// (`Resource::silences`); a field that never can stands here with what it does.
#[rustfmt::skip]
const EFFECTS: &[Row] = &[
    // What is there for people and for other tools.
    (ALL, &["tags", "description", "display_name"], Cosmetic, "labels differ"),
    (ALL, &["protect"], Weakens, "a plan that drops it would not keep it"),

    (&[Kind::Key], &["state"], Weakens, "it is not in the state that the spec says"),
    (&[Kind::Key], &["rotation", "rotation_days"], Weakens, "its key material is renewed otherwise"),
    (POLICIES, &["policy"], Weakens, "our statements in it are not as the spec says"),

    (&[Kind::Bucket], &["region"], Weakens, "log files are kept in another region"),
    (&[Kind::Bucket], &["public_access_blocked"], Weakens, "log files could be made public"),
    (&[Kind::Bucket], &["encryption"], Weakens, "new log files are encrypted otherwise"),
    (&[Kind::Bucket], &["bucket_key"], Cosmetic, "calls to KMS cost something else"),
    (&[Kind::Bucket], &["versioning", "object_lock"], Weakens, "log files can be overwritten or deleted otherwise"),
    (&[Kind::Bucket], &["object_ownership"], Weakens, "log files may belong to somebody else"),
    (&[Kind::Bucket], &["lifecycle"], Weakens, "log files are kept for another time"),
    (&[Kind::Bucket], &["access_logging"], Weakens, "who reads log files is written down otherwise"),

    (&[Kind::LogGroup], &["retention_days"], Weakens, "events are kept for another time"),
    (&[Kind::LogGroup], &["class"], Weakens, "metric filters may not work on it"),
    (&[Kind::LogGroup], &["deletion_protection"], Weakens, "it can be deleted otherwise"),
    (&[Kind::LogGroup, Kind::Trail, Kind::Topic], &["kms_key"], Weakens, "it encrypts with another key"),

    (&[Kind::Role], &["path", "trust", "policy", "permissions_boundary"], Weakens,
        "what it may do and who may assume it is not as the spec says"),

    (&[Kind::Trail], &["bucket", "prefix"], Weakens, "log files go elsewhere"),
    (&[Kind::Trail], &["log_file_validation"], Weakens, "nobody can tell whether log files were changed"),
    (&[Kind::Trail], &["multi_region", "global_service_events", "management_events", "excluded_sources", "data_events",
        "network_events", "insights", "organization", "logging"], Weakens, "it records other events than the spec says"),
    (&[Kind::Trail], &["selectors"], Cosmetic, "the same events are said in another form"),
    (&[Kind::Trail], &["cloudwatch_logs"], Weakens, "events go elsewhere, or with another role"),
    (&[Kind::Trail], &["sns_topic"], Weakens, "others are told of log files"),

    (&[Kind::MetricFilter], &["pattern"], Weakens, "it picks out other events than the spec says"),
    (&[Kind::MetricFilter], &["namespace", "metric", "value", "default_value", "unit", "dimensions"], Weakens,
        "it counts otherwise than the spec says"),

    (&[Kind::Topic], &["delivery_retry"], Weakens, "failed deliveries are tried again otherwise"),
    (&[Kind::Topic], &["delivery_status.application", "delivery_status.firehose", "delivery_status.http",
        "delivery_status.lambda", "delivery_status.sqs"], Weakens, "failed deliveries are written down otherwise"),
    (&[Kind::Topic], &["signature_version"], Weakens, "receivers check its messages otherwise"),
    (&[Kind::Topic], &["tracing"], Cosmetic, "traces differ"),
    (&[Kind::Topic], &["data_protection"], Weakens, "what messages may contain is not as the spec says"),

    (&[Kind::Subscription], &["protocol", "endpoint", "role", "raw_delivery", "filter_policy", "filter_scope"], Weakens,
        "alerts reach it otherwise"),
    (&[Kind::Subscription], &["dead_letter", "delivery_retry"], Weakens, "alerts that cannot be delivered are lost otherwise"),

    (&[Kind::Alarm], &["queries", "namespace", "metric", "dimensions", "unit"], Weakens, "it reads other data"),
    (&[Kind::Alarm], &["statistic", "period", "evaluation_periods", "datapoints_to_alarm", "threshold", "threshold_query",
        "operator", "missing_data", "low_sample_percentiles"], Weakens, "it fires for something else"),
    (&[Kind::CompositeAlarm], &["rule", "suppressor"], Weakens, "it fires for something else"),
    (ALARMS, &["actions_enabled", "notify", "notify_ok", "notify_insufficient_data"], Weakens, "it tells others"),
];

/// What a difference in one field does.
pub(super) fn of(kind: Kind, change: &Change) -> (Severity, &'static str) {
    let rows = EFFECTS
        .iter()
        .filter(|(kinds, fields, ..)| kinds.contains(&kind) && fields.contains(&change.field));
    match rows.map(|(_, _, severity, why)| (*severity, *why)).next() {
        Some((Weakens, _)) if change.field == "retention_days" && is_longer(change) => {
            (Cosmetic, "events are kept for longer")
        }
        Some(effect) => effect,
        // A test holds the table against the fields of all kinds.
        None => (Weakens, "it is not as the spec says"),
    }
}

/// True when what the account holds keeps events for longer than the spec asks for.
fn is_longer(change: &Change) -> bool {
    let days = |shown: &Shown| match shown {
        Shown::Plain(text) if text.starts_with("never") => Some(u32::MAX),
        Shown::Plain(text) => text.parse::<u32>().ok(),
        _ => None,
    };
    matches!((days(&change.before), days(&change.after)), (Some(account), Some(spec)) if account > spec)
}

#[cfg(test)]
mod tests {
    use trailwarden_spec::kinds::fields_of;

    use super::*;

    #[test]
    fn every_field_stands_in_the_table_once() {
        for kind in Kind::ALL {
            for field in fields_of(*kind) {
                let rows = EFFECTS
                    .iter()
                    .filter(|(kinds, fields, ..)| kinds.contains(kind) && fields.contains(field));
                assert_eq!(rows.count(), 1, "{kind}.{field}");
            }
        }
        for (kinds, fields, ..) in EFFECTS {
            for field in *fields {
                let has = |kind: &Kind| fields_of(*kind).contains(field);
                assert!(kinds.iter().any(has), "no kind has a field {field}");
                assert!(*kinds == ALL || kinds.iter().all(has), "{field}");
            }
        }
    }

    #[test]
    fn events_that_are_kept_for_longer_are_no_loss() {
        let change = |account: &str, spec: &str| Change {
            field: "retention_days",
            before: Shown::Plain(account.into()),
            after: Shown::Plain(spec.into()),
            verdict: trailwarden_spec::compare::Verdict::Differs,
        };
        for (account, spec, severity) in [
            ("365", "30", Cosmetic),
            ("never expires", "30", Cosmetic),
            ("30", "365", Weakens),
            ("30", "never expires", Weakens),
        ] {
            assert_eq!(
                of(Kind::LogGroup, &change(account, spec)).0,
                severity,
                "{account} {spec}"
            );
        }
    }
}
