use std::fs::File;
use std::path::{Path, PathBuf};

use anstyle::{AnsiColor, Style};
use tokio::net::TcpListener;
use trailwarden_diff::render::visible;
use trailwarden_sandbox::{PlayError, Played, Sandbox as Account, SandboxError};

use crate::args::{Global, Sandbox, SandboxCommand};
use crate::failure::{Exit, Failure};
use crate::terminal::Terminal;

const DEFAULT_FILE: &str = ".trailwarden/sandbox.json";

const BANNER: Style = AnsiColor::Magenta.on_default().bold();

/// Opens the account in a file and says that no AWS account is touched.
pub(crate) fn open(file: &Path, account: &str, terminal: &Terminal) -> Result<Account, Failure> {
    let name = file.display();
    terminal.say(&format!(
        "{BANNER}sandbox{BANNER:#} {name}: an account in a file, not AWS\n"
    ));
    Account::open(file, account).map_err(|error| unusable(&error))
}

/// `trailwarden sandbox`: the account in a file, for other programs.
pub(crate) async fn run(global: &Global, args: &Sandbox, terminal: &Terminal) -> Result<Exit, Failure> {
    let file = global
        .sandbox
        .clone()
        .unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    match &args.command {
        SandboxCommand::Serve { port, account } => serve(&file, *port, account, terminal).await,
        SandboxCommand::Play { files, account } => {
            play(&open(&file, account, terminal)?, files, account, terminal)
        }
        SandboxCommand::Clock { advance, set, real } => {
            // Whose account it is does not matter for the clock.
            let sandbox = open(&file, "123456789012", terminal)?;
            match (advance, set, real) {
                (Some(by), _, _) => sandbox.advance_time(*by).await,
                (_, Some(to), _) => sandbox.set_time(*to).await,
                (_, _, true) => sandbox.unset_time().await,
                _ => Ok(()),
            }
            .map_err(|error| unusable(&error))?;
            let time = sandbox.time().map_err(|error| unusable(&error))?;
            let time = jiff::Timestamp::try_from(time)
                .map_or_else(|error| error.to_string(), |at| format!("{at:.0}"));
            terminal.print(&format!("{time}\n"))?;
            Ok(Exit::Done)
        }
        SandboxCommand::Lag { set, off } => {
            // Nor for the lag.
            let sandbox = open(&file, "123456789012", terminal)?;
            match (set, off) {
                (Some(by), _) => sandbox.set_lag(*by),
                (None, true) => sandbox.set_lag(std::time::Duration::ZERO),
                (None, false) => Ok(()),
            }
            .map_err(|error| unusable(&error))?;
            let by = sandbox.lag().map_err(|error| unusable(&error))?;
            let stands = sandbox.clock_stands().map_err(|error| unusable(&error))?;
            let by = jiff::SignedDuration::try_from(by)
                .map_or_else(|error| error.to_string(), |by| format!("{by:#}"));
            terminal.print(&format!("{by}\n"))?;
            if stands && set.is_some() {
                terminal.say(&format!(
                    "the account's clock stands, so what is written is not seen before \
                     `trailwarden sandbox clock --advance {by}`\n"
                ));
            }
            Ok(Exit::Done)
        }
    }
}

/// What the clock of an account in a file shows.
pub(crate) fn time(file: &Path, account: &str) -> Result<std::time::SystemTime, Failure> {
    let opened = Account::open(file, account).and_then(|sandbox| sandbox.time());
    opened.map_err(|error| unusable(&error))
}

/// Says that the account's file cannot be used.
pub(crate) fn unusable(error: &SandboxError) -> Failure {
    let cause = std::error::Error::source(error)
        .map(|cause| format!(": {cause}"))
        .unwrap_or_default();
    Failure::new(Exit::Failed, format!("{error}{cause}"))
        .help("`--sandbox=FILE` names another file; one that is not there is an empty account")
}

fn play(sandbox: &Account, files: &[PathBuf], account: &str, terminal: &Terminal) -> Result<Exit, Failure> {
    for file in files {
        let failed = |error: PlayError| {
            let cause = std::error::Error::source(&error)
                .map(|cause| format!(": {cause}"))
                .unwrap_or_default();
            Failure::new(
                Exit::Failed,
                format!("cannot play `{}`: {error}{cause}", file.display()),
            )
        };
        let input = File::open(file).map_err(|error| failed(error.into()))?;
        let played = sandbox.play(input).map_err(failed)?;
        terminal.print(&visible(&told(file, &played, account)))?;
    }
    Ok(Exit::Done)
}

/// What became of a file's records, in lines.
fn told(file: &Path, played: &Played, account: &str) -> String {
    let mut text = format!(
        "{}: {}, {} taken\n",
        file.display(),
        records(played.records),
        played.taken
    );
    for to in &played.deliveries {
        text += &format!("  trail {}: {} selected", to.trail, to.selected);
        if to.selected > 0 {
            text += &match &to.to_bucket {
                Ok(count) => format!("; {count} to bucket {}", to.bucket),
                Err(why) => format!("; none to bucket {}: {why}", to.bucket),
            };
        }
        if let (Some(group), true) = (&to.log_group, to.selected > 0) {
            text += &match &to.to_log_group {
                Ok(count) if *count < to.selected => {
                    format!("; {count} to log group {group}, the others are over 256 KB")
                }
                Ok(count) => format!("; {count} to log group {group}"),
                Err(why) => format!("; none to log group {group}: {why}"),
            };
        }
        text.push('\n');
    }
    for trail in &played.idle {
        text += &format!("  trail {trail}: its logging is off\n");
    }
    if played.deliveries.is_empty() && played.idle.is_empty() {
        text += &format!("  the account {account} has no trail\n");
    }
    for (number, why) in &played.skipped {
        text += &format!("  record {number} skipped: {why}\n");
    }
    text
}

fn records(count: usize) -> String {
    match count {
        1 => "1 record".to_owned(),
        count => format!("{count} records"),
    }
}

async fn serve(file: &Path, port: u16, account: &str, terminal: &Terminal) -> Result<Exit, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(
            Exit::Failed,
            format!("cannot listen on 127.0.0.1:{port}: {error}"),
        )
        .help("choose another port with `--port`, or 0 to let the system choose")
    };
    let sandbox = open(file, account, terminal)?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    // The first line is for programs that started this one.
    terminal.print(&format!("http://{address}\n"))?;
    terminal.say(&format!(
        "Point any AWS client here: AWS_ENDPOINT_URL=http://{address} AWS_ACCESS_KEY_ID={account} \
         AWS_SECRET_ACCESS_KEY=sandbox\nThe access key id is the account. Ctrl-C ends.\n"
    ));
    sandbox
        .serve(listener, std::future::pending())
        .await
        .map_err(failed)?;
    Ok(Exit::Done)
}
