use trailwarden_account::{For, permissions};

use crate::args::{Permissions, Purpose};
use crate::failure::{Exit, Failure};
use crate::load::{SecretSource, load};
use crate::terminal::Terminal;

/// `trailwarden permissions`: prints the least IAM policy for this spec.
pub(crate) fn run(args: &Permissions, terminal: &Terminal) -> Result<Exit, Failure> {
    let wanted = load(&args.spec.path, SecretSource::Unread)?;
    let purpose = match args.purpose {
        Purpose::Plan => For::Plan,
        Purpose::Status => For::Status,
        Purpose::Drift => For::Drift,
        Purpose::Apply => For::Apply,
        Purpose::Drill => For::Drill,
        Purpose::Daily => For::Daily,
    };
    if purpose == For::Drill {
        crate::commands::drill::declared(&wanted)?;
    }
    terminal.print(&format!("{}\n", permissions(&wanted, purpose).to_json_pretty()))?;
    Ok(Exit::Done)
}
