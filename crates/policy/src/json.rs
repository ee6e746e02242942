//! A JSON tree whose order is ours.
//!
//! `serde_json`'s own tree orders keys by a feature that any crate of the build can switch, and
//! lets the last of two equal keys win. Here a key given twice is refused (a `Condition` that
//! silently replaces another one changes who is let in), what is read is sorted by key, and what
//! is written keeps the order in which it was put together.

use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(crate) fn parse(text: &str) -> serde_json::Result<Json> {
        serde_json::from_str(text)
    }

    /// Names the sort of value for messages.
    pub(crate) fn sort(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "a boolean",
            Json::Number(_) => "a number",
            Json::String(_) => "a string",
            Json::Array(_) => "a list",
            Json::Object(_) => "an object",
        }
    }

    pub(crate) fn compact(&self) -> String {
        let mut out = String::new();
        self.write(None, &mut out);
        out
    }

    pub(crate) fn pretty(&self) -> String {
        let mut out = String::new();
        self.write(Some(0), &mut out);
        out
    }

    fn write(&self, depth: Option<usize>, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Json::Number(value) => out.push_str(&value.to_string()),
            Json::String(value) => out.push_str(&quoted(value)),
            Json::Array(items) => write_all(items, "[", "]", depth, out, |item, inner, out| {
                item.write(inner, out);
            }),
            Json::Object(entries) => {
                write_all(entries, "{", "}", depth, out, |(key, value), inner, out| {
                    out.push_str(&quoted(key));
                    out.push_str(if inner.is_some() { ": " } else { ":" });
                    value.write(inner, out);
                });
            }
        }
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn write_all<T>(
    items: &[T],
    open: &str,
    close: &str,
    depth: Option<usize>,
    out: &mut String,
    write: impl Fn(&T, Option<usize>, &mut String),
) {
    out.push_str(open);
    let inner = depth.map(|depth| depth + 1);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        break_line(inner, out);
        write(item, inner, out);
    }
    if !items.is_empty() {
        break_line(depth, out);
    }
    out.push_str(close);
}

fn break_line(depth: Option<usize>, out: &mut String) {
    if let Some(depth) = depth {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(value) => serializer.serialize_bool(*value),
            Json::Number(value) => value.serialize(serializer),
            Json::String(value) => serializer.serialize_str(value),
            Json::Array(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
            Json::Object(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

/// Above this, neighbouring integers are one and the same `f64`.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Json, E> {
        match Number::from_f64(value) {
            Some(number) if value.abs() < EXACT => Ok(Json::Number(number)),
            _ => Err(E::custom("this number is too large to keep, put it in quotes")),
        }
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut entries: Vec<(String, Json)> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            match entries.binary_search_by(|(known, _)| known.cmp(&key)) {
                Ok(_) => {
                    return Err(de::Error::custom(format_args!(
                        "key `{key}` is given twice, keep one"
                    )));
                }
                Err(place) => {
                    let value = map.next_value()?;
                    entries.insert(place, (key, value));
                }
            }
        }
        Ok(Json::Object(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_sorted_and_written_both_ways() {
        let json = Json::parse(r#"{"b": [1, -2, 0.5], "a": {"x": null, "e": []}}"#).unwrap();
        assert_eq!(json.compact(), r#"{"a":{"e":[],"x":null},"b":[1,-2,0.5]}"#);
        assert_eq!(
            json.pretty(),
            "{\n  \"a\": {\n    \"e\": [],\n    \"x\": null\n  },\n  \"b\": [\n    1,\n    -2,\n    0.5\n  ]\n}"
        );
        assert_eq!(serde_json::to_string(&json).unwrap(), json.compact());
    }

    #[test]
    fn a_key_given_twice_is_refused_with_its_place() {
        let error = Json::parse("{\"a\": 1,\n \"a\": 2}").unwrap_err();
        assert!(error.to_string().starts_with("key `a` is given twice"));
        assert_eq!(error.line(), 2);
    }

    #[test]
    fn a_number_that_would_change_is_refused() {
        assert!(Json::parse("123456789012345678901234").is_err());
        assert!(Json::parse("123456789012").is_ok());
    }
}
