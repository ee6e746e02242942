//! Who changed something, as the event history tells (`LookupEvents`).
//!
//! AWS does not say which resource names its services give to their events, and callers may call one thing
//! by its name or its ARN, so that a look-up by `ResourceName` misses some calls and shows older ones
//! instead. A look-up by `EventName` is exact: what a call was about stands in its request. Each name is asked once
//! a run, whatever the number of objects.

mod events;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudtrail::config::Region;
use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{Event, LookupAttribute, LookupAttributeKey};
use serde_json::Value;
use trailwarden_account::{AccountError, Asked};
use trailwarden_spec::arn::partition_of;
use trailwarden_spec::evidence::{Changed, Seen};
use trailwarden_spec::{Address, Kind, Object};

use super::{Aws, refusal, seen_or_hidden};
use crate::door::Api;
use events::names;

const LOOKUP: Api = Api::read("cloudtrail", "LookupEvents");

/// The most events that one call returns.
const PAGE: i32 = 50;

/// The calls of one name, the newest first.
struct Calls {
    events: Vec<Event>,
    /// There are more, older ones.
    more: bool,
}

/// See [`trailwarden_account::Observe::changes_of`].
pub(crate) async fn changes_of(
    aws: &Aws,
    asked: &[Asked],
    since: i64,
) -> Result<BTreeMap<Address, Seen<Vec<Changed>>>, AccountError> {
    let mut known: BTreeMap<(&str, &str), Calls> = BTreeMap::new();
    let mut closed: BTreeMap<&str, String> = BTreeMap::new();
    let mut answers = BTreeMap::new();
    for one in asked {
        let region = region_of(one.address.kind, &aws.scope.region);
        let service = service_of(one.address.kind);
        let names = names(one);
        for name in &names {
            if known.contains_key(&(region, *name)) || closed.contains_key(region) {
                continue;
            }
            match seen_or_hidden(look_up(aws, region, name, since).await.map(Some))? {
                Seen::Is(calls) => drop(known.insert((region, *name), calls)),
                // Whoever may not ask for one may not ask for another.
                Seen::Hidden(why) => drop(closed.insert(region, why)),
                Seen::Absent => {}
            }
        }
        let subject = Subject::of(aws, one);
        let mut found: Vec<Changed> = Vec::new();
        let mut unseen: BTreeSet<&str> = BTreeSet::new();
        for name in &names {
            let Some(calls) = known.get(&(region, *name)) else {
                continue;
            };
            let before = found.len();
            for event in &calls.events {
                found.extend(changed(event, service, &subject)?);
            }
            if found.len() == before && calls.more {
                unseen.insert(name);
            }
        }
        // To the second; within one they keep the order of the names.
        found.sort_by_key(|call| std::cmp::Reverse(call.at));
        let seen = match closed.get(region) {
            Some(why) => Seen::Hidden(why.clone()),
            None if found.is_empty() && !unseen.is_empty() => {
                let names = Vec::from_iter(unseen).join(", ");
                Seen::Hidden(format!(
                    "it is not among the newest {PAGE} calls of {names}, and older ones were not looked at"
                ))
            }
            None => Seen::Is(found),
        };
        answers.insert(one.address.clone(), seen);
    }
    Ok(answers)
}

/// The newest calls of a name.
async fn look_up(aws: &Aws, region: &str, name: &str, since: i64) -> Result<Calls, AccountError> {
    let attribute = LookupAttribute::builder()
        .attribute_key(LookupAttributeKey::EventName)
        .attribute_value(name)
        .build()
        .map_err(|error| refusal(LOOKUP, error.to_string()))?;
    let conf = aws
        .cloudtrail
        .config()
        .to_builder()
        .region(Region::new(region.to_owned()))
        .build();
    let client = aws_sdk_cloudtrail::Client::from_conf(conf);
    let ask = || {
        let lookup = client.lookup_events().lookup_attributes(attribute.clone());
        lookup
            .start_time(DateTime::from_secs(since))
            .max_results(PAGE)
            .send()
    };
    let answer = aws.door.call(LOOKUP, ask).await?;
    Ok(Calls {
        more: answer.next_token.is_some(),
        events: answer.events.unwrap_or_default(),
    })
}

/// Where the events of a kind are: those of IAM in the one region that its partition has for it, all
/// others where the object is.
fn region_of(kind: Kind, home: &str) -> &str {
    match (kind, partition_of(home)) {
        (Kind::Role, "aws-cn") => "cn-north-1",
        (Kind::Role, "aws-us-gov") => "us-gov-west-1",
        (Kind::Role, _) => "us-east-1",
        _ => home,
    }
}

/// The service whose events are about a kind.
fn service_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Key | Kind::KeyPolicy => "kms.amazonaws.com",
        Kind::Bucket | Kind::BucketPolicy => "s3.amazonaws.com",
        Kind::LogGroup | Kind::MetricFilter => "logs.amazonaws.com",
        Kind::Role => "iam.amazonaws.com",
        Kind::Trail => "cloudtrail.amazonaws.com",
        Kind::Topic | Kind::TopicPolicy | Kind::Subscription => "sns.amazonaws.com",
        Kind::Alarm | Kind::CompositeAlarm => "monitoring.amazonaws.com",
    }
}

/// How an object is called in requests.
#[derive(Debug, PartialEq, Eq)]
struct Subject {
    /// One of these stands in the request, or among the event's resources.
    names: BTreeSet<String>,
    /// A text that begins so does as well.
    prefix: Option<String>,
    /// This one stands there, too.
    within: Option<String>,
    /// What of a topic is set: its policy, or anything but that.
    policy: Option<bool>,
}

impl Subject {
    fn of(aws: &Aws, asked: &Asked) -> Self {
        let scope = &aws.scope;
        let name = asked.address.name.as_str();
        let mut names = BTreeSet::from([name.to_owned()]);
        names.extend(asked.arn.clone());
        let (mut prefix, mut within, mut policy) = (None, None, None);
        match &asked.object {
            Object::Key(_) | Object::KeyPolicy(_) => {
                let alias = scope.key_alias_arn(name);
                if let Some(key) = aws.keys.behind(&alias) {
                    names.extend(key.resource.strip_prefix("key/").map(ToOwned::to_owned));
                    names.insert(key.to_string());
                }
                names.insert(format!("alias/{name}"));
                names.insert(alias.to_string());
            }
            Object::Bucket(_) | Object::BucketPolicy(_) => {
                names.insert(scope.bucket_arn(name).to_string());
            }
            Object::LogGroup(_) => {
                let arn = scope.log_group_arn(name);
                names.extend([arn.to_string(), arn.with_star()]);
            }
            Object::Role(role) => {
                names.insert(scope.role_arn(&role.path, name).to_string());
            }
            Object::Trail(_) => {
                names.insert(scope.trail_arn(name).to_string());
            }
            Object::MetricFilter(filter) => {
                names = BTreeSet::from([filter.name.clone()]);
                within = Some(filter.log_group.clone());
            }
            Object::Topic(_) => {
                names.insert(scope.topic_arn(name).to_string());
                policy = Some(false);
            }
            Object::TopicPolicy(_) => {
                names.insert(scope.topic_arn(name).to_string());
                policy = Some(true);
            }
            // The endpoint is hidden in events; what is known is the topic.
            Object::Subscription(subscription) => {
                let topic = scope.topic_arn(&subscription.topic);
                match &asked.arn {
                    Some(arn) => names = BTreeSet::from([arn.clone()]),
                    None => {
                        names = BTreeSet::from([topic.to_string()]);
                        prefix = Some(format!("{topic}:"));
                    }
                }
            }
            Object::Alarm(_) | Object::CompositeAlarm(_) => {
                names.insert(scope.alarm_arn(name).to_string());
            }
        }
        Self {
            names,
            prefix,
            within,
            policy,
        }
    }

    /// True for a call that was about the object.
    fn is_of(&self, record: &Value) -> bool {
        let request = &record["requestParameters"];
        let places = [request, &record["responseElements"], &record["resources"]];
        let named = |text: &str| {
            self.names.contains(text)
                || self
                    .prefix
                    .as_ref()
                    .is_some_and(|prefix| text.starts_with(prefix))
        };
        let of_policy = match self.policy {
            Some(policy) => request["attributeName"]
                .as_str()
                .is_none_or(|attribute| (attribute == "Policy") == policy),
            None => true,
        };
        of_policy
            && places.iter().any(|place| says(place, &named))
            && self
                .within
                .as_ref()
                .is_none_or(|within| says(request, &|text| text == within))
    }
}

/// True when a text stands anywhere in a value.
fn says(value: &Value, is: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is(text),
        Value::Array(values) => values.iter().any(|value| says(value, is)),
        Value::Object(map) => map.values().any(|value| says(value, is)),
        _ => false,
    }
}

/// The event as a change of the object; none if it is another's, or AWS refused the call.
fn changed(event: &Event, service: &str, subject: &Subject) -> Result<Option<Changed>, AccountError> {
    if event.event_source().is_some_and(|source| source != service) {
        return Ok(None);
    }
    let text = event.cloud_trail_event().unwrap_or("null");
    let record: Value = serde_json::from_str(text)
        .map_err(|error| refusal(LOOKUP, format!("an event of the history is no JSON: {error}")))?;
    let refused = record["errorCode"].is_string();
    if refused || record["readOnly"] == true || !subject.is_of(&record) {
        return Ok(None);
    }
    Ok(Some(Changed {
        at: event.event_time().map(DateTime::secs).unwrap_or_default(),
        by: who(&record["userIdentity"])
            .or(event.username())
            .unwrap_or("somebody whom the event does not name")
            .to_owned(),
        event: event.event_name().unwrap_or_default().to_owned(),
        source_ip: record["sourceIPAddress"].as_str().map(ToOwned::to_owned),
        event_id: event.event_id().unwrap_or_default().to_owned(),
    }))
}

/// Who called: the ARN, that of the session for a role; a service by its name.
fn who(identity: &Value) -> Option<&str> {
    ["arn", "invokedBy", "principalId", "accountId"]
        .into_iter()
        .find_map(|key| identity[key].as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_wherever_it_stands() {
        let record =
            serde_json::json!({ "alarmNames": ["a", "b"], "deep": { "er": [{ "x": "c" }] }, "n": 1 });
        for (text, stands) in [("a", true), ("c", true), ("alarmNames", false), ("1", false)] {
            assert_eq!(says(&record, &|found| found == text), stands, "{text}");
        }
    }

    #[test]
    fn whoever_called_has_a_name() {
        let of = |identity: Value| who(&identity).map(ToOwned::to_owned);
        let session = "arn:aws:sts::123456789012:assumed-role/admin/eve";
        assert_eq!(
            of(serde_json::json!({ "type": "AssumedRole", "arn": session, "accountId": "123456789012" }))
                .as_deref(),
            Some(session)
        );
        assert_eq!(
            of(serde_json::json!({ "type": "AWSService", "invokedBy": "cloudformation.amazonaws.com" }))
                .as_deref(),
            Some("cloudformation.amazonaws.com")
        );
        assert_eq!(of(Value::Null), None);
    }

    fn event(name: &str, record: Value) -> Event {
        Event::builder()
            .event_name(name)
            .event_source("sns.amazonaws.com")
            .event_time(DateTime::from_secs(7))
            .event_id("id")
            .cloud_trail_event(record.to_string())
            .build()
    }

    #[test]
    fn a_topic_and_its_policy_are_told_apart() {
        let subject = |policy| Subject {
            names: BTreeSet::from(["arn:aws:sns:us-east-1:123456789012:t".to_owned()]),
            prefix: None,
            within: None,
            policy: Some(policy),
        };
        let set = |attribute: &str| {
            let request = serde_json::json!({ "topicArn": "arn:aws:sns:us-east-1:123456789012:t", "attributeName": attribute });
            event(
                "SetTopicAttributes",
                serde_json::json!({ "requestParameters": request, "userIdentity": { "arn": "eve" } }),
            )
        };
        for (attribute, policy, found) in [
            ("Policy", true, true),
            ("Policy", false, false),
            ("DisplayName", true, false),
            ("DisplayName", false, true),
        ] {
            let changed = changed(&set(attribute), "sns.amazonaws.com", &subject(policy)).unwrap();
            assert_eq!(changed.is_some(), found, "{attribute} {policy}");
            assert!(changed.is_none_or(|changed| changed.by == "eve" && changed.at == 7));
        }
        let of_logs = changed(&set("Policy"), "logs.amazonaws.com", &subject(true)).unwrap();
        assert_eq!(of_logs, None, "another service's");
    }

    #[test]
    fn calls_that_aws_refused_changed_nothing() {
        let subject = Subject {
            names: BTreeSet::from(["t".to_owned()]),
            prefix: None,
            within: None,
            policy: None,
        };
        let request = serde_json::json!({ "name": "t" });
        let done = serde_json::json!({ "requestParameters": request });
        let refused = serde_json::json!({ "requestParameters": request, "errorCode": "AccessDenied" });
        let look =
            |record: Value| changed(&event("CreateTopic", record), "sns.amazonaws.com", &subject).unwrap();
        assert!(look(done).is_some());
        assert_eq!(look(refused), None);
    }
}
