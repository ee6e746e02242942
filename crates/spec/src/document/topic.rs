//! `[topic.LABEL]` and `[[topic.LABEL.subscription]]`.

use std::collections::BTreeSet;

use crate::arn::Arn;
use crate::kinds::{Guest, Protocol, Subscription, Topic, TopicPolicy};
use crate::leaf::{Endpoint, Managed};
use crate::problem::{Problem, code};
use crate::{Kind, Scope};

use super::decoder::{At, Table};
use super::references::KeyWritten;
use super::resolve::Resolver;
use super::sections::{Entry, Origin, Section};
use super::stack::Header;
use super::{SecretRef, endpoint};
use super::{limits, names};

mod settings;

/// A topic as typed.
#[derive(Debug)]
pub(crate) struct TopicSection {
    pub(crate) topic: Topic,
    pub(crate) key: Option<At<KeyWritten>>,
    exclusive: bool,
    pub(crate) publishers: BTreeSet<Guest>,
    subscribers: BTreeSet<Guest>,
    subscriptions: Vec<(Subscription, Origin)>,
}

impl Section for TopicSection {
    const WORD: &'static str = "topic";

    fn read(label: &At<String>, table: &mut Table<'_>, header: &Header) -> Self {
        let name = table.name(label, &names::TOPIC).value;
        let display_name = table.take::<String>("display_name");
        if let Some(display_name) = &display_name {
            limits::text(table.cx.sink, "display name", display_name, 100);
        }
        let key = table.take("kms_key");
        let exclusive = table.take::<bool>("exclusive").is_some_and(|at| at.value);
        let scope = &header.stack.scope;
        let publishers = settings::guests(table, "publishers", scope);
        let subscribers = settings::guests(table, "subscribers", scope);
        let settings = settings::of_topic(table);
        let mut subscriptions = Vec::new();
        for mut each in table.tables("subscription") {
            let origin = Origin {
                path: each.path.clone(),
                spot: each.spot.clone(),
            };
            subscriptions.extend(subscription(&mut each, &name, scope).map(|read| (read, origin)));
            each.finish();
        }
        let topic = Topic {
            name,
            display_name: display_name.map(|at| at.value).into(),
            key: Managed::Leave,
            settings,
            tags: table.tags(header),
        };
        Self {
            topic,
            key,
            exclusive,
            publishers,
            subscribers,
            subscriptions,
        }
    }
}

impl TopicSection {
    /// The topic's policy with the statements for whom the section names.
    pub(crate) fn let_in(&self, policy: TopicPolicy, stack: &str, scope: &Scope) -> TopicPolicy {
        policy
            .and_guests(
                stack,
                scope,
                TopicPolicy::PUBLISHERS,
                "sns:Publish",
                &self.publishers,
            )
            .and_guests(stack, scope, "Subscribers", "sns:Subscribe", &self.subscribers)
    }

    /// True when it names somebody.
    pub(crate) fn lets_somebody_in(&self) -> bool {
        !(self.publishers.is_empty() && self.subscribers.is_empty())
    }
}

/// Reads a subscription; `None` after a problem, and where its endpoint is secret and not looked up.
fn subscription(table: &mut Table<'_>, topic: &str, scope: &Scope) -> Option<Subscription> {
    let protocol = table.need::<Protocol>("protocol", "\"email\"");
    let secret = table.has("endpoint_env") || table.has("endpoint_file");
    let endpoint = endpoint(table);
    let role = table.take::<String>("role").and_then(|text| {
        let arn = limits::arn(table.cx.sink, &text, "iam", "role/", "a role")?;
        Some(At {
            value: arn,
            spot: text.spot,
        })
    });
    let settings = settings::of_subscription(table, protocol.as_ref().map(|at| at.value), scope);
    let protocol = protocol?.value;
    check_role(table, protocol, role.as_ref());
    if endpoint.is_none() && secret && table.cx.secrets.stands_in() {
        return Some(Subscription {
            topic: topic.into(),
            protocol,
            // Another one for each, as two endpoints are two subscriptions.
            endpoint: Endpoint::new(
                protocol.as_str(),
                &format!("stand-in-{}-{}", table.spot.file, table.spot.span.start),
            ),
            role: role.map(|role| role.value),
            settings,
        });
    }
    let endpoint = endpoint?;
    if let Err(wrong) = endpoint::check(protocol, &endpoint.value) {
        let problem = Problem::new(code::BAD_ENDPOINT, &endpoint.spot, wrong.message).label(wrong.why);
        table.cx.sink.report(problem.help(wrong.help));
        return None;
    }
    Some(Subscription {
        topic: topic.into(),
        protocol,
        endpoint: Endpoint::new(protocol.as_str(), &endpoint.value),
        role: role.map(|role| role.value),
        settings,
    })
}

fn check_role(table: &mut Table<'_>, protocol: Protocol, role: Option<&At<Arn>>) {
    match (protocol, role) {
        (Protocol::Firehose, None) => {
            let message = "a `firehose` subscription needs `role`";
            let problem = Problem::new(code::MISSING_KEY, &table.spot, message).label("`role` is missing");
            table.missing(
                vec!["role"],
                problem.help("write `role = \"ARN\"`: the role that SNS assumes to write to the stream"),
            );
        }
        (Protocol::Firehose, Some(_)) | (_, None) => {}
        (_, Some(role)) => {
            let message = format!("a subscription of `{protocol}` has no role");
            let problem =
                Problem::new(code::CONTRADICTION, &role.spot, message).label("only `firehose` has one");
            table.cx.sink.report(problem.help("take `role` away"));
        }
    }
}

/// Takes the endpoint out: written, or looked up in the environment or a file.
fn endpoint(table: &mut Table<'_>) -> Option<At<String>> {
    let (sink, secrets, file) = (table.cx.sink, table.cx.secrets, table.cx.file);
    let keys = ["endpoint", "endpoint_env", "endpoint_file"];
    let there = keys.map(|key| table.has(key));
    let [written, env, path] = keys.map(|key| table.take::<String>(key));
    match there.iter().filter(|there| **there).count() {
        0 => {
            let message = format!("`[[{}]]` needs `endpoint`", table.path);
            let problem =
                Problem::new(code::MISSING_KEY, &table.spot, message).label("`endpoint` is missing");
            let help = "write `endpoint`, or `endpoint_env` or `endpoint_file` with the name of a variable or a file that holds it";
            table.missing(keys.into(), problem.help(help));
        }
        1 => {}
        _ => {
            let message = "`endpoint`, `endpoint_env` and `endpoint_file` exclude each other";
            let problem =
                Problem::new(code::CONTRADICTION, &table.spot, message).label("more than one of them");
            sink.report(problem.help("keep one"));
            return None;
        }
    }
    let empty = |at: &At<String>| at.value.trim().is_empty();
    if let Some(At { spot, .. }) = [&env, &path].into_iter().flatten().find(|at| empty(at)) {
        let problem = Problem::new(code::SECRET, spot, "the endpoint cannot be had").label("empty");
        sink.report(problem.help(
            "write the name of a variable into `endpoint_env`, or the path of a file into `endpoint_file`",
        ));
        return None;
    }
    let (secret, spot) = match (written, env, path) {
        (Some(written), ..) => return Some(written),
        (_, Some(env), _) => (SecretRef::Env(env.value), env.spot),
        (_, _, Some(path)) => (SecretRef::File(path.value, file), path.spot),
        (None, None, None) => return None,
    };
    let failed = |why: String| {
        sink.report(Problem::new(code::SECRET, &spot, "the endpoint cannot be had").label(why));
        None
    };
    match secrets.look_up(&secret) {
        Ok(None) => None,
        Ok(Some(text)) if text.trim().is_empty() => failed("it is empty".into()),
        Ok(Some(text)) => Some(At {
            value: text.trim().to_owned(),
            spot,
        }),
        Err(why) => failed(why),
    }
}

/// Adds a topic and its subscriptions.
pub(crate) fn resolve(resolver: &mut Resolver<'_>, entry: &Entry<TopicSection>) {
    let TopicSection {
        topic,
        key,
        exclusive,
        publishers: _,
        subscribers: _,
        subscriptions,
    } = &entry.value;
    let mut topic = topic.clone();
    let path = format!("{}.kms_key", entry.origin.path);
    if let Some(key) = key.as_ref().and_then(|key| resolver.key(key, "topic", &path)) {
        topic.key = Managed::Set(key);
    }
    if !resolver.add(topic.clone(), &entry.origin) {
        return;
    }
    if *exclusive {
        let address = resolver.scope().address(Kind::Topic, topic.name.as_str());
        resolver.wanted.exclusive.insert(address);
    }
    for (subscription, origin) in subscriptions {
        resolver.add(subscription.clone(), origin);
    }
}

/// Warns of subscriptions to a topic that alarms notify and whose filter policy fits no alarm.
pub(crate) fn check_filters(resolver: &Resolver<'_>, entry: &Entry<TopicSection>) {
    for (subscription, origin) in &entry.value.subscriptions {
        if subscription.settings.lets_alarms_through() {
            continue;
        }
        let message = format!(
            "no alarm reaches {}: alarms publish no attributes, and the filter policy looks for some",
            subscription.endpoint
        );
        let problem = Problem::new(code::FILTERED_ALARMS, &origin.spot, message)
            .label("alarms of the spec notify the topic")
            .help(
                "write `filter_scope = \"MessageBody\"` and a policy for what alarms say, such as \
                 `{ NewStateValue = [\"ALARM\"] }`, or let `{ exists = false }` be one of the values",
            );
        resolver.sink.report(problem.warning());
    }
}
