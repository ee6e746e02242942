//! Numbers between bounds, and their spellings.

use crate::number::Decimal;
use crate::tree::{Comparison, Operator, Value};

use super::Found;
use super::budget::Budget;
use super::decimal::{between, can_begin, spellings};
use super::spelling::{self, Walk};
use super::text::Wants;

/// A bound, and whether it is itself within.
type Bound = Option<(Decimal, bool)>;

/// What is asked of the value of a number.
#[derive(Debug, Default)]
struct Range {
    low: Bound,
    high: Bound,
    /// Values that it is not.
    not: Vec<Decimal>,
}

/// A JSON number that meets these comparisons, as it is spelt.
///
/// By value alone this is exact: between two bounds there are more numbers than are ruled out. Where
/// the spelling counts as well, none is sure when no number is spelt so, or the one value that is
/// left never begins so.
pub(super) fn find(compares: &[(&Comparison, bool)], budget: &Budget) -> Found<String> {
    let mut range = Range::default();
    let mut wants = Wants::default();
    for &(compare, holds) in compares {
        match &compare.value {
            Value::Number(number) => range.add(compare.operator, &number.value, holds),
            _ => wants.add(compare, holds),
        }
    }
    if range.is_empty() || wants.contradicts_itself() {
        return Found::None;
    }
    let fits = |text: &str| {
        spelling::is_number(text)
            && Decimal::parse(text.as_bytes()).is_some_and(|value| range.holds(&value))
            && wants.fits(text)
    };
    if let Some(text) = wants.exact() {
        return match fits(text) {
            true => Found::One(text.to_owned()),
            false => Found::None,
        };
    }
    let values = range.samples();
    if let Some(text) = values.iter().find(|text| fits(text)) {
        return Found::One(text.clone());
    }
    if wants.is_empty() {
        return Found::Doubt;
    }
    if let Some(point) = range.point()
        && !can_begin(point, wants.beginning())
    {
        return Found::None;
    }
    let mut others = values.iter().flat_map(|text| spellings(text));
    if let Some(text) = others.find(|text| fits(text)) {
        return Found::One(text);
    }
    match spelling::walk(&wants, budget, fits) {
        Walk::Found(text) => Found::One(text),
        Walk::Nothing => Found::None,
        Walk::Unsure => Found::Doubt,
    }
}

impl Range {
    fn add(&mut self, operator: Operator, value: &Decimal, holds: bool) {
        let value = value.clone();
        match (operator, holds) {
            (Operator::Equal, true) | (Operator::NotEqual, false) => {
                self.raise(value.clone(), true);
                self.lower(value, true);
            }
            (Operator::Equal, false) | (Operator::NotEqual, true) => self.not.push(value),
            (Operator::Less, true) => self.lower(value, false),
            (Operator::GreaterOrEqual, false) => self.lower(value, false),
            (Operator::LessOrEqual, true) => self.lower(value, true),
            (Operator::Greater, false) => self.lower(value, true),
            (Operator::Greater, true) => self.raise(value, false),
            (Operator::LessOrEqual, false) => self.raise(value, false),
            (Operator::GreaterOrEqual, true) => self.raise(value, true),
            (Operator::Less, false) => self.raise(value, true),
        }
    }

    fn raise(&mut self, value: Decimal, within: bool) {
        let tighter = self
            .low
            .as_ref()
            .is_none_or(|(low, was_within)| value > *low || (value == *low && *was_within && !within));
        if tighter {
            self.low = Some((value, within));
        }
    }

    fn lower(&mut self, value: Decimal, within: bool) {
        let tighter = self
            .high
            .as_ref()
            .is_none_or(|(high, was_within)| value < *high || (value == *high && *was_within && !within));
        if tighter {
            self.high = Some((value, within));
        }
    }

    fn holds(&self, value: &Decimal) -> bool {
        let above = |(low, within): &(Decimal, bool)| value > low || (*within && value == low);
        let below = |(high, within): &(Decimal, bool)| value < high || (*within && value == high);
        self.low.as_ref().is_none_or(above)
            && self.high.as_ref().is_none_or(below)
            && !self.not.contains(value)
    }

    /// The only value between the bounds, if it is one.
    fn point(&self) -> Option<&Decimal> {
        match (&self.low, &self.high) {
            (Some((low, _)), Some((high, _))) if low == high => Some(low),
            _ => None,
        }
    }

    fn is_empty(&self) -> bool {
        match (&self.low, &self.high) {
            (Some((low, _)), Some((high, _))) if low == high => !self.holds(low),
            (Some((low, _)), Some((high, _))) => low > high,
            _ => false,
        }
    }

    /// Values within the range, the plainest first. When there is any, there is one here.
    fn samples(&self) -> Vec<String> {
        let (low, high) = (self.low.as_ref().map(|b| &b.0), self.high.as_ref().map(|b| &b.0));
        let mut tries: Vec<String> = Vec::new();
        for value in low.into_iter().chain(high) {
            let text = value.to_text();
            if let Ok(whole) = text.parse::<i32>() {
                let whole = i64::from(whole);
                tries.extend([whole, whole + 1, whole - 1].map(|n| n.to_string()));
            } else {
                tries.push(text);
            }
        }
        tries.extend(["1", "0", "2", "3", "10", "100", "1000", "-1", "0.5"].map(str::to_owned));
        // One more than are ruled out, each below the one before.
        let mut top = high.cloned();
        for _ in 0..=self.not.len() {
            let Some(next) = between(low, top.as_ref()) else {
                break;
            };
            tries.push(next.to_text());
            top = Some(next);
        }
        tries.retain(|text| Decimal::parse(text.as_bytes()).is_some_and(|value| self.holds(&value)));
        tries
    }
}
