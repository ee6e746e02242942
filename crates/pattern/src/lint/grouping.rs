//! `&&` and `||` side by side without parentheses.

use crate::canonical;
use crate::problem::{Code, Problem};
use crate::tree::{Condition, Node, NodeKind, Operator, Test};

pub(super) fn lint(node: &Node<Test>, found: &mut Vec<Problem>) {
    match &node.kind {
        NodeKind::Test(_) => {}
        NodeKind::All(nodes) => nodes.iter().for_each(|node| lint(node, found)),
        NodeKind::Any(nodes) => {
            let loose = |node: &&Node<Test>| !node.grouped && matches!(node.kind, NodeKind::All(_));
            if let Some(loose) = nodes.iter().find(loose) {
                found.push(mixed(node, nodes, loose));
            }
            nodes.iter().for_each(|node| lint(node, found));
        }
    }
}

fn mixed(node: &Node<Test>, nodes: &[Node<Test>], loose: &Node<Test>) -> Problem {
    let message = "`&&` binds tighter than `||`: here it joins these conditions only";
    let problem = Problem::new(Code::MixedOperators, loose.span.clone(), message);
    let as_read = joined(nodes.iter(), " || ");
    match meant(nodes) {
        Some(meant) => problem
            .help(format!(
                "AWS reads {as_read}. If the other grouping is meant, write"
            ))
            .instead_of(node.span.clone(), meant),
        None => problem
            .help("if that is meant, say so with parentheses")
            .instead_of(node.span.clone(), as_read),
    }
}

/// The grouping that was probably meant: a guard before all names (`source && a || b`), or exclusions
/// after all (`a || b && not c`).
fn meant(nodes: &[Node<Test>]) -> Option<String> {
    let tests: Vec<Vec<&Test>> = nodes.iter().map(Node::tests).collect();
    let flat = nodes
        .iter()
        .all(|node| matches!(&node.kind, NodeKind::Test(_)) || operands(node).iter().all(|o| is_test(o)));
    if !flat {
        return None;
    }
    let (first, last) = (operands(nodes.first()?), operands(nodes.last()?));
    let others_single = |skip: usize| {
        tests
            .iter()
            .enumerate()
            .all(|(at, tests)| at == skip || tests.len() == 1)
    };
    if first.len() > 1 && others_single(0) {
        // The guard is about another field than the names are.
        let (name, guard) = first.split_last()?;
        let field = |node: &Node<Test>| node.tests().first().map(|test| test.selector.steps.clone());
        let names: Vec<&Node<Test>> = std::iter::once(*name).chain(&nodes[1..]).collect();
        let alike = names.iter().all(|node| field(node) == field(name));
        if alike && guard.iter().all(|node| field(node) != field(name)) {
            return Some(format!(
                "{} && ({})",
                joined(guard.iter().copied(), " && "),
                joined(names.into_iter(), " || ")
            ));
        }
    }
    if last.len() > 1 && others_single(nodes.len() - 1) {
        let (name, exclusions) = last.split_first()?;
        if exclusions.iter().all(|node| excludes(node)) {
            let names = nodes[..nodes.len() - 1].iter().chain(std::iter::once(*name));
            return Some(format!(
                "({}) && {}",
                joined(names, " || "),
                joined(exclusions.iter().copied(), " && ")
            ));
        }
    }
    None
}

fn is_test(node: &Node<Test>) -> bool {
    matches!(node.kind, NodeKind::Test(_))
}

fn operands(node: &Node<Test>) -> Vec<&Node<Test>> {
    match &node.kind {
        NodeKind::All(nodes) => nodes.iter().collect(),
        _ => vec![node],
    }
}

fn excludes(node: &Node<Test>) -> bool {
    matches!(
        &node.kind,
        NodeKind::Test(Test {
            condition: Condition::Compare(compare),
            ..
        }) if compare.operator == Operator::NotEqual
    )
}

/// Operands with parentheses around each.
fn joined<'t>(nodes: impl Iterator<Item = &'t Node<Test>>, sign: &str) -> String {
    let texts: Vec<String> = nodes
        .map(|node| format!("({})", canonical::typed(node)))
        .collect();
    texts.join(sign)
}
