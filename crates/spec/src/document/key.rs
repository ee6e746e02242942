//! `[key.LABEL]`, references to keys, and what follows from both: the keys' policies.

use std::collections::BTreeMap;
use std::ops::Deref;

use crate::arn::Arn;
use crate::kinds::{Encryption, Guest, Key, KeyPolicy, KeyState, KeyUse, LogGroup};
use crate::leaf::{KeyRef, Managed};
use crate::problem::{Problem, code};
use crate::{Kind, Object};

use super::bucket::BucketSection;
use super::decoder::{At, Table};
use super::references::KeyWritten;
use super::resolve::{Resolver, notifies};
use super::sections::{Entry, Section};
use super::stack::Header;
use super::topic::TopicSection;
use super::{limits, names};

/// AWS takes 50 tags of a key; of our marks a key bears one more than other objects.
const MOST_TAGS: usize = 45;

/// A key as typed.
#[derive(Debug)]
pub(crate) struct KeySection {
    pub(crate) key: Key,
    readers: Vec<Arn>,
}

impl Section for KeySection {
    const WORD: &'static str = "key";

    fn read(label: &At<String>, table: &mut Table<'_>, header: &Header) -> Self {
        let sink = table.cx.sink;
        let by_label = At {
            value: format!("{}-{}", header.stack.name, label.value),
            spot: label.spot.clone(),
        };
        let name = table.name(&by_label, &names::KEY).value;
        if label.value == "none" {
            let problem = Problem::new(code::BAD_LABEL, &label.spot, "`none` is no label of a key");
            sink.report(
                problem
                    .label("means that there is no key")
                    .help("give the section another label"),
            );
        }
        let description = table.take::<String>("description");
        if let Some(description) = &description {
            limits::text(sink, "description of the key", description, 8192);
        }
        let rotation = table.take::<bool>("rotation");
        let rotation_days = table.take::<u32>("rotation_days");
        if let Some(days) = &rotation_days {
            check_days(table, days, rotation.as_ref());
        }
        let readers = table.take::<Vec<At<String>>>("readers");
        let readers = readers.map(|readers| readers.value).unwrap_or_default();
        let readers = readers
            .iter()
            .filter_map(|reader| principal(table, reader))
            .collect();
        let tags = table.tags(header);
        // More than one too many is said by the tags themselves.
        if tags.all().len() == MOST_TAGS + 1 {
            let message = format!("{} tags, with those of `[stack]`", tags.all().len());
            let problem =
                Problem::new(code::TOO_MANY, &table.spot, message).label(format!("more than {MOST_TAGS}"));
            sink.report(problem.help("AWS takes 50 tags of a key, and 5 of them are `trailwarden:` marks"));
        }
        let key = Key {
            name,
            description: description.map(|at| at.value).into(),
            state: KeyState::Enabled,
            rotation: rotation.is_none_or(|on| on.value),
            rotation_days: rotation_days.map(|at| at.value).into(),
            tags,
        };
        Self { key, readers }
    }
}

/// Reports a number of days that `EnableKeyRotation` would refuse, and one that has no meaning.
fn check_days(table: &Table<'_>, days: &At<u32>, rotation: Option<&At<bool>>) {
    let sink = table.cx.sink;
    if !(90..=2560).contains(&days.value) {
        let message = format!("KMS cannot rotate a key every {} days", days.value);
        let problem = Problem::new(code::BAD_NUMBER, &days.spot, message).label("not 90 to 2560");
        sink.report(
            problem.help("write 90 to 2560; without `rotation_days` a key is rotated every 365 days"),
        );
    }
    if rotation.is_some_and(|on| !on.value) {
        let message = "`rotation = false` switches off what `rotation_days` asks for";
        let problem =
            Problem::new(code::CONTRADICTION, &days.spot, message).label("together with `rotation = false`");
        sink.report(problem.help("take one of them away"));
    }
}

/// The ARN of a user, a role or an account.
fn principal(table: &Table<'_>, text: &At<String>) -> Option<Arn> {
    let arn = limits::arn(table.cx.sink, text, "iam", "", "a user, a role or an account")?;
    let known = ["user/", "role/"]
        .iter()
        .any(|sort| arn.resource.starts_with(sort));
    if known || arn.resource == "root" {
        return Some(arn);
    }
    let message = format!("`{}` is no principal of a key policy", text.value);
    let problem = Problem::new(code::BAD_ARN, &text.spot, message).label("neither user, role nor account");
    table.cx.sink.report(problem.help(
        "write the ARN of a user (`user/NAME`), of a role (`role/NAME`) or of all that an account lets (`root`)",
    ));
    None
}

/// A section of what can be encrypted with a key.
pub(crate) trait Encrypts: Section {
    /// Reports a key that does not fit the other values of the section.
    fn check_key(&self, _key: &At<KeyWritten>, _table: &Table<'_>) {}

    /// Puts the key in its place; `None` says that there is to be none.
    fn encrypt(&mut self, key: Option<KeyRef>);
}

/// A section with its `kms_key`, which is not resolved yet.
#[derive(Debug)]
pub(crate) struct Keyed<T> {
    section: T,
    pub(crate) key: Option<At<KeyWritten>>,
}

impl<T> Deref for Keyed<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.section
    }
}

impl<T: Encrypts> Section for Keyed<T> {
    const WORD: &'static str = T::WORD;

    fn read(label: &At<String>, table: &mut Table<'_>, header: &Header) -> Self {
        let section = T::read(label, table, header);
        let key = table.take::<KeyWritten>("kms_key");
        if let Some(key) = &key {
            section.check_key(key, table);
        }
        Self { section, key }
    }
}

impl<T: Encrypts + Clone> Keyed<T> {
    /// The section with its key resolved.
    pub(crate) fn resolved(&self, resolver: &mut Resolver<'_>, path: &str) -> T {
        let mut section = self.section.clone();
        let key = self.key.as_ref();
        if let Some(key) = key.and_then(|key| resolver.key(key, T::WORD, &format!("{path}.kms_key"))) {
            section.encrypt(key);
        }
        section
    }
}

impl Encrypts for LogGroup {
    fn encrypt(&mut self, key: Option<KeyRef>) {
        self.key = Managed::Set(key);
    }
}

/// Takes `bucket_key` out, which has a meaning only with a KMS key.
pub(crate) fn bucket_key(table: &mut Table<'_>, encryption: Option<&Encryption>) -> Option<bool> {
    let unread = table.has("encryption");
    let written = table.take::<bool>("bucket_key")?;
    if !matches!(encryption, Some(Encryption::Kms(_))) && !unread {
        let message = "`bucket_key` needs `encryption = \"aws:kms\"`";
        let problem = Problem::new(code::CONTRADICTION, &written.spot, message).label("without it");
        let help = "write `encryption = \"aws:kms\"`, or take `bucket_key` away";
        table.cx.sink.report(problem.help(help));
    }
    Some(written.value)
}

impl Encrypts for BucketSection {
    fn check_key(&self, key: &At<KeyWritten>, table: &Table<'_>) {
        let report = |message: &str, label: &str, help: &str| {
            let problem = Problem::new(code::CONTRADICTION, &key.spot, message).label(label);
            table.cx.sink.report(problem.help(help));
        };
        match (&key.value, &self.bucket.encryption) {
            (KeyWritten::None, _) => report(
                "a bucket is always encrypted",
                "no key",
                "write `encryption = \"AES256\"` for keys that S3 manages, or take `kms_key` away",
            ),
            (_, Managed::Set(Encryption::Kms(_))) => {}
            _ if table.mistyped("encryption") => {}
            _ => report(
                "a bucket's `kms_key` needs `encryption = \"aws:kms\"`",
                "without it",
                "write `encryption = \"aws:kms\"`, or take `kms_key` away",
            ),
        }
    }

    fn encrypt(&mut self, key: Option<KeyRef>) {
        self.bucket.encryption = Managed::Set(Encryption::Kms(key));
    }
}

impl Resolver<'_> {
    /// The key that is referred to; `Some(None)` where there is to be none, `None` after a problem.
    /// `what` is the sort of the section that refers to it.
    pub(crate) fn key(&mut self, key: &At<KeyWritten>, what: &str, path: &str) -> Option<Option<KeyRef>> {
        let scope = self.scope();
        let text = match &key.value {
            KeyWritten::None => return Some(None),
            KeyWritten::Label(label) => {
                let found = self.find(&self.document.keys, label, &key.spot)?;
                return Some(Some(KeyRef::alias(scope, &found.value.key.name)));
            }
            KeyWritten::Existing(text) => text,
        };
        let arn = match text.value.strip_prefix("alias/") {
            Some(_) => scope.kms_arn(text.value.clone()),
            None => limits::arn(self.sink, text, "kms", "", "a KMS key or an alias")?,
        };
        let report = |code, message: String, label: &str, help: String| {
            let problem = Problem::new(code, &text.spot, message).label(label);
            self.sink.report(problem.help(help));
        };
        let is_alias = arn.resource.starts_with("alias/");
        if !is_alias && !arn.resource.starts_with("key/") {
            report(
                code::BAD_ARN,
                format!("`{}` is no ARN of a KMS key or an alias", text.value),
                "not such an ARN",
                "one ends in `:key/ID` or `:alias/NAME`".into(),
            );
            return None;
        }
        // A trail's key is of the region of its bucket, which may be elsewhere.
        if arn.region != scope.region && what != "trail" {
            report(
                code::OUT_OF_REACH,
                format!("the key is in {}, and this in {}", arn.region, scope.region),
                "another region's",
                format!(
                    "AWS encrypts with keys of the same region: name one in {}",
                    scope.region
                ),
            );
            return None;
        }
        if is_alias && arn.account != scope.account {
            report(
                code::OUT_OF_REACH,
                format!("the alias is of account {}", arn.account),
                "another account's",
                "its owner can point it at another key; write the ARN of the key itself".into(),
            );
            return None;
        }
        let reference = KeyRef::from(arn.clone());
        // S3 alone uses its own key for whoever may use the bucket, and SNS its own for all but services.
        if reference.is_managed_by_aws() && !matches!(what, "bucket" | "topic") {
            report(
                code::CLOSED_KEY,
                format!("a {} cannot be encrypted with `{}`", in_words(what), arn.resource),
                "a key of AWS's own",
                "its policy is AWS's and lets no other service in: write a `[key.LABEL]`, whose policy is derived".into(),
            );
            return None;
        }
        if is_alias && !reference.is_managed_by_aws() {
            names::EXISTING_KEY.check(
                self.sink,
                &At {
                    value: arn.name().to_owned(),
                    spot: text.spot.clone(),
                },
            );
            self.existing(Kind::Key, arn.name(), path, &key.spot);
        }
        Some(Some(reference))
    }

    /// Adds the keys of the spec.
    pub(crate) fn keys(&mut self) {
        let document = self.document;
        for entry in document.keys.values() {
            self.add(entry.value.key.clone(), &entry.origin);
        }
    }

    /// Adds a policy for each key of the spec that somebody uses.
    pub(crate) fn key_policies(&mut self) {
        let document = self.document;
        for entry in document.keys.values() {
            let name = &entry.value.key.name;
            if !self.made_by(Kind::Key, name, &entry.origin) {
                continue;
            }
            let policy = {
                let uses = self.uses(entry);
                let stack = &self.header.stack;
                KeyPolicy::for_uses(&stack.name, &stack.scope, name, uses)
            };
            self.add(policy, &entry.origin);
        }
    }

    fn uses<'a>(&'a self, entry: &'a Entry<KeySection>) -> Vec<KeyUse<'a>> {
        let scope = self.scope();
        let key = KeyRef::alias(scope, &entry.value.key.name);
        let is = |other: Option<&KeyRef>| other.is_some_and(|other| other.is_same(&key));
        let set = |other: &Managed<Option<KeyRef>>| is(other.get().and_then(Option::as_ref));
        let objects = || self.wanted.objects.values().map(|wish| &wish.object);
        let by_default: BTreeMap<&str, bool> = objects()
            .filter_map(|object| match object {
                Object::Bucket(bucket) => {
                    let its = bucket.encryption.get().and_then(Encryption::key);
                    Some((bucket.name.as_str(), is(its)))
                }
                _ => None,
            })
            .collect();
        let mut uses = Vec::new();
        for object in objects() {
            match object {
                Object::Trail(trail) => {
                    if set(&trail.key) {
                        uses.push(KeyUse::Trail(&trail.name));
                    } else if !matches!(trail.key, Managed::Set(Some(_)))
                        && by_default.get(trail.bucket.as_str()) == Some(&true)
                    {
                        uses.push(KeyUse::IntoBucket(&trail.name));
                    }
                }
                Object::LogGroup(group) if set(&group.key) => uses.push(KeyUse::LogGroup(&group.name)),
                _ => {}
            }
        }
        for each in self.document.topics.values() {
            let name = each.value.topic.name.as_str();
            let topic = self.wanted.objects.get(&scope.address(Kind::Topic, name));
            let encrypted =
                topic.is_some_and(|wish| matches!(&wish.object, Object::Topic(topic) if set(&topic.key)));
            if !encrypted || !self.made_by(Kind::Topic, name, &each.origin) {
                continue;
            }
            // Whether an alarm of the spec notifies it or not: one that comes later finds the way open.
            if !uses.contains(&KeyUse::Alarms) {
                uses.push(KeyUse::Alarms);
            }
            uses.extend(self.telling(scope.topic_arn(name)).map(KeyUse::Notices));
            if !each.value.publishers.is_empty() {
                uses.push(KeyUse::Publishers(name, &each.value.publishers));
            }
        }
        if !entry.value.readers.is_empty() {
            uses.push(KeyUse::Readers(&entry.value.readers));
        }
        uses
    }

    fn is_notified(&self, topic: &Arn) -> bool {
        let mut wishes = self.wanted.objects.values();
        wishes.any(|wish| matches!(&wish.object, Object::Alarm(alarm) if notifies(alarm, topic)))
    }

    /// Who cannot publish to a topic that is encrypted with a key of AWS's own, whose policy lets in who
    /// may use SNS in this account: in words, by name, and what becomes of that.
    fn shut_out(&self, section: &TopicSection) -> Option<(String, String, &'static str)> {
        let scope = self.scope();
        let arn = scope.topic_arn(&section.topic.name);
        if self.is_notified(&arn) {
            let silence = "alarms go off and nobody is told";
            return Some(("no alarm can notify".into(), "CloudWatch".into(), silence));
        }
        if let Some(trail) = self.telling(arn).next() {
            let who = format!("the trail `{trail}` cannot notify");
            return Some((who, "CloudTrail".into(), "nobody is told of log files"));
        }
        let is_shut_out = |guest: &&Guest| match guest {
            Guest::Service(_) => true,
            Guest::Arn(arn) => arn.account != scope.account,
        };
        let guest = section.publishers.iter().find(is_shut_out)?;
        let who = format!("`{guest}` cannot publish to");
        Some((who, guest.to_string(), "what it publishes is lost"))
    }

    /// Reports topics that those who are to publish to them cannot publish to.
    pub(crate) fn closed_topics(&self) {
        for entry in self.document.topics.values() {
            let topic = &entry.value.topic;
            let Some(Object::Topic(made)) = self
                .wanted
                .objects
                .get(&self.scope().address(Kind::Topic, topic.name.as_str()))
                .map(|wish| &wish.object)
            else {
                continue;
            };
            let key = made.key.get().and_then(Option::as_ref);
            let (Some(key), Some(at)) = (key.filter(|key| key.is_managed_by_aws()), &entry.value.key) else {
                continue;
            };
            let Some((who, whom, silence)) = self.shut_out(&entry.value) else {
                continue;
            };
            let name = key.name().map_or("", |arn| arn.resource.as_str());
            let message = format!("{who} a topic that is encrypted with `{name}`");
            let problem = Problem::new(code::CLOSED_KEY, &at.spot, message).label("a key of AWS's own");
            self.sink.report(problem.help(format!(
                "its policy is AWS's and does not let {whom} in, so that {silence}: write a `[key.LABEL]`, whose policy is \
                 derived, or `kms_key = \"none\"`"
            )));
        }
    }
}

fn in_words(section: &str) -> &str {
    match section {
        "log_group" => "log group",
        other => other,
    }
}
