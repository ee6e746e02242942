use std::sync::Arc;

use trailwarden_diff::{Plan, render};

use crate::args::{Format, Global, Plan as PlanArgs};
use crate::connect::{connect, survey_and_plan};
use crate::failure::{Exit, Failure};
use crate::load::{SecretSource, read};
use crate::progress::Board;
use crate::sealed::Sealed;
use crate::terminal::Terminal;

/// `trailwarden plan`: shows how the account differs from the spec.
pub(crate) async fn run(global: &Global, args: &PlanArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let loaded = read(&args.spec.path, SecretSource::Real)?;
    terminal.say(&loaded.warnings());
    let wanted = &loaded.wanted;
    let board = Arc::new(Board::new(Terminal::new(global.color)));
    let provider = connect(global, wanted, terminal, &board).await?;
    let (_, plan) = survey_and_plan(&provider, wanted, &args.consents, &board).await?;
    match args.format {
        Format::Text => terminal.print(&render::text(&plan))?,
        Format::Json => {
            let mut json = render::json(&plan);
            global.mark(&mut json);
            terminal.print(&format!("{json:#}\n"))?;
        }
    }
    if let Some(file) = &args.out {
        Sealed::new(&loaded, &args.consents, &plan, global.is_sandbox())?.write(file)?;
        let file = file.display();
        #[cfg(feature = "sandbox")]
        let account = global
            .sandbox
            .as_ref()
            .map_or_else(String::new, |account| format!(" --sandbox={}", account.display()));
        #[cfg(not(feature = "sandbox"))]
        let account = "";
        terminal.say(&format!(
            "Sealed in {file}: `trailwarden apply {file}{account}` does exactly this, without a question.\n"
        ));
    }
    Ok(exit(&plan, args.detailed_exitcode))
}

fn exit(plan: &Plan, detailed: bool) -> Exit {
    if !plan.refusals.is_empty() {
        Exit::Refusals
    } else if detailed && !plan.steps.is_empty() {
        Exit::Differences
    } else {
        Exit::Done
    }
}
