//! What holds for every name, every log file, and every way to break one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::de::IgnoredAny;
use trailwarden_pattern::{Records, Unreadable, events};
use trailwarden_replay::files::{LogFile, find};
use trailwarden_replay::layout::{FileName, Folder, Key, Root, Selection, Sort};
use trailwarden_replay::read::{Contents, What};

fn date() -> impl Strategy<Value = Date> {
    (2013i16..2100, 1i8..=12, 1i8..=31).prop_map(|(year, month, day)| {
        let first = Date::new(year, month, 1).unwrap();
        Date::new(year, month, day.min(first.days_in_month())).unwrap()
    })
}

fn file_name() -> impl Strategy<Value = FileName> {
    let region = select(&["us-east-1", "eu-central-2", "us-gov-west-1", "cn-north-1"][..]);
    (
        select(&Sort::ALL[..]),
        "[0-9]{12}",
        region,
        date(),
        (0i8..24, 0i8..60),
        "[A-Za-z0-9]{16}",
        any::<bool>(),
    )
        .prop_map(
            |(sort, account, region, date, (hour, minute), unique, packed)| FileName {
                sort,
                account,
                region: region.to_owned(),
                delivered: date.at(hour, minute, 0, 0),
                unique,
                packed,
            },
        )
}

fn key() -> impl Strategy<Value = Key> {
    let prefix = proptest::option::of("[a-zA-Z0-9!_.*'()-]{1,8}(/[a-zA-Z0-9_-]{1,8}){0,2}");
    let organization = proptest::option::of("o-[a-z0-9]{10,32}");
    (prefix, organization, file_name()).prop_map(|(prefix, organization, name)| Key {
        root: Root { prefix, organization },
        name,
    })
}

fn utc(time: DateTime) -> Timestamp {
    TimeZone::UTC.to_timestamp(time).unwrap()
}

/// A value without line ends, so that a record of it is one line.
fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        "\\PC{0,12}".prop_map(Into::into),
        select(&["\u{7}", "\"", "\\", "é😀", "]}"][..]).prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Into::into),
            vec(("[a-z\"é]{0,4}", inner), 0..4)
                .prop_map(|members| { serde_json::Value::Object(members.into_iter().collect()) }),
        ]
    })
}

fn record() -> impl Strategy<Value = String> {
    vec(("[a-zA-Z]{1,6}", value()), 0..4).prop_map(|members| {
        let members = members.into_iter().filter(|(name, _)| name != "Records");
        serde_json::Value::Object(members.collect()).to_string()
    })
}

/// A log file in one of its forms.
fn log_file() -> impl Strategy<Value = (Vec<String>, String)> {
    (vec(record(), 0..6), 0..4).prop_map(|(records, form)| {
        let text = match form {
            0 => format!("{{\"Records\":[{}]}}", records.join(",")),
            1 => format!(
                "{{ \"x\" : [1], \"Records\" : [ {} ], \"y\": {{}} }}\n",
                records.join(" , ")
            ),
            2 => format!("[{}]", records.join(",\n")),
            _ => records.join("\n"),
        };
        (records, text)
    })
}

fn packed(parts: &[&[u8]]) -> Vec<u8> {
    let mut packed = Vec::new();
    for part in parts {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(part).unwrap();
        packed.extend(encoder.finish().unwrap());
    }
    packed
}

/// The records and the problems of a file.
fn read(input: &[u8]) -> (Vec<String>, Vec<What>) {
    let mut contents = Contents::default();
    contents.load(input);
    let (mut records, mut problems) = (Vec::new(), Vec::new());
    for record in contents.records() {
        match record {
            Ok(record) => {
                assert!(contents.text()[record.place.byte..].starts_with(record.text));
                records.push(String::from_utf8(record.text.to_vec()).unwrap());
            }
            Err(what) => problems.push(what),
        }
    }
    (records, problems)
}

proptest! {
    #[test]
    fn a_name_that_is_written_is_read_again(name in file_name()) {
        prop_assert_eq!(FileName::parse(&name.to_string()), Some(name));
    }

    #[test]
    fn a_key_that_is_written_is_read_again(key in key()) {
        let text = key.to_string();
        prop_assert_eq!(Key::parse(&text), Some(key.clone()));
        let Key { root, name } = &key;
        let day = root.day(&name.account, name.sort, &name.region, name.delivered.date());
        prop_assert!(text.starts_with(&day));
        let below = key.below_prefix();
        prop_assert!(text.ends_with(&below));
    }

    #[test]
    fn whatever_is_read_is_written_so(text in "[0-9]{12}_CloudTrail_[a-z-]{2,9}[0-9]_20[0-9]{6}T[0-9]{4}Z_[a-z]{1,3}.json(.gz)?") {
        if let Some(name) = FileName::parse(&text) {
            prop_assert_eq!(name.to_string(), text);
        }
    }

    /// A record that is wanted is in a file and in folders that are wanted, if it came within the slack.
    #[test]
    fn no_folder_hides_a_file_that_is_wanted(
        key in key(), from in 0i64..7200, span in 0i64..200_000, call in 0i64..3600, regional in any::<bool>(),
    ) {
        let delivered = utc(key.name.delivered);
        // The call was within the hour before the delivery, and the selection holds it.
        let call = delivered - SignedDuration::from_secs(call);
        let from = call - SignedDuration::from_secs(from);
        let mut selection = Selection::between(from, call + SignedDuration::from_secs(span));
        if regional {
            selection.regions.insert(key.name.region.clone());
        }
        prop_assert!(selection.holds(call));
        prop_assert!(selection.wants(&key.name));
        for folder in Path::new(&key.to_string()).ancestors().skip(1) {
            prop_assert!(selection.wants_folder(&Folder::of(folder)), "{}", folder.display());
        }
    }

    #[test]
    fn every_form_gives_the_same_records((records, text) in log_file()) {
        let (read, problems) = read(text.as_bytes());
        prop_assert_eq!(&read, &records);
        prop_assert_eq!(problems, if text.is_empty() { vec![What::Empty] } else { vec![] });
        let all = events(text.as_bytes()).unwrap();
        // An empty array is a value to `events`.
        if !records.is_empty() {
            prop_assert_eq!(all, records.iter().map(|record| record.as_bytes()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn packed_in_parts_it_is_the_same((records, text) in log_file(), at in any::<Index>()) {
        prop_assume!(!text.is_empty());
        let (a, b) = text.as_bytes().split_at(at.index(text.len()));
        prop_assert_eq!(read(&packed(&[a, b])), (records, vec![]));
    }

    #[test]
    fn a_text_that_is_cut_off_gives_what_stands_before((records, text) in log_file(), at in any::<Index>()) {
        prop_assume!(!text.is_empty());
        let at = at.index(text.len());
        let mut given = Vec::new();
        let mut problem = None;
        for record in Records::of(&text.as_bytes()[..at]) {
            prop_assert!(problem.is_none());
            match record {
                Ok((place, record)) => {
                    given.push(record);
                    prop_assert_eq!(place.record, given.len());
                }
                Err((place, why)) => {
                    prop_assert_eq!(why, Unreadable::Ends);
                    prop_assert_eq!(place.record, given.len() + 1);
                    prop_assert!(place.byte <= at);
                    problem = Some(why);
                }
            }
        }
        let before: Vec<&[u8]> = records[..given.len()].iter().map(|record| record.as_bytes()).collect();
        prop_assert_eq!(given, before);
    }

    #[test]
    fn a_stream_that_is_cut_off_gives_what_stands_before((records, text) in log_file(), at in any::<Index>()) {
        prop_assume!(!text.is_empty());
        let whole = packed(&[text.as_bytes()]);
        let at = 2 + at.index(whole.len() - 2);
        let (given, problems) = read(&whole[..at]);
        prop_assert_eq!(&given[..], &records[..given.len()]);
        prop_assert!(matches!(problems[..], [What::CutOff(place)] if place.record == given.len() + 1), "{problems:?}");
    }

    /// Whatever is done to the bytes, reading ends and says so or gives records.
    #[test]
    fn nothing_breaks_the_reader((_, text) in log_file(), at in any::<Index>(), byte in any::<u8>(), pack in any::<bool>()) {
        prop_assume!(!text.is_empty());
        let mut bytes = if pack { packed(&[text.as_bytes()]) } else { text.into_bytes() };
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let (records, _) = read(&bytes);
        for record in records {
            // A number that no machine has room for is JSON all the same.
            prop_assert!(serde_json::from_str::<IgnoredAny>(&record).is_ok());
        }
    }
}

#[test]
fn what_is_behind_a_corrupt_place_is_lost_and_said() {
    let record = |n: usize| {
        format!(
            "{{\"n\":{n},\"text\":\"{:x}\"}}",
            n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        )
    };
    let records: Vec<String> = (0..20_000).map(record).collect();
    let text = format!("{{\"Records\":[{}]}}", records.join(","));
    let mut whole = packed(&[text.as_bytes()]);
    // The checksum: all is there, and what it is worth is said.
    let at = whole.len() - 5;
    whole[at] ^= 1;
    let (given, problems) = read(&whole);
    assert_eq!(given.len(), records.len());
    assert!(matches!(&problems[..], [What::Corrupt(..)]), "{problems:?}");
    // In the middle: what stands before it is given.
    whole[at] ^= 1;
    let middle = whole.len() / 2;
    let mut corrupt = whole.clone();
    corrupt[middle..middle + 64].fill(0xff);
    let (given, problems) = read(&corrupt);
    let before = records.len() * 2 / 5;
    assert!(given.len() >= before, "{}", given.len());
    assert_eq!(given[..before], records[..before]);
    assert!(matches!(problems.last(), Some(What::Corrupt(..))), "{problems:?}");
    // Garbage behind a whole stream.
    whole.extend(b"this is no part of it");
    let (given, problems) = read(&whole);
    assert_eq!(given.len(), records.len());
    assert!(matches!(&problems[..], [What::Corrupt(..)]), "{problems:?}");
}

#[test]
fn what_a_file_says_of_its_size_is_not_believed() {
    let text = format!("[{}{{}}]", "{\"a\":\"b\"},".repeat(100_000));
    let mut bytes = packed(&[text.as_bytes()]);
    let end = bytes.len() - 4;
    bytes[end..].copy_from_slice(&7u32.to_le_bytes());
    let mut contents = Contents::up_to(10_000);
    contents.load(&bytes[..]);
    assert_eq!(contents.text().len(), 10_000);
    let read: Vec<_> = contents.records().collect();
    let (last, records) = read.split_last().unwrap();
    assert_eq!(records.len(), 1000);
    assert!(records.iter().all(Result::is_ok));
    let Err(what @ What::TooLarge(place, 10_000)) = last else {
        panic!("{last:?}")
    };
    assert_eq!((place.record, place.byte), (1001, 10_000));
    assert!(
        what.to_string()
            .contains("in record 1001, after 10000 bytes; split it")
    );
}

#[test]
fn real_log_files_are_read() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/events"));
    let time = |text: &str| text.parse().unwrap();
    let all = find(std::slice::from_ref(&folder), &Selection::default());
    assert!(all.problems.is_empty());
    let mut contents = Contents::default();
    let mut count = |files: &[LogFile], selection: &Selection| {
        let mut count = 0;
        for file in files {
            let problems = contents.each(file, |record| {
                // Some of the samples are partial records.
                let holds = |time| selection.holds(time);
                count += usize::from(record.time().map_or(*selection == Selection::default(), holds));
            });
            assert_eq!(problems, []);
        }
        count
    };
    // As tests/events/README.md says; and what is expected of the patterns is one object more.
    assert_eq!(count(&all.files, &Selection::default()), 99 + 154 + 491 + 1);
    // Files are selected by their names, and nothing is lost by it.
    let selection = Selection::between(time("2023-07-10T12:00:00Z"), time("2023-07-10T12:09:59Z"));
    let some = find(&[folder], &selection);
    let named = |files: &[LogFile]| files.iter().filter(|file| file.name.is_some()).count();
    assert_eq!((named(&all.files), named(&some.files)), (12, 11));
    assert_eq!(count(&some.files, &selection), count(&all.files, &selection));
    assert!(count(&some.files, &selection) > 50);
}
