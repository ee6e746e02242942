use std::collections::{BTreeMap, HashMap};

use aws_sdk_sns::types;
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::arn::Arn;
use trailwarden_spec::compare::{Compare, Verdict};
use trailwarden_spec::kinds::{Topic, TopicSettings};
use trailwarden_spec::leaf::{Document, KeyRef, Managed, Tags};
use trailwarden_spec::live::{Facts, Found};

use crate::door::{Absent, Api, Wait};

use super::known::Known;
use super::{Aws, Page, keys, refusal, retag};

mod settings;

pub(super) use settings::changed;

const ATTRIBUTES: Api = Api::read("sns", "GetTopicAttributes");
const LIST_TAGS: Api = Api::read("sns", "ListTagsForResource");
const CREATE: Api = Api::write("sns", "CreateTopic");
const SET: Api = Api::write("sns", "SetTopicAttributes");
const DELETE: Api = Api::write("sns", "DeleteTopic");
const TAG: Api = Api::write("sns", "TagResource");
const UNTAG: Api = Api::write("sns", "UntagResource");

/// SNS says `NotFound`, its tagging operations `ResourceNotFound`.
pub(crate) const GONE: &[&str] = &[
    "NotFound",
    "NotFoundException",
    "ResourceNotFound",
    "ResourceNotFoundException",
];

/// For what follows a create: not all of SNS may know the topic yet.
pub(super) const NEW_TOPIC: Wait = Wait::short("all of SNS to know the new topic");

pub(super) fn gone(error: &AccountError) -> bool {
    GONE.iter().any(|code| error.is(code))
}

/// Says of an error that outlasted the wait for a new topic that there is none.
pub(crate) fn not_there(topic: &str, error: AccountError) -> AccountError {
    if !gone(&error) {
        return error;
    }
    error.known(
        ErrorKind::NotFound,
        format!("there is no topic `{topic}` in this account and region"),
    )
}

/// The name of a topic's lock and of the document that is written to it.
pub(super) fn object(topic: &str) -> String {
    format!("topic {topic}")
}

/// All attributes of a topic, its policy among them; `None` when it is not there.
pub(crate) async fn attributes(
    aws: &Aws,
    name: &str,
) -> Result<Option<HashMap<String, String>>, AccountError> {
    attributes_at(aws, &aws.scope.topic_arn(name)).await
}

/// The same for a topic of whatever account of this region.
pub(crate) async fn attributes_at(
    aws: &Aws,
    arn: &Arn,
) -> Result<Option<HashMap<String, String>>, AccountError> {
    let arn = arn.to_string();
    let read = aws
        .door
        .call(ATTRIBUTES, || {
            aws.sns.get_topic_attributes().topic_arn(&arn).send()
        })
        .await;
    Ok(read
        .absent(GONE)?
        .map(|output| output.attributes.unwrap_or_default()))
}

/// All attributes of a topic that must be there, and may be new.
pub(super) async fn attributes_of_new(
    aws: &Aws,
    name: &str,
) -> Result<HashMap<String, String>, AccountError> {
    let arn = aws.scope.topic_arn(name).to_string();
    let read = aws.door.call_until_visible(ATTRIBUTES, NEW_TOPIC, gone, || {
        aws.sns.get_topic_attributes().topic_arn(&arn).send()
    });
    let output = read.await.map_err(|error| not_there(name, error))?;
    Ok(output.attributes.unwrap_or_default())
}

/// Writes one attribute. The topic may be new.
pub(super) async fn set_attribute(
    aws: &Aws,
    topic: &str,
    name: &str,
    value: &str,
) -> Result<(), AccountError> {
    let arn = aws.scope.topic_arn(topic).to_string();
    let send = || {
        aws.sns
            .set_topic_attributes()
            .topic_arn(&arn)
            .attribute_name(name)
            .attribute_value(value)
            .send()
    };
    let set = aws.door.call_until_visible(SET, NEW_TOPIC, gone, send);
    set.await.map(drop).map_err(|error| not_there(topic, error))
}

/// The topic's tags, our marks included; none when the topic is gone.
pub(crate) async fn tags(aws: &Aws, name: &str) -> Result<BTreeMap<String, String>, AccountError> {
    let arn = aws.scope.topic_arn(name).to_string();
    let listed = aws
        .door
        .call(LIST_TAGS, || {
            aws.sns.list_tags_for_resource().resource_arn(&arn).send()
        })
        .await;
    let tags = listed
        .absent(GONE)?
        .and_then(|listed| listed.tags)
        .unwrap_or_default();
    Ok(tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
}

/// The topic's data protection policy, if the spec writes one.
pub(crate) async fn data_protection(
    aws: &Aws,
    name: &str,
    wish: Option<&Topic>,
) -> Result<Managed<Option<Document>>, AccountError> {
    match wish.and_then(|wish| wish.settings.data_protection.get()) {
        Some(_) => settings::data_protection(aws, name).await.map(Managed::Set),
        None => Ok(Managed::Leave),
    }
}

/// What attributes and tags say.
pub(crate) fn found(
    aws: &Aws,
    name: &str,
    attributes: &HashMap<String, String>,
    data_protection: Managed<Option<Document>>,
    tags: BTreeMap<String, String>,
) -> Found {
    let (tags, owner) = Tags::from_wire(tags, &aws.stack);
    let key = attributes.get("KmsMasterKeyId").filter(|key| !key.is_empty());
    let display_name = Managed::Set(attributes.get("DisplayName").cloned().unwrap_or_default());
    let mut facts = Facts::default();
    let settings = settings::found(attributes, data_protection, &mut facts.inexpressible);
    Found {
        value: Topic {
            name: name.into(),
            display_name,
            key: Managed::Set(key.map(|key| KeyRef::read(key, &aws.scope))),
            settings,
            tags,
        }
        .into(),
        owner,
        facts,
    }
}

/// True for the key of AWS's own that no alarm can use: its policy lets no service in, and nobody
/// can change it.
pub(crate) fn uses_closed_key(attributes: &HashMap<String, String>) -> bool {
    attributes
        .get("KmsMasterKeyId")
        .is_some_and(|key| key.ends_with("alias/aws/sns"))
}

fn tag_list(tags: BTreeMap<String, String>) -> Result<Vec<types::Tag>, AccountError> {
    tags.into_iter()
        .map(|(key, value)| types::Tag::builder().key(key).value(value).build())
        .collect::<Result<_, _>>()
        .map_err(|error| refusal(TAG, error.to_string()))
}

impl Page for Topic {
    async fn read(aws: &Aws, name: &str) -> Result<Option<Found>, AccountError> {
        // The data protection policy is a call more, which callers whose specs write none need not be
        // allowed. Where it is wanted it is written, whatever is there.
        let (attributes, tags) = futures::try_join!(attributes(aws, name), tags(aws, name))?;
        Ok(attributes.map(|attributes| found(aws, name, &attributes, Managed::Leave, tags)))
    }

    async fn create(&self, aws: &Aws) -> Result<(), AccountError> {
        aws.written.forget(&object(&self.name));
        // CreateTopic takes a topic that is there, with whatever it is, for the new one.
        if let Some(found) = Self::read(aws, &self.name).await? {
            if !found.owner.is_ours() {
                return Err(refusal(
                    CREATE,
                    format!("a topic `{}` that is not ours is there now", self.name),
                ));
            }
            return match found.value {
                trailwarden_spec::Object::Topic(live) => self.update(&live, aws).await,
                _ => Ok(()),
            };
        }
        let tags = tag_list(self.tags.to_wire(&aws.stack, false))?;
        let display_name = self.display_name.get().filter(|name| !name.is_empty());
        let mut attributes: HashMap<String, String> = display_name
            .map(|name| ("DisplayName".to_owned(), name.clone()))
            .into_iter()
            .collect();
        if let Some(Some(key)) = self.key.get() {
            attributes.insert("KmsMasterKeyId".into(), keys::written(aws, key).await?);
        }
        let attributes = (!attributes.is_empty()).then_some(attributes);
        let send = || {
            aws.sns
                .create_topic()
                .name(&self.name)
                .set_attributes(attributes.clone())
                .set_tags(Some(tags.clone()))
                .send()
        };
        aws.door.call(CREATE, send).await?;
        settings::write(aws, &self.name, &self.settings, &TopicSettings::of_new()).await
    }

    async fn update(&self, before: &Self, aws: &Aws) -> Result<(), AccountError> {
        if let Some(name) = self
            .display_name
            .get()
            .filter(|name| before.display_name.get() != Some(name))
        {
            set_attribute(aws, &self.name, "DisplayName", name).await?;
        }
        if self.key.verdict(&before.key) == Verdict::Differs {
            // An empty text takes the key away.
            let key = match self.key.get() {
                Some(Some(key)) => keys::written(aws, key).await?,
                _ => String::new(),
            };
            set_attribute(aws, &self.name, "KmsMasterKeyId", &key).await?;
        }
        settings::write(aws, &self.name, &self.settings, &before.settings).await?;
        retag(self, &before.tags, &self.tags, aws).await
    }

    async fn delete(&self, aws: &Aws) -> Result<(), AccountError> {
        let arn = aws.scope.topic_arn(&self.name).to_string();
        aws.door
            .call(DELETE, || aws.sns.delete_topic().topic_arn(&arn).send())
            .await
            .absent(GONE)
            .map(drop)
    }

    async fn tag(
        &self,
        aws: &Aws,
        put: &BTreeMap<String, String>,
        remove: &[String],
    ) -> Result<(), AccountError> {
        let arn = aws.scope.topic_arn(&self.name).to_string();
        if !put.is_empty() {
            let tags = tag_list(put.clone())?;
            let send = || {
                aws.sns
                    .tag_resource()
                    .resource_arn(&arn)
                    .set_tags(Some(tags.clone()))
                    .send()
            };
            aws.door.call(TAG, send).await?;
        }
        if !remove.is_empty() {
            let send = || {
                aws.sns
                    .untag_resource()
                    .resource_arn(&arn)
                    .set_tag_keys(Some(remove.to_vec()))
                    .send()
            };
            aws.door.call(UNTAG, send).await?;
        }
        Ok(())
    }
}
