//! How records reach the buckets and the log groups of trails.
//!
//! The sandbox has no life of its own between two calls. Before each it makes up for what would have
//! happened meanwhile: each five minutes are a round, at whose end the trails deliver what was
//! recorded in it. Nothing else can have changed in between, so the policies, roles and keys that
//! are asked now are those of then.
//!
//! What the bucket does not take is tried again with every round. What the log group does not take is
//! lost to it.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::life;
use crate::protocol::Failure;
use crate::route::{Call, Service};
use crate::services::cloudtrail::{Place, checks, matching};
use crate::services::logs::groups;
use crate::services::logs::streams::{self, Stream};
use crate::services::s3::objects;
use crate::services::sns::publish::{Message, Who, publish};
use crate::state::{Object, Span, State, Trail};
use crate::vault::Entry;

/// CloudTrail delivers about every five minutes.
const ROUND: i64 = 5 * 60 * 1000;

/// The most records of one log file.
const FILE_RECORDS: usize = 10_000;

/// CloudTrail does not send larger events to CloudWatch Logs.
const LARGEST_EVENT: usize = 256 * 1024;

/// AWS: a call of `PutLogEvents` has at most 10,000 events and 1 MiB.
const BATCH_EVENTS: usize = 10_000;
const BATCH_BYTES: u64 = 1_048_576;

/// A trail of an account.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Key {
    pub(crate) account: String,
    pub(crate) place: Place,
}

impl Key {
    pub(crate) fn trail<'s>(&self, state: &'s State) -> Option<&'s Trail> {
        let region = state.find_region(&self.account, &self.place.home)?;
        region.trails.get(&self.place.name)
    }

    pub(crate) fn trail_mut<'s>(&self, state: &'s mut State) -> Option<&'s mut Trail> {
        let region = state.region(&self.account, &self.place.home);
        region.trails.get_mut(&self.place.name)
    }

    /// CloudTrail at work for the trail, for the checks that calls have, too.
    fn at_home(&self, now: i64) -> Call {
        Call {
            account: self.account.clone(),
            region: self.place.home.clone(),
            service: Service::CloudTrail,
            operation: String::new(),
            now,
            request_id: String::new(),
        }
    }
}

/// The trails of an account, or of all.
pub(crate) fn trails<'s>(
    state: &'s State,
    account: Option<&'s str>,
) -> impl Iterator<Item = (Key, &'s Trail)> {
    state
        .accounts
        .iter()
        .filter(move |(id, _)| account.is_none_or(|account| account == *id))
        .flat_map(|(id, account)| account.regions.iter().map(move |region| (id, region)))
        .flat_map(|(id, (home, region))| {
            region.trails.iter().map(move |(name, trail)| {
                let place = Place {
                    home: home.clone(),
                    name: name.clone(),
                };
                let account = id.clone();
                (Key { account, place }, trail)
            })
        })
}

/// True if a trail that logs takes the record.
pub(crate) fn is_wanted(state: &State, entry: &Entry) -> bool {
    matching::Facts::of(&entry.record).is_some_and(|facts| {
        trails(state, Some(&entry.account))
            .any(|(key, trail)| trail.logging && matching::takes(trail, &key.place.home, &facts))
    })
}

/// Begins to record, with the call that is being answered.
pub(crate) fn start(trail: &mut Trail, end: u64) {
    if trail.spans.is_empty() {
        trail.deliveries.bucket_at = end;
        trail.deliveries.group_at = end;
    }
    trail.spans.push(Span {
        from: end,
        last: None,
    });
}

/// Ends to record, after the call that is being answered.
pub(crate) fn stop(trail: &mut Trail, end: u64) {
    for span in &mut trail.spans {
        span.last.get_or_insert(end);
    }
}

fn is_recorded(trail: &Trail, start: u64) -> bool {
    let within = |span: &Span| span.from <= start && span.last.is_none_or(|last| start <= last);
    trail.spans.iter().any(within)
}

fn round_of(now: i64) -> i64 {
    now.div_euclid(ROUND) * ROUND
}

/// Where the bucket's part of a round begins, unless it has been tried in this round.
fn bucket_from(trail: &Trail, round: i64) -> Option<u64> {
    let done = &trail.deliveries.bucket;
    let in_vain = done.error.is_some() && done.tried == Some(round);
    (!in_vain).then_some(trail.deliveries.bucket_at)
}

/// True if a round has ended that some trail has something of.
pub(crate) fn is_due(state: &State, now: i64) -> io::Result<bool> {
    let round = round_of(now);
    for (_, trail) in trails(state, None).filter(|(_, trail)| !trail.spans.is_empty()) {
        let froms = [
            bucket_from(trail, round),
            trail.log_group_arn.as_ref().map(|_| trail.deliveries.group_at),
        ];
        for from in froms.into_iter().flatten() {
            if let Some(next) = state.vault.entries(from)?.next()
                && next?.entry.time < round
            {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Delivers what the rounds that ended until `now` have for the trails.
pub(crate) fn until(state: &mut State, now: i64) -> io::Result<()> {
    let round = round_of(now);
    let keys: Vec<Key> = trails(state, None)
        .filter(|(_, trail)| !trail.spans.is_empty())
        .map(|(key, _)| key)
        .collect();
    // Events reach the groups in the order of time, whichever trail brings them: alarms look in between.
    while let Some(next) = next_for_groups(state, &keys, round)? {
        for key in &keys {
            for_group(state, key, next)?;
        }
    }
    for key in keys {
        for_bucket(state, &key, round)?;
        for_group(state, &key, round)?;
        let Some(trail) = key.trail_mut(state) else {
            continue;
        };
        let done = match trail.log_group_arn {
            Some(_) => trail.deliveries.bucket_at.min(trail.deliveries.group_at),
            None => trail.deliveries.bucket_at,
        };
        trail
            .spans
            .retain(|span| span.last.is_none_or(|last| last >= done));
    }
    Ok(())
}

fn for_bucket(state: &mut State, key: &Key, round: i64) -> io::Result<()> {
    let Some((from, done)) = key
        .trail(state)
        .and_then(|trail| Some((bucket_from(trail, round)?, trail.deliveries.bucket.clone())))
    else {
        return Ok(());
    };
    // What failed comes with the first round after the last try.
    let earliest = match (&done.error, done.tried) {
        (Some(_), Some(tried)) => (tried + ROUND).min(round),
        _ => i64::MIN,
    };
    let at = pass(state, key, from, round, earliest, |state, batch| {
        let delivered = to_bucket(state, key, batch)?;
        let failed = delivered.is_err();
        if let Some(trail) = key.trail_mut(state) {
            let time = if failed { round } else { batch.time };
            trail.deliveries.bucket.note(time, delivered.err());
        }
        Ok(!failed)
    })?;
    if let Some(trail) = key.trail_mut(state) {
        trail.deliveries.bucket_at = at;
    }
    Ok(())
}

/// The end of the first round that ended until `round` and in which something was recorded that a trail
/// with a log group has not looked at.
fn next_for_groups(state: &State, keys: &[Key], round: i64) -> io::Result<Option<i64>> {
    let mut next: Option<i64> = None;
    for trail in keys.iter().filter_map(|key| key.trail(state)) {
        if trail.log_group_arn.is_none() {
            continue;
        }
        if let Some(placed) = state.vault.entries(trail.deliveries.group_at)?.next() {
            let end = round_of(placed?.entry.time) + ROUND;
            if end <= round {
                next = Some(next.map_or(end, |known| known.min(end)));
            }
        }
    }
    Ok(next)
}

fn for_group(state: &mut State, key: &Key, round: i64) -> io::Result<()> {
    let Some(trail) = key.trail(state) else {
        return Ok(());
    };
    let mut at = trail.deliveries.group_at;
    if trail.log_group_arn.is_some() {
        at = pass(state, key, at, round, i64::MIN, |state, batch| {
            life::live(state, batch.time);
            let delivered = to_group(state, key, batch)?;
            if let Some(trail) = key.trail_mut(state) {
                trail.deliveries.group.note(batch.time, delivered.err());
            }
            Ok(true)
        })?;
    } else {
        // A group that comes later gets what is recorded then.
        at = at.max(trail.deliveries.bucket_at);
    }
    if let Some(trail) = key.trail_mut(state) {
        trail.deliveries.group_at = at;
    }
    Ok(())
}

/// What is delivered at once: the texts of records, each with its region.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) time: i64,
    pub(crate) records: Vec<(String, String)>,
}

/// Gives `sink` what the trail takes of the journal from `from` until the end of the round, in
/// batches, until it says no. Gives the place up to which that was done.
fn pass(
    state: &mut State,
    key: &Key,
    from: u64,
    round: i64,
    earliest: i64,
    mut sink: impl FnMut(&mut State, &Batch) -> io::Result<bool>,
) -> io::Result<u64> {
    let Some(trail) = key.trail(state).cloned() else {
        return Ok(from);
    };
    let mut batch = Batch::default();
    let (mut done, mut at) = (from, from);
    for placed in state.vault.entries(from)? {
        let placed = placed?;
        let entry = placed.entry;
        if entry.time >= round {
            break;
        }
        let time = (round_of(entry.time) + ROUND).max(earliest);
        let full = batch.records.len() >= FILE_RECORDS || time != batch.time;
        if full && !batch.records.is_empty() {
            if !sink(state, &batch)? {
                return Ok(done);
            }
            done = at;
            batch.records.clear();
        }
        batch.time = time;
        at = placed.end;
        if !entry.played
            && entry.account == key.account
            && is_recorded(&trail, placed.start)
            && let Some(facts) = matching::Facts::of(&entry.record)
            && matching::takes(&trail, &key.place.home, &facts)
        {
            batch.records.push((facts.region, entry.record));
        }
    }
    if !batch.records.is_empty() && !sink(state, &batch)? {
        return Ok(done);
    }
    Ok(at)
}

/// What S3 would say to CloudTrail.
pub(crate) fn bucket_error(failure: &Failure) -> String {
    let code = match failure.code.as_str() {
        "S3BucketDoesNotExistException" => "NoSuchBucket",
        "KmsKeyNotFoundException" => "KMS.NotFoundException",
        "KmsException" => "KMS.DisabledException",
        _ => "AccessDenied",
    };
    code.to_owned()
}

/// Writes a log file for each region, and tells the topic. Gives the number of records, or why the
/// bucket takes none.
pub(crate) fn to_bucket(state: &mut State, key: &Key, batch: &Batch) -> io::Result<Result<usize, String>> {
    let Some(trail) = key.trail(state).cloned() else {
        return Ok(Ok(0));
    };
    let call = key.at_home(batch.time);
    let checked = checks::check_bucket(state, &call, &key.place, &trail)
        .and_then(|()| checks::check_key(state, &call, &key.place, &trail));
    if let Err(failure) = checked {
        return Ok(Err(bucket_error(&failure)));
    }
    let Some(owner) = state
        .find_bucket(&trail.bucket)
        .map(|(owner, _)| owner.to_owned())
    else {
        return Ok(Err("NoSuchBucket".to_owned()));
    };
    let mut regions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (region, record) in &batch.records {
        regions.entry(region).or_default().push(record);
    }
    let mut sent = batch.records.len();
    let others: Vec<&str> = regions
        .keys()
        .copied()
        .filter(|region| *region != key.place.home)
        .collect();
    for region in others {
        // A policy may let the files of one region in and not those of another.
        let there = Call {
            region: region.to_owned(),
            ..call.clone()
        };
        let refused = checks::check_bucket(state, &there, &key.place, &trail).err();
        if refused.is_some() {
            sent -= regions.remove(region).map_or(0, |records| records.len());
        }
        if let Some(trail) = key.trail_mut(state) {
            let outcome = trail.deliveries.elsewhere.entry(region.to_owned()).or_default();
            outcome.note(batch.time, refused.as_ref().map(bucket_error));
        }
    }
    let files = regions
        .iter()
        .flat_map(|(region, records)| records.chunks(FILE_RECORDS).map(move |part| (*region, part)));
    for (region, records) in files {
        let name = file_name(&trail, &key.account, region, batch.time);
        let body = log_file(records)?;
        let object = Object {
            content_type: Some("application/json".to_owned()),
            content_encoding: Some("gzip".to_owned()),
            ..objects::keep(state, batch.time, &body)?
        };
        if let Some(bucket) = state.account(&owner).buckets.get_mut(&trail.bucket) {
            bucket.objects.insert(name.clone(), object);
        }
        notify(state, key, &trail, &name, batch.time);
    }
    Ok(Ok(sent))
}

fn file_name(trail: &Trail, account: &str, region: &str, time: i64) -> String {
    let prefix = match trail.prefix.as_deref() {
        Some(prefix) => format!("{}/", prefix.trim_end_matches('/')),
        None => String::new(),
    };
    let (day, minute) = jiff::Timestamp::from_millisecond(time)
        .map(|time| {
            let day = time.strftime("%Y/%m/%d").to_string();
            (day, time.strftime("%Y%m%dT%H%MZ").to_string())
        })
        .unwrap_or_default();
    let unique: String = std::iter::repeat_with(fastrand::alphanumeric).take(16).collect();
    format!(
        "{prefix}AWSLogs/{account}/CloudTrail/{region}/{day}/{account}_CloudTrail_{region}_{minute}_{unique}.json.gz"
    )
}

fn log_file(records: &[&str]) -> io::Result<Vec<u8>> {
    let mut file = GzEncoder::new(Vec::new(), Compression::default());
    file.write_all(b"{\"Records\":[")?;
    for (number, record) in records.iter().enumerate() {
        if number > 0 {
            file.write_all(b",")?;
        }
        file.write_all(record.as_bytes())?;
    }
    file.write_all(b"]}")?;
    file.finish()
}

fn notify(state: &mut State, key: &Key, trail: &Trail, name: &str, time: i64) {
    let call = key.at_home(time);
    let Some(topic) = checks::topic_arn(&call, trail) else {
        return;
    };
    let mut allowed = checks::check_topic(state, &call, &key.place, trail).is_ok();
    if allowed {
        let message = json!({ "s3Bucket": trail.bucket, "s3ObjectKey": [name] });
        let source = call.arn("cloudtrail", &format!("trail/{}", key.place.name));
        let who = Who::Service {
            name: "cloudtrail.amazonaws.com",
            source: &source,
            account: &key.account,
        };
        // What the topic's key refuses is in the same place.
        let sent = publish(state, &topic, who, &Message::of(&message.to_string()), time);
        allowed = sent.is_ok();
    }
    if let Some(trail) = key.trail_mut(state) {
        let error = (!allowed).then(|| "AuthorizationError".to_owned());
        trail.deliveries.topic.note(time, error);
    }
}

/// Sends the records to the trail's log group. Gives the number of those that were sent, or why the
/// group takes none.
pub(crate) fn to_group(state: &mut State, key: &Key, batch: &Batch) -> io::Result<Result<usize, String>> {
    let Some(trail) = key.trail(state) else {
        return Ok(Ok(0));
    };
    let call = key.at_home(batch.time);
    if let Err(failure) = checks::check_logs(state, &call, &key.place, trail) {
        return Ok(Err(failure.message));
    }
    let Some(group) = trail.log_group_arn.as_deref().and_then(group_name) else {
        return Ok(Ok(0));
    };
    let group = group.to_owned();
    if let Err(failure) = groups::check_own_key(state, &call, &group) {
        return Ok(Err(failure.message));
    }
    let name = format!("{}_CloudTrail_{}", key.account, key.place.home);
    let stream = Stream {
        account: &key.account,
        region: &key.place.home,
        group: &group,
        name: &name,
    };
    let (mut events, mut bytes, mut sent) = (Vec::new(), 0, 0);
    for (_, record) in &batch.records {
        if record.len() > LARGEST_EVENT {
            continue;
        }
        let size = streams::size(record);
        if events.len() >= BATCH_EVENTS || bytes + size > BATCH_BYTES {
            streams::arrive(state, &stream, &events, batch.time)?;
            events.clear();
            bytes = 0;
        }
        // The time of the delivery and not that of the call, which in what is played is long past.
        events.push((batch.time, record.clone()));
        bytes += size;
        sent += 1;
    }
    streams::arrive(state, &stream, &events, batch.time)?;
    Ok(Ok(sent))
}

/// The name in the ARN of a trail's group.
pub(crate) fn group_name(arn: &str) -> Option<&str> {
    arn.split(':').nth(6)
}
