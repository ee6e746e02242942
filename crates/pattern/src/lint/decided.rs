//! What follows from a pattern as a whole: it is always true, never true, or says something in vain.

use std::ops::Range;

use super::{alternatives, explained};
use crate::Pattern;
use crate::canonical::typed;
use crate::decide::{Facts, Why, always, always_sent, never, redundant};
use crate::problem::{Code, Problem};
use crate::tree::{Condition, Form, Node, NodeKind, Operator, Shape, Test, Value};

pub(super) fn lint(pattern: &Pattern, found: &mut Vec<Problem>) {
    let Form::Json(node) = pattern.form() else { return };
    let facts = Facts::fitting(&[pattern]);
    let records = if facts.is_none() {
        "JSON event"
    } else {
        "CloudTrail record"
    };
    let joined = |all: bool| joins(node, all);
    if always(pattern, &facts).is_yes() {
        let message = format!("it matches every {records}");
        let problem = Problem::new(Code::AlwaysTrue, node.span.clone(), message);
        found.push(problem.help(match joined(false) {
            true => "one condition after `||` that is always true is enough for that; is `&&` meant?",
            false => "such a filter counts events; to pick some out ask about their values",
        }));
        return;
    }
    if never(pattern, &facts).is_yes() {
        let message = format!("it matches no {records}");
        let problem = Problem::new(Code::NeverTrue, node.span.clone(), message);
        found.push(problem.help(match joined(true) {
            true => "conditions that exclude each other are joined by `&&`; is `||` meant?",
            false => "what it asks for is not in them",
        }));
        return;
    }
    nearly_always(node, found);
    for clause in redundant(pattern, &facts) {
        if asks_for_any(node, &clause.span) {
            continue;
        }
        let text = |span: &Range<usize>| pattern.text().get(span.clone()).unwrap_or_default().to_owned();
        let why = match &clause.why {
            Why::Repeats(span) => format!("`{}` says the same already", text(span)),
            Why::Implied(span) => format!("it follows from `{}`", text(span)),
            Why::Covered(span) => format!("`{}` covers it", text(span)),
            Why::Always => "it is always true here".into(),
            Why::Never => "it is never true here".into(),
            Why::Together => "it follows from the others together".into(),
        };
        let rest = without(node, &clause.span);
        let problem = Problem::new(
            Code::Redundant,
            clause.span,
            format!("this changes nothing: {why}"),
        );
        found.push(match rest {
            Some((span, rest)) => problem
                .help("correct it, or leave what is the same without it")
                .instead_of(span, rest),
            None => problem.help("take it away, or correct it"),
        });
    }
}

/// `$.f = "*"` beside another condition on the field says that it must be there: that is the idiom
/// which keeps `!=` honest, not a slip.
fn asks_for_any(node: &Node<Test>, span: &Range<usize>) -> bool {
    match &node.kind {
        NodeKind::All(nodes) | NodeKind::Any(nodes) => nodes.iter().any(|node| asks_for_any(node, span)),
        NodeKind::Test(test) => {
            node.span == *span
                && matches!(&test.condition, Condition::Compare(compare)
                    if compare.operator == Operator::Equal
                        && matches!(&compare.value, Value::Text(text) if text.shape == Shape::Any))
        }
    }
}

/// True where the pattern has this operator.
fn joins(node: &Node<Test>, all: bool) -> bool {
    match &node.kind {
        NodeKind::Test(_) => false,
        NodeKind::All(nodes) => all || nodes.iter().any(|node| joins(node, all)),
        NodeKind::Any(nodes) => !all || nodes.iter().any(|node| joins(node, all)),
    }
}

/// Two `!=` joined by `||`: only a record that is equal to both does not match. (CIS 1.4, control
/// 4.1, matches every record but one sort of `HeadBucket` calls.)
fn nearly_always(node: &Node<Test>, found: &mut Vec<Problem>) {
    match &node.kind {
        NodeKind::Test(_) => {}
        NodeKind::All(nodes) => nodes.iter().for_each(|node| nearly_always(node, found)),
        NodeKind::Any(nodes) => {
            let unequal: Vec<&Node<Test>> = alternatives(node)
                .into_iter()
                .filter(|node| is_nearly_always(node))
                .collect();
            if let [first, .., last] = unequal.as_slice() {
                let exceptions: Vec<String> = unequal.iter().filter_map(|node| equal_to(node)).collect();
                let message = format!(
                    "it is true of every CloudTrail record but those with {}",
                    exceptions.join(" and ")
                );
                let span = first.span.start..last.span.end;
                let problem = Problem::new(Code::AlwaysTrue, span, message);
                let help = "to leave several things out join their `!=` by `&&`; with the rest in parentheses that is";
                found.push(
                    problem
                        .help(help)
                        .instead_of(node.span.clone(), excluding(node, &unequal)),
                );
            } else {
                nodes.iter().for_each(|node| nearly_always(node, found));
            }
        }
    }
}

/// The same alternatives, all of them without what is equal to one of the values: "a or b, but not c
/// and not d".
fn excluding(node: &Node<Test>, unequal: &[&Node<Test>]) -> String {
    let group = |node: &Node<Test>| format!("({})", typed(node));
    let rest: Vec<String> = alternatives(node)
        .into_iter()
        .filter(|node| !is_nearly_always(node))
        .map(group)
        .collect();
    let mut all: Vec<String> = unequal.iter().map(|node| group(node)).collect();
    match rest.as_slice() {
        [] => {}
        [one] => all.insert(0, one.clone()),
        many => all.insert(0, format!("({})", many.join(" || "))),
    }
    in_parentheses(node, all.join(" && "))
}

/// The operator's node without one operand: its place, and its text.
fn without(node: &Node<Test>, operand: &Range<usize>) -> Option<(Range<usize>, String)> {
    let (nodes, sign) = match &node.kind {
        NodeKind::Test(_) => return None,
        NodeKind::All(nodes) => (nodes, " && "),
        NodeKind::Any(nodes) => (nodes, " || "),
    };
    if !nodes.iter().any(|inner| inner.span == *operand) {
        return nodes.iter().find_map(|inner| without(inner, operand));
    }
    let rest = nodes.iter().filter(|inner| inner.span != *operand);
    let rest: Vec<String> = rest.map(|inner| format!("({})", typed(inner))).collect();
    Some((node.span.clone(), in_parentheses(node, rest.join(sign))))
}

fn in_parentheses(node: &Node<Test>, text: String) -> String {
    if node.grouped { format!("({text})") } else { text }
}

/// `!=` a single value, of a field that every record has.
fn is_nearly_always(node: &Node<Test>) -> bool {
    let NodeKind::Test(test) = &node.kind else {
        return false;
    };
    always_sent(&test.selector)
        && matches!(&test.condition, Condition::Compare(compare)
            if compare.operator == Operator::NotEqual && !matches!(compare.value, Value::Regex(_)))
}

fn equal_to(node: &Node<Test>) -> Option<String> {
    let NodeKind::Test(test) = &node.kind else {
        return None;
    };
    let Condition::Compare(compare) = &test.condition else {
        return None;
    };
    let mut equal = test.clone();
    equal.condition = Condition::Compare(crate::tree::Comparison {
        operator: Operator::Equal,
        ..compare.clone()
    });
    Some(format!("`{}`", explained(&equal)))
}
