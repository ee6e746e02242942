//! The values that objects are made of, each with its own equality and its own normal form.
//!
//! The constructors normalise, and both the TOML decoder and the provider go through them.

mod endpoint;
mod key;
mod managed;
mod pattern;
mod retention;
mod statements;
mod tags;

pub use endpoint::{Endpoint, digest};
pub use key::KeyRef;
pub use managed::Managed;
pub use pattern::FilterPattern;
pub use retention::{RETENTION_DAYS, Retention};
pub use statements::{PolicyText, Statements, sid, sid_prefix};
pub use tags::{MARK_ALIAS, MARK_KEYS, MARK_ORIGIN, MARK_STACK, Owner, Tags};
