use std::sync::Arc;

use trailwarden_account::{Look, Observe};
use trailwarden_prove::{Verdict, prove, render};

use crate::args::{Global, Report, Status};
use crate::connect::{connect, now};
use crate::failure::{Exit, Failure};
use crate::load::{SecretSource, read};
use crate::progress::Board;
use crate::terminal::Terminal;

/// `trailwarden status`: would an alert reach a human right now, and if not, which link is broken?
pub(crate) async fn run(global: &Global, args: &Status, terminal: &Terminal) -> Result<Exit, Failure> {
    let loaded = read(&args.spec.path, SecretSource::Real)?;
    terminal.say(&loaded.warnings());
    let wanted = &loaded.wanted;
    let board = Arc::new(Board::new(Terminal::new(global.color)));
    let provider = connect(global, wanted, terminal, &board).await?;
    let look = Look {
        at: now(global, wanted)?,
        all_regions: args.all_regions,
    };
    board.begin("reading the account");
    let gathered = async {
        let live = provider.survey(wanted).await?;
        let evidence = provider.evidence(wanted, &live, look).await?;
        Ok::<_, trailwarden_account::AccountError>((live, evidence))
    };
    let gathered = gathered.await;
    board.end();
    let (live, evidence) = gathered?;
    let proof = prove(wanted, &live, &evidence);
    match args.format {
        Report::Text => terminal.print(&render::text(&proof, args.links))?,
        Report::Markdown => terminal.print(&render::markdown(&proof))?,
        Report::Json => {
            let mut json = render::json(&proof);
            global.mark(&mut json);
            terminal.print(&format!("{json:#}\n"))?;
        }
    }
    Ok(match proof.verdict() {
        Verdict::Broken => Exit::No,
        Verdict::Waits => Exit::Human,
        Verdict::Reaches | Verdict::Quiet => Exit::Done,
    })
}
