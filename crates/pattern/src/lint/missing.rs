//! `!=` on a field that may be missing, and on several values at once.

use super::{Placed, alternatives, required};
use crate::cloudtrail::{Sort, sort};
use crate::decide::always_sent;
use crate::problem::{Code, Problem};
use crate::tree::{Condition, NodeKind, Operator, Selector, Test};

/// Fields that the events of one name always have. (AWS, "AWS Management Console sign-in events".)
const OF_EVENTS: [(&str, &str); 2] = [
    ("ConsoleLogin", "additionalEventData.MFAUsed"),
    ("ConsoleLogin", "responseElements.ConsoleLogin"),
];

pub(super) fn lint(placed: &[Placed<'_>], found: &mut Vec<Problem>) {
    for one in placed {
        let Some(compare) = one.test.compare() else {
            continue;
        };
        if compare.operator != Operator::NotEqual {
            continue;
        }
        let selector = &one.test.selector;
        // A value that is no text never differs from one; that is said of it.
        if sort(selector).is_some_and(|sort| sort != Sort::Text) {
            continue;
        }
        if selector.has_wildcard() {
            let message = format!("`{selector} !=` matches as soon as one of the values differs");
            let problem = Problem::new(Code::AnyDiffers, one.node.span.clone(), message);
            found.push(
                problem.help(
                    "there is no way to say that none of them is equal; ask about one field or element",
                ),
            );
        } else if !is_there(one, selector) {
            let message =
                format!("events without `{selector}` do not match: `!=` asks for a field that is there");
            let condition = crate::canonical::test(one.test);
            let problem = Problem::new(Code::NotEqualMissing, one.node.span.clone(), message);
            let help = "if they should match, too, write";
            found.push(
                problem
                    .help(help)
                    .instead(format!("(({selector} NOT EXISTS) || ({condition}))")),
            );
        }
    }
}

/// True where the field cannot be missing, or the pattern says what then.
fn is_there(one: &Placed<'_>, selector: &Selector) -> bool {
    let of_event = |name: &str| {
        OF_EVENTS
            .iter()
            .any(|(event, field)| *event == name && selector.is(field))
    };
    let says = |test: &Test, wanted: fn(&Condition) -> bool| {
        test.selector.steps == selector.steps && wanted(&test.condition)
    };
    let events = required(&one.beside, "eventName");
    always_sent(selector)
        || events.is_some_and(|names| names.iter().all(|name| of_event(name)))
        // `($.f NOT EXISTS) || ($.f != "x")`
        || one
            .instead
            .iter()
            .flat_map(|node| alternatives(node))
            .any(|node| matches!(&node.kind, NodeKind::Test(test) if says(test, |c| *c == Condition::NotExists)))
        // `$.f = "a*" && $.f != "ab"`: it must be there anyway.
        || one.beside.iter().any(|node| {
            alternatives(node).iter().all(|node| {
                matches!(&node.kind, NodeKind::Test(test) if says(test, |c| {
                    matches!(c, Condition::Compare(compare) if compare.operator != Operator::NotEqual)
                }))
            })
        })
}
