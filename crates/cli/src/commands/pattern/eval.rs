use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use trailwarden_pattern::{Matcher, Pattern};

use crate::failure::{Exit, Failure};
use crate::terminal::Terminal;

/// Patterns that are kept prepared; rows mostly come pattern by pattern.
const KEPT: usize = 1000;

/// `trailwarden pattern eval --jsonl`: decides rows of pattern and message.
pub(crate) fn run(terminal: &Terminal) -> Result<Exit, Failure> {
    let mut known: HashMap<String, Result<Matcher, Value>> = HashMap::new();
    let mut lines = terminal.lines();
    let mut exit = Exit::Done;
    for (at, line) in io::stdin().lock().split(b'\n').enumerate() {
        let line =
            line.map_err(|error| Failure::new(Exit::Failed, format!("cannot read standard input: {error}")))?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let line = line
            .strip_prefix(b"\xef\xbb\xbf")
            .filter(|_| at == 0)
            .unwrap_or(&line);
        let row = match row(line) {
            Ok(row) => decide(row, &mut known),
            Err(message) => {
                exit = Exit::BadSpec;
                json!({ "error": { "code": "bad-row", "message": message, "line": at + 1 } }).to_string()
            }
        };
        if !lines.write(row.as_bytes())? {
            return Ok(exit);
        }
    }
    lines.flush()?;
    Ok(exit)
}

/// A row: an object with `pattern` and `message`. Its other keys are kept to the letter.
struct Row {
    keys: Vec<(String, Box<RawValue>)>,
    pattern: String,
    message: String,
}

/// An object's keys and values in their order, as they are written.
struct Object(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Object;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with `pattern` and `message`")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut keys = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    keys.push(pair);
                }
                Ok(Object(keys))
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

fn row(line: &[u8]) -> Result<Row, String> {
    let Object(keys) = serde_json::from_slice(line).map_err(|error| {
        let text = error.to_string();
        // The row's own line is always 1; the line of the input is said beside it.
        format!(
            "the row cannot be read: {}",
            text.replace(" at line 1 column ", " at column ")
        )
    })?;
    let text = |key: &str| match keys.iter().rfind(|(name, _)| name == key) {
        Some((_, value)) => {
            serde_json::from_str::<String>(value.get()).map_err(|_| format!("`{key}` is no string"))
        }
        None => Err(format!("`{key}` is missing")),
    };
    let (pattern, message) = (text("pattern")?, text("message")?);
    Ok(Row {
        keys,
        pattern,
        message,
    })
}

/// The row with its verdict; `match` and `error` are ours.
fn decide(row: Row, known: &mut HashMap<String, Result<Matcher, Value>>) -> String {
    let Row {
        keys,
        pattern,
        message,
    } = row;
    if known.len() >= KEPT && !known.contains_key(&pattern) {
        known.clear();
    }
    let matcher = known
        .entry(pattern)
        .or_insert_with_key(|text| match Pattern::parse(text) {
            Ok(pattern) => Ok(pattern.matcher()),
            Err(problems) => {
                let all: Vec<Value> = problems.as_slice().iter().map(super::json).collect();
                let mut first = all.first().cloned().unwrap_or_default();
                if all.len() > 1 {
                    first["problems"] = all.into();
                }
                Err(first)
            }
        });
    let (key, verdict) = match matcher {
        Ok(matcher) => ("match", matcher.is_match(message.as_bytes()).to_string()),
        Err(error) => ("error", error.to_string()),
    };
    let mut parts: Vec<String> = Vec::with_capacity(keys.len() + 1);
    let mut said = false;
    for (name, value) in &keys {
        let part = match name.as_str() {
            name if name == key && said => continue,
            name if name == key => {
                said = true;
                format!("{}:{verdict}", Value::from(name))
            }
            "match" | "error" => continue,
            name => format!("{}:{}", Value::from(name), value.get()),
        };
        parts.push(part);
    }
    if !said {
        parts.push(format!("{}:{verdict}", Value::from(key)));
    }
    format!("{{{}}}", parts.join(","))
}
