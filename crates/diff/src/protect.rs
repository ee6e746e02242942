//! What is never deleted.
//!
//! The mark `trailwarden:protect` is on the object itself, so that it holds whatever the spec says
//! by now: a section that is dropped takes no protection away. Kinds without tags are protected
//! through what they belong to.

use std::collections::BTreeMap;

use trailwarden_spec::leaf::Tags;
use trailwarden_spec::live::{Found, Live};
use trailwarden_spec::wanted::Wanted;
use trailwarden_spec::{Address, Kind, Object};

use crate::compare::parent;
use crate::plan::{Action, Plan, RefusalCode, Step};
use crate::settle::refuse_as;

/// The objects of an account that may not be deleted.
pub(crate) struct Protected(BTreeMap<Address, Why>);

/// What protects an object.
#[derive(Clone)]
enum Why {
    /// Its own mark, or the spec's word where it cannot have one.
    Itself,
    /// A marked object that it is part of.
    PartOf(Address),
    /// A marked alarm that reads its metric.
    ReadBy(Address),
    /// A protected filter that would go with it.
    TakesAlong(Address),
}

impl Protected {
    /// What is protected now; what the spec wants from here on counts only where no mark can.
    pub(crate) fn of(wanted: &Wanted, live: &Live) -> Self {
        let scope = &wanted.stack.scope;
        let ours = || live.objects.iter().filter(|(_, found)| found.owner.is_ours());
        let mut all: BTreeMap<Address, Why> = ours()
            .filter(|(_, found)| found.tags().is_some_and(Tags::is_protected))
            .map(|(address, _)| (address.clone(), Why::Itself))
            .collect();
        let mut others = BTreeMap::new();
        for (address, found) in &live.objects {
            let whole = parent(&found.value, scope);
            let why = match &found.value {
                Object::MetricFilter(filter) => {
                    let reads = |alarm: &Object| matches!(alarm, Object::Alarm(a) if a.reads(&filter.namespace, &filter.metric));
                    let mut marked = ours().filter(|(by, _)| all.contains_key(*by));
                    match marked.find(|(_, found)| reads(&found.value)) {
                        Some((alarm, _)) => Why::ReadBy(alarm.clone()),
                        None if wanted.protect.contains(address) => Why::Itself,
                        None => continue,
                    }
                }
                _ => match &whole {
                    Some(whole) if all.contains_key(whole) => Why::PartOf(whole.clone()),
                    _ => continue,
                },
            };
            if let (Kind::MetricFilter, Some(group)) = (address.kind, whole) {
                others
                    .entry(group)
                    .or_insert_with(|| Why::TakesAlong(address.clone()));
            }
            others.insert(address.clone(), why);
        }
        for (address, why) in others {
            all.entry(address).or_insert(why);
        }
        Self(all)
    }

    /// True for an object that stays although what it is part of is dropped from the spec: a filter
    /// of a log group that is not deleted goes or stays for reasons of its own.
    pub(crate) fn outlives_its_group(&self, found: &Found, group: &Address) -> bool {
        matches!(found.value, Object::MetricFilter(_)) && self.0.contains_key(group)
    }

    /// Refuses every deletion of what is protected.
    pub(crate) fn refuse(&self, plan: &mut Plan) {
        refuse_as(plan, |step: &Step| {
            let why = self
                .0
                .get(&step.address)
                .filter(|_| step.action == Action::Delete)?;
            Some((RefusalCode::Protected, why.in_words()))
        });
    }
}

impl Why {
    fn in_words(&self) -> String {
        match self {
            Self::Itself => {
                "it is protected, and no plan deletes what is; if that is meant, first apply its section as \
                             it was with `protect = false`, then delete it"
                    .into()
            }
            Self::PartOf(whole) => format!(
                "it is part of `{whole}`, which is protected; if that is meant, first apply `protect = false` there, then \
                 delete it"
            ),
            Self::ReadBy(alarm) => format!(
                "`{alarm}` reads its metric and is protected; if that is meant, first apply `protect = false` there, \
                 then delete it"
            ),
            Self::TakesAlong(filter) => format!(
                "`{filter}` would go with it and is protected; if that is meant, first apply `protect = false` for that, \
                 then delete both"
            ),
        }
    }
}
