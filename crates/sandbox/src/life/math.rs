//! A part of metric math: numbers, ids, `+ - * /`, parentheses, and a few functions.
//!
//! Functions: `FILL` with a number, `METRICS`, `SUM`, `AVG`, `MIN`, `MAX`, `ABS`, `CEIL`, `FLOOR`. Anything
//! else is not understood, and whoever asked has no answer rather than a wrong one.

use std::collections::BTreeMap;

/// The data points of one query, by the beginning of their periods.
pub(crate) type Points = BTreeMap<i64, f64>;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Number(f64),
    One(Points),
    Many(Vec<Points>),
}

/// A formula that was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Formula {
    Number(f64),
    Id(String),
    Negative(Box<Formula>),
    Joined(Box<Formula>, char, Box<Formula>),
    Call(String, Vec<Formula>),
    Text(String),
}

impl Formula {
    /// Reads a formula; none if it is not understood.
    pub(crate) fn read(text: &str) -> Option<Formula> {
        let mut reader = Reader {
            words: words(text)?,
            at: 0,
            depth: 0,
        };
        let formula = reader.sum()?;
        (reader.at == reader.words.len()).then_some(formula)
    }

    /// Computes it over periods; none if it asks what is not there, or makes no sense.
    ///
    /// `query` gives the data of an id, `metrics` those of all queries that are metrics, with their ids.
    pub(crate) fn value(
        &self,
        periods: &[i64],
        query: &dyn Fn(&str) -> Option<Value>,
        metrics: &[(String, Points)],
    ) -> Option<Value> {
        let value = |it: &Formula| it.value(periods, query, metrics);
        Some(match self {
            Formula::Number(number) => Value::Number(*number),
            Formula::Text(_) => return None,
            Formula::Id(id) => query(id)?,
            Formula::Negative(of) => each(value(of)?, &|it| -it),
            Formula::Joined(one, operator, other) => joined(value(one)?, *operator, value(other)?)?,
            Formula::Call(name, of) => match (name.as_str(), of.as_slice()) {
                ("METRICS", []) => Value::Many(metrics.iter().map(|(_, points)| points.clone()).collect()),
                ("METRICS", [Formula::Text(part)]) => {
                    let named = metrics.iter().filter(|(id, _)| id.contains(part.as_str()));
                    Value::Many(named.map(|(_, points)| points.clone()).collect())
                }
                ("FILL", [of, with]) => {
                    let Value::Number(with) = value(with)? else {
                        return None;
                    };
                    let fill = |points: Points| {
                        let of = |at: &i64| (*at, points.get(at).copied().unwrap_or(with));
                        periods.iter().map(of).collect()
                    };
                    match value(of)? {
                        Value::Number(_) => return None,
                        Value::One(points) => Value::One(fill(points)),
                        Value::Many(all) => Value::Many(all.into_iter().map(fill).collect()),
                    }
                }
                ("SUM" | "AVG" | "MIN" | "MAX", [of]) => match value(of)? {
                    Value::Number(_) => return None,
                    Value::One(points) => Value::Number(reduced(name, points.into_values())?),
                    Value::Many(all) => {
                        let mut by_time: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
                        for (at, value) in all.into_iter().flatten() {
                            by_time.entry(at).or_default().push(value);
                        }
                        let of = |(at, values): (i64, Vec<f64>)| Some((at, reduced(name, values)?));
                        Value::One(by_time.into_iter().filter_map(of).collect())
                    }
                },
                ("ABS", [of]) => each(value(of)?, &f64::abs),
                ("CEIL", [of]) => each(value(of)?, &f64::ceil),
                ("FLOOR", [of]) => each(value(of)?, &f64::floor),
                _ => return None,
            },
        })
    }
}

fn reduced(name: &str, values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.into_iter().collect();
    let sum = || values.iter().fold(0.0, |a, b| a + b);
    match name {
        _ if values.is_empty() => None,
        "SUM" => Some(sum()),
        "AVG" => Some(sum() / values.len() as f64),
        "MIN" => values.into_iter().reduce(f64::min),
        _ => values.into_iter().reduce(f64::max),
    }
}

fn each(value: Value, change: &dyn Fn(f64) -> f64) -> Value {
    let of = |points: Points| {
        points
            .into_iter()
            .map(|(at, value)| (at, change(value)))
            .collect()
    };
    match value {
        Value::Number(number) => Value::Number(change(number)),
        Value::One(points) => Value::One(of(points)),
        Value::Many(all) => Value::Many(all.into_iter().map(of).collect()),
    }
}

/// Two data points of one time make one; a division by zero makes none, as AWS documents.
fn joined(one: Value, operator: char, other: Value) -> Option<Value> {
    let compute = |a: f64, b: f64| {
        let value = match operator {
            '+' => a + b,
            '-' => a - b,
            '*' => a * b,
            _ => a / b,
        };
        value.is_finite().then_some(value)
    };
    let with = |points: Points, of: &dyn Fn(i64, f64) -> Option<f64>| -> Points {
        let of = |(at, value): (i64, f64)| Some((at, of(at, value)?));
        points.into_iter().filter_map(of).collect()
    };
    Some(match (one, other) {
        (Value::Number(a), Value::Number(b)) => Value::Number(compute(a, b)?),
        (Value::One(a), Value::Number(b)) => Value::One(with(a, &|_, a| compute(a, b))),
        (Value::Number(a), Value::One(b)) => Value::One(with(b, &|_, b| compute(a, b))),
        (Value::One(a), Value::One(b)) => Value::One(with(a, &|at, a| compute(a, *b.get(&at)?))),
        (Value::Many(all), b @ (Value::Number(_) | Value::One(_))) => {
            let each = all
                .into_iter()
                .map(|a| match joined(Value::One(a), operator, b.clone()) {
                    Some(Value::One(points)) => Some(points),
                    _ => None,
                });
            Value::Many(each.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

#[derive(Debug, Clone, PartialEq)]
enum Word {
    Number(f64),
    Name(String),
    Text(String),
    Sign(char),
}

fn words(text: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(c) = rest.chars().next() {
        let (word, length) = match c {
            '+' | '-' | '*' | '/' | '(' | ')' | ',' => (Word::Sign(c), 1),
            '"' | '\'' => {
                let end = rest[1..].find(c)?;
                (Word::Text(rest[1..=end].to_owned()), end + 2)
            }
            c if c.is_ascii_digit() || c == '.' => {
                let end = rest
                    .find(|c: char| !c.is_ascii_digit() && c != '.')
                    .unwrap_or(rest.len());
                (Word::Number(rest[..end].parse().ok()?), end)
            }
            c if c.is_ascii_alphabetic() => {
                let end = rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(rest.len());
                (Word::Name(rest[..end].to_owned()), end)
            }
            _ => return None,
        };
        words.push(word);
        rest = rest[length..].trim_start();
    }
    Some(words)
}

struct Reader {
    words: Vec<Word>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn takes(&mut self, signs: &str) -> Option<char> {
        match self.words.get(self.at) {
            Some(Word::Sign(sign)) if signs.contains(*sign) => {
                self.at += 1;
                Some(*sign)
            }
            _ => None,
        }
    }

    fn sum(&mut self) -> Option<Formula> {
        let mut left = self.product()?;
        while let Some(sign) = self.takes("+-") {
            left = Formula::Joined(Box::new(left), sign, Box::new(self.product()?));
        }
        Some(left)
    }

    fn product(&mut self) -> Option<Formula> {
        let mut left = self.one()?;
        while let Some(sign) = self.takes("*/") {
            left = Formula::Joined(Box::new(left), sign, Box::new(self.one()?));
        }
        Some(left)
    }

    fn one(&mut self) -> Option<Formula> {
        self.depth += 1;
        if self.depth > 100 {
            return None;
        }
        let formula = self.inner();
        self.depth -= 1;
        formula
    }

    fn inner(&mut self) -> Option<Formula> {
        if self.takes("-").is_some() {
            return Some(Formula::Negative(Box::new(self.one()?)));
        }
        if self.takes("(").is_some() {
            let inner = self.sum()?;
            return self.takes(")").map(|_| inner);
        }
        let word = self.words.get(self.at)?.clone();
        self.at += 1;
        match word {
            Word::Number(number) => Some(Formula::Number(number)),
            Word::Text(text) => Some(Formula::Text(text)),
            Word::Sign(_) => None,
            // Ids begin with a small letter, functions are written in capitals.
            Word::Name(name) if name.starts_with(|c: char| c.is_ascii_lowercase()) => Some(Formula::Id(name)),
            Word::Name(name) => {
                self.takes("(")?;
                let mut of = Vec::new();
                if self.takes(")").is_some() {
                    return Some(Formula::Call(name, of));
                }
                loop {
                    of.push(self.sum()?);
                    match self.takes(",)")? {
                        ')' => return Some(Formula::Call(name, of)),
                        _ => continue,
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(of: &[(i64, f64)]) -> Points {
        of.iter().copied().collect()
    }

    fn compute(text: &str) -> Option<Value> {
        let metrics = [
            ("m1".to_owned(), points(&[(0, 1.0), (60, 4.0)])),
            ("m2".to_owned(), points(&[(0, 2.0), (120, 0.0)])),
        ];
        let query = |id: &str| {
            let found = metrics.iter().find(|(name, _)| name == id)?;
            Some(Value::One(found.1.clone()))
        };
        Formula::read(text)?.value(&[0, 60, 120], &query, &metrics)
    }

    #[test]
    fn what_is_understood() {
        for (text, expected) in [
            ("m1 * 2 + 1", points(&[(0, 3.0), (60, 9.0)])),
            ("1 + 2 * m1", points(&[(0, 3.0), (60, 9.0)])),
            ("-(m1 - 1)", points(&[(0, 0.0), (60, -3.0)])),
            ("m1 + m2", points(&[(0, 3.0)])),
            ("10 / m2", points(&[(0, 5.0)])),
            (
                "FILL(m1, 0) + FILL(m2, 0)",
                points(&[(0, 3.0), (60, 4.0), (120, 0.0)]),
            ),
            ("SUM(METRICS())", points(&[(0, 3.0), (60, 4.0), (120, 0.0)])),
            ("MAX(METRICS(\"m2\")) / 2", points(&[(0, 1.0), (120, 0.0)])),
            ("m1 / SUM(m1)", points(&[(0, 0.2), (60, 0.8)])),
            (
                "SUM(FILL(METRICS(), 1))",
                points(&[(0, 3.0), (60, 5.0), (120, 1.0)]),
            ),
        ] {
            assert_eq!(compute(text), Some(Value::One(expected)), "{text}");
        }
        assert_eq!(compute("AVG(m1)"), Some(Value::Number(2.5)));
    }

    #[test]
    fn what_is_not() {
        for text in [
            "",
            "m1 +",
            "m3",
            "IF(m1 > 1, 1, 0)",
            "FILL(m1, REPEAT)",
            "SEARCH('x', 'Sum')",
            "m1 m2",
            "(m1",
            "m1)",
            "RATE(m1)",
            "ANOMALY_DETECTION_BAND(m1, 2)",
            "'a'",
        ] {
            assert_eq!(compute(text), None, "{text}");
        }
        assert_eq!(Formula::read(&"(".repeat(10_000)), None);
    }
}
