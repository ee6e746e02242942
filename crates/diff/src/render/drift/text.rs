use std::fmt::Write;

use super::super::lines;
use super::super::text::{ADD, BOLD, CHANGE, LOUD, QUIET, REMOVE};
use super::{expired, headline, idle, one_line, partly, turned, visible, waived, what, who};
use crate::drift::{Drift, Item, Severity, WaiverState};

/// The drift for people, the worst first. It carries ANSI styles, like [`text`](super::super::text()).
#[must_use]
pub fn drift_text(drift: &Drift) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_drift(&mut out, &visible(drift));
    out
}

fn write_drift(out: &mut String, drift: &Drift) -> std::fmt::Result {
    let scope = &drift.scope;
    writeln!(
        out,
        "Drift of {BOLD}{}{BOLD:#} in account {}, {}",
        drift.stack, scope.account, scope.region
    )?;
    if drift.items.iter().any(|item| !item.changes.is_empty()) {
        writeln!(
            out,
            "{QUIET}Fields: {QUIET:#}{REMOVE}as the spec says{REMOVE:#} -> {ADD}as the account has it{ADD:#}"
        )?;
    }
    for item in &drift.items {
        writeln!(out)?;
        write_item(out, drift, item)?;
    }
    if !drift.attention.is_empty() {
        writeln!(out, "\n{CHANGE}Attention{CHANGE:#}: what no plan can repair")?;
        for item in &drift.attention {
            match &item.address {
                Some(address) => writeln!(out, "  {CHANGE}!{CHANGE:#} {address}: {}", item.message)?,
                None => writeln!(out, "  {CHANGE}!{CHANGE:#} {}", item.message)?,
            }
        }
    }
    if !drift.notes.is_empty() || !drift.idle.is_empty() {
        writeln!(out, "\nNotes")?;
    }
    for note in &drift.notes {
        writeln!(out, "  {QUIET}{}: {}{QUIET:#}", note.address, note.message)?;
    }
    for waiver in &drift.idle {
        writeln!(out, "  {QUIET}waiver {}{QUIET:#}", idle(drift, waiver))?;
    }
    let line = drift.in_a_line();
    let mut first = line.chars();
    let line: String = first
        .next()
        .map(|c| c.to_uppercase().chain(first).collect())
        .unwrap_or_default();
    let style = match (drift.is_empty(), drift.summary().blinds) {
        (true, _) => ADD,
        (false, 0) => CHANGE,
        (false, _) => LOUD,
    };
    let unchanged = drift.unchanged;
    let objects = if unchanged == 1 {
        "object is"
    } else {
        "objects are"
    };
    writeln!(
        out,
        "\n{style}{line}.{style:#} {unchanged} {objects} as the spec says."
    )
}

fn write_item(out: &mut String, drift: &Drift, item: &Item) -> std::fmt::Result {
    let style = match (item.is_waived(), item.severity) {
        (true, _) | (_, Severity::Cosmetic) => QUIET,
        (_, Severity::Weakens) => CHANGE,
        (_, Severity::Blinds) => LOUD,
    };
    let origin = item
        .origin
        .as_ref()
        .map(|origin| format!("  {QUIET}# {origin}{QUIET:#}"))
        .unwrap_or_default();
    let head = headline(drift, item);
    let head = if item.is_waived() {
        format!("(waived) {head}")
    } else {
        head
    };
    writeln!(
        out,
        "  {style}{head}{style:#}: {BOLD}{}{BOLD:#} {}{origin}",
        item.address,
        what(item.what)
    )?;
    writeln!(out, "      {}", item.effect)?;
    for change in item.changes.iter().map(turned) {
        if lines::is_long(&change) {
            writeln!(out, "      {}:", change.field)?;
            lines::write(out, &change, false)?;
        } else {
            let (spec, account) = (one_line(&change.before), one_line(&change.after));
            let field = change.field;
            writeln!(
                out,
                "      {field}: {REMOVE}{spec}{REMOVE:#} -> {ADD}{account}{ADD:#}"
            )?;
        }
    }
    for line in who(&item.history) {
        writeln!(out, "      who: {line}")?;
    }
    if let Some((_, message)) = item
        .refusal
        .as_ref()
        .filter(|(_, message)| *message != item.effect)
    {
        writeln!(out, "      a plan refuses it: {message}")?;
    }
    for waiver in &item.partly {
        writeln!(out, "      {}", partly(waiver))?;
    }
    match &item.waiver {
        WaiverState::None => {}
        WaiverState::Waived(waivers) => {
            for waiver in waivers {
                writeln!(out, "      {}", waived(waiver))?;
            }
        }
        WaiverState::Expired(waivers) => {
            for waiver in waivers {
                writeln!(out, "      {LOUD}! {}{LOUD:#}", expired(waiver))?;
            }
        }
    }
    Ok(())
}
