//! Whether a caller is one of the principals of a statement ("AWS JSON policy elements:
//! Principal" and "NotPrincipal" of the IAM reference).

use std::collections::{BTreeMap, BTreeSet};

use crate::evaluate::Fit;
use crate::request::Caller;
use crate::statement::{Element, Principal, Who};

/// Returns the account that an id or a root ARN stands for; none for other principals.
pub(crate) fn account_id(value: &str) -> Option<&str> {
    let id = match value.split(':').collect::<Vec<_>>().as_slice() {
        [id] => *id,
        ["arn", _, "iam", "", id, "root"] => *id,
        _ => return None,
    };
    (id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit())).then_some(id)
}

pub(crate) fn fit(principal: &Principal, caller: &Caller) -> Fit {
    match principal {
        Element::Is(Who::Everyone) => Fit::Yes,
        Element::Not(Who::Everyone) => Fit::No,
        Element::Is(Who::Listed(kinds)) => among(kinds, caller, covered),
        Element::Not(Who::Listed(kinds)) => !among(kinds, caller, spared),
    }
}

fn among(
    kinds: &BTreeMap<String, BTreeSet<String>>,
    caller: &Caller,
    aws: impl Fn(&BTreeSet<String>, &Caller) -> Fit,
) -> Fit {
    let each = kinds.iter().map(|(kind, values)| match kind.as_str() {
        // The star means services, too: SNS's own default statement, `AWS: *` with a condition,
        // lets the account's alarms publish.
        "AWS" if values.contains("*") => Fit::Yes,
        "AWS" => aws(values, caller),
        "Service" => match caller {
            Caller::Service(name) => Fit::of(values.contains(name) || values.contains("*")),
            _ => Fit::No,
        },
        "CanonicalUser" | "Federated" if matches!(caller, Caller::Service(_)) => Fit::No,
        // Nothing says which account a canonical user is, nor who signed in by a provider.
        _ if values.is_empty() => Fit::No,
        _ => Fit::Unsure,
    });
    each.max().unwrap_or(Fit::No)
}

/// An account in `Principal` stands for all its users and roles, but not for services: a `kms:*`
/// for the root of an account does not let CloudWatch use the key.
fn covered(values: &BTreeSet<String>, caller: &Caller) -> Fit {
    let ids = identities(caller);
    Fit::of(ids.iter().any(|id| values.iter().any(|v| id.named_by(v))))
}

/// In `NotPrincipal` an account does not stand for its users: a user is spared only if it is
/// listed along with its account, a session only along with its role and its account. A part of
/// these leaves doubt: AWS "might deny access to the entire account".
fn spared(values: &BTreeSet<String>, caller: &Caller) -> Fit {
    let ids = identities(caller);
    let named = ids
        .iter()
        .filter(|id| values.iter().any(|v| id.named_by(v)))
        .count();
    match named {
        0 => Fit::No,
        all if all == ids.len() => Fit::Yes,
        _ => Fit::Unsure,
    }
}

/// The names under which AWS knows a caller.
enum Identity<'a> {
    Account(&'a str),
    Arn(&'a str),
    Role { account: &'a str, name: &'a str },
}

impl Identity<'_> {
    fn named_by(&self, value: &str) -> bool {
        match self {
            Identity::Account(id) => account_id(value) == Some(id),
            Identity::Arn(arn) => value == *arn,
            // A session's ARN has lost the path of its role; names are unique in an account.
            Identity::Role { account, name } => match value.splitn(6, ':').collect::<Vec<_>>().as_slice() {
                ["arn", _, "iam", "", of, resource] => {
                    of == account
                        && resource
                            .strip_prefix("role/")
                            .is_some_and(|path| path.rsplit('/').next() == Some(name))
                }
                _ => false,
            },
        }
    }
}

fn identities(caller: &Caller) -> Vec<Identity<'_>> {
    let value = match caller {
        Caller::Service(_) | Caller::Anonymous => return Vec::new(),
        Caller::Account(value) | Caller::Arn(value) => value,
    };
    if let Some(id) = account_id(value) {
        return vec![Identity::Account(id)];
    }
    let mut identities = vec![Identity::Arn(value)];
    if let ["arn", _, service, _, account, resource] = value.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        identities.push(Identity::Account(account));
        if let ("sts", Some((name, _))) = (
            *service,
            resource
                .strip_prefix("assumed-role/")
                .and_then(|rest| rest.split_once('/')),
        ) {
            identities.push(Identity::Role { account, name });
        }
    }
    identities
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Statement;

    const ROOT: &str = "arn:aws:iam::123456789012:root";
    const USER: &str = "arn:aws:iam::123456789012:user/ops/ann";
    const ROLE: &str = "arn:aws:iam::123456789012:role/ops/audit";
    const SESSION: &str = "arn:aws:sts::123456789012:assumed-role/audit/now";

    fn principal(values: &[&str]) -> Principal {
        let statement = Statement::allow("x");
        let statement = values.iter().fold(statement, |s, v| s.principal_aws(*v));
        statement.principal.unwrap()
    }

    fn is(values: &[&str], caller: &Caller) -> Fit {
        fit(&principal(values), caller)
    }

    fn not(values: &[&str], caller: &Caller) -> Fit {
        match principal(values) {
            Element::Is(who) | Element::Not(who) => fit(&Element::Not(who), caller),
        }
    }

    fn arn(text: &str) -> Caller {
        Caller::Arn(text.into())
    }

    #[test]
    fn account_ids() {
        assert_eq!(account_id("123456789012"), Some("123456789012"));
        assert_eq!(account_id(ROOT), Some("123456789012"));
        assert_eq!(
            account_id("arn:aws-cn:iam::123456789012:root"),
            Some("123456789012")
        );
        assert_eq!(account_id(USER), None);
        assert_eq!(account_id("12345"), None);
        assert_eq!(account_id("*"), None);
    }

    #[test]
    fn an_account_covers_its_users_and_roles_but_no_services() {
        for account in ["123456789012", ROOT] {
            assert_eq!(is(&[account], &arn(USER)), Fit::Yes);
            assert_eq!(is(&[account], &arn(SESSION)), Fit::Yes);
            assert_eq!(is(&[account], &Caller::Account("123456789012".into())), Fit::Yes);
            assert_eq!(is(&[account], &Caller::Account("210987654321".into())), Fit::No);
            assert_eq!(
                is(&[account], &Caller::Service("cloudwatch.amazonaws.com".into())),
                Fit::No
            );
            assert_eq!(is(&[account], &Caller::Anonymous), Fit::No);
        }
    }

    #[test]
    fn a_role_covers_its_sessions() {
        assert_eq!(is(&[ROLE], &arn(ROLE)), Fit::Yes);
        assert_eq!(is(&[ROLE], &arn(SESSION)), Fit::Yes);
        assert_eq!(is(&[USER], &arn(SESSION)), Fit::No);
        assert_eq!(is(&[ROLE], &Caller::Account("123456789012".into())), Fit::No);
    }

    #[test]
    fn the_star_covers_everybody() {
        for caller in [
            Caller::Anonymous,
            Caller::Service("cloudwatch.amazonaws.com".into()),
            arn(USER),
        ] {
            assert_eq!(is(&["*"], &caller), Fit::Yes);
            assert_eq!(fit(&Element::Is(Who::Everyone), &caller), Fit::Yes);
            assert_eq!(not(&["*"], &caller), Fit::No);
        }
    }

    #[test]
    fn not_principal_spares_only_who_is_listed_in_full() {
        assert_eq!(not(&[USER, ROOT], &arn(USER)), Fit::No);
        assert_eq!(not(&[ROOT], &arn(USER)), Fit::Unsure);
        assert_eq!(not(&[USER], &arn(USER)), Fit::Unsure);
        assert_eq!(
            not(&[USER, ROOT], &arn("arn:aws:iam::210987654321:user/ann")),
            Fit::Yes
        );
        assert_eq!(not(&[SESSION, ROLE, ROOT], &arn(SESSION)), Fit::No);
        assert_eq!(not(&[ROLE, ROOT], &arn(SESSION)), Fit::Unsure);
        assert_eq!(not(&[ROOT], &Caller::Anonymous), Fit::Yes);
    }

    #[test]
    fn other_kinds_leave_doubt() {
        let kinds = BTreeMap::from([("CanonicalUser".to_owned(), BTreeSet::from(["79a5".to_owned()]))]);
        let principal = Element::Is(Who::Listed(kinds));
        assert_eq!(fit(&principal, &arn(USER)), Fit::Unsure);
        assert_eq!(
            fit(&principal, &Caller::Service("s3.amazonaws.com".into())),
            Fit::No
        );
    }
}
