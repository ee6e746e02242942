use std::fmt;
use std::str::FromStr;

/// How the data of one period becomes one number ("`CloudWatch` statistics definitions").
///
/// Of the extended statistics only percentiles are here. The others are refused by
/// [`FromStr`](Statistic#impl-FromStr-for-Statistic): AWS computes several of them by interpolation
/// that it does not describe, and a guess would look like an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// The number of samples.
    SampleCount,
    /// `Sum / SampleCount`.
    Average,
    /// All values added up.
    Sum,
    /// The lowest value.
    Minimum,
    /// The highest value.
    Maximum,
    /// The value below which a share of all samples lies.
    Percentile(Percentile),
}

/// A percentile from 0 to 100, with up to ten decimal places (`ExtendedStatistic`: `p0.0` to `p100`).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Percentile(f64);

/// Why a text is no statistic that can be computed here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatisticError {
    /// AWS has it, this crate has not.
    #[error(
        "the statistic `{0}` cannot be computed here: of the extended statistics only percentiles can, such as `p99`"
    )]
    Unsupported(String),
    /// AWS does not have it either.
    #[error(
        "`{0}` is no statistic: write `SampleCount`, `Average`, `Sum`, `Minimum`, `Maximum` or a percentile such as `p99`"
    )]
    Unknown(String),
}

impl Percentile {
    /// A percentile; none outside 0 to 100.
    #[must_use]
    pub fn new(percent: f64) -> Option<Self> {
        (0.0..=100.0).contains(&percent).then_some(Self(percent))
    }

    /// From 0 to 100.
    #[must_use]
    pub fn percent(self) -> f64 {
        self.0
    }

    /// Below how many samples in all evaluated periods AWS takes the percentile for not significant
    /// ("Percentile-based alarms and low data samples"): `10 / (1 - p)` from the median up, `10 / p`
    /// below it. None for `p0` and `p100`, which the page leaves out.
    #[must_use]
    pub fn significant_samples(self) -> Option<f64> {
        // In percent, so that `p99` is 1000 and not 999.99.
        match self.0 {
            p if p <= 0.0 || p >= 100.0 => None,
            p if p >= 50.0 => Some(1000.0 / (100.0 - p)),
            p => Some(1000.0 / p),
        }
    }
}

impl fmt::Display for Percentile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SampleCount => "SampleCount",
            Self::Average => "Average",
            Self::Sum => "Sum",
            Self::Minimum => "Minimum",
            Self::Maximum => "Maximum",
            Self::Percentile(percentile) => return percentile.fmt(f),
        })
    }
}

impl FromStr for Statistic {
    type Err = StatisticError;

    fn from_str(text: &str) -> Result<Self, StatisticError> {
        Ok(match text {
            "SampleCount" => Self::SampleCount,
            "Average" => Self::Average,
            "Sum" => Self::Sum,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            _ => match percentile(text) {
                Some(percentile) => Self::Percentile(percentile),
                None if is_extended(text) => return Err(StatisticError::Unsupported(text.to_owned())),
                None => return Err(StatisticError::Unknown(text.to_owned())),
            },
        })
    }
}

fn percentile(text: &str) -> Option<Percentile> {
    let number = text.strip_prefix('p')?;
    is_number(number).then(|| number.parse().ok().and_then(Percentile::new))?
}

/// Digits, and up to ten more behind a point.
fn is_number(text: &str) -> bool {
    let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (1..=3).contains(&whole.len()) && rest.len() <= 10 && digits(whole) && digits(rest)
}

/// `tm99`, `wm99`, `tc99`, `ts99`, the same with two bounds such as `TM(2%:98%)`, `PR(:300)` and `IQM`.
fn is_extended(text: &str) -> bool {
    let trimmed = ["tm", "wm", "tc", "ts"]
        .iter()
        .find_map(|it| text.strip_prefix(it));
    let bounded = ["TM", "WM", "TC", "TS", "PR"]
        .iter()
        .find_map(|it| text.strip_prefix(it));
    text == "IQM"
        || trimmed.is_some_and(is_number)
        || bounded.is_some_and(|it| it.starts_with('(') && it.ends_with(')') && it.contains(':'))
}
