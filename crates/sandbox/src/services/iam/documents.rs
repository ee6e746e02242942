//! What IAM refuses in a policy document.

use serde_json::Value;

use crate::judge::statements;
use crate::protocol::Failure;

fn malformed(message: &str) -> Failure {
    Failure::bad("MalformedPolicyDocument", message)
}

fn parse(document: &str) -> Result<Value, Failure> {
    let value: Value =
        serde_json::from_str(document).map_err(|_| malformed("This policy contains invalid Json"))?;
    if !value.is_object() {
        return Err(malformed("Syntax errors in policy."));
    }
    match value.get("Version").map(Value::as_str) {
        None | Some(Some("2012-10-17" | "2008-10-17")) => {}
        Some(_) => return Err(malformed("Syntax errors in policy.")),
    }
    let list = statements(&value);
    if list.is_empty() {
        return Err(malformed("Syntax errors in policy."));
    }
    let mut sids = std::collections::BTreeSet::new();
    for statement in list {
        if !matches!(
            statement.get("Effect").and_then(Value::as_str),
            Some("Allow" | "Deny")
        ) {
            return Err(malformed("Syntax errors in policy."));
        }
        if statement.get("Action").is_none() && statement.get("NotAction").is_none() {
            return Err(malformed("Policy statement must contain actions."));
        }
        if let Some(sid) = statement.get("Sid").and_then(Value::as_str)
            && !sids.insert(sid.to_owned())
        {
            return Err(malformed(
                "Statement IDs (SID) in a single policy must be unique.",
            ));
        }
    }
    Ok(value)
}

/// Checks a trust policy, which names principals and no resources.
pub(crate) fn check_trust(document: &str) -> Result<(), Failure> {
    let value = parse(document)?;
    for statement in statements(&value) {
        if statement.get("Resource").is_some() || statement.get("NotResource").is_some() {
            return Err(malformed("Has prohibited field Resource"));
        }
        if statement.get("Principal").is_none() && statement.get("NotPrincipal").is_none() {
            return Err(malformed("Missing required field Principal"));
        }
        let actions = statement
            .get("Action")
            .map(crate::judge::texts)
            .unwrap_or_default();
        if !actions
            .iter()
            .all(|action| action.to_ascii_lowercase().starts_with("sts:"))
        {
            return Err(malformed(
                "AssumeRole policy may only specify STS AssumeRole actions.",
            ));
        }
    }
    Ok(())
}

/// Checks a policy of a role, which names resources and no principals.
pub(crate) fn check_identity(document: &str) -> Result<(), Failure> {
    let value = parse(document)?;
    for statement in statements(&value) {
        if statement.get("Principal").is_some() || statement.get("NotPrincipal").is_some() {
            return Err(malformed("Policy document should not specify a principal."));
        }
        if statement.get("Resource").is_none() && statement.get("NotResource").is_none() {
            return Err(malformed("Policy statement must contain resources."));
        }
        let actions = statement
            .get("Action")
            .map(crate::judge::texts)
            .unwrap_or_default();
        if !actions
            .iter()
            .all(|action| *action == "*" || action.contains(':'))
        {
            return Err(malformed(
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            ));
        }
    }
    Ok(())
}
