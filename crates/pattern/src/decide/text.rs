//! Texts that begin, end, hold and are what is asked, and not what is not.

use std::borrow::Cow;

use crate::regex::Regex;
use crate::tree::{Comparison, Operator, Shape, Text, Value};

use super::{Found, expression};

/// What is asked of a text.
#[derive(Clone, Debug, Default)]
pub(super) struct Wants<'p> {
    /// Texts that it is equal to, or not.
    pub(super) texts: Vec<(Cow<'p, Text>, bool)>,
    /// Regular expressions that are found in it, or not.
    regexes: Vec<(&'p Regex, bool)>,
}

impl<'p> Wants<'p> {
    /// What comparisons ask of a string; `None` when they cannot hold of any.
    pub(super) fn of_string(compares: &[(&'p Comparison, bool)]) -> Option<Self> {
        let mut wants = Self::default();
        for &(compare, holds) in compares {
            match &compare.value {
                // Only numbers are less or more.
                _ if compare.operator.orders() && holds => return None,
                _ if compare.operator.orders() => {}
                Value::Number(number) => {
                    let text = Text {
                        shape: Shape::Exact,
                        text: number.text.clone(),
                    };
                    let equal = holds == (compare.operator == Operator::Equal);
                    wants.texts.push((Cow::Owned(text), equal));
                }
                _ => wants.add(compare, holds),
            }
        }
        Some(wants)
    }

    /// Adds a comparison that sees the text of a string and of a number alike.
    pub(super) fn add(&mut self, compare: &'p Comparison, holds: bool) {
        let equal = holds == (compare.operator == Operator::Equal);
        match &compare.value {
            Value::Text(text) => self.texts.push((Cow::Borrowed(text), equal)),
            Value::Regex(regex) => match expression::plain(regex.source()) {
                Some(text) => self.texts.push((Cow::Owned(text), equal)),
                None => self.regexes.push((regex, equal)),
            },
            Value::Number(_) => {}
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.regexes.is_empty()
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        self.fits_texts(text)
            && self
                .regexes
                .iter()
                .all(|(regex, wanted)| regex.is_match(text.as_bytes()) == *wanted)
    }

    fn fits_texts(&self, text: &str) -> bool {
        self.texts
            .iter()
            .all(|(other, wanted)| other.fits(text.as_bytes()) == *wanted)
    }

    fn wanted(&self, shape: Shape) -> impl Iterator<Item = &str> {
        self.texts
            .iter()
            .filter(move |(text, wanted)| *wanted && text.shape == shape)
            .map(|(text, _)| text.text.as_str())
    }

    /// The one text that is asked for, if there is one.
    pub(super) fn exact(&self) -> Option<&str> {
        self.wanted(Shape::Exact).next()
    }

    /// The longest of the beginnings that are asked for.
    pub(super) fn beginning(&self) -> &str {
        longest(self.wanted(Shape::Starts))
    }

    /// True when a regular expression is asked for and ruled out.
    pub(super) fn contradicts_itself(&self) -> bool {
        self.regexes
            .iter()
            .any(|(regex, wanted)| self.regexes.contains(&(*regex, !*wanted)))
    }

    /// A text that fits, the usual one if it does.
    ///
    /// Without regular expressions this is exact. Let B be the longest beginning asked for, E the
    /// longest end, and C all that is to be held; x is a character that none of the texts has. The
    /// text B x C x C x ... E is tried last. Should it miss a beginning (or end) that is asked for,
    /// that one is no beginning of B, and no text has both. Should it have one that is ruled out,
    /// that has no x, so it is all within B (or E) or one C, which every text that fits has, too.
    /// And with its x it is equal to none of the texts that are ruled out whole.
    pub(super) fn find(&self, usual: Option<&str>) -> Found<String> {
        if let Some(text) = self.exact() {
            return match self.fits(text) {
                true => Found::One(text.to_owned()),
                false => Found::None,
            };
        }
        if self.contradicts_itself() {
            return Found::None;
        }
        let (begin, end) = (self.beginning(), longest(self.wanted(Shape::Ends)));
        let held: Vec<&str> = self.wanted(Shape::Contains).collect();
        let mark = self.mark();
        let mut generic = format!("{begin}{mark}");
        for text in &held {
            generic.push_str(text);
            generic.push(mark);
        }
        generic.push_str(end);
        if !self.fits_texts(&generic) {
            return Found::None;
        }
        let mut tries: Vec<String> = usual.map(str::to_owned).into_iter().collect();
        if held.is_empty() {
            tries.push(overlapped(begin, end));
        }
        tries.push(format!("{begin}{}{end}", held.concat()));
        for (regex, _) in self.regexes.iter().filter(|(_, wanted)| *wanted) {
            for sample in expression::samples(regex.source()) {
                let held = held.join("-");
                tries.push(format!("{begin}{sample}{held}{end}"));
                tries.push(format!("{begin}{mark}{held}{sample}{mark}{end}"));
                tries.push(format!("{begin}{held}{mark}{sample}{end}"));
                tries.push(sample);
            }
        }
        tries.push(generic);
        // An empty text is right, but says little to the eye.
        let fit = |text: &&String| !text.is_empty() && self.fits(text);
        match tries.iter().find(fit) {
            Some(text) => Found::One(text.clone()),
            None if self.fits("") => Found::One(String::new()),
            None => Found::Doubt,
        }
    }

    /// A character that none of the texts has.
    fn mark(&self) -> char {
        let is_free = |c: &char| !self.texts.iter().any(|(text, _)| text.text.contains(*c));
        let usual = "xyzabcdefghijklmnopqrstuvw0123456789-_XYZ".chars();
        // A pattern is too short to use up the letters of all scripts.
        usual.chain('\u{c0}'..='\u{ffff}').find(is_free).unwrap_or('~')
    }
}

fn longest<'t>(texts: impl Iterator<Item = &'t str>) -> &'t str {
    texts.max_by_key(|text| text.len()).unwrap_or_default()
}

/// The shortest text with this beginning and this end.
fn overlapped(begin: &str, end: &str) -> String {
    let shared = end
        .char_indices()
        .map(|(at, _)| at)
        .chain([end.len()])
        .rev()
        .find(|&at| begin.ends_with(&end[..at]))
        .unwrap_or_default();
    format!("{begin}{}", &end[shared..])
}
