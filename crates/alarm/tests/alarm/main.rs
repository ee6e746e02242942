//! The crate from outside: AWS's tables and examples, and the laws behind them.

// Said again for clippy, which allows `unwrap` in helpers only where it sees `cfg(test)`.
#[cfg(test)]
mod evaluation;
#[cfg(test)]
mod forecasts;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod reach;
#[cfg(test)]
mod reasons;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod suppression;
#[cfg(test)]
mod tables;
