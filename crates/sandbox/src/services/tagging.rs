//! The Resource Groups Tagging API: the tagged resources of a region.
//!
//! As on AWS it knows no IAM roles, and a resource that never had a tag is not listed.

use serde_json::Value;
use winterbaume_resourcegroupstagging::wire::{
    GetResourcesInput, GetResourcesOutput, ResourceTagMapping, Tag,
};

use super::cloudtrail::Place;
use super::{page, page_size};
use crate::protocol::{Failure, give, take};
use crate::route::Call;
use crate::state::{State, Tags};

pub(crate) fn handle(state: &State, call: &Call, input: Value) -> Result<Value, Failure> {
    match call.operation.as_str() {
        "GetResources" => give(&get_resources(state, call, take(input)?)?),
        _ => Err(Failure::not_implemented(call)),
    }
}

/// A tagged resource: its type as `ResourceTypeFilters` names it, its ARN and its tags.
type Tagged<'s> = (&'static str, String, &'s Tags);

fn get_resources(
    state: &State,
    call: &Call,
    input: GetResourcesInput,
) -> Result<GetResourcesOutput, Failure> {
    let invalid = |why: &str| Failure::bad("InvalidParameterException", why);
    let size = page_size(input.resources_per_page, 100, 100, |_| {
        invalid("ResourcesPerPage must be between 1 and 100")
    })?;
    let filters = input.tag_filters.unwrap_or_default();
    if filters.len() > 50 {
        return Err(invalid("At most 50 tag filters are allowed"));
    }
    if filters
        .iter()
        .any(|filter| filter.values.as_ref().is_some_and(|it| it.len() > 20))
    {
        return Err(invalid("At most 20 values are allowed in a tag filter"));
    }
    let arns = input.resource_a_r_n_list.unwrap_or_default();
    let types = input.resource_type_filters.unwrap_or_default();
    if !(arns.is_empty() || filters.is_empty() && types.is_empty()) {
        return Err(invalid(
            "ResourceARNList cannot be used together with TagFilters or ResourceTypeFilters",
        ));
    }
    let of_type = |kind: &str| {
        let service = kind.split(':').next();
        types.is_empty() || types.iter().any(|it| it == kind || Some(it.as_str()) == service)
    };
    let tagged = |tags: &Tags| {
        filters.iter().all(|filter| {
            let values = filter.values.as_deref().unwrap_or_default();
            filter
                .key
                .as_ref()
                .and_then(|key| tags.get(key))
                .is_some_and(|value| values.is_empty() || values.contains(value))
        })
    };
    let mut resources = resources(state, call);
    resources.retain(|(kind, arn, tags)| {
        !tags.is_empty() && of_type(kind) && tagged(tags) && (arns.is_empty() || arns.contains(arn))
    });
    resources.sort_by(|one, other| one.1.cmp(&other.1));
    let token = input.pagination_token.filter(|token| !token.is_empty());
    let (resources, next) = page(resources, |(_, arn, _)| arn.clone(), token.as_deref(), size);
    let mappings = resources
        .into_iter()
        .map(|(_, arn, tags)| ResourceTagMapping {
            compliance_details: None,
            resource_a_r_n: Some(arn),
            tags: Some(
                tags.iter()
                    .map(|(key, value)| Tag {
                        key: Some(key.clone()),
                        value: Some(value.clone()),
                    })
                    .collect(),
            ),
        })
        .collect();
    Ok(GetResourcesOutput {
        // The last page has an empty token, not none.
        pagination_token: Some(next.unwrap_or_default()),
        resource_tag_mapping_list: Some(mappings),
    })
}

fn resources<'s>(state: &'s State, call: &Call) -> Vec<Tagged<'s>> {
    let mut found: Vec<Tagged<'s>> = Vec::new();
    if let Some(region) = state.find_region(&call.account, &call.region) {
        for (name, alarm) in &region.alarms {
            let arn = call.arn("cloudwatch", &format!("alarm:{name}"));
            found.push(("cloudwatch:alarm", arn, &alarm.tags));
        }
        for (name, group) in &region.log_groups {
            found.push(("logs:log-group", super::logs::group_arn(call, name), &group.tags));
        }
        for (name, topic) in &region.topics {
            found.push(("sns", call.arn("sns", name), &topic.tags));
        }
        for (id, key) in &region.keys {
            found.push(("kms:key", call.arn("kms", &format!("key/{id}")), &key.tags));
        }
        for (name, trail) in &region.trails {
            let place = Place {
                home: call.region.clone(),
                name: name.clone(),
            };
            found.push(("cloudtrail:trail", place.arn(call), &trail.tags));
        }
    }
    let buckets = state.accounts.get(&call.account).map(|account| &account.buckets);
    for (name, bucket) in buckets.into_iter().flatten() {
        if bucket.region == call.region {
            let arn = format!("arn:{}:s3:::{name}", call.partition());
            found.push(("s3:bucket", arn, &bucket.tags));
        }
    }
    found
}
