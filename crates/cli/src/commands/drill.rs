use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;
use trailwarden_drill::{Clock, Options, Outcome, Passed, Report, Stage, Watch, render};
use trailwarden_prove::Link;
use trailwarden_spec::wanted::Wanted;

use crate::args::{Drill, Format, Global};
use crate::connect::connect;
use crate::failure::{Exit, Failure};
use crate::load::{SecretSource, read};
use crate::progress::Board;
use crate::terminal::Terminal;

/// What the spec declares, or how to.
pub(crate) fn declared(wanted: &Wanted) -> Result<&trailwarden_spec::drill::Drill, Failure> {
    wanted.drill.as_ref().ok_or_else(|| {
        Failure::new(
            Exit::BadSpec,
            "the spec has no `[drill]`, and a drill makes no call without one",
        )
        .help("write `[drill]` into the spec and apply it: a canary of its own, see docs/spec.md")
    })
}

/// `trailwarden drill`: makes a call and watches each link until the notice arrives.
pub(crate) async fn run(global: &Global, args: &Drill, terminal: &Terminal) -> Result<Exit, Failure> {
    let loaded = read(&args.spec.path, SecretSource::Real)?;
    terminal.say(&loaded.warnings());
    let wanted = &loaded.wanted;
    let drill = declared(wanted)?;
    if args.inject && drill.test_log_group.is_none() {
        let message = "`[drill]` has no `test_log_group`, and `--inject` writes nowhere else";
        return Err(Failure::new(Exit::BadSpec, message)
            .help("declare a log group for it, to which no trail delivers: a record there is no evidence of anything"));
    }
    let board = Arc::new(Board::new(Terminal::new(global.color)));
    let provider = tokio::select! {
        biased;
        () = interrupted() => return Ok(Exit::Interrupted),
        provider = connect(global, wanted, terminal, &board) => provider?,
    };
    let stage = Told {
        board: &board,
        terminal,
        text: args.format == Format::Text,
    };
    if args.clear {
        // Each is taken back by a call of its own, so that it may be cut off anywhere.
        return tokio::select! {
            biased;
            () = interrupted() => Ok(Exit::Interrupted),
            cleared = trailwarden_drill::clear(&provider, drill, &stage) => Ok(cleared.map(|()| Exit::Done)?),
        };
    }
    let options = Options {
        // Seeded by the system for each value: enough to tell two drills apart.
        run: format!("{:08x}", RandomState::new().hash_one(0) >> 32),
        inject: args.inject,
        timeout: i64::try_from(args.timeout.as_secs()).unwrap_or(i64::MAX),
    };
    if stage.text {
        let (source, name) = drill.call.event();
        let what = match args.inject {
            true => format!("a synthetic record of {source} {name}"),
            false => format!("{source} {name}"),
        };
        let scope = &wanted.stack.scope;
        terminal.print(&format!(
            "Drill {} of stack {} in account {}, {}: {what}\n",
            options.run, wanted.stack.name, scope.account, scope.region
        ))?;
    }
    let clock = clock(global, wanted)?;
    let (stop, stopped) = watch::channel(false);
    board.begin("reading the account");
    let drilled = trailwarden_drill::run(&provider, wanted, drill, &options, &clock, &stage, stopped);
    tokio::pin!(drilled);
    let report = loop {
        tokio::select! {
            biased;
            () = interrupted() => {
                if stop.send_replace(true) {
                    board.end();
                    terminal.say("Quit before all was taken back; the next drill does it, or `trailwarden drill --clear`.\n");
                    return Ok(Exit::Interrupted);
                }
                board.line("Stopping: what was made for the drill is taken back. Ctrl-C again quits at once.");
            }
            report = &mut drilled => break report,
        }
    };
    board.end();
    let report = report?;
    match stage.text {
        true => terminal.print(&render::closing(&report))?,
        false => {
            let mut json = report.as_json();
            global.mark(&mut json);
            terminal.print(&format!("{json:#}\n"))?;
        }
    }
    Ok(exit(&report))
}

fn exit(report: &Report) -> Exit {
    match &report.outcome {
        Outcome::Stuck { .. } => Exit::No,
        Outcome::Stopped => Exit::Interrupted,
        Outcome::Arrived if report.left.is_empty() => Exit::Done,
        Outcome::Arrived => Exit::Failed,
    }
}

/// Ctrl-C, or what ends a job.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut ended) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = ended.recv() => {}
            }
            return;
        }
    }
    // Without a handler the signal ends the process.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Says how it goes while it goes.
struct Told<'a> {
    board: &'a Board,
    terminal: &'a Terminal,
    text: bool,
}

impl Watch for Told<'_> {
    fn cleared(&self, what: &str) {
        self.board
            .line(&format!("  taken back, of an earlier drill: {what}"));
    }

    fn doubts(&self, link: &Link) {
        let about = format!("{} {}: {}", link.kind.in_words(), link.name, link.message);
        let about = trailwarden_spec::visible::visible_line(&about);
        self.board.line(&format!(
            "  `status` says it will not arrive, {about}. The drill tries it all the same."
        ));
    }

    fn waits(&self, stage: Option<Stage>, since: i64) {
        let since = render::span(since * 1000);
        self.board.begin(&match stage {
            Some(stage) => format!("waiting for the {} since {since}", stage.in_words()),
            None => format!("waiting until the alarm is quiet again since {since}"),
        });
    }

    fn passed(&self, passed: &Passed) {
        if self.text {
            self.board.end();
            // A reader that has gone is noticed at the end.
            let _ = self.terminal.print(&render::passed(passed));
        }
    }
}

/// The clock of AWS, or of an account in a file, which moves when a drill waits.
enum AccountClock {
    Real,
    #[cfg(feature = "sandbox")]
    Sandbox(trailwarden_sandbox::Sandbox),
}

#[cfg_attr(
    not(feature = "sandbox"),
    expect(
        unused_variables,
        clippy::unnecessary_wraps,
        reason = "only an account in a file has a clock of its own"
    )
)]
fn clock(global: &Global, wanted: &Wanted) -> Result<AccountClock, Failure> {
    #[cfg(feature = "sandbox")]
    if let Some(file) = &global.sandbox {
        let opened = trailwarden_sandbox::Sandbox::open(file, &wanted.stack.scope.account);
        let opened = opened.map_err(|error| crate::commands::sandbox::unusable(&error))?;
        return Ok(AccountClock::Sandbox(opened));
    }
    Ok(AccountClock::Real)
}

impl Clock for AccountClock {
    fn now(&self) -> i64 {
        let time = match self {
            Self::Real => SystemTime::now(),
            #[cfg(feature = "sandbox")]
            // A file that cannot be read fails the next call to the account, which says so.
            Self::Sandbox(sandbox) => sandbox.time().unwrap_or(UNIX_EPOCH),
        };
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn step(&self) -> u32 {
        match self {
            Self::Real => 5,
            #[cfg(feature = "sandbox")]
            Self::Sandbox(_) => 20,
        }
    }

    async fn pass(&self, seconds: u32) {
        let by = Duration::from_secs(seconds.into());
        match self {
            Self::Real => tokio::time::sleep(by).await,
            #[cfg(feature = "sandbox")]
            Self::Sandbox(sandbox) => {
                // A file that cannot be written fails the next call to the account, which says so.
                drop(sandbox.advance_time(by).await);
            }
        }
    }
}
