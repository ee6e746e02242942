use std::fs::OpenOptions;
use std::io::Write;

use crate::args::Init;
use crate::failure::{Exit, Failure};
use crate::terminal::Terminal;

/// `trailwarden init`: writes a commented spec to start from.
pub(crate) fn run(init: &Init, terminal: &Terminal) -> Result<Exit, Failure> {
    if init.file.as_os_str() == "-" {
        terminal.print(trailwarden_spec::STARTER)?;
        return Ok(Exit::Done);
    }
    let file = init.file.display();
    let failed = |error: std::io::Error| {
        let failure = Failure::new(Exit::Failed, format!("cannot write `{file}`: {error}"));
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                failure.help("name another file; an existing one is never overwritten")
            }
            _ => failure,
        }
    };
    let mut out = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&init.file)
        .map_err(failed)?;
    out.write_all(trailwarden_spec::STARTER.as_bytes())
        .map_err(failed)?;
    terminal.print(&format!(
        "Wrote {file}. Put in your account, region and e-mail address, then:\n  trailwarden check {file}\n  trailwarden \
         plan {file} --sandbox   # what it would make, on an account in a file\n  trailwarden plan {file}             # \
         the same against AWS\n"
    ))?;
    Ok(Exit::Done)
}
