//! What an alarm would have done with a month of events.

use trailwarden_alarm::{
    Actions, Alarm, Forecast, MissingData, Operator, Point, Series, Settings, State, Statistic, forecast,
};

/// 2026-11-25 10:00:00 UTC.
const TEN: i64 = 1_795_600_800;

fn rule() -> Alarm {
    let settings = Settings {
        datapoints_to_alarm: Some(1),
        missing_data: MissingData::NotBreaching,
        unit: None,
        ..Settings::new(Statistic::Sum, Operator::GreaterThanOrEqualToThreshold, 2.0)
    };
    Alarm::new(settings).unwrap()
}

fn of(minutes: &[(i64, f64)]) -> Forecast {
    let mut series = Series::default();
    for (minute, count) in minutes {
        series.add(Point::repeated(TEN + minute * 60, 1.0, *count).unwrap());
    }
    forecast(&rule(), &series, TEN, TEN + 86_400, State::Ok)
}

fn counts(forecast: &Forecast) -> [f64; 4] {
    [
        forecast.samples,
        forecast.announced,
        forecast.swallowed,
        forecast.quiet,
    ]
}

#[test]
fn events_are_announced_swallowed_or_quiet() {
    // Nothing at all.
    let quiet = of(&[]);
    assert_eq!((quiet.alarms(), counts(&quiet)), (0, [0.0; 4]));
    // One event is below the threshold; the two after it are five minutes apart.
    let below = of(&[(0, 1.0), (20, 1.0), (25, 1.0)]);
    assert_eq!((below.alarms(), counts(&below)), (0, [3.0, 0.0, 0.0, 3.0]));
    // Four minutes apart are in one period that slides.
    let two = of(&[(0, 1.0), (20, 1.0), (24, 1.0)]);
    assert_eq!(counts(&two), [3.0, 2.0, 0.0, 1.0]);
    assert_eq!(two.transitions[0].at, TEN + 25 * 60);
    // A burst goes on while the alarm is on, and nobody hears of the rest.
    let burst = of(&[(20, 2.0), (21, 7.0), (24, 2.0), (300, 1.0)]);
    assert_eq!((burst.alarms(), counts(&burst)), (1, [12.0, 2.0, 9.0, 1.0]));
}

/// "CloudWatch alarms might repeatedly re-evaluate the last set of data points for a period of time after
/// the metric has stopped flowing. This re-evaluation might cause the alarm to change state and re-execute
/// actions, if it had changed state immediately prior to the metric stream stopping."
///
/// The events of minutes 20 and 24 are in one period only for evaluations that are a multiple of five
/// minutes away from the first one that saw them.
#[test]
fn the_last_data_points_are_evaluated_again() {
    let forecast = of(&[(20, 1.0), (24, 1.0)]);
    let changes: Vec<_> = forecast
        .transitions
        .iter()
        .map(|it| ((it.at - TEN) / 60, it.to))
        .collect();
    let (on, off) = (State::Alarm, State::Ok);
    assert_eq!(
        changes,
        [(25, on), (26, off), (30, on), (31, off), (35, on), (36, off)]
    );
    assert_eq!((forecast.alarms(), forecast.in_alarm), (3, 180));
    // A period of a minute has no such gaps: "To mitigate this behavior, use shorter periods."
    let settings = Settings {
        period: 60,
        ..rule().settings().clone()
    };
    let mut series = Series::default();
    series.add(Point::repeated(TEN + 1200, 1.0, 2.0).unwrap());
    let alarm = Alarm::new(settings).unwrap();
    assert_eq!(
        trailwarden_alarm::forecast(&alarm, &series, TEN, TEN + 7200, off).alarms(),
        1
    );
}

#[test]
fn time_in_alarm() {
    // From the minute after the event until the period with it is out of the range of 15 minutes.
    let once = of(&[(20, 2.0)]);
    let at: Vec<i64> = once.transitions.iter().map(|it| (it.at - TEN) / 60).collect();
    assert_eq!(
        (at, once.in_alarm, once.longest),
        (vec![21, 36], 15 * 60, 15 * 60)
    );
    let twice = of(&[(20, 2.0), (100, 2.0), (102, 2.0)]);
    assert_eq!(
        (twice.alarms(), twice.in_alarm, twice.longest),
        (2, 32 * 60, 17 * 60)
    );
    // At the end it may still be on.
    let late = of(&[(24 * 60 - 5, 3.0)]);
    assert_eq!(
        (late.state, late.in_alarm, counts(&late)),
        (State::Alarm, 4 * 60, [3.0, 3.0, 0.0, 0.0])
    );
}

#[test]
fn notices() {
    let forecast = of(&[(20, 2.0), (100, 2.0)]);
    let mut actions = Actions {
        alarm: vec!["mail", "page"],
        ok: vec!["mail"],
        ..Actions::default()
    };
    assert_eq!(forecast.notices(&actions), 6);
    actions.ok.clear();
    assert_eq!(forecast.notices(&actions), 4);
    actions.enabled = false;
    assert_eq!(forecast.notices(&actions), 0);
}

#[test]
fn an_alarm_that_is_on_at_the_beginning() {
    let mut series = Series::default();
    for minute in [-3, 0] {
        series.add(Point::repeated(TEN + minute * 60, 1.0, 2.0).unwrap());
    }
    let forecast = forecast(&rule(), &series, TEN, TEN + 3600, State::Alarm);
    assert_eq!((forecast.alarms(), forecast.in_alarm), (0, 16 * 60));
    assert_eq!(counts(&forecast), [2.0, 0.0, 2.0, 0.0]);
}

/// Silence fires, and no event is announced.
#[test]
fn an_alarm_on_silence() {
    let settings = Settings {
        missing_data: MissingData::Breaching,
        ..Settings::new(Statistic::SampleCount, Operator::LessThanThreshold, 1.0)
    };
    let alarm = Alarm::new(settings).unwrap();
    let mut series = Series::default();
    for minute in 0..60 {
        series.add(Point::value(TEN + minute * 60, 1.0).unwrap());
    }
    let forecast = forecast(&alarm, &series, TEN + 600, TEN + 7200, State::Ok);
    assert_eq!(
        (forecast.alarms(), forecast.transitions[0].at),
        (1, TEN + 75 * 60)
    );
    assert_eq!(counts(&forecast), [50.0, 0.0, 0.0, 50.0]);
}
