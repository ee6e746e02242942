//! A `*` that is no wildcard.

use crate::problem::{Code, Problem};
use crate::regex::Regex;
use crate::tree::{Comparison, FieldKind, Form, Shape, Text, Value, quote};

pub(super) fn lint(form: &Form, found: &mut Vec<Problem>) {
    let all: Vec<&Comparison> = match form {
        Form::Json(node) => node
            .tests()
            .into_iter()
            .filter_map(|test| test.compare())
            .collect(),
        Form::Delimited(fields) => fields
            .iter()
            .filter_map(|field| match &field.kind {
                FieldKind::Word { condition, .. } => condition.as_ref(),
                FieldKind::Ellipsis => None,
            })
            .flat_map(|node| node.tests())
            .collect(),
        Form::Terms(_) => Vec::new(),
    };
    let regexes = all
        .iter()
        .filter(|compare| matches!(compare.value, Value::Regex(_)))
        .count();
    for compare in all {
        if let Value::Text(text) = &compare.value
            && text.text.contains('*')
        {
            let message = "a `*` that is neither first nor last is no wildcard: it stands for itself";
            let problem = Problem::new(Code::LiteralStar, compare.value_span.clone(), message);
            let bare = text.text.trim_matches('*');
            if !bare.contains('*') {
                let first = matches!(text.shape, Shape::Ends | Shape::Contains) || text.text.starts_with('*');
                let last = matches!(text.shape, Shape::Starts | Shape::Contains) || text.text.ends_with('*');
                let star = |there: bool| if there { "*" } else { "" };
                let single = format!("{}{bare}{}", star(first), star(last));
                found.push(problem.help("one is enough").instead(quote(&single)));
                continue;
            }
            found.push(match as_regex(text).filter(|_| regexes < 2) {
                Some(regex) => problem.help("as a regular expression it would be").instead(regex),
                None => {
                    let head = text.text.split('*').next().unwrap_or_default();
                    problem
                        .help("keep the part before it, or name the values")
                        .instead(quote(&format!("{head}*")))
                }
            });
        }
    }
}

/// The regular expression that was probably meant.
fn as_regex(text: &Text) -> Option<String> {
    let escape = |part: &str| part.replace('.', "\\.");
    let inner: Vec<String> = text.text.split('*').map(escape).collect();
    let first = matches!(text.shape, Shape::Exact | Shape::Starts);
    let last = matches!(text.shape, Shape::Exact | Shape::Ends);
    let regex = format!(
        "{}{}{}",
        if first { "^" } else { "" },
        inner.join(".*"),
        if last { "$" } else { "" }
    );
    Regex::parse(&regex, 1).ok().map(|_| format!("%{regex}%"))
}
