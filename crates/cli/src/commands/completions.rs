use clap::CommandFactory;

use crate::args::{Args, Completions};
use crate::failure::{Exit, Failure};
use crate::terminal::Terminal;

/// `trailwarden completions`: prints a shell's completion script.
pub(crate) fn run(args: &Completions, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "trailwarden", &mut script);
    terminal.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
