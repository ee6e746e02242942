//! Single stories of order, call by call.

use trailwarden_apply::Outcome;
use trailwarden_diff::{Action, Options, Phase, plan};
use trailwarden_spec::leaf::Owner;
use trailwarden_spec::{Address, Kind, Object};

use crate::memory::{Fault, execute, reconcile};
use crate::shape::{KeyShape, RuleShape, Shape, TopicShape, TrailShape, stack, world};
use crate::watch::chains;
use crate::world::World;
use crate::worlds::yes;

pub(crate) fn shape() -> Shape {
    let trail = TrailShape {
        renamed: false,
        bucket: 0,
        prefix: Some(0),
        group: Some(0),
        multi_region: true,
    };
    let topic = TopicShape {
        renamed: false,
        subscribers: [true, false, false],
        exclusive: true,
    };
    let rule = RuleShape {
        renamed: false,
        pattern: 0,
        group: 0,
        topics: [true, false],
        threshold: 1,
    };
    Shape {
        trails: [Some(trail), None],
        topics: [Some(topic), None],
        rules: vec![Some(rule)],
        composite: None,
        existing: [false; 2],
        retention: None,
        role_renamed: false,
        key: None,
        team: None,
        writes_all: false,
    }
}

fn set_up() -> World {
    reconcile(&world(), &shape().wanted(), &Options::default(), 1)
        .1
        .world
}

/// The calls by which the changed spec is reached, whichever of the concurrent ones comes first.
fn calls(change: impl Fn(&mut Shape), seed: u64) -> Vec<String> {
    let mut shape = shape();
    change(&mut shape);
    let (world, wanted) = (set_up(), shape.wanted());
    let (_, ran) = reconcile(&world, &wanted, &yes(&wanted, &world), seed);
    assert!(ran.report.is_success(), "{:?}", ran.report);
    ran.calls()
}

fn assert_order(calls: &[String], order: &[&str]) {
    let mut rest = calls.iter();
    for wanted in order {
        assert!(
            rest.any(|call| call == wanted),
            "{wanted} in its place in {calls:#?}"
        );
    }
}

#[test]
fn the_first_set_up_ends_with_recording() {
    let (_, ran) = reconcile(&world(), &shape().wanted(), &Options::default(), 3);
    assert_eq!(ran.calls().last().map(String::as_str), Some("create trail.t0"));
}

#[test]
fn a_change_of_prefix_widens_the_policy_moves_the_trail_and_narrows_the_policy() {
    for seed in 0..20 {
        let calls = calls(|shape| shape.trails[0].as_mut().unwrap().prefix = Some(1), seed);
        assert_eq!(
            calls,
            [
                "update bucket_policy.b0",
                "update trail.t0",
                "update bucket_policy.b0"
            ]
        );
    }
}

#[test]
fn a_key_is_there_before_what_it_encrypts_and_goes_after_it() {
    let key = |renamed| KeyShape {
        renamed,
        rotation: true,
        trails: true,
        groups: true,
        topics: true,
    };
    for seed in 0..20 {
        let mut encrypted = shape();
        encrypted.key = Some(key(false));
        let wanted = encrypted.wanted();
        let (_, ran) = reconcile(&set_up(), &wanted, &yes(&wanted, &set_up()), seed);
        assert!(ran.report.is_success(), "{:?}", ran.report);
        assert_order(
            &ran.calls(),
            &["create key.k0", "create key_policy.k0", "update trail.t0"],
        );
        encrypted.key = Some(key(true));
        let wanted = encrypted.wanted();
        let (_, ran) = reconcile(&ran.world, &wanted, &yes(&wanted, &ran.world), seed);
        assert!(ran.report.is_success(), "{:?}", ran.report);
        assert_order(
            &ran.calls(),
            &[
                "create key.k0-new",
                "create key_policy.k0-new",
                "update trail.t0",
                "delete key.k0",
            ],
        );
    }
}

#[test]
fn a_change_of_log_group_widens_the_role_and_waits_for_the_rules() {
    for seed in 0..20 {
        let calls = calls(
            |shape| {
                shape.trails[0].as_mut().unwrap().group = Some(1);
                shape.rules[0].as_mut().unwrap().group = 1;
            },
            seed,
        );
        assert_order(
            &calls,
            &[
                "create log_group./g1",
                "create metric_filter./g1:r0",
                "update trail.t0",
                "delete log_group./g0",
            ],
        );
        assert_order(
            &calls,
            &["update role.role0", "update trail.t0", "update role.role0"],
        );
    }
}

#[test]
fn a_renamed_rule_is_there_before_the_old_one_goes() {
    for seed in 0..20 {
        let calls = calls(|shape| shape.rules[0].as_mut().unwrap().renamed = true, seed);
        let new = ["create metric_filter./g0:r0-new", "create alarm.r0-new"];
        assert_eq!(calls[..2], new);
        assert_eq!(calls[2..], ["delete metric_filter./g0:r0", "delete alarm.r0"]);
    }
}

#[test]
fn a_renamed_topic_has_subscribers_before_the_alarm_moves() {
    for seed in 0..20 {
        let calls = calls(|shape| shape.topics[0].as_mut().unwrap().renamed = true, seed);
        assert_order(
            &calls,
            &["create topic_policy.x0-new", "update alarm.r0", "delete topic.x0"],
        );
        let subscribed = calls
            .iter()
            .position(|call| call.starts_with("create subscription.x0-new/"))
            .unwrap();
        assert!(
            subscribed < calls.iter().position(|call| call == "update alarm.r0").unwrap(),
            "{calls:?}"
        );
    }
}

#[test]
fn a_failed_step_stops_what_needs_it_and_nothing_else() {
    let wanted = shape().wanted();
    let before = world();
    let plan = plan(&wanted, &before.survey(&wanted), &Options::default());
    let bucket = stack().scope.address(Kind::Bucket, "b0");
    let ran = execute(&before, &plan, Fault::Denied(bucket.clone()), 5);
    for (step, outcome) in plan.steps.iter().zip(&ran.report.outcomes) {
        match step.address.kind {
            Kind::Bucket => assert!(matches!(outcome, Outcome::Failed { .. })),
            // The trail needs the policy, the policy the bucket: the bucket is what went wrong.
            Kind::BucketPolicy | Kind::Trail => {
                assert_eq!(
                    *outcome,
                    Outcome::Skipped {
                        because_of: bucket.clone()
                    }
                );
            }
            _ => assert_eq!(*outcome, Outcome::Done, "{}", step.address),
        }
    }
}

#[test]
fn a_plain_topic_is_deleted_and_not_taken_for_nothing() {
    let calls = calls(
        |shape| {
            *shape = Shape {
                topics: [None, None],
                rules: vec![],
                ..shape.clone()
            }
        },
        1,
    );
    assert!(calls.contains(&"delete topic.x0".to_owned()), "{calls:?}");
}

#[test]
fn what_somebody_else_made_alike_since_the_plan_is_not_claimed() {
    let wanted = shape().wanted();
    let mut before = world();
    let plan = plan(&wanted, &before.survey(&wanted), &Options::default());
    let topic = stack().scope.address(Kind::Topic, "x0");
    before.insert(wanted.objects[&topic].object.clone(), Owner::Foreign);
    let ran = execute(&before, &plan, Fault::None, 1);
    let at = plan.steps.iter().position(|step| step.address == topic).unwrap();
    assert!(matches!(ran.report.outcomes[at], Outcome::Stale { .. }));
}

#[test]
fn an_adopted_role_on_which_a_trail_leans_is_widened_first() {
    let mut world = set_up();
    for found in world
        .objects
        .values_mut()
        .filter(|found| found.value.tags().is_some())
    {
        found.owner = Owner::Foreign;
    }
    let mut shape = shape();
    shape.trails[0].as_mut().unwrap().group = Some(1);
    shape.rules.clear();
    let wanted = shape.wanted();
    let plan = plan(&wanted, &world.survey(&wanted), &yes(&wanted, &world));
    let role: Vec<_> = plan
        .steps
        .iter()
        .filter(|step| step.address.kind == Kind::Role)
        .collect();
    let said: Vec<_> = role.iter().map(|step| (step.action, step.phase)).collect();
    assert_eq!(
        said,
        [(Action::Adopt, Phase::Widen), (Action::Update, Phase::Narrow)]
    );
    assert!(execute(&world, &plan, Fault::None, 1).report.is_success());
}

#[test]
fn what_an_adopted_trail_needs_is_released_before_it() {
    let mut world = set_up();
    for found in world
        .objects
        .values_mut()
        .filter(|found| matches!(found.value, Object::Trail(_)))
    {
        found.owner = Owner::Adopted;
    }
    let mut shape = shape();
    shape.trails = [None, None];
    shape.rules.clear();
    let wanted = shape.wanted();
    let before = chains(&world, &Default::default());
    for nth in 1..6 {
        let yes = yes(&wanted, &world);
        let plan = plan(&wanted, &world.survey(&wanted), &yes);
        let mut after = execute(&world, &plan, Fault::Fails { nth, after: false }, 1).world;
        for _ in 0..2 {
            after = reconcile(&after, &wanted, &yes, 1).1.world;
        }
        let files = "t0 delivers files".to_owned();
        assert!(
            before.contains(&files) && chains(&after, &Default::default()).contains(&files),
            "{nth}"
        );
        let trail = after
            .objects
            .values()
            .find(|found| matches!(found.value, Object::Trail(_)))
            .unwrap();
        let Object::Trail(value) = &trail.value else {
            unreachable!()
        };
        assert!(
            trail.owner == Owner::Foreign && after.events_arrive(value),
            "{nth}"
        );
    }
}

#[test]
fn a_released_trail_is_not_blinded_by_the_policy_of_a_bucket_that_stays() {
    let mut shape = shape();
    shape.trails[1] = Some(TrailShape {
        prefix: Some(1),
        group: None,
        ..shape.trails[0].clone().unwrap()
    });
    let mut world = reconcile(&world(), &shape.wanted(), &Options::default(), 1)
        .1
        .world;
    for found in world.objects.values_mut() {
        if matches!(&found.value, Object::Trail(trail) if trail.name == "t1") {
            found.owner = Owner::Adopted;
        }
    }
    shape.trails[1] = None;
    let wanted = shape.wanted();
    let files = "t1 delivers files".to_owned();
    let told = |world: &World| chains(world, &Default::default()).contains(&files);
    assert!(told(&world));
    let (plan, ran) = reconcile(&world, &wanted, &Options::default(), 1);
    assert!(told(&ran.world) && !plan.refusals.is_empty());
    let (_, again) = reconcile(&ran.world, &wanted, &Options::default(), 1);
    assert!(told(&again.world));
    let (plan, ran) = reconcile(&again.world, &wanted, &yes(&wanted, &again.world), 1);
    assert!(plan.refusals.is_empty() && !told(&ran.world));
}

#[test]
fn a_refused_trail_keeps_what_it_leans_on() {
    let mut world = set_up();
    for found in world
        .objects
        .values_mut()
        .filter(|found| matches!(found.value, Object::Trail(_)))
    {
        found.facts.inexpressible = vec!["advanced event selectors".into()];
    }
    let mut shape = shape();
    shape.trails[0].as_mut().unwrap().prefix = Some(1);
    let wanted = shape.wanted();
    let (plan, ran) = reconcile(&world, &wanted, &yes(&wanted, &world), 1);
    assert_eq!(plan.refusals.len(), 1);
    assert!(chains(&ran.world, &Default::default()).contains("t0 delivers files"));
}

/// What became of the step of an address.
type OutcomeOf = Box<dyn Fn(&str) -> Outcome>;

/// The outcomes of reaching the changed spec while writes to one object are denied.
fn denied(change: impl Fn(&mut Shape), denied: &Address) -> (World, OutcomeOf) {
    let mut shape = shape();
    change(&mut shape);
    let (world, wanted) = (set_up(), shape.wanted());
    let plan = plan(&wanted, &world.survey(&wanted), &yes(&wanted, &world));
    let ran = execute(&world, &plan, Fault::Denied(denied.clone()), 1);
    let steps: Vec<(String, Outcome)> = plan
        .steps
        .iter()
        .map(|step| step.address.to_string())
        .zip(ran.report.outcomes)
        .collect();
    let outcome = move |address: &str| steps.iter().find(|(a, _)| a == address).unwrap().1.clone();
    (ran.world, Box::new(outcome))
}

#[test]
fn an_alarm_stays_with_its_topic_while_the_new_one_reaches_nobody() {
    let policy = stack().scope.address(Kind::TopicPolicy, "x0-new");
    let (world, outcome) = denied(|shape| shape.topics[0].as_mut().unwrap().renamed = true, &policy);
    assert_eq!(
        outcome("alarm.r0"),
        Outcome::Skipped {
            because_of: policy.clone()
        }
    );
    assert_eq!(outcome("topic.x0"), Outcome::Skipped { because_of: policy });
    assert_eq!(
        chains(&world, &Default::default()),
        chains(&set_up(), &Default::default())
    );
}

#[test]
fn a_trail_stays_with_its_group_while_the_rules_of_the_new_one_are_not_there() {
    let moves = |shape: &mut Shape| {
        shape.trails[0].as_mut().unwrap().group = Some(1);
        shape.rules[0].as_mut().unwrap().group = 1;
    };
    let filter = stack().scope.address(Kind::MetricFilter, "/g1:r0");
    let (world, outcome) = denied(moves, &filter);
    assert_eq!(outcome("trail.t0"), Outcome::Skipped { because_of: filter });
    assert_eq!(
        chains(&world, &Default::default()),
        chains(&set_up(), &Default::default())
    );
    // The old group waits for the trail and the trail for the role: the role is what went wrong.
    let role = stack().scope.address(Kind::Role, "role0");
    let (_, outcome) = denied(moves, &role);
    assert_eq!(outcome("log_group./g0"), Outcome::Skipped { because_of: role });
}
