//! What holds for all data.

use proptest::prelude::*;
use proptest::sample::select;
use trailwarden_alarm::{
    Alarm, AlarmRule, Domain, Evaluator, MissingData, Operator, Point, Series, Settings, Silence, Slot,
    State, Statistic, StatisticSet, Suppression, forecast, judge,
};

const TEN: i64 = 1_795_600_800;

const TREATMENTS: [MissingData; 4] = [
    MissingData::Missing,
    MissingData::Ignore,
    MissingData::Breaching,
    MissingData::NotBreaching,
];

fn states() -> impl Strategy<Value = State> {
    select(&State::ALL[..])
}

fn alarms() -> impl Strategy<Value = Alarm> {
    let statistics = [
        "SampleCount",
        "Average",
        "Sum",
        "Minimum",
        "Maximum",
        "p50",
        "p99",
    ];
    let operators = [
        Operator::GreaterThanOrEqualToThreshold,
        Operator::GreaterThanThreshold,
        Operator::LessThanThreshold,
        Operator::LessThanOrEqualToThreshold,
    ];
    let numbers = (1u32..5).prop_flat_map(|n| (Just(n), proptest::option::of(1..=n)));
    let of = (
        select(statistics.to_vec()),
        select(operators.to_vec()),
        -2i8..5,
        numbers,
        select(vec![10u32, 60, 120, 300]),
        select(&TREATMENTS[..]),
        0u32..4,
    );
    of.prop_map(
        |(statistic, operator, threshold, (n, m), period, missing_data, extra_periods)| {
            let settings = Settings {
                evaluation_periods: n,
                datapoints_to_alarm: m,
                period,
                missing_data,
                extra_periods,
                ..Settings::new(statistic.parse().unwrap(), operator, f64::from(threshold))
            };
            Alarm::new(settings).unwrap()
        },
    )
}

/// Data of half an hour, with quarters whose sums no order of adding changes, and thirds whose sums it does.
fn points() -> impl Strategy<Value = Vec<Point>> {
    let value = select(vec![-1.0, 0.0, 0.25, 1.0, 1.0 / 3.0, 0.1, 3.0, 1e9]);
    let single = (0i64..1800, value.clone(), 1u8..4)
        .prop_map(|(at, value, count)| Point::repeated(TEN + at, value, f64::from(count)).unwrap());
    let set = (0i64..1800, value, 0u8..3, 1u8..4).prop_map(|(at, minimum, spread, count)| {
        let (maximum, sample_count) = (minimum + f64::from(spread), f64::from(count));
        let sum = (minimum + maximum) / 2.0 * sample_count;
        Point::set(
            TEN + at,
            StatisticSet {
                sample_count,
                sum,
                minimum,
                maximum,
            },
        )
        .unwrap()
    });
    let unit = proptest::option::of(select(vec!["Count", "Bytes"]));
    let point = (prop_oneof![4 => single, 1 => set], unit);
    let point = point.prop_map(|(point, unit)| match unit {
        Some(unit) => point.unit(unit),
        None => point,
    });
    proptest::collection::vec(point, 0..40)
}

fn series(points: &[Point]) -> Series {
    let mut series = Series::default();
    points.iter().cloned().for_each(|point| series.add(point));
    series
}

fn slots() -> impl Strategy<Value = Vec<Slot>> {
    proptest::collection::vec(select(vec![Slot::Within, Slot::Breaching, Slot::Missing]), 1..12)
}

/// A rule, as it may be written.
fn rules() -> impl Strategy<Value = String> {
    let name = select(vec![
        "a",
        "\"b c\"",
        "\"say \\\"ah\\\"\"",
        "arn:aws:cloudwatch:eu-west-1:1:alarm:d",
    ]);
    let leaf = prop_oneof![
        (states(), name.clone()).prop_map(|(state, name)| format!("{state}({name})")),
        (1u8..4, states(), proptest::collection::vec(name, 1..4))
            .prop_map(|(least, state, names)| format!("AT_LEAST({least}, {state}, ({}))", names.join(","))),
        Just("TRUE".to_owned()),
        Just("FALSE".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let joined = |operator: &'static str| {
            let all = proptest::collection::vec(inner.clone(), 2..4);
            all.prop_map(move |all| format!("({})", all.join(operator)))
        };
        prop_oneof![
            inner.clone().prop_map(|rule| format!("NOT {rule}")),
            inner.clone().prop_map(|rule| format!("({rule})")),
            joined(" AND "),
            joined(" OR "),
        ]
    })
}

fn known(name: &str) -> Option<State> {
    Some(match name {
        "a" => State::Alarm,
        "d" => State::InsufficientData,
        _ => State::Ok,
    })
}

proptest! {
    #[test]
    fn only_data_in_the_evaluation_range_counts(alarm in alarms(), points in points(), at in 0i64..1800, current in states()) {
        let now = TEN + at;
        let (from, until) = (alarm.range_start(now), alarm.window_end(now));
        // To the minute, in which standard resolution keeps it.
        let minute = |point: &Point| point.at().div_euclid(60) * 60;
        let inside: Vec<Point> = points.iter().filter(|it| (from..until).contains(&minute(it))).cloned().collect();
        let evaluate = |points: &[Point]| alarm.evaluate(&series(points), now, current);
        prop_assert_eq!(evaluate(&points), evaluate(&inside));
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(alarm in alarms(), points in points().prop_shuffle(), keys in proptest::collection::vec(any::<u8>(), 40), current in states()) {
        let mut keyed: Vec<_> = points.iter().cloned().zip(keys).collect();
        keyed.sort_by_key(|(_, key)| *key);
        let shuffled: Vec<Point> = keyed.into_iter().map(|(point, _)| point).collect();
        let (one, other) = (series(&points), series(&shuffled));
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(alarm.evaluate(&one, TEN + 1800, current), alarm.evaluate(&other, TEN + 1800, current));
    }

    #[test]
    fn fed_bit_by_bit_or_at_once(alarm in alarms(), points in points()) {
        let mut whole = Evaluator::over(alarm.clone(), series(&points));
        let at_once = whole.run(TEN, TEN + 2400);
        let mut bits = Evaluator::new(alarm.clone());
        let mut sorted = points.clone();
        // Each before the evaluation after it, as its minute is kept.
        sorted.sort_by_key(|point| point.at().div_euclid(60));
        let mut rest = sorted.into_iter().peekable();
        let mut bit_by_bit = Vec::new();
        let mut now = TEN;
        while now < TEN + 2400 {
            while let Some(point) = rest.next_if(|point| point.at().div_euclid(60) * 60 < now) {
                bits.add(point);
            }
            bit_by_bit.extend(bits.evaluate(now));
            now += alarm.cadence();
        }
        prop_assert_eq!(at_once, bit_by_bit);
    }

    #[test]
    fn n_breaching_data_points_in_a_row_are_an_alarm(mut range in slots(), n in 1u32..6, m in 1u32..6, missing_data in select(&TREATMENTS[..])) {
        let m = m.min(n);
        range.splice(0..0, vec![Slot::Breaching; n.try_into().unwrap()]);
        prop_assert_eq!(judge(&range, n, m, missing_data).state, Some(State::Alarm));
    }

    #[test]
    fn n_data_points_within_in_a_row_are_ok(mut range in slots(), n in 1u32..6, m in 1u32..6, missing_data in select(&TREATMENTS[..])) {
        let m = m.min(n);
        range.splice(0..0, vec![Slot::Within; n.try_into().unwrap()]);
        prop_assert_eq!(judge(&range, n, m, missing_data).state, Some(State::Ok));
    }

    #[test]
    fn not_breaching_needs_m_breaching_data_points(range in slots(), n in 1u32..6, m in 1u32..6) {
        let m = m.min(n);
        let judged = judge(&range, n, m, MissingData::NotBreaching);
        let breaching = judged.evaluated.iter().filter(|at| range[**at] == Slot::Breaching).count();
        let enough = u32::try_from(breaching).unwrap() >= m;
        prop_assert_eq!(judged.state, Some(if enough { State::Alarm } else { State::Ok }));
    }

    #[test]
    fn treatments_are_ordered(range in slots(), n in 1u32..6, m in 1u32..6) {
        let m = m.min(n);
        let is_alarm = |missing_data| judge(&range, n, m, missing_data).state == Some(State::Alarm);
        let [missing, ignore, breaching, not_breaching] = TREATMENTS.map(is_alarm);
        // What is an alarm although missing data is good, is one for all; and so on.
        prop_assert!(not_breaching <= ignore && ignore <= missing && missing <= breaching);
    }

    #[test]
    fn enough_data_needs_no_treatment(range in slots(), n in 1u32..6, m in 1u32..6) {
        let m = m.min(n);
        let received = range.iter().filter(|slot| **slot != Slot::Missing).count();
        let of = TREATMENTS.map(|missing_data| judge(&range, n, m, missing_data));
        if u32::try_from(received).unwrap() >= n {
            prop_assert!(of.iter().all(|judged| *judged == of[0]));
            prop_assert_eq!(of[0].filled, 0);
        }
    }

    #[test]
    fn another_breaching_data_point_never_ends_an_alarm(range in slots(), at in any::<proptest::sample::Index>(), n in 1u32..6, m in 1u32..6, missing_data in select(&TREATMENTS[..])) {
        let m = m.min(n);
        let within: Vec<usize> = (0..range.len()).filter(|at| range[*at] == Slot::Within).collect();
        prop_assume!(!within.is_empty());
        let mut worse = range.clone();
        worse[within[at.index(within.len())]] = Slot::Breaching;
        let before = judge(&range, n, m, missing_data).state;
        if before == Some(State::Alarm) {
            prop_assert_eq!(judge(&worse, n, m, missing_data).state, Some(State::Alarm));
        }
    }

    #[test]
    fn reach_is_not_wrong(alarm in alarms(), points in points(), state in states()) {
        let mut values = Domain::between(-1.0, 1e9 + 2.0);
        values.most_samples = None;
        let reach = alarm.reach(values);
        let series = series(&points);
        for now in (TEN..TEN + 1800).step_by(60) {
            let evaluation = alarm.evaluate(&series, now, state);
            let with_data = evaluation.evaluated.iter().filter(|it| it.value.is_some());
            for period in with_data {
                let possible = if period.breaching { reach.breaching } else { reach.within };
                prop_assert!(possible);
            }
            if evaluation.evaluated.iter().all(|it| it.value.is_none()) {
                let expected = match reach.silence {
                    Silence::Brings(state) => state,
                    Silence::Keeps => state,
                };
                prop_assert_eq!(evaluation.state, expected);
            }
        }
    }

    #[test]
    fn a_forecast_is_a_run_that_counts(alarm in alarms(), points in points(), from in 0i64..20) {
        let from = TEN + from * 60;
        let until = TEN + 2400;
        let series = series(&points);
        let forecast = forecast(&alarm, &series, from, until, State::InsufficientData);
        let mut evaluator = Evaluator::over(alarm, series);
        prop_assert_eq!(&evaluator.run(from, until), &forecast.transitions);
        prop_assert_eq!(evaluator.state(), forecast.state);
        // Counts are whole numbers here.
        prop_assert_eq!(forecast.announced + forecast.swallowed + forecast.quiet, forecast.samples);
        prop_assert!(forecast.longest <= forecast.in_alarm && forecast.in_alarm <= until - from);
        prop_assert_eq!(forecast.in_alarm > 0, forecast.transitions.iter().any(|it| State::Alarm == it.to));
    }

    #[test]
    fn statistics_agree_with_each_other(points in points()) {
        let series = series(&points);
        let of = |statistic| series.datapoint(statistic, None, TEN, 1800).map(|it| it.value);
        let Some(count) = of(Statistic::SampleCount) else {
            prop_assert!(points.is_empty());
            return Ok(());
        };
        let all = [Statistic::Minimum, Statistic::Average, Statistic::Maximum, Statistic::Sum].map(|it| of(it).unwrap());
        let [least, average, most, sum] = all;
        let slack = 1e-6 * most.abs().max(1.0);
        prop_assert!(least - slack <= average && average <= most + slack);
        prop_assert_eq!(sum / count, average);
        let ranks = ["p0", "p50", "p99", "p100"].map(|it| of(it.parse().unwrap()));
        if let [Some(p0), Some(p50), Some(p99), Some(p100)] = ranks {
            prop_assert!(p0 <= p50 && p50 <= p99 && p99 <= p100);
        }
    }

    #[test]
    fn a_rule_survives_its_spelling(text in rules()) {
        let rule = AlarmRule::parse(&text).unwrap();
        let spelt = AlarmRule::parse(&rule.to_string()).unwrap();
        prop_assert_eq!(&spelt, &rule);
        prop_assert_eq!(spelt.to_string(), rule.to_string());
        prop_assert_eq!(spelt.state(&known), rule.state(&known));
        prop_assert_eq!(rule.mixed(), None);
        let not = AlarmRule::parse(&format!("NOT ({text})")).unwrap();
        prop_assert_ne!(not.state(&known), rule.state(&known));
    }

    #[test]
    fn reading_a_rule_never_panics(text in "[ALRMOKNTD_(), \"\\\\%0-9é]{0,40}") {
        if let Err(error) = AlarmRule::parse(&text) {
            prop_assert!(text.get(error.span).is_some());
        }
    }

    #[test]
    fn suppression_acts_on_changes_only(wait in 0u32..5, extension in 0u32..5, events in proptest::collection::vec((0i64..4, any::<bool>(), states()), 0..20)) {
        let mut suppression = Suppression::new(wait, extension, State::Ok, State::Ok);
        let (mut now, mut changes, mut acted, mut composite) = (0, 0, Vec::new(), State::Ok);
        for (later, of_composite, state) in events {
            now += later;
            if of_composite {
                changes += usize::from(state != composite);
                composite = state;
                acted.extend(suppression.composite(now, state));
            } else {
                acted.extend(suppression.suppressor(now, state));
            }
        }
        acted.extend(suppression.suppressor(now, State::Ok));
        acted.extend(suppression.advance(now + 10));
        prop_assert!(acted.len() <= changes);
        prop_assert!(acted.is_sorted_by_key(|it| it.at));
        // When all is quiet, the last word is about the state as it is.
        prop_assert_eq!(acted.last().map_or(State::Ok, |it| it.state), composite);
        prop_assert_eq!(suppression.suppressed_by(), None);
    }
}
