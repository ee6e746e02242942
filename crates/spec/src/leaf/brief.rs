//! Statements of others, told in a line each: enough to recognise them, not enough to judge them.

use trailwarden_policy::{Effect, Element, Names, Principal, Statement, Who};

/// Characters of a name that are shown; the ARN of a role may have hundreds.
const LONGEST: usize = 64;

/// A policy statement on one line of plain text, such as
/// `Tls: Deny, principal *, s3:*, with a condition`.
///
/// One without a Sid is called by `number`, its place among those that are listed, from 1. Whoever
/// may write the policy chooses its texts: long ones lose their middle, and one with anything but
/// visible ASCII is quoted and escaped, so that the line stays one line and its parts can be told
/// apart.
#[must_use]
pub fn in_brief(number: usize, statement: &Statement) -> String {
    let name = statement
        .sid()
        .map_or_else(|| format!("statement {number}"), word);
    let effect = match statement.effect {
        Effect::Allow => "Allow",
        Effect::Deny => "Deny",
    };
    let principal = statement
        .principal
        .as_ref()
        .map_or_else(|| "no principal".into(), principal);
    let actions = actions(&statement.action);
    let condition = if statement.condition.is_empty() {
        ""
    } else {
        ", with a condition"
    };
    format!("{name}: {effect}, {principal}, {actions}{condition}")
}

fn principal(principal: &Principal) -> String {
    let (prefix, who) = match principal {
        Element::Is(who) => ("principal", who),
        Element::Not(who) => ("every principal but", who),
    };
    let mut named: Vec<&str> = match who {
        Who::Everyone => vec!["*"],
        Who::Listed(kinds) => kinds.values().flatten().map(String::as_str).collect(),
    };
    // The one that counts: everybody else is in it.
    named.sort_by_key(|name| *name != "*");
    match named.as_slice() {
        [] => format!("{prefix} nobody"),
        [one] => format!("{prefix} {}", word(one)),
        [first, more @ ..] => format!("{prefix} {} and {} more", word(first), more.len()),
    }
}

fn actions(actions: &Names) -> String {
    let (prefix, names) = match actions {
        Element::Is(names) => ("", names),
        Element::Not(names) => ("every action but ", names),
    };
    match names.first() {
        Some(one) if names.len() == 1 => format!("{prefix}{}", word(one)),
        _ => format!("{prefix}{} actions", names.len()),
    }
}

fn word(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let short = if chars.len() > LONGEST {
        // An ARN has its account near the beginning and its name at the end.
        let half = (LONGEST - 3) / 2;
        let head: String = chars[..half].iter().collect();
        let tail: String = chars[chars.len() - half..].iter().collect();
        format!("{head}...{tail}")
    } else {
        text.to_owned()
    };
    let plain = !short.is_empty()
        && short
            .chars()
            .all(|c| c.is_ascii_graphic() && !matches!(c, ',' | '"'));
    if plain { short } else { format!("{short:?}") }
}

#[cfg(test)]
mod tests {
    use trailwarden_policy::Policy;

    use super::*;

    fn brief(statement: &str) -> String {
        let text = format!(r#"{{"Statement": {{{statement}}}}}"#);
        in_brief(3, &Policy::parse(&text).unwrap().statements()[0])
    }

    #[test]
    fn what_a_statement_does_is_told_in_a_line() {
        for (statement, line) in [
            (
                r#""Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
                   "Condition": {"Bool": {"aws:SecureTransport": false}}"#,
                "Tls: Deny, principal *, s3:*, with a condition",
            ),
            (
                r#""Effect": "Allow", "Principal": {"AWS": ["210987654321", "*"], "Service": "x.amazonaws.com"},
                   "Action": ["sns:Publish", "sns:Subscribe"], "Resource": "*""#,
                "statement 3: Allow, principal * and 2 more, 2 actions",
            ),
            (
                r#""Sid": "a", "Effect": "Deny", "NotPrincipal": {"AWS": "210987654321"},
                   "NotAction": "s3:Get*", "Resource": "*""#,
                "a: Deny, every principal but 210987654321, every action but s3:Get*",
            ),
            (
                r#""Sid": "a", "Effect": "Deny", "NotAction": ["s3:Get*", "s3:Put*"]"#,
                "a: Deny, no principal, every action but 2 actions",
            ),
            (
                r#""Sid": "a", "Effect": "Allow", "Principal": {"AWS": []}, "Action": []"#,
                "a: Allow, principal nobody, 0 actions",
            ),
        ] {
            assert_eq!(brief(statement), line);
        }
    }

    #[test]
    fn whoever_writes_the_policy_cannot_break_the_line_or_fill_the_screen() {
        let long = format!("arn:aws:iam::123456789012:role/{}/admin", "x".repeat(400));
        let line = brief(&format!(
            r#""Sid": "ok\n\n  - trail.gone\u001b[2K\u202e", "Effect": "Allow", "Principal": {{"AWS": "{long}"}},
               "Action": "s3:a, \"b\"""#
        ));
        assert_eq!(
            line,
            r#""ok\n\n  - trail.gone\u{1b}[2K\u{202e}": Allow, principal arn:aws:iam::123456789012:role...xxxxxxxxxxxxxxxxxxxxxxxx/admin, "s3:a, \"b\"""#
        );
    }
}
