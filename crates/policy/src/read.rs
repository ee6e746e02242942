//! From a JSON tree to a policy: what is required, what is refused, what is kept.
//!
//! The rules are those of the IAM reference, "Grammar of the IAM JSON policy language". Reading is
//! lenient where AWS is (empty lists, keys it may learn one day) because documents of other people
//! must pass through, and strict where a guess could change who is let in.

use std::collections::{BTreeMap, BTreeSet};

use crate::PolicyError;
use crate::document::{Policy, Version};
use crate::json::Json;
use crate::statement::{Conditions, Effect, Element, Statement, Who};

type Result<T> = std::result::Result<T, PolicyError>;

pub(crate) fn policy(json: Json) -> Result<Policy> {
    let mut object = Object::of(json, "")?;
    let version = match object.take("Version") {
        None => None,
        Some((json, path)) => Some(version(&text(json, &path)?, &path)?),
    };
    let id = match object.take("Id") {
        None => None,
        Some((json, path)) => Some(text(json, &path)?),
    };
    let statements = match object.take("Statement") {
        None => {
            return Err(PolicyError::new(
                "add `Statement`: a policy document has a list of statements",
            ));
        }
        Some((Json::Array(items), path)) => items
            .into_iter()
            .enumerate()
            .map(|(index, item)| statement(item, &format!("{path}[{index}]")))
            .collect::<Result<_>>()?,
        Some((one, path)) => vec![statement(one, &path)?],
    };
    Ok(Policy {
        version,
        id,
        statements,
        other: object.entries,
    })
}

fn version(text: &str, path: &str) -> Result<Version> {
    match text {
        "2012-10-17" => Ok(Version::V2012),
        "2008-10-17" => Ok(Version::V2008),
        _ => Err(PolicyError::at(
            path,
            format!("`{text}` is no version of the policy language, write `2012-10-17`"),
        )),
    }
}

pub(crate) fn statement(json: Json, path: &str) -> Result<Statement> {
    let mut object = Object::of(json, path)?;
    let sid = match object.take("Sid") {
        None => None,
        Some((json, path)) => Some(text(json, &path)?).filter(|sid| !sid.is_empty()),
    };
    let effect = match object.take("Effect") {
        None => {
            let help = "add `Effect`: a statement says `Allow` or `Deny`";
            return Err(PolicyError::at(path, help));
        }
        Some((json, path)) => effect(&text(json, &path)?, &path)?,
    };
    let principal = object.either("Principal", "NotPrincipal", who)?;
    let Some(action) = object.either("Action", "NotAction", texts)? else {
        let help = "add `Action`: a statement names the actions it is about";
        return Err(PolicyError::at(path, help));
    };
    let resource = object.either("Resource", "NotResource", texts)?;
    let condition = match object.take("Condition") {
        None => Conditions::new(),
        Some((json, path)) => conditions(json, &path)?,
    };
    Ok(Statement {
        sid,
        effect,
        principal,
        action,
        resource,
        condition,
        other: object.entries,
    })
}

fn effect(text: &str, path: &str) -> Result<Effect> {
    match text {
        "Allow" => Ok(Effect::Allow),
        "Deny" => Ok(Effect::Deny),
        _ => Err(PolicyError::at(
            path,
            format!("`{text}` is no effect, write `Allow` or `Deny`"),
        )),
    }
}

fn who(json: Json, path: &str) -> Result<Who> {
    match json {
        Json::String(text) if text == "*" => Ok(Who::Everyone),
        Json::String(text) => Err(PolicyError::at(
            path,
            format!("`{text}` says no kind of principal, write {{\"AWS\": ...}} or {{\"Service\": ...}}"),
        )),
        other => Ok(Who::Listed(sets(other, path)?)),
    }
}

fn conditions(json: Json, path: &str) -> Result<Conditions> {
    let mut conditions = Conditions::new();
    for (operator, keys) in Object::of(json, path)?.entries {
        let keys = sets(keys, &format!("{path}.{operator}"))?;
        // An operator without keys demands nothing.
        if !keys.is_empty() {
            conditions.insert(operator, keys);
        }
    }
    Ok(conditions)
}

fn sets(json: Json, path: &str) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let entries = Object::of(json, path)?.entries.into_iter();
    entries
        .map(|(key, values)| {
            let values = scalars(values, &format!("{path}.{key}"))?;
            Ok((key, values))
        })
        .collect()
}

fn text(json: Json, path: &str) -> Result<String> {
    match json {
        Json::String(text) => Ok(text),
        other => Err(unexpected(&other, "a string", path)),
    }
}

fn texts(json: Json, path: &str) -> Result<BTreeSet<String>> {
    each(json, path, text)
}

/// AWS takes `true` for `"true"` and `30` for `"30"` among condition values, and returns them as
/// they were written: the text is what they mean.
fn scalars(json: Json, path: &str) -> Result<BTreeSet<String>> {
    each(json, path, |json, path| match json {
        Json::String(text) => Ok(text),
        Json::Bool(value) => Ok(value.to_string()),
        Json::Number(value) => Ok(value.to_string()),
        other => Err(unexpected(&other, "a string, a number or a boolean", path)),
    })
}

fn each(json: Json, path: &str, read: impl Fn(Json, &str) -> Result<String>) -> Result<BTreeSet<String>> {
    match json {
        Json::Array(items) => items
            .into_iter()
            .enumerate()
            .map(|(index, item)| read(item, &format!("{path}[{index}]")))
            .collect(),
        one => Ok(BTreeSet::from([read(one, path)?])),
    }
}

fn unexpected(json: &Json, wanted: &str, path: &str) -> PolicyError {
    PolicyError::at(path, format!("write {wanted} instead of {}", json.sort()))
}

/// An object whose keys are taken out one by one; what is left over is kept.
struct Object {
    path: String,
    entries: Vec<(String, Json)>,
}

impl Object {
    fn of(json: Json, path: &str) -> Result<Object> {
        match json {
            Json::Object(entries) => Ok(Object {
                path: path.to_owned(),
                entries,
            }),
            other => Err(unexpected(&other, "an object", path)),
        }
    }

    fn take(&mut self, key: &str) -> Option<(Json, String)> {
        let place = self.entries.iter().position(|(known, _)| known == key)?;
        let (_, value) = self.entries.remove(place);
        Some((value, self.path_of(key)))
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    fn either<T>(
        &mut self,
        is: &str,
        not: &str,
        read: impl Fn(Json, &str) -> Result<T>,
    ) -> Result<Option<Element<T>>> {
        match (self.take(is), self.take(not)) {
            (None, None) => Ok(None),
            (Some((json, path)), None) => Ok(Some(Element::Is(read(json, &path)?))),
            (None, Some((json, path))) => Ok(Some(Element::Not(read(json, &path)?))),
            (Some(_), Some((_, path))) => Err(PolicyError::at(
                &path,
                format!("keep one of `{is}` and `{not}`: a statement cannot have both"),
            )),
        }
    }
}
