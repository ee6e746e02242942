use std::sync::Arc;

use trailwarden_diff::render;

use crate::args::{Consents, Destroy, Global};
use crate::commands::apply::{closing, execute, exit};
use crate::connect::{connect, survey_and_plan};
use crate::failure::{Exit, Failure};
use crate::load::{SecretSource, load};
use crate::progress::Board;
use crate::terminal::Terminal;

/// `trailwarden destroy`: plans for a spec that wants nothing.
pub(crate) async fn run(global: &Global, args: &Destroy, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut wanted = load(&args.spec.path, SecretSource::Unread)?;
    wanted.objects.clear();
    wanted.existing.clear();
    wanted.exclusive.clear();
    let mut consents = Consents {
        adopt: Vec::new(),
        allow_blinding: args.allow_blinding.clone(),
        delete_data: args.delete_data.clone(),
        ..Consents::default()
    };
    if !args.yes {
        let question = format!(
            "This takes away the monitoring of account {} that the stack {name} made. What holds data is released, not \
             deleted.\nType the stack's name to see the plan: ",
            wanted.stack.scope.account,
            name = wanted.stack.name
        );
        let instead = "add `--yes --allow-blinding ALL` to destroy without a question";
        let Some(typed) = terminal.ask(&question, instead).await? else {
            return Ok(Exit::Interrupted);
        };
        if typed != wanted.stack.name {
            terminal.say("Nothing was destroyed.\n");
            return Ok(Exit::Failed);
        }
        consents.allow_blinding.push("ALL".into());
    }
    let board = Arc::new(Board::new(Terminal::new(global.color)));
    let provider = connect(global, &wanted, terminal, &board).await?;
    let (_, plan) = survey_and_plan(&provider, &wanted, &consents, &board).await?;
    terminal.print(&render::text(&plan))?;
    if !plan.refusals.is_empty() && !args.skip_refused {
        return Ok(Exit::Refusals);
    }
    if plan.steps.is_empty() {
        return Ok(Exit::Done);
    }
    if !args.yes {
        let question = "\nDestroy as planned? Only `yes` is a yes: ";
        let Some(answer) = terminal.ask(question, "add `--yes`").await? else {
            return Ok(Exit::Interrupted);
        };
        if answer != "yes" {
            terminal.say("Nothing was destroyed.\n");
            return Ok(Exit::Failed);
        }
    }
    let report = execute(&provider, &plan, &board, terminal).await;
    terminal.print(&closing(&plan, &report))?;
    Ok(exit(&report))
}
