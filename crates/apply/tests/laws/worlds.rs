//! Specs and accounts at random.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use trailwarden_diff::{Consent, Options};
use trailwarden_spec::kinds::{
    Alarm, Bucket, BucketPolicy, LogGroup, ManagementEvents, MetricFilter, Protocol, Role, Subscription, Topic,
    TopicPolicy, Trail, Unit,
};
use trailwarden_spec::leaf::{Endpoint, FilterPattern, Managed, Owner, Retention, Tags};
use trailwarden_spec::wanted::{Place, Stack, Wanted, Wish};
use trailwarden_spec::{Object, Scope};

use crate::drift::{Drift, drifts};
use crate::memory::reconcile;
use crate::world::World;

/// A spec in few numbers. Two of them describe the same things under the same or other names.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) trails: [Option<TrailShape>; 2],
    pub(crate) topics: [Option<TopicShape>; 2],
    pub(crate) rules: Vec<Option<RuleShape>>,
    /// Which log groups exist elsewhere.
    pub(crate) existing: [bool; 2],
    pub(crate) retention: Option<u32>,
    pub(crate) role_renamed: bool,
    pub(crate) team: Option<String>,
    /// Whether fields that may be left alone are written.
    pub(crate) writes_all: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct TrailShape {
    pub(crate) renamed: bool,
    pub(crate) bucket: usize,
    pub(crate) prefix: Option<usize>,
    pub(crate) group: Option<usize>,
    pub(crate) multi_region: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct TopicShape {
    pub(crate) renamed: bool,
    pub(crate) subscribers: [bool; 3],
    pub(crate) exclusive: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct RuleShape {
    pub(crate) renamed: bool,
    pub(crate) pattern: usize,
    pub(crate) group: usize,
    pub(crate) topics: [bool; 2],
    pub(crate) threshold: u8,
}

pub(crate) fn stack() -> Stack {
    let scope = Scope { account: "123456789012".into(), region: "us-east-1".into() };
    Stack { name: "acme".into(), scope, namespace: "acme".into() }
}

pub(crate) fn world() -> World {
    let mut world = World::new(stack());
    for group in 0..2 {
        let elsewhere = log_group(&group_name(group, true), Managed::Leave, &Tags::default());
        world.insert(elsewhere.into(), Owner::Foreign);
    }
    world
}

fn name(letter: &str, number: usize, renamed: bool) -> String {
    format!("{letter}{number}{}", if renamed { "-new" } else { "" })
}

fn group_name(number: usize, existing: bool) -> String {
    format!("/g{number}{}", if existing { "-elsewhere" } else { "" })
}

fn log_group(name: &str, retention: Managed<Retention>, tags: &Tags) -> LogGroup {
    LogGroup { name: name.into(), retention, class: Managed::Leave, tags: tags.clone() }
}

impl Shape {
    /// The spec as the decoder would resolve it.
    pub(crate) fn wanted(&self) -> Wanted {
        let mut builder = Builder::new();
        let tags = Tags::named(self.team.iter().map(|team| ("team".to_owned(), team.clone())).collect());
        let scope = stack().scope;
        let trails: Vec<(usize, &TrailShape)> =
            self.trails.iter().enumerate().filter_map(|(at, trail)| Some((at, trail.as_ref()?))).collect();
        let rules: Vec<(usize, &RuleShape)> =
            self.rules.iter().enumerate().filter_map(|(at, rule)| Some((at, rule.as_ref()?))).collect();

        let groups: BTreeSet<usize> =
            trails.iter().filter_map(|(_, trail)| trail.group).chain(rules.iter().map(|(_, rule)| rule.group)).collect();
        for group in groups {
            let group_name = group_name(group, self.existing[group]);
            if self.existing[group] {
                builder.wanted.existing.insert(scope.address(trailwarden_spec::Kind::LogGroup, group_name), place());
            } else {
                let retention = self.retention.map(Retention::Days).into();
                builder.add("group", log_group(&group_name, retention, &tags));
            }
        }
        let role_name = name("role", 0, self.role_renamed);
        let delivered: BTreeSet<String> = trails
            .iter()
            .filter_map(|(_, trail)| trail.group)
            .map(|group| group_name(group, self.existing[group]))
            .collect();
        if !delivered.is_empty() {
            let groups: Vec<&str> = delivered.iter().map(String::as_str).collect();
            let mut role = Role::for_delivery(&scope, "/trailwarden/acme/", &role_name, &groups);
            role.tags = tags.clone();
            builder.add("role", role);
        }
        let mut delivering: BTreeMap<String, Vec<(String, Option<String>)>> = BTreeMap::new();
        for (at, shape) in &trails {
            let (bucket, trail_name) = (name("b", shape.bucket, false), name("t", *at, shape.renamed));
            let prefix = shape.prefix.map(|prefix| format!("p{prefix}"));
            delivering.entry(bucket.clone()).or_default().push((trail_name.clone(), prefix.clone()));
            let delivery = shape.group.map(|group| trailwarden_spec::kinds::Delivery {
                log_group: scope.log_group_arn(&group_name(group, self.existing[group])),
                role: scope.role_arn("/trailwarden/acme/", &role_name),
            });
            builder.add(
                &trail_name,
                Trail {
                    name: trail_name.clone(),
                    bucket,
                    prefix,
                    multi_region: shape.multi_region,
                    global_service_events: true,
                    log_file_validation: true,
                    delivery: match delivery {
                        Some(delivery) => Managed::Set(Some(delivery)),
                        None if self.writes_all => Managed::Set(None),
                        None => Managed::Leave,
                    },
                    management_events: ManagementEvents::All,
                    excluded_sources: BTreeSet::new(),
                    logging: true,
                    tags: tags.clone(),
                },
            );
        }
        for (bucket, trails) in delivering {
            let of = trails.iter().map(|(name, prefix)| (name.as_str(), prefix.as_deref()));
            builder.add("bucket", BucketPolicy::for_trails("acme", &scope, &bucket, of));
            builder.add(
                "bucket",
                Bucket {
                    name: bucket,
                    region: scope.region.clone(),
                    public_access_blocked: true,
                    encryption: Managed::Leave,
                    versioning: if self.writes_all { Managed::Set(true) } else { Managed::Leave },
                    object_ownership: Managed::Leave,
                    tags: tags.clone(),
                },
            );
        }
        self.topics(&mut builder, &tags);
        for (at, rule) in rules {
            self.rule(&mut builder, at, rule, &tags);
        }
        builder.wanted
    }

    fn topics(&self, builder: &mut Builder, tags: &Tags) {
        let scope = stack().scope;
        for (at, topic) in self.topics.iter().enumerate() {
            let Some(topic) = topic else { continue };
            let topic_name = name("x", at, topic.renamed);
            let display_name = if self.writes_all { Managed::Set("Alerts".into()) } else { Managed::Leave };
            builder.add(&topic_name, Topic { name: topic_name.clone(), display_name, tags: tags.clone() });
            builder.add(&topic_name, TopicPolicy::for_alarms("acme", &scope, &topic_name));
            if topic.exclusive {
                builder.wanted.exclusive.insert(scope.address(trailwarden_spec::Kind::Topic, topic_name.as_str()));
            }
            for who in (0..3).filter(|who| topic.subscribers[*who]) {
                let endpoint = Endpoint::new("email", &format!("e{who}@example.com"));
                let (topic, protocol) = (topic_name.clone(), Protocol::Email);
                builder.add(&topic_name, Subscription { topic, protocol, endpoint, role: None });
            }
        }
    }

    fn rule(&self, builder: &mut Builder, at: usize, rule: &RuleShape, tags: &Tags) {
        let rule_name = name("r", at, rule.renamed);
        builder.add(
            &rule_name,
            MetricFilter {
                log_group: group_name(rule.group, self.existing[rule.group]),
                name: rule_name.clone(),
                pattern: FilterPattern::new(&format!("{{ $.rule{at} = {} }}", rule.pattern)),
                namespace: "acme".into(),
                metric: rule_name.clone(),
                value: "1".into(),
                default_value: if self.writes_all { Managed::Set(None) } else { Managed::Leave },
                unit: Unit::None,
                dimensions: BTreeMap::new(),
            },
        );
        let told = (0..2).filter(|topic| rule.topics[*topic]);
        let names = told.filter_map(|at| Some(name("x", at, self.topics[at].as_ref()?.renamed)));
        builder.add(
            &rule_name,
            Alarm {
                description: if self.writes_all { Managed::Set("watched".into()) } else { Managed::Leave },
                threshold: f64::from(rule.threshold),
                alarm_actions: names.map(|name| stack().scope.topic_arn(&name)).collect(),
                tags: tags.clone(),
                ..Alarm::on_metric(&rule_name, "acme", &rule_name)
            },
        );
    }
}

struct Builder {
    wanted: Wanted,
}

fn place() -> Place {
    Place { file: 0, path: String::new(), span: 0..0 }
}

impl Builder {
    fn new() -> Self {
        Self {
            wanted: Wanted {
                stack: stack(),
                files: Vec::new(),
                objects: BTreeMap::new(),
                existing: BTreeMap::new(),
                adopt: BTreeSet::new(),
                exclusive: BTreeSet::new(),
            },
        }
    }

    fn add(&mut self, origin: &str, object: impl Into<Object>) {
        let object = object.into();
        let address = object.address(&self.wanted.stack.scope);
        self.wanted.objects.insert(address, Wish { object, origin: origin.into(), place: place() });
    }
}

pub(crate) fn shapes() -> impl Strategy<Value = Shape> {
    let trail = || {
        let shape = (any::<bool>(), 0_usize..2, proptest::option::of(0_usize..2), proptest::option::of(0_usize..2));
        (shape, proptest::bool::weighted(0.9)).prop_map(|((renamed, bucket, prefix, group), multi_region)| TrailShape {
            renamed,
            bucket,
            prefix,
            group,
            multi_region,
        })
    };
    let topic = || {
        (any::<bool>(), any::<[bool; 3]>(), any::<bool>())
            .prop_map(|(renamed, subscribers, exclusive)| TopicShape { renamed, subscribers, exclusive })
    };
    let rule = (any::<bool>(), 0_usize..2, 0_usize..2, any::<[bool; 2]>(), 1_u8..3).prop_map(
        |(renamed, pattern, group, topics, threshold)| RuleShape { renamed, pattern, group, topics, threshold },
    );
    let maybe = proptest::option::weighted::<BoxedStrategy<TrailShape>>;
    let trails = (maybe(0.9, trail().boxed()), maybe(0.4, trail().boxed()));
    let topics = (proptest::option::weighted(0.8, topic()), proptest::option::weighted(0.5, topic()));
    let rules = proptest::collection::vec(proptest::option::weighted(0.7, rule), 3);
    let rest = (
        any::<[bool; 2]>(),
        proptest::option::of(proptest::sample::select(vec![7_u32, 365])),
        any::<bool>(),
        proptest::option::of("[ab]"),
        any::<bool>(),
    );
    (trails, topics, rules, rest).prop_map(|(trails, topics, rules, rest)| {
        let (existing, retention, role_renamed, team, writes_all) = rest;
        Shape {
            trails: trails.into(),
            topics: topics.into(),
            rules,
            existing,
            retention,
            role_renamed,
            team,
            writes_all,
        }
    })
}

/// Consent to everything.
pub(crate) fn yes(wanted: &Wanted, world: &World) -> Options {
    Options {
        adopt: wanted.objects.keys().cloned().collect(),
        allow_blinding: Consent { all: true, addresses: BTreeSet::new() },
        delete_data: world.addresses().into_iter().collect(),
    }
}

/// An account before a run, what is wanted of it, and what a person said.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) world: World,
    pub(crate) wanted: Wanted,
    pub(crate) options: Options,
    pub(crate) seed: u64,
}

/// A stack was set up, others changed things, the spec changed or not.
pub(crate) fn cases() -> impl Strategy<Value = Case> {
    let specs = (shapes(), proptest::option::of(shapes()));
    let before = proptest::collection::vec(0_usize..100, 0..3);
    (specs, before, drifts(4), any::<(bool, bool, bool)>(), any::<u64>()).prop_map(
        |((first, second), foreign, drifts, (adopt, blind, data), seed)| {
            let wanted = second.as_ref().unwrap_or(&first).wanted();
            let world = stood(&first.wanted(), &wanted, &foreign, &drifts, seed);
            let yes = yes(&wanted, &world);
            let options = Options {
                adopt: if adopt { yes.adopt } else { BTreeSet::new() },
                allow_blinding: if blind { yes.allow_blinding } else { Consent::default() },
                delete_data: if data { yes.delete_data } else { BTreeSet::new() },
            };
            Case { world, wanted, options, seed }
        },
    )
}

/// An account in which a spec was applied, with some of its objects adopted from somebody who had
/// them before, and with what happened since.
pub(crate) fn stood(first: &Wanted, next: &Wanted, foreign: &[usize], drifts: &[Drift], seed: u64) -> World {
    let mut world = world();
    let tagged: Vec<&Wish> = first.objects.values().filter(|wish| wish.object.tags().is_some()).collect();
    for at in foreign.iter().filter(|_| !tagged.is_empty()) {
        let theirs = tagged[at % tagged.len()].object.clone();
        if !matches!(theirs, Object::Trail(_) | Object::Alarm(_)) {
            world.insert(theirs, Owner::Foreign);
        }
    }
    let options = yes(first, &world);
    world = reconcile(&world, first, &options, seed).1.world;
    for drift in drifts {
        drift.happen(&mut world);
    }
    // Something that the new spec wants is there and belongs to somebody.
    for at in foreign {
        let Some(wish) = next.objects.values().nth(*at).filter(|wish| wish.object.tags().is_some()) else { continue };
        let address = wish.object.address(&world.stack.scope);
        if !world.objects.contains_key(&address) {
            world.insert(wish.object.clone(), Owner::Foreign);
        }
    }
    world
}
