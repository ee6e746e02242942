//! Small changes to a pattern, to see whether its tests would notice them.

use std::ops::Range;

use crate::Pattern;
use crate::decide::{Answer, Facts, equal};
use crate::tree::{
    Comparison, Condition, FieldKind, Form, Node, NodeKind, Operator, Shape, Sign, Test, Text, Value, quote,
};

/// A pattern with one small change.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutant {
    /// The place of the change in the original.
    pub span: Range<usize>,
    /// What is changed, such as "is dropped".
    pub change: String,
    /// The changed pattern.
    pub pattern: Pattern,
}

/// All small changes to a pattern that change what it matches: each condition dropped, turned and
/// widened, each `&&` and `||` exchanged. Changes that mean the same are left out, as far as that can
/// be told.
#[must_use]
pub fn mutants(pattern: &Pattern) -> Vec<Mutant> {
    let forms: Vec<(Range<usize>, String, Form)> = match pattern.form() {
        Form::Json(node) => changed(node, &test_changes)
            .into_iter()
            .map(|(span, change, node)| (span, change, Form::Json(node)))
            .collect(),
        Form::Delimited(_) => delimited(pattern.form()),
        Form::Terms(_) => terms(pattern.form()),
    };
    let facts = Facts::fitting(&[pattern]);
    let mutant = |(span, change, form): (Range<usize>, String, Form)| {
        let pattern = Pattern::of_form(form);
        Mutant {
            span,
            change,
            pattern,
        }
    };
    forms
        .into_iter()
        .map(mutant)
        .filter(|mutant| {
            !mutant.pattern.same_spelt(pattern) && equal(&mutant.pattern, pattern, &facts) != Answer::Yes
        })
        .collect()
}

/// A change: its place, what it is, and the formula with it.
type Change<T> = (Range<usize>, String, Node<T>);

/// All formulas with one change.
fn changed<T: Clone>(node: &Node<T>, test: &dyn Fn(&T) -> Vec<(String, T)>) -> Vec<Change<T>> {
    let (nodes, all) = match &node.kind {
        NodeKind::Test(one) => {
            let with =
                |(change, one): (String, T)| (node.span.clone(), change, Node::test(node.span.clone(), one));
            return test(one).into_iter().map(with).collect();
        }
        NodeKind::All(nodes) => (nodes, true),
        NodeKind::Any(nodes) => (nodes, false),
    };
    let join = |nodes: Vec<Node<T>>, all: bool| {
        let kind = if all { NodeKind::All } else { NodeKind::Any };
        Node::joined(nodes, kind).map(|joined| Node {
            grouped: node.grouped,
            ..joined
        })
    };
    let mut found = Vec::new();
    for (at, operand) in nodes.iter().enumerate() {
        let others = nodes.iter().enumerate().filter(|(other, _)| *other != at);
        let rest = join(others.map(|(_, node)| node.clone()).collect(), all);
        found.extend(rest.map(|rest| (operand.span.clone(), "is dropped".into(), rest)));
        for (span, change, inner) in changed(operand, test) {
            let mut with = nodes.clone();
            with[at] = Node {
                grouped: operand.grouped,
                ..inner
            };
            found.extend(join(with, all).map(|with| (span, change, with)));
        }
    }
    let change = if all {
        "has `||` for `&&`"
    } else {
        "has `&&` for `||`"
    };
    found.extend(join(nodes.clone(), !all).map(|turned| (node.span.clone(), change.into(), turned)));
    found
}

/// One condition turned and widened.
fn test_changes(test: &Test) -> Vec<(String, Test)> {
    let with = |change: &str, condition: Condition| {
        let test = Test {
            condition,
            ..test.clone()
        };
        (change.to_owned(), test)
    };
    match &test.condition {
        Condition::IsNull => vec![with("asks for `NOT EXISTS`", Condition::NotExists)],
        Condition::NotExists => vec![with("asks for `IS NULL`", Condition::IsNull)],
        Condition::IsTrue => vec![with("asks for `IS FALSE`", Condition::IsFalse)],
        Condition::IsFalse => vec![with("asks for `IS TRUE`", Condition::IsTrue)],
        Condition::Compare(compare) => comparison_changes(compare)
            .into_iter()
            .map(|(change, compare)| with(&change, Condition::Compare(compare)))
            .collect(),
    }
}

fn comparison_changes(compare: &Comparison) -> Vec<(String, Comparison)> {
    let mut found = Vec::new();
    let turned = match compare.operator {
        Operator::Equal => &[Operator::NotEqual][..],
        Operator::NotEqual => &[Operator::Equal],
        Operator::Less => &[Operator::LessOrEqual, Operator::GreaterOrEqual],
        Operator::LessOrEqual => &[Operator::Less, Operator::Greater],
        Operator::Greater => &[Operator::GreaterOrEqual, Operator::LessOrEqual],
        Operator::GreaterOrEqual => &[Operator::Greater, Operator::Less],
    };
    for operator in turned {
        let compare = Comparison {
            operator: *operator,
            ..compare.clone()
        };
        found.push((format!("has `{}`", operator.sign()), compare));
    }
    if let Value::Text(text) = &compare.value
        && text.shape != Shape::Any
    {
        let text = Text {
            shape: Shape::Any,
            text: String::new(),
        };
        let change = format!("has `{}`", quote(&text.to_string()));
        let compare = Comparison {
            value: Value::Text(text),
            ..compare.clone()
        };
        found.push((change, compare));
    }
    found
}

fn delimited(form: &Form) -> Vec<(Range<usize>, String, Form)> {
    let Form::Delimited(fields) = form else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (at, field) in fields.iter().enumerate() {
        let FieldKind::Word {
            name,
            condition: Some(condition),
        } = &field.kind
        else {
            continue;
        };
        let mut with = |span: Range<usize>, change: String, condition: Option<Node<Comparison>>| {
            let mut fields = fields.clone();
            fields[at].kind = FieldKind::Word {
                name: name.clone(),
                condition,
            };
            found.push((span, change, Form::Delimited(fields)));
        };
        with(field.span.clone(), "asks nothing".into(), None);
        for (span, change, condition) in changed(condition, &comparison_changes) {
            with(span, change, Some(condition));
        }
    }
    found
}

fn terms(form: &Form) -> Vec<(Range<usize>, String, Form)> {
    let Form::Terms(terms) = form else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (at, term) in terms.iter().enumerate() {
        let mut rest = terms.clone();
        rest.remove(at);
        found.push((term.span.clone(), "is dropped".into(), Form::Terms(rest)));
        let sign = match term.sign {
            Sign::With => Sign::Without,
            Sign::Without => Sign::With,
            Sign::OneOf => continue,
        };
        let mut turned = terms.clone();
        turned[at].sign = sign;
        let change = if sign == Sign::With {
            "must occur"
        } else {
            "must not occur"
        };
        found.push((term.span.clone(), change.into(), Form::Terms(turned)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(text: &str) -> Vec<String> {
        let pattern = Pattern::parse(text).expect("good");
        mutants(&pattern)
            .into_iter()
            .map(|mutant| format!("{} {} -> {}", &text[mutant.span], mutant.change, mutant.pattern))
            .collect()
    }

    #[test]
    fn every_part_of_a_pattern_is_changed() {
        assert_eq!(
            changes(r#"{ $.a = "x*" && $.b IS TRUE }"#),
            [
                r#"$.a = "x*" is dropped -> { $.b IS TRUE }"#,
                r#"$.a = "x*" has `!=` -> { $.a != "x*" && $.b IS TRUE }"#,
                r#"$.a = "x*" has `"*"` -> { $.a = "*" && $.b IS TRUE }"#,
                r#"$.b IS TRUE is dropped -> { $.a = "x*" }"#,
                r#"$.b IS TRUE asks for `IS FALSE` -> { $.a = "x*" && $.b IS FALSE }"#,
                r#"$.a = "x*" && $.b IS TRUE has `||` for `&&` -> { $.a = "x*" || $.b IS TRUE }"#,
            ]
        );
        assert_eq!(
            changes("[a = 1, ..., b]"),
            [
                "a = 1 asks nothing -> [a, ..., b]",
                "a = 1 has `!=` -> [a != 1, ..., b]"
            ]
        );
        assert_eq!(
            changes("ERROR -debug"),
            [
                "ERROR is dropped -> -debug",
                "ERROR must not occur -> -ERROR -debug",
                "-debug is dropped -> ERROR",
                "-debug must occur -> ERROR debug"
            ]
        );
    }

    #[test]
    fn changes_that_mean_the_same_are_left_out() {
        // Dropped or not, `$.a = "x"` is within `$.a = "x*"`.
        let all = changes(r#"{ $.a = "x*" || $.a = "x" }"#);
        assert!(
            !all.iter()
                .any(|change| change.starts_with(r#"$.a = "x" is dropped"#)),
            "{all:?}"
        );
    }
}
