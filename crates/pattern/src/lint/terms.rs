use crate::problem::{Code, Problem};
use crate::tree::{Sign, Term};

/// `?` terms beside others.
pub(super) fn lint(all: &[Term], text: &str, found: &mut Vec<Problem>) {
    let counts = |term: &&Term| term.sign != Sign::OneOf;
    let rest: Vec<&str> = all
        .iter()
        .filter(counts)
        .filter_map(|term| text.get(term.span.clone()))
        .collect();
    if rest.is_empty() {
        return;
    }
    for term in all.iter().filter(|term| !counts(term)) {
        let message = "a term with `?` counts only among others with `?`: this one is ignored";
        let problem = Problem::new(Code::IgnoredTerm, term.span.clone(), message);
        let help = "write a pattern for each, on one metric; what AWS reads is";
        found.push(problem.help(help).instead_of(0..text.len(), rest.join(" ")));
    }
}
