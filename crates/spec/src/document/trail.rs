//! `[trail.LABEL]`, and what follows from it: the bucket's policy, the delivery role, the heartbeat.

use std::collections::BTreeSet;

use crate::Kind;
use crate::arn::{Arn, partition_of};
use crate::kinds::{Delivery, Insight, ManagementEvents, Role, Trail};
use crate::leaf::{Managed, Tags, digest};
use crate::problem::{Problem, code};

use super::decoder::{At, Table};
use super::heartbeat::{self, Heartbeat};
use super::references::{BucketRef, GroupRef, KeyWritten, RoleRef, TopicRef};
use super::resolve::Resolver;
use super::sections::{Document, Entry, Section};
use super::selectors::Written;
use super::stack::Header;
use super::suggest::listed;
use super::{limits, names};

/// A trail as typed; its references are not resolved yet.
#[derive(Debug)]
pub(crate) struct TrailSection {
    /// Without bucket and delivery.
    pub(crate) trail: Trail,
    bucket: Option<At<BucketRef>>,
    log_group: Option<At<GroupRef>>,
    selectors: Written,
    sns_topic: Option<At<TopicRef>>,
    /// The organization's id.
    organization: Option<At<String>>,
    role: Option<At<RoleRef>>,
    key: Option<At<KeyWritten>>,
    /// `role` is mistyped.
    role_unread: bool,
    /// `cloudwatch_logs = false`.
    switched_off: bool,
    pub(crate) heartbeat: Option<At<Heartbeat>>,
}

impl Section for TrailSection {
    const WORD: &'static str = "trail";

    fn names_itself(table: &Table<'_>) -> bool {
        // The heartbeat and the derived role of a trail that delivers have names of the label, too.
        table.has("name") && (!table.has("log_group") || table.has("role") && table.says_no("heartbeat"))
    }

    fn read(label: &At<String>, table: &mut Table<'_>, header: &Header) -> Self {
        let name = table.name(label, &names::TRAIL).value;
        let bucket = table.need("bucket", "\"LABEL\"");
        let prefix = table.take::<String>("prefix");
        if let Some(prefix) = &prefix {
            names::PREFIX.check(table.cx.sink, prefix);
        }
        let log_group = table.take("log_group");
        let role = table.take("role");
        let key = table.take("kms_key");
        let cloudwatch_logs = table.take::<bool>("cloudwatch_logs");
        let multi_region = switch(table.take("multi_region"));
        let global = table.take::<bool>("global_service_events");
        let management_events = table.take::<ManagementEvents>("management_events");
        let insights = table.take::<Vec<At<Insight>>>("insights");
        let mut trail = Trail {
            prefix: prefix.map(|prefix| prefix.value),
            multi_region,
            global_service_events: switch(global.clone()),
            log_file_validation: switch(table.take("log_file_validation")),
            management_events: management_events
                .as_ref()
                .map_or(ManagementEvents::All, |events| events.value),
            excluded_sources: excluded_sources(table),
            insights: insights
                .as_ref()
                .map(|all| all.value.iter().map(|at| at.value).collect())
                .into(),
            logging: switch(table.take("logging")),
            tags: table.tags(header),
            ..Trail::new(name, "")
        };
        let selectors = Written::read(table);
        selectors.put_into(&mut trail);
        let sns_topic = table.take("sns_topic");
        let organization = table.take::<String>("organization");
        if let Some(organization) = &organization {
            names::ORGANIZATION.check(table.cx.sink, organization);
        }
        trail.organization = organization.is_some();
        let spot = table.spot.clone();
        // One that cannot be read is said once, and not also that it notifies nobody.
        let unread = table.has("heartbeat").then_some(At {
            value: Heartbeat::Off,
            spot,
        });
        let heartbeat = table.take("heartbeat").or(unread);
        let switched_off = cloudwatch_logs.as_ref().is_some_and(|on| !on.value);
        let section = Self {
            trail,
            bucket,
            log_group,
            selectors,
            sns_topic,
            organization,
            role,
            key,
            role_unread: table.mistyped("role"),
            switched_off,
            heartbeat,
        };
        section.contradictions(
            table,
            cloudwatch_logs.as_ref(),
            global.as_ref(),
            management_events.as_ref(),
        );
        section.unrecorded(table, insights.as_ref());
        section
    }
}

/// What a trail has on unless the spec says otherwise.
fn switch(written: Option<At<bool>>) -> bool {
    written.is_none_or(|on| on.value)
}

impl TrailSection {
    /// Reports what Insights would look for among events that the trail does not record.
    fn unrecorded(&self, table: &Table<'_>, insights: Option<&At<Vec<At<Insight>>>>) {
        let records = self.trail.management_events;
        for At { value, spot } in insights.into_iter().flat_map(|at| &at.value) {
            let recorded = match (value, records) {
                (_, ManagementEvents::None) => false,
                (Insight::CallRate, events) => events != ManagementEvents::Read,
                (Insight::ErrorRate, _) => true,
            };
            if !recorded {
                let message = format!(
                    "Insights finds no `{value}` where `management_events` is `{}`",
                    records.as_str()
                );
                let problem = Problem::new(code::CONTRADICTION, spot, message).label("never found");
                table.cx.sink.report(problem.help(match value {
                    Insight::CallRate => "it looks at calls that write: record `all` or `write`",
                    Insight::ErrorRate => "it looks at management events: record some",
                }));
            }
        }
    }

    /// Reports keys that exclude each other.
    fn contradictions(
        &self,
        table: &Table<'_>,
        cloudwatch_logs: Option<&At<bool>>,
        global: Option<&At<bool>>,
        management_events: Option<&At<ManagementEvents>>,
    ) {
        let delivers = self.log_group.is_some() || table.mistyped("log_group");
        let report = |spot: &super::Spot, message: &str, label: &str, help: &str| {
            let problem = Problem::new(code::CONTRADICTION, spot, message)
                .label(label)
                .help(help);
            table.cx.sink.report(problem);
        };
        match cloudwatch_logs {
            Some(At { value: false, spot }) if delivers => report(
                spot,
                "`cloudwatch_logs = false` switches off what `log_group` asks for",
                "together with `log_group`",
                "take one of them away",
            ),
            Some(At { value: true, spot }) if !delivers => report(
                spot,
                "`cloudwatch_logs = true` does not say where to",
                "without `log_group`",
                "write `log_group`: a trail with one delivers to it",
            ),
            _ => {}
        }
        if let Some(role) = self.role.as_ref().filter(|_| !delivers) {
            let message = "a trail's role delivers to a log group, and this one has none";
            report(
                &role.spot,
                message,
                "without `log_group`",
                "write `log_group`, or take `role` away",
            );
        }
        if let Some(At { value: false, spot }) = global.filter(|_| self.trail.multi_region) {
            report(
                spot,
                "a multi-region trail records the events of global services",
                "together with `multi_region`",
                "CloudTrail takes `global_service_events = false` only with `multi_region = false`",
            );
        }
        if let Some(At {
            value: ManagementEvents::None,
            spot,
        }) = management_events
            && !self.selectors.record_anything()
        {
            report(
                spot,
                "a trail without management events records nothing",
                "no events",
                "CloudTrail takes `none` only of a trail with `data_events` or `network_events`; write `logging = false` \
                 to stop the trail",
            );
        }
        let beats = self
            .heartbeat
            .as_ref()
            .filter(|at| !matches!(at.value, Heartbeat::Off));
        if let Some(At { spot, .. }) = beats.filter(|_| !delivers || !self.trail.logging) {
            report(
                spot,
                "there is no heartbeat of a trail that does not deliver to a log group",
                if delivers {
                    "together with `logging = false`"
                } else {
                    "without `log_group`"
                },
                "take `heartbeat` away, or let the trail deliver",
            );
        }
    }
}

/// What a trail may leave out (AWS: "`ExcludeManagementEventSources`").
const EXCLUDABLE: [&str; 2] = ["kms.amazonaws.com", "rdsdata.amazonaws.com"];

fn excluded_sources(table: &mut Table<'_>) -> BTreeSet<String> {
    let written = table.take::<Vec<At<String>>>("excluded_sources");
    let sink = table.cx.sink;
    let allowed = |at: &At<String>| {
        let known = EXCLUDABLE.contains(&at.value.as_str());
        if !known {
            let message = format!("a trail cannot leave out the management events of `{}`", at.value);
            let problem = Problem::new(code::UNKNOWN_WORD, &at.spot, message).label("always recorded");
            sink.report(problem.help(format!("it takes {}", listed(EXCLUDABLE))));
        }
        known
    };
    let written = written.into_iter().flat_map(|at| at.value);
    written.filter(allowed).map(|at| at.value).collect()
}

/// Adds the trails and all that follows from them.
pub(crate) fn resolve(resolver: &mut Resolver<'_>) {
    let document = resolver.document;
    for entry in document.trails.values() {
        let path = &entry.origin.path;
        let section = &entry.value;
        let mut trail = section.trail.clone();
        if let Some(bucket) = &section.bucket {
            trail.bucket = bucket_name(resolver, bucket, &format!("{path}.bucket")).unwrap_or_default();
        }
        let key = section.key.as_ref();
        if let Some(key) = key.and_then(|key| resolver.key(key, "trail", &format!("{path}.kms_key"))) {
            trail.key = Managed::Set(key);
        }
        let log_group = section.log_group.as_ref();
        match log_group.and_then(|group| resolver.group(group, &format!("{path}.log_group"))) {
            Some(group) => {
                let organization = section.organization.as_ref().map(|at| at.value.as_str());
                let role = role(resolver, entry, &group, organization);
                trail.delivery = Managed::Set(Some(Delivery {
                    log_group: resolver.scope().log_group_arn(&group),
                    role: role.unwrap_or_else(|| resolver.scope().role_arn("/", "unknown")),
                }));
                if trail.logging {
                    heartbeat::resolve(resolver, entry, &group);
                }
            }
            None if section.switched_off => trail.delivery = Managed::Set(None),
            None => {}
        }
        if let Some(topic) = &section.sns_topic {
            trail.sns_topic = match sns_topic(resolver, topic, &format!("{path}.sns_topic")) {
                Ok(topic) => Managed::Set(topic),
                Err(()) => Managed::Leave,
            };
        }
        section.selectors.check(resolver.sink, &trail);
        let scope = resolver.scope();
        let partition = partition_of(&scope.region);
        section
            .selectors
            .check_feedback(resolver.sink, &trail, partition, &scope.account);
        resolver.add(trail, &entry.origin);
    }
    roles(resolver);
}

/// The topic that is told of log files; it may be in another region or account.
fn sns_topic(resolver: &mut Resolver<'_>, topic: &At<TopicRef>, path: &str) -> Result<Option<Arn>, ()> {
    match &topic.value {
        TopicRef::None => Ok(None),
        TopicRef::Label(label) => {
            let found = resolver
                .find(&resolver.document.topics, label, &topic.spot)
                .ok_or(())?;
            Ok(Some(resolver.scope().topic_arn(&found.value.topic.name)))
        }
        TopicRef::Arn(text) => {
            let arn = limits::arn(resolver.sink, text, "sns", "", "a topic").ok_or(())?;
            if resolver.scope().holds(&arn) {
                resolver.existing(Kind::Topic, arn.name(), path, &topic.spot);
            }
            Ok(Some(arn))
        }
    }
}

/// The name of the bucket that is referred to.
pub(crate) fn bucket_name(resolver: &mut Resolver<'_>, bucket: &At<BucketRef>, path: &str) -> Option<String> {
    match &bucket.value {
        BucketRef::Label(label) => {
            let found = resolver.find(&resolver.document.buckets, label, &bucket.spot)?;
            Some(found.value.bucket.name.clone())
        }
        BucketRef::Existing { name, owner } => {
            names::EXISTING_BUCKET.check(resolver.sink, name);
            if let Some(owner) = owner {
                names::ACCOUNT.check(resolver.sink, owner);
            }
            // Another account's bucket cannot be looked up with this account's rights.
            if owner
                .as_ref()
                .is_none_or(|owner| owner.value == resolver.scope().account)
            {
                resolver.existing(Kind::Bucket, &name.value, path, &bucket.spot);
            }
            Some(name.value.clone())
        }
    }
}

/// The role that a trail delivers with.
fn role(
    resolver: &mut Resolver<'_>,
    entry: &Entry<TrailSection>,
    group: &str,
    organization: Option<&str>,
) -> Option<Arn> {
    let document = resolver.document;
    let path = format!("{}.role", entry.origin.path);
    match &entry.value.role {
        None => {
            let (header, scope) = (resolver.header, resolver.scope());
            let name = derived_role_name(&header.stack.name, &entry.named);
            let role_path = header.stack.role_path();
            let role = Role {
                tags: Tags::named(header.tags.clone()),
                ..Role::for_deliveries(scope, &role_path, &name, &[(group, organization)])
            };
            let arn = scope.role_arn(&role_path, &name);
            resolver.add(role, &entry.origin);
            Some(arn)
        }
        Some(At {
            value: RoleRef::Label(label),
            spot,
        }) => {
            let found = resolver.find(&document.roles, label, spot)?;
            resolver
                .delivers
                .entry(label.clone())
                .or_default()
                .insert((group.to_owned(), organization.map(ToOwned::to_owned)));
            Some(resolver.scope().role_arn(&found.value.path, &found.value.name))
        }
        Some(At {
            value: RoleRef::Existing(text),
            spot,
        }) => {
            let arn = limits::arn(resolver.sink, text, "iam", "role/", "a role")?;
            if arn.account != resolver.scope().account {
                let message = format!("the role is of account {}", arn.account);
                let problem =
                    Problem::new(code::OUT_OF_REACH, &text.spot, message).label("another account's");
                resolver
                    .sink
                    .report(problem.help("CloudTrail assumes a role of the trail's own account"));
                return None;
            }
            resolver.existing(Kind::Role, arn.name(), &path, spot);
            Some(arn)
        }
    }
}

/// `STACK-LABEL-delivery`, cut to IAM's 64 characters with a digest that keeps it unique.
fn derived_role_name(stack: &str, label: &str) -> String {
    let name = format!("{stack}-{label}-delivery");
    match name.get(..55) {
        Some(beginning) if name.len() > 64 => format!("{beginning}-{}", digest(&name, 8)),
        _ => name,
    }
}

/// A trail that writes to a bucket of the spec.
pub(crate) struct Writer<'d> {
    pub(crate) name: &'d str,
    pub(crate) prefix: Option<&'d str>,
    /// The organization whose events it writes.
    pub(crate) organization: Option<&'d str>,
}

/// The trails that write to the bucket of a label.
pub(crate) fn writing_to<'d>(document: &'d Document, label: &str) -> impl Iterator<Item = Writer<'d>> {
    let writes = move |section: &&TrailSection| match &section.bucket {
        Some(At {
            value: BucketRef::Label(to),
            ..
        }) => to == label,
        _ => false,
    };
    let sections = document.trails.values().map(|entry| &entry.value);
    sections.filter(writes).map(|section| Writer {
        name: section.trail.name.as_str(),
        prefix: section.trail.prefix.as_deref(),
        organization: section.organization.as_ref().map(|at| at.value.as_str()),
    })
}

/// Adds the roles of the spec, each with the groups that its trails deliver to.
fn roles(resolver: &mut Resolver<'_>) {
    let document = resolver.document;
    let named = |section: &TrailSection, label: &String| matches!(&section.role, Some(At { value: RoleRef::Label(to), .. }) if to == label);
    let mut trails = document.trails.values();
    let unread =
        document.mistyped.contains(TrailSection::WORD) || trails.any(|trail| trail.value.role_unread);
    for (label, entry) in &document.roles {
        let groups = resolver.delivers.get(label).cloned().unwrap_or_default();
        if !groups.is_empty() {
            let groups: Vec<(&str, Option<&str>)> = groups
                .iter()
                .map(|(group, organization)| (group.as_str(), organization.as_deref()))
                .collect();
            resolver.add(entry.value.delivering_to(resolver.header, &groups), &entry.origin);
        } else if !(unread || document.trails.values().any(|trail| named(&trail.value, label))) {
            let message = format!("no trail uses the role `{label}`");
            let problem = Problem::new(code::UNUSED_ROLE, &entry.origin.spot, message).label("of no trail");
            resolver.sink.report(problem.help(format!(
                "its statements follow from the trails that deliver with it: write `role = \"{label}\"` in one, or take \
                 the section away"
            )));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_role_keeps_within_iam_s_length() {
        assert_eq!(derived_role_name("acme-prod", "main"), "acme-prod-main-delivery");
        let long = derived_role_name(&"s".repeat(64), &"l".repeat(64));
        assert_eq!(long.len(), 64);
        assert_ne!(long, derived_role_name(&"s".repeat(64), &"m".repeat(64)));
    }
}
