use std::collections::BTreeMap;

use trailwarden_spec::compare::{Change, Verdict};
use trailwarden_spec::kinds::LogGroup;
use trailwarden_spec::leaf::{Owner, in_brief};
use trailwarden_spec::live::{Found, Live};
use trailwarden_spec::wanted::{Wanted, Wish};
use trailwarden_spec::{Address, Kind, Object, Scope};

use crate::plan::{Action, Note, Options, Phase, Plan, Refusal, RefusalCode, Step};
use crate::protect::Protected;
use crate::select::select;
use crate::settle::Settling;
use crate::{blind, cost, elsewhere, order, subscriber};

/// Holds what a spec wants against what an account holds.
///
/// The result depends on nothing else, and equal arguments give equal plans, byte for byte.
#[must_use]
pub fn plan(wanted: &Wanted, live: &Live, options: &Options) -> Plan {
    let mut planner = Planner {
        wanted,
        live,
        options,
        plan: Plan {
            stack: wanted.stack.name.clone(),
            scope: wanted.stack.scope.clone(),
            steps: Vec::new(),
            refusals: Vec::new(),
            attention: live.attention.clone(),
            notes: Vec::new(),
            cost: cost::of(wanted),
            unchanged: 0,
            left_out: 0,
        },
        gone: Vec::new(),
        protected: Protected::of(wanted, live),
    };
    for address in wanted.existing.keys() {
        planner.exists(address);
    }
    for (address, wish) in &wanted.objects {
        planner.wish(address, wish);
    }
    planner.leftovers();
    let Planner {
        mut plan,
        gone,
        protected,
        ..
    } = planner;
    Settling {
        wanted,
        live,
        options,
        gone: &gone,
        protected: &protected,
    }
    .settle(&mut plan);
    elsewhere::note(&mut plan, wanted);
    subscriber::note(&mut plan, &wanted.stack.scope, live);
    plan.attention.sort();
    plan.refusals
        .sort_by(|a, b| (&a.address, a.code).cmp(&(&b.address, b.code)));
    plan.notes
        .sort_by(|a, b| (&a.address, &a.message).cmp(&(&b.address, &b.message)));
    plan.steps = order::arrange(plan.steps, &wanted.stack.scope);
    select(&mut plan, wanted, options);
    plan
}

pub(crate) struct Planner<'a> {
    pub(crate) wanted: &'a Wanted,
    pub(crate) live: &'a Live,
    pub(crate) options: &'a Options,
    plan: Plan,
    /// What is ours, wanted no more and vanishes with what it is part of.
    gone: Vec<(Address, Address)>,
    protected: Protected,
}

impl Planner<'_> {
    pub(crate) fn scope(&self) -> &Scope {
        &self.wanted.stack.scope
    }

    fn refuse(
        &mut self,
        address: &Address,
        code: RefusalCode,
        message: String,
        wish: Option<&Wish>,
        changes: Vec<Change>,
    ) {
        self.plan.refusals.push(Refusal {
            address: address.clone(),
            code,
            message,
            origin: wish.map(|wish| wish.origin.clone()),
            changes,
        });
    }

    pub(crate) fn note(&mut self, address: &Address, message: String) {
        self.plan.notes.push(Note {
            address: address.clone(),
            message,
        });
    }

    fn step(
        &mut self,
        address: &Address,
        action: Action,
        wish: Option<&Wish>,
        before: Option<Object>,
        after: Option<Object>,
    ) {
        let changes = match (&before, &after) {
            (before, Some(after)) => after.changes(before.as_ref()),
            (Some(before), None) => before.changes(None).into_iter().map(taken_away).collect(),
            (None, None) => Vec::new(),
        };
        let blinds = match (&before, &after, action) {
            (_, _, Action::Release) => None,
            // Nothing wanted needs it, and what is refused and needs it holds it back.
            (Some(Object::Role(_) | Object::BucketPolicy(_) | Object::KeyPolicy(_)), None, _) => None,
            (Some(before), None, _) => before.silences(None),
            (Some(before), Some(after), _) => blind::blinds(before, after, self.live),
            (None, _, _) => None,
        };
        let restores = match (&after, action) {
            (Some(after), Action::Create) if self.stands(address, wish) => after.silences(None),
            (Some(after), Action::Update | Action::Adopt) => before
                .as_ref()
                .and_then(|before| blind::unnoticed(after, before, self.live)),
            _ => None,
        };
        // What is as bad one way as the other is a move, not the repair of a drift.
        let restores = restores.filter(|why| blinds.as_ref() != Some(why));
        let foreign = self.live.objects.get(address).into_iter();
        let kept = foreign
            .flat_map(|found| &found.facts.foreign_statements)
            .enumerate()
            .map(|(at, statement)| in_brief(at + 1, statement))
            .collect();
        let lasts = after.as_ref().and_then(|after| after.lasts(before.as_ref()));
        self.plan.steps.push(Step {
            address: address.clone(),
            action,
            phase: Phase::Whole,
            origin: wish.map(|wish| wish.origin.clone()),
            before,
            after,
            changes: if action == Action::Release {
                Vec::new()
            } else {
                changes
            },
            kept,
            blinds,
            restores,
            lasts,
            needs: Vec::new(),
            after_steps: Vec::new(),
        });
    }

    /// True when an object that is not there is a gap in something that stands, and not the
    /// beginning of something new: others of the same origin are there, or lean on it. Of a trail it
    /// is enough that anything of the stack is there, and of a subscription that its topic is there
    /// and has no subscriber.
    fn stands(&self, address: &Address, wish: Option<&Wish>) -> bool {
        if let (Kind::Subscription, Some(topic)) =
            (address.kind, wish.and_then(|w| parent(&w.object, self.scope())))
        {
            let on_topic = |found: &Found| parent(&found.value, self.scope()).as_ref() == Some(&topic);
            let mut subscribed = self
                .live
                .objects
                .iter()
                .filter(|(other, _)| other.kind == Kind::Subscription);
            return self.live.objects.contains_key(&topic) && !subscribed.any(|(_, found)| on_topic(found));
        }
        let origin = wish.map(|wish| wish.origin.as_str());
        let wanted = &self.wanted.objects;
        self.live
            .objects
            .iter()
            .filter(|(_, found)| found.owner.is_ours())
            .any(|(other, found)| {
                let same_origin = wanted
                    .get(other)
                    .is_some_and(|other| Some(other.origin.as_str()) == origin);
                let marked = wanted.contains_key(other) && found.value.tags().is_some();
                same_origin
                    || found.value.needs(self.scope()).contains(address)
                    || (address.kind == Kind::Trail && marked)
            })
    }

    fn exists(&mut self, address: &Address) {
        let kind = address.kind.in_words();
        match self.live.objects.get(address) {
            None => {
                let message = format!(
                    "the spec takes the {kind} `{}` from elsewhere and it is not there; correct its name, or let the \
                     spec make it",
                    address.name
                );
                self.refuse(address, RefusalCode::Missing, message, None, Vec::new());
            }
            Some(found) => {
                let message = match &found.value {
                    Object::LogGroup(group) if self.counts_on(group) => group.takes_no_filters(),
                    Object::Key(_) => found.value.refuses(&found.value, &found.facts),
                    _ => None,
                };
                if let Some(message) = message {
                    self.refuse(address, RefusalCode::Impossible, message, None, Vec::new());
                }
            }
        }
    }

    /// True when the spec wants a metric filter on a log group.
    fn counts_on(&self, group: &LogGroup) -> bool {
        let on_it = |wish: &Wish| matches!(&wish.object, Object::MetricFilter(filter) if filter.log_group == group.name);
        self.wanted.objects.values().any(on_it)
    }

    fn wish(&mut self, address: &Address, wish: &Wish) {
        let Some(found) = self.live.objects.get(address) else {
            let after = wish.object.clone().complete(None);
            if is_nothing(&after) {
                self.plan.unchanged += 1;
                return;
            }
            return self.step(address, Action::Create, Some(wish), None, Some(after));
        };
        let after = wish.object.clone().complete(Some((&found.value, &found.facts)));
        let changes = after.changes(Some(&found.value));
        let differs = changes.iter().any(|change| change.verdict == Verdict::Differs);
        let adopts = self.adopts(address);

        if let Some(message) = self.not_ours(address, found, adopts, differs) {
            let code = match found.owner {
                Owner::Foreign => RefusalCode::NotOwned,
                _ => RefusalCode::OwnedByOther,
            };
            return self.refuse(address, code, message, Some(wish), changes);
        }
        if let Some(message) = wish.object.refuses(&found.value, &found.facts) {
            return self.refuse(address, RefusalCode::Impossible, message, Some(wish), changes);
        }
        if let Some(key) = self.unsaid_key(&wish.object, &after) {
            let message = format!(
                "it encrypts with `{key}` and the spec does not say so, so that the key's policy would not let it; write \
                 `kms_key` to keep it or `kms_key = \"none\"` to take it away"
            );
            return self.refuse(address, RefusalCode::Impossible, message, Some(wish), changes);
        }
        let takes_over = !found.owner.is_ours() && adopts && found.value.tags().is_some();
        if !found.facts.inexpressible.is_empty() {
            let what = found.facts.inexpressible.join("; ");
            if differs {
                let message = format!(
                    "it has what this version cannot express and an update would lose: {what}; change it by hand"
                );
                return self.refuse(address, RefusalCode::Inexpressible, message, Some(wish), changes);
            }
            self.note(
                address,
                format!("it has what this version does not manage: {what}"),
            );
        }
        if takes_over || differs {
            let action = if takes_over { Action::Adopt } else { Action::Update };
            return self.step(
                address,
                action,
                Some(wish),
                Some(found.value.clone()),
                Some(after),
            );
        }
        for change in changes {
            self.note(
                address,
                format!(
                    "`{}` is spelt differently and means the same; left alone",
                    change.field
                ),
            );
        }
        self.plan.unchanged += 1;
    }

    /// True when somebody said that the object is to be taken over.
    pub(crate) fn adopts(&self, address: &Address) -> bool {
        self.options.adopt.contains(address) || self.wanted.adopt.contains(address)
    }

    /// Why an object that is there may not be touched, if so.
    fn not_ours(&self, address: &Address, found: &Found, adopts: bool, differs: bool) -> Option<String> {
        let kind = address.kind.in_words();
        match &found.owner {
            Owner::Ours | Owner::Adopted => None,
            // Kinds without tags cannot be marked; one that is as wanted is nobody's loss.
            Owner::Foreign if adopts || (found.value.tags().is_none() && !differs) => None,
            Owner::Foreign => Some(format!(
                "this {kind} exists and is not this stack's; to take it over as shown, plan with `--adopt {address}`, \
                 else give the spec's object another name"
            )),
            Owner::Stack(other) => Some(format!(
                "this {kind} belongs to the stack `{other}`; give the spec's object another name, or release it there"
            )),
            Owner::CloudFormation(other) => Some(format!(
                "this {kind} belongs to the CloudFormation stack `{other}`, which would undo every change; give the \
                 spec's object another name, or remove it there with a `Retain` policy"
            )),
        }
    }

    /// What is ours and wanted no more.
    fn leftovers(&mut self) {
        let (wanted, live) = (self.wanted, self.live);
        let leftovers: BTreeMap<&Address, &Found> = live
            .objects
            .iter()
            .filter(|(address, found)| {
                found.owner.is_ours()
                    && !wanted.objects.contains_key(*address)
                    && (!wanted.existing.contains_key(*address) || wanted.release.contains(*address))
            })
            .collect();
        let released = self.released(&leftovers);
        self.spent_releases(&leftovers);
        for (address, found) in leftovers {
            let parent = parent(&found.value, self.scope());
            let gone_with_parent = parent.as_ref().is_some_and(|parent| {
                live.objects.get(parent).is_some_and(|p| p.owner.is_ours())
                    && !wanted.objects.contains_key(parent)
                    && !wanted.existing.contains_key(parent)
                    && !released.contains(parent)
                    && !self.protected.outlives_its_group(found, parent)
            });
            if let (true, Some(parent)) = (gone_with_parent, parent.as_ref()) {
                self.gone.push((address.clone(), parent.clone()));
                continue;
            }
            // Its namespace is its mark, which a release cannot take off: it is kept for whom it serves.
            if let Some(alarm) = self.reader_elsewhere(found) {
                let message = format!(
                    "it stays: the alarm `{alarm}`, which is not this stack's, reads its metric; without that alarm it \
                     would be deleted"
                );
                self.note(address, message);
                continue;
            }
            match address.kind {
                Kind::Subscription => {
                    let exclusive = parent
                        .as_ref()
                        .is_some_and(|topic| wanted.exclusive.contains(topic));
                    if exclusive {
                        self.step(address, Action::Delete, None, Some(found.value.clone()), None);
                    } else if let Object::Subscription(subscription) = &found.value {
                        let (protocol, endpoint) = (subscription.protocol, &subscription.endpoint);
                        self.note(
                            address,
                            format!("{protocol} {endpoint} is subscribed, too; the spec does not name it, so it is kept"),
                        );
                    }
                }
                _ if is_nothing(&found.value) => {}
                Kind::KeyPolicy | Kind::BucketPolicy | Kind::TopicPolicy if released.contains(address) => {
                    self.note(
                        address,
                        "our statements stay: what is released still needs them".into(),
                    );
                }
                _ if released.contains(address) => {
                    let ours = found.owner == Owner::Ours && !wanted.release.contains(address);
                    if let Some(why) = found.value.keeps().filter(|_| ours) {
                        self.note(address, format!("it is released, not deleted: {why}"));
                    } else if found.facts.holds_data && ours {
                        self.note(address, why_released(address, self.options));
                    }
                    self.step(address, Action::Release, None, Some(found.value.clone()), None);
                }
                _ => match self.not_deleted(address, found) {
                    Some(message) => {
                        self.refuse(address, RefusalCode::Impossible, message, None, Vec::new());
                    }
                    None => self.step(address, Action::Delete, None, Some(found.value.clone()), None),
                },
            }
        }
    }

    /// A key of the spec that an object has only because the spec is silent: the key's policy, which
    /// follows from the spec, would shut the object out.
    fn unsaid_key(&self, wish: &Object, after: &Object) -> Option<Address> {
        let said = wish.needs(self.scope());
        after.needs(self.scope()).into_iter().find(|need| {
            need.kind == Kind::Key && self.wanted.objects.contains_key(need) && !said.contains(need)
        })
    }

    /// What goes on using a key or an alarm that the spec wants no more: the spec leaves alone with what it
    /// encrypts, or which alarm keeps it silent.
    fn user_of(&self, used: &Address) -> Option<Address> {
        if !matches!(used.kind, Kind::Key | Kind::Alarm | Kind::CompositeAlarm) {
            return None;
        }
        let mut wanted = self.wanted.objects.iter();
        wanted
            .find(|(address, wish)| {
                let found = self.live.objects.get(*address);
                let live = found.map(|found| (&found.value, &found.facts));
                wish.object
                    .clone()
                    .complete(live)
                    .needs(self.scope())
                    .contains(used)
            })
            .map(|(address, _)| address.clone())
    }

    /// Why what is wanted no more and is not released cannot be deleted.
    fn not_deleted(&self, address: &Address, found: &Found) -> Option<String> {
        if let Some(user) = self.user_of(address) {
            return Some(match address.kind {
                Kind::Key => {
                    format!("`{user}` still encrypts with it: say by its `kms_key` what it is to use instead")
                }
                _ => format!(
                    "`{user}` is still kept silent by it, so that AWS does not delete it: write `suppressor = \"none\"` \
                     there, or which other alarm it is to be"
                ),
            });
        }
        // Those that the plan knows of go first or stay together with it.
        let unknown = |by: &&String| {
            let composite = self.scope().address(Kind::CompositeAlarm, by.as_str());
            !self.live.objects.contains_key(&composite)
        };
        if let Some(by) = found.facts.asked_by.iter().find(unknown) {
            return Some(format!(
                "the composite alarm `{by}`, which is not this stack's, asks it, so that AWS does not delete it: change \
                 that one, or let this one go by a `[[release]]`"
            ));
        }
        let why = found.value.keeps()?;
        Some(format!(
            "AWS does not delete it: {why}, or leave out `--delete-data`"
        ))
    }
}

/// Why what this stack made is let go and not taken away.
fn why_released(address: &Address, options: &Options) -> String {
    match address.kind {
        Kind::Key if options.delete_data.contains(address) => {
            "it is released all the same: what is released holds data that is encrypted with it".into()
        }
        Kind::Key => format!(
            "what was encrypted with it can be read with nothing else, so it is released; `--delete-data {address}` \
             schedules its deletion in 30 days"
        ),
        _ => format!(
            "it holds data or others' metric filters, so it is released; `--delete-data {address}` deletes it"
        ),
    }
}

/// What an object is part of and vanishes with.
pub(crate) fn parent(object: &Object, scope: &Scope) -> Option<Address> {
    match object {
        Object::KeyPolicy(policy) => Some(scope.address(Kind::Key, policy.key.as_str())),
        Object::BucketPolicy(policy) => Some(scope.address(Kind::Bucket, policy.bucket.as_str())),
        Object::TopicPolicy(policy) => Some(scope.address(Kind::Topic, policy.topic.as_str())),
        Object::Subscription(subscription) => Some(scope.address(Kind::Topic, subscription.topic.as_str())),
        Object::MetricFilter(filter) => Some(scope.address(Kind::LogGroup, filter.log_group.as_str())),
        _ => None,
    }
}

/// A shared document in which nothing is ours: wanting that is as good as wanting nothing.
fn is_nothing(object: &Object) -> bool {
    match object {
        Object::KeyPolicy(policy) => policy.statements.is_empty(),
        Object::BucketPolicy(policy) => policy.statements.is_empty(),
        Object::TopicPolicy(policy) => policy.statements.is_empty(),
        _ => false,
    }
}

fn taken_away(change: Change) -> Change {
    let Change {
        field,
        before,
        after,
        verdict,
    } = change;
    Change {
        field,
        before: after,
        after: before,
        verdict,
    }
}
