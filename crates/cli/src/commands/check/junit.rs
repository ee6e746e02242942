use std::fs::File;
use std::path::Path;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::outcomes::Outcome;
use crate::failure::{Exit, Failure};

/// Writes the results of tests as `JUnit` XML, a suite for each pattern.
pub(super) fn write(file: &Path, results: &[Outcome]) -> Result<(), Failure> {
    let mut report = Report::new("trailwarden check");
    for chunk in results.chunk_by(|a, b| a.origin == b.origin) {
        let mut suite = TestSuite::new(chunk[0].origin.as_str());
        for outcome in chunk {
            let status = match &outcome.failure {
                None => TestCaseStatus::success(),
                Some(failure) => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    status.set_message(failure.lines().next().unwrap_or_default());
                    status.set_description(format!("{}\n{failure}", outcome.place));
                    status
                }
            };
            let mut case = TestCase::new(outcome.name.as_str(), status);
            case.set_classname(outcome.origin.as_str());
            case.set_time(outcome.took);
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    let failed = |error: String| {
        Failure::new(
            Exit::Failed,
            format!("cannot write `{}`: {error}", file.display()),
        )
    };
    let out = File::create(file).map_err(|error| failed(error.to_string()))?;
    report.serialize(out).map_err(|error| failed(error.to_string()))
}
