//! The crate from outside: documents as AWS has them, equality by meaning, and the laws of both.

// Said again for clippy, which allows `unwrap` in helpers only where it sees `cfg(test)`.
#[cfg(test)]
mod aws;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod meaning;
#[cfg(test)]
mod returned;
