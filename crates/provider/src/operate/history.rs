//! The event history.

use aws_sdk_cloudtrail::types::{Event, LookupAttribute, LookupAttributeKey};
use aws_smithy_types::DateTime;
use trailwarden_account::AccountError;
use trailwarden_spec::happened::{Concerned, Happened, Lookup};

use crate::aws::Aws;
use crate::aws::known::built;
use crate::door::Api;

/// Twice a second, for the account and region; the door keeps to it.
const LOOKUP: Api = Api::read("cloudtrail", "LookupEvents");

/// The most that one call returns.
const PAGE: i32 = 50;

pub(super) async fn look_up(aws: &Aws, lookup: &Lookup) -> Result<Vec<Happened>, AccountError> {
    let attribute = match lookup.attribute() {
        Some((key, value)) => {
            let attribute = LookupAttribute::builder()
                .attribute_key(LookupAttributeKey::from(key))
                .attribute_value(value)
                .build();
            Some(vec![built(LOOKUP, attribute)?])
        }
        None => None,
    };
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let send = || {
            aws.cloudtrail
                .lookup_events()
                .set_lookup_attributes(attribute.clone())
                .set_start_time(lookup.from.map(DateTime::from_secs))
                .set_end_time(lookup.to.map(DateTime::from_secs))
                .max_results(PAGE)
                .set_next_token(token.clone())
                .send()
        };
        let page = aws.door.call(LOOKUP, send).await?;
        let events = page.events.unwrap_or_default();
        found.extend(
            events
                .into_iter()
                .filter_map(happened)
                .filter(|event| lookup.fits(event)),
        );
        match page.next_token.filter(|next| !next.is_empty()) {
            Some(next) if found.len() < lookup.most => token = Some(next),
            _ => break,
        }
    }
    found.truncate(lookup.most);
    Ok(found)
}

fn happened(event: Event) -> Option<Happened> {
    let read = Happened::of(event.cloud_trail_event.as_deref()?)?;
    let resources = event.resources.unwrap_or_default().into_iter();
    let resources = resources.filter_map(|resource| {
        Some(Concerned {
            kind: resource.resource_type,
            name: resource.resource_name?,
        })
    });
    Some(Happened {
        // What the history calls the user is what it is asked for.
        user: event.username.or(read.user),
        id: event.event_id.or(read.id),
        resources: resources.collect(),
        ..read
    })
}
