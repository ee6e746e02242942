//! CloudWatch Logs: groups, metric filters, streams and their events.

mod events;
mod filters;
pub(crate) mod groups;
pub(crate) mod streams;

use serde_json::Value;

pub(crate) use streams::EVENT_OVERHEAD;

use crate::protocol::{Failure, give, nothing, take};
use crate::route::Call;
use crate::state::{LogGroup, State};

pub(crate) fn handle(state: &mut State, call: &Call, input: Value) -> Result<Value, Failure> {
    match call.operation.as_str() {
        "CreateLogGroup" => groups::create(state, call, take(input)?).and_then(|()| nothing()),
        "DescribeLogGroups" => give(&groups::describe(state, call, take(input)?)?),
        "DeleteLogGroup" => groups::delete(state, call, take(input)?).and_then(|()| nothing()),
        "PutRetentionPolicy" => groups::put_retention(state, call, take(input)?).and_then(|()| nothing()),
        "DeleteRetentionPolicy" => {
            groups::delete_retention(state, call, take(input)?).and_then(|()| nothing())
        }
        "PutLogGroupDeletionProtection" => {
            groups::put_protection(state, call, take(input)?).and_then(|()| nothing())
        }
        "AssociateKmsKey" => groups::associate(state, call, take(input)?).and_then(|()| nothing()),
        "DisassociateKmsKey" => groups::disassociate(state, call, take(input)?).and_then(|()| nothing()),
        "TagResource" => groups::tag(state, call, take(input)?).and_then(|()| nothing()),
        "UntagResource" => groups::untag(state, call, take(input)?).and_then(|()| nothing()),
        "ListTagsForResource" => give(&groups::list_tags(state, call, take(input)?)?),
        "PutMetricFilter" => filters::put(state, call, take(input)?).and_then(|()| nothing()),
        "DescribeMetricFilters" => give(&filters::describe(state, call, take(input)?)?),
        "DeleteMetricFilter" => filters::delete(state, call, take(input)?).and_then(|()| nothing()),
        "TestMetricFilter" => give(&filters::test(take(input)?)?),
        "CreateLogStream" => streams::create(state, call, take(input)?).and_then(|()| nothing()),
        "DeleteLogStream" => streams::delete(state, call, take(input)?).and_then(|()| nothing()),
        "DescribeLogStreams" => give(&streams::describe(state, call, take(input)?)?),
        "GetLogEvents" => give(&events::get(state, call, take(input)?)?),
        "FilterLogEvents" => give(&events::filter(state, call, take(input)?)?),
        "PutLogEvents" => give(&streams::put_events(state, call, take(input)?)?),
        _ => Err(Failure::not_implemented(call)),
    }
}

pub(crate) fn group_arn(call: &Call, name: &str) -> String {
    call.arn("logs", &format!("log-group:{name}"))
}

fn invalid(message: impl Into<String>) -> Failure {
    Failure::bad("InvalidParameterException", message)
}

/// The form of AWS's own messages about a value that breaks the model's constraints.
fn constraint(value: impl std::fmt::Display, field: &str, rule: &str) -> Failure {
    invalid(format!(
        "1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: {rule}"
    ))
}

fn no_group() -> Failure {
    Failure::bad(
        "ResourceNotFoundException",
        "The specified log group does not exist.",
    )
}

fn group_mut<'s>(state: &'s mut State, call: &Call, name: &str) -> Result<&'s mut LogGroup, Failure> {
    check_group_name(name)?;
    state
        .region(&call.account, &call.region)
        .log_groups
        .get_mut(name)
        .ok_or_else(no_group)
}

fn group<'s>(state: &'s State, call: &Call, name: &str) -> Result<&'s LogGroup, Failure> {
    check_group_name(name)?;
    state
        .find_region(&call.account, &call.region)
        .and_then(|region| region.log_groups.get(name))
        .ok_or_else(no_group)
}

/// The name of the group that a request names by name or by ARN.
fn named_group<'a>(name: Option<&'a str>, identifier: Option<&'a str>) -> Result<&'a str, Failure> {
    let by_arn = |arn: &'a str| arn.split_once(":log-group:").map_or(arn, |(_, name)| name);
    name.or(identifier.map(by_arn))
        .ok_or_else(|| invalid("logGroupName or logGroupIdentifier must be given."))
}

fn check_group_name(name: &str) -> Result<(), Failure> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_/#".contains(c);
    if name.is_empty() {
        return Err(constraint(
            name,
            "logGroupName",
            "Member must have length greater than or equal to 1",
        ));
    }
    if name.len() > 512 {
        return Err(constraint(
            name,
            "logGroupName",
            "Member must have length less than or equal to 512",
        ));
    }
    if !name.chars().all(allowed) {
        return Err(constraint(
            name,
            "logGroupName",
            r"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+",
        ));
    }
    Ok(())
}

fn page_of(limit: Option<i32>) -> Result<usize, Failure> {
    crate::services::page_size(limit, 50, 50, |limit| {
        constraint(limit, "limit", "Member must have value between 1 and 50")
    })
}
