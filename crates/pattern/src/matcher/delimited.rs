use std::ops::Range;

use super::{Operand, holds};
use crate::tree::{Comparison, Field, FieldKind, Node};

/// The entries of a `[ ... ]` pattern, before and after its `...`.
#[derive(Clone, Debug)]
pub(super) struct Line {
    before: Vec<Option<Node<Comparison>>>,
    /// `None` without an ellipsis.
    after: Option<Vec<Option<Node<Comparison>>>>,
}

impl Line {
    pub(super) fn new(fields: &[Field]) -> Self {
        let mut before = Vec::new();
        let mut after: Option<Vec<_>> = None;
        for field in fields {
            match &field.kind {
                FieldKind::Ellipsis => after = Some(Vec::new()),
                FieldKind::Word { condition, .. } => {
                    after.as_mut().unwrap_or(&mut before).push(condition.clone());
                }
            }
        }
        Self { before, after }
    }

    pub(super) fn is_match(&self, message: &[u8]) -> bool {
        if self.before.is_empty() && self.after.is_none() {
            return true;
        }
        let words: Vec<&[u8]> = words(message).into_iter().map(|range| &message[range]).collect();
        let fit = |entries: &[Option<Node<Comparison>>], words: &[&[u8]]| {
            let one = |(entry, word): (&Option<Node<Comparison>>, &&[u8])| {
                entry.as_ref().is_none_or(|node| {
                    holds(node, &|compare: &Comparison| compare.holds(Operand::Word(word)))
                })
            };
            entries.iter().zip(words).all(one)
        };
        let count = self.before.len();
        match &self.after {
            None => {
                // More words than entries: the last one takes them all, if nothing is asked of it.
                let takes_rest = self.before.last().is_some_and(Option::is_none);
                (words.len() == count || (words.len() > count && takes_rest)) && fit(&self.before, &words)
            }
            Some(after) => {
                words.len() >= count + after.len()
                    && fit(&self.before, &words)
                    && fit(after, &words[words.len() - after.len()..])
            }
        }
    }
}

/// The words of a message: what stands between blanks. What stands in `[...]` or `"..."` is one
/// word without these, if a blank or the end follows.
pub(crate) fn words(message: &[u8]) -> Vec<Range<usize>> {
    let is_blank = |at: usize| message.get(at).is_none_or(u8::is_ascii_whitespace);
    let mut words = Vec::new();
    // The next `]` and the next `"`, kept: to look for them again and again would take time in the
    // square of the length.
    let mut closers = [(b']', 0), (b'"', 0)];
    let mut next = |closer: usize, from: usize| {
        let (byte, at) = &mut closers[closer];
        if *at < from {
            *at = memchr::memchr(*byte, &message[from..]).map_or(message.len(), |length| from + length);
        }
        *at
    };
    let mut at = 0;
    while at < message.len() {
        if is_blank(at) {
            at += 1;
            continue;
        }
        let close = match message[at] {
            b'[' => next(0, at + 1),
            b'"' => next(1, at + 1),
            _ => message.len(),
        };
        if close < message.len() && is_blank(close + 1) {
            words.push(at + 1..close);
            at = close + 1;
            continue;
        }
        let end = (at..message.len())
            .find(|&end| is_blank(end))
            .unwrap_or(message.len());
        words.push(at..end);
        at = end;
    }
    words
}
