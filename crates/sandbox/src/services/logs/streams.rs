//! Log streams, and the way of events into them.

use std::io;

use winterbaume_cloudwatchlogs::wire::{
    CreateLogStreamRequest, DeleteLogStreamRequest, DescribeLogStreamsRequest, DescribeLogStreamsResponse,
    LogStream as WireStream, PutLogEventsRequest, PutLogEventsResponse,
};

use super::{constraint, group, group_arn, group_mut, invalid, named_group, page_of};
use crate::protocol::Failure;
use crate::route::Call;
use crate::services::page;
use crate::state::{Chunk, LogStream, State};

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

/// Takes a stream and its events away; what filters have counted stays counted.
pub(crate) fn delete(state: &mut State, call: &Call, input: DeleteLogStreamRequest) -> Result<(), Failure> {
    let group = group_mut(state, call, &input.log_group_name)?;
    match group.streams.remove(&input.log_stream_name) {
        Some(_) => Ok(()),
        None => Err(Failure::bad(
            "ResourceNotFoundException",
            "The specified log stream does not exist.",
        )),
    }
}

pub(crate) fn describe(
    state: &State,
    call: &Call,
    input: DescribeLogStreamsRequest,
) -> Result<DescribeLogStreamsResponse, Failure> {
    let size = page_of(input.limit)?;
    let name = named_group(
        input.log_group_name.as_deref(),
        input.log_group_identifier.as_deref(),
    )?;
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

/// AWS: a batch has at most 10,000 events and 1 MiB.
const BATCH_EVENTS: usize = 10_000;
const BATCH_BYTES: u64 = 1_048_576;

pub(crate) fn put_events(
    state: &mut State,
    call: &Call,
    input: PutLogEventsRequest,
) -> Result<PutLogEventsResponse, Failure> {
    let events = input.log_events;
    if events.is_empty() {
        return Err(constraint(
            "[]",
            "logEvents",
            "Member must have length greater than or equal to 1",
        ));
    }
    let bytes: u64 = events.iter().map(|event| size(&event.message)).sum();
    if events.len() > BATCH_EVENTS {
        return Err(constraint(
            events.len(),
            "logEvents",
            "Member must have length less than or equal to 10000",
        ));
    }
    if bytes > BATCH_BYTES {
        return Err(invalid(format!(
            "Upload too large: {bytes} bytes exceeds limit of {BATCH_BYTES}"
        )));
    }
    if events
        .windows(2)
        .any(|pair| pair[0].timestamp > pair[1].timestamp)
    {
        return Err(invalid(
            "Log events in a single PutLogEvents request must be in chronological order.",
        ));
    }
    super::groups::check_own_key(state, call, &input.log_group_name)?;
    if !group(state, call, &input.log_group_name)?
        .streams
        .contains_key(&input.log_stream_name)
    {
        return Err(Failure::bad(
            "ResourceNotFoundException",
            "The specified log stream does not exist.",
        ));
    }
    let events: Vec<(i64, String)> = events
        .into_iter()
        .map(|event| (event.timestamp, event.message))
        .collect();
    let place = Stream {
        account: &call.account,
        region: &call.region,
        group: &input.log_group_name,
        name: &input.log_stream_name,
    };
    arrive(state, &place, &events, call.now).map_err(Failure::unusable)?;
    Ok(PutLogEventsResponse::default())
}

/// What CloudWatch Logs counts for a message.
pub(crate) fn size(message: &str) -> u64 {
    message.len() as u64 + EVENT_OVERHEAD
}

/// Which stream.
pub(crate) struct Stream<'a> {
    pub(crate) account: &'a str,
    pub(crate) region: &'a str,
    pub(crate) group: &'a str,
    pub(crate) name: &'a str,
}

/// Puts events, which are in chronological order, into a stream of a group that is there, and
/// through what waits for them there. A stream that is not there is made.
pub(crate) fn arrive(
    state: &mut State,
    place: &Stream<'_>,
    events: &[(i64, String)],
    now: i64,
) -> io::Result<()> {
    let (Some((first, _)), Some((last, _))) = (events.first(), events.last()) else {
        return Ok(());
    };
    let mut lines = Vec::new();
    for event in events {
        serde_json::to_writer(&mut lines, event)?;
        lines.push(b'\n');
    }
    let chunk = Chunk {
        blob: state.vault.put(&lines)?,
        events: events.len() as u64,
        first: *first,
        last: *last,
        ingested: now,
    };
    let groups = &mut state.region(place.account, place.region).log_groups;
    let Some(group) = groups.get_mut(place.group) else {
        return Ok(());
    };
    let stream = group
        .streams
        .entry(place.name.to_owned())
        .or_insert_with(|| LogStream {
            created: now,
            ..LogStream::default()
        });
    stream.events += chunk.events;
    stream.bytes += events.iter().map(|(_, message)| size(message)).sum::<u64>();
    stream.first_event = Some(stream.first_event.map_or(*first, |it| it.min(*first)));
    stream.last_event = Some(stream.last_event.map_or(*last, |it| it.max(*last)));
    stream.last_ingestion = Some(now);
    stream.chunks.push(chunk);
    crate::life::events_arrive(state, place.account, place.region, place.group, events, now);
    Ok(())
}
