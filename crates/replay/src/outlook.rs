//! What an alarm would have made of what its rule matches.

use serde::Serialize;
use trailwarden_alarm::{Forecast, MissingData, Point, Resolution, Series, State, forecast};

use crate::rules::Watch;
use crate::tally::Minutes;

/// What an alarm would have done. It takes each event for counted in the minute of its call; `CloudTrail` delivers about
/// five minutes later and in batches, which can make one of two alarms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outlook {
    /// The alarm's name.
    pub alarm: String,
    /// How often it would have gone off.
    pub alarms: usize,
    /// How many seconds it would have been in `ALARM`.
    pub in_alarm_seconds: i64,
    /// The longest time without a break, in seconds.
    pub longest_seconds: i64,
    /// Notices that its actions would have sent.
    pub notices: usize,
    /// Events that a notice was about.
    pub announced: u64,
    /// Events that came while it was in `ALARM` already, so that nobody was told.
    pub swallowed: u64,
    /// Events that were never part of an alarm.
    pub quiet: u64,
}

/// Holds an alarm against counts by minute; it begins in `OK`.
#[must_use]
pub fn outlook(watch: &Watch, minutes: &Minutes) -> Outlook {
    let mut outlook = Outlook {
        alarm: watch.name.clone(),
        ..Outlook::default()
    };
    let settings = watch.alarm.settings();
    let sight = i64::from(watch.alarm.evaluation_range()) * i64::from(settings.period);
    // When silence is no breach, nothing happens between two times with events: the weeks between need no look.
    let gap = match settings.missing_data {
        MissingData::NotBreaching => Some(sight + 2 * i64::from(settings.period) + 120),
        _ => None,
    };
    let mut state = State::Ok;
    for island in islands(minutes, gap) {
        let mut series = Series::new(Resolution::Standard);
        let (mut first, mut last) = (i64::MAX, i64::MIN);
        for (minute, count) in island {
            let at = minute * 60;
            (first, last) = (first.min(at), last.max(at));
            if let Ok(point) = Point::repeated(at, watch.value, f64::from(count)) {
                series.add(point);
            }
        }
        let until = last + sight + i64::from(settings.period) + 120;
        let part = forecast(&watch.alarm, &series, first - 60, until, state);
        state = part.state;
        add(&mut outlook, watch, &part);
    }
    outlook
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of events, which are whole"
)]
fn add(outlook: &mut Outlook, watch: &Watch, part: &Forecast) {
    outlook.alarms += part.alarms();
    outlook.in_alarm_seconds += part.in_alarm;
    outlook.longest_seconds = outlook.longest_seconds.max(part.longest);
    let times = |to: State| part.transitions.iter().filter(|change| change.to == to).count();
    outlook.notices += times(State::Alarm) * watch.on_alarm + times(State::Ok) * watch.on_ok;
    outlook.announced += part.announced as u64;
    outlook.swallowed += part.swallowed as u64;
    outlook.quiet += part.quiet as u64;
}

/// Minutes with events, cut where a gap is longer than so many seconds.
fn islands(minutes: &Minutes, gap: Option<i64>) -> Vec<Vec<(i64, u32)>> {
    let mut islands: Vec<Vec<(i64, u32)>> = Vec::new();
    for (minute, count) in minutes {
        let last = islands
            .last()
            .and_then(|island| island.last())
            .map(|(last, _)| *last);
        let far = match (last, gap) {
            (Some(last), Some(gap)) => (minute - last) * 60 > gap,
            (None, _) => true,
            (Some(_), None) => false,
        };
        if far {
            islands.push(Vec::new());
        }
        if let Some(island) = islands.last_mut() {
            island.push((*minute, *count));
        }
    }
    islands
}

#[cfg(test)]
mod tests {
    use trailwarden_alarm::{Alarm, Operator, Settings, Statistic};

    use super::*;

    fn watch(threshold: f64) -> Watch {
        let mut settings = Settings::new(Statistic::Sum, Operator::GreaterThanOrEqualToThreshold, threshold);
        settings.missing_data = MissingData::NotBreaching;
        Watch {
            name: "alarm".into(),
            alarm: Alarm::new(settings).expect("sound"),
            value: 1.0,
            on_alarm: 2,
            on_ok: 0,
        }
    }

    #[test]
    fn islands_give_what_the_whole_time_gives() {
        let mut minutes = Minutes::new();
        for at in [0, 1, 7, 8, 90, 400, 401, 402, 430, 2000] {
            minutes.insert(29_000_000 + at, 1 + (at % 3) as u32);
        }
        for threshold in [1.0, 2.0, 4.0] {
            let watch = watch(threshold);
            let own = outlook(&watch, &minutes);
            let mut series = Series::new(Resolution::Standard);
            for (minute, count) in &minutes {
                series.add(Point::repeated(minute * 60, 1.0, f64::from(*count)).expect("a point"));
            }
            let (from, until) = (29_000_000 * 60 - 60, 29_002_100 * 60);
            let whole = forecast(&watch.alarm, &series, from, until, State::Ok);
            assert_eq!(own.alarms, whole.alarms(), "{threshold}");
            assert_eq!(own.in_alarm_seconds, whole.in_alarm, "{threshold}");
            assert_eq!(own.longest_seconds, whole.longest, "{threshold}");
            assert_eq!(own.notices, 2 * whole.alarms(), "{threshold}");
            let counts = [own.announced, own.swallowed, own.quiet].map(|count| count as f64);
            assert_eq!(
                counts,
                [whole.announced, whole.swallowed, whole.quiet],
                "{threshold}"
            );
        }
    }
}
