use std::collections::BTreeMap;

use aws_sdk_resourcegroupstagging::types::{ResourceTagMapping, TagFilter};
use trailwarden_account::AccountError;
use trailwarden_spec::Kind;
use trailwarden_spec::arn::Arn;
use trailwarden_spec::leaf::{MARK_ALIAS, MARK_STACK};

use crate::aws::Aws;
use crate::door::Api;

const GET: Api = Api::read("tag", "GetResources");

/// The most ARNs that one question may name.
const BATCH: usize = 100;

/// What the Resource Groups Tagging API says of tags: one call for a hundred objects instead of one
/// for each.
///
/// It lags behind writes, lists objects for hours after they are gone, and knows no IAM roles. It
/// proposes; it proves nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    tags: BTreeMap<(Kind, String), BTreeMap<String, String>>,
    /// The ARNs of keys with their names: of two keys the same may be said.
    keys: Vec<(String, String)>,
}

impl Index {
    /// All that carries the stack's mark.
    pub(crate) async fn of_stack(aws: &Aws) -> Result<Self, AccountError> {
        let mut index = Self::default();
        let filter = TagFilter::builder().key(MARK_STACK).values(&aws.stack).build();
        let mut token: Option<String> = None;
        loop {
            let send = || {
                aws.tagging
                    .get_resources()
                    .tag_filters(filter.clone())
                    .resources_per_page(100)
                    .set_pagination_token(token.clone())
                    .send()
            };
            let page = aws.door.call(GET, send).await?;
            index.add(aws, page.resource_tag_mapping_list.unwrap_or_default());
            match page.pagination_token.filter(|next| !next.is_empty()) {
                Some(next) => token = Some(next),
                None => return Ok(index),
            }
        }
    }

    /// What it has of these ARNs, whosoever they are.
    pub(crate) async fn of_arns(aws: &Aws, arns: &[String]) -> Result<Self, AccountError> {
        let ask = |arns: Vec<String>| async move {
            let send = || {
                aws.tagging
                    .get_resources()
                    .set_resource_arn_list(Some(arns.clone()))
                    .send()
            };
            aws.door.call(GET, send).await
        };
        let mut index = Self::default();
        for page in futures::future::try_join_all(arns.chunks(BATCH).map(|batch| ask(batch.to_vec()))).await?
        {
            index.add(aws, page.resource_tag_mapping_list.unwrap_or_default());
        }
        Ok(index)
    }

    fn add(&mut self, aws: &Aws, listed: Vec<ResourceTagMapping>) {
        for mapping in listed {
            let Some(arn) = mapping
                .resource_arn()
                .and_then(Arn::parse)
                .filter(|arn| aws.scope.holds(arn))
            else {
                continue;
            };
            let Some(kind) = kind_of(&arn) else { continue };
            let tags: BTreeMap<String, String> = mapping
                .tags
                .unwrap_or_default()
                .into_iter()
                .map(|tag| (tag.key, tag.value))
                .collect();
            let mut name = arn.name().to_owned();
            if kind == Kind::Key {
                // Its ARN does not say by which alias a key is known.
                let Some(alias) = tags.get(MARK_ALIAS) else {
                    continue;
                };
                name.clone_from(alias);
                self.keys.push((arn.to_string(), name.clone()));
            }
            self.tags.insert((kind, name), tags);
        }
    }

    /// The tags of an object, where it is listed.
    pub(crate) fn tags(&self, kind: Kind, name: &str) -> Option<&BTreeMap<String, String>> {
        self.tags.get(&(kind, name.to_owned()))
    }

    /// The ARNs of the keys that are listed, with the names that their marks give them.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&str, &str)> {
        self.keys.iter().map(|(arn, name)| (arn.as_str(), name.as_str()))
    }

    /// The names listed of a kind.
    pub(crate) fn names(&self, kind: Kind) -> impl Iterator<Item = &str> {
        self.tags
            .keys()
            .filter(move |(k, _)| *k == kind)
            .map(|(_, name)| name.as_str())
    }
}

fn kind_of(arn: &Arn) -> Option<Kind> {
    let resource = arn.resource.as_str();
    match arn.service.as_str() {
        "s3" if !resource.contains('/') => Some(Kind::Bucket),
        "kms" if resource.starts_with("key/") => Some(Kind::Key),
        "logs" if resource.starts_with("log-group:") => Some(Kind::LogGroup),
        "cloudtrail" if resource.starts_with("trail/") => Some(Kind::Trail),
        "cloudwatch" if resource.starts_with("alarm:") => Some(Kind::Alarm),
        // A subscription's ARN has one part more.
        "sns" if !resource.contains(':') => Some(Kind::Topic),
        _ => None,
    }
}
