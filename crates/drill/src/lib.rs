//! Would an alert reach anybody? Try it: a drill makes a real call, harmless and marked, and watches each link
//! until the notice arrives.
//!
//! **In** go a spec with a `[drill]`, an account ([`Rehearse`](trailwarden_account::Rehearse)) and a clock
//! ([`Clock`]). **Out** comes a [`Report`]: which link the event passed when, and where it got stuck. What `status`
//! knows of that link ([`trailwarden_prove::rehearsal`]) says why and what to do; what it does not know is said of the link in
//! general.
//!
//! The way: earlier drills' leftovers go, the canary's alarm has to be quiet, a queue is made and subscribed, the call
//! is made, and the log group, the metric, the alarm and the queue are asked in turn until each has seen it.
//!
//! It **never** ends without taking back what it made, or saying what it could not take back: after a failure, after a
//! stop, whatever happened. A drill that was killed leaves its queue behind, which the next one finds by its name.

pub mod render;
mod report;
mod run;
mod watch;

pub use report::{Outcome, Passed, Report, Stage};
pub use run::{Options, clear, run};
pub use watch::{Clock, Watch};
