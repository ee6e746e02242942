use std::fmt::Write;

use super::{in_a_line, visible};
use crate::chain::{LinkState, Proof, Verdict};

/// The proof as Markdown: a table of all alarms, and below it what does not hold.
#[must_use]
pub fn markdown(proof: &Proof) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_proof(&mut out, &visible(proof));
    out
}

fn write_proof(out: &mut String, proof: &Proof) -> std::fmt::Result {
    let scope = &proof.scope;
    writeln!(
        out,
        "## Status of `{}` in {}, {}\n\n{}.\n",
        cell(&proof.stack),
        scope.account,
        scope.region,
        in_a_line(proof)
    )?;
    writeln!(
        out,
        "| alarm | reaches | first broken link | way out |\n| --- | --- | --- | --- |"
    )?;
    for chain in &proof.chains {
        let whom: Vec<String> = chain
            .told
            .iter()
            .map(|told| format!("{} {}", told.protocol, cell(&told.endpoint)))
            .collect();
        let (first, fix) = match chain.first_broken() {
            Some(link) => (
                format!(
                    "**{}** {}: {}",
                    link.kind.in_words(),
                    cell(&link.name),
                    cell(&link.message)
                ),
                link.fix.as_deref().map(cell).unwrap_or_default(),
            ),
            None => (String::new(), String::new()),
        };
        let reaches = match chain.verdict() {
            Verdict::Broken => "nobody for sure".to_owned(),
            Verdict::Quiet => "nobody, as the spec says".to_owned(),
            Verdict::Waits if whom.is_empty() => "nobody yet".to_owned(),
            Verdict::Waits | Verdict::Reaches => whom.join("<br>"),
        };
        writeln!(out, "| `{}` | {reaches} | {first} | {fix} |", cell(&chain.origin))?;
    }
    let open: Vec<String> = proof
        .chains
        .iter()
        .flat_map(|chain| {
            chain
                .links
                .iter()
                .filter(|link| matches!(link.state, LinkState::Waits | LinkState::Unknown))
                .map(|link| {
                    format!(
                        "- {} {}: {}{}",
                        link.kind.in_words(),
                        cell(&link.name),
                        cell(&link.message),
                        link.fix
                            .as_ref()
                            .map(|fix| format!("; {}", cell(fix)))
                            .unwrap_or_default()
                    )
                })
        })
        .collect();
    let mut once: Vec<String> = Vec::new();
    for line in open {
        if !once.contains(&line) {
            once.push(line);
        }
    }
    if !once.is_empty() {
        writeln!(out, "\n### Open\n\n{}", once.join("\n"))?;
    }
    if !proof.attention.is_empty() {
        writeln!(out, "\n### Attention\n")?;
        for item in &proof.attention {
            match &item.address {
                Some(address) => writeln!(out, "- `{address}`: {}", cell(&item.message))?,
                None => writeln!(out, "- {}", cell(&item.message))?,
            }
        }
    }
    writeln!(out, "\n### Unknown\n")?;
    for unknown in &proof.unknown {
        writeln!(out, "- {unknown}")?;
    }
    Ok(())
}

/// What a cell of a table cannot hold as it is.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ").replace('<', "&lt;")
}
