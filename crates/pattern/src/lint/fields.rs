//! The spelling of fields, and of words that a field's value is one of.

use super::Placed;
use crate::cloudtrail::{known_values, looks_like_a_record, spelling};
use crate::problem::{Code, Problem};
use crate::tree::{Selector, Shape, Step, Value, quote};

pub(super) fn lint(placed: &[Placed<'_>], found: &mut Vec<Problem>) {
    // Other applications have fields of nearly these names.
    let of_records = placed.iter().any(|one| looks_like_a_record(&one.test.selector));
    for one in placed {
        let selector = &one.test.selector;
        found.extend(misspelt(selector, of_records));
        let Some(compare) = one.test.compare() else {
            continue;
        };
        let Value::Text(text) = &compare.value else {
            continue;
        };
        let values = known_values(selector);
        let same = |value: &&&str| value.eq_ignore_ascii_case(&text.text);
        if let (Shape::Exact, Some(value)) = (text.shape, values.iter().find(same))
            && *value != text.text
        {
            let message = format!("`{}` is written `{value}` in records", text.text);
            let problem = Problem::new(Code::CaseSlip, compare.value_span.clone(), message);
            found.push(problem.help("patterns are case-sensitive").instead(quote(value)));
        }
    }
}

fn misspelt(selector: &Selector, of_records: bool) -> Option<Problem> {
    let (at, right) = spelling(selector)?;
    let Step::Key(typed) = &selector.steps[at] else {
        return None;
    };
    let case = typed.eq_ignore_ascii_case(right);
    if !(case || of_records) {
        return None;
    }
    let mut steps = selector.steps.clone();
    steps[at] = Step::Key(right.to_owned());
    let meant = Selector {
        span: selector.span.clone(),
        steps,
    };
    let code = if case { Code::CaseSlip } else { Code::UnknownField };
    let message = format!("records have no field `{typed}`");
    let problem = Problem::new(code, selector.span.clone(), message);
    let help = if case {
        "patterns are case-sensitive; write"
    } else {
        "did you mean"
    };
    Some(problem.help(help).instead(meant.to_string()))
}
