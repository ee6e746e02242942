//! The table of permissions knows every call that this crate makes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .collect()
}

/// The texts between quotes after each `Api::read(` and `Api::write(`.
fn calls(text: &str) -> Vec<String> {
    let after = ["Api::read(\"", "Api::write(\""]
        .into_iter()
        .flat_map(|call| text.split(call).skip(1));
    after
        .map(|rest| {
            let mut quoted = rest.split('"');
            let service = quoted.next().unwrap();
            let name = quoted.nth(1).unwrap();
            format!("{service}:{name}")
        })
        .collect()
}

#[test]
fn every_call_has_its_permission() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut missing: Vec<String> = Vec::new();
    let mut count = 0;
    for file in sources(&folder) {
        let text = fs::read_to_string(&file).unwrap();
        // Tests of the door make up calls of their own.
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        // rustfmt may put the texts on lines of their own.
        let text: String = text
            .replace('\n', " ")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .replace("( ", "(");
        for call in calls(&text) {
            count += 1;
            if !trailwarden_account::covers(&call) {
                missing.push(call);
            }
        }
    }
    assert!(count > 40, "{count}");
    assert!(
        missing.is_empty(),
        "crates/account/src/permissions.rs lacks {missing:?}"
    );
}
