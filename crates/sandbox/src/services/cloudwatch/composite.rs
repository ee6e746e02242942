//! Composite alarms as `PutCompositeAlarm` writes them. They share names, tags and state with metric
//! alarms.

use std::collections::BTreeSet;

use trailwarden_alarm::State as Verdict;
use trailwarden_alarm::{AlarmRule, plain};
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

/// The alarms that a rule asks, or what AWS says of one that it cannot read.
fn children(rule: &str) -> Result<BTreeSet<String>, Failure> {
    let length = rule.chars().count();
    if !(1..=AlarmRule::MAX_CHARACTERS).contains(&length) {
        return Err(validate::error(
            "1 validation error detected: Value at 'alarmRule' failed to satisfy constraint: \
             Member must have length between 1 and 10240",
        ));
    }
    let Ok(rule) = AlarmRule::parse(rule) else {
        return Err(validate::error(format!("AlarmRule is invalid: {rule}")));
    };
    let names = rule.names();
    if names.len() > AlarmRule::MAX_ALARMS {
        return Err(validate::error(
            "The alarm rule cannot reference more than 100 alarms",
        ));
    }
    Ok(names.into_iter().map(str::to_owned).collect())
}
