use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::types;
use trailwarden_account::AccountError;
use trailwarden_spec::Kind;
use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::{CompositeAlarm, Suppressor};
use trailwarden_spec::leaf::{AlarmRule, Managed, Tags};
use trailwarden_spec::live::Found;

use crate::door::{Absent, Api};

use super::alarm::{self, DELETE, GONE, about_the_name, actions, named, tag_list, texts};
use super::{Aws, Page, retag};

const PUT: Api = Api::write("cloudwatch", "PutCompositeAlarm");

/// A composite alarm without its tags, and what of it this version cannot say.
pub(super) fn from_wire(wire: &types::CompositeAlarm) -> (CompositeAlarm, Vec<String>) {
    let mut unknown = Vec::new();
    let rule = AlarmRule::read(wire.alarm_rule().unwrap_or_default());
    let mut alarm = CompositeAlarm::new(wire.alarm_name().unwrap_or_default(), rule);
    alarm.description = Managed::Set(wire.alarm_description().unwrap_or_default().into());
    alarm.actions_enabled = wire.actions_enabled().unwrap_or(true);
    alarm.alarm_actions = actions(wire.alarm_actions(), &mut unknown);
    alarm.ok_actions = Managed::Set(actions(wire.ok_actions(), &mut unknown));
    alarm.insufficient_data_actions = Managed::Set(actions(wire.insufficient_data_actions(), &mut unknown));
    let number = |n: Option<i32>| n.and_then(|n| u32::try_from(n).ok()).unwrap_or_default();
    let suppressor = wire.actions_suppressor().filter(|alarm| !alarm.is_empty());
    alarm.suppressor = Managed::Set(suppressor.map(|suppressor| {
        let arn = Arn::parse(suppressor).filter(|arn| arn.service == "cloudwatch");
        let name = arn.as_ref().and_then(|arn| arn.resource.strip_prefix("alarm:"));
        Suppressor {
            alarm: name.unwrap_or(suppressor).to_owned(),
            wait_period: number(wire.actions_suppressor_wait_period()),
            extension_period: number(wire.actions_suppressor_extension_period()),
        }
    }));
    (alarm, unknown)
}

/// Writes the whole alarm. `CloudWatch` takes tags with a new alarm only and ignores them otherwise.
async fn put(alarm: &CompositeAlarm, tags: Option<Vec<types::Tag>>, aws: &Aws) -> Result<(), AccountError> {
    let number = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    let suppressor = alarm.suppressor.get().and_then(Option::as_ref);
    let send = || {
        aws.cloudwatch
            .put_composite_alarm()
            .alarm_name(&alarm.name)
            .set_alarm_description(alarm.description.get().filter(|text| !text.is_empty()).cloned())
            .alarm_rule(alarm.rule.as_str())
            .actions_enabled(alarm.actions_enabled)
            .set_alarm_actions(texts(Some(&alarm.alarm_actions)))
            .set_ok_actions(texts(alarm.ok_actions.get()))
            .set_insufficient_data_actions(texts(alarm.insufficient_data_actions.get()))
            .set_actions_suppressor(suppressor.map(|suppressor| suppressor.alarm.clone()))
            .set_actions_suppressor_wait_period(suppressor.map(|suppressor| number(suppressor.wait_period)))
            .set_actions_suppressor_extension_period(
                suppressor.map(|suppressor| number(suppressor.extension_period)),
            )
            .set_tags(tags.clone())
            .send()
    };
    aws.door.call(PUT, send).await.map(drop).map_err(about_the_name)
}

impl Page for CompositeAlarm {
    async fn read(aws: &Aws, name: &str) -> Result<Option<Found>, AccountError> {
        let names = BTreeSet::from([name.to_owned()]);
        let (described, tags) = futures::try_join!(named(aws, &names), alarm::tags(aws, name))?;
        Ok(described
            .iter()
            .find(|described| described.name() == name)
            .map(|alarm| alarm.found(aws, tags, Kind::CompositeAlarm)))
    }

    async fn create(&self, aws: &Aws) -> Result<(), AccountError> {
        put(self, Some(tag_list(self.tags.to_wire(&aws.stack, false))), aws).await
    }

    async fn update(&self, before: &Self, aws: &Aws) -> Result<(), AccountError> {
        let untagged = |alarm: &Self| Self {
            tags: Tags::default(),
            ..alarm.clone()
        };
        if untagged(self) != untagged(before) {
            put(self, None, aws).await?;
        }
        retag(self, &before.tags, &self.tags, aws).await
    }

    async fn delete(&self, aws: &Aws) -> Result<(), AccountError> {
        let send = || aws.cloudwatch.delete_alarms().alarm_names(&self.name).send();
        aws.door.call(DELETE, send).await.absent(GONE).map(drop)
    }

    async fn tag(
        &self,
        aws: &Aws,
        put: &BTreeMap<String, String>,
        remove: &[String],
    ) -> Result<(), AccountError> {
        alarm::tag(&self.name, aws, put, remove).await
    }
}
