//! Trails themselves.

use winterbaume_cloudtrail::wire::{
    CreateTrailRequest, DeleteTrailRequest, DescribeTrailsRequest, DescribeTrailsResponse, GetTrailRequest,
    GetTrailResponse, ListTrailsResponse, Trail as WireTrail, TrailInfo, UpdateTrailRequest,
    UpdateTrailResponse,
};

use crate::protocol::Failure;
use crate::route::Call;
use crate::services::add_tags;
use crate::services::cloudtrail::{Place, check_name, checks, find, find_at_home, tags};
use crate::services::kms;
use crate::state::{Selectors, State, Trail};

/// The quota of trails in a region, which shadow trails count towards.
const TRAILS_PER_REGION: usize = 5;

pub(crate) fn create(
    state: &mut State,
    call: &Call,
    input: CreateTrailRequest,
) -> Result<UpdateTrailResponse, Failure> {
    check_name(&input.name)?;
    let place = Place {
        home: call.region.clone(),
        name: input.name.clone(),
    };
    if place.of(state, call).is_some() {
        return Err(Failure::bad(
            "TrailAlreadyExistsException",
            format!(
                "Trail {} already exists for customer: {}",
                input.name, call.account
            ),
        ));
    }
    if visible(state, call).len() >= TRAILS_PER_REGION {
        return Err(Failure::bad(
            "MaximumNumberOfTrailsExceededException",
            format!(
                "User: {} already has {TRAILS_PER_REGION} trails in {}.",
                call.account, call.region
            ),
        ));
    }
    let mut trail = Trail {
        bucket: input.s3_bucket_name,
        prefix: given(input.s3_key_prefix),
        topic: given(input.sns_topic_name),
        log_group_arn: given(input.cloud_watch_logs_log_group_arn),
        log_role_arn: given(input.cloud_watch_logs_role_arn),
        key: given(input.kms_key_id).map(|key| key_arn(state, call, key)),
        global_events: input.include_global_service_events.unwrap_or(true),
        multi_region: input.is_multi_region_trail.unwrap_or(false),
        validation: input.enable_log_file_validation.unwrap_or(false),
        organization: input.is_organization_trail.unwrap_or(false),
        created: call.now,
        ..Trail::default()
    };
    add_tags(
        &mut trail.tags,
        tags::pairs(input.tags_list.unwrap_or_default()),
        tags::refuse_tags,
    )?;
    check_fields(&trail)?;
    checks::check(
        state.seen_from_elsewhere(call.now)?.as_ref(),
        call,
        &place,
        &trail,
    )?;
    let answer = answer(call, &place, &trail);
    state
        .region(&call.account, &call.region)
        .trails
        .insert(place.name, trail);
    Ok(answer)
}

pub(crate) fn update(
    state: &mut State,
    call: &Call,
    input: UpdateTrailRequest,
) -> Result<UpdateTrailResponse, Failure> {
    let key = input.kms_key_id.map(|key| key_arn(state, call, key));
    let (place, live) = find_at_home(state, call, &input.name)?;
    let mut trail = live.clone();
    if let Some(bucket) = given(input.s3_bucket_name) {
        trail.bucket = bucket;
    }
    // A field that is absent stays; an empty text takes the value away.
    for (field, new) in [
        (&mut trail.prefix, input.s3_key_prefix),
        (&mut trail.topic, input.sns_topic_name),
        (&mut trail.log_group_arn, input.cloud_watch_logs_log_group_arn),
        (&mut trail.log_role_arn, input.cloud_watch_logs_role_arn),
        (&mut trail.key, key),
    ] {
        if new.is_some() {
            *field = given(new);
        }
    }
    for (field, new) in [
        (&mut trail.global_events, input.include_global_service_events),
        (&mut trail.multi_region, input.is_multi_region_trail),
        (&mut trail.validation, input.enable_log_file_validation),
        (&mut trail.organization, input.is_organization_trail),
    ] {
        *field = new.unwrap_or(*field);
    }
    check_fields(&trail)?;
    checks::check(
        state.seen_from_elsewhere(call.now)?.as_ref(),
        call,
        &place,
        &trail,
    )?;
    let answer = answer(call, &place, &trail);
    state
        .region(&call.account, &call.region)
        .trails
        .insert(place.name, trail);
    Ok(answer)
}

pub(crate) fn delete(state: &mut State, call: &Call, input: DeleteTrailRequest) -> Result<(), Failure> {
    let (place, _) = find_at_home(state, call, &input.name)?;
    state
        .region(&call.account, &call.region)
        .trails
        .remove(&place.name);
    Ok(())
}

pub(crate) fn get(state: &State, call: &Call, input: GetTrailRequest) -> Result<GetTrailResponse, Failure> {
    let (place, trail) = find(state, call, &input.name)?;
    Ok(GetTrailResponse {
        trail: Some(wire(call, &place, trail)),
    })
}

pub(crate) fn describe(
    state: &State,
    call: &Call,
    input: DescribeTrailsRequest,
) -> Result<DescribeTrailsResponse, Failure> {
    let shadows = input.include_shadow_trails.unwrap_or(true);
    let names = input.trail_name_list.unwrap_or_default();
    let trails = if names.is_empty() {
        visible(state, call)
            .into_iter()
            .filter(|(place, _)| shadows || place.home == call.region)
            .map(|(place, trail)| wire(call, &place, trail))
            .collect()
    } else {
        // A name that is not there is left out of the answer, unlike with `GetTrail`.
        names
            .iter()
            .filter_map(|name| find(state, call, name).ok())
            .map(|(place, trail)| wire(call, &place, trail))
            .collect()
    };
    Ok(DescribeTrailsResponse {
        trail_list: Some(trails),
    })
}

pub(crate) fn list(state: &State, call: &Call) -> ListTrailsResponse {
    // `ListTrails` shows the trails of all regions.
    let trails = all(state, call)
        .into_iter()
        .map(|(place, _)| TrailInfo {
            trail_a_r_n: Some(place.arn(call)),
            home_region: Some(place.home),
            name: Some(place.name),
        })
        .collect();
    ListTrailsResponse {
        trails: Some(trails),
        next_token: None,
    }
}

/// The answer of `CreateTrail` and `UpdateTrail`, which have the same fields.
fn answer(call: &Call, place: &Place, trail: &Trail) -> UpdateTrailResponse {
    UpdateTrailResponse {
        cloud_watch_logs_log_group_arn: trail.log_group_arn.clone(),
        cloud_watch_logs_role_arn: trail.log_role_arn.clone(),
        include_global_service_events: Some(trail.global_events),
        is_multi_region_trail: Some(trail.multi_region),
        is_organization_trail: Some(trail.organization),
        kms_key_id: trail.key.clone(),
        log_file_validation_enabled: Some(trail.validation),
        name: Some(place.name.clone()),
        s3_bucket_name: Some(trail.bucket.clone()),
        s3_key_prefix: trail.prefix.clone(),
        sns_topic_a_r_n: checks::topic_arn(call, trail),
        sns_topic_name: trail.topic.clone(),
        trail_a_r_n: Some(place.arn(call)),
    }
}

fn all<'s>(state: &'s State, call: &Call) -> Vec<(Place, &'s Trail)> {
    let regions = state.accounts.get(&call.account).map(|account| &account.regions);
    regions
        .into_iter()
        .flatten()
        .flat_map(|(home, region)| {
            region.trails.iter().map(move |(name, trail)| {
                let place = Place {
                    home: home.clone(),
                    name: name.clone(),
                };
                (place, trail)
            })
        })
        .collect()
}

/// The trails of the region and the shadows of the multi-region trails of others.
fn visible<'s>(state: &'s State, call: &Call) -> Vec<(Place, &'s Trail)> {
    let mut trails = all(state, call);
    trails.retain(|(place, trail)| trail.multi_region || place.home == call.region);
    trails
}

fn wire(call: &Call, place: &Place, trail: &Trail) -> WireTrail {
    WireTrail {
        cloud_watch_logs_log_group_arn: trail.log_group_arn.clone(),
        cloud_watch_logs_role_arn: trail.log_role_arn.clone(),
        has_custom_event_selectors: Some(trail.selectors != Selectors::default()),
        has_insight_selectors: Some(!trail.insights.is_empty()),
        home_region: Some(place.home.clone()),
        include_global_service_events: Some(trail.global_events),
        is_multi_region_trail: Some(trail.multi_region),
        is_organization_trail: Some(trail.organization),
        kms_key_id: trail.key.clone(),
        log_file_validation_enabled: Some(trail.validation),
        name: Some(place.name.clone()),
        s3_bucket_name: Some(trail.bucket.clone()),
        s3_key_prefix: trail.prefix.clone(),
        sns_topic_a_r_n: checks::topic_arn(call, trail),
        sns_topic_name: trail.topic.clone(),
        trail_a_r_n: Some(place.arn(call)),
    }
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// CloudTrail keeps the ARN of a key however it was named.
fn key_arn(state: &State, call: &Call, key: String) -> String {
    match kms::find(state, call, &key) {
        Some((place, _)) if !key.is_empty() => place.arn(call),
        _ => key,
    }
}

fn check_fields(trail: &Trail) -> Result<(), Failure> {
    let length = trail.bucket.len();
    let characters = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    if !(3..=63).contains(&length) || !trail.bucket.chars().all(characters) {
        return Err(Failure::bad(
            "InvalidS3BucketNameException",
            format!("Bucket name is not valid: {}", trail.bucket),
        ));
    }
    if trail.prefix.as_ref().is_some_and(|prefix| prefix.len() > 200) {
        return Err(Failure::bad(
            "InvalidS3PrefixException",
            "The S3 prefix is longer than 200 characters.",
        ));
    }
    if trail.multi_region && !trail.global_events {
        return Err(Failure::bad(
            "InvalidParameterCombinationException",
            "Multi-Region trail must include global service events.",
        ));
    }
    Ok(())
}
