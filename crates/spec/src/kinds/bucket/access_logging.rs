use serde::Serialize;

use crate::compare::{Compare, Shown, Verdict};

/// Where S3 writes down who asked for what in a bucket (`PutBucketLogging`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccessLogging {
    /// A bucket of the same account and region.
    pub bucket: String,
    /// What the keys of the logs begin with.
    pub prefix: String,
}

impl Compare for AccessLogging {
    fn verdict(&self, live: &Self) -> Verdict {
        if self == live {
            Verdict::Same
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        let Self { bucket, prefix } = self;
        Shown::Plain(format!("s3://{bucket}/{prefix}"))
    }
}
