//! What is stored in buckets, read.

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::happened::{Stored, StoredQuery};

use crate::aws::known::Known;
use crate::aws::{Aws, bucket};
use crate::door::Api;

const LIST: Api = Api::read("s3", "ListObjectsV2");
const GET: Api = Api::read("s3", "GetObject");

/// Asks the bucket in the stack's region, and where it is if that is elsewhere.
async fn listed(
    aws: &Aws,
    query: &StoredQuery,
    delimiter: Option<&str>,
    token: Option<&str>,
) -> Result<ListObjectsV2Output, AccountError> {
    let ask = |client: Client| async move {
        let send = || {
            client
                .list_objects_v2()
                .bucket(&query.bucket)
                .expected_bucket_owner(&aws.scope.account)
                .prefix(&query.prefix)
                .set_delimiter(delimiter.map(str::to_owned))
                .set_start_after(query.after.clone())
                .set_continuation_token(token.map(str::to_owned))
                .send()
        };
        aws.door.call(LIST, send).await
    };
    let answer = match ask(bucket::client(aws, &query.bucket)).await {
        Err(error) => match bucket::client_elsewhere(aws, &query.bucket, &error).await? {
            Some(client) => ask(client).await,
            None => Err(error),
        },
        answer => answer,
    };
    answer.map_err(|error| match error.kind {
        ErrorKind::NotFound => error.known(
            ErrorKind::NotFound,
            format!("there is no bucket `{}`", query.bucket),
        ),
        ErrorKind::Denied => error.known(
            ErrorKind::Denied,
            format!(
                "the caller needs s3:ListBucket on the bucket `{}`, which must be one of account {}",
                query.bucket, aws.scope.account
            ),
        ),
        _ => error,
    })
}

pub(super) async fn objects(aws: &Aws, query: &StoredQuery) -> Result<Vec<Stored>, AccountError> {
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let page = listed(aws, query, None, token.as_deref()).await?;
        for object in page.contents.unwrap_or_default() {
            let Some(key) = object.key else { continue };
            if query.last.as_ref().is_some_and(|last| key > *last) {
                return Ok(found);
            }
            found.push(Stored {
                key,
                bytes: object.size.and_then(|size| size.try_into().ok()).unwrap_or(0),
            });
        }
        match page.next_continuation_token {
            Some(next) => token = Some(next),
            None => return Ok(found),
        }
    }
}

pub(super) async fn folders(aws: &Aws, bucket: &str, prefix: &str) -> Result<Vec<String>, AccountError> {
    let query = StoredQuery {
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
        ..StoredQuery::default()
    };
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let page = listed(aws, &query, Some("/"), token.as_deref()).await?;
        let folders = page.common_prefixes.unwrap_or_default().into_iter();
        found.extend(folders.filter_map(|folder| {
            let folder = folder.prefix?;
            let name = folder.strip_prefix(prefix)?.strip_suffix('/')?;
            Some(name.to_owned())
        }));
        match page.next_continuation_token {
            Some(next) => token = Some(next),
            None => return Ok(found),
        }
    }
}

pub(super) async fn bytes(aws: &Aws, bucket: &str, key: &str) -> Result<Vec<u8>, AccountError> {
    let ask = |client: Client| async move {
        let client = &client;
        aws.door.call(GET, || body(aws, client, bucket, key)).await
    };
    let answer = match ask(bucket::client(aws, bucket)).await {
        Err(error) => match bucket::client_elsewhere(aws, bucket, &error).await? {
            Some(client) => ask(client).await,
            None => Err(error),
        },
        answer => answer,
    };
    answer.map_err(|error| explained(bucket, error))
}

/// The whole of an object. A body that breaks off is a connection that broke, so it is asked for again.
async fn body(
    aws: &Aws,
    client: &Client,
    bucket: &str,
    key: &str,
) -> Result<Vec<u8>, SdkError<GetObjectError, HttpResponse>> {
    let get = client.get_object().bucket(bucket).key(key);
    let answer = get.expected_bucket_owner(&aws.scope.account).send().await?;
    let body = answer.body.collect().await;
    body.map(|body| body.to_vec())
        .map_err(|error| SdkError::dispatch_failure(ConnectorError::io(error.into())))
}

/// S3 calls KMS in the name of whoever reads, and says of a refusal only in its text whose it was.
fn explained(bucket: &str, error: AccountError) -> AccountError {
    let about_key =
        error.message.contains("kms:") || error.code.as_deref().is_some_and(|code| code.starts_with("KMS."));
    match error.kind {
        // With the status of a missing permission.
        _ if error.is("InvalidObjectState") => error.known(
            ErrorKind::Refused,
            "a lifecycle rule has archived it: `aws s3api restore-object` brings it back for some days",
        ),
        ErrorKind::Denied if about_key => error.known(
            ErrorKind::Denied,
            "the log files are encrypted with a KMS key: the caller needs kms:Decrypt with it, in a policy of its own \
             and in the key's",
        ),
        ErrorKind::Denied => error.known(
            ErrorKind::Denied,
            format!(
                "the caller needs s3:GetObject on the objects of the bucket `{bucket}` and, where they are encrypted \
                 with a KMS key, kms:Decrypt with it"
            ),
        ),
        kind if about_key => error.known(
            kind,
            "the log files are encrypted with a KMS key that cannot be used: it is disabled, or on its way to be deleted",
        ),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(code: &str, kind: ErrorKind, message: &str) -> String {
        let error = AccountError {
            operation: "s3:GetObject".into(),
            kind,
            code: Some(code.into()),
            message: message.into(),
            request_id: None,
            hint: None,
        };
        explained("logs", error).hint.unwrap_or_default()
    }

    #[test]
    fn whose_permission_is_missing_is_said() {
        // As S3 answers.
        let key = "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: kms:Decrypt on resource: \
                   arn:aws:kms:us-east-1:123456789012:key/1 because no identity-based policy allows the kms:Decrypt \
                   action";
        assert!(
            hint("AccessDenied", ErrorKind::Denied, key).contains("needs kms:Decrypt with it, in a policy")
        );
        let object = hint("AccessDenied", ErrorKind::Denied, "Access Denied");
        assert!(object.contains("needs s3:GetObject on the objects of the bucket `logs`"));
        let disabled = hint(
            "KMS.DisabledException",
            ErrorKind::Refused,
            "arn:aws:kms:... is disabled.",
        );
        assert!(disabled.contains("cannot be used"));
        assert!(hint("InvalidObjectState", ErrorKind::Denied, "").contains("restore-object"));
        assert_eq!(hint("NoSuchKey", ErrorKind::NotFound, ""), "");
    }
}
