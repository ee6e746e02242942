use memchr::memmem::Finder;

use crate::canonical::occurs_everywhere;
use crate::regex::Regex;
use crate::tree::{Sign, Term, TermKind};

/// Terms, prepared for searching.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    with: Vec<Search>,
    without: Vec<Search>,
    /// Empty where another term is asked for: then these are ignored.
    one_of: Vec<Search>,
}

#[derive(Clone, Debug)]
enum Search {
    Everywhere,
    Text(Box<Finder<'static>>),
    Regex(Regex),
}

impl Search {
    fn new(kind: &TermKind) -> Self {
        match kind {
            kind if occurs_everywhere(kind) => Self::Everywhere,
            TermKind::Text(text) => Self::Text(Box::new(Finder::new(text.as_bytes()).into_owned())),
            TermKind::Regex(regex) => Self::Regex(regex.clone()),
        }
    }

    fn finds(&self, message: &[u8]) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Text(finder) => finder.find(message).is_some(),
            Self::Regex(regex) => regex.is_match(message),
        }
    }
}

impl Terms {
    pub(super) fn new(terms: &[Term]) -> Self {
        let of = |sign: Sign| {
            let own = terms.iter().filter(|term| term.sign == sign);
            own.map(|term| Search::new(&term.kind)).collect::<Vec<_>>()
        };
        let (with, without) = (of(Sign::With), of(Sign::Without));
        let one_of = match with.is_empty() && without.is_empty() {
            true => of(Sign::OneOf),
            false => Vec::new(),
        };
        Self {
            with,
            without,
            one_of,
        }
    }

    pub(super) fn is_match(&self, message: &[u8]) -> bool {
        self.with.iter().all(|term| term.finds(message))
            && !self.without.iter().any(|term| term.finds(message))
            && (self.one_of.is_empty() || self.one_of.iter().any(|term| term.finds(message)))
    }
}
