//! The settings of buckets that are a larger document: lifecycle, Object Lock, access logging. They are
//! kept as they came, so that what comes back is what was put.

use winterbaume_core::MockResponse;
use winterbaume_s3::wire;

use super::{S3Request, bucket, bucket_mut, empty};
use crate::protocol::{Failure, set};
use crate::route::Call;
use crate::state::{Bucket, Lifecycle, State};

type Answer = Result<MockResponse, Failure>;

/// What S3 has done since September 2024 unless it is told otherwise.
const LEAST_SIZE: &str = "all_storage_classes_128K";
const LEAST_SIZE_HEADER: &str = "x-amz-transition-default-minimum-object-size";

/// Objects do not move to the infrequent access classes earlier ("Constraints and considerations for
/// transitions").
const LEAST_DAYS_TO_IA: i32 = 30;

fn invalid(message: impl Into<String>) -> Failure {
    Failure::bad("InvalidArgument", message)
}

fn malformed() -> Failure {
    Failure::bad(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published \
         schema",
    )
}

fn body(request: &S3Request) -> Result<String, Failure> {
    String::from_utf8(request.http.body.to_vec()).map_err(|_| malformed())
}

pub(crate) fn put_lifecycle(state: &mut State, call: &Call, request: &S3Request) -> Answer {
    let input = request.read(wire::deserialize_put_bucket_lifecycle_configuration_request)?;
    let rules = input.lifecycle_configuration.ok_or_else(malformed)?.rules;
    if rules.is_empty() || rules.len() > 1000 {
        return Err(malformed());
    }
    for (at, rule) in rules.iter().enumerate() {
        check_rule(rule)?;
        if rule.i_d.is_some() && rules[..at].iter().any(|other| other.i_d == rule.i_d) {
            return Err(invalid(
                "Rule ID must be unique. Found same ID for one or more rules",
            ));
        }
    }
    bucket_mut(state, call, request)?.lifecycle = Some(Lifecycle {
        document: body(request)?,
        least_size: input
            .transition_default_minimum_object_size
            .unwrap_or_else(|| LEAST_SIZE.to_owned()),
    });
    Ok(empty(200))
}

fn check_rule(rule: &wire::LifecycleRule) -> Result<(), Failure> {
    if !matches!(rule.status.as_str(), "Enabled" | "Disabled")
        || rule.filter.is_none() && rule.prefix.is_none()
    {
        return Err(malformed());
    }
    let transitions = rule.transitions.iter().flatten();
    let acts = rule.expiration.is_some()
        || rule.transitions.is_some()
        || rule.noncurrent_version_expiration.is_some()
        || rule.noncurrent_version_transitions.is_some()
        || rule.abort_incomplete_multipart_upload.is_some();
    if !acts {
        return Err(Failure::bad(
            "InvalidRequest",
            "At least one action needs to be specified in a rule",
        ));
    }
    let expires = rule.expiration.as_ref().and_then(|expiration| expiration.days);
    if expires.is_some_and(|days| days < 1) {
        return Err(invalid("'Days' for Expiration action must be a positive integer"));
    }
    for transition in transitions {
        let class = transition.storage_class.as_deref().unwrap_or_default();
        let Some(days) = transition.days else { continue };
        if days < 0 {
            return Err(invalid("'Days' in Transition action must be nonnegative"));
        }
        if matches!(class, "STANDARD_IA" | "ONEZONE_IA") && days < LEAST_DAYS_TO_IA {
            return Err(invalid(format!(
                "'Days' in Transition action must be greater than or equal to {LEAST_DAYS_TO_IA} for \
                 storageClass '{class}'"
            )));
        }
        if expires.is_some_and(|expires| expires <= days) {
            return Err(invalid(
                "'Days' in the Expiration action for filter '(prefix=)' must be greater than 'Days' in \
                 the Transition action",
            ));
        }
    }
    Ok(())
}

pub(crate) fn get_lifecycle(state: &State, call: &Call, request: &S3Request) -> Answer {
    let lifecycle = bucket(state, call, request)?.lifecycle.as_ref();
    let lifecycle = lifecycle.ok_or_else(|| {
        Failure::new(
            404,
            "NoSuchLifecycleConfiguration",
            "The lifecycle configuration does not exist",
        )
    })?;
    let mut response = MockResponse::xml(200, lifecycle.document.clone());
    set(&mut response.headers, LEAST_SIZE_HEADER, &lifecycle.least_size);
    Ok(response)
}

pub(crate) fn delete_lifecycle(state: &mut State, call: &Call, request: &S3Request) -> Answer {
    bucket_mut(state, call, request)?.lifecycle = None;
    Ok(empty(204))
}

/// The configuration of a bucket that is made with Object Lock.
pub(crate) fn lock_of_new_bucket(bucket: &mut Bucket) {
    bucket.versioning = Some("Enabled".to_owned());
    bucket.object_lock = Some(
        "<ObjectLockConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
         <ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>"
            .to_owned(),
    );
}

/// Switches Object Lock on, or changes the default retention: it is never switched off.
pub(crate) fn put_object_lock(state: &mut State, call: &Call, request: &S3Request) -> Answer {
    let input = request.read(wire::deserialize_put_object_lock_configuration_request)?;
    let configuration = input.object_lock_configuration.ok_or_else(malformed)?;
    if configuration.object_lock_enabled.as_deref() != Some("Enabled") {
        return Err(malformed());
    }
    if let Some(rule) = configuration.rule {
        let retention = rule.default_retention.ok_or_else(malformed)?;
        if !matches!(retention.mode.as_deref(), Some("GOVERNANCE" | "COMPLIANCE")) {
            return Err(malformed());
        }
        match (retention.days, retention.years) {
            (Some(days), None) if days < 1 => {
                return Err(invalid(
                    "Default retention period must be a positive integer value.",
                ));
            }
            (None, Some(years)) if years < 1 => {
                return Err(invalid(
                    "Default retention period must be a positive integer value.",
                ));
            }
            (Some(36_501..), None) | (None, Some(101..)) => {
                return Err(invalid("Default retention period is too large"));
            }
            (Some(_), None) | (None, Some(_)) => {}
            _ => return Err(malformed()),
        }
    }
    let document = body(request)?;
    let bucket = bucket_mut(state, call, request)?;
    if bucket.versioning.as_deref() != Some("Enabled") {
        return Err(Failure::new(
            409,
            "InvalidBucketState",
            "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
        ));
    }
    bucket.object_lock = Some(document);
    Ok(empty(200))
}

pub(crate) fn get_object_lock(state: &State, call: &Call, request: &S3Request) -> Answer {
    let document = bucket(state, call, request)?.object_lock.clone();
    let document = document.ok_or_else(|| {
        Failure::new(
            404,
            "ObjectLockConfigurationNotFoundError",
            "Object Lock configuration does not exist for this bucket",
        )
    })?;
    Ok(MockResponse::xml(200, document))
}

/// The target must be there, with the same owner and region, and without Object Lock.
pub(crate) fn put_logging(state: &mut State, call: &Call, request: &S3Request) -> Answer {
    let input = request.read(wire::deserialize_put_bucket_logging_request)?;
    let region = bucket(state, call, request)?.region.clone();
    let enabled = input.bucket_logging_status.logging_enabled;
    if let Some(enabled) = &enabled {
        let refused = |message: &str| Err(Failure::bad("InvalidTargetBucketForLogging", message));
        match state.find_bucket(&enabled.target_bucket) {
            None => return refused("The target bucket for logging does not exist"),
            Some((owner, _)) if owner != call.account => {
                return refused(
                    "The owner for the bucket to be logged and the target bucket must be the same.",
                );
            }
            Some((_, target)) if target.region != region => {
                return Err(Failure::new(
                    403,
                    "CrossLocationLoggingProhibitted",
                    "Cross S3 location logging not allowed.",
                ));
            }
            Some((_, target)) if target.object_lock.is_some() => {
                return refused("The target bucket for logging must not have Object Lock enabled");
            }
            Some(_) => {}
        }
    }
    let document = enabled.map(|_| body(request)).transpose()?;
    bucket_mut(state, call, request)?.logging = document;
    Ok(empty(200))
}

pub(crate) fn get_logging(state: &State, call: &Call, request: &S3Request) -> Answer {
    let document = bucket(state, call, request)?.logging.clone();
    Ok(MockResponse::xml(
        200,
        document.unwrap_or_else(|| {
            "<BucketLoggingStatus xmlns=\"http://doc.s3.amazonaws.com/2006-03-01\"/>".to_owned()
        }),
    ))
}
