use std::fmt::Write as _;

use trailwarden_export::{Dialect, comment, query};
use trailwarden_replay::rules::{Rule, rules};
use trailwarden_spec::visible::visible_line;
use trailwarden_spec::{Object, Wanted};

use crate::args::{self, Export, RulesCommand};
use crate::failure::{Exit, Failure};
use crate::load::{SecretSource, load};
use crate::terminal::Terminal;

/// `trailwarden rules ...`
pub(crate) fn run(args: &args::Rules, terminal: &Terminal) -> Result<Exit, Failure> {
    match &args.command {
        RulesCommand::Export(export) => self::export(export, terminal),
    }
}

/// `trailwarden rules export`: the rules as SQL.
fn export(args: &Export, terminal: &Terminal) -> Result<Exit, Failure> {
    let dialect = match args.to {
        args::Dialect::Athena => Dialect::Athena,
        args::Dialect::Duckdb => Dialect::DuckDb,
    };
    let table = args.table.as_deref().unwrap_or(dialect.table());
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    if table.is_empty() || !table.chars().all(plain) {
        let message = format!("`--table {table}` is no name of a table");
        return Err(
            Failure::new(Exit::Usage, message).help("letters, digits, `_`, and a `.` after the database")
        );
    }
    let wanted = load(&args.spec.path, SecretSource::Unread)?;
    let mut all = rules(&wanted).map_err(|(rule, problems)| {
        let first = problems.as_slice().first().map(|problem| problem.message.clone());
        let message = format!(
            "the pattern of `{rule}` cannot be read: {}",
            first.unwrap_or_default()
        );
        Failure::new(Exit::BadSpec, message)
    })?;
    // One pattern on several log groups is one query.
    all.dedup_by(|a, b| a.name == b.name && a.pattern.text() == b.pattern.text());
    let label = |rule: &Rule| {
        rule.name
            .split_once('.')
            .map_or("", |(_, label)| label)
            .to_owned()
    };
    for wish in &args.rules {
        if !all.iter().any(|rule| rule.name == *wish || label(rule) == *wish) {
            let known: Vec<String> = all.iter().map(|rule| format!("`{}`", rule.name)).collect();
            return Err(
                Failure::new(Exit::Usage, format!("the spec has no rule `{wish}`"))
                    .help(format!("it has {}", known.join(", "))),
            );
        }
    }
    if !args.rules.is_empty() {
        all.retain(|rule| args.rules.contains(&rule.name) || args.rules.contains(&label(rule)));
    }
    let mut text = comment(&format!("The rules of the stack {}, as SQL.", wanted.stack.name));
    text += &dialect.preface(table);
    let mut refused = String::new();
    for rule in &all {
        text.push('\n');
        text += &comment(&rule.name);
        text += &description(&wanted, rule).map_or_else(String::new, comment);
        text += &comment(rule.pattern.text());
        match query(&rule.name, &rule.pattern, dialect, table) {
            Ok(query) => text += &query,
            Err(refusals) => {
                for refusal in refusals {
                    let part = &rule.pattern.text()[refusal.span.clone()];
                    let line = format!("{}, `{part}`: {refusal}", rule.name);
                    text += &comment(&format!("refused: `{part}`: {refusal}"));
                    let _ = writeln!(refused, "refused: {}", visible_line(&line));
                }
            }
        }
    }
    terminal.print(&text)?;
    terminal.say(&refused);
    Ok(match refused.is_empty() {
        true => Exit::Done,
        false => Exit::No,
    })
}

/// What the spec says of a rule; its alarm has it.
fn description<'w>(wanted: &'w Wanted, rule: &Rule) -> Option<&'w str> {
    wanted.objects.values().find_map(|wish| match &wish.object {
        Object::Alarm(alarm) if wish.origin == rule.name => alarm.description.get().map(String::as_str),
        _ => None,
    })
}
