//! The standards, and what each of their controls asks.

use trailwarden_spec::packs::{Control as Packed, Pack, hub_text};

use crate::chain::{Ask, Question, Spec};
use crate::prowler::Look;
use crate::{Control, Found};

/// A standard, as far as it is about what a spec can say: trails, their buckets, filters, alarms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standard {
    /// Version 1.2 of the CIS AWS Foundations Benchmark: 2.1 to 2.7 and 3.1 to 3.14.
    Cis12,
    /// Version 1.4: 3.1 to 3.11 and 4.1 to 4.15.
    Cis14,
    /// Version 3.0: 3.1 to 3.9 and 4.1 to 4.15.
    Cis30,
    /// Version 5.0: the same numbers.
    Cis50,
    /// Security Hub: `CloudTrail.1` to `CloudTrail.7` and `CloudWatch.1` to `CloudWatch.17`.
    SecurityHub,
    /// Prowler's checks of these.
    Prowler,
}

impl Standard {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Cis12,
        Self::Cis14,
        Self::Cis30,
        Self::Cis50,
        Self::SecurityHub,
        Self::Prowler,
    ];

    /// Its name on the command line and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cis12 => "cis-1.2",
            Self::Cis14 => "cis-1.4",
            Self::Cis30 => "cis-3.0",
            Self::Cis50 => "cis-5.0",
            Self::SecurityHub => "security-hub",
            Self::Prowler => "prowler",
        }
    }

    /// The standard of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standard| standard.as_str() == name)
    }

    /// What people call it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Cis12 => "CIS AWS Foundations Benchmark 1.2",
            Self::Cis14 => "CIS AWS Foundations Benchmark 1.4",
            Self::Cis30 => "CIS AWS Foundations Benchmark 3.0",
            Self::Cis50 => "CIS AWS Foundations Benchmark 5.0",
            Self::SecurityHub => "Security Hub",
            Self::Prowler => "Prowler",
        }
    }

    /// The version of the benchmark; that of which the others speak.
    fn version(self) -> &'static str {
        match self {
            Self::Cis12 => "1.2",
            Self::Cis14 | Self::SecurityHub | Self::Prowler => "1.4",
            Self::Cis30 => "3.0",
            Self::Cis50 => "5.0",
        }
    }

    /// Each control, held against a spec.
    pub(crate) fn controls(self, spec: &Spec<'_>) -> Vec<Control> {
        let packed = Pack::find("cis").map(|pack| pack.controls(self.version()));
        let packed = packed.unwrap_or_default();
        match self {
            Self::Cis12 | Self::Cis14 | Self::Cis30 | Self::Cis50 => {
                let mut controls = self.of_trails(spec);
                controls.extend(packed.iter().map(|control| {
                    let question = Question {
                        ask: Ask::Meaning,
                        control,
                    };
                    Control::new(control.id.as_str(), control.title, spec.filter(&question))
                }));
                controls
            }
            Self::SecurityHub => security_hub(spec, &packed),
            Self::Prowler => prowler(spec, &packed),
        }
    }

    /// The benchmark's controls on trails, by their numbers in this version.
    fn of_trails(self, spec: &Spec<'_>) -> Vec<Control> {
        // Everywhere, validated, private, into a log group, access logged, encrypted, objects written
        // and read.
        let ids: [Option<&str>; 8] = match self {
            Self::Cis12 => [
                Some("2.1"),
                Some("2.2"),
                Some("2.3"),
                Some("2.4"),
                Some("2.6"),
                Some("2.7"),
                None,
                None,
            ],
            Self::Cis14 => [
                Some("3.1"),
                Some("3.2"),
                Some("3.3"),
                Some("3.4"),
                Some("3.6"),
                Some("3.7"),
                Some("3.10"),
                Some("3.11"),
            ],
            _ => [
                Some("3.1"),
                Some("3.2"),
                None,
                None,
                Some("3.4"),
                Some("3.5"),
                Some("3.8"),
                Some("3.9"),
            ],
        };
        let asked: [(&str, &dyn Fn() -> Found); 8] = [
            ("A trail records all management events in all regions", &|| {
                spec.records_all()
            }),
            ("Log files are validated", &|| spec.validates()),
            ("The bucket of the log files is not public", &|| spec.is_private()),
            ("Trails deliver to CloudWatch Logs", &|| spec.delivers()),
            ("Access to the bucket of the log files is logged", &|| {
                spec.logs_access()
            }),
            ("Log files are encrypted with a KMS key", &|| spec.encrypts()),
            ("Writes to S3 objects are recorded", &|| {
                spec.records_objects(false)
            }),
            ("Reads of S3 objects are recorded", &|| spec.records_objects(true)),
        ];
        let controls = ids.into_iter().zip(asked);
        controls
            .filter_map(|(id, (title, found))| Some(Control::new(id?, title, found())))
            .collect()
    }
}

fn security_hub(spec: &Spec<'_>, packed: &[Packed]) -> Vec<Control> {
    let mut controls = vec![
        Control::new(
            "CloudTrail.1",
            "A trail records all management events in all regions",
            spec.records_all_of_all_services(),
        ),
        Control::new(
            "CloudTrail.2",
            "Log files are encrypted with a KMS key",
            spec.encrypts(),
        ),
        Control::new("CloudTrail.3", "There is a trail that records", spec.records()),
        Control::new("CloudTrail.4", "Log files are validated", spec.validates()),
        Control::new(
            "CloudTrail.5",
            "Trails deliver to CloudWatch Logs",
            spec.delivers(),
        ),
        Control::new(
            "CloudTrail.6",
            "The bucket of the log files is not public",
            spec.is_private(),
        ),
        Control::new(
            "CloudTrail.7",
            "Access to the bucket of the log files is logged",
            spec.logs_access(),
        ),
    ];
    for number in 1..=14 {
        let control = packed.iter().find(|control| control.security_hub == Some(number));
        if let (Some(control), Some(text)) = (control, hub_text(number)) {
            let question = Question {
                ask: Ask::Text(text),
                control,
            };
            let id = format!("CloudWatch.{number}");
            controls.push(Control::new(id, control.title, spec.filter(&question)));
        }
    }
    controls.extend([
        Control::new("CloudWatch.15", "Alarms notify somebody", spec.alarms_act()),
        Control::new(
            "CloudWatch.16",
            "Log groups keep their events for a year",
            spec.keeps(),
        ),
        Control::new(
            "CloudWatch.17",
            "The actions of alarms are on",
            spec.alarms_are_on(),
        ),
    ]);
    controls
}

fn prowler(spec: &Spec<'_>, packed: &[Packed]) -> Vec<Control> {
    let mut controls: Vec<Control> = packed
        .iter()
        .map(|control| {
            let look = Look::of(control);
            let question = Question {
                ask: Ask::Parts(&look),
                control,
            };
            let id = control.prowler.unwrap_or_default();
            Control::new(id, control.title, spec.filter(&question))
        })
        .collect();
    controls.extend([
        Control::new(
            "cloudtrail_multi_region_enabled",
            "A trail records in all regions",
            spec.records_everywhere(),
        ),
        Control::new(
            "cloudtrail_multi_region_enabled_logging_management_events",
            "A trail records all management events in all regions",
            spec.records_all(),
        ),
        Control::new(
            "cloudtrail_log_file_validation_enabled",
            "Log files are validated",
            spec.validates(),
        ),
        Control::new(
            "cloudtrail_kms_encryption_enabled",
            "Log files are encrypted with a KMS key",
            spec.encrypts(),
        ),
        Control::new(
            "cloudtrail_cloudwatch_logging_enabled",
            "Trails deliver to CloudWatch Logs",
            spec.delivers(),
        ),
        Control::new(
            "cloudtrail_logs_s3_bucket_access_logging_enabled",
            "Access to the bucket of the log files is logged",
            spec.logs_access(),
        ),
        Control::new(
            "cloudtrail_logs_s3_bucket_is_not_publicly_accessible",
            "The bucket of the log files is not public",
            spec.is_private(),
        ),
        Control::new(
            "cloudwatch_alarm_actions_alarm_state_configured",
            "Alarms notify somebody",
            spec.alarms_act(),
        ),
        Control::new(
            "cloudwatch_alarm_actions_enabled",
            "The actions of alarms are on",
            spec.alarms_are_on(),
        ),
        Control::new(
            "cloudwatch_log_group_retention_policy_specific_days_enabled",
            "Log groups keep their events for a year",
            spec.keeps(),
        ),
    ]);
    controls
}
