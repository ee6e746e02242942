//! Records from elsewhere, through the account as CloudTrail would have delivered them.

use std::io::{self, BufRead as _, BufReader, Read};

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::delivery::{self, Batch, Key};
use crate::services::cloudtrail::matching::{self, Facts};
use crate::state::State;
use crate::vault::Entry;
use crate::{Sandbox, SandboxError};

/// The most bytes that a log file may have when it is unpacked; CloudTrail's have 50 MB.
const LARGEST_FILE: u64 = 256 * 1024 * 1024;

/// What became of the records of a log file.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Played {
    /// How many records there were.
    pub records: usize,
    /// How many of them came into the event history and before the trails.
    pub taken: usize,
    /// Those that were not taken, by their numbers from 1, and why.
    pub skipped: Vec<(usize, String)>,
    /// What each trail that logs did with those that were taken.
    pub deliveries: Vec<PlayedTo>,
    /// The names of the trails that do not log.
    pub idle: Vec<String>,
}

/// What a trail did with the records that were played.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PlayedTo {
    /// The trail's name.
    pub trail: String,
    /// How many records its region and its selectors let through.
    pub selected: usize,
    /// The bucket.
    pub bucket: String,
    /// How many records the bucket got, or the error that S3 gave CloudTrail.
    pub to_bucket: Result<usize, String>,
    /// The log group, if the trail has one.
    pub log_group: Option<String>,
    /// How many records the group got, or why CloudTrail could not send them. It is sent none of
    /// more than 256 KB.
    pub to_log_group: Result<usize, String>,
}

/// Why a log file was not played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlayError {
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// It is too large.
    #[error("it has more than 256 MiB when unpacked; split it")]
    TooLarge,
    /// It is no JSON.
    #[error("no JSON at byte {0}")]
    NotJson(usize),
    /// The account could not be read or written.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

impl Sandbox {
    /// Gives the records of a CloudTrail log file to the account, as if CloudTrail had recorded them
    /// there: `{"Records": [...]}`, an array of records or records one after another, packed with
    /// gzip or not.
    ///
    /// The records stay as they are, also their times, account ids and regions. They belong to the
    /// event history of the sandbox's account from now on (which shows the last 90 days), and the
    /// trails of that account deliver what they take of them at once, with the time of the sandbox's
    /// clock. What a bucket refuses is not tried again.
    ///
    /// # Errors
    /// When the input or the account's file cannot be read or written, and when the input is no JSON.
    /// Nothing of it has been played then.
    pub fn play(&self, input: impl Read) -> Result<Played, PlayError> {
        let text = unpack(input)?;
        let records = trailwarden_pattern::events(&text).map_err(PlayError::NotJson)?;
        self.store.make()?;
        let mut played = Played {
            records: records.len(),
            ..Played::default()
        };
        let mut taken = Vec::new();
        let mut entries = Vec::new();
        for (number, record) in (1..).zip(records) {
            match read(record) {
                Ok((facts, record)) => {
                    entries.push(Entry {
                        time: 0,
                        account: self.account.clone(),
                        played: true,
                        record: record.clone(),
                    });
                    taken.push((facts, record));
                }
                Err(why) => played.skipped.push((number, why)),
            }
        }
        played.taken = taken.len();
        let deliver = |state: &mut State, now: i64| {
            let trails: Vec<_> = delivery::trails(state, Some(&self.account))
                .map(|(key, trail)| (key, trail.logging))
                .collect();
            for (key, logging) in trails {
                if logging {
                    played.deliveries.extend(to_trail(state, &key, &taken, now)?);
                } else {
                    played.idle.push(key.place.name);
                }
            }
            io::Result::Ok(())
        };
        let note = |_: &State, done: &io::Result<()>, now: i64| match done {
            Ok(()) => entries
                .into_iter()
                .map(|entry| Entry { time: now, ..entry })
                .collect(),
            Err(_) => Vec::new(),
        };
        let done = self.store.write_and_note(self.real(), deliver, note)?;
        done.map_err(|source| self.store.failed(source))?;
        Ok(played)
    }
}

fn unpack(input: impl Read) -> Result<Vec<u8>, PlayError> {
    let mut input = BufReader::new(input);
    let packed = input.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    let mut text = Vec::new();
    let most = LARGEST_FILE + 1;
    match packed {
        true => MultiGzDecoder::new(input).take(most).read_to_end(&mut text)?,
        false => input.take(most).read_to_end(&mut text)?,
    };
    if text.len() as u64 > LARGEST_FILE {
        return Err(PlayError::TooLarge);
    }
    Ok(text)
}

/// Takes a record, as one line of text, or says why not.
fn read(record: &[u8]) -> Result<(Facts, String), String> {
    let value: Value = serde_json::from_slice(record).map_err(|error| error.to_string())?;
    for name in ["eventTime", "eventSource", "eventName"] {
        if value.get(name).and_then(Value::as_str).is_none() {
            return Err(format!("it has no `{name}`"));
        }
    }
    if !matches!(
        value.get("eventCategory").and_then(Value::as_str),
        None | Some("Management" | "Data")
    ) {
        return Err("its `eventCategory` is neither `Management` nor `Data`".to_owned());
    }
    let facts = Facts::of_value(&value).ok_or("it is no record")?;
    let text = match std::str::from_utf8(record) {
        Ok(text) if !text.contains('\n') => text.to_owned(),
        _ => value.to_string(),
    };
    Ok((facts, text))
}

fn to_trail(
    state: &mut State,
    key: &Key,
    taken: &[(Facts, String)],
    now: i64,
) -> io::Result<Option<PlayedTo>> {
    let Some(trail) = key.trail(state).cloned() else {
        return Ok(None);
    };
    let batch = Batch {
        time: now,
        records: taken
            .iter()
            .filter(|(facts, _)| matching::takes(&trail, &key.place.home, facts))
            .map(|(facts, record)| (facts.region.clone(), record.clone()))
            .collect(),
    };
    let log_group = trail.log_group_arn.as_deref().and_then(delivery::group_name);
    let mut played = PlayedTo {
        trail: key.place.name.clone(),
        selected: batch.records.len(),
        bucket: trail.bucket.clone(),
        to_bucket: Ok(0),
        log_group: log_group.map(str::to_owned),
        to_log_group: Ok(0),
    };
    if batch.records.is_empty() {
        return Ok(Some(played));
    }
    played.to_bucket = delivery::to_bucket(state, key, &batch)?;
    if let (Ok(_), Some(trail)) = (&played.to_bucket, key.trail_mut(state)) {
        trail.deliveries.bucket.succeeded = Some(now);
    }
    if played.log_group.is_some() {
        played.to_log_group = delivery::to_group(state, key, &batch)?;
        if let Some(trail) = key.trail_mut(state) {
            let error = played.to_log_group.clone().err();
            trail.deliveries.group.note(now, error);
        }
    }
    Ok(Some(played))
}
