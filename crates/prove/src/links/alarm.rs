//! The alarm: it is there, it can go off, and it tells.

use trailwarden_spec::Object;
use trailwarden_spec::arn::Arn;
use trailwarden_spec::evidence::{AlarmSeen, Seen};
use trailwarden_spec::kinds::{Alarm, CompositeAlarm};
use trailwarden_spec::live::Facts;

use super::topic::takes;
use super::{APPLY, ago};
use crate::chain::{Link, LinkKind, LinkState};
use crate::walk::Walk;

/// The alarm, or the link that says why there is none.
fn there<'a>(walk: &Walk<'a>, kind: LinkKind, name: &str) -> Result<&'a AlarmSeen, Link> {
    match walk.evidence.alarms.get(name) {
        Some(Seen::Is(seen)) => Ok(seen),
        Some(Seen::Hidden(why)) => Err(Link::unknown(
            kind,
            name,
            format!("it may not be read: {why}"),
            "let the caller call cloudwatch:DescribeAlarms",
        )),
        Some(Seen::Absent) | None => Err(Link::broken(kind, name, "it is not there", APPLY)),
    }
}

/// An alarm on a metric.
pub(crate) fn of_metric(walk: &Walk<'_>, wish: &Alarm) -> Link {
    let kind = LinkKind::Alarm;
    let seen = match there(walk, kind, &wish.name) {
        Ok(seen) => seen,
        Err(link) => return link,
    };
    // The metric that it reads is a link of its own.
    let same_metric = |held: &Alarm| {
        let mut wish = wish.clone();
        if wish.queries.is_empty() && held.queries.is_empty() {
            wish.namespace.clone_from(&held.namespace);
            wish.metric.clone_from(&held.metric);
            wish.dimensions.clone_from(&held.dimensions);
            wish.unit = held.unit;
        }
        wish
    };
    match &seen.alarm {
        Object::Alarm(held) => tells(walk, seen, same_metric(held).into()),
        _ => Link::broken(kind, &wish.name, "an alarm of another type has its name", APPLY),
    }
}

/// A composite alarm.
pub(crate) fn composite(walk: &Walk<'_>, wish: &CompositeAlarm) -> Link {
    let kind = LinkKind::Alarm;
    let seen = match there(walk, kind, &wish.name) {
        Ok(seen) => seen,
        Err(link) => return link,
    };
    let Object::CompositeAlarm(held) = &seen.alarm else {
        return Link::broken(kind, &wish.name, "an alarm of another type has its name", APPLY);
    };
    let lost: Vec<String> = wish
        .rule
        .alarms()
        .difference(&held.rule.alarms())
        .cloned()
        .collect();
    if !lost.is_empty() {
        return Link::broken(
            kind,
            &wish.name,
            format!("its rule does not ask `{}`", lost.join("`, `")),
            APPLY,
        );
    }
    let suppressor = held.suppressor.get().into_iter().flatten().next();
    if let Some(by) = suppressor
        && walk.seen(&by.alarm).is_some_and(|by| by.state == "ALARM")
    {
        return Link::broken(
            kind,
            &wish.name,
            format!("it tells nobody now: its suppressor `{}` is in ALARM", by.alarm),
            "see why the suppressor is in ALARM, or wait for its end",
        );
    }
    tells(walk, seen, wish.clone().into())
}

/// An alarm that a composite alarm asks for its state.
pub(crate) fn asked(walk: &Walk<'_>, name: &str) -> Link {
    match there(walk, LinkKind::Children, name) {
        Ok(seen) => Link::holds(LinkKind::Children, name, state(walk, seen)),
        Err(link) => link,
    }
}

fn tells(walk: &Walk<'_>, seen: &AlarmSeen, wish: Object) -> Link {
    let kind = LinkKind::Alarm;
    let name = wish.name();
    let wish = wish.complete(Some((&seen.alarm, &Facts::default())));
    // What the spec wants and the account has not: the way from the one to the other blinds.
    if let Some(why) = wish.silences(Some(&seen.alarm)) {
        return Link::broken(kind, &name, why, APPLY);
    }
    if let Seen::Hidden(why) = &seen.failed_action {
        return Link::unknown(
            kind,
            &name,
            format!("whether its last action succeeded may not be read: {why}"),
            "let the caller call cloudwatch:DescribeAlarmHistory",
        );
    }
    if let Seen::Is(Some(failed)) = &seen.failed_action {
        let said = format!(
            "its last action failed, {} ago: {}",
            ago(walk.evidence.at - failed.at),
            failed.summary
        );
        // Its cause is still there, and a link of its own.
        if topics(&wish).any(|topic| takes(walk, topic, &name).state == LinkState::Broken) {
            return Link::unknown(kind, &name, said, "mend the topic first, then try it");
        }
        return Link::broken(
            kind,
            &name,
            said,
            format!(
                "mend what the message names, if it is not mended yet; then try it, which tells everybody: `aws \
                 cloudwatch set-alarm-state --alarm-name '{name}' --state-value ALARM --state-reason 'a test'`"
            ),
        );
    }
    Link::holds(kind, &name, state(walk, seen))
}

fn topics(alarm: &Object) -> impl Iterator<Item = &Arn> {
    let actions = match alarm {
        Object::Alarm(alarm) => Some(&alarm.alarm_actions),
        Object::CompositeAlarm(alarm) => Some(&alarm.alarm_actions),
        _ => None,
    };
    let actions = actions.into_iter().flatten();
    actions.filter(|arn| arn.service == "sns")
}

fn state(walk: &Walk<'_>, seen: &AlarmSeen) -> String {
    let since = ago(walk.evidence.at - seen.since);
    match seen.state.as_str() {
        "ALARM" => format!("in ALARM for {since}: nothing more is told before it is OK again"),
        other => format!("{other} for {since}"),
    }
}
