//! Makes a bucket, or goes on with one that an earlier create left half-finished.

use std::collections::BTreeMap;

use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, ObjectOwnership as WireOwnership,
};
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::Object;
use trailwarden_spec::kinds::{Bucket, ObjectLock};
use trailwarden_spec::leaf::MARK_STACK;
use trailwarden_spec::live::Found;

use super::super::known::Known;
use super::super::{Aws, refusal};
use super::{Asked, At, NEW_BUCKET, change, look, wire_tags};
use crate::door::Api;

const CREATE: Api = Api::write("s3", "CreateBucket");

/// Whoever calls it holds the bucket's turn.
pub(super) async fn create(wanted: &Bucket, aws: &Aws) -> Result<(), AccountError> {
    let tags = wanted.tags.to_wire(&aws.stack, false);
    let created = match send(wanted, Some(&tags), aws).await {
        Err(error) if takes_no_tags(&error) => send(wanted, None, aws).await,
        outcome => outcome,
    };
    let bucket = At {
        aws,
        client: &aws.s3,
        name: &wanted.name,
        fresh: true,
    };
    match created {
        Ok(()) => {}
        Err(error) if error.is("BucketAlreadyOwnedByYou") => return resume(wanted, error, &bucket).await,
        Err(error) if error.is("BucketAlreadyExists") => {
            let hint = "bucket names are unique in the whole partition and another account has this one: give \
                        the bucket another name, for example with `${account}` in it";
            return Err(error.known(ErrorKind::Refused, hint));
        }
        Err(error) => return Err(error),
    }
    // The mark goes before all else: what has none after a crash is nobody's. It also tells whether
    // the bucket was there: in us-east-1 S3 takes one's own for the new one.
    let live = bucket.tags().await?;
    match live.get(MARK_STACK) {
        Some(stack) if *stack == aws.stack => {}
        Some(stack) => {
            return Err(refusal(
                CREATE,
                format!("the bucket is there and belongs to the stack `{stack}`"),
            ));
        }
        None => bucket.put_tags(live, &tags, &[]).await.map_err(unmarked)?,
    }
    bucket.put_public_access(wanted.public_access_blocked).await?;
    if wanted.versioning.get() == Some(&true) {
        bucket.put_versioning(true).await?;
    }
    if let Some(encryption) = wanted.encryption.get() {
        bucket.put_encryption(encryption, wanted.bucket_key.get()).await?;
    }
    if let Some(lock) = wanted.object_lock.get() {
        bucket.put_object_lock(lock, true).await?;
    }
    if let Some(Some(lifecycle)) = wanted.lifecycle.get() {
        bucket.put_lifecycle(Some(lifecycle)).await?;
    }
    if let Some(Some(logging)) = wanted.access_logging.get() {
        bucket.put_access_logging(Some(logging)).await?;
    }
    Ok(())
}

async fn send(
    wanted: &Bucket,
    tags: Option<&BTreeMap<String, String>>,
    aws: &Aws,
) -> Result<(), AccountError> {
    let location =
        (wanted.region != "us-east-1").then(|| BucketLocationConstraint::from(wanted.region.as_str()));
    let tags = tags.map(|tags| wire_tags(CREATE, tags)).transpose()?;
    let configuration = (location.is_some() || tags.is_some()).then(|| {
        CreateBucketConfiguration::builder()
            .set_location_constraint(location)
            .set_tags(tags)
            .build()
    });
    let ownership = wanted
        .object_ownership
        .get()
        .map(|ownership| WireOwnership::from(ownership.as_str()));
    // Versioning comes with it.
    let lock = wanted.object_lock.get().is_some_and(ObjectLock::is_on);
    let create = || {
        let create = aws.s3.create_bucket().bucket(&wanted.name);
        let create = create.set_create_bucket_configuration(configuration.clone());
        let create = create.set_object_lock_enabled_for_bucket(lock.then_some(true));
        create.set_object_ownership(ownership.clone()).send()
    };
    aws.door.call(CREATE, create).await.map(drop)
}

/// Tags in the create call are young (2025): not every region takes them, and not every policy
/// lets them be given.
fn takes_no_tags(error: &AccountError) -> bool {
    error.is("UnsupportedArgument")
        || (error.kind == ErrorKind::Denied && error.message.contains("s3:TagResource"))
}

fn unmarked(error: AccountError) -> AccountError {
    let (kind, known) = (error.kind, error.hint.clone());
    let hint =
        "the bucket was made and carries no mark of the stack: adopt it once it can be tagged, or delete it";
    let hint = known.map_or_else(|| hint.to_owned(), |known| format!("{known}; {hint}"));
    error.known(kind, hint)
}

/// What a create can go on with: a bucket that an earlier create of this stack left half-finished.
async fn resume(wanted: &Bucket, error: AccountError, bucket: &At<'_>) -> Result<(), AccountError> {
    let read = || look(bucket, None, Asked::ALL);
    match bucket.aws.door.read_until_there(NEW_BUCKET, read).await? {
        Some((
            Found {
                value: Object::Bucket(live),
                owner,
                ..
            },
            _,
        )) if owner.is_ours() => change(wanted, &live, bucket).await,
        Some(_) => Err(error.known(
            ErrorKind::Refused,
            "the bucket is there and does not carry this stack's mark: plan again to see whose it is",
        )),
        None => Err(error.known(
            ErrorKind::NotPropagated,
            "S3 knows that the bucket is there and does not show it yet",
        )),
    }
}
