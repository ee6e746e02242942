//! Stories of the whole product: the binary, real AWS clients, a wire.
//!
//! One test target, so that everything is linked once and moto is started once.

mod alarm;
mod bucket;
mod changes;
mod complaints;
mod daily;
mod daily_moto;
mod drift;
mod drift_report;
mod drill;
mod everything;
mod export;
mod faults;
mod fields;
mod first_setup;
mod habits;
mod https;
mod key;
mod lag;
mod log_group;
mod manual;
mod order;
mod packs;
mod patterns;
mod protect;
// `cfg(test)` for clippy, which allows `unwrap` in helpers only where it sees it.
#[cfg(test)]
#[path = "../crates/diff/tests/schema/mod.rs"]
mod published;
mod quotas;
mod replay;
mod sandbox;
mod sealed;
mod status;
mod support;
mod topic;
mod trail;
