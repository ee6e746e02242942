//! Tags of trails.

use winterbaume_cloudtrail::wire::{
    AddTagsRequest, ListTagsRequest, ListTagsResponse, RemoveTagsRequest, ResourceTag, Tag,
};

use crate::protocol::Failure;
use crate::route::Call;
use crate::services::cloudtrail::{bad_arn, find, find_at_home};
use crate::services::{TagProblem, add_tags};
use crate::state::State;

/// The tag calls speak of resources where the others speak of trails.
fn of_resource(arn: &str) -> impl FnOnce(Failure) -> Failure + use<'_> {
    move |failure| match failure.code.as_str() {
        "TrailNotFoundException" => Failure::bad(
            "ResourceNotFoundException",
            format!("The specified resource {arn} does not exist."),
        ),
        _ => failure,
    }
}

fn check_arn(arn: &str) -> Result<(), Failure> {
    if arn.starts_with("arn:") {
        Ok(())
    } else {
        Err(bad_arn(arn))
    }
}

/// The tags of a request as pairs; a tag without a value has an empty one.
pub(crate) fn pairs(tags: Vec<Tag>) -> impl Iterator<Item = (String, String)> {
    tags.into_iter()
        .map(|tag| (tag.key, tag.value.unwrap_or_default()))
}

pub(crate) fn refuse_tags(problem: TagProblem) -> Failure {
    match problem {
        TagProblem::TooMany => Failure::bad(
            "TagsLimitExceededException",
            "The number of tags per trail, event data store, dashboard, or channel has exceeded the permitted amount. Currently, the limit is 50.",
        ),
        TagProblem::Invalid(message) => Failure::bad("InvalidTagParameterException", message),
    }
}

pub(crate) fn add(state: &mut State, call: &Call, input: AddTagsRequest) -> Result<(), Failure> {
    check_arn(&input.resource_id)?;
    let (_, trail) =
        find_at_home(state, call, &input.resource_id).map_err(of_resource(&input.resource_id))?;
    add_tags(&mut trail.tags, pairs(input.tags_list), refuse_tags)
}

pub(crate) fn remove(state: &mut State, call: &Call, input: RemoveTagsRequest) -> Result<(), Failure> {
    check_arn(&input.resource_id)?;
    let (_, trail) =
        find_at_home(state, call, &input.resource_id).map_err(of_resource(&input.resource_id))?;
    for tag in &input.tags_list {
        trail.tags.remove(&tag.key);
    }
    Ok(())
}

pub(crate) fn list(state: &State, call: &Call, input: ListTagsRequest) -> Result<ListTagsResponse, Failure> {
    let ids = input.resource_id_list;
    if ids.is_empty() || ids.len() > 20 {
        return Err(Failure::bad(
            "InvalidParameterException",
            "ResourceIdList must hold 1 to 20 ARNs.",
        ));
    }
    let mut resources = Vec::new();
    for arn in ids {
        check_arn(&arn)?;
        let (_, trail) = find(state, call, &arn).map_err(of_resource(&arn))?;
        resources.push(ResourceTag {
            tags_list: Some(
                trail
                    .tags
                    .iter()
                    .map(|(key, value)| Tag {
                        key: key.clone(),
                        value: Some(value.clone()),
                    })
                    .collect(),
            ),
            resource_id: Some(arn),
        });
    }
    Ok(ListTagsResponse {
        next_token: None,
        resource_tag_list: Some(resources),
    })
}
