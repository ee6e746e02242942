//! The event history: the management events of the last 90 days, in the region that logged them.
//!
//! On AWS an event is there after some minutes, here at once.

use serde_json::Value;
use winterbaume_cloudtrail::wire::{
    Event, LookupAttribute, LookupEventsRequest, LookupEventsResponse, Resource,
};

use crate::protocol::Failure;
use crate::route::Call;
use crate::services::page_size;
use crate::state::State;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// The keys that `LookupAttributes` knows.
const KEYS: [&str; 8] = [
    "AccessKeyId",
    "EventId",
    "EventName",
    "EventSource",
    "ReadOnly",
    "ResourceName",
    "ResourceType",
    "Username",
];

/// Where an event is in the history: the newest first, of one second the last recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Position {
    time: i64,
    start: u64,
}

impl Position {
    fn token(self) -> String {
        format!("{}-{}", self.time, self.start)
    }

    fn of(token: &str) -> Option<Position> {
        let (time, start) = token.rsplit_once('-')?;
        Some(Position {
            time: time.parse().ok()?,
            start: start.parse().ok()?,
        })
    }
}

pub(crate) fn events(
    state: &State,
    call: &Call,
    input: LookupEventsRequest,
) -> Result<LookupEventsResponse, Failure> {
    let size = page_size(input.max_results, 50, 50, |_| {
        Failure::bad(
            "InvalidMaxResultsException",
            "The value of MaxResults must be between 1 and 50.",
        )
    })?;
    let attribute = attribute(input.lookup_attributes.as_deref())?;
    let milliseconds = |seconds: Option<f64>| {
        #[expect(clippy::cast_possible_truncation, reason = "a time in milliseconds is whole")]
        seconds.map(|seconds| (seconds * 1000.0).round() as i64)
    };
    let (from, to) = (milliseconds(input.start_time), milliseconds(input.end_time));
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(Failure::bad(
            "InvalidTimeRangeException",
            "The start time must not be after the end time.",
        ));
    }
    let after = match input.next_token.as_deref() {
        None => None,
        Some(token) => Some(
            Position::of(token)
                .ok_or_else(|| Failure::bad("InvalidNextTokenException", "The next token is not valid."))?,
        ),
    };
    if input.event_category.as_deref().is_some_and(|it| it != "insight") {
        return Err(Failure::bad(
            "InvalidEventCategoryException",
            "The only event category that can be looked up by its name is insight.",
        ));
    }
    if input.event_category.is_some() {
        // No insights are ever found here.
        return Ok(LookupEventsResponse {
            events: Some(Vec::new()),
            next_token: None,
        });
    }
    let oldest = (call.now - 90 * DAY).max(from.unwrap_or(i64::MIN));
    let newest = call.now.min(to.unwrap_or(i64::MAX));
    let mut found = Vec::new();
    for placed in state.vault.entries(0).map_err(Failure::unusable)? {
        let placed = placed.map_err(Failure::unusable)?;
        if placed.entry.account != call.account {
            continue;
        }
        let Ok(record) = serde_json::from_str::<Value>(&placed.entry.record) else {
            continue;
        };
        let Some(time) = time_of(&record) else {
            continue;
        };
        let position = Position {
            time,
            start: placed.start,
        };
        if (oldest..=newest).contains(&time)
            && record["awsRegion"] == call.region.as_str()
            && record["managementEvent"] != false
            && after.is_none_or(|after| position < after)
            && attribute.is_none_or(|attribute| has(&record, attribute))
        {
            found.push((position, record, placed.entry.record));
        }
    }
    found.sort_by_key(|(position, ..)| std::cmp::Reverse(*position));
    let more = found.len() > size;
    found.truncate(size);
    let next_token = found
        .last()
        .filter(|_| more)
        .map(|(position, ..)| position.token());
    let events = found
        .into_iter()
        .map(|(position, record, text)| event(position, &record, text));
    Ok(LookupEventsResponse {
        events: Some(events.collect()),
        next_token,
    })
}

fn attribute(attributes: Option<&[LookupAttribute]>) -> Result<Option<&LookupAttribute>, Failure> {
    let refuse = |why: &str| Err(Failure::bad("InvalidLookupAttributesException", why));
    match attributes.unwrap_or_default() {
        [] => Ok(None),
        [one] if !KEYS.contains(&one.attribute_key.as_str()) => {
            refuse(&format!("The attribute key {} is not known.", one.attribute_key))
        }
        [one] => Ok(Some(one)),
        _ => refuse("You can specify only one lookup attribute."),
    }
}

/// The time that a record says, in milliseconds.
fn time_of(record: &Value) -> Option<i64> {
    let time: jiff::Timestamp = record["eventTime"].as_str()?.parse().ok()?;
    Some(time.as_millisecond())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn read_only(record: &Value) -> Option<String> {
    record["readOnly"].as_bool().map(|it| it.to_string())
}

fn has(record: &Value, attribute: &LookupAttribute) -> bool {
    let wanted = Some(attribute.attribute_value.clone());
    match attribute.attribute_key.as_str() {
        "AccessKeyId" => text(&record["userIdentity"]["accessKeyId"]) == wanted,
        "EventId" => text(&record["eventID"]) == wanted,
        "EventName" => text(&record["eventName"]) == wanted,
        "EventSource" => text(&record["eventSource"]) == wanted,
        "ReadOnly" => read_only(record) == wanted,
        "ResourceName" => resources(record).iter().any(|it| it.resource_name == wanted),
        "ResourceType" => resources(record).iter().any(|it| it.resource_type == wanted),
        _ => user(record) == wanted,
    }
}

/// The name of the user, or of the session of a role.
fn user(record: &Value) -> Option<String> {
    let who = &record["userIdentity"];
    text(&who["userName"]).or_else(|| {
        let session = who["arn"].as_str()?.rsplit('/').next()?;
        (who["type"] == "AssumedRole").then(|| session.to_owned())
    })
}

fn event(position: Position, record: &Value, text_of_it: String) -> Event {
    Event {
        access_key_id: text(&record["userIdentity"]["accessKeyId"]),
        cloud_trail_event: Some(text_of_it),
        event_id: text(&record["eventID"]),
        event_name: text(&record["eventName"]),
        event_source: text(&record["eventSource"]),
        event_time: Some(crate::protocol::seconds(position.time)),
        read_only: read_only(record),
        resources: Some(resources(record)),
        username: user(record),
    }
}

/// Where the services that the sandbox has name resources in their requests.
const NAMES: [(&str, &str, &str); 19] = [
    ("cloudtrail", "name", "AWS::CloudTrail::Trail"),
    ("cloudtrail", "trailName", "AWS::CloudTrail::Trail"),
    ("cloudtrail", "s3BucketName", "AWS::S3::Bucket"),
    ("s3", "bucketName", "AWS::S3::Bucket"),
    ("iam", "roleName", "AWS::IAM::Role"),
    ("iam", "policyArn", "AWS::IAM::Policy"),
    ("logs", "logGroupName", "AWS::Logs::LogGroup"),
    ("logs", "logStreamName", "AWS::Logs::LogStream"),
    ("logs", "filterName", "AWS::Logs::MetricFilter"),
    ("monitoring", "alarmName", "AWS::CloudWatch::Alarm"),
    ("monitoring", "alarmNames", "AWS::CloudWatch::Alarm"),
    ("sns", "topicArn", "AWS::SNS::Topic"),
    ("sns", "name", "AWS::SNS::Topic"),
    ("sns", "subscriptionArn", "AWS::SNS::Subscription"),
    ("sqs", "queueUrl", "AWS::SQS::Queue"),
    ("sqs", "queueName", "AWS::SQS::Queue"),
    ("kms", "keyId", "AWS::KMS::Key"),
    ("kms", "targetKeyId", "AWS::KMS::Key"),
    ("kms", "aliasName", "AWS::KMS::Alias"),
];

/// What an event is about: what its request names, and what it made.
fn resources(record: &Value) -> Vec<Resource> {
    let service = record["eventSource"].as_str().unwrap_or_default();
    let service = service.trim_end_matches(".amazonaws.com");
    let mut found: Vec<Resource> = Vec::new();
    let mut add = |kind: &str, name: &Value| {
        let names = match name {
            Value::Array(names) => names.as_slice(),
            one => std::slice::from_ref(one),
        };
        for name in names.iter().filter_map(Value::as_str) {
            let resource = Resource {
                resource_name: Some(name.to_owned()),
                resource_type: Some(kind.to_owned()),
            };
            let known = |it: &Resource| {
                it.resource_name == resource.resource_name && it.resource_type == resource.resource_type
            };
            if !found.iter().any(known) {
                found.push(resource);
            }
        }
    };
    let made = &record["responseElements"];
    for (_, field, kind) in NAMES.iter().filter(|(of, ..)| *of == service) {
        add(kind, &record["requestParameters"][field]);
    }
    for (of, made, kind) in [
        ("cloudtrail", &made["trailARN"], "AWS::CloudTrail::Trail"),
        ("sns", &made["topicArn"], "AWS::SNS::Topic"),
        ("sns", &made["subscriptionArn"], "AWS::SNS::Subscription"),
        ("kms", &made["keyMetadata"]["arn"], "AWS::KMS::Key"),
    ] {
        if of == service {
            add(kind, made);
        }
    }
    found
}
