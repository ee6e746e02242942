//! Which key is behind an alias, as far as it has been asked.
//!
//! A spec calls keys by their aliases, CloudTrail and CloudWatch Logs answer with the keys' ARNs.
//! What is read anywhere gets the aliases that are known to lead to its key, and what is written
//! names the key itself: whoever points an alias elsewhere later moves nothing by that.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use trailwarden_account::{AccountError, ErrorKind};
use trailwarden_spec::Object;
use trailwarden_spec::arn::Arn;
use trailwarden_spec::kinds::{Bucket, Encryption, LogGroup, Topic, Trail};
use trailwarden_spec::leaf::{KeyRef, Managed};

use super::{Aws, key, refusal};

/// The aliases of the stack's account and region that somebody asked about.
#[derive(Debug, Default)]
pub(crate) struct Keys(Mutex<BTreeMap<Arn, Behind>>);

#[derive(Debug)]
struct Behind {
    key: Arn,
    /// This process gave the key its alias: an answer that there is no such alias is older.
    made: bool,
}

impl Keys {
    /// Notes what an alias leads to, by KMS's answer; `None` where it knows of no such alias.
    pub(super) fn learn(&self, alias: Arn, key: Option<Arn>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match key {
            Some(key) => drop(known.insert(alias, Behind { key, made: false })),
            None => known.retain(|known, behind| *known != alias || behind.made),
        }
    }

    /// Notes an alias that was just made.
    pub(super) fn made(&self, alias: Arn, key: Arn) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(alias, Behind { key, made: true });
    }

    /// The key behind an alias, as far as it is known.
    pub(super) fn behind(&self, alias: &Arn) -> Option<Arn> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(alias).map(|behind| behind.key.clone())
    }

    /// Adds to what an object says of its key the aliases that lead there.
    pub(crate) fn name(&self, object: &mut Object) {
        let reference = match object {
            Object::Trail(Trail { key, .. })
            | Object::LogGroup(LogGroup { key, .. })
            | Object::Topic(Topic { key, .. }) => match key {
                Managed::Set(Some(key)) => key,
                _ => return,
            },
            Object::Bucket(Bucket {
                encryption: Managed::Set(Encryption::Kms(Some(key)) | Encryption::Dsse(Some(key))),
                ..
            }) => key,
            _ => return,
        };
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held: Vec<Arn> = reference.names().cloned().collect();
        for (alias, Behind { key, .. }) in known.iter() {
            if held.contains(key) || held.contains(alias) {
                reference.also(alias.clone());
                reference.also(key.clone());
            }
        }
    }
}

/// What is written of a key into another object: the key's own ARN. Keys of AWS's own are called by
/// their aliases: such a key is made when it is first used.
pub(super) async fn written(aws: &Aws, key: &KeyRef) -> Result<String, AccountError> {
    let own = key.names().find(|arn| arn.resource.starts_with("key/"));
    if let Some(arn) = own {
        return Ok(arn.to_string());
    }
    let Some(alias) = key.aliases().next() else {
        return Err(refusal(key::DESCRIBE, "the key has no name"));
    };
    if key.is_managed_by_aws() {
        return Ok(alias.resource.clone());
    }
    if let Some(arn) = aws.keys.behind(alias) {
        return Ok(arn.to_string());
    }
    match key::describe(aws, alias.name()).await? {
        Some(found) => Ok(found.arn.to_string()),
        None => Err(AccountError {
            kind: ErrorKind::NotFound,
            ..refusal(
                key::DESCRIBE,
                format!("there is no key behind `{}`", alias.resource),
            )
        }),
    }
}

#[cfg(test)]
mod tests {
    use trailwarden_spec::Scope;
    use trailwarden_spec::compare::{Compare, Verdict};
    use trailwarden_spec::leaf::Tags;

    use super::*;

    #[test]
    fn what_is_read_is_known_by_the_aliases_that_were_asked_about() {
        let scope = Scope {
            account: "123456789012".into(),
            region: "us-east-1".into(),
        };
        let arn = scope.kms_arn("key/1234".into());
        let topic = |key: KeyRef| Topic {
            name: "t".into(),
            display_name: Managed::Leave,
            key: Managed::Set(Some(key)),
            settings: Default::default(),
            tags: Tags::default(),
        };
        let keys = Keys::default();
        let named = |keys: &Keys| {
            let mut object = Object::from(topic(KeyRef::from(arn.clone())));
            keys.name(&mut object);
            let Object::Topic(topic) = object else {
                unreachable!()
            };
            topic
        };
        let wanted = topic(KeyRef::alias(&scope, "acme"));
        assert_eq!(wanted.key.verdict(&named(&keys).key), Verdict::Differs);
        keys.learn(scope.key_alias_arn("acme"), Some(arn.clone()));
        assert_eq!(wanted.key.verdict(&named(&keys).key), Verdict::Same);
        keys.learn(scope.key_alias_arn("acme"), None);
        assert_eq!(wanted.key.verdict(&named(&keys).key), Verdict::Differs);
        // Not all of KMS knows a new alias at once.
        keys.made(scope.key_alias_arn("acme"), arn.clone());
        keys.learn(scope.key_alias_arn("acme"), None);
        assert_eq!(wanted.key.verdict(&named(&keys).key), Verdict::Same);
    }
}
