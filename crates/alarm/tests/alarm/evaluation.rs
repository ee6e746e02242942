//! Evaluations in time: sliding periods, cadence, first states, what sets a state.

use trailwarden_alarm::{
    Actions, Alarm, Datapoint, Evaluator, LowSamples, MissingData, Operator, Point, Resolution, Series,
    Settings, SettingsError, State, Statistic, reason,
};

/// 2026-11-25 10:00:00 UTC, a full hour.
const TEN: i64 = 1_795_600_800;

fn settings(n: u32, period: u32) -> Settings {
    Settings {
        evaluation_periods: n,
        period,
        ..Settings::new(Statistic::Sum, Operator::GreaterThanOrEqualToThreshold, 1.0)
    }
}

fn alarm(settings: Settings) -> Alarm {
    Alarm::new(settings).unwrap()
}

fn states(evaluator: &mut Evaluator, from: i64, until: i64) -> Vec<(i64, State)> {
    evaluator
        .run(from, until)
        .into_iter()
        .map(|it| (it.at - TEN, it.to))
        .collect()
}

/// "Both Evaluation Period and Datapoints to Alarm are 3 ... In the figure, this happens in the third
/// through fifth time periods. At period six, the value dips below the threshold, so one of the periods
/// being evaluated is not breaching, and the alarm state changes back to OK. During the ninth time period,
/// the threshold is breached again, but for only one period. Consequently, the alarm state remains OK."
#[test]
fn the_figure_of_alarm_evaluation() {
    let settings = Settings {
        evaluation_periods: 3,
        datapoints_to_alarm: Some(3),
        period: 60,
        ..Settings::new(Statistic::Average, Operator::GreaterThanThreshold, 3.0)
    };
    let mut evaluator = Evaluator::new(alarm(settings));
    let mut seen = Vec::new();
    for (period, value) in (1..).zip([2.0, 2.5, 4.0, 5.0, 3.5, 2.0, 1.0, 2.0, 4.0, 2.0]) {
        evaluator.add(Point::value(TEN + period * 60, value).unwrap());
        evaluator.evaluate(TEN + period * 60 + 60);
        seen.push(evaluator.state());
    }
    let (ok, breach) = (State::Ok, State::Alarm);
    assert_eq!(seen, [ok, ok, ok, ok, breach, ok, ok, ok, ok, ok]);
}

/// "if the Period is 5 minutes (300 seconds) and Evaluation Periods is 1, then at the end of minute 5 the
/// alarm evaluates based on data from minutes 1 to 5. Then at the end of minute 6, the alarm is evaluated
/// based on the data from minutes 2 to 6."
#[test]
fn periods_slide() {
    let mut series = Series::default();
    for minute in 1..=6 {
        let value = 10f64.powi(minute - 1);
        series.add(Point::value(TEN + i64::from(minute - 1) * 60, value).unwrap());
    }
    let alarm = alarm(settings(1, 300));
    let seen = |now: i64| alarm.evaluate(&series, now, State::Ok).evaluated[0].value;
    assert_eq!(seen(TEN + 5 * 60), Some(11_111.0));
    assert_eq!(seen(TEN + 6 * 60), Some(111_110.0));
    // Not before the minute is over.
    assert_eq!(seen(TEN + 6 * 60 - 1), Some(11_111.0));
}

#[test]
fn how_often() {
    for (n, period, cadence) in [
        (1, 10, 10),
        (3, 20, 10),
        (1, 30, 10),
        (1, 60, 60),
        (288, 300, 60),
        (24, 3600, 60),
        (25, 3600, 3600),
        (7, 86_400, 3600),
    ] {
        let alarm = alarm(settings(n, period));
        assert_eq!(alarm.cadence(), cadence, "{n} of {period}");
        assert_eq!(alarm.window_end(TEN + cadence - 1), TEN);
        assert_eq!(alarm.evaluation_range(), n + 2);
        assert_eq!(alarm.range_start(TEN), TEN - i64::from(n + 2) * i64::from(period));
    }
    let alarm = alarm(settings(1, 10));
    let mut series = Series::new(Resolution::High);
    series.add(Point::value(TEN + 19, 1.0).unwrap());
    let mut evaluator = Evaluator::over(alarm, series);
    assert_eq!(
        states(&mut evaluator, TEN, TEN + 90),
        [(20, State::Alarm), (50, State::InsufficientData)]
    );
}

/// "Example of evaluating a multi-day alarm": at 10:02 the job fails; at 10:03 the alarm stays, since it
/// considers data only up to 10:00; at 11:03 it goes to ALARM; at 11:43 the job runs; at 12:03 it is OK.
#[test]
fn a_multi_day_alarm() {
    // A day that begins at the hour in which it is looked at.
    let settings = Settings {
        evaluation_periods: 3,
        datapoints_to_alarm: Some(1),
        extra_periods: 0,
        statistic: Statistic::Minimum,
        ..settings(3, 86_400)
    };
    let mut evaluator = Evaluator::new(alarm(settings));
    for day in 1..=3 {
        evaluator.add(Point::value(TEN - day * 86_400, 0.0).unwrap());
    }
    evaluator.evaluate(TEN);
    assert_eq!(evaluator.state(), State::Ok);
    evaluator.add(Point::value(TEN + 2 * 60, 1.0).unwrap());
    assert_eq!(evaluator.evaluate(TEN + 3 * 60), None);
    let at = TEN + 63 * 60;
    assert_eq!(evaluator.evaluate(at).map(|it| it.to), Some(State::Alarm));
    evaluator.add(Point::value(TEN + 103 * 60, 0.0).unwrap());
    assert_eq!(
        evaluator.evaluate(TEN + 123 * 60).map(|it| it.to),
        Some(State::Ok)
    );
}

#[test]
fn a_new_alarm() {
    let mut evaluator = Evaluator::new(alarm(settings(1, 60)));
    assert_eq!(evaluator.state(), State::InsufficientData);
    assert_eq!(evaluator.reason(), reason::UNCHECKED);
    // Nothing changes without data, so nothing is sent.
    assert_eq!(evaluator.evaluate(TEN), None);
    // "CloudWatch retrieves the most recent data points from before the alarm was created".
    evaluator.add(Point::value(TEN - 60, 1.0).unwrap());
    let change = evaluator.evaluate(TEN).unwrap();
    assert_eq!(
        (change.from, change.to, change.at),
        (State::InsufficientData, State::Alarm, TEN)
    );
    assert_eq!(evaluator.reason(), change.reason);
}

/// What is sent about a single event of a sparse metric, for each treatment of missing data.
#[test]
fn a_single_event() {
    let (alarm_at, gone) = ((60, State::Alarm), |state| (16 * 60, state));
    for (missing_data, expected) in [
        (
            MissingData::NotBreaching,
            vec![(-60, State::Ok), alarm_at, gone(State::Ok)],
        ),
        (
            MissingData::Missing,
            vec![alarm_at, gone(State::InsufficientData)],
        ),
        (MissingData::Ignore, vec![alarm_at]),
        (MissingData::Breaching, vec![(-60, State::Alarm)]),
    ] {
        let mut evaluator = Evaluator::new(alarm(Settings {
            missing_data,
            ..settings(1, 300)
        }));
        evaluator.add(Point::value(TEN + 59, 1.0).unwrap());
        assert_eq!(
            states(&mut evaluator, TEN - 60, TEN + 7200),
            expected,
            "{missing_data}"
        );
    }
}

/// A filter's default value makes a metric dense, and the alarm leaves ALARM as soon as its period does.
#[test]
fn a_single_event_among_zeros() {
    let settings = Settings {
        missing_data: MissingData::NotBreaching,
        ..settings(1, 300)
    };
    let mut evaluator = Evaluator::new(alarm(settings));
    for minute in 0..60 {
        evaluator.add(Point::value(TEN + minute * 60, f64::from(u8::from(minute == 10))).unwrap());
    }
    let seen = states(&mut evaluator, TEN, TEN + 3600);
    assert_eq!(
        seen,
        [(0, State::Ok), (11 * 60, State::Alarm), (16 * 60, State::Ok)]
    );
}

#[test]
fn a_set_state_lasts_until_the_next_evaluation() {
    let mut evaluator = Evaluator::new(alarm(settings(1, 60)));
    for minute in 0..5 {
        evaluator.add(Point::value(TEN + minute * 60, 0.0).unwrap());
    }
    evaluator.evaluate(TEN + 60);
    let change = evaluator.set_state(State::Alarm, "testing", TEN + 90).unwrap();
    assert_eq!(
        (change.from, change.to, change.reason.as_str()),
        (State::Ok, State::Alarm, "testing")
    );
    assert_eq!(change.data, None);
    assert_eq!(evaluator.set_state(State::Alarm, "again", TEN + 91), None);
    assert_eq!(evaluator.reason(), "again");
    assert_eq!(
        evaluator.evaluate(TEN + 120).map(|it| (it.from, it.to)),
        Some((State::Alarm, State::Ok))
    );
}

#[test]
fn an_alarm_sees_its_unit_only() {
    let mut series = Series::default();
    series.add(Point::value(TEN, 1.0).unwrap());
    for (unit, expected) in [
        (None, State::Alarm),
        (Some("None"), State::Alarm),
        (Some("Count"), State::Ok),
    ] {
        let unit = unit.map(str::to_owned);
        let settings = Settings {
            unit,
            missing_data: MissingData::NotBreaching,
            ..settings(1, 60)
        };
        let evaluation = alarm(settings).evaluate(&series, TEN + 60, State::InsufficientData);
        assert_eq!(evaluation.state, expected);
    }
}

/// An alarm on a metric math expression, which the caller computes.
#[test]
fn data_points_of_the_caller() {
    let alarm = alarm(settings(2, 60));
    let errors_per_call = |at: i64| {
        let value = (at == TEN).then_some(0.5).or((at == TEN + 60).then_some(1.5))?;
        Some(Datapoint {
            at,
            value,
            samples: 1.0,
        })
    };
    let evaluate = |now| alarm.evaluate_points(&errors_per_call, &|_| None, now, State::InsufficientData);
    assert_eq!(evaluate(TEN).state, State::InsufficientData);
    assert_eq!(evaluate(TEN + 120).state, State::Ok);
    let values: Vec<_> = evaluate(TEN + 120)
        .evaluated
        .iter()
        .map(|it| (it.value, it.breaching))
        .collect();
    assert_eq!(values, [(Some(1.5), true), (Some(0.5), false)]);
}

/// "you can have the alarm ignore the metric while the sample size is low"
#[test]
fn percentiles_of_few_samples() {
    let of = |low_samples, samples: f64, current| {
        let settings = Settings {
            statistic: "p99".parse().unwrap(),
            low_samples,
            ..settings(1, 60)
        };
        let mut series = Series::default();
        if samples > 0.0 {
            series.add(Point::repeated(TEN, 5.0, samples).unwrap());
        }
        let evaluation = alarm(settings).evaluate(&series, TEN + 60, current);
        (evaluation.state, evaluation.retained)
    };
    for current in State::ALL {
        assert_eq!(of(LowSamples::Evaluate, 1.0, current), (State::Alarm, false));
        assert_eq!(of(LowSamples::Ignore, 999.0, current), (current, true));
        assert_eq!(of(LowSamples::Ignore, 1000.0, current), (State::Alarm, false));
        // No data at all is missing data.
        assert_eq!(
            of(LowSamples::Ignore, 0.0, current),
            (State::InsufficientData, false)
        );
    }
}

#[test]
fn settings_that_aws_refuses() {
    let refused = |settings| Alarm::new(settings).unwrap_err();
    for period in [0, 1, 15, 40, 61, 90] {
        assert_eq!(refused(settings(1, period)), SettingsError::Period(period));
    }
    assert_eq!(refused(settings(0, 60)), SettingsError::NoPeriods);
    for m in [0, 4] {
        let settings = Settings {
            datapoints_to_alarm: Some(m),
            ..settings(3, 60)
        };
        assert_eq!(refused(settings), SettingsError::Datapoints(m, 3));
    }
    assert_eq!(refused(settings(289, 300)), SettingsError::Window(86_700, 86_400));
    assert_eq!(
        refused(settings(8, 86_400)),
        SettingsError::Window(691_200, 604_800)
    );
    let nan = Settings::new(Statistic::Sum, Operator::GreaterThanThreshold, f64::NAN);
    assert_eq!(refused(nan), SettingsError::Threshold);
}

#[test]
fn actions_follow_changes() {
    let mut actions = Actions {
        alarm: vec!["page"],
        ok: vec!["calm", "log"],
        ..Actions::default()
    };
    assert_eq!(actions.on(State::Ok, State::Alarm), ["page"]);
    assert_eq!(actions.on(State::Alarm, State::Ok), ["calm", "log"]);
    assert!(actions.on(State::Alarm, State::InsufficientData).is_empty());
    for state in State::ALL {
        assert!(actions.on(state, state).is_empty());
    }
    actions.enabled = false;
    assert!(actions.on(State::Ok, State::Alarm).is_empty());
}

#[test]
fn words_are_aws_words() {
    for state in State::ALL {
        assert_eq!(state.to_string().parse(), Ok(state));
    }
    assert!("alarm".parse::<State>().is_err());
    assert_eq!("notBreaching".parse(), Ok(MissingData::NotBreaching));
    assert_eq!("ignore".parse(), Ok(LowSamples::Ignore));
    assert_eq!("LessThanThreshold".parse(), Ok(Operator::LessThanThreshold));
    let error = "NotBreaching".parse::<MissingData>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`NotBreaching` is not valid: write one of `missing`, `ignore`, `breaching`, `notBreaching`",
    );
}
