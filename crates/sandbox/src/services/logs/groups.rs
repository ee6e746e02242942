//! Log groups, their retention and their tags.

use winterbaume_cloudwatchlogs::wire::{
    AssociateKmsKeyRequest, CreateLogGroupRequest, DeleteLogGroupRequest, DeleteRetentionPolicyRequest,
    DescribeLogGroupsRequest, DescribeLogGroupsResponse, DisassociateKmsKeyRequest,
    ListTagsForResourceRequest, ListTagsForResourceResponse, LogGroup as WireGroup,
    PutLogGroupDeletionProtectionRequest, PutRetentionPolicyRequest, TagResourceRequest,
    UntagResourceRequest,
};

use super::{check_group_name, constraint, group_arn, group_mut, invalid, page_of};
use crate::protocol::Failure;
use crate::route::Call;
use crate::services::kms::{self, Use};
use crate::services::{TagProblem, add_tags, page};
use crate::state::{LogGroup, State};

/// The values that `PutRetentionPolicy` documents.
const RETENTION_DAYS: [i32; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

pub(crate) fn create(state: &mut State, call: &Call, input: CreateLogGroupRequest) -> Result<(), Failure> {
    check_group_name(&input.log_group_name)?;
    if input.log_group_name.starts_with("aws/") {
        return Err(invalid("Log groups starting with AWS/ are reserved for AWS."));
    }
    let class = input.log_group_class.unwrap_or_else(|| "STANDARD".to_owned());
    if !matches!(class.as_str(), "STANDARD" | "INFREQUENT_ACCESS" | "DELIVERY") {
        return Err(constraint(
            class,
            "logGroupClass",
            "Member must satisfy enum value set: [STANDARD, INFREQUENT_ACCESS, DELIVERY]",
        ));
    }
    if let Some(key) = &input.kms_key_id {
        check_key(state, call, &input.log_group_name, key)?;
    }
    let tags = input.tags.unwrap_or_default();
    let mut group = LogGroup {
        class,
        created: call.now,
        key: input.kms_key_id,
        deletion_protection: input.deletion_protection_enabled.unwrap_or(false),
        ..LogGroup::default()
    };
    add_tags(&mut group.tags, tags, |problem| match problem {
        TagProblem::TooMany => invalid("A log group can have at most 50 tags."),
        TagProblem::Invalid(message) => invalid(message),
    })?;
    let groups = &mut state.region(&call.account, &call.region).log_groups;
    if groups.contains_key(&input.log_group_name) {
        return Err(Failure::bad(
            "ResourceAlreadyExistsException",
            "The specified log group already exists",
        ));
    }
    groups.insert(input.log_group_name, group);
    Ok(())
}

/// AWS: "Encrypt log data in CloudWatch Logs using AWS KMS".
fn check_key(state: &State, call: &Call, group: &str, key: &str) -> Result<(), Failure> {
    let missing = || invalid("The specified KMS Key Id could not be found.");
    if !key.starts_with("arn:") || !key.contains(":key/") {
        return Err(missing());
    }
    let suffix = if call.partition() == "aws-cn" { ".cn" } else { "" };
    let service = format!("logs.{}.amazonaws.com{suffix}", call.region);
    let arn = group_arn(call, group);
    let context = [("kms:EncryptionContext:aws:logs:arn", arn.as_str())];
    let wants: Vec<(&str, &[(&str, &str)])> = [
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
        "kms:GenerateDataKey",
        "kms:DescribeKey",
    ]
    .into_iter()
    .map(|action| (action, &context[..]))
    .collect();
    let state = state.seen_from_elsewhere(call.now)?;
    match kms::ask(&state, call, key, &service, &wants) {
        Use::Granted(_) => Ok(()),
        Use::Missing | Use::Unusable(_) => Err(missing()),
        Use::Denied(_) => Err(Failure::bad(
            "AccessDeniedException",
            format!("The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'"),
        )),
    }
}

/// Whether the group's key, if it has one, lets CloudWatch Logs encrypt new events. AWS says that without it events
/// "can no longer be retrieved", and nothing of new ones; here they are refused.
pub(crate) fn check_own_key(state: &State, call: &Call, name: &str) -> Result<(), Failure> {
    match super::group(state, call, name)?.key.as_deref() {
        Some(key) => check_key(state, call, name, key),
        None => Ok(()),
    }
}

pub(crate) fn associate(
    state: &mut State,
    call: &Call,
    input: AssociateKmsKeyRequest,
) -> Result<(), Failure> {
    let name = input
        .log_group_name
        .ok_or_else(|| invalid("logGroupName is required"))?;
    super::group(state, call, &name)?;
    check_key(state, call, &name, &input.kms_key_id)?;
    group_mut(state, call, &name)?.key = Some(input.kms_key_id);
    Ok(())
}

pub(crate) fn disassociate(
    state: &mut State,
    call: &Call,
    input: DisassociateKmsKeyRequest,
) -> Result<(), Failure> {
    let name = input
        .log_group_name
        .ok_or_else(|| invalid("logGroupName is required"))?;
    group_mut(state, call, &name)?.key = None;
    Ok(())
}

pub(crate) fn describe(
    state: &State,
    call: &Call,
    input: DescribeLogGroupsRequest,
) -> Result<DescribeLogGroupsResponse, Failure> {
    if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
        return Err(invalid(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
        ));
    }
    if let Some(prefix) = &input.log_group_name_prefix {
        check_group_name(prefix)?;
    }
    let size = page_of(input.limit)?;
    let prefix = input.log_group_name_prefix.unwrap_or_default();
    let pattern = input.log_group_name_pattern.unwrap_or_default();
    let identifiers = input.log_group_identifiers.unwrap_or_default();
    let groups = state
        .find_region(&call.account, &call.region)
        .into_iter()
        .flat_map(|region| &region.log_groups)
        .filter(|(name, group)| {
            name.starts_with(&prefix)
                && name.contains(&pattern)
                && input
                    .log_group_class
                    .as_ref()
                    .is_none_or(|class| *class == group.class)
                && (identifiers.is_empty()
                    || identifiers
                        .iter()
                        .any(|id| id == *name || *id == group_arn(call, name)))
        });
    let (groups, next_token) = page(
        groups,
        |(name, _)| (*name).clone(),
        input.next_token.as_deref(),
        size,
    );
    let groups = groups
        .into_iter()
        .map(|(name, group)| WireGroup {
            arn: Some(format!("{}:*", group_arn(call, name))),
            creation_time: Some(group.created),
            deletion_protection_enabled: Some(group.deletion_protection),
            kms_key_id: group.key.clone(),
            log_group_arn: Some(group_arn(call, name)),
            log_group_class: Some(group.class.clone()),
            log_group_name: Some(name.clone()),
            metric_filter_count: i32::try_from(group.filters.len()).ok(),
            retention_in_days: group.retention_days,
            stored_bytes: i64::try_from(group.streams.values().map(|it| it.bytes).sum::<u64>()).ok(),
            ..WireGroup::default()
        })
        .collect();
    Ok(DescribeLogGroupsResponse {
        log_groups: Some(groups),
        next_token,
    })
}

pub(crate) fn delete(state: &mut State, call: &Call, input: DeleteLogGroupRequest) -> Result<(), Failure> {
    let name = &input.log_group_name;
    if group_mut(state, call, name)?.deletion_protection {
        return Err(Failure::bad(
            "ValidationException",
            "Cannot delete log group with deletion protection enabled. Disable deletion protection first.",
        ));
    }
    state.region(&call.account, &call.region).log_groups.remove(name);
    Ok(())
}

pub(crate) fn put_retention(
    state: &mut State,
    call: &Call,
    input: PutRetentionPolicyRequest,
) -> Result<(), Failure> {
    let days = input.retention_in_days;
    if !RETENTION_DAYS.contains(&days) {
        return Err(constraint(
            days,
            "retentionInDays",
            &format!("Member must satisfy enum value set: {RETENTION_DAYS:?}"),
        ));
    }
    group_mut(state, call, &input.log_group_name)?.retention_days = Some(days);
    Ok(())
}

pub(crate) fn delete_retention(
    state: &mut State,
    call: &Call,
    input: DeleteRetentionPolicyRequest,
) -> Result<(), Failure> {
    group_mut(state, call, &input.log_group_name)?.retention_days = None;
    Ok(())
}

pub(crate) fn put_protection(
    state: &mut State,
    call: &Call,
    input: PutLogGroupDeletionProtectionRequest,
) -> Result<(), Failure> {
    let identifier = &input.log_group_identifier;
    let name = match identifier.starts_with("arn:") {
        true => name_of(call, identifier)?,
        false => identifier.clone(),
    };
    group_mut(state, call, &name)?.deletion_protection = input.deletion_protection_enabled;
    Ok(())
}

pub(crate) fn tag(state: &mut State, call: &Call, input: TagResourceRequest) -> Result<(), Failure> {
    let group = by_arn(state, call, &input.resource_arn)?;
    add_tags(&mut group.tags, input.tags, |problem| match problem {
        TagProblem::TooMany => Failure::bad("TooManyTagsException", "A log group can have at most 50 tags."),
        TagProblem::Invalid(message) => invalid(message),
    })
}

pub(crate) fn untag(state: &mut State, call: &Call, input: UntagResourceRequest) -> Result<(), Failure> {
    let group = by_arn(state, call, &input.resource_arn)?;
    group.tags.retain(|key, _| !input.tag_keys.contains(key));
    Ok(())
}

pub(crate) fn list_tags(
    state: &State,
    call: &Call,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResponse, Failure> {
    let name = name_of(call, &input.resource_arn)?;
    let group = super::group(state, call, &name)?;
    let tags = group.tags.clone().into_iter().collect();
    Ok(ListTagsForResourceResponse { tags: Some(tags) })
}

/// Reads the name out of the ARN of a group of this account and region, without `:*`.
fn name_of(call: &Call, arn: &str) -> Result<String, Failure> {
    let refuse = || {
        constraint(
            arn,
            "resourceArn",
            "Member must be the ARN of a log group without :*",
        )
    };
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    match parts.as_slice() {
        [_, _, "logs", region, account, "log-group", name] => {
            if name.contains(':') {
                return Err(refuse());
            }
            if *region != call.region || *account != call.account {
                return Err(super::no_group());
            }
            Ok((*name).to_owned())
        }
        _ => Err(refuse()),
    }
}

fn by_arn<'s>(state: &'s mut State, call: &Call, arn: &str) -> Result<&'s mut LogGroup, Failure> {
    let name = name_of(call, arn)?;
    group_mut(state, call, &name)
}
