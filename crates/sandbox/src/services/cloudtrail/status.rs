//! Whether a trail logs, and what became of its deliveries.

use winterbaume_cloudtrail::wire::{
    GetTrailStatusRequest, GetTrailStatusResponse, StartLoggingRequest, StopLoggingRequest,
};

use crate::delivery::{self, bucket_error};
use crate::protocol::{Failure, iso, seconds};
use crate::route::Call;
use crate::services::cloudtrail::{checks, find, find_at_home};
use crate::state::{Outcome, State};

/// CloudTrail delivers a digest every hour. None is written here; that it would have been is said.
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
    let done = &trail.deliveries;
    let text = |time: Option<i64>| Some(time.map(iso).unwrap_or_default());
    // "This operation returns trail status from a single Region."
    let nothing = Outcome::default();
    let bucket = match call.region == place.home {
        true => &done.bucket,
        false => done.elsewhere.get(&call.region).unwrap_or(&nothing),
    };
    status.latest_delivery_error = bucket.error.clone();
    status.latest_delivery_time = bucket.succeeded.map(seconds);
    status.latest_delivery_attempt_time = text(bucket.tried);
    status.latest_delivery_attempt_succeeded = text(bucket.succeeded);
    if trail.log_group_arn.is_some() {
        status.latest_cloud_watch_logs_delivery_error = done.group.error.clone();
        status.latest_cloud_watch_logs_delivery_time = done.group.succeeded.map(seconds);
    }
    if trail.topic.is_some() {
        status.latest_notification_error = done.topic.error.clone();
        status.latest_notification_time = done.topic.succeeded.map(seconds);
        status.latest_notification_attempt_time = text(done.topic.tried);
        status.latest_notification_attempt_succeeded = text(done.topic.succeeded);
    }
    if trail.validation {
        let at_home = Call {
            region: place.home.clone(),
            ..call.clone()
        };
        match checks::check_bucket(state, &at_home, &place, trail) {
            Ok(()) => {
                let until = trail.stopped.filter(|_| !trail.logging).unwrap_or(call.now);
                let hours = (until - started).max(0) / DIGEST;
                status.latest_digest_delivery_time = (hours > 0).then(|| seconds(started + hours * DIGEST));
            }
            Err(failure) => status.latest_digest_delivery_error = Some(bucket_error(&failure)),
        }
    }
    Ok(status)
}

pub(crate) fn start(state: &mut State, call: &Call, input: StartLoggingRequest) -> Result<(), Failure> {
    let end = state.vault.end().map_err(Failure::unusable)?;
    let (_, trail) = find_at_home(state, call, &input.name)?;
    if !trail.logging {
        trail.logging = true;
        trail.started = Some(call.now);
        delivery::start(trail, end);
    }
    Ok(())
}

pub(crate) fn stop(state: &mut State, call: &Call, input: StopLoggingRequest) -> Result<(), Failure> {
    let end = state.vault.end().map_err(Failure::unusable)?;
    let (_, trail) = find_at_home(state, call, &input.name)?;
    if trail.logging {
        trail.logging = false;
        trail.stopped = Some(call.now);
        delivery::stop(trail, end);
    }
    Ok(())
}
