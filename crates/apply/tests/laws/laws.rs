//! The laws, on a few hundred accounts each.

use std::collections::BTreeSet;

use proptest::prelude::*;
use trailwarden_apply::Outcome;
use trailwarden_diff::{Action, Options, Plan, RefusalCode, Seal, Step, plan, render};
use trailwarden_spec::compare::{Change, Shown};
use trailwarden_spec::kinds::{BucketPolicy, KeyPolicy, TopicPolicy};
use trailwarden_spec::leaf::{Managed, Statements};
use trailwarden_spec::live::{Attention, Found, Live};
use trailwarden_spec::{Address, Kind, Object};

use crate::drift::{What, drift};
use crate::memory::{Fault, Ran, execute, reconcile};
use crate::shape::world;
use crate::watch::{chains, links, theirs};
use crate::world::World;
use crate::worlds::{Case, cases, shapes, stood, yes};

pub(crate) fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 4096,
        ..ProptestConfig::default()
    }
}

/// Runs a plan to its end; a call that the account rejects, or a step that never began, is a fault
/// in the plan's order.
pub(crate) fn run(case: &Case, world: &World, options: &Options) -> Ran {
    let (plan, ran) = reconcile(world, &case.wanted, options, case.seed);
    succeeded(&plan, &ran);
    ran
}

fn succeeded(plan: &Plan, ran: &Ran) {
    let outcomes = plan.steps.iter().zip(&ran.report.outcomes);
    let bad: Vec<String> = outcomes
        .filter(|(_, o)| !o.is_success())
        .map(|(step, o)| format!("{}: {o:?}", step.address))
        .collect();
    assert!(
        bad.is_empty(),
        "{bad:#?}\n{:#?}\n{}",
        ran.rejections(),
        render::text(plan)
    );
}

/// Plans and applies until nothing is left to do.
pub(crate) fn converge(case: &Case, world: &World, options: &Options) -> World {
    let mut world = world.clone();
    for _ in 0..3 {
        let (plan, ran) = reconcile(&world, &case.wanted, options, case.seed);
        succeeded(&plan, &ran);
        if plan.steps.is_empty() {
            return world;
        }
        world = ran.world;
    }
    panic!(
        "no end: {}",
        render::text(&plan(&case.wanted, &world.survey(&case.wanted), options))
    );
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_account_that_is_as_wanted_has_no_differences(shape in shapes(), seed in any::<u64>()) {
        let wanted = shape.wanted();
        let world = stood(&wanted, &wanted, &[], &[], seed);
        let plan = plan(&wanted, &world.survey(&wanted), &Options::default());
        prop_assert!(plan.is_empty(), "{}", render::text(&plan));
        prop_assert_eq!(plan.unchanged, wanted.objects.len());
        prop_assert!(plan.notes.is_empty());
    }

    #[test]
    fn a_first_set_up_makes_everything_and_keeps_aws_s_rules(shape in shapes(), seed in any::<u64>()) {
        let wanted = shape.wanted();
        let (plan, ran) = reconcile(&world(), &wanted, &Options::default(), seed);
        prop_assert!(plan.refusals.is_empty());
        prop_assert!(ran.report.is_success(), "{:?}", ran.rejections());
        prop_assert_eq!(ran.log.len(), wanted.objects.len());
    }

    #[test]
    fn after_an_apply_nothing_is_left_to_do(case in cases()) {
        let (first, mut ran) = reconcile(&case.world, &case.wanted, &case.options, case.seed);
        succeeded(&first, &ran);
        // No plan takes a protection off and deletes: that is for the next one.
        let unprotects = |step: &Step| {
            let off = |change: &Change| change.field == "protect" && change.after == Shown::Plain("false".into());
            step.changes.iter().any(off)
        };
        let held = first.refusals.iter().any(|refusal| refusal.code == RefusalCode::Protected);
        // What is subscribed to a topic is the stack's from the adoption on.
        let adopts_exclusive =
            |step: &Step| step.action == Action::Adopt && case.wanted.exclusive.contains(&step.address);
        if held && first.steps.iter().any(unprotects) || first.steps.iter().any(adopts_exclusive) {
            ran = run(&case, &ran.world, &case.options);
        }
        let again = plan(&case.wanted, &ran.world.survey(&case.wanted), &case.options);
        prop_assert!(again.steps.is_empty(), "{}\nafter {}", render::text(&again), render::text(&first));
        let second = execute(&ran.world, &again, Fault::None, case.seed);
        prop_assert!(second.log.is_empty());
    }

    #[test]
    fn with_every_consent_the_account_is_as_wanted(case in cases()) {
        let yes = yes(&case.wanted, &case.world);
        let ran = run(&case, &case.world, &yes);
        let again = plan(&case.wanted, &ran.world.survey(&case.wanted), &yes);
        let hard = [RefusalCode::OwnedByOther, RefusalCode::Inexpressible, RefusalCode::Impossible,
            RefusalCode::Missing, RefusalCode::Protected, RefusalCode::Waits];
        for refusal in &again.refusals {
            prop_assert!(hard.contains(&refusal.code), "{}", render::text(&again));
        }
    }

    #[test]
    fn a_plan_depends_on_nothing_but_its_arguments(case in cases(), order in any::<bool>()) {
        let attention = |code: &'static str| Attention { address: None, code, message: code.into() };
        let mut live = case.world.survey(&case.wanted);
        live.attention = vec![attention("a"), attention("b")];
        let mut shuffled = Live {
            attention: vec![attention("b"), attention("a")],
            usage: live.usage.clone(),
            ..Live::default()
        };
        let objects: Vec<(Address, Found)> = live.objects.clone().into_iter().collect();
        if order {
            shuffled.objects.extend(objects.into_iter().rev());
        } else {
            shuffled.objects.extend(objects);
        }
        let (one, two) = (plan(&case.wanted, &live, &case.options), plan(&case.wanted.clone(), &shuffled, &case.options));
        prop_assert_eq!(render::text(&one), render::text(&two));
        prop_assert_eq!(render::json(&one).to_string(), render::json(&two).to_string());
        let mut sorted = one.steps.clone();
        sorted.sort_by(|a, b| (&a.address, a.phase).cmp(&(&b.address, b.phase)));
        prop_assert_eq!(&one.steps, &sorted);
        sorted.dedup_by(|a, b| (&a.address, a.phase) == (&b.address, b.phase));
        prop_assert_eq!(one.steps.len(), sorted.len());
    }

    #[test]
    fn no_fault_keeps_the_next_plan_from_the_same_end(case in cases(), nth in 1_usize..12, kind in 0_u8..4) {
        let yes = yes(&case.wanted, &case.world);
        let end = converge(&case, &case.world, &yes);
        let plan = plan(&case.wanted, &case.world.survey(&case.wanted), &yes);
        let fault = match kind {
            0 => Fault::Fails { nth, after: false },
            1 => Fault::Fails { nth, after: true },
            2 => Fault::Stops { after: nth - 1 },
            _ => match plan.steps.get(nth) {
                Some(step) => Fault::Denied(step.address.clone()),
                None => Fault::None,
            },
        };
        let ran = execute(&case.world, &plan, fault.clone(), case.seed);
        prop_assert!(ran.rejections().is_empty(), "{:?}", ran.rejections());
        if let Fault::Stops { after } = fault {
            prop_assert!(ran.report.is_success() || ran.report.was_stopped());
            // What has begun is brought to its end.
            prop_assert!(ran.log.len() <= after + 16 + 1);
        }
        let other = converge(&case, &ran.world, &yes);
        prop_assert_eq!(&other.objects, &end.objects);
        prop_assert_eq!(documents(&other), documents(&end));
    }

    #[test]
    fn a_part_can_be_applied_first_and_the_rest_follows(
        case in cases(), pick in any::<proptest::sample::Index>(), exclude in any::<bool>(),
    ) {
        let yes = yes(&case.wanted, &case.world);
        let end = converge(&case, &case.world, &yes);
        let all: Vec<Address> = case.wanted.objects.keys().cloned().collect();
        prop_assume!(!all.is_empty());
        let chosen = pick.get(&all).clone();
        let part = if exclude {
            Options { exclude: [chosen.clone()].into(), ..yes.clone() }
        } else {
            Options { target: [chosen.clone()].into(), ..yes.clone() }
        };
        let (plan, ran) = reconcile(&case.world, &case.wanted, &part, case.seed);
        succeeded(&plan, &ran);
        if exclude {
            prop_assert_eq!(ran.world.objects.get(&chosen), case.world.objects.get(&chosen));
        } else {
            let again = trailwarden_diff::plan(&case.wanted, &ran.world.survey(&case.wanted), &part);
            prop_assert!(again.steps.is_empty(), "{}", render::text(&again));
        }
        let other = converge(&case, &ran.world, &yes);
        prop_assert_eq!(&other.objects, &end.objects);
        prop_assert_eq!(documents(&other), documents(&end));
    }

    #[test]
    fn a_sealed_plan_fits_as_long_as_nothing_changes(case in cases()) {
        let plan = plan(&case.wanted, &case.world.survey(&case.wanted), &case.options);
        let seal = serde_json::to_string(&Seal::of(&plan)).unwrap();
        let seal: Seal = serde_json::from_str(&seal).unwrap();
        prop_assert_eq!(seal.fit(plan.clone()), Ok(plan.clone()));
        let ran = execute(&case.world, &plan, Fault::None, case.seed);
        let after = trailwarden_diff::plan(&case.wanted, &ran.world.survey(&case.wanted), &case.options);
        prop_assert_eq!(seal.fit(after).is_ok(), plan.steps.is_empty());
    }

    #[test]
    fn what_is_not_ours_stays_as_it_is(mut case in cases(), adopt in any::<bool>()) {
        if !adopt {
            case.options.adopt.clear();
        }
        let after = run(&case, &case.world, &case.options).world;
        for (address, found) in &case.world.objects {
            untouched(&case, address, found, &after)?;
        }
        for (address, document) in &case.world.documents {
            let parent = match address.kind {
                Kind::BucketPolicy => Kind::Bucket,
                Kind::KeyPolicy => Kind::Key,
                _ => Kind::Topic,
            };
            let parent = case.world.stack.scope.address(parent, address.name.as_str());
            if !after.objects.contains_key(&parent) {
                continue;
            }
            let foreign = |document| Statements::split(document, "acme").1;
            let now = after.documents.get(address).map(foreign).unwrap_or_default();
            prop_assert_eq!(foreign(document), now);
            let owner = &case.world.objects[&parent].owner;
            if !owner.is_ours() && !case.options.adopt.contains(&parent) {
                prop_assert_eq!(Some(document), after.documents.get(address), "{} is not ours", parent);
            }
        }
    }

    #[test]
    fn what_changed_since_the_plan_is_not_written(case in cases(), change in drift()) {
        let yes = yes(&case.wanted, &case.world);
        let plan = plan(&case.wanted, &case.world.survey(&case.wanted), &yes);
        let mut world = case.world.clone();
        let Some(target) = change.target(&world) else { return Ok(()) };
        change.happen(&mut world);
        // What the plan did not look at may be anything.
        let held = case.world.view(&target).map(|found| found.value);
        let looked_at = |value: Object| match (case.wanted.objects.get(&target), &held) {
            (Some(wish), _) => value.seen_by(&wish.object),
            (None, Some(held)) => value.seen_by(held),
            (None, None) => value,
        };
        let seen = |world: &World| world.view(&target).map(|found| (looked_at(found.value), found.owner));
        let before = seen(&case.world);
        if seen(&world) == before || matches!(change.what, What::Twin | What::Statement) {
            return Ok(());
        }
        let ran = execute(&world, &plan, Fault::None, case.seed);
        for (step, outcome) in plan.steps.iter().zip(&ran.report.outcomes) {
            // A role or policy is written twice; the second step is skipped.
            if step.address == target {
                let left = matches!(outcome, Outcome::Stale { .. } | Outcome::Already | Outcome::Skipped { .. });
                prop_assert!(left, "{outcome:?}");
            }
        }
        let written = ran.log.iter().any(|call| call.address == target);
        prop_assert!(!written, "{:?}", ran.calls());
    }

    #[test]
    fn whatever_others_do_meanwhile_the_end_is_reached(case in cases(), nth in 1_usize..12, drift in drift()) {
        let yes = yes(&case.wanted, &case.world);
        let plan = plan(&case.wanted, &case.world.survey(&case.wanted), &yes);
        let ran = execute(&case.world, &plan, Fault::Meddles { nth, drift }, case.seed);
        prop_assert!(!ran.report.was_stopped());
        converge(&case, &ran.world, &yes);
    }
}

proptest! {
    // These look at the account after every write.
    #![proptest_config(ProptestConfig { cases: config().cases / 2, ..config() })]

    #[test]
    fn without_consent_no_link_of_the_watch_is_lost(mut case in cases()) {
        case.options.allow_blinding.all = false;
        let theirs = theirs(&case.world);
        let before = links(&case.world, &theirs);
        for world in run(&case, &case.world, &case.options).history {
            let now = links(&world, &theirs);
            let lost: Vec<_> = before.difference(&now).collect();
            let plan = || plan(&case.wanted, &case.world.survey(&case.wanted), &case.options);
            prop_assert!(lost.is_empty(), "{lost:?}\n{}", render::text(&plan()));
        }
    }

    #[test]
    fn with_consent_what_holds_before_and_after_holds_in_between(case in cases()) {
        let yes = yes(&case.wanted, &case.world);
        let ran = run(&case, &case.world, &yes);
        let theirs = theirs(&case.world);
        for holds in [links, chains] {
            let (before, after) = (holds(&case.world, &theirs), holds(&ran.world, &theirs));
            let both: BTreeSet<_> = before.intersection(&after).cloned().collect();
            for (at, world) in ran.history.iter().enumerate() {
                let now = holds(world, &theirs);
                let lost: Vec<_> = both.difference(&now).collect();
                prop_assert!(lost.is_empty(), "{lost:?} after {:#?}", &ran.calls()[..at]);
            }
        }
    }

    #[test]
    fn a_fault_in_a_move_costs_nothing_that_holds_before_and_after(case in cases(), nth in 1_usize..12) {
        let yes = yes(&case.wanted, &case.world);
        let end = run(&case, &case.world, &yes).world;
        let theirs = theirs(&case.world);
        let both: BTreeSet<_> =
            chains(&case.world, &theirs).intersection(&chains(&end, &theirs)).cloned().collect();
        let plan = plan(&case.wanted, &case.world.survey(&case.wanted), &yes);
        let ran = execute(&case.world, &plan, Fault::Fails { nth, after: false }, case.seed);
        for world in &ran.history {
            let now = chains(world, &theirs);
            let lost: Vec<_> = both.difference(&now).collect();
            prop_assert!(lost.is_empty(), "{lost:?} after {:#?}", ran.calls());
        }
    }
}

/// What documents say; what a statement of ours is called depends on the way that led there.
fn documents(world: &World) -> Vec<(Address, String)> {
    let ours = |address: &Address| {
        let view = world.view(address).map(|found| found.value);
        match view {
            Some(
                Object::BucketPolicy(BucketPolicy { statements, .. })
                | Object::KeyPolicy(KeyPolicy { statements, .. })
                | Object::TopicPolicy(TopicPolicy { statements, .. }),
            ) => {
                let mut all: Vec<String> = statements
                    .as_slice()
                    .iter()
                    .cloned()
                    .map(|mut statement| {
                        statement.sid = None;
                        statement.to_json()
                    })
                    .collect();
                all.sort();
                all.join("\n")
            }
            _ => String::new(),
        }
    };
    world
        .documents
        .keys()
        .map(|address| (address.clone(), ours(address)))
        .collect()
}

/// Foreign objects, foreign tags and fields that the spec leaves alone.
fn untouched(case: &Case, address: &Address, found: &Found, after: &World) -> Result<(), TestCaseError> {
    let now = after.objects.get(address);
    let parent = match &found.value {
        Object::MetricFilter(filter) => Some(
            case.world
                .stack
                .scope
                .address(Kind::LogGroup, filter.log_group.as_str()),
        ),
        Object::Subscription(s) => Some(case.world.stack.scope.address(Kind::Topic, s.topic.as_str())),
        _ => None,
    };
    let vanished = parent.is_some_and(|parent| !after.objects.contains_key(&parent));
    let owner = case.world.view(address).map(|found| found.owner);
    if !owner.is_some_and(|owner| owner.is_ours()) && !case.options.adopt.contains(address) && !vanished {
        prop_assert_eq!(Some(found), now, "{} is not ours", address);
    }
    let Some(now) = now else { return Ok(()) };
    let cost = |found: &Found| found.tags().and_then(|tags| tags.all().get("cost").cloned());
    prop_assert_eq!(cost(found), cost(now));
    let Some(wish) = case.wanted.objects.get(address) else {
        return Ok(());
    };
    macro_rules! left {
        ($($kind:ident: $($field:ident),*;)*) => {
            match (&wish.object, &found.value, &now.value) {
                $((Object::$kind(wish), Object::$kind(before), Object::$kind(now)) => {
                    $(let left = wish.$field == Managed::Leave;
                    prop_assert!(!left || before.$field == now.$field, "{}: {}", address, stringify!($field));)*
                })*
                _ => {}
            }
        };
    }
    left! {
        Key: description, rotation_days;
        Bucket: encryption, bucket_key, versioning, object_ownership;
        LogGroup: retention, class, key;
        Role: permissions_boundary;
        Trail: delivery, key;
        MetricFilter: default_value;
        Topic: display_name, key;
        Alarm: description, ok_actions, insufficient_data_actions;
    }
    Ok(())
}
