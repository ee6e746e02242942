//! What happens by itself when time passes.
//!
//! Trails deliver what was called (`delivery`). Log events enter a group ([`events_arrive`]): its metric filters, and CloudWatch Logs itself, make data
//! of metrics out of them ([`filters`], [`metrics`]). Each minute the alarms look at that data
//! ([`alarms`]); one that gets another state publishes to its topics ([`notices`]), and from there
//! messages go to queues, to people, and to endpoints outside ([`outgoing`]).
//!
//! Nothing runs in the background. A call finds out what the [`clock`] shows, and before it is answered
//! the state is brought up to that time ([`live`]): minute by minute, but only through the minutes at which
//! something can change, so that three quiet weeks cost as much as one evaluation of each alarm. The same
//! state and the same time always give the same result.
//!
//! Left alone are alarms that the sandbox cannot evaluate: those on an anomaly detection band, on metric
//! math beyond [`math`], on statistics other than the five and percentiles, and those with a period
//! below a minute, since data is kept to the minute. They keep the state that they have.

pub(crate) mod alarms;
pub(crate) mod clock;
mod filters;
pub(crate) mod math;
pub(crate) mod metrics;
pub(crate) mod notices;
pub(crate) mod outgoing;

use std::io;

use crate::delivery;
use crate::state::State;

/// What passing time did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Lived {
    /// How many alarms were evaluated, each as often as it was.
    pub(crate) evaluations: usize,
    /// Something in the account is another than before.
    pub(crate) changed: bool,
}

/// Whether [`live`] would have anything to look at; it costs next to nothing.
pub(crate) fn due(state: &State, now: i64) -> bool {
    state.lived > 0 && now > state.lived && alarms::could_change(state, state.lived, now)
}

/// Lets everything happen that happens by itself until `now`, in milliseconds.
///
/// A second call with the same time, or with an earlier one, does nothing.
pub(crate) fn live(state: &mut State, now: i64) -> Lived {
    let mut lived = Lived::default();
    if due(state, now) {
        alarms::live(state, state.lived, now, &mut lived);
    }
    state.lived = state.lived.max(now);
    lived
}

/// Whether [`pass`] would have anything to do.
pub(crate) fn may_pass(state: &State, now: i64) -> io::Result<bool> {
    Ok(due(state, now) || delivery::is_due(state, now)?)
}

/// Lets trails deliver what the rounds until `now` have for them, and everything else happen meanwhile. True
/// if something is another than before.
pub(crate) fn pass(state: &mut State, now: i64) -> io::Result<bool> {
    let delivers = delivery::is_due(state, now)?;
    if delivers {
        delivery::until(state, now)?;
    }
    Ok(live(state, now).changed || delivers)
}

/// Log events, each with its time in milliseconds and its text, enter a log group at `now`.
///
/// Whoever lets events arrive at an earlier time than that of the call brings the state up to that time
/// first, with [`live`].
pub(crate) fn events_arrive(
    state: &mut State,
    account: &str,
    region: &str,
    group: &str,
    events: &[(i64, String)],
    now: i64,
) {
    filters::count(state, account, region, group, events, now);
}

#[cfg(test)]
mod tests;
