//! The lifecycle configuration of a bucket: one rule in it is ours, and every write replaces all of it.

use aws_sdk_s3::operation::get_bucket_lifecycle_configuration::GetBucketLifecycleConfigurationOutput;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, ExpirationStatus, LifecycleExpiration,
    LifecycleRule, LifecycleRuleFilter, NoncurrentVersionExpiration, Transition as WireTransition,
    TransitionStorageClass,
};
use trailwarden_account::AccountError;
use trailwarden_spec::kinds::{Lifecycle, StorageClass, Transition};

use super::super::known::built;
use super::At;
use crate::door::{Absent, Api};

const GET: Api = Api::read("s3", "GetBucketLifecycleConfiguration");
const PUT: Api = Api::write("s3", "PutBucketLifecycleConfiguration");
const DELETE: Api = Api::write("s3", "DeleteBucketLifecycle");

impl At<'_> {
    async fn lifecycle_configuration(
        &self,
    ) -> Result<Option<GetBucketLifecycleConfigurationOutput>, AccountError> {
        self.call(GET, || {
            let get = self.client.get_bucket_lifecycle_configuration().bucket(self.name);
            get.expected_bucket_owner(self.owner()).send()
        })
        .await
        .absent(&["NoSuchLifecycleConfiguration"])
    }

    /// What our rule says; `None` when there is none.
    pub(super) async fn lifecycle(&self) -> Result<Option<Lifecycle>, AccountError> {
        let configuration = self.lifecycle_configuration().await?;
        let rules = configuration.and_then(|configuration| configuration.rules);
        Ok(rules
            .unwrap_or_default()
            .iter()
            .find(|rule| is_ours(rule))
            .map(read))
    }

    /// Replaces our rule, or takes it away. Those of others are written back as they are.
    pub(super) async fn put_lifecycle(&self, wanted: Option<&Lifecycle>) -> Result<(), AccountError> {
        let live = self.lifecycle_configuration().await?;
        // Without a word of it S3 goes back to its default.
        let least = live
            .as_ref()
            .and_then(|live| live.transition_default_minimum_object_size.clone());
        let before = live.and_then(|live| live.rules).unwrap_or_default();
        let ours = wanted.map(write).transpose()?;
        let mut rules = before.clone();
        match (rules.iter().position(is_ours), ours) {
            (Some(at), Some(ours)) => rules[at] = ours,
            (Some(at), None) => drop(rules.remove(at)),
            (None, ours) => rules.extend(ours),
        }
        if rules == before {
            return Ok(());
        }
        if rules.is_empty() {
            let delete = self.call(DELETE, || {
                let delete = self.client.delete_bucket_lifecycle().bucket(self.name);
                delete.expected_bucket_owner(self.owner()).send()
            });
            return delete.await.map(drop);
        }
        let configuration = BucketLifecycleConfiguration::builder().set_rules(Some(rules));
        let configuration = built(PUT, configuration.build())?;
        self.call(PUT, || {
            let put = self.client.put_bucket_lifecycle_configuration().bucket(self.name);
            put.expected_bucket_owner(self.owner())
                .lifecycle_configuration(configuration.clone())
                .set_transition_default_minimum_object_size(least.clone())
                .send()
        })
        .await
        .map(drop)
    }
}

fn is_ours(rule: &LifecycleRule) -> bool {
    rule.id() == Some(Lifecycle::RULE_ID)
}

fn write(wanted: &Lifecycle) -> Result<LifecycleRule, AccountError> {
    let Lifecycle {
        expire_days,
        transition,
        noncurrent_expire_days,
        abort_incomplete_upload_days,
        // Never wanted.
        beside: _,
    } = wanted;
    let days = |days: u32| i32::try_from(days).unwrap_or(i32::MAX);
    let expiration = expire_days.map(|after| LifecycleExpiration::builder().days(days(after)).build());
    let transitions = transition.map(|to| {
        let transition = WireTransition::builder()
            .days(days(to.days))
            .storage_class(TransitionStorageClass::from(to.class.as_str()));
        vec![transition.build()]
    });
    let noncurrent = noncurrent_expire_days.map(|after| {
        NoncurrentVersionExpiration::builder()
            .noncurrent_days(days(after))
            .build()
    });
    let abort = abort_incomplete_upload_days.map(|after| {
        AbortIncompleteMultipartUpload::builder()
            .days_after_initiation(days(after))
            .build()
    });
    let rule = LifecycleRule::builder()
        .id(Lifecycle::RULE_ID)
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("").build())
        .set_expiration(expiration)
        .set_transitions(transitions)
        .set_noncurrent_version_expiration(noncurrent)
        .set_abort_incomplete_multipart_upload(abort);
    built(PUT, rule.build())
}

/// What a rule says, and in words what somebody made of it that ours never says.
fn read(rule: &LifecycleRule) -> Lifecycle {
    let mut beside: Vec<String> = Vec::new();
    let mut odd = |is: bool, words: &str| {
        if is {
            beside.push(words.to_owned());
        }
    };
    let days = |days: Option<i32>| days.and_then(|days| u32::try_from(days).ok());
    odd(*rule.status() != ExpirationStatus::Enabled, "switched off");
    odd(!is_of_all(rule), "of some objects only");
    let expiration = rule.expiration();
    odd(
        expiration.is_some_and(|it| it.date.is_some()),
        "expires at a date",
    );
    odd(
        expiration.is_some_and(|it| it.expired_object_delete_marker == Some(true)),
        "takes delete markers away",
    );
    let transition = match rule.transitions() {
        [] => None,
        [only] => {
            let class = only
                .storage_class()
                .and_then(|class| StorageClass::from_word(class.as_str()));
            let transition = days(only.days())
                .zip(class)
                .map(|(days, class)| Transition { days, class });
            odd(transition.is_none(), "moves in a way of its own");
            transition
        }
        _ => {
            odd(true, "moves more than once");
            None
        }
    };
    let noncurrent = rule.noncurrent_version_expiration();
    odd(
        noncurrent.is_some_and(|it| it.newer_noncurrent_versions.is_some()),
        "keeps a number of old versions",
    );
    odd(
        !rule.noncurrent_version_transitions().is_empty(),
        "moves old versions",
    );
    Lifecycle {
        expire_days: days(expiration.and_then(LifecycleExpiration::days)),
        transition,
        noncurrent_expire_days: days(noncurrent.and_then(NoncurrentVersionExpiration::noncurrent_days)),
        abort_incomplete_upload_days: days(
            rule.abort_incomplete_multipart_upload()
                .and_then(AbortIncompleteMultipartUpload::days_after_initiation),
        ),
        beside,
    }
}

/// True for a rule without a condition.
fn is_of_all(rule: &LifecycleRule) -> bool {
    #[expect(deprecated, reason = "rules from before 2016 have it")]
    let old = rule.prefix();
    let empty = |prefix: Option<&str>| prefix.unwrap_or_default().is_empty();
    empty(old)
        && rule.filter().is_none_or(|filter| {
            let mut rest = filter.clone();
            rest.prefix = None;
            empty(filter.prefix()) && rest == LifecycleRuleFilter::builder().build()
        })
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::types::Tag;

    use super::*;

    fn full() -> Lifecycle {
        Lifecycle {
            expire_days: Some(2555),
            transition: Some(Transition {
                days: 90,
                class: StorageClass::GlacierIr,
            }),
            noncurrent_expire_days: Some(30),
            abort_incomplete_upload_days: Some(7),
            beside: Vec::new(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for lifecycle in [
            full(),
            Lifecycle {
                expire_days: Some(1),
                ..Lifecycle::default()
            },
        ] {
            assert_eq!(read(&write(&lifecycle).unwrap()), lifecycle);
        }
    }

    #[test]
    fn what_somebody_made_of_our_rule_is_a_difference() {
        let ours = write(&full()).unwrap();
        let tag = Tag::builder().key("k").value("v").build().unwrap();
        let changes: [fn(&mut LifecycleRule, LifecycleRuleFilter); 5] = [
            |rule, _| rule.status = ExpirationStatus::Disabled,
            |rule, tagged| rule.filter = Some(tagged),
            |rule, _| rule.filter = Some(LifecycleRuleFilter::builder().prefix("AWSLogs/").build()),
            |rule, _| {
                let first = rule.transitions.clone().unwrap_or_default();
                rule.transitions = Some([first.clone(), first].concat());
            },
            |rule, _| {
                rule.noncurrent_version_expiration = Some(
                    NoncurrentVersionExpiration::builder()
                        .noncurrent_days(30)
                        .newer_noncurrent_versions(2)
                        .build(),
                );
            },
        ];
        for change in changes {
            let mut rule = ours.clone();
            change(&mut rule, LifecycleRuleFilter::builder().tag(tag.clone()).build());
            let read = read(&rule);
            assert_eq!(read.beside.len(), 1, "{read:?}");
        }
        let mut whole = ours;
        whole.filter = None;
        assert_eq!(read(&whole), full());
    }
}
