use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use trailwarden_account::{AccountError, ErrorKind, Operate};
use trailwarden_provider::Provider;
use trailwarden_spec::happened::{Happened, LogEvent, LogQuery, LogStream};
use trailwarden_spec::visible::visible_line;
use trailwarden_spec::wanted::Wanted;
use trailwarden_spec::{Kind, Object};

use crate::args::{Global, Lines, Logs};
use crate::commands::pattern::parse;
use crate::connect::{connect, now};
use crate::failure::{Exit, Failure};
use crate::load::{SecretSource, load};
use crate::named::{self, Named};
use crate::progress::Board;
use crate::terminal::Terminal;

/// How long to wait before the group is asked again.
const POLL: Duration = Duration::from_secs(5);

/// How much older than the newest event one may be that arrives after it, in milliseconds: streams are
/// written to by several writers, and each call is searched anew from there.
const LATE: i64 = 5 * 60 * 1000;

/// `trailwarden logs`: the events of a log group.
pub(crate) async fn run(global: &Global, args: &Logs, terminal: &Terminal) -> Result<Exit, Failure> {
    let wanted = load(&args.spec.path, SecretSource::Unread)?;
    let (group, pattern) = source(args, &wanted)?;
    let now = now(global, &wanted)?;
    let (from, to) = (
        args.since.seconds(now),
        args.until.map(|until| until.seconds(now)),
    );
    if to.is_some_and(|to| to < from) {
        return Err(Failure::new(Exit::Usage, "`--until` is before `--since`")
            .help("without `--since`, that is an hour ago"));
    }
    let board = Arc::new(Board::new(Terminal::new(global.color)));
    let provider = connect(global, &wanted, terminal, &board).await?;
    if args.streams {
        let streams = provider.log_streams(&group, args.limit).await.map_err(unread)?;
        terminal.print(&listed(&streams, args.format))?;
        return Ok(Exit::Done);
    }
    let query = LogQuery {
        group,
        pattern,
        from: from.saturating_mul(1000),
        to: to.map(|to| to.saturating_mul(1000)),
        most: args.limit,
    };
    board.begin("reading the log group");
    let found = provider.log_events(&query).await;
    board.end();
    let found = found.map_err(unread)?;
    terminal.print(&shown(&found, args.format))?;
    if args.follow {
        return follow(&provider, query, found, args.format, terminal).await;
    }
    if found.is_empty() {
        terminal.say("No event fits; `--since` looks further back.\n");
    } else if found.len() == args.limit {
        terminal.say(&format!(
            "The newest {}; there may be more, which `--limit` shows.\n",
            args.limit
        ));
    }
    Ok(Exit::Done)
}

/// Says of a log group that cannot be read what can be done about it.
pub(crate) fn unread(error: AccountError) -> Failure {
    match error.kind {
        ErrorKind::NotFound => Failure::new(Exit::Failed, error.to_string()).help(
            "`trailwarden apply` makes the log groups of the spec; one that it refers to must be there",
        ),
        _ => error.into(),
    }
}

/// The log group, and the pattern as AWS is asked for it.
fn source(args: &Logs, wanted: &Wanted) -> Result<(String, Option<String>), Failure> {
    if let Some(rule) = &args.rule {
        let filter = named::one(wanted, &[Kind::MetricFilter], "rule", rule)?;
        if let Some(Object::MetricFilter(filter)) = filter.wish.map(|wish| &wish.object) {
            return Ok((filter.log_group.clone(), Some(filter.pattern.as_str().to_owned())));
        }
    }
    if let Some(pattern) = &args.pattern {
        parse(pattern)?;
    }
    let group = match &args.group {
        Some(text) => named::one(wanted, &[Kind::LogGroup], "log group", text)?,
        None => only(wanted)?,
    };
    Ok((group.address.name, args.pattern.clone()))
}

fn only(wanted: &Wanted) -> Result<Named<'_>, Failure> {
    let mut groups = named::all(wanted, &[Kind::LogGroup]);
    match groups.len() {
        1 => Ok(groups.remove(0)),
        0 => Err(Failure::new(Exit::Usage, "the spec has no log group").help("`--spec` names another spec")),
        _ => {
            let names: Vec<String> = groups.iter().map(|it| format!("`{}`", it.shown())).collect();
            Err(Failure::new(Exit::Usage, "the spec has more than one log group")
                .help(format!("name one of {}", names.join(", "))))
        }
    }
}

async fn follow(
    provider: &Provider,
    mut query: LogQuery,
    found: Vec<LogEvent>,
    format: Lines,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let mut seen: BTreeMap<String, i64> = BTreeMap::new();
    let mut newest = query.from;
    let mut found = found;
    query.most = usize::MAX;
    loop {
        for event in found {
            newest = newest.max(event.at);
            seen.insert(event.id, event.at);
        }
        query.from = query.from.max(newest - LATE);
        seen.retain(|_, at| *at >= query.from);
        tokio::time::sleep(POLL).await;
        found = provider.log_events(&query).await?;
        found.retain(|event| !seen.contains_key(&event.id));
        terminal.print(&shown(&found, format))?;
    }
}

fn listed(streams: &[LogStream], format: Lines) -> String {
    let line = |stream: &LogStream| {
        let last = stream.last.map(moment);
        match format {
            Lines::Text => {
                let last = last.unwrap_or_else(|| "never".into());
                format!("{last:20}  {}\n", visible_line(&stream.name))
            }
            Lines::Json => format!("{}\n", json!({ "stream": stream.name, "last_event": last })),
        }
    };
    streams.iter().map(line).collect()
}

fn shown(events: &[LogEvent], format: Lines) -> String {
    let line = |event: &LogEvent| match format {
        Lines::Text => match Happened::of(&event.message) {
            Some(happened) => line(&happened),
            None => format!(
                "{}  {}\n",
                moment(event.at),
                visible_line(event.message.trim_end())
            ),
        },
        Lines::Json => {
            let message = serde_json::from_str(&event.message);
            let message = message.unwrap_or_else(|_| Value::from(event.message.as_str()));
            let line = json!({
                "time": moment(event.at), "stream": event.stream, "id": event.id, "message": message,
            });
            format!("{line}\n")
        }
    };
    events.iter().map(line).collect()
}

/// A time in milliseconds since 1970, as people read it.
pub(crate) fn moment(millis: i64) -> String {
    Timestamp::from_second(millis.div_euclid(1000)).map_or_else(|_| millis.to_string(), |at| at.to_string())
}

/// A record in a line: when, what, who, from where, and what it failed with.
pub(crate) fn line(event: &Happened) -> String {
    let service = event.source.strip_suffix(".amazonaws.com");
    let what = format!("{} {}", service.unwrap_or(&event.source), event.name);
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    let line = format!(
        "{}  {what:36}  {:20}  {:15}  {}",
        event.time,
        or_dash(&event.user),
        or_dash(&event.address),
        event.error.as_deref().unwrap_or_default()
    );
    // Whoever calls chooses some of these texts.
    format!("{}\n", visible_line(line.trim_end()))
}
