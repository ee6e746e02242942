//! From each alarm of the spec back to the trail, and on to the people.

use std::collections::BTreeSet;

use trailwarden_spec::arn::Arn;
use trailwarden_spec::evidence::{AlarmSeen, Evidence, Seen, TrailSeen};
use trailwarden_spec::kinds::{Alarm, CompositeAlarm, MetricFilter};
use trailwarden_spec::live::{Attention, Live};
use trailwarden_spec::{Address, Kind, Object, Scope, Wanted};

use crate::chain::{Chain, Link, LinkKind, Proof, Told};
use crate::links;

/// Walks the chain of every alarm of a spec.
#[must_use]
pub fn prove(wanted: &Wanted, live: &Live, evidence: &Evidence) -> Proof {
    let walk = Walk {
        wanted,
        live,
        evidence,
    };
    let mut chains: Vec<Chain> = wanted
        .objects
        .iter()
        .filter(|(address, _)| matches!(address.kind, Kind::Alarm | Kind::CompositeAlarm))
        // It tells nobody but drills.
        .filter(|(address, _)| walk.canary().as_ref() != Some(address))
        .map(|(address, wish)| {
            let (mut links, quiet) = match &wish.object {
                Object::Alarm(alarm) => (walk.of_metric(alarm), alarm.alarm_actions.is_empty()),
                Object::CompositeAlarm(alarm) => (walk.of_others(alarm), alarm.alarm_actions.is_empty()),
                _ => (Vec::new(), true),
            };
            let (to_people, told) = walk.people(&wish.object);
            links.extend(to_people);
            Chain {
                origin: wish.origin.clone(),
                alarm: address.clone(),
                state: walk
                    .seen(&address.name)
                    .map(|seen| (seen.state.clone(), seen.since)),
                links: in_order(links),
                told,
                quiet,
            }
        })
        .collect();
    chains.sort_by(|a, b| (&a.origin, &a.alarm).cmp(&(&b.origin, &b.alarm)));
    Proof {
        stack: wanted.stack.name.clone(),
        scope: wanted.stack.scope.clone(),
        at: evidence.at,
        chains,
        attention: [beside(live), in_other_regions(&walk)].concat(),
        unknown: vec![
            "whether an organization's policy (SCP, RCP) denies a delivery that the account's own policies allow; a \
             delivery that arrived says that it did not"
                .into(),
            "whether anybody reads the mailbox, the queue or the phone behind a confirmed subscription".into(),
        ],
    }
}

/// Walks the chain of the drill's alarm, from the trail to its topic; with `injected` from the test log group. None
/// without a `[drill]`, or without a test log group.
#[must_use]
pub fn rehearsal(wanted: &Wanted, live: &Live, evidence: &Evidence, injected: bool) -> Option<Chain> {
    let drill = wanted.drill.as_ref()?;
    let walk = Walk {
        wanted,
        live,
        evidence,
    };
    let group = match injected {
        true => drill.test_log_group.as_ref()?,
        false => &drill.log_group,
    };
    let address = walk.canary()?;
    let wish = wanted.objects.get(&address)?;
    let Object::Alarm(alarm) = &wish.object else {
        return None;
    };
    let mut links = Vec::new();
    for filter in walk.filters(alarm).filter(|filter| filter.log_group == *group) {
        links.extend(match injected {
            true => vec![links::source::of_the_group(&walk, group)],
            false => links::source::of_group(&walk, group, Some(filter)),
        });
        links.push(links::filter::of(&walk, filter));
        links.push(links::filter::joined(&walk, filter, alarm));
    }
    links.push(links::alarm::of_metric(&walk, alarm));
    for topic in &alarm.alarm_actions {
        links.push(links::topic::takes(&walk, topic, &alarm.name));
    }
    let seen = walk.seen(&alarm.name);
    Some(Chain {
        origin: wish.origin.clone(),
        state: seen.map(|seen| (seen.state.clone(), seen.since)),
        alarm: address,
        links: in_order(links),
        told: Vec::new(),
        quiet: false,
    })
}

/// What the survey tells of and the chains do not: they say themselves who has not confirmed, what a
/// queue or a key keeps out, and what does not arrive.
fn beside(live: &Live) -> Vec<Attention> {
    let of_a_chain = |code: &str| {
        let codes = ["subscription-pending", "no-subscriber", "topic-encrypted"];
        codes.contains(&code) || code.starts_with("queue-")
    };
    let items = live.attention.iter();
    items.filter(|item| !of_a_chain(item.code)).cloned().collect()
}

/// Log files of other regions that do not come into the bucket: no alert needs them, and only that region
/// says so.
fn in_other_regions(walk: &Walk<'_>) -> Vec<Attention> {
    let of_trail = |seen: &TrailSeen| {
        let failing = seen.elsewhere.iter().filter_map(|(region, status)| {
            let error = status.get()?.files.error.as_ref()?;
            Some(format!("{region} ({error})"))
        });
        let failing: Vec<String> = failing.collect();
        (!failing.is_empty()).then(|| Attention {
            address: Some(walk.scope().address(Kind::Trail, seen.trail.name.as_str())),
            code: "delivery-error",
            message: format!(
                "`{}` cannot deliver the log files of {} to its bucket; let the bucket's policy allow \
                 `AWSLogs/{}/*`, not the folder of one region",
                seen.trail.name,
                failing.join(", "),
                seen.home.account,
            ),
        })
    };
    walk.evidence.trails.values().filter_map(of_trail).collect()
}

/// Sorted by their order in the chain, each once: several filters may share their trail.
fn in_order(links: Vec<Link>) -> Vec<Link> {
    let mut once: Vec<Link> = Vec::with_capacity(links.len());
    for link in links {
        if !once.contains(&link) {
            once.push(link);
        }
    }
    once.sort_by_key(|link| link.kind);
    once
}

/// What is wanted and what is there.
pub(crate) struct Walk<'a> {
    pub(crate) wanted: &'a Wanted,
    pub(crate) live: &'a Live,
    pub(crate) evidence: &'a Evidence,
}

impl<'a> Walk<'a> {
    pub(crate) fn scope(&self) -> &'a Scope {
        &self.wanted.stack.scope
    }

    /// The alarm of the drill.
    fn canary(&self) -> Option<Address> {
        let drill = self.wanted.drill.as_ref()?;
        Some(self.scope().address(Kind::Alarm, drill.name.as_str()))
    }

    pub(crate) fn seen(&self, alarm: &str) -> Option<&'a AlarmSeen> {
        self.evidence.alarms.get(alarm).and_then(Seen::get)
    }

    /// Whether the spec makes an object: otherwise `trailwarden apply` does not repair it.
    pub(crate) fn wants(&self, kind: Kind, arn: &Arn) -> bool {
        let address = self.scope().address(kind, arn.name());
        self.scope().holds(arn) && self.wanted.objects.contains_key(&address)
    }

    /// The filters of the spec that count into what an alarm reads.
    fn filters(&self, alarm: &Alarm) -> impl Iterator<Item = &'a MetricFilter> {
        let wishes = self.wanted.objects.values();
        let alarm = alarm.clone();
        wishes.filter_map(move |wish| match &wish.object {
            Object::MetricFilter(filter) if alarm.reads(&filter.namespace, &filter.metric) => Some(filter),
            _ => None,
        })
    }

    /// From the trail to the state of an alarm on a metric.
    fn of_metric(&self, alarm: &Alarm) -> Vec<Link> {
        let mut links = Vec::new();
        let filters: Vec<&MetricFilter> = self.filters(alarm).collect();
        for filter in &filters {
            links.extend(links::source::of_group(self, &filter.log_group, Some(filter)));
            links.push(links::filter::of(self, filter));
            links.push(links::filter::joined(self, filter, alarm));
        }
        if filters.is_empty() {
            links.extend(self.of_service(alarm));
        }
        links.push(links::alarm::of_metric(self, alarm));
        links
    }

    /// An alarm on what no filter of the spec counts: what AWS itself counts of a log group tells of its
    /// trail; of everything else nobody here knows where it comes from.
    fn of_service(&self, alarm: &Alarm) -> Vec<Link> {
        let group = alarm.dimensions.get("LogGroupName");
        match group {
            Some(group) if alarm.namespace == "AWS/Logs" => {
                let mut links = links::source::of_group(self, group, None);
                links.push(Link::holds(
                    LinkKind::Metric,
                    &alarm.metric,
                    "CloudWatch Logs counts it by itself",
                ));
                links
            }
            _ => {
                let sources: Vec<String> = alarm
                    .sources()
                    .map(|source| format!("{}/{}", source.namespace, source.metric))
                    .collect();
                let of_aws = sources.iter().all(|source| source.starts_with("AWS/"));
                let name = sources.join(", ");
                vec![if of_aws {
                    Link::holds(LinkKind::Metric, &name, "a metric of AWS's own")
                } else {
                    Link::unknown(
                        LinkKind::Metric,
                        &name,
                        "no filter of the spec counts it, so that nobody knows whether it gets values",
                        "write a `[metric_filter.LABEL]` for it, or see its graph",
                    )
                }]
            }
        }
    }

    /// From all that a composite alarm asks to its own state. An alarm that it asks need not tell anybody
    /// itself.
    fn of_others(&self, composite: &CompositeAlarm) -> Vec<Link> {
        let mut links = Vec::new();
        let mut seen = BTreeSet::from([composite.name.clone()]);
        let mut queue: Vec<String> = composite.rule.alarms().into_iter().collect();
        while let Some(name) = queue.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let address = |kind| self.scope().address(kind, name.as_str());
            let wish = [Kind::Alarm, Kind::CompositeAlarm]
                .into_iter()
                .find_map(|kind| self.wanted.objects.get(&address(kind)));
            match wish.map(|wish| &wish.object) {
                Some(Object::Alarm(alarm)) => {
                    let of_child = self.of_metric(alarm).into_iter();
                    // Its actions may be off: it is asked for its state.
                    links.extend(of_child.filter(|link| link.kind != LinkKind::Alarm));
                    links.push(links::alarm::asked(self, &name));
                }
                Some(Object::CompositeAlarm(other)) => {
                    queue.extend(other.rule.alarms());
                    links.push(links::alarm::asked(self, &name));
                }
                _ => links.push(links::alarm::asked(self, &name)),
            }
        }
        links.push(links::alarm::composite(self, composite));
        links
    }

    /// From the alarm to whoever hears of it.
    fn people(&self, alarm: &Object) -> (Vec<Link>, Vec<Told>) {
        let (name, topics) = match alarm {
            Object::Alarm(alarm) => (&alarm.name, &alarm.alarm_actions),
            Object::CompositeAlarm(alarm) => (&alarm.name, &alarm.alarm_actions),
            _ => return Default::default(),
        };
        let mut links = Vec::new();
        let mut told = Vec::new();
        for topic in topics.iter().filter(|arn| arn.service == "sns") {
            links.push(links::topic::takes(self, topic, name));
            links.extend(links::topic::subscribers(self, topic, alarm, &mut told));
        }
        told.sort();
        (links, told)
    }
}
