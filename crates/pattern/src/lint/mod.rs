//! What is probably wrong with a pattern that AWS takes.
//!
//! Each lint names its trap, its place and a way out. They know the records of `CloudTrail`; of a
//! pattern on other fields they say only what holds of every event.

mod decided;
mod dimension;
mod events;
mod fields;
mod grouping;
mod lost;
mod missing;
mod recording;
mod sources;
mod terms;
mod values;

use crate::Pattern;
use crate::canonical::test as explained;
use crate::problem::Problem;
use crate::tree::{
    Comparison, Condition, Form, Node, NodeKind, Operator, Selector, Shape, Step, Test, Value,
};

pub use dimension::dimension;
pub use recording::{ManagementEvents, Recording};

/// Looks a pattern over. `recording` says what the trail records whose events it sees, where that is
/// known.
pub(crate) fn lint(pattern: &Pattern, recording: Option<&Recording>) -> Vec<Problem> {
    let mut found = Vec::new();
    let form = pattern.form();
    match form {
        Form::Json(node) => {
            let mut placed = Vec::new();
            place(node, &mut Vec::new(), &mut placed);
            fields::lint(&placed, &mut found);
            events::lint(&placed, &mut found);
            missing::lint(&placed, &mut found);
            grouping::lint(node, &mut found);
            values::lint(form, &mut found);
            decided::lint(pattern, &mut found);
            if let Some(recording) = recording {
                recording::lint(&placed, recording, &mut found);
            }
        }
        Form::Delimited(_) => values::lint(form, &mut found),
        Form::Terms(all) => terms::lint(all, pattern.text(), &mut found),
    }
    found.sort_by(|a, b| {
        let key = |p: &Problem| (p.span.start, p.span.end, p.code);
        key(a).cmp(&key(b))
    });
    found
}

/// A condition, and what holds wherever it matters.
struct Placed<'t> {
    node: &'t Node<Test>,
    test: &'t Test,
    /// The operands that are joined to it, or to what it is in, by `&&`.
    beside: Vec<&'t Node<Test>>,
    /// The operands that are joined to it by `||`.
    instead: Vec<&'t Node<Test>>,
}

fn place<'t>(node: &'t Node<Test>, beside: &mut Vec<&'t Node<Test>>, found: &mut Vec<Placed<'t>>) {
    match &node.kind {
        NodeKind::Test(test) => found.push(Placed {
            node,
            test,
            beside: beside.clone(),
            instead: Vec::new(),
        }),
        NodeKind::All(nodes) => {
            for (at, inner) in nodes.iter().enumerate() {
                let others = nodes.iter().enumerate().filter(|(other, _)| *other != at);
                let before = beside.len();
                beside.extend(others.map(|(_, node)| node));
                place(inner, beside, found);
                beside.truncate(before);
            }
        }
        NodeKind::Any(nodes) => {
            for inner in nodes {
                let before = found.len();
                place(inner, beside, found);
                if let (NodeKind::Test(_), Some(placed)) = (&inner.kind, found.get_mut(before)) {
                    placed.instead = nodes.iter().filter(|node| node.span != inner.span).collect();
                }
            }
        }
    }
}

/// The operands of `||`, those in parentheses, too.
fn alternatives(node: &Node<Test>) -> Vec<&Node<Test>> {
    match &node.kind {
        NodeKind::Any(nodes) => nodes.iter().flat_map(alternatives).collect(),
        _ => vec![node],
    }
}

impl Test {
    fn compare(&self) -> Option<&Comparison> {
        match &self.condition {
            Condition::Compare(compare) => Some(compare),
            _ => None,
        }
    }

    /// The text of `$.field = "text"`, without wildcards.
    fn is_exactly(&self, field: &str) -> Option<&str> {
        let compare = self.compare().filter(|_| self.selector.is(field))?;
        match &compare.value {
            Value::Text(text) if compare.operator == Operator::Equal && text.shape == Shape::Exact => {
                Some(&text.text)
            }
            _ => None,
        }
    }
}

impl Selector {
    /// True for `$.field`, `field` being names with periods between.
    fn is(&self, field: &str) -> bool {
        let mut names = field.split('.');
        let same = |step: &Step| matches!((step, names.next()), (Step::Key(key), Some(name)) if key == name);
        self.steps.iter().all(same) && names.next().is_none()
    }
}

/// The texts that a field must be one of, as far as the operands beside a condition say.
fn required<'t>(beside: &[&'t Node<Test>], field: &str) -> Option<Vec<&'t str>> {
    beside.iter().find_map(|node| {
        let texts = alternatives(node).into_iter().map(|node| match &node.kind {
            NodeKind::Test(test) => test.is_exactly(field),
            _ => None,
        });
        texts.collect()
    })
}

/// The name that was probably meant.
fn near<'n>(typed: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let most = (typed.len() / 4).min(3);
    names
        .filter(|name| name.len().abs_diff(typed.len()) <= most)
        .map(|name| (strsim::osa_distance(name, typed), name))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, name)| name)
}
