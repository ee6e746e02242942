//! The fields that plans show of each kind.

use super::Kind;

/// The fields that a plan can show of a kind. A test holds the list against the comparisons themselves.
#[must_use]
pub fn fields_of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::KeyPolicy | Kind::BucketPolicy | Kind::TopicPolicy => &["policy"],
        Kind::Key => &[
            "description",
            "state",
            "rotation",
            "rotation_days",
            "tags",
            "protect",
        ],
        Kind::Bucket => &[
            "region",
            "public_access_blocked",
            "encryption",
            "bucket_key",
            "versioning",
            "object_ownership",
            "lifecycle",
            "object_lock",
            "access_logging",
            "tags",
            "protect",
        ],
        Kind::LogGroup => &[
            "retention_days",
            "class",
            "deletion_protection",
            "kms_key",
            "tags",
            "protect",
        ],
        Kind::Role => &[
            "path",
            "trust",
            "policy",
            "permissions_boundary",
            "tags",
            "protect",
        ],
        Kind::Trail => &[
            "bucket",
            "prefix",
            "multi_region",
            "global_service_events",
            "log_file_validation",
            "cloudwatch_logs",
            "kms_key",
            "management_events",
            "excluded_sources",
            "data_events",
            "network_events",
            "selectors",
            "insights",
            "sns_topic",
            "organization",
            "logging",
            "tags",
            "protect",
        ],
        Kind::MetricFilter => &[
            "pattern",
            "namespace",
            "metric",
            "value",
            "default_value",
            "unit",
            "dimensions",
        ],
        Kind::Topic => &[
            "display_name",
            "kms_key",
            "delivery_retry",
            "delivery_status.application",
            "delivery_status.firehose",
            "delivery_status.http",
            "delivery_status.lambda",
            "delivery_status.sqs",
            "signature_version",
            "tracing",
            "data_protection",
            "tags",
            "protect",
        ],
        Kind::Subscription => &[
            "protocol",
            "endpoint",
            "role",
            "raw_delivery",
            "filter_policy",
            "filter_scope",
            "dead_letter",
            "delivery_retry",
        ],
        Kind::Alarm => &[
            "description",
            "queries",
            "namespace",
            "metric",
            "dimensions",
            "statistic",
            "period",
            "evaluation_periods",
            "datapoints_to_alarm",
            "threshold",
            "threshold_query",
            "operator",
            "missing_data",
            "unit",
            "low_sample_percentiles",
            "actions_enabled",
            "notify",
            "notify_ok",
            "notify_insufficient_data",
            "tags",
            "protect",
        ],
        Kind::CompositeAlarm => &[
            "description",
            "rule",
            "actions_enabled",
            "notify",
            "notify_ok",
            "notify_insufficient_data",
            "suppressor",
            "tags",
            "protect",
        ],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use super::*;
    use crate::kinds::DeliveryStatuses;

    /// Each `compare` destructures its struct, so that no field can be missing there.
    #[test]
    fn every_field_of_a_comparison_is_listed() {
        let mut compared: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/kinds");
        let read = |page: &str| std::fs::read_to_string(folder.join(page)).unwrap_or_default();
        for kind in Kind::ALL {
            let settings = read(&format!("{kind}_settings.rs")) + &read(&format!("{kind}/settings.rs"));
            let text = read(&format!("{kind}.rs")) + &settings;
            let found = compared.entry(kind.as_str()).or_default();
            for call in [".field(", ".note("] {
                for (at, _) in text.match_indices(call) {
                    let name = text[at + call.len()..].trim_start().strip_prefix('"');
                    found.extend(
                        name.and_then(|rest| rest.split('"').next())
                            .map(ToOwned::to_owned),
                    );
                }
            }
            if text.contains("found.tags(") {
                found.extend(["tags", "protect"].map(ToOwned::to_owned));
            }
        }
        let statuses = DeliveryStatuses::default();
        let statuses = statuses.all().map(|(field, ..)| field.to_owned());
        compared.entry("topic").or_default().extend(statuses);
        for kind in Kind::ALL {
            let listed: BTreeSet<String> = fields_of(*kind).iter().map(|f| (*f).to_owned()).collect();
            assert_eq!(compared[kind.as_str()], listed, "{kind}");
            assert_eq!(listed.len(), fields_of(*kind).len(), "{kind}: one is there twice");
        }
    }
}
