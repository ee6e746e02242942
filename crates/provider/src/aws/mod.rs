//! The pages: what each kind is in AWS's APIs. Everything here goes through [`Door::call`].

use std::collections::BTreeMap;
use std::future::Future;

use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::Scope;
use trailwarden_spec::evidence::Seen;
use trailwarden_spec::leaf::Tags;
use trailwarden_spec::live::Found;

use crate::door::{Api, Door};

pub(crate) mod alarm;
mod alarm_query;
pub(crate) mod bucket;
pub(crate) mod bucket_policy;
mod composite_alarm;
pub(crate) mod history;
pub(crate) mod key;
pub(crate) mod key_policy;
pub(crate) mod keys;
pub(crate) mod known;
pub(crate) mod log_group;
pub(crate) mod metric_filter;
pub(crate) mod queue;
pub(crate) mod role;
pub(crate) mod subscription;
pub(crate) mod topic;
pub(crate) mod topic_policy;
pub(crate) mod trail;
mod written;

pub(crate) use keys::Keys;
pub(crate) use written::Written;

/// The clients of one account and region, and whose stack they work for.
pub(crate) struct Aws {
    pub(crate) door: Door,
    /// What was written into policies that others write, too.
    pub(crate) written: Written,
    /// Which keys are behind aliases.
    pub(crate) keys: Keys,
    /// Which buckets are asked in other regions.
    pub(crate) elsewhere: bucket::Elsewhere,
    /// The stack's name, which is its mark on what it makes.
    pub(crate) stack: String,
    /// The stack's account and region.
    pub(crate) scope: Scope,
    /// The namespace of the stack's metrics.
    pub(crate) namespace: String,
    /// The path of the roles that the stack makes.
    pub(crate) role_path: String,
    pub(crate) cloudtrail: aws_sdk_cloudtrail::Client,
    pub(crate) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(crate) iam: aws_sdk_iam::Client,
    pub(crate) kms: aws_sdk_kms::Client,
    pub(crate) logs: aws_sdk_cloudwatchlogs::Client,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) sns: aws_sdk_sns::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) sts: aws_sdk_sts::Client,
    pub(crate) tagging: aws_sdk_resourcegroupstagging::Client,
}

impl Aws {
    /// What the names of the stack's rules begin with.
    pub(crate) fn prefix(&self) -> String {
        format!("{}-", self.stack)
    }
}

/// What AWS's APIs make of a kind.
///
/// Every method may be called again after a crash or a lost answer, see
/// [`trailwarden_account::Mutate`].
pub(crate) trait Page: Sized {
    /// Reads one object with its tags; `name` is the name in its address.
    fn read(aws: &Aws, name: &str) -> impl Future<Output = Result<Option<Found>, AccountError>> + Send;

    /// Makes the object.
    fn create(&self, aws: &Aws) -> impl Future<Output = Result<(), AccountError>> + Send;

    /// Writes what differs from `before`.
    fn update(&self, before: &Self, aws: &Aws) -> impl Future<Output = Result<(), AccountError>> + Send;

    /// Takes the object away; done when it is gone already.
    fn delete(&self, aws: &Aws) -> impl Future<Output = Result<(), AccountError>> + Send;

    /// Writes and removes tags; nothing to do for kinds without them.
    fn tag(
        &self,
        aws: &Aws,
        put: &BTreeMap<String, String>,
        remove: &[String],
    ) -> impl Future<Output = Result<(), AccountError>> + Send;
}

/// Brings an object's tags from `before` to `after`.
pub(crate) async fn retag<P: Page + Sync>(
    page: &P,
    before: &Tags,
    after: &Tags,
    aws: &Aws,
) -> Result<(), AccountError> {
    // Whether it was adopted is a mark on both sides alike, so that it makes no difference here.
    let (put, remove) = after.steps_from(before, &aws.stack, false);
    if put.is_empty() && remove.is_empty() {
        Ok(())
    } else {
        page.tag(aws, &put, &remove).await
    }
}

/// What was read of something that a look at the links asks for and no plan needs: the look goes on
/// without what the caller may not read, or what an endpoint does not know.
pub(crate) fn seen_or_hidden<T>(answer: Result<Option<T>, AccountError>) -> Result<Seen<T>, AccountError> {
    match answer {
        Ok(Some(value)) => Ok(Seen::Is(value)),
        Ok(None) => Ok(Seen::Absent),
        Err(error) => match error.kind {
            ErrorKind::Denied | ErrorKind::Refused | ErrorKind::Service | ErrorKind::NotFound => {
                Ok(Seen::Hidden(error.to_string()))
            }
            _ => Err(error),
        },
    }
}

/// An error of ours about what AWS holds, in the form of AWS's own.
pub(crate) fn refusal(api: Api, message: impl Into<String>) -> AccountError {
    AccountError {
        operation: api.to_string(),
        kind: ErrorKind::Refused,
        code: None,
        message: message.into(),
        request_id: None,
        hint: None,
    }
}
