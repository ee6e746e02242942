//! KMS: symmetric keys, their aliases, policies, rotation and deletion; nothing is encrypted.
//!
//! The shapes are written here: the generated crate for KMS brings cryptography along.

mod aliases;
mod keys;
mod policies;

use serde_json::Value;

use crate::judge::{self, Question};
use crate::protocol::{Failure, give, nothing, take};
use crate::route::Call;
use crate::state::{KmsKey, State};

pub(crate) use policies::{Use, ask};

pub(crate) fn handle(state: &mut State, call: &Call, input: Value) -> Result<Value, Failure> {
    match call.operation.as_str() {
        "CreateKey" => give(&keys::create(state, call, take(input)?)?),
        "DescribeKey" => give(&keys::describe(state, call, take(input)?)?),
        "ListKeys" => give(&keys::list(state, call)),
        "EnableKey" => keys::switch(state, call, take(input)?, "Enabled").and_then(|()| nothing()),
        "DisableKey" => keys::switch(state, call, take(input)?, "Disabled").and_then(|()| nothing()),
        "UpdateKeyDescription" => keys::set_description(state, call, take(input)?).and_then(|()| nothing()),
        "EnableKeyRotation" => keys::rotate(state, call, take(input)?, true).and_then(|()| nothing()),
        "DisableKeyRotation" => keys::rotate(state, call, take(input)?, false).and_then(|()| nothing()),
        "GetKeyRotationStatus" => give(&keys::rotation(state, call, take(input)?)?),
        "ScheduleKeyDeletion" => give(&keys::schedule_deletion(state, call, take(input)?)?),
        "CancelKeyDeletion" => give(&keys::cancel_deletion(state, call, take(input)?)?),
        "TagResource" => keys::tag(state, call, take(input)?).and_then(|()| nothing()),
        "UntagResource" => keys::untag(state, call, take(input)?).and_then(|()| nothing()),
        "ListResourceTags" => give(&keys::list_tags(state, call, take(input)?)?),
        "GetKeyPolicy" => give(&policies::get(state, call, take(input)?)?),
        "PutKeyPolicy" => policies::put(state, call, take(input)?).and_then(|()| nothing()),
        "CreateAlias" => aliases::create(state, call, take(input)?).and_then(|()| nothing()),
        "UpdateAlias" => aliases::update(state, call, take(input)?).and_then(|()| nothing()),
        "DeleteAlias" => aliases::delete(state, call, take(input)?).and_then(|()| nothing()),
        "ListAliases" => give(&aliases::list(state, call, take(input)?)?),
        _ => Err(Failure::not_implemented(call)),
    }
}

/// Where a key is kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) id: String,
}

impl Place {
    fn here(call: &Call, id: &str) -> Place {
        Place {
            account: call.account.clone(),
            region: call.region.clone(),
            id: id.to_owned(),
        }
    }

    pub(crate) fn arn(&self, call: &Call) -> String {
        let Place { account, region, id } = self;
        format!("arn:{}:kms:{region}:{account}:key/{id}", call.partition())
    }

    fn of<'s>(&self, state: &'s State) -> Option<&'s KmsKey> {
        state.find_region(&self.account, &self.region)?.keys.get(&self.id)
    }
}

/// Finds a key by what other services take: its id or ARN, an alias or its ARN.
pub(crate) fn find<'s>(state: &'s State, call: &Call, text: &str) -> Option<(Place, &'s KmsKey)> {
    let (account, region, resource) = match text.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        ["arn", _, "kms", region, account, resource] => {
            (account.to_string(), region.to_string(), resource.to_string())
        }
        _ if text.starts_with("alias/") => (call.account.clone(), call.region.clone(), text.to_owned()),
        _ => (call.account.clone(), call.region.clone(), format!("key/{text}")),
    };
    let id = match resource.strip_prefix("key/") {
        Some(id) => id.to_owned(),
        None => {
            let aliases = &state.find_region(&account, &region)?.aliases;
            aliases.get(&resource)?.key.clone()
        }
    };
    let place = Place { account, region, id };
    let key = place.of(state)?;
    Some((place, key))
}

/// The id of a key of this account and region, where an operation takes ids and ARNs alone.
fn id_of(state: &State, call: &Call, text: &str) -> Result<String, Failure> {
    let is_alias = text.starts_with("alias/") || text.contains(":alias/");
    let found = find(state, call, text).filter(|_| !is_alias);
    match found {
        Some((place, _)) if place.account == call.account && place.region == call.region => Ok(place.id),
        _ if is_alias => Err(not_found(format!("Invalid keyId '{text}'"))),
        _ => Err(no_key(call, text)),
    }
}

fn key_mut<'s>(state: &'s mut State, call: &Call, text: &str) -> Result<&'s mut KmsKey, Failure> {
    let id = id_of(state, call, text)?;
    let keys = &mut state.region(&call.account, &call.region).keys;
    keys.get_mut(&id).ok_or_else(|| no_key(call, text))
}

fn key<'s>(state: &'s State, call: &Call, text: &str) -> Result<(Place, &'s KmsKey), Failure> {
    let place = Place::here(call, &id_of(state, call, text)?);
    let key = place.of(state).ok_or_else(|| no_key(call, text))?;
    Ok((place, key))
}

fn not_found(message: String) -> Failure {
    Failure::bad("NotFoundException", message)
}

fn no_key(call: &Call, text: &str) -> Failure {
    let arn = match text {
        arn if arn.starts_with("arn:") => arn.to_owned(),
        alias if alias.starts_with("alias/") => {
            return not_found(format!("Alias {} is not found.", call.arn("kms", alias)));
        }
        id => Place::here(call, id).arn(call),
    };
    not_found(format!("Key '{arn}' does not exist"))
}

fn invalid(message: impl Into<String>) -> Failure {
    Failure::bad("ValidationException", message)
}

/// Refuses what a key that waits for its deletion does not take.
fn check_state(call: &Call, place: &Place, key: &KmsKey) -> Result<(), Failure> {
    match key.state.as_str() {
        "PendingDeletion" => Err(Failure::bad(
            "KMSInvalidStateException",
            format!("{} is pending deletion.", place.arn(call)),
        )),
        _ => Ok(()),
    }
}

/// Whether a service may do something with a key.
pub(crate) fn may_use(key: &KmsKey, service: &str, action: &str, context: &[(&str, &str)]) -> bool {
    let question = Question {
        service: Some(service),
        action,
        resource: "*",
        context,
    };
    judge::allows([key.policy.as_str()], &question)
}
