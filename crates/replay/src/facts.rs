//! Who, what, where and when: what people ask of a record that matches.

use std::borrow::Cow;

use jiff::Timestamp;
use trailwarden_pattern::Look;

/// What a record says of its call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts<'r> {
    /// When the call was, in seconds since 1970.
    pub time: Option<i64>,
    /// The service that was called, without `.amazonaws.com`, and the call: `iam CreateUser`.
    pub call: Cow<'r, str>,
    /// Where.
    pub region: Cow<'r, str>,
    /// From where.
    pub address: Cow<'r, str>,
    /// Who.
    pub who: Principal,
}

/// Who made a call, and the field that tells it: what a pattern would ask about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Principal {
    /// The name: an ARN where there is one. The sessions of a role are the role.
    pub name: String,
    /// The selector of the field; none where no single field tells it, and of the root user, whom nobody
    /// should leave out.
    pub selector: Option<&'static str>,
}

/// The fields that are asked for, in the order of [`Field`].
pub(crate) const FIELDS: &[&[&str]] = &[
    &["eventTime"],
    &["eventSource"],
    &["eventName"],
    &["awsRegion"],
    &["sourceIPAddress"],
    &["userIdentity", "type"],
    &["userIdentity", "arn"],
    &["userIdentity", "principalId"],
    &["userIdentity", "invokedBy"],
    &["userIdentity", "sessionContext", "sessionIssuer", "arn"],
];

/// A field, by its place in [`FIELDS`].
#[derive(Clone, Copy)]
enum Field {
    Time,
    Source,
    Event,
    Region,
    Address,
    Sort,
    Arn,
    PrincipalId,
    InvokedBy,
    Issuer,
}

impl<'r> Facts<'r> {
    /// What a record that was looked at says, with its first texts those of [`FIELDS`]. What it does not say in the
    /// usual way is left empty.
    pub(crate) fn of(look: &Look<'r>) -> Self {
        let text = |field: Field| look.text(field as usize);
        let source = text(Field::Source).unwrap_or_default();
        let service = source.strip_suffix(".amazonaws.com").unwrap_or(&source);
        let event = text(Field::Event).unwrap_or_default();
        let call = match (service, &*event) {
            ("", event) => event.to_owned(),
            (service, "") => service.to_owned(),
            (service, event) => [service, event].join(" "),
        };
        Self {
            time: text(Field::Time)
                .and_then(|time| time.parse::<Timestamp>().ok())
                .map(Timestamp::as_second),
            call: Cow::Owned(call),
            region: text(Field::Region).unwrap_or_default(),
            address: text(Field::Address).unwrap_or_default(),
            who: principal(text),
        }
    }
}

/// "`CloudTrail` userIdentity element".
fn principal<'r>(text: impl Fn(Field) -> Option<Cow<'r, str>>) -> Principal {
    let of = |field: Field, selector: &'static str| {
        let name = text(field).filter(|name| !name.is_empty())?;
        Some(Principal {
            name: name.into_owned(),
            selector: Some(selector),
        })
    };
    let sort = text(Field::Sort).unwrap_or_default();
    if sort == "Root" {
        return Principal {
            name: text(Field::Arn).unwrap_or(Cow::Borrowed("root")).into_owned(),
            selector: None,
        };
    }
    let by_role = match &*sort {
        "AWSService" => of(Field::InvokedBy, "$.userIdentity.invokedBy"),
        _ => of(Field::Issuer, "$.userIdentity.sessionContext.sessionIssuer.arn"),
    };
    by_role
        .or_else(|| of(Field::Arn, "$.userIdentity.arn"))
        .or_else(|| of(Field::PrincipalId, "$.userIdentity.principalId"))
        .or_else(|| of(Field::InvokedBy, "$.userIdentity.invokedBy"))
        .unwrap_or_else(|| Principal {
            name: sort.into_owned(),
            selector: None,
        })
}

#[cfg(test)]
mod tests {
    use trailwarden_pattern::{MatcherSet, Scratch};

    use super::*;

    fn with<T>(record: &str, what: impl Fn(Facts<'_>) -> T) -> T {
        let set = MatcherSet::new(&[], FIELDS);
        what(Facts::of(&set.look(record.as_bytes(), &mut Scratch::default())))
    }

    fn who(identity: &str) -> (String, Option<&'static str>) {
        let record = format!("{{\"eventTime\":\"2026-03-01T10:00:00Z\",\"userIdentity\":{identity}}}");
        with(&record, |facts| {
            assert_eq!(facts.time, Some(1_772_359_200));
            (facts.who.name, facts.who.selector)
        })
    }

    #[test]
    fn whoever_calls_has_one_name() {
        let role = r#"{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/ci/run-7","sessionContext":
            {"sessionIssuer":{"arn":"arn:aws:iam::1:role/ci"}}}"#;
        assert_eq!(
            who(role),
            (
                "arn:aws:iam::1:role/ci".into(),
                Some("$.userIdentity.sessionContext.sessionIssuer.arn")
            )
        );
        let user = r#"{"type":"IAMUser","arn":"arn:aws:iam::1:user/ann","principalId":"AIDA"}"#;
        assert_eq!(
            who(user),
            ("arn:aws:iam::1:user/ann".into(), Some("$.userIdentity.arn"))
        );
        let root = r#"{"type":"Root","arn":"arn:aws:iam::1:root"}"#;
        assert_eq!(who(root), ("arn:aws:iam::1:root".into(), None));
        let service = r#"{"type":"AWSService","invokedBy":"config.amazonaws.com"}"#;
        assert_eq!(
            who(service),
            ("config.amazonaws.com".into(), Some("$.userIdentity.invokedBy"))
        );
        assert_eq!(who("{}"), (String::new(), None));
    }

    #[test]
    fn what_is_not_as_usual_is_left_empty() {
        with("no JSON", |facts| assert_eq!(facts, Facts::default()));
        with(r#"{"eventName":3,"awsRegion":"eu-central-1"}"#, |facts| {
            assert_eq!((&*facts.call, &*facts.region), ("", "eu-central-1"));
        });
        let odd = r#"{"eventTime":"yesterday","eventSource":"x.amazonaws.com","eventName":"\u0041"}"#;
        with(odd, |facts| assert_eq!((&*facts.call, facts.time), ("x A", None)));
        with(r#"{"eventName":"A"}"#, |facts| assert_eq!(facts.call, "A"));
        with(r#"{"eventSource":"x.amazonaws.com","eventName":""}"#, |facts| {
            assert_eq!(facts.call, "x")
        });
    }
}
