//! What is known of all events beforehand.

use crate::Pattern;
use crate::cloudtrail::looks_like_a_record;
use crate::tree::{Form, Selector, Step};

use super::place::Kinds;

/// What is known of every event that a pattern will see.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    always: &'static [AlwaysSent],
}

/// A field that every record has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlwaysSent {
    /// Its name; it stands at the top of the record.
    pub name: &'static str,
    /// What its value is.
    pub sort: Sort,
}

/// What the value of a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A string. This one is usual.
    Text(&'static str),
    /// An object. A string of this name in it, with this text, is usual but not certain.
    Object(&'static str, &'static str),
}

/// The fields of every CloudTrail record (AWS, "CloudTrail record contents": those that are not
/// optional), in the order in which records have them.
///
/// The page calls `userAgent`, `requestID` and `recipientAccountId` optional or later than version
/// 1.0, so they are not here. Insights events are records of another kind, without a name of their
/// own: a trail sends them only when it is asked to, and patterns on names are not about them.
pub const CLOUDTRAIL: &[AlwaysSent] = &[
    text("eventVersion", "1.11"),
    AlwaysSent {
        name: "userIdentity",
        sort: Sort::Object("type", "IAMUser"),
    },
    text("eventTime", "2025-01-01T00:00:00Z"),
    text("eventSource", "ec2.amazonaws.com"),
    text("eventName", "DescribeInstances"),
    text("awsRegion", "us-east-1"),
    text("sourceIPAddress", "192.0.2.1"),
    text("eventID", "00000000-0000-4000-8000-000000000000"),
    text("eventType", "AwsApiCall"),
];

const fn text(name: &'static str, usual: &'static str) -> AlwaysSent {
    AlwaysSent {
        name,
        sort: Sort::Text(usual),
    }
}

/// True for a field that every CloudTrail record has.
#[must_use]
pub fn always_sent(selector: &Selector) -> bool {
    match selector.steps.as_slice() {
        [Step::Key(name)] => CLOUDTRAIL.iter().any(|field| field.name == name),
        _ => false,
    }
}

impl Facts {
    /// Nothing: any JSON object or array may come.
    #[must_use]
    pub fn none() -> Self {
        Self { always: &[] }
    }

    /// Events are CloudTrail records.
    #[must_use]
    pub fn cloudtrail() -> Self {
        Self { always: CLOUDTRAIL }
    }

    /// Those of CloudTrail where one of the patterns asks about a field of its records; else nothing.
    #[must_use]
    pub fn fitting(patterns: &[&Pattern]) -> Self {
        let of_records = patterns.iter().any(|pattern| match pattern.form() {
            Form::Json(node) => node
                .tests()
                .iter()
                .any(|test| looks_like_a_record(&test.selector)),
            Form::Delimited(_) | Form::Terms(_) => false,
        });
        match of_records {
            true => Self::cloudtrail(),
            false => Self::none(),
        }
    }

    /// True for nothing known.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.always.is_empty()
    }

    /// The fields that every event has.
    #[must_use]
    pub fn fields(&self) -> &'static [AlwaysSent] {
        self.always
    }

    /// What the value at a place can be.
    pub(super) fn kinds(&self, steps: &[Step]) -> Kinds {
        match steps {
            [] if self.always.is_empty() => Kinds::OBJECT.or(Kinds::ARRAY),
            [] => Kinds::OBJECT,
            [Step::Key(name)] => match self.always.iter().find(|field| field.name == name) {
                Some(field) => field.sort.kinds(),
                None => Kinds::ALL,
            },
            _ => Kinds::ALL,
        }
    }
}

impl Sort {
    fn kinds(self) -> Kinds {
        match self {
            Self::Text(_) => Kinds::STRING,
            Self::Object(..) => Kinds::OBJECT,
        }
    }
}
