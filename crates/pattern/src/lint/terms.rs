use crate::problem::{Code, Problem};
use crate::tree::{Sign, Term};

/// `?` terms beside others.
pub(super) fn lint(all: &[Term], found: &mut Vec<Problem>) {
    if all.iter().all(|term| term.sign == Sign::OneOf) {
        return;
    }
    for term in all.iter().filter(|term| term.sign == Sign::OneOf) {
        let message = "a term with `?` counts only among others with `?`: this one is ignored";
        let problem = Problem::new(Code::IgnoredTerm, term.span.clone(), message);
        found.push(problem.help("take it away, or write a pattern for each, on one metric"));
    }
}
