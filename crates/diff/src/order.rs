//! Which step waits for which.
//!
//! There are no circles. What is made waits only for other things that are made, along the chain:
//! keys and their policies, buckets, groups, roles and topics, their policies and subscribers, filters,
//! alarms, trails; a bucket for the one that its access logs go to and the policy of that, which the
//! spec allows in no circle. What is deleted waits for what is made in its stead and for what leaned
//! on it, which is further down the chain. What is narrowed waits for what leaned on it; nothing but the deletion of an object
//! that it is part of waits for that.

use std::collections::{BTreeMap, BTreeSet};

use trailwarden_spec::compare::{Change, Verdict};
use trailwarden_spec::kinds::{Alarm, MetricFilter};
use trailwarden_spec::{Address, Kind, Object, Scope};

use crate::plan::{Action, Phase, Step};

/// What takes part in telling a human of an event. Filters vanish with their log group, too.
const WATCH: [Kind; 7] = [
    Kind::Trail,
    Kind::MetricFilter,
    Kind::Topic,
    Kind::TopicPolicy,
    Kind::Subscription,
    Kind::Alarm,
    Kind::CompositeAlarm,
];

/// Sorts steps by address, divides updates that both add and remove what others lean on, and says
/// for each step which others it waits for.
pub(crate) fn arrange(steps: Vec<Step>, scope: &Scope) -> Vec<Step> {
    let mut steps = divide(steps, scope);
    steps.sort_by(|a, b| (&a.address, a.phase).cmp(&(&b.address, b.phase)));

    let makes = steps.iter().enumerate().filter(|(_, step)| makes(step));
    let made = makes.map(|(at, step)| (step.address.clone(), at)).collect();
    let order = Order {
        steps: &steps,
        made,
        scope,
    };
    let edges: Vec<Waits> = (0..steps.len()).map(|at| order.waits(at)).collect();
    for (step, Waits { needs, after }) in steps.iter_mut().zip(edges) {
        step.after_steps = after.difference(&needs).copied().collect();
        step.needs = needs.into_iter().collect();
    }
    steps
}

/// True for what is more than another spelling.
pub(crate) fn differs(change: &Change) -> bool {
    change.verdict == Verdict::Differs
}

/// True for a step after which something is there that was not.
fn makes(step: &Step) -> bool {
    matches!(step.action, Action::Create | Action::Adopt | Action::Update) && step.phase != Phase::Narrow
}

/// An update on which other steps of the plan lean is widened first and narrowed after them.
fn divide(steps: Vec<Step>, scope: &Scope) -> Vec<Step> {
    let leaned_on: BTreeSet<Address> = steps
        .iter()
        .flat_map(|step| step.before.iter().chain(&step.after))
        .flat_map(|o| leans_on(o, scope))
        .chain(
            steps
                .iter()
                .filter(|step| steps.iter().any(|other| tells_by(other, step)))
                .map(|step| step.address.clone()),
        )
        .collect();
    let mut divided = Vec::with_capacity(steps.len());
    for step in steps {
        let (Some(before), Some(after), Phase::Whole, true) = (
            &step.before,
            &step.after,
            step.phase,
            leaned_on.contains(&step.address),
        ) else {
            divided.push(step);
            continue;
        };
        let Some(between) = after.widened(before) else {
            divided.push(step);
            continue;
        };
        let adds = between.changes(Some(before));
        let widens = step.action == Action::Adopt || adds.iter().any(differs);
        let held = if widens { &between } else { before };
        let narrow = Step {
            action: Action::Update,
            phase: Phase::Narrow,
            changes: after.changes(Some(held)),
            before: Some(held.clone()),
            restores: None,
            lasts: None,
            ..step.clone()
        };
        if widens {
            let (after, blinds) = (Some(between.clone()), None);
            divided.push(Step {
                phase: Phase::Widen,
                changes: adds,
                after,
                blinds,
                ..step
            });
        }
        if narrow.changes.iter().any(differs) {
            divided.push(narrow);
        }
    }
    divided
}

/// The steps that must have succeeded, and those that must have ended, however, before a step.
#[derive(Default)]
struct Waits {
    needs: BTreeSet<usize>,
    after: BTreeSet<usize>,
}

struct Order<'a> {
    steps: &'a [Step],
    /// Where each object is made, adopted or updated.
    made: BTreeMap<Address, usize>,
    scope: &'a Scope,
}

impl<'a> Order<'a> {
    fn waits(&self, at: usize) -> Waits {
        let step = &self.steps[at];
        let mut waits = Waits::default();
        match step.phase {
            Phase::Narrow => {
                waits.needs.extend(self.made.get(&step.address));
                let leans = |object: &Option<Object>| {
                    let object = object.as_ref();
                    object.is_some_and(|object| leans_on(object, self.scope).contains(&step.address))
                };
                waits
                    .needs
                    .extend(self.which(|o| leans(&o.before) || leans(&o.after) || tells_by(o, step)));
            }
            _ if makes(step) => self.making(step, &mut waits),
            _ if step.action == Action::Delete => self.deleting(step, &mut waits),
            _ => self.releasing(step, &mut waits),
        }
        waits.needs.remove(&at);
        waits.after.remove(&at);
        waits
    }

    /// What is made waits for what it needs, and what watches is in place before events come.
    fn making(&self, step: &Step, waits: &mut Waits) {
        let desired: Vec<Address> = step.after.iter().flat_map(|o| o.needs(self.scope)).collect();
        let held: Vec<Address> = step.before.iter().flat_map(|o| o.needs(self.scope)).collect();
        waits
            .needs
            .extend(desired.iter().filter_map(|address| self.made.get(address)));
        match &step.after {
            Some(Object::Alarm(_) | Object::CompositeAlarm(_)) => {
                // Before an alarm leaves a metric, the one that it goes to is counted.
                if let Some(alarm) = alarm(&step.after) {
                    let fed_by = |o: &Step| filter(&o.after).is_some_and(|f| feeds(f, alarm));
                    waits.needs.extend(self.which(|o| makes(o) && fed_by(o)));
                }
                // Before it leaves a topic, the one that it goes to reaches somebody; a new alarm
                // is better than none, whoever hears it.
                for topic in desired.iter().filter(|address| address.kind == Kind::Topic) {
                    let serves = |o: &Step| {
                        let part = matches!(o.address.kind, Kind::TopicPolicy | Kind::Subscription);
                        part && makes(o) && self.wants(o, topic)
                    };
                    let moves = step.before.is_some() && !held.contains(topic);
                    if moves { &mut waits.needs } else { &mut waits.after }.extend(self.which(serves));
                }
            }
            Some(Object::Trail(_)) => {
                // Events come when everything that watches is in place. A new trail, or one that
                // delivered nowhere, comes in any case: a part of the rules is better than none. One
                // that leaves a group stays with the old rules until the new ones are there.
                let group = |address: &&Address| address.kind == Kind::LogGroup;
                let (old, new) = (held.iter().find(group), desired.iter().find(group));
                let leaves = old.is_some() && new.is_some() && old != new;
                let watches = self
                    .which(|o| makes(o) && WATCH.contains(&o.address.kind) && o.address.kind != Kind::Trail);
                // `CloudTrail` may look whether it can use the key of the topic that it is to notify.
                let lets_tell = |o: &Option<Object>| {
                    matches!((o, &step.after), (Some(Object::KeyPolicy(policy)), Some(Object::Trail(trail)))
                        if policy.lets_tell(&trail.name))
                };
                let opens = self.which(|o| makes(o) && lets_tell(&o.after) && !lets_tell(&o.before));
                waits.after.extend(opens);
                if leaves {
                    waits.needs.extend(watches);
                } else if step.action == Action::Create || old != new {
                    waits.after.extend(watches);
                }
            }
            _ => {}
        }
    }

    /// Nothing is taken away while something still leans on it, nor before what comes in its stead
    /// is there: a rename is a create and a delete. Of what watches anything may come in the stead
    /// of anything: a rule's filter, alarm, topic and subscribers do one thing together.
    fn deleting(&self, step: &Step, waits: &mut Waits) {
        waits
            .needs
            .extend(self.which(|o| o.action != Action::Release && self.leans(o, step)));
        let watches = WATCH.contains(&step.address.kind) || step.address.kind == Kind::LogGroup;
        waits.needs.extend(self.which(|o| {
            let instead = o.address.kind == step.address.kind || (watches && WATCH.contains(&o.address.kind));
            makes(o) && instead
        }));
        if let Some(alarm) = alarm(&step.before) {
            // The alarm is what marks a filter outside the stack's namespace as ours.
            let fed_by = |o: &Step| filter(&o.before).is_some_and(|filter| feeds(filter, alarm));
            waits
                .needs
                .extend(self.which(|o| o.action == Action::Delete && fed_by(o)));
        }
    }

    /// Once it is released nobody knows any more what was to be done for its sake: what leaned on it
    /// is settled first, and what it needs is released first.
    fn releasing(&self, step: &Step, waits: &mut Waits) {
        waits
            .needs
            .extend(self.which(|o| o.action != Action::Release && self.leans(o, step)));
        let needed = |o: &Step| o.action == Action::Release && self.leans(step, o);
        waits.needs.extend(self.which(needed));
    }

    fn which<'b>(&'b self, is: impl Fn(&'a Step) -> bool + 'b) -> impl Iterator<Item = usize> + 'b {
        self.steps
            .iter()
            .enumerate()
            .filter(move |(_, step)| is(step))
            .map(|(at, _)| at)
    }

    /// True when a step must be done before another takes away what it holds on to. Buckets whose access
    /// logs go to each other and composite alarms that ask each other, by whoever's hand, would wait in a
    /// circle.
    fn leans(&self, step: &Step, on: &Step) -> bool {
        let circle = || self.logs_to(on, &step.address) || self.asks(on, &step.address);
        self.held(step, &on.address) && !(step.after.is_none() && circle())
    }

    /// True when a composite alarm asks another one, over however many.
    fn asks(&self, step: &Step, alarm: &Address) -> bool {
        let mut seen = BTreeSet::new();
        let mut queue = vec![step];
        while let Some(step) = queue.pop() {
            if step.address.kind != Kind::CompositeAlarm || !seen.insert(&step.address) {
                continue;
            }
            if self.held(step, alarm) {
                return true;
            }
            queue.extend(self.steps.iter().filter(|next| self.held(step, &next.address)));
        }
        false
    }

    /// True when the access logs of a bucket go to another one, over however many.
    fn logs_to(&self, step: &Step, bucket: &Address) -> bool {
        let mut on_the_way = BTreeSet::new();
        let mut at = Some(step);
        while let Some(step) = at.filter(|step| step.address.kind == Kind::Bucket) {
            if self.held(step, bucket) {
                return true;
            }
            if !on_the_way.insert(&step.address) {
                break;
            }
            at = self.steps.iter().find(|next| self.held(step, &next.address));
        }
        false
    }

    fn held(&self, step: &Step, address: &Address) -> bool {
        step.before
            .as_ref()
            .is_some_and(|object| object.needs(self.scope).contains(address))
    }

    fn wants(&self, step: &Step, address: &Address) -> bool {
        step.after
            .as_ref()
            .is_some_and(|object| object.needs(self.scope).contains(address))
    }
}

/// True for a trail that tells a topic which is encrypted with the key of this policy: it does not know the
/// topic's key, the policy knows the trail.
fn tells_by(trail: &Step, policy: &Step) -> bool {
    let Some(Object::KeyPolicy(policy)) = &policy.before else {
        return false;
    };
    matches!(&trail.before, Some(Object::Trail(trail)) if policy.lets_tell(&trail.name))
}

/// What must not be narrowed while an object is there: what it needs and, for an alarm, the policies
/// of its topics. An alarm can be made without those, and reaches nobody without them.
fn leans_on(object: &Object, scope: &Scope) -> Vec<Address> {
    let mut all = object.needs(scope);
    if matches!(object, Object::Alarm(_)) {
        let topics = all.iter().filter(|address| address.kind == Kind::Topic);
        let policies: Vec<Address> = topics
            .map(|topic| scope.address(Kind::TopicPolicy, topic.name.as_str()))
            .collect();
        all.extend(policies);
    }
    all
}

fn filter(object: &Option<Object>) -> Option<&MetricFilter> {
    match object {
        Some(Object::MetricFilter(filter)) => Some(filter),
        _ => None,
    }
}

fn alarm(object: &Option<Object>) -> Option<&Alarm> {
    match object {
        Some(Object::Alarm(alarm)) => Some(alarm),
        _ => None,
    }
}

fn feeds(filter: &MetricFilter, alarm: &Alarm) -> bool {
    alarm.reads(&filter.namespace, &filter.metric)
}
