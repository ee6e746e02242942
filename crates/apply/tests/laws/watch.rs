//! What a working watch is, said without the code under test: the links that are in place, and the
//! whole chains from a call to a human.

use std::collections::BTreeSet;

use trailwarden_spec::kinds::{Alarm, CompositeAlarm, ManagementEvents, MetricFilter, Trail, Unit};
use trailwarden_spec::live::Found;
use trailwarden_spec::{Address, Kind, Object};

use crate::world::World;

/// What belongs to others is theirs to break.
fn ours<'a>(world: &'a World, theirs: &'a BTreeSet<Address>) -> impl Iterator<Item = &'a Found> {
    world
        .objects
        .iter()
        .filter(|(address, _)| !theirs.contains(address))
        .map(|(_, found)| found)
}

fn trails<'a>(world: &'a World, theirs: &'a BTreeSet<Address>) -> impl Iterator<Item = &'a Trail> {
    ours(world, theirs).filter_map(|found| match &found.value {
        Object::Trail(trail) if trail.logging => Some(trail),
        _ => None,
    })
}

fn filters<'a>(world: &'a World, theirs: &'a BTreeSet<Address>) -> impl Iterator<Item = &'a MetricFilter> {
    ours(world, theirs).filter_map(|found| match &found.value {
        Object::MetricFilter(filter) if filter.value != "0" => Some(filter),
        _ => None,
    })
}

fn alarms<'a>(world: &'a World, theirs: &'a BTreeSet<Address>) -> impl Iterator<Item = &'a Alarm> {
    ours(world, theirs).filter_map(|found| match &found.value {
        Object::Alarm(alarm) if alarm.actions_enabled => Some(alarm),
        _ => None,
    })
}

fn composites<'a>(
    world: &'a World,
    theirs: &'a BTreeSet<Address>,
) -> impl Iterator<Item = &'a CompositeAlarm> {
    ours(world, theirs).filter_map(|found| match &found.value {
        Object::CompositeAlarm(alarm) if alarm.actions_enabled => Some(alarm),
        _ => None,
    })
}

fn subscriptions<'a>(world: &'a World, topic: &'a str) -> impl Iterator<Item = String> + 'a {
    world
        .objects
        .values()
        .filter_map(move |found| match &found.value {
            Object::Subscription(s) if s.topic == topic => Some(s.endpoint.reveal().to_owned()),
            _ => None,
        })
}

fn group(trail: &Trail) -> Option<&str> {
    trail
        .delivery
        .get()
        .and_then(Option::as_ref)
        .map(|delivery| delivery.log_group.name())
}

fn reads(alarm: &Alarm, filter: &MetricFilter) -> bool {
    (&alarm.namespace, &alarm.metric) == (&filter.namespace, &filter.metric)
        && alarm.dimensions.is_empty()
        && filter.dimensions.is_empty()
        && (alarm.unit == Unit::None || alarm.unit == filter.unit)
}

/// The objects of an account that are not the stack's.
pub(crate) fn theirs(world: &World) -> BTreeSet<Address> {
    let ours = |address: &Address| world.view(address).is_some_and(|found| found.owner.is_ours());
    world
        .objects
        .keys()
        .filter(|address| !ours(address))
        .cloned()
        .collect()
}

/// Every single link that is in place.
pub(crate) fn links(world: &World, theirs: &BTreeSet<Address>) -> BTreeSet<String> {
    let mut links = BTreeSet::new();
    for trail in trails(world, theirs) {
        let name = &trail.name;
        links.insert(format!("{name} records"));
        let flags = [
            (trail.multi_region, "all regions"),
            (trail.global_service_events, "global services"),
            (
                matches!(
                    trail.management_events,
                    ManagementEvents::All | ManagementEvents::Write
                ),
                "writes",
            ),
            (
                matches!(
                    trail.management_events,
                    ManagementEvents::All | ManagementEvents::Read
                ),
                "reads",
            ),
            (!trail.excluded_sources.contains("kms.amazonaws.com"), "kms"),
        ];
        links.extend(
            flags
                .iter()
                .filter(|(on, _)| *on)
                .map(|(_, what)| format!("{name} records {what}")),
        );
        if world.files_arrive(trail) {
            links.insert(format!("{name} delivers files"));
        }
        if world.events_arrive(trail) {
            let watching = filters(world, theirs).filter(|filter| group(trail) == Some(&filter.log_group));
            links.extend(watching.map(|filter| format!("{name} feeds {}:{}", filter.log_group, filter.name)));
        }
    }
    for alarm in alarms(world, theirs) {
        let read = filters(world, theirs).filter(|filter| reads(alarm, filter));
        links.extend(read.map(|filter| format!("{} reads {}:{}", alarm.name, filter.log_group, filter.name)));
        for topic in &alarm.alarm_actions {
            links.insert(format!("{} tells {topic}", alarm.name));
            if world.may_publish(topic.name(), &alarm.name) {
                links.insert(format!("{} may publish to {topic}", alarm.name));
            }
        }
    }
    for composite in composites(world, theirs) {
        let name = &composite.name;
        for topic in &composite.alarm_actions {
            links.insert(format!("{name} tells {topic}"));
            if world.may_publish(topic.name(), name) {
                links.insert(format!("{name} may publish to {topic}"));
            }
        }
    }
    let topics = world
        .objects
        .keys()
        .filter(|address| address.kind == Kind::Topic && !theirs.contains(address));
    for address in topics {
        links.extend(subscriptions(world, &address.name).map(|to| format!("{} reaches {to}", address.name)));
    }
    links
}

/// Whole chains, whatever the things in them are called: which events make whom hear of them. Composite
/// alarms are left out: one rule cannot ask the old alarm and the new one at once.
pub(crate) fn chains(world: &World, theirs: &BTreeSet<Address>) -> BTreeSet<String> {
    let mut chains = BTreeSet::new();
    for trail in trails(world, theirs) {
        // Names are a letter, a number and what renames add.
        let id = &trail.name[..2];
        if world.files_arrive(trail) {
            chains.insert(format!("{id} delivers files"));
        }
        if !world.events_arrive(trail) {
            continue;
        }
        for filter in filters(world, theirs).filter(|filter| group(trail) == Some(&filter.log_group)) {
            for alarm in alarms(world, theirs).filter(|alarm| reads(alarm, filter)) {
                for topic in alarm.alarm_actions.iter().map(|arn| arn.name()) {
                    if !world.may_publish(topic, &alarm.name) {
                        continue;
                    }
                    let told = subscriptions(world, topic);
                    chains
                        .extend(told.map(|to| format!("{id}: {} is heard by {to}", filter.pattern.as_str())));
                }
            }
        }
    }
    chains
}
