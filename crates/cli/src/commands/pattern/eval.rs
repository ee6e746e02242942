use std::collections::HashMap;
use std::io::{self, BufRead};

use serde_json::{Map, Value, json};
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
        let row = match row(&line) {
            Ok(row) => decide(row, &mut known),
            Err(message) => {
                exit = Exit::BadSpec;
                json!({ "error": { "code": "bad-row", "message": message, "line": at + 1 } })
            }
        };
        if !lines.write(row.to_string().as_bytes())? {
            return Ok(exit);
        }
    }
    lines.flush()?;
    Ok(exit)
}

/// A row: an object with `pattern` and `message`.
struct Row {
    keys: Map<String, Value>,
    pattern: String,
    message: String,
}

fn row(line: &[u8]) -> Result<Row, String> {
    let keys: Map<String, Value> =
        serde_json::from_slice(line).map_err(|error| format!("the row is no JSON object: {error}"))?;
    let text = |key: &str| match keys.get(key) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(format!("`{key}` is no string")),
        None => Err(format!("`{key}` is missing")),
    };
    let (pattern, message) = (text("pattern")?, text("message")?);
    Ok(Row {
        keys,
        pattern,
        message,
    })
}

fn decide(row: Row, known: &mut HashMap<String, Result<Matcher, Value>>) -> Value {
    let Row {
        mut keys,
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
    match matcher {
        Ok(matcher) => {
            keys.insert("match".into(), matcher.is_match(message.as_bytes()).into());
        }
        Err(error) => {
            keys.shift_remove("match");
            keys.insert("error".into(), error.clone());
        }
    }
    Value::Object(keys)
}
