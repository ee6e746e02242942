//! What AWS answers before it has caught up with itself, and what it refuses.

mod buckets;
mod keys;
mod others;
mod surveys;
mod trails;

use std::sync::{Arc, Mutex};

use trailwarden_provider::{Provider, Settings};
use trailwarden_sandbox::Sandbox;

use crate::common::{ACCOUNT, settings, stack};
use crate::support::Faults;

/// A sandbox account, what stands before it, and a provider that tells what it waits for.
struct Account {
    sandbox: Sandbox,
    faults: Faults,
    provider: Provider,
    waits: Arc<Mutex<Vec<String>>>,
}

impl Account {
    async fn new() -> Self {
        let (sandbox, faults) = (Sandbox::in_memory(ACCOUNT), Faults::default());
        let waits = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&waits);
        let settings = Settings {
            on_wait: Some(Arc::new(move |what| heard.lock().unwrap().push(what.to_owned()))),
            ..settings(faults.before(sandbox.http_client()))
        };
        Self {
            provider: Provider::connect(settings, &stack()).await.unwrap(),
            sandbox,
            faults,
            waits,
        }
    }

    fn waits(&self) -> Vec<String> {
        std::mem::take(&mut self.waits.lock().unwrap())
    }
}
