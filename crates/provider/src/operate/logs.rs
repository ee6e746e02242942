//! Log groups, read.

use std::collections::VecDeque;

use aws_sdk_cloudwatchlogs::types::OrderBy;
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::happened::{LogEvent, LogQuery, LogStream};

use crate::aws::Aws;
use crate::aws::known::Known;
use crate::door::Api;

const STREAMS: Api = Api::read("logs", "DescribeLogStreams");
const FILTER: Api = Api::read("logs", "FilterLogEvents");

/// The most streams that one call returns.
const PAGE: usize = 50;

fn explained(group: &str, error: AccountError) -> AccountError {
    match error.is("ResourceNotFoundException") {
        true => error.known(
            ErrorKind::NotFound,
            format!("there is no log group `{group}` in this account and region"),
        ),
        false => error,
    }
}

pub(super) async fn streams(aws: &Aws, group: &str, most: usize) -> Result<Vec<LogStream>, AccountError> {
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    while found.len() < most {
        let limit = i32::try_from(PAGE.min(most - found.len())).ok();
        let send = || {
            aws.logs
                .describe_log_streams()
                .log_group_name(group)
                .order_by(OrderBy::LastEventTime)
                .descending(true)
                .set_limit(limit)
                .set_next_token(token.clone())
                .send()
        };
        let page = aws.door.call(STREAMS, send).await;
        let page = page.map_err(|error| explained(group, error))?;
        let streams = page.log_streams.unwrap_or_default().into_iter();
        found.extend(streams.filter_map(|stream| {
            Some(LogStream {
                name: stream.log_stream_name?,
                last: stream.last_event_timestamp,
            })
        }));
        match page.next_token {
            Some(next) => token = Some(next),
            None => break,
        }
    }
    Ok(found)
}

/// AWS answers from the oldest on, so that the newest are known at the end only.
pub(super) async fn events(aws: &Aws, query: &LogQuery) -> Result<Vec<LogEvent>, AccountError> {
    let LogQuery {
        group,
        pattern,
        from,
        to,
        most,
    } = query;
    let mut newest: VecDeque<LogEvent> = VecDeque::new();
    let mut token: Option<String> = None;
    loop {
        let send = || {
            aws.logs
                .filter_log_events()
                .log_group_name(group)
                .set_filter_pattern(pattern.clone())
                .start_time(*from)
                .set_end_time(*to)
                .set_next_token(token.clone())
                .send()
        };
        let page = aws.door.call(FILTER, send).await;
        let page = page.map_err(|error| explained(group, error))?;
        for event in page.events.unwrap_or_default() {
            let (Some(at), Some(message)) = (event.timestamp, event.message) else {
                continue;
            };
            newest.push_back(LogEvent {
                at,
                id: event.event_id.unwrap_or_default(),
                stream: event.log_stream_name.unwrap_or_default(),
                message,
            });
            if newest.len() > *most {
                newest.pop_front();
            }
        }
        // A page may be empty, and the next one not.
        match page.next_token {
            Some(next) => token = Some(next),
            None => break,
        }
    }
    // Pages of several streams are in order each, and not of one another.
    let mut newest: Vec<LogEvent> = newest.into();
    newest.sort_by_key(|event| event.at);
    Ok(newest)
}
