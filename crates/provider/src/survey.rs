//! Reads all that a plan is made of.
//!
//! Everything that needs no other answer is asked at once: the tag index, the lists of filters,
//! alarms, trails and roles, and each object that the spec names. What the index misses or seems to
//! know better than the spec is asked for its tags itself, and what it or a list proposes as left
//! over is confirmed by its own description and its own tags. So a chain of questions is never
//! longer than the caller's identity, a list, a description, tags.

mod alarms;
mod topics;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, try_join_all};
use trailwarden_account::AccountError;
use trailwarden_spec::kinds::Trail;
use trailwarden_spec::leaf::Owner;
use trailwarden_spec::live::{Attention, Found, Live};
use trailwarden_spec::wanted::{Wanted, Wish};
use trailwarden_spec::{Kind, Object};

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
    let (buckets, groups, roles, trails, topics, alarms, filters) = futures::try_join!(
        survey.buckets(),
        survey.log_groups(),
        survey.roles(),
        survey.trails(),
        survey.topics(),
        survey.alarms(),
        metric_filter::list_all(aws),
    )?;
    let filters = survey.filters(
        &alarms,
        filters.iter().map(|filter| metric_filter::found(aws, filter)),
    );
    let mut live = Live::default();
    for part in [buckets, groups, roles, trails, topics, alarms, filters] {
        live.objects.extend(
            part.found
                .into_iter()
                .map(|found| (found.value.address(&aws.scope), found)),
        );
        live.attention.extend(part.attention);
    }
    live.attention.sort();
    Ok(live)
}

impl<'a> Survey<'a> {
    /// The names that the spec wants or refers to. What is in another account or region cannot be
    /// read with these credentials.
    fn named(&self, kind: Kind) -> BTreeSet<String> {
        let addresses = self.wanted.objects.keys().chain(self.wanted.existing.keys());
        addresses
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
        if let Some(tags) = index.tags(kind, name) {
            let found = found(tags.clone());
            let differs = |wish: &Wish| {
                let desired = wish.object.clone().complete(Some((&found.value, &found.facts)));
                desired
                    .changes(Some(&found.value))
                    .iter()
                    .any(|change| change.field == "tags")
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

    async fn buckets(&self) -> Result<Part, AccountError> {
        let named = self.named(Kind::Bucket);
        let wished = self.named(Kind::BucketPolicy);
        // A bucket that stays may hold statements for a trail that the spec has dropped.
        let dropped = named.iter().filter(|name| self.wish(Kind::Bucket, name).is_some());
        let policies: BTreeSet<&String> = wished.iter().chain(dropped).collect();
        let left_over = async {
            let names = self.unnamed(Kind::Bucket, &named).await?;
            let both = names.iter().map(|name| self.left_over_bucket(name));
            Ok(try_join_all(both)
                .await?
                .into_iter()
                .flatten()
                .collect::<Vec<_>>())
        };
        let (wanted, policies, left_over) = futures::try_join!(
            try_join_all(named.iter().map(|name| bucket::read_with(self.aws, name, None))),
            try_join_all(
                policies
                    .iter()
                    .map(|name| read(self.aws, Kind::BucketPolicy, name))
            ),
            left_over,
        )?;
        let policies = policies.into_iter().map(|policy| {
            policy.filter(|policy| wished.contains(&policy.value.name()) || has_own_statements(&policy.value))
        });
        Ok(Part::of(wanted.into_iter().chain(policies).chain(left_over)))
    }

    async fn left_over_bucket(&self, name: &str) -> Result<[Option<Found>; 2], AccountError> {
        let (bucket, policy) = futures::try_join!(
            self.left_over(Kind::Bucket, name),
            read(self.aws, Kind::BucketPolicy, name)
        )?;
        let policy = policy.filter(|policy| bucket.is_some() && has_own_statements(&policy.value));
        Ok([bucket, policy])
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
            try_join_all(names.iter().map(|name| async move {
                let Some(mut found) = self.left_over(Kind::LogGroup, name).await? else {
                    return Ok(None);
                };
                found.facts.holds_data =
                    found.facts.holds_data || log_group::holds_events(self.aws, name).await?;
                Ok(Some(found))
            }))
            .await
        };
        let (wanted, left_over) = futures::try_join!(try_join_all(wanted), left_over)?;
        Ok(Part::of(wanted.into_iter().chain(left_over)))
    }

    async fn roles(&self) -> Result<Part, AccountError> {
        let named = self.named(Kind::Role);
        let left_over = async {
            let names = role::list(self.aws).await?;
            let unnamed = names.iter().filter(|name| !named.contains(*name));
            try_join_all(unnamed.map(|name| self.left_over(Kind::Role, name))).await
        };
        let wanted = try_join_all(named.iter().map(|name| read(self.aws, Kind::Role, name)));
        let (wanted, left_over) = futures::try_join!(wanted, left_over)?;
        Ok(Part::of(wanted.into_iter().chain(left_over)))
    }

    async fn trails(&self) -> Result<Part, AccountError> {
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
        Ok(Part {
            found: found.chain(referred_to.into_iter().flatten()).collect(),
            attention: surveyed.attention,
        })
    }

    /// Whose the filters are. They have no tags, so the metric tells: the stack's namespace, or one
    /// that an alarm of the stack reads. An alarm may also watch what somebody else counts; a filter
    /// that the spec does not name must bear the stack's name to be taken for a rule's.
    fn filters(&self, alarms: &Part, all: impl Iterator<Item = Found>) -> Part {
        let metrics: BTreeSet<(&str, &str)> = alarms
            .found
            .iter()
            .filter(|found| found.owner.is_ours())
            .filter_map(|found| match &found.value {
                Object::Alarm(alarm) => Some((alarm.namespace.as_str(), alarm.metric.as_str())),
                _ => None,
            })
            .collect();
        let named = self.named(Kind::MetricFilter);
        let prefix = self.aws.prefix();
        Part::of(all.map(|mut found| {
            let Object::MetricFilter(filter) = &found.value else {
                return None;
            };
            let named = named.contains(&found.value.name());
            let read = metrics.contains(&(filter.namespace.as_str(), filter.metric.as_str()));
            if read && (named || filter.name.starts_with(&prefix)) {
                found.owner = Owner::Ours;
            }
            (named || found.owner.is_ours()).then_some(found)
        }))
    }
}

fn has_own_statements(policy: &Object) -> bool {
    match policy {
        Object::BucketPolicy(policy) => !policy.statements.is_empty(),
        Object::TopicPolicy(policy) => !policy.statements.is_empty(),
        _ => false,
    }
}
