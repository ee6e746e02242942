use annotate_snippets::Level;
use serde_json::{Value, json};
use trailwarden_diff::render::visible;
use trailwarden_pattern::{Form, Pattern};

use super::parse;
use crate::args::Format;
use crate::failure::{Exit, Failure};
use crate::problems;
use crate::terminal::Terminal;

/// `trailwarden pattern explain`: what AWS reads in a pattern.
pub(crate) fn run(text: &str, format: Format, terminal: &Terminal) -> Result<Exit, Failure> {
    if format == Format::Json {
        return as_json(text, terminal);
    }
    let pattern = parse(text)?;
    let form = match pattern.form() {
        Form::Json(_) => "a JSON pattern",
        Form::Delimited(_) => "a space-delimited pattern",
        Form::Terms(_) => "a pattern of terms",
    };
    let chars = text.chars().count();
    let lints = pattern.lints();
    let mut out = format!(
        "{}\n\n{form}, {chars} of {} characters; it matches\n\n{}\n",
        visible(text),
        Pattern::MOST_CHARS,
        indented(&visible(&pattern.explain()))
    );
    if lints.is_empty() {
        out.push_str("Nothing looks wrong with it.\n");
    } else {
        out.push_str(&problems::draw_pattern(&lints, text, Level::WARNING));
        let plural = if lints.len() == 1 { "warning" } else { "warnings" };
        out.push_str(&format!("{} {plural}\n", lints.len()));
    }
    terminal.print(&out)?;
    Ok(Exit::Done)
}

fn as_json(text: &str, terminal: &Terminal) -> Result<Exit, Failure> {
    let list =
        |problems: &[trailwarden_pattern::Problem]| -> Value { problems.iter().map(super::json).collect() };
    let (json, exit) = match Pattern::parse(text) {
        Ok(pattern) => {
            let form = match pattern.form() {
                Form::Json(_) => "json",
                Form::Delimited(_) => "delimited",
                Form::Terms(_) => "terms",
            };
            let json = json!({
                "format": 1,
                "pattern": text,
                "form": form,
                "canonical": pattern.canonical(),
                "errors": [],
                "warnings": list(&pattern.lints()),
            });
            (json, Exit::Done)
        }
        Err(problems) => {
            let json =
                json!({ "format": 1, "pattern": text, "errors": list(problems.as_slice()), "warnings": [] });
            (json, Exit::BadSpec)
        }
    };
    terminal.print(&format!("{json:#}\n"))?;
    Ok(exit)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
