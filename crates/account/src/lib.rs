//! What an AWS account can be asked and told, without a word of any SDK.
//!
//! [`Observe`] reads, [`Mutate`] writes, [`Operate`] is for everyday commands and [`Rehearse`] for drills; all speak
//! the types of `spec`. The provider implements
//! them on the real clients, tests implement them in memory. What a caller may rely on is said
//! here: what a survey holds, when a write is idempotent, what an error tells.
//!
//! This crate decides nothing and calls nothing.

mod error;
mod operate;
mod permissions;
mod rehearse;

pub use error::{AccountError, ErrorKind};
pub use operate::Operate;
pub use permissions::{For, covers, permissions};
pub use rehearse::{Rehearse, Temporary};

use std::collections::BTreeMap;
use std::future::Future;

use trailwarden_spec::evidence::{Changed, Evidence, Seen};
use trailwarden_spec::live::{Found, Live};
use trailwarden_spec::wanted::Wanted;
use trailwarden_spec::{Address, Object};

/// Who the credentials belong to (`GetCallerIdentity`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The twelve digits of the account.
    pub account: String,
    /// The caller's ARN.
    pub arn: String,
}

/// What to look at beside how an account is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The time of the look, in seconds since 1970: the caller's clock.
    pub at: i64,
    /// Ask every region that accounts have from the beginning whether multi-region trails record there.
    pub all_regions: bool,
}

/// An object about which the event history is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The object.
    pub address: Address,
    /// What the account holds; what the spec wants, where it is gone.
    pub object: Object,
    /// The fields that differ: each is changed by calls of its own. Without any the calls that make such
    /// an object are meant.
    pub fields: Vec<&'static str>,
    /// True when it is not there: the calls that take it away are meant.
    pub gone: bool,
    /// The ARN or id that AWS gave it, where the name does not decide it.
    pub arn: Option<String>,
}

/// Reads an account. No method changes anything.
pub trait Observe: Sync {
    /// Asks who the credentials belong to.
    fn identity(&self) -> impl Future<Output = Result<Identity, AccountError>> + Send;

    /// Reads all that a plan is made of: what the spec names, what exists elsewhere and is referred
    /// to, and what carries the stack's mark and is named no more.
    ///
    /// # Errors
    /// When any read fails: a plan on half an account would propose to create what is there.
    fn survey(&self, wanted: &Wanted) -> impl Future<Output = Result<Live, AccountError>> + Send;

    /// Reads what the links of the watch do at the moment: deliveries, states, subscribers. `live` is
    /// the survey of the same spec.
    ///
    /// What the caller may not read is [`Seen::Hidden`](trailwarden_spec::evidence::Seen).
    ///
    /// # Errors
    /// When a read fails for another reason.
    fn evidence(
        &self,
        wanted: &Wanted,
        live: &Live,
        look: Look,
    ) -> impl Future<Output = Result<Evidence, AccountError>> + Send;

    /// Asks the event history for the calls that changed objects, the newest first, since a moment in
    /// seconds since 1970. Calls that AWS refused changed nothing and are left out.
    ///
    /// The history holds the management events of 90 days and answers twice a second for each region, so that this may
    /// take a while. What it does not tell is [`Seen::Hidden`] with the reason. Events are there some
    /// minutes after the call.
    ///
    /// # Errors
    /// When a read fails for another reason than that the caller may not make it.
    fn changes_of(
        &self,
        asked: &[Asked],
        since: i64,
    ) -> impl Future<Output = Result<BTreeMap<Address, Seen<Vec<Changed>>>, AccountError>> + Send;

    /// Reads one object as it is now; `None` when it is not there.
    fn read(&self, address: &Address) -> impl Future<Output = Result<Option<Found>, AccountError>> + Send;
}

/// Writes to an account.
///
/// Every method may be called again after a crash or a lost answer: creating what is there as
/// wanted, deleting what is gone and repeating an update succeed. Objects of shared documents
/// (policies) are merged at write time: foreign statements keep their place and text.
pub trait Mutate: Observe {
    /// Makes an object that is not there, with the stack's mark in the same call where AWS lets
    /// tags be given, so that a crash leaves no orphan.
    fn create(&self, object: &Object) -> impl Future<Output = Result<(), AccountError>> + Send;

    /// Brings an object from `before` to `after`. Only what differs is written.
    fn update(
        &self,
        before: &Object,
        after: &Object,
    ) -> impl Future<Output = Result<(), AccountError>> + Send;

    /// Takes an object away.
    fn delete(&self, object: &Object) -> impl Future<Output = Result<(), AccountError>> + Send;

    /// Marks an existing object as the stack's, `adopted`. Kinds without tags need no mark.
    fn adopt(&self, object: &Object) -> impl Future<Output = Result<(), AccountError>> + Send;

    /// Takes the stack's marks off an object and leaves the object as it is.
    fn release(&self, object: &Object) -> impl Future<Output = Result<(), AccountError>> + Send;
}
