//! "Configuring how `CloudWatch` alarms treat missing data": what becomes of a pattern of data points.

use crate::settings::MissingData;
use crate::state::State;

/// One period in the evaluation range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Its data point is within the threshold: AWS writes `0`.
    Within,
    /// Its data point breaches: `X`.
    Breaching,
    /// It has none: `-`.
    Missing,
}

/// What AWS makes of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The new state; none if the current one stays.
    pub state: Option<State>,
    /// How many of the N data points were filled in.
    pub filled: u32,
    /// Fewer than M data points breach, but none is within the threshold and the oldest is at least M
    /// periods old: AWS's "premature alarm state".
    pub premature: bool,
    /// The periods that were evaluated, as places in the pattern, newest first: those with data, and the
    /// newest without as far as they were filled in.
    pub evaluated: Vec<usize>,
}

/// Judges the periods of an evaluation range, the newest first: N are to be evaluated and M must breach.
///
/// * If at least N have data, the newest N of those count and nothing is filled in.
/// * Otherwise all that have data count, and as few as possible are filled in.
/// * `breaching` and `notBreaching` fill in data points of that kind, and M decides.
/// * `missing` and `ignore` fill in nothing that could decide. M breaching data points are an alarm.
///   Fewer are `OK` as soon as one data point is within the threshold. Where all breach, `missing` goes
///   to `ALARM` if the oldest is at least M periods old, and `ignore` stays.
///
/// Two things are not plain in AWS's text. The rule of the oldest breaching data point would make the row
/// `0 - X - -` of the second table an alarm, whose state there is `OK`: so it asks for a range without any
/// data point within the threshold, as an earlier edition of the page says ("and there aren't any
/// non-breaching data points"). And what `missing` makes of `- - - - X`, too young to be an alarm, is said
/// only by that edition: `INSUFFICIENT_DATA`.
#[must_use]
pub fn judge(range: &[Slot], n: u32, m: u32, missing_data: MissingData) -> Judgement {
    let wanted = usize::try_from(n).unwrap_or(usize::MAX);
    let mut evaluated: Vec<usize> = (0..range.len())
        .filter(|at| range[*at] != Slot::Missing)
        .collect();
    evaluated.truncate(wanted);
    let breaching: Vec<usize> = evaluated
        .iter()
        .copied()
        .filter(|at| range[*at] == Slot::Breaching)
        .collect();
    let (received, breaches) = (count(evaluated.len()), count(breaching.len()));
    let filled = n - received;
    let by_number = |breaches: u32| if breaches >= m { State::Alarm } else { State::Ok };

    let mut premature = false;
    let state = match missing_data {
        _ if filled == 0 => Some(by_number(breaches)),
        MissingData::Breaching => Some(by_number(breaches + filled)),
        MissingData::NotBreaching => Some(by_number(breaches)),
        _ if breaches >= m => Some(State::Alarm),
        _ if breaches < received => Some(State::Ok),
        MissingData::Ignore => None,
        MissingData::Missing => {
            // Places count from 0, ages from 1.
            premature = breaching.last().is_some_and(|oldest| count(*oldest) + 1 >= m);
            Some(if premature {
                State::Alarm
            } else {
                State::InsufficientData
            })
        }
    };

    let without = (0..range.len()).filter(|at| range[*at] == Slot::Missing);
    evaluated.extend(without.take(wanted - evaluated.len()));
    evaluated.sort_unstable();
    Judgement {
        state,
        filled,
        premature,
        evaluated,
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
