//! The spelling of fields, what their values are, and words that a value is one of.

use super::Placed;
use crate::cloudtrail::{self, Sort, known_values, looks_like_a_record, sort};
use crate::problem::{Code, Problem};
use crate::tree::{Comparison, Condition, Operator, Selector, Shape, Step, Text, Value, quote};

pub(super) fn lint(placed: &[Placed<'_>], found: &mut Vec<Problem>) {
    // Other applications have fields of nearly these names.
    let of_records = placed.iter().any(|one| looks_like_a_record(&one.test.selector));
    for one in placed {
        let selector = &one.test.selector;
        if let Some(problem) = misspelt(selector, of_records) {
            found.push(problem);
            continue;
        }
        if let Some(problem) = type_slip(one) {
            found.push(problem);
            continue;
        }
        if let Some(compare) = one.test.compare()
            && let Value::Text(text) = &compare.value
        {
            found.extend(value(selector, compare, text));
        }
    }
}

fn misspelt(selector: &Selector, of_records: bool) -> Option<Problem> {
    let slip = cloudtrail::misspelt(selector)?;
    let Step::Key(typed) = &selector.steps[slip.step] else {
        return None;
    };
    let case = slip.meant.is_some_and(|meant| typed.eq_ignore_ascii_case(meant));
    if !(case || of_records) {
        return None;
    }
    let code = if case { Code::CaseSlip } else { Code::UnknownField };
    let message = format!("records have no field `{typed}`");
    let problem = Problem::new(code, selector.span.clone(), message);
    let Some(meant) = slip.meant else {
        return Some(problem.help("if it is newer than this version, `allow` this warning"));
    };
    let mut steps = selector.steps.clone();
    steps[slip.step] = Step::Key(meant.to_owned());
    let meant = Selector {
        span: selector.span.clone(),
        steps,
    };
    let help = if case {
        "patterns are case-sensitive; write"
    } else {
        "did you mean"
    };
    Some(problem.help(help).instead(meant.to_string()))
}

/// A field that is asked for as what it is not: then the condition is never true.
fn type_slip(one: &Placed<'_>) -> Option<Problem> {
    let selector = &one.test.selector;
    let sort = sort(selector)?;
    let problem = |what: &str| {
        let message = format!("`{selector}` is {what}: this is never true");
        Problem::new(Code::TypeSlip, one.node.span.clone(), message)
    };
    match (sort, &one.test.condition) {
        (Sort::Boolean, Condition::Compare(compare)) => {
            let asks_true = match &compare.value {
                Value::Text(text) => text.text == "true",
                Value::Number(_) | Value::Regex(_) => false,
            };
            let is = asks_true == (compare.operator == Operator::Equal);
            let word = if is { "TRUE" } else { "FALSE" };
            Some(
                problem("a boolean")
                    .help("write")
                    .instead(format!("{selector} IS {word}")),
            )
        }
        (Sort::Object, Condition::Compare(_)) => {
            Some(problem("an object").help("name a field of it, such as `.name`, or any of them by `.*`"))
        }
        (Sort::Array, Condition::Compare(_)) => {
            Some(problem("an array").help("name an element, such as `[0].type`, or any of them by `[*]`"))
        }
        (Sort::Text, Condition::IsTrue | Condition::IsFalse) => {
            let yes = one.test.condition == Condition::IsTrue;
            let words = known_values(selector);
            let word = match words {
                [first, second] => {
                    if yes {
                        first
                    } else {
                        second
                    }
                }
                _ => {
                    if yes {
                        &"true"
                    } else {
                        &"false"
                    }
                }
            };
            Some(
                problem("a string")
                    .help("write")
                    .instead(format!("{selector} = {}", quote(word))),
            )
        }
        _ => None,
    }
}

/// A word that is not one of those that the field has, and is near one.
fn value(selector: &Selector, compare: &Comparison, text: &Text) -> Option<Problem> {
    let values = known_values(selector);
    let typed = text.text.as_str();
    if text.shape != Shape::Exact || values.contains(&typed) {
        return None;
    }
    let span = compare.value_span.clone();
    if let Some(value) = values.iter().find(|value| value.eq_ignore_ascii_case(typed)) {
        let problem = Problem::new(
            Code::CaseSlip,
            span,
            format!("`{typed}` is written `{value}` in records"),
        );
        return Some(problem.help("patterns are case-sensitive").instead(quote(value)));
    }
    let near = |value: &&&str| {
        strsim::osa_distance(value, typed) <= 2 || (typed.len() >= 4 && value.contains(typed))
    };
    let value = values.iter().find(near)?;
    let problem = Problem::new(
        Code::UnknownValue,
        span,
        format!("`{selector}` is never `{typed}`"),
    );
    Some(problem.help("did you mean").instead(quote(value)))
}
