use serde::Serialize;
use trailwarden_account::{AccountError, Observe};
use trailwarden_spec::Kind;
use trailwarden_spec::wanted::Wanted;

/// How many of the spec's subscribers would hear of an alert.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// Subscriptions that the spec wants.
    pub wanted: usize,
    /// Those of them that are confirmed.
    pub confirmed: usize,
}

/// Asks an account which of the spec's subscriptions are confirmed.
///
/// # Errors
/// When a read fails.
pub async fn reach<A: Observe>(account: &A, wanted: &Wanted) -> Result<Reach, AccountError> {
    let subscriptions = wanted
        .objects
        .keys()
        .filter(|address| address.kind == Kind::Subscription);
    let mut reach = Reach::default();
    for address in subscriptions {
        reach.wanted += 1;
        let found = account.read(address).await?;
        if found.is_some_and(|found| found.facts.confirmed == Some(true)) {
            reach.confirmed += 1;
        }
    }
    Ok(reach)
}
