//! A bucket's Object Lock, which can be switched on and never off.

use aws_sdk_s3::types::{
    DefaultRetention as WireRetention, ObjectLockConfiguration, ObjectLockEnabled, ObjectLockRetentionMode,
    ObjectLockRule,
};
use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::kinds::{DefaultRetention, LockMode, ObjectLock, Period};

use super::super::known::Known;
use super::At;
use crate::door::{Absent, Api, Wait};

const GET: Api = Api::read("s3", "GetObjectLockConfiguration");
const PUT: Api = Api::write("s3", "PutObjectLockConfiguration");

const VERSIONING: Wait = Wait::long("all of S3 to know the bucket's versioning");

impl At<'_> {
    /// The lock, and what of it this version does not know.
    pub(super) async fn object_lock(&self) -> Result<(ObjectLock, Vec<String>), AccountError> {
        let answer = self
            .call(GET, || {
                let get = self.client.get_object_lock_configuration().bucket(self.name);
                get.expected_bucket_owner(self.owner()).send()
            })
            .await
            .absent(&["ObjectLockConfigurationNotFoundError"])?;
        let configuration = answer.and_then(|answer| answer.object_lock_configuration);
        let Some(configuration) = configuration else {
            return Ok((ObjectLock::Off, Vec::new()));
        };
        let retention = configuration.rule.and_then(|rule| rule.default_retention);
        Ok(match retention {
            None => (ObjectLock::NoDefault, Vec::new()),
            Some(retention) => read(&retention),
        })
    }

    /// Sets or takes away the default retention. On a bucket with versioning it switches Object Lock
    /// on, too, as S3 allows since November 2023. `just_versioned` says that versioning has been switched
    /// on a moment ago, so that not all of S3 may know of it.
    pub(super) async fn put_object_lock(
        &self,
        lock: &ObjectLock,
        just_versioned: bool,
    ) -> Result<(), AccountError> {
        if !lock.is_on() {
            return Ok(());
        }
        let rule = lock.retention().map(|DefaultRetention { mode, period }| {
            let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
            let retention = WireRetention::builder().mode(ObjectLockRetentionMode::from(mode.as_str()));
            let retention = match period {
                Period::Days(days) => retention.days(number(days)),
                Period::Years(years) => retention.years(number(years)),
            };
            ObjectLockRule::builder()
                .default_retention(retention.build())
                .build()
        });
        let configuration = ObjectLockConfiguration::builder()
            .object_lock_enabled(ObjectLockEnabled::Enabled)
            .set_rule(rule)
            .build();
        let waits = |error: &AccountError| just_versioned && error.is("InvalidBucketState");
        let put = self.call_until(PUT, VERSIONING, waits, || {
            let put = self.client.put_object_lock_configuration().bucket(self.name);
            put.expected_bucket_owner(self.owner())
                .object_lock_configuration(configuration.clone())
                .send()
        });
        put.await.map(drop).map_err(|error| {
            if error.is("InvalidBucketState") && !just_versioned {
                return error.known(
                    ErrorKind::Refused,
                    "Object Lock needs versioning, which is not on: write `versioning = true`",
                );
            }
            error
        })
    }
}

fn read(retention: &WireRetention) -> (ObjectLock, Vec<String>) {
    let mut unknown = Vec::new();
    let word = retention.mode().map_or("", ObjectLockRetentionMode::as_str);
    let mode = LockMode::from_word(word).unwrap_or_else(|| {
        unknown.push(format!("Object Lock mode `{word}`"));
        LockMode::Governance
    });
    let number = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok());
    let period = match (number(retention.days()), number(retention.years())) {
        (Some(days), _) => Period::Days(days),
        (None, Some(years)) => Period::Years(years),
        (None, None) => {
            unknown.push("Object Lock without days or years".into());
            Period::Days(0)
        }
    };
    if retention.default_event_hold().is_some() {
        unknown.push("Object Lock with a default event hold".into());
    }
    (ObjectLock::Default(DefaultRetention { mode, period }), unknown)
}
