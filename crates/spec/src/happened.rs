//! What happened in an account: the events that `CloudTrail` records.

use serde::Serialize;
use serde_json::Value;

/// An event as `CloudTrail` recorded it ("`CloudTrail` record contents").
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Happened {
    /// When the request was completed: UTC, as the record says it.
    pub time: String,
    /// What was called, such as `CreateUser`.
    pub name: String,
    /// The service that was called, such as `iam.amazonaws.com`.
    pub source: String,
    /// The region that was called.
    pub region: Option<String>,
    /// The name of the user or of the session; `root`, or the service that called.
    pub user: Option<String>,
    /// The ARN of whoever called; absent for services and for users of other accounts who only tried.
    pub who: Option<String>,
    /// Where the call came from: an IP address, or the name of a service.
    pub address: Option<String>,
    /// The error code that the caller got.
    pub error: Option<String>,
    /// The event's id.
    pub id: Option<String>,
    /// What the event is about, as the event history names it; a log group does not say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Concerned>,
    /// The whole record.
    #[serde(skip)]
    pub record: Value,
}

/// A resource that an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Concerned {
    /// Its type, such as `AWS::IAM::User`; services do not always say.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Its name or ARN.
    pub name: String,
}

impl Happened {
    /// Reads a record; `None` for text that is none.
    #[must_use]
    pub fn of(record: &str) -> Option<Self> {
        let record: Value = serde_json::from_str(record).ok()?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let who = &record["userIdentity"];
        let session = || {
            let arn = who["arn"].as_str()?;
            (who["type"] == "AssumedRole").then(|| arn.rsplit('/').next().unwrap_or(arn).to_owned())
        };
        let user = text(&who["userName"])
            .or_else(session)
            .or_else(|| (who["type"] == "Root").then(|| "root".to_owned()))
            .or_else(|| text(&who["invokedBy"]))
            .or_else(|| text(&who["principalId"]));
        Some(Self {
            time: text(&record["eventTime"])?,
            name: text(&record["eventName"])?,
            source: text(&record["eventSource"])?,
            region: text(&record["awsRegion"]),
            user,
            who: text(&who["arn"]),
            address: text(&record["sourceIPAddress"]),
            error: text(&record["errorCode"]),
            id: text(&record["eventID"]),
            resources: Vec::new(),
            record,
        })
    }
}

/// What is looked for in the event history (`LookupEvents`). All that is given must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lookup {
    /// The event's id.
    pub id: Option<String>,
    /// What was called.
    pub name: Option<String>,
    /// The name of the user or of the session.
    pub user: Option<String>,
    /// The name or ARN of what the event is about.
    pub resource: Option<String>,
    /// The service, such as `iam.amazonaws.com`.
    pub source: Option<String>,
    /// Not before, in seconds since 1970.
    pub from: Option<i64>,
    /// Not after, in seconds since 1970.
    pub to: Option<i64>,
    /// How many events are enough: the newest.
    pub most: usize,
}

impl Lookup {
    /// The one attribute that AWS is asked for, as its API calls it: the one that probably leaves the fewest
    /// events. `LookupEvents` takes no second one.
    #[must_use]
    pub fn attribute(&self) -> Option<(&'static str, &str)> {
        [
            ("EventId", &self.id),
            ("ResourceName", &self.resource),
            ("Username", &self.user),
            ("EventName", &self.name),
            ("EventSource", &self.source),
        ]
        .into_iter()
        .find_map(|(key, value)| Some((key, value.as_deref()?)))
    }

    /// Whether an event is looked for, whatever AWS was asked. Times are AWS's matter.
    #[must_use]
    pub fn fits(&self, event: &Happened) -> bool {
        let same = |wanted: &Option<String>, is: Option<&str>| wanted.is_none() || wanted.as_deref() == is;
        let concerned = |name: &String| event.resources.iter().any(|it| it.name == *name);
        same(&self.id, event.id.as_deref())
            && same(&self.name, Some(&event.name))
            && same(&self.user, event.user.as_deref())
            && same(&self.source, Some(&event.source))
            && self.resource.as_ref().is_none_or(concerned)
    }
}

/// What is looked for in a log group (`FilterLogEvents`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// The group's name.
    pub group: String,
    /// A filter pattern, which AWS evaluates; all events without one.
    pub pattern: Option<String>,
    /// Not before, in milliseconds since 1970: the time of the log event.
    pub from: i64,
    /// Not after, in milliseconds since 1970.
    pub to: Option<i64>,
    /// How many events to keep: the newest.
    pub most: usize,
}

/// An event of a log group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// Its time, in milliseconds since 1970. Of a record of `CloudTrail` that is about when it was delivered;
    /// the record says when the call was.
    pub at: i64,
    /// Its id, unique in the group.
    pub id: String,
    /// The stream that it is in.
    pub stream: String,
    /// Its text.
    pub message: String,
}

/// A stream of a log group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogStream {
    /// Its name.
    pub name: String,
    /// The time of its newest event, in milliseconds since 1970; `CloudWatch` Logs tells it up to an hour late.
    pub last: Option<i64>,
}

/// What is looked for in a bucket (`ListObjectsV2`, which answers in the order of the keys' bytes).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredQuery {
    /// The bucket, of the stack's account.
    pub bucket: String,
    /// What the keys begin with.
    pub prefix: String,
    /// Only keys after this one; all with the prefix without it.
    pub after: Option<String>,
    /// Only keys up to this one.
    pub last: Option<String>,
}

/// An object in a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its key.
    pub key: String,
    /// How large it is, in bytes.
    pub bytes: u64,
}

/// A change of an alarm's state (`DescribeAlarmHistory`, which goes back 30 days).
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// When, in seconds since 1970.
    pub at: i64,
    /// The state before: `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub from: String,
    /// The state after.
    pub to: String,
    /// Why, in AWS's words.
    pub reason: String,
    /// What it looked at (`StateReasonData`); null where somebody set the state, and of composite alarms whatever
    /// AWS says of their alarms.
    pub data: Value,
}

impl Transition {
    /// Reads the data of an item of the history; `None` for what is no change of state.
    #[must_use]
    pub fn of(at: i64, data: &str) -> Option<Self> {
        let data: Value = serde_json::from_str(data).ok()?;
        let state = |of: &str| data[of]["stateValue"].as_str().map(str::to_owned);
        let new = &data["newState"];
        Some(Self {
            at,
            from: state("oldState")?,
            to: state("newState")?,
            reason: new["stateReason"].as_str().unwrap_or_default().to_owned(),
            data: new["stateReasonData"].clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(who: &str) -> Happened {
        let record = format!(
            r#"{{"eventTime": "2026-03-01T12:00:00Z", "eventName": "CreateUser", "eventSource": "iam.amazonaws.com",
                "eventID": "e-1", "userIdentity": {who}}}"#
        );
        Happened::of(&record).unwrap_or_else(|| panic!("no event in {record}"))
    }

    #[test]
    fn whoever_called_has_a_name() {
        for (who, user) in [
            (
                r#"{"type": "IAMUser", "userName": "ann", "arn": "arn:aws:iam::1:user/ann"}"#,
                "ann",
            ),
            (
                r#"{"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/admin/bob"}"#,
                "bob",
            ),
            (r#"{"type": "Root", "arn": "arn:aws:iam::1:root"}"#, "root"),
            (
                r#"{"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}"#,
                "cloudtrail.amazonaws.com",
            ),
        ] {
            assert_eq!(event(who).user.as_deref(), Some(user));
        }
        assert_eq!(event("null").user, None);
        assert_eq!(Happened::of("{\"eventName\": \"x\"}"), None);
        assert_eq!(Happened::of("no JSON"), None);
    }

    #[test]
    fn aws_is_asked_for_one_attribute_and_the_others_are_looked_at_here() {
        let mut ann = event(r#"{"userName": "ann"}"#);
        ann.resources.push(Concerned {
            kind: None,
            name: "eve".into(),
        });
        let some = |text: &str| Some(text.to_owned());
        let lookup = Lookup {
            name: some("CreateUser"),
            user: some("ann"),
            resource: some("eve"),
            source: some("iam.amazonaws.com"),
            ..Lookup::default()
        };
        assert_eq!(lookup.attribute(), Some(("ResourceName", "eve")));
        assert!(lookup.fits(&ann));
        for other in [
            Lookup {
                name: some("DeleteUser"),
                ..lookup.clone()
            },
            Lookup {
                user: some("bob"),
                ..lookup.clone()
            },
            Lookup {
                resource: some("ann"),
                ..lookup.clone()
            },
            Lookup {
                source: some("sts.amazonaws.com"),
                ..lookup.clone()
            },
            Lookup {
                id: some("e-2"),
                ..lookup.clone()
            },
        ] {
            assert!(!other.fits(&ann), "{other:?}");
        }
        assert_eq!(Lookup::default().attribute(), None);
        assert!(Lookup::default().fits(&ann));
    }
}
