//! Requests and answers in the shape in which CloudTrail writes them.

use serde_json::{Map, Value};

use crate::route::{Params, Service};

/// True for an operation that changes nothing.
pub(crate) fn is_read(operation: &str) -> bool {
    ["Describe", "Get", "List", "Lookup", "Head", "Test", "Filter"]
        .iter()
        .any(|verb| operation.starts_with(verb))
}

/// The input or output of a JSON operation; nothing is null.
pub(crate) fn of_json(service: Service, value: Value) -> Value {
    match value {
        Value::Object(map) if map.is_empty() => Value::Null,
        // The model of CloudWatch Logs begins its names with a small letter already.
        value if service == Service::Logs => value,
        Value::Object(map) => lower(Value::Object(map)),
        _ => Value::Null,
    }
}

/// The parameters of an awsQuery request as the structure that they spell out.
pub(crate) fn of_params(params: &Params) -> Value {
    let mut root = Map::new();
    let mut sorted: Vec<_> = params
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "Action" | "Version") && !name.starts_with("X-Amz-"))
        .collect();
    sorted.sort();
    for (name, value) in sorted {
        let parts: Vec<&str> = name.splitn(DEEPEST, '.').collect();
        insert(&mut root, &parts, value);
    }
    of_json(Service::Other, lists(Value::Object(root)))
}

fn insert(map: &mut Map<String, Value>, path: &[&str], value: &str) {
    match path {
        [] => {}
        [leaf] => {
            map.insert((*leaf).to_owned(), plain(leaf, value));
        }
        [first, rest @ ..] => {
            let next = map
                .entry((*first).to_owned())
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(map) = next {
                insert(map, rest, value);
            }
        }
    }
}

/// The few parameters of awsQuery that are numbers or truths and not texts.
fn plain(name: &str, value: &str) -> Value {
    match name {
        "MaxSessionDuration" | "MaxItems" | "DurationSeconds" => {
            value.parse::<u64>().map_or_else(|_| value.into(), Value::from)
        }
        _ if matches!(value, "true" | "false") && !matches!(name, "value" | "Value" | "AttributeValue") => {
            (value == "true").into()
        }
        _ => value.into(),
    }
}

/// Makes lists of `member.N` and maps of `entry.N.key` and `entry.N.value`.
fn lists(value: Value) -> Value {
    let Value::Object(mut map) = value else {
        return value;
    };
    if let (1, Some(member)) = (map.len(), map.get_mut("member")) {
        return Value::Array(numbered(member.take()));
    }
    if let (1, Some(entry)) = (map.len(), map.get_mut("entry")) {
        let pairs = numbered(entry.take()).into_iter().filter_map(|mut pair| {
            let key = pair.get("key").and_then(Value::as_str)?.to_owned();
            Some((key, pair["value"].take()))
        });
        return Value::Object(pairs.collect());
    }
    Value::Object(map.into_iter().map(|(key, value)| (key, lists(value))).collect())
}

fn numbered(value: Value) -> Vec<Value> {
    let Value::Object(map) = value else {
        return Vec::new();
    };
    let mut items: Vec<(u32, Value)> = map
        .into_iter()
        .map(|(number, item)| (number.parse().unwrap_or(u32::MAX), lists(item)))
        .collect();
    items.sort_by_key(|(number, _)| *number);
    items.into_iter().map(|(_, item)| item).collect()
}

/// Names as CloudTrail writes them: the first letter is small (`dBInstanceIdentifier`). What a
/// caller named, such as the keys of tags, stays.
fn lower(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter()
                .map(|(key, value)| {
                    let free = value.is_object()
                        && ["attributes", "tags"].contains(&key.to_ascii_lowercase().as_str());
                    let mut letters = key.chars();
                    let first = letters.next().map(|first| first.to_ascii_lowercase());
                    let name = first.into_iter().chain(letters).collect();
                    (name, if free { value } else { lower(value) })
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(lower).collect()),
        other => other,
    }
}

/// How deep requests may go; what goes deeper is not taken apart.
const DEEPEST: usize = 32;

/// Reads an XML document as the name of its root and what is in it. Attributes are left out, `member`
/// lists become lists, and so do elements that come more than once.
pub(crate) fn of_xml(text: &str) -> Option<(String, Value)> {
    let mut reader = Xml { rest: text };
    reader.prolog()?;
    reader.element(0)
}

struct Xml<'t> {
    rest: &'t str,
}

impl Xml<'_> {
    fn prolog(&mut self) -> Option<()> {
        self.rest = self.rest.trim_start();
        while self.rest.starts_with("<?") {
            self.rest = self.rest.split_once("?>")?.1.trim_start();
        }
        Some(())
    }

    fn element(&mut self, depth: usize) -> Option<(String, Value)> {
        if depth > DEEPEST {
            return None;
        }
        let (tag, rest) = self.rest.strip_prefix('<')?.split_once('>')?;
        self.rest = rest;
        let (tag, empty) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let name = tag.split_whitespace().next()?.to_owned();
        if empty {
            return Some((name, Value::String(String::new())));
        }
        let mut children: Vec<(String, Value)> = Vec::new();
        let mut text = String::new();
        loop {
            let (before, _) = self.rest.split_once('<')?;
            text.push_str(before);
            self.rest = &self.rest[before.len()..];
            if let Some(rest) = self.rest.strip_prefix("</") {
                self.rest = rest.split_once('>')?.1;
                break;
            }
            children.push(self.element(depth + 1)?);
        }
        if children.is_empty() {
            return Some((name, Value::String(unescape(&text))));
        }
        Some((name, gather(children)))
    }
}

fn gather(children: Vec<(String, Value)>) -> Value {
    if children.iter().all(|(name, _)| name == "member") {
        return Value::Array(children.into_iter().map(|(_, value)| value).collect());
    }
    let mut map = Map::new();
    for (name, value) in children {
        match map.get_mut(&name) {
            None => {
                map.insert(name, value);
            }
            Some(Value::Array(items)) => items.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
        }
    }
    Value::Object(map)
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&#13;", "\r")
        .replace("&#xD;", "\r")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_spell_out_structures() {
        let params: Params = [
            ("Action", "CreateRole"),
            ("Version", "2010-05-08"),
            ("RoleName", "r"),
            ("MaxSessionDuration", "3600"),
            ("Tags.member.2.Key", "b"),
            ("Tags.member.2.Value", "2"),
            ("Tags.member.1.Key", "a"),
            ("Tags.member.1.Value", "true"),
            ("Attributes.entry.1.key", "DisplayName"),
            ("Attributes.entry.1.value", "x"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        let wanted = json!({
            "roleName": "r",
            "maxSessionDuration": 3600,
            "tags": [{ "key": "a", "value": "true" }, { "key": "b", "value": "2" }],
            "attributes": { "DisplayName": "x" },
        });
        assert_eq!(of_params(&params), wanted);
        assert_eq!(of_params(&Params::new()), Value::Null);
    }

    #[test]
    fn names_begin_small_but_not_what_callers_named() {
        let input = json!({ "OKActions": ["A"], "Tags": { "Team": "T" }, "Metrics": [{ "Id": "E" }] });
        let wanted = json!({ "oKActions": ["A"], "tags": { "Team": "T" }, "metrics": [{ "id": "E" }] });
        assert_eq!(of_json(Service::CloudWatch, input), wanted);
        let logs = json!({ "logGroupName": "g", "Tags": { "Team": "T" } });
        assert_eq!(of_json(Service::Logs, logs.clone()), logs);
    }

    #[test]
    fn xml_becomes_json() {
        let text = "<?xml version=\"1.0\"?>\n<A xmlns=\"u\"><B>1 &amp;lt; 2</B><C/><D><member>x</member></D>\n\
                    <E>1</E><E>2</E></A>";
        let wanted = json!({ "B": "1 &lt; 2", "C": "", "D": ["x"], "E": ["1", "2"] });
        assert_eq!(of_xml(text), Some(("A".to_owned(), wanted)));
        for broken in ["", "text", "<A>", "<A><B></A>", "<"] {
            assert_eq!(of_xml(broken), None, "{broken}");
        }
        assert_eq!(of_xml(&"<a>".repeat(100_000)), None);
    }
}
