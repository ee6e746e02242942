//! The policies of roles: inline ones, and the names of managed ones.

use winterbaume_core::MockResponse;
use winterbaume_iam::wire;

use super::{check_name, documents, invalid, no_entity, page_of, read, role, role_mut};
use crate::protocol::{Failure, percent_encode};
use crate::route::{Call, Params};
use crate::services::page;
use crate::state::State;

/// The characters that the inline policies of a role may have together, white space apart.
const INLINE_CHARACTERS: usize = 10_240;

pub(crate) fn put(state: &mut State, call: &Call, input: &Params) -> Result<(), Failure> {
    let input = read(wire::deserialize_put_role_policy_request, input)?;
    let role = role_mut(state, call, &input.role_name)?;
    check_name(&input.policy_name, "policyName", 128)?;
    documents::check_identity(&input.policy_document)?;
    role.inline.insert(input.policy_name, input.policy_document);
    let size: usize = role
        .inline
        .values()
        .map(|document| document.chars().filter(|c| !c.is_whitespace()).count())
        .sum();
    if size > INLINE_CHARACTERS {
        return Err(Failure::new(
            409,
            "LimitExceeded",
            format!(
                "Maximum policy size of {INLINE_CHARACTERS} bytes exceeded for role {}",
                input.role_name
            ),
        ));
    }
    Ok(())
}

fn no_policy(name: &str) -> Failure {
    no_entity(format!("The role policy with name {name} cannot be found."))
}

pub(crate) fn get(state: &State, call: &Call, input: &Params) -> Result<MockResponse, Failure> {
    let input = read(wire::deserialize_get_role_policy_request, input)?;
    let role = role(state, call, &input.role_name)?;
    let document = role
        .inline
        .get(&input.policy_name)
        .ok_or_else(|| no_policy(&input.policy_name))?;
    Ok(wire::serialize_get_role_policy_response(
        &wire::GetRolePolicyResponse {
            policy_document: Some(percent_encode(document)),
            policy_name: Some(input.policy_name),
            role_name: Some(input.role_name),
        },
    ))
}

pub(crate) fn list(state: &State, call: &Call, input: &Params) -> Result<MockResponse, Failure> {
    let input = read(wire::deserialize_list_role_policies_request, input)?;
    let size = page_of(input.max_items)?;
    let role = role(state, call, &input.role_name)?;
    let names = role.inline.keys().cloned();
    let (names, marker) = page(names, String::clone, input.marker.as_deref(), size);
    Ok(wire::serialize_list_role_policies_response(
        &wire::ListRolePoliciesResponse {
            is_truncated: Some(marker.is_some()),
            marker,
            policy_names: Some(names.into()),
        },
    ))
}

pub(crate) fn delete(state: &mut State, call: &Call, input: &Params) -> Result<(), Failure> {
    let input = read(wire::deserialize_delete_role_policy_request, input)?;
    let role = role_mut(state, call, &input.role_name)?;
    match role.inline.remove(&input.policy_name) {
        Some(_) => Ok(()),
        None => Err(no_policy(&input.policy_name)),
    }
}

pub(crate) fn attach(state: &mut State, call: &Call, input: &Params) -> Result<(), Failure> {
    let input = read(wire::deserialize_attach_role_policy_request, input)?;
    let role = role_mut(state, call, &input.role_name)?;
    let arn = input.policy_arn;
    if !arn.starts_with("arn:") || !arn.contains(":policy/") {
        return Err(invalid(format!("ARN {arn} is not valid.")));
    }
    // Customer managed policies cannot be made here, so only AWS's own exist.
    if !arn.contains(":iam::aws:policy/") {
        return Err(no_entity(format!(
            "Policy {arn} does not exist or is not attachable."
        )));
    }
    role.attached.insert(arn);
    Ok(())
}

pub(crate) fn detach(state: &mut State, call: &Call, input: &Params) -> Result<(), Failure> {
    let input = read(wire::deserialize_detach_role_policy_request, input)?;
    let role = role_mut(state, call, &input.role_name)?;
    if role.attached.remove(&input.policy_arn) {
        return Ok(());
    }
    Err(no_entity(format!("Policy {} was not found.", input.policy_arn)))
}

pub(crate) fn list_attached(state: &State, call: &Call, input: &Params) -> Result<MockResponse, Failure> {
    let input = read(wire::deserialize_list_attached_role_policies_request, input)?;
    let size = page_of(input.max_items)?;
    let role = role(state, call, &input.role_name)?;
    let arns = role.attached.iter().cloned();
    let (arns, marker) = page(arns, String::clone, input.marker.as_deref(), size);
    let items: Vec<_> = arns
        .into_iter()
        .map(|arn| wire::AttachedPolicy {
            policy_name: arn.rsplit('/').next().map(str::to_owned),
            policy_arn: Some(arn),
        })
        .collect();
    Ok(wire::serialize_list_attached_role_policies_response(
        &wire::ListAttachedRolePoliciesResponse {
            attached_policies: Some(items.into()),
            is_truncated: Some(marker.is_some()),
            marker,
        },
    ))
}
