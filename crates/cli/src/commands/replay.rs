use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;

use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use tokio::sync::mpsc;
use trailwarden_account::Operate as _;
use trailwarden_provider::Provider;
use trailwarden_replay::engine::Engine;
use trailwarden_replay::files::{Input, LogFile, find};
use trailwarden_replay::layout::{Selection, Sort, is_region};
use trailwarden_replay::render;
use trailwarden_replay::report::{Comparison, Report};
use trailwarden_replay::rules::{Rule, rules};
use trailwarden_replay::run::{Listed, LogSource, Piece, Progress, Replayed, run as replay};
use trailwarden_spec::visible::visible_line;
use trailwarden_spec::wanted::Wanted;

use crate::args::{Format, Global, Replay, When};
use crate::commands::files;
use crate::connect::{connect, now};
use crate::failure::{Exit, Failure};
use crate::load::{SecretSource, load, read};
use crate::progress::Board;
use crate::terminal::Terminal;

/// How many files of a bucket are fetched at once.
const AT_ONCE: usize = 16;

/// How many of them wait for a thread.
const WAITING: usize = 4;

/// `trailwarden replay`: which events would have fired the rules.
pub(crate) async fn run(global: &Global, args: &Replay, terminal: &Terminal) -> Result<Exit, Failure> {
    let loaded = read(&args.spec.path, SecretSource::Unread)?;
    terminal.say(&loaded.warnings());
    let wanted = loaded.wanted;
    let rules = rules_of(&wanted, &args.spec.path)?;
    let old = match &args.compare {
        Some(path) => Some(rules_of(&load(path, SecretSource::Unread)?, path)?),
        None => None,
    };
    let comparison = old.as_ref().map(|old| Comparison::of(&rules, old));
    let patterns: Vec<_> = rules
        .iter()
        .chain(old.iter().flatten())
        .map(|rule| &rule.pattern)
        .collect();
    let engine = Engine::new(&patterns).map_err(|most| {
        Failure::new(
            Exit::Usage,
            format!("{} rules are more than one replay takes", patterns.len()),
        )
        .help(format!(
            "at most {most}, those of `--compare` included: take the spec apart"
        ))
    })?;
    let selection = selection(args, now(global, &wanted)?)?;
    let board = Arc::new(Board::new(Terminal::new(global.color)));
    let stop = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&stop);
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            heard.store(true, Ordering::Relaxed);
        }
    });
    let job = Job {
        engine: &engine,
        selection: &selection,
        comparison: comparison.as_ref(),
        board: &board,
        stop: &stop,
    };
    let replayed = match &args.bucket {
        Some(trail) => {
            let trail = files::trail(trail.as_deref(), &wanted)?;
            files::own_bucket(&wanted, trail)?;
            let provider = Arc::new(connect(global, &wanted, terminal, &board).await?);
            board.begin("listing the bucket");
            let found = files::find(&provider, trail, &wanted.stack.scope.account, &selection).await;
            board.end();
            let objects = found?
                .files
                .into_iter()
                .filter(|file| file.key.name.sort == Sort::Events);
            job.of_bucket(&provider, &trail.bucket, objects.collect()).await
        }
        None => job.of_files(&args.logs),
    };
    board.end();
    for problem in &replayed.problems {
        terminal.say(&format!("warning: {}\n", visible_line(&problem.to_string())));
    }
    let report = Report::new(&wanted.stack.name, &rules, &replayed, comparison.as_ref());
    match args.format {
        Format::Text => terminal.print(&render::text(&report))?,
        Format::Json => {
            let mut json = render::json(&report);
            global.mark(&mut json);
            terminal.print(&format!("{json:#}\n"))?;
        }
    }
    if let Some(path) = &args.html {
        std::fs::write(path, render::html(&report)).map_err(|error| {
            Failure::new(
                Exit::Failed,
                format!("cannot write `{}`: {error}", path.display()),
            )
        })?;
        terminal.say(&format!("The report is in {}\n", path.display()));
    }
    Ok(
        match (
            replayed.stopped,
            replayed.seen.records,
            replayed.problems.is_empty(),
        ) {
            (true, ..) => Exit::Interrupted,
            (_, 0, false) => Exit::Failed,
            _ => Exit::Done,
        },
    )
}

fn rules_of(wanted: &Wanted, path: &Path) -> Result<Vec<Rule>, Failure> {
    let rules = rules(wanted).map_err(|(rule, problems)| {
        let first = problems.as_slice().first().map(|problem| problem.message.clone());
        Failure::new(
            Exit::BadSpec,
            format!(
                "the pattern of `{rule}` cannot be read: {}",
                first.unwrap_or_default()
            ),
        )
    })?;
    match rules.is_empty() {
        true => Err(Failure::new(
            Exit::BadSpec,
            format!("`{}` has no rule and no metric filter to replay", path.display()),
        )
        .help("write a `[rule.LABEL]`, see docs/spec.md")),
        false => Ok(rules),
    }
}

/// Which calls are looked at.
fn selection(args: &Replay, now: i64) -> Result<Selection, Failure> {
    let time = |when: &When| {
        Timestamp::from_second(when.seconds(now))
            .map_err(|_| Failure::new(Exit::Usage, "a time is out of reach").help("years have four digits"))
    };
    let (from, to) = (
        args.since.as_ref().map(time).transpose()?,
        args.until.as_ref().map(time).transpose()?,
    );
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        return Err(Failure::new(Exit::Usage, "`--until` is before `--since`"));
    }
    if let Some(other) = args.regions.iter().find(|region| !is_region(region)) {
        return Err(Failure::new(
            Exit::Usage,
            format!("`--only-region {other}` is no region"),
        ));
    }
    Ok(Selection {
        regions: args.regions.iter().cloned().collect::<BTreeSet<_>>(),
        from,
        to,
        ..Selection::default()
    })
}

/// What is done with files, wherever they come from.
struct Job<'j> {
    engine: &'j Engine,
    selection: &'j Selection,
    comparison: Option<&'j Comparison>,
    board: &'j Board,
    stop: &'j AtomicBool,
}

impl Job<'_> {
    fn replay(&self, source: &impl LogSource, stored: Option<u64>) -> Replayed {
        let bar = Bar {
            board: self.board,
            unpacked: AtomicU64::new(0),
        };
        self.board.begin_bytes(stored);
        let pairs = self.comparison.map_or(&[][..], |comparison| &comparison.pairs);
        let threads = available_parallelism().map_or(2, std::num::NonZero::get);
        // The threads take the place of this one for as long as they read.
        tokio::task::block_in_place(|| {
            replay(
                source,
                self.selection,
                self.engine,
                pairs,
                threads,
                &bar,
                self.stop,
            )
        })
    }

    fn of_files(&self, paths: &[std::path::PathBuf]) -> Replayed {
        let found = find(paths, self.selection);
        let bytes = found.files.iter().map(|file| file.bytes).sum();
        // How much comes through standard input nobody knows.
        let known = found.files.iter().all(|file| file.input != Input::Standard);
        let mut replayed = self.replay(&Listed::new(found.files), known.then_some(bytes));
        replayed.problems.splice(0..0, found.problems);
        replayed
    }

    async fn of_bucket(
        &self,
        provider: &Arc<Provider>,
        bucket: &str,
        objects: Vec<files::Delivered>,
    ) -> Replayed {
        let bytes = objects.iter().map(|object| object.bytes).sum();
        let (send, fetched) = mpsc::channel(WAITING);
        let (provider, bucket) = (Arc::clone(provider), bucket.to_owned());
        let fetching = tokio::spawn(async move {
            let fetches = objects.into_iter().enumerate().map(|(number, object)| {
                let (provider, bucket) = (Arc::clone(&provider), bucket.clone());
                async move {
                    let key = object.key.to_string();
                    let content = provider.stored_bytes(&bucket, &key).await;
                    let file = LogFile {
                        input: Input::Object(format!("s3://{bucket}/{key}")),
                        bytes: object.bytes,
                        name: Some(object.key.name),
                    };
                    (number, file, content)
                }
            });
            let mut fetches = stream::iter(fetches).buffer_unordered(AT_ONCE);
            while let Some(piece) = fetches.next().await {
                if send.send(piece).await.is_err() {
                    break;
                }
            }
        });
        let source = Fetched(Mutex::new(fetched));
        let replayed = self.replay(&source, Some(bytes));
        drop(source);
        fetching.abort();
        replayed
    }
}

type Fetch = (usize, LogFile, Result<Vec<u8>, trailwarden_account::AccountError>);

/// Files of a bucket, as they arrive.
struct Fetched(Mutex<mpsc::Receiver<Fetch>>);

impl LogSource for Fetched {
    fn next(&self) -> Option<Piece> {
        let mut pieces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, file, content) = pieces.blocking_recv()?;
        Some(Piece {
            number,
            file,
            content: Some(content.map_err(|error| error.to_string())),
        })
    }
}

struct Bar<'b> {
    board: &'b Board,
    unpacked: AtomicU64,
}

impl Progress for Bar<'_> {
    fn read(&self, stored: u64, unpacked: u64) {
        let all = self.unpacked.fetch_add(unpacked, Ordering::Relaxed) + unpacked;
        self.board
            .read(stored, &format!("{} of JSON", render::bytes(all)));
    }
}
