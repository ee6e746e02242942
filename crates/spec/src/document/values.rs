//! The values that keys take: strings, numbers, words, lists and maps.

use std::collections::BTreeMap;

use toml::de::DeValue;

use crate::kinds::{
    Backoff, FilterScope, Insight, LockMode, LogClass, LowSamples, ManagementEvents, MissingData,
    ObjectOwnership, Operator, Protocol, SelectorForm, Statistic, StorageClass, Tracing, Unit,
};
use crate::leaf::{RETENTION_DAYS, Retention};
use crate::problem::{Problem, code};

use super::decoder::{At, Decode, Value};
use super::suggest::{listed, nearest};
use super::variables::expand;

impl Decode for String {
    fn decode(value: &Value<'_>) -> Option<Self> {
        let DeValue::String(text) = value.raw else {
            let help = match value.raw {
                DeValue::Integer(n) => Some(format!("put it in quotes: `\"{}\"`", n.as_str())),
                _ => None,
            };
            return value.wrong_type("a string", help);
        };
        // The line ends of a file are its editor's: they must not make another pattern or description.
        let text = text.replace("\r\n", "\n");
        match expand(&text, value.cx.variables.get()) {
            Ok(text) => Some(text),
            Err(unknown) => {
                let problem = Problem::new(code::UNKNOWN_VARIABLE, &value.spot, unknown.message);
                value.report(problem.label("within this string").help(unknown.help));
                None
            }
        }
    }
}

impl Decode for bool {
    fn decode(value: &Value<'_>) -> Option<Self> {
        match value.raw {
            DeValue::Boolean(yes) => Some(*yes),
            DeValue::String(text) if matches!(text.as_ref(), "true" | "false") => value.wrong_type(
                "`true` or `false`",
                Some(format!("write `{text}` without quotes")),
            ),
            _ => value.wrong_type("`true` or `false`", None),
        }
    }
}

/// A number in quotes is the usual slip.
fn unquoted(value: &Value<'_>) -> Option<String> {
    match value.raw {
        DeValue::String(text) if text.parse::<f64>().is_ok() => {
            Some(format!("write `{text}` without quotes"))
        }
        _ => None,
    }
}

pub(crate) fn integer(value: &Value<'_>) -> Option<i64> {
    match value.raw {
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    }
}

impl Decode for u32 {
    fn decode(value: &Value<'_>) -> Option<Self> {
        if !matches!(value.raw, DeValue::Integer(_)) {
            return value.wrong_type("an integer", unquoted(value));
        }
        let number = integer(value).and_then(|number| Self::try_from(number).ok());
        if number.is_none() {
            let negative = matches!(value.raw, DeValue::Integer(number) if number.as_str().starts_with('-'));
            let (must_be, label) = match negative {
                true => ("1 or more".to_owned(), "less than 1"),
                false => (format!("at most {}", Self::MAX), "too large"),
            };
            let message = format!("`{}` must be {must_be}", value.key);
            value.report(Problem::new(code::BAD_NUMBER, &value.spot, message).label(label));
        }
        number
    }
}

impl Decode for f64 {
    fn decode(value: &Value<'_>) -> Option<Self> {
        let number = match value.raw {
            DeValue::Integer(_) => integer(value).map(|number| number as Self),
            DeValue::Float(number) => number.as_str().parse().ok(),
            _ => return value.wrong_type("a number", unquoted(value)),
        };
        let number = number.filter(|number: &Self| number.is_finite());
        if number.is_none() {
            let message = format!("`{}` must be a finite number", value.key);
            value.report(
                Problem::new(code::BAD_NUMBER, &value.spot, message).label("CloudWatch takes no such number"),
            );
        }
        number
    }
}

impl<T: Decode> Decode for Vec<At<T>> {
    fn decode(value: &Value<'_>) -> Option<Self> {
        let Some(items) = value.items() else {
            let help = match value.raw {
                DeValue::String(text) => Some(format!("write `{} = [\"{text}\"]`", value.key)),
                DeValue::Table(_) => Some(format!("write `{} = [{{ ... }}]`", value.key)),
                _ => None,
            };
            return value.wrong_type("an array", help);
        };
        let read = |item: &Value<'_>| {
            Some(At {
                value: T::decode(item)?,
                spot: item.spot.clone(),
            })
        };
        Some(items.iter().filter_map(read).collect())
    }
}

/// Names with their values, such as tags and dimensions, as written.
#[derive(Debug, Default)]
pub(crate) struct Map(pub(crate) Vec<(At<String>, At<String>)>);

impl Map {
    /// Names with their values, without their places.
    pub(crate) fn into_map(self) -> BTreeMap<String, String> {
        self.0
            .into_iter()
            .map(|(name, value)| (name.value, value.value))
            .collect()
    }
}

impl Decode for Map {
    fn decode(value: &Value<'_>) -> Option<Self> {
        let Some(mut table) = value.table() else {
            let help = format!("write `{} = {{ name = \"value\" }}`", value.key);
            return value.wrong_type("a table of strings", Some(help));
        };
        let read = |(key, value): (At<&str>, Value<'_>)| {
            Some((
                key.map(str::to_owned),
                At {
                    value: String::decode(&value)?,
                    spot: value.spot,
                },
            ))
        };
        Some(Self(table.drain().into_iter().filter_map(read).collect()))
    }
}

macro_rules! words {
    ($($type:ident: $from:expr;)*) => {$(
        impl Decode for $type {
            fn decode(value: &Value<'_>) -> Option<Self> {
                value.word(Self::ALL, Self::as_str, $from)
            }
        }
    )*};
}
words! {
    Backoff: Backoff::from_word;
    FilterScope: FilterScope::from_word;
    Insight: Insight::from_word;
    LockMode: LockMode::from_word;
    LogClass: LogClass::from_word;
    LowSamples: LowSamples::from_word;
    ManagementEvents: ManagementEvents::from_word;
    MissingData: MissingData::from_word;
    ObjectOwnership: ObjectOwnership::from_word;
    Protocol: Protocol::from_word;
    SelectorForm: SelectorForm::from_word;
    StorageClass: StorageClass::from_word;
    Tracing: Tracing::from_word;
    Unit: Unit::from_word;
}

impl Decode for Operator {
    fn decode(value: &Value<'_>) -> Option<Self> {
        value.word(Self::ALL, sign, |word| {
            Self::from_word(word).or_else(|| from_sign(word))
        })
    }
}

/// The way that people write an operator.
fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::GreaterThanOrEqualToThreshold => ">=",
        Operator::GreaterThanThreshold => ">",
        Operator::LessThanThreshold => "<",
        Operator::LessThanOrEqualToThreshold => "<=",
        Operator::LessThanLowerOrGreaterThanUpperThreshold => "outside-band",
        Operator::GreaterThanUpperThreshold => "above-band",
        Operator::LessThanLowerThreshold => "below-band",
    }
}

fn from_sign(word: &str) -> Option<Operator> {
    Operator::ALL
        .iter()
        .copied()
        .find(|operator| sign(*operator) == word)
}

impl Decode for Statistic {
    fn decode(value: &Value<'_>) -> Option<Self> {
        let text = String::decode(value)?;
        let statistic = Self::parse(&text);
        if statistic.is_none() {
            let simple = ["Sum", "Average", "Minimum", "Maximum", "SampleCount"];
            let near = in_its_case(&text).or_else(|| nearest(&text, simple).map(str::to_owned));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "it takes {}, or one such as `p99`, `TM(10%:90%)` or `IQM`",
                    listed(simple)
                ),
            };
            let message = format!("`{text}` is no statistic of CloudWatch");
            value.report(
                Problem::new(code::UNKNOWN_WORD, &value.spot, message)
                    .label("unknown statistic")
                    .help(help),
            );
        }
        statistic
    }
}

/// A statistic that is one but for its letters' case and blanks within: `P99`, `tm(10% : 90%)`.
fn in_its_case(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    [text.to_ascii_lowercase(), text.to_ascii_uppercase()]
        .into_iter()
        .find(|text| Statistic::parse(text).is_some())
}

impl Decode for Retention {
    fn decode(value: &Value<'_>) -> Option<Self> {
        match value.raw {
            DeValue::String(text) if text == "never" => return Some(Self::Never),
            DeValue::Integer(_) => {}
            _ => return value.wrong_type("a number of days or `\"never\"`", unquoted(value)),
        }
        let days = integer(value).unwrap_or(-1);
        let known = u32::try_from(days)
            .ok()
            .filter(|days| RETENTION_DAYS.contains(days));
        if known.is_none() {
            let message = format!("CloudWatch Logs cannot keep events for {days} days");
            let problem =
                Problem::new(code::BAD_NUMBER, &value.spot, message).label("not an allowed number of days");
            value.report(problem.help(nearest_days(days)));
        }
        known.map(Self::Days)
    }
}

fn nearest_days(days: i64) -> String {
    let below = RETENTION_DAYS.iter().rev().find(|&&d| i64::from(d) < days);
    let above = RETENTION_DAYS.iter().find(|&&d| i64::from(d) > days);
    match (below, above) {
        _ if days <= 0 => "the least is `1`; `\"never\"` keeps events for ever".into(),
        (Some(below), Some(above)) => {
            format!("the nearest allowed are `{below}` and `{above}`; `\"never\"` keeps events for ever")
        }
        (Some(most), None) => format!("the most is `{most}`; `\"never\"` keeps events for ever"),
        (None, _) => "the least is `1`".into(),
    }
}
