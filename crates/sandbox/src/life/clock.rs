//! The clock of the account: that of the process, ahead of it or behind it, or stopped.

use serde::{Deserialize, Serialize};

use crate::state::State;

/// A clock that somebody set, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SetClock {
    /// It stands at a time since 1970.
    Stands(i64),
    /// It goes, so much ahead of the clock of the process.
    Ahead(i64),
}

impl State {
    /// What the account's clock shows when that of the process shows `real`.
    pub(crate) fn now(&self, real: i64) -> i64 {
        match self.clock {
            None => real,
            Some(SetClock::Stands(at)) => at,
            Some(SetClock::Ahead(by)) => real.saturating_add(by),
        }
    }

    /// Sets the clock. What has happened stays when time goes back, and happens by itself again from
    /// the new time on.
    pub(crate) fn set_clock(&mut self, clock: Option<SetClock>, real: i64) {
        self.clock = clock;
        self.lived = self.lived.min(self.now(real));
    }

    /// The clock moved on by so much: one that stands still stands.
    pub(crate) fn advanced(&self, by: i64) -> SetClock {
        match self.clock {
            Some(SetClock::Stands(at)) => SetClock::Stands(at.saturating_add(by)),
            Some(SetClock::Ahead(before)) => SetClock::Ahead(before.saturating_add(by)),
            None => SetClock::Ahead(by),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_set_and_moved() {
        let mut state = State::new();
        assert_eq!(state.now(5), 5);
        state.set_clock(Some(state.advanced(10)), 5);
        assert_eq!(state.now(6), 16);
        state.set_clock(Some(SetClock::Stands(100)), 6);
        state.set_clock(Some(state.advanced(10)), 6);
        assert_eq!(state.now(7), 110);
        state.lived = 110;
        state.set_clock(Some(SetClock::Stands(50)), 7);
        assert_eq!(state.lived, 50);
    }
}
