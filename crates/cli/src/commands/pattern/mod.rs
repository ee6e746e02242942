//! `trailwarden pattern`: one module for each of its commands.

mod diff;
mod eval;
mod explain;
mod matches;

use annotate_snippets::Level;
use trailwarden_pattern::Pattern;

use crate::args::{Pattern as Args, PatternCommand};
use crate::failure::{Exit, Failure};
use crate::problems;
use crate::terminal::Terminal;

/// Runs one of the commands on patterns.
pub(crate) fn run(args: &Args, terminal: &Terminal) -> Result<Exit, Failure> {
    match &args.command {
        PatternCommand::Explain { pattern, format } => explain::run(pattern, *format, terminal),
        PatternCommand::Match {
            pattern,
            files,
            count,
        } => matches::run(pattern, files, *count, terminal),
        PatternCommand::Eval { jsonl: _ } => eval::run(terminal),
        PatternCommand::Diff { a, b, format } => diff::run(a, b, *format, terminal),
    }
}

/// Reads a pattern of the command line.
pub(crate) fn parse(text: &str) -> Result<Pattern, Failure> {
    Pattern::parse(text).map_err(|found| {
        let mut message = problems::draw_pattern(found.as_slice(), text, Level::ERROR);
        let count = found.as_slice().len();
        let plural = if count == 1 { "problem" } else { "problems" };
        message.push_str(&format!(
            "{count} {plural} in the pattern: CloudWatch Logs would refuse it\n"
        ));
        Failure {
            exit: Exit::BadSpec,
            message,
            help: None,
            drawn: true,
        }
    })
}

/// A problem for programs.
fn json(problem: &trailwarden_pattern::Problem) -> serde_json::Value {
    let mut json = serde_json::json!({
        "code": problem.code.as_str(),
        "message": problem.message,
        "start": problem.span.start,
        "end": problem.span.end,
    });
    if let Some(help) = &problem.help {
        json["help"] = help.as_str().into();
    }
    if let Some(suggestion) = &problem.suggestion {
        let (start, end) = (suggestion.span.start, suggestion.span.end);
        json["suggestion"] = serde_json::json!({ "start": start, "end": end, "text": suggestion.text });
    }
    json
}
