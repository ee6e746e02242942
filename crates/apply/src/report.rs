use serde::Serialize;
use trailwarden_account::AccountError;
use trailwarden_spec::Address;
use trailwarden_spec::compare::Change;

/// What became of one step.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Done.
    Done,
    /// The object was already as the step would leave it; nothing was written.
    Already,
    /// A call failed.
    Failed {
        /// The call and what AWS said.
        error: AccountError,
    },
    /// Somebody changed the object since the plan was made; nothing was written.
    Stale {
        /// What it is now against what the plan saw; empty when it came or went.
        changes: Vec<Change>,
        /// In words: "it is gone".
        message: String,
    },
    /// Not begun, because a step that it needs, itself or through others, did not succeed.
    Skipped {
        /// The object of the step that went wrong.
        because_of: Address,
    },
    /// Not begun, because the run was told to stop.
    Stopped,
}

impl Outcome {
    /// True when the object is now as the step wanted it.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Done | Self::Already)
    }
}

/// What became of a plan: an outcome for each of its steps, in the plan's order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// By the index of the step.
    pub outcomes: Vec<Outcome>,
}

impl Report {
    /// True when every step succeeded.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.outcomes.iter().all(Outcome::is_success)
    }

    /// True when the run was told to stop before it was through.
    #[must_use]
    pub fn was_stopped(&self) -> bool {
        self.outcomes.contains(&Outcome::Stopped)
    }
}
