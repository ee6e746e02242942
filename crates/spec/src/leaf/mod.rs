//! The values that objects are made of, each with its own equality and its own normal form.
//!
//! The constructors normalise, and both the TOML decoder and the provider go through them.

mod alarm_rule;
mod brief;
mod document;
mod endpoint;
mod key;
mod managed;
mod pattern;
mod retention;
mod selectors;
mod statements;
mod tags;

pub use alarm_rule::AlarmRule;
pub use brief::in_brief;
pub use document::Document;
pub use endpoint::{Endpoint, digest};
pub use key::KeyRef;
pub use managed::Managed;
pub use pattern::FilterPattern;
pub use retention::{RETENTION_DAYS, Retention};
pub use selectors::{
    BASIC_TYPES, BasicSelector, Category, Conditions, READ_ONLY, RESOURCE_ARN, RESOURCE_TYPE, Selector,
    Selectors,
};
pub use statements::{PolicyText, Statements, sid, sid_prefix};
pub use tags::{MARK_ALIAS, MARK_KEYS, MARK_ORIGIN, MARK_PROTECT, MARK_STACK, MARKS, Owner, Tags};
