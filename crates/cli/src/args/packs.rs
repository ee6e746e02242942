//! Arguments of the commands on packs and standards.

use clap::builder::PossibleValue;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use trailwarden_coverage::Standard;

use super::{Format, Report, Spec};

#[derive(Debug, ClapArgs)]
pub(crate) struct Packs {
    #[command(subcommand)]
    pub(crate) command: PacksCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PacksCommand {
    /// List the packs that there are, with their versions
    List {
        /// The form of the output
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: Format,
    },
    /// Show the controls of a pack: their patterns, and why they are as they are
    Show {
        /// Its name
        #[arg(value_name = "PACK")]
        pack: String,
        /// Of a pack that has versions; the newest without it
        #[arg(long, value_name = "VERSION")]
        version: Option<String>,
        /// Of a pack that has both: auditor or corrected; both without it
        #[arg(long, value_name = "SPELLING")]
        spelling: Option<Spelling>,
        /// The form of the output
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: Format,
    },
}

/// Which text of a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Spelling {
    /// The text that Security Hub and Prowler compare.
    Auditor,
    /// The same intent without the published text's gaps.
    Corrected,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Coverage {
    #[command(flatten)]
    pub(crate) spec: Spec,
    /// A standard that has to be met, or the command exits with 4; only these are shown (repeatable)
    #[arg(long, value_name = "STANDARD")]
    pub(crate) standard: Vec<Named>,
    /// The form of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Report,
}

/// A standard, by its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named(pub(crate) Standard);

impl ValueEnum for Named {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Named; Standard::ALL.len()] = {
            let mut all = [Named(Standard::Cis12); Standard::ALL.len()];
            let mut at = 0;
            while at < all.len() {
                all[at] = Named(Standard::ALL[at]);
                at += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.as_str()).help(self.0.title()))
    }
}
