//! An account that is as its spec says and works.

use std::collections::BTreeMap;

use anstream::adapter::strip_str;
use trailwarden_policy::Policy;
use trailwarden_prove::{Chain, Link, Proof, prove, render};
use trailwarden_spec::evidence::{
    AlarmSeen, Delivered, Evidence, GroupSeen, KeySeen, RoleSeen, Seen, Subscriber, SubscriberState,
    TopicSeen, TrailSeen, TrailStatus,
};
use trailwarden_spec::leaf::Owner;
use trailwarden_spec::live::{Facts, Found, Live};
use trailwarden_spec::{Kind, Object, Scope, SecretRef, Secrets, Source, Wanted, parse};

use crate::published::wrong;

pub(crate) const NOW: i64 = 1_795_600_800;

pub(crate) const SPEC: &str = r#"
format = 1

[stack]
name = "acme"
account = "123456789012"
region = "us-east-1"

[defaults]
log_group = "activity"
notify = ["security"]

[trail.main]
bucket = "logs"
log_group = "activity"

[bucket.logs]
name = "acme-logs"

[log_group.activity]
name = "/acme/activity"
kms_key = "main"

[key.main]

[topic.security]
kms_key = "main"
[[topic.security.subscription]]
protocol = "email"
endpoint = "secops@example.com"

[rule.iam-changes]
pattern = '{ $.eventSource = "iam.amazonaws.com" }'

[rule.key-use]
pattern = '{ $.eventSource = "kms.amazonaws.com" }'
notify = []

[composite_alarm.both]
rule = "ALARM(rule.iam-changes) AND ALARM(rule.key-use)"
notify = ["security"]
"#;

struct NoSecrets;

impl Secrets for NoSecrets {
    fn look_up(&self, _: &SecretRef) -> Result<Option<String>, String> {
        Ok(None)
    }
}

/// What is wanted, what is there, and what is changed of it.
#[derive(Clone)]
pub(crate) struct Story {
    pub(crate) wanted: Wanted,
    pub(crate) live: Live,
    pub(crate) evidence: Evidence,
}

impl Story {
    /// Everything is as the spec says, and works.
    pub(crate) fn working() -> Self {
        Self::of(SPEC)
    }

    pub(crate) fn of(spec: &str) -> Self {
        let source = Source {
            name: "spec.toml".into(),
            text: spec.into(),
        };
        let wanted = parse(&[source], &NoSecrets).expect("a spec");
        let mut live = Live::default();
        for (address, wish) in &wanted.objects {
            let found = Found {
                value: wish.object.clone().complete(None),
                owner: Owner::Ours,
                facts: Facts::default(),
            };
            live.objects.insert(address.clone(), found);
        }
        let evidence = works(&wanted, &live);
        Self {
            wanted,
            live,
            evidence,
        }
    }

    pub(crate) fn proof(&self) -> Proof {
        let proof = prove(&self.wanted, &self.live, &self.evidence);
        assert_eq!(wrong(&render::json(&proof), "status.json"), None);
        proof
    }

    pub(crate) fn chain(&self, origin: &str) -> Chain {
        let chains = self.proof().chains.into_iter();
        let mut of_origin = chains.filter(|chain| chain.origin == origin);
        of_origin.next().expect("a chain")
    }

    /// The first broken link of a rule, in one line.
    pub(crate) fn breaks(&self, origin: &str) -> String {
        match self.chain(origin).first_broken() {
            Some(Link {
                kind,
                name,
                message,
                fix,
                ..
            }) => format!(
                "{} {name}: {message} -> {}",
                kind.in_words(),
                fix.as_deref().unwrap_or_default()
            ),
            None => "nothing".into(),
        }
    }

    pub(crate) fn text(&self, all: bool) -> String {
        strip_str(&render::text(&self.proof(), all)).to_string()
    }

    pub(crate) fn trail(&mut self) -> &mut TrailSeen {
        self.evidence.trails.values_mut().next().expect("a trail")
    }

    pub(crate) fn status(&mut self) -> &mut TrailStatus {
        match &mut self.trail().status {
            Seen::Is(status) => status,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn role(&mut self) -> &mut RoleSeen {
        is(self.evidence.roles.values_mut().next())
    }

    pub(crate) fn group(&mut self) -> &mut GroupSeen {
        is(self.evidence.groups.get_mut("/acme/activity"))
    }

    pub(crate) fn alarm(&mut self, name: &str) -> &mut AlarmSeen {
        is(self.evidence.alarms.get_mut(name))
    }

    pub(crate) fn topic(&mut self) -> &mut TopicSeen {
        is(self.evidence.topics.values_mut().next())
    }

    pub(crate) fn subscribers(&mut self) -> &mut Vec<Subscriber> {
        is(Some(&mut self.topic().subscribers))
    }

    pub(crate) fn filter(&mut self, name: &str) -> &mut trailwarden_spec::kinds::MetricFilter {
        let mut filters = self.evidence.filters.values_mut();
        filters
            .find_map(|object| match object {
                Object::MetricFilter(filter) if filter.name == name => Some(filter),
                _ => None,
            })
            .expect("a filter")
    }
}

fn is<T>(seen: Option<&mut Seen<T>>) -> &mut T {
    match seen {
        Some(Seen::Is(value)) => value,
        Some(Seen::Absent) => panic!("absent"),
        Some(Seen::Hidden(why)) => panic!("{why}"),
        None => panic!("not seen at all"),
    }
}

/// The evidence of an account that does what it is configured for.
fn works(wanted: &Wanted, live: &Live) -> Evidence {
    let scope = &wanted.stack.scope;
    let mut evidence = Evidence {
        at: NOW,
        ..Evidence::default()
    };
    for (address, found) in &live.objects {
        match &found.value {
            Object::Trail(trail) => {
                let arrived = Delivered {
                    last: Some(NOW - 240),
                    error: None,
                };
                let status = TrailStatus {
                    logging: true,
                    started: Some(NOW - 30 * 86_400),
                    stopped: None,
                    files: arrived.clone(),
                    events: arrived,
                    ..TrailStatus::default()
                };
                let seen = TrailSeen {
                    trail: trail.clone(),
                    home: scope.clone(),
                    inexpressible: Vec::new(),
                    status: Seen::Is(status),
                    elsewhere: BTreeMap::new(),
                };
                evidence
                    .trails
                    .insert(scope.trail_arn(&trail.name).to_string(), seen);
            }
            Object::Role(role) => {
                let seen = RoleSeen {
                    trust: role.trust.0.clone(),
                    inline: role.policy.iter().map(|policy| policy.0.clone()).collect(),
                    attached: Vec::new(),
                    boundary: None,
                };
                let arn = scope.role_arn(&role.path, &role.name).to_string();
                evidence.roles.insert(arn, Seen::Is(seen));
            }
            Object::LogGroup(group) => {
                let seen = GroupSeen {
                    group: group.clone(),
                    last_event: Some(NOW - 300),
                    key: Some(key(live, scope)),
                };
                evidence.groups.insert(group.name.clone(), Seen::Is(seen));
            }
            Object::MetricFilter(_) => {
                evidence.filters.insert(address.clone(), found.value.clone());
            }
            Object::Alarm(_) | Object::CompositeAlarm(_) => {
                let seen = AlarmSeen {
                    alarm: found.value.clone(),
                    state: "OK".into(),
                    since: NOW - 3 * 86_400,
                    reason: String::new(),
                    failed_action: Seen::Is(None),
                };
                evidence.alarms.insert(address.name.clone(), Seen::Is(seen));
            }
            Object::Topic(topic) => {
                let policy = match &live.objects[&scope.address(Kind::TopicPolicy, topic.name.as_str())].value
                {
                    Object::TopicPolicy(policy) => policy.statements.as_slice().to_vec(),
                    _ => Vec::new(),
                };
                let subscribers = live.objects.values().filter_map(|found| match &found.value {
                    Object::Subscription(one) if one.topic == topic.name => Some(Subscriber {
                        protocol: Some(one.protocol),
                        endpoint: one.endpoint.clone(),
                        state: SubscriberState::Confirmed,
                        filter: None,
                    }),
                    _ => None,
                });
                let seen = TopicSeen {
                    policy: Policy::new(policy),
                    key: Some(key(live, scope)),
                    subscribers: Seen::Is(subscribers.collect()),
                };
                let arn = scope.topic_arn(&topic.name).to_string();
                evidence.topics.insert(arn, Seen::Is(seen));
            }
            _ => {}
        }
    }
    evidence
}

fn key(live: &Live, scope: &Scope) -> Seen<KeySeen> {
    let policy = live.objects.values().find_map(|found| match &found.value {
        Object::KeyPolicy(policy) => Some(policy.statements.as_slice().to_vec()),
        _ => None,
    });
    Seen::Is(KeySeen {
        arn: scope.kms_arn("key/1234".into()).to_string(),
        state: "Enabled".into(),
        of_aws: false,
        policy: Seen::Is(Policy::new(policy.unwrap_or_default())),
    })
}
