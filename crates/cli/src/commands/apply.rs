use std::sync::Arc;

use tokio::sync::watch;
use trailwarden_apply::{Outcome, Reach, Report, reach};
use trailwarden_diff::{Misfit, Plan, approval, render};
use trailwarden_provider::Provider;
use trailwarden_spec::wanted::Wanted;

use crate::args::{Apply, Consents, Format, Global};
use crate::connect::{connect, survey_and_plan};
use crate::failure::{Exit, Failure};
use crate::load::{SecretSource, read};
use crate::progress::Board;
use crate::sealed::{Sealed, does_not_fit, is_sealed};
use crate::terminal::Terminal;

/// `trailwarden apply`: shows the plan, asks, executes it, and says whether anybody would be told.
pub(crate) async fn run(global: &Global, args: &Apply, terminal: &Terminal) -> Result<Exit, Failure> {
    let sealed = sealed(args)?;
    let asks = !args.yes && args.approved.is_none() && sealed.is_none();
    if args.format == Format::Json && asks {
        return Err(
            Failure::new(Exit::Usage, "`--format json` leaves no room for a question")
                .help("add `--yes`, name the plan with `--approved HASH`, or apply a sealed one"),
        );
    }
    let loaded = match &sealed {
        Some(sealed) => sealed.load(global.is_sandbox())?,
        None => read(&args.path, SecretSource::Real)?,
    };
    terminal.say(&loaded.warnings());
    let wanted = loaded.wanted;
    let consents = sealed.as_ref().map_or(&args.consents, |sealed| &sealed.consents);
    let board = Arc::new(Board::new(Terminal::new(global.color)));
    let read = async {
        let provider = connect(global, &wanted, terminal, &board).await?;
        let (live, plan) = survey_and_plan(&provider, &wanted, consents, &board).await?;
        Ok::<_, Failure>((provider, live, plan))
    };
    let (provider, live, plan) = tokio::select! {
        biased;
        _ = tokio::signal::ctrl_c() => return Ok(Exit::Interrupted),
        read = read => read?,
    };
    let text = args.format == Format::Text;
    let plan = match sealed.map(|sealed| sealed.fit(plan.clone())) {
        None => plan,
        Some(Ok(fitting)) => fitting,
        Some(Err(misfits)) => {
            if !text {
                print_json(terminal, &plan, None, None, &misfits)?;
            }
            return Err(does_not_fit(&misfits));
        }
    };
    if text {
        terminal.print(&render::text(&plan))?;
    }
    if let Some(approved) = args.approved.as_ref() {
        let now = approval(&plan);
        if now.as_ref() != Some(approved) {
            if !text {
                print_json(terminal, &plan, None, None, &[])?;
            }
            return Err(not_approved(approved, now));
        }
    }
    if !plan.refusals.is_empty() && !args.skip_refused {
        if !text {
            print_json(terminal, &plan, None, None, &[])?;
        }
        return Ok(Exit::Refusals);
    }
    if !plan.steps.is_empty() && asks {
        let question = "\nApply this plan? Only `yes` is a yes: ";
        let Some(answer) = terminal
            .ask(question, "add `--yes` to apply without a question")
            .await?
        else {
            return Ok(Exit::Interrupted);
        };
        if answer != "yes" {
            terminal.say("Nothing was applied.\n");
            return Ok(Exit::Failed);
        }
    }
    let report = execute(&provider, &plan, &board, terminal).await;
    let told = if report.was_stopped() {
        Ok(None)
    } else if plan.steps.is_empty() {
        Ok(Some(Reach::seen(&wanted, &live)))
    } else {
        reach(&provider, &wanted).await.map(Some)
    };
    // What was done is told in any case.
    let (told, unread) = match told {
        Ok(told) => (told, None),
        Err(error) => (None, Some(error)),
    };
    if text {
        terminal.print(&closing(&plan, &report))?;
        terminal.print(&told.map(|told| reach_line(told, &wanted)).unwrap_or_default())?;
    } else {
        print_json(terminal, &plan, Some(&report), told, &[])?;
    }
    match unread {
        Some(error) => Err(error.into()),
        None => Ok(exit(&report)),
    }
}

/// The sealed plan, if that is what is to be applied.
fn sealed(args: &Apply) -> Result<Option<Sealed>, Failure> {
    if !is_sealed(&args.path) {
        return Ok(None);
    }
    if args.consents != Consents::default() {
        return Err(Failure::new(
            Exit::Usage,
            format!(
                "`{}` is a sealed plan, to which nothing can be added",
                args.path.display()
            ),
        )
        .help("give consent, targets and exclusions to `plan --out`"));
    }
    Sealed::read(&args.path).map(Some)
}

fn not_approved(approved: &str, now: Option<String>) -> Failure {
    match now {
        Some(now) => Failure::new(
            Exit::Refusals,
            format!("the plan is not the one that was approved: its approval is {now}, not {approved}; nothing was applied"),
        )
        .help("the account or the spec has changed since; read the plan and approve it, or find out who changed what"),
        None => Failure::new(
            Exit::Refusals,
            format!("there is nothing to do, so this is not the plan {approved} that was approved; nothing was applied"),
        )
        .help("it may have been applied already"),
    }
}

/// Executes a plan. The first Ctrl-C lets the calls in flight end, the second ends the command.
pub(crate) async fn execute(provider: &Provider, plan: &Plan, board: &Board, terminal: &Terminal) -> Report {
    let (stop, stopped) = watch::channel(false);
    board.begin_steps(plan.steps.len());
    let run = trailwarden_apply::run(provider, plan, board, stopped);
    tokio::pin!(run);
    let report = loop {
        tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => {
                if stop.send_replace(true) {
                    board.end();
                    terminal.say("Quit with calls in flight; the next plan shows what took effect.\n");
                    break Report { outcomes: vec![Outcome::Stopped; plan.steps.len()] };
                }
                board.line("Stopping: the calls in flight are brought to their end. Ctrl-C again quits at once.");
            }
            report = &mut run => break report,
        }
    };
    board.end();
    report
}

/// How the command ends.
pub(crate) fn exit(report: &Report) -> Exit {
    if report.was_stopped() {
        Exit::Interrupted
    } else if report.is_success() {
        Exit::Done
    } else {
        Exit::Failed
    }
}

/// What became of the plan, in a line.
pub(crate) fn closing(plan: &Plan, report: &Report) -> String {
    let count = |which: fn(&Outcome) -> bool| report.outcomes.iter().filter(|o| which(o)).count();
    let parts: Vec<String> = [
        (count(Outcome::is_success), "done"),
        (count(|o| matches!(o, Outcome::Failed { .. })), "failed"),
        (count(|o| matches!(o, Outcome::Stale { .. })), "stale"),
        (count(|o| matches!(o, Outcome::Skipped { .. })), "skipped"),
        (count(|o| matches!(o, Outcome::Stopped)), "not begun"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect();
    if plan.steps.is_empty() {
        return String::new();
    }
    let next = if report.is_success() {
        ""
    } else {
        " The next plan continues from here."
    };
    format!("Applied: {}.{next}\n", parts.join(", "))
}

fn reach_line(reach: Reach, wanted: &Wanted) -> String {
    let Reach {
        wanted: all,
        confirmed,
    } = reach;
    if all == 0 {
        let watches = wanted
            .objects
            .keys()
            .any(|address| address.kind == trailwarden_spec::Kind::Alarm);
        return if watches {
            "The spec names no subscriber; whom its topics reach is not known.\n".into()
        } else {
            String::new()
        };
    }
    let subscribers = if all == 1 { "subscriber" } else { "subscribers" };
    match confirmed {
        0 => format!("0 of {all} {subscribers} confirmed: alerts reach nobody yet.\n"),
        n if n < all => format!("{n} of {all} {subscribers} confirmed: alerts reach only those.\n"),
        n => format!("{n} of {all} {subscribers} confirmed.\n"),
    }
}

fn print_json(
    terminal: &Terminal,
    plan: &Plan,
    report: Option<&Report>,
    reach: Option<Reach>,
    misfits: &[Misfit],
) -> Result<(), Failure> {
    let report = trailwarden_apply::json(plan, report, reach, misfits);
    terminal.print(&format!("{report:#}\n"))
}
