use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use trailwarden_spec::compare::{Change, Shown, Verdict};

use super::{lines, visible};
use crate::cost;
use crate::plan::{Action, Phase, Plan, Refusal, RefusalCode, Step, Summary};
use crate::seal::approval;

pub(super) const ADD: Style = AnsiColor::Green.on_default();
pub(super) const CHANGE: Style = AnsiColor::Yellow.on_default();
pub(super) const REMOVE: Style = AnsiColor::Red.on_default();
pub(super) const LOUD: Style = AnsiColor::Red.on_default().bold();
pub(super) const QUIET: Style = Style::new().dimmed();
pub(super) const BOLD: Style = Style::new().bold();

/// The plan for people.
#[must_use]
pub fn text(plan: &Plan) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_plan(&mut out, &visible::plan(plan));
    if let Some(approval) = approval(plan) {
        let _ = writeln!(out, "Approval: {approval}");
    }
    out
}

fn write_plan(out: &mut String, plan: &Plan) -> std::fmt::Result {
    let scope = &plan.scope;
    writeln!(
        out,
        "Stack {BOLD}{}{BOLD:#} in account {}, {}",
        plan.stack, scope.account, scope.region
    )?;
    for step in &plan.steps {
        writeln!(out)?;
        write_step(out, step)?;
    }
    write_refusals(out, &plan.refusals)?;
    if !plan.attention.is_empty() {
        writeln!(out, "\n{CHANGE}Attention{CHANGE:#}: what no plan can repair")?;
        for item in &plan.attention {
            match &item.address {
                Some(address) => writeln!(out, "  {CHANGE}!{CHANGE:#} {address}: {}", item.message)?,
                None => writeln!(out, "  {CHANGE}!{CHANGE:#} {}", item.message)?,
            }
        }
    }
    if !plan.notes.is_empty() {
        writeln!(out, "\nNotes")?;
        for note in &plan.notes {
            writeln!(out, "  {QUIET}{}: {}{QUIET:#}", note.address, note.message)?;
        }
    }
    writeln!(out)?;
    let cost = cost::in_words(&plan.cost).filter(|_| !plan.steps.is_empty());
    if let Some(cost) = cost {
        writeln!(out, "Cost: {cost}.")?;
    }
    writeln!(out, "{}", summary(plan))
}

fn write_refusals(out: &mut String, refusals: &[Refusal]) -> std::fmt::Result {
    if refusals.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n{LOUD}Refused{LOUD:#}: nothing is applied while this stands, unless `--skip-refused`"
    )?;
    // Many can hang on one thing; that is said once.
    let in_common = |r: &Refusal| {
        matches!(
            r.code,
            RefusalCode::TooMuch | RefusalCode::Quota | RefusalCode::Protected | RefusalCode::Waits
        )
    };
    for (at, refusal) in refusals.iter().enumerate() {
        let alike = |other: &&Refusal| in_common(other) && other.message == refusal.message;
        if refusals[..at].iter().any(|other| alike(&other)) {
            continue;
        }
        for refusal in std::iter::once(refusal).chain(refusals[at + 1..].iter().filter(alike)) {
            let origin = origin(refusal.origin.as_deref());
            writeln!(out, "  {LOUD}x{LOUD:#} {BOLD}{}{BOLD:#}{origin}", refusal.address)?;
        }
        writeln!(out, "      {}", refusal.message)?;
        // What the spec names no more is deleted; the plan shows no fields of that either.
        let is_delete = refusal.origin.is_none();
        if !in_common(refusal) && !is_delete {
            write_changes(out, &refusal.changes, "")?;
        }
    }
    Ok(())
}

fn origin(origin: Option<&str>) -> String {
    origin
        .map(|origin| format!("  {QUIET}# {origin}{QUIET:#}"))
        .unwrap_or_default()
}

fn summary(plan: &Plan) -> String {
    let Summary {
        create,
        adopt,
        update,
        release,
        delete,
        blinding,
        refused,
        unchanged,
        left_out,
    } = plan.summary();
    let as_said = format!(
        "{unchanged} {} as the spec says",
        if unchanged == 1 {
            "object is"
        } else {
            "objects are"
        }
    );
    if plan.is_empty() && left_out > 0 {
        return format!("{ADD}Nothing to do{ADD:#} for what was chosen; {left_out} left out; {as_said}.");
    }
    if plan.is_empty() {
        return format!("{ADD}No differences.{ADD:#} {as_said}.");
    }
    let counts = [
        (create, "to create"),
        (adopt, "to adopt"),
        (update, "to update"),
        (release, "to release"),
        (delete, "to delete"),
        (refused, "refused"),
    ];
    let mut parts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if blinding > 0 {
        parts.push(format!("{LOUD}{blinding} blinding{LOUD:#}"));
    }
    if left_out > 0 {
        parts.push(format!("{left_out} left out"));
    }
    format!("{BOLD}Plan:{BOLD:#} {}; {as_said}.", parts.join(", "))
}

fn write_step(out: &mut String, step: &Step) -> std::fmt::Result {
    let (symbol, style) = match step.action {
        Action::Create => ("+", ADD),
        Action::Update => ("~", CHANGE),
        Action::Adopt => (">", CHANGE),
        Action::Release => ("<", CHANGE),
        Action::Delete => ("-", REMOVE),
    };
    let doing = match (step.action, step.phase) {
        (Action::Adopt, _) => " (adopt)",
        (Action::Release, _) if step.before.as_ref().is_some_and(|before| before.tags().is_none()) => {
            " (release: it has no tags to lose and stays)"
        }
        (Action::Release, _) => " (release: our tags go, the object stays)",
        (_, Phase::Widen) => " (first: adds)",
        (_, Phase::Narrow) => " (last: removes)",
        _ => "",
    };
    let origin = origin(step.origin.as_deref());
    writeln!(
        out,
        "  {style}{symbol}{style:#} {BOLD}{}{BOLD:#}{doing}{origin}",
        step.address
    )?;
    if let Some(why) = &step.blinds {
        writeln!(out, "      {LOUD}! blinds: {why}{LOUD:#}")?;
    }
    if let Some(why) = &step.restores {
        writeln!(out, "      {LOUD}! blind until applied: {why}{LOUD:#}")?;
    }
    if let Some(what) = &step.lasts {
        writeln!(out, "      {LOUD}! cannot be undone: {what}{LOUD:#}")?;
    }
    if step.action != Action::Delete {
        write_changes(out, &step.changes, symbol)?;
    }
    if !step.kept.is_empty() {
        writeln!(out, "      kept, statements of others:")?;
    }
    step.kept
        .iter()
        .try_for_each(|statement| writeln!(out, "          {QUIET}{statement}{QUIET:#}"))
}

fn write_changes(out: &mut String, changes: &[Change], symbol: &str) -> std::fmt::Result {
    let differing: Vec<&Change> = changes.iter().filter(|c| c.verdict == Verdict::Differs).collect();
    let width = differing
        .iter()
        .filter(|c| !lines::is_long(c))
        .map(|c| c.field.len() + 1)
        .max()
        .unwrap_or(0);
    for change in differing {
        if lines::is_long(change) {
            writeln!(out, "      {}:", change.field)?;
            lines::write(out, change, symbol == "+")?;
            continue;
        }
        let field = format!("{}:", change.field);
        let (before, after) = (one_line(&change.before), one_line(&change.after));
        let line = match (&change.before, &change.after) {
            (Shown::Absent, _) if symbol == "+" => after,
            _ if before == after => format!("{after} {QUIET}(same value, recorded anew){QUIET:#}"),
            _ => format!("{REMOVE}{before}{REMOVE:#} -> {ADD}{after}{ADD:#}"),
        };
        writeln!(out, "      {field:width$} {line}")?;
    }
    Ok(())
}

pub(super) fn one_line(shown: &Shown) -> String {
    match shown {
        Shown::Absent => "(none)".into(),
        Shown::Plain(text) => text.clone(),
        Shown::Text(text) => format!("{text:?}"),
        Shown::Lines(text) => text.replace('\n', " "),
        Shown::List(items) => format!("[{}]", items.join(", ")),
        Shown::Map(map) => {
            let pairs: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{key} = {value:?}"))
                .collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}
