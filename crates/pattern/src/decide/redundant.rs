//! Clauses that change nothing.

use std::ops::Range;

use crate::canonical;
use crate::tree::{Node, NodeKind, Test};
use crate::{Form, Pattern};

use super::Found;
use super::budget::Budget;
use super::facts::Facts;
use super::formula::{Atoms, Formula};
use super::search::Search;

/// An operand of `&&` or `||` that can be taken away without changing what matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redundant {
    /// Its place in the pattern's text, parentheses around it included.
    pub span: Range<usize>,
    /// What makes it so.
    pub why: Why,
}

/// Why an operand changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It says the same as the operand there.
    Repeats(Range<usize>),
    /// An operand of `&&`: the one there demands as much already.
    Implied(Range<usize>),
    /// An operand of `||`: the one there lets all of this through already.
    Covered(Range<usize>),
    /// An operand of `&&` that every event meets.
    Always,
    /// An operand of `||` that no event meets.
    Never,
    /// The others together say it already.
    Together,
}

/// The operands that can be taken away, all of them at once, by place.
///
/// Of two that say the same the later one is named. Nothing is named within what is named itself,
/// nor within an `&&` that is never true or an `||` that always is: there is worse to say of these,
/// see [`never`](super::never) and [`always`](super::always).
#[must_use]
pub fn redundant(pattern: &Pattern, facts: &Facts) -> Vec<Redundant> {
    let Form::Json(node) = pattern.form() else {
        return Vec::new();
    };
    let mut look = Look {
        facts,
        budget: Budget::pattern(),
        found: Vec::new(),
    };
    look.visit(node);
    look.found.sort_by_key(|one| (one.span.start, one.span.end));
    look.found
}

struct Look<'f> {
    facts: &'f Facts,
    /// For the whole pattern.
    budget: Budget,
    found: Vec<Redundant>,
}

impl Look<'_> {
    fn visit(&mut self, node: &Node<Test>) {
        let (nodes, all) = match &node.kind {
            NodeKind::Test(_) => return,
            NodeKind::All(nodes) => (nodes, true),
            NodeKind::Any(nodes) => (nodes, false),
        };
        if self.none(&[(node, all)]) {
            return;
        }
        let mut kept: Vec<(usize, &Node<Test>)> = nodes.iter().enumerate().collect();
        // From the end, so that the first of two that say the same stays. Each is held against those
        // that stay, so all that are named can go together. What another operand alone makes
        // needless goes first: this is what a reader sees, too.
        let mut candidates: Vec<usize> = (0..nodes.len()).rev().collect();
        candidates.retain(|&at| self.follows(at, &kept, all));
        for alone in [true, false] {
            for &at in &candidates {
                let Some(node) = nodes.get(at).filter(|_| kept.len() > 1) else {
                    break;
                };
                if !kept.iter().any(|(other, _)| *other == at) {
                    continue;
                }
                let why = match alone {
                    true => self.alone(at, node, &kept, all),
                    false => self.follows(at, &kept, all).then_some(Why::Together),
                };
                if let Some(why) = why {
                    kept.retain(|(other, _)| *other != at);
                    let span = node.span.clone();
                    self.found.push(Redundant { span, why });
                }
            }
        }
        kept.into_iter().for_each(|(_, node)| self.visit(node));
    }

    /// True when an operand changes nothing, the others that are kept being there.
    fn follows(&mut self, at: usize, kept: &[(usize, &Node<Test>)], all: bool) -> bool {
        let question: Vec<_> = kept
            .iter()
            .map(|&(other, node)| (node, (other == at) != all))
            .collect();
        self.none(&question)
    }

    /// Why an operand changes nothing, with one other or none.
    fn alone(
        &mut self,
        at: usize,
        node: &Node<Test>,
        kept: &[(usize, &Node<Test>)],
        all: bool,
    ) -> Option<Why> {
        if self.none(&[(node, !all)]) {
            return Some(if all { Why::Always } else { Why::Never });
        }
        for &(_, other) in kept.iter().filter(|(other, _)| *other != at) {
            if self.none(&[(other, all), (node, !all)]) {
                let span = other.span.clone();
                return Some(match (spelling(node) == spelling(other), all) {
                    (true, _) => Why::Repeats(span),
                    (false, _) if self.none(&[(other, !all), (node, all)]) => Why::Repeats(span),
                    (false, true) => Why::Implied(span),
                    (false, false) => Why::Covered(span),
                });
            }
        }
        None
    }

    /// True when certainly no event makes these true or false, as said.
    fn none(&mut self, wanted: &[(&Node<Test>, bool)]) -> bool {
        let mut atoms = Atoms::new(self.facts);
        let parts = wanted.iter().map(|&(node, holds)| atoms.formula(node, holds));
        let formula = Formula::All(parts.collect());
        let search = Search::new(&atoms, self.facts, &|_| true, &self.budget);
        search.run(&formula) == Found::None
    }
}

fn spelling(node: &Node<Test>) -> String {
    canonical::form(&Form::Json(node.clone()))
}
