use std::collections::BTreeSet;
use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::{in_a_line, mark, reached, visible};
use crate::chain::{Chain, Link, LinkState, Proof, Verdict};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const OPEN: Style = AnsiColor::Yellow.on_default();
const QUIET: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// The proof for people: an alarm a line, with `all` its links below it, and then, each once, what does
/// not hold and for whom.
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
        write_chain(out, chain)?;
        if all {
            for link in &chain.links {
                write_link(out, link, chain.first_broken() == Some(link))?;
            }
        }
    }
    write_findings(out, proof)?;
    if !proof.attention.is_empty() {
        writeln!(out, "\n{OPEN}Attention{OPEN:#}: beside the chains")?;
        for item in &proof.attention {
            match &item.address {
                Some(address) => writeln!(out, "  {OPEN}!{OPEN:#} {address}: {}", item.message)?,
                None => writeln!(out, "  {OPEN}!{OPEN:#} {}", item.message)?,
            }
        }
    }
    writeln!(out, "\nNo API tells")?;
    for unknown in &proof.unknown {
        writeln!(out, "  {QUIET}{unknown}{QUIET:#}")?;
    }
    writeln!(out)?;
    let ends = reached(proof);
    for (end, chains) in &ends {
        let alarms = if *chains == 1 { "alarm" } else { "alarms" };
        writeln!(out, "  {end} hears of {chains} {alarms}")?;
    }
    let style = style_of(proof.verdict());
    writeln!(out, "{style}Status:{style:#} {}.", in_a_line(proof))
}

fn style_of(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Broken => BAD,
        Verdict::Waits => OPEN,
        Verdict::Quiet | Verdict::Reaches => GOOD,
    }
}

/// What comes of one alarm, on a line.
fn write_chain(out: &mut String, chain: &Chain) -> std::fmt::Result {
    let style = style_of(chain.verdict());
    let word = match chain.verdict() {
        Verdict::Broken => "broken ",
        Verdict::Waits => "waits  ",
        Verdict::Quiet => "quiet  ",
        Verdict::Reaches => "reaches",
    };
    let end = match chain.first_broken() {
        Some(link) => format!("at {} {}", link.kind.in_words(), link.name),
        None => {
            let whom: BTreeSet<&str> = chain.told.iter().map(|told| told.endpoint.as_str()).collect();
            whom.into_iter().collect::<Vec<_>>().join(", ")
        }
    };
    let alarm = &chain.alarm.name;
    let line = format!(
        "  {style}{word}{style:#} {BOLD}{}{BOLD:#} {QUIET}{alarm}{QUIET:#}",
        chain.origin
    );
    writeln!(out, "{line}{}{end}", if end.is_empty() { "" } else { "  " })
}

fn write_link(out: &mut String, link: &Link, is_first: bool) -> std::fmt::Result {
    let style = match link.state {
        LinkState::Holds => GOOD,
        LinkState::Broken if is_first => BAD,
        LinkState::Broken | LinkState::Waits => OPEN,
        LinkState::Unknown => QUIET,
    };
    writeln!(
        out,
        "    {style}{}{style:#} {} {}: {}",
        mark(link.state),
        link.kind.in_words(),
        link.name,
        link.message
    )
}

/// What does not hold, each once: the first broken link of a chain with its way out. What is broken
/// behind it is said, too; it matters when the first is mended.
fn write_findings(out: &mut String, proof: &Proof) -> std::fmt::Result {
    let headings = [
        (LinkState::Broken, BAD, "Broken"),
        (LinkState::Waits, OPEN, "Waiting for somebody"),
        (LinkState::Unknown, QUIET, "Not known"),
    ];
    for (state, style, heading) in headings {
        let mut found: Vec<(&Link, Vec<&Chain>)> = Vec::new();
        for chain in &proof.chains {
            for link in chain.links.iter().filter(|link| link.state == state) {
                match found.iter_mut().find(|(known, _)| *known == link) {
                    Some((_, chains)) => chains.push(chain),
                    None => found.push((link, vec![chain])),
                }
            }
        }
        if found.is_empty() {
            continue;
        }
        found.sort_by_key(|(link, _)| link.kind);
        writeln!(out, "\n{style}{heading}{style:#}")?;
        for (link, chains) in found {
            let first = chains.iter().any(|chain| chain.first_broken() == Some(link));
            write_link(out, link, first)?;
            if let Some(fix) = &link.fix {
                writeln!(out, "       {BOLD}->{BOLD:#} {fix}")?;
            }
            let of: Vec<&str> = chains.iter().map(|chain| chain.origin.as_str()).collect();
            let of = match of.len() == proof.chains.len() && of.len() > 1 {
                true => "all".to_owned(),
                false => of.join(", "),
            };
            writeln!(out, "       {QUIET}of {of}{QUIET:#}")?;
        }
    }
    Ok(())
}
