//! What can be told of a regular expression by looking at it.

use crate::tree::{Shape, Text};

/// One of the alternatives of an expression.
#[derive(Default)]
struct Branch {
    /// `^` at its front.
    begins: bool,
    /// `$` at its end.
    ends: bool,
    pieces: Vec<Piece>,
    /// False when there is more to it than was understood.
    plain: bool,
}

/// A character that is found, and how often at least.
struct Piece {
    sample: char,
    least: usize,
}

/// Longer samples are not tried.
const MOST_CHARS: usize = 4096;

/// The text that finds the same: for expressions of literal characters, with or without anchors.
pub(super) fn plain(source: &str) -> Option<Text> {
    let branches = branches(source);
    let [branch] = branches.as_slice() else {
        return None;
    };
    if !branch.plain {
        return None;
    }
    let text: String = branch.pieces.iter().map(|piece| piece.sample).collect();
    let shape = match (branch.begins, branch.ends) {
        (true, true) => Shape::Exact,
        _ if text.is_empty() => Shape::Any,
        (true, false) => Shape::Starts,
        (false, true) => Shape::Ends,
        (false, false) => Shape::Contains,
    };
    Some(Text { shape, text })
}

/// Texts that it probably finds.
pub(super) fn samples(source: &str) -> Vec<String> {
    let mut samples = Vec::new();
    for branch in branches(source) {
        for at_least in [0, 1] {
            let mut sample = String::new();
            for piece in &branch.pieces {
                let times = piece.least.max(at_least).min(MOST_CHARS);
                sample.extend(std::iter::repeat_n(piece.sample, times));
                if sample.len() > MOST_CHARS {
                    return samples;
                }
            }
            if !samples.contains(&sample) {
                samples.push(sample);
            }
        }
    }
    samples
}

fn branches(source: &str) -> Vec<Branch> {
    let mut done = Vec::new();
    let fresh = || Branch {
        plain: true,
        ..Branch::default()
    };
    let mut branch = fresh();
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        let (sample, literal) = match c {
            '|' => {
                done.push(std::mem::replace(&mut branch, fresh()));
                continue;
            }
            '^' => {
                branch.plain &= branch.pieces.is_empty() && !branch.ends;
                branch.begins = true;
                continue;
            }
            '$' => {
                branch.ends = true;
                continue;
            }
            '.' => ('x', false),
            '\\' => escape(&mut chars),
            '[' => (set(&mut chars), false),
            '?' | '*' | '+' | '{' => {
                branch.plain = false;
                let least = match c {
                    '{' => count(&mut chars),
                    '+' => 1,
                    _ => 0,
                };
                if let Some(piece) = branch.pieces.last_mut() {
                    piece.least = least;
                }
                continue;
            }
            c => (c, true),
        };
        // What follows a `$` is never found.
        branch.plain &= literal && !branch.ends;
        branch.pieces.push(Piece { sample, least: 1 });
    }
    done.push(branch);
    done
}

type Chars<'s> = std::iter::Peekable<std::str::Chars<'s>>;

/// A character that an escape finds, after its backslash; and whether it finds no other.
fn escape(chars: &mut Chars<'_>) -> (char, bool) {
    match chars.next() {
        Some('x') => {
            let digit = |c: Option<char>| c.and_then(|c| c.to_digit(16)).unwrap_or_default();
            let code = digit(chars.next()) * 16 + digit(chars.next());
            (char::from_u32(code).unwrap_or('x'), true)
        }
        Some('d') => ('0', false),
        Some('s') => (' ', false),
        Some('W') => ('-', false),
        Some('D' | 'S' | 'w') => ('a', false),
        Some(c) => (c, true),
        None => ('\\', true),
    }
}

/// A character that a set finds, after its bracket.
fn set(chars: &mut Chars<'_>) -> char {
    let negated = chars.next_if_eq(&'^').is_some();
    let mut members = Vec::new();
    while let Some(c) = chars.next() {
        match c {
            ']' => break,
            '\\' => members.push(escape(chars).0),
            c => members.push(c),
        }
    }
    match negated {
        false => members.first().copied().unwrap_or('x'),
        true => {
            let is_free = |c: &char| !members.contains(c);
            "~_x0 Z".chars().find(is_free).unwrap_or('\u{e9}')
        }
    }
}

/// The lower count of `{m,n}`, after its bracket.
fn count(chars: &mut Chars<'_>) -> usize {
    let inner: String = chars.by_ref().take_while(|&c| c != '}').collect();
    let least = inner.split(',').next().unwrap_or_default();
    least.parse().unwrap_or_default()
}
