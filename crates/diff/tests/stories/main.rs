//! Plans as people read them: each story is an account that is as wanted, and one thing that is not.

// Said again for clippy, which allows `unwrap` in helpers only where it sees `cfg(test)`.
#[cfg(test)]
mod alarm_query;
mod bucket;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod composite_alarm;
#[cfg(test)]
mod drift;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod log_group;
#[cfg(test)]
mod protect;
#[cfg(test)]
#[path = "../schema/mod.rs"]
mod published;
#[cfg(test)]
mod quotas;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod seal;
#[cfg(test)]
mod select;
#[cfg(test)]
mod shared;
#[cfg(test)]
mod topic;
