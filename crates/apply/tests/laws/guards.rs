//! The laws of what is protected and of what is let go.

use std::collections::BTreeSet;

use proptest::prelude::*;
use trailwarden_diff::{Action, Options, RefusalCode, plan, render};
use trailwarden_spec::leaf::{Owner, Tags};
use trailwarden_spec::{Address, Kind, Object};

use crate::drift::guard;
use crate::laws::{config, converge, run};
use crate::memory::{Fault, execute};
use crate::world::{World, tags_mut};
use crate::worlds::{Case, cases, yes};

/// Some of the objects with tags, by a mask.
fn some(world: &World, mask: u32) -> BTreeSet<Address> {
    let tagged = world.objects.iter().filter(|(_, found)| found.tags().is_some());
    let picked = tagged.enumerate().filter(|(at, _)| mask >> (at % 32) & 1 == 1);
    picked.map(|(_, (address, _))| address.clone()).collect()
}

/// Marks some of the objects as protected.
fn protect(world: &mut World, mask: u32) {
    for address in some(world, mask) {
        if let Some(tags) = tags_mut(&mut world.objects.get_mut(&address).unwrap().value)
            && !tags.is_protected()
        {
            guard(tags);
        }
    }
}

/// What must be there for as long as the stack's own objects are marked as protected: they, what
/// belongs to them, and the filters that count for the alarms among them.
fn guarded(world: &World) -> BTreeSet<Address> {
    let scope = &world.stack.scope;
    let marked: Vec<(&Address, &Object)> = world
        .objects
        .iter()
        .filter(|(_, found)| found.owner.is_ours() && found.tags().is_some_and(Tags::is_protected))
        .map(|(address, found)| (address, &found.value))
        .collect();
    let is_marked = |kind: Kind, name: &str| {
        let address = scope.address(kind, name);
        marked.iter().any(|(marked, _)| **marked == address)
    };
    let belongs = |address: &Address| {
        let Some(found) = world.objects.get(address) else {
            let whole = if address.kind == Kind::BucketPolicy {
                Kind::Bucket
            } else {
                Kind::Topic
            };
            return is_marked(whole, &address.name);
        };
        match &found.value {
            Object::Subscription(subscription) => is_marked(Kind::Topic, &subscription.topic),
            Object::MetricFilter(filter) => marked.iter().any(|(_, object)| {
                matches!(object, Object::Alarm(alarm) if (&alarm.namespace, &alarm.metric) == (&filter.namespace, &filter.metric))
            }),
            _ => false,
        }
    };
    let all = world.addresses().into_iter();
    all.filter(|address| marked.iter().any(|(marked, _)| *marked == address) || belongs(address))
        .collect()
}

/// Of a shared document only that something of ours is in it.
fn there(world: &World, address: &Address) -> bool {
    world.objects.contains_key(address) || world.documents.contains_key(address)
}

/// The stack's objects that the spec has dropped.
fn dropped(case: &Case) -> BTreeSet<Address> {
    let ours = case
        .world
        .objects
        .iter()
        .filter(|(_, found)| found.owner.is_ours());
    let named = |address: &Address| {
        case.wanted.objects.contains_key(address) || case.wanted.existing.contains_key(address)
    };
    ours.map(|(address, _)| address)
        .filter(|address| !named(address))
        .cloned()
        .collect()
}

fn is_unmarked(world: &World, address: &Address) -> bool {
    let found = &world.objects[address];
    let tags = found.tags().unwrap();
    let plain = Tags::from_wire(tags.all().clone(), &world.stack.name).0;
    found.owner == Owner::Foreign && *tags == plain
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_protected_outlives_every_change_of_the_spec(
        mut case in cases(), mask in any::<u32>(), destroys in any::<bool>(), nth in 1_usize..12
    ) {
        protect(&mut case.world, mask);
        if destroys {
            case.wanted.objects.clear();
            case.wanted.existing.clear();
            case.wanted.exclusive.clear();
        }
        let yes = yes(&case.wanted, &case.world);
        let guarded = guarded(&case.world);
        for world in run(&case, &case.world, &yes).history {
            for address in &guarded {
                prop_assert!(there(&world, address), "{} is gone", address);
            }
        }
        // Nor does a fault on the way let anything slip.
        let plan = plan(&case.wanted, &case.world.survey(&case.wanted), &yes);
        let ran = execute(&case.world, &plan, Fault::Fails { nth, after: false }, case.seed);
        for address in &guarded {
            prop_assert!(there(&ran.world, address), "{} is gone", address);
        }
    }

    #[test]
    fn a_second_plan_deletes_nothing_that_the_first_found_protected_and_unnamed(
        mut case in cases(), mask in any::<u32>()
    ) {
        protect(&mut case.world, mask);
        let yes = yes(&case.wanted, &case.world);
        let dropped = dropped(&case);
        let end = converge(&case, &case.world, &yes);
        for address in dropped.iter().filter(|address| {
            case.world.objects[*address].tags().is_some_and(Tags::is_protected)
        }) {
            prop_assert!(there(&end, address), "{} is gone", address);
        }
    }

    #[test]
    fn a_plan_refuses_to_delete_what_is_protected_and_says_so(mut case in cases(), mask in any::<u32>()) {
        protect(&mut case.world, mask);
        case.wanted.objects.clear();
        case.wanted.existing.clear();
        let live = case.world.survey(&case.wanted);
        let plan = plan(&case.wanted, &live, &yes(&case.wanted, &case.world));
        for (address, found) in &live.objects {
            if found.owner != Owner::Ours || !found.tags().is_some_and(Tags::is_protected) {
                continue;
            }
            let said = plan.refusals.iter().any(|refusal| {
                let codes = [RefusalCode::Protected, RefusalCode::Waits, RefusalCode::Impossible];
                refusal.address == *address && codes.contains(&refusal.code)
            });
            // What an adopted object goes on needing is let go with it, which takes nothing away, or
            // waits with it.
            let goes_on = plan.steps.iter().any(|step| {
                step.address == *address && step.action == Action::Release
            });
            prop_assert!(said || goes_on, "{}\n{}", address, render::text(&plan));
        }
    }

    #[test]
    fn what_is_let_go_is_there_without_marks(mut case in cases(), mask in any::<u32>(), consents in any::<bool>()) {
        let tagged = some(&case.world, mask);
        case.wanted.release = dropped(&case).intersection(&tagged).cloned().collect();
        let options = if consents { yes(&case.wanted, &case.world) } else { Options::default() };
        let plan = plan(&case.wanted, &case.world.survey(&case.wanted), &options);
        let refused: BTreeSet<&Address> = plan.refusals.iter().map(|refusal| &refusal.address).collect();
        let after = run(&case, &case.world, &options).world;
        for address in &case.wanted.release {
            prop_assert!(after.objects.contains_key(address), "{} is gone", address);
            prop_assert!(refused.contains(address) || is_unmarked(&after, address), "{}", address);
        }
        // As long as the spec says so, what they lean on stays, too.
        let end = converge(&case, &case.world, &options);
        for address in &case.wanted.release {
            prop_assert!(end.objects.contains_key(address), "{} is gone", address);
            let Object::Alarm(alarm) = &case.world.objects[address].value else {
                continue;
            };
            for (filter, found) in &case.world.objects {
                let counts = matches!(&found.value, Object::MetricFilter(f)
                    if (&f.namespace, &f.metric) == (&alarm.namespace, &alarm.metric));
                let wanted = case.wanted.objects.contains_key(filter);
                prop_assert!(!counts || wanted || end.objects.contains_key(filter), "{} is gone", filter);
            }
        }
    }

    #[test]
    fn a_trail_that_is_let_go_delivers_as_before(mut case in cases()) {
        case.wanted.release = dropped(&case).into_iter().filter(|address| address.kind == Kind::Trail).collect();
        let end = converge(&case, &case.world, &Options::default());
        for address in &case.wanted.release {
            let Object::Trail(trail) = &case.world.objects[address].value else {
                continue;
            };
            prop_assert!(!case.world.files_arrive(trail) || end.files_arrive(trail), "{}", address);
            prop_assert!(!case.world.events_arrive(trail) || end.events_arrive(trail), "{}", address);
        }
    }
}
