//! S3 buckets. S3 keeps every setting apart and changes one at a time, so the reads of a bucket go
//! together and its writes one after the other.

use std::collections::BTreeMap;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Region;
use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, ObjectOwnership as WireOwnership, Tag,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::sync::OwnedMutexGuard;
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::Object;
use trailwarden_spec::kinds::Bucket;
use trailwarden_spec::leaf::{MARK_STACK, Managed, Tags};
use trailwarden_spec::live::{Facts, Found};

use super::known::{Known, built};
use super::{Aws, Page, refusal};
use crate::door::{Absent, Api};

mod settings;

use settings::{Settings, Write};

const CREATE: Api = Api::write("s3", "CreateBucket");
const GET_TAGGING: Api = Api::read("s3", "GetBucketTagging");

/// Takes the turn to write to a bucket or its policy.
pub(super) async fn turn(aws: &Aws, bucket: &str) -> OwnedMutexGuard<()> {
    aws.door.exclusive(&format!("bucket {bucket}")).await
}

/// Reads a bucket but not whether it holds objects: a plan that deletes nothing need not know.
/// `tags` are those of the tag index, where it has the bucket.
pub(crate) async fn read_with(
    aws: &Aws,
    name: &str,
    tags: Option<BTreeMap<String, String>>,
) -> Result<Option<Found>, AccountError> {
    Ok(look(aws, name, tags).await?.map(|(found, _)| found))
}

/// Reads a bucket; the client is the one of its region.
async fn look(
    aws: &Aws,
    name: &str,
    tags: Option<BTreeMap<String, String>>,
) -> Result<Option<(Found, Client)>, AccountError> {
    // Where the bucket is decides who can be asked about it. Nearly always that is the stack's
    // region, so everything is asked at once, and once more elsewhere if need be.
    let (region, settings) = futures::join!(
        region_of(aws, name),
        Settings::read(aws, &aws.s3, name, tags.clone())
    );
    let Some(region) = region? else { return Ok(None) };
    let (settings, client) = if region == aws.scope.region {
        (settings?, aws.s3.clone())
    } else {
        let there = aws
            .s3
            .config()
            .to_builder()
            .region(Region::new(region.clone()))
            .build();
        let client = Client::from_conf(there);
        (Settings::read(aws, &client, name, tags).await?, client)
    };
    let Settings {
        public_access_blocked,
        encryption,
        versioning,
        object_ownership,
        tags,
        inexpressible,
    } = settings;
    let (tags, owner) = Tags::from_wire(tags, &aws.stack);
    let value = Bucket {
        name: name.into(),
        region,
        public_access_blocked,
        encryption: Managed::Set(encryption),
        versioning: Managed::Set(versioning),
        object_ownership: Managed::Set(object_ownership),
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
async fn region_of(aws: &Aws, name: &str) -> Result<Option<String>, AccountError> {
    let region = aws
        .door
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

/// The bucket's tags as they are, `aws:` tags and our marks included.
async fn tags_of(aws: &Aws, client: &Client, name: &str) -> Result<BTreeMap<String, String>, AccountError> {
    let answer = aws
        .door
        .call(GET_TAGGING, || {
            client
                .get_bucket_tagging()
                .bucket(name)
                .expected_bucket_owner(&aws.scope.account)
                .send()
        })
        .await
        .absent(&["NoSuchTagSet"])?;
    let tags = answer
        .and_then(|answer| answer.tag_set.into())
        .unwrap_or_default();
    Ok(tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
}

fn wire_tags(api: Api, tags: &BTreeMap<String, String>) -> Result<Vec<Tag>, AccountError> {
    tags.iter()
        .map(|(key, value)| built(api, Tag::builder().key(key).value(value).build()))
        .collect()
}

impl Page for Bucket {
    async fn read(aws: &Aws, name: &str) -> Result<Option<Found>, AccountError> {
        let Some((mut found, client)) = look(aws, name, None).await? else {
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
        let tags = self.tags.to_wire(&aws.stack, false);
        let location =
            (self.region != "us-east-1").then(|| BucketLocationConstraint::from(self.region.as_str()));
        let configuration = CreateBucketConfiguration::builder()
            .set_location_constraint(location)
            .set_tags(Some(wire_tags(CREATE, &tags)?))
            .build();
        let ownership = self
            .object_ownership
            .get()
            .map(|ownership| WireOwnership::from(ownership.as_str()));
        let created = aws
            .door
            .call(CREATE, || {
                let create = aws.s3.create_bucket().bucket(&self.name);
                let create = create.create_bucket_configuration(configuration.clone());
                create.set_object_ownership(ownership.clone()).send()
            })
            .await;
        let write = Write {
            aws,
            name: &self.name,
            fresh: true,
        };
        match created {
            Ok(_) => {}
            Err(error) if error.is("BucketAlreadyOwnedByYou") => return resume(self, error, &write).await,
            Err(error) if error.is("BucketAlreadyExists") => {
                let hint = "bucket names are unique in the whole partition and another account has this one: give \
                            the bucket another name, for example with `${account}` in it";
                return Err(error.known(ErrorKind::Refused, hint));
            }
            Err(error) => return Err(error),
        }
        write.public_access(self.public_access_blocked).await?;
        if self.versioning.get() == Some(&true) {
            write.versioning(true).await?;
        }
        if let Some(encryption) = self.encryption.get() {
            write.encryption(encryption).await?;
        }
        // Tags in the create call are young (2025); where they were not taken, the bucket must not
        // stay without our mark.
        let live = tags_of(aws, &aws.s3, &self.name).await?;
        match live.get(MARK_STACK) {
            Some(stack) if *stack == aws.stack => Ok(()),
            Some(stack) => Err(refusal(
                CREATE,
                format!("the bucket is there and belongs to the stack `{stack}`"),
            )),
            None => write.tags(live, &tags, &[]).await,
        }
    }

    async fn update(&self, before: &Self, aws: &Aws) -> Result<(), AccountError> {
        let _turn = turn(aws, &self.name).await;
        change(
            self,
            before,
            &Write {
                aws,
                name: &self.name,
                fresh: false,
            },
        )
        .await
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
        let live = tags_of(aws, &aws.s3, &self.name).await?;
        Write {
            aws,
            name: &self.name,
            fresh: false,
        }
        .tags(live, put, remove)
        .await
    }
}

/// What a create can go on with: a bucket that an earlier create of this stack left half-finished.
async fn resume(wanted: &Bucket, error: AccountError, write: &Write<'_>) -> Result<(), AccountError> {
    match read_with(write.aws, &wanted.name, None).await? {
        Some(Found {
            value: Object::Bucket(live),
            owner,
            ..
        }) if owner.is_ours() => change(wanted, &live, write).await,
        _ => Err(error.known(
            ErrorKind::Refused,
            "the bucket is there and does not carry this stack's mark: plan again to see whose it is",
        )),
    }
}

/// Writes what differs.
async fn change(wanted: &Bucket, before: &Bucket, write: &Write<'_>) -> Result<(), AccountError> {
    if wanted.public_access_blocked != before.public_access_blocked {
        write.public_access(wanted.public_access_blocked).await?;
    }
    if let Some(versioning) = changed(&wanted.versioning, &before.versioning) {
        write.versioning(*versioning).await?;
    }
    if let Some(encryption) = changed(&wanted.encryption, &before.encryption) {
        write.encryption(encryption).await?;
    }
    if let Some(ownership) = changed(&wanted.object_ownership, &before.object_ownership) {
        write.ownership(*ownership).await?;
    }
    let (put, remove) = wanted.tags.steps_from(&before.tags, &write.aws.stack, false);
    if put.is_empty() && remove.is_empty() {
        return Ok(());
    }
    let live = tags_of(write.aws, &write.aws.s3, write.name).await?;
    write.tags(live, &put, &remove).await
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
