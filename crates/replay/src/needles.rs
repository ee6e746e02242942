//! Where several texts stand in another one, 64 bytes at once.
//!
//! Of each text two bytes are looked for, at the places that they have in it, and where both are the rest is
//! compared. They are the two that are rarest in log files, so that this is seldom for nothing.

use std::ops::Range;

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, mask8x64, u8x64};

/// The bytes of `CloudTrail`'s records, from the most frequent on (counted in the published sample files). All others
/// are rarer.
const FREQUENT: &[u8] = b"\"eatrs:n-oic2,1du30m.7lA8pI9v564bfSwg yC/DET{}hHRNMPVzkFqxZjBUOGL_KQ";

/// So many bytes are looked at for one text and then for the next: four times 64.
const WINDOW: usize = 256;

/// A pair is among so many first bytes of a text.
const REACH: usize = 32;

/// Texts that are looked for.
#[derive(Clone, Debug)]
pub(crate) struct Needles {
    all: Vec<Needle>,
    level: Level,
}

#[derive(Clone, Debug)]
struct Needle {
    text: Vec<u8>,
    /// Two bytes of it that are rare, and where they stand: in this order, and not at the same place.
    pair: [(usize, u8); 2],
}

impl Needle {
    fn new(text: &[u8]) -> Self {
        let rank = |byte: u8| FREQUENT.iter().position(|frequent| *frequent == byte);
        let places = || text.iter().copied().enumerate().take(REACH);
        // What is not among the frequent ones is rarest of all.
        let rarest = |(_, byte): &(usize, u8)| rank(*byte).unwrap_or(FREQUENT.len());
        let first = places().max_by_key(rarest).unwrap_or_default();
        // What stands side by side is mostly not there by chance.
        let from = |least: usize| places().filter(move |(at, _)| at.abs_diff(first.0) >= least);
        let second = from(2).max_by_key(rarest).or_else(|| from(1).next());
        let mut pair = [first, second.unwrap_or_default()];
        pair.sort_unstable();
        Self {
            text: text.to_vec(),
            pair,
        }
    }
}

impl Needles {
    /// Prepares texts of at least two bytes.
    pub(crate) fn new<'t>(texts: impl IntoIterator<Item = &'t [u8]>) -> Self {
        Self {
            all: texts.into_iter().map(Needle::new).collect(),
            level: Level::new(),
        }
    }

    /// Tells each place of each text: its number and the place; one text after the other, each from its first place
    /// on.
    pub(crate) fn each(&self, text: &[u8], mut tell: impl FnMut(usize, usize)) {
        // A load from two lines of the cache takes twice as long.
        let aligned = text.as_ptr().align_offset(64).min(text.len());
        for (number, needle) in self.all.iter().enumerate() {
            let mut tell = |place| tell(number, place);
            needle.slowly(text, 0..aligned, &mut tell);
            let done = dispatch!(self.level, simd => needle.windows(simd, text, aligned, &mut tell));
            needle.slowly(text, done..text.len(), &mut tell);
        }
    }
}

impl Needle {
    /// Tells where it begins if it stands in a text with the first byte of its pair at this place.
    fn at(&self, text: &[u8], first: usize, tell: &mut impl FnMut(usize)) {
        if let Some(begin) = first.checked_sub(self.pair[0].0)
            && text[begin..].starts_with(&self.text)
        {
            tell(begin);
        }
    }

    /// Tells those with the first byte of the pair in this part of a text.
    fn slowly(&self, text: &[u8], part: Range<usize>, tell: &mut impl FnMut(usize)) {
        for hit in memchr::memchr_iter(self.pair[0].1, &text[part.clone()]) {
            self.at(text, part.start + hit, tell);
        }
    }

    /// The same in as many bytes from a place on as whole windows have; returns where they end.
    // What is not inlined would not be made for the machine.
    #[inline(always)]
    fn windows<S: Simd>(&self, simd: S, text: &[u8], from: usize, tell: &mut impl FnMut(usize)) -> usize {
        let [(first, a), (second, b)] = self.pair;
        let (a, b) = (u8x64::splat(simd, a), u8x64::splat(simd, b));
        let mut at = from;
        while let Some(window) = text[at..].first_chunk::<{ WINDOW + REACH }>() {
            let behind = &window[second - first..second - first + WINDOW];
            let marks = [
                both(simd, a, &window[..64], b, &behind[..64]),
                both(simd, a, &window[64..128], b, &behind[64..128]),
                both(simd, a, &window[128..192], b, &behind[128..192]),
                both(simd, a, &window[192..256], b, &behind[192..256]),
            ];
            if (marks[0] | marks[1] | marks[2] | marks[3]).any_true() {
                let marks = [
                    marks[0].to_bitmask(),
                    marks[1].to_bitmask(),
                    marks[2].to_bitmask(),
                    marks[3].to_bitmask(),
                ];
                self.marked(text, at, marks, tell);
            }
            at += WINDOW;
        }
        at
    }

    /// Tells those of a window in which these places have both bytes.
    fn marked(&self, text: &[u8], at: usize, marks: [u64; WINDOW / 64], tell: &mut impl FnMut(usize)) {
        for (block, mut marks) in marks.into_iter().enumerate() {
            while marks != 0 {
                self.at(text, at + block * 64 + marks.trailing_zeros() as usize, tell);
                marks &= marks - 1;
            }
        }
    }
}

/// Where one byte stands in 64 bytes and the other one in 64 others.
#[inline(always)]
fn both<S: Simd>(simd: S, a: u8x64<S>, first: &[u8], b: u8x64<S>, second: &[u8]) -> mask8x64<S> {
    u8x64::from_slice(simd, first).simd_eq(a) & u8x64::from_slice(simd, second).simd_eq(b)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_place_is_found_that_one_after_the_other_finds(
            texts in proptest::collection::vec("[ab\"]{2,4}|\"[a-cN]{1,60}\"", 0..5),
            text in "([ab\"N]|aab|\"abcN\"){0,300}",
        ) {
            let needles = Needles::new(texts.iter().map(String::as_bytes));
            let mut found = Vec::new();
            needles.each(text.as_bytes(), |number, at| found.push((number, at)));
            found.sort_unstable();
            let mut expected = Vec::new();
            for (number, needle) in texts.iter().enumerate() {
                for at in 0..text.len() {
                    if text[at..].starts_with(needle.as_str()) {
                        expected.push((number, at));
                    }
                }
            }
            prop_assert_eq!(found, expected);
        }
    }
}
