//! A plan whose texts do nothing to the terminal that shows them.

use std::borrow::Cow;

use trailwarden_spec::Address;
use trailwarden_spec::compare::{Change, Shown};
use trailwarden_spec::visible::{visible, visible_line};

use crate::plan::Plan;

/// The plan with all its texts made visible. What is quoted when it is shown is escaped there.
pub(super) fn plan(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    for step in &mut plan.steps {
        address(&mut step.address);
        step.origin.iter_mut().for_each(line);
        changes(&mut step.changes);
        step.kept.iter_mut().for_each(line);
        let texts = step.blinds.iter_mut().chain(&mut step.restores);
        texts.chain(&mut step.lasts).for_each(line);
    }
    for refusal in &mut plan.refusals {
        address(&mut refusal.address);
        line(&mut refusal.message);
        refusal.origin.iter_mut().for_each(line);
        changes(&mut refusal.changes);
    }
    for item in &mut plan.attention {
        item.address.iter_mut().for_each(address);
        line(&mut item.message);
    }
    for note in &mut plan.notes {
        address(&mut note.address);
        line(&mut note.message);
    }
    plan
}

pub(super) fn line(text: &mut String) {
    if let Cow::Owned(escaped) = visible_line(text) {
        *text = escaped;
    }
}

pub(super) fn address(address: &mut Address) {
    line(&mut address.name);
}

/// The values of changes made visible; only what is shown in lines keeps its line breaks.
pub(super) fn changes(changes: &mut [Change]) {
    for shown in changes
        .iter_mut()
        .flat_map(|change| [&mut change.before, &mut change.after])
    {
        match shown {
            Shown::Lines(text) => {
                if let Cow::Owned(escaped) = visible(text) {
                    *text = escaped;
                }
            }
            Shown::Plain(text) => line(text),
            Shown::List(items) => items.iter_mut().for_each(line),
            Shown::Map(map) => {
                *map = std::mem::take(map)
                    .into_iter()
                    .map(|(key, value)| (visible_line(&key).into_owned(), value))
                    .collect();
            }
            Shown::Absent | Shown::Text(_) => {}
        }
    }
}
