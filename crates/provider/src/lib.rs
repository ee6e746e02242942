//! An AWS account behind the traits of `account`.
//!
//! In go a stack, credentials and typed objects of `spec`; out come what the account holds, in the
//! same types, and writes that bring single objects to where a plan wants them. [`Provider`] is all
//! that there is to see: it implements [`Observe`](trailwarden_account::Observe) and
//! [`Mutate`](trailwarden_account::Mutate).
//!
//! Inside there are three parts. The *door* is the one way to AWS: it counts, traces, keeps to
//! AWS's rates and repeats calls whose errors pass. The *pages* say what each kind is in AWS's
//! APIs, a file each. The *survey* reads all that a plan needs in few calls that do not wait for
//! each other. The *evidence* is what no plan needs: whether deliveries arrive, in which state alarms
//! are, who would hear of a message. What people do by hand is in *operate*.
//!
//! This crate decides nothing: what should change, in which order and whether it may is said by
//! others. It changes only what it is told to, and within a document that others write, too, only
//! the stack's statements. It keeps no state, prints nothing, and knows no emulator. SDK types end
//! here.

#![expect(
    clippy::result_large_err,
    reason = "an error carries all that AWS said, and a call over a network costs more than moving it"
)]

mod aws;
mod connect;
mod door;
mod evidence;
mod index;
mod operate;
mod provider;
mod rehearse;
mod survey;

pub use connect::Settings;
pub use door::{CallCount, OnWait};
pub use provider::Provider;
