use std::collections::BTreeSet;

use serde::Serialize;

use crate::arn::Arn;
use crate::compare::{Compare, Comparison, Shown, Verdict};
use crate::leaf::{KeyRef, Managed, Selectors, Tags};
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

words! {
    /// The form in which a trail's event selectors are written: one or the other, the last put wins
    /// (AWS: "Logging data events").
    SelectorForm {
        /// Basic event selectors: data events of S3 objects, Lambda functions and `DynamoDB` tables.
        Basic = "basic",
        /// Advanced event selectors: data events of every resource type, network activity events,
        /// conditions.
        Advanced = "advanced",
    }
}

words! {
    /// What Insights looks for.
    Insight {
        /// An unusual number of calls that write (`ApiCallRateInsight`).
        CallRate = "api_call_rate",
        /// An unusual number of calls that fail (`ApiErrorRateInsight`).
        ErrorRate = "api_error_rate",
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
    /// Services whose management events are left out: `kms.amazonaws.com`, `rdsdata.amazonaws.com`.
    pub excluded_sources: BTreeSet<String>,
    /// Which data events are recorded; managed when written.
    pub data_events: Managed<Selectors>,
    /// Which network activity events are recorded; managed when written.
    pub network_events: Managed<Selectors>,
    /// The form of the selectors; what basic ones have no words for is advanced.
    pub selectors: Managed<SelectorForm>,
    /// What Insights looks for among management events; managed when written.
    pub insights: Managed<BTreeSet<Insight>>,
    /// The topic that is told of every log file, in whatever region; managed when written.
    pub sns_topic: Managed<Option<Arn>>,
    /// Records the events of all accounts of the organization.
    pub organization: bool,
    /// Recording (`StartLogging`); a new trail does not record until it is told to.
    pub logging: bool,
    /// Tags.
    pub tags: Tags,
}

impl Trail {
    /// A trail as monitoring needs it: of all regions, validated, of all management events, logging.
    #[must_use]
    pub fn new(name: impl Into<String>, bucket: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            bucket: bucket.into(),
            prefix: None,
            multi_region: true,
            global_service_events: true,
            log_file_validation: true,
            delivery: Managed::Leave,
            key: Managed::Leave,
            management_events: ManagementEvents::All,
            excluded_sources: BTreeSet::new(),
            data_events: Managed::Leave,
            network_events: Managed::Leave,
            selectors: Managed::Leave,
            insights: Managed::Leave,
            sns_topic: Managed::Leave,
            organization: false,
            logging: true,
            tags: Tags::default(),
        }
    }
}

impl Resource for Trail {
    const KIND: Kind = Kind::Trail;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn complete(self, live: Option<(&Self, &Facts)>) -> Self {
        let live = live.map(|(live, _)| live);
        let data_events = self
            .data_events
            .or_live(live.map(|l| &l.data_events), Selectors::default());
        let network_events = self
            .network_events
            .or_live(live.map(|l| &l.network_events), Selectors::default());
        let selectors = match (
            self.selectors.get().or(live.and_then(|l| l.selectors.get())),
            suit_basic(&data_events, &network_events),
        ) {
            (Some(SelectorForm::Advanced), _) | (_, false) => SelectorForm::Advanced,
            _ => SelectorForm::Basic,
        };
        Self {
            data_events,
            network_events,
            selectors: Managed::Set(selectors),
            insights: self.insights.or_live(live.map(|l| &l.insights), BTreeSet::new()),
            sns_topic: self.sns_topic.or_live(live.map(|l| &l.sns_topic), None),
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
            data_events,
            network_events,
            selectors,
            insights,
            sns_topic,
            organization,
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
        found.field("data_events", data_events, live.map(|l| &l.data_events));
        found.field("network_events", network_events, live.map(|l| &l.network_events));
        if live.is_some() || selectors.get() == Some(&SelectorForm::Advanced) {
            found.field("selectors", selectors, live.map(|l| &l.selectors));
        }
        if live.is_some() || insights.get().is_some_and(|insights| !insights.is_empty()) {
            found.field("insights", insights, live.map(|l| &l.insights));
        }
        found.field("sns_topic", sns_topic, live.map(|l| &l.sns_topic));
        if live.is_some() || *organization {
            found.field("organization", organization, live.map(|l| &l.organization));
        }
        found.field("logging", logging, live.map(|l| &l.logging));
        found.tags(tags, live.map(|l| &l.tags));
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
        if let Some(Some(topic)) = self.sns_topic.get()
            && scope.holds(topic)
        {
            needs.push(scope.address(Kind::Topic, topic.name()));
            needs.push(scope.address(Kind::TopicPolicy, topic.name()));
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
        if self.organization && !after.organization {
            return Some("events of the organization's other accounts go unnoticed".into());
        }
        for (before, after) in [
            (&self.data_events, &after.data_events),
            (&self.network_events, &after.network_events),
        ] {
            let (Some(before), Some(after)) = (before.get(), after.get()) else {
                continue;
            };
            if let Some(lost) = after.lost(before).first() {
                return Some(format!("these events may go unnoticed: {lost}"));
            }
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
        let basic = self.selectors.get() == Some(&SelectorForm::Basic);
        let kept = |desired: &Managed<Selectors>, live: &Managed<Selectors>| match desired {
            Managed::Leave => live.clone(),
            Managed::Set(_) => desired.clone(),
        };
        let data_events = kept(&self.data_events, &live.data_events);
        let network_events = kept(&self.network_events, &live.network_events);
        if basic && !suit_basic(&data_events, &network_events) {
            return Some(
                "it records events that basic selectors have no words for and of which the spec is silent; write \
                 `data_events` and `network_events`, empty or not, or take `selectors` away"
                    .into(),
            );
        }
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

/// True when basic selectors have words for all of it.
fn suit_basic(data_events: &Managed<Selectors>, network_events: &Managed<Selectors>) -> bool {
    data_events.get().is_none_or(Selectors::are_basic) && network_events.get().is_none_or(Selectors::is_empty)
}
