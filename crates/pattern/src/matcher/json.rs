//! One pass over an event decides all conditions of a pattern.
//!
//! The selectors become a tree of what to look for in which container. Where a `.*` and a name both
//! lead to a field, the two ways are merged beforehand, so that each byte is read once.

use std::collections::BTreeMap;

use super::{Operand, holds};
use crate::json::{Read, Scalar, Scanner};
use crate::tree::{Condition, Node, NodeKind, Step, Test};

/// Conditions by number, a bit for each. A pattern of 1,024 characters has 146 at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bits([u64; 3]);

/// The most conditions that are kept in [`Bits`].
const MOST_TESTS: usize = 192;

impl Bits {
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
    /// The places; the first is the root.
    places: Vec<Place>,
    conditions: Vec<Condition>,
    formula: Node<usize>,
}

/// A place in an event that selectors lead to or through.
#[derive(Clone, Debug, Default)]
struct Place {
    keys: Vec<(String, Way)>,
    /// For fields of other names.
    other_key: Option<Way>,
    elements: Vec<(u64, Way)>,
    /// For elements of other numbers.
    other_element: Option<Way>,
    /// The conditions on the value at this place.
    tests: Vec<usize>,
}

/// The way from a place to one within it.
#[derive(Clone, Copy, Debug)]
struct Way {
    place: usize,
    /// The conditions at that place and within it.
    all: Bits,
    /// Those of them that come by a wildcard here: one value that fits is enough. For the others
    /// the last value counts, as a key may stand there twice.
    any: Bits,
}

/// A condition's number, and the steps of its selector that are still to go.
type Track<'p> = (usize, &'p [Step]);

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
        let mut program = Self {
            places: Vec::new(),
            conditions: tests.iter().map(|test| test.condition.clone()).collect(),
            formula: numbered(node, &mut 0),
        };
        program.place(&tracks);
        program
    }

    /// Builds the place that these tracks lead to, and all within it.
    fn place(&mut self, tracks: &[Track<'_>]) -> usize {
        let number = self.places.len();
        let mut place = Place::default();
        self.places.push(Place::default());
        let mut keys: BTreeMap<&str, Vec<Track<'_>>> = BTreeMap::new();
        let mut elements: BTreeMap<u64, Vec<Track<'_>>> = BTreeMap::new();
        let (mut any_key, mut any_element) = (Vec::new(), Vec::new());
        for &(test, steps) in tracks {
            match steps.split_first() {
                None => place.tests.push(test),
                Some((Step::Key(key), rest)) => keys.entry(key).or_default().push((test, rest)),
                Some((Step::Index(at), rest)) => elements.entry(*at).or_default().push((test, rest)),
                Some((Step::AnyField, rest)) => any_key.push((test, rest)),
                Some((Step::AnyElement, rest)) => any_element.push((test, rest)),
            }
        }
        place.keys = keys
            .into_iter()
            .map(|(key, own)| (key.to_owned(), self.way(&own, &any_key)))
            .collect();
        place.elements = elements
            .into_iter()
            .map(|(at, own)| (at, self.way(&own, &any_element)))
            .collect();
        place.other_key = (!any_key.is_empty()).then(|| self.way(&[], &any_key));
        place.other_element = (!any_element.is_empty()).then(|| self.way(&[], &any_element));
        self.places[number] = place;
        number
    }

    fn way(&mut self, own: &[Track<'_>], any: &[Track<'_>]) -> Way {
        let bits = |tracks: &[Track<'_>]| {
            let mut bits = Bits::default();
            tracks.iter().for_each(|(test, _)| bits.set(*test));
            bits
        };
        let tracks = [own, any].concat();
        Way {
            place: self.place(&tracks),
            all: bits(&tracks),
            any: bits(any),
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
        let mut hits = Bits::default();
        // A number or a word alone is no event that has fields.
        if !matches!(scanner.peek()?, b'{' | b'[') {
            return Err(crate::json::NotJson);
        }
        self.visit(0, &mut scanner, &mut hits)?;
        scanner.end()?;
        Ok(hits)
    }

    fn visit(&self, place: usize, scanner: &mut Scanner<'_>, hits: &mut Bits) -> Read<()> {
        let place = &self.places[place];
        match scanner.peek()? {
            b'{' => {
                self.exists(place, hits);
                if place.keys.is_empty() && place.other_key.is_none() {
                    return scanner.skip();
                }
                let mut first = true;
                while let Some(key) = scanner.member(&mut first)? {
                    let named = place
                        .keys
                        .iter()
                        .find(|(name, _)| key.is(name))
                        .map(|(_, way)| way);
                    self.go(named.or(place.other_key.as_ref()), scanner, hits)?;
                }
                Ok(())
            }
            b'[' => {
                self.exists(place, hits);
                if place.elements.is_empty() && place.other_element.is_none() {
                    return scanner.skip();
                }
                let mut first = true;
                let mut at = 0;
                while scanner.element(&mut first)? {
                    let numbered = place.elements.iter().find(|(n, _)| *n == at).map(|(_, way)| way);
                    self.go(numbered.or(place.other_element.as_ref()), scanner, hits)?;
                    at += 1;
                }
                Ok(())
            }
            _ => {
                let value = scanner.scalar()?;
                for &test in &place.tests {
                    if meets(&self.conditions[test], value) {
                        hits.set(test);
                    }
                }
                Ok(())
            }
        }
    }

    fn go(&self, way: Option<&Way>, scanner: &mut Scanner<'_>, hits: &mut Bits) -> Read<()> {
        let Some(way) = way else {
            return scanner.skip();
        };
        let before = hits.and(way.any);
        *hits = hits.without(way.all);
        self.visit(way.place, scanner, hits)?;
        *hits = hits.or(before);
        Ok(())
    }

    /// A container is there, and meets no other condition.
    fn exists(&self, place: &Place, hits: &mut Bits) {
        for &test in &place.tests {
            if self.conditions[test] == Condition::NotExists {
                hits.set(test);
            }
        }
    }
}

/// True when a value meets a condition; for `NOT EXISTS`, when it stands against it.
fn meets(condition: &Condition, value: Scalar<'_>) -> bool {
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
fn numbered(node: &Node<Test>, next: &mut usize) -> Node<usize> {
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
