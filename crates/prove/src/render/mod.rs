//! A proof as people and programs read it.
//!
//! [`text`] carries ANSI styles; whoever prints strips them where they do not belong. [`json`] has a
//! format number, and later versions only add to it. [`markdown`] is for comments and wikis.

mod json;
mod markdown;
mod text;

pub use json::json;
pub use markdown::markdown;
pub use text::text;

use trailwarden_spec::visible::visible_line;

use crate::chain::{LinkState, Proof, Verdict};

/// One line about all chains.
fn in_a_line(proof: &Proof) -> String {
    let summary = proof.summary();
    let all = proof.chains.len();
    if all == 0 {
        return "the spec has no alarms, so that nobody is told of anything".into();
    }
    let alarms = if all == 1 { "alarm" } else { "alarms" };
    let mut parts = vec![format!(
        "{} of {all} {alarms} would reach somebody",
        summary.reaches
    )];
    let mut part = |number: usize, words: &str| {
        if number > 0 {
            parts.push(format!("{number} {words}"));
        }
    };
    part(
        summary.quiet,
        if summary.quiet == 1 {
            "tells nobody, as the spec says"
        } else {
            "tell nobody, as the spec says"
        },
    );
    part(
        summary.waits,
        if summary.waits == 1 {
            "waits for a person"
        } else {
            "wait for a person"
        },
    );
    part(
        summary.broken,
        if summary.broken == 1 {
            "is broken"
        } else {
            "are broken"
        },
    );
    part(summary.unknown, "not wholly known");
    parts.join(", ")
}

/// The ends of all chains that reach somebody, each with how many.
fn reached(proof: &Proof) -> Vec<(String, usize)> {
    let mut ends: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    let working = proof
        .chains
        .iter()
        .filter(|chain| chain.verdict() != Verdict::Broken);
    for chain in working {
        let mut told: Vec<String> = chain
            .told
            .iter()
            .map(|told| format!("{} {}", told.protocol, told.endpoint))
            .collect();
        told.sort();
        told.dedup();
        for end in told {
            *ends.entry(end).or_default() += 1;
        }
    }
    ends.into_iter().collect()
}

fn mark(state: LinkState) -> &'static str {
    match state {
        LinkState::Holds => "ok",
        LinkState::Unknown => "??",
        LinkState::Waits => "..",
        LinkState::Broken => "XX",
    }
}

/// The proof with all its texts on one line each, and without what a terminal acts on.
fn visible(proof: &Proof) -> Proof {
    let mut proof = proof.clone();
    let line = |text: &mut String| *text = visible_line(text).into_owned();
    for chain in &mut proof.chains {
        line(&mut chain.origin);
        line(&mut chain.alarm.name);
        for link in &mut chain.links {
            line(&mut link.name);
            line(&mut link.message);
            link.fix.iter_mut().for_each(line);
        }
        for told in &mut chain.told {
            line(&mut told.topic);
            line(&mut told.endpoint);
        }
    }
    for item in &mut proof.attention {
        item.address
            .iter_mut()
            .for_each(|address| line(&mut address.name));
        line(&mut item.message);
    }
    proof
}
