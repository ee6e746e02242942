//! Specs in few numbers, and what the decoder would make of them.

use std::collections::{BTreeMap, BTreeSet};

use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::{
    AccessLogging, Alarm, Bucket, BucketPolicy, CompositeAlarm, DefaultRetention, DeliveryRetry,
    DeliveryStatus, DeliveryStatuses, FilterScope, Key, KeyPolicy, KeyState, KeyUse, Lifecycle, LockMode,
    LogGroup, ManagementEvents, MetricFilter, ObjectLock, Period, Protocol, Role, Sample, SignatureVersion,
    Subscription, SubscriptionSettings, Suppressor, Topic, TopicPolicy, TopicSettings, Tracing, Trail, Unit,
};
use trailwarden_spec::leaf::{
    AlarmRule, BasicSelector, Document, Endpoint, FilterPattern, KeyRef, Managed, Owner, Retention, Selector,
    Selectors, Tags,
};
use trailwarden_spec::wanted::{Place, Stack, Wanted, Wish};
use trailwarden_spec::{Object, Scope};

use crate::world::World;

/// The data events of these objects.
pub(crate) fn objects(beginnings: &[&str]) -> Selectors {
    Selectors::new(vec![Selector::from(BasicSelector {
        read_only: None,
        resource_type: "AWS::S3::Object".into(),
        values: beginnings.iter().map(|text| (*text).to_owned()).collect(),
    })])
}

/// A spec in few numbers. Two of them describe the same things under the same or other names.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) trails: [Option<TrailShape>; 2],
    pub(crate) topics: [Option<TopicShape>; 2],
    pub(crate) rules: Vec<Option<RuleShape>>,
    pub(crate) composite: Option<CompositeShape>,
    /// Which log groups exist elsewhere.
    pub(crate) existing: [bool; 2],
    pub(crate) retention: Option<u32>,
    pub(crate) role_renamed: bool,
    pub(crate) key: Option<KeyShape>,
    pub(crate) team: Option<String>,
    /// Whether fields that may be left alone are written.
    pub(crate) writes_all: bool,
}

/// A key, and what is encrypted with it.
#[derive(Clone, Debug)]
pub(crate) struct KeyShape {
    pub(crate) renamed: bool,
    pub(crate) rotation: bool,
    pub(crate) trails: bool,
    pub(crate) groups: bool,
    pub(crate) topics: bool,
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

/// A composite alarm that asks the alarms of rules.
#[derive(Clone, Debug)]
pub(crate) struct CompositeShape {
    pub(crate) renamed: bool,
    pub(crate) asks: [bool; 3],
    pub(crate) suppressed_by: Option<usize>,
    pub(crate) topics: [bool; 2],
}

pub(crate) fn stack() -> Stack {
    let scope = Scope {
        account: "123456789012".into(),
        region: "us-east-1".into(),
    };
    Stack {
        name: "acme".into(),
        scope,
        namespace: "acme".into(),
    }
}

pub(crate) fn world() -> World {
    let mut world = World::new(stack());
    for group in 0..2 {
        let elsewhere = log_group(
            &group_name(group, true),
            Managed::Leave,
            Managed::Leave,
            &Tags::default(),
        );
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

fn log_group(name: &str, retention: Managed<Retention>, protection: Managed<bool>, tags: &Tags) -> LogGroup {
    LogGroup {
        name: name.into(),
        retention,
        class: Managed::Leave,
        deletion_protection: protection,
        key: Managed::Leave,
        tags: tags.clone(),
    }
}

impl Shape {
    /// The value where everything is written.
    fn if_all<T>(&self, value: T) -> Managed<T> {
        if self.writes_all {
            Managed::Set(value)
        } else {
            Managed::Leave
        }
    }

    /// What a spec says of the key of one sort of objects.
    fn key_of(&self, is: fn(&KeyShape) -> bool) -> Managed<Option<KeyRef>> {
        let key = self.key.as_ref().filter(|key| is(key));
        if key.is_none() && self.key.is_some() && !self.writes_all {
            return Managed::Leave;
        }
        Managed::Set(key.map(|key| KeyRef::alias(&stack().scope, &name("k", 0, key.renamed))))
    }

    /// The key with the policy that its users need.
    fn add_key(&self, builder: &mut Builder, tags: &Tags) {
        let Some(shape) = &self.key else { return };
        let key_name = name("k", 0, shape.renamed);
        let scope = stack().scope;
        let objects: Vec<Object> = builder
            .wanted
            .objects
            .values()
            .map(|wish| wish.object.clone())
            .collect();
        let readers = [scope.role_arn("/", "audit")];
        let mut uses: Vec<KeyUse<'_>> = objects
            .iter()
            .filter_map(|object| match object {
                Object::Trail(trail) if shape.trails => Some(KeyUse::Trail(&trail.name)),
                Object::LogGroup(group) if shape.groups => Some(KeyUse::LogGroup(&group.name)),
                _ => None,
            })
            .collect();
        if shape.topics {
            uses.push(KeyUse::Alarms);
        }
        uses.push(KeyUse::Readers(&readers));
        builder.add("key", KeyPolicy::for_uses("acme", &scope, &key_name, uses));
        let optional = self.writes_all;
        builder.add(
            "key",
            Key {
                name: key_name,
                description: if optional {
                    Managed::Set("logs".into())
                } else {
                    Managed::Leave
                },
                state: KeyState::Enabled,
                rotation: shape.rotation,
                rotation_days: if optional {
                    Managed::Set(180)
                } else {
                    Managed::Leave
                },
                tags: tags.clone(),
            },
        );
    }

    /// The spec as the decoder would resolve it.
    pub(crate) fn wanted(&self) -> Wanted {
        let mut builder = Builder::new();
        let tags = Tags::named(
            self.team
                .iter()
                .map(|team| ("team".to_owned(), team.clone()))
                .collect(),
        );
        let scope = stack().scope;
        let trails: Vec<(usize, &TrailShape)> = self
            .trails
            .iter()
            .enumerate()
            .filter_map(|(at, trail)| Some((at, trail.as_ref()?)))
            .collect();
        let rules: Vec<(usize, &RuleShape)> = self
            .rules
            .iter()
            .enumerate()
            .filter_map(|(at, rule)| Some((at, rule.as_ref()?)))
            .collect();

        let groups: BTreeSet<usize> = trails
            .iter()
            .filter_map(|(_, trail)| trail.group)
            .chain(rules.iter().map(|(_, rule)| rule.group))
            .collect();
        for group in groups {
            let group_name = group_name(group, self.existing[group]);
            if self.existing[group] {
                builder.wanted.existing.insert(
                    scope.address(trailwarden_spec::Kind::LogGroup, group_name),
                    place(),
                );
            } else {
                let retention = self.retention.map(Retention::Days).into();
                let mut group = log_group(&group_name, retention, self.if_all(false), &tags);
                group.key = self.key_of(|key| key.groups);
                builder.add("group", group);
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
            delivering
                .entry(bucket.clone())
                .or_default()
                .push((trail_name.clone(), prefix.clone()));
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
                    key: self.key_of(|key| key.trails),
                    management_events: ManagementEvents::All,
                    excluded_sources: BTreeSet::new(),
                    data_events: if self.writes_all {
                        Managed::Set(objects(&["arn:aws:s3:::invoices/"]))
                    } else {
                        Managed::Leave
                    },
                    network_events: Managed::Leave,
                    selectors: Managed::Leave,
                    insights: Managed::Leave,
                    sns_topic: Managed::Leave,
                    organization: false,
                    logging: true,
                    tags: tags.clone(),
                },
            );
        }
        // The access logs of all buckets go to the first one.
        let logs = delivering.keys().next().cloned();
        let sources: Vec<String> = delivering.keys().skip(1).cloned().collect();
        for (bucket, trails) in delivering {
            let of = trails
                .iter()
                .map(|(name, prefix)| (name.as_str(), prefix.as_deref()));
            let mut policy = BucketPolicy::for_trails("acme", &scope, &bucket, of);
            if self.writes_all {
                policy = policy.and_tls_only("acme", &scope);
            }
            for source in sources
                .iter()
                .filter(|_| self.writes_all && logs.as_ref() == Some(&bucket))
            {
                policy = policy.and_access_logs("acme", &scope, source, "s3/");
            }
            builder.add("bucket", policy);
            let access_logging = logs
                .clone()
                .filter(|logs| *logs != bucket)
                .map(|bucket| AccessLogging {
                    bucket,
                    prefix: "s3/".into(),
                });
            let lock = DefaultRetention {
                mode: LockMode::Governance,
                period: Period::Days(30),
            };
            let lifecycle = Lifecycle {
                expire_days: Some(365),
                ..Lifecycle::default()
            };
            builder.add(
                "bucket",
                Bucket {
                    name: bucket,
                    region: scope.region.clone(),
                    public_access_blocked: true,
                    encryption: Managed::Leave,
                    bucket_key: Managed::Leave,
                    versioning: if self.writes_all {
                        Managed::Set(true)
                    } else {
                        Managed::Leave
                    },
                    object_ownership: Managed::Leave,
                    lifecycle: self.if_all(Some(lifecycle)),
                    object_lock: self.if_all(if access_logging.is_some() {
                        ObjectLock::Default(lock)
                    } else {
                        ObjectLock::Off
                    }),
                    access_logging: self.if_all(access_logging),
                    tags: tags.clone(),
                },
            );
        }
        self.topics(&mut builder, &tags);
        for (at, rule) in rules {
            self.rule(&mut builder, at, rule, &tags);
        }
        self.add_composite(&mut builder, &tags);
        self.add_key(&mut builder, &tags);
        builder.wanted
    }

    fn topics(&self, builder: &mut Builder, tags: &Tags) {
        let scope = stack().scope;
        for (at, topic) in self.topics.iter().enumerate() {
            let Some(topic) = topic else { continue };
            let topic_name = name("x", at, topic.renamed);
            let display_name = if self.writes_all {
                Managed::Set("Alerts".into())
            } else {
                Managed::Leave
            };
            builder.add(
                &topic_name,
                Topic {
                    name: topic_name.clone(),
                    display_name,
                    key: self.key_of(|key| key.topics),
                    settings: self.topic_settings(),
                    tags: tags.clone(),
                },
            );
            builder.add(&topic_name, TopicPolicy::for_alarms("acme", &scope, &topic_name));
            if topic.exclusive {
                builder
                    .wanted
                    .exclusive
                    .insert(scope.address(trailwarden_spec::Kind::Topic, topic_name.as_str()));
            }
            for who in (0..3).filter(|who| topic.subscribers[*who]) {
                let endpoint = Endpoint::new("email", &format!("e{who}@example.com"));
                let (topic, protocol) = (topic_name.clone(), Protocol::Email);
                builder.add(
                    &topic_name,
                    Subscription {
                        topic,
                        protocol,
                        endpoint,
                        role: None,
                        settings: self.subscription_settings(),
                    },
                );
            }
        }
    }

    /// Everything that a topic can be told, where the spec writes everything.
    fn topic_settings(&self) -> TopicSettings {
        if !self.writes_all {
            return TopicSettings::default();
        }
        let role = Arn::parse("arn:aws:iam::123456789012:role/feedback").expect("an ARN");
        let status = Managed::Set(DeliveryStatus {
            success: Some(Sample {
                role: role.clone(),
                rate: 5,
            }),
            failure_role: Some(role),
        });
        TopicSettings {
            delivery_retry: Managed::Set(Some(DeliveryRetry {
                num_retries: 7,
                ..DeliveryRetry::default()
            })),
            delivery_status: DeliveryStatuses::of(|_| status.clone()),
            signature_version: Managed::Set(SignatureVersion::Sha256),
            tracing: Managed::Set(Tracing::Active),
            data_protection: Managed::Set(Some(document(r#"{"Name":"p"}"#))),
        }
    }

    fn subscription_settings(&self) -> SubscriptionSettings {
        if !self.writes_all {
            return SubscriptionSettings::default();
        }
        SubscriptionSettings {
            raw_delivery: Managed::Set(true),
            filter_policy: Managed::Set(Some(document(r#"{"NewStateValue":["ALARM"]}"#))),
            filter_scope: Managed::Set(FilterScope::MessageBody),
            dead_letter: Managed::Set(Arn::parse("arn:aws:sqs:us-east-1:123456789012:dead")),
            delivery_retry: Managed::Set(None),
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
                default_value: if self.writes_all {
                    Managed::Set(None)
                } else {
                    Managed::Leave
                },
                unit: Unit::None,
                dimensions: BTreeMap::new(),
            },
        );
        builder.add(
            &rule_name,
            Alarm {
                description: if self.writes_all {
                    Managed::Set("watched".into())
                } else {
                    Managed::Leave
                },
                threshold: f64::from(rule.threshold),
                alarm_actions: self.told(rule.topics),
                tags: tags.clone(),
                ..Alarm::on_metric(&rule_name, "acme", &rule_name)
            },
        );
    }

    /// The topics that are there, of those that are told.
    fn told(&self, topics: [bool; 2]) -> BTreeSet<Arn> {
        let told = (0..2).filter(|topic| topics[*topic]);
        let names = told.filter_map(|at| Some(name("x", at, self.topics[at].as_ref()?.renamed)));
        names.map(|name| stack().scope.topic_arn(&name)).collect()
    }

    /// The composite alarm, if a rule is there that it can ask.
    fn add_composite(&self, builder: &mut Builder, tags: &Tags) {
        let Some(shape) = &self.composite else { return };
        let alarm = |at: usize| Some(name("r", at, self.rules.get(at)?.as_ref()?.renamed));
        let asked = (0..3).filter(|at| shape.asks[*at]).filter_map(alarm);
        let asked: Vec<String> = asked.map(|name| format!("ALARM({name})")).collect();
        if asked.is_empty() {
            return;
        }
        let suppressor = shape.suppressed_by.and_then(alarm).map(|alarm| Suppressor {
            alarm,
            wait_period: 60,
            extension_period: 60,
        });
        let composite_name = name("c", 0, shape.renamed);
        builder.add(
            &composite_name,
            CompositeAlarm {
                description: self.if_all("together".into()),
                alarm_actions: self.told(shape.topics),
                suppressor: match suppressor {
                    None => self.if_all(None),
                    some => Managed::Set(some),
                },
                tags: tags.clone(),
                ..CompositeAlarm::new(&composite_name, AlarmRule::read(&asked.join(" OR ")))
            },
        );
    }
}

struct Builder {
    wanted: Wanted,
}

fn place() -> Place {
    Place {
        file: 0,
        path: String::new(),
        span: 0..0,
    }
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
                protect: BTreeSet::new(),
                release: BTreeSet::new(),
                waivers: Vec::new(),
                drill: None,
                tests: Vec::new(),
                warnings: trailwarden_spec::Problems::default(),
            },
        }
    }

    fn add(&mut self, origin: &str, object: impl Into<Object>) {
        let object = object.into();
        let address = object.address(&self.wanted.stack.scope);
        self.wanted.objects.insert(
            address,
            Wish {
                object,
                origin: origin.into(),
                place: place(),
            },
        );
    }
}

fn document(text: &str) -> Document {
    Document::parse(text).expect("a JSON object")
}
