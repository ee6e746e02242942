//! What the end-to-end tests stand on: an AWS that is moto, and a proxy in
//! front of it that counts the product's calls and makes some of them fail.
//!
//! ```text
//! trailwarden ---- proxy ---- moto/server.py (one per test process)
//!             counts, faults  an account per test
//! ```
//!
//! A test takes a [`moto::fresh_account`] and shares the one [`moto::moto`]
//! with all others; only S3 bucket names are common to all accounts there, as
//! they are in AWS, so put the account's number into them. A test that counts
//! calls or needs faults starts a [`proxy::Proxy`] of its own.
//! [`moto::environment`] points the product, or any other AWS client, at either.
//!
//! Every item here is used by the tests below it, so that none is called dead
//! code while no story needs it yet.

pub(crate) mod clients;
pub(crate) mod moto;
pub(crate) mod proxy;
pub(crate) mod world;
