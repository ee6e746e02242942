//! `%...%`: the regular expressions that AWS's subset has, matched in linear time.
//!
//! Allowed are letters, digits and `: _ # = @ / ; , -`, blanks, the operators
//! `^ $ ? [ ] { } | \ * + .`, the classes `\d \D \s \S \w \W` and `\xhh` for every other sign
//! (AWS, "Supported regex syntax"). There are no parentheses, so a search costs time in the length
//! of the event alone.

mod read;

use std::fmt;

use regex::bytes::{Regex as Compiled, RegexBuilder};

use crate::problem::{Code, Problem};

/// A regular expression, searched for anywhere in a text.
#[derive(Clone)]
pub struct Regex {
    source: String,
    compiled: Compiled,
}

/// What one expression may cost, so that no pattern of 1,024 characters takes all memory.
const MOST_BYTES: usize = 8 << 20;

impl Regex {
    /// Reads the text between two `%`; `at` is its place in the pattern.
    pub(crate) fn parse(source: &str, at: usize) -> Result<Self, Vec<Problem>> {
        if source.is_empty() {
            let problem = Problem::new(Code::BadRegex, at - 1..at + 1, "an empty regular expression");
            return Err(vec![problem.help("write what to search for between the two `%`")]);
        }
        let translated = read::translated(source, at)?;
        // Dots are whole characters, classes are ASCII; the latter is written out, so no Unicode
        // tables are needed.
        let compiled = RegexBuilder::new(&translated)
            .size_limit(MOST_BYTES)
            .dfa_size_limit(MOST_BYTES)
            .build();
        match compiled {
            Ok(compiled) => Ok(Self {
                source: source.to_owned(),
                compiled,
            }),
            Err(_) => {
                let span = at..at + source.len();
                let message = "the regular expression is too large";
                let problem = Problem::new(Code::BadRegex, span, message);
                Err(vec![problem.help("write smaller counts in `{m,n}`")])
            }
        }
    }

    /// The text between the two `%`.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// True when it is found anywhere in the text.
    #[must_use]
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.compiled.is_match(text)
    }
}

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}%", self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(regex: &str, text: &str) -> bool {
        Regex::parse(regex, 0)
            .unwrap_or_else(|problems| panic!("{regex}: {problems:?}"))
            .is_match(text.as_bytes())
    }

    #[test]
    fn the_operators_of_the_documentation() {
        for (regex, yes, no) in [
            ("^[hc]at", &["hat", "cat in"][..], &["the hat"][..]),
            ("[hc]at$", &["the hat"], &["hats"]),
            ("colou?r", &["color", "colour"], &["colouur"]),
            ("[abcx-z]", &["b", "y"], &["d"]),
            ("^a{3,5}$", &["aaa", "aaaaa"], &["aa", "aaaaaa"]),
            ("^a{,2}$", &["", "aa"], &["aaa"]),
            ("^a{2,}$", &["aa", "aaaa"], &["a"]),
            ("^a{2}$", &["aa"], &["a", "aaa"]),
            ("gra|ey", &["gray", "grey"], &["gry"]),
            ("ab*c", &["ac", "abbc"], &["adc"]),
            (r"\[.\]", &["[a]", "[]]", "[ü]"], &["[]", "[ab]"]),
            (r"10\.10\.0\.1", &["10.10.0.1"], &["10010,051"]),
            (r"^\d\D\s\S\w\W$", &["1a b_ "], &["aa b_ "]),
            (r"^[\d_]+$", &["1_2"], &["a"]),
            (r"^[^\d]$", &["a"], &["1"]),
            (r"^[\d-z]$", &["1", "-", "z"], &["a"]),
            (r"^[a\-z]$", &["-", "z"], &["b"]),
            (r"^[a-]$", &["-", "a"], &["b"]),
            (r"\x28\x3A", &["(:"], &["(;"]),
            (r"^[\x30-\x32]$", &["1"], &["3"]),
            ("a#b c-d", &["a#b c-d"], &["ab"]),
            ("^.$", &["ü"], &["ab"]),
        ] {
            for text in yes {
                assert!(found(regex, text), "{regex} finds {text}");
            }
            for text in no {
                assert!(!found(regex, text), "{regex} does not find {text}");
            }
        }
    }

    #[test]
    fn what_the_subset_does_not_have_is_refused_at_its_place() {
        for (regex, span) in [
            ("something!", 9..10),
            ("(ab)+", 0..1),
            (r"\(", 1..2),
            ("aü", 1..3),
            (r"\n", 0..2),
            ("a**", 2..3),
            ("*a", 0..1),
            ("^*", 1..2),
            ("a{2", 1..2),
            ("a{3,2}", 1..6),
            ("a{,}", 1..4),
            ("a{2000}", 1..7),
            ("[a", 0..1),
            ("[]", 0..2),
            ("[a[b]", 2..3),
            ("[z-a]", 2..4),
            ("a]", 1..2),
            ("a\\", 1..2),
            (r"\xg0", 0..2),
            (r"\x80", 0..2),
            (r"\x+1", 0..2),
            ("a&b", 1..2),
        ] {
            let problems = Regex::parse(regex, 0).expect_err(regex);
            assert_eq!(problems[0].span, span, "{regex}: {problems:?}");
        }
    }

    #[test]
    fn large_counts_end_in_a_problem_and_not_in_all_memory() {
        let regex = format!("{}a", ".{1000}".repeat(100));
        let problems = Regex::parse(&regex, 0).expect_err("too large");
        assert!(problems[0].message.contains("too large"));
    }
}
