//! Stories of the whole product: the binary, real AWS clients, a wire.
//!
//! One test target, so that everything is linked once and moto is started once.

mod changes;
mod drift;
mod faults;
mod first_setup;
mod habits;
mod key;
mod patterns;
mod quotas;
mod support;
