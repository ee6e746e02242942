use std::fmt::Write;

use anstyle::Style;
use serde_json::{Value, json};
use trailwarden_spec::packs::{Control, Pack, Spelling};

use crate::args::{self, Format, Packs, PacksCommand};
use crate::failure::{Exit, Failure};
use crate::terminal::Terminal;

const BOLD: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();

/// `trailwarden packs`: what packs there are, and what is in them.
pub(crate) fn run(args: &Packs, terminal: &Terminal) -> Result<Exit, Failure> {
    let text = match &args.command {
        PacksCommand::List { format } => list(*format),
        PacksCommand::Show {
            pack,
            version,
            spelling,
            format,
        } => show(pack, version.as_deref(), *spelling, *format)?,
    };
    terminal.print(&text)?;
    Ok(Exit::Done)
}

fn list(format: Format) -> String {
    if format == Format::Json {
        let packs = Pack::ALL.iter().map(|pack| {
            json!({
                "name": pack.name,
                "title": pack.title,
                "versions": pack.versions,
                "spellings": spellings(pack, None).iter().map(|one| one.as_str()).collect::<Vec<_>>(),
            })
        });
        return format!(
            "{:#}\n",
            json!({ "format": 1, "packs": packs.collect::<Vec<_>>() })
        );
    }
    let mut out = String::new();
    for pack in Pack::ALL {
        let versions = match pack.versions {
            [] => String::new(),
            all => format!(" (versions {})", all.join(", ")),
        };
        // Writing to a string does not fail.
        let _ = writeln!(out, "{BOLD}{}{BOLD:#}  {}{versions}", pack.name, pack.title);
    }
    out
}

fn show(
    name: &str,
    version: Option<&str>,
    spelling: Option<args::Spelling>,
    format: Format,
) -> Result<String, Failure> {
    let listed = |words: &[&str]| words.join(", ");
    let pack = Pack::find(name).ok_or_else(|| {
        let all = Pack::ALL.map(|pack| pack.name);
        Failure::new(Exit::Usage, format!("there is no pack `{name}`"))
            .help(format!("there are {}", listed(&all)))
    })?;
    let found = pack.version(version).ok_or_else(|| {
        let failure = Failure::new(
            Exit::Usage,
            format!(
                "the pack `{name}` has no version `{}`",
                version.unwrap_or_default()
            ),
        );
        match pack.versions {
            [] => failure.help("it has no versions: leave `--version` out"),
            all => failure.help(format!("it has {}", listed(all))),
        }
    })?;
    if spelling.is_some() && !pack.has_spellings {
        return Err(
            Failure::new(Exit::Usage, format!("the pack `{name}` has one spelling"))
                .help("leave `--spelling` out"),
        );
    }
    let controls = pack.controls(found);
    let spellings = spellings(&pack, spelling);
    if format == Format::Json {
        let controls: Vec<Value> = controls
            .iter()
            .map(|control| as_json(&pack, control, &spellings))
            .collect();
        let version = (!found.is_empty()).then_some(found);
        let json = json!({ "format": 1, "name": pack.name, "title": pack.title, "version": version,
                           "controls": controls });
        return Ok(format!("{json:#}\n"));
    }
    let mut out = match found {
        "" => format!("{BOLD}{}{BOLD:#}  {}\n", pack.name, pack.title),
        version => format!("{BOLD}{} {version}{BOLD:#}  {}\n", pack.name, pack.title),
    };
    for control in &controls {
        let _ = write_control(&mut out, &pack, control, &spellings);
    }
    Ok(out)
}

/// The spellings that are shown; none is named for a pack with one.
fn spellings(pack: &Pack, asked: Option<args::Spelling>) -> Vec<Spelling> {
    if !pack.has_spellings {
        return Vec::new();
    }
    match asked {
        None => Spelling::ALL.to_vec(),
        Some(args::Spelling::Auditor) => vec![Spelling::Auditor],
        Some(args::Spelling::Corrected) => vec![Spelling::Corrected],
    }
}

fn write_control(
    out: &mut String,
    pack: &Pack,
    control: &Control,
    spellings: &[Spelling],
) -> std::fmt::Result {
    writeln!(out, "\n{BOLD}{}{BOLD:#}  {}", control.id, control.title)?;
    let number = control.security_hub.map(|number| format!("CloudWatch.{number}"));
    let also: Vec<&str> = number.as_deref().into_iter().chain(control.prowler).collect();
    if !also.is_empty() {
        writeln!(out, "  {QUIET}{}{QUIET:#}", also.join(", "))?;
    }
    writeln!(out, "  {}", control.reason)?;
    for spelling in spellings {
        writeln!(
            out,
            "  {}:\n    {}",
            spelling.as_str(),
            control.pattern(*spelling)
        )?;
    }
    if !pack.has_spellings {
        writeln!(out, "  pattern:\n    {}", control.corrected)?;
    }
    if let Some(narrow) = control.narrow {
        writeln!(out, "  narrowed to {}, by {}", narrow.in_words(), narrow.field())?;
    }
    for call in control.calls {
        writeln!(out, "  {}: {}", call.name, call.why)?;
    }
    Ok(())
}

fn as_json(pack: &Pack, control: &Control, spellings: &[Spelling]) -> Value {
    let patterns: serde_json::Map<String, Value> = match pack.has_spellings {
        false => [("corrected".to_owned(), control.corrected.clone().into())]
            .into_iter()
            .collect(),
        true => spellings
            .iter()
            .map(|spelling| (spelling.as_str().to_owned(), control.pattern(*spelling).into()))
            .collect(),
    };
    let calls = control
        .calls
        .iter()
        .map(|call| json!({ "name": call.name, "why": call.why }));
    json!({
        "id": control.id,
        "name": control.slug,
        "title": control.title,
        "reason": control.reason,
        "security_hub": control.security_hub.map(|number| format!("CloudWatch.{number}")),
        "prowler": control.prowler,
        "patterns": patterns,
        "narrowed_by": control.narrow.map(trailwarden_spec::packs::Narrow::field),
        "calls": calls.collect::<Vec<_>>(),
    })
}
