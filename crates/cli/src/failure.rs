//! How a command ends.

use std::process::ExitCode;

use trailwarden_account::AccountError;

/// The exit codes, as `trailwarden --help` and the README list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done, or no differences.
    Done = 0,
    /// Something failed.
    Failed = 1,
    /// `drift` and `plan --detailed-exitcode`: there are differences.
    Differences = 2,
    /// `status`: nothing is broken, and a person has something to do first.
    Human = 3,
    /// The answer is no: a link is broken, a test of the spec fails, nothing matches, two patterns differ.
    No = 4,
    /// The plan holds refusals.
    Refusals = 5,
    /// The command line is wrong.
    Usage = 64,
    /// The spec or a pattern is wrong.
    BadSpec = 65,
    /// Interrupted by Ctrl-C.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was asked, and the way out.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: Exit,
    /// What went wrong; several lines where there are several things.
    pub(crate) message: String,
    /// What can be done about it.
    pub(crate) help: Option<String>,
    /// True for text that is complete as it stands: problems of a spec, drawn with their lines.
    pub(crate) drawn: bool,
}

impl Failure {
    /// A failure without advice.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            help: None,
            drawn: false,
        }
    }

    /// Adds the way out.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        Self::new(Exit::Failed, error.to_string()).help(error.kind.way_out())
    }
}
