use std::fmt::Write;

use super::visible;
use crate::{Coverage, Covered, Verdict};

/// The coverage as Markdown: a table for each standard.
#[must_use]
pub fn markdown(coverage: &Coverage) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_coverage(&mut out, &visible(coverage));
    out
}

fn write_coverage(out: &mut String, coverage: &Coverage) -> std::fmt::Result {
    writeln!(
        out,
        "## Coverage of `{}` in {}, {}\n\nWhat the spec says, once it is applied.",
        cell(&coverage.stack),
        coverage.account,
        coverage.region
    )?;
    for covered in &coverage.standards {
        write_standard(out, covered)?;
    }
    Ok(())
}

fn write_standard(out: &mut String, covered: &Covered) -> std::fmt::Result {
    writeln!(
        out,
        "\n### {}: {} of {}\n\n| control | what it asks | | by, or why not |\n| --- | --- | --- | --- |",
        covered.standard.title(),
        covered.met(),
        covered.controls.len()
    )?;
    for control in &covered.controls {
        let verdict = match control.verdict {
            Verdict::Met => "met",
            Verdict::Unknown => "unknown",
            Verdict::Unmet => "**not met**",
        };
        let by: Vec<String> = match control.by.as_slice() {
            [first, rest @ ..] if rest.len() > 2 => {
                vec![format!("`{}` and {} more", cell(first), rest.len())]
            }
            all => all.iter().map(|origin| format!("`{}`", cell(origin))).collect(),
        };
        let reasons = control.reasons.iter().map(|reason| match &reason.origin {
            Some(origin) => format!("`{}`: {}", cell(origin), cell(&reason.message)),
            None => cell(&reason.message),
        });
        let why: Vec<String> = by.into_iter().chain(reasons).collect();
        writeln!(
            out,
            "| {} | {} | {verdict} | {} |",
            control.id,
            control.title,
            why.join("<br>")
        )?;
    }
    Ok(())
}

/// A text that a table keeps in its cell.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('|', "\\|")
        .replace('<', "&lt;")
}
