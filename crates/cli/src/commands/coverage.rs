use trailwarden_coverage::{Standard, cover, render};

use crate::args::{Coverage, Report};
use crate::failure::{Exit, Failure};
use crate::load::{SecretSource, read};
use crate::terminal::Terminal;

/// `trailwarden coverage`: which controls a spec satisfies, offline.
pub(crate) fn run(args: &Coverage, terminal: &Terminal) -> Result<Exit, Failure> {
    let loaded = read(&args.spec.path, SecretSource::StandIn)?;
    terminal.say(&loaded.warnings());
    let standards: Vec<Standard> = args.standard.iter().map(|named| named.0).collect();
    let coverage = cover(&loaded.wanted, &standards);
    terminal.print(&match args.format {
        Report::Text => render::text(&coverage),
        Report::Markdown => render::markdown(&coverage),
        Report::Json => format!("{:#}\n", render::json(&coverage)),
    })?;
    Ok(match coverage.is_good() {
        true => Exit::Done,
        false => Exit::No,
    })
}
