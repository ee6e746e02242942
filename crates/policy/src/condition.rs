//! Condition operators (IAM reference, "Condition operators" and "Set operators for multivalued
//! context keys").

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::evaluate::{Fit, any};
use crate::glob::{Glob, Wildcards};
use crate::operand::{Network, address, date, number};
use crate::request::Request;

struct Operator {
    set: Option<Set>,
    test: Test,
    negated: bool,
    if_exists: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    Any,
    All,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Test {
    Text,
    TextIgnoringCase,
    Pattern,
    Arn,
    Bool,
    Null,
    Number(Order),
    Date(Order),
    Address,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn holds(self, found: Ordering) -> bool {
        match self {
            Order::Equal => found.is_eq(),
            Order::Less => found.is_lt(),
            Order::LessOrEqual => found.is_le(),
            Order::Greater => found.is_gt(),
            Order::GreaterOrEqual => found.is_ge(),
        }
    }
}

impl Operator {
    fn parse(name: &str) -> Option<Operator> {
        let name = name.to_ascii_lowercase();
        let (set, name) = match name.split_once(':') {
            None => (None, name.as_str()),
            Some(("foranyvalue", rest)) => (Some(Set::Any), rest),
            Some(("forallvalues", rest)) => (Some(Set::All), rest),
            Some(_) => return None,
        };
        let (name, if_exists) = match name.strip_suffix("ifexists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let (test, negated) = test(name)?;
        // AWS knows no such combination: whether the key exists is what `Null` asks.
        if test == Test::Null && (if_exists || set.is_some()) {
            return None;
        }
        Some(Operator {
            set,
            test,
            negated,
            if_exists,
        })
    }
}

fn test(name: &str) -> Option<(Test, bool)> {
    Some(match name {
        "stringequals" => (Test::Text, false),
        "stringnotequals" => (Test::Text, true),
        "stringequalsignorecase" => (Test::TextIgnoringCase, false),
        "stringnotequalsignorecase" => (Test::TextIgnoringCase, true),
        "stringlike" => (Test::Pattern, false),
        "stringnotlike" => (Test::Pattern, true),
        "arnequals" | "arnlike" => (Test::Arn, false),
        "arnnotequals" | "arnnotlike" => (Test::Arn, true),
        "bool" => (Test::Bool, false),
        "null" => (Test::Null, false),
        "ipaddress" => (Test::Address, false),
        "notipaddress" => (Test::Address, true),
        _ => {
            let (kind, order): (fn(Order) -> Test, _) = if let Some(order) = name.strip_prefix("numeric") {
                (Test::Number, order)
            } else {
                (Test::Date, name.strip_prefix("date")?)
            };
            let (order, negated) = match order {
                "equals" => (Order::Equal, false),
                "notequals" => (Order::Equal, true),
                "lessthan" => (Order::Less, false),
                "lessthanequals" => (Order::LessOrEqual, false),
                "greaterthan" => (Order::Greater, false),
                "greaterthanequals" => (Order::GreaterOrEqual, false),
                _ => return None,
            };
            (kind(order), negated)
        }
    })
}

/// Says whether evaluation understands an operator.
pub(crate) fn known(operator: &str) -> bool {
    Operator::parse(operator).is_some()
}

/// Says whether an operator's values are `true` and `false`, whatever their letter case.
pub(crate) fn is_boolean(operator: &str) -> bool {
    Operator::parse(operator).is_some_and(|o| matches!(o.test, Test::Bool | Test::Null))
}

pub(crate) fn fit(
    operator: &str,
    key: &str,
    values: &BTreeSet<String>,
    request: &Request,
    variables: Option<&Request>,
) -> Fit {
    let Some(operator) = Operator::parse(operator) else {
        return Fit::Unsure;
    };
    let found = request.values(key);
    if operator.test == Test::Null {
        return any(values, |wanted| {
            Some(Fit::of(found.is_empty() == boolean(wanted)?))
        });
    }
    if found.is_empty() {
        // A missing key satisfies a negated operator, `...IfExists` and `ForAllValues`.
        return Fit::of(match operator.set {
            _ if operator.if_exists => true,
            Some(Set::All) => true,
            Some(Set::Any) => false,
            None => operator.negated,
        });
    }
    let mut fits = found.iter().map(|actual| {
        let fit = any(values, |wanted| compare(operator.test, wanted, actual, variables));
        if operator.negated { !fit } else { fit }
    });
    match operator.set {
        Some(Set::Any) => fits.max().unwrap_or(Fit::No),
        Some(Set::All) => fits.min().unwrap_or(Fit::Yes),
        // AWS promises nothing for a key of several values without a set operator.
        None => {
            let first = fits.next().unwrap_or(Fit::Unsure);
            if fits.all(|fit| fit == first) {
                first
            } else {
                Fit::Unsure
            }
        }
    }
}

fn compare(test: Test, wanted: &str, actual: &str, variables: Option<&Request>) -> Option<Fit> {
    let glob = |wildcards| Glob::new(wanted, wildcards, variables);
    Some(match test {
        Test::Text => glob(Wildcards::None)?.fits(actual),
        Test::TextIgnoringCase => glob(Wildcards::None)?.lowered().fits(&actual.to_lowercase()),
        Test::Pattern => glob(Wildcards::Anywhere)?.fits(actual),
        Test::Arn => glob(Wildcards::Anywhere)?.fits_arn(actual),
        Test::Bool => Fit::of(boolean(wanted)? == boolean(actual)?),
        Test::Number(order) => Fit::of(order.holds(number(actual)?.partial_cmp(&number(wanted)?)?)),
        Test::Date(order) => Fit::of(order.holds(date(actual)?.partial_cmp(&date(wanted)?)?)),
        Test::Address => Fit::of(Network::parse(wanted)?.contains(address(actual)?)),
        Test::Null => return None,
    })
}

fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Caller;

    fn check(operator: &str, values: &[&str], actual: &[&str]) -> Fit {
        let request = Request::new(Caller::Anonymous, "", "");
        let request = actual.iter().fold(request, |r, v| r.context("AWS:Key", *v));
        let values = values.iter().map(|v| (*v).to_owned()).collect();
        fit(operator, "aws:key", &values, &request, None)
    }

    /// One row: operator, values of the policy, values of the request, what is expected.
    type Row<'a> = (&'a str, &'a [&'a str], &'a [&'a str], Fit);

    fn check_all(rows: &[Row<'_>]) {
        for (operator, values, actual, expected) in rows {
            let found = check(operator, values, actual);
            assert_eq!(found, *expected, "{operator} {values:?} {actual:?}");
        }
    }

    #[test]
    fn text() {
        check_all(&[
            ("StringEquals", &["a", "b"], &["b"], Fit::Yes),
            ("stringequals", &["a"], &["A"], Fit::No),
            ("StringEquals", &["a*"], &["ab"], Fit::No),
            ("StringNotEquals", &["a", "b"], &["b"], Fit::No),
            ("StringNotEquals", &["a", "b"], &["c"], Fit::Yes),
            ("StringEqualsIgnoreCase", &["aB"], &["Ab"], Fit::Yes),
            ("StringNotEqualsIgnoreCase", &["aB"], &["Ab"], Fit::No),
            ("StringLike", &["a*"], &["a:b/c"], Fit::Yes),
            ("StringNotLike", &["a*"], &["b"], Fit::Yes),
        ]);
    }

    #[test]
    fn missing_keys() {
        check_all(&[
            ("StringEquals", &["a"], &[], Fit::No),
            ("StringNotEquals", &["a"], &[], Fit::Yes),
            ("StringEqualsIfExists", &["a"], &[], Fit::Yes),
            ("StringEqualsIfExists", &["a"], &["b"], Fit::No),
            ("Bool", &["false"], &[], Fit::No),
            ("BoolIfExists", &["false"], &[], Fit::Yes),
            ("Null", &["true"], &[], Fit::Yes),
            ("Null", &["true"], &["a"], Fit::No),
            ("Null", &["false"], &["a"], Fit::Yes),
            ("Null", &["false"], &[], Fit::No),
        ]);
    }

    #[test]
    fn sets() {
        check_all(&[
            ("ForAnyValue:StringEquals", &["a", "b"], &["b", "c"], Fit::Yes),
            ("ForAnyValue:StringEquals", &["a"], &["b", "c"], Fit::No),
            ("ForAnyValue:StringEquals", &["a"], &[], Fit::No),
            ("ForAnyValue:StringNotEquals", &["a"], &["a", "b"], Fit::Yes),
            ("ForAllValues:StringEquals", &["a", "b"], &["a", "b"], Fit::Yes),
            ("ForAllValues:StringEquals", &["a", "b"], &["a", "c"], Fit::No),
            ("ForAllValues:StringLike", &["a*"], &[], Fit::Yes),
            ("ForAnyValue:StringEqualsIfExists", &["a"], &[], Fit::Yes),
            ("StringEquals", &["a"], &["a", "b"], Fit::Unsure),
            ("StringEquals", &["a", "b"], &["a", "b"], Fit::Yes),
        ]);
    }

    #[test]
    fn arns_booleans_numbers() {
        let trail = "arn:aws:cloudtrail:eu-west-1:1:trail/t";
        check_all(&[
            ("ArnLike", &["arn:aws:cloudtrail:*:1:trail/*"], &[trail], Fit::Yes),
            (
                "ArnEquals",
                &["arn:aws:cloudtrail:*:1:trail/*"],
                &[trail],
                Fit::Yes,
            ),
            (
                "ArnNotLike",
                &["arn:aws:cloudtrail:*:1:trail/*"],
                &[trail],
                Fit::No,
            ),
            (
                "ArnNotEquals",
                &["arn:aws:cloudtrail:*:2:trail/*"],
                &[trail],
                Fit::Yes,
            ),
            ("Bool", &["true"], &["True"], Fit::Yes),
            ("Bool", &["true"], &["false"], Fit::No),
            ("Bool", &["yes"], &["true"], Fit::Unsure),
            ("NumericEquals", &["10"], &["10.0"], Fit::Yes),
            ("NumericNotEquals", &["10"], &["10.0"], Fit::No),
            ("NumericLessThan", &["10"], &["9"], Fit::Yes),
            ("NumericLessThanEquals", &["10"], &["10"], Fit::Yes),
            ("NumericGreaterThan", &["10"], &["10"], Fit::No),
            ("NumericGreaterThanEquals", &["10"], &["11"], Fit::Yes),
            ("NumericEquals", &["ten"], &["10"], Fit::Unsure),
        ]);
    }

    #[test]
    fn dates_and_addresses() {
        let now: &[&str] = &["2026-11-05T12:00:00Z"];
        check_all(&[
            ("DateGreaterThan", &["2026-11-05T11:59:59Z"], now, Fit::Yes),
            ("DateLessThan", &["2026-11-05"], now, Fit::No),
            ("DateEquals", &["2026-11-05T13:00:00+01:00"], now, Fit::Yes),
            ("DateLessThan", &["soon"], now, Fit::Unsure),
            ("IpAddress", &["203.0.113.0/24"], &["203.0.113.9"], Fit::Yes),
            ("IpAddress", &["203.0.113.0/24"], &["203.0.114.9"], Fit::No),
            ("NotIpAddress", &["203.0.113.9"], &["203.0.113.9"], Fit::No),
            (
                "NotIpAddress",
                &["203.0.113.9", "10.0.0.0/8"],
                &["192.0.2.1"],
                Fit::Yes,
            ),
            ("IpAddress", &["2001:db8::/32"], &["2001:db8:1::1"], Fit::Yes),
            ("IpAddress", &["2001:db8::/32"], &["203.0.113.9"], Fit::No),
            ("IpAddress", &["203.0.113.0/33"], &["203.0.113.9"], Fit::Unsure),
        ]);
    }

    #[test]
    fn what_is_not_understood_leaves_doubt() {
        check_all(&[
            ("BinaryEquals", &["QQ=="], &["QQ=="], Fit::Unsure),
            ("StringSoundsLike", &["a"], &["a"], Fit::Unsure),
            ("ForSomeValues:StringEquals", &["a"], &["a"], Fit::Unsure),
            ("NullIfExists", &["true"], &[], Fit::Unsure),
            ("DateNearly", &["2026-11-05"], &["2026-11-05"], Fit::Unsure),
        ]);
    }
}
