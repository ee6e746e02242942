//! The places of an event as a tree, and the plainest event that fits it.
//!
//! The tree is decided from its leaves: what is no container has nothing within it, objects have
//! fields, arrays have elements without gaps. This is exact.

use std::collections::BTreeMap;

use crate::tree::Step;

use super::Found;
use super::budget::Budget;
use super::formula::Is;
use super::json::Json;
use super::place::{Asked, Kinds};

/// Arrays are made no longer.
const MOST_ELEMENTS: u64 = 256;

/// A place in an event, with what is asked of it and within it.
#[derive(Debug)]
pub(super) struct Place<'p> {
    pub(super) asked: Asked<'p>,
    /// The text that is usual here: the place is rather filled than left out.
    pub(super) usual: Option<&'static str>,
    /// By name, in the order in which they are written.
    pub(super) fields: Vec<(String, Place<'p>)>,
    /// All from the first to the last that something is asked of.
    elements: BTreeMap<u64, Place<'p>>,
}

impl<'p> Place<'p> {
    pub(super) fn of(kinds: Kinds) -> Self {
        Self {
            asked: Asked::of(kinds),
            usual: None,
            fields: Vec::new(),
            elements: BTreeMap::new(),
        }
    }

    /// The place that steps lead to, made where it is not there. `None` for elements far out.
    pub(super) fn at(&mut self, steps: &[Step]) -> Option<&mut Self> {
        let Some((step, rest)) = steps.split_first() else {
            return Some(self);
        };
        match step {
            Step::Key(name) => {
                let known = self.fields.iter().position(|(other, _)| other == name);
                let at = known.unwrap_or_else(|| {
                    self.fields.push((name.clone(), Self::of(Kinds::ALL)));
                    self.fields.len() - 1
                });
                self.fields.get_mut(at)?.1.at(rest)
            }
            Step::Index(at) if *at < MOST_ELEMENTS => {
                for between in 0..=*at {
                    self.elements
                        .entry(between)
                        .or_insert_with(|| Self::of(Kinds::ALL));
                }
                self.elements.get_mut(at)?.at(rest)
            }
            Step::Index(_) | Step::AnyElement | Step::AnyField => None,
        }
    }

    /// Lets a condition hold of no place that steps with wildcards lead to.
    pub(super) fn forbid(&mut self, steps: &[Step], is: Is<'p>) {
        let Some((step, rest)) = steps.split_first() else {
            self.asked.add(is, false);
            return;
        };
        let fields = self.fields.iter_mut();
        match step {
            Step::AnyField => fields.for_each(|(_, place)| place.forbid(rest, is)),
            Step::Key(name) => fields
                .filter(|(other, _)| other == name)
                .for_each(|(_, place)| place.forbid(rest, is)),
            Step::AnyElement => self
                .elements
                .values_mut()
                .for_each(|place| place.forbid(rest, is)),
            Step::Index(at) => {
                if let Some(place) = self.elements.get_mut(at) {
                    place.forbid(rest, is);
                }
            }
        }
    }

    fn can_be_missing(&self) -> bool {
        self.asked.kinds.meets(Kinds::MISSING) && self.can_be_empty()
    }

    /// True when nothing has to stand within it.
    fn can_be_empty(&self) -> bool {
        self.fields.iter().all(|(_, place)| place.can_be_missing())
            && self.elements.values().all(Self::can_be_missing)
    }

    /// A value for this place, the plainest that fits.
    pub(super) fn present(&self, budget: &Budget) -> Found<Json> {
        let mut doubt = false;
        let mut kinds = vec![
            Kinds::STRING,
            Kinds::NUMBER,
            Kinds::TRUE,
            Kinds::FALSE,
            Kinds::NULL,
            Kinds::OBJECT,
            Kinds::ARRAY,
        ];
        if self.asked.is_free() && self.usual.is_none() {
            kinds.insert(0, Kinds::NULL);
        }
        let is_empty = self.can_be_empty();
        for kind in kinds {
            if !self.asked.kinds.meets(kind) {
                continue;
            }
            let found = match kind {
                Kinds::OBJECT => self.object(budget),
                Kinds::ARRAY => self.array(budget),
                _ if !is_empty => Found::None,
                Kinds::STRING => map(self.asked.string(self.usual), Json::String),
                Kinds::NUMBER => map(self.asked.number(budget), Json::Number),
                Kinds::TRUE => Found::One(Json::True),
                Kinds::FALSE => Found::One(Json::False),
                _ => Found::One(Json::Null),
            };
            match found {
                Found::One(json) => return Found::One(json),
                Found::Doubt => doubt = true,
                Found::None => {}
            }
        }
        if doubt { Found::Doubt } else { Found::None }
    }

    fn object(&self, budget: &Budget) -> Found<Json> {
        if !self.elements.values().all(Self::can_be_missing) {
            return Found::None;
        }
        let mut fields = Vec::new();
        let mut doubt = false;
        for (name, place) in &self.fields {
            let optional = place.can_be_missing();
            if optional && place.usual.is_none() {
                continue;
            }
            match place.present(budget) {
                Found::One(json) => fields.push((name.clone(), json)),
                _ if optional => {}
                Found::None => return Found::None,
                Found::Doubt => doubt = true,
            }
        }
        if doubt {
            Found::Doubt
        } else {
            Found::One(Json::Object(fields))
        }
    }

    /// The shortest array: a longer one would only have to have more.
    fn array(&self, budget: &Budget) -> Found<Json> {
        if !self.fields.iter().all(|(_, place)| place.can_be_missing()) {
            return Found::None;
        }
        let mut elements = Vec::new();
        let mut doubt = false;
        let last = self.elements.iter().rfind(|(_, place)| !place.can_be_missing());
        let length = last.map_or(0, |(at, _)| at + 1);
        for (_, place) in self.elements.range(..length) {
            match place.present(budget) {
                Found::One(json) => elements.push(json),
                Found::None => return Found::None,
                Found::Doubt => doubt = true,
            }
        }
        if doubt {
            Found::Doubt
        } else {
            Found::One(Json::Array(elements))
        }
    }
}

fn map<T>(found: Found<T>, to: fn(T) -> Json) -> Found<Json> {
    match found {
        Found::One(value) => Found::One(to(value)),
        Found::None => Found::None,
        Found::Doubt => Found::Doubt,
    }
}
