//! "Suppressing composite alarm actions": whether a composite alarm may act now.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::state::State;

/// Why a composite alarm does not act (`ActionsSuppressedBy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SuppressedBy {
    /// The suppressor is in `ALARM`.
    Alarm,
    /// It waits for the suppressor to go to `ALARM`.
    WaitPeriod,
    /// It waits after the suppressor has left `ALARM`.
    ExtensionPeriod,
}

impl SuppressedBy {
    /// As AWS writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alarm => "Alarm",
            Self::WaitPeriod => "WaitPeriod",
            Self::ExtensionPeriod => "ExtensionPeriod",
        }
    }

    /// `ActionsSuppressedReason`.
    #[must_use]
    pub fn reason(self) -> String {
        format!("Actions suppressed by {self}")
    }
}

impl fmt::Display for SuppressedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The moment at which a composite alarm takes the actions of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acted {
    /// When, in seconds since 1970.
    pub at: i64,
    /// Of which state: the one that it has then, "based on their currents states".
    pub state: State,
}

/// A composite alarm and its suppressor. It has no clock: whoever holds it says what happened when, in
/// the order in which it happened.
///
/// * A change of the composite alarm while the suppressor is not in `ALARM` begins a wait period, and
///   discards any period before it; at its end the actions are taken.
/// * While the suppressor is in `ALARM` nothing is done; a period that was active is discarded.
/// * When the suppressor leaves `ALARM`, an extension period begins; at its end the actions of changes
///   that nobody heard of are taken, once, and those of the state that there is then.
///
/// A period that ends in the second of another event has ended before it. That `INSUFFICIENT_DATA` of the
/// suppressor is no `ALARM`, that a composite alarm that did not change has nothing to do at the end of an
/// extension, and what follows the replacement of a suppressor in a period, are not in AWS's text.
///
/// Serialises, so that whoever holds it may lay it down between two events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    wait: i64,
    extension: i64,
    composite: State,
    suppressing: bool,
    /// The period that runs, and when it ends.
    period: Option<(SuppressedBy, i64)>,
    /// It changed since it acted.
    pending: bool,
}

impl Suppression {
    /// A composite alarm in a state, with a suppressor in a state and the seconds of
    /// `ActionsSuppressorWaitPeriod` and `ActionsSuppressorExtensionPeriod`.
    #[must_use]
    pub fn new(wait: u32, extension: u32, composite: State, suppressor: State) -> Self {
        Self {
            wait: wait.into(),
            extension: extension.into(),
            composite,
            suppressing: suppressor == State::Alarm,
            period: None,
            pending: false,
        }
    }

    /// What suppresses actions now.
    #[must_use]
    pub fn suppressed_by(&self) -> Option<SuppressedBy> {
        match self.suppressing {
            true => Some(SuppressedBy::Alarm),
            false => self.period.map(|(by, _)| by),
        }
    }

    /// When the period that runs will end.
    #[must_use]
    pub fn ends(&self) -> Option<i64> {
        self.period.map(|(_, ends)| ends)
    }

    /// Time goes on: at the end of a period actions may be taken.
    pub fn advance(&mut self, now: i64) -> Option<Acted> {
        let (_, ends) = self.period.filter(|(_, ends)| *ends <= now)?;
        self.period = None;
        self.act(ends)
    }

    /// The composite alarm has a state, which may be the one that it had.
    ///
    /// Says which actions are taken until now: at the end of a period before, or at once where there is
    /// nothing to wait for.
    pub fn composite(&mut self, now: i64, state: State) -> Vec<Acted> {
        let mut acted = Vec::from_iter(self.advance(now));
        if state == self.composite {
            return acted;
        }
        self.composite = state;
        self.pending = true;
        if !self.suppressing {
            self.begin(SuppressedBy::WaitPeriod, now);
            acted.extend(self.advance(now));
        }
        acted
    }

    /// The suppressor has a state, which may be the one that it had.
    pub fn suppressor(&mut self, now: i64, state: State) -> Vec<Acted> {
        let mut acted = Vec::from_iter(self.advance(now));
        let suppressing = state == State::Alarm;
        if suppressing == self.suppressing {
            return acted;
        }
        self.suppressing = suppressing;
        if suppressing {
            self.period = None;
        } else {
            self.begin(SuppressedBy::ExtensionPeriod, now);
            acted.extend(self.advance(now));
        }
        acted
    }

    /// Another suppressor takes over: "any active `WaitPeriod` or `ExtensionPeriod` is discarded". What
    /// waited is done at once, unless the new one is in `ALARM`.
    pub fn replace(&mut self, now: i64, suppressor: State) -> Vec<Acted> {
        let mut acted = Vec::from_iter(self.advance(now));
        self.suppressing = suppressor == State::Alarm;
        self.period = None;
        if !self.suppressing {
            acted.extend(self.act(now));
        }
        acted
    }

    fn begin(&mut self, by: SuppressedBy, now: i64) {
        let length = match by {
            SuppressedBy::ExtensionPeriod => self.extension,
            SuppressedBy::WaitPeriod | SuppressedBy::Alarm => self.wait,
        };
        self.period = Some((by, now.saturating_add(length)));
    }

    fn act(&mut self, at: i64) -> Option<Acted> {
        std::mem::take(&mut self.pending).then_some(Acted {
            at,
            state: self.composite,
        })
    }
}
