//! A part of a plan: `--target` and `--exclude`.
//!
//! A part is only as good as what it leans on, so that is taken along, and nothing is left in that
//! waits for what is left out.

use std::collections::{BTreeMap, BTreeSet};

use trailwarden_spec::wanted::Wanted;
use trailwarden_spec::{Address, Object};

use crate::compare::parent;
use crate::plan::{Options, Plan, RefusalCode, Step};

/// Leaves out of an ordered plan what a person did not choose, and counts it.
pub(crate) fn select(plan: &mut Plan, wanted: &Wanted, options: &Options) {
    if options.target.is_empty() && options.exclude.is_empty() {
        return;
    }
    let all = plan.steps.len() + plan.refusals.len();
    if !options.target.is_empty() {
        let chosen = with_needs(&options.target, plan, wanted);
        let stays: Vec<bool> = plan
            .steps
            .iter()
            .map(|step| chosen.contains(&step.address))
            .collect();
        plan.steps = only(std::mem::take(&mut plan.steps), &stays);
        plan.refusals.retain(|refusal| chosen.contains(&refusal.address));
    }
    if !options.exclude.is_empty() {
        let out = waiting_for(&options.exclude, &plan.steps);
        let stays: Vec<bool> = out.iter().map(|out| !out).collect();
        plan.steps = only(std::mem::take(&mut plan.steps), &stays);
        plan.refusals.retain(|refusal| {
            let address = &refusal.address;
            let waits =
                || refusal.code == RefusalCode::Waits && leans_on_any(address, &options.exclude, wanted);
            !options.exclude.contains(address) && !waits()
        });
    }
    plan.left_out += all - plan.steps.len() - plan.refusals.len();
}

/// The steps that stay, in their order, waiting for each other as before.
pub(crate) fn only(steps: Vec<Step>, stays: &[bool]) -> Vec<Step> {
    let moved: BTreeMap<usize, usize> = (0..steps.len())
        .filter(|at| stays[*at])
        .enumerate()
        .map(|(new, old)| (old, new))
        .collect();
    let again = |indices: &[usize]| indices.iter().filter_map(|at| moved.get(at).copied()).collect();
    steps
        .into_iter()
        .zip(stays)
        .filter(|(_, stays)| **stays)
        .map(|(step, _)| Step {
            needs: again(&step.needs),
            after_steps: again(&step.after_steps),
            ..step
        })
        .collect()
}

/// The chosen objects, and all without which they would not do what they are for: what they need,
/// and of an alarm the filters that count for it and those who hear of it.
fn with_needs(target: &BTreeSet<Address>, plan: &Plan, wanted: &Wanted) -> BTreeSet<Address> {
    let mut chosen = BTreeSet::new();
    let mut queue: Vec<Address> = target.iter().cloned().collect();
    while let Some(address) = queue.pop() {
        let of_steps = plan.steps.iter().filter(|step| step.address == address);
        let waits_for = of_steps.flat_map(|step| &step.needs);
        queue.extend(
            waits_for
                .map(|at| plan.steps[*at].address.clone())
                .filter(|a| !chosen.contains(a)),
        );
        queue.extend(
            leans_on(&address, wanted)
                .into_iter()
                .filter(|a| !chosen.contains(a)),
        );
        chosen.insert(address);
    }
    chosen
}

fn leans_on(address: &Address, wanted: &Wanted) -> Vec<Address> {
    let scope = &wanted.stack.scope;
    let Some(wish) = wanted.objects.get(address) else {
        return Vec::new();
    };
    let mut needs = wish.object.needs(scope);
    if let alarm @ (Object::Alarm(_) | Object::CompositeAlarm(_)) = &wish.object {
        let others = wanted.objects.iter().filter(|(_, other)| match &other.object {
            Object::MetricFilter(filter) => {
                matches!(alarm, Object::Alarm(alarm) if alarm.reads(&filter.namespace, &filter.metric))
            }
            object @ (Object::TopicPolicy(_) | Object::Subscription(_)) => {
                parent(object, scope).is_some_and(|topic| needs.contains(&topic))
            }
            _ => false,
        });
        let others: Vec<Address> = others.map(|(address, _)| address.clone()).collect();
        needs.extend(others);
    }
    needs
}

/// Which steps are of the given objects or must not be done before them.
fn waiting_for(addresses: &BTreeSet<Address>, steps: &[Step]) -> Vec<bool> {
    let mut out: Vec<bool> = steps
        .iter()
        .map(|step| addresses.contains(&step.address))
        .collect();
    loop {
        let more: Vec<usize> = (0..steps.len())
            .filter(|at| !out[*at] && steps[*at].needs.iter().any(|need| out[*need]))
            .collect();
        if more.is_empty() {
            return out;
        }
        for at in more {
            out[at] = true;
        }
    }
}

/// True when the spec's object leans on one of the others, directly or through what it leans on.
fn leans_on_any(address: &Address, others: &BTreeSet<Address>, wanted: &Wanted) -> bool {
    let mut seen = BTreeSet::new();
    let mut queue = vec![address.clone()];
    while let Some(address) = queue.pop() {
        for need in leans_on(&address, wanted) {
            if others.contains(&need) {
                return true;
            }
            if seen.insert(need.clone()) {
                queue.push(need);
            }
        }
    }
    false
}
