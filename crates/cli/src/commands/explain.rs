use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use trailwarden_account::Operate;
use trailwarden_pattern::{Matcher, member};
use trailwarden_provider::Provider;
use trailwarden_replay::files::{Problem, find};
use trailwarden_replay::layout::Selection;
use trailwarden_replay::read::{Contents, What};
use trailwarden_spec::happened::{Happened, LogEvent, LogQuery, Transition};
use trailwarden_spec::kinds::{Alarm, MetricFilter};
use trailwarden_spec::visible::visible_line;
use trailwarden_spec::wanted::Wanted;
use trailwarden_spec::{Kind, Object};

use crate::args::{Explain, Format, Global};
use crate::commands::logs::{moment, unread};
use crate::commands::pattern::parse;
use crate::connect::connect;
use crate::failure::{Exit, Failure};
use crate::load::{SecretSource, load};
use crate::named;
use crate::progress::Board;
use crate::terminal::Terminal;

/// How long before its periods an alarm's events can have been, in seconds: it sees a call when it is delivered,
/// which `CloudTrail` promises nothing of and mostly does within this ("about 5 minutes on average").
const LATE: i64 = 15 * 60;

/// A time that the alarm went off, and what was behind it.
struct Explained<'w> {
    change: Transition,
    /// What the alarm looked at, in seconds since 1970; none of a composite alarm.
    looked_at: Option<(i64, i64)>,
    /// The times of the calls that are looked for in log files; none where the log group is asked.
    searched: Option<(i64, i64)>,
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
    let explained = match args.logs.is_empty() {
        true => explained(&provider, args, name, alarm, &filters)
            .await
            .map(|explained| (explained, None)),
        false => from_files(&provider, args, name, alarm, &filters, &board).await,
    };
    board.end();
    let (explained, read) = explained?;
    for problem in read.iter().flat_map(|read| &read.problems) {
        terminal.say(&format!("warning: {}\n", visible_line(&problem.to_string())));
    }
    let unread = |read: &Read| read.problems.iter().any(|problem| problem.what != What::NoFiles);
    if read.as_ref().is_some_and(|read| read.files == 0 && unread(read)) {
        return Err(Failure::new(Exit::Failed, "none of the log files could be read")
            .help("`trailwarden files --to FOLDER` downloads those of a trail; `--logs` takes files and folders"));
    }
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
            } else if let Some(read) = &read {
                text += &format!(
                    "\n{} records of {} log files were read. Calls of the {} minutes before the alarm's periods are \
                     looked for, too: an alarm sees a call when it is delivered.\n",
                    read.records,
                    read.files,
                    LATE / 60
                );
            }
            terminal.print(&text)?;
        }
        Format::Json => {
            let changes: Vec<Value> = explained.iter().map(as_json).collect();
            let mut json =
                json!({ "format": 1, "alarm": name, "origin": named.shown(), "went_off": changes });
            if let Some(read) = &read {
                let problems: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
                json["log_files"] =
                    json!({ "files": read.files, "records": read.records, "problems": problems });
            }
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
            searched: None,
            counted,
        });
    }
    Ok(explained)
}

/// What was read of log files.
#[derive(Default)]
struct Read {
    /// How many files gave records, or whole texts without any.
    files: usize,
    records: usize,
    problems: Vec<Problem>,
}

/// The same from log files: the patterns are evaluated here.
async fn from_files<'w>(
    provider: &Provider,
    args: &Explain,
    name: &str,
    alarm: Option<&Alarm>,
    filters: &[&'w MetricFilter],
    board: &Board,
) -> Result<(Vec<Explained<'w>>, Option<Read>), Failure> {
    let changes = provider.went_off(name, args.last).await?;
    let mut explained: Vec<Explained<'w>> = Vec::new();
    for change in changes {
        let looked_at = alarm.map(|alarm| looked_at(&change, alarm));
        explained.push(Explained {
            change,
            looked_at,
            searched: looked_at.map(|(from, to)| (from.saturating_sub(LATE), to)),
            counted: Vec::new(),
        });
    }
    let spans: Vec<(i64, i64)> = explained.iter().filter_map(|one| one.searched).collect();
    if spans.is_empty() || filters.is_empty() {
        return Ok((explained, None));
    }
    let mut matchers = Vec::new();
    for filter in filters {
        matchers.push(parse(filter.pattern.as_str())?.matcher());
    }
    board.begin("reading log files");
    let (paths, limit) = (args.logs.clone(), args.limit);
    // Reading cannot be taken back: after Ctrl-C its thread goes on until the process ends.
    let search = tokio::task::spawn_blocking(move || search(&paths, &spans, &matchers, limit));
    let (found, read) = search
        .await
        .map_err(|error| Failure::new(Exit::Failed, format!("cannot read the log files: {error}")))?;
    let searched = explained.iter_mut().filter(|one| one.searched.is_some());
    for (one, found) in searched.zip(found) {
        one.counted = filters.iter().copied().zip(found).collect();
    }
    Ok((explained, Some(read)))
}

/// The newest events of each span, of each matcher, in one pass over the files.
fn search(
    paths: &[PathBuf],
    spans: &[(i64, i64)],
    matchers: &[Matcher],
    limit: usize,
) -> (Vec<Vec<Vec<LogEvent>>>, Read) {
    let time = |seconds: Option<i64>| seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    let selection = Selection {
        from: time(spans.iter().map(|(from, _)| *from).min()),
        to: time(spans.iter().map(|(_, to)| *to).max()),
        ..Selection::default()
    };
    let found = find(paths, &selection);
    let mut read = Read {
        problems: found.problems,
        ..Read::default()
    };
    let mut events: Vec<Vec<Vec<LogEvent>>> = vec![vec![Vec::new(); matchers.len()]; spans.len()];
    let mut contents = Contents::default();
    for file in &found.files {
        let before = read.records;
        let problems = contents.each(file, |record| {
            read.records += 1;
            let Some(at) = record.time().filter(|time| selection.holds(*time)) else {
                return;
            };
            let at = at.as_second();
            let within = |(from, to): &(i64, i64)| (*from..=*to).contains(&at);
            if !spans.iter().any(within) {
                return;
            }
            let message = record.message();
            for (matcher, place) in matchers.iter().zip(0..) {
                if !matcher.is_match(&message) {
                    continue;
                }
                let event = LogEvent {
                    at: at * 1000,
                    id: member(record.text, "eventID")
                        .map(|id| String::from_utf8_lossy(&id).into_owned())
                        .unwrap_or_default(),
                    stream: String::new(),
                    message: String::from_utf8_lossy(&message).into_owned(),
                };
                for (events, _) in events.iter_mut().zip(spans).filter(|(_, span)| within(span)) {
                    let kept: &mut Vec<LogEvent> = &mut events[place];
                    kept.push(event.clone());
                    if kept.len() > limit.saturating_mul(2).max(1000) {
                        keep_newest(kept, limit);
                    }
                }
            }
        });
        read.files += usize::from(read.records > before || problems.is_empty());
        read.problems.extend(problems);
    }
    for kept in events.iter_mut().flatten() {
        keep_newest(kept, limit);
    }
    (events, read)
}

/// The newest events in the order of their times, each once: trails that overlap deliver the same event.
fn keep_newest(events: &mut Vec<LogEvent>, limit: usize) {
    let mut seen: HashSet<String> = HashSet::new();
    events.retain(|event| event.id.is_empty() || seen.insert(event.id.clone()));
    // Of one second, in the order of the files.
    events.sort_by_key(|event| event.at);
    events.drain(..events.len().saturating_sub(limit));
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
        searched,
        counted,
    } = explained;
    let at = moment(change.at * 1000);
    let mut text = format!("\n{at}  {} -> {}\n", change.from, change.to);
    text += &format!("  {}\n", visible_line(&change.reason));
    for (filter, events) in counted {
        let (from, to) = searched.or(*looked_at).unwrap_or_default();
        let span = format!("from {} to {}", moment(from * 1000), moment(to * 1000));
        let (group, gone) = match searched {
            Some(_) => ("the log files".into(), "are in others"),
            None => (visible_line(&filter.log_group), "are gone"),
        };
        let has = if searched.is_some() { "have" } else { "has" };
        text += &match events.len() {
            0 => format!(
                "  {group} {has} no event {span} that the filter {} counts: somebody set the alarm's state, or the \
                 events {gone}.\n",
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
        searched,
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
    let span = |(from, to): (i64, i64)| json!({ "from": moment(from * 1000), "to": moment(to * 1000) });
    let mut json = json!({
        "time": moment(change.at * 1000),
        "from": change.from,
        "reason": change.reason,
        "looked_at": looked_at.map(span),
        "counted": counted.collect::<Vec<_>>(),
    });
    if let Some(searched) = searched {
        json["searched"] = span(*searched);
    }
    json
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
