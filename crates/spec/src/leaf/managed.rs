use serde::{Serialize, Serializer};

use crate::compare::{Compare, Shown, Verdict};

/// A field that is managed only where the spec writes it.
///
/// What an account holds is always `Set`, but for what is read only where the spec writes it (see
/// [`Managed::or_read`]). A desired `Leave` takes over the live value before the
/// comparison, or the value that a new object is created with when there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Managed<T> {
    /// The spec is silent: whatever is there stays.
    #[default]
    Leave,
    /// The value.
    Set(T),
}

impl<T: Clone> Managed<T> {
    /// The value to be written: the spec's, else the live one, else what a new object begins with.
    #[must_use]
    pub fn or_live(self, live: Option<&Self>, created: T) -> Self {
        match (self, live) {
            (Self::Set(value), _) => Self::Set(value),
            (Self::Leave, Some(Self::Set(value))) => Self::Set(value.clone()),
            (Self::Leave, _) => Self::Set(created),
        }
    }

    /// Like [`Managed::or_live`], for what is read only where the spec writes it: `Leave` in what an
    /// account holds is what nobody looked at, and stays so.
    #[must_use]
    pub fn or_read(self, live: Option<&Self>, created: T) -> Self {
        match (self, live) {
            (Self::Set(value), _) => Self::Set(value),
            (Self::Leave, Some(live)) => live.clone(),
            (Self::Leave, None) => Self::Set(created),
        }
    }

    /// What a read found now, as far as an earlier read looked.
    #[must_use]
    pub fn if_seen(self, earlier: &Self) -> Self {
        match earlier {
            Self::Leave => Self::Leave,
            Self::Set(_) => self,
        }
    }

    /// The value, where there is one.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Leave => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl<T> From<Option<T>> for Managed<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Leave, Self::Set)
    }
}

impl<T: Compare> Compare for Managed<T> {
    fn verdict(&self, live: &Self) -> Verdict {
        match (self, live) {
            (Self::Set(desired), Self::Set(live)) => desired.verdict(live),
            (Self::Leave, _) => Verdict::Same,
            (Self::Set(_), Self::Leave) => Verdict::Differs,
        }
    }
    fn shown(&self) -> Shown {
        match self {
            Self::Leave => Shown::Absent,
            Self::Set(value) => value.shown(),
        }
    }
}

impl<T: Serialize> Serialize for Managed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Leave => serializer.serialize_none(),
            Self::Set(value) => value.serialize(serializer),
        }
    }
}
