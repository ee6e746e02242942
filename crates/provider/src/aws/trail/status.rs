//! What `GetTrailStatus` says of deliveries.

use std::collections::BTreeMap;

use aws_sdk_cloudtrail::config::Region;
use aws_sdk_cloudtrail::operation::get_trail_status::GetTrailStatusOutput;
use aws_sdk_cloudtrail::primitives::DateTime;
use futures::future::try_join_all;
use trailwarden_account::AccountError;
use trailwarden_spec::evidence::{Delivered, Seen, TrailStatus};

use super::super::{Aws, seen_or_hidden};
use crate::door::Api;

/// The regions that an account has from the beginning ("Specify which AWS Regions your account can
/// use"); others have to be switched on, and there a trail of all regions is made by then.
const REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

pub(super) fn of(answer: &GetTrailStatusOutput) -> TrailStatus {
    let delivered = |last: Option<&DateTime>, error: Option<&str>| Delivered {
        last: last.map(DateTime::secs),
        error: error.filter(|error| !error.is_empty()).map(str::to_owned),
    };
    TrailStatus {
        logging: answer.is_logging == Some(true),
        started: answer.start_logging_time().map(DateTime::secs),
        stopped: answer.stop_logging_time().map(DateTime::secs),
        files: delivered(answer.latest_delivery_time(), answer.latest_delivery_error()),
        events: delivered(
            answer.latest_cloud_watch_logs_delivery_time(),
            answer.latest_cloud_watch_logs_delivery_error(),
        ),
        digests: delivered(
            answer.latest_digest_delivery_time(),
            answer.latest_digest_delivery_error(),
        ),
        notices: delivered(
            answer.latest_notification_time(),
            answer.latest_notification_error(),
        ),
    }
}

/// The status of a trail of all regions in the regions but its home: each answers for itself.
pub(crate) async fn elsewhere(
    aws: &Aws,
    arn: &str,
    home: &str,
) -> Result<BTreeMap<String, Seen<TrailStatus>>, AccountError> {
    let others = REGIONS.into_iter().filter(|region| *region != home);
    let asked = others.map(|region| async move {
        let conf = aws
            .cloudtrail
            .config()
            .to_builder()
            .region(Region::from_static(region))
            .build();
        let client = aws_sdk_cloudtrail::Client::from_conf(conf);
        let ask = || client.get_trail_status().name(arn).send();
        let answer = aws
            .door
            .call(Api::read("cloudtrail", "GetTrailStatus"), ask)
            .await;
        Ok::<_, AccountError>((
            region.to_owned(),
            seen_or_hidden(answer.map(|status| Some(of(&status))))?,
        ))
    });
    Ok(try_join_all(asked).await?.into_iter().collect())
}
