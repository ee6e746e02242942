//! What CloudTrail checks before it takes a trail, and whether a trail may deliver now.

use crate::judge::{self, Question};
use crate::protocol::Failure;
use crate::route::Call;
use crate::services::cloudtrail::Place;
use crate::services::iam;
use crate::services::kms::{self, Use};
use crate::state::{State, Trail};

const SERVICE: &str = "cloudtrail.amazonaws.com";

/// Checks all that a trail points at: bucket, key, topic, log group, role.
pub(crate) fn check(state: &State, call: &Call, place: &Place, trail: &Trail) -> Result<(), Failure> {
    check_bucket(state, call, place, trail)?;
    check_key(state, call, place, trail)?;
    check_topic(state, call, place, trail)?;
    check_logs(state, call, place, trail)
}

pub(crate) fn check_bucket(state: &State, call: &Call, place: &Place, trail: &Trail) -> Result<(), Failure> {
    let name = &trail.bucket;
    let Some((_, bucket)) = state.find_bucket(name) else {
        return Err(Failure::bad(
            "S3BucketDoesNotExistException",
            format!("S3 bucket {name} does not exist!"),
        ));
    };
    let trail_arn = place.arn(call);
    let bucket_arn = format!("arn:{}:s3:::{name}", call.partition());
    let prefix = match trail.prefix.as_deref() {
        Some(prefix) => format!("{}/", prefix.trim_end_matches('/')),
        None => String::new(),
    };
    // The file that AWS writes to try the policy has this shape.
    let object = format!(
        "{bucket_arn}/{prefix}AWSLogs/{0}/CloudTrail/{1}/1970/01/01/{0}_CloudTrail_{1}_file.json.gz",
        call.account, call.region
    );
    let common = [
        ("aws:SourceArn", trail_arn.as_str()),
        ("aws:SourceAccount", call.account.as_str()),
        ("aws:SecureTransport", "true"),
        ("aws:PrincipalIsAWSService", "true"),
        ("aws:PrincipalServiceName", SERVICE),
    ];
    let write = [&common[..], &[("s3:x-amz-acl", "bucket-owner-full-control")]].concat();
    let policy = bucket.policy.as_deref().unwrap_or("{}");
    let granted = |action, resource: &str, context| {
        let question = Question {
            service: Some(SERVICE),
            action,
            resource,
            context,
        };
        judge::allows([policy], &question)
    };
    if granted("s3:GetBucketAcl", &bucket_arn, &common[..]) && granted("s3:PutObject", &object, &write[..]) {
        return Ok(());
    }
    Err(Failure::bad(
        "InsufficientS3BucketPolicyException",
        format!("Incorrect S3 bucket policy is detected for bucket: {name}"),
    ))
}

/// AWS: "Configure AWS KMS key policies for CloudTrail".
pub(crate) fn check_key(state: &State, call: &Call, place: &Place, trail: &Trail) -> Result<(), Failure> {
    let Some(key) = &trail.key else {
        return Ok(());
    };
    let arn = place.arn(call);
    let source = [("aws:SourceArn", arn.as_str())];
    let encrypts = [
        source[0],
        ("kms:EncryptionContext:aws:cloudtrail:arn", arn.as_str()),
    ];
    let mut wants: Vec<(&str, &[(&str, &str)])> =
        vec![("kms:GenerateDataKey", &encrypts), ("kms:DescribeKey", &source)];
    if state
        .find_bucket(&trail.bucket)
        .is_some_and(|(_, bucket)| bucket.encryption.bucket_key)
    {
        wants.push(("kms:Decrypt", &source));
    }
    match kms::ask(state, call, key, SERVICE, &wants) {
        Use::Granted(_) => Ok(()),
        Use::Missing => Err(Failure::bad(
            "KmsKeyNotFoundException",
            format!("KMS key {key} could not be found."),
        )),
        Use::Unusable(arn) => Err(Failure::bad(
            "KmsException",
            format!("KMS key {arn} cannot be used in its state."),
        )),
        Use::Denied(arn) => Err(Failure::bad(
            "InsufficientEncryptionPolicyException",
            format!(
                "Insufficient permissions to access S3 bucket {} or KMS key {arn}.",
                trail.bucket
            ),
        )),
    }
}

pub(crate) fn check_topic(state: &State, call: &Call, place: &Place, trail: &Trail) -> Result<(), Failure> {
    let Some(arn) = topic_arn(call, trail) else {
        return Ok(());
    };
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, _, "sns", region, account, name] = parts.as_slice() else {
        return Err(Failure::bad(
            "InvalidSnsTopicNameException",
            "SNS Topic name or ARN is not valid.",
        ));
    };
    let refusal = Failure::bad(
        "InsufficientSnsTopicPolicyException",
        "SNS Topic does not exist or the topic policy is incorrect!",
    );
    let topic = state
        .find_region(account, region)
        .and_then(|region| region.topics.get(*name))
        .ok_or_else(|| refusal.clone())?;
    let trail_arn = place.arn(call);
    let question = Question {
        service: Some(SERVICE),
        action: "SNS:Publish",
        resource: &arn,
        context: &[
            ("aws:SourceArn", trail_arn.as_str()),
            ("aws:SourceAccount", call.account.as_str()),
        ],
    };
    let policy = topic.attributes.get("Policy").map_or("{}", String::as_str);
    if judge::allows([policy], &question) {
        Ok(())
    } else {
        Err(refusal)
    }
}

/// The ARN of a trail's topic, which may be given by its name.
pub(crate) fn topic_arn(call: &Call, trail: &Trail) -> Option<String> {
    trail.topic.as_ref().map(|topic| {
        if topic.starts_with("arn:") {
            topic.clone()
        } else {
            call.arn("sns", topic)
        }
    })
}

pub(crate) fn check_logs(state: &State, call: &Call, place: &Place, trail: &Trail) -> Result<(), Failure> {
    let (group_arn, role_arn) = match (&trail.log_group_arn, &trail.log_role_arn) {
        (None, None) => return Ok(()),
        (Some(_), None) => {
            return Err(Failure::bad(
                "InvalidCloudWatchLogsRoleArnException",
                "You must specify a role ARN as well as a log group.",
            ));
        }
        (None, Some(_)) => {
            return Err(Failure::bad(
                "InvalidCloudWatchLogsLogGroupArnException",
                "You must specify a log group ARN as well as a role.",
            ));
        }
        (Some(group), Some(role)) => (group, role),
    };
    let invalid_group = |why: &str| Failure::bad("InvalidCloudWatchLogsLogGroupArnException", why);
    let parts: Vec<&str> = group_arn.splitn(8, ':').collect();
    let [_, _, "logs", region, account, "log-group", group, "*"] = parts.as_slice() else {
        return Err(invalid_group(
            "CloudTrail cannot validate the specified log group ARN. It must end with :*",
        ));
    };
    if *region != call.region || *account != call.account {
        return Err(invalid_group(
            "The log group must be in the account and the home region of the trail.",
        ));
    }
    if !state
        .find_region(account, region)
        .is_some_and(|region| region.log_groups.contains_key(*group))
    {
        return Err(invalid_group(
            "CloudTrail cannot validate the specified log group ARN: the log group does not exist.",
        ));
    }
    let stream = format!(
        "arn:{}:logs:{region}:{account}:log-group:{group}:log-stream:{account}_CloudTrail_{region}",
        call.partition()
    );
    let trail_arn = place.arn(call);
    let context = [
        ("aws:SourceArn", trail_arn.as_str()),
        ("aws:SourceAccount", call.account.as_str()),
    ];
    let granted = iam::find_role(state, call, role_arn).is_some_and(|role| {
        iam::trusts(role, SERVICE, &context)
            && iam::allows(role, "logs:CreateLogStream", &stream)
            && iam::allows(role, "logs:PutLogEvents", &stream)
    });
    if granted {
        Ok(())
    } else {
        Err(Failure::bad(
            "InvalidCloudWatchLogsRoleArnException",
            "Access denied. Verify in IAM that the role has adequate permissions.",
        ))
    }
}
