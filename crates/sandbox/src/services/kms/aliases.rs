//! Aliases: names of keys that can be pointed elsewhere.

use serde::{Deserialize, Serialize};

use super::{Place, check_state, id_of, invalid, key, not_found};
use crate::protocol::{Failure, seconds};
use crate::route::Call;
use crate::state::{KmsAlias, State};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfAlias {
    alias_name: String,
    target_key_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteAlias {
    alias_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListAliases {
    key_id: Option<String>,
}

fn check_name(name: &str) -> Result<(), Failure> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/_-:".contains(c);
    let rest = name.strip_prefix("alias/").unwrap_or_default();
    if rest.is_empty() || name.len() > 256 || !rest.chars().all(allowed) {
        return Err(Failure::bad(
            "ValidationException",
            "Invalid identifier: an alias begins with 'alias/' and has letters, digits, '/', '_' and '-'",
        ));
    }
    if rest.starts_with("aws/") {
        return Err(Failure::bad(
            "NotAuthorizedException",
            "The alias prefix alias/aws/ is reserved.",
        ));
    }
    Ok(())
}

pub(super) fn create(state: &mut State, call: &Call, input: OfAlias) -> Result<(), Failure> {
    check_name(&input.alias_name)?;
    let (place, target) = key(state, call, &input.target_key_id)?;
    check_state(call, &place, target)?;
    let aliases = &mut state.region(&call.account, &call.region).aliases;
    if aliases.contains_key(&input.alias_name) {
        let arn = call.arn("kms", &input.alias_name);
        return Err(Failure::bad(
            "AlreadyExistsException",
            format!("An alias with the name {arn} already exists"),
        ));
    }
    aliases.insert(
        input.alias_name,
        KmsAlias {
            key: place.id,
            created: call.now,
        },
    );
    Ok(())
}

fn no_alias(call: &Call, name: &str) -> Failure {
    not_found(format!("Alias {} is not found.", call.arn("kms", name)))
}

pub(super) fn update(state: &mut State, call: &Call, input: OfAlias) -> Result<(), Failure> {
    check_name(&input.alias_name)?;
    let (place, target) = key(state, call, &input.target_key_id)?;
    check_state(call, &place, target)?;
    let aliases = &mut state.region(&call.account, &call.region).aliases;
    let alias = aliases.get_mut(&input.alias_name);
    alias.ok_or_else(|| no_alias(call, &input.alias_name))?.key = place.id;
    Ok(())
}

pub(super) fn delete(state: &mut State, call: &Call, input: DeleteAlias) -> Result<(), Failure> {
    let aliases = &mut state.region(&call.account, &call.region).aliases;
    let gone = aliases.remove(&input.alias_name);
    gone.map(drop).ok_or_else(|| no_alias(call, &input.alias_name))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Aliases {
    aliases: Vec<Alias>,
    truncated: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Alias {
    alias_name: String,
    alias_arn: String,
    target_key_id: String,
    creation_date: f64,
}

pub(super) fn list(state: &State, call: &Call, input: ListAliases) -> Result<Aliases, Failure> {
    let of = match &input.key_id {
        Some(text) if text.is_empty() => return Err(invalid("KeyId must not be empty")),
        Some(text) => Some(Place::here(call, &id_of(state, call, text)?).id),
        None => None,
    };
    let region = state.find_region(&call.account, &call.region);
    let aliases = region.into_iter().flat_map(|region| &region.aliases);
    let listed = aliases.filter(|(_, alias)| of.as_ref().is_none_or(|of| *of == alias.key));
    Ok(Aliases {
        aliases: listed
            .map(|(name, alias)| Alias {
                alias_name: name.clone(),
                alias_arn: call.arn("kms", name),
                target_key_id: alias.key.clone(),
                creation_date: seconds(alias.created),
            })
            .collect(),
        truncated: false,
    })
}
