//! Objects of the spec, as people name them on the command line.

use trailwarden_spec::wanted::{Wanted, Wish};
use trailwarden_spec::{Address, Kind};

use crate::failure::{Exit, Failure};

/// How many names a message lists.
const LISTED: usize = 12;

/// An object that the spec names or refers to.
#[derive(Clone, Debug)]
pub(crate) struct Named<'w> {
    /// Its address.
    pub(crate) address: Address,
    /// What the spec wants of it; nothing where it only refers to it.
    pub(crate) wish: Option<&'w Wish>,
}

impl Named<'_> {
    /// What people call it: `topic.security`, or the address of something that exists elsewhere.
    pub(crate) fn shown(&self) -> String {
        match self.wish {
            Some(wish) => wish.origin.clone(),
            None => self.address.to_string(),
        }
    }

    /// How well a text names it, 0 is best: an address, the spec's own name, its label, AWS's name.
    fn rank(&self, text: &str) -> Option<usize> {
        let origin = self.wish.map(|wish| wish.origin.as_str());
        let label = origin.and_then(|origin| origin.split_once('.')).map(|(_, it)| it);
        [
            self.address.to_string() == text,
            origin == Some(text),
            label == Some(text),
            self.address.name == text,
        ]
        .into_iter()
        .position(|is| is)
    }
}

/// All objects of some kinds that a spec names or refers to.
pub(crate) fn all<'w>(wanted: &'w Wanted, kinds: &[Kind]) -> Vec<Named<'w>> {
    let named = wanted.objects.iter().map(|(address, wish)| Named {
        address: address.clone(),
        wish: Some(wish),
    });
    let existing = wanted.existing.keys().map(|address| Named {
        address: address.clone(),
        wish: None,
    });
    named
        .chain(existing)
        .filter(|named| kinds.contains(&named.address.kind))
        .collect()
}

/// The one object of some kinds that a text names. `what` is what people call such an object.
///
/// # Errors
/// When there is none, or several.
pub(crate) fn one<'w>(
    wanted: &'w Wanted,
    kinds: &[Kind],
    what: &str,
    text: &str,
) -> Result<Named<'w>, Failure> {
    let all = all(wanted, kinds);
    let best = all.iter().filter_map(|named| named.rank(text)).min();
    let mut found: Vec<Named<'w>> = all
        .iter()
        .filter(|named| best.is_some() && named.rank(text) == best)
        .cloned()
        .collect();
    if found.len() > 1 {
        let addresses: Vec<String> = found.iter().map(|it| format!("`{}`", it.address)).collect();
        return Err(
            Failure::new(Exit::Usage, format!("`{text}` is more than one {what}"))
                .help(format!("name one of {}", addresses.join(", "))),
        );
    }
    found.pop().ok_or_else(|| {
        let failure = Failure::new(Exit::Usage, format!("there is no {what} `{text}` in the spec"));
        let mut names: Vec<String> = all.iter().map(|it| format!("`{}`", it.shown())).collect();
        names.sort();
        names.dedup();
        let more = names.len().saturating_sub(LISTED);
        names.truncate(LISTED);
        match (names.is_empty(), more) {
            (true, _) => failure.help(format!("the spec names no {what}; `--spec` names another spec")),
            (_, 0) => failure.help(format!("it has {}", names.join(", "))),
            (_, more) => failure.help(format!("it has {} and {more} more", names.join(", "))),
        }
    })
}
