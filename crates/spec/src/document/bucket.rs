//! `[bucket.LABEL]`, and what follows from it: the bucket's policy.

use std::collections::BTreeSet;

use toml::de::DeValue;

use crate::Kind;
use crate::kinds::{AccessLogging, Bucket, BucketPolicy, Encryption, Lifecycle, ObjectLock};
use crate::leaf::Managed;
use crate::problem::{Problem, code};

use super::decoder::{At, Decode, Spot, Table, Value};
use super::key::{self, Keyed};
use super::references::BucketRef;
use super::resolve::Resolver;
use super::sections::{Entry, Section};
use super::stack::Header;
use super::{names, trail};

mod settings;

use settings::Logging;
pub(crate) use settings::none_or;

/// A bucket as typed; its references are not resolved yet.
#[derive(Clone, Debug)]
pub(crate) struct BucketSection {
    /// Without the bucket that its access logs go to.
    pub(crate) bucket: Bucket,
    access_logging: Option<At<Logging>>,
    tls_only: bool,
}

impl Section for BucketSection {
    const WORD: &'static str = "bucket";

    fn read(label: &At<String>, table: &mut Table<'_>, header: &Header) -> Self {
        let name = table.name(label, &names::BUCKET).value;
        let versioning = table.take::<bool>("versioning");
        let object_lock = table.take::<ObjectLock>("object_lock");
        if let (Some(At { value: false, spot }), Some(lock)) = (&versioning, &object_lock)
            && lock.value.retention().is_some()
        {
            let message = "Object Lock locks versions, and `versioning = false` makes none";
            let problem = Problem::new(code::CONTRADICTION, spot, message)
                .label("together with `object_lock`")
                .also(&lock.spot, "asked for here");
            table.cx.sink.report(problem.help("take one of them away"));
        }
        let encryption = table.take::<Encryption>("encryption").map(|at| at.value);
        Self {
            bucket: Bucket {
                name,
                region: header.stack.scope.region.clone(),
                public_access_blocked: true,
                bucket_key: key::bucket_key(table, encryption.as_ref()).into(),
                encryption: encryption.into(),
                versioning: versioning.map(|at| at.value).into(),
                object_ownership: table.take("object_ownership").map(|at| at.value).into(),
                lifecycle: table
                    .take::<Option<Lifecycle>>("lifecycle")
                    .map(|at| at.value)
                    .into(),
                object_lock: object_lock.map(|at| at.value).into(),
                access_logging: Managed::Leave,
                tags: table.tags(header),
            },
            access_logging: table.take("access_logging"),
            tls_only: table.take("tls_only").is_some_and(|at| at.value),
        }
    }
}

/// Adds the bucket.
pub(crate) fn resolve(resolver: &mut Resolver<'_>, entry: &Entry<Keyed<BucketSection>>) {
    let mut bucket = entry.value.resolved(resolver, &entry.origin.path).bucket;
    match entry.value.access_logging.as_ref().map(|at| &at.value) {
        None => {}
        Some(Logging::Off) => bucket.access_logging = Managed::Set(None),
        Some(Logging::To { bucket: to, prefix }) => {
            if let Some(target) = target(resolver, entry, to) {
                bucket.access_logging = Managed::Set(Some(AccessLogging {
                    prefix: prefix_for(&bucket.name, prefix.as_ref()),
                    bucket: target,
                }));
            }
        }
    }
    resolver.add(bucket, &entry.origin);
}

/// What the keys of a bucket's access logs begin with. Without a word they tell which bucket they are
/// about.
fn prefix_for(bucket: &str, written: Option<&At<String>>) -> String {
    written.map_or_else(|| format!("{bucket}/"), |prefix| prefix.value.clone())
}

/// The name of the bucket that access logs go to.
fn target(
    resolver: &mut Resolver<'_>,
    entry: &Entry<Keyed<BucketSection>>,
    to: &At<BucketRef>,
) -> Option<String> {
    match &to.value {
        BucketRef::Existing {
            name: _,
            owner: Some(owner),
        } if owner.value != resolver.scope().account => {
            let message = format!("the bucket is of account {}", owner.value);
            let problem = Problem::new(code::OUT_OF_REACH, &owner.spot, message).label("another account's");
            resolver
                .sink
                .report(problem.help("S3 writes access logs to buckets of the same account and region only"));
            return None;
        }
        BucketRef::Label(label) => {
            let lock = resolver
                .document
                .buckets
                .get(label)
                .and_then(|target| target.value.bucket.object_lock.get());
            if lock.is_some_and(|lock| lock.retention().is_some()) {
                let message =
                    format!("S3 writes no access logs to `[bucket.{label}]`, which has `object_lock`");
                let problem =
                    Problem::new(code::CONTRADICTION, &to.spot, message).label("locks what it holds");
                let help = "let the access logs go to a bucket without Object Lock";
                resolver.sink.report(problem.help(help));
            }
        }
        BucketRef::Existing { .. } => {}
    }
    let path = format!("{}.access_logging.bucket", entry.origin.path);
    trail::bucket_name(resolver, to, &path)
}

/// Reports buckets whose access logs lead back to themselves: each log that is written would be
/// written down in the next.
pub(crate) fn check_circles(resolver: &Resolver<'_>) {
    let document = resolver.document;
    let next = |name: &str| {
        let of_name = |entry: &&Entry<Keyed<BucketSection>>| entry.value.bucket.name == name;
        let entry = document.buckets.values().find(of_name)?;
        let (to, spot) = match entry.value.access_logging.as_ref()? {
            At {
                value: Logging::To { bucket, .. },
                ..
            } => (&bucket.value, &bucket.spot),
            _ => return None,
        };
        let target = match to {
            BucketRef::Label(label) => document.buckets.get(label)?.value.bucket.name.as_str(),
            BucketRef::Existing { name, .. } => name.value.as_str(),
        };
        Some((target, spot))
    };
    let mut said: BTreeSet<&str> = BTreeSet::new();
    for entry in document.buckets.values() {
        let start = entry.value.bucket.name.as_str();
        let mut circle: Vec<(&str, &Spot)> = Vec::new();
        let mut at = start;
        while let Some((to, spot)) = next(at) {
            circle.push((at, spot));
            at = to;
            if at == start || circle.len() > document.buckets.len() {
                break;
            }
        }
        let (Some((_, spot)), true) = (circle.first(), at == start && !circle.is_empty()) else {
            continue;
        };
        if said.contains(start) {
            continue;
        }
        said.extend(circle.iter().map(|(name, _)| *name));
        let message =
            format!("the access logs of the bucket `{start}` lead back to it, so that they never end");
        let problem = Problem::new(code::CONTRADICTION, spot, message).label("a circle");
        let help = "each log that is written is a request that the next one tells of: let them go to another bucket, \
                    which has no `access_logging`";
        resolver.sink.report(problem.help(help));
    }
}

/// Adds a policy for each bucket of the spec that trails or access logs are written to, or that
/// takes nothing without TLS.
pub(crate) fn policies(resolver: &mut Resolver<'_>) {
    let document = resolver.document;
    for (label, entry) in &document.buckets {
        let name = entry.value.bucket.name.as_str();
        if !resolver.made_by(Kind::Bucket, name, &entry.origin) {
            continue;
        }
        let stack = &resolver.header.stack;
        let writers: Vec<_> = trail::writing_to(document, label).collect();
        let trails = writers.iter().map(|trail| (trail.name, trail.prefix));
        let organizations = writers
            .iter()
            .filter_map(|trail| Some((trail.name, trail.prefix, trail.organization?)));
        let mut policy = BucketPolicy::for_trails(&stack.name, &stack.scope, name, trails).and_organizations(
            &stack.name,
            &stack.scope,
            organizations,
        );
        for source in document.buckets.values() {
            if let Some(Logging::To { bucket, prefix }) =
                source.value.access_logging.as_ref().map(|at| &at.value)
                && matches!(&bucket.value, BucketRef::Label(to) if to == label)
            {
                let source = source.value.bucket.name.as_str();
                let prefix = prefix_for(source, prefix.as_ref());
                policy = policy.and_access_logs(&stack.name, &stack.scope, source, &prefix);
            }
        }
        if entry.value.tls_only {
            policy = policy.and_tls_only(&stack.name, &stack.scope);
        }
        if !policy.statements.is_empty() {
            resolver.add(policy, &entry.origin);
        }
    }
}

impl Decode for Encryption {
    fn decode(value: &Value<'_>) -> Option<Self> {
        match value.raw {
            DeValue::String(word) if word == "AES256" => Some(Self::Aes256),
            DeValue::String(word) if word == "aws:kms" => Some(Self::Kms(None)),
            DeValue::String(word) => {
                let message = format!("`{word}` is not a value of `{}`", value.key);
                let problem = Problem::new(code::UNKNOWN_WORD, &value.spot, message).label("unknown word");
                value.report(problem.help(match word.as_ref() {
                    "aws:kms:dsse" => {
                        "this version does not set it; leave `encryption` out to keep what the bucket has"
                    }
                    _ => "it takes `AES256` and `aws:kms`",
                }));
                None
            }
            _ => value.wrong_type("`AES256` or `aws:kms`", None),
        }
    }
}
