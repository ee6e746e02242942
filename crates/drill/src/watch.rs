//! What a drill needs beside an account: a clock, and somebody who hears how it goes.

use std::future::Future;

use trailwarden_prove::Link;

use crate::report::{Passed, Stage};

/// The clock of the account, and a way to let its time pass.
pub trait Clock: Sync {
    /// The time, in milliseconds since 1970.
    fn now(&self) -> i64;

    /// The seconds between two looks.
    fn step(&self) -> u32;

    /// Lets so many seconds pass.
    fn pass(&self, seconds: u32) -> impl Future<Output = ()> + Send;
}

/// Hears how a drill goes, while it goes.
pub trait Watch: Sync {
    /// An earlier drill's leftover was taken back.
    fn cleared(&self, what: &str);

    /// A link of which `status` says that it is broken: the drill goes on, as it is there to find out.
    fn doubts(&self, link: &Link);

    /// It waits for a link to see the event, or for the alarm to be quiet, in which case there is none; since so many
    /// seconds.
    fn waits(&self, stage: Option<Stage>, since: i64);

    /// A link has seen the event.
    fn passed(&self, passed: &Passed);
}
