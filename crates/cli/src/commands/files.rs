use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tempfile::NamedTempFile;
use trailwarden_account::{AccountError, Operate};
use trailwarden_provider::Provider;
use trailwarden_replay::layout::{Key, Root, Selection, Sort, is_account, is_organization, is_region};
use trailwarden_spec::happened::StoredQuery;
use trailwarden_spec::kinds::Trail;
use trailwarden_spec::visible::visible_line;
use trailwarden_spec::wanted::Wanted;
use trailwarden_spec::{Kind, Object};

use crate::args::{Files, Global, Lines};
use crate::connect::{connect, now};
use crate::failure::{Exit, Failure};
use crate::load::{SecretSource, load};
use crate::named::{self, Named};
use crate::progress::Board;
use crate::terminal::Terminal;

/// How many calls to S3 are made at once.
const AT_ONCE: usize = 8;

/// A log file in the bucket.
pub(crate) struct Delivered {
    pub(crate) key: Key,
    pub(crate) bytes: u64,
}

/// What was found in the bucket.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) files: Vec<Delivered>,
    /// How many objects stand between the log files and are none.
    others: usize,
}

/// What a row is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct RowKey {
    day: Date,
    account: String,
    region: String,
    sort: Sort,
}

/// The files of a day and a region.
struct Row {
    files: usize,
    bytes: u64,
    first: Timestamp,
    last: Timestamp,
}

/// `trailwarden files`: the log files that a trail delivered.
pub(crate) async fn run(global: &Global, args: &Files, terminal: &Terminal) -> Result<Exit, Failure> {
    let wanted = load(&args.spec.path, SecretSource::Unread)?;
    let trail = trail(args.trail.as_deref(), &wanted)?;
    own_bucket(&wanted, trail)?;
    let selection = selection(args, now(global, &wanted)?)?;
    let board = Arc::new(Board::new(Terminal::new(global.color)));
    let provider = connect(global, &wanted, terminal, &board).await?;
    board.begin("listing the bucket");
    let found = find(&provider, trail, &wanted.stack.scope.account, &selection).await;
    board.end();
    let Found { files, others } = found?;
    terminal.print(&match (args.list, args.format) {
        (true, format) => listed(&files, args.to.as_deref(), format),
        (false, Lines::Text) => table(&rows(&files), trail.organization),
        (false, Lines::Json) => objects(&rows(&files)),
    })?;
    if others > 0 {
        terminal.say(&format!(
            "note: {others} objects of that time are no log files of CloudTrail, and left out\n"
        ));
    }
    if files.is_empty() {
        terminal.say("No log file was delivered then; `--since` looks further back.\n");
        return Ok(Exit::Done);
    }
    if let Some(folder) = &args.to {
        let told = download(&provider, &trail.bucket, &files, folder, &board).await?;
        match args.format {
            Lines::Text => terminal.print(&told)?,
            Lines::Json => terminal.say(&told),
        }
    }
    Ok(Exit::Done)
}

pub(crate) fn trail<'w>(text: Option<&str>, wanted: &'w Wanted) -> Result<&'w Trail, Failure> {
    let named = match text {
        Some(text) => named::one(wanted, &[Kind::Trail], "trail", text)?,
        None => only(wanted)?,
    };
    match named.wish.map(|wish| &wish.object) {
        Some(Object::Trail(trail)) => Ok(trail),
        _ => Err(Failure::new(
            Exit::Usage,
            format!(
                "the trail `{}` is not the spec's, which does not say where it delivers to",
                named.shown()
            ),
        )),
    }
}

/// Every call names the owner that the bucket must have, which is the stack's account: whoever owns another
/// one could put into it what they like.
pub(crate) fn own_bucket(wanted: &Wanted, trail: &Trail) -> Result<(), Failure> {
    let address = wanted.stack.scope.address(Kind::Bucket, &trail.bucket);
    if wanted.objects.contains_key(&address) || wanted.existing.contains_key(&address) {
        return Ok(());
    }
    let from = Root::of_trail(trail.prefix.as_deref()).accounts();
    Err(Failure::new(
        Exit::Failed,
        format!(
            "the bucket `{}` is another account's, which is not read",
            trail.bucket
        ),
    )
    .help(format!(
        "with credentials that may read it: `aws s3 sync s3://{}/{from} FOLDER/AWSLogs/`",
        trail.bucket
    )))
}

fn only(wanted: &Wanted) -> Result<Named<'_>, Failure> {
    let mut trails = named::all(wanted, &[Kind::Trail]);
    match trails.len() {
        1 => Ok(trails.remove(0)),
        0 => Err(Failure::new(Exit::Usage, "the spec has no trail").help("`--spec` names another spec")),
        _ => {
            let names: Vec<String> = trails.iter().map(|it| format!("`{}`", it.shown())).collect();
            Err(Failure::new(Exit::Usage, "the spec has more than one trail")
                .help(format!("name one of {}", names.join(", "))))
        }
    }
}

/// What is wanted, by the time of the delivery.
fn selection(args: &Files, now: i64) -> Result<Selection, Failure> {
    let (from, to) = (
        args.since.seconds(now),
        args.until.map(|until| until.seconds(now)),
    );
    if to.is_some_and(|to| to < from) {
        return Err(Failure::new(Exit::Usage, "`--until` is before `--since`")
            .help("without `--since`, that is 7 days ago"));
    }
    if let Some(other) = args.regions.iter().find(|region| !is_region(region)) {
        return Err(Failure::new(
            Exit::Usage,
            format!("`--only-region {other}` is no region"),
        ));
    }
    let time = |seconds: i64| {
        Timestamp::from_second(seconds)
            .map_err(|_| Failure::new(Exit::Usage, "a time is out of reach").help("years have four digits"))
    };
    Ok(Selection {
        regions: args.regions.iter().cloned().collect(),
        from: Some(time(from)?),
        to: to.map(time).transpose()?,
        slack: SignedDuration::ZERO,
    })
}

/// Lists what the trail has delivered: of each region, from the first day on.
pub(crate) async fn find(
    provider: &Provider,
    trail: &Trail,
    account: &str,
    selection: &Selection,
) -> Result<Found, AccountError> {
    let bucket = trail.bucket.as_str();
    let insights = trail.insights.get().is_some_and(|insights| !insights.is_empty());
    let sorts = [Some(Sort::Events), insights.then_some(Sort::Insights)];
    let accounts = accounts(provider, trail, account).await?;
    let all = accounts.into_iter().flat_map(|(root, account)| {
        let of = move |sort| (root.clone(), account.clone(), sort);
        sorts.into_iter().flatten().map(of)
    });
    let regions: Vec<Vec<(Root, String, Sort, String)>> = stream::iter(all)
        .map(|(root, account, sort)| async move {
            let regions = match selection.regions.is_empty() {
                true => {
                    provider
                        .stored_folders(bucket, &root.regions(&account, sort))
                        .await?
                }
                false => selection.regions.iter().cloned().collect(),
            };
            let regions = regions.into_iter().filter(|region| is_region(region));
            let of = |region| (root.clone(), account.clone(), sort, region);
            Ok::<_, AccountError>(regions.map(of).collect())
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let parts: Vec<Found> = stream::iter(regions.into_iter().flatten())
        .map(|(root, account, sort, region)| async move {
            let day = |time: Timestamp| {
                let day = time.to_zoned(TimeZone::UTC).date();
                root.day(&account, sort, &region, day)
            };
            let query = StoredQuery {
                bucket: bucket.to_owned(),
                prefix: root.region(&account, sort, &region),
                // Keys stand in the order of days; all of a day's come after its folder, and before this.
                after: selection.from.map(day),
                last: selection.to.map(|to| day(to) + "~"),
            };
            let mut found = Found::default();
            for object in provider.stored(&query).await? {
                match Key::parse(&object.key).filter(|key| key.root == root) {
                    Some(key) if selection.wants(&key.name) => found.files.push(Delivered {
                        key,
                        bytes: object.bytes,
                    }),
                    Some(_) => {}
                    None => found.others += 1,
                }
            }
            Ok::<_, AccountError>(found)
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let mut found = Found::default();
    for part in parts {
        found.files.extend(part.files);
        found.others += part.others;
    }
    found.files.sort_by(|a, b| {
        let time = |file: &Delivered| file.key.name.delivered;
        time(a).cmp(&time(b)).then_with(|| a.key.cmp(&b.key))
    });
    Ok(found)
}

/// The accounts whose files the trail delivers, and where they begin. The id of an organization is in no
/// setting of its trail, and in the bucket.
async fn accounts(
    provider: &Provider,
    trail: &Trail,
    account: &str,
) -> Result<Vec<(Root, String)>, AccountError> {
    let root = Root::of_trail(trail.prefix.as_deref());
    if !trail.organization {
        return Ok(vec![(root, account.to_owned())]);
    }
    let mut found = Vec::new();
    for name in provider.stored_folders(&trail.bucket, &root.accounts()).await? {
        if is_account(&name) {
            found.push((root.clone(), name));
        } else if is_organization(&name) {
            let root = Root {
                organization: Some(name),
                ..root.clone()
            };
            let members = provider.stored_folders(&trail.bucket, &root.accounts()).await?;
            let members = members.into_iter().filter(|name| is_account(name));
            found.extend(members.map(|name| (root.clone(), name)));
        }
    }
    Ok(found)
}

fn rows(files: &[Delivered]) -> BTreeMap<RowKey, Row> {
    let mut rows: BTreeMap<RowKey, Row> = BTreeMap::new();
    for Delivered { key, bytes } in files {
        let (name, time) = (&key.name, key.name.time());
        let about = RowKey {
            day: name.delivered.date(),
            account: name.account.clone(),
            region: name.region.clone(),
            sort: name.sort,
        };
        let row = rows.entry(about).or_insert(Row {
            files: 0,
            bytes: 0,
            first: time,
            last: time,
        });
        row.files += 1;
        row.bytes += bytes;
        row.first = row.first.min(time);
        row.last = row.last.max(time);
    }
    rows
}

/// The rows with a head; of an organization's trail with the account.
fn table(rows: &BTreeMap<RowKey, Row>, with_account: bool) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let region = |about: &RowKey| match about.sort {
        Sort::Events => about.region.clone(),
        Sort::Insights => format!("{} (Insights)", about.region),
    };
    let width = rows.keys().map(|about| region(about).len()).max();
    let width = width.unwrap_or_default().max("REGION".len());
    let mut text = String::new();
    let mut line = |day: &str, account: &str, region: &str, rest: [String; 4]| {
        let account = match with_account {
            true => format!("{account:12}  "),
            false => String::new(),
        };
        let [files, bytes, first, last] = rest;
        let _ = writeln!(
            text,
            "{day:10}  {account}{region:width$}  {files:>6}  {bytes:>9}  {first:5}  {last}"
        );
    };
    let head = ["FILES", "SIZE", "FIRST", "LAST"].map(str::to_owned);
    line("DAY", "ACCOUNT", "REGION", head);
    for (about, row) in rows {
        let clock = |time: Timestamp| time.strftime("%H:%M").to_string();
        let rest = [
            row.files.to_string(),
            size(row.bytes),
            clock(row.first),
            clock(row.last),
        ];
        line(&about.day.to_string(), &about.account, &region(about), rest);
    }
    text
}

fn word(sort: Sort) -> &'static str {
    match sort {
        Sort::Events => "events",
        Sort::Insights => "insights",
    }
}

fn objects(rows: &BTreeMap<RowKey, Row>) -> String {
    let line = |(about, row): (&RowKey, &Row)| {
        let json = json!({
            "day": about.day.to_string(), "account": about.account, "region": about.region, "holds": word(about.sort),
            "files": row.files, "bytes": row.bytes, "first": row.first.to_string(), "last": row.last.to_string(),
        });
        format!("{json}\n")
    };
    rows.iter().map(line).collect()
}

/// Each file in a line.
fn listed(files: &[Delivered], folder: Option<&Path>, format: Lines) -> String {
    let line = |file: &Delivered| {
        let Delivered { key, bytes } = file;
        let (name, text) = (&key.name, key.to_string());
        match format {
            Lines::Text => format!("{}  {:>9}  {}\n", name.time(), size(*bytes), visible_line(&text)),
            Lines::Json => {
                let mut json = json!({
                    "key": text, "account": name.account, "region": name.region, "holds": word(name.sort),
                    "delivered": name.time().to_string(), "bytes": bytes,
                });
                if let Some(folder) = folder {
                    json["file"] = path(folder, key).to_string_lossy().into();
                }
                format!("{json}\n")
            }
        }
    };
    files.iter().map(line).collect()
}

/// A number of bytes as people read it.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    // In tenths, without the rounding of floating point.
    let (mut tenths, mut unit) = (bytes / 100, 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1000;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// Where a file goes. The parts of its key are digits, letters and words of ours, so that it stays below the
/// folder.
fn path(folder: &Path, key: &Key) -> PathBuf {
    folder.join(key.below_prefix())
}

/// Downloads what is not there already, and says how much that was.
async fn download(
    provider: &Provider,
    bucket: &str,
    files: &[Delivered],
    folder: &Path,
    board: &Board,
) -> Result<String, Failure> {
    let is_there = |file: &&Delivered| {
        let there = std::fs::metadata(path(folder, &file.key));
        there.is_ok_and(|there| there.is_file() && there.len() == file.bytes)
    };
    let (there, missing): (Vec<&Delivered>, Vec<&Delivered>) = files.iter().partition(is_there);
    board.begin_steps(missing.len());
    let bytes: Result<Vec<u64>, Failure> = stream::iter(&missing)
        .map(|file| async move {
            let bytes = provider.stored_bytes(bucket, &file.key.to_string()).await?;
            write(&path(folder, &file.key), &bytes)?;
            board.step(&file.key.name.to_string());
            Ok(bytes.len() as u64)
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await;
    board.end();
    let bytes = bytes.map_err(|failure| Failure {
        message: format!(
            "{}\nwhat was downloaded is in `{}`, and the same command goes on from there",
            failure.message,
            folder.display()
        ),
        ..failure
    })?;
    let count = |files: usize| match files {
        1 => "1 file".to_owned(),
        files => format!("{files} files"),
    };
    let mut told = format!(
        "Downloaded {} with {} to {}",
        count(bytes.len()),
        size(bytes.iter().sum()),
        visible_line(&folder.display().to_string())
    );
    if !there.is_empty() {
        let _ = write!(told, "; {} were there already", there.len());
    }
    Ok(told + ".\n")
}

/// Writes a file whole or not at all, so that what was interrupted is not taken for a log file.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(
            Exit::Failed,
            format!("cannot write `{}`: {error}", path.display()),
        )
        .help("`--to` names another folder")
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;
    // Hidden, which is what the search for log files goes past.
    let mut file = NamedTempFile::with_prefix_in(".trailwarden-", folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_read_by_people() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 KB"),
            (12_345, "12.3 KB"),
            (999_999, "999.9 KB"),
            (1_000_000, "1.0 MB"),
            (5_000_000_000, "5.0 GB"),
            (u64::MAX, "18446744.0 TB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
