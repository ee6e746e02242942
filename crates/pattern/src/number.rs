//! Decimal numbers of any length, compared exactly.

use std::cmp::Ordering;

/// A decimal number.
///
/// Account and request numbers have more digits than a double keeps, so values are compared as
/// written: 9007199254740993 is not 9007199254740992.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    negative: bool,
    /// Without zeros at either end; empty for zero.
    digits: Vec<u8>,
    /// The value is `0.DIGITS` times ten to this power.
    exponent: i64,
}

/// Beyond this an exponent is this: no two numbers of a log event differ there in fact.
const EXPONENT: i64 = 1 << 40;

impl Decimal {
    /// Reads `[+-] digits [. digits] [e [+-] digits]`, as patterns and JSON write numbers; `E` is
    /// taken for `e`. None for anything else.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        let (whole, rest) = digits(text);
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => match digits(rest) {
                ([], _) => return None,
                split => split,
            },
            _ => (&[][..], rest),
        };
        let shift = match rest {
            [] => 0,
            [b'e' | b'E', rest @ ..] => power(rest)?,
            _ => return None,
        };
        if whole.is_empty() {
            return None;
        }
        let mut all: Vec<u8> = [whole, fraction].concat();
        let zeros = all.iter().take_while(|d| **d == b'0').count();
        all.drain(..zeros);
        while all.last() == Some(&b'0') {
            all.pop();
        }
        if all.is_empty() {
            return Some(Self {
                negative: false,
                digits: all,
                exponent: 0,
            });
        }
        let point = i64::try_from(whole.len()).ok()? - i64::try_from(zeros).ok()?;
        Some(Self {
            negative,
            digits: all,
            exponent: (point + shift).clamp(-EXPONENT, EXPONENT),
        })
    }

    /// The shortest text that a pattern may hold for it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        let digits = String::from_utf8_lossy(&self.digits);
        let count = i64::try_from(self.digits.len()).unwrap_or(i64::MAX);
        match self.exponent {
            _ if self.digits.is_empty() => "0".into(),
            e if (-6..=0).contains(&e) => {
                format!("{sign}0.{}{digits}", "0".repeat(usize::try_from(-e).unwrap_or(0)))
            }
            e if e > 0 && e < count => {
                let (whole, fraction) = digits.split_at(usize::try_from(e).unwrap_or(0));
                format!("{sign}{whole}.{fraction}")
            }
            e if e >= count && e <= 21 => {
                format!(
                    "{sign}{digits}{}",
                    "0".repeat(usize::try_from(e - count).unwrap_or(0))
                )
            }
            e => {
                let (first, rest) = digits.split_at(1);
                let point = if rest.is_empty() { "" } else { "." };
                format!("{sign}{first}{point}{rest}e{}", e - 1)
            }
        }
    }
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let count = text.iter().take_while(|b| b.is_ascii_digit()).count();
    text.split_at(count)
}

fn power(text: &[u8]) -> Option<i64> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let ([_, ..], []) = digits(text) else {
        return None;
    };
    let mut power = 0_i64;
    for digit in text {
        power = (power * 10 + i64::from(digit - b'0')).min(2 * EXPONENT);
    }
    Some(if negative { -power } else { power })
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |n: &Self| match (n.digits.is_empty(), n.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let size = |a: &Self, b: &Self| (a.exponent, &a.digits).cmp(&(b.exponent, &b.digits));
        match (sign(self), sign(other)) {
            (1, 1) => size(self, other),
            (-1, -1) => size(other, self),
            (a, b) => a.cmp(&b),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text.as_bytes()).expect("a number")
    }

    #[test]
    fn values_are_compared_not_spellings() {
        for (a, b) in [
            ("1e+3", "1000"),
            ("123.0", "123"),
            ("-0", "0"),
            ("0.001", "1e-3"),
            ("+55.50", "55.5"),
            ("0e99999999999999999999999", "0"),
            ("1E5", "100000"),
        ] {
            assert_eq!(number(a), number(b), "{a} {b}");
        }
        for (less, more) in [
            ("9007199254740992", "9007199254740993"),
            ("-2", "-1.5"),
            ("-1", "0"),
            ("0", "1e-400"),
            ("9", "10"),
            ("0.09", "0.1"),
            ("1.25", "1.3"),
            ("-1e400", "-1e399"),
        ] {
            assert!(number(less) < number(more), "{less} {more}");
        }
    }

    #[test]
    fn what_is_no_number() {
        for text in [
            "", "-", ".5", "5.", "1e", "1e+", "0x1", "1_000", "1.2.3", "--1", "1e5.0", " 1",
        ] {
            assert_eq!(Decimal::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_text_of_a_number_is_that_number() {
        for text in [
            "0",
            "-1",
            "1000",
            "0.001",
            "55.5",
            "1e400",
            "-1.5e-30",
            "123456789012345678901234567890",
            "1e20",
        ] {
            assert_eq!(number(&number(text).to_text()), number(text), "{text}");
        }
        assert_eq!(number("1e+3").to_text(), "1000");
        assert_eq!(number("00.50").to_text(), "0.5");
    }
}
