use std::sync::Arc;

use trailwarden_account::{Asked, Observe};
use trailwarden_diff::{Drift, History, Item, What, drift, render};
use trailwarden_spec::Wanted;
use trailwarden_spec::evidence::Seen;
use trailwarden_spec::live::Live;
use trailwarden_spec::wanted::Date;

use crate::args::{Drift as DriftArgs, Global, Report};
use crate::connect::{connect, now};
use crate::failure::{Exit, Failure};
use crate::load::{SecretSource, read};
use crate::progress::Board;
use crate::terminal::Terminal;

/// For how many objects the event history is asked, unless for all: it answers twice a second.
const ASKED: usize = 20;

/// What a comment on GitHub takes.
const COMMENT: usize = 65_536;

/// The event history holds so much.
const NINETY_DAYS: i64 = 90 * 24 * 60 * 60;

/// `trailwarden drift`: what is no longer as the spec says.
pub(crate) async fn run(global: &Global, args: &DriftArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let loaded = read(&args.spec.path, SecretSource::Real)?;
    terminal.say(&loaded.warnings());
    let wanted = &loaded.wanted;
    let board = Arc::new(Board::new(Terminal::new(global.color)));
    let provider = connect(global, wanted, terminal, &board).await?;
    let at = now(global, wanted)?;
    board.begin("reading the account");
    let live = provider.survey(wanted).await;
    board.end();
    let live = live?;
    let mut drift = drift(wanted, &live, Date::of(at));
    if !args.no_history && !drift.items.is_empty() {
        board.begin("asking the event history");
        let most = if args.all { usize::MAX } else { ASKED };
        let told = look_up(&provider, wanted, &live, &mut drift, at - NINETY_DAYS, most).await;
        board.end();
        told?;
    }
    match args.format {
        Report::Text => terminal.print(&render::drift_text(&drift))?,
        Report::Markdown => terminal.print(&render::drift_markdown(&drift, COMMENT))?,
        Report::Json => {
            let mut json = render::drift_json(&drift);
            global.mark(&mut json);
            terminal.print(&format!("{json:#}\n"))?;
        }
    }
    Ok(if drift.is_empty() {
        Exit::Done
    } else {
        Exit::Differences
    })
}

/// Asks who changed what, for the worst of it.
async fn look_up(
    provider: &impl Observe,
    wanted: &Wanted,
    live: &Live,
    drift: &mut Drift,
    since: i64,
    most: usize,
) -> Result<(), Failure> {
    let asked: Vec<Asked> = drift
        .items
        .iter()
        .filter_map(|item| ask(wanted, live, item))
        .take(most)
        .collect();
    let mut told = provider.changes_of(&asked, since).await?;
    for item in &mut drift.items {
        item.history = match told.remove(&item.address) {
            Some(Seen::Is(calls)) => History::Known(calls),
            Some(Seen::Hidden(why)) => History::Unknown(why),
            Some(Seen::Absent) => History::Known(Vec::new()),
            None if ask(wanted, live, item).is_none() => {
                History::Unknown("it is taken from elsewhere, and was never seen here".into())
            }
            None => History::NotLookedUp,
        };
    }
    Ok(())
}

fn ask(wanted: &Wanted, live: &Live, item: &Item) -> Option<Asked> {
    let found = live.objects.get(&item.address);
    let wish = wanted.objects.get(&item.address);
    Some(Asked {
        address: item.address.clone(),
        object: found
            .map(|found| &found.value)
            .or(wish.map(|wish| &wish.object))?
            .clone(),
        fields: item.changes.iter().map(|change| change.field).collect(),
        gone: item.what == What::Missing,
        arn: found.and_then(|found| found.facts.arn.clone()),
    })
}
