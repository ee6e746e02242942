//! Bucket policies: our statements in a document that others write, too.

use std::collections::BTreeMap;

use aws_sdk_s3::Client;
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_policy::{Policy, PolicyError};
use trailwarden_spec::kinds::BucketPolicy;
use trailwarden_spec::leaf::{Owner, Statements};
use trailwarden_spec::live::{Facts, Found};

use super::known::Known;
use super::{Aws, Page, bucket, refusal};
use crate::door::{Absent, Api};

/// What S3 takes ("Bucket policies are limited to 20 KB in size").
const MOST_BYTES: usize = 20 * 1024;

const PUT: Api = Api::write("s3", "PutBucketPolicy");
const DELETE: Api = Api::write("s3", "DeleteBucketPolicy");

/// Reads a bucket's whole policy, in whatever region; `None` when there is none, or no bucket.
pub(super) async fn document(
    aws: &Aws,
    bucket: &str,
) -> Result<Option<Result<Policy, PolicyError>>, AccountError> {
    let get = async |client: &Client| {
        let get = || {
            let get = client.get_bucket_policy().bucket(bucket);
            get.expected_bucket_owner(&aws.scope.account).send()
        };
        aws.door.call(Api::read("s3", "GetBucketPolicy"), get).await
    };
    let answer = match get(&aws.s3).await {
        Err(error) => match bucket::client_elsewhere(aws, bucket, &error).await? {
            Some(client) => get(&client).await,
            None => Err(error),
        },
        answer => answer,
    };
    Ok(answer
        .absent(&["NoSuchBucketPolicy", "NoSuchBucket"])?
        .and_then(|answer| answer.policy)
        .map(|text| Policy::parse(&text)))
}

/// Replaces our statements by these.
async fn write(aws: &Aws, bucket: &str, ours: &Statements) -> Result<(), AccountError> {
    let _turn = bucket::turn(aws, bucket).await;
    let owner = &aws.scope.account;
    let live = document(aws, bucket).await?.transpose().map_err(|error| {
        refusal(
            PUT,
            format!("the policy that is there cannot be read, so it is kept: {error}"),
        )
    })?;
    let object = bucket::object(bucket);
    let before = aws.written.base(&object, live.unwrap_or_default());
    let after = ours.merged_into(&before, &aws.stack);
    if after == before {
        return Ok(());
    }
    if after.statements().is_empty() {
        let deleted = aws
            .door
            .call(DELETE, || {
                aws.s3
                    .delete_bucket_policy()
                    .bucket(bucket)
                    .expected_bucket_owner(owner)
                    .send()
            })
            .await
            .absent(&["NoSuchBucket"]);
        deleted?;
        aws.written.wrote(&object, before, after);
        return Ok(());
    }
    let text = after.to_json();
    if text.len() > MOST_BYTES {
        let message = format!(
            "the policy would have {} bytes with our statements and S3 takes {MOST_BYTES}: others' statements have to \
             become fewer or shorter",
            text.len()
        );
        return Err(AccountError {
            kind: ErrorKind::Limit,
            ..refusal(PUT, message)
        });
    }
    // The bucket may have been made a second ago.
    let unseen = |error: &AccountError| error.is("NoSuchBucket");
    let put = aws.door.call_until_visible(PUT, bucket::NEW_BUCKET, unseen, || {
        aws.s3
            .put_bucket_policy()
            .bucket(bucket)
            .expected_bucket_owner(owner)
            .policy(&text)
            .send()
    });
    put.await.map_err(|error| match error.code.as_deref() {
        Some("MalformedPolicy") => error.known(
            ErrorKind::Refused,
            "S3 checks the whole policy again: a statement of somebody else may name a principal or resource that is \
             gone (`aws s3api get-bucket-policy` shows it)",
        ),
        _ => error,
    })?;
    aws.written.wrote(&object, before, after);
    Ok(())
}

impl Page for BucketPolicy {
    /// The policy of a bucket is this stack's as far as its statements are; there are no tags.
    async fn read(aws: &Aws, name: &str) -> Result<Option<Found>, AccountError> {
        let Some(policy) = document(aws, name).await? else {
            return Ok(None);
        };
        let mut facts = Facts::default();
        let policy = policy.unwrap_or_else(|error| {
            facts
                .inexpressible
                .push(format!("a policy document that cannot be read ({error})"));
            Policy::default()
        });
        if policy.statements().is_empty() && facts.inexpressible.is_empty() {
            return Ok(None);
        }
        let (statements, foreign) = Statements::split(&policy, &aws.stack);
        facts.foreign_statements = foreign;
        let value = BucketPolicy {
            bucket: name.into(),
            statements,
        };
        Ok(Some(Found {
            value: value.into(),
            owner: Owner::Ours,
            facts,
        }))
    }

    async fn create(&self, aws: &Aws) -> Result<(), AccountError> {
        write(aws, &self.bucket, &self.statements).await
    }

    async fn update(&self, _before: &Self, aws: &Aws) -> Result<(), AccountError> {
        write(aws, &self.bucket, &self.statements).await
    }

    async fn delete(&self, aws: &Aws) -> Result<(), AccountError> {
        write(aws, &self.bucket, &Statements::default()).await
    }

    async fn tag(&self, _: &Aws, _: &BTreeMap<String, String>, _: &[String]) -> Result<(), AccountError> {
        Ok(())
    }
}
