//! The spellings of JSON numbers, gone through from the shortest.
//!
//! What a text begins with, ends with, holds and is can be followed character by character in few
//! states. So can the grammar of numbers. Going through all states that the two have together shows
//! that there is no spelling, or comes upon one.

use std::collections::{HashMap, VecDeque};

use crate::tree::Shape;

use super::budget::Budget;
use super::text::Wants;

/// What the walk came to.
pub(super) enum Walk {
    /// A spelling that was taken.
    Found(String),
    /// No number is spelt so.
    Nothing,
    /// Some are, but none that was taken; or there was too much to go through.
    Unsure,
}

/// The characters of numbers.
const ALPHABET: &[u8] = b"0123456789.-eE+";
/// How often a state is gone on from. Once would do to see whether there is a spelling; for those
/// that have the right value, too, the digits need some room.
const ROUNDS: u8 = 12;
/// The most steps.
const STEPS: usize = 1500;
/// The most characters of all texts together.
const CHARS: usize = 256;

/// How much of a number is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Grammar {
    Start,
    Minus,
    Zero,
    Whole,
    Point,
    Fraction,
    Power,
    PowerSign,
    PowerDigits,
}

impl Grammar {
    fn step(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Start, b'-') => Self::Minus,
            (Self::Start | Self::Minus, b'0') => Self::Zero,
            (Self::Start | Self::Minus, b'1'..=b'9') | (Self::Whole, b'0'..=b'9') => Self::Whole,
            (Self::Zero | Self::Whole, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Whole | Self::Fraction, b'e' | b'E') => Self::Power,
            (Self::Power, b'+' | b'-') => Self::PowerSign,
            (Self::Power | Self::PowerSign | Self::PowerDigits, b'0'..=b'9') => Self::PowerDigits,
            _ => return None,
        })
    }

    fn is_complete(self) -> bool {
        matches!(
            self,
            Self::Zero | Self::Whole | Self::Fraction | Self::PowerDigits
        )
    }
}

/// True for a number as JSON spells it.
pub(super) fn is_number(text: &str) -> bool {
    text.bytes()
        .try_fold(Grammar::Start, Grammar::step)
        .is_some_and(Grammar::is_complete)
}

/// A text that is followed.
struct Track<'t> {
    shape: Shape,
    text: &'t [u8],
    wanted: bool,
}

/// More of a text than it has: it is not equal any more.
const LOST: usize = usize::MAX;

impl Track<'_> {
    /// How many of the text's characters have been met, after one more.
    fn step(&self, met: usize, byte: u8) -> usize {
        let text = self.text;
        match self.shape {
            Shape::Any => 0,
            Shape::Starts | Shape::Contains if met == text.len() => met,
            Shape::Exact | Shape::Starts => match text.get(met) {
                Some(&next) if next == byte => met + 1,
                _ => LOST,
            },
            Shape::Contains | Shape::Ends => {
                // The longest beginning of the text that what has come now ends with.
                let came = |length: usize| {
                    text.get(..length).is_some_and(|start| match start.split_last() {
                        Some((last, before)) => {
                            *last == byte && text.get(..met).is_some_and(|met| met.ends_with(before))
                        }
                        None => true,
                    })
                };
                (0..=met + 1)
                    .rev()
                    .find(|&length| came(length))
                    .unwrap_or_default()
            }
        }
    }

    fn is_met(&self, met: usize) -> bool {
        self.shape == Shape::Any || met == self.text.len()
    }

    /// True when nothing that may follow puts it right.
    fn is_hopeless(&self, met: usize) -> bool {
        match self.shape {
            Shape::Any => !self.wanted,
            Shape::Exact => self.wanted && met == LOST,
            Shape::Starts => (self.wanted && met == LOST) || (!self.wanted && self.is_met(met)),
            Shape::Contains => !self.wanted && self.is_met(met),
            Shape::Ends => false,
        }
    }
}

/// Goes through the spellings that have the texts that are asked for, and returns the first that
/// is taken.
pub(super) fn walk(wants: &Wants<'_>, budget: &Budget, takes: impl Fn(&str) -> bool) -> Walk {
    let mut tracks = Vec::new();
    for (text, wanted) in &wants.texts {
        match text.text.bytes().all(|byte| ALPHABET.contains(&byte)) {
            true => tracks.push(Track {
                shape: text.shape,
                text: text.text.as_bytes(),
                wanted: *wanted,
            }),
            false if *wanted => return Walk::Nothing,
            false => {}
        }
    }
    if tracks.iter().map(|track| track.text.len()).sum::<usize>() > CHARS {
        return Walk::Unsure;
    }
    let mut rounds: HashMap<(Grammar, Vec<usize>), u8> = HashMap::new();
    let mut queue = VecDeque::from([(Grammar::Start, vec![0; tracks.len()], String::new())]);
    let (mut any, mut steps) = (false, 0);
    while let Some((grammar, met, word)) = queue.pop_front() {
        let mut pairs = tracks.iter().zip(&met);
        if grammar.is_complete() && pairs.all(|(track, met)| track.is_met(*met) == track.wanted) {
            if takes(&word) {
                return Walk::Found(word);
            }
            any = true;
        }
        let round = rounds.entry((grammar, met.clone())).or_default();
        if *round == ROUNDS {
            continue;
        }
        *round += 1;
        steps += 1;
        budget.spend(ALPHABET.len() * (1 + tracks.len()));
        if steps > STEPS || budget.is_spent() {
            return Walk::Unsure;
        }
        for &byte in ALPHABET {
            let Some(grammar) = grammar.step(byte) else {
                continue;
            };
            let met: Vec<usize> = tracks
                .iter()
                .zip(&met)
                .map(|(track, met)| track.step(*met, byte))
                .collect();
            if tracks
                .iter()
                .zip(&met)
                .any(|(track, met)| track.is_hopeless(*met))
            {
                continue;
            }
            queue.push_back((grammar, met, format!("{word}{}", char::from(byte))));
        }
    }
    match any {
        true => Walk::Unsure,
        false => Walk::Nothing,
    }
}
