//! Whether a policy document allows something, as AWS would decide.
//!
//! Actions, resources and the order of deny before allow are `winterbaume-iam-rule-eval`'s. It
//! skips principals and takes every condition for met, so both are decided here first: a
//! statement whose principal or conditions do not hold is left out.

use serde_json::Value;
use winterbaume_iam_rule_eval::{EvalDecision, PolicyDocument, PolicySource, SimulationContext, evaluate};

/// A request that policies are asked about.
pub(crate) struct Question<'q> {
    /// The calling service, where the policy is one of a resource or of trust.
    pub(crate) service: Option<&'q str>,
    pub(crate) action: &'q str,
    pub(crate) resource: &'q str,
    /// Condition keys and values.
    pub(crate) context: &'q [(&'q str, &'q str)],
}

/// Tells whether the documents together allow it.
pub(crate) fn allows<'d>(documents: impl IntoIterator<Item = &'d str>, question: &Question<'_>) -> bool {
    let policies: Vec<_> = documents
        .into_iter()
        .filter_map(|text| applicable(text, question))
        .map(|document| {
            let source = PolicySource {
                id: String::new(),
                policy_type: "Resource Policy".to_owned(),
            };
            (document, source)
        })
        .collect();
    let outcome = evaluate(
        &policies,
        question.action,
        question.resource,
        &SimulationContext::default(),
    );
    outcome.decision == EvalDecision::Allowed
}

/// Tells whether a resource policy grants something to everybody without a condition.
pub(crate) fn is_public(document: &str) -> bool {
    let Ok(document) = serde_json::from_str::<Value>(document) else {
        return false;
    };
    statements(&document).iter().any(|statement| {
        let everybody = match statement.get("Principal") {
            Some(Value::String(who)) => who == "*",
            Some(Value::Object(map)) => map.get("AWS").is_some_and(|who| texts(who).contains(&"*")),
            _ => false,
        };
        statement.get("Effect").and_then(Value::as_str) == Some("Allow")
            && everybody
            && statement.get("Condition").is_none()
    })
}

/// The statements of a document, which may be one object or a list.
pub(crate) fn statements(document: &Value) -> Vec<&Value> {
    match document.get("Statement") {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        _ => Vec::new(),
    }
}

/// One text or a list of them.
pub(crate) fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn applicable(text: &str, question: &Question<'_>) -> Option<PolicyDocument> {
    let document: Value = serde_json::from_str(text).ok()?;
    let kept: Vec<Value> = statements(&document)
        .into_iter()
        .filter(|statement| principal_holds(statement, question.service))
        .filter(|statement| conditions_hold(statement, question.context))
        .map(|statement| {
            let mut statement = statement.clone();
            if let Some(map) = statement.as_object_mut() {
                for decided in ["Principal", "NotPrincipal", "Condition"] {
                    map.remove(decided);
                }
            }
            statement
        })
        .collect();
    serde_json::from_value(serde_json::json!({ "Statement": kept })).ok()
}

fn principal_holds(statement: &Value, service: Option<&str>) -> bool {
    let Some(service) = service else {
        return true;
    };
    let names = |principal: &Value| match principal {
        Value::String(who) => who == "*",
        Value::Object(map) => map
            .get("Service")
            .is_some_and(|who| texts(who).iter().any(|name| *name == service || *name == "*")),
        _ => false,
    };
    match (statement.get("Principal"), statement.get("NotPrincipal")) {
        (Some(principal), _) => {
            // `{"AWS": "*"}` means everybody, too, and so do the denials written with it.
            let everybody = principal.get("AWS").is_some_and(|who| texts(who).contains(&"*"));
            everybody || names(principal)
        }
        (None, Some(principal)) => !names(principal),
        (None, None) => false,
    }
}

fn conditions_hold(statement: &Value, context: &[(&str, &str)]) -> bool {
    let Some(Value::Object(operators)) = statement.get("Condition") else {
        return true;
    };
    operators.iter().all(|(operator, keys)| {
        keys.as_object().is_some_and(|keys| {
            keys.iter().all(|(key, wanted)| {
                let actual = context
                    .iter()
                    .find(|(name, _)| name.eq_ignore_ascii_case(key))
                    .map(|(_, value)| *value);
                let wanted: Vec<String> = match wanted {
                    Value::Array(items) => items.iter().map(plain).collect(),
                    one => vec![plain(one)],
                };
                condition_holds(operator, actual, &wanted)
            })
        })
    })
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn condition_holds(operator: &str, actual: Option<&str>, wanted: &[String]) -> bool {
    let operator = operator
        .trim_start_matches("ForAnyValue:")
        .trim_start_matches("ForAllValues:");
    if operator == "Null" {
        return wanted.iter().any(|it| (it == "true") == actual.is_none());
    }
    let (operator, if_exists) = match operator.strip_suffix("IfExists") {
        Some(operator) => (operator, true),
        None => (operator, false),
    };
    let negated = operator.contains("Not");
    let Some(actual) = actual else {
        return if_exists || negated;
    };
    let number = |text: &str| text.parse::<f64>().ok();
    let holds = |it: &String| match operator {
        "StringEquals" | "StringNotEquals" => it == actual,
        "StringEqualsIgnoreCase" | "StringNotEqualsIgnoreCase" | "Bool" => it.eq_ignore_ascii_case(actual),
        "StringLike" | "StringNotLike" | "ArnEquals" | "ArnLike" | "ArnNotEquals" | "ArnNotLike" => {
            glob(it, actual)
        }
        "NumericEquals" | "NumericNotEquals" => number(it) == number(actual),
        "NumericLessThan" => number(actual) < number(it),
        "NumericLessThanEquals" => number(actual) <= number(it),
        "NumericGreaterThan" => number(actual) > number(it),
        "NumericGreaterThanEquals" => number(actual) >= number(it),
        // What is not known must not grant anything.
        _ => negated,
    };
    wanted.iter().any(holds) != negated
}

/// Matches `*` and `?`.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks<'q>(context: &'q [(&'q str, &'q str)]) -> Question<'q> {
        Question {
            service: Some("cloudtrail.amazonaws.com"),
            action: "s3:PutObject",
            resource: "arn:aws:s3:::logs/AWSLogs/123456789012/x",
            context,
        }
    }

    #[test]
    fn conditions_and_principals_decide() {
        let policy = r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},
            "Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/AWSLogs/123456789012/*",
            "Condition":{"StringEquals":{"AWS:SourceArn":"arn:t","s3:x-amz-acl":["bucket-owner-full-control"]}}}]}"#;
        let right = [
            ("aws:SourceArn", "arn:t"),
            ("s3:x-amz-acl", "bucket-owner-full-control"),
        ];
        assert!(allows([policy], &asks(&right)));
        assert!(!allows([policy], &asks(&right[..1])));
        assert!(!allows([policy], &asks(&[("aws:SourceArn", "arn:u"), right[1]])));
        assert!(!allows(
            [policy],
            &Question {
                service: Some("config.amazonaws.com"),
                ..asks(&right)
            }
        ));
    }

    #[test]
    fn a_denial_with_a_condition_that_holds_wins() {
        let deny = |value: &str| {
            format!(
                r#"{{"Statement":[{{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}},
                {{"Effect":"Deny","Principal":{{"AWS":"*"}},"Action":"s3:*","Resource":"*",
                "Condition":{{"Bool":{{"aws:SecureTransport":"{value}"}}}}}}]}}"#
            )
        };
        let context = [("aws:SecureTransport", "true")];
        assert!(allows([deny("false").as_str()], &asks(&context)));
        assert!(!allows([deny("true").as_str()], &asks(&context)));
    }

    #[test]
    fn globs() {
        assert!(glob("arn:*:trail/*", "arn:aws:trail/x"));
        assert!(glob("*", ""));
        assert!(glob("a?c*", "abc"));
        assert!(!glob("a?c", "ac"));
        assert!(!glob("abc", "abcd"));
    }
}
