//! Equality by meaning: the form in which two documents that do the same are equal.
//!
//! What does not count, and why:
//!
//! * order and repetition, of statements and within lists: AWS reads them as sets, and SNS and S3
//!   return lists in another order than they were given;
//! * Sids and the `Id`: labels without effect;
//! * letter case of actions, condition operators and condition keys (IAM reference, "Action",
//!   "Condition"), and of `true` and `false` under `Bool` and `Null`; other condition values keep
//!   theirs;
//! * `123456789012` against `arn:aws:iam::123456789012:root`: AWS stores the one as the other
//!   ("AWS JSON policy elements: Principal"). The partition is dropped on the way: an account id
//!   belongs to one partition, and AWS refuses a principal of another one, so two documents of the
//!   same account cannot differ in it;
//! * `"*"` against `{"AWS": "*"}`, and whatever stands beside that `*` in the `AWS` list;
//! * `ArnEquals` against `ArnLike`, which "behave identically" (IAM reference, "ARN condition
//!   operators"), and likewise their negations;
//! * `Version`, unless policy variables (`${...}`) are used: only then do the versions differ. A
//!   document without one counts as `2008-10-17`, as AWS counts it.
//!
//! What does count though a prover could see through it: one statement split into two, a wildcard
//! that covers its neighbour in a list, `StringEquals` against `StringLike` without wildcards. A
//! difference shown where there is none costs a harmless write; one overlooked costs the watch.

use std::collections::BTreeSet;

use crate::condition;
use crate::document::{Policy, Version};
use crate::json::Json;
use crate::principal::account_id;
use crate::statement::{Effect, Element, Names, Statement, Who};

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Meaning {
    effect: Effect,
    principal: Option<Element<BTreeSet<(String, String)>>>,
    action: Names,
    resource: Option<Names>,
    condition: BTreeSet<(String, String, BTreeSet<String>)>,
    other: String,
}

impl Policy {
    /// Says whether both documents do the same. The order of statements and of lists, repetitions,
    /// Sids, the `Id`, one string against a list of one, the letter case of actions, operators,
    /// condition keys and booleans, and the spellings of an account or of everybody do not count; the
    /// `Version` counts only if policy variables are used. A statement split into two is a difference.
    pub fn same_meaning(&self, other: &Policy) -> bool {
        let same_language =
            self.language() == other.language() || !(self.uses_variables() || other.uses_variables());
        same_language && self.other == other.other && self.meanings() == other.meanings()
    }

    /// The version that AWS reads the document by.
    pub(crate) fn language(&self) -> Version {
        self.version.unwrap_or(Version::V2008)
    }

    fn meanings(&self) -> BTreeSet<Meaning> {
        self.statements.iter().map(Statement::meaning).collect()
    }

    fn uses_variables(&self) -> bool {
        self.statements.iter().any(Statement::uses_variables)
    }
}

impl Statement {
    /// Says whether both statements do the same, whatever their Sids. The rules are those of
    /// [`Policy::same_meaning`]; both are taken to stand in documents of the same version.
    pub fn same_meaning(&self, other: &Statement) -> bool {
        self.meaning() == other.meaning()
    }

    fn meaning(&self) -> Meaning {
        Meaning {
            effect: self.effect,
            principal: self.principal.as_ref().map(|p| p.map(everyone_is_one)),
            action: self.action.map(lowered),
            resource: self.resource.clone(),
            condition: self
                .condition
                .iter()
                .flat_map(|(operator, keys)| {
                    let boolean = condition::is_boolean(operator);
                    let operator = operator_name(operator);
                    keys.iter().map(move |(key, values)| {
                        let values = if boolean { lowered(values) } else { values.clone() };
                        (operator.clone(), key.to_ascii_lowercase(), values)
                    })
                })
                .collect(),
            other: Json::Object(self.other.clone()).compact(),
        }
    }

    fn uses_variables(&self) -> bool {
        let resources = self
            .resource
            .iter()
            .flat_map(|(Element::Is(names) | Element::Not(names))| names);
        let values = self.condition.values().flat_map(|keys| keys.values());
        resources.chain(values.flatten()).any(|text| text.contains("${"))
    }
}

impl<T> Element<T> {
    fn map<U>(&self, f: impl Fn(&T) -> U) -> Element<U> {
        match self {
            Element::Is(value) => Element::Is(f(value)),
            Element::Not(value) => Element::Not(f(value)),
        }
    }
}

fn lowered(names: &BTreeSet<String>) -> BTreeSet<String> {
    names.iter().map(|name| name.to_ascii_lowercase()).collect()
}

fn operator_name(operator: &str) -> String {
    let name = operator.to_ascii_lowercase();
    name.replace("arnequals", "arnlike")
        .replace("arnnotequals", "arnnotlike")
}

fn everyone_is_one(who: &Who) -> BTreeSet<(String, String)> {
    let pair = |kind: &str, value: &str| (kind.to_owned(), value.to_owned());
    let kinds = match who {
        Who::Everyone => return BTreeSet::from([pair("AWS", "*")]),
        Who::Listed(kinds) => kinds,
    };
    let mut pairs = BTreeSet::new();
    for (kind, values) in kinds {
        if kind == "AWS" && values.contains("*") {
            pairs.insert(pair(kind, "*"));
        } else if kind == "AWS" {
            pairs.extend(values.iter().map(|v| pair(kind, account_id(v).unwrap_or(v))));
        } else {
            pairs.extend(values.iter().map(|v| pair(kind, v)));
        }
    }
    pairs
}
