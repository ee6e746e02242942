//! When a change blinds the watch, seen against the rest of the account.

use trailwarden_spec::kinds::{Alarm, MetricFilter, Trail};
use trailwarden_spec::live::Live;
use trailwarden_spec::{Kind, Object};

/// Kinds whose content follows from other objects of the spec: what is wanted serves all of them,
/// so that a change towards it cannot blind while those are as wanted, too.
pub(crate) fn is_derived(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::KeyPolicy | Kind::BucketPolicy | Kind::TopicPolicy | Kind::Role
    )
}

/// Why going from `before` to `after` blinds the watch, if it does.
///
/// A kind's own answer knows one object only. A filter and its alarms meet at a metric, and the spec
/// says which: moving there takes nothing away, it is the repair of a drift or both halves move.
/// Neither does leaving a log group that no filter watches. Asking consent for these would make
/// people give consent without thinking.
pub(crate) fn blinds(before: &Object, after: &Object, live: &Live) -> Option<String> {
    if is_derived(after.kind()) || is_silent(before) {
        return None;
    }
    let mut before = before.clone();
    match (&mut before, after) {
        (Object::MetricFilter(before), Object::MetricFilter(after)) => {
            before.namespace.clone_from(&after.namespace);
            before.metric.clone_from(&after.metric);
            before.dimensions.clone_from(&after.dimensions);
        }
        // Several metrics may feed one number, so that the loss of any of them asks for consent.
        (Object::Alarm(before), Object::Alarm(after))
            if before.queries.is_empty() && after.queries.is_empty() =>
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

/// What goes unnoticed while the account holds `live_object` instead of `wanted`, if anything does.
///
/// A filter and an alarm that meet at another metric than the spec's do their work there.
pub(crate) fn unnoticed(wanted: &Object, live_object: &Object, live: &Live) -> Option<String> {
    let mut wanted = wanted.clone();
    match (&mut wanted, live_object) {
        (Object::MetricFilter(wanted), Object::MetricFilter(held)) if alarms(live).any(|a| meet(held, a)) => {
            wanted.namespace.clone_from(&held.namespace);
            wanted.metric.clone_from(&held.metric);
            wanted.dimensions.clone_from(&held.dimensions);
        }
        (Object::Alarm(wanted), Object::Alarm(held))
            if wanted.queries.is_empty()
                && held.queries.is_empty()
                && filters(live).any(|f| meet(f, held)) =>
        {
            wanted.namespace.clone_from(&held.namespace);
            wanted.metric.clone_from(&held.metric);
            wanted.dimensions.clone_from(&held.dimensions);
        }
        _ => {}
    }
    wanted.silences(Some(live_object))
}

/// True when the alarm reads what the filter counts.
fn meet(filter: &MetricFilter, alarm: &Alarm) -> bool {
    alarm.sources().any(|source| {
        (source.namespace, source.metric) == (&filter.namespace, &filter.metric)
            && filter.dimensions.keys().eq(source.dimensions.keys())
    })
}

/// What records nothing or tells nobody cannot be silenced.
fn is_silent(object: &Object) -> bool {
    match object {
        Object::Trail(trail) => !trail.logging,
        Object::Alarm(alarm) => !alarm.actions_enabled,
        Object::CompositeAlarm(alarm) => !alarm.actions_enabled,
        _ => false,
    }
}

fn filters(live: &Live) -> impl Iterator<Item = &MetricFilter> {
    live.objects.values().filter_map(|found| match &found.value {
        Object::MetricFilter(filter) => Some(filter),
        _ => None,
    })
}

fn alarms(live: &Live) -> impl Iterator<Item = &Alarm> {
    live.objects.values().filter_map(|found| match &found.value {
        Object::Alarm(alarm) => Some(alarm),
        _ => None,
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
