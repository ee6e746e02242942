//! `[[rule.LABEL.test]]`: an event, and whether the pattern matches it.

use serde_json::{Map, Value as Json};
use toml::de::DeValue;

use crate::problem::{Problem, code};
use crate::wanted::{Event, PatternTest, Place};

use super::decoder::{At, Decode, Spot, Table, Value};

/// A test as typed.
#[derive(Clone, Debug)]
pub(crate) struct Test {
    name: Option<String>,
    event: Event,
    matches: bool,
    path: String,
    spot: Spot,
}

/// Takes the tests of a section out.
pub(crate) fn read(table: &mut Table<'_>) -> Vec<Test> {
    let mut tests = Vec::new();
    for mut each in table.tables("test") {
        tests.extend(one(&mut each));
        each.finish();
    }
    tests
}

fn one(table: &mut Table<'_>) -> Option<Test> {
    let name = table.take::<String>("name").map(|at| at.value);
    let keys = ["file", "event", "text"];
    let there: Vec<&'static str> = keys.into_iter().filter(|key| table.has(key)).collect();
    let file = table.take::<String>("file").map(|at| Event::File {
        path: at.value,
        source: at.spot.file,
    });
    let inline = table
        .take::<Inline>("event")
        .map(|at| Event::Text(at.value.0.to_string()));
    let text = table.take::<String>("text").map(|at| Event::Text(at.value));
    let matches = table.need::<bool>("match", "true");
    let problem = |code, message: String| Problem::new(code, &table.spot, message);
    match there.as_slice() {
        [_] => {}
        [] => {
            let missing = problem(code::MISSING_KEY, format!("`[[{}]]` has no event", table.path))
                .label("`file`, `event` or `text` is missing")
                .help("write `event = { eventName = \"CreateUser\" }`, or `file` with the path of one, or `text`");
            table.missing(keys.into(), missing);
        }
        _ => {
            let both = problem(
                code::CONTRADICTION,
                "`file`, `event` and `text` exclude each other".into(),
            )
            .label("more than one event")
            .help("write a `[[...test]]` for each");
            table.cx.sink.report(both);
        }
    }
    Some(Test {
        name,
        event: file.or(inline).or(text)?,
        matches: matches?.value,
        path: table.path.clone(),
        spot: table.spot.clone(),
    })
}

/// An event that is written as a table.
struct Inline(Json);

impl Decode for Inline {
    fn decode(value: &Value<'_>) -> Option<Self> {
        match value.raw {
            DeValue::Table(_) => json(value).map(Self),
            _ => value.wrong_type(
                "a table",
                Some(
                    "write `event = { eventName = \"CreateUser\" }`; an event as text is `text = '...'`"
                        .into(),
                ),
            ),
        }
    }
}

/// A value as JSON has it. TOML has no null: such an event is written as `text`.
pub(crate) fn json(value: &Value<'_>) -> Option<Json> {
    Some(match value.raw {
        DeValue::String(_) => Json::String(String::decode(value)?),
        DeValue::Boolean(yes) => Json::Bool(*yes),
        DeValue::Integer(number) => {
            let number = i64::from_str_radix(number.as_str(), number.radix()).ok()?;
            Json::from(number)
        }
        DeValue::Float(number) => {
            let read: f64 = number.as_str().parse().ok()?;
            match serde_json::Number::from_f64(read) {
                Some(number) => Json::Number(number),
                None => return value.wrong_type("a number that JSON has", None),
            }
        }
        DeValue::Datetime(time) => Json::String(time.to_string()),
        DeValue::Array(_) => {
            let items = value.items()?;
            Json::Array(items.iter().map(json).collect::<Option<_>>()?)
        }
        DeValue::Table(_) => {
            let mut object = Map::new();
            for (At { value: key, .. }, inner) in value.table()?.drain() {
                object.insert(key.to_owned(), json(&inner)?);
            }
            Json::Object(object)
        }
    })
}

impl Test {
    /// The test of a section's pattern.
    pub(crate) fn of(&self, origin: &str, pattern: &trailwarden_pattern::Pattern) -> PatternTest {
        PatternTest {
            origin: origin.to_owned(),
            name: self.name.clone(),
            pattern: pattern.clone(),
            event: self.event.clone(),
            matches: self.matches,
            place: Place {
                file: self.spot.file,
                path: self.path.clone(),
                span: self.spot.span.clone(),
            },
        }
    }
}
