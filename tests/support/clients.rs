//! Plain AWS clients, for what somebody else does to an account behind the product's back.

use std::future::Future;
use std::sync::OnceLock;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use super::world::World;

/// The SDK's clients, pointed at a world.
pub(crate) struct Clients {
    pub(crate) account: String,
    pub(crate) cloudtrail: aws_sdk_cloudtrail::Client,
    pub(crate) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(crate) iam: aws_sdk_iam::Client,
    pub(crate) kms: aws_sdk_kms::Client,
    pub(crate) logs: aws_sdk_cloudwatchlogs::Client,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) sns: aws_sdk_sns::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
}

impl Clients {
    /// Clients for a world's account in `us-east-1`.
    pub(crate) fn of(world: &World) -> Self {
        Self::at(&world.endpoint, &world.account)
    }

    /// Clients for an account that answers at `endpoint`.
    pub(crate) fn at(endpoint: &str, account: &str) -> Self {
        Self::in_region(endpoint, account, "us-east-1")
    }

    /// The same in another region.
    pub(crate) fn in_region(endpoint: &str, account: &str, region: &'static str) -> Self {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(endpoint)
            .region(Region::from_static(region))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                account, "test", None, None, "test",
            )))
            .build();
        let s3 = aws_sdk_s3::config::Builder::from(&config)
            .force_path_style(true)
            .build();
        Self {
            account: account.to_owned(),
            cloudtrail: aws_sdk_cloudtrail::Client::new(&config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
            iam: aws_sdk_iam::Client::new(&config),
            kms: aws_sdk_kms::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            sns: aws_sdk_sns::Client::new(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
        }
    }

    /// The ARN of a topic.
    pub(crate) fn topic(&self, name: &str) -> String {
        format!("arn:aws:sns:us-east-1:{}:{name}", self.account)
    }
}

/// Runs calls of clients to their end, on one runtime for all tests.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime")
    });
    runtime.block_on(future)
}
