//! One statement: its parts in normal form, and the builder for statements of our own.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::json::Json;
use crate::{condition, read};

/// What a statement does with the calls it fits (IAM reference, "Effect").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Lets them through, unless another statement denies them.
    Allow,
    /// Stops them, whatever other statements say.
    Deny,
}

/// A part of a statement that can be turned around: `Action` and `NotAction`, `Resource` and
/// `NotResource`, `Principal` and `NotPrincipal`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Element<T> {
    /// Fits what is listed.
    Is(T),
    /// Fits all but what is listed.
    Not(T),
}

/// Names with the wildcards `*` and `?`, of actions or of resources.
pub type Names = Element<BTreeSet<String>>;

/// `Principal` or `NotPrincipal`.
pub type Principal = Element<Who>;

/// The value of `Principal` or `NotPrincipal`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// The bare `"*"`: everybody, services and anonymous callers included.
    Everyone,
    /// Values by their kind: `AWS`, `Service`, `Federated`, `CanonicalUser`.
    Listed(BTreeMap<String, BTreeSet<String>>),
}

/// The `Condition` block: operator -> key -> values, all as text. All keys must hold; of the values
/// of one key, one is enough.
pub type Conditions = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// One statement of a policy, in normal form: lists are sorted sets, condition values are text.
/// `==` compares that form, Sid included; [`Statement::same_meaning`] compares what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The statement's name within its document. An empty one is none.
    pub sid: Option<String>,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// Whose calls it is about. None in an identity policy: there it is whoever holds the policy.
    pub principal: Option<Principal>,
    /// Which actions it is about. AWS ignores their letter case.
    pub action: Names,
    /// Which resources it is about. None in a trust policy: there it is the role itself.
    pub resource: Option<Names>,
    /// What must hold besides.
    pub condition: Conditions,
    /// Keys that are none of the above, kept as they came.
    pub(crate) other: Vec<(String, Json)>,
}

impl Statement {
    /// Starts an `Allow` statement without principal, action, resource or condition.
    pub fn allow(sid: impl Into<String>) -> Statement {
        Statement::empty(sid.into(), Effect::Allow)
    }

    /// Starts a `Deny` statement without principal, action, resource or condition.
    pub fn deny(sid: impl Into<String>) -> Statement {
        Statement::empty(sid.into(), Effect::Deny)
    }

    fn empty(sid: String, effect: Effect) -> Statement {
        Statement {
            sid: Some(sid).filter(|sid| !sid.is_empty()),
            effect,
            principal: None,
            action: Element::Is(BTreeSet::new()),
            resource: None,
            condition: Conditions::new(),
            other: Vec::new(),
        }
    }

    /// Adds a service to the principals, such as `cloudtrail.amazonaws.com`.
    #[must_use]
    pub fn service(self, name: impl Into<String>) -> Statement {
        self.principal("Service", name.into())
    }

    /// Adds an account id, an ARN or `*` to the principals of kind `AWS`.
    #[must_use]
    pub fn principal_aws(self, value: impl Into<String>) -> Statement {
        self.principal("AWS", value.into())
    }

    fn principal(mut self, kind: &str, value: String) -> Statement {
        let principal = self
            .principal
            .get_or_insert_with(|| Element::Is(Who::Listed(BTreeMap::new())));
        let (Element::Is(who) | Element::Not(who)) = principal;
        if *who == Who::Everyone {
            *who = Who::Listed(BTreeMap::from([("AWS".into(), set("*"))]));
        }
        if let Who::Listed(kinds) = who {
            kinds.entry(kind.to_owned()).or_default().insert(value);
        }
        self
    }

    /// Adds an action, such as `s3:PutObject`; to `NotAction` where the statement has that.
    #[must_use]
    pub fn action(mut self, name: impl Into<String>) -> Statement {
        let (Element::Is(names) | Element::Not(names)) = &mut self.action;
        names.insert(name.into());
        self
    }

    /// Adds a resource; to `NotResource` where the statement has that.
    #[must_use]
    pub fn resource(mut self, arn: impl Into<String>) -> Statement {
        let (Element::Is(names) | Element::Not(names)) =
            self.resource.get_or_insert_with(|| Element::Is(BTreeSet::new()));
        names.insert(arn.into());
        self
    }

    /// Adds a value to the condition on `key`. Said again for the same operator and key, one of
    /// the values is enough.
    #[must_use]
    pub fn condition(
        mut self,
        operator: impl Into<String>,
        key: impl Into<String>,
        value: impl Into<String>,
    ) -> Statement {
        let keys = self.condition.entry(operator.into()).or_default();
        keys.entry(key.into()).or_default().insert(value.into());
        self
    }

    /// Returns the statement's name within its document.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// Lists the condition operators and the keys that evaluation does not understand. While there
    /// are some, an `Allow` counts as not given and a `Deny` as given (see
    /// [`Policy::evaluate`](crate::Policy::evaluate)), and a message about the outcome should name
    /// them.
    pub fn not_understood(&self) -> Vec<String> {
        let operators = self.condition.keys().filter(|name| !condition::known(name));
        let others = self.other.iter().map(|(key, _)| key);
        operators.chain(others).cloned().collect()
    }

    /// Writes the statement as compact JSON, its keys in the order of [`Policy::to_json`].
    ///
    /// [`Policy::to_json`]: crate::Policy::to_json
    pub fn to_json(&self) -> String {
        self.json().compact()
    }

    /// Writes the statement as JSON for people, indented by two spaces.
    pub fn to_json_pretty(&self) -> String {
        self.json().pretty()
    }

    pub(crate) fn json(&self) -> Json {
        let mut entries: Vec<(String, Json)> = Vec::new();
        let mut put = |key: &str, value: Json| entries.push((key.to_owned(), value));
        if let Some(sid) = &self.sid {
            put("Sid", Json::String(sid.clone()));
        }
        let effect = match self.effect {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        };
        put("Effect", Json::String(effect.to_owned()));
        match &self.principal {
            Some(Element::Is(who)) => put("Principal", who.json()),
            Some(Element::Not(who)) => put("NotPrincipal", who.json()),
            None => {}
        }
        match &self.action {
            Element::Is(names) => put("Action", one_or_list(names)),
            Element::Not(names) => put("NotAction", one_or_list(names)),
        }
        match &self.resource {
            Some(Element::Is(names)) => put("Resource", one_or_list(names)),
            Some(Element::Not(names)) => put("NotResource", one_or_list(names)),
            None => {}
        }
        if !self.condition.is_empty() {
            let operators = self.condition.iter();
            let block = operators.map(|(operator, keys)| (operator.clone(), by_key(keys)));
            put("Condition", Json::Object(block.collect()));
        }
        entries.extend(self.other.iter().cloned());
        Json::Object(entries)
    }
}

impl Who {
    fn json(&self) -> Json {
        match self {
            Who::Everyone => Json::String("*".to_owned()),
            Who::Listed(kinds) => by_key(kinds),
        }
    }
}

fn set(value: &str) -> BTreeSet<String> {
    BTreeSet::from([value.to_owned()])
}

fn by_key(sets: &BTreeMap<String, BTreeSet<String>>) -> Json {
    let entries = sets.iter();
    Json::Object(
        entries
            .map(|(key, values)| (key.clone(), one_or_list(values)))
            .collect(),
    )
}

fn one_or_list(values: &BTreeSet<String>) -> Json {
    let mut items: Vec<Json> = values.iter().cloned().map(Json::String).collect();
    match items.len() {
        1 => items.remove(0),
        _ => Json::Array(items),
    }
}

impl Serialize for Statement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Statement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Statement, D::Error> {
        let json = Json::deserialize(deserializer)?;
        read::statement(json, "").map_err(serde::de::Error::custom)
    }
}
