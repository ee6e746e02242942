//! `[drill]`: a canary that is noticed the way everything else is.

use crate::drill::{Drill, DrillCall, ORIGIN};
use crate::kinds::{Alarm, ManagementEvents, MetricFilter, Topic, TopicPolicy, TopicSettings, Unit};
use crate::leaf::{FilterPattern, Managed, Tags};
use crate::problem::{Problem, code};

use super::decoder::{At, Spot, Table};
use super::metric_filter;
use super::references::GroupRef;
use super::resolve::Resolver;
use super::sections::Origin;
use super::stack::Header;

/// The section as typed; its log groups are not resolved yet.
#[derive(Debug)]
pub(crate) struct DrillSection {
    log_group: Option<At<GroupRef>>,
    test_log_group: Option<At<GroupRef>>,
    tags: Tags,
    pub(crate) spot: Spot,
    /// `log_group` is written, if not readable.
    says_where: bool,
}

impl DrillSection {
    pub(crate) fn read(table: &mut Table<'_>, header: &Header) -> Self {
        Self {
            says_where: table.has("log_group"),
            log_group: table.take("log_group"),
            test_log_group: table.take("test_log_group"),
            tags: table.tags(header),
            spot: table.spot.clone(),
        }
    }
}

/// Adds what the drill goes through.
pub(crate) fn resolve(resolver: &mut Resolver<'_>) {
    let Some(section) = &resolver.document.drill else {
        return;
    };
    let origin = Origin {
        path: ORIGIN.into(),
        spot: section.spot.clone(),
    };
    let Some(log_group) = through(resolver, section) else {
        return;
    };
    let Some(call) = call(resolver, section, &log_group) else {
        return;
    };
    let test = section.test_log_group.as_ref();
    let test_log_group = test.and_then(|group| {
        let name = resolver.group(group, "drill.test_log_group")?;
        // A forged record among real ones is what nobody wants to explain to an auditor.
        let real = name == log_group || !resolver.delivering(&name).is_empty();
        if real {
            let message = format!("the test log group `{name}` holds real events");
            let problem = Problem::new(code::CONTRADICTION, &group.spot, message).label("not for forged ones");
            resolver.sink.report(problem.help(
                "`drill --inject` writes a synthetic record there: name a group of its own, to which no trail delivers",
            ));
        }
        (!real).then_some(name)
    });

    let stack = &resolver.header.stack;
    let name = format!("{}-{ORIGIN}", stack.name);
    let filter = |group: &str| MetricFilter {
        log_group: group.into(),
        name: name.clone(),
        pattern: FilterPattern::new(&Drill::pattern(stack, call)),
        namespace: stack.namespace.clone(),
        metric: name.clone(),
        value: "1".into(),
        default_value: Managed::Leave,
        unit: Unit::None,
        dimensions: Default::default(),
    };
    let filters: Vec<MetricFilter> = [Some(&log_group), test_log_group.as_ref()]
        .into_iter()
        .flatten()
        .map(|group| filter(group))
        .collect();
    // With the numbers of a rule's alarm: it is their way that is tried.
    let alarm = Alarm {
        description: Managed::Set(format!(
            "The canary of `trailwarden drill` in stack {}: a call of its own has been noticed.",
            stack.name
        )),
        alarm_actions: [resolver.scope().topic_arn(&name)].into(),
        tags: section.tags.clone(),
        ..Alarm::on_metric(&name, &stack.namespace, &name)
    };
    let topic = Topic {
        name: name.clone(),
        display_name: Managed::Leave,
        key: Managed::Leave,
        settings: TopicSettings::default(),
        tags: section.tags.clone(),
    };
    let policy = TopicPolicy::for_alarms(&stack.name, &stack.scope, &name);
    for filter in filters {
        metric_filter::add(resolver, filter, section.tags.is_protected(), &origin);
    }
    resolver.add(alarm, &origin);
    resolver.add(topic, &origin);
    resolver.add(policy, &origin);
    resolver.wanted.drill = Some(Drill {
        name,
        log_group,
        test_log_group,
        call,
    });
}

/// The group through which real calls come.
fn through(resolver: &mut Resolver<'_>, section: &DrillSection) -> Option<String> {
    let defaults = &resolver.document.defaults;
    let own = section.log_group.as_ref();
    match own.or(defaults.log_group.as_ref()) {
        Some(group) => {
            let path = if own.is_some() { "drill" } else { "defaults" };
            resolver.group(group, &format!("{path}.log_group"))
        }
        None if section.says_where || resolver.mistyped_default("log_group") => None,
        None => {
            let problem = Problem::new(
                code::MISSING_KEY,
                &section.spot,
                "the drill has no log group to watch",
            );
            resolver.sink.report(
                problem
                    .label("`log_group` is missing")
                    .help("write `log_group` in `[drill]` or in `[defaults]`"),
            );
            None
        }
    }
}

/// The call that the trails of the spec record: a write if they record writes, or if the spec says nothing of
/// the trail.
fn call(resolver: &Resolver<'_>, section: &DrillSection, log_group: &str) -> Option<DrillCall> {
    let trails = resolver.delivering(log_group);
    let records = |events: &[ManagementEvents]| {
        let mut trails = trails.iter();
        trails.any(|trail| events.contains(&trail.management_events))
    };
    if trails.is_empty() || records(&[ManagementEvents::All, ManagementEvents::Write]) {
        return Some(DrillCall::CreateQueue);
    }
    if records(&[ManagementEvents::Read]) {
        return Some(DrillCall::GetCallerIdentity);
    }
    let message = format!("no trail that delivers to `{log_group}` records management events");
    let problem = Problem::new(code::CONTRADICTION, &section.spot, message).label("nothing for it to notice");
    resolver.sink.report(problem.help(
        "a drill makes a call that is a management event: let the trail record those, or take `[drill]` away",
    ));
    None
}
