use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};

#[cfg(doc)]
use crate::compare::Comparison;
use crate::compare::{Compare, Shown, Verdict};

/// The tag that says which stack an object belongs to.
pub const MARK_STACK: &str = "trailwarden:stack";
/// The tag that remembers which tag keys the spec named, so that a key that it names no more is
/// taken away again.
pub const MARK_KEYS: &str = "trailwarden:keys";
/// The tag that says by which alias a key is known, as its ARN does not.
pub const MARK_ALIAS: &str = "trailwarden:alias";
/// The tag that says how an object came to its stack; `adopted` objects are released, not deleted.
pub const MARK_ORIGIN: &str = "trailwarden:origin";
/// The tag that remembers that the spec said `protect = true`: an object with the value `true` is
/// never deleted, and that holds when the spec names it no more. People may set it by hand, so
/// `True` counts, too.
pub const MARK_PROTECT: &str = "trailwarden:protect";
/// Every mark: what a release takes away.
pub const MARKS: [&str; 4] = [MARK_STACK, MARK_KEYS, MARK_ORIGIN, MARK_PROTECT];

/// Whose an object is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// This stack made it.
    Ours,
    /// This stack took it over: it is released when the spec drops it.
    Adopted,
    /// Another stack of ours.
    Stack(String),
    /// A `CloudFormation` stack, by its name.
    CloudFormation(String),
    /// Nobody we know.
    Foreign,
}

impl Owner {
    /// True for what this stack may change.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Ours | Self::Adopted)
    }
}

/// An object's tags, without our marks and without `aws:` tags.
///
/// Only the keys that the spec names are managed; [`Tags::complete`] carries the others over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    all: BTreeMap<String, String>,
    named: BTreeSet<String>,
    protected: bool,
}

impl Tags {
    /// What a spec names.
    #[must_use]
    pub fn named(tags: BTreeMap<String, String>) -> Self {
        Self {
            named: tags.keys().cloned().collect(),
            all: tags,
            protected: false,
        }
    }

    /// These, with the mark that keeps the object from being deleted or without it.
    #[must_use]
    pub fn protect(self, protected: bool) -> Self {
        Self { protected, ..self }
    }

    /// True when the object may not be deleted.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        self.protected
    }

    /// How many characters the mark that remembers the keys has.
    pub(crate) fn keys_length(&self) -> usize {
        encode_keys(&self.named).chars().count()
    }

    /// What an account holds: the tags, and whose the object is, read from our marks.
    #[must_use]
    pub fn from_wire(wire: BTreeMap<String, String>, stack: &str) -> (Self, Owner) {
        let owner = match (wire.get(MARK_STACK), wire.get("aws:cloudformation:stack-name")) {
            (Some(name), _) if name == stack => match wire.get(MARK_ORIGIN).map(String::as_str) {
                Some("adopted") => Owner::Adopted,
                _ => Owner::Ours,
            },
            (Some(name), _) => Owner::Stack(name.clone()),
            (None, Some(name)) => Owner::CloudFormation(name.clone()),
            (None, None) => Owner::Foreign,
        };
        let named = wire
            .get(MARK_KEYS)
            .map(|keys| decode_keys(keys))
            .unwrap_or_default();
        let protected = wire
            .get(MARK_PROTECT)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let all = wire
            .into_iter()
            .filter(|(key, _)| !key.starts_with("aws:") && !key.starts_with("trailwarden:"))
            .collect();
        let tags = Self {
            all,
            named,
            protected,
        };
        (tags, owner)
    }

    /// The tags to write: these, and our marks.
    #[must_use]
    pub fn to_wire(&self, stack: &str, adopted: bool) -> BTreeMap<String, String> {
        let mut wire = self.all.clone();
        wire.insert(MARK_STACK.into(), stack.into());
        if !self.named.is_empty() {
            wire.insert(MARK_KEYS.into(), encode_keys(&self.named));
        }
        if adopted {
            wire.insert(MARK_ORIGIN.into(), "adopted".into());
        }
        if self.protected {
            wire.insert(MARK_PROTECT.into(), "true".into());
        }
        wire
    }

    /// What is to be written and what to be removed to come from the `live` tags to these.
    #[must_use]
    pub fn steps_from(
        &self,
        live: &Self,
        stack: &str,
        adopted: bool,
    ) -> (BTreeMap<String, String>, Vec<String>) {
        let (old, new) = (live.to_wire(stack, adopted), self.to_wire(stack, adopted));
        let put = new
            .iter()
            .filter(|(k, v)| old.get(*k) != Some(v))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        let remove = old.keys().filter(|k| !new.contains_key(*k)).cloned().collect();
        (put, remove)
    }

    /// Takes over the live tags that neither this spec nor an earlier one of ours named.
    #[must_use]
    pub fn complete(mut self, live: Option<&Self>) -> Self {
        if let Some(live) = live {
            for (key, value) in &live.all {
                if !live.named.contains(key) {
                    self.all.entry(key.clone()).or_insert_with(|| value.clone());
                }
            }
        }
        self
    }

    /// All tags but our marks.
    #[must_use]
    pub fn all(&self) -> &BTreeMap<String, String> {
        &self.all
    }
}

/// Tag values allow `+` and `=` in every service and no comma in some, so keys are joined by `+`
/// and what could be mistaken is escaped.
fn encode_keys(keys: &BTreeSet<String>) -> String {
    let escape = |key: &String| key.replace('=', "=3D").replace('+', "=2B");
    keys.iter().map(escape).collect::<Vec<_>>().join("+")
}

fn decode_keys(text: &str) -> BTreeSet<String> {
    let unescape = |key: &str| key.replace("=2B", "+").replace("=3D", "=");
    text.split('+')
        .filter(|key| !key.is_empty())
        .map(unescape)
        .collect()
}

/// Whether the object is protected is a field of its own: [`Comparison::tags`].
impl Compare for Tags {
    fn verdict(&self, live: &Self) -> Verdict {
        if self.all == live.all && self.named == live.named {
            Verdict::Same
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        if self.all.is_empty() {
            Shown::Absent
        } else {
            Shown::Map(self.all.clone())
        }
    }
}

impl Serialize for Tags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.all.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect()
    }

    #[test]
    fn a_key_that_the_spec_names_no_more_is_removed_and_a_foreign_one_stays() {
        let made = Tags::named(map(&[("team", "security"), ("a+b=c", "x")]));
        let mut wire = made.to_wire("acme", false);
        wire.insert("cost".into(), "42".into());
        wire.insert("aws:created".into(), "by".into());
        let (live, owner) = Tags::from_wire(wire, "acme");
        assert_eq!(owner, Owner::Ours);
        assert_eq!(live.named, ["a+b=c".to_owned(), "team".to_owned()].into());
        let desired = Tags::named(map(&[("team", "security")])).complete(Some(&live));
        assert_eq!(desired.all, map(&[("team", "security"), ("cost", "42")]));
        let (put, remove) = desired.steps_from(&live, "acme", false);
        assert_eq!(put, map(&[("trailwarden:keys", "team")]));
        assert_eq!(remove, ["a+b=c"]);
    }

    #[test]
    fn marks_tell_whose_it_is() {
        let owner = |pairs: &[(&str, &str)]| Tags::from_wire(map(pairs), "acme").1;
        assert_eq!(
            owner(&[("trailwarden:stack", "acme"), ("trailwarden:origin", "adopted")]),
            Owner::Adopted
        );
        assert_eq!(
            owner(&[("trailwarden:stack", "other")]),
            Owner::Stack("other".into())
        );
        assert_eq!(
            owner(&[("aws:cloudformation:stack-name", "cf")]),
            Owner::CloudFormation("cf".into())
        );
        assert_eq!(owner(&[]), Owner::Foreign);
    }

    #[test]
    fn protection_is_a_mark_that_comes_and_goes_with_its_word() {
        let protected = |wire| Tags::from_wire(wire, "acme").0.is_protected();
        assert!(protected(map(&[("trailwarden:protect", "True")])));
        assert!(!protected(map(&[("trailwarden:protect", "false")])));
        let tags = Tags::named(map(&[("team", "security")]));
        let guarded = tags.clone().protect(true);
        assert!(protected(guarded.to_wire("acme", false)));
        let (put, remove) = guarded.steps_from(&tags, "acme", false);
        assert_eq!((put, remove), (map(&[("trailwarden:protect", "true")]), vec![]));
        let (put, remove) = tags.steps_from(&guarded, "acme", false);
        assert_eq!((put, remove), (map(&[]), vec!["trailwarden:protect".to_owned()]));
        // What the spec does not say is not taken over.
        assert!(!tags.complete(Some(&guarded)).is_protected());
    }
}
