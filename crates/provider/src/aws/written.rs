use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use trailwarden_policy::Policy;

/// The documents of others that this provider wrote into, as it left them.
///
/// A read soon after a write may still answer with the document from before it. Merging into that
/// one would take back what was just written.
#[derive(Debug, Default)]
pub(crate) struct Written(Mutex<HashMap<String, Versions>>);

#[derive(Debug)]
struct Versions {
    earlier: Vec<Policy>,
    last: Policy,
}

impl Written {
    /// The document to merge into, given what a read says: ours where the read is older.
    pub(crate) fn base(&self, object: &str, read: Policy) -> Policy {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get(object) {
            Some(versions) if versions.earlier.contains(&read) => versions.last.clone(),
            _ => read,
        }
    }

    /// Notes a write.
    pub(crate) fn wrote(&self, object: &str, before: Policy, after: Policy) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let versions = all.entry(object.to_owned()).or_insert_with(|| Versions {
            earlier: Vec::new(),
            last: after.clone(),
        });
        versions.earlier.push(before);
        versions.last = after;
    }

    /// For objects that are made: what was written went with the one before.
    pub(crate) fn forget(&self, object: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(object);
    }
}

#[cfg(test)]
mod tests {
    use trailwarden_policy::Statement;

    use super::*;

    fn policy(sids: &[&str]) -> Policy {
        let statement = |sid: &&str| Statement::allow(*sid).action("s3:GetBucketAcl").resource("*");
        Policy::new(sids.iter().map(statement).collect())
    }

    #[test]
    fn what_is_older_than_our_write_gives_way_to_it() {
        let written = Written::default();
        assert_eq!(written.base("b", policy(&[])), policy(&[]));
        written.wrote("b", policy(&[]), policy(&["A"]));
        written.wrote("b", policy(&["A"]), policy(&["A", "B"]));
        for stale in [policy(&[]), policy(&["A"])] {
            assert_eq!(written.base("b", stale), policy(&["A", "B"]));
        }
        // What somebody else wrote since is newer than ours.
        assert_eq!(written.base("b", policy(&["C"])), policy(&["C"]));
        assert_eq!(written.base("other", policy(&["A"])), policy(&["A"]));
        written.forget("b");
        assert_eq!(written.base("b", policy(&["A"])), policy(&["A"]));
    }
}
