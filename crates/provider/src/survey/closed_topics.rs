//! Topics that are encrypted with a key that exists elsewhere, and those whom the key's policy keeps
//! from publishing to them. SNS takes any key, and nobody but an alarm's history tells of failures.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_policy::{Caller, Policy};
use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::{Guest, KeyPolicy, KeyUse, Topic};
use trailwarden_spec::live::Attention;
use trailwarden_spec::{Kind, Object, Scope};

use super::Survey;
use crate::aws::key_policy;

/// Who is to publish to a topic.
#[derive(Default)]
struct Publishers<'a> {
    /// One of the alarms: their statement is one for all.
    alarm: Option<&'a str>,
    /// The trails that tell of their log files.
    trails: Vec<&'a str>,
    /// Whom the spec names.
    guests: BTreeSet<Guest>,
}

/// A topic with the policy of its key.
struct Closed<'a> {
    scope: &'a Scope,
    topic: &'a Topic,
    key: Arn,
    policy: Policy,
}

impl Survey<'_> {
    /// Says of each such topic whom the policy of its key shuts out.
    pub(super) async fn closed_topics(&self) -> Result<Vec<Attention>, AccountError> {
        let topics = self.of_topics().into_iter();
        let told = try_join_all(topics.map(|(key, topic)| self.shut_out(key, topic))).await?;
        Ok(told.into_iter().flatten().collect())
    }

    /// The keys that exist elsewhere, by their names, with the topics that are to be encrypted with them.
    fn of_topics(&self) -> Vec<(&str, &Topic)> {
        let scope = &self.aws.scope;
        let objects = self.wanted.objects.values().map(|wish| &wish.object);
        objects
            .filter_map(|object| match object {
                Object::Topic(topic) => {
                    let key = topic.key.get()?.as_ref()?.names_in(scope).next()?;
                    let exists = self.wanted.existing.contains_key(&scope.address(Kind::Key, key));
                    exists.then_some((key, topic))
                }
                _ => None,
            })
            .collect()
    }

    fn publishers(&self, topic: &Topic) -> Publishers<'_> {
        let arn = self.aws.scope.topic_arn(&topic.name);
        let mut publishers = Publishers::default();
        for wish in self.wanted.objects.values() {
            match &wish.object {
                Object::Alarm(alarm) if alarm.alarm_actions.contains(&arn) => {
                    publishers.alarm = publishers.alarm.or(Some(&alarm.name));
                }
                Object::Trail(trail) if trail.sns_topic.get().and_then(Option::as_ref) == Some(&arn) => {
                    publishers.trails.push(&trail.name);
                }
                Object::TopicPolicy(policy) if policy.topic == topic.name => {
                    publishers.guests = policy.publishers();
                }
                _ => {}
            }
        }
        publishers
    }

    async fn shut_out(&self, name: &str, topic: &Topic) -> Result<Vec<Attention>, AccountError> {
        let scope = &self.aws.scope;
        let Publishers {
            alarm,
            trails,
            guests,
        } = self.publishers(topic);
        if alarm.is_none() && trails.is_empty() && guests.is_empty() {
            return Ok(Vec::new());
        }
        let read = match key_policy::of_key(self.aws, &format!("alias/{name}")).await {
            // Whoever may not read the policy of another's key cannot be told of it.
            Err(error) if error.kind == ErrorKind::Denied => None,
            read => read?,
        };
        let Some((key, policy)) = read else {
            return Ok(Vec::new());
        };
        let closed = Closed {
            scope,
            topic,
            key,
            policy,
        };
        let mut messages = Vec::new();
        let which = format!(
            "the topic `{}` is encrypted with `alias/{name}`, whose policy does not let",
            topic.name
        );
        if alarm.is_some_and(|alarm| closed.to_alarm(alarm)) {
            messages.push(format!(
                "{which} CloudWatch use it: alarms go off and nobody is told; let its owner allow \
                 cloudwatch.amazonaws.com to call kms:Decrypt and kms:GenerateDataKey*, or use a `[key.LABEL]`"
            ));
        }
        let trails = trails.into_iter().filter(|trail| closed.to_trail(trail));
        let mut uses: Vec<_> = trails
            .map(|trail| ("CloudTrail".to_owned(), KeyUse::Notices(trail)))
            .collect();
        let guests: BTreeSet<Guest> = guests
            .into_iter()
            .filter(|guest| closed.to_guest(guest))
            .collect();
        if !guests.is_empty() {
            let names: Vec<String> = guests.iter().map(ToString::to_string).collect();
            uses.push((names.join(" and "), KeyUse::Publishers(&topic.name, &guests)));
        }
        messages.extend(uses.into_iter().map(|(who, each)| {
            let needed = KeyPolicy::for_uses(&self.aws.stack, scope, name, [each]).statements;
            format!(
                "{which} {who} use it: what is published is lost; it is its owner's to write and needs {}, or use a \
                 `[key.LABEL]`",
                needed.to_json()
            )
        }));
        Ok(messages
            .into_iter()
            .map(|message| Attention {
                address: Some(scope.address(Kind::Topic, topic.name.as_str())),
                code: "topic-encrypted",
                message,
            })
            .collect())
    }
}

impl Closed<'_> {
    fn to(&self, caller: &Caller, context: &[(&str, &str)]) -> bool {
        let topic = self.scope.topic_arn(&self.topic.name).to_string();
        let of_topic = [("kms:EncryptionContext:aws:sns:topicArn", topic.as_str())];
        !key_policy::lets_in(&self.policy, &self.key, caller, &[context, &of_topic].concat())
    }

    fn to_alarm(&self, alarm: &str) -> bool {
        let source = self.scope.alarm_arn(alarm).to_string();
        let context = [
            ("aws:SourceAccount", self.scope.account.as_str()),
            ("aws:SourceArn", &source),
        ];
        self.to(&Caller::Service("cloudwatch.amazonaws.com".into()), &context)
    }

    fn to_trail(&self, trail: &str) -> bool {
        let source = self.scope.trail_arn(trail).to_string();
        let context = [
            ("aws:SourceAccount", self.scope.account.as_str()),
            ("aws:SourceArn", &source),
        ];
        self.to(&Caller::Service("cloudtrail.amazonaws.com".into()), &context)
    }

    fn to_guest(&self, guest: &Guest) -> bool {
        match guest {
            Guest::Service(name) => {
                // `EventBridge` does not say for whom it acts.
                let context = match name.starts_with("events.") {
                    true => vec![("aws:SourceAccount", ""), ("aws:SourceArn", "")],
                    false => vec![("aws:SourceAccount", self.scope.account.as_str())],
                };
                self.to(&Caller::Service(name.clone()), &context)
            }
            // Where the policy leaves the key to the account, the account's own policies decide.
            Guest::Arn(arn) => {
                let via = KeyPolicy::via_sns(self.scope);
                let via = via.iter().map(|service| ("kms:ViaService", service.as_str()));
                let of_account = ["kms:CallerAccount", "aws:PrincipalAccount"];
                let of_account = of_account.map(|key| (key, arn.account.as_str()));
                let context: Vec<_> = via.chain(of_account).collect();
                self.to(&Caller::Arn(arn.to_string()), &context)
            }
        }
    }
}
