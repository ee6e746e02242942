use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::visible;
use crate::{Code, Control, Coverage, Covered, Verdict};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const OPEN: Style = AnsiColor::Yellow.on_default();
const QUIET: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// The coverage for people: of each standard what is met in a line, and what is not, with the reasons.
#[must_use]
pub fn text(coverage: &Coverage) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_coverage(&mut out, &visible(coverage));
    out
}

fn write_coverage(out: &mut String, coverage: &Coverage) -> std::fmt::Result {
    writeln!(
        out,
        "What the spec of stack {BOLD}{}{BOLD:#} covers in account {}, {}, once it is applied",
        coverage.stack, coverage.account, coverage.region
    )?;
    for covered in &coverage.standards {
        write_standard(out, covered)?;
    }
    writeln!(out)?;
    for covered in coverage.standards.iter().filter(|covered| covered.required) {
        let (style, word) = match covered.is_met() {
            true => (GOOD, "met"),
            false => (BAD, "not met"),
        };
        writeln!(out, "{}: {style}{word}{style:#}.", covered.standard.as_str())?;
    }
    Ok(())
}

fn write_standard(out: &mut String, covered: &Covered) -> std::fmt::Result {
    let (met, all) = (covered.met(), covered.controls.len());
    let style = if met == all { GOOD } else { OPEN };
    writeln!(
        out,
        "\n{BOLD}{}{BOLD:#}  {}: {style}{met} of {all}{style:#}",
        covered.standard.as_str(),
        covered.standard.title()
    )?;
    let is_met = |verdict| verdict == Verdict::Met;
    let ids: Vec<&str> = covered
        .controls
        .iter()
        .filter(|control| is_met(control.verdict))
        .map(|control| control.id.as_str())
        .collect();
    if !ids.is_empty() {
        write_list(out, &format!("  {GOOD}met{GOOD:#}      "), &ids)?;
    }
    let bare = |control: &&Control| control.reasons.iter().all(|reason| reason.code == Code::NoFilter);
    let open = covered.controls.iter().filter(|control| !is_met(control.verdict));
    let (bare, others): (Vec<&Control>, Vec<&Control>) = open.partition(bare);
    for control in others {
        let (style, word) = match control.verdict {
            Verdict::Unknown => (OPEN, "unknown"),
            _ => (BAD, "not met"),
        };
        writeln!(
            out,
            "  {style}{word}{style:#}  {BOLD}{}{BOLD:#}  {}",
            control.id, control.title
        )?;
        for reason in &control.reasons {
            match &reason.origin {
                Some(origin) => writeln!(out, "           {origin}: {}", reason.message)?,
                None => writeln!(out, "           {}", reason.message)?,
            }
        }
    }
    if !bare.is_empty() {
        let ids: Vec<&str> = bare.iter().map(|control| control.id.as_str()).collect();
        write_list(out, &format!("  {BAD}not met{BAD:#}  "), &ids)?;
        writeln!(
            out,
            "           no filter of the spec is about these; `[pack.cis]` has them"
        )?;
    }
    Ok(())
}

/// Names of controls, in lines that are not too long.
fn write_list(out: &mut String, head: &str, ids: &[&str]) -> std::fmt::Result {
    const WIDTH: usize = 100;
    let mut line = String::new();
    let mut head = head.to_owned();
    for (at, id) in ids.iter().enumerate() {
        let end = if at + 1 == ids.len() { "" } else { ", " };
        if !line.is_empty() && line.len() + id.len() > WIDTH {
            writeln!(out, "{head}{QUIET}{}{QUIET:#}", line.trim_end())?;
            head = " ".repeat(11);
            line.clear();
        }
        line += id;
        line += end;
    }
    writeln!(out, "{head}{QUIET}{}{QUIET:#}", line.trim_end())
}
