//! The provider against an account in memory, through the real clients.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

mod common;
mod faults;
mod round_trip;
#[path = "../support/mod.rs"]
mod support;
mod survey;
