use serde::Serialize;
use trailwarden_account::{AccountError, Observe};
use trailwarden_spec::live::{Found, Live};
use trailwarden_spec::wanted::Wanted;
use trailwarden_spec::{Address, Kind};

/// How many of the spec's subscribers would hear of an alert.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// Subscriptions that the spec wants.
    pub wanted: usize,
    /// Those of them that are confirmed.
    pub confirmed: usize,
}

impl Reach {
    /// What a survey saw: it holds while nothing is written.
    #[must_use]
    pub fn seen(wanted: &Wanted, live: &Live) -> Self {
        let mut reach = Self::default();
        subscriptions(wanted).for_each(|address| reach.count(live.objects.get(address)));
        reach
    }

    fn count(&mut self, found: Option<&Found>) {
        self.wanted += 1;
        self.confirmed += usize::from(found.is_some_and(|found| found.facts.confirmed == Some(true)));
    }
}

fn subscriptions(wanted: &Wanted) -> impl Iterator<Item = &Address> {
    wanted
        .objects
        .keys()
        .filter(|address| address.kind == Kind::Subscription)
}

/// Asks an account which of the spec's subscriptions are confirmed.
///
/// # Errors
/// When a read fails.
pub async fn reach<A: Observe>(account: &A, wanted: &Wanted) -> Result<Reach, AccountError> {
    let mut reach = Reach::default();
    for address in subscriptions(wanted) {
        reach.count(account.read(address).await?.as_ref());
    }
    Ok(reach)
}
