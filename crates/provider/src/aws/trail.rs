//! CloudTrail trails. A trail is changed from its home region only, CloudTrail tries its bucket and
//! its role before it takes them, and of an update only what is sent changes.

use std::collections::BTreeMap;

use aws_sdk_cloudtrail::types::{InsightSelector, Tag};
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::Object;
use trailwarden_spec::compare::{Compare, Verdict};
use trailwarden_spec::kinds::{Delivery, Trail};
use trailwarden_spec::live::Found;

use super::known::{Known, built};
use super::{Aws, Page, keys, retag};
use crate::door::{Absent, Api, Wait};

mod attention;
mod explain;
mod insights;
mod look;
mod selectors;
mod status;

pub(crate) use explain::hindrance;
pub(crate) use look::{seen, survey};
pub(crate) use status::elsewhere;

const CREATE: Api = Api::write("cloudtrail", "CreateTrail");
const UPDATE: Api = Api::write("cloudtrail", "UpdateTrail");
const DELETE: Api = Api::write("cloudtrail", "DeleteTrail");
const PUT_SELECTORS: Api = Api::write("cloudtrail", "PutEventSelectors");
const PUT_INSIGHTS: Api = Api::write("cloudtrail", "PutInsightSelectors");
const START: Api = Api::write("cloudtrail", "StartLogging");
const STOP: Api = Api::write("cloudtrail", "StopLogging");
const ADD_TAGS: Api = Api::write("cloudtrail", "AddTags");
const REMOVE_TAGS: Api = Api::write("cloudtrail", "RemoveTags");

const POLICIES: Wait = Wait::long("CloudTrail to see the bucket and the policies of bucket, role and key");
const NEW_TRAIL: Wait = Wait::long("CloudTrail to see the new trail");

/// For what follows a create: not all of CloudTrail may know the trail yet.
fn unseen(error: &AccountError) -> bool {
    error.is("TrailNotFoundException")
}

fn wire_tags(api: Api, tags: &BTreeMap<String, String>) -> Result<Vec<Tag>, AccountError> {
    tags.iter()
        .map(|(key, value)| built(api, Tag::builder().key(key).value(value).build()))
        .collect()
}

/// The pair of log group and role as the API wants it: both or neither, the group with `:*`.
fn pair(trail: &Trail) -> Option<(String, String)> {
    let Delivery { log_group, role } = trail.delivery.get()?.as_ref()?;
    Some((log_group.with_star(), role.to_string()))
}

/// What CloudTrail is told of the key; `None` for none.
async fn key(trail: &Trail, aws: &Aws) -> Result<Option<String>, AccountError> {
    match trail.key.get() {
        Some(Some(key)) => keys::written(aws, key).await.map(Some),
        _ => Ok(None),
    }
}

async fn put_selectors(trail: &Trail, aws: &Aws) -> Result<(), AccountError> {
    let (basic, advanced) = match selectors::wanted(trail, &aws.scope.region)? {
        selectors::Wanted::Basic(basic) => (Some(basic), None),
        selectors::Wanted::Advanced(advanced) => (None, Some(advanced)),
    };
    let put = aws.door.call_until_visible(PUT_SELECTORS, NEW_TRAIL, unseen, || {
        aws.cloudtrail
            .put_event_selectors()
            .trail_name(&trail.name)
            .set_event_selectors(basic.clone())
            .set_advanced_event_selectors(advanced.clone())
            .send()
    });
    put.await.map(drop)
}

/// Says what Insights looks for; nothing is an empty list.
async fn put_insights(trail: &Trail, aws: &Aws) -> Result<(), AccountError> {
    let wanted = trail.insights.get().cloned().unwrap_or_default();
    let selectors: Vec<InsightSelector> = wanted
        .into_iter()
        .map(|insight| {
            InsightSelector::builder()
                .insight_type(insights::wire(insight))
                .build()
        })
        .collect();
    let put = aws.door.call_until_visible(PUT_INSIGHTS, NEW_TRAIL, unseen, || {
        aws.cloudtrail
            .put_insight_selectors()
            .trail_name(&trail.name)
            .set_insight_selectors(Some(selectors.clone()))
            .send()
    });
    put.await.map(drop)
}

/// The topic as CloudTrail takes it; an empty text takes it away.
fn topic(trail: &Trail) -> Option<String> {
    let topic = trail.sns_topic.get()?.as_ref()?;
    Some(topic.to_string())
}

async fn start(trail: &Trail, aws: &Aws) -> Result<(), AccountError> {
    let start = aws.door.call_until_visible(START, NEW_TRAIL, unseen, || {
        aws.cloudtrail.start_logging().name(&trail.name).send()
    });
    start.await.map(drop)
}

/// Sends what differs of the trail itself.
async fn update_trail(trail: &Trail, before: &Trail, aws: &Aws) -> Result<(), AccountError> {
    let differs = |same: bool| !same;
    let bucket = differs(trail.bucket == before.bucket).then(|| trail.bucket.clone());
    // An empty text takes a value away, an absent one leaves it.
    let prefix = differs(trail.prefix == before.prefix).then(|| trail.prefix.clone().unwrap_or_default());
    // CloudTrail holds these two against each other, so they go together.
    let scope = (trail.multi_region, trail.global_service_events);
    let scope = differs(scope == (before.multi_region, before.global_service_events)).then_some(scope);
    let validation = differs(trail.log_file_validation == before.log_file_validation);
    let delivery = differs(pair(trail) == pair(before)).then(|| pair(trail).unwrap_or_default());
    let key = match trail.key.verdict(&before.key) {
        Verdict::Differs => Some(key(trail, aws).await?.unwrap_or_default()),
        _ => None,
    };
    let topic = differs(topic(trail) == topic(before)).then(|| topic(trail).unwrap_or_default());
    let organization = differs(trail.organization == before.organization);
    let nothing = bucket.is_none() && prefix.is_none() && scope.is_none() && delivery.is_none();
    if nothing && key.is_none() && topic.is_none() && !validation && !organization {
        return Ok(());
    }
    // A bucket's policy that is missing for a trail with a key of its own is called so, too.
    let moves = bucket.is_some() || prefix.is_some() || key.is_some();
    let passes = |error: &AccountError| explain::passes(error) || (moves && error.is(explain::KEY_OR_BUCKET));
    let (group, role) = delivery.unzip();
    let update = aws
        .cloudtrail
        .update_trail()
        .name(&trail.name)
        .set_s3_bucket_name(bucket)
        .set_s3_key_prefix(prefix)
        .set_is_multi_region_trail(scope.map(|(multi_region, _)| multi_region))
        .set_include_global_service_events(scope.map(|(_, global)| global))
        .set_enable_log_file_validation(validation.then_some(trail.log_file_validation))
        .set_cloud_watch_logs_log_group_arn(group)
        .set_cloud_watch_logs_role_arn(role)
        .set_sns_topic_name(topic)
        .set_is_organization_trail(organization.then_some(trail.organization))
        .set_kms_key_id(key);
    let sent = aws
        .door
        .call_until_visible(UPDATE, POLICIES, passes, || update.clone().send())
        .await;
    match sent {
        Ok(_) => Ok(()),
        Err(error) => Err(explain::explained(aws, trail, error).await),
    }
}

impl Page for Trail {
    async fn read(aws: &Aws, name: &str) -> Result<Option<Found>, AccountError> {
        look::read(aws, name).await
    }

    async fn create(&self, aws: &Aws) -> Result<(), AccountError> {
        let (group, role) = pair(self).unzip();
        let key = key(self, aws).await?;
        let passes = |error: &AccountError| {
            explain::passes(error) || (key.is_some() && error.is(explain::KEY_OR_BUCKET))
        };
        let create = aws
            .cloudtrail
            .create_trail()
            .name(&self.name)
            .s3_bucket_name(&self.bucket)
            .set_s3_key_prefix(self.prefix.clone())
            .is_multi_region_trail(self.multi_region)
            .include_global_service_events(self.global_service_events)
            .enable_log_file_validation(self.log_file_validation)
            .set_cloud_watch_logs_log_group_arn(group)
            .set_cloud_watch_logs_role_arn(role)
            .set_sns_topic_name(topic(self))
            .set_is_organization_trail(self.organization.then_some(true))
            .set_kms_key_id(key.clone())
            .set_tags_list(Some(wire_tags(CREATE, &self.tags.to_wire(&aws.stack, false))?));
        let made = aws
            .door
            .call_until_visible(CREATE, POLICIES, passes, || create.clone().send())
            .await;
        match made {
            Ok(_) => {}
            Err(error) if error.is("TrailAlreadyExistsException") => {
                // An earlier create of ours got this far, or somebody else was quicker.
                let read = || look::read(aws, &self.name);
                return match aws.door.read_until_there(NEW_TRAIL, read).await? {
                    Some(Found { value: Object::Trail(live), owner, .. }) if owner.is_ours() => {
                        self.update(&live, aws).await
                    }
                    None => Err(error.known(
                        ErrorKind::NotPropagated,
                        "CloudTrail knows that the trail is there and does not show it yet",
                    )),
                    _ => Err(error.known(
                        ErrorKind::Refused,
                        "the trail is there and does not carry this stack's mark: plan again to see whose it is",
                    )),
                };
            }
            Err(error) if error.is("MaximumNumberOfTrailsExceededException") => {
                return Err(error.known(
                    ErrorKind::Limit,
                    "a region has room for five trails, those of other regions that record all regions included: \
                     delete one that nobody needs",
                ));
            }
            Err(error) => return Err(explain::explained(aws, self, error).await),
        }
        // What a new trail records is left to nobody's default: auditors look for the selector.
        put_selectors(self, aws).await?;
        if self.insights.get().is_some_and(|insights| !insights.is_empty()) {
            put_insights(self, aws).await?;
        }
        if self.logging {
            start(self, aws).await
        } else {
            Ok(())
        }
    }

    async fn update(&self, before: &Self, aws: &Aws) -> Result<(), AccountError> {
        if before.logging && !self.logging {
            aws.door
                .call(STOP, || aws.cloudtrail.stop_logging().name(&self.name).send())
                .await?;
        }
        update_trail(self, before, aws).await?;
        let records = |trail: &Self| {
            (
                (trail.management_events, trail.excluded_sources.clone()),
                (trail.data_events.clone(), trail.network_events.clone()),
                trail.selectors.clone(),
            )
        };
        if records(self) != records(before) {
            put_selectors(self, aws).await?;
        }
        if self.insights != before.insights {
            put_insights(self, aws).await?;
        }
        retag(self, &before.tags, &self.tags, aws).await?;
        if self.logging && !before.logging {
            start(self, aws).await
        } else {
            Ok(())
        }
    }

    async fn delete(&self, aws: &Aws) -> Result<(), AccountError> {
        let deleted = aws
            .door
            .call(DELETE, || aws.cloudtrail.delete_trail().name(&self.name).send())
            .await;
        deleted.absent(&["TrailNotFoundException"]).map(drop)
    }

    async fn tag(
        &self,
        aws: &Aws,
        put: &BTreeMap<String, String>,
        remove: &[String],
    ) -> Result<(), AccountError> {
        let arn = aws.scope.trail_arn(&self.name).to_string();
        if !put.is_empty() {
            let tags = wire_tags(ADD_TAGS, put)?;
            let add = || {
                aws.cloudtrail
                    .add_tags()
                    .resource_id(&arn)
                    .set_tags_list(Some(tags.clone()))
                    .send()
            };
            aws.door.call(ADD_TAGS, add).await?;
        }
        if !remove.is_empty() {
            // A tag is taken away by its key alone.
            let tags = remove
                .iter()
                .map(|key| built(REMOVE_TAGS, Tag::builder().key(key).build()));
            let tags = tags.collect::<Result<Vec<_>, _>>()?;
            let take = || {
                aws.cloudtrail
                    .remove_tags()
                    .resource_id(&arn)
                    .set_tags_list(Some(tags.clone()))
                    .send()
            };
            aws.door.call(REMOVE_TAGS, take).await?;
        }
        Ok(())
    }
}
