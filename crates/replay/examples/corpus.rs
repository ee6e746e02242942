//! Makes a folder of CloudTrail log files out of the records of others: as many bytes as one likes, the same for the
//! same seed.
//!
//! ```sh
//! cargo run --release -p trailwarden-replay --example corpus -- FOLDER 200 1
//! ```
//!
//! makes 200 MB of JSON, packed as CloudTrail packs it, with seed 1. Times, ids, addresses, users and regions vary;
//! the rest is as in `tests/events`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use trailwarden_replay::files::find;
use trailwarden_replay::layout::Selection;
use trailwarden_replay::read::Contents;

const ACCOUNT: &str = "111122223333";
const REGIONS: [&str; 4] = ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1"];
/// Records of a file, on the average.
const RECORDS: usize = 700;
/// 2026-01-01T00:00:00Z
const BEGIN: i64 = 1_767_225_600;

/// A small generator of numbers (Steele, Lea and Flood, "Fast splittable pseudorandom number generators").
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, megabytes, seed] = &arguments[..] else {
        eprintln!("usage: corpus FOLDER MEGABYTES SEED");
        std::process::exit(64);
    };
    let number = |text: &str| text.parse::<u64>().expect("a whole number");
    let most = number(megabytes) as usize * 1_000_000;
    let mut random = Random(number(seed));
    let templates = templates();
    let (mut bytes, mut files, mut records) = (0, 0, 0);
    let mut slot = 0;
    while bytes < most {
        let region = REGIONS[slot % REGIONS.len()];
        let time = BEGIN + (slot / REGIONS.len()) as i64 * 300;
        slot += 1;
        let mut text = String::from("{\"Records\":[");
        for number in 0..RECORDS / 2 + random.below(RECORDS) {
            if number > 0 {
                text.push(',');
            }
            // Some calls come again and again, most are rare.
            let near = random.below(templates.len()) + 1;
            let template = &templates[random.below(near)];
            text += &varied(template, &mut random, region, time);
            records += 1;
        }
        text += "]}";
        bytes += text.len();
        write(Path::new(folder), region, time, &text, &mut random)?;
        files += 1;
    }
    println!("{files} files, {records} records, {bytes} bytes of JSON");
    Ok(())
}

/// The records of `tests/events`, each in one line.
fn templates() -> Vec<String> {
    let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/events");
    let found = find(&[events], &Selection::default());
    let mut contents = Contents::default();
    let mut all = Vec::new();
    for file in &found.files {
        contents.each(file, |record| {
            let text = String::from_utf8_lossy(&record.message()).into_owned();
            // `panther_rule_tests.json` holds records within records.
            if text.contains("\"eventTime\":\"") && text.len() < 20_000 {
                all.push(text);
            }
        });
    }
    assert!(all.len() > 100, "the records of tests/events");
    all
}

/// Puts another text in the place of the first one that stands behind a name.
fn put(text: &mut String, name: &str, value: &str) {
    let begin = format!("\"{name}\":\"");
    if let Some(at) = text.find(&begin) {
        let start = at + begin.len();
        if let Some(length) = text[start..].find('"') {
            text.replace_range(start..start + length, value);
        }
    }
}

fn varied(template: &str, random: &mut Random, region: &str, time: i64) -> String {
    let mut text = template.to_owned();
    let at = jiff::Timestamp::from_second(time - 60 - random.below(600) as i64).expect("a time");
    put(&mut text, "eventTime", &format!("{at:.0}"));
    put(&mut text, "awsRegion", region);
    let id = |random: &mut Random| {
        let (a, b) = (random.next(), random.next());
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            a >> 32,
            a >> 16 & 0xffff,
            a & 0xffff,
            b >> 48,
            b & 0xffff_ffff_ffff
        )
    };
    put(&mut text, "eventID", &id(random));
    put(&mut text, "requestID", &id(random));
    if !text.contains("\"sourceIPAddress\":\"AWS") && !text.contains(".amazonaws.com\",\"userAgent") {
        let address = format!("198.51.{}.{}", random.below(100), random.below(254) + 1);
        put(&mut text, "sourceIPAddress", &address);
    }
    put(&mut text, "accessKeyId", &format!("ASIA{:016X}", random.next()));
    text
}

fn write(folder: &Path, region: &str, time: i64, text: &str, random: &mut Random) -> std::io::Result<()> {
    let at = jiff::Timestamp::from_second(time).expect("a time").to_string();
    let (day, clock) = at.split_once('T').expect("a time");
    let [year, month, day]: [&str; 3] = day.split('-').collect::<Vec<_>>().try_into().expect("a day");
    let folder: PathBuf = [
        folder.to_str().unwrap_or("."),
        "AWSLogs",
        ACCOUNT,
        "CloudTrail",
        region,
        year,
        month,
        day,
    ]
    .iter()
    .collect();
    fs::create_dir_all(&folder)?;
    let unique: String = (0..16)
        .map(|_| char::from(b"abcdefghijklmnopqrstuvwxyz0123456789"[random.below(36)]))
        .collect();
    let name = format!(
        "{ACCOUNT}_CloudTrail_{region}_{year}{month}{day}T{}Z_{unique}.json.gz",
        clock[..5].replace(':', "")
    );
    let mut packed = GzEncoder::new(File::create(folder.join(name))?, Compression::default());
    packed.write_all(text.as_bytes())?;
    packed.finish()?;
    Ok(())
}
