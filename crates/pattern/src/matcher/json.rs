//! One pass over an event decides all conditions of a pattern.

use super::places::{Listener, Make, Places, Track};
use super::{Operand, holds};
use crate::json::{Read, Scalar, Scanner};
use crate::tree::{Condition, Node, NodeKind, Test};

/// Conditions by number, a bit for each. A pattern of 1,024 characters has 146 at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bits([u64; 3]);

/// The most conditions that are kept in [`Bits`].
const MOST_TESTS: usize = 192;

impl Bits {
    fn of(tracks: &[Track<'_>]) -> Self {
        let mut bits = Self::default();
        tracks.iter().for_each(|(test, _)| bits.set(*test));
        bits
    }

    fn set(&mut self, at: usize) {
        self.0[at / 64] |= 1 << (at % 64);
    }

    fn has(self, at: usize) -> bool {
        self.0[at / 64] & (1 << (at % 64)) != 0
    }

    fn and(self, other: Self) -> Self {
        let [a, b, c] = self.0;
        let [x, y, z] = other.0;
        Self([a & x, b & y, c & z])
    }

    fn or(self, other: Self) -> Self {
        let [a, b, c] = self.0;
        let [x, y, z] = other.0;
        Self([a | x, b | y, c | z])
    }

    fn without(self, other: Self) -> Self {
        let [x, y, z] = other.0;
        self.and(Self([!x, !y, !z]))
    }
}

/// A pattern, prepared for events.
#[derive(Clone, Debug)]
pub(super) struct Program {
    places: Places<Vec<usize>, Within>,
    conditions: Vec<Condition>,
    formula: Node<usize>,
}

/// The conditions at a place and within it.
#[derive(Clone, Copy, Debug)]
struct Within {
    all: Bits,
    /// Those of them that come there by a wildcard: one value that fits is enough. For the others the last value
    /// counts, as a key may stand there twice.
    any: Bits,
}

impl Program {
    pub(super) fn new(node: &Node<Test>) -> Self {
        let tests = node.tests();
        debug_assert!(
            tests.len() <= MOST_TESTS,
            "more conditions than a pattern can hold"
        );
        let tracks: Vec<Track<'_>> = tests
            .iter()
            .enumerate()
            .map(|(at, test)| (at, test.selector.steps.as_slice()))
            .collect();
        let make = Make {
            asked: &|tests| tests,
            way: &|all, any| Within {
                all: Bits::of(all),
                any: Bits::of(any),
            },
        };
        Self {
            places: Places::new(&tracks, &make),
            conditions: tests.iter().map(|test| test.condition.clone()).collect(),
            formula: numbered(node, &mut 0),
        }
    }

    pub(super) fn is_match(&self, message: &[u8]) -> bool {
        match self.hits(message) {
            Ok(hits) => holds(&self.formula, &|&test: &usize| match self.conditions[test] {
                Condition::NotExists => !hits.has(test),
                _ => hits.has(test),
            }),
            Err(_) => false,
        }
    }

    /// The conditions that some value met; for `NOT EXISTS`, those that some value stands against.
    fn hits(&self, message: &[u8]) -> Read<Bits> {
        let mut scanner = Scanner::new(message)?;
        let mut hits = Hits {
            conditions: &self.conditions,
            bits: Bits::default(),
        };
        self.places.walk(&mut scanner, &mut hits)?;
        scanner.end()?;
        Ok(hits.bits)
    }
}

struct Hits<'p> {
    conditions: &'p [Condition],
    bits: Bits,
}

impl Listener<Vec<usize>, Within> for Hits<'_> {
    type Before = Bits;

    fn enter(&mut self, way: &Within) -> Bits {
        let before = self.bits.and(way.any);
        self.bits = self.bits.without(way.all);
        before
    }

    fn leave(&mut self, before: Bits) {
        self.bits = self.bits.or(before);
    }

    /// A container is there, and meets no other condition.
    fn container(&mut self, tests: &Vec<usize>) {
        for &test in tests {
            if self.conditions[test] == Condition::NotExists {
                self.bits.set(test);
            }
        }
    }

    fn scalar(&mut self, tests: &Vec<usize>, value: Scalar<'_>, _end: usize) {
        for &test in tests {
            if meets(&self.conditions[test], value) {
                self.bits.set(test);
            }
        }
    }

    /// What a name said before is forgotten whenever it is entered.
    fn twice(&mut self) {}
}

/// True when a value meets a condition; for `NOT EXISTS`, when it stands against it.
pub(super) fn meets(condition: &Condition, value: Scalar<'_>) -> bool {
    match (condition, value) {
        (Condition::NotExists, _)
        | (Condition::IsNull, Scalar::Null)
        | (Condition::IsTrue, Scalar::True)
        | (Condition::IsFalse, Scalar::False) => true,
        (Condition::Compare(compare), Scalar::String(text)) => compare.holds(Operand::String(&text.text())),
        (Condition::Compare(compare), Scalar::Number(text)) => compare.holds(Operand::Number(text)),
        _ => false,
    }
}

/// The same formula over the numbers of its conditions.
pub(super) fn numbered(node: &Node<Test>, next: &mut usize) -> Node<usize> {
    let mut inner = |nodes: &[Node<Test>]| nodes.iter().map(|node| numbered(node, next)).collect();
    let kind = match &node.kind {
        NodeKind::All(nodes) => NodeKind::All(inner(nodes)),
        NodeKind::Any(nodes) => NodeKind::Any(inner(nodes)),
        NodeKind::Test(_) => {
            *next += 1;
            NodeKind::Test(*next - 1)
        }
    };
    Node {
        span: node.span.clone(),
        grouped: node.grouped,
        kind,
    }
}
