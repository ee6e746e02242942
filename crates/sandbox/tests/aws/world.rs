//! Clients on a sandbox, and short words for what the tests say often.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::region::Region;
use trailwarden_sandbox::Sandbox;

pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const OTHER: &str = "210987654321";
pub(crate) const HOME: &str = "us-east-1";

/// The instant at which the clock of a `World` stands, unless it is moved.
pub(crate) const NOW: u64 = 1_767_225_600;

/// An account and a region of a sandbox.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) endpoint: Option<String>,
}

macro_rules! clients {
    ($($name:ident: $sdk:ident;)*) => {
        impl World {
            $(pub(crate) fn $name(&self) -> $sdk::Client {
                let mut config = $sdk::Config::builder()
                    .behavior_version($sdk::config::BehaviorVersion::latest())
                    .region(Region::new(self.region.clone()))
                    .credentials_provider(Credentials::new(&self.account, "x", None, None, "t"));
                match &self.endpoint {
                    Some(endpoint) => config = config.endpoint_url(endpoint),
                    None => config = config.http_client(self.sandbox.http_client()),
                }
                $sdk::Client::from_conf(config.build())
            })*
        }
    };
}

clients! {
    cloudtrail: aws_sdk_cloudtrail;
    cloudwatch: aws_sdk_cloudwatch;
    iam: aws_sdk_iam;
    kms: aws_sdk_kms;
    logs: aws_sdk_cloudwatchlogs;
    s3: aws_sdk_s3;
    sns: aws_sdk_sns;
    sqs: aws_sdk_sqs;
    sts: aws_sdk_sts;
    tagging: aws_sdk_resourcegroupstagging;
}

impl World {
    pub(crate) fn new() -> World {
        World::of(Sandbox::in_memory(ACCOUNT)).at(NOW)
    }

    pub(crate) fn of(sandbox: Sandbox) -> World {
        World {
            sandbox,
            account: ACCOUNT.to_owned(),
            region: HOME.to_owned(),
            endpoint: None,
        }
    }

    pub(crate) fn at(&self, seconds: u64) -> World {
        let now: SystemTime = UNIX_EPOCH + Duration::from_secs(seconds);
        World {
            sandbox: self.sandbox.clone().with_time(move || now),
            ..self.clone()
        }
    }

    pub(crate) fn region(&self, region: &str) -> World {
        World {
            region: region.to_owned(),
            ..self.clone()
        }
    }

    pub(crate) fn account(&self, account: &str) -> World {
        World {
            account: account.to_owned(),
            ..self.clone()
        }
    }
}

/// The code of a refusal; what is not refused fails the test.
#[track_caller]
pub(crate) fn code<T, E, R>(result: Result<T, SdkError<E, R>>) -> String
where
    T: std::fmt::Debug,
    E: ProvideErrorMetadata + std::fmt::Debug,
    R: std::fmt::Debug,
{
    match result {
        Ok(output) => panic!("not refused: {output:?}"),
        Err(SdkError::ServiceError(error)) => error
            .err()
            .code()
            .map(str::to_owned)
            .unwrap_or_else(|| format!("{error:?}")),
        Err(other) => panic!("no answer of the service: {other:?}"),
    }
}

/// The message of a refusal.
#[track_caller]
pub(crate) fn message<T, E, R>(result: Result<T, SdkError<E, R>>) -> String
where
    T: std::fmt::Debug,
    E: ProvideErrorMetadata + std::fmt::Debug,
    R: std::fmt::Debug,
{
    match result {
        Err(SdkError::ServiceError(error)) => error.err().message().unwrap_or_default().to_owned(),
        other => panic!("not refused: {other:?}"),
    }
}
