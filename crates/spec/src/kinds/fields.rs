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

    /// The kinds' source text, by the name of the page.
    fn pages(folder: &Path) -> Vec<(String, String)> {
        let mut pages = Vec::new();
        let mut open = vec![folder.to_owned()];
        while let Some(path) = open.pop() {
            if path.is_dir() {
                let entries = std::fs::read_dir(&path).expect("a folder");
                open.extend(entries.map(|entry| entry.expect("an entry").path()));
            } else {
                let page = path.strip_prefix(folder).expect("below it").with_extension("");
                let page = page.iter().next().expect("a name").to_string_lossy().into_owned();
                pages.push((page, std::fs::read_to_string(&path).expect("source text")));
            }
        }
        pages
    }

    /// Reads the fields off the comparisons of the kinds: each `compare` destructures its struct, so that
    /// none can be missing there.
    #[test]
    fn every_field_of_a_comparison_is_listed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/kinds");
        let mut compared: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut others: BTreeSet<(String, String)> = BTreeSet::new();
        for (page, text) in pages(&folder) {
            let kind = match page.as_str() {
                "fields" => continue,
                "subscription_settings" => "subscription",
                page => page,
            };
            for call in [".field(", ".note("] {
                for (at, _) in text.match_indices(call) {
                    let argument = text[at + call.len()..].trim_start();
                    let end = argument.find(',').expect("a second argument");
                    match argument[..end].strip_prefix('"') {
                        Some(name) => compared
                            .entry(kind.to_owned())
                            .or_default()
                            .insert(name.trim_end_matches('"').to_owned()),
                        None => others.insert((kind.to_owned(), argument[..end].to_owned())),
                    };
                }
            }
            if text.contains("found.tags(") {
                let found = compared.entry(kind.to_owned()).or_default();
                found.extend(["tags", "protect"].map(ToOwned::to_owned));
            }
        }
        // Names that are no literals: what an alarm on one metric hands on, and delivery statuses.
        let handed_on = [("alarm", "name"), ("topic", "field")];
        let handed_on = handed_on.map(|(kind, name)| (kind.to_owned(), name.to_owned()));
        assert_eq!(
            others,
            BTreeSet::from(handed_on),
            "names that this test cannot read"
        );
        let statuses = DeliveryStatuses::default();
        let statuses = statuses.all().map(|(field, ..)| field.to_owned());
        compared.entry("topic".to_owned()).or_default().extend(statuses);

        let listed = |kind: &Kind| fields_of(*kind).iter().map(|field| (*field).to_owned());
        let all = Kind::ALL
            .iter()
            .map(|kind| (kind.to_string(), listed(kind).collect()));
        assert_eq!(compared, all.collect::<BTreeMap<String, BTreeSet<String>>>());
        for kind in Kind::ALL {
            let once: BTreeSet<String> = listed(kind).collect();
            assert_eq!(once.len(), fields_of(*kind).len(), "{kind}: one is there twice");
        }
    }
}
