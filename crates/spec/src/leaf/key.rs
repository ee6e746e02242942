use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

use crate::Scope;
use crate::arn::Arn;
use crate::compare::{Compare, Shown, Verdict};

/// A KMS key as others refer to it: by its own ARN, by aliases, or by both.
///
/// AWS gives a new key an id that nobody can foretell, so that a spec calls keys by their aliases,
/// while CloudTrail and `CloudWatch` Logs answer with the key's own ARN. What a provider has read
/// holds all the names that it knows of the key, and two references are to the same key if they
/// have a name in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRef {
    /// ARNs of `alias/...` and `key/...`; never empty.
    names: BTreeSet<Arn>,
}

impl KeyRef {
    /// The key that an alias of this scope leads to; `name` is without `alias/`.
    #[must_use]
    pub fn alias(scope: &Scope, name: &str) -> Self {
        Self::from(scope.key_alias_arn(name))
    }

    /// What an API or a person writes of a key: its ARN or id, or an alias or its ARN.
    #[must_use]
    pub fn read(text: &str, scope: &Scope) -> Self {
        let resource = || match text.starts_with("alias/") {
            true => text.to_owned(),
            false => format!("key/{text}"),
        };
        Self::from(Arn::parse(text).unwrap_or_else(|| scope.kms_arn(resource())))
    }

    /// Adds another name of the same key.
    pub fn also(&mut self, name: Arn) {
        self.names.insert(name);
    }

    /// All that the key is known by.
    pub fn names(&self) -> impl Iterator<Item = &Arn> {
        self.names.iter()
    }

    /// True when both are known to be the same key.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        !self.names.is_disjoint(&other.names)
    }

    /// The name to call it by: an alias, else the key's ARN.
    #[must_use]
    pub fn name(&self) -> Option<&Arn> {
        self.aliases().next().or_else(|| self.names.first())
    }

    /// The ARNs of its aliases.
    pub fn aliases(&self) -> impl Iterator<Item = &Arn> {
        self.names.iter().filter(|arn| arn.resource.starts_with("alias/"))
    }

    /// The names of its aliases of this scope, without `alias/`: what keys are called in addresses.
    pub fn names_in<'a>(&'a self, scope: &'a Scope) -> impl Iterator<Item = &'a str> {
        self.aliases().filter(|arn| scope.holds(arn)).map(Arn::name)
    }

    /// True for a key of AWS's own (`alias/aws/SERVICE`), whose policy nobody can change.
    #[must_use]
    pub fn is_managed_by_aws(&self) -> bool {
        self.aliases().any(|arn| arn.resource.starts_with("alias/aws/"))
    }
}

impl From<Arn> for KeyRef {
    fn from(arn: Arn) -> Self {
        Self { names: [arn].into() }
    }
}

impl Compare for KeyRef {
    fn verdict(&self, live: &Self) -> Verdict {
        if self.is_same(live) {
            Verdict::Same
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        self.name()
            .map_or(Shown::Absent, |name| Shown::Plain(name.to_string()))
    }
}

impl Serialize for KeyRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        Scope {
            account: "123456789012".into(),
            region: "us-east-1".into(),
        }
    }

    #[test]
    fn an_alias_and_the_key_behind_it_are_the_same_once_somebody_has_looked() {
        let wanted = KeyRef::alias(&scope(), "acme");
        let mut live = KeyRef::read("1234abcd-12ab-34cd-56ef-1234567890ab", &scope());
        assert_eq!(wanted.verdict(&live), Verdict::Differs);
        live.also(scope().key_alias_arn("acme"));
        assert_eq!(wanted.verdict(&live), Verdict::Same);
        assert_eq!(live.shown(), wanted.shown());
        let by_arn = KeyRef::read(
            "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            &scope(),
        );
        assert_eq!(by_arn.verdict(&live), Verdict::Same);
        assert_eq!(by_arn.verdict(&wanted), Verdict::Differs);
    }

    #[test]
    fn aliases_of_other_accounts_are_no_names_here() {
        let theirs = KeyRef::read("arn:aws:kms:us-east-1:210987654321:alias/acme", &scope());
        assert_eq!(theirs.names_in(&scope()).count(), 0);
        let ours = KeyRef::read("alias/team/acme", &scope());
        assert_eq!(ours.names_in(&scope()).collect::<Vec<_>>(), ["team/acme"]);
        assert!(KeyRef::read("alias/aws/sns", &scope()).is_managed_by_aws());
    }
}
