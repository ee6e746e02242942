//! Nearest neighbours: what somebody who mistyped probably meant.

/// The candidate that a word was probably meant to be.
///
/// Jaro-Winkler favours a common beginning, as in `retention` for `retention_days`; a candidate
/// that is part of the word, or the word of it, counts as near, too (`treat_missing_data`).
pub(crate) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word = word.to_lowercase();
    let score = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        let part = |whole: &str, part: &str| part.len() >= 4 && whole.contains(part);
        let near = strsim::jaro_winkler(&word, &candidate);
        if part(&word, &candidate) || part(&candidate, &word) {
            near.max(0.85)
        } else {
            near
        }
    };
    candidates
        .into_iter()
        .map(|candidate| (score(candidate), candidate))
        .filter(|(score, _)| *score >= 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// Words as people list them: "`a`, `b` and `c`".
pub(crate) fn listed<'c>(words: impl IntoIterator<Item = &'c str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.as_slice() {
        [] => "none".into(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// The nearest of the names that exist, and all of them; `None` where none does.
pub(crate) fn among<'c>(word: &str, names: impl Iterator<Item = &'c str>) -> Option<String> {
    let names: Vec<&str> = names.collect();
    let near = nearest(word, names.iter().copied());
    Some(match (names.as_slice(), near) {
        ([], _) => return None,
        ([only], Some(_)) => format!("did you mean `{only}`? it is the only one"),
        ([only], None) => format!("there is only `{only}`"),
        (_, Some(near)) => format!("did you mean `{near}`? there are {}", listed(names)),
        (_, None) => format!("there are {}", listed(names)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_what_was_meant() {
        let keys = [
            "name",
            "retention_days",
            "tags",
            "missing_data",
            "operator",
            "bucket",
            "notify",
        ];
        for (typed, meant) in [
            ("retension_days", Some("retention_days")),
            ("retention", Some("retention_days")),
            ("Name", Some("name")),
            ("treat_missing_data", Some("missing_data")),
            ("comparison_operator", Some("operator")),
            ("notfiy", Some("notify")),
            ("colour", None),
        ] {
            assert_eq!(nearest(typed, keys), meant, "{typed}");
        }
    }

    #[test]
    fn lists_read_like_a_sentence() {
        assert_eq!(listed([]), "none");
        assert_eq!(listed(["a"]), "`a`");
        assert_eq!(listed(["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
