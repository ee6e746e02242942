//! What of a plan may be done: consent, and what hangs on what is refused.

use std::collections::{BTreeMap, BTreeSet};

use trailwarden_spec::kinds::Alarm;
use trailwarden_spec::live::Live;
use trailwarden_spec::wanted::Wanted;
use trailwarden_spec::{Address, Kind, Object, Scope};

use crate::blind;
use crate::compare::parent;
use crate::plan::{Action, Note, Options, Phase, Plan, Refusal, RefusalCode, Step};
use crate::protect::Protected;
use crate::quota;

/// A whole plan that takes away more than this share of at least [`MANY`] objects is held to be a
/// mistake (octoDNS refuses above 30 % likewise).
const TOO_MUCH: f64 = 0.3;
const MANY: usize = 10;

/// Turns steps into refusals where nobody consented, and where they hang on a refusal: whoever
/// applies the rest of the plan (`--skip-refused`) must not get what was refused by another door.
pub(crate) struct Settling<'a> {
    pub(crate) wanted: &'a Wanted,
    pub(crate) live: &'a Live,
    pub(crate) options: &'a Options,
    /// What vanishes with what it is part of: the object and its parent.
    pub(crate) gone: &'a [(Address, Address)],
    pub(crate) protected: &'a Protected,
}

impl Settling<'_> {
    /// Divides the steps into those that may be done and refusals.
    pub(crate) fn settle(&self, plan: &mut Plan) {
        self.only_gaps_restore(plan);
        self.protected.refuse(plan);
        let served = self.still_served(plan);
        let no_room = quota::refuse(plan, self.live);
        self.consent(plan);
        let refused: BTreeSet<Address> = plan
            .refusals
            .iter()
            .map(|refusal| refusal.address.clone())
            .collect();
        refuse(plan, |step| {
            let policy = served.get(&step.address)?;
            (step.action == Action::Release && refused.contains(policy))
                .then(|| format!("`{policy}` still serves it, and what is wanted of that is refused"))
        });
        while self.hang(plan) {}
        self.hold_back(plan);
        let wanted = self.wanted.objects.values();
        quota::note(plan, wanted.map(|wish| &wish.object), self.live, &no_room);
    }

    fn scope(&self) -> &Scope {
        &self.wanted.stack.scope
    }

    /// A policy or role that lacks what a step of this plan will need restores nothing: it makes
    /// ready for something new.
    fn only_gaps_restore(&self, plan: &mut Plan) {
        let needed: BTreeSet<Address> = plan
            .steps
            .iter()
            .filter_map(|step| step.after.as_ref())
            .flat_map(|after| after.needs(self.scope()))
            .collect();
        for step in &mut plan.steps {
            if blind::is_derived(step.address.kind) && needed.contains(&step.address) {
                step.restores = None;
            }
        }
    }

    /// What is released goes on without us. A change that takes away what it leans on blinds it,
    /// and as soon as it is released nobody would know: both are done together or neither is.
    /// Returns what is released and which policy or role serves it.
    fn still_served(&self, plan: &mut Plan) -> BTreeMap<Address, Address> {
        let mut served = BTreeMap::new();
        let leaving: Vec<(Address, Vec<Address>)> = plan
            .steps
            .iter()
            .filter(|step| step.action == Action::Release)
            .filter_map(|step| Some((step.address.clone(), step.before.as_ref()?.needs(self.scope()))))
            .collect();
        for step in plan
            .steps
            .iter_mut()
            .filter(|step| blind::is_derived(step.address.kind))
        {
            let (Some(before), Some(after)) = (&step.before, &step.after) else {
                continue;
            };
            let Some(why) = before.silences(Some(after)) else {
                continue;
            };
            for (address, needs) in &leaving {
                if needs.contains(&step.address) {
                    step.blinds = Some(format!("`{address}` is released and goes on without it: {why}"));
                    served.insert(address.clone(), step.address.clone());
                }
            }
        }
        served
    }

    /// Refuses steps that blind and steps that together take too much away where nobody consented.
    fn consent(&self, plan: &mut Plan) {
        let takes = |step: &Step| step.action == Action::Delete || step.blinds.is_some();
        // The objects as the next plan finds them if all of these are refused: what one plan refuses
        // the next must not let through.
        let count = |wanted: &dyn Fn(&Step) -> bool| plan.steps.iter().filter(|step| wanted(step)).count();
        let owned = self.live.objects.values().filter(|found| found.owner.is_ours());
        let added = count(&|step| matches!(step.action, Action::Create | Action::Adopt));
        let released = count(&|step| step.action == Action::Release && !takes(step));
        let owned = (owned.count() + added).saturating_sub(released);
        let deleted = |address: &Address| {
            plan.steps
                .iter()
                .any(|step| step.action == Action::Delete && step.address == *address)
        };
        let with_parents = |(_, parent): &&(Address, Address)| deleted(parent) && self.options.choose(parent);
        let with_parents = self.gone.iter().filter(with_parents).count();
        let chosen = |step: &&Step| takes(step) && self.options.choose(&step.address);
        let taken = plan.steps.iter().filter(chosen).count() + with_parents;
        #[expect(clippy::cast_precision_loss, reason = "a share of a few thousand objects")]
        let too_much = owned >= MANY && taken as f64 > TOO_MUCH * owned as f64;
        let consent = &self.options.allow_blinding;
        refuse_as(plan, |step| {
            let address = &step.address;
            if too_much && takes(step) && !consent.all {
                let message = format!(
                    "the plan takes away {taken} of {owned} objects, which looks like a mistake; if it is meant, add \
                     `--allow-blinding ALL`"
                );
                return Some((RefusalCode::TooMuch, message));
            }
            let why = step.blinds.as_ref().filter(|_| !consent.covers(address))?;
            let verb = if step.action == Action::Delete {
                "deleting"
            } else {
                "changing"
            };
            let message = format!(
                "{verb} it blinds the watch: {why}; if that is meant, add `--allow-blinding {address}`"
            );
            Some((RefusalCode::Blinding, message))
        });
    }

    /// Refuses what needs something that is refused, and what something refused still needs. True
    /// when anything was: others may hang on that.
    fn hang(&self, plan: &mut Plan) -> bool {
        let refused: BTreeMap<Address, RefusalCode> = plan
            .refusals
            .iter()
            .map(|refusal| (refusal.address.clone(), refusal.code))
            .collect();
        let mut needed: BTreeMap<Address, Address> = BTreeMap::new();
        for address in refused.keys() {
            let held = self
                .live
                .objects
                .get(address)
                .map(|found| found.value.needs(self.scope()));
            needed.extend(held.into_iter().flatten().map(|need| (need, address.clone())));
        }
        refuse(plan, |step| {
            let leaves = matches!(step.action, Action::Delete | Action::Release);
            if let (true, Some(by)) = (leaves, needed.get(&step.address)) {
                return Some(format!(
                    "`{by}` still needs it, and what is wanted of that is refused"
                ));
            }
            if let Some(alarm) = self.reads_on(step, &refused) {
                return Some(format!(
                    "`{alarm}` reads its metric, and what is wanted of that is refused"
                ));
            }
            let on = self.waits_for(step, &refused)?;
            Some(format!("waits for `{on}`, which is refused"))
        })
    }

    /// The refused alarm that keeps a filter from being let go: it is what marks the filter as ours,
    /// and every plan would let it go again. Nor is the filter taken from an alarm that stays for another
    /// reason than that nobody consented.
    fn reads_on(&self, step: &Step, refused: &BTreeMap<Address, RefusalCode>) -> Option<Address> {
        let Some(Object::MetricFilter(filter)) = &step.before else {
            return None;
        };
        let stays = |code: &RefusalCode| match step.action {
            Action::Release => true,
            Action::Delete => !matches!(code, RefusalCode::Blinding | RefusalCode::TooMuch),
            _ => false,
        };
        let reads = |address: &Address| match self.live.objects.get(address).map(|found| &found.value) {
            Some(Object::Alarm(alarm)) => alarm.reads(&filter.namespace, &filter.metric),
            _ => false,
        };
        let mut readers = refused
            .iter()
            .filter(|(address, code)| stays(code) && reads(address));
        readers.next().map(|(address, _)| address.clone())
    }

    /// The refused object that a step cannot be done without.
    fn waits_for(&self, step: &Step, refused: &BTreeMap<Address, RefusalCode>) -> Option<Address> {
        if step.action == Action::Release {
            return None;
        }
        let scope = self.scope();
        let either = step.after.as_ref().or(step.before.as_ref())?;
        // A policy or subscription is written into its bucket or topic, which may not be ours.
        let written_into = match step.address.kind {
            Kind::KeyPolicy | Kind::BucketPolicy | Kind::TopicPolicy | Kind::Subscription => {
                parent(either, scope)
            }
            _ => None,
        };
        let written_into = written_into.filter(|into| {
            refused
                .get(into)
                .is_some_and(|code| *code != RefusalCode::Inexpressible)
        });
        // What already leans on it gets no worse by other changes: a stopped trail is to record again
        // whatever is the matter with its bucket.
        let leans = step
            .before
            .as_ref()
            .map(|before| before.needs(scope))
            .unwrap_or_default();
        let moves = moves(step);
        // An alarm on a metric that nothing counts only looks as if somebody watched.
        let unfed = match &step.after {
            Some(Object::Alarm(alarm)) if step.action == Action::Create => {
                refused.keys().find(|address| self.feeds(address, alarm)).cloned()
            }
            _ => None,
        };
        let gets_by = |need: &Address| leans.contains(need) && !moves;
        let needs = step
            .after
            .as_ref()
            .map(|after| after.needs(scope))
            .unwrap_or_default();
        let unmet = || {
            needs
                .into_iter()
                .find(|need| refused.contains_key(need) && !gets_by(need))
        };
        written_into.or(unfed).or_else(unmet)
    }

    /// True when a filter that the spec wants counts into an alarm's metric.
    fn feeds(&self, address: &Address, alarm: &Alarm) -> bool {
        match self.wanted.objects.get(address).map(|wish| &wish.object) {
            Some(Object::MetricFilter(filter)) => alarm.reads(&filter.namespace, &filter.metric),
            _ => false,
        }
    }

    /// Takes nothing out of a policy or role on which something refused still leans: it stays as it
    /// is, and so does what it needs.
    fn hold_back(&self, plan: &mut Plan) {
        let leaning: BTreeMap<Address, Address> = plan
            .refusals
            .iter()
            .filter_map(|refusal| Some((refusal.address.clone(), self.live.objects.get(&refusal.address)?)))
            .flat_map(|(by, found)| {
                found
                    .value
                    .needs(self.scope())
                    .into_iter()
                    .map(move |need| (need, by.clone()))
            })
            .collect();
        for step in std::mem::take(&mut plan.steps) {
            let held = leaning.get(&step.address).and_then(|by| {
                let (before, after) = (step.before.as_ref()?, step.after.as_ref()?);
                Some((by, before, after.widened(before)?))
            });
            let Some((by, before, between)) = held else {
                plan.steps.push(step);
                continue;
            };
            plan.notes.push(Note {
                address: step.address.clone(),
                message: format!("nothing is taken out of it while `{by}`, which still needs it, is refused"),
            });
            let changes = between.changes(Some(before));
            if step.action == Action::Adopt || changes.iter().any(crate::order::differs) {
                plan.steps.push(Step {
                    phase: Phase::Widen,
                    after: Some(between),
                    changes,
                    ..step
                });
            }
        }
    }
}

/// True when a trail is to deliver to another place than it does.
fn moves(step: &Step) -> bool {
    match (&step.before, &step.after) {
        (Some(Object::Trail(before)), Some(Object::Trail(after))) => {
            (&before.bucket, &before.prefix, &before.delivery)
                != (&after.bucket, &after.prefix, &after.delivery)
        }
        _ => false,
    }
}

fn refuse(plan: &mut Plan, why: impl Fn(&Step) -> Option<String>) -> bool {
    refuse_as(plan, |step| Some((RefusalCode::Waits, why(step)?)))
}

/// Moves the steps for which there is a reason to the refusals.
pub(crate) fn refuse_as(plan: &mut Plan, why: impl Fn(&Step) -> Option<(RefusalCode, String)>) -> bool {
    let before = plan.refusals.len();
    for step in std::mem::take(&mut plan.steps) {
        match why(&step) {
            None => plan.steps.push(step),
            Some((code, message)) => plan.refusals.push(Refusal {
                address: step.address,
                code,
                message,
                origin: step.origin,
                changes: step.changes,
            }),
        }
    }
    plan.refusals.len() > before
}
