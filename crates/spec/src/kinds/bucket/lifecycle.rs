use serde::Serialize;

use crate::compare::{Compare, Shown, Verdict};

use super::super::words;

words! {
    /// Where S3 can move an object to that is seldom read.
    StorageClass {
        /// Infrequent access; objects are at least 30 days old.
        StandardIa = "STANDARD_IA",
        /// Infrequent access in one availability zone; objects are at least 30 days old.
        OnezoneIa = "ONEZONE_IA",
        /// Moved by S3 as it is read.
        IntelligentTiering = "INTELLIGENT_TIERING",
        /// Archived, read at once.
        GlacierIr = "GLACIER_IR",
        /// Archived, read after minutes or hours.
        Glacier = "GLACIER",
        /// Archived, read after hours.
        DeepArchive = "DEEP_ARCHIVE",
    }
}

impl StorageClass {
    /// How many days old an object must be (`PutBucketLifecycleConfiguration`, `Transition`).
    #[must_use]
    pub fn least_days(self) -> u32 {
        match self {
            Self::StandardIa | Self::OnezoneIa => 30,
            Self::IntelligentTiering | Self::GlacierIr | Self::Glacier | Self::DeepArchive => 0,
        }
    }
}

/// When objects move to another storage class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Transition {
    /// Days after an object's creation.
    pub days: u32,
    /// Where to.
    pub class: StorageClass,
}

/// What becomes of all objects of a bucket: one rule of ours in a lifecycle configuration that
/// others write, too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lifecycle {
    /// Days after which objects expire.
    pub expire_days: Option<u32>,
    /// When they move to another storage class.
    pub transition: Option<Transition>,
    /// Days after which versions are deleted that another has replaced.
    pub noncurrent_expire_days: Option<u32>,
    /// Days after which uploads are given up that nobody ended.
    pub abort_incomplete_upload_days: Option<u32>,
    /// What else somebody made of the rule, in words for people; never wanted, so that it is a drift.
    pub beside: Vec<String>,
}

impl Lifecycle {
    /// The id of our rule.
    pub const RULE_ID: &str = "trailwarden";
}

impl Compare for Lifecycle {
    fn verdict(&self, live: &Self) -> Verdict {
        if self == live {
            Verdict::Same
        } else {
            Verdict::Differs
        }
    }

    /// As the spec writes it.
    fn shown(&self) -> Shown {
        let Self {
            expire_days,
            transition,
            noncurrent_expire_days,
            abort_incomplete_upload_days,
            beside,
        } = self;
        let number = |key: &str, days: Option<u32>| days.map(|days| format!("{key} = {days}"));
        let keys = [
            number("expire_days", *expire_days),
            number("transition_days", transition.map(|to| to.days)),
            transition.map(|to| format!("storage_class = \"{}\"", to.class)),
            number("noncurrent_expire_days", *noncurrent_expire_days),
            number("abort_incomplete_upload_days", *abort_incomplete_upload_days),
        ];
        let keys: Vec<String> = keys.into_iter().flatten().collect();
        let mut text = if keys.is_empty() {
            "{}".to_owned()
        } else {
            format!("{{ {} }}", keys.join(", "))
        };
        if !beside.is_empty() {
            text.push_str(&format!(" ({})", beside.join("; ")));
        }
        Shown::Plain(text)
    }
}
