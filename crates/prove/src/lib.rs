//! Would an alert reach a human right now, and if not, which link is broken?
//!
//! **In** go what a spec wants and what an account does at the moment
//! ([`Evidence`](trailwarden_spec::evidence::Evidence)). **Out** comes a [`Proof`]: for every alarm of the
//! spec the chain from the trail to the subscriber, link by link ([`Chain`], [`Link`]), each link with what
//! was found, or with the cause and the way out; and its renderings ([`render`]).
//!
//! It looks at what *is*: a link that differs from the spec and does its work holds, which `plan` shows;
//! one that is as the spec says and does not work is broken. What no API tells (an organization's
//! policies, a mailbox) is said to be unknown and never assumed.
//!
//! It **never** asks an account, reads a clock, or prints.

mod chain;
mod links;
mod notice;
mod permits;
pub mod render;
mod walk;

pub use chain::{Chain, Link, LinkKind, LinkState, Proof, Summary, Told, Verdict};
pub use walk::{prove, rehearsal};
