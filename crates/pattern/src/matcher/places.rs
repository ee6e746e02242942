//! Where selectors lead in an event: one tree for all of them, and one pass over the event along it.

use std::collections::BTreeMap;

use crate::json::{Read, Scalar, Scanner};
use crate::tree::Step;

/// The places of an event that selectors lead to or through; the first is the root. `L` is what is asked at a
/// place, `W` what is known of a way to one.
///
/// Where a `.*` and a name both lead to a field, the two ways are merged, so that each byte is read once.
#[derive(Clone, Debug)]
pub(super) struct Places<L, W>(Vec<Place<L, W>>);

#[derive(Clone, Debug)]
struct Place<L, W> {
    keys: Vec<(String, Way<W>)>,
    /// For fields of other names.
    other_key: Option<Way<W>>,
    elements: Vec<(u64, Way<W>)>,
    /// For elements of other numbers.
    other_element: Option<Way<W>>,
    asked: L,
}

/// The way from a place to one within it.
#[derive(Clone, Debug)]
struct Way<W> {
    place: usize,
    about: W,
}

/// A question's number, and the steps of its selector that are still to go.
pub(super) type Track<'p> = (usize, &'p [Step]);

/// What becomes of the numbers of questions.
pub(super) struct Make<'f, L, W> {
    /// Of those at a place.
    pub(super) asked: &'f dyn Fn(Vec<usize>) -> L,
    /// Of those at a place and within it, and of those of them that come there by a wildcard.
    pub(super) way: &'f dyn Fn(&[Track<'_>], &[Track<'_>]) -> W,
}

/// Hears what a pass comes to.
pub(super) trait Listener<L, W> {
    type Before;
    /// It goes a way.
    fn enter(&mut self, way: &W) -> Self::Before;
    /// It is back.
    fn leave(&mut self, before: Self::Before);
    /// At a place there is an object or an array.
    fn container(&mut self, asked: &L);
    /// At a place there is a value, which ends before this byte of the event.
    fn scalar(&mut self, asked: &L, value: Scalar<'_>, end: usize);
    /// Perhaps a name stands twice in an object.
    fn twice(&mut self);
}

impl<L, W> Places<L, W> {
    pub(super) fn new(tracks: &[Track<'_>], make: &Make<'_, L, W>) -> Self {
        let mut places = Vec::new();
        place(&mut places, tracks, make);
        // Each was given its number before those within it were made.
        Self(places.into_iter().flatten().collect())
    }

    /// Goes over an event.
    pub(super) fn walk(&self, scanner: &mut Scanner<'_>, listener: &mut impl Listener<L, W>) -> Read<()> {
        // A number or a word alone is no event that has fields.
        if !matches!(scanner.peek()?, b'{' | b'[') {
            return Err(crate::json::NotJson);
        }
        self.visit(0, scanner, listener)
    }

    fn visit(&self, place: usize, scanner: &mut Scanner<'_>, listener: &mut impl Listener<L, W>) -> Read<()> {
        let place = &self.0[place];
        match scanner.peek()? {
            b'{' => {
                listener.container(&place.asked);
                if place.keys.is_empty() && place.other_key.is_none() {
                    return scanner.skip();
                }
                let (mut first, mut gone) = (true, 0_u64);
                while let Some(key) = scanner.member(&mut first)? {
                    let Some(at) = place.keys.iter().position(|(name, _)| key.is(name)) else {
                        self.go(place.other_key.as_ref(), scanner, listener)?;
                        continue;
                    };
                    let bit = 1 << (at % 64);
                    if gone & bit != 0 {
                        listener.twice();
                    }
                    gone |= bit;
                    self.go(Some(&place.keys[at].1), scanner, listener)?;
                }
                Ok(())
            }
            b'[' => {
                listener.container(&place.asked);
                if place.elements.is_empty() && place.other_element.is_none() {
                    return scanner.skip();
                }
                let mut first = true;
                let mut at = 0;
                while scanner.element(&mut first)? {
                    let numbered = place.elements.iter().find(|(n, _)| *n == at).map(|(_, way)| way);
                    self.go(numbered.or(place.other_element.as_ref()), scanner, listener)?;
                    at += 1;
                }
                Ok(())
            }
            _ => {
                let value = scanner.scalar()?;
                listener.scalar(&place.asked, value, scanner.at());
                Ok(())
            }
        }
    }

    fn go(
        &self,
        way: Option<&Way<W>>,
        scanner: &mut Scanner<'_>,
        listener: &mut impl Listener<L, W>,
    ) -> Read<()> {
        let Some(way) = way else {
            return scanner.skip();
        };
        let before = listener.enter(&way.about);
        self.visit(way.place, scanner, listener)?;
        listener.leave(before);
        Ok(())
    }
}

/// Builds the place that these tracks lead to, and all within it.
fn place<L, W>(places: &mut Vec<Option<Place<L, W>>>, tracks: &[Track<'_>], make: &Make<'_, L, W>) -> usize {
    let number = places.len();
    places.push(None);
    let mut asked = Vec::new();
    let mut keys: BTreeMap<&str, Vec<Track<'_>>> = BTreeMap::new();
    let mut elements: BTreeMap<u64, Vec<Track<'_>>> = BTreeMap::new();
    let (mut any_key, mut any_element) = (Vec::new(), Vec::new());
    for &(question, steps) in tracks {
        match steps.split_first() {
            None => asked.push(question),
            Some((Step::Key(key), rest)) => keys.entry(key).or_default().push((question, rest)),
            Some((Step::Index(at), rest)) => elements.entry(*at).or_default().push((question, rest)),
            Some((Step::AnyField, rest)) => any_key.push((question, rest)),
            Some((Step::AnyElement, rest)) => any_element.push((question, rest)),
        }
    }
    let mut way = |own: &[Track<'_>], any: &[Track<'_>]| {
        let all = [own, any].concat();
        Way {
            place: place(places, &all, make),
            about: (make.way)(&all, any),
        }
    };
    let made = Place {
        keys: keys
            .into_iter()
            .map(|(key, own)| (key.to_owned(), way(&own, &any_key)))
            .collect(),
        elements: elements
            .into_iter()
            .map(|(at, own)| (at, way(&own, &any_element)))
            .collect(),
        other_key: (!any_key.is_empty()).then(|| way(&[], &any_key)),
        other_element: (!any_element.is_empty()).then(|| way(&[], &any_element)),
        asked: (make.asked)(asked),
    };
    places[number] = Some(made);
    number
}
