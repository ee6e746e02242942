//! Reasons as accounts have shown them, word by word.

use trailwarden_alarm::{
    Alarm, Band, BandOperator, Condition, Evaluation, MissingData, Operator, Point, Series, Settings, State,
    Statistic, reason,
};

/// An alarm with what it has seen: when the newest period begins, and the data points, the newest first.
struct Case {
    n: u32,
    m: Option<u32>,
    period: u32,
    condition: (Operator, f64),
    missing_data: MissingData,
    newest: i64,
    points: Vec<Option<f64>>,
}

impl Case {
    fn evaluate(&self) -> (Alarm, Evaluation) {
        let settings = Settings {
            evaluation_periods: self.n,
            datapoints_to_alarm: self.m,
            period: self.period,
            missing_data: self.missing_data,
            ..Settings::new(Statistic::Average, self.condition.0, self.condition.1)
        };
        let mut series = Series::default();
        for (age, value) in (0..).zip(&self.points) {
            if let Some(value) = value {
                series.add(Point::value(self.newest - age * i64::from(self.period), *value).unwrap());
            }
        }
        let alarm = Alarm::new(settings).unwrap();
        let now = self.newest + i64::from(self.period) + 5;
        let evaluation = alarm.evaluate(&series, now, State::InsufficientData);
        (alarm, evaluation)
    }

    fn says(&self, state: State, expected: &str) {
        let (alarm, evaluation) = self.evaluate();
        assert_eq!(
            (evaluation.state, evaluation.reason(&alarm).as_str()),
            (state, expected)
        );
    }
}

const AT_LEAST: Operator = Operator::GreaterThanOrEqualToThreshold;
const ABOVE: Operator = Operator::GreaterThanThreshold;
const BELOW: Operator = Operator::LessThanThreshold;

fn case(n: u32, m: Option<u32>, condition: (Operator, f64), newest: i64, points: &[f64]) -> Case {
    let points = points.iter().copied().map(Some).collect();
    Case {
        n,
        m,
        period: 60,
        condition,
        missing_data: MissingData::Missing,
        newest,
        points,
    }
}

#[test]
fn data_points_with_a_number_to_alarm() {
    case(1, Some(1), (AT_LEAST, 1.0), 1_795_600_800, &[3.0]).says(
        State::Alarm,
        "Threshold Crossed: 1 out of the last 1 datapoints [3.0 (25/11/26 10:00:00)] was greater than or equal to \
         the threshold (1.0) (minimum 1 datapoint for OK -> ALARM transition).",
    );
    case(2, Some(2), (BELOW, 40.0), 1_618_328_640, &[0.017_910_949_885_845_184, 0.017_077_552_154_660_225]).says(
        State::Alarm,
        "Threshold Crossed: 2 out of the last 2 datapoints [0.017910949885845184 (13/04/21 15:44:00), \
         0.017077552154660225 (13/04/21 15:43:00)] were less than the threshold (40.0) (minimum 2 datapoints for OK \
         -> ALARM transition).",
    );
    Case { period: 300, ..case(2, Some(2), (AT_LEAST, 30.0), 1_601_880_120, &[10.0, 10.0]) }.says(
        State::Ok,
        "Threshold Crossed: 2 out of the last 2 datapoints [10.0 (05/10/20 06:42:00), 10.0 (05/10/20 06:37:00)] \
         were not greater than or equal to the threshold (30.0) (minimum 1 datapoint for ALARM -> OK transition).",
    );
    case(1, Some(1), (AT_LEAST, 1.6E10), 1_785_714_180, &[3.088_453_632E9]).says(
        State::Ok,
        "Threshold Crossed: 1 out of the last 1 datapoints [3.088453632E9 (02/08/26 23:43:00)] was not greater than \
         or equal to the threshold (1.6E10) (minimum 1 datapoint for ALARM -> OK transition).",
    );
    case(5, Some(3), (ABOVE, 0.0), 1_640_069_100, &[0.0, 0.0, 1.0, 0.0, 1.0]).says(
        State::Ok,
        "Threshold Crossed: 3 out of the last 5 datapoints [0.0 (21/12/21 06:45:00), 0.0 (21/12/21 06:44:00), 0.0 \
         (21/12/21 06:42:00)] were not greater than the threshold (0.0) (minimum 3 datapoints for ALARM -> OK \
         transition).",
    );
}

#[test]
fn data_points_without_a_number_to_alarm() {
    case(1, None, (ABOVE, 0.0), 1_747_322_940, &[1.0]).says(
        State::Alarm,
        "Threshold Crossed: 1 datapoint [1.0 (15/05/25 15:29:00)] was greater than the threshold (0.0).",
    );
    case(2, None, (ABOVE, 42.0), 1_673_272_920, &[0.0, 1.0]).says(
        State::Ok,
        "Threshold Crossed: 2 datapoints [0.0 (09/01/23 14:02:00), 1.0 (09/01/23 14:01:00)] were not greater than \
         the threshold (42.0).",
    );
}

#[test]
fn many_data_points() {
    case(4, None, (ABOVE, 10.0), 1_502_222_940, &[27.5; 4]).says(
        State::Alarm,
        "Threshold Crossed: 4 datapoints [27.5 (08/08/17 20:09:00), 27.5 (08/08/17 20:08:00), 27.5 (08/08/17 \
         20:07:00), 27.5 (08/08/17 20:06:00)] were greater than the threshold (10.0).",
    );
    case(5, None, (ABOVE, 10.0), 1_502_222_940, &[27.5; 5]).says(
        State::Alarm,
        "Threshold Crossed: 5 datapoints were greater than the threshold (10.0). The most recent datapoints which \
         crossed the threshold: [27.5 (08/08/17 20:09:00), 27.5 (08/08/17 20:08:00), 27.5 (08/08/17 20:07:00), 27.5 \
         (08/08/17 20:06:00), 27.5 (08/08/17 20:05:00)].",
    );
    // Put together from the others: see the module.
    Case {
        missing_data: MissingData::Breaching,
        ..case(6, Some(2), (ABOVE, 10.0), 1_502_222_940, &[7.5; 5])
    }
    .says(
        State::Ok,
        "Threshold Crossed: 5 out of the last 6 datapoints were not greater than the threshold (10.0). The most \
         recent datapoints: [7.5 (08/08/17 20:09:00), 7.5 (08/08/17 20:08:00), 7.5 (08/08/17 20:07:00), 7.5 (08/08/17 \
         20:06:00), 7.5 (08/08/17 20:05:00)] and 1 missing datapoint was treated as [Breaching] (minimum 5 datapoints \
         for ALARM -> OK transition).",
    );
    case(24, None, (ABOVE, 0.0), 1_734_597_180, &[1.0; 24]).says(
        State::Alarm,
        "Threshold Crossed: 24 datapoints were greater than the threshold (0.0). The most recent datapoints which \
         crossed the threshold: [1.0 (19/12/24 08:33:00), 1.0 (19/12/24 08:32:00), 1.0 (19/12/24 08:31:00), 1.0 \
         (19/12/24 08:30:00), 1.0 (19/12/24 08:29:00)].",
    );
    let mut points = vec![60.0; 30];
    points[2..5].fill(59.0);
    case(30, Some(30), (ABOVE, 20.0), 1_733_463_240, &points).says(
        State::Alarm,
        "Threshold Crossed: 30 out of the last 30 datapoints were greater than the threshold (20.0). The most recent \
         datapoints which crossed the threshold: [60.0 (06/12/24 05:34:00), 60.0 (06/12/24 05:33:00), 59.0 (06/12/24 \
         05:32:00), 59.0 (06/12/24 05:31:00), 59.0 (06/12/24 05:30:00)] (minimum 30 datapoints for OK -> ALARM \
         transition).",
    );
}

#[test]
fn missing_data_points() {
    let missing = |missing_data, case| Case { missing_data, ..case };
    let breaching = |case| missing(MissingData::Breaching, case);
    let not_breaching = |case| missing(MissingData::NotBreaching, case);
    not_breaching(case(1, Some(1), (ABOVE, 0.0), 0, &[])).says(
        State::Ok,
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as \
         [NonBreaching].",
    );
    breaching(case(8, None, (BELOW, 1.0), 0, &[])).says(
        State::Alarm,
        "Threshold Crossed: no datapoints were received for 8 periods and 8 missing datapoints were treated as \
         [Breaching].",
    );
    not_breaching(case(20, Some(1), (AT_LEAST, 1.0), 1_710_591_300, &[613.0])).says(
        State::Alarm,
        "Threshold Crossed: 1 out of the last 20 datapoints [613.0 (16/03/24 12:15:00)] was greater than or equal to \
         the threshold (1.0) and 19 missing datapoints were treated as [NonBreaching] (minimum 1 datapoint for OK -> \
         ALARM transition).",
    );
    breaching(case(2, None, (BELOW, 1.0), 1_790_373_060, &[1.0])).says(
        State::Ok,
        "Threshold Crossed: 1 datapoint [1.0 (25/09/26 21:51:00)] was not less than the threshold (1.0) and 1 missing \
         datapoint was treated as [Breaching].",
    );
    // No data point of its own side speaks for the state.
    breaching(case(3, Some(2), (ABOVE, 0.0), 0, &[0.0])).says(
        State::Alarm,
        "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were treated as \
         [Breaching].",
    );
    case(1, None, (ABOVE, 1.0), 0, &[]).says(
        State::InsufficientData,
        "Insufficient Data: 1 datapoint was unknown.",
    );
    case(5, None, (ABOVE, 1.0), 0, &[]).says(
        State::InsufficientData,
        "Insufficient Data: 5 datapoints were unknown.",
    );
}

#[test]
fn numbers_are_written_as_java_does() {
    for (value, expected) in [
        (0.0, "0.0"),
        (100.0, "100.0"),
        (0.001, "0.001"),
        (0.0005, "5.0E-4"),
        (9_999_999.0, "9999999.0"),
        (10_000_000.0, "1.0E7"),
        (8.371_461_734_4E10, "8.3714617344E10"),
        (-12_345_678.5, "-1.23456785E7"),
    ] {
        let (alarm, evaluation) = case(1, None, (ABOVE, -1e9), 0, &[value]).evaluate();
        let text = evaluation.reason(&alarm);
        let written = text
            .split_once('[')
            .and_then(|(_, rest)| rest.split_once(" ("))
            .unwrap()
            .0;
        assert_eq!(written, expected);
    }
}

/// The alarms on bands whose reasons are known: of one data point each.
#[test]
fn bands() {
    for (operator, at, value, band, state, expected) in [
        (
            BandOperator::LessThanLowerOrGreaterThanUpperThreshold,
            1_570_118_280,
            0.0,
            Band {
                lower: 0.020_599_444_741_798_756,
                upper: 0.300_691_535_273_246_1,
            },
            State::Alarm,
            "Thresholds Crossed: 1 out of the last 1 datapoints [0.0 (03/10/19 15:58:00)] was less than the lower \
             thresholds [0.020599444741798756] or greater than the upper thresholds [0.3006915352732461] (minimum 1 \
             datapoint for OK -> ALARM transition).",
        ),
        (
            BandOperator::LessThanLowerOrGreaterThanUpperThreshold,
            1_570_118_220,
            0.166_666_666_664_241,
            Band {
                lower: 0.020_671_942_621_041_8,
                upper: 0.300_768_702_221_438_03,
            },
            State::Ok,
            "Thresholds Crossed: 1 out of the last 1 datapoints [0.166666666664241 (03/10/19 15:57:00)] was not less \
             than the lower thresholds [0.0206719426210418] or not greater than the upper thresholds \
             [0.30076870222143803] (minimum 1 datapoint for ALARM -> OK transition).",
        ),
        (
            BandOperator::GreaterThanUpperThreshold,
            1_721_890_740,
            209.0,
            Band {
                lower: 0.0,
                upper: 330.319_140_891_442_2,
            },
            State::Ok,
            "Thresholds Crossed: 1 out of the last 1 datapoints [209.0 (25/07/24 06:59:00)] was not greater than the \
             upper thresholds [330.3191408914422] (minimum 1 datapoint for ALARM -> OK transition).",
        ),
    ] {
        let settings = Settings {
            period: 60,
            datapoints_to_alarm: Some(1),
            condition: Condition::Band(operator),
            ..Settings::new(Statistic::Average, ABOVE, 0.0)
        };
        let alarm = Alarm::new(settings).unwrap();
        let mut series = Series::default();
        series.add(Point::value(at, value).unwrap());
        let bands = |period: i64| (period == at).then_some(band);
        let evaluation = alarm.evaluate_within(&series, &bands, at + 64, State::InsufficientData);
        assert_eq!(
            (evaluation.state, evaluation.reason(&alarm).as_str()),
            (state, expected)
        );
        let data = evaluation.reason_data(&alarm);
        assert_eq!(
            (data.threshold, data.recent_upper_thresholds),
            (None, vec![band.upper])
        );
        let lower = operator != BandOperator::GreaterThanUpperThreshold;
        assert_eq!(
            data.recent_lower_thresholds,
            if lower { vec![band.lower] } else { vec![] }
        );
        // Without a band there is nothing to hold it against.
        let evaluation = alarm.evaluate(&series, at + 64, State::Ok);
        assert_eq!(evaluation.state, State::InsufficientData);
    }
}

/// As an event shows it.
#[test]
fn state_reason_data_of_a_band() {
    let at = 1_721_890_740;
    let settings = Settings {
        period: 60,
        condition: Condition::Band(BandOperator::GreaterThanUpperThreshold),
        ..Settings::new(Statistic::Sum, ABOVE, 0.0)
    };
    let alarm = Alarm::new(settings).unwrap();
    let mut series = Series::default();
    series.add(Point::value(at, 209.0).unwrap());
    let band = Band {
        lower: 0.0,
        upper: 330.319_140_891_442_2,
    };
    let evaluation = alarm.evaluate_within(&series, &|_| Some(band), at + 104, State::Alarm);
    assert_eq!(
        serde_json::to_string(&evaluation.reason_data(&alarm)).unwrap(),
        "{\"version\":\"1.0\",\"queryDate\":\"2024-07-25T07:00:44.000+0000\",\"startDate\":\"2024-07-25T06:59:00.000+0000\",\
         \"period\":60,\"recentDatapoints\":[209.0],\"recentUpperThresholds\":[330.3191408914422],\"evaluatedDatapoints\":[\
         {\"timestamp\":\"2024-07-25T06:59:00.000+0000\",\"value\":209.0,\"threshold\":330.3191408914422}]}",
    );
}

#[test]
fn state_reason_data() {
    let json = |case: Case| {
        let (alarm, evaluation) = case.evaluate();
        serde_json::to_string(&evaluation.reason_data(&alarm)).unwrap()
    };
    assert_eq!(
        json(case(2, None, (ABOVE, 42.0), 1_673_272_920, &[0.0, 1.0])),
        "{\"version\":\"1.0\",\"queryDate\":\"2023-01-09T14:03:05.000+0000\",\"startDate\":\"2023-01-09T14:01:00.000+0000\",\
         \"statistic\":\"Average\",\"period\":60,\"recentDatapoints\":[1.0,0.0],\"threshold\":42.0,\"evaluatedDatapoints\":[\
         {\"timestamp\":\"2023-01-09T14:02:00.000+0000\",\"sampleCount\":1.0,\"value\":0.0},\
         {\"timestamp\":\"2023-01-09T14:01:00.000+0000\",\"sampleCount\":1.0,\"value\":1.0}]}",
    );
    // From an event that AWS shows, of five periods without data.
    assert_eq!(
        json(case(5, None, (ABOVE, 5.0), 1_691_152_200, &[])),
        "{\"version\":\"1.0\",\"queryDate\":\"2023-08-04T12:31:05.000+0000\",\"statistic\":\"Average\",\"period\":60,\
         \"recentDatapoints\":[],\"threshold\":5.0,\"evaluatedDatapoints\":[\
         {\"timestamp\":\"2023-08-04T12:30:00.000+0000\"},{\"timestamp\":\"2023-08-04T12:29:00.000+0000\"},\
         {\"timestamp\":\"2023-08-04T12:28:00.000+0000\"},{\"timestamp\":\"2023-08-04T12:27:00.000+0000\"},\
         {\"timestamp\":\"2023-08-04T12:26:00.000+0000\"}]}",
    );
}

#[test]
fn composite_alarms() {
    let arn = "arn:aws:cloudwatch:us-east-2:672774589314:alarm:queue";
    assert_eq!(
        reason::of_child(arn, State::Alarm, 1_667_162_855),
        "arn:aws:cloudwatch:us-east-2:672774589314:alarm:queue transitioned to ALARM at Sunday 30 October, 2022 \
         20:47:35 UTC",
    );
    assert_eq!(
        reason::of_creation(arn, State::Ok),
        "arn:aws:cloudwatch:us-east-2:672774589314:alarm:queue was created and its alarm rule evaluates to OK",
    );
}
