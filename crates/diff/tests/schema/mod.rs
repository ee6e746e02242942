//! Holds JSON against the published schemas, and more strictly than a JSON Schema asks: a key that
//! no schema describes is wrong, and so is a keyword that is not understood here.

use std::sync::LazyLock;

use serde_json::Value;

static PLAN: LazyLock<Value> = LazyLock::new(|| read("plan.json"));
static APPLY: LazyLock<Value> = LazyLock::new(|| read("apply.json"));
static STATUS: LazyLock<Value> = LazyLock::new(|| read("status.json"));
static DRIFT: LazyLock<Value> = LazyLock::new(|| read("drift.json"));
static DRILL: LazyLock<Value> = LazyLock::new(|| read("drill.json"));
static COVERAGE: LazyLock<Value> = LazyLock::new(|| read("coverage.json"));
static REPLAY: LazyLock<Value> = LazyLock::new(|| read("replay.json"));

/// Keywords that say something to people only.
const FOR_PEOPLE: [&str; 4] = ["$schema", "$defs", "title", "description"];

fn read(file: &str) -> Value {
    let path = format!("{}/../../docs/schema/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// One of the published schemas, such as `plan.json`.
pub(crate) fn file(name: &str) -> &'static Value {
    match name {
        "plan.json" => &PLAN,
        "apply.json" => &APPLY,
        "status.json" => &STATUS,
        "drift.json" => &DRIFT,
        "drill.json" => &DRILL,
        "coverage.json" => &COVERAGE,
        "replay.json" => &REPLAY,
        _ => panic!("there is no schema {name}"),
    }
}

/// What is wrong with a value, with its place; `None` when it is as the schema says.
pub(crate) fn wrong(value: &Value, name: &str) -> Option<String> {
    hold(value, file(name), name).err().map(|why| format!("${why}"))
}

/// The part of a schema that a reference names, and the file that it is in.
pub(crate) fn referred(reference: &str, here: &str) -> (&'static Value, String) {
    let (name, pointer) = reference.split_once('#').unwrap_or((reference, ""));
    let name = if name.is_empty() { here } else { name };
    let part = file(name).pointer(pointer);
    (
        part.unwrap_or_else(|| panic!("nothing at {reference}")),
        name.to_owned(),
    )
}

/// An error begins with the place within the value: laws hold many thousands of values, so places
/// are written only where something is wrong.
fn hold(value: &Value, schema: &Value, file: &str) -> Result<(), String> {
    let object = schema.as_object().expect("a schema is an object");
    for (keyword, rule) in object {
        let good = match keyword.as_str() {
            known if FOR_PEOPLE.contains(&known) => true,
            "properties" | "additionalProperties" => true,
            "$ref" => {
                let (schema, file) = referred(rule.as_str().unwrap(), file);
                return hold(value, schema, &file);
            }
            "oneOf" => return one_of(value, rule.as_array().unwrap(), file),
            "type" => match rule {
                Value::Array(types) => types.iter().any(|one| is(value, one)),
                one => is(value, one),
            },
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "pattern" => value
                .as_str()
                .is_none_or(|text| fits(text, rule.as_str().unwrap())),
            "minimum" => value
                .as_i64()
                .is_none_or(|number| number >= rule.as_i64().unwrap()),
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    hold(item, rule, file).map_err(|why| format!("[{index}]{why}"))?;
                }
                true
            }
            "required" => {
                let missing = |key: &&Value| value.get(key.as_str().unwrap()).is_none();
                if let Some(key) = rule.as_array().unwrap().iter().find(missing) {
                    return Err(format!(" has no {key}"));
                }
                true
            }
            unknown => panic!("the keyword {unknown} is not understood"),
        };
        if !good {
            return Err(match value {
                Value::Array(_) | Value::Object(_) => format!(" is against {keyword} {rule}"),
                value => format!(" is {value}, against {keyword} {rule}"),
            });
        }
    }
    let Some(map) = value.as_object() else {
        return Ok(());
    };
    for (key, value) in map {
        let rule = object
            .get("properties")
            .and_then(|properties| properties.get(key));
        match rule.or_else(|| object.get("additionalProperties")) {
            Some(rule) => hold(value, rule, file).map_err(|why| format!(".{key}{why}"))?,
            None => return Err(format!(" has the key {key}, which no schema describes")),
        }
    }
    Ok(())
}

fn one_of(value: &Value, rules: &[Value], file: &str) -> Result<(), String> {
    let found: Vec<_> = rules.iter().map(|rule| hold(value, rule, file)).collect();
    match found.iter().filter(|one| one.is_ok()).count() {
        1 => Ok(()),
        fits => {
            let why: Vec<String> = found.into_iter().filter_map(Result::err).collect();
            Err(format!(" fits {fits} of {}:{}", rules.len(), why.join(";")))
        }
    }
}

fn is(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("the type {other} is not understood"),
    }
}

/// The patterns of the schemas are all a number of characters of a class: `^[0-9a-f]{12}$`.
fn fits(text: &str, pattern: &str) -> bool {
    let parts = pattern
        .strip_prefix("^[")
        .and_then(|rest| rest.strip_suffix("}$"));
    let (class, count) = parts
        .and_then(|rest| rest.split_once("]{"))
        .expect("a class and a count");
    let class: Vec<char> = class.chars().collect();
    let ranges: Vec<&[char]> = class.chunks(3).collect();
    text.chars().count() == count.parse::<usize>().unwrap()
        && text
            .chars()
            .all(|c| ranges.iter().any(|range| range[0] <= c && c <= range[2]))
}
