//! docs/packs.md shows what the packs are.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use trailwarden_spec::packs::{Control, Pack, Spelling};

const PAGE: &str = include_str!("../../../../docs/packs.md");

/// The controls of a pack by name, each with the versions that have it.
fn by_name(pack: &Pack) -> Vec<Vec<(&'static str, Control)>> {
    let versions = if pack.versions.is_empty() {
        &[""][..]
    } else {
        pack.versions
    };
    let mut all: Vec<Vec<(&'static str, Control)>> = Vec::new();
    for version in versions {
        for control in pack.controls(version) {
            match all.iter_mut().find(|of| of[0].1.slug == control.slug) {
                Some(of) => of.push((version, control)),
                None => all.push(vec![(version, control)]),
            }
        }
    }
    all
}

/// Something that may be another from version to version, with the versions of each.
fn distinct<'c>(
    of: &'c [(&'static str, Control)],
    what: impl Fn(&'c Control) -> &'c str,
) -> Vec<(Vec<&'static str>, &'c str)> {
    let mut found: Vec<(Vec<&str>, &str)> = Vec::new();
    for (version, control) in of {
        match found.iter_mut().find(|(_, text)| *text == what(control)) {
            Some((versions, _)) => versions.push(version),
            None => found.push((vec![version], what(control))),
        }
    }
    found
}

fn section(pack: &Pack, of: &[(&'static str, Control)]) -> String {
    let (_, first) = &of[0];
    let mut out = format!("### {}\n\n{}.", first.slug, first.title);
    if pack.has_spellings {
        let ids: BTreeMap<&str, Vec<&str>> =
            of.iter().fold(BTreeMap::new(), |mut ids, (version, control)| {
                ids.entry(control.id.as_str()).or_default().push(version);
                ids
            });
        let ids = ids
            .iter()
            .map(|(id, versions)| format!("`{id}` in {}", versions.join(", ")));
        let hub = match first.security_hub {
            Some(number) => format!("CloudWatch.{number}"),
            None => "none".into(),
        };
        let prowler = first.prowler.unwrap_or_default();
        let _ = write!(
            out,
            " {}. Security Hub: {hub}. Prowler: `{prowler}`.",
            ids.collect::<Vec<_>>().join("; ")
        );
    }
    let reason = first.reason;
    let upper = reason[..1].to_uppercase();
    let _ = write!(out, "\n\n{upper}{}.\n", &reason[1..]);
    for spelling in Spelling::ALL {
        if !pack.has_spellings && spelling == Spelling::Auditor {
            continue;
        }
        let texts = distinct(of, |control| control.pattern(spelling));
        for (versions, text) in &texts {
            let mut title = match pack.has_spellings {
                true => spelling.as_str().to_owned(),
                false => "pattern".to_owned(),
            };
            if texts.len() > 1 {
                let _ = write!(title, ", {}", versions.join(", "));
            }
            let _ = write!(out, "\n{title}:\n\n```text\n{text}\n```\n");
        }
    }
    if let Some(narrow) = first.narrow {
        let _ = write!(
            out,
            "\nNarrowed to {}: `&& ({} = \"NAME\")`.\n",
            narrow.in_words(),
            narrow.field()
        );
    }
    if !first.calls.is_empty() {
        out.push_str("\n| call | why |\n| --- | --- |\n");
        for call in first.calls {
            let _ = writeln!(out, "| `{}` | {} |", call.name, call.why);
        }
    }
    out
}

#[test]
fn the_page_shows_every_control_of_every_pack() {
    let mut page = String::new();
    for pack in Pack::ALL {
        let _ = write!(page, "## {}\n\n", pack.name);
        for of in by_name(&pack) {
            let text = section(&pack, &of);
            assert!(
                PAGE.contains(&text),
                "docs/packs.md has not, in the section {}:\n{text}",
                pack.name
            );
            page += &text;
            page.push('\n');
        }
    }
    let count = |text: &str| text.lines().filter(|line| line.starts_with("### ")).count();
    assert_eq!(count(PAGE), count(&page), "sections of docs/packs.md");
    // And in that order.
    let mut at = 0;
    for line in page.lines().filter(|line| line.starts_with("##")) {
        let found = PAGE[at..].find(&format!("{line}\n"));
        at += found.unwrap_or_else(|| panic!("{line} is not where it should be"));
    }
}
