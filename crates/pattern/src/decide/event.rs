//! From conditions that all hold to an event.
//!
//! The places that conditions are on are laid into a tree (`Place`). What no value that a `[*]` or
//! `.*` leads to meets, none of the tree does. What one of them meets, either one does that something
//! else is asked of, or a further one; each is tried. So wildcards are exact as well.

use crate::tree::Step;

use super::Found;
use super::budget::Budget;
use super::facts::{Facts, Sort};
use super::formula::{Atoms, Is};
use super::layout::Place;
use super::place::Kinds;

/// What one tree costs, beside its conditions.
const TREE: usize = 16;

/// A condition on places, which are one without wildcards.
#[derive(Clone, Debug)]
struct Demand<'p> {
    steps: Vec<Step>,
    is: Is<'p>,
    holds: bool,
}

/// An event in which the known conditions are as they are known to be, and that shows what is
/// looked for.
pub(super) fn find(
    atoms: &Atoms<'_>,
    facts: &Facts,
    known: &[Option<bool>],
    shows: &dyn Fn(&str) -> bool,
    budget: &Budget,
) -> Found<String> {
    let (mut one, mut some, mut none) = (Vec::new(), Vec::new(), Vec::new());
    for (atom, holds) in atoms.all.iter().zip(known) {
        let Some(holds) = *holds else { continue };
        let spot = &atoms.spots[atom.place];
        let demand = Demand {
            steps: spot.steps.to_vec(),
            is: atom.is,
            holds,
        };
        match (spot.wild, holds) {
            (false, _) => one.push(demand),
            (true, true) => some.push(demand),
            (true, false) => none.push(demand),
        }
    }
    let mut maker = Maker {
        facts,
        none,
        shows,
        budget,
    };
    // Each of the demands is necessary, and exact alone. Together they are, too, unless the way to
    // one leads through the wildcard of another: then they may meet in ways that are not tried.
    for demand in &some {
        if maker.place(&mut one.clone(), std::slice::from_ref(demand), false) == Found::None {
            return Found::None;
        }
    }
    match maker.place(&mut one, &some, true) {
        Found::None if is_tangled(&some) => Found::Doubt,
        found => found,
    }
}

/// True when a wildcard leads to what a step leads to.
fn stands_for(wildcard: &Step, step: &Step) -> bool {
    matches!(
        (wildcard, step),
        (Step::AnyField, Step::Key(_)) | (Step::AnyElement, Step::Index(_))
    )
}

/// True when the way to the wildcard of one demand leads through that of another.
fn is_tangled(some: &[Demand<'_>]) -> bool {
    let wildcard = |demand: &Demand<'_>| {
        demand
            .steps
            .iter()
            .position(Step::is_wildcard)
            .unwrap_or_default()
    };
    some.iter().any(|outer| {
        let at = wildcard(outer);
        some.iter().any(|inner| {
            wildcard(inner) > at
                && inner.steps.starts_with(&outer.steps[..at])
                && stands_for(&outer.steps[at], &inner.steps[at])
        })
    })
}

struct Maker<'a, 'p> {
    facts: &'a Facts,
    /// What no value meets.
    none: Vec<Demand<'p>>,
    shows: &'a dyn Fn(&str) -> bool,
    budget: &'a Budget,
}

impl<'p> Maker<'_, 'p> {
    /// Puts the demands in `some` to every place that they can have, until there is an event.
    /// Without `show` any event will do.
    fn place(&mut self, one: &mut Vec<Demand<'p>>, some: &[Demand<'p>], show: bool) -> Found<String> {
        let Some((demand, rest)) = some.split_first() else {
            return self.event(one, show);
        };
        let Some(at) = demand.steps.iter().position(Step::is_wildcard) else {
            return Found::Doubt;
        };
        let mut doubt = false;
        for step in self.choices(one, &demand.steps, at) {
            let Some(step) = step else {
                doubt = true;
                continue;
            };
            let mut demand = demand.clone();
            demand.steps[at] = step;
            one.push(demand);
            let found = self.place(one, rest, show);
            one.pop();
            match found {
                Found::One(event) => return Found::One(event),
                Found::Doubt => doubt = true,
                Found::None => {}
            }
        }
        if doubt { Found::Doubt } else { Found::None }
    }

    /// The steps that the wildcard at `at` can stand for: those that something is asked of, and one
    /// further, as all others are alike. `None` stands for those that are too many.
    fn choices(&self, one: &[Demand<'p>], steps: &[Step], at: usize) -> Vec<Option<Step>> {
        let (before, wildcard) = (&steps[..at], &steps[at]);
        let is_beside = |demand: &&Demand<'p>| {
            let mut pairs = demand.steps.iter().zip(before);
            demand.steps.len() > at && pairs.all(|(step, other)| step == other || stands_for(step, other))
        };
        let mut siblings: Vec<&Step> = one
            .iter()
            .chain(&self.none)
            .filter(is_beside)
            .filter_map(|demand| demand.steps.get(at))
            .collect();
        siblings.sort();
        siblings.dedup();
        if *wildcard == Step::AnyElement {
            let last = siblings.iter().filter_map(|step| match step {
                Step::Index(at) => Some(*at),
                _ => None,
            });
            let next = last.max().map_or(0, |last| last.saturating_add(1));
            let mut choices: Vec<_> = (0..=next.min(16)).map(|at| Some(Step::Index(at))).collect();
            if next > 16 {
                choices.push(None);
            }
            return choices;
        }
        let mut names: Vec<&str> = siblings
            .iter()
            .filter_map(|step| match step {
                Step::Key(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        match before {
            [] => names.extend(self.facts.fields().iter().map(|field| field.name)),
            [Step::Key(top)] => names.extend(usual_field(self.facts, top).map(|(name, _)| name)),
            _ => {}
        }
        let mut fresh = "field".to_owned();
        while names.contains(&fresh.as_str()) {
            fresh.push('x');
        }
        let mut choices = vec![Some(Step::Key(fresh))];
        choices.extend(names.into_iter().map(|name| Some(Step::Key(name.to_owned()))));
        choices
    }

    fn event(&mut self, demands: &[Demand<'p>], show: bool) -> Found<String> {
        self.budget.spend(TREE + demands.len() * (1 + self.none.len()));
        if self.budget.is_spent() {
            return Found::Doubt;
        }
        let mut root = Place::of(self.facts.kinds(&[]));
        self.lay_facts(&mut root);
        let mut is_whole = true;
        for demand in demands {
            match root.at(&demand.steps) {
                Some(place) => place.asked.add(demand.is, demand.holds),
                // Too far out in an array; only that nothing is there is sure to be so.
                None => is_whole &= !demand.holds,
            }
        }
        for demand in &self.none {
            root.forbid(&demand.steps, demand.is);
        }
        match root.present(self.budget) {
            Found::One(json) => match json.to_string() {
                event if is_whole && (!show || (self.shows)(&event)) => Found::One(event),
                _ => Found::Doubt,
            },
            Found::None => Found::None,
            Found::Doubt => Found::Doubt,
        }
    }

    fn lay_facts(&self, root: &mut Place<'p>) {
        for field in self.facts.fields() {
            let mut place = Place::of(self.facts.kinds(&[Step::Key(field.name.to_owned())]));
            match field.sort {
                Sort::Text(usual) => place.usual = Some(usual),
                Sort::Object(name, usual) => {
                    let mut inner = Place::of(Kinds::ALL);
                    inner.usual = Some(usual);
                    place.fields.push((name.to_owned(), inner));
                }
            }
            root.fields.push((field.name.to_owned(), place));
        }
    }
}

/// The field that an object which is always there usually has.
fn usual_field(facts: &Facts, top: &str) -> Option<(&'static str, &'static str)> {
    facts.fields().iter().find_map(|field| match field.sort {
        Sort::Object(name, usual) if field.name == top => Some((name, usual)),
        _ => None,
    })
}
