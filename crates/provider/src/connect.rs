use std::fmt;
use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::profile::{self, ProfileFileCredentialsProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig, imds, retry::RetryConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{AsyncSleep, SharedAsyncSleep, Sleep, TokioSleep};
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::os_shim_internal::{Env, Fs};
use aws_types::service_config::ServiceConfigKey;
use trailwarden_spec::wanted::Stack;

use crate::aws::bucket::Elsewhere;
use crate::aws::{Aws, Keys, Written};
use crate::door::{Door, OnWait};

/// How to reach an account. `Settings::new(region)` is what a person at a terminal needs.
#[derive(Clone)]
pub struct Settings {
    /// The profile of the AWS configuration files. It goes before credentials of the environment;
    /// without it the standard chain is asked: environment, `AWS_PROFILE`, single sign-on,
    /// containers, instance metadata.
    pub profile: Option<String>,
    /// The region, from the spec: what the environment says of regions does not count.
    pub region: String,
    /// Where all services are, for emulators and proxies. `AWS_ENDPOINT_URL` counts without it.
    pub endpoint_url: Option<String>,
    /// Sends the requests; without it an HTTPS client is made.
    pub http_client: Option<SharedHttpClient>,
    /// Credentials instead of those of the profile or the chain.
    pub credentials: Option<SharedCredentialsProvider>,
    /// Hears what a call waits for when something just written is not visible yet.
    pub on_wait: Option<OnWait>,
    /// The clock of signatures and credentials.
    pub time_source: Option<SharedTimeSource>,
    /// Sleeps between calls: the pace, pauses between tries and waits for what was just written.
    /// Timeouts of single calls run on the real clock.
    pub sleep: Option<SharedAsyncSleep>,
}

impl Settings {
    /// The standard chain of credentials and AWS's own endpoints.
    #[must_use]
    pub fn new(region: impl Into<String>) -> Self {
        Self {
            profile: None,
            region: region.into(),
            endpoint_url: None,
            http_client: None,
            credentials: None,
            on_wait: None,
            time_source: None,
            sleep: None,
        }
    }

    /// Requests that `http_client` answers itself, signed with a key id that names the account, as
    /// emulators read it. Nobody on the other side has rates to keep to or data that travels, so that
    /// the pace and the pauses take no time.
    #[must_use]
    pub fn over(region: impl Into<String>, access_key_id: &str, http_client: SharedHttpClient) -> Self {
        let credentials = Credentials::new(access_key_id, "none", None, None, "given");
        Self {
            http_client: Some(http_client),
            credentials: Some(SharedCredentialsProvider::new(credentials)),
            sleep: Some(SharedAsyncSleep::new(NoPause)),
            ..Self::new(region)
        }
    }
}

#[derive(Debug)]
struct NoPause;

impl AsyncSleep for NoPause {
    fn sleep(&self, _duration: Duration) -> Sleep {
        Sleep::new(std::future::ready(()))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("profile", &self.profile)
            .field("region", &self.region)
            .field("endpoint_url", &self.endpoint_url)
            .finish_non_exhaustive()
    }
}

/// Says so if there is no such profile. The SDK would say that a provider is not enabled.
pub(crate) async fn check_profile(name: &str) -> Result<(), String> {
    let (fs, env) = (Fs::real(), Env::real());
    let loaded = profile::load(&fs, &env, &Default::default(), Some(name.to_owned().into())).await;
    let profiles = loaded.map_err(|error| format!("the AWS configuration cannot be read: {error}"))?;
    if profiles.get_profile(name).is_some() {
        return Ok(());
    }
    let mut known: Vec<&str> = profiles.profiles().collect();
    known.sort_unstable();
    Err(match known.is_empty() {
        true => format!("there is no profile `{name}`, nor any other, in the AWS configuration files"),
        false => format!(
            "there is no profile `{name}`; the AWS configuration files have {}",
            known.join(", ")
        ),
    })
}

/// Makes the clients. Asks nobody but the files and the environment that hold the configuration.
pub(crate) async fn connect(settings: Settings, stack: &Stack) -> Aws {
    let config = sdk_config(&settings).await;
    let place = match config.endpoint_url() {
        Some(url) => format!("`{url}`"),
        None => format!("AWS in {}", settings.region),
    };
    let sleep = settings
        .sleep
        .unwrap_or_else(|| SharedAsyncSleep::new(TokioSleep::new()));
    // Emulators and proxies have one host name for all buckets.
    let s3 = aws_sdk_s3::config::Builder::from(&config)
        .force_path_style(has_own_s3(&config))
        .build();
    Aws {
        door: Door::new(place, sleep, settings.on_wait),
        written: Written::default(),
        keys: Keys::default(),
        elsewhere: Elsewhere::default(),
        stack: stack.name.clone(),
        scope: stack.scope.clone(),
        namespace: stack.namespace.clone(),
        role_path: stack.role_path(),
        cloudtrail: aws_sdk_cloudtrail::Client::new(&config),
        cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
        iam: aws_sdk_iam::Client::new(&config),
        kms: aws_sdk_kms::Client::new(&config),
        logs: aws_sdk_cloudwatchlogs::Client::new(&config),
        s3: aws_sdk_s3::Client::from_conf(s3),
        sns: aws_sdk_sns::Client::new(&config),
        sqs: aws_sdk_sqs::Client::new(&config),
        sts: aws_sdk_sts::Client::new(&config),
        tagging: aws_sdk_resourcegroupstagging::Client::new(&config),
    }
}

async fn sdk_config(settings: &Settings) -> SdkConfig {
    let region = Region::new(settings.region.clone());
    // A person waits: a network that swallows packets should show within seconds.
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(30))
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(region.clone())
        .timeout_config(timeouts)
        // The door repeats calls.
        .retry_config(RetryConfig::disabled());
    let mut for_credentials = ProviderConfig::default().with_region(Some(region.clone()));
    if let Some(client) = &settings.http_client {
        loader = loader.http_client(client.clone());
        for_credentials = for_credentials.with_http_client(client.clone());
    }
    if let Some(clock) = &settings.time_source {
        loader = loader.time_source(clock.clone());
        for_credentials = for_credentials.with_time_source(clock.clone());
    }
    if let Some(url) = settings.endpoint_url.as_deref() {
        loader = loader.endpoint_url(url);
    }
    if let Some(profile) = settings.profile.as_deref() {
        loader = loader.profile_name(profile);
    }
    let credentials = match (&settings.credentials, settings.profile.as_deref()) {
        (Some(credentials), _) => credentials.clone(),
        (None, Some(profile)) => SharedCredentialsProvider::new(
            ProfileFileCredentialsProvider::builder()
                .configure(&for_credentials)
                .profile_name(profile)
                .build(),
        ),
        (None, None) => {
            // Instance metadata answers at once or is not there; its default is to ask four times.
            let metadata = imds::Client::builder()
                .configure(&for_credentials)
                .connect_timeout(Duration::from_secs(1))
                .read_timeout(Duration::from_secs(1))
                .max_attempts(1)
                .build();
            let chain = DefaultCredentialsChain::builder()
                .configure(for_credentials)
                .region(region)
                .imds_client(metadata)
                .build()
                .await;
            SharedCredentialsProvider::new(chain)
        }
    };
    loader.credentials_provider(credentials).load().await
}

/// Whether requests to S3 go elsewhere than to AWS: by `--endpoint-url`, `AWS_ENDPOINT_URL` or
/// their variants for S3 alone in environment and profile.
fn has_own_s3(config: &SdkConfig) -> bool {
    let key = ServiceConfigKey::builder()
        .service_id("s3")
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build();
    let of_s3 = key.ok().and_then(|key| config.service_config()?.load_config(key));
    config.endpoint_url().is_some() || of_s3.is_some()
}
