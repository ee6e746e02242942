use serde::{Serialize, Serializer};
use serde_json::{Map, Number, Value};

use crate::compare::{Compare, Shown, Verdict};

/// A JSON object that AWS keeps as a text, such as a filter policy: two spellings of the same value
/// are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document(Map<String, Value>);

impl Document {
    /// Reads a text.
    ///
    /// # Errors
    ///
    /// A fragment that says why it is no JSON object.
    pub fn parse(text: &str) -> Result<Self, String> {
        match serde_json::from_str(text) {
            Ok(Value::Object(object)) => Ok(Self::of(object)),
            Ok(_) => Err("no object".into()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// An object in normal form.
    pub(crate) fn of(object: Map<String, Value>) -> Self {
        Self(in_order(object))
    }

    /// An object of one key with a text.
    #[must_use]
    pub fn of_text(key: &str, text: &str) -> Self {
        Self(Map::from_iter([(key.to_owned(), Value::from(text))]))
    }

    /// The text of a key, where it has one.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    /// True when it has no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The object's keys and values.
    #[must_use]
    pub fn object(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The text that is sent, without blanks.
    #[must_use]
    pub fn to_json(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }
}

fn in_order(object: Map<String, Value>) -> Map<String, Value> {
    let mut entries: Vec<(String, Value)> = object
        .into_iter()
        .map(|(key, value)| (key, normal(value)))
        .collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries.into_iter().collect()
}

/// Sorted keys, and `1` for `1.0`.
fn normal(value: Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(in_order(object)),
        Value::Array(items) => Value::Array(items.into_iter().map(normal).collect()),
        Value::Number(number) => Value::Number(whole(&number).unwrap_or(number)),
        value => value,
    }
}

/// The integer that a number written with a fraction or an exponent is, if it is one.
fn whole(number: &Number) -> Option<Number> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let float = number.as_f64().filter(|_| number.is_f64())?;
    (float.fract() == 0.0 && float.abs() < EXACT).then(|| Number::from(float as i64))
}

impl Compare for Document {
    fn verdict(&self, live: &Self) -> Verdict {
        if self == live {
            Verdict::Same
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        Shown::Lines(format!("{:#}", Value::Object(self.0.clone())))
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_keys_and_spelling_of_numbers_do_not_count() {
        let one = Document::parse(r#"{"b": [1.0, {"y": 2, "x": 1e2}], "a": null}"#).unwrap();
        let other = Document::parse(r#"{"a":null,"b":[1,{"x":100,"y":2.0}]}"#).unwrap();
        assert_eq!(one, other);
        assert_eq!(one.to_json(), r#"{"a":null,"b":[1,{"x":100,"y":2}]}"#);
        // The order of an array may have a meaning: a range of numbers is one.
        assert_ne!(
            one,
            Document::parse(r#"{"a":null,"b":[{"x":100,"y":2},1]}"#).unwrap()
        );
        assert!(Document::parse("[]").is_err());
        assert!(Document::parse("{").is_err());
    }
}
