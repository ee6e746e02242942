//! Reading trails: what a region shows of them, and which of them a stack has to do with.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudtrail::operation::get_trail_status::GetTrailStatusOutput;
use aws_sdk_cloudtrail::types;
use futures::future::{join_all, try_join_all};
use trailwarden_account::AccountError;
use trailwarden_spec::arn::Arn;
use trailwarden_spec::evidence::TrailSeen;
use trailwarden_spec::kinds::{Delivery, Trail};
use trailwarden_spec::leaf::{KeyRef, Managed, Tags};
use trailwarden_spec::live::{Attention, Facts, Found, SeenTrail};
use trailwarden_spec::{Object, Scope};

use super::super::{Aws, seen_or_hidden};
use super::insights::{self, Looked};
use super::selectors::{self, Recorded};
use super::{attention, status};
use crate::door::Api;

/// How many trails one `ListTags` takes.
const TAGS_AT_ONCE: usize = 20;

/// A trail that the region shows.
pub(crate) struct Listed {
    pub(super) name: String,
    pub(super) arn: String,
    /// The region from which it is managed; in all others it is a shadow.
    pub(super) home: String,
    /// True when its home is the stack's region and account.
    pub(super) at_home: bool,
    /// Whose it is; an organization's trail is its management account's.
    account: String,
    wire: types::Trail,
}

/// What is asked about one trail. An organization's trail may be shown to its members and not, or
/// not wholly, explained to them.
pub(super) struct Detail {
    pub(super) status: Result<GetTrailStatusOutput, AccountError>,
    pub(super) recorded: Result<Recorded, AccountError>,
    insights: Result<Looked, AccountError>,
}

impl Detail {
    /// Fails where a part is missing.
    fn whole(self) -> Result<Self, AccountError> {
        let (status, recorded, insights) = (self.status?, self.recorded?, self.insights?);
        Ok(Self {
            status: Ok(status),
            recorded: Ok(recorded),
            insights: Ok(insights),
        })
    }
}

/// What a survey finds of trails.
pub(crate) struct Surveyed {
    /// The trails that are wished for, and those of the stack that are not any more.
    pub(crate) found: Vec<(String, Found)>,
    /// What no write can repair.
    pub(crate) attention: Vec<Attention>,
    /// All that the region shows: they count against its quota.
    pub(crate) seen: BTreeSet<SeenTrail>,
}

/// The trails that the region shows, shadows of other regions' and of an organization's included:
/// they have the same names and record the same events.
pub(super) async fn all(aws: &Aws) -> Result<Vec<Listed>, AccountError> {
    let answer = aws
        .door
        .call(Api::read("cloudtrail", "DescribeTrails"), || {
            aws.cloudtrail
                .describe_trails()
                .include_shadow_trails(true)
                .send()
        })
        .await?;
    let trails = answer
        .trail_list
        .unwrap_or_default()
        .into_iter()
        .filter_map(|wire| {
            let arn = wire.trail_arn.clone()?;
            let parsed = Arn::parse(&arn)?;
            let home = wire.home_region.clone().unwrap_or_else(|| parsed.region.clone());
            let at_home = home == aws.scope.region && parsed.account == aws.scope.account;
            Some(Listed {
                name: wire.name.clone()?,
                arn,
                home,
                at_home,
                account: parsed.account,
                wire,
            })
        });
    Ok(trails.collect())
}

/// Reads every trail of the region that `wishes` or the stack's mark names: one call for all, one
/// for their tags, two for each. The region's other trails are looked at only if there is a wish,
/// because only then do they matter.
pub(crate) async fn survey(aws: &Aws, wishes: &[&Trail]) -> Result<Surveyed, AccountError> {
    let listed = all(aws).await?;
    let wished = |trail: &Listed| wishes.iter().any(|wish| wish.name == trail.name);
    let details = async {
        let ask = |trail| async move {
            if wishes.is_empty() {
                None
            } else {
                Some(detail(aws, trail).await)
            }
        };
        join_all(listed.iter().map(ask)).await
    };
    let (tags, details) = futures::join!(tags_of(aws, &listed), details);
    let mut tags = tags?;
    let mut known: Vec<Option<Detail>> = Vec::new();
    let mut found = Vec::new();
    for (trail, detail) in listed.iter().zip(details) {
        let tags = tags.remove(&trail.arn).unwrap_or_default();
        let ours = trail.at_home && Tags::from_wire(tags.clone(), &aws.stack).1.is_ours();
        let detail = match detail {
            Some(detail) if trail.at_home && (wished(trail) || ours) => Some(detail.whole()?),
            None if ours => Some(self::detail(aws, trail).await.whole()?),
            detail => detail,
        };
        // A trail of this region hides the shadow of its name.
        let hidden = !trail.at_home
            && listed
                .iter()
                .any(|other| other.at_home && other.name == trail.name);
        if ours || (wished(trail) && !hidden) {
            found.push((trail.name.clone(), found_of(aws, trail, detail.as_ref(), tags)));
        }
        known.push(detail);
    }
    let all: Vec<_> = listed
        .iter()
        .zip(&known)
        .filter_map(|(t, detail)| Some((t, detail.as_ref()?)))
        .collect();
    let seen = listed.iter().map(|trail| SeenTrail {
        name: trail.name.clone(),
        elsewhere: (!trail.at_home).then(|| Scope {
            account: trail.account.clone(),
            region: trail.home.clone(),
        }),
    });
    Ok(Surveyed {
        found,
        attention: attention::of(aws, wishes, &all),
        seen: seen.collect(),
    })
}

/// The trails that the region shows and that are chosen by their configuration, by ARN, with what became
/// of their deliveries.
pub(crate) async fn seen(
    aws: &Aws,
    chosen: impl Fn(&Trail) -> bool,
) -> Result<BTreeMap<String, TrailSeen>, AccountError> {
    let listed = all(aws).await?;
    let configured = |trail: &Listed| match found_of(aws, trail, None, BTreeMap::new()).value {
        Object::Trail(configured) => Some(configured),
        _ => None,
    };
    let chosen = listed
        .iter()
        .filter(|trail| configured(trail).is_some_and(|configured| chosen(&configured)));
    let asked = chosen.map(|trail| async move {
        let detail = detail(aws, trail).await;
        let found = found_of(aws, trail, Some(&detail), BTreeMap::new());
        let Object::Trail(configured) = found.value else {
            return Ok(None);
        };
        let inexpressible = match &detail.recorded {
            Ok(recorded) => recorded.inexpressible.clone(),
            Err(error) => vec![format!("its selectors may not be read: {error}")],
        };
        let seen = TrailSeen {
            trail: configured,
            home: Scope {
                account: trail.account.clone(),
                region: trail.home.clone(),
            },
            inexpressible,
            status: seen_or_hidden(detail.status.map(|status| Some(status::of(&status))))?,
            elsewhere: BTreeMap::new(),
        };
        Ok::<_, AccountError>(Some((trail.arn.clone(), seen)))
    });
    Ok(try_join_all(asked).await?.into_iter().flatten().collect())
}

/// Reads one trail.
pub(crate) async fn read(aws: &Aws, name: &str) -> Result<Option<Found>, AccountError> {
    let mut listed = all(aws).await?;
    listed.retain(|trail| trail.name == name);
    listed.sort_by_key(|trail| !trail.at_home);
    listed.truncate(1);
    let Some(trail) = listed.first() else {
        return Ok(None);
    };
    let (tags, detail) = futures::join!(tags_of(aws, &listed), detail(aws, trail));
    let detail = if trail.at_home { detail.whole()? } else { detail };
    let tags = tags?.remove(&trail.arn).unwrap_or_default();
    Ok(Some(found_of(aws, trail, Some(&detail), tags)))
}

/// Status and selectors. Only its ARN names a shadow.
async fn detail(aws: &Aws, trail: &Listed) -> Detail {
    let status = aws.door.call(Api::read("cloudtrail", "GetTrailStatus"), || {
        aws.cloudtrail.get_trail_status().name(&trail.arn).send()
    });
    let selectors = aws.door.call(Api::read("cloudtrail", "GetEventSelectors"), || {
        aws.cloudtrail.get_event_selectors().trail_name(&trail.arn).send()
    });
    let insights = async {
        match trail.wire.has_insight_selectors {
            Some(true) => insights::look(aws, &trail.arn).await,
            _ => Ok(Looked::default()),
        }
    };
    let (status, selectors, insights) = futures::join!(status, selectors, insights);
    let recorded =
        selectors.map(|answer| selectors::read(answer.event_selectors(), answer.advanced_event_selectors()));
    Detail {
        status,
        recorded,
        insights,
    }
}

/// The tags of the trails whose home is here, by ARN; only there can they be asked for.
async fn tags_of(
    aws: &Aws,
    trails: &[Listed],
) -> Result<BTreeMap<String, BTreeMap<String, String>>, AccountError> {
    let arns: Vec<String> = trails
        .iter()
        .filter(|trail| trail.at_home)
        .map(|trail| trail.arn.clone())
        .collect();
    let lists = arns.chunks(TAGS_AT_ONCE).map(|arns| async {
        let list = || {
            aws.cloudtrail
                .list_tags()
                .set_resource_id_list(Some(arns.to_vec()))
                .send()
        };
        let answer = aws.door.call(Api::read("cloudtrail", "ListTags"), list).await?;
        Ok(answer.resource_tag_list.unwrap_or_default())
    });
    let lists: Vec<_> = try_join_all(lists).await?;
    let tags = lists.into_iter().flatten().filter_map(|resource| {
        let tags = resource.tags_list.unwrap_or_default().into_iter();
        Some((
            resource.resource_id?,
            tags.map(|tag| (tag.key, tag.value.unwrap_or_default())).collect(),
        ))
    });
    Ok(tags.collect())
}

fn found_of(aws: &Aws, trail: &Listed, detail: Option<&Detail>, tags: BTreeMap<String, String>) -> Found {
    let wire = &trail.wire;
    let (tags, owner) = Tags::from_wire(tags, &aws.stack);
    let recorded = detail.and_then(|detail| detail.recorded.as_ref().ok());
    let recorded = recorded.cloned().unwrap_or_default();
    let status = detail.and_then(|detail| detail.status.as_ref().ok());
    let looked = detail.and_then(|detail| detail.insights.as_ref().ok());
    let looked = looked.cloned().unwrap_or_default();
    let mut inexpressible = recorded.inexpressible;
    inexpressible.extend(looked.inexpressible);
    if trail.home != aws.scope.region {
        inexpressible.push(format!(
            "its home region is {}: it can be changed from there only",
            trail.home
        ));
    }
    if trail.account != aws.scope.account {
        inexpressible.push(format!(
            "an organization's trail, which account {} manages",
            trail.account
        ));
    }
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let sns_topic = given(&wire.sns_topic_arn).and_then(|arn| {
        let parsed = Arn::parse(&arn);
        if parsed.is_none() {
            inexpressible.push(format!("notices to the topic `{arn}`"));
        }
        parsed
    });
    let pair = (
        given(&wire.cloud_watch_logs_log_group_arn),
        given(&wire.cloud_watch_logs_role_arn),
    );
    let delivery = match pair {
        (None, None) => None,
        (group, role) => {
            let parsed = |arn: &Option<String>| arn.as_deref().and_then(Arn::parse);
            let delivery = parsed(&group).zip(parsed(&role));
            if delivery.is_none() {
                let shown = |arn: &Option<String>| arn.clone().unwrap_or_else(|| "none".into());
                let (group, role) = (shown(&group), shown(&role));
                inexpressible.push(format!(
                    "delivery to the log group `{group}` with the role `{role}`"
                ));
            }
            delivery.map(|(log_group, role)| Delivery { log_group, role })
        }
    };
    let value = Trail {
        name: trail.name.clone(),
        bucket: wire.s3_bucket_name.clone().unwrap_or_default(),
        prefix: given(&wire.s3_key_prefix),
        multi_region: wire.is_multi_region_trail == Some(true),
        global_service_events: wire.include_global_service_events == Some(true),
        log_file_validation: wire.log_file_validation_enabled == Some(true),
        delivery: Managed::Set(delivery),
        key: Managed::Set(given(&wire.kms_key_id).map(|key| KeyRef::read(&key, &aws.scope))),
        management_events: recorded.management_events,
        excluded_sources: recorded.excluded_sources,
        data_events: Managed::Set(recorded.data_events),
        network_events: Managed::Set(recorded.network_events),
        selectors: Managed::Set(recorded.form),
        insights: Managed::Set(looked.insights),
        sns_topic: Managed::Set(sns_topic),
        organization: wire.is_organization_trail == Some(true),
        logging: status.is_some_and(|status| status.is_logging == Some(true)),
        tags,
    };
    let facts = Facts {
        inexpressible,
        arn: Some(trail.arn.clone()),
        ..Facts::default()
    };
    Found {
        value: value.into(),
        owner,
        facts,
    }
}
