//! `[rule.LABEL]`: one metric filter and one alarm on what it counts.

use crate::kinds::Alarm;
use crate::leaf::Managed;
use crate::problem::{Problem, code};

use super::alarm::{self, Actions};
use super::decoder::{At, Table};
use super::joins::{self, Joint};
use super::metric_filter::{self, FilterShape, PatternPart};
use super::references::GroupRef;
use super::resolve::Resolver;
use super::sections::{Entry, Origin, Section};
use super::stack::Header;
use super::{limits, names};

/// A rule as typed; its log group and its actions are not resolved yet.
#[derive(Clone, Debug)]
pub(crate) struct RuleSection {
    pub(super) log_group: Option<At<GroupRef>>,
    pub(super) filter: FilterShape,
    pub(super) alarm: Alarm,
    pub(super) actions: Actions,
    joint: Joint,
    /// `notify` is written, if not readable.
    pub(super) says_whom: bool,
    /// `log_group` is written, if not readable.
    pub(super) says_where: bool,
}

impl Section for RuleSection {
    const WORD: &'static str = "rule";

    fn names_itself(table: &Table<'_>) -> bool {
        let written = [("filter", "name"), ("filter", "metric"), ("alarm", "name")];
        written.iter().all(|(within, key)| table.has_within(within, key))
    }

    fn read(label: &At<String>, table: &mut Table<'_>, header: &Header) -> Self {
        Self::read_with(label, table, header, metric_filter::read_pattern)
    }
}

impl RuleSection {
    /// Reads a rule. `read_pattern` takes the pattern out, or has it from a pack.
    pub(super) fn read_with<'t>(
        label: &At<String>,
        table: &mut Table<'t>,
        header: &Header,
        read_pattern: impl FnOnce(&mut Table<'t>) -> PatternPart,
    ) -> Self {
        let sink = table.cx.sink;
        let name = At {
            value: format!("{}-{}", header.stack.name, label.value),
            spot: label.spot.clone(),
        };
        let description = table.take::<String>("description");
        if let Some(description) = &description {
            limits::text(sink, "description", description, 1024);
        }
        let says_where = table.has("log_group");
        let log_group = table.take("log_group");
        let says_whom = table.has("notify");
        let notify = table.take("notify");
        let pattern = read_pattern(table);

        let mut keys = table.table_or_empty("filter");
        let shape = metric_filter::read_shape(&mut keys, &name, &header.stack.namespace, pattern);
        let filter = &shape.filter;
        keys.finish();

        let mut keys = table.table_or_empty("alarm");
        let alarm_name = keys.name(&name, &names::ALARM).value;
        let mut alarm = Alarm::on_metric(&alarm_name, &filter.namespace, &filter.metric);
        let (actions, joint) = alarm::read_shape(&mut keys, &mut alarm, true);
        if !alarm.dimensions.keys().eq(filter.dimensions.keys()) {
            let message = "filter and alarm of a rule have different dimensions";
            let problem =
                Problem::new(code::CONTRADICTION, &keys.spot, message).label("the alarm would stay silent");
            sink.report(problem.help(
                "an alarm sees only data of just its dimensions: in `alarm` write `dimensions` with a value for each of \
                 those in `filter`",
            ));
        }
        keys.finish();
        alarm.description = description.map(|at| at.value).into();
        alarm.tags = table.tags(header);

        Self {
            log_group,
            filter: shape,
            alarm,
            actions: Actions { notify, ..actions },
            joint,
            says_whom: says_whom || table.mistyped("notify"),
            says_where: says_where || table.mistyped("log_group"),
        }
    }
}

/// Adds a rule's filter and alarm.
pub(crate) fn resolve(resolver: &mut Resolver<'_>, entry: &Entry<RuleSection>) {
    let Entry { label, origin, .. } = entry;
    let whose = format!("rule `{}`", label.value);
    check(resolver, &entry.value, &whose, origin);
    expand(resolver, &entry.value, &label.value, origin);
}

/// Reports a rule that has no log group to watch, or nobody to tell. True for one that has both, or
/// that says something that cannot be read.
pub(super) fn check(resolver: &Resolver<'_>, rule: &RuleSection, whose: &str, origin: &Origin) -> bool {
    let defaults = &resolver.document.defaults;
    let group = rule.log_group.as_ref().or(defaults.log_group.as_ref());
    let unread = |key: &str| resolver.mistyped_default(key);
    let mut good = true;
    if group.is_none() && !rule.says_where && !unread("log_group") {
        good = false;
        let message = format!("{whose} has no log group to watch");
        let problem = Problem::new(code::MISSING_KEY, &origin.spot, message).label("`log_group` is missing");
        resolver.sink.report(problem.help(format!(
            "write `log_group` in `[{}]` or in `[defaults]`",
            origin.path
        )));
    }
    if !rule.says_whom && defaults.notify.is_none() && !unread("notify") {
        good = false;
        let message = format!("{whose} notifies nobody");
        let problem =
            Problem::new(code::NOBODY_TO_NOTIFY, &origin.spot, message).label("`notify` is missing");
        resolver.sink.report(problem.help(format!(
            "write `notify = [\"TOPIC\"]` in `[{}]` or in `[defaults]`, or `notify = []` if that is meant",
            origin.path
        )));
    }
    good
}

/// Adds the filter and the alarm of a rule that has been checked.
pub(super) fn expand(resolver: &mut Resolver<'_>, rule: &RuleSection, label: &str, origin: &Origin) {
    let RuleSection {
        log_group,
        filter,
        alarm,
        actions,
        joint,
        says_whom,
        says_where: _,
    } = rule;
    let defaults = &resolver.document.defaults;
    let group = log_group.as_ref().or(defaults.log_group.as_ref());
    // Whose reference it is decides what the path of the problem says.
    let of = |own: bool| if own { origin.path.as_str() } else { "defaults" };
    let group_path = format!("{}.log_group", of(log_group.is_some()));
    let whom = actions.notify.as_ref().or(if *says_whom {
        None
    } else {
        defaults.notify.as_ref()
    });
    let all = Actions {
        notify: whom.cloned(),
        ok: actions.ok.clone(),
        insufficient_data: actions.insufficient_data.clone(),
    };
    let mut alarm = resolver.with_actions(alarm.clone(), &all, &origin.path);
    let Some(log_group) = group.and_then(|group| resolver.group(group, &group_path)) else {
        return;
    };
    if alarm.description == Managed::Leave {
        alarm.description = Managed::Set(description(&resolver.header.stack.name, label, &log_group));
    }
    let filter = filter.on(resolver, log_group, origin);
    metric_filter::add(resolver, filter, alarm.tags.is_protected(), origin);
    joins::add(resolver, alarm, joint, origin);
}

/// What the alarm of a rule without a description says to those whom it wakes.
fn description(stack: &str, label: &str, log_group: &str) -> String {
    let mut text = format!(
        "Events in the log group {log_group} match the pattern of rule {label} (stack {stack}). The notification holds \
         a count, not the events: search the group for the minutes before it."
    );
    if text.chars().count() > 1024 {
        text = format!("Events match the pattern of rule {label} (stack {stack}).");
    }
    text
}
