use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::{in_a_line, mark, reached, visible};
use crate::chain::{Chain, Link, LinkState, Proof, Verdict};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const OPEN: Style = AnsiColor::Yellow.on_default();
const QUIET: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// The proof for people: an alarm a line, and below it the links that do not hold, or `all`.
#[must_use]
pub fn text(proof: &Proof, all: bool) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_proof(&mut out, &visible(proof), all);
    out
}

fn write_proof(out: &mut String, proof: &Proof, all: bool) -> std::fmt::Result {
    let scope = &proof.scope;
    writeln!(
        out,
        "Stack {BOLD}{}{BOLD:#} in account {}, {}\n",
        proof.stack, scope.account, scope.region
    )?;
    for chain in &proof.chains {
        write_chain(out, chain, all)?;
    }
    if !proof.attention.is_empty() {
        writeln!(out, "\n{OPEN}Attention{OPEN:#}: beside the chains")?;
        for item in &proof.attention {
            match &item.address {
                Some(address) => writeln!(out, "  {OPEN}!{OPEN:#} {address}: {}", item.message)?,
                None => writeln!(out, "  {OPEN}!{OPEN:#} {}", item.message)?,
            }
        }
    }
    writeln!(out, "\nUnknown: what no API tells")?;
    for unknown in &proof.unknown {
        writeln!(out, "  {QUIET}{unknown}{QUIET:#}")?;
    }
    writeln!(out)?;
    let ends = reached(proof);
    for (end, chains) in &ends {
        let alarms = if *chains == 1 { "alarm" } else { "alarms" };
        writeln!(out, "  {end} hears of {chains} {alarms}")?;
    }
    let style = match proof.verdict() {
        Verdict::Broken => BAD,
        Verdict::Waits => OPEN,
        _ => GOOD,
    };
    writeln!(out, "{style}Status:{style:#} {}.", in_a_line(proof))
}

fn write_chain(out: &mut String, chain: &Chain, all: bool) -> std::fmt::Result {
    let (style, word) = match chain.verdict() {
        Verdict::Broken => (BAD, "broken"),
        Verdict::Waits => (OPEN, "waits"),
        Verdict::Quiet => (GOOD, "quiet"),
        Verdict::Reaches => (GOOD, "reaches"),
    };
    write!(
        out,
        "{style}{word}{style:#} {BOLD}{}{BOLD:#} {QUIET}{}{QUIET:#}",
        chain.origin, chain.alarm
    )?;
    let whom: Vec<String> = chain.told.iter().map(|told| told.endpoint.clone()).collect();
    match whom.is_empty() || chain.verdict() == Verdict::Broken {
        true => writeln!(out)?,
        false => writeln!(out, "  {}", whom.join(", "))?,
    }
    let first = chain.first_broken();
    let shown = chain
        .links
        .iter()
        .filter(|link| all || link.state != LinkState::Holds);
    for link in shown {
        write_link(out, link, first)?;
    }
    Ok(())
}

fn write_link(out: &mut String, link: &Link, first: Option<&Link>) -> std::fmt::Result {
    let is_first = first == Some(link);
    let style = match link.state {
        LinkState::Holds => GOOD,
        LinkState::Broken if is_first => BAD,
        LinkState::Broken | LinkState::Waits => OPEN,
        LinkState::Unknown => QUIET,
    };
    writeln!(
        out,
        "  {style}{}{style:#} {} {}: {}",
        mark(link.state),
        link.kind.in_words(),
        link.name,
        link.message
    )?;
    // What is behind the first broken link may mend itself with it.
    let mends = is_first || link.state == LinkState::Waits || first.is_none();
    if let (Some(fix), true) = (&link.fix, mends) {
        writeln!(out, "     {BOLD}->{BOLD:#} {fix}")?;
    }
    Ok(())
}
