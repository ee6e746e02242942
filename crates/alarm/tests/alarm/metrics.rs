//! Data points of a metric become one number for each period.

use trailwarden_alarm::{
    Percentile, Point, PointError, Resolution, Series, Statistic, StatisticError, StatisticSet,
};

fn value(series: &Series, statistic: &str, at: i64) -> Option<f64> {
    let statistic: Statistic = statistic.parse().unwrap();
    series.datapoint(statistic, None, at, 300).map(|it| it.value)
}

#[test]
fn statistics_of_values_and_sets() {
    let mut series = Series::default();
    assert_eq!(value(&series, "Sum", 0), None);
    series.add(Point::value(0, 1.5).unwrap());
    series.add(Point::repeated(299, 2.0, 3.0).unwrap());
    let set = StatisticSet {
        sample_count: 4.0,
        sum: 10.0,
        minimum: -1.0,
        maximum: 7.0,
    };
    series.add(Point::set(120, set).unwrap());
    // The next period, and the one before.
    series.add(Point::value(300, 100.0).unwrap());
    series.add(Point::value(-1, 100.0).unwrap());
    for (statistic, expected) in [
        ("SampleCount", 8.0),
        ("Sum", 17.5),
        ("Average", 17.5 / 8.0),
        ("Minimum", -1.0),
        ("Maximum", 7.0),
    ] {
        assert_eq!(value(&series, statistic, 0), Some(expected), "{statistic}");
    }
    // "If you publish data using a statistic set instead, you can only retrieve percentile statistics for
    // this data if ... The SampleCount value of the statistic set is 1. The Min and the Max values of the
    // statistic set are equal."
    assert_eq!(value(&series, "p50", 0), None);
    assert_eq!(value(&series, "p50", 300), Some(100.0));
    assert_eq!(series.samples(None, 0, 300), 8.0);
    assert_eq!((series.first(), series.last()), (Some(-60), Some(300)));
}

#[test]
fn percentiles_rank_samples() {
    let mut series = Series::default();
    for hundredth in 1..=100 {
        series.add(Point::value(60, f64::from(hundredth)).unwrap());
    }
    for (percentile, expected) in [
        ("p0", 1.0),
        ("p50", 50.0),
        ("p99", 99.0),
        ("p99.5", 100.0),
        ("p100", 100.0),
    ] {
        assert_eq!(value(&series, percentile, 0), Some(expected), "{percentile}");
    }
    let same = |count| StatisticSet {
        sample_count: count,
        sum: 5.0 * count,
        minimum: 5.0,
        maximum: 5.0,
    };
    series.add(Point::set(60, same(900.0)).unwrap());
    assert_eq!(value(&series, "p50", 0), Some(5.0));
    assert_eq!(value(&series, "p99", 0), Some(90.0));
    let single = StatisticSet {
        sample_count: 1.0,
        sum: 500.0,
        minimum: 400.0,
        maximum: 600.0,
    };
    series.add(Point::set(60, single).unwrap());
    assert_eq!(value(&series, "p100", 0), Some(500.0));
    // "Percentile statistics are not available for metrics when any of the metric values are negative".
    series.add(Point::value(60, -0.5).unwrap());
    assert_eq!(value(&series, "p99", 0), None);
}

#[test]
fn units_are_kept_apart() {
    let mut series = Series::default();
    series.add(Point::value(0, 1.0).unwrap());
    series.add(Point::value(0, 10.0).unwrap().unit("Count"));
    series.add(Point::value(0, 100.0).unwrap().unit("Bytes"));
    let sum = |unit| series.datapoint(Statistic::Sum, unit, 0, 60).map(|it| it.value);
    assert_eq!(sum(Some("Count")), Some(10.0));
    assert_eq!(sum(Some("None")), Some(1.0));
    assert_eq!(sum(Some("Percent")), None);
    assert_eq!(sum(None), Some(111.0));
    assert_eq!(series.units().collect::<Vec<_>>(), ["Bytes", "Count", "None"]);
}

#[test]
fn standard_resolution_is_a_minute() {
    for (resolution, expected) in [
        (Resolution::Standard, [Some(1.0), None]),
        (Resolution::High, [None, Some(1.0)]),
    ] {
        let mut series = Series::new(resolution);
        series.add(Point::value(15, 1.0).unwrap());
        let at = |at| series.datapoint(Statistic::Sum, None, at, 10).map(|it| it.value);
        assert_eq!([at(0), at(10)], expected, "{resolution:?}");
    }
}

#[test]
fn data_that_cloudwatch_does_not_take() {
    let beyond = 2f64.powi(361);
    for value in [f64::INFINITY, f64::NEG_INFINITY, beyond, -beyond] {
        assert_eq!(Point::value(0, value), Err(PointError::Value(value)));
    }
    assert!(matches!(Point::value(0, f64::NAN), Err(PointError::Value(_))));
    for count in [0.0, -1.0, f64::INFINITY] {
        assert_eq!(Point::repeated(0, 1.0, count), Err(PointError::Count(count)));
    }
    let set = StatisticSet {
        sample_count: 2.0,
        sum: 3.0,
        minimum: 2.0,
        maximum: 1.0,
    };
    assert_eq!(Point::set(0, set), Err(PointError::Bounds(2.0, 1.0)));
}

#[test]
fn statistics_are_read_and_written() {
    for text in [
        "SampleCount",
        "Average",
        "Sum",
        "Minimum",
        "Maximum",
        "p0",
        "p50",
        "p99.9",
        "p95.45",
        "p100",
    ] {
        assert_eq!(text.parse::<Statistic>().unwrap().to_string(), text);
    }
    for text in [
        "tm99",
        "wm98.5",
        "tc90",
        "ts90",
        "TM(2%:98%)",
        "WM(10%:90%)",
        "TC(0.005:0.030)",
        "TS(80%:)",
        "PR(:300)",
        "IQM",
    ] {
        assert_eq!(
            text.parse::<Statistic>(),
            Err(StatisticError::Unsupported(text.to_owned()))
        );
    }
    for text in [
        "",
        "sum",
        "p",
        "p101",
        "p-1",
        "p1e2",
        "p9.12345678901",
        "99",
        "tm",
        "TM(2%)",
        "Median",
        "pNaN",
    ] {
        assert_eq!(
            text.parse::<Statistic>(),
            Err(StatisticError::Unknown(text.to_owned())),
            "{text}"
        );
    }
}

/// "this setting would be used if there were fewer than 1000 samples for an alarm on a p99 percentile"
#[test]
fn low_samples() {
    let enough = |percent| Percentile::new(percent).unwrap().significant_samples();
    for (percent, expected) in [
        (99.0, Some(1000.0)),
        (50.0, Some(20.0)),
        (90.0, Some(100.0)),
        (10.0, Some(100.0)),
        (25.0, Some(40.0)),
        (0.0, None),
        (100.0, None),
    ] {
        assert_eq!(enough(percent), expected, "{percent}");
    }
    assert_eq!(Percentile::new(100.1), None);
    assert_eq!(Percentile::new(f64::NAN), None);
}

#[test]
fn old_data_is_forgotten() {
    let mut series = Series::default();
    for at in [0, 60, 120] {
        series.add(Point::value(at, 1.0).unwrap());
    }
    series.add(Point::value(0, 1.0).unwrap().unit("Count"));
    series.forget(60);
    assert_eq!((series.first(), series.last()), (Some(60), Some(120)));
    assert_eq!(series.units().collect::<Vec<_>>(), ["None"]);
}
