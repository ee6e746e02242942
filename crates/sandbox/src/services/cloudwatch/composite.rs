//! Composite alarms as `PutCompositeAlarm` writes them. They share names, tags and state with metric
//! alarms.

use std::collections::BTreeSet;

use trailwarden_alarm::State as Verdict;
use winterbaume_cloudwatch::wire::PutCompositeAlarmInput;

use super::history::{self, Configured};
use super::{alarms, validate};
use crate::life::{self, notices};
use crate::protocol::Failure;
use crate::route::Call;
use crate::state::{Alarm, AlarmSettings, State};

/// Makes a composite alarm or replaces its configuration; AWS ignores `Tags` on an update.
pub(crate) fn put(state: &mut State, call: &Call, input: PutCompositeAlarmInput) -> Result<(), Failure> {
    let name = input.alarm_name.clone();
    validate::name(&name)?;
    validate::description(input.alarm_description.as_deref())?;
    validate::actions(
        call,
        &[
            ("okActions", &input.o_k_actions),
            ("alarmActions", &input.alarm_actions),
            ("insufficientDataActions", &input.insufficient_data_actions),
        ],
    )?;
    let asked = children(&input.alarm_rule)?;
    let suppressor = input.actions_suppressor.clone().filter(|it| !it.is_empty());
    let periods = [
        input.actions_suppressor_wait_period,
        input.actions_suppressor_extension_period,
    ];
    if suppressor.is_some() != periods.iter().all(Option::is_some)
        || suppressor.is_none() && periods.iter().any(Option::is_some)
    {
        return Err(validate::error(
            "ActionsSuppressor, ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod must be \
             specified together",
        ));
    }
    let region = state.region(&call.account, &call.region);
    let alarms = &mut region.alarms;
    let missing: Vec<&str> = asked
        .iter()
        .chain(&suppressor)
        .map(|name| plain(name))
        .filter(|name| !alarms.contains_key(*name))
        .collect();
    if !missing.is_empty() {
        return Err(validate::error(format!(
            "Could not save the composite alarm as alarms [{}] in the alarm rule do not exist",
            missing.join(", ")
        )));
    }
    // Without a suppressor, nothing is held back.
    let its = suppressor.as_ref().and_then(|it| alarms.get(plain(it)));
    let verdict = its.map_or(Verdict::Ok, life::alarms::verdict);
    let settings = AlarmSettings {
        alarm_description: input.alarm_description,
        actions_enabled: input.actions_enabled.unwrap_or(true),
        ok_actions: input.o_k_actions.unwrap_or_default(),
        alarm_actions: input.alarm_actions.unwrap_or_default(),
        insufficient_data_actions: input.insufficient_data_actions.unwrap_or_default(),
        alarm_rule: Some(input.alarm_rule),
        actions_suppressor: suppressor,
        actions_suppressor_wait_period: periods[0],
        actions_suppressor_extension_period: periods[1],
        ..AlarmSettings::default()
    };
    if let Some(live) = alarms.get_mut(&name) {
        if live.settings.alarm_rule.is_none() {
            return Err(validate::error(format!(
                "An alarm named {name} of another alarm type already exists"
            )));
        }
        // Another suppressor, or other periods: whatever ran is discarded, and what waited is done.
        let suppressed = |it: &AlarmSettings| {
            let wait = it.actions_suppressor_wait_period;
            (
                it.actions_suppressor.clone(),
                wait,
                it.actions_suppressor_extension_period,
            )
        };
        let mut acted = Vec::new();
        if suppressed(&live.settings) != suppressed(&settings)
            && let Some(mut suppression) = live.suppression.take()
        {
            acted = suppression.replace(call.now.div_euclid(1000), verdict);
        }
        live.settings = settings;
        live.configured = call.now;
        history::configured(region, &name, Configured::Updated, call.now);
        for act in acted {
            let place = (call.account.as_str(), call.region.as_str());
            notices::act(state, place, &name, act.state, act.at.saturating_mul(1000));
        }
        return Ok(());
    }
    let mut alarm = Alarm {
        configured: call.now,
        state: "INSUFFICIENT_DATA".to_owned(),
        reason: "Unchecked: Initial alarm creation".to_owned(),
        updated: call.now,
        transitioned: call.now,
        settings,
        ..Alarm::default()
    };
    alarms::add(&mut alarm, input.tags.unwrap_or_default())?;
    alarms.insert(name.clone(), alarm);
    history::configured(region, &name, Configured::Created, call.now);
    Ok(())
}

/// The composite alarm that asks an alarm or is suppressed by it, if there is one.
pub(crate) fn depends<'s>(
    mut alarms: impl Iterator<Item = (&'s String, &'s Alarm)>,
    child: &str,
) -> Option<&'s String> {
    let suppressed = |alarm: &Alarm| alarm.settings.actions_suppressor.as_deref().map(plain) == Some(child);
    alarms
        .find(|(_, alarm)| asks(alarm, child) || suppressed(alarm))
        .map(|(name, _)| name)
}

/// True when the rule of an alarm has another one in it.
pub(crate) fn asks(alarm: &Alarm, child: &str) -> bool {
    let rule = alarm.settings.alarm_rule.as_deref();
    let asked = rule.and_then(|rule| children(rule).ok()).unwrap_or_default();
    asked.iter().any(|name| plain(name) == child)
}

fn plain(name: &str) -> &str {
    match name.split_once(":alarm:") {
        Some((service, name)) if service.starts_with("arn:") => name,
        _ => name,
    }
}

/// The alarms that a rule asks, or what AWS says of one that it cannot read.
fn children(rule: &str) -> Result<BTreeSet<String>, Failure> {
    let length = rule.chars().count();
    if !(1..=10_240).contains(&length) {
        return Err(validate::error(
            "1 validation error detected: Value at 'alarmRule' failed to satisfy constraint: \
             Member must have length between 1 and 10240",
        ));
    }
    let mut reader = Reader {
        words: words(rule),
        at: 0,
        names: BTreeSet::new(),
    };
    let whole = reader.any(0) && reader.at == reader.words.len();
    if !whole {
        return Err(validate::error(format!("AlarmRule is invalid: {rule}")));
    }
    if reader.names.len() > 100 {
        return Err(validate::error(
            "The alarm rule cannot reference more than 100 alarms",
        ));
    }
    Ok(reader.names)
}

/// Parentheses, words, and quoted names with their first quote.
fn words(rule: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = rule.trim_start();
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '(' | ')' => 1,
            '"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            _ => rest
                .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"'))
                .unwrap_or(rest.len()),
        };
        words.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    words
}

struct Reader {
    words: Vec<String>,
    at: usize,
    names: BTreeSet<String>,
}

impl Reader {
    fn takes(&mut self, word: &str) -> bool {
        let there = self.words.get(self.at).is_some_and(|it| it == word);
        self.at += usize::from(there);
        there
    }

    /// Functions joined by operators.
    fn any(&mut self, depth: usize) -> bool {
        if depth > 100 || !self.one(depth) {
            return false;
        }
        while self.takes("AND") || self.takes("OR") {
            if !self.one(depth) {
                return false;
            }
        }
        true
    }

    fn one(&mut self, depth: usize) -> bool {
        while self.takes("NOT") {}
        if self.takes("TRUE") || self.takes("FALSE") {
            return true;
        }
        if self.takes("(") {
            return self.any(depth + 1) && self.takes(")");
        }
        let function = self.takes("ALARM") || self.takes("OK") || self.takes("INSUFFICIENT_DATA");
        if !function || !self.takes("(") {
            return false;
        }
        let Some(name) = self.words.get(self.at) else {
            return false;
        };
        let quoted = name.strip_prefix('"').map(|name| name.strip_suffix('"'));
        let name = match quoted {
            Some(Some(name)) => name,
            None if !matches!(name.as_str(), "(" | ")") => name,
            _ => return false,
        };
        if name.is_empty() {
            return false;
        }
        self.names.insert(name.to_owned());
        self.at += 1;
        self.takes(")")
    }
}
