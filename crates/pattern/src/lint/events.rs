//! The names of events: slips, names that do not exist or are recorded otherwise, lost wildcards.

use std::borrow::Cow;

use super::lost::{Lost, exists_by_chance, lost_wildcard};
use super::{Placed, near, required, sources};
use crate::cloudtrail::{Names, names};
use crate::problem::{Code, Problem};
use crate::tree::{Comparison, Operator, Shape, Text, Value, quote};

pub(super) fn lint(placed: &[Placed<'_>], found: &mut Vec<Problem>) {
    for one in placed {
        let Some((compare, text)) = one.test.compare().and_then(text_of) else {
            continue;
        };
        if one.test.selector.is("eventSource") {
            found.extend(sources::lint(compare, text));
        } else if one.test.selector.is("eventName") {
            found.extend(event(one, compare, text));
        } else if one.test.selector.is("errorCode") {
            found.extend(error_code(compare, text));
        }
    }
}

fn text_of(compare: &Comparison) -> Option<(&Comparison, &Text)> {
    match &compare.value {
        Value::Text(text) => Some((compare, text)),
        _ => None,
    }
}

/// Error codes that services spell in several ways, so that one spelling alone leaves most out: EC2
/// says `Client.UnauthorizedOperation`, and most of the newer services `AccessDeniedException`.
fn error_code(compare: &Comparison, text: &Text) -> Option<Problem> {
    let (whole, other) = match text.text.as_str() {
        "UnauthorizedOperation" => ("*UnauthorizedOperation", "Client.UnauthorizedOperation"),
        "AccessDenied" => ("AccessDenied*", "AccessDeniedException"),
        _ => return None,
    };
    if text.shape != Shape::Exact || compare.operator != Operator::Equal {
        return None;
    }
    let message = format!("services say `{other}`, too: `{text}` is without its `*`");
    let problem = Problem::new(Code::LostWildcard, compare.value_span.clone(), message);
    Some(problem.instead(quote(whole)))
}

/// What follows from a name that no event has.
fn in_vain(compare: &Comparison) -> &'static str {
    match compare.operator {
        Operator::NotEqual => "unless the event is newer than this version, that is always true",
        _ => "it will match nothing, unless the event is newer than this version",
    }
}

/// Calls that are recorded under another name than the API has. (S3 User Guide, "Amazon S3
/// CloudTrail events".)
const RENAMED: [(&str, &str, &str); 5] = [
    (
        "s3.amazonaws.com",
        "PutPublicAccessBlock",
        "PutBucketPublicAccessBlock",
    ),
    (
        "s3.amazonaws.com",
        "DeletePublicAccessBlock",
        "DeleteBucketPublicAccessBlock",
    ),
    (
        "s3.amazonaws.com",
        "PutBucketLifecycleConfiguration",
        "PutBucketLifecycle",
    ),
    (
        "s3.amazonaws.com",
        "PutBucketNotificationConfiguration",
        "PutBucketNotification",
    ),
    ("s3.amazonaws.com", "ListObjectsV2", "ListObjects"),
];

/// A call that is recorded under another name: of S3, or of Lambda, whose names carry the date of its
/// API (`CreateFunction20150331`).
fn renamed(compare: &Comparison, typed: &str, sources: &[&str]) -> Option<Problem> {
    let [source] = sources else { return None };
    let span = compare.value_span.clone();
    if let Some((.., recorded)) = RENAMED.iter().find(|(of, api, _)| of == source && *api == typed) {
        let message = format!("`{typed}` is recorded as `{recorded}`");
        return Some(Problem::new(Code::UnknownEvent, span, message).instead(quote(recorded)));
    }
    if *source != "lambda.amazonaws.com" {
        return None;
    }
    let dated = |rest: &str| rest.starts_with("20") && rest.bytes().take(8).all(|b| b.is_ascii_digit());
    let recorded = names()
        .of(source)
        .iter()
        .find(|name| name.strip_prefix(typed).is_some_and(dated))?;
    let message = format!("records of Lambda have its API's date in the name: `{recorded}`");
    Some(Problem::new(Code::LostWildcard, span, message).instead(quote(&format!("{typed}*"))))
}

/// The most events that are offered by name instead of a lost wildcard.
const WORTH_LISTING: usize = 12;

fn event(one: &Placed<'_>, compare: &Comparison, text: &Text) -> Option<Problem> {
    let names = names();
    // Of a source that nobody knows nothing is known; that is said of the source.
    let sources: Option<Vec<&str>> = required(&one.beside, "eventSource");
    let known = |sources: &Vec<&str>| sources.iter().all(|source| names.has_source(source));
    let sources = sources.filter(known);
    let partly_known = sources.iter().flatten().any(|source| names.is_partial(source));
    let candidates = match &sources {
        Some(sources) => Cow::Owned(names.of_all(sources)),
        None => Cow::Borrowed(names.all()),
    };
    let whose = match sources.as_deref() {
        Some([one]) => format!(" of {one}"),
        Some(_) => " of these sources".into(),
        None => String::new(),
    };
    let typed = text.text.as_str();
    let span = compare.value_span.clone();
    let problem = |code, message: String| Problem::new(code, span.clone(), message);
    if text.shape != Shape::Exact {
        let fits = candidates.iter().any(|name| text.fits(name.as_bytes()));
        if fits || typed.contains('*') {
            return None;
        }
        let verb = match text.shape {
            Shape::Starts => "begins with",
            Shape::Ends => "ends with",
            _ => "holds",
        };
        let folded = candidates.iter().find(|name| fits_folded(text, name));
        return Some(match folded {
            Some(name) => {
                let at = name
                    .to_ascii_lowercase()
                    .find(&typed.to_ascii_lowercase())
                    .unwrap_or(0);
                let right = Text {
                    text: name[at..at + typed.len()].to_owned(),
                    ..text.clone()
                };
                problem(Code::CaseSlip, format!("`{typed}` is written `{}`", right.text))
                    .help("patterns are case-sensitive")
                    .instead(quote(&right.to_string()))
            }
            None if partly_known => return None,
            None => problem(
                Code::UnknownEvent,
                format!("no known event{whose} {verb} `{typed}`"),
            )
            .help(in_vain(compare)),
        });
    }
    if let Some(renamed) = renamed(compare, typed, sources.as_deref().unwrap_or_default()) {
        return Some(renamed);
    }
    let exists = candidates.binary_search(&typed).is_ok();
    if exists && !exists_by_chance(one, typed, &candidates) {
        return None;
    }
    // A pattern with a `*` in the middle has a lint of its own.
    if typed.contains('*') || typed.is_empty() {
        return None;
    }
    if let Some(lost) = lost_wildcard(typed, &candidates) {
        let message = match exists {
            false => format!("no event{whose} is called `{typed}`: its `*` is lost"),
            // By chance a service has an event of such a name.
            true => format!(
                "`{typed}` is lost among names without their `*`, though some service has an event of it"
            ),
        };
        return Some(match lost {
            Lost::End { kept, count } => {
                let begin = if count == 1 { "event begins" } else { "events begin" };
                problem(Code::LostWildcard, message)
                    .help(format!("{count} known {begin} so; write"))
                    .instead(quote(&kept))
            }
            Lost::Middle { head, full } if full.len() > WORTH_LISTING => problem(Code::LostWildcard, message)
                .help(format!(
                    "{} known events begin with `{head}` and end so, and a `*` counts only at the ends; write",
                    full.len()
                ))
                .instead(quote(&format!("{head}*"))),
            Lost::Middle { full, .. } => {
                let all: Vec<String> = full
                    .iter()
                    .map(|name| format!("($.eventName = {})", quote(name)))
                    .collect();
                problem(Code::LostWildcard, message)
                    .help(
                        "a `*` counts only at the ends, so name the events that were meant, instead of the whole condition",
                    )
                    .instead_of(one.node.span.clone(), all.join(" || "))
            }
        });
    }
    if let Some(same) = candidates.iter().find(|name| name.eq_ignore_ascii_case(typed)) {
        let problem = problem(Code::CaseSlip, format!("`{typed}` is written `{same}`"));
        return Some(problem.help("patterns are case-sensitive").instead(quote(same)));
    }
    let problem = problem(
        Code::UnknownEvent,
        format!("no known event{whose} is called `{typed}`"),
    );
    match near(typed, candidates.iter().copied()) {
        Some(near) => Some(problem.help("did you mean").instead(quote(near))),
        None if partly_known => None,
        None => Some(match elsewhere(names, typed) {
            Some(elsewhere) => problem.help(format!("it is an event of {elsewhere}")),
            None => problem.help(in_vain(compare)),
        }),
    }
}

fn fits_folded(text: &Text, name: &str) -> bool {
    let folded = Text {
        text: text.text.to_ascii_lowercase(),
        ..text.clone()
    };
    folded.fits(name.to_ascii_lowercase().as_bytes())
}

fn elsewhere(names: &Names, event: &str) -> Option<String> {
    match names.sources_of(event).as_slice() {
        [] => None,
        [most @ .., _, _, _, _] => Some(format!("{} sources", most.len() + 4)),
        few => Some(few.join(", ")),
    }
}
