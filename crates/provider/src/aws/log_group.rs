use std::collections::BTreeMap;

use aws_sdk_cloudwatchlogs::types;
use tokio::sync::OwnedMutexGuard;
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::Object;
use trailwarden_spec::compare::{Compare, Verdict};
use trailwarden_spec::evidence::GroupSeen;
use trailwarden_spec::kinds::{LogClass, LogGroup};
use trailwarden_spec::leaf::{KeyRef, Managed, Retention, Tags};
use trailwarden_spec::live::{Facts, Found};

use crate::door::{Absent, Api, Wait};

use super::known::Known;
use super::{Aws, Page, key_policy, keys, refusal, retag};

const DESCRIBE: Api = Api::read("logs", "DescribeLogGroups");
const STREAMS: Api = Api::read("logs", "DescribeLogStreams");
const LIST_TAGS: Api = Api::read("logs", "ListTagsForResource");
const CREATE: Api = Api::write("logs", "CreateLogGroup");
const PUT_RETENTION: Api = Api::write("logs", "PutRetentionPolicy");
const DELETE_RETENTION: Api = Api::write("logs", "DeleteRetentionPolicy");
const PUT_PROTECTION: Api = Api::write("logs", "PutLogGroupDeletionProtection");
const ASSOCIATE: Api = Api::write("logs", "AssociateKmsKey");
const DISASSOCIATE: Api = Api::write("logs", "DisassociateKmsKey");
const DELETE: Api = Api::write("logs", "DeleteLogGroup");
const TAG: Api = Api::write("logs", "TagResource");
const UNTAG: Api = Api::write("logs", "UntagResource");

/// Takes the turn to change a log group or its filters: Logs refuses changes that meet each other.
pub(super) async fn turn(aws: &Aws, group: &str) -> OwnedMutexGuard<()> {
    aws.door.exclusive(&format!("log group {group}")).await
}

const GONE: &[&str] = &["ResourceNotFoundException"];

/// Finds a group by its exact name.
pub(crate) async fn describe(aws: &Aws, name: &str) -> Result<Option<types::LogGroup>, AccountError> {
    let mut token: Option<String> = None;
    loop {
        let page = aws
            .door
            .call(DESCRIBE, || {
                aws.logs
                    .describe_log_groups()
                    .log_group_name_prefix(name)
                    .set_next_token(token.clone())
                    .send()
            })
            .await?;
        let (groups, next) = (page.log_groups.unwrap_or_default(), page.next_token);
        if let Some(group) = groups
            .into_iter()
            .find(|group| group.log_group_name() == Some(name))
        {
            return Ok(Some(group));
        }
        match next {
            Some(next) => token = Some(next),
            None => return Ok(None),
        }
    }
}

/// The group's tags, our marks included; none when the group is gone.
pub(crate) async fn tags(aws: &Aws, name: &str) -> Result<BTreeMap<String, String>, AccountError> {
    let arn = aws.scope.log_group_arn(name).to_string();
    let listed = aws
        .door
        .call(LIST_TAGS, || {
            aws.logs.list_tags_for_resource().resource_arn(&arn).send()
        })
        .await
        .absent(GONE)?;
    Ok(listed
        .and_then(|listed| listed.tags)
        .unwrap_or_default()
        .into_iter()
        .collect())
}

/// Whether the group holds an event. `storedBytes` lags by hours, the streams do not.
pub(crate) async fn holds_events(aws: &Aws, name: &str) -> Result<bool, AccountError> {
    let newest = newest_stream(aws, name).await?;
    Ok(newest
        .is_some_and(|stream| stream.last_event_timestamp.is_some() || stream.last_ingestion_time.is_some()))
}

/// The stream with the newest event, as far as CloudWatch Logs knows by now.
async fn newest_stream(aws: &Aws, name: &str) -> Result<Option<types::LogStream>, AccountError> {
    let listed = aws
        .door
        .call(STREAMS, || {
            aws.logs
                .describe_log_streams()
                .log_group_name(name)
                .order_by(types::OrderBy::LastEventTime)
                .descending(true)
                .limit(1)
                .send()
        })
        .await
        .absent(GONE)?;
    Ok(listed
        .and_then(|listed| listed.log_streams)
        .unwrap_or_default()
        .into_iter()
        .next())
}

/// The group and what arrives in it; `None` when it is not there.
pub(crate) async fn seen(aws: &Aws, name: &str) -> Result<Option<GroupSeen>, AccountError> {
    let (described, newest) = futures::try_join!(describe(aws, name), newest_stream(aws, name))?;
    let Some(described) = described else {
        return Ok(None);
    };
    let key = match described.kms_key_id().filter(|key| !key.is_empty()) {
        Some(key) => Some(key_policy::seen(aws, key).await?),
        None => None,
    };
    let Object::LogGroup(group) = found(aws, &described, BTreeMap::new()).value else {
        return Ok(None);
    };
    Ok(Some(GroupSeen {
        group,
        last_event: newest
            .and_then(|stream| stream.last_event_timestamp)
            .map(|milliseconds| milliseconds / 1000),
        key,
    }))
}

/// What a description and tags say.
pub(crate) fn found(aws: &Aws, group: &types::LogGroup, tags: BTreeMap<String, String>) -> Found {
    let (tags, owner) = Tags::from_wire(tags, &aws.stack);
    let mut facts = Facts {
        holds_data: group.stored_bytes.is_some_and(|bytes| bytes > 0),
        ..Facts::default()
    };
    let class = match group.log_group_class().map(types::LogGroupClass::as_str) {
        None => LogClass::Standard,
        Some(word) => LogClass::from_word(word).unwrap_or_else(|| {
            facts.inexpressible.push(format!("unknown class `{word}`"));
            LogClass::Standard
        }),
    };
    let retention = match group
        .retention_in_days()
        .and_then(|days| u32::try_from(days).ok())
    {
        Some(days) if days > 0 => Retention::Days(days),
        _ => Retention::Never,
    };
    let value = LogGroup {
        name: group.log_group_name().unwrap_or_default().into(),
        retention: Managed::Set(retention),
        class: Managed::Set(class),
        deletion_protection: Managed::Set(group.deletion_protection_enabled() == Some(true)),
        key: Managed::Set(group.kms_key_id().map(|key| KeyRef::read(key, &aws.scope))),
        tags,
    };
    Found {
        value: value.into(),
        owner,
        facts,
    }
}

async fn put_retention(group: &LogGroup, aws: &Aws) -> Result<(), AccountError> {
    let name = group.name.as_str();
    match group.retention.get() {
        None => {}
        Some(Retention::Never) => {
            let send = || aws.logs.delete_retention_policy().log_group_name(name).send();
            aws.door.call(DELETE_RETENTION, send).await?;
        }
        Some(Retention::Days(days)) => {
            let days = i32::try_from(*days).unwrap_or(i32::MAX);
            let send = || {
                aws.logs
                    .put_retention_policy()
                    .log_group_name(name)
                    .retention_in_days(days)
                    .send()
            };
            aws.door.call(PUT_RETENTION, send).await?;
        }
    }
    Ok(())
}

async fn put_protection(name: &str, on: bool, aws: &Aws) -> Result<(), AccountError> {
    let send = || {
        aws.logs
            .put_log_group_deletion_protection()
            .log_group_identifier(name)
            .deletion_protection_enabled(on)
            .send()
    };
    aws.door.call(PUT_PROTECTION, send).await.map(drop)
}

const NEW_GROUP: Wait = Wait::short("CloudWatch Logs to show the new log group");

/// For a key or a policy that was just written.
const KEY: Wait = Wait::long("CloudWatch Logs to see the key and its policy");

/// CloudWatch Logs has one sentence for a key that is not there and one that its policy does not let
/// it use, and no code of its own for either (terraform-provider-aws#8042).
fn no_use_of_key(error: &AccountError) -> bool {
    let text = error.message.to_lowercase();
    let of_key = error.is("AccessDeniedException") || error.is("InvalidParameterException");
    of_key && text.contains("kms key") && (text.contains("not exist") || text.contains("not be found"))
}

fn about_key(error: AccountError) -> AccountError {
    if !no_use_of_key(&error) {
        return error;
    }
    let kind = error.kind;
    error.known(
        kind,
        "the key's policy must let logs.REGION.amazonaws.com encrypt and decrypt for this log group, and the key must \
         be symmetric and enabled; if it does, apply again in a few minutes",
    )
}

async fn put_key(group: &LogGroup, aws: &Aws) -> Result<(), AccountError> {
    let name = group.name.as_str();
    match group.key.get() {
        None => Ok(()),
        Some(None) => {
            let send = || aws.logs.disassociate_kms_key().log_group_name(name).send();
            aws.door.call(DISASSOCIATE, send).await.map(drop)
        }
        Some(Some(key)) => {
            let key = keys::written(aws, key).await?;
            let send = || {
                aws.logs
                    .associate_kms_key()
                    .log_group_name(name)
                    .kms_key_id(&key)
                    .send()
            };
            let sent = aws.door.call_until_visible(ASSOCIATE, KEY, no_use_of_key, send);
            sent.await.map(drop).map_err(about_key)
        }
    }
}

impl Page for LogGroup {
    async fn read(aws: &Aws, name: &str) -> Result<Option<Found>, AccountError> {
        let Some(group) = describe(aws, name).await? else {
            return Ok(None);
        };
        Ok(Some(found(aws, &group, tags(aws, name).await?)))
    }

    async fn create(&self, aws: &Aws) -> Result<(), AccountError> {
        let _turn = turn(aws, &self.name).await;
        // STANDARD is what a group is without a word, and not every partition knows the word.
        let class = self.class.get().filter(|class| **class != LogClass::Standard);
        // Not every region knows the word yet.
        let protection = self.deletion_protection.get().copied().filter(|on| *on);
        let tags = self.tags.to_wire(&aws.stack, false);
        let key = match self.key.get() {
            Some(Some(key)) => Some(keys::written(aws, key).await?),
            _ => None,
        };
        let made = aws
            .door
            .call_until_visible(CREATE, KEY, no_use_of_key, || {
                aws.logs
                    .create_log_group()
                    .log_group_name(&self.name)
                    .set_kms_key_id(key.clone())
                    .set_log_group_class(class.map(|class| class.as_str().into()))
                    .set_deletion_protection_enabled(protection)
                    .set_tags(Some(tags.clone().into_iter().collect()))
                    .send()
            })
            .await
            .map_err(about_key)
            .absent(&["ResourceAlreadyExistsException"])?;
        if made.is_none() {
            // Either an earlier create of ours got this far, or somebody else was quicker.
            let read = || Self::read(aws, &self.name);
            match aws.door.read_until_there(NEW_GROUP, read).await? {
                Some(found) if found.owner.is_ours() => {
                    if let Some(on) = protection {
                        put_protection(&self.name, on, aws).await?;
                    }
                    if key.is_some() {
                        put_key(self, aws).await?;
                    }
                }
                None => {
                    let message = format!(
                        "CloudWatch Logs knows that the log group `{}` is there and does not show it yet",
                        self.name
                    );
                    return Err(AccountError {
                        kind: ErrorKind::NotPropagated,
                        ..refusal(CREATE, message)
                    });
                }
                Some(_) => {
                    return Err(refusal(
                        CREATE,
                        format!("a log group `{}` that is not ours is there now", self.name),
                    ));
                }
            }
        } else if self.retention.get() == Some(&Retention::Never) {
            return Ok(());
        }
        put_retention(self, aws).await
    }

    async fn update(&self, before: &Self, aws: &Aws) -> Result<(), AccountError> {
        let _turn = turn(aws, &self.name).await;
        if self.class != before.class {
            return Err(refusal(CREATE, "a log group's class cannot be changed"));
        }
        if self.key.verdict(&before.key) == Verdict::Differs {
            put_key(self, aws).await?;
        }
        if self.retention != before.retention {
            put_retention(self, aws).await?;
        }
        if let Some(on) = self.deletion_protection.get()
            && self.deletion_protection != before.deletion_protection
        {
            put_protection(&self.name, *on, aws).await?;
        }
        retag(self, &before.tags, &self.tags, aws).await
    }

    async fn delete(&self, aws: &Aws) -> Result<(), AccountError> {
        let _turn = turn(aws, &self.name).await;
        let send = || aws.logs.delete_log_group().log_group_name(&self.name).send();
        aws.door.call(DELETE, send).await.absent(GONE).map(drop)
    }

    async fn tag(
        &self,
        aws: &Aws,
        put: &BTreeMap<String, String>,
        remove: &[String],
    ) -> Result<(), AccountError> {
        let arn = aws.scope.log_group_arn(&self.name).to_string();
        if !put.is_empty() {
            let tags: std::collections::HashMap<_, _> = put.clone().into_iter().collect();
            let send = || {
                aws.logs
                    .tag_resource()
                    .resource_arn(&arn)
                    .set_tags(Some(tags.clone()))
                    .send()
            };
            aws.door.call(TAG, send).await?;
        }
        if !remove.is_empty() {
            let send = || {
                aws.logs
                    .untag_resource()
                    .resource_arn(&arn)
                    .set_tag_keys(Some(remove.to_vec()))
                    .send()
            };
            aws.door.call(UNTAG, send).await?;
        }
        Ok(())
    }
}
