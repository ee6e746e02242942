use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use trailwarden_account::Operate;
use trailwarden_provider::Provider;
use trailwarden_spec::happened::{Happened, LogEvent, LogQuery, Transition};
use trailwarden_spec::kinds::{Alarm, MetricFilter};
use trailwarden_spec::visible::visible_line;
use trailwarden_spec::wanted::Wanted;
use trailwarden_spec::{Kind, Object};

use crate::args::{Explain, Format, Global};
use crate::commands::logs::{moment, unread};
use crate::connect::connect;
use crate::failure::{Exit, Failure};
use crate::load::{SecretSource, load};
use crate::named;
use crate::progress::Board;
use crate::terminal::Terminal;

/// A time that the alarm went off, and what was behind it.
struct Explained<'w> {
    change: Transition,
    /// What the alarm looked at, in seconds since 1970; none of a composite alarm.
    looked_at: Option<(i64, i64)>,
    /// What its filters counted then.
    counted: Vec<(&'w MetricFilter, Vec<LogEvent>)>,
}

/// `trailwarden explain`: the events behind the last times that an alarm went off.
pub(crate) async fn run(global: &Global, args: &Explain, terminal: &Terminal) -> Result<Exit, Failure> {
    let wanted = load(&args.spec.path, SecretSource::Unread)?;
    let named = named::one(
        &wanted,
        &[Kind::Alarm, Kind::CompositeAlarm],
        "alarm",
        &args.alarm,
    )?;
    let name = named.address.name.as_str();
    let alarm = match named.wish.map(|wish| &wish.object) {
        Some(Object::Alarm(alarm)) => Some(alarm),
        _ => None,
    };
    let filters = alarm.map(|alarm| filters(&wanted, alarm)).unwrap_or_default();
    let board = Arc::new(Board::new(Terminal::new(global.color)));
    let provider = connect(global, &wanted, terminal, &board).await?;
    board.begin("reading the alarm's history");
    let explained = explained(&provider, args, name, alarm, &filters).await;
    board.end();
    let explained = explained?;
    match args.format {
        Format::Text => {
            let title = visible_line(&format!("{} (alarm {name})", named.shown())).into_owned();
            let mut text = format!("{title}\n");
            for one in &explained {
                text += &told(one, args.limit);
            }
            if explained.is_empty() {
                text += "It has not gone off in the 30 days that CloudWatch remembers.\n";
            } else if let Some(Object::CompositeAlarm(composite)) = named.wish.map(|wish| &wish.object) {
                let asked: Vec<String> = composite.rule.alarms().into_iter().collect();
                text += &format!(
                    "\nIt asks other alarms, which `trailwarden explain` explains: {}\n",
                    visible_line(&asked.join(", "))
                );
            } else if filters.is_empty() {
                text += "\nNo rule of the spec counts for it, so that there are no events to show.\n";
            }
            terminal.print(&text)?;
        }
        Format::Json => {
            let changes: Vec<Value> = explained.iter().map(as_json).collect();
            let mut json =
                json!({ "format": 1, "alarm": name, "origin": named.shown(), "went_off": changes });
            global.mark(&mut json);
            terminal.print(&format!("{json:#}\n"))?;
        }
    }
    Ok(match explained.is_empty() {
        true => Exit::No,
        false => Exit::Done,
    })
}

/// The filters that count into a metric that the alarm reads.
fn filters<'w>(wanted: &'w Wanted, alarm: &Alarm) -> Vec<&'w MetricFilter> {
    let filters = wanted.objects.values().filter_map(|wish| match &wish.object {
        Object::MetricFilter(filter) => Some(filter),
        _ => None,
    });
    filters
        .filter(|filter| alarm.reads(&filter.namespace, &filter.metric))
        .collect()
}

async fn explained<'w>(
    provider: &Provider,
    args: &Explain,
    name: &str,
    alarm: Option<&Alarm>,
    filters: &[&'w MetricFilter],
) -> Result<Vec<Explained<'w>>, Failure> {
    let mut explained = Vec::new();
    for change in provider.went_off(name, args.last).await? {
        let looked_at = alarm.map(|alarm| looked_at(&change, alarm));
        let mut counted = Vec::new();
        for &filter in filters {
            let Some((from, to)) = looked_at else {
                continue;
            };
            // A filter's data has the times of the log events, so these are the alarm's periods.
            let query = LogQuery {
                group: filter.log_group.clone(),
                pattern: Some(filter.pattern.as_str().to_owned()),
                from: from.saturating_mul(1000),
                to: Some(to.saturating_mul(1000)),
                most: args.limit,
            };
            counted.push((filter, provider.log_events(&query).await.map_err(unread)?));
        }
        explained.push(Explained {
            change,
            looked_at,
            counted,
        });
    }
    Ok(explained)
}

/// From when to when an alarm looked at its metric, in seconds since 1970: the periods that AWS says it
/// evaluated, or what it is configured to look at.
fn looked_at(change: &Transition, alarm: &Alarm) -> (i64, i64) {
    let time = |value: &Value| {
        let text = value.as_str()?;
        text.parse::<Timestamp>().ok().map(Timestamp::as_second)
    };
    let period = change.data["period"].as_i64().filter(|period| *period > 0);
    let evaluated = change.data["evaluatedDatapoints"].as_array();
    let begins = evaluated.into_iter().flatten().map(|point| &point["timestamp"]);
    let first = begins.chain([&change.data["startDate"]]).filter_map(time).min();
    let period = period.unwrap_or_else(|| i64::from(alarm.period));
    // The period in which it went off has begun before it was over.
    let configured = change.at - period * (i64::from(alarm.evaluation_periods) + 1);
    (first.unwrap_or(configured), change.at)
}

fn told(explained: &Explained<'_>, limit: usize) -> String {
    let Explained {
        change,
        looked_at,
        counted,
    } = explained;
    let at = moment(change.at * 1000);
    let mut text = format!("\n{at}  {} -> {}\n", change.from, change.to);
    text += &format!("  {}\n", visible_line(&change.reason));
    for (filter, events) in counted {
        let (from, to) = looked_at.unwrap_or_default();
        let span = format!("from {} to {}", moment(from * 1000), moment(to * 1000));
        let group = visible_line(&filter.log_group);
        text += &match events.len() {
            0 => format!(
                "  {group} has no event {span} that the filter {} counts: somebody set the alarm's state, or the events \
                 are gone.\n",
                visible_line(&filter.name)
            ),
            n if n == limit => format!("  The newest {n} events of {group} {span}, more with `--limit`:\n"),
            1 => format!("  1 event of {group} {span}:\n"),
            n => format!("  {n} events of {group} {span}:\n"),
        };
        for event in events {
            for line in lines(event) {
                text += &format!("    {}\n", visible_line(&line));
            }
        }
    }
    text
}

/// Who, what, where and when.
fn lines(event: &LogEvent) -> Vec<String> {
    let Some(happened) = Happened::of(&event.message) else {
        return vec![format!("{}  {}", moment(event.at), event.message.trim_end())];
    };
    let unknown = || "unknown".to_owned();
    let failed = happened
        .error
        .map(|error| format!(", failed with {error}"))
        .unwrap_or_default();
    vec![
        format!(
            "{}  {} of {}{failed}",
            happened.time, happened.name, happened.source
        ),
        format!(
            "  who    {}",
            happened.who.or(happened.user).unwrap_or_else(unknown)
        ),
        format!(
            "  where  {}, from {}",
            happened.region.unwrap_or_else(unknown),
            happened.address.unwrap_or_else(unknown)
        ),
        format!("  event  {}", happened.id.unwrap_or_else(unknown)),
    ]
}

fn as_json(explained: &Explained<'_>) -> Value {
    let Explained {
        change,
        looked_at,
        counted,
    } = explained;
    let counted = counted.iter().map(|(filter, events)| {
        let events = events.iter().map(|event| match Happened::of(&event.message) {
            Some(happened) => json!(happened),
            None => json!({ "time": moment(event.at), "message": event.message }),
        });
        json!({
            "log_group": filter.log_group,
            "metric_filter": filter.name,
            "pattern": filter.pattern.as_str(),
            "events": events.collect::<Vec<_>>(),
        })
    });
    json!({
        "time": moment(change.at * 1000),
        "from": change.from,
        "reason": change.reason,
        "looked_at": looked_at.map(|(from, to)| json!({ "from": moment(from * 1000), "to": moment(to * 1000) })),
        "counted": counted.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_looked_at_the_periods_that_aws_names() {
        let alarm = Alarm::on_metric("a", "n", "m");
        let change = |data: &str| {
            let item = format!(
                r#"{{"oldState": {{"stateValue": "OK"}}, "newState": {{"stateValue": "ALARM", "stateReasonData": {data}}}}}"#
            );
            Transition::of(1_000_000, &item).expect("a change")
        };
        // As AWS writes times there.
        let named = r#"{"period": 300, "startDate": "1970-01-12T13:35:00.000+0000", "evaluatedDatapoints": [
            {"timestamp": "1970-01-12T13:40:00.000+0000", "value": 1.0},
            {"timestamp": "1970-01-12T13:35:00.000+0000", "value": 1.0}]}"#;
        assert_eq!(looked_at(&change(named), &alarm), (999_300, 1_000_000));
        // Somebody set the state: what it would have looked at.
        assert_eq!(looked_at(&change("null"), &alarm), (999_400, 1_000_000));
    }
}
