use std::fmt;

use serde::{Serialize, Serializer};

use crate::compare::{Compare, Shown, Verdict};

/// The numbers of days that `PutRetentionPolicy` takes.
pub const RETENTION_DAYS: [u32; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/// How long a log group keeps its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// One of [`RETENTION_DAYS`].
    Days(u32),
    /// No retention policy: events are kept until the group is deleted.
    Never,
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(days) => write!(f, "{days}"),
            Self::Never => f.write_str("never expires"),
        }
    }
}

impl Serialize for Retention {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Days(days) => serializer.serialize_u32(*days),
            Self::Never => serializer.serialize_str("never"),
        }
    }
}

impl Compare for Retention {
    fn verdict(&self, live: &Self) -> Verdict {
        if self == live {
            Verdict::Same
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        Shown::Plain(self.to_string())
    }
}
