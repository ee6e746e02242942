//! `[alarm.LABEL]`, and the shape of alarms that rules share with it.

use std::collections::BTreeMap;

use crate::kinds::{Alarm, LowSamples, Operator, Statistic};
use crate::leaf::Managed;
use crate::problem::{Problem, code};

use super::alarm_query;
use super::decoder::{At, Spot, Table};
use super::joins::{self, Joint};
use super::limits::{self, AlarmSpots};
use super::names;
use super::references::Notify;
use super::resolve::Resolver;
use super::sections::{Entry, Section};
use super::stack::Header;
use super::values::Map;

/// An alarm as typed; its actions are not resolved yet.
#[derive(Debug)]
pub(crate) struct AlarmSection {
    pub(crate) alarm: Alarm,
    pub(crate) actions: Actions,
    pub(crate) joint: Joint,
}

/// Who is told of what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Actions {
    pub(crate) notify: Option<Notify>,
    pub(crate) ok: Option<Notify>,
    pub(crate) insufficient_data: Option<Notify>,
}

impl Section for AlarmSection {
    const WORD: &'static str = "alarm";

    fn read(label: &At<String>, table: &mut Table<'_>, header: &Header) -> Self {
        let sink = table.cx.sink;
        let name = table.name(label, &names::ALARM).value;
        let queries = alarm_query::read(table);
        let (mut alarm, spots) = match &queries {
            Some(read) => {
                let mut alarm = Alarm::on_queries(&name, read.queries.clone());
                alarm.period = read.period(alarm.period);
                (alarm, [None, None])
            }
            None => on_metric(&name, table),
        };
        let band = table.take::<String>("threshold_query");
        if let (Some(band), true) = (&band, table.has("threshold")) {
            let message = "a band is in place of a threshold";
            let problem = Problem::new(code::CONTRADICTION, &band.spot, message);
            let problem = problem.label("excludes `threshold`");
            sink.report(problem.help("take one of `threshold` and `threshold_query` away"));
            table.take_reserved("threshold");
        }
        if let (Some(band), None) = (&band, &queries) {
            let message = "`threshold_query` needs queries";
            let problem = Problem::new(code::CONTRADICTION, &band.spot, message).label("no `query`");
            let help = format!("write the metric and the band as `[[{}.query]]`", table.path);
            sink.report(problem.help(help));
        }
        alarm.threshold_query = band.as_ref().map(|band| band.value.clone());
        let description = table.take::<String>("description");
        if let Some(description) = &description {
            limits::text(sink, "description", description, 1024);
        }
        alarm.description = description.map(|at| at.value).into();
        let (mut actions, mut joint) = read_shape(table, &mut alarm, false);
        [joint.namespace, joint.metric] = spots;
        if let Some(read) = queries {
            // The numbers are held against the longest period; it is that of its query.
            alarm.period = Alarm::on_queries("", Vec::new()).period;
            alarm_query::check(table, &alarm, band.as_ref().map(|band| &band.spot));
            joint.queries = read.joints;
        }
        alarm.tags = table.tags(header);
        let silent = !table.has("notify");
        actions.notify = table.take("notify");
        if silent {
            let message = format!("`[{}]` notifies nobody", table.path);
            let problem =
                Problem::new(code::NOBODY_TO_NOTIFY, &table.spot, message).label("`notify` is missing");
            let help = "write `notify = [\"TOPIC\"]`, or `notify = []` if that is meant";
            table.missing(vec!["notify"], problem.help(help));
        }
        Self {
            alarm,
            actions,
            joint,
        }
    }
}

/// Takes out the metric of an alarm on one, with the places of its namespace and its name.
fn on_metric(name: &str, table: &mut Table<'_>) -> (Alarm, [Option<Spot>; 2]) {
    let namespace = table.need::<String>("namespace", "\"AWS/Logs\"");
    let metric = table.need::<String>("metric", "\"IncomingLogEvents\"");
    for (name, what) in [(&namespace, "namespace"), (&metric, "metric name")] {
        // PutMetricAlarm takes more than PutMetricFilter: metrics of others have other rules.
        if let Some(name) = name {
            limits::name(table.cx.sink, what, name, 255);
        }
    }
    let spots = [&namespace, &metric].map(|at| at.as_ref().map(|at| at.spot.clone()));
    let text = |at: Option<At<String>>| at.map_or_else(String::new, |at| at.value);
    (Alarm::on_metric(name, &text(namespace), &text(metric)), spots)
}

/// Takes out what rules' alarms and plain ones have in common.
pub(crate) fn read_shape(table: &mut Table<'_>, alarm: &mut Alarm, of_filter: bool) -> (Actions, Joint) {
    let mut joint = Joint {
        allowed: joins::read_allowed(table, of_filter),
        ..Joint::default()
    };
    let mut spots = AlarmSpots {
        period: table.spot.clone(),
        evaluation_periods: table.spot.clone(),
        datapoints: table.spot.clone(),
        of_filter,
    };
    let number = |read: Option<At<u32>>, value: &mut u32, spot: &mut Spot| {
        if let Some(read) = read {
            (*value, *spot) = (read.value, read.spot);
        }
    };
    number(table.take("period"), &mut alarm.period, &mut spots.period);
    number(
        table.take("evaluation_periods"),
        &mut alarm.evaluation_periods,
        &mut spots.evaluation_periods,
    );
    alarm.datapoints_to_alarm = alarm.evaluation_periods;
    number(
        table.take("datapoints_to_alarm"),
        &mut alarm.datapoints_to_alarm,
        &mut spots.datapoints,
    );
    limits::alarm(table.cx.sink, alarm, &spots);
    if let Some(statistic) = table.take::<Statistic>("statistic") {
        alarm.statistic = statistic.value;
        joint.statistic = Some(statistic.spot);
    }
    if let Some(threshold) = table.take("threshold") {
        alarm.threshold = threshold.value;
        joint.threshold = Some(threshold.spot);
    }
    if let Some(unit) = table.take("unit") {
        alarm.unit = unit.value;
        joint.unit = Some(unit.spot);
    }
    if let Some(few) = table.take::<LowSamples>("low_sample_percentiles") {
        if !alarm.statistic.is_percentile() {
            let message = format!("`{}` is no percentile", alarm.statistic);
            let problem = Problem::new(code::CONTRADICTION, &few.spot, message).label("of percentiles only");
            table.cx.sink.report(problem.help(
                "it says what becomes of a percentile of few values: take it away, or write a `statistic` such as `\"p99\"`",
            ));
        }
        alarm.low_sample_percentiles = Managed::Set(few.value);
    }
    let written = table.has("operator");
    let operator = table.take::<Operator>("operator");
    let unread = written && operator.is_none();
    let at = operator.map_or_else(
        || table.spot.clone(),
        |operator| {
            alarm.operator = operator.value;
            operator.spot
        },
    );
    match (alarm.operator.is_of_a_band(), alarm.threshold_query.is_some()) {
        _ if unread => {}
        (true, false) => {
            let message = "the operator holds values against a band, and there is none";
            let problem = Problem::new(code::CONTRADICTION, &at, message).label("needs `threshold_query`");
            table.cx.sink.report(problem.help(
                "write `threshold_query = \"ID\"` in an `[alarm.LABEL]` with queries, or one of `>=`, `>`, `<` and `<=`",
            ));
        }
        (false, true) => {
            let message = "`threshold_query` needs an operator that holds values against a band";
            let code = if written {
                code::CONTRADICTION
            } else {
                code::MISSING_KEY
            };
            let problem = Problem::new(code, &at, message).label("not such an operator");
            let help = "write `operator = \"outside-band\"`, `\"above-band\"` or `\"below-band\"`";
            table.cx.sink.report(problem.help(help));
        }
        _ => {}
    }
    if let Some(missing_data) = table.take("missing_data") {
        alarm.missing_data = missing_data.value;
    }
    if let Some(enabled) = table.take("actions_enabled") {
        alarm.actions_enabled = enabled.value;
    }
    (alarm.dimensions, joint.dimensions) = dimensions(table);
    let actions = Actions {
        notify: None,
        ok: table.take("notify_ok"),
        insufficient_data: table.take("notify_insufficient_data"),
    };
    (actions, joint)
}

/// Takes an alarm's dimensions out: at most 30, with values of at most 1,024 characters
/// (`CloudWatch`: `Dimension`).
pub(crate) fn dimensions(table: &mut Table<'_>) -> (BTreeMap<String, String>, Option<Spot>) {
    let Some(At { value: map, spot }) = table.take::<Map>("dimensions") else {
        return (BTreeMap::new(), None);
    };
    let (sink, all) = (table.cx.sink, &map.0);
    if all.len() > 30 {
        let message = format!("{} dimensions, CloudWatch takes 30", all.len());
        sink.report(Problem::new(code::TOO_MANY, &spot, message).label("too many"));
    }
    for (name, value) in all {
        limits::name(sink, "dimension's name", name, 255);
        limits::name(sink, "dimension's value", value, 1024);
    }
    (map.into_map(), Some(spot))
}

/// Adds a plain alarm.
pub(crate) fn resolve(resolver: &mut Resolver<'_>, entry: &Entry<AlarmSection>) {
    let AlarmSection {
        alarm,
        actions,
        joint,
    } = &entry.value;
    let alarm = resolver.with_actions(alarm.clone(), actions, &entry.origin.path);
    joins::add(resolver, alarm, joint, &entry.origin);
}
