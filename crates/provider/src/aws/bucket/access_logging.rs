//! Server access logging of a bucket.

use aws_sdk_s3::types::{BucketLoggingStatus, LoggingEnabled};
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::kinds::AccessLogging;

use super::super::known::{Known, built};
use super::At;
use crate::door::{Api, Wait};

const GET: Api = Api::read("s3", "GetBucketLogging");
const PUT: Api = Api::write("s3", "PutBucketLogging");

/// The bucket of the access logs may have been made a second ago.
const TARGET: Wait = Wait::short("S3 to know the bucket that the access logs go to");
const BAD_TARGET: &str = "InvalidTargetBucketForLogging";

impl At<'_> {
    async fn logging_enabled(&self) -> Result<Option<LoggingEnabled>, AccountError> {
        let answer = self
            .call(GET, || {
                let get = self.client.get_bucket_logging().bucket(self.name);
                get.expected_bucket_owner(self.owner()).send()
            })
            .await?;
        Ok(answer.logging_enabled)
    }

    /// Where the access logs go; `None` when there are none.
    pub(super) async fn access_logging(&self) -> Result<Option<AccessLogging>, AccountError> {
        let enabled = self.logging_enabled().await?;
        Ok(enabled.map(|enabled| AccessLogging {
            bucket: enabled.target_bucket,
            prefix: enabled.target_prefix,
        }))
    }

    /// Sends the access logs elsewhere, or ends them. Grants and the format of the keys stay.
    pub(super) async fn put_access_logging(
        &self,
        wanted: Option<&AccessLogging>,
    ) -> Result<(), AccountError> {
        let enabled = match wanted {
            None => None,
            Some(AccessLogging { bucket, prefix }) => {
                let live = self.logging_enabled().await?;
                let (grants, format) = live.map_or((None, None), |live| {
                    (live.target_grants, live.target_object_key_format)
                });
                let enabled = LoggingEnabled::builder()
                    .target_bucket(bucket)
                    .target_prefix(prefix)
                    .set_target_grants(grants)
                    .set_target_object_key_format(format);
                Some(built(PUT, enabled.build())?)
            }
        };
        let status = BucketLoggingStatus::builder()
            .set_logging_enabled(enabled)
            .build();
        let unseen = |error: &AccountError| error.is(BAD_TARGET) && error.message.contains("does not exist");
        let put = self.call_until(PUT, TARGET, unseen, || {
            let put = self.client.put_bucket_logging().bucket(self.name);
            put.expected_bucket_owner(self.owner())
                .bucket_logging_status(status.clone())
                .send()
        });
        put.await.map(drop).map_err(|error| {
            if error.kind != ErrorKind::NotPropagated && error.is(BAD_TARGET) || error.is("CrossLocationLoggingProhibitted") {
                return error.known(
                    ErrorKind::Refused,
                    "S3 writes access logs to a bucket of the same account and region that has no Object Lock",
                );
            }
            error
        })
    }
}
