//! What people see while a command works: a moving line on a terminal, a line per step elsewhere.

use std::sync::Mutex;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use trailwarden_apply::{Outcome, Progress};
use trailwarden_diff::render::visible_line;
use trailwarden_diff::{Action, Phase, Step};

use crate::terminal::Terminal;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const QUIET: Style = Style::new().dimmed();

/// The progress of one command, on standard error.
#[derive(Debug)]
pub(crate) struct Board {
    terminal: Terminal,
    watched: bool,
    bar: Mutex<Option<ProgressBar>>,
    running: Mutex<Vec<String>>,
}

impl Board {
    /// A board that shows nothing yet.
    pub(crate) fn new(terminal: Terminal) -> Self {
        let watched = terminal.is_watched();
        Self {
            terminal,
            watched,
            bar: Mutex::default(),
            running: Mutex::default(),
        }
    }

    /// Begins work of unknown length; shown on terminals only.
    pub(crate) fn begin(&self, what: &str) {
        if self.watched {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
                .with_style(ProgressStyle::default_spinner());
            bar.set_message(what.to_owned());
            bar.enable_steady_tick(Duration::from_millis(100));
            self.put(Some(bar));
        }
    }

    /// Begins work of so many steps.
    pub(crate) fn begin_steps(&self, steps: usize) {
        if self.watched {
            let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {pos}/{len} [{elapsed}] {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            self.put(Some(bar));
        }
    }

    /// Begins to read so many bytes, if anybody knows how many.
    pub(crate) fn begin_bytes(&self, bytes: Option<u64>) {
        if self.watched {
            let target = ProgressDrawTarget::stderr();
            let bar = ProgressBar::with_draw_target(bytes, target);
            let template = match bytes {
                Some(_) => {
                    "{spinner} {bytes}/{total_bytes} [{elapsed}, {eta} left] {bytes_per_sec} {wide_msg}"
                }
                None => "{spinner} [{elapsed}] {wide_msg}",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            self.put(Some(bar));
        }
    }

    /// So many bytes are read.
    pub(crate) fn read(&self, bytes: u64, so_far: &str) {
        if let Some(bar) = self.bar.lock().ok().and_then(|bar| bar.clone()) {
            bar.set_message(so_far.to_owned());
            bar.inc(bytes);
        }
    }

    /// One of these steps is done; this comes next.
    pub(crate) fn step(&self, next: &str) {
        if let Some(bar) = self.bar.lock().ok().and_then(|bar| bar.clone()) {
            bar.set_message(next.to_owned());
            bar.inc(1);
        }
    }

    /// Takes the moving line away.
    pub(crate) fn end(&self) {
        self.put(None);
    }

    /// Says that the work waits for something outside.
    pub(crate) fn wait(&self, what: &str) {
        self.line(&format!("  {QUIET}waiting for {what}{QUIET:#}"));
    }

    /// Prints a line above the moving one.
    pub(crate) fn line(&self, text: &str) {
        let bar = self.bar.lock().ok().and_then(|bar| bar.clone());
        match bar {
            Some(bar) => bar.println(self.terminal.styled_for_stderr(text)),
            None => self.terminal.say(&format!("{text}\n")),
        }
    }

    fn put(&self, new: Option<ProgressBar>) {
        let Ok(mut bar) = self.bar.lock() else { return };
        if let Some(old) = std::mem::replace(&mut *bar, new) {
            old.finish_and_clear();
        }
    }

    fn show_running(&self, change: impl FnOnce(&mut Vec<String>)) {
        let Ok(mut running) = self.running.lock() else {
            return;
        };
        change(&mut running);
        if let Some(bar) = self.bar.lock().ok().and_then(|bar| bar.clone()) {
            bar.set_message(running.join(", "));
        }
    }
}

impl Progress for Board {
    fn begins(&self, step: &Step) {
        self.show_running(|running| running.push(step.address.to_string()));
    }

    fn ended(&self, step: &Step, outcome: &Outcome) {
        let address = step.address.to_string();
        self.line(&outcome_line(step, outcome));
        self.show_running(|running| running.retain(|other| *other != address));
        if let Some(bar) = self.bar.lock().ok().and_then(|bar| bar.clone()) {
            bar.inc(1);
        }
    }
}

fn outcome_line(step: &Step, outcome: &Outcome) -> String {
    let address = step.address.to_string();
    let address = visible_line(&address);
    match outcome {
        Outcome::Done => {
            let done = match (step.action, step.phase) {
                (Action::Create, _) => "created",
                (Action::Adopt, _) => "adopted",
                (Action::Update, Phase::Widen) => "widened",
                (Action::Update, Phase::Narrow) => "narrowed",
                (Action::Update, Phase::Whole) => "updated",
                (Action::Release, _) => "released",
                (Action::Delete, _) => "deleted",
            };
            format!("  {GOOD}{done:<9}{GOOD:#} {address}")
        }
        Outcome::Already => format!("  {GOOD}already  {GOOD:#} {address}: it was as the plan says"),
        Outcome::Failed { error } => {
            let way_out = error.kind.way_out();
            let error = error.to_string();
            let error = visible_line(&error);
            format!("  {BAD}failed   {BAD:#} {address}: {error}\n            {way_out}")
        }
        Outcome::Stale { message, .. } => {
            format!("  {BAD}stale    {BAD:#} {address}: {message}; nothing was written")
        }
        Outcome::Skipped { because_of } => {
            let because_of = because_of.to_string();
            let because_of = visible_line(&because_of);
            format!("  {QUIET}skipped   {address}: it needs {because_of}{QUIET:#}")
        }
        Outcome::Stopped => format!("  {QUIET}not begun {address}{QUIET:#}"),
    }
}
