use std::collections::BTreeSet;

use serde::Serialize;

use crate::arn::Arn;
use crate::compare::{Compare, Comparison, Shown, Verdict};
use crate::leaf::{AlarmRule, Managed, Tags};
use crate::live::Facts;
use crate::{Address, Kind, Scope};

use super::Resource;

/// An alarm whose state follows from those of others (`PutCompositeAlarm`, an upsert that replaces all
/// but the tags and the state).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CompositeAlarm {
    /// 1 to 255 characters; unique in account and region over all kinds of alarms.
    pub name: String,
    /// At most 1,024 characters; managed when written.
    pub description: Managed<String>,
    /// What makes it go off.
    pub rule: AlarmRule,
    /// False: it changes its state and tells nobody.
    pub actions_enabled: bool,
    /// Who is told of `ALARM`.
    pub alarm_actions: BTreeSet<Arn>,
    /// Who is told of `OK`; managed when written.
    pub ok_actions: Managed<BTreeSet<Arn>>,
    /// Who is told of `INSUFFICIENT_DATA`; managed when written.
    pub insufficient_data_actions: Managed<BTreeSet<Arn>>,
    /// What keeps it from telling anybody; managed when written.
    pub suppressor: Managed<Option<Suppressor>>,
    /// Tags.
    pub tags: Tags,
}

/// An alarm that keeps a composite alarm from telling anybody while it is in `ALARM`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suppressor {
    /// The suppressor's name.
    pub alarm: String,
    /// Seconds that the composite alarm waits for its suppressor to go off before it tells.
    pub wait_period: u32,
    /// Seconds that it stays silent after the suppressor has left `ALARM`.
    pub extension_period: u32,
}

impl Compare for Suppressor {
    fn verdict(&self, live: &Self) -> Verdict {
        if self == live {
            Verdict::Same
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        let Self {
            alarm,
            wait_period,
            extension_period,
        } = self;
        Shown::Plain(format!(
            "{alarm}, waits {wait_period} s, goes on for {extension_period} s"
        ))
    }
}

impl CompositeAlarm {
    /// An alarm that tells nobody yet.
    #[must_use]
    pub fn new(name: &str, rule: AlarmRule) -> Self {
        Self {
            name: name.into(),
            description: Managed::Leave,
            rule,
            actions_enabled: true,
            alarm_actions: BTreeSet::new(),
            ok_actions: Managed::Leave,
            insufficient_data_actions: Managed::Leave,
            suppressor: Managed::Leave,
            tags: Tags::default(),
        }
    }

    /// The names of the alarms that it cannot be without: those of its rule, and its suppressor.
    #[must_use]
    pub fn children(&self) -> BTreeSet<String> {
        let suppressor = self.suppressor.get().into_iter().flatten();
        let mut children = self.rule.alarms();
        children.extend(suppressor.map(|suppressor| suppressor.alarm.clone()));
        children
    }

    /// All that are told of one of its states.
    pub fn actions(&self) -> impl Iterator<Item = &Arn> {
        let others = [&self.ok_actions, &self.insufficient_data_actions];
        self.alarm_actions
            .iter()
            .chain(others.into_iter().filter_map(Managed::get).flatten())
    }
}

impl Resource for CompositeAlarm {
    const KIND: Kind = Kind::CompositeAlarm;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn complete(self, live: Option<(&Self, &Facts)>) -> Self {
        let live = live.map(|(live, _)| live);
        Self {
            description: self
                .description
                .or_live(live.map(|l| &l.description), String::new()),
            ok_actions: self
                .ok_actions
                .or_live(live.map(|l| &l.ok_actions), BTreeSet::new()),
            insufficient_data_actions: self
                .insufficient_data_actions
                .or_live(live.map(|l| &l.insufficient_data_actions), BTreeSet::new()),
            suppressor: self.suppressor.or_live(live.map(|l| &l.suppressor), None),
            tags: self.tags.complete(live.map(|l| &l.tags)),
            ..self
        }
    }

    fn compare(&self, live: Option<&Self>, found: &mut Comparison) {
        let Self {
            name: _,
            description,
            rule,
            actions_enabled,
            alarm_actions,
            ok_actions,
            insufficient_data_actions,
            suppressor,
            tags,
        } = self;
        let fresh = live.is_none();
        let empty = |set: &Managed<BTreeSet<Arn>>| set.get().is_none_or(BTreeSet::is_empty);
        if !(fresh && description.get().is_none_or(String::is_empty)) {
            found.field("description", description, live.map(|l| &l.description));
        }
        found.field("rule", rule, live.map(|l| &l.rule));
        found.field(
            "actions_enabled",
            actions_enabled,
            live.map(|l| &l.actions_enabled),
        );
        found.field("notify", alarm_actions, live.map(|l| &l.alarm_actions));
        if !(fresh && empty(ok_actions)) {
            found.field("notify_ok", ok_actions, live.map(|l| &l.ok_actions));
        }
        if !(fresh && empty(insufficient_data_actions)) {
            found.field(
                "notify_insufficient_data",
                insufficient_data_actions,
                live.map(|l| &l.insufficient_data_actions),
            );
        }
        found.field("suppressor", suppressor, live.map(|l| &l.suppressor));
        found.tags(tags, live.map(|l| &l.tags));
    }

    /// An alarm's kind does not show in its name, so that both are named.
    fn needs(&self, scope: &Scope) -> Vec<Address> {
        let topics = self
            .actions()
            .filter(|arn| arn.service == "sns" && scope.holds(arn))
            .map(|arn| scope.address(Kind::Topic, arn.name()));
        let children = self.children().into_iter().flat_map(|name| {
            [
                scope.address(Kind::Alarm, name.as_str()),
                scope.address(Kind::CompositeAlarm, name),
            ]
        });
        topics.chain(children).collect()
    }

    fn silences(&self, after: Option<&Self>) -> Option<String> {
        let Some(after) = after else {
            return Some("nobody is told when its rule holds".into());
        };
        if self.actions_enabled && !after.actions_enabled {
            return Some("it changes its state and tells nobody".into());
        }
        let lost = self.alarm_actions.difference(&after.alarm_actions);
        let lost: Vec<_> = lost.map(Arn::name).collect();
        if !lost.is_empty() {
            return Some(format!("it no longer tells {}", lost.join(", ")));
        }
        let suppressor = |of: &Self| of.suppressor.get().cloned().flatten().map(|s| s.alarm);
        match suppressor(after) {
            Some(by) if suppressor(self).as_ref() != Some(&by) => {
                Some(format!("it tells nobody while `{by}` is in ALARM"))
            }
            _ => None,
        }
    }

    fn tags(&self) -> Option<&Tags> {
        Some(&self.tags)
    }
}
