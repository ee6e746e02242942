//! Which alarms of a spec lean on an object.

use std::collections::{BTreeMap, BTreeSet};

use trailwarden_spec::kinds::{Alarm, CompositeAlarm};
use trailwarden_spec::wanted::Wanted;
use trailwarden_spec::{Address, Kind, Object, Scope};

/// The chains of a spec, by what they lean on.
pub(super) struct Leans {
    /// The alarms, metric and composite, whose chain leads over the object.
    alarms: BTreeMap<Address, BTreeSet<Address>>,
    /// What trails record with, alarms or not.
    records: BTreeSet<Address>,
}

impl Leans {
    /// Walks the chain of every alarm that a spec wants.
    pub(super) fn of(wanted: &Wanted) -> Self {
        let spec = Spec {
            wanted,
            scope: &wanted.stack.scope,
        };
        let mut alarms: BTreeMap<Address, BTreeSet<Address>> = BTreeMap::new();
        let mut records = BTreeSet::new();
        for (address, wish) in &wanted.objects {
            let mut chain = BTreeSet::from([address.clone()]);
            match &wish.object {
                Object::Alarm(alarm) => {
                    spec.sources(alarm, &mut chain);
                    spec.told(&wish.object, &mut chain);
                }
                Object::CompositeAlarm(alarm) => {
                    spec.children(alarm, &mut chain);
                    spec.told(&wish.object, &mut chain);
                }
                Object::Trail(_) => {
                    spec.needed(address, &mut records);
                    continue;
                }
                _ => continue,
            }
            for link in chain {
                alarms.entry(link).or_default().insert(address.clone());
            }
        }
        Self { alarms, records }
    }

    /// The alarms that lean on an object.
    pub(super) fn on(&self, address: &Address) -> BTreeSet<Address> {
        self.alarms.get(address).cloned().unwrap_or_default()
    }

    /// True for what a trail records with, itself included.
    pub(super) fn records(&self, address: &Address) -> bool {
        self.records.contains(address)
    }
}

struct Spec<'a> {
    wanted: &'a Wanted,
    scope: &'a Scope,
}

impl Spec<'_> {
    /// The object and all that it needs.
    fn needed(&self, address: &Address, chain: &mut BTreeSet<Address>) {
        let mut open = vec![address.clone()];
        while let Some(next) = open.pop() {
            if let Some(wish) = self.wanted.objects.get(&next) {
                open.extend(
                    wish.object
                        .needs(self.scope)
                        .into_iter()
                        .filter(|need| !chain.contains(need)),
                );
            }
            chain.insert(next);
        }
    }

    /// Topics that are told, with what lets them be and who hears of it.
    fn told(&self, alarm: &Object, chain: &mut BTreeSet<Address>) {
        let topics = alarm.needs(self.scope).into_iter();
        for topic in topics.filter(|need| need.kind == Kind::Topic) {
            for (address, wish) in &self.wanted.objects {
                let of_topic = match &wish.object {
                    Object::TopicPolicy(policy) => policy.topic == topic.name,
                    Object::Subscription(subscription) => subscription.topic == topic.name,
                    _ => false,
                };
                if of_topic {
                    chain.insert(address.clone());
                }
            }
            self.needed(&topic, chain);
        }
    }

    /// The metric filters of an alarm, their log groups, and the trails that deliver there.
    fn sources(&self, alarm: &Alarm, chain: &mut BTreeSet<Address>) {
        let mut groups: BTreeSet<&str> = BTreeSet::new();
        for source in alarm.sources().filter(|source| source.namespace == "AWS/Logs") {
            groups.extend(source.dimensions.get("LogGroupName").map(String::as_str));
        }
        for (address, wish) in &self.wanted.objects {
            if let Object::MetricFilter(filter) = &wish.object
                && alarm.reads(&filter.namespace, &filter.metric)
            {
                chain.insert(address.clone());
                groups.insert(&filter.log_group);
            }
        }
        for (address, wish) in &self.wanted.objects {
            let Object::Trail(trail) = &wish.object else {
                continue;
            };
            let delivery = trail.delivery.get().and_then(Option::as_ref);
            if delivery.is_some_and(|delivery| groups.contains(delivery.log_group.name())) {
                self.needed(address, chain);
            }
        }
        for group in groups {
            self.needed(&self.scope.address(Kind::LogGroup, group), chain);
        }
    }

    /// The alarms that a composite asks, however deep, and what feeds them: whom they tell is their own
    /// business.
    fn children(&self, composite: &CompositeAlarm, chain: &mut BTreeSet<Address>) {
        for name in composite.children() {
            for kind in [Kind::Alarm, Kind::CompositeAlarm] {
                let address = self.scope.address(kind, name.as_str());
                let Some(wish) = self.wanted.objects.get(&address) else {
                    continue;
                };
                if !chain.insert(address) {
                    continue;
                }
                match &wish.object {
                    Object::Alarm(alarm) => self.sources(alarm, chain),
                    Object::CompositeAlarm(child) => self.children(child, chain),
                    _ => {}
                }
            }
        }
    }
}
