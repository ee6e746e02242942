//! The services, one module each. A handler takes the state and the typed input of an operation
//! and gives its output or AWS's refusal; it never sees bytes, except in S3.

pub(crate) mod cloudtrail;
pub(crate) mod cloudwatch;
pub(crate) mod iam;
pub(crate) mod kms;
pub(crate) mod logs;
pub(crate) mod s3;
pub(crate) mod sns;
pub(crate) mod sqs;
pub(crate) mod sts;
pub(crate) mod tagging;

use serde_json::Value;
use winterbaume_core::MockResponse;

use crate::protocol::{self, Failure, Protocol};
use crate::route::{Call, Params, Service};
use crate::state::{State, Tags};

/// What an operation is given, by protocol.
pub(crate) enum Input {
    Value(Value),
    Params(Params),
    S3(Box<s3::S3Request>),
}

pub(crate) fn handle(
    state: &mut State,
    protocol: Protocol,
    call: &Call,
    input: Input,
) -> Result<MockResponse, Failure> {
    let output = match (call.service, input) {
        (Service::CloudTrail, Input::Value(input)) => cloudtrail::handle(state, call, input),
        (Service::CloudWatch, Input::Value(input)) => cloudwatch::handle(state, call, input),
        (Service::Kms, Input::Value(input)) => kms::handle(state, call, input),
        (Service::Logs, Input::Value(input)) => logs::handle(state, call, input),
        (Service::Sqs, Input::Value(input)) => sqs::handle(state, call, input),
        (Service::Tagging, Input::Value(input)) => tagging::handle(state, call, input),
        (Service::CloudWatch, Input::Params(input)) => {
            let output = cloudwatch::handle(state, call, cloudwatch::query::read(call, &input)?)?;
            return Ok(protocol::query_answer(call, &cloudwatch::query::write(&output)));
        }
        (Service::Sns, Input::Params(input)) => return sns::handle(state, call, &input),
        (Service::Iam, Input::Params(input)) => return iam::handle(state, call, &input),
        (Service::Sts, Input::Params(_)) => return sts::handle(call),
        (Service::S3, Input::S3(request)) => return s3::handle(state, call, &request),
        _ => Err(Failure::not_implemented(call)),
    }?;
    Ok(protocol::answer(protocol, &output))
}

/// Cuts one page out of `items`, which are sorted by `key`.
///
/// The token is the key of the last item of the page before, so that pages stay whole while
/// things are made and deleted between two calls.
pub(crate) fn page<T>(
    items: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> String,
    token: Option<&str>,
    size: usize,
) -> (Vec<T>, Option<String>) {
    let mut rest = items
        .into_iter()
        .filter(|item| token.is_none_or(|token| key(item).as_str() > token));
    let items: Vec<T> = rest.by_ref().take(size).collect();
    let next = match rest.next() {
        Some(_) => items.last().map(key),
        None => None,
    };
    (items, next)
}

/// Takes a page size that must be in `1..=most`, or `usual` when there is none.
pub(crate) fn page_size(
    asked: Option<i32>,
    usual: usize,
    most: usize,
    refuse: impl FnOnce(i32) -> Failure,
) -> Result<usize, Failure> {
    match asked {
        None => Ok(usual),
        Some(asked) => usize::try_from(asked)
            .ok()
            .filter(|size| (1..=most).contains(size))
            .ok_or_else(|| refuse(asked)),
    }
}

/// Why tags are refused; each service has its own codes for the two.
#[derive(Debug, PartialEq)]
pub(crate) enum TagProblem {
    /// More than fifty.
    TooMany,
    /// A key or a value breaks the rules.
    Invalid(String),
}

/// Adds tags, in the rules that every service has for them; `refuse` gives the service's codes.
pub(crate) fn add_tags(
    tags: &mut Tags,
    added: impl IntoIterator<Item = (String, String)>,
    refuse: impl Fn(TagProblem) -> Failure,
) -> Result<(), Failure> {
    let invalid = |message: String| Err(refuse(TagProblem::Invalid(message)));
    for (key, value) in added {
        if key.is_empty() || key.chars().count() > 128 {
            return invalid(format!("The tag key `{key}` must have 1 to 128 characters."));
        }
        if value.chars().count() > 256 {
            return invalid(format!(
                "The value of the tag `{key}` is longer than 256 characters."
            ));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return invalid("System tags cannot be added or updated by requester".to_owned());
        }
        let allowed = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c);
        if !key.chars().all(allowed) || !value.chars().all(allowed) {
            return invalid(format!("The tag `{key}` holds characters that are not allowed."));
        }
        tags.insert(key, value);
    }
    if tags.len() > 50 {
        Err(refuse(TagProblem::TooMany))
    } else {
        Ok(())
    }
}
