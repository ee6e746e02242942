use std::fmt::Write;

use super::super::lines;
use super::{expired, headline, idle, one_line, partly, turned, visible, waived, what, who};
use crate::drift::{Drift, Item, WaiverState};

/// Room for the line that says what was left out.
const NOTE: usize = 200;

/// The drift as Markdown, in at most `bytes` bytes: the summary first, then a table, then the details,
/// folded. What does not fit is left out, the least bad first, and counted. Comments on GitHub take 65,536
/// characters, which that many bytes never exceed.
#[must_use]
pub fn drift_markdown(drift: &Drift, bytes: usize) -> String {
    let drift = &visible(drift);
    let scope = &drift.scope;
    let mut page = Page {
        out: format!(
            "## Drift of `{}` in {}, {}\n\n**{}**\n",
            cell(&drift.stack),
            scope.account,
            scope.region,
            cell(&drift.in_a_line())
        ),
        room: bytes.saturating_sub(NOTE),
        left_out: 0,
    };
    if !drift.items.is_empty() {
        page.add("\n| effect | object | is | who |\n| --- | --- | --- | --- |\n");
    }
    let rows = drift.items.iter().map(|item| row(drift, item));
    page.add_all(rows);
    page.add("\n");
    page.add_all(drift.items.iter().map(|item| details(drift, item)));
    let attention = drift.attention.iter().map(|item| match &item.address {
        Some(address) => format!("- `{}`: {}\n", cell(&address.to_string()), cell(&item.message)),
        None => format!("- {}\n", cell(&item.message)),
    });
    if !drift.attention.is_empty() {
        page.add("\n### Attention\n\n");
    }
    page.add_all(attention);
    if !drift.idle.is_empty() {
        page.add("\n### Waivers\n\n");
    }
    page.add_all(
        drift
            .idle
            .iter()
            .map(|waiver| format!("- {}\n", cell(&idle(drift, waiver)))),
    );
    page.finish()
}

/// What is written so far, and how much may be.
struct Page {
    out: String,
    room: usize,
    left_out: usize,
}

impl Page {
    /// Adds a part whole, or not at all.
    fn add(&mut self, part: &str) -> bool {
        let fits = self.left_out == 0 && self.out.len() + part.len() <= self.room;
        if fits {
            self.out.push_str(part);
        }
        fits
    }

    /// Adds parts as long as they fit: after the first that does not, none is, or the order would lie.
    fn add_all(&mut self, parts: impl Iterator<Item = String>) {
        for part in parts {
            if !self.add(&part) {
                self.left_out += 1;
            }
        }
    }

    fn finish(mut self) -> String {
        if self.left_out > 0 {
            let parts = if self.left_out == 1 { "part" } else { "parts" };
            let _ = write!(
                self.out,
                "\n_{} {parts} left out: there is no room. `trailwarden drift` shows everything._\n",
                self.left_out
            );
        }
        self.out
    }
}

fn row(drift: &Drift, item: &Item) -> String {
    let head = headline(drift, item);
    let head = match &item.waiver {
        WaiverState::None => format!("**{head}**"),
        WaiverState::Waived(_) => format!("waived ({head})"),
        WaiverState::Expired(_) => format!("**{head}**, waiver expired"),
    };
    format!(
        "| {head} | `{}` | {}: {} | {} |\n",
        cell(&item.address.to_string()),
        what(item.what),
        cell(&item.effect),
        who(&item.history)
            .first()
            .map(|who| cell(who))
            .unwrap_or_default()
    )
}

fn details(drift: &Drift, item: &Item) -> String {
    let mut body = String::new();
    // Writing to a String cannot fail.
    let _ = write_details(&mut body, item);
    if body.is_empty() {
        return String::new();
    }
    format!(
        "<details><summary><code>{}</code>: {}</summary>\n\n{body}\n</details>\n",
        html(&item.address.to_string()),
        headline(drift, item)
    )
}

fn write_details(body: &mut String, item: &Item) -> std::fmt::Result {
    if let Some((_, message)) = &item.refusal {
        writeln!(body, "- a plan refuses it: {}", cell(message))?;
    }
    let waivers = match &item.waiver {
        WaiverState::None => Vec::new(),
        WaiverState::Waived(waivers) => waivers.iter().map(waived).collect(),
        WaiverState::Expired(waivers) => waivers.iter().map(expired).collect(),
    };
    let in_part: Vec<String> = item.partly.iter().map(partly).collect();
    for line in in_part.iter().chain(&waivers).chain(&who(&item.history)) {
        writeln!(body, "- {}", cell(line))?;
    }
    if item.changes.is_empty() {
        return Ok(());
    }
    let mut diff = String::new();
    for change in item.changes.iter().map(turned) {
        let field = change.field;
        if lines::is_long(&change) {
            writeln!(diff, " {field}:")?;
            let mut styled = String::new();
            lines::write(&mut styled, &change, false)?;
            // The blanks that set a diff off in a terminal would hide its signs here.
            for line in plain(&styled).lines() {
                writeln!(diff, "{}", line.strip_prefix("        ").unwrap_or(line))?;
            }
        } else {
            writeln!(diff, "- {field} = {}", one_line(&change.before))?;
            writeln!(diff, "+ {field} = {}", one_line(&change.after))?;
        }
    }
    let longest = diff.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(3.max(longest + 1));
    if !body.is_empty() {
        writeln!(body)?;
    }
    write!(
        body,
        "The spec (`-`) and the account (`+`):\n\n{fence}diff\n{diff}{fence}\n"
    )
}

/// Text without the styles of a terminal: all that is left of control characters, as the drift is
/// visible already.
fn plain(styled: &str) -> String {
    let mut out = String::with_capacity(styled.len());
    let mut rest = styled;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        out.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    out + rest
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// What a cell of a table cannot hold as it is.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ").replace('<', "&lt;")
}
