use std::collections::BTreeSet;

use serde::Serialize;
use trailwarden_spec::compare::Change;
use trailwarden_spec::live::Attention;
use trailwarden_spec::{Address, Object, Scope};

use crate::cost::CostItem;

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Makes an object that is not there.
    Create,
    /// Takes over an object that nobody owns, and brings it to what the spec says.
    Adopt,
    /// Changes an object in place.
    Update,
    /// Takes the stack's marks off an object and leaves it.
    Release,
    /// Takes an object away.
    Delete,
}

/// Which part of an update a step is. An update that both adds and removes permissions on which
/// others lean is two steps with the others' steps between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// All of it.
    Whole,
    /// Adds what is new and keeps what was there.
    Widen,
    /// Removes what is needed no more.
    Narrow,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// The object.
    pub address: Address,
    /// What is done.
    pub action: Action,
    /// Which part of it.
    pub phase: Phase,
    /// What asked for it, such as `rule.iam-changes`; none for objects that the spec names no more.
    pub origin: Option<String>,
    /// What the account holds; none for a create.
    #[serde(skip)]
    pub before: Option<Object>,
    /// What it will hold; none for a delete.
    #[serde(skip)]
    pub after: Option<Object>,
    /// Field by field.
    pub changes: Vec<Change>,
    /// The statements of others in a shared policy, a line each (see
    /// [`trailwarden_spec::leaf::in_brief`]): the step keeps them as they are. Empty for every other
    /// kind.
    pub kept: Vec<String>,
    /// Why this step blinds the watch, if it does. Such a step is in a plan only with consent.
    pub blinds: Option<String>,
    /// What goes unnoticed until this step is done, if anything does: the drift has blinded the
    /// watch.
    pub restores: Option<String>,
    /// What no later step takes back, if there is anything.
    pub lasts: Option<String>,
    /// Indices of the steps that must have succeeded before this one.
    pub needs: Vec<usize>,
    /// Indices of the steps that must have ended, however, before this one.
    pub after_steps: Vec<usize>,
}

/// Why something is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalCode {
    /// It is there and nobody owns it; it can be adopted.
    NotOwned,
    /// It belongs to another stack or to `CloudFormation`.
    OwnedByOther,
    /// It holds what this version cannot express and an update would lose.
    Inexpressible,
    /// AWS or the spec does not let this change be made.
    Impossible,
    /// Something that the spec takes from elsewhere is not there.
    Missing,
    /// It is protected (`protect = true`) and would be deleted.
    Protected,
    /// The step blinds the watch and nobody consented.
    Blinding,
    /// The plan takes away so much that it looks like a mistake.
    TooMuch,
    /// The account has no room for it.
    Quota,
    /// It needs something that is refused, or something that is refused still needs it.
    Waits,
}

/// Something that the plan does not do, and the way out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Refusal {
    /// The object.
    pub address: Address,
    /// Why.
    pub code: RefusalCode,
    /// What is the matter, and the way out.
    pub message: String,
    /// What asked for it.
    pub origin: Option<String>,
    /// What would be changed if it were not refused.
    pub changes: Vec<Change>,
}

/// Something worth knowing that is no difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The object.
    pub address: Address,
    /// What is worth knowing.
    pub message: String,
}

/// All that leads from what an account holds to what a spec wants.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// The stack's name.
    pub stack: String,
    /// Account and region.
    #[serde(flatten)]
    pub scope: Scope,
    /// The steps, by address; their order of execution is in their `needs`.
    pub steps: Vec<Step>,
    /// What is not done.
    pub refusals: Vec<Refusal>,
    /// What a person has to look at.
    pub attention: Vec<Attention>,
    /// What is worth knowing.
    pub notes: Vec<Note>,
    /// What all that the spec wants costs, whether it is there already or not.
    pub cost: Vec<CostItem>,
    /// How many objects are as the spec says.
    pub unchanged: usize,
    /// How many steps and refusals are not in the plan: what `--target` or `--exclude` leaves out,
    /// and what came after the plan was sealed.
    pub left_out: usize,
}

/// How many of which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Objects made.
    pub create: usize,
    /// Objects taken over.
    pub adopt: usize,
    /// Objects changed; one that is widened and narrowed counts once.
    pub update: usize,
    /// Objects let go.
    pub release: usize,
    /// Objects taken away.
    pub delete: usize,
    /// Steps that blind the watch, with consent.
    pub blinding: usize,
    /// Refusals.
    pub refused: usize,
    /// Objects that are as the spec says.
    pub unchanged: usize,
    /// Steps and refusals that are left out.
    pub left_out: usize,
}

impl Plan {
    /// True when there are no steps and no refusals: the account is as the spec says, as far as
    /// nothing is left out. Attention items and notes are no differences.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.refusals.is_empty()
    }

    /// Counts the steps.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut sum = Summary {
            refused: self.refusals.len(),
            unchanged: self.unchanged,
            left_out: self.left_out,
            ..Summary::default()
        };
        let widened: BTreeSet<&Address> = self
            .steps
            .iter()
            .filter(|step| step.phase == Phase::Widen)
            .map(|step| &step.address)
            .collect();
        let is_second = |step: &Step| step.phase == Phase::Narrow && widened.contains(&step.address);
        for step in self.steps.iter().filter(|step| !is_second(step)) {
            *match step.action {
                Action::Create => &mut sum.create,
                Action::Adopt => &mut sum.adopt,
                Action::Update => &mut sum.update,
                Action::Release => &mut sum.release,
                Action::Delete => &mut sum.delete,
            } += 1;
        }
        sum.blinding = self.steps.iter().filter(|step| step.blinds.is_some()).count();
        sum
    }
}

/// For which objects a person agreed to something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// For all of them.
    pub all: bool,
    /// For these.
    pub addresses: BTreeSet<Address>,
}

impl Consent {
    /// True when the person agreed for this object.
    #[must_use]
    pub fn covers(&self, address: &Address) -> bool {
        self.all || self.addresses.contains(address)
    }
}

/// What a person said on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Objects to take over (`--adopt`).
    pub adopt: BTreeSet<Address>,
    /// Objects that may be blinded (`--allow-blinding`).
    pub allow_blinding: Consent,
    /// Objects that may be deleted with their data (`--delete-data`).
    pub delete_data: BTreeSet<Address>,
    /// The only objects to be planned for, with what they need (`--target`); all, when empty.
    pub target: BTreeSet<Address>,
    /// Objects to be left as they are, with all that would wait for them (`--exclude`).
    pub exclude: BTreeSet<Address>,
}

impl Options {
    /// True for what a person chose, and for everything when nobody chose.
    pub(crate) fn choose(&self, address: &Address) -> bool {
        !self.exclude.contains(address) && (self.target.is_empty() || self.target.contains(address))
    }
}
