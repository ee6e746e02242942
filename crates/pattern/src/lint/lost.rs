//! Names of events that have lost their `*`, mostly to the markup of a web page.

use std::collections::BTreeMap;

use super::Placed;

/// What a name was before its `*` was lost.
pub(super) enum Lost {
    /// `Create*`; how many events begin so.
    End { kept: String, count: usize },
    /// `Put*Policy`, which AWS would not have taken for a wildcard either: its beginning, and the
    /// events meant.
    Middle { head: String, full: Vec<String> },
}

/// The names that begin so, of names that are sorted.
fn beginning<'n>(candidates: &'n [&'n str], with: &str) -> &'n [&'n str] {
    let rest = &candidates[candidates.partition_point(|name| *name < with)..];
    &rest[..rest.partition_point(|name| name.starts_with(with))]
}

/// What a name was before its `*` was lost. The candidates are sorted.
pub(super) fn lost_wildcard(typed: &str, candidates: &[&str]) -> Option<Lost> {
    let next_word = |rest: &str| rest.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit());
    let begins = |with: &str| {
        let begin = beginning(candidates, with).iter();
        begin.filter(|name| next_word(&name[with.len()..])).count()
    };
    let lost_end = |head: &str| {
        let kept = format!("{head}*");
        match begins(head) {
            0 => None,
            count => Some(Lost::End { kept, count }),
        }
    };
    if let Some(lost) = lost_end(typed) {
        return Some(lost);
    }
    // `Creat`: the word that most of the names that begin so have.
    if typed.len() >= 4 && !typed.chars().skip(1).any(|c| c.is_ascii_uppercase()) {
        let mut words: BTreeMap<&str, usize> = BTreeMap::new();
        for name in beginning(candidates, typed) {
            let end = name[typed.len()..].find(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit());
            *words
                .entry(end.map_or(*name, |end| &name[..typed.len() + end]))
                .or_default() += 1;
        }
        if let Some((word, _)) = words.into_iter().max_by_key(|(_, count)| *count) {
            return lost_end(word);
        }
    }
    let inner_words = typed
        .char_indices()
        .skip(1)
        .filter(|(_, c)| c.is_ascii_uppercase())
        .map(|(at, _)| typed.split_at(at));
    for (head, tail) in inner_words {
        let fits = |name: &&&str| {
            let middle = name.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
            middle.is_some_and(next_word)
        };
        let full: Vec<String> = beginning(candidates, head)
            .iter()
            .filter(fits)
            .map(|name| (*name).to_owned())
            .collect();
        // With one only it is rather another name than a family of names.
        if full.len() > 1 {
            return Some(Lost::Middle {
                head: head.to_owned(),
                full,
            });
        }
    }
    None
}

/// True for a name that exists by chance, in a list most of whose names have lost their `*`: Keyspaces
/// has an event `Delete`, and acm-pca a `PutPolicy`.
pub(super) fn exists_by_chance(one: &Placed<'_>, typed: &str, candidates: &[&str]) -> bool {
    if lost_wildcard(typed, candidates).is_none() {
        return false;
    }
    let others = one.instead.iter().flat_map(|node| node.tests());
    let texts: Vec<&str> = others.filter_map(|test| test.is_exactly("eventName")).collect();
    let lost = |text: &&str| {
        candidates.binary_search(text).is_err()
            && matches!(lost_wildcard(text, candidates), Some(Lost::End { .. }))
    };
    texts.len() > 1 && texts.iter().filter(|text| lost(text)).count() * 2 > texts.len()
}
