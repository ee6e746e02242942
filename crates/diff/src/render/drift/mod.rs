//! A drift as people and programs read it.

mod json;
mod markdown;
mod text;

pub use json::drift_json;
pub use markdown::drift_markdown;
pub use text::drift_text;

use trailwarden_spec::compare::{Change, Shown};
use trailwarden_spec::evidence::Changed;
use trailwarden_spec::wanted::{Date, Waiver};

use super::visible::{address, changes, line};
use crate::drift::{Drift, History, Item, Severity, WaiverState, What};

/// The most of an object's calls that people are shown.
const CALLS: usize = 3;

/// The drift with all its texts made visible.
fn visible(drift: &Drift) -> Drift {
    let mut drift = drift.clone();
    let waiver = |waiver: &mut Waiver| {
        for text in [&mut waiver.written, &mut waiver.owner, &mut waiver.reason] {
            line(text);
        }
    };
    for item in &mut drift.items {
        address(&mut item.address);
        item.origin.iter_mut().for_each(line);
        line(&mut item.effect);
        item.refusal.iter_mut().for_each(|(_, message)| line(message));
        changes(&mut item.changes);
        item.partly.iter_mut().for_each(waiver);
        match &mut item.waiver {
            WaiverState::None => {}
            WaiverState::Waived(all) | WaiverState::Expired(all) => all.iter_mut().for_each(waiver),
        }
        match &mut item.history {
            History::NotAsked | History::NotLookedUp => {}
            History::Unknown(why) => line(why),
            History::Known(calls) => calls.iter_mut().for_each(|call| {
                line(&mut call.by);
                line(&mut call.event);
                call.source_ip.iter_mut().for_each(line);
            }),
        }
    }
    drift.idle.iter_mut().for_each(waiver);
    for item in &mut drift.attention {
        item.address.iter_mut().for_each(address);
        line(&mut item.message);
    }
    for note in &mut drift.notes {
        address(&mut note.address);
        line(&mut note.message);
    }
    drift
}

/// What an object's difference does, with whom it concerns: "blinds 4 rules".
fn headline(drift: &Drift, item: &Item) -> String {
    match item.severity {
        Severity::Cosmetic => "cosmetic".into(),
        Severity::Blinds | Severity::Weakens => {
            let verb = if item.severity == Severity::Blinds {
                "blinds"
            } else {
                "weakens"
            };
            match drift.in_words(&item.concerns) {
                Some(whom) => format!("{verb} {whom}"),
                None => verb.into(),
            }
        }
    }
}

fn what(what: What) -> &'static str {
    match what {
        What::Changed => "changed",
        What::Missing => "missing",
        What::Surplus => "surplus",
        What::Refused => "refused",
    }
}

/// A change from what the spec says to what the account has: the way the account went.
fn turned(change: &Change) -> Change {
    Change {
        field: change.field,
        before: change.after.clone(),
        after: change.before.clone(),
        verdict: change.verdict,
    }
}

/// Text of which only lines are compared is none for a line of its own.
fn one_line(shown: &Shown) -> String {
    super::text::one_line(shown)
}

/// Who changed it, a line each.
fn who(history: &History) -> Vec<String> {
    match history {
        History::NotAsked => Vec::new(),
        History::NotLookedUp => vec!["not looked up: too many objects differ; `--all` asks for all".into()],
        History::Unknown(why) => vec![format!("not known: {why}")],
        History::Known(calls) if calls.is_empty() => {
            vec!["not known: the event history of 90 days holds no such call; it hears of one after some minutes".into()]
        }
        History::Known(calls) => calls.iter().take(CALLS).map(call).collect(),
    }
}

fn call(call: &Changed) -> String {
    let from = call
        .source_ip
        .as_ref()
        .map(|ip| format!(" from {ip}"))
        .unwrap_or_default();
    format!("{} {} by {}{from}", moment(call.at), call.event, call.by)
}

/// A moment as AWS writes it.
fn moment(seconds: i64) -> String {
    let of_day = seconds.rem_euclid(86_400);
    format!(
        "{}T{:02}:{:02}:{:02}Z",
        Date::of(seconds),
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60
    )
}

/// What is said of a waiver.
fn waived(waiver: &Waiver) -> String {
    format!(
        "waived by {} until {}: {}",
        waiver.owner, waiver.expires, waiver.reason
    )
}

/// What is said of a waiver that holds for some of what differs.
fn partly(waiver: &Waiver) -> String {
    let fields: Vec<String> = waiver.fields.iter().map(|field| format!("`{field}`")).collect();
    format!("{} {}", fields.join(", "), waived(waiver))
}

/// What is said of a waiver whose day is over.
fn expired(waiver: &Waiver) -> String {
    format!(
        "the waiver of {} expired on {}: {}",
        waiver.owner, waiver.expires, waiver.reason
    )
}

/// What is said of a waiver for which there is no difference.
fn idle(drift: &Drift, waiver: &Waiver) -> String {
    let over = if drift.today > waiver.expires {
        ", and it has expired"
    } else {
        ""
    };
    format!(
        "`{}`: nothing that it is about differs{over}; the waiver of {} until {} can be taken away",
        waiver.written, waiver.owner, waiver.expires
    )
}
