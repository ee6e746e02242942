use crate::args::Format;
use crate::failure::{Exit, Failure};
use crate::terminal::Terminal;

/// `trailwarden pattern diff`: compares what two patterns match.
pub(crate) fn run(a: &str, b: &str, _format: Format, terminal: &Terminal) -> Result<Exit, Failure> {
    let (a, b) = (super::parse(a)?, super::parse(b)?);
    let same = a.same_spelt(&b);
    terminal.print(if same {
        "They differ in spelling only.\n"
    } else {
        "They differ.\n"
    })?;
    Ok(if same { Exit::Done } else { Exit::No })
}
