//! Buckets themselves.

use winterbaume_core::MockResponse;
use winterbaume_s3::wire;

use super::{S3Request, bucket, configurations, empty, owned, settings};
use crate::protocol::{Failure, escape, iso, set};
use crate::route::Call;
use crate::state::{Bucket, PublicAccessBlock, State};

pub(crate) fn create(state: &mut State, call: &Call, request: &S3Request) -> Result<MockResponse, Failure> {
    let input = request.read(wire::deserialize_create_bucket_request)?;
    check_name(&request.bucket)?;
    let configuration = input.create_bucket_configuration.unwrap_or_default();
    let region = place(call, configuration.location_constraint.as_deref())?;
    match state.find_bucket(&request.bucket) {
        Some((owner, _)) if owner != call.account => {
            return Err(Failure::new(
                409,
                "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by \
                 all users of the system. Please select a different name and try again.",
            ));
        }
        // In us-east-1 alone making one's own bucket again succeeds and changes nothing.
        Some((_, live)) if live.region == "us-east-1" && call.region == "us-east-1" => {
            return Ok(made(request));
        }
        Some(_) => {
            return Err(Failure::new(
                409,
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own \
                 it.",
            ));
        }
        None => {}
    }
    let ownership = input
        .object_ownership
        .unwrap_or_else(|| "BucketOwnerEnforced".to_owned());
    settings::check_ownership(&ownership)?;
    let mut bucket = Bucket {
        region,
        created: call.now,
        // The defaults of every bucket made since April 2023.
        public_access_block: Some(PublicAccessBlock::ALL),
        ownership: Some(ownership),
        tags: settings::read_tags(configuration.tags.map(|tags| tags.items).unwrap_or_default())?,
        ..Bucket::default()
    };
    if input.object_lock_enabled_for_bucket == Some(true) {
        configurations::lock_of_new_bucket(&mut bucket);
    }
    state
        .account(&call.account)
        .buckets
        .insert(request.bucket.clone(), bucket);
    Ok(made(request))
}

fn made(request: &S3Request) -> MockResponse {
    let mut response = empty(200);
    set(&mut response.headers, "location", &format!("/{}", request.bucket));
    response
}

/// Says where a new bucket goes: each region takes its own, us-east-1 all.
fn place(call: &Call, constraint: Option<&str>) -> Result<String, Failure> {
    let incompatible = |constraint: &str| {
        Failure::bad(
            "IllegalLocationConstraintException",
            format!(
                "The {constraint} location constraint is incompatible for the region specific \
                 endpoint this request was sent to."
            ),
        )
    };
    match (call.region.as_str(), constraint.filter(|it| !it.is_empty())) {
        ("us-east-1", None) => Ok("us-east-1".to_owned()),
        ("us-east-1", Some("us-east-1")) => Err(Failure::bad(
            "InvalidLocationConstraint",
            "The specified location-constraint is not valid",
        )),
        ("us-east-1", Some("EU")) => Ok("eu-west-1".to_owned()),
        ("us-east-1", Some(region)) => Ok(region.to_owned()),
        (_, None) => Err(incompatible("unspecified")),
        (here, Some(region)) if region == here => Ok(region.to_owned()),
        ("eu-west-1", Some("EU")) => Ok("eu-west-1".to_owned()),
        (_, Some(region)) => Err(incompatible(region)),
    }
}

fn check_name(name: &str) -> Result<(), Failure> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let fine = (3..=63).contains(&name.len())
        && name.chars().all(allowed)
        && edge(name.chars().next())
        && edge(name.chars().last())
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
        && !["xn--", "sthree-", "amzn-s3-demo-"]
            .iter()
            .any(|it| name.starts_with(it))
        && !["-s3alias", "--ol-s3", ".mrap", "--x-s3"]
            .iter()
            .any(|it| name.ends_with(it));
    if fine {
        return Ok(());
    }
    Err(Failure::bad(
        "InvalidBucketName",
        "The specified bucket is not valid.",
    ))
}

pub(crate) fn list(state: &State, call: &Call) -> MockResponse {
    let items: Vec<wire::Bucket> = state
        .accounts
        .get(&call.account)
        .into_iter()
        .flat_map(|account| &account.buckets)
        .map(|(name, bucket)| wire::Bucket {
            bucket_arn: Some(format!("arn:{}:s3:::{name}", call.partition())),
            bucket_region: Some(bucket.region.clone()),
            creation_date: Some(iso(bucket.created)),
            name: Some(name.clone()),
        })
        .collect();
    wire::serialize_list_buckets_response(&wire::ListBucketsOutput {
        buckets: Some(wire::Buckets { items }),
        owner: Some(wire::Owner {
            display_name: None,
            i_d: Some(canonical_id(&call.account)),
        }),
        ..wire::ListBucketsOutput::default()
    })
}

pub(crate) fn head(state: &State, call: &Call, request: &S3Request) -> Result<MockResponse, Failure> {
    let bucket = bucket(state, call, request)?;
    let mut response = empty(200);
    set(&mut response.headers, "x-amz-bucket-region", &bucket.region);
    set(&mut response.headers, "x-amz-access-point-alias", "false");
    Ok(response)
}

pub(crate) fn delete(state: &mut State, call: &Call, request: &S3Request) -> Result<MockResponse, Failure> {
    if !bucket(state, call, request)?.objects.is_empty() {
        return Err(Failure::new(
            409,
            "BucketNotEmpty",
            "The bucket you tried to delete is not empty",
        ));
    }
    state.account(&call.account).buckets.remove(&request.bucket);
    Ok(empty(204))
}

/// Answers from every region, and with an empty text for us-east-1.
pub(crate) fn location(state: &State, call: &Call, request: &S3Request) -> Result<MockResponse, Failure> {
    let region = match owned(state, call, request)?.region.as_str() {
        "us-east-1" => "",
        region => region,
    };
    Ok(MockResponse::xml(
        200,
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{}\
             </LocationConstraint>",
            escape(region)
        ),
    ))
}

pub(crate) fn acl(state: &State, call: &Call, request: &S3Request) -> Result<MockResponse, Failure> {
    bucket(state, call, request)?;
    let id = canonical_id(&call.account);
    Ok(MockResponse::xml(
        200,
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <AccessControlPolicy xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <Owner><ID>{id}</ID></Owner><AccessControlList><Grant>\
             <Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xsi:type=\"CanonicalUser\"><ID>{id}</ID></Grantee>\
             <Permission>FULL_CONTROL</Permission></Grant></AccessControlList>\
             </AccessControlPolicy>"
        ),
    ))
}

/// The canonical user id of an account: 64 hexadecimal digits, here made of the account id.
fn canonical_id(account: &str) -> String {
    format!("{account:0>64}")
}
