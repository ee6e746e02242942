//! Reads all that a plan is made of.
//!
//! Everything that needs no other answer is asked at once: the tag index, the lists of filters,
//! alarms, trails and roles, and each object that the spec names. What the index misses or seems to
//! know better than the spec is asked for its tags itself, and what it or a list proposes as left
//! over is confirmed by its own description and its own tags. So a chain of questions is never
//! longer than the caller's identity, a list, a description, tags.

mod alarms;
mod closed_topics;
mod keys;
mod queues;
mod topics;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, try_join_all};
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::kinds::Trail;
use trailwarden_spec::leaf::Owner;
use trailwarden_spec::live::{Attention, Found, Live, SeenTrail, Usage};
use trailwarden_spec::wanted::{Wanted, Wish, own_namespace};
use trailwarden_spec::{Kind, Object};

use crate::aws::bucket::Asked;
use crate::aws::{Aws, bucket, log_group, metric_filter, role, trail};
use crate::index::Index;
use crate::provider::read;

/// The tag index, asked once and read by everybody.
type SharedIndex<'a> = Shared<BoxFuture<'a, Result<Arc<Index>, AccountError>>>;

/// What one part of the survey found.
#[derive(Default)]
struct Part {
    found: Vec<Found>,
    attention: Vec<Attention>,
}

impl Part {
    fn of(found: impl IntoIterator<Item = Option<Found>>) -> Self {
        Self {
            found: found.into_iter().flatten().collect(),
            attention: Vec::new(),
        }
    }

    /// All parts as one.
    fn and(mut self, others: impl IntoIterator<Item = Self>) -> Self {
        for other in others {
            self.found.extend(other.found);
            self.attention.extend(other.attention);
        }
        self
    }
}

/// What is asked for, and how.
struct Survey<'a> {
    aws: &'a Aws,
    wanted: &'a Wanted,
    index: SharedIndex<'a>,
}

/// See the module.
pub(crate) async fn survey(aws: &Aws, wanted: &Wanted) -> Result<Live, AccountError> {
    let index = async { Index::of_stack(aws).await.map(Arc::new) }
        .boxed()
        .shared();
    let survey = Survey { aws, wanted, index };
    let (keys, buckets, mut groups, roles, (trails, seen), topics, (queues, looked_at), alarms, filters) = futures::try_join!(
        survey.keys(),
        survey.buckets(),
        survey.log_groups(),
        survey.roles(),
        survey.trails(),
        survey.topics(),
        survey.queues(),
        survey.alarms(),
        metric_filter::list_all(aws),
    )?;
    let filters: Vec<Found> = filters
        .iter()
        .map(|filter| metric_filter::found(aws, filter))
        .collect();
    let mut usage = Usage {
        trails: seen,
        ..Usage::default()
    };
    filters.iter().for_each(|filter| usage.add(&filter.value));
    let filters = survey.filters(&alarms, filters, &mut groups);
    let delivering = survey.delivering(&trails, &roles).await?;
    let mut live = Live {
        usage,
        queues: looked_at.queues,
        queue_keys: looked_at.keys_not_read,
        ..Live::default()
    };
    for part in [
        keys, buckets, groups, roles, delivering, trails, topics, queues, alarms, filters,
    ] {
        live.objects.extend(
            part.found
                .into_iter()
                .map(|found| (found.value.address(&aws.scope), found)),
        );
        live.attention.extend(part.attention);
    }
    // Every alias that matters has been asked about by now.
    for found in live.objects.values_mut() {
        aws.keys.name(&mut found.value);
    }
    survey.used(&mut live).await?;
    live.attention.sort();
    Ok(live)
}

impl<'a> Survey<'a> {
    /// The names that the spec wants or refers to. What is in another account or region cannot be
    /// read with these credentials.
    ///
    /// Trails and alarms that the spec lets go are asked for, too: when they are not ours any more,
    /// what is ours and has no tags is still kept for them.
    fn named(&self, kind: Kind) -> BTreeSet<String> {
        let let_go = self.wanted.release.iter();
        let let_go =
            let_go.filter(|address| matches!(address.kind, Kind::Trail | Kind::Alarm | Kind::CompositeAlarm));
        let addresses = self.wanted.objects.keys().chain(self.wanted.existing.keys());
        addresses
            .chain(let_go)
            .filter(|a| a.kind == kind && a.scope == self.aws.scope)
            .map(|a| a.name.clone())
            .collect()
    }

    fn wish(&self, kind: Kind, name: &str) -> Option<&'a Wish> {
        self.wanted.objects.get(&self.aws.scope.address(kind, name))
    }

    /// The names that the index has and the spec has not.
    async fn unnamed(&self, kind: Kind, named: &BTreeSet<String>) -> Result<Vec<String>, AccountError> {
        let index = self.index.clone().await?;
        Ok(index
            .names(kind)
            .filter(|name| !named.contains(*name))
            .map(str::to_owned)
            .collect())
    }

    /// Gives an object its tags: those of the index, unless the spec wants others. Then either the
    /// index lags or there is something to do; the object knows.
    async fn tagged(
        &self,
        kind: Kind,
        name: &str,
        found: impl Fn(BTreeMap<String, String>) -> Found,
        ask: impl Future<Output = Result<BTreeMap<String, String>, AccountError>>,
    ) -> Result<Found, AccountError> {
        let index = self.index.clone().await?;
        // An ARN does not show whether an alarm is a composite one.
        let listed = match kind {
            Kind::CompositeAlarm => Kind::Alarm,
            kind => kind,
        };
        if let Some(tags) = index.tags(listed, name) {
            let found = found(tags.clone());
            let differs = |wish: &Wish| {
                let desired = wish.object.clone().complete(Some((&found.value, &found.facts)));
                desired
                    .changes(Some(&found.value))
                    .iter()
                    .any(|change| ["tags", "protect"].contains(&change.field))
            };
            if !self.wish(kind, name).is_some_and(differs) {
                return Ok(found);
            }
        }
        Ok(found(ask.await?))
    }

    /// Confirms what seems left over: it is there, and it carries the stack's mark.
    async fn left_over(&self, kind: Kind, name: &str) -> Result<Option<Found>, AccountError> {
        Ok(read(self.aws, kind, name)
            .await?
            .filter(|found| found.owner.is_ours()))
    }

    /// What seems left over and may not be read is told. The plan of what the spec does name needs
    /// no more, and the index lists for hours what is gone, such as a bucket whose name another
    /// account has by now.
    fn or_unreadable(
        &self,
        kind: Kind,
        name: &str,
        part: Result<Part, AccountError>,
    ) -> Result<Part, AccountError> {
        let error = match part {
            Err(error) if error.kind == ErrorKind::Denied => error,
            part => return part,
        };
        let code = error.code.as_deref().unwrap_or("denied");
        let name_taken = match kind {
            Kind::Bucket => ", or another account has its name by now",
            _ => "",
        };
        Ok(Part {
            attention: vec![Attention {
                address: Some(self.aws.scope.address(kind, name)),
                code: "unreadable",
                message: format!(
                    "the {kind} `{name}` seems to be left over of the stack and the caller may not read it ({}: \
                     {code}){name_taken}, so that it stays; to have it taken away, use the policy that `trailwarden permissions` \
                     prints for a spec that names it",
                    error.operation
                ),
            }],
            ..Part::default()
        })
    }

    async fn buckets(&self) -> Result<Part, AccountError> {
        let named = self.named(Kind::Bucket);
        let wished = self.named(Kind::BucketPolicy);
        // A bucket that stays may hold statements for a trail that the spec has dropped.
        let dropped = named
            .iter()
            .filter(|name| self.wish(Kind::Bucket, name).is_some());
        let policies: BTreeSet<&String> = wished.iter().chain(dropped).collect();
        let left_over = async {
            let names = self.unnamed(Kind::Bucket, &named).await?;
            let parts = names.iter().map(|name| async move {
                let part = self.left_over_bucket(name).await;
                self.or_unreadable(Kind::Bucket, name, part)
            });
            try_join_all(parts).await
        };
        let asked = |name: &str| match self.wish(Kind::Bucket, name).map(|wish| &wish.object) {
            Some(Object::Bucket(wish)) => Asked::by(wish),
            _ => Asked::NONE,
        };
        let read_one = |name| bucket::read_with(self.aws, name, None, asked(name));
        let wanted = try_join_all(named.iter().map(|name| read_one(name)));
        let policies = try_join_all(
            policies
                .iter()
                .map(|name| read(self.aws, Kind::BucketPolicy, name)),
        );
        let (wanted, policies, left_over) = futures::join!(wanted, policies, left_over);
        // A bucket's own error says more of a bucket that is somebody else's than its policy's.
        let (wanted, policies) = (wanted?, policies?);
        let policies = policies.into_iter().map(|policy| {
            policy.filter(|policy| wished.contains(&policy.value.name()) || has_own_statements(&policy.value))
        });
        Ok(Part::of(wanted.into_iter().chain(policies)).and(left_over?))
    }

    async fn left_over_bucket(&self, name: &str) -> Result<Part, AccountError> {
        let (bucket, policy) = futures::join!(
            self.left_over(Kind::Bucket, name),
            read(self.aws, Kind::BucketPolicy, name)
        );
        let Some(bucket) = bucket? else {
            return Ok(Part::default());
        };
        let policy = policy?.filter(|policy| has_own_statements(&policy.value));
        Ok(Part::of([Some(bucket), policy]))
    }

    async fn log_groups(&self) -> Result<Part, AccountError> {
        let named = self.named(Kind::LogGroup);
        let wanted = named.iter().map(|name| async move {
            let Some(group) = log_group::describe(self.aws, name).await? else {
                return Ok(None);
            };
            let found = |tags| log_group::found(self.aws, &group, tags);
            self.tagged(Kind::LogGroup, name, found, log_group::tags(self.aws, name))
                .await
                .map(Some)
        });
        let left_over = async {
            let names = self.unnamed(Kind::LogGroup, &named).await?;
            let parts = names.iter().map(|name| async move {
                let part = self.left_over_group(name).await;
                self.or_unreadable(Kind::LogGroup, name, part)
            });
            try_join_all(parts).await
        };
        let (wanted, left_over) = futures::try_join!(try_join_all(wanted), left_over)?;
        Ok(Part::of(wanted).and(left_over))
    }

    async fn left_over_group(&self, name: &str) -> Result<Part, AccountError> {
        let Some(mut found) = self.left_over(Kind::LogGroup, name).await? else {
            return Ok(Part::default());
        };
        found.facts.holds_data = found.facts.holds_data || log_group::holds_events(self.aws, name).await?;
        Ok(Part::of([Some(found)]))
    }

    async fn roles(&self) -> Result<Part, AccountError> {
        let named = self.named(Kind::Role);
        let left_over = async {
            let names = role::list(self.aws).await?;
            let unnamed = names.iter().filter(|name| !named.contains(*name));
            try_join_all(unnamed.map(|name| self.left_over(Kind::Role, name))).await
        };
        let wanted = try_join_all(named.iter().map(|name| read(self.aws, Kind::Role, name)));
        let wished = named.iter().filter(|name| self.wish(Kind::Role, name).is_some());
        let attention = try_join_all(wished.map(|name| role::attention(self.aws, name)));
        let (wanted, attention, left_over) = futures::try_join!(wanted, attention, left_over)?;
        Ok(Part {
            attention: attention.into_iter().flatten().collect(),
            ..Part::of(wanted.into_iter().chain(left_over))
        })
    }

    /// The trails that the stack has to do with, and all that the region shows.
    async fn trails(&self) -> Result<(Part, BTreeSet<SeenTrail>), AccountError> {
        let wishes: Vec<&Trail> = self
            .wanted
            .objects
            .values()
            .filter_map(|wish| match &wish.object {
                Object::Trail(trail) => Some(trail),
                _ => None,
            })
            .collect();
        let mut referred_to = self.named(Kind::Trail);
        referred_to.retain(|name| self.wish(Kind::Trail, name).is_none());
        let referred_to = try_join_all(referred_to.iter().map(|name| read(self.aws, Kind::Trail, name)));
        let (surveyed, referred_to) = futures::try_join!(trail::survey(self.aws, &wishes), referred_to)?;
        let found = surveyed.found.into_iter().map(|(_, found)| found);
        let part = Part {
            found: found.chain(referred_to.into_iter().flatten()).collect(),
            attention: surveyed.attention,
        };
        Ok((part, surveyed.seen))
    }

    /// The filters of the spec and of the stack. They have no tags, so the metric tells whose they
    /// are: the stack's namespace, or one that an alarm of the stack reads. An alarm may also watch
    /// what somebody else counts; a filter that the spec does not name must bear the stack's name to
    /// be taken for a rule's. A group that would be deleted with somebody else's filters on it is kept
    /// like one with data.
    fn filters(&self, alarms: &Part, all: Vec<Found>, groups: &mut Part) -> Part {
        let metrics: BTreeMap<(&str, &str), &str> = alarms
            .found
            .iter()
            .filter(|found| found.owner.is_ours())
            .filter_map(|found| match &found.value {
                Object::Alarm(a) => Some(((a.namespace.as_str(), a.metric.as_str()), a.name.as_str())),
                _ => None,
            })
            .collect();
        let alarm_names: BTreeSet<&str> = metrics.values().copied().collect();
        let named = self.named(Kind::MetricFilter);
        let prefix = self.aws.prefix();
        // A namespace that the spec names may be another stack's, too.
        let shared = self.aws.namespace != own_namespace(&self.aws.stack);
        let mut part = Part::default();
        for mut found in all {
            let Object::MetricFilter(filter) = &found.value else {
                continue;
            };
            let is_named = named.contains(&found.value.name());
            let reader = metrics.get(&(filter.namespace.as_str(), filter.metric.as_str()));
            let bears_name = filter.name.starts_with(&prefix);
            // Somebody may have let a rule's filter count elsewhere; its alarm has the same name.
            let of_rule = is_named && alarm_names.contains(filter.name.as_str());
            if of_rule || reader.is_some() && (is_named || bears_name) {
                found.owner = Owner::Ours;
            }
            let somebodys = shared && !bears_name && reader.is_none();
            if is_named || found.owner.is_ours() && !somebodys {
                part.found.push(found);
                continue;
            }
            if let Some(alarm) = reader {
                part.attention.push(Attention {
                    address: Some(found.value.address(&self.aws.scope)),
                    code: "unnamed-filter",
                    message: format!(
                        "it counts into the metric of the alarm `{alarm}` and the spec does not name it; delete it if \
                         an earlier spec made it"
                    ),
                });
            }
            for group in &mut groups.found {
                let is_its =
                    matches!(&group.value, Object::LogGroup(group) if group.name == filter.log_group);
                group.facts.holds_data |= is_its;
            }
        }
        part
    }

    /// Roles of the stack that the spec has dropped and that are known by their trail alone: a path
    /// of their own keeps them out of the list by path.
    async fn delivering(&self, trails: &Part, roles: &Part) -> Result<Part, AccountError> {
        let named = self.named(Kind::Role);
        let known =
            |name: &str| named.contains(name) || roles.found.iter().any(|role| role.value.name() == name);
        let names: BTreeSet<&str> = trails
            .found
            .iter()
            .filter(|found| found.owner.is_ours())
            .filter_map(|found| match &found.value {
                Object::Trail(trail) => trail.delivery.get()?.as_ref(),
                _ => None,
            })
            .filter(|delivery| self.aws.scope.holds(&delivery.role))
            .map(|delivery| delivery.role.name())
            .filter(|name| !known(name))
            .collect();
        let found = try_join_all(names.into_iter().map(|name| self.left_over(Kind::Role, name))).await?;
        Ok(Part::of(found))
    }
}

fn has_own_statements(policy: &Object) -> bool {
    match policy {
        Object::KeyPolicy(policy) => !policy.statements.is_empty(),
        Object::BucketPolicy(policy) => !policy.statements.is_empty(),
        Object::TopicPolicy(policy) => !policy.statements.is_empty(),
        _ => false,
    }
}
