//! Why a trail may not deliver, as far as the account's own policies tell.
//!
//! CloudTrail says of a denied delivery only that it is denied. Minutes after the policies were
//! written that has two reasons, with different ways out: our policy does not allow it, or
//! something above it does not.

use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_policy::{Caller, Decision, Policy, Request};
use trailwarden_spec::Object;
use trailwarden_spec::kinds::{Delivery, Trail};
use trailwarden_spec::live::Found;

use super::super::known::Known;
use super::super::{Aws, bucket as page, bucket_policy, role};

const SERVICE: &str = "cloudtrail.amazonaws.com";

/// What a deadline leaves open once our own policies are known to be right.
const BEYOND: &str = "an organization's policy, a permissions boundary or delay within AWS: apply again in a few \
                      minutes, then ask who runs the organization";

/// AWS: "thrown when the policy on the S3 bucket or KMS key does not have sufficient permissions".
pub(super) const KEY_OR_BUCKET: &str = "InsufficientEncryptionPolicyException";

/// CloudTrail's, for a bucket that it does not see.
const NO_BUCKET: &str = "S3BucketDoesNotExistException";

/// What a bucket's policy that may not be read leaves to say.
const UNREAD: &str = "the bucket's policy may not be read, as is so with another account's: its owner has to add the \
                      statements that `trailwarden plan` prints";

/// What a bucket's policy that is right leaves to suspect for a trail with a key of its own.
const KEY: &str = "the bucket's policy allows it, so it is the policy of the KMS key that the trail encrypts with: it \
                   must let cloudtrail.amazonaws.com call kms:GenerateDataKey* and kms:DescribeKey for this trail";

/// True for errors that stop by themselves when what was just written reaches CloudTrail. The codes
/// about logs also mean real mistakes (a malformed ARN), which the text tells.
pub(super) fn passes(error: &AccountError) -> bool {
    match error.code.as_deref() {
        Some("InsufficientS3BucketPolicyException" | NO_BUCKET) => true,
        Some("InvalidCloudWatchLogsRoleArnException" | "InvalidCloudWatchLogsLogGroupArnException") => {
            let text = error.message.to_lowercase();
            ["access denied", "not found", "does not exist"]
                .iter()
                .any(|sign| text.contains(sign))
        }
        _ => false,
    }
}

/// Adds the reason to an error that outlasted the deadline, or that no waiting would end.
pub(super) async fn explained(aws: &Aws, trail: &Trail, error: AccountError) -> AccountError {
    let kind = error.kind;
    if kind != ErrorKind::NotPropagated && !error.is(KEY_OR_BUCKET) {
        return error;
    }
    let still = || format!("our policy allows it; still denied: {BEYOND}");
    let reason = match (error.code.as_deref(), trail.delivery.get()) {
        (Some(NO_BUCKET), _) => return about_the_bucket(aws, trail, error).await,
        (Some(KEY_OR_BUCKET), _) => bucket(aws, trail)
            .await
            .map(|reason| reason.unwrap_or_else(|| KEY.into())),
        (Some("InsufficientS3BucketPolicyException"), _) => bucket(aws, trail)
            .await
            .map(|reason| reason.unwrap_or_else(still)),
        (_, Some(Some(delivery))) => logs(aws, delivery)
            .await
            .map(|reason| reason.unwrap_or_else(still)),
        _ => return error,
    };
    match reason {
        Err(unread)
            if unread.kind == ErrorKind::Denied && error.is("InsufficientS3BucketPolicyException") =>
        {
            error.known(kind, UNREAD)
        }
        // The call's own failure is the one to report.
        Err(_) => error,
        Ok(reason) => error.known(kind, reason),
    }
}

/// Tells a bucket that is not there from one that CloudTrail does not see.
async fn about_the_bucket(aws: &Aws, trail: &Trail, error: AccountError) -> AccountError {
    let name = &trail.bucket;
    match page::is_there(aws, name).await {
        Err(_) => error,
        Ok(false) => error.known(ErrorKind::NotFound, format!("there is no bucket `{name}`")),
        Ok(true) => error.known(
            ErrorKind::NotPropagated,
            format!(
                "the bucket `{name}` is there and CloudTrail does not see it: apply again in a few minutes"
            ),
        ),
    }
}

/// Why the bucket's policy does not let the trail deliver; `None` when it does.
async fn bucket(aws: &Aws, trail: &Trail) -> Result<Option<String>, AccountError> {
    let bucket = &trail.bucket;
    let Some(Ok(policy)) = bucket_policy::document(aws, bucket).await? else {
        return Ok(Some(format!(
            "the bucket `{bucket}` has no policy that lets {SERVICE} write to it"
        )));
    };
    let arn = aws.scope.bucket_arn(bucket).to_string();
    let path = trail
        .prefix
        .as_deref()
        .map(|prefix| format!("{}/", prefix.trim_end_matches('/')))
        .unwrap_or_default();
    let object = format!(
        "{arn}/{path}AWSLogs/{}/CloudTrail/file.json.gz",
        aws.scope.account
    );
    let request = |action: &str, resource: &str| {
        Request::new(Caller::Service(SERVICE.into()), action, resource)
            .context("aws:SourceArn", aws.scope.trail_arn(&trail.name).to_string())
            .context("aws:SourceAccount", aws.scope.account.as_str())
            .context("aws:SecureTransport", "true")
            .context("aws:PrincipalIsAWSService", "true")
            .context("aws:PrincipalServiceName", SERVICE)
    };
    let write = request("s3:PutObject", &object).context("s3:x-amz-acl", "bucket-owner-full-control");
    let of = format!("the policy of the bucket `{bucket}`");
    Ok([request("s3:GetBucketAcl", &arn), write]
        .iter()
        .find_map(|request| hindrance(&of, &policy, request)))
}

/// Why the role does not let the trail write to the log group; `None` when it does, or when its
/// permissions are not ours to know.
async fn logs(aws: &Aws, delivery: &Delivery) -> Result<Option<String>, AccountError> {
    let Delivery { log_group, role } = delivery;
    let name = role.name();
    let Some(Found {
        value: Object::Role(live),
        ..
    }) = role::read_with(aws, name).await?
    else {
        return Ok(Some(format!("there is no role `{name}`")));
    };
    let assume = Request::new(
        Caller::Service(SERVICE.into()),
        "sts:AssumeRole",
        role.to_string(),
    )
    .context("aws:SourceAccount", aws.scope.account.as_str());
    if let Some(reason) = hindrance(
        &format!("the trust policy of the role `{name}`"),
        &live.trust.0,
        &assume,
    ) {
        return Ok(Some(reason));
    }
    let Some(policy) = live.policy else {
        return Ok(None);
    };
    let (account, region) = (&aws.scope.account, &aws.scope.region);
    let stream = format!("{log_group}:log-stream:{account}_CloudTrail_{region}");
    let of = format!(
        "the policy `{}` of the role `{name}`",
        trailwarden_spec::kinds::Role::POLICY_NAME
    );
    let reason = ["logs:CreateLogStream", "logs:PutLogEvents"]
        .into_iter()
        .find_map(|action| {
            hindrance(
                &of,
                &policy.0,
                &Request::new(Caller::Arn(role.to_string()), action, &stream),
            )
        });
    Ok(reason)
}

/// What keeps a policy from allowing a call, in words.
pub(crate) fn hindrance(of: &str, policy: &Policy, request: &Request) -> Option<String> {
    let Request { action, resource, .. } = request;
    match policy.evaluate(request) {
        Decision::Allowed { .. } => None,
        Decision::NotAllowed => Some(format!("{of} does not allow {action} on {resource}")),
        Decision::Denied { by } => {
            let sid = policy.statements().get(by).and_then(|statement| statement.sid());
            let statement = sid.map_or_else(
                || format!("statement {}", by + 1),
                |sid| format!("statement `{sid}`"),
            );
            Some(format!(
                "{of} denies {action} on {resource}, or may do so, by its {statement}"
            ))
        }
    }
}
