//! What a person has to look at: deliveries that fail, and copies of events that cost money.

use trailwarden_spec::Kind;
use trailwarden_spec::kinds::{ManagementEvents, Trail};
use trailwarden_spec::live::Attention;

use super::super::Aws;
use super::look::{Detail, Listed};

/// What is to be said about the trails of a region. `all` are those about which enough is known.
pub(super) fn of(aws: &Aws, wishes: &[&Trail], all: &[(&Listed, &Detail)]) -> Vec<Attention> {
    let mut said = Vec::new();
    for wish in wishes {
        let address = Some(aws.scope.address(Kind::Trail, wish.name.as_str()));
        let mut say = |code, message| {
            said.push(Attention {
                address: address.clone(),
                code,
                message,
            })
        };
        for (trail, detail) in all {
            match trail.at_home && trail.name == wish.name {
                true => undelivered(trail, detail)
                    .into_iter()
                    .for_each(|message| say("delivery-error", message)),
                false
                    if wishes
                        .iter()
                        .any(|other| trail.at_home && trail.name == other.name) => {}
                false => second_copy(wish, trail, detail)
                    .into_iter()
                    .for_each(|message| say("second-trail", message)),
            }
        }
    }
    said
}

/// The deliveries of a trail that fail. AWS's texts are codes of the service that refused.
fn undelivered(trail: &Listed, detail: &Detail) -> Vec<String> {
    let Ok(status) = &detail.status else {
        return Vec::new();
    };
    let name = &trail.name;
    let errors = [
        (
            &status.latest_delivery_error,
            "log files to its bucket",
            "check the bucket's policy and that the bucket is there",
        ),
        (
            &status.latest_cloud_watch_logs_delivery_error,
            "events to its log group, so no rule can fire",
            "check that the log group is there and that the role may write to it",
        ),
        (
            &status.latest_digest_delivery_error,
            "digests, without which log files cannot be proved unchanged",
            "check the bucket's policy",
        ),
        (
            &status.latest_notification_error,
            "notices of log files to its topic",
            "check the topic's policy",
        ),
    ];
    let errors = errors.into_iter().filter_map(|(error, what, way_out)| {
        let error = error.as_deref().filter(|error| !error.is_empty())?;
        Some(format!(
            "the trail `{name}` cannot deliver {what}: {error}; {way_out}"
        ))
    });
    errors.collect()
}

/// Only the first copy of a region's management events is free
/// (AWS: "Managing `CloudTrail` trail costs").
fn second_copy(wish: &Trail, other: &Listed, detail: &Detail) -> Option<String> {
    let records = |events| match events {
        ManagementEvents::None => (false, false),
        ManagementEvents::Read => (true, false),
        ManagementEvents::Write => (false, true),
        ManagementEvents::All => (true, true),
    };
    let ours = records(wish.management_events);
    // What could not be read is taken for the worst, and said.
    let theirs = match &detail.recorded {
        Ok(recorded) => records(recorded.management_events),
        Err(_) => (true, true),
    };
    let events = match (ours.0 && theirs.0, ours.1 && theirs.1) {
        (true, true) => "management events",
        (true, false) => "management events that read",
        (false, true) => "management events that write",
        (false, false) => return None,
    };
    let logs = detail
        .status
        .as_ref()
        .map_or(true, |status| status.is_logging == Some(true));
    if !wish.logging || !logs {
        return None;
    }
    let unread = [
        (detail.recorded.as_ref().err(), "what it records"),
        (detail.status.as_ref().err(), "whether it logs"),
    ];
    let unread: Vec<String> = unread
        .into_iter()
        .filter_map(|(error, what)| {
            let error = error?;
            let reason = error.code.as_deref().unwrap_or(&error.message);
            Some(format!("{what} cannot be read ({reason})"))
        })
        .collect();
    let (records, unread) = match unread.is_empty() {
        true => ("records", String::new()),
        false => ("may record", format!("; {}", unread.join(", "))),
    };
    let home = if other.at_home {
        String::new()
    } else {
        format!(" (its home region is {})", other.home)
    };
    Some(format!(
        "the trail `{}`{home} {records} the same {events}{unread}: the first copy in a region is free, each further \
         one costs USD 2.00 per 100,000 events; stop the trail that nobody needs",
        other.name
    ))
}
