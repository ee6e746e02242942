//! Buckets, keys, their policies, delivery roles and trails on a sandbox account: what is written is what
//! is read back, every field can be changed, and what is not ours stays.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bucket;
mod bucket_policy;
mod key;
mod role;
mod survey;
mod trail;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep};
use trailwarden_account::{Mutate, Observe};
use trailwarden_provider::{Provider, Settings};
use trailwarden_sandbox::Sandbox;
use trailwarden_spec::leaf::Tags;
use trailwarden_spec::live::Found;
use trailwarden_spec::wanted::Stack;
use trailwarden_spec::{Object, Scope};

const ACCOUNT: &str = "123456789012";
const STACK: &str = "acme";

/// A sandbox account and the provider of a stack in it.
struct Account {
    sandbox: Sandbox,
    provider: Provider,
    scope: Scope,
}

/// Nobody waits in tests; the door counts the time it would have slept.
#[derive(Debug)]
struct NoSleep;

impl AsyncSleep for NoSleep {
    fn sleep(&self, _: Duration) -> Sleep {
        Sleep::new(std::future::ready(()))
    }
}

fn credentials() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new(ACCOUNT, "secret", None, None, "test"))
}

async fn provider(sandbox: &Sandbox, stack: &str, region: &str) -> Provider {
    let scope = Scope {
        account: ACCOUNT.into(),
        region: region.into(),
    };
    let stack = Stack {
        name: stack.into(),
        scope,
        namespace: format!("Trailwarden/{stack}"),
    };
    let settings = Settings {
        http_client: Some(sandbox.http_client()),
        credentials: Some(credentials()),
        sleep: Some(SharedAsyncSleep::new(NoSleep)),
        ..Settings::new(region)
    };
    Provider::connect(settings, &stack).await.unwrap()
}

impl Account {
    async fn new() -> Self {
        let sandbox = Sandbox::in_memory(ACCOUNT);
        let provider = provider(&sandbox, STACK, "us-east-1").await;
        Self {
            sandbox,
            provider,
            scope: Scope {
                account: ACCOUNT.into(),
                region: "us-east-1".into(),
            },
        }
    }

    /// For what somebody else does in the account.
    fn sdk(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .http_client(self.sandbox.http_client())
            .credentials_provider(credentials())
            .build()
    }

    async fn read(&self, object: &Object) -> Option<Found> {
        self.provider.read(&object.address(&self.scope)).await.unwrap()
    }

    /// Brings the account to an object, as a plan would, and returns what is there then.
    async fn bring(&self, wanted: impl Into<Object>) -> Found {
        let wanted = wanted.into();
        let live = self.read(&wanted).await;
        let desired = wanted.complete(live.as_ref().map(|live| (&live.value, &live.facts)));
        match &live {
            None => self.provider.create(&desired).await.unwrap(),
            Some(live) => self.provider.update(&live.value, &desired).await.unwrap(),
        }
        let found = self.read(&desired).await.unwrap();
        let changes = desired.changes(Some(&found.value));
        assert!(changes.is_empty(), "{changes:#?}");
        assert!(found.owner.is_ours(), "{:?}", found.owner);
        found
    }

    async fn take_away(&self, object: &Object) {
        self.provider.delete(object).await.unwrap();
        assert_eq!(self.read(object).await, None);
        // A lost answer makes apply try again.
        self.provider.delete(object).await.unwrap();
    }
}

fn tags(pairs: &[(&str, &str)]) -> Tags {
    Tags::named(
        pairs
            .iter()
            .map(|(k, v)| ((*k).into(), (*v).into()))
            .collect::<BTreeMap<_, _>>(),
    )
}
