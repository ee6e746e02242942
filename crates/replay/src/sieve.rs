//! Which rules may match which records, told from their bytes.

use std::collections::BTreeMap;

use memchr::memmem::{Finder, FinderBuilder};
use trailwarden_pattern::Pattern;

use crate::need::{Need, Wanted, hides_a_name, is_plain};
use crate::needles::Needles;
use crate::split::Found;

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
    /// What is wanted of texts in quotes that say enough wherever they stand.
    texts: Vec<Rules>,
    /// The names, then the texts, in quotes.
    quoted: Needles,
    escapes: Finder<'static>,
}

/// For each record of a text the rules that may match it. Most have none, so few are kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct May {
    /// By record, the place of its rules.
    places: Vec<u32>,
    /// First those of every record.
    rules: Vec<Rules>,
}

impl May {
    fn begin(&mut self, records: usize, always: Rules) {
        self.places.clear();
        self.places.resize(records, 0);
        self.rules.clear();
        self.rules.push(always);
    }

    fn add(&mut self, record: usize, rules: &Rules) {
        let place = &mut self.places[record];
        if *place == 0 {
            let own = self.rules[0];
            // A text has fewer records than bytes, and of those it has some millions.
            *place = u32::try_from(self.rules.len()).unwrap_or(u32::MAX);
            self.rules.push(own);
        }
        self.rules[*place as usize].add_all(rules);
    }

    /// The rules of a record; none when there are none.
    pub(crate) fn of(&self, record: usize) -> Option<&Rules> {
        let rules = &self.rules[self.places[record] as usize];
        (!rules.is_empty()).then_some(rules)
    }
}

/// What is wanted behind one name.
#[derive(Clone, Debug)]
struct Name {
    name: String,
    anything: Option<Rules>,
    exact: Table,
    starts: Vec<(Vec<u8>, Rules)>,
    ends: Vec<(Vec<u8>, Rules)>,
    contains: Vec<(Finder<'static>, Rules)>,
    /// All of these.
    all: Rules,
    /// What wanted values begin with, where that rules out most others.
    begins: Option<Begins>,
}

/// The first two bytes of texts, a bit for each pair.
#[derive(Clone, Debug)]
struct Begins(Vec<u64>);

impl Begins {
    /// None when a text is shorter.
    fn of<'t>(texts: impl Iterator<Item = &'t [u8]>) -> Option<Self> {
        let mut bits = vec![0; 1 << 10];
        for text in texts {
            let [a, b, ..] = text else { return None };
            let pair = Self::pair(*a, *b);
            bits[pair / 64] |= 1 << (pair % 64);
        }
        Some(Self(bits))
    }

    fn pair(a: u8, b: u8) -> usize {
        usize::from(a) << 8 | usize::from(b)
    }

    fn has(&self, a: u8, b: u8) -> bool {
        let pair = Self::pair(a, b);
        self.0[pair / 64] >> (pair % 64) & 1 == 1
    }
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

    fn all(&self) -> impl Iterator<Item = (&[u8], &Rules)> {
        let all = self.0.iter().flatten();
        all.map(|(text, rules)| (text.as_slice(), rules))
    }

    fn get(&self, text: &[u8]) -> Option<&Rules> {
        let slot = &self.0[Self::slot(text)];
        slot.iter().find(|(own, _)| own == text).map(|(_, rules)| rules)
    }
}

impl Name {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            anything: None,
            exact: Table::default(),
            starts: Vec::new(),
            ends: Vec::new(),
            contains: Vec::new(),
            all: Rules::default(),
            begins: None,
        }
    }

    /// Is told when everything that is wanted is known.
    fn ready(mut self) -> Self {
        if self.anything.is_none() && self.ends.is_empty() && self.contains.is_empty() {
            let exact = self.exact.all().map(|(text, _)| text);
            let starts = self.starts.iter().map(|(text, _)| text.as_slice());
            self.begins = Begins::of(exact.chain(starts));
        }
        self
    }

    fn want(&mut self, value: &Wanted, rule: usize) {
        self.all.add(rule);
        let mut only = Rules::default();
        only.add(rule);
        match value {
            Wanted::Anything => self.anything.get_or_insert_default().add(rule),
            Wanted::Exact(text) => self.exact.entry(text).add(rule),
            Wanted::Starts(text) => self.starts.push((text.as_bytes().to_vec(), only)),
            Wanted::Ends(text) => self.ends.push((text.as_bytes().to_vec(), only)),
            Wanted::Contains(text) => self.contains.push((finder(text), only)),
        }
    }

    /// Tells the rules that want what stands behind the name, which ends at the beginning of `rest`.
    #[inline]
    fn wanting(&self, rest: &[u8], tell: impl FnMut(&Rules)) {
        // As `CloudTrail` writes it, most is told by two bytes of the value.
        if let (Some(begins), [b':', b'"', a, b, ..]) = (&self.begins, rest)
            && !begins.has(*a, *b)
            && *a != b'\\'
            && *b != b'\\'
        {
            return;
        }
        self.wanting_value(rest, tell);
    }

    fn wanting_value(&self, rest: &[u8], mut tell: impl FnMut(&Rules)) {
        let Some(rest) = rest.trim_ascii_start().strip_prefix(b":") else {
            // It is a value, not a name.
            return;
        };
        let value = match rest.trim_ascii_start() {
            [b'"', value @ ..] => value,
            // Texts are held against the text of a number, too.
            [b'-' | b'0'..=b'9', ..] => return tell(&self.all),
            _ => return self.anything.iter().for_each(tell),
        };
        let end = memchr::memchr2(b'"', b'\\', value).unwrap_or(value.len());
        if value.get(end) == Some(&b'\\') {
            return tell(&self.all);
        }
        let value = &value[..end];
        self.anything.iter().for_each(&mut tell);
        self.exact.get(value).into_iter().for_each(&mut tell);
        for (start, wanting) in &self.starts {
            if value.starts_with(start) {
                tell(wanting);
            }
        }
        for (end, wanting) in &self.ends {
            if value.ends_with(end) {
                tell(wanting);
            }
        }
        for (part, wanting) in &self.contains {
            if part.find(value).is_some() {
                tell(wanting);
            }
        }
    }

    /// The one text that is wanted, and nothing else, where it is enough to look for that: it stands between quotes as
    /// it is, or behind escapes that are looked for as well, and no number is spelt so.
    fn only_text(&self) -> Option<(&str, Rules)> {
        let [(text, rules)] = self.exact.all().collect::<Vec<_>>()[..] else {
            return None;
        };
        let others = self.starts.len() + self.ends.len() + self.contains.len();
        if self.anything.is_some() || others > 0 {
            return None;
        }
        let text = std::str::from_utf8(text).ok()?;
        let is_enough = is_plain(text) && text.starts_with(|c: char| c.is_ascii_alphabetic());
        is_enough.then_some((text, *rules))
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
        let (mut wanted, mut texts, mut own) = (Vec::new(), Vec::new(), Vec::new());
        for name in names.into_values() {
            match name.only_text() {
                Some((text, rules)) => {
                    own.push(text.to_owned());
                    texts.push(rules);
                }
                None => wanted.push(name.ready()),
            }
        }
        let names = wanted.iter().map(|name| &name.name);
        let quoted: Vec<String> = names.chain(&own).map(|text| format!("\"{text}\"")).collect();
        Self {
            always,
            all,
            quoted: Needles::new(quoted.iter().map(String::as_bytes)),
            names: wanted,
            texts,
            escapes: finder("\\u00"),
        }
    }

    /// For each record the rules that may match it.
    pub(crate) fn sift(&self, text: &[u8], records: &[Found], may: &mut May) {
        may.begin(records.len(), self.always);
        let (Some(first), Some(last)) = (records.first(), records.last()) else {
            return;
        };
        let begin = first.range.start;
        let within = &text[begin..last.range.end];
        let (mut at, mut last) = (0, 0);
        self.quoted.each(within, |number, hit| {
            if hit < last {
                // The next text, from the beginning on.
                at = 0;
            }
            last = hit;
            while records[at].range.end <= begin + hit {
                at += 1;
            }
            match (self.names.get(number), number.checked_sub(self.names.len())) {
                (Some(name), _) => {
                    let value = &within[hit + name.name.len() + 2..];
                    name.wanting(value, |rules| may.add(at, rules));
                }
                (None, Some(number)) => may.add(at, &self.texts[number]),
                (None, None) => {}
            }
        });
        for (at, record) in records.iter().enumerate().filter(|(_, record)| record.escapes) {
            let record = &text[record.range.clone()];
            if self
                .escapes
                .find_iter(record)
                .any(|hit| hides_a_name(record, hit))
            {
                may.add(at, &self.all);
            }
        }
    }
}
