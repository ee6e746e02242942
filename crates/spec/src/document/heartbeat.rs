//! The heartbeat of a trail: missing data must not look like peace.
//!
//! The alarms of rules treat missing data as not breaching, because events that they count are
//! rare. So they stay green, too, when the trail delivers nothing any more. The heartbeat is the
//! alarm that turns red then: an account's events come by the minute, and an hour without one means
//! that the delivery is broken.
//!
//! A silent group sends no zeros but nothing, and `CloudWatch` retrieves more points than it
//! evaluates: while enough of those exist it takes them, however old, and leaves missing ones aside
//! ("How alarm state is evaluated when data is missing"). So the hour is made of short periods: of
//! one long period the spare points alone would be hours.

use std::collections::BTreeMap;

use crate::kinds::{Alarm, MissingData, Operator};
use crate::leaf::{Managed, Tags};
use crate::problem::{Problem, code};

use super::alarm::Actions;
use super::decoder::{At, Decode, Value};
use super::references::Notify;
use super::resolve::Resolver;
use super::sections::Entry;
use super::trail::TrailSection;

/// Seconds of a period: about what `CloudTrail` takes to deliver.
const PERIOD: u32 = 300;
/// Periods without an event, all of them, after which delivery counts as broken: about an hour.
const PERIODS: u32 = 12;

/// `heartbeat = true | false | { notify = [...], protect = true }`.
#[derive(Clone, Debug)]
pub(crate) enum Heartbeat {
    On,
    Off,
    Set {
        notify: Option<Notify>,
        protect: Option<bool>,
    },
}

impl Decode for Heartbeat {
    fn decode(value: &Value<'_>) -> Option<Self> {
        if let Some(mut keys) = value.table() {
            // The table is there for either of the two.
            let notify = if keys.has("notify") || !keys.has("protect") {
                keys.need("notify", "[\"TOPIC\"]").map(Some)
            } else {
                Some(keys.take("notify"))
            };
            let protect = keys.take::<bool>("protect").map(|at| at.value);
            keys.finish();
            return notify.map(|notify| Self::Set { notify, protect });
        }
        match value.raw {
            toml::de::DeValue::Boolean(true) => Some(Self::On),
            toml::de::DeValue::Boolean(false) => Some(Self::Off),
            _ => value.wrong_type("`true`, `false` or `{ notify = [...] }`", None),
        }
    }
}

/// Adds the heartbeat of a trail that records and delivers to a log group.
pub(crate) fn resolve(resolver: &mut Resolver<'_>, entry: &Entry<TrailSection>, log_group: &str) {
    let Entry {
        label,
        named,
        origin,
        value: section,
        ..
    } = entry;
    let defaults = &resolver.document.defaults;
    let (whom, protect) = match section.heartbeat.as_ref().map(|at: &At<Heartbeat>| &at.value) {
        Some(Heartbeat::Off) => return,
        Some(Heartbeat::Set { notify, protect }) => (notify.clone(), *protect),
        Some(Heartbeat::On) | None => (None, None),
    };
    let whom = whom.or_else(|| defaults.notify.clone());
    // Who keeps a trail from being deleted wants to hear of its end, too.
    let protect = protect.unwrap_or(section.trail.tags.is_protected());
    if whom.is_none() && !resolver.mistyped_default("notify") {
        let message = format!("the heartbeat of trail `{}` notifies nobody", label.value);
        let problem =
            Problem::new(code::NOBODY_TO_NOTIFY, &origin.spot, message).label("when its events cease");
        resolver.sink.report(problem.help(format!(
            "write `notify` in `[defaults]`, or in `[{}]` write `heartbeat = {{ notify = [\"TOPIC\"] }}` or \
             `heartbeat = false`",
            origin.path
        )));
    }
    let name = format!("{}-{}-heartbeat", resolver.header.stack.name, named);
    let alarm = Alarm {
        description: Managed::Set(description(&section.trail.name, log_group)),
        dimensions: BTreeMap::from([("LogGroupName".into(), log_group.into())]),
        period: PERIOD,
        evaluation_periods: PERIODS,
        datapoints_to_alarm: PERIODS,
        threshold: 1.0,
        operator: Operator::LessThanThreshold,
        missing_data: MissingData::Breaching,
        tags: Tags::named(resolver.header.tags.clone()).protect(protect),
        ..Alarm::on_metric(&name, "AWS/Logs", "IncomingLogEvents")
    };
    let actions = Actions {
        notify: whom,
        ..Actions::default()
    };
    let alarm = resolver.with_actions(alarm, &actions, &origin.path);
    resolver.add(alarm, origin);
}

fn description(trail: &str, log_group: &str) -> String {
    format!(
        "No event of trail {trail} reached the log group {log_group} for about an hour, so no rule on it can fire: \
         silence is not peace. Look whether the trail is logging, at its last delivery error and at its role."
    )
}
