//! The `trailwarden` command: arguments in, output and an exit code out.
//!
//! Everything that decides lives in the crates below; this one reads files, opens connections,
//! wires the others together and talks to people. One place prints ([`terminal`]), one place
//! exits ([`main`]).

mod args;
mod commands;
mod connect;
mod events;
mod failure;
mod load;
mod named;
mod problems;
mod progress;
mod sealed;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use failure::{Exit, Failure};
use terminal::Terminal;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // `--help` and `--version` come this way, too; clap knows the stream of each.
            let usage = error.use_stderr();
            return match error.print() {
                Ok(()) if usage => Exit::Usage.into(),
                _ => ExitCode::SUCCESS,
            };
        }
    };
    let terminal = Terminal::new(args.global.color);
    terminal.start_tracing(args.global.verbose);
    // Nothing to wait for: Ctrl-C ends it wherever it is.
    if let Command::Pattern(pattern) = &args.command {
        return ended(&terminal, commands::pattern::run(pattern, &terminal)).into();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal.failure(&Failure::new(Exit::Failed, format!("cannot start: {error}")));
            return Exit::Failed.into();
        }
    };
    let exit = ended(&terminal, runtime.block_on(run(args, &terminal)));
    // A call that hangs must not keep an interrupted command alive.
    runtime.shutdown_background();
    exit.into()
}

/// How a command ended; why it failed is said.
fn ended(terminal: &Terminal, result: Result<Exit, Failure>) -> Exit {
    result.unwrap_or_else(|failure| {
        terminal.failure(&failure);
        failure.exit
    })
}

async fn run(args: Args, terminal: &Terminal) -> Result<Exit, Failure> {
    let Args { global, command } = args;
    match command {
        Command::Apply(apply) => return commands::apply::run(&global, &apply, terminal).await,
        Command::Destroy(destroy) => return commands::destroy::run(&global, &destroy, terminal).await,
        Command::Replay(replay) => return commands::replay::run(&global, &replay, terminal).await,
        Command::Drill(drill) => return commands::drill::run(&global, &drill, terminal).await,
        _ => {}
    }
    // Commands that only read, or whose writes are single calls, may be cut off anywhere.
    tokio::select! {
        biased;
        _ = tokio::signal::ctrl_c() => Ok(Exit::Interrupted),
        result = async {
            match command {
                Command::Check(check) => commands::check::run(&check, terminal),
                Command::Plan(plan) => commands::plan::run(&global, &plan, terminal).await,
                Command::Drift(drift) => commands::drift::run(&global, &drift, terminal).await,
                Command::Status(status) => commands::status::run(&global, &status, terminal).await,
                Command::Notify(notify) => commands::notify::run(&global, &notify, terminal).await,
                Command::Confirm(confirm) => commands::confirm::run(&global, &confirm, terminal).await,
                Command::Resend(resend) => commands::resend::run(&global, &resend, terminal).await,
                Command::Events(events) => commands::events::run(&global, &events, terminal).await,
                Command::Logs(logs) => commands::logs::run(&global, &logs, terminal).await,
                Command::Logging(logging) => commands::trail::logging(&global, &logging, terminal).await,
                Command::Delivery(delivery) => commands::trail::delivery(&global, &delivery, terminal).await,
                Command::Explain(explain) => commands::explain::run(&global, &explain, terminal).await,
                Command::Files(files) => commands::files::run(&global, &files, terminal).await,
                Command::Coverage(coverage) => commands::coverage::run(&coverage, terminal),
                Command::Packs(packs) => commands::packs::run(&packs, terminal),
                Command::Init(init) => commands::init::run(&init, terminal),
                Command::Permissions(permissions) => commands::permissions::run(&permissions, terminal),
                #[cfg(feature = "sandbox")]
                Command::Sandbox(sandbox) => commands::sandbox::run(&global, &sandbox, terminal).await,
                Command::Rules(rules) => commands::rules::run(&rules, terminal),
                Command::Completions(completions) => commands::completions::run(&completions, terminal),
                Command::Apply(_)
                | Command::Destroy(_)
                | Command::Drill(_)
                | Command::Replay(_)
                | Command::Pattern(_) => Ok(Exit::Done),
            }
        } => result,
    }
}
