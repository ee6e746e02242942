//! Desired state and live state in, plan out.
//!
//! [`plan`] holds what a spec wants against what an account holds and writes down every step that
//! leads from one to the other, in an order in which nothing is taken away before what replaces it
//! is in place. A plan is data: whoever executes it makes no choice that is not in it. What must
//! not happen without a person's word (deleting data or what is protected, blinding the watch, touching
//! what belongs to somebody else) is a refusal in the plan, never a step.
//!
//! [`drift()`] reads the same comparison the other way round: what is no longer as the spec says, how bad
//! that is, and who answers for it.
//!
//! This crate asks no account and prints nothing; [`render`] makes the text and the JSON.

mod blind;
mod compare;
mod cost;
mod drift;
mod elsewhere;
mod order;
mod plan;
mod protect;
mod quota;
mod release;
pub mod render;
mod seal;
mod select;
mod settle;
mod subscriber;

pub use compare::plan;
pub use cost::{CostItem, CostOf};
pub use drift::{Drift, DriftSummary, History, Item, Severity, WaiverState, What, drift};
pub use plan::{Action, Consent, Note, Options, Phase, Plan, Refusal, RefusalCode, Step, Summary};
pub use seal::{Misfit, Seal, approval};
