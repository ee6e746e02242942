use serde::{Serialize, Serializer};
use trailwarden_policy::{Policy, Statement};

use crate::compare::{Compare, Shown, Verdict};

use super::endpoint::digest;

/// What the Sids of a stack's statements begin with: `Trailwarden` and a digest of the stack's
/// name. Sids allow letters and digits only.
#[must_use]
pub fn sid_prefix(stack: &str) -> String {
    format!("Trailwarden{}", digest(stack, 8).to_uppercase())
}

/// The Sid of a stack's statement for a purpose, such as `TrailwardenA1B2C3D4AclCheck`.
#[must_use]
pub fn sid(stack: &str, purpose: &str) -> String {
    format!("{}{purpose}", sid_prefix(stack))
}

/// A whole policy document that is ours alone, compared by meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyText(pub Policy);

impl Compare for PolicyText {
    fn verdict(&self, live: &Self) -> Verdict {
        match (self.0 == live.0, self.0.same_meaning(&live.0)) {
            (true, _) => Verdict::Same,
            (false, true) => Verdict::SameMeaning,
            (false, false) => Verdict::Differs,
        }
    }
    fn shown(&self) -> Shown {
        Shown::Lines(self.0.to_json_pretty())
    }
}

impl Serialize for PolicyText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Our statements within a policy document that others write, too.
///
/// Foreign statements are never in here: they are facts beside the value and are neither compared
/// nor touched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statements(Vec<Statement>);

impl Statements {
    /// Statements with Sids, sorted by them: the order of statements has no meaning.
    #[must_use]
    pub fn new(mut statements: Vec<Statement>) -> Self {
        statements.sort_by(|a, b| a.sid().cmp(&b.sid()));
        Self(statements)
    }

    /// Divides a document into the stack's statements and the foreign ones.
    #[must_use]
    pub fn split(policy: &Policy, stack: &str) -> (Self, Vec<Statement>) {
        let prefix = sid_prefix(stack);
        let (ours, foreign) = policy
            .statements()
            .iter()
            .cloned()
            .partition(|s| s.sid().is_some_and(|sid| sid.starts_with(&prefix)));
        (Self::new(ours), foreign)
    }

    /// The statements, sorted by Sid.
    #[must_use]
    pub fn as_slice(&self) -> &[Statement] {
        &self.0
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The statements as a compact JSON array, for whoever writes the policy by hand.
    #[must_use]
    pub fn to_json(&self) -> String {
        let statements: Vec<String> = self.0.iter().map(Statement::to_json).collect();
        format!("[{}]", statements.join(","))
    }

    /// Leaves out what a foreign statement already says: it is neither claimed nor doubled.
    #[must_use]
    pub fn less(&self, foreign: &[Statement]) -> Self {
        Self(
            self.0
                .iter()
                .filter(|s| !foreign.iter().any(|f| f.same_meaning(s)))
                .cloned()
                .collect(),
        )
    }

    /// These statements and those of `live` that say something else, so that nothing is taken away
    /// yet. A live statement whose Sid is needed for a new one gets a Sid of its own.
    #[must_use]
    pub fn widened(&self, live: &Self) -> Self {
        let mut all = self.0.clone();
        for old in &live.0 {
            if all.iter().any(|s| s.same_meaning(old)) {
                continue;
            }
            let mut kept = old.clone();
            if all.iter().any(|s| s.sid() == old.sid()) {
                kept.sid = old.sid().map(|sid| format!("{sid}Former"));
            }
            all.push(kept);
        }
        Self::new(all)
    }

    /// Those whose Sid continues with this after the stack's part.
    pub(crate) fn of_purpose(&self, purpose: &str) -> impl Iterator<Item = &Statement> {
        let is = move |sid: &str| {
            let own = sid.strip_prefix("Trailwarden").and_then(|rest| rest.get(8..));
            own.is_some_and(|own| own.starts_with(purpose))
        };
        self.0.iter().filter(move |s| s.sid().is_some_and(is))
    }

    /// These statements and those of `former` whose Sids they do not have.
    pub(crate) fn and_former<'a>(self, former: impl Iterator<Item = &'a Statement>) -> Self {
        let mut all = self.0;
        for statement in former {
            if !all.iter().any(|s| s.sid() == statement.sid()) {
                all.push(statement.clone());
            }
        }
        Self::new(all)
    }

    /// A document's statements with ours replaced by these: the foreign ones keep place and text.
    #[must_use]
    pub fn merged_into(&self, policy: &Policy, stack: &str) -> Policy {
        let prefix = sid_prefix(stack);
        let mut merged = policy.clone();
        for statement in policy.statements() {
            let ours = statement.sid().filter(|sid| sid.starts_with(&prefix));
            if let Some(sid) = ours.filter(|sid| !self.0.iter().any(|s| s.sid() == Some(*sid))) {
                merged = merged.without(sid);
            }
        }
        self.0
            .iter()
            .fold(merged, |policy, statement| policy.with(statement.clone()))
    }

    fn document(&self) -> Policy {
        Policy::new(self.0.clone())
    }
}

impl Compare for Statements {
    fn verdict(&self, live: &Self) -> Verdict {
        if self == live {
            Verdict::Same
        } else if self.document().same_meaning(&live.document()) {
            Verdict::SameMeaning
        } else {
            Verdict::Differs
        }
    }
    fn shown(&self) -> Shown {
        if self.is_empty() {
            Shown::Absent
        } else {
            Shown::Lines(self.document().to_json_pretty())
        }
    }
}

impl Serialize for Statements {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter())
    }
}
