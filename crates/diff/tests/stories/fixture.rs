//! A stack of a trail, a rule and a subscriber, and the account that is exactly as it says.

use std::collections::{BTreeMap, BTreeSet};

use trailwarden_diff::{Consent, Options, Plan, approval, plan, render};
use trailwarden_spec::kinds::{
    Alarm, Bucket, BucketPolicy, Delivery, LogGroup, ManagementEvents, MetricFilter, Protocol, Role,
    Subscription, Topic, TopicPolicy, Trail, Unit,
};
use trailwarden_spec::leaf::{Endpoint, FilterPattern, Managed, Owner, Retention, Tags};
use trailwarden_spec::live::{Attention, Facts, Found, Live};
use trailwarden_spec::wanted::{Place, Stack, Wanted, Wish};
use trailwarden_spec::{Address, Kind, Object, Scope};

use crate::published;

pub(crate) const PATTERN: &str = r#"{ ($.eventSource = "iam.amazonaws.com") && (($.eventName = "Create*") || ($.eventName = "Delete*") || ($.eventName = "Put*")) }"#;

pub(crate) fn scope() -> Scope {
    Scope {
        account: "123456789012".into(),
        region: "us-east-1".into(),
    }
}

pub(crate) fn address(text: &str) -> Address {
    scope().parse(text).unwrap()
}

pub(crate) fn tags(team: &[(&str, &str)]) -> Tags {
    Tags::named(
        team.iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
    )
}

pub(crate) struct Story {
    pub(crate) wanted: Wanted,
    pub(crate) live: Live,
    pub(crate) options: Options,
}

impl Story {
    /// An account in which nothing of the spec is there yet.
    pub(crate) fn new() -> Self {
        let stack = Stack {
            name: "acme-prod".into(),
            scope: scope(),
            namespace: "acme-prod".into(),
        };
        let mut story = Self {
            wanted: Wanted {
                stack,
                files: vec!["trailwarden.toml".into()],
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
            live: Live::default(),
            options: Options::default(),
        };
        let scope = scope();
        let team = tags(&[("team", "security")]);
        let bucket = "acme-123456789012-account-activity";
        story.wants(
            "bucket.logs",
            Bucket {
                name: bucket.into(),
                region: scope.region.clone(),
                public_access_blocked: true,
                encryption: Managed::Leave,
                bucket_key: Managed::Leave,
                versioning: Managed::Leave,
                object_ownership: Managed::Leave,
                lifecycle: Managed::Leave,
                object_lock: Managed::Leave,
                access_logging: Managed::Leave,
                tags: team.clone(),
            },
        );
        story.wants(
            "bucket.logs",
            BucketPolicy::for_trails("acme-prod", &scope, bucket, [("account-activity", None)]),
        );
        story.wants(
            "log_group.activity",
            LogGroup {
                name: "/acme/account-activity".into(),
                retention: Managed::Set(Retention::Days(365)),
                class: Managed::Leave,
                deletion_protection: Managed::Leave,
                key: Managed::Leave,
                tags: team.clone(),
            },
        );
        let role = Role::for_delivery(
            &scope,
            "/trailwarden/acme-prod/",
            "acme-prod-delivery",
            &["/acme/account-activity"],
        );
        story.wants(
            "trail.account-activity",
            Role {
                tags: team.clone(),
                ..role
            },
        );
        story.wants("trail.account-activity", trail(&scope, bucket, &team));
        story.wants(
            "topic.security",
            Topic {
                name: "security-alerts".into(),
                display_name: Managed::Leave,
                key: Managed::Leave,
                settings: Default::default(),
                tags: team,
            },
        );
        story.wants(
            "topic.security",
            TopicPolicy::for_alarms("acme-prod", &scope, "security-alerts"),
        );
        story.wants("topic.security", subscription("secops@example.com"));
        story.rule("iam-changes", PATTERN);
        story
    }

    /// An account that is as the spec says.
    pub(crate) fn applied() -> Self {
        let mut story = Self::new();
        story.apply();
        story
    }

    /// Makes the account as the spec says.
    pub(crate) fn apply(&mut self) {
        for (address, wish) in &self.wanted.objects {
            let found = Found {
                value: wish.object.clone().complete(None),
                owner: Owner::Ours,
                facts: Facts {
                    confirmed: (address.kind == Kind::Subscription).then_some(true),
                    ..Facts::default()
                },
            };
            self.live.objects.insert(address.clone(), found);
        }
    }

    pub(crate) fn wants(&mut self, origin: &str, object: impl Into<Object>) {
        let object = object.into();
        let place = Place {
            file: 0,
            path: origin.into(),
            span: 0..0,
        };
        self.wanted.objects.insert(
            object.address(&scope()),
            Wish {
                object,
                origin: origin.into(),
                place,
            },
        );
    }

    pub(crate) fn rule(&mut self, label: &str, pattern: &str) {
        let name = format!("acme-prod-{label}");
        let origin = format!("rule.{label}");
        self.wants(
            &origin,
            MetricFilter {
                log_group: "/acme/account-activity".into(),
                name: name.clone(),
                pattern: FilterPattern::new(pattern),
                namespace: "acme-prod".into(),
                metric: label.into(),
                value: "1".into(),
                default_value: Managed::Leave,
                unit: Unit::None,
                dimensions: BTreeMap::new(),
            },
        );
        self.wants(
            &origin,
            Alarm {
                description: Managed::Set(format!("{label} in account 123456789012")),
                alarm_actions: [scope().topic_arn("security-alerts")].into(),
                tags: tags(&[("team", "security")]),
                ..Alarm::on_metric(&name, "acme-prod", label)
            },
        );
    }

    pub(crate) fn drops(&mut self, text: &str) {
        self.wanted.objects.remove(&address(text)).unwrap();
    }

    /// What the spec wants of an object.
    pub(crate) fn wish(&mut self, text: &str) -> &mut Object {
        &mut self.wanted.objects.get_mut(&address(text)).unwrap().object
    }

    /// What the account holds of an object.
    pub(crate) fn found(&mut self, text: &str) -> &mut Found {
        self.live.objects.get_mut(&address(text)).unwrap()
    }

    pub(crate) fn attention(&mut self, about: &str, code: &'static str, message: &str) {
        let item = Attention {
            address: Some(address(about)),
            code,
            message: message.into(),
        };
        self.live.attention.push(item);
    }

    pub(crate) fn allow_blinding(&mut self, texts: &[&str]) {
        self.options.allow_blinding = Consent {
            all: false,
            addresses: texts.iter().map(|text| address(text)).collect(),
        };
    }

    pub(crate) fn plan(&self) -> Plan {
        let mut live = self.live.clone();
        let held = self.live.objects.values();
        held.for_each(|found| live.usage.add(&found.value));
        let plan = plan(&self.wanted, &live, &self.options);
        assert_eq!(published::wrong(&render::json(&plan), "plan.json"), None);
        plan
    }

    /// The plan as it is printed without colours.
    pub(crate) fn text(&self) -> String {
        let plan = self.plan();
        let text = anstream::adapter::strip_str(&render::text(&plan)).to_string();
        let text = match approval(&plan) {
            // What it is follows from all else; it would make noise of every change.
            Some(approval) => text.replace(&approval, "(hash)"),
            None => text,
        };
        for line in text.lines() {
            assert_eq!(line, line.trim_end(), "no trailing blanks");
        }
        text
    }
}

fn trail(scope: &Scope, bucket: &str, tags: &Tags) -> Trail {
    Trail {
        name: "account-activity".into(),
        bucket: bucket.into(),
        prefix: None,
        multi_region: true,
        global_service_events: true,
        log_file_validation: true,
        delivery: Managed::Set(Some(Delivery {
            log_group: scope.log_group_arn("/acme/account-activity"),
            role: scope.role_arn("/trailwarden/acme-prod/", "acme-prod-delivery"),
        })),
        key: Managed::Leave,
        management_events: ManagementEvents::All,
        excluded_sources: BTreeSet::new(),
        data_events: Managed::Leave,
        network_events: Managed::Leave,
        selectors: Managed::Leave,
        insights: Managed::Leave,
        sns_topic: Managed::Leave,
        organization: false,
        logging: true,
        tags: tags.clone(),
    }
}

pub(crate) fn subscription(email: &str) -> Subscription {
    Subscription {
        topic: "security-alerts".into(),
        protocol: Protocol::Email,
        endpoint: Endpoint::new("email", email),
        role: None,
        settings: Default::default(),
    }
}
