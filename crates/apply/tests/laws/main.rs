//! The crate from outside: the laws of planning and applying, on an account in memory.
//!
//! `memory` is the account, `watch` says independently what a working watch is, `shape`
//! and `worlds` make specs and accounts at random, `laws` and `guards` hold one against the other, `order`
//! tells single stories, `schema` holds what programs read against `docs/schema`.

// Said again for clippy, which allows `unwrap` in helpers only where it sees `cfg(test)`.
#[cfg(test)]
mod drift;
#[cfg(test)]
mod guards;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod order;
#[cfg(test)]
#[path = "../../../diff/tests/schema/mod.rs"]
mod published;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod shape;
#[cfg(test)]
mod watch;
#[cfg(test)]
mod world;
#[cfg(test)]
mod worlds;
