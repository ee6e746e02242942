//! Log streams: only the number and the size of their events are kept.

use winterbaume_cloudwatchlogs::wire::{
    CreateLogStreamRequest, DescribeLogStreamsRequest, DescribeLogStreamsResponse, LogStream as WireStream,
    PutLogEventsRequest, PutLogEventsResponse,
};

use super::{constraint, group, group_arn, group_mut, invalid, page_of};
use crate::life;
use crate::protocol::Failure;
use crate::route::Call;
use crate::services::page;
use crate::state::{LogStream, State};

/// What CloudWatch Logs counts for each event beside its text.
pub(crate) const EVENT_OVERHEAD: u64 = 26;

pub(crate) fn create(state: &mut State, call: &Call, input: CreateLogStreamRequest) -> Result<(), Failure> {
    let name = input.log_stream_name;
    if name.is_empty() || name.len() > 512 || name.contains([':', '*']) {
        return Err(constraint(
            name,
            "logStreamName",
            "Member must satisfy regular expression pattern: [^:*]*",
        ));
    }
    let group = group_mut(state, call, &input.log_group_name)?;
    if group.streams.contains_key(&name) {
        return Err(Failure::bad(
            "ResourceAlreadyExistsException",
            "The specified log stream already exists",
        ));
    }
    let stream = LogStream {
        created: call.now,
        ..LogStream::default()
    };
    group.streams.insert(name, stream);
    Ok(())
}

pub(crate) fn describe(
    state: &State,
    call: &Call,
    input: DescribeLogStreamsRequest,
) -> Result<DescribeLogStreamsResponse, Failure> {
    let size = page_of(input.limit)?;
    let identifier = input.log_group_identifier.as_deref().map(|identifier| {
        identifier
            .split_once(":log-group:")
            .map_or(identifier, |(_, name)| name)
    });
    let Some(name) = input.log_group_name.as_deref().or(identifier) else {
        return Err(invalid("logGroupName or logGroupIdentifier must be given."));
    };
    let streams = &group(state, call, name)?.streams;
    let prefix = input.log_stream_name_prefix.unwrap_or_default();
    let mut streams: Vec<_> = streams
        .iter()
        .filter(|(stream, _)| stream.starts_with(&prefix))
        .collect();
    if input.order_by.as_deref() == Some("LastEventTime") {
        if !prefix.is_empty() {
            return Err(invalid(
                "Cannot order by LastEventTime with a logStreamNamePrefix.",
            ));
        }
        streams.sort_by_key(|(_, stream)| stream.last_event);
    }
    if input.descending == Some(true) {
        streams.reverse();
    }
    // The order is not always that of the names, so the token counts.
    let numbered = streams.into_iter().enumerate();
    let (streams, next_token) = page(
        numbered,
        |(index, _)| format!("{index:08}"),
        input.next_token.as_deref(),
        size,
    );
    let streams = streams
        .into_iter()
        .map(|(_, (stream_name, stream))| WireStream {
            arn: Some(format!("{}:log-stream:{stream_name}", group_arn(call, name))),
            creation_time: Some(stream.created),
            first_event_timestamp: stream.first_event,
            last_event_timestamp: stream.last_event,
            last_ingestion_time: stream.last_ingestion,
            log_stream_name: Some(stream_name.clone()),
            // AWS has reported zero here since June 2019.
            stored_bytes: Some(0),
            ..WireStream::default()
        })
        .collect();
    Ok(DescribeLogStreamsResponse {
        log_streams: Some(streams),
        next_token,
    })
}

pub(crate) fn put_events(
    state: &mut State,
    call: &Call,
    input: PutLogEventsRequest,
) -> Result<PutLogEventsResponse, Failure> {
    if input.log_events.is_empty() {
        return Err(constraint(
            "[]",
            "logEvents",
            "Member must have length greater than or equal to 1",
        ));
    }
    if input
        .log_events
        .windows(2)
        .any(|pair| pair[0].timestamp > pair[1].timestamp)
    {
        return Err(invalid(
            "Log events in a single PutLogEvents request must be in chronological order.",
        ));
    }
    let group = group_mut(state, call, &input.log_group_name)?;
    let Some(stream) = group.streams.get_mut(&input.log_stream_name) else {
        return Err(Failure::bad(
            "ResourceNotFoundException",
            "The specified log stream does not exist.",
        ));
    };
    for event in &input.log_events {
        stream.events += 1;
        stream.bytes += event.message.len() as u64 + EVENT_OVERHEAD;
        stream.first_event = Some(
            stream
                .first_event
                .map_or(event.timestamp, |it| it.min(event.timestamp)),
        );
        stream.last_event = Some(
            stream
                .last_event
                .map_or(event.timestamp, |it| it.max(event.timestamp)),
        );
    }
    stream.last_ingestion = Some(call.now);
    let events = input
        .log_events
        .into_iter()
        .map(|event| (event.timestamp, event.message));
    let events: Vec<(i64, String)> = events.collect();
    life::events_arrive(
        state,
        &call.account,
        &call.region,
        &input.log_group_name,
        &events,
        call.now,
    );
    Ok(PutLogEventsResponse::default())
}
