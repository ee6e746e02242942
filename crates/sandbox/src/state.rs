//! The state of a sandbox, as it is in memory and in the file.
//!
//! Times are milliseconds since 1970. Everything that has a name is in a `BTreeMap`, so that the
//! file is stable and its differences can be read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::lag::Lag;
use crate::life::clock::SetClock;
use crate::life::metrics::{self, Metric};
use crate::life::outgoing::Outgoing;
use crate::vault::Vault;

/// The number of the file format that this version reads and writes.
pub(crate) const FORMAT: u32 = 1;

pub(crate) type Tags = BTreeMap<String, String>;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) sandbox_format: u32,
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) accounts: BTreeMap<String, Account>,
    /// Where bodies, log events and records are; the store gives it.
    #[serde(skip)]
    pub(crate) vault: Vault,
    /// None while the clock is that of the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) clock: Option<SetClock>,
    /// None while reads see what was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lag: Option<Lag>,
    /// Until when all that happens by itself has happened; zero where nothing can have yet.
    #[serde(default, skip_serializing_if = "is_no_time")]
    pub(crate) lived: i64,
    /// What people and endpoints outside were sent, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) inbox: Vec<Notice>,
    /// What is still to be sent, for as long as a call lasts.
    #[serde(skip)]
    pub(crate) outgoing: Vec<Outgoing>,
}

impl State {
    pub(crate) fn new() -> State {
        State {
            sandbox_format: FORMAT,
            id: format!("sandbox-{:016x}", fastrand::u64(..)),
            accounts: BTreeMap::new(),
            vault: Vault::default(),
            clock: None,
            lag: None,
            lived: 0,
            inbox: Vec::new(),
            outgoing: Vec::new(),
        }
    }

    pub(crate) fn account(&mut self, id: &str) -> &mut Account {
        self.accounts.entry(id.to_owned()).or_default()
    }

    pub(crate) fn region(&mut self, account: &str, region: &str) -> &mut Region {
        self.account(account)
            .regions
            .entry(region.to_owned())
            .or_default()
    }

    pub(crate) fn find_region(&self, account: &str, region: &str) -> Option<&Region> {
        self.accounts.get(account)?.regions.get(region)
    }

    /// Finds a bucket by its name, which is unique over all accounts, with its owner.
    pub(crate) fn find_bucket(&self, name: &str) -> Option<(&str, &Bucket)> {
        self.accounts
            .iter()
            .find_map(|(id, account)| Some((id.as_str(), account.buckets.get(name)?)))
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Account {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) roles: BTreeMap<String, Role>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) buckets: BTreeMap<String, Bucket>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) regions: BTreeMap<String, Region>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Region {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) trails: BTreeMap<String, Trail>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) log_groups: BTreeMap<String, LogGroup>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) alarms: BTreeMap<String, Alarm>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) topics: BTreeMap<String, Topic>,
    /// By their ids.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) keys: BTreeMap<String, KmsKey>,
    /// By their names, which begin with `alias/`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) aliases: BTreeMap<String, KmsAlias>,
    /// In the order they were made; a topic of this region each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) subscriptions: Vec<Subscription>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) queues: BTreeMap<String, Queue>,
    /// Sorted by namespace, name and dimensions. Shared with the state before, so that a copy of
    /// the state costs little.
    #[serde(skip_serializing_if = "Vec::is_empty", with = "metrics::shared")]
    pub(crate) metrics: Vec<std::sync::Arc<Metric>>,
    /// Of all alarms, also deleted ones, the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) alarm_history: Vec<HistoryItem>,
}

/// What became of a message that left the account, or should have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub(crate) at: i64,
    pub(crate) topic: String,
    pub(crate) protocol: String,
    pub(crate) endpoint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    /// Why nobody got it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct HistoryItem {
    pub(crate) at: i64,
    pub(crate) alarm: String,
    pub(crate) composite: bool,
    /// `ConfigurationUpdate`, `StateUpdate` or `Action`.
    pub(crate) kind: String,
    pub(crate) summary: String,
    pub(crate) data: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Queue {
    /// Those that were set, by the names that the API has for them.
    pub(crate) attributes: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tags: BTreeMap<String, String>,
    /// The oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) messages: Vec<QueueMessage>,
    /// How many messages ever came: what makes their ids differ.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) sent: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct QueueMessage {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) sender: String,
    pub(crate) sent: i64,
    /// From when on it can be received.
    pub(crate) visible: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) received: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_received: Option<i64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) attributes: BTreeMap<String, MessageAttribute>,
}

/// An attribute of a message, of SNS and SQS alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct MessageAttribute {
    /// `String`, `Number`, `Binary`, `String.Array`, or one of them with a label.
    pub(crate) kind: String,
    /// In base 64 if it is binary.
    pub(crate) value: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Role {
    pub(crate) id: String,
    pub(crate) path: String,
    pub(crate) trust: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    pub(crate) max_session: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) boundary: Option<String>,
    pub(crate) created: i64,
    pub(crate) tags: Tags,
    pub(crate) inline: BTreeMap<String, String>,
    /// The ARNs of the managed policies.
    pub(crate) attached: std::collections::BTreeSet<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Bucket {
    pub(crate) region: String,
    pub(crate) created: i64,
    /// None after `DeletePublicAccessBlock`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) public_access_block: Option<PublicAccessBlock>,
    pub(crate) encryption: Encryption,
    /// `Enabled` or `Suspended`; None if it never was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) versioning: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ownership: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lifecycle: Option<Lifecycle>,
    /// The document as it was put; None while Object Lock is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) object_lock: Option<String>,
    /// The document as it was put; None while nothing is logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) logging: Option<String>,
    pub(crate) tags: Tags,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) objects: BTreeMap<String, Object>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Lifecycle {
    /// As it was put.
    pub(crate) document: String,
    /// Which objects are too small to be moved, unless a rule says so.
    pub(crate) least_size: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PublicAccessBlock {
    pub(crate) block_public_acls: bool,
    pub(crate) ignore_public_acls: bool,
    pub(crate) block_public_policy: bool,
    pub(crate) restrict_public_buckets: bool,
}

impl PublicAccessBlock {
    pub(crate) const ALL: PublicAccessBlock = PublicAccessBlock {
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
    };
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Encryption {
    pub(crate) algorithm: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    #[serde(default)]
    pub(crate) bucket_key: bool,
}

impl Default for Encryption {
    /// What S3 has applied to every new bucket since January 2023.
    fn default() -> Encryption {
        Encryption {
            algorithm: "AES256".to_owned(),
            key: None,
            bucket_key: false,
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Object {
    pub(crate) size: usize,
    pub(crate) etag: String,
    pub(crate) modified: i64,
    /// The body, in the vault.
    pub(crate) blob: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_encoding: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Trail {
    pub(crate) bucket: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prefix: Option<String>,
    /// As it was given: a name or an ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) topic: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log_group_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log_role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    pub(crate) global_events: bool,
    pub(crate) multi_region: bool,
    pub(crate) validation: bool,
    pub(crate) organization: bool,
    pub(crate) tags: Tags,
    pub(crate) selectors: Selectors,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) insights: Vec<Value>,
    pub(crate) logging: bool,
    pub(crate) created: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) started: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stopped: Option<i64>,
    /// The parts of the journal that it recorded and that may not be delivered yet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) spans: Vec<Span>,
    pub(crate) deliveries: Deliveries,
}

/// From a `StartLogging` to the `StopLogging` after it, both of them in, as places in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Span {
    pub(crate) from: u64,
    /// Where the record of `StopLogging` begins; None while the trail logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last: Option<u64>,
}

/// What became of a trail's deliveries.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Deliveries {
    /// The place in the journal up to which the bucket has the records.
    pub(crate) bucket_at: u64,
    /// The place in the journal up to which the log group has them, or never will.
    pub(crate) group_at: u64,
    pub(crate) bucket: Outcome,
    /// The same of the regions other than the trail's own, of which something was recorded.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) elsewhere: BTreeMap<String, Outcome>,
    pub(crate) group: Outcome,
    pub(crate) topic: Outcome,
}

/// The last try, and the last that succeeded.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Outcome {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tried: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) succeeded: Option<i64>,
    /// Why the last try failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

impl Outcome {
    pub(crate) fn note(&mut self, time: i64, error: Option<String>) {
        self.tried = Some(time);
        if error.is_none() {
            self.succeeded = Some(time);
        }
        self.error = error;
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct KmsKey {
    pub(crate) created: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) description: String,
    /// `Enabled`, `Disabled` or `PendingDeletion`.
    pub(crate) state: String,
    pub(crate) usage: String,
    pub(crate) spec: String,
    pub(crate) policy: String,
    /// None while rotation is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rotation_days: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deletion: Option<i64>,
    pub(crate) tags: Tags,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct KmsAlias {
    /// The id of a key of the same region.
    pub(crate) key: String,
    pub(crate) created: i64,
}

/// The selectors of a trail: basic and advanced exclude each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Selectors {
    Basic(Vec<BasicSelector>),
    Advanced(Vec<Value>),
}

impl Default for Selectors {
    fn default() -> Selectors {
        Selectors::Basic(vec![BasicSelector::default()])
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct BasicSelector {
    pub(crate) read_write: String,
    pub(crate) management: bool,
    #[serde(default)]
    pub(crate) data: Vec<DataResource>,
    #[serde(default)]
    pub(crate) exclude: Vec<String>,
}

impl Default for BasicSelector {
    fn default() -> BasicSelector {
        BasicSelector {
            read_write: "All".to_owned(),
            management: true,
            data: Vec::new(),
            exclude: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DataResource {
    pub(crate) kind: String,
    pub(crate) values: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LogGroup {
    pub(crate) class: String,
    pub(crate) created: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retention_days: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    pub(crate) deletion_protection: bool,
    pub(crate) tags: Tags,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) filters: BTreeMap<String, MetricFilter>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) streams: BTreeMap<String, LogStream>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct MetricFilter {
    pub(crate) pattern: String,
    pub(crate) created: i64,
    pub(crate) metric_name: String,
    pub(crate) metric_namespace: String,
    pub(crate) metric_value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default_value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) dimensions: BTreeMap<String, String>,
    pub(crate) on_transformed_logs: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field_selection: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) system_dimensions: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LogStream {
    pub(crate) created: i64,
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_event: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_event: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_ingestion: Option<i64>,
    /// Its events, in the order they came.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) chunks: Vec<Chunk>,
}

/// Log events that came together; the blob holds a line of JSON for each.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Chunk {
    pub(crate) blob: String,
    pub(crate) events: u64,
    /// The earliest and the latest time of an event.
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) ingested: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Alarm {
    pub(crate) configured: i64,
    pub(crate) tags: Tags,
    pub(crate) state: String,
    pub(crate) reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason_data: Option<String>,
    /// When the state was last set, and when it last became another one.
    pub(crate) updated: i64,
    pub(crate) transitioned: i64,
    /// The state before the last change.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) before: String,
    /// Of a composite alarm with a suppressor, once it was evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) suppression: Option<trailwarden_alarm::Suppression>,
    pub(crate) settings: AlarmSettings,
}

/// What `PutMetricAlarm` or `PutCompositeAlarm` replaces as a whole, under AWS's own names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct AlarmSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) alarm_description: Option<String>,
    pub(crate) actions_enabled: bool,
    #[serde(rename = "OKActions")]
    pub(crate) ok_actions: Vec<String>,
    pub(crate) alarm_actions: Vec<String>,
    pub(crate) insufficient_data_actions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metric_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) statistic: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) extended_statistic: Option<String>,
    pub(crate) dimensions: Vec<Dimension>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) period: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) evaluation_periods: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) datapoints_to_alarm: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) threshold: Option<f64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) comparison_operator: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) treat_missing_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) evaluate_low_sample_count_percentile: Option<String>,
    /// Metric math is kept as it came.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) metrics: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) threshold_metric_id: Option<String>,
    /// Of a composite alarm, which has nothing of a metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) alarm_rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) actions_suppressor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) actions_suppressor_wait_period: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) actions_suppressor_extension_period: Option<i32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Dimension {
    pub(crate) name: String,
    pub(crate) value: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Topic {
    pub(crate) created: i64,
    pub(crate) tags: Tags,
    /// What was set; defaults are not stored.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) attributes: BTreeMap<String, String>,
    /// Empty where there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) data_protection: String,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) published: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Subscription {
    pub(crate) arn: String,
    pub(crate) topic: String,
    pub(crate) owner: String,
    pub(crate) protocol: String,
    pub(crate) endpoint: String,
    pub(crate) created: i64,
    /// Present while the subscription waits for confirmation: what AWS would have sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deleted: Option<i64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) authenticated: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) attributes: BTreeMap<String, String>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn is_no_time(time: &i64) -> bool {
    *time == 0
}
