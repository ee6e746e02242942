//! Reading log events.
//!
//! The events of a stream are in the order of their times, those of one time in the order they came.
//! A token says how many of the events that were asked for have been passed, so it stays right when
//! events come in between only if they are later; on AWS it is the same for most readers, who go
//! forward.

use winterbaume_cloudwatchlogs::wire::{
    FilterLogEventsRequest, FilterLogEventsResponse, FilteredLogEvent, GetLogEventsRequest,
    GetLogEventsResponse, OutputLogEvent, SearchedLogStream,
};

use super::filters::read_pattern;
use super::{constraint, group, invalid, named_group};
use crate::protocol::Failure;
use crate::route::Call;
use crate::state::{LogStream, State};

/// The most events of one answer, which is the number without a limit, too.
const MOST: usize = 10_000;
/// The most bytes of one answer.
const MOST_BYTES: usize = 1 << 20;

struct Event {
    time: i64,
    ingested: i64,
    message: String,
    /// Where it is: the blob and the line.
    id: String,
}

/// The events of a stream with `from <= time < to`.
fn read(
    state: &State,
    stream: &LogStream,
    (from, to): (Option<i64>, Option<i64>),
) -> Result<Vec<Event>, Failure> {
    let (from, to) = (from.unwrap_or(i64::MIN), to.unwrap_or(i64::MAX));
    let mut events = Vec::new();
    for (number, chunk) in stream.chunks.iter().enumerate() {
        if chunk.last < from || chunk.first >= to {
            continue;
        }
        let blob = state.vault.get(&chunk.blob).map_err(Failure::unusable)?;
        for (line, text) in blob.split(|byte| *byte == b'\n').enumerate() {
            if text.is_empty() {
                continue;
            }
            let (time, message): (i64, String) = serde_json::from_slice(text).map_err(Failure::unusable)?;
            if from <= time && time < to {
                events.push(Event {
                    time,
                    ingested: chunk.ingested,
                    message,
                    id: format!("{:020}{number:018}{line:018}", chunk.ingested),
                });
            }
        }
    }
    events.sort_by_key(|event| event.time);
    Ok(events)
}

fn limit_of(limit: Option<i32>) -> Result<usize, Failure> {
    crate::services::page_size(limit, MOST, MOST, |limit| {
        constraint(limit, "limit", "Member must have value between 1 and 10000")
    })
}

fn passed(token: Option<&str>, prefix: &str) -> Result<Option<usize>, Failure> {
    let Some(token) = token else {
        return Ok(None);
    };
    match token.strip_prefix(prefix).map(str::parse) {
        Some(Ok(number)) => Ok(Some(number)),
        _ => Err(invalid("The specified nextToken is invalid.")),
    }
}

/// How many of the events, from the first on, go into one answer.
fn fitting<'e>(events: impl Iterator<Item = &'e Event>, limit: usize) -> usize {
    let mut bytes = 0;
    events
        .take(limit)
        .enumerate()
        .take_while(|(index, event)| {
            bytes += event.message.len() + 26;
            *index == 0 || bytes <= MOST_BYTES
        })
        .count()
}

pub(crate) fn get(
    state: &State,
    call: &Call,
    input: GetLogEventsRequest,
) -> Result<GetLogEventsResponse, Failure> {
    let name = named_group(
        input.log_group_name.as_deref(),
        input.log_group_identifier.as_deref(),
    )?;
    let limit = limit_of(input.limit)?;
    let Some(stream) = group(state, call, name)?.streams.get(&input.log_stream_name) else {
        return Err(Failure::bad(
            "ResourceNotFoundException",
            "The specified log stream does not exist.",
        ));
    };
    let events = read(state, stream, (input.start_time, input.end_time))?;
    let token = input.next_token.as_deref();
    // A forward token is where the next answer begins, a backward token where it ends.
    let (from, to) = if token.is_some_and(|token| token.starts_with("b/")) {
        let to = passed(token, "b/")?.unwrap_or_default().min(events.len());
        (to - fitting(events[..to].iter().rev(), limit), to)
    } else if token.is_some() || input.start_from_head == Some(true) {
        let from = passed(token, "f/")?.unwrap_or_default().min(events.len());
        (from, from + fitting(events[from..].iter(), limit))
    } else {
        (events.len() - fitting(events.iter().rev(), limit), events.len())
    };
    let events = events
        .into_iter()
        .take(to)
        .skip(from)
        .map(|event| OutputLogEvent {
            ingestion_time: Some(event.ingested),
            message: Some(event.message),
            timestamp: Some(event.time),
        });
    Ok(GetLogEventsResponse {
        events: Some(events.collect()),
        next_backward_token: Some(format!("b/{from}")),
        next_forward_token: Some(format!("f/{to}")),
    })
}

pub(crate) fn filter(
    state: &State,
    call: &Call,
    input: FilterLogEventsRequest,
) -> Result<FilterLogEventsResponse, Failure> {
    let name = named_group(
        input.log_group_name.as_deref(),
        input.log_group_identifier.as_deref(),
    )?;
    let limit = limit_of(input.limit)?;
    let pattern = read_pattern(input.filter_pattern.as_deref().unwrap_or_default())?;
    let names = input.log_stream_names.unwrap_or_default();
    let prefix = input.log_stream_name_prefix.unwrap_or_default();
    if !names.is_empty() && !prefix.is_empty() {
        return Err(invalid(
            "logStreamNames and logStreamNamePrefix are mutually exclusive.",
        ));
    }
    let streams = &group(state, call, name)?.streams;
    if names.iter().any(|name| !streams.contains_key(name)) {
        return Err(Failure::bad(
            "ResourceNotFoundException",
            "The specified log stream does not exist.",
        ));
    }
    let matcher = pattern.matcher();
    let mut events = Vec::new();
    for (name, stream) in streams {
        if name.starts_with(&prefix) && (names.is_empty() || names.contains(name)) {
            let found = read(state, stream, (input.start_time, input.end_time))?;
            let matching = found
                .into_iter()
                .filter(|event| matcher.is_match(event.message.as_bytes()));
            events.extend(matching.map(|event| (name, event)));
        }
    }
    events.sort_by_key(|(_, event)| (event.time, event.ingested));
    let passed = passed(input.next_token.as_deref(), "")?.unwrap_or_default();
    let rest = events.get(passed..).unwrap_or_default();
    let count = fitting(rest.iter().map(|(_, event)| event), limit);
    let more = count < rest.len();
    let events = events.into_iter().skip(passed).take(count);
    let events = events.map(|(name, event)| FilteredLogEvent {
        event_id: Some(event.id),
        ingestion_time: Some(event.ingested),
        log_stream_name: Some(name.clone()),
        message: Some(event.message),
        timestamp: Some(event.time),
    });
    Ok(FilterLogEventsResponse {
        events: Some(events.collect()),
        next_token: more.then(|| (passed + count).to_string()),
        // AWS has left this list empty since June 2020.
        searched_log_streams: Some(Vec::<SearchedLogStream>::new()),
    })
}
