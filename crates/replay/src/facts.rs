//! Who, what, where and when: what people ask of a record that matches.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;

/// What a record says of its call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// When the call was, in seconds since 1970.
    pub time: Option<i64>,
    /// What was called.
    pub event: String,
    /// The service that was called.
    pub source: String,
    /// Where.
    pub region: String,
    /// From where.
    pub address: String,
    /// Who.
    pub who: Principal,
}

/// Who made a call, and the field that tells it: what a pattern would ask about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Principal {
    /// The name: an ARN where there is one. The sessions of a role are the role.
    pub name: String,
    /// The selector of the field; none where no single field tells it, and of the root user, whom nobody
    /// should leave out.
    pub selector: Option<&'static str>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Record<'r> {
    #[serde(borrow)]
    event_time: Option<Cow<'r, str>>,
    #[serde(borrow)]
    event_name: Option<Cow<'r, str>>,
    #[serde(borrow)]
    event_source: Option<Cow<'r, str>>,
    #[serde(borrow)]
    aws_region: Option<Cow<'r, str>>,
    #[serde(borrow, rename = "sourceIPAddress")]
    source_ip_address: Option<Cow<'r, str>>,
    #[serde(borrow)]
    user_identity: Option<Identity<'r>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Identity<'r> {
    #[serde(borrow, rename = "type")]
    sort: Option<Cow<'r, str>>,
    #[serde(borrow)]
    arn: Option<Cow<'r, str>>,
    #[serde(borrow)]
    principal_id: Option<Cow<'r, str>>,
    #[serde(borrow)]
    invoked_by: Option<Cow<'r, str>>,
    #[serde(borrow)]
    session_context: Option<Session<'r>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Session<'r> {
    #[serde(borrow)]
    session_issuer: Option<Issuer<'r>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Issuer<'r> {
    #[serde(borrow)]
    arn: Option<Cow<'r, str>>,
}

impl Facts {
    /// Reads a record. What it does not say in the usual way is left empty.
    #[must_use]
    pub fn of(record: &[u8]) -> Self {
        let record: Record<'_> = serde_json::from_slice(record).unwrap_or_default();
        let text = |field: Option<Cow<'_, str>>| field.unwrap_or_default().into_owned();
        Self {
            time: record
                .event_time
                .and_then(|time| time.parse::<Timestamp>().ok())
                .map(Timestamp::as_second),
            event: text(record.event_name),
            source: text(record.event_source),
            region: text(record.aws_region),
            address: text(record.source_ip_address),
            who: record.user_identity.map(principal).unwrap_or_default(),
        }
    }
}

/// "`CloudTrail` userIdentity element".
fn principal(identity: Identity<'_>) -> Principal {
    let issuer = identity
        .session_context
        .and_then(|session| session.session_issuer)
        .and_then(|issuer| issuer.arn)
        .filter(|arn| !arn.is_empty());
    let of = |name: Option<Cow<'_, str>>, selector: &'static str| {
        let name = name.filter(|name| !name.is_empty())?;
        Some(Principal {
            name: name.into_owned(),
            selector: Some(selector),
        })
    };
    let sort = identity.sort.as_deref().unwrap_or_default();
    if sort == "Root" {
        return Principal {
            name: identity.arn.unwrap_or(Cow::Borrowed("root")).into_owned(),
            selector: None,
        };
    }
    let by_role = match sort {
        "AWSService" => of(identity.invoked_by.clone(), "$.userIdentity.invokedBy"),
        _ => of(issuer, "$.userIdentity.sessionContext.sessionIssuer.arn"),
    };
    by_role
        .or_else(|| of(identity.arn, "$.userIdentity.arn"))
        .or_else(|| of(identity.principal_id, "$.userIdentity.principalId"))
        .or_else(|| of(identity.invoked_by, "$.userIdentity.invokedBy"))
        .unwrap_or_else(|| Principal {
            name: sort.to_owned(),
            selector: None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(identity: &str) -> (String, Option<&'static str>) {
        let record = format!("{{\"eventTime\":\"2026-03-01T10:00:00Z\",\"userIdentity\":{identity}}}");
        let facts = Facts::of(record.as_bytes());
        assert_eq!(facts.time, Some(1_772_359_200));
        (facts.who.name, facts.who.selector)
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
        assert_eq!(Facts::of(b"no JSON"), Facts::default());
        assert_eq!(Facts::of(br#"{"eventName":3}"#), Facts::default());
        assert_eq!(
            Facts::of(br#"{"eventTime":"yesterday","eventName":"\u0041"}"#).event,
            "A"
        );
    }
}
