//! What the spec names no more and the account keeps: it loses our marks, if it has any.

use std::collections::{BTreeMap, BTreeSet};

use trailwarden_spec::leaf::Owner;
use trailwarden_spec::live::Found;
use trailwarden_spec::{Address, Kind, Object};

use crate::compare::Planner;

impl Planner<'_> {
    /// The leftovers that stay: those that were adopted, those that the spec lets go, those that hold
    /// data or what others use, and all that such a one needs while it goes on without us.
    pub(crate) fn released(&self, leftovers: &BTreeMap<&Address, &Found>) -> BTreeSet<Address> {
        let mut released = BTreeSet::new();
        let goes_on =
            |address: &Address, found: &Found| found.owner == Owner::Adopted || self.lets_go(address);
        let mut queue: Vec<Address> = leftovers
            .iter()
            .filter(|(address, found)| {
                let kept = found.facts.holds_data || found.value.keeps().is_some();
                goes_on(address, found) || kept && !self.options.delete_data.contains(**address)
            })
            .map(|(address, _)| (*address).clone())
            .collect();
        queue.extend(
            self.let_go_already()
                .flat_map(|(address, found)| self.leans_on(address, found, true, leftovers)),
        );
        // A log group takes its filters along, those for others, too.
        let for_others = leftovers
            .iter()
            .filter(|(_, found)| self.reader_elsewhere(found).is_some());
        queue.extend(for_others.flat_map(|(address, found)| self.leans_on(address, found, true, leftovers)));
        while let Some(address) = queue.pop() {
            let Some(found) = leftovers.get(&address) else {
                continue;
            };
            // A filter is here for the alarm that it counts for, and both go on.
            let goes_on = goes_on(&address, found) || address.kind == Kind::MetricFilter;
            let leans_on = self.leans_on(&address, found, goes_on, leftovers);
            if released.insert(address) {
                queue.extend(leans_on);
            }
        }
        released
    }

    /// True when the spec says that the object is to be let go.
    fn lets_go(&self, address: &Address) -> bool {
        self.wanted.release.contains(address)
    }

    /// What the spec lets go, is there, and is not ours any more.
    fn let_go_already(&self) -> impl Iterator<Item = (&Address, &Found)> {
        self.live
            .objects
            .iter()
            .filter(|(address, found)| self.lets_go(address) && !found.owner.is_ours())
    }

    /// What an object leans on that is released: of its needs all if it `goes_on`, and what has no
    /// tags to be kept by on its own.
    fn leans_on(
        &self,
        address: &Address,
        found: &Found,
        goes_on: bool,
        leftovers: &BTreeMap<&Address, &Found>,
    ) -> Vec<Address> {
        // A bucket that is kept for its data needs no policy; one that an adopted trail still
        // delivers to is reached through the trail's own needs.
        let policy = match address.kind {
            Kind::Topic => Some(Kind::TopicPolicy),
            // What was encrypted with a key is read with it, by those whom its policy lets in.
            Kind::Key => Some(Kind::KeyPolicy),
            _ => None,
        };
        let policy = policy.map(|kind| self.scope().address(kind, address.name.as_str()));
        // A filter has no tags to be adopted by: it goes with the alarm that reads its metric.
        let filters = leftovers
            .iter()
            .filter(|(_, other)| counts_for(&other.value, &found.value));
        let filters = filters.map(|(address, _)| (*address).clone());
        let mut needs = found.value.needs(self.scope());
        // Data is lost with the key that it is encrypted with.
        needs.retain(|need| goes_on || matches!(need.kind, Kind::Key | Kind::KeyPolicy));
        needs.into_iter().chain(policy).chain(filters).collect()
    }

    /// The alarm of somebody else, maybe by an earlier release, that a filter counts for.
    pub(crate) fn reader_elsewhere<'f>(&'f self, filter: &'f Found) -> Option<&'f str> {
        // One that this plan takes over is the stack's from then on.
        let ours = |name: &&String| {
            let address = self.scope().address(Kind::Alarm, name.as_str());
            let alarm = self.live.objects.get(&address);
            let takes_over = self.wanted.objects.contains_key(&address) && self.adopts(&address);
            takes_over || alarm.is_some_and(|alarm| alarm.owner.is_ours())
        };
        let known = self
            .let_go_already()
            .find(|(_, alarm)| counts_for(&filter.value, &alarm.value));
        let known = known.map(|(alarm, _)| alarm.name.as_str());
        known.or_else(|| {
            filter
                .facts
                .read_by
                .iter()
                .find(|name| !ours(name))
                .map(String::as_str)
        })
    }

    /// Notes what of `[[release]]` has nothing to say any more.
    pub(crate) fn spent_releases(&mut self, leftovers: &BTreeMap<&Address, &Found>) {
        let wanted = self.wanted;
        for address in wanted
            .release
            .iter()
            .filter(|address| !leftovers.contains_key(*address))
        {
            let found = self.live.objects.get(address);
            let leans_on = found.map(|found| self.leans_on(address, found, true, leftovers));
            let mut leans_on = leans_on.into_iter().flatten();
            // A filter is kept for its reader, whatever the spec says.
            let held = |on: &Address| leftovers.contains_key(on) && on.kind != Kind::MetricFilter;
            if !leans_on.any(|on| held(&on)) {
                self.note(
                    address,
                    "nothing of this address is the stack's, so that its `[[release]]` can be dropped".into(),
                );
            }
        }
    }
}

/// True when a filter counts into the metric that an alarm reads.
fn counts_for(filter: &Object, alarm: &Object) -> bool {
    match (filter, alarm) {
        (Object::MetricFilter(filter), Object::Alarm(alarm)) => {
            alarm.reads(&filter.namespace, &filter.metric)
        }
        _ => false,
    }
}
