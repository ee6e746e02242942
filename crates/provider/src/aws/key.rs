//! KMS keys, which are found by their aliases. Making one takes three calls, and a key without its
//! alias is found by nobody: the next create of the same name takes it up.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_kms::types::{self, KeySpec, KeyUsageType};
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::Object;
use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::{Key, KeyState};
use trailwarden_spec::leaf::{KeyRef, MARK_ALIAS, MARK_STACK, Managed, Tags};
use trailwarden_spec::live::{Facts, Found};

use super::known::{Known, built};
use super::{Aws, Page, key_policy, refusal, retag};
use crate::door::{Absent, Api, Wait};
use crate::index::Index;

pub(super) const DESCRIBE: Api = Api::read("kms", "DescribeKey");
const ROTATION: Api = Api::read("kms", "GetKeyRotationStatus");
const LIST_TAGS: Api = Api::read("kms", "ListResourceTags");
const LIST_ALIASES: Api = Api::read("kms", "ListAliases");
const LIST_KEYS: Api = Api::read("kms", "ListKeys");
const CREATE: Api = Api::write("kms", "CreateKey");
const CREATE_ALIAS: Api = Api::write("kms", "CreateAlias");
const ENABLE: Api = Api::write("kms", "EnableKey");
const ROTATE: Api = Api::write("kms", "EnableKeyRotation");
const ROTATE_NO_MORE: Api = Api::write("kms", "DisableKeyRotation");
const DESCRIPTION: Api = Api::write("kms", "UpdateKeyDescription");
const DELETE: Api = Api::write("kms", "ScheduleKeyDeletion");
const TAG: Api = Api::write("kms", "TagResource");
const UNTAG: Api = Api::write("kms", "UntagResource");

pub(super) const GONE: &[&str] = &["NotFoundException"];

/// The longest that KMS lets a deletion wait, and its default.
const DAYS_TO_REGRET: i32 = 30;

/// For what follows a create: not all of KMS may know the key yet.
pub(super) const NEW_KEY: Wait = Wait::short("all of KMS to know the new key");

pub(super) fn gone(error: &AccountError) -> bool {
    GONE.iter().any(|code| error.is(code))
}

/// A key, and what KMS says of it.
pub(super) struct Described {
    pub(super) arn: Arn,
    metadata: types::KeyMetadata,
}

impl Described {
    /// Its state, as KMS writes it.
    pub(super) fn state(&self) -> String {
        let state = self.metadata.key_state();
        state.map_or_else(String::new, |state| state.as_str().to_owned())
    }

    /// True for a key that AWS made for a service.
    pub(super) fn is_of_aws(&self) -> bool {
        self.metadata.key_manager() == Some(&types::KeyManagerType::Aws)
    }
}

/// Asks for a key by its ARN or an alias; `None` when there is none.
pub(super) async fn ask(aws: &Aws, id: &str) -> Result<Option<Described>, AccountError> {
    let answer = aws
        .door
        .call(DESCRIBE, || aws.kms.describe_key().key_id(id).send())
        .await
        .absent(GONE)?;
    Ok(answer.and_then(|answer| answer.key_metadata).map(|metadata| {
        let read = KeyRef::read(metadata.arn().unwrap_or(metadata.key_id()), &aws.scope);
        let arn = read.name().cloned();
        Described {
            arn: arn.unwrap_or_else(|| aws.scope.kms_arn(format!("key/{}", metadata.key_id()))),
            metadata,
        }
    }))
}

/// The key behind an alias, which is given without `alias/`.
pub(super) async fn describe(aws: &Aws, name: &str) -> Result<Option<Described>, AccountError> {
    let alias = aws.scope.key_alias_arn(name);
    let found = ask(aws, &format!("alias/{name}")).await?;
    aws.keys
        .learn(alias.clone(), found.as_ref().map(|found| found.arn.clone()));
    match (found, aws.keys.behind(&alias)) {
        // Not all of KMS knows the alias that was just made.
        (None, Some(made)) => ask(aws, &made.to_string()).await,
        (found, _) => Ok(found),
    }
}

/// Whether the key is rotated by itself, and after how many days; `None` where KMS cannot do it.
async fn rotation(aws: &Aws, arn: &Arn) -> Result<Option<(bool, u32)>, AccountError> {
    let arn = arn.to_string();
    let answer = aws
        .door
        .call(ROTATION, || aws.kms.get_key_rotation_status().key_id(&arn).send())
        .await
        .absent(&["UnsupportedOperationException", "NotFoundException"])?;
    Ok(answer.map(|answer| {
        let days = answer
            .rotation_period_in_days
            .and_then(|days| u32::try_from(days).ok());
        (answer.key_rotation_enabled, days.unwrap_or(Key::ROTATION_DAYS))
    }))
}

/// The key's tags, our marks included.
async fn tags(aws: &Aws, arn: &Arn) -> Result<BTreeMap<String, String>, AccountError> {
    let (arn, mut marker, mut all) = (arn.to_string(), None::<String>, BTreeMap::new());
    loop {
        let list = || {
            aws.kms
                .list_resource_tags()
                .key_id(&arn)
                .set_marker(marker.clone())
                .send()
        };
        let page = aws.door.call(LIST_TAGS, list).await.absent(GONE)?;
        let Some(page) = page else { return Ok(all) };
        let tags = page.tags.unwrap_or_default();
        all.extend(tags.into_iter().map(|tag| (tag.tag_key, tag.tag_value)));
        match page.next_marker.filter(|_| page.truncated) {
            Some(next) => marker = Some(next),
            None => return Ok(all),
        }
    }
}

fn found(
    aws: &Aws,
    name: &str,
    key: &Described,
    rotation: Option<(bool, u32)>,
    tags: BTreeMap<String, String>,
) -> Found {
    let (tags, owner) = Tags::from_wire(tags, &aws.stack);
    let Described { arn, metadata } = key;
    let mut inexpressible = Vec::new();
    let symmetric = metadata
        .key_spec()
        .is_none_or(|spec| *spec == KeySpec::SymmetricDefault)
        && metadata
            .key_usage()
            .is_none_or(|usage| *usage == KeyUsageType::EncryptDecrypt);
    if !symmetric {
        inexpressible.push("a key that is not symmetric, with which no log can be encrypted".into());
    } else if rotation.is_none() {
        inexpressible.push("material that KMS cannot rotate by itself".into());
    }
    let state = metadata.key_state().map_or("Enabled", types::KeyState::as_str);
    let state = KeyState::from_word(state).unwrap_or_else(|| {
        inexpressible.push(format!("unknown state `{state}`"));
        KeyState::Unavailable
    });
    let (rotation, days) = rotation.unwrap_or((false, Key::ROTATION_DAYS));
    let value = Key {
        name: name.into(),
        description: Managed::Set(metadata.description().unwrap_or_default().into()),
        state,
        rotation,
        rotation_days: Managed::Set(days),
        tags,
    };
    Found {
        value: value.into(),
        owner,
        facts: Facts {
            inexpressible,
            // Nobody can tell what is encrypted with it.
            holds_data: true,
            arn: Some(arn.to_string()),
            ..Facts::default()
        },
    }
}

async fn look(aws: &Aws, name: &str, key: &Described) -> Result<Found, AccountError> {
    let (rotation, tags) = futures::try_join!(rotation(aws, &key.arn), tags(aws, &key.arn))?;
    Ok(found(aws, name, key, rotation, tags))
}

/// A key with its policy, asked for together once the key is found.
pub(crate) async fn with_policy(aws: &Aws, name: &str) -> Result<Vec<Found>, AccountError> {
    let Some(key) = describe(aws, name).await? else {
        return Ok(Vec::new());
    };
    let (found, policy) = futures::try_join!(look(aws, name, &key), key_policy::look(aws, name, &key.arn))?;
    Ok([Some(found), policy].into_iter().flatten().collect())
}

/// A key that is only referred to: that it is there, and whether it can be used.
pub(crate) async fn existing(aws: &Aws, name: &str) -> Result<Option<Found>, AccountError> {
    let key = describe(aws, name).await?;
    let unasked = Some((false, Key::ROTATION_DAYS));
    Ok(key.map(|key| found(aws, name, &key, unasked, BTreeMap::new())))
}

/// True for a key of the stack that is on its way out: there is nothing more to be done.
pub(crate) fn is_leaving(found: &Found) -> bool {
    matches!(&found.value, Object::Key(key) if key.state == KeyState::PendingDeletion)
}

/// Whether a key of the stack is there and can be used, though no alias leads to it.
pub(crate) async fn has_no_alias(aws: &Aws, arn: &str) -> Result<bool, AccountError> {
    let usable = |key: &Described| {
        let state = key.metadata.key_state().map(types::KeyState::as_str);
        matches!(state, Some("Enabled" | "Disabled"))
    };
    if !ask(aws, arn).await?.as_ref().is_some_and(usable) {
        return Ok(false);
    }
    let list = || aws.kms.list_aliases().key_id(arn).send();
    let aliases = aws.door.call(LIST_ALIASES, list).await.absent(GONE)?;
    Ok(aliases.is_some_and(|page| page.aliases.unwrap_or_default().is_empty()))
}

fn wire_tags(api: Api, tags: &BTreeMap<String, String>) -> Result<Vec<types::Tag>, AccountError> {
    tags.iter()
        .map(|(key, value)| built(api, types::Tag::builder().tag_key(key).tag_value(value).build()))
        .collect()
}

/// Adds the mark that says by which alias a key is known, so that the tag index says it, too.
fn marked(key: &Key, mut tags: BTreeMap<String, String>) -> BTreeMap<String, String> {
    tags.insert(MARK_ALIAS.into(), key.name.clone());
    tags
}

/// The ARN of a key that must be there.
async fn arn(aws: &Aws, name: &str) -> Result<String, AccountError> {
    super::keys::written(aws, &KeyRef::alias(&aws.scope, name)).await
}

/// What an earlier create of the same key left behind before it came to the alias.
async fn begun(wanted: &Key, aws: &Aws) -> Result<Option<String>, AccountError> {
    let index = Index::of_stack(aws).await?;
    for (arn, name) in index.keys() {
        if name == wanted.name && has_no_alias(aws, arn).await? {
            return Ok(Some(arn.to_owned()));
        }
    }
    // The index does not know yet what was made a minute ago.
    match begun_lately(wanted, aws).await {
        Err(error) if error.kind == ErrorKind::Denied => Ok(None),
        found => found,
    }
}

/// Of how many keys without an alias the tags are asked for, a call each. An account that has more
/// relies on the index.
const MOST_WITHOUT_ALIAS: usize = 500;

/// The same by the keys themselves: no list says when a key was made or whose it is, so that those
/// without an alias are asked for their tags.
async fn begun_lately(wanted: &Key, aws: &Aws) -> Result<Option<String>, AccountError> {
    let (keys, known) = futures::try_join!(all_keys(aws), with_alias(aws))?;
    let without: Vec<Arn> = keys
        .into_iter()
        .filter(|id| !known.contains(id))
        .map(|id| aws.scope.kms_arn(format!("key/{id}")))
        .collect();
    if without.len() > MOST_WITHOUT_ALIAS {
        return Ok(None);
    }
    let marked = without.iter().map(|arn| async move {
        match tags(aws, arn).await {
            // A key whose policy shuts the caller out was not made by it.
            Err(error) if error.kind == ErrorKind::Denied => Ok(None),
            tags => Ok(Some((arn, tags?))),
        }
    });
    for (arn, tags) in futures::future::try_join_all(marked).await?.into_iter().flatten() {
        let is = |mark: &str, value: &str| tags.get(mark).is_some_and(|tag| tag == value);
        let ours = is(MARK_STACK, &aws.stack) && is(MARK_ALIAS, &wanted.name);
        let arn = arn.to_string();
        if ours && has_no_alias(aws, &arn).await? {
            return Ok(Some(arn));
        }
    }
    Ok(None)
}

/// The ids of all keys of account and region.
async fn all_keys(aws: &Aws) -> Result<Vec<String>, AccountError> {
    let (mut marker, mut all) = (None::<String>, Vec::new());
    loop {
        let list = || aws.kms.list_keys().limit(1000).set_marker(marker.clone()).send();
        let page = aws.door.call(LIST_KEYS, list).await?;
        all.extend(
            page.keys
                .unwrap_or_default()
                .into_iter()
                .filter_map(|key| key.key_id),
        );
        match page.next_marker.filter(|_| page.truncated) {
            Some(next) => marker = Some(next),
            None => return Ok(all),
        }
    }
}

/// The ids of the keys that have an alias.
async fn with_alias(aws: &Aws) -> Result<BTreeSet<String>, AccountError> {
    let (mut marker, mut all) = (None::<String>, BTreeSet::new());
    loop {
        let list = || {
            aws.kms
                .list_aliases()
                .limit(100)
                .set_marker(marker.clone())
                .send()
        };
        let page = aws.door.call(LIST_ALIASES, list).await?;
        let aliases = page.aliases.unwrap_or_default().into_iter();
        all.extend(aliases.filter_map(|alias| alias.target_key_id));
        match page.next_marker.filter(|_| page.truncated) {
            Some(next) => marker = Some(next),
            None => return Ok(all),
        }
    }
}

async fn rotate(key: &Key, arn: &str, aws: &Aws) -> Result<(), AccountError> {
    if key.rotation {
        let days = key.rotation_days.get().copied().unwrap_or(Key::ROTATION_DAYS);
        let days = i32::try_from(days).unwrap_or(i32::MAX);
        let send = || {
            aws.kms
                .enable_key_rotation()
                .key_id(arn)
                .rotation_period_in_days(days)
                .send()
        };
        let done = aws.door.call_until_visible(ROTATE, NEW_KEY, gone, send);
        done.await.map(drop)
    } else {
        let send = || aws.kms.disable_key_rotation().key_id(arn).send();
        let done = aws.door.call_until_visible(ROTATE_NO_MORE, NEW_KEY, gone, send);
        done.await.map(drop)
    }
}

/// Goes on with the key that the alias leads to, if it is the stack's. The one that was just made for
/// the alias, if there is one, is of no use then: nothing is encrypted with it.
async fn go_on_with(
    wanted: &Key,
    behind: Described,
    spare: Option<&str>,
    error: AccountError,
    aws: &Aws,
) -> Result<(), AccountError> {
    if let Some(spare) = spare {
        leave(spare, true, aws).await.map_err(|error| {
            let kind = error.kind;
            error.known(
                kind,
                format!("the key {spare} was made and is of no use: delete it"),
            )
        })?;
    }
    match look(aws, &wanted.name, &behind).await? {
        Found {
            value: Object::Key(live),
            owner,
            ..
        } if owner.is_ours() => {
            aws.keys.made(aws.scope.key_alias_arn(&wanted.name), behind.arn);
            wanted.update(&live, aws).await
        }
        _ => Err(error.known(
            ErrorKind::Refused,
            format!(
                "`alias/{}` leads to another key now: plan again to see whose it is",
                wanted.name
            ),
        )),
    }
}

/// Lets KMS delete a key in a month.
async fn leave(arn: &str, fresh: bool, aws: &Aws) -> Result<(), AccountError> {
    let unseen = |error: &AccountError| fresh && gone(error);
    let send = || {
        aws.kms
            .schedule_key_deletion()
            .key_id(arn)
            .pending_window_in_days(DAYS_TO_REGRET)
            .send()
    };
    // It waits for its deletion already.
    let done = aws.door.call_until_visible(DELETE, NEW_KEY, unseen, send).await;
    done.absent(&["KMSInvalidStateException"]).map(drop)
}

async fn make(wanted: &Key, aws: &Aws) -> Result<String, AccountError> {
    let tags = wire_tags(CREATE, &marked(wanted, wanted.tags.to_wire(&aws.stack, false)))?;
    let description = wanted.description.get().filter(|text| !text.is_empty());
    // Without a word KMS gives a new key the policy that leaves it to the account.
    let create = aws
        .kms
        .create_key()
        .set_description(description.cloned())
        .set_tags(Some(tags));
    let made = aws.door.call(CREATE, || create.clone().send()).await?;
    let metadata = made.key_metadata;
    metadata
        .and_then(|key| key.arn)
        .ok_or_else(|| refusal(CREATE, "KMS does not say which key it has made"))
}

impl Page for Key {
    async fn read(aws: &Aws, name: &str) -> Result<Option<Found>, AccountError> {
        match describe(aws, name).await? {
            Some(key) => look(aws, name, &key).await.map(Some),
            None => Ok(None),
        }
    }

    async fn create(&self, aws: &Aws) -> Result<(), AccountError> {
        // Two creates must not take up the same key.
        let _turn = aws.door.exclusive("new keys").await;
        aws.written.forget(&key_policy::object(&self.name));
        let (arn, taken_up) = match begun(self, aws).await? {
            Some(arn) => (arn, true),
            None => (make(self, aws).await?, false),
        };
        let alias = format!("alias/{}", self.name);
        let send = || {
            aws.kms
                .create_alias()
                .alias_name(&alias)
                .target_key_id(&arn)
                .send()
        };
        match aws
            .door
            .call_until_visible(CREATE_ALIAS, NEW_KEY, gone, send)
            .await
        {
            Ok(_) => {}
            // A lost answer of ours, a key that reads did not show yet, or somebody else was quicker.
            Err(error) if error.is("AlreadyExistsException") => {
                let read = || describe(aws, &self.name);
                let Some(behind) = aws.door.read_until_there(NEW_KEY, read).await? else {
                    return Err(error.known(
                        ErrorKind::NotPropagated,
                        format!("KMS knows that `{alias}` is there and does not show it yet"),
                    ));
                };
                if behind.arn.to_string() != arn {
                    let spare = (!taken_up).then_some(arn.as_str());
                    return go_on_with(self, behind, spare, error, aws).await;
                }
            }
            Err(error) => return Err(error),
        }
        if let Some(arn) = Arn::parse(&arn) {
            aws.keys.made(aws.scope.key_alias_arn(&self.name), arn);
        }
        if taken_up
            && let Some(Found {
                value: Object::Key(live),
                ..
            }) = Self::read(aws, &self.name).await?
        {
            return self.update(&live, aws).await;
        }
        if self.rotation {
            rotate(self, &arn, aws).await?;
        }
        Ok(())
    }

    async fn update(&self, before: &Self, aws: &Aws) -> Result<(), AccountError> {
        let arn = arn(aws, &self.name).await?;
        // First of all: a key that is disabled cannot be told to rotate.
        if self.state == KeyState::Enabled && before.state != KeyState::Enabled {
            aws.door
                .call(ENABLE, || aws.kms.enable_key().key_id(&arn).send())
                .await?;
        }
        if let Some(text) = self
            .description
            .get()
            .filter(|text| before.description.get() != Some(text))
        {
            let send = || {
                aws.kms
                    .update_key_description()
                    .key_id(&arn)
                    .description(text)
                    .send()
            };
            aws.door.call(DESCRIPTION, send).await?;
        }
        let days = |key: &Self| key.rotation.then(|| key.rotation_days.clone());
        if days(self) != days(before) {
            rotate(self, &arn, aws).await?;
        }
        retag(self, &before.tags, &self.tags, aws).await
    }

    async fn delete(&self, aws: &Aws) -> Result<(), AccountError> {
        let Some(key) = describe(aws, &self.name).await? else {
            return Ok(());
        };
        match leave(&key.arn.to_string(), false, aws).await {
            Err(error) if gone(&error) => Ok(()),
            outcome => outcome,
        }
    }

    async fn tag(
        &self,
        aws: &Aws,
        put: &BTreeMap<String, String>,
        remove: &[String],
    ) -> Result<(), AccountError> {
        let arn = arn(aws, &self.name).await?;
        if !put.is_empty() {
            let put = match put.contains_key(MARK_STACK) {
                true => marked(self, put.clone()),
                false => put.clone(),
            };
            let tags = wire_tags(TAG, &put)?;
            let send = || {
                aws.kms
                    .tag_resource()
                    .key_id(&arn)
                    .set_tags(Some(tags.clone()))
                    .send()
            };
            aws.door.call(TAG, send).await?;
        }
        if !remove.is_empty() {
            let mark = remove.iter().any(|key| key == MARK_STACK);
            let mut remove = remove.to_vec();
            remove.extend(mark.then(|| MARK_ALIAS.to_owned()));
            let send = || {
                aws.kms
                    .untag_resource()
                    .key_id(&arn)
                    .set_tag_keys(Some(remove.clone()))
                    .send()
            };
            aws.door.call(UNTAG, send).await?;
        }
        Ok(())
    }
}
