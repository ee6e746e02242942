//! IAM: roles, their policies and their tags. Global, so the region plays no part.

mod documents;
mod policies;
mod roles;

use winterbaume_core::MockResponse;

use crate::judge::{self, Question};
use crate::protocol::{Failure, query_answer};
use crate::route::{Call, Params};
use crate::state::{Role, State};

pub(crate) fn handle(state: &mut State, call: &Call, input: &Params) -> Result<MockResponse, Failure> {
    let done = |()| empty(call);
    match call.operation.as_str() {
        "CreateRole" => roles::create(state, call, input),
        "GetRole" => roles::get(state, call, input),
        "ListRoles" => roles::list(state, call, input),
        "UpdateAssumeRolePolicy" => roles::update_trust(state, call, input).map(done),
        "UpdateRole" => roles::update(state, call, input).map(|()| query_answer(call, "")),
        "DeleteRole" => roles::delete(state, call, input).map(done),
        "PutRolePermissionsBoundary" => roles::put_boundary(state, call, input).map(done),
        "DeleteRolePermissionsBoundary" => roles::delete_boundary(state, call, input).map(done),
        "TagRole" => roles::tag(state, call, input).map(done),
        "UntagRole" => roles::untag(state, call, input).map(done),
        "ListRoleTags" => roles::list_tags(state, call, input),
        "PutRolePolicy" => policies::put(state, call, input).map(done),
        "GetRolePolicy" => policies::get(state, call, input),
        "ListRolePolicies" => policies::list(state, call, input),
        "DeleteRolePolicy" => policies::delete(state, call, input).map(done),
        "AttachRolePolicy" => policies::attach(state, call, input).map(done),
        "DetachRolePolicy" => policies::detach(state, call, input).map(done),
        "ListAttachedRolePolicies" => policies::list_attached(state, call, input),
        _ => Err(Failure::not_implemented(call)),
    }
}

/// The answer of an operation without a result.
fn empty(call: &Call) -> MockResponse {
    let operation = &call.operation;
    MockResponse::xml(
        200,
        format!(
            "<{operation}Response xmlns=\"{}\"><ResponseMetadata><RequestId>{}</RequestId>\
             </ResponseMetadata></{operation}Response>",
            call.service.xml_namespace(),
            call.request_id
        ),
    )
}

/// Finds a role of the caller's account by its ARN, path and all.
pub(crate) fn find_role<'s>(state: &'s State, call: &Call, arn: &str) -> Option<&'s Role> {
    let (_, name) = arn.rsplit_once('/')?;
    let role = state.accounts.get(&call.account)?.roles.get(name)?;
    (role_arn(call, role, name) == arn).then_some(role)
}

/// Tells whether a service may assume the role.
pub(crate) fn trusts(role: &Role, service: &str, context: &[(&str, &str)]) -> bool {
    let question = Question {
        service: Some(service),
        action: "sts:AssumeRole",
        resource: "*",
        context,
    };
    judge::allows([role.trust.as_str()], &question)
}

/// Tells whether the role's policies allow an action.
///
/// Of the managed policies only two that allow everything about logs are known here.
pub(crate) fn allows(role: &Role, action: &str, resource: &str) -> bool {
    let question = Question {
        service: None,
        action,
        resource,
        context: &[],
    };
    let managed =
        role.attached
            .iter()
            .filter_map(|arn| match arn.rsplit_once(":policy/").map(|(_, name)| name) {
                Some("AdministratorAccess") => {
                    Some(r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#)
                }
                Some("CloudWatchLogsFullAccess") => {
                    Some(r#"{"Statement":{"Effect":"Allow","Action":"logs:*","Resource":"*"}}"#)
                }
                _ => None,
            });
    judge::allows(role.inline.values().map(String::as_str).chain(managed), &question)
}

pub(crate) fn role_arn(call: &Call, role: &Role, name: &str) -> String {
    format!(
        "arn:{}:iam::{}:role{}{name}",
        call.partition(),
        call.account,
        role.path
    )
}

/// Reads an input with one of the generated readers.
fn read<T>(reader: impl FnOnce(&Params) -> Result<T, String>, input: &Params) -> Result<T, Failure> {
    reader(input).map_err(invalid)
}

fn invalid(message: impl Into<String>) -> Failure {
    Failure::bad("ValidationError", message)
}

fn no_entity(message: impl Into<String>) -> Failure {
    Failure::new(404, "NoSuchEntity", message)
}

fn no_role(name: &str) -> Failure {
    no_entity(format!("The role with name {name} cannot be found."))
}

fn role<'s>(state: &'s State, call: &Call, name: &str) -> Result<&'s Role, Failure> {
    state
        .accounts
        .get(&call.account)
        .and_then(|account| account.roles.get(name))
        .ok_or_else(|| no_role(name))
}

fn role_mut<'s>(state: &'s mut State, call: &Call, name: &str) -> Result<&'s mut Role, Failure> {
    state
        .account(&call.account)
        .roles
        .get_mut(name)
        .ok_or_else(|| no_role(name))
}

fn check_name(name: &str, field: &str, most: usize) -> Result<(), Failure> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if name.is_empty() || name.len() > most || !name.chars().all(allowed) {
        return Err(invalid(format!(
            "The specified value for {field} is invalid. It must contain only alphanumeric \
             characters and/or the following: +=,.@_- and have at most {most} characters"
        )));
    }
    Ok(())
}

fn page_of(asked: Option<i32>) -> Result<usize, Failure> {
    crate::services::page_size(asked, 100, 1000, |asked| {
        invalid(format!(
            "1 validation error detected: Value '{asked}' at 'maxItems' failed to satisfy \
             constraint: Member must have value between 1 and 1000"
        ))
    })
}
