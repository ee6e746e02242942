//! Which rules may match which records, told from their bytes.

use std::collections::BTreeMap;
use std::ops::Range;

use memchr::memmem::{Finder, FinderBuilder};
use trailwarden_pattern::Pattern;

use crate::need::{Need, Wanted, hides_a_name};

/// The most rules of one sieve.
pub(crate) const MOST: usize = 512;

/// Rules by number, a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules([u64; MOST / 64]);

impl Rules {
    pub(crate) fn add(&mut self, rule: usize) {
        self.0[rule / 64] |= 1 << (rule % 64);
    }

    fn add_all(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own |= other;
        }
    }

    /// Whether a rule is among them.
    #[must_use]
    pub fn has(&self, rule: usize) -> bool {
        self.0
            .get(rule / 64)
            .is_some_and(|word| word >> (rule % 64) & 1 == 1)
    }

    /// True for none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Their numbers, from the lowest on.
    pub fn each(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(word, bits)| {
            let mut bits = *bits;
            std::iter::from_fn(move || {
                let bit = (bits != 0).then(|| bits.trailing_zeros() as usize)?;
                bits &= bits - 1;
                Some(word * 64 + bit)
            })
        })
    }
}

/// Looks for what rules need.
#[derive(Clone, Debug)]
pub(crate) struct Sieve {
    /// Rules that every record has to be held against.
    always: Rules,
    all: Rules,
    names: Vec<Name>,
    escapes: Finder<'static>,
}

/// What is wanted behind one name.
#[derive(Clone, Debug)]
struct Name {
    quoted: Finder<'static>,
    anything: Rules,
    exact: Table,
    starts: Vec<(Vec<u8>, Rules)>,
    ends: Vec<(Vec<u8>, Rules)>,
    contains: Vec<(Finder<'static>, Rules)>,
    /// All of these.
    all: Rules,
}

/// Texts and the rules that want them.
#[derive(Clone, Debug)]
struct Table(Vec<Vec<(Vec<u8>, Rules)>>);

impl Default for Table {
    fn default() -> Self {
        Self(vec![Vec::new(); 256])
    }
}

impl Table {
    fn slot(text: &[u8]) -> usize {
        let byte = |at: usize| usize::from(text.get(at).copied().unwrap_or_default());
        // Names of events differ at the end and in length.
        let last = text.len().saturating_sub(1);
        (text.len() * 31 + byte(0) * 7 + byte(last) * 3 + byte(last / 2)) % 256
    }

    fn entry(&mut self, text: &str) -> &mut Rules {
        let slot = &mut self.0[Self::slot(text.as_bytes())];
        let at = slot.iter().position(|(own, _)| own == text.as_bytes());
        let at = at.unwrap_or_else(|| {
            slot.push((text.as_bytes().to_vec(), Rules::default()));
            slot.len() - 1
        });
        &mut slot[at].1
    }

    fn get(&self, text: &[u8]) -> Option<&Rules> {
        let slot = &self.0[Self::slot(text)];
        slot.iter().find(|(own, _)| own == text).map(|(_, rules)| rules)
    }
}

impl Name {
    fn new(name: &str) -> Self {
        Self {
            quoted: finder(&format!("\"{name}\"")),
            anything: Rules::default(),
            exact: Table::default(),
            starts: Vec::new(),
            ends: Vec::new(),
            contains: Vec::new(),
            all: Rules::default(),
        }
    }

    fn want(&mut self, value: &Wanted, rule: usize) {
        self.all.add(rule);
        let mut only = Rules::default();
        only.add(rule);
        match value {
            Wanted::Anything => self.anything.add(rule),
            Wanted::Exact(text) => self.exact.entry(text).add(rule),
            Wanted::Starts(text) => self.starts.push((text.as_bytes().to_vec(), only)),
            Wanted::Ends(text) => self.ends.push((text.as_bytes().to_vec(), only)),
            Wanted::Contains(text) => self.contains.push((finder(text), only)),
        }
    }

    /// The rules that want what stands behind the name, which ends at the beginning of `rest`.
    fn wanting(&self, rest: &[u8]) -> Rules {
        let mut rules = self.anything;
        let Some(rest) = rest.trim_ascii_start().strip_prefix(b":") else {
            // It is a value, not a name.
            return Rules::default();
        };
        let value = match rest.trim_ascii_start() {
            [b'"', value @ ..] => value,
            // Texts are held against the text of a number, too.
            [b'-' | b'0'..=b'9', ..] => return self.all,
            _ => return rules,
        };
        let end = memchr::memchr2(b'"', b'\\', value).unwrap_or(value.len());
        if value.get(end) == Some(&b'\\') {
            return self.all;
        }
        let value = &value[..end];
        if let Some(wanting) = self.exact.get(value) {
            rules.add_all(wanting);
        }
        for (start, wanting) in &self.starts {
            if value.starts_with(start) {
                rules.add_all(wanting);
            }
        }
        for (end, wanting) in &self.ends {
            if value.ends_with(end) {
                rules.add_all(wanting);
            }
        }
        for (part, wanting) in &self.contains {
            if part.find(value).is_some() {
                rules.add_all(wanting);
            }
        }
        rules
    }
}

fn finder(text: &str) -> Finder<'static> {
    FinderBuilder::new().build_forward(text.as_bytes()).into_owned()
}

impl Sieve {
    /// A sieve for rules, which are known by their places in the list; at most [`MOST`].
    pub(crate) fn new(patterns: &[&Pattern]) -> Self {
        let (mut always, mut all) = (Rules::default(), Rules::default());
        let mut names: BTreeMap<String, Name> = BTreeMap::new();
        for (rule, pattern) in patterns.iter().enumerate() {
            all.add(rule);
            match Need::of(pattern) {
                Need::Nothing => always.add(rule),
                Need::OneOf(fields) => {
                    for field in fields {
                        let name = names.entry(field.name).or_insert_with_key(|name| Name::new(name));
                        name.want(&field.value, rule);
                    }
                }
            }
        }
        Self {
            always,
            all,
            names: names.into_values().collect(),
            escapes: finder("\\u00"),
        }
    }

    /// For each record the rules that may match it.
    pub(crate) fn sift(&self, text: &[u8], records: &[Range<usize>], may: &mut Vec<Rules>) {
        may.clear();
        may.resize(records.len(), self.always);
        let (Some(first), Some(last)) = (records.first(), records.last()) else {
            return;
        };
        let (begin, text) = (first.start, &text[first.start..last.end]);
        let mut add = |hits: &mut dyn Iterator<Item = (usize, Rules)>| {
            let mut at = 0;
            for (hit, rules) in hits {
                // Both are in the order of the text.
                while records[at].end <= begin + hit {
                    at += 1;
                }
                may[at].add_all(&rules);
            }
        };
        for name in &self.names {
            let length = name.quoted.needle().len();
            let hits = name.quoted.find_iter(text);
            add(&mut hits.map(|hit| (hit, name.wanting(&text[hit + length..]))));
        }
        let escapes = self.escapes.find_iter(text);
        let hidden = escapes.filter(|hit| hides_a_name(text, *hit));
        add(&mut hidden.map(|hit| (hit, self.all)));
    }
}
