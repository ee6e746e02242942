//! Specs and accounts at random.

use std::collections::BTreeSet;

use proptest::prelude::*;
use trailwarden_diff::{Consent, Options};
use trailwarden_spec::Object;
use trailwarden_spec::kinds::CompositeAlarm;
use trailwarden_spec::leaf::{AlarmRule, Owner};
use trailwarden_spec::wanted::{Wanted, Wish};

use crate::drift::{Drift, drifts};
use crate::memory::reconcile;
use crate::shape::{CompositeShape, KeyShape, RuleShape, Shape, TopicShape, TrailShape, world};
use crate::world::World;

pub(crate) fn shapes() -> impl Strategy<Value = Shape> {
    let trail = || {
        let shape = (
            any::<bool>(),
            0_usize..2,
            proptest::option::of(0_usize..2),
            proptest::option::of(0_usize..2),
        );
        (shape, proptest::bool::weighted(0.9)).prop_map(|((renamed, bucket, prefix, group), multi_region)| {
            TrailShape {
                renamed,
                bucket,
                prefix,
                group,
                multi_region,
            }
        })
    };
    let topic = || {
        (any::<bool>(), any::<[bool; 3]>(), any::<bool>()).prop_map(|(renamed, subscribers, exclusive)| {
            TopicShape {
                renamed,
                subscribers,
                exclusive,
            }
        })
    };
    let rule = (any::<bool>(), 0_usize..2, 0_usize..2, any::<[bool; 2]>(), 1_u8..3).prop_map(
        |(renamed, pattern, group, topics, threshold)| RuleShape {
            renamed,
            pattern,
            group,
            topics,
            threshold,
        },
    );
    let composite = (
        any::<bool>(),
        any::<[bool; 3]>(),
        proptest::option::weighted(0.3, 0_usize..3),
        any::<[bool; 2]>(),
    )
        .prop_map(|(renamed, asks, suppressed_by, topics)| CompositeShape {
            renamed,
            asks,
            suppressed_by,
            topics,
        });
    let maybe = proptest::option::weighted::<BoxedStrategy<TrailShape>>;
    let trails = (maybe(0.9, trail().boxed()), maybe(0.4, trail().boxed()));
    let topics = (
        proptest::option::weighted(0.8, topic()),
        proptest::option::weighted(0.5, topic()),
    );
    let rules = proptest::collection::vec(proptest::option::weighted(0.7, rule), 3);
    let rest = (
        any::<[bool; 2]>(),
        proptest::option::of(proptest::sample::select(vec![7_u32, 365])),
        any::<bool>(),
        proptest::option::of(any::<[bool; 5]>()),
        proptest::option::of("[ab]"),
        any::<bool>(),
        proptest::option::of(composite),
    );
    (trails, topics, rules, rest).prop_map(|(trails, topics, rules, rest)| {
        let (existing, retention, role_renamed, key, team, writes_all, composite) = rest;
        Shape {
            trails: trails.into(),
            topics: topics.into(),
            rules,
            composite,
            existing,
            retention,
            role_renamed,
            key: key.map(|[renamed, rotation, trails, groups, topics]| KeyShape {
                renamed,
                rotation,
                trails,
                groups,
                topics,
            }),
            team,
            writes_all,
        }
    })
}

/// Consent to everything.
pub(crate) fn yes(wanted: &Wanted, world: &World) -> Options {
    Options {
        adopt: wanted.objects.keys().cloned().collect(),
        allow_blinding: Consent {
            all: true,
            addresses: BTreeSet::new(),
        },
        delete_data: world.addresses().into_iter().collect(),
        ..Options::default()
    }
}

/// An account before a run, what is wanted of it, and what a person said.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) world: World,
    pub(crate) wanted: Wanted,
    pub(crate) options: Options,
    pub(crate) seed: u64,
}

/// A stack was set up, others changed things, the spec changed or not.
pub(crate) fn cases() -> impl Strategy<Value = Case> {
    let specs = (shapes(), proptest::option::of(shapes()));
    let before = proptest::collection::vec(0_usize..100, 0..3);
    (
        specs,
        before,
        drifts(4),
        any::<(bool, bool, bool)>(),
        any::<u64>(),
    )
        .prop_map(|((first, second), foreign, drifts, (adopt, blind, data), seed)| {
            let wanted = second.as_ref().unwrap_or(&first).wanted();
            let world = stood(&first.wanted(), &wanted, &foreign, &drifts, seed);
            let yes = yes(&wanted, &world);
            let options = Options {
                adopt: if adopt { yes.adopt } else { BTreeSet::new() },
                allow_blinding: if blind {
                    yes.allow_blinding
                } else {
                    Consent::default()
                },
                delete_data: if data { yes.delete_data } else { BTreeSet::new() },
                ..Options::default()
            };
            Case {
                world,
                wanted,
                options,
                seed,
            }
        })
}

/// An account in which a spec was applied, with some of its objects adopted from somebody who had
/// them before, and with what happened since.
pub(crate) fn stood(first: &Wanted, next: &Wanted, foreign: &[usize], drifts: &[Drift], seed: u64) -> World {
    let mut world = world();
    let tagged: Vec<&Wish> = first
        .objects
        .values()
        .filter(|wish| wish.object.tags().is_some())
        .collect();
    for at in foreign.iter().filter(|_| !tagged.is_empty()) {
        let theirs = of_others(&tagged[at % tagged.len()].object);
        if !matches!(theirs, Object::Trail(_) | Object::Alarm(_)) {
            world.insert(theirs, Owner::Foreign);
        }
    }
    let options = yes(first, &world);
    world = reconcile(&world, first, &options, seed).1.world;
    for drift in drifts {
        drift.happen(&mut world);
    }
    // Something that the new spec wants is there and belongs to somebody.
    for at in foreign {
        let Some(wish) = next
            .objects
            .values()
            .nth(*at)
            .filter(|wish| wish.object.tags().is_some())
        else {
            continue;
        };
        let address = wish.object.address(&world.stack.scope);
        if !world.objects.contains_key(&address) {
            world.insert(of_others(&wish.object), Owner::Foreign);
        }
    }
    world
}

/// An object of a spec as somebody else made it. A composite alarm of others asks none of the stack's
/// alarms, which may not be there.
fn of_others(wish: &Object) -> Object {
    match wish {
        Object::CompositeAlarm(alarm) => CompositeAlarm::new(&alarm.name, AlarmRule::read("FALSE")).into(),
        other => other.clone(),
    }
}
