use std::collections::BTreeSet;

use serde::Serialize;

use crate::arn::Arn;
use crate::compare::{Compare, Comparison, Shown, Verdict};
use crate::leaf::{KeyRef, Managed, Tags};
use crate::live::Facts;
use crate::{Address, Kind, Scope};

use super::{Resource, key_and_policy, words};

words! {
    /// Which management events a trail records (the `ReadWriteType` of its selectors).
    ManagementEvents {
        /// None; `CloudTrail` takes that only of a trail that records data events.
        None = "none",
        /// Calls that read.
        Read = "read",
        /// Calls that change something.
        Write = "write",
        /// All of them.
        All = "all",
    }
}

/// Where a trail delivers to in `CloudWatch` Logs. The API takes the pair or neither
/// (terraform-provider-aws#148).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// The log group, compared without its `:*`.
    pub log_group: Arn,
    /// The role that `CloudTrail` assumes.
    pub role: Arn,
}

impl Compare for Delivery {
    fn verdict(&self, live: &Self) -> Verdict {
        if self == live {
            Verdict::Same
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        let pairs = [("log_group", &self.log_group), ("role", &self.role)];
        Shown::Map(
            pairs
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v.to_string()))
                .collect(),
        )
    }
}

/// A `CloudTrail` trail, seen from its home region.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trail {
    /// 3 to 128 of `[A-Za-z0-9._-]`.
    pub name: String,
    /// The bucket's name.
    pub bucket: String,
    /// What log files' keys begin with, before `AWSLogs/`; enforced, also its absence.
    pub prefix: Option<String>,
    /// Records the events of all regions.
    pub multi_region: bool,
    /// Records the events of global services such as IAM; a multi-region trail must.
    pub global_service_events: bool,
    /// Delivers digests with which log files can be proved unchanged.
    pub log_file_validation: bool,
    /// Delivery to a log group; a spec's silence leaves it (and is refused where it is on).
    pub delivery: Managed<Option<Delivery>>,
    /// The KMS key that log files are encrypted with; managed when written, a new trail has none.
    pub key: Managed<Option<KeyRef>>,
    /// Which management events are recorded.
    pub management_events: ManagementEvents,
    /// Services whose management events are left out; a spec leaves out none.
    pub excluded_sources: BTreeSet<String>,
    /// Recording (`StartLogging`); a new trail does not record until it is told to.
    pub logging: bool,
    /// Tags.
    pub tags: Tags,
}

impl Resource for Trail {
    const KIND: Kind = Kind::Trail;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn complete(self, live: Option<(&Self, &Facts)>) -> Self {
        let live = live.map(|(live, _)| live);
        Self {
            delivery: self.delivery.or_live(live.map(|l| &l.delivery), None),
            key: self.key.or_live(live.map(|l| &l.key), None),
            tags: self.tags.complete(live.map(|l| &l.tags)),
            ..self
        }
    }

    fn compare(&self, live: Option<&Self>, found: &mut Comparison) {
        let Self {
            name: _,
            bucket,
            prefix,
            multi_region,
            global_service_events,
            log_file_validation,
            delivery,
            key,
            management_events,
            excluded_sources,
            logging,
            tags,
        } = self;
        found.field("bucket", bucket, live.map(|l| &l.bucket));
        found.field("prefix", prefix, live.map(|l| &l.prefix));
        found.field("multi_region", multi_region, live.map(|l| &l.multi_region));
        found.field(
            "global_service_events",
            global_service_events,
            live.map(|l| &l.global_service_events),
        );
        found.field(
            "log_file_validation",
            log_file_validation,
            live.map(|l| &l.log_file_validation),
        );
        found.field("cloudwatch_logs", delivery, live.map(|l| &l.delivery));
        found.field("kms_key", key, live.map(|l| &l.key));
        found.field(
            "management_events",
            management_events,
            live.map(|l| &l.management_events),
        );
        if live.is_some() || !excluded_sources.is_empty() {
            found.field(
                "excluded_sources",
                excluded_sources,
                live.map(|l| &l.excluded_sources),
            );
        }
        found.field("logging", logging, live.map(|l| &l.logging));
        found.field("tags", tags, live.map(|l| &l.tags));
    }

    fn needs(&self, scope: &Scope) -> Vec<Address> {
        let mut needs = vec![
            scope.address(Kind::Bucket, self.bucket.as_str()),
            scope.address(Kind::BucketPolicy, self.bucket.as_str()),
        ];
        if let Some(Some(Delivery { log_group, role })) = self.delivery.get() {
            needs.push(scope.address(Kind::LogGroup, log_group.name()));
            needs.push(scope.address(Kind::Role, role.name()));
        }
        needs.extend(key_and_policy(self.key.get().and_then(Option::as_ref), scope));
        needs
    }

    fn silences(&self, after: Option<&Self>) -> Option<String> {
        let Some(after) = after else {
            return Some("no call is recorded by it any more".into());
        };
        if self.logging && !after.logging {
            return Some("nothing is recorded while logging is off".into());
        }
        if self.multi_region && !after.multi_region {
            return Some("events of all other regions go unnoticed".into());
        }
        if self.global_service_events && !after.global_service_events {
            return Some("calls to IAM and other global services go unnoticed".into());
        }
        if self.management_events != after.management_events
            && after.management_events != ManagementEvents::All
        {
            return Some(match after.management_events {
                ManagementEvents::None => "no management event is recorded".into(),
                ManagementEvents::Read => "calls that change something go unnoticed".into(),
                _ => "calls that only read go unnoticed".into(),
            });
        }
        let excluded: Vec<_> = after
            .excluded_sources
            .difference(&self.excluded_sources)
            .cloned()
            .collect();
        if !excluded.is_empty() {
            return Some(format!("calls to {} go unnoticed", excluded.join(", ")));
        }
        let delivers = |trail: &Self| trail.delivery.get().cloned().flatten();
        match (delivers(self), delivers(after)) {
            (Some(_), None) => Some("no event reaches the log group, so no rule can fire".into()),
            (Some(before), Some(after)) if before.log_group != after.log_group => {
                Some("events go to another log group than the one that the rules watch".into())
            }
            _ => None,
        }
    }

    fn refuses(&self, live: &Self, _facts: &Facts) -> Option<String> {
        let delivery = live.delivery.get()?.as_ref()?;
        matches!(self.delivery, Managed::Leave).then(|| {
            format!(
                "it delivers to the log group `{}` and the spec does not say so; write `log_group` to keep it or \
                 `cloudwatch_logs = false` to switch it off",
                delivery.log_group.name()
            )
        })
    }

    fn tags(&self) -> Option<&Tags> {
        Some(&self.tags)
    }
}
