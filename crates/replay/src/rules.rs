//! The rules of a spec, as far as a replay is concerned.

use trailwarden_alarm::{Alarm, Settings};
use trailwarden_pattern::{Pattern, Problems};
use trailwarden_spec::kinds::{self, MetricFilter};
use trailwarden_spec::leaf::Managed;
use trailwarden_spec::{Object, Wanted, drill};

/// A metric filter of a spec, and the alarm on what it counts.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What of the spec it belongs to: `rule.iam-changes`.
    pub name: String,
    /// The filter's pattern.
    pub pattern: Pattern,
    /// The log group that it looks at.
    pub log_group: String,
    /// The alarm, or why nothing can be said of one.
    pub alarm: Result<Watch, String>,
}

/// An alarm, and how many it tells.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Its name.
    pub name: String,
    /// What it does with data.
    pub alarm: Alarm,
    /// What an event adds to its metric.
    pub value: f64,
    /// How many actions it takes when it goes off.
    pub on_alarm: usize,
    /// How many when it is OK again.
    pub on_ok: usize,
}

/// The filters of a spec, in the order of their names; the drill's, which only drills match, is left out.
///
/// # Errors
/// When a pattern cannot be read, which `check` says before: its rule and what is the matter.
pub fn rules(wanted: &Wanted) -> Result<Vec<Rule>, (String, Problems)> {
    let mut rules = Vec::new();
    for wish in wanted.objects.values() {
        let Object::MetricFilter(filter) = &wish.object else {
            continue;
        };
        if wish.origin == drill::ORIGIN {
            continue;
        }
        let pattern = Pattern::parse(filter.pattern.as_str());
        rules.push(Rule {
            name: wish.origin.clone(),
            pattern: pattern.map_err(|problems| (wish.origin.clone(), problems))?,
            log_group: filter.log_group.clone(),
            alarm: watch(wanted, filter),
        });
    }
    rules.sort_by(|a, b| (&a.name, &a.log_group).cmp(&(&b.name, &b.log_group)));
    Ok(rules)
}

/// The first alarm on what a filter counts.
fn watch(wanted: &Wanted, filter: &MetricFilter) -> Result<Watch, String> {
    let alarms = wanted.objects.values().filter_map(|wish| match &wish.object {
        Object::Alarm(alarm) if alarm.reads(&filter.namespace, &filter.metric) => Some(alarm),
        _ => None,
    });
    let alarm = alarms
        .min_by_key(|alarm| &alarm.name)
        .ok_or("no alarm of the spec reads what it counts")?;
    let no = |why: &str| Err(format!("the alarm {} {why}", alarm.name));
    if !alarm.queries.is_empty() {
        return no("computes something of several metrics");
    }
    if !filter.dimensions.is_empty() {
        return no("counts by dimensions");
    }
    let Ok(value) = filter.value.parse::<f64>() else {
        return no("adds up a field of the events");
    };
    let Some(settings) = settings(alarm) else {
        return no("has a statistic that cannot be foretold");
    };
    let settings =
        Alarm::new(settings).map_err(|why| format!("the alarm {} cannot be: {why}", alarm.name))?;
    let actions = |count: usize| if alarm.actions_enabled { count } else { 0 };
    let on_ok = match &alarm.ok_actions {
        Managed::Set(actions) => actions.len(),
        Managed::Leave => 0,
    };
    Ok(Watch {
        name: alarm.name.clone(),
        alarm: settings,
        value,
        on_alarm: actions(alarm.alarm_actions.len()),
        on_ok: actions(on_ok),
    })
}

fn settings(alarm: &kinds::Alarm) -> Option<Settings> {
    let statistic = alarm.statistic.as_str().parse().ok()?;
    let operator = alarm.operator.as_str().parse().ok()?;
    let mut settings = Settings::new(statistic, operator, alarm.threshold);
    settings.period = alarm.period;
    settings.evaluation_periods = alarm.evaluation_periods;
    settings.datapoints_to_alarm = Some(alarm.datapoints_to_alarm);
    settings.missing_data = alarm.missing_data.as_str().parse().ok()?;
    Some(settings)
}
