//! S3 buckets. S3 keeps every setting apart and changes one at a time, so the reads of a bucket go
//! together and its writes one after the other.

use std::collections::BTreeMap;
use std::error::Error;
use std::future::Future;
use std::sync::{Mutex, PoisonError};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Region;
use aws_sdk_s3::types::{BucketLocationConstraint, Tag};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::sync::OwnedMutexGuard;
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::compare::{Compare, Verdict};
use trailwarden_spec::kinds::Bucket;
use trailwarden_spec::leaf::{Managed, Tags};
use trailwarden_spec::live::{Facts, Found};

use super::known::{Known, built};
use super::{Aws, Page};
use crate::door::{Absent, Api, Wait};

mod access_logging;
mod create;
mod lifecycle;
mod object_lock;
mod settings;
mod write;

pub(crate) use settings::Asked;
use settings::Settings;

const GET_TAGGING: Api = Api::read("s3", "GetBucketTagging");

/// For what follows a create: not all of S3 may know the bucket yet.
pub(super) const NEW_BUCKET: Wait = Wait::long("all of S3 to know the new bucket");

/// What S3 answers, instead of what was asked, about a bucket of another region.
const ELSEWHERE: &[&str] = &[
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
];

/// A bucket, and who is asked about it.
struct At<'a> {
    aws: &'a Aws,
    client: &'a Client,
    name: &'a str,
    /// True after a create, when not all of S3 may know the bucket yet.
    fresh: bool,
}

impl<'a> At<'a> {
    /// A bucket that was not made a moment ago, asked in the stack's region.
    fn here(aws: &'a Aws, name: &'a str) -> Self {
        Self {
            aws,
            client: &aws.s3,
            name,
            fresh: false,
        }
    }

    /// The account that must own it.
    fn owner(&self) -> &'a str {
        &self.aws.scope.account
    }

    async fn call<T, E, F, Fut>(&self, api: Api, send: F) -> Result<T, AccountError>
    where
        F: Fn() -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        T: Send,
    {
        self.call_until(api, NEW_BUCKET, |_| false, send).await
    }

    /// Like [`At::call`], and waits for something else, too.
    async fn call_until<T, E, F, Fut>(
        &self,
        api: Api,
        wait: Wait,
        waits_for: impl Fn(&AccountError) -> bool + Send + Sync,
        send: F,
    ) -> Result<T, AccountError>
    where
        F: Fn() -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
        T: Send,
    {
        let unseen = |error: &AccountError| self.fresh && error.is("NoSuchBucket") || waits_for(error);
        self.aws.door.call_until_visible(api, wait, unseen, send).await
    }

    /// The bucket's tags as they are, `aws:` tags and our marks included.
    async fn tags(&self) -> Result<BTreeMap<String, String>, AccountError> {
        let answer = self
            .call(GET_TAGGING, || {
                let get = self.client.get_bucket_tagging().bucket(self.name);
                get.expected_bucket_owner(self.owner()).send()
            })
            .await
            .absent(&["NoSuchTagSet"])?;
        let tags = answer.map(|answer| answer.tag_set).unwrap_or_default();
        Ok(tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
    }
}

/// The name of a bucket's lock and of the document that is written to it.
pub(super) fn object(bucket: &str) -> String {
    format!("bucket {bucket}")
}

/// Takes the turn to write to a bucket or its policy.
pub(super) async fn turn(aws: &Aws, bucket: &str) -> OwnedMutexGuard<()> {
    aws.door.exclusive(&object(bucket)).await
}

/// Reads a bucket but not whether it holds objects: a plan that deletes nothing need not know.
/// `tags` are those of the tag index, where it has the bucket; of the settings that few specs write
/// those are read that are asked for.
pub(crate) async fn read_with(
    aws: &Aws,
    name: &str,
    tags: Option<BTreeMap<String, String>>,
    asked: Asked,
) -> Result<Option<Found>, AccountError> {
    let found = look(&At::here(aws, name), tags, asked).await?;
    Ok(found.map(|(found, _)| found))
}

/// The client for the buckets of a region.
fn client_in(aws: &Aws, region: &str) -> Client {
    let there = aws.s3.config().to_builder();
    Client::from_conf(there.region(Region::new(region.to_owned())).build())
}

/// The clients of buckets that are in another region than the stack, as far as that has turned out.
#[derive(Debug, Default)]
pub(crate) struct Elsewhere(Mutex<BTreeMap<String, Client>>);

/// The client that a bucket is asked with: that of the stack's region, unless it is known to be elsewhere.
pub(crate) fn client(aws: &Aws, name: &str) -> Client {
    let known = aws.elsewhere.0.lock().unwrap_or_else(PoisonError::into_inner);
    known.get(name).unwrap_or(&aws.s3).clone()
}

/// The client for a bucket that is in another region than the stack; `None` when it is not.
pub(crate) async fn client_elsewhere(
    aws: &Aws,
    name: &str,
    error: &AccountError,
) -> Result<Option<Client>, AccountError> {
    if !ELSEWHERE.iter().any(|code| error.is(code)) {
        return Ok(None);
    }
    let region = region_of(&At::here(aws, name)).await?;
    let client = region
        .filter(|region| *region != aws.scope.region)
        .map(|region| client_in(aws, &region));
    if let Some(client) = &client {
        let mut known = aws.elsewhere.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(name.to_owned(), client.clone());
    }
    Ok(client)
}

/// Whether there is a bucket of this name in the account.
pub(super) async fn is_there(aws: &Aws, name: &str) -> Result<bool, AccountError> {
    Ok(region_of(&At::here(aws, name)).await?.is_some())
}

/// Reads a bucket; the client is the one of its region.
async fn look(
    bucket: &At<'_>,
    tags: Option<BTreeMap<String, String>>,
    asked: Asked,
) -> Result<Option<(Found, Client)>, AccountError> {
    let At { aws, name, fresh, .. } = *bucket;
    // Where the bucket is decides who can be asked about it. Nearly always that is the stack's
    // region, so everything is asked at once, and once more elsewhere if need be.
    let (region, settings) = futures::join!(region_of(bucket), Settings::read(bucket, tags.clone(), asked));
    let Some(region) = region? else { return Ok(None) };
    let (settings, client) = if region == aws.scope.region {
        (settings?, aws.s3.clone())
    } else {
        let client = client_in(aws, &region);
        let there = At {
            aws,
            client: &client,
            name,
            fresh,
        };
        (Settings::read(&there, tags, asked).await?, client)
    };
    let Settings {
        public_access_blocked,
        encryption,
        bucket_key,
        versioning,
        object_ownership,
        lifecycle,
        object_lock,
        access_logging,
        tags,
        inexpressible,
    } = settings;
    let (tags, owner) = Tags::from_wire(tags, &aws.stack);
    let value = Bucket {
        name: name.into(),
        region,
        public_access_blocked,
        encryption: Managed::Set(encryption),
        bucket_key: Managed::Set(bucket_key),
        versioning: Managed::Set(versioning),
        object_ownership: Managed::Set(object_ownership),
        lifecycle,
        object_lock,
        access_logging,
        tags,
    };
    let arn = Some(aws.scope.bucket_arn(name).to_string());
    let facts = Facts {
        inexpressible,
        arn,
        ..Facts::default()
    };
    Ok(Some((
        Found {
            value: value.into(),
            owner,
            facts,
        },
        client,
    )))
}

/// The region of a bucket; `None` when there is no such bucket.
async fn region_of(bucket: &At<'_>) -> Result<Option<String>, AccountError> {
    let At { aws, name, .. } = *bucket;
    let region = bucket
        .call(Api::read("s3", "GetBucketLocation"), || async move {
            let ask = aws
                .s3
                .get_bucket_location()
                .bucket(name)
                .expected_bucket_owner(&aws.scope.account);
            match ask.send().await {
                Ok(answer) => Ok(
                    match answer
                        .location_constraint()
                        .map_or("", BucketLocationConstraint::as_str)
                    {
                        "" => "us-east-1".to_owned(),
                        "EU" => "eu-west-1".to_owned(),
                        region => region.to_owned(),
                    },
                ),
                Err(error) => redirected(&error).ok_or(error),
            }
        })
        .await
        .absent(&["NoSuchBucket"]);
    region.map_err(|error| match error.kind {
        ErrorKind::Denied => error.known(
            ErrorKind::Denied,
            "another account may have the bucket's name, which is unique in the whole partition: then choose \
             another; or the caller may not read it: `trailwarden permissions` prints the policy that it needs",
        ),
        _ => error,
    })
}

/// The region that S3 sends us to. Not every region answers for the buckets of the others.
fn redirected<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    let raw = error.raw_response()?;
    match (raw.status().as_u16(), error.code()) {
        (301 | 307, _)
        | (400, Some("AuthorizationHeaderMalformed" | "IllegalLocationConstraintException")) => {
            raw.headers().get("x-amz-bucket-region").map(str::to_owned)
        }
        _ => None,
    }
}

fn wire_tags(api: Api, tags: &BTreeMap<String, String>) -> Result<Vec<Tag>, AccountError> {
    tags.iter()
        .map(|(key, value)| built(api, Tag::builder().key(key).value(value).build()))
        .collect()
}

impl Page for Bucket {
    async fn read(aws: &Aws, name: &str) -> Result<Option<Found>, AccountError> {
        let Some((mut found, client)) = look(&At::here(aws, name), None, Asked::ALL).await? else {
            return Ok(None);
        };
        // Old versions and delete markers count: the bucket cannot be deleted with them.
        let answer = aws
            .door
            .call(Api::read("s3", "ListObjectVersions"), || {
                let list = client.list_object_versions().bucket(name).max_keys(1);
                list.expected_bucket_owner(&aws.scope.account).send()
            })
            .await?;
        found.facts.holds_data = !(answer.versions().is_empty() && answer.delete_markers().is_empty());
        Ok(Some(found))
    }

    async fn create(&self, aws: &Aws) -> Result<(), AccountError> {
        let _turn = turn(aws, &self.name).await;
        aws.written.forget(&object(&self.name));
        create::create(self, aws).await
    }

    async fn update(&self, before: &Self, aws: &Aws) -> Result<(), AccountError> {
        let _turn = turn(aws, &self.name).await;
        change(self, before, &At::here(aws, &self.name)).await
    }

    async fn delete(&self, aws: &Aws) -> Result<(), AccountError> {
        let _turn = turn(aws, &self.name).await;
        let deleted = aws
            .door
            .call(Api::write("s3", "DeleteBucket"), || {
                aws.s3
                    .delete_bucket()
                    .bucket(&self.name)
                    .expected_bucket_owner(&aws.scope.account)
                    .send()
            })
            .await
            .absent(&["NoSuchBucket"]);
        match deleted {
            Err(error) if error.is("BucketNotEmpty") => Err(error.known(
                ErrorKind::Refused,
                "log files are never deleted by trailwarden: empty the bucket, old versions and delete markers \
                 included, or leave it out of the plan",
            )),
            outcome => outcome.map(drop),
        }
    }

    async fn tag(
        &self,
        aws: &Aws,
        put: &BTreeMap<String, String>,
        remove: &[String],
    ) -> Result<(), AccountError> {
        let _turn = turn(aws, &self.name).await;
        let bucket = At::here(aws, &self.name);
        let live = bucket.tags().await?;
        bucket.put_tags(live, put, remove).await
    }
}

/// Writes what differs.
async fn change(wanted: &Bucket, before: &Bucket, bucket: &At<'_>) -> Result<(), AccountError> {
    if wanted.public_access_blocked != before.public_access_blocked {
        bucket.put_public_access(wanted.public_access_blocked).await?;
    }
    let versioning = changed(&wanted.versioning, &before.versioning);
    if let Some(versioning) = versioning {
        bucket.put_versioning(*versioning).await?;
    }
    let encryption = wanted.encryption.verdict(&before.encryption) == Verdict::Differs;
    if let Some(wish) = wanted.encryption.get()
        && (encryption || changed(&wanted.bucket_key, &before.bucket_key).is_some())
    {
        bucket.put_encryption(wish, wanted.bucket_key.get()).await?;
    }
    if let Some(ownership) = changed(&wanted.object_ownership, &before.object_ownership) {
        bucket.put_ownership(*ownership).await?;
    }
    if let Some(lock) = changed(&wanted.object_lock, &before.object_lock) {
        bucket.put_object_lock(lock, versioning.is_some()).await?;
    }
    if let Some(lifecycle) = changed(&wanted.lifecycle, &before.lifecycle) {
        bucket.put_lifecycle(lifecycle.as_ref()).await?;
    }
    if let Some(logging) = changed(&wanted.access_logging, &before.access_logging) {
        bucket.put_access_logging(logging.as_ref()).await?;
    }
    let (put, remove) = wanted.tags.steps_from(&before.tags, &bucket.aws.stack, false);
    if put.is_empty() && remove.is_empty() {
        return Ok(());
    }
    let live = bucket.tags().await?;
    bucket.put_tags(live, &put, &remove).await
}

fn changed<'a, T: Clone + PartialEq>(wanted: &'a Managed<T>, before: &Managed<T>) -> Option<&'a T> {
    wanted.get().filter(|value| before.get() != Some(value))
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::error::ErrorMetadata;
    use aws_sdk_s3::operation::get_bucket_location::GetBucketLocationError;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn answer(status: u16, code: &str) -> SdkError<GetBucketLocationError, HttpResponse> {
        let mut raw = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
        raw.headers_mut().insert("x-amz-bucket-region", "eu-west-1");
        let meta = ErrorMetadata::builder().code(code).build();
        SdkError::service_error(GetBucketLocationError::generic(meta), raw)
    }

    #[test]
    fn only_a_redirect_tells_where_a_bucket_is() {
        let region = Some("eu-west-1".to_owned());
        assert_eq!(redirected(&answer(301, "PermanentRedirect")), region);
        assert_eq!(redirected(&answer(400, "AuthorizationHeaderMalformed")), region);
        // S3 names the region of a bucket of somebody else, too.
        assert_eq!(redirected(&answer(403, "AccessDenied")), None);
        assert_eq!(redirected(&answer(404, "NoSuchBucket")), None);
    }
}
