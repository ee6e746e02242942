//! An account in which an alert reaches a human, one thing broken at a time, and the link that is named.

mod broken;
mod fixture;
// Said again for clippy, which allows `unwrap` in helpers only where it sees `cfg(test)`.
#[cfg(test)]
#[path = "../../../diff/tests/schema/mod.rs"]
mod published;
mod rendered;
#[cfg(test)]
mod schema;
