//! What others do to an account behind the stack's back.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use trailwarden_policy::{Policy, Statement};
use trailwarden_spec::kinds::{
    Alarm, Bucket, DefaultRetention, DeliveryRetry, DeliveryStatus, Encryption, Insight, Key, KeyState,
    Lifecycle, LockMode, LogGroup, ManagementEvents, MetricFilter, MissingData, ObjectLock, ObjectOwnership,
    Operator, Period, Query, QueryMetric, QueryOf, Role, SelectorForm, SignatureVersion, Subscription,
    SubscriptionSettings, Topic, TopicSettings, Tracing, Trail, Unit,
};
use trailwarden_spec::leaf::{
    AlarmRule, FilterPattern, KeyRef, MARK_KEYS, Managed, Owner, PolicyText, Retention, Selectors, Tags,
};
use trailwarden_spec::{Address, Kind, Object};

use crate::shape::{objects, stack};
use crate::world::{World, tags_mut};

/// Something happens to the object that `which` picks.
#[derive(Clone, Debug)]
pub(crate) struct Drift {
    pub(crate) which: usize,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    /// A field of its configuration is changed.
    Field(usize),
    Deleted,
    /// A tag is added by somebody.
    Tagged,
    /// Its marks are changed.
    Owned(u8),
    /// It gets data.
    Filled,
    /// It gets what cannot be expressed.
    Odd,
    /// Another object of its kind, with a name that begins alike, is made by somebody.
    Twin,
    /// Somebody adds a statement to its policy.
    Statement,
}

pub(crate) fn drifts(most: usize) -> impl Strategy<Value = Vec<Drift>> {
    proptest::collection::vec(drift(), 0..=most)
}

pub(crate) fn drift() -> impl Strategy<Value = Drift> {
    let what = prop_oneof![
        8 => (0_usize..24).prop_map(What::Field),
        3 => Just(What::Deleted),
        1 => Just(What::Tagged),
        1 => (0_u8..3).prop_map(What::Owned),
        1 => Just(What::Filled),
        1 => Just(What::Odd),
        1 => Just(What::Twin),
        1 => Just(What::Statement),
    ];
    (0_usize..1000, what).prop_map(|(which, what)| Drift { which, what })
}

impl Drift {
    /// The object that it happens to, in this account.
    pub(crate) fn target(&self, world: &World) -> Option<Address> {
        let addresses = world.addresses();
        (!addresses.is_empty()).then(|| addresses[self.which % addresses.len()].clone())
    }

    pub(crate) fn happen(&self, world: &mut World) {
        let Some(address) = self.target(world) else { return };
        if world.documents.contains_key(&address) {
            return self.to_document(world, &address);
        }
        match self.what {
            // AWS does not delete an alarm that another one asks.
            What::Deleted if address.kind == Kind::Alarm && world.askers(&address.name).next().is_some() => {
                return;
            }
            What::Deleted => {
                world.objects.remove(&address);
                world.take_along(&address);
                return;
            }
            What::Twin => {
                let mut found = world.objects[&address].clone();
                rename(&mut found.value, "-twin");
                found.owner = Owner::Foreign;
                if let Some(tags) = tags_mut(&mut found.value) {
                    *tags = Tags::from_wire(tags.all().clone(), "acme").0;
                }
                let twin = found.value.address(&world.stack.scope);
                world.objects.insert(twin, found);
                return;
            }
            _ => {}
        }
        let Some(found) = world.objects.get_mut(&address) else {
            return;
        };
        match self.what {
            What::Field(how) => field(&mut found.value, how),
            What::Tagged => {
                if let Some(tags) = tags_mut(&mut found.value) {
                    // Keys are added to what is there; those that the spec named are remembered.
                    let mut wire = tags.to_wire("acme", false);
                    wire.insert("cost".into(), "42".into());
                    *tags = Tags::from_wire(wire, "acme").0;
                }
            }
            What::Owned(how) if found.value.tags().is_some() => {
                let old = found.owner.clone();
                found.owner = match how {
                    0 => Owner::Foreign,
                    1 => Owner::Stack("other".into()),
                    _ => Owner::CloudFormation("cf".into()),
                };
                // Marks are put on an object by its maker, the keys that were named among them.
                if let (true, Some(tags)) = (old.is_ours(), tags_mut(&mut found.value)) {
                    let mut wire = tags.all().clone();
                    wire.remove(MARK_KEYS);
                    *tags = Tags::from_wire(wire, "acme").0;
                }
            }
            What::Filled if matches!(address.kind, Kind::Bucket | Kind::LogGroup) => {
                found.facts.holds_data = true
            }
            What::Odd => found.facts.inexpressible = vec!["something odd".into()],
            _ => {}
        }
    }

    fn to_document(&self, world: &mut World, address: &Address) {
        let document = &world.documents[address];
        let changed = match self.what {
            What::Deleted => {
                world.documents.remove(address);
                return;
            }
            // A statement of ours goes, or says something else.
            What::Field(how) => {
                let statements = document.statements();
                let mut statement = statements[how % statements.len()].clone();
                let sid = statement.sid.clone().unwrap_or_default();
                if how % 2 == 0 {
                    document.without(&sid)
                } else {
                    statement = statement.condition("StringEquals", "aws:SourceAccount", "999999999999");
                    document.with(statement)
                }
            }
            What::Statement => document.with(
                Statement::allow("Theirs")
                    .principal_aws("999999999999")
                    .action("s3:GetObject")
                    .resource("*"),
            ),
            // Somebody else already says what one of ours says.
            What::Twin => {
                let mut twin = document.statements()[0].clone();
                twin.sid = Some("Twin".into());
                document.with(twin)
            }
            _ => return,
        };
        if changed.statements().is_empty() {
            world.documents.remove(address);
        } else {
            world.documents.insert(address.clone(), changed);
        }
    }
}

fn rename(object: &mut Object, suffix: &str) {
    match object {
        Object::Key(o) => o.name.push_str(suffix),
        Object::Bucket(o) => o.name.push_str(suffix),
        Object::LogGroup(o) => o.name.push_str(suffix),
        Object::Role(o) => o.name.push_str(suffix),
        Object::Trail(o) => o.name.push_str(suffix),
        Object::MetricFilter(o) => {
            o.name.push_str(suffix);
            o.namespace = "Theirs".into();
            o.metric.push_str(suffix);
        }
        Object::Topic(o) => o.name.push_str(suffix),
        Object::Subscription(o) => {
            let theirs = format!("{suffix}@example.com");
            o.endpoint = trailwarden_spec::leaf::Endpoint::new("email", &theirs);
        }
        Object::Alarm(o) => o.name.push_str(suffix),
        Object::CompositeAlarm(o) => o.name.push_str(suffix),
        Object::KeyPolicy(_) | Object::BucketPolicy(_) | Object::TopicPolicy(_) => {}
    }
}

fn their_key() -> KeyRef {
    KeyRef::read(
        "1234abcd-12ab-34cd-56ef-1234567890ab",
        &crate::shape::stack().scope,
    )
}

/// Changes one field. Every field of every kind is here, so that none can be compared by mistake.
pub(crate) fn field(object: &mut Object, how: usize) {
    let empty = || PolicyText(Policy::default());
    match object {
        Object::Key(Key {
            name: _,
            description,
            state,
            rotation,
            rotation_days,
            tags,
        }) => match how % 5 {
            0 => *description = Managed::Set("drift".into()),
            1 => *state = KeyState::Disabled,
            2 => *rotation = false,
            // Without rotation a key has no days.
            3 => (*rotation, *rotation_days) = (true, Managed::Set(90)),
            _ => lose(tags),
        },
        Object::Bucket(Bucket {
            name: _,
            region: _,
            public_access_blocked,
            encryption,
            bucket_key: _,
            versioning,
            object_ownership,
            lifecycle,
            object_lock,
            access_logging,
            tags,
        }) => match how % 10 {
            0 => *public_access_blocked = false,
            1 => *encryption = Managed::Set(Encryption::Kms(Some(their_key()))),
            2 => *versioning = Managed::Set(false),
            3 => *object_ownership = Managed::Set(ObjectOwnership::ObjectWriter),
            4 => *lifecycle = Managed::Set(None),
            5 => {
                let beside = vec!["only of keys that begin with `x`".into()];
                *lifecycle = Managed::Set(Some(Lifecycle {
                    beside,
                    ..Lifecycle::default()
                }));
            }
            6 => {
                let retention = DefaultRetention {
                    mode: LockMode::Governance,
                    period: Period::Years(1),
                };
                *object_lock = Managed::Set(match object_lock.get() {
                    Some(ObjectLock::Default(_)) => ObjectLock::NoDefault,
                    _ => ObjectLock::Default(retention),
                });
            }
            7 => *access_logging = Managed::Set(None),
            8 => lose(tags),
            _ => guard(tags),
        },
        Object::LogGroup(LogGroup {
            name: _,
            retention,
            class: _,
            deletion_protection,
            key,
            tags,
        }) => match how % 5 {
            0 => *retention = Managed::Set(Retention::Days(1)),
            1 => *deletion_protection = Managed::Set(deletion_protection.get() != Some(&true)),
            2 => lose(tags),
            3 => *key = Managed::Set(Some(their_key())),
            _ => guard(tags),
        },
        Object::Role(Role {
            name: _,
            path: _,
            trust,
            policy,
            permissions_boundary,
            tags,
        }) => match how % 6 {
            0 => *trust = empty(),
            1 => *policy = None,
            2 => *policy = Some(empty()),
            3 => *permissions_boundary = Managed::Set(Some("arn:aws:iam::aws:policy/Theirs".into())),
            4 => lose(tags),
            _ => guard(tags),
        },
        Object::Trail(Trail {
            name: _,
            bucket: _,
            prefix,
            multi_region,
            global_service_events,
            log_file_validation,
            delivery,
            key,
            management_events,
            excluded_sources,
            data_events,
            network_events,
            selectors,
            insights,
            sns_topic,
            organization,
            logging,
            tags,
        }) => match how % 18 {
            0 => *prefix = Some("drift".into()),
            1 => *multi_region = false,
            2 => *global_service_events = false,
            3 => *log_file_validation = false,
            4 => *delivery = Managed::Set(None),
            5 => *management_events = ManagementEvents::Read,
            6 => *excluded_sources = ["kms.amazonaws.com".to_owned()].into(),
            7 => *logging = false,
            8 => *data_events = Managed::Set(Selectors::default()),
            9 => *data_events = Managed::Set(objects(&["arn:aws:s3:::theirs/"])),
            10 => *network_events = Managed::Set(Selectors::default()),
            11 => *selectors = Managed::Set(SelectorForm::Advanced),
            12 => *insights = Managed::Set([Insight::ErrorRate].into()),
            13 => *sns_topic = Managed::Set(Some(stack().scope.topic_arn("theirs"))),
            14 => *organization = true,
            15 => lose(tags),
            16 => *key = Managed::Set(Some(their_key())),
            _ => guard(tags),
        },
        Object::MetricFilter(MetricFilter {
            log_group: _,
            name: _,
            pattern,
            namespace: _,
            metric,
            value,
            default_value,
            unit,
            dimensions,
        }) => match how % 6 {
            0 => *pattern = FilterPattern::new("{ $.drift = 1 }"),
            1 => metric.push_str("-drift"),
            2 => *value = "0".into(),
            3 => *default_value = Managed::Set(Some(0.0)),
            4 => *unit = Unit::Count,
            _ => *dimensions = BTreeMap::from([("d".into(), "$.d".into())]),
        },
        Object::Topic(Topic {
            name: _,
            display_name,
            key,
            settings:
                TopicSettings {
                    delivery_retry,
                    delivery_status,
                    signature_version,
                    tracing,
                    data_protection,
                },
            tags,
        }) => match how % 9 {
            0 => *display_name = Managed::Set("drift".into()),
            1 => lose(tags),
            2 => *delivery_retry = Managed::Set(None),
            3 => delivery_status.sqs = Managed::Set(DeliveryStatus::default()),
            4 => *signature_version = Managed::Set(SignatureVersion::Sha1),
            5 => *tracing = Managed::Set(Tracing::PassThrough),
            // What nobody wrote is not there to be taken away.
            6 if data_protection.get().is_some_and(Option::is_some) => *data_protection = Managed::Set(None),
            7 => *key = Managed::Set(Some(their_key())),
            _ => guard(tags),
        },
        Object::Subscription(Subscription {
            topic: _,
            protocol: _,
            endpoint: _,
            role: _,
            settings:
                SubscriptionSettings {
                    raw_delivery,
                    filter_policy,
                    filter_scope: _,
                    dead_letter,
                    delivery_retry,
                },
        }) => match how % 4 {
            0 => *raw_delivery = Managed::Set(false),
            1 => *filter_policy = Managed::Set(None),
            2 => *dead_letter = Managed::Set(None),
            _ => *delivery_retry = Managed::Set(Some(DeliveryRetry::default())),
        },
        Object::Alarm(Alarm {
            name: _,
            description,
            queries,
            threshold_query: _,
            namespace,
            metric,
            dimensions,
            statistic,
            period,
            evaluation_periods,
            datapoints_to_alarm,
            threshold,
            operator,
            missing_data,
            unit,
            low_sample_percentiles: _,
            actions_enabled,
            alarm_actions,
            ok_actions,
            insufficient_data_actions,
            tags,
        }) => match how % 17 {
            // Of an alarm on queries these mean nothing.
            1 | 2 | 3 | 9 | 15 if !queries.is_empty() => queries[0].label = "drift".into(),
            0 => *description = Managed::Set("drift".into()),
            // A filter and its alarm never drift to the same metric: moving both back has a gap.
            1 => metric.push_str("-astray"),
            2 => *dimensions = BTreeMap::from([("d".into(), "1".into())]),
            3 => *period = 60,
            4 => *evaluation_periods = 3,
            5 => *datapoints_to_alarm = 2,
            6 => *threshold = 99.0,
            7 => *operator = Operator::LessThanThreshold,
            8 => *missing_data = MissingData::Missing,
            9 => *unit = Unit::Bytes,
            10 => *actions_enabled = false,
            11 => *alarm_actions = BTreeSet::new(),
            12 => *ok_actions = Managed::Set(alarm_actions.clone()),
            13 => *insufficient_data_actions = Managed::Set(alarm_actions.clone()),
            14 => lose(tags),
            // What is computed of the metric is held against the threshold, not the metric.
            15 => {
                let of = QueryOf::Metric(QueryMetric {
                    namespace: std::mem::take(namespace),
                    metric: std::mem::take(metric),
                    dimensions: std::mem::take(dimensions),
                    statistic: std::mem::take(statistic),
                    period: std::mem::replace(period, 300),
                    unit: std::mem::replace(unit, Unit::None),
                });
                *queries = vec![Query {
                    id: "m".into(),
                    of,
                    label: String::new(),
                    return_data: true,
                }];
            }
            _ => guard(tags),
        },
        Object::CompositeAlarm(alarm) => match how % 4 {
            0 => alarm.description = Managed::Set("drift".into()),
            1 => alarm.rule = AlarmRule::read("FALSE"),
            2 => alarm.actions_enabled = false,
            _ => alarm.alarm_actions = BTreeSet::new(),
        },
        Object::KeyPolicy(_) | Object::BucketPolicy(_) | Object::TopicPolicy(_) => {}
    }
}

/// Somebody sets the mark that protects an object, or takes it off.
pub(crate) fn guard(tags: &mut Tags) {
    *tags = tags.clone().protect(!tags.is_protected());
}

/// Somebody changes the value of every tag.
fn lose(tags: &mut Tags) {
    let mut wire = tags.to_wire("acme", false);
    for (key, value) in &mut wire {
        if !key.starts_with("trailwarden:") && key != "cost" {
            *value = "drift".into();
        }
    }
    *tags = Tags::from_wire(wire, "acme").0;
}
