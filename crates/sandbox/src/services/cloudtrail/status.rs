//! Whether a trail logs, and what became of its deliveries.

use winterbaume_cloudtrail::wire::{
    GetTrailStatusRequest, GetTrailStatusResponse, StartLoggingRequest, StopLoggingRequest,
};

use crate::protocol::{Failure, iso, seconds};
use crate::route::Call;
use crate::services::cloudtrail::{checks, find, find_at_home};
use crate::state::State;

/// CloudTrail delivers about every five minutes, and a digest every hour.
const DELIVERY: i64 = 5 * 60 * 1000;
const DIGEST: i64 = 60 * 60 * 1000;

pub(crate) fn get(
    state: &State,
    call: &Call,
    input: GetTrailStatusRequest,
) -> Result<GetTrailStatusResponse, Failure> {
    let (place, trail) = find(state, call, &input.name)?;
    let mut status = GetTrailStatusResponse {
        is_logging: Some(trail.logging),
        start_logging_time: trail.started.map(seconds),
        stop_logging_time: trail.stopped.map(seconds),
        time_logging_started: Some(trail.started.map(iso).unwrap_or_default()),
        time_logging_stopped: Some(trail.stopped.map(iso).unwrap_or_default()),
        latest_delivery_attempt_succeeded: Some(String::new()),
        latest_delivery_attempt_time: Some(String::new()),
        latest_notification_attempt_succeeded: Some(String::new()),
        latest_notification_attempt_time: Some(String::new()),
        ..GetTrailStatusResponse::default()
    };
    let Some(started) = trail.started else {
        return Ok(status);
    };
    let until = if trail.logging {
        call.now
    } else {
        trail.stopped.unwrap_or(call.now)
    };
    // The time of the last round that has ended, if any has.
    let last = |every: i64| {
        let rounds = (until - started).max(0) / every;
        (rounds > 0).then(|| started + rounds * every)
    };
    let at_home = Call {
        region: place.home.clone(),
        ..call.clone()
    };
    let failed = match checks::check_bucket(state, &at_home, &place, trail) {
        Ok(()) => None,
        Err(failure) if failure.code == "S3BucketDoesNotExistException" => Some("NoSuchBucket"),
        Err(_) => Some("AccessDenied"),
    };
    if let Some(error) = failed {
        status.latest_delivery_error = Some(error.to_owned());
    } else if let Some(time) = last(DELIVERY) {
        status.latest_delivery_time = Some(seconds(time));
        status.latest_delivery_attempt_time = Some(iso(time));
        status.latest_delivery_attempt_succeeded = Some(iso(time));
    }
    if trail.validation {
        match (failed, last(DIGEST)) {
            (Some(error), _) => status.latest_digest_delivery_error = Some(error.to_owned()),
            (None, time) => status.latest_digest_delivery_time = time.map(seconds),
        }
    }
    if trail.log_group_arn.is_some() {
        match checks::check_logs(state, &at_home, &place, trail) {
            Ok(()) => status.latest_cloud_watch_logs_delivery_time = last(DELIVERY).map(seconds),
            Err(failure) => status.latest_cloud_watch_logs_delivery_error = Some(failure.message),
        }
    }
    if trail.topic.is_some() {
        match (
            checks::check_topic(state, &at_home, &place, trail),
            last(DELIVERY),
        ) {
            (Err(_), _) => status.latest_notification_error = Some("AuthorizationError".to_owned()),
            (Ok(()), None) => {}
            (Ok(()), Some(time)) => {
                status.latest_notification_time = Some(seconds(time));
                status.latest_notification_attempt_time = Some(iso(time));
                status.latest_notification_attempt_succeeded = Some(iso(time));
            }
        }
    }
    Ok(status)
}

pub(crate) fn start(state: &mut State, call: &Call, input: StartLoggingRequest) -> Result<(), Failure> {
    let (_, trail) = find_at_home(state, call, &input.name)?;
    if !trail.logging {
        trail.logging = true;
        trail.started = Some(call.now);
    }
    Ok(())
}

pub(crate) fn stop(state: &mut State, call: &Call, input: StopLoggingRequest) -> Result<(), Failure> {
    let (_, trail) = find_at_home(state, call, &input.name)?;
    if trail.logging {
        trail.logging = false;
        trail.stopped = Some(call.now);
    }
    Ok(())
}
