//! Whether a trail takes a record: its region, and its selectors.

use serde_json::Value;
use winterbaume_cloudtrail::wire::{AdvancedEventSelector, AdvancedFieldSelector};

use crate::protocol::take;
use crate::record::is_read;
use crate::state::{BasicSelector, Selectors, Trail};

/// What selectors ask about a record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Facts {
    pub(crate) region: String,
    category: String,
    read_only: bool,
    source: String,
    name: String,
    kind: String,
    user: String,
    error: String,
    /// Types and ARNs.
    resources: Vec<(String, String)>,
}

impl Facts {
    /// Reads them out of a record's text; None if it is no record.
    pub(crate) fn of(record: &str) -> Option<Facts> {
        Facts::of_value(&serde_json::from_str(record).ok()?)
    }

    pub(crate) fn of_value(record: &Value) -> Option<Facts> {
        let text = |name: &str| record.get(name).and_then(Value::as_str).map(str::to_owned);
        let name = text("eventName")?;
        // Records of before version 1.07 do not say their category.
        let management = record.get("managementEvent") != Some(&Value::Bool(false));
        let by_flag = if management { "Management" } else { "Data" };
        let resources = record.get("resources").and_then(Value::as_array);
        let resources = resources.into_iter().flatten().filter_map(|resource| {
            let kind = resource.get("type")?.as_str()?;
            let arn = resource.get("ARN").or(resource.get("ARNPrefix"))?.as_str()?;
            Some((kind.to_owned(), arn.to_owned()))
        });
        Some(Facts {
            region: text("awsRegion").unwrap_or_else(|| "us-east-1".to_owned()),
            category: text("eventCategory").unwrap_or_else(|| by_flag.to_owned()),
            read_only: match record.get("readOnly") {
                Some(Value::Bool(read_only)) => *read_only,
                Some(Value::String(text)) => text == "true",
                _ => is_read(&name),
            },
            source: text("eventSource")?,
            name,
            kind: text("eventType").unwrap_or_default(),
            user: record["userIdentity"]["arn"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            error: text("errorCode").unwrap_or_default(),
            resources: resources.collect(),
        })
    }
}

/// True if a trail at home in `home` takes the record.
pub(crate) fn takes(trail: &Trail, home: &str, facts: &Facts) -> bool {
    is_in_region(trail, home, facts)
        && match &trail.selectors {
            Selectors::Basic(selectors) => selectors.iter().any(|it| basic(it, facts)),
            Selectors::Advanced(selectors) => selectors
                .iter()
                .filter_map(|it| take::<AdvancedEventSelector>(it.clone()).ok())
                .any(|it| it.field_selectors.iter().all(|field| holds(field, facts))),
        }
}

/// AWS, since November 2021: global services log in us-east-1, so a trail of another region does not
/// have them, whatever it includes.
fn is_in_region(trail: &Trail, home: &str, facts: &Facts) -> bool {
    let global = matches!(
        facts.source.as_str(),
        "iam.amazonaws.com" | "cloudfront.amazonaws.com"
    );
    trail.multi_region || (facts.region == home && (trail.global_events || !global))
}

fn basic(selector: &BasicSelector, facts: &Facts) -> bool {
    let side = match selector.read_write.as_str() {
        "ReadOnly" => facts.read_only,
        "WriteOnly" => !facts.read_only,
        _ => true,
    };
    let wanted = match facts.category.as_str() {
        "Management" => selector.management && !selector.exclude.contains(&facts.source),
        "Data" => selector.data.iter().any(|wanted| {
            // Values are the beginnings of ARNs; `arn:aws:s3` is all buckets.
            facts.resources.iter().any(|(kind, arn)| {
                *kind == wanted.kind && wanted.values.iter().any(|it| arn.starts_with(it.as_str()))
            })
        }),
        _ => false,
    };
    side && wanted
}

/// One field of an advanced selector: one of what is asked for, and none of what is not.
fn holds(selector: &AdvancedFieldSelector, facts: &Facts) -> bool {
    let own = |text: &str| vec![text.to_owned()];
    let values: Vec<String> = match selector.field.as_str() {
        "eventCategory" => own(&facts.category),
        "readOnly" => own(if facts.read_only { "true" } else { "false" }),
        "eventSource" => own(&facts.source),
        "eventName" => own(&facts.name),
        "eventType" => own(&facts.kind),
        "userIdentity.arn" => own(&facts.user),
        "errorCode" => own(&facts.error),
        "resources.type" => facts.resources.iter().map(|(kind, _)| kind.clone()).collect(),
        "resources.ARN" => facts.resources.iter().map(|(_, arn)| arn.clone()).collect(),
        // What is not known selects nothing.
        _ => return false,
    };
    let any = |list: &Option<Vec<String>>, test: fn(&str, &str) -> bool| {
        let list = list.as_deref().unwrap_or_default();
        values
            .iter()
            .any(|value| list.iter().any(|it| test(value, it.as_str())))
    };
    let equals: fn(&str, &str) -> bool = |value, it| value == it;
    let begins: fn(&str, &str) -> bool = |value, it| value.starts_with(it);
    let ends: fn(&str, &str) -> bool = |value, it| value.ends_with(it);
    let asked = [&selector.equals, &selector.starts_with, &selector.ends_with]
        .iter()
        .any(|list| list.as_ref().is_some_and(|list| !list.is_empty()));
    let found =
        any(&selector.equals, equals) || any(&selector.starts_with, begins) || any(&selector.ends_with, ends);
    let shunned = any(&selector.not_equals, equals)
        || any(&selector.not_starts_with, begins)
        || any(&selector.not_ends_with, ends);
    (found || !asked) && !shunned
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn facts(changes: &Value) -> Facts {
        let mut record = json!({
            "eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "awsRegion": "eu-west-1",
            "readOnly": true, "eventType": "AwsApiCall", "eventCategory": "Management",
        });
        for (name, value) in changes.as_object().expect("an object") {
            record[name] = value.clone();
        }
        Facts::of_value(&record).expect("a record")
    }

    fn trail(selectors: Selectors) -> Trail {
        Trail {
            multi_region: true,
            global_events: true,
            selectors,
            ..Trail::default()
        }
    }

    #[test]
    fn regions_and_global_services() {
        let one = |global_events| Trail {
            global_events,
            ..Trail::default()
        };
        let iam = facts(&json!({ "eventSource": "iam.amazonaws.com", "awsRegion": "us-east-1" }));
        assert!(takes(&one(true), "us-east-1", &iam));
        assert!(!takes(&one(false), "us-east-1", &iam));
        assert!(!takes(&one(true), "eu-west-1", &iam));
        assert!(takes(&one(false), "eu-west-1", &facts(&json!({}))));
        assert!(!takes(&one(true), "us-east-1", &facts(&json!({}))));
        assert!(takes(
            &trail(Selectors::default()),
            "us-east-1",
            &facts(&json!({}))
        ));
    }

    #[test]
    fn basic_selectors_have_sides_exclusions_and_data() {
        let of = |value: Value| {
            let selector = serde_json::from_value(value).expect("a selector");
            trail(Selectors::Basic(vec![selector]))
        };
        let read = facts(&json!({}));
        let write = facts(&json!({ "readOnly": false }));
        let writes = of(json!({ "read_write": "WriteOnly", "management": true }));
        assert!(!takes(&writes, "x", &read));
        assert!(takes(&writes, "x", &write));
        let but_kms =
            of(json!({ "read_write": "All", "management": true, "exclude": ["kms.amazonaws.com"] }));
        assert!(!takes(&but_kms, "x", &read));
        let object = facts(&json!({ "eventCategory": "Data", "resources": [
            { "type": "AWS::S3::Object", "ARN": "arn:aws:s3:::logs/a/b" }] }));
        let data = |value: &str| {
            of(json!({ "read_write": "All", "management": false,
                "data": [{ "kind": "AWS::S3::Object", "values": [value] }] }))
        };
        for (value, taken) in [
            ("arn:aws:s3", true),
            ("arn:aws:s3:::logs/a", true),
            ("arn:aws:s3:::other/", false),
        ] {
            assert_eq!(takes(&data(value), "x", &object), taken, "{value}");
        }
        assert!(!takes(&data("arn:aws:s3"), "x", &read));
        assert!(!takes(&writes, "x", &object));
    }

    #[test]
    fn advanced_selectors_have_operators() {
        let of = |fields: Value| trail(Selectors::Advanced(vec![json!({ "FieldSelectors": fields })]));
        let management = json!({ "Field": "eventCategory", "Equals": ["Management"] });
        for (field, taken) in [
            (json!({ "Field": "readOnly", "Equals": ["true"] }), true),
            (json!({ "Field": "readOnly", "Equals": ["false"] }), false),
            (
                json!({ "Field": "eventSource", "NotEquals": ["kms.amazonaws.com"] }),
                false,
            ),
            (
                json!({ "Field": "eventName", "StartsWith": ["Enc", "Dec"] }),
                true,
            ),
            (
                json!({ "Field": "eventName", "EndsWith": ["rypt"], "NotStartsWith": ["Dec"] }),
                false,
            ),
            (
                json!({ "Field": "eventType", "NotEndsWith": ["Call", "x"] }),
                false,
            ),
            (json!({ "Field": "resources.type", "Equals": ["x"] }), false),
            (json!({ "Field": "unheardOf", "Equals": ["x"] }), false),
        ] {
            let selected = of(json!([management, field]));
            assert_eq!(takes(&selected, "x", &facts(&json!({}))), taken, "{field}");
        }
    }

    #[test]
    fn old_records_say_less() {
        let old =
            json!({ "eventSource": "s3.amazonaws.com", "eventName": "GetObject", "managementEvent": false });
        let facts = Facts::of_value(&old).expect("a record");
        assert_eq!((facts.category.as_str(), facts.read_only), ("Data", true));
        assert_eq!(Facts::of_value(&json!({ "eventName": "x" })), None);
    }
}
