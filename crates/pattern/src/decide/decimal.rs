//! Decimal numbers by their digits: what lies between two, and how one can be spelt.

use crate::number::Decimal;

/// A number as its sign, its digits without zeros at either end, and the power of ten that
/// `0.DIGITS` is taken times.
struct Parts {
    negative: bool,
    digits: String,
    power: i64,
}

impl Parts {
    fn of(value: &Decimal) -> Self {
        let text = value.to_text();
        let (negative, text) = match text.strip_prefix('-') {
            Some(text) => (true, text),
            None => (false, text.as_str()),
        };
        let (mantissa, power) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0');
        let zeros = all.len() - digits.len();
        let point = |n: usize| i64::try_from(n).unwrap_or_default();
        Self {
            negative,
            digits: digits.trim_end_matches('0').to_owned(),
            power: power.parse::<i64>().unwrap_or_default() + point(whole.len()) - point(zeros),
        }
    }

    fn is_positive(&self) -> bool {
        !self.negative && !self.digits.is_empty()
    }

    fn is_negative(&self) -> bool {
        self.negative && !self.digits.is_empty()
    }

    fn sign(&self) -> &'static str {
        if self.negative { "-" } else { "" }
    }
}

/// A number above one and below the other, neither of them itself.
pub(super) fn between(low: Option<&Decimal>, high: Option<&Decimal>) -> Option<Decimal> {
    let (low, high) = (low.map(Parts::of), high.map(Parts::of));
    let text = match (&low, &high) {
        (None, None) => "0".into(),
        (None, Some(high)) if high.is_positive() => "0".into(),
        (None, Some(high)) => format!("-1e{}", high.power + 1),
        (Some(low), None) if low.is_negative() => "0".into(),
        (Some(low), None) => format!("1e{}", low.power + 1),
        (Some(low), Some(high)) if low.is_negative() && high.is_positive() => "0".into(),
        (Some(low), Some(high)) if low.is_negative() => format!("-{}", between_sizes(high, low)),
        (Some(low), Some(high)) => between_sizes(low, high),
    };
    Decimal::parse(text.as_bytes())
}

/// The same for two numbers of one sign, without it; the first may be zero.
fn between_sizes(small: &Parts, large: &Parts) -> String {
    let (digits, power) = if small.digits.is_empty() {
        (large.digits.clone(), large.power - 1)
    } else if let Some(rest) = large.digits.strip_prefix(&small.digits)
        && small.power == large.power
    {
        // Less than the rest, however small that is.
        (
            format!("{}{}1", small.digits, "0".repeat(rest.len())),
            small.power,
        )
    } else {
        // The large one has a greater digit before these end, or a greater power.
        (format!("{}1", small.digits), small.power)
    };
    format!("0.{digits}e{power}")
}

/// Other spellings of a number.
pub(super) fn spellings(text: &str) -> Vec<String> {
    let Some(value) = Decimal::parse(text.as_bytes()) else {
        return Vec::new();
    };
    let parts = Parts::of(&value);
    let (sign, digits, power) = (parts.sign(), &parts.digits, parts.power);
    let mut all = Vec::new();
    if !text.contains('e') {
        let zeros = if text.contains('.') {
            ["0", "00"]
        } else {
            [".0", ".00"]
        };
        all.extend(zeros.map(|zeros| format!("{text}{zeros}")));
        all.extend(["e0", "e+0", "e-0", "e00"].map(|end| format!("{text}{end}")));
    }
    if digits.is_empty() {
        all.extend(["-0", "-0.0", "-0e0"].map(str::to_owned));
        all.extend((1..10).flat_map(|power| ["0", "-0"].map(|zero| format!("{zero}e{power}"))));
    } else {
        let length = i64::try_from(digits.len()).unwrap_or_default();
        let (first, rest) = digits.split_at(1);
        let rest = if rest.is_empty() { "0" } else { rest };
        all.push(format!("{sign}{first}.{rest}e{}", power - 1));
        for zeros in 0..10_i64 {
            let pad = "0".repeat(usize::try_from(zeros).unwrap_or_default());
            all.push(format!("{sign}0.{pad}{digits}e{}", power + zeros));
            all.push(format!("{sign}{digits}{pad}e{}", power - length - zeros));
        }
    }
    let capital: Vec<String> = all
        .iter()
        .filter(|text| text.contains('e'))
        .map(|text| text.replace('e', "E"))
        .collect();
    all.extend(capital);
    all
}

/// False when no spelling of the value begins so.
pub(super) fn can_begin(value: &Decimal, begin: &str) -> bool {
    let parts = Parts::of(value);
    let (negative, begin) = match begin.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, begin),
    };
    let (mantissa, is_whole) = match begin.split_once(['e', 'E']) {
        Some((mantissa, _)) => (mantissa, true),
        None => (begin, false),
    };
    let digits: String = mantissa.chars().filter(|&c| c != '.').collect();
    let digits = digits.trim_start_matches('0');
    if parts.digits.is_empty() {
        return digits.is_empty();
    }
    let has_begun = negative || !begin.is_empty();
    if has_begun && negative != parts.negative {
        return false;
    }
    // What follows the digits of the value is zeros.
    let padded = format!("{}{}", parts.digits, "0".repeat(digits.len()));
    match is_whole {
        true => digits.trim_end_matches('0') == parts.digits,
        false => padded.starts_with(digits),
    }
}

#[cfg(test)]
mod tests {
    use super::super::spelling;
    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text.as_bytes()).expect("a number")
    }

    #[test]
    fn between_any_two_numbers_is_another() {
        let mut all: Vec<Decimal> = [
            "-1e30",
            "-12.5",
            "-12",
            "-1",
            "-0.099",
            "-1e-9",
            "0",
            "1e-300",
            "1e-9",
            "0.099",
            "0.1",
            "0.1001",
            "1",
            "1.0000001",
            "5",
            "9",
            "10",
            "12",
            "12.5",
            "120",
            "1e30",
            "1.5e400",
        ]
        .map(number)
        .to_vec();
        all.sort();
        for (at, low) in all.iter().enumerate() {
            assert!(between(Some(low), None).expect("above") > *low, "{low:?}");
            assert!(between(None, Some(low)).expect("below") < *low, "{low:?}");
            for high in &all[at + 1..] {
                let middle = between(Some(low), Some(high)).expect("between");
                assert!(*low < middle && middle < *high, "{low:?} {middle:?} {high:?}");
            }
        }
    }

    #[test]
    fn every_spelling_is_a_number_and_the_same() {
        for text in ["0", "5", "-12.5", "1e400", "100", "0.001"] {
            for other in spellings(text) {
                assert!(spelling::is_number(&other), "{other}");
                assert_eq!(number(&other), number(text), "{other}");
            }
        }
    }

    #[test]
    fn what_a_number_begins_with() {
        for (value, begin, can) in [
            ("5", "5", true),
            ("5", "50", true),
            ("5", "0.005", true),
            ("5", "6", false),
            ("5", "51", false),
            ("5", "-", false),
            ("5", "", true),
            ("-5", "", true),
            ("-5", "-5.", true),
            ("-5", "5", false),
            ("123", "12", true),
            ("123", "1.230", true),
            ("103", "10", true),
            ("123", "120", false),
            ("123", "12e", false),
            ("120", "12e", true),
            ("0", "0.0", true),
            ("0", "-0", true),
            ("0", "1", false),
        ] {
            assert_eq!(can_begin(&number(value), begin), can, "{value} {begin}");
        }
    }
}
