//! Executes a plan.
//!
//! In goes a plan, out comes a [`Report`] of what became of each step. Steps run concurrently where
//! the plan's order lets them. Every object is read again immediately before it is written: what
//! somebody changed since the plan was made is left alone and reported as stale. A failed step stops
//! what needs it and nothing else. When told to stop, no further step begins, those that have begun
//! are brought to their end, and the report says what is left; the next plan simply continues.
//!
//! This crate makes no choice that is not in the plan, knows no AWS API and prints nothing.

mod json;
mod reach;
mod report;
mod run;

pub use json::json;
pub use reach::{Reach, reach};
pub use report::{Outcome, Report};
pub use run::{Progress, run};
