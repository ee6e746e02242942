//! What specs cover, and why not more.

#[cfg(test)]
mod stories;
// Said for clippy, which allows `unwrap` in helpers only where it sees `cfg(test)`.
#[cfg(test)]
#[path = "../../../diff/tests/schema/mod.rs"]
mod schema;
