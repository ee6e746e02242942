//! Which states an alarm can have at all.

use trailwarden_alarm::{
    Alarm, BandOperator, Condition, Domain, LowSamples, MissingData, Operator, Settings, Silence, State,
};

const GE: Operator = Operator::GreaterThanOrEqualToThreshold;
const GT: Operator = Operator::GreaterThanThreshold;
const LT: Operator = Operator::LessThanThreshold;
const LE: Operator = Operator::LessThanOrEqualToThreshold;

/// Whether a data point can breach, and be within.
fn data(statistic: &str, operator: Operator, threshold: f64, domain: Domain) -> (bool, bool) {
    let settings = Settings::new(statistic.parse().unwrap(), operator, threshold);
    let reach = Alarm::new(settings).unwrap().reach(domain);
    (reach.breaching, reach.within)
}

#[test]
fn thresholds_in_and_out_of_reach() {
    let (both, never, always) = ((true, true), (false, true), (true, false));
    let ones = Domain::between(1.0, 1.0);
    let zero_or_one = Domain::between(0.0, 1.0);
    let three = Domain {
        most_samples: Some(3.0),
        ..ones
    };
    for (statistic, operator, threshold, domain, expected) in [
        ("Sum", GE, 0.0, zero_or_one, always),
        ("Sum", GE, 0.5, zero_or_one, both),
        ("Sum", GE, 1e9, zero_or_one, both),
        ("Sum", GE, 1.0, ones, always),
        ("Sum", LT, 0.0, zero_or_one, never),
        ("Sum", LE, 0.0, zero_or_one, both),
        ("Sum", GE, 3.0, three, both),
        ("Sum", GT, 3.0, three, never),
        ("Sum", GE, 1.0, Domain::between(-1.0, 0.0), never),
        ("Sum", LT, -1e9, Domain::between(-1.0, 0.0), both),
        ("SampleCount", LT, 0.0, Domain::any(), never),
        ("SampleCount", LT, 1.0, Domain::any(), never),
        ("SampleCount", LE, 1.0, Domain::any(), both),
        ("SampleCount", GE, 1.0, Domain::any(), always),
        ("SampleCount", GT, 3.0, three, never),
        ("Maximum", GT, 1.0, zero_or_one, never),
        ("Average", GE, 1.0, zero_or_one, both),
        ("Minimum", LT, 0.0, zero_or_one, never),
        ("p99", LT, 0.0, Domain::any(), never),
        ("p99", GE, 0.0, Domain::any(), always),
        ("p99", GE, -5.0, Domain::between(-2.0, -1.0), (false, false)),
        ("Average", GE, f64::INFINITY, Domain::any(), never),
        ("Average", LE, f64::INFINITY, Domain::any(), always),
        ("Average", GT, f64::NEG_INFINITY, Domain::any(), always),
        ("Average", LT, f64::NEG_INFINITY, Domain::any(), never),
        ("Average", GT, 2f64.powi(360), Domain::any(), never),
        ("Sum", GT, 2f64.powi(361), Domain::any(), both),
        (
            "Sum",
            GE,
            1.0,
            Domain {
                most_samples: Some(0.0),
                ..ones
            },
            (false, false),
        ),
    ] {
        assert_eq!(
            data(statistic, operator, threshold, domain),
            expected,
            "{statistic} {operator} {threshold}",
        );
    }
}

#[test]
fn what_silence_does() {
    let out_of_reach = |missing_data| {
        let settings = Settings {
            missing_data,
            ..Settings::new("Sum".parse().unwrap(), LT, 0.0)
        };
        Alarm::new(settings).unwrap().reach(Domain::between(0.0, 1.0))
    };
    for (missing_data, silence, can_fire) in [
        (
            MissingData::Missing,
            Silence::Brings(State::InsufficientData),
            false,
        ),
        (MissingData::Ignore, Silence::Keeps, false),
        (MissingData::NotBreaching, Silence::Brings(State::Ok), false),
        (MissingData::Breaching, Silence::Brings(State::Alarm), true),
    ] {
        let reach = out_of_reach(missing_data);
        assert_eq!((reach.silence, reach.can_fire()), (silence, can_fire));
        assert_eq!(reach.fires_on_silence_only(), can_fire);
        assert!(reach.can_be_ok());
    }
    let always = Settings {
        missing_data: MissingData::Missing,
        ..Settings::new("Sum".parse().unwrap(), GE, 0.0)
    };
    let reach = Alarm::new(always).unwrap().reach(Domain::between(0.0, 1.0));
    assert!(reach.can_fire() && !reach.can_be_ok());
}

#[test]
fn percentiles_that_are_never_significant() {
    let reach = |low_samples, most| {
        let settings = Settings {
            low_samples,
            evaluation_periods: 2,
            ..Settings::new("p99".parse().unwrap(), GE, 1.0)
        };
        let domain = Domain {
            most_samples: Some(most),
            ..Domain::between(0.0, 2.0)
        };
        Alarm::new(settings).unwrap().reach(domain).breaching
    };
    assert!(reach(LowSamples::Evaluate, 499.0));
    assert!(!reach(LowSamples::Ignore, 499.0));
    assert!(reach(LowSamples::Ignore, 500.0));
}

#[test]
fn bands_are_not_known_here() {
    let condition = Condition::Band(BandOperator::GreaterThanUpperThreshold);
    let settings = Settings {
        condition,
        ..Settings::new("Sum".parse().unwrap(), GE, 0.0)
    };
    let reach = Alarm::new(settings).unwrap().reach(Domain::any());
    assert!(reach.breaching && reach.within);
}
