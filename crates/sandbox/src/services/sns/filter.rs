//! Filter policies ("Amazon SNS subscription filter policies").

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::judge::glob;
use crate::state::MessageAttribute;

/// Whether a subscription with these attributes gets a message.
pub(super) fn lets(
    subscription: &BTreeMap<String, String>,
    attributes: &BTreeMap<String, MessageAttribute>,
    body: &str,
) -> bool {
    let Some(policy) = subscription.get("FilterPolicy") else {
        return true;
    };
    let Ok(Value::Object(policy)) = serde_json::from_str(policy) else {
        return false;
    };
    let of_body = subscription
        .get("FilterPolicyScope")
        .is_some_and(|it| it == "MessageBody");
    if of_body {
        // A body that is no JSON object has none of the properties, and is dropped.
        return matches!(serde_json::from_str(body), Ok(Value::Object(body)) if object(&policy, &body));
    }
    let value = |it: &MessageAttribute| {
        let base = it.kind.split_once('.').map_or(it.kind.as_str(), |(base, _)| base);
        match (it.kind.as_str(), base) {
            // Several values in one attribute, of any of JSON's plain kinds.
            ("String.Array", _) => serde_json::from_str(&it.value).ok(),
            (_, "Number") => serde_json::from_str(&it.value).ok().filter(Value::is_number),
            (_, "String") => Some(Value::String(it.value.clone())),
            // "The message attribute of data type Binary is ignored".
            _ => None,
        }
    };
    let all = attributes.iter();
    let all: Map<String, Value> = all
        .filter_map(|(name, it)| Some((name.clone(), value(it)?)))
        .collect();
    object(&policy, &all)
}

/// Every key must hold; of `$or`, one of the policies must.
fn object(policy: &Map<String, Value>, message: &Map<String, Value>) -> bool {
    policy.iter().all(|(key, wanted)| match wanted {
        Value::Array(policies)
            if key == "$or" && policies.len() > 1 && policies.iter().all(Value::is_object) =>
        {
            policies
                .iter()
                .any(|it| it.as_object().is_some_and(|it| object(it, message)))
        }
        Value::Array(conditions) => conditions.iter().any(|it| holds(it, message.get(key))),
        Value::Object(inner) => match message.get(key) {
            Some(Value::Object(message)) => object(inner, message),
            // Of objects in a list, one must hold.
            Some(Value::Array(all)) => all
                .iter()
                .any(|it| it.as_object().is_some_and(|it| object(inner, it))),
            _ => object(inner, &Map::new()),
        },
        _ => false,
    })
}

fn holds(condition: &Value, actual: Option<&Value>) -> bool {
    if let Some(exists) = condition.get("exists").and_then(Value::as_bool) {
        // Only leaves exist, not objects.
        return exists == actual.is_some_and(|it| !it.is_object());
    }
    let values = match actual {
        None => return false,
        Some(Value::Array(all)) => all.as_slice(),
        Some(one) => std::slice::from_ref(one),
    };
    values.iter().any(|value| one(condition, value))
}

fn one(condition: &Value, value: &Value) -> bool {
    let Value::Object(operator) = condition else {
        return same(condition, value);
    };
    let Some((name, of)) = operator.iter().next() else {
        return false;
    };
    let texts = || Some((of.as_str()?, value.as_str()?));
    match name.as_str() {
        "prefix" => texts().is_some_and(|(of, value)| value.starts_with(of)),
        "suffix" => texts().is_some_and(|(of, value)| value.ends_with(of)),
        "wildcard" => texts().is_some_and(|(of, value)| wildcard(of, value)),
        "equals-ignore-case" => texts().is_some_and(|(of, value)| value.to_lowercase() == of.to_lowercase()),
        "anything-but" => match of {
            Value::Array(all) => !all.iter().any(|it| same(it, value)),
            Value::Object(inner) => {
                let all = inner.iter().flat_map(|(name, of)| match of {
                    Value::Array(all) => all.iter().map(|of| (name, of)).collect(),
                    of => vec![(name, of)],
                });
                value.is_string()
                    && !all.into_iter().any(|(name, of)| {
                        let condition = Map::from_iter([(name.clone(), of.clone())]);
                        one(&Value::Object(condition), value)
                    })
            }
            plain => !same(plain, value),
        },
        "numeric" => {
            let (Some(value), Some(parts)) = (value.as_f64(), of.as_array()) else {
                return false;
            };
            !parts.is_empty()
                && parts.chunks(2).all(|pair| {
                    let [operator, bound] = pair else {
                        return false;
                    };
                    let Some(bound) = bound.as_f64() else {
                        return false;
                    };
                    match operator.as_str() {
                        Some("=") => value == bound,
                        Some("<") => value < bound,
                        Some("<=") => value <= bound,
                        Some(">") => value > bound,
                        Some(">=") => value >= bound,
                        _ => false,
                    }
                })
        }
        // `cidr` and what is newer: unknown here, so it lets nothing through.
        _ => false,
    }
}

/// Numbers are the same by value: 1 and 1.0.
fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// `*` stands for any characters; a question mark for itself.
fn wildcard(pattern: &str, text: &str) -> bool {
    // No text has this character.
    let hide = |it: &str| it.replace('?', "\u{0}");
    glob(&hide(pattern), &hide(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_body(policy: &str, body: &str) -> bool {
        let subscription = [("FilterPolicy", policy), ("FilterPolicyScope", "MessageBody")];
        let subscription = subscription.map(|(name, value)| (name.to_owned(), value.to_owned()));
        lets(&BTreeMap::from(subscription), &BTreeMap::new(), body)
    }

    fn by_attributes(policy: &str, attributes: &[(&str, &str, &str)]) -> bool {
        let subscription = BTreeMap::from([("FilterPolicy".to_owned(), policy.to_owned())]);
        let attribute = |(name, kind, value): &(&str, &str, &str)| {
            let (kind, value) = ((*kind).to_owned(), (*value).to_owned());
            ((*name).to_owned(), MessageAttribute { kind, value })
        };
        lets(&subscription, &attributes.iter().map(attribute).collect(), "{}")
    }

    #[test]
    fn bodies() {
        let body = r#"{"store":"shop_a","price":210.75,"who":{"name":"Ann","tags":["x","y"]},"gone":null,
            "orders":[{"id":1},{"id":2}]}"#;
        for (policy, expected) in [
            (r#"{"store":["shop_a"]}"#, true),
            (r#"{"store":["shop_b","shop_c"]}"#, false),
            (
                r#"{"store":[{"prefix":"shop"}],"price":[{"numeric":[">",200,"<=",211]}]}"#,
                true,
            ),
            (r#"{"price":[{"numeric":["=",210.750]}]}"#, true),
            (r#"{"price":[{"numeric":["<",200]}]}"#, false),
            (r#"{"store":[{"suffix":"_b"}]}"#, false),
            (r#"{"store":[{"anything-but":["shop_a"]}]}"#, false),
            (r#"{"store":[{"anything-but":{"prefix":"x"}}]}"#, true),
            (r#"{"store":[{"anything-but":{"suffix":"_a"}}]}"#, false),
            (r#"{"store":[{"equals-ignore-case":"SHOP_A"}]}"#, true),
            (r#"{"store":[{"wildcard":"sh*_?"}]}"#, false),
            (r#"{"store":[{"wildcard":"sh*_a"}]}"#, true),
            (r#"{"who":{"name":["Ann"],"tags":["y"]}}"#, true),
            (r#"{"who":{"name":["Bob"]}}"#, false),
            (r#"{"gone":[null]}"#, true),
            (r#"{"none":[{"exists":false}]}"#, true),
            (r#"{"none":[{"anything-but":"x"}]}"#, false),
            (r#"{"store":[{"exists":false}]}"#, false),
            (r#"{"orders":{"id":[2]}}"#, true),
            (
                r#"{"$or":[{"store":["x"]},{"price":[{"numeric":[">",1]}]}]}"#,
                true,
            ),
            (r#"{"$or":[{"store":["x"]},{"price":[1]}]}"#, false),
            (r#"{"store":[{"cidr":"10.0.0.0/8"}]}"#, false),
        ] {
            assert_eq!(by_body(policy, body), expected, "{policy}");
        }
        assert!(!by_body(r#"{"a":["b"]}"#, "no JSON"));
        assert!(!by_body(r#"{"a":[{"exists":false}]}"#, "no JSON"));
    }

    #[test]
    fn attributes_and_their_types() {
        let all = [
            ("event", "String", "created"),
            ("price", "Number", "100"),
            ("tags", "String.Array", r#"["rugby", 7, true]"#),
            ("raw", "Binary", "AAAA"),
        ];
        for (policy, expected) in [
            (r#"{"event":["created"],"price":[{"numeric":[">=",100]}]}"#, true),
            (r#"{"event":["created"],"price":[{"numeric":[">",100]}]}"#, false),
            (r#"{"tags":["rugby"]}"#, true),
            (r#"{"tags":[7]}"#, true),
            (r#"{"tags":["tennis"]}"#, false),
            (r#"{"raw":[{"exists":true}]}"#, false),
            (r#"{"price":["100"]}"#, false),
        ] {
            assert_eq!(by_attributes(policy, &all), expected, "{policy}");
        }
        assert!(by_attributes("{}", &[]));
        assert!(!by_attributes(r#"{"event":["created"]}"#, &[]));
    }
}
