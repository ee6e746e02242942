//! Formulas over numbered conditions, without negation but at the conditions themselves.

use std::collections::HashMap;

use crate::canonical;
use crate::tree::{Comparison, Condition, Node, NodeKind, Selector, Step, Test};

use super::facts::Facts;
use super::place::Kinds;

/// What a condition says of the value at a place.
///
/// With a `[*]` or `.*` in the way it says so of one value at least, so all of these are read as
/// "there is one such value", and `NOT EXISTS` is the negation of [`Is::There`].
#[derive(Clone, Copy, Debug)]
pub(super) enum Is<'p> {
    There,
    Null,
    True,
    False,
    Compared(&'p Comparison),
}

/// A condition on a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Atom<'p> {
    /// The number of its place.
    pub(super) place: usize,
    pub(super) is: Is<'p>,
}

/// A place that conditions are on.
#[derive(Clone, Debug)]
pub(super) struct Spot<'p> {
    pub(super) steps: &'p [Step],
    /// True where `[*]` or `.*` leads to several.
    pub(super) wild: bool,
    /// What can be there, whatever the pattern says.
    pub(super) kinds: Kinds,
    /// The numbers of the conditions on it.
    pub(super) atoms: Vec<usize>,
}

/// A condition that holds, or does not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Literal {
    pub(super) atom: usize,
    pub(super) holds: bool,
}

/// A formula over [`Literal`]s.
#[derive(Clone, Debug)]
pub(super) enum Formula {
    Literal(Literal),
    All(Vec<Formula>),
    Any(Vec<Formula>),
}

/// The conditions of one question, each once.
#[derive(Debug)]
pub(super) struct Atoms<'p> {
    facts: Facts,
    pub(super) all: Vec<Atom<'p>>,
    pub(super) spots: Vec<Spot<'p>>,
    by_spelling: HashMap<String, Literal>,
    by_selector: HashMap<String, usize>,
}

impl<'p> Atoms<'p> {
    pub(super) fn new(facts: &Facts) -> Self {
        Self {
            facts: *facts,
            all: Vec::new(),
            spots: Vec::new(),
            by_spelling: HashMap::new(),
            by_selector: HashMap::new(),
        }
    }

    /// The formula of a pattern, or of its negation.
    pub(super) fn formula(&mut self, node: &'p Node<Test>, holds: bool) -> Formula {
        let (nodes, all) = match &node.kind {
            NodeKind::Test(test) => {
                let mut literal = self.literal(test);
                literal.holds ^= !holds;
                return Formula::Literal(literal);
            }
            NodeKind::All(nodes) => (nodes, holds),
            NodeKind::Any(nodes) => (nodes, !holds),
        };
        let parts = nodes.iter().map(|node| self.formula(node, holds));
        match all {
            true => Formula::All(parts.collect()),
            false => Formula::Any(parts.collect()),
        }
    }

    /// Conditions that are spelt alike are one.
    fn literal(&mut self, test: &'p Test) -> Literal {
        let spelling = canonical::test(test);
        if let Some(literal) = self.by_spelling.get(&spelling) {
            return *literal;
        }
        let place = self.place(&test.selector);
        let atom = self.all.len();
        let (is, holds) = match &test.condition {
            Condition::Compare(compare) => (Is::Compared(compare), true),
            Condition::IsNull => (Is::Null, true),
            Condition::IsTrue => (Is::True, true),
            Condition::IsFalse => (Is::False, true),
            Condition::NotExists => (Is::There, false),
        };
        self.all.push(Atom { place, is });
        self.spots[place].atoms.push(atom);
        let literal = Literal { atom, holds };
        self.by_spelling.insert(spelling, literal);
        literal
    }

    fn place(&mut self, selector: &'p Selector) -> usize {
        let number = self.spots.len();
        let known = *self.by_selector.entry(selector.to_string()).or_insert(number);
        if known == number {
            self.spots.push(Spot {
                steps: &selector.steps,
                wild: selector.has_wildcard(),
                kinds: self.facts.kinds(&selector.steps),
                atoms: Vec::new(),
            });
        }
        known
    }
}
