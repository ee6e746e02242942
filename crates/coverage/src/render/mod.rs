//! A coverage as people and programs read it.
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

use crate::Coverage;

/// The coverage without control characters: names of a spec may have them.
fn visible(coverage: &Coverage) -> Coverage {
    let mut coverage = coverage.clone();
    let line = |text: &mut String| *text = visible_line(text).to_string();
    for control in coverage.standards.iter_mut().flat_map(|one| &mut one.controls) {
        control.by.iter_mut().for_each(line);
        for reason in &mut control.reasons {
            line(&mut reason.message);
            reason.origin.iter_mut().for_each(line);
        }
    }
    coverage
}
