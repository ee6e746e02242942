//! Roles.

use sha2::{Digest as _, Sha256};
use winterbaume_core::MockResponse;
use winterbaume_iam::wire::{self, AttachedPermissionsBoundary, Tag};

use super::{check_name, documents, invalid, no_entity, page_of, read, role, role_arn, role_mut};
use crate::protocol::{Failure, iso, percent_encode};
use crate::route::{Call, Params};
use crate::services::{TagProblem, add_tags, page};
use crate::state::{Role, State};

pub(crate) fn create(state: &mut State, call: &Call, input: &Params) -> Result<MockResponse, Failure> {
    let input = read(wire::deserialize_create_role_request, input)?;
    let name = input.role_name;
    check_name(&name, "roleName", 64)?;
    let path = input.path.unwrap_or_else(|| "/".to_owned());
    check_path(&path)?;
    documents::check_trust(&input.assume_role_policy_document)?;
    let max_session = input.max_session_duration.unwrap_or(3600);
    check_session(max_session)?;
    let boundary = input.permissions_boundary;
    if let Some(boundary) = &boundary {
        check_boundary(boundary)?;
    }
    let mut role = Role {
        id: role_id(call, &name),
        path,
        trust: input.assume_role_policy_document,
        description: input.description.filter(|text| !text.is_empty()),
        max_session,
        boundary,
        created: call.now,
        ..Role::default()
    };
    add(&mut role, input.tags.map(|tags| tags.items).unwrap_or_default())?;
    let roles = &mut state.account(&call.account).roles;
    // IAM compares names without regard to case.
    if roles.keys().any(|live| live.eq_ignore_ascii_case(&name)) {
        return Err(Failure::new(
            409,
            "EntityAlreadyExists",
            format!("Role with name {name} already exists."),
        ));
    }
    let answer = wire::serialize_create_role_response(&wire::CreateRoleResponse {
        role: Some(write(call, &name, &role)),
    });
    roles.insert(name, role);
    Ok(answer)
}

pub(crate) fn get(state: &State, call: &Call, input: &Params) -> Result<MockResponse, Failure> {
    let name = read(wire::deserialize_get_role_request, input)?.role_name;
    let role = role(state, call, &name)?;
    Ok(wire::serialize_get_role_response(&wire::GetRoleResponse {
        role: Some(write(call, &name, role)),
    }))
}

pub(crate) fn list(state: &State, call: &Call, input: &Params) -> Result<MockResponse, Failure> {
    let input = read(wire::deserialize_list_roles_request, input)?;
    let size = page_of(input.max_items)?;
    let prefix = input.path_prefix.unwrap_or_else(|| "/".to_owned());
    let roles = state
        .accounts
        .get(&call.account)
        .into_iter()
        .flat_map(|account| &account.roles)
        .filter(|(_, role)| role.path.starts_with(&prefix));
    let (roles, marker) = page(roles, |(name, _)| (*name).clone(), input.marker.as_deref(), size);
    let items: Vec<_> = roles
        .into_iter()
        .map(|(name, role)| wire::Role {
            // `ListRoles` leaves these out; `GetRole` has them.
            permissions_boundary: None,
            tags: None,
            role_last_used: None,
            ..write(call, name, role)
        })
        .collect();
    Ok(wire::serialize_list_roles_response(&wire::ListRolesResponse {
        is_truncated: Some(marker.is_some()),
        marker,
        roles: Some(items.into()),
    }))
}

pub(crate) fn update_trust(state: &mut State, call: &Call, input: &Params) -> Result<(), Failure> {
    let input = read(wire::deserialize_update_assume_role_policy_request, input)?;
    let role = role_mut(state, call, &input.role_name)?;
    documents::check_trust(&input.policy_document)?;
    role.trust = input.policy_document;
    Ok(())
}

pub(crate) fn update(state: &mut State, call: &Call, input: &Params) -> Result<(), Failure> {
    let input = read(wire::deserialize_update_role_request, input)?;
    let role = role_mut(state, call, &input.role_name)?;
    if let Some(seconds) = input.max_session_duration {
        check_session(seconds)?;
        role.max_session = seconds;
    }
    if let Some(text) = input.description {
        role.description = Some(text).filter(|text| !text.is_empty());
    }
    Ok(())
}

pub(crate) fn delete(state: &mut State, call: &Call, input: &Params) -> Result<(), Failure> {
    let name = read(wire::deserialize_delete_role_request, input)?.role_name;
    let role = role_mut(state, call, &name)?;
    let conflict = |message: &str| Err(Failure::new(409, "DeleteConflict", message));
    if !role.attached.is_empty() {
        return conflict("Cannot delete entity, must detach all policies first.");
    }
    if !role.inline.is_empty() {
        return conflict("Cannot delete entity, must delete policies first.");
    }
    state.account(&call.account).roles.remove(&name);
    Ok(())
}

pub(crate) fn put_boundary(state: &mut State, call: &Call, input: &Params) -> Result<(), Failure> {
    let input = read(wire::deserialize_put_role_permissions_boundary_request, input)?;
    let role = role_mut(state, call, &input.role_name)?;
    check_boundary(&input.permissions_boundary)?;
    role.boundary = Some(input.permissions_boundary);
    Ok(())
}

pub(crate) fn delete_boundary(state: &mut State, call: &Call, input: &Params) -> Result<(), Failure> {
    let name = read(wire::deserialize_delete_role_permissions_boundary_request, input)?.role_name;
    match role_mut(state, call, &name)?.boundary.take() {
        Some(_) => Ok(()),
        None => Err(no_entity(format!(
            "Role {name} does not have a permissions boundary."
        ))),
    }
}

pub(crate) fn tag(state: &mut State, call: &Call, input: &Params) -> Result<(), Failure> {
    let input = read(wire::deserialize_tag_role_request, input)?;
    add(role_mut(state, call, &input.role_name)?, input.tags.items)
}

pub(crate) fn untag(state: &mut State, call: &Call, input: &Params) -> Result<(), Failure> {
    let input = read(wire::deserialize_untag_role_request, input)?;
    let role = role_mut(state, call, &input.role_name)?;
    role.tags.retain(|key, _| !input.tag_keys.items.contains(key));
    Ok(())
}

pub(crate) fn list_tags(state: &State, call: &Call, input: &Params) -> Result<MockResponse, Failure> {
    let input = read(wire::deserialize_list_role_tags_request, input)?;
    let size = page_of(input.max_items)?;
    let role = role(state, call, &input.role_name)?;
    let (tags, marker) = page(
        &role.tags,
        |(key, _)| (*key).clone(),
        input.marker.as_deref(),
        size,
    );
    let items: Vec<Tag> = tags.into_iter().map(wire_tag).collect();
    Ok(wire::serialize_list_role_tags_response(
        &wire::ListRoleTagsResponse {
            is_truncated: Some(marker.is_some()),
            marker,
            tags: Some(items.into()),
        },
    ))
}

fn wire_tag((key, value): (&String, &String)) -> Tag {
    Tag {
        key: key.clone(),
        value: value.clone(),
    }
}

fn write(call: &Call, name: &str, role: &Role) -> wire::Role {
    let tags: Vec<Tag> = role.tags.iter().map(wire_tag).collect();
    wire::Role {
        arn: Some(role_arn(call, role, name)),
        assume_role_policy_document: Some(percent_encode(&role.trust)),
        create_date: Some(iso(role.created)),
        description: role.description.clone(),
        max_session_duration: Some(role.max_session),
        path: Some(role.path.clone()),
        permissions_boundary: role.boundary.as_ref().map(|arn| AttachedPermissionsBoundary {
            permissions_boundary_arn: Some(arn.clone()),
            permissions_boundary_type: Some("Policy".to_owned()),
        }),
        role_id: Some(role.id.clone()),
        role_last_used: None,
        role_name: Some(name.to_owned()),
        tags: (!tags.is_empty()).then(|| tags.into()),
    }
}

fn add(role: &mut Role, tags: Vec<Tag>) -> Result<(), Failure> {
    let pairs = tags.into_iter().map(|tag| (tag.key, tag.value));
    add_tags(&mut role.tags, pairs, |problem| match problem {
        TagProblem::TooMany => Failure::new(
            409,
            "LimitExceeded",
            "The number of tags has reached the maximum limit.",
        ),
        TagProblem::Invalid(message) => Failure::bad("InvalidInput", message),
    })
}

fn check_path(path: &str) -> Result<(), Failure> {
    let whole = path.starts_with('/') && path.ends_with('/') && path.len() <= 512;
    if whole && path.chars().all(|c| ('!'..='\u{7e}').contains(&c)) {
        return Ok(());
    }
    Err(invalid(
        "The specified value for path is invalid. It must begin and end with / and contain only \
         alphanumeric characters and/or / characters.",
    ))
}

fn check_session(seconds: i32) -> Result<(), Failure> {
    if (3600..=43200).contains(&seconds) {
        return Ok(());
    }
    Err(invalid(format!(
        "1 validation error detected: Value '{seconds}' at 'maxSessionDuration' failed to satisfy \
         constraint: Member must have value between 3600 and 43200"
    )))
}

fn check_boundary(arn: &str) -> Result<(), Failure> {
    if arn.starts_with("arn:") && arn.contains(":policy/") {
        return Ok(());
    }
    Err(invalid(format!("ARN {arn} is not valid.")))
}

/// Makes the id of a role, which no other role had before.
fn role_id(call: &Call, name: &str) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let seed = format!("{} {name} {}", call.account, call.now);
    let digest = Sha256::digest(seed.as_bytes());
    let letters = digest
        .iter()
        .take(17)
        .map(|byte| char::from(alphabet[usize::from(*byte) % alphabet.len()]));
    format!("AROA{}", letters.collect::<String>())
}
