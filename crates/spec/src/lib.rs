//! What monitoring should be, and the vocabulary in which both sides of a plan are said.
//!
//! In goes the text of a spec (TOML, format 1) to [`parse`]; out comes [`Wanted`]: every object that the
//! account should hold, references resolved, each with the place in the text that asked for it, or
//! all the problems of the text at once ([`Problems`]). The same typed objects ([`kinds`]) describe what an account
//! holds ([`live::Live`]), so that the two can be compared field by field.
//!
//! This crate never asks an account, reads no file, clock or environment, and prints nothing.

pub mod address;
pub mod arn;
pub mod compare;
mod document;
pub mod drill;
pub mod evidence;
pub mod happened;
pub mod json;
pub mod kinds;
pub mod leaf;
pub mod live;
pub mod packs;
mod problem;
pub mod visible;
pub mod wanted;

pub use address::{Address, Scope};
pub use document::{STARTER, SecretRef, Secrets, Source, parse};
pub use kinds::{Kind, Object};
pub use problem::{Problem, Problems, Severity};
pub use wanted::Wanted;
