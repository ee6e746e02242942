//! The topic, and who hears what is published to it.

use trailwarden_policy::Decision;
use trailwarden_spec::arn::Arn;
use trailwarden_spec::evidence::{Seen, Subscriber, SubscriberState, TopicSeen};
use trailwarden_spec::kinds::{Protocol, Subscription};
use trailwarden_spec::{Kind, Object, Scope};

use super::APPLY;
use crate::chain::{Link, LinkKind, LinkState, Told};
use crate::notice::{self, Fit, Misfit};
use crate::permits::{as_anybody, closed, hindrance, service, way_out};
use crate::walk::Walk;

const CLOUDWATCH: &str = "cloudwatch.amazonaws.com";

/// The topic takes what an alarm publishes: its policy and its key let CloudWatch in.
pub(crate) fn takes(walk: &Walk<'_>, topic: &Arn, alarm: &str) -> Link {
    let kind = LinkKind::Topic;
    let name = shown(walk.scope(), topic);
    let seen = match walk.evidence.topics.get(&topic.to_string()) {
        Some(Seen::Is(seen)) => seen,
        Some(Seen::Hidden(why)) => {
            return Link::unknown(
                kind,
                &name,
                format!("it may not be read: {why}"),
                "let the caller call sns:GetTopicAttributes, or ask its owner",
            );
        }
        Some(Seen::Absent) | None => {
            let fix = match walk.wants(Kind::Topic, topic) {
                true => APPLY,
                false => "its owner has to make it, or let the spec name another",
            };
            return Link::broken(kind, &name, "it is not there", fix);
        }
    };
    let scope = walk.scope();
    let source = scope.alarm_arn(alarm).to_string();
    let publish = service(
        CLOUDWATCH,
        "sns:Publish",
        &topic.to_string(),
        &scope.account,
        &source,
    );
    if let Some(why) = refuses(seen, &publish, scope) {
        return Link::broken(
            kind,
            &name,
            format!("its policy does not let CloudWatch publish for this alarm: {why}"),
            match walk.wants(Kind::Topic, topic) {
                true => way_out(&seen.policy, &publish, APPLY),
                false => "its owner has to let cloudwatch.amazonaws.com call sns:Publish".into(),
            },
        );
    }
    if let Some(key) = &seen.key {
        let requests = |key: &str| {
            ["kms:GenerateDataKey", "kms:Decrypt"]
                .map(|action| service(CLOUDWATCH, action, key, &scope.account, &source))
                .into()
        };
        if let Err(why) = closed(key, CLOUDWATCH, requests) {
            let make = if why.unknown { Link::unknown } else { Link::broken };
            return make(kind, &name, why.cause, why.fix);
        }
    }
    Link::holds(kind, &name, "lets CloudWatch publish")
}

/// SNS's own first statement does not name CloudWatch and lets the account's alarms publish.
fn refuses(seen: &TopicSeen, publish: &trailwarden_policy::Request, scope: &Scope) -> Option<String> {
    let why = hindrance(&seen.policy, publish)?;
    let anybody = as_anybody(publish, &scope.account);
    let by_default =
        seen.policy.evaluate(publish) == Decision::NotAllowed && hindrance(&seen.policy, &anybody).is_none();
    (!by_default).then_some(why)
}

/// Who is told; the links say who is not.
pub(crate) fn subscribers(walk: &Walk<'_>, topic: &Arn, alarm: &Object, told: &mut Vec<Told>) -> Vec<Link> {
    let kind = LinkKind::Subscribers;
    let name = shown(walk.scope(), topic);
    let seen = match walk.evidence.topics.get(&topic.to_string()) {
        Some(Seen::Is(seen)) => seen,
        // The topic's own link says so.
        _ => return Vec::new(),
    };
    let all = match &seen.subscribers {
        Seen::Is(all) => all,
        Seen::Hidden(why) => {
            return vec![Link::unknown(
                kind,
                &name,
                format!("its subscriptions may not be read: {why}"),
                "let the caller call sns:ListSubscriptionsByTopic, or ask its owner",
            )];
        }
        Seen::Absent => return Vec::new(),
    };
    let of = |state: fn(&SubscriberState) -> bool| all.iter().filter(move |one| state(&one.state));
    let mut confirmed: Vec<&Subscriber> = of(|state| *state == SubscriberState::Confirmed).collect();
    let pending: Vec<&Subscriber> = of(|state| *state == SubscriberState::Pending).collect();
    let mut links = Vec::new();
    for one in all {
        if let SubscriberState::Shut { cause, fix } = &one.state {
            let cause = format!("{} hears nothing: {cause}", whom(one));
            links.push(Link::broken(kind, &name, cause, fix.as_str()));
        }
    }
    confirmed.retain(|one| match filtered(walk, one, alarm) {
        Some((state, cause, fix)) => {
            links.push(Link::not(state, kind, &name, cause, fix));
            false
        }
        None => true,
    });
    for lost in lost(walk, topic, all) {
        links.push(Link::broken(
            kind,
            &name,
            format!("{lost}, whom the spec names, is not subscribed any more"),
            "`trailwarden apply` subscribes it again; see who unsubscribed it",
        ));
    }
    for one in &pending {
        links.push(Link::waits(
            kind,
            &name,
            format!("{} has not confirmed and is told of nothing until then", whom(one)),
            "follow the link that SNS sent, which is good for about two days; after that `trailwarden apply` sends \
             another",
        ));
    }
    if confirmed.is_empty() && links.is_empty() {
        links.push(Link::broken(
            kind,
            &name,
            "nobody is subscribed to it",
            "write a `[[topic.LABEL.subscription]]` and apply, or ask its owner who is to hear of it",
        ));
    }
    if !confirmed.is_empty() {
        let who: Vec<String> = confirmed.iter().map(|one| whom(one)).collect();
        links.push(Link::holds(kind, &name, format!("tells {}", who.join(", "))));
    }
    told.extend(confirmed.into_iter().map(|one| Told {
        topic: name.clone(),
        protocol: protocol(one).to_owned(),
        endpoint: one.endpoint.to_string(),
    }));
    links
}

/// What a filter policy on the message itself does to the notices of an alarm, if it does anything.
fn filtered(walk: &Walk<'_>, one: &Subscriber, alarm: &Object) -> Option<(LinkState, String, String)> {
    let policy = one.filter.as_ref()?;
    // What the account has is what CloudWatch tells of.
    let name = alarm.name();
    let alarm = walk.seen(&name).map_or(alarm, |seen| &seen.alarm);
    match notice::fits(policy.object(), alarm, walk.scope()) {
        Fit::Always => None,
        Fit::Depends(key) => Some((
            LinkState::Unknown,
            format!(
                "whether {} hears of `{name}` depends on `{key}`, which its filter policy asks for",
                whom(one)
            ),
            "see that this is meant; a filter policy on `AlarmName` and `NewStateValue` alone can be decided"
                .into(),
        )),
        Fit::Never(Misfit { key, there }) => {
            let why = match there {
                true => format!("asks for another `{key}` than its notices have"),
                false => format!("asks for `{key}`, which no notice of it has"),
            };
            Some((
                LinkState::Broken,
                format!("{} hears nothing of `{name}`: its filter policy {why}", whom(one)),
                "set its attribute FilterPolicy to {}, or write a `filter_policy` that the alarm's notices pass and \
                 apply"
                    .into(),
            ))
        }
    }
}

/// The subscribers of the spec that are not on the list.
fn lost(walk: &Walk<'_>, topic: &Arn, all: &[Subscriber]) -> Vec<String> {
    let on_list = |wish: &Subscription| {
        all.iter().any(|one| {
            one.protocol == Some(wish.protocol)
                && one.endpoint.digest() == wish.endpoint.digest()
                && one.state != SubscriberState::Deleted
        })
    };
    let wishes = walk.wanted.objects.values();
    let of_topic = wishes.filter_map(|wish| match &wish.object {
        Object::Subscription(wish) if walk.scope().topic_arn(&wish.topic) == *topic => Some(wish),
        _ => None,
    });
    of_topic
        .filter(|wish| !on_list(wish))
        .map(|wish| format!("{} {}", wish.protocol, wish.endpoint))
        .collect()
}

fn protocol(one: &Subscriber) -> &'static str {
    one.protocol.map_or("unknown protocol", Protocol::as_str)
}

fn whom(one: &Subscriber) -> String {
    format!("{} {}", protocol(one), one.endpoint)
}

/// The name of a topic, its whole ARN where it is elsewhere.
fn shown(scope: &Scope, topic: &Arn) -> String {
    match scope.holds(topic) {
        true => topic.name().to_owned(),
        false => topic.to_string(),
    }
}
