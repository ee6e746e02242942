//! Keys: what is known of them, whether they can be used, and their tags.

use serde::{Deserialize, Serialize};

use super::{Place, check_state, find, invalid, key, key_mut, no_key, policies};
use crate::protocol::{Failure, seconds};
use crate::route::Call;
use crate::services::{TagProblem, add_tags};
use crate::state::{KmsKey, State};

const DAY: i64 = 86_400_000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateKey {
    policy: Option<String>,
    description: Option<String>,
    key_usage: Option<String>,
    key_spec: Option<String>,
    tags: Option<Vec<Tag>>,
    bypass_policy_lockout_safety_check: Option<bool>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    tag_key: String,
    tag_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfKey {
    key_id: String,
    description: Option<String>,
    rotation_period_in_days: Option<i32>,
    pending_window_in_days: Option<i32>,
    tags: Option<Vec<Tag>>,
    tag_keys: Option<Vec<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Described {
    key_metadata: Metadata,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    #[serde(rename = "AWSAccountId")]
    account: String,
    arn: String,
    key_id: String,
    creation_date: f64,
    description: String,
    enabled: bool,
    key_manager: &'static str,
    key_spec: String,
    customer_master_key_spec: String,
    key_state: String,
    key_usage: String,
    multi_region: bool,
    origin: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_date: Option<f64>,
}

fn metadata(call: &Call, place: &Place, key: &KmsKey) -> Described {
    Described {
        key_metadata: Metadata {
            account: place.account.clone(),
            arn: place.arn(call),
            key_id: place.id.clone(),
            creation_date: seconds(key.created),
            description: key.description.clone(),
            enabled: key.state == "Enabled",
            key_manager: "CUSTOMER",
            key_spec: key.spec.clone(),
            customer_master_key_spec: key.spec.clone(),
            key_state: key.state.clone(),
            key_usage: key.usage.clone(),
            multi_region: false,
            origin: "AWS_KMS",
            deletion_date: key.deletion.map(seconds),
        },
    }
}

fn new_id() -> String {
    let (high, low) = (fastrand::u64(..), fastrand::u64(..));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

fn refuse_tags(problem: TagProblem) -> Failure {
    match problem {
        TagProblem::TooMany => Failure::bad("LimitExceededException", "Too many tags: a key takes 50."),
        TagProblem::Invalid(message) => Failure::bad("TagException", message),
    }
}

fn pairs(tags: Option<Vec<Tag>>) -> impl Iterator<Item = (String, String)> {
    let tags = tags.unwrap_or_default().into_iter();
    tags.map(|tag| (tag.tag_key, tag.tag_value))
}

pub(super) fn create(state: &mut State, call: &Call, input: CreateKey) -> Result<Described, Failure> {
    let place = Place::here(call, &new_id());
    let description = input.description.unwrap_or_default();
    check_description(&description)?;
    let policy = match input.policy {
        Some(policy) => {
            let bypass = input.bypass_policy_lockout_safety_check == Some(true);
            policies::check(call, &policy, bypass)?;
            policy
        }
        None => policies::default(call),
    };
    let mut key = KmsKey {
        created: call.now,
        description,
        state: "Enabled".to_owned(),
        usage: input.key_usage.unwrap_or_else(|| "ENCRYPT_DECRYPT".to_owned()),
        spec: input.key_spec.unwrap_or_else(|| "SYMMETRIC_DEFAULT".to_owned()),
        policy,
        ..KmsKey::default()
    };
    add_tags(&mut key.tags, pairs(input.tags), refuse_tags)?;
    let answer = metadata(call, &place, &key);
    let keys = &mut state.region(&call.account, &call.region).keys;
    keys.insert(place.id, key);
    Ok(answer)
}

fn check_description(text: &str) -> Result<(), Failure> {
    match text.chars().count() {
        0..=8192 => Ok(()),
        _ => Err(invalid(
            "1 validation error detected: Value at 'description' failed to satisfy constraint: Member must have length \
             less than or equal to 8192",
        )),
    }
}

pub(super) fn describe(state: &State, call: &Call, input: OfKey) -> Result<Described, Failure> {
    let (place, key) = find(state, call, &input.key_id).ok_or_else(|| no_key(call, &input.key_id))?;
    Ok(metadata(call, &place, key))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listed {
    keys: Vec<Entry>,
    truncated: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    key_arn: String,
    key_id: String,
}

pub(super) fn list(state: &State, call: &Call) -> Listed {
    let region = state.find_region(&call.account, &call.region);
    let ids = region.into_iter().flat_map(|region| region.keys.keys());
    Listed {
        keys: ids
            .map(|id| Entry {
                key_arn: Place::here(call, id).arn(call),
                key_id: id.clone(),
            })
            .collect(),
        truncated: false,
    }
}

pub(super) fn switch(state: &mut State, call: &Call, input: OfKey, to: &str) -> Result<(), Failure> {
    let (place, found) = key(state, call, &input.key_id)?;
    check_state(call, &place, found)?;
    to.clone_into(&mut key_mut(state, call, &input.key_id)?.state);
    Ok(())
}

pub(super) fn set_description(state: &mut State, call: &Call, input: OfKey) -> Result<(), Failure> {
    let (place, found) = key(state, call, &input.key_id)?;
    check_state(call, &place, found)?;
    let description = input.description.unwrap_or_default();
    check_description(&description)?;
    key_mut(state, call, &input.key_id)?.description = description;
    Ok(())
}

pub(super) fn rotate(state: &mut State, call: &Call, input: OfKey, on: bool) -> Result<(), Failure> {
    let (place, found) = key(state, call, &input.key_id)?;
    check_state(call, &place, found)?;
    if found.state == "Disabled" {
        return Err(Failure::bad(
            "DisabledException",
            format!("{} is disabled.", place.arn(call)),
        ));
    }
    if found.spec != "SYMMETRIC_DEFAULT" {
        return Err(Failure::bad(
            "UnsupportedOperationException",
            "Only symmetric encryption keys are rotated.",
        ));
    }
    let days = input.rotation_period_in_days.unwrap_or(365);
    if !(90..=2560).contains(&days) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{days}' at 'rotationPeriodInDays' failed to satisfy constraint: Member \
             must have value between 90 and 2560"
        )));
    }
    key_mut(state, call, &input.key_id)?.rotation_days = on.then_some(days);
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Rotation {
    key_id: String,
    key_rotation_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_period_in_days: Option<i32>,
}

pub(super) fn rotation(state: &State, call: &Call, input: OfKey) -> Result<Rotation, Failure> {
    let (place, key) = key(state, call, &input.key_id)?;
    if key.spec != "SYMMETRIC_DEFAULT" {
        return Err(Failure::bad(
            "UnsupportedOperationException",
            "Only symmetric encryption keys are rotated.",
        ));
    }
    // A key that waits for its deletion is not rotated any more.
    let days = key.rotation_days.filter(|_| key.state != "PendingDeletion");
    Ok(Rotation {
        key_id: place.arn(call),
        key_rotation_enabled: days.is_some(),
        rotation_period_in_days: days,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Deletion {
    key_id: String,
    key_state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_date: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_window_in_days: Option<i32>,
}

pub(super) fn schedule_deletion(state: &mut State, call: &Call, input: OfKey) -> Result<Deletion, Failure> {
    let days = input.pending_window_in_days.unwrap_or(30);
    if !(7..=30).contains(&days) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{days}' at 'pendingWindowInDays' failed to satisfy constraint: Member \
             must have value between 7 and 30"
        )));
    }
    let (place, found) = key(state, call, &input.key_id)?;
    check_state(call, &place, found)?;
    let key = key_mut(state, call, &input.key_id)?;
    "PendingDeletion".clone_into(&mut key.state);
    key.deletion = Some(call.now + i64::from(days) * DAY);
    Ok(Deletion {
        key_id: place.arn(call),
        key_state: key.state.clone(),
        deletion_date: key.deletion.map(seconds),
        pending_window_in_days: Some(days),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Kept {
    key_id: String,
}

pub(super) fn cancel_deletion(state: &mut State, call: &Call, input: OfKey) -> Result<Kept, Failure> {
    let (place, found) = key(state, call, &input.key_id)?;
    if found.state != "PendingDeletion" {
        return Err(Failure::bad(
            "KMSInvalidStateException",
            format!("{} is not pending deletion.", place.arn(call)),
        ));
    }
    let key = key_mut(state, call, &input.key_id)?;
    // A key that is kept after all is disabled until it is enabled.
    "Disabled".clone_into(&mut key.state);
    key.deletion = None;
    Ok(Kept {
        key_id: place.arn(call),
    })
}

pub(super) fn tag(state: &mut State, call: &Call, input: OfKey) -> Result<(), Failure> {
    let (place, found) = key(state, call, &input.key_id)?;
    check_state(call, &place, found)?;
    let key = key_mut(state, call, &input.key_id)?;
    add_tags(&mut key.tags, pairs(input.tags), refuse_tags)
}

pub(super) fn untag(state: &mut State, call: &Call, input: OfKey) -> Result<(), Failure> {
    let (place, found) = key(state, call, &input.key_id)?;
    check_state(call, &place, found)?;
    let gone = input.tag_keys.unwrap_or_default();
    let key = key_mut(state, call, &input.key_id)?;
    key.tags.retain(|key, _| !gone.contains(key));
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tags {
    tags: Vec<Tag>,
    truncated: bool,
}

pub(super) fn list_tags(state: &State, call: &Call, input: OfKey) -> Result<Tags, Failure> {
    let (_, key) = key(state, call, &input.key_id)?;
    let tags = key.tags.iter().map(|(key, value)| Tag {
        tag_key: key.clone(),
        tag_value: value.clone(),
    });
    Ok(Tags {
        tags: tags.collect(),
        truncated: false,
    })
}
