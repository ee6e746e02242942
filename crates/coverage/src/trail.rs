//! Controls on trails, their buckets, alarms and log groups.

use trailwarden_spec::kinds::{ManagementEvents, Trail};
use trailwarden_spec::leaf::{Managed, Retention, Selector};

use crate::chain::{Named, Spec, worst};
use crate::{Code, Found, Reason};

fn because(trail: &Named<'_, Trail>, code: Code, message: impl Into<String>) -> Reason {
    Reason::new(code, Some(trail.origin), message)
}

/// What keeps a trail from recording all management events of all regions.
pub(crate) fn all_events_of_all_regions(trail: &Named<'_, Trail>) -> Vec<Reason> {
    let mut reasons = in_all_regions(trail);
    if trail.object.management_events != ManagementEvents::All {
        let message = "it does not record all management events: write `management_events = \"all\"`";
        reasons.push(because(trail, Code::NotAllEvents, message));
    }
    reasons
}

/// What keeps a trail from recording in all regions.
fn in_all_regions(trail: &Named<'_, Trail>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if !trail.object.logging {
        let message = "it does not record: take `logging = false` away";
        reasons.push(because(trail, Code::NotLogging, message));
    }
    if !trail.object.multi_region {
        let message = "it records one region only: take `multi_region = false` away";
        reasons.push(because(trail, Code::OneRegion, message));
    }
    reasons
}

/// Whether a trail leaves out the service that a control is about.
pub(crate) fn leaves_out(trail: &Named<'_, Trail>, source: Option<&str>) -> Option<Reason> {
    let source = source.filter(|source| trail.object.excluded_sources.contains(*source))?;
    let message = format!("it leaves `{source}` out: take it out of `excluded_sources`");
    Some(because(trail, Code::ExcludedSource, message))
}

impl Spec<'_> {
    /// One trail of the spec without a reason is enough.
    fn one(&self, reasons: impl Fn(&Named<'_, Trail>) -> Vec<Reason>) -> Found {
        let mut found = Found::default();
        let mut ways: Vec<Vec<Reason>> = Vec::new();
        for trail in &self.trails {
            match reasons(trail) {
                none if none.is_empty() => found.by.push(trail.origin.to_owned()),
                some => ways.push(some),
            }
        }
        if found.by.is_empty() {
            let least = ways
                .into_iter()
                .min_by_key(|reasons| (worst(reasons), reasons.len()));
            found.reasons = least.unwrap_or_else(|| vec![no_trail()]);
        }
        found
    }

    /// Every trail of the spec must have none.
    fn each(&self, reasons: impl Fn(&Named<'_, Trail>) -> Vec<Reason>) -> Found {
        let mut found = Found::default();
        for trail in &self.trails {
            found.by.push(trail.origin.to_owned());
            found.reasons.extend(reasons(trail));
        }
        if self.trails.is_empty() {
            found.reasons.push(no_trail());
        }
        found
    }

    /// A trail records in all regions.
    pub(crate) fn records_everywhere(&self) -> Found {
        self.one(in_all_regions)
    }

    /// A trail records all management events of all regions.
    pub(crate) fn records_all(&self) -> Found {
        self.one(all_events_of_all_regions)
    }

    /// The same, and leaves no service out.
    pub(crate) fn records_all_of_all_services(&self) -> Found {
        self.one(|trail| {
            let mut reasons = all_events_of_all_regions(trail);
            for source in &trail.object.excluded_sources {
                reasons.extend(leaves_out(trail, Some(source)));
            }
            reasons
        })
    }

    /// A trail records.
    pub(crate) fn records(&self) -> Found {
        self.one(|trail| {
            let mut reasons = in_all_regions(trail);
            reasons.retain(|reason| reason.code == Code::NotLogging);
            reasons
        })
    }

    /// Each trail writes digests.
    pub(crate) fn validates(&self) -> Found {
        self.each(|trail| match trail.object.log_file_validation {
            true => Vec::new(),
            false => {
                let message = "it writes no digests: take `log_file_validation = false` away";
                vec![because(trail, Code::NoValidation, message)]
            }
        })
    }

    /// Each trail encrypts with a KMS key.
    pub(crate) fn encrypts(&self) -> Found {
        self.each(|trail| match &trail.object.key {
            Managed::Set(Some(_)) => Vec::new(),
            Managed::Set(None) => vec![because(
                trail,
                Code::NoKey,
                "its log files have no key: write `kms_key = \"LABEL\"`",
            )],
            Managed::Leave => vec![because(
                trail,
                Code::NoKey,
                "the spec names no key for its log files: write `kms_key = \"LABEL\"`",
            )],
        })
    }

    /// Each trail delivers to a log group.
    pub(crate) fn delivers(&self) -> Found {
        self.each(|trail| match trail.object.delivery.get() {
            Some(Some(_)) => Vec::new(),
            _ => vec![because(
                trail,
                Code::NoLogGroup,
                "it delivers to no log group: write `log_group = \"LABEL\"`",
            )],
        })
    }

    /// Each trail's bucket is closed to the public.
    pub(crate) fn is_private(&self) -> Found {
        self.each(|trail| {
            let bucket = self.bucket(trail);
            // A bucket of the spec always has its public access block.
            bucket.err().into_iter().collect()
        })
    }

    /// Access to each trail's bucket is logged.
    pub(crate) fn logs_access(&self) -> Found {
        self.each(|trail| match self.bucket(trail) {
            Err(reason) => vec![reason],
            Ok((_, true)) => Vec::new(),
            Ok((origin, false)) => {
                let message = "access to it is not logged: write `access_logging = { bucket = \"LABEL\" }`";
                vec![Reason::new(Code::NoAccessLogging, Some(origin), message)]
            }
        })
    }

    /// The bucket of a trail, by what people call it, and whether access to it is logged.
    fn bucket(&self, trail: &Named<'_, Trail>) -> Result<(&str, bool), Reason> {
        let name = &trail.object.bucket;
        let found = self.buckets.iter().find(|bucket| bucket.object.name == *name);
        let bucket = found.ok_or_else(|| {
            let message = format!("its bucket `{name}` is not the spec's: its settings are not known");
            because(trail, Code::BucketElsewhere, message)
        })?;
        let logged = matches!(bucket.object.access_logging.get(), Some(Some(_)));
        Ok((bucket.origin, logged))
    }

    /// A trail of all regions records what is done with S3 objects, in all buckets.
    pub(crate) fn records_objects(&self, read_only: bool) -> Found {
        self.one(|trail| {
            let mut reasons = in_all_regions(trail);
            let selectors = trail.object.data_events.get();
            let all = |selector: &Selector| is_of_all_objects(selector, read_only);
            if !selectors.is_some_and(|selectors| selectors.as_slice().iter().any(all)) {
                let events = if read_only { "read" } else { "write" };
                let message = format!(
                    "it does not record all S3 objects: write `data_events` of `AWS::S3::Object` with `events = \"{events}\"`"
                );
                reasons.push(because(trail, Code::NoObjectEvents, message));
            }
            reasons
        })
    }

    /// Each alarm of the spec notifies somebody.
    pub(crate) fn alarms_act(&self) -> Found {
        self.each_alarm(|alarm| match alarm.alarm_actions.is_empty() {
            false => None,
            true => Some((Code::NoTopic, "it notifies nobody: write `notify = [\"TOPIC\"]`")),
        })
    }

    /// Each alarm of the spec has its actions on.
    pub(crate) fn alarms_are_on(&self) -> Found {
        self.each_alarm(|alarm| match alarm.actions_enabled {
            true => None,
            false => Some((
                Code::ActionsOff,
                "its actions are off: take `actions_enabled = false` away",
            )),
        })
    }

    fn each_alarm(
        &self,
        reason: impl Fn(&trailwarden_spec::kinds::Alarm) -> Option<(Code, &'static str)>,
    ) -> Found {
        let mut found = Found::default();
        for alarm in &self.alarms {
            found.by.push(alarm.origin.to_owned());
            let reason = reason(alarm.object);
            let reason = reason.map(|(code, message)| Reason::new(code, Some(alarm.origin), message));
            found.reasons.extend(reason);
        }
        if self.alarms.is_empty() {
            let message = "the spec has no alarm: write a `[rule.LABEL]`, or `[pack.cis]`";
            found.reasons.push(Reason::new(Code::NoAlarms, None, message));
        }
        found
    }

    /// Each log group of the spec keeps its events for a year.
    pub(crate) fn keeps(&self) -> Found {
        let mut found = Found::default();
        for group in &self.groups {
            found.by.push(group.origin.to_owned());
            let reason = match group.object.retention {
                Managed::Set(Retention::Never) => None,
                Managed::Set(Retention::Days(days)) if days >= 365 => None,
                Managed::Set(Retention::Days(days)) => Some((
                    Code::ShortRetention,
                    format!("it keeps events for {days} days: write `retention_days = 365`"),
                )),
                Managed::Leave => Some((
                    Code::UnsaidRetention,
                    "the spec does not say how long it keeps events: write `retention_days = 365`".into(),
                )),
            };
            let reason = reason.map(|(code, message)| Reason::new(code, Some(group.origin), message));
            found.reasons.extend(reason);
        }
        found
    }
}

/// True when a selector records what reads, or what writes, in all buckets. What it leaves out by the
/// beginning of an ARN are the buckets of logs, whose deliveries would feed on themselves.
fn is_of_all_objects(selector: &Selector, read_only: bool) -> bool {
    let word = if read_only { "true" } else { "false" };
    selector
        .conditions
        .iter()
        .all(|(field, conditions)| match field.as_str() {
            "resources.type" => conditions.pass("AWS::S3::Object"),
            "readOnly" => conditions.pass(word),
            "resources.ARN" => {
                conditions.equals.is_empty()
                    && conditions.starts_with.is_empty()
                    && conditions.ends_with.is_empty()
            }
            _ => false,
        })
}

fn no_trail() -> Reason {
    let message = "the spec has no trail: whether there is another one is not the spec's to say";
    Reason::new(Code::NoTrail, None, message)
}
