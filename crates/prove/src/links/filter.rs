//! The metric filter, and whether the alarm reads what it counts.

use trailwarden_pattern::Pattern;
use trailwarden_spec::Object;
use trailwarden_spec::kinds::{Alarm, MetricFilter, Unit};

use super::APPLY;
use crate::chain::{Link, LinkKind};
use crate::walk::Walk;

fn live<'a>(walk: &Walk<'a>, filter: &MetricFilter) -> Option<&'a MetricFilter> {
    let address = Object::from(filter.clone()).address(walk.scope());
    match walk.evidence.filters.get(&address) {
        Some(Object::MetricFilter(filter)) => Some(filter),
        _ => None,
    }
}

/// It is there and picks out what the spec says.
pub(crate) fn of(walk: &Walk<'_>, wish: &MetricFilter) -> Link {
    let name = format!("{}:{}", wish.log_group, wish.name);
    let broken = |cause: String| Link::broken(LinkKind::Filter, &name, cause, APPLY);
    let Some(held) = live(walk, wish) else {
        return broken("it is not there".into());
    };
    let wanted = Object::from(wish.clone()).complete(Some((
        &held.clone().into(),
        &trailwarden_spec::live::Facts::default(),
    )));
    let differs = wanted
        .changes(Some(&held.clone().into()))
        .into_iter()
        .any(|change| {
            change.field == "pattern" && change.verdict == trailwarden_spec::compare::Verdict::Differs
        });
    if differs {
        return broken("it picks out other events than the spec says".into());
    }
    match Pattern::parse(held.pattern.as_str()) {
        Ok(_) if held.value.parse::<f64>() == Ok(0.0) => {
            broken("it counts 0 for every event, so that no threshold is reached".into())
        }
        Ok(_) => Link::holds(LinkKind::Filter, &name, "as the spec says"),
        Err(problems) => {
            let first = problems.as_slice().first().map(|problem| problem.message.clone());
            broken(format!("its pattern is none: {}", first.unwrap_or_default()))
        }
    }
}

/// What it counts is what the alarm reads.
pub(crate) fn joined(walk: &Walk<'_>, filter: &MetricFilter, alarm: &Alarm) -> Link {
    let name = format!("{}/{}", filter.namespace, filter.metric);
    let broken = |cause: String| Link::broken(LinkKind::Metric, &name, cause, APPLY);
    let held = walk.seen(&alarm.name).map(|seen| &seen.alarm);
    let (Some(filter), Some(Object::Alarm(alarm))) = (live(walk, filter), held) else {
        // Its own link says that one of the two is not there.
        return Link::unknown(
            LinkKind::Metric,
            &name,
            "the metric filter or the alarm is not there",
            APPLY,
        );
    };
    let counted = (filter.namespace.as_str(), filter.metric.as_str());
    let reads: Vec<_> = alarm
        .sources()
        .filter(|source| (source.namespace, source.metric) == counted)
        .collect();
    if reads.is_empty() {
        let read: Vec<String> = alarm
            .sources()
            .map(|source| format!("{}/{}", source.namespace, source.metric))
            .collect();
        return broken(format!(
            "the filter counts into `{}/{}`, and the alarm reads `{}`",
            filter.namespace,
            filter.metric,
            read.join("`, `")
        ));
    }
    let same_dimensions = reads
        .iter()
        .any(|source| filter.dimensions.keys().eq(source.dimensions.keys()));
    if !same_dimensions {
        let keys = |keys: Vec<&String>| match keys.is_empty() {
            true => "none".to_owned(),
            false => keys.into_iter().cloned().collect::<Vec<_>>().join(", "),
        };
        return broken(format!(
            "the filter counts with the dimensions {}, and the alarm reads the metric with {}",
            keys(filter.dimensions.keys().collect()),
            keys(reads.iter().flat_map(|source| source.dimensions.keys()).collect()),
        ));
    }
    if !reads
        .iter()
        .any(|source| source.unit == Unit::None || source.unit == filter.unit)
    {
        return broken(format!(
            "the filter counts in the unit {}, and the alarm reads another",
            filter.unit
        ));
    }
    Link::holds(
        LinkKind::Metric,
        &name,
        "the filter counts it and the alarm reads it",
    )
}
