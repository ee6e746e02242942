//! Events that the trail does not record.

use std::collections::BTreeSet;

use super::{Placed, required};
use crate::problem::{Code, Problem};
use crate::tree::{Condition, Operator, Shape, Value};

/// What a trail records, as far as a pattern's lints ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Which management events.
    pub management: ManagementEvents,
    /// Sources whose management events are left out, such as `kms.amazonaws.com`.
    pub excluded: BTreeSet<String>,
    /// True when it records data events, of whatever resources.
    pub data: bool,
    /// True when it sees the events of global services such as IAM: it is a multi-region trail, or
    /// one of us-east-1, and does not leave them out.
    pub global: bool,
}

/// Which management events a trail records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManagementEvents {
    /// All.
    All,
    /// Those that only read.
    Read,
    /// Those that change something.
    Write,
    /// None.
    None,
}

/// Services whose events are recorded in us-east-1 only. (AWS, "Understanding CloudTrail events":
/// global service events; since November 2021.)
const GLOBAL: [&str; 6] = [
    "iam.amazonaws.com",
    "cloudfront.amazonaws.com",
    "route53.amazonaws.com",
    "organizations.amazonaws.com",
    "globalaccelerator.amazonaws.com",
    "waf.amazonaws.com",
];

/// Data events: they are recorded only where a trail asks for them. (AWS, "Logging data events".)
const DATA: [(&str, &[&str]); 4] = [
    (
        "s3.amazonaws.com",
        &[
            "GetObject",
            "PutObject",
            "DeleteObject",
            "DeleteObjects",
            "HeadObject",
            "CopyObject",
            "ListObjects",
            "GetObjectAcl",
            "PutObjectAcl",
            "GetObjectTagging",
            "PutObjectTagging",
            "DeleteObjectTagging",
            "RestoreObject",
            "SelectObjectContent",
            "CreateMultipartUpload",
            "CompleteMultipartUpload",
            "AbortMultipartUpload",
            "UploadPart",
            "UploadPartCopy",
            "ListParts",
            "GetObjectTorrent",
            "GetObjectRetention",
            "PutObjectRetention",
            "GetObjectLegalHold",
            "PutObjectLegalHold",
            "GetObjectAttributes",
        ],
    ),
    ("lambda.amazonaws.com", &["Invoke", "InvokeExecution"]),
    (
        "dynamodb.amazonaws.com",
        &[
            "GetItem",
            "PutItem",
            "UpdateItem",
            "DeleteItem",
            "BatchGetItem",
            "BatchWriteItem",
            "Query",
            "Scan",
            "TransactGetItems",
            "TransactWriteItems",
            "BatchExecuteStatement",
            "ExecuteStatement",
            "ExecuteTransaction",
        ],
    ),
    ("sns.amazonaws.com", &["Publish", "PublishBatch"]),
];

/// Beginnings of the names of calls that change something, and of calls that do not: only what is
/// sure, as the records' own `readOnly` decides.
const WRITES: [&str; 9] = [
    "Create",
    "Delete",
    "Put",
    "Update",
    "Attach",
    "Detach",
    "Modify",
    "Authorize",
    "Revoke",
];
const READS: [&str; 2] = ["Describe", "List"];

pub(super) fn lint(placed: &[Placed<'_>], recording: &Recording, found: &mut Vec<Problem>) {
    for one in placed {
        found.extend(
            by_source(one, recording)
                .or_else(|| by_name(one, recording))
                .or_else(|| by_sort(one, recording)),
        );
    }
}

fn by_source(one: &Placed<'_>, recording: &Recording) -> Option<Problem> {
    let source = one.test.is_exactly("eventSource")?;
    let span = one.test.compare()?.value_span.clone();
    if recording.excluded.contains(source) {
        let message = format!("the trail leaves the events of {source} out");
        let problem = Problem::new(Code::NotRecorded, span, message);
        return Some(problem.help("let the trail record them, or take the condition away"));
    }
    if !recording.global && GLOBAL.contains(&source) {
        let message = format!("events of {source} are recorded in us-east-1, which this trail does not see");
        let problem = Problem::new(Code::NotRecorded, span, message);
        return Some(problem.help("write `multi_region = true` in the trail, or use one in us-east-1"));
    }
    None
}

fn by_name(one: &Placed<'_>, recording: &Recording) -> Option<Problem> {
    let compare = one
        .test
        .compare()
        .filter(|compare| compare.operator == Operator::Equal)?;
    let name = match &compare.value {
        Value::Text(text)
            if one.test.selector.is("eventName") && matches!(text.shape, Shape::Exact | Shape::Starts) =>
        {
            text.text.as_str()
        }
        _ => return None,
    };
    let span = compare.value_span.clone();
    let problem = |message: String| Problem::new(Code::NotRecorded, span.clone(), message);
    let sources = required(&one.beside, "eventSource");
    let only = match sources.as_deref() {
        Some([only]) => Some(*only),
        _ => None,
    };
    let is_data = |(source, names): &&(&str, &[&str])| Some(*source) == only && names.contains(&name);
    if let Some((source, _)) = DATA.iter().find(is_data).filter(|_| !recording.data) {
        let problem = problem(format!(
            "`{name}` of {source} is a data event, and the trail records none"
        ));
        return Some(
            problem.help("let the trail record data events of these resources, or take the condition away"),
        );
    }
    let begins = |with: &&str| {
        name.strip_prefix(*with)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_uppercase()))
    };
    let wrong = match recording.management {
        ManagementEvents::All => return None,
        ManagementEvents::None => "the trail records no management events".to_owned(),
        ManagementEvents::Read if WRITES.iter().any(begins) => {
            format!("`{name}` changes something, and the trail records reading only")
        }
        ManagementEvents::Write if READS.iter().any(begins) => {
            format!("`{name}` only reads, and the trail records changes only")
        }
        ManagementEvents::Read | ManagementEvents::Write => return None,
    };
    Some(problem(wrong).help("write `management_events = \"all\"` in the trail"))
}

/// Conditions on what sort of event it is.
fn by_sort(one: &Placed<'_>, recording: &Recording) -> Option<Problem> {
    let problem = |message: &str| Problem::new(Code::NotRecorded, one.node.span.clone(), message);
    if one.test.selector.is("readOnly") {
        let wrong = match (&one.test.condition, recording.management) {
            (Condition::IsTrue, ManagementEvents::Write) => "the trail records changes only",
            (Condition::IsFalse, ManagementEvents::Read) => "the trail records reading only",
            _ => return None,
        };
        return Some(problem(wrong).help("write `management_events = \"all\"` in the trail"));
    }
    let category = one.test.is_exactly("eventCategory")?;
    let data = category == "Data" && !recording.data;
    data.then(|| {
        problem("the trail records no data events")
            .help("let the trail record them, or take the condition away")
    })
}
