use crate::problem::{Code, Problem};

/// Fields with another value in nearly every record.
const MANY: [&str; 9] = [
    "eventID",
    "requestID",
    "eventTime",
    "sharedEventID",
    "userAgent",
    "sourceIPAddress",
    "userIdentity.accessKeyId",
    "userIdentity.principalId",
    "userIdentity.sessionContext.attributes.creationDate",
];
/// Objects that hold what callers send and get: names, ids, texts.
const WHOLE: [&str; 3] = ["requestParameters", "responseElements", "errorMessage"];

/// Looks a dimension's selector over: every value is a metric of its own, with its own price, and
/// `CloudWatch` Logs switches a filter off that makes more than about 1,000 within an hour.
#[must_use]
pub fn dimension(selector: &str) -> Option<Problem> {
    let path = selector.strip_prefix("$.")?;
    let whole = |object: &&str| {
        path.strip_prefix(*object)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    if !(MANY.contains(&path) || WHOLE.iter().any(whole)) {
        return None;
    }
    let message = format!("`{selector}` has too many values for a dimension");
    Some(
        Problem::new(Code::ManyValues, 0..selector.len(), message).help(
            "each value is a metric of its own, and CloudWatch Logs switches a filter off that makes about 1,000 in an \
             hour; take a field of few values, such as `$.eventName`",
        ),
    )
}
