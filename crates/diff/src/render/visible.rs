//! Names and patterns come from whoever may write them to the account: they must not move the
//! cursor, hide a line or turn text around on a reviewer's terminal.

use std::borrow::Cow;

use trailwarden_spec::Address;
use trailwarden_spec::compare::{Change, Shown};

use crate::plan::Plan;

/// The text with everything that a terminal acts on instead of showing it written as `\u{...}`.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let escaped = text
        .chars()
        .fold(String::with_capacity(text.len() + 16), |mut out, c| {
            if acts(c) {
                out.extend(c.escape_unicode());
            } else {
                out.push(c);
            }
            out
        });
    Cow::Owned(escaped)
}

/// Control characters, line and paragraph separators, and what sets the direction of text or has
/// no width ("Trojan Source", CVE-2021-42574). A line break and a tab do no harm.
fn acts(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The plan with all its texts made visible. What is quoted when it is shown is escaped there.
pub(super) fn plan(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    for step in &mut plan.steps {
        address(&mut step.address);
        step.changes.iter_mut().for_each(change);
        let texts = step.blinds.iter_mut().chain(&mut step.restores);
        texts.chain(&mut step.lasts).for_each(string);
    }
    for refusal in &mut plan.refusals {
        address(&mut refusal.address);
        string(&mut refusal.message);
        refusal.changes.iter_mut().for_each(change);
    }
    for item in &mut plan.attention {
        item.address.iter_mut().for_each(address);
        string(&mut item.message);
    }
    for note in &mut plan.notes {
        address(&mut note.address);
        string(&mut note.message);
    }
    plan
}

fn string(text: &mut String) {
    if let Cow::Owned(escaped) = visible(text) {
        *text = escaped;
    }
}

fn address(address: &mut Address) {
    string(&mut address.name);
}

fn change(change: &mut Change) {
    for shown in [&mut change.before, &mut change.after] {
        match shown {
            Shown::Plain(text) | Shown::Lines(text) => string(text),
            Shown::List(items) => items.iter_mut().for_each(string),
            Shown::Map(map) => {
                *map = std::mem::take(map)
                    .into_iter()
                    .map(|(key, value)| (visible(&key).into_owned(), value))
                    .collect();
            }
            Shown::Absent | Shown::Text(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_shown() {
        assert_eq!(visible("a\u{1b}[2Kb\u{202e}c"), "a\\u{1b}[2Kb\\u{202e}c");
        assert!(matches!(visible("Ünïcode\n\t☃"), Cow::Borrowed(_)));
    }
}
