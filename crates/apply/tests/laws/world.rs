//! What an account holds, and the rules by which AWS lets it be changed.

use std::collections::BTreeMap;

use trailwarden_policy::{Caller, Decision, Policy, Request};
use trailwarden_spec::kinds::{
    BucketPolicy, KeyPolicy, KeyState, LogGroup, Protocol, Role, TopicPolicy, Trail,
};
use trailwarden_spec::leaf::{KeyRef, Managed, Owner, Statements, Tags};
use trailwarden_spec::live::{Facts, Found, Live};
use trailwarden_spec::wanted::{Stack, Wanted};
use trailwarden_spec::{Address, Kind, Object, Scope};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct World {
    pub(crate) stack: Stack,
    /// All but policies, which are shared documents.
    pub(crate) objects: BTreeMap<Address, Found>,
    pub(crate) documents: BTreeMap<Address, Policy>,
}

pub(crate) type Verdict = Result<(), String>;

impl World {
    pub(crate) fn new(stack: Stack) -> Self {
        Self {
            stack,
            objects: BTreeMap::new(),
            documents: BTreeMap::new(),
        }
    }

    fn scope(&self) -> &Scope {
        &self.stack.scope
    }

    pub(crate) fn insert(&mut self, value: Object, owner: Owner) {
        let address = value.address(self.scope());
        let confirmed = match &value {
            Object::Subscription(s) => Some(!matches!(s.protocol, Protocol::Email | Protocol::EmailJson)),
            _ => None,
        };
        let value = value.complete(None);
        self.objects.insert(
            address,
            Found {
                value,
                owner,
                facts: Facts {
                    confirmed,
                    ..Facts::default()
                },
            },
        );
    }

    /// An object as a read sees it.
    pub(crate) fn view(&self, address: &Address) -> Option<Found> {
        if let Some(document) = self.documents.get(address) {
            let (statements, foreign_statements) = Statements::split(document, &self.stack.name);
            let name = address.name.clone();
            let value = match address.kind {
                Kind::KeyPolicy => KeyPolicy {
                    key: name,
                    statements,
                }
                .into(),
                Kind::BucketPolicy => BucketPolicy {
                    bucket: name,
                    statements,
                }
                .into(),
                _ => TopicPolicy {
                    topic: name,
                    statements,
                }
                .into(),
            };
            let facts = Facts {
                foreign_statements,
                ..Facts::default()
            };
            return Some(Found {
                value,
                owner: Owner::Ours,
                facts,
            });
        }
        let mut found = self.objects.get(address)?.clone();
        match &found.value {
            Object::MetricFilter(filter) => {
                let marked = |alarm: &&Found| match &alarm.value {
                    Object::Alarm(alarm) => {
                        (&alarm.namespace, &alarm.metric) == (&filter.namespace, &filter.metric)
                    }
                    _ => false,
                };
                let read = self
                    .objects
                    .values()
                    .filter(|found| found.owner.is_ours())
                    .any(|f| marked(&f));
                let ours = filter.namespace == self.stack.namespace || read;
                found.owner = if ours { Owner::Ours } else { Owner::Foreign };
            }
            Object::Subscription(subscription) => {
                let topic = self
                    .objects
                    .get(&self.scope().address(Kind::Topic, subscription.topic.as_str()));
                let ours = topic.is_some_and(|topic| topic.owner.is_ours());
                found.owner = if ours { Owner::Ours } else { Owner::Foreign };
            }
            _ => {}
        }
        Some(found)
    }

    pub(crate) fn addresses(&self) -> Vec<Address> {
        self.objects
            .keys()
            .chain(self.documents.keys())
            .cloned()
            .collect()
    }

    /// What the provider's survey promises: what the spec names, and what is ours.
    pub(crate) fn survey(&self, wanted: &Wanted) -> Live {
        let let_go = |address: &Address| {
            matches!(address.kind, Kind::Trail | Kind::Alarm | Kind::CompositeAlarm)
                && wanted.release.contains(address)
        };
        let named = |address: &Address| {
            wanted.objects.contains_key(address) || wanted.existing.contains_key(address) || let_go(address)
        };
        let mut live = Live::default();
        for address in self.addresses() {
            let Some(mut found) = self.view(&address) else {
                continue;
            };
            if let Some(wish) = wanted.objects.get(&address) {
                found.value = found.value.seen_by(&wish.object);
            }
            let of_ours = match address.kind {
                Kind::KeyPolicy => self.is_ours(Kind::Key, &address.name),
                Kind::BucketPolicy => self.is_ours(Kind::Bucket, &address.name),
                Kind::TopicPolicy => self.is_ours(Kind::Topic, &address.name),
                _ => found.owner.is_ours(),
            };
            if address.kind == Kind::Alarm && of_ours && !named(&address) {
                found.facts.asked_by = self.askers(&address.name).cloned().collect();
            }
            if let (Object::MetricFilter(filter), true) = (&found.value, of_ours && !named(&address)) {
                let reads = |alarm: &Found| match &alarm.value {
                    Object::Alarm(alarm) if alarm.reads(&filter.namespace, &filter.metric) => {
                        Some(alarm.name.clone())
                    }
                    _ => None,
                };
                found.facts.read_by = self.objects.values().filter_map(reads).collect();
            }
            live.usage.add(&found.value);
            if named(&address) || of_ours {
                live.objects.insert(address, found);
            }
        }
        live
    }

    /// The composite alarms that cannot be without an alarm.
    pub(crate) fn askers<'a>(&'a self, alarm: &'a str) -> impl Iterator<Item = &'a String> {
        self.objects.values().filter_map(move |found| match &found.value {
            Object::CompositeAlarm(composite) if composite.children().contains(alarm) => {
                Some(&composite.name)
            }
            _ => None,
        })
    }

    fn is_ours(&self, kind: Kind, name: &str) -> bool {
        self.objects
            .get(&self.scope().address(kind, name))
            .is_some_and(|found| found.owner.is_ours())
    }

    fn there(&self, kind: Kind, name: &str) -> Verdict {
        let address = self.scope().address(kind, name);
        self.objects
            .contains_key(&address)
            .then_some(())
            .ok_or(format!("{address} is not there"))
    }

    /// What AWS checks of what is written; a call holds only what differs from what is there.
    fn may_write(&self, object: &Object) -> Verdict {
        let now = self
            .objects
            .get(&object.address(self.scope()))
            .map(|found| &found.value);
        match object {
            Object::Bucket(bucket) => match bucket.access_logging.get() {
                Some(Some(to)) => self.there(Kind::Bucket, &to.bucket),
                _ => Ok(()),
            },
            Object::MetricFilter(filter) => self.there(Kind::LogGroup, &filter.log_group),
            Object::TopicPolicy(policy) => self.there(Kind::Topic, &policy.topic),
            Object::KeyPolicy(policy) => self.there(Kind::Key, &policy.key),
            Object::LogGroup(group) => {
                let now = match now {
                    Some(Object::LogGroup(now)) => Some(&now.key),
                    _ => None,
                };
                if now == Some(&group.key) || self.group_is_encrypted(group) {
                    return Ok(());
                }
                Err("AccessDeniedException".into())
            }
            Object::BucketPolicy(policy) => self.there(Kind::Bucket, &policy.bucket),
            Object::Subscription(subscription) => self.there(Kind::Topic, &subscription.topic),
            Object::Alarm(alarm) => alarm
                .alarm_actions
                .iter()
                .filter(|arn| !matches!(now, Some(Object::Alarm(now)) if now.alarm_actions.contains(arn)))
                .try_for_each(|arn| self.there(Kind::Topic, arn.name())),
            // The whole rule is read again, whatever is changed.
            Object::CompositeAlarm(alarm) => {
                let topics = alarm.alarm_actions.iter().filter(
                    |arn| !matches!(now, Some(Object::CompositeAlarm(now)) if now.alarm_actions.contains(arn)),
                );
                let mut topics = topics.map(|arn| self.there(Kind::Topic, arn.name()));
                topics.find(Result::is_err).unwrap_or(Ok(()))?;
                let children = alarm.children();
                children
                    .iter()
                    .try_for_each(|child| self.there(Kind::Alarm, child))
            }
            Object::Trail(trail) => {
                let now = match now {
                    Some(Object::Trail(now)) => Some(now),
                    _ => None,
                };
                if now.is_none_or(|now| (&now.bucket, &now.prefix) != (&trail.bucket, &trail.prefix)) {
                    self.there(Kind::Bucket, &trail.bucket)?;
                    self.bucket_takes_files(trail)
                        .then_some(())
                        .ok_or("InsufficientS3BucketPolicyException")?;
                }
                // A key that somebody took away under a silent spec is beyond any plan.
                if now.is_none_or(|now| now.key != trail.key) && !self.files_are_encrypted(trail) {
                    return Err("InsufficientEncryptionPolicyException".into());
                }
                if now.is_some_and(|now| now.delivery == trail.delivery) {
                    return Ok(());
                }
                let Some(Some(delivery)) = trail.delivery.get() else {
                    return Ok(());
                };
                self.there(Kind::LogGroup, delivery.log_group.name())?;
                // Of the group's key CloudTrail asks nothing.
                self.role_delivers(trail)
                    .then_some(())
                    .ok_or("InvalidCloudWatchLogsRoleArnException".into())
            }
            _ => Ok(()),
        }
    }

    /// True when a service may use the key that something says of itself, or when it says none.
    fn may_encrypt(&self, key: &Managed<Option<KeyRef>>, requests: &[Request]) -> bool {
        let Some(Some(key)) = key.get() else { return true };
        // Keys of others are theirs to open.
        let Some(name) = key.names_in(self.scope()).next() else {
            return true;
        };
        let enabled = match self.objects.get(&self.scope().address(Kind::Key, name)) {
            Some(Found {
                value: Object::Key(key),
                ..
            }) => key.state == KeyState::Enabled,
            _ => false,
        };
        let policy = self.documents.get(&self.scope().address(Kind::KeyPolicy, name));
        enabled && policy.is_some_and(|policy| requests.iter().all(|request| allowed(policy, request)))
    }

    fn files_are_encrypted(&self, trail: &Trail) -> bool {
        let arn = self.scope().trail_arn(&trail.name).to_string();
        let request = |action| {
            Request::new(Caller::Service("cloudtrail.amazonaws.com".into()), action, "*")
                .context("aws:SourceArn", arn.as_str())
                .context("kms:EncryptionContext:aws:cloudtrail:arn", arn.as_str())
        };
        self.may_encrypt(
            &trail.key,
            &[request("kms:GenerateDataKey"), request("kms:DescribeKey")],
        )
    }

    fn group_is_encrypted(&self, group: &LogGroup) -> bool {
        let arn = self.scope().log_group_arn(&group.name).to_string();
        let service = format!("logs.{}.amazonaws.com", self.scope().region);
        let request = |action| {
            Request::new(Caller::Service(service.clone()), action, "*")
                .context("kms:EncryptionContext:aws:logs:arn", arn.as_str())
        };
        self.may_encrypt(&group.key, &[request("kms:Encrypt"), request("kms:Decrypt")])
    }

    /// True when the bucket's policy lets the trail deliver its log files, and its key's encrypt them.
    pub(crate) fn files_arrive(&self, trail: &Trail) -> bool {
        self.files_are_encrypted(trail) && self.bucket_takes_files(trail)
    }

    fn bucket_takes_files(&self, trail: &Trail) -> bool {
        let scope = self.scope();
        let Some(policy) = self
            .documents
            .get(&scope.address(Kind::BucketPolicy, trail.bucket.as_str()))
        else {
            return false;
        };
        let arn = scope.bucket_arn(&trail.bucket);
        let path = trail
            .prefix
            .as_ref()
            .map(|prefix| format!("{prefix}/"))
            .unwrap_or_default();
        let file = format!("{arn}/{path}AWSLogs/{}/file", scope.account);
        let service = || Caller::Service("cloudtrail.amazonaws.com".into());
        let source = scope.trail_arn(&trail.name).to_string();
        let put = Request::new(service(), "s3:PutObject", file)
            .context("aws:SourceArn", source.as_str())
            .context("aws:SecureTransport", "true")
            .context("s3:x-amz-acl", "bucket-owner-full-control");
        let acl = Request::new(service(), "s3:GetBucketAcl", arn.to_string())
            .context("aws:SecureTransport", "true")
            .context("aws:SourceArn", source);
        [put, acl].iter().all(|request| allowed(policy, request))
    }

    /// True when the trail's role lets it write to its log group.
    pub(crate) fn events_arrive(&self, trail: &Trail) -> bool {
        let Some(Some(delivery)) = trail.delivery.get() else {
            return false;
        };
        let group = self.scope().address(Kind::LogGroup, delivery.log_group.name());
        let takes = match self.objects.get(&group).map(|found| &found.value) {
            Some(Object::LogGroup(group)) => self.group_is_encrypted(group),
            _ => false,
        };
        takes && self.role_delivers(trail)
    }

    /// True when the trail's role lets it write to the streams of its group.
    fn role_delivers(&self, trail: &Trail) -> bool {
        let Some(Some(delivery)) = trail.delivery.get() else {
            return false;
        };
        let scope = self.scope();
        let role = self
            .objects
            .get(&scope.address(Kind::Role, delivery.role.name()))
            .map(|found| &found.value);
        let Some(Object::Role(Role {
            trust,
            policy: Some(policy),
            ..
        })) = role
        else {
            return false;
        };
        let assumes = Request::new(
            Caller::Service("cloudtrail.amazonaws.com".into()),
            "sts:AssumeRole",
            delivery.role.to_string(),
        );
        let group = delivery.log_group.name();
        let stream = format!(
            "{}:log-stream:{}_CloudTrail_{}",
            scope.log_group_arn(group),
            scope.account,
            scope.region
        );
        let puts = Request::new(
            Caller::Arn(delivery.role.to_string()),
            "logs:PutLogEvents",
            stream,
        );
        allowed(&trust.0, &assumes) && allowed(&policy.0, &puts)
    }

    /// True when the topic's policy lets an alarm publish.
    pub(crate) fn may_publish(&self, topic: &str, alarm: &str) -> bool {
        let scope = self.scope();
        let Some(policy) = self.documents.get(&scope.address(Kind::TopicPolicy, topic)) else {
            return false;
        };
        let publish = Request::new(
            Caller::Service("cloudwatch.amazonaws.com".into()),
            "sns:Publish",
            scope.topic_arn(topic).to_string(),
        )
        .context("aws:SourceArn", scope.alarm_arn(alarm).to_string())
        .context("aws:SourceAccount", scope.account.as_str());
        let encrypt = Request::new(
            Caller::Service("cloudwatch.amazonaws.com".into()),
            "kms:GenerateDataKey",
            "*",
        )
        .context("aws:SourceAccount", scope.account.as_str());
        let held = self.objects.get(&scope.address(Kind::Topic, topic));
        let encrypts = match held.map(|found| &found.value) {
            Some(Object::Topic(topic)) => self.may_encrypt(&topic.key, &[encrypt]),
            _ => false,
        };
        encrypts && allowed(policy, &publish)
    }

    pub(crate) fn create(&mut self, object: &Object) -> Verdict {
        let address = object.address(self.scope());
        if self.objects.contains_key(&address) {
            return Err(format!("{address} is there already"));
        }
        self.may_write(object)?;
        match object {
            Object::KeyPolicy(_) | Object::BucketPolicy(_) | Object::TopicPolicy(_) => self.merge(object),
            _ => self.insert(object.clone(), Owner::Ours),
        }
        Ok(())
    }

    pub(crate) fn update(&mut self, after: &Object) -> Verdict {
        let address = after.address(self.scope());
        self.may_write(after)?;
        match after {
            Object::KeyPolicy(_) | Object::BucketPolicy(_) | Object::TopicPolicy(_) => self.merge(after),
            _ => {
                let found = self
                    .objects
                    .get_mut(&address)
                    .ok_or(format!("{address} is not there"))?;
                found.value = after.clone().complete(Some((&found.value, &found.facts)));
            }
        }
        Ok(())
    }

    pub(crate) fn delete(&mut self, object: &Object) -> Verdict {
        let address = object.address(self.scope());
        match object {
            Object::KeyPolicy(policy) => {
                self.merge(
                    &KeyPolicy {
                        key: policy.key.clone(),
                        statements: Statements::default(),
                    }
                    .into(),
                );
            }
            Object::BucketPolicy(policy) => {
                self.merge(
                    &BucketPolicy {
                        bucket: policy.bucket.clone(),
                        statements: Statements::default(),
                    }
                    .into(),
                );
            }
            Object::TopicPolicy(policy) => {
                self.merge(
                    &TopicPolicy {
                        topic: policy.topic.clone(),
                        statements: Statements::default(),
                    }
                    .into(),
                );
            }
            Object::LogGroup(_) if object.keeps().is_some() => return Err("ValidationException".into()),
            Object::Alarm(alarm) if self.askers(&alarm.name).next().is_some() => {
                return Err("ValidationError".into());
            }
            _ => {
                self.objects
                    .remove(&address)
                    .ok_or(format!("{address} is not there"))?;
                self.take_along(&address);
            }
        }
        Ok(())
    }

    /// Takes away what vanishes with an object.
    pub(crate) fn take_along(&mut self, gone: &Address) {
        let scope = self.stack.scope.clone();
        self.objects.retain(|_, found| match &found.value {
            Object::MetricFilter(filter) => scope.address(Kind::LogGroup, filter.log_group.as_str()) != *gone,
            Object::Subscription(s) => scope.address(Kind::Topic, s.topic.as_str()) != *gone,
            _ => true,
        });
        self.documents.retain(|address, _| match address.kind {
            Kind::KeyPolicy => gone.kind != Kind::Key || address.name != gone.name,
            Kind::TopicPolicy => gone.kind != Kind::Topic || address.name != gone.name,
            _ => gone.kind != Kind::Bucket || address.name != gone.name,
        });
    }

    pub(crate) fn adopt(&mut self, object: &Object) -> Verdict {
        let address = object.address(self.scope());
        self.objects
            .get_mut(&address)
            .ok_or(format!("{address} is not there"))?
            .owner = Owner::Adopted;
        Ok(())
    }

    pub(crate) fn release(&mut self, object: &Object) -> Verdict {
        let address = object.address(self.scope());
        let stack = self.stack.name.clone();
        let found = self
            .objects
            .get_mut(&address)
            .ok_or(format!("{address} is not there"))?;
        // What has no tags has no marks: whose it is follows from others.
        if let Some(tags) = tags_mut(&mut found.value) {
            *tags = Tags::from_wire(tags.all().clone(), &stack).0;
            found.owner = Owner::Foreign;
        }
        Ok(())
    }

    fn merge(&mut self, object: &Object) {
        let address = object.address(self.scope());
        let statements = match object {
            Object::KeyPolicy(policy) => &policy.statements,
            Object::BucketPolicy(policy) => &policy.statements,
            Object::TopicPolicy(policy) => &policy.statements,
            _ => return,
        };
        let merged = statements.merged_into(
            self.documents.get(&address).unwrap_or(&Policy::default()),
            &self.stack.name,
        );
        if merged.statements().is_empty() {
            self.documents.remove(&address);
        } else {
            self.documents.insert(address, merged);
        }
    }
}

pub(crate) fn tags_mut(object: &mut Object) -> Option<&mut Tags> {
    match object {
        Object::Key(o) => Some(&mut o.tags),
        Object::Bucket(o) => Some(&mut o.tags),
        Object::LogGroup(o) => Some(&mut o.tags),
        Object::Role(o) => Some(&mut o.tags),
        Object::Trail(o) => Some(&mut o.tags),
        Object::Topic(o) => Some(&mut o.tags),
        Object::Alarm(o) => Some(&mut o.tags),
        Object::CompositeAlarm(o) => Some(&mut o.tags),
        _ => None,
    }
}

fn allowed(policy: &Policy, request: &Request) -> bool {
    matches!(policy.evaluate(request), Decision::Allowed { .. })
}
