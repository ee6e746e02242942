//! When a change blinds the watch, seen against the rest of the account.

use trailwarden_spec::kinds::{MetricFilter, Trail};
use trailwarden_spec::live::Live;
use trailwarden_spec::wanted::Stack;
use trailwarden_spec::{Kind, Object};

/// Kinds whose content follows from other objects of the spec: what is wanted serves all of them,
/// so that a change towards it cannot blind while those are as wanted, too.
pub(crate) fn is_derived(kind: Kind) -> bool {
    matches!(kind, Kind::BucketPolicy | Kind::TopicPolicy | Kind::Role)
}

/// Why going from `before` to `after` blinds the watch, if it does.
///
/// A kind's own answer knows one object only. Leaving a metric that no alarm reads, or a log group
/// that no filter watches, takes nothing away: it is the repair of a drift, and asking consent for
/// it would make people give consent without thinking.
pub(crate) fn blinds(before: &Object, after: &Object, live: &Live, stack: &Stack) -> Option<String> {
    if is_derived(after.kind()) || is_silent(before) {
        return None;
    }
    let mut before = before.clone();
    match (&mut before, after) {
        (Object::MetricFilter(before), Object::MetricFilter(after)) if !is_read(before, live) => {
            before.namespace.clone_from(&after.namespace);
            before.metric.clone_from(&after.metric);
            before.dimensions.clone_from(&after.dimensions);
        }
        (Object::Alarm(before), Object::Alarm(after))
            // Outside the stack's namespace data may come from anywhere.
            if before.namespace == stack.namespace && !filters(live).any(|f| f.feeds(&before.namespace, &before.metric)) =>
        {
            before.namespace.clone_from(&after.namespace);
            before.metric.clone_from(&after.metric);
            before.dimensions.clone_from(&after.dimensions);
        }
        (Object::Trail(before), Object::Trail(after)) if !is_watched(before, live) && delivers(after) => {
            before.delivery = after.delivery.clone();
        }
        _ => {}
    }
    before.silences(Some(after))
}

/// What records nothing or tells nobody cannot be silenced.
fn is_silent(object: &Object) -> bool {
    match object {
        Object::Trail(trail) => !trail.logging,
        Object::Alarm(alarm) => !alarm.actions_enabled,
        _ => false,
    }
}

/// Whether a filter makes a metric.
pub(crate) trait Feeds {
    /// True when matching events count into this metric.
    fn feeds(&self, namespace: &str, metric: &str) -> bool;
}

impl Feeds for MetricFilter {
    fn feeds(&self, namespace: &str, metric: &str) -> bool {
        self.namespace == namespace && self.metric == metric
    }
}

fn filters(live: &Live) -> impl Iterator<Item = &MetricFilter> {
    live.objects.values().filter_map(|found| match &found.value {
        Object::MetricFilter(filter) => Some(filter),
        _ => None,
    })
}

fn is_read(filter: &MetricFilter, live: &Live) -> bool {
    live.objects.values().any(|found| match &found.value {
        Object::Alarm(alarm) => filter.feeds(&alarm.namespace, &alarm.metric),
        _ => false,
    })
}

fn is_watched(trail: &Trail, live: &Live) -> bool {
    let group = trail
        .delivery
        .get()
        .and_then(Option::as_ref)
        .map(|delivery| delivery.log_group.name());
    filters(live).any(|filter| Some(filter.log_group.as_str()) == group)
}

fn delivers(trail: &Trail) -> bool {
    trail.delivery.get().is_some_and(Option::is_some)
}
