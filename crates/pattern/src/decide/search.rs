//! The search for an event that makes a formula true.
//!
//! Conditions that must hold are gathered; what is left of each `||` is tried one operand after the
//! other, the shortest first. An operand that contradicts what is gathered is left out, and a `||`
//! that is true already is done: so most questions end without any trying.

use super::Found;
use super::budget::Budget;
use super::event;
use super::facts::Facts;
use super::formula::{Atoms, Formula, Literal};
use super::place::Asked;

/// A search for one formula.
pub(super) struct Search<'s, 'p> {
    atoms: &'s Atoms<'p>,
    facts: &'s Facts,
    /// True for an event that shows what is looked for.
    shows: &'s dyn Fn(&str) -> bool,
    budget: &'s Budget,
    /// True once something was passed over that may hold an event.
    doubt: bool,
}

/// What is known of each condition.
type Known = Vec<Option<bool>>;

/// What is left to be made true.
#[derive(Clone)]
struct Open<'s> {
    /// All of these.
    all: Vec<&'s Formula>,
    /// One at least of each of these.
    any: Vec<Vec<&'s Formula>>,
}

/// What is known of a formula.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    True,
    False,
    Open,
}

impl<'s, 'p> Search<'s, 'p> {
    pub(super) fn new(
        atoms: &'s Atoms<'p>,
        facts: &'s Facts,
        shows: &'s dyn Fn(&str) -> bool,
        budget: &'s Budget,
    ) -> Self {
        Self {
            atoms,
            facts,
            shows,
            budget,
            doubt: false,
        }
    }

    /// An event that makes the formula true.
    pub(super) fn run(mut self, formula: &'s Formula) -> Found<String> {
        let open = Open {
            all: vec![formula],
            any: Vec::new(),
        };
        match self.go(open, vec![None; self.atoms.all.len()]) {
            Some(event) => Found::One(event),
            // What was not tried for want of means may be one.
            None if self.doubt || self.budget.is_spent() => Found::Doubt,
            None => Found::None,
        }
    }

    fn go(&mut self, mut open: Open<'s>, mut known: Known) -> Option<String> {
        loop {
            self.gather(&mut open, &mut known)?;
            for choices in std::mem::take(&mut open.any) {
                let mut left = Vec::new();
                let mut is_true = false;
                for choice in choices {
                    match self.status(choice, &mut known) {
                        Status::True => is_true = true,
                        Status::False => {}
                        Status::Open => left.push(choice),
                    }
                }
                match left.as_slice() {
                    _ if is_true => {}
                    [] => return None,
                    [one] => open.all.push(one),
                    _ => open.any.push(left),
                }
            }
            if open.all.is_empty() {
                break;
            }
        }
        let shortest = (0..open.any.len()).min_by_key(|&at| open.any.get(at).map_or(0, Vec::len));
        let Some(shortest) = shortest else {
            return self.event(&known);
        };
        for choice in open.any.swap_remove(shortest) {
            let mut next = open.clone();
            next.all.push(choice);
            let found = self.go(next, known.clone());
            if found.is_some() || self.budget.is_spent() {
                return found;
            }
        }
        None
    }

    /// Takes down what must hold; `None` when that contradicts itself.
    fn gather(&mut self, open: &mut Open<'s>, known: &mut Known) -> Option<()> {
        let mut places = Vec::new();
        while let Some(formula) = open.all.pop() {
            match formula {
                Formula::All(parts) => open.all.extend(parts),
                Formula::Any(parts) => open.any.push(parts.iter().collect()),
                Formula::Literal(literal) => match known[literal.atom] {
                    Some(holds) if holds == literal.holds => {}
                    Some(_) => return None,
                    None => {
                        known[literal.atom] = Some(literal.holds);
                        places.push(self.atoms.all[literal.atom].place);
                    }
                },
            }
        }
        places.sort_unstable();
        places.dedup();
        places
            .into_iter()
            .all(|place| self.is_possible(place, known))
            .then_some(())
    }

    fn status(&mut self, formula: &Formula, known: &mut Known) -> Status {
        let (parts, all) = match formula {
            Formula::Literal(literal) => return self.literal(*literal, known),
            Formula::All(parts) => (parts, true),
            Formula::Any(parts) => (parts, false),
        };
        // One false operand decides `&&`, a true one `||`.
        let (decides, neutral) = match all {
            true => (Status::False, Status::True),
            false => (Status::True, Status::False),
        };
        let mut status = neutral;
        for part in parts {
            match self.status(part, known) {
                Status::Open => status = Status::Open,
                one if one == decides => return decides,
                _ => {}
            }
        }
        status
    }

    fn literal(&mut self, literal: Literal, known: &mut Known) -> Status {
        if let Some(holds) = known[literal.atom] {
            return if holds == literal.holds {
                Status::True
            } else {
                Status::False
            };
        }
        let place = self.atoms.all[literal.atom].place;
        let mut would_be = |holds: bool| {
            known[literal.atom] = Some(holds);
            let possible = self.is_possible(place, known);
            known[literal.atom] = None;
            possible
        };
        if !would_be(literal.holds) {
            Status::False
        } else if !would_be(!literal.holds) {
            Status::True
        } else {
            Status::Open
        }
    }

    /// False when what is known of a place certainly fits no value. Other places are not looked at.
    fn is_possible(&mut self, place: usize, known: &Known) -> bool {
        let spot = &self.atoms.spots[place];
        let held = |holds: bool| {
            spot.atoms
                .iter()
                .copied()
                .filter(move |&atom| known[atom] == Some(holds))
        };
        let mut asked = Asked::of(spot.kinds);
        held(false).for_each(|atom| asked.add(self.atoms.all[atom].is, false));
        if spot.wild {
            // Each that holds may do so of another value; those that do not hold, of none.
            return held(true).all(|atom| {
                let mut one = asked.clone();
                one.add(self.atoms.all[atom].is, true);
                one.possible(self.budget)
            });
        }
        held(true).for_each(|atom| asked.add(self.atoms.all[atom].is, true));
        asked.possible(self.budget)
    }

    /// An event in which all that is known is so.
    fn event(&mut self, known: &Known) -> Option<String> {
        match event::find(self.atoms, self.facts, known, self.shows, self.budget) {
            Found::One(event) => return Some(event),
            Found::None => {}
            Found::Doubt => self.doubt = true,
        }
        None
    }
}
