use std::fmt;

use serde::Serialize;

use crate::compare::{Compare, Shown, Verdict};

use super::super::words;

words! {
    /// Who can delete an object version before its retention has ended.
    LockMode {
        /// Whoever may call `s3:BypassGovernanceRetention`.
        Governance = "GOVERNANCE",
        /// Nobody: not the root user, and not AWS.
        Compliance = "COMPLIANCE",
    }
}

/// How long. S3 takes either unit, and keeps the one that it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// Days, at most [`Period::MOST_DAYS`].
    Days(u32),
    /// Years, at most [`Period::MOST_YEARS`].
    Years(u32),
}

impl Period {
    /// The most days of a default retention.
    pub const MOST_DAYS: u32 = 36_500;
    /// The most years of a default retention.
    pub const MOST_YEARS: u32 = 100;
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = match self {
            Self::Days(days) => (days, "day"),
            Self::Years(years) => (years, "year"),
        };
        let end = if *number == 1 { "" } else { "s" };
        write!(f, "{number} {unit}{end}")
    }
}

/// The retention that every new object version gets (`DefaultRetention`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DefaultRetention {
    /// Who can end it early.
    pub mode: LockMode,
    /// How long it is.
    pub period: Period,
}

/// A bucket's Object Lock. Once it is on it stays on, and so does versioning (S3: "Object Lock
/// considerations").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectLock {
    /// Never switched on. As a wish it stands for no default retention, whatever else there is.
    Off,
    /// On, and new objects are not locked by themselves.
    NoDefault,
    /// On, and every new object is locked.
    Default(DefaultRetention),
}

impl ObjectLock {
    /// The default retention, where there is one.
    #[must_use]
    pub fn retention(&self) -> Option<DefaultRetention> {
        match self {
            Self::Off | Self::NoDefault => None,
            Self::Default(retention) => Some(*retention),
        }
    }

    /// True when it is on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        *self != Self::Off
    }
}

impl Compare for ObjectLock {
    fn verdict(&self, live: &Self) -> Verdict {
        if self.retention() == live.retention() {
            Verdict::Same
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        match self {
            Self::Off => Shown::Absent,
            Self::NoDefault => Shown::Plain("no default retention (Object Lock stays on)".into()),
            Self::Default(DefaultRetention { mode, period }) => Shown::Plain(format!("{mode} for {period}")),
        }
    }
}
