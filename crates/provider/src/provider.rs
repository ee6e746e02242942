use std::collections::BTreeMap;

use tokio::sync::OnceCell;
use trailwarden_account::{AccountError, Asked, ErrorKind, Identity, Look, Mutate, Observe};
use trailwarden_spec::arn::{Arn, partition_of};
use trailwarden_spec::evidence::{Changed, Evidence, Seen};
use trailwarden_spec::kinds::{
    Alarm, Bucket, BucketPolicy, CompositeAlarm, Key, KeyPolicy, LogGroup, MetricFilter, Role, Subscription,
    Topic, TopicPolicy, Trail,
};
use trailwarden_spec::leaf::MARKS;
use trailwarden_spec::live::{Found, Live};
use trailwarden_spec::wanted::{Stack, Wanted};
use trailwarden_spec::{Address, Kind, Object};

use crate::aws::{Aws, Page, history, refusal};
use crate::connect::{self, Settings};
use crate::door::{Api, CallCount};
use crate::{evidence, survey};

const IDENTITY: Api = Api::read("sts", "GetCallerIdentity");

/// One AWS account and region, seen by one stack.
pub struct Provider {
    aws: Aws,
    identity: OnceCell<Identity>,
}

/// Does the same with the page of whatever kind an object is.
macro_rules! with_page {
    ($object:expr, $page:ident => $body:expr) => {
        match $object {
            Object::Key($page) => $body,
            Object::KeyPolicy($page) => $body,
            Object::Bucket($page) => $body,
            Object::BucketPolicy($page) => $body,
            Object::LogGroup($page) => $body,
            Object::Role($page) => $body,
            Object::Trail($page) => $body,
            Object::MetricFilter($page) => $body,
            Object::Topic($page) => $body,
            Object::TopicPolicy($page) => $body,
            Object::Subscription($page) => $body,
            Object::Alarm($page) => $body,
            Object::CompositeAlarm($page) => $body,
        }
    };
}

/// Reads an object by its own calls, tags included.
pub(crate) async fn read(aws: &Aws, kind: Kind, name: &str) -> Result<Option<Found>, AccountError> {
    let mut found = match kind {
        Kind::Key => Key::read(aws, name).await,
        Kind::KeyPolicy => KeyPolicy::read(aws, name).await,
        Kind::Bucket => Bucket::read(aws, name).await,
        Kind::BucketPolicy => BucketPolicy::read(aws, name).await,
        Kind::LogGroup => LogGroup::read(aws, name).await,
        Kind::Role => Role::read(aws, name).await,
        Kind::Trail => Trail::read(aws, name).await,
        Kind::MetricFilter => MetricFilter::read(aws, name).await,
        Kind::Topic => Topic::read(aws, name).await,
        Kind::TopicPolicy => TopicPolicy::read(aws, name).await,
        Kind::Subscription => Subscription::read(aws, name).await,
        Kind::Alarm => Alarm::read(aws, name).await,
        Kind::CompositeAlarm => CompositeAlarm::read(aws, name).await,
    }?;
    if let Some(found) = &mut found {
        aws.keys.name(&mut found.value);
    }
    Ok(found)
}

impl Provider {
    /// Prepares the clients of a stack's account and region. Nothing is asked of AWS yet.
    ///
    /// # Errors
    /// When the settings name another region than the stack, or a profile that is not there.
    pub async fn connect(settings: Settings, stack: &Stack) -> Result<Self, AccountError> {
        if settings.region != stack.scope.region {
            let (asked, spec) = (&settings.region, &stack.scope.region);
            return Err(refusal(
                IDENTITY,
                format!("the settings name the region {asked}, the spec {spec}"),
            ));
        }
        if let (None, Some(profile)) = (&settings.credentials, &settings.profile) {
            connect::check_profile(profile)
                .await
                .map_err(|message| AccountError {
                    kind: ErrorKind::Credentials,
                    ..refusal(IDENTITY, message)
                })?;
        }
        Ok(Self {
            aws: connect::connect(settings, stack).await,
            identity: OnceCell::new(),
        })
    }

    /// The calls made so far.
    #[must_use]
    pub fn calls(&self) -> CallCount {
        self.aws.door.calls()
    }

    async fn caller(&self) -> Result<&Identity, AccountError> {
        let ask = || async {
            let answer = self
                .aws
                .door
                .call(IDENTITY, || self.aws.sts.get_caller_identity().send())
                .await?;
            Ok(Identity {
                account: answer.account.unwrap_or_default(),
                arn: answer.arn.unwrap_or_default(),
            })
        };
        self.identity.get_or_try_init(ask).await
    }

    /// The clients, once it is sure that they reach the account that the spec names. The
    /// credentials' account is asked once.
    async fn aws(&self) -> Result<&Aws, AccountError> {
        let caller = self.caller().await?;
        let scope = &self.aws.scope;
        let partition = Arn::parse(&caller.arn).map(|arn| arn.partition);
        let expected = partition_of(&scope.region);
        let message = match partition.as_deref() {
            _ if caller.account != scope.account => {
                format!(
                    "the credentials belong to account {}, the spec to {}",
                    caller.account, scope.account
                )
            }
            Some(partition) if partition != expected => {
                format!(
                    "the credentials belong to partition {partition}, the region {} to {expected}",
                    scope.region
                )
            }
            _ => return Ok(&self.aws),
        };
        Err(AccountError {
            kind: ErrorKind::Credentials,
            ..refusal(IDENTITY, message)
        })
    }
}

impl Observe for Provider {
    async fn identity(&self) -> Result<Identity, AccountError> {
        self.caller().await.cloned()
    }

    async fn survey(&self, wanted: &Wanted) -> Result<Live, AccountError> {
        survey::survey(self.aws().await?, wanted).await
    }

    async fn evidence(&self, wanted: &Wanted, live: &Live, look: Look) -> Result<Evidence, AccountError> {
        evidence::gather(self.aws().await?, wanted, live, look).await
    }

    async fn changes_of(
        &self,
        asked: &[Asked],
        since: i64,
    ) -> Result<BTreeMap<Address, Seen<Vec<Changed>>>, AccountError> {
        history::changes_of(self.aws().await?, asked, since).await
    }

    async fn read(&self, address: &Address) -> Result<Option<Found>, AccountError> {
        read(self.aws().await?, address.kind, &address.name).await
    }
}

impl Mutate for Provider {
    async fn create(&self, object: &Object) -> Result<(), AccountError> {
        let aws = self.aws().await?;
        with_page!(object, page => page.create(aws).await)
    }

    async fn update(&self, before: &Object, after: &Object) -> Result<(), AccountError> {
        let aws = self.aws().await?;
        macro_rules! update {
            ($($kind:ident),*) => {
                match (before, after) {
                    $((Object::$kind(before), Object::$kind(after)) => after.update(before, aws).await,)*
                    _ => Err(refusal(IDENTITY, format!("a {} cannot become a {}", before.kind(), after.kind()))),
                }
            };
        }
        update!(
            Key,
            KeyPolicy,
            Bucket,
            BucketPolicy,
            LogGroup,
            Role,
            Trail,
            MetricFilter,
            Topic,
            TopicPolicy,
            Subscription,
            Alarm,
            CompositeAlarm
        )
    }

    async fn delete(&self, object: &Object) -> Result<(), AccountError> {
        let aws = self.aws().await?;
        with_page!(object, page => page.delete(aws).await)
    }

    async fn adopt(&self, object: &Object) -> Result<(), AccountError> {
        let aws = self.aws().await?;
        // The tags that the spec names are a matter of updates.
        let marks: BTreeMap<String, String> = object
            .tags()
            .map(|tags| tags.to_wire(&aws.stack, true))
            .unwrap_or_default()
            .into_iter()
            .filter(|(key, _)| MARKS.contains(&key.as_str()))
            .collect();
        with_page!(object, page => page.tag(aws, &marks, &[]).await)
    }

    async fn release(&self, object: &Object) -> Result<(), AccountError> {
        let aws = self.aws().await?;
        let marks = MARKS.map(str::to_owned);
        with_page!(object, page => page.tag(aws, &BTreeMap::new(), &marks).await)
    }
}
