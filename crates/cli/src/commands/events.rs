use std::sync::Arc;

use trailwarden_account::Operate;
use trailwarden_spec::happened::{Happened, Lookup};
use trailwarden_spec::visible::{visible, visible_line};

use crate::args::{Events, Global, Lines};
use crate::connect::{connect, now};
use crate::failure::{Exit, Failure};
use crate::load::{SecretSource, load};
use crate::progress::Board;
use crate::terminal::Terminal;

/// `trailwarden events`: the event history of the account.
pub(crate) async fn run(global: &Global, args: &Events, terminal: &Terminal) -> Result<Exit, Failure> {
    let wanted = load(&args.spec.path, SecretSource::Unread)?;
    let lookup = lookup(args, now(global, &wanted)?)?;
    let board = Arc::new(Board::new(Terminal::new(global.color)));
    let provider = connect(global, &wanted, terminal, &board).await?;
    board.begin("reading the event history");
    let found = provider.look_up(&lookup).await;
    board.end();
    let found = found?;
    if let Some(id) = &args.id {
        let Some(event) = found.first() else {
            return Err(Failure::new(
                Exit::No,
                format!(
                    "the event history of {} has no event `{id}`",
                    wanted.stack.scope.region
                ),
            )
            .help("it keeps management events of the region for 90 days, and has them some minutes after the call"));
        };
        terminal.print(&format!("{}\n", visible(&format!("{:#}", event.record))))?;
        return Ok(Exit::Done);
    }
    match args.format {
        Lines::Text => terminal.print(&table(&found))?,
        Lines::Json => terminal.print(&lines(&found)?)?,
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

fn lookup(args: &Events, now: i64) -> Result<Lookup, Failure> {
    if let Some(id) = &args.id {
        return Ok(Lookup {
            id: Some(id.clone()),
            most: 1,
            ..Lookup::default()
        });
    }
    let (from, to) = (
        args.since.seconds(now),
        args.until.map(|until| until.seconds(now)),
    );
    if to.is_some_and(|to| to < from) {
        return Err(Failure::new(Exit::Usage, "`--until` is before `--since`")
            .help("without `--since`, that is 24 hours ago"));
    }
    let source = args.source.as_ref().map(|source| match source.contains('.') {
        true => source.clone(),
        false => format!("{source}.amazonaws.com"),
    });
    Ok(Lookup {
        id: None,
        name: args.name.clone(),
        user: args.user.clone(),
        resource: args.resource.clone(),
        source,
        from: Some(from),
        to,
        most: args.limit,
    })
}

/// Each event as an object in a line.
pub(crate) fn lines(events: &[Happened]) -> Result<String, Failure> {
    let lines = events.iter().map(|event| {
        serde_json::to_string(event)
            .map(|line| line + "\n")
            .map_err(|error| Failure::new(Exit::Failed, format!("cannot write an event: {error}")))
    });
    lines.collect()
}

/// The events as a table with a head; nothing where there are none.
pub(crate) fn table(events: &[Happened]) -> String {
    const HEAD: [&str; 6] = ["TIME", "SERVICE", "EVENT", "USER", "FROM", "ERROR"];
    if events.is_empty() {
        return String::new();
    }
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    let mut rows: Vec<[String; 6]> = vec![HEAD.map(str::to_owned)];
    rows.extend(events.iter().map(|event| {
        let service = event.source.strip_suffix(".amazonaws.com");
        [
            event.time.clone(),
            service.unwrap_or(&event.source).to_owned(),
            event.name.clone(),
            or_dash(&event.user),
            or_dash(&event.address),
            event.error.clone().unwrap_or_default(),
        ]
    }));
    // Whoever calls chooses some of these texts.
    let rows: Vec<[String; 6]> = rows
        .into_iter()
        .map(|row| row.map(|cell| visible_line(&cell).into_owned()))
        .collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(&widths);
        let line: Vec<String> = cells.map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", line.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
