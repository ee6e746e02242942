//! Reads what the links of a watch do at the moment.
//!
//! What a plan reads is not read again, but for what carries more than its configuration. Everything
//! is asked at once; what the caller may not read is said to be hidden, and the rest goes on.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use trailwarden_account::{AccountError, ErrorKind, Look};
use trailwarden_spec::arn::Arn;
use trailwarden_spec::evidence::{
    AlarmSeen, Evidence, GroupSeen, RoleSeen, Seen, Subscriber, SubscriberState, TopicSeen, TrailSeen,
};
use trailwarden_spec::kinds::{Alarm, MetricFilter, Protocol, Trail};
use trailwarden_spec::live::Live;
use trailwarden_spec::wanted::Wanted;
use trailwarden_spec::{Address, Object};

use crate::aws::{
    Aws, alarm, key_policy, log_group, metric_filter, queue, refusal, role, seen_or_hidden, subscription,
    topic, topic_policy, trail,
};
use crate::door::Api;

/// What the alarms of a spec lean on.
struct Watch<'a> {
    aws: &'a Aws,
    wanted: &'a Wanted,
    live: &'a Live,
}

/// See the module.
pub(crate) async fn gather(
    aws: &Aws,
    wanted: &Wanted,
    live: &Live,
    look: Look,
) -> Result<Evidence, AccountError> {
    let watch = Watch { aws, wanted, live };
    let (mut trails, groups, filters, alarms, topics) = futures::try_join!(
        watch.trails(),
        watch.groups(),
        watch.filters(),
        watch.alarms(),
        watch.topics(),
    )?;
    let roles = watch.roles(&trails).await?;
    if look.all_regions {
        for (arn, seen) in trails.iter_mut().filter(|(_, seen)| seen.trail.multi_region) {
            seen.elsewhere = trail::elsewhere(aws, arn, &seen.home.region).await?;
        }
    }
    Ok(Evidence {
        at: look.at,
        trails,
        roles,
        groups,
        filters,
        alarms,
        topics,
    })
}

impl<'a> Watch<'a> {
    fn wishes(&self) -> impl Iterator<Item = &'a Object> {
        self.wanted.objects.values().map(|wish| &wish.object)
    }

    fn wanted_filters(&self) -> impl Iterator<Item = &'a MetricFilter> {
        self.wishes().filter_map(|wish| match wish {
            Object::MetricFilter(filter) => Some(filter),
            _ => None,
        })
    }

    fn wanted_alarms(&self) -> impl Iterator<Item = &'a Alarm> {
        self.wishes().filter_map(|wish| match wish {
            Object::Alarm(alarm) => Some(alarm),
            _ => None,
        })
    }

    /// The log groups of filters, and those of which CloudWatch Logs itself counts the events for an alarm.
    fn group_names(&self) -> BTreeSet<&'a str> {
        let of_filters = self.wanted_filters().map(|filter| filter.log_group.as_str());
        let of_alarms = self
            .wanted_alarms()
            .filter(|alarm| alarm.namespace == "AWS/Logs")
            .filter_map(|alarm| alarm.dimensions.get("LogGroupName").map(String::as_str));
        of_filters.chain(of_alarms).collect()
    }

    async fn trails(&self) -> Result<BTreeMap<String, TrailSeen>, AccountError> {
        let groups: BTreeSet<Arn> = self
            .group_names()
            .into_iter()
            .map(|name| self.aws.scope.log_group_arn(name))
            .collect();
        let names: BTreeSet<&str> = self
            .wishes()
            .filter_map(|wish| match wish {
                Object::Trail(trail) => Some(trail.name.as_str()),
                _ => None,
            })
            .collect();
        if groups.is_empty() && names.is_empty() {
            return Ok(BTreeMap::new());
        }
        let chosen = |trail: &Trail| {
            let delivery = trail.delivery.get().and_then(Option::as_ref);
            names.contains(trail.name.as_str())
                || delivery.is_some_and(|delivery| groups.contains(&delivery.log_group))
        };
        trail::seen(self.aws, chosen).await
    }

    /// The roles of the trails, where they are the account's own.
    async fn roles(
        &self,
        trails: &BTreeMap<String, TrailSeen>,
    ) -> Result<BTreeMap<String, Seen<RoleSeen>>, AccountError> {
        let arns: BTreeSet<&Arn> = trails
            .values()
            .filter_map(|seen| Some(&seen.trail.delivery.get()?.as_ref()?.role))
            .filter(|arn| self.aws.scope.holds(arn))
            .collect();
        let asked = arns.into_iter().map(|arn| async move {
            let seen = seen_or_hidden(role::seen(self.aws, arn.name()).await)?;
            Ok::<_, AccountError>((arn.to_string(), seen))
        });
        Ok(try_join_all(asked).await?.into_iter().collect())
    }

    async fn groups(&self) -> Result<BTreeMap<String, Seen<GroupSeen>>, AccountError> {
        let asked = self.group_names().into_iter().map(|name| async move {
            let seen = seen_or_hidden(log_group::seen(self.aws, name).await)?;
            Ok::<_, AccountError>((name.to_owned(), seen))
        });
        Ok(try_join_all(asked).await?.into_iter().collect())
    }

    /// What the survey found of the filters that the spec wants; a filter is all configuration.
    async fn filters(&self) -> Result<BTreeMap<Address, Object>, AccountError> {
        let wanted: BTreeSet<Address> = self
            .wanted_filters()
            .map(|filter| Object::from(filter.clone()).address(&self.aws.scope))
            .collect();
        let known = wanted.iter().filter_map(|address| {
            let found = self.live.objects.get(address)?;
            Some((address.clone(), found.value.clone()))
        });
        let known: BTreeMap<Address, Object> = known.collect();
        if known.len() == wanted.len() {
            return Ok(known);
        }
        let all = metric_filter::list_all(self.aws).await?;
        let found = all
            .iter()
            .map(|filter| metric_filter::found(self.aws, filter).value);
        Ok(found
            .map(|filter| (filter.address(&self.aws.scope), filter))
            .filter(|(address, _)| wanted.contains(address))
            .collect())
    }

    /// The alarms of the spec, and those that its composite alarms ask.
    async fn alarms(&self) -> Result<BTreeMap<String, Seen<AlarmSeen>>, AccountError> {
        let mut names: BTreeSet<String> = BTreeSet::new();
        for wish in self.wishes() {
            match wish {
                Object::Alarm(alarm) => drop(names.insert(alarm.name.clone())),
                Object::CompositeAlarm(composite) => {
                    names.insert(composite.name.clone());
                    names.extend(composite.children());
                }
                _ => {}
            }
        }
        let mut seen: BTreeMap<String, Seen<AlarmSeen>> =
            match seen_or_hidden(alarm::seen(self.aws, &names).await.map(Some))? {
                Seen::Is(seen) => seen
                    .into_iter()
                    .map(|(name, seen)| (name, Seen::Is(seen)))
                    .collect(),
                Seen::Absent => BTreeMap::new(),
                Seen::Hidden(why) => names
                    .iter()
                    .map(|name| (name.clone(), Seen::Hidden(why.clone())))
                    .collect(),
            };
        // Whoever keeps a live composite alarm silent matters, too.
        let suppressors: BTreeSet<String> = seen
            .values()
            .filter_map(Seen::get)
            .filter_map(|seen| match &seen.alarm {
                Object::CompositeAlarm(composite) => composite.suppressor.get().cloned().flatten(),
                _ => None,
            })
            .map(|suppressor| suppressor.alarm)
            .filter(|name| !seen.contains_key(name))
            .collect();
        if !suppressors.is_empty() {
            let more = alarm::seen(self.aws, &suppressors).await?;
            seen.extend(more.into_iter().map(|(name, more)| (name, Seen::Is(more))));
        }
        for name in names {
            seen.entry(name).or_insert(Seen::Absent);
        }
        Ok(seen)
    }

    /// The topics that alarms of the spec notify.
    async fn topics(&self) -> Result<BTreeMap<String, Seen<TopicSeen>>, AccountError> {
        let told: BTreeSet<&Arn> = self
            .wishes()
            .flat_map(|wish| match wish {
                Object::Alarm(alarm) => alarm.alarm_actions.iter().collect(),
                Object::CompositeAlarm(alarm) => alarm.alarm_actions.iter().collect(),
                _ => Vec::new(),
            })
            .filter(|arn| arn.service == "sns")
            .collect();
        let asked = told.into_iter().map(|arn| async move {
            let seen = seen_or_hidden(self.topic(arn).await)?;
            Ok::<_, AccountError>((arn.to_string(), seen))
        });
        Ok(try_join_all(asked).await?.into_iter().collect())
    }

    async fn topic(&self, arn: &Arn) -> Result<Option<TopicSeen>, AccountError> {
        let Some(attributes) = topic::attributes_at(self.aws, arn).await? else {
            return Ok(None);
        };
        let subscribers = match self.aws.scope.holds(arn) {
            true => {
                let subscribers = self.subscribers(arn).await;
                seen_or_hidden(subscribers.map(Some))?
            }
            false => Seen::Hidden(format!("the topic is in the account {}", arn.account)),
        };
        let key = match attributes.get("KmsMasterKeyId").filter(|key| !key.is_empty()) {
            Some(key) => Some(key_policy::seen(self.aws, key).await?),
            None => None,
        };
        Ok(Some(TopicSeen {
            policy: topic_policy::current(&attributes)
                .map_err(|problem| refusal(Api::read("sns", "GetTopicAttributes"), problem))?,
            key,
            subscribers,
        }))
    }

    /// Who is told, and who hears nothing because of a queue that keeps SNS out or a filter policy that
    /// keeps alarms out.
    async fn subscribers(&self, topic: &Arn) -> Result<Vec<Subscriber>, AccountError> {
        let listed = match subscription::list(self.aws, topic.name(), |_| true).await {
            // Who is subscribed is worth knowing without the settings, too.
            Err(error) if error.kind == ErrorKind::Denied => {
                subscription::list(self.aws, topic.name(), |_| false).await?
            }
            listed => listed?,
        };
        let asked = listed.iter().filter_map(|found| match &found.value {
            Object::Subscription(subscription) => Some((subscription, found.facts.confirmed == Some(true))),
            _ => None,
        });
        let asked = asked.map(|(subscription, confirmed)| async move {
            let queue = Arn::parse(subscription.endpoint.reveal()).filter(|queue| {
                confirmed && subscription.protocol == Protocol::Sqs && self.aws.scope.holds(queue)
            });
            let shut = match queue {
                _ if !subscription.settings.lets_alarms_through() => Some(filtered()),
                Some(queue) => queue::shut(self.aws, &queue, topic).await?,
                None => None,
            };
            Ok(Subscriber {
                protocol: Some(subscription.protocol),
                endpoint: subscription.endpoint.clone(),
                state: match (confirmed, shut) {
                    (true, Some((cause, fix))) => SubscriberState::Shut { cause, fix },
                    (true, None) => SubscriberState::Confirmed,
                    (false, _) => SubscriberState::Pending,
                },
                filter: subscription.settings.filter_of_bodies().cloned(),
            })
        });
        try_join_all(asked).await
    }
}

/// The cause and the way out of a filter policy that no alarm passes. A spec that says nothing of it
/// leaves it as it is.
fn filtered() -> (String, String) {
    (
        "alarms publish no attributes, so that its filter policy lets none of them through".into(),
        "set its attribute FilterPolicy to {}, or write a `filter_policy` that alarms pass and apply".into(),
    )
}
